/* SPDX-License-Identifier: MIT */
/*
 * ppp_auth.h - who is there? PPP's authentication phase (RFC 1661 3.5), between LCP, which agreed
 * on a method, and the network layer.
 *
 * The client proves that it knows the password: by PAP (RFC 1334) it says it, by MS-CHAPv2
 * (RFC 1994, RFC 2759) it answers a challenge, and the server proves in its Success that it knows
 * the password, too. Whatever stays unanswered is sent again every 3 s, ten times in all. What a
 * peer repeats is answered as before, for its answer may have been lost.
 *
 * EAP is a name here: who agrees to it is told that this end does not speak it.
 */
#ifndef NATDLAB_NODES_PPP_PPP_AUTH_H
#define NATDLAB_NODES_PPP_PPP_AUTH_H

#include "nodes/modes/mode.h"
#include "nodes/ppp/mschap.h"
#include "nodes/base/node.h"
#include "nodes/ppp/ppp_fsm.h"
#include "nodes/wire/ppp_numbers.h"

/* One user: who the client is, or whom the server knows. */
struct ppp_account {
	const char *user, *password; /* NULL: none */
};

/* Does a server of these methods that knows this user ask for him? One that knows nobody does
 * not. */
bool ppp_auth_asks(const enum ppp_method *wanted, const struct ppp_account *who);

/* What the phase asks of its owner. */
struct ppp_auth_ops {
	void (*send)(void *owner, uint16_t protocol, uint8_t code, uint8_t id, const void *data,
		     size_t len, usec now);
	/* The client is who it says. Once each time that LCP was opened. */
	void (*done)(void *owner, usec now);
	/* It is not, or nobody answers: LCP has to end. */
	void (*failed)(void *owner, enum reason reason, usec now);
};

enum ppp_auth_state {
	AUTH_IDLE, /* not begun, or LCP is down again */
	AUTH_RUNNING,
	AUTH_PASSED,
	AUTH_FAILED,
};

struct ppp_auth {
	const struct ppp_auth_ops *ops;
	void *owner;
	const struct node_env *env;
	bool server;
	const char *name; /* the server's own, in challenges */
	bool wordless;	  /* server_mode.chap_wordless */
	struct ppp_account who;

	enum ppp_auth_state state;
	enum ppp_method method;
	usec timer;	/* USEC_NEVER: nothing is waited for */
	unsigned tries; /* transmissions so far */
	uint8_t id;	/* of the request or challenge that is answered */
	struct mschap chap;
	uint8_t response[MSCHAP_RESPONSE]; /* the client's, as sent or as expected */
	bool challenged;		   /* client: @chap and @response are of a challenge */
	bool done;			   /* ops->done() was called */
};

void ppp_auth_init(struct ppp_auth *a, const struct ppp_auth_ops *ops, void *owner,
		   const struct node_env *env);
/* LCP is open, and @method was agreed upon. */
void ppp_auth_start(struct ppp_auth *a, enum ppp_method method, usec now);
/* LCP is open no longer. */
void ppp_auth_stop(struct ppp_auth *a);
/* Has a client said who it is, and waits for the server's word on that? */
bool ppp_auth_waits(const struct ppp_auth *a);
/* Is this a protocol of the method at work? */
bool ppp_auth_speaks(const struct ppp_auth *a, uint16_t protocol);
/* A packet of such a protocol: DROP_NONE when it was used. */
enum drop ppp_auth_input(struct ppp_auth *a, const uint8_t *p, size_t len, usec now);
void ppp_auth_timer(struct ppp_auth *a, usec now);

/* LCP's option 3 behind type and length: protocol and algorithm. False: no method that has a name
 * here. */
bool ppp_method_parse(struct rd *r, enum ppp_method *out);
void ppp_method_write(struct wr *w, enum ppp_method m);

/* EV_AUTH: how it ended, or why it did not begin. @why: REASON_NONE of a success. */
void ppp_auth_tell(const struct ppp_auth *a, enum ppp_method m, enum reason why, uint64_t error);

#endif
