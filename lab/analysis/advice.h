/* SPDX-License-Identifier: MIT */
/* advice.h - what to say of each signature: the cause, the cure, and what it is not. Pure. */
#ifndef NATDLAB_ANALYSIS_ADVICE_H
#define NATDLAB_ANALYSIS_ADVICE_H

#include "lab/analysis/diagnose.h"

/* Sentences of plain text; NULL where there is nothing to say. */
#define ADVICE_CURES 3
struct advice {
	const char *cause;
	const char *cures[ADVICE_CURES]; /* one of them is enough; the first is the nearest */
	const char *not_the_cause;
};

/* What to say of an exchange that was judged and diagnosed. The sentences live in @a. */
struct advice advice_for(struct arena *a, const struct exchange *x, const struct judgement *j,
			 const struct diagnosis *d);

#endif
