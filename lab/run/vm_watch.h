/* SPDX-License-Identifier: MIT */
/*
 * vm_watch.h - the virtual machines of a lab: waited for, watched, judged. See vm.h.
 *
 * They live in real time, so a scenario with one of them does. The lab calls vm_watch_new() when
 * the network stands, vm_watch_frame() for each frame, vm_watch_poll() each time round until
 * vm_watch_decided(), and vm_watch_end() when it must end before.
 */
#ifndef NATDLAB_RUN_VM_WATCH_H
#define NATDLAB_RUN_VM_WATCH_H

#include "lab/net/net.h"
#include "lab/net/path.h"

struct guests_config {
	const struct scenario *s;
	const struct net_ops *ops;
	struct net *net;
	const struct watch *watch;
	struct paths *paths;
	bool tell; /* QEMU's line and the rest, not only that the lab waits */
	/* What a machine that is a client has come to. */
	void (*event)(void *ctx, const struct node *n, const struct event *e);
	void *ctx;
};

struct vm_watch;

/* Tells on standard error what is waited for. NULL: the scenario has no machine. */
struct vm_watch *vm_watch_new(struct arena *a, const struct guests_config *cfg);
/* A frame on a link. */
void vm_watch_frame(struct vm_watch *g, unsigned link, const uint8_t *data, size_t len);
void vm_watch_poll(struct vm_watch *g, usec now);
/* Are all machines that are clients judged? */
bool vm_watch_decided(const struct vm_watch *g);
/* No more frames will come: the present state of those that are not judged is their last. */
void vm_watch_end(struct vm_watch *g, usec now);

/* What is missing for a judgement of that node, or of who dials it, in words; NULL where no
 * machine is the reason. */
const char *vm_watch_lack(const struct vm_watch *g, unsigned node);

/* Of a node that clients of ours dial. A node that is no machine is always there. */
bool vm_watch_is_there(const struct vm_watch *g, unsigned node);     /* it uses its address */
bool vm_watch_has_answered(const struct vm_watch *g, unsigned node); /* by IKE */

#endif
