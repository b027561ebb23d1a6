/* SPDX-License-Identifier: MIT */
#ifndef NATDLAB_INFER_INFER_NATD_H
#define NATDLAB_INFER_INFER_NATD_H

#include "lab/infer/evidence.h"

/* Both hashes of message 4.
 * Changes @f->row where @s shows something else. */
void infer_hashes(struct inference *f, const struct observed_server *s);

#endif
