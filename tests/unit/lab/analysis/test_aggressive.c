/* SPDX-License-Identifier: MIT */
/*
 * Aggressive Mode before the eye and the judge: the responder's hashes come in message 2, the
 * initiator's in message 3 or not at all (RFC 3947 3.2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "lab/analysis/diagnose.h"

#define TRANSACTION EXCHANGE_TRANSACTION

static const uint8_t ci[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint8_t cr[8] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};
static const uint8_t zeros[8];

/* Each end as the two ends know it; equal where no NAT lies between. */
struct ends {
	struct inet_ep client, client_there, server, dialled;
};

static struct stage {
	struct arena *a;
	struct watch *w;
	struct ends e;
	bool at_server; /* where the capture is made */
	usec t;
	uint32_t number;
	uint8_t buf[1024];
	struct isakmp_out o;
} st;

static void set_up(bool client_nat, bool server_nat, bool at_server)
{
	const struct inet_ep private = inet_ep(inet_v4(0x0a140002), 500),
			     own = inet_ep(inet_v4(0xac1f100a), 500);

	st = (struct stage){.a = arena_new(), .at_server = at_server};
	st.w = watch_new(st.a, NULL);
	st.e.client_there = inet_ep(inet_v4(0xc633640a), client_nat ? 26723 : 500);
	st.e.client = client_nat ? private : st.e.client_there;
	st.e.dialled = inet_ep(inet_v4(0xcb00710a), 500);
	st.e.server = server_nat ? own : st.e.dialled;
}

static struct isakmp_out *begin(const uint8_t *r, uint8_t exchange, uint8_t flags)
{
	memset(st.buf, 0, ISAKMP_MARKER_LEN);
	isakmp_begin(&st.o, st.buf + ISAKMP_MARKER_LEN, sizeof(st.buf) - ISAKMP_MARKER_LEN, ci, r,
		     exchange, flags, exchange == EXCHANGE_AGGRESSIVE ? 0 : 77);
	return &st.o;
}

/* To the other side; @port 4500: behind a marker, from whatever port the NAT made of it. */
static void send(bool from_client, uint16_t port)
{
	struct inet_ep c = st.at_server ? st.e.client_there : st.e.client;
	struct inet_ep s = st.at_server ? st.e.server : st.e.dialled;
	size_t marker = port == 4500 ? ISAKMP_MARKER_LEN : 0;
	size_t len = isakmp_end(&st.o) + marker;
	const uint8_t *p = st.buf + ISAKMP_MARKER_LEN - marker;
	uint8_t ip[1200];
	struct wr w = wr_new(ip, sizeof(ip));

	if (port == 4500) {
		c.port = c.port == 500 ? 4500 : 31234;
		s.port = 4500;
	}
	wr_ipv4(&w, from_client ? c.addr : s.addr, from_client ? s.addr : c.addr, IPPROTO_UDP_,
		from_client == st.at_server ? 61 : 64, 1, 8 + len);
	wr_udp(&w, from_client ? c : s, from_client ? s : c, p, len);
	assert_true(wr_ok(&w));
	st.t += 10 * MSEC;
	watch_frame(st.w, "here", LINKTYPE_RAW_, st.t, ++st.number, ip, wr_len(&w));
}

static void put_sa(struct isakmp_out *o)
{
	static const char sa[] = "\0\0\0\1\0\0\0\1"
				 "\0\0\0\x24\1\1\0\1"
				 "\0\0\0\x1c\1\1\0\0"
				 "\x80\1\0\7\x80\x0e\1\0\x80\2\0\2\x80\4\0\x0e\x80\3\xfd\xe9";

	isakmp_payload_put(o, PAYLOAD_SA, sa, sizeof(sa) - 1);
	isakmp_payload_put(o, PAYLOAD_KE, "public", 6);
	isakmp_payload_put(o, PAYLOAD_NONCE, "nonce", 5);
}

static void put_hash(struct isakmp_out *o, uint8_t type, struct inet_ep ep)
{
	uint8_t h[HASH_MAX];

	natd_hash(HASH_SHA1, ci, cr, ep, h);
	isakmp_payload_put(o, type, h, 20);
}

static void message1(void)
{
	struct isakmp_out *o = begin(zeros, EXCHANGE_AGGRESSIVE, 0);
	struct view v = vid_bytes(VID_RFC3947);

	put_sa(o);
	isakmp_payload_put(o, PAYLOAD_ID, "\x0b\x11\x01\xf4sales", 9);
	isakmp_payload_put(o, PAYLOAD_VID, v.p, v.len);
	send(true, 500);
}

static void message2(uint8_t type, struct inet_ep own)
{
	struct isakmp_out *o = begin(cr, EXCHANGE_AGGRESSIVE, 0);
	struct view v = vid_bytes(VID_DPD);

	put_sa(o);
	isakmp_payload_put(o, PAYLOAD_ID, "\x01\x11\x01\xf4\xac\x1f\x10\x0a", 8);
	isakmp_payload_put(o, PAYLOAD_HASH, "0123456789abcdef0123", 20);
	isakmp_payload_put(o, PAYLOAD_VID, v.p, v.len);
	put_hash(o, type, st.e.client_there);
	put_hash(o, type, own);
	send(false, 500);
}

/* @hashed: the port that its hashes are made with. */
static void message3(bool clear, uint16_t port, uint16_t hashed)
{
	struct isakmp_out *o = begin(cr, EXCHANGE_AGGRESSIVE, clear ? 0 : ISAKMP_FLAG_ENCRYPTED);

	if (clear) {
		isakmp_payload_put(o, PAYLOAD_HASH, "0123456789abcdef0123", 20);
		put_hash(o, PAYLOAD_NATD, inet_ep(st.e.dialled.addr, hashed));
		put_hash(o, PAYLOAD_NATD, inet_ep(st.e.client.addr, hashed));
	} else {
		wr_bytes(&o->w, "encrypted bytes.", 16);
	}
	send(true, port);
}

static void encrypted(uint8_t exchange, bool from_client, const char *text)
{
	struct isakmp_out *o = begin(cr, exchange, ISAKMP_FLAG_ENCRYPTED);

	wr_bytes(&o->w, text, strlen(text));
	send(from_client, 4500);
}

static const struct exchange *only(void)
{
	struct exchange *const *v;

	assert_int_equal(watch_exchanges(st.w, &v), 1);
	return v[0];
}

static struct judgement judged(void)
{
	struct judgement j;

	natd_judge(only(), NULL, 0, NULL, NULL, &j);
	return j;
}

static struct diagnosis diagnosed(void)
{
	struct judgement j = judged();
	struct exchange *const *v;
	struct diagnosis d = {0};
	size_t n = watch_exchanges(st.w, &v);

	diagnose(v[0], &j, v, n, &d);
	return d;
}

/* ---- tests ---- */

static void its_three_messages_are_read(void **state)
{
	const struct exchange *x;

	(void)state;
	set_up(true, true, false);
	message1();
	message2(PAYLOAD_NATD, st.e.server);
	message3(true, 4500, 500);
	encrypted(TRANSACTION, false, "who are you?");
	encrypted(TRANSACTION, true, "alice");
	x = only();
	assert_int_equal(x->type, EXCHANGE_AGGRESSIVE);
	for (unsigned n = 1; n <= 6; n++)
		assert_int_equal(x->mm[n].copies, n <= 3);
	assert_true(x->offered_natt && x->chosen && x->floated);
	assert_int_equal(x->n_offers, 1);
	assert_int_equal(x->auth, 65001);
	assert_int_equal(x->n_vids[0], 1);
	assert_int_equal(x->n_vids[1], 1);
	assert_int_equal(x->ids[0].type, 11);
	assert_int_equal(x->ids[0].len, 5);
	assert_memory_equal(x->ids[0].b, "sales", 5);
	assert_int_equal(x->ids[1].type, 1);
	assert_int_equal(x->natd4.n, 2);
	assert_int_equal(x->natd3.n, 2);
	assert_int_equal(x->transactions, 2);
	arena_free(st.a);
}

static void every_layout_is_judged_from_either_end(void **state)
{
	static const struct {
		bool clear;
		uint16_t hashed; /* by a client that has moved to 4500 */
	} thirds[] = {{true, 500}, {true, 4500}, {false, 0}};

	(void)state;
	for (unsigned i = 0; i < 8 * ARRAY_LEN(thirds); i++) {
		bool client_nat = i & 1, server_nat = i & 2, at_server = i & 4;
		bool clear = thirds[i / 8].clear, nat = client_nat || server_nat;
		struct judgement j;

		print_message("layout %u: client %d, server %d, at the %s, message 3 %s\n", i,
			      client_nat, server_nat, at_server ? "server" : "client",
			      clear ? "in clear" : "encrypted");
		set_up(client_nat, server_nat, at_server);
		message1();
		message2(PAYLOAD_NATD, st.e.server);
		message3(clear, nat ? 4500 : 500, nat ? thirds[i / 8].hashed : 500);
		j = judged();
		assert_int_equal(j.complete, clear || !at_server);
		if (j.complete) {
			assert_int_equal(j.client_sees.self_behind_nat, client_nat);
			assert_int_equal(j.client_sees.peer_behind_nat, server_nat);
		}
		assert_true(j.server_sees_valid || !clear || !at_server);
		assert_true(!j.server_sees_valid || clear);
		if (j.server_sees_valid) {
			assert_int_equal(j.server_sees.self_behind_nat, server_nat);
			assert_int_equal(j.server_sees.peer_behind_nat, client_nat);
		}
		if (!server_nat) /* at the server nobody knows what a silent client dialled */
			assert_true(j.server_hash == CLASS_EXACT_OR_COPIED ||
				    (j.server_hash == CLASS_EXACT && at_server));
		else
			assert_int_equal(j.server_hash, at_server ? CLASS_EXACT : CLASS_UNKNOWN);
		assert_int_equal(j.letter4[0], 'A'); /* message 2 is read before message 3 */
		arena_free(st.a);
	}
}

static void the_drafts_payloads_are_its_hashes_too(void **state)
{
	struct judgement j;

	(void)state;
	set_up(true, true, false);
	message1();
	message2(PAYLOAD_NATD_DRAFT, st.e.server);
	j = judged();
	assert_int_equal(only()->natd_type, PAYLOAD_NATD_DRAFT);
	assert_true(j.complete && j.client_sees.peer_behind_nat);
	arena_free(st.a);
}

static void a_forged_hash_is_told_at_the_server(void **state)
{
	(void)state;
	set_up(true, false, true);
	message1();
	message2(PAYLOAD_NATD, inet_ep(st.e.server.addr, 0));
	assert_int_equal(judged().server_hash, CLASS_FAKED);
	arena_free(st.a);
}

static void a_message_of_main_mode_does_not_belong_to_it(void **state)
{
	(void)state;
	set_up(true, true, false);
	message1();
	put_sa(begin(cr, EXCHANGE_MAIN, 0));
	send(false, 500);
	assert_false(only()->mm[2].seen);
	arena_free(st.a);
}

static void nothing_answers(void)
{
	message1();
	message1();
	st.t += 3 * SEC;
	message1();
}

static void the_client_refuses(void)
{
	message1();
	message2(PAYLOAD_NATD, st.e.server);
	encrypted(EXCHANGE_INFORMATIONAL, true, "authentication failed");
}

static void the_client_is_silent(void)
{
	message1();
	message2(PAYLOAD_NATD, st.e.server);
	st.t += 4 * SEC;
	message2(PAYLOAD_NATD, st.e.server);
}

static void the_client_asks_again(void)
{
	message1();
	message2(PAYLOAD_NATD, st.e.server);
	st.t += SEC;
	message1();
}

static void message_3_is_lost(void)
{
	the_client_is_silent();
	message3(false, 4500, 0);
	st.t += 4 * SEC;
	message2(PAYLOAD_NATD, st.e.server);
}

static void the_capture_ends(void)
{
	message1();
	message2(PAYLOAD_NATD, st.e.server);
	message3(false, 4500, 0);
}

static void xauth_fails(void)
{
	the_capture_ends();
	encrypted(TRANSACTION, false, "who are you?");
	st.t += 9 * SEC;
	encrypted(TRANSACTION, true, "mallory");
}

static void each_failure_has_its_signature(void **state)
{
	static const struct {
		void (*play)(void);
		bool at_server;
		enum signature sig;
		enum certainty certainty;
	} rows[] = {
		{nothing_answers, false, SIG_500_CLOSED, CERTAIN_MEDIUM},
		{the_client_refuses, false, SIG_PSK, CERTAIN_HIGH},
		{the_client_is_silent, false, SIG_PSK, CERTAIN_LOW},
		{the_client_asks_again, true, SIG_500_CLOSED, CERTAIN_MEDIUM},
		{message_3_is_lost, false, SIG_4500_CLOSED, CERTAIN_MEDIUM},
		{the_capture_ends, true, SIG_UNFINISHED, CERTAIN_LOW},
		{xauth_fails, false, SIG_NO_REPLY, CERTAIN_LOW},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct diagnosis d;

		print_message("row %zu\n", i);
		set_up(true, true, rows[i].at_server);
		rows[i].play();
		d = diagnosed();
		assert_string_equal(signature_name(d.sig), signature_name(rows[i].sig));
		assert_int_equal(d.certainty, rows[i].certainty);
		assert_true(d.n_evidence > 0);
		arena_free(st.a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_three_messages_are_read),
		cmocka_unit_test(every_layout_is_judged_from_either_end),
		cmocka_unit_test(the_drafts_payloads_are_its_hashes_too),
		cmocka_unit_test(a_forged_hash_is_told_at_the_server),
		cmocka_unit_test(a_message_of_main_mode_does_not_belong_to_it),
		cmocka_unit_test(each_failure_has_its_signature),
	};

	return cmocka_run_group_tests_name("aggressive", tests, NULL, NULL);
}
