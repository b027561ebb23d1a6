/* SPDX-License-Identifier: MIT */
/*
 * heap.h - who is due when, for thousands: a heap of items that know where they stand in it. Pure.
 */
#ifndef NATDLAB_BASE_HEAP_H
#define NATDLAB_BASE_HEAP_H

#include "lab/base/base.h"

/* In the owner, which stays where it is while the item is due. Zeroed, but for @order: not due. */
struct heap_item {
	usec due;
	uint64_t order; /* of those due at one time the lowest is first; set by the owner */
	size_t place;	/* in the heap, from 1; 0: not due at any time */
};

/* Zeroed: empty. */
struct heap {
	struct heap_item **v;
	size_t n, cap;
};

/* The item is due at @t; USEC_NEVER: not at all. Out of memory ends the program. */
void heap_set(struct heap *h, struct heap_item *item, usec t);
/* The item that is due first; NULL: none is. */
struct heap_item *heap_first(const struct heap *h);
/* When it is; USEC_NEVER: none is. */
usec heap_deadline(const struct heap *h);
/* Frees the heap; the items are their owners'. Leaves an empty one. */
void heap_free(struct heap *h);

#endif
