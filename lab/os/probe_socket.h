/* SPDX-License-Identifier: MIT */
/*
 * probe_socket.h - the socket of a probe: from which port it asks, and what it hears besides
 * answers.
 *
 * It is not connected: an answer from another address than the one that was asked is not taken,
 * but worth a sentence. What routers and hosts on the way say (ICMP) comes through its error
 * queue, with their addresses; the kernel has compared it with what was sent.
 */
#ifndef NATDLAB_OS_PROBE_SOCKET_H
#define NATDLAB_OS_PROBE_SOCKET_H

#include "lab/base/err.h"
#include "lab/probe/probe.h"

/* Why a probe does not ask from port 500, as every client does. */
enum ask_port { ASK_500, ASK_NO_RIGHT, ASK_TAKEN, ASK_OURSELVES };

struct probe_socket {
	int fd;
	unsigned n_addresses; /* of the name; the first is asked */
	enum ask_port port;
	struct probe_wire w;
};

#define ASK_CLOSED {.fd = -1}

/* @host: a name or an IPv4 address. -1 and @e: nothing stays open. */
int probe_socket_open(struct probe_socket *k, const char *host, uint16_t port,
		      struct err *e) MUST_CHECK;
void probe_socket_close(struct probe_socket *k);
/* What goes out: node_env's send, with the struct probe_socket as its context. */
void probe_socket_send(void *ctx, const struct datagram *d);
/* Until both exchanges have ended, time is up, or somebody says that it is in vain. */
void probe_socket_talk(struct probe_socket *k, struct probe *p);

#endif
