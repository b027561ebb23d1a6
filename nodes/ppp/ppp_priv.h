/* SPDX-License-Identifier: MIT */
/*
 * ppp_priv.h - one end of PPP, for ppp.c, and for tests that look into it.
 */
#ifndef NATDLAB_NODES_PPP_PPP_PRIV_H
#define NATDLAB_NODES_PPP_PPP_PRIV_H

#include "nodes/ppp/ppp.h"

struct ppp {
	struct lcp_identity id;
	enum ppp_method auth_row[PPP_AUTH_MAX]; /* the mode's */
	bool server;
	struct node_env env;
	struct ppp_hooks hooks;
	struct ppp_fsm lcp;
	uint32_t given_up; /* options that the peer rejected: bit = type */
	uint16_t mru;	   /* what we ask for */
	uint32_t magic;
	uint16_t peer_mru;
	usec echo_at; /* the echo's next transmission; USEC_NEVER: none is due */
	unsigned echo_tries;
	bool asking; /* the echo is ppp_ask()'s */
	uint8_t echo_id;

	/* Authentication: what LCP has come to, and the phase behind it. */
	bool asks;		/* server: of its row */
	uint8_t asked;		/* server: the method of auth_row that it has come to */
	enum ppp_method agreed; /* client: what the server's last good request had */
	uint8_t objections;	/* client: Naks of methods so far */
	bool disagreed;		/* server: the client objects to all of them */
	struct ppp_auth auth;
	bool network; /* the phases before it are over: echo, and what else will come */
	enum reason failure;
};

#endif
