/* SPDX-License-Identifier: MIT */
/*
 * vpn_world.h - the network of test_vpn.c: clients and a server back to back, a NAPT and an
 * Elastic IP between them as a table of addresses, virtual time.
 *
 * What a node sends is put on the line and arrives when its time has come, never during the call.
 */
#ifndef NATDLAB_UNIT_VPN_WORLD_H
#define NATDLAB_UNIT_VPN_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/mem.h"
#include "lab/base/wire.h"
#include "nodes/crypto/crypto.h"
#include "nodes/vpn/vpn_priv.h"
#include "tests/event_log.h"

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
	const char *password; /* of clients that are added */
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
		.user = "alice",
		.password = "wonderland",
	};

	memset(w, 0, sizeof(*w));
	w->a = arena_new();
	w->rng = rng_new(1, "test_vpn");
	w->napt = napt;
	w->eip = eip;
	w->next_port = 20000;
	w->password = "wonderland";
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
		.user = "alice",
		.password = w->password,
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

/* As if PPP had ended: the client deletes its SAs. */
static void __attribute__((unused)) give_up(struct world *w, struct node *c)
{
	client_down(c->vpn, REASON_PPP_FAILED);
	vpn_timer(c->vpn, w->now);
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

#endif
