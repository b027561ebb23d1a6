/* SPDX-License-Identifier: MIT */
/*
 * ike_net.h - a client and a server of ike with two NATs between them, all in memory and in
 * virtual time: what the tests of IKE stand on.
 *
 *	client 192.168.1.10 - NAPT 198.51.100.10 - EIP 203.0.113.10 - server 172.31.0.10
 *
 * Without NAT the client is 198.51.100.77 and the server 203.0.113.10 itself.
 */
#ifndef NATDLAB_UNIT_IKE_NET_H
#define NATDLAB_UNIT_IKE_NET_H

#include <stdlib.h>
#include <string.h>

#include "nodes/ike/ike.h"
#include "nodes/wire/natd.h"
#include "tests/event_log.h"

#define NET_CHILDREN 32
#define NET_FRAMES 400

struct net;

/* One end and what it heard. */
struct end {
	struct net *net;
	bool is_client;
	struct ike *ike;
	struct ike_sa *sa; /* the newest one that came up */
	struct rng *rng;
	struct ev_log log;
	struct inet_addr own;
	unsigned n_up, n_down, n_moved;
	unsigned n_children, n_children_down;
	struct ike_child children[NET_CHILDREN];
	uint32_t down_spi[NET_CHILDREN];
	enum reason reason;
	bool quick_at_once; /* a client that starts a Quick Mode when phase 1 is up */
};

/* A datagram as it left its sender. */
struct frame {
	bool from_client;
	struct inet_ep src, dst; /* as the sender wrote them */
	usec t;
	size_t len;
	uint8_t data[2048];
};

struct net {
	struct arena *arena;
	struct end client, server;
	usec now;
	bool napt, eip;
	uint16_t napt_500, napt_4500; /* outside ports */
	size_t n, done;		      /* frames sent, frames delivered */
	struct frame frames[NET_FRAMES];
	/* Called for each frame before delivery: false loses it. NULL: all arrive. */
	bool (*pass)(struct net *net, struct frame *f, size_t number);
	int arg;
};

#define CLIENT_PRIVATE inet_v4(0xc0a8010a)
#define CLIENT_PUBLIC inet_v4(0xc633644d)
#define NAPT_PUBLIC inet_v4(0xc633640a)
#define EIP_PUBLIC inet_v4(0xcb00710a)
#define SERVER_PRIVATE inet_v4(0xac1f000a)

static inline void end_send(void *ctx, const struct datagram *d)
{
	struct end *e = ctx;
	struct net *net = e->net;
	struct frame *f = &net->frames[net->n];

	assert(net->n < NET_FRAMES && d->len <= sizeof(f->data) && d->via == VIA_UDP);
	net->n++;
	*f = (struct frame){.from_client = e->is_client,
			    .src = d->local,
			    .dst = d->remote,
			    .t = net->now,
			    .len = d->len};
	memcpy(f->data, d->data, d->len);
}

static inline void end_event(void *ctx, const struct event *e)
{
	struct end *end = ctx;
	struct event copy = *e;

	copy.t = end->net->now;
	copy.place = end->is_client ? "client" : "server";
	ev_log_put(&end->log, &copy);
}

static inline void end_phase1_up(void *ctx, struct ike_sa *sa, usec now)
{
	struct end *e = ctx;

	e->n_up++;
	e->sa = sa;
	if (e->is_client && e->quick_at_once)
		ike_quick(e->ike, sa, 1701, now);
}

static inline void end_child_up(void *ctx, struct ike_sa *sa, const struct ike_child *c, usec now)
{
	struct end *e = ctx;

	(void)sa, (void)now;
	assert(e->n_children < NET_CHILDREN);
	e->children[e->n_children++] = *c;
}

static inline void end_child_down(void *ctx, struct ike_sa *sa, uint32_t spi_in, usec now)
{
	struct end *e = ctx;

	(void)sa, (void)now;
	assert(e->n_children_down < NET_CHILDREN);
	e->down_spi[e->n_children_down++] = spi_in;
}

static inline void end_down(void *ctx, struct ike_sa *sa, enum reason reason, usec now)
{
	struct end *e = ctx;

	(void)now;
	e->n_down++;
	e->reason = reason;
	if (e->sa == sa)
		e->sa = NULL;
}

static inline void end_moved(void *ctx, struct ike_sa *sa, struct inet_ep remote, usec now)
{
	struct end *e = ctx;

	(void)sa, (void)now, (void)remote;
	e->n_moved++;
}

static inline void end_open(struct net *net, struct end *e, const struct client_mode *cm,
			    const struct server_mode *sm, const char *psk, uint64_t seed)
{
	struct ike_config cfg = {
		.initiator = cm != NULL,
		.client = cm,
		.server = sm,
		.own = e->own,
		.peer = inet_ep(EIP_PUBLIC, 500),
		.psk = psk,
	};
	struct ike_hooks hooks = {end_phase1_up, end_child_up, end_child_down,
				  end_down,	 end_moved,    e};
	struct node_env env = {.send = end_send, .event = end_event, .ctx = e};

	e->net = net;
	e->is_client = cm != NULL;
	e->rng = rng_new(seed, cm ? "client" : "server");
	env.rng = e->rng;
	ev_log_init(&e->log, net->arena);
	e->ike = ike_new(&cfg, &env, &hooks);
}

/* NATs by the flags; modes by pointer, so that a test may change a copy of a row. */
static inline struct net *net_new_rows(const struct client_mode *cm, const struct server_mode *sm,
				       bool napt, bool eip, const char *client_psk,
				       const char *server_psk)
{
	struct net *net = calloc(1, sizeof(*net));

	assert(net);
	net->arena = arena_new();
	net->napt = napt;
	net->eip = eip;
	net->napt_500 = 500;
	net->napt_4500 = 4500;
	net->client.own = napt ? CLIENT_PRIVATE : CLIENT_PUBLIC;
	net->server.own = eip ? SERVER_PRIVATE : EIP_PUBLIC;
	net->client.quick_at_once = true;
	end_open(net, &net->client, cm, NULL, client_psk, 1);
	end_open(net, &net->server, NULL, sm, server_psk, 2);
	return net;
}

static inline struct net *net_new(const char *cm, const char *sm, bool napt, bool eip)
{
	return net_new_rows(mode_client(cm), mode_server(sm), napt, eip, "lab-psk", "lab-psk");
}

static inline void net_free(struct net *net)
{
	ike_free(net->client.ike);
	ike_free(net->server.ike);
	rng_free(net->client.rng);
	rng_free(net->server.rng);
	arena_free(net->arena);
	free(net);
}

/* The way through the NATs; false: nobody is there. */
static inline bool translate(const struct net *net, const struct frame *f, struct inet_ep *src,
			     struct inet_ep *dst)
{
	*src = f->src;
	*dst = f->dst;
	if (f->from_client) {
		if (net->napt) {
			src->addr = NAPT_PUBLIC;
			src->port = src->port == 500 ? net->napt_500 : net->napt_4500;
		}
		if (net->eip)
			dst->addr = SERVER_PRIVATE;
		return true;
	}
	if (net->eip)
		src->addr = EIP_PUBLIC;
	if (net->napt) {
		dst->addr = CLIENT_PRIVATE;
		if (dst->port == net->napt_500)
			dst->port = 500;
		else if (dst->port == net->napt_4500)
			dst->port = 4500;
		else
			return false;
	}
	return true;
}

/* Hands bytes to an end as the demultiplexer of vpn would (RFC 3948 2.2). */
static inline void end_input(struct end *e, usec now, struct inet_ep src, struct inet_ep dst,
			     const uint8_t *data, size_t len)
{
	static const uint8_t zeros[4];
	struct datagram d = {.via = VIA_UDP, .local = dst, .remote = src, .data = data, .len = len};
	bool marker = dst.port == 4500;

	if (marker) {
		if (len <= 4 || memcmp(data, zeros, 4) != 0)
			return; /* ESP or a keep-alive */
		d.data += 4;
		d.len -= 4;
	}
	ike_input(e->ike, now, &d, marker);
}

static inline void net_deliver(struct net *net, const struct frame *f)
{
	struct inet_ep src, dst;

	if (translate(net, f, &src, &dst))
		end_input(f->from_client ? &net->server : &net->client, net->now, src, dst, f->data,
			  f->len);
}

static inline void net_drain(struct net *net)
{
	while (net->done < net->n) {
		struct frame *f = &net->frames[net->done];
		size_t number = net->done++;

		if (!net->pass || net->pass(net, f, number))
			net_deliver(net, f);
	}
}

/* Lets everything happen that happens before @until. */
static inline void net_run(struct net *net, usec until)
{
	for (;;) {
		usec next;

		net_drain(net);
		next = MIN(ike_deadline(net->client.ike), ike_deadline(net->server.ike));
		if (next > until)
			break;
		net->now = MAX(net->now, next);
		ike_timer(net->client.ike, net->now);
		ike_timer(net->server.ike, net->now);
	}
	net->now = MAX(net->now, until);
}

static inline void net_dial(struct net *net)
{
	ike_dial(net->client.ike, net->now);
	net_drain(net);
}

static inline size_t count_events(const struct end *e, enum ev_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < e->log.ev.n; i++)
		n += e->log.ev.v[i].kind == kind;
	return n;
}

static inline const struct event *last_event(const struct end *e, enum ev_kind kind)
{
	for (size_t i = e->log.ev.n; i-- > 0;)
		if (e->log.ev.v[i].kind == kind)
			return &e->log.ev.v[i];
	return NULL;
}

/* A clear message of the exchange, parsed. */
static inline struct isakmp_msg parsed(const struct frame *f)
{
	struct isakmp_msg m;
	enum drop d = isakmp_parse(&m, f->data, f->len, NULL);

	assert(d == DROP_NONE);
	(void)d;
	return m;
}

#endif
