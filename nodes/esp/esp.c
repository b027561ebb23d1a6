/* SPDX-License-Identifier: MIT */
#include "nodes/esp/esp.h"

#include "lab/base/packet.h"
#include "lab/base/wire.h"

#define UDP_HEADER_LEN 8
#define UDP_CHECKSUM_AT 6

/* How much of the HMAC an ESP packet carries: 96 bits of MD5 and SHA-1 (RFC 2403, 2404), half of
 * the SHA-2 family (RFC 4868 2.3). */
static uint8_t icv_len(enum ike_hash auth)
{
	assert(auth != HASH_NONE);
	switch (auth) {
	case HASH_MD5:
	case HASH_SHA1:
		return 12;
	case HASH_SHA256:
	case HASH_SHA384:
	case HASH_SHA512:
		return (uint8_t)(hash_len(auth) / 2);
	case HASH_NONE:
		break;
	}
	return 0;
}

void esp_sa_init(struct esp_sa *sa, uint32_t spi, enum ike_cipher cipher, unsigned keybits,
		 const uint8_t *key, enum ike_hash auth, const uint8_t *auth_key)
{
	size_t block = cipher_block(cipher);

	*sa = (struct esp_sa){
		.spi = spi,
		.auth = auth,
		.seal = seal_new(cipher, keybits, key, auth, auth_key, hash_len(auth)),
		.iv_len = cipher == CIPHER_NONE ? 0 : (uint8_t)block,
		.icv_len = icv_len(auth),
		/* Pad length and next header end on a 4-byte boundary (RFC 4303 2.4). */
		.align = (uint8_t)MAX(block, (size_t)4),
	};
}

void esp_sa_wipe(struct esp_sa *sa)
{
	seal_free(sa->seal);
	bytes_wipe(sa, sizeof(*sa));
}

size_t esp_seal_iv(struct esp_sa *sa, const uint8_t *iv, uint8_t next, const void *payload,
		   size_t len, void *buf, size_t size)
{
	size_t pad = (sa->align - (len + 2) % sa->align) % sa->align;
	struct wr w = wr_new(buf, size);
	uint8_t mac[HASH_MAX];
	size_t body;

	if (sa->seq == UINT32_MAX)
		return 0;
	wr_u32(&w, sa->spi);
	wr_u32(&w, sa->seq + 1);
	wr_bytes(&w, iv, sa->iv_len);
	body = wr_len(&w);
	wr_bytes(&w, payload, len);
	for (size_t i = 1; i <= pad; i++)
		wr_u8(&w, (uint8_t)i);
	wr_u8(&w, (uint8_t)pad);
	wr_u8(&w, next);
	if (!wr_ok(&w))
		return 0;
	seal_cbc(sa->seal, iv, true, w.base + body, wr_len(&w) - body);
	seal_hmac(sa->seal, CHUNKS({w.base, wr_len(&w)}), mac);
	wr_bytes(&w, mac, sa->icv_len);
	if (!wr_ok(&w))
		return 0;
	sa->seq++;
	return wr_len(&w);
}

size_t esp_seal(struct esp_sa *sa, struct rng *rng, uint8_t next, const void *payload, size_t len,
		void *buf, size_t size)
{
	uint8_t iv[BLOCK_MAX];

	rng_bytes(rng, iv, sa->iv_len);
	return esp_seal_iv(sa, iv, next, payload, len, buf, size);
}

bool esp_peek_spi(const uint8_t *pkt, size_t len, uint32_t *spi)
{
	struct rd r = rd_new(pkt, len);

	*spi = rd_u32(&r, NULL);
	return rd_ok(&r);
}

/* RFC 4303 3.4.3: a number that was accepted before, or one left of the window, is refused. */
static bool replay_ok(const struct esp_sa *sa, uint32_t seq)
{
	if (seq == 0)
		return false;
	if (seq > sa->seq)
		return true;
	return sa->seq - seq < ESP_REPLAY_WINDOW && !(sa->window >> (sa->seq - seq) & 1);
}

static void replay_accept(struct esp_sa *sa, uint32_t seq)
{
	if (seq > sa->seq) {
		uint32_t by = seq - sa->seq;

		sa->window = by < ESP_REPLAY_WINDOW ? sa->window << by : 0;
		sa->seq = seq;
	}
	sa->window |= UINT64_C(1) << (sa->seq - seq);
}

/* Behind the decrypted payload: 1 2 3 .., their number, the protocol (RFC 4303 2.4). */
static bool open_trailer(uint8_t *body, size_t len, struct esp_opened *out)
{
	struct rd tail = rd_new(body + len - 2, 2);
	size_t pad = rd_u8(&tail, "pad length");

	out->next = rd_u8(&tail, "next header");
	if (pad > len - 2)
		return false;
	out->p = body;
	out->len = len - 2 - pad;
	tail = rd_new(body + out->len, pad);
	for (size_t i = 1; i <= pad; i++)
		if (rd_u8(&tail, "padding") != i)
			return false;
	return true;
}

enum drop esp_open(struct esp_sa *sa, uint8_t *pkt, size_t len, struct esp_opened *out)
{
	size_t covered = len > sa->icv_len ? len - sa->icv_len : 0, body_len;
	struct rd r = rd_new(pkt, covered), tail = rd_new(pkt + covered, len - covered);
	uint8_t mac[HASH_MAX];
	const uint8_t *iv, *body, *icv;
	uint32_t spi = rd_u32(&r, "SPI");

	out->seq = rd_u32(&r, "sequence number");
	iv = rd_bytes(&r, sa->iv_len, "IV");
	body = rd_rest(&r, &body_len, "encrypted");
	icv = rd_bytes(&tail, sa->icv_len, "ICV");
	if (!rd_ok(&r) || !rd_ok(&tail) || body_len < sa->align)
		return DROP_SHORT;
	assert(spi == sa->spi);
	if (body_len % sa->align != 0)
		return DROP_DECRYPT;
	if (!replay_ok(sa, out->seq))
		return DROP_REPLAY;
	seal_hmac(sa->seal, CHUNKS({pkt, covered}), mac);
	if (!bytes_equal(mac, icv, sa->icv_len))
		return DROP_AUTH;
	replay_accept(sa, out->seq);
	seal_cbc(sa->seal, iv, false, pkt + (body - pkt), body_len);
	return open_trailer(pkt + (body - pkt), body_len, out) ? DROP_NONE : DROP_PADDING;
}

/* 0 when the checksum is right; what the field must hold when it is 0 now. */
static uint16_t udp_check(const uint8_t *udp, size_t len, struct inet_addr src,
			  struct inet_addr dst)
{
	return inet_sum_fold(inet_sum(inet_pseudo_sum(src, dst, IPPROTO_UDP_, len), udp, len));
}

static void udp_repair(uint8_t *udp, size_t len, struct inet_addr src, struct inet_addr dst)
{
	struct wr w = wr_new(udp, len);
	uint16_t sum;

	wr_reserve(&w, len);
	wr_patch_u16(&w, UDP_CHECKSUM_AT, 0);
	sum = udp_check(udp, len, src, dst);
	wr_patch_u16(&w, UDP_CHECKSUM_AT, sum ? sum : 0xffff);
}

enum drop esp_udp_open(uint8_t *udp, size_t len, struct inet_addr src, struct inet_addr dst,
		       bool encapsulated, struct esp_udp *out)
{
	struct rd r = rd_new(udp, len);
	uint16_t said, checksum;

	out->src = rd_u16(&r, "source port");
	out->dst = rd_u16(&r, "destination port");
	said = rd_u16(&r, "length");
	checksum = rd_u16(&r, "checksum");
	if (!rd_ok(&r) || said < UDP_HEADER_LEN)
		return DROP_SHORT;
	/* More than the header says is padding against traffic analysis (RFC 4303 2.7). */
	out->len = said - (size_t)UDP_HEADER_LEN;
	out->p = rd_bytes(&r, out->len, "data");
	if (!rd_ok(&r))
		return DROP_LENGTH;
	if (checksum == 0 || udp_check(udp, said, src, dst) == 0)
		return DROP_NONE;
	if (!encapsulated)
		return DROP_CHECKSUM;
	udp_repair(udp, said, src, dst);
	return DROP_NONE;
}
