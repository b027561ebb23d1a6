/* SPDX-License-Identifier: MIT */
/*
 * l2tp_call.c - what the messages of tunnels and sessions mean, and when.
 */
#include "nodes/l2tp/l2tp_priv.h"

#include <string.h>

#include "nodes/crypto/crypto.h"

#define ALIVE L2TP_ALIVE
#define IN(state) L2TP_IN(state)

/* ---- sending ---- */

void send_identity(struct l2tp *l, struct l2tp_tunnel *t, enum l2tp_type type, usec now)
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

void send_plain(struct l2tp *l, struct l2tp_tunnel *t, enum l2tp_type type, usec now)
{
	struct l2tp_out o;
	struct l2tp_slot *s = channel_compose(l, t, &o, type, 0);

	if (s)
		channel_enqueue(l, t, s, &o, now);
}

void send_cdn(struct l2tp *l, struct l2tp_tunnel *t, uint16_t local, uint16_t remote,
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

/* ---- sessions and the ends of tunnels ---- */

uint16_t l2tp_next_id(struct l2tp *l, uint16_t last)
{
	if (l->cfg.id.counts_ids)
		return last == UINT16_MAX ? 1 : (uint16_t)(last + 1);
	return (uint16_t)(1 + rng_below(l->env.rng, UINT16_MAX));
}

/* By the peer's ID or by ours. */
static struct l2tp_session *session_find(struct l2tp_tunnel *t, bool peers, uint32_t id)
{
	for (size_t i = 0; i < L2TP_SESSIONS && id; i++) {
		struct l2tp_session *s = &t->sessions[i];

		if (s->state != L2TP_FREE && (peers ? s->remote : s->local) == id)
			return s;
	}
	return NULL;
}

struct l2tp_session *session_by_id(struct l2tp_tunnel *t, uint16_t local)
{
	return session_find(t, false, local);
}

static struct l2tp_session *session_new(struct l2tp *l, struct l2tp_tunnel *t)
{
	for (size_t i = 0; i < L2TP_SESSIONS; i++) {
		struct l2tp_session *s = &t->sessions[i];
		uint16_t id = 0;

		if (s->state != L2TP_FREE)
			continue;
		do
			id = l2tp_next_id(l, id);
		while (session_by_id(t, id));
		*s = (struct l2tp_session){.tunnel = t, .local = id};
		return s;
	}
	return NULL;
}

void session_end(struct l2tp *l, struct l2tp_session *s, usec now)
{
	bool was_up = s->state == L2TP_UP;

	s->state = L2TP_FREE;
	if (was_up)
		l->hooks.down(l->hooks.ctx, s, now);
}

static void tell_up(struct l2tp *l, const struct l2tp_session *s)
{
	struct event e = ev_new(EV_L2TP_UP);

	ev_u(&e, K_TUNNEL, s->tunnel->local);
	ev_u(&e, K_SESSION, s->local);
	l->env.event(l->env.ctx, &e);
}

static void session_up(struct l2tp *l, struct l2tp_session *s, usec now)
{
	s->state = L2TP_UP;
	s->tunnel->setup_by = USEC_NEVER;
	tell_up(l, s);
	l->hooks.up(l->hooks.ctx, s, now);
}

static void end_sessions(struct l2tp *l, struct l2tp_tunnel *t, usec now)
{
	for (size_t i = 0; i < L2TP_SESSIONS; i++)
		session_end(l, &t->sessions[i], now);
}

void tunnel_end(struct l2tp *l, struct l2tp_tunnel *t, enum tunnel_state then, enum reason why,
		usec now)
{
	bool was_alive = IN(t->state) & ALIVE;

	t->state = then;
	end_sessions(l, t, now);
	if (was_alive)
		l->hooks.tunnel_down(l->hooks.ctx, t->peer, why, now);
}

void tunnel_stop(struct l2tp *l, struct l2tp_tunnel *t, uint16_t result, uint16_t error,
		 enum reason why, usec now)
{
	struct l2tp_out o;
	struct l2tp_slot *s = channel_compose(l, t, &o, L2TP_STOPCCN, 0);

	if (s) {
		l2tp_put(&o, AVP_ASSIGNED_TUNNEL, t->local);
		l2tp_put_result(&o, result, error);
		channel_enqueue(l, t, s, &o, now);
	}
	t->setup_by = USEC_NEVER;
	tunnel_end(l, t, s ? TUNNEL_CLOSING : TUNNEL_FREE, why, now);
}

static void tunnel_error(struct l2tp *l, struct l2tp_tunnel *t, uint16_t result, uint16_t error,
			 usec now)
{
	tunnel_stop(l, t, result, error, REASON_L2TP_ERROR, now);
}

/* ---- messages ---- */

void tunnel_learn(struct l2tp_tunnel *t, const struct l2tp_msg *m)
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

static void on_sccrq(struct l2tp_call *c)
{
	uint16_t no = objection(c->m);

	if (no) {
		tunnel_error(c->l, c->t, no, ERROR_NONE, c->now);
		return;
	}
	c->t->state = TUNNEL_WAIT_CONNECT;
	send_identity(c->l, c->t, L2TP_SCCRP, c->now);
}

static void on_sccrp(struct l2tp_call *c)
{
	uint16_t no = objection(c->m);
	struct l2tp_session *s;
	struct l2tp_out o;
	struct l2tp_slot *icrq;

	tunnel_learn(c->t, c->m);
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

static void on_scccn(struct l2tp_call *c)
{
	c->t->state = TUNNEL_UP;
	c->t->setup_by = USEC_NEVER;
}

static void on_stopccn(struct l2tp_call *c)
{
	c->t->n_queue = 0;
	c->t->forget_at = c->now + MSEC * c->l->cfg.retry.give_up_ms;
	channel_zlb(c->l, c->t, c->now);
	tunnel_end(c->l, c->t, TUNNEL_STOPPED, REASON_L2TP_REFUSED, c->now);
}

static void on_icrq(struct l2tp_call *c)
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

static void on_icrp(struct l2tp_call *c)
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

static void on_iccn(struct l2tp_call *c)
{
	c->s->sequenced = c->m->avp[AVP_SEQUENCING_REQUIRED].p;
	/* The layer above speaks at once; what allows it to is acknowledged before. */
	channel_zlb(c->l, c->t, c->now);
	session_up(c->l, c->s, c->now);
}

/* Ends a session; a client has only one, and without it no use for the tunnel. */
static void session_over(struct l2tp_call *c, enum reason why)
{
	session_end(c->l, c->s, c->now);
	if (!c->l->cfg.lns)
		tunnel_stop(c->l, c->t, STOP_CLEAR, ERROR_NONE, why, c->now);
}

static void session_error(struct l2tp_call *c, uint16_t error)
{
	send_cdn(c->l, c->t, c->s->local, c->s->remote, CDN_GENERAL, error, c->now);
	session_over(c, REASON_L2TP_ERROR);
}

static void on_cdn(struct l2tp_call *c)
{
	session_over(c, REASON_L2TP_REFUSED);
}

static void on_ocrq(struct l2tp_call *c)
{
	send_cdn(c->l, c->t, 0, (uint16_t)c->m->avp[AVP_ASSIGNED_SESSION].value, CDN_NEVER,
		 ERROR_NONE, c->now);
}

/* Hello, WAN-Error-Notify and Set-Link-Info ask for nothing but an acknowledgement. */
static void on_ignored(struct l2tp_call *c)
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
	void (*handle)(struct l2tp_call *c);
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
		return session_find(t, true, m->avp[AVP_ASSIGNED_SESSION].value);
	return session_by_id(t, m->session);
}

/* An attribute that must be understood and is not ends the session that the message belongs to
 * or would have begun, else the tunnel (4.1). */
static void refuse(struct l2tp_call *c)
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

enum drop call_process(struct l2tp_call *c, enum drop parsed)
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
