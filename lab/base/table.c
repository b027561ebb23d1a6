/* SPDX-License-Identifier: MIT */
#include "lab/base/table.h"

#include <stdlib.h>

#define CHAINS_MIN 8

static struct table_link **chain_of(const struct table *t, uint64_t hash)
{
	return &t->chains[hash & (t->size - 1)];
}

/* Each chain parts into two, both in the old order. */
static void grow(struct table *t)
{
	struct table old = *t;

	t->size = old.size ? 2 * old.size : CHAINS_MIN;
	t->chains = calloc(t->size, sizeof(struct table_link *));
	if (!t->chains)
		abort();
	for (size_t i = 0; i < old.size; i++) {
		struct table_link **end[2] = {&t->chains[i], &t->chains[i + old.size]};

		for (struct table_link *l = old.chains[i]; l; l = l->next) {
			size_t which = l->hash & old.size ? 1 : 0;

			*end[which] = l;
			end[which] = &l->next;
		}
		*end[0] = *end[1] = NULL;
	}
	free(old.chains);
}

void table_add(struct table *t, struct table_link *link, uint64_t hash)
{
	struct table_link **chain;

	if (t->n == t->size)
		grow(t);
	chain = chain_of(t, hash);
	*link = (struct table_link){.next = *chain, .hash = hash};
	*chain = link;
	t->n++;
}

void table_remove(struct table *t, struct table_link *link)
{
	struct table_link **at = chain_of(t, link->hash);

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	t->n--;
}

static struct table_link *first_of(struct table_link *l, uint64_t hash)
{
	while (l && l->hash != hash)
		l = l->next;
	return l;
}

struct table_link *table_find(const struct table *t, uint64_t hash)
{
	return t->size ? first_of(*chain_of(t, hash), hash) : NULL;
}

struct table_link *table_next(const struct table_link *link)
{
	return first_of(link->next, link->hash);
}

void table_free(struct table *t)
{
	free(t->chains);
	*t = (struct table){0};
}
