/* SPDX-License-Identifier: MIT */
#include "lab/analysis/natd_judge.h"

#include <string.h>

#define ADDRS_MAX 48
#define PORTS_MAX 48
#define ENDS_MAX 64

/* One exchange under judgement. */
struct judging {
	const struct exchange *x;
	enum ike_hash alg;
	size_t n_addrs, n_ports, n_ends;
	struct inet_addr addrs[ADDRS_MAX];
	uint16_t ports[PORTS_MAX];
	struct inet_ep ends[ENDS_MAX]; /* known with their port */
};

/* Where the responder is: its own end, and the initiator's as it looks from there. */
struct responder {
	bool known, at_place; /* @own; @peer too */
	struct inet_ep own, peer;
	const char *place;
};

/* The initiator's end and what it dialled. */
struct initiator {
	bool known;
	struct inet_ep own, dialled;
};

/* ---- hashes ---- */

static bool is_aggressive(const struct exchange *x)
{
	return x->type == EXCHANGE_AGGRESSIVE;
}

enum ike_hash natd_judge_alg(const struct exchange *x)
{
	static const enum ike_hash algs[] = {HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384,
					     HASH_SHA512};
	uint8_t len = x->natd3.n ? x->natd3.len : x->natd4.len;

	if (x->chosen && hash_known(x->hash) && hash_len((enum ike_hash)x->hash) == len)
		return (enum ike_hash)x->hash;
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (hash_len(algs[i]) == len)
			return algs[i];
	return HASH_NONE;
}

/* The responder's cookie that went into a list's hashes: IKEv2's request has none yet (RFC 7296
 * 2.23). */
static const uint8_t *cookie_r(const struct exchange *x, const struct natd_list *l)
{
	static const uint8_t none[8];

	return x->version == 2 && l == &x->natd3 ? none : x->cky_r;
}

/* Is hash @k of @l made of @ep? */
static bool made_of(const struct judging *b, const struct natd_list *l, size_t k, struct inet_ep ep)
{
	return natd_made_of(b->alg, b->x->cky_i, cookie_r(b->x, l), l, k, ep);
}

static bool any_made_of(const struct judging *b, const struct natd_list *l, size_t from,
			struct inet_ep ep)
{
	return natd_any_made_of(b->alg, b->x->cky_i, cookie_r(b->x, l), l, from, ep);
}

/* Of this address, with whatever port? Aggressive Mode's last message has already moved to another
 * port, and products differ in which one they hash there. */
static bool made_of_addr(const struct judging *b, const struct natd_list *l, size_t k,
			 struct inet_addr addr)
{
	for (size_t i = 0; i < b->n_ports; i++)
		if (made_of(b, l, k, inet_ep(addr, b->ports[i])))
			return true;
	return false;
}

static bool any_made_of_addr(const struct judging *b, const struct natd_list *l, size_t from,
			     struct inet_addr addr)
{
	for (size_t k = from; k < l->n; k++)
		if (made_of_addr(b, l, k, addr))
			return true;
	return false;
}

/* ---- candidates ---- */

static void add_addr(struct judging *b, struct inet_addr a)
{
	if (!a.len || b->n_addrs == ADDRS_MAX)
		return;
	for (size_t i = 0; i < b->n_addrs; i++)
		if (inet_addr_eq(b->addrs[i], a))
			return;
	b->addrs[b->n_addrs++] = a;
}

static void add_port(struct judging *b, uint16_t port)
{
	for (size_t i = 0; i < b->n_ports; i++)
		if (b->ports[i] == port)
			return;
	if (b->n_ports < PORTS_MAX)
		b->ports[b->n_ports++] = port;
}

static void add_end(struct judging *b, struct inet_ep ep)
{
	add_addr(b, ep.addr);
	if (!ep.addr.len || !ep.port || b->n_ends == ENDS_MAX)
		return;
	for (size_t i = 0; i < b->n_ends; i++)
		if (inet_ep_eq(b->ends[i], ep))
			return;
	b->ends[b->n_ends++] = ep;
}

static void gather(struct judging *b, const struct known *known, size_t n_known,
		   const struct inet_ep *initiator_own, const struct inet_ep *responder_own)
{
	static const struct inet_addr zero4 = {.len = 4}, zero6 = {.len = 16};

	add_port(b, 500);
	add_port(b, 4500);
	add_port(b, 0);
	if (initiator_own)
		add_end(b, *initiator_own);
	if (responder_own)
		add_end(b, *responder_own);
	for (size_t n = 1; n < ARRAY_LEN(b->x->mm); n++) {
		const struct mm_seen *mm = &b->x->mm[n];

		for (size_t i = 0; i < mm->n_sightings; i++) {
			add_end(b, mm->at[i].src);
			add_end(b, mm->at[i].dst);
			add_port(b, mm->at[i].src.port);
			add_port(b, mm->at[i].dst.port);
		}
	}
	for (size_t i = 0; i < n_known; i++)
		add_end(b, known[i].ep);
	add_addr(b, zero4);
	add_addr(b, zero6);
}

/* Which hashes are made of @ep? */
static void try_end(const struct judging *b, struct inet_ep ep, struct judgement *out)
{
	const struct natd_list *lists[] = {&b->x->natd3, &b->x->natd4};
	struct inet_ep *means[] = {out->means3, out->means4};
	bool *known[] = {out->known3, out->known4};
	uint8_t h[HASH_MAX];

	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		if (lists[l]->len != hash_len(b->alg))
			continue;
		natd_hash(b->alg, b->x->cky_i, cookie_r(b->x, lists[l]), ep, h);
		for (size_t i = 0; i < lists[l]->n; i++) {
			if (memcmp(h, lists[l]->v[i].b, lists[l]->len) != 0)
				continue;
			known[l][i] = true;
			means[l][i] = ep;
		}
	}
}

static void find_meanings(const struct judging *b, struct judgement *out)
{
	for (size_t i = 0; i < b->n_ends; i++)
		try_end(b, b->ends[i], out);
	for (size_t i = 0; i < b->n_addrs; i++)
		for (size_t p = 0; p < b->n_ports; p++)
			try_end(b, inet_ep(b->addrs[i], b->ports[p]), out);
}

/* Equal hashes, equal letters, in the order in which a reader meets them. */
static void give_letters(const struct exchange *x, struct judgement *out)
{
	bool turned = is_aggressive(x); /* the responder's come first */
	const struct natd_list *lists[] = {turned ? &x->natd4 : &x->natd3,
					   turned ? &x->natd3 : &x->natd4};
	char *letters[] = {turned ? out->letter4 : out->letter3,
			   turned ? out->letter3 : out->letter4};
	char next = 'A';

	for (size_t l = 0; l < 2; l++) {
		for (size_t i = 0; i < lists[l]->n; i++) {
			char *letter = &letters[l][i];

			for (size_t m = 0; m <= l; m++)
				for (size_t k = 0; k < (m == l ? i : lists[m]->n) && !*letter; k++)
					if (natd_same(lists[l], i, lists[m], k))
						*letter = letters[m][k];
			if (!*letter)
				*letter = next++;
		}
	}
}

/* ---- the ends' places ---- */

/* The initiator's message that tells its ends: Aggressive Mode's last one may come from another
 * port. */
static const struct mm_seen *lead(const struct exchange *x)
{
	return &x->mm[is_aggressive(x) ? 1 : exchange_natd_message(x, false)];
}

/* A packet that no router has forwarded: systems begin with one of these. */
static bool fresh_ttl(uint8_t ttl)
{
	return ttl == 64 || ttl == 128 || ttl == 255;
}

/* The answer to @s, at the same place. */
static const struct sighting *answer_at(const struct exchange *x, const struct sighting *s)
{
	for (size_t n = 4; n >= 2; n -= 2)
		for (size_t i = 0; i < x->mm[n].n_sightings; i++)
			if (x->mm[n].at[i].place == s->place &&
			    inet_ep_eq(x->mm[n].at[i].src, s->dst))
				return &x->mm[n].at[i];
	return NULL;
}

/* Did the initiator hash this end, as its hash @k or one from @k on? */
static bool hashed(const struct judging *b, size_t k, struct inet_ep ep)
{
	return is_aggressive(b->x) ? made_of_addr(b, &b->x->natd3, k, ep.addr)
				   : made_of(b, &b->x->natd3, k, ep);
}

static bool any_hashed(const struct judging *b, size_t k, struct inet_ep ep)
{
	return is_aggressive(b->x) ? any_made_of_addr(b, &b->x->natd3, k, ep.addr)
				   : any_made_of(b, &b->x->natd3, k, ep);
}

/*
 * Was message 3 seen at the responder's own place, so that its source is the one which the
 * responder sees? Yes, when
 *  - the responder's own hashes say so: its first is made of this source, and it does not claim
 *    another address than this destination;
 *  - or the destination is not the one that the initiator hashed: a NAT lies before this place;
 *  - or the source is not one that the initiator hashed, and the responder's address is known;
 *  - or the packets say so: the answers have not been forwarded yet, message 3 has;
 *  - or it is the last of several places.
 * Not where the answers have come a way already. A single place without any of these may as well
 * be the initiator's.
 */
static bool at_responder(const struct judging *b, const struct sighting *s, bool last_of_several,
			 const struct inet_ep *own)
{
	const struct exchange *x = b->x;
	const struct sighting *answer = answer_at(x, s);

	if (own && !inet_addr_eq(own->addr, s->dst.addr))
		return false;
	if (made_of(b, &x->natd4, 0, s->src) && (own || any_made_of(b, &x->natd4, 1, s->dst)))
		return true;
	if (answer && !fresh_ttl(answer->ttl))
		return false;
	if (answer && !fresh_ttl(s->ttl))
		return true;
	if (last_of_several || (x->natd3.n && !hashed(b, 0, s->dst)))
		return true;
	return own && x->natd3.n && !any_hashed(b, 1, s->src);
}

/* Is that so because the capture was made there, and not because nothing changes on the way? */
static bool captured_at_responder(const struct exchange *x, const struct sighting *s)
{
	const struct sighting *answer = answer_at(x, s);

	return answer && fresh_ttl(answer->ttl) && !fresh_ttl(s->ttl);
}

static struct responder find_responder(const struct judging *b, const struct inet_ep *own)
{
	const struct mm_seen *mm = lead(b->x);
	struct responder r = {.known = own != NULL};

	if (own)
		r.own = *own;
	for (size_t i = mm->n_sightings; i-- > 0;) {
		const struct sighting *s = &mm->at[i];
		bool last = mm->n_sightings > 1 && i == mm->n_sightings - 1u;

		if (!at_responder(b, s, last, own))
			continue;
		r.known = r.at_place = true;
		r.own = s->dst;
		r.peer = s->src;
		r.place = captured_at_responder(b->x, s) ? s->place : NULL;
		break;
	}
	return r;
}

/*
 * The initiator's end and what it dialled, as it knows them itself: known where its message 1 was
 * seen before any router. Wanted in Aggressive Mode only, where its hashes may be encrypted.
 */
static struct initiator find_initiator(const struct judging *b)
{
	const struct mm_seen *mm = &b->x->mm[1];
	struct initiator i = {0};

	if (!is_aggressive(b->x) || !mm->n_sightings || !fresh_ttl(mm->at[0].ttl))
		return i;
	return (struct initiator){true, mm->at[0].src, mm->at[0].dst};
}

/* ---- verdicts ---- */

/* The responder's hash of itself. */
static enum hash_class class_of_own(const struct judging *b, const struct responder *r,
				    const struct initiator *i, const struct judgement *j)
{
	const struct exchange *x = b->x;
	bool exact = r->known && any_made_of(b, &x->natd4, 1, r->own);

	if (x->natd4.n < 2)
		return CLASS_UNKNOWN;
	if ((x->version != 2 && natd_same(&x->natd4, 1, &x->natd3, 0)) ||
	    (i->known && made_of(b, &x->natd4, 1, i->dialled))) {
		/* The dialled address: copied, or the responder's own as well. From afar the two
		 * look alike. */
		return r->known && !exact ? CLASS_COPIED : CLASS_EXACT_OR_COPIED;
	}
	if (exact)
		return CLASS_EXACT;
	if (r->known || (j->known4[1] && natd_is_nowhere(j->means4[1])))
		return CLASS_FAKED;
	if (!j->known4[1])
		return CLASS_UNKNOWN;
	/* Without the client's hashes it cannot be told from a copy. */
	return x->natd3.n || j->complete ? CLASS_EXACT : CLASS_EXACT_OR_COPIED;
}

/* The responder's hash of its peer. */
static enum hash_class class_of_peer(const struct judging *b, const struct responder *r,
				     const struct judgement *j)
{
	const struct exchange *x = b->x;

	if (!x->natd4.n)
		return CLASS_UNKNOWN;
	if (r->at_place)
		return made_of(b, &x->natd4, 0, r->peer) ? CLASS_EXACT : CLASS_FAKED;
	if (j->known4[0])
		return natd_is_nowhere(j->means4[0]) ? CLASS_FAKED : CLASS_EXACT;
	return CLASS_UNKNOWN;
}

/*
 * RFC 3947 3.2 as the initiator applies it to message 4. What it knows of itself and of the
 * address that it dialled is what it made message 3 of, so comparing bytes is enough. Its real
 * own address, where given, counts as well: an initiator that hashes something else in message 3
 * still knows who it is.
 */
static struct natd_seen initiator_sees(const struct judging *b, const struct inet_ep *own)
{
	const struct exchange *x = b->x;

	return (struct natd_seen){
		.self_behind_nat = !natd_among(&x->natd4, 0, &x->natd3, 1) &&
				   !(own && made_of(b, &x->natd4, 0, *own)),
		.peer_behind_nat = !natd_among(&x->natd3, 0, &x->natd4, 1),
	};
}

/* Is an address behind hash @k of the responder's one of the initiator's own, or the one that it
 * dialled (@own 0)? By its hashes, where they are in clear. */
static bool initiator_agrees(const struct judging *b, const struct judgement *j, size_t k, bool own)
{
	const struct natd_list *l = &b->x->natd3;

	if (own ? natd_among(&b->x->natd4, k, l, 1) : natd_same(&b->x->natd4, k, l, 0))
		return true;
	if (!j->known4[k])
		return false;
	return own ? any_made_of_addr(b, l, 1, j->means4[k].addr)
		   : made_of_addr(b, l, 0, j->means4[k].addr);
}

/*
 * The same for Aggressive Mode. Its initiator has not hashed anything yet when message 2 comes,
 * and compares with what it knows. False: nothing tells what that is.
 */
static bool initiator_sees_aggressive(const struct judging *b, const struct initiator *i,
				      const struct inet_ep *own, const struct judgement *j,
				      struct natd_seen *s)
{
	const struct exchange *x = b->x;

	if (x->natd4.n < 2 || (!i->known && x->natd3.n < 2))
		return false;
	s->self_behind_nat = !(i->known && made_of(b, &x->natd4, 0, i->own)) &&
			     !(own && made_of(b, &x->natd4, 0, *own)) &&
			     !initiator_agrees(b, j, 0, true);
	s->peer_behind_nat = !(i->known && any_made_of(b, &x->natd4, 1, i->dialled));
	for (size_t k = 1; k < x->natd4.n; k++)
		if (initiator_agrees(b, j, k, false))
			s->peer_behind_nat = false;
	return true;
}

/* And for the responder, from message 3, where it is in clear. */
static bool responder_sees_aggressive(const struct judging *b, const struct responder *r,
				      struct natd_seen *s)
{
	const struct natd_list *l = &b->x->natd3;

	if (l->n < 2)
		return false;
	s->self_behind_nat = !made_of_addr(b, l, 0, r->own.addr);
	s->peer_behind_nat = !any_made_of_addr(b, l, 1, r->peer.addr);
	return true;
}

/*
 * The same for IKEv2, whose request and response never hold equal bytes: by what the hashes are
 * made of. An address that fits one of them and is not known cannot be the one in the other.
 */
static struct natd_seen initiator_sees_v2(const struct judging *b, const struct judgement *j)
{
	const struct exchange *x = b->x;
	struct natd_seen s = {
		.self_behind_nat = !(j->known4[0] && any_made_of(b, &x->natd3, 1, j->means4[0])),
		.peer_behind_nat = true,
	};

	for (size_t k = 1; k < x->natd4.n; k++)
		if (j->known4[k] && made_of(b, &x->natd3, 0, j->means4[k]))
			s.peer_behind_nat = false;
	return s;
}

/* And equal meanings have equal letters. */
static void give_letters_v2(const struct exchange *x, struct judgement *out)
{
	for (size_t i = 0; i < x->natd4.n; i++)
		for (size_t k = 0; k < x->natd3.n; k++)
			if (out->known4[i] && out->known3[k] &&
			    inet_ep_eq(out->means4[i], out->means3[k]))
				out->letter4[i] = out->letter3[k];
}

static void conclude(const struct judging *b, const struct responder *r, const struct initiator *i,
		     const struct inet_ep *initiator_own, struct judgement *out)
{
	const struct exchange *x = b->x;

	if (is_aggressive(x)) {
		out->complete =
			initiator_sees_aggressive(b, i, initiator_own, out, &out->client_sees);
		out->server_sees_valid =
			r->at_place && responder_sees_aggressive(b, r, &out->server_sees);
		return;
	}
	out->complete = x->natd3.n >= 2 && x->natd4.n >= 2;
	if (out->complete)
		out->client_sees = x->version == 2 ? initiator_sees_v2(b, out)
						   : initiator_sees(b, initiator_own);
	if (r->at_place)
		out->server_sees_valid =
			natd_evaluate(b->alg, x->cky_i, cookie_r(x, &x->natd3), &x->natd3, r->own,
				      r->peer, &out->server_sees);
}

void natd_judge(const struct exchange *x, const struct known *known, size_t n_known,
		const struct inet_ep *initiator_own, const struct inet_ep *responder_own,
		struct judgement *out)
{
	struct judging b = {.x = x, .alg = natd_judge_alg(x)};
	struct initiator i;
	struct responder r;

	*out = (struct judgement){0};
	if (initiator_own && (!initiator_own->addr.len || !initiator_own->port))
		initiator_own = NULL;
	if (responder_own && (!responder_own->addr.len || !responder_own->port))
		responder_own = NULL;
	out->natt = x->natd3.n || x->natd4.n;
	give_letters(x, out);
	if (!b.alg)
		return;

	gather(&b, known, n_known, initiator_own, responder_own);
	find_meanings(&b, out);
	r = find_responder(&b, responder_own);
	out->responder_place = r.place;
	i = find_initiator(&b);
	conclude(&b, &r, &i, initiator_own, out);
	if (x->version == 2)
		give_letters_v2(x, out);
	out->server_hash = class_of_own(&b, &r, &i, out);
	out->peer_hash = class_of_peer(&b, &r, out);
}
