/* SPDX-License-Identifier: MIT */
/*
 * vpn_link.c - PPP on L2TP sessions.
 */
#include "nodes/vpn/vpn_priv.h"

#include <stdlib.h>
#include <string.h>

static uint64_t cookie_hash(const uint8_t cky_i[8])
{
	return hash_bytes(cky_i, 8);
}

/* After each call of PPP, and when the session goes: without one nothing is due. */
static void link_schedule(struct vpn_link *link)
{
	heap_set(&link->v->due, &link->due,
		 link->session ? ppp_deadline(link->ppp) : USEC_NEVER);
}

/* It is looked at when the call ends: behind those that ended before. */
static void link_ended(struct vpn_link *link)
{
	struct vpn_link **at = &link->v->ended_links;

	while (*at && *at != link)
		at = &(*at)->ended;
	*at = link;
}

static void on_frame(void *ctx, const uint8_t *frame, size_t len, usec now)
{
	struct vpn_link *link = ctx;

	if (link->session)
		l2tp_send(link->v->l2tp, link->session, frame, len, now);
}

static void tell_alive(struct vpn *v, const uint8_t cky_i[8], bool alive, enum reason why)
{
	struct event e = ev_new(EV_ALIVE);

	ev_hex(&e, K_CKY_I, cky_i, 8);
	ev_bool(&e, K_ALIVE, alive);
	if (!alive)
		ev_word(&e, K_WHY, why);
	v->env.event(v->env.ctx, &e);
}

/* What was asked is answered, or never will be. */
static void answer(struct vpn_link *link, bool alive)
{
	if (!link->asked)
		return;
	link->asked = false;
	tell_alive(link->v, link->cky_i, alive, REASON_NO_ANSWER);
}

static void on_authenticated(void *ctx, usec now)
{
	struct vpn_link *link = ctx;

	(void)now;
	if (link->v->cfg.client)
		link->v->client.reached = MAX(link->v->client.reached, REACHED_PPP);
}

static void on_echoed(void *ctx, usec now)
{
	struct vpn_link *link = ctx;

	on_authenticated(ctx, now); /* where nobody asked: LCP carries frames both ways */
	answer(link, true);
	link->v->client.echoed = true;
}

static void on_unanswered(void *ctx, usec now)
{
	(void)now;
	answer(ctx, false);
}

static void on_finished(void *ctx, usec now)
{
	struct vpn_link *link = ctx;

	(void)now;
	answer(link, false);
	link->finished = true;
	link_ended(link);
}

void link_new(struct vpn *v, struct l2tp_session *s, usec now)
{
	struct vpn_link *link = calloc(1, sizeof(*link));
	const struct ppp_hooks hooks = {on_frame,      on_authenticated, on_echoed,
					on_unanswered, on_finished,	 link};
	const struct ppp_config ppp = {
		.lcp = v->cfg.client ? &v->cfg.client->lcp : &v->cfg.server->lcp,
		.auth = v->cfg.client ? v->cfg.client->auth : v->cfg.server->auth,
		.server = v->cfg.server != NULL,
		.chap_wordless = v->cfg.server && v->cfg.server->chap_wordless,
		.name = v->cfg.server ? v->cfg.server->l2tp.host : NULL,
		.who = {v->cfg.user, v->cfg.password},
	};
	const struct vpn_peer *p = l2tp_peer(s);

	if (!link)
		abort();
	link->v = v;
	link->session = s;
	memcpy(link->cky_i, ike_sa_cky_i(p->sa), sizeof(link->cky_i));
	link->due.order = UINT64_MAX - v->n_links++; /* the newest first */
	link->ppp = ppp_new(&ppp, &v->env, &hooks);
	link->next = v->links;
	if (link->next)
		link->next->at = &link->next;
	link->at = &v->links;
	v->links = link;
	table_add(&v->by_cookie, &link->by_cookie, cookie_hash(link->cky_i));
	s->user = link;
	ppp_start(link->ppp, now);
	link_schedule(link);
}

enum drop link_input(struct vpn_link *link, const uint8_t *p, size_t len, usec now)
{
	enum drop drop = ppp_input(link->ppp, p, len, now);

	link_schedule(link);
	return drop;
}

void link_down(struct vpn_link *link)
{
	answer(link, false);
	link->session = NULL;
	link_schedule(link);
	link_ended(link);
}

void links_timer(struct vpn *v, usec now)
{
	/* Each one once, if all of them are due. */
	for (size_t n = v->due.n; n > 0 && heap_deadline(&v->due) <= now; n--) {
		struct vpn_link *link = OWNER_OF(heap_first(&v->due), struct vpn_link, due);

		ppp_timer(link->ppp, now);
		link_schedule(link);
	}
}

void link_ask(struct vpn *v, const uint8_t cky_i[8], usec now)
{
	struct table_link *l = table_find(&v->by_cookie, cookie_hash(cky_i));

	for (; l; l = table_next(l)) {
		struct vpn_link *link = OWNER_OF(l, struct vpn_link, by_cookie);

		if (memcmp(link->cky_i, cky_i, sizeof(link->cky_i)) != 0 || !link->session ||
		    !ppp_is_open(link->ppp))
			continue;
		link->asked = true;
		ppp_ask(link->ppp, now);
		link_schedule(link);
		return;
	}
	tell_alive(v, cky_i, false, REASON_NO_SESSION);
}

static void link_free(struct vpn_link *link)
{
	struct vpn *v = link->v;

	table_remove(&v->by_cookie, &link->by_cookie);
	heap_set(&v->due, &link->due, USEC_NEVER);
	*link->at = link->next;
	if (link->next)
		link->next->at = link->at;
	ppp_free(link->ppp);
	free(link);
}

void links_reap(struct vpn *v)
{
	while (v->ended_links) {
		struct vpn_link *link = v->ended_links;

		v->ended_links = link->ended;
		link_free(link);
	}
}

void links_free(struct vpn *v)
{
	for (struct vpn_link *link = v->links, *next; link; link = next) {
		next = link->next;
		link_free(link);
	}
	table_free(&v->by_cookie);
	heap_free(&v->due);
}
