/* SPDX-License-Identifier: MIT */
/*
 * contents.c - what a message says in clear: vendor IDs, proposals, the choice, hashes.
 */
#include "lab/analysis/analysis_priv.h"

#include <string.h>

static bool is_natt(struct view v)
{
	static const enum vid natt[] = {
		VID_RFC3947, VID_DRAFT02N, VID_DRAFT_NAT_T, VID_DRAFT08, VID_DRAFT07, VID_DRAFT06,
		VID_DRAFT05, VID_DRAFT04,  VID_DRAFT03,     VID_DRAFT02, VID_DRAFT00,
	};

	for (size_t i = 0; i < ARRAY_LEN(natt); i++)
		if (vid_is(v, natt[i]))
			return true;
	return false;
}

void contents_note_vid(struct pool *p, struct exchange *x, unsigned side, struct view vid)
{
	struct vid_seen *v;

	if (x->n_vids[side] == WATCH_VIDS)
		return;
	x->vids[side] = pool_push(p, x->vids[side], x->n_vids[side], sizeof(*v));
	v = &x->vids[side][x->n_vids[side]++];
	v->len = (uint8_t)MIN(vid.len, sizeof(v->b));
	if (v->len)
		memcpy(v->b, vid.p, v->len);
}

static void note_vids(struct pool *p, struct exchange *x, const struct isakmp_msg *m,
		      enum side side)
{
	for (size_t i = 0; i < m->n_payloads; i++) {
		struct view v = m->payloads[i].body;

		if (m->payloads[i].type != PAYLOAD_VID)
			continue;
		if (is_natt(v))
			*(side == SIDE_INITIATOR ? &x->offered_natt : &x->answered_natt) = true;
		contents_note_vid(p, x, (unsigned)side, v);
	}
}

static void note_offers(struct pool *p, struct exchange *x, const struct isakmp_sa *sa)
{
	for (size_t i = 0; i < sa->n_transforms && x->n_offers < WATCH_OFFERS; i++) {
		const struct isakmp_transform *t = &sa->transforms[i];

		x->offers = pool_push(p, x->offers, x->n_offers, sizeof(*x->offers));
		x->offers[x->n_offers++] = (struct offer){
			.cipher = (uint16_t)isakmp_attr_value(t, P1_ENC, 0),
			.keybits = (uint16_t)isakmp_attr_value(t, P1_KEYLEN, 0),
			.hash = (uint16_t)isakmp_attr_value(t, P1_HASH, 0),
			.group = (uint16_t)isakmp_attr_value(t, P1_GROUP, 0),
			.auth = (uint16_t)isakmp_attr_value(t, P1_AUTH, 0),
		};
	}
}

static void note_chosen(struct exchange *x, const struct isakmp_sa *sa)
{
	const struct isakmp_transform *t = &sa->transforms[0];

	if (!sa->n_transforms)
		return;
	x->chosen = true;
	x->cipher = (unsigned)isakmp_attr_value(t, P1_ENC, 0);
	x->keybits = (unsigned)isakmp_attr_value(t, P1_KEYLEN, 0);
	x->hash = (unsigned)isakmp_attr_value(t, P1_HASH, 0);
	x->group = (unsigned)isakmp_attr_value(t, P1_GROUP, 0);
	x->auth = (unsigned)isakmp_attr_value(t, P1_AUTH, 0);
}

static void note_id(struct identity *id, const struct isakmp_msg *m)
{
	const struct view *v = &m->ids[0].data;

	if (!m->n_ids || id->type)
		return;
	id->type = m->ids[0].type;
	id->len = (uint8_t)MIN(v->len, sizeof(id->b));
	if (id->len)
		memcpy(id->b, v->p, id->len);
}

static void note_main(struct pool *p, struct exchange *x, const struct isakmp_msg *m, unsigned n)
{
	if (n <= 4)
		note_vids(p, x, m, n % 2 ? SIDE_INITIATOR : SIDE_RESPONDER);
	if (n == 1 && m->has_sa)
		note_offers(p, x, &m->sa);
	if (n == 2 && m->has_sa)
		note_chosen(x, &m->sa);
	if (n == 3) {
		x->natd3 = m->natd;
		if (!x->mm[4].seen)
			x->natd_type = m->natd_type;
	}
	if (n == 4) {
		x->natd4 = m->natd;
		if (m->natd_type)
			x->natd_type = m->natd_type;
	}
}

/*
 * RFC 3947 3.2: the responder's hashes come in message 2, the initiator's in message 3, unless it
 * is encrypted.
 */
static void note_aggressive(struct pool *p, struct exchange *x, const struct isakmp_msg *m,
			    unsigned n)
{
	enum side side = n == 2 ? SIDE_RESPONDER : SIDE_INITIATOR;

	note_vids(p, x, m, side);
	note_id(&x->ids[side], m);
	if (n == 1 && m->has_sa)
		note_offers(p, x, &m->sa);
	if (n == 2 && m->has_sa)
		note_chosen(x, &m->sa);
	if (n == 2)
		x->natd4 = m->natd;
	if (n == 3)
		x->natd3 = m->natd;
	if (n >= 2 && m->natd_type)
		x->natd_type = m->natd_type;
}

void contents_note(struct pool *p, struct exchange *x, const struct isakmp_msg *m, unsigned n)
{
	if (x->type == EXCHANGE_AGGRESSIVE)
		note_aggressive(p, x, m, n);
	else
		note_main(p, x, m, n);
}
