/* SPDX-License-Identifier: MIT */
/*
 * diagnose.h - from the counters of one exchange to what went wrong, for `inspect`. Pure.
 *
 * A stranger's capture has no client that tells its outcome. What is left are the messages that
 * were seen, how often, and who fell silent: each known failure leaves a signature in them. How
 * sure a signature is depends on where the capture was made, so each diagnosis says it.
 */
#ifndef NATDLAB_ANALYSIS_DIAGNOSE_H
#define NATDLAB_ANALYSIS_DIAGNOSE_H

#include "lab/result/result.h"
#include "lab/analysis/watch.h"
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
	int error;             /* what Windows shows for this: 809, 789; 0 none */
	bool windows;          /* the initiator says that it is one */
	bool one_direction;    /* nothing of one side is in the capture */
	bool forced;           /* the server's hash of itself is proven false */
	bool suspected;        /* ... or fits no private address (diagnose_searched()) */
	char sentence[240];    /* what was seen, in numbers */
	unsigned n_evidence;
	struct evidence evidence[DIAGNOSE_EVIDENCE];
};

/* @all, @n: the exchanges of the same capture; @x is one of them. */
void diagnose(const struct exchange *x, const struct judgement *j, struct exchange *const *all,
	      size_t n, struct diagnosis *out);

/*
 * After all private addresses were tried in vain behind the hashes of @x. A server whose hash of
 * itself is still not known is most likely not behind NAT, but pretends to be: a guess, because it
 * may have a public address that 1:1 NAT changes, or another port.
 */
void diagnose_searched(const struct exchange *x, const struct judgement *j, struct diagnosis *d);

/* What a tired person needs: lines of plain text, NULL where there is nothing to say. */
#define ADVICE_CURES 3
struct advice {
	const char *cause;
	const char *cures[ADVICE_CURES]; /* one of them is enough; the first is the nearest */
	const char *not_the_cause;
};
const struct advice *diagnose_advice(const struct exchange *x, const struct judgement *j,
				     const struct diagnosis *d);

/* Windows' rule for the client as it stood, with this registry value; unknown where message 4's
 * hashes do not tell. */
enum windows_result diagnose_windows(const struct exchange *x, const struct judgement *j,
				   int registry, enum certainty *certainty);

/* Whose software this looks like by its vendor IDs; @side 0 initiator, 1 responder. NULL: nobody's
 * whom we know. */
const char *diagnose_product(const struct exchange *x, unsigned side);

#endif
