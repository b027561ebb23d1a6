/* SPDX-License-Identifier: MIT */
#include "lab/net/dhcp.h"

#include <string.h>

#include "lab/base/packet.h"

#define SERVER_PORT 67
#define CLIENT_PORT 68
#define ETHERTYPE_IPV4 0x0800
#define MAC_LEN 6
#define CHADDR_LEN 16
#define BROADCAST_FLAG 0x8000
#define COOKIE 0x63825363 /* RFC 2131 3 */
#define LEASE_S 3600
#define TTL 64
/* RFC 951 has messages of 300 bytes, and some machines drop shorter ones. */
#define BOOTP_MIN 300

enum op { BOOTREQUEST = 1, BOOTREPLY = 2 };

/* RFC 2132, by number. */
enum option {
	OPT_PAD = 0,
	OPT_MASK = 1,
	OPT_ROUTER = 3,
	OPT_REQUESTED = 50,
	OPT_LEASE = 51,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_END = 255,
};

enum type { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6, INFORM = 8 };

/* What a machine asks. */
struct question {
	uint32_t xid;
	uint16_t flags;
	struct inet_addr ciaddr;            /* len 0: 0.0.0.0 */
	const uint8_t *chaddr;              /* MAC_LEN bytes */
	uint8_t type;                       /* 0: BOOTP, which is not answered */
	struct inet_addr requested, server; /* len 0: not there */
};

/* ---- reading ---- */

static struct inet_addr addr_of(const uint8_t *p)
{
	struct inet_addr a = p ? inet_from_bytes(p, 4) : (struct inet_addr){0};

	return a.len && inet_to_v4(a) ? a : (struct inet_addr){0};
}

static struct inet_addr read_addr(struct rd *r, const char *field)
{
	return addr_of(rd_bytes(r, 4, field));
}

static void read_option(uint8_t code, struct rd *v, struct question *q)
{
	if (code == OPT_TYPE)
		q->type = rd_u8(v, "DHCP Message Type");
	else if (code == OPT_REQUESTED)
		q->requested = read_addr(v, "Requested IP Address");
	else if (code == OPT_SERVER)
		q->server = read_addr(v, "Server Identifier");
}

/* False: an option leads outside, or is shorter than its kind. An end is not asked for. */
static bool read_options(struct rd *r, struct question *q)
{
	while (rd_left(r)) {
		uint8_t code = rd_u8(r, "code");
		struct rd value;

		if (code == OPT_PAD)
			continue;
		if (code == OPT_END)
			break;
		value = rd_sub(r, rd_u8(r, "len"), "value");
		read_option(code, &value, q);
		if (!rd_ok(&value))
			return false;
	}
	return rd_ok(r);
}

static bool read_question(const uint8_t *p, size_t len, struct question *q)
{
	struct rd r = rd_new(p, len);
	uint8_t op = rd_u8(&r, "op"), htype = rd_u8(&r, "htype"), hlen = rd_u8(&r, "hlen");
	uint32_t cookie;

	*q = (struct question){0};
	rd_u8(&r, "hops");
	q->xid = rd_u32(&r, "xid");
	rd_u16(&r, "secs");
	q->flags = rd_u16(&r, "flags");
	q->ciaddr = read_addr(&r, "ciaddr");
	rd_bytes(&r, 4, "yiaddr");
	rd_bytes(&r, 4, "siaddr");
	rd_bytes(&r, 4, "giaddr");
	q->chaddr = rd_bytes(&r, CHADDR_LEN, "chaddr");
	rd_bytes(&r, 64, "sname");
	rd_bytes(&r, 128, "file");
	cookie = rd_u32(&r, "magic cookie");
	return rd_ok(&r) && op == BOOTREQUEST && htype == 1 && hlen == MAC_LEN &&
	       cookie == COOKIE && read_options(&r, q);
}

static bool find_question(const uint8_t *frame, size_t len, struct packet *pkt)
{
	struct rd r = rd_new(frame, len);

	/* A frame with a tag (802.1Q) is of another network, where nobody answers. */
	rd_bytes(&r, 2 * MAC_LEN, "MAC addresses");
	return rd_u16(&r, "EtherType") == ETHERTYPE_IPV4 &&
	       packet_parse(pkt, LINKTYPE_ETHERNET_, frame, len) && pkt->proto == IPPROTO_UDP_ &&
	       !pkt->fragment && pkt->dst.port == SERVER_PORT;
}

bool dhcp_is_for_server(const uint8_t *frame, size_t len)
{
	struct packet pkt;

	return find_question(frame, len, &pkt);
}

/* ---- deciding ---- */

/* The type of the answer; 0: none. */
static uint8_t decide(const struct dhcp_lease *l, const struct question *q)
{
	struct inet_addr wanted = q->requested.len ? q->requested : q->ciaddr;

	if (q->server.len && !inet_addr_eq(q->server, l->server))
		return 0;
	switch (q->type) {
	case DISCOVER:
		return OFFER;
	case REQUEST:
		return inet_addr_eq(wanted, l->addr) ? ACK : NAK;
	case INFORM:
		return ACK;
	}
	return 0;
}

/* ---- writing ---- */

static void put_option(struct wr *w, enum option code, const void *value, uint8_t len)
{
	wr_u8(w, (uint8_t)code);
	wr_u8(w, len);
	wr_bytes(w, value, len);
}

static void put_u32(struct wr *w, enum option code, uint32_t v)
{
	wr_u8(w, (uint8_t)code);
	wr_u8(w, 4);
	wr_u32(w, v);
}

static void put_options(struct wr *w, const struct dhcp_lease *l, const struct question *q,
			uint8_t type)
{
	put_option(w, OPT_TYPE, &type, 1);
	put_option(w, OPT_SERVER, l->server.b, 4);
	if (type != NAK) {
		if (q->type != INFORM)
			put_u32(w, OPT_LEASE, LEASE_S);
		put_u32(w, OPT_MASK, l->plen ? UINT32_MAX << (32 - l->plen) : 0);
		if (l->router.len)
			put_option(w, OPT_ROUTER, l->router.b, 4);
	}
	wr_u8(w, OPT_END);
}

static void put_message(struct wr *w, const struct dhcp_lease *l, const struct question *q,
			uint8_t type)
{
	static const uint8_t none[4];
	bool gives = type != NAK && q->type != INFORM;

	wr_u8(w, BOOTREPLY);
	wr_u8(w, 1);
	wr_u8(w, MAC_LEN);
	wr_u8(w, 0);
	wr_u32(w, q->xid);
	wr_u16(w, 0);
	wr_u16(w, q->flags);
	wr_bytes(w, type == ACK && q->ciaddr.len ? q->ciaddr.b : none, 4);
	wr_bytes(w, gives ? l->addr.b : none, 4);
	wr_zeros(w, 4 + 4); /* siaddr, giaddr */
	wr_bytes(w, q->chaddr, CHADDR_LEN);
	wr_zeros(w, 64 + 128);
	wr_u32(w, COOKIE);
	put_options(w, l, q, type);
	if (wr_len(w) < BOOTP_MIN)
		wr_zeros(w, BOOTP_MIN - wr_len(w));
}

/* RFC 2131 4.1: who has an address gets the answer there; who says that it cannot take a unicast
 * yet, by broadcast, as does everybody who is refused. */
static bool is_unicast(const struct question *q, uint8_t type)
{
	return type != NAK && (q->ciaddr.len || !(q->flags & BROADCAST_FLAG));
}

size_t dhcp_answer(const struct dhcp_lease *l, const uint8_t *frame, size_t len, uint8_t *out)
{
	static const uint8_t everybody[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct wr w = wr_new(out, DHCP_FRAME_MAX);
	uint8_t body[DHCP_FRAME_MAX], udp[DHCP_FRAME_MAX];
	struct wr message = wr_new(body, sizeof(body)), segment = wr_new(udp, sizeof(udp));
	struct inet_addr to = inet_v4(UINT32_MAX);
	struct question q;
	struct packet pkt;
	uint8_t type;
	bool unicast;

	if (!find_question(frame, len, &pkt) || !read_question(pkt.payload, pkt.len, &q))
		return 0;
	type = decide(l, &q);
	if (!type)
		return 0;
	unicast = is_unicast(&q, type);
	if (unicast)
		to = q.ciaddr.len ? q.ciaddr : l->addr;
	put_message(&message, l, &q, type);
	wr_udp(&segment, inet_ep(l->server, SERVER_PORT), inet_ep(to, CLIENT_PORT), body,
	       wr_len(&message));
	wr_bytes(&w, unicast ? q.chaddr : everybody, MAC_LEN);
	wr_bytes(&w, l->server_mac, MAC_LEN);
	wr_u16(&w, ETHERTYPE_IPV4);
	wr_ipv4(&w, l->server, to, IPPROTO_UDP_, TTL, 0, wr_len(&segment));
	wr_bytes(&w, udp, wr_len(&segment));
	assert(wr_ok(&message) && wr_ok(&segment) && wr_ok(&w));
	return wr_len(&w);
}
