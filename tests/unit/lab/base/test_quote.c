/* SPDX-License-Identifier: MIT */
/*
 * What is quoted comes out of the language's own interpreter as it went in: of the shells that are
 * here, and of tokenizers written after the rules of the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab/base/quote.h"
#include "tests/unit/quoted.h"

#define TEXTS 400

typedef void quote_fn(FILE *f, const char *s);

static char *quoted(struct arena *a, quote_fn *quote, const char *s)
{
	char *text = NULL, *out;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	quote(f, s);
	fclose(f);
	out = arena_str(a, text);
	free(text);
	return out;
}

/* All of ASCII, all unsafe characters, some that are easily forgotten, and any bytes. */
static size_t texts(struct arena *a, const char **v)
{
	static const char *const forgotten[] = {
		"", " ", "-", "~", "a b", "'", "''", "\n", "a\n", "\n\n", "a\n\n", "\x1b", "\x1b\n",
		"a\x1b\n\x1b" "b", "\xff", "%", "\\", "a\\", ",", "a,b,,\x1b,", "\xe2\x80\x98",
		"it\xe2\x80\x99s", "\xe2\x80\x9c$(calc)\xe2\x80\x9d", "007\x01" "7",
	};
	char *ascii = arena_alloc(a, 128);
	uint32_t seed = 7, next = 1;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(forgotten); i++)
		v[n++] = forgotten[i];
	for (int c = 1; c < 128; c++)
		ascii[c - 1] = (char)c;
	v[n++] = ascii;
	while ((v[n] = hostile_unsafe(a, &next)))
		n++;
	while (n < TEXTS)
		v[n++] = hostile_text(a, &seed, 30);
	return n;
}

/* Line feeds are harmless where they are let through. */
static void assert_harmless(const char *s, bool lines)
{
	const char *end = s + strlen(s);
	uint32_t c;

	while (s < end) {
		s += text_next(s, end, &c);
		if (text_is_unsafe(c) && !(lines && c == '\n'))
			fail_msg("U+%04X is in what was quoted", c);
	}
}

/* ---- POSIX shell ---- */

/* What @shell makes of all words together, each followed by NUL, is in @wanted. */
static void try_shell(const char *shell, const char *wanted, size_t len, const char *script)
{
	char path[] = "/tmp/natdlab-quote-XXXXXX", command[200];
	int fd = mkstemp(path);
	char *out = malloc(len + 1);
	size_t n;
	FILE *f;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	close(fd);
	snprintf(command, sizeof(command), "%s %s", shell, path);
	f = popen(command, "r");
	n = fread(out, 1, len + 1, f);
	if (pclose(f) || n != len || memcmp(out, wanted, len))
		fail_msg("%s reads other words than were quoted", shell);
	unlink(path);
	free(out);
}

/* In a locale whose characters are bytes, and in UTF-8. */
static void try_words(const char *shell)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const char *v[TEXTS + 1];
	size_t n = texts(a, v), len, script_len;
	char *wanted = NULL, *script = NULL, command[100];
	FILE *w = open_memstream(&wanted, &len), *s = open_memstream(&script, &script_len);

	snprintf(command, sizeof(command), "command -v %s >/dev/null", shell);
	if (system(command)) {
		print_message("# no %s here\n", shell);
		fclose(w);
		fclose(s);
		free(wanted);
		free(script);
		skip();
	}
	for (size_t i = 0; i < n; i++) {
		fputs("printf '%s\\0' ", s);
		quote_sh(s, v[i]);
		fputc('\n', s);
		fwrite(v[i], 1, strlen(v[i]) + 1, w);
	}
	fclose(w);
	fclose(s);
	assert_harmless(script, true);
	snprintf(command, sizeof(command), "LC_ALL=C %s", shell);
	try_shell(command, wanted, len, script);
	snprintf(command, sizeof(command), "LC_ALL=C.UTF-8 %s", shell);
	try_shell(command, wanted, len, script);
	free(wanted);
	free(script);
}

static void dash_reads_what_was_quoted(void **state)
{
	(void)state;
	try_words("dash");
}

static void bash_reads_what_was_quoted(void **state)
{
	(void)state;
	try_words("bash");
}

static void words_with_nothing_special_stay_bare(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	(void)state;
	assert_string_equal(quoted(a, quote_sh, "eth0"), "eth0");
	assert_string_equal(quoted(a, quote_sh, "/run/a-b_c.sock:1"), "/run/a-b_c.sock:1");
	assert_string_equal(quoted(a, quote_sh, ""), "''");
	assert_string_equal(quoted(a, quote_sh, "it's"), "'it'\\''s'");
	assert_string_equal(quoted(a, quote_sh, "a\x1b[m"), "'a'\"$(printf '\\033')\"'[m'");
	assert_string_equal(quoted(a, quote_sh_qemu, "/a,b"), "'/a,,b'");
	assert_string_equal(read_sh(a, quoted(a, quote_sh_qemu, "a\x1b,\x1b'")), "a\x1b,,\x1b'");
}

/* ---- PowerShell ---- */

static void powershell_reads_what_was_quoted(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const char *v[TEXTS + 1];
	size_t n = texts(a, v);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const char *word = quoted(a, quote_powershell, v[i]);
		const char *read = read_powershell(a, word);

		assert_harmless(word, false);
		if (!read || strcmp(read, mended(a, v[i])))
			fail_msg("PowerShell reads %s as %s", word, read ? read : "no argument");
	}
	assert_string_equal(quoted(a, quote_powershell, "it's"), "'it''s'");
	assert_string_equal(quoted(a, quote_powershell, "\xe2\x80\xae"), "(''+[char]0x202E+'')");
	assert_string_equal(quoted(a, quote_powershell, "\xf3\xa0\x80\x81"),
			    "(''+[char]0xDB40+[char]0xDC01+'')");
}

/* The reference says what is wrong with quoting U+0027 alone. */
static void a_typographic_quote_ends_a_powershell_string(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();

	(void)state;
	assert_null(read_powershell(a, "'a\xe2\x80\x99; calc; \xe2\x80\x98z'"));
	assert_string_equal(read_powershell(a, quoted(a, quote_powershell,
						 "a\xe2\x80\x99; calc; \xe2\x80\x98z")),
			    "a\xe2\x80\x99; calc; \xe2\x80\x98z");
}

/* ---- XML and Markdown ---- */

static void xml_and_markdown_hold_the_harmless_text(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const char *v[TEXTS + 1];
	size_t n = texts(a, v);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const char *xml = quoted(a, quote_xml, v[i]);
		const char *markdown = quoted(a, quote_markdown, v[i]);

		assert_harmless(xml, false);
		assert_harmless(markdown, false);
		assert_non_null(read_xml(a, xml));
		assert_string_equal(read_xml(a, xml), text_shown(a, v[i]));
		assert_non_null(read_markdown(a, markdown));
		assert_string_equal(read_markdown(a, markdown), text_shown(a, v[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dash_reads_what_was_quoted),
		cmocka_unit_test(bash_reads_what_was_quoted),
		cmocka_unit_test(words_with_nothing_special_stay_bare),
		cmocka_unit_test(powershell_reads_what_was_quoted),
		cmocka_unit_test(a_typographic_quote_ends_a_powershell_string),
		cmocka_unit_test(xml_and_markdown_hold_the_harmless_text),
	};

	return cmocka_run_group_tests_name("quote", tests, NULL, NULL);
}
