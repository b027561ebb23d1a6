/* SPDX-License-Identifier: MIT */
/* suggest.h - "did you mean": the nearest of several words. Pure. */
#ifndef NATDLAB_BASE_SUGGEST_H
#define NATDLAB_BASE_SUGGEST_H

#include "lab/base/err.h"

struct suggest {
	const char *word, *best;
	unsigned distance;
};

struct suggest suggest_new(const char *word);
/* Offers a candidate; borrowed until suggest_best(). */
void suggest_try(struct suggest *s, const char *candidate);
/* The nearest candidate, or NULL when none is near enough to be meant. */
const char *suggest_best(const struct suggest *s);
/* Ends the sentence in @e with `; did you mean "x"?`, or with "; " and @otherwise when no candidate
 * is near enough. Returns -1. */
int err_suggest(struct err *e, const struct suggest *s, const char *otherwise);

#endif
