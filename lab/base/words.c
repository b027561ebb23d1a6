/* SPDX-License-Identifier: MIT */
#include "lab/base/words.h"

#include <stdlib.h>
#include <string.h>

const char *word_of(const struct words *w, unsigned value)
{
	return value < w->n && w->v[value] ? w->v[value] : "?";
}

static const char *const bools[] = {"false", "true"};
const struct words bool_words = WORDS_IN(bools);

int name_find(const char *const *first, size_t n, size_t stride, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		const char *name;

		memcpy(&name, (const char *)first + i * stride, sizeof(name));
		if (name && strcmp(name, text) == 0)
			return (int)i;
	}
	return -1;
}

int word_find(const struct words *w, const char *text)
{
	int i = name_find(w->v + w->first, w->n - w->first, sizeof(*w->v), text);

	return i < 0 ? -1 : i + (int)w->first;
}

/* For bsearch(): by name alone. */
static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static int by_name_and_number(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int c = by_name(a, b);

	return c ? c : x->number < y->number ? -1 : x->number > y->number;
}

void names_sort(struct named *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), by_name_and_number);
}

int names_find(const struct named *v, size_t n, const char *name)
{
	const struct named key = {.name = name};
	const struct named *found = n ? bsearch(&key, v, n, sizeof(*v), by_name) : NULL;

	return found ? (int)found->number : -1;
}
