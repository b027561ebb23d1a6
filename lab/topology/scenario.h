/* SPDX-License-Identifier: MIT */
/*
 * scenario.h - a topology with every axis of its matrix fixed. Immutable. Pure.
 */
#ifndef NATDLAB_TOPOLOGY_SCENARIO_H
#define NATDLAB_TOPOLOGY_SCENARIO_H

#include "lab/topology/topology.h"

/* One axis' value in this scenario. */
struct axis_value {
	const char *axis;        /* "server.mode" or "client" */
	const char *value;       /* "softether-4" or "registry-0" */
	size_t number;           /* of the value among those of the axis */
};

/* What an expectation can claim of a connection, in the order in which it is judged. */
enum claim {
	CLAIM_OUTCOME,	     /* enum outcome */
	CLAIM_REASON,	     /* enum reason */
	CLAIM_SERVER_HASH,   /* enum hash_class */
	CLAIM_PEER_HASH,     /* the same */
	CLAIM_REACHED,	     /* enum reached: so far at least */
	CLAIM_ENCAPSULATION, /* enum encapsulation */
	CLAIM_ERROR,	     /* the number that the user sees; 0: none */
	CLAIM_FLOATED,	     /* 0, 1 */
	CLAIM_ALIVE,	     /* 0, 1 */
	CLAIMS,
};

/* One entry of `expect:` that applies to this scenario. */
struct expectation {
	int line;                /* in the file */
	int client;		 /* node index; -1: it is claimed of every client */
	int want[CLAIMS];	 /* a value of the claim's enumeration, a number, 0 or 1; -1: not
				  * claimed */
};

struct scenario {
	const char *id;          /* "softether-4/registry-0"; "-" without a matrix */
	const struct topology *topology; /* as loaded, or with other routes if `reshaped` */
	bool reshaped;           /* `nat: false` made a router of a NAT */
	const char *topology_name;
	struct axis_value *axes;
	size_t n_axes;
	struct node *nodes;
	size_t n_nodes;
	struct link *links;
	size_t n_links;
	struct iface *ifaces;
	size_t n_ifaces;
	struct expectation *expects;
	size_t n_expects;
};

size_t scenario_count(const struct topology *t);
/* Number @i, 0 .. count-1, in the order of the axes (the last runs fastest). Cannot fail: all
 * was checked when the file was loaded. */
struct scenario *scenario_new(struct arena *a, const struct topology *t, size_t i);
/* The id alone, without building it. */
const char *scenario_id(struct arena *a, const struct topology *t, size_t i);

/* Judges the network of a scenario that is reshaped: a NAT that is none any more may have opened a
 * way past another. False: a mistake was noted. */
bool scenario_check_shape(struct arena *a, const struct scenario *s, struct mistakes *m);

#endif
