/* SPDX-License-Identifier: MIT */
/*
 * A run's result in the forms that people and programs read: nothing that went wrong may be missing
 * from any of them.
 */
#include <stdlib.h>

#include <jansson.h>

#include "lab/report/report_lines.h"
#include "lab/report/report_table.h"
#include "tests/unit/results.h"

#include "lab/report/json.h"

static struct whole *article(struct arena *a, const char *const *ends)
{
	return whole_of(a, topo_load_file(a, ARTICLE), ends);
}

enum form { TABLE, MARKDOWN, TAP, JUNIT, JSON, JSONL, FORMS };

/* The whole of a form as a text of the arena. */
static const char *text_of(struct arena *a, const struct run_result *run, enum form form)
{
	static const struct report_style plain;
	char *text = NULL, *copy;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	switch (form) {
	case TABLE:
		report_table(f, run, &plain);
		break;
	case MARKDOWN:
		report_markdown(f, run);
		break;
	case TAP:
		report_tap(f, run, 1);
		break;
	case JUNIT:
		report_junit(f, run, 1);
		break;
	case JSON:
		json_run(f, run);
		break;
	case JSONL:
		for (size_t i = 0; i < run->n; i++)
			json_scenario_line(f, run, i);
		break;
	case FORMS:
		break;
	}
	fclose(f);
	copy = arena_str(a, text);
	free(text);
	return copy;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%s", part, text);
}

/* ---- what went wrong ---- */

static void lab_broke(struct scenario_result *r)
{
	r->ran = false;
	r->verdict = VERDICT_FAIL;
	err_set(&r->error, ERR_FAILED, "it went <bang> & \"died\"");
}

static void lab_erred(struct scenario_result *r)
{
	r->verdict = VERDICT_FAIL;
	snprintf(r->connections[0].lab_error, RESULT_TEXT, "paper and wire <bang> & \"died\"");
}

static void expectation_failed(struct scenario_result *r)
{
	r->verdict = VERDICT_FAIL;
	r->expects[0].verdict = VERDICT_FAIL;
	snprintf(r->expects[0].why, RESULT_TEXT, "expected <bang> & \"died\"");
}

static void expectation_undecided(struct scenario_result *r)
{
	r->verdict = VERDICT_UNDECIDED;
	r->expects[0].verdict = VERDICT_UNDECIDED;
	snprintf(r->expects[0].why, RESULT_TEXT, "nobody knows <bang> & \"died\"");
}

static void skipped(struct scenario_result *r)
{
	r->ran = false;
	r->verdict = VERDICT_SKIPPED;
	err_set(&r->error, ERR_NONE, "not here <bang> & \"died\"");
}

static void whatever_went_wrong_is_in_every_form(void **state)
{
	static const struct {
		void (*change)(struct scenario_result *r);
		enum verdict verdict;
	} rows[] = {
		{lab_broke, VERDICT_FAIL},	    {lab_erred, VERDICT_FAIL},
		{expectation_failed, VERDICT_FAIL}, {expectation_undecided, VERDICT_UNDECIDED},
		{skipped, VERDICT_SKIPPED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct whole *w = article(a, NULL);

		rows[i].change(whole_result(w, "strongswan-5.3/registry-1"));
		for (enum form form = 0; form < FORMS; form++) {
			const char *text = text_of(a, &w->run, form);

			assert_has(text, form == JUNIT ? "&lt;bang> &amp; &quot;died&quot;"
					 : form == MARKDOWN ? "\\<bang\\> \\& \"died\""
					 : form == JSON || form == JSONL ? "<bang> & \\\"died\\\""
									 : "<bang> & \"died\"");
			assert_has(text, "strongswan-5.3/registry-1");
		}
		arena_free(a);
	}
}

/* One of twelve: the counts of each form. */
static void each_form_counts_alike(void **state)
{
	static const struct {
		void (*change)(struct scenario_result *r);
		const char *closing, *tap, *junit, *verdict;
	} rows[] = {
		{NULL, "12 scenarios, 12 as expected; namespaces, seed 1, 0.15 s",
		 "\nok 6 - article/strongswan-5.3/registry-0\n",
		 "tests=\"12\" failures=\"0\" skipped=\"0\"", "pass"},
		{lab_broke, "12 scenarios, 11 as expected, 1 failed;",
		 "\nnot ok 6 - article/strongswan-5.3/registry-0\n# fail: the lab failed: it went",
		 "tests=\"12\" failures=\"1\" skipped=\"0\"", "fail"},
		{expectation_failed, "12 scenarios, 11 as expected, 1 failed;",
		 "\nnot ok 6 - article/strongswan-5.3/registry-0\n# fail: topologies/article.yaml:54: expected",
		 "tests=\"12\" failures=\"1\" skipped=\"0\"", "fail"},
		{expectation_undecided, "12 scenarios, 11 as expected, 1 undecided;",
		 "\nnot ok 6 - article/strongswan-5.3/registry-0\n# undecided: topologies/article.yaml:54: nobody",
		 "tests=\"12\" failures=\"1\" skipped=\"0\"", "undecided"},
		{skipped, "12 scenarios, 11 as expected, 1 skipped;",
		 "\nok 6 - article/strongswan-5.3/registry-0 # SKIP not here",
		 "tests=\"12\" failures=\"0\" skipped=\"1\"", "pass"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct whole *w = article(a, NULL);
		json_t *j, *one;

		if (rows[i].change)
			rows[i].change(whole_result(w, "strongswan-5.3/registry-0"));
		assert_has(text_of(a, &w->run, TABLE), rows[i].closing);
		assert_has(text_of(a, &w->run, TAP), rows[i].tap);
		assert_has(text_of(a, &w->run, TAP), "\n1..12\n");
		assert_has(text_of(a, &w->run, JUNIT), rows[i].junit);
		assert_int_equal(strstr(text_of(a, &w->run, JUNIT), "<failure") != NULL,
				 strstr(rows[i].junit, "failures=\"1\"") != NULL);
		assert_int_equal(strstr(text_of(a, &w->run, JUNIT), "<skipped") != NULL,
				 strstr(rows[i].junit, "skipped=\"1\"") != NULL);
		j = json_loads(text_of(a, &w->run, JSON), 0, NULL);
		assert_non_null(j);
		assert_string_equal(json_string_value(json_object_get(j, "verdict")),
				    rows[i].verdict);
		one = json_array_get(json_object_get(j, "scenarios"), 5);
		assert_int_equal(
			strcmp(json_string_value(json_object_get(one, "verdict")), "pass") == 0,
			rows[i].change == NULL);
		json_decref(j);
		arena_free(a);
	}
}

static void a_scenario_that_was_not_run_is_told_as_skipped(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);

	(void)state;
	w->r[11] = NULL;
	assert_has(text_of(a, &w->run, TABLE), "12 scenarios, 11 as expected, 1 skipped");
	assert_has(text_of(a, &w->run, TAP),
		   "ok 12 - article/softether-4/registry-2 # SKIP not run");
	assert_has(text_of(a, &w->run, JUNIT), "<skipped message=\"not run\"/>");
	assert_has(text_of(a, &w->run, JSONL),
		   "\"id\":\"softether-4/registry-2\",\"axes\":{\"server.mode\":\"softether-4\","
		   "\"client\":\"registry-2\"},\"verdict\":\"skipped\",\"connections\":[]");
	assert_has(text_of(a, &w->run, MARKDOWN), "| softether-4 |");
	arena_free(a);
}

static void a_tap_with_holes_is_told(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);

	(void)state;
	assert_lacks(text_of(a, &w->run, TABLE), "holes");
	w->r[3]->lost = 7;
	assert_has(text_of(a, &w->run, TABLE),
		   "rras-2012r2/registry-2: 7 frames were lost by a tap; the capture has holes");
	assert_has(text_of(a, &w->run, JSON), "\"frames_lost\": 7");
	arena_free(a);
}

/* Bytes of a file's name that are no UTF-8, and control characters, are no reason to be silent. */
static void every_message_can_be_written(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	const char *text;
	json_t *j;

	(void)state;
	lab_broke(w->r[0]);
	err_set(&w->r[0]->error, ERR_FAILED, "cannot write \xff\x01 here\nor there");
	text = text_of(a, &w->run, JSON);
	j = json_loads(text, 0, NULL);
	assert_non_null(j);
	json_decref(j);
	assert_has(text, "cannot write \\\\xFF\\\\u{1} here\\\\u{A}or there");
	text = text_of(a, &w->run, JUNIT);
	for (enum form form = 0; form < FORMS; form++) {
		text = text_of(a, &w->run, form);
		assert_has(text, "xFF\\");
		for (const char *p = text; *p; p++)
			assert_true((unsigned char)*p >= ' ' || *p == '\n');
	}
	/* A line of TAP is a line. */
	assert_has(text_of(a, &w->run, TAP), " here\\u{A}or there\n");
	arena_free(a);
}

/* ---- the tables ---- */

static void the_first_table_is_the_articles(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	const char *text = text_of(a, &w->run, TABLE);

	(void)state;
	assert_has(text,
		   "article: A Windows client at home, an L2TP/IPsec server on EC2\n\nserver");
	assert_has(text, "Windows concludes     Mac  registry 0  1     2   registry edit\n");
	assert_has(text, "server is behind NAT  ok   809         809†  ok  needed: 2\n");
	assert_has(text, "server is public      ok   ok          ok    ok  not needed\n");
	assert_has(text, "A  message 3's first hash, copied");
	assert_has(text, "† Microsoft's text says so; no capture of it is known\n");
	assert_lacks(text, "\033");
	arena_free(a);
}

static void no_dagger_is_explained_where_none_stands(void **state)
{
	static const char *const ends[] = {"mac", "registry-2", NULL};
	struct arena *a = arena_new();
	struct whole *w = article(a, ends);

	(void)state;
	assert_lacks(text_of(a, &w->run, TABLE), "†");
	assert_lacks(text_of(a, &w->run, MARKDOWN), "†");
	arena_free(a);
}

static void colour_is_there_when_asked_for(void **state)
{
	static const struct report_style colour = {.colour = true};
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	report_table(f, &w->run, &colour);
	fclose(f);
	assert_has(text, "\033[32mok\033[0m");
	assert_has(text, "\033[31m809\033[0m");
	assert_has(text, "\033[31m809†\033[0m");
	free(text);
	arena_free(a);
}

static void the_columns_of_a_markdown_table_are_as_many_in_each_line(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	const char *text = text_of(a, &w->run, MARKDOWN), *line;
	size_t lines = 0;

	(void)state;
	for (line = strstr(text, "\n| "); line && line[1] == '|'; line = strchr(line + 1, '\n')) {
		size_t bars = 0;

		for (const char *p = line + 1; *p && *p != '\n'; p++)
			bars += *p == '|';
		assert_int_equal(bars, 9); /* 8 columns */
		lines++;
	}
	assert_int_equal(lines, 5); /* head, rule, three servers */
	arena_free(a);
}

/* Hashes of four bytes that are easily told apart, and what they are made of. */
static void give_hashes(struct connection *c)
{
	static const uint8_t bytes[4][4] = {{0x9f, 0xc5, 0xdb, 1},
					    {0x5b, 0x8c, 0xc4, 2},
					    {0x7a, 0x41, 0x12, 3},
					    {0x6c, 5, 0x61, 4}};

	c->x.natd3.n = c->x.natd4.n = 2;
	c->x.natd3.len = c->x.natd4.len = 4;
	for (size_t i = 0; i < 2; i++) {
		memcpy(c->x.natd3.v[i].b, bytes[i], 4);
		memcpy(c->x.natd4.v[i].b, bytes[2 + i], 4);
	}
	c->j.means3[0] = inet_ep(inet_v4(0xcb00710a), 500);
	c->j.means3[1] = inet_ep(inet_v4(0xc0a8010a), 500);
	c->j.means4[1] = inet_ep(inet_v4(0xac1f000a), 4500);
	c->j.known3[0] = c->j.known3[1] = c->j.known4[1] = true;
	c->x.hash = HASH_SHA1;
	memcpy(c->cky_i, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	memcpy(c->cky_r, "\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8", 8);
}

static void the_second_table_has_each_hash_and_what_it_is_made_of(void **state)
{
	static const char *const ends[] = {"rras-2012r2/registry-0", "rras-2012r2/registry-1",
					   NULL};
	struct arena *a = arena_new();
	struct whole *w = article(a, ends);
	const char *text;

	(void)state;
	give_hashes(&w->r[0]->connections[0]);
	text = text_of(a, &w->run, TABLE);
	assert_has(text,
		   "\nNAT-D hashes (registry-0)  first payload                     second payload\n"
		   "rras-2012r2  message 3     A 9fc5db.. 203.0.113.10:500       "
		   "B 5b8cc4.. 192.168.1.10:500\n"
		   "             message 4     C 7a4112.. fits no known address  "
		   "D 6c0561.. 172.31.0.10:4500\n");
	/* One hash, as some servers send. */
	w->r[0]->connections[0].x.natd4.n = 1;
	assert_has(text_of(a, &w->run, TABLE), "C 7a4112.. fits no known address  -\n");
	arena_free(a);
}

static void each_hash_can_be_made_again_by_hand(void **state)
{
	static const struct report_style verbose = {.verbose = true};
	static const char *const ends[] = {"rras-2012r2/registry-0", NULL};
	struct arena *a = arena_new();
	struct whole *w = article(a, ends);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	give_hashes(&w->r[0]->connections[0]);
	report_table(f, &w->run, &verbose);
	fclose(f);
	assert_has(text, "\n# rras-2012r2/registry-0, client\n"
			 "# message 3, first hash: 9fc5db01\n"
			 "#   CKY-I 0102030405060708, CKY-R f1f2f3f4f5f6f7f8, address and port "
			 "203.0.113.10:500\n"
			 "printf '\\001\\002\\003\\004\\005\\006\\007\\010"
			 "\\361\\362\\363\\364\\365\\366\\367\\370"
			 "\\313\\000\\161\\012\\001\\364' | openssl sha1\n"
			 "# message 3, second hash: 5b8cc402\n");
	assert_has(text, "# message 4, first hash: 7a411203\n"
			 "#   made of nothing that this network knows\n"
			 "# message 4, second hash: 6c056104\n");
	assert_has(text, "\\254\\037\\000\\012\\021\\224' | openssl sha1\n");
	free(text);
	assert_lacks(text_of(a, &w->run, TABLE), "openssl");
	arena_free(a);
}

static void nobody_who_dials_is_told(void **state)
{
	static const char *const ends[] = {"rras-2012r2/registry-0", NULL};
	struct arena *a = arena_new();
	struct whole *w = article(a, ends);

	(void)state;
	assert_lacks(text_of(a, &w->run, TABLE), "no client dials");
	w->r[0]->n_connections = 0;
	w->r[0]->verdict = VERDICT_UNDECIDED;
	w->r[0]->expects[0].verdict = VERDICT_UNDECIDED;
	snprintf(w->r[0]->expects[0].why, RESULT_TEXT, "no client dialled");
	assert_lacks(text_of(a, &w->run, TABLE), "no client dials"); /* the expectation says it */
	w->r[0]->n_expects = 0;
	assert_has(text_of(a, &w->run, TABLE),
		   "UNDECIDED rras-2012r2/registry-0: no client dials\n");
	assert_has(text_of(a, &w->run, TAP), "# undecided: no client dials\n");
	assert_has(text_of(a, &w->run, JUNIT), "<failure message=\"no client dials\"/>");
	arena_free(a);
}

/* ---- the document ---- */

static json_t *scenario_in(json_t *document, const char *id)
{
	json_t *v = json_object_get(document, "scenarios"), *one;
	size_t i;

	json_array_foreach(v, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "id")), id) == 0)
			return one;
	}
	fail_msg("no scenario %s", id);
	return NULL;
}

static void the_document_keeps_its_schema(void **state)
{
	static const char *const connection_keys[] = {
		"client",	 "client_mode", "registry",	    "server",
		"server_mode",	 "outcome",	"reason",	    "reason_text",
		"error",	 "reached",	"initiator_cookie", "responder_cookie",
		"natd",		 "client_sees", "server_sees",	    "floated",
		"encapsulation", "phase1",	"esp_from_client",  "esp_from_server",
		"quick_modes",	 "deletes",	"predicted",
	};
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	json_t *j = json_loads(text_of(a, &w->run, JSON), JSON_REJECT_DUPLICATES, NULL);
	json_t *one, *c;

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(j, "schema")), 1);
	assert_string_equal(json_string_value(json_object_get(j, "backend")), "netns");
	assert_int_equal(json_integer_value(json_object_get(j, "seed")), 1);
	assert_int_equal(json_array_size(json_object_get(j, "scenarios")), 12);
	one = scenario_in(j, "rras-2012r2/registry-0");
	c = json_array_get(json_object_get(one, "connections"), 0);
	for (size_t i = 0; i < ARRAY_LEN(connection_keys); i++)
		if (!json_object_get(c, connection_keys[i]))
			fail_msg("no %s", connection_keys[i]);
	assert_int_equal(json_integer_value(json_object_get(c, "error")), 809);
	assert_string_equal(json_string_value(json_object_get(c, "encapsulation")), "udp");
	/* No error and no registry are null, not left out and not 0. */
	one = scenario_in(j, "rras-2012r2/mac");
	c = json_array_get(json_object_get(one, "connections"), 0);
	assert_true(json_is_null(json_object_get(c, "error")));
	assert_true(json_is_null(json_object_get(c, "registry")));
	json_decref(j);
	arena_free(a);
}

static void every_line_of_jsonl_is_one_scenario(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	char *text = arena_str(a, text_of(a, &w->run, JSONL)), *save = NULL;
	size_t n = 0;

	(void)state;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save), n++) {
		json_t *j = json_loads(l, 0, NULL);

		assert_non_null(j);
		assert_string_equal(json_string_value(json_object_get(j, "id")), w->s[n]->id);
		json_decref(j);
	}
	assert_int_equal(n, 12);
	arena_free(a);
}

static void an_event_is_one_line_with_its_fields(void **state)
{
	struct event e = ev_new(EV_ISAKMP);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	e.seq = 7;
	e.t = 150;
	e.place = "client-home";
	e.wire = true;
	e.frame = 3;
	ev_ep(&e, K_SRC, inet_ep(inet_v4(0xc0a8010a), 500));
	ev_hex(&e, K_CKY_I, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	ev_u(&e, K_MESSAGE, 4);
	json_event(f, &e);
	e = ev_new(EV_NAT_SEEN);
	e.place = "client";
	ev_bool(&e, K_SELF_BEHIND_NAT, true);
	json_event(f, &e);
	fclose(f);
	assert_string_equal(
		text, "{\"n\":7,\"us\":150,\"link\":\"client-home\",\"kind\":\"isakmp\","
		      "\"src\":\"192.168.1.10:500\",\"cky_i\":\"0102030405060708\",\"message\":4,"
		      "\"frame\":3}\n"
		      "{\"n\":0,\"us\":0,\"node\":\"client\",\"kind\":\"nat-seen\","
		      "\"self_behind_nat\":true}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_went_wrong_is_in_every_form),
		cmocka_unit_test(each_form_counts_alike),
		cmocka_unit_test(a_scenario_that_was_not_run_is_told_as_skipped),
		cmocka_unit_test(a_tap_with_holes_is_told),
		cmocka_unit_test(every_message_can_be_written),
		cmocka_unit_test(the_first_table_is_the_articles),
		cmocka_unit_test(no_dagger_is_explained_where_none_stands),
		cmocka_unit_test(colour_is_there_when_asked_for),
		cmocka_unit_test(the_columns_of_a_markdown_table_are_as_many_in_each_line),
		cmocka_unit_test(the_second_table_has_each_hash_and_what_it_is_made_of),
		cmocka_unit_test(each_hash_can_be_made_again_by_hand),
		cmocka_unit_test(nobody_who_dials_is_told),
		cmocka_unit_test(the_document_keeps_its_schema),
		cmocka_unit_test(every_line_of_jsonl_is_one_scenario),
		cmocka_unit_test(an_event_is_one_line_with_its_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
