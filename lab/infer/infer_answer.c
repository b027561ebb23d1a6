/* SPDX-License-Identifier: MIT */
/*
 * infer_answer.c - what messages 2 and 4 say but for vendor IDs and hashes: NAT traversal, the
 * choice of a transform and how it is written, the nonce, the order of payloads, and refusals.
 */
#include <string.h>

#include "lab/infer/infer_answer.h"
#include "nodes/ike/ike.h"
#include "nodes/ike/ike_proposal.h"

/* ---- NAT traversal ---- */

/* A server that knows it answers a client that offers it. */
static void infer_natt(struct inference *f, const struct observed_server *seen)
{
	const struct observed_exchange *first = NULL;
	bool knows = false;

	for (size_t i = 0; i < seen->n; i++) {
		const struct observed_exchange *e = &seen->v[i];

		if (!e->x->mm[2].seen || !(e->x->offered_natt || e->x->answered_natt))
			continue;
		if (!first || (e->x->answered_natt && !knows))
			first = e;
		knows |= e->x->answered_natt;
	}
	if (!first)
		return;
	evidence_seen(f, ASPECT_NATT, first, 2);
	f->row.natt = knows;
}

/* ---- the choice ---- */

struct suite {
	unsigned cipher, keybits, hash, group;
	bool known; /* of a kind that rows can name */
};

static unsigned attr(const struct isakmp_transform *t, uint16_t type)
{
	uint64_t v = isakmp_attr_value(t, type, 0);

	return v > UINT16_MAX ? 0 : (unsigned)v;
}

static struct suite suite_of(const struct isakmp_transform *t)
{
	struct suite s = {
		.cipher = attr(t, P1_ENC),
		.keybits = attr(t, P1_KEYLEN),
		.hash = attr(t, P1_HASH),
		.group = attr(t, P1_GROUP),
	};

	if (s.cipher == CIPHER_AES && !s.keybits)
		s.keybits = 128; /* RFC 3602 5.1 */
	if (s.cipher != CIPHER_AES)
		s.keybits = 0;
	s.known = cipher_known(s.cipher, s.keybits) && hash_known(s.hash) && group_known(s.group);
	return s;
}

/* The transform of message 1 that message 2 speaks of. */
static const struct isakmp_transform *chosen(const struct observed_exchange *e)
{
	const struct isakmp_transform *got;

	if (!e->m[1] || !e->m[2] || !e->m[1]->has_sa || !e->m[2]->sa.n_transforms)
		return NULL;
	got = &e->m[2]->sa.transforms[0];
	for (size_t i = 0; i < e->m[1]->sa.n_transforms; i++) {
		const struct isakmp_transform *t = &e->m[1]->sa.transforms[i];
		bool same = true;

		for (const uint16_t *type = phase1_choice; *type; type++)
			same &= isakmp_attr_value(t, *type, 0) == isakmp_attr_value(got, *type, 0);
		if (same)
			return t;
	}
	return NULL;
}

/* What the row would choose; NULL nothing. */
static const struct isakmp_transform *rows_choice(const struct server_mode *row,
						  const struct isakmp_msg *m1)
{
	for (size_t i = 0; i < m1->sa.n_transforms; i++)
		if (ike_accepts(row, &m1->sa, &m1->sa.transforms[i]))
			return &m1->sa.transforms[i];
	return NULL;
}

/* Was message 1 refused, in so many words? */
static bool refused(const struct observed_exchange *e)
{
	enum { NO_PROPOSAL_CHOSEN = 14 };

	return e->m[1] && e->m[1]->has_sa && !e->x->mm[2].seen &&
	       e->x->notify == NO_PROPOSAL_CHOSEN;
}

static bool chooses_right(const struct server_mode *row, const struct observed_server *seen)
{
	for (size_t i = 0; i < seen->n; i++) {
		const struct observed_exchange *e = &seen->v[i];
		const struct isakmp_transform *t = chosen(e);

		if (t && rows_choice(row, e->m[1]) != t)
			return false;
		if (refused(e) && rows_choice(row, e->m[1]))
			return false;
	}
	return true;
}

static void accept(struct phase1_accept *a, const struct suite *s)
{
	a->ciphers |= ACCEPT(s->cipher);
	if (s->cipher == CIPHER_AES)
		a->keys |= ACCEPT_KEY(s->keybits);
	a->hashes |= ACCEPT(s->hash);
	a->groups |= ACCEPT(s->group);
}

/* Takes away what makes @s acceptable and is no part of what was chosen somewhere. The group is
 * looked at first: products differ most in those. False: nothing can be taken away. */
static bool refuse(struct phase1_accept *a, const struct phase1_accept *needed,
		   const struct suite *s)
{
	if (!(needed->groups & ACCEPT(s->group)))
		a->groups &= ~ACCEPT(s->group);
	else if (!(needed->hashes & ACCEPT(s->hash)))
		a->hashes &= ~ACCEPT(s->hash);
	else if (!(needed->ciphers & ACCEPT(s->cipher)))
		a->ciphers &= ~ACCEPT(s->cipher);
	else if (s->cipher == CIPHER_AES && !(needed->keys & ACCEPT_KEY(s->keybits)))
		a->keys &= ~ACCEPT_KEY(s->keybits);
	else
		return false;
	return true;
}

/* Refuses what stands before @t; everything when that is NULL. */
static void refuse_before(struct server_mode *row, const struct phase1_accept *needed,
			  const struct isakmp_msg *m1, const struct isakmp_transform *t)
{
	for (size_t i = 0; i < m1->sa.n_transforms && &m1->sa.transforms[i] != t; i++) {
		struct suite s = suite_of(&m1->sa.transforms[i]);

		if (ike_accepts(row, &m1->sa, &m1->sa.transforms[i]))
			refuse(&row->phase1, needed, &s);
	}
}

/* A row that takes nothing cannot be written: it takes a group then that nobody here offered. */
static void leave_something(struct phase1_accept *a, const struct phase1_accept *like,
			    const struct observed_server *seen)
{
	uint32_t offered = 0;

	a->ciphers = a->ciphers ? a->ciphers : like->ciphers;
	a->keys = a->keys || !(a->ciphers & ACCEPT(CIPHER_AES)) ? a->keys : like->keys;
	a->hashes = a->hashes ? a->hashes : like->hashes;
	if (a->groups)
		return;
	for (size_t i = 0; i < seen->n; i++)
		for (size_t k = 0; seen->v[i].m[1] && k < seen->v[i].m[1]->sa.n_transforms; k++) {
			struct suite s = suite_of(&seen->v[i].m[1]->sa.transforms[k]);

			offered |= s.known ? ACCEPT(s.group) : 0;
		}
	for (unsigned g = 0; g < 32 && !a->groups; g++)
		if (group_known(g) && !(offered & ACCEPT(g)))
			a->groups = ACCEPT(g);
	if (!a->groups)
		a->groups = like->groups;
}

/* What was chosen anywhere is accepted; of what was passed over, or refused, something is not. */
static void infer_choice(struct inference *f, const struct observed_server *seen)
{
	const struct observed_exchange *first = NULL;
	struct phase1_accept needed = {0};
	bool unknown = false;

	for (size_t i = 0; i < seen->n; i++) {
		const struct isakmp_transform *t = chosen(&seen->v[i]);
		struct suite s;

		if (!first && (t || refused(&seen->v[i])))
			first = &seen->v[i];
		if (!t)
			continue;
		s = suite_of(t);
		unknown |= !s.known;
		if (s.known)
			accept(&needed, &s);
	}
	if (!first)
		return;
	evidence_seen(f, ASPECT_CHOICE, first, refused(first) ? 0 : 2);
	if (!chooses_right(&f->row, seen)) {
		f->row.phase1.ciphers |= needed.ciphers;
		f->row.phase1.keys |= needed.keys;
		f->row.phase1.hashes |= needed.hashes;
		f->row.phase1.groups |= needed.groups;
		for (size_t i = 0; i < seen->n; i++) {
			const struct observed_exchange *e = &seen->v[i];

			if (chosen(e) || refused(e))
				refuse_before(&f->row, &needed, e->m[1], chosen(e));
		}
		leave_something(&f->row.phase1, &f->like->phase1, seen);
	}
	if (unknown) {
		f->of[ASPECT_CHOICE].doubt = "it took a transform whose algorithms natdlab's nodes "
					     "do not have: the lab takes another one, or none";
	} else if (!chooses_right(&f->row, seen)) {
		f->odd = true;
		f->of[ASPECT_CHOICE].doubt = "it does not take the first transform that it "
					     "accepts, and natdlab's nodes do";
	}
}

/* ---- how it is written ---- */

static bool writes_right(const struct server_mode *row, const struct observed_server *seen)
{
	uint8_t body[WATCH_KEPT];

	for (size_t i = 0; i < seen->n; i++) {
		const struct isakmp_transform *t = chosen(&seen->v[i]);
		const struct view *want;
		size_t len;

		if (!t)
			continue;
		want = &seen->v[i].m[2]->sa.body;
		len = ike_answer_sa(row, t, body, sizeof(body));
		if (len != want->len || memcmp(body, want->p, len) != 0)
			return false;
	}
	return true;
}

/* Adds @type to @n types unless it is among them, or there is no room. Returns their number. */
static size_t add_type(uint16_t order[MODE_ATTRS], size_t n, uint16_t type)
{
	for (size_t k = 0; k < n; k++)
		if (order[k] == type)
			return n;
	if (n < MODE_ATTRS - 1)
		order[n++] = type;
	return n;
}

/* The order of attributes in the transform that has most of them. */
static void read_order(const struct observed_server *seen, uint16_t order[MODE_ATTRS])
{
	const struct isakmp_transform *longest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < seen->n; i++) {
		const struct isakmp_transform *t;

		if (!chosen(&seen->v[i]))
			continue;
		t = &seen->v[i].m[2]->sa.transforms[0];
		if (!longest || t->n_attrs > longest->n_attrs)
			longest = t;
	}
	memset(order, 0, MODE_ATTRS * sizeof(*order));
	for (size_t i = 0; longest && i < longest->n_attrs; i++)
		if (longest->attrs[i].type < phase1_attr_words.n &&
		    phase1_attr_words.v[longest->attrs[i].type])
			n = add_type(order, n, longest->attrs[i].type);
	/* What was not there (a key length beside 3DES) has to stand somewhere. */
	for (const uint16_t *type = phase1_choice; *type; type++)
		n = add_type(order, n, *type);
}

static bool try_rewritten(struct inference *f, const struct observed_server *seen)
{
	f->row.sa_encoding = SA_REENCODED;
	for (unsigned way = 0; way < 4; way++) {
		f->row.life_variable = way & 1;
		f->row.keeps_number = way & 2;
		if (writes_right(&f->row, seen))
			return true;
	}
	f->row.life_variable = f->row.keeps_number = false;
	return false;
}

static void infer_sa(struct inference *f, const struct observed_server *seen)
{
	const struct observed_exchange *first = NULL;

	for (size_t i = 0; i < seen->n && !first; i++)
		if (chosen(&seen->v[i]))
			first = &seen->v[i];
	if (!first)
		return;
	evidence_seen(f, ASPECT_SA, first, 2);
	if (writes_right(&f->row, seen))
		return;
	f->row.sa_encoding = SA_AS_OFFERED;
	if (!writes_right(&f->row, seen)) {
		read_order(seen, f->row.phase1_attrs);
		if (!try_rewritten(f, seen))
			f->of[ASPECT_SA].doubt = "it says more in its transform than can be "
						 "written here";
	}
}

/* ---- message 4 ---- */

static void infer_nonce(struct inference *f, const struct observed_server *seen)
{
	const struct observed_exchange *first = NULL;
	bool differ = false;

	for (size_t i = 0; i < seen->n; i++) {
		const struct isakmp_msg *m = seen->v[i].m[4];

		if (!m || !m->nonce.p || m->nonce.len < 8 || m->nonce.len > 255)
			continue;
		if (!first)
			first = &seen->v[i];
		differ |= m->nonce.len != first->m[4]->nonce.len;
	}
	if (!first)
		return;
	evidence_seen(f, ASPECT_NONCE, first, 4);
	f->row.nonce_len = (uint8_t)first->m[4]->nonce.len;
	if (differ) {
		f->odd = true;
		f->of[ASPECT_NONCE].doubt = "it varies from exchange to exchange";
	}
}

static bool is_natd(uint8_t type)
{
	return type == PAYLOAD_NATD || type == PAYLOAD_NATD_DRAFT;
}

/* Can a file say this? */
static bool sayable(const struct answer_part *v, size_t n)
{
	size_t of[ANSWER_VID + 1] = {0}, bytes = 0;

	for (size_t i = 0; i < n; i++) {
		of[v[i].kind]++;
		if (v[i].kind == ANSWER_VID)
			bytes += vid_rule_room(&v[i].vid);
	}
	return of[ANSWER_KEY] == 1 && of[ANSWER_NONCE] == 1 && of[ANSWER_PEER_HASH] == 1 &&
	       of[ANSWER_OWN_HASH] >= 1 && of[ANSWER_OWN_HASH] <= MODE_OWN_HASHES &&
	       bytes <= MODE_VIDS4_BYTES;
}

/* Message 4 as parts of a row; *@left_out: some have no word there. */
static uint8_t parts_of(const struct isakmp_msg *m, struct answer_part out[MODE_ANSWER],
			bool *left_out)
{
	bool peer = false;
	uint8_t n = 0;

	for (size_t i = 0; i < m->n_payloads; i++) {
		const struct isakmp_payload_view *p = &m->payloads[i];
		struct answer_part part = {0};

		if (p->type == PAYLOAD_KE) {
			part.kind = ANSWER_KEY;
		} else if (p->type == PAYLOAD_NONCE) {
			part.kind = ANSWER_NONCE;
		} else if (is_natd(p->type)) {
			part.kind = peer ? ANSWER_OWN_HASH : ANSWER_PEER_HASH;
			peer = true;
		} else if (p->type == PAYLOAD_VID) {
			part.kind = ANSWER_VID;
			part.vid.vid = vid_find(p->body);
			if (part.vid.vid == VIDS)
				part.vid.other = p->body;
		}
		if (n == MODE_ANSWER || (part.kind == ANSWER_KEY && p->type != PAYLOAD_KE) ||
		    (p->type == PAYLOAD_VID && (!p->body.len || p->body.len > MODE_VID_BYTES)))
			*left_out = true;
		else
			out[n++] = part;
	}
	return n;
}

/* The usual four, without hashes where none were exchanged. */
static bool usual(const struct answer_part *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].kind != (enum answer_kind)(ANSWER_KEY + i))
			return false;
	return n == 2 || n == 4;
}

static void infer_order(struct inference *f, const struct observed_server *seen)
{
	const struct observed_exchange *best = NULL;
	struct answer_part parts[MODE_ANSWER];
	bool left_out = false;
	uint8_t n;

	/* One with hashes says more. */
	for (size_t i = 0; i < seen->n; i++) {
		const struct observed_exchange *e = &seen->v[i];

		if (e->m[4] && (!best || (!best->m[4]->natd.n && e->m[4]->natd.n)))
			best = e;
	}
	if (!best)
		return;
	n = parts_of(best->m[4], parts, &left_out);
	evidence_seen(f, ASPECT_MESSAGE_4, best, 4);
	if (left_out)
		f->of[ASPECT_MESSAGE_4].doubt = "it has payloads that cannot be written here";
	if (usual(parts, n))
		return;
	if (!best->m[4]->natd.n && n + 2 <= MODE_ANSWER) {
		parts[n++] = (struct answer_part){.kind = ANSWER_PEER_HASH};
		parts[n++] = (struct answer_part){.kind = ANSWER_OWN_HASH};
	}
	if (!sayable(parts, n)) {
		f->of[ASPECT_MESSAGE_4].doubt = "it has more payloads than can be written here, or "
						"fewer";
		return;
	}
	memset(f->row.message4, 0, sizeof(f->row.message4));
	memcpy(f->row.message4, parts, n * sizeof(parts[0]));
	f->row.n_message4 = n;
}

static void infer_unasked(struct inference *f, const struct observed_server *seen)
{
	for (size_t i = 0; i < seen->n; i++) {
		const struct observed_exchange *e = &seen->v[i];

		if (!e->m[3] || !e->m[4] || !e->x->offered_natt || !e->x->answered_natt ||
		    e->x->natd3.n)
			continue;
		evidence_seen(f, ASPECT_UNASKED, e, 4);
		f->row.natd_unasked = e->x->natd4.n > 0;
		return;
	}
}

/* ---- refusals ---- */

static void infer_refusal(struct inference *f, const struct observed_server *seen)
{
	static const uint8_t none[8];

	for (size_t i = 0; i < seen->n; i++) {
		const struct observed_exchange *e = &seen->v[i];
		const struct isakmp_header *h;
		bool has_spi;

		if (!refused(e) || !e->m[0])
			continue;
		h = &e->m[0]->h;
		has_spi = e->m[0]->n_notifies && e->m[0]->notifies[0].spi.len == 16;
		evidence_seen(f, ASPECT_REFUSAL, e, 0);
		f->row.no_proposal = has_spi ? NO_PROPOSAL_SPI16 : NO_PROPOSAL_PLAIN;
		if (memcmp(h->cky_i, e->x->cky_i, 8) != 0)
			f->row.no_proposal = NO_PROPOSAL_RANDOM_COOKIE;
		if (f->row.no_proposal == NO_PROPOSAL_PLAIN && memcmp(h->cky_r, none, 8) != 0)
			f->of[ASPECT_REFUSAL].doubt = "it has a cookie of its own, which natdlab's "
						      "does not";
		return;
	}
}

void infer_answers(struct inference *f, const struct observed_server *seen)
{
	infer_natt(f, seen);
	infer_choice(f, seen);
	infer_sa(f, seen);
	infer_nonce(f, seen);
	infer_order(f, seen);
	infer_unasked(f, seen);
	infer_refusal(f, seen);
}
