/* SPDX-License-Identifier: MIT */
/*
 * mistakes.h - the list of mistakes that is found in a topology file. Pure.
 */
#ifndef NATDLAB_TOPOLOGY_MISTAKES_H
#define NATDLAB_TOPOLOGY_MISTAKES_H

#include <stdarg.h>

#include "lab/base/mem.h"
#include "lab/topology/tree.h"

#define MISTAKES_SHOWN 50

struct mistakes;

/* An empty list; it and its words are in @a. */
struct mistakes *mistakes_new(struct arena *a);
/* A mistake at a place; its words become harmless text (lab/base/text.h). The same words at the
 * same place count once. */
void mistake(struct mistakes *m, const struct tree *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
void mistake_v(struct mistakes *m, const struct tree *at, const char *fmt, va_list ap)
	PRINTF_LIKE(3, 0);
void mistake_at(struct mistakes *m, const struct source *src, unsigned line, unsigned column,
		const char *fmt, ...) PRINTF_LIKE(5, 6);
size_t mistakes_count(const struct mistakes *m);
/* True when so many are known that looking for more is a waste. */
bool mistakes_enough(const struct mistakes *m);
/* One text for people, in the order of the file: "article.yaml:14:23: words", the line, a caret. */
char *mistakes_text(const struct mistakes *m);

/* @s as harmless text (lab/base/text.h) in quotes, cut to 60 characters of @s. */
const char *tree_shown(struct arena *a, const char *s);

/* The word of @known that was probably meant by @word; NULL when none is near. In @known NULL is no
 * word. */
const char *nearest(const char *word, const char *const *known, size_t n);
/* The same as the end of a sentence: `; did you mean "x"?`, or "". Looks no further when so many
 * mistakes are known that this one is only counted; @m may be NULL. */
const char *did_you_mean(struct mistakes *m, const char *word, const char *const *known, size_t n);

#endif
