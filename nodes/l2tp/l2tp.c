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
	free(l);
}

/* ---- events ---- */

static void tell_drop(struct l2tp *l, struct inet_ep from, enum drop drop, size_t len)
{
	struct event e = ev_drop(from, drop, len);

	l->env.event(l->env.ctx, &e);
}

/* ---- tunnels and sessions ---- */

static struct l2tp_tunnel *tunnel_by_id(struct l2tp *l, const void *peer, uint16_t local)
{
	for (size_t i = 0; i < l->used; i++) {
		struct l2tp_tunnel *t = l->tunnels[i];

		if (t->state != TUNNEL_FREE && t->local == local && (!peer || t->peer == peer))
			return t;
	}
	return NULL;
}

/* For messages that carry tunnel ID 0: by what the peer calls the tunnel. */
static struct l2tp_tunnel *tunnel_by_remote(struct l2tp *l, const void *peer, uint16_t remote)
{
	for (size_t i = 0; i < l->used && remote; i++) {
		struct l2tp_tunnel *t = l->tunnels[i];

		if (t->state != TUNNEL_FREE && t->peer == peer && t->remote == remote)
			return t;
	}
	return NULL;
}

static struct l2tp_tunnel *tunnel_new(struct l2tp *l, void *peer, uint16_t port, usec now)
{
	struct l2tp_tunnel *t = NULL;
	unsigned of_peer = 0;
	size_t place = l->used;
	uint16_t id;

	for (size_t i = 0; i < l->used; i++) {
		if (l->tunnels[i]->state == TUNNEL_FREE)
			place = MIN(place, i);
		else if (l->tunnels[i]->peer == peer)
			of_peer++;
	}
	if (place < l->used)
		t = l->tunnels[place];
	if (!t && l->used < l->cfg.tunnels) {
		t = l->tunnels[l->used++] = calloc(1, sizeof(*t));
		if (!t)
			abort();
	}
	if (!t || of_peer >= L2TP_PEER_TUNNELS)
		return NULL;
	id = (uint16_t)place; /* the first that is free, where they are counted */
	do
		id = l2tp_next_id(l, id);
	while (tunnel_by_id(l, NULL, id));
	*t = (struct l2tp_tunnel){
		.state = TUNNEL_NEW,
		.peer = peer,
		.port = port,
		.local = id,
		.window = L2TP_WINDOW_DEFAULT,
		.heard = now,
		.setup_by = now + MSEC * l->cfg.retry.give_up_ms,
	};
	return t;
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
		tell_drop(c->l, from, drop, len);
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

static enum drop control(struct l2tp *l, void *peer, struct inet_ep from, const struct l2tp_msg *m,
			 enum drop parsed, const uint8_t *p, size_t len, usec now)
{
	struct l2tp_call c = {.l = l, .m = m, .now = now};
	int turn;

	if (m->tunnel)
		c.t = tunnel_by_id(l, peer, m->tunnel);
	else if (parsed == DROP_NONE && m->type == L2TP_SCCRQ && l->cfg.lns)
		c.t = accept_sccrq(l, peer, from.port, m, now);
	else if (parsed == DROP_NONE && m->type == L2TP_STOPCCN)
		c.t = tunnel_by_remote(l, peer, (uint16_t)m->avp[AVP_ASSIGNED_TUNNEL].value);
	if (!c.t)
		return parsed != DROP_NONE		     ? parsed
		       : m->type == L2TP_SCCRQ && l->cfg.lns ? DROP_LIMIT
							     : DROP_L2TP_TUNNEL;
	c.t->heard = now;
	if (!channel_acknowledge(l, c.t, m->nr, now))
		return DROP_L2TP_WINDOW;
	if (parsed == DROP_NONE && m->type == L2TP_ZLB)
		return DROP_NONE;
	turn = channel_compare(m->ns, c.t->nr);
	if (turn < 0) {
		c.t->ack_due = true;
		return DROP_DUPLICATE;
	}
	if (turn > 0)
		return channel_keep_early(c.t, m->ns, p, len);
	take_turn(&c, parsed, from, len);
	take_early(l, c.t, from, now);
	return DROP_NONE;
}

static enum drop data(struct l2tp *l, void *peer, const struct l2tp_msg *m, usec now)
{
	struct l2tp_tunnel *t = tunnel_by_id(l, peer, m->tunnel);
	struct l2tp_session *s = t ? session_by_id(t, m->session) : NULL;

	if (!s)
		return DROP_L2TP_TUNNEL;
	if (s->state != L2TP_UP)
		return DROP_STATE;
	t->heard = now;
	l->hooks.data(l->hooks.ctx, s, m->data, m->len, now);
	return DROP_NONE;
}

/* What is left to do for every tunnel when a call ends. */
static void settle(struct l2tp *l, usec now)
{
	for (size_t i = 0; i < l->used; i++) {
		struct l2tp_tunnel *t = l->tunnels[i];

		if (t->state != TUNNEL_FREE && t->ack_due)
			channel_zlb(l, t, now);
		if (t->state == TUNNEL_NEW || (t->state == TUNNEL_CLOSING && t->n_queue == 0))
			t->state = TUNNEL_FREE;
	}
}

void l2tp_input(struct l2tp *l, void *peer, struct inet_ep from, const uint8_t *p, size_t len,
		usec now)
{
	struct l2tp_msg m;
	enum drop drop = l2tp_parse(&m, p, len, NULL);

	if (drop != DROP_L2TP_HEADER)
		drop = m.control ? control(l, peer, from, &m, drop, p, len, now)
				 : data(l, peer, &m, now);
	if (drop != DROP_NONE)
		tell_drop(l, from, drop, len);
	settle(l, now);
}

/* ---- time ---- */

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
	usec at = USEC_NEVER;

	for (size_t i = 0; i < l->used; i++)
		at = MIN(at, tunnel_deadline(l, l->tunnels[i]));
	return at;
}

void l2tp_timer(struct l2tp *l, usec now)
{
	for (size_t i = 0; i < l->used; i++)
		if (tunnel_deadline(l, l->tunnels[i]) <= now)
			tunnel_timer(l, l->tunnels[i], now);
	settle(l, now);
}

/* ---- the owner's calls ---- */

void l2tp_dial(struct l2tp *l, void *peer, uint16_t port, usec now)
{
	struct l2tp_tunnel *t = tunnel_new(l, peer, port, now);

	assert(t && !l->cfg.lns);
	t->state = TUNNEL_WAIT_REPLY;
	send_identity(l, t, L2TP_SCCRQ, now);
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
}

void l2tp_resend(struct l2tp *l, void *peer, usec now)
{
	for (size_t i = 0; i < l->used; i++)
		if (l->tunnels[i]->state != TUNNEL_FREE && l->tunnels[i]->peer == peer)
			channel_resend(l, l->tunnels[i], now);
}

void l2tp_close(struct l2tp *l, struct l2tp_session *s, usec now)
{
	struct l2tp_tunnel *t = s->tunnel;

	assert(s->state == L2TP_UP);
	send_cdn(l, t, s->local, s->remote, CDN_ADMIN, ERROR_NONE, now);
	session_end(l, s, now);
	if (!l->cfg.lns)
		tunnel_stop(l, t, STOP_CLEAR, ERROR_NONE, REASON_CLOSED, now);
	settle(l, now);
}

void l2tp_hangup(struct l2tp *l, void *peer, usec now)
{
	for (size_t i = 0; i < l->used; i++) {
		struct l2tp_tunnel *t = l->tunnels[i];

		if (!(L2TP_IN(t->state) & L2TP_ALIVE) || t->peer != peer)
			continue;
		for (size_t k = 0; k < L2TP_SESSIONS; k++)
			if (t->sessions[k].state == L2TP_UP)
				send_cdn(l, t, t->sessions[k].local, t->sessions[k].remote,
					 CDN_ADMIN, ERROR_NONE, now);
		tunnel_stop(l, t, STOP_CLEAR, ERROR_NONE, REASON_CLOSED, now);
	}
	settle(l, now);
}

void l2tp_forget(struct l2tp *l, void *peer, usec now)
{
	for (size_t i = 0; i < l->used; i++) {
		struct l2tp_tunnel *t = l->tunnels[i];

		if (t->state == TUNNEL_FREE || t->peer != peer)
			continue;
		t->state = TUNNEL_FREE; /* so that tunnel_down() is not called */
		tunnel_end(l, t, TUNNEL_FREE, REASON_CLOSED, now);
	}
}

void *l2tp_session_peer(const struct l2tp_session *s)
{
	return s->tunnel->peer;
}
