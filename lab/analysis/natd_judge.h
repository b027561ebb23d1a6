/* SPDX-License-Identifier: MIT */
/*
 * natd_judge.h - what the NAT-D hashes of one exchange mean, and what each side concludes. Pure.
 *
 * A hash cannot be turned around, but the addresses and ports that may stand behind it are few: all
 * are tried.
 */
#ifndef NATDLAB_ANALYSIS_NATD_JUDGE_H
#define NATDLAB_ANALYSIS_NATD_JUDGE_H

#include "lab/analysis/watch.h"

/* An address that may stand behind a hash, and what it is. */
struct known {
	struct inet_ep ep;      /* port 0: every port that was seen, and 500, 4500 */
	const char *who;        /* "server", "client", ... for people; may be NULL */
};

/* The negotiated hash, or where that was not seen the one whose digests have the length of the
 * hashes; HASH_NONE: no such. */
enum ike_hash natd_judge_alg(const struct exchange *x);

struct judgement {
	bool complete;          /* what the initiator concludes is known: by two hashes of each
				 * side, or in Aggressive Mode by two of the responder's and both
				 * ends as the initiator knows them */
	bool natt;              /* NAT-D was exchanged at all */
	char letter3[8], letter4[8]; /* 'A', 'B', ...: equal hashes, equal letters */
	bool known3[8], known4[8];
	struct inet_ep means3[8], means4[8]; /* valid where known */
	struct natd_seen client_sees; /* what the initiator concludes from message 4 */
	struct natd_seen server_sees; /* what RFC 3947 concludes from message 3 */
	bool server_sees_valid;       /* the responder's own address was known or deduced */
	enum hash_class server_hash, peer_hash;
	const char *responder_place;  /* where the capture lies at the responder; NULL unknown */
};

/* @known: addresses to try behind hashes, besides those on the wire. @responder_own: the server's
 * own address as it knows itself, NULL or port 0 if unknown. */
void natd_judge(const struct exchange *x, const struct known *known, size_t n_known,
		const struct inet_ep *initiator_own, const struct inet_ep *responder_own,
		struct judgement *out);

#endif
