/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/hostile.h"
#include "lab/base/err.h"
#include "lab/base/text_width.h"

/* Is @s what text.h calls harmless? */
static bool is_harmless(const char *s)
{
	const char *end = s + strlen(s);
	uint32_t c;

	while (s < end) {
		s += text_next(s, end, &c);
		if (text_is_unsafe(c))
			return false;
	}
	return true;
}

static void every_code_point_is_read_as_it_was_written(void **state)
{
	char s[4];
	uint32_t c;

	(void)state;
	for (uint32_t want = 0; want <= 0x10ffff; want++) {
		size_t n = hostile_encode(s, want);

		if (want >= 0xd800 && want <= 0xdfff) {
			assert_int_equal(text_next(s, s + n, &c), 1);
			assert_int_equal(c, TEXT_NOT_UTF8);
			continue;
		}
		assert_int_equal(text_next(s, s + n, &c), n);
		assert_int_equal(c, want);
		for (size_t cut = 1; cut < n; cut++) {
			assert_int_equal(text_next(s, s + cut, &c), 1);
			assert_int_equal(c, TEXT_NOT_UTF8);
		}
	}
}

static void what_is_not_utf8_is_a_byte(void **state)
{
	/* Too long, too large, out of order, and bytes that stand nowhere. */
	static const char *const bad[] = {
		"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\x80", "\xbf", "\xff", "\xfe", "\xc3(", "\xe2\x82(",
		"\xf0\x9f\x98(", "\xed\xa0\x80", "\xed\xbf\xbf",
	};
	uint32_t c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(text_next(bad[i], bad[i] + strlen(bad[i]), &c), 1);
		assert_int_equal(c, TEXT_NOT_UTF8);
	}
}

static void what_cannot_be_seen_is_unsafe(void **state)
{
	static const uint32_t unsafe[] = {
		0,	0x1b,	0x7f,	0x80,	0x9b,	0x9f,	 0xad,	  0x34f,   0x61c,
		0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180e,	 0x200b,  0x200d,  0x200e,
		0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060,	 0x2066,  0x2069,  0x206f,
		0x3164, 0xd800, 0xdfff, 0xfdd0, 0xfdef, 0xfe00,	 0xfe0f,  0xfeff,  0xffa0,
		0xfff9, 0xfffb, 0xfffe, 0xffff, 0x1fffe, 0xe0000, 0xe0001, 0xe007f, 0xe0100,
		0xe0fff, 0x10ffff, TEXT_NOT_UTF8,
	};
	static const uint32_t good[] = {
		0x20,	0x7e,	0xa0,	0xae,	0x300,	0x61b,	0x200a, 0x2010, 0x2027, 0x202f,
		0x2070, 0x3000, 0x65e5, 0xac00, 0xe000, 0xfdcf, 0xfdf0, 0xfe10, 0xff21, 0xfffd,
		0x1f600, 0x2fffd, 0xe1000, 0x10fffd,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unsafe); i++)
		if (!text_is_unsafe(unsafe[i]))
			fail_msg("U+%04X", unsafe[i]);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (text_is_unsafe(good[i]))
			fail_msg("U+%04X", good[i]);
}

static void what_is_shown_is_the_text_and_escapes(void **state)
{
	static const struct {
		const char *s, *shown;
	} v[] = {
		{"", ""},
		{"Ärger mit 日本 😀", "Ärger mit 日本 😀"},
		{"a\x1b[2Jb", "a\\u{1B}[2Jb"},
		{"\xe2\x80\xae" "exe.txt", "\\u{202E}exe.txt"},
		{"\xc2\x9b" "0m", "\\u{9B}0m"},
		{"\xff\xe2\x82", "\\xFF\\xE2\\x82"},
		{"line\nfeed\ttab", "line\\u{A}feed\\u{9}tab"},
		{"\xf3\xa0\x81\x81", "\\u{E0041}"},
		{"\xf4\x8f\xbf\xbf", "\\u{10FFFF}"},
		{"C:\\u{202E}", "C:\\u{202E}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		char *put = NULL;
		size_t len;
		FILE *f = open_memstream(&put, &len);

		assert_string_equal(text_shown(a, v[i].s), v[i].shown);
		text_put(f, v[i].s);
		fclose(f);
		assert_string_equal(put, v[i].shown);
		free(put);
	}
}

static void any_bytes_become_harmless_within_their_bounds(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		CLEANUP(arena_freep) struct arena *a = arena_new();
		const char *s = hostile_text(a, &seed, 40), *all = text_shown(a, s);
		size_t size = 4 + hostile_number(&seed) % 120, len;
		char *out = malloc(size); /* its end is guarded where there is a sanitizer */

		assert_true(is_harmless(all));
		assert_ptr_equal(text_shown(a, all), all);
		len = text_show(out, size, s, strlen(s));
		assert_int_equal(strlen(out), len);
		assert_true(len < size);
		assert_true(is_harmless(out));
		if (strlen(all) < size) {
			assert_string_equal(out, all);
		} else {
			assert_true(len >= 3);
			assert_string_equal(out + len - 3, "...");
			assert_memory_equal(out, all, len - 3);
			assert_true(len + TEXT_ESCAPE_MAX > size);
		}
		free(out);
	}
}

static void an_error_is_one_harmless_line(void **state)
{
	static const char evil[] = "a\nnatdlab: all is well \x1b[2J\xe2\x80\xae\xff";
	static const char shown[] = "a\\u{A}natdlab: all is well \\u{1B}[2J\\u{202E}\\xFF";
	char want[1000], longer[1400];
	struct err e;

	(void)state;
	err_set(&e, ERR_INPUT, "no %s", evil);
	snprintf(want, sizeof(want), "no %s", shown);
	assert_string_equal(e.text, want);
	err_prefix(&e, "%s", evil);
	snprintf(want, sizeof(want), "%s: no %s", shown, shown);
	assert_string_equal(e.text, want);

	/* However long, it ends between two characters. */
	for (size_t from = 0; from < 3; from++) {
		for (size_t i = 0; i + 3 < sizeof(longer); i += 3)
			memcpy(longer + i, "日", 4);
		for (size_t len = 900; len < 1200; len += 3) {
			err_set(&e, ERR_INPUT, "%.*s%.*s", (int)from, "xyz", (int)len, longer);
			assert_true(is_harmless(e.text));
			assert_true(strlen(e.text) <= from + len);
			assert_null(strchr(e.text, '\\'));
		}
	}
}

static void columns_are_those_of_a_terminal(void **state)
{
	static const struct {
		const char *s;
		size_t columns;
	} v[] = {
		{"", 0},
		{"abc", 3},
		{"†", 1},
		{"e\xcc\x81", 1},	   /* a combining acute */
		{"日本", 4},		   /* wide */
		{"Ａ", 2},		   /* full width */
		{"ｱ", 1},		   /* half width */
		{"한글", 4},		   /* syllables */
		{"\xe1\x84\x92\xe1\x85\xa1", 2}, /* the same of letters */
		{"😀", 2},
		{"\xe3\x80\x80", 2},	   /* an ideographic space */
		{"\xd7\xa9\xd6\xb8", 1},   /* Hebrew with a vowel */
		{"\xf0\xa0\x80\x80", 2},   /* CJK of plane 2 */
		{"\xe0\xb8\x81\xe0\xb8\xb4", 1}, /* Thai with a vowel above */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (text_columns(v[i].s) != v[i].columns)
			fail_msg("%s: %zu", v[i].s, text_columns(v[i].s));
}

static void the_ends_of_ranges_have_their_width(void **state)
{
	static const struct {
		uint32_t c;
		unsigned width;
	} v[] = {
		{0x2ff, 1}, {0x300, 0}, {0x36f, 0}, {0x370, 1}, {0x10ff, 1}, {0x1100, 2},
		{0x115e, 2}, {0x11ff, 0}, {0x1200, 1}, {0x231a, 2}, {0x231c, 1}, {0x4dbf, 2},
		{0x9fff, 2}, {0xa4d0, 1}, {0xac00, 2}, {0xd7a3, 2}, {0xff60, 2}, {0xff61, 1},
		{0x1f64f, 2}, {0x1f650, 1}, {0x20000, 2}, {0x3fffd, 2}, {0x10fffd, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (text_width(v[i].c) != v[i].width)
			fail_msg("U+%04X: %u", v[i].c, text_width(v[i].c));
}

static void padding_and_wrapping_count_columns(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	text_pad(f, "日本", 6);
	text_pad(f, "e\xcc\x81", 3);
	text_pad(f, "long", 2);
	fputs("|\n", f);
	/* 日本 takes four of ten columns: a third one does not fit. */
	text_wrap(f, "日本 日本 日本", 0, "> ", 10);
	text_wrap(f, "one two\n\nthree\nfour is never broken\n\nfive six seven", 4, "", 10);
	text_entry(f, "was", 8, 20, "aa bb cc dd ee ff");
	fclose(f);
	assert_string_equal(text, "日本  e\xcc\x81  long|\n"
				  "日本 日本\n> 日本\n"
				  "one\ntwo\n\nthree\nfour is never broken\n\nfive six\nseven\n"
				  "  was   aa bb cc dd\n        ee ff\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_read_as_it_was_written),
		cmocka_unit_test(what_is_not_utf8_is_a_byte),
		cmocka_unit_test(what_cannot_be_seen_is_unsafe),
		cmocka_unit_test(what_is_shown_is_the_text_and_escapes),
		cmocka_unit_test(any_bytes_become_harmless_within_their_bounds),
		cmocka_unit_test(an_error_is_one_harmless_line),
		cmocka_unit_test(columns_are_those_of_a_terminal),
		cmocka_unit_test(the_ends_of_ranges_have_their_width),
		cmocka_unit_test(padding_and_wrapping_count_columns),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
