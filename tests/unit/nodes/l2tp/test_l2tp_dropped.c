/* SPDX-License-Identifier: MIT */
/*
 * Both ends of L2TP, every message of a tunnel's life, and what can become of it on its way: twice,
 * late, early, cut, forged. What is dropped has changed nothing but what RFC 2661 wants changed,
 * and the true call goes on.
 */
#include "tests/unit/dropped.h"

#include <inttypes.h>

#include "nodes/crypto/crypto.h"
#include "nodes/l2tp/l2tp_priv.h"
#include "tests/event_log.h"

#define SCRIPT_MAX 24

struct wire;

struct end {
	struct wire *w;
	bool lns;
	struct l2tp *l2tp;
	struct l2tp_session *session;
	unsigned ups, downs, frames;
	struct ev_log log;
};

struct msg {
	bool to_lns;
	size_t len;
	uint8_t b[L2TP_DATA_MAX];
};

struct wire {
	struct arena *a;
	struct rng *rng;
	struct end lac, lns;
	struct msg v[4 * SCRIPT_MAX];
	size_t n, done;
	int act;
};

static uint8_t peer_a, peer_b;

/* A message in its turn uses it up, and its Nr counts, whatever it says (RFC 2661 5.8). */
#define TURN(drop, why)                                                                            \
	{drop, "tunnel", why, false}, {drop, "sent", why, false}, {drop, "heard", why, false}

static struct exception exceptions[] = {
	{"duplicate", "heard", "the peer is there", false},
	{"duplicate", "sent", "its Nr counts", false},
	TURN("l2tp-avp", "malformed: the tunnel is cleared to a known state (7.1)"),
	{"l2tp-avp", "session", "and its call", false},
	TURN("l2tp-tunnel", "of a call that there is not"),
};

static bool on_send(void *ctx, const struct l2tp_tx *tx, usec now)
{
	struct end *e = ctx;
	struct msg *m = &e->w->v[e->w->n++];

	(void)now;
	assert_true(e->w->n <= ARRAY_LEN(e->w->v) && tx->len <= sizeof(m->b));
	m->to_lns = !e->lns;
	m->len = tx->len;
	memcpy(m->b, tx->p, tx->len);
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
	(void)s, (void)p, (void)len, (void)now;
	((struct end *)ctx)->frames++;
}

static void on_down(void *ctx, struct l2tp_session *s, usec now)
{
	(void)s, (void)now;
	((struct end *)ctx)->downs++;
}

static void on_tunnel_down(void *ctx, void *peer, enum reason why, usec now)
{
	(void)ctx, (void)peer, (void)why, (void)now;
}

static void on_event(void *ctx, const struct event *e)
{
	ev_log_put(&((struct end *)ctx)->log, e);
}

static void open_end(struct wire *w, struct end *e, bool lns)
{
	const struct client_mode *c = mode_client("windows-10");
	const struct server_mode *s = mode_server("rras-2012r2");
	struct l2tp_config cfg = {.lns = lns,
				  .tunnels = 16,
				  .id = lns ? s->l2tp : c->l2tp,
				  .retry = lns ? s->l2tp_retry : c->l2tp_retry};
	struct node_env env = {.rng = w->rng, .event = on_event, .ctx = e};
	struct l2tp_hooks hooks = {on_send, on_up, on_data, on_down, on_tunnel_down, e};

	e->w = w;
	e->lns = lns;
	ev_log_init(&e->log, w->a);
	e->l2tp = l2tp_new(&cfg, &env, &hooks);
}

static void deliver(struct wire *w, const struct msg *m)
{
	struct end *to = m->to_lns ? &w->lns : &w->lac;

	l2tp_input(to->l2tp, m->to_lns ? &peer_a : &peer_b, inet_ep(inet_v4(1), 1701), m->b, m->len,
		   w->act);
}

static bool act(struct wire *w)
{
	struct l2tp_tunnel *t = w->lac.session ? w->lac.session->tunnel : NULL;
	usec now = ++w->act; /* so that what came when can be told */

	switch (now) {
	case 1:
		l2tp_dial(w->lac.l2tp, &peer_b, 1701, now);
		return true;
	case 2:
		l2tp_send(w->lac.l2tp, w->lac.session, "data", 4, now);
		return true;
	case 3:
		l2tp_send(w->lns.l2tp, w->lns.session, "data", 4, now);
		return true;
	case 4:
		send_plain(w->lac.l2tp, t, L2TP_HELLO, now);
		return true;
	case 5:
		send_plain(w->lns.l2tp, w->lns.session->tunnel, L2TP_HELLO, now);
		return true;
	case 6:
		l2tp_close(w->lac.l2tp, w->lac.session, now);
		return true;
	}
	return false;
}

static void play(struct wire *w, size_t messages)
{
	while (w->done < messages) {
		if (w->done < w->n)
			deliver(w, &w->v[w->done++]);
		else if (!act(w))
			return;
	}
	while (w->done == w->n && act(w))
		;
}

static struct wire *life(size_t k)
{
	struct wire *w = calloc(1, sizeof(*w));

	w->a = arena_new();
	w->rng = rng_new(1, "l2tp");
	open_end(w, &w->lac, false);
	open_end(w, &w->lns, true);
	play(w, k);
	return w;
}

static void end_life(struct wire *w)
{
	l2tp_free(w->lac.l2tp);
	l2tp_free(w->lns.l2tp);
	rng_free(w->rng);
	arena_free(w->a);
	free(w);
}

static void dump_hex(FILE *f, const char *name, const void *p, size_t len)
{
	fprintf(f, "%s", name);
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", ((const uint8_t *)p)[i]);
	fputc('\n', f);
}

static void dump_tunnel(FILE *f, const struct l2tp_tunnel *t)
{
	fprintf(f, "tunnel state %d port %u ids %u %u ns %u nr %u window %u ack %d\n", t->state,
		t->port, t->local, t->remote, t->ns, t->nr, t->window, t->ack_due);
	fprintf(f, "tunnel setup_by %" PRId64 " forget_at %" PRId64 "\nheard %" PRId64 "\n",
		t->setup_by, t->forget_at, t->heard);
	for (size_t i = 0; i < t->n_queue; i++) {
		fprintf(f, "sent %u tries %u first %" PRId64 " next %" PRId64 "\n",
			t->queue[i].type, t->queue[i].tries, t->queue[i].first, t->queue[i].next);
		dump_hex(f, "sent ", t->queue[i].msg, t->queue[i].len);
	}
	for (size_t i = 0; i < L2TP_EARLY; i++)
		if (t->early[i].len)
			dump_hex(f, "early ", t->early[i].msg, t->early[i].len);
	for (size_t i = 0; i < L2TP_SESSIONS; i++) {
		const struct l2tp_session *s = &t->sessions[i];

		if (s->state != L2TP_FREE)
			fprintf(f, "session %d %u %u serial %u sequenced %d ns %u\n", s->state,
				s->local, s->remote, s->serial, s->sequenced, s->ns);
	}
}

static char *dump(const struct l2tp *l)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "serial %u\n", l->serial);
	for (size_t i = 0; i < l->used; i++)
		if (l->tunnels[i]->state != TUNNEL_FREE)
			dump_tunnel(f, l->tunnels[i]);
	fclose(f);
	return text;
}

struct tried {
	size_t k, n_dropped;
	struct wire *w;
};

static void try(struct tried *t, const struct msg *m, const char *how, size_t detail)
{
	struct end *to = m->to_lns ? &t->w->lns : &t->w->lac;
	size_t n = t->w->n, events = to->log.ev.n;
	char *before = dump(to->l2tp), *after, what[80];
	const char *drop;
	bool same;

	snprintf(what, sizeof(what), "message %zu, %s %zu", t->k + 1, how, detail);
	deliver(t->w, m);
	t->w->n = n;
	drop = drop_since(&to->log, events);
	after = dump(to->l2tp);
	same = drop ? assert_unchanged(before, after, exceptions, ARRAY_LEN(exceptions), drop, what)
		    : !strcmp(before, after);
	t->n_dropped += drop != NULL;
	free(before);
	free(after);
	if (same)
		return;
	end_life(t->w);
	t->w = life(t->k);
}

static void assert_whole(struct wire *w, const char *what, size_t k)
{
	play(w, 2 * SCRIPT_MAX);
	if (w->lac.ups != 1 || w->lns.ups != 1 || w->lac.downs != 1 || w->lns.downs != 1 ||
	    w->lac.frames != 1 || w->lns.frames != 1)
		fail_msg("%s %zu: the true call: up %u %u, down %u %u, frames %u %u", what, k + 1,
			 w->lac.ups, w->lns.ups, w->lac.downs, w->lns.downs, w->lac.frames,
			 w->lns.frames);
}

static void what_is_dropped_has_changed_nothing(void **state)
{
	struct wire *whole = life(2 * SCRIPT_MAX);
	size_t n = whole->n, n_dropped = 0;

	(void)state;
	assert_true(n > 14 && n <= SCRIPT_MAX);
	assert_whole(whole, "undisturbed", 0);
	for (size_t k = 0; k < n; k++) {
		struct tried t = {.k = k, .w = life(k)};
		const struct msg *m = &whole->v[k];

		for (size_t j = 0; j < n; j++)
			if (j != k)
				try(&t, &whole->v[j], j < k ? "late" : "early", j + 1);
		for (size_t len = 0; len < m->len; len++) {
			struct msg g = *m;

			g.len = len;
			try(&t, &g, "cut at", len);
			if (len < 4)
				continue;
			g.b[2] = (uint8_t)(len >> 8);
			g.b[3] = (uint8_t)len;
			try(&t, &g, "cut and mended at", len);
		}
		for (size_t bit = 0; bit < 8 * m->len; bit += bit < 96 ? 1 : 5) {
			struct msg g = *m;

			g.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			try(&t, &g, "changed bit", bit);
		}
		assert_whole(t.w, "after false copies of message", k);
		end_life(t.w);
		n_dropped += t.n_dropped;

		t.w = life(k);
		deliver(t.w, &t.w->v[t.w->done++]);
		try(&t, m, "twice", 0);
		end_life(t.w);
	}
	end_life(whole);
	assert_true(n_dropped > 1000);
	assert_all_used(exceptions, ARRAY_LEN(exceptions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_dropped_has_changed_nothing),
	};

	return cmocka_run_group_tests_name("l2tp and dropped messages", tests, NULL, NULL);
}
