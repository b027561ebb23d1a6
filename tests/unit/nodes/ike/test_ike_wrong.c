/* SPDX-License-Identifier: MIT */
/*
 * What each product answers to what is wrong, and what it does not look at: measured by
 * tests/interop/prober.c, held here in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nodes/ike/ike_priv.h"
#include "tests/unit/ike_net.h"

#define STRONGSWAN "strongswan-5.9"
#define LIBRESWAN "libreswan"
#define SOFTETHER "softether-5"
#define LISTENS "softether-5-listen"

enum { ANSWERED = -1, SILENCE = 0 }; /* as if nothing were wrong; not at all */

/* An exchange that has come to the point where message @k is about to arrive. */
static struct net *paused(const char *server, size_t k)
{
	struct net *net = net_new("macos", server, true, true);

	ike_dial(net->client.ike, net->now);
	while (net->done < k)
		net_deliver(net, &net->frames[net->done++]);
	assert_int_equal(net->n, k + 1);
	return net;
}

/* What the server says to this frame: the type of a notify in clear, ANSWERED or SILENCE. */
static int answer(struct net *net, const struct frame *f, size_t *len)
{
	size_t before = net->n;
	struct isakmp_msg m;

	net_deliver(net, f);
	*len = 0;
	if (net->n == before)
		return SILENCE;
	assert_int_equal(net->n, before + 1);
	*len = net->frames[before].len;
	if (isakmp_parse(&m, net->frames[before].data, *len, NULL) == DROP_VERSION)
		return NOTIFY_INVALID_MAJOR_VERSION;
	return m.n_notifies ? m.notifies[0].type : ANSWERED;
}

static void a_wrong_message_1_gets_what_the_product_says(void **state)
{
	/* A byte of message 1 becomes another; or, at 0, it is cut behind so many bytes, and at 1
	 * its header claims so many more. */
	enum { CUT = 0, CLAIM = 1 };
	static const struct {
		const char *what, *server;
		size_t at;
		uint8_t value;
		int says;
		size_t len;
	} v[] = {
		{"half an SA", STRONGSWAN, CUT, 56, NOTIFY_PAYLOAD_MALFORMED, 40},
		{"half an SA", LIBRESWAN, CUT, 56, SILENCE, 0},
		{"half an SA", SOFTETHER, CUT, 56, SILENCE, 0},
		{"half an SA", LISTENS, CUT, 56, NOTIFY_NO_PROPOSAL_CHOSEN, 56},
		{"half a header", STRONGSWAN, CUT, 27, SILENCE, 0},
		{"half a header", LISTENS, CUT, 27, SILENCE, 0},
		{"a longer length", STRONGSWAN, CLAIM, 8, ANSWERED, 0},
		{"a longer length", LIBRESWAN, CLAIM, 8, SILENCE, 0},
		{"a longer length", SOFTETHER, CLAIM, 8, SILENCE, 0},
		{"an unknown payload first", STRONGSWAN, 16, 200, NOTIFY_INVALID_PAYLOAD_TYPE, 56},
		{"an unknown payload first", LIBRESWAN, 16, 200, NOTIFY_INVALID_PAYLOAD_TYPE, 40},
		{"an unknown payload first", SOFTETHER, 16, 200, NOTIFY_NO_PROPOSAL_CHOSEN, 56},
		{"no payload", STRONGSWAN, 16, 0, NOTIFY_INVALID_PAYLOAD_TYPE, 56},
		{"no payload", LIBRESWAN, 16, 0, SILENCE, 0},
		{"no payload", SOFTETHER, 16, 0, SILENCE, 0},
		{"no payload", LISTENS, 16, 0, NOTIFY_NO_PROPOSAL_CHOSEN, 56},
		{"version 3.0", STRONGSWAN, 17, 0x30, NOTIFY_INVALID_MAJOR_VERSION, 36},
		{"version 3.0", LIBRESWAN, 17, 0x30, NOTIFY_INVALID_MAJOR_VERSION, 36},
		{"version 3.0", SOFTETHER, 17, 0x30, ANSWERED, 0},
		{"version 0.0", STRONGSWAN, 17, 0x00, NOTIFY_INVALID_MAJOR_VERSION, 36},
		{"version 0.0", LIBRESWAN, 17, 0x00, SILENCE, 0},
		{"version 1.1", STRONGSWAN, 17, 0x11, ANSWERED, 0},
		{"version 1.1", LIBRESWAN, 17, 0x11, NOTIFY_INVALID_MINOR_VERSION, 40},
		{"Aggressive Mode", STRONGSWAN, 18, 4, NOTIFY_AUTHENTICATION_FAILED, 56},
		{"Aggressive Mode", LIBRESWAN, 18, 4, SILENCE, 0},
		{"no exchange", STRONGSWAN, 18, 0, SILENCE, 0},
		{"no exchange", LIBRESWAN, 18, 0, NOTIFY_UNSUPPORTED_EXCHANGE, 40},
		{"exchange 99", LIBRESWAN, 18, 99, SILENCE, 0},
		{"encrypted", STRONGSWAN, 19, 1, SILENCE, 0},
		{"encrypted", LIBRESWAN, 19, 1, NOTIFY_INVALID_FLAGS, 40},
		{"a message ID", STRONGSWAN, 23, 7, SILENCE, 0},
		{"a message ID", LIBRESWAN, 23, 7, NOTIFY_INVALID_MESSAGE_ID, 40},
		{"a message ID", SOFTETHER, 23, 7, ANSWERED, 0},
		{"an SA of 3 bytes", STRONGSWAN, 31, 3, NOTIFY_PAYLOAD_MALFORMED, 40},
		{"an SA of 3 bytes", LIBRESWAN, 31, 3, SILENCE, 0},
		{"an SA of 3 bytes", LISTENS, 31, 3, NOTIFY_NO_PROPOSAL_CHOSEN, 56},
		{"DOI 0", STRONGSWAN, 35, 0, ANSWERED, 0},
		{"DOI 0", LIBRESWAN, 35, 0, NOTIFY_DOI_NOT_SUPPORTED, 40},
		{"DOI 0", SOFTETHER, 35, 0, SILENCE, 0},
		{"DOI 2", LIBRESWAN, 35, 2, SILENCE, 0},
		{"situation 0", STRONGSWAN, 39, 0, ANSWERED, 0},
		{"situation 0", LIBRESWAN, 39, 0, NOTIFY_SITUATION_NOT_SUPPORTED, 40},
		{"protocol ESP", STRONGSWAN, 45, 3, NOTIFY_PAYLOAD_MALFORMED, 40},
		{"protocol ESP", LIBRESWAN, 45, 3, NOTIFY_INVALID_PROTOCOL_ID, 40},
		{"protocol ESP", SOFTETHER, 45, 3, NOTIFY_NO_PROPOSAL_CHOSEN, 56},
		{"too many transforms claimed", STRONGSWAN, 47, 99, NOTIFY_PAYLOAD_MALFORMED, 40},
		{"too many transforms claimed", LIBRESWAN, 47, 99, SILENCE, 0},
		{"too many transforms claimed", SOFTETHER, 47, 99, ANSWERED, 0},
		{"a transform of 0 bytes", STRONGSWAN, 51, 0, NOTIFY_PAYLOAD_MALFORMED, 40},
		{"a transform of 0 bytes", LIBRESWAN, 51, 0, SILENCE, 0},
		{"a transform of 0 bytes", SOFTETHER, 51, 0, NOTIFY_NO_PROPOSAL_CHOSEN, 56},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = paused(v[i].server, 0);
		struct frame f = net->frames[0];
		size_t len;
		int says;

		if (v[i].at == CUT) {
			f.len = v[i].value;
			f.data[26] = 0;
			f.data[27] = v[i].value;
		} else if (v[i].at == CLAIM) {
			f.data[27] = (uint8_t)(f.data[27] + v[i].value);
		} else {
			f.data[v[i].at] = v[i].value;
		}
		says = answer(net, &f, &len);
		if (says != v[i].says || (v[i].len && len != v[i].len))
			fail_msg("%s, %s: %d in %zu bytes, not %d in %zu", v[i].what, v[i].server,
				 says, len, v[i].says, v[i].len);
		net_free(net);
	}
}

static void who_has_no_bare_esp_does_not_serve_clients_without_natt(void **state)
{
	static const char *const servers[] = {SOFTETHER, LISTENS};
	struct client_mode client = *mode_client("linux-plain");

	(void)state;
	client.vids[0] = (struct vid_rule){.vid = VID_DPD};
	client.n_vids = 1;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		struct net *net = net_new_rows(&client, mode_server(servers[i]), false, false, "x",
					       "x");

		net_dial(net);
		assert_int_equal(net->client.n_children, i);
		if (i == 0)
			assert_int_equal(net->n, 1); /* message 1, and silence */
		else
			assert_false(net->client.children[0].udp);
		net_free(net);
	}
}

static bool lose_from_arg(struct net *net, struct frame *f, size_t number)
{
	(void)f;
	return number < (size_t)net->arg;
}

/* SoftEther wants to hear of a Quick Mode, and gives up an SA that comes to none. */
static void message_6_is_sent_again_until_a_quick_mode_comes(void **state)
{
	static const usec at[] = {2 * SEC, 4 * SEC, 5 * SEC, 6 * SEC, 10 * SEC, 10 * SEC,
				  10 * SEC};
	struct client_mode client = *mode_client("macos");
	struct net *net;
	size_t n = 0;

	(void)state;
	client.quick_retry.n = client.later_retry.n = 0;
	client.keepalive_ms = 0;
	net = net_new_rows(&client, mode_server(SOFTETHER), true, true, "x", "x");
	net->pass = lose_from_arg;
	net->arg = 6; /* Quick Mode 1 does not arrive */
	net_dial(net);
	net_run(net, 9 * SEC);
	assert_int_equal(net->server.n_down, 0);
	net_run(net, 11 * SEC);
	assert_int_equal(net->server.n_down, 1);
	for (size_t i = 6; i < net->n; i++)
		if (!net->frames[i].from_client) {
			assert_true(n < ARRAY_LEN(at));
			assert_int_equal(net->frames[i].t, at[n++]); /* at 5 s a keep-alive */
		}
	assert_int_equal(n, ARRAY_LEN(at)); /* keep-alive, R-U-THERE, Delete */
	net_free(net);
}

static void a_wrong_secret_is_answered_where_the_product_believes_the_client(void **state)
{
	/* Where message 4 comes again, or the notify goes, after message 5 on 4500. */
	static const struct {
		const char *server;
		uint16_t port;
	} v[] = {{STRONGSWAN, 500}, {LIBRESWAN, 500}, {SOFTETHER, 4500}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = net_new_rows(mode_client("macos"), mode_server(v[i].server), true,
					       true, "one", "another");

		net_dial(net);
		net_run(net, 2 * SEC);
		assert_true(net->n > 5);
		for (size_t k = 5; k < net->n; k++)
			if (!net->frames[k].from_client)
				assert_int_equal(net->frames[k].src.port, v[i].port);
		net_free(net);
	}
}

static void strongswan_tells_original_addresses_unasked(void **state)
{
	static const char *const servers[] = {STRONGSWAN, LIBRESWAN};
	struct client_mode client = *mode_client("macos");

	(void)state;
	client.natoa_always = false;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		/* A client in public finds only the server behind a NAT, and sends no NAT-OA. */
		struct net *net = net_new_rows(&client, mode_server(servers[i]), false, true, "x",
					       "x");

		net_dial(net);
		assert_int_equal(net->client.n_children, 1);
		assert_int_equal(net->server.children[0].natoa_i.len, 0);
		assert_int_equal(net->client.children[0].natoa_r.len, i == 0 ? 4 : 0);
		net_free(net);
	}
}

static void quick_mode_1_again_gets_what_the_product_gives(void **state)
{
	static const struct {
		const char *server;
		size_t answers;
	} v[] = {{STRONGSWAN, 1}, {LIBRESWAN, 1}, {SOFTETHER, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = paused(v[i].server, 6);
		size_t before;

		net_deliver(net, &net->frames[6]);
		before = net->n;
		net_deliver(net, &net->frames[6]);
		assert_int_equal(net->n - before, v[i].answers);
		net_free(net);
	}
}

/* The public value in message 4 loses its first byte: a number with leading zeros left out, as
 * SoftEther sends it once in 256 times. */
static void a_short_public_value_is_what_the_clients_row_makes_of_it(void **state)
{
	enum { AT_LENGTH = 26, AT_KEY = 28, GENERIC = 4 };
	static const uint32_t ignores[] = {IGNORES_KEY_LENGTH, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ignores); i++) {
		struct client_mode client = *mode_client("macos");
		struct net *net;
		struct frame f;

		assert_int_equal(client.ignores, IGNORES_KEY_LENGTH);
		client.ignores = ignores[i];
		net = net_new_rows(&client, mode_server(STRONGSWAN), true, true, "x", "x");
		ike_dial(net->client.ike, net->now);
		while (net->done < 3)
			net_deliver(net, &net->frames[net->done++]);
		f = net->frames[3];
		assert_int_equal(f.data[16], PAYLOAD_KE);
		assert_true(f.data[AT_LENGTH + 1] > 0 && f.data[AT_KEY + 3] > 0); /* no borrow */
		f.data[AT_LENGTH + 1]--;
		f.data[AT_KEY + 3]--;
		f.len--;
		memmove(f.data + AT_KEY + GENERIC, f.data + AT_KEY + GENERIC + 1,
			f.len - AT_KEY - GENERIC);
		net_deliver(net, &f);
		assert_int_equal(net->n, i == 0 ? 5 : 4); /* message 5, or not */
		assert_int_equal(count_events(&net->client, EV_DROP), i);
		if (i == 1)
			assert_string_equal(ev_get_str(last_event(&net->client, EV_DROP), K_DROP),
					    drop_name(DROP_KEY_LENGTH));
		net_free(net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_message_1_gets_what_the_product_says),
		cmocka_unit_test(who_has_no_bare_esp_does_not_serve_clients_without_natt),
		cmocka_unit_test(message_6_is_sent_again_until_a_quick_mode_comes),
		cmocka_unit_test(a_wrong_secret_is_answered_where_the_product_believes_the_client),
		cmocka_unit_test(strongswan_tells_original_addresses_unasked),
		cmocka_unit_test(quick_mode_1_again_gets_what_the_product_gives),
		cmocka_unit_test(a_short_public_value_is_what_the_clients_row_makes_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
