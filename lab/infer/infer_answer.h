/* SPDX-License-Identifier: MIT */
#ifndef NATDLAB_INFER_INFER_ANSWER_H
#define NATDLAB_INFER_INFER_ANSWER_H

#include "lab/infer/evidence.h"

/* Messages 2 and 4 without vendor IDs and hashes, and refusals.
 * Changes @f->row where @s shows something else. */
void infer_answers(struct inference *f, const struct observed_server *s);

#endif
