/* SPDX-License-Identifier: MIT */
/*
 * The eye on packets made to measure: what the reference captures do not hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "lab/analysis/natd_judge.h"
#include "nodes/wire/vid.h"
#include "tests/event_log.h"

static const uint8_t ci[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint8_t cr[8] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};
static const uint8_t cr2[8] = {0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28};
static const uint8_t zeros[8];

static struct inet_ep client, napt, eip, server; /* 10.20.0.2 ... 172.31.16.10 */

/* One watch with its log; the clock moves by a millisecond a frame. */
static struct stage {
	struct arena *a;
	struct watch *w;
	struct ev_log log;
	usec t;
	uint32_t number;
} st;

static void keep(void *ctx, const struct event *e)
{
	ev_log_put(ctx, e);
}

static int setup(void **state)
{
	struct ev_sink sink = {.put = keep, .ctx = &st.log};

	(void)state;
	st = (struct stage){.a = arena_new()};
	ev_log_init(&st.log, st.a);
	st.w = watch_new(st.a, &sink);
	client = inet_ep(inet_v4(0x0a140002), 500);
	napt = inet_ep(inet_v4(0xc633640a), 26723);
	eip = inet_ep(inet_v4(0xcb00710a), 500);
	server = inet_ep(inet_v4(0xac1f100a), 500);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(st.a);
	return 0;
}

static struct inet_ep at(struct inet_ep e, uint16_t port)
{
	e.port = port;
	return e;
}

/* ---- packets ---- */

static void frame(const char *place, const uint8_t *ip, size_t len)
{
	st.t += MSEC;
	watch_frame(st.w, place, LINKTYPE_RAW_, st.t, ++st.number, ip, len);
}

static void udp(const char *place, struct inet_ep src, struct inet_ep dst, const void *p,
		size_t len)
{
	uint8_t buf[2048];
	struct wr w = wr_new(buf, sizeof(buf));

	wr_ipv4(&w, src.addr, dst.addr, IPPROTO_UDP_, 64, (uint16_t)(st.number + 1), 8 + len);
	wr_udp(&w, src, dst, p, len);
	assert_true(wr_ok(&w));
	frame(place, buf, wr_len(&w));
}

static void ip(const char *place, struct inet_ep src, struct inet_ep dst, uint8_t proto,
	       const void *p, size_t len)
{
	uint8_t buf[2048];
	struct wr w = wr_new(buf, sizeof(buf));

	wr_ipv4(&w, src.addr, dst.addr, proto, 64, 1, len);
	wr_bytes(&w, p, len);
	assert_true(wr_ok(&w));
	frame(place, buf, wr_len(&w));
}

/* An ISAKMP message under construction; on port 4500 its marker stands before it. */
static struct message {
	uint8_t buf[1024];
	struct isakmp_out o;
} msg;

static struct isakmp_out *begin(const uint8_t *r, uint8_t exchange, uint8_t flags, uint32_t msgid)
{
	memset(msg.buf, 0, ISAKMP_MARKER_LEN);
	isakmp_begin(&msg.o, msg.buf + ISAKMP_MARKER_LEN, sizeof(msg.buf) - ISAKMP_MARKER_LEN, ci,
		     r, exchange, flags, msgid);
	return &msg.o;
}

static void send_to(const char *place, struct inet_ep src, struct inet_ep dst)
{
	size_t len = isakmp_end(&msg.o);
	bool marker = src.port == 4500 || dst.port == 4500;

	assert_true(len > 0);
	udp(place, src, dst, msg.buf + (marker ? 0 : ISAKMP_MARKER_LEN),
	    len + (marker ? ISAKMP_MARKER_LEN : 0));
}

static void put_sa(struct isakmp_out *o)
{
	static const char sa[] = "\0\0\0\1\0\0\0\1" "\0\0\0\x24\1\1\0\1" "\0\0\0\x1c\1\1\0\0"
				 "\x80\1\0\7\x80\x0e\1\0\x80\2\0\2\x80\4\0\x14\x80\3\0\1";

	isakmp_payload_put(o, PAYLOAD_SA, sa, sizeof(sa) - 1);
}

static void message1(void)
{
	struct isakmp_out *o = begin(zeros, EXCHANGE_MAIN, 0, 0);
	struct view v = vid_bytes(VID_RFC3947);

	put_sa(o);
	isakmp_payload_put(o, PAYLOAD_VID, v.p, v.len);
}

static void message2(const uint8_t *r)
{
	message1();
	memcpy(msg.buf + ISAKMP_MARKER_LEN + 8, r, 8);
}

/* Message 3 or 4: KE, nonce and the hashes of these ends. */
static void key_exchange(const uint8_t *r, const char *ke, struct inet_ep first,
			 struct inet_ep second)
{
	struct isakmp_out *o = begin(r, EXCHANGE_MAIN, 0, 0);
	uint8_t h[HASH_MAX];

	isakmp_payload_put(o, PAYLOAD_KE, ke, strlen(ke));
	isakmp_payload_put(o, PAYLOAD_NONCE, "nonce", 5);
	natd_hash(HASH_SHA1, ci, r, first, h);
	isakmp_payload_put(o, PAYLOAD_NATD, h, 20);
	natd_hash(HASH_SHA1, ci, r, second, h);
	isakmp_payload_put(o, PAYLOAD_NATD, h, 20);
}

static void encrypted(uint8_t exchange, uint32_t msgid, const char *text)
{
	struct isakmp_out *o = begin(cr, exchange, ISAKMP_FLAG_ENCRYPTED, msgid);

	wr_bytes(&o->w, text, strlen(text));
}

/* Main Mode as the server's link sees it: EIP and NAPT are behind us. */
static void main_mode_at_server(struct inet_ep own_hash)
{
	message1();
	send_to("vpc", napt, server);
	message2(cr);
	send_to("vpc", server, napt);
	key_exchange(cr, "initiator's", eip, client);
	send_to("vpc", napt, server);
	key_exchange(cr, "responder's", napt, own_hash);
	send_to("vpc", server, napt);
}

static const struct exchange *only(void)
{
	struct exchange *const *v;

	assert_int_equal(watch_exchanges(st.w, &v), 1);
	return v[0];
}

static size_t events(enum ev_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < st.log.ev.n; i++)
		n += st.log.ev.v[i].kind == kind;
	return n;
}

static const struct event *last_event(void)
{
	assert_true(st.log.ev.n > 0);
	return &st.log.ev.v[st.log.ev.n - 1];
}

/* ---- messages and places ---- */

static void messages_are_numbered_and_seen_at_each_place(void **state)
{
	const struct exchange *x;

	(void)state;
	message1();
	send_to("lan", client, eip);
	send_to("wan", napt, eip);
	send_to("vpc", napt, server);
	send_to("lan", client, eip); /* again, and lost on the way */
	message2(cr);
	send_to("vpc", server, napt);
	send_to("lan", eip, client);
	key_exchange(cr, "i", eip, client);
	send_to("lan", client, eip);
	key_exchange(cr, "r", napt, server);
	send_to("vpc", server, napt);
	encrypted(EXCHANGE_MAIN, 0, "five");
	send_to("lan", at(client, 4500), at(eip, 4500));
	assert_int_equal(ev_get_u(last_event(), K_MESSAGE), 5);
	encrypted(EXCHANGE_MAIN, 0, "six");
	send_to("lan", at(eip, 4500), at(client, 4500));
	assert_int_equal(ev_get_u(last_event(), K_MESSAGE), 6);

	x = only();
	for (unsigned n = 1; n <= 6; n++)
		assert_true(x->mm[n].seen);
	assert_int_equal(x->mm[1].n_sightings, 3);
	assert_string_equal(x->mm[1].at[2].place, "vpc");
	assert_string_equal(INET_EP(x->mm[1].at[2].dst), "172.31.16.10:500");
	assert_int_equal(x->mm[1].copies, 2);
	assert_int_equal(x->mm[2].copies, 1);
	assert_int_equal(x->mm[2].len, 28 + 4 + 44 + 20);
	assert_true(x->floated && x->offered_natt && x->answered_natt);
	assert_int_equal(x->group, GROUP_ECP384);
	assert_int_equal(events(EV_ISAKMP), 10);
	assert_int_equal(events(EV_NATD), 2);
	assert_int_equal(st.log.ev.v[6].frame, 7);
	assert_true(st.log.ev.v[6].wire);
	assert_string_equal(st.log.ev.v[6].place, "lan");
}

static void a_capture_may_begin_with_the_key_exchange(void **state)
{
	const struct exchange *x;

	(void)state;
	key_exchange(cr, "i", eip, client);
	send_to("lan", client, eip);
	key_exchange(cr, "r", napt, server);
	send_to("lan", eip, client);
	x = only();
	assert_false(x->mm[1].seen || x->mm[2].seen);
	assert_true(x->mm[3].seen && x->mm[4].seen);
	assert_int_equal(x->natd3.n, 2);
}

static void a_place_that_missed_the_beginning_knows_the_same_bytes_again(void **state)
{
	(void)state;
	main_mode_at_server(server);
	key_exchange(cr, "responder's", napt, server);
	send_to("lan", eip, client); /* the first message at this place */
	assert_int_equal(last_event()->kind, EV_NATD);
	assert_int_equal(ev_get_u(last_event(), K_MESSAGE), 4);
	assert_int_equal(only()->mm[4].n_sightings, 2);
}

static void each_responder_cookie_for_one_message_1_is_an_exchange(void **state)
{
	struct exchange *const *v;

	(void)state;
	message1();
	send_to("lan", client, eip);
	message2(cr);
	send_to("lan", eip, client);
	message1();
	send_to("lan", client, eip);
	message2(cr2);
	send_to("lan", eip, client);
	key_exchange(cr2, "i", eip, client);
	send_to("lan", client, eip);

	assert_int_equal(watch_exchanges(st.w, &v), 2);
	assert_memory_equal(v[0]->cky_r, cr, 8);
	assert_false(v[0]->mm[3].seen);
	assert_memory_equal(v[1]->cky_r, cr2, 8);
	assert_true(v[1]->mm[1].seen && v[1]->mm[3].seen);
	assert_int_equal(v[1]->n_vids[0], 1);
	assert_int_equal(v[1]->first, v[0]->first);
}

static void a_refusal_belongs_to_the_exchange_that_it_names(void **state)
{
	struct isakmp_out *o;
	uint8_t body[24] = "\0\0\0\1\1\x10\0\x0e";

	(void)state;
	message1();
	send_to("lan", client, eip);
	/* strongSwan: the initiator's cookie and a fresh one */
	o = begin(cr2, EXCHANGE_INFORMATIONAL, 0, 7);
	isakmp_payload_put(o, PAYLOAD_NOTIFY, "\0\0\0\1\1\0\0\x0e", 8);
	send_to("lan", eip, client);
	assert_int_equal(only()->notify, 14);
	assert_memory_equal(only()->cky_r, zeros, 8);

	/* SoftEther: a random cookie in the header, the exchange in the SPI */
	teardown(NULL);
	setup(NULL);
	message1();
	send_to("lan", client, eip);
	memcpy(body + 8, ci, 8);
	o = begin(zeros, EXCHANGE_INFORMATIONAL, 0, 0);
	isakmp_payload_put(o, PAYLOAD_NOTIFY, body, sizeof(body));
	memcpy(msg.buf + ISAKMP_MARKER_LEN, "random..other...", 16);
	send_to("lan", eip, client);
	assert_int_equal(only()->notify, 14);
	memset(msg.buf + ISAKMP_MARKER_LEN + 8, 0, 8); /* ... and a zero one */
	send_to("lan", eip, client);
	assert_int_equal(only()->notify_at.frame, st.number);
}

static void the_end_of_a_half_open_exchange_belongs_to_the_one_that_it_names(void **state)
{
	static const uint8_t head[8] = {0, 0, 0, 1, 1, 16, 0, 1};
	uint8_t body[24];

	(void)state;
	message1();
	send_to("lan", client, eip);
	message2(cr);
	send_to("lan", eip, client);
	memcpy(body, head, sizeof(head));
	memcpy(body + 8, ci, 8);
	memcpy(body + 16, cr, 8);
	isakmp_payload_put(begin(zeros, EXCHANGE_INFORMATIONAL, 0, 7), PAYLOAD_DELETE, body,
			   sizeof(body));
	memcpy(msg.buf + ISAKMP_MARKER_LEN, "random..", 8);
	send_to("lan", eip, client);
	assert_int_equal(only()->delete_at.frame, 3);
	assert_int_equal(only()->notify, 0);
}

/* ---- what is kept for a replay ---- */

static void clear_messages_are_kept_only_for_who_asks(void **state)
{
	const struct exchange *x;

	(void)state;
	message1();
	send_to("lan", client, eip);
	assert_int_equal(only()->kept[1].len, 0);

	teardown(NULL);
	setup(NULL);
	watch_keep(st.w);
	message1();
	send_to("lan", client, eip);
	message2(cr);
	send_to("lan", eip, client);
	x = only();
	assert_int_equal(x->kept[2].len, x->mm[2].len);
	assert_memory_equal(x->kept[2].b, msg.buf + ISAKMP_MARKER_LEN, x->kept[2].len);
	assert_int_equal(x->kept[2].at.frame, 2);
	assert_memory_equal(x->kept[1].b, ci, 8);
	assert_memory_equal(x->kept[1].b + 8, zeros, 8);
}

/* Memory has its bounds: an exchange that makes room gives its buffers to the next one. */
static void what_is_kept_belongs_to_its_exchange_when_others_made_room(void **state)
{
	struct exchange *const *v;
	size_t n;

	(void)state;
	watch_keep(st.w);
	for (unsigned i = 0; i < WATCH_EXCHANGES + 100; i++) {
		message1();
		msg.buf[ISAKMP_MARKER_LEN + 6] = (uint8_t)(i >> 8);
		msg.buf[ISAKMP_MARKER_LEN + 7] = (uint8_t)i;
		send_to("lan", client, eip);
	}
	n = watch_exchanges(st.w, &v);
	assert_int_equal(n, WATCH_EXCHANGES);
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(v[i]->kept[1].b, v[i]->cky_i, 8);
		assert_int_equal(v[i]->kept[2].len, 0);
		for (size_t k = i ? i - 1 : n; k < i; k++)
			assert_ptr_not_equal(v[i]->kept[1].b, v[k]->kept[1].b);
	}
}

static void the_times_of_what_is_sent_again_are_noted(void **state)
{
	const struct mm_seen *mm;

	(void)state;
	message1();
	send_to("lan", client, eip);
	for (unsigned i = 0; i < 14; i++) {
		st.t = i * SEC;
		message2(cr);
		send_to("lan", eip, client);
	}
	mm = &only()->mm[2];
	assert_int_equal(mm->copies, 14);
	for (unsigned i = 0; i < WATCH_AGAIN; i++)
		assert_int_equal(mm->again[i], (i + 1) * SEC + MSEC);
}

/* ---- behind Main Mode ---- */

static void quick_modes_and_deletes_are_counted_once(void **state)
{
	const struct exchange *x;

	(void)state;
	main_mode_at_server(server);
	for (uint32_t id = 1; id <= 3; id++) {
		encrypted(EXCHANGE_QUICK, id, "one");
		send_to("vpc", at(napt, 4500), at(server, 4500));
		encrypted(EXCHANGE_QUICK, id, "two");
		send_to("vpc", at(server, 4500), at(napt, 4500));
		encrypted(EXCHANGE_QUICK, id, "three");
		send_to("vpc", at(napt, 4500), at(server, 4500));
		encrypted(EXCHANGE_INFORMATIONAL, 100 + id, "delete");
		send_to("vpc", at(napt, 4500), at(server, 4500));
		send_to("igw", at(napt, 4500), at(eip, 4500));
		send_to("vpc", at(napt, 4500), at(server, 4500)); /* a retransmission */
	}
	encrypted(EXCHANGE_INFORMATIONAL, 200, "the server's");
	send_to("vpc", at(server, 4500), at(napt, 4500));
	x = only();
	assert_int_equal(x->quick_modes, 3);
	assert_int_equal(x->deletes, 3);
	assert_int_equal(x->informationals[0], 3);
	assert_int_equal(x->informationals[1], 1);
}

static void esp_and_keepalives_belong_to_the_exchange_of_their_addresses(void **state)
{
	const struct exchange *x;

	(void)state;
	main_mode_at_server(server);
	encrypted(EXCHANGE_MAIN, 0, "five");
	send_to("vpc", at(napt, 31234), at(server, 4500));
	udp("vpc", at(napt, 31234), at(server, 4500), "\1\2\3\4\0\0\0\1rest", 12);
	assert_int_equal(last_event()->kind, EV_ESP);
	assert_string_equal(ev_get_str(last_event(), K_ENCAP), "udp");
	assert_int_equal(ev_get_u(last_event(), K_ESP_SEQ), 1);
	assert_memory_equal(ev_get_hex(last_event(), K_ESP_SPI), "\1\2\3\4", 4);
	udp("vpc", at(napt, 31234), at(server, 4500), "\1\2\3\4\0\0\0\1rest", 12); /* seen twice */
	udp("vpc", at(napt, 31234), at(server, 4500), "\1\2\3\4\0\0\0\2rest", 12);
	udp("vpc", at(server, 4500), at(napt, 31234), "\5\6\7\x08\0\0\0\1rest", 12);
	udp("vpc", at(napt, 31234), at(server, 4500), "\xff", 1);
	assert_int_equal(last_event()->kind, EV_KEEPALIVE);
	/* Another host's. */
	udp("vpc", at(client, 31234), at(server, 4500), "\1\2\3\4\0\0\0\1rest", 12);
	udp("vpc", at(client, 31234), at(server, 4500), "\xff", 1);

	x = only();
	assert_int_equal(x->esp[0], 2);
	assert_int_equal(x->esp[1], 1);
	assert_int_equal(x->keepalives[0], 1);
	assert_int_equal(x->keepalives[1], 0);
	assert_true(x->esp_udp && !x->esp_raw);
	assert_int_equal(events(EV_ESP), 5);
	assert_int_equal(events(EV_KEEPALIVE), 2);
}

static void bare_esp_belongs_by_addresses_alone(void **state)
{
	const struct exchange *x;

	(void)state;
	main_mode_at_server(server);
	ip("vpc", napt, server, IPPROTO_ESP_, "\1\2\3\4\0\0\0\1rest", 12);
	assert_string_equal(ev_get_str(last_event(), K_ENCAP), "none");
	ip("vpc", server, napt, IPPROTO_ESP_, "\1\2\3\4\0\0\0\1rest", 12); /* the same SPI */
	x = only();
	assert_int_equal(x->esp[0], 1);
	assert_int_equal(x->esp[1], 1);
	assert_true(x->esp_raw && !x->esp_udp && !x->floated);
}

/* ---- what is not ISAKMP ---- */

static void every_ip_packet_is_one_event(void **state)
{
	static const uint8_t arp[42] = {[12] = 8, [13] = 6};
	uint8_t junk[40] = {[17] = 0x99};

	(void)state;
	ip("lan", client, eip, IPPROTO_ICMP_, "\3\4\0\0", 4);
	assert_int_equal(last_event()->kind, EV_ICMP);
	assert_int_equal(ev_get_u(last_event(), K_ICMP_TYPE), 3);
	assert_int_equal(ev_get_u(last_event(), K_ICMP_CODE), 4);
	ip("lan", client, eip, IPPROTO_ICMP_, "\3", 1);
	assert_int_equal(last_event()->kind, EV_OTHER);
	udp("lan", at(client, 1701), at(eip, 1701), "l2tp", 4);
	assert_int_equal(last_event()->kind, EV_OTHER);
	assert_int_equal(ev_get_u(last_event(), K_PROTO), 17);
	assert_int_equal(ev_get_u(last_event(), K_LENGTH), 4);
	udp("lan", client, eip, junk, sizeof(junk)); /* no version of IKE */
	assert_int_equal(last_event()->kind, EV_OTHER);
	udp("lan", client, eip, "short", 5);
	assert_int_equal(last_event()->kind, EV_OTHER);
	udp("lan", at(client, 4500), at(eip, 4500), "short", 5);
	assert_int_equal(last_event()->kind, EV_OTHER);
	assert_int_equal(st.log.ev.n, 6);
	watch_frame(st.w, "lan", LINKTYPE_ETHERNET_, 1, 1, arp, sizeof(arp));
	assert_int_equal(st.log.ev.n, 6);
	assert_int_equal(watch_exchanges(st.w, &(struct exchange *const *){NULL}), 0);
}

static void ikev2_is_events_only(void **state)
{
	struct exchange *const *v;

	(void)state;
	begin(cr, 34, 8, 0);
	msg.buf[ISAKMP_MARKER_LEN + 17] = 0x20;
	send_to("lan", client, eip);
	assert_int_equal(last_event()->kind, EV_ISAKMP);
	assert_int_equal(watch_exchanges(st.w, &v), 0);
}

static void a_malformed_message_is_seen_but_not_believed(void **state)
{
	const struct exchange *x;

	(void)state;
	message1();
	send_to("lan", client, eip);
	message2(cr);
	send_to("lan", eip, client);
	key_exchange(cr, "i", eip, client);
	isakmp_payload_put(&msg.o, PAYLOAD_DELETE, "\0\0\0\1\3\4\0\x09", 8);
	send_to("lan", client, eip);
	x = only();
	assert_true(x->mm[3].seen);
	assert_int_equal(x->natd3.n, 0);
	assert_int_equal(events(EV_NATD), 0);
}

/* ---- bounds ---- */

#define FLOOD (2 * WATCH_EXCHANGES + 1000)

static void a_flood_of_message_1_pushes_out_the_oldest_unfinished_only(void **state)
{
	struct exchange *const *v;
	const struct exchange *last;
	uint8_t first[8];
	size_t n;

	(void)state;
	main_mode_at_server(server); /* finished: stays */
	message1();
	for (unsigned i = 0; i < FLOOD; i++) {
		msg.buf[ISAKMP_MARKER_LEN] = 0xee;
		msg.buf[ISAKMP_MARKER_LEN + 1] = (uint8_t)(i >> 8);
		msg.buf[ISAKMP_MARKER_LEN + 2] = (uint8_t)i;
		send_to("vpc", client, server);
	}
	n = watch_exchanges(st.w, &v);
	assert_int_equal(n, WATCH_EXCHANGES);
	assert_memory_equal(v[0]->cky_i, ci, 8);
	assert_int_equal(v[0]->natd4.n, 2);
	memcpy(first, v[1]->cky_i, 8);
	assert_int_equal(first[1] << 8 | first[2], FLOOD - (WATCH_EXCHANGES - 1));
	last = v[WATCH_EXCHANGES - 1];
	assert_int_equal(last->cky_i[1] << 8 | last->cky_i[2], FLOOD - 1);
	assert_int_equal(last->mm[1].copies, 1);
	/* What is left is still known: a duplicate makes no new exchange. */
	send_to("vpc", client, server);
	assert_int_equal(watch_exchanges(st.w, &v), WATCH_EXCHANGES);
	assert_int_equal(last->mm[1].copies, 2);
}

static void the_flow_of_a_forgotten_exchange_is_forgotten(void **state)
{
	struct exchange *const *v;

	(void)state;
	message1();
	send_to("lan", client, eip);
	for (unsigned i = 0; i < WATCH_EXCHANGES; i++) {
		msg.buf[ISAKMP_MARKER_LEN] = 0xee;
		msg.buf[ISAKMP_MARKER_LEN + 1] = (uint8_t)(i >> 8);
		msg.buf[ISAKMP_MARKER_LEN + 2] = (uint8_t)i;
		send_to("lan", napt, eip);
	}
	ip("lan", client, eip, IPPROTO_ESP_, "\1\2\3\4\0\0\0\1rest", 12);
	assert_int_equal(watch_exchanges(st.w, &v), WATCH_EXCHANGES);
	for (size_t i = 0; i < WATCH_EXCHANGES; i++)
		assert_int_equal(v[i]->esp[0], 0);
	ip("lan", napt, eip, IPPROTO_ESP_, "\1\2\3\4\0\0\0\1rest", 12);
	/* The last one that used these addresses. */
	assert_int_equal(v[WATCH_EXCHANGES - 1]->esp[0], 1);
}

static void more_places_than_there_is_room_for_do_no_harm(void **state)
{
	(void)state;
	message1();
	for (unsigned i = 0; i < 20; i++) {
		char place[8];

		snprintf(place, sizeof(place), "link-%u", i);
		send_to(place, client, eip);
	}
	assert_int_equal(only()->mm[1].n_sightings, WATCH_NAMES);
	assert_string_equal(last_event()->place, "link-19");
}

static void more_vendor_ids_than_there_is_room_for_do_no_harm(void **state)
{
	struct isakmp_out *o = begin(zeros, EXCHANGE_MAIN, 0, 0);
	uint8_t big[200] = {0};

	(void)state;
	put_sa(o);
	isakmp_payload_put(o, PAYLOAD_VID, big, sizeof(big));
	for (unsigned i = 0; i < 30; i++)
		isakmp_payload_put(o, PAYLOAD_VID, "vendor", 6);
	send_to("lan", client, eip);
	assert_int_equal(only()->n_vids[0], WATCH_VIDS);
	assert_int_equal(only()->vids[0][0].len, 32);
}

/* ---- judgement ---- */

static struct judgement judged(const struct inet_ep *client_own, const struct inet_ep *server_own)
{
	struct judgement j;

	natd_judge(only(), NULL, 0, client_own, server_own, &j);
	return j;
}

static void known_addresses_name_hashes_that_were_not_seen(void **state)
{
	const struct known known[] = {{inet_ep(server.addr, 0), "server"}, {napt, "home"}};
	struct judgement j;

	(void)state;
	message1();
	send_to("lan", client, eip);
	message2(cr);
	send_to("lan", eip, client);
	key_exchange(cr, "i", eip, client);
	send_to("lan", client, eip);
	key_exchange(cr, "r", napt, server);
	send_to("lan", eip, client);

	j = judged(NULL, NULL);
	assert_false(j.known4[0] || j.known4[1]);
	assert_int_equal(j.server_hash, CLASS_UNKNOWN);
	assert_int_equal(j.peer_hash, CLASS_UNKNOWN);
	natd_judge(only(), known, 2, NULL, NULL, &j);
	assert_true(j.known4[0] && j.known4[1]);
	assert_string_equal(INET_EP(j.means4[0]), "198.51.100.10:26723");
	assert_string_equal(INET_EP(j.means4[1]), "172.31.16.10:500");
	assert_int_equal(j.server_hash, CLASS_EXACT);
	assert_int_equal(j.peer_hash, CLASS_EXACT);
	j = judged(NULL, &server);
	assert_int_equal(j.server_hash, CLASS_EXACT);
	assert_false(j.server_sees_valid); /* what reached the server was not seen */
	assert_int_equal(memcmp(j.letter3, "AB", 3), 0);
	assert_int_equal(memcmp(j.letter4, "CD", 3), 0);
}

static void a_hash_of_a_servers_own_address_proves_itself(void **state)
{
	struct judgement j;

	(void)state;
	main_mode_at_server(server);
	j = judged(NULL, &server);
	assert_int_equal(j.server_hash, CLASS_EXACT);
	assert_true(j.server_sees_valid);
	assert_true(j.server_sees.self_behind_nat && j.server_sees.peer_behind_nat);
	assert_true(j.client_sees.self_behind_nat && j.client_sees.peer_behind_nat);
}

static void a_copy_is_a_copy_and_hides_the_servers_nat(void **state)
{
	struct judgement j;

	(void)state;
	main_mode_at_server(eip);
	j = judged(NULL, &server);
	assert_int_equal(j.server_hash, CLASS_COPIED);
	assert_int_equal(j.letter4[1], 'A');
	assert_true(j.client_sees.self_behind_nat);
	assert_false(j.client_sees.peer_behind_nat);
	assert_true(j.server_sees.self_behind_nat); /* it knows better */
}

static void fakes_need_a_proof(void **state)
{
	const struct {
		struct inet_ep hash;
		const char *means;
	} fakes[] = {
		{at(server, 0), "172.31.16.10:0"},
		{inet_ep(inet_v4(0), 500), "0.0.0.0:500"},
		{inet_ep(inet_v4(0xdeadbeef), 77), "-:0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fakes); i++) {
		struct judgement j;

		teardown(NULL);
		setup(NULL);
		main_mode_at_server(fakes[i].hash);
		j = judged(NULL, NULL);
		assert_int_equal(j.server_hash, CLASS_FAKED);
		assert_string_equal(INET_EP(j.means4[1]), fakes[i].means);
	}
}

static void a_client_that_hashes_nonsense_still_knows_itself(void **state)
{
	struct judgement j;

	(void)state;
	message1();
	send_to("lan", client, eip);
	message2(cr);
	send_to("lan", eip, client);
	key_exchange(cr, "i", eip, at(client, 0)); /* as some do to force encapsulation */
	send_to("lan", client, eip);
	key_exchange(cr, "r", client, eip); /* no NAT anywhere */
	send_to("lan", eip, client);
	j = judged(NULL, NULL);
	assert_true(j.client_sees.self_behind_nat);
	j = judged(&client, &eip);
	assert_false(j.client_sees.self_behind_nat);
	assert_true(j.server_sees_valid && j.server_sees.peer_behind_nat);
	assert_false(j.server_sees.self_behind_nat);
}

static void the_order_of_the_hashes_counts(void **state)
{
	struct judgement j;

	(void)state;
	message1();
	send_to("vpc", napt, server);
	message2(cr);
	send_to("vpc", server, napt);
	key_exchange(cr, "i", eip, client);
	send_to("vpc", napt, server);
	key_exchange(cr, "r", eip, napt); /* the right hashes in each other's place */
	send_to("vpc", server, napt);
	j = judged(NULL, NULL);
	assert_true(j.client_sees.self_behind_nat && j.client_sees.peer_behind_nat);
	assert_int_equal(j.peer_hash, CLASS_FAKED);

	teardown(NULL);
	setup(NULL);
	message1();
	send_to("vpc", napt, server);
	message2(cr);
	send_to("vpc", server, napt);
	key_exchange(cr, "i", eip, client);
	send_to("vpc", napt, server);
	key_exchange(cr, "r", server, napt);
	send_to("vpc", server, napt);
	assert_int_equal(judged(NULL, &server).server_hash, CLASS_FAKED);
}

static void one_hash_is_not_enough(void **state)
{
	struct isakmp_out *o;
	struct judgement j;

	(void)state;
	main_mode_at_server(server);
	teardown(NULL);
	setup(NULL);
	message1();
	send_to("lan", client, eip);
	message2(cr);
	send_to("lan", eip, client);
	key_exchange(cr, "i", eip, client);
	send_to("lan", client, eip);
	o = begin(cr, EXCHANGE_MAIN, 0, 0);
	isakmp_payload_put(o, PAYLOAD_KE, "r", 1);
	isakmp_payload_put(o, PAYLOAD_NATD_DRAFT, "16 bytes of hash", 16);
	send_to("lan", eip, client);
	j = judged(NULL, NULL);
	assert_true(j.natt && !j.complete);
	assert_int_equal(j.server_hash, CLASS_UNKNOWN);
	assert_int_equal(j.letter4[0], 'C');
	assert_int_equal(only()->natd_type, PAYLOAD_NATD_DRAFT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* pktmon shows a packet in each layer that it passes, and tcpdump -i any on each bridge port. */
static void the_same_packet_in_two_layers_is_one_transmission(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		message1();
		send_to("lan", client, eip);
		st.t -= MSEC - 100; /* the next layer, a tenth of a millisecond later */
	}
	assert_int_equal(only()->mm[1].copies, 1);
	st.t += SEC;
	send_to("lan", client, eip);
	assert_int_equal(only()->mm[1].copies, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_are_numbered_and_seen_at_each_place),
		TEST(a_capture_may_begin_with_the_key_exchange),
		TEST(a_place_that_missed_the_beginning_knows_the_same_bytes_again),
		TEST(each_responder_cookie_for_one_message_1_is_an_exchange),
		TEST(a_refusal_belongs_to_the_exchange_that_it_names),
		TEST(the_end_of_a_half_open_exchange_belongs_to_the_one_that_it_names),
		TEST(clear_messages_are_kept_only_for_who_asks),
		TEST(what_is_kept_belongs_to_its_exchange_when_others_made_room),
		TEST(the_times_of_what_is_sent_again_are_noted),
		TEST(quick_modes_and_deletes_are_counted_once),
		TEST(esp_and_keepalives_belong_to_the_exchange_of_their_addresses),
		TEST(bare_esp_belongs_by_addresses_alone),
		TEST(every_ip_packet_is_one_event),
		TEST(ikev2_is_events_only),
		TEST(a_malformed_message_is_seen_but_not_believed),
		TEST(a_flood_of_message_1_pushes_out_the_oldest_unfinished_only),
		TEST(the_flow_of_a_forgotten_exchange_is_forgotten),
		TEST(more_places_than_there_is_room_for_do_no_harm),
		TEST(more_vendor_ids_than_there_is_room_for_do_no_harm),
		TEST(known_addresses_name_hashes_that_were_not_seen),
		TEST(a_hash_of_a_servers_own_address_proves_itself),
		TEST(a_copy_is_a_copy_and_hides_the_servers_nat),
		TEST(fakes_need_a_proof),
		TEST(a_client_that_hashes_nonsense_still_knows_itself),
		TEST(the_order_of_the_hashes_counts),
		TEST(one_hash_is_not_enough),
		TEST(the_same_packet_in_two_layers_is_one_transmission),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
