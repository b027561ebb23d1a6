/* SPDX-License-Identifier: MIT */
#include "tests/unit/vpn_world.h"

#include "lab/base/packet.h"
#include "nodes/esp/esp.h"
#include "nodes/vpn/vpn_secrets.h"

static const struct event *last(const struct node *n, enum ev_kind kind)
{
	for (size_t i = n->log.ev.n; i-- > 0;)
		if (n->log.ev.v[i].kind == kind)
			return &n->log.ev.v[i];
	return NULL;
}

static size_t events(const struct node *n, enum ev_kind kind)
{
	size_t k = 0;

	for (size_t i = 0; i < n->log.ev.n; i++)
		k += n->log.ev.v[i].kind == kind;
	return k;
}

static size_t drops(const struct node *n, enum drop d)
{
	size_t k = 0;

	for (size_t i = 0; i < n->log.ev.n; i++)
		k += n->log.ev.v[i].kind == EV_DROP &&
		     !strcmp(ev_get_str(&n->log.ev.v[i], K_DROP), drop_name(d));
	return k;
}

static void assert_outcome(const struct node *c, const char *outcome, const char *reason,
			   unsigned error, const char *reached)
{
	const struct event *e = last(c, EV_OUTCOME);

	assert_non_null(e);
	assert_int_equal(events(c, EV_OUTCOME), 1);
	assert_string_equal(ev_get_str(e, K_OUTCOME), outcome);
	assert_string_equal(ev_get_str(e, K_REASON), reason);
	assert_int_equal(ev_get_u(e, K_ERROR), error);
	assert_string_equal(ev_get_str(e, K_REACHED), reached);
}

static void assert_connected(const struct world *w, const struct node *c)
{
	assert_outcome(c, "connected", "none", 0, "ppp");
	assert_int_equal(events(c, EV_L2TP_UP), 1);
	assert_int_equal(events(c, EV_LCP_ECHO), 1);
	assert_true(c->esp_out > 4 && c->esp_in > 4);
	assert_int_equal(c->n_quick, 1);
	assert_true(events(&w->server, EV_LCP_ECHO) >= 1);
}

static void assert_times(const usec *got, size_t n, const usec *want, size_t n_want)
{
	assert_int_equal(n, n_want);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(got[i], want[i] * SEC);
}

static const usec sccrq_times[] = {0, 1, 3, 7, 15, 25};

/* ---- the article ---- */

static void the_articles_twelve_end_as_the_article_says(void **state)
{
	static const char *const servers[] = {"rras-2012r2", "strongswan-5.3", "softether-4"};
	static const struct {
		const char *mode;
		int registry;
	} clients[] = {{"macos", -1}, {"windows-10", 0}, {"windows-10", 1}, {"windows-10", 2}};

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(servers); s++) {
		for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
			bool blocked =
				s < 2 && (clients[i].registry == 0 || clients[i].registry == 1);
			struct world *w = world_new(servers[s], true, true);
			struct node *c =
				add_client(w, clients[i].mode, clients[i].registry, "lab-psk");

			vpn_start(c->vpn, 0);
			run_done(w);
			assert_int_equal(events(c, EV_POLICY), 1);
			assert_int_equal(ev_get_bool(last(c, EV_POLICY), K_ALLOWED), !blocked);
			if (!blocked) {
				assert_connected(w, c);
				assert_int_equal(c->esp_bare, 0);
			} else {
				assert_outcome(c, "blocked", "both-behind-nat", 809, "phase2");
				assert_int_equal(c->esp_out + c->esp_in, 0);
				assert_int_equal(c->n_quick, 6);
				assert_int_equal(c->informationals, 7);
				assert_int_equal(events(&w->server, EV_L2TP), 0);
			}
			world_end(w);
		}
	}
}

static void a_blocked_windows_goes_on_for_half_a_minute(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "windows-10", 0, "lab-psk");
	usec give_up = MSEC * mode_client("windows-10")->l2tp_retry.give_up_ms;

	(void)state;
	vpn_start(c->vpn, 0);
	run(w, 26 * SEC);
	assert_false(vpn_done(c->vpn));
	assert_times(c->quick_at, c->n_quick, sccrq_times, ARRAY_LEN(sccrq_times));
	for (size_t i = 0; i < c->n_quick; i++)
		assert_int_equal(c->quick_id[i], i + 1);
	assert_int_equal(events(c, EV_PHASE2), 6);
	assert_int_equal(c->informationals, 5); /* a Delete for each former SA */
	run_done(w);
	assert_int_equal(last(c, EV_OUTCOME)->t, give_up);
	assert_outcome(c, "blocked", "both-behind-nat", 809, "phase2");
	assert_int_equal(c->n_quick, 6);
	assert_int_equal(c->informationals, 7);
	assert_int_equal(c->esp_out + c->esp_in, 0);
	assert_int_equal(events(c, EV_L2TP) + events(c, EV_L2TP_UP), 0);
	world_end(w);
}

/* ---- other places ---- */

static void where_the_nats_are_decides(void **state)
{
	static const struct {
		bool napt, eip;
		int registry;
		const char *blocked; /* the reason, or NULL */
		bool bare;
	} cases[] = {
		{false, false, 0, NULL, true},
		{true, false, 0, NULL, false},
		{false, true, 0, "server-behind-nat", false},
		{false, true, -1, "server-behind-nat", false},
		{false, true, 1, NULL, false},
		{true, true, 1, "both-behind-nat", false},
		{false, true, 2, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new("rras-2012r2", cases[i].napt, cases[i].eip);
		struct node *c = add_client(w, "windows-10", cases[i].registry, "lab-psk");

		vpn_start(c->vpn, 0);
		run_done(w);
		if (cases[i].blocked) {
			assert_outcome(c, "blocked", cases[i].blocked, 809, "phase2");
			assert_int_equal(c->esp_out, 0);
		} else {
			assert_connected(w, c);
			assert_int_equal(c->esp_bare, cases[i].bare ? c->esp_out + c->esp_in : 0);
		}
		world_end(w);
	}
}

static void two_windows_behind_one_napt_both_work_with_softether(void **state)
{
	struct world *w = world_new("softether-4", true, true);
	struct node *a = add_client(w, "windows-10", 0, "lab-psk");
	struct node *b = add_client(w, "windows-10", 0, "lab-psk");
	struct node *mac = add_client(w, "macos", -1, "lab-psk");

	(void)state;
	vpn_start(a->vpn, 0);
	vpn_start(b->vpn, 0);
	vpn_start(mac->vpn, 0);
	run_done(w);
	assert_connected(w, a);
	assert_connected(w, b);
	assert_connected(w, mac);
	run(w, SEC);
	assert_int_equal(events(&w->server, EV_LCP_ECHO), 3);
	world_end(w);
}

static void an_idle_client_answers_the_server_that_asks(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "windows-10", 2, "lab-psk");
	struct node *d = add_client(w, "windows-10", 2, "lab-psk");
	uint8_t of_c[8], of_d[8];
	const struct event *e;

	(void)state;
	assert_false(vpn_connected(c->vpn, of_c));
	vpn_start(c->vpn, 0);
	vpn_start(d->vpn, 0);
	run_done(w);
	assert_true(vpn_connected(c->vpn, of_c) && vpn_connected(d->vpn, of_d));
	assert_memory_not_equal(of_c, of_d, 8);
	run(w, 300 * SEC);
	vpn_ask(w->server.vpn, of_c, w->now);
	run(w, 301 * SEC);
	e = last(&w->server, EV_ALIVE);
	assert_int_equal(events(&w->server, EV_ALIVE), 1);
	assert_true(ev_get_bool(e, K_ALIVE));
	assert_memory_equal(ev_get_hex(e, K_CKY_I), of_c, 8);
	world_end(w);
}

static void a_client_that_has_gone_is_not_asked(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "windows-10", 2, "lab-psk");
	uint8_t cky_i[8];

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_true(vpn_connected(c->vpn, cky_i));
	give_up(w, c);
	run(w, 100 * SEC);
	vpn_ask(w->server.vpn, cky_i, w->now);
	assert_int_equal(events(&w->server, EV_ALIVE), 1);
	assert_false(ev_get_bool(last(&w->server, EV_ALIVE), K_ALIVE));
	assert_string_equal(ev_get_str(last(&w->server, EV_ALIVE), K_WHY), "no-session");
	world_end(w);
}

static void a_client_that_nothing_reaches_is_dead_after_three_questions(void **state)
{
	struct world *w = world_new("strongswan-5.3", true, true);
	struct node *c = add_client(w, "windows-10", 2, "lab-psk");
	uint8_t cky_i[8];
	usec asked;

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_true(vpn_connected(c->vpn, cky_i));
	run(w, 20 * SEC);
	w->n_map = 0; /* the NAPT has forgotten */
	w->server_deaf = true;
	asked = w->now;
	vpn_ask(w->server.vpn, cky_i, asked);
	run(w, asked + 3 * SEC);
	assert_int_equal(events(&w->server, EV_ALIVE), 1);
	assert_false(ev_get_bool(last(&w->server, EV_ALIVE), K_ALIVE));
	assert_string_equal(ev_get_str(last(&w->server, EV_ALIVE), K_WHY), "no-answer");
	run(w, asked + 200 * SEC);
	assert_int_equal(events(&w->server, EV_ALIVE), 1); /* once is enough */
	world_end(w);
}

static void a_mac_speaks_from_an_ephemeral_port(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "macos", -1, "lab-psk");

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_connected(w, c);
	assert_int_equal(drops(&w->server, DROP_SELECTOR), 0);
	world_end(w);
}

/* ---- failures ---- */

static void nobody_at_home_is_809_after_four_messages(void **state)
{
	static const usec want[] = {0, 1, 2, 5};
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "windows-10", 0, "lab-psk");

	(void)state;
	w->loss = 100;
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_outcome(c, "failed", "no-reply", 809, "nothing");
	assert_times(c->main_at, c->main_modes, want, ARRAY_LEN(want));
	assert_int_equal(c->main1_len, 408);
	world_end(w);
}

/* The server's own words, and the end of everything by the client. */
static void a_wrong_password_is_691_on_windows_where_the_server_asks(void **state)
{
	static const struct {
		const char *server, *password, *outcome, *reason;
		unsigned error;
	} cases[] = {
		{"rras-2012r2", "Wonderland", "failed", "auth-failed", 691},
		{"softether-4", "Wonderland", "failed", "auth-failed", 691},
		{"softether-5", "Wonderland", "failed", "auth-failed", 691},
		{"libreswan-encapsulation", "Wonderland", "failed", "auth-failed", 691},
		{"strongswan-5.3", "Wonderland", "connected", "none", 0},
		{"softether-5", NULL, "failed", "no-credentials", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(cases[i].server, true, true);
		const char *reached = cases[i].error || !cases[i].password ? "l2tp" : "ppp";
		struct node *win, *mac;

		w->password = cases[i].password;
		win = add_client(w, "windows-10", 2, "lab-psk");
		mac = add_client(w, "macos", -1, "lab-psk");
		vpn_start(win->vpn, 0);
		vpn_start(mac->vpn, 0);
		run_done(w);
		assert_outcome(win, cases[i].outcome, cases[i].reason, cases[i].error, reached);
		assert_outcome(mac, cases[i].outcome, cases[i].reason, 0, reached);
		run(w, w->now + 60 * SEC); /* nothing of a link that has ended goes on */
		assert_int_equal(events(win, EV_LCP_ECHO),
				 strcmp(cases[i].outcome, "connected") == 0);
		world_end(w);
	}
}

/* SoftEther says nothing to a message 5 that it cannot read; so its client cannot tell. */
static void another_psk_is_789_on_windows_where_the_server_says_so(void **state)
{
	static const struct {
		const char *server, *reason;
		unsigned error;
	} cases[] = {
		{"rras-2012r2", "psk-mismatch", 789},
		{"strongswan-5.3", "psk-mismatch", 789},
		{"softether-4", "no-reply", 809},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(cases[i].server, true, true);
		struct node *win = add_client(w, "windows-10", 2, "other");
		struct node *mac = add_client(w, "macos", -1, "other");

		vpn_start(win->vpn, 0);
		vpn_start(mac->vpn, 0);
		run_done(w);
		assert_outcome(win, "failed", cases[i].reason, cases[i].error, "nothing");
		assert_outcome(mac, "failed", cases[i].reason, 0, "nothing");
		world_end(w);
	}
}

static void no_common_proposal_is_789(void **state)
{
	struct server_mode mode = *mode_server("rras-2012r2");
	struct world *w = malloc(sizeof(*w));
	struct node *c;

	(void)state;
	assert_non_null(w);
	mode.phase1.ciphers = ACCEPT(CIPHER_DES);
	world_init(w, &mode, true, true);
	c = add_client(w, "windows-10", 2, "lab-psk");
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_outcome(c, "failed", "no-proposal", 789, "nothing");
	world_end(w);
}

static void a_dead_l2tp_is_no_refusal_because_esp_goes_out(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "windows-10", 2, "lab-psk");

	(void)state;
	w->server_deaf = true;
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_outcome(c, "failed", "no-reply", 809, "phase2");
	assert_times(c->quick_at, c->n_quick, sccrq_times, ARRAY_LEN(sccrq_times));
	assert_int_equal(c->esp_out, 6); /* one SCCRQ on each SA */
	assert_int_equal(c->informationals, 7);
	world_end(w);

	w = world_new("rras-2012r2", true, true);
	c = add_client(w, "macos", -1, "lab-psk");
	w->server_deaf = true;
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_outcome(c, "failed", "no-reply", 0, "phase2");
	assert_int_equal(c->n_quick, 1);
	assert_int_equal(c->esp_out, 6);
	world_end(w);
}

static void a_bad_line_delays_and_does_not_prevent(void **state)
{
	static const char *const clients[] = {"windows-10", "macos"};
	static const char *const servers[] = {"rras-2012r2", "strongswan-5.3", "softether-4"};

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		struct world *w = world_new(servers[i % 3], true, true);
		struct node *c = add_client(w, clients[i % 2], 2, "lab-psk");

		for (size_t k = 0; k < i; k++)
			rng_u32(w->rng); /* another line each time */
		w->loss = 5;
		w->late = 10;
		vpn_start(c->vpn, 0);
		run_done(w);
		assert_outcome(c, "connected", "none", 0, "ppp");
		world_end(w);
	}
}

/* ---- later ---- */

static void a_client_that_gives_up_leaves_nothing_on_the_server(void **state)
{
	struct world *w = world_new("strongswan-5.3", true, true);
	struct node *c = add_client(w, "macos", -1, "lab-psk");
	size_t deletes;

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_connected(w, c);
	deletes = c->informationals;
	give_up(w, c);
	run(w, w->now + 60 * SEC);			  /* as long as ike's oldest timer */
	assert_int_equal(c->informationals - deletes, 2); /* ESP and ISAKMP */
	assert_int_equal(events(c, EV_OUTCOME), 1);
	assert_true(vpn_deadline(c->vpn) == USEC_NEVER);
	assert_true(vpn_deadline(w->server.vpn) == USEC_NEVER);
	world_end(w);
}

/* The tunnel ends at the moment at which the server's next Configure-Request is due. */
static void ppp_sends_nothing_when_its_session_has_ended(void **state)
{
	struct server_mode mode = *mode_server("softether-4");
	struct world w;
	struct node *c;

	(void)state;
	mode.tunnel_timeout_ms = 3000; /* LCP's restart timer (RFC 1661 4.6) */
	mode.hello_ms = 0;
	world_init(&w, &mode, true, true);
	c = add_client(&w, "macos", -1, "lab-psk");
	vpn_start(c->vpn, 0);
	while (events(&w.server, EV_AUTH_ASK) == 0)
		assert_true(step(&w, 100 * SEC));
	w.server_deaf = true;
	w.n = 0; /* nor is anything on its way to it */
	run(&w, w.now + 10 * SEC);
	assert_int_equal(events(&w.server, EV_AUTH_ASK), 1);
	world_free(&w);
}

static void a_connection_lives_on(void **state)
{
	struct world *w = world_new("softether-4", true, true);
	struct node *c = add_client(w, "windows-10", 0, "lab-psk");

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	run(w, 600 * SEC);
	assert_connected(w, c);
	assert_true(c->esp_in > 60); /* SoftEther's Hello every 8.8 s */
	assert_int_equal(events(&w->server, EV_EXPIRED), 0);
	world_end(w);
}

static void replies_follow_a_client_whose_nat_mapping_changes(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "macos", -1, "lab-psk");

	(void)state;
	w->lose_esp = 1; /* the first SCCRQ */
	vpn_start(c->vpn, 0);
	run(w, 500 * MSEC);
	assert_int_equal(c->esp_out, 1);
	for (size_t i = 0; i < w->n_map; i++)
		if (w->map[i].inside.port == 4500)
			w->map[i].port = 33333;
	run_done(w);
	assert_connected(w, c);
	world_end(w);
}

/* ---- what must not get in ---- */

static void l2tp_in_the_clear_is_not_heard(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct datagram d = {
		.via = VIA_UDP,
		.local = inet_ep(inet_v4(SERVER_VPC), 1701),
		.remote = inet_ep(inet_v4(HOME_WAN), 1701),
		.data = (const uint8_t *)"\xc8\x02\x00\x0c\0\0\0\0\0\0\0\0",
		.len = 12,
	};

	(void)state;
	vpn_input(w->server.vpn, 0, &d);
	assert_int_equal(drops(&w->server, DROP_SELECTOR), 1);
	assert_int_equal(w->n, 0);
	world_end(w);
}

static void bytes_of_any_kind_on_any_port_do_no_harm(void **state)
{
	static const uint16_t ports[] = {500, 4500, 0, 1701};
	struct world *w = world_new("softether-4", true, true);
	struct node *c = add_client(w, "windows-10", 0, "lab-psk");
	uint8_t junk[300];

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	for (size_t i = 0; i < 2000; i++) {
		struct datagram d = {.data = junk, .len = rng_below(w->rng, sizeof(junk))};
		uint16_t port = ports[i % 4];

		rng_bytes(w->rng, junk, sizeof(junk));
		if (i % 8 == 1)
			memset(junk, 0, 4);
		d.via = port ? VIA_UDP : VIA_ESP;
		d.local = inet_ep(inet_v4(SERVER_VPC), port);
		d.remote = inet_ep(inet_v4(HOME_WAN), port);
		vpn_input(w->server.vpn, w->now, &d);
		d.local = inet_ep(c->own, port);
		d.remote = inet_ep(inet_v4(ELASTIC), port);
		vpn_input(c->vpn, w->now, &d);
		w->n = 0; /* answers to nobody */
	}
	run(w, w->now + 20 * SEC);
	assert_connected(w, c);
	assert_int_equal(events(&w->server, EV_EXPIRED), 0);
	world_end(w);
}

static void a_replayed_esp_packet_is_dropped(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "windows-10", 2, "lab-psk");
	struct flight sccrq = {0};
	struct isakmp_header h;
	bool esp = false;

	(void)state;
	vpn_start(c->vpn, 0);
	while (!esp && step(w, SEC))
		for (size_t i = 0; i < w->n && !esp; i++)
			if (w->v[i].to == &w->server && w->v[i].d.local.port == 4500) {
				sccrq = w->v[i];
				sccrq.d.data = sccrq.data;
				look(&sccrq.d, &esp, &h);
			}
	assert_true(esp);
	run_done(w);
	vpn_input(w->server.vpn, w->now, &sccrq.d);
	assert_int_equal(drops(&w->server, DROP_REPLAY), 1);
	assert_connected(w, c);
	world_end(w);
}

/* ---- secrets ---- */

struct found {
	size_t isakmp, esp;
	bool aes256;
};

static void on_isakmp_secret(void *ctx, const uint8_t cky_i[8], const uint8_t *key, size_t len)
{
	struct found *f = ctx;

	(void)cky_i;
	(void)key;
	f->isakmp++;
	f->aes256 = len == 32;
}

static void on_esp_secret(void *ctx, struct inet_addr src, struct inet_addr dst, uint32_t spi,
			  enum ike_cipher cipher, const uint8_t *key, size_t key_len,
			  enum ike_hash auth, const uint8_t *auth_key, size_t auth_key_len)
{
	struct found *f = ctx;

	(void)key;
	(void)auth_key;
	assert_true(inet_addr_eq(src, inet_v4(HOME_NET)) || inet_addr_eq(dst, inet_v4(HOME_NET)));
	assert_true(spi != 0 && cipher == CIPHER_AES && key_len == 32);
	assert_true(auth == HASH_SHA1 && auth_key_len == 20);
	f->esp++;
}

static void every_secret_is_told_also_of_sas_that_are_gone(void **state)
{
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "windows-10", 0, "lab-psk");
	struct found f = {0};

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	vpn_each_secret(c->vpn, &(struct vpn_secrets){on_isakmp_secret, on_esp_secret, &f});
	assert_int_equal(f.isakmp, 1);
	assert_true(f.aes256);
	assert_int_equal(f.esp, 12); /* six pairs */
	world_end(w);
}

/* What a client might put into its SA besides L2TP; the keys are taken from the secrets. */
static void on_out_secret(void *ctx, struct inet_addr src, struct inet_addr dst, uint32_t spi,
			  enum ike_cipher cipher, const uint8_t *key, size_t key_len,
			  enum ike_hash auth, const uint8_t *auth_key, size_t auth_key_len)
{
	(void)dst;
	(void)auth_key_len;
	if (!inet_addr_eq(src, inet_v4(HOME_NET)))
		return;
	esp_sa_init(ctx, spi, cipher, (unsigned)key_len * 8, key, auth, auth_key);
}

static void ignore_isakmp(void *ctx, const uint8_t cky_i[8], const uint8_t *key, size_t len)
{
	(void)ctx;
	(void)cky_i;
	(void)key;
	(void)len;
}

static void traffic_that_the_sa_is_not_for_is_dropped(void **state)
{
	static const struct {
		const char *what;
		uint16_t src, dst;
		uint8_t next;
		bool bare;
		enum drop drop;
	} cases[] = {
		{"a DNS question", 1701, 53, 17, false, DROP_SELECTOR},
		{"L2TP from another port", 1702, 1701, 17, false, DROP_SELECTOR},
		{"TCP", 1701, 1701, 6, false, DROP_SELECTOR},
		{"a dummy packet", 1701, 1701, 59, false, DROP_SELECTOR},
		{"bare ESP of an encapsulated SA", 1701, 1701, 17, true, DROP_SELECTOR},
		{"what it is for, but no L2TP", 1701, 1701, 17, false, DROP_L2TP_HEADER},
	};
	struct world *w = world_new("rras-2012r2", true, true);
	struct node *c = add_client(w, "windows-10", 2, "lab-psk");
	struct esp_sa sa = {0};

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	vpn_each_secret(c->vpn, &(struct vpn_secrets){ignore_isakmp, on_out_secret, &sa});
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t udp[32], pkt[200];
		struct wr u = wr_new(udp, sizeof(udp));
		struct datagram d = {
			.via = cases[i].bare ? VIA_ESP : VIA_UDP,
			.local = inet_ep(inet_v4(SERVER_VPC), cases[i].bare ? 0 : 4500),
			.remote = inet_ep(inet_v4(HOME_WAN), cases[i].bare ? 0 : 4500),
			.data = pkt,
		};
		size_t before = drops(&w->server, cases[i].drop);

		wr_udp(&u, inet_ep(c->own, cases[i].src), inet_ep(inet_v4(ELASTIC), cases[i].dst),
		       "not L2TP", 8);
		sa.seq = (uint32_t)(1000 + i);
		d.len = esp_seal(&sa, w->rng, cases[i].next, udp, wr_len(&u), pkt, sizeof(pkt));
		vpn_input(w->server.vpn, w->now, &d);
		assert_int_equal(drops(&w->server, cases[i].drop), before + 1);
	}
	esp_sa_wipe(&sa);
	world_end(w);
}

static void softether_answers_esp_of_an_unknown_spi(void **state)
{
	static const char *const servers[] = {"softether-4", "rras-2012r2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		struct world *w = world_new(servers[i], false, false);
		struct datagram d = {
			.via = VIA_UDP,
			.local = inet_ep(w->server.own, 4500),
			.remote = inet_ep(inet_v4(CLIENT_PUBLIC), 4500),
			.data = (const uint8_t *)"\x12\x34\x56\x78\0\0\0\1and some more bytes",
			.len = 27,
		};

		add_client(w, "macos", -1, "lab-psk");
		vpn_input(w->server.vpn, 0, &d);
		assert_int_equal(drops(&w->server, DROP_UNKNOWN_SPI), 1);
		assert_int_equal(w->n, i == 0 ? 2 : 0); /* INVALID-SPI, and a Delete of it */
		world_end(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_articles_twelve_end_as_the_article_says),
		cmocka_unit_test(a_blocked_windows_goes_on_for_half_a_minute),
		cmocka_unit_test(where_the_nats_are_decides),
		cmocka_unit_test(two_windows_behind_one_napt_both_work_with_softether),
		cmocka_unit_test(an_idle_client_answers_the_server_that_asks),
		cmocka_unit_test(a_client_that_has_gone_is_not_asked),
		cmocka_unit_test(a_client_that_nothing_reaches_is_dead_after_three_questions),
		cmocka_unit_test(a_mac_speaks_from_an_ephemeral_port),
		cmocka_unit_test(nobody_at_home_is_809_after_four_messages),
		cmocka_unit_test(a_wrong_password_is_691_on_windows_where_the_server_asks),
		cmocka_unit_test(another_psk_is_789_on_windows_where_the_server_says_so),
		cmocka_unit_test(no_common_proposal_is_789),
		cmocka_unit_test(a_dead_l2tp_is_no_refusal_because_esp_goes_out),
		cmocka_unit_test(a_bad_line_delays_and_does_not_prevent),
		cmocka_unit_test(a_client_that_gives_up_leaves_nothing_on_the_server),
		cmocka_unit_test(ppp_sends_nothing_when_its_session_has_ended),
		cmocka_unit_test(a_connection_lives_on),
		cmocka_unit_test(replies_follow_a_client_whose_nat_mapping_changes),
		cmocka_unit_test(l2tp_in_the_clear_is_not_heard),
		cmocka_unit_test(bytes_of_any_kind_on_any_port_do_no_harm),
		cmocka_unit_test(a_replayed_esp_packet_is_dropped),
		cmocka_unit_test(every_secret_is_told_also_of_sas_that_are_gone),
		cmocka_unit_test(traffic_that_the_sa_is_not_for_is_dropped),
		cmocka_unit_test(softether_answers_esp_of_an_unknown_spi),
	};

	return cmocka_run_group_tests_name("vpn", tests, NULL, NULL);
}
