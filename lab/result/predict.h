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

#include "lab/topology/topology.h"
#include "nodes/modes/mode.h"
#include "nodes/wire/natd.h"

struct walk {
	bool arrives;            /* a datagram from client to the dialled address, port 500 */
	unsigned server;         /* node index */
	struct inet_ep client_own, client_seen; /* before and after the NATs on the way */
	struct inet_ep server_dialled, server_own;
	const char *stopped_at;  /* node that drops it, when it does not arrive */
	bool by_policy;          /* by a security group, not for want of a way */
	char why[200];           /* "igw drops it: it maps only 203.0.113.10" */
};

struct prediction {
	struct walk walk;
	bool natt;                       /* both sides do NAT-T */
	struct natd_seen client_sees, server_sees;
	bool floated;
	bool parrots;                    /* the server copies the client's own hash */
	const char *outcome;             /* "connected", "blocked", "failed" */
	const char *reason;              /* "none", "server-behind-nat", "both-behind-nat", ... */
	int error;                       /* 0, 789 or 809; 0 for clients without such numbers */
};

/* The way of a first datagram from @client, UDP port @port to the same port of what it dials, and
 * of the answer. @seed: of the run, for the ports that a NAPT draws. */
void predict_walk(const struct scenario *s, const struct node *client, uint16_t port,
		  uint64_t seed, struct walk *out);

/* The server that @client's `dials` leads to; NULL when it leads nowhere. */
const struct node *predict_server(const struct scenario *s, const struct node *client);

/* The way through a usual home router, a usual Elastic IP, both or none: walks without a topology,
 * for what can be said of modes alone. */
void predict_usual_walk(bool napt, bool eip, struct walk *out);

/* What two modes make of addresses: @p->walk is there, the rest is filled in, as if the keys were
 * the same and no security group stood between them. @registry: -1 for an absent value. */
void predict_modes(const struct client_mode *client, int registry,
		   const struct server_mode *server, struct prediction *p);

/* @client: a node of kind client that dials. The ports in it are those of seed 1; nothing else in
 * it depends on the seed. */
void predict(const struct scenario *s, const struct node *client, struct prediction *out);

#endif
