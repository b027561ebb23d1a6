/* SPDX-License-Identifier: MIT */
/*
 * NAPTs probed as RFC 5780 does, in the kernel and in the simulator: each declared behaviour is
 * found, and what is found is not what the ruleset says but what the network does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lab/base/splitmix.h"
#include "lab/net/nat_check.h"
#include "lab/net/sim.h"
#include "lab/os/namespaces.h"
#include "lab/os/net_kernel.h"
#include "lab/os/netns_try.h"
#include "lab/load/load.h"
#include "lab/plan/nft_ruleset.h"

/* Two machines behind home, two addresses outside; %s: keys of home. */
static const char network[] =
	"name: probed\n"
	"topology:\n"
	"  nodes:\n"
	"    a: {kind: host}\n"
	"    b: {kind: host}\n"
	"    home: {kind: napt, outside: wan%s}\n"
	"    net: {kind: router}\n"
	"    far: {kind: host}\n"
	"  links:\n"
	"    - {endpoints: [\"a:eth0\", \"home:l1\"], subnet: 192.168.1.0/24}\n"
	"    - {endpoints: [\"b:eth0\", \"home:l2\"], subnet: 192.168.2.0/24}\n"
	"    - {endpoints: [\"home:wan\", \"net:a\"], subnet: 198.51.100.0/24}\n"
	"    - {endpoints: [\"net:b\", \"far:eth0\"], subnet: 192.0.2.0/24}\n";
#define HOME 2

struct probe {
	struct arena *a;
	struct plan *plan;
	const struct net_ops *ops;
	struct nat_found expected;
	const char *says; /* of nat_check(); NULL: it agrees */
};

static struct probe probe_new(const struct net_ops *ops, const char *keys)
{
	struct probe p = {.a = arena_new(), .ops = ops};
	char *text = arena_printf(p.a, network, keys), *mistakes;
	struct topology *t =
		topology_load_buffer(p.a, "f", text, strlen(text), NULL, 0, &mistakes);

	if (!t)
		fail_msg("%s", mistakes);
	p.plan = plan_new(p.a, scenario_new(p.a, t, 0), 3);
	return p;
}

static bool same(const struct nat_found *x, const struct nat_found *y)
{
	return x->mapping == y->mapping && x->filtering == y->filtering &&
	       x->hairpin == y->hairpin && x->as_planned && x->forgets;
}

/* In the lab's process: 0 when all was as expected. */
static int probe_run(void *arg)
{
	struct probe *p = arg;
	struct err e = {0};
	struct net *net = p->ops->build(p->a, p->plan, &e);
	struct nat_found found = {0};
	int rc = 1;

	if (!net) {
		fprintf(stderr, "# %s\n", e.text);
		return 1;
	}
	if (p->says) {
		rc = nat_check(p->ops, net, p->plan, &e) == 0 || strcmp(e.text, p->says) != 0;
		if (rc)
			fprintf(stderr, "# it says: %s\n", e.text);
	} else if (nat_probe(p->ops, net, p->plan, HOME, &found, &e) == 1) {
		rc = !same(&found, &p->expected) || nat_check(p->ops, net, p->plan, &e) != 0;
		if (rc)
			fprintf(stderr, "# found %d %d %d, as planned %d, forgets %d; %s\n",
				found.mapping, found.filtering, found.hairpin, found.as_planned,
				found.forgets, e.text);
	} else {
		fprintf(stderr, "# not probed: %s\n", e.text);
	}
	p->ops->free(net);
	return rc;
}

static void assert_probe(struct probe *p, const char *what)
{
	struct err e = {0};
	struct child c;
	siginfo_t end;

	if (!p->ops->namespaces) {
		if (probe_run(p))
			fail_msg("sim: %s", what);
		return;
	}
	if (namespaces_start(&c, NULL, 0, probe_run, p, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(child_wait(&c, USEC_NEVER, &end));
	if (end.si_code != CLD_EXITED || end.si_status != 0)
		fail_msg("kernel: %s", what);
}

static void need_labs(const struct net_ops *ops)
{
	static struct err why;
	static int rc = 1;

	if (!ops->namespaces)
		return;
	if (rc > 0)
		rc = namespaces_try(&why);
	if (rc < 0) {
		printf("# %s\n", why.text);
		skip();
	}
}

/* Three mappings, three filters, three ways with ports, with and without hairpin. */
static void each_behaviour_is_found(const struct net_ops *ops)
{
	static const char *const words[] = {"endpoint-independent", "address-dependent",
					    "address-and-port-dependent"};
	static const char *const ports[] = {"preserve", "random", "[20000, 20999]"};

	need_labs(ops);
	for (unsigned i = 0; i < 3 * 3 * 3 * 2; i++) {
		enum napt_depends m = i % 3, f = i / 3 % 3;
		bool hairpin = i >= 27;
		char keys[300];
		struct probe p;

		if (hairpin && (m != DEPENDS_NOT || f != DEPENDS_NOT))
			continue; /* refused when the file is read */
		snprintf(keys, sizeof(keys),
			 ", mapping: %s, filtering: %s, ports: %s, hairpin: %s, timeout: %us",
			 words[m], words[f], ports[i / 9 % 3], hairpin ? "true" : "false", i + 3);
		p = probe_new(ops, keys);
		p.expected = (struct nat_found){.mapping = m, .filtering = f, .hairpin = hairpin};
		assert_probe(&p, keys);
		arena_free(p.a);
	}
}

static void the_kernel_behaves_as_declared(void **state)
{
	(void)state;
	each_behaviour_is_found(&net_kernel);
}

static void the_simulator_behaves_as_declared(void **state)
{
	(void)state;
	each_behaviour_is_found(&net_sim);
}

/* What a NAPT does when nothing is said, in RFC 4787's words. */
static void without_a_word_it_is_what_most_home_routers_are(void **state)
{
	static const struct net_ops *const backends[] = {&net_kernel, &net_sim};

	(void)state;
	need_labs(&net_kernel);
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		struct probe p = probe_new(backends[i], "");

		p.expected = (struct nat_found){
			.mapping = DEPENDS_NOT,
			.filtering = DEPENDS_ADDRESS_AND_PORT,
		};
		assert_probe(&p, "default");
		arena_free(p.a);
	}
}

/* The rules that the plan made are undone by rules of the file's own. */
static void another_behaviour_than_declared_is_noticed(void **state)
{
	static const struct {
		const char *keys, *says;
	} rows[] = {
		{", mapping: endpoint-independent, nft: \"flush chain ip nat postrouting\\n"
		 "add rule ip nat postrouting oifname wan masquerade random\"",
		 "home is declared with mapping: endpoint-independent, and behaves like mapping: "
		 "address-and-port-dependent (probed as RFC 5780 does)"},
		{", mapping: endpoint-independent, ports: random, nft: \"flush chain ip nat "
		 "postrouting\\nadd rule ip nat postrouting oifname wan masquerade\"",
		 "home gives out 198.51.100.10:1701, which is not what its map says"},
		{", filtering: endpoint-independent, nft: \"flush chain ip nat prerouting\"",
		 "home is declared with filtering: endpoint-independent, and behaves like "
		 "filtering: address-and-port-dependent (probed as RFC 5780 does)"},
		{", filtering: address-dependent, nft: \"insert rule ip filter forward iifname wan "
		 "accept\"",
		 "home is declared with filtering: address-dependent, and behaves like filtering: "
		 "endpoint-independent (probed as RFC 5780 does)"},
		{", filtering: endpoint-independent, hairpin: true, nft: \"insert rule ip nat "
		 "prerouting iifname != wan return\"",
		 "home is declared with hairpin: true, and behaves like hairpin: false (probed as "
		 "RFC 5780 does)"},
		{", timeout: 300s, nft: \"flush chain ip filter forward\\n"
		 "add rule ip filter forward iifname wan ct state established accept\"",
		 "home does not forget a mapping at its timeout, 300 s"},
		{", timeout: 30s, nft: \"add chain ip filter forward { policy drop; }\"",
		 "home: a datagram and its answer do not get through"},
	};

	(void)state;
	need_labs(&net_kernel);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct probe p = probe_new(&net_kernel, rows[i].keys);

		p.says = rows[i].says;
		assert_probe(&p, rows[i].keys);
		arena_free(p.a);
	}
}

/* ---- the same datagrams in both ---- */

#define PLAY_STEPS 20
#define PLAY_TEXT 16384

/* What is played: datagrams between these endpoints of the network above, in the kernel and in the
 * simulator, with pauses, and with the rules of another home router in place of the first ones. */
static const struct {
	unsigned node, iface; /* the node's interface */
	uint16_t port;
} players[] = {
	{0, 0, 500}, {0, 0, 4500}, {1, 0, 500}, {1, 0, 4500}, /* inside */
	{3, 0, 500}, {4, 0, 500}, {4, 0, 4500},
};

#define INSIDERS 4

struct play {
	struct arena *a;
	const struct net_ops *ops;
	/* Of the first home router, of one that differs in its filter alone, and of any other. With
	 * another mapping what is new may be in the way of connections that are kept, and the
	 * kernel gives it a port at random. */
	struct plan *plan[3];
	unsigned now;
	uint64_t seed;
	char *text; /* PLAY_TEXT bytes, shared: what was heard, a line for each step */
};

static void note(struct play *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void note(struct play *p, const char *fmt, ...)
{
	size_t len = strlen(p->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->text + len, PLAY_TEXT - len, fmt, ap);
	va_end(ap);
}

static struct inet_ep player(const struct play *p, size_t i)
{
	const struct scenario *s = p->plan[0]->s;
	unsigned iface = s->nodes[players[i].node].ifaces[players[i].iface];

	return inet_ep(s->ifaces[iface].addr, players[i].port);
}

/* Somebody's own address, an address that somebody was seen with, or the router's. */
static struct inet_ep target(const struct play *p, struct splitmix *d, const struct inet_ep *seen,
			     size_t n_seen)
{
	static const uint16_t ports[] = {500, 4500, 1701};
	const struct scenario *s = p->plan[0]->s;

	switch (splitmix_next(d) % 4) {
	case 0:
		return inet_ep(s->ifaces[s->nodes[HOME].outside].addr,
			       ports[splitmix_next(d) % ARRAY_LEN(ports)]);
	case 1:
	case 2:
		if (n_seen)
			return seen[splitmix_next(d) % n_seen];
	}
	return player(p, splitmix_next(d) % ARRAY_LEN(players));
}

static int play_step(struct play *p, struct net *net, struct splitmix *d, struct inet_ep *seen,
		     size_t *n_seen, struct err *e)
{
	static const int pauses[] = {50, 90, 130}; /* no sum of them is the timeout of 120 s */
	uint64_t what = splitmix_next(d) % 16;
	int pause = pauses[splitmix_next(d) % ARRAY_LEN(pauses)];
	size_t from = splitmix_next(d) % ARRAY_LEN(players);
	struct inet_ep to = target(p, d, seen, *n_seen), by = {0};
	int heard;

	if (what == 0) {
		note(p, "pause of %d s\n", pause);
		return p->ops->age(net, pause * SEC, e);
	}
	if (what == 1) {
		unsigned next = (unsigned)(splitmix_next(d) % ARRAY_LEN(p->plan));
		bool forget = p->now == 2 || next == 2 || from % 2;

		note(p, "rules %u, and connections are %s\n", next, forget ? "forgotten" : "kept");
		p->now = next;
		return p->ops->rules(net, HOME, p->plan[next]->rules[HOME], forget, e);
	}
	heard = p->ops->say(net, (int)from, to, &by);
	note(p, "%s to %s: heard by %d", INET_EP(player(p, from)), INET_EP(to), heard);
	/* Who is outside and comes to one endpoint inside by two mappings would be in his own way:
	 * the kernel gives him another port, at random. Of those only the address counts. */
	if (heard >= 0)
		note(p, " from %s", from < INSIDERS ? INET_EP(by) : INET_ADDR(by.addr));
	if (heard >= 0 && from < INSIDERS)
		seen[(*n_seen)++] = by;
	note(p, "\n");
	return 0;
}

static int play_run(void *arg)
{
	struct play *p = arg;
	struct err e = {0};
	struct net *net = p->ops->build(p->a, p->plan[0], &e);
	struct splitmix d = splitmix_new(p->seed, "play", "steps");
	struct inet_ep seen[PLAY_STEPS];
	size_t n_seen = 0;
	int rc = net ? 0 : -1;

	for (size_t i = 0; i < ARRAY_LEN(players) && !rc; i++)
		rc = p->ops->endpoint_open(net, players[i].node, player(p, i), &e) != (int)i;
	for (size_t i = 0; i < PLAY_STEPS && !rc; i++)
		rc = play_step(p, net, &d, seen, &n_seen, &e);
	if (rc)
		note(p, "it fails: %s\n", e.text);
	if (net)
		p->ops->free(net);
	return rc != 0;
}

/* What is played with the three home routers of @keys, in a backend. */
static const char *play(struct arena *a, const struct net_ops *ops, char keys[3][300],
			uint64_t seed, int (*body)(void *play))
{
	struct play p = {.a = a, .ops = ops, .seed = seed};
	struct probe probe[3];
	struct err e = {0};
	siginfo_t end = {0};
	struct child c;
	char *text;
	int rc = 0;

	for (unsigned i = 0; i < 3; i++) {
		probe[i] = probe_new(ops, keys[i]);
		p.plan[i] = probe[i].plan;
	}
	p.text = mmap(NULL, PLAY_TEXT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(p.text, MAP_FAILED);
	if (!ops->namespaces) {
		rc = body(&p);
	} else if (namespaces_start(&c, NULL, 0, body, &p, &e) < 0) {
		fail_msg("%s", e.text);
	} else {
		assert_true(child_wait(&c, USEC_NEVER, &end));
		rc = end.si_code != CLD_EXITED || end.si_status != 0;
	}
	if (rc)
		fail_msg("%s:%s\n%s", ops->name, keys[0], p.text);
	text = arena_str(a, p.text);
	munmap(p.text, PLAY_TEXT);
	for (unsigned i = 0; i < 3; i++)
		arena_free(probe[i].a);
	return text;
}

/* Number @i of all combinations into @keys; false: refused when the file is read. */
static bool combination(unsigned i, char *keys, size_t size)
{
	static const char *const words[] = {"endpoint-independent", "address-dependent",
					    "address-and-port-dependent"};
	static const char *const ports[] = {"preserve", "random", "[20000, 20999]"};
	static const char *const forward[] = {"", ", forward: {udp/500: b}"};
	unsigned m = i % 3, f = i / 3 % 3, p = i / 9 % 3, to = i / 27 % 2, hairpin = i / 54 % 2;

	snprintf(keys, size, ", mapping: %s, filtering: %s, ports: %s, hairpin: %s%s", words[m],
		 words[f], ports[p], hairpin ? "true" : "false", forward[to]);
	return !hairpin || (m == DEPENDS_NOT && (f == DEPENDS_NOT || to));
}

/* A home router is given other rules: what is let in changes, and what is tracked goes on or not,
 * as asked. In the lab's process. */
static int rules_are_replaced(void *arg)
{
	struct play *p = arg;
	struct err e = {0};
	struct net *net = p->ops->build(p->a, p->plan[0], &e);
	const struct nat_rules *open = p->plan[1]->rules[HOME], *hasty = p->plan[2]->rules[HOME];
	struct inet_ep mapped, by;
	bool good = net != NULL;

	for (size_t i = 0; i < ARRAY_LEN(players); i++)
		good = good &&
		       p->ops->endpoint_open(net, players[i].node, player(p, i), &e) == (int)i;
	/* a to far; far may answer, and net, a stranger, may not */
	good = good && p->ops->say(net, 0, player(p, 5), &mapped) == 5 &&
	       p->ops->say(net, 5, mapped, &by) == 0 && p->ops->say(net, 4, mapped, &by) == -1;
	/* with another filter he may, as soon as a has sent once more */
	good = good && p->ops->rules(net, HOME, open, false, &e) == 0 &&
	       p->ops->say(net, 5, mapped, &by) == 0 &&
	       p->ops->say(net, 0, player(p, 5), &by) == 5 && inet_ep_eq(by, mapped) &&
	       p->ops->say(net, 4, mapped, &by) == 0;
	/* connections keep their timeout, or are forgotten */
	good = good && p->ops->rules(net, HOME, hasty, false, &e) == -1 &&
	       strstr(e.text, "another timeout") && p->ops->say(net, 5, mapped, &by) == 0 &&
	       p->ops->rules(net, HOME, hasty, true, &e) == 0 &&
	       p->ops->say(net, 5, mapped, &by) == -1 &&
	       p->ops->say(net, 0, player(p, 5), &mapped) == 5 &&
	       p->ops->age(net, 9 * SEC, &e) == 0 && p->ops->say(net, 5, mapped, &by) == 0 &&
	       p->ops->age(net, 11 * SEC, &e) == 0 && p->ops->say(net, 5, mapped, &by) == -1;
	/* without rules it is a router, which knows no way to far that leads back */
	good = good && p->ops->rules(net, HOME, NULL, true, &e) == 0 &&
	       p->ops->say(net, 0, player(p, 5), &by) == 5 && inet_ep_eq(by, player(p, 0));
	if (!good)
		note(p, "%s", e.text);
	if (net)
		p->ops->free(net);
	return !good;
}

static void the_rules_of_a_node_can_be_replaced(void **state)
{
	static const struct net_ops *const backends[] = {&net_sim, &net_kernel};
	char keys[3][300] = {"", ", filtering: endpoint-independent", ", timeout: 10s"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		struct arena *a = arena_new();

		need_labs(backends[i]);
		play(a, backends[i], keys, 1, rules_are_replaced);
		arena_free(a);
	}
}

/* @old with so many more mappings in front that those of machine a are in the second part of the
 * text, and with a's port 500 at 20000. */
static const struct nat_rules *with_a_large_map(struct arena *a, const struct nat_rules *old)
{
	struct nat_rules *r = arena_new_of(a, struct nat_rules);
	struct napt_table *t = arena_new_of(a, struct napt_table);
	struct napt_mapping *v;

	t->n = NFT_ELEMENTS_MAX + old->ports->n;
	t->v = v = arena_array_of(a, t->n, struct napt_mapping);
	for (uint32_t i = 0; i < NFT_ELEMENTS_MAX; i++)
		v[i] = (struct napt_mapping){
			.inside = inet_ep(inet_v4(0x0a000000 + i), 500),
			.outside = inet_ep(old->addrs[0], (uint16_t)(30000 + i)),
		};
	memcpy(&v[NFT_ELEMENTS_MAX], old->ports->v, old->ports->n * sizeof(*v));
	for (uint32_t i = 0; i < t->n; i++) {
		if (v[i].inside.port == 500 && v[i].outside.port == 500)
			v[i].outside.port = 20000;
		hash_put(a, &t->by_inside, hash_mix(hash_ep(v[i].inside), hash_ep(v[i].dst)), i);
		hash_put(a, &t->by_outside, hash_ep(v[i].outside), i);
	}
	*r = *old;
	r->ports = t;
	return r;
}

/* In the lab's process. */
static int a_large_map_replaces_a_small_one(void *arg)
{
	struct play *p = arg;
	struct err e = {0};
	const struct nat_rules *large = with_a_large_map(p->a, p->plan[0]->rules[HOME]);
	struct net *net = p->ops->build(p->a, p->plan[0], &e);
	struct inet_ep by;
	bool good = net != NULL;

	for (size_t i = 0; i < ARRAY_LEN(players); i++)
		good = good &&
		       p->ops->endpoint_open(net, players[i].node, player(p, i), &e) == (int)i;
	good = good && p->ops->say(net, 0, player(p, 5), &by) == 5 && by.port == 500 &&
	       p->ops->rules(net, HOME, large, true, &e) == 0 &&
	       p->ops->say(net, 0, player(p, 5), &by) == 5 && by.port == 20000;
	if (!good)
		note(p, "%s; from %s", e.text, INET_EP(by));
	if (net)
		p->ops->free(net);
	return !good;
}

static void a_map_of_any_size_can_replace_another(void **state)
{
	static const struct net_ops *const backends[] = {&net_sim, &net_kernel};
	char keys[3][300] = {"", "", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		struct arena *a = arena_new();

		need_labs(backends[i]);
		play(a, backends[i], keys, 1, a_large_map_replaces_a_small_one);
		arena_free(a);
	}
}

static void every_router_treats_datagrams_alike_in_both(void **state)
{
	char keys[3][300];

	(void)state;
	need_labs(&net_kernel);
	for (unsigned i = 0; i < 108; i++) {
		struct arena *a = arena_new();
		unsigned k = (i + 37) % 108;
		const char *kernel, *sim;

		if (!combination(i / 9 * 9 + (i + 3) % 9, keys[1], sizeof(keys[1])))
			combination(i, keys[1], sizeof(keys[1]));
		while (!combination(k, keys[2], sizeof(keys[2])))
			k = (k + 1) % 108;
		if (combination(i, keys[0], sizeof(keys[0]))) {
			kernel = play(a, &net_kernel, keys, i, play_run);
			sim = play(a, &net_sim, keys, i, play_run);
			if (strcmp(kernel, sim) != 0) {
				fprintf(stderr, "# kernel:\n%s# sim:\n%s", kernel, sim);
				fail_msg("%u:%s\n1:%s\n2:%s", i, keys[0], keys[1], keys[2]);
			}
		}
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_behaves_as_declared),
		cmocka_unit_test(the_simulator_behaves_as_declared),
		cmocka_unit_test(without_a_word_it_is_what_most_home_routers_are),
		cmocka_unit_test(another_behaviour_than_declared_is_noticed),
		cmocka_unit_test(the_rules_of_a_node_can_be_replaced),
		cmocka_unit_test(a_map_of_any_size_can_replace_another),
		cmocka_unit_test(every_router_treats_datagrams_alike_in_both),
	};

	return cmocka_run_group_tests_name("nat", tests, NULL, NULL);
}
