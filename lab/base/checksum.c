/* SPDX-License-Identifier: MIT */
/*
 * checksum.c - the writing half of packet.h: Internet checksums, UDP and IPv4 headers.
 */
#include "lab/base/packet.h"

uint32_t inet_sum(uint32_t sum, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i + 1 < len; i += 2) {
		sum += (uint32_t)b[i] << 8 | b[i + 1];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len % 2)
		sum += (uint32_t)b[len - 1] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

uint16_t inet_sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t inet_pseudo_sum(struct inet_addr src, struct inet_addr dst, uint8_t proto, size_t len)
{
	uint32_t sum;

	assert(src.len == dst.len && src.len % 2 == 0 && len <= UINT32_MAX);
	sum = inet_sum(inet_sum(0, src.b, src.len), dst.b, dst.len);
	sum += (uint32_t)(len >> 16) + (uint32_t)(len & 0xffff) + proto;
	return (sum & 0xffff) + (sum >> 16);
}

void wr_udp(struct wr *w, struct inet_ep src, struct inet_ep dst, const void *data, size_t len)
{
	size_t start = wr_len(w), total = len + 8;
	uint16_t sum;

	assert(total <= UINT16_MAX);
	wr_u16(w, src.port);
	wr_u16(w, dst.port);
	wr_u16(w, (uint16_t)total);
	wr_u16(w, 0);
	wr_bytes(w, data, len);
	if (!wr_ok(w))
		return;
	sum = inet_sum_fold(inet_sum(inet_pseudo_sum(src.addr, dst.addr, IPPROTO_UDP_, total),
				     w->base + start, total));
	/* RFC 768: zero would say that there is no checksum. */
	wr_patch_u16(w, start + 6, sum ? sum : 0xffff);
}

void wr_ipv4(struct wr *w, struct inet_addr src, struct inet_addr dst, uint8_t proto, uint8_t ttl,
	     uint16_t id, size_t len)
{
	size_t start = wr_len(w), total = len + 20;

	assert(src.len == 4 && dst.len == 4 && total <= UINT16_MAX);
	wr_u8(w, 0x45);
	wr_u8(w, 0);
	wr_u16(w, (uint16_t)total);
	wr_u16(w, id);
	wr_u16(w, 0x4000); /* don't fragment */
	wr_u8(w, ttl);
	wr_u8(w, proto);
	wr_u16(w, 0);
	wr_bytes(w, src.b, 4);
	wr_bytes(w, dst.b, 4);
	if (wr_ok(w))
		wr_patch_u16(w, start + 10, inet_sum_fold(inet_sum(0, w->base + start, 20)));
}
