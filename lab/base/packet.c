/* SPDX-License-Identifier: MIT */
#include "lab/base/packet.h"

#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_QINQ_OLD 0x9100
#define ETHERTYPE_PPPOE_SESSION 0x8864

#define PPP_FRAMING 0xff03
#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057

#define IP6_HOP_BY_HOP 0
#define IP6_ROUTING 43
#define IP6_FRAGMENT 44
#define IP6_DESTINATION 60

/* Tags and extension headers that are skipped before a packet is given up as nonsense. */
#define TAGS_MAX 4
#define EXTENSIONS_MAX 8

#define UDP_HEADER_LEN 8
#define IPV4_HEADER_LEN 20

/* ---- behind the IP header ---- */

/* The rest of @r is the IP payload as captured, @said long as the header says. */
static bool transport_parse(struct packet *pkt, struct rd *r, size_t said)
{
	struct rd look = *r;
	size_t udp_len;

	pkt->said_len = said;
	pkt->len = rd_left(r);
	pkt->payload = r->p;
	if (pkt->fragment)
		return true;

	switch (pkt->proto) {
	case IPPROTO_TCP_:
		pkt->src.port = rd_u16(&look, "Source Port");
		pkt->dst.port = rd_u16(&look, "Destination Port");
		return rd_ok(&look);
	case IPPROTO_UDP_:
		pkt->src.port = rd_u16(&look, "Source Port");
		pkt->dst.port = rd_u16(&look, "Destination Port");
		udp_len = rd_u16(&look, "Length");
		rd_u16(&look, "Checksum");
		if (!rd_ok(&look) || udp_len < UDP_HEADER_LEN || udp_len > said)
			return false;
		pkt->payload = look.p;
		pkt->said_len = udp_len - UDP_HEADER_LEN;
		pkt->len = MIN(rd_left(&look), pkt->said_len);
		return true;
	}
	return true;
}

bool packet_reassembled(struct packet *pkt, const uint8_t *p, size_t len)
{
	struct rd r = rd_new(p, len);

	pkt->fragment = false;
	return transport_parse(pkt, &r, len);
}

/* ---- IP ---- */

static bool ipv4_parse(struct packet *pkt, const uint8_t *ip, size_t len)
{
	struct rd r = rd_new(ip, len);
	size_t header = (size_t)(rd_u8(&r, "Version, IHL") & 15) * 4;
	const uint8_t *src, *dst;
	uint16_t frag;
	size_t total;

	rd_u8(&r, "Type of Service");
	total = rd_u16(&r, "Total Length");
	pkt->frag_id = rd_u16(&r, "Identification");
	frag = rd_u16(&r, "Flags, Fragment Offset");
	pkt->ttl = rd_u8(&r, "Time to Live");
	pkt->proto = rd_u8(&r, "Protocol");
	rd_u16(&r, "Header Checksum");
	src = rd_bytes(&r, 4, "Source Address");
	dst = rd_bytes(&r, 4, "Destination Address");
	if (!rd_ok(&r) || header < IPV4_HEADER_LEN)
		return false;
	/* A segment that the network card has yet to cut carries no length of its own. */
	if (!total)
		total = len;
	if (total < header || len < header)
		return false;

	pkt->src.addr = inet_from_bytes(src, 4);
	pkt->dst.addr = inet_from_bytes(dst, 4);
	pkt->frag_more = frag & 0x2000;
	pkt->frag_off = (uint16_t)((frag & 0x1fff) * 8);
	pkt->fragment = pkt->frag_more || pkt->frag_off;
	pkt->ip = ip;
	pkt->ip_len = MIN(len, total);
	r = rd_new(ip + header, pkt->ip_len - header);
	return transport_parse(pkt, &r, total - header);
}

static bool ipv6_parse(struct packet *pkt, const uint8_t *ip, size_t len)
{
	struct rd r = rd_new(ip, len);
	const uint8_t *src, *dst;
	size_t said, took;
	struct rd body;
	uint8_t next;

	rd_u32(&r, "Version, Traffic Class, Flow Label");
	said = rd_u16(&r, "Payload Length");
	next = rd_u8(&r, "Next Header");
	pkt->ttl = rd_u8(&r, "Hop Limit");
	src = rd_bytes(&r, 16, "Source Address");
	dst = rd_bytes(&r, 16, "Destination Address");
	if (!rd_ok(&r))
		return false;
	pkt->src.addr = inet_from_bytes(src, 16);
	pkt->dst.addr = inet_from_bytes(dst, 16);
	pkt->ip = ip;
	pkt->ip_len = len - rd_left(&r) + MIN(rd_left(&r), said);
	body = rd_sub(&r, MIN(rd_left(&r), said), "Payload");

	for (int n = 0; n < EXTENSIONS_MAX; n++) {
		const uint8_t *from = body.p;
		uint16_t frag;

		switch (next) {
		case IP6_HOP_BY_HOP:
		case IP6_ROUTING:
		case IP6_DESTINATION:
			next = rd_u8(&body, "Next Header");
			rd_bytes(&body, (size_t)rd_u8(&body, "Hdr Ext Len") * 8 + 6, "Options");
			break;
		case IP6_FRAGMENT:
			next = rd_u8(&body, "Next Header");
			rd_u8(&body, "Reserved");
			frag = rd_u16(&body, "Fragment Offset, M");
			pkt->frag_id = rd_u32(&body, "Identification");
			pkt->frag_off = frag & 0xfff8;
			pkt->frag_more = frag & 1;
			pkt->fragment = pkt->frag_off || pkt->frag_more;
			break;
		default:
			pkt->proto = next;
			return transport_parse(pkt, &body, said);
		}
		took = (size_t)(body.p - from);
		if (!rd_ok(&body) || took > said)
			return false;
		said -= took;
		if (pkt->fragment) {
			pkt->proto = next;
			return transport_parse(pkt, &body, said);
		}
	}
	return false;
}

bool packet_parse_ip(struct packet *pkt, const uint8_t *ip, size_t len)
{
	*pkt = (struct packet){0};
	if (!len)
		return false;
	switch (ip[0] >> 4) {
	case 4:
		return ipv4_parse(pkt, ip, len);
	case 6:
		return ipv6_parse(pkt, ip, len);
	}
	return false;
}

/* ---- link layers ---- */

/* Behind PPP's framing: FF 03, which may be left out (RFC 1662 3.2). */
static bool skip_ppp(struct rd *r)
{
	uint16_t ppp = rd_u16(r, "PPP Protocol");

	if (ppp == PPP_FRAMING)
		ppp = rd_u16(r, "PPP Protocol");
	return ppp == PPP_IPV4 || ppp == PPP_IPV6;
}

static bool skip_pppoe(struct rd *r)
{
	rd_u16(r, "Version, Type, Code");
	rd_u16(r, "Session ID");
	rd_u16(r, "Length");
	return skip_ppp(r);
}

/* Leaves @r at an IP header; false when there is none. */
static bool skip_to_ip(struct rd *r, uint16_t ethertype)
{
	for (int n = 0; n < TAGS_MAX && rd_ok(r); n++) {
		switch (ethertype) {
		case ETHERTYPE_IPV4:
		case ETHERTYPE_IPV6:
			return true;
		case ETHERTYPE_VLAN:
		case ETHERTYPE_QINQ:
		case ETHERTYPE_QINQ_OLD:
			rd_u16(r, "Tag");
			ethertype = rd_u16(r, "EtherType");
			break;
		case ETHERTYPE_PPPOE_SESSION:
			return skip_pppoe(r);
		default:
			return false;
		}
	}
	return false;
}

/*
 * A data frame of IEEE 802.11 (9.3.2.1), as the driver of a Wi-Fi adapter has it. Addresses are of
 * no interest. False for other frames and for encrypted ones.
 */
static bool skip_wifi(struct rd *r)
{
	uint8_t kind = rd_u8(r, "Frame Control"), flags = rd_u8(r, "Flags");
	bool qos = kind & 0x80, four = (flags & 3) == 3; /* to and from a distribution system */

	if ((kind & 0x0c) != 8 || (kind & 0x40) || (flags & 0x40))
		return false;
	rd_bytes(r, 22, "Duration, Addresses, Sequence Control");
	if (four)
		rd_bytes(r, 6, "Address 4");
	if (qos)
		rd_u16(r, "QoS Control");
	if (qos && (flags & 0x80))
		rd_u32(r, "HT Control");
	if (rd_u32(r, "LLC, SNAP") != 0xaaaa0300 || rd_u16(r, "OUI") != 0)
		return false;
	return skip_to_ip(r, rd_u16(r, "EtherType"));
}

static bool skip_radiotap(struct rd *r)
{
	const uint8_t *head = rd_bytes(r, 4, "Version, Pad, Length");
	size_t len = head ? le16(head + 2) : 0;

	if (len < 4)
		return false;
	rd_bytes(r, len - 4, "Radiotap");
	return skip_wifi(r);
}

/* BSD loopback: an address family in the byte order of the machine that captured. AF_INET is 2
 * everywhere, AF_INET6 one of four numbers. */
static bool is_ip_family(uint32_t family)
{
	if (family > 0xffff)
		family = family >> 24 | (family >> 8 & 0xff00);
	return family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
}

bool packet_parse(struct packet *pkt, uint32_t linktype, const uint8_t *frame, size_t len)
{
	struct rd r = rd_new(frame, len);
	bool ip = false;

	*pkt = (struct packet){0};
	switch (linktype) {
	case LINKTYPE_ETHERNET_:
		rd_bytes(&r, 12, "Destination, Source");
		ip = skip_to_ip(&r, rd_u16(&r, "EtherType"));
		break;
	case LINKTYPE_LINUX_SLL_:
		rd_bytes(&r, 14, "Packet Type, ARPHRD_ Type, Link-Layer Address");
		ip = skip_to_ip(&r, rd_u16(&r, "Protocol Type"));
		break;
	case LINKTYPE_LINUX_SLL2_: {
		uint16_t protocol = rd_u16(&r, "Protocol Type");

		rd_bytes(&r, 18, "Interface, ARPHRD_ Type, Packet Type, Link-Layer Address");
		ip = skip_to_ip(&r, protocol);
		break;
	}
	case LINKTYPE_PPP_:
	case LINKTYPE_PPP_HDLC_:
		ip = skip_ppp(&r);
		break;
	case LINKTYPE_PPP_ETHER_:
		ip = skip_pppoe(&r);
		break;
	case LINKTYPE_IEEE802_11_:
		ip = skip_wifi(&r);
		break;
	case LINKTYPE_RADIOTAP_:
		ip = skip_radiotap(&r);
		break;
	case LINKTYPE_NULL_:
	case LINKTYPE_LOOP_:
		ip = is_ip_family(rd_u32(&r, "Protocol Family"));
		break;
	case LINKTYPE_RAW_:
	case LINKTYPE_RAW_BSD_:
	case LINKTYPE_RAW_OPENBSD_:
	case LINKTYPE_IPV4_:
	case LINKTYPE_IPV6_:
		ip = true;
		break;
	}
	if (!ip || !rd_ok(&r))
		return false;
	return packet_parse_ip(pkt, r.p, rd_left(&r));
}

bool packet_reads(uint32_t linktype)
{
	static const uint16_t known[] = {
		LINKTYPE_NULL_,	       LINKTYPE_ETHERNET_, LINKTYPE_PPP_,	 LINKTYPE_RAW_BSD_,
		LINKTYPE_RAW_OPENBSD_, LINKTYPE_PPP_HDLC_, LINKTYPE_PPP_ETHER_,	 LINKTYPE_RAW_,
		LINKTYPE_IEEE802_11_,  LINKTYPE_LOOP_,	   LINKTYPE_LINUX_SLL_,	 LINKTYPE_RADIOTAP_,
		LINKTYPE_IPV4_,	       LINKTYPE_IPV6_,	   LINKTYPE_LINUX_SLL2_,
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i] == linktype)
			return true;
	return false;
}

/* ---- checksums and writers ---- */

uint32_t inet_sum(uint32_t sum, const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t s = sum;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		s += (uint32_t)(b[i] << 8 | b[i + 1]);
	if (i < len)
		s += (uint32_t)(b[i] << 8);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint32_t)s;
}

uint16_t inet_sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t inet_pseudo_sum(struct inet_addr src, struct inet_addr dst, uint8_t proto, size_t len)
{
	uint32_t sum = inet_sum(0, src.b, src.len);

	assert(src.len == dst.len);
	sum = inet_sum(sum, dst.b, dst.len);
	/* RFC 8200 8.1 has a 32-bit length, RFC 768 a 16-bit one: the sum is the same. */
	return sum + proto + (uint32_t)(len >> 16) + (uint32_t)(len & 0xffff);
}

void wr_udp(struct wr *w, struct inet_ep src, struct inet_ep dst, const void *data, size_t len)
{
	size_t at = wr_len(w);
	size_t total = UDP_HEADER_LEN + len;
	uint32_t sum;
	uint16_t sum16;

	if (total > UINT16_MAX)
		w->bad = true;
	wr_u16(w, src.port);
	wr_u16(w, dst.port);
	wr_u16(w, (uint16_t)total);
	wr_u16(w, 0);
	wr_bytes(w, data, len);
	if (!wr_ok(w))
		return;
	sum = inet_pseudo_sum(src.addr, dst.addr, IPPROTO_UDP_, total);
	sum16 = inet_sum_fold(inet_sum(sum, w->base + at, total));
	/* 0 would mean "no checksum" (RFC 768). */
	wr_patch_u16(w, at + 6, sum16 ? sum16 : 0xffff);
}

void wr_ipv4(struct wr *w, struct inet_addr src, struct inet_addr dst, uint8_t proto, uint8_t ttl,
	     uint16_t id, size_t len)
{
	size_t at = wr_len(w);
	size_t total = IPV4_HEADER_LEN + len;

	assert(src.len == 4 && dst.len == 4);
	if (total > UINT16_MAX)
		w->bad = true;
	wr_u16(w, 0x4500);
	wr_u16(w, (uint16_t)total);
	wr_u16(w, id);
	wr_u16(w, 0x4000); /* DF */
	wr_u8(w, ttl);
	wr_u8(w, proto);
	wr_u16(w, 0);
	wr_bytes(w, src.b, 4);
	wr_bytes(w, dst.b, 4);
	if (wr_ok(w))
		wr_patch_u16(w, at + 10, inet_sum_fold(inet_sum(0, w->base + at, IPV4_HEADER_LEN)));
}
