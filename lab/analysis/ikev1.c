/* SPDX-License-Identifier: MIT */
/*
 * ikev1.c - Main Mode, Aggressive Mode, and what comes behind them: which exchange a message
 * belongs to, which message it is, and who sent it.
 */
#include "lab/analysis/analysis_priv.h"

#include <string.h>

static const uint8_t zeros[8];

static struct tracked *add(struct watch *w, const struct isakmp_header *h, usec t)
{
	return exchanges_add(&w->ikev1, h->cky_i, h->cky_r, t);
}

static bool is_phase1(uint8_t exchange)
{
	return exchange == EXCHANGE_MAIN || exchange == EXCHANGE_AGGRESSIVE;
}

static bool tracks(uint8_t exchange)
{
	return is_phase1(exchange) || exchange == EXCHANGE_QUICK ||
	       exchange == EXCHANGE_INFORMATIONAL || exchange == EXCHANGE_TRANSACTION;
}

/*
 * The exchange that an unencrypted Informational speaks of: that of its cookies, or the one that
 * its SPI field names by both cookies (the second may be zero): SoftEther does that, below cookies
 * that are random and zero.
 */
static struct tracked *spoken_of(const struct watch *w, const struct isakmp_msg *m)
{
	const struct isakmp_header *h = &m->h;
	struct view spi = m->n_notifies	 ? m->notifies[0].spi
			  : m->n_deletes ? m->deletes[0].spis
					 : (struct view){0};
	struct tracked *x = exchanges_find(&w->ikev1, h->cky_i, h->cky_r);

	if (!x && spi.p && spi.len == 16 && memcmp(spi.p, zeros, 8) != 0) {
		x = exchanges_find(&w->ikev1, spi.p, spi.p + 8);
		x = x ? x : exchanges_find(&w->ikev1, spi.p, NULL);
	}
	return x ? x : exchanges_find(&w->ikev1, h->cky_i, NULL);
}

/*
 * The exchange of a message, made if need be. An unencrypted Informational never makes one, nor
 * does its responder cookie say anything: strongSwan and SoftEther put a fresh one there when
 * they refuse a proposal.
 */
static struct tracked *exchange_of(struct watch *w, const struct isakmp_msg *m, usec t)
{
	const struct isakmp_header *h = &m->h;
	bool answered = memcmp(h->cky_r, zeros, 8) != 0;
	struct tracked *x;

	if (!tracks(h->exchange) || !memcmp(h->cky_i, zeros, 8))
		return NULL;
	if (h->exchange == EXCHANGE_INFORMATIONAL && !(h->flags & ISAKMP_FLAG_ENCRYPTED))
		return spoken_of(w, m);
	if (!answered) {
		x = exchanges_find(&w->ikev1, h->cky_i, NULL);
		return x || !is_phase1(h->exchange) ? x : add(w, h, t);
	}
	x = exchanges_find(&w->ikev1, h->cky_i, h->cky_r);
	if (x)
		return x;
	if (!is_phase1(h->exchange)) /* a capture that begins behind phase 1 */
		return add(w, h, t);
	x = exchanges_find(&w->ikev1, h->cky_i, zeros);
	if (x) { /* the first answer */
		memcpy(x->x.cky_r, h->cky_r, 8);
		return x;
	}
	x = exchanges_find(&w->ikev1, h->cky_i, NULL);
	if (x && x->x.mm[1].seen)
		return exchanges_add_sibling(&w->ikev1, x, h->cky_r, t);
	return add(w, h, t);
}

/* ---- Main Mode and Aggressive Mode ---- */

/* Which message: 1 to 6, and who sent it; 0 if that cannot be told. */
static unsigned main_mode_number(struct watch *w, const struct tracked *t,
				 const struct isakmp_msg *m, const struct frame *f, uint64_t digest)
{
	bool sa = m->has_sa || m->h.next == PAYLOAD_SA;
	bool encrypted = m->h.flags & ISAKMP_FLAG_ENCRYPTED;
	enum side side;

	if (!memcmp(m->h.cky_r, zeros, 8))
		return 1;
	if (!encrypted && sa)
		return 2;
	/* The same bytes elsewhere, at a place that did not see how it began? */
	for (unsigned n = 3; n <= 6; n++)
		if (t->x.mm[n].seen && t->digest[n] == digest)
			return n;
	flows_find(&w->flows, f->pkt, &side);
	if (side == SIDE_NONE)
		flows_find_addr(&w->flows, f->pkt, &side);
	/* A capture that begins in the middle: the first key exchange is the initiator's. */
	if (side == SIDE_NONE && !encrypted)
		side = t->x.mm[3].seen ? SIDE_RESPONDER : SIDE_INITIATOR;
	if (side == SIDE_NONE)
		return 0;
	return (encrypted ? 5u : 3u) + (side == SIDE_RESPONDER);
}

static unsigned aggressive_mode_number(const struct isakmp_msg *m)
{
	bool sa = m->has_sa || m->h.next == PAYLOAD_SA;

	if (!memcmp(m->h.cky_r, zeros, 8))
		return 1;
	return sa && !(m->h.flags & ISAKMP_FLAG_ENCRYPTED) ? 2 : 3;
}

/* @readable: the payloads could be read. */
static unsigned phase1(struct watch *w, const struct frame *f, struct tracked *t, bool readable,
		       uint64_t digest, struct view bytes)
{
	const struct isakmp_msg *m = &w->m;
	unsigned n = m->h.exchange == EXCHANGE_MAIN ? main_mode_number(w, t, m, f, digest)
						    : aggressive_mode_number(m);
	struct mm_seen *mm = &t->x.mm[n];

	if (!t->x.type)
		t->x.type = m->h.exchange;
	if (!n || t->x.type != m->h.exchange) /* an exchange keeps its type */
		return 0;
	flows_note(&w->flows, f->pkt, t, n % 2 ? SIDE_INITIATOR : SIDE_RESPONDER);
	message_note(&w->ikev1, t, n, f, m->h.length, digest);
	if (readable && !mm->read) { /* the first whole one, if the very first was cut short */
		mm->read = true;
		contents_note(&w->pool, &t->x, m, n);
		if (w->keeps && n < ARRAY_LEN(t->x.kept))
			exchanges_keep(&w->ikev1, &t->x.kept[n], bytes, mark_of(f));
	}
	return n;
}

/* ---- behind Main Mode ---- */

static void note_later(struct exchange *x, const struct frame *f, enum side side)
{
	const struct packet *pkt = f->pkt;

	if (x->later.place)
		return;
	x->later = sighting_of(f);
	if (side == SIDE_RESPONDER) {
		x->later.src = pkt->dst;
		x->later.dst = pkt->src;
	}
}

/* Quick Mode, Informational and Transaction, all encrypted: they can be counted. */
static void phase2(struct watch *w, const struct frame *f, struct tracked *t,
		   const struct isakmp_header *h, uint64_t digest)
{
	struct at_place *at = exchanges_at(&w->ikev1, t, f->place);
	struct exchange *x = &t->x;
	enum side side;

	flows_find(&w->flows, f->pkt, &side);
	if (side == SIDE_NONE)
		flows_find_addr(&w->flows, f->pkt, &side);
	/* Quick Mode is begun by the client: that tells where phase 1 does not. */
	if (side == SIDE_NONE && h->exchange == EXCHANGE_QUICK && !t->x.later.place) {
		side = SIDE_INITIATOR;
		t->x.guessed = true;
	}
	if (side != SIDE_NONE) {
		flows_note(&w->flows, f->pkt, t, side);
		note_later(x, f, side);
	}
	if (!at)
		return;
	if (h->exchange == EXCHANGE_QUICK) {
		if (ring_fresh(&at->msgids, h->msgid))
			count_at(&at->quick_modes, &x->quick_modes);
		mark_first(&x->quick[0], f);
		mark_last(&x->quick[1], f);
		if (side != SIDE_NONE && ring_fresh(&at->messages, digest))
			count_at(&at->quick_messages[side], &x->quick_messages[side]);
		return;
	}
	if (side == SIDE_NONE || !ring_fresh(&at->messages, digest))
		return;
	if (h->exchange == EXCHANGE_TRANSACTION) {
		count_at(&at->transactions, &x->transactions);
		return;
	}
	count_at(&at->informationals[side], &x->informationals[side]);
	mark_first(&x->informational_at[side], f);
	if (side == SIDE_INITIATOR &&
	    (x->mm[6].seen || x->quick_modes || (x->type == EXCHANGE_AGGRESSIVE && x->mm[3].seen)))
		count_at(&at->deletes, &x->deletes);
}

/* An Informational in clear. */
static void note_clear(struct watch *w, const struct frame *f, struct exchange *x,
		       struct view bytes)
{
	const struct isakmp_msg *m = &w->m;

	if (m->n_notifies) {
		x->notify = m->notifies[0].type;
		mark_last(&x->notify_at, f);
		if (w->keeps)
			exchanges_keep(&w->ikev1, &x->kept[0], bytes, mark_of(f));
	} else if (m->n_deletes) {
		mark_last(&x->delete_at, f);
	}
}

/* A message on port 4500: its sender's packets pass there. */
static void note_4500(struct watch *w, const struct frame *f, struct tracked *t)
{
	struct at_place *at = exchanges_at(&w->ikev1, t, f->place);
	enum side side;

	flows_find(&w->flows, f->pkt, &side);
	if (at && side != SIDE_NONE)
		count_at(&at->on_4500[side], &t->x.on_4500[side]);
}

unsigned ikev1_message(struct watch *w, const struct frame *f, struct view bytes, bool readable,
		       bool marker)
{
	struct tracked *t = exchange_of(w, &w->m, f->t);
	const struct isakmp_header *h = &w->m.h;
	uint64_t digest = hash_bytes(bytes.p, bytes.len);
	unsigned n = 0;

	if (!t)
		return 0;
	t->x.first = MIN(t->x.first, f->t);
	t->x.last = MAX(t->x.last, f->t);
	t->x.floated |= marker;
	if (is_phase1(h->exchange))
		n = phase1(w, f, t, readable, digest, bytes);
	else if (h->flags & ISAKMP_FLAG_ENCRYPTED)
		phase2(w, f, t, h, digest);
	else if (readable)
		note_clear(w, f, &t->x, bytes);
	if (marker)
		note_4500(w, f, t);
	return n;
}
