/* SPDX-License-Identifier: MIT */
/*
 * agreement.h - what a client mode and a server mode agree on, and how the connection ends.
 *
 * Pure, and independent of the protocol cores: no packet is looked at, so that a prediction can
 * contradict what the lab did.
 */
#ifndef NATDLAB_NODES_MODES_AGREEMENT_H
#define NATDLAB_NODES_MODES_AGREEMENT_H

#include "nodes/modes/gate.h"
#include "nodes/wire/natd.h"

/* The four addresses of one connection, as NAT detection (RFC 3947 3.2) compares them. */
struct four_ends {
	struct inet_ep client_own, client_seen;	   /* before and after the NATs on the way */
	struct inet_ep server_dialled, server_own; /* likewise */
};

struct agreement {
	bool natt;	/* both sides do NAT-T */
	struct natd_seen client_sees, server_sees;
	bool floated;	/* to UDP port 4500 */
	bool parrots;	/* the server copies the client's own hash */
	enum outcome outcome; /* never undecided */
	enum reason reason; /* REASON_NONE, REASON_SERVER_BEHIND_NAT, REASON_BOTH_BEHIND_NAT, ... */
	int error;	/* of Windows: 0, 691, 718, 789 or 809; 0 for other clients */
};

/*
 * What two modes make of four addresses, as if the keys were the same and no security group stood
 * between them. @registry: AssumeUDPEncapsulationContextOnSendRule, -1 for an absent value. *@out
 * is overwritten whole.
 */
void agreement_find(const struct client_mode *client, int registry,
		    const struct server_mode *server, const struct four_ends *ends,
		    struct agreement *out);

/* Sets the outcome of @a, and the number that @client shows for it. */
void agreement_ends(struct agreement *a, const struct client_mode *client, enum outcome outcome,
		    enum reason reason);

/* The addresses of a client behind a usual home router or public, and of a server behind a usual
 * Elastic IP or public: for what can be said of modes without a topology. */
struct four_ends agreement_usual_ends(bool napt, bool eip);

#endif
