/* SPDX-License-Identifier: MIT */
/*
 * words.h - tables of words: the text of each value of an enumeration, written once. Pure.
 *
 * Inside the program a closed vocabulary is an enumeration; its words stand in one table, from
 * which output is printed and in which input is looked up.
 */
#ifndef NATDLAB_BASE_WORDS_H
#define NATDLAB_BASE_WORDS_H

#include "lab/base/base.h"

/* Word i of the @n belongs to value i; NULL: that value has none. Values below @first have words
 * for output only: they are not looked up. */
struct words {
	const char *const *v;
	size_t n, first;
};
/* A table over an array of strings: `static const struct words w = WORDS_IN(texts);`. */
#define WORDS_IN(array) {(array), ARRAY_LEN(array), 0}

/* The word of @value, "?" where it has none. Static text. */
const char *word_of(const struct words *w, unsigned value);
/* The value whose word @text is, -1 where no value's is. Of equal words the lowest value. */
int word_find(const struct words *w, const char *text);

/* The same for the names of any structures: of the @n elements that are @stride bytes apart the
 * first whose name is @text, @first being element 0's; -1: none's is. NULL is no name. */
int name_find(const char *const *first, size_t n, size_t stride, const char *text);
/* Of an array: FIND_NAMED(t->links, t->n_links, name, "wan"). */
#define FIND_NAMED(v, n, member, text)                                                             \
	((n) ? name_find(&(v)->member, (n), sizeof(*(v)), (text)) : -1)

/* The names of numbered things, in order: found without looking at each. */
struct named {
	const char *name;
	unsigned number;
};

/* Puts them in the order of names_find(): by name, then by number. */
void names_sort(struct named *v, size_t n);
/* The number of a thing of that name, -1: there is none. @v is in order. */
int names_find(const struct named *v, size_t n, const char *name);

/* "false", "true". */
extern const struct words bool_words;

#endif
