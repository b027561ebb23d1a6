/* SPDX-License-Identifier: MIT */
/*
 * l2tp_line.h - two L2TP endpoints and a line between them that loses, doubles and reorders, in
 * virtual time, for test_l2tp.c.
 */
#ifndef NATDLAB_UNIT_L2TP_LINE_H
#define NATDLAB_UNIT_L2TP_LINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/mem.h"
#include "nodes/crypto/crypto.h"
#include "nodes/l2tp/l2tp.h"
#include "tests/event_log.h"

#define LINE_MAX 512

struct end {
	struct line *line;
	bool lns;
	struct l2tp *l2tp;
	struct l2tp_session *session; /* the last one that came up */
	unsigned ups, downs, tunnel_downs, frames;
	enum reason why;
	uint8_t frame[64];
	size_t frame_len;
	struct ev_log log;
	bool gate_shut; /* send() lets nothing out */
	unsigned held;
};

struct flight {
	usec at;
	bool to_lns;
	size_t len;
	uint8_t msg[L2TP_DATA_MAX];
};

struct line {
	struct arena *a;
	struct rng *rng;
	usec now;
	unsigned loss, twice, late; /* per cent */
	struct flight v[LINE_MAX];
	size_t n;
	unsigned sent;
	usec sent_at[64]; /* of the first messages */
	struct end lac, lns;
};

static uint8_t peer_a, peer_b; /* two peers: their addresses are their identities */

static void put(struct line *line, bool to_lns, const uint8_t *p, size_t len)
{
	struct flight *f;

	if (rng_below(line->rng, 100) < line->loss)
		return;
	assert_true(line->n < LINE_MAX);
	f = &line->v[line->n++];
	f->at = line->now + 10 * MSEC;
	if (rng_below(line->rng, 100) < line->late)
		f->at += 300 * MSEC;
	f->to_lns = to_lns;
	f->len = len;
	memcpy(f->msg, p, len);
}

static bool on_send(void *ctx, const struct l2tp_tx *tx, usec now)
{
	struct end *e = ctx;
	struct line *line = e->line;

	assert_int_equal(now, line->now);
	if (e->gate_shut) {
		e->held++;
		return false;
	}
	if (line->sent < ARRAY_LEN(line->sent_at))
		line->sent_at[line->sent] = now;
	line->sent++;
	put(line, !e->lns, tx->p, tx->len);
	if (rng_below(line->rng, 100) < line->twice)
		put(line, !e->lns, tx->p, tx->len);
	return true;
}

static void on_up(void *ctx, struct l2tp_session *s, usec now)
{
	struct end *e = ctx;

	(void)now;
	e->session = s;
	e->ups++;
}

static void on_data(void *ctx, struct l2tp_session *s, const uint8_t *p, size_t len, usec now)
{
	struct end *e = ctx;

	(void)now;
	assert_ptr_equal(s, e->session);
	assert_true(len <= sizeof(e->frame));
	memcpy(e->frame, p, len);
	e->frame_len = len;
	e->frames++;
}

static void on_down(void *ctx, struct l2tp_session *s, usec now)
{
	struct end *e = ctx;

	(void)s;
	(void)now;
	e->downs++;
}

static void on_tunnel_down(void *ctx, void *peer, enum reason why, usec now)
{
	struct end *e = ctx;

	(void)peer;
	(void)now;
	e->tunnel_downs++;
	e->why = why;
}

static void on_event(void *ctx, const struct event *e)
{
	struct end *end = ctx;

	ev_log_put(&end->log, e);
}

static void end_init(struct line *line, struct end *e, bool lns, const struct l2tp_config *cfg)
{
	struct node_env env = {.rng = line->rng, .event = on_event, .ctx = e};
	struct l2tp_hooks hooks = {on_send, on_up, on_data, on_down, on_tunnel_down, e};

	e->line = line;
	e->lns = lns;
	ev_log_init(&e->log, line->a);
	e->l2tp = l2tp_new(cfg, &env, &hooks);
}

static struct l2tp_config lac_config(void)
{
	const struct client_mode *m = mode_client("windows-10");

	return (struct l2tp_config){.tunnels = 2, .id = m->l2tp, .retry = m->l2tp_retry};
}

static struct l2tp_config lns_config(void)
{
	const struct server_mode *m = mode_server("rras-2012r2");

	return (struct l2tp_config){
		.lns = true, .tunnels = 16, .id = m->l2tp, .retry = m->l2tp_retry};
}

static void line_init(struct line *line, uint64_t seed, const struct l2tp_config *lac,
		      const struct l2tp_config *lns)
{
	memset(line, 0, sizeof(*line));
	line->a = arena_new();
	line->rng = rng_new(seed, "test_l2tp");
	end_init(line, &line->lac, false, lac);
	end_init(line, &line->lns, true, lns);
}

static void line_new(struct line *line)
{
	struct l2tp_config lac = lac_config(), lns = lns_config();

	line_init(line, 1, &lac, &lns);
}

static void line_free(struct line *line)
{
	l2tp_free(line->lac.l2tp);
	l2tp_free(line->lns.l2tp);
	rng_free(line->rng);
	arena_free(line->a);
}

static struct inet_ep from(uint16_t port)
{
	return inet_ep(inet_v4(0xc6336401), port);
}

static void to_lns(struct line *line, const uint8_t *p, size_t len)
{
	l2tp_input(line->lns.l2tp, &peer_a, from(1701), p, len, line->now);
}

/* Whatever comes next, a message or a timer; false when nothing will happen before @until. */
static bool step(struct line *line, usec until)
{
	usec timer = MIN(l2tp_deadline(line->lac.l2tp), l2tp_deadline(line->lns.l2tp)), at = timer;
	size_t next = SIZE_MAX;
	struct flight f;

	for (size_t i = 0; i < line->n; i++) {
		if (line->v[i].at < at || (line->v[i].at == at && next == SIZE_MAX)) {
			at = line->v[i].at;
			next = i;
		}
	}
	if (at > until)
		return false;
	line->now = at;
	if (next == SIZE_MAX) {
		if (l2tp_deadline(line->lac.l2tp) <= at)
			l2tp_timer(line->lac.l2tp, at);
		if (l2tp_deadline(line->lns.l2tp) <= at)
			l2tp_timer(line->lns.l2tp, at);
		assert_true(l2tp_deadline(line->lac.l2tp) > at);
		assert_true(l2tp_deadline(line->lns.l2tp) > at);
		return true;
	}
	f = line->v[next];
	line->n--;
	memmove(&line->v[next], &line->v[next + 1], (line->n - next) * sizeof(f));
	if (f.to_lns)
		to_lns(line, f.msg, f.len);
	else
		l2tp_input(line->lac.l2tp, &peer_b, from(1701), f.msg, f.len, line->now);
	return true;
}

static void run(struct line *line, usec until)
{
	while (step(line, until))
		;
	line->now = MAX(line->now, until);
}

static void connect_up(struct line *line)
{
	l2tp_dial(line->lac.l2tp, &peer_b, 1701, line->now);
	run(line, line->now + SEC);
	assert_int_equal(line->lac.ups, 1);
	assert_int_equal(line->lns.ups, 1);
}

#endif
