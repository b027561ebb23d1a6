/* SPDX-License-Identifier: MIT */
#include "lab/net/faults.h"

#include <string.h>

#define FRAME_MAX 2048

struct held {
	usec due;
	uint64_t order;
	unsigned iface;
	size_t len;
	uint8_t data[FRAME_MAX];
};

struct faults {
	struct arena *a;
	const struct scenario *s;
	struct splitmix *draws;	  /* for each interface: frames that it sends */
	VEC(struct held *) queue; /* held frames; unsorted, they are few */
	VEC(struct held *) spare;
	uint64_t order;
};

struct faults *faults_new(struct arena *a, const struct scenario *s, uint64_t seed)
{
	struct faults *f;
	bool any = false;

	for (size_t i = 0; i < s->n_links; i++)
		any |= link_is_faulty(&s->links[i].faults);
	if (!any)
		return NULL;
	f = arena_new_of(a, struct faults);
	f->a = a;
	f->s = s;
	f->draws = arena_array_of(a, s->n_ifaces, struct splitmix);
	for (size_t i = 0; i < s->n_ifaces; i++)
		f->draws[i] = splitmix_new(seed, s->id, s->ifaces[i].full);
	return f;
}

/* True with a probability of @permille. Draws always, so that one fault does not shift another. */
static bool happens(struct splitmix *d, unsigned permille)
{
	return splitmix_next(d) % 1000 < permille;
}

struct fate faults_draw(struct faults *f, unsigned iface)
{
	const struct link_faults *lf = &f->s->links[f->s->ifaces[iface].link].faults;
	struct splitmix *d = &f->draws[iface];
	bool lost = happens(d, lf->loss), twice = happens(d, lf->duplicate);
	bool late = happens(d, lf->reorder);
	struct fate fate = {.copies = lost ? 0 : twice ? 2 : 1};

	fate.delay[0] = lf->delay + (late ? FAULTS_REORDER_BY : 0);
	fate.delay[1] = lf->delay;
	return fate;
}

bool faults_hold(struct faults *f, unsigned iface, usec due, const void *data, size_t len)
{
	struct held *h;

	if (f->queue.n == FAULTS_HELD_MAX || len > FRAME_MAX)
		return false;
	h = f->spare.n ? f->spare.v[--f->spare.n] : arena_new_of(f->a, struct held);
	h->due = due;
	h->order = f->order++;
	h->iface = iface;
	h->len = len;
	memcpy(h->data, data, len);
	*vec_push(f->a, &f->queue) = h;
	return true;
}

static bool before(const struct held *a, const struct held *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

usec faults_deadline(const struct faults *f)
{
	usec t = USEC_NEVER;

	for (size_t i = 0; f && i < f->queue.n; i++)
		t = MIN(t, f->queue.v[i]->due);
	return t;
}

bool faults_take(struct faults *f, usec now, unsigned *iface, const uint8_t **data, size_t *len)
{
	size_t best = 0;
	struct held *h;

	if (!f || !f->queue.n)
		return false;
	for (size_t i = 1; i < f->queue.n; i++)
		if (before(f->queue.v[i], f->queue.v[best]))
			best = i;
	h = f->queue.v[best];
	if (h->due > now)
		return false;
	f->queue.v[best] = f->queue.v[--f->queue.n];
	*vec_push(f->a, &f->spare) = h;
	*iface = h->iface;
	*data = h->data;
	*len = h->len;
	return true;
}
