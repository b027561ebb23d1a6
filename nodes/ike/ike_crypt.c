/* SPDX-License-Identifier: MIT */
/*
 * ike_crypt.c - encrypted messages (RFC 2409 appendix B): the header stays clear, the body is CBC
 * with zeros up to a whole block, and each message's last block is the next one's IV.
 */
#include "nodes/ike/ike_priv.h"

#include <string.h>

#define GENERIC_LEN 4

enum drop crypt_open(const struct ike_keys *k, uint8_t iv[BLOCK_MAX], const struct ike_rx *rx,
		     uint8_t plain[IKE_MESSAGE_MAX])
{
	struct isakmp_msg *m = rx->m;
	struct rd r = rd_new(rx->d->data, rx->d->len);
	const uint8_t *body;
	struct rd chain;
	enum drop drop;
	size_t len;

	/* The datagram is at least as long as the header says: ike_input() has seen to it. */
	rd_bytes(&r, ISAKMP_HEADER_LEN, NULL);
	len = m->h.length - ISAKMP_HEADER_LEN;
	body = rd_bytes(&r, len, NULL);
	assert(body);
	if (len == 0 || len % k->block)
		return DROP_BLOCKS;
	if (len > IKE_MESSAGE_MAX)
		return DROP_LIMIT;
	memcpy(plain, body, len);
	cipher_cbc(k->suite.cipher, k->suite.keybits, k->key, iv, false, plain, len);
	chain = rd_new(plain, len);
	drop = isakmp_payloads_parse(m, m->h.next, &chain);
	/* A wrong key and a broken message look alike: nonsense. Padding is less than a block in
	 * every product seen; a whole block is tolerated, more is not our peer's writing. */
	return drop || m->n_payloads == 0 || m->trailing > 2 * k->block ? DROP_DECRYPT : DROP_NONE;
}

size_t crypt_close(const struct ike_keys *k, uint8_t iv[BLOCK_MAX], struct isakmp_out *o)
{
	size_t body = wr_len(&o->w) - ISAKMP_HEADER_LEN;
	size_t pad = k->block - body % k->block, len;

	if (pad < k->block || k->pads_whole_block)
		wr_zeros(&o->w, pad);
	len = isakmp_end(o);
	if (len)
		cipher_cbc(k->suite.cipher, k->suite.keybits, k->key, iv, true,
			   o->w.base + ISAKMP_HEADER_LEN, len - ISAKMP_HEADER_LEN);
	return len;
}

struct view crypt_rest(const struct isakmp_msg *m)
{
	const struct isakmp_payload_view *first = &m->payloads[0];
	const struct isakmp_payload_view *last = &m->payloads[m->n_payloads - 1];
	const uint8_t *begin = first->body.p + first->body.len;

	return view_of(begin, (size_t)(last->body.p + last->body.len - begin));
}

uint8_t *crypt_hash_begin(const struct ike_keys *k, struct isakmp_out *o)
{
	uint8_t *hash;

	isakmp_payload_begin(o, PAYLOAD_HASH);
	hash = wr_reserve(&o->w, k->hash_len);
	isakmp_payload_end(o);
	assert(hash); /* it is the first payload of a buffer of ours */
	return hash;
}

struct view crypt_hash_rest(const struct ike_keys *k, const struct isakmp_out *o)
{
	size_t from = ISAKMP_HEADER_LEN + GENERIC_LEN + k->hash_len;

	return view_of(o->w.base + from, wr_len(&o->w) - from);
}

bool hash_right(const struct ike_keys *k, const struct isakmp_msg *m, const uint8_t *want)
{
	return m->hash.len == k->hash_len && bytes_equal(m->hash.p, want, k->hash_len);
}
