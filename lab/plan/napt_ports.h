/* SPDX-License-Identifier: MIT */
/*
 * napt_ports.h - which outside ports a NAPT gives to whom, drawn before there is a packet. Pure.
 *
 * The kernel would draw a second client's port at random and find another one at the next run. So
 * the ports that matter are drawn here, from the run's seed, and written into the NAPT's rules as a
 * map: what a home router does at random, a lab does the same way twice.
 */
#ifndef NATDLAB_PLAN_NAPT_PORTS_H
#define NATDLAB_PLAN_NAPT_PORTS_H

#include "lab/base/hash.h"
#include "lab/topology/scenario.h"

/* UDP source ports that are mapped beforehand for each machine inside: IKE, IKE and ESP behind
 * NATs, L2TP. All other traffic is masqueraded by the kernel. */
#define NAPT_FIXED_PORTS 3
#define NAPT_MAP_MAX 12288 /* of one NAPT: so many fit into the ports that are drawn */

/* One mapping (RFC 4787 4.1). @dst: for which destination; its address without length: for every
 * one, its port 0: for every port. */
struct napt_mapping {
	struct inet_ep inside, outside, dst;
	bool forwarded; /* of a port that the file forwards, which has rules of its own */
};

/* All mappings of one NAPT, in the order of the interfaces behind it; those of NATs behind it are
 * in it by their outside addresses. At most NAPT_MAP_MAX. `inside` is an address in the realm on
 * the NAPT's inside, `outside` and `dst` are addresses in the realm on its outside. */
struct napt_table {
	const struct napt_mapping *v;
	size_t n;
	struct hash by_inside, by_outside;
};

/* The mapping of a packet from @src, inside, to @dst, or NULL. */
const struct napt_mapping *napt_find(const struct napt_table *t, struct inet_ep src,
				     struct inet_ep dst);
/* The mapping with that outside endpoint, or NULL. */
const struct napt_mapping *napt_find_back(const struct napt_table *t, struct inet_ep outside);

struct napt_tables; /* of all NAPTs of a scenario */

/* @seed: of the run. Belongs to @a, as do the tables. */
struct napt_tables *napt_tables_new(struct arena *a, const struct scenario *s, uint64_t seed);
/* The table of NAPT @node, drawn when it is first asked for. */
const struct napt_table *napt_table(struct napt_tables *t, unsigned node);

/* How many mappings each node has at most; more than NAPT_MAP_MAX: too many. */
const size_t *napt_map_sizes(struct arena *a, const struct scenario *s);

#endif
