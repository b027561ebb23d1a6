/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "nodes/base/event.h"
#include "tests/event_log.h"

static void a_field_of_words_gives_the_value_and_its_text(void **state)
{
	struct event e = ev_new(EV_AUTH);

	(void)state;
	ev_word(&e, K_METHOD, PPP_AUTH_MSCHAPV2);
	ev_word(&e, K_WHY, REASON_REFUSED);
	assert_int_equal(ev_get_word(&e, K_METHOD), PPP_AUTH_MSCHAPV2);
	assert_string_equal(ev_get_str(&e, K_METHOD), "ms-chap-v2");
	assert_int_equal(ev_get_word(&e, K_WHY), REASON_REFUSED);
	assert_string_equal(ev_get_str(&e, K_WHY), "refused");
	assert_string_equal(ev_get_str(&e, K_ERROR), "");
	assert_int_equal(ev_get_word(&e, K_OUTCOME), 0);
}

/* Fields lie one behind the other: each must come back whole beside all the others. */
static void every_field_comes_back_as_it_was_put(void **state)
{
	static const uint8_t cky_i[8] = {1, 2, 3, 4, 5, 6, 7, 8}, cky_r[8] = {0xff, 9};
	const struct inet_ep src = inet_ep(inet_v4(0xc0a8010a), 500);
	const struct inet_ep dst = inet_ep(inet_v4(0xcb00710a), 65535);
	struct event e = ev_new(EV_ISAKMP);
	struct ev_field f;

	(void)state;
	ev_u(&e, K_MESSAGE, 255); /* in any order */
	ev_ep(&e, K_SRC, src);
	ev_u(&e, K_LENGTH, UINT32_MAX);
	ev_ep(&e, K_DST, dst);
	ev_hex(&e, K_CKY_R, cky_r, 8);
	ev_hex(&e, K_CKY_I, cky_i, 8);
	ev_u(&e, K_MSGID, 0x80000001);
	assert_true(ev_get(&e, K_SRC, &f) && inet_ep_eq(f.ep, src));
	assert_true(ev_get(&e, K_DST, &f) && inet_ep_eq(f.ep, dst));
	assert_memory_equal(ev_get_hex(&e, K_CKY_I), cky_i, 8);
	assert_memory_equal(ev_get_hex(&e, K_CKY_R), cky_r, 8);
	assert_true(ev_get_u(&e, K_MSGID) == 0x80000001);
	assert_true(ev_get_u(&e, K_LENGTH) == UINT32_MAX);
	assert_int_equal(ev_get_u(&e, K_MESSAGE), 255);
	assert_false(ev_get(&e, K_FLAGS, &f));
	assert_false(ev_get(&e, K_DROP, &f));
}

static void fields_are_read_in_the_order_of_their_table_and_absent_ones_left_out(void **state)
{
	static const enum ev_key want[] = {K_SENT, K_PROTO, K_SPI};
	struct event e = ev_new(EV_DELETE);
	struct ev_field f;
	unsigned n = 0;

	(void)state;
	ev_u(&e, K_SPI, 7);
	ev_bool(&e, K_SENT, false);
	ev_u(&e, K_PROTO, 3);
	for (unsigned i = 0; ev_next(&e, &i, &f); n++)
		assert_int_equal(f.key, want[n]);
	assert_int_equal(n, ARRAY_LEN(want));
}

/* Every key of every kind has room: the sizes of a kind's fields are added up where one is put. */
static void every_kind_has_room_for_all_of_its_fields(void **state)
{
	static const uint8_t bytes[8];
	unsigned fields = 0;

	(void)state;
	for (unsigned kind = 0; kind < EV_KINDS; kind++) {
		struct event all = ev_new((enum ev_kind)kind);
		struct ev_field f;

		all.present = ~all.present; /* whatever such an event may carry */
		for (unsigned i = 0; ev_next(&all, &i, &f); fields++) {
			struct event e = ev_new((enum ev_kind)kind);

			if (f.type == EVT_U)
				ev_u(&e, f.key, 1);
			else if (f.type == EVT_BOOL || f.key == K_ENCAP) /* a bool with words */
				ev_bool(&e, f.key, true);
			else if (f.type == EVT_WORD)
				ev_word(&e, f.key, 1);
			else if (f.type == EVT_STR)
				ev_str(&e, f.key, "text");
			else if (f.type == EVT_EP)
				ev_ep(&e, f.key, inet_ep(inet_v4(1), 1));
			else
				ev_hex(&e, f.key, bytes, f.key == K_ESP_SPI ? 4 : sizeof(bytes));
			assert_int_not_equal(e.present, 0);
		}
	}
	assert_true(fields > 80);
}

static void what_a_log_keeps_outlives_what_the_event_pointed_to(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	uint8_t hash[20];
	struct event e = ev_new(EV_NATD);
	struct ev_field f;
	struct ev_log log;

	(void)state;
	ev_log_init(&log, a);
	memset(hash, 0xaa, sizeof(hash));
	ev_hex(&e, K_HASH1, hash, sizeof(hash));
	assert_int_equal(ev_log_put(&log, &e), 1);
	memset(hash, 0, sizeof(hash));
	assert_true(ev_get(&log.ev.v[0], K_HASH1, &f));
	assert_int_equal(f.len, sizeof(hash));
	assert_int_equal(f.bytes[19], 0xaa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_of_words_gives_the_value_and_its_text),
		cmocka_unit_test(every_field_comes_back_as_it_was_put),
		cmocka_unit_test(
			fields_are_read_in_the_order_of_their_table_and_absent_ones_left_out),
		cmocka_unit_test(every_kind_has_room_for_all_of_its_fields),
		cmocka_unit_test(what_a_log_keeps_outlives_what_the_event_pointed_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
