/* SPDX-License-Identifier: MIT */
/*
 * infer_natd.c - what a server says of addresses in message 4: which kinds of hashes fit what was
 * seen. From afar several kinds look alike, so each hash leaves a set of them; the row's own kind
 * is kept as long as it is in all sets.
 */
#include "lab/infer/infer_natd.h"

/* What a hash may be. */
enum {
	MAY_EXACT = 1,
	MAY_COPY = 2,
	MAY_RANDOM = 4, /* of itself; of its peer: unmatched */
	MAY_PORT_ZERO = 8,
	MAY_ADDR_ZERO = 16,
	MAY_BOTH_ZERO = 32,
};

/* A hash that is proven false, made of @ep where that is known. */
static unsigned of_faked(bool known, struct inet_ep ep)
{
	if (!known)
		return MAY_RANDOM;
	if (inet_addr_is_zero(ep.addr))
		return ep.port ? MAY_ADDR_ZERO : MAY_BOTH_ZERO;
	return ep.port ? MAY_RANDOM : MAY_PORT_ZERO;
}

/* The server's hash of itself. */
static unsigned may_be_own(const struct observed_exchange *e)
{
	const struct judgement *j = e->j;

	switch (j->server_hash) {
	case CLASS_EXACT:
		return MAY_EXACT;
	case CLASS_COPIED:
		return MAY_COPY;
	case CLASS_EXACT_OR_COPIED:
		return MAY_EXACT | MAY_COPY;
	case CLASS_FAKED:
		return of_faked(j->known4[1], j->means4[1]);
	case CLASS_UNKNOWN:
		break;
	}
	/* An address that nobody knows, or none. */
	return e->searched ? MAY_RANDOM : MAY_EXACT | MAY_RANDOM | MAY_PORT_ZERO;
}

static unsigned may_be_peer(const struct observed_exchange *e)
{
	const struct judgement *j = e->j;

	if (j->peer_hash == CLASS_EXACT)
		return MAY_EXACT;
	if (j->peer_hash == CLASS_FAKED)
		return of_faked(j->known4[0], j->means4[0]);
	/* A NAT of the client's, with an address and a port that nobody knows, or a lie. */
	return MAY_EXACT | MAY_RANDOM | MAY_PORT_ZERO | MAY_ADDR_ZERO;
}

/* What a server of this kind says of itself in this exchange. */
static unsigned own_does(enum natd_own own, bool bound, const struct exchange *x)
{
	static const unsigned does[][2] = {
		[NATD_OWN_EXACT] = {MAY_ADDR_ZERO, MAY_EXACT},
		[NATD_OWN_PARROT] = {MAY_ADDR_ZERO, MAY_EXACT}, /* to most clients */
		[NATD_OWN_RANDOM] = {MAY_RANDOM, MAY_RANDOM},
		[NATD_OWN_PORT_ZERO] = {MAY_BOTH_ZERO, MAY_PORT_ZERO},
		[NATD_OWN_ADDR_ZERO] = {MAY_ADDR_ZERO, MAY_ADDR_ZERO},
	};

	if (own == NATD_OWN_PARROT && evidence_microsoft(x) && x->natd3.n >= 2)
		return MAY_COPY;
	return does[own][bound];
}

static const unsigned peer_does[] = {
	[NATD_PEER_EXACT] = MAY_EXACT,
	[NATD_PEER_UNMATCHED] = MAY_RANDOM,
	[NATD_PEER_PORT_ZERO] = MAY_PORT_ZERO,
	[NATD_PEER_ADDR_ZERO] = MAY_ADDR_ZERO,
};

/* How many exchanges show something else. */
static unsigned misses_own(const struct observed_server *seen, enum natd_own own, bool bound)
{
	unsigned n = 0;

	for (size_t i = 0; i < seen->n; i++)
		if (seen->v[i].x->natd4.n >= 2)
			n += !(own_does(own, bound, seen->v[i].x) & may_be_own(&seen->v[i]));
	return n;
}

static unsigned misses_peer(const struct observed_server *seen, enum natd_peer peer)
{
	unsigned n = 0;

	for (size_t i = 0; i < seen->n; i++)
		if (seen->v[i].x->natd4.n)
			n += !(peer_does[peer] & may_be_peer(&seen->v[i]));
	return n;
}

static const struct observed_exchange *first_hash(const struct observed_server *seen, size_t n)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->v[i].x->natd4.n >= n)
			return &seen->v[i];
	return NULL;
}

/* One exchange that leaves no choice, if there is one: that is where it was seen. */
static const struct observed_exchange *clearest(const struct observed_server *seen, size_t n,
					   unsigned (*may)(const struct observed_exchange *e))
{
	for (size_t i = 0; i < seen->n; i++) {
		unsigned m = seen->v[i].x->natd4.n >= n ? may(&seen->v[i]) : 0;

		if (m && !(m & (m - 1)))
			return &seen->v[i];
	}
	return first_hash(seen, n);
}

static void doubt_of_own(struct aspect_seen *out, const struct observed_server *seen)
{
	unsigned all = ~0u;
	bool microsoft = false, other = false;

	for (size_t i = 0; i < seen->n; i++) {
		if (seen->v[i].x->natd4.n < 2)
			continue;
		all &= may_be_own(&seen->v[i]);
		microsoft |= evidence_microsoft(seen->v[i].x);
		other |= !evidence_microsoft(seen->v[i].x);
	}
	out->by_address = true;
	if (all == (MAY_EXACT | MAY_RANDOM | MAY_PORT_ZERO))
		out->doubt = "exact, random and port-zero look alike as long as nobody knows its "
			     "own address";
	else if (all == (MAY_EXACT | MAY_COPY))
		out->doubt = "on a public server exact and copied are the same bytes";
	else
		out->by_address = false;
	if (microsoft && !other && all == MAY_COPY)
		out->doubt = "what it says to others than Windows and Macs was not seen";
}

static void infer_own(struct inference *f, const struct observed_server *seen)
{
	static const struct {
		enum natd_own own;
		bool bound;
	} kinds[] = {
		{NATD_OWN_EXACT, true},	    {NATD_OWN_PARROT, true},	{NATD_OWN_PARROT, false},
		{NATD_OWN_RANDOM, true},    {NATD_OWN_PORT_ZERO, true}, {NATD_OWN_ADDR_ZERO, true},
		{NATD_OWN_PORT_ZERO, false},
	};
	const struct observed_exchange *by = clearest(seen, 2, may_be_own);
	unsigned least;

	if (!by || !f->row.natt)
		return;
	evidence_seen(f, ASPECT_OWN_HASH, by, 4);
	least = misses_own(seen, f->row.natd_own, !f->row.address_zero);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		unsigned n = misses_own(seen, kinds[i].own, kinds[i].bound);

		if (n >= least)
			continue;
		least = n;
		f->row.natd_own = kinds[i].own;
		f->row.address_zero = !kinds[i].bound;
	}
	f->odd |= least > 0;
	if (least)
		f->of[ASPECT_OWN_HASH].doubt =
			"it is not the same in every exchange, in a way that was not understood";
	else
		doubt_of_own(&f->of[ASPECT_OWN_HASH], seen);
}

static void infer_peer(struct inference *f, const struct observed_server *seen)
{
	const struct observed_exchange *by = clearest(seen, 1, may_be_peer);
	unsigned least;

	if (!by || !f->row.natt)
		return;
	evidence_seen(f, ASPECT_PEER_HASH, by, 4);
	least = misses_peer(seen, f->row.natd_peer);
	for (enum natd_peer p = NATD_PEER_EXACT; p <= NATD_PEER_ADDR_ZERO; p++) {
		unsigned n = misses_peer(seen, p);

		if (n >= least)
			continue;
		least = n;
		f->row.natd_peer = p;
	}
	f->odd |= least > 0;
	if (least)
		f->of[ASPECT_PEER_HASH].doubt =
			"it is not the same in every exchange, in a way that was not understood";
	else if (may_be_peer(by) & (may_be_peer(by) - 1))
		f->of[ASPECT_PEER_HASH].doubt =
			"exact and all false ones look alike behind a NAT of the client's";
}

void infer_hashes(struct inference *f, const struct observed_server *seen)
{
	infer_own(f, seen);
	infer_peer(f, seen);
}
