/* SPDX-License-Identifier: MIT */
/*
 * sightings.c - where and how often a message was seen.
 *
 * The same message passes several places. Each exchange counts for each place apart and takes
 * the largest count, which is that of the place nearest to the sender. At one place a message may
 * be seen with several ends: where the capture's machine translates, before and behind its NAT.
 */
#include "lab/analysis/analysis_priv.h"

/*
 * The same packet in the layers of one machine (pktmon, tcpdump -i any on a bridge) comes again
 * sooner than this; what is sent again comes much later. Slow layers take longer, but then the IP
 * identification is the same, where the sender gives one (Windows does; Linux writes 0 into
 * packets that must not be fragmented).
 */
#define LAYERS_APART (MSEC / 2)
#define SLOW_LAYERS_APART (100 * MSEC)

struct sighting sighting_of(const struct frame *f)
{
	return (struct sighting){
		.place = f->place,
		.t = f->t,
		.src = f->pkt->src,
		.dst = f->pkt->dst,
		.frame = f->number,
		.ttl = f->pkt->ttl,
	};
}

struct mark mark_of(const struct frame *f)
{
	return (struct mark){f->place, f->number, f->t};
}

void mark_first(struct mark *m, const struct frame *f)
{
	if (!m->place || f->t < m->t)
		*m = mark_of(f);
}

void mark_last(struct mark *m, const struct frame *f)
{
	if (!m->place || f->t >= m->t)
		*m = mark_of(f);
}

bool ring_fresh(struct ring *r, uint64_t id)
{
	uint32_t v = (uint32_t)(id ^ id >> 32);

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i] == v)
			return false;
	r->v[r->at] = v;
	r->at = (uint8_t)((r->at + 1) % ARRAY_LEN(r->v));
	r->n = (uint8_t)MIN(r->n + 1u, ARRAY_LEN(r->v));
	return true;
}

void count_at(uint32_t *here, uint32_t *total)
{
	++*here;
	*total = MAX(*total, *here);
}

/* Does @a come after @b on a message's way? Routers count the TTL down, and clocks of two machines
 * may differ; where nothing was routed between, time tells. */
static bool is_behind(const struct sighting *a, const struct sighting *b)
{
	return a->ttl != b->ttl ? a->ttl < b->ttl : a->t > b->t;
}

static void note_sighting(struct pool *p, struct mm_seen *mm, const struct frame *f)
{
	const struct sighting s = sighting_of(f);
	size_t i;

	for (i = 0; i < mm->n_sightings; i++)
		if (mm->at[i].place == s.place && inet_ep_eq(mm->at[i].src, s.src) &&
		    inet_ep_eq(mm->at[i].dst, s.dst))
			return;
	if (mm->n_sightings == WATCH_NAMES)
		return;
	mm->at = pool_push(p, mm->at, mm->n_sightings, sizeof(*mm->at));
	for (i = mm->n_sightings++; i && is_behind(&mm->at[i - 1], &s); i--)
		mm->at[i] = mm->at[i - 1];
	mm->at[i] = s;
}

static void count_copy(struct pool *p, uint32_t *here, struct mm_seen *mm, usec t)
{
	uint32_t before = mm->copies;

	count_at(here, &mm->copies);
	if (!before || mm->copies == before || before > WATCH_AGAIN)
		return;
	mm->again = pool_push(p, mm->again, before - 1, sizeof(usec));
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

void message_note(struct exchanges *e, struct tracked *t, unsigned n, const struct frame *f,
		  uint32_t len, uint64_t digest)
{
	struct at_place *at = exchanges_at(e, t, f->place);
	struct mm_seen *mm = &t->x.mm[n];

	if (!mm->seen) {
		mm->seen = true;
		mm->t = f->t;
		mm->len = len;
		t->digest[n] = digest;
	}
	note_sighting(e->pool, mm, f);
	mark_last(&mm->last, f);
	if (!at)
		return;
	if (!is_layer(f, at->copied[n], at->copied_id[n], at->copies[n]))
		count_copy(e->pool, &at->copies[n], mm, f->t);
	at->copied[n] = f->t;
	at->copied_id[n] = f->pkt->frag_id;
}
