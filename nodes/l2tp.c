/* SPDX-License-Identifier: MIT */
#include "nodes/l2tp_channel.h"

#include <stdlib.h>
#include <string.h>

#include "nodes/crypto.h"

/* Result codes of StopCCN and CDN, error codes (4.4.2). */
enum { STOP_CLEAR = 1, STOP_GENERAL = 2, STOP_UNAUTHORIZED = 4, STOP_VERSION = 5, STOP_STATE = 7 };
enum { CDN_GENERAL = 2, CDN_ADMIN = 3, CDN_NO_FACILITIES = 4, CDN_NEVER = 5 };
enum { ERROR_NONE = 0, ERROR_VALUE = 3, ERROR_UNKNOWN_AVP = 8 };

#define IN(state) (1U << (state))
#define ALIVE (IN(TUNNEL_WAIT_REPLY) | IN(TUNNEL_WAIT_CONNECT) | IN(TUNNEL_UP))

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
	free(l->tunnels);
	free(l);
}

/* ---- events ---- */

static void tell_drop(struct l2tp *l, struct inet_ep from, enum drop drop, size_t len)
{
	struct event e = ev_new(EV_DROP);

	ev_ep(&e, K_SRC, from);
	ev_str(&e, K_DROP, drop_name(drop));
	ev_u(&e, K_LENGTH, len);
	l->env.event(l->env.ctx, &e);
}

static void tell_up(struct l2tp *l, const struct l2tp_session *s)
{
	struct event e = ev_new(EV_L2TP_UP);

	ev_u(&e, K_TUNNEL, s->tunnel->local);
	ev_u(&e, K_SESSION, s->local);
	l->env.event(l->env.ctx, &e);
}

/* SCCRQ and SCCRP say the same things about who speaks. */
static void send_identity(struct l2tp *l, struct l2tp_tunnel *t, enum l2tp_type type, usec now)
{
	const struct l2tp_identity *id = &l->cfg.id;
	struct l2tp_out o;
	struct l2tp_slot *s = channel_compose(l, t, &o, type, 0);

	assert(s); /* the first message of its tunnel */
	l2tp_put(&o, AVP_PROTOCOL_VERSION, L2TP_PROTOCOL_VERSION);
	l2tp_put(&o, AVP_FRAMING_CAPABILITIES, id->framing);
	if (id->has_bearer)
		l2tp_put(&o, AVP_BEARER_CAPABILITIES, id->bearer);
	if (id->firmware)
		l2tp_put(&o, AVP_FIRMWARE_REVISION, id->firmware);
	l2tp_put_bytes(&o, AVP_HOST_NAME, id->host, strlen(id->host));
	if (id->vendor)
		l2tp_put_bytes(&o, AVP_VENDOR_NAME, id->vendor, strlen(id->vendor));
	l2tp_put(&o, AVP_ASSIGNED_TUNNEL, t->local);
	if (id->window)
		l2tp_put(&o, AVP_RECEIVE_WINDOW, id->window);
	channel_enqueue(l, t, s, &o, now);
}

static void send_plain(struct l2tp *l, struct l2tp_tunnel *t, enum l2tp_type type, usec now)
{
	struct l2tp_out o;
	struct l2tp_slot *s = channel_compose(l, t, &o, type, 0);

	if (s)
		channel_enqueue(l, t, s, &o, now);
}

static void send_cdn(struct l2tp *l, struct l2tp_tunnel *t, uint16_t local, uint16_t remote,
		     uint16_t result, uint16_t error, usec now)
{
	struct l2tp_out o;
	struct l2tp_slot *s = channel_compose(l, t, &o, L2TP_CDN, remote);

	if (!s)
		return;
	l2tp_put_result(&o, result, error);
	l2tp_put(&o, AVP_ASSIGNED_SESSION, local);
	channel_enqueue(l, t, s, &o, now);
}

/* ---- tunnels and sessions ---- */

static struct l2tp_tunnel *tunnel_by_id(struct l2tp *l, const void *peer, uint16_t local)
{
	for (size_t i = 0; i < l->used; i++) {
		struct l2tp_tunnel *t = &l->tunnels[i];

		if (t->state != TUNNEL_FREE && t->local == local && (!peer || t->peer == peer))
			return t;
	}
	return NULL;
}

/* For messages that carry tunnel ID 0: by what the peer calls the tunnel. */
static struct l2tp_tunnel *tunnel_by_remote(struct l2tp *l, const void *peer, uint16_t remote)
{
	for (size_t i = 0; i < l->used && remote; i++) {
		struct l2tp_tunnel *t = &l->tunnels[i];

		if (t->state != TUNNEL_FREE && t->peer == peer && t->remote == remote)
			return t;
	}
	return NULL;
}

static uint16_t random_id(struct l2tp *l)
{
	return (uint16_t)(1 + rng_below(l->env.rng, UINT16_MAX));
}

static struct l2tp_tunnel *tunnel_new(struct l2tp *l, void *peer, uint16_t port, usec now)
{
	struct l2tp_tunnel *t = NULL;
	unsigned of_peer = 0;
	uint16_t id;

	for (size_t i = 0; i < l->used; i++) {
		if (l->tunnels[i].state == TUNNEL_FREE)
			t = t ? t : &l->tunnels[i];
		else if (l->tunnels[i].peer == peer)
			of_peer++;
	}
	if (!t && l->used < l->cfg.tunnels)
		t = &l->tunnels[l->used++];
	if (!t || of_peer >= L2TP_PEER_TUNNELS)
		return NULL;
	do
		id = random_id(l);
	while (tunnel_by_id(l, NULL, id));
	*t = (struct l2tp_tunnel){
		.state = TUNNEL_NEW,
		.peer = peer,
		.port = port,
		.local = id,
		.window = L2TP_WINDOW_DEFAULT,
		.heard = now,
	};
	return t;
}

static struct l2tp_session *session_by_id(struct l2tp_tunnel *t, uint16_t local)
{
	for (size_t i = 0; i < L2TP_SESSIONS && local; i++)
		if (t->sessions[i].state != L2TP_FREE && t->sessions[i].local == local)
			return &t->sessions[i];
	return NULL;
}

static struct l2tp_session *session_by_remote(struct l2tp_tunnel *t, uint32_t remote)
{
	for (size_t i = 0; i < L2TP_SESSIONS && remote; i++)
		if (t->sessions[i].state != L2TP_FREE && t->sessions[i].remote == remote)
			return &t->sessions[i];
	return NULL;
}

static struct l2tp_session *session_new(struct l2tp *l, struct l2tp_tunnel *t)
{
	for (size_t i = 0; i < L2TP_SESSIONS; i++) {
		struct l2tp_session *s = &t->sessions[i];
		uint16_t id;

		if (s->state != L2TP_FREE)
			continue;
		do
			id = random_id(l);
		while (session_by_id(t, id));
		*s = (struct l2tp_session){.tunnel = t, .local = id};
		return s;
	}
	return NULL;
}

static void session_end(struct l2tp *l, struct l2tp_session *s, usec now)
{
	bool was_up = s->state == L2TP_UP;

	s->state = L2TP_FREE;
	if (was_up)
		l->hooks.down(l->hooks.ctx, s, now);
}

static void session_up(struct l2tp *l, struct l2tp_session *s, usec now)
{
	s->state = L2TP_UP;
	tell_up(l, s);
	l->hooks.up(l->hooks.ctx, s, now);
}

static void end_sessions(struct l2tp *l, struct l2tp_tunnel *t, usec now)
{
	for (size_t i = 0; i < L2TP_SESSIONS; i++)
		session_end(l, &t->sessions[i], now);
}

/* Ends a tunnel in state @then, and says so unless it had ended before. */
static void tunnel_end(struct l2tp *l, struct l2tp_tunnel *t, enum tunnel_state then,
		       const char *why, usec now)
{
	bool was_alive = IN(t->state) & ALIVE;

	t->state = then;
	end_sessions(l, t, now);
	if (was_alive)
		l->hooks.tunnel_down(l->hooks.ctx, t->peer, why, now);
}

/* Sends StopCCN and ends the tunnel. */
static void tunnel_stop(struct l2tp *l, struct l2tp_tunnel *t, uint16_t result, uint16_t error,
			const char *why, usec now)
{
	struct l2tp_out o;
	struct l2tp_slot *s = channel_compose(l, t, &o, L2TP_STOPCCN, 0);

	if (s) {
		l2tp_put(&o, AVP_ASSIGNED_TUNNEL, t->local);
		l2tp_put_result(&o, result, error);
		channel_enqueue(l, t, s, &o, now);
	}
	tunnel_end(l, t, s ? TUNNEL_CLOSING : TUNNEL_FREE, why, now);
}

static void tunnel_error(struct l2tp *l, struct l2tp_tunnel *t, uint16_t result, uint16_t error,
			 usec now)
{
	tunnel_stop(l, t, result, error, "l2tp-error", now);
}

/* ---- messages ---- */

/* What a handler works on. */
struct call {
	struct l2tp *l;
	struct l2tp_tunnel *t;
	struct l2tp_session *s; /* of messages that belong to one */
	const struct l2tp_msg *m;
	usec now;
};

static void learn_peer(struct l2tp_tunnel *t, const struct l2tp_msg *m)
{
	t->remote = (uint16_t)m->avp[AVP_ASSIGNED_TUNNEL].value;
	if (m->avp[AVP_RECEIVE_WINDOW].p)
		t->window = (uint16_t)MAX(m->avp[AVP_RECEIVE_WINDOW].value, 1U);
}

/* Shared by SCCRQ and SCCRP: the reason to refuse, or 0. */
static uint16_t objection(const struct l2tp_msg *m)
{
	if (m->avp[AVP_PROTOCOL_VERSION].value >> 8 != L2TP_PROTOCOL_VERSION >> 8)
		return STOP_VERSION;
	/* The peer wants to authenticate the tunnel; we have no secret for that. */
	return m->avp[AVP_CHALLENGE].p ? STOP_UNAUTHORIZED : 0;
}

static void on_sccrq(struct call *c)
{
	uint16_t no = objection(c->m);

	if (no) {
		tunnel_error(c->l, c->t, no, ERROR_NONE, c->now);
		return;
	}
	c->t->state = TUNNEL_WAIT_CONNECT;
	send_identity(c->l, c->t, L2TP_SCCRP, c->now);
}

static void on_sccrp(struct call *c)
{
	uint16_t no = objection(c->m);
	struct l2tp_session *s;
	struct l2tp_out o;
	struct l2tp_slot *icrq;

	learn_peer(c->t, c->m);
	if (no) {
		tunnel_error(c->l, c->t, no, ERROR_NONE, c->now);
		return;
	}
	c->t->state = TUNNEL_UP;
	send_plain(c->l, c->t, L2TP_SCCCN, c->now);
	s = session_new(c->l, c->t);
	icrq = channel_compose(c->l, c->t, &o, L2TP_ICRQ, 0);
	assert(s && icrq); /* the first session, the third message */
	s->state = L2TP_WAIT_REPLY;
	s->serial = c->l->serial++;
	l2tp_put(&o, AVP_ASSIGNED_SESSION, s->local);
	l2tp_put(&o, AVP_CALL_SERIAL, s->serial);
	channel_enqueue(c->l, c->t, icrq, &o, c->now);
}

static void on_scccn(struct call *c)
{
	c->t->state = TUNNEL_UP;
}

static void on_stopccn(struct call *c)
{
	c->t->n_queue = 0;
	c->t->forget_at = c->now + MSEC * c->l->cfg.retry.give_up_ms;
	channel_zlb(c->l, c->t, c->now);
	tunnel_end(c->l, c->t, TUNNEL_STOPPED, "l2tp-refused", c->now);
}

static void on_icrq(struct call *c)
{
	uint16_t remote = (uint16_t)c->m->avp[AVP_ASSIGNED_SESSION].value;
	struct l2tp_session *s = session_new(c->l, c->t);
	struct l2tp_out o;
	struct l2tp_slot *icrp;

	icrp = s ? channel_compose(c->l, c->t, &o, L2TP_ICRP, remote) : NULL;
	if (!icrp) {
		send_cdn(c->l, c->t, 0, remote, CDN_NO_FACILITIES, ERROR_NONE, c->now);
		return;
	}
	s->state = L2TP_WAIT_CONNECT;
	s->remote = remote;
	s->serial = c->m->avp[AVP_CALL_SERIAL].value;
	l2tp_put(&o, AVP_ASSIGNED_SESSION, s->local);
	channel_enqueue(c->l, c->t, icrp, &o, c->now);
}

static void on_icrp(struct call *c)
{
	struct l2tp_out o;
	struct l2tp_slot *iccn;

	c->s->remote = (uint16_t)c->m->avp[AVP_ASSIGNED_SESSION].value;
	iccn = channel_compose(c->l, c->t, &o, L2TP_ICCN, c->s->remote);
	if (!iccn) {
		tunnel_error(c->l, c->t, STOP_GENERAL, ERROR_VALUE, c->now);
		return;
	}
	l2tp_put(&o, AVP_TX_SPEED, 100000000);
	l2tp_put(&o, AVP_FRAMING_TYPE, 1); /* synchronous */
	channel_enqueue(c->l, c->t, iccn, &o, c->now);
	session_up(c->l, c->s, c->now);
}

static void on_iccn(struct call *c)
{
	c->s->sequenced = c->m->avp[AVP_SEQUENCING_REQUIRED].p;
	/* The layer above speaks at once; what allows it to is acknowledged before. */
	channel_zlb(c->l, c->t, c->now);
	session_up(c->l, c->s, c->now);
}

/* Ends a session; a client has only one, and without it no use for the tunnel. */
static void session_over(struct call *c, const char *why)
{
	session_end(c->l, c->s, c->now);
	if (!c->l->cfg.lns)
		tunnel_stop(c->l, c->t, STOP_CLEAR, ERROR_NONE, why, c->now);
}

static void session_error(struct call *c, uint16_t error)
{
	send_cdn(c->l, c->t, c->s->local, c->s->remote, CDN_GENERAL, error, c->now);
	session_over(c, "l2tp-error");
}

static void on_cdn(struct call *c)
{
	session_over(c, "l2tp-refused");
}

static void on_ocrq(struct call *c)
{
	send_cdn(c->l, c->t, 0, (uint16_t)c->m->avp[AVP_ASSIGNED_SESSION].value, CDN_NEVER,
		 ERROR_NONE, c->now);
}

/* Hello, WAN-Error-Notify and Set-Link-Info ask for nothing but an acknowledgement. */
static void on_ignored(struct call *c)
{
	(void)c;
}

#define AVP(type) L2TP_AVP_BIT(type)
enum { LAC = 1, LNS = 2, BOTH = 3 };

/*
 * RFC 2661 6 and 7.2: who may receive what, when, and which attributes it must have.
 *
 *	LAC                                LNS
 *	SCCRQ  ----------------------->
 *	       <-----------------------  SCCRP
 *	SCCCN, ICRQ  ----------------->
 *	       <-----------------------  ICRP
 *	ICCN   ----------------------->
 */
static const struct row {
	enum l2tp_type type;
	unsigned who;
	unsigned tunnel;  /* states of the tunnel */
	unsigned session; /* states of the session, 0 when the message belongs to the tunnel */
	uint64_t needed;
	void (*handle)(struct call *c);
} rows[] = {
	{L2TP_SCCRQ, LNS, IN(TUNNEL_NEW), 0,
	 AVP(AVP_PROTOCOL_VERSION) | AVP(AVP_FRAMING_CAPABILITIES) | AVP(AVP_HOST_NAME) |
		 AVP(AVP_ASSIGNED_TUNNEL),
	 on_sccrq},
	{L2TP_SCCRP, LAC, IN(TUNNEL_WAIT_REPLY), 0,
	 AVP(AVP_PROTOCOL_VERSION) | AVP(AVP_FRAMING_CAPABILITIES) | AVP(AVP_HOST_NAME) |
		 AVP(AVP_ASSIGNED_TUNNEL),
	 on_sccrp},
	{L2TP_SCCCN, LNS, IN(TUNNEL_WAIT_CONNECT), 0, 0, on_scccn},
	{L2TP_STOPCCN, BOTH, ALIVE | IN(TUNNEL_CLOSING), 0, AVP(AVP_RESULT_CODE), on_stopccn},
	{L2TP_HELLO, BOTH, ALIVE, 0, 0, on_ignored},
	{L2TP_ICRQ, LNS, IN(TUNNEL_UP), 0, AVP(AVP_ASSIGNED_SESSION) | AVP(AVP_CALL_SERIAL),
	 on_icrq},
	{L2TP_ICRP, LAC, IN(TUNNEL_UP), IN(L2TP_WAIT_REPLY), AVP(AVP_ASSIGNED_SESSION), on_icrp},
	{L2TP_ICCN, LNS, IN(TUNNEL_UP), IN(L2TP_WAIT_CONNECT),
	 AVP(AVP_TX_SPEED) | AVP(AVP_FRAMING_TYPE), on_iccn},
	{L2TP_CDN, BOTH, IN(TUNNEL_UP), IN(L2TP_WAIT_REPLY) | IN(L2TP_WAIT_CONNECT) | IN(L2TP_UP),
	 AVP(AVP_RESULT_CODE), on_cdn},
	{L2TP_OCRQ, BOTH, IN(TUNNEL_UP), 0, AVP(AVP_ASSIGNED_SESSION), on_ocrq},
	{L2TP_WEN, BOTH, IN(TUNNEL_UP), IN(L2TP_UP), 0, on_ignored},
	{L2TP_SLI, BOTH, IN(TUNNEL_UP), IN(L2TP_UP), 0, on_ignored},
};

static const struct row *row_of(const struct l2tp *l, uint16_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].type == type && rows[i].who & (l->cfg.lns ? LNS : LAC))
			return &rows[i];
	return NULL;
}

/* Every attribute that is needed; an ID that is assigned is never 0 (4.4.3, 4.4.4). */
static bool has_all(const struct l2tp_msg *m, uint64_t needed)
{
	const uint64_t ids = AVP(AVP_ASSIGNED_TUNNEL) | AVP(AVP_ASSIGNED_SESSION);

	for (unsigned i = 0; i < AVP_TYPES; i++)
		if (needed >> i & 1 && (!m->avp[i].p || (ids >> i & 1 && !m->avp[i].value)))
			return false;
	return true;
}

/* The session that a message means; CDN before our ID was learnt carries 0 (5.6). */
static struct l2tp_session *session_of(struct l2tp_tunnel *t, const struct l2tp_msg *m)
{
	if (m->session == 0 && m->type == L2TP_CDN)
		return session_by_remote(t, m->avp[AVP_ASSIGNED_SESSION].value);
	return session_by_id(t, m->session);
}

/* An attribute that must be understood and is not ends the session that the message belongs to
 * or would have begun, else the tunnel (4.1). */
static void refuse(struct call *c)
{
	if (c->s) {
		session_error(c, ERROR_UNKNOWN_AVP);
	} else if (c->m->type == L2TP_ICRQ) {
		send_cdn(c->l, c->t, 0, (uint16_t)c->m->avp[AVP_ASSIGNED_SESSION].value,
			 CDN_GENERAL, ERROR_UNKNOWN_AVP, c->now);
	} else {
		tunnel_error(c->l, c->t, STOP_GENERAL, ERROR_UNKNOWN_AVP, c->now);
	}
}

/* A message whose turn it is. What became of it: DROP_NONE when it was used. */
static enum drop process(struct call *c, enum drop parsed)
{
	const struct row *row = row_of(c->l, c->m->type);
	bool alive = IN(c->t->state) & (ALIVE | IN(TUNNEL_NEW));

	if (!alive && c->m->type != L2TP_STOPCCN)
		return DROP_STATE;
	/* "Cleared to ensure recovery to a known state" (7.1). */
	if (parsed != DROP_NONE) {
		tunnel_error(c->l, c->t, STOP_GENERAL, ERROR_VALUE, c->now);
		return parsed;
	}
	if (!row && !c->m->type_mandatory)
		return DROP_UNSUPPORTED;
	if (!row && l2tp_type_known(c->m->type)) { /* known, and never ours to receive */
		tunnel_error(c->l, c->t, STOP_STATE, ERROR_NONE, c->now);
		return DROP_STATE;
	}
	if (!row || c->m->refused) {
		c->s = row && row->session ? session_of(c->t, c->m) : NULL;
		refuse(c);
		return DROP_L2TP_AVP;
	}
	if (!has_all(c->m, row->needed)) {
		tunnel_error(c->l, c->t, STOP_GENERAL, ERROR_VALUE, c->now);
		return DROP_L2TP_AVP;
	}
	if (!(row->tunnel & IN(c->t->state))) {
		tunnel_error(c->l, c->t, STOP_STATE, ERROR_NONE, c->now);
		return DROP_STATE;
	}
	if (row->session) {
		c->s = session_of(c->t, c->m);
		if (!c->s)
			return DROP_L2TP_TUNNEL;
		if (!(row->session & IN(c->s->state))) {
			session_error(c, ERROR_NONE);
			return DROP_STATE;
		}
	}
	row->handle(c);
	return DROP_NONE;
}

/* ---- the channel, inwards ---- */

static void take_turn(struct call *c, enum drop parsed, struct inet_ep from, size_t len)
{
	enum drop drop;

	c->t->nr++;
	c->t->ack_due = true;
	channel_tell(c->l, false, c->m);
	drop = process(c, parsed);
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
		take_turn(&(struct call){.l = l, .t = t, .m = &m, .now = now},
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
		learn_peer(t, m);
	return t;
}

static enum drop control(struct l2tp *l, void *peer, struct inet_ep from, const struct l2tp_msg *m,
			 enum drop parsed, const uint8_t *p, size_t len, usec now)
{
	struct call c = {.l = l, .m = m, .now = now};
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
		struct l2tp_tunnel *t = &l->tunnels[i];

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
	at = channel_deadline(t);
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
		tunnel_end(l, t, TUNNEL_FREE, "no-reply", now);
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
		at = MIN(at, tunnel_deadline(l, &l->tunnels[i]));
	return at;
}

void l2tp_timer(struct l2tp *l, usec now)
{
	for (size_t i = 0; i < l->used; i++)
		if (tunnel_deadline(l, &l->tunnels[i]) <= now)
			tunnel_timer(l, &l->tunnels[i], now);
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
		if (l->tunnels[i].state != TUNNEL_FREE && l->tunnels[i].peer == peer)
			channel_resend(l, &l->tunnels[i], now);
}

void l2tp_close(struct l2tp *l, struct l2tp_session *s, usec now)
{
	struct l2tp_tunnel *t = s->tunnel;

	assert(s->state == L2TP_UP);
	send_cdn(l, t, s->local, s->remote, CDN_ADMIN, ERROR_NONE, now);
	session_end(l, s, now);
	if (!l->cfg.lns)
		tunnel_stop(l, t, STOP_CLEAR, ERROR_NONE, "closed", now);
	settle(l, now);
}

void l2tp_hangup(struct l2tp *l, void *peer, usec now)
{
	for (size_t i = 0; i < l->used; i++) {
		struct l2tp_tunnel *t = &l->tunnels[i];

		if (!(IN(t->state) & ALIVE) || t->peer != peer)
			continue;
		for (size_t k = 0; k < L2TP_SESSIONS; k++)
			if (t->sessions[k].state == L2TP_UP)
				send_cdn(l, t, t->sessions[k].local, t->sessions[k].remote,
					 CDN_ADMIN, ERROR_NONE, now);
		tunnel_stop(l, t, STOP_CLEAR, ERROR_NONE, "closed", now);
	}
	settle(l, now);
}

void l2tp_forget(struct l2tp *l, void *peer, usec now)
{
	for (size_t i = 0; i < l->used; i++) {
		struct l2tp_tunnel *t = &l->tunnels[i];

		if (t->state == TUNNEL_FREE || t->peer != peer)
			continue;
		t->state = TUNNEL_FREE;
		end_sessions(l, t, now);
	}
}

void *l2tp_session_peer(const struct l2tp_session *s)
{
	return s->tunnel->peer;
}
