/* SPDX-License-Identifier: MIT */
/* observe.h - from what watch saw and nodes told to the connections of a result. Pure. */
#ifndef NATDLAB_RESULT_OBSERVE_H
#define NATDLAB_RESULT_OBSERVE_H

#include "lab/result/result.h"

/* Fills each connection of @r: the exchange on the wire, its judgement, the client's outcome. */
void observe(const struct scenario *s, const struct watch *w, const struct ev_log *log,
	     struct scenario_result *r);

/* How far an exchange came, to compare those of one client: the farthest is the one that counts, of
 * equals the first. */
unsigned observe_progress(const struct exchange *x);

/* The addresses of the scenario that may stand behind a hash; *n of them. */
const struct known *observe_known(struct arena *a, const struct scenario *s, size_t *n);

#endif
