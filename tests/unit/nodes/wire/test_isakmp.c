/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "lab/capture/pcapng.h"
#include "nodes/wire/isakmp.h"
#include "nodes/wire/isakmp_names.h"

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

static void a_flipped_bit_leads_nowhere_outside(void **state)
{
	uint8_t buf[1024];
	size_t len = everything(buf, sizeof(buf));

	(void)state;
	for (size_t i = 0; i < 8 * len; i++) {
		/* Of exactly that size, and any answer will do: ASan and UBSan are the judges. */
		uint8_t *copy = malloc(len);

		memcpy(copy, buf, len);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		isakmp_parse(&m, copy, len, NULL);
		assert_true(m.n_payloads <= ISAKMP_PAYLOADS && m.natd.n <= ARRAY_LEN(m.natd.v));
		assert_true(m.sa.n_transforms <= ISAKMP_TRANSFORMS);
		free(copy);
	}
}

/* ---- real messages ---- */

#define CAPTURES "tests/data/captures/"

/* Calls @fn with every ISAKMP message of every reference capture. */
static unsigned each_real_message(void (*fn)(const uint8_t *p, size_t len))
{
	unsigned n = 0;
	glob_t files;

	assert_int_equal(glob(CAPTURES "*.pcap", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *f = fopen(files.gl_pathv[i], "r");
		struct capture_reader *r = capture_open(f, files.gl_pathv[i], NULL);
		struct capture_frame c;

		assert_non_null(r);
		while (capture_next(r, &c, NULL) > 0) {
			struct packet pkt;
			size_t skip;

			if (!packet_parse(&pkt, c.linktype, c.data, c.len) || !pkt.dst.port)
				continue;
			skip = pkt.len > 4 && !le32(pkt.payload) ? ISAKMP_MARKER_LEN : 0;
			if (!skip && pkt.src.port != 500 && pkt.dst.port != 500)
				continue;
			if (pkt.len == 1) /* a keep-alive on 500 */
				continue;
			/* IKEv2, which shares the header: ikev2.c reads that. */
			if (pkt.len > skip + 17 && pkt.payload[skip + 17] >> 4 == 2)
				continue;
			fn(pkt.payload + skip, pkt.len - skip);
			n++;
		}
		capture_close(r);
		fclose(f);
	}
	globfree(&files);
	return n;
}

static void check_real(const uint8_t *p, size_t len)
{
	static struct span v[1024];
	struct spans spans = {.v = v, .cap = ARRAY_LEN(v)};
	size_t at = 0;

	assert_int_equal(isakmp_parse(&m, p, len, &spans), DROP_NONE);
	assert_int_equal(m.trailing, 0);
	/* Every byte has a name: spans of depth 0 follow one another to the end. */
	for (size_t i = 0; i < spans.n; i++) {
		assert_non_null(v[i].name);
		if (v[i].depth)
			continue;
		assert_int_equal(v[i].off, at);
		at += v[i].len;
	}
	assert_int_equal(at, len);
}

static void every_real_message_is_understood_to_the_last_byte(void **state)
{
	(void)state;
	assert_true(each_real_message(check_real) > 500);
}

static void rebuild_real(const uint8_t *p, size_t len)
{
	uint8_t buf[2048];
	struct isakmp_out o;

	isakmp_parse(&m, p, len, NULL);
	if (m.h.flags & ISAKMP_FLAG_ENCRYPTED)
		return;
	isakmp_begin(&o, buf, sizeof(buf), m.h.cky_i, m.h.cky_r, m.h.exchange, m.h.flags,
		     m.h.msgid);
	for (size_t i = 0; i < m.n_payloads; i++)
		isakmp_payload_put(&o, m.payloads[i].type, m.payloads[i].body.p,
				   m.payloads[i].body.len);
	assert_int_equal(isakmp_end(&o), len);
	assert_memory_equal(buf, p, len);
}

static void every_real_message_can_be_built_again_byte_for_byte(void **state)
{
	(void)state;
	each_real_message(rebuild_real);
}

static void hurt_real(const uint8_t *p, size_t len)
{
	static unsigned turn;

	if (p[19] & ISAKMP_FLAG_ENCRYPTED)
		return;
	for (size_t n = 0; n < len; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		memcpy(copy, p, n);
		if (n >= ISAKMP_HEADER_LEN) {
			assert_int_equal(isakmp_parse(&m, copy, n, NULL), DROP_LENGTH);
			copy[26] = (uint8_t)(n >> 8);
			copy[27] = (uint8_t)n;
		}
		assert_int_equal(isakmp_parse(&m, copy, n, NULL), DROP_SHORT);
		free(copy);

		copy = malloc(len);
		memcpy(copy, p, len);
		copy[n] ^= (uint8_t)(1 << turn++ % 8);
		isakmp_parse(&m, copy, len, NULL);
		free(copy);
	}
}

static void real_messages_cut_and_flipped_anywhere_do_no_harm(void **state)
{
	(void)state;
	each_real_message(hurt_real);
}

/* ---- what is refused ---- */

static void malformed_messages_are_told_apart(void **state)
{
	static const struct {
		const char *what;
		uint8_t type;
		const char *body;
		size_t len;
		enum drop drop;
	} cases[] = {
		{"a proposal outside an SA", PAYLOAD_PROPOSAL, "\1\1\0\0", 4, DROP_PAYLOAD_TYPE},
		{"a transform outside an SA", PAYLOAD_TRANSFORM, "\1\1\0\0", 4, DROP_PAYLOAD_TYPE},
		{"an SA without a proposal", PAYLOAD_SA, "\0\0\0\1\0\0\0\1", 8, DROP_BAD_PROPOSAL},
		{"an SA with something else inside", PAYLOAD_SA,
		 "\0\0\0\1\0\0\0\1\5\0\0\x08\1\1\0\0", 16, DROP_BAD_PROPOSAL},
		{"bytes behind the last proposal", PAYLOAD_SA,
		 "\0\0\0\1\0\0\0\1\0\0\0\x08\1\1\0\0x", 17, DROP_BAD_PROPOSAL},
		{"bytes behind the last transform", PAYLOAD_SA,
		 "\0\0\0\1\0\0\0\1\0\0\0\x11\1\1\0\1\0\0\0\x08\1\1\0\0x", 25,
		 DROP_BAD_PROPOSAL},
		{"a transform missing that was promised", PAYLOAD_SA,
		 "\0\0\0\1\0\0\0\1\0\0\0\x08\1\1\0\1", 16, DROP_BAD_PROPOSAL},
		{"an SPI longer than its proposal", PAYLOAD_SA,
		 "\0\0\0\1\0\0\0\1\0\0\0\x08\1\1\4\0", 16, DROP_BAD_PROPOSAL},
		{"half an attribute", PAYLOAD_SA,
		 "\0\0\0\1\0\0\0\1\0\0\0\x12\1\1\0\1\0\0\0\x0a\1\1\0\0\x80\1", 26, DROP_BAD_PROPOSAL},
		{"an attribute longer than its transform", PAYLOAD_SA,
		 "\0\0\0\1\0\0\0\1\0\0\0\x14\1\1\0\1\0\0\0\x0c\1\1\0\0\0\x0c\0\4", 28, DROP_BAD_PROPOSAL},
		{"an empty NAT-D", PAYLOAD_NATD, "", 0, DROP_PAYLOAD_MALFORMED},
		{"a NAT-D longer than any hash", PAYLOAD_NATD,
		 "0123456789012345678901234567890123456789012345678901234567890123x", 65,
		 DROP_PAYLOAD_MALFORMED},
		{"a NAT-OA of an unknown type", PAYLOAD_NATOA, "\2\0\0\0\1\2\3\4", 8,
		 DROP_PAYLOAD_MALFORMED},
		{"a NAT-OA with a short address", PAYLOAD_NATOA_DRAFT, "\1\0\0\0\1\2\3", 7,
		 DROP_PAYLOAD_MALFORMED},
		{"half an ID", PAYLOAD_ID, "\1\0\0", 3, DROP_SHORT},
		{"half a notify", PAYLOAD_NOTIFY, "\0\0\0\1\1\0\0", 7, DROP_SHORT},
		{"a notify with a longer SPI than itself", PAYLOAD_NOTIFY,
		 "\0\0\0\1\1\4\0\1xyz", 11, DROP_SHORT},
		{"a delete of more SPIs than there are", PAYLOAD_DELETE,
		 "\0\0\0\1\3\xff\xff\xffspi", 11, DROP_SHORT},
		{"a delete with bytes to spare", PAYLOAD_DELETE, "\0\0\0\1\3\4\0\1spi1x", 13,
		 DROP_PAYLOAD_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct isakmp_out o;
		uint8_t buf[256];

		print_message("%s\n", cases[i].what);
		isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
		isakmp_payload_put(&o, cases[i].type, cases[i].body, cases[i].len);
		assert_int_equal(isakmp_parse(&m, buf, isakmp_end(&o), NULL), cases[i].drop);
	}
}

static void header_and_datagram_must_agree(void **state)
{
	uint8_t buf[1024] = {0};
	size_t len = everything(buf, sizeof(buf));

	(void)state;
	/* Bytes behind the message are counted, not judged: products differ. */
	assert_int_equal(isakmp_parse(&m, buf, len + 5, NULL), DROP_NONE);
	assert_int_equal(m.trailing, 5);
	buf[27] = (uint8_t)(buf[27] + 1);
	assert_int_equal(isakmp_parse(&m, buf, len, NULL), DROP_LENGTH);
	buf[26] = 0;
	buf[27] = 27;
	assert_int_equal(isakmp_parse(&m, buf, len, NULL), DROP_LENGTH);
	buf[24] = 0xff;
	assert_int_equal(isakmp_parse(&m, buf, len, NULL), DROP_LENGTH);

	len = everything(buf, sizeof(buf));
	buf[17] = 0x20;
	assert_int_equal(isakmp_parse(&m, buf, len, NULL), DROP_VERSION);
	assert_int_equal(m.n_payloads, 0);
	buf[17] = 0x1f; /* a minor version is none of our business */
	assert_int_equal(isakmp_parse(&m, buf, len, NULL), DROP_NONE);
	buf[19] = ISAKMP_FLAG_ENCRYPTED;
	assert_int_equal(isakmp_parse(&m, buf, len, NULL), DROP_NONE);
	assert_int_equal(m.n_payloads, 0);
	len = everything(buf, sizeof(buf));
	buf[31] = 3; /* a payload shorter than its own header */
	assert_int_equal(isakmp_parse(&m, buf, len, NULL), DROP_PAYLOAD_MALFORMED);
}

static void there_is_an_end_to_everything(void **state)
{
	static uint8_t buf[65536];
	struct isakmp_out o;

	(void)state;
	for (int more = 0; more < 2; more++) {
		isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
		for (int i = 0; i < ISAKMP_PAYLOADS + more; i++)
			isakmp_payload_put(&o, PAYLOAD_VID, "x", 1);
		assert_int_equal(isakmp_parse(&m, buf, isakmp_end(&o), NULL),
				 more ? DROP_LIMIT : DROP_NONE);

		isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
		put_sa(&o, (uint8_t)(ISAKMP_TRANSFORMS + more));
		assert_int_equal(isakmp_parse(&m, buf, isakmp_end(&o), NULL),
				 more ? DROP_LIMIT : DROP_NONE);

		isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
		isakmp_payload_begin(&o, PAYLOAD_SA);
		wr_u64(&o.w, 0x0000000100000001);
		for (int i = 1; i <= ISAKMP_PROPOSALS + more; i++) {
			wr_u32(&o.w, i < ISAKMP_PROPOSALS + more ? 0x02000008 : 0x00000008);
			wr_u32(&o.w, 0x01010000);
		}
		isakmp_payload_end(&o);
		assert_int_equal(isakmp_parse(&m, buf, isakmp_end(&o), NULL),
				 more ? DROP_LIMIT : DROP_NONE);

		isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
		isakmp_payload_begin(&o, PAYLOAD_SA);
		wr_u64(&o.w, 0x0000000100000001);
		wr_u32(&o.w, (uint32_t)(16 + 4 * (ISAKMP_ATTRS + more)));
		wr_u32(&o.w, 0x01010001);
		wr_u32(&o.w, (uint32_t)(8 + 4 * (ISAKMP_ATTRS + more)));
		wr_u32(&o.w, 0x01010000);
		for (int i = 0; i < ISAKMP_ATTRS + more; i++)
			isakmp_attr_basic(&o.w, P1_ENC, CIPHER_AES);
		isakmp_payload_end(&o);
		assert_int_equal(isakmp_parse(&m, buf, isakmp_end(&o), NULL),
				 more ? DROP_LIMIT : DROP_NONE);
	}
	/* Of some the first ones are kept and the rest is only looked at. */
	isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
	for (int i = 0; i < 9; i++)
		isakmp_payload_put(&o, PAYLOAD_NATD, "0123456789abcdef", 16);
	for (int i = 0; i < 6; i++) {
		isakmp_payload_put(&o, PAYLOAD_NOTIFY, "\0\0\0\1\1\0\0\1", 8);
		isakmp_payload_put(&o, PAYLOAD_DELETE, "\0\0\0\1\1\0\0\0", 8);
		isakmp_payload_put(&o, PAYLOAD_ID, "\1\0\0\0", 4);
		isakmp_payload_put(&o, PAYLOAD_NATOA, "\1\0\0\0\1\2\3\4", 8);
	}
	assert_int_equal(isakmp_parse(&m, buf, isakmp_end(&o), NULL), DROP_NONE);
	assert_int_equal(m.natd.n, 8);
	assert_int_equal(m.n_notifies, 4);
	assert_int_equal(m.n_deletes, 4);
	assert_int_equal(m.n_ids, 2);
	assert_int_equal(m.n_natoa, 2);
}

static void attribute_values_are_read_at_every_width(void **state)
{
	static const struct {
		const char *attr;
		size_t len;
		uint64_t value;
	} attrs[] = {
		{"\x80\x0c\x70\x80", 4, 28800},
		{"\x00\x0c\x00\x04\x00\x00\x70\x80", 8, 28800},
		{"\x00\x0c\x00\x00", 4, 0},
		{"\x00\x0c\x00\x03\x01\x00\x00", 7, 65536},
		{"\x00\x0c\x00\x08\x01\0\0\0\0\0\0\x02", 12, 0x0100000000000002},
		{"\x00\x0c\x00\x09\0\0\0\0\0\0\0\0\x01", 13, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		struct isakmp_out o;
		uint8_t buf[128];

		isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
		isakmp_payload_begin(&o, PAYLOAD_SA);
		wr_u64(&o.w, 0x0000000100000001);
		wr_u32(&o.w, (uint32_t)(16 + attrs[i].len));
		wr_u32(&o.w, 0x01010001);
		wr_u32(&o.w, (uint32_t)(8 + attrs[i].len));
		wr_u32(&o.w, 0x01010000);
		wr_bytes(&o.w, attrs[i].attr, attrs[i].len);
		isakmp_payload_end(&o);
		assert_int_equal(isakmp_parse(&m, buf, isakmp_end(&o), NULL), DROP_NONE);
		assert_true(isakmp_attr_value(&m.sa.transforms[0], P1_LIFE, 1) == attrs[i].value);
	}
}

static void what_does_not_fit_is_not_built(void **state)
{
	static uint8_t buf[70000], big[65536];
	struct isakmp_out o;

	(void)state;
	for (size_t size = 0; size < 40; size++) {
		isakmp_begin(&o, buf, size, cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
		isakmp_payload_put(&o, PAYLOAD_VID, "12345678", 8);
		assert_int_equal(isakmp_end(&o), 0);
	}
	isakmp_begin(&o, buf, 40, cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
	isakmp_payload_put(&o, PAYLOAD_VID, "12345678", 8);
	assert_int_equal(isakmp_end(&o), 40);
	/* A payload's length has 16 bits. */
	isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
	isakmp_payload_put(&o, PAYLOAD_VID, big, sizeof(big) - 4);
	assert_int_equal(isakmp_end(&o), 0);
}

static void algorithms_have_the_words_of_the_interface(void **state)
{
	char buf[24];

	(void)state;
	assert_string_equal(isakmp_cipher_name(CIPHER_AES, 256, buf), "aes-256-cbc");
	assert_string_equal(isakmp_cipher_name(CIPHER_AES, 0, buf), "aes-128-cbc");
	assert_string_equal(isakmp_cipher_name(CIPHER_3DES, 0, buf), "3des-cbc");
	assert_string_equal(isakmp_cipher_name(UINT_MAX, UINT_MAX, buf), "cipher-4294967295");
	assert_string_equal(isakmp_cipher_name(CIPHER_AES, UINT_MAX, buf), "aes-4294967295-cbc");
	assert_string_equal(isakmp_hash_name(HASH_SHA1), "sha1");
	assert_string_equal(isakmp_hash_name(77), "?");
	assert_string_equal(isakmp_group_name(GROUP_ECP384), "ecp384");
	assert_string_equal(isakmp_notify_name(14), "NO-PROPOSAL-CHOSEN");
	assert_null(isakmp_notify_name(12345));
	assert_string_equal(isakmp_payload_name(130), "NAT-D (draft)");
	assert_null(isakmp_payload_name(200));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_is_read_back),
		cmocka_unit_test(a_message_cut_anywhere_is_refused),
		cmocka_unit_test(a_flipped_bit_leads_nowhere_outside),
		cmocka_unit_test(every_real_message_is_understood_to_the_last_byte),
		cmocka_unit_test(every_real_message_can_be_built_again_byte_for_byte),
		cmocka_unit_test(real_messages_cut_and_flipped_anywhere_do_no_harm),
		cmocka_unit_test(malformed_messages_are_told_apart),
		cmocka_unit_test(header_and_datagram_must_agree),
		cmocka_unit_test(there_is_an_end_to_everything),
		cmocka_unit_test(attribute_values_are_read_at_every_width),
		cmocka_unit_test(what_does_not_fit_is_not_built),
		cmocka_unit_test(algorithms_have_the_words_of_the_interface),
	};

	return cmocka_run_group_tests_name("isakmp", tests, NULL, NULL);
}
