/* SPDX-License-Identifier: MIT */
#include "lab/os/node_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/os/os_priv.h"
#include "nodes/wire/isakmp.h"

#define PROTO_ESP 50
/* Enough for a burst of a thousand clients' first messages (512 bytes each, with overhead). */
#define RECEIVE_BUFFER (4 * 1024 * 1024)

static const struct {
	int type, protocol;
	uint16_t port;
	const char *what;
} sockets[HOST_SOCKETS] = {
	[HOST_IKE] = {SOCK_DGRAM, IPPROTO_UDP, IKE_PORT, "UDP port 500"},
	[HOST_NATT] = {SOCK_DGRAM, IPPROTO_UDP, IKE_NATT_PORT, "UDP port 4500"},
	[HOST_ESP] = {SOCK_RAW, PROTO_ESP, 0, "IP protocol 50"},
};

int node_sockets_open(struct node_sockets *h, struct inet_addr own, host_socket_fn make, void *ctx,
		      struct err *e)
{
	assert(own.len == 4);
	*h = (struct node_sockets)HOST_CLOSED;
	h->own = own;
	for (int i = 0; i < HOST_SOCKETS; i++) {
		struct sockaddr_in sa = sockaddr_of(inet_ep(own, sockets[i].port));

		h->fd[i] = make(ctx, AF_INET, sockets[i].type | SOCK_NONBLOCK | SOCK_CLOEXEC,
				sockets[i].protocol, e);
		if (h->fd[i] < 0)
			goto fail;
		if (bind(h->fd[i], (struct sockaddr *)&sa, sizeof(sa))) {
			err_sys(e, "cannot use %s of %s", sockets[i].what, INET_ADDR(own));
			goto fail;
		}
		/* A smaller buffer than asked for only means more retransmissions. */
		socket_set_buffer(h->fd[i], RECEIVE_BUFFER);
	}
	return 0;
fail:
	node_sockets_close(h);
	return -1;
}

void node_sockets_close(struct node_sockets *h)
{
	for (int i = 0; i < HOST_SOCKETS; i++) {
		if (h->fd[i] >= 0)
			close(h->fd[i]);
		h->fd[i] = -1;
	}
}

bool node_sockets_send(struct node_sockets *h, const struct datagram *d)
{
	struct sockaddr_in sa = sockaddr_of(d->remote);
	int which = d->via == VIA_ESP ? HOST_ESP : d->local.port == IKE_PORT ? HOST_IKE : HOST_NATT;

	if (which == HOST_ESP)
		sa.sin_port = 0;
	return sendto(h->fd[which], d->data, d->len, 0, (struct sockaddr *)&sa, sizeof(sa)) ==
	       (ssize_t)d->len;
}

static bool receive(struct node_sockets *h, int which, struct datagram *d, uint8_t *buf,
		    size_t size)
{
	struct sockaddr_in sa = {0};
	socklen_t len = sizeof(sa);
	ssize_t n;
	size_t header;

	do
		n = recvfrom(h->fd[which], buf, size, 0, (struct sockaddr *)&sa, &len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	*d = (struct datagram){
		.via = which == HOST_ESP ? VIA_ESP : VIA_UDP,
		.local = inet_ep(h->own, sockets[which].port),
		.remote = ep_of(&sa),
		.data = buf,
		.len = (size_t)n,
	};
	if (which != HOST_ESP)
		return true;
	/* A raw socket hands over the IP header too; the kernel has checked it. */
	header = n ? (size_t)(buf[0] & 15) * 4 : 0;
	d->data += MIN(header, d->len);
	d->len -= MIN(header, d->len);
	d->remote.port = 0;
	return true;
}

bool node_sockets_recv(struct node_sockets *h, struct datagram *d, uint8_t *buf, size_t size)
{
	for (int i = 0; i < HOST_SOCKETS; i++) {
		if (!(h->ready & 1 << i))
			continue;
		if (receive(h, i, d, buf, size))
			return true;
		h->ready &= (uint8_t)~(1 << i);
	}
	return false;
}

void node_sockets_poll(const struct node_sockets *h, struct pollfd *p)
{
	for (int i = 0; i < HOST_SOCKETS; i++)
		p[i] = (struct pollfd){.fd = h->fd[i], .events = POLLIN};
}
