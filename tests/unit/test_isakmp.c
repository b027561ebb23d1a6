/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nodes/isakmp.h"

static const uint8_t cky_i[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint8_t cky_r[8] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};
static struct isakmp_msg m; /* too large for the stack of a test that cuts and flips */

/* An SA payload's body: one proposal with @n transforms of AES-256, SHA-1, PSK, ECP-384. */
static void put_sa(struct isakmp_out *o, uint8_t n)
{
	struct wr *w = &o->w;
	struct wr_open p, t;

	isakmp_payload_begin(o, PAYLOAD_SA);
	wr_u32(w, 1);
	wr_u32(w, 1);
	wr_u8(w, PAYLOAD_NONE);
	wr_u8(w, 0);
	p = wr_open(w, 2, wr_len(w) - 2);
	wr_u8(w, 1);
	wr_u8(w, 1);
	wr_u8(w, 4); /* SPI size: Main Mode has none, but one is legal */
	wr_u8(w, n);
	wr_u32(w, 0xdeadbeef);
	for (uint8_t i = 1; i <= n; i++) {
		wr_u8(w, i < n ? PAYLOAD_TRANSFORM : PAYLOAD_NONE);
		wr_u8(w, 0);
		t = wr_open(w, 2, wr_len(w) - 2);
		wr_u8(w, i);
		wr_u8(w, 1);
		wr_u16(w, 0);
		isakmp_attr_basic(w, P1_ENC, CIPHER_AES);
		isakmp_attr_basic(w, P1_KEYLEN, 256);
		isakmp_attr_basic(w, P1_HASH, HASH_SHA1);
		isakmp_attr_basic(w, P1_GROUP, GROUP_ECP384);
		isakmp_attr_basic(w, P1_AUTH, 1);
		isakmp_attr_u32(w, P1_LIFE, 28800);
		wr_close(w, t);
	}
	wr_close(w, p);
	isakmp_payload_end(o);
}

/* A message with every payload that has a format of its own. */
static size_t everything(uint8_t *buf, size_t size)
{
	struct isakmp_out o;

	isakmp_begin(&o, buf, size, cky_i, cky_r, EXCHANGE_MAIN, 0, 7);
	put_sa(&o, 2);
	isakmp_payload_put(&o, PAYLOAD_KE, "0123456789abcdef", 16);
	isakmp_payload_put(&o, PAYLOAD_NONCE, "nonce", 5);
	isakmp_payload_put(&o, PAYLOAD_HASH, "hash", 4);
	isakmp_payload_put(&o, PAYLOAD_ID, "\x01\x11\x06\xa5\x0a\x14\x00\x02", 8);
	isakmp_payload_put(&o, PAYLOAD_ID, "\x01\x11\x06\xa5\xcb\x00\x71\x0a", 8);
	isakmp_payload_put(&o, PAYLOAD_NATD, "aaaaaaaaaaaaaaaaaaaa", 20);
	isakmp_payload_put(&o, PAYLOAD_NATD, "bbbbbbbbbbbbbbbbbbbb", 20);
	isakmp_payload_put(&o, PAYLOAD_NATD_DRAFT, "cccccccccccccccccccc", 20);
	isakmp_payload_put(&o, PAYLOAD_NATOA, "\x01\0\0\0\x0a\x14\x00\x02", 8);
	isakmp_payload_put(&o, PAYLOAD_NOTIFY, "\0\0\0\1\x01\x02\x60\x02" "SPdata", 14);
	isakmp_payload_put(&o, PAYLOAD_DELETE, "\0\0\0\1\x03\x04\x00\x02" "spi1spi2", 16);
	isakmp_payload_put(&o, 99, "unknown", 7);
	isakmp_payload_put(&o, PAYLOAD_VID, "vendor", 6);
	return isakmp_end(&o);
}

static void what_is_built_is_read_back(void **state)
{
	uint8_t buf[1024];
	size_t len = everything(buf, sizeof(buf));

	(void)state;
	assert_int_equal(isakmp_parse(&m, buf, len, NULL), DROP_NONE);
	assert_memory_equal(m.h.cky_i, cky_i, 8);
	assert_memory_equal(m.h.cky_r, cky_r, 8);
	assert_int_equal(m.h.exchange, EXCHANGE_MAIN);
	assert_int_equal(m.h.msgid, 7);
	assert_int_equal(m.h.length, len);
	assert_int_equal(m.n_payloads, 14);
	assert_int_equal(m.trailing, 0);

	assert_true(m.has_sa);
	assert_int_equal(m.sa.doi, 1);
	assert_int_equal(m.sa.n_proposals, 1);
	assert_int_equal(m.sa.proposals[0].spi.len, 4);
	assert_int_equal(m.sa.proposals[0].n_transforms, 2);
	assert_int_equal(m.sa.n_transforms, 2);
	assert_int_equal(m.sa.transforms[1].number, 2);
	assert_int_equal(m.sa.transforms[1].raw.len, 36);
	assert_int_equal(isakmp_attr_value(&m.sa.transforms[1], P1_KEYLEN, 0), 256);
	assert_int_equal(isakmp_attr_value(&m.sa.transforms[1], P1_LIFE, 0), 28800);
	assert_int_equal(isakmp_attr_value(&m.sa.transforms[1], P1_LIFE_TYPE, 77), 77);
	assert_int_equal(m.sa.body.len, 8 + 8 + 4 + 2 * 36);

	assert_int_equal(m.ke.len, 16);
	assert_memory_equal(m.nonce.p, "nonce", 5);
	assert_int_equal(m.hash.len, 4);
	assert_int_equal(m.n_ids, 2);
	assert_int_equal(m.ids[1].port, 1701);
	assert_memory_equal(m.ids[1].data.p, "\xcb\x00\x71\x0a", 4);
	assert_int_equal(m.ids[1].body.len, 8);
	assert_int_equal(m.natd_type, PAYLOAD_NATD);
	assert_int_equal(m.natd.n, 2); /* not the draft's */
	assert_int_equal(m.natd.len, 20);
	assert_memory_equal(m.natd.v[1].b, "bbbb", 4);
	assert_int_equal(m.n_natoa, 1);
	assert_int_equal(inet_to_v4(m.natoa[0]), 0x0a140002);
	assert_int_equal(m.n_notifies, 1);
	assert_int_equal(m.notifies[0].type, 24578);
	assert_memory_equal(m.notifies[0].data.p, "data", 4);
	assert_int_equal(m.n_deletes, 1);
	assert_int_equal(m.deletes[0].n_spis, 2);
	assert_int_equal(m.deletes[0].spis.len, 8);
	assert_int_equal(m.payloads[12].type, 99);
	assert_int_equal(m.payloads[12].body.len, 7);
}

static void a_message_cut_anywhere_is_refused(void **state)
{
	uint8_t buf[1024];
	size_t len = everything(buf, sizeof(buf));

	(void)state;
	for (size_t n = 0; n < len; n++) {
		/* In a buffer of exactly that size, so that ASan sees every step outside. */
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, buf, n);
		assert_int_equal(isakmp_parse(&m, cut, n, NULL),
				 n < ISAKMP_HEADER_LEN ? DROP_SHORT : DROP_LENGTH);
		if (n >= ISAKMP_HEADER_LEN) {
			/* And with a header that agrees with the cut. */
			cut[26] = (uint8_t)(n >> 8);
			cut[27] = (uint8_t)n;
			assert_int_equal(isakmp_parse(&m, cut, n, NULL), DROP_SHORT);
		}
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_is_read_back),
		cmocka_unit_test(a_message_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests_name("isakmp", tests, NULL, NULL);
}
