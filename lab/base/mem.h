/* SPDX-License-Identifier: MIT */
/*
 * mem.h - the arena: memory that lives as long as a topology or a lab does.
 *
 * Everything read from a topology file, and everything that makes up a lab, has one owner and one
 * end. An arena gives memory away in pieces and takes it back whole. Packet paths allocate
 * nothing: they work in fixed buffers.
 *
 * Out of memory ends the program with a message: sizes that come from outside (files, captures,
 * matrices) are bounded before they reach an allocation.
 */
#ifndef NATDLAB_BASE_MEM_H
#define NATDLAB_BASE_MEM_H

#include "lab/base/base.h"

struct arena;

struct arena *arena_new(void);
/* One whose memory comes in blocks of at least @block bytes from @get, which gives it zeroed and
 * never fails; arena_free() leaves those blocks as they are: they are whose they were. */
struct arena *arena_new_from(void *(*get)(size_t size), size_t block);
/* Frees the arena and every piece of it. NULL is allowed. */
void arena_free(struct arena *a);
/* For CLEANUP(arena_freep): frees *ap. */
void arena_freep(struct arena **ap);

/* @size zeroed bytes, aligned for anything; never NULL. */
void *arena_alloc(struct arena *a, size_t size);
/* @count elements of @size, zeroed; the product is checked. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A copy of @len bytes. */
void *arena_copy(struct arena *a, const void *p, size_t len);
/* A copy of a string, or of its first @len bytes, ended by NUL. */
char *arena_str(struct arena *a, const char *s);
char *arena_strn(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Bytes given away so far. For tests: that what must not grow does not. */
size_t arena_used(const struct arena *a);

#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array_of(a, n, type) ((type *)arena_array((a), (n), sizeof(type)))

/*
 * A growing array inside an arena: `VEC(struct step) v = {0}; *vec_push(a, &v) = x;`. The old
 * block stays in the arena until its end, which doubles the memory at the worst.
 */
#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}
#define vec_push(a, vec)                                                                           \
	((vec)->n < (vec)->cap                                                                     \
		 ? &(vec)->v[(vec)->n++]                                                           \
		 : ((vec)->v = vec_grow((a), (vec)->v, sizeof(*(vec)->v), (vec)->n, &(vec)->cap),  \
		    &(vec)->v[(vec)->n++]))
void *vec_grow(struct arena *a, void *old, size_t size, size_t n, size_t *cap);

#endif
