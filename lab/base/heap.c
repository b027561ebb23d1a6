/* SPDX-License-Identifier: MIT */
#include "lab/base/heap.h"

#include <stdlib.h>

static bool earlier(const struct heap_item *a, const struct heap_item *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

/* Places count from 1: the parent of @at is at / 2. */
static void put(struct heap *h, size_t at, struct heap_item *item)
{
	h->v[at - 1] = item;
	item->place = at;
}

static void rise(struct heap *h, struct heap_item *item)
{
	size_t at = item->place;

	for (; at > 1 && earlier(item, h->v[at / 2 - 1]); at /= 2)
		put(h, at, h->v[at / 2 - 1]);
	put(h, at, item);
}

static void sink(struct heap *h, struct heap_item *item)
{
	size_t at = item->place, child;

	while ((child = 2 * at) <= h->n) {
		if (child < h->n && earlier(h->v[child], h->v[child - 1]))
			child++;
		if (!earlier(h->v[child - 1], item))
			break;
		put(h, at, h->v[child - 1]);
		at = child;
	}
	put(h, at, item);
}

static void add(struct heap *h, struct heap_item *item)
{
	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 4;
		h->v = realloc(h->v, h->cap * sizeof(struct heap_item *));
		if (!h->v)
			abort();
	}
	put(h, ++h->n, item);
	rise(h, item);
}

/* The last one takes its place. */
static void take_out(struct heap *h, struct heap_item *item)
{
	struct heap_item *last = h->v[--h->n];

	if (last != item) {
		put(h, item->place, last);
		rise(h, last);
		sink(h, last);
	}
	item->place = 0;
}

void heap_set(struct heap *h, struct heap_item *item, usec t)
{
	usec before = item->due;

	item->due = t;
	if (!item->place && t != USEC_NEVER)
		add(h, item);
	else if (item->place && t == USEC_NEVER)
		take_out(h, item);
	else if (item->place && t < before)
		rise(h, item);
	else if (item->place && t > before)
		sink(h, item);
}

struct heap_item *heap_first(const struct heap *h)
{
	return h->n ? h->v[0] : NULL;
}

usec heap_deadline(const struct heap *h)
{
	return h->n ? h->v[0]->due : USEC_NEVER;
}

void heap_free(struct heap *h)
{
	free(h->v);
	*h = (struct heap){0};
}
