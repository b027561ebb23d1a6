/* SPDX-License-Identifier: MIT */
/*
 * analysis_priv.h - what diagnose.c (Main Mode) and diagnose_esp.c (behind Quick Mode) share.
 */
#ifndef NATDLAB_ANALYSIS_ANALYSIS_PRIV_H
#define NATDLAB_ANALYSIS_ANALYSIS_PRIV_H

#include "lab/analysis/diagnose.h"

/* A capture that goes on for so long without the next message was not cut off too early. */
#define LONG_SILENCE (2 * SEC)

/* One exchange on its way to a signature. */
struct patient {
	const struct exchange *x;
	const struct judgement *j;
	struct exchange *const *all; /* of the same capture, @n of them */
	size_t n;
	struct diagnosis *d;
};

/* Writes the signature, its certainty and what was seen. */
void diagnose_found(struct patient *p, enum signature sig, enum certainty certainty,
		    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Adds a frame to look at; @at without a place: none. */
void diagnose_show(struct patient *p, const char *what, struct mark at);
/* The first transmission of message @n, if it was seen. */
void diagnose_show_message(struct patient *p, unsigned n);

/* "once", "twice", "3 times" */
const char *diagnose_times(uint32_t n, char buf[24]);
#define TIMES(n) diagnose_times((n), (char[24]){0})

/* Quick Modes or ESP were seen (diagnose_esp.c). */
void diagnose_after_quick_mode(struct patient *p);

#endif
