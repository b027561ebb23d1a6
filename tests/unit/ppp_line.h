/* SPDX-License-Identifier: MIT */
/*
 * ppp_line.h - two ends of PPP and a line between them that can lose, repeat and forge, in virtual
 * time, for the tests of PPP.
 */
#ifndef NATDLAB_UNIT_PPP_LINE_H
#define NATDLAB_UNIT_PPP_LINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/mem.h"
#include "nodes/crypto/crypto.h"
#include "nodes/ppp/ppp_priv.h"
#include "tests/event_log.h"

#define LINE_MAX 64

struct side {
	struct line *line;
	struct ppp *ppp;
	unsigned authenticated, echoed, finished, sent;
	usec first, last; /* transmissions */
	usec unanswered_at;
	struct ev_log log;
};

struct flight {
	bool to_server;
	size_t len;
	uint8_t b[PPP_FRAME_MAX];
};

struct line {
	struct arena *a;
	struct rng *rng;
	usec now;
	unsigned loss; /* in a hundred */
	struct side client, server;
	struct flight v[LINE_MAX];
	size_t n;
	unsigned sent[0x100]; /* frames by their protocol's second byte */
	unsigned lose_code;   /* the next frame of authentication with this code is lost */
};

static inline bool is_of_method(const uint8_t *frame)
{
	return frame[2] == 0xc2 || (frame[2] == 0xc0 && frame[3] == 0x23);
}

static inline void on_send(void *ctx, const uint8_t *frame, size_t len, usec now)
{
	struct side *s = ctx;
	struct line *l = s->line;

	if (!s->sent++)
		s->first = now;
	s->last = now;
	l->sent[frame[3]]++;
	if (is_of_method(frame) && l->lose_code && frame[4] == l->lose_code) {
		l->lose_code = 0;
		return;
	}
	if (rng_below(l->rng, 100) < l->loss)
		return;
	assert_true(l->n < LINE_MAX);
	l->v[l->n].to_server = s == &l->client;
	l->v[l->n].len = len;
	memcpy(l->v[l->n++].b, frame, len);
}

static inline void on_authenticated(void *ctx, usec now)
{
	(void)now;
	((struct side *)ctx)->authenticated++;
}

static inline void on_echoed(void *ctx, usec now)
{
	(void)now;
	((struct side *)ctx)->echoed++;
}

static inline void on_unanswered(void *ctx, usec now)
{
	((struct side *)ctx)->unanswered_at = now;
}

static inline void on_finished(void *ctx, usec now)
{
	(void)now;
	((struct side *)ctx)->finished++;
}

static inline void on_event(void *ctx, const struct event *e)
{
	ev_log_put(&((struct side *)ctx)->log, e);
}

static inline void side_init(struct line *l, struct side *s, const struct ppp_config *cfg)
{
	struct node_env env = {.rng = l->rng, .event = on_event, .ctx = s};
	struct ppp_hooks hooks = {on_send,	 on_authenticated, on_echoed,
				  on_unanswered, on_finished,	   s};

	s->line = l;
	ev_log_init(&s->log, l->a);
	s->ppp = ppp_new(cfg, &env, &hooks);
}

static inline void line_of(struct line *l, uint64_t seed, const char *name,
			   const struct ppp_config *client, const struct ppp_config *server)
{
	memset(l, 0, sizeof(*l));
	l->a = arena_new();
	l->rng = rng_new(seed, name);
	side_init(l, &l->client, client);
	side_init(l, &l->server, server);
}

static inline void line_free(struct line *l)
{
	ppp_free(l->client.ppp);
	ppp_free(l->server.ppp);
	rng_free(l->rng);
	arena_free(l->a);
}

/* Delivers a frame, or goes on to the next deadline if that is not after @until. */
static inline bool step(struct line *l, usec until)
{
	usec at = MIN(ppp_deadline(l->client.ppp), ppp_deadline(l->server.ppp));
	struct flight f;

	if (l->n) {
		f = l->v[0];
		memmove(&l->v[0], &l->v[1], --l->n * sizeof(f));
		ppp_input(f.to_server ? l->server.ppp : l->client.ppp, f.b, f.len, l->now);
		return true;
	}
	if (at > until)
		return false;
	l->now = at;
	ppp_timer(l->client.ppp, at);
	ppp_timer(l->server.ppp, at);
	assert_true(ppp_deadline(l->client.ppp) > at && ppp_deadline(l->server.ppp) > at);
	return true;
}

static inline void run(struct line *l, usec until)
{
	while (step(l, until))
		;
	l->now = until;
}

static inline void start(struct line *l)
{
	ppp_start(l->client.ppp, l->now);
	ppp_start(l->server.ppp, l->now);
}

#endif
