/* SPDX-License-Identifier: MIT */
#include "nodes/ppp/mschap.h"

#include <string.h>

#include "lab/base/text.h"
#include "lab/base/wire.h"

#define REPLACEMENT 0xfffd /* stands for bytes that are not UTF-8 */

struct chunk mschap_name(const uint8_t *p, size_t len)
{
	size_t from = len;

	while (from > 0 && p[from - 1] != '\\')
		from--;
	return (struct chunk){p + from, len - from};
}

void mschap_challenge_hash(const struct mschap *m, uint8_t out[8])
{
	uint8_t digest[HASH_MAX];

	hash_digest(HASH_SHA1,
		    CHUNKS({m->peer, MSCHAP_CHALLENGE}, {m->authenticator, MSCHAP_CHALLENGE},
			   {m->user.p, m->user.len}),
		    digest);
	memcpy(out, digest, 8);
}

/* ---- the password ---- */

static void put_unit(struct wr *w, uint32_t unit)
{
	wr_u8(w, (uint8_t)unit);
	wr_u8(w, (uint8_t)(unit >> 8));
}

void mschap_password_hash(const char *password, uint8_t out[MD4_LEN])
{
	uint8_t utf16[2 * MSCHAP_PASSWORD_MAX];
	const char *at = password, *end = at + strlen(at);
	struct wr w = wr_new(utf16, sizeof(utf16));

	while (at < end) {
		uint32_t c;
		size_t units;

		at += text_next(at, end, &c);
		if (c == TEXT_NOT_UTF8)
			c = REPLACEMENT;
		units = c > 0xffff ? 2 : 1;
		if (wr_len(&w) + 2 * units > sizeof(utf16))
			break;
		if (units == 2) {
			put_unit(&w, 0xd800 | (c - 0x10000) >> 10);
			put_unit(&w, 0xdc00 | ((c - 0x10000) & 0x3ff));
		} else {
			put_unit(&w, c);
		}
	}
	md4_digest(utf16, wr_len(&w), out);
	bytes_wipe(utf16, sizeof(utf16));
}

/* ---- the two proofs ---- */

/* DES with 7 bytes as a key: each 8th bit of DES' own 8 is parity, which nobody looks at (8.6). */
static void des_7(const uint8_t key[7], const uint8_t clear[8], uint8_t out[8])
{
	uint8_t spread[8], iv[8] = {0};
	uint64_t bits = 0;

	for (size_t i = 0; i < 7; i++)
		bits = bits << 8 | key[i];
	for (size_t i = 0; i < 8; i++)
		spread[i] = (uint8_t)(bits >> (49 - 7 * i) << 1);
	memcpy(out, clear, 8);
	cipher_cbc(CIPHER_DES, 0, spread, iv, true, out, 8); /* one block, so the mode is all one */
	bytes_wipe(spread, sizeof(spread));
}

void mschap_response(const struct mschap *m, uint8_t out[MSCHAP_RESPONSE])
{
	uint8_t challenge[8], key[21] = {0}; /* the hash, and zeros behind it (8.5) */

	mschap_challenge_hash(m, challenge);
	mschap_password_hash(m->password, key);
	for (size_t i = 0; i < 3; i++)
		des_7(key + 7 * i, challenge, out + 8 * i);
	bytes_wipe(key, sizeof(key));
}

void mschap_proof(const struct mschap *m, const uint8_t response[MSCHAP_RESPONSE],
		  uint8_t out[MSCHAP_PROOF])
{
	static const char magic1[] = "Magic server to client signing constant";
	static const char magic2[] = "Pad to make it do more than one iteration";
	uint8_t challenge[8], hash[MD4_LEN], digest[HASH_MAX];

	mschap_password_hash(m->password, hash);
	md4_digest(hash, sizeof(hash), hash);
	hash_digest(HASH_SHA1,
		    CHUNKS({hash, sizeof(hash)}, {response, MSCHAP_RESPONSE},
			   {magic1, sizeof(magic1) - 1}),
		    digest);
	mschap_challenge_hash(m, challenge);
	hash_digest(HASH_SHA1,
		    CHUNKS({digest, MSCHAP_PROOF}, {challenge, sizeof(challenge)},
			   {magic2, sizeof(magic2) - 1}),
		    digest);
	memcpy(out, digest, MSCHAP_PROOF);
	bytes_wipe(hash, sizeof(hash));
	bytes_wipe(digest, sizeof(digest));
}
