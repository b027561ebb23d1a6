/* SPDX-License-Identifier: MIT */
/*
 * Servers of ours, and strangers that natdlab has no row for, met by clients over the four NAT
 * layouts: the row that --emit-mode writes of what was seen is put in the server's place, meets
 * the same client with the same seeds, and must say the same, byte for byte and at the same times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "lab/result/predict.h"
#include "tests/unit/emitted.h"
#include "tests/unit/ike_net.h"

/* What happens to the exchange on its way. */
enum fate {
	ALL_IS_WELL,
	MESSAGE_3_LOST, /* and what comes behind it; message 1 comes again after three seconds */
	MESSAGE_5_LOST, /* likewise; message 3 */
	FATES,
};

enum sight { AT_SERVER, AT_BOTH, AT_CLIENT, VIEWS };

struct trial {
	const struct client_mode *client;
	bool napt, eip;
	enum fate fate;
	unsigned seed;
};

/* ---- running ---- */

static struct watch *eye; /* that looks on; NULL: nobody does */
static enum sight eye_at;
static const char *client_place = "client", *server_place = "server";

static void show(const char *place, usec t, struct inet_ep src, struct inet_ep dst, uint8_t ttl,
		 const struct frame *f)
{
	static uint32_t number;
	uint8_t buf[4096];
	struct wr w = wr_new(buf, sizeof(buf));

	wr_ipv4(&w, src.addr, dst.addr, IPPROTO_UDP_, ttl, 1, 8 + f->len);
	wr_udp(&w, src, dst, f->data, f->len);
	assert_true(wr_ok(&w));
	watch_frame(eye, place, LINKTYPE_RAW_, t, ++number, buf, wr_len(&w));
}

/* A frame leaves its sender, and arrives at the other end unless it is lost. */
static void look_on(const struct net *net, const struct frame *f, bool arrives)
{
	const char *from = f->from_client ? client_place : server_place;
	const char *to = f->from_client ? server_place : client_place;
	struct inet_ep src, dst;

	if (!eye)
		return;
	if (eye_at == AT_BOTH || f->from_client == (eye_at == AT_CLIENT))
		show(from, f->t, f->src, f->dst, 64, f);
	if (arrives && translate(net, f, &src, &dst) &&
	    (eye_at == AT_BOTH || f->from_client != (eye_at == AT_CLIENT)))
		show(to, f->t + MSEC / 10, src, dst, 60, f);
}

/* Message 1, 3 or 5 of the client's, by its place among what it said first. */
static bool is_lost(const struct net *net, const struct frame *f)
{
	bool encrypted = f->dst.port == 4500 || (f->len > 19 && f->data[19] & 1);

	if (!f->from_client || net->arg == ALL_IS_WELL)
		return false;
	if (net->arg == MESSAGE_5_LOST)
		return encrypted;
	return f != &net->frames[0]; /* all but message 1 */
}

static bool pass(struct net *net, struct frame *f, size_t number)
{
	bool arrives = !is_lost(net, f);

	(void)number;
	net->now += MSEC;
	f->t = net->now;
	look_on(net, f, arrives);
	return arrives;
}

/* The client's last message that arrived comes again. */
static void repeat(struct net *net)
{
	struct frame again = {0};

	for (size_t i = 0; i < net->n; i++)
		if (net->frames[i].from_client && !is_lost(net, &net->frames[i]))
			again = net->frames[i];
	again.t = net->now;
	look_on(net, &again, true);
	net_deliver(net, &again);
	net_drain(net);
}

/* The capture goes on: another packet, long behind. */
static void somebody_else(const struct net *net)
{
	static const struct frame dns = {.len = 12};

	if (eye)
		show("server", net->now, inet_ep(net->server.own, 53), inet_ep(net->client.own, 53),
		     64, &dns);
}

static struct net *run(const struct trial *t, const struct server_mode *row)
{
	struct net *net = net_new_rows(t->client, row, t->napt, t->eip, "x", "x");

	net->pass = pass;
	net->arg = (int)t->fate;
	for (unsigned i = 0; i < t->seed; i++) {
		rng_u32(net->client.rng);
		rng_u32(net->server.rng);
	}
	net_dial(net);
	if (t->fate != ALL_IS_WELL) {
		net_run(net, 3 * SEC);
		repeat(net);
		net_run(net, 75 * SEC);
		somebody_else(net);
	}
	return net;
}

/* ---- looking ---- */

struct looked {
	struct arena *a;
	const char *text;
	const struct server_mode *row;
};

/* What the file expects is what will come out of it. */
static void check_claims(struct arena *a, const char *text)
{
	struct topology *t = topo_load(a, text);

	for (size_t i = 0; i < scenario_count(t); i++) {
		const struct scenario *s = scenario_new(a, t, i);
		struct prediction p;

		assert_int_equal(s->nodes[0].kind, KIND_CLIENT);
		p = *predict(a, s, 0);
		for (size_t k = 0; k < s->n_expects; k++) {
			if ((int)p.agreed.outcome == s->expects[k].want[CLAIM_OUTCOME])
				continue;
			fputs(text, stderr);
			fail_msg("%s is %s", s->id, outcome_name(p.agreed.outcome));
		}
	}
}

/* Meets the server in all of the trials, and writes it down. */
static struct looked look(const struct trial *t, size_t n, const struct server_mode *server,
			  enum sight view)
{
	struct looked l = {.a = arena_new()};
	struct exchange *const *x;
	struct judgement *j;
	struct emit_seen *v;
	size_t n_x;

	eye = watch_new(l.a, NULL);
	eye_at = view;
	watch_keep(eye);
	for (size_t i = 0; i < n; i++)
		net_free(run(&t[i], server));
	n_x = watch_exchanges(eye, &x);
	v = arena_array_of(l.a, n_x, struct emit_seen);
	j = arena_array_of(l.a, n_x, struct judgement);
	for (size_t i = 0; i < n_x; i++) {
		natd_judge(x[i], NULL, 0, NULL, NULL, &j[i]);
		v[i] = (struct emit_seen){.x = x[i], .j = &j[i]};
		emit_judge(&v[i]);
	}
	l.text = emitted_text(l.a, v, n_x, watch_end(eye));
	eye = NULL;
	l.row = emitted_row(l.a, l.text);
	check_claims(l.a, l.text);
	return l;
}

/* ---- comparing ---- */

static const struct frame *next_clear(const struct net *net, size_t *i)
{
	while (*i < net->n) {
		const struct frame *f = &net->frames[(*i)++];

		if (!f->from_client && f->src.port == 500 && f->len > 28 && !(f->data[19] & 1))
			return f;
	}
	return NULL;
}

static void fail_at(const struct trial *t, const struct looked *l, const char *what, size_t number)
{
	fputs(l->text, stderr); /* longer than cmocka prints */
	fail_msg("%s, napt %d, eip %d, fate %d: answer %zu: %s", t->client->name, t->napt, t->eip,
		 t->fate, number, what);
}

/* The payloads, their order and lengths; vendor IDs and the SA by their bytes. */
static bool same_shape(const struct frame *a, const struct frame *b)
{
	struct isakmp_msg x = parsed(a), y = parsed(b);

	if (x.n_payloads != y.n_payloads)
		return false;
	for (size_t i = 0; i < x.n_payloads; i++) {
		const struct isakmp_payload_view *p = &x.payloads[i], *q = &y.payloads[i];
		bool bytes = p->type == PAYLOAD_SA || p->type == PAYLOAD_VID;

		if (p->type != q->type || p->body.len != q->body.len ||
		    (bytes && memcmp(p->body.p, q->body.p, p->body.len) != 0))
			return false;
	}
	return true;
}

/* What the server said in clear, to the replay's; @exactly: byte for byte, time for time. */
static void assert_same_answers(const struct trial *t, const struct looked *l,
				const struct net *was, const struct net *is, bool exactly)
{
	const struct frame *a, *b;
	size_t i = 0, k = 0, number = 0;

	for (;;) {
		a = next_clear(was, &i);
		b = next_clear(is, &k);
		if (!a || !b)
			break;
		number++;
		if (a->len != b->len)
			fail_at(t, l, "another length", number);
		if (!same_shape(a, b))
			fail_at(t, l, "other payloads", number);
		if (exactly && memcmp(a->data, b->data, a->len) != 0)
			fail_at(t, l, "other bytes", number);
		if (a->t / (MSEC * 10) != b->t / (MSEC * 10))
			fail_at(t, l, "at another time", number);
	}
	if (a || b)
		fail_at(t, l, a ? "is missing" : "is one too many", number + 1);
}

static void check_trials(const struct trial *t, size_t n, const struct server_mode *server,
			 enum sight view)
{
	struct looked l = look(t, n, server, view);

	for (size_t i = 0; i < n; i++) {
		struct net *was = run(&t[i], server), *is = run(&t[i], l.row);

		assert_same_answers(&t[i], &l, was, is, view != AT_CLIENT);
		net_free(was);
		net_free(is);
	}
	arena_free(l.a);
}

/* ---- rows that natdlab has ---- */

static const char *const clients[] = {"windows-10", "windows-7", "macos", "android", "linux-plain"};

static void every_server_is_replayed_to_every_client(void **state)
{
	size_t n;
	const struct server_mode *const *servers = mode_servers(&n);

	(void)state;
	for (size_t i = 0; i < n * ARRAY_LEN(clients) * 4 * VIEWS; i++) {
		size_t k = i / VIEWS;
		const struct trial t = {
			.client = mode_client(clients[k / 4 % ARRAY_LEN(clients)]),
			.napt = k & 1,
			.eip = k & 2,
		};

		check_trials(&t, 1, servers[k / 4 / ARRAY_LEN(clients)], i % VIEWS);
	}
}

static void what_comes_again_comes_again_in_the_replay(void **state)
{
	size_t n;
	const struct server_mode *const *servers = mode_servers(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (enum fate fate = MESSAGE_3_LOST; fate < FATES; fate++) {
			const struct trial t = {
				.client = mode_client("windows-10"),
				.napt = true,
				.eip = true,
				.fate = fate,
			};

			check_trials(&t, 1, servers[i], AT_SERVER);
		}
	}
}

/* ---- strangers ---- */

static const uint8_t unknown_bytes[40] = "a vendor ID that natdlab has no name for";
static const uint8_t other_bytes[5] = {0x00, 0xff, '"', '\n', '#'};
#define UNKNOWN {.vid = VIDS, .other = {unknown_bytes, sizeof(unknown_bytes)}}
#define OTHER {.vid = VIDS, .other = {other_bytes, sizeof(other_bytes)}}

/* What a product might do that no row of natdlab's does: changes to one. */
static void long_nonce(struct server_mode *m)
{
	m->nonce_len = 255;
}

static void strange_vids(struct server_mode *m)
{
	static const struct vid_rule vids[] = {
		OTHER,
		{.vid = VID_RFC3947, .if_peer_sent = true},
		UNKNOWN,
		{.vid = VID_DPD},
		{.vid = VID_FRAGMENTATION_CAP, .if_peer_sent = true, .any_tail = true},
		{.vid = VID_MS_NT5_V9, .if_peer_sent = true},
	};

	memset(m->vids, 0, sizeof(m->vids));
	memcpy(m->vids, vids, sizeof(vids));
	m->n_vids = ARRAY_LEN(vids);
	m->one_natt_vid = false;
}

static void one_natt_vid(struct server_mode *m)
{
	static const struct vid_rule vids[] = {
		{.vid = VID_XAUTH},
		{.vid = VID_RFC3947, .if_peer_sent = true},
		{.vid = VID_DRAFT02N, .if_peer_sent = true},
		{.vid = VID_DRAFT02, .if_peer_sent = true},
	};

	memset(m->vids, 0, sizeof(m->vids));
	memcpy(m->vids, vids, sizeof(vids));
	m->n_vids = ARRAY_LEN(vids);
	m->one_natt_vid = true;
}

static void weird_message_4(struct server_mode *m)
{
	static const struct answer_part parts[] = {
		{.kind = ANSWER_NONCE},	    {.kind = ANSWER_VID, .vid = UNKNOWN},
		{.kind = ANSWER_KEY},	    {.kind = ANSWER_VID, .vid = {.vid = VID_XAUTH}},
		{.kind = ANSWER_PEER_HASH}, {.kind = ANSWER_OWN_HASH},
		{.kind = ANSWER_OWN_HASH},
	};

	memcpy(m->message4, parts, sizeof(parts));
	m->n_message4 = ARRAY_LEN(parts);
}

static void weird_transform(struct server_mode *m)
{
	static const uint16_t order[MODE_ATTRS] = {P1_LIFE_TYPE, P1_LIFE, P1_GROUP, P1_KEYLEN,
						   P1_AUTH,	 P1_HASH, P1_ENC};

	m->sa_encoding = SA_REENCODED;
	memcpy(m->phase1_attrs, order, sizeof(order));
	m->life_variable = m->keeps_number = true;
}

static void short_transform(struct server_mode *m)
{
	static const uint16_t order[MODE_ATTRS] = {P1_ENC, P1_HASH, P1_AUTH, P1_GROUP, P1_KEYLEN};

	m->sa_encoding = SA_REENCODED;
	memcpy(m->phase1_attrs, order, sizeof(order));
}

static void as_offered(struct server_mode *m)
{
	m->sa_encoding = SA_AS_OFFERED;
}

static void only_3des(struct server_mode *m)
{
	m->phase1.ciphers = ACCEPT(CIPHER_3DES);
	m->phase1.groups = ACCEPT(GROUP_MODP1024);
}

static void only_aes_128(struct server_mode *m)
{
	m->phase1.ciphers = ACCEPT(CIPHER_AES);
	m->phase1.keys = ACCEPT_KEY(128);
}

static void accepts_nothing(struct server_mode *m)
{
	m->phase1.groups = ACCEPT(GROUP_MODP768);
}

static void no_natt(struct server_mode *m)
{
	m->natt = false;
}

static void slow_and_stubborn(struct server_mode *m)
{
	m->message2_retry = (struct retry){.n = 3, .at_ms = {700, 4200, 9000}};
	m->message4_retry = (struct retry){.n = 2, .at_ms = {5000, 11500}};
	m->half_open_ms = 20000;
	m->half_open_delete = true;
}

static void patient(struct server_mode *m)
{
	m->message4_retry = (struct retry){.n = 3, .at_ms = {10000, 25000, 40000}};
	m->message2_retry = (struct retry){.n = 1, .at_ms = {35000}};
	m->half_open_ms = 60000;
	m->half_open_delete = false;
}

static void never_again(struct server_mode *m)
{
	m->message2_retry = m->message4_retry = (struct retry){0};
	m->half_open_delete = false;
	m->half_open_ms = 70000;
}

static void deaf_to_duplicates(struct server_mode *m)
{
	m->dup_message1 = m->dup_message3 = DUP_SILENCE;
	m->message2_retry = m->message4_retry = (struct retry){0};
	m->half_open_delete = false;
}

static void begins_anew(struct server_mode *m)
{
	m->dup_message1 = DUP_NEW_EXCHANGE;
}

static const struct {
	const char *what;
	void (*change)(struct server_mode *m);
} changes[] = {
	{"long_nonce", long_nonce},
	{"strange_vids", strange_vids},
	{"one_natt_vid", one_natt_vid},
	{"weird_message_4", weird_message_4},
	{"weird_transform", weird_transform},
	{"short_transform", short_transform},
	{"as_offered", as_offered},
	{"only_3des", only_3des},
	{"only_aes_128", only_aes_128},
	{"accepts_nothing", accepts_nothing},
	{"no_natt", no_natt},
	{"slow_and_stubborn", slow_and_stubborn},
	{"patient", patient},
	{"never_again", never_again},
	{"deaf_to_duplicates", deaf_to_duplicates},
	{"begins_anew", begins_anew},
};

static const char *const bases[] = {"strongswan-5.9", "libreswan", "softether-5", "rras-2012r2"};

/* Met by two clients, so that echoes can be told from what everybody gets. */
static void strangers_are_replayed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes) * ARRAY_LEN(bases) * FATES; i++) {
		struct server_mode m = *mode_server(bases[i / FATES % ARRAY_LEN(bases)]);
		const struct trial t[] = {
			{mode_client("windows-10"), true, true, i % FATES, 1},
			{mode_client("macos"), false, true, i % FATES, 2},
			{mode_client("linux-plain"), true, true, i % FATES, 3},
		};

		print_message("%s, %s, fate %zu\n", m.name,
			      changes[i / FATES / ARRAY_LEN(bases)].what, i % FATES);
		changes[i / FATES / ARRAY_LEN(bases)].change(&m);
		check_trials(t, ARRAY_LEN(t), &m, AT_SERVER);
	}
}

/* Every pair of things that a server may say of addresses. */
static void every_pair_of_hashes_is_replayed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5u * 4 * 2 * 4; i++) {
		struct server_mode m = *mode_server("strongswan-5.9");
		const struct trial t[] = {
			{mode_client("windows-10"), i & 1, i & 2, ALL_IS_WELL, 1},
			{mode_client("linux-plain"), i & 1, i & 2, ALL_IS_WELL, 2},
		};

		m.address_zero = i & 4;
		m.natd_peer = i / 8 % 4;
		m.natd_own = i / 32;
		print_message("own %u, bound %d, peer %u\n", m.natd_own, !m.address_zero,
			      m.natd_peer);
		check_trials(t, ARRAY_LEN(t), &m, AT_SERVER);
	}
}

/* ---- names that want to be YAML ---- */

/* pcapng lets anybody name interfaces: each line ending and each character that YAML knows. */
static void no_name_of_a_place_leaves_its_remark(void **state)
{
	static const char *const names[] = {
		"\n  evil: {like: macos}",
		"\r\n    nonce: 8",
		"\xe2\x80\xa8    nonce: 8", /* U+2028, a line end in YAML 1.1 */
		"\xc2\x85    nonce: 8",     /* U+0085, likewise */
		"\xef\xbb\xbf\xef\xbf\xbe\x1b[2J\x7f\x01",
		"\xff\xfe broken UTF-8",
		("a name that is longer than anybody would want to read, much longer than that, "
		 "and that has no end: 01234567890123456789012345678901234567890123456789012345"),
	};
	const struct trial t = {mode_client("windows-10"), true, true, ALL_IS_WELL, 0};
	struct server_mode stranger = *mode_server("libreswan");

	(void)state;
	long_nonce(&stranger);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct looked l;

		server_place = names[i];
		l = look(&t, 1, &stranger, AT_SERVER);
		assert_int_equal(l.row->nonce_len, 255);
		for (const char *p = l.text; *p; p++)
			assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
		assert_non_null(strstr(l.text, "    # message 4, frame"));
		arena_free(l.a);
	}
	server_place = "server";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_server_is_replayed_to_every_client),
		cmocka_unit_test(what_comes_again_comes_again_in_the_replay),
		cmocka_unit_test(strangers_are_replayed),
		cmocka_unit_test(every_pair_of_hashes_is_replayed),
		cmocka_unit_test(no_name_of_a_place_leaves_its_remark),
	};

	return cmocka_run_group_tests_name("emitted modes", tests, NULL, NULL);
}
