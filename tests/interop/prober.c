/* SPDX-License-Identifier: MIT */
/*
 * prober.c - a client that misbehaves in every way that its table knows.
 *
 *	prober SERVER PSK
 *
 * Each case is a process with an address of its own, from the server's network, so that no server
 * counts one's half-open exchanges against another; all go on at the same time. Their lines, in
 * the table's order: "WHEN<tab>WHAT<tab>ANSWER". No answer holds anything that is drawn anew, so
 * that the lines of a mode and of the product that it stands for can be compared as they are
 * (tests/interop/fidelity.sh).
 *
 * It is run as a node of a lab (`run: prober`), where it may give itself addresses.
 */
#include "tests/interop/peer.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOON (1500 * MSEC) /* an answer comes within this, or none does */
#define STAGGER (120 * MSEC)

struct probe {
	const char *when, *what;
	/* Says what there is to say with tell(). */
	void (*ask)(struct peer *p, int arg);
	int arg;
};

/* SoftEther is known to crash of a wrong message 3 or 5: these come last, one after the other. */
static bool deadly(const struct probe *c)
{
	return c->when[0] == 'm' && (c->when[8] == '3' || c->when[8] == '5');
}

static void tell(const struct peer *p)
{
	char buf[4000];

	printf("%s\n", peer_heard(p, buf, sizeof(buf)));
}

/* A case that does not get so far says nothing of the server. */
static bool came(bool it)
{
	if (!it)
		printf("not reached\n");
	return it;
}

static bool go(struct peer *p, uint8_t message)
{
	bool there = peer_go(p, message);

	/* A hundred clients at once are many: the one that was lost tries again. */
	for (int tries = 1; tries < 3 && !there; tries++) {
		peer_forget(p);
		there = peer_go(p, message);
	}
	if (there)
		peer_listen(p);
	return came(there);
}

static void answer(struct peer *p, const struct message *m)
{
	peer_listen(p);
	peer_send(p, m);
	peer_wait(p, SOON);
	tell(p);
}

static void answer_to_quick1(struct peer *p)
{
	struct message m;

	peer_quick1(p, &m);
	answer(p, &m);
}

/* ---- time ---- */

static void falls_silent(struct peer *p, int message)
{
	if (!go(p, (uint8_t)message))
		return;
	peer_wait(p, 75 * SEC);
	tell(p);
}

/* The client's odd messages, up to the first of Quick Mode, which is the seventh. */
static void make(struct peer *p, int message, struct message *m)
{
	static void (*const makers[])(struct peer *p, struct message *m) = {
		peer_message1, peer_message3, peer_message5, peer_quick1};

	makers[message / 2](p, m);
}

/* Goes on after so many seconds: is the exchange still known? */
static void goes_on_late_with(struct peer *p, int message, int seconds)
{
	struct message m;

	if (!go(p, (uint8_t)(message - 1)))
		return;
	peer_wait(p, seconds * SEC);
	make(p, message, &m);
	answer(p, &m);
}

static void goes_on_late_with_3(struct peer *p, int seconds)
{
	goes_on_late_with(p, 3, seconds);
}

static void goes_on_late_with_5(struct peer *p, int seconds)
{
	goes_on_late_with(p, 5, seconds);
}

static void stays_idle(struct peer *p, int unused)
{
	(void)unused;
	if (!go(p, 6))
		return;
	peer_wait(p, 45 * SEC);
	tell(p);
}

/* ---- the same again ---- */

static void repeats(struct peer *p, int message)
{
	struct message m;

	if (message > 1 && !go(p, (uint8_t)(message - 1)))
		return;
	make(p, message, &m);
	peer_send(p, &m);
	if (!came(peer_await(p, (uint8_t)(message + 1))))
		return;
	peer_wait(p, SEC / 10);
	answer(p, &m);
}

static void another_message3(struct peer *p, int then_message5)
{
	struct message m3, m5;
	struct peer before;

	if (!go(p, 4))
		return;
	before = *p;
	before.dh = NULL;
	peer_message5(p, &m5);
	peer_message3(&before, &m3); /* its key agreement comes to nothing */
	p->n_heard = before.n_heard;
	peer_listen(p);
	p->floats = false;
	peer_send(p, &m3);
	p->floats = true;
	if (then_message5) {
		peer_wait(p, SOON);
		peer_listen(p);
		peer_send(p, &m5);
	}
	peer_wait(p, SOON);
	tell(p);
}

/* A message 1 with the same cookie that offers another life. */
static void another_message1(struct peer *p, int unused)
{
	struct message m;

	(void)unused;
	peer_message1(p, &m);
	peer_send(p, &m);
	if (!came(peer_await(p, 2)))
		return;
	memset(p->cky_r, 0, 8);
	p->n_vids--;
	peer_message1(p, &m);
	answer(p, &m);
}

/* ---- revisions of NAT-T, and ports ---- */

static void knows_only(struct peer *p, int vid)
{
	p->vids[0] = (enum vid)vid;
	p->n_vids = 1;
	p->natd_type = PAYLOAD_NATD_DRAFT;
	p->encap = ENCAP_UDP_TRANSPORT_DRAFT;
	p->tells_payloads = true;
	peer_go(p, 4);
	tell(p);
}

static void knows_only_on_to_quick_mode(struct peer *p, int vid)
{
	p->vids[0] = (enum vid)vid;
	p->n_vids = 1;
	p->natd_type = PAYLOAD_NATD_DRAFT;
	p->encap = ENCAP_UDP_TRANSPORT_DRAFT;
	if (!go(p, 6))
		return;
	answer_to_quick1(p);
}

/* No vendor ID at all, or all but those of NAT-T. */
static void knows_no_natt(struct peer *p, int n_vids)
{
	p->vids[0] = VID_DPD;
	p->vids[1] = VID_FRAGMENTATION;
	p->n_vids = (size_t)n_vids;
	p->natd_type = 0;
	p->floats = false;
	p->tells_payloads = true;
	peer_go(p, 4);
	tell(p);
}

static void knows_no_natt_on_to_quick_mode(struct peer *p, int n_vids)
{
	p->vids[0] = VID_DPD;
	p->vids[1] = VID_FRAGMENTATION;
	p->n_vids = (size_t)n_vids;
	p->natd_type = 0;
	p->floats = false;
	p->encap = ENCAP_TRANSPORT;
	if (!go(p, 6))
		return;
	answer_to_quick1(p);
}

static void sends_hashes(struct peer *p, int n)
{
	p->n_natd = (size_t)n;
	p->tells_payloads = true;
	if (!go(p, 2))
		return;
	peer_go(p, 4);
	tell(p);
}

static void stays_on_500(struct peer *p, int unused)
{
	(void)unused;
	p->floats = false;
	if (!go(p, 4))
		return;
	peer_go(p, 6);
	tell(p);
}

static void begins_on_4500(struct peer *p, int message)
{
	p->starts_floated = true;
	if (message > 2 && !go(p, (uint8_t)(message - 2)))
		return;
	peer_go(p, (uint8_t)message);
	tell(p);
}

/* ---- secrets ---- */

static void has_another_secret(struct peer *p, int unused)
{
	struct message m;

	(void)unused;
	p->psk = "another-secret";
	if (!go(p, 4))
		return;
	peer_message5(p, &m);
	peer_send(p, &m);
	peer_wait(p, 12 * SEC);
	tell(p);
}

/* The right keys, but HASH_I is made of another SA than was offered. */
static void proves_nothing(struct peer *p, int unused)
{
	struct message m;

	(void)unused;
	if (!go(p, 4))
		return;
	p->sai_b[20] ^= 1;
	peer_message5(p, &m);
	answer(p, &m);
}

/* ---- proposals ---- */

static void offers_group(struct peer *p, int group)
{
	struct message m;

	p->group = (enum ike_group)group;
	peer_message1(p, &m);
	answer(p, &m);
}

/* A byte of message 1 becomes another: the value of an attribute. */
static void offers(struct peer *p, int at_and_value)
{
	struct message m;

	peer_message1(p, &m);
	m.b[at_and_value >> 8] = (uint8_t)at_and_value;
	answer(p, &m);
}

static void offers_esp(struct peer *p, int esp)
{
	if (!go(p, 6))
		return;
	p->esp = (uint8_t)esp;
	answer_to_quick1(p);
}

static void offers_encapsulation(struct peer *p, int encap)
{
	if (!go(p, 6))
		return;
	p->encap = (uint16_t)encap;
	answer_to_quick1(p);
}

static void wants_port(struct peer *p, int port)
{
	if (!go(p, 6))
		return;
	p->l2tp_port = (uint16_t)port;
	answer_to_quick1(p);
}

/* ---- malformed ---- */

/* Offsets in message 1: header 28, SA 4 + 8, proposal 8, transform 8, seven attributes of 4. */
enum { AT_NEXT = 16, AT_VERSION = 17, AT_EXCHANGE = 18, AT_FLAGS = 19, AT_MSGID = 20,
       AT_LENGTH = 24, AT_SA = 28, AT_DOI = 32, AT_SITUATION = 36, AT_PROPOSAL = 40,
       AT_TRANSFORM = 48, AT_ATTRS = 56 };

static void put_length(struct message *m, size_t len)
{
	m->b[AT_LENGTH + 2] = (uint8_t)(len >> 8);
	m->b[AT_LENGTH + 3] = (uint8_t)len;
}

/* Bytes that are not there, though the header says so. */
static void cut(struct peer *p, int len)
{
	struct message m;

	peer_message1(p, &m);
	m.len = (size_t)len;
	answer(p, &m);
}

static void cut_and_mended(struct peer *p, int len)
{
	struct message m;

	peer_message1(p, &m);
	m.len = (size_t)len;
	put_length(&m, m.len);
	answer(p, &m);
}

static void says_length(struct peer *p, int more)
{
	struct message m;

	peer_message1(p, &m);
	put_length(&m, (size_t)((int)m.len + more));
	answer(p, &m);
}

static void trails(struct peer *p, int n)
{
	struct message m;

	peer_message1(p, &m);
	memset(m.b + m.len, 0xaa, (size_t)n);
	m.len += (size_t)n;
	answer(p, &m);
}

/* A payload behind the others of message 1. */
static void adds_payload(struct peer *p, int type)
{
	struct isakmp_out o;
	struct message m;

	peer_message1(p, &m);
	/* The chain's last byte: of the last vendor ID, 16 + 4 bytes from the end. */
	m.b[m.len - 20] = (uint8_t)type;
	o.w = wr_new(m.b + m.len, 24);
	wr_u16(&o.w, 0);
	wr_u16(&o.w, 24);
	wr_zeros(&o.w, 20);
	m.len += 24;
	put_length(&m, m.len);
	answer(p, &m);
}

static void has_unknown_cookies(struct peer *p, int exchange)
{
	struct message m;

	peer_listen(p);
	rng_bytes(p->rng, p->cky_r, 8);
	if (exchange == EXCHANGE_MAIN) {
		peer_message3(p, &m);
	} else {
		peer_header(&m, p->cky_i, p->cky_r, (uint8_t)exchange, ISAKMP_FLAG_ENCRYPTED,
			    0x01020304);
		memset(m.b + m.len, 0x55, 64);
		m.len += 64;
		put_length(&m, m.len);
	}
	answer(p, &m);
}

static void has_no_cookie(struct peer *p, int unused)
{
	struct message m;

	(void)unused;
	memset(p->cky_i, 0, 8);
	peer_message1(p, &m);
	answer(p, &m);
}

static void message1_names_a_responder(struct peer *p, int unused)
{
	struct message m;

	(void)unused;
	rng_bytes(p->rng, p->cky_r, 8);
	peer_message1(p, &m);
	answer(p, &m);
}

/* Message 3 with a payload of another length, or without one. */
enum { KE_SHORT, KE_ZERO, NONCE_SHORT, NONCE_NONE };

static void botches_message3(struct peer *p, int how)
{
	struct isakmp_out o;
	struct message m;
	size_t len = group_public_len(p->group);
	uint8_t ke[DH_PUBLIC_MAX];

	if (!go(p, 2))
		return;
	peer_message3(p, &m);
	rng_bytes(p->rng, ke, sizeof(ke));
	ke[0] = 1;
	if (how == KE_ZERO)
		memset(ke, 0, sizeof(ke));
	isakmp_begin(&o, m.b, sizeof(m.b), p->cky_i, p->cky_r, EXCHANGE_MAIN, 0, 0);
	isakmp_payload_put(&o, PAYLOAD_KE, ke, how == KE_SHORT ? len - 8 : len);
	if (how != NONCE_NONE)
		isakmp_payload_put(&o, PAYLOAD_NONCE, ke, how == NONCE_SHORT ? 4 : 20);
	m.len = isakmp_end(&o);
	answer(p, &m);
}

/* Message 5 in clear, cut to a part of a block, or garbage. */
enum { IN_CLEAR, PART_OF_A_BLOCK, GARBAGE };

static void botches_message5(struct peer *p, int how)
{
	struct message m;

	if (!go(p, 4))
		return;
	peer_message5(p, &m);
	switch (how) {
	case IN_CLEAR:
		m.b[AT_FLAGS] = 0;
		break;
	case PART_OF_A_BLOCK:
		m.len -= 7;
		put_length(&m, m.len);
		break;
	case GARBAGE:
		rng_bytes(p->rng, m.b + ISAKMP_HEADER_LEN, m.len - ISAKMP_HEADER_LEN);
		break;
	}
	answer(p, &m);
}

static void botches_quick1(struct peer *p, int flip)
{
	struct message m;

	if (!go(p, 6))
		return;
	peer_quick1(p, &m);
	m.b[flip] ^= 0x40;
	answer(p, &m);
}

static void sends_bytes(struct peer *p, int n)
{
	uint8_t b[64] = {0};

	memset(b + 4, 0x5a, sizeof(b) - 4);
	peer_listen(p);
	peer_send_on(p, IKE_NATT_PORT, b, (size_t)n);
	peer_wait(p, SOON);
	tell(p);
}

static void sends_bytes_on_500(struct peer *p, int n)
{
	uint8_t b[64] = {0};

	memset(b, 0x5a, sizeof(b));
	peer_listen(p);
	peer_send_on(p, IKE_PORT, b, (size_t)n);
	peer_wait(p, SOON);
	tell(p);
}

/* ---- ESP, and is anybody there ---- */

static void sends_unknown_esp(struct peer *p, int in_udp)
{
	uint8_t esp[84];

	memset(esp, 0x5a, sizeof(esp));
	peer_listen(p);
	if (in_udp)
		peer_send_on(p, IKE_NATT_PORT, esp, sizeof(esp));
	else
		peer_send_esp(p, esp, sizeof(esp));
	peer_wait(p, SOON);
	tell(p);
}

static void notifies(struct peer *p, int type)
{
	struct message m;

	if (!go(p, 6))
		return;
	peer_notify(p, &m, (uint16_t)type, 4711);
	answer(p, &m);
}

static void deletes_in_clear(struct peer *p, int then_asks)
{
	struct isakmp_out o;
	struct message m;

	if (!go(p, 6))
		return;
	isakmp_begin(&o, m.b, sizeof(m.b), p->cky_i, p->cky_r, EXCHANGE_INFORMATIONAL, 0, 99);
	isakmp_payload_begin(&o, PAYLOAD_DELETE);
	wr_u32(&o.w, DOI_IPSEC);
	wr_u8(&o.w, PROTO_ISAKMP);
	wr_u8(&o.w, 16);
	wr_u16(&o.w, 1);
	wr_bytes(&o.w, p->cky_i, 8);
	wr_bytes(&o.w, p->cky_r, 8);
	isakmp_payload_end(&o);
	m.len = isakmp_end(&o);
	if (then_asks) {
		peer_send(p, &m);
		peer_wait(p, SOON);
		peer_notify(p, &m, NOTIFY_R_U_THERE, 4711);
	}
	answer(p, &m);
}

#define BYTE(at, value) ((at) << 8 | (value))

static const struct probe probes[] = {
	{"time", "message 3 never comes", falls_silent, 2},
	{"time", "message 5 never comes", falls_silent, 4},
	{"time", "Quick Mode 3 never comes", falls_silent, 8},
	{"time", "message 3 comes after 7 s", goes_on_late_with_3, 7},
	{"time", "message 3 comes after 15 s", goes_on_late_with_3, 15},
	{"time", "message 3 comes after 27 s", goes_on_late_with_3, 27},
	{"time", "message 3 comes after 36 s", goes_on_late_with_3, 36},
	{"time", "message 3 comes after 57 s", goes_on_late_with_3, 57},
	{"time", "message 3 comes after 70 s", goes_on_late_with_3, 70},
	{"time", "message 5 comes after 7 s", goes_on_late_with_5, 7},
	{"time", "message 5 comes after 27 s", goes_on_late_with_5, 27},
	{"time", "message 5 comes after 57 s", goes_on_late_with_5, 57},
	{"time", "message 5 comes after 70 s", goes_on_late_with_5, 70},
	{"time", "nothing more after message 6", stays_idle, 0},
	{"time", "another pre-shared key", has_another_secret, 0},

	{"again", "message 1 twice", repeats, 1},
	{"again", "message 3 twice", repeats, 3},
	{"again", "message 5 twice", repeats, 5},
	{"again", "Quick Mode 1 twice", repeats, 7},
	{"again", "another message 1, same cookie", another_message1, 0},
	{"again", "another message 3", another_message3, 0},
	{"again", "message 5 after another message 3", another_message3, 1},

	{"NAT-T", "draft-02\\n alone", knows_only, VID_DRAFT02N},
	{"NAT-T", "draft-02\\n alone, Quick Mode", knows_only_on_to_quick_mode, VID_DRAFT02N},
	{"NAT-T", "draft-03 alone", knows_only, VID_DRAFT03},
	{"NAT-T", "no vendor ID", knows_no_natt, 0},
	{"NAT-T", "no vendor ID, Quick Mode", knows_no_natt_on_to_quick_mode, 0},
	{"NAT-T", "DPD alone", knows_no_natt, 1},
	{"NAT-T", "DPD and FRAGMENTATION", knows_no_natt, 2},
	{"NAT-T", "message 3 without NAT-D", sends_hashes, 0},
	{"NAT-T", "message 3 with one NAT-D", sends_hashes, 1},
	{"NAT-T", "message 3 with three NAT-D", sends_hashes, 3},
	{"NAT-T", "message 5 on 500 after a NAT", stays_on_500, 0},
	{"NAT-T", "message 1 on 4500", begins_on_4500, 2},
	{"NAT-T", "message 3 on 4500", begins_on_4500, 4},

	{"secret", "a wrong HASH_I", proves_nothing, 0},

	{"proposal", "an unknown group", offers_group, 99},
	{"proposal", "an unknown cipher", offers, BYTE(AT_ATTRS + 3, 99)},
	{"proposal", "signatures instead of a secret", offers, BYTE(AT_ATTRS + 19, 3)},
	{"proposal", "an unknown life type", offers, BYTE(AT_ATTRS + 23, 9)},
	{"proposal", "MODP-1024", offers_group, GROUP_MODP1024},
	{"proposal", "Aggressive Mode", offers, BYTE(AT_EXCHANGE, EXCHANGE_AGGRESSIVE)},
	{"proposal", "an unknown ESP transform", offers_esp, 99},
	{"proposal", "ESP without encryption", offers_esp, ESP_NULL},
	{"proposal", "tunnel mode", offers_encapsulation, ENCAP_UDP_TUNNEL},
	{"proposal", "plain transport, though floated", offers_encapsulation, ENCAP_TRANSPORT},
	{"proposal", "another port than 1701", wants_port, 1702},

	{"message 1", "cut in the SA", cut, AT_ATTRS},
	{"message 1", "cut in the SA, length mended", cut_and_mended, AT_ATTRS},
	{"message 1", "cut behind the SA, length mended", cut_and_mended, AT_ATTRS + 28},
	{"message 1", "a header alone", cut_and_mended, AT_SA},
	{"message 1", "27 bytes", cut, 27},
	{"message 1", "a header that claims 8 bytes more", says_length, 8},
	{"message 1", "a header that claims 8 bytes less", says_length, -8},
	{"message 1", "a header that claims 20 bytes less", says_length, -20},
	{"message 1", "8 bytes behind it", trails, 8},
	{"message 1", "first payload unknown", offers, BYTE(AT_NEXT, 200)},
	{"message 1", "first payload none", offers, BYTE(AT_NEXT, 0)},
	{"message 1", "first payload a key", offers, BYTE(AT_NEXT, PAYLOAD_KE)},
	{"message 1", "SA of length 0", offers, BYTE(AT_SA + 3, 0)},
	{"message 1", "SA of length 3", offers, BYTE(AT_SA + 3, 3)},
	{"message 1", "SA longer than the message", offers, BYTE(AT_SA + 2, 9)},
	{"message 1", "a reserved byte set", offers, BYTE(AT_SA + 1, 1)},
	{"message 1", "DOI 2", offers, BYTE(AT_DOI + 3, 2)},
	{"message 1", "DOI 0", offers, BYTE(AT_DOI + 3, 0)},
	{"message 1", "situation 0", offers, BYTE(AT_SITUATION + 3, 0)},
	{"message 1", "protocol ESP", offers, BYTE(AT_PROPOSAL + 5, 3)},
	{"message 1", "two transforms claimed", offers, BYTE(AT_PROPOSAL + 7, 2)},
	{"message 1", "no transforms claimed", offers, BYTE(AT_PROPOSAL + 7, 0)},
	{"message 1", "transform length 0", offers, BYTE(AT_TRANSFORM + 3, 0)},
	{"message 1", "an unknown payload more", adds_payload, 200},
	{"message 1", "a key more", adds_payload, PAYLOAD_KE},
	{"message 1", "a second SA", adds_payload, PAYLOAD_SA},
	{"message 1", "major version 0", offers, BYTE(AT_VERSION, 0x00)},
	{"message 1", "major version 3", offers, BYTE(AT_VERSION, 0x30)},
	{"message 1", "minor version 1", offers, BYTE(AT_VERSION, 0x11)},
	{"message 1", "exchange type 0", offers, BYTE(AT_EXCHANGE, 0)},
	{"message 1", "exchange type 99", offers, BYTE(AT_EXCHANGE, 99)},
	{"message 1", "flag encrypted", offers, BYTE(AT_FLAGS, ISAKMP_FLAG_ENCRYPTED)},
	{"message 1", "flag commit", offers, BYTE(AT_FLAGS, ISAKMP_FLAG_COMMIT)},
	{"message 1", "an unknown flag", offers, BYTE(AT_FLAGS, 0x80)},
	{"message 1", "a message ID", offers, BYTE(AT_MSGID + 3, 7)},
	{"message 1", "no cookie", has_no_cookie, 0},
	{"message 1", "a responder's cookie", message1_names_a_responder, 0},

	{"message 3", "a key too short", botches_message3, KE_SHORT},
	{"message 3", "a key of zeros", botches_message3, KE_ZERO},
	{"message 3", "a nonce of 4 bytes", botches_message3, NONCE_SHORT},
	{"message 3", "no nonce", botches_message3, NONCE_NONE},
	{"message 5", "not encrypted", botches_message5, IN_CLEAR},
	{"message 5", "random bytes", botches_message5, GARBAGE},
	{"message 5", "not whole blocks", botches_message5, PART_OF_A_BLOCK},
	{"Quick Mode 1", "a bit of its HASH changed", botches_quick1, 40},
	{"Quick Mode 1", "a bit of its length changed", botches_quick1, 27},

	{"unknown cookies", "message 3", has_unknown_cookies, EXCHANGE_MAIN},
	{"unknown cookies", "Quick Mode 1", has_unknown_cookies, EXCHANGE_QUICK},
	{"unknown cookies", "Informational, encrypted", has_unknown_cookies,
	 EXCHANGE_INFORMATIONAL},
	{"no IKE", "marker alone on 4500", sends_bytes, 4},
	{"no IKE", "marker and 20 bytes on 4500", sends_bytes, 24},
	{"no IKE", "a keep-alive on 500", sends_bytes_on_500, 1},
	{"no IKE", "40 bytes of nonsense on 500", sends_bytes_on_500, 40},
	{"ESP", "unknown SPI, in UDP", sends_unknown_esp, 1},
	{"ESP", "unknown SPI, bare", sends_unknown_esp, 0},
	{"informational", "R-U-THERE", notifies, NOTIFY_R_U_THERE},
	{"informational", "an unknown status", notifies, 40111},
	{"informational", "Delete in clear", deletes_in_clear, 0},
	{"informational", "R-U-THERE after a Delete in clear", deletes_in_clear, 1},
};

#define PROBES ARRAY_LEN(probes)
#define FIRST_HOST 100 /* of the server's network; its own and the client's address are below */

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static struct inet_addr host(struct inet_addr net, size_t i)
{
	struct inet_addr a = net;

	a.b[3] = (uint8_t)(FIRST_HOST + i);
	return a;
}

/* One more address of the interface that has one in the server's network. */
static void add_address(const char *iface, struct inet_addr a, size_t i)
{
	struct sockaddr_in s = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {0};

	memcpy(&s.sin_addr, a.b, 4);
	memcpy(&r.ifr_addr, &s, sizeof(s));
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%.11s:%zu", iface, i);
	if (ioctl(fd, SIOCSIFADDR, &r) < 0)
		die(r.ifr_name);
	close(fd);
}

static const char *iface_towards(struct inet_addr server)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		die("interfaces");
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct sockaddr_in s;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&s, i->ifa_addr, sizeof(s));
		if (memcmp(&s.sin_addr, server.b, 3) == 0)
			return i->ifa_name; /* until the process ends */
	}
	fprintf(stderr, "prober: the server must be in this node's own /24\n");
	exit(2);
}

static void ask(const struct probe *what, struct inet_addr own, struct inet_addr server,
		const char *psk)
{
	static struct peer p;

	peer_open(&p, own, server, psk);
	p.tells_times = !strcmp(what->when, "time");
	what->ask(&p, what->arg);
}

/* A process of its own for a case; returns where its line comes from. */
static int start(size_t i, struct inet_addr server, const char *psk)
{
	int ends[2];

	if (pipe(ends) < 0)
		die("pipe");
	fflush(stdout);
	switch (fork()) {
	case -1:
		die("fork");
		break;
	case 0:
		dup2(ends[1], STDOUT_FILENO);
		ask(&probes[i], host(server, i), server, psk);
		exit(0);
	default:
		break;
	}
	close(ends[1]);
	return ends[0];
}

static void finish(size_t i, int said)
{
	FILE *f = fdopen(said, "r");
	char line[4096];

	if (!f || !fgets(line, sizeof(line), f))
		snprintf(line, sizeof(line), "the prober itself failed\n");
	printf("%s\t%s\t%s", probes[i].when, probes[i].what, line);
	if (f)
		fclose(f);
	wait(NULL);
}

int main(int argc, char **argv)
{
	struct inet_addr server;
	int said[PROBES];
	const char *iface;

	if (argc != 3 || !inet_parse_addr(argv[1], &server) || server.len != 4) {
		fprintf(stderr, "usage: prober ADDRESS PSK\n");
		return 2;
	}
	crypto_prepare();
	iface = iface_towards(server);
	for (size_t i = 0; i < PROBES; i++)
		add_address(iface, host(server, i), i);
	for (size_t i = 0; i < PROBES; i++) {
		if (deadly(&probes[i]))
			continue;
		said[i] = start(i, server, argv[2]);
		usleep((useconds_t)STAGGER);
	}
	for (size_t i = 0; i < PROBES; i++)
		if (!deadly(&probes[i]))
			finish(i, said[i]);
	for (size_t i = 0; i < PROBES; i++)
		if (deadly(&probes[i]))
			finish(i, start(i, server, argv[2]));
	return 0;
}
