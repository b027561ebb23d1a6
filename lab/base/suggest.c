/* SPDX-License-Identifier: MIT */
#include "lab/base/suggest.h"

#include <string.h>

#define WORD_MAX 40 /* longer words get no suggestion: the work stays bounded */

/*
 * Edits that turn @a into @b: insert, delete, replace, or swap two neighbours (optimal string
 * alignment), because swapped letters are what tired fingers produce.
 */
static unsigned edits(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= lb; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *free_row = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned replace = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = MIN(replace, MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = free_row;
	}
	return above[lb];
}

struct suggest suggest_new(const char *word)
{
	return (struct suggest){.word = word, .distance = UINT32_MAX};
}

void suggest_try(struct suggest *s, const char *candidate)
{
	unsigned d;

	if (strlen(s->word) > WORD_MAX || strlen(candidate) > WORD_MAX)
		return;
	d = edits(s->word, candidate);
	if (d < s->distance) {
		s->distance = d;
		s->best = candidate;
	}
}

const char *suggest_best(const struct suggest *s)
{
	size_t len = strlen(s->word);

	/* A third of the word may be wrong, at least two letters in words of four or more. */
	return s->best && s->distance <= MAX(len / 3, len > 3 ? 2U : 1U) ? s->best : NULL;
}

int err_suggest(struct err *e, const struct suggest *s, const char *otherwise)
{
	const char *best = suggest_best(s);

	return best ? err_add(e, "; did you mean \"%s\"?", best) : err_add(e, "; %s", otherwise);
}
