/* SPDX-License-Identifier: MIT */
/*
 * nft_ruleset.h - which ports a NAPT gives to whom: what the rulesets say and predict reckons with.
 *
 * The kernel would draw a second client's port at random and find another one at the next run. So
 * the ports that matter are drawn here, from the run's seed, and written into the ruleset as a
 * map: what a home router does at random, a lab does the same way twice.
 */
#ifndef NATDLAB_PLAN_NFT_RULESET_H
#define NATDLAB_PLAN_NFT_RULESET_H

#include "lab/topology/scenario.h"

/* UDP source ports that are mapped beforehand for each machine inside: IKE, IKE and ESP behind
 * NATs, L2TP. All other traffic is masqueraded by the kernel. */
#define NAPT_FIXED_PORTS 3
#define NAPT_MAP_MAX 12288 /* of one NAPT: so many fit into the ports that are drawn */

/* One mapping (RFC 4787 4.1). @dst: for which destination; its address without length: for every
 * one, its port 0: for every port. */
struct napt_map {
	struct inet_ep inside, outside, dst;
};

/* The mapping of a packet from @src to @dst, or NULL. */
const struct napt_map *napt_find(const struct napt_map *m, size_t n, struct inet_ep src,
				 struct inet_ep dst);
/* The mapping with that outside endpoint, or NULL. */
const struct napt_map *napt_find_back(const struct napt_map *m, size_t n, struct inet_ep outside);

/* All mappings of NAPT @node, in the order of the interfaces behind it; those of NATs behind it
 * are in it by their outside addresses. At most NAPT_MAP_MAX. */
const struct napt_map *napt_map(struct arena *a, const struct scenario *s, unsigned node,
				uint64_t seed, size_t *n);
/* How many mappings each node has at most; more than NAPT_MAP_MAX: too many. */
const size_t *napt_map_sizes(struct arena *a, const struct scenario *s);

#endif
