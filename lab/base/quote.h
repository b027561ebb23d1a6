/* SPDX-License-Identifier: MIT */
/*
 * quote.h - any text as one word of a language, in lines that a person copies and in files for
 * programs. Pure.
 *
 * What each function writes is harmless text (text.h): what a terminal may not get is written in
 * the language's own escapes and comes out as it went in, but where a contract says otherwise.
 */
#ifndef NATDLAB_BASE_QUOTE_H
#define NATDLAB_BASE_QUOTE_H

#include <stdio.h>

#include "lab/base/text.h"

/* One word of a POSIX shell: @s, any bytes. Plain where nothing in it is special, else in single
 * quotes; unsafe characters by printf's octal numbers, but a line feed as it is. */
void quote_sh(FILE *f, const char *s);

/* The same for a value within an option of QEMU, where a comma is written twice. */
void quote_sh_qemu(FILE *f, const char *s);

/*
 * One argument of a PowerShell command: @s, UTF-8; what is not becomes U+FFFD. In single quotes, of
 * which PowerShell knows five (U+0027, U+2018 to U+201B), each written twice within; unsafe
 * characters by their numbers, as ('a'+[char]0x202E+'b').
 */
void quote_powershell(FILE *f, const char *s);

/* Text of an attribute or element of XML 1.0. XML has no place for most control characters, however
 * written, so unsafe characters come out as text.h's escapes. */
void quote_xml(FILE *f, const char *s);

/* Text in a paragraph or in a cell of a table in Markdown (CommonMark, GitHub), not at the
 * beginning of a line. Unsafe characters, and a line feed, come out as text.h's escapes. */
void quote_markdown(FILE *f, const char *s);

#endif
