/* SPDX-License-Identifier: MIT */
/*
 * vpn_priv.h - what the files of vpn share.
 *
 *	vpn.c         which datagram is whose, ESP in, what the layers tell each other
 *	vpn_peer.c    the other ends of ISAKMP SAs and their ESP SAs
 *	vpn_link.c    PPP on L2TP sessions
 *	vpn_send.c    ESP out
 *	vpn_secrets.c the keys for Wireshark
 *	vpn_client.c  what a client does when: dial, the policy gate, retries, the outcome
 *
 * The layers below tell of what happened by hooks, in the middle of their own work. A hook notes
 * it; whatever ends something is done in settle(), when all layers have returned.
 */
#ifndef NATDLAB_NODES_VPN_VPN_PRIV_H
#define NATDLAB_NODES_VPN_VPN_PRIV_H

#include "lab/base/heap.h"
#include "lab/base/table.h"
#include "nodes/esp/esp.h"
#include "nodes/l2tp/l2tp.h"
#include "nodes/ppp/ppp.h"
#include "nodes/vpn/vpn.h"

#define VPN_CHILDREN 8	  /* ESP SA pairs of one peer; the oldest one makes room */
#define VPN_TUNNELS 16384 /* of a server: L2TP_PEER_TUNNELS for each node that there can be */
#define VPN_SECRETS 65536 /* kept for the Wireshark profile; later ones are not */

/* An ESP SA pair. */
struct vpn_child {
	struct table_link by_spi; /* the inbound one */
	struct vpn_peer *peer;
	struct ike_child c; /* without its keys */
	struct esp_sa in, out;
};

/* The other end of an ISAKMP SA. */
struct vpn_peer {
	struct vpn_peer *next, **at, *ended;
	struct ike_sa *sa; /* NULL: gone, and so is the peer when the call ends */
	unsigned n_children;
	struct vpn_child *children[VPN_CHILDREN]; /* the newest last: what goes out goes by it */
};

/* PPP on an L2TP session. */
struct vpn_link {
	struct vpn_link *next, **at, *ended;
	struct table_link by_cookie;
	struct heap_item due;
	struct vpn *v;
	struct l2tp_session *session; /* NULL: gone, and so is the link when the call ends */
	struct ppp *ppp;
	bool finished; /* LCP has ended */
	bool asked;    /* vpn_ask() waits for its answer */
	uint8_t cky_i[8];
};

struct isakmp_secret {
	struct isakmp_secret *next;
	uint8_t cky_i[8], key[KEY_MAX];
	size_t key_len;
};

struct esp_secret {
	struct esp_secret *next;
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
	struct vpn_peer *peers, *ended_peers; /* all; those that settle() frees */
	struct vpn_link *links, *ended_links; /* likewise, the first that ended first */
	struct table by_spi, by_cookie;	      /* children; links */
	struct heap due;		      /* links */
	uint64_t n_links;		      /* made so far */
	struct vpn_client client;
	/* They outlive their SAs. In the order in which they came. */
	size_t n_secrets;
	struct isakmp_secret *isakmp_secrets, *last_isakmp_secret;
	struct esp_secret *esp_secrets, *last_esp_secret;
	uint8_t tx[L2TP_DATA_MAX + ESP_OVERHEAD_MAX + 8];
};

/* ---- vpn_secrets.c ---- */

/* Copies of the keys of an SA whose phase 1 is up, and of both ESP SAs of a pair, until
 * secrets_free() wipes them; nothing when VPN_SECRETS are kept already. */
void secrets_keep_isakmp(struct vpn *v, const struct ike_sa *sa);
void secrets_keep_esp(struct vpn *v, const struct ike_child *c);
void secrets_free(struct vpn *v);

/* ---- vpn_peer.c ---- */

/* The other end of @sa, whose user it becomes; it is @v's until peers_reap() or peers_free(). */
struct vpn_peer *peer_new(struct vpn *v, struct ike_sa *sa);
/* Its SA is gone, and so are its tunnels and children; the memory stays until peers_reap(). */
void peer_end(struct vpn *v, struct vpn_peer *p, usec now);
/* Its ESP in UDP goes there from now on. */
void peer_moved(struct vpn_peer *p, struct inet_ep remote);
void peers_reap(struct vpn *v);
void peers_free(struct vpn *v);
/* One more pair of SAs; the oldest one of VPN_CHILDREN makes room. */
void child_new(struct vpn *v, struct vpn_peer *p, const struct ike_child *c);
void child_forget_spi(struct vpn *v, struct vpn_peer *p, uint32_t spi_in);
/* The pair with this inbound SPI, the newest one; NULL none. */
struct vpn_child *child_by_spi(const struct vpn *v, uint32_t spi);

/* ---- vpn_link.c ---- */

/* PPP on a session that has come up; @s->user is the link. */
void link_new(struct vpn *v, struct l2tp_session *s, usec now);
/* A PPP frame. */
enum drop link_input(struct vpn_link *link, const uint8_t *p, size_t len, usec now);
/* Its session is gone. */
void link_down(struct vpn_link *link);
void links_timer(struct vpn *v, usec now);
/* vpn_ask(). */
void link_ask(struct vpn *v, const uint8_t cky_i[8], usec now);
/* Frees those whose session is gone. */
void links_reap(struct vpn *v);
void links_free(struct vpn *v);

/* ---- vpn_send.c ---- */

/* The UDP port that L2TP has at this end. */
uint16_t vpn_l2tp_port(const struct vpn *v);
/* An L2TP message into ESP and out. False: there is no SA. */
bool vpn_send_l2tp(struct vpn *v, struct vpn_peer *p, const struct l2tp_tx *tx, usec now);

/* ---- vpn_client.c ---- */

/* Chooses the UDP port of L2TP and dials. */
void client_start(struct vpn *v, usec now);
/* @p is the server: the first Quick Mode begins. */
void client_phase1_up(struct vpn *v, struct vpn_peer *p, usec now);
/* @former: the inbound SPI of the pair that was used until now, 0 for the first. */
void client_child_up(struct vpn *v, struct vpn_peer *p, uint32_t former, usec now);
/* The ISAKMP SA, L2TP or PPP has come to its end: noted for client_settle(). */
void client_down(struct vpn *v, enum reason reason);
bool client_send_l2tp(struct vpn *v, struct vpn_peer *p, const struct l2tp_tx *tx, usec now);
/* Acts on what the hooks have noted. */
void client_settle(struct vpn *v, usec now);

#endif
