/* SPDX-License-Identifier: MIT */
/*
 * l2tp_priv.h - what the files of l2tp share.
 *
 *	l2tp.c          the endpoint: its tunnels, whose message is whose, time, the owner's calls
 *	l2tp_channel.c  the reliable control channel of a tunnel (RFC 2661 5.8)
 *	l2tp_call.c     what the messages of tunnels and sessions mean: a table of states
 */
#ifndef NATDLAB_NODES_L2TP_L2TP_PRIV_H
#define NATDLAB_NODES_L2TP_L2TP_PRIV_H

#include "lab/base/heap.h"
#include "lab/base/table.h"
#include "nodes/l2tp/l2tp.h"

#define L2TP_QUEUE 8	      /* control messages that wait for acknowledgement or window */
#define L2TP_EARLY 4	      /* messages that came before their turn */
#define L2TP_EARLY_MAX 512    /* bytes of one; a longer one will come again */
#define L2TP_WINDOW_DEFAULT 4 /* of a peer that does not say (4.4.3) */

/* A control message until it is acknowledged. */
struct l2tp_slot {
	uint16_t type, len;
	unsigned tries; /* transmissions so far */
	usec first, next;
	uint8_t msg[L2TP_CONTROL_MAX];
};

struct l2tp_early {
	uint16_t len; /* 0: empty */
	uint16_t ns;
	uint8_t msg[L2TP_EARLY_MAX];
};

/* Result codes of StopCCN and CDN, error codes (4.4.2). */
enum { STOP_CLEAR = 1, STOP_GENERAL = 2, STOP_UNAUTHORIZED = 4, STOP_VERSION = 5, STOP_STATE = 7 };
enum { CDN_GENERAL = 2, CDN_ADMIN = 3, CDN_NO_FACILITIES = 4, CDN_NEVER = 5 };
enum { ERROR_NONE = 0, ERROR_VALUE = 3, ERROR_UNKNOWN_AVP = 8 };

enum tunnel_state {
	TUNNEL_FREE,
	TUNNEL_NEW,	     /* LNS: while its SCCRQ is looked at */
	TUNNEL_WAIT_REPLY,   /* LAC: SCCRQ sent */
	TUNNEL_WAIT_CONNECT, /* LNS: SCCRP sent */
	TUNNEL_UP,
	TUNNEL_CLOSING, /* StopCCN sent: until it is acknowledged */
	TUNNEL_STOPPED, /* StopCCN received: acknowledges repetitions for a while (5.7) */
};

#define L2TP_IN(state) (1U << (state))
#define L2TP_ALIVE (L2TP_IN(TUNNEL_WAIT_REPLY) | L2TP_IN(TUNNEL_WAIT_CONNECT) | L2TP_IN(TUNNEL_UP))

struct l2tp_tunnel {
	size_t place; /* in l2tp.tunnels; what follows is made anew with each tunnel */
	struct table_link by_id, by_peer;
	struct heap_item due;
	bool listed; /* in the tables */
	enum tunnel_state state;
	void *peer;
	uint16_t port;
	uint16_t local, remote; /* tunnel IDs; remote 0 until known */
	uint16_t ns, nr;	/* next to send, next expected */
	uint16_t window;	/* the peer's */
	bool ack_due;
	usec heard;	/* last message from the peer */
	usec setup_by;	/* given up then; USEC_NEVER once what was begun is up */
	usec forget_at; /* TUNNEL_STOPPED */
	uint16_t n_queue;
	struct l2tp_slot queue[L2TP_QUEUE]; /* in the order of Ns; the last one's is ns - 1 */
	struct l2tp_early early[L2TP_EARLY];
	struct l2tp_session sessions[L2TP_SESSIONS];
};

struct l2tp {
	struct l2tp_config cfg;
	struct node_env env;
	struct l2tp_hooks hooks;
	struct l2tp_tunnel **tunnels; /* room for cfg.tunnels; made when first used */
	size_t used;		      /* there are no others */
	size_t free_from;	      /* none before it is TUNNEL_FREE */
	/* The tunnels that are not TUNNEL_FREE: by @local; by @peer; by their deadline. */
	struct table by_id, by_peer;
	struct heap due;
	uint32_t serial;
};

/* ---- l2tp_channel.c ---- */

/* Begins a control message in the next free slot; channel_enqueue() ends it and sends it when the
 * window allows. NULL: too many wait. */
struct l2tp_slot *channel_compose(struct l2tp *l, struct l2tp_tunnel *t, struct l2tp_out *o,
				  enum l2tp_type type, uint16_t session);
void channel_enqueue(struct l2tp *l, struct l2tp_tunnel *t, struct l2tp_slot *s, struct l2tp_out *o,
		     usec now);
/* Acknowledges with an empty message. */
void channel_zlb(struct l2tp *l, struct l2tp_tunnel *t, usec now);
/* All that waits for acknowledgement, once more, outside of the schedule. */
void channel_resend(struct l2tp *l, struct l2tp_tunnel *t, usec now);

/* Numbers are compared modulo 65536 (5.8): negative when @a is before @b. */
int channel_compare(uint16_t a, uint16_t b);
/* Nr acknowledges everything before it. False: it speaks of messages that were never sent. */
bool channel_acknowledge(struct l2tp *l, struct l2tp_tunnel *t, uint16_t nr, usec now);
/* Can a message be kept until its turn comes? DROP_DUPLICATE: it is; DROP_L2TP_WINDOW: there is no
 * room for it. channel_keep_early(), after DROP_NONE, keeps it. */
enum drop channel_early(const struct l2tp_tunnel *t, uint16_t ns, size_t len);
void channel_keep_early(struct l2tp_tunnel *t, uint16_t ns, const uint8_t *p, size_t len);

/* When channel_retry() has to be called; it is false when the schedule has ended. */
usec channel_deadline(const struct l2tp_tunnel *t);
bool channel_retry(struct l2tp *l, struct l2tp_tunnel *t, usec now);

/* EV_L2TP of a control message that goes out (@sent) or has come in. */
void channel_tell(struct l2tp *l, bool sent, const struct l2tp_msg *m);

/* ---- l2tp_call.c ---- */

/* A message at work. */
struct l2tp_call {
	struct l2tp *l;
	struct l2tp_tunnel *t;
	struct l2tp_session *s; /* of messages that belong to one */
	const struct l2tp_msg *m;
	usec now;
};

/* A message whose turn it is. What became of it: DROP_NONE when it was used. */
enum drop call_process(struct l2tp_call *c, enum drop parsed);
/* What SCCRQ and SCCRP say of the peer. */
void tunnel_learn(struct l2tp_tunnel *t, const struct l2tp_msg *m);
/* Ends a tunnel in state @then, and says so unless it had ended before. */
void tunnel_end(struct l2tp *l, struct l2tp_tunnel *t, enum tunnel_state then, enum reason why,
		usec now);
/* Sends StopCCN and ends the tunnel. */
void tunnel_stop(struct l2tp *l, struct l2tp_tunnel *t, uint16_t result, uint16_t error,
		 enum reason why, usec now);
/* The session that has this ID at our end; NULL none. */
struct l2tp_session *session_by_id(struct l2tp_tunnel *t, uint16_t local);
/* Makes the place of a session free again; down() is told of one that was up. Sends nothing. */
void session_end(struct l2tp *l, struct l2tp_session *s, usec now);
/* SCCRQ and SCCRP, which say the same things about who speaks. */
void send_identity(struct l2tp *l, struct l2tp_tunnel *t, enum l2tp_type type, usec now);
/* A message of nothing but its type. */
void send_plain(struct l2tp *l, struct l2tp_tunnel *t, enum l2tp_type type, usec now);
void send_cdn(struct l2tp *l, struct l2tp_tunnel *t, uint16_t local, uint16_t remote,
	      uint16_t result, uint16_t error, usec now);
/* Of a tunnel or session: random, or the one after @last, as the row has it. Never 0. */
uint16_t l2tp_next_id(struct l2tp *l, uint16_t last);

#endif
