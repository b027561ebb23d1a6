/* SPDX-License-Identifier: MIT */
/*
 * ppp_fsm.h - the option negotiation automaton of PPP (RFC 1661 4), the one machine behind LCP and
 * every network control protocol.
 *
 * The automaton knows packets, states and times. What the options of a protocol mean is its
 * owner's business.
 */
#ifndef NATDLAB_NODES_PPP_PPP_FSM_H
#define NATDLAB_NODES_PPP_PPP_FSM_H

#include "lab/base/wire.h"
#include "nodes/base/event.h"

#define PPP_OPTIONS_MAX 128 /* of a Configure-Request of ours, and of an answer that quotes one */

enum ppp_code {
	PPP_CONF_REQUEST = 1,
	PPP_CONF_ACK = 2,
	PPP_CONF_NAK = 3,
	PPP_CONF_REJECT = 4,
	PPP_TERM_REQUEST = 5,
	PPP_TERM_ACK = 6,
	PPP_CODE_REJECT = 7,
};

enum ppp_state {
	PPP_INITIAL,
	PPP_STARTING,
	PPP_CLOSED,
	PPP_STOPPED,
	PPP_CLOSING,
	PPP_STOPPING,
	PPP_REQ_SENT,
	PPP_ACK_RCVD,
	PPP_ACK_SENT,
	PPP_OPENED,
	PPP_STATES,
};

/* A packet as it lay in a frame. */
struct ppp_packet {
	uint8_t code, id;
	const uint8_t *data;
	size_t len;
};

/* Reads code, identifier, length and as many bytes as the length says; what lies behind is padding
 * (RFC 1661 5). False: they are not there. */
bool ppp_packet_read(struct rd *r, struct ppp_packet *p);

/* What the automaton asks of its owner. */
struct ppp_ops {
	/* Sends a packet of the owner's protocol. */
	void (*send)(void *owner, uint8_t code, uint8_t id, const void *data, size_t len, usec now);
	/* Writes the options that we wish for. */
	void (*request)(void *owner, struct wr *w);
	/* Judges the peer's options: the code of the answer (ACK, NAK or REJECT) and its options;
	 * 0 when they are malformed or the answer does not fit: the packet is dropped. */
	uint8_t (*judge)(void *owner, struct rd *options, struct wr *answer);
	/* The peer's objections to ours: what to wish for from now on. False: malformed. */
	bool (*object)(void *owner, struct rd *options, bool reject);
	/* A code that the automaton does not know: false if the owner does not either. */
	bool (*code)(void *owner, const struct ppp_packet *p, enum ppp_state state, usec now);
	void (*up)(void *owner, usec now);
	void (*down)(void *owner, usec now);
	/* It has ended and will not begin again by itself. */
	void (*finished)(void *owner, usec now);
};

struct ppp_fsm {
	const struct ppp_ops *ops;
	void *owner;
	enum ppp_state state;
	uint8_t id;	  /* of the last packet we began */
	unsigned restart; /* transmissions left */
	usec timer;	  /* USEC_NEVER: stopped */
	/* Our last Configure-Request. */
	uint8_t options[PPP_OPTIONS_MAX];
	size_t options_len;
	uint8_t request_id;
};

void ppp_fsm_init(struct ppp_fsm *f, const struct ppp_ops *ops, void *owner);
/* The line is there, and we want the protocol (events Up and Open). */
void ppp_fsm_start(struct ppp_fsm *f, usec now);
/* We want it no longer (Close): Terminate-Request. */
void ppp_fsm_close(struct ppp_fsm *f, usec now);
/* A packet: DROP_NONE when it was used. */
enum drop ppp_fsm_input(struct ppp_fsm *f, const uint8_t *p, size_t len, usec now);
/* The peer rejected the whole protocol (Protocol-Reject, RFC 1661 5.7). */
void ppp_fsm_protocol_rejected(struct ppp_fsm *f, usec now);
void ppp_fsm_timer(struct ppp_fsm *f, usec now);

#endif
