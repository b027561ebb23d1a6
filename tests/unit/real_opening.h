/* SPDX-License-Identifier: MIT */
/*
 * real_opening.h - the clear messages of a real server's capture, given to a server of ours, and
 * both answers compared: message 2 byte for byte but for the cookie; of message 4 the payloads,
 * their order and lengths, and what its NAT-D hashes are made of.
 */
#ifndef NATDLAB_UNIT_REAL_OPENING_H
#define NATDLAB_UNIT_REAL_OPENING_H

#include <stdio.h>
#include <string.h>

#include "lab/base/packet.h"
#include "lab/capture/pcapng.h"
#include "tests/unit/ike_net.h"

#define FOLDER "tests/data/captures/"

#define MESSAGES 4

/* Main Mode's clear messages in a capture, each as it was seen first. */
struct opening {
	struct message {
		uint8_t b[1024];
		size_t len;
		struct inet_ep src, dst;
	} m[1 + MESSAGES];
};

/* Which message of Main Mode is it? 0 none of the clear ones. */
static inline unsigned number_of(const struct isakmp_msg *m, struct inet_ep src,
				 struct inet_ep client)
{
	bool from_client = inet_ep_eq(src, client) || !client.addr.len;

	if (m->h.exchange != EXCHANGE_MAIN || m->h.flags & ISAKMP_FLAG_ENCRYPTED)
		return 0;
	if (m->has_sa)
		return from_client ? 1 : 2;
	if (m->ke.p)
		return from_client ? 3 : 4;
	return 0;
}

static inline void read_opening(const char *name, struct opening *o)
{
	struct capture_reader *c;
	struct capture_frame f;
	char path[200];
	FILE *file;

	memset(o, 0, sizeof(*o));
	snprintf(path, sizeof(path), FOLDER "%s.server.pcap", name);
	file = fopen(path, "rbe");
	assert_non_null(file);
	c = capture_open(file, path, NULL);
	assert_non_null(c);
	while (capture_next(c, &f, NULL) == 1) {
		struct isakmp_msg m;
		struct packet pkt;
		struct message *to;
		unsigned n;

		if (!packet_parse(&pkt, f.linktype, f.data, f.len) || pkt.proto != IPPROTO_UDP_ ||
		    isakmp_parse(&m, pkt.payload, pkt.len, NULL))
			continue;
		n = number_of(&m, pkt.src, o->m[1].src);
		to = &o->m[n];
		if (!n || to->len)
			continue;
		assert_true(pkt.len <= sizeof(to->b));
		memcpy(to->b, pkt.payload, pkt.len);
		to->len = pkt.len;
		to->src = pkt.src;
		to->dst = pkt.dst;
	}
	assert_true(o->m[1].len && o->m[2].len);
	capture_close(c);
	fclose(file);
}

/* Gives the server a message; its answer is the newest frame. */
static inline const struct frame *answer(struct net *net, const struct message *m)
{
	struct datagram d = {.via = VIA_UDP,
			     .local = m->dst,
			     .remote = m->src,
			     .data = m->b,
			     .len = m->len};
	size_t before = net->n;

	ike_input(net->server.ike, 0, &d, false);
	assert_int_equal(net->n, before + 1);
	return &net->frames[before];
}

static inline void assert_same_message_2(const char *name, const struct frame *f,
					 const struct message *m)
{
	if (f->len != m->len)
		fail_msg("%s: message 2 has %zu bytes, not %zu", name, f->len, m->len);
	assert_memory_equal(f->data, m->b, 8);
	assert_memory_equal(f->data + 16, m->b + 16, m->len - 16);
}

/* What a hash is made of, as far as one can say; the index is what is compared. */
static inline int made_of(const struct isakmp_msg *m4, unsigned i, const struct message *three,
		   const struct isakmp_msg *m3)
{
	struct inet_ep zero = inet_ep(inet_v4(0), 500);
	const struct inet_ep candidates[] = {
		three->src,
		three->dst,
		inet_ep(three->src.addr, 0),
		inet_ep(three->dst.addr, 0),
		inet_ep(zero.addr, three->src.port),
		zero,
	};
	uint8_t hash[HASH_MAX];

	assert_int_equal(m4->natd.len, hash_len(HASH_SHA1));
	if (memcmp(m4->natd.v[i].b, m3->natd.v[0].b, m4->natd.len) == 0)
		return 100; /* copied */
	for (int k = 0; k < (int)ARRAY_LEN(candidates); k++) {
		natd_hash(HASH_SHA1, m4->h.cky_i, m4->h.cky_r, candidates[k], hash);
		if (memcmp(hash, m4->natd.v[i].b, m4->natd.len) == 0)
			return k;
	}
	return -1;
}

static inline struct isakmp_msg parse(const uint8_t *p, size_t len)
{
	struct isakmp_msg m;

	assert_int_equal(isakmp_parse(&m, p, len, NULL), DROP_NONE);
	return m;
}

/* The client's message 3 as it would have been with our cookie: of its two hashes the first, of
 * the address that it dialled, is made anew. */
static inline struct message with_our_cookie(const struct message *three,
					     const uint8_t cky_r[8])
{
	const struct inet_ep dialled[] = {three->dst, inet_ep(EIP_PUBLIC, 500)};
	struct message ours = *three;
	struct isakmp_msg m = parse(ours.b, ours.len);
	uint8_t hash[HASH_MAX];
	size_t at = 0;

	while (m.payloads[at].type != PAYLOAD_NATD)
		at++;
	for (size_t i = 0; i < ARRAY_LEN(dialled); i++) {
		natd_hash(HASH_SHA1, m.h.cky_i, m.h.cky_r, dialled[i], hash);
		if (memcmp(hash, m.natd.v[0].b, m.natd.len) != 0)
			continue;
		natd_hash(HASH_SHA1, m.h.cky_i, cky_r, dialled[i], hash);
		memcpy(ours.b + (m.payloads[at].body.p - ours.b), hash, m.natd.len);
		memcpy(ours.b + 8, cky_r, 8);
		return ours;
	}
	fail_msg("message 3 dials an unknown address");
	return ours;
}

static inline void assert_alike_message_4(const char *name, const struct frame *f,
				   const struct message *real, const struct message *three,
				   const struct message *our_three)
{
	struct isakmp_msg ours = parse(f->data, f->len), theirs = parse(real->b, real->len);
	struct isakmp_msg m3 = parse(three->b, three->len);
	struct isakmp_msg our_m3 = parse(our_three->b, our_three->len);

	if (f->len != real->len || ours.n_payloads != theirs.n_payloads)
		fail_msg("%s: message 4 has %zu bytes, not %zu", name, f->len, real->len);
	for (size_t i = 0; i < theirs.n_payloads; i++) {
		assert_int_equal(ours.payloads[i].type, theirs.payloads[i].type);
		assert_int_equal(ours.payloads[i].body.len, theirs.payloads[i].body.len);
	}
	assert_int_equal(ours.natd.n, theirs.natd.n);
	for (unsigned i = 0; i < theirs.natd.n; i++) {
		int want = made_of(&theirs, i, three, &m3);
		int got = made_of(&ours, i, our_three, &our_m3);

		if (want != got)
			fail_msg("%s: hash %u of message 4 is made of %d, not %d", name, i + 1, got,
				 want);
	}
}

/* Gives the capture's messages 1 and 3 to the row. */
static inline void assert_answers_as_real(const char *name, const struct server_mode *mode)
{
	struct net *net = net_new_rows(mode_client("windows-10"), mode, false, false, "x", "x");
	struct opening o;
	struct message three;
	const struct frame *f;

	read_opening(name, &o);
	f = answer(net, &o.m[1]);
	assert_same_message_2(name, f, &o.m[2]);
	if (o.m[3].len) {
		three = with_our_cookie(&o.m[3], f->data + 8);
		f = answer(net, &three);
		assert_true(o.m[4].len);
		assert_alike_message_4(name, f, &o.m[4], &o.m[3], &three);
	}
	net_free(net);
}

#endif
