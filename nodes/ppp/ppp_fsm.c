/* SPDX-License-Identifier: MIT */
#include "nodes/ppp/ppp_fsm.h"

#include <string.h>

/* RFC 1661 4.6 */
#define RESTART_TIME (3 * SEC)
#define MAX_CONFIGURE 10
#define MAX_TERMINATE 2

enum event_kind {
	UP, /* lower layer is up */
	DOWN,
	OPEN, /* administrative */
	CLOSE,
	TO_PLUS,   /* timeout, transmissions left */
	TO_MINUS,  /* timeout, none left */
	RCR_PLUS,  /* receive Configure-Request, good */
	RCR_MINUS, /* ..., bad */
	RCA,	   /* receive Configure-Ack */
	RCN,	   /* receive Configure-Nak or -Reject */
	RTR,	   /* receive Terminate-Request */
	RTA,	   /* receive Terminate-Ack */
	RUC,	   /* receive unknown code */
	RXJ_PLUS,  /* receive Code-Reject, permitted */
	RXJ_MINUS, /* ..., catastrophic */
	EVENTS,
};

/* Actions, carried out in this order. */
enum {
	TLD = 1 << 0,  /* this layer down */
	IRC = 1 << 1,  /* initialize restart count */
	ZRC = 1 << 2,  /* zero restart count */
	TLS = 1 << 3,  /* this layer started: nobody asks */
	SCR = 1 << 4,  /* send Configure-Request */
	SCA = 1 << 5,  /* send Configure-Ack */
	SCN = 1 << 6,  /* send Configure-Nak or -Reject */
	STR = 1 << 7,  /* send Terminate-Request */
	STA = 1 << 8,  /* send Terminate-Ack */
	SCJ = 1 << 9,  /* send Code-Reject */
	TLU = 1 << 10, /* this layer up */
	TLF = 1 << 11, /* this layer finished */
};

struct transition {
	int actions;
	int next; /* -1: cannot happen, or does nothing */
};

#define NO                                                                                         \
	{                                                                                          \
		0, -1                                                                              \
	}
#define TO(next)                                                                                   \
	{                                                                                          \
		0, (next)                                                                          \
	}
#define DO(actions, next)                                                                          \
	{                                                                                          \
		(actions), (next)                                                                  \
	}

/*
 * RFC 1661 4.1. Columns: Initial, Starting, Closed, Stopped, Closing, Stopping, Req-Sent,
 * Ack-Rcvd, Ack-Sent, Opened. Receive-Echo-Request and the like (RXR) are the owner's.
 */
/* clang-format off */
static const struct transition table[EVENTS][PPP_STATES] = {
	[UP] = {TO(2), DO(IRC|SCR,6), NO, NO, NO, NO, NO, NO, NO, NO},
	[DOWN] = {NO, NO, TO(0), DO(TLS,1), TO(0), TO(1), TO(1), TO(1), TO(1), DO(TLD,1)},
	[OPEN] = {DO(TLS,1), TO(1), DO(IRC|SCR,6), TO(3), TO(5), TO(5), TO(6), TO(7), TO(8), TO(9)},
	[CLOSE] = {TO(0), DO(TLF,0), TO(2), TO(2), TO(4), TO(4), DO(IRC|STR,4), DO(IRC|STR,4),
		   DO(IRC|STR,4), DO(TLD|IRC|STR,4)},
	[TO_PLUS] = {NO, NO, NO, NO, DO(STR,4), DO(STR,5), DO(SCR,6), DO(SCR,6), DO(SCR,8), NO},
	[TO_MINUS] = {NO, NO, NO, NO, DO(TLF,2), DO(TLF,3), DO(TLF,3), DO(TLF,3), DO(TLF,3), NO},
	[RCR_PLUS] = {NO, NO, DO(STA,2), DO(IRC|SCR|SCA,8), TO(4), TO(5), DO(SCA,8), DO(SCA|TLU,9),
		      DO(SCA,8), DO(TLD|SCR|SCA,8)},
	[RCR_MINUS] = {NO, NO, DO(STA,2), DO(IRC|SCR|SCN,6), TO(4), TO(5), DO(SCN,6), DO(SCN,7),
		       DO(SCN,6), DO(TLD|SCR|SCN,6)},
	[RCA] = {NO, NO, DO(STA,2), DO(STA,3), TO(4), TO(5), DO(IRC,7), DO(SCR,6), DO(IRC|TLU,9),
		 DO(TLD|SCR,6)},
	[RCN] = {NO, NO, DO(STA,2), DO(STA,3), TO(4), TO(5), DO(IRC|SCR,6), DO(SCR,6),
		 DO(IRC|SCR,8), DO(TLD|SCR,6)},
	[RTR] = {NO, NO, DO(STA,2), DO(STA,3), DO(STA,4), DO(STA,5), DO(STA,6), DO(STA,6),
		 DO(STA,6), DO(TLD|ZRC|STA,5)},
	[RTA] = {NO, NO, TO(2), TO(3), DO(TLF,2), DO(TLF,3), TO(6), TO(6), TO(8), DO(TLD|SCR,6)},
	[RUC] = {NO, NO, DO(SCJ,2), DO(SCJ,3), DO(SCJ,4), DO(SCJ,5), DO(SCJ,6), DO(SCJ,7),
		 DO(SCJ,8), DO(SCJ,9)},
	[RXJ_PLUS] = {NO, NO, TO(2), TO(3), TO(4), TO(5), TO(6), TO(6), TO(8), TO(9)},
	[RXJ_MINUS] = {NO, NO, DO(TLF,2), DO(TLF,3), DO(TLF,2), DO(TLF,3), DO(TLF,3), DO(TLF,3),
		       DO(TLF,3), DO(TLD|IRC|STR,5)},
};
/* clang-format on */

void ppp_fsm_init(struct ppp_fsm *f, const struct ppp_ops *ops, void *owner)
{
	*f = (struct ppp_fsm){.ops = ops, .owner = owner, .timer = USEC_NEVER};
}

static void send_request(struct ppp_fsm *f, usec now)
{
	struct wr w = wr_new(f->options, sizeof(f->options));

	f->ops->request(f->owner, &w);
	assert(wr_ok(&w));
	f->options_len = wr_len(&w);
	f->request_id = ++f->id;
	f->restart -= f->restart > 0;
	f->timer = now + RESTART_TIME;
	f->ops->send(f->owner, PPP_CONF_REQUEST, f->request_id, f->options, f->options_len, now);
}

static void send_terminate(struct ppp_fsm *f, usec now)
{
	f->restart -= f->restart > 0;
	f->timer = now + RESTART_TIME;
	f->ops->send(f->owner, PPP_TERM_REQUEST, ++f->id, NULL, 0, now);
}

/* What an event was caused by, and the answer to it. */
struct cause {
	const struct ppp_packet *p;
	uint8_t code; /* of the answer to a Configure-Request */
	const uint8_t *answer;
	size_t answer_len;
};

/* Events that no packet caused. */
static const struct ppp_packet no_packet;
static const struct cause no_cause = {.p = &no_packet};

static void step(struct ppp_fsm *f, enum event_kind ev, const struct cause *c, usec now)
{
	const struct transition *t = &table[ev][f->state];
	const struct ppp_ops *ops = f->ops;

	if (t->next < 0)
		return;
	f->state = (enum ppp_state)t->next;
	if (t->actions & TLD)
		ops->down(f->owner, now);
	if (t->actions & IRC)
		f->restart = t->actions & STR ? MAX_TERMINATE : MAX_CONFIGURE;
	if (t->actions & ZRC) {
		f->restart = 0;
		f->timer = now + RESTART_TIME;
	}
	if (t->actions & SCR)
		send_request(f, now);
	if (t->actions & (SCA | SCN))
		ops->send(f->owner, c->code, c->p->id, c->answer, c->answer_len, now);
	if (t->actions & STR)
		send_terminate(f, now);
	if (t->actions & STA)
		ops->send(f->owner, PPP_TERM_ACK, c->p->id, NULL, 0, now);
	if (t->actions & SCJ)
		ops->send(f->owner, PPP_CODE_REJECT, ++f->id, c->answer, c->answer_len, now);
	/* The timer runs in the states that wait for something (4.1). */
	if (f->state < PPP_CLOSING || f->state == PPP_OPENED)
		f->timer = USEC_NEVER;
	if (t->actions & TLU)
		ops->up(f->owner, now);
	if (t->actions & TLF)
		ops->finished(f->owner, now);
}

void ppp_fsm_start(struct ppp_fsm *f, usec now)
{
	step(f, OPEN, &no_cause, now);
	step(f, UP, &no_cause, now);
}

void ppp_fsm_close(struct ppp_fsm *f, usec now)
{
	step(f, CLOSE, &no_cause, now);
}

void ppp_fsm_protocol_rejected(struct ppp_fsm *f, usec now)
{
	step(f, RXJ_MINUS, &no_cause, now);
}

void ppp_fsm_timer(struct ppp_fsm *f, usec now)
{
	if (f->timer > now)
		return;
	f->timer = USEC_NEVER;
	step(f, f->restart > 0 ? TO_PLUS : TO_MINUS, &no_cause, now);
}

/* ---- packets ---- */

static enum drop on_request(struct ppp_fsm *f, const struct ppp_packet *p, usec now)
{
	uint8_t answer[PPP_OPTIONS_MAX];
	struct rd r = rd_new(p->data, p->len);
	struct wr w = wr_new(answer, sizeof(answer));
	struct cause c = {.p = p, .answer = answer};

	c.code = f->ops->judge(f->owner, &r, &w);
	if (!c.code)
		return DROP_PPP;
	c.answer_len = wr_len(&w);
	step(f, c.code == PPP_CONF_ACK ? RCR_PLUS : RCR_MINUS, &c, now);
	return DROP_NONE;
}

/* An answer counts when it bears the identifier of our last request; an Ack repeats its options
 * byte for byte (5.2). */
static enum drop on_answer(struct ppp_fsm *f, const struct ppp_packet *p, usec now)
{
	struct cause c = {.p = p};
	struct rd r = rd_new(p->data, p->len);

	if (p->id != f->request_id)
		return DROP_PPP;
	if (p->code == PPP_CONF_ACK) {
		if (p->len != f->options_len || memcmp(p->data, f->options, p->len) != 0)
			return DROP_PPP;
		step(f, RCA, &c, now);
		return DROP_NONE;
	}
	if (!f->ops->object(f->owner, &r, p->code == PPP_CONF_REJECT))
		return DROP_PPP;
	step(f, RCN, &c, now);
	return DROP_NONE;
}

/* A code that cannot be done without is rejected: that is the end (4.3, RXJ-). */
static enum drop on_code_reject(struct ppp_fsm *f, const struct ppp_packet *p, usec now)
{
	struct rd r = rd_new(p->data, p->len);
	uint8_t code = rd_u8(&r, "rejected code");

	if (!rd_ok(&r))
		return DROP_PPP;
	step(f, code >= PPP_CONF_REQUEST && code <= PPP_CODE_REJECT ? RXJ_MINUS : RXJ_PLUS,
	     &(struct cause){.p = p}, now);
	return DROP_NONE;
}

static enum drop on_unknown(struct ppp_fsm *f, const struct ppp_packet *p, const uint8_t *whole,
			    size_t len, usec now)
{
	if (f->ops->code(f->owner, p, f->state, now))
		return DROP_NONE;
	step(f, RUC, &(struct cause){.p = p, .answer = whole, .answer_len = MIN(len, (size_t)64)},
	     now);
	return DROP_UNSUPPORTED;
}

bool ppp_packet_read(struct rd *r, struct ppp_packet *p)
{
	size_t said;

	p->code = rd_u8(r, "code");
	p->id = rd_u8(r, "identifier");
	said = rd_u16(r, "length");
	p->len = said < 4 ? SIZE_MAX : said - 4;
	p->data = rd_bytes(r, p->len, "data");
	return rd_ok(r);
}

enum drop ppp_fsm_input(struct ppp_fsm *f, const uint8_t *bytes, size_t len, usec now)
{
	struct rd r = rd_new(bytes, len);
	struct ppp_packet p;

	if (!ppp_packet_read(&r, &p))
		return DROP_PPP;
	switch (p.code) {
	case PPP_CONF_REQUEST:
		return on_request(f, &p, now);
	case PPP_CONF_ACK:
	case PPP_CONF_NAK:
	case PPP_CONF_REJECT:
		return on_answer(f, &p, now);
	case PPP_TERM_REQUEST:
		step(f, RTR, &(struct cause){.p = &p}, now);
		return DROP_NONE;
	case PPP_TERM_ACK:
		step(f, RTA, &(struct cause){.p = &p}, now);
		return DROP_NONE;
	case PPP_CODE_REJECT:
		return on_code_reject(f, &p, now);
	default: /* any other number that a peer wrote */
		return on_unknown(f, &p, bytes, p.len + 4, now);
	}
}
