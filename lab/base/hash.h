/* SPDX-License-Identifier: MIT */
/*
 * hash.h - the hash functions, and numbers found by a 64-bit key: a hash table that grows in an
 * arena. Pure.
 *
 * This table is for elements of an array that are never taken out one by one. What comes and goes
 * and lives outside an arena (peers, SAs, tunnels) stands in one of table.h.
 *
 * Several numbers may stand under one key, and different things may have the same key: the caller
 * compares what the numbers stand for. `struct hash h = {0};` is an empty table.
 *
 *	hash_put(a, &h, hash_ep(ep), i);
 *	for (size_t at = 0; hash_next(&h, hash_ep(ep), &at, &i);)
 *		if (inet_ep_eq(v[i], ep))
 *			...
 */
#ifndef NATDLAB_BASE_HASH_H
#define NATDLAB_BASE_HASH_H

#include "lab/base/inet.h"
#include "lab/base/mem.h"

struct hash_slot {
	uint64_t key;
	uint32_t value;
	bool used;
};

struct hash {
	struct hash_slot *slot;
	size_t n, cap; /* cap: a power of two, or 0 */
};

/* Adds a number under a key. The table's memory is @a's. */
void hash_put(struct arena *a, struct hash *h, uint64_t key, uint32_t value);
/* The next number under a key into *@value, in the order in which they were put; false: no more.
 * *@at: 0 before the first call. */
bool hash_next(const struct hash *h, uint64_t key, size_t *at, uint32_t *value);
/* Forgets all numbers and keeps the memory. */
void hash_clear(struct hash *h);

/*
 * Keys: of @len bytes, of two numbers, of an address, of an address and a port. The same in every
 * run: who can choose what is hashed can make many equal, so their number must have a bound of the
 * caller's.
 */
uint64_t hash_bytes(const void *p, size_t len);
uint64_t hash_mix(uint64_t x, uint64_t y);
uint64_t hash_addr(struct inet_addr addr);
uint64_t hash_ep(struct inet_ep ep);

#endif
