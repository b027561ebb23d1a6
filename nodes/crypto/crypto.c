/* SPDX-License-Identifier: MIT */
/*
 * crypto.c - the only file that knows OpenSSL (3.0 or later).
 *
 * Everything that OpenSSL looks up by name is fetched once for the process and kept: a fetch
 * costs more than hashing a message. That cache is the only static state here, it is written
 * under pthread_once() and nothing that is computed depends on it.
 *
 * OpenSSL calls that cannot fail for a reason of ours or of a peer (only out of memory, or a
 * library without SHA-1) end the program: must().
 */
#include "nodes/crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define HASH_BLOCK_MAX 128 /* of SHA-384 and SHA-512 */
#define DH_EXPONENT_LEN 32 /* twice the strength of the largest group here, MODP2048 */
#define DH_PRIVATE_MAX 64

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "natdlab: OpenSSL cannot provide %s\n", what);
	abort();
}

/* ---- what is fetched once ---- */

enum md_slot { MD_MD5, MD_SHA1, MD_SHA256, MD_SHA384, MD_SHA512, MDS };
enum enc_slot { ENC_3DES, ENC_AES128, ENC_AES192, ENC_AES256, ENC_CHACHA20, ENCS };

static const struct {
	enum ike_hash alg;
	const char *name;
	uint8_t len, block;
} md_table[MDS] = {
	[MD_MD5] = {HASH_MD5, "MD5", 16, 64},
	[MD_SHA1] = {HASH_SHA1, "SHA1", 20, 64},
	[MD_SHA256] = {HASH_SHA256, "SHA2-256", 32, 64},
	[MD_SHA384] = {HASH_SHA384, "SHA2-384", 48, 128},
	[MD_SHA512] = {HASH_SHA512, "SHA2-512", 64, 128},
};

static const char *const enc_names[ENCS] = {
	[ENC_3DES] = "DES-EDE3-CBC",  [ENC_AES128] = "AES-128-CBC", [ENC_AES192] = "AES-192-CBC",
	[ENC_AES256] = "AES-256-CBC", [ENC_CHACHA20] = "ChaCha20",
};

static EVP_MD *fetched_md[MDS];
static EVP_CIPHER *fetched_enc[ENCS];
/* NULL: this machine has no legacy provider. */
static EVP_CIPHER *fetched_des;
static EVP_MD *fetched_md4;

static void fetch_common(void)
{
	for (size_t i = 0; i < MDS; i++) {
		fetched_md[i] = EVP_MD_fetch(NULL, md_table[i].name, NULL);
		must(fetched_md[i], md_table[i].name);
	}
	for (size_t i = 0; i < ENCS; i++) {
		fetched_enc[i] = EVP_CIPHER_fetch(NULL, enc_names[i], NULL);
		must(fetched_enc[i], enc_names[i]);
	}
}

/* Single DES and MD4 live in the legacy provider, which the whole process has no reason to load: it
 * goes into a library context of its own, and only when they are asked for. */
static void fetch_legacy(void)
{
	OSSL_LIB_CTX *private_ctx = OSSL_LIB_CTX_new();

	if (!private_ctx)
		return;
	if (OSSL_PROVIDER_load(private_ctx, "legacy")) {
		fetched_des = EVP_CIPHER_fetch(private_ctx, "DES-CBC", NULL);
		fetched_md4 = EVP_MD_fetch(private_ctx, "MD4", NULL);
	}
	if (!fetched_des)
		OSSL_LIB_CTX_free(private_ctx);
}

static void fetch(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	must(pthread_once(&once, fetch_common) == 0, "its algorithms");
}

static const EVP_CIPHER *des(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	must(pthread_once(&once, fetch_legacy) == 0, "its algorithms");
	return fetched_des;
}

/* ---- hashes ---- */

static int md_slot(unsigned alg)
{
	for (int i = 0; i < MDS; i++)
		if (md_table[i].alg == alg)
			return i;
	return -1;
}

bool hash_known(unsigned alg)
{
	return md_slot(alg) >= 0;
}

size_t hash_len(enum ike_hash alg)
{
	int slot = md_slot(alg);

	return slot < 0 ? 0 : md_table[slot].len;
}

static EVP_MD_CTX *md_ctx_new(int slot)
{
	EVP_MD_CTX *ctx;

	assert(slot >= 0);
	fetch();
	ctx = EVP_MD_CTX_new();
	must(ctx && EVP_DigestInit_ex2(ctx, fetched_md[slot], NULL), md_table[slot].name);
	return ctx;
}

static void md_update(EVP_MD_CTX *ctx, const struct chunk *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].len)
			must(EVP_DigestUpdate(ctx, v[i].p, v[i].len), "a hash");
}

static void md_final(EVP_MD_CTX *ctx, uint8_t *out)
{
	must(EVP_DigestFinal_ex(ctx, out, NULL), "a hash");
}

void hash_digest(enum ike_hash alg, const struct chunk *v, size_t n, uint8_t out[HASH_MAX])
{
	EVP_MD_CTX *ctx = md_ctx_new(md_slot(alg));

	md_update(ctx, v, n);
	md_final(ctx, out);
	EVP_MD_CTX_free(ctx);
}

struct hasher {
	EVP_MD_CTX *ctx;
};

struct hasher *hasher_new(enum ike_hash alg)
{
	struct hasher *h = malloc(sizeof(*h));

	/* cppcheck-suppress uninitdata ; only whether there is any is asked */
	must(h, "memory");
	h->ctx = md_ctx_new(md_slot(alg));
	return h;
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void hasher_digest(struct hasher *h, const void *p, size_t len, uint8_t out[HASH_MAX])
{
	must(EVP_DigestInit_ex2(h->ctx, NULL, NULL) && EVP_DigestUpdate(h->ctx, p, len), "a hash");
	md_final(h->ctx, out);
}

/*
 * HMAC (RFC 2104) as two hashes that have taken in their padded key. A seal keeps both and
 * copies them for each packet.
 */
static void hmac_pads(int slot, const uint8_t *key, size_t key_len, uint8_t ipad[HASH_BLOCK_MAX],
		      uint8_t opad[HASH_BLOCK_MAX])
{
	uint8_t hashed[HASH_MAX];

	if (key_len > md_table[slot].block) {
		hash_digest(md_table[slot].alg, CHUNKS({key, key_len}), hashed);
		key = hashed;
		key_len = md_table[slot].len;
	}
	memset(ipad, 0x36, HASH_BLOCK_MAX);
	memset(opad, 0x5c, HASH_BLOCK_MAX);
	for (size_t i = 0; i < key_len; i++) {
		ipad[i] ^= key[i];
		opad[i] ^= key[i];
	}
	bytes_wipe(hashed, sizeof(hashed));
}

void hash_hmac(enum ike_hash alg, const void *key, size_t key_len, const struct chunk *v, size_t n,
	       uint8_t out[HASH_MAX])
{
	uint8_t ipad[HASH_BLOCK_MAX], opad[HASH_BLOCK_MAX], inner[HASH_MAX];
	int slot = md_slot(alg);
	EVP_MD_CTX *ctx = md_ctx_new(slot);

	hmac_pads(slot, key, key_len, ipad, opad);
	md_update(ctx, CHUNKS({ipad, md_table[slot].block}));
	md_update(ctx, v, n);
	md_final(ctx, inner);
	must(EVP_DigestInit_ex2(ctx, NULL, NULL), md_table[slot].name);
	md_update(ctx, CHUNKS({opad, md_table[slot].block}, {inner, md_table[slot].len}));
	md_final(ctx, out);
	EVP_MD_CTX_free(ctx);
	bytes_wipe(inner, sizeof(inner));
	bytes_wipe(ipad, sizeof(ipad));
	bytes_wipe(opad, sizeof(opad));
}

bool legacy_ready(void)
{
	return des() && fetched_md4;
}

void md4_digest(const void *p, size_t len, uint8_t out[MD4_LEN])
{
	must(legacy_ready() && EVP_Digest(p, len, out, NULL, fetched_md4, NULL), "MD4");
}

/* ---- ciphers ---- */

static const EVP_CIPHER *cipher_of(unsigned alg, unsigned keybits)
{
	fetch();
	switch (alg) {
	case CIPHER_DES:
		return des();
	case CIPHER_3DES:
		return fetched_enc[ENC_3DES];
	case CIPHER_AES:
		return keybits == 128	? fetched_enc[ENC_AES128]
		       : keybits == 192 ? fetched_enc[ENC_AES192]
		       : keybits == 256 ? fetched_enc[ENC_AES256]
					: NULL;
	default: /* @alg is any number that stood in a proposal */
		return NULL;
	}
}

bool cipher_known(unsigned alg, unsigned keybits)
{
	return cipher_of(alg, keybits) != NULL;
}

size_t cipher_key_len(enum ike_cipher alg, unsigned keybits)
{
	switch (alg) {
	case CIPHER_NONE:
		return 0;
	case CIPHER_DES:
		return 8;
	case CIPHER_3DES:
		return 24;
	case CIPHER_AES:
		return keybits / 8;
	}
	return 0;
}

size_t cipher_block(enum ike_cipher alg)
{
	switch (alg) {
	case CIPHER_NONE:
		return 1;
	case CIPHER_DES:
	case CIPHER_3DES:
		return 8;
	case CIPHER_AES:
		return 16;
	}
	return 1;
}

static EVP_CIPHER_CTX *cipher_ctx_new(enum ike_cipher alg, unsigned keybits, const uint8_t *key,
				      const uint8_t *iv, bool encrypt)
{
	const EVP_CIPHER *c = cipher_of(alg, keybits);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	must(c && ctx && EVP_CipherInit_ex2(ctx, c, key, iv, encrypt, NULL) &&
		     EVP_CIPHER_CTX_set_padding(ctx, 0),
	     "a cipher");
	return ctx;
}

static void cipher_run(EVP_CIPHER_CTX *ctx, uint8_t *data, size_t len)
{
	int done = 0;

	assert(len <= INT32_MAX);
	must(EVP_CipherUpdate(ctx, data, &done, data, (int)len) && (size_t)done == len, "a cipher");
}

void cipher_cbc(enum ike_cipher alg, unsigned keybits, const uint8_t *key, uint8_t *iv,
		bool encrypt, uint8_t *data, size_t len)
{
	size_t block = cipher_block(alg);
	uint8_t last[BLOCK_MAX];
	EVP_CIPHER_CTX *ctx;

	assert(len % block == 0);
	if (len == 0)
		return;
	if (!encrypt)
		memcpy(last, data + len - block, block);
	ctx = cipher_ctx_new(alg, keybits, key, iv, encrypt);
	cipher_run(ctx, data, len);
	EVP_CIPHER_CTX_free(ctx);
	memcpy(iv, encrypt ? data + len - block : last, block);
}

/* ---- an ESP SA's cipher and HMAC ---- */

struct seal {
	EVP_CIPHER_CTX *enc, *dec; /* NULL for the NULL cipher of RFC 2410 */
	EVP_MD_CTX *inner, *outer; /* have taken in the padded key */
	EVP_MD_CTX *work;
	uint8_t hash_len;
	size_t block;
};

struct seal *seal_new(enum ike_cipher alg, unsigned keybits, const uint8_t *key, enum ike_hash auth,
		      const uint8_t *auth_key, size_t auth_key_len)
{
	uint8_t ipad[HASH_BLOCK_MAX], opad[HASH_BLOCK_MAX];
	static const uint8_t no_iv[BLOCK_MAX];
	struct seal *s = calloc(1, sizeof(*s));
	int slot = md_slot(auth);

	must(s, "memory");
	s->block = cipher_block(alg);
	if (alg != CIPHER_NONE) {
		s->enc = cipher_ctx_new(alg, keybits, key, no_iv, true);
		s->dec = cipher_ctx_new(alg, keybits, key, no_iv, false);
	}
	s->inner = md_ctx_new(slot);
	s->outer = md_ctx_new(slot);
	s->work = md_ctx_new(slot);
	s->hash_len = md_table[slot].len;
	hmac_pads(slot, auth_key, auth_key_len, ipad, opad);
	md_update(s->inner, CHUNKS({ipad, md_table[slot].block}));
	md_update(s->outer, CHUNKS({opad, md_table[slot].block}));
	bytes_wipe(ipad, sizeof(ipad));
	bytes_wipe(opad, sizeof(opad));
	return s;
}

void seal_free(struct seal *s)
{
	if (!s)
		return;
	EVP_CIPHER_CTX_free(s->enc);
	EVP_CIPHER_CTX_free(s->dec);
	EVP_MD_CTX_free(s->inner);
	EVP_MD_CTX_free(s->outer);
	EVP_MD_CTX_free(s->work);
	free(s);
}

void seal_cbc(struct seal *s, const uint8_t *iv, bool encrypt, uint8_t *data, size_t len)
{
	EVP_CIPHER_CTX *ctx = encrypt ? s->enc : s->dec;

	assert(len % s->block == 0);
	if (!ctx || len == 0)
		return;
	/* No cipher and no key: only the IV is set, nothing is fetched or expanded again. */
	must(EVP_CipherInit_ex2(ctx, NULL, NULL, iv, -1, NULL), "a cipher");
	cipher_run(ctx, data, len);
}

void seal_hmac(struct seal *s, const struct chunk *v, size_t n, uint8_t out[HASH_MAX])
{
	must(EVP_MD_CTX_copy_ex(s->work, s->inner), "a hash");
	md_update(s->work, v, n);
	md_final(s->work, out);
	must(EVP_MD_CTX_copy_ex(s->work, s->outer), "a hash");
	md_update(s->work, CHUNKS({out, s->hash_len}));
	md_final(s->work, out);
}

/* ---- Diffie-Hellman ---- */

/*
 * MODP: a plain modular power with a 256-bit exponent, a third to a quarter of the time that
 * EVP's derive takes with its test of the whole public key. That test is the caller's here:
 * 1 < y < p-1 (the groups are of safe primes, so nothing smaller than (p-1)/2 is left).
 */
struct modp {
	enum ike_group id;
	uint16_t len;
	BIGNUM *(*prime)(BIGNUM *);
	/* made once */
	BIGNUM *p, *p_minus_1, *generator;
	BN_MONT_CTX *mont;
};

/* ECP: OpenSSL's curves; scalar multiplication is constant-time there. */
struct ecp {
	enum ike_group id;
	uint16_t len; /* of a coordinate */
	int nid;
	/* made once */
	EC_GROUP *curve;
	BIGNUM *p, *order;
};

static struct modp modp_table[] = {
	{.id = GROUP_MODP768, .len = 96, .prime = BN_get_rfc2409_prime_768},
	{.id = GROUP_MODP1024, .len = 128, .prime = BN_get_rfc2409_prime_1024},
	{.id = GROUP_MODP1536, .len = 192, .prime = BN_get_rfc3526_prime_1536},
	{.id = GROUP_MODP2048, .len = 256, .prime = BN_get_rfc3526_prime_2048},
};

static struct ecp ecp_table[] = {
	{.id = GROUP_ECP256, .len = 32, .nid = NID_X9_62_prime256v1},
	{.id = GROUP_ECP384, .len = 48, .nid = NID_secp384r1},
};

static void make_groups(void)
{
	BN_CTX *ctx = BN_CTX_new();

	must(ctx, "memory");
	for (size_t i = 0; i < ARRAY_LEN(modp_table); i++) {
		struct modp *g = &modp_table[i];

		g->p = g->prime(NULL);
		g->generator = BN_new();
		g->mont = BN_MONT_CTX_new();
		must(g->p && g->generator && g->mont && BN_set_word(g->generator, 2) &&
			     BN_MONT_CTX_set(g->mont, g->p, ctx),
		     "a MODP group");
		g->p_minus_1 = BN_dup(g->p);
		must(g->p_minus_1 && BN_sub_word(g->p_minus_1, 1), "a MODP group");
	}
	for (size_t i = 0; i < ARRAY_LEN(ecp_table); i++) {
		struct ecp *g = &ecp_table[i];

		g->curve = EC_GROUP_new_by_curve_name(g->nid);
		g->p = BN_new();
		g->order = BN_new();
		must(g->curve && g->p && g->order &&
			     EC_GROUP_get_curve(g->curve, g->p, NULL, NULL, ctx) &&
			     EC_GROUP_get_order(g->curve, g->order, ctx),
		     "a curve");
	}
	BN_CTX_free(ctx);
}

static void need_groups(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	must(pthread_once(&once, make_groups) == 0, "its groups");
}

static const struct modp *modp_of(unsigned group)
{
	for (size_t i = 0; i < ARRAY_LEN(modp_table); i++)
		if (modp_table[i].id == group)
			return &modp_table[i];
	return NULL;
}

static const struct ecp *ecp_of(unsigned group)
{
	for (size_t i = 0; i < ARRAY_LEN(ecp_table); i++)
		if (ecp_table[i].id == group)
			return &ecp_table[i];
	return NULL;
}

bool group_known(unsigned group)
{
	return modp_of(group) || ecp_of(group);
}

size_t group_public_len(enum ike_group group)
{
	const struct modp *m = modp_of(group);
	const struct ecp *e = ecp_of(group);

	return m ? m->len : e ? 2 * (size_t)e->len : 0;
}

size_t group_shared_len(enum ike_group group)
{
	const struct modp *m = modp_of(group);
	const struct ecp *e = ecp_of(group);

	return m ? m->len : e ? e->len : 0;
}

struct dh {
	const struct modp *modp; /* one of the two */
	const struct ecp *ecp;
	BIGNUM *priv;
	uint8_t pub[DH_PUBLIC_MAX];
};

static void bn_write(const BIGNUM *bn, uint8_t *out, size_t len)
{
	must(BN_bn2binpad(bn, out, (int)len) == (int)len, "a number");
}

static void modp_power(const struct modp *g, const BIGNUM *base, const BIGNUM *priv, uint8_t *out)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *r = BN_new();

	must(ctx && r && BN_mod_exp_mont_consttime(r, base, priv, g->p, ctx, g->mont),
	     "a modular power");
	bn_write(r, out, g->len);
	BN_clear_free(r);
	BN_CTX_free(ctx);
}

/* @d NULL: only whether the value can be taken. */
static bool modp_shared(const struct modp *g, const struct dh *d, const uint8_t *peer, uint8_t *out)
{
	BIGNUM *y = BN_bin2bn(peer, g->len, NULL);
	bool ok;

	must(y, "a number");
	ok = BN_cmp(y, BN_value_one()) > 0 && BN_cmp(y, g->p_minus_1) < 0;
	if (ok && d)
		modp_power(g, y, d->priv, out);
	BN_free(y);
	return ok;
}

static void ecp_public(struct dh *d)
{
	const struct ecp *g = d->ecp;
	EC_POINT *q = EC_POINT_new(g->curve);
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *x = BN_new(), *y = BN_new();

	must(q && ctx && x && y && EC_POINT_mul(g->curve, q, d->priv, NULL, NULL, ctx) &&
		     EC_POINT_get_affine_coordinates(g->curve, q, x, y, ctx),
	     "a public key");
	bn_write(x, d->pub, g->len);
	bn_write(y, d->pub + g->len, g->len);
	BN_free(x);
	BN_free(y);
	BN_CTX_free(ctx);
	EC_POINT_free(q);
}

/* RFC 5903: the peer's x | y must be a point of the curve; the secret is the x of the product. */
static bool ecp_shared(const struct ecp *g, const struct dh *d, const uint8_t *peer, uint8_t *out)
{
	BIGNUM *x = BN_bin2bn(peer, g->len, NULL);
	BIGNUM *y = BN_bin2bn(peer + g->len, g->len, NULL);
	EC_POINT *q = EC_POINT_new(g->curve);
	BN_CTX *ctx = BN_CTX_secure_new();
	bool ok;

	must(x && y && q && ctx, "memory");
	/* set_affine_coordinates() refuses what is not on the curve, but takes x + p for x. */
	ok = BN_cmp(x, g->p) < 0 && BN_cmp(y, g->p) < 0 &&
	     EC_POINT_set_affine_coordinates(g->curve, q, x, y, ctx) == 1;
	if (ok && d) {
		must(EC_POINT_mul(g->curve, q, NULL, q, d->priv, ctx) &&
			     EC_POINT_get_affine_coordinates(g->curve, q, x, NULL, ctx),
		     "a shared secret");
		bn_write(x, out, g->len);
	}
	BN_clear_free(x);
	BN_free(y);
	EC_POINT_clear_free(q);
	BN_CTX_free(ctx);
	return ok;
}

struct dh *dh_new_private(enum ike_group group, const uint8_t *priv, size_t len)
{
	struct dh *d = calloc(1, sizeof(*d));

	must(d, "memory");
	need_groups();
	d->modp = modp_of(group);
	d->ecp = ecp_of(group);
	assert(d->modp || d->ecp);
	d->priv = BN_bin2bn(priv, (int)len, NULL);
	must(d->priv, "a number");
	BN_set_flags(d->priv, BN_FLG_CONSTTIME);
	if (d->modp)
		modp_power(d->modp, d->modp->generator, d->priv, d->pub);
	else
		ecp_public(d);
	return d;
}

/* In [2^255, 2^256) for MODP, so that the time tells nothing about leading zeros. In [1, order)
 * for ECP: at random until it fits, which it nearly always does at once. */
static size_t draw_private(enum ike_group group, struct rng *rng, uint8_t priv[DH_PRIVATE_MAX])
{
	const struct ecp *g = ecp_of(group);
	bool fits = false;

	if (!g) {
		rng_bytes(rng, priv, DH_EXPONENT_LEN);
		priv[0] |= 0x80;
		return DH_EXPONENT_LEN;
	}
	while (!fits) {
		BIGNUM *bn;

		rng_bytes(rng, priv, g->len);
		bn = BN_bin2bn(priv, g->len, NULL);
		must(bn, "a number");
		fits = !BN_is_zero(bn) && BN_cmp(bn, g->order) < 0;
		BN_clear_free(bn);
	}
	return g->len;
}

struct dh *dh_new(enum ike_group group, struct rng *rng)
{
	uint8_t priv[DH_PRIVATE_MAX];
	struct dh *d;
	size_t len;

	need_groups();
	len = draw_private(group, rng, priv);
	d = dh_new_private(group, priv, len);
	bytes_wipe(priv, sizeof(priv));
	return d;
}

void dh_free(struct dh *d)
{
	if (!d)
		return;
	BN_clear_free(d->priv);
	free(d);
}

const uint8_t *dh_public(const struct dh *d)
{
	return d->pub;
}

bool dh_shared(const struct dh *d, const uint8_t *peer, size_t len, uint8_t out[DH_PUBLIC_MAX])
{
	if (len != group_public_len(d->modp ? d->modp->id : d->ecp->id))
		return false;
	return d->modp ? modp_shared(d->modp, d, peer, out) : ecp_shared(d->ecp, d, peer, out);
}

bool dh_valid(enum ike_group group, const uint8_t *peer, size_t len)
{
	const struct modp *m = modp_of(group);

	need_groups();
	if (len != group_public_len(group))
		return false;
	return m ? modp_shared(m, NULL, peer, NULL) : ecp_shared(ecp_of(group), NULL, peer, NULL);
}

void crypto_prepare(void)
{
	fetch();
	need_groups();
}

/* ---- random bytes ---- */

struct rng {
	EVP_CIPHER_CTX *stream; /* NULL: the kernel's */
	uint8_t ready[256];	/* drawn ahead: most requests are 4 to 48 bytes */
	size_t used;
};

struct rng *rng_new(uint64_t seed, const char *label)
{
	static const uint8_t counter_and_nonce[16];
	uint8_t seed_bytes[8], key[HASH_MAX];
	struct rng *r = calloc(1, sizeof(*r));

	must(r, "memory");
	for (size_t i = 0; i < sizeof(seed_bytes); i++)
		seed_bytes[i] = (uint8_t)(seed >> (56 - 8 * i));
	hash_digest(HASH_SHA256, CHUNKS({seed_bytes, sizeof(seed_bytes)}, {label, strlen(label)}),
		    key);
	r->stream = EVP_CIPHER_CTX_new();
	must(r->stream && EVP_CipherInit_ex2(r->stream, fetched_enc[ENC_CHACHA20], key,
					     counter_and_nonce, true, NULL),
	     enc_names[ENC_CHACHA20]);
	r->used = sizeof(r->ready);
	return r;
}

struct rng *rng_new_os(void)
{
	struct rng *r = calloc(1, sizeof(*r));

	must(r, "memory");
	r->used = sizeof(r->ready);
	return r;
}

void rng_free(struct rng *r)
{
	if (!r)
		return;
	EVP_CIPHER_CTX_free(r->stream);
	bytes_wipe(r, sizeof(*r));
	free(r);
}

static void rng_refill(struct rng *r)
{
	if (r->stream) {
		memset(r->ready, 0, sizeof(r->ready));
		cipher_run(r->stream, r->ready, sizeof(r->ready));
	} else {
		/* Up to 256 bytes come whole or not at all (getrandom(2)). */
		must(getrandom(r->ready, sizeof(r->ready), 0) == sizeof(r->ready), "randomness");
	}
	r->used = 0;
}

void rng_bytes(struct rng *r, void *out, size_t len)
{
	uint8_t *p = out;

	while (len) {
		size_t n;

		if (r->used == sizeof(r->ready))
			rng_refill(r);
		n = MIN(len, sizeof(r->ready) - r->used);
		memcpy(p, r->ready + r->used, n);
		bytes_wipe(r->ready + r->used, n); /* given away: not kept */
		r->used += n;
		p += n;
		len -= n;
	}
}

uint32_t rng_u32(struct rng *r)
{
	uint8_t b[4];

	rng_bytes(r, b, sizeof(b));
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint32_t rng_below(struct rng *r, uint32_t bound)
{
	/* 2^32 mod bound values at the lower end would make some results likelier: draw again. */
	uint32_t threshold, v;

	assert(bound > 0);
	threshold = -bound % bound;
	do
		v = rng_u32(r);
	while (v < threshold);
	return v % bound;
}

/* ---- bytes ---- */

bool bytes_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void bytes_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}

void bytes_free(void *p, size_t len)
{
	if (p)
		bytes_wipe(p, len);
	free(p);
}
