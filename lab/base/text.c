/* SPDX-License-Identifier: MIT */
#include "lab/base/text.h"

#include <string.h>

#include "lab/base/text_width.h"

#define RAW_MAX 2000 /* bytes of a message before what is unsafe in it is escaped */

size_t text_next(const char *p, const char *end, uint32_t *c)
{
	/* The least code point of each length: a smaller one is written too long. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const uint8_t *u = (const uint8_t *)p;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	uint32_t v = n == 1 ? u[0] : u[0] & (0x7fu >> n);

	*c = TEXT_NOT_UTF8;
	if (!n || u[0] > 0xf4 || (size_t)(end - p) < n)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 1;
		v = v << 6 | (u[i] & 0x3fu);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 1;
	*c = v;
	return n;
}

bool text_is_unsafe(uint32_t c)
{
	static const struct {
		uint32_t lo, hi;
	} ranges[] = {
		{0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
		{0x061c, 0x061c},   {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
		{0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
		{0xd800, 0xdfff},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
		{0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
		{0xe0000, 0xe0fff}, {TEXT_NOT_UTF8, UINT32_MAX},
	};

	if (c >= 0x20 && c < 0x7f)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ranges) && c >= ranges[i].lo; i++)
		if (c <= ranges[i].hi)
			return true;
	return (c & 0xfffe) == 0xfffe;
}

size_t text_show_one(char out[TEXT_ESCAPE_MAX], const char *p, const char *end, unsigned *columns)
{
	uint32_t c;
	size_t n = text_next(p, end, &c);

	if (c == TEXT_NOT_UTF8)
		snprintf(out, TEXT_ESCAPE_MAX, "\\x%02X", (uint8_t)*p);
	else if (text_is_unsafe(c))
		snprintf(out, TEXT_ESCAPE_MAX, "\\u{%X}", c);
	else
		snprintf(out, TEXT_ESCAPE_MAX, "%.*s", (int)n, p);
	if (columns)
		*columns = text_is_unsafe(c) ? (unsigned)strlen(out) : text_width(c);
	return n;
}

size_t text_show(char *out, size_t size, const char *s, size_t len)
{
	const char *end = s + len;
	size_t at = 0, cut = 0; /* where "..." has room */

	assert(size >= 4);
	while (s < end) {
		char one[TEXT_ESCAPE_MAX];
		size_t n = text_show_one(one, s, end, NULL), add = strlen(one);

		if (at + add >= size) {
			memcpy(out + cut, "...", 4);
			return cut + 3;
		}
		memcpy(out + at, one, add);
		at += add;
		s += n;
		if (at + 4 <= size)
			cut = at;
	}
	out[at] = '\0';
	return at;
}

void text_put(FILE *f, const char *s)
{
	const char *end = s + strlen(s);
	char one[TEXT_ESCAPE_MAX];

	while (s < end) {
		s += text_show_one(one, s, end, NULL);
		fputs(one, f);
	}
}

const char *text_shown(struct arena *a, const char *s)
{
	const char *end = s + strlen(s), *p = s;
	size_t size = 6 * strlen(s) + 4; /* a byte becomes \u{1F} at the most */
	uint32_t c = ' ';
	char *out;

	while (p < end && !text_is_unsafe(c))
		p += text_next(p, end, &c);
	if (!text_is_unsafe(c))
		return s;
	out = arena_alloc(a, size);
	text_show(out, size, s, strlen(s));
	return out;
}

void text_format(char *out, size_t size, const char *fmt, va_list ap)
{
	char raw[RAW_MAX + 4];
	int n = vsnprintf(raw, sizeof(raw), fmt, ap);
	size_t len = MIN((size_t)MAX(n, 0), (size_t)RAW_MAX);

	while (len && ((uint8_t)raw[len] & 0xc0) == 0x80) /* in the middle of a character */
		len--;
	text_show(out, size, raw, len);
}

static size_t columns_of(const char *s, size_t len)
{
	const char *end = s + len;
	size_t columns = 0;
	uint32_t c;

	while (s < end) {
		s += text_next(s, end, &c);
		columns += text_width(c);
	}
	return columns;
}

size_t text_columns(const char *s)
{
	return columns_of(s, strlen(s));
}

void text_pad(FILE *f, const char *s, size_t columns)
{
	size_t has = text_columns(s);

	fprintf(f, "%s%*s", s, has < columns ? (int)(columns - has) : 0, "");
}

void text_wrap(FILE *f, const char *text, size_t at, const char *margin, size_t columns)
{
	bool first = true, whole = false;

	for (;; text++) {
		size_t len = strcspn(text, whole ? "\n" : " \n"), width = columns_of(text, len);

		if (!first && at + 1 + width > columns) {
			fprintf(f, "\n%s", margin);
			at = text_columns(margin);
		} else if (!first) {
			fputc(' ', f);
			at++;
		}
		fwrite(text, 1, len, f);
		at += width;
		text += len;
		if (!*text)
			break;
		first = *text == '\n';
		if (first) {
			whole = text[1] != '\n';
			text += !whole;
			fprintf(f, "%s\n%s", whole ? "" : "\n", margin);
			at = text_columns(margin);
		}
	}
	fputc('\n', f);
}

void text_entry(FILE *f, const char *label, size_t indent, size_t columns, const char *text)
{
	char margin[64];

	assert(indent < sizeof(margin));
	memset(margin, ' ', indent);
	margin[indent] = '\0';
	fputs("  ", f);
	text_pad(f, label, indent - 2);
	text_wrap(f, text, indent, margin, columns);
}
