/* SPDX-License-Identifier: MIT */
/*
 * dhcp.h - the least of a DHCP server (RFC 2131), for one machine with one address. Pure.
 *
 * A virtual machine that is plugged into a lab finds its way around as at home: it asks, and is
 * told its address, the mask and the router, and nothing else. What a home router or a cloud would
 * say the lab says in the router's name, because a node of the lab is a kernel and runs no server.
 */
#ifndef NATDLAB_NET_DHCP_H
#define NATDLAB_NET_DHCP_H

#include "lab/base/inet.h"

/* What is given, and by whom. */
struct dhcp_lease {
	struct inet_addr addr;   /* the machine's */
	uint8_t plen;
	struct inet_addr router; /* its default route; len 0: none is told */
	struct inet_addr server; /* who answers: the other end of the link ... */
	uint8_t server_mac[6];   /* ... and its card */
};

/* Enough for every answer. */
#define DHCP_FRAME_MAX 512

/* Is this Ethernet frame a datagram for a DHCP server (UDP port 67)? Such a one is the lab's to
 * answer or not, and goes no further. */
bool dhcp_is_for_server(const uint8_t *frame, size_t len);

/*
 * The answer to such a frame as an Ethernet frame in @out[DHCP_FRAME_MAX], and its length; 0: none
 * is due. DISCOVER gets an OFFER, REQUEST an ACK, or a NAK when the machine wants another address
 * than its own (it comes from elsewhere; RFC 2131 4.3.2), INFORM an ACK without an address
 * (4.3.5). What cannot be read, or is for another server, gets nothing.
 */
size_t dhcp_answer(const struct dhcp_lease *l, const uint8_t *frame, size_t len, uint8_t *out);

#endif
