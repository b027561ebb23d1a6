/* SPDX-License-Identifier: MIT */
#include "lab/base/inet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct inet_addr inet_v4(uint32_t v)
{
	return (struct inet_addr){4,
				  {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
				   (uint8_t)v}};
}

struct inet_addr inet_from_bytes(const uint8_t *p, size_t len)
{
	struct inet_addr a = {0};

	assert(len == 4 || len == 16);
	a.len = (uint8_t)len;
	memcpy(a.b, p, len);
	return a;
}

uint32_t inet_to_v4(struct inet_addr a)
{
	assert(a.len == 4);
	return (uint32_t)a.b[0] << 24 | (uint32_t)a.b[1] << 16 | (uint32_t)a.b[2] << 8 | a.b[3];
}

bool inet_addr_eq(struct inet_addr a, struct inet_addr b)
{
	return a.len == b.len && memcmp(a.b, b.b, a.len) == 0;
}

bool inet_addr_is_zero(struct inet_addr a)
{
	static const uint8_t zeros[sizeof(a.b)];

	return !memcmp(a.b, zeros, sizeof(zeros));
}

bool inet_ep_eq(struct inet_ep a, struct inet_ep b)
{
	return a.port == b.port && inet_addr_eq(a.addr, b.addr);
}

struct inet_ep inet_ep(struct inet_addr addr, uint16_t port)
{
	return (struct inet_ep){addr, port};
}

bool inet_parse_addr(const char *s, struct inet_addr *out)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, s, b) == 1)
		*out = inet_from_bytes(b, 4);
	else if (inet_pton(AF_INET6, s, b) == 1)
		*out = inet_from_bytes(b, 16);
	else
		return false;
	return true;
}

static uint32_t net_mask(uint8_t plen)
{
	return plen ? ~(uint32_t)0 << (32 - plen) : 0;
}

bool inet_parse_net(const char *s, struct inet_net *out)
{
	char addr[INET_ADDR_STRLEN];
	const char *slash = strchr(s, '/');
	unsigned plen = 0;
	const char *p;

	if (!slash || (size_t)(slash - s) >= sizeof(addr))
		return false;
	memcpy(addr, s, (size_t)(slash - s));
	addr[slash - s] = '\0';
	if (!inet_parse_addr(addr, &out->addr) || out->addr.len != 4)
		return false;
	p = slash + 1;
	if (!*p || strlen(p) > 2 || (p[0] == '0' && p[1]))
		return false;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		plen = plen * 10 + (unsigned)(*p - '0');
	}
	if (plen > 32)
		return false;
	out->plen = (uint8_t)plen;
	return (inet_to_v4(out->addr) & ~net_mask(out->plen)) == 0;
}

bool inet_net_contains(struct inet_net n, struct inet_addr a)
{
	return a.len == 4 && n.addr.len == 4 &&
	       (inet_to_v4(a) & net_mask(n.plen)) == inet_to_v4(n.addr);
}

const char *inet_addr_str(struct inet_addr a, char buf[INET_ADDR_STRLEN])
{
	if (a.len == 0 ||
	    !inet_ntop(a.len == 4 ? AF_INET : AF_INET6, a.b, buf, INET_ADDR_STRLEN))
		snprintf(buf, INET_ADDR_STRLEN, "-");
	return buf;
}

const char *inet_ep_str(struct inet_ep e, char buf[INET_EP_STRLEN])
{
	snprintf(buf, INET_EP_STRLEN, e.addr.len == 16 ? "[%s]:%u" : "%s:%u", INET_ADDR(e.addr),
		 e.port);
	return buf;
}
