/* SPDX-License-Identifier: MIT */
/*
 * vpn.h - a whole VPN client or server: IKE, ESP, L2TP and PPP behind one sans-I/O interface
 * (node.h).
 *
 * UDP 500 is IKE. UDP 4500 is IKE behind a non-ESP marker, else ESP, else a one-byte keep-alive.
 * Protocol 50 is ESP. ESP's transport payload is UDP 1701, which is L2TP, which carries PPP.
 * The client's policy gate (mode.h) sits between Quick Mode and the first L2TP message.
 */
#ifndef NATDLAB_NODES_VPN_VPN_H
#define NATDLAB_NODES_VPN_VPN_H

#include "nodes/ike/ike.h"

struct vpn;

struct vpn_config {
	const char *name;                 /* the node's, for events */
	const struct client_mode *client; /* one of the two */
	const struct server_mode *server;
	struct inet_addr own;
	struct inet_addr dials;           /* client: the server's address as the user typed it */
	int registry;                     /* client: -1 absent, 0, 1, 2 */
	const char *psk, *user, *password;
	struct inet_net pool;             /* server */
};

/* The caller frees it. Both arguments are copied; modes, texts and what @env points to must live as
 * long as it does. Never NULL. */
struct vpn *vpn_new(const struct vpn_config *cfg, const struct node_env *env);
/* Sends nothing: the peers are not told. NULL: nothing happens. */
void vpn_free(struct vpn *v);
void vpn_start(struct vpn *v, usec now); /* a client dials; a server does nothing */
void vpn_input(struct vpn *v, usec now, const struct datagram *d);
void vpn_timer(struct vpn *v, usec now);
usec vpn_deadline(const struct vpn *v);
/* A client whose outcome is decided (its EV_OUTCOME is out). Servers: false. */
bool vpn_done(const struct vpn *v);

/* Is a client connected? Then its exchange's initiator cookie is in @cky_i. */
bool vpn_connected(const struct vpn *v, uint8_t cky_i[8]);
/* A server asks the client of that exchange, which may have been quiet for long, by an LCP echo.
 * One EV_ALIVE comes of it: at once when there is no session any more, else when the echo was
 * answered, or has been given up for want of an answer. */
void vpn_ask(struct vpn *v, const uint8_t cky_i[8], usec now);

#endif
