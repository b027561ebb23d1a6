/* SPDX-License-Identifier: MIT */
/*
 * inet.h - addresses and ports as values, in host terms, compared and printed in one way.
 */
#ifndef NATDLAB_BASE_INET_H
#define NATDLAB_BASE_INET_H

#include "lab/base/base.h"

/* An IPv4 or IPv6 address in network order; len 0 is "no address". Bytes past len are zero. */
struct inet_addr {
	uint8_t len; /* 0, 4 or 16 */
	uint8_t b[16];
};

/* An address and a UDP or TCP port (host order). */
struct inet_ep {
	struct inet_addr addr;
	uint16_t port;
};

/* An IPv4 network: 192.168.1.0/24. */
struct inet_net {
	struct inet_addr addr; /* host bits are zero */
	uint8_t plen;
};

#define INET_ADDR_STRLEN 46
#define INET_EP_STRLEN 56

struct inet_addr inet_v4(uint32_t host_order);
struct inet_addr inet_from_bytes(const uint8_t *p, size_t len); /* len 4 or 16 */
uint32_t inet_to_v4(struct inet_addr a);                        /* host order; asserts len 4 */
bool inet_addr_eq(struct inet_addr a, struct inet_addr b);
bool inet_addr_is_zero(struct inet_addr a); /* 0.0.0.0, ::, or no address */
bool inet_ep_eq(struct inet_ep a, struct inet_ep b);
struct inet_ep inet_ep(struct inet_addr addr, uint16_t port);

/* Strict parsing, no names, no leading zeros: true when all of @s is one. */
bool inet_parse_addr(const char *s, struct inet_addr *out);
/* "a.b.c.d/n" with n 0..32 and no host bits; false otherwise. */
bool inet_parse_net(const char *s, struct inet_net *out);
bool inet_net_contains(struct inet_net n, struct inet_addr a);

/* "203.0.113.10"; "-" for no address. Returns @buf. */
const char *inet_addr_str(struct inet_addr a, char buf[INET_ADDR_STRLEN]);
/* "203.0.113.10:500", "[2001:db8::1]:500". Returns @buf. */
const char *inet_ep_str(struct inet_ep e, char buf[INET_EP_STRLEN]);

/* The same in storage of the calling expression, for printf. */
#define INET_ADDR(a) inet_addr_str((a), (char[INET_ADDR_STRLEN]){0})
#define INET_EP(e) inet_ep_str((e), (char[INET_EP_STRLEN]){0})

#endif
