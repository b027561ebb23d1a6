/* SPDX-License-Identifier: MIT */
#include "nodes/ike/ike_keys.h"

#include <string.h>

#define V(view)                                                                                    \
	{                                                                                          \
		(view).p, (view).len                                                               \
	}

/* A 32-bit number as it is hashed. */
struct be32 {
	uint8_t b[4];
};

static struct be32 be32(uint32_t v)
{
	return (struct be32){
		{(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}};
}

/* SKEYID_d, _a, _e: prf(SKEYID, the former one | g^xy | CKY-I | CKY-R | number). */
static void derive_one(const struct ike_keys *k, const struct ike_secrets *s, const uint8_t *former,
		       uint8_t number, uint8_t out[HASH_MAX])
{
	hash_hmac(k->suite.hash, k->skeyid, k->hash_len,
		  CHUNKS({former, former ? k->hash_len : 0}, V(s->gxy), {s->cky_i, 8},
			 {s->cky_r, 8}, {&number, 1}),
		  out);
}

/* Appendix B: SKEYID_e, or, when that is too short, K1 | K2 ... with K1 = prf(SKEYID_e, 0). */
static void expand(struct ike_keys *k)
{
	static const uint8_t zero;
	uint8_t block[HASH_MAX];
	struct chunk from = {&zero, 1};

	if (k->key_len <= k->hash_len) {
		memcpy(k->key, k->e, k->key_len);
		return;
	}
	for (size_t at = 0; at < k->key_len; at += k->hash_len) {
		hash_hmac(k->suite.hash, k->e, k->hash_len, &from, 1, block);
		memcpy(k->key + at, block, MIN(k->hash_len, k->key_len - at));
		from = (struct chunk){block, k->hash_len};
	}
	bytes_wipe(block, sizeof(block));
}

void ike_keys_derive(struct ike_keys *k, const struct ike_suite *suite, const struct ike_secrets *s)
{
	uint8_t iv[HASH_MAX];

	*k = (struct ike_keys){
		.suite = *suite,
		.hash_len = hash_len(suite->hash),
		.block = cipher_block(suite->cipher),
		.key_len = cipher_key_len(suite->cipher, suite->keybits),
	};
	hash_hmac(suite->hash, s->psk.p, s->psk.len, CHUNKS(V(s->ni), V(s->nr)), k->skeyid);
	derive_one(k, s, NULL, 0, k->d);
	derive_one(k, s, k->d, 1, k->a);
	derive_one(k, s, k->a, 2, k->e);
	expand(k);
	hash_digest(suite->hash, CHUNKS(V(s->gxi), V(s->gxr)), iv);
	memcpy(k->iv, iv, k->block);
}

void ike_keys_phase2_iv(const struct ike_keys *k, const uint8_t last_block[BLOCK_MAX],
			uint32_t msgid, uint8_t iv[BLOCK_MAX])
{
	struct be32 id = be32(msgid);
	uint8_t out[HASH_MAX];

	hash_digest(k->suite.hash, CHUNKS({last_block, k->block}, {id.b, 4}), out);
	memcpy(iv, out, k->block);
}

void ike_keys_auth(const struct ike_keys *k, const struct ike_secrets *s, bool initiator,
		   struct view sai_b, struct view id_b, uint8_t out[HASH_MAX])
{
	struct view mine = initiator ? s->gxi : s->gxr;
	struct view other = initiator ? s->gxr : s->gxi;
	const uint8_t *first = initiator ? s->cky_i : s->cky_r;
	const uint8_t *second = initiator ? s->cky_r : s->cky_i;

	hash_hmac(k->suite.hash, k->skeyid, k->hash_len,
		  CHUNKS(V(mine), V(other), {first, 8}, {second, 8}, V(sai_b), V(id_b)), out);
}

void ike_keys_hash1(const struct ike_keys *k, uint32_t msgid, struct view rest,
		    uint8_t out[HASH_MAX])
{
	struct be32 id = be32(msgid);

	hash_hmac(k->suite.hash, k->a, k->hash_len, CHUNKS({id.b, 4}, V(rest)), out);
}

void ike_keys_hash2(const struct ike_keys *k, uint32_t msgid, struct view ni, struct view rest,
		    uint8_t out[HASH_MAX])
{
	struct be32 id = be32(msgid);

	hash_hmac(k->suite.hash, k->a, k->hash_len, CHUNKS({id.b, 4}, V(ni), V(rest)), out);
}

void ike_keys_hash3(const struct ike_keys *k, uint32_t msgid, struct view ni, struct view nr,
		    uint8_t out[HASH_MAX])
{
	static const uint8_t zero;
	struct be32 id = be32(msgid);

	hash_hmac(k->suite.hash, k->a, k->hash_len, CHUNKS({&zero, 1}, {id.b, 4}, V(ni), V(nr)),
		  out);
}

void ike_keys_keymat(const struct ike_keys *k, uint8_t protocol, uint32_t spi, struct view ni,
		     struct view nr, uint8_t *out, size_t len)
{
	struct be32 s = be32(spi);
	uint8_t block[HASH_MAX];
	size_t former = 0; /* K1 has nothing before it */

	for (size_t at = 0; at < len; at += k->hash_len) {
		hash_hmac(k->suite.hash, k->d, k->hash_len,
			  CHUNKS({block, former}, {&protocol, 1}, {s.b, 4}, V(ni), V(nr)), block);
		memcpy(out + at, block, MIN(k->hash_len, len - at));
		former = k->hash_len;
	}
	bytes_wipe(block, sizeof(block));
}
