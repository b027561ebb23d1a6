/* SPDX-License-Identifier: MIT */
/*
 * finding.h - what was found of an exchange: a signature, how sure it is, and the frames that show
 * it.
 */
#ifndef NATDLAB_ANALYSIS_FINDING_H
#define NATDLAB_ANALYSIS_FINDING_H

#include "lab/analysis/watch.h"
#include "nodes/base/outcome.h"
#include "nodes/modes/mode.h"

enum signature {
	SIG_UNFINISHED,    /* the capture ends before anything is decided */
	SIG_FINE,          /* ESP both ways */
	SIG_BLOCKED,       /* Windows' rule: Quick Modes, no ESP */
	SIG_FORCED,        /* the same, because the server only pretends to be behind NAT */
	SIG_NO_ESP,        /* no ESP, and the rule does not explain it */
	SIG_L2TP_SILENT,   /* ESP from the client, none back */
	SIG_ESP_CLOSED,    /* the same without UDP: IP protocol 50 does not pass */
	SIG_SECOND_CLIENT, /* another client of that address has the tunnel */
	SIG_4500_CLOSED,
	SIG_500_CLOSED,
	SIG_PSK,
	SIG_NO_PROPOSAL,   /* of Main Mode */
	SIG_PHASE2,        /* Quick Mode is refused */
	SIG_REFUSED,       /* another error notify in clear */
	SIG_NO_REPLY,      /* silence in the middle of Main Mode */
	SIG_IKE2,          /* IKEv2, of which only NAT detection is judged */
	SIG_SUPERSEDED,    /* a second answer to one message 1, not taken up */
	SIGNATURES,
};
const char *signature_name(enum signature s); /* "blocked-by-policy": JSON's word */

#define DIAGNOSE_EVIDENCE 5

/* A frame to look at, and what it shows. */
struct evidence {
	const char *what; /* static text: "message 4" */
	struct mark at;
};

struct diagnosis {
	enum signature sig;
	enum certainty certainty;
	enum outcome outcome;  /* of the connection as it stood; undecided where nothing tells */
	enum reason reason;
	enum reached reached;
	int error;             /* what Windows shows for this; 0 none (windows_error()) */
	bool windows;          /* the initiator says that it is one */
	bool one_direction;    /* nothing of one side is in the capture */
	bool forced;           /* the server's hash of itself is proven false */
	bool suspected;        /* ... or fits no private address (diagnose_searched()) */
	char sentence[240];    /* what was seen, in numbers */
	unsigned n_evidence;
	struct evidence evidence[DIAGNOSE_EVIDENCE];
};

#endif
