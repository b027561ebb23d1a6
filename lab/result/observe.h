/* SPDX-License-Identifier: MIT */
/* observe.h - from what watch saw and nodes told to the connections of a result. Pure. */
#ifndef NATDLAB_RESULT_OBSERVE_H
#define NATDLAB_RESULT_OBSERVE_H

#include "lab/result/result.h"

/*
 * Folds events into a result as they happen: of an event nothing is kept but what a later one may
 * give a meaning to (a cookie, a number).
 */
struct observer;

/* @r: laid out by result_init(). All three must stay as long as the observer, which is in @a. */
struct observer *observe_new(struct arena *a, const struct scenario *s, struct scenario_result *r);
/* Every event once, in their order, with its number. Borrowed for the call. */
void observe_event(struct observer *o, const struct event *ev);
/* No event follows: fills each connection of the result with the exchange that @w saw of it on the
 * wire, and the judgement of that. Once. */
void observe_end(struct observer *o, const struct watch *w);

/* How far an exchange came, to compare those of one client: the farthest is the one that counts, of
 * equals the first. */
unsigned observe_progress(const struct exchange *x);

/* The addresses of the scenario that may stand behind a hash; *n of them. */
const struct known *observe_known(struct arena *a, const struct scenario *s, size_t *n);

#endif
