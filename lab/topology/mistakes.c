/* SPDX-License-Identifier: MIT */
/*
 * mistakes.c - what is wrong with a file, all of it at once, each with its line and a caret.
 *
 * The file is a stranger's: what a terminal may not get of it is shown as an escape (text.h). A
 * caret must stand under its column although tabs, escapes and Japanese are wide and accents have
 * no width; so columns of the screen are counted apart from characters.
 */
#include "lab/topology/mistakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/suggest.h"
#include "lab/base/text.h"

#define SHOWN_CHARS 60   /* of a text inside a sentence */
#define SHOWN_WIDTH 96   /* screen columns of a source line */
#define SHOWN_BEFORE 60  /* of them before the caret when the line is cut */
#define TAB_WIDTH 8

struct one {
	const struct source *src;
	unsigned line, column;
	const char *text;
	size_t order; /* of discovery: what decides between equal places */
};

struct mistakes {
	struct arena *a;
	struct one v[MISTAKES_SHOWN];
	size_t n, more;
};

struct mistakes *mistakes_new(struct arena *a)
{
	struct mistakes *m = arena_new_of(a, struct mistakes);

	m->a = a;
	return m;
}

size_t mistakes_count(const struct mistakes *m)
{
	return m->n + m->more;
}

bool mistakes_enough(const struct mistakes *m)
{
	return m->n == MISTAKES_SHOWN;
}

PRINTF_LIKE(5, 0)
static void add(struct mistakes *m, const struct source *src, unsigned line, unsigned column,
		const char *fmt, va_list ap)
{
	char text[1000];

	text_format(text, sizeof(text), fmt, ap);
	for (size_t i = 0; i < m->n; i++) {
		const struct one *o = &m->v[i];

		if (o->src == src && o->line == line && o->column == column &&
		    strcmp(o->text, text) == 0)
			return;
	}
	if (m->n == MISTAKES_SHOWN) {
		m->more++;
		return;
	}
	m->v[m->n] = (struct one){src, line, column, arena_str(m->a, text), m->n};
	m->n++;
}

void mistake_at(struct mistakes *m, const struct source *src, unsigned line, unsigned column,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(m, src, line, column, fmt, ap);
	va_end(ap);
}

void mistake_v(struct mistakes *m, const struct tree *at, const char *fmt, va_list ap)
{
	add(m, at->src, at->line, at->column, fmt, ap);
}

void mistake(struct mistakes *m, const struct tree *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mistake_v(m, at, fmt, ap);
	va_end(ap);
}

const char *nearest(const char *word, const char *const *known, size_t n)
{
	struct suggest s = suggest_new(word);

	if (strlen(word) < 3) /* every digit is near to every other */
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (known[i])
			suggest_try(&s, known[i]);
	return suggest_best(&s);
}

const char *did_you_mean(struct mistakes *m, const char *word, const char *const *known, size_t n)
{
	const char *s = !m || mistakes_enough(m) ? NULL : nearest(word, known, n);

	return s ? arena_printf(m->a, "; did you mean \"%s\"?", s) : "";
}

const char *tree_shown(struct arena *a, const char *s)
{
	const char *end = s + strlen(s), *p = s;
	uint32_t c;

	for (unsigned i = 0; p < end && i < SHOWN_CHARS; i++)
		p += text_next(p, end, &c);
	return arena_printf(a, "\"%s%s\"", text_shown(a, arena_strn(a, s, (size_t)(p - s))),
			    p < end ? "..." : "");
}

/* ---- the source line ---- */

/* Bytes of the line break at @p, 0 if there is none. YAML 1.1 has five of them, and libyaml's
 * line numbers count them all. */
static size_t break_len(const char *p, const char *end)
{
	size_t left = (size_t)(end - p);

	if (left >= 2 && p[0] == '\r' && p[1] == '\n')
		return 2;
	if (left >= 1 && (p[0] == '\n' || p[0] == '\r'))
		return 1;
	if (left >= 2 && memcmp(p, "\xc2\x85", 2) == 0)
		return 2;
	if (left >= 3 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
		return 3;
	return 0;
}

static bool find_line(const struct source *src, unsigned line, const char **from, const char **to)
{
	const char *p = src->text, *end = src->text + src->len;
	unsigned at = 1;
	size_t n;

	for (; at < line && p < end; p += n) {
		n = break_len(p, end);
		if (n)
			at++;
		else
			n = 1;
	}
	if (at < line)
		return false;
	*from = p;
	while (p < end && !break_len(p, end))
		p++;
	*to = p;
	return true;
}

/* One character of a source line, which begins in the screen column @at: what is printed for it,
 * and its columns. Returns its length in bytes. */
static size_t next_shown(const char *p, const char *end, unsigned at, char out[TEXT_ESCAPE_MAX],
			 unsigned *columns)
{
	if (*p != '\t')
		return text_show_one(out, p, end, columns);
	*columns = (unsigned)snprintf(out, TEXT_ESCAPE_MAX, "%*s",
				      (int)(TAB_WIDTH - at % TAB_WIDTH), "");
	return 1;
}

/* The screen column (0, 1, ...) at which character number @column (1, 2, ...) begins. */
static unsigned screen_column(const char *p, const char *end, unsigned column)
{
	char one[TEXT_ESCAPE_MAX];
	unsigned at = 0, width;

	for (unsigned i = 1; i < column && p < end; i++) {
		p += next_shown(p, end, at, one, &width);
		at += width;
	}
	return at;
}

/* Writes the part of a line that lies in the screen columns from..to. */
static void show_part(FILE *f, const char *p, const char *end, unsigned from, unsigned to)
{
	char one[TEXT_ESCAPE_MAX];
	unsigned at = 0, width;

	while (p < end) {
		size_t n = next_shown(p, end, at, one, &width);

		if (at + width > to)
			break;
		if (at >= from)
			fputs(one, f);
		else if (at + width > from) /* the end of one that is cut */
			fprintf(f, "%*s", (int)(at + width - from), "");
		at += width;
		p += n;
	}
	fputs(p < end ? "...\n" : "\n", f);
}

static void show_line(FILE *f, const struct source *src, unsigned line, unsigned column)
{
	const char *p, *end;
	unsigned caret, from = 0;

	if (!find_line(src, line, &p, &end) || p == end)
		return;
	caret = screen_column(p, end, column);
	if (caret > SHOWN_WIDTH - 10)
		from = caret - SHOWN_BEFORE;
	fputs(from ? "..." : "   ", f);
	show_part(f, p, end, from, from + SHOWN_WIDTH);
	fprintf(f, "   %*s^\n", (int)(caret - from), "");
}

static int by_place(const void *pa, const void *pb)
{
	const struct one *a = pa, *b = pb;

	if (a->src->option != b->src->option)
		return a->src->option ? 1 : -1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

char *mistakes_text(const struct mistakes *m)
{
	struct one sorted[MISTAKES_SHOWN];
	char *buf = NULL, *out;
	size_t len = 0;
	FILE *f = open_memstream(&buf, &len);

	assert(f);
	memcpy(sorted, m->v, sizeof(sorted));
	qsort(sorted, m->n, sizeof(*sorted), by_place);
	for (size_t i = 0; i < m->n; i++) {
		const struct one *o = &sorted[i];

		if (o->src->option) {
			fprintf(f, "%s: %s\n", o->src->name, o->text);
		} else if (o->line == 0) {
			fprintf(f, "%s: %s\n", o->src->name, o->text);
		} else {
			fprintf(f, "%s:%u:%u: %s\n", o->src->name, o->line, o->column, o->text);
			show_line(f, o->src, o->line, o->column);
		}
	}
	if (m->more)
		fprintf(f, "%s: and %zu more mistake%s\n", m->v[0].src->name, m->more,
			m->more == 1 ? "" : "s");
	fclose(f);
	out = arena_strn(m->a, buf, len);
	free(buf);
	return out;
}
