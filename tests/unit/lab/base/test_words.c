/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/base/words.h"

static const char *const texts[] = {[0] = "red", [2] = "green", [3] = "red", [4] = ""};
static const struct words colours = WORDS_IN(texts);

static void a_value_has_its_word_and_a_value_without_one_a_question_mark(void **state)
{
	(void)state;
	assert_string_equal(word_of(&colours, 0), "red");
	assert_string_equal(word_of(&colours, 1), "?");
	assert_string_equal(word_of(&colours, 2), "green");
	assert_string_equal(word_of(&colours, 5), "?");
	assert_string_equal(word_of(&colours, (unsigned)-1), "?");
}

static void a_word_is_found_whole_and_only_where_a_value_has_it(void **state)
{
	(void)state;
	assert_int_equal(word_find(&colours, "green"), 2);
	assert_int_equal(word_find(&colours, "red"), 0);
	assert_int_equal(word_find(&colours, ""), 4);
	assert_int_equal(word_find(&colours, "gree"), -1);
	assert_int_equal(word_find(&colours, "greens"), -1);
	assert_int_equal(word_find(&colours, "?"), -1);
}

static void a_value_below_the_first_is_printed_and_not_looked_up(void **state)
{
	const struct words later = {texts, ARRAY_LEN(texts), 1};

	(void)state;
	assert_string_equal(word_of(&later, 0), "red");
	assert_int_equal(word_find(&later, "red"), 3);
}

static void an_element_is_found_by_its_name(void **state)
{
	static const struct {
		int other;
		const char *name;
	} v[] = {{1, "a"}, {2, NULL}, {3, "c"}};

	(void)state;
	assert_int_equal(FIND_NAMED(v, ARRAY_LEN(v), name, "c"), 2);
	assert_int_equal(FIND_NAMED(v, 2, name, "c"), -1);
	assert_int_equal(FIND_NAMED(v, 0, name, "a"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_has_its_word_and_a_value_without_one_a_question_mark),
		cmocka_unit_test(a_word_is_found_whole_and_only_where_a_value_has_it),
		cmocka_unit_test(an_element_is_found_by_its_name),
		cmocka_unit_test(a_value_below_the_first_is_printed_and_not_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
