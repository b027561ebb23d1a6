/* SPDX-License-Identifier: MIT */
/*
 * IKE over time: lost and duplicated messages, each product's retransmission and patience, wrong
 * keys, Deletes, dead peer detection, keep-alives, moving peers.
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

static const char *const client_names[] = {"macos", "windows-10"};
static const char *const server_names[] = {"rras-2012r2", "strongswan-5.3", "softether-4"};

/* ---- loss ---- */

static bool lose_one(struct net *net, struct frame *f, size_t number)
{
	(void)f;
	return number != (size_t)net->arg;
}

static void any_one_message_may_be_lost(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 3 * 8; i++) {
		struct net *net = net_new(client_names[i % 2], server_names[i / 2 % 3], true, true);

		net->pass = lose_one;
		net->arg = (int)(i / 6);
		net_dial(net);
		net_run(net, 25 * SEC);
		if (net->client.n_children != 1 || net->server.n_children != 1)
			fail_msg("%s, %s: message %d lost, %u and %u SAs", client_names[i % 2],
				 server_names[i / 2 % 3], net->arg + 1, net->client.n_children,
				 net->server.n_children);
		net_free(net);
	}
}

static void a_lost_last_message_is_missed_by_who_asks_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net = net_new("windows-10", server_names[i], true, true);

		net->pass = lose_one;
		net->arg = 8;
		net_dial(net);
		net_run(net, 30 * SEC);
		assert_int_equal(net->client.n_children, 1);
		/* RRAS never sends anything again: its SA does not come up. */
		assert_int_equal(net->server.n_children, i == 0 ? 0 : 1);
		net_free(net);
	}
}

static void duplicates_change_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 3; i++) {
		struct net *net = net_new(client_names[i % 2], server_names[i / 2], true, true);

		ike_dial(net->client.ike, net->now);
		while (net->done < net->n) {
			struct frame *f = &net->frames[net->done++];

			net_deliver(net, f);
			net_deliver(net, f);
		}
		assert_int_equal(net->client.n_up, 1);
		assert_int_equal(net->client.n_children, 1);
		assert_int_equal(net->server.n_children, 1);
		assert_int_equal(net->client.n_down, 0);
		assert_true(count_events(&net->server, EV_DROP) > 0);
		net_free(net);
	}
}

static bool lose_all(struct net *net, struct frame *f, size_t number)
{
	(void)net, (void)f, (void)number;
	return false;
}

/* Seconds at which the client's frames from number @from on left. */
static void assert_times(const struct net *net, bool client, size_t from, const int *ms, size_t n)
{
	size_t k = 0;

	for (size_t i = from; i < net->n; i++) {
		if (net->frames[i].from_client != client)
			continue;
		assert_true(k < n);
		assert_int_equal(net->frames[i].t, ms[k++] * MSEC);
	}
	assert_int_equal(k, n);
}

static void windows_asks_four_times_and_gives_up(void **state)
{
	static const int at[] = {0, 1000, 2000, 5000};
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);

	(void)state;
	net->pass = lose_all;
	net_dial(net);
	net_run(net, 100 * SEC);
	assert_times(net, true, 0, at, ARRAY_LEN(at));
	assert_int_equal(count_events(&net->client, EV_RETRANSMIT), 3);
	assert_int_equal(net->client.n_down, 1);
	assert_string_equal(reason_name(net->client.reason), "no-reply");
	assert_true(ike_deadline(net->client.ike) == USEC_NEVER);
	net_free(net);
}

/* Only the first @arg frames arrive. */
static bool first_ones(struct net *net, struct frame *f, size_t number)
{
	(void)f;
	return number < (size_t)net->arg;
}

static void servers_are_as_patient_as_their_products(void **state)
{
	/* The client falls silent after message 1 or 3. When does the server send what? Times of
	 * its frames from its first answer on, and when it forgets. */
	static const struct {
		const char *server;
		int frames; /* that arrive */
		int n, at[8];
		int half_open;
		bool delete_said;
	} v[] = {
		{"rras-2012r2", 1, 1, {0}, 60000, false},
		{"rras-2012r2", 3, 3, {0, 20000, 40000}, 60000, false}, /* keep-alives */
		{"strongswan-5.3", 1, 1, {0}, 30000, false},
		{"strongswan-5.3", 3, 2, {0, 20000}, 30000, false}, /* rt-strongswan */
		{"softether-4", 1, 7, {0, 2000, 4000, 6000, 8000, 10000, 10000}, 10000, true},
		{"softether-4", 3, 7, {0, 2000, 4000, 6000, 8000, 10000, 10000}, 10000, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct client_mode client = *mode_client("windows-10");
		struct net *net;

		client.main_retry.n = client.later_retry.n = 0; /* silence */
		client.keepalive_ms = 0;
		net = net_new_rows(&client, mode_server(v[i].server), true, true, "x", "x");
		net->pass = first_ones;
		net->arg = v[i].frames;
		net_dial(net);
		net_run(net, v[i].half_open * MSEC - 1);
		assert_int_equal(net->server.n_down, 0);
		net_run(net, v[i].half_open * MSEC);
		assert_int_equal(net->server.n_down, 1);
		assert_string_equal(reason_name(net->server.reason), "no-reply");
		assert_times(net, false, (size_t)v[i].frames, v[i].at, (size_t)v[i].n);
		assert_int_equal(count_events(&net->server, EV_EXPIRED), 1);
		assert_int_equal(count_events(&net->server, EV_DELETE), v[i].delete_said);
		assert_true(ike_deadline(net->server.ike) == USEC_NEVER);
		if (v[i].delete_said) /* in clear, with both cookies: rt-softether */
			assert_int_equal(net->frames[net->n - 1].len, 56);
		net_free(net);
	}
}

/* ---- duplicates as the rows say ---- */

static void a_duplicate_gets_what_the_product_gives(void **state)
{
	/* Frames that the server sends when message 1, 3 or 5 comes a second time. */
	static const struct {
		const char *server;
		int message;
		size_t answers;
		bool same;
	} v[] = {
		{"rras-2012r2", 1, 1, true},	{"rras-2012r2", 3, 1, true},
		{"rras-2012r2", 5, 1, true},	{"strongswan-5.3", 1, 1, true},
		{"strongswan-5.3", 3, 1, true}, {"strongswan-5.3", 5, 1, true},
		{"softether-4", 1, 1, false}, /* another exchange */
		{"softether-4", 3, 0, false},	{"softether-4", 5, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = net_new("windows-10", v[i].server, true, true);
		size_t k = (size_t)v[i].message - 1, before;

		net->client.quick_at_once = false;
		net->pass = first_ones;
		net->arg = v[i].message;
		net_dial(net);
		before = net->n;
		net_deliver(net, &net->frames[k]);
		assert_int_equal(net->n - before, v[i].answers);
		if (v[i].answers)
			assert_int_equal(net->frames[before].len == net->frames[k + 1].len &&
						 !memcmp(net->frames[before].data,
							 net->frames[k + 1].data,
							 net->frames[before].len),
					 v[i].same);
		assert_int_equal(count_events(&net->server, EV_DROP),
				 v[i].answers && !v[i].same ? 0 : 1);
		net_free(net);
	}
}

/* ---- refusals ---- */

static void a_wrong_secret_ends_as_the_product_ends_it(void **state)
{
	static const char *const reasons[] = {"psk-mismatch", "psk-mismatch", "no-reply"};

	(void)state;
	for (unsigned i = 0; i < 2 * 3; i++) {
		struct net *net = net_new_rows(mode_client(client_names[i % 2]),
					       mode_server(server_names[i / 2]), true, true, "one",
					       "another");

		net_dial(net);
		net_run(net, 100 * SEC);
		assert_int_equal(net->client.n_up + net->server.n_up, 0);
		assert_string_equal(reason_name(net->client.reason), reasons[i / 2]);
		assert_string_equal(reason_name(net->server.reason), "psk-mismatch");
		net_free(net);
	}
}

static void strongswan_says_malformed_to_a_wrong_secret(void **state)
{
	struct net *net = net_new_rows(mode_client("windows-10"), mode_server("strongswan-5.3"),
				       true, true, "one", "another");

	(void)state;
	net_dial(net);
	assert_int_equal(net->frames[5].len, 76);
	assert_int_equal(net->frames[5].src.port, 500); /* message 5, on 4500, proved nothing */
	assert_int_equal(ev_get_u(last_event(&net->server, EV_NOTIFY), K_NOTIFY), 16);
	net_free(net);
}

static void no_common_proposal_is_said_in_each_products_form(void **state)
{
	static const struct {
		const char *server;
		size_t len;
		bool same_cookie, zero_msgid;
	} v[] = {
		{"rras-2012r2", 40, true, true},
		{"strongswan-5.3", 56, true, false},
		{"softether-4", 56, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct client_mode client = *mode_client("windows-10");
		struct isakmp_msg m;
		struct net *net;

		client.n_phase1 = 1;
		client.phase1[0].hash = HASH_SHA512;
		client.phase1[0].group = GROUP_MODP768;
		net = net_new_rows(&client, mode_server(v[i].server), true, true, "x", "x");
		net_dial(net);
		assert_int_equal(net->n, 2);
		m = parsed(&net->frames[1]);
		assert_int_equal(net->frames[1].len, v[i].len);
		assert_int_equal(m.h.exchange, EXCHANGE_INFORMATIONAL);
		assert_int_equal(m.notifies[0].type, 14);
		assert_int_equal(memcmp(m.h.cky_i, net->frames[0].data, 8) == 0, v[i].same_cookie);
		assert_int_equal(m.h.msgid == 0, v[i].zero_msgid);
		assert_int_equal(net->client.n_down, 1);
		assert_string_equal(reason_name(net->client.reason), "no-proposal");
		assert_int_equal(net->server.n_up + net->server.n_down, 0); /* no state was kept */
		net_free(net);
	}
}

static void no_common_esp_proposal_ends_the_sa(void **state)
{
	struct client_mode client = *mode_client("windows-10");
	struct net *net;

	(void)state;
	client.n_phase2 = 1;
	client.phase2[0] = client.phase2[4]; /* NULL */
	net = net_new_rows(&client, mode_server("rras-2012r2"), true, true, "x", "x");
	net_dial(net);
	assert_int_equal(net->client.n_up, 1);
	assert_int_equal(net->client.n_children, 0);
	assert_string_equal(reason_name(net->client.reason), "no-proposal");
	net_free(net);
}

/* ---- Delete ---- */

static void a_delete_has_76_bytes_and_takes_the_pair_away(void **state)
{
	struct net *net = net_new("windows-10", "strongswan-5.3", true, true);
	size_t before;

	(void)state;
	net_dial(net);
	before = net->n;
	ike_delete_child(net->client.ike, net->client.sa, net->client.children[0].spi_in, net->now);
	net_drain(net);
	assert_int_equal(net->n, before + 1);
	assert_int_equal(net->frames[before].len, 76 + 4);
	assert_int_equal(net->client.n_children_down, 1);
	assert_int_equal(net->server.n_children_down, 1);
	assert_int_equal(net->server.down_spi[0], net->server.children[0].spi_in);
	assert_int_equal(net->server.n_down, 0);
	net_free(net);
}

static void between_microsofts_a_delete_is_acknowledged(void **state)
{
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);
	size_t before;

	(void)state;
	net_dial(net);
	before = net->n;
	ike_delete_child(net->client.ike, net->client.sa, net->client.children[0].spi_in, net->now);
	net_drain(net);
	assert_int_equal(net->n, before + 2);
	assert_int_equal(net->server.n_children_down, 1);
	net_run(net, 15 * SEC);
	assert_int_equal(net->n, before + 2); /* nothing is asked again */
	assert_int_equal(count_events(&net->client, EV_RETRANSMIT), 0);
	net_free(net);
}

static void an_unheard_delete_is_repeated_six_times(void **state)
{
	static const int at[] = {0, 1000, 3000, 7000, 15000, 31000, 47000};
	struct client_mode client = *mode_client("windows-10");
	struct net *net;
	size_t before;

	(void)state;
	client.keepalive_ms = 0;
	net = net_new_rows(&client, mode_server("rras-2012r2"), true, true, "x", "x");
	net_dial(net);
	before = net->n;
	net->pass = lose_all;
	ike_delete_sa(net->client.ike, net->client.sa, net->now);
	assert_string_equal(reason_name(net->client.reason), "deleted");
	net->done = net->n;
	assert_int_equal(net->n, before + 2); /* ESP and ISAKMP */
	net_run(net, 200 * SEC);
	for (size_t i = before, k = 0; i < net->n; i++)
		if (net->frames[i].from_client)
			assert_int_equal(net->frames[i].t, at[k++ / 2] * MSEC);
	assert_true(ike_deadline(net->client.ike) == USEC_NEVER);
	net_free(net);
}

static void a_lost_acknowledgement_is_given_again(void **state)
{
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);

	(void)state;
	net_dial(net);
	net->pass = lose_one;
	net->arg = (int)net->n + 2; /* ESP Delete, ISAKMP Delete, first acknowledgement */
	ike_delete_sa(net->client.ike, net->client.sa, net->now);
	net_run(net, 5 * SEC);
	assert_int_equal(net->server.n_down, 1);
	assert_int_equal(net->server.n_children_down, 1);
	assert_int_equal(count_events(&net->client, EV_RETRANSMIT), 1);
	net_run(net, 100 * SEC);
	assert_true(ike_deadline(net->client.ike) == USEC_NEVER);
	assert_true(ike_deadline(net->server.ike) == USEC_NEVER);
	net_free(net);
}

static void either_side_may_delete_everything(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 3 * 2; i++) {
		struct net *net = net_new(client_names[i % 2], server_names[i / 2 % 3], true, true);
		struct end *who = i / 6 ? &net->client : &net->server;

		net_dial(net);
		ike_delete_sa(who->ike, who->sa, net->now);
		net_run(net, 70 * SEC);
		assert_int_equal(net->client.n_down, 1);
		assert_int_equal(net->server.n_down, 1);
		assert_int_equal(net->client.n_children_down, 1);
		assert_int_equal(net->server.n_children_down, 1);
		assert_string_equal(reason_name(net->client.reason), "deleted");
		assert_string_equal(reason_name(net->server.reason), "deleted");
		assert_true(ike_deadline(net->client.ike) == USEC_NEVER);
		assert_true(ike_deadline(net->server.ike) == USEC_NEVER);
		net_free(net);
	}
}

static void a_refused_windows_can_start_quick_mode_after_quick_mode(void **state)
{
	struct net *net = net_new("windows-10", "strongswan-5.3", true, true);

	(void)state;
	net_dial(net);
	for (unsigned i = 1; i < 12; i++) {
		ike_quick(net->client.ike, net->client.sa, 1701, net->now);
		net_drain(net);
		assert_int_equal(net->client.n_children, i + 1);
		assert_int_equal(net->client.children[i].msgid, i + 1);
		ike_delete_child(net->client.ike, net->client.sa,
				 net->client.children[i - 1].spi_in, net->now);
		net_drain(net);
		assert_int_equal(net->server.n_children_down, i);
	}
	net_free(net);
}

/* SoftEther begins a Quick Mode of its own when it lacks an SA to send on (softether-src). None of
 * our rows does; here a server borrows a client's proposals. */
static struct net *with_a_server_that_begins(void)
{
	struct net *net = net_new("windows-10", "softether-4", true, true);

	net_dial(net);
	ike_delete_child(net->client.ike, net->client.sa, net->client.children[0].spi_in, net->now);
	net_drain(net);
	net->server.ike->client_row_ = mode_client("macos"); /* its message IDs are random */
	net->server.ike->initiator = true;
	return net;
}

static void a_repeated_quick_mode_of_the_server_gets_the_same_answer(void **state)
{
	struct net *net = with_a_server_that_begins();
	size_t first = net->n;

	(void)state;
	ike_quick(net->server.ike, net->server.sa, 1701, net->now);
	net_deliver(net, &net->frames[first]);
	net_deliver(net, &net->frames[first]);
	assert_int_equal(net->n, first + 3);
	assert_int_equal(net->frames[first + 1].len, net->frames[first + 2].len);
	assert_memory_equal(net->frames[first + 1].data, net->frames[first + 2].data,
			    net->frames[first + 1].len);
	net->done = first + 1;
	net_drain(net);
	assert_int_equal(net->client.n_children, 2);
	assert_int_equal(net->server.n_children, 2);
	net_free(net);
}

static void a_client_survives_a_quick_mode_of_the_server(void **state)
{
	struct net *net = with_a_server_that_begins();

	(void)state;
	ike_quick(net->server.ike, net->server.sa, 1701, net->now);
	net_drain(net);
	assert_int_equal(net->client.n_children, 2);
	assert_int_equal(net->server.n_children, 2);
	assert_memory_equal(net->client.children[1].key_in, net->server.children[1].key_out,
			    KEY_MAX);
	assert_int_equal(net->client.n_down, 0);
	net_free(net);
}

/* ---- alive or not ---- */

static void softether_asks_a_mac_and_not_windows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(client_names); i++) {
		struct net *net = net_new(client_names[i], "softether-4", true, true);
		size_t asked;

		net_dial(net);
		net_run(net, 35 * SEC);
		asked = count_events(&net->server, EV_DPD);
		assert_int_equal(asked, i ? 0 : 6); /* three questions, three answers */
		net_free(net);
	}
}

static void a_dead_client_is_forgotten_by_softether(void **state)
{
	struct net *net = net_new("macos", "softether-4", true, true);

	(void)state;
	net_dial(net);
	net->pass = lose_all;
	net_run(net, 149 * SEC);
	assert_int_equal(net->server.n_down, 0);
	net_run(net, 151 * SEC);
	assert_int_equal(net->server.n_down, 1);
	assert_int_equal(net->server.n_children_down, 1);
	net_free(net);
}

static void esp_counts_as_a_sign_of_life(void **state)
{
	struct net *net = net_new("macos", "softether-4", true, true);

	(void)state;
	net_dial(net);
	for (int i = 0; i < 40; i++) {
		net_run(net, net->now + 5 * SEC);
		ike_sa_traffic(net->server.sa, false, net->now);
	}
	assert_int_equal(count_events(&net->server, EV_DPD), 0);
	assert_int_equal(net->server.n_down, 0);
	net_free(net);
}

static void keep_alives_go_out_from_behind_a_nat(void **state)
{
	static const struct {
		const char *client, *server;
		bool napt, eip;
		size_t from_client, from_server; /* within 61 s */
	} v[] = {
		{"windows-10", "rras-2012r2", true, true, 3, 3},
		{"windows-10", "rras-2012r2", true, false, 3, 0},
		{"windows-10", "rras-2012r2", false, true, 0, 3},
		{"windows-10", "rras-2012r2", false, false, 0, 0},
		{"windows-10", "softether-4", false, false, 3, 12},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = net_new(v[i].client, v[i].server, v[i].napt, v[i].eip);
		size_t n[2] = {0};

		net_dial(net);
		net_run(net, 61 * SEC);
		for (size_t k = 9; k < net->n; k++) {
			assert_int_equal(net->frames[k].len, 1);
			assert_int_equal(net->frames[k].data[0], 0xff);
			n[net->frames[k].from_client]++;
		}
		assert_int_equal(n[1], v[i].from_client);
		assert_int_equal(n[0], v[i].from_server);
		net_free(net);
	}
}

static void a_peer_whose_mapping_changed_is_followed(void **state)
{
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);

	(void)state;
	net_dial(net);
	assert_int_equal(net->server.n_moved, 0);
	net->napt_4500 = 61000;
	ike_quick(net->client.ike, net->client.sa, 1701, net->now);
	net_drain(net);
	assert_int_equal(net->server.n_moved, 1);
	assert_int_equal(net->server.sa->remote.port, 61000);
	assert_int_equal(net->client.n_children, 2);
	assert_int_equal(net->server.children[1].remote.port, 61000);
	net_free(net);
}

static void an_unauthentic_message_moves_nobody(void **state)
{
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);
	struct frame f;

	(void)state;
	net_dial(net);
	f = net->frames[6]; /* Quick Mode 1 again, from elsewhere, last byte changed, new ID */
	net->napt_4500 = 61000;
	f.data[f.len - 1] ^= 1;
	f.data[4 + 23] = 77;
	net_deliver(net, &f);
	assert_int_equal(net->server.n_moved, 0);
	assert_int_equal(net->server.sa->remote.port, 4500);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_one_message_may_be_lost),
		cmocka_unit_test(a_lost_last_message_is_missed_by_who_asks_again),
		cmocka_unit_test(duplicates_change_nothing),
		cmocka_unit_test(windows_asks_four_times_and_gives_up),
		cmocka_unit_test(servers_are_as_patient_as_their_products),
		cmocka_unit_test(a_duplicate_gets_what_the_product_gives),
		cmocka_unit_test(a_wrong_secret_ends_as_the_product_ends_it),
		cmocka_unit_test(strongswan_says_malformed_to_a_wrong_secret),
		cmocka_unit_test(no_common_proposal_is_said_in_each_products_form),
		cmocka_unit_test(no_common_esp_proposal_ends_the_sa),
		cmocka_unit_test(a_delete_has_76_bytes_and_takes_the_pair_away),
		cmocka_unit_test(between_microsofts_a_delete_is_acknowledged),
		cmocka_unit_test(an_unheard_delete_is_repeated_six_times),
		cmocka_unit_test(a_lost_acknowledgement_is_given_again),
		cmocka_unit_test(either_side_may_delete_everything),
		cmocka_unit_test(a_refused_windows_can_start_quick_mode_after_quick_mode),
		cmocka_unit_test(a_client_survives_a_quick_mode_of_the_server),
		cmocka_unit_test(a_repeated_quick_mode_of_the_server_gets_the_same_answer),
		cmocka_unit_test(softether_asks_a_mac_and_not_windows),
		cmocka_unit_test(a_dead_client_is_forgotten_by_softether),
		cmocka_unit_test(esp_counts_as_a_sign_of_life),
		cmocka_unit_test(keep_alives_go_out_from_behind_a_nat),
		cmocka_unit_test(a_peer_whose_mapping_changed_is_followed),
		cmocka_unit_test(an_unauthentic_message_moves_nobody),
	};

	return cmocka_run_group_tests_name("ike over time", tests, NULL, NULL);
}
