/* SPDX-License-Identifier: MIT */
/*
 * IKE against peers that mean ill or are broken: truncated, altered, replayed, untimely messages.
 * Whatever comes, nothing crashes, nothing grows without bound, and the true exchange goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "nodes/ike/ike_priv.h"
#include "tests/unit/ike_net.h"

#define MESSAGES 9 /* of Main Mode and Quick Mode */

static const char *const server_names[] = {"rras-2012r2", "strongswan-5.3", "softether-4"};

/* An exchange that has come to the point where message @k is about to arrive. */
static struct net *paused_of(const struct client_mode *client, const char *server, size_t k)
{
	struct net *net = net_new_rows(client, mode_server(server), true, true, "x", "x");

	ike_dial(net->client.ike, net->now);
	while (net->done < k)
		net_deliver(net, &net->frames[net->done++]);
	assert_int_equal(net->n, k + 1);
	return net;
}

static struct net *paused(const char *server, size_t k)
{
	return paused_of(mode_client("windows-10"), server, k);
}

static void assert_still_works(struct net *net, const char *what, size_t k, size_t detail)
{
	net_drain(net);
	if (net->client.n_children != 1 || net->server.n_children != 1)
		fail_msg("message %zu, %s %zu: %u and %u SAs", k + 1, what, detail,
			 net->client.n_children, net->server.n_children);
}

/* Delivers a false message before the true one. */
static void inject(struct net *net, const struct frame *f)
{
	size_t n = net->n;

	net_deliver(net, f);
	/* Answers to the false one are lost; the true ones' order stays. */
	net->n = n;
}

static void a_message_cut_anywhere_does_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++)
		for (size_t k = 0; k < MESSAGES; k++) {
			struct net *net = paused(server_names[i], k);
			struct frame f = net->frames[k];
			size_t whole = f.len;

			for (f.len = 0; f.len < whole; f.len++)
				inject(net, &f);
			assert_still_works(net, "cut", k, 0);
			net_free(net);
		}
}

/* The same with a header that agrees with the length. */
static void a_message_cut_with_its_length_mended_does_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++)
		for (size_t k = 0; k < MESSAGES; k++) {
			struct net *net = paused(server_names[i], k);
			struct frame f = net->frames[k];
			size_t marker = k >= 4 ? 4 : 0, whole = f.len;
			uint8_t *length = f.data + marker + 24;

			for (f.len = marker + 28; f.len < whole; f.len++) {
				length[2] = (uint8_t)((f.len - marker) >> 8);
				length[3] = (uint8_t)(f.len - marker);
				inject(net, &f);
			}
			assert_still_works(net, "mended", k, 0);
			net_free(net);
		}
}

/*
 * A false message 2 or 4 in clear can be taken for the true one: Main Mode protects nothing until
 * message 5. What may then happen is that this exchange fails; the next one must not.
 */
static bool may_be_believed(size_t k)
{
	return k < 4;
}

static void a_byte_changed_anywhere_does_no_harm(void **state)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff};
	struct client_mode quick = *mode_client("windows-10");

	(void)state;
	quick.phase1[0] = quick.phase1[1]; /* ECP-256: there are a thousand exchanges to come */
	quick.n_phase1 = 1;
	for (size_t k = 0; k < MESSAGES; k++) {
		struct net *net = paused_of(&quick, "strongswan-5.3", k);
		size_t len = net->frames[k].len, marker = k >= 4 ? 4 : 0;

		net_free(net);
		for (size_t at = marker; at < len; at += may_be_believed(k) ? 3 : 1) {
			struct frame f;

			net = paused_of(&quick, "strongswan-5.3", k);
			f = net->frames[k];
			f.data[at] ^= flips[at % ARRAY_LEN(flips)];
			if (may_be_believed(k)) {
				net_deliver(net, &f);
				net->done++;
				net_drain(net);
				net_run(net, 200 * SEC);
				if (net->client.n_children == 0) {
					net_dial(net);
					assert_true(net->client.n_children == 1);
				}
			} else {
				/* A minor version or a reserved bit may be changed without
				 * harm: then it is the true one that comes twice. */
				net_deliver(net, &f);
				assert_still_works(net, "byte", k, at);
			}
			net_free(net);
		}
	}
}

static void every_message_at_the_wrong_time_does_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *whole = net_new("windows-10", server_names[i], true, true);

		net_dial(whole);
		assert_int_equal(whole->n, MESSAGES);
		/* Same seed, same cookies and keys: the messages of one exchange fit the other. */
		for (size_t k = 0; k < MESSAGES; k++)
			for (size_t early = 0; early < MESSAGES; early++) {
				struct net *net;

				/* Message 1 begins exchanges: a server counts it, no more. */
				if (early == k || early == 0)
					continue;
				/* The true message, before its time, may well be taken. */
				net = paused(server_names[i], k);
				if (early < k || early > k + 1)
					inject(net, &whole->frames[early]);
				if (net->client.n_up + net->server.n_up == 0 || early < k)
					assert_still_works(net, "early", k, early);
				net_free(net);
			}
		net_free(whole);
	}
}

static void replays_of_a_finished_exchange_change_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net = net_new("windows-10", server_names[i], true, true);

		net_dial(net);
		ike_delete_child(net->client.ike, net->client.sa, net->client.children[0].spi_in,
				 net->now);
		net_drain(net);
		for (size_t round = 0; round < 3; round++)
			for (size_t k = 1; k < MESSAGES + 1; k++)
				inject(net, &net->frames[k]);
		assert_int_equal(net->client.n_up, 1);
		assert_int_equal(net->server.n_up, 1);
		assert_int_equal(net->client.n_children, 1);
		assert_int_equal(net->server.n_children, 1);
		assert_int_equal(net->server.n_children_down, 1);
		assert_int_equal(net->client.n_down + net->server.n_down, 0);
		net_free(net);
	}
}

static void a_replayed_quick_mode_is_seen_when_its_state_is_gone(void **state)
{
	struct net *net = net_new("macos", "strongswan-5.3", true, true);
	size_t first;

	(void)state;
	net_dial(net);
	first = 6;
	for (unsigned i = 0; i < IKE_QUICKS_MAX + 2; i++) {
		ike_quick(net->client.ike, net->client.sa, 1701, net->now);
		net_drain(net);
	}
	inject(net, &net->frames[first]);
	assert_string_equal(ev_get_str(last_event(&net->server, EV_DROP), K_DROP), "replay");
	net_free(net);
}

static void message_ids_are_remembered_for_the_life_of_an_sa(void **state)
{
	struct ike_msgids m = {0};

	(void)state;
	for (uint32_t id = 1; id <= IKE_MSGIDS_MAX; id++) {
		assert_int_equal(msgids_check(&m, id << 8), DROP_NONE);
		msgids_note(&m, id << 8);
	}
	for (uint32_t id = 1; id <= IKE_MSGIDS_MAX; id++)
		assert_int_equal(msgids_check(&m, id << 8), DROP_REPLAY);
	assert_int_equal(msgids_check(&m, 1), DROP_LIMIT); /* rather than forget one */
	msgids_free(&m);
}

static void a_quick_mode_is_known_after_any_number_of_other_exchanges(void **state)
{
	struct net *net = net_new("macos", "softether-4", true, true);
	struct frame first;

	(void)state;
	net_dial(net);
	first = net->frames[6];
	for (unsigned i = 0; i < 100; i++) {
		net->n = net->done = 0;
		info_send_dpd(net->client.sa, net->now);
		if (i % 10 == 0)
			ike_quick(net->client.ike, net->client.sa, 1701, net->now);
		net_drain(net);
	}
	assert_int_equal(net->server.n_children, 11);
	net_deliver(net, &first);
	assert_string_equal(ev_get_str(last_event(&net->server, EV_DROP), K_DROP), "replay");
	net_free(net);
}

static void a_message_5_of_one_encrypted_byte_is_dropped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net = paused(server_names[i], 4);
		struct frame f = net->frames[4];

		f.len = 4 + 28 + 1;
		f.data[4 + 26] = 0;
		f.data[4 + 27] = 29;
		inject(net, &f);
		assert_string_equal(ev_get_str(last_event(&net->server, EV_DROP), K_DROP),
				    "blocks");
		assert_still_works(net, "one byte", 4, 1);
		net_free(net);
	}
}

static void flags_that_do_not_fit_are_dropped(void **state)
{
	(void)state;
	for (size_t k = 0; k < MESSAGES; k++) {
		struct net *net = paused("rras-2012r2", k);
		struct frame f = net->frames[k];

		f.data[(k >= 4 ? 4 : 0) + 19] ^= ISAKMP_FLAG_ENCRYPTED;
		inject(net, &f);
		assert_still_works(net, "flag", k, 0);
		net_free(net);
	}
}

static bool set_commit(struct net *net, struct frame *f, size_t number)
{
	(void)net;
	if (number >= 4)
		f->data[4 + 19] |= ISAKMP_FLAG_COMMIT;
	return true;
}

static void the_commit_bit_is_ignored(void **state)
{
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);

	(void)state;
	net->pass = set_commit;
	net_dial(net);
	assert_int_equal(net->client.n_children, 1);
	assert_int_equal(net->server.n_children, 1);
	net_free(net);
}

static void another_message_3_is_met_as_the_product_meets_it(void **state)
{
	static const struct {
		const char *server;
		bool ends;
	} v[] = {{"rras-2012r2", false}, {"strongswan-5.3", true}, {"softether-4", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = paused(v[i].server, 4);
		struct frame f = net->frames[2];

		f.data[40] ^= 1; /* within the key */
		inject(net, &f);
		assert_int_equal(net->server.n_down, v[i].ends);
		net_free(net);
	}
}

static void keys_of_no_point_and_no_number_are_refused(void **state)
{
	static const struct {
		const char *server;
		size_t at, len; /* of the key in message 3 */
		uint8_t fill;
	} v[] = {
		{"strongswan-5.3", 32, 96, 0},	  /* ECP-384: the origin is no point */
		{"strongswan-5.3", 32, 96, 0xff}, /* nor is anything beyond p */
		{"softether-4", 32, 128, 0},	  /* MODP-1024: 0 */
		{"softether-4", 32, 128, 0xff},	  /* above p */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = paused(v[i].server, 2);
		struct frame f = net->frames[2];

		memset(f.data + v[i].at, v[i].fill, v[i].len);
		inject(net, &f);
		assert_string_equal(ev_get_str(last_event(&net->server, EV_DROP), K_DROP),
				    "key-value");
		assert_still_works(net, "key", 2, i);
		net_free(net);
	}
}

static void unknown_cookies_get_what_the_product_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net = paused(server_names[i], 2);
		struct frame f = net->frames[2];
		size_t before = net->n;

		f.data[9] ^= 1; /* the server's own cookie */
		net_deliver(net, &f);
		assert_string_equal(ev_get_str(last_event(&net->server, EV_DROP), K_DROP),
				    "unknown-cookie");
		assert_int_equal(net->n - before, i == 2);
		if (i == 2)
			assert_int_equal(ev_get_u(last_event(&net->server, EV_NOTIFY), K_NOTIFY),
					 NOTIFY_INVALID_COOKIE);
		net_free(net);
	}
}

static void an_unknown_spi_gets_what_the_product_says(void **state)
{
	static const uint8_t esp[40] = {1, 2, 3, 4};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net = net_new("windows-10", server_names[i], false, false);
		struct datagram d = {.via = VIA_ESP,
				     .local = inet_ep(EIP_PUBLIC, 0),
				     .remote = inet_ep(CLIENT_PUBLIC, 0),
				     .data = esp,
				     .len = sizeof(esp)};

		ike_unknown_spi(net->server.ike, &d, 0x01020304);
		assert_int_equal(net->n, i == 2 ? 2 : 0);
		if (i == 2) {
			struct isakmp_msg m = parsed(&net->frames[0]);

			assert_int_equal(net->frames[0].len, 48);
			assert_int_equal(m.notifies[0].type, NOTIFY_INVALID_SPI);
			assert_memory_equal(m.notifies[0].spi.p, esp, 4);
			assert_int_equal(net->frames[0].dst.port, 500);
			m = parsed(&net->frames[1]);
			assert_int_equal(net->frames[1].len, 44);
			assert_memory_equal(m.deletes[0].spis.p, esp, 4);
		}
		net_free(net);
	}
}

static void malformed_messages_get_what_the_product_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net = paused(server_names[i], 0);
		struct frame f = net->frames[0];
		size_t before = net->n;

		f.data[30] = 0xff; /* the SA payload is longer than all */
		f.data[31] = 0xff;
		net_deliver(net, &f);
		f.data[30] = 0;
		f.data[31] = 3; /* shorter than its own header */
		net_deliver(net, &f);
		assert_int_equal(net->n - before, i == 0 ? 0 : 2);
		assert_int_equal(count_events(&net->server, EV_DROP), 2);
		net_free(net);
	}
}

static void a_forged_refusal_is_heard_only_before_message_2(void **state)
{
	struct net *refused, *net;
	struct client_mode other = *mode_client("windows-10");
	struct frame f;

	(void)state;
	other.n_phase1 = 1;
	other.phase1[0].group = GROUP_MODP768;
	refused = net_new_rows(&other, mode_server("rras-2012r2"), true, true, "x", "x");
	net_dial(refused);
	f = refused->frames[1]; /* NO-PROPOSAL-CHOSEN to the same cookie: same seed */
	for (size_t k = 2; k < MESSAGES; k++) {
		net = paused("rras-2012r2", k);
		inject(net, &f);
		assert_int_equal(net->client.n_down, 0);
		assert_still_works(net, "refusal", k, 0);
		net_free(net);
	}
	/* From another address it is not heard at all. */
	net = paused("rras-2012r2", 0);
	end_input(&net->client, 0, inet_ep(inet_v4(0x01020304), 500), inet_ep(CLIENT_PRIVATE, 500),
		  f.data, f.len);
	assert_int_equal(net->client.n_down, 0);
	net_free(net);
	net_free(refused);
}

/* ---- bounds ---- */

/* A message 1 whose only transform is acceptable and has another attribute of @extra bytes. */
static size_t message1_with(uint8_t *buf, size_t size, size_t extra)
{
	static const uint8_t cky_i[8] = {1}, cky_r[8];
	struct wr_open proposal, transform;
	struct isakmp_out o;
	struct wr *w = &o.w;

	isakmp_begin(&o, buf, size, cky_i, cky_r, EXCHANGE_MAIN, 0, 0);
	isakmp_payload_begin(&o, PAYLOAD_SA);
	wr_u32(w, DOI_IPSEC);
	wr_u32(w, 1);
	wr_u16(w, 0);
	proposal = wr_open(w, 2, wr_len(w) - 2);
	wr_bytes(w, "\x01\x01\x00\x01", 4);
	wr_u16(w, 0);
	transform = wr_open(w, 2, wr_len(w) - 2);
	wr_bytes(w, "\x01\x01\x00\x00", 4);
	isakmp_attr_basic(w, P1_ENC, CIPHER_3DES);
	isakmp_attr_basic(w, P1_HASH, HASH_SHA1);
	isakmp_attr_basic(w, P1_GROUP, GROUP_MODP1024);
	isakmp_attr_basic(w, P1_AUTH, 1);
	wr_u16(w, 16384);
	wr_u16(w, (uint16_t)extra);
	wr_zeros(w, extra);
	wr_close(w, transform);
	wr_close(w, proposal);
	isakmp_payload_end(&o);
	return isakmp_end(&o);
}

static void a_transform_too_long_to_be_sent_back_is_not_chosen(void **state)
{
	static const struct {
		size_t extra;
		bool chosen;
	} v[] = {{10, true}, {200, true}, {300, false}, {1200, false}, {1900, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names) * ARRAY_LEN(v); i++) {
		size_t k = i / ARRAY_LEN(server_names);
		struct net *net =
			net_new("windows-10", server_names[i % ARRAY_LEN(server_names)], 0, 0);
		uint8_t buf[2048];
		struct datagram d = {.via = VIA_UDP,
				     .local = inet_ep(EIP_PUBLIC, 500),
				     .remote = inet_ep(CLIENT_PUBLIC, 500),
				     .data = buf};

		d.len = message1_with(buf, sizeof(buf), v[k].extra);
		assert_true(d.len > v[k].extra);
		ike_input(net->server.ike, 0, &d, false);
		assert_int_equal(net->n, 1);
		assert_int_equal(parsed(&net->frames[0]).has_sa, v[k].chosen);
		net_free(net);
	}
}

static void strangers_fill_a_bounded_table(void **state)
{
	struct net *net = net_new("windows-10", "softether-4", false, false);
	struct datagram d = {.via = VIA_UDP, .local = inet_ep(EIP_PUBLIC, 500)};
	struct frame first;

	(void)state;
	ike_dial(net->client.ike, 0);
	first = net->frames[0];
	d.data = first.data;
	d.len = first.len;
	for (uint32_t i = 0; i < 2 * IKE_HALF_OPEN_MAX; i++) {
		first.data[1] = (uint8_t)(i >> 8);
		first.data[2] = (uint8_t)i;
		d.remote = inet_ep(inet_v4(0x0a000000 + i), 500);
		net->n = 1;
		ike_input(net->server.ike, 0, &d, false);
	}
	assert_int_equal(net->server.ike->lists[HALF_OPEN].n, IKE_HALF_OPEN_MAX);
	assert_int_equal(net->server.n_down, IKE_HALF_OPEN_MAX);
	assert_string_equal(reason_name(net->server.reason), "limit");
	/* The true client still gets in. */
	net->n = 1;
	net_drain(net);
	assert_int_equal(net->client.n_children, 1);
	/* and the strangers are gone with their time */
	net->now = 11 * SEC;
	net->n = net->done = 0;
	net->pass = NULL;
	assert_true(ike_deadline(net->server.ike) <= net->now);
	net_free(net);
}

/* An SA as one that came up, or whose message 1 has come. */
static void fill(struct ike *ike, size_t n, bool up)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t cky_i[8] = {up, (uint8_t)(i >> 8), (uint8_t)i};
		struct ike_sa *sa = sa_new(ike, cky_i, inet_ep(EIP_PUBLIC, 500),
					   inet_ep(inet_v4(0x0a000000 + (uint32_t)i), 500), 0);

		if (up)
			sa_set_state(sa, MAIN_UP);
		ike_reap(ike);
	}
}

/* The time of 8,192 forged messages 1 that come when as many exchanges are half open. */
static clock_t time_of_flood(size_t established)
{
	struct net *net = net_new("windows-10", "softether-4", false, false);
	struct ike *ike = net->server.ike;
	clock_t begin, end;

	fill(ike, established, true);
	fill(ike, IKE_HALF_OPEN_MAX, false);
	begin = clock();
	fill(ike, IKE_HALF_OPEN_MAX, false);
	end = clock();
	assert_int_equal(net->server.n_down, IKE_HALF_OPEN_MAX);
	assert_int_equal(ike->lists[FINISHED].n, established);
	assert_int_equal(sa_count(ike), established + IKE_HALF_OPEN_MAX);
	net_free(net);
	return end - begin;
}

static void a_flood_costs_no_more_beside_many_established_sas(void **state)
{
	clock_t alone = time_of_flood(0);

	(void)state;
	assert_true(time_of_flood(IKE_SAS_MAX - IKE_HALF_OPEN_MAX) <
		    8 * alone + CLOCKS_PER_SEC / 10);
}

static void the_oldest_half_open_sa_makes_room_and_no_established_one(void **state)
{
	struct net *net = net_new("windows-10", "softether-4", false, false);
	struct ike *ike = net->server.ike;
	const struct ike_sa *second;

	(void)state;
	fill(ike, 1, true);
	fill(ike, IKE_HALF_OPEN_MAX, false);
	sa_set_state(ike->lists[HALF_OPEN].oldest, MAIN_R_WAIT_3); /* it grows no younger by that */
	second = ike->lists[HALF_OPEN].oldest->newer;
	fill(ike, 1, false);
	assert_ptr_equal(ike->lists[HALF_OPEN].oldest, second);
	assert_int_equal(ike->lists[FINISHED].n, 1);
	assert_string_equal(reason_name(net->server.reason), "limit");
	net_free(net);
}

static void quick_modes_of_one_peer_are_bounded(void **state)
{
	struct net *net = net_new("macos", "rras-2012r2", true, true);
	size_t n = 0;

	(void)state;
	net_dial(net);
	net->client.quick_at_once = false;
	for (int i = 0; i < 24; i++) {
		ike_quick(net->client.ike, net->client.sa, 1701, net->now);
		net_deliver(net, &net->frames[net->n - 1]); /* message 1 only */
	}
	for (const struct ike_quick *q = net->server.sa->quicks; q; q = q->next)
		n++;
	assert_int_equal(n, IKE_QUICKS_MAX);
	net_free(net);
}

/* A message 1 of Quick Mode under an own message ID that whoever has the cookies may send. */
static void forged_quick_modes_evict_nothing(void **state)
{
	struct net *net = net_new("macos", "rras-2012r2", true, true);
	const struct ike_quick *before[IKE_QUICKS_MAX];
	const struct ike_quick *q;
	struct frame forged;
	size_t first;

	(void)state;
	net_dial(net);
	net_run(net, SEC);
	first = net->n;
	for (size_t i = 0; i < IKE_QUICKS_MAX; i++) {
		ike_quick(net->client.ike, net->client.sa, 1701, net->now);
		net_deliver(net, &net->frames[first + 2 * i]);
	}
	q = net->server.sa->quicks;
	for (size_t i = 0; i < IKE_QUICKS_MAX; i++, q = q->next)
		before[i] = q;
	forged = net->frames[first];
	for (uint8_t i = 0; i < 3 * IKE_QUICKS_MAX; i++) {
		forged.data[4 + 20] = i; /* the message ID, behind the non-ESP marker */
		inject(net, &forged);
	}
	q = net->server.sa->quicks;
	for (size_t i = 0; i < IKE_QUICKS_MAX; i++, q = q->next)
		assert_ptr_equal(q, before[i]);
	net->done = first;
	net_drain(net);
	assert_int_equal(net->server.n_children, 1 + IKE_QUICKS_MAX);
	net_free(net);
}

/* An exchange that was refused is over: whoever repeats its message 1 hears nothing more. */
static void a_refused_quick_mode_cannot_be_replayed(void **state)
{
	static struct client_mode client;
	struct frame first;
	struct net *net;
	size_t told;

	(void)state;
	client = *mode_client("macos");
	client.n_phase2 = 1;
	client.phase2[0] = (struct phase2_transform){ESP_NULL, 0, AUTH_HMAC_SHA1};
	net = net_new_rows(&client, mode_server("rras-2012r2"), true, true, "x", "x");
	net->client.quick_at_once = false;
	net_dial(net);
	net->client.ike->hooks.down = NULL;
	ike_quick(net->client.ike, net->client.sa, 1701, net->now);
	first = net->frames[net->n - 1];
	told = count_events(&net->server, EV_NOTIFY);
	net_deliver(net, &first);
	assert_string_equal(ev_get_str(last_event(&net->server, EV_DROP), K_DROP), "no-proposal");
	assert_int_equal(count_events(&net->server, EV_NOTIFY), told + 1);
	net_deliver(net, &first);
	assert_string_equal(ev_get_str(last_event(&net->server, EV_DROP), K_DROP), "replay");
	assert_int_equal(count_events(&net->server, EV_NOTIFY), told + 1);
	net_free(net);
}

static void a_very_long_message_is_dropped(void **state)
{
	static uint8_t big[60000];
	struct net *net = paused("rras-2012r2", 0);
	struct datagram d = {.via = VIA_UDP,
			     .local = inet_ep(SERVER_PRIVATE, 500),
			     .remote = inet_ep(NAPT_PUBLIC, 500),
			     .data = big,
			     .len = sizeof(big)};

	(void)state;
	memcpy(big, net->frames[0].data, net->frames[0].len);
	ike_input(net->server.ike, 0, &d, false);
	assert_string_equal(ev_get_str(last_event(&net->server, EV_DROP), K_DROP), "limit");
	net_free(net);
}

static void delete_at_once(void *ctx, struct ike_sa *sa, const struct ike_child *c, usec now)
{
	struct end *e = ctx;

	(void)c;
	ike_delete_sa(e->ike, sa, now);
}

static void a_hook_may_delete_what_has_just_come_up(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct net *net = net_new("windows-10", "rras-2012r2", true, true);
		struct end *e = i ? &net->server : &net->client;

		e->ike->hooks.child_up = delete_at_once;
		net_dial(net);
		net_run(net, 70 * SEC);
		assert_int_equal(net->client.n_down, 1);
		assert_int_equal(net->server.n_down, 1);
		net_free(net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_cut_anywhere_does_no_harm),
		cmocka_unit_test(a_message_cut_with_its_length_mended_does_no_harm),
		cmocka_unit_test(a_byte_changed_anywhere_does_no_harm),
		cmocka_unit_test(every_message_at_the_wrong_time_does_no_harm),
		cmocka_unit_test(replays_of_a_finished_exchange_change_nothing),
		cmocka_unit_test(a_replayed_quick_mode_is_seen_when_its_state_is_gone),
		cmocka_unit_test(message_ids_are_remembered_for_the_life_of_an_sa),
		cmocka_unit_test(a_quick_mode_is_known_after_any_number_of_other_exchanges),
		cmocka_unit_test(a_message_5_of_one_encrypted_byte_is_dropped),
		cmocka_unit_test(flags_that_do_not_fit_are_dropped),
		cmocka_unit_test(the_commit_bit_is_ignored),
		cmocka_unit_test(another_message_3_is_met_as_the_product_meets_it),
		cmocka_unit_test(keys_of_no_point_and_no_number_are_refused),
		cmocka_unit_test(unknown_cookies_get_what_the_product_says),
		cmocka_unit_test(an_unknown_spi_gets_what_the_product_says),
		cmocka_unit_test(malformed_messages_get_what_the_product_says),
		cmocka_unit_test(a_forged_refusal_is_heard_only_before_message_2),
		cmocka_unit_test(a_transform_too_long_to_be_sent_back_is_not_chosen),
		cmocka_unit_test(strangers_fill_a_bounded_table),
		cmocka_unit_test(a_flood_costs_no_more_beside_many_established_sas),
		cmocka_unit_test(the_oldest_half_open_sa_makes_room_and_no_established_one),
		cmocka_unit_test(quick_modes_of_one_peer_are_bounded),
		cmocka_unit_test(forged_quick_modes_evict_nothing),
		cmocka_unit_test(a_refused_quick_mode_cannot_be_replayed),
		cmocka_unit_test(a_very_long_message_is_dropped),
		cmocka_unit_test(a_hook_may_delete_what_has_just_come_up),
	};

	return cmocka_run_group_tests_name("ike and hostile peers", tests, NULL, NULL);
}
