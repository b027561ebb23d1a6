/* SPDX-License-Identifier: MIT */
#include "lab/base/words.h"

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
