/* SPDX-License-Identifier: MIT */
/*
 * conntrack.h - connection tracking of one node: what nft.c reads from the kernel, and
 * conntrack.c prints and ages.
 */
#ifndef NATDLAB_OS_CONNTRACK_H
#define NATDLAB_OS_CONNTRACK_H

#include "lab/base/err.h"
#include "lab/base/inet.h"

struct ct_tuple {
	struct inet_addr src, dst;
	uint8_t proto;
	uint16_t sport, dport;      /* UDP, TCP, ... */
	uint8_t type, code;         /* ICMP */
	uint16_t id;
	uint64_t packets, bytes;
};

struct ct_entry {
	uint32_t id;                /* the kernel's name for it */
	uint32_t left_s;            /* seconds that it has, rounded down */
	bool replied, assured;
	uint8_t tcp_state;
	struct ct_tuple dir[2];        /* original, reply */
	uint8_t key[128];           /* CTA_TUPLE_ORIG as it came: names the entry to the kernel */
	uint16_t key_len;
	/* When it was last aged: what was left, to the microsecond, and how far it was used. */
	bool aged;
	usec aged_left;
	uint64_t aged_packets;
};

/* An element of a NAPT's set `open` (nft_ruleset.c), which lets strangers in to a machine that
 * sent. */
#define CT_OPENING_KEY 12 /* its address, its port in four bytes, perhaps the stranger's address */
struct ct_opening {
	uint8_t key[CT_OPENING_KEY];
	size_t key_len;
	uint64_t packets;           /* by which it was made and used */
	/* As with entries: what it had left when it was last aged, and how far it was used. */
	bool aged;
	usec aged_left;
	uint64_t aged_packets;
};

struct conntrack; /* a door to one namespace's table */

/* Listens to the present namespace's connection tracking from now on. NULL on failure. */
struct conntrack *conntrack_open(struct err *e) MUST_CHECK;
/* NULL is allowed. */
void conntrack_close(struct conntrack *ct);

/* The table as it is now, in order of protocol and addresses: *@n entries in *@v, the table's own
 * until the next call. What conntrack.c notes in an entry stays as long as the entry lives. */
int conntrack_read(struct conntrack *ct, struct ct_entry **v, size_t *n, struct err *e) MUST_CHECK;
/* Gives an entry that many seconds; 0 removes it. One that has just gone is no error. */
int conntrack_keep(struct conntrack *ct, const struct ct_entry *en, uint32_t left_s,
		   struct err *e) MUST_CHECK;
/* The same for the set `open`: its elements as they are now, in no order. */
int conntrack_read_open(struct conntrack *ct, struct ct_opening **v, size_t *n,
			struct err *e) MUST_CHECK;

#endif
