/* SPDX-License-Identifier: MIT */
/*
 * packet.h - IPv4, IPv6 and UDP headers: read from a frame, written for a datagram.
 *
 * Used by watch (frames of a link), by ESP (the UDP header inside transport mode, whose checksum
 * RFC 3948 3.1.2 makes us repair) and by the capture writer.
 */
#ifndef NATDLAB_BASE_PACKET_H
#define NATDLAB_BASE_PACKET_H

#include "lab/base/inet.h"
#include "lab/base/wire.h"

#define IPPROTO_ICMP_ 1
#define IPPROTO_TCP_ 6
#define IPPROTO_UDP_ 17
#define IPPROTO_ESP_ 50

/* The link types that natdlab reads (www.tcpdump.org/linktypes.html). */
enum linktype {
	LINKTYPE_NULL_ = 0,
	LINKTYPE_ETHERNET_ = 1,
	LINKTYPE_PPP_ = 9,
	LINKTYPE_RAW_BSD_ = 12, /* what DLT_RAW is in files of some systems */
	LINKTYPE_RAW_OPENBSD_ = 14,
	LINKTYPE_PPP_HDLC_ = 50,
	LINKTYPE_PPP_ETHER_ = 51,
	LINKTYPE_RAW_ = 101,
	LINKTYPE_IEEE802_11_ = 105,
	LINKTYPE_LOOP_ = 108,
	LINKTYPE_LINUX_SLL_ = 113,
	LINKTYPE_RADIOTAP_ = 127,
	LINKTYPE_IPV4_ = 228,
	LINKTYPE_IPV6_ = 229,
	LINKTYPE_LINUX_SLL2_ = 276,
};

/* One IP packet as it lay in a frame; pointers into the frame. */
struct packet {
	struct inet_ep src, dst; /* ports are 0 unless UDP or TCP */
	uint8_t proto, ttl;
	bool fragment;           /* any part of a fragmented packet: no ports, payload raw */
	uint32_t frag_id;
	uint16_t frag_off;       /* bytes */
	bool frag_more;
	const uint8_t *ip;       /* the IP header, for those who want it */
	size_t ip_len;           /* header and payload */
	const uint8_t *payload;  /* behind UDP header; behind IP header otherwise */
	size_t len;              /* of payload, as captured: less than it says if snapped */
	size_t said_len;         /* of payload, as the headers say */
};

/* Finds the IP packet in a frame of @linktype (an enum linktype, or any other number, which is
 * not understood). False: no IP in it, or its headers are cut short or contradict themselves.
 * Skips VLAN tags and a PPPoE session header; of a Wi-Fi's frames those that are not encrypted. */
bool packet_parse(struct packet *pkt, uint32_t linktype, const uint8_t *frame, size_t len);
/* Is this a link type that packet_parse() understands? */
bool packet_reads(uint32_t linktype);
/* The same for bytes that begin with an IP header. */
bool packet_parse_ip(struct packet *pkt, const uint8_t *ip, size_t len);

/* Makes *pkt, a fragment, the whole datagram whose IP payload is @p; ip stays the fragment's.
 * False: the payload's own headers contradict themselves, and *pkt is of no use. */
bool packet_reassembled(struct packet *pkt, const uint8_t *p, size_t len);

/* RFC 1071: the ones' complement sum of @len bytes, going on from @sum (0 at first). All pieces
 * but the last have an even length. */
uint32_t inet_sum(uint32_t sum, const void *p, size_t len);
/* Folds and complements: the value of a checksum field. */
uint16_t inet_sum_fold(uint32_t sum);
/* The sum of the UDP pseudo header (either family; src and dst of one family). */
uint32_t inet_pseudo_sum(struct inet_addr src, struct inet_addr dst, uint8_t proto, size_t len);

/* Writes a UDP header and @len bytes of data, checksum filled in (never 0 on the wire). */
void wr_udp(struct wr *w, struct inet_ep src, struct inet_ep dst, const void *data, size_t len);
/* Writes an IPv4 header for @len bytes of @proto: ttl, DF, @id; header checksum filled in. */
void wr_ipv4(struct wr *w, struct inet_addr src, struct inet_addr dst, uint8_t proto, uint8_t ttl,
	     uint16_t id, size_t len);

#endif
