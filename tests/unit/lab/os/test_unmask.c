/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/os/unmask.h"

static void look_for(struct unmask *u, const char *addr, uint16_t port)
{
	struct inet_ep ep = {.port = port};

	assert_true(inet_parse_addr(addr, &ep.addr));
	natd_hash(u->alg, u->cky_i, u->cky_r, ep, u->v[u->n++].hash);
}

static struct unmask search(enum ike_hash alg)
{
	return (struct unmask){
		.alg = alg,
		.cky_i = {1, 2, 3, 4, 5, 6, 7, 8},
		.cky_r = {9, 8, 7, 6, 5, 4, 3, 2},
		.n_ports = 1,
		.ports = {500},
	};
}

struct told {
	uint64_t last;
	bool wrong;
};

static bool hear(void *ctx, uint64_t tried, uint64_t all)
{
	struct told *t = ctx;

	t->wrong |= tried > all || tried < t->last;
	t->last = tried;
	return true;
}

/* With so many threads, which are then ended. */
static void unmask_with(struct unmask *u, unsigned threads)
{
	struct arena *a = arena_new();
	struct unmask_workers *w = unmask_workers_new(a, threads);

	unmask(u, w);
	unmask_workers_end(w);
	arena_free(a);
}

static bool enough(void *ctx, uint64_t tried, uint64_t all)
{
	(void)ctx;
	(void)tried;
	(void)all;
	return false;
}

/* The whole of every space once, to its edges; what lies outside is not found. */
static void the_edges_of_every_private_space_are_found(void **state)
{
	static const char *const inside[] = {
		"10.0.0.0",	   "10.255.255.255",  "172.16.0.0",	 "172.31.255.255",
		"192.168.0.0",	   "192.168.1.10",    "192.168.255.255", "100.64.0.0",
		"100.127.255.255", "169.254.255.255",
	};
	static const char *const outside[] = {"11.0.0.0", "172.32.0.0", "100.128.0.0",
					      "9.255.255.255"};
	struct unmask u = search(HASH_SHA1);
	struct told told = {0};

	(void)state;
	u.progress = hear;
	u.ctx = &told;
	for (size_t i = 0; i < ARRAY_LEN(inside); i++)
		look_for(&u, inside[i], 500);
	for (size_t i = 0; i < ARRAY_LEN(outside); i++)
		look_for(&u, outside[i], 500);
	look_for(&u, "10.1.2.3", 501); /* a port that is not tried */
	unmask_with(&u, 0);
	for (size_t i = 0; i < u.n; i++) {
		assert_int_equal(u.v[i].found, i < ARRAY_LEN(inside));
		if (u.v[i].found) {
			assert_string_equal(INET_ADDR(u.v[i].ep.addr), inside[i]);
			assert_int_equal(u.v[i].ep.port, 500);
		}
	}
	assert_int_equal(u.tried, (1 + 16 + 256 + 64 + 1) * 65536);
	assert_false(told.wrong);
	assert_true(told.last > 0);
}

static void every_port_and_hash_is_tried_and_no_more_than_needed(void **state)
{
	static const enum ike_hash algs[] = {HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384,
					     HASH_SHA512};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		struct unmask u = search(algs[i]);

		u.n_ports = 3;
		u.ports[1] = 0;
		u.ports[2] = 4500;
		look_for(&u, "192.168.178.20", 0);
		look_for(&u, "192.168.0.1", 4500);
		unmask_with(&u, (unsigned)i % 3);
		assert_true(u.v[0].found && u.v[1].found);
		assert_int_equal(u.v[0].ep.port, 0);
		assert_int_equal(u.v[1].ep.port, 4500);
		assert_true(u.tried <= (uint64_t)3 * 65536 * 300);
	}
}

/* Both are sets: what is given twice is tried and found once. */
static void a_port_or_hash_given_twice_is_searched_for_once(void **state)
{
	struct unmask u = search(HASH_SHA1);

	(void)state;
	look_for(&u, "192.168.1.10", 500);
	look_for(&u, "10.9.8.7", 500); /* in a later piece */
	u.ports[u.n_ports++] = 500;
	unmask_with(&u, 0);
	assert_true(u.v[0].found && u.v[1].found);

	u.n_ports = 1;
	assert_true(unmask_add_port(&u, 500) && unmask_add_port(&u, 4500));
	assert_int_equal(u.n_ports, 2);
	assert_true(unmask_add_hash(&u, u.v[1].hash));
	assert_int_equal(u.n, 2);
	for (uint16_t port = 1; u.n_ports < UNMASK_PORTS; port++)
		assert_true(unmask_add_port(&u, port));
	assert_true(unmask_add_port(&u, 500));
	assert_false(unmask_add_port(&u, 501));
}

static void threads_search_again_and_again(void **state)
{
	struct arena *a = arena_new();
	struct unmask_workers *w = unmask_workers_new(a, 4);

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct unmask u = search(HASH_SHA1);

		look_for(&u, i % 2 ? "192.168.1.10" : "192.168.200.7", 500);
		unmask(&u, w);
		assert_true(u.v[0].found);
	}
	unmask_workers_end(w);
	arena_free(a);
}

/* After the first piece of the caller's own thread. How many another one has done by then is the
 * scheduler's business, but it has all of them only if the caller's gets no time for many seconds:
 * hence four ports. */
static void it_stops_when_told_to_and_keeps_what_it_found(void **state)
{
	static const uint64_t piece = 4 * 65536, all = (1 + 16 + 256 + 64 + 1) * piece;

	(void)state;
	for (unsigned threads = 1; threads <= 2; threads++) {
		struct unmask u = search(HASH_SHA1);

		assert_true(unmask_add_port(&u, 4500) && unmask_add_port(&u, 0) &&
			    unmask_add_port(&u, 1701));
		u.progress = enough;
		look_for(&u, "192.168.1.10", 500); /* in the first piece */
		look_for(&u, "11.0.0.0", 500);	   /* in none */
		unmask_with(&u, threads);
		assert_true(u.stopped && u.v[0].found && !u.v[1].found);
		if (threads == 1)
			assert_int_equal(u.tried, piece);
		assert_in_range(u.tried, piece, all - piece);
		assert_int_equal(u.tried % piece, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_edges_of_every_private_space_are_found),
		cmocka_unit_test(every_port_and_hash_is_tried_and_no_more_than_needed),
		cmocka_unit_test(a_port_or_hash_given_twice_is_searched_for_once),
		cmocka_unit_test(threads_search_again_and_again),
		cmocka_unit_test(it_stops_when_told_to_and_keeps_what_it_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
