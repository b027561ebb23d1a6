/* SPDX-License-Identifier: MIT */
#include "nodes/l2tp/l2tp_priv.h"

#include <stdlib.h>
#include <string.h>

#include "nodes/crypto/crypto.h"

/* RFC 2661 5.8: one second, doubled, eight at most, five times again. */
static const struct retry rfc_retry = {5, {1000, 3000, 7000, 15000, 23000}, 31000};

struct l2tp *l2tp_new(const struct l2tp_config *cfg, const struct node_env *env,
		      const struct l2tp_hooks *hooks)
{
	struct l2tp *l = calloc(1, sizeof(*l));

	if (l)
		l->tunnels = calloc(cfg->tunnels, sizeof(*l->tunnels));
	if (!l || !l->tunnels)
		abort();
	l->cfg = *cfg;
	if (l->cfg.retry.give_up_ms == 0)
		l->cfg.retry = rfc_retry;
	l->env = *env;
	l->hooks = *hooks;
	return l;
}

void l2tp_free(struct l2tp *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->used; i++)
		free(l->tunnels[i]);
	free(l->tunnels);
	table_free(&l->by_id);
	table_free(&l->by_peer);
	heap_free(&l->due);
	free(l);
}

/* ---- tunnels and sessions ---- */

static uint64_t id_hash(uint16_t id)
{
	return hash_bytes(&id, sizeof(id));
}

static uint64_t peer_hash(const void *peer)
{
	return hash_bytes(&peer, sizeof(peer));
}

static struct l2tp_tunnel *tunnel_by_id(struct l2tp *l, const void *peer, uint16_t local)
{
	for (struct table_link *k = table_find(&l->by_id, id_hash(local)); k; k = table_next(k)) {
		struct l2tp_tunnel *t = OWNER_OF(k, struct l2tp_tunnel, by_id);

		if (t->local == local && (!peer || t->peer == peer))
			return t;
	}
	return NULL;
}

/* The tunnels of a peer, at most L2TP_PEER_TUNNELS, in the order of their places: how many. */
static size_t tunnels_of(struct l2tp *l, const void *peer,
			 struct l2tp_tunnel *of[L2TP_PEER_TUNNELS])
{
	size_t n = 0;

	for (struct table_link *k = table_find(&l->by_peer, peer_hash(peer)); k;
	     k = table_next(k)) {
		struct l2tp_tunnel *t = OWNER_OF(k, struct l2tp_tunnel, by_peer);
		size_t at = n;

		if (t->peer != peer)
			continue;
		for (; at > 0 && of[at - 1]->place > t->place; at--)
			of[at] = of[at - 1];
		of[at] = t;
		n++;
	}
	return n;
}

/* For messages that carry tunnel ID 0: by what the peer calls the tunnel. */
static struct l2tp_tunnel *tunnel_by_remote(struct l2tp *l, const void *peer, uint16_t remote)
{
	struct l2tp_tunnel *of[L2TP_PEER_TUNNELS];
	size_t n = remote ? tunnels_of(l, peer, of) : 0;

	for (size_t i = 0; i < n; i++)
		if (of[i]->remote == remote)
			return of[i];
	return NULL;
}

/* The first place that is free; NULL: none is. */
static struct l2tp_tunnel *tunnel_place(struct l2tp *l)
{
	size_t place = l->free_from;

	while (place < l->used && l->tunnels[place]->state != TUNNEL_FREE)
		place++;
	l->free_from = place;
	if (place == l->cfg.tunnels)
		return NULL;
	if (place == l->used) {
		l->tunnels[l->used++] = calloc(1, sizeof(struct l2tp_tunnel));
		if (!l->tunnels[place])
			abort();
	}
	l->tunnels[place]->place = place;
	return l->tunnels[place];
}

static struct l2tp_tunnel *tunnel_new(struct l2tp *l, void *peer, uint16_t port, usec now)
{
	struct l2tp_tunnel *of[L2TP_PEER_TUNNELS], *t;
	uint16_t id;

	if (tunnels_of(l, peer, of) == L2TP_PEER_TUNNELS)
		return NULL;
	t = tunnel_place(l);
	if (!t)
		return NULL;
	id = (uint16_t)t->place; /* the first that is free, where they are counted */
	do
		id = l2tp_next_id(l, id);
	while (tunnel_by_id(l, NULL, id));
	*t = (struct l2tp_tunnel){
		.place = t->place,
		.due.order = t->place,
		.state = TUNNEL_NEW,
		.peer = peer,
		.port = port,
		.local = id,
		.window = L2TP_WINDOW_DEFAULT,
		.heard = now,
		.setup_by = now + MSEC * l->cfg.retry.give_up_ms,
	};
	t->listed = true;
	table_add(&l->by_id, &t->by_id, id_hash(id));
	table_add(&l->by_peer, &t->by_peer, peer_hash(peer));
	return t;
}

static usec tunnel_deadline(const struct l2tp *l, const struct l2tp_tunnel *t)
{
	usec at = USEC_NEVER;

	if (t->state == TUNNEL_FREE)
		return at;
	if (t->state == TUNNEL_STOPPED)
		return t->forget_at;
	at = MIN(channel_deadline(t), t->setup_by);
	if (l->cfg.timeout_ms)
		at = MIN(at, t->heard + MSEC * l->cfg.timeout_ms);
	if (l->cfg.hello_ms && t->state == TUNNEL_UP && t->n_queue == 0)
		at = MIN(at, t->heard + MSEC * l->cfg.hello_ms);
	return at;
}

/* What is left to do for a tunnel when a call that worked on it ends. */
static void settle(struct l2tp *l, struct l2tp_tunnel *t, usec now)
{
	if (t->state != TUNNEL_FREE && t->ack_due)
		channel_zlb(l, t, now);
	if (t->state == TUNNEL_NEW || (t->state == TUNNEL_CLOSING && t->n_queue == 0))
		t->state = TUNNEL_FREE;
	heap_set(&l->due, &t->due, tunnel_deadline(l, t));
	if (t->state != TUNNEL_FREE || !t->listed)
		return;
	t->listed = false;
	table_remove(&l->by_id, &t->by_id);
	table_remove(&l->by_peer, &t->by_peer);
	l->free_from = MIN(l->free_from, t->place);
}

/* ---- the channel, inwards ---- */

static void take_turn(struct l2tp_call *c, enum drop parsed, struct inet_ep from, size_t len)
{
	enum drop drop;

	c->t->nr++;
	c->t->ack_due = true;
	channel_tell(c->l, false, c->m);
	drop = call_process(c, parsed);
	if (drop != DROP_NONE)
		node_drop(&c->l->env, from, drop, len);
}

/* Messages that came too early and whose turn has come now. */
static void take_early(struct l2tp *l, struct l2tp_tunnel *t, struct inet_ep from, usec now)
{
	for (size_t i = 0; i < L2TP_EARLY; i++) {
		struct l2tp_early *e = &t->early[i];
		uint16_t len = e->len;
		struct l2tp_msg m;

		if (!len || channel_compare(e->ns, t->nr) > 0)
			continue;
		e->len = 0;
		if (channel_compare(e->ns, t->nr) < 0 || t->state == TUNNEL_FREE)
			continue;
		take_turn(&(struct l2tp_call){.l = l, .t = t, .m = &m, .now = now},
			  l2tp_parse(&m, e->msg, len, NULL), from, len);
		i = SIZE_MAX; /* its successor may wait in a slot before it */
	}
}

/* SCCRQ opens a tunnel, unless it is a repetition. */
static struct l2tp_tunnel *accept_sccrq(struct l2tp *l, void *peer, uint16_t port,
					const struct l2tp_msg *m, usec now)
{
	uint16_t remote = (uint16_t)m->avp[AVP_ASSIGNED_TUNNEL].value;
	struct l2tp_tunnel *t = tunnel_by_remote(l, peer, remote);

	if (t)
		return t;
	t = tunnel_new(l, peer, port, now);
	if (t)
		tunnel_learn(t, m);
	return t;
}

/* Whose message is it? NULL: of no tunnel of this peer's. */
static struct l2tp_tunnel *tunnel_of(struct l2tp *l, void *peer, uint16_t port,
				     const struct l2tp_msg *m, enum drop parsed, usec now)
{
	if (m->tunnel)
		return tunnel_by_id(l, peer, m->tunnel);
	if (parsed == DROP_NONE && m->control && m->type == L2TP_SCCRQ && l->cfg.lns)
		return accept_sccrq(l, peer, port, m, now);
	if (parsed == DROP_NONE && m->control && m->type == L2TP_STOPCCN)
		return tunnel_by_remote(l, peer, (uint16_t)m->avp[AVP_ASSIGNED_TUNNEL].value);
	return NULL;
}

static enum drop control(struct l2tp *l, struct l2tp_tunnel *t, struct inet_ep from,
			 const struct l2tp_msg *m, enum drop parsed, const uint8_t *p, size_t len,
			 usec now)
{
	struct l2tp_call c = {.l = l, .t = t, .m = m, .now = now};
	enum drop early = DROP_NONE;
	bool zlb = parsed == DROP_NONE && m->type == L2TP_ZLB;
	int turn;

	if (!c.t)
		return parsed != DROP_NONE		     ? parsed
		       : m->type == L2TP_SCCRQ && l->cfg.lns ? DROP_LIMIT
							     : DROP_L2TP_TUNNEL;
	turn = channel_compare(m->ns, c.t->nr);
	if (!zlb && turn > 0)
		early = channel_early(c.t, m->ns, len);
	if (early == DROP_L2TP_WINDOW || !channel_acknowledge(l, c.t, m->nr, now))
		return DROP_L2TP_WINDOW;
	c.t->heard = now;
	if (zlb)
		return DROP_NONE;
	if (turn < 0) {
		c.t->ack_due = true;
		return DROP_DUPLICATE;
	}
	if (turn > 0) {
		if (!early)
			channel_keep_early(c.t, m->ns, p, len);
		return early;
	}
	take_turn(&c, parsed, from, len);
	take_early(l, c.t, from, now);
	return DROP_NONE;
}

static enum drop data(struct l2tp *l, struct l2tp_tunnel *t, const struct l2tp_msg *m, usec now)
{
	struct l2tp_session *s = t ? session_by_id(t, m->session) : NULL;

	if (!s)
		return DROP_L2TP_TUNNEL;
	if (s->state != L2TP_UP)
		return DROP_STATE;
	t->heard = now;
	l->hooks.data(l->hooks.ctx, s, m->data, m->len, now);
	return DROP_NONE;
}

void l2tp_input(struct l2tp *l, void *peer, struct inet_ep from, const uint8_t *p, size_t len,
		usec now)
{
	struct l2tp_msg m;
	enum drop drop = l2tp_parse(&m, p, len, NULL);
	struct l2tp_tunnel *t = NULL;

	if (drop != DROP_L2TP_HEADER) {
		t = tunnel_of(l, peer, from.port, &m, drop, now);
		drop = m.control ? control(l, t, from, &m, drop, p, len, now)
				 : data(l, t, &m, now);
	}
	if (drop != DROP_NONE)
		node_drop(&l->env, from, drop, len);
	if (t)
		settle(l, t, now);
}

/* ---- time ---- */

static void tunnel_timer(struct l2tp *l, struct l2tp_tunnel *t, usec now)
{
	bool silent = l->cfg.timeout_ms && now >= t->heard + MSEC * l->cfg.timeout_ms;

	if (t->state == TUNNEL_STOPPED || silent || !channel_retry(l, t, now)) {
		tunnel_end(l, t, TUNNEL_FREE, REASON_NO_REPLY, now);
		return;
	}
	if (now >= t->setup_by) {
		t->setup_by = USEC_NEVER;
		tunnel_stop(l, t, STOP_CLEAR, ERROR_NONE, REASON_NO_REPLY, now);
		return;
	}
	if (l->cfg.hello_ms && t->state == TUNNEL_UP && t->n_queue == 0 &&
	    now >= t->heard + MSEC * l->cfg.hello_ms)
		send_plain(l, t, L2TP_HELLO, now);
}

usec l2tp_deadline(const struct l2tp *l)
{
	return heap_deadline(&l->due);
}

void l2tp_timer(struct l2tp *l, usec now)
{
	/* Each one once, if all of them are due. */
	for (size_t n = l->due.n; n > 0 && heap_deadline(&l->due) <= now; n--) {
		struct l2tp_tunnel *t = OWNER_OF(heap_first(&l->due), struct l2tp_tunnel, due);

		tunnel_timer(l, t, now);
		settle(l, t, now);
	}
}

/* ---- the owner's calls ---- */

void l2tp_dial(struct l2tp *l, void *peer, uint16_t port, usec now)
{
	struct l2tp_tunnel *t = tunnel_new(l, peer, port, now);

	assert(t && !l->cfg.lns);
	t->state = TUNNEL_WAIT_REPLY;
	send_identity(l, t, L2TP_SCCRQ, now);
	settle(l, t, now);
}

void *l2tp_peer(const struct l2tp_session *s)
{
	return s->tunnel->peer;
}

void l2tp_send(struct l2tp *l, struct l2tp_session *s, const void *p, size_t len, usec now)
{
	uint8_t msg[L2TP_DATA_MAX];
	struct l2tp_tunnel *t = s->tunnel;
	size_t n = l2tp_data(msg, sizeof(msg), t->remote, s->remote, s->sequenced ? &s->ns : NULL,
			     p, len);

	assert(s->state == L2TP_UP);
	if (n)
		l->hooks.send(l->hooks.ctx,
			      &(struct l2tp_tx){t->peer, t->port, L2TP_ZLB, 0, msg, n}, now);
	bytes_wipe(msg, n);
}

void l2tp_resend(struct l2tp *l, void *peer, usec now)
{
	struct l2tp_tunnel *of[L2TP_PEER_TUNNELS];
	size_t n = tunnels_of(l, peer, of);

	for (size_t i = 0; i < n; i++)
		channel_resend(l, of[i], now);
}

void l2tp_close(struct l2tp *l, struct l2tp_session *s, usec now)
{
	struct l2tp_tunnel *t = s->tunnel;

	assert(s->state == L2TP_UP);
	send_cdn(l, t, s->local, s->remote, CDN_ADMIN, ERROR_NONE, now);
	session_end(l, s, now);
	if (!l->cfg.lns)
		tunnel_stop(l, t, STOP_CLEAR, ERROR_NONE, REASON_CLOSED, now);
	settle(l, t, now);
}

void l2tp_forget(struct l2tp *l, void *peer, usec now)
{
	struct l2tp_tunnel *of[L2TP_PEER_TUNNELS];
	size_t n = tunnels_of(l, peer, of);

	for (size_t i = 0; i < n; i++) {
		of[i]->state = TUNNEL_FREE; /* so that tunnel_down() is not called */
		tunnel_end(l, of[i], TUNNEL_FREE, REASON_CLOSED, now);
		settle(l, of[i], now);
	}
}
