/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "nodes/wire/l2tp_msg.h"

static void data_headers_are_read_in_every_form(void **state)
{
	static const struct {
		const char *hex;
		enum drop drop;
		size_t len;
	} cases[] = {
		{"000200010002c021", DROP_NONE, 2},
		{"4002000a00010002c021", DROP_NONE, 2},
		{"4002000a00010002c021ffff", DROP_NONE, 2}, /* padding behind the length */
		{"4002000b00010002c021", DROP_L2TP_HEADER, 0},
		{"40020003", DROP_L2TP_HEADER, 0},
		{"08020001000200010000c021", DROP_NONE, 2},
		{"0202000100020003aaaaaac021", DROP_NONE, 2},
		{"0202000100020005aaaaaac0", DROP_L2TP_HEADER, 0},
		{"4b02001200010002000100000002aaaac021", DROP_NONE, 2},
		{"000200010002", DROP_NONE, 0},
		{"0002000100", DROP_L2TP_HEADER, 0},
		{"000300010002c021", DROP_L2TP_HEADER, 0},
		{"8002", DROP_L2TP_HEADER, 0},
		{"c902000c0000000000000000", DROP_L2TP_HEADER, 0},
		{"ca02000c0000000000000000", DROP_L2TP_HEADER, 0},
		{"c802000c0000000000000000", DROP_NONE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t b[32];
		int n = hex_parse(cases[i].hex, b, sizeof(b));
		struct l2tp_msg m;

		assert_true(n > 0);
		assert_int_equal(l2tp_parse(&m, b, (size_t)n, NULL), cases[i].drop);
		if (cases[i].drop == DROP_NONE && !m.control) {
			assert_int_equal(m.tunnel, 1);
			assert_int_equal(m.session, 2);
			assert_int_equal(m.len, cases[i].len);
		}
	}
}

static void every_named_field_leaves_a_span(void **state)
{
	struct span v[64];
	struct spans s = {.v = v, .cap = ARRAY_LEN(v)};
	struct l2tp_out o;
	struct l2tp_msg m;
	uint8_t buf[100];
	bool host = false;

	(void)state;
	l2tp_begin(&o, buf, sizeof(buf), 0, 0, 0, 0, 0);
	l2tp_put(&o, AVP_MESSAGE_TYPE, L2TP_SCCRQ);
	l2tp_put_bytes(&o, AVP_HOST_NAME, "mac", 3);
	assert_int_equal(l2tp_parse(&m, buf, l2tp_end(&o), &s), DROP_NONE);
	for (size_t i = 0; i < s.n; i++)
		host |= !strcmp(v[i].name, "Host Name") && v[i].len == 3 && v[i].off == 26;
	assert_true(host);
}

static void a_message_that_does_not_fit_has_no_length(void **state)
{
	struct l2tp_out o;
	uint8_t buf[30];
	uint16_t ns = 5;

	(void)state;
	l2tp_begin(&o, buf, 20, 0, 0, 0, 0, 0);
	l2tp_put(&o, AVP_MESSAGE_TYPE, L2TP_HELLO);
	assert_int_equal(l2tp_end(&o), 20);
	l2tp_begin(&o, buf, 19, 0, 0, 0, 0, 0);
	l2tp_put(&o, AVP_MESSAGE_TYPE, L2TP_HELLO);
	assert_int_equal(l2tp_end(&o), 0);
	assert_int_equal(l2tp_data(buf, sizeof(buf), 1, 2, NULL, "12345678901234567890", 20), 28);
	assert_memory_equal(buf, "\x40\x02\x00\x1c\x00\x01\x00\x02" "12", 10);
	assert_int_equal(l2tp_data(buf, 27, 1, 2, NULL, "12345678901234567890", 20), 0);
	assert_int_equal(l2tp_data(buf, sizeof(buf), 1, 2, &ns, "x", 1), 13);
	assert_memory_equal(buf, "\x48\x02\x00\x0d\x00\x01\x00\x02\x00\x05\x00\x00x", 13);
	assert_int_equal(ns, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_headers_are_read_in_every_form),
		cmocka_unit_test(every_named_field_leaves_a_span),
		cmocka_unit_test(a_message_that_does_not_fit_has_no_length),
	};

	return cmocka_run_group_tests_name("l2tp_msg", tests, NULL, NULL);
}
