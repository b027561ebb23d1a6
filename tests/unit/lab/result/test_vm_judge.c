/* SPDX-License-Identifier: MIT */
/*
 * A machine is judged by the wire alone. Our own client, which knows its outcome, is run in the
 * simulator; then its frames are shown to the judge of machines as if a machine had sent them, one
 * after the other, with the pauses between them. The judge must come to the same end, and never to
 * another one on the way.
 */
#include "tests/unit/topo.h"

#include <stdlib.h>

#include "lab/base/packet.h"
#include "lab/run/lab.h"
#include "lab/net/sim.h"
#include "lab/result/vm_judge.h"
#include "lab/vm/vm.h"
#include "lab/topology/scenario_query.h"

struct frame {
	unsigned link;
	usec t;
	size_t len;
	uint8_t data[2048];
};

/* What went over the links of the run under way. */
static struct {
	struct arena *a;
	VEC(struct frame) v;
	usec now;
	void (*frame)(void *ctx, const struct net_frame *f);
	void *ctx;
} seen;

static void on_frame(void *ctx, const struct net_frame *f)
{
	struct frame *copy = vec_push(seen.a, &seen.v);

	(void)ctx;
	assert_true(f->len <= sizeof(copy->data));
	copy->link = f->link;
	copy->t = seen.now;
	copy->len = f->len;
	memcpy(copy->data, f->data, f->len);
	seen.frame(seen.ctx, f);
}

static void show_frames(struct net *n, void (*frame)(void *ctx, const struct net_frame *f),
			void *ctx)
{
	seen.frame = frame;
	seen.ctx = ctx;
	net_sim.frames(n, on_frame, NULL);
}

static void tell_clock(struct net *n, usec now)
{
	seen.now = now;
	net_sim.clock(n, now);
}

static struct scenario *scenario_of(struct arena *a, const char *client, const char *server)
{
	return scenario_new(a, topo_load(a, arena_printf(a,
		"name: judged\n"
		"topology:\n"
		"  nodes:\n"
		"    client: {%s, dials: 203.0.113.10}\n"
		"    home: {kind: napt, outside: wan}\n"
		"    net: {kind: router}\n"
		"    igw: {kind: eip, outside: wan, map: {203.0.113.10: server}}\n"
		"    server: {kind: server, %s}\n"
		"  links:\n"
		"    - {endpoints: [\"client:eth0\", \"home:lan\"], subnet: 192.168.1.0/24}\n"
		"    - {endpoints: [\"home:wan\", \"net:eth0\"], subnet: 198.51.100.0/24}\n"
		"    - {endpoints: [\"net:eth1\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
		"    - {endpoints: [\"igw:vpc\", \"server:eth0\"], subnet: 172.31.0.0/20}\n",
		client, server)), 0);
}

/* Our client's own end of it; its frames are in `seen`. */
static struct connection run_ours(struct arena *a, const struct scenario *s)
{
	struct net_ops ops = net_sim;
	const struct lab_config cfg = {.scenario = s, .backend = &ops, .seed = 1};
	struct scenario_result *r = result_init(arena_alloc(a, result_size(s)), s);

	ops.frames = show_frames;
	ops.clock = tell_clock;
	seen.a = a;
	seen.v.n = 0;
	seen.v.cap = 0;
	seen.v.v = NULL;
	seen.now = 0;
	if (lab_run(&cfg, r))
		fail_msg("%s", r->error.text);
	return r->connections[0];
}

static void no_event(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static const struct variant {
	const char *name, *client, *server;
	enum outcome outcome;
	enum reason reason; /* the wire's: a server may know better */
	enum reached reached;
	unsigned from, to;  /* seconds from the first frame to the judgement */
} variants[] = {
	{"refused by policy", "mode: windows-10, registry: 0", "mode: rras-2012r2, psk: a",
	 OUTCOME_BLOCKED, REASON_BOTH_BEHIND_NAT, REACHED_PHASE2, 30, 31},
	{"by a Windows 7, too", "mode: windows-7, registry: 1", "mode: strongswan-5.3, psk: a",
	 OUTCOME_BLOCKED, REASON_BOTH_BEHIND_NAT, REACHED_PHASE2, 30, 31},
	{"let in by the registry", "mode: windows-10, registry: 2", "mode: rras-2012r2, psk: a",
	 OUTCOME_CONNECTED, REASON_NONE, REACHED_L2TP, 2, 3},
	{"let in by the parrot", "mode: windows-10, registry: 0", "mode: softether-4, psk: a",
	 OUTCOME_CONNECTED, REASON_NONE, REACHED_L2TP, 2, 3},
	{"a Mac", "mode: macos", "mode: rras-2012r2, psk: a", OUTCOME_CONNECTED, REASON_NONE,
	 REACHED_L2TP, 2, 3},
	{"another key", "mode: windows-10, registry: 2", "mode: strongswan-5.9, psk: b",
	 OUTCOME_FAILED, REASON_PSK_MISMATCH, REACHED_NOTHING, 36, 37},
	{"port 4500 closed", "mode: windows-10, registry: 2",
	 "mode: rras-2012r2, psk: a, allow: [udp/500]", OUTCOME_FAILED, REASON_NO_REPLY,
	 REACHED_NOTHING, 36, 37},
	{"port 500 closed", "mode: windows-10, registry: 2",
	 "mode: rras-2012r2, psk: a, allow: [udp/4500]", OUTCOME_FAILED, REASON_NO_REPLY,
	 REACHED_NOTHING, 26, 27},
};

/* When the machine is judged first, and what then; USEC_NEVER: not before @end. Every later
 * judgement must be the same. */
static usec judge_as_machine(struct arena *a, const struct scenario *s, struct diagnosis *first)
{
	const struct ev_sink sink = {.put = no_event};
	struct watch *w = watch_new(a, &sink);
	const struct node *n = scenario_node(s, "client"), *to = path_server(paths_new(a, s, 1), n);
	usec when = USEC_NEVER, last = seen.v.n ? seen.v.v[seen.v.n - 1].t : 0;
	size_t k = 0;

	for (usec now = 0; now < last + 60 * SEC; now += 250 * MSEC) {
		struct diagnosis d;

		for (; k < seen.v.n && seen.v.v[k].t <= now; k++) {
			const struct frame *f = &seen.v.v[k];

			watch_frame(w, s->links[f->link].name, LINKTYPE_ETHERNET_, f->t,
				    (uint32_t)k + 1, f->data, f->len);
		}
		if (!vm_judge(s, n, to, w, now, false, &d))
			continue;
		if (when == USEC_NEVER) {
			when = now;
			*first = d;
		}
		assert_int_equal(d.outcome, first->outcome);
		assert_int_equal(d.reason, first->reason);
	}
	return when;
}

static void the_wire_says_what_the_client_knows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		const struct variant *v = &variants[i];
		struct arena *a = arena_new();
		const struct scenario *ours, *machine;
		struct connection c;
		struct diagnosis d = {0};
		usec when;

		ours = scenario_of(a, arena_printf(a, "kind: client, psk: a, %s", v->client),
				   v->server);
		machine = scenario_of(a, arena_printf(a, "kind: vm, %s", v->client), v->server);
		c = run_ours(a, ours);
		when = judge_as_machine(a, machine, &d);
		if (when < v->from * SEC || when > v->to * SEC)
			fail_msg("%s: judged after %lld s, not %u to %u", v->name,
				 (long long)(when / SEC), v->from, v->to);
		if (d.outcome != v->outcome || d.reason != v->reason || d.reached != v->reached)
			fail_msg("%s: %s, %s, %s", v->name, outcome_name(d.outcome),
				 reason_name(d.reason), reached_name(d.reached));
		assert_int_equal(d.outcome, c.outcome);
		assert_int_equal(d.outcome == OUTCOME_CONNECTED, c.reached >= REACHED_L2TP);
		arena_free(a);
	}
}

/* Ctrl-C in the middle: what is there counts, and what is not decided stays so. */
static void an_early_end_judges_what_is_there(void **state)
{
	struct arena *a = arena_new();
	const struct ev_sink sink = {.put = no_event};
	const struct scenario *s =
		scenario_of(a, "kind: vm, mode: windows-10, registry: 0", variants[0].server);
	struct watch *w = watch_new(a, &sink);
	const struct node *n = scenario_node(s, "client"), *to = path_server(paths_new(a, s, 1), n);
	struct diagnosis d;
	bool decided = false;

	(void)state;
	run_ours(a, scenario_of(a, "kind: client, psk: a, mode: windows-10, registry: 0",
				variants[0].server));
	assert_false(vm_judge(s, n, to, w, 0, true, &d));
	for (size_t k = 0; k < seen.v.n; k++) {
		const struct frame *f = &seen.v.v[k];

		watch_frame(w, s->links[f->link].name, LINKTYPE_ETHERNET_, f->t, (uint32_t)k + 1,
			    f->data, f->len);
		if (vm_judge(s, n, to, w, f->t, true, &d)) {
			decided = true;
			assert_int_equal(d.outcome, OUTCOME_BLOCKED);
		} else {
			assert_false(decided); /* once it is known it is not forgotten */
		}
	}
	assert_true(decided);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wire_says_what_the_client_knows),
		cmocka_unit_test(an_early_end_judges_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
