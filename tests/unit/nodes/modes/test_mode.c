/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nodes/modes/gate.h"
#include "nodes/modes/mode.h"

static void microsofts_table_has_four_refusals(void **state)
{
	/* kb926179, ms-fasp: {registry, client behind NAT, server behind NAT} -> may go on */
	static const struct {
		int registry;
		bool self, peer, allowed;
	} v[] = {
		{-1, false, false, true}, {-1, true, false, true}, {-1, false, true, false},
		{-1, true, true, false},  {0, false, false, true}, {0, true, false, true},
		{0, false, true, false},  {0, true, true, false},  {1, false, false, true},
		{1, true, false, true},	  {1, false, true, true},  {1, true, true, false},
		{2, false, true, true},	  {2, true, true, true},   {3, true, true, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_int_equal(
			mode_gate_allows(GATE_MICROSOFT, v[i].registry, v[i].self, v[i].peer),
			v[i].allowed);
		assert_true(mode_gate_allows(GATE_NONE, v[i].registry, v[i].self, v[i].peer));
	}
}

static void modes_are_found_by_name(void **state)
{
	static const char *const client_names[] = {"macos", "windows-10"};
	static const char *const server_names[] = {"rras-2012r2", "strongswan-5.3", "softether-4"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(client_names); i++)
		assert_string_equal(mode_client(client_names[i])->name, client_names[i]);
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++)
		assert_string_equal(mode_server(server_names[i])->name, server_names[i]);
	assert_null(mode_client("softether-4"));
	assert_null(mode_server("windows-10"));
	assert_null(mode_server(""));
}

/* What a server takes of a client's list: the number of the transform, 0 for none. */
static unsigned first_accepted(const struct server_mode *s, const struct client_mode *c)
{
	for (unsigned i = 0; i < c->n_phase1; i++)
		if (mode_accepts_phase1(&s->phase1, c->phase1[i].cipher, c->phase1[i].keybits,
					c->phase1[i].hash, c->phase1[i].group))
			return i + 1;
	return 0;
}

static void each_server_takes_the_transform_that_the_facts_name(void **state)
{
	static const struct {
		const char *server, *client;
		unsigned number;
	} v[] = {
		{"rras-2012r2", "windows-10", 1},    /* AES-256, SHA-1, ECP-384 */
		{"strongswan-5.3", "windows-10", 1}, /* the same */
		{"softether-4", "windows-10", 5}, /* 3DES, SHA-1, MODP-1024: no ECP, no MODP-2048 */
		{"rras-2012r2", "macos", 2},	  /* AES-256, SHA-1, MODP-2048 */
		{"strongswan-5.3", "macos", 1},
		{"softether-4", "macos", 6}, /* AES-256, SHA-1, MODP-1536 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_int_equal(first_accepted(mode_server(v[i].server), mode_client(v[i].client)),
				 v[i].number);
}

static void numbers_outside_every_set_are_not_accepted(void **state)
{
	const struct server_mode *s = mode_server("softether-4");

	(void)state;
	assert_true(mode_accepts_phase1(&s->phase1, CIPHER_DES, 0, HASH_MD5, GROUP_MODP768));
	assert_false(mode_accepts_phase1(&s->phase1, CIPHER_AES, 0, HASH_MD5, GROUP_MODP768));
	assert_false(mode_accepts_phase1(&s->phase1, CIPHER_AES, 255, HASH_MD5, GROUP_MODP768));
	assert_false(mode_accepts_phase1(&s->phase1, CIPHER_AES, 65536, HASH_MD5, GROUP_MODP768));
	assert_false(mode_accepts_phase1(&s->phase1, 32 + CIPHER_DES, 0, HASH_MD5, GROUP_MODP768));
	assert_false(mode_accepts_phase1(&s->phase1, CIPHER_DES, 0, 65535, GROUP_MODP768));
	assert_false(mode_accepts_phase1(&s->phase1, CIPHER_DES, 0, HASH_MD5, 33));
	assert_true(mode_accepts_phase2(&s->phase2, ESP_AES, 128, AUTH_HMAC_SHA1));
	assert_false(mode_accepts_phase2(&s->phase2, ESP_NULL, 0, AUTH_HMAC_SHA1));
	assert_false(mode_accepts_phase2(&s->phase2, ESP_AES, 128, 0));
}

/* Retransmission times rise, and nothing is sent after the end. */
static void assert_retry(const struct retry *r)
{
	for (size_t i = 0; i < r->n; i++) {
		assert_true(r->at_ms[i] > (i ? r->at_ms[i - 1] : 0));
		assert_true(r->at_ms[i] <= r->give_up_ms);
	}
}

static void assert_phase1_known(const struct phase1_transform *t)
{
	assert_true(t->cipher == CIPHER_DES || cipher_known(t->cipher, t->keybits));
	assert_true(hash_known(t->hash));
	assert_true(group_known(t->group));
}

static void every_row_is_whole(void **state)
{
	const struct client_mode *const *c;
	const struct server_mode *const *s;
	size_t n;

	(void)state;
	c = mode_clients(&n);
	for (size_t i = 0; i < n; i++) {
		assert_true(c[i]->n_vids && c[i]->n_phase1 && c[i]->n_phase2 && c[i]->n_facts);
		assert_true(c[i]->nonce_len >= 8 && c[i]->main_retry.n && c[i]->l2tp_retry.n);
		for (size_t k = 0; k < c[i]->n_phase1; k++)
			assert_phase1_known(&c[i]->phase1[k]);
		assert_retry(&c[i]->main_retry);
		assert_retry(&c[i]->later_retry);
		assert_retry(&c[i]->quick_retry);
		assert_retry(&c[i]->l2tp_retry);
	}
	s = mode_servers(&n);
	for (size_t i = 0; i < n; i++) {
		assert_true(s[i]->n_vids && s[i]->n_facts && s[i]->nonce_len >= 8);
		assert_true(s[i]->half_open_ms > 0); /* or the state of strangers would stay */
		assert_true(s[i]->sa_encoding == SA_AS_OFFERED ||
			    (s[i]->phase1_attrs[0] && s[i]->phase2_attrs[0]));
		assert_retry(&s[i]->message2_retry);
		assert_retry(&s[i]->message4_retry);
		assert_retry(&s[i]->quick_retry);
		assert_retry(&s[i]->l2tp_retry);
	}
}

/* "| key, other | what": is the key in the first column of a line of docs/sources.md? */
static bool documented(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; (p = strstr(p, key)); p += len) {
		const char *line = p;

		while (line > text && line[-1] != '\n')
			line--;
		if (line[0] != '|' || memchr(line + 1, '|', (size_t)(p - line - 1)))
			continue;
		if ((p[-1] == ' ') && (p[len] == ' ' || p[len] == ','))
			return true;
	}
	return false;
}

static void every_fact_names_a_documented_source(void **state)
{
	static char text[64 * 1024];
	FILE *f = fopen("docs/sources.md", "re");
	const struct client_mode *const *c;
	const struct server_mode *const *s;
	size_t n, len;

	(void)state;
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	assert_true(len > 0 && len < sizeof(text) - 1);
	assert_false(documented(text, "no-such-key"));
	c = mode_clients(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < c[i]->n_facts; k++)
			if (!documented(text, c[i]->facts[k].source))
				fail_msg("%s: no source \"%s\"", c[i]->name, c[i]->facts[k].source);
	s = mode_servers(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < s[i]->n_facts; k++)
			if (!documented(text, s[i]->facts[k].source))
				fail_msg("%s: no source \"%s\"", s[i]->name, s[i]->facts[k].source);
}

static void an_inference_is_never_certain(void **state)
{
	const struct client_mode *const *c;
	const struct server_mode *const *s;
	size_t n;

	(void)state;
	c = mode_clients(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < c[i]->n_facts; k++)
			assert_true(strcmp(c[i]->facts[k].source, "mode-inference") != 0 ||
				    c[i]->facts[k].certainty != CERTAIN_HIGH);
	s = mode_servers(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < s[i]->n_facts; k++)
			assert_true(strcmp(s[i]->facts[k].source, "mode-inference") != 0 ||
				    s[i]->facts[k].certainty != CERTAIN_HIGH);
}

/* Of products that cannot be run beside their modes each field is said to be known somehow; of the
 * others none is, because tests/interop compares them. */
static void each_field_of_microsofts_products_is_known_somehow(void **state)
{
	static const char *const names[] = {"windows-7", "windows-10", "rras-2012r2"};
	static char text[64 * 1024];
	FILE *f = fopen("docs/sources.md", "re");

	(void)state;
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct client_mode *c = mode_client(names[i]);
		const struct field_known *v = c ? c->known : mode_server(names[i])->known;

		for (enum known_field k = 0; k < KNOWN_FIELDS; k++) {
			bool inferred = v[k].basis == BASIS_INFERRED;

			if (!v[k].what || !documented(text, v[k].source) ||
			    inferred != (strcmp(v[k].source, "mode-inference") == 0) ||
			    (inferred && v[k].certainty == CERTAIN_HIGH))
				fail_msg("%s: %s", names[i], known_field_name(k));
		}
	}
	assert_null(mode_server("softether-5")->known[KNOWN_VIDS].what);
	assert_null(mode_client("macos")->known[KNOWN_VIDS].what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(microsofts_table_has_four_refusals),
		cmocka_unit_test(modes_are_found_by_name),
		cmocka_unit_test(each_server_takes_the_transform_that_the_facts_name),
		cmocka_unit_test(numbers_outside_every_set_are_not_accepted),
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(every_fact_names_a_documented_source),
		cmocka_unit_test(an_inference_is_never_certain),
		cmocka_unit_test(each_field_of_microsofts_products_is_known_somehow),
	};

	return cmocka_run_group_tests_name("mode", tests, NULL, NULL);
}
