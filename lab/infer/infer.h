/* SPDX-License-Identifier: MIT */
/*
 * infer.h - from what was seen of a server to a row of a mode that does the same. Pure.
 *
 * A row has many members, a capture shows a few of them. So a server is described as a row that
 * natdlab has, with as few changes as will make it do what was seen: each row is fitted in turn
 * and the one with the fewest changes is taken. What was not seen stays as that row has it, and
 * the fit knows which that is, and where the rest was seen.
 */
#ifndef NATDLAB_INFER_INFER_H
#define NATDLAB_INFER_INFER_H

#include "lab/topology/schema.h"
#include "nodes/modes/mode.h"
#include "lab/analysis/natd_judge.h"

#define MET_EXCHANGES 16 /* of one server that are looked at */

/* One exchange of a server's. */
struct met_exchange {
	const struct exchange *x; /* of a watch that keeps */
	const struct judgement *j;
	bool searched; /* its own hash fits no private address: all were tried */
	const struct isakmp_msg *m[5]; /* what was kept, parsed; NULL: not there */
};

/* One server, as it was met. */
struct met {
	struct inet_ep ep; /* as near to the client as it was seen */
	usec end;	   /* of the capture: what has not come by then was not waited for */
	size_t n, more;	   /* exchanges; and those that nobody looks at */
	struct met_exchange v[MET_EXCHANGES];
};

/* What a row says of a server, in pieces that a capture shows or does not. */
enum aspect {
	ASPECT_NATT,
	ASPECT_VIDS,
	ASPECT_CHOICE,
	ASPECT_SA,
	ASPECT_NONCE,
	ASPECT_MESSAGE_4,
	ASPECT_UNASKED,
	ASPECT_OWN_HASH,
	ASPECT_PEER_HASH,
	ASPECT_AGAIN_2,
	ASPECT_AGAIN_4,
	ASPECT_HALF_OPEN,
	ASPECT_DUPLICATE_1,
	ASPECT_DUPLICATE_3,
	ASPECT_DUPLICATE_5,
	ASPECT_REFUSAL,
	ASPECTS,
};

struct finding {
	enum { NOT_SEEN, AS_THE_ROW, CHANGED } state;
	const struct met_exchange *by; /* where it was seen first; NULL of NOT_SEEN */
	uint8_t message;	       /* ... in which message; 0: a refusal or a Delete in clear */
	const char *doubt;	       /* what else it may be; NULL none */
	bool by_address;	       /* ... which the server's own address would settle */
};

struct fit {
	const struct server_mode *like;
	struct server_mode row;
	struct finding of[ASPECTS];
	bool said[KEYS]; /* the keys that make @row of @like */
	unsigned n_said;
	bool odd; /* exchanges contradict each other: no row does all of this */
};

/* @like with the changes that what was seen asks for. Vendor IDs are views into what was kept. */
void fit_row(const struct server_mode *like, const struct met *met, struct fit *out);
/* Other rows that need as few changes, the first so many. */
struct ties {
	size_t n;
	const struct server_mode *v[8];
};
/* The best of natdlab's rows: one that is not odd, if there is one, with the fewest changes. */
void fit_server(const struct met *met, struct fit *out, struct ties *ties);

const char *aspect_name(enum aspect a); /* the keys that say it: "ciphers, hashes, groups" */

/* Can @x be of the same server, or is @met another product at the same address? */
bool met_joins(const struct met *met, const struct exchange *x, const struct judgement *j,
	       bool searched);
/* Parses what was kept of an exchange. */
void met_add(struct arena *a, struct met *met, const struct exchange *x, const struct judgement *j,
	     bool searched);

/* ---- inside: infer_vids.c, infer_answer.c, infer_natd.c, infer_timers.c ---- */

void fit_vids(struct fit *f, const struct met *met);
void fit_answers(struct fit *f, const struct met *met);
void fit_hashes(struct fit *f, const struct met *met);
void fit_times(struct fit *f, const struct met *met);
/* Was seen in message @message of @by, and the row does it already. */
void fit_seen(struct fit *f, enum aspect a, const struct met_exchange *by, uint8_t message);
/* ... or has been changed to do it, by this key. */
void fit_said(struct fit *f, enum aspect a, const struct met_exchange *by, uint8_t message,
	      enum key k);

#endif
