/* SPDX-License-Identifier: MIT */
/*
 * ike_natd.c - the detection of NAT in Main Mode (RFC 3947 3.2 and 4): what each product says of
 * addresses in messages 3 and 4, and what is concluded from what the peer said.
 */
#include "nodes/ike/ike_priv.h"

static struct inet_ep port_zero(struct inet_ep ep)
{
	return inet_ep(ep.addr, 0);
}

static struct inet_ep addr_zero(struct inet_ep ep)
{
	return inet_ep(inet_v4(0), ep.port);
}

static void natd_of(const struct ike_sa *sa, struct inet_ep ep, uint8_t out[HASH_MAX])
{
	natd_hash(sa->suite.hash, sa->cky_i, sa->cky_r, ep, out);
}

/* The first hash: of the peer as this server says to see it. Returns its length. */
static size_t natd_of_peer(struct ike_sa *sa, const struct server_mode *mode, struct inet_ep peer,
			   uint8_t out[HASH_MAX])
{
	struct rng *rng = sa->ike->env.rng;
	uint8_t cky_i[8], cky_r[8];

	switch (mode->natd_peer) {
	case NATD_PEER_EXACT:
		natd_of(sa, peer, out);
		break;
	case NATD_PEER_UNMATCHED:
		rng_bytes(rng, cky_i, sizeof(cky_i));
		rng_bytes(rng, cky_r, sizeof(cky_r));
		natd_hash(sa->suite.hash, cky_i, cky_r,
			  inet_ep(peer.addr, (uint16_t)rng_below(rng, 65536)), out);
		break;
	case NATD_PEER_PORT_ZERO:
		natd_of(sa, port_zero(peer), out);
		break;
	case NATD_PEER_ADDR_ZERO:
		natd_of(sa, addr_zero(peer), out);
		break;
	}
	return hash_len(sa->suite.hash);
}

/* The second hash: of the server itself. @asked is what message 3 carried. */
static size_t natd_of_self(struct ike_sa *sa, const struct server_mode *mode, struct inet_ep own,
			   const struct natd_list *asked, uint8_t out[HASH_MAX])
{
	struct inet_ep said = mode->address_zero ? addr_zero(own) : own;

	natd_of(sa, said, out);
	switch (mode->natd_own) {
	case NATD_OWN_EXACT:
		break;
	case NATD_OWN_PARROT:
		if (!sa->peer_softether_ms || asked->n < 2)
			break;
		memcpy(out, asked->v[0].b, asked->len);
		return asked->len;
	case NATD_OWN_RANDOM:
		rng_bytes(sa->ike->env.rng, out, hash_len(sa->suite.hash));
		break;
	case NATD_OWN_PORT_ZERO:
		natd_of(sa, port_zero(said), out);
		break;
	case NATD_OWN_ADDR_ZERO:
		natd_of(sa, addr_zero(said), out);
		break;
	}
	return hash_len(sa->suite.hash);
}

void ike_natd_answer(struct ike_sa *sa, const struct server_mode *mode, struct isakmp_out *o,
		     const struct ike_rx *rx, bool own)
{
	const struct isakmp_msg *m = rx->m;
	uint8_t hash[HASH_MAX];
	size_t len;

	/* The revision of the client's own payloads; with none of them, products differ. */
	if (!sa->natd_type || (!m->natd_type && !mode->natd_unasked) ||
	    (m->natd.n == 1 && minds(sa->ike, MINDS_HASH_COUNT)))
		return;
	len = own ? natd_of_self(sa, mode, rx->d->local, &m->natd, hash)
		  : natd_of_peer(sa, mode, rx->d->remote, hash);
	isakmp_payload_put(o, m->natd_type ? m->natd_type : sa->natd_type, hash, len);
}

void ike_natd_ask(const struct ike_sa *sa, struct isakmp_out *o)
{
	uint8_t hash[HASH_MAX];
	size_t len = hash_len(sa->suite.hash);

	if (!sa->natd_type)
		return;
	if (sa->ike->probe)
		rng_bytes(sa->ike->env.rng, hash, len);
	else
		natd_of(sa, sa->remote, hash);
	isakmp_payload_put(o, sa->natd_type, hash, len);
	natd_of(sa, sa->local, hash);
	isakmp_payload_put(o, sa->natd_type, hash, len);
}

void ike_natd_learn(struct ike_sa *sa, const struct ike_rx *rx)
{
	sa->nat_known =
		sa->natd_type && natd_evaluate(sa->suite.hash, sa->cky_i, sa->cky_r, &rx->m->natd,
					       sa->local, sa->remote, &sa->seen);
	if (rules_of(sa)->force_natt)
		sa->seen.peer_behind_nat = true;
}

void ike_natd_tell(struct ike_sa *sa)
{
	struct event e = event_of(sa, EV_NAT_SEEN);

	if (!sa->nat_known)
		return;
	ev_bool(&e, K_SELF_BEHIND_NAT, sa->seen.self_behind_nat);
	ev_bool(&e, K_PEER_BEHIND_NAT, sa->seen.peer_behind_nat);
	ev_bool(&e, K_FLOATED, sa->floated);
	ike_event(sa->ike, &e);
}
