/* SPDX-License-Identifier: MIT */
/*
 * evidence.h - what was seen of a server, and what it says of the members of a mode. Pure.
 *
 * Below the files that infer a mode's members from it, a file for each kind of evidence.
 */
#ifndef NATDLAB_INFER_EVIDENCE_H
#define NATDLAB_INFER_EVIDENCE_H

#include "lab/analysis/natd_judge.h"
#include "nodes/modes/member_value.h"

#define OBSERVED_EXCHANGES 16 /* of one server that are looked at */

/* One exchange of a server's. */
struct observed_exchange {
	const struct exchange *x; /* of a watch that keeps */
	const struct judgement *j;
	bool searched; /* its own hash fits no private address: all were tried */
	const struct isakmp_msg *m[5]; /* what was kept, parsed; NULL: not there */
};

struct observed_server {
	struct inet_ep ep; /* as near to the client as it was seen */
	usec end;	   /* of the capture: what has not come by then was not waited for */
	size_t n, more;	   /* exchanges; and those that are not looked at */
	struct observed_exchange v[OBSERVED_EXCHANGES];
};

/* What is known of one aspect. */
struct aspect_seen {
	enum { NOT_SEEN, AS_THE_ROW, CHANGED } state; /* CHANGED: set when all is inferred */
	const struct observed_exchange *by; /* where it was seen first; NULL of NOT_SEEN */
	uint8_t message;	       /* ... in which message; 0: a refusal or a Delete in clear */
	const char *doubt;	       /* what else it may be; NULL none */
	bool by_address;	       /* ... which the server's own address would settle */
};

/* A mode that does what was seen, as a built-in one with changes. */
struct inference {
	const struct server_mode *like;
	struct server_mode row;
	struct aspect_seen of[ASPECTS];
	bool said[MEMBERS_MAX]; /* rows of mode_members whose keys make @row of @like */
	unsigned n_said;
	bool odd; /* exchanges contradict each other: no row does all of this */
};

/* Adds an exchange of @s and parses what was kept of it. */
void evidence_add(struct arena *a, struct observed_server *s, const struct exchange *x,
		  const struct judgement *j, bool searched);
/* The aspect was seen in message @message of @by; the first time counts. */
void evidence_seen(struct inference *f, enum aspect a, const struct observed_exchange *by,
		   uint8_t message);
/* Does SoftEther take the client of this exchange for Microsoft's? By the IDs of message 1. */
bool evidence_microsoft(const struct exchange *x);
/* Does the row differ from the one that it is like, in what that aspect shows? */
bool evidence_changed(const struct inference *f, enum aspect a);

#endif
