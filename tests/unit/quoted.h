/* SPDX-License-Identifier: MIT */
/*
 * quoted.h - readers of what lab/base/quote.c writes, after the rules of each language. Each gives
 * the text behind a quoted word, or NULL where the language would read something else.
 */
#ifndef NATDLAB_TEST_QUOTED_H
#define NATDLAB_TEST_QUOTED_H

#include <stdlib.h>

#include "tests/unit/hostile.h"

static inline bool is_single_quote(uint32_t c)
{
	return c == '\'' || (c >= 0x2018 && c <= 0x201b);
}

/* A verbatim string (about_Quoting_Rules): it ends at any of the five quotes that is not followed
 * by another one of them; of two, one is the text. Returns what follows it, NULL without an end. */
static inline const char *verbatim(const char *p, const char *end, char **out)
{
	uint32_t c, next = 0;

	p += text_next(p, end, &c);
	if (!is_single_quote(c))
		return NULL;
	while (p < end) {
		size_t n = text_next(p, end, &c);

		if (is_single_quote(c)) {
			size_t m = p + n < end ? text_next(p + n, end, &next) : 0;

			if (!m || !is_single_quote(next))
				return p + n;
			p += n;
			n = m;
		}
		memcpy(*out, p, n);
		*out += n;
		p += n;
	}
	return NULL;
}

/* An argument: a verbatim string, or in parentheses a sum of them and of [char]0xHHHH. */
static inline const char *read_powershell(struct arena *a, const char *text)
{
	const char *p = text, *end = p + strlen(p);
	char *out = arena_alloc(a, strlen(text) * 4 + 1), *o = out;
	uint32_t high = 0;

	if (*p != '(')
		return verbatim(p, end, &o) == end ? out : NULL;
	p++;
	for (;;) {
		char *number_end;

		if (strncmp(p, "[char]0x", 8) == 0) {
			uint32_t c = (uint32_t)strtoul(p + 6, &number_end, 16);

			p = number_end;
			if (c >= 0xd800 && c < 0xdc00)
				high = c;
			else
				o += hostile_encode(o, c < 0xdc00 || c > 0xdfff
							       ? c
							       : 0x10000 + ((high & 0x3ff) << 10) +
									 (c & 0x3ff));
		} else {
			p = verbatim(p, end, &o);
			if (!p)
				return NULL;
		}
		if (*p != '+')
			break;
		p++;
	}
	return p + 1 == end && *p == ')' ? out : NULL;
}

/* @s with U+FFFD for what is not UTF-8. */
static inline const char *mended(struct arena *a, const char *s)
{
	const char *end = s + strlen(s);
	char *out = arena_alloc(a, strlen(s) * 3 + 1), *o = out;
	uint32_t c;

	while (s < end) {
		s += text_next(s, end, &c);
		o += hostile_encode(o, c == TEXT_NOT_UTF8 ? 0xfffd : c);
	}
	return out;
}

static inline const char *read_xml(struct arena *a, const char *s)
{
	static const struct {
		const char *entity;
		char c;
	} v[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&quot;", '"'}};
	char *out = arena_alloc(a, strlen(s) + 1), *o = out;

	while (*s) {
		size_t i = 0;

		if (*s == '<' || *s == '"')
			return NULL;
		if (*s != '&') {
			*o++ = *s++;
			continue;
		}
		while (i < ARRAY_LEN(v) && strncmp(s, v[i].entity, strlen(v[i].entity)) != 0)
			i++;
		if (i == ARRAY_LEN(v))
			return NULL;
		*o++ = v[i].c;
		s += strlen(v[i].entity);
	}
	return out;
}

/* CommonMark 0.31, 2.4: a backslash before punctuation takes its meaning away. NULL when one that
 * has a meaning is left. */
static inline const char *read_markdown(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *o = out;

	for (; *s; s++) {
		if (*s != '\\' && strchr("`*_[]<>|&~$", *s))
			return NULL;
		if (*s == '\\' && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[1]))
			s++;
		*o++ = *s;
	}
	return out;
}

/* A word of a POSIX shell (XCU 2.2) made of what quote_sh() uses: bare characters, single quotes,
 * \\', and "$(printf 'OCTAL')". */
static inline const char *read_sh(struct arena *a, const char *s)
{
	static const char printf_begin[] = "\"$(printf '", printf_end[] = "')\"";
	char *out = arena_alloc(a, strlen(s) + 1), *o = out;

	while (*s) {
		if (*s == '\'') {
			const char *end = strchr(s + 1, '\'');

			if (!end)
				return NULL;
			memcpy(o, s + 1, (size_t)(end - s - 1));
			o += end - s - 1;
			s = end + 1;
		} else if (s[0] == '\\' && s[1] == '\'') {
			*o++ = '\'';
			s += 2;
		} else if (strncmp(s, printf_begin, strlen(printf_begin)) == 0) {
			for (s += strlen(printf_begin); *s == '\\';
			     s += 1 + strspn(s + 1, "01234567")) {
				char octal[4] = "";

				strncat(octal, s + 1, 3);
				*o++ = (char)strtoul(octal, NULL, 8);
			}
			/* $(...) drops line feeds at its end. */
			if (o[-1] == '\n' || strncmp(s, printf_end, strlen(printf_end)) != 0)
				return NULL;
			s += strlen(printf_end);
		} else if (strchr("|&;<>()$`\\\"'*?[#~=% \t\n", *s)) {
			return NULL;
		} else {
			*o++ = *s++;
		}
	}
	return out;
}

#endif
