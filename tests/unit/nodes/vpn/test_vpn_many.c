/* SPDX-License-Identifier: MIT */
/*
 * One server and more clients than the usual bounds have: every one is connected, stays so, and is
 * found again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nodes/crypto/crypto.h"
#include "nodes/vpn/vpn_priv.h"

#define MANY 1100
#define FLIGHTS 32
#define SERVER inet_v4(0xc0000214)
#define CLIENT(i) inet_v4(0x0a000000 + (uint32_t)(i))

struct crowd;

struct member {
	struct crowd *c;
	struct vpn *vpn;
	unsigned connected, alive, sessions;
};

struct flight {
	bool to_server;
	struct datagram d;
	uint8_t data[2048];
};

/* What a client sends arrives before the next one dials, at time 0. */
struct crowd {
	struct rng *rng;
	struct member server, client[MANY];
	struct flight v[FLIGHTS];
	size_t n;
};

static void on_send(void *ctx, const struct datagram *d)
{
	struct member *from = ctx;
	struct crowd *c = from->c;
	struct flight *f = &c->v[c->n++];

	assert_true(c->n <= FLIGHTS && d->len <= sizeof(f->data));
	*f = (struct flight){.to_server = from != &c->server, .d = *d};
	f->d.local = d->remote;
	f->d.remote = d->local;
	memcpy(f->data, d->data, d->len);
}

static void on_event(void *ctx, const struct event *e)
{
	struct member *m = ctx;

	m->sessions += e->kind == EV_L2TP_UP;
	m->alive += e->kind == EV_ALIVE && ev_get_bool(e, K_ALIVE);
}

static struct member *receiver(struct crowd *c, const struct flight *f)
{
	for (size_t i = 0; !f->to_server && i < MANY; i++)
		if (inet_addr_eq(CLIENT(i), f->d.local.addr))
			return &c->client[i];
	return &c->server;
}

static void arrive(struct crowd *c)
{
	while (c->n) {
		struct flight f = c->v[0];

		memmove(c->v, &c->v[1], --c->n * sizeof(f));
		f.d.data = f.data;
		vpn_input(receiver(c, &f)->vpn, 0, &f.d);
	}
}

static void join(struct crowd *c, struct member *m, const struct client_mode *mode,
		 struct inet_addr own)
{
	struct node_env env = {.rng = c->rng, .send = on_send, .event = on_event, .ctx = m};
	struct vpn_config cfg = {
		.name = "node",
		.client = mode,
		.server = mode ? NULL : mode_server("strongswan-5.3"),
		.own = own,
		.dials = SERVER,
		.registry = 2,
		.psk = "lab-psk",
		.user = "alice",
		.password = "wonderland",
	};

	m->c = c;
	m->vpn = vpn_new(&cfg, &env);
	vpn_start(m->vpn, 0);
	arrive(c);
}

static void a_server_keeps_more_clients_than_1024(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	struct client_mode mode = *mode_client("windows-10");
	uint8_t cky_i[8];

	(void)state;
	mode.phase1[0] = mode.phase1[1]; /* ECP-256: there are many */
	mode.n_phase1 = 1;
	c->rng = rng_new(1, "many");
	join(c, &c->server, NULL, SERVER);
	for (size_t i = 0; i < MANY; i++)
		join(c, &c->client[i], &mode, CLIENT(i));
	assert_int_equal(c->server.sessions, MANY);
	for (size_t i = 0; i < MANY; i++) {
		assert_true(vpn_connected(c->client[i].vpn, cky_i));
		vpn_ask(c->server.vpn, cky_i, 0);
		arrive(c);
		assert_int_equal(c->server.alive, i + 1);
	}
	for (size_t i = 0; i < MANY; i++) {
		client_down(c->client[i].vpn, REASON_PPP_FAILED); /* it deletes its SAs */
		vpn_timer(c->client[i].vpn, 0);
		arrive(c);
		assert_true(vpn_connected(c->client[i].vpn, cky_i));
		vpn_ask(c->server.vpn, cky_i, 0); /* it has gone, and nobody else answers */
		assert_int_equal(c->server.alive, MANY);
	}
	for (size_t i = 0; i < MANY; i++)
		vpn_free(c->client[i].vpn);
	vpn_free(c->server.vpn);
	rng_free(c->rng);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_keeps_more_clients_than_1024),
	};

	return cmocka_run_group_tests_name("one server, many clients", tests, NULL, NULL);
}
