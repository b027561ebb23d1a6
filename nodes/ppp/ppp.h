/* SPDX-License-Identifier: MIT */
/*
 * ppp.h - PPP over an L2TP session (RFC 1661): frames, LCP, authentication and the echo.
 *
 * Sans-I/O (node.h). LCP is negotiated with the options of the mode's row; when it is open the
 * client authenticates (ppp_auth.h), if the server asked for that. Then each side sends an
 * Echo-Request and waits for the reply, which is the proof that the tunnel carries frames both
 * ways. The network layer (IPCP, RFC 1332) would begin at the same moment; there is none yet, and
 * its packets are answered with a Protocol-Reject.
 */
#ifndef NATDLAB_NODES_PPP_PPP_H
#define NATDLAB_NODES_PPP_PPP_H

#include "nodes/modes/mode.h"
#include "nodes/base/node.h"
#include "nodes/ppp/ppp_auth.h"
#include "nodes/ppp/ppp_fsm.h"
#include "nodes/wire/ppp_numbers.h"

#define PPP_MRU_DEFAULT 1500
#define PPP_FRAME_MAX 1600 /* of a frame of ours */

struct ppp;

struct ppp_config {
	const struct lcp_identity *lcp;
	const enum ppp_method *auth; /* PPP_AUTH_MAX of them, of the mode's row */
	bool server;		     /* who asks; a client is asked */
	const char *name;	     /* a server's, in its challenges */
	bool chap_wordless;	     /* a server's, of its row */
	struct ppp_account who; /* the client's own, or the one that the server knows */
};

struct ppp_hooks {
	void (*send)(void *ctx, const uint8_t *frame, size_t len, usec now);
	/* The server was told who the client is, and believes it. */
	void (*authenticated)(void *ctx, usec now);
	/* Our Echo-Request was answered. */
	void (*echoed)(void *ctx, usec now);
	/* What ppp_ask() asked was not answered. LCP ends next. */
	void (*unanswered)(void *ctx, usec now);
	/* LCP has ended: by either side's wish, or because it could not be opened. */
	void (*finished)(void *ctx, usec now);
	void *ctx;
};

/* The caller frees it. @cfg's texts and what @env points to must live as long as it does; the rest
 * is copied. Never NULL. */
struct ppp *ppp_new(const struct ppp_config *cfg, const struct node_env *env,
		    const struct ppp_hooks *hooks);
void ppp_free(struct ppp *p);
void ppp_start(struct ppp *p, usec now);
/* A frame: an enum drop, for the caller's event; DROP_NONE when it was used. */
enum drop ppp_input(struct ppp *p, const uint8_t *frame, size_t len, usec now);
void ppp_timer(struct ppp *p, usec now);
usec ppp_deadline(const struct ppp *p);
/* Asks a peer that has been quiet: hooks.echoed() when it answers; when it does not, LCP ends. */
void ppp_ask(struct ppp *p, usec now);
/* LCP is open. */
bool ppp_is_open(const struct ppp *p);
/* Why authentication has ended the link, REASON_AUTH_FAILED, REASON_NO_CREDENTIALS or
 * REASON_PPP_FAILED; REASON_NONE: it has not. */
enum reason ppp_failure(const struct ppp *p);

#endif
