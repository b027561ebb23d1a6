/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "lab/base/packet.h"
#include "lab/base/wire.h"
#include "nodes/esp/esp.h"

static const uint8_t some_key[KEY_MAX] =
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+";

static const struct {
	enum ike_cipher cipher;
	unsigned keybits;
	enum ike_hash auth;
} suites[] = {
	{CIPHER_AES, 128, HASH_SHA1},  {CIPHER_AES, 192, HASH_SHA1},   {CIPHER_AES, 256, HASH_SHA1},
	{CIPHER_AES, 256, HASH_MD5},   {CIPHER_AES, 256, HASH_SHA256}, {CIPHER_3DES, 0, HASH_SHA1},
	{CIPHER_3DES, 0, HASH_SHA256}, {CIPHER_NONE, 0, HASH_SHA1},
};

/* Both ends of one direction. */
struct pair {
	struct esp_sa out, in;
	struct rng *rng;
};

static void pair_init(struct pair *p, size_t suite)
{
	p->rng = rng_new(1, "test_esp");
	esp_sa_init(&p->out, 0x1001, suites[suite].cipher, suites[suite].keybits, some_key,
		    suites[suite].auth, some_key + 1);
	esp_sa_init(&p->in, 0x1001, suites[suite].cipher, suites[suite].keybits, some_key,
		    suites[suite].auth, some_key + 1);
}

static void pair_wipe(struct pair *p)
{
	esp_sa_wipe(&p->out);
	esp_sa_wipe(&p->in);
	rng_free(p->rng);
}

/* ---- published vectors ---- */

/* RFC 3602 4: cases 5 and 6 are transport mode, without an ICV. */
static void rfc3602_transport_packets_are_made_byte_for_byte(void **state)
{
	static const struct {
		const char *iv, *payload, *packet;
	} cases[] = {
		{"e96e8c08ab465763fd098d45dd3ff893",
		 "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f1011121314151617"
		 "18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637",
		 "0000432100000001e96e8c08ab465763fd098d45dd3ff893"
		 "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856"
		 "a4699e523a55db080b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874a"
		 "a269add047ad2d5913ac19b7cfbad4a6"},
		{"69d08df7d203329db093fc4924e5bd80",
		 "0800b5e8a80a0500a69c083d0b660e00777777777777777777777777",
		 "000043210000000869d08df7d203329db093fc4924e5bd80"
		 "f51995881ec4e0c4488987ce742e8109689bb379d2d750c0d915dca346a89f75"},
	};
	static const uint32_t seq[] = {1, 8};
	uint8_t key[16], iv[16], payload[64], want[200], got[200];

	(void)state;
	hex_parse("90d382b410eeba7ad938c46cec1a82bf", key, sizeof(key));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int n = hex_parse(cases[i].payload, payload, sizeof(payload));
		int len = hex_parse(cases[i].packet, want, sizeof(want));
		struct esp_sa sa;

		assert_true(n > 0 && len > 0);
		hex_parse(cases[i].iv, iv, sizeof(iv));
		esp_sa_init(&sa, 0x4321, CIPHER_AES, 128, key, HASH_SHA1, some_key);
		sa.seq = seq[i] - 1;
		assert_int_equal(
			esp_seal_iv(&sa, iv, IPPROTO_ICMP_, payload, (size_t)n, got, sizeof(got)),
			len + 12);
		assert_memory_equal(got, want, (size_t)len);
		esp_sa_wipe(&sa);
	}
}

/* ---- a real product ---- */

static void key_of(json_t *keys, const char *name, uint8_t *out, size_t cap)
{
	memset(out, 0, cap);
	assert_true(hex_parse(json_string_value(json_object_get(keys, name)), out, cap) > 0);
}

/* One captured ESP packet: the addresses of its IP header and the UDP payload on port 4500. */
struct captured {
	struct inet_addr src, dst;
	uint8_t *esp;
	size_t len;
};

/* The next ESP packet of a classic pcap of Ethernet frames without IP options; false at the end. */
static bool next_esp(FILE *f, struct captured *c, uint8_t *frame, size_t cap)
{
	uint8_t head[16];

	while (fread(head, sizeof(head), 1, f) == 1) {
		size_t len = le32(head + 8);
		struct rd r = rd_new(frame, len);
		const uint8_t *src, *dst;
		uint16_t port;

		assert_true(len <= cap);
		assert_int_equal(fread(frame, 1, len, f), len);
		rd_bytes(&r, 14 + 12, NULL);
		src = rd_bytes(&r, 4, NULL);
		dst = rd_bytes(&r, 4, NULL);
		port = rd_u16(&r, NULL);
		rd_bytes(&r, 6, NULL);
		if (!rd_ok(&r) || port != 4500 || rd_left(&r) < 8 || !memcmp(r.p, "\0\0\0", 4))
			continue;
		c->src = inet_from_bytes(src, 4);
		c->dst = inet_from_bytes(dst, 4);
		c->esp = frame + (r.p - frame);
		c->len = rd_left(&r);
		return true;
	}
	return false;
}

static void every_esp_packet_of_a_real_softether_opens(void **state)
{
	json_t *doc = json_load_file("tests/data/captures/kat-se-eip-napt.json", 0, NULL);
	json_t *keys = json_object_get(doc, "keys");
	FILE *f = fopen("tests/data/captures/kat-se-eip-napt.client.pcap", "rb");
	uint8_t key[KEY_MAX], auth[KEY_MAX], frame[2000];
	struct esp_sa to_server, to_client;
	struct captured c;
	size_t n[2] = {0};

	(void)state;
	assert_non_null(doc);
	assert_non_null(f);
	key_of(keys, "esp_out_enc", key, sizeof(key));
	key_of(keys, "esp_out_auth", auth, sizeof(auth));
	esp_sa_init(&to_server, 0xc8f30e5d, CIPHER_AES, 128, key, HASH_SHA1, auth);
	key_of(keys, "esp_in_enc", key, sizeof(key));
	key_of(keys, "esp_in_auth", auth, sizeof(auth));
	esp_sa_init(&to_client, 0xb0601755, CIPHER_AES, 128, key, HASH_SHA1, auth);
	fseek(f, 24, SEEK_SET);
	while (next_esp(f, &c, frame, sizeof(frame))) {
		struct esp_opened o;
		struct esp_udp udp;
		bool server;
		uint32_t spi;

		assert_true(esp_peek_spi(c.esp, c.len, &spi));
		server = spi == to_server.spi;
		assert_true(server || spi == to_client.spi);
		assert_int_equal(esp_open(server ? &to_server : &to_client, c.esp, c.len, &o),
				 DROP_NONE);
		n[server]++;
		assert_int_equal(o.seq, n[server]);
		assert_int_equal(o.next, IPPROTO_UDP_);
		assert_int_equal(esp_udp_open(o.p, o.len, c.src, c.dst, true, &udp), DROP_NONE);
		assert_int_equal(udp.src, 1701);
		assert_int_equal(udp.dst, 1701);
		assert_true(udp.len >= 6 && (udp.p[1] & 0x0f) == 2);
		if (n[server] == 1) /* SCCRQ and SCCRP, both with their length at offset 2 */
			assert_int_equal(udp.p[3], udp.len);
	}
	assert_true(n[0] > 15 && n[1] > 15);
	esp_sa_wipe(&to_server);
	esp_sa_wipe(&to_client);
	fclose(f);
	json_decref(doc);
}

/* ---- our own ends ---- */

static void what_is_sealed_opens_in_every_suite_and_length(void **state)
{
	uint8_t payload[70], pkt[200];
	struct esp_opened o;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	for (size_t s = 0; s < ARRAY_LEN(suites); s++) {
		struct pair p;

		pair_init(&p, s);
		for (size_t n = 0; n <= sizeof(payload); n++) {
			size_t len = esp_seal(&p.out, p.rng, 17, payload, n, pkt, sizeof(pkt));

			assert_true(len > n && len <= n + ESP_OVERHEAD_MAX);
			assert_int_equal((len - p.out.icv_len) % 4, 0);
			assert_int_equal(esp_open(&p.in, pkt, len, &o), DROP_NONE);
			assert_int_equal(o.seq, n + 1);
			assert_int_equal(o.next, 17);
			assert_int_equal(o.len, n);
			assert_memory_equal(o.p, payload, n);
			/* A buffer too small is refused and costs no sequence number. */
			assert_int_equal(esp_seal(&p.out, p.rng, 17, payload, n, pkt, len - 1), 0);
			assert_int_equal(p.out.seq, n + 1);
		}
		pair_wipe(&p);
	}
}

static void a_packet_cut_at_any_length_is_dropped(void **state)
{
	uint8_t pkt[200], cut[200];
	struct esp_opened o;

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(suites); s++) {
		struct pair p;
		size_t len;

		pair_init(&p, s);
		len = esp_seal(&p.out, p.rng, 17, "twenty-two bytes long.", 22, pkt, sizeof(pkt));
		for (size_t n = 0; n < len; n++) {
			memcpy(cut, pkt, n);
			assert_int_not_equal(esp_open(&p.in, cut, n, &o), DROP_NONE);
			assert_int_equal(p.in.seq, 0);
		}
		assert_int_equal(esp_open(&p.in, pkt, len, &o), DROP_NONE);
		pair_wipe(&p);
	}
}

static void a_flipped_bit_is_never_accepted(void **state)
{
	uint8_t pkt[200], bad[200];
	struct esp_opened o;
	struct pair p;
	size_t len;

	(void)state;
	pair_init(&p, 0);
	len = esp_seal(&p.out, p.rng, 17, "twenty-two bytes long.", 22, pkt, sizeof(pkt));
	for (size_t bit = 32; bit < 8 * len; bit++) { /* behind the SPI, which finds the SA */
		memcpy(bad, pkt, len);
		bad[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(esp_open(&p.in, bad, len, &o), DROP_NONE);
		assert_int_equal(p.in.seq, 0);
	}
	pair_wipe(&p);
}

/* RFC 4303 3.4.3. Each row: a sequence number that arrives, and what becomes of it. */
static void the_replay_window_is_64_wide(void **state)
{
	static const struct {
		uint32_t seq;
		enum drop want;
	} arrivals[] = {
		{0, DROP_REPLAY},
		{1, DROP_NONE},
		{1, DROP_REPLAY},
		{3, DROP_NONE},
		{2, DROP_NONE},
		{2, DROP_REPLAY},
		{70, DROP_NONE},
		{7, DROP_NONE},
		{6, DROP_REPLAY},
		{7, DROP_REPLAY},
		{69, DROP_NONE},
		{70, DROP_REPLAY},
		{500, DROP_NONE},
		{436, DROP_REPLAY},
		{437, DROP_NONE},
		{564, DROP_NONE},
		{500, DROP_REPLAY},
		{501, DROP_NONE},
		{563, DROP_NONE},
		{564, DROP_REPLAY},
		{UINT32_MAX, DROP_NONE},
		{UINT32_MAX, DROP_REPLAY},
		{UINT32_MAX - 63, DROP_NONE},
		{UINT32_MAX - 64, DROP_REPLAY},
	};
	uint8_t pkt[100];
	struct esp_opened o;
	struct pair p;

	(void)state;
	pair_init(&p, 0);
	for (size_t i = 0; i < ARRAY_LEN(arrivals); i++) {
		size_t len;

		p.out.seq = arrivals[i].seq - 1;
		if (arrivals[i].seq == 0)
			p.out.seq =
				4; /* and the number is overwritten: the window is asked first */
		len = esp_seal(&p.out, p.rng, 17, "x", 1, pkt, sizeof(pkt));
		if (arrivals[i].seq == 0)
			memset(pkt + 4, 0, 4);
		assert_int_equal(esp_open(&p.in, pkt, len, &o), arrivals[i].want);
	}
	pair_wipe(&p);
}

static void a_forged_packet_does_not_move_the_window(void **state)
{
	uint8_t pkt[100];
	struct esp_opened o;
	struct pair p;
	size_t len;

	(void)state;
	pair_init(&p, 0);
	p.out.seq = 9999;
	len = esp_seal(&p.out, p.rng, 17, "x", 1, pkt, sizeof(pkt));
	pkt[len - 1] ^= 1;
	assert_int_equal(esp_open(&p.in, pkt, len, &o), DROP_AUTH);
	p.out.seq = 0;
	len = esp_seal(&p.out, p.rng, 17, "x", 1, pkt, sizeof(pkt));
	assert_int_equal(esp_open(&p.in, pkt, len, &o), DROP_NONE);
	pair_wipe(&p);
}

static void sequence_numbers_never_come_round_again(void **state)
{
	uint8_t pkt[100];
	struct pair p;

	(void)state;
	pair_init(&p, 0);
	p.out.seq = UINT32_MAX - 1;
	assert_true(esp_seal(&p.out, p.rng, 17, "x", 1, pkt, sizeof(pkt)) > 0);
	assert_int_equal(esp_seal(&p.out, p.rng, 17, "x", 1, pkt, sizeof(pkt)), 0);
	pair_wipe(&p);
}

/* An authentic packet whose padding is not 1 2 3 .. or leads outside. */
static void authentic_nonsense_in_the_padding_is_dropped(void **state)
{
	static const struct {
		uint8_t block[16];
		enum drop want;
	} cases[] = {
		{{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3, 3, 17}, DROP_NONE},
		{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 59}, DROP_NONE},
		{{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 0, 3, 17}, DROP_PADDING},
		{{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 4, 3, 17}, DROP_PADDING},
		{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17}, DROP_PADDING},
		{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255, 17}, DROP_PADDING},
	};
	static const uint8_t iv[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct seal *s = seal_new(CIPHER_AES, 128, some_key, HASH_SHA1, some_key + 1, 20);
		uint8_t block[16], pkt[52], mac[HASH_MAX];
		struct wr w = wr_new(pkt, sizeof(pkt));
		struct esp_opened o;
		struct esp_sa in;

		memcpy(block, cases[i].block, 16);
		wr_u32(&w, 0x1001);
		wr_u32(&w, 1);
		wr_bytes(&w, iv, 16);
		seal_cbc(s, iv, true, block, 16);
		wr_bytes(&w, block, 16);
		seal_hmac(s, CHUNKS({pkt, wr_len(&w)}), mac);
		wr_bytes(&w, mac, 12);
		assert_true(wr_ok(&w));
		esp_sa_init(&in, 0x1001, CIPHER_AES, 128, some_key, HASH_SHA1, some_key + 1);
		assert_int_equal(esp_open(&in, pkt, wr_len(&w), &o), cases[i].want);
		esp_sa_wipe(&in);
		seal_free(s);
	}
}

/* ---- the UDP datagram inside ---- */

static void the_checksum_is_repaired_behind_a_nat(void **state)
{
	struct inet_addr private = inet_v4(0xc0a8010a), public = inet_v4(0xc633640a),
			 server = inet_v4(0xac1f000a), dialled = inet_v4(0xcb00710a);
	uint8_t udp[100], before[2];
	struct wr w = wr_new(udp, sizeof(udp));
	struct esp_udp out;
	size_t len;

	(void)state;
	wr_udp(&w, inet_ep(private, 1701), inet_ep(dialled, 1701), "hello", 5);
	len = wr_len(&w);
	memcpy(before, udp + 6, 2);
	/* As it was sent: fine without any repair. */
	assert_int_equal(esp_udp_open(udp, len, private, dialled, false, &out), DROP_NONE);
	assert_memory_equal(udp + 6, before, 2);
	/* Addresses changed, bare ESP: lost. */
	assert_int_equal(esp_udp_open(udp, len, public, server, false, &out), DROP_CHECKSUM);
	assert_memory_equal(udp + 6, before, 2);
	/* Addresses changed, UDP encapsulation: repaired, and then right for these addresses. */
	assert_int_equal(esp_udp_open(udp, len, public, server, true, &out), DROP_NONE);
	assert_int_equal(out.src, 1701);
	assert_int_equal(out.dst, 1701);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.p, "hello", 5);
	assert_memory_not_equal(udp + 6, before, 2);
	assert_int_equal(esp_udp_open(udp, len, public, server, false, &out), DROP_NONE);
	/* Zero means that there is none, and stays. */
	memset(udp + 6, 0, 2);
	assert_int_equal(esp_udp_open(udp, len, private, server, true, &out), DROP_NONE);
	assert_memory_equal(udp + 6, "\0", 2);
}

static void a_udp_header_that_lies_about_its_length_is_dropped(void **state)
{
	struct inet_addr a = inet_v4(1), b = inet_v4(2);
	uint8_t udp[20] = {6, 165, 6, 165, 0, 20};
	struct esp_udp out;

	(void)state;
	assert_int_equal(esp_udp_open(udp, 20, a, b, true, &out), DROP_NONE);
	for (size_t n = 0; n < 20; n++)
		assert_int_not_equal(esp_udp_open(udp, n, a, b, true, &out), DROP_NONE);
	udp[5] = 7;
	assert_int_equal(esp_udp_open(udp, 20, a, b, true, &out), DROP_SHORT);
	udp[5] = 16; /* four bytes of traffic-flow padding behind it */
	assert_int_equal(esp_udp_open(udp, 20, a, b, true, &out), DROP_NONE);
	assert_int_equal(out.len, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3602_transport_packets_are_made_byte_for_byte),
		cmocka_unit_test(every_esp_packet_of_a_real_softether_opens),
		cmocka_unit_test(what_is_sealed_opens_in_every_suite_and_length),
		cmocka_unit_test(a_packet_cut_at_any_length_is_dropped),
		cmocka_unit_test(a_flipped_bit_is_never_accepted),
		cmocka_unit_test(the_replay_window_is_64_wide),
		cmocka_unit_test(a_forged_packet_does_not_move_the_window),
		cmocka_unit_test(sequence_numbers_never_come_round_again),
		cmocka_unit_test(authentic_nonsense_in_the_padding_is_dropped),
		cmocka_unit_test(the_checksum_is_repaired_behind_a_nat),
		cmocka_unit_test(a_udp_header_that_lies_about_its_length_is_dropped),
	};

	return cmocka_run_group_tests_name("esp", tests, NULL, NULL);
}
