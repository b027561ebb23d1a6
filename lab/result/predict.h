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

#include "lab/topology/scenario.h"
#include "nodes/modes/agreement.h"

struct walk {
	bool arrives;            /* a datagram from client to the dialled address, port 500 */
	unsigned server;         /* node index */
	struct four_ends ends;   /* on arrival all four, else what is known of the client */
	const char *stopped_at;  /* node that drops it, when it does not arrive */
	bool by_policy;          /* by a security group, not for want of a way */
	char why[200];           /* "igw drops it: it maps only 203.0.113.10" */
};

struct prediction {
	struct walk walk;
	struct agreement agreed; /* of the two modes, and what else stands in the way */
};

/* The way of a first datagram from @client, UDP port @port to the same port of what it dials, and
 * of the answer. @seed: of the run, for the ports that a NAPT draws. */
void predict_walk(const struct scenario *s, const struct node *client, uint16_t port,
		  uint64_t seed, struct walk *out);

/* The server that @client's `dials` leads to; NULL when it leads nowhere. */
const struct node *predict_server(const struct scenario *s, const struct node *client);

/* @client: a node of kind client that dials. The ports in it are those of seed 1; nothing else in
 * it depends on the seed. */
void predict(const struct scenario *s, const struct node *client, struct prediction *out);

#endif
