/* SPDX-License-Identifier: MIT */
/* The few words of DHCP that a virtual machine is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "lab/net/dhcp.h"

#define FRAME 400
#define OPTIONS_AT (14 + 20 + 8 + 240) /* in a frame: behind the magic cookie */

static const uint8_t machine[6] = {0x52, 0x54, 0, 1, 2, 3};

static struct inet_addr addr(const char *s)
{
	struct inet_addr a = {0};

	assert_true(inet_parse_addr(s, &a));
	return a;
}

static struct dhcp_lease lease(void)
{
	return (struct dhcp_lease){
		.addr = addr("192.168.1.10"),
		.plen = 24,
		.router = addr("192.168.1.1"),
		.server = addr("192.168.1.1"),
		.server_mac = {2, 0, 0, 0, 0, 9},
	};
}

/* What a machine asks; "" for an address that it does not say. */
struct asked {
	uint8_t type;
	const char *ciaddr, *requested, *server;
	uint16_t flags;
};

static void put_addr_option(struct wr *w, uint8_t code, const char *s)
{
	if (!*s)
		return;
	wr_u8(w, code);
	wr_u8(w, 4);
	wr_bytes(w, addr(s).b, 4);
}

static size_t frame_of(const struct asked *q, uint8_t out[FRAME])
{
	uint8_t body[300], udp[320];
	struct wr b = wr_new(body, sizeof(body)), u = wr_new(udp, sizeof(udp));
	struct wr w = wr_new(out, FRAME);
	struct inet_addr from = addr(*q->ciaddr ? q->ciaddr : "0.0.0.0");

	wr_u32(&b, 0x01010600);
	wr_u32(&b, 0xcafebabe);
	wr_u16(&b, 0);
	wr_u16(&b, q->flags);
	wr_bytes(&b, from.b, 4);
	wr_zeros(&b, 12);
	wr_bytes(&b, machine, 6);
	wr_zeros(&b, 10 + 64 + 128);
	wr_u32(&b, 0x63825363);
	wr_u8(&b, 0); /* a pad, which is skipped */
	wr_u8(&b, 53);
	wr_u8(&b, 1);
	wr_u8(&b, q->type);
	put_addr_option(&b, 50, q->requested);
	put_addr_option(&b, 54, q->server);
	wr_u8(&b, 255);
	wr_udp(&u, inet_ep(from, 68), inet_ep(inet_v4(UINT32_MAX), 67), body, wr_len(&b));
	wr_bytes(&w, (const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 6);
	wr_bytes(&w, machine, 6);
	wr_u16(&w, 0x0800);
	wr_ipv4(&w, from, inet_v4(UINT32_MAX), 17, 64, 1, wr_len(&u));
	wr_bytes(&w, udp, wr_len(&u));
	assert_true(wr_ok(&b) && wr_ok(&u) && wr_ok(&w));
	return wr_len(&w);
}

/* An answer taken apart, all sums checked. */
struct answer {
	struct packet pkt;
	const uint8_t *to_mac, *from_mac;
	struct inet_addr ciaddr, yiaddr;
	uint32_t xid;
	uint8_t type;
	char options[64]; /* their numbers in order: "53 54 51 1 3" */
	struct inet_addr mask, router, server;
	uint32_t lease;
};

static struct inet_addr rd_addr(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4, "");

	return p ? inet_from_bytes(p, 4) : (struct inet_addr){0};
}

static void read_options(struct rd *r, struct answer *a)
{
	for (uint8_t code; rd_left(r) && (code = rd_u8(r, "")) != 255;) {
		struct rd v = rd_sub(r, rd_u8(r, ""), "");
		size_t n = strlen(a->options);

		snprintf(a->options + n, sizeof(a->options) - n, "%s%u", n ? " " : "", code);
		switch (code) {
		case 53: a->type = rd_u8(&v, ""); break;
		case 54: a->server = rd_addr(&v); break;
		case 51: a->lease = rd_u32(&v, ""); break;
		case 1: a->mask = rd_addr(&v); break;
		case 3: a->router = rd_addr(&v); break;
		default: fail_msg("option %u", code);
		}
		assert_true(rd_ok(&v) && !rd_left(&v));
	}
}

static void take_apart(const uint8_t *frame, size_t len, struct answer *a)
{
	struct rd r;

	memset(a, 0, sizeof(*a));
	assert_true(packet_parse(&a->pkt, LINKTYPE_ETHERNET_, frame, len));
	assert_int_equal(inet_sum_fold(inet_sum(0, a->pkt.ip, 20)), 0);
	assert_int_equal(inet_sum_fold(inet_sum(inet_pseudo_sum(a->pkt.src.addr, a->pkt.dst.addr,
								17, a->pkt.len + 8),
						a->pkt.payload - 8, a->pkt.len + 8)), 0);
	assert_int_equal(a->pkt.src.port, 67);
	assert_int_equal(a->pkt.dst.port, 68);
	assert_true(a->pkt.len >= 300);
	a->to_mac = frame;
	a->from_mac = frame + 6;
	r = rd_new(a->pkt.payload, a->pkt.len);
	assert_int_equal(rd_u32(&r, ""), 0x02010600);
	a->xid = rd_u32(&r, "");
	rd_u32(&r, "");
	a->ciaddr = rd_addr(&r);
	a->yiaddr = rd_addr(&r);
	rd_bytes(&r, 8, "");
	assert_memory_equal(rd_bytes(&r, 16, ""), machine, 6);
	rd_bytes(&r, 64 + 128, "");
	assert_int_equal(rd_u32(&r, ""), 0x63825363);
	read_options(&r, a);
	assert_true(rd_ok(&r));
}

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

/* yours, to: "" for 0.0.0.0 */
static const struct variant {
	const char *name;
	struct asked asked;
	uint8_t type; /* 0: no answer */
	const char *yours, *to, *options;
	bool broadcast;
} variants[] = {
	{"a discover gets an offer", {DISCOVER, "", "", "", 0},
	 OFFER, "192.168.1.10", "192.168.1.10", "53 54 51 1 3", false},
	{"by broadcast if it cannot take a unicast yet", {DISCOVER, "", "", "", 0x8000},
	 OFFER, "192.168.1.10", "255.255.255.255", "53 54 51 1 3", true},
	{"whatever address it would rather have", {DISCOVER, "", "10.0.2.15", "", 0},
	 OFFER, "192.168.1.10", "192.168.1.10", "53 54 51 1 3", false},
	{"it takes the offer", {REQUEST, "", "192.168.1.10", "192.168.1.1", 0},
	 ACK, "192.168.1.10", "192.168.1.10", "53 54 51 1 3", false},
	{"it comes back after a start", {REQUEST, "", "192.168.1.10", "", 0x8000},
	 ACK, "192.168.1.10", "255.255.255.255", "53 54 51 1 3", true},
	{"it renews", {REQUEST, "192.168.1.10", "", "", 0},
	 ACK, "192.168.1.10", "192.168.1.10", "53 54 51 1 3", false},
	{"it comes from another network, and asks anew sooner", {REQUEST, "", "10.0.2.15", "", 0},
	 NAK, "", "255.255.255.255", "53 54", true},
	{"it renews what it has from elsewhere", {REQUEST, "10.0.2.15", "", "", 0},
	 NAK, "", "255.255.255.255", "53 54", true},
	{"it takes another server's offer", {REQUEST, "", "10.0.2.15", "10.0.2.2", 0}, 0, "", "", "", false},
	{"it has an address and wants the rest", {INFORM, "192.168.1.77", "", "", 0},
	 ACK, "", "192.168.1.77", "53 54 1 3", false},
	{"it is content", {RELEASE, "192.168.1.10", "", "192.168.1.1", 0}, 0, "", "", "", false},
	{"it is not", {DECLINE, "", "192.168.1.10", "192.168.1.1", 0}, 0, "", "", "", false},
	{"it says what only servers say", {OFFER, "", "", "", 0}, 0, "", "", "", false},
};

static void each_question_gets_its_answer(void **state)
{
	const struct dhcp_lease l = lease();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		const struct variant *v = &variants[i];
		uint8_t in[FRAME], out[DHCP_FRAME_MAX];
		size_t len = frame_of(&v->asked, in), n;
		struct answer a;

		assert_true(dhcp_is_for_server(in, len));
		n = dhcp_answer(&l, in, len, out);
		if (!v->type != !n)
			fail_msg("%s: %zu bytes", v->name, n);
		if (!n)
			continue;
		take_apart(out, n, &a);
		if (a.type != v->type || strcmp(a.options, v->options) != 0)
			fail_msg("%s: type %u, options %s", v->name, a.type, a.options);
		assert_int_equal(a.xid, 0xcafebabe);
		assert_string_equal(INET_ADDR(a.yiaddr), *v->yours ? v->yours : "0.0.0.0");
		assert_string_equal(INET_ADDR(a.pkt.dst.addr), v->to);
		assert_string_equal(INET_ADDR(a.pkt.src.addr), "192.168.1.1");
		assert_memory_equal(a.from_mac, l.server_mac, 6);
		assert_int_equal(a.to_mac[0], v->broadcast ? 0xff : machine[0]);
		assert_string_equal(INET_ADDR(a.server), "192.168.1.1");
		if (v->type == NAK)
			continue;
		assert_string_equal(INET_ADDR(a.mask), "255.255.255.0");
		assert_string_equal(INET_ADDR(a.router), "192.168.1.1");
		assert_int_equal(a.lease, v->asked.type == INFORM ? 0 : 3600);
	}
}

static void without_a_router_none_is_told(void **state)
{
	const struct asked q = {DISCOVER, "", "", "", 0};
	struct dhcp_lease l = lease();
	uint8_t in[FRAME], out[DHCP_FRAME_MAX];
	size_t len = frame_of(&q, in);
	struct answer a;

	(void)state;
	l.router = (struct inet_addr){0};
	l.plen = 31;
	take_apart(out, dhcp_answer(&l, in, len, out), &a);
	assert_string_equal(a.options, "53 54 51 1");
	assert_string_equal(INET_ADDR(a.mask), "255.255.255.254");
}

/* As captured, and as if the headers agreed with the shorter length. */
static void a_question_that_is_cut_gets_no_answer_or_the_whole_one(void **state)
{
	const struct asked q = {REQUEST, "", "192.168.1.10", "192.168.1.1", 0};
	const struct dhcp_lease l = lease();
	uint8_t in[FRAME], out[DHCP_FRAME_MAX];
	size_t len = frame_of(&q, in), least = OPTIONS_AT + 1 + 3;

	(void)state;
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = malloc(n + !n); /* so that a sanitizer sees what is read behind it */
		size_t got;

		assert_non_null(cut);
		memcpy(cut, in, n);
		got = dhcp_answer(&l, cut, n, out);
		if (n < least)
			assert_int_equal(got, 0);
		free(cut);
	}
	assert_true(dhcp_answer(&l, in, len, out) > 0);
}

static void what_is_not_for_a_server_is_left_alone(void **state)
{
	const struct asked q = {DISCOVER, "", "", "", 0};
	const struct dhcp_lease l = lease();
	static const struct {
		size_t at;
		uint8_t value;
		bool ours; /* it is for the server, and gets no answer */
	} changes[] = {
		{14 + 20 + 3, 69, false},     /* another port */
		{14 + 9, 6, false},	      /* TCP */
		{14 + 6, 0x20, false},	      /* a fragment */
		{12, 0x86, false},	      /* IPv6 */
		{14 + 28, 2, true},	      /* an answer */
		{14 + 28 + 1, 6, true},	      /* token ring */
		{14 + 28 + 2, 8, true},	      /* eight bytes of address */
		{OPTIONS_AT - 1, 0, true},    /* no DHCP */
		{OPTIONS_AT + 2, 0, true},    /* a type of no length */
		{OPTIONS_AT + 2, 255, true},  /* an option that leads outside */
		{OPTIONS_AT + 1, 12, true},   /* no type at all: BOOTP */
	};
	uint8_t in[FRAME], out[DHCP_FRAME_MAX];
	size_t len = frame_of(&q, in);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		uint8_t was = in[changes[i].at];

		in[changes[i].at] = changes[i].value;
		assert_int_equal(dhcp_is_for_server(in, len), changes[i].ours);
		if (dhcp_answer(&l, in, len, out))
			fail_msg("byte %zu", changes[i].at);
		in[changes[i].at] = was;
	}
	assert_true(dhcp_answer(&l, in, len, out) > 0);
}

/* IEEE 802.1Q: the answer would have to have the same tag, and the lab's router hears none. */
static void another_network_behind_a_tag_is_left_alone(void **state)
{
	static const uint8_t tag[] = {0x81, 0, 0, 5};
	const struct asked q = {DISCOVER, "", "", "", 0};
	const struct dhcp_lease l = lease();
	uint8_t in[FRAME], tagged[FRAME + sizeof(tag)], out[DHCP_FRAME_MAX];
	size_t len = frame_of(&q, in);

	(void)state;
	memcpy(tagged, in, 12);
	memcpy(tagged + 12, tag, sizeof(tag));
	memcpy(tagged + 12 + sizeof(tag), in + 12, len - 12);
	assert_false(dhcp_is_for_server(tagged, len + sizeof(tag)));
	assert_int_equal(dhcp_answer(&l, tagged, len + sizeof(tag), out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_question_gets_its_answer),
		cmocka_unit_test(without_a_router_none_is_told),
		cmocka_unit_test(a_question_that_is_cut_gets_no_answer_or_the_whole_one),
		cmocka_unit_test(what_is_not_for_a_server_is_left_alone),
		cmocka_unit_test(another_network_behind_a_tag_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
