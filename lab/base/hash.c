/* SPDX-License-Identifier: MIT */
#include "lab/base/hash.h"

#include <string.h>

static void put(struct hash *h, uint64_t key, uint32_t value)
{
	size_t i = key & (h->cap - 1);

	while (h->slot[i].used)
		i = (i + 1) & (h->cap - 1);
	h->slot[i] = (struct hash_slot){key, value, true};
	h->n++;
}

/* The old slots are put again from a free one on, so that what stands under one key keeps its
 * order though a row of slots may lead around the end. */
static void grow(struct arena *a, struct hash *h)
{
	struct hash old = *h;
	size_t first = 0;

	h->cap = old.cap ? 2 * old.cap : 16;
	h->n = 0;
	h->slot = arena_array_of(a, h->cap, struct hash_slot);
	while (first < old.cap && old.slot[first].used)
		first++;
	for (size_t k = 0; k < old.cap; k++) {
		const struct hash_slot *s = &old.slot[(first + k) & (old.cap - 1)];

		if (s->used)
			put(h, s->key, s->value);
	}
}

void hash_put(struct arena *a, struct hash *h, uint64_t key, uint32_t value)
{
	if (2 * h->n >= h->cap)
		grow(a, h);
	put(h, key, value);
}

bool hash_next(const struct hash *h, uint64_t key, size_t *at, uint32_t *value)
{
	while (h->cap) {
		const struct hash_slot *s = &h->slot[(key + *at) & (h->cap - 1)];

		if (!s->used)
			return false;
		++*at;
		if (s->key == key) {
			*value = s->value;
			return true;
		}
	}
	return false;
}

void hash_clear(struct hash *h)
{
	if (h->cap)
		memset(h->slot, 0, h->cap * sizeof(*h->slot));
	h->n = 0;
}

/* The finalizer of MurmurHash3. */
uint64_t hash_mix(uint64_t x, uint64_t y)
{
	x = x * 0x9e3779b97f4a7c15 + y;
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccd;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53;
	return x ^ x >> 33;
}

/* FNV-1a, whose low bits depend on the bytes' low bits alone: mixed once more. */
uint64_t hash_bytes(const void *p, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ ((const uint8_t *)p)[i]) * UINT64_C(0x100000001b3);
	return hash_mix(h, 0);
}

uint64_t hash_addr(struct inet_addr addr)
{
	uint64_t half[2];

	memcpy(half, addr.b, sizeof(half));
	return hash_mix(half[0], half[1] ^ addr.len);
}

uint64_t hash_ep(struct inet_ep ep)
{
	return hash_mix(hash_addr(ep.addr), ep.port);
}
