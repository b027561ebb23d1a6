/* SPDX-License-Identifier: MIT */
/*
 * crypto.h - what natdlab needs of OpenSSL, and the only file that knows OpenSSL (crypto.c).
 *
 * Algorithms are named by IANA's IKEv1 attribute values, because that is what stands in a
 * proposal. None of the calls can fail for a reason that a peer controls except where said.
 */
#ifndef NATDLAB_NODES_CRYPTO_CRYPTO_H
#define NATDLAB_NODES_CRYPTO_CRYPTO_H

#include "lab/base/base.h"

/* IKEv1 hash algorithms (RFC 2409 appendix A; RFC 4868 for SHA-2). */
enum ike_hash {
	HASH_NONE = 0,
	HASH_MD5 = 1,
	HASH_SHA1 = 2,
	HASH_SHA256 = 4,
	HASH_SHA384 = 5,
	HASH_SHA512 = 6,
};

/* IKEv1 encryption algorithms. */
enum ike_cipher {
	CIPHER_NONE = 0,
	CIPHER_DES = 1,
	CIPHER_3DES = 5,
	CIPHER_AES = 7, /* with a key length of 128, 192 or 256 bits */
};

/* IKEv1 groups. */
enum ike_group {
	GROUP_NONE = 0,
	GROUP_MODP768 = 1,
	GROUP_MODP1024 = 2,
	GROUP_MODP1536 = 5,
	GROUP_MODP2048 = 14,
	GROUP_ECP256 = 19,
	GROUP_ECP384 = 20,
};

#define HASH_MAX 64
#define KEY_MAX 64
#define BLOCK_MAX 16
#define DH_PUBLIC_MAX 256

/* A piece of what is hashed; several are hashed one after the other. */
struct chunk {
	const void *p;
	size_t len;
};

/* Makes now what is otherwise made when first used, and then kept: for a process that is about to
 * fork many that use it. */
void crypto_prepare(void);

/* Is it one of enum ike_hash, HASH_NONE excepted, as a number that a peer wrote? */
bool hash_known(unsigned alg);
size_t hash_len(enum ike_hash alg); /* bytes; 0 if not known */
void hash_digest(enum ike_hash alg, const struct chunk *v, size_t n, uint8_t out[HASH_MAX]);
void hash_hmac(enum ike_hash alg, const void *key, size_t key_len, const struct chunk *v, size_t n,
	       uint8_t out[HASH_MAX]);
/*
 * The same for one who hashes millions of short messages: memory and algorithm are prepared once.
 * Each thread has its own.
 */
struct hasher;
struct hasher *hasher_new(enum ike_hash alg); /* of a known algorithm */
void hasher_free(struct hasher *h);
void hasher_digest(struct hasher *h, const void *p, size_t len, uint8_t out[HASH_MAX]);

#define CHUNKS(...)                                                                                \
	(const struct chunk[]){__VA_ARGS__}, ARRAY_LEN(((const struct chunk[]){__VA_ARGS__}))

/* Likewise of enum ike_cipher; of AES with a key of this length, which others ignore. */
bool cipher_known(unsigned alg, unsigned keybits);
size_t cipher_key_len(enum ike_cipher alg,
		      unsigned keybits);  /* bytes: DES 8, 3DES 24, AES 16..32 */
size_t cipher_block(enum ike_cipher alg); /* bytes: 8 or 16 */
/* CBC without padding, in place; @len is a multiple of the block (asserted). @iv is updated to
 * the last cipher block, which is what IKEv1 chains with. */
void cipher_cbc(enum ike_cipher alg, unsigned keybits, const uint8_t *key, uint8_t *iv,
		bool encrypt, uint8_t *data, size_t len);

/*
 * A cipher and an HMAC with their keys set once: what an ESP SA keeps for each direction.
 */
struct seal;
struct seal *seal_new(enum ike_cipher alg, unsigned keybits, const uint8_t *key, enum ike_hash auth,
		      const uint8_t *auth_key, size_t auth_key_len);
void seal_free(struct seal *s);
void seal_cbc(struct seal *s, const uint8_t *iv, bool encrypt, uint8_t *data, size_t len);
void seal_hmac(struct seal *s, const struct chunk *v, size_t n, uint8_t out[HASH_MAX]);

/*
 * MD4, which with single DES is what MS-CHAPv2 is made of (RFC 2759 8). OpenSSL has the two in its
 * legacy provider, a file beside the library that a machine may lack: legacy_ready() loads it, and
 * is false when it cannot. md4_digest() wants that it was true.
 */
#define MD4_LEN 16
bool legacy_ready(void);
void md4_digest(const void *p, size_t len, uint8_t out[MD4_LEN]);

/* One side's Diffie-Hellman key. */
struct dh;
bool group_known(unsigned group);
size_t group_public_len(enum ike_group g); /* bytes of KE: MODP the prime's, ECP x||y (RFC 5903) */
size_t group_shared_len(enum ike_group g); /* bytes of g^xy: MODP the prime's, ECP x only */

struct rng;
struct dh *dh_new(enum ike_group g, struct rng *rng);
/* With a given private value: known answers. */
struct dh *dh_new_private(enum ike_group g, const uint8_t *priv, size_t len);
void dh_free(struct dh *d);
const uint8_t *dh_public(const struct dh *d); /* group_public_len() bytes */
/* Has a peer's value the right length, and is it one that dh_shared() takes? */
bool dh_valid(enum ike_group g, const uint8_t *peer, size_t len);
/* The shared secret. False when the peer's value is of the wrong length, not 1 < y < p-1, or not
 * a point of the curve: a peer's bytes, not an error. */
bool dh_shared(const struct dh *d, const uint8_t *peer, size_t len, uint8_t out[DH_PUBLIC_MAX]);

/*
 * Random bytes. A seeded generator (ChaCha20 under SHA-256 of seed and label) gives the same
 * bytes for the same seed and label, for the lab; rng_new_os() asks the kernel, for peers that
 * are not ours.
 */
struct rng *rng_new(uint64_t seed, const char *label);
struct rng *rng_new_os(void);
void rng_free(struct rng *r);
void rng_bytes(struct rng *r, void *out, size_t len);
uint32_t rng_u32(struct rng *r);
/* Uniform in [0, bound), bound > 0. */
uint32_t rng_below(struct rng *r, uint32_t bound);

/* Constant-time comparison. */
bool bytes_equal(const void *a, const void *b, size_t len);

/* Overwrites secrets. */
void bytes_wipe(void *p, size_t len);
/* The same, then free(). NULL is allowed. */
void bytes_free(void *p, size_t len);

#endif
