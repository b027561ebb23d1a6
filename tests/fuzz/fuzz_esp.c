/* SPDX-License-Identifier: MIT */
/*
 * fuzz_esp.c - ESP packets as a stranger sends them, and authentic ones with nonsense inside.
 *
 * The first byte chooses the suite and which of the two it is.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/base/wire.h"
#include "nodes/esp/esp.h"

#define INPUT_MAX 4096
#define SPI 0x1001

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t key[KEY_MAX] =
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+";

static const struct {
	enum ike_cipher cipher;
	unsigned keybits;
	enum ike_hash auth;
} suites[] = {
	{CIPHER_AES, 128, HASH_SHA1},
	{CIPHER_AES, 256, HASH_SHA256},
	{CIPHER_3DES, 0, HASH_MD5},
	{CIPHER_NONE, 0, HASH_SHA1},
};

/* A packet with a right ICV over @body, encrypted as it stands: what is behind the ICV is read. */
static size_t authentic(size_t suite, const uint8_t *body, size_t len, uint8_t *pkt, size_t size)
{
	static const uint8_t iv[BLOCK_MAX];
	struct seal *s = seal_new(suites[suite].cipher, suites[suite].keybits, key,
				  suites[suite].auth, key + 1, hash_len(suites[suite].auth));
	size_t block = cipher_block(suites[suite].cipher);
	struct wr w = wr_new(pkt, size);
	uint8_t mac[HASH_MAX];
	size_t at;

	wr_u32(&w, SPI);
	wr_u32(&w, 1);
	wr_bytes(&w, iv, suites[suite].cipher == CIPHER_NONE ? 0 : block);
	at = wr_len(&w);
	wr_bytes(&w, body, len - len % MAX(block, (size_t)4));
	seal_cbc(s, iv, true, pkt + at, wr_len(&w) - at);
	seal_hmac(s, CHUNKS({pkt, wr_len(&w)}), mac);
	wr_bytes(&w, mac, suites[suite].auth == HASH_SHA256 ? 16 : 12);
	seal_free(s);
	if (!wr_ok(&w))
		abort();
	return wr_len(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t pkt[INPUT_MAX + 100];
	struct inet_addr a = inet_v4(1), b = inet_v4(2);
	struct esp_opened o;
	struct esp_udp udp;
	struct esp_sa sa;
	size_t suite;
	bool inside;

	if (len < 1 || len > INPUT_MAX)
		return 0;
	suite = data[0] % ARRAY_LEN(suites);
	inside = data[0] & 0x80;
	data++;
	len--;
	esp_sa_init(&sa, SPI, suites[suite].cipher, suites[suite].keybits, key, suites[suite].auth,
		    key + 1);
	if (inside) {
		len = authentic(suite, data, len, pkt, sizeof(pkt));
	} else if (len >= 4) {
		memcpy(pkt, data, len);
		memcpy(pkt, "\x00\x00\x10\x01", 4); /* the SPI found the SA */
	}
	if (esp_open(&sa, pkt, len, &o) == DROP_NONE) {
		if (!inside) /* then HMAC is broken */
			abort();
		if (o.p < pkt || o.p + o.len > pkt + len)
			abort();
		if (esp_udp_open(o.p, o.len, a, b, o.next & 1, &udp) == DROP_NONE &&
		    udp.p + udp.len > o.p + o.len)
			abort();
	}
	esp_sa_wipe(&sa);
	return 0;
}
