/* SPDX-License-Identifier: MIT */
/*
 * The bounds within which the loader stays, whatever the file is: bytes that are no text, files
 * that are no files, and files and networks made to hurt.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/topo_text.h"
#include "tests/topology_load.h"

/* ---- bytes ---- */

static void bytes_that_are_no_text_are_refused_where_they_stand(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
	} rows[] = {
		{"name: x\n  \0", 11, "2:3: a NUL byte; a topology file is text\n"},
		{"name: \xff", 7, "1:7: not UTF-8; a topology file is UTF-8 text\n"},
		{"日\xc0\x80", 5, "1:2: not UTF-8; a topology file is UTF-8 text\n"},
		{"\xed\xa0\x80", 3, "1:1: not UTF-8; a topology file is UTF-8 text\n"},
		{"\xf4\x90\x80\x80", 4, "1:1: not UTF-8; a topology file is UTF-8 text\n"},
		{"\xe3\x81", 2, "1:1: not UTF-8; a topology file is UTF-8 text\n"},
		{"\xff\xfen\0", 4, "1:1: not UTF-8; a topology file is UTF-8 text\n"},
		{"a: \x1b[2J", 7, "1:4: a control character; a topology file is text\n"},
		{"a: \xc2\x9b", 5, "1:4: a control character; a topology file is text\n"},
		{"a: \xef\xbf\xbf", 6, "1:4: not a character of Unicode\n"},
		{"a: \"\\0\"", 7, "1:4: a NUL character\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		char *mistakes;

		assert_null(topology_load_buffer(a, "f", rows[i].bytes, rows[i].len, NULL, 0,
						 &mistakes));
		assert_string_equal(heads(a, mistakes), rows[i].says);
		arena_free(a);
	}
}

static void a_byte_order_mark_is_no_part_of_the_text(void **state)
{
	struct arena *a = arena_new();
	char *mistakes;

	(void)state;
	assert_non_null(load(a, arena_printf(a, "\xef\xbb\xbf%s", small_file), &mistakes));
	arena_free(a);
}

static void a_file_cut_at_any_byte_is_refused_or_good(void **state)
{
	(void)state;
	for (size_t len = 0; len <= strlen(small_file); len++) {
		struct arena *a = arena_new();
		char *mistakes;
		struct topology *t =
			topology_load_buffer(a, "f", small_file, len, NULL, 0, &mistakes);

		assert_true(!t != !mistakes);
		arena_free(a);
	}
}

/* ---- files ---- */

static void assert_unreadable(const char *path, const char *says)
{
	struct arena *a = arena_new();
	struct err e = {0};
	char *mistakes;

	assert_null(topology_load(a, path, NULL, 0, &mistakes, &e));
	assert_null(mistakes);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_non_null(strstr(e.text, says));
	arena_free(a);
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
	char dir[] = "/tmp/natdlab-test-XXXXXX", fifo[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_unreadable(dir, ": is a folder, not a topology file");
	assert_unreadable(fifo, ": is a pipe, not a topology file; \"-\" reads standard input");
	assert_unreadable("/dev/zero", "/dev/zero: is a device, not a topology file");
	assert_unreadable("/nowhere/at all", "/nowhere/at all: No such file or directory");
	assert_unreadable("/nowhere/\x1b[2J", "/nowhere/\\u{1B}[2J: No such file or directory");
	unlink(fifo);
	rmdir(dir);
}

static void a_file_of_more_than_a_mebibyte_is_refused(void **state)
{
	char path[] = "/tmp/natdlab-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 30), 0);
	assert_unreadable(path, ": more than 1048576 bytes; a topology file is smaller");
	close(fd);
	unlink(path);
}

/* ---- files made to hurt ---- */

/* @text repeated @n times between @head and @tail. */
static char *many(struct arena *a, const char *head, const char *text, size_t n, const char *tail)
{
	size_t len = strlen(text), at = strlen(head);
	char *s = arena_alloc(a, at + n * len + strlen(tail) + 1);

	memcpy(s, head, at);
	for (size_t i = 0; i < n; i++, at += len)
		memcpy(s + at, text, len);
	memcpy(s + at, tail, strlen(tail));
	return s;
}

/* The same with a number in it. */
static char *numbered(struct arena *a, const char *head, const char *before, const char *after,
		      unsigned n)
{
	char *s = arena_alloc(a, strlen(head) + n * (strlen(before) + strlen(after) + 10) + 1);
	char *p = s + sprintf(s, "%s", head);

	for (unsigned i = 0; i < n; i++)
		p += sprintf(p, "%s%u%s", before, i, after);
	return s;
}

/* Refused, with @says among the mistakes, in a second and 256 MiB. A sanitized build is slower. */
static void assert_refused_soon(const char *text, const char *says)
{
	struct arena *a = arena_new();
	clock_t start = clock();
	char *mistakes;

	assert_null(load(a, text, &mistakes));
	assert_non_null(mistakes);
	if (!strstr(mistakes, says))
		fail_msg("\"%s\" is not in:\n%.2000s", says, mistakes);
	assert_true(strlen(mistakes) < 40000);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 5);
	assert_true(arena_used(a) < (size_t)256 << 20);
	arena_free(a);
}

static void hostile_files_are_refused_in_bounded_time_and_memory(void **state)
{
	struct arena *a = arena_new();
	char *bomb = arena_str(a, "a0: &a0 [x]\n");

	(void)state;
	for (unsigned i = 1; i < 60; i++)
		bomb = arena_printf(a, "%sa%u: &a%u [*a%u, *a%u]\n", bomb, i, i, i - 1, i - 1);
	assert_refused_soon(bomb, "aliases unfold to more than 100000 values");
	assert_refused_soon("a: &a {b: *a}\n", "an alias inside what it stands for");
	assert_refused_soon(many(a, "a: ", "[", 500000, ""), "nested deeper than 20 levels");
	assert_refused_soon(many(a, "a: ", "{a: ", 200000, ""), "nested deeper than 20 levels");
	assert_refused_soon(many(a, "", "- ", 500000, ""), "nested deeper than 20 levels");
	assert_refused_soon(many(a, "", "? ", 500000, ""), "nested deeper than 20 levels");
	assert_refused_soon(many(a, "a: [", "x,", 500000, "]"), "more than 100000 values");
	assert_refused_soon(numbered(a, "", "k", ": 1\n", 49000), "unknown key \"k0\"");
	assert_refused_soon(many(a, "", "k: 1\n", 45000, ""), "\"k\" stands here twice");
	assert_refused_soon(numbered(a, "", "- &a", " x\n", 40000), "too many anchors");
	assert_refused_soon(many(a, "a: \"", "\\x41", 260000, ""), "not YAML");
	assert_refused_soon(many(a, "", "a", 1 << 20, ""), "a topology file is a map");
	assert_refused_soon(many(a, "", "a", (1 << 20) + 1, ""), "more than 1048576 bytes");
	assert_refused_soon(many(a, "", "\n", 1 << 20, ""), "is empty");
	assert_refused_soon("", "f: is empty");
	assert_refused_soon("# nothing\n", "f: is empty");
	assert_refused_soon("---\n", "a topology file is a map");
	assert_refused_soon("article\n", "a topology file is a map");
	assert_refused_soon(numbered(a, "name: x\ntopology:\n  links: []\n  nodes:\n", "    n",
				     ": {kind: host}\n", 5000),
			    "5000 nodes; 1 to 4096 are possible");
	arena_free(a);
}

/* An axis of @n values. */
static char *axis(struct arena *a, const char *name, unsigned n)
{
	return arena_printf(a, "  %s: [%s]\n", name, numbered(a, "x", ", x", "", n - 1));
}

static void a_matrix_of_a_million_scenarios_is_refused_with_its_sum(void **state)
{
	struct arena *a = arena_new();
	char *text = replaced(a, "matrix:\n", "matrix:\n");
	char *hundred = arena_printf(a, "matrix:\n%s%s%s", axis(a, "client.psk", 100),
				     axis(a, "client.user", 100), axis(a, "client.password", 100));

	(void)state;
	text = replaced(a, strstr(text, "matrix:"), hundred);
	assert_refused_soon(text,
			    "1000000 scenarios (100 x 100 x 100); at most 10000 are possible");
	text = replaced(a, strstr(small_file, "matrix:"),
			arena_printf(a, "matrix:\n%s", axis(a, "client.user", 10001)));
	assert_refused_soon(text, "axis client.user has 10001 values; 1 to 10000 are possible");
	arena_free(a);
}

/* Routers in a row: everybody would need a route to every link. */
static char *long_row(struct arena *a, unsigned n)
{
	char *s = arena_alloc(a, 1 << 20), *p = s;

	p += sprintf(p, "name: row\ntopology:\n  nodes:\n");
	for (unsigned i = 0; i < n; i++)
		p += sprintf(p, "    r%u: {kind: router}\n", i);
	p += sprintf(p, "  links:\n");
	for (unsigned i = 0; i + 1 < n; i++)
		p += sprintf(p, "    - {endpoints: [\"r%u:a\", \"r%u:b\"], "
				"subnet: 10.%u.%u.0/24}\n",
			     i, i + 1, i / 250, i % 250);
	return s;
}

/* Two NAPTs side by side between each two routers: the ways inwards double at each step. */
static char *doubling(struct arena *a, unsigned n)
{
	char *s = arena_alloc(a, 1 << 20), *p = s;

	p += sprintf(p, "name: twice\ntopology:\n  nodes:\n    c: {kind: client, mode: macos, psk: "
			"k, dials: 10.9.9.9}\n    r%u: {kind: router}\n", n);
	for (unsigned i = 0; i < n; i++)
		p += sprintf(p, "    r%u: {kind: router}\n    a%u: {kind: napt, outside: w}\n"
				"    b%u: {kind: napt, outside: w}\n", i, i, i);
	p += sprintf(p, "  links:\n    - {endpoints: [\"c:e\", \"r0:c\"], subnet: 11.0.0.0/24}\n");
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < 2; k++)
			p += sprintf(p,
				     "    - {endpoints: [\"%c%u:i\", \"r%u:%c\"], "
				     "subnet: 10.%u.%u.0/24}\n"
				     "    - {endpoints: [\"%c%u:w\", \"r%u:%c\"], "
				     "subnet: 10.%u.%u.0/24}\n",
				     "ab"[k], i, i, "ab"[k], i, 2 * k,
				     "ab"[k], i, i + 1, "xy"[k], i, 2 * k + 1);
	}
	return s;
}

/* Far more names that nobody has than anybody would look for near ones of. */
static char *strangers(struct arena *a)
{
	char *s = arena_alloc(a, 1 << 20), *p = s;

	p += sprintf(p, "name: strangers\ntopology:\n  nodes:\n");
	for (unsigned i = 0; i < 4000; i++)
		p += sprintf(p, "    node-number-%u: {kind: host}\n", i);
	p += sprintf(p, "  links:\n");
	for (unsigned i = 0; i < 4000; i++)
		p += sprintf(p, "    - {endpoints: [\"node-nunber-%u:a\", \"node-nunber-%u:b\"], "
				"subnet: 10.0.0.0/24}\n", i, i + 1);
	return s;
}

static void networks_that_grow_by_themselves_are_refused_soon(void **state)
{
	struct arena *a = arena_new();
	char *map = arena_alloc(a, 1 << 20), *p = map;

	(void)state;
	assert_refused_soon(long_row(a, 4000), "need more than 100000 routes");
	assert_refused_soon(doubling(a, 20), "more than 16 NATs in a row");
	assert_refused_soon(doubling(a, 16), "too many machines behind a13");
	assert_refused_soon(doubling(a, 4), "c can never reach 10.9.9.9: r4 has no route");
	assert_refused_soon(strangers(a), "f: and 7950 more mistakes");
	for (unsigned i = 0; i < 251; i++)
		p += sprintf(p, "203.0.113.%u: server, ", i);
	assert_refused_soon(replaced(a, "203.0.113.10: server", map), "more than 250 addresses");
	arena_free(a);
}

static void ten_thousand_scenarios_are_judged_in_seconds(void **state)
{
	struct arena *a = arena_new();
	clock_t start = clock();
	char *mistakes;
	struct topology *t;

	(void)state;
	t = load(a,
		 replaced(a, strstr(small_file, "matrix:"),
			  arena_printf(a, "matrix:\n%s", axis(a, "client.psk", 10000))),
		 &mistakes);
	assert_non_null(t);
	assert_int_equal(scenario_count(t), 10000);
	assert_true((clock() - start) / CLOCKS_PER_SEC < 10);
	arena_free(a);
}

/* A thousand homes: as many clients, each behind its own NAPT, on one router. */
static char *thousand_homes(struct arena *a)
{
	char *s = arena_alloc(a, 1 << 20), *p = s;

	p += sprintf(p, "name: big\ntopology:\n  nodes:\n    net: {kind: router}\n"
			"    s: {kind: server, mode: rras-2012r2, psk: k}\n");
	for (unsigned i = 0; i < 1000; i++)
		p += sprintf(p, "    c%u: {kind: client, mode: macos, psk: k, dials: s}\n"
				"    h%u: {kind: napt, outside: wan}\n", i, i);
	p += sprintf(p, "  links:\n    - {endpoints: [\"net:s\", \"s:eth0\"], "
			"subnet: 203.0.113.0/24}\n");
	for (unsigned i = 0; i < 1000; i++)
		p += sprintf(p,
			     "    - {endpoints: [\"c%u:e\", \"h%u:lan\"], subnet: 10.%u.%u.0/24}\n"
			     "    - {endpoints: [\"h%u:wan\", \"net:h%u\"], subnet: 11.%u.%u.0/24}"
			     "\n",
			     i, i, i / 250, i % 250, i, i, i / 250, i % 250);
	return s;
}

static void a_thousand_homes_are_read_in_seconds(void **state)
{
	struct arena *a = arena_new();
	clock_t start = clock();
	char *mistakes;
	struct topology *t = load(a, thousand_homes(a), &mistakes);

	(void)state;
	assert_non_null(t);
	assert_non_null(scenario_new(a, t, 0));
	assert_true((clock() - start) / CLOCKS_PER_SEC < 10);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_are_no_text_are_refused_where_they_stand),
		cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_text),
		cmocka_unit_test(a_file_cut_at_any_byte_is_refused_or_good),
		cmocka_unit_test(what_is_no_file_is_refused_without_waiting),
		cmocka_unit_test(a_file_of_more_than_a_mebibyte_is_refused),
		cmocka_unit_test(hostile_files_are_refused_in_bounded_time_and_memory),
		cmocka_unit_test(a_matrix_of_a_million_scenarios_is_refused_with_its_sum),
		cmocka_unit_test(networks_that_grow_by_themselves_are_refused_soon),
		cmocka_unit_test(ten_thousand_scenarios_are_judged_in_seconds),
		cmocka_unit_test(a_thousand_homes_are_read_in_seconds),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
