/* SPDX-License-Identifier: MIT */
#ifndef NATDLAB_INFER_INFER_VIDS_H
#define NATDLAB_INFER_INFER_VIDS_H

#include "lab/infer/evidence.h"

/* Vendor IDs of message 2.
 * Changes @f->row where @s shows something else. */
void infer_vids(struct inference *f, const struct observed_server *s);

#endif
