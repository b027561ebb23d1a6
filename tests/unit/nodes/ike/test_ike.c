/* SPDX-License-Identifier: MIT */
/*
 * Main Mode and Quick Mode between our own two ends, over the NATs of ike_net.h: what each
 * product's messages look like and what each end concludes.
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

/* The SA payload that Windows 7 and 10 have in common, and what follows it in 10's message 1. */
#define WINDOWS_SA                                                                                 \
	"0d0000d40000000100000001000000c801010005"                                                 \
	"030000280101000080010007800e0100800200028004001480030001800b0001000c000400007080"         \
	"030000280201000080010007800e0080800200028004001380030001800b0001000c000400007080"         \
	"030000280301000080010007800e0100800200028004000e80030001800b0001000c000400007080"         \
	"030000240401000080010005800200028004000e80030001800b0001000c000400007080"                 \
	"000000240501000080010005800200028004000280030001800b0001000c000400007080"
#define WINDOWS_VIDS                                                                               \
	"0d0000144a131c81070358455c5728f20e95452f"                                                 \
	"0d00001490cb80913ebb696e086381b5ec427b1f"                                                 \
	"0d0000144048b7d56ebce88525e7de7f00d6c2d3"                                                 \
	"0d000014fb1de3cdf341b7ea16b7e5be0855f120"                                                 \
	"0d00001426244d38eddb61b3172a36e3d0cfb819"                                                 \
	"00000014e3a5966a76379fe707228231e5ce8652"

static void windows_begins_with_the_published_bytes(void **state)
{
	/* Without the initiator's cookie. */
	static const struct {
		const char *mode;
		size_t len;
		const char *published;
	} v[] = {
		{"windows-10", 408, /* capture-win10-mm1 */
		 "0000000000000000011002000000000000000198" WINDOWS_SA
		 "0d00001801528bbbc00696121849ab9a1c5b2a5100000001"
		 "0d0000181e2b516905991c7d7c96fcbfb587e46100000009" WINDOWS_VIDS},
		{"windows-7", 384, /* capture-win7-mm1 */
		 "0000000000000000011002000000000000000180" WINDOWS_SA
		 "0d0000181e2b516905991c7d7c96fcbfb587e46100000008" WINDOWS_VIDS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = net_new(v[i].mode, "rras-2012r2", true, true);
		char hex[2 * 408 + 1];

		net_dial(net);
		assert_int_equal(net->frames[0].len, v[i].len);
		hex_str(net->frames[0].data + 8, v[i].len - 8, hex);
		assert_string_equal(hex, v[i].published);
		net_free(net);
	}
}

static void messages_have_the_sizes_of_the_products(void **state)
{
	/* Messages 1 to 6 and Quick Mode 1 to 3, without the non-ESP marker; both behind NAT.
	 * Sizes of windows-10 as published; of the servers as published or measured. */
	static const struct {
		const char *client, *server;
		size_t len[9];
	} v[] = {
		{"windows-10", "rras-2012r2", {408, 212, 228, 228, 76, 76, 444, 220, 60}},
		{"windows-10", "strongswan-5.3", {408, 136, 228, 212, 76, 76, 444, 204, 60}},
		{"windows-10", "softether-4", {408, 200, 260, 228, 68, 68, 436, 188, 52}},
		{"macos", "strongswan-5.3", {788, 136, 380, 396, 108, 92, 396, 204, 76}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct net *net = net_new(v[i].client, v[i].server, true, true);

		net_dial(net);
		assert_int_equal(net->n, 9);
		for (size_t k = 0; k < 9; k++)
			assert_int_equal(net->frames[k].len, v[i].len[k] + (k >= 4 ? 4 : 0));
		net_free(net);
	}
}

static void quick_mode_without_optional_encryption_has_316_bytes(void **state)
{
	struct client_mode client = *mode_client("windows-10");

	(void)state;
	client.n_phase2 = 3;
	for (int nat = 0; nat < 2; nat++) {
		struct net *net =
			net_new_rows(&client, mode_server("rras-2012r2"), nat, false, "x", "x");

		net_dial(net);
		assert_int_equal(net->frames[6].len, nat ? 332 + 4 : 316);
		net_free(net);
	}
}

/* Keys of the one are keys of the other; NAT decides port and encapsulation. */
static void assert_connected(const struct net *net, bool nat)
{
	const struct ike_child *c = &net->client.children[0], *s = &net->server.children[0];

	assert_int_equal(net->client.n_up, 1);
	assert_int_equal(net->server.n_up, 1);
	assert_int_equal(net->client.n_children, 1);
	assert_int_equal(net->server.n_children, 1);
	assert_int_equal(c->spi_in, s->spi_out);
	assert_int_equal(c->spi_out, s->spi_in);
	assert_int_equal(c->cipher, s->cipher);
	assert_int_equal(c->keybits, s->keybits);
	assert_memory_equal(c->key_in, s->key_out, KEY_MAX);
	assert_memory_equal(c->key_out, s->key_in, KEY_MAX);
	assert_memory_equal(c->auth_in, s->auth_out, KEY_MAX);
	assert_memory_equal(c->auth_out, s->auth_in, KEY_MAX);
	assert_memory_not_equal(c->key_in, c->key_out, cipher_key_len(c->cipher, c->keybits));
	assert_int_equal(c->udp, nat);
	assert_int_equal(s->udp, nat);
	assert_int_equal(c->local.port, nat ? 4500 : 500);
	assert_int_equal(s->local.port, nat ? 4500 : 500);
	assert_int_equal(net->client.sa->floated, nat);
	assert_int_equal(net->server.sa->floated, nat);
}

/* What the client must believe of these two rows, by what the rows say of their hashes. */
static struct natd_seen client_must_see(const struct client_mode *client,
					const struct server_mode *server, bool napt, bool eip)
{
	/* Every other client offers FRAGMENTATION, or something else of Microsoft's. */
	bool plain = strcmp(client->name, "linux-plain") == 0;
	bool parrots = server->natd_own == NATD_OWN_PARROT && !plain;
	bool true_own = server->natd_own == NATD_OWN_EXACT ||
			(server->natd_own == NATD_OWN_PARROT && !server->address_zero);

	return (struct natd_seen){
		.self_behind_nat = napt || server->natd_peer != NATD_PEER_EXACT,
		.peer_behind_nat = !parrots && (eip || !true_own),
	};
}

static void assert_both_see(const struct net *net, const struct client_mode *client,
			    const struct server_mode *server)
{
	struct natd_seen must = client_must_see(client, server, net->napt, net->eip), seen;

	assert_true(ike_sa_nat(net->client.sa, &seen));
	assert_int_equal(seen.self_behind_nat, must.self_behind_nat);
	assert_int_equal(seen.peer_behind_nat, must.peer_behind_nat);
	assert_true(ike_sa_nat(net->server.sa, &seen));
	assert_int_equal(seen.self_behind_nat, net->eip);
	assert_int_equal(seen.peer_behind_nat, net->napt || server->force_natt);
}

/* One of both modes says that it has nothing for the other: Android has MODP-1024 alone. */
static bool have_nothing_in_common(const char *client, const char *server)
{
	return strcmp(client, "android") == 0 && strncmp(server, "libreswan", 9) == 0;
}

static void assert_meet(const struct client_mode *client, const struct server_mode *server,
			bool napt, bool eip)
{
	struct net *net = net_new(client->name, server->name, napt, eip);
	struct natd_seen must = client_must_see(client, server, napt, eip), seen;

	net_dial(net);
	if (have_nothing_in_common(client->name, server->name)) {
		assert_null(net->client.sa);
	} else if (!server->natt) {
		assert_connected(net, false);
		assert_false(ike_sa_nat(net->client.sa, &seen));
		assert_false(ike_sa_nat(net->server.sa, &seen));
	} else {
		assert_connected(net, must.self_behind_nat || must.peer_behind_nat);
		assert_both_see(net, client, server);
		assert_int_equal(net->client.sa->peer_ms,
				 strncmp(server->name, "rras", 4) == 0);
		assert_int_equal(net->server.sa->peer_ms,
				 client->gate == GATE_MICROSOFT);
	}
	net_free(net);
}

static void every_client_meets_every_server_in_every_layout(void **state)
{
	size_t n_clients, n_servers;
	const struct client_mode *const *clients = mode_clients(&n_clients);
	const struct server_mode *const *servers = mode_servers(&n_servers);

	(void)state;
	assert_true(n_clients >= 6 && n_servers >= 12);
	for (size_t c = 0; c < n_clients; c++)
		for (size_t s = 0; s < n_servers; s++)
			for (unsigned layout = 0; layout < 4; layout++)
				assert_meet(clients[c], servers[s], layout & 1, layout & 2);
}

static void a_server_of_draft_02_gets_and_gives_the_payloads_of_the_draft(void **state)
{
	struct net *net = net_new("windows-10", "draft-only", true, true);
	struct isakmp_msg m;

	(void)state;
	net_dial(net);
	m = parsed(&net->frames[2]);
	assert_int_equal(m.natd_type, PAYLOAD_NATD_DRAFT);
	m = parsed(&net->frames[3]);
	assert_int_equal(m.natd_type, PAYLOAD_NATD_DRAFT);
	assert_int_equal(m.natd.n, 2);
	assert_connected(net, true); /* proposal_check_phase2() wants 61444 again */
	net_free(net);
}

/* A server that accepts all that is known. */
static struct server_mode accepting_all(void)
{
	struct server_mode s = *mode_server("strongswan-5.3");

	s.phase1 = (struct phase1_accept){UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
	s.phase2 = (struct phase2_accept){UINT32_MAX, UINT32_MAX, UINT32_MAX};
	return s;
}

static void every_transform_and_group_works(void **state)
{
	static const struct phase1_transform extra[] = {
		{CIPHER_DES, 0, HASH_MD5, GROUP_MODP768, 3600},
		{CIPHER_3DES, 0, HASH_SHA256, GROUP_ECP256, 3600},
		{CIPHER_AES, 192, HASH_SHA384, GROUP_MODP1536, 3600},
		{CIPHER_AES, 256, HASH_SHA512, GROUP_ECP384, 3600},
		{CIPHER_AES, 128, HASH_MD5, GROUP_MODP2048, 3600},
	};
	const struct server_mode server = accepting_all();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(client_names); i++) {
		const struct client_mode *mode = mode_client(client_names[i]);
		size_t n = mode->n_phase1 + ARRAY_LEN(extra);

		for (size_t k = 0; k < n; k++) {
			struct client_mode one = *mode;
			struct net *net;

			one.n_phase1 = 1;
			one.phase1[0] =
				k < mode->n_phase1 ? mode->phase1[k] : extra[k - mode->n_phase1];
			if (!cipher_known(one.phase1[0].cipher, one.phase1[0].keybits))
				continue;
			net = net_new_rows(&one, &server, true, true, "secret", "secret");
			net_dial(net);
			assert_connected(net, true);
			net_free(net);
		}
	}
}

static void every_esp_transform_works(void **state)
{
	const struct server_mode server = accepting_all();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(client_names); i++) {
		const struct client_mode *mode = mode_client(client_names[i]);

		for (size_t k = 0; k < mode->n_phase2; k++) {
			struct client_mode one = *mode;
			struct net *net;

			one.n_phase2 = 1;
			one.phase2[0] = mode->phase2[k];
			if (one.phase2[0].esp == ESP_NULL ||
			    (one.phase2[0].esp == ESP_DES && !cipher_known(CIPHER_DES, 0)))
				continue;
			net = net_new_rows(&one, &server, false, true, "secret", "secret");
			net_dial(net);
			assert_connected(net, true);
			assert_int_equal(net->client.children[0].keybits, one.phase2[0].keybits);
			net_free(net);
		}
	}
}

/* ---- NAT-D ---- */

static void assert_hash_of(const struct isakmp_msg *m, size_t which, struct inet_ep ep)
{
	uint8_t want[HASH_MAX];

	natd_hash(HASH_SHA1, m->h.cky_i, m->h.cky_r, ep, want);
	assert_memory_equal(m->natd.v[which].b, want, 20);
}

static void message_3_says_who_was_dialled_and_who_dials(void **state)
{
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);
	struct isakmp_msg m;

	(void)state;
	net_dial(net);
	m = parsed(&net->frames[2]);
	assert_int_equal(m.natd.n, 2);
	assert_int_equal(m.natd_type, PAYLOAD_NATD);
	assert_hash_of(&m, 0, inet_ep(EIP_PUBLIC, 500));
	assert_hash_of(&m, 1, inet_ep(CLIENT_PRIVATE, 500));
	net_free(net);
}

static void an_honest_server_tells_its_private_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct net *net = net_new("windows-10", server_names[i], true, true);
		struct isakmp_msg m;

		net->napt_500 = 23785;
		net_dial(net);
		m = parsed(&net->frames[3]);
		assert_int_equal(m.natd.n, 2);
		assert_hash_of(&m, 0, inet_ep(NAPT_PUBLIC, 23785));
		assert_hash_of(&m, 1, inet_ep(SERVER_PRIVATE, 500));
		net_free(net);
	}
}

/* Does message 4's second hash copy message 3's first? */
static bool parroted(const struct net *net)
{
	struct isakmp_msg m3 = parsed(&net->frames[2]), m4 = parsed(&net->frames[3]);

	return m4.natd.n == 2 && memcmp(m4.natd.v[1].b, m3.natd.v[0].b, m3.natd.len) == 0;
}

static void parrot_hides_the_server_nat(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(client_names); i++) {
		struct net *net = net_new(client_names[i], "softether-4", true, true);
		struct isakmp_msg m;
		struct natd_seen seen;

		net_dial(net);
		assert_true(parroted(net));
		ike_sa_nat(net->client.sa, &seen);
		assert_true(seen.self_behind_nat);
		assert_false(seen.peer_behind_nat);
		/* and the first hash is of nobody, so that the client floats all the same */
		m = parsed(&net->frames[3]);
		for (unsigned port = 0; port < 65536; port += 1) {
			uint8_t h[HASH_MAX];

			natd_hash(HASH_SHA1, m.h.cky_i, m.h.cky_r,
				  inet_ep(NAPT_PUBLIC, (uint16_t)port), h);
			assert_memory_not_equal(m.natd.v[0].b, h, 20);
		}
		net_free(net);
	}
}

static void the_parrot_knows_microsoft_by_three_vendor_ids(void **state)
{
	static const struct {
		enum vid vid;
		bool parrot;
	} v[] = {
		{VID_MS_NT5_V8, true},
		{VID_MS_NT5_V9, true},
		{VID_FRAGMENTATION, true},
		{VID_FRAGMENTATION_CAP, true},
		{VID_INITIAL_CONTACT, true},
		{VID_KEY_MODS, false},
		{VID_DPD, false},
		{VID_MS_NEGOTIATION_DISCOVERY, false},
		{VID_IKE_CGA, false},
		{VID_DRAFT02N, false},
		{VID_XAUTH, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct client_mode client = *mode_client("windows-10");
		struct net *net;
		struct isakmp_msg m;

		client.n_vids = 2;
		client.vids[0] = (struct vid_rule){.vid = VID_RFC3947};
		client.vids[1] = (struct vid_rule){.vid = v[i].vid};
		net = net_new_rows(&client, mode_server("softether-4"), true, true, "x", "x");
		net_dial(net);
		assert_int_equal(parroted(net), v[i].parrot);
		m = parsed(&net->frames[3]);
		if (!v[i].parrot)
			assert_hash_of(&m, 1, inet_ep(SERVER_PRIVATE, 500));
		net_free(net);
	}
}

/* Cuts message 3 after its first NAT-D payload. */
static bool one_natd_only(struct net *net, struct frame *f, size_t number)
{
	struct isakmp_msg m;
	size_t cut;

	(void)net;
	if (number != 2)
		return true;
	m = parsed(f);
	cut = (size_t)(m.payloads[2].body.p + m.payloads[2].body.len - f->data);
	f->data[m.payloads[2].body.p - f->data - 4] = PAYLOAD_NONE;
	f->len = cut;
	f->data[26] = (uint8_t)(cut >> 8);
	f->data[27] = (uint8_t)cut;
	return true;
}

static void with_one_hash_in_message_3_the_parrot_is_silent(void **state)
{
	struct net *net = net_new("windows-10", "softether-4", true, true);
	struct isakmp_msg m;

	(void)state;
	net->pass = one_natd_only;
	net_dial(net);
	m = parsed(&net->frames[3]);
	assert_int_equal(m.natd.n, 2);
	assert_hash_of(&m, 1, inet_ep(SERVER_PRIVATE, 500));
	net_free(net);
}

static void other_rows_lie_in_their_own_ways(void **state)
{
	static const struct {
		enum natd_own own;
		enum natd_peer peer;
		bool address_zero;
		struct {
			bool addr, port; /* are they true? */
		} first, second;
	} v[] = {
		{NATD_OWN_PORT_ZERO, NATD_PEER_PORT_ZERO, false, {true, false}, {true, false}},
		{NATD_OWN_ADDR_ZERO, NATD_PEER_ADDR_ZERO, false, {false, true}, {false, true}},
		{NATD_OWN_EXACT, NATD_PEER_EXACT, true, {true, true}, {false, true}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct server_mode server = *mode_server("strongswan-5.3");
		struct isakmp_msg m;
		struct net *net;

		server.natd_own = v[i].own;
		server.natd_peer = v[i].peer;
		server.address_zero = v[i].address_zero;
		net = net_new_rows(mode_client("windows-10"), &server, false, false, "x", "x");
		net_dial(net);
		m = parsed(&net->frames[3]);
		assert_hash_of(&m, 0,
			       inet_ep(v[i].first.addr ? CLIENT_PUBLIC : inet_v4(0),
				       v[i].first.port ? 500 : 0));
		assert_hash_of(&m, 1,
			       inet_ep(v[i].second.addr ? EIP_PUBLIC : inet_v4(0),
				       v[i].second.port ? 500 : 0));
		/* Nobody is behind a NAT, and yet all is in UDP. */
		assert_connected(net, true);
		net_free(net);
	}
}

static void a_random_own_hash_makes_a_public_server_look_hidden(void **state)
{
	struct server_mode server = *mode_server("strongswan-5.3");
	struct natd_seen seen;
	struct net *net;

	(void)state;
	server.natd_own = NATD_OWN_RANDOM;
	net = net_new_rows(mode_client("windows-10"), &server, false, false, "x", "x");
	net_dial(net);
	assert_true(ike_sa_nat(net->client.sa, &seen));
	assert_false(seen.self_behind_nat);
	assert_true(seen.peer_behind_nat);
	assert_connected(net, true);
	net_free(net);
}

/* ---- NAT traversal's revisions ---- */

static struct client_mode client_with_natt(const char *name, int n, const enum vid *vids)
{
	struct client_mode c = *mode_client(name);

	c.n_vids = (uint8_t)n;
	for (int i = 0; i < n; i++)
		c.vids[i] = (struct vid_rule){.vid = vids[i]};
	return c;
}

static void a_client_of_the_drafts_is_answered_in_their_numbers(void **state)
{
	static const enum vid draft[] = {VID_DRAFT02N};
	const struct client_mode client = client_with_natt("windows-10", 1, draft);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net =
			net_new_rows(&client, mode_server(server_names[i]), true, true, "x", "x");
		struct isakmp_msg m3, m4;

		net_dial(net);
		m3 = parsed(&net->frames[2]);
		m4 = parsed(&net->frames[3]);
		assert_int_equal(m3.natd_type, PAYLOAD_NATD_DRAFT);
		assert_int_equal(m4.natd_type, PAYLOAD_NATD_DRAFT);
		assert_int_equal(m4.natd.n, 2);
		assert_connected(net, true);
		/* RFC 3947 5.2 sends two addresses, the drafts one; strongSwan always two. */
		assert_int_equal(net->server.children[0].natoa_i.len, 4);
		assert_int_equal(net->client.children[0].natoa_i.len, 4);
		assert_int_equal(net->client.children[0].natoa_r.len, i == 1 ? 4 : 0);
		net_free(net);
	}
}

static void rfc_3947_wins_over_the_drafts_in_any_order(void **state)
{
	static const enum vid both[] = {VID_DRAFT02N, VID_DRAFT03, VID_RFC3947};
	const struct client_mode client = client_with_natt("windows-10", 3, both);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net =
			net_new_rows(&client, mode_server(server_names[i]), true, true, "x", "x");
		struct isakmp_msg m;

		net_dial(net);
		m = parsed(&net->frames[2]);
		assert_int_equal(m.natd_type, PAYLOAD_NATD);
		assert_connected(net, true);
		net_free(net);
	}
}

static void without_nat_traversal_nobody_floats(void **state)
{
	static const enum vid none[] = {VID_KEY_MODS};
	const struct client_mode client = client_with_natt("windows-10", 1, none);
	struct server_mode deaf = *mode_server("rras-2012r2");
	struct natd_seen seen;

	(void)state;
	deaf.natt = false;
	for (size_t i = 0; i < 2; i++) {
		struct net *net =
			i ? net_new_rows(mode_client("windows-10"), &deaf, true, true, "x", "x")
			  : net_new_rows(&client, mode_server("rras-2012r2"), true, true, "x", "x");

		net_dial(net);
		assert_int_equal(parsed(&net->frames[2]).natd.n, 0);
		assert_int_equal(parsed(&net->frames[3]).natd.n, 0);
		assert_connected(net, false);
		assert_false(ike_sa_nat(net->client.sa, &seen));
		net_free(net);
	}
}

static void quick_mode_names_the_addresses_of_both_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(server_names); i++) {
		struct net *net = net_new("windows-10", server_names[i], true, true);
		const struct ike_child *s = &net->server.children[0], *c = &net->client.children[0];

		net_dial(net);
		assert_true(inet_addr_eq(s->id_i, CLIENT_PRIVATE));
		assert_true(inet_addr_eq(s->id_r, EIP_PUBLIC)); /* as dialled */
		assert_true(inet_addr_eq(s->natoa_i, CLIENT_PRIVATE));
		assert_true(inet_addr_eq(s->natoa_r, EIP_PUBLIC));
		assert_true(inet_addr_eq(c->natoa_i, NAPT_PUBLIC));
		assert_true(inet_addr_eq(c->natoa_r, SERVER_PRIVATE));
		assert_int_equal(s->port_remote, 1701);
		assert_int_equal(s->port_local, 1701);
		assert_int_equal(c->msgid, 1); /* Windows counts */
		net_free(net);
	}
}

static void a_port_of_any_stands_in_the_id_where_the_row_says_so(void **state)
{
	struct client_mode client = *mode_client("macos");
	struct net *net;

	(void)state;
	client.quick_port_any = true;
	net = net_new_rows(&client, mode_server("rras-2012r2"), true, true, "x", "x");
	net_dial(net);
	assert_int_equal(net->server.children[0].port_remote, 0);
	net_free(net);
}

static void events_tell_the_story(void **state)
{
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);
	const struct event *e;

	(void)state;
	net_dial(net);
	assert_int_equal(count_events(&net->client, EV_DIAL), 1);
	e = last_event(&net->client, EV_NAT_SEEN);
	assert_true(ev_get_bool(e, K_SELF_BEHIND_NAT));
	assert_true(ev_get_bool(e, K_PEER_BEHIND_NAT));
	assert_true(ev_get_bool(e, K_FLOATED));
	e = last_event(&net->server, EV_PHASE1);
	assert_string_equal(ev_get_str(e, K_CIPHER), "aes-256-cbc");
	assert_string_equal(ev_get_str(e, K_HASH), "sha1");
	assert_string_equal(ev_get_str(e, K_GROUP), "ecp384");
	e = last_event(&net->client, EV_PHASE2);
	assert_string_equal(ev_get_str(e, K_ENCAP), "udp");
	assert_int_equal(ev_get_u(e, K_SPI_IN), net->client.children[0].spi_in);
	assert_int_equal(count_events(&net->client, EV_DROP), 0);
	assert_int_equal(count_events(&net->server, EV_DROP), 0);
	net_free(net);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	struct net *a = net_new("windows-10", "softether-4", true, true);
	struct net *b = net_new("windows-10", "softether-4", true, true);

	(void)state;
	net_dial(a);
	net_dial(b);
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->frames[i].len, b->frames[i].len);
		assert_memory_equal(a->frames[i].data, b->frames[i].data, a->frames[i].len);
	}
	net_free(a);
	net_free(b);
}

static void wiresharks_profile_gets_the_key_that_decrypts(void **state)
{
	struct net *net = net_new("windows-10", "rras-2012r2", true, true);
	uint8_t cky[2][8], key[2][KEY_MAX];
	size_t len[2];

	(void)state;
	net_dial(net);
	assert_true(ike_sa_wireshark(net->client.sa, cky[0], key[0], &len[0]));
	assert_true(ike_sa_wireshark(net->server.sa, cky[1], key[1], &len[1]));
	assert_int_equal(len[0], 32);
	assert_memory_equal(key[0], key[1], 32);
	assert_memory_equal(cky[0], net->frames[0].data, 8);
	net_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_begins_with_the_published_bytes),
		cmocka_unit_test(messages_have_the_sizes_of_the_products),
		cmocka_unit_test(quick_mode_without_optional_encryption_has_316_bytes),
		cmocka_unit_test(every_client_meets_every_server_in_every_layout),
		cmocka_unit_test(a_server_of_draft_02_gets_and_gives_the_payloads_of_the_draft),
		cmocka_unit_test(every_transform_and_group_works),
		cmocka_unit_test(every_esp_transform_works),
		cmocka_unit_test(message_3_says_who_was_dialled_and_who_dials),
		cmocka_unit_test(an_honest_server_tells_its_private_address),
		cmocka_unit_test(parrot_hides_the_server_nat),
		cmocka_unit_test(the_parrot_knows_microsoft_by_three_vendor_ids),
		cmocka_unit_test(with_one_hash_in_message_3_the_parrot_is_silent),
		cmocka_unit_test(other_rows_lie_in_their_own_ways),
		cmocka_unit_test(a_random_own_hash_makes_a_public_server_look_hidden),
		cmocka_unit_test(a_client_of_the_drafts_is_answered_in_their_numbers),
		cmocka_unit_test(rfc_3947_wins_over_the_drafts_in_any_order),
		cmocka_unit_test(without_nat_traversal_nobody_floats),
		cmocka_unit_test(quick_mode_names_the_addresses_of_both_ends),
		cmocka_unit_test(a_port_of_any_stands_in_the_id_where_the_row_says_so),
		cmocka_unit_test(events_tell_the_story),
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(wiresharks_profile_gets_the_key_that_decrypts),
	};

	return cmocka_run_group_tests_name("ike", tests, NULL, NULL);
}
