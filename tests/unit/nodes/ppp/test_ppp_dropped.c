/* SPDX-License-Identifier: MIT */
/*
 * Both ends of PPP, every packet from the first Configure-Request to the Terminate-Ack, by each way
 * to authenticate, and what can become of it: twice, late, early, cut, forged. What is dropped has
 * changed nothing, and the true link goes on.
 */
#include "tests/unit/dropped.h"

#include <inttypes.h>

#include "nodes/crypto/crypto.h"
#include "nodes/ppp/ppp_priv.h"
#include "tests/event_log.h"

#define SCRIPT_MAX 32

struct wire;

struct side {
	struct wire *w;
	struct ppp *ppp;
	unsigned authenticated, echoed, finished;
	struct ev_log log;
};

struct frame {
	bool to_server;
	size_t len;
	uint8_t b[PPP_FRAME_MAX];
};

struct wire {
	struct arena *a;
	struct rng *rng;
	struct side client, server;
	struct frame v[4 * SCRIPT_MAX];
	size_t n, done;
	usec now;
};

static struct exception exceptions[] = {
	{"unsupported", "lcp.id", "a Code-Reject or Protocol-Reject is numbered", false},
	{"duplicate", "auth.id", "the client numbers its requests, and is answered so", false},
};

static const enum ppp_method methods[][PPP_AUTH_MAX] = {
	{PPP_AUTH_NONE},
	{PPP_AUTH_PAP},
	{PPP_AUTH_MSCHAPV2},
	{PPP_AUTH_EAP, PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP},
};

static void on_send(void *ctx, const uint8_t *frame, size_t len, usec now)
{
	struct side *s = ctx;
	struct frame *f = &s->w->v[s->w->n++];

	(void)now;
	assert_true(s->w->n <= ARRAY_LEN(s->w->v) && len <= sizeof(f->b));
	f->to_server = s == &s->w->client;
	f->len = len;
	memcpy(f->b, frame, len);
}

static void on_authenticated(void *ctx, usec now)
{
	(void)now;
	((struct side *)ctx)->authenticated++;
}

static void on_echoed(void *ctx, usec now)
{
	(void)now;
	((struct side *)ctx)->echoed++;
}

static void on_unanswered(void *ctx, usec now)
{
	(void)ctx, (void)now;
}

static void on_finished(void *ctx, usec now)
{
	(void)now;
	((struct side *)ctx)->finished++;
}

static void on_event(void *ctx, const struct event *e)
{
	ev_log_put(&((struct side *)ctx)->log, e);
}

static void open_side(struct wire *w, struct side *s, bool server, size_t setup)
{
	static const enum ppp_method client[PPP_AUTH_MAX] = {PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP};
	struct ppp_config cfg = {
		.lcp = server ? &mode_server("softether-4")->lcp : &mode_client("windows-10")->lcp,
		.auth = server ? methods[setup] : client,
		.server = server,
		.name = server ? "server" : NULL,
		.who = {"alice", "wonderland"},
	};
	struct node_env env = {.rng = w->rng, .event = on_event, .ctx = s};
	struct ppp_hooks hooks = {on_send,	 on_authenticated, on_echoed,
				  on_unanswered, on_finished,	   s};

	s->w = w;
	ev_log_init(&s->log, w->a);
	s->ppp = ppp_new(&cfg, &env, &hooks);
}

static void deliver(struct wire *w, const struct frame *f)
{
	struct side *to = f->to_server ? &w->server : &w->client;
	enum drop drop = ppp_input(to->ppp, f->b, f->len, w->now);
	struct event e = ev_drop(inet_ep(inet_v4(0), 0), drop, f->len);

	if (drop != DROP_NONE)
		ev_log_put(&to->log, &e);
}

static bool act(struct wire *w)
{
	switch (++w->now) {
	case 1:
		ppp_start(w->client.ppp, w->now);
		ppp_start(w->server.ppp, w->now);
		return true;
	case 2:
		ppp_ask(w->server.ppp, w->now);
		return true;
	case 3:
		ppp_fsm_close(&w->client.ppp->lcp, w->now);
		return true;
	}
	return false;
}

static void play(struct wire *w, size_t frames)
{
	while (w->done < frames) {
		if (w->done < w->n)
			deliver(w, &w->v[w->done++]);
		else if (!act(w))
			return;
	}
	while (w->done == w->n && act(w))
		;
}

static struct wire *life(size_t setup, size_t k)
{
	struct wire *w = calloc(1, sizeof(*w));

	w->a = arena_new();
	w->rng = rng_new(1, "ppp");
	open_side(w, &w->client, false, setup);
	open_side(w, &w->server, true, setup);
	play(w, k);
	return w;
}

static void end_life(struct wire *w)
{
	ppp_free(w->client.ppp);
	ppp_free(w->server.ppp);
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

static char *dump(const struct ppp *p)
{
	const struct ppp_auth *a = &p->auth;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "lcp.state %d\nlcp.id %u\nlcp.restart %u\nlcp.timer %" PRId64 "\n", p->lcp.state,
		p->lcp.id, p->lcp.restart, p->lcp.timer);
	fprintf(f, "lcp.request %u\n", p->lcp.request_id);
	dump_hex(f, "lcp.options ", p->lcp.options, p->lcp.options_len);
	fprintf(f, "given_up %x mru %u magic %x peer_mru %u\n", p->given_up, p->mru, p->magic,
		p->peer_mru);
	fprintf(f, "echo_at %" PRId64 " tries %u asking %d id %u\n", p->echo_at, p->echo_tries,
		p->asking, p->echo_id);
	fprintf(f, "asked %u agreed %d objections %u disagreed %d network %d failure %d\n", p->asked,
		p->agreed, p->objections, p->disagreed, p->network, (int)p->failure);
	fprintf(f, "auth.state %d method %d done %d challenged %d\nauth.id %u\n", a->state, a->method,
		a->done, a->challenged, a->id);
	fprintf(f, "auth.timer %" PRId64 " tries %u\n", a->timer, a->tries);
	dump_hex(f, "auth.authenticator ", a->chap.authenticator, MSCHAP_CHALLENGE);
	dump_hex(f, "auth.peer ", a->chap.peer, MSCHAP_CHALLENGE);
	dump_hex(f, "auth.response ", a->response, MSCHAP_RESPONSE);
	fclose(f);
	return text;
}

struct tried {
	size_t setup, k, n_dropped;
	struct wire *w;
};

/* Delivers a false frame; the answers are lost. Why it was dropped; NULL: it was not. */
static const char *try(struct tried *t, const struct frame *m, const char *how, size_t detail)
{
	struct side *to = m->to_server ? &t->w->server : &t->w->client;
	size_t n = t->w->n, events = to->log.ev.n;
	char *before = dump(to->ppp), *after, what[80];
	const char *drop;
	bool same;

	snprintf(what, sizeof(what), "setup %zu, frame %zu, %s %zu", t->setup, t->k + 1, how, detail);
	deliver(t->w, m);
	t->w->n = n;
	drop = drop_since(&to->log, events);
	after = dump(to->ppp);
	same = drop ? assert_unchanged(before, after, exceptions, ARRAY_LEN(exceptions), drop, what)
		    : !strcmp(before, after);
	t->n_dropped += drop != NULL;
	free(before);
	free(after);
	if (!same) {
		end_life(t->w);
		t->w = life(t->setup, t->k);
	}
	return drop;
}

static void assert_whole(struct wire *w, const char *what, size_t k)
{
	play(w, 3 * SCRIPT_MAX);
	if (w->client.echoed < 1 || w->server.echoed < 2 || w->client.finished != 1)
		fail_msg("%s %zu: the true link: echoes %u %u, finished %u", what, k + 1,
			 w->client.echoed, w->server.echoed, w->client.finished);
}

/* A Configure-Request with more options than an answer of ours can hold. */
static void too_much(struct tried *t, bool to_server)
{
	struct frame f = {.to_server = to_server, .len = 8 + 30 * 6};
	const char *drop;

	memcpy(f.b, (const uint8_t[]){0xff, 0x03, 0xc0, 0x21, 1, 77, 0, 4 + 30 * 6}, 8);
	for (size_t i = 0; i < 30; i++)
		memcpy(f.b + 8 + 6 * i, (const uint8_t[]){2, 6, 0, 0, 0, 0}, 6);
	drop = try(t, &f, "too many options, accepted", 0);
	assert_non_null(drop);
	assert_string_equal(drop, "ppp");
	for (size_t i = 0; i < 30; i++)
		memcpy(f.b + 8 + 6 * i, (const uint8_t[]){LCP_AUTH, 6, 0xc2, 0x27, 0, 0}, 6);
	try(t, &f, "too many options, refused", 0);
}

static void every_frame(size_t setup, size_t *n_dropped)
{
	struct wire *whole = life(setup, 3 * SCRIPT_MAX);
	size_t n = whole->n;

	assert_true(n > 10 && n <= SCRIPT_MAX);
	assert_whole(whole, "undisturbed", 0);
	for (size_t k = 0; k < n; k++) {
		struct tried t = {.setup = setup, .k = k, .w = life(setup, k)};
		const struct frame *m = &whole->v[k];

		for (size_t j = 0; j < n; j++)
			if (j != k)
				try(&t, &whole->v[j], j < k ? "late" : "early", j + 1);
		for (size_t j = 0; j < k; j++) {
			struct frame g = whole->v[j];

			g.b[5] ^= 0x40;
			try(&t, &g, "late with another identifier", j + 1);
		}
		for (size_t len = 0; len < m->len; len++) {
			struct frame g = *m;

			g.len = len;
			try(&t, &g, "cut at", len);
			if (len < 8)
				continue;
			g.b[6] = (uint8_t)((len - 4) >> 8);
			g.b[7] = (uint8_t)(len - 4);
			try(&t, &g, "cut and mended at", len);
		}
		for (size_t bit = 0; bit < 8 * m->len; bit++) {
			struct frame g = *m;

			g.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			try(&t, &g, "changed bit", bit);
		}
		too_much(&t, m->to_server);
		assert_whole(t.w, "after false copies of frame", k);
		end_life(t.w);

		t.w = life(setup, k);
		deliver(t.w, &t.w->v[t.w->done++]);
		try(&t, m, "twice", 0);
		end_life(t.w);
		*n_dropped += t.n_dropped;
	}
	end_life(whole);
}

static void what_is_dropped_has_changed_nothing(void **state)
{
	size_t n_dropped = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		every_frame(i, &n_dropped);
	assert_true(n_dropped > 1000);
	assert_all_used(exceptions, ARRAY_LEN(exceptions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_dropped_has_changed_nothing),
	};

	assert_true(legacy_ready());
	return cmocka_run_group_tests_name("ppp and dropped packets", tests, NULL, NULL);
}
