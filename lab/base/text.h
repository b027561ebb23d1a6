/* SPDX-License-Identifier: MIT */
/*
 * text.h - text that others wrote (files, names of files, options, packets, logs of products) as a
 * terminal may get it. The only UTF-8 decoder, and the only list of unsafe characters. Pure.
 *
 * "Harmless" text is valid UTF-8 on one line in which every character can be seen and is what it
 * seems to be. What is not becomes an escape: \u{202E} for an unsafe code point, \xFF for a byte
 * that is not UTF-8. A backslash stays one, since escapes are for people and are not read back; so
 * harmless text stays as it is when it goes through here again.
 *
 * struct err and struct mistakes hold harmless text only: err_set() and mistake() see to it.
 */
#ifndef NATDLAB_BASE_TEXT_H
#define NATDLAB_BASE_TEXT_H

#include <stdarg.h>
#include <stdio.h>

#include "lab/base/mem.h"

#define TEXT_NOT_UTF8 0x110000u /* for text_next(): no code point */
#define TEXT_ESCAPE_MAX 12      /* bytes of an escape with its NUL, and more than a character has */

/* Reads one character at @p, which is before @end: its code point to *c, and its length in bytes is
 * returned. A byte that begins no well-formed sequence (RFC 3629; Unicode, table 3-7) has length 1
 * and the code point TEXT_NOT_UTF8. */
size_t text_next(const char *p, const char *end, uint32_t *c);

/* May code point @c not be printed as it is? Control characters (C0, DEL, C1), line and paragraph
 * separators, what changes the direction of writing (UAX 9), what is invisible
 * (Default_Ignorable_Code_Point, interlinear annotation), noncharacters, surrogates, and
 * TEXT_NOT_UTF8. */
bool text_is_unsafe(uint32_t c);

/* Reads one character as text_next() does, and puts it or its escape, ended by NUL, into @out.
 * Returns its length at @p; *@columns, if that is not NULL, are those of @out. */
size_t text_show_one(char out[TEXT_ESCAPE_MAX], const char *p, const char *end, unsigned *columns);

/* Writes @len bytes at @s as harmless text to @out, which has room for @size >= 4 bytes, the NUL
 * among them. What is too long is cut between characters and ends with "...". Returns strlen(out). */
size_t text_show(char *out, size_t size, const char *s, size_t len);

/* Writes all of @s as harmless text. */
void text_put(FILE *f, const char *s);

/* All of @s as harmless text; of @s itself when it is that already. */
const char *text_shown(struct arena *a, const char *s);

/* Like vsnprintf(), but what is written is harmless text, cut as text_show() does it; at most 2,000
 * bytes of what the format makes are looked at. */
void text_format(char *out, size_t size, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);

/* Columns of harmless text. */
size_t text_columns(const char *s);

/* Writes harmless text and blanks behind it up to @columns. */
void text_pad(FILE *f, const char *s, size_t columns);

/*
 * Writes harmless text in lines of at most @columns columns, broken at blanks, and a line end. The
 * first line has @at columns already; @margin begins each further one. A line feed in @text begins
 * a line that is never broken, a command to be copied; two of them, a paragraph.
 */
void text_wrap(FILE *f, const char *text, size_t at, const char *margin, size_t columns);

/* Two blanks, @label up to column @indent (below 64), and from there on @text as by text_wrap(). */
void text_entry(FILE *f, const char *label, size_t indent, size_t columns, const char *text);

#endif
