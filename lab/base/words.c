/* SPDX-License-Identifier: MIT */
#include "lab/base/words.h"

#include <string.h>

const char *word_of(const struct words *w, unsigned value)
{
	return value < w->n && w->v[value] ? w->v[value] : "?";
}

static const char *const bools[] = {"false", "true"};
const struct words bool_words = WORDS_IN(bools);

int word_find(const struct words *w, const char *text)
{
	for (size_t i = w->first; i < w->n; i++)
		if (w->v[i] && strcmp(w->v[i], text) == 0)
			return (int)i;
	return -1;
}
