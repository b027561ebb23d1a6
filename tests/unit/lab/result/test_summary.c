/* SPDX-License-Identifier: MIT */
/*
 * The article's table without a lab: rows, columns, cells, daggers, what each server needs.
 */
#include "tests/unit/results.h"

#include "lab/result/summary.h"
#include "lab/topology/scenario_query.h"

static struct whole *article(struct arena *a, const char *const *ends)
{
	return whole_of(a, topo_load_file(a, ARTICLE), ends);
}

static const struct summary_row *row_of(const struct summary_row *rows, size_t n, const char *label)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].label, label) == 0)
			return &rows[i];
	fail_msg("no row %s", label);
	return NULL;
}

static struct summary_row *rows;
static struct summary_column cols[SUMMARY_COLUMNS];

static void rows_are_servers_and_columns_are_clients(void **state)
{
	static const char *const labels[] = {"rras-2012r2", "strongswan-5.3", "softether-4"};
	static const int registry[] = {-1, 0, 1, 2};
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	size_t n = summary_rows(a, &w->run, &rows);

	(void)state;
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(rows[i].label, labels[i]);
		assert_string_equal(rows[i].server_mode, labels[i]);
		assert_int_equal(rows[i].first, 4 * i);
	}
	n = summary_columns(&w->run, cols);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(cols[i].registry, registry[i]);
	assert_string_equal(cols[0].mode->name, "macos");
	assert_string_equal(cols[3].mode->name, "windows-10");
	arena_free(a);
}

static void the_cells_are_the_articles(void **state)
{
	static const struct {
		const char *server, *cells[4];
		bool dagger[4];
		int needed;
	} table[] = {
		{"rras-2012r2", {"ok", "809", "809", "ok"}, {false, false, true, false}, 2},
		{"strongswan-5.3", {"ok", "809", "809", "ok"}, {false, false, true, false}, 2},
		{"softether-4", {"ok", "ok", "ok", "ok"}, {false, false, false, false}, 0},
	};
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	size_t n = summary_rows(a, &w->run, &rows), n_cols = summary_columns(&w->run, cols);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct summary_row *row = row_of(rows, n, table[i].server);

		for (size_t k = 0; k < n_cols; k++) {
			const struct summary_cell cell = summary_cell(&w->run, row, &cols[k]);

			assert_string_equal(cell.text, table[i].cells[k]);
			assert_int_equal(cell.dagger, table[i].dagger[k]);
		}
		assert_int_equal(row->registry_needed, table[i].needed);
	}
	arena_free(a);
}

/* Which values were tried, which of them connected: what may be said, and what may not. */
static void a_value_is_needed_only_if_windows_refuses_with_the_one_below_it(void **state)
{
	static const struct {
		const char *tried[4];
		const char *refused, *failed; /* by Windows' rule; in another way */
		int needed;
	} table[] = {
		{{"-0", "-1", "-2"}, "", "0", REGISTRY_UNKNOWN},
		{{"-0", "-1", "-2"}, "0", "1", REGISTRY_UNKNOWN},
		{{"-0", "-1", "-2"}, "01", "2", REGISTRY_NONE},
		{{"-0", "-1", "-2"}, "1", "0", 2},
		{{"-0", "-1", "-2"}, "", "", 0},
		{{"-0", "-1", "-2"}, "0", "", 1},
		{{"-0", "-1", "-2"}, "01", "", 2},
		{{"-0", "-1", "-2"}, "012", "", REGISTRY_NONE},
		{{"-0"}, "", "", 0},
		{{"-0"}, "0", "", REGISTRY_UNKNOWN},
		{{"-0", "-1"}, "01", "", REGISTRY_UNKNOWN},
		{{"-0", "-1"}, "0", "", 1},
		{{"-1"}, "", "", REGISTRY_UNKNOWN},
		{{"-1", "-2"}, "1", "", 2},
		{{"-1", "-2"}, "", "", REGISTRY_UNKNOWN},
		{{"-2"}, "", "", REGISTRY_UNKNOWN},
		{{"-2"}, "2", "", REGISTRY_NONE},
		{{"-0", "-2"}, "0", "", REGISTRY_UNKNOWN},
		{{"-0", "-2"}, "02", "", REGISTRY_NONE},
		{{"/mac"}, "", "", REGISTRY_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena *a = arena_new();
		struct whole *w = article(a, table[i].tried);
		size_t n;

		for (size_t k = 0; k < w->run.n; k++) {
			struct connection *c = &w->r[k]->connections[0];
			int registry = w->s[k]->nodes[c->client].registry;

			c->outcome = OUTCOME_CONNECTED;
			if (registry >= 0 && strchr(table[i].refused, '0' + registry))
				c->outcome = OUTCOME_BLOCKED;
			else if (registry >= 0 && strchr(table[i].failed, '0' + registry))
				c->outcome = OUTCOME_FAILED;
		}
		n = summary_rows(a, &w->run, &rows);
		if (row_of(rows, n, "rras-2012r2")->registry_needed != table[i].needed)
			fail_msg("row %zu: %d", i, row_of(rows, n, "rras-2012r2")->registry_needed);
		arena_free(a);
	}
}

/* Two scenarios of one cell: all of them must connect. */
static void one_that_fails_spoils_a_value_and_its_cell(void **state)
{
	static const char *const tried[] = {"rras-2012r2/registry-2", "rras-2012r2/registry-1",
					    NULL};
	struct arena *a = arena_new();
	struct whole *w = article(a, tried);
	struct summary_column col;

	(void)state;
	w->s[2] = w->s[1]; /* value 2 once more, with another end */
	w->r[2] = result_of(a, w->s[2]);
	w->r[2]->connections[0].outcome = OUTCOME_FAILED;
	w->run.n = 3;
	assert_int_equal(summary_rows(a, &w->run, &rows), 1);
	assert_int_equal(rows[0].registry_needed, REGISTRY_NONE);
	col = (struct summary_column){w->s[2]->nodes[w->r[2]->connections[0].client].client, 2};
	assert_string_equal(summary_cell(&w->run, &rows[0], &col).text, "mixed");
	arena_free(a);
}

/* A machine that nobody plugged in has not shown that no value helps. */
static void what_stays_undecided_says_nothing_of_the_registry(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);

	(void)state;
	whole_result(w, "rras-2012r2/registry-2")->connections[0].outcome = OUTCOME_UNDECIDED;
	assert_int_equal(summary_rows(a, &w->run, &rows), 3);
	assert_int_equal(rows[0].registry_needed, REGISTRY_UNKNOWN);
	arena_free(a);
}

/* One line for each reason, with the scenarios counted; Windows' rule is none of them. */
static void failures_are_told_by_their_reasons(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	struct summary_failure v[SUMMARY_FAILURES];
	struct connection *c;

	(void)state;
	assert_int_equal(summary_failures(&w->run, v), 0);
	for (size_t i = 0; i < 3; i++) {
		c = &w->r[i]->connections[0];
		c->outcome = OUTCOME_FAILED;
		c->reason = i == 1 ? REASON_PSK_MISMATCH : REASON_NO_REPLY;
		c->reached = REACHED_PHASE1;
	}
	assert_int_equal(summary_failures(&w->run, v), 2);
	assert_string_equal(v[0].text, "Main Mode is done, and Quick Mode gets no answer.");
	assert_int_equal(v[0].first, 0);
	assert_int_equal(v[0].count, 2);
	assert_string_equal(v[1].text, "The two sides have different pre-shared keys.");
	assert_int_equal(v[1].first, 1);
	assert_int_equal(v[1].count, 1);
	arena_free(a);
}

static void scenarios_that_did_not_run_say_nothing(void **state)
{
	struct arena *a = arena_new();
	struct whole *w = article(a, NULL);
	const struct scenario *s;
	struct summary_column col = {NULL, 2};
	size_t n;

	(void)state;
	whole_result(w, "rras-2012r2/registry-2")->ran = false;
	for (size_t i = 0; i < w->run.n; i++)
		if (strcmp(w->s[i]->id, "rras-2012r2/registry-1") == 0)
			w->r[i] = NULL;
	n = summary_rows(a, &w->run, &rows);
	assert_int_equal(n, 3);
	assert_int_equal(rows[0].registry_needed, REGISTRY_UNKNOWN);
	col.mode = scenario_node(w->s[3], "client")->client;
	assert_string_equal(summary_cell(&w->run, &rows[0], &col).text, "-");
	assert_false(summary_cell(&w->run, &rows[0], &col).dagger);
	assert_non_null(summary_speaker(&w->run, &rows[0], &s));
	arena_free(a);
}

static void cells_say_how_a_connection_ended(void **state)
{
	static const struct {
		enum outcome outcome;
		int error;
		const char *text;
	} table[] = {
		{OUTCOME_CONNECTED, 0, "ok"},	 {OUTCOME_BLOCKED, 809, "809"},
		{OUTCOME_FAILED, 789, "789"},	 {OUTCOME_FAILED, 0, "failed"},
		{OUTCOME_BLOCKED, 0, "blocked"}, {OUTCOME_UNDECIDED, 0, "?"},
	};
	static const char *const one[] = {"rras-2012r2/registry-0", NULL};
	struct arena *a = arena_new();
	struct whole *w = article(a, one);
	struct connection *c = &w->r[0]->connections[0];
	struct summary_column col = {w->s[0]->nodes[c->client].client, 0};

	(void)state;
	summary_rows(a, &w->run, &rows);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {

		c->outcome = table[i].outcome;
		c->error = table[i].error;
		assert_string_equal(summary_cell(&w->run, &rows[0], &col).text, table[i].text);
	}
	arena_free(a);
}

/* The row is described by the Windows client with the lowest value, else by whoever is there. */
static void the_lowest_windows_speaks_for_its_row(void **state)
{
	static const struct {
		const char *ends[4], *speaker;
	} table[] = {
		{{"rras-2012r2/mac", "rras-2012r2/registry-1", "rras-2012r2/registry-2"},
		 "rras-2012r2/registry-1"},
		{{"rras-2012r2/registry-2"}, "rras-2012r2/registry-2"},
		{{"rras-2012r2/mac"}, "rras-2012r2/mac"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena *a = arena_new();
		struct whole *w = article(a, table[i].ends);
		const struct scenario *s = NULL;

		summary_rows(a, &w->run, &rows);
		assert_non_null(summary_speaker(&w->run, &rows[0], &s));
		assert_string_equal(s->id, table[i].speaker);
		arena_free(a);
	}
}

static void the_second_hash_is_told_in_words(void **state)
{
	static const struct {
		enum hash_class class;
		bool known;
		const char *text;
	} table[] = {
		{CLASS_COPIED, true, "D  message 3's first hash, copied"},
		{CLASS_EXACT, true, "D  172.31.0.10:500, its own"},
		{CLASS_EXACT_OR_COPIED, true, "D  172.31.0.10:500, as dialled"},
		{CLASS_FAKED, true, "D  172.31.0.10:500, faked"},
		{CLASS_FAKED, false, "D  fits no address, faked"},
		{CLASS_UNKNOWN, false, "D  fits no known address"},
	};
	static const char *const one[] = {"rras-2012r2/registry-0", NULL};
	struct arena *a = arena_new();
	struct connection *c = &article(a, one)->r[0]->connections[0];
	char text[112];

	(void)state;
	c->j.means4[1] = inet_ep(inet_v4(0xac1f000a), 500);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		c->j.server_hash = table[i].class;
		c->j.known4[1] = table[i].known;
		summary_second_hash(c, text, sizeof(text));
		assert_string_equal(text, table[i].text);
	}
	c->j.complete = false;
	summary_second_hash(c, text, sizeof(text));
	assert_string_equal(text, "no NAT-D in message 4");
	assert_string_equal(summary_conclusion(c), "-");
	c->exchanged = false;
	summary_second_hash(c, text, sizeof(text));
	assert_string_equal(text, "no exchange");
	arena_free(a);
}

static void the_conclusion_is_the_clients(void **state)
{
	static const char *const one[] = {"rras-2012r2/registry-0", NULL};
	struct arena *a = arena_new();
	struct connection *c = &article(a, one)->r[0]->connections[0];

	(void)state;
	assert_string_equal(summary_conclusion(c), "server is behind NAT");
	c->j.client_sees.peer_behind_nat = false;
	assert_string_equal(summary_conclusion(c), "server is public");
	arena_free(a);
}

static void what_is_needed_is_told_in_words(void **state)
{
	(void)state;
	assert_string_equal(summary_registry_text(0), "not needed");
	assert_string_equal(summary_registry_text(1), "needed: 1");
	assert_string_equal(summary_registry_text(2), "needed: 2");
	assert_string_equal(summary_registry_text(REGISTRY_NONE), "does not help");
	assert_string_equal(summary_registry_text(REGISTRY_UNKNOWN), "-");
}

/* A label holds eight axes of forty characters: two long ones are not taken for one. */
static void rows_with_long_labels_stay_apart(void **state)
{
	struct arena *a = arena_new();
	const char *text = "name: long\n"
			   "topology:\n"
			   "  kinds: {client: {psk: k}, server: {psk: k}}\n"
			   "  nodes:\n"
			   "    client: {kind: client, mode: macos, dials: server}\n"
			   "    server: {kind: server, mode: rras-2012r2}\n"
			   "  links:\n"
			   "    - {endpoints: [\"client:a\", \"server:a\"], subnet: 192.0.2.0/24}\n"
			   "matrix:\n"
			   "  server.user: [a234567890123456789012345678901234567890]\n"
			   "  server.password: [b234567890123456789012345678901234567890]\n"
			   "  server.psk: [k234567890123456789012345678901234567890]\n"
			   "  server.mode: [rras-2012r2, softether-4]\n";
	struct whole *w = whole_of(a, topo_load(a, text), NULL);

	(void)state;
	assert_int_equal(w->run.n, 2);
	assert_int_equal(summary_rows(a, &w->run, &rows), 2);
	assert_non_null(strstr(rows[1].label, "/softether-4"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_servers_and_columns_are_clients),
		cmocka_unit_test(the_cells_are_the_articles),
		cmocka_unit_test(a_value_is_needed_only_if_windows_refuses_with_the_one_below_it),
		cmocka_unit_test(one_that_fails_spoils_a_value_and_its_cell),
		cmocka_unit_test(what_stays_undecided_says_nothing_of_the_registry),
		cmocka_unit_test(failures_are_told_by_their_reasons),
		cmocka_unit_test(scenarios_that_did_not_run_say_nothing),
		cmocka_unit_test(cells_say_how_a_connection_ended),
		cmocka_unit_test(the_lowest_windows_speaks_for_its_row),
		cmocka_unit_test(the_second_hash_is_told_in_words),
		cmocka_unit_test(the_conclusion_is_the_clients),
		cmocka_unit_test(what_is_needed_is_told_in_words),
		cmocka_unit_test(rows_with_long_labels_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
