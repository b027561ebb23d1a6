/* SPDX-License-Identifier: MIT */
/*
 * A made-up member in one place, a row of the table: found in reading, writing, comparing, JSON,
 * text, schema and reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/report/report_priv.h"
#include "lab/topology/mistakes.h"
#include "lab/topology/topology_priv.h"
#include "nodes/modes/member_value.h"
#include "tests/unit/reference_row.h"

/* A server that has one member more, behind those of all servers. */
struct sleeper {
	struct server_mode mode;
	uint32_t nap_ms;
};

struct world {
	struct arena *a;
	struct member rows[MEMBERS_MAX];
	struct member_table table;
	size_t nap; /* the new row */
	struct reading r;
	struct sleeper like, s;
};

static int set_up(void **state)
{
	struct arena *a = arena_new();
	struct world *w = arena_new_of(a, struct world);

	w->a = a;
	w->nap = mode_members.n;
	memcpy(w->rows, mode_members.v, mode_members.n * sizeof(w->rows[0]));
	w->rows[w->nap] = (struct member){
		.key = "nap",
		.doc = "How long it sleeps.",
		.kind = MEMBER_TIME,
		.aspect = ASPECT_NONCE,
		.json = "times/nap",
		.in[ROLE_SERVER] = {
			.at = offsetof(struct sleeper, nap_ms),
			.size = sizeof(uint32_t),
			.section = SECTION_TIMES,
			.label = "nap",
			.before = "for ",
			.none = "never",
		},
	};
	w->table = (struct member_table){w->rows, w->nap + 1};
	w->r = (struct reading){.a = a, .m = mistakes_new(a)};
	w->like.mode = w->s.mode = *mode_server("softether-4");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	arena_free(w->a);
	return 0;
}

static struct tree text_of(const char *text)
{
	return (struct tree){.kind = TREE_TEXT, .text = text};
}

/* {like: softether-4, @key: @value} */
static void read_key(struct world *w, const char *key, const char *value)
{
	const struct tree *values[1 + MEMBERS_MAX] = {0};
	struct tree k[] = {text_of("like"), text_of(key)};
	struct tree v[] = {text_of("softether-4"), text_of(value)};
	struct tree map = {.kind = TREE_MAP,
			   .n = 2,
			   .keys = (struct tree *[]){&k[0], &k[1]},
			   .v = (struct tree *[]){&v[0], &v[1]}};
	const struct source src = {.name = "f", .text = "", .option = true};

	map.src = k[0].src = k[1].src = v[0].src = v[1].src = &src;
	topo_keys_in(&w->r, custom_mode_rows(w->a, &w->table), w->table.n + 1, &map, PLACE_MODE,
		     KIND_SERVER, "mine", values);
	custom_mode_read(&w->r, &w->table, ROLE_SERVER, values + 1, &w->s);
}

static void a_new_member_is_read(void **state)
{
	struct world *w = *state;

	read_key(w, "nap", "1500ms");
	assert_int_equal(mistakes_count(w->r.m), 0);
	assert_int_equal(w->s.nap_ms, 1500);
}

static void what_is_wrong_with_it_is_said_as_of_any_key(void **state)
{
	struct world *w = *state;

	read_key(w, "nap", "long");
	read_key(w, "nep", "1s");
	assert_non_null(strstr(mistakes_text(w->r.m), "nap is a time like 20ms, 30s or 2m"));
	assert_non_null(strstr(mistakes_text(w->r.m), "did you mean \"nap\"?"));
	assert_int_equal(w->s.nap_ms, 0);
}

static void a_new_member_is_written(void **state)
{
	struct world *w = *state;
	char text[40];
	FILE *f = fmemopen(text, sizeof(text), "w");

	w->s.nap_ms = 7000;
	member_write(f, &w->rows[w->nap], ROLE_SERVER, &w->s);
	fclose(f);
	assert_string_equal(text, "7s");
}

static void a_new_member_is_compared_and_its_key_is_counted(void **state)
{
	struct world *w = *state;
	bool said[MEMBERS_MAX] = {false};

	assert_int_equal(members_differ(&w->table, ROLE_SERVER, &w->like, &w->s, said), 0);
	assert_true(member_equal(&w->rows[w->nap], ROLE_SERVER, &w->like, &w->s));
	w->s.nap_ms = 1;
	assert_false(member_equal(&w->rows[w->nap], ROLE_SERVER, &w->like, &w->s));
	assert_int_equal(members_differ(&w->table, ROLE_SERVER, &w->like, &w->s, said), 1);
	assert_true(said[w->nap]);
}

static void a_new_member_is_in_json(void **state)
{
	struct world *w = *state;
	json_t *o = json_object(), *times;

	w->s.nap_ms = 2500;
	members_json(o, &w->table, ROLE_SERVER, &w->s, SECTION_TIMES);
	times = json_object_get(o, "times");
	assert_non_null(json_object_get(times, "message2"));
	assert_true(json_real_value(json_object_get(times, "nap")) == 2.5);
	json_decref(o);
}

static void a_new_member_is_a_line_for_people(void **state)
{
	struct world *w = *state;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	members_text(f, &w->table, ROLE_SERVER, &w->s, SECTION_TIMES);
	w->s.nap_ms = 2500;
	members_text(f, &w->table, ROLE_SERVER, &w->s, SECTION_TIMES);
	members_text(f, &w->table, ROLE_SERVER, &w->s, SECTION_BEHAVIOUR);
	fclose(f);
	assert_non_null(strstr(text, "\n  nap           never\n"));
	assert_non_null(strstr(text, "\n  nap           for 2.5 s\n"));
	free(text);
}

static void a_new_member_is_in_the_schema_and_in_the_reference(void **state)
{
	struct world *w = *state;
	struct key_row row = member_key_row(&w->rows[w->nap]);
	json_t *o = json_object(), *nap;

	members_schema(o, &w->table);
	nap = json_object_get(o, "nap");
	assert_string_equal(json_string_value(json_object_get(nap, "description")),
			    "How long it sleeps.");
	assert_non_null(json_object_get(nap, "pattern"));
	json_decref(o);
	assert_string_equal(reference_row(w->a, &row),
			    "| `nap` | server | a time like 20ms, 30s or 2m | How long it sleeps. |\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_WORLD(a_new_member_is_read),
		WITH_WORLD(what_is_wrong_with_it_is_said_as_of_any_key),
		WITH_WORLD(a_new_member_is_written),
		WITH_WORLD(a_new_member_is_compared_and_its_key_is_counted),
		WITH_WORLD(a_new_member_is_in_json),
		WITH_WORLD(a_new_member_is_a_line_for_people),
		WITH_WORLD(a_new_member_is_in_the_schema_and_in_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
