/* SPDX-License-Identifier: MIT */
/*
 * l2tp.h - L2TPv2 (RFC 2661), both sides: the LAC that a VPN client is and the LNS that a server
 * is. Incoming calls only, no tunnel authentication: IPsec has done that.
 *
 * Sans-I/O (node.h). One `struct l2tp` is one endpoint with all its tunnels; every tunnel belongs
 * to the peer with whom it was opened (the VPN's ISAKMP SA) and only that peer's messages reach
 * it. What differs between products is in `struct l2tp_config`, filled from the mode's row.
 *
 * The control channel is reliable (5.8): Ns and Nr, the peer's window, retransmission by the
 * row's schedule, a few messages that came too early kept until it is their turn, ZLB when
 * nothing else carries the acknowledgement. Slow start (appendix A) is left out: never more than
 * two or three messages wait.
 */
#ifndef NATDLAB_NODES_L2TP_L2TP_H
#define NATDLAB_NODES_L2TP_L2TP_H

#include "nodes/wire/l2tp_msg.h"
#include "nodes/modes/mode.h"
#include "nodes/base/node.h"

#define L2TP_CONTROL_MAX 256 /* of a control message of ours */
#define L2TP_DATA_MAX 2048   /* of a data message of ours */
#define L2TP_SESSIONS 4	     /* in one tunnel */
#define L2TP_PEER_TUNNELS 4  /* of one peer */

struct l2tp;

struct l2tp_config {
	bool lns;
	unsigned tunnels;	 /* how many at most, of all peers */
	struct l2tp_identity id; /* AVPs of SCCRQ and SCCRP */
	uint32_t hello_ms;	 /* Hello after this long without a word from the peer; 0 never */
	uint32_t timeout_ms;	 /* tunnel given up after this long without one; 0 never */
	struct retry retry;	 /* give_up_ms 0: RFC 2661's own times */
};

enum l2tp_session_state { L2TP_FREE, L2TP_WAIT_REPLY, L2TP_WAIT_CONNECT, L2TP_UP };

/* A call. Read only to others, but for `user`. */
struct l2tp_session {
	struct l2tp_tunnel *tunnel;
	enum l2tp_session_state state;
	uint16_t local, remote; /* session IDs */
	uint32_t serial;
	bool sequenced; /* the peer wants sequence numbers on data (4.4.6) */
	uint16_t ns;
	void *user; /* the layer above; NULL at first */
};

/* A message on its way out. */
struct l2tp_tx {
	void *peer;
	uint16_t port;	/* the peer's UDP port */
	uint16_t type;	/* enum l2tp_type; L2TP_ZLB also for data */
	unsigned tries; /* earlier transmissions of the same control message */
	const uint8_t *p;
	size_t len;
};

/* What l2tp tells its owner, during the calls below. */
struct l2tp_hooks {
	/* False: it was not let out (a policy, no SA). The schedule goes on as if it had been. */
	bool (*send)(void *ctx, const struct l2tp_tx *tx, usec now);
	void (*up)(void *ctx, struct l2tp_session *s, usec now);
	void (*data)(void *ctx, struct l2tp_session *s, const uint8_t *p, size_t len, usec now);
	/* A session that was up is gone; @s may be used during the call only. */
	void (*down)(void *ctx, struct l2tp_session *s, usec now);
	/* A tunnel is gone. @why: REASON_NO_REPLY; REASON_L2TP_REFUSED, by the peer;
	 * REASON_L2TP_ERROR, by us, for what the peer said; REASON_CLOSED, by l2tp_close(). */
	void (*tunnel_down)(void *ctx, void *peer, enum reason why, usec now);
	void *ctx;
};

/* The caller frees it. All three arguments are copied; what they point to must live as long as it
 * does. Never NULL. */
struct l2tp *l2tp_new(const struct l2tp_config *cfg, const struct node_env *env,
		      const struct l2tp_hooks *hooks);
void l2tp_free(struct l2tp *l);

/* LAC: opens a tunnel and one session to a peer. */
void l2tp_dial(struct l2tp *l, void *peer, uint16_t port, usec now);
/* A UDP payload from a peer. */
void l2tp_input(struct l2tp *l, void *peer, struct inet_ep from, const uint8_t *p, size_t len,
		usec now);
void l2tp_timer(struct l2tp *l, usec now);
usec l2tp_deadline(const struct l2tp *l);
/* With whom its tunnel was opened. */
void *l2tp_peer(const struct l2tp_session *s);
/* A PPP frame on a session that is up. */
void l2tp_send(struct l2tp *l, struct l2tp_session *s, const void *p, size_t len, usec now);
/* Sends again what waits for this peer's acknowledgement, outside of the schedule: the way out
 * has just been opened. */
void l2tp_resend(struct l2tp *l, void *peer, usec now);
/* Ends a session that is up: CDN, and StopCCN of a LAC. */
void l2tp_close(struct l2tp *l, struct l2tp_session *s, usec now);
/* The peer cannot be reached any more: forgets its tunnels and tells nobody but down(). */
void l2tp_forget(struct l2tp *l, void *peer, usec now);

#endif
