/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/wire.h"
#include "nodes/wire/natd.h"

static const uint8_t cky_i[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint8_t cky_r[8] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};

static struct inet_ep ep(const char *addr, uint16_t port)
{
	struct inet_ep e = {.port = port};

	assert_true(inet_parse_addr(addr, &e.addr));
	return e;
}

/* Computed with an independent program. */
static const struct {
	const char *addr;
	uint16_t port;
	enum ike_hash alg;
	const char *hash;
} vectors[] = {
	{"203.0.113.10", 500, HASH_SHA1, "5b5359827e5faf027c3b50302622508322212f4a"},
	{"203.0.113.10", 500, HASH_MD5, "c3754495a439750d5fa35daef4652565"},
	{"203.0.113.10", 500, HASH_SHA256,
	 "08adbf381e317298f466de2e65ea3f5a11a6bc4b24c0db2dfb02489062ffaf62"},
	{"192.168.0.5", 500, HASH_SHA1, "15806f45b2f7b20103655610a1d38f6734d7e607"},
	{"192.168.0.5", 500, HASH_MD5, "6500f540921330c270326797c360bd99"},
	{"10.0.0.7", 500, HASH_SHA1, "d57103d9aedf3effb196aec7ca79cad3d8412479"},
	{"10.0.0.7", 500, HASH_MD5, "0f0e04bb539f2a99a1afb78ecd3abedd"},
	{"198.51.100.20", 1024, HASH_SHA1, "26d84bc326eac4a00f84ee34aa6b40e3a2b59394"},
	{"198.51.100.20", 1024, HASH_MD5, "ca8d79441e632696ed0632aa0de688f1"},
	{"203.0.113.10", 0, HASH_SHA1, "2346c218376857bf8c4cb4838f90e63fec5c6589"},
	{"203.0.113.10", 0, HASH_MD5, "ea30867d84692f9678cb530bcde12bf4"},
	{"2001:db8::1", 500, HASH_SHA1, "645efdf3a4d473679c6a6530abefd3b71d8c18af"},
};

static void hashes_are_those_of_an_independent_program(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint8_t h[HASH_MAX];
		char hex[2 * HASH_MAX + 1];

		natd_hash(vectors[i].alg, cky_i, cky_r, ep(vectors[i].addr, vectors[i].port), h);
		hex_str(h, hash_len(vectors[i].alg), hex);
		assert_string_equal(hex, vectors[i].hash);
	}
}

static void add(struct natd_list *l, enum ike_hash alg, struct inet_ep e)
{
	natd_hash(alg, cky_i, cky_r, e, l->v[l->n++].b);
	l->len = (uint8_t)hash_len(alg);
}

/* The receiver is 192.168.0.5:500 and its packets come from 203.0.113.10:500. */
static const struct {
	const char *what;
	const char *first, *others[4];
	bool self, peer;
} cases[] = {
	{"no NAT", "192.168.0.5", {"203.0.113.10"}, false, false},
	{"NAT before the receiver", "198.51.100.20", {"203.0.113.10"}, true, false},
	{"NAT before the sender", "192.168.0.5", {"10.0.0.7"}, false, true},
	{"NAT before both", "198.51.100.20", {"10.0.0.7"}, true, true},
	{"one of several own addresses fits", "192.168.0.5",
	 {"10.0.0.7", "198.51.100.20", "203.0.113.10"}, false, false},
	{"the first hash says nothing of the sender", "203.0.113.10", {"10.0.0.7"}, true, true},
};

static void the_first_hash_is_of_the_receiver_and_the_others_of_the_sender(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct natd_list l = {0};
		struct natd_seen seen;

		add(&l, HASH_SHA1, ep(cases[i].first, 500));
		for (size_t k = 0; cases[i].others[k]; k++)
			add(&l, HASH_SHA1, ep(cases[i].others[k], 500));
		print_message("%s\n", cases[i].what);
		assert_true(natd_evaluate(HASH_SHA1, cky_i, cky_r, &l, ep("192.168.0.5", 500),
					  ep("203.0.113.10", 500), &seen));
		assert_int_equal(seen.self_behind_nat, cases[i].self);
		assert_int_equal(seen.peer_behind_nat, cases[i].peer);
	}
}

static void a_port_changed_on_the_way_is_a_nat(void **state)
{
	struct natd_list l = {0};
	struct natd_seen seen;

	(void)state;
	add(&l, HASH_SHA1, ep("192.168.0.5", 500));
	add(&l, HASH_SHA1, ep("203.0.113.10", 500));
	assert_true(natd_evaluate(HASH_SHA1, cky_i, cky_r, &l, ep("192.168.0.5", 500),
				  ep("203.0.113.10", 1024), &seen));
	assert_false(seen.self_behind_nat);
	assert_true(seen.peer_behind_nat);
}

static void fewer_than_two_hashes_say_nothing(void **state)
{
	struct natd_list l = {0};
	struct natd_seen seen = {true, true};
	struct inet_ep e = ep("192.168.0.5", 500);

	(void)state;
	assert_false(natd_evaluate(HASH_SHA1, cky_i, cky_r, &l, e, e, &seen));
	add(&l, HASH_SHA1, e);
	assert_false(natd_evaluate(HASH_SHA1, cky_i, cky_r, &l, e, e, &seen));
	assert_false(seen.self_behind_nat || seen.peer_behind_nat);
}

static void hashes_of_another_length_match_nothing(void **state)
{
	struct natd_list l = {0};
	struct natd_seen seen;
	struct inet_ep e = ep("192.168.0.5", 500);

	(void)state;
	add(&l, HASH_MD5, e);
	add(&l, HASH_MD5, e);
	assert_true(natd_evaluate(HASH_SHA1, cky_i, cky_r, &l, e, e, &seen));
	assert_true(seen.self_behind_nat && seen.peer_behind_nat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_an_independent_program),
		cmocka_unit_test(the_first_hash_is_of_the_receiver_and_the_others_of_the_sender),
		cmocka_unit_test(a_port_changed_on_the_way_is_a_nat),
		cmocka_unit_test(fewer_than_two_hashes_say_nothing),
		cmocka_unit_test(hashes_of_another_length_match_nothing),
	};

	return cmocka_run_group_tests_name("natd", tests, NULL, NULL);
}
