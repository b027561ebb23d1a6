/* SPDX-License-Identifier: MIT */
/*
 * mschap.h - the arithmetic of MS-CHAPv2 (RFC 2759 8): both sides prove that they know the
 * password, and neither says it.
 *
 * Wants legacy_ready() (crypto.h). Names are without the domain that may stand before a
 * backslash, as mschap_name() gives them. Passwords are UTF-8, and hashed as UTF-16; of a longer
 * one the first MSCHAP_PASSWORD_MAX units count.
 */
#ifndef NATDLAB_NODES_PPP_MSCHAP_H
#define NATDLAB_NODES_PPP_MSCHAP_H

#include "nodes/crypto/crypto.h"

#define MSCHAP_CHALLENGE 16
#define MSCHAP_RESPONSE 24	/* the NT-Response */
#define MSCHAP_PROOF 20		/* what stands in hexadecimal behind "S=" */
#define MSCHAP_PASSWORD_MAX 256 /* UTF-16 units (RFC 2759 8.1) */

/* What both sides know of an exchange when a response has come. */
struct mschap {
	uint8_t authenticator[MSCHAP_CHALLENGE], peer[MSCHAP_CHALLENGE]; /* their challenges */
	struct chunk user;						 /* without a domain */
	const char *password;
};

/* "alice" of "LAB\alice", and of "alice". */
struct chunk mschap_name(const uint8_t *p, size_t len);
/* 8.2: of both challenges and the name. */
void mschap_challenge_hash(const struct mschap *m, uint8_t out[8]);
/* 8.3: of the password. */
void mschap_password_hash(const char *password, uint8_t out[MD4_LEN]);
/* 8.1: the client's proof. */
void mschap_response(const struct mschap *m, uint8_t out[MSCHAP_RESPONSE]);
/* 8.7: the server's, which it can make only when it knows the password, too. */
void mschap_proof(const struct mschap *m, const uint8_t response[MSCHAP_RESPONSE],
		  uint8_t out[MSCHAP_PROOF]);

#endif
