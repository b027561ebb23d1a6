/* SPDX-License-Identifier: MIT */
#include "nodes/ppp/ppp.h"

#include "nodes/ppp/ppp_priv.h"

#include <stdlib.h>
#include <string.h>

#include "nodes/crypto/crypto.h"

#define MRU_LEAST 128 /* a peer that can take less is not worth talking to */
#define ECHO_TIME (3 * SEC)
#define ECHO_TRIES 5
#define ECHO_TEXT_MAX 64
#define ASK_TIME SEC /* of ppp_ask(): the tunnel was good, so whoever waits waits for a NAT */
#define ASK_TRIES 3
#define MAX_FAILURE 5 /* Naks of a wish before it is rejected (RFC 1661 4.6) */

/* LCP's own codes (RFC 1661 5, RFC 1570 2). */
enum {
	LCP_PROTOCOL_REJECT = 8,
	LCP_ECHO_REQUEST = 9,
	LCP_ECHO_REPLY = 10,
	LCP_DISCARD_REQUEST = 11,
	LCP_IDENTIFICATION = 12,
	LCP_TIME_REMAINING = 13,
};

/* ---- frames ---- */

/* Address and control always, and two bytes of protocol: every peer must understand that, whether
 * or not compression was agreed upon (RFC 1661 6.5, 6.6). */
static void send_frame(void *owner, uint16_t protocol, uint8_t code, uint8_t id, const void *data,
		       size_t len, usec now)
{
	struct ppp *p = owner;
	uint8_t frame[PPP_FRAME_MAX];
	struct wr w = wr_new(frame, sizeof(frame));
	struct wr_open length;
	size_t start;

	wr_u16(&w, 0xff03);
	wr_u16(&w, protocol);
	start = wr_len(&w);
	wr_u8(&w, code);
	wr_u8(&w, id);
	length = wr_open(&w, 2, start);
	wr_bytes(&w, data, len);
	wr_close(&w, length);
	if (wr_ok(&w))
		p->hooks.send(p->hooks.ctx, frame, wr_len(&w), now);
	bytes_wipe(frame, wr_len(&w)); /* it may have held a password */
}

static void lcp_send(void *owner, uint8_t code, uint8_t id, const void *data, size_t len, usec now)
{
	send_frame(owner, PPP_LCP, code, id, data, len, now);
}

/* ---- options ---- */

/* The method that a server asks for now. */
static enum ppp_method asked(const struct ppp *p)
{
	return p->asks ? p->auth_row[p->asked] : PPP_AUTH_NONE;
}

static void put_auth(struct wr *w, enum ppp_method m)
{
	size_t start = wr_len(w);

	wr_u8(w, LCP_AUTH);
	wr_u8(w, 0);
	ppp_method_write(w, m);
	wr_patch_u8(w, start + 1, (uint8_t)(wr_len(w) - start));
}

static void tell_asked(struct ppp *p, bool sent, enum ppp_method m, bool accepted)
{
	struct event e = ev_new(EV_AUTH_ASK);

	ev_bool(&e, K_SENT, sent);
	ev_word(&e, K_METHOD, m == PPP_AUTH_NONE ? PPP_AUTH_UNKNOWN : m);
	if (!sent)
		ev_bool(&e, K_ACCEPTED, accepted);
	p->env.event(p->env.ctx, &e);
}

static uint32_t new_magic(struct ppp *p)
{
	uint32_t magic;

	do
		magic = rng_u32(p->env.rng);
	while (magic == 0);
	return magic;
}

/* An option whose value has @size bytes, four at most. */
static void put_option(struct wr *w, uint8_t option, unsigned size, uint32_t value)
{
	wr_u8(w, option);
	wr_u8(w, (uint8_t)(2 + size));
	while (size-- > 0)
		wr_u8(w, (uint8_t)(value >> 8 * size));
}

static void lcp_request(void *owner, struct wr *w)
{
	struct ppp *p = owner;
	uint32_t wanted = p->id.wants & ~p->given_up;

	if (wanted & LCP_BIT(LCP_MRU))
		put_option(w, LCP_MRU, 2, p->mru);
	if (asked(p) != PPP_AUTH_NONE) {
		put_auth(w, asked(p));
		tell_asked(p, true, asked(p), false);
	}
	if (wanted & LCP_BIT(LCP_ACCM))
		put_option(w, LCP_ACCM, 4, 0);
	if (wanted & LCP_BIT(LCP_MAGIC))
		put_option(w, LCP_MAGIC, 4, p->magic);
	if (wanted & LCP_BIT(LCP_PFC))
		put_option(w, LCP_PFC, 0, 0);
	if (wanted & LCP_BIT(LCP_ACFC))
		put_option(w, LCP_ACFC, 0, 0);
	if (wanted & LCP_BIT(LCP_CALLBACK))
		put_option(w, LCP_CALLBACK, 1, 6); /* CBCP will settle it */
}

struct option {
	uint8_t type;
	const uint8_t *p; /* the whole option */
	size_t len;
	uint32_t value; /* of 2 or 4 bytes */
};

/* The next option; false at the end and when the rest is malformed (then the reader is bad). */
static bool next_option(struct rd *r, struct option *o)
{
	struct rd whole = *r, body;
	size_t len;

	if (rd_left(r) == 0)
		return false;
	o->type = rd_u8(r, "option");
	len = rd_u8(r, "option length");
	body = rd_sub(r, len < 2 ? SIZE_MAX : len - 2, "value");
	if (!rd_ok(r))
		return false;
	o->p = rd_bytes(&whole, len, NULL);
	o->len = len;
	o->value = len == 4 ? rd_u16(&body, NULL) : len == 6 ? rd_u32(&body, NULL) : 0;
	return true;
}

/* The method that an option means; PPP_AUTH_NONE: one that has no name here. */
static enum ppp_method method_of(const struct option *o)
{
	enum ppp_method m = PPP_AUTH_NONE;
	struct rd r = rd_new(o->p, o->len);

	rd_u16(&r, "type and length");
	return ppp_method_parse(&r, &m) ? m : PPP_AUTH_NONE;
}

/* The n-th method of a row; the last one, when there are fewer. */
static enum ppp_method nth_method(const enum ppp_method *row, size_t n)
{
	enum ppp_method m = PPP_AUTH_NONE;

	for (size_t i = 0; i <= n && i < PPP_AUTH_MAX && row[i] != PPP_AUTH_NONE; i++)
		m = row[i];
	return m;
}

/* A client that is asked for a method that it does not have says which ones it has, one after the
 * other; whom nobody can prove himself to, that is a server, and who wants no end, is rejected. */
static uint8_t judge_auth(const struct ppp *p, const struct option *o)
{
	enum ppp_method m = method_of(o);

	if (p->server || p->auth_row[0] == PPP_AUTH_NONE)
		return PPP_CONF_REJECT;
	for (size_t i = 0; m != PPP_AUTH_NONE && i < PPP_AUTH_MAX; i++)
		if (p->auth_row[i] == m)
			return PPP_CONF_ACK;
	return p->objections < MAX_FAILURE ? PPP_CONF_NAK : PPP_CONF_REJECT;
}

/* Our word on one of the peer's options: the code of the answer that it belongs into. */
static uint8_t judge_option(const struct ppp *p, const struct option *o)
{
	static const uint8_t lengths[LCP_OPTIONS] = {
		[LCP_MRU] = 4, [LCP_ACCM] = 6, [LCP_MAGIC] = 6, [LCP_PFC] = 2, [LCP_ACFC] = 2,
	};

	if (o->type == LCP_AUTH)
		return judge_auth(p, o);
	if (o->type >= LCP_OPTIONS || o->len != lengths[o->type] ||
	    p->id.rejects & LCP_BIT(o->type))
		return PPP_CONF_REJECT;
	if (o->type == LCP_MRU && o->value < MRU_LEAST)
		return PPP_CONF_NAK;
	/* Our own number comes back: a looped line, or chance (RFC 1661 6.4). */
	if (o->type == LCP_MAGIC && o->value == p->magic)
		return PPP_CONF_NAK;
	return PPP_CONF_ACK;
}

static void propose(struct ppp *p, struct wr *w, uint8_t option)
{
	if (option == LCP_MRU)
		put_option(w, LCP_MRU, 2, PPP_MRU_DEFAULT);
	else if (option == LCP_AUTH)
		put_auth(w, nth_method(p->auth_row, p->objections++));
	else
		put_option(w, LCP_MAGIC, 4, new_magic(p));
}

/* One Reject for all that is to be rejected; else one Nak; else Ack (RFC 1661 5.2 to 5.4). */
static uint8_t lcp_judge(void *owner, struct rd *options, struct wr *answer)
{
	struct ppp *p = owner;
	uint8_t code = PPP_CONF_ACK;
	uint16_t mru = PPP_MRU_DEFAULT;
	enum ppp_method method = PPP_AUTH_NONE;
	uint8_t objections = p->objections;
	struct rd r = *options;
	struct option o;

	while (next_option(&r, &o)) {
		code = MAX(code, judge_option(p, &o));
		if (o.type == LCP_MRU)
			mru = (uint16_t)o.value;
		if (o.type == LCP_AUTH)
			method = method_of(&o);
	}
	if (!rd_ok(&r))
		return 0;
	for (r = *options; next_option(&r, &o);) {
		uint8_t word = judge_option(p, &o);

		if (o.type == LCP_AUTH && !p->server)
			tell_asked(p, false, method_of(&o), word == PPP_CONF_ACK);
		if (word != code)
			continue;
		if (code == PPP_CONF_NAK)
			propose(p, answer, o.type);
		else
			wr_bytes(answer, o.p, o.len);
	}
	if (!wr_ok(answer)) { /* more than an answer of ours holds */
		p->objections = objections;
		return 0;
	}
	if (code == PPP_CONF_ACK) {
		p->peer_mru = mru;
		p->agreed = method;
	}
	return code;
}

/* The client objects to the method that it was asked for: the next one of the row, and when there
 * is none, no link. */
static void ask_next(struct ppp *p)
{
	if (asked(p) == PPP_AUTH_NONE)
		return;
	p->disagreed = p->asked + 1 == PPP_AUTH_MAX || p->auth_row[p->asked + 1] == PPP_AUTH_NONE;
	p->asked += !p->disagreed;
}

static bool lcp_object(void *owner, struct rd *options, bool reject)
{
	struct ppp *p = owner;
	struct rd r = *options;
	bool method = false;
	struct option o;

	while (next_option(&r, &o))
		method |= o.type == LCP_AUTH;
	if (!rd_ok(&r))
		return false;
	if (method)
		ask_next(p);
	if (p->disagreed)
		return false; /* nothing is asked again: ppp_input() ends LCP */
	for (r = *options; next_option(&r, &o);) {
		if (o.type >= LCP_OPTIONS || o.type == LCP_AUTH)
			continue;
		if (reject)
			p->given_up |= LCP_BIT(o.type);
		else if (o.type == LCP_MRU && o.len == 4 && o.value >= MRU_LEAST)
			p->mru = (uint16_t)MIN(o.value, (uint32_t)PPP_MRU_DEFAULT);
		else if (o.type == LCP_MAGIC)
			p->magic = new_magic(p);
		else /* a flag has no other value that could suit */
			p->given_up |= LCP_BIT(o.type);
	}
	if (p->given_up & LCP_BIT(LCP_MAGIC))
		p->magic = 0; /* then every magic number is sent as 0 (6.4) */
	return true;
}

/* ---- echo ---- */

static void send_echo(struct ppp *p, usec now)
{
	uint8_t echo[4 + ECHO_TEXT_MAX];
	struct wr w = wr_new(echo, sizeof(echo));

	wr_u32(&w, p->magic);
	if (p->id.echo)
		wr_bytes(&w, p->id.echo, strlen(p->id.echo) + 1); /* the zero is sent, too */
	assert(wr_ok(&w));
	p->echo_id = ++p->lcp.id;
	p->echo_tries++;
	p->echo_at = now + (p->asking ? ASK_TIME : ECHO_TIME);
	lcp_send(p, LCP_ECHO_REQUEST, p->echo_id, echo, wr_len(&w), now);
}

static void on_echo_request(struct ppp *p, const struct ppp_packet *pkt, usec now)
{
	uint8_t reply[PPP_MRU_DEFAULT];
	struct wr w = wr_new(reply, sizeof(reply));
	struct rd r = rd_new(pkt->data, pkt->len);
	size_t len, room = MIN((size_t)p->peer_mru, sizeof(reply)) - 8;
	const uint8_t *data;

	rd_u32(&r, "magic number");
	data = rd_rest(&r, &len, "data");
	if (!rd_ok(&r))
		return;
	/* The reply carries our magic number, and no more than the peer can take (RFC 1661 5.8). */
	wr_u32(&w, p->magic);
	wr_bytes(&w, data, MIN(len, room));
	lcp_send(p, LCP_ECHO_REPLY, pkt->id, reply, wr_len(&w), now);
}

static void on_echo_reply(struct ppp *p, const struct ppp_packet *pkt, usec now)
{
	struct event e = ev_new(EV_LCP_ECHO);

	if (p->echo_at == USEC_NEVER || pkt->id != p->echo_id)
		return;
	p->echo_at = USEC_NEVER;
	ev_u(&e, K_SEQNO, pkt->id);
	p->env.event(p->env.ctx, &e);
	p->hooks.echoed(p->hooks.ctx, now);
}

/* ---- LCP ---- */

static void on_protocol_reject(struct ppp *p, const struct ppp_packet *pkt, usec now)
{
	struct rd r = rd_new(pkt->data, pkt->len);
	uint16_t protocol = rd_u16(&r, "rejected protocol");

	if (rd_ok(&r) && protocol == PPP_LCP)
		ppp_fsm_protocol_rejected(&p->lcp, now);
}

static bool lcp_code(void *owner, const struct ppp_packet *pkt, enum ppp_state state, usec now)
{
	struct ppp *p = owner;

	if (pkt->code < LCP_PROTOCOL_REJECT || pkt->code > LCP_TIME_REMAINING)
		return false;
	/* Outside of Opened these are discarded (5.7 to 5.9). SoftEther's first echo is. */
	if (state != PPP_OPENED)
		return true;
	if (pkt->code == LCP_PROTOCOL_REJECT)
		on_protocol_reject(p, pkt, now);
	else if (pkt->code == LCP_ECHO_REQUEST)
		on_echo_request(p, pkt, now);
	else if (pkt->code == LCP_ECHO_REPLY)
		on_echo_reply(p, pkt, now);
	return true;
}

static void echo(struct ppp *p, bool asking, usec now)
{
	p->asking = asking;
	p->echo_tries = 0;
	send_echo(p, now);
}

void ppp_ask(struct ppp *p, usec now)
{
	echo(p, true, now);
}

/* Here network control protocols would be started: IPCP, some day. */
static void network_up(struct ppp *p, usec now)
{
	p->network = true;
	echo(p, false, now);
}

static void lcp_up(void *owner, usec now)
{
	struct ppp *p = owner;
	enum ppp_method method = p->server ? asked(p) : p->agreed;

	if (method == PPP_AUTH_NONE)
		network_up(p, now);
	else
		ppp_auth_start(&p->auth, method, now);
}

static void lcp_down(void *owner, usec now)
{
	struct ppp *p = owner;

	(void)now;
	ppp_auth_stop(&p->auth);
	p->network = false;
	p->echo_at = USEC_NEVER;
	p->peer_mru = PPP_MRU_DEFAULT;
}

static void lcp_finished(void *owner, usec now)
{
	struct ppp *p = owner;

	p->hooks.finished(p->hooks.ctx, now);
}

static const struct ppp_ops lcp_ops = {
	.send = lcp_send,
	.request = lcp_request,
	.judge = lcp_judge,
	.object = lcp_object,
	.code = lcp_code,
	.up = lcp_up,
	.down = lcp_down,
	.finished = lcp_finished,
};

/* ---- authentication ---- */

static void auth_done(void *owner, usec now)
{
	struct ppp *p = owner;

	p->hooks.authenticated(p->hooks.ctx, now);
	network_up(p, now);
}

static void auth_failed(void *owner, enum reason reason, usec now)
{
	struct ppp *p = owner;

	p->failure = reason;
	ppp_fsm_close(&p->lcp, now);
}

static const struct ppp_auth_ops auth_ops = {
	.send = send_frame,
	.done = auth_done,
	.failed = auth_failed,
};

enum reason ppp_failure(const struct ppp *p)
{
	return p->failure;
}

/* ---- the link ---- */

struct ppp *ppp_new(const struct ppp_config *cfg, const struct node_env *env,
		    const struct ppp_hooks *hooks)
{
	const struct lcp_identity *id = cfg->lcp;
	struct ppp *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->id = *id;
	memcpy(p->auth_row, cfg->auth, sizeof(p->auth_row));
	p->server = cfg->server;
	p->asks = cfg->server && ppp_auth_asks(cfg->auth, &cfg->who);
	p->env = *env;
	p->hooks = *hooks;
	p->mru = id->mru;
	p->magic = id->wants & LCP_BIT(LCP_MAGIC) ? new_magic(p) : 0;
	p->peer_mru = PPP_MRU_DEFAULT;
	p->echo_at = USEC_NEVER;
	ppp_fsm_init(&p->lcp, &lcp_ops, p);
	ppp_auth_init(&p->auth, &auth_ops, p, &p->env);
	p->auth.server = cfg->server;
	p->auth.name = cfg->name;
	p->auth.wordless = cfg->chap_wordless;
	p->auth.who = cfg->who;
	return p;
}

void ppp_free(struct ppp *p)
{
	bytes_free(p, sizeof(*p));
}

void ppp_start(struct ppp *p, usec now)
{
	ppp_fsm_start(&p->lcp, now);
}

bool ppp_is_open(const struct ppp *p)
{
	return p->lcp.state == PPP_OPENED;
}

/* A protocol that we do not speak is rejected with what it said, as far as the peer can take it
 * (RFC 1661 5.7); before the network phase it is dropped in silence (3.4, 3.5). */
static void reject_protocol(struct ppp *p, uint16_t protocol, struct rd *r, usec now)
{
	uint8_t data[PPP_MRU_DEFAULT];
	struct wr w = wr_new(data, sizeof(data));
	size_t len, room = MIN((size_t)p->peer_mru, sizeof(data)) - 6;
	const uint8_t *info = rd_rest(r, &len, "information");

	if (!p->network)
		return;
	wr_u16(&w, protocol);
	wr_bytes(&w, info, MIN(len, room));
	lcp_send(p, LCP_PROTOCOL_REJECT, ++p->lcp.id, data, wr_len(&w), now);
}

/* The frame's protocol: address and control may be missing, and the first byte of the protocol
 * when that is 0; even numbers end it (RFC 1661 2, 6.5, 6.6). */
static uint16_t frame_protocol(struct rd *r)
{
	struct rd ahead = *r;
	uint16_t protocol;

	if (rd_u16(&ahead, NULL) == 0xff03)
		rd_u16(r, "address and control");
	protocol = rd_u8(r, "protocol");
	if (protocol % 2 == 0)
		protocol = (uint16_t)(protocol << 8 | rd_u8(r, "protocol, second byte"));
	return protocol;
}

/*
 * When the client has objected to the last method, the link ends (RFC 1661 3.5). A server that ends
 * it when the client has just said who it is has answered, too: a real SoftEther has no other word
 * for a wrong password by PAP.
 */
static enum drop lcp_input(struct ppp *p, const uint8_t *packet, size_t len, usec now)
{
	bool waits = ppp_auth_waits(&p->auth);
	enum drop drop = ppp_fsm_input(&p->lcp, packet, len, now);

	if (waits && p->lcp.state == PPP_STOPPING && !p->failure) {
		p->failure = REASON_AUTH_FAILED;
		ppp_auth_tell(&p->auth, p->agreed, REASON_HUNG_UP, 0);
	}
	if (!p->disagreed || p->failure)
		return drop;
	p->failure = REASON_PPP_FAILED;
	ppp_auth_tell(&p->auth, asked(p), REASON_NO_METHOD, 0);
	ppp_fsm_close(&p->lcp, now);
	return DROP_NONE;
}

enum drop ppp_input(struct ppp *p, const uint8_t *frame, size_t len, usec now)
{
	struct rd r = rd_new(frame, len);
	uint16_t protocol = frame_protocol(&r);
	const uint8_t *packet;
	size_t left;

	if (!rd_ok(&r) || protocol % 2 == 0)
		return DROP_PPP;
	if (ppp_auth_speaks(&p->auth, protocol)) {
		packet = rd_rest(&r, &left, "packet");
		return ppp_auth_input(&p->auth, packet, left, now);
	}
	if (protocol != PPP_LCP) {
		reject_protocol(p, protocol, &r, now);
		return DROP_UNSUPPORTED;
	}
	packet = rd_rest(&r, &left, "packet");
	return lcp_input(p, packet, left, now);
}

usec ppp_deadline(const struct ppp *p)
{
	return MIN(MIN(p->lcp.timer, p->echo_at), p->auth.timer);
}

void ppp_timer(struct ppp *p, usec now)
{
	ppp_fsm_timer(&p->lcp, now);
	ppp_auth_timer(&p->auth, now);
	if (p->echo_at > now)
		return;
	if (p->echo_tries < (p->asking ? ASK_TRIES : ECHO_TRIES)) {
		send_echo(p, now);
		return;
	}
	p->echo_at = USEC_NEVER;
	if (p->asking)
		p->hooks.unanswered(p->hooks.ctx, now);
	ppp_fsm_close(&p->lcp, now);
}
