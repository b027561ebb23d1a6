/* SPDX-License-Identifier: MIT */
/*
 * address_map.h - who has an address, and which way leads to it: made once for a scenario, so that
 * asking takes as long with a thousand links as with three. Pure.
 *
 * An address means a machine only together with a realm, the part of the network between NATs
 * (link.realm): the same private subnet may stand behind different NATs.
 */
#ifndef NATDLAB_TOPOLOGY_ADDRESS_MAP_H
#define NATDLAB_TOPOLOGY_ADDRESS_MAP_H

#include "lab/topology/scenario.h"

struct address_map;

/* Of a scenario as it is now: addresses and routes. Belongs to @a. */
struct address_map *address_map_new(struct arena *a, const struct scenario *s);
/* The interface with that address in a realm; -1: there is none. */
int address_map_find(const struct address_map *m, uint32_t realm, struct inet_addr addr);
/* Has the node this address? On whichever of its interfaces, as in Linux. */
bool address_map_is_own(const struct address_map *m, unsigned node, struct inet_addr addr);
/* Longest prefix: the interface by which @node sends to @dst, and in *@to to which neighbour; -1
 * when it knows no way. The same answer as scenario_route(). */
int address_map_route(const struct address_map *m, unsigned node, struct inet_addr dst,
		      struct inet_addr *to);
/* The end of the link of interface @out that has this address; -1: there is none. */
int address_map_neighbour(const struct address_map *m, unsigned out, struct inet_addr addr);

#endif
