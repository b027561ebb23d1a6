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

#include "tests/unit/probe_world.h"

static struct probe_result ask_world(struct arena *a, struct world *w, const char *mode, usec *took,
				     unsigned *sent)
{
	return ask_in(a, w, mode, w->napt, w->eip, false, took, sent);
}

static const char *row_text(const struct windows_verdict r[GATE_VALUES])
{
	static char text[4];

	for (int i = 0; i < 3; i++)
		text[i] = "cb?"[r[i].result];
	return text;
}

/* For each server, behind an Elastic IP and public: the hash class, and Windows at home and with a
 * public address, registry 0, 1, 2. */
static const struct {
	const char *mode;
	bool eip;
	enum hash_class own;
	char behind;	  /* is said of the server: y, n, ? nothing */
	const char *self; /* is said of us, public and at home: y behind NAT, n not, ? nothing */
	const char *home, *public_client;
} truths[] = {
	{"rras-2012r2", true, CLASS_UNKNOWN, 'y', "ny", "bbc", "bcc"},
	{"rras-2012r2", false, CLASS_EXACT, 'n', "ny", "ccc", "ccc"},
	{"strongswan-5.3", true, CLASS_UNKNOWN, 'y', "ny", "bbc", "bcc"},
	{"strongswan-5.3", false, CLASS_EXACT, 'n', "ny", "ccc", "ccc"},
	{"strongswan-5.9", true, CLASS_UNKNOWN, 'y', "ny", "bbc", "bcc"},
	{"libreswan", true, CLASS_UNKNOWN, 'y', "ny", "bbc", "bcc"},
	{"libreswan", false, CLASS_EXACT, 'n', "ny", "ccc", "ccc"},
	{"draft-only", true, CLASS_UNKNOWN, '?', "ny", "bbc", "bcc"},
	{"softether-4", true, CLASS_COPIED, 'y', "?y", "ccc", "ccc"},
	{"softether-4", false, CLASS_COPIED, 'n', "?y", "ccc", "ccc"},
	{"softether-5", true, CLASS_COPIED, '?', "?y", "ccc", "ccc"},
	/* Cannot be told from a server behind NAT, from here. */
	{"strongswan-forceencaps", false, CLASS_UNKNOWN, 'y', "ny", "bbc", "bcc"},
	/* Port 0 with the address that was dialled: it lies, and is public. */
	{"libreswan-encapsulation", false, CLASS_FAKED, 'n', "ny", "bbc", "bbc"},
	{"openswan-forceencaps", false, CLASS_FAKED, 'n', "ny", "bbc", "bbc"},
	{"racoon-force", false, CLASS_FAKED, '?', "?y", "bbc", "bbc"},
};

static char told(bool known, bool value)
{
	return known ? value ? 'y' : 'n' : '?';
}

/* Behind an Elastic IP its hash of itself tells nothing, but the one of us is of port 0: a public
 * Windows takes itself for one behind NAT, and needs the registry's 2 as at home. */
static void a_server_that_lies_of_clients_blocks_public_ones_too(void **state)
{
	struct arena *a = arena_new();
	struct probe_result r;
	unsigned sent;
	usec took;

	(void)state;
	r = ask(a, "libreswan-encapsulation", false, true, false, &took, &sent);
	assert_int_equal(r.server_hash, CLASS_UNKNOWN);
	assert_int_equal(r.peer_hash, CLASS_FAKED);
	assert_int_equal(told(r.self_known, r.self_behind_nat), 'n');
	assert_string_equal(row_text(r.public_client), "bbc");
	/* It takes itself for one behind NAT, and of those logs are known. */
	assert_int_equal(r.public_client[0].certainty, CERTAIN_HIGH);
	r = ask(a, "libreswan", false, true, false, &took, &sent);
	assert_int_equal(r.peer_hash, CLASS_EXACT);
	assert_string_equal(row_text(r.public_client), "bcc");
	arena_free(a);
}

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
			assert_int_equal(told(r.server_known, r.server_behind_nat_truly),
					 truths[i].behind);
			assert_string_equal(row_text(r.home), truths[i].home);
			assert_string_equal(row_text(r.public_client), truths[i].public_client);
			assert_int_equal(told(r.self_known, r.self_behind_nat),
					 truths[i].self[napt]);
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
	struct world w = {.napt = true, .eip = true, .lost_out = ALL};
	struct probe_result r = ask_world(a, &w, "rras-2012r2", &took, &sent);

	(void)state;
	assert_false(r.answered[PROBE_WINDOWS]);
	assert_false(r.answered[PROBE_PLAIN]);
	assert_string_equal(reason_name(r.end[PROBE_WINDOWS]), "no-reply");
	assert_int_equal(r.home[0].result, WINDOWS_UNKNOWN);
	assert_int_equal(sent, 4);
	assert_true(sent <= PROBE_PACKETS);
	assert_true(took <= PROBE_TIMEOUT);
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

static void one_lost_packet_costs_a_second_and_one_more_packet(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		struct arena *a = arena_new();
		struct world w = {.napt = true,
				  .eip = true,
				  .lost_out = i < 4 ? 1u << i : 0,
				  .lost_back = i < 4 ? 0 : 1u << (i - 4)};
		unsigned sent;
		usec took;
		struct probe_result r = ask_world(a, &w, "strongswan-5.3", &took, &sent);

		print_message("packet %u %s\n", i % 4, i < 4 ? "there" : "back");
		assert_true(r.answered[PROBE_WINDOWS] && r.answered[PROBE_PLAIN]);
		assert_true(sent <= 5);
		assert_true(took <= 1100 * MSEC);
		arena_free(a);
	}
}

static void whatever_is_lost_six_packets_are_never_exceeded(void **state)
{
	(void)state;
	for (unsigned lost = 0; lost < 256; lost++) {
		struct arena *a = arena_new();
		struct world w = {.lost_out = lost & 15, .lost_back = lost >> 4};
		unsigned sent;
		usec took;

		ask_world(a, &w, "softether-4", &took, &sent);
		assert_true(sent <= PROBE_PACKETS);
		assert_true(took <= PROBE_TIMEOUT);
		arena_free(a);
	}
}

/* Both messages 1 are lost: six packets are enough for all of it. */
static void two_losses_still_leave_an_answer(void **state)
{
	struct arena *a = arena_new();
	struct world w = {.lost_out = 3};
	unsigned sent;
	usec took;
	struct probe_result r = ask_world(a, &w, "strongswan-5.3", &took, &sent);

	(void)state;
	assert_true(r.answered[PROBE_WINDOWS] && r.answered[PROBE_PLAIN]);
	assert_int_equal(sent, 6);
	arena_free(a);
}

/* ---- answers that are none ---- */

static size_t clear_notify(const struct datagram *d, uint8_t *out, uint8_t version, uint16_t type)
{
	struct wr w = wr_new(out, 512);

	wr_bytes(&w, d->data, 8);
	wr_u64(&w, version == 0x20 ? 0 : UINT64_C(0x0102030405060708));
	wr_u8(&w, version == 0x20 ? 41 : 11);
	wr_u8(&w, version);
	wr_u8(&w, version == 0x20 ? 34 : 5);
	wr_u8(&w, version == 0x20 ? 0x20 : 0);
	wr_u32(&w, 0);
	wr_u32(&w, version == 0x20 ? 36 : 40);
	wr_u8(&w, 0);
	wr_u8(&w, 0);
	wr_u16(&w, version == 0x20 ? 8 : 12);
	if (version != 0x20)
		wr_u32(&w, 1);
	wr_u8(&w, version == 0x20 ? 0 : 1);
	wr_u8(&w, 0);
	wr_u16(&w, type);
	assert_true(wr_ok(&w));
	return wr_len(&w);
}

static size_t no_proposal(const struct datagram *d, uint8_t *out)
{
	return clear_notify(d, out, 0x10, 14);
}

static size_t invalid_cookie(const struct datagram *d, uint8_t *out)
{
	return clear_notify(d, out, 0x10, 4);
}

static size_t ike2_only(const struct datagram *d, uint8_t *out)
{
	return clear_notify(d, out, 0x20, 5); /* INVALID_MAJOR_VERSION */
}

static size_t nonsense(const struct datagram *d, uint8_t *out)
{
	memcpy(out, d->data, 28);
	memset(out + 28, 0xff, 300);
	return 328;
}

static size_t echo(const struct datagram *d, uint8_t *out)
{
	memcpy(out, d->data, MIN(d->len, (size_t)512));
	return MIN(d->len, (size_t)512);
}

static size_t nothing_at_all(const struct datagram *d, uint8_t *out)
{
	(void)d;
	(void)out;
	return 0;
}

static void an_answer_that_is_none_is_told_by_its_kind(void **state)
{
	static const struct {
		size_t (*answer)(const struct datagram *d, uint8_t *out);
		const char *end;
		uint16_t notify;
		bool ike2;
	} rows[] = {
		{no_proposal, "no-proposal", 14, false},
		{invalid_cookie, "no-reply", 4, false},
		{ike2_only, "no-reply", 0, true},
		{nonsense, "no-reply", 0, false},
		{echo, "no-reply", 0, false},
		{nothing_at_all, "no-reply", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct world w = {.answer = rows[i].answer};
		unsigned sent;
		usec took;
		struct probe_result r = ask_world(a, &w, "rras-2012r2", &took, &sent);

		print_message("row %zu\n", i);
		assert_false(r.answered[PROBE_WINDOWS]);
		assert_string_equal(reason_name(r.end[PROBE_WINDOWS]), rows[i].end);
		assert_int_equal(r.notify[PROBE_WINDOWS], rows[i].notify);
		assert_int_equal(r.ike2, rows[i].ike2);
		assert_int_equal(r.home[0].result, WINDOWS_UNKNOWN);
		assert_true(sent <= PROBE_PACKETS);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_probe_tells_what_windows_would_do),
		cmocka_unit_test(a_server_that_lies_of_clients_blocks_public_ones_too),
		cmocka_unit_test(copying_is_proven_of_a_public_server_too),
		cmocka_unit_test(a_server_that_is_silent_costs_four_packets_and_three_seconds),
		cmocka_unit_test(a_server_without_nat_t_is_nothing_to_windows),
		cmocka_unit_test(one_lost_packet_costs_a_second_and_one_more_packet),
		cmocka_unit_test(two_losses_still_leave_an_answer),
		cmocka_unit_test(whatever_is_lost_six_packets_are_never_exceeded),
		cmocka_unit_test(an_answer_that_is_none_is_told_by_its_kind),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
