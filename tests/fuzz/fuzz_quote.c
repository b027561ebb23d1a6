/* SPDX-License-Identifier: MIT */
/*
 * fuzz_quote.c - any text as a word of each language: harmless text comes out, of which a reader
 * after the language's rules makes the text again.
 */
#include "lab/base/quote.h"
#include "tests/unit/quoted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef void quote_fn(FILE *f, const char *s);
typedef const char *read_fn(struct arena *a, const char *s);

static void check(struct arena *a, quote_fn *quote, read_fn *read, const char *s, const char *want)
{
	char *text = NULL;
	const char *got;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint32_t c;

	assert(f);
	quote(f, s);
	fclose(f);
	assert(strlen(text) == len);
	for (const char *p = text; p < text + len;) {
		p += text_next(p, text + len, &c);
		assert(!text_is_unsafe(c) || (c == '\n' && read == read_sh));
	}
	got = read(a, text);
	assert(got && !strcmp(got, want));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *s = arena_strn(a, (const char *)data, strnlen((const char *)data, size));

	check(a, quote_sh, read_sh, s, s);
	check(a, quote_powershell, read_powershell, s, mended(a, s));
	check(a, quote_xml, read_xml, s, text_shown(a, s));
	check(a, quote_markdown, read_markdown, s, text_shown(a, s));
	arena_free(a);
	return 0;
}
