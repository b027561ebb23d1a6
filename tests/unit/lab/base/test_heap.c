/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/base/heap.h"

#define MANY 300

/* Any numbers that do not repeat soon; the same in every run. */
static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void nobody_is_due_at_first(void **state)
{
	struct heap_item item = {0};
	struct heap h = {0};

	(void)state;
	assert_true(heap_deadline(&h) == USEC_NEVER);
	assert_null(heap_first(&h));
	heap_set(&h, &item, USEC_NEVER);
	assert_null(heap_first(&h));
	heap_free(&h);
}

static void of_those_due_at_one_time_the_lowest_order_is_first(void **state)
{
	struct heap_item items[5] = {{0}};
	struct heap h = {0};

	(void)state;
	for (unsigned i = 5; i-- > 1;) {
		items[i].order = i;
		heap_set(&h, &items[i], 7);
	}
	for (unsigned i = 1; i < 5; i++) {
		assert_true(heap_deadline(&h) == 7);
		assert_ptr_equal(heap_first(&h), &items[i]);
		heap_set(&h, &items[i], USEC_NEVER);
	}
	assert_null(heap_first(&h));
	heap_free(&h);
}

/* What a scan over all of them finds. */
static usec scan(const usec *due, unsigned *who)
{
	*who = 0;
	for (unsigned i = 1; i < MANY; i++)
		if (due[i] < due[*who])
			*who = i;
	return due[*who];
}

static void it_says_what_a_scan_over_all_would_say(void **state)
{
	struct heap_item items[MANY] = {{0}};
	struct heap h = {0};
	uint32_t random = 1;
	usec due[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		due[i] = USEC_NEVER;
		items[i].order = i;
	}
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = next(&random) % MANY, wanted;
		usec t = next(&random) % 5 == 0 ? USEC_NEVER : (usec)(next(&random) % 1000), first;

		due[i] = t;
		heap_set(&h, &items[i], t);
		first = scan(due, &wanted);
		assert_true(heap_deadline(&h) == first);
		if (first != USEC_NEVER)
			assert_ptr_equal(heap_first(&h), &items[wanted]);
	}
	heap_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_due_at_first),
		cmocka_unit_test(of_those_due_at_one_time_the_lowest_order_is_first),
		cmocka_unit_test(it_says_what_a_scan_over_all_would_say),
	};

	return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
