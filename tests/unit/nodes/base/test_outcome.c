/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nodes/base/event.h"

/* A value without a word would be printed as "?", and of two with one word the first be read. */
static void every_value_has_a_word_of_its_own(void **state)
{
	static const struct words *const tables[] = {&outcome_words, &reached_words, &reason_words,
						     &encapsulation_words, &ppp_method_words};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (unsigned v = 0; v < tables[i]->n; v++)
			assert_int_equal(word_find(tables[i], word_of(tables[i], v)), v);
	for (unsigned d = 0; d < DROPS; d++)
		assert_string_not_equal(drop_name(d), "?");
}

static void a_file_can_claim_only_what_a_run_can_end_with(void **state)
{
	(void)state;
	assert_int_equal(word_find(&outcome_claim_words, "failed"), OUTCOME_FAILED);
	assert_int_equal(word_find(&outcome_claim_words, "undecided"), -1);
	assert_int_equal(word_find(&reason_claim_words, "none"), REASON_NONE);
	assert_int_equal(word_find(&reason_claim_words, "ppp-failed"), REASON_PPP_FAILED);
	assert_int_equal(word_find(&reason_claim_words, "deleted"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_has_a_word_of_its_own),
		cmocka_unit_test(a_file_can_claim_only_what_a_run_can_end_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
