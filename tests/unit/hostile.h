/* SPDX-License-Identifier: MIT */
/* hostile.h - text that is made to do harm, for tests of what is shown and quoted. */
#ifndef NATDLAB_TEST_HOSTILE_H
#define NATDLAB_TEST_HOSTILE_H

#include <string.h>

#include "lab/base/text.h"

/* Any numbers that do not repeat soon; the same in every run. */
static inline uint32_t hostile_number(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Code point @c in UTF-8, a surrogate also; its length. */
static inline size_t hostile_encode(char *out, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
	return n;
}

/* At most @most pieces: characters of all kinds, quotes, and bytes that are no text. No NUL. */
static inline const char *hostile_text(struct arena *a, uint32_t *seed, unsigned most)
{
	static const char *const pieces[] = {
		"'", "\"", "\\", "`", "$", "$(id)", "\n", "\r\n", " ", "%s", "%n", "\\n", ",", ";",
		"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a", "\xe2\x80\x9b", "\xe2\x80\x9c",
		"\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\xae", "\xe2\x81\xa6", "\xc2\x9b", "\xff",
		"\x1b[2J", "</a>", "]]>", "&amp;", "|", "*", "_", "#", "!", "{", "}", "\xe2\x80\xa8",
	};
	unsigned n = hostile_number(seed) % (most + 1);
	char *out = arena_alloc(a, n * 8u + 1), *o = out;

	for (unsigned i = 0; i < n; i++) {
		uint32_t kind = hostile_number(seed) % 4, r = hostile_number(seed);

		if (kind == 0) {
			const char *piece = pieces[r % ARRAY_LEN(pieces)];

			memcpy(o, piece, strlen(piece));
			o += strlen(piece);
		} else if (kind == 1) {
			*o++ = (char)(r % 255 + 1);
		} else {
			o += hostile_encode(o, kind == 2 ? r % 0x7e + 1 : r % 0x10ffff + 1);
		}
	}
	return out;
}

/* Every character that is unsafe, from *@next on, at most 500 of them; NULL after the last. */
static inline const char *hostile_unsafe(struct arena *a, uint32_t *next)
{
	char *out = arena_alloc(a, 500 * 4 + 1), *o = out;

	for (unsigned n = 0; n < 500 && *next <= 0x10ffff; ++*next) {
		if ((*next >= 0xd800 && *next <= 0xdfff) || !text_is_unsafe(*next) || !*next)
			continue;
		o += hostile_encode(o, *next);
		n++;
	}
	return o > out ? out : NULL;
}

#endif
