/* SPDX-License-Identifier: MIT */
/*
 * fuzz_text.c - any bytes as text for a terminal: what comes out is harmless, is cut between
 * characters, and is as wide as is said.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/base/err.h"
#include "lab/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Harmless text, but for @lines line feeds. */
static void assert_harmless(const char *s, size_t len, bool lines)
{
	const char *end = s + len;
	uint32_t c;

	while (s < end) {
		s += text_next(s, end, &c);
		assert(!text_is_unsafe(c) || (lines && c == '\n'));
	}
}

/* No line is wider than the columns that it may have, unless it is one word. */
static void wrap(const char *s, size_t columns)
{
	char *text = NULL, *rest, *line;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert(f);
	text_wrap(f, s, 0, "  ", columns);
	fclose(f);
	assert_harmless(text, len, true);
	assert(len && text[len - 1] == '\n');
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		assert(text_columns(line) <= columns || !strchr(line + strspn(line, " "), ' '));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	size_t room = 4 + (size ? data[0] : 0u), len;
	char *out = malloc(room), *s = arena_strn(a, (const char *)data, size);
	const char *all = text_shown(a, s);
	struct err e;

	len = text_show(out, room, (const char *)data, size);
	assert(len < room && !out[len] && strlen(out) == len);
	assert_harmless(out, len, false);
	assert_harmless(all, strlen(all), false);
	assert(text_shown(a, all) == all);
	err_set(&e, ERR_INPUT, "%s", s);
	assert_harmless(e.text, strlen(e.text), false);
	wrap(all, 10 + room % 70);
	free(out);
	arena_free(a);
	return 0;
}
