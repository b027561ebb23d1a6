/* SPDX-License-Identifier: MIT */
/*
 * ground_priv.h - what the files of the ground tell each other, and nobody else.
 *
 * Theory of operation. A lab process has one network namespace of its own, which stays empty, and
 * one per node, which exist as descriptors only. A thread stands in one of them at a time; whoever
 * needs another enters it, does one thing, and goes back. Sockets remember where they were made,
 * so nothing but set-up and questions to the kernel ever enters.
 */
#ifndef NATDLAB_GROUND_PRIV_H
#define NATDLAB_GROUND_PRIV_H

#include "lab/os/conntrack.h"
#include "lab/os/netns_build.h"

struct taps;        /* capture.c */
struct relay;       /* relay.c: the lab's end of half a link */
struct port;        /* port.c: where a virtual machine is plugged in */
struct link_door;   /* link.c: a route netlink socket in one namespace */

/* What the taps counted on one interface: frames. */
struct flow {
	uint64_t sent, received;
	uint64_t relayed;    /* frames from here that a relay took off a link with faults ... */
	uint64_t injected;   /* ... and put onto its other half */
};

/* Two counts that come to balance: ground_account.c. */
struct balance {
	int64_t forgiven;    /* the difference that stands for nothing on its way */
	int64_t last;        /* the difference when last asked ... */
	usec since;          /* ... and since when, CLOCK_MONOTONIC */
};

/* How old a node's tracked connections are: conntrack.c. */
struct ct_age {
	usec owed;           /* jumps by which they were not cut yet */
	usec soonest;        /* what the first of them to end had left when they last were */
	uint64_t packets;    /* that had passed the node then */
	size_t n;            /* entries then */
};

struct ground_node {
	int ns;              /* descriptor of the namespace */
	bool forwards;       /* a STEP_FORWARD was applied */
	struct conntrack *ct;   /* of a node to which a STEP_NFT was applied; NULL: no rules */
	struct ct_age age;
	uint64_t ip_in, ip_out; /* IPv4 packets that the taps counted */
	struct balance balance;
	int mib[2];          /* /proc/net/snmp and netstat in there, opened when first asked; -1 */
};

/* Interfaces or nodes whose counts have moved since they were last in balance: the few that
 * somebody has to look at. */
struct moved {
	unsigned *v;
	size_t n;
	bool *in;            /* is it in v? */
};

struct ground {
	struct arena *arena;
	const struct scenario *s;
	int lab_ns;
	int stamps;          /* a socket that keeps the kernel stamping frames */
	struct ground_node *node; /* of s->n_nodes */
	struct taps *taps;   /* NULL until opened */
	struct flow *flow;         /* of s->n_ifaces */
	struct balance *balance;   /* of s->n_ifaces: frames from each */
	struct moved moved_ifaces, moved_nodes;
	size_t lost;               /* frames that taps dropped */
	struct relay *relay;       /* relay.c; of n_relays */
	size_t n_relays;
	struct port *port;         /* port.c; of n_ports */
	size_t n_ports, next_port;
	int ports_epoll;           /* -1: there are none */
};

/* ---- space.c ---- */

/* Puts this thread into a fresh network namespace. */
int space_unshare_net(struct err *e) MUST_CHECK;
/* The namespace in which a socket was made, as a new descriptor, or -1. */
int space_of_socket(int fd, struct err *e) MUST_CHECK;

/* ---- link.c: in the present namespace ---- */

struct link_door *link_open(struct err *e) MUST_CHECK;
void link_close(struct link_door *d);
int link_fd(const struct link_door *d);
int link_loopback_up(struct link_door *d, struct err *e) MUST_CHECK;
/* A veth pair, @a here and @b in @b_ns, both down and quiet on their way to be so: see
 * link_quiet(). */
int link_veth(struct link_door *d, const struct iface *a, const struct iface *b, int b_ns,
	      struct err *e) MUST_CHECK;
/* No address made up by IPv6, no forwarding inherited from the host, whole checksums. */
int link_quiet(struct link_door *d, const struct iface *i, struct err *e) MUST_CHECK;
int link_addr(struct link_door *d, const struct iface *i, struct err *e) MUST_CHECK;
int link_up(struct link_door *d, const struct iface *i, struct err *e) MUST_CHECK;
int link_forward(struct link_door *d, const struct iface *i, struct err *e) MUST_CHECK;
/* @to, at the other end of @i, has its MAC address, for ever. */
int link_neigh(struct link_door *d, const struct iface *i, const struct iface *to,
	       struct err *e) MUST_CHECK;
int link_route(struct link_door *d, const struct route *r, uint32_t ifindex,
	       struct err *e) MUST_CHECK;
/* Waits until the interface carries packets (operstate UP): a frame sent before is lost. */
int link_wait_up(struct link_door *d, const struct iface *i, struct err *e) MUST_CHECK;

/* ---- filter.c: in the present namespace ---- */

int filter_load(const char *ruleset, struct err *e) MUST_CHECK;
/* The same in a node. */
int ground_run_nft(struct ground *g, unsigned node, const char *commands, struct err *e) MUST_CHECK;
/* Packets counted by the named counters `dropped` of all tables here. */
int filter_dropped(uint64_t *packets, struct err *e) MUST_CHECK;

/* ---- ground_account.c ---- */

void account_prepare(struct ground *g);
/* One more: frames that an interface sent, received; that from it a relay took, and put back;
 * IPv4 packets that went into a node, came out. */
void account_sent(struct ground *g, unsigned iface);
void account_received(struct ground *g, unsigned iface);
void account_relayed(struct ground *g, unsigned iface);
void account_injected(struct ground *g, unsigned iface);
void account_in(struct ground *g, unsigned node);
void account_out(struct ground *g, unsigned node);

/* ---- capture.c ---- */

/* Frames that were taken from the sockets and not handed over yet. */
size_t taps_kept(const struct ground *g);
void taps_free(struct ground *g);

/* ---- relay.c ---- */

/* Room for the relays of every link with faults. */
void relays_prepare(struct ground *g);
/* Makes both halves of a link with faults, nodes' ends quiet, lab's ends up. @door: of both nodes;
 * @lab: of the lab's namespace. */
int relay_build(struct ground *g, unsigned link, struct link_door *const *door,
		struct link_door *lab, struct err *e) MUST_CHECK;
/* Opens the relays' sockets when all links are up: in the lab's namespace. */
int relays_open(struct ground *g, struct link_door *lab, struct err *e) MUST_CHECK;
void relays_close(struct ground *g);

/* ---- port.c ---- */

/* The sockets for QEMU, one for each virtual machine. */
int ports_open(struct ground *g, struct err *e) MUST_CHECK;
/* Closes and removes them. */
void ports_close(struct ground *g);

#endif
