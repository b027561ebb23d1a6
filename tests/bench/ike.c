/* SPDX-License-Identifier: MIT */
/*
 * ike.c - what two of our nodes cost beyond the cryptography that they must do.
 *
 *	ike REPEATS
 *	ike bound GROUP...
 *
 * For each group, in turns and in one thread: Main Mode and Quick Mode of both sides through
 * nodes/ike/ike.h, over two NATs in memory (ike_net.h); and the same Diffie-Hellman operations,
 * keyed hashes and cipher runs by bare calls of OpenSSL, with everything prepared that can be.
 * The ratio is the bound's time in ours: 1 would be a node that does nothing but OpenSSL's work.
 * `bound` does the bound's work once for each GROUP named (modp2048, ecp384, ...) and says nothing.
 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "tests/bench/bench.h"
#include "tests/unit/ike_net.h"

/* What a Main Mode and a Quick Mode of both sides take, with SHA-1 and AES-256 (RFC 2409 5.4,
 * 5.5): NAT-D four times made and four times checked; SKEYID, _d, _a, _e and a longer key, HASH_I,
 * HASH_R, three hashes of Quick Mode, two keys of four blocks each, on both sides; two IVs. */
#define DIGESTS (2 * (4 + 2))
#define HMACS (2 * (4 + 2 + 2 + 3 + 2 * 4))
/* Messages 5, 6 and three of Quick Mode, each encrypted and decrypted. */
#define CIPHER_RUNS (2 * 5)
#define BYTES 256 /* of what is hashed and encrypted, about */

#define CLIENT "linux-strongswan"
#define SERVER "strongswan-5.3"

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "ike: %s\n", what);
	exit(1);
}

/* ---- bare OpenSSL ---- */

struct bound {
	BN_CTX *ctx;
	BN_MONT_CTX *mont;  /* of a MODP group */
	BIGNUM *p, *g;
	EC_GROUP *curve;    /* of an ECP group */
	BIGNUM *priv[2];
	EVP_MD_CTX *hash;
	const EVP_MD *sha1;
	EVP_CIPHER_CTX *cipher;
};

static struct bound bound_new(BIGNUM *(*prime)(BIGNUM *), int nid, int bits)
{
	struct bound b = {
		.ctx = BN_CTX_new(),
		.hash = EVP_MD_CTX_new(),
		.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL),
		.cipher = EVP_CIPHER_CTX_new(),
	};
	static const uint8_t key[32] = {1}, iv[16];

	if (prime) {
		b.p = prime(NULL);
		b.g = BN_new();
		b.mont = BN_MONT_CTX_new();
		must(b.p && b.g && b.mont && BN_set_word(b.g, 2) &&
			     BN_MONT_CTX_set(b.mont, b.p, b.ctx), "a MODP group");
	} else {
		b.curve = EC_GROUP_new_by_curve_name(nid);
		must(b.curve != NULL, "a curve");
	}
	for (int i = 0; i < 2; i++) {
		b.priv[i] = BN_new();
		must(BN_rand(b.priv[i], bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), "randomness");
	}
	must(EVP_EncryptInit_ex(b.cipher, EVP_aes_256_cbc(), NULL, key, iv), "a cipher");
	return b;
}

static void bound_free(struct bound *b)
{
	BN_CTX_free(b->ctx);
	BN_MONT_CTX_free(b->mont);
	BN_free(b->p);
	BN_free(b->g);
	EC_GROUP_free(b->curve);
	BN_free(b->priv[0]);
	BN_free(b->priv[1]);
	EVP_MD_CTX_free(b->hash);
	EVP_MD_free((EVP_MD *)b->sha1);
	EVP_CIPHER_CTX_free(b->cipher);
}

/* Both public values and both shared secrets. */
static void bound_modp(const struct bound *b)
{
	BIGNUM *y[2] = {BN_new(), BN_new()}, *z = BN_new();

	for (int i = 0; i < 2; i++)
		must(BN_mod_exp_mont_consttime(y[i], b->g, b->priv[i], b->p, b->ctx, b->mont), "");
	for (int i = 0; i < 2; i++)
		must(BN_mod_exp_mont_consttime(z, y[!i], b->priv[i], b->p, b->ctx, b->mont), "");
	BN_free(y[0]);
	BN_free(y[1]);
	BN_free(z);
}

static void bound_ecp(const struct bound *b)
{
	EC_POINT *q[2] = {EC_POINT_new(b->curve), EC_POINT_new(b->curve)};
	EC_POINT *z = EC_POINT_new(b->curve);
	BIGNUM *x = BN_new(), *y = BN_new();

	for (int i = 0; i < 2; i++) {
		must(EC_POINT_mul(b->curve, q[i], b->priv[i], NULL, NULL, b->ctx) &&
		     EC_POINT_get_affine_coordinates(b->curve, q[i], x, y, b->ctx) &&
		     EC_POINT_set_affine_coordinates(b->curve, q[i], x, y, b->ctx), "a point");
	}
	for (int i = 0; i < 2; i++)
		must(EC_POINT_mul(b->curve, z, NULL, q[!i], b->priv[i], b->ctx) &&
		     EC_POINT_get_affine_coordinates(b->curve, z, x, NULL, b->ctx), "a secret");
	EC_POINT_free(q[0]);
	EC_POINT_free(q[1]);
	EC_POINT_free(z);
	BN_free(x);
	BN_free(y);
}

static void digest(const struct bound *b, const void *p, size_t len)
{
	uint8_t out[EVP_MAX_MD_SIZE];

	must(EVP_DigestInit_ex2(b->hash, b->sha1, NULL) && EVP_DigestUpdate(b->hash, p, len) &&
	     EVP_DigestFinal_ex(b->hash, out, NULL), "a hash");
}

static void bound_once(const struct bound *b)
{
	static const uint8_t bytes[BYTES + 64];
	uint8_t out[BYTES + 32];
	int len;

	if (b->curve)
		bound_ecp(b);
	else
		bound_modp(b);
	for (int i = 0; i < DIGESTS; i++)
		digest(b, bytes, 26); /* cookies, address, port */
	for (int i = 0; i < HMACS; i++) { /* RFC 2104: two hashes, each with a block before */
		digest(b, bytes, 64 + BYTES);
		digest(b, bytes, 64 + 20);
	}
	for (int i = 0; i < CIPHER_RUNS; i++)
		must(EVP_EncryptUpdate(b->cipher, out, &len, bytes, BYTES), "a cipher");
}

/* ---- ours ---- */

/* Seconds from a client's first message until both have their SAs. The two ends and the memory of
 * the network between them are there before. */
static double ours_once(const struct client_mode *client, const struct server_mode *server)
{
	struct net *net = net_new_rows(client, server, true, true, "lab-psk", "lab-psk");
	double began = bench_cpu(), took;

	net_dial(net);
	took = bench_cpu() - began;
	must(net->client.n_children == 1 && net->server.n_children == 1, "no Quick Mode was done");
	net_free(net);
	return took;
}

static const struct {
	const char *name;
	enum ike_group group;
	BIGNUM *(*prime)(BIGNUM *);
	int nid, bits;
} groups[] = {
	{"modp1024", GROUP_MODP1024, BN_get_rfc2409_prime_1024, 0, 256},
	{"modp1536", GROUP_MODP1536, BN_get_rfc3526_prime_1536, 0, 256},
	{"modp2048", GROUP_MODP2048, BN_get_rfc3526_prime_2048, 0, 256},
	{"ecp256", GROUP_ECP256, NULL, NID_X9_62_prime256v1, 256},
	{"ecp384", GROUP_ECP384, NULL, NID_secp384r1, 384},
};

static void compare(size_t k, size_t repeats)
{
	struct client_mode client = *mode_client(CLIENT);
	struct server_mode server = *mode_server(SERVER);
	struct bound b = bound_new(groups[k].prime, groups[k].nid, groups[k].bits);
	double *ours = calloc(repeats, sizeof(double)), *bare = calloc(repeats, sizeof(double));
	char what[80];

	must(ours && bare, "memory");
	client.n_phase1 = 1;
	client.phase1[0] = (struct phase1_transform){CIPHER_AES, 256, HASH_SHA1, groups[k].group,
						     28800};
	server.phase1.ciphers |= ACCEPT(CIPHER_AES);
	server.phase1.keys |= ACCEPT_KEY(256);
	server.phase1.hashes |= ACCEPT(HASH_SHA1);
	server.phase1.groups |= ACCEPT(groups[k].group);
	ours_once(&client, &server); /* the first one makes tables that stay */
	for (size_t i = 0; i < repeats; i++) {
		double began;

		ours[i] = ours_once(&client, &server);
		began = bench_cpu();
		bound_once(&b);
		bare[i] = bench_cpu() - began;
	}
	snprintf(what, sizeof(what), "Main and Quick Mode, both sides, %s: OpenSSL's share",
		 groups[k].name);
	bench_line(what, bench_median(bare, repeats) / bench_median(ours, repeats), false, 0.8);
	bound_free(&b);
	free(ours);
	free(bare);
}

static void bound_of(const char *name)
{
	size_t k = 0;
	struct bound b;

	while (k < ARRAY_LEN(groups) && strcmp(groups[k].name, name) != 0)
		k++;
	must(k < ARRAY_LEN(groups), "unknown group");
	b = bound_new(groups[k].prime, groups[k].nid, groups[k].bits);
	bound_once(&b);
	bound_free(&b);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "bound")) {
		for (int i = 2; i < argc; i++)
			bound_of(argv[i]);
		return 0;
	}
	must(argc == 2 && atoi(argv[1]) > 0, "usage: ike REPEATS");
	for (size_t k = 0; k < ARRAY_LEN(groups); k++)
		compare(k, (size_t)atoi(argv[1]));
	return 0;
}
