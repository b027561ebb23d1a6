/* SPDX-License-Identifier: MIT */
/*
 * probe_world.h - a probe and a server of ours, with a home router and an Elastic IP between them
 * where wanted, in memory and in virtual time.
 */
#ifndef NATDLAB_UNIT_PROBE_WORLD_H
#define NATDLAB_UNIT_PROBE_WORLD_H

#include <string.h>

#include "lab/probe/probe.h"
#include "nodes/vpn/vpn.h"

#define QUEUE 64

struct letter {
	bool to_server;
	struct inet_ep src, dst;
	uint8_t data[2048];
	size_t len;
};

struct world {
	bool napt, eip;
	struct probe *probe;
	struct vpn *server;
	struct letter queue[QUEUE];
	size_t head, tail;
	unsigned lost_out, lost_back; /* bits: which packets each way are lost */
	unsigned from_client, from_server;
	/* Instead of a server: what comes back for each packet. */
	size_t (*answer)(const struct datagram *d, uint8_t *out);
};

#define ALL (~0u)

static inline struct inet_ep ep(uint32_t addr, uint16_t port)
{
	return inet_ep(inet_v4(addr), port);
}

#define CLIENT 0xc0a8010aU  /* 192.168.1.10 */
#define HOME 0xc6336414U    /* 198.51.100.20 */
#define PUBLIC 0xcb00710aU  /* 203.0.113.10 */
#define PRIVATE 0xac1f000aU /* 172.31.0.10 */

static inline void post(struct world *w, bool to_server, const struct datagram *d)
{
	struct letter *l = &w->queue[w->tail++ % QUEUE];

	*l = (struct letter){.to_server = to_server, .src = d->local, .dst = d->remote};
	l->len = d->len;
	memcpy(l->data, d->data, d->len);
	if (to_server) {
		if (w->napt)
			l->src = ep(HOME, 40000);
		if (w->eip)
			l->dst.addr = inet_v4(PRIVATE);
	} else {
		if (w->eip)
			l->src.addr = inet_v4(PUBLIC);
		if (w->napt)
			l->dst = ep(CLIENT, 500);
	}
}

static inline void from_probe(void *ctx, const struct datagram *d)
{
	struct world *w = ctx;

	if (!(w->lost_out >> w->from_client++ & 1))
		post(w, true, d);
}

static inline void from_server(void *ctx, const struct datagram *d)
{
	struct world *w = ctx;

	if (!(w->lost_back >> w->from_server++ & 1))
		post(w, false, d);
}

static inline void instead(struct world *w, const struct datagram *d)
{
	uint8_t bytes[512];
	const struct datagram back = {.local = d->local,
				      .remote = d->remote,
				      .data = bytes,
				      .len = w->answer(d, bytes)};

	from_server(w, &back);
}

static inline void nothing(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static inline void deliver(struct world *w, usec now)
{
	for (; w->head < w->tail; w->head++) {
		struct letter *l = &w->queue[w->head % QUEUE];
		const struct datagram d = {
			.local = l->dst, .remote = l->src, .data = l->data, .len = l->len};

		if (!l->to_server)
			probe_input(w->probe, now, &d);
		else if (w->answer)
			instead(w, &d);
		else
			vpn_input(w->server, now, &d);
	}
}

/* @w: a world of the arena's, in which the probe stays to be asked about what it saw. */
static inline struct probe_result ask_in(struct arena *a, struct world *w, const char *mode,
					 bool napt, bool eip, bool deaf, usec *took, unsigned *sent)
{
	struct rng *rng = rng_new(1, mode);
	const struct node_env pe = {.rng = rng, .send = from_probe, .event = nothing, .ctx = w};
	const struct node_env se = {.rng = rng, .send = from_server, .event = nothing, .ctx = w};
	const struct vpn_config cfg = {
		.name = "server",
		.server = mode_server(mode),
		.own = inet_v4(eip ? PRIVATE : PUBLIC),
		.psk = "somebody's secret",
		.user = "u",
		.password = "p",
	};
	struct probe_result r;
	usec now = 0;

	assert_non_null(cfg.server);
	w->napt = napt;
	w->eip = eip;
	if (deaf)
		w->lost_out = ALL;
	w->server = vpn_new(&cfg, &se);
	w->probe = probe_new(a, ep(napt ? CLIENT : HOME, 500), ep(PUBLIC, 500), &pe);
	probe_start(w->probe, now);
	for (;;) {
		deliver(w, now);
		if (probe_done(w->probe) || probe_deadline(w->probe) > PROBE_TIMEOUT)
			break;
		now = probe_deadline(w->probe);
		probe_timer(w->probe, now);
	}
	*took = now;
	*sent = w->from_client;
	assert_int_equal(w->from_client, probe_sent(w->probe));
	probe_judge(w->probe, &r);
	probe_free(w->probe);
	vpn_free(w->server);
	rng_free(rng);
	return r;
}

static inline struct probe_result ask(struct arena *a, const char *mode, bool napt, bool eip,
				      bool deaf, usec *took, unsigned *sent)
{
	return ask_in(a, arena_new_of(a, struct world), mode, napt, eip, deaf, took, sent);
}

#endif
