/* SPDX-License-Identifier: MIT */
/*
 * nat_check.h - the lab asks its own NAPTs how they behave, and does not believe their rulesets.
 *
 * A NAPT whose behaviour the file declares (mapping, filtering, hairpin, timeout) is probed before
 * any node speaks, the way a client finds out about its own NAT (RFC 5780 4): one endpoint inside,
 * two addresses with two ports outside, a dozen datagrams. What comes out must be what was
 * declared; a ruleset that does something else fails the scenario and not the lesson. Then all
 * that the NATs have learned of it is aged away, and its frames are in no capture. Pure: it
 * speaks through net.h.
 */
#ifndef NATDLAB_NET_NAT_CHECK_H
#define NATDLAB_NET_NAT_CHECK_H

#include "lab/net/net.h"

/* How a NAPT turned out to behave. */
struct nat_found {
	enum napt_depends mapping, filtering;
	bool hairpin;
	struct inet_ep mapped;     /* what the endpoint inside was seen as */
	bool as_planned;           /* and is it what the ruleset's map says? */
	bool forgets;              /* a mapping lives until its timeout, and not longer */
};

/* Probes a NAPT. 1; 0 when the network has not what that needs: a machine inside and two addresses
 * outside, next to the NAPT's own realm, without a security group before them, on good links; -1
 * on failure. */
int nat_probe(const struct net_ops *ops, struct net *net, const struct plan *p, unsigned node,
	      struct nat_found *out, struct err *e);

/* Probes every NAPT that is declared and can be. -1: one is not as declared, or failure. */
int nat_check(const struct net_ops *ops, struct net *net, const struct plan *p, struct err *e);

#endif
