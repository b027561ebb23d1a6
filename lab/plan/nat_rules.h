/* SPDX-License-Identifier: MIT */
/*
 * nat_rules.h - what a node does to packets, as a list of rules: the one description of NATs and
 * security groups. Pure.
 *
 * A list is made from a node of a scenario. The text that the kernel loads is printed from it
 * (nft_ruleset.c), the simulator interprets it (lab/net/nat_state.h), and the lab may give a node
 * another list during a run (net_ops.rules). So a rule means what it means in nftables: hooks are
 * passed in their order, the rules of a hook are tried in the order of the list, translations are
 * decided by a connection's first packet alone. Which free port MASQUERADE takes is the one thing
 * left to whoever does it, where the packet's own is taken, out of the range or to be drawn: the
 * kernel draws it anew in each run, the simulator makes it from the endpoints. (The mapped UDP
 * ports are given by NAT_UDP_PORTS, and alike in both.)
 */
#ifndef NATDLAB_PLAN_NAT_RULES_H
#define NATDLAB_PLAN_NAT_RULES_H

#include "lab/base/err.h"
#include "lab/plan/napt_ports.h"

/* Where a packet meets rules. */
enum nat_hook {
	NAT_PREROUTING,	 /* translation of the destination */
	NAT_POSTROUTING, /* translation of the source */
	NAT_OUTPUT,	 /* filter of what the node itself sends */
	NAT_INPUT,	 /* ... of what is for the node itself */
	NAT_FORWARD,	 /* ... of what goes through it */
	NAT_TO_MACHINE,	 /* ... of what goes out to a virtual machine, translated */
	NAT_HOOKS,
};

enum nat_side { NAT_ANY_SIDE, NAT_OUTSIDE, NAT_NOT_OUTSIDE, NAT_LOOPBACK };

/* Of a packet's connection. Established: it was answered, or belongs to one that was. */
enum nat_ct { NAT_ANY_CT, NAT_NEW, NAT_ESTABLISHED, NAT_INVALID };

/* What a rule looks up. */
enum nat_set {
	NAT_NO_SET,
	NAT_UDP_PORTS,	/* inside endpoint, as far as `mapping` asks its destination -> outside */
	NAT_UDP_OWNERS, /* the same backwards */
	NAT_OPEN,	/* who has sent, as far as `filtering` asks to whom; forgets by time */
	NAT_TO_INSIDE,	/* Elastic IPs: outside address -> inside */
	NAT_TO_OUTSIDE, /* inside -> outside */
	NAT_MAPPED,	/* inside addresses that have an outside one */
	NAT_SETS,
};

enum nat_action {
	NAT_ACCEPT,	/* and no more rules of this hook */
	NAT_DROP,	/* and count it */
	NAT_TIME_OUT,	/* the connection lives `timeout` without traffic; go on */
	NAT_REMEMBER,	/* put the sender into NAT_OPEN, for `timeout`; go on */
	NAT_DNAT,	/* the destination becomes `to` (port 0: its own), or what `map` says; if
			   that says nothing, go on */
	NAT_SNAT,	/* the same with the source */
	NAT_MASQUERADE, /* the source becomes the outside address, at a free port */
};

#define NAT_PROTO_TCP_UDP 255 /* either */

struct nat_rule {
	enum nat_hook hook;
	/* It holds for packets of which all this is true; zero asks nothing. */
	enum nat_side in, out;
	enum nat_ct ct;
	bool translated;	/* the connection's destination was */
	uint8_t proto;
	struct inet_addr src, dst;
	uint16_t sport;
	uint16_t dport, dport_hi; /* from, to */
	enum nat_set known;	/* NAT_OPEN knows the way back, NAT_MAPPED the source */
	/* What becomes of them. */
	enum nat_action action;
	enum nat_set map;	/* of DNAT and SNAT; NAT_NO_SET: `to` */
	struct inet_ep to;
	uint16_t port_lo, port_hi; /* of MASQUERADE; 0: the same port if it is free */
	bool random;		/* of MASQUERADE: at a random port */
	const char *remark;	/* above it in nft text; NULL none */
};

struct nat_rules {
	const char *table;	 /* the name of the filters' table */
	const char *head;	 /* remarks above all; ends with a newline */
	const char *remark[NAT_HOOKS];
	unsigned outside;	 /* NAT_OUTSIDE: an interface of the scenario ... */
	const char *outside_name; /* ... and its name; NULL: there is none */
	const struct inet_addr *addrs; /* outside addresses of a NAT */
	size_t n_addrs;
	enum napt_depends mapping, filtering; /* what keys NAT_UDP_PORTS and NAT_OPEN */
	const struct napt_table *ports; /* NAT_UDP_PORTS; NULL: no NAPT */
	const struct eip_map *map;	 /* NAT_TO_INSIDE, NAT_TO_OUTSIDE */
	size_t n_map;
	usec timeout;		 /* of UDP connections and of NAT_OPEN; 0: none is tracked here */
	const char *timeout_source; /* of the timeout, for remarks; "" none */
	struct nat_rule *v;
	size_t n;
	const struct nat_rules *next; /* of the same node: the group before a machine behind it */
};

/* The rules of a node, or NULL when it needs none. @tables: of the run's seed. Belongs to @a. */
const struct nat_rules *nat_rules_new(struct arena *a, const struct scenario *s, unsigned node,
				      struct napt_tables *tables);
/* May a node have @r after @old? Tracked connections keep the timeout with which they began, and
 * the kernel knows one for each node: so another one is possible only if they are forgotten.
 * False: @e says so. */
bool nat_rules_can_follow(const struct nat_rules *old, const struct nat_rules *r, bool forget,
			  struct err *e);
/* Is the set looked up or filled by any rule? */
bool nat_rules_use(const struct nat_rules *r, enum nat_set set);

#endif
