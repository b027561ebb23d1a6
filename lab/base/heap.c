/* SPDX-License-Identifier: MIT */
#include "lab/base/heap.h"

struct heap {
	size_t n;
	usec *due;        /* of each number */
	unsigned *heap;   /* numbers; each is due no earlier than the one at half its place */
	size_t *place;    /* of each number in the heap */
};

struct heap *heap_new(struct arena *a, size_t n)
{
	struct heap *g = arena_new_of(a, struct heap);

	g->n = n;
	g->due = arena_array_of(a, n, usec);
	g->heap = arena_array_of(a, n, unsigned);
	g->place = arena_array_of(a, n, size_t);
	for (size_t i = 0; i < n; i++) {
		g->due[i] = USEC_NEVER;
		g->heap[i] = (unsigned)i;
		g->place[i] = i;
	}
	return g;
}

static bool earlier(const struct heap *g, unsigned a, unsigned b)
{
	return g->due[a] != g->due[b] ? g->due[a] < g->due[b] : a < b;
}

static void put(struct heap *g, size_t at, unsigned who)
{
	g->heap[at] = who;
	g->place[who] = at;
}

static void rise(struct heap *g, unsigned who)
{
	size_t at = g->place[who];

	for (; at > 0 && earlier(g, who, g->heap[(at - 1) / 2]); at = (at - 1) / 2)
		put(g, at, g->heap[(at - 1) / 2]);
	put(g, at, who);
}

static void sink(struct heap *g, unsigned who)
{
	size_t at = g->place[who], child;

	while ((child = 2 * at + 1) < g->n) {
		if (child + 1 < g->n && earlier(g, g->heap[child + 1], g->heap[child]))
			child++;
		if (!earlier(g, g->heap[child], who))
			break;
		put(g, at, g->heap[child]);
		at = child;
	}
	put(g, at, who);
}

void heap_set(struct heap *g, unsigned who, usec t)
{
	usec before = g->due[who];

	assert(who < g->n);
	g->due[who] = t;
	if (t < before)
		rise(g, who);
	else if (t > before)
		sink(g, who);
}

usec heap_first(const struct heap *g, unsigned *who)
{
	if (!g->n)
		return USEC_NEVER;
	*who = g->heap[0];
	return g->due[g->heap[0]];
}
