/* SPDX-License-Identifier: MIT */
/*
 * The hash table of things that carry their own link.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lab/base/table.h"

#define MANY 5000

struct thing {
	uint32_t key;
	struct table_link link;
};

static uint64_t hash_of(uint32_t key)
{
	return hash_bytes(&key, sizeof(key));
}

static struct thing *find(const struct table *t, uint32_t key)
{
	for (struct table_link *l = table_find(t, hash_of(key)); l; l = table_next(l)) {
		struct thing *thing = OWNER_OF(l, struct thing, link);

		if (thing->key == key)
			return thing;
	}
	return NULL;
}

static void an_empty_table_has_nothing(void **state)
{
	struct table t = {0};

	(void)state;
	assert_null(find(&t, 1));
	table_free(&t);
}

static void what_was_added_is_found_until_it_is_removed(void **state)
{
	struct thing *things = calloc(MANY, sizeof(*things));
	struct table t = {0};

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		things[i].key = i * 256;
		table_add(&t, &things[i].link, hash_of(things[i].key));
	}
	for (uint32_t i = 0; i < MANY; i += 2)
		table_remove(&t, &things[i].link);
	assert_int_equal(t.n, MANY / 2);
	for (uint32_t i = 0; i < MANY; i++)
		assert_ptr_equal(find(&t, i * 256), i % 2 ? &things[i] : NULL);
	table_free(&t);
	free(things);
}

static void of_one_key_the_newest_is_first_however_the_table_grew(void **state)
{
	struct thing *things = calloc(MANY, sizeof(*things));
	struct table t = {0};
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		things[i].key = i % 100 ? i : 0;
		table_add(&t, &things[i].link, hash_of(things[i].key));
	}
	for (struct table_link *l = table_find(&t, hash_of(0)); l; l = table_next(l))
		if (OWNER_OF(l, struct thing, link)->key == 0)
			assert_ptr_equal(l, &things[MANY - 100 * ++n].link);
	assert_int_equal(n, MANY / 100);
	table_free(&t);
	free(things);
}

static void chains_stay_short(void **state)
{
	struct thing *things = calloc(MANY, sizeof(*things));
	struct table t = {0};
	size_t longest = 0;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		things[i].key = i << 16;
		table_add(&t, &things[i].link, hash_of(things[i].key));
	}
	for (size_t i = 0; i < t.size; i++) {
		size_t len = 0;

		for (struct table_link *l = t.chains[i]; l; l = l->next)
			len++;
		longest = MAX(longest, len);
	}
	assert_true(longest < 12);
	table_free(&t);
	free(things);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_has_nothing),
		cmocka_unit_test(what_was_added_is_found_until_it_is_removed),
		cmocka_unit_test(of_one_key_the_newest_is_first_however_the_table_grew),
		cmocka_unit_test(chains_stay_short),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
