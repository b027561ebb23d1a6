/* SPDX-License-Identifier: MIT */
/*
 * path.h - the way of a client's first datagram through a scenario, on paper. Pure.
 *
 * It knows what a textbook knows: routes, NATs, security groups. It looks at no packet and at no
 * rule of a NAT (nat_rules.h), only at the topology, so that it can contradict the lab. What it
 * shares with the lab are the ports that a NAPT draws (napt_ports.h).
 */
#ifndef NATDLAB_NET_PATH_H
#define NATDLAB_NET_PATH_H

#include "lab/topology/scenario.h"
#include "nodes/modes/agreement.h"

struct walk {
	bool arrives;            /* a datagram from client to the dialled address, and the answer */
	unsigned server;         /* node index */
	struct four_ends ends;   /* on arrival all four, else what is known of the client */
	const char *stopped_at;  /* node that drops it, when it does not arrive */
	bool by_policy;          /* by a security group, not for want of a way */
	char why[200];           /* "igw drops it: it maps only 203.0.113.10" */
};

struct paths; /* what all walks through a scenario share: who has which address, and ports */

/* @seed: of the run, for the ports that a NAPT draws. Belongs to @a. */
struct paths *paths_new(struct arena *a, const struct scenario *s, uint64_t seed);
/* The way of a first datagram from @client, UDP port @port to the same port of what it dials, and
 * of the answer. *@out is overwritten whole. */
void path_walk(struct paths *p, const struct node *client, uint16_t port, struct walk *out);
/* The server that @client's `dials` leads to; NULL when it leads nowhere. Of no seed. */
const struct node *path_server(struct paths *p, const struct node *client);

#endif
