/* SPDX-License-Identifier: MIT */
/*
 * infer_answer.c - what messages 2 and 4 say but for vendor IDs and hashes: NAT traversal, the
 * choice of a transform and how it is written, the nonce, the order of payloads, and refusals.
 */
#include <string.h>

#include "lab/infer/infer.h"
#include "nodes/ike/ike.h"

/* ---- NAT traversal ---- */

/* A server that knows it answers a client that offers it. */
static void fit_natt(struct fit *f, const struct met *met)
{
	const struct met_exchange *first = NULL;
	bool knows = false;

	for (size_t i = 0; i < met->n; i++) {
		const struct met_exchange *e = &met->v[i];

		if (!e->x->mm[2].seen || !(e->x->offered_natt || e->x->answered_natt))
			continue;
		if (!first || (e->x->answered_natt && !knows))
			first = e;
		knows |= e->x->answered_natt;
	}
	if (!first)
		return;
	fit_seen(f, ASPECT_NATT, first, 2);
	if (f->row.natt == knows)
		return;
	f->row.natt = knows;
	fit_said(f, ASPECT_NATT, first, 2, KEY_NATT);
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

/* The attributes that make a choice. */
static const uint16_t chosen_by[] = {P1_ENC, P1_KEYLEN, P1_HASH, P1_GROUP, P1_AUTH};

/* The transform of message 1 that message 2 speaks of. */
static const struct isakmp_transform *chosen(const struct met_exchange *e)
{
	const struct isakmp_transform *got;

	if (!e->m[1] || !e->m[2] || !e->m[1]->has_sa || !e->m[2]->sa.n_transforms)
		return NULL;
	got = &e->m[2]->sa.transforms[0];
	for (size_t i = 0; i < e->m[1]->sa.n_transforms; i++) {
		const struct isakmp_transform *t = &e->m[1]->sa.transforms[i];
		bool same = true;

		for (size_t k = 0; k < ARRAY_LEN(chosen_by); k++)
			same &= isakmp_attr_value(t, chosen_by[k], 0) ==
				isakmp_attr_value(got, chosen_by[k], 0);
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
static bool refused(const struct met_exchange *e)
{
	enum { NO_PROPOSAL_CHOSEN = 14 };

	return e->m[1] && e->m[1]->has_sa && !e->x->mm[2].seen &&
	       e->x->notify == NO_PROPOSAL_CHOSEN;
}

static bool chooses_right(const struct server_mode *row, const struct met *met)
{
	for (size_t i = 0; i < met->n; i++) {
		const struct met_exchange *e = &met->v[i];
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
			    const struct met *met)
{
	uint32_t offered = 0;

	a->ciphers = a->ciphers ? a->ciphers : like->ciphers;
	a->keys = a->keys || !(a->ciphers & ACCEPT(CIPHER_AES)) ? a->keys : like->keys;
	a->hashes = a->hashes ? a->hashes : like->hashes;
	if (a->groups)
		return;
	for (size_t i = 0; i < met->n; i++)
		for (size_t k = 0; met->v[i].m[1] && k < met->v[i].m[1]->sa.n_transforms; k++) {
			struct suite s = suite_of(&met->v[i].m[1]->sa.transforms[k]);

			offered |= s.known ? ACCEPT(s.group) : 0;
		}
	for (unsigned g = 0; g < 32 && !a->groups; g++)
		if (group_known(g) && !(offered & ACCEPT(g)))
			a->groups = ACCEPT(g);
	if (!a->groups)
		a->groups = like->groups;
}

static void say_choice(struct fit *f, const struct met_exchange *by, uint8_t message)
{
	const struct phase1_accept *a = &f->row.phase1, *b = &f->like->phase1;

	if (a->ciphers != b->ciphers || a->keys != b->keys)
		fit_said(f, ASPECT_CHOICE, by, message, KEY_CIPHERS);
	if (a->hashes != b->hashes)
		fit_said(f, ASPECT_CHOICE, by, message, KEY_HASHES);
	if (a->groups != b->groups)
		fit_said(f, ASPECT_CHOICE, by, message, KEY_GROUPS);
}

/* What was chosen anywhere is accepted; of what was passed over, or refused, something is not. */
static void fit_choice(struct fit *f, const struct met *met)
{
	const struct met_exchange *first = NULL;
	struct phase1_accept needed = {0};
	bool unknown = false;

	for (size_t i = 0; i < met->n; i++) {
		const struct isakmp_transform *t = chosen(&met->v[i]);
		struct suite s;

		if (!first && (t || refused(&met->v[i])))
			first = &met->v[i];
		if (!t)
			continue;
		s = suite_of(t);
		unknown |= !s.known;
		if (s.known)
			accept(&needed, &s);
	}
	if (!first)
		return;
	fit_seen(f, ASPECT_CHOICE, first, refused(first) ? 0 : 2);
	if (!chooses_right(&f->row, met)) {
		f->row.phase1.ciphers |= needed.ciphers;
		f->row.phase1.keys |= needed.keys;
		f->row.phase1.hashes |= needed.hashes;
		f->row.phase1.groups |= needed.groups;
		for (size_t i = 0; i < met->n; i++) {
			const struct met_exchange *e = &met->v[i];

			if (chosen(e) || refused(e))
				refuse_before(&f->row, &needed, e->m[1], chosen(e));
		}
		leave_something(&f->row.phase1, &f->like->phase1, met);
		say_choice(f, first, f->of[ASPECT_CHOICE].message);
	}
	if (unknown) {
		f->of[ASPECT_CHOICE].doubt = "it took a transform whose algorithms natdlab's nodes "
					     "do not have: the lab takes another one, or none";
	} else if (!chooses_right(&f->row, met)) {
		f->odd = true;
		f->of[ASPECT_CHOICE].doubt = "it does not take the first transform that it "
					     "accepts, and natdlab's nodes do";
	}
}

/* ---- how it is written ---- */

static bool writes_right(const struct server_mode *row, const struct met *met)
{
	uint8_t body[WATCH_KEPT];

	for (size_t i = 0; i < met->n; i++) {
		const struct isakmp_transform *t = chosen(&met->v[i]);
		const struct view *want;
		size_t len;

		if (!t)
			continue;
		want = &met->v[i].m[2]->sa.body;
		len = ike_answer_sa(row, t, body, sizeof(body));
		if (len != want->len || memcmp(body, want->p, len) != 0)
			return false;
	}
	return true;
}

/* The order of attributes in the transform that has most of them. */
static void read_order(const struct met *met, uint16_t order[MODE_ATTRS])
{
	const struct isakmp_transform *longest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < met->n; i++) {
		const struct isakmp_transform *t;

		if (!chosen(&met->v[i]))
			continue;
		t = &met->v[i].m[2]->sa.transforms[0];
		if (!longest || t->n_attrs > longest->n_attrs)
			longest = t;
	}
	memset(order, 0, MODE_ATTRS * sizeof(*order));
	for (size_t i = 0; longest && i < longest->n_attrs && n < MODE_ATTRS - 1; i++) {
		uint16_t type = longest->attrs[i].type;
		size_t k = 0;

		while (k < n && order[k] != type)
			k++;
		if (k == n && phase1_attr_name(type))
			order[n++] = type;
	}
	/* What was not there (a key length beside 3DES) has to stand somewhere. */
	for (size_t i = 0; i < ARRAY_LEN(chosen_by) && n < MODE_ATTRS - 1; i++) {
		size_t k = 0;

		while (k < n && order[k] != chosen_by[i])
			k++;
		if (k == n)
			order[n++] = chosen_by[i];
	}
}

static bool try_rewritten(struct fit *f, const struct met *met)
{
	f->row.sa_encoding = SA_REENCODED;
	for (unsigned way = 0; way < 4; way++) {
		f->row.life_variable = way & 1;
		f->row.keeps_number = way & 2;
		if (writes_right(&f->row, met))
			return true;
	}
	f->row.life_variable = f->row.keeps_number = false;
	return false;
}

static void fit_sa(struct fit *f, const struct met *met)
{
	const struct server_mode *like = f->like;
	const struct met_exchange *first = NULL;
	enum { MESSAGE = 2 };

	for (size_t i = 0; i < met->n && !first; i++)
		if (chosen(&met->v[i]))
			first = &met->v[i];
	if (!first)
		return;
	fit_seen(f, ASPECT_SA, first, MESSAGE);
	if (writes_right(&f->row, met))
		return;
	f->row.sa_encoding = SA_AS_OFFERED;
	if (!writes_right(&f->row, met)) {
		read_order(met, f->row.phase1_attrs);
		if (!try_rewritten(f, met))
			f->of[ASPECT_SA].doubt = "it says more in its transform than can be "
						 "written here";
	}
	if (f->row.sa_encoding != like->sa_encoding)
		fit_said(f, ASPECT_SA, first, MESSAGE, KEY_SA_PAYLOAD);
	if (f->row.sa_encoding == SA_AS_OFFERED)
		return;
	if (memcmp(f->row.phase1_attrs, like->phase1_attrs, sizeof(like->phase1_attrs)) != 0)
		fit_said(f, ASPECT_SA, first, MESSAGE, KEY_ATTRIBUTES);
	if (f->row.life_variable != like->life_variable)
		fit_said(f, ASPECT_SA, first, MESSAGE, KEY_LIFE);
	if (f->row.keeps_number != like->keeps_number)
		fit_said(f, ASPECT_SA, first, MESSAGE, KEY_TRANSFORM_NUMBER);
}

/* ---- message 4 ---- */

static void fit_nonce(struct fit *f, const struct met *met)
{
	const struct met_exchange *first = NULL;
	bool differ = false;

	for (size_t i = 0; i < met->n; i++) {
		const struct isakmp_msg *m = met->v[i].m[4];

		if (!m || !m->nonce.p || m->nonce.len < 8 || m->nonce.len > 255)
			continue;
		if (!first)
			first = &met->v[i];
		differ |= m->nonce.len != first->m[4]->nonce.len;
	}
	if (!first)
		return;
	fit_seen(f, ASPECT_NONCE, first, 4);
	if (first->m[4]->nonce.len != f->row.nonce_len) {
		f->row.nonce_len = (uint8_t)first->m[4]->nonce.len;
		fit_said(f, ASPECT_NONCE, first, 4, KEY_NONCE);
	}
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
			bytes += 4 + vid_rule_bytes(&v[i].vid).len;
	}
	return of[ANSWER_KEY] == 1 && of[ANSWER_NONCE] == 1 && of[ANSWER_PEER_HASH] == 1 &&
	       of[ANSWER_OWN_HASH] >= 1 && of[ANSWER_OWN_HASH] <= OWN_HASHES_MAX &&
	       bytes <= OWN_VIDS4_MAX;
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
		    (p->type == PAYLOAD_VID && (!p->body.len || p->body.len > OWN_VID_MAX)))
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

static void fit_order(struct fit *f, const struct met *met)
{
	const struct met_exchange *best = NULL;
	struct answer_part parts[MODE_ANSWER];
	bool left_out = false;
	uint8_t n;

	/* One with hashes says more. */
	for (size_t i = 0; i < met->n; i++) {
		const struct met_exchange *e = &met->v[i];

		if (e->m[4] && (!best || (!best->m[4]->natd.n && e->m[4]->natd.n)))
			best = e;
	}
	if (!best)
		return;
	n = parts_of(best->m[4], parts, &left_out);
	fit_seen(f, ASPECT_MESSAGE_4, best, 4);
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
	fit_said(f, ASPECT_MESSAGE_4, best, 4, KEY_MESSAGE_4);
}

static void fit_unasked(struct fit *f, const struct met *met)
{
	for (size_t i = 0; i < met->n; i++) {
		const struct met_exchange *e = &met->v[i];
		bool unasked;

		if (!e->m[3] || !e->m[4] || !e->x->offered_natt || !e->x->answered_natt ||
		    e->x->natd3.n)
			continue;
		unasked = e->x->natd4.n > 0;
		fit_seen(f, ASPECT_UNASKED, e, 4);
		if (f->row.natd_unasked != unasked) {
			f->row.natd_unasked = unasked;
			fit_said(f, ASPECT_UNASKED, e, 4, KEY_HASHES_UNASKED);
		}
		return;
	}
}

/* ---- refusals ---- */

static void fit_refusal(struct fit *f, const struct met *met)
{
	static const uint8_t none[8];

	for (size_t i = 0; i < met->n; i++) {
		const struct met_exchange *e = &met->v[i];
		const struct isakmp_header *h;
		bool has_spi;

		if (!refused(e) || !e->m[0])
			continue;
		h = &e->m[0]->h;
		has_spi = e->m[0]->n_notifies && e->m[0]->notifies[0].spi.len == 16;
		fit_seen(f, ASPECT_REFUSAL, e, 0);
		f->row.no_proposal = has_spi ? NO_PROPOSAL_SPI16 : NO_PROPOSAL_PLAIN;
		if (memcmp(h->cky_i, e->x->cky_i, 8) != 0)
			f->row.no_proposal = NO_PROPOSAL_RANDOM_COOKIE;
		if (f->row.no_proposal != f->like->no_proposal)
			fit_said(f, ASPECT_REFUSAL, e, 0, KEY_NO_PROPOSAL);
		if (f->row.no_proposal == NO_PROPOSAL_PLAIN && memcmp(h->cky_r, none, 8) != 0)
			f->of[ASPECT_REFUSAL].doubt = "it has a cookie of its own, which natdlab's "
						      "does not";
		return;
	}
}

void fit_answers(struct fit *f, const struct met *met)
{
	fit_natt(f, met);
	fit_choice(f, met);
	fit_sa(f, met);
	fit_nonce(f, met);
	fit_order(f, met);
	fit_unasked(f, met);
	fit_refusal(f, met);
}
