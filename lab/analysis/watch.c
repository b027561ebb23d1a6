/* SPDX-License-Identifier: MIT */
/*
 * watch.c - frames in, exchanges and events out.
 *
 * An exchange is known by its cookies. Until message 2 the responder's is zero, and a responder
 * may answer one message 1 with several cookies (SoftEther does, for each duplicate): then each
 * pair of cookies is an exchange of its own, and all of them share message 1.
 *
 * The same message passes several places. Each exchange counts for each place apart and takes
 * the largest count, which is that of the place nearest to the sender: so nothing is counted
 * twice because it was seen twice, and a message lost between two places still counts.
 *
 * ESP and keep-alives carry no cookies. They belong to the exchange that last used their
 * addresses and ports (the flow), which also tells the direction.
 *
 * Frames are a stranger's. Everything is bounded: exchanges (the oldest unfinished one makes
 * room), places of an exchange, vendor IDs, flows (a hash table that forgets).
 */
#include "lab/analysis/watch_priv.h"

#include <string.h>

#include "lab/capture/fragments.h"

#define BUCKETS 4096 /* of exchanges by initiator cookie; a power of two */
#define BUCKET_MAX 64 /* many times what chance puts into one */
#define KEPT_FIRST 128 /* bytes of a kept message's first buffer */
#define PLACES_MAX 4096
#define PLACE_SLOTS 8192 /* a power of two, well above PLACES_MAX */

/*
 * The same packet in the layers of one machine (pktmon, tcpdump -i any on a bridge) comes again
 * sooner than this; what is sent again comes much later. Slow layers take longer, but then the IP
 * identification is the same, where the sender gives one (Windows does; Linux writes 0 into
 * packets that must not be fragmented).
 */
#define LAYERS_APART (MSEC / 2)
#define SLOW_LAYERS_APART (100 * MSEC)

struct watch {
	struct arena *a;
	struct ev_sink sink;
	/* Exchanges in the order of their first message: v[first], ..., v[past - 1]; those
	 * before v[open] are finished. What is forgotten goes at the front, so that a flood costs
	 * no more for each of its messages than a capture without one. */
	size_t first, open, past;
	struct exchange *v[2 * WATCH_EXCHANGES];
	struct tracked *buckets[BUCKETS];
	struct flows flows;
	VEC(const char *) places;
	uint16_t place_slots[PLACE_SLOTS]; /* numbers of places + 1, by hash; 0 empty */
	struct fragments *fragments;
	bool keeps;
	usec end;
	uint64_t packets, stray_esp;
	struct isakmp_msg m; /* of the frame at hand; too large for a stack */
};

/* One frame on its way through the functions below. */
struct frame {
	const char *place;
	usec t;
	uint32_t number;
	const struct packet *pkt;
};

static const uint8_t zeros[8];

struct watch *watch_new(struct arena *a, const struct ev_sink *sink)
{
	struct watch *w = arena_new_of(a, struct watch);

	w->a = a;
	flows_init(&w->flows, a);
	w->fragments = fragments_new(a);
	if (sink)
		w->sink = *sink;
	return w;
}

void watch_keep(struct watch *w)
{
	w->keeps = true;
}

uint64_t watch_packets(const struct watch *w)
{
	return w->packets;
}

usec watch_end(const struct watch *w)
{
	return w->end;
}

uint64_t watch_stray_esp(const struct watch *w)
{
	return w->stray_esp;
}

size_t watch_exchanges(const struct watch *w, struct exchange *const **v)
{
	*v = w->v + w->first;
	return w->past - w->first;
}

/* ---- small tools ---- */

/* True when @id was not among the last ones. */
static bool ring_fresh(struct ring *r, uint64_t id)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i] == id)
			return false;
	r->v[r->at] = id;
	r->at = (uint8_t)((r->at + 1u) % ARRAY_LEN(r->v));
	r->n = (uint8_t)MIN(r->n + 1u, ARRAY_LEN(r->v));
	return true;
}

/* A copy of a place's name that lives as long as the watch: captures close before verdicts. */
static const char *place_of(struct watch *w, const char *name)
{
	uint64_t h = digest_of(name, strlen(name), DIGEST_START);
	size_t slot = (size_t)(h ^ h >> 32) % PLACE_SLOTS;

	for (; w->place_slots[slot]; slot = (slot + 1) % PLACE_SLOTS)
		if (!strcmp(w->places.v[w->place_slots[slot] - 1], name))
			return w->places.v[w->place_slots[slot] - 1];
	if (w->places.n == PLACES_MAX)
		return "?";
	*vec_push(w->a, &w->places) = arena_str(w->a, name);
	w->place_slots[slot] = (uint16_t)w->places.n;
	return w->places.v[w->places.n - 1];
}

static void put_event(struct watch *w, const struct frame *f, struct event *e)
{
	e->t = f->t;
	e->place = f->place;
	e->wire = true;
	e->frame = f->number;
	if (w->sink.put)
		w->sink.put(w->sink.ctx, e);
}

static struct mark mark_of(const struct frame *f)
{
	return (struct mark){f->place, f->number, f->t};
}

static void mark_first(struct mark *m, const struct frame *f)
{
	if (!m->place || f->t < m->t)
		*m = mark_of(f);
}

static void mark_last(struct mark *m, const struct frame *f)
{
	if (!m->place || f->t >= m->t)
		*m = mark_of(f);
}

/*
 * A buffer stays with the memory of its exchange, so that what is kept has its bounds, too. It
 * grows by doubling: messages that are each a byte longer than the last cost twice the longest one,
 * and not all of their lengths together.
 */
static void keep(struct watch *w, struct kept *k, const uint8_t *p, size_t len, struct mark at)
{
	if (!w->keeps)
		return;
	k->at = at;
	k->len = len > WATCH_KEPT ? 0 : len;
	if (k->len > k->room) {
		k->room = MAX(k->room, (size_t)KEPT_FIRST);
		while (k->room < k->len)
			k->room *= 2;
		k->b = arena_array_of(w->a, k->room, uint8_t);
	}
	if (k->len) /* @p may be this buffer: that of a sibling that made room */
		memmove(k->b, p, k->len);
}

/* One more at this place; the exchange has what the place with most has. */
static void count(uint32_t *here, uint32_t *total)
{
	++*here;
	*total = MAX(*total, *here);
}

/* ---- exchanges ---- */

static struct tracked **bucket_of(struct watch *w, const uint8_t cky_i[8])
{
	uint64_t h = digest_of(cky_i, 8, DIGEST_START);

	return &w->buckets[(h ^ h >> 32) % BUCKETS];
}

/* @cky_r NULL: any; the oldest one. */
static struct tracked *find(struct watch *w, const uint8_t cky_i[8], const uint8_t *cky_r)
{
	for (struct tracked *t = *bucket_of(w, cky_i); t; t = t->next)
		if (!memcmp(t->x.cky_i, cky_i, 8) && (!cky_r || !memcmp(t->x.cky_r, cky_r, 8)))
			return t;
	return NULL;
}

/* Nothing of phase 1 is missing that a judgement needs. */
static bool is_finished(const struct exchange *x)
{
	return x->mm[x->type == EXCHANGE_AGGRESSIVE ? 3 : 4].seen;
}

/* The place in w->v of the exchange to forget: the oldest unfinished, else the oldest. */
static size_t victim(struct watch *w)
{
	while (w->open < w->past && is_finished(w->v[w->open]))
		w->open++;
	return w->open < w->past ? w->open : w->first;
}

static size_t index_of(const struct watch *w, const struct tracked *t)
{
	size_t i = w->first;

	while (w->v[i] != &t->x)
		i++;
	return i;
}

/* Takes exchange @i out of all tables; its memory is as new, but for its generation and buffers. */
static struct tracked *forget(struct watch *w, size_t i)
{
	struct tracked *t = (struct tracked *)w->v[i];
	struct tracked **p = bucket_of(w, t->x.cky_i);
	uint32_t generation = t->generation;
	struct kept kept[ARRAY_LEN(t->x.kept)];

	memcpy(kept, t->x.kept, sizeof(kept));
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	memmove(&w->v[w->first + 1], &w->v[w->first], (i - w->first) * sizeof(w->v[0]));
	w->first++;
	w->open += i >= w->open;
	memset(t, 0, sizeof(*t));
	t->generation = generation + 1;
	for (size_t n = 0; n < ARRAY_LEN(kept); n++)
		t->x.kept[n] = (struct kept){.b = kept[n].b, .room = kept[n].room};
	return t;
}

/* The memory for one more. A bucket that somebody fills on purpose makes room by itself. */
static struct tracked *room_for_one(struct watch *w, struct tracked *bucket)
{
	size_t n = 0;

	for (struct tracked *t = bucket; t; t = t->next)
		n++;
	if (n >= BUCKET_MAX)
		return forget(w, index_of(w, bucket));
	if (w->past - w->first == WATCH_EXCHANGES)
		return forget(w, victim(w));
	return arena_new_of(w->a, struct tracked);
}

static struct tracked *add(struct watch *w, const struct isakmp_header *h, usec t)
{
	struct tracked **p = bucket_of(w, h->cky_i);
	struct tracked *n = room_for_one(w, *p);

	memcpy(n->x.cky_i, h->cky_i, 8);
	memcpy(n->x.cky_r, h->cky_r, 8);
	n->x.first = n->x.last = t;
	while (*p) /* behind the older ones, which find() gives first */
		p = &(*p)->next;
	*p = n;
	if (w->past == ARRAY_LEN(w->v)) { /* once for WATCH_EXCHANGES of them */
		memmove(w->v, &w->v[w->first], (w->past - w->first) * sizeof(w->v[0]));
		w->past -= w->first;
		w->open -= w->first;
		w->first = 0;
	}
	w->v[w->past++] = &n->x;
	return n;
}

/* An exchange for a second responder cookie: message 1 was the same. */
static struct tracked *add_sibling(struct watch *w, const struct tracked *of,
				   const struct isakmp_header *h, usec t)
{
	struct exchange x = of->x; /* copied first: @of may be the one that makes room */
	struct tracked *n = add(w, h, t);

	n->x.first = x.first;
	n->x.type = x.type;
	n->x.mm[1] = x.mm[1];
	n->x.ids[0] = x.ids[0];
	n->x.offered_natt = x.offered_natt;
	n->x.n_offers = x.n_offers;
	memcpy(n->x.offers, x.offers, sizeof(x.offers));
	n->x.n_vids[0] = x.n_vids[0];
	memcpy(n->x.vids[0], x.vids[0], sizeof(x.vids[0]));
	if (x.kept[1].len)
		keep(w, &n->x.kept[1], x.kept[1].b, x.kept[1].len, x.kept[1].at);
	return n;
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
static struct tracked *spoken_of(struct watch *w, const struct isakmp_msg *m)
{
	const struct isakmp_header *h = &m->h;
	struct view spi = m->n_notifies	 ? m->notifies[0].spi
			  : m->n_deletes ? m->deletes[0].spis
					 : (struct view){0};
	struct tracked *x = find(w, h->cky_i, h->cky_r);

	if (!x && spi.p && spi.len == 16 && memcmp(spi.p, zeros, 8) != 0) {
		x = find(w, spi.p, spi.p + 8);
		x = x ? x : find(w, spi.p, NULL);
	}
	return x ? x : find(w, h->cky_i, NULL);
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
		x = find(w, h->cky_i, NULL);
		return x || !is_phase1(h->exchange) ? x : add(w, h, t);
	}
	x = find(w, h->cky_i, h->cky_r);
	if (x)
		return x;
	if (!is_phase1(h->exchange)) /* a capture that begins behind phase 1 */
		return add(w, h, t);
	x = find(w, h->cky_i, zeros);
	if (x) { /* the first answer */
		memcpy(x->x.cky_r, h->cky_r, 8);
		return x;
	}
	x = find(w, h->cky_i, NULL);
	return x && x->x.mm[1].seen ? add_sibling(w, x, h, t) : add(w, h, t);
}

/* NULL when the exchange was seen at too many places already. */
static struct at_place *at_place(struct tracked *t, const char *place)
{
	for (size_t i = 0; i < t->n_places; i++)
		if (t->at[i].place == place)
			return &t->at[i];
	if (t->n_places == ARRAY_LEN(t->at))
		return NULL;
	t->at[t->n_places].place = place;
	return &t->at[t->n_places++];
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

static void note_sighting(struct mm_seen *mm, const struct frame *f)
{
	struct sighting s = {
		.place = f->place,
		.t = f->t,
		.src = f->pkt->src,
		.dst = f->pkt->dst,
		.frame = f->number,
		.ttl = f->pkt->ttl,
	};
	size_t i;

	for (i = 0; i < mm->n_sightings; i++)
		if (mm->at[i].place == f->place && inet_ep_eq(mm->at[i].src, s.src) &&
		    inet_ep_eq(mm->at[i].dst, s.dst))
			return;
	if (mm->n_sightings == ARRAY_LEN(mm->at))
		return;
	for (i = mm->n_sightings++; i && sighting_is_behind(&mm->at[i - 1], &s); i--)
		mm->at[i] = mm->at[i - 1];
	mm->at[i] = s;
}

static void natd_event(struct watch *w, const struct frame *f, const struct isakmp_msg *m,
		       unsigned n)
{
	struct event e = ev_new(EV_NATD);
	const struct natd_list *l = &m->natd;

	if (!l->n)
		return;
	ev_hex(&e, K_CKY_I, m->h.cky_i, 8);
	ev_hex(&e, K_CKY_R, m->h.cky_r, 8);
	if (n)
		ev_u(&e, K_MESSAGE, n);
	ev_u(&e, K_PAYLOAD, m->natd_type);
	ev_hex(&e, K_HASH1, l->v[0].b, l->len);
	if (l->n > 1)
		ev_hex(&e, K_HASH2, l->v[1].b, l->len);
	put_event(w, f, &e);
}

static void count_copy(uint32_t *here, struct mm_seen *mm, usec t)
{
	uint32_t before = mm->copies;

	count(here, &mm->copies);
	if (before && mm->copies > before && before - 1 < ARRAY_LEN(mm->again))
		mm->again[before - 1] = t;
}

/* The same packet as the last one, seen in another layer? @copies: how many came before. */
static bool is_layer(const struct frame *f, usec last, uint32_t id, uint32_t copies)
{
	usec apart = f->t - last;

	if (!copies)
		return false;
	return apart < LAYERS_APART || (id && id == f->pkt->frag_id && apart < SLOW_LAYERS_APART);
}

/* @readable: the payloads could be read. @bytes: the message. */
static unsigned phase1(struct watch *w, const struct frame *f, struct tracked *t,
		       const struct isakmp_msg *m, bool readable, uint64_t digest,
		       struct view bytes)
{
	unsigned n = m->h.exchange == EXCHANGE_MAIN ? main_mode_number(w, t, m, f, digest)
						    : aggressive_mode_number(m);
	struct at_place *at = at_place(t, f->place);
	struct mm_seen *mm = &t->x.mm[n];

	if (!t->x.type)
		t->x.type = m->h.exchange;
	if (!n || t->x.type != m->h.exchange) /* nobody changes from one to the other */
		return 0;
	flows_note(&w->flows, f->pkt, t, n % 2 ? SIDE_INITIATOR : SIDE_RESPONDER);
	if (!mm->seen) {
		mm->seen = true;
		mm->t = f->t;
		mm->len = m->h.length;
		t->digest[n] = digest;
	}
	if (readable && !mm->read) { /* the first whole one, if the very first was cut short */
		mm->read = true;
		contents_note(&t->x, m, n);
		if (n < ARRAY_LEN(t->x.kept))
			keep(w, &t->x.kept[n], bytes.p, bytes.len, mark_of(f));
	}
	note_sighting(mm, f);
	mark_last(&mm->last, f);
	if (at && !is_layer(f, at->copied[n], at->copied_id[n], at->copies[n]))
		count_copy(&at->copies[n], mm, f->t);
	if (at) {
		at->copied[n] = f->t;
		at->copied_id[n] = f->pkt->frag_id;
	}
	return n;
}

/* ---- behind Main Mode ---- */

static void note_later(struct exchange *x, const struct frame *f, enum side side)
{
	const struct packet *pkt = f->pkt;
	bool turned = side == SIDE_RESPONDER;

	if (!x->later.place)
		x->later = (struct sighting){
			.place = f->place,
			.t = f->t,
			.src = turned ? pkt->dst : pkt->src,
			.dst = turned ? pkt->src : pkt->dst,
			.frame = f->number,
			.ttl = pkt->ttl,
		};
}

/* Quick Mode, Informational and Transaction, all encrypted: they can be counted. */
static void phase2(struct watch *w, const struct frame *f, struct tracked *t,
		   const struct isakmp_header *h, uint64_t digest)
{
	struct at_place *at = at_place(t, f->place);
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
			count(&at->quick_modes, &x->quick_modes);
		mark_first(&x->quick[0], f);
		mark_last(&x->quick[1], f);
		if (side != SIDE_NONE && ring_fresh(&at->messages, digest))
			count(&at->quick_messages[side], &x->quick_messages[side]);
		return;
	}
	if (side == SIDE_NONE || !ring_fresh(&at->messages, digest))
		return;
	if (h->exchange == EXCHANGE_TRANSACTION) {
		count(&at->transactions, &x->transactions);
		return;
	}
	count(&at->informationals[side], &x->informationals[side]);
	mark_first(&x->informational_at[side], f);
	if (side == SIDE_INITIATOR &&
	    (x->mm[6].seen || x->quick_modes || (x->type == EXCHANGE_AGGRESSIVE && x->mm[3].seen)))
		count(&at->deletes, &x->deletes);
}

/* ---- frames ---- */

static void isakmp_event(struct watch *w, const struct frame *f, const struct isakmp_header *h,
			 unsigned n)
{
	struct event e = ev_new(EV_ISAKMP);

	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	ev_hex(&e, K_CKY_I, h->cky_i, 8);
	ev_hex(&e, K_CKY_R, h->cky_r, 8);
	ev_u(&e, K_EXCHANGE, h->exchange);
	ev_u(&e, K_MSGID, h->msgid);
	ev_u(&e, K_FLAGS, h->flags);
	ev_u(&e, K_LENGTH, h->length);
	if (n)
		ev_u(&e, K_MESSAGE, n);
	put_event(w, f, &e);
}

/* An Informational in clear. */
static void note_clear(struct watch *w, const struct frame *f, struct exchange *x,
		       const struct isakmp_msg *m, struct view bytes)
{
	if (m->n_notifies) {
		x->notify = m->notifies[0].type;
		mark_last(&x->notify_at, f);
		keep(w, &x->kept[0], bytes.p, bytes.len, mark_of(f));
	} else if (m->n_deletes) {
		mark_last(&x->delete_at, f);
	}
}

/* Something of this exchange's on port 4500: whose port is open is told by who speaks there. */
static void note_4500(struct watch *w, const struct frame *f, struct tracked *t)
{
	struct at_place *at = at_place(t, f->place);
	enum side side;

	flows_find(&w->flows, f->pkt, &side);
	if (at && side != SIDE_NONE)
		count(&at->on_4500[side], &t->x.on_4500[side]);
}

/* False: this is no ISAKMP. */
static bool isakmp_frame(struct watch *w, const struct frame *f, const uint8_t *p, size_t len,
			 bool marker)
{
	enum drop d = isakmp_parse(&w->m, p, len, NULL);
	const struct isakmp_header *h = &w->m.h;
	uint64_t digest = digest_of(p, len, DIGEST_START);
	struct tracked *t = NULL;
	unsigned n = 0;

	if (len < ISAKMP_HEADER_LEN || (h->version >> 4 != 1 && h->version >> 4 != 2))
		return false;
	if (d != DROP_VERSION) /* of IKEv2 there is only the event */
		t = exchange_of(w, &w->m, f->t);
	if (t) {
		t->x.first = MIN(t->x.first, f->t);
		t->x.last = MAX(t->x.last, f->t);
		t->x.floated |= marker;
		if (is_phase1(h->exchange))
			n = phase1(w, f, t, &w->m, d == DROP_NONE, digest, (struct view){p, len});
		else if (h->flags & ISAKMP_FLAG_ENCRYPTED)
			phase2(w, f, t, h, digest);
		else if (d == DROP_NONE)
			note_clear(w, f, &t->x, &w->m, (struct view){p, len});
		if (marker)
			note_4500(w, f, t);
	}
	isakmp_event(w, f, h, n);
	if (d == DROP_NONE)
		natd_event(w, f, &w->m, n);
	return true;
}

/* What is counted at @place; NULL: at too many places already. */
static struct esp_seen *esp_at(struct exchange *x, const char *place)
{
	for (size_t i = 0; i < x->n_esp_at; i++)
		if (x->esp_at[i].place == place)
			return &x->esp_at[i];
	if (x->n_esp_at == ARRAY_LEN(x->esp_at))
		return NULL;
	x->esp_at[x->n_esp_at].place = place;
	return &x->esp_at[x->n_esp_at++];
}

static void count_esp(struct exchange *x, const struct frame *f, enum side side)
{
	struct esp_seen *e = esp_at(x, f->place);

	if (!e)
		return;
	count(&e->n[side], &x->esp[side]);
	e->last[side] = f->t;
	e->unanswered = side == SIDE_RESPONDER ? 0 : e->unanswered + 1;
}

/* False: this is no ESP. */
static bool esp_frame(struct watch *w, const struct frame *f, bool udp)
{
	struct rd r = rd_new(f->pkt->payload, f->pkt->len);
	const uint8_t *spi = rd_bytes(&r, 4, "Security Parameters Index");
	uint32_t seq = rd_u32(&r, "Sequence Number");
	struct event e = ev_new(EV_ESP);
	struct at_place *at;
	struct tracked *t;
	enum side side;

	if (!rd_ok(&r))
		return false;
	t = udp ? flows_find(&w->flows, f->pkt, &side) : flows_find_addr(&w->flows, f->pkt, &side);
	at = t ? at_place(t, f->place) : NULL;
	if (at && ring_fresh(&at->packets[side], (uint64_t)le32(spi) << 32 | seq))
		count_esp(&t->x, f, side);
	w->stray_esp += !t;
	if (t) {
		mark_first(&t->x.first_esp[side], f);
		*(udp ? &t->x.esp_udp : &t->x.esp_raw) = true;
		t->x.last = MAX(t->x.last, f->t);
	}
	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	ev_hex(&e, K_SPI, spi, 4);
	ev_u(&e, K_ESP_SEQ, seq);
	ev_str(&e, K_ENCAP, udp ? "udp" : "none");
	ev_u(&e, K_LENGTH, f->pkt->said_len);
	put_event(w, f, &e);
	return true;
}

static void keepalive_frame(struct watch *w, const struct frame *f)
{
	struct event e = ev_new(EV_KEEPALIVE);
	struct at_place *at;
	struct tracked *t;
	enum side side;

	t = flows_find(&w->flows, f->pkt, &side);
	at = t ? at_place(t, f->place) : NULL;
	if (at) {
		count(&at->keepalives[side], &t->x.keepalives[side]);
		if (f->pkt->src.port == IKE_NATT_PORT || f->pkt->dst.port == IKE_NATT_PORT)
			count(&at->on_4500[side], &t->x.on_4500[side]);
	}
	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	put_event(w, f, &e);
}

/* UDP 500, and what RFC 3948 2 puts on 4500. False: neither. */
static bool udp_frame(struct watch *w, const struct frame *f)
{
	const struct packet *pkt = f->pkt;
	bool ike = pkt->src.port == IKE_PORT || pkt->dst.port == IKE_PORT;
	bool natt = pkt->src.port == IKE_NATT_PORT || pkt->dst.port == IKE_NATT_PORT;

	/* strongSwan keeps port 500 alive too while an exchange is half open. */
	if ((ike || natt) && pkt->len == 1 && pkt->payload[0] == 0xff) {
		keepalive_frame(w, f);
		return true;
	}
	if (natt && pkt->len >= ISAKMP_MARKER_LEN &&
	    !memcmp(pkt->payload, zeros, ISAKMP_MARKER_LEN))
		return isakmp_frame(w, f, pkt->payload + ISAKMP_MARKER_LEN,
				    pkt->len - ISAKMP_MARKER_LEN, true);
	/* Both, when a NAPT made one of a client's other ports. */
	if (ike && isakmp_frame(w, f, pkt->payload, pkt->len, false))
		return true;
	return natt && esp_frame(w, f, true);
}

static bool icmp_frame(struct watch *w, const struct frame *f)
{
	struct rd r = rd_new(f->pkt->payload, f->pkt->len);
	uint8_t type = rd_u8(&r, "Type");
	uint8_t code = rd_u8(&r, "Code");
	struct event e = ev_new(EV_ICMP);

	if (!rd_ok(&r))
		return false;
	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	ev_u(&e, K_ICMP_TYPE, type);
	ev_u(&e, K_ICMP_CODE, code);
	put_event(w, f, &e);
	return true;
}

static void other_frame(struct watch *w, const struct frame *f)
{
	struct event e = ev_new(EV_OTHER);

	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	ev_u(&e, K_PROTO, f->pkt->proto);
	ev_u(&e, K_LENGTH, f->pkt->said_len);
	put_event(w, f, &e);
}

void watch_frame(struct watch *w, const char *place, uint32_t linktype, usec t, uint32_t number,
		 const uint8_t *data, size_t len)
{
	struct packet pkt;
	struct frame f = {.t = t, .number = number, .pkt = &pkt};
	bool done = false;

	w->end = MAX(w->end, t);
	if (!packet_parse(&pkt, linktype, data, len))
		return;
	w->packets++;
	f.place = place_of(w, place);
	/* The last piece to come stands for the datagram; the others are something else. */
	if (!pkt.fragment || fragments_add(w->fragments, f.place, t, &pkt)) {
		switch (pkt.proto) {
		case IPPROTO_UDP_:
			done = udp_frame(w, &f);
			break;
		case IPPROTO_ESP_:
			done = esp_frame(w, &f, false);
			break;
		case IPPROTO_ICMP_:
			done = icmp_frame(w, &f);
			break;
		}
	}
	if (!done && w->sink.put)
		other_frame(w, &f);
}
