/* SPDX-License-Identifier: MIT */
/*
 * natd.h - the NAT-D hash of RFC 3947 3.2 and what it tells.
 *
 *	HASH = H(CKY-I | CKY-R | IP | Port)
 *
 * The first NAT-D payload of a message is made of the receiver's address as the sender sees it,
 * the following ones of the sender's own addresses.
 */
#ifndef NATDLAB_NODES_WIRE_NATD_H
#define NATDLAB_NODES_WIRE_NATD_H

#include "lab/base/inet.h"
#include "nodes/crypto/crypto.h"

/* Writes hash_len(alg) bytes. IP is 4 or 16 bytes, port 2, all in network order. */
void natd_hash(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8], struct inet_ep ep,
	       uint8_t out[HASH_MAX]);

/* What the receiver of a message concludes (RFC 3947 3.2 and 4). */
struct natd_seen {
	bool self_behind_nat; /* the first hash is not that of our own address and port */
	bool peer_behind_nat; /* none of the others is that of the packet's source */
};

struct natd_list {
	size_t n;
	uint8_t len; /* of each hash */
	struct {
		uint8_t b[HASH_MAX];
	} v[8]; /* more than eight are ignored: nobody sends them */
};

/* Is hash @k of @list that of @ep? Is one from @from on? */
bool natd_made_of(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8],
		  const struct natd_list *list, size_t k, struct inet_ep ep);
bool natd_any_made_of(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8],
		      const struct natd_list *list, size_t from, struct inet_ep ep);

/* Are hash @i of @a and hash @k of @b the same bytes? Is hash @i of @a one of @b's from @from
 * on? */
bool natd_same(const struct natd_list *a, size_t i, const struct natd_list *b, size_t k);
bool natd_among(const struct natd_list *a, size_t i, const struct natd_list *b, size_t from);

/* Port 0 or address 0: what a server hashes for itself that only pretends to be behind NAT. */
bool natd_is_nowhere(struct inet_ep ep);

/* @own: the receiver's address and port as it knows itself; @peer: where the packet came from (or,
 * for a client, the address it dialled). With fewer than two hashes nothing can be said: both
 * false and the return value is false. */
bool natd_evaluate(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8],
		   const struct natd_list *list, struct inet_ep own, struct inet_ep peer,
		   struct natd_seen *seen);

#endif
