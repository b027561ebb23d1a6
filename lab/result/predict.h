/* SPDX-License-Identifier: MIT */
/*
 * predict.h - what must come out, by walking a datagram through the topology's NATs on paper.
 *
 * Pure, and independent of everything that the lab does: no packet is looked at. `run` compares
 * it with what the wire showed; a difference between the two is the lab's own error and is
 * called so.
 */
#ifndef NATDLAB_RESULT_PREDICT_H
#define NATDLAB_RESULT_PREDICT_H

#include "lab/net/path.h"

struct prediction {
	struct walk walk;
	struct agreement agreed; /* of the two modes, and what else stands in the way */
};

/*
 * What must come of every client: an element for each node of the scenario, zero for those that are
 * no client or dial no server. Belongs to @a. @phase: the part of the run between two changes;
 * there are none yet, so it is 0. The ports in it are those of seed 1; nothing else depends on the
 * seed.
 */
const struct prediction *predict(struct arena *a, const struct scenario *s, unsigned phase);

#endif
