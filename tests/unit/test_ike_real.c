/* SPDX-License-Identifier: MIT */
/*
 * Our servers are given the messages 1 that real servers were given, and must answer message 2 as
 * those did, byte for byte but for the cookie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "lab/pcapng.h"
#include "tests/unit/ike_net.h"

#define FOLDER "tests/data/captures/"

/* Messages 1 and 2 of a capture. */
struct opening {
	uint8_t one[1024], two[1024];
	size_t one_len, two_len;
};

static void keep(uint8_t *to, size_t *to_len, const struct packet *pkt)
{
	if (*to_len || pkt->len > 1024)
		return;
	memcpy(to, pkt->payload, pkt->len);
	*to_len = pkt->len;
}

static void read_opening(const char *name, struct opening *o)
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

		if (!packet_parse(&pkt, f.linktype, f.data, f.len) || pkt.proto != IPPROTO_UDP_ ||
		    isakmp_parse(&m, pkt.payload, pkt.len, NULL) || !m.has_sa)
			continue;
		if (memcmp(m.h.cky_r, (uint8_t[8]){0}, 8) == 0)
			keep(o->one, &o->one_len, &pkt);
		else
			keep(o->two, &o->two_len, &pkt);
	}
	assert_true(o->one_len && o->two_len);
	capture_close(c);
	fclose(file);
}

/* The versions measured are newer than the rows: what they have learnt since. */
static struct server_mode softether_5(void)
{
	struct server_mode s = *mode_server("softether-4");

	s.phase1.groups |= ACCEPT(GROUP_MODP2048);
	s.phase1.hashes |= ACCEPT(HASH_SHA256) | ACCEPT(HASH_SHA384) | ACCEPT(HASH_SHA512);
	return s;
}

static bool offers_fragmentation(const struct opening *o)
{
	struct isakmp_msg m;

	assert_int_equal(isakmp_parse(&m, o->one, o->one_len, NULL), DROP_NONE);
	for (size_t i = 0; i < m.n_payloads; i++)
		if (m.payloads[i].type == PAYLOAD_VID &&
		    (vid_is(m.payloads[i].body, VID_FRAGMENTATION) ||
		     vid_is(m.payloads[i].body, VID_FRAGMENTATION_CAP)))
			return true;
	return false;
}

static struct server_mode strongswan_5_9(const struct opening *o)
{
	struct server_mode s = *mode_server("strongswan-5.3");

	if (!offers_fragmentation(o))
		return s;
	memmove(&s.vids[3], &s.vids[2], (size_t)(s.n_vids - 2) * sizeof(s.vids[0]));
	s.vids[2] = (struct vid_rule){.vid = VID_FRAGMENTATION_CAP};
	s.n_vids++;
	return s;
}

static void assert_same_message_2(const char *name, const struct server_mode *mode,
				  const struct opening *o)
{
	struct net *net = net_new_rows(mode_client("windows-10"), mode, false, false, "x", "x");
	struct datagram d = {.via = VIA_UDP,
			     .local = inet_ep(EIP_PUBLIC, 500),
			     .remote = inet_ep(CLIENT_PUBLIC, 500),
			     .data = o->one,
			     .len = o->one_len};

	ike_input(net->server.ike, 0, &d, false);
	assert_int_equal(net->n, 1);
	if (net->frames[0].len != o->two_len)
		fail_msg("%s: message 2 has %zu bytes, not %zu", name, net->frames[0].len,
			 o->two_len);
	assert_memory_equal(net->frames[0].data, o->two, 8);
	assert_memory_equal(net->frames[0].data + 16, o->two + 16, o->two_len - 16);
	net_free(net);
}

static void softether_answers_message_1_as_the_real_one(void **state)
{
	static const char *const names[] = {
		"kat-se-eip-napt",	   "softether-eip-napt-apple",	"softether-eip-napt-ms",
		"softether-eip-napt-none", "softether-pub-pub-apple",	"softether-pub-pub-ms",
		"softether-pub-pub-none",  "softether-any-eip-napt-ms", "rt-se-mm2",
	};
	const struct server_mode mode = softether_5();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct opening o;

		read_opening(names[i], &o);
		assert_same_message_2(names[i], &mode, &o);
	}
}

static void strongswan_answers_message_1_as_the_real_one(void **state)
{
	static const char *const names[] = {
		"kat-ss-eip-napt",	    "strongswan-eip-napt-apple",   "strongswan-eip-napt-ms",
		"strongswan-eip-napt-none", "strongswan-pub-pub-apple",	   "strongswan-pub-pub-ms",
		"strongswan-pub-pub-none",  "strongswan-encap-pub-pub-ms",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct server_mode mode;
		struct opening o;

		read_opening(names[i], &o);
		mode = strongswan_5_9(&o);
		assert_same_message_2(names[i], &mode, &o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(softether_answers_message_1_as_the_real_one),
		cmocka_unit_test(strongswan_answers_message_1_as_the_real_one),
	};

	return cmocka_run_group_tests_name("ike and real servers", tests, NULL, NULL);
}
