/* SPDX-License-Identifier: MIT */
/*
 * fuzz_l2tp.c - L2TP messages in any order to a server and to a client that has dialled.
 *
 * The input is a row of messages, each behind one byte of length and one that says to whom it
 * goes, from which of two peers, and how much later. Tunnel IDs are random but the same in each
 * run, and the first bytes of a message may ask for the right one.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/base/wire.h"
#include "nodes/l2tp/l2tp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define TO_LNS 0x01
#define OTHER_PEER 0x02
#define RIGHT_TUNNEL 0x04
#define RIGHT_SESSION 0x08
#define LATER 0xf0

struct side {
	uint16_t tunnel, session; /* the newest ones of ours, seen on their way out */
	struct l2tp *l2tp;
	unsigned up;
};

static bool on_send(void *ctx, const struct l2tp_tx *tx, usec now)
{
	struct side *s = ctx;
	struct l2tp_msg m;

	(void)now;
	/* What we write must be readable. */
	if (l2tp_parse(&m, tx->p, tx->len, NULL) != DROP_NONE)
		abort();
	if (m.avp[AVP_ASSIGNED_TUNNEL].p)
		s->tunnel = (uint16_t)m.avp[AVP_ASSIGNED_TUNNEL].value;
	if (m.avp[AVP_ASSIGNED_SESSION].p)
		s->session = (uint16_t)m.avp[AVP_ASSIGNED_SESSION].value;
	return true;
}

static void on_up(void *ctx, struct l2tp_session *s, usec now)
{
	struct side *side = ctx;

	side->up++;
	s->user = side;
	l2tp_send(side->l2tp, s, "x", 1, now);
}

static void on_data(void *ctx, struct l2tp_session *s, const uint8_t *p, size_t len, usec now)
{
	volatile uint8_t sum = 0;

	(void)ctx;
	(void)now;
	if (s->state != L2TP_UP || s->user != ctx)
		abort();
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
}

static void on_down(void *ctx, struct l2tp_session *s, usec now)
{
	struct side *side = ctx;

	(void)s;
	(void)now;
	if (side->up-- == 0)
		abort();
}

static void on_tunnel_down(void *ctx, void *peer, enum reason why, usec now)
{
	(void)ctx;
	(void)peer;
	(void)why;
	(void)now;
}

static void on_event(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static void side_init(struct side *s, bool lns, struct rng *rng)
{
	const struct server_mode *m = mode_server("softether-4");
	const struct l2tp_config cfg = {
		.lns = lns,
		.tunnels = lns ? 16 : 1,
		.id = m->l2tp,
		.hello_ms = m->hello_ms,
		.timeout_ms = m->tunnel_timeout_ms,
		.retry = m->l2tp_retry,
	};
	const struct node_env env = {.rng = rng, .event = on_event};
	const struct l2tp_hooks hooks = {on_send, on_up, on_data, on_down, on_tunnel_down, s};

	*s = (struct side){.l2tp = l2tp_new(&cfg, &env, &hooks)};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t peers[2];
	struct rng *rng = rng_new(1, "fuzz_l2tp");
	struct rd r = rd_new(data, len);
	struct side lac, lns;
	usec now = 0;

	side_init(&lac, false, rng);
	side_init(&lns, true, rng);
	l2tp_dial(lac.l2tp, &peers[0], L2TP_PORT, now);
	while (rd_ok(&r) && rd_left(&r) > 2) {
		uint8_t how = rd_u8(&r, NULL), n = rd_u8(&r, NULL), msg[256];
		const uint8_t *p = rd_bytes(&r, MIN((size_t)n, rd_left(&r)), NULL);
		struct side *to = how & TO_LNS ? &lns : &lac;
		size_t got = (size_t)(r.p - p);
		struct wr w = wr_new(msg, sizeof(msg));

		wr_bytes(&w, p, got);
		if (how & RIGHT_TUNNEL && got >= 8)
			wr_patch_u16(&w, 4, to->tunnel);
		if (how & RIGHT_SESSION && got >= 8)
			wr_patch_u16(&w, 6, to->session);
		now += (how & LATER) * 20 * MSEC;
		for (unsigned i = 0; i < 100 && l2tp_deadline(to->l2tp) <= now; i++)
			l2tp_timer(to->l2tp, now);
		if (l2tp_deadline(to->l2tp) <= now)
			abort(); /* a timer that does not move on */
		l2tp_input(to->l2tp, &peers[how & OTHER_PEER ? 1 : 0],
			   inet_ep(inet_v4(1), L2TP_PORT), msg, got, now);
	}
	l2tp_forget(lac.l2tp, &peers[0], now);
	l2tp_forget(lns.l2tp, &peers[0], now);
	l2tp_forget(lns.l2tp, &peers[1], now);
	if (lac.up || lns.up)
		abort(); /* a session that nobody ended */
	l2tp_free(lac.l2tp);
	l2tp_free(lns.l2tp);
	rng_free(rng);
	return 0;
}
