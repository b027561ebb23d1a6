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
