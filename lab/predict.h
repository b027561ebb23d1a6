/* SPDX-License-Identifier: MIT */
/*
 * predict.h - what must come out, by walking a datagram through the topology's NATs on paper.
 *
 * Pure, and independent of everything that the lab does: no packet is looked at. `run` compares
 * it with what the wire showed; a difference between the two is the lab's own error and is
 * called so.
 */
#ifndef NATDLAB_PREDICT_H
#define NATDLAB_PREDICT_H

#include "lab/topology.h"
#include "nodes/natd.h"

struct walk {
	bool arrives;            /* a datagram from client to the dialled address, port 500 */
	unsigned server;         /* node index */
	struct inet_ep client_own, client_seen; /* before and after the NATs on the way */
	struct inet_ep server_dialled, server_own;
	const char *stopped_at;  /* node that drops it, when it does not arrive */
};

struct prediction {
	struct walk walk;
	bool natt;                       /* both sides do NAT-T */
	struct natd_seen client_sees, server_sees;
	bool floated;
	bool parrots;                    /* the server copies the client's own hash */
	const char *outcome;             /* "connected", "blocked", "failed" */
	const char *reason;              /* "none", "server-behind-nat", "both-behind-nat", ... */
	int error;                       /* 0 or 809 */
};

/* @client: a node of kind client that dials. */
void predict(const struct scenario *s, const struct node *client, struct prediction *out);

#endif
