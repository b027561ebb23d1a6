/* SPDX-License-Identifier: MIT */
/*
 * The words behind a verb: what is read from them, and how each mistake is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/cli/options.h"

static const struct option options[] = {
	{"format", 'f', "table|json", false, "how"}, {"output", 'o', "DIR", false, "where"},
	{"set", 0, "NODE.KEY=VALUE", true, "what"},  {"jobs", 'j', "N", false, "how many"},
	{"seed", 0, "N|RANDOM", false, "which"},     {"verbose", 'v', NULL, false, "more"},
	{"list", 0, NULL, false, "only names"},
};

static const struct verb verb = {
	.name = "run",
	.args = "FILE...",
	.summary = "builds and connects",
	.min_args = 1,
	.max_args = 3,
	.options = options,
	.n_options = ARRAY_LEN(options),
};

/* The words of @line, split at blanks; '_' stands for an empty word. */
static int parse(struct args *a, const char *line, struct err *e)
{
	static char text[2048], empty[1];
	static char *v[300];
	int n = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		v[n++] = strcmp(w, "_") == 0 ? empty : w;
	*e = (struct err){0};
	return args_parse(a, &verb, n, v, e);
}

/* "files; option=value ..." */
static const char *shown(const struct args *a)
{
	static char out[2048];
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < a->n; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s", i ? " " : "",
					a->v[i]);
	len += (size_t)snprintf(out + len, sizeof(out) - len, ";");
	for (unsigned i = 0; i < a->n_opts; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, " %s=%s",
					a->opts[i].opt->name,
					a->opts[i].value ? a->opts[i].value : "");
	return out;
}

static void words_are_read(void **state)
{
	static const struct {
		const char *line, *read;
	} rows[] = {
		{"a.yaml", "a.yaml;"},
		{"a b c", "a b c;"},
		{"--format json a", "a; format=json"},
		{"--format=json a", "a; format=json"},
		{"a --format json", "a; format=json"},
		{"-f json a", "a; format=json"},
		{"-fjson a", "a; format=json"},
		{"-v a", "a; verbose="},
		{"-vo dir a", "a; verbose= output=dir"},
		{"a -o dir", "a; output=dir"},
		{"-vodir a", "a; verbose= output=dir"},
		{"-ov a", "a; output=v"},
		{"--set x.y=1 --set x.z=2 a", "a; set=x.y=1 set=x.z=2"},
		{"--set=x.y=1=2 a", "a; set=x.y=1=2"},
		{"--output -v a", "a; output=-v"},
		{"--output= a", "a; output="},
		{"--output _ a", "a; output="},
		{"-- -v", "-v;"},
		{"-v -- -f", "-f; verbose="},
		{"-- --", "--;"},
		{"-", "-;"},
		{"a - b", "a - b;"},
		{"--seed random a", "a; seed=random"},
		{"--seed 7 a", "a; seed=7"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct args a;
		struct err e;

		if (parse(&a, rows[i].line, &e))
			fail_msg("%s: %s", rows[i].line, e.text);
		assert_false(a.help);
		assert_string_equal(shown(&a), rows[i].read);
	}
}

static void mistakes_are_refused_and_named(void **state)
{
	static const struct {
		const char *line, *text;
	} rows[] = {
		{"", "run: usage: natdlab run FILE..."},
		{"-v", "run: usage: natdlab run FILE..."},
		{"--", "run: usage: natdlab run FILE..."},
		{"a b c d", "run: one argument too many: \"d\"; usage: natdlab run FILE..."},
		{"--formt json a", "run: unknown option --formt; did you mean --format?"},
		{"--x a", "run: unknown option --x; see natdlab run --help"},
		{"--form json a", "run: unknown option --form; did you mean --format?"},
		{"-x a", "run: unknown option -x; see natdlab run --help"},
		{"-vx a", "run: unknown option -x; see natdlab run --help"},
		{"a --format", "run: --format wants a value: table|json"},
		{"a -f", "run: --format wants a value: table|json"},
		{"--format xml a", "run: --format is one of table|json, not \"xml\""},
		{"--format jso a", "run: --format is one of table|json, not \"jso\""},
		{"--format jsonx a", "run: --format is one of table|json, not \"jsonx\""},
		{"--format _ a", "run: --format is one of table|json, not \"\""},
		{"--format table|json a", "run: --format is one of table|json, not \"table|json\""},
		{"--verbose=yes a", "run: --verbose takes no value"},
		{"--list= a", "run: --list takes no value"},
		{"-v -v a", "run: --verbose is given twice"},
		{"-vv a", "run: --verbose is given twice"},
		{"-o x --output y a", "run: --output is given twice"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct args a;
		struct err e;

		assert_int_equal(parse(&a, rows[i].line, &e), -1);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_string_equal(e.text, rows[i].text);
	}
}

static void help_is_given_whatever_else_is_wrong_behind_it(void **state)
{
	static const char *const lines[] = {
		"--help", "-h", "a --help", "-v -h", "--help --nonsense", "a b c --help"};
	struct args a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(parse(&a, lines[i], &e), 0);
		assert_true(a.help);
	}
	/* Behind "--" it is the name of a file. */
	assert_int_equal(parse(&a, "-- --help", &e), 0);
	assert_false(a.help);
}

static void values_are_asked_for_by_name(void **state)
{
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(parse(&a, "-v --set a.b=1 --set a.c=2 --set a.d=3 x", &e), 0);
	assert_true(args_flag(&a, "verbose"));
	assert_false(args_flag(&a, "list"));
	assert_null(args_value(&a, "output"));
	assert_string_equal(args_nth(&a, "set", 0), "a.b=1");
	assert_string_equal(args_nth(&a, "set", 1), "a.c=2");
	assert_string_equal(args_nth(&a, "set", 2), "a.d=3");
	assert_null(args_nth(&a, "set", 3));
	assert_null(args_nth(&a, "output", 0));
}

static void a_choice_is_the_place_of_its_word_and_the_first_is_the_default(void **state)
{
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(parse(&a, "x", &e), 0);
	assert_int_equal(args_choice(&a, "format"), 0);
	assert_int_equal(parse(&a, "--format table x", &e), 0);
	assert_int_equal(args_choice(&a, "format"), 0);
	assert_int_equal(parse(&a, "--format json x", &e), 0);
	assert_int_equal(args_choice(&a, "format"), 1);
	assert_int_equal(parse(&a, "--format jso x", &e), -1);
	assert_int_equal(parse(&a, "--format jsonx x", &e), -1);
}

static void numbers_are_whole_and_within_bounds(void **state)
{
	static const struct {
		const char *text;
		uint64_t lo, hi;
		bool good;
		uint64_t value;
	} rows[] = {
		{"1", 1, 8, true, 1},
		{"8", 1, 8, true, 8},
		{"007", 1, 8, true, 7},
		{"0", 0, 8, true, 0},
		{"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
		{"0", 1, 8, false, 0},
		{"9", 1, 8, false, 0},
		{"_", 0, 8, false, 0},
		{"+1", 0, 8, false, 0},
		{"1.5", 0, 8, false, 0},
		{"0x1", 0, 8, false, 0},
		{"1k", 0, UINT64_MAX, false, 0},
		{"1/", 0, UINT64_MAX, false, 0},
		{"18446744073709551616", 0, UINT64_MAX, false, 0},
		{"99999999999999999999", 0, UINT64_MAX, false, 0},
		{"184467440737095516150", 0, UINT64_MAX, false, 0},
	};
	uint64_t v;
	struct args a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char line[64];

		snprintf(line, sizeof(line), "--jobs %s a", rows[i].text);
		assert_int_equal(parse(&a, line, &e), 0);
		if (args_number(&a, "jobs", rows[i].lo, rows[i].hi, 5, &v, &e) !=
		    (rows[i].good ? 0 : -1))
			fail_msg("\"%s\": %s", rows[i].text, e.text);
		if (rows[i].good) {
			assert_int_equal(v, rows[i].value);
			continue;
		}
		assert_int_equal(e.kind, ERR_INPUT);
		assert_non_null(strstr(e.text, "--jobs is a whole number from"));
	}
	assert_int_equal(parse(&a, "a", &e), 0);
	assert_int_equal(args_number(&a, "jobs", 1, 8, 77, &v, &e), 0);
	assert_int_equal(v, 77); /* what holds when nothing is said need not be sayable */
}

static void too_many_options_are_refused(void **state)
{
	static char file[] = "file", set[] = "--set", value[] = "a.b=c", more[] = "-v";
	static char *v[2 * ARGS_MAX + 3];
	struct args a;
	struct err e = {0};
	int n = 0;

	(void)state;
	v[n++] = file;
	for (int i = 0; i < ARGS_MAX; i++) {
		v[n++] = set;
		v[n++] = value;
	}
	assert_int_equal(args_parse(&a, &verb, n, v, &e), 0);
	assert_int_equal(a.n_opts, ARGS_MAX);
	v[n++] = more;
	assert_int_equal(args_parse(&a, &verb, n, v, &e), -1);
	assert_string_equal(e.text, "run: too many options");
}

static void help_shows_every_option(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	verb_help(f, &verb);
	fclose(f);
	assert_non_null(strstr(text, "natdlab run FILE..."));
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		char name[40];

		snprintf(name, sizeof(name), "--%s%s%s", options[i].name,
			 options[i].value ? " " : "", options[i].value ? options[i].value : "");
		assert_non_null(strstr(text, name));
		assert_non_null(strstr(text, options[i].help));
	}
	assert_non_null(strstr(text, "-f, --format"));
	assert_non_null(strstr(text, "-h, --help"));
	free(text);
}

/* Lines of 78 characters at the most, each as full as it may be; an empty line is one. */
static void a_paragraph_is_wrapped_and_stays_one(void **state)
{
	static const struct {
		const char *more, *shown;
	} rows[] = {
		{"one two", "one two\n"},
		{"one\ntwo", "one\ntwo\n"},
		{"one\n\ntwo", "one\n\ntwo\n"},
		/* 78, and one more */
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbb c",
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
		 "bbb\nc\n"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbb "
		 "c",
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nbbbb "
		 "c\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct verb v = verb;
		char *text = NULL, *want = NULL;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		v.more = rows[i].more;
		verb_help(f, &v);
		fclose(f);
		f = open_memstream(&want, &len);
		fprintf(f, "natdlab run FILE...\n\nbuilds and connects\n\n%s\nOptions:\n",
			rows[i].shown);
		fclose(f);
		assert_memory_equal(text, want, len);
		free(text);
		free(want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_read),
		cmocka_unit_test(mistakes_are_refused_and_named),
		cmocka_unit_test(help_is_given_whatever_else_is_wrong_behind_it),
		cmocka_unit_test(values_are_asked_for_by_name),
		cmocka_unit_test(a_choice_is_the_place_of_its_word_and_the_first_is_the_default),
		cmocka_unit_test(numbers_are_whole_and_within_bounds),
		cmocka_unit_test(too_many_options_are_refused),
		cmocka_unit_test(help_shows_every_option),
		cmocka_unit_test(a_paragraph_is_wrapped_and_stays_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
