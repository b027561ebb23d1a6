/* SPDX-License-Identifier: MIT */
/*
 * exchanges.c - the tables of exchanges, and the memory for what they hold.
 *
 * An exchange is known by its cookies. Until message 2 the responder's is zero, and a responder
 * may answer one message 1 with several cookies (SoftEther does, for each duplicate): then each
 * pair of cookies is an exchange of its own, and all of them share message 1.
 *
 * Frames are not trusted, so everything is bounded: the exchanges of a table (the oldest
 * unfinished one makes room), those of one bucket, the places of an exchange.
 */
#include "lab/analysis/analysis_priv.h"

#include <string.h>

#define BUCKET_MAX 64 /* many times what chance puts into one */
#define PIECE_MIN 16  /* bytes of a pool's smallest piece */

/* ---- pool ---- */

static unsigned class_of(size_t bytes)
{
	unsigned c = 0;

	while (((size_t)PIECE_MIN << c) < bytes)
		c++;
	return c;
}

/* @bytes at least; contents undefined. */
static void *pool_take(struct pool *p, size_t bytes)
{
	unsigned c = class_of(bytes);
	void *v = p->spare[c];

	if (!v)
		return arena_alloc(p->a, (size_t)PIECE_MIN << c);
	memcpy(&p->spare[c], v, sizeof(p->spare[c])); /* the next one */
	return v;
}

/* Gives back what pool_take() gave for as many bytes; @v NULL is allowed. */
static void pool_give(struct pool *p, void *v, size_t bytes)
{
	unsigned c = class_of(bytes);

	if (!v)
		return;
	memcpy(v, &p->spare[c], sizeof(p->spare[c]));
	p->spare[c] = v;
}

void *pool_push(struct pool *p, void *v, size_t n, size_t size)
{
	uint8_t *to = v;

	if (!n || class_of(n * size) != class_of((n + 1) * size)) {
		to = pool_take(p, (n + 1) * size);
		if (n)
			memcpy(to, v, n * size);
		pool_give(p, n ? v : NULL, n * size);
	}
	memset(to + n * size, 0, size);
	return to;
}

static void *pool_copy(struct pool *p, const void *v, size_t bytes)
{
	return bytes ? memcpy(pool_take(p, bytes), v, bytes) : NULL;
}

void exchanges_keep(struct exchanges *e, struct kept *k, struct view bytes, struct mark at)
{
	pool_give(e->pool, k->len ? k->b : NULL, k->len);
	*k = (struct kept){.at = at, .len = bytes.len > WATCH_KEPT ? 0 : bytes.len};
	k->b = pool_copy(e->pool, bytes.p, k->len);
}

static size_t n_again(const struct mm_seen *mm)
{
	return mm->copies > 1 ? MIN(mm->copies - 1, (size_t)WATCH_AGAIN) : 0;
}

/* Gives the arrays of @t back. */
static void release(struct pool *p, struct tracked *t)
{
	struct exchange *x = &t->x;

	for (size_t n = 0; n < ARRAY_LEN(x->mm); n++) {
		pool_give(p, x->mm[n].at, x->mm[n].n_sightings * sizeof(*x->mm[n].at));
		pool_give(p, x->mm[n].again, n_again(&x->mm[n]) * sizeof(usec));
	}
	for (size_t side = 0; side < 2; side++)
		pool_give(p, x->vids[side], x->n_vids[side] * sizeof(*x->vids[side]));
	for (size_t n = 0; n < ARRAY_LEN(x->kept); n++)
		pool_give(p, x->kept[n].len ? x->kept[n].b : NULL, x->kept[n].len);
	pool_give(p, x->offers, x->n_offers * sizeof(*x->offers));
	pool_give(p, x->esp_at, x->n_esp_at * sizeof(*x->esp_at));
	pool_give(p, t->at, t->n_places * sizeof(*t->at));
}

/* ---- the table ---- */

void exchanges_init(struct exchanges *e, struct pool *pool, size_t limit)
{
	*e = (struct exchanges){
		.pool = pool,
		.limit = limit,
		.v = arena_array_of(pool->a, 2 * limit, struct exchange *),
		.buckets = arena_array_of(pool->a, limit, struct tracked *),
	};
}

static struct tracked **bucket_of(const struct exchanges *e, const uint8_t cky_i[8])
{
	return &e->buckets[hash_bytes(cky_i, 8) & (e->limit - 1)];
}

struct tracked *exchanges_find(const struct exchanges *e, const uint8_t cky_i[8],
			       const uint8_t *cky_r)
{
	for (struct tracked *t = *bucket_of(e, cky_i); t; t = t->next)
		if (!memcmp(t->x.cky_i, cky_i, 8) && (!cky_r || !memcmp(t->x.cky_r, cky_r, 8)))
			return t;
	return NULL;
}

/* Nothing of phase 1 is missing that a judgement needs. */
static bool is_finished(const struct exchange *x)
{
	return x->mm[x->type == EXCHANGE_AGGRESSIVE ? 3 : exchange_natd_message(x, true)].seen;
}

/* The place in e->v of the exchange to forget: the oldest unfinished, else the oldest. */
static size_t victim(struct exchanges *e)
{
	while (e->open < e->past && is_finished(e->v[e->open]))
		e->open++;
	return e->open < e->past ? e->open : e->first;
}

static size_t index_of(const struct exchanges *e, const struct tracked *t)
{
	size_t i = e->first;

	while (e->v[i] != &t->x)
		i++;
	return i;
}

/* Takes exchange @i out of all tables; its memory is as new, but for its generation. */
static struct tracked *forget(struct exchanges *e, size_t i)
{
	struct tracked *t = (struct tracked *)e->v[i];
	struct tracked **p = bucket_of(e, t->x.cky_i);
	uint32_t generation = t->generation;

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	memmove(&e->v[e->first + 1], &e->v[e->first], (i - e->first) * sizeof(e->v[0]));
	e->first++;
	e->open += i >= e->open;
	release(e->pool, t);
	*t = (struct tracked){.generation = generation + 1};
	return t;
}

/* The memory for one more. A bucket that is filled on purpose makes room by itself. */
static struct tracked *room_for_one(struct exchanges *e, struct tracked *bucket)
{
	size_t n = 0;

	for (struct tracked *t = bucket; t; t = t->next)
		n++;
	if (n >= BUCKET_MAX)
		return forget(e, index_of(e, bucket));
	if (e->past - e->first == e->limit)
		return forget(e, victim(e));
	return arena_new_of(e->pool->a, struct tracked);
}

struct tracked *exchanges_add(struct exchanges *e, const uint8_t cky_i[8], const uint8_t cky_r[8],
			      usec t)
{
	struct tracked **p = bucket_of(e, cky_i);
	struct tracked *n = room_for_one(e, *p);

	memcpy(n->x.cky_i, cky_i, 8);
	memcpy(n->x.cky_r, cky_r, 8);
	n->x.first = n->x.last = t;
	while (*p) /* behind the older ones, which exchanges_find() gives first */
		p = &(*p)->next;
	*p = n;
	if (e->past == 2 * e->limit) { /* once for e->limit of them */
		memmove(e->v, &e->v[e->first], (e->past - e->first) * sizeof(e->v[0]));
		e->past -= e->first;
		e->open -= e->first;
		e->first = 0;
	}
	e->v[e->past++] = &n->x;
	return n;
}

struct tracked *exchanges_add_sibling(struct exchanges *e, const struct tracked *of,
				      const uint8_t cky_r[8], usec t)
{
	const struct exchange *o = &of->x;
	/* Copied first: @of may be the one that makes room. */
	struct exchange x = {
		.first = o->first,
		.last = t,
		.type = o->type,
		.ids = {o->ids[0]},
		.offered_natt = o->offered_natt,
		.n_offers = o->n_offers,
		.offers = pool_copy(e->pool, o->offers, o->n_offers * sizeof(*o->offers)),
		.n_vids = {o->n_vids[0]},
		.vids = {pool_copy(e->pool, o->vids[0], o->n_vids[0] * sizeof(*o->vids[0]))},
		.kept[1] = o->kept[1],
	};
	struct mm_seen *mm = &x.mm[1];
	struct tracked *n;

	*mm = o->mm[1];
	mm->at = pool_copy(e->pool, mm->at, mm->n_sightings * sizeof(*mm->at));
	mm->again = pool_copy(e->pool, mm->again, n_again(mm) * sizeof(usec));
	x.kept[1].b = pool_copy(e->pool, o->kept[1].b, o->kept[1].len);
	memcpy(x.cky_i, o->cky_i, 8);
	memcpy(x.cky_r, cky_r, 8);
	n = exchanges_add(e, x.cky_i, x.cky_r, t);
	n->x = x;
	return n;
}

struct at_place *exchanges_at(struct exchanges *e, struct tracked *t, const char *place)
{
	for (size_t i = 0; i < t->n_places; i++)
		if (t->at[i].place == place)
			return &t->at[i];
	if (t->n_places == WATCH_NAMES)
		return NULL;
	t->at = pool_push(e->pool, t->at, t->n_places, sizeof(*t->at));
	t->at[t->n_places].place = place;
	return &t->at[t->n_places++];
}
