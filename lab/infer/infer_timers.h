/* SPDX-License-Identifier: MIT */
#ifndef NATDLAB_INFER_INFER_TIMERS_H
#define NATDLAB_INFER_INFER_TIMERS_H

#include "lab/infer/evidence.h"

/* Retransmissions, duplicates, and the end of what is unfinished.
 * Changes @f->row where @s shows something else. */
void infer_times(struct inference *f, const struct observed_server *s);

#endif
