/* SPDX-License-Identifier: MIT */
/*
 * netns_priv.h - what the files of the ground tell each other, and nobody else.
 *
 * Theory of operation. A lab process has one network namespace of its own, which stays empty, and
 * one per node, which exist as descriptors only. A thread stands in one of them at a time; whoever
 * needs another enters it, does one thing, and goes back. Sockets remember where they were made,
 * so nothing but set-up and questions to the kernel ever enters.
 */
#ifndef NATDLAB_OS_OS_PRIV_H
#define NATDLAB_OS_OS_PRIV_H

#include "lab/os/conntrack.h"
#include "lab/os/netns_build.h"

struct taps;        /* taps.c */
struct relay;       /* relay.c: the lab's end of half a link */
struct qemu_socket; /* qemu_socket.c: where a virtual machine is plugged in */
struct rtnl;	    /* rtnetlink.c: a route netlink socket in one namespace */

/* What the taps counted on one interface: frames. */
struct flow {
	uint64_t sent, received;
	uint64_t relayed;    /* frames from here that a relay took off a link with faults ... */
	uint64_t injected;   /* ... and put onto its other half */
};

/* Two counts that come to balance: netns_account.c. */
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

struct netns_node {
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

struct netns {
	struct arena *arena;
	const struct scenario *s;
	int lab_ns;
	int stamps;          /* a socket that keeps the kernel stamping frames */
	struct netns_node *node; /* of s->n_nodes */
	struct taps *taps;   /* NULL until opened */
	struct flow *flow;         /* of s->n_ifaces */
	struct balance *balance;   /* of s->n_ifaces: frames from each */
	struct moved moved_ifaces, moved_nodes;
	size_t lost;               /* frames that taps dropped */
	struct relay *relay;       /* relay.c; of n_relays */
	size_t n_relays;
	struct qemu_socket *port; /* qemu_socket.c; of n_ports */
	size_t n_ports, next_port;
	int ports_epoll;           /* -1: there are none */
};

/* ---- namespaces.c ---- */

/* Puts this thread into a fresh network namespace. */
int namespaces_unshare_net(struct err *e) MUST_CHECK;
/* The namespace in which a socket was made, as a new descriptor, or -1. */
int namespaces_of_socket(int fd, struct err *e) MUST_CHECK;

/* ---- rtnetlink.c: in the present namespace ---- */

struct rtnl *rtnl_open(struct err *e) MUST_CHECK;
void rtnl_close(struct rtnl *d);
int rtnl_fd(const struct rtnl *d);
int rtnl_loopback_up(struct rtnl *d, struct err *e) MUST_CHECK;
/* A veth pair, @a here and @b in @b_ns, both down and quiet on their way to be so: see
 * rtnl_quiet(). */
int rtnl_veth(struct rtnl *d, const struct iface *a, const struct iface *b, int b_ns,
	      struct err *e) MUST_CHECK;
/* No address made up by IPv6, no forwarding inherited from the host, whole checksums. */
int rtnl_quiet(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;
int rtnl_addr(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;
int rtnl_up(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;
int rtnl_forward(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;
/* @to, at the other end of @i, has its MAC address, for ever. */
int rtnl_neigh(struct rtnl *d, const struct iface *i, const struct iface *to,
	       struct err *e) MUST_CHECK;
int rtnl_route(struct rtnl *d, const struct route *r, uint32_t ifindex, struct err *e) MUST_CHECK;
/* Waits until the interface carries packets (operstate UP): a frame sent before is lost. */
int rtnl_wait_up(struct rtnl *d, const struct iface *i, struct err *e) MUST_CHECK;

/* ---- nft.c: in the present namespace ---- */

int nft_load(const char *ruleset, struct err *e) MUST_CHECK;
/* The same in a node. */
int netns_run_nft(struct netns *g, unsigned node, const char *commands, struct err *e) MUST_CHECK;
/* Packets counted by the named counters `dropped` of all tables here. */
int nft_dropped(uint64_t *packets, struct err *e) MUST_CHECK;

/* ---- netns_account.c ---- */

void in_flight_prepare(struct netns *g);
/* One more: frames that an interface sent, received; that from it a relay took, and put back;
 * IPv4 packets that went into a node, came out. */
void in_flight_sent(struct netns *g, unsigned iface);
void in_flight_received(struct netns *g, unsigned iface);
void in_flight_relayed(struct netns *g, unsigned iface);
void in_flight_injected(struct netns *g, unsigned iface);
void in_flight_in(struct netns *g, unsigned node);
void in_flight_out(struct netns *g, unsigned node);

/* ---- taps.c ---- */

/* Frames that were taken from the sockets and not handed over yet. */
size_t taps_kept(const struct netns *g);
void taps_free(struct netns *g);

/* ---- relay.c ---- */

/* Room for the relays of every link with faults. */
void relays_prepare(struct netns *g);
/* Makes both halves of a link with faults, nodes' ends quiet, lab's ends up. @door: of both nodes;
 * @lab: of the lab's namespace. */
int relay_build(struct netns *g, unsigned link, struct rtnl *const *door, struct rtnl *lab,
		struct err *e) MUST_CHECK;
/* Opens the relays' sockets when all links are up: in the lab's namespace. */
int relays_open(struct netns *g, struct rtnl *lab, struct err *e) MUST_CHECK;
void relays_close(struct netns *g);

/* ---- qemu_socket.c ---- */

/* The sockets for QEMU, one for each virtual machine. */
int qemu_sockets_open(struct netns *g, struct err *e) MUST_CHECK;
/* Closes and removes them. */
void qemu_sockets_close(struct netns *g);

#endif
