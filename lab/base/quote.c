/* SPDX-License-Identifier: MIT */
#include "lab/base/quote.h"

#include <string.h>

/* ---- POSIX shell ---- */

/* Can a terminal get it? A line feed it can, and $(...) would drop those at its end. */
static bool is_bad(uint32_t c)
{
	return c != '\n' && text_is_unsafe(c);
}

static void put_sh(FILE *f, const char *s, bool qemu)
{
	const char *end = s + strlen(s);
	bool octal = false, bad;
	uint32_t c;

	if (*s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			       "._:/-")]) {
		fputs(s, f);
		return;
	}
	fputc('\'', f);
	for (; s < end; octal = bad) {
		size_t n = text_next(s, end, &c);

		bad = is_bad(c);
		if (bad != octal)
			fputs(bad ? "'\"$(printf '" : "')\"'", f);
		if (c == '\'')
			fputs("'\\'", f);
		if (c == ',' && qemu)
			fputc(',', f);
		for (; n; n--, s++)
			fprintf(f, bad ? "\\%03o" : "%c", (uint8_t)*s);
	}
	fputs(octal ? "')\"" : "'", f);
}

void quote_sh(FILE *f, const char *s)
{
	put_sh(f, s, false);
}

void quote_sh_qemu(FILE *f, const char *s)
{
	put_sh(f, s, true);
}

/* ---- PowerShell ---- */

/* One unsafe character between two strings: .NET's char has 16 bits. */
static void put_char(FILE *f, uint32_t c)
{
	if (c == TEXT_NOT_UTF8)
		c = 0xfffd;
	if (c > 0xffff)
		fprintf(f, "'+[char]0x%X+[char]0x%X+'", 0xd7c0 + (c >> 10), 0xdc00 | (c & 0x3ff));
	else
		fprintf(f, "'+[char]0x%X+'", c);
}

void quote_powershell(FILE *f, const char *s)
{
	const char *end = s + strlen(s);
	bool plain = true;
	uint32_t c;

	for (const char *p = s; p < end && plain; plain = !text_is_unsafe(c))
		p += text_next(p, end, &c);
	fputs(plain ? "'" : "('", f);
	while (s < end) {
		size_t n = text_next(s, end, &c);

		if (text_is_unsafe(c)) {
			put_char(f, c);
		} else {
			if (c == '\'' || (c >= 0x2018 && c <= 0x201b))
				fwrite(s, 1, n, f);
			fwrite(s, 1, n, f);
		}
		s += n;
	}
	fputs(plain ? "'" : "')", f);
}

/* ---- XML and Markdown ---- */

void quote_xml(FILE *f, const char *s)
{
	const char *end = s + strlen(s);
	char one[TEXT_ESCAPE_MAX];

	while (s < end) {
		s += text_show_one(one, s, end, NULL);
		fputs(one[0] == '&'   ? "&amp;"
		      : one[0] == '<' ? "&lt;"
		      : one[0] == '"' ? "&quot;"
				      : one,
		      f);
	}
}

void quote_markdown(FILE *f, const char *s)
{
	const char *end = s + strlen(s);
	char one[TEXT_ESCAPE_MAX];

	while (s < end) {
		s += text_show_one(one, s, end, NULL);
		fprintf(f, "%s%s", strchr("\\`*_[]<>|&~$", one[0]) ? "\\" : "", one);
	}
}
