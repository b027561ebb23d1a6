/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/wire.h"
#include "nodes/ppp/mschap.h"

#define NAME(s) mschap_name((const uint8_t *)(s), strlen(s))

/* The exchange of RFC 2759 9.2. */
static struct mschap rfc(void)
{
	struct mschap m = {.user = NAME("User"), .password = "clientPass"};

	hex_parse("5b5d7c7d7b3f2f3e3c2c602132262628", m.authenticator, 16);
	hex_parse("21402324255e262a28295f2b3a337c7e", m.peer, 16);
	return m;
}

static void md4_is_that_of_rfc_1320(void **state)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
		{"abc", "a448017aaf21d8525fc10ae87aa6729d"},
		{"message digest", "d9130a8164549fe818874806e1c7014b"},
	};

	(void)state;
	assert_true(legacy_ready());
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t out[MD4_LEN];

		md4_digest(cases[i].text, strlen(cases[i].text), out);
		assert_string_equal(HEX(out, MD4_LEN), cases[i].digest);
	}
}

static void the_exchange_of_rfc_2759_comes_out(void **state)
{
	uint8_t challenge[8], hash[MD4_LEN], response[MSCHAP_RESPONSE], proof[MSCHAP_PROOF];
	struct mschap m = rfc();

	(void)state;
	mschap_challenge_hash(&m, challenge);
	assert_string_equal(HEX(challenge, 8), "d02e4386bce91226");
	mschap_password_hash(m.password, hash);
	assert_string_equal(HEX(hash, 16), "44ebba8d5312b8d611474411f56989ae");
	mschap_response(&m, response);
	assert_string_equal(HEX(response, 24), "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df");
	mschap_proof(&m, response, proof);
	assert_string_equal(HEX(proof, 20), "407a5589115fd0d6209f510fe9c04566932cda56");
}

static void a_domain_is_no_part_of_the_name(void **state)
{
	static const struct {
		const char *said, *name;
	} cases[] = {
		{"alice", "alice"}, {"LAB\\alice", "alice"}, {"a\\b\\c", "c"}, {"LAB\\", ""},
		{"", ""},	    {"alice@lab", "alice@lab"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chunk name = NAME(cases[i].said);

		assert_int_equal(name.len, strlen(cases[i].name));
		assert_memory_equal(name.p, cases[i].name, name.len);
	}
}

/* The UTF-16 is by hand from the Unicode Standard, 3.9. */
static void passwords_are_hashed_as_utf_16(void **state)
{
	static const struct {
		const char *password, *utf16;
	} cases[] = {
		{"", ""},
		{"a", "6100"},
		{"\xc3\xa4", "e400"},		       /* U+00E4 */
		{"\xe3\x83\x9e\xe3\x83\x83\xe3\x82\xab\xe3\x83\xbc", "de30c330ab30fc30"},
		{"\xf0\x9f\x94\x91", "3dd811dd"},      /* U+1F511, a surrogate pair */
		{"\xff\x61", "fdff6100"},	       /* no UTF-8 */
		{"\xe3\x83", "fdfffdff"},	       /* ends in a character */
		{"\xc3\x61", "fdff6100"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t bytes[64], want[MD4_LEN], have[MD4_LEN];
		int n = hex_parse(cases[i].utf16, bytes, sizeof(bytes));

		assert_true(n >= 0);
		md4_digest(bytes, (size_t)n, want);
		mschap_password_hash(cases[i].password, have);
		assert_memory_equal(have, want, MD4_LEN);
	}
}

static void of_a_long_password_256_units_count(void **state)
{
	uint8_t one[MD4_LEN], other[MD4_LEN];
	char password[300];

	(void)state;
	memset(password, 'x', sizeof(password));
	password[256] = '\0';
	mschap_password_hash(password, one);
	password[256] = 'x';
	password[299] = '\0';
	mschap_password_hash(password, other);
	assert_memory_equal(one, other, MD4_LEN);
	password[255] = '\0';
	mschap_password_hash(password, other);
	assert_memory_not_equal(one, other, MD4_LEN);
}

static void whatever_changes_the_proofs_change(void **state)
{
	uint8_t response[MSCHAP_RESPONSE], other[MSCHAP_RESPONSE];
	uint8_t proof[MSCHAP_PROOF], other_proof[MSCHAP_PROOF];
	struct mschap m = rfc();

	(void)state;
	mschap_response(&m, response);
	mschap_proof(&m, response, proof);
	for (unsigned what = 0; what < 4; what++) {
		m = rfc();
		m.authenticator[15] ^= what == 0;
		m.peer[0] ^= what == 1;
		if (what == 2)
			m.user = NAME("user");
		if (what == 3)
			m.password = "clientPasS";
		mschap_response(&m, other);
		mschap_proof(&m, response, other_proof);
		assert_memory_not_equal(other, response, sizeof(other));
		assert_memory_not_equal(other_proof, proof, sizeof(other_proof));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md4_is_that_of_rfc_1320),
		cmocka_unit_test(the_exchange_of_rfc_2759_comes_out),
		cmocka_unit_test(a_domain_is_no_part_of_the_name),
		cmocka_unit_test(passwords_are_hashed_as_utf_16),
		cmocka_unit_test(of_a_long_password_256_units_count),
		cmocka_unit_test(whatever_changes_the_proofs_change),
	};

	return cmocka_run_group_tests_name("mschap", tests, NULL, NULL);
}
