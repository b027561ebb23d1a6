/* SPDX-License-Identifier: MIT */
/*
 * node.h - the sans-I/O contract of every protocol core.
 *
 * Into a core go: datagrams with their addresses, the time, a generator of random bytes. Out
 * come: datagrams, a deadline, events. A core has no socket, no clock, no thread and no global.
 * So the same core runs in a namespace, in the simulator, under a fuzzer and against a stranger.
 *
 * The order of calls: x_start() once, then any mixture of x_input() and x_timer(), each with a
 * `now` that never goes back. After each call the caller asks x_deadline(); when that time has
 * come it calls x_timer(), which must either move the deadline on or clear it (USEC_NEVER).
 * Out-going datagrams and events are handed over during the call, through node_env; the callee
 * copies what it wants to keep, and does not call back into the core.
 */
#ifndef NATDLAB_NODES_BASE_NODE_H
#define NATDLAB_NODES_BASE_NODE_H

#include "lab/base/inet.h"
#include "nodes/base/event.h"

struct rng; /* nodes/crypto/crypto.h */

enum via {
	VIA_UDP, /* a UDP datagram; ports in local and remote */
	VIA_ESP, /* the payload of a bare IP packet of protocol 50; ports are 0 */
};

struct datagram {
	enum via via;
	struct inet_ep local, remote; /* as this node sees them, both directions */
	const uint8_t *data;
	size_t len;
};

/* Large enough for every datagram that a core sends or wants to receive. */
#define DATAGRAM_MAX 65536

struct node_env {
	struct rng *rng;
	/* Sends a datagram. Borrowed for the call. */
	void (*send)(void *ctx, const struct datagram *d);
	/* The time and place are filled in by the callee. */
	void (*event)(void *ctx, const struct event *e);
	void *ctx;
};

/* EV_DROP of @len bytes that came from @from. */
static inline void node_drop(const struct node_env *env, struct inet_ep from, enum drop why,
			     size_t len)
{
	struct event e = ev_drop(from, why, len);

	env->event(env->ctx, &e);
}

#endif
