/* SPDX-License-Identifier: MIT */
/*
 * table.h - hash table of things that carry their own link: peers, SAs, tunnels by what names them.
 *
 * A zeroed table is empty. Entries are chained, and a chain is as long as chance makes it: the
 * number of chains doubles with the number of entries. The table knows hashes only: different keys
 * may have the same, and the caller compares keys. For numbers in an arena, which are not taken out
 * one by one, hash.h has another table, and the hash functions of both.
 *
 *	for (struct table_link *l = table_find(&t, hash_bytes(&spi, sizeof(spi))); l;
 *	     l = table_next(l))
 *		if (OWNER_OF(l, struct child, by_spi)->spi == spi)
 *			...
 */
#ifndef NATDLAB_BASE_TABLE_H
#define NATDLAB_BASE_TABLE_H

#include "lab/base/hash.h"

/* In the owner, which stays where it is while it is in the table. */
struct table_link {
	struct table_link *next;
	uint64_t hash;
};

struct table {
	struct table_link **chains;
	size_t n, size; /* entries; chains, a power of two, or 0 */
};

/* Adds an entry that is in no table. Out of memory ends the program. */
void table_add(struct table *t, struct table_link *link, uint64_t hash);
/* Takes out an entry that is in @t. */
void table_remove(struct table *t, struct table_link *link);
/* The newest entry under this hash, and the one before it; NULL: there is none. */
struct table_link *table_find(const struct table *t, uint64_t hash);
struct table_link *table_next(const struct table_link *link);
/* Frees the chains; the entries are their owners'. Leaves an empty table. */
void table_free(struct table *t);

#endif
