/* SPDX-License-Identifier: MIT */
/*
 * guests.h - the virtual machines of a lab: waited for, watched, judged (floor 4). See vm.h.
 *
 * They live in real time, so a scenario with one of them does. The lab calls guests_new() when the
 * network stands, guests_frame() for each frame, guests_poll() each time round until
 * guests_decided(), and guests_end() when it must end before.
 */
#ifndef NATDLAB_GUESTS_H
#define NATDLAB_GUESTS_H

#include "lab/net/net.h"

struct guests_config {
	const struct scenario *s;
	const struct net_ops *ops;
	struct net *net;
	const struct watch *watch;
	bool tell; /* QEMU's line and the rest, not only that the lab waits */
	/* What a machine that is a client has come to. */
	void (*event)(void *ctx, const struct node *n, const struct event *e);
	void *ctx;
};

struct guests;

/* Tells on standard error what is waited for. NULL: the scenario has no machine. */
struct guests *guests_new(struct arena *a, const struct guests_config *cfg);
/* A frame on a link. */
void guests_frame(struct guests *g, unsigned link, const uint8_t *data, size_t len);
void guests_poll(struct guests *g, usec now);
/* Are all machines that are clients judged? */
bool guests_decided(const struct guests *g);
/* No more frames will come: the present state of those that are not judged is their last. */
void guests_end(struct guests *g, usec now);

/* What is missing for a judgement of that node, or of who dials it, in words; NULL where no
 * machine is the reason. */
const char *guests_lack(const struct guests *g, unsigned node);

/* Of a node that clients of ours dial. A node that is no machine is always there. */
bool guests_is_there(const struct guests *g, unsigned node); /* it uses its address */
bool guests_has_answered(const struct guests *g, unsigned node); /* by IKE */

#endif
