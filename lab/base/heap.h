/* SPDX-License-Identifier: MIT */
/*
 * heap.h - who is due when, for thousands: a heap that knows where each one stands in it. Pure.
 */
#ifndef NATDLAB_BASE_HEAP_H
#define NATDLAB_BASE_HEAP_H

#include "lab/base/mem.h"

struct heap;

/* Numbers 0 .. n-1, none of them due at any time. */
struct heap *heap_new(struct arena *a, size_t n);
/* @who is due at @t; USEC_NEVER: not at all. */
void heap_set(struct heap *g, unsigned who, usec t);
/* When the first one is due, and in *@who which: of those due at one time the lowest number.
 * USEC_NEVER: nobody is. */
usec heap_first(const struct heap *g, unsigned *who);

#endif
