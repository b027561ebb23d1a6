/* SPDX-License-Identifier: MIT */
#include "lab/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)16 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct block *blocks; /* the newest first; only it is filled */
	size_t used;
	void *(*get)(size_t size); /* NULL: calloc() */
	size_t block;
};

static void out_of_memory(void)
{
	fputs("natdlab: out of memory\n", stderr);
	abort();
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		out_of_memory();
	a->block = BLOCK_SIZE;
	return a;
}

struct arena *arena_new_from(void *(*get)(size_t size), size_t block)
{
	struct arena *a = arena_new();

	a->get = get;
	a->block = block;
	return a;
}

void arena_free(struct arena *a)
{
	struct block *b, *next;

	if (!a)
		return;
	for (b = a->get ? NULL : a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

void arena_freep(struct arena **ap)
{
	arena_free(*ap);
	*ap = NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->blocks;
	void *p;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!b || b->size - b->used < size) {
		size_t room = MAX(size, a->block - sizeof(*b));

		b = a->get ? a->get(sizeof(*b) + room) : calloc(1, sizeof(*b) + room);
		if (!b)
			out_of_memory();
		b->size = room;
		/* A block made for one large piece goes behind the one that still has room. */
		if (a->blocks && size > a->block / 4) {
			b->next = a->blocks->next;
			a->blocks->next = b;
		} else {
			b->next = a->blocks;
			a->blocks = b;
		}
	}
	p = b->data + b->used;
	b->used += size;
	a->used += size;
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / 2 / size)
		out_of_memory();
	return arena_alloc(a, count * size);
}

void *arena_copy(struct arena *a, const void *p, size_t len)
{
	void *copy = arena_alloc(a, len);

	if (len)
		memcpy(copy, p, len);
	return copy;
}

char *arena_strn(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (len)
		memcpy(copy, s, len);
	return copy;
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_strn(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(len >= 0);
	s = arena_alloc(a, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

void *vec_grow(struct arena *a, void *old, size_t size, size_t n, size_t *cap)
{
	void *p;

	*cap = *cap ? *cap * 2 : 8;
	p = arena_array(a, *cap, size);
	if (n)
		memcpy(p, old, n * size);
	return p;
}
