/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "tests/unit/coats.h"

static struct inet_ep ep(const char *addr, uint16_t port)
{
	struct inet_ep e = {.port = port};

	assert_true(inet_parse_addr(addr, &e.addr));
	return e;
}

/* 10.20.0.2:500 to 203.0.113.10:4500, "payload". */
static size_t put_ipv4(uint8_t *buf, size_t size)
{
	struct wr w = wr_new(buf, size);
	struct inet_ep src = ep("10.20.0.2", 500), dst = ep("203.0.113.10", 4500);

	wr_ipv4(&w, src.addr, dst.addr, IPPROTO_UDP_, 64, 7, 8 + 7);
	wr_udp(&w, src, dst, "payload", 7);
	assert_true(wr_ok(&w));
	return wr_len(&w);
}

/* The same in IPv6, with @ext (a chain of extension headers that ends in UDP) before the UDP
 * header; @next is the type of the first header behind the fixed one. */
static size_t put_ipv6(uint8_t *buf, size_t size, uint8_t next, const void *ext, size_t len)
{
	struct wr w = wr_new(buf, size);
	struct inet_ep src = ep("2001:db8::2", 500), dst = ep("2001:db8::10", 4500);

	wr_u32(&w, 0x60000000);
	wr_u16(&w, (uint16_t)(len + 15));
	wr_u8(&w, next);
	wr_u8(&w, 64);
	wr_bytes(&w, src.addr.b, 16);
	wr_bytes(&w, dst.addr.b, 16);
	wr_bytes(&w, ext, len);
	wr_udp(&w, src, dst, "payload", 7);
	assert_true(wr_ok(&w));
	return wr_len(&w);
}

static void assert_payload(const struct packet *pkt)
{
	assert_int_equal(pkt->proto, IPPROTO_UDP_);
	assert_int_equal(pkt->src.port, 500);
	assert_int_equal(pkt->dst.port, 4500);
	assert_int_equal(pkt->ttl, 64);
	assert_int_equal(pkt->len, 7);
	assert_int_equal(pkt->said_len, 7);
	assert_memory_equal(pkt->payload, "payload", 7);
	assert_false(pkt->fragment);
}

static void what_is_written_has_right_checksums_and_is_read_back(void **state)
{
	uint8_t buf[128];
	size_t len = put_ipv4(buf, sizeof(buf));
	struct packet pkt;

	(void)state;
	assert_true(packet_parse_ip(&pkt, buf, len));
	assert_payload(&pkt);
	assert_string_equal(INET_EP(pkt.src), "10.20.0.2:500");
	assert_string_equal(INET_EP(pkt.dst), "203.0.113.10:4500");
	assert_int_equal(pkt.ip_len, len);
	/* A sum over a right checksum gives zero. */
	assert_int_equal(inet_sum_fold(inet_sum(0, buf, 20)), 0);
	assert_int_equal(inet_sum_fold(inet_sum(inet_pseudo_sum(pkt.src.addr, pkt.dst.addr, 17, 15),
						buf + 20, 15)),
			 0);
}

/* RFC 1071, section 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2. */
static void the_sum_is_that_of_rfc_1071(void **state)
{
	static const uint8_t b[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0x80};

	(void)state;
	assert_int_equal(inet_sum(0, b, 8), 0xddf2);
	assert_int_equal(inet_sum(inet_sum(0, b, 4), b + 4, 4), 0xddf2);
	assert_int_equal(inet_sum_fold(inet_sum(0, b, 8)), 0x220d);
	assert_int_equal(inet_sum(0, b, 9), (0xddf2 + 0x8000) % 0xffff); /* an odd byte */
	assert_int_equal(inet_sum_fold(0xffffffff), 0); /* carries twice */
}

/* With this data the checksum comes out as 0, which must go out as ffff. */
static void a_udp_checksum_is_never_zero_on_the_wire(void **state)
{
	struct inet_ep src = ep("10.20.0.2", 500), dst = ep("203.0.113.10", 4500);
	uint8_t buf[16], data[2] = {0};
	uint16_t sum;
	struct wr w = wr_new(buf, sizeof(buf));

	(void)state;
	wr_udp(&w, src, dst, data, 2);
	sum = (uint16_t)(buf[6] << 8 | buf[7]);
	data[0] = (uint8_t)(sum >> 8);
	data[1] = (uint8_t)sum;
	w = wr_new(buf, sizeof(buf));
	wr_udp(&w, src, dst, data, 2);
	assert_int_equal(buf[6] << 8 | buf[7], 0xffff);
}

static void an_ip_packet_is_found_in_every_link_layer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(coats); i++) {
		uint8_t frame[128];
		size_t len = coats[i].len;
		struct packet pkt;

		memcpy(frame, coats[i].head, len);
		len += put_ipv4(frame + len, sizeof(frame) - len);
		print_message("%s\n", coats[i].what);
		assert_true(packet_reads(coats[i].linktype));
		assert_true(packet_parse(&pkt, coats[i].linktype, frame, len));
		assert_payload(&pkt);
		/* Padding to Ethernet's least length is no payload. */
		memset(frame + len, 0xee, 6);
		assert_true(packet_parse(&pkt, coats[i].linktype, frame, len + 6));
		assert_payload(&pkt);
		assert_int_equal(pkt.ip_len, len - coats[i].len);
	}
}

static void what_is_no_ip_is_said_to_be_none(void **state)
{
	static const struct {
		uint32_t linktype;
		const char *frame;
		size_t len;
	} others[] = {
		{1, "ddddddssssss\x08\x06" "arp..........................", 42},
		{1, "ddddddssssss\x81\x00\x00\x05\x81\x00\x00\x05\x81\x00\x00\x05\x81\x00\x00\x05"
		    "\x81\x00\x00\x05\x08\x00\x45", 35},
		{1, "ddddddssssss\x88\x64\x11\x00\x00\x01\x00\x25\xc0\x21\x45", 23},
		{0, "\x07\0\0\0\x45", 5},
		{101, "\x55", 1},
		{101, "", 0},
		{105, "802.11", 6},
		{105, "\x08\x41\0\0" "aaaaaabbbbbbcccccc" "ssencrypted.........", 43},
		{105, "\x80\0\0\0" "aaaaaabbbbbbcccccc" "ssbeacon............", 43},
		{105, "\x08\x01\0\0" "aaaaaabbbbbbcccccc" "ss\x42\x42\x03spanning tree...", 42},
		{127, "\0\0\x02\0" "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 38},
		{127, "\0\0\xff\xff" "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 38},
		{9, "\xc0\x21\x45", 3},
	};
	struct packet pkt;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(packet_parse(&pkt, others[i].linktype,
					  (const uint8_t *)others[i].frame, others[i].len));
}

static void ipv6_extension_headers_are_skipped(void **state)
{
	static const struct {
		uint8_t next;
		const char *ext;
		size_t len;
	} v6[] = {
		{17, "", 0},
		{0, "\x11\0\1\4\0\0\0\0", 8},
		{0, "\x3c\0\1\4\0\0\0\0" "\x11\1\1\4\0\0\0\0\0\0\0\0\0\0\0\0", 24},
		{44, "\x11\0\0\0\0\0\0\7", 8}, /* a fragment that is the whole */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v6); i++) {
		uint8_t buf[128];
		size_t len = put_ipv6(buf, sizeof(buf), v6[i].next, v6[i].ext, v6[i].len);
		struct packet pkt;

		assert_true(packet_parse_ip(&pkt, buf, len));
		assert_payload(&pkt);
		assert_string_equal(INET_EP(pkt.src), "[2001:db8::2]:500");
	}
}

static void fragments_have_no_ports(void **state)
{
	uint8_t buf[128];
	size_t len = put_ipv4(buf, sizeof(buf));
	struct packet pkt;

	(void)state;
	buf[6] = 0x20; /* MF */
	assert_true(packet_parse_ip(&pkt, buf, len));
	assert_true(pkt.fragment && pkt.frag_more);
	assert_int_equal(pkt.frag_id, 7);
	assert_int_equal(pkt.src.port, 0);
	assert_int_equal(pkt.len, 15);
	buf[6] = 0;
	buf[7] = 3;
	assert_true(packet_parse_ip(&pkt, buf, len));
	assert_true(pkt.fragment && !pkt.frag_more);
	assert_int_equal(pkt.frag_off, 24);

	len = put_ipv6(buf, sizeof(buf), 44, "\x11\0\0\x09\0\0\0\7", 8);
	assert_true(packet_parse_ip(&pkt, buf, len));
	assert_true(pkt.fragment && pkt.frag_more);
	assert_int_equal(pkt.frag_off, 8);
	assert_int_equal(pkt.proto, IPPROTO_UDP_);
	assert_int_equal(pkt.src.port, 0);
}

static void a_snapped_frame_has_less_than_it_says(void **state)
{
	uint8_t buf[128];
	size_t len = put_ipv4(buf, sizeof(buf));
	struct packet pkt;

	(void)state;
	assert_true(packet_parse_ip(&pkt, buf, len - 3));
	assert_int_equal(pkt.len, 4);
	assert_int_equal(pkt.said_len, 7);
}

static void headers_that_contradict_themselves_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {
		{0, 0x44}, /* a header of 16 bytes */
		{0, 0x4f}, /* longer than the packet */
		{3, 19},   /* a total length within the header */
		{25, 7},   /* a UDP length within the UDP header */
		{25, 16},  /* longer than IP says */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		uint8_t buf[128];
		size_t len = put_ipv4(buf, sizeof(buf));
		struct packet pkt;

		buf[wrong[i].at] = wrong[i].value;
		assert_false(packet_parse_ip(&pkt, buf, len));
	}
}

static void a_packet_cut_anywhere_does_no_harm(void **state)
{
	static const char ext[] = "\x3c\0\1\4\0\0\0\0\x2c\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\7";

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		uint8_t buf[128];
		size_t len = v6 ? put_ipv6(buf, sizeof(buf), 0, ext, sizeof(ext) - 1)
				: put_ipv4(buf, sizeof(buf));

		for (size_t n = 0; n < len; n++) {
			uint8_t *cut = malloc(n ? n : 1);
			struct packet pkt;

			memcpy(cut, buf, n);
			/* Headers whole: 7 bytes before the end. */
			assert_int_equal(packet_parse_ip(&pkt, cut, n), n >= len - 7);
			free(cut);
		}
	}
}

static void what_does_not_fit_a_length_field_is_not_written(void **state)
{
	static uint8_t big[70000], buf[80000];
	struct inet_ep e = ep("10.0.0.1", 1);
	struct wr w = wr_new(buf, sizeof(buf));

	(void)state;
	wr_udp(&w, e, e, big, 65535 - 8);
	assert_true(wr_ok(&w));
	w = wr_new(buf, sizeof(buf));
	wr_udp(&w, e, e, big, 65535 - 7);
	assert_false(wr_ok(&w));
	w = wr_new(buf, sizeof(buf));
	wr_ipv4(&w, e.addr, e.addr, 17, 64, 0, 65535 - 19);
	assert_false(wr_ok(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_has_right_checksums_and_is_read_back),
		cmocka_unit_test(the_sum_is_that_of_rfc_1071),
		cmocka_unit_test(a_udp_checksum_is_never_zero_on_the_wire),
		cmocka_unit_test(an_ip_packet_is_found_in_every_link_layer),
		cmocka_unit_test(what_is_no_ip_is_said_to_be_none),
		cmocka_unit_test(ipv6_extension_headers_are_skipped),
		cmocka_unit_test(fragments_have_no_ports),
		cmocka_unit_test(a_snapped_frame_has_less_than_it_says),
		cmocka_unit_test(headers_that_contradict_themselves_are_refused),
		cmocka_unit_test(a_packet_cut_anywhere_does_no_harm),
		cmocka_unit_test(what_does_not_fit_a_length_field_is_not_written),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
