/* SPDX-License-Identifier: MIT */
/*
 * IKE_SA_INIT as the client's end and as the server's end see it, in each layout of NATs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "lab/analysis/diagnose.h"
#include "lab/analysis/natd_judge.h"

static const uint8_t spi_i[8] = {1, 2, 3, 4, 5, 6, 7, 8}, none[8];
static const uint8_t spi_r[8] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};

static struct stage {
	struct arena *a;
	struct watch *w;
	uint32_t number;
} st;

static int setup(void **state)
{
	(void)state;
	st = (struct stage){.a = arena_new()};
	st.w = watch_new(st.a, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(st.a);
	return 0;
}

static struct inet_ep ep(uint32_t addr, uint16_t port)
{
	return inet_ep(inet_v4(addr), port);
}

/* A payload of a notify: @type with @data. */
static void notify(struct wr *w, bool last, uint16_t type, const void *data, size_t len)
{
	wr_u8(w, last ? 0 : 41);
	wr_u8(w, 0);
	wr_u16(w, (uint16_t)(8 + len));
	wr_u16(w, 0);
	wr_u16(w, type);
	wr_bytes(w, data, len);
}

/* IKE_SA_INIT with hashes of @own and @peer; @refusal instead of them where it is not 0. */
static size_t message(uint8_t *buf, size_t size, bool response, struct inet_ep own,
		      struct inet_ep peer, uint16_t refusal)
{
	const uint8_t *r = response ? spi_r : none;
	uint8_t source[HASH_MAX], destination[HASH_MAX];
	struct wr w = wr_new(buf, size);
	struct wr_open length;

	natd_hash(HASH_SHA1, spi_i, r, own, source);
	natd_hash(HASH_SHA1, spi_i, r, peer, destination);
	wr_bytes(&w, spi_i, 8);
	wr_bytes(&w, r, 8);
	wr_u8(&w, refusal ? 41 : 43);
	wr_u8(&w, 0x20);
	wr_u8(&w, 34);
	wr_u8(&w, response ? 0x20 : 0x08);
	wr_u32(&w, 0);
	length = wr_open(&w, 4, 0);
	if (refusal) {
		notify(&w, true, refusal, NULL, 0);
	} else {
		wr_u8(&w, 41); /* a vendor ID */
		wr_u8(&w, 0);
		wr_u16(&w, 4 + 8);
		wr_bytes(&w, "whatever", 8);
		notify(&w, false, 16388, source, 20);
		notify(&w, false, 16430, NULL, 0); /* fragmentation supported */
		notify(&w, true, 16389, destination, 20);
	}
	wr_close(&w, length);
	assert_true(wr_ok(&w));
	return wr_len(&w);
}

static void frame(const char *place, struct inet_ep src, struct inet_ep dst, uint8_t ttl,
		  const uint8_t *p, size_t len)
{
	uint8_t buf[1024];
	struct wr w = wr_new(buf, sizeof(buf));

	wr_ipv4(&w, src.addr, dst.addr, IPPROTO_UDP_, ttl, 1, 8 + len);
	wr_udp(&w, src, dst, p, len);
	assert_true(wr_ok(&w));
	st.number++;
	watch_frame(st.w, place, LINKTYPE_RAW_, (usec)st.number * SEC, st.number, buf, wr_len(&w));
}

static const struct exchange *only_one(void)
{
	struct exchange *const *v;

	assert_int_equal(watch_ikev2_exchanges(st.w, &v), 1);
	return v[0];
}

static void each_layout_of_nats_is_seen_from_either_end(void **state)
{
	static const char client_place[] = "client", server_place[] = "server";

	for (unsigned i = 0; i < 8; i++) {
		bool napt = i & 1, eip = i & 2, at_server = i & 4;
		struct inet_ep own = ep(napt ? 0xc0a8010a : 0xc633644d, 500);
		struct inet_ep seen = napt ? ep(0xc633640a, 26723) : own;
		struct inet_ep dialled = ep(0xcb00710a, 500);
		struct inet_ep server = eip ? ep(0xac1f000a, 500) : dialled;
		uint8_t buf[512];
		const struct exchange *x;
		struct judgement j;
		struct diagnosis d;
		size_t len = message(buf, sizeof(buf), false, own, dialled, 0);

		setup(state);
		if (at_server)
			frame(server_place, seen, server, 61, buf, len);
		else
			frame(client_place, own, dialled, 64, buf, len);
		len = message(buf, sizeof(buf), true, server, seen, 0);
		if (at_server)
			frame(server_place, server, seen, 64, buf, len);
		else
			frame(client_place, dialled, own, 61, buf, len);
		x = only_one();
		natd_judge(x, NULL, 0, NULL, NULL, &j);
		diagnose(x, &j, NULL, 0, &d);
		assert_true(j.complete);
		assert_int_equal(j.client_sees.self_behind_nat, napt);
		assert_int_equal(j.client_sees.peer_behind_nat, eip);
		assert_int_equal(j.server_sees_valid, at_server || (!napt && !eip));
		if (j.server_sees_valid) {
			assert_int_equal(j.server_sees.self_behind_nat, eip);
			assert_int_equal(j.server_sees.peer_behind_nat, napt);
		}
		if (at_server)
			assert_int_equal(j.server_hash, CLASS_EXACT);
		if (!napt && !eip) { /* two pairs, as in IKEv1 */
			assert_int_equal(j.letter4[0], j.letter3[1]);
			assert_int_equal(j.letter4[1], j.letter3[0]);
		}
		assert_int_equal(d.sig, SIG_IKE2);
		assert_memory_equal(x->cky_r, spi_r, 8);
		assert_int_equal(x->n_vids[0], 1);
		teardown(state);
	}
}

/* The server's machine does the DNAT itself, and all its interfaces are captured as one place: each
 * message is there with the outside address and with the inside one. */
static void a_server_that_translates_for_itself_is_seen_behind_its_nat(void **state)
{
	static const char place[] = "any";
	struct inet_ep client = ep(0xc633644d, 500), outside = ep(0xcb00710a, 500),
		       inside = ep(0xac1f000a, 500);
	uint8_t buf[512];
	struct judgement j;
	size_t len = message(buf, sizeof(buf), false, client, outside, 0);

	(void)state;
	frame(place, client, outside, 61, buf, len);
	frame(place, client, inside, 60, buf, len);
	len = message(buf, sizeof(buf), true, inside, client, 0);
	frame(place, inside, client, 64, buf, len);
	frame(place, outside, client, 63, buf, len);
	assert_int_equal(only_one()->mm[1].n_sightings, 2);
	natd_judge(only_one(), NULL, 0, NULL, NULL, &j);
	assert_true(j.server_sees_valid);
	assert_true(j.server_sees.self_behind_nat);
	assert_false(j.server_sees.peer_behind_nat);
	assert_int_equal(j.server_hash, CLASS_EXACT);
}

static void a_response_that_refuses_is_told(void **state)
{
	struct inet_ep own = ep(0xc633644d, 500), server = ep(0xcb00710a, 500);
	uint8_t buf[512];
	struct judgement j;
	struct diagnosis d;
	size_t len = message(buf, sizeof(buf), false, own, server, 0);

	(void)state;
	frame("here", own, server, 64, buf, len);
	len = message(buf, sizeof(buf), true, server, own, 14);
	frame("here", server, own, 61, buf, len);
	natd_judge(only_one(), NULL, 0, NULL, NULL, &j);
	diagnose(only_one(), &j, NULL, 0, &d);
	assert_int_equal(d.sig, SIG_NO_PROPOSAL);
}

static void requests_without_an_answer_are_a_closed_port(void **state)
{
	struct inet_ep own = ep(0xc633644d, 500), server = ep(0xcb00710a, 500);
	static const char here[] = "here";
	uint8_t buf[512];
	struct judgement j;
	struct diagnosis d;
	size_t len = message(buf, sizeof(buf), false, own, server, 0);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		frame(here, own, server, 64, buf, len);
	natd_judge(only_one(), NULL, 0, NULL, NULL, &j);
	diagnose(only_one(), &j, NULL, 0, &d);
	assert_int_equal(d.sig, SIG_500_CLOSED);
	assert_int_equal(only_one()->mm[1].copies, 3);
}

static void a_message_cut_at_every_length_is_passed_over(void **state)
{
	struct inet_ep own = ep(0xc633644d, 500), server = ep(0xcb00710a, 500);
	uint8_t buf[512];
	size_t len = message(buf, sizeof(buf), false, own, server, 0);
	struct exchange *const *v;

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		frame("here", own, server, 64, buf, cut);
	assert_int_equal(watch_ikev2_exchanges(st.w, &v), 0);
	frame("here", own, server, 64, buf, len);
	assert_int_equal(only_one()->natd3.n, 2);
}

static void a_flood_of_requests_has_its_bound(void **state)
{
	struct inet_ep own = ep(0xc633644d, 500), server = ep(0xcb00710a, 500);
	uint8_t buf[512];
	size_t len = message(buf, sizeof(buf), false, own, server, 0);
	struct exchange *const *v;
	size_t used = 0;

	(void)state;
	for (unsigned i = 0; i < 30000; i++) {
		buf[0] = (uint8_t)i;
		buf[1] = (uint8_t)(i >> 8);
		frame("here", own, server, 64, buf, len);
		if (i == 20000)
			used = arena_used(st.a);
	}
	assert_int_equal(arena_used(st.a), used);
	assert_int_equal(watch_ikev2_exchanges(st.w, &v), WATCH_IKEV2_EXCHANGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_layout_of_nats_is_seen_from_either_end),
		cmocka_unit_test_setup_teardown(
			a_server_that_translates_for_itself_is_seen_behind_its_nat, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_response_that_refuses_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(requests_without_an_answer_are_a_closed_port, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_message_cut_at_every_length_is_passed_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_flood_of_requests_has_its_bound, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
