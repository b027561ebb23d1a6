/* SPDX-License-Identifier: MIT */
/*
 * vpn_priv.h - what the files of vpn share.
 *
 *	vpn.c         the door: which datagram is whose, ESP in and out, L2TP and PPP on top,
 *	              the secrets for Wireshark
 *	vpn_client.c  what a client does when: dial, the policy gate, retries, the outcome
 *
 * The layers below tell of what happened by hooks, in the middle of their own work. A hook notes
 * it; whatever ends something is done in settle(), when all layers have returned.
 */
#ifndef NATDLAB_NODES_VPN_VPN_PRIV_H
#define NATDLAB_NODES_VPN_VPN_PRIV_H

#include "lab/base/mem.h"
#include "nodes/esp/esp.h"
#include "nodes/l2tp/l2tp.h"
#include "nodes/ppp/ppp.h"
#include "nodes/vpn/vpn.h"

#define VPN_CHILDREN 8	  /* ESP SA pairs of one peer; the oldest one makes room */
#define VPN_TUNNELS 1024  /* L2TP tunnels of a server */
#define VPN_SECRETS 65536 /* kept for the Wireshark profile; later ones are not */

/* An ESP SA pair. */
struct vpn_child {
	struct ike_child c;
	struct esp_sa in, out;
};

/* The other end of an ISAKMP SA. */
struct vpn_peer {
	struct vpn_peer *next;
	struct ike_sa *sa; /* NULL: gone, and so is the peer when the call ends */
	unsigned n_children;
	struct vpn_child children[VPN_CHILDREN]; /* the newest last: what goes out goes by it */
};

/* PPP on an L2TP session. */
struct vpn_link {
	struct vpn_link *next;
	struct vpn *v;
	struct l2tp_session *session; /* NULL: gone, and so is the link when the call ends */
	struct ppp *ppp;
	bool finished; /* LCP has ended */
	bool asked;    /* vpn_ask() waits for its answer */
	uint8_t cky_i[8];
};

struct isakmp_secret {
	uint8_t cky_i[8], key[KEY_MAX];
	size_t key_len;
};

struct esp_secret {
	struct inet_addr src, dst;
	uint32_t spi;
	enum ike_cipher cipher;
	enum ike_hash auth;
	uint8_t key[KEY_MAX], auth_key[KEY_MAX];
	size_t key_len, auth_key_len;
};

/* What a client has come to. */
struct vpn_client {
	struct ike_sa *sa;     /* what was dialled; NULL before and afterwards */
	struct vpn_peer *peer; /* since phase 1 */
	uint16_t l2tp_port;
	enum reached reached;
	bool quick_asked; /* a Quick Mode of ours is under way */
	bool dialled;	  /* the first Quick Mode is done, L2TP has begun */
	bool blocked;	  /* by the policy gate: nothing goes out */
	bool resending;	  /* what L2TP sends now is not another retry */
	enum reason block_reason;
	enum reason failed; /* noted by a hook: why there will be no connection */
	bool echoed;	    /* noted by a hook: LCP is open and an echo came back */
	bool connected;	    /* the outcome was that */
	uint8_t cky_i[8];   /* of the exchange that led to it */
	bool stopping;	    /* Deletes of our own are under way */
	bool done;
};

struct vpn {
	struct vpn_config cfg;
	struct node_env env;
	struct ike *ike;
	struct l2tp *l2tp;
	struct vpn_peer *peers;
	struct vpn_link *links;
	bool ended; /* one of these is, and settle() has to look at them */
	struct vpn_client client;
	struct arena *arena; /* of the secrets, which outlive their SAs */
	VEC(struct isakmp_secret) isakmp_secrets;
	VEC(struct esp_secret) esp_secrets;
	uint8_t rx[DATAGRAM_MAX]; /* ESP is decrypted here */
	uint8_t tx[L2TP_DATA_MAX + ESP_OVERHEAD_MAX + 8];
};

/* ---- vpn.c ---- */

/* An L2TP message into ESP and out. False: there is no SA. */
bool vpn_send_l2tp(struct vpn *v, struct vpn_peer *p, const struct l2tp_tx *tx, usec now);

/* ---- vpn_client.c ---- */

void client_start(struct vpn *v, usec now);
void client_stop(struct vpn *v, usec now);
void client_phase1_up(struct vpn *v, struct vpn_peer *p, usec now);
/* @former: the inbound SPI of the pair that was used until now, 0 for the first. */
void client_child_up(struct vpn *v, struct vpn_peer *p, uint32_t former, usec now);
/* The ISAKMP SA, L2TP or PPP has come to its end: noted for client_settle(). */
void client_down(struct vpn *v, enum reason reason);
bool client_send_l2tp(struct vpn *v, struct vpn_peer *p, const struct l2tp_tx *tx, usec now);
/* Acts on what the hooks have noted. */
void client_settle(struct vpn *v, usec now);

#endif
