/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/inet.h"
#include "lab/base/wire.h"

static void a_read_past_the_end_latches(void **state)
{
	struct rd r = rd_new("\x01\x02\x03", 3);

	(void)state;
	assert_int_equal(rd_u16(&r, "a"), 0x0102);
	assert_int_equal(rd_u16(&r, "b"), 0);
	assert_false(rd_ok(&r));
	assert_int_equal(rd_u8(&r, "c"), 0);
	assert_int_equal(rd_left(&r), 0);
}

static void a_nested_reader_cannot_leave_its_part(void **state)
{
	struct rd r = rd_new("\x01\x02\x03\x04", 4);
	struct rd sub = rd_sub(&r, 2, "part");

	(void)state;
	assert_int_equal(rd_u16(&sub, NULL), 0x0102);
	assert_int_equal(rd_u8(&sub, NULL), 0);
	assert_false(rd_ok(&sub));
	assert_true(rd_ok(&r));
	assert_int_equal(rd_u16(&r, NULL), 0x0304);
	sub = rd_sub(&r, 1, "more than there is");
	assert_false(rd_ok(&sub));
	assert_false(rd_ok(&r));
}

static void named_fields_leave_spans(void **state)
{
	struct span v[4];
	struct spans s = {.v = v, .cap = ARRAY_LEN(v)};
	struct rd r = rd_new_spans("\x01\x02\x03\x04\x05", 5, &s);
	struct rd sub;

	(void)state;
	rd_u8(&r, "type");
	sub = rd_sub(&r, 3, "body");
	rd_u8(&sub, "flag");
	rd_u16(&sub, "port");
	rd_u8(&r, "one too many for the caller's array");
	assert_int_equal(s.n, 4);
	assert_string_equal(v[3].name, "port");
	assert_int_equal(v[3].off, 2);
	assert_int_equal(v[3].len, 2);
	assert_int_equal(v[3].depth, 1);
}

static void an_open_length_is_filled_in(void **state)
{
	uint8_t buf[8];
	struct wr w = wr_new(buf, sizeof(buf));
	struct wr_open o;

	(void)state;
	wr_u8(&w, 7);
	o = wr_open(&w, 2, 0);
	wr_bytes(&w, "abc", 3);
	wr_close(&w, o);
	assert_true(wr_ok(&w));
	assert_int_equal(wr_len(&w), 6);
	assert_memory_equal(buf, "\x07\x00\x06" "abc", 6);
	wr_u32(&w, 1);
	assert_false(wr_ok(&w));
}

static void hex_is_parsed_strictly(void **state)
{
	uint8_t b[2];

	(void)state;
	assert_int_equal(hex_parse("0aFf", b, 2), 2);
	assert_string_equal(HEX(b, 2), "0aff");
	assert_int_equal(hex_parse("0aF", b, 2), -1);
	assert_int_equal(hex_parse("0g", b, 2), -1);
	assert_int_equal(hex_parse("000000", b, 2), -1);
}

static void networks_are_parsed_strictly(void **state)
{
	struct inet_net n;
	struct inet_addr a;

	(void)state;
	assert_true(inet_parse_net("172.31.0.0/20", &n));
	assert_true(inet_parse_addr("172.31.15.255", &a));
	assert_true(inet_net_contains(n, a));
	assert_false(inet_parse_net("172.31.0.1/20", &n));
	assert_false(inet_parse_net("172.31.0.0/33", &n));
	assert_false(inet_parse_net("172.31.0.0/", &n));
	assert_false(inet_parse_net("172.31.0/20", &n));
	assert_false(inet_parse_addr("1.2.3.4 ", &a));
	assert_string_equal(INET_EP(inet_ep(inet_v4(0xcb00710a), 500)), "203.0.113.10:500");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_read_past_the_end_latches),
		cmocka_unit_test(a_nested_reader_cannot_leave_its_part),
		cmocka_unit_test(named_fields_leave_spans),
		cmocka_unit_test(an_open_length_is_filled_in),
		cmocka_unit_test(hex_is_parsed_strictly),
		cmocka_unit_test(networks_are_parsed_strictly),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
