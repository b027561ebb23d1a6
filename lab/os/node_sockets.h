/* SPDX-License-Identifier: MIT */
/*
 * node_sockets.h - the sockets of a VPN node: the only place in nodes/ that does I/O.
 *
 * UDP 500 and 4500, and a raw socket for IP protocol 50. Datagrams of the cores go out here and
 * come in here; nothing is interpreted.
 */
#ifndef NATDLAB_OS_NODE_SOCKETS_H
#define NATDLAB_OS_NODE_SOCKETS_H

#include <poll.h>

#include "lab/base/err.h"
#include "nodes/base/node.h"

enum { HOST_IKE, HOST_NATT, HOST_ESP, HOST_SOCKETS };

struct node_sockets {
	int fd[HOST_SOCKETS];
	struct inet_addr own;
	uint8_t ready; /* bit i: something may lie in fd[i]; node_sockets_recv() asks these only */
};

#define HOST_CLOSED {.fd = {-1, -1, -1}}

/* Makes a socket where the node lives: its namespace, or the present one. -1 and @e. */
typedef int (*host_socket_fn)(void *ctx, int family, int type, int protocol, struct err *e);

/* Opens the three sockets, bound to @own (IPv4). On failure nothing stays open. */
int node_sockets_open(struct node_sockets *h, struct inet_addr own, host_socket_fn make, void *ctx,
		      struct err *e) MUST_CHECK;
void node_sockets_close(struct node_sockets *h);

/* False when the kernel would not take it (no route, refused by a local rule): for the protocol
 * the same as a datagram lost on the way. */
bool node_sockets_send(struct node_sockets *h, const struct datagram *d);
/* The next datagram, into @buf; false when there is none. d->data points into @buf. The caller has
 * set the bits of @h->ready when it polled; here those of empty sockets are cleared. */
bool node_sockets_recv(struct node_sockets *h, struct datagram *d, uint8_t *buf, size_t size);
/* Fills @p with what to poll for; HOST_SOCKETS entries. */
void node_sockets_poll(const struct node_sockets *h, struct pollfd *p);

#endif
