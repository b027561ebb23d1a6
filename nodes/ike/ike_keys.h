/* SPDX-License-Identifier: MIT */
/*
 * ike_keys.h - the key schedule of IKEv1 with pre-shared keys (RFC 2409 5, 5.4, 5.5, appendix B).
 *
 * Functions of their arguments: known answers prove them (tests/unit/nodes/ike/test_ike_keys.c).
 */
#ifndef NATDLAB_NODES_IKE_IKE_KEYS_H
#define NATDLAB_NODES_IKE_IKE_KEYS_H

#include "nodes/wire/isakmp.h"

#define NONCE_MAX 256 /* RFC 2409 5: 8 to 256 bytes */
#define NONCE_MIN 8

/* What phase 1 agreed on. */
struct ike_suite {
	enum ike_cipher cipher;
	unsigned keybits; /* AES only */
	enum ike_hash hash;
	enum ike_group group;
};

/* All that goes into the keys; views of the caller's bytes. */
struct ike_secrets {
	struct view psk;
	struct view ni, nr;   /* nonces, without payload headers */
	struct view gxi, gxr; /* public values */
	struct view gxy;      /* the shared one */
	const uint8_t *cky_i, *cky_r;
};

struct ike_keys {
	struct ike_suite suite;
	size_t hash_len, block;
	bool pads_whole_block; /* of the mode: to be set after ike_keys_derive() */
	uint8_t skeyid[HASH_MAX], d[HASH_MAX], a[HASH_MAX], e[HASH_MAX];
	uint8_t key[KEY_MAX]; /* Ka of appendix B: what messages are encrypted with */
	size_t key_len;
	uint8_t iv[BLOCK_MAX]; /* of the first encrypted message: hash(g^xi | g^xr) */
};

void ike_keys_derive(struct ike_keys *k, const struct ike_suite *suite,
		     const struct ike_secrets *s);

/* The IV that a phase 2 exchange begins with: hash(last block of phase 1 | M-ID). */
void ike_keys_phase2_iv(const struct ike_keys *k, const uint8_t last_block[BLOCK_MAX],
			uint32_t msgid, uint8_t iv[BLOCK_MAX]);

/* HASH_I (@initiator) or HASH_R; @sai_b is the body of message 1's SA payload, @id_b that of the
 * sender's ID payload. */
void ike_keys_auth(const struct ike_keys *k, const struct ike_secrets *s, bool initiator,
		   struct view sai_b, struct view id_b, uint8_t out[HASH_MAX]);

/* HASH(1) of Quick Mode and of Informational: prf(SKEYID_a, M-ID | rest of the message). */
void ike_keys_hash1(const struct ike_keys *k, uint32_t msgid, struct view rest,
		    uint8_t out[HASH_MAX]);
/* HASH(2): prf(SKEYID_a, M-ID | Ni_b | rest). */
void ike_keys_hash2(const struct ike_keys *k, uint32_t msgid, struct view ni, struct view rest,
		    uint8_t out[HASH_MAX]);
/* HASH(3): prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b). */
void ike_keys_hash3(const struct ike_keys *k, uint32_t msgid, struct view ni, struct view nr,
		    uint8_t out[HASH_MAX]);

/* KEYMAT of one direction, without PFS: @len bytes for the SA with @spi of @protocol. */
void ike_keys_keymat(const struct ike_keys *k, uint8_t protocol, uint32_t spi, struct view ni,
		     struct view nr, uint8_t *out, size_t len);

#endif
