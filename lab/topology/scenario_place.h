/* SPDX-License-Identifier: MIT */
/* scenario_place.h - where what a scenario is made of stands in its file. Pure. */
#ifndef NATDLAB_TOPOLOGY_SCENARIO_PLACE_H
#define NATDLAB_TOPOLOGY_SCENARIO_PLACE_H

#include "lab/topology/scenario.h"
#include "lab/topology/schema.h"

/* Where the value that a node's key has in scenario @i stands in the file or on the command line;
 * NULL: it has none. */
const struct tree *scenario_value_at(const struct topology *t, size_t i, unsigned node,
				     enum key k);

#endif
