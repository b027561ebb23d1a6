/* SPDX-License-Identifier: MIT */
/*
 * The probe against every server mode of ours, over the four NAT layouts, in memory and in virtual
 * time: what it concludes from outside is held against what is true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/probe.h"
#include "nodes/vpn.h"

#define QUEUE 64

struct letter {
	bool to_server;
	struct inet_ep src, dst;
	uint8_t data[2048];
	size_t len;
};

struct world {
	bool napt, eip;
	struct probe *probe;
	struct vpn *server;
	struct letter queue[QUEUE];
	size_t head, tail;
	bool deaf; /* nothing arrives at the server */
	unsigned from_client;
};

static struct inet_ep ep(uint32_t addr, uint16_t port)
{
	return inet_ep(inet_v4(addr), port);
}

#define CLIENT 0xc0a8010aU  /* 192.168.1.10 */
#define HOME 0xc6336414U    /* 198.51.100.20 */
#define PUBLIC 0xcb00710aU  /* 203.0.113.10 */
#define PRIVATE 0xac1f000aU /* 172.31.0.10 */

static void post(struct world *w, bool to_server, const struct datagram *d)
{
	struct letter *l = &w->queue[w->tail++ % QUEUE];

	*l = (struct letter){.to_server = to_server, .src = d->local, .dst = d->remote};
	l->len = d->len;
	memcpy(l->data, d->data, d->len);
	if (to_server) {
		if (w->napt)
			l->src = ep(HOME, 40000);
		if (w->eip)
			l->dst.addr = inet_v4(PRIVATE);
	} else {
		if (w->eip)
			l->src.addr = inet_v4(PUBLIC);
		if (w->napt)
			l->dst = ep(CLIENT, 500);
	}
}

static void from_probe(void *ctx, const struct datagram *d)
{
	struct world *w = ctx;

	w->from_client++;
	post(w, true, d);
}

static void from_server(void *ctx, const struct datagram *d)
{
	post(ctx, false, d);
}

static void nothing(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static void deliver(struct world *w, usec now)
{
	for (; w->head < w->tail; w->head++) {
		struct letter *l = &w->queue[w->head % QUEUE];
		const struct datagram d = {
			.local = l->dst, .remote = l->src, .data = l->data, .len = l->len};

		if (!l->to_server)
			probe_input(w->probe, now, &d);
		else if (!w->deaf)
			vpn_input(w->server, now, &d);
	}
}

static struct probe_result ask(struct arena *a, const char *mode, bool napt, bool eip, bool deaf,
			       usec *took, unsigned *sent)
{
	struct world *w = arena_new_of(a, struct world);
	struct rng *rng = rng_new(1, mode);
	const struct node_env pe = {.rng = rng, .send = from_probe, .event = nothing, .ctx = w};
	const struct node_env se = {.rng = rng, .send = from_server, .event = nothing, .ctx = w};
	const struct vpn_config cfg = {
		.name = "server",
		.server = mode_server(mode),
		.own = inet_v4(eip ? PRIVATE : PUBLIC),
		.psk = "somebody's secret",
		.user = "u",
		.password = "p",
	};
	struct probe_result r;
	usec now = 0;

	assert_non_null(cfg.server);
	w->napt = napt;
	w->eip = eip;
	w->deaf = deaf;
	w->server = vpn_new(&cfg, &se);
	w->probe = probe_new(a, ep(napt ? CLIENT : HOME, 500), ep(PUBLIC, 500), &pe);
	probe_start(w->probe, now);
	for (;;) {
		deliver(w, now);
		if (probe_done(w->probe) || probe_deadline(w->probe) > PROBE_PATIENCE)
			break;
		now = probe_deadline(w->probe);
		probe_timer(w->probe, now);
	}
	*took = now;
	*sent = w->from_client;
	assert_int_equal(w->from_client, probe_sent(w->probe));
	probe_judge(w->probe, &r);
	probe_free(w->probe);
	vpn_free(w->server);
	rng_free(rng);
	return r;
}

static const char *row_text(const enum windows_result r[3])
{
	static char text[4];

	for (int i = 0; i < 3; i++)
		text[i] = r[i] == WINDOWS_CONNECTS ? 'c' : r[i] == WINDOWS_BLOCKED ? 'b' : '?';
	return text;
}

/* For each server, behind an Elastic IP and public: the hash class, and Windows at home and with a
 * public address, registry 0, 1, 2. */
static const struct {
	const char *mode;
	bool eip;
	enum hash_class own;
	bool behind;
	const char *home, *public_client;
} truths[] = {
	{"rras-2012r2", true, CLASS_UNKNOWN, true, "bbc", "bcc"},
	{"rras-2012r2", false, CLASS_EXACT, false, "ccc", "ccc"},
	{"strongswan-5.3", true, CLASS_UNKNOWN, true, "bbc", "bcc"},
	{"strongswan-5.3", false, CLASS_EXACT, false, "ccc", "ccc"},
	{"softether-4", true, CLASS_COPIED, true, "ccc", "ccc"},
	{"softether-4", false, CLASS_COPIED, false, "ccc", "ccc"},
	{"strongswan-forceencaps", false, CLASS_UNKNOWN, true, "bbc", "bcc"},
	{"libreswan-encapsulation", false, CLASS_FAKED, true, "bbc", "bbc"},
	{"racoon-force", false, CLASS_FAKED, true, "bbc", "bbc"},
};

static void the_probe_tells_what_windows_would_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(truths); i++) {
		for (int napt = 0; napt < 2; napt++) {
			struct arena *a = arena_new();
			unsigned sent;
			usec took;
			struct probe_result r =
				ask(a, truths[i].mode, napt, truths[i].eip, false, &took, &sent);

			print_message("%s, %s, %s\n", truths[i].mode,
				      truths[i].eip ? "Elastic IP" : "public",
				      napt ? "we behind NAT" : "we public");
			assert_true(r.answered[PROBE_WINDOWS] && r.answered[PROBE_PLAIN]);
			assert_int_equal(r.server_hash, truths[i].own);
			assert_true(r.server_known);
			assert_int_equal(r.server_behind_nat_truly, truths[i].behind);
			assert_string_equal(row_text(r.home), truths[i].home);
			assert_string_equal(row_text(r.public_client), truths[i].public_client);
			if (r.self_known)
				assert_int_equal(r.self_behind_nat, napt);
			assert_int_equal(sent, 4);
			assert_int_equal(took, 0);
			arena_free(a);
		}
	}
}

static void copying_is_proven_of_a_public_server_too(void **state)
{
	struct arena *a = arena_new();
	unsigned sent;
	usec took;
	struct probe_result r = ask(a, "softether-4", true, false, false, &took, &sent);

	(void)state;
	assert_true(r.copies);
	assert_false(r.server_behind_nat_truly);
	arena_free(a);
}

static void a_server_that_is_silent_costs_four_packets_and_three_seconds(void **state)
{
	struct arena *a = arena_new();
	unsigned sent;
	usec took;
	struct probe_result r = ask(a, "rras-2012r2", true, true, true, &took, &sent);

	(void)state;
	assert_false(r.answered[PROBE_WINDOWS]);
	assert_false(r.answered[PROBE_PLAIN]);
	assert_string_equal(r.end[PROBE_WINDOWS], "no-reply");
	assert_int_equal(r.home[0], WINDOWS_UNKNOWN);
	assert_int_equal(sent, 4);
	assert_true(sent <= PROBE_PACKETS);
	assert_true(took <= PROBE_PATIENCE);
	arena_free(a);
}

static void a_server_without_nat_t_is_nothing_to_windows(void **state)
{
	struct arena *a = arena_new();
	unsigned sent;
	usec took;
	struct probe_result r = ask(a, "no-natt", false, false, false, &took, &sent);

	(void)state;
	assert_true(r.answered[PROBE_WINDOWS]);
	assert_false(r.server_behind_nat);
	assert_string_equal(row_text(r.home), "ccc");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_probe_tells_what_windows_would_do),
		cmocka_unit_test(copying_is_proven_of_a_public_server_too),
		cmocka_unit_test(a_server_that_is_silent_costs_four_packets_and_three_seconds),
		cmocka_unit_test(a_server_without_nat_t_is_nothing_to_windows),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
