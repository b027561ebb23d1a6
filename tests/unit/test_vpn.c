/* SPDX-License-Identifier: MIT */
/*
 * Clients and a server back to back: the article's network as a table of addresses, virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/mem.h"
#include "lab/base/wire.h"
#include "nodes/crypto.h"
#include "nodes/vpn.h"

#define CLIENTS 3
#define FLIGHTS 256
#define MAPPINGS 16
#define TIMES 16

/* 192.168.1.10+i behind 198.51.100.10, 203.0.113.10 in front of 172.31.0.10. */
#define HOME_NET 0xc0a8010aU
#define HOME_WAN 0xc633640aU
#define ELASTIC 0xcb00710aU
#define SERVER_VPC 0xac1f000aU
#define CLIENT_PUBLIC 0xc633644dU
#define SERVER_PUBLIC 0xc0000214U

struct world;

struct node {
	struct world *w;
	struct vpn *vpn;
	struct inet_addr own;
	struct ev_log log;
	/* counted as a capture at the client's own interface would */
	size_t esp_out, esp_in, esp_bare, informationals, main_modes;
	size_t n_quick;
	uint32_t quick_id[TIMES];
	usec quick_at[TIMES], main_at[TIMES];
	size_t main1_len;
};

struct flight {
	usec at;
	struct node *to;
	struct datagram d;
	uint8_t data[2048];
};

struct mapping {
	struct inet_ep inside;
	uint16_t port;
};

struct world {
	struct arena *a;
	struct rng *rng;
	usec now;
	bool napt, eip;
	unsigned loss, late; /* per cent */
	bool server_deaf;    /* ESP does not reach the server */
	size_t lose_esp;     /* this many ESP packets of clients get lost */
	struct node server, client[CLIENTS];
	size_t n_clients;
	struct flight v[FLIGHTS];
	size_t n;
	struct mapping map[MAPPINGS];
	size_t n_map;
	uint16_t next_port;
};

/* ---- the network ---- */

static bool port_taken(const struct world *w, uint16_t port)
{
	for (size_t i = 0; i < w->n_map; i++)
		if (w->map[i].port == port)
			return true;
	return false;
}

static uint16_t napt_out(struct world *w, struct inet_ep inside)
{
	struct mapping *m;

	for (size_t i = 0; i < w->n_map; i++)
		if (inet_ep_eq(w->map[i].inside, inside))
			return w->map[i].port;
	assert_true(w->n_map < MAPPINGS);
	m = &w->map[w->n_map];
	m->inside = inside;
	m->port = inside.port; /* preserved when it is free */
	while (port_taken(w, m->port))
		m->port = w->next_port++;
	w->n_map++;
	return m->port;
}

static bool napt_in(const struct world *w, uint16_t port, struct inet_ep *inside)
{
	for (size_t i = 0; i < w->n_map; i++) {
		if (w->map[i].port == port) {
			*inside = w->map[i].inside;
			return true;
		}
	}
	return false;
}

static struct inet_addr server_outside(const struct world *w)
{
	return w->eip ? inet_v4(ELASTIC) : w->server.own;
}

/* Where a datagram arrives, with the addresses that stand in it there; false: nowhere. */
static bool route(struct world *w, struct node *from, struct flight *f)
{
	const struct datagram d = f->d;

	if (from != &w->server) {
		if (!inet_addr_eq(d.remote.addr, server_outside(w)))
			return false;
		f->to = &w->server;
		f->d.remote = w->napt ? inet_ep(inet_v4(HOME_WAN),
						d.via == VIA_UDP ? napt_out(w, d.local) : 0)
				      : d.local;
		f->d.local = inet_ep(w->server.own, d.remote.port);
		return true;
	}
	f->d.remote = inet_ep(server_outside(w), d.local.port);
	f->d.local = d.remote;
	if (w->napt && (!inet_addr_eq(d.remote.addr, inet_v4(HOME_WAN)) ||
			!napt_in(w, d.remote.port, &f->d.local)))
		return false;
	for (size_t i = 0; i < w->n_clients; i++) {
		if (inet_addr_eq(f->d.local.addr, w->client[i].own)) {
			f->to = &w->client[i];
			return true;
		}
	}
	return false;
}

/* ESP or an ISAKMP header; false for a keep-alive. */
static bool look(const struct datagram *d, bool *esp, struct isakmp_header *h)
{
	struct rd r = rd_new(d->data, d->len);

	*esp = d->via == VIA_ESP;
	if (*esp)
		return true;
	if (d->local.port == 4500 && rd_u32(&r, NULL)) {
		*esp = d->len > 1;
		return *esp;
	}
	return isakmp_header_parse(h, &r);
}

static void count(struct node *c, const struct datagram *d, bool out, usec now)
{
	struct isakmp_header h;
	bool esp;

	if (!look(d, &esp, &h))
		return;
	if (esp) {
		*(out ? &c->esp_out : &c->esp_in) += 1;
		c->esp_bare += d->via == VIA_ESP;
		return;
	}
	if (h.exchange == EXCHANGE_INFORMATIONAL)
		c->informationals += out;
	if (h.exchange == EXCHANGE_MAIN && out && c->main_modes < TIMES) {
		c->main_at[c->main_modes++] = now;
		c->main1_len = c->main1_len ? c->main1_len : h.length;
	}
	if (h.exchange != EXCHANGE_QUICK || !out)
		return;
	for (size_t i = 0; i < c->n_quick; i++)
		if (c->quick_id[i] == h.msgid)
			return;
	assert_true(c->n_quick < TIMES);
	c->quick_id[c->n_quick] = h.msgid;
	c->quick_at[c->n_quick++] = now;
}

static void on_send(void *ctx, const struct datagram *d)
{
	struct node *from = ctx;
	struct world *w = from->w;
	struct flight *f = &w->v[w->n];
	struct isakmp_header h;
	bool esp;

	assert_true(w->n < FLIGHTS && d->len <= sizeof(f->data));
	if (from != &w->server)
		count(from, d, true, w->now);
	if (look(d, &esp, &h) && esp && from != &w->server) {
		if (w->server_deaf)
			return;
		if (w->lose_esp) {
			w->lose_esp--;
			return;
		}
	}
	if (rng_below(w->rng, 100) < w->loss)
		return;
	*f = (struct flight){.at = w->now, .d = *d};
	if (rng_below(w->rng, 100) < w->late)
		f->at += 200 * MSEC;
	memcpy(f->data, d->data, d->len);
	if (route(w, from, f))
		w->n++;
}

static void on_event(void *ctx, const struct event *e)
{
	struct node *n = ctx;
	struct event copy = *e;

	copy.t = n->w->now;
	ev_log_put(&n->log, &copy);
}

/* ---- the world ---- */

static void node_init(struct world *w, struct node *n, struct vpn_config *cfg)
{
	struct node_env env = {.rng = w->rng, .send = on_send, .event = on_event, .ctx = n};

	n->w = w;
	n->own = cfg->own;
	ev_log_init(&n->log, w->a);
	n->vpn = vpn_new(cfg, &env);
}

static void world_init(struct world *w, const struct server_mode *mode, bool napt, bool eip)
{
	struct vpn_config cfg = {
		.name = "server",
		.server = mode,
		.own = inet_v4(eip ? SERVER_VPC : SERVER_PUBLIC),
		.registry = -1,
		.psk = "lab-psk",
	};

	memset(w, 0, sizeof(*w));
	w->a = arena_new();
	w->rng = rng_new(1, "test_vpn");
	w->napt = napt;
	w->eip = eip;
	w->next_port = 20000;
	node_init(w, &w->server, &cfg);
}

static struct node *add_client(struct world *w, const char *mode, int registry, const char *psk)
{
	struct node *c = &w->client[w->n_clients];
	struct vpn_config cfg = {
		.name = "client",
		.client = mode_client(mode),
		.own = inet_v4((w->napt ? HOME_NET : CLIENT_PUBLIC) + (uint32_t)w->n_clients),
		.dials = server_outside(w),
		.registry = registry,
		.psk = psk,
	};

	assert_true(w->n_clients < CLIENTS);
	w->n_clients++;
	node_init(w, c, &cfg);
	return c;
}

static void world_free(struct world *w)
{
	for (size_t i = 0; i < w->n_clients; i++)
		vpn_free(w->client[i].vpn);
	vpn_free(w->server.vpn);
	rng_free(w->rng);
	arena_free(w->a);
}

static struct world *world_new(const char *server, bool napt, bool eip)
{
	struct world *w = malloc(sizeof(*w));

	assert_non_null(w);
	world_init(w, mode_server(server), napt, eip);
	return w;
}

static void world_end(struct world *w)
{
	world_free(w);
	free(w);
}

static void timers(struct node *n, usec now)
{
	if (vpn_deadline(n->vpn) > now)
		return;
	vpn_timer(n->vpn, now);
	assert_true(vpn_deadline(n->vpn) > now);
}

static bool step(struct world *w, usec until)
{
	usec at = vpn_deadline(w->server.vpn);
	size_t next = SIZE_MAX;
	struct flight f;

	for (size_t i = 0; i < w->n_clients; i++)
		at = MIN(at, vpn_deadline(w->client[i].vpn));
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].at < at || (w->v[i].at == at && next == SIZE_MAX)) {
			at = w->v[i].at;
			next = i;
		}
	}
	if (at > until)
		return false;
	w->now = at;
	if (next == SIZE_MAX) {
		timers(&w->server, at);
		for (size_t i = 0; i < w->n_clients; i++)
			timers(&w->client[i], at);
		return true;
	}
	f = w->v[next];
	memmove(&w->v[next], &w->v[next + 1], (--w->n - next) * sizeof(f));
	f.d.data = f.data;
	if (f.to != &w->server)
		count(f.to, &f.d, false, at);
	vpn_input(f.to->vpn, at, &f.d);
	return true;
}

static void run(struct world *w, usec until)
{
	while (step(w, until))
		;
	w->now = MAX(w->now, until);
}

/* Runs until every client knows its outcome, and lets what is on the way arrive. */
static void run_done(struct world *w)
{
	bool done = false;

	while (!done && step(w, w->now + 200 * SEC)) {
		done = true;
		for (size_t i = 0; i < w->n_clients; i++)
			done = done && vpn_done(w->client[i].vpn);
	}
	assert_true(done);
	run(w, w->now);
}

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
	assert_outcome(c, "connected", "none", 0, "l2tp");
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
		assert_outcome(c, "connected", "none", 0, "l2tp");
		world_end(w);
	}
}

/* ---- later ---- */

static void hanging_up_leaves_nothing_on_the_server(void **state)
{
	struct world *w = world_new("strongswan-5.3", true, true);
	struct node *c = add_client(w, "macos", -1, "lab-psk");
	size_t deletes;

	(void)state;
	vpn_start(c->vpn, 0);
	run_done(w);
	assert_connected(w, c);
	deletes = c->informationals;
	vpn_stop(c->vpn, w->now);
	run(w, w->now + 60 * SEC);			  /* as long as ike's oldest timer */
	assert_int_equal(c->informationals - deletes, 2); /* ESP and ISAKMP */
	assert_int_equal(events(c, EV_OUTCOME), 1);
	assert_true(vpn_deadline(c->vpn) == USEC_NEVER);
	assert_true(vpn_deadline(w->server.vpn) == USEC_NEVER);
	world_end(w);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_articles_twelve_end_as_the_article_says),
		cmocka_unit_test(a_blocked_windows_goes_on_for_half_a_minute),
		cmocka_unit_test(where_the_nats_are_decides),
		cmocka_unit_test(two_windows_behind_one_napt_both_work_with_softether),
		cmocka_unit_test(a_mac_speaks_from_an_ephemeral_port),
		cmocka_unit_test(nobody_at_home_is_809_after_four_messages),
		cmocka_unit_test(another_psk_is_789_on_windows_where_the_server_says_so),
		cmocka_unit_test(no_common_proposal_is_789),
		cmocka_unit_test(a_dead_l2tp_is_no_refusal_because_esp_goes_out),
		cmocka_unit_test(a_bad_line_delays_and_does_not_prevent),
		cmocka_unit_test(hanging_up_leaves_nothing_on_the_server),
		cmocka_unit_test(a_connection_lives_on),
		cmocka_unit_test(replies_follow_a_client_whose_nat_mapping_changes),
		cmocka_unit_test(l2tp_in_the_clear_is_not_heard),
		cmocka_unit_test(bytes_of_any_kind_on_any_port_do_no_harm),
		cmocka_unit_test(a_replayed_esp_packet_is_dropped),
		cmocka_unit_test(every_secret_is_told_also_of_sas_that_are_gone),
	};

	return cmocka_run_group_tests_name("vpn", tests, NULL, NULL);
}
