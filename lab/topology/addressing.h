/* SPDX-License-Identifier: MIT */
/*
 * addressing.h - realms: the parts of a network inside which an address means one machine. A NAT
 * stands between two of them (RFC 2663 calls them address realms). Pure.
 */
#ifndef NATDLAB_TOPOLOGY_ADDRESSING_H
#define NATDLAB_TOPOLOGY_ADDRESSING_H

#include "lab/topology/topology.h"

/* For each realm, by its number: does it lie outside of this NAT, however many NATs further? */
const bool *addressing_outward(struct arena *a, const struct topology *t, unsigned nat);
/* Is the link on the inside of this NAT? */
bool addressing_is_inside(const struct topology *t, unsigned nat, unsigned link);

#endif
