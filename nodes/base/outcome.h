/* SPDX-License-Identifier: MIT */
/*
 * outcome.h - how a connection ends: the closed vocabularies of events, predictions, results and
 * claims, each an enumeration with one table of words.
 *
 * Code compares the values. The words appear in JSON, in tables for people, and in topology files,
 * where a file may claim an outcome. Pure.
 */
#ifndef NATDLAB_NODES_BASE_OUTCOME_H
#define NATDLAB_NODES_BASE_OUTCOME_H

#include "lab/base/words.h"

/* How a client's attempt to connect ended. Blocked: by the client's own policy. */
enum outcome { OUTCOME_UNDECIDED, OUTCOME_CONNECTED, OUTCOME_BLOCKED, OUTCOME_FAILED };
#define OUTCOMES (OUTCOME_FAILED + 1)

/* How far a connection came; each value includes those before it. */
enum reached {
	REACHED_NOTHING,
	REACHED_PHASE1, /* Main Mode is done */
	REACHED_PHASE2, /* Quick Mode is done */
	REACHED_L2TP,	/* the L2TP session is established */
	REACHED_PPP, /* authenticated, or LCP carries frames where no authentication is asked for */
};
#define REACHEDS (REACHED_PPP + 1)

/* Why something ended: a connection, an exchange, an L2TP tunnel, PPP authentication. */
enum reason {
	REASON_NONE,
	/* Of a connection: what a topology file may claim */
	REASON_SERVER_BEHIND_NAT, /* the client's policy: the server is behind NAT ... */
	REASON_BOTH_BEHIND_NAT,	  /* ... and so is the client */
	REASON_PSK_MISMATCH,
	REASON_NO_PROPOSAL,
	REASON_NO_REPLY,
	REASON_NO_IPSEC_SA, /* a real product's log ends after phase 1 */
	REASON_AUTH_FAILED,
	REASON_NO_CREDENTIALS,
	REASON_PPP_FAILED,
	REASONS_OF_CLAIMS,
	/* Of a connection in a capture, beside those above */
	REASON_NO_ESP = REASONS_OF_CLAIMS, /* there is none in either direction */
	REASON_REFUSED, /* IKE is answered with an error. Of PPP authentication, too: with a no */
	/* Of an ISAKMP SA or an exchange, beside those above */
	REASON_DELETED,
	REASON_LIMIT,  /* it made room for a newer one */
	REASON_STATE,  /* the peer's message fits no state */
	REASON_PROBED, /* a probe has the answer that it wanted */
	/* Of an L2TP tunnel */
	REASON_CLOSED,	     /* hung up */
	REASON_L2TP_REFUSED, /* by the peer */
	REASON_L2TP_ERROR,   /* by this side: the peer's message is wrong */
	/* Of PPP authentication */
	REASON_USER,
	REASON_PASSWORD,
	REASON_SERVER_PROOF, /* the server's own response is wrong (RFC 2759 5) */
	REASON_NO_METHOD,    /* none in common */
	REASON_HUNG_UP,
	/* Of the echo to an idle client, and of authentication */
	REASON_NO_ANSWER,
	REASON_NO_SESSION,
	REASONS,
};

/* How ESP travels: in UDP, as IP protocol 50, or there is no SA. */
enum encapsulation { ENCAPSULATION_UDP, ENCAPSULATION_ESP, ENCAPSULATION_NONE };
#define ENCAPSULATIONS (ENCAPSULATION_NONE + 1)

/* What a server's NAT-D hash turns out to be. */
enum hash_class { CLASS_UNKNOWN, CLASS_EXACT, CLASS_COPIED, CLASS_FAKED, CLASS_EXACT_OR_COPIED };
#define HASH_CLASSES (CLASS_EXACT_OR_COPIED + 1)

/* How a client shows that it knows the password (RFC 1661 6.2). */
enum ppp_method {
	PPP_AUTH_NONE,
	PPP_AUTH_EAP,	   /* asked for by products, not spoken by ours */
	PPP_AUTH_MSCHAPV2, /* CHAP with algorithm 0x81 (RFC 2759) */
	PPP_AUTH_PAP,	   /* RFC 1334 */
	PPP_AUTH_METHODS,
	PPP_AUTH_UNKNOWN =
		PPP_AUTH_METHODS, /* in EV_AUTH_ASK: a peer's option that is none of these */
};

/* The tables; those of claims have only the values that a topology file may claim. */
extern const struct words outcome_words, outcome_claim_words;
extern const struct words reached_words;
extern const struct words reason_words, reason_claim_words;
extern const struct words encapsulation_words;
extern const struct words hash_class_words;
extern const struct words ppp_method_words;

/* The words: static text. */
const char *outcome_name(enum outcome o);	/* "undecided", "connected", ... */
const char *reached_name(enum reached r);	/* "nothing", "phase1", ... */
const char *reason_name(enum reason r);		/* "none", "both-behind-nat", ... */
const char *hash_class_name(enum hash_class c); /* "exact", "exact-or-copied", ... */

#endif
