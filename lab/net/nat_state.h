/* SPDX-License-Identifier: MIT */
/*
 * nat_state.h - a node's rules interpreted: connection tracking, translation and filters as Linux
 * does them, in memory. Pure.
 *
 * An entry is made by the first packet of a connection that gets through, knows both directions,
 * and lives as long as it is used. Translations are decided when it is made. Time passes only by
 * nat_state_age(). No ICMP, so nothing is "related", and nothing is invalid.
 */
#ifndef NATDLAB_NET_NAT_STATE_H
#define NATDLAB_NET_NAT_STATE_H

#include <stdio.h>

#include "lab/plan/nat_rules.h"

/* A packet at a node. Ports are 0 unless it is UDP. */
struct nat_packet {
	uint8_t proto;
	struct inet_ep src, dst;
	int in, out; /* interfaces of the scenario; -1: from the node itself, to it */
};

/* What was found out about a packet on its way through a node. */
struct nat_passage {
	struct nat_packet first; /* as it came */
	struct nat_track *track; /* its connection; NULL: it is the first packet of one */
	bool reply, established, translated;
};

struct nat_state;

/* @rules: NULL: nothing is tracked or filtered. Belongs to @a. */
struct nat_state *nat_state_new(struct arena *a, const struct nat_rules *rules);
/* Other rules from now on. @forget: all connections, and who was let in. -1: they cannot follow
 * the old ones (nat_rules_can_follow()). */
int nat_state_replace(struct nat_state *n, const struct nat_rules *rules, bool forget,
		      struct err *e);

/* The three stages of a packet, in this order. It has come (p->in): its destination is
 * translated. */
void nat_state_arrive(struct nat_state *n, struct nat_packet *p, struct nat_passage *way);
/* It was routed (p->out): false when a filter drops it. */
bool nat_state_filter(struct nat_state *n, const struct nat_packet *p, struct nat_passage *way);
/* It goes on or is delivered: its source is translated, and its connection is known. False: it is
 * dropped, because a NAT has no port left for it. */
bool nat_state_leave(struct nat_state *n, struct nat_packet *p, struct nat_passage *way);

/* @d has passed on the lab's clock: ends the connections whose time is over. */
void nat_state_age(struct nat_state *n, usec d);
/* Tracked connections, a line each, in the order in which they began. */
void nat_state_print(const struct nat_state *n, FILE *f);

#endif
