/* SPDX-License-Identifier: MIT */
/*
 * esp.h - ESP in transport mode (RFC 4303), bare or inside UDP (RFC 3948), and the UDP datagram
 * that it protects.
 *
 *	SPI | sequence | IV | payload | 1 2 3 .. | pad length | next header | ICV
 *	                    |<------------- encrypted ------------------->|
 *	|<---------------------- authenticated ------------------------->|
 *
 * One `struct esp_sa` is one direction. It allocates when it is made and nothing per packet.
 */
#ifndef NATDLAB_NODES_ESP_ESP_H
#define NATDLAB_NODES_ESP_ESP_H

#include "lab/base/inet.h"
#include "nodes/crypto/crypto.h"
#include "nodes/base/event.h"

#define ESP_HEADER_LEN 8
#define ESP_REPLAY_WINDOW 64
/* Most that esp_seal() adds: header, IV, padding with its two bytes, ICV of HMAC-SHA2-512. */
#define ESP_OVERHEAD_MAX (ESP_HEADER_LEN + BLOCK_MAX + BLOCK_MAX + 2 + 32)

struct esp_sa {
	uint32_t spi;
	uint32_t seq;	 /* outbound: the last one used; inbound: the highest one accepted */
	uint64_t window; /* inbound: bit n says that seq - n was accepted */
	struct seal *seal;
	enum ike_hash auth;
	uint8_t iv_len, icv_len, align;
};

/*
 * Makes one direction ready. @key and @auth_key are as long as the algorithms want (RFC 2407 5.5);
 * CIPHER_NONE is the NULL cipher of RFC 2410. @auth must not be HASH_NONE: nobody offers ESP
 * without integrity for L2TP. Takes nothing; esp_sa_wipe() ends it.
 */
void esp_sa_init(struct esp_sa *sa, uint32_t spi, enum ike_cipher cipher, unsigned keybits,
		 const uint8_t *key, enum ike_hash auth, const uint8_t *auth_key);
/* Allowed on a zeroed and on an already wiped SA. */
void esp_sa_wipe(struct esp_sa *sa);

/*
 * Protects @len bytes of protocol @next into @buf; the IV comes from @rng. Returns the length of
 * the packet, or 0 when it does not fit or when the SA has used up its 2^32 - 1 sequence numbers,
 * which may never come round again (RFC 4303 2.2).
 */
size_t esp_seal(struct esp_sa *sa, struct rng *rng, uint8_t next, const void *payload, size_t len,
		void *buf, size_t size);
/* With a given IV: known answers. */
size_t esp_seal_iv(struct esp_sa *sa, const uint8_t *iv, uint8_t next, const void *payload,
		   size_t len, void *buf, size_t size);

/* What was protected; a view into the packet. */
struct esp_opened {
	uint32_t seq;
	uint8_t next;
	uint8_t *p;
	size_t len;
};

/* The SPI of a packet, to find the SA with; false when there are not even that many bytes. */
bool esp_peek_spi(const uint8_t *pkt, size_t len, uint32_t *spi);

/*
 * Opens a packet, decrypting it where it lies: replay, ICV, padding, in this order (RFC 4303
 * 3.4). The replay window moves only for a packet that was authentic.
 */
enum drop esp_open(struct esp_sa *sa, uint8_t *pkt, size_t len, struct esp_opened *out);

/* A UDP datagram inside ESP. */
struct esp_udp {
	uint16_t src, dst;
	const uint8_t *p;
	size_t len;
};

/*
 * Reads the UDP header and deals with its checksum, which covers the addresses as the sender saw
 * them; @src and @dst are the addresses as we see them.
 *
 * @encapsulated (RFC 3948 3.1.2): a NAT may have changed the addresses, and of the three remedies
 * that the RFC allows we take the second, computing the checksum anew. The first, adjusting it
 * by the original addresses of NAT-OA, would trust a payload that Windows does not always send
 * and in which SoftEther by default says 0.0.0.0; and what the checksum protected has just been
 * proven by the ICV. A checksum of zero stays zero. The result stands in @udp.
 *
 * Bare ESP: nobody repairs anything, so a datagram whose addresses were changed on the way is
 * lost, as in a kernel.
 */
enum drop esp_udp_open(uint8_t *udp, size_t len, struct inet_addr src, struct inet_addr dst,
		       bool encapsulated, struct esp_udp *out);

#endif
