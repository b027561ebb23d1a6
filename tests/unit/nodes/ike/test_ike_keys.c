/* SPDX-License-Identifier: MIT */
/*
 * The key schedule against two exchanges of real servers whose every secret is known: strongSwan
 * (kat-ss-eip-napt) and SoftEther (kat-se-eip-napt).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "lab/base/packet.h"
#include "lab/capture/pcapng.h"
#include "nodes/ike/ike_priv.h"

#define FOLDER "tests/data/captures/"

static const char *const kats[] = {"kat-ss-eip-napt", "kat-se-eip-napt"};

struct blob {
	uint8_t b[512];
	size_t len;
};

/* What a JSON file says. */
struct kat {
	json_t *root, *keys;
	const char *name;
	struct blob cky_i, cky_r, psk, ni, nr, gxi, gxr, gxy;
	struct ike_secrets secrets;
	struct ike_suite suite;
};

static struct blob hex_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	struct blob b;
	int n;

	assert_non_null(s);
	n = hex_parse(s, b.b, sizeof(b.b));
	assert_true(n > 0);
	b.len = (size_t)n;
	return b;
}

static struct view view_blob(const struct blob *b)
{
	return view_of(b->b, b->len);
}

static unsigned number(json_t *o, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(o, key));
}

static void kat_open(struct kat *k, const char *name)
{
	char path[200];
	json_t *chosen;

	snprintf(path, sizeof(path), FOLDER "%s.json", name);
	k->name = name;
	k->root = json_load_file(path, 0, NULL);
	assert_non_null(k->root);
	k->keys = json_object_get(k->root, "keys");
	k->cky_i = hex_of(k->root, "cky_i");
	k->cky_r = hex_of(k->root, "cky_r");
	k->ni = hex_of(k->keys, "ni");
	k->nr = hex_of(k->keys, "nr");
	k->gxi = hex_of(k->keys, "gxi");
	k->gxr = hex_of(k->keys, "gxr");
	k->gxy = hex_of(k->keys, "gxy");
	k->psk.len = strlen(json_string_value(json_object_get(k->keys, "psk")));
	memcpy(k->psk.b, json_string_value(json_object_get(k->keys, "psk")), k->psk.len);
	k->secrets = (struct ike_secrets){
		.psk = view_blob(&k->psk),
		.ni = view_blob(&k->ni),
		.nr = view_blob(&k->nr),
		.gxi = view_blob(&k->gxi),
		.gxr = view_blob(&k->gxr),
		.gxy = view_blob(&k->gxy),
		.cky_i = k->cky_i.b,
		.cky_r = k->cky_r.b,
	};
	chosen = json_object_get(k->root, "chosen");
	k->suite = (struct ike_suite){
		.cipher = (enum ike_cipher)number(chosen, "enc"),
		.keybits = number(chosen, "keylen"),
		.hash = (enum ike_hash)number(chosen, "hash"),
		.group = (enum ike_group)number(chosen, "group"),
	};
}

static void assert_blob(const uint8_t *got, json_t *o, const char *key)
{
	struct blob want = hex_of(o, key);

	assert_memory_equal(got, want.b, want.len);
}

static void every_derived_key_is_the_real_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kats); i++) {
		struct ike_keys keys;
		struct kat k;

		kat_open(&k, kats[i]);
		ike_keys_derive(&keys, &k.suite, &k.secrets);
		assert_blob(keys.skeyid, k.keys, "skeyid");
		assert_blob(keys.d, k.keys, "skeyid_d");
		assert_blob(keys.a, k.keys, "skeyid_a");
		assert_blob(keys.e, k.keys, "skeyid_e");
		assert_blob(keys.key, k.keys, "cipher_key");
		assert_blob(keys.iv, k.keys, "iv0");
		assert_int_equal(keys.key_len, hex_of(k.keys, "cipher_key").len);
		json_decref(k.root);
	}
}

static void the_shared_secret_is_the_real_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kats); i++) {
		uint8_t shared[DH_PUBLIC_MAX];
		struct blob priv;
		struct dh *d;
		struct kat k;

		kat_open(&k, kats[i]);
		priv = hex_of(k.keys, "dh_private");
		d = dh_new_private(k.suite.group, priv.b, priv.len);
		assert_memory_equal(dh_public(d), k.gxi.b, k.gxi.len);
		assert_true(dh_shared(d, k.gxr.b, k.gxr.len, shared));
		assert_memory_equal(shared, k.gxy.b, k.gxy.len);
		dh_free(d);
		json_decref(k.root);
	}
}

static void authentication_hashes_are_the_real_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kats); i++) {
		struct blob sai_b, idii_b, idir_b;
		uint8_t out[HASH_MAX];
		struct ike_keys keys;
		struct kat k;

		kat_open(&k, kats[i]);
		sai_b = hex_of(k.keys, "sai_b");
		idii_b = hex_of(k.keys, "idii_b");
		idir_b = hex_of(k.keys, "idir_b");
		ike_keys_derive(&keys, &k.suite, &k.secrets);
		ike_keys_auth(&keys, &k.secrets, true, view_blob(&sai_b), view_blob(&idii_b), out);
		assert_blob(out, k.keys, "hash_i");
		ike_keys_auth(&keys, &k.secrets, false, view_blob(&sai_b), view_blob(&idir_b), out);
		assert_blob(out, k.keys, "hash_r");
		json_decref(k.root);
	}
}

static void esp_keys_are_the_real_ones(void **state)
{
	uint8_t keymat[2 * KEY_MAX];
	struct blob ni, nr, spi;
	struct ike_keys keys;
	struct kat k;

	(void)state;
	kat_open(&k, "kat-se-eip-napt");
	ike_keys_derive(&keys, &k.suite, &k.secrets);
	ni = hex_of(k.keys, "qm_ni");
	nr = hex_of(k.keys, "qm_nr");
	/* AES-128 and HMAC-SHA1: 16 and 20 bytes; out is the client's out, to the server's SPI. */
	spi = hex_of(k.keys, "spi_r");
	ike_keys_keymat(&keys, PROTO_ESP,
			(uint32_t)spi.b[0] << 24 | (uint32_t)spi.b[1] << 16 |
				(uint32_t)spi.b[2] << 8 | spi.b[3],
			view_blob(&ni), view_blob(&nr), keymat, 36);
	assert_blob(keymat, k.keys, "esp_out_enc");
	assert_blob(keymat + 16, k.keys, "esp_out_auth");
	spi = hex_of(k.keys, "spi_i");
	ike_keys_keymat(&keys, PROTO_ESP,
			(uint32_t)spi.b[0] << 24 | (uint32_t)spi.b[1] << 16 |
				(uint32_t)spi.b[2] << 8 | spi.b[3],
			view_blob(&ni), view_blob(&nr), keymat, 36);
	assert_blob(keymat, k.keys, "esp_in_enc");
	assert_blob(keymat + 16, k.keys, "esp_in_auth");
	json_decref(k.root);
}

/* Reads the encrypted messages of an exchange one after the other, as both ends did. */
struct reading {
	struct kat k;
	struct ike_keys keys;
	uint8_t iv[BLOCK_MAX]; /* of Main Mode */
	uint32_t quick;	       /* message ID of the Quick Mode */
	uint8_t quick_iv[BLOCK_MAX];
	struct nonce ni, nr;
	unsigned main, quick_messages, infos;
	uint8_t plain1[IKE_MESSAGE_MAX]; /* Quick Mode message 1, decrypted, and what it offers */
	struct isakmp_msg offer;
};

/* Our row answers the offer of Quick Mode as the real server did, attribute by attribute. */
static void compare_answer(const struct reading *r, const struct isakmp_msg *answer)
{
	bool softether = strcmp(r->k.name, "kat-se-eip-napt") == 0;
	const struct ike_config cfg = {
		.server = mode_server(softether ? "softether-4" : "strongswan-5.3"),
	};
	struct ike ike = {0};
	struct rd spi = rd_new(answer->sa.proposals[0].spi.p, 4);
	const struct isakmp_transform *t;
	struct esp_choice choice;
	uint8_t buf[512];
	struct wr w = wr_new(buf, sizeof(buf));
	uint32_t offered;

	ike_rules_init(&ike, &cfg);
	t = proposal_choose_phase2(&ike, &r->offer.sa, &choice, &offered);
	assert_non_null(t);
	assert_int_equal(choice.encap, ENCAP_UDP_TRANSPORT);
	proposal_answer_phase2(&w, &ike.rules, &r->offer.sa, t, rd_u32(&spi, NULL));
	assert_int_equal(wr_len(&w), answer->sa.body.len);
	assert_memory_equal(buf, answer->sa.body.p, wr_len(&w));
}

static void read_main(struct reading *r, struct ike_rx *rx, uint8_t *plain)
{
	bool five = r->main == 0;

	assert_int_equal(crypt_open(&r->keys, r->iv, rx, plain), DROP_NONE);
	assert_true(r->main < 2);
	assert_int_equal(rx->m->n_ids, 1);
	assert_blob(rx->m->ids[0].body.p, r->k.keys, five ? "idii_b" : "idir_b");
	assert_blob(rx->m->hash.p, r->k.keys, five ? "hash_i" : "hash_r");
	r->main++;
}

static void read_quick(struct reading *r, struct ike_rx *rx, uint8_t *plain)
{
	uint32_t id = rx->m->h.msgid;
	uint8_t want[HASH_MAX];
	struct nonce *n;

	if (r->quick_messages == 0) {
		r->quick = id;
		ike_keys_phase2_iv(&r->keys, r->iv, id, r->quick_iv);
	}
	assert_int_equal(id, r->quick);
	assert_int_equal(crypt_open(&r->keys, r->quick_iv, rx, plain), DROP_NONE);
	if (r->quick_messages == 0)
		ike_keys_hash1(&r->keys, id, crypt_rest(rx->m), want);
	else if (r->quick_messages == 1)
		ike_keys_hash2(&r->keys, id, view_of(r->ni.b, r->ni.len), crypt_rest(rx->m), want);
	else
		ike_keys_hash3(&r->keys, id, view_of(r->ni.b, r->ni.len),
			       view_of(r->nr.b, r->nr.len), want);
	assert_true(hash_right(&r->keys, rx->m, want));
	if (r->quick_messages == 0) {
		struct rd chain;

		memcpy(r->plain1, plain, rx->m->h.length - ISAKMP_HEADER_LEN);
		chain = rd_new(r->plain1, rx->m->h.length - ISAKMP_HEADER_LEN);
		isakmp_payloads_parse(&r->offer, rx->m->h.next, &chain);
	} else if (r->quick_messages == 1) {
		compare_answer(r, rx->m);
	}
	n = r->quick_messages == 0 ? &r->ni : &r->nr;
	if (rx->m->nonce.p) {
		n->len = rx->m->nonce.len;
		memcpy(n->b, rx->m->nonce.p, n->len);
	}
	r->quick_messages++;
}

static void read_info(struct reading *r, struct ike_rx *rx, uint8_t *plain)
{
	uint32_t id = rx->m->h.msgid;
	uint8_t want[HASH_MAX], iv[BLOCK_MAX];

	ike_keys_phase2_iv(&r->keys, r->iv, id, iv);
	assert_int_equal(crypt_open(&r->keys, iv, rx, plain), DROP_NONE);
	ike_keys_hash1(&r->keys, id, crypt_rest(rx->m), want);
	assert_true(hash_right(&r->keys, rx->m, want));
	r->infos++;
}

static void read_message(struct reading *r, const uint8_t *p, size_t len)
{
	struct datagram d = {.data = p, .len = len};
	uint8_t plain[IKE_MESSAGE_MAX];
	struct isakmp_msg m;
	struct ike_rx rx = {.d = &d, .m = &m};

	if (isakmp_parse(&m, p, len, NULL) || !(m.h.flags & ISAKMP_FLAG_ENCRYPTED))
		return;
	if (m.h.exchange == EXCHANGE_MAIN)
		read_main(r, &rx, plain);
	else if (m.h.exchange == EXCHANGE_QUICK)
		read_quick(r, &rx, plain);
	else
		read_info(r, &rx, plain);
}

static void real_messages_can_be_read_and_their_hashes_are_right(void **state)
{
	static const unsigned quick[] = {2, 3}; /* messages of Quick Mode in the capture */

	for (size_t i = 0; i < ARRAY_LEN(kats); i++) {
		struct reading r = {0};
		struct capture_reader *c;
		struct capture_frame f;
		struct packet pkt;
		char path[200];
		FILE *file;

		(void)state;
		kat_open(&r.k, kats[i]);
		ike_keys_derive(&r.keys, &r.k.suite, &r.k.secrets);
		memcpy(r.iv, r.keys.iv, BLOCK_MAX);
		snprintf(path, sizeof(path), FOLDER "%s.client.pcap", kats[i]);
		file = fopen(path, "rbe");
		assert_non_null(file);
		c = capture_open(file, path, NULL);
		assert_non_null(c);
		while (capture_next(c, &f, NULL) == 1) {
			size_t skip;

			if (!packet_parse(&pkt, f.linktype, f.data, f.len) ||
			    pkt.proto != IPPROTO_UDP_)
				continue;
			skip = pkt.src.port == 4500 || pkt.dst.port == 4500 ? ISAKMP_MARKER_LEN : 0;
			if (pkt.len > skip + ISAKMP_HEADER_LEN &&
			    (!skip || !memcmp(pkt.payload, "\0\0\0", 4)))
				read_message(&r, pkt.payload + skip, pkt.len - skip);
		}
		assert_int_equal(r.main, 2);
		assert_true(r.quick_messages >= quick[i]);
		assert_true(r.infos >= 1);
		capture_close(c);
		fclose(file);
		json_decref(r.k.root);
	}
}

static void keys_are_expanded_as_appendix_b_says(void **state)
{
	/* A 24-byte key out of 20 bytes of SHA-1, a 32-byte one out of 16 of MD5, and a 16-byte
	 * one that is simply the beginning of SKEYID_e. */
	static const struct ike_suite suites[] = {
		{CIPHER_3DES, 0, HASH_SHA1, GROUP_MODP1024},
		{CIPHER_AES, 256, HASH_MD5, GROUP_MODP1024},
		{CIPHER_AES, 128, HASH_SHA1, GROUP_MODP1024},
	};
	struct kat k;

	(void)state;
	kat_open(&k, kats[0]);
	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		uint8_t k1[HASH_MAX], k2[HASH_MAX];
		struct ike_keys keys;
		size_t h = hash_len(suites[i].hash);

		ike_keys_derive(&keys, &suites[i], &k.secrets);
		if (keys.key_len <= h) {
			assert_memory_equal(keys.key, keys.e, keys.key_len);
			continue;
		}
		hash_hmac(suites[i].hash, keys.e, h, CHUNKS({"", 1}), k1);
		hash_hmac(suites[i].hash, keys.e, h, CHUNKS({k1, h}), k2);
		assert_memory_equal(keys.key, k1, h);
		assert_memory_equal(keys.key + h, k2, keys.key_len - h);
	}
	json_decref(k.root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_derived_key_is_the_real_ones),
		cmocka_unit_test(the_shared_secret_is_the_real_one),
		cmocka_unit_test(authentication_hashes_are_the_real_ones),
		cmocka_unit_test(esp_keys_are_the_real_ones),
		cmocka_unit_test(real_messages_can_be_read_and_their_hashes_are_right),
		cmocka_unit_test(keys_are_expanded_as_appendix_b_says),
	};

	return cmocka_run_group_tests_name("ike keys", tests, NULL, NULL);
}
