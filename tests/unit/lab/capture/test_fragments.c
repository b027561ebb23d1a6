/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/capture/fragments.h"

#define PAYLOAD 3000 /* bytes of IP payload: a UDP header and data */

static const char here[] = "here", there[] = "there";

static struct stage {
	struct arena *a;
	struct fragments *f;
	uint8_t payload[PAYLOAD];
} st;

static int setup(void **state)
{
	struct wr w = wr_new(st.payload, sizeof(st.payload));
	uint8_t data[PAYLOAD - 8];

	(void)state;
	st.a = arena_new();
	st.f = fragments_new(st.a);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	wr_udp(&w, inet_ep(inet_v4(0x0a000001), 500), inet_ep(inet_v4(0x0a000002), 4500), data,
	       sizeof(data));
	assert_true(wr_ok(&w));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(st.a);
	return 0;
}

/* A fragment with bytes @off .. @off + @len of the payload, as packet_parse() gives one. */
static struct packet piece(uint32_t id, size_t off, size_t len)
{
	return (struct packet){
		.src = inet_ep(inet_v4(0x0a000001), 0),
		.dst = inet_ep(inet_v4(0x0a000002), 0),
		.proto = IPPROTO_UDP_,
		.fragment = true,
		.frag_id = id,
		.frag_off = (uint16_t)off,
		.frag_more = off + len < PAYLOAD,
		.payload = st.payload + off,
		.len = len,
		.said_len = len,
	};
}

static bool add(const char *place, usec t, struct packet *pkt)
{
	return fragments_add(st.f, place, t, pkt);
}

static void assert_whole(const struct packet *pkt)
{
	assert_false(pkt->fragment);
	assert_int_equal(pkt->src.port, 500);
	assert_int_equal(pkt->dst.port, 4500);
	assert_int_equal(pkt->len, PAYLOAD - 8);
	assert_memory_equal(pkt->payload, st.payload + 8, PAYLOAD - 8);
}

/* In each order of three pieces, one of them twice. */
static void pieces_in_any_order_make_the_datagram(void **state)
{
	static const size_t at[] = {0, 1480, 2960, PAYLOAD};

	(void)state;
	for (uint32_t order = 0; order < 27; order++) {
		const uint32_t first = order % 3, second = order / 3 % 3, third = order / 9;
		const uint32_t seq[] = {first, first, second, third};
		struct packet pkt;

		if (first == second || second == third || first == third)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(seq); i++) {
			pkt = piece(order, at[seq[i]], at[seq[i] + 1] - at[seq[i]]);
			assert_int_equal(add(here, 0, &pkt), i == ARRAY_LEN(seq) - 1);
		}
		assert_whole(&pkt);
	}
}

static void a_datagram_cut_at_every_place_is_whole_again(void **state)
{
	(void)state;
	for (size_t cut = 8; cut < PAYLOAD; cut += 8) {
		struct packet a = piece((uint32_t)cut, 0, cut);
		struct packet b = piece((uint32_t)cut, cut, PAYLOAD - cut);

		assert_false(add(here, 0, &a));
		assert_true(add(here, 0, &b));
		assert_whole(&b);
	}
}

static void where_pieces_overlap_the_first_counts(void **state)
{
	struct packet a = piece(1, 0, 1600), b = piece(1, 1480, PAYLOAD - 1480);
	uint8_t other[PAYLOAD];

	(void)state;
	memset(other, 0xee, sizeof(other));
	memcpy(other + 120, st.payload + 1600, PAYLOAD - 1600);
	b.payload = other; /* its first 120 bytes contradict those that came before */
	assert_false(add(here, 0, &a));
	assert_true(add(here, 0, &b));
	assert_whole(&b);
}

static void pieces_of_different_datagrams_are_not_mixed(void **state)
{
	struct packet a = piece(1, 0, 1480), b;

	(void)state;
	assert_false(add(here, 0, &a));
	b = piece(2, 1480, PAYLOAD - 1480); /* another number */
	assert_false(add(here, 0, &b));
	b = piece(1, 1480, PAYLOAD - 1480); /* another place */
	assert_false(add(there, 0, &b));
	b = piece(1, 1480, PAYLOAD - 1480); /* another sender */
	b.src.addr = inet_v4(0x0a000003);
	assert_false(add(here, 0, &b));
	b = piece(1, 1480, PAYLOAD - 1480); /* another protocol */
	b.proto = IPPROTO_ESP_;
	assert_false(add(here, 0, &b));
	b = piece(1, 1480, PAYLOAD - 1480); /* the number, a minute later */
	assert_false(add(here, 60 * SEC, &b));
	a = piece(1, 0, 1480);
	assert_true(add(here, 60 * SEC, &a));
	assert_whole(&a);
}

static void nonsense_makes_nothing(void **state)
{
	struct packet pkt = piece(1, 0, 1480);

	(void)state;
	pkt.said_len++; /* captured without its end */
	assert_false(add(here, 0, &pkt));
	pkt = piece(1, 0, 1481); /* not in whole units */
	assert_false(add(here, 0, &pkt));
	pkt = piece(1, 0, 0);
	assert_false(add(here, 0, &pkt));
	pkt = piece(1, 0, 2000); /* behind the end that another piece names */
	pkt.frag_off = 65528;
	assert_false(add(here, 0, &pkt));
	pkt = piece(2, 2960, 40);
	assert_false(add(here, 0, &pkt));
	pkt = piece(2, 0, 1480);
	pkt.frag_off = 4000;
	assert_false(add(here, 0, &pkt));
	pkt = piece(2, 0, 1480);
	assert_false(add(here, 0, &pkt));
	pkt = piece(2, 1480, 1480);
	assert_false(add(here, 0, &pkt));
}

/* However many are begun, a complete one comes out. */
static void a_flood_of_pieces_leaves_room(void **state)
{
	struct packet pkt;
	size_t used;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		pkt = piece(i, 0, 1480);
		assert_false(add(here, 0, &pkt));
	}
	used = arena_used(st.a);
	for (uint32_t i = 100; i < 20000; i++) {
		pkt = piece(i, 0, 1480);
		assert_false(add(here, 0, &pkt));
	}
	assert_int_equal(arena_used(st.a), used);
	pkt = piece(19999, 1480, PAYLOAD - 1480);
	assert_true(add(here, 0, &pkt));
	assert_whole(&pkt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_in_any_order_make_the_datagram),
		cmocka_unit_test(a_datagram_cut_at_every_place_is_whole_again),
		cmocka_unit_test(where_pieces_overlap_the_first_counts),
		cmocka_unit_test(pieces_of_different_datagrams_are_not_mixed),
		cmocka_unit_test(nonsense_makes_nothing),
		cmocka_unit_test(a_flood_of_pieces_leaves_room),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
