/* SPDX-License-Identifier: MIT */
/*
 * ike.h - IKEv1 with pre-shared keys: Main Mode, Quick Mode, Informational; both sides.
 *
 * Sans-I/O (node.h). One `struct ike` is one endpoint: a client with its one peer, or a server
 * with as many as its bounds allow. What differs between products is in the mode's row.
 */
#ifndef NATDLAB_NODES_IKE_IKE_H
#define NATDLAB_NODES_IKE_IKE_H

#include "nodes/modes/mode.h"
#include "nodes/base/node.h"

struct ike;
struct ike_sa; /* one ISAKMP SA, or the exchange that may become one */

struct ike_config {
	bool initiator;
	const struct client_mode *client; /* of an initiator */
	const struct server_mode *server; /* of a responder */
	struct inet_addr own;             /* the node's own address */
	struct inet_ep peer;              /* of an initiator: what it dials */
	uint16_t own_port;                /* 0: 500; a probe without the right to 500 has another */
	/*
	 * Of an initiator that only asks: the first NAT-D hash of message 3 is drawn at random, so
	 * that a server that copies it proves that it copies; the exchange ends with message 4, by
	 * the hook `down` and the reason REASON_PROBED. No secret is used.
	 */
	bool probe;
	const char *psk;
};

/* Keys and addresses of one ESP SA pair, from a finished Quick Mode. Inbound is what we receive. */
struct ike_child {
	uint32_t spi_in, spi_out;
	uint32_t msgid;
	bool udp;                        /* UDP-Encapsulated-Transport, else plain transport */
	enum ike_cipher cipher;
	unsigned keybits;
	enum ike_hash auth;              /* HMAC over ESP, truncated as RFC 2404 / 4868 say */
	uint8_t key_in[KEY_MAX], key_out[KEY_MAX];
	uint8_t auth_in[KEY_MAX], auth_out[KEY_MAX];
	struct inet_ep local, remote;    /* as on the wire now: port 4500 when floated */
	struct inet_addr natoa_i, natoa_r; /* original addresses, len 0 when not sent */
	uint16_t port_local, port_remote;  /* UDP ports of the selectors; 0 any */
	struct inet_addr id_i, id_r;       /* addresses in the ID payloads */
};

/*
 * What ike tells the layer above. Called during ike_input(), ike_timer() and ike_delete_*(); a
 * hook may call ike back. Members may be NULL.
 */
struct ike_hooks {
	void (*phase1_up)(void *ctx, struct ike_sa *sa, usec now);
	void (*child_up)(void *ctx, struct ike_sa *sa, const struct ike_child *c, usec now);
	/* The pair whose inbound SPI is @spi_in is gone (deleted by either side). */
	void (*child_down)(void *ctx, struct ike_sa *sa, uint32_t spi_in, usec now);
	/* The ISAKMP SA or exchange is gone; @sa is invalid afterwards. */
	void (*down)(void *ctx, struct ike_sa *sa, enum reason reason, usec now);
	/* A floated peer's address or port changed (NAT rebinding), for its ESP. */
	void (*moved)(void *ctx, struct ike_sa *sa, struct inet_ep remote, usec now);
	void *ctx;
};

/* The caller frees it. All three arguments and the secret are copied; the modes and what @env and
 * the hooks' context point to must live as long as it does. Never NULL. */
struct ike *ike_new(const struct ike_config *cfg, const struct node_env *env,
		    const struct ike_hooks *hooks);
void ike_free(struct ike *ike);

/* Initiator: sends message 1. */
struct ike_sa *ike_dial(struct ike *ike, usec now);
/* Starts a Quick Mode for UDP 1701 on an established SA (RFC 2409 5.5). One that fails (no
 * reply, no common proposal) ends the whole SA through hooks.down. */
void ike_quick(struct ike *ike, struct ike_sa *sa, uint16_t port_local, usec now);
/* Sends Delete payloads and forgets. */
void ike_delete_child(struct ike *ike, struct ike_sa *sa, uint32_t spi_in, usec now);
void ike_delete_sa(struct ike *ike, struct ike_sa *sa, usec now);

/* An ISAKMP datagram, non-ESP marker removed (@marker says that there was one). What goes out
 * through node_env has its marker already, and a keep-alive is one byte 0xff. */
void ike_input(struct ike *ike, usec now, const struct datagram *d, bool marker);
void ike_timer(struct ike *ike, usec now);
usec ike_deadline(const struct ike *ike);

/* ESP of this SA went out or came in: it puts off keep-alives, dead peer detection and the end
 * of an idle SA. */
void ike_sa_traffic(struct ike_sa *sa, bool sent, usec now);

/* Of an SA past message 4: */
bool ike_sa_nat(const struct ike_sa *sa, struct natd_seen *seen); /* false: no NAT-T in use */

/* What the layer above keeps for an SA; NULL at first. ike only carries it. */
void ike_sa_set_user(struct ike_sa *sa, void *user);
void *ike_sa_user(const struct ike_sa *sa);

/* The initiator's cookie, 8 bytes: by it both ends know which exchange is meant. */
const uint8_t *ike_sa_cky_i(const struct ike_sa *sa);

/* Phase 1 secrets of an established SA, for the Wireshark profile (initiator cookie and the
 * expanded encryption key). False before phase 1 is up. */
bool ike_sa_wireshark(const struct ike_sa *sa, uint8_t cky_i[8], uint8_t key[KEY_MAX],
		      size_t *key_len);

/* ESP of an unknown SPI: SoftEther answers with INVALID-SPI. */
void ike_unknown_spi(struct ike *ike, const struct datagram *d, uint32_t spi);

#endif
