/* SPDX-License-Identifier: MIT */
/*
 * plan.h - the ordered steps that build a scenario, each of which a person could type.
 *
 * Pure. The backends apply a plan; plan_script() (plan_script.h) prints it as a shell script that
 * builds the same network by hand.
 */
#ifndef NATDLAB_PLAN_PLAN_H
#define NATDLAB_PLAN_PLAN_H

#include "lab/plan/nat_rules.h"

enum step_kind {
	STEP_SPACE,   /* a network namespace for a node, loopback up */
	STEP_LINK,    /* a veth pair, both ends placed, MACs, indexes, one queue, no IPv6 chatter */
	STEP_ADDR,    /* an address on an interface */
	STEP_UP,      /* an interface up */
	STEP_NEIGH,   /* a permanent neighbour entry for another end of a link */
	STEP_FORWARD, /* the node forwards IPv4 */
	STEP_ROUTE,
	STEP_NFT,     /* a ruleset, before any packet can flow */
};

struct step {
	enum step_kind kind;
	unsigned node;         /* the node concerned; of STEP_LINK the first end's */
	unsigned iface;        /* ADDR, UP, NEIGH: which; LINK: the first end */
	unsigned neighbour;    /* NEIGH: whose address and MAC, an interface on the same link */
	unsigned link;         /* LINK */
	const struct route *route;
	const char *nft;       /* NFT: the ruleset text */
};

struct plan {
	const struct scenario *s;
	uint64_t seed;
	struct napt_tables *ports;
	const struct nat_rules **rules; /* of each node; NULL: none */
	struct step *steps;
	size_t n_steps;
};

/* @seed: of the run, for the ports that a NAPT draws. */
struct plan *plan_new(struct arena *a, const struct scenario *s, uint64_t seed);

#endif
