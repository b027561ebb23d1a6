/* SPDX-License-Identifier: MIT */
/*
 * What a hostile capture may cost: the table of exchanges has its bounds, and no message costs more
 * because others came before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lab/analysis/analysis_priv.h"

static struct arena *a;
static struct watch *w;
static uint32_t number;

static int setup(void **state)
{
	(void)state;
	a = arena_new();
	w = watch_new(a, NULL);
	number = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

/* A message with these cookies and one payload. */
static void send(uint64_t i, uint64_t r, bool from_client, uint8_t exchange, uint8_t type,
		 const void *body, size_t body_len)
{
	const struct inet_ep client = inet_ep(inet_v4(0x0a140002), 500),
			     server = inet_ep(inet_v4(0xcb00710a), 500);
	uint8_t ci[8], cr[8], buf[WATCH_KEPT + 64], ip[WATCH_KEPT + 128];
	struct wr w_ip = wr_new(ip, sizeof(ip));
	struct isakmp_out o;
	size_t len;

	memcpy(ci, &i, 8);
	memcpy(cr, &r, 8);
	isakmp_begin(&o, buf, sizeof(buf), ci, cr, exchange, 0, 0);
	isakmp_payload_put(&o, type, body, body_len);
	len = isakmp_end(&o);
	wr_ipv4(&w_ip, from_client ? client.addr : server.addr,
		from_client ? server.addr : client.addr, IPPROTO_UDP_, 64, 1, 8 + len);
	wr_udp(&w_ip, from_client ? client : server, from_client ? server : client, buf, len);
	number++;
	watch_frame(w, "here", LINKTYPE_RAW_, (usec)number * SEC, number, ip, wr_len(&w_ip));
}

/* A message of Main Mode; @r 0: message 1, else one of a key exchange. */
static void message(uint64_t i, uint64_t r, bool from_client)
{
	send(i, r, from_client, EXCHANGE_MAIN, PAYLOAD_NONCE, from_client ? "client" : "server", 6);
}

/* Messages 1, 3 and 4. */
static void finished(uint64_t i)
{
	message(i, 0, true);
	message(i, ~i, true);
	message(i, ~i, false);
}

static uint64_t cookie_of(const struct exchange *x)
{
	uint64_t i;

	memcpy(&i, x->cky_i, 8);
	return i;
}

static void the_oldest_finished_ones_go_when_all_are_finished(void **state)
{
	const uint64_t n = 3 * WATCH_EXCHANGES + 100; /* the table slides more than once */
	struct exchange *const *v;

	(void)state;
	for (uint64_t i = 1; i <= n; i++)
		finished(i);
	assert_int_equal(watch_exchanges(w, &v), WATCH_EXCHANGES);
	for (uint64_t i = 0; i < WATCH_EXCHANGES; i++)
		assert_int_equal(cookie_of(v[i]), n - WATCH_EXCHANGES + 1 + i);
}

static void unfinished_ones_go_before_finished_ones_wherever_they_stand(void **state)
{
	struct exchange *const *v;
	size_t open = 0;

	(void)state;
	for (uint64_t i = 1; i <= 3 * WATCH_EXCHANGES; i++) {
		if (i % 3)
			message(i, 0, true);
		else
			finished(i);
	}
	assert_int_equal(watch_exchanges(w, &v), WATCH_EXCHANGES);
	for (size_t i = 0; i < WATCH_EXCHANGES; i++) {
		open += !v[i]->mm[4].seen;
		assert_true(i == 0 || cookie_of(v[i]) > cookie_of(v[i - 1]));
	}
	/* All finished ones found room; the last to come is the only other one. */
	assert_in_range(open, 0, 2);
}

/* Cookies that all fall into the bucket of the first: somebody has read our hash function. */
static void cookies_chosen_to_meet_in_one_bucket_have_little_room(void **state)
{
	struct exchange *const *v;
	uint64_t last = 0;
	size_t n = 0, met;

	(void)state;
	for (uint64_t i = 1; n < 1000; i++) {
		if (hash_bytes(&i, 8) % 4096 != 7)
			continue;
		message(i, 0, true);
		last = i;
		n++;
	}
	met = watch_exchanges(w, &v);
	assert_in_range(met, 8, 64);
	assert_int_equal(cookie_of(v[met - 1]), last);
	message(last, 0, true);
	assert_int_equal(v[met - 1]->mm[1].copies, 2);
}

/* Each notify takes the place of the one before it. */
static void notifies_that_grow_byte_by_byte_cost_no_more_than_the_longest(void **state)
{
	uint8_t body[WATCH_KEPT] = {0, 0, 0, 1, 1, 0, 0, 14}; /* DOI, protocol, no SPI, type */
	struct exchange *const *v;
	size_t before;

	(void)state;
	watch_keep(w);
	message(1, 0, true);
	before = arena_used(a);
	for (size_t len = 8; len <= WATCH_KEPT - 32; len++)
		send(1, 0, false, EXCHANGE_INFORMATIONAL, PAYLOAD_NOTIFY, body, len);
	assert_int_equal(watch_exchanges(w, &v), 1);
	assert_int_equal(v[0]->notify, 14);
	assert_int_equal(v[0]->kept[0].len, WATCH_KEPT);
	assert_in_range(arena_used(a) - before, WATCH_KEPT, 3 * WATCH_KEPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_oldest_finished_ones_go_when_all_are_finished,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			unfinished_ones_go_before_finished_ones_wherever_they_stand, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			cookies_chosen_to_meet_in_one_bucket_have_little_room, setup, teardown),
		cmocka_unit_test_setup_teardown(
			notifies_that_grow_byte_by_byte_cost_no_more_than_the_longest, setup,
			teardown),
	};

	return cmocka_run_group_tests_name("watch_bounds", tests, NULL, NULL);
}
