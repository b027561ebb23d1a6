/* SPDX-License-Identifier: MIT */
/*
 * net.h - the one interface to a network, whatever it is made of.
 *
 * The lab (lab.c) drives nodes over a `struct net` and cannot tell what stands behind it: a
 * backend is a row of functions. `netns` (net_kernel.c) builds the plan in network namespaces.
 * Whatever a backend is, it takes a plan, carries datagrams between nodes through the plan's NATs
 * and filters, and shows every frame on every link in the order in which it happened.
 */
#ifndef NATDLAB_NET_NET_H
#define NATDLAB_NET_NET_H

#include <stdio.h>

#include "lab/base/err.h"
#include "lab/plan/plan.h"
#include "nodes/base/node.h"

struct net;

/* A frame as it went onto a link. */
struct net_frame {
	unsigned link;       /* index in the scenario */
	const uint8_t *data; /* Ethernet; valid during the call */
	size_t len;
};

/* What is at a machine's socket. */
enum vm_plug {
	VM_ABSENT,    /* nothing was plugged in yet */
	VM_PLUGGED,
	VM_UNPLUGGED, /* it was there and has closed */
	VM_HUNG_UP,   /* it said what no QEMU says, and the lab has closed */
};

struct net_ops {
	const char *name;
	bool namespaces; /* wants a process of namespaces_start(), not a plain one */
	/* Why this backend cannot run a scenario, which is then SKIPPED; NULL when it can. */
	const char *(*refuses)(const struct scenario *s);
	/* Builds a plan. NULL and @e on failure. */
	struct net *(*build)(struct arena *a, const struct plan *p, struct err *e);
	void (*free)(struct net *n);
	/*
	 * Before any node is open, the lab asks its own NATs how they behave (nat_check.h):
	 * endpoint_open() makes a UDP endpoint of any node, numbered from 0, or is -1; say() sends
	 * a datagram from one of them and returns at which one it arrived, -1: at none, and in
	 * *@seen from where it seemed to come; endpoints_close() closes all and forgets their
	 * frames.
	 */
	int (*endpoint_open)(struct net *n, unsigned node, struct inet_ep own, struct err *e);
	int (*say)(struct net *n, int from, struct inet_ep to, struct inet_ep *seen);
	void (*endpoints_close)(struct net *n);
	/* Makes a node able to speak from @own: UDP 500, UDP 4500, IP protocol 50. */
	int (*open)(struct net *n, unsigned node, struct inet_addr own, struct err *e);
	/* The lab's clock, for frames that a link holds back: told before anything is sent. */
	void (*clock)(struct net *n, usec now);
	/* When the first of those is due, and lets go of what is due now. */
	usec (*deadline)(struct net *n);
	void (*release)(struct net *n);
	/* False when the network would not take it: the same as lost on the way. */
	bool (*send)(struct net *n, unsigned node, const struct datagram *d);
	/* The nodes for which datagrams wait, in ascending order, into @v, which has room for
	 * all; how many. */
	size_t (*ready)(struct net *n, unsigned *v);
	/* The next datagram that waits for a node, those to UDP 500 first, then UDP 4500; false
	 * when there is none. */
	bool (*recv)(struct net *n, unsigned node, struct datagram *d, uint8_t *buf, size_t size);
	/* Hands over the frames that were seen since the last call. */
	void (*frames)(struct net *n, void (*frame)(void *ctx, const struct net_frame *f),
		       void *ctx);
	/* Is nothing on its way any more? Call after frames(). */
	bool (*quiet)(struct net *n);
	/* Waits up to @timeout of real time for a datagram or a frame. */
	void (*wait)(struct net *n, usec timeout);
	/* The clock is about to jump by @d: mappings and tracked connections grow older by it. */
	int (*age)(struct net *n, usec d, struct err *e);
	/* Frames that went unseen. */
	size_t (*lost)(struct net *n);
	/* This thread stands in a node's namespace from now on, or (-1) in the lab's again: where
	 * programs are started. Backends without namespaces refuse scenarios that want it. */
	int (*enter)(struct net *n, int node, struct err *e);
	/* What is plugged in where a node is a virtual machine; one change a call. */
	enum vm_plug (*plug)(struct net *n, unsigned node);
	/*
	 * Other rules for a node from now on, between two packets; NULL: none. @forget: tracked
	 * connections, and whom the filter lets in, are forgotten, else they live on as they are.
	 * -1: nat_rules_can_follow() says no, or the node has nft text of its own (e->kind is
	 * ERR_FAILED): then nothing has changed. Or the kernel refuses something (ERR_MACHINE):
	 * then the rules may be the old ones, or the new ones with a part of their maps or of what
	 * was to be forgotten, and nothing but free() may be asked of the network. @rules lives as
	 * long as the network.
	 */
	int (*rules)(struct net *n, unsigned node, const struct nat_rules *rules, bool forget,
		     struct err *e);
	/* A node's ruleset and tracked connections as text. */
	int (*ruleset)(struct net *n, unsigned node, FILE *f, struct err *e);
	int (*conntrack)(struct net *n, unsigned node, FILE *f, struct err *e);
};

#endif
