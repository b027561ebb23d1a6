/* SPDX-License-Identifier: MIT */
#include "lab/os/probe_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* Behind time.h's struct timespec, which it needs. */
#include <linux/errqueue.h>

#include "lab/os/clock.h"
#include "lab/os/os_priv.h"

#define BURST 64 /* datagrams between two looks at the clock */
#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4

/* ---- names ---- */

static int lookup(const char *host, int family, struct addrinfo **found)
{
	const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM};

	return getaddrinfo(host, NULL, &hints, found);
}

/* What people type for a host, and what they meant. */
static int no_host(const char *host, int rc, struct err *e)
{
	const char *colon = strrchr(host, ':');
	struct addrinfo *found;

	if (!*host)
		return err_set(e, ERR_INPUT, "probe: an empty HOST");
	if (strchr(host, '/'))
		return err_set(e, ERR_INPUT,
			       "probe: HOST is a name or an IPv4 address, without \"/\": not \"%s\"",
			       host);
	if (!lookup(host, AF_INET6, &found)) {
		freeaddrinfo(found);
		return err_set(e, ERR_INPUT,
			       "probe: %s has no IPv4 address; asked is over IPv4 only, where the "
			       "NATs are that NAT-D is about",
			       host);
	}
	if (colon && strchr(host, ':') == colon)
		return err_set(e, ERR_INPUT,
			       "probe: the port is an option: natdlab probe --port %s %.*s",
			       colon + 1, (int)(colon - host), host);
	if (rc == EAI_AGAIN)
		return err_set(e, ERR_MACHINE,
			       "probe: no name server answers, so that %s stays unknown; give an "
			       "IPv4 address",
			       host);
	return err_set(e, ERR_INPUT, "probe: %s: %s", host, gai_strerror(rc));
}

/* No machine's address: asking it would ask nobody, or everybody. */
static bool is_nobody(struct inet_addr a)
{
	return a.b[0] == 0 || a.b[0] >= 224;
}

static int resolve(struct probe_socket *k, const char *host, uint16_t port, struct err *e)
{
	struct addrinfo *found;
	struct sockaddr_in sa = {0};
	int rc = lookup(host, AF_INET, &found);

	if (rc)
		return no_host(host, rc, e);
	memcpy(&sa, found->ai_addr, sizeof(sa));
	k->n_addresses = 0;
	for (const struct addrinfo *i = found; i; i = i->ai_next)
		k->n_addresses++;
	freeaddrinfo(found);
	k->w.server = inet_ep(ep_of(&sa).addr, port);
	if (is_nobody(k->w.server.addr))
		return err_set(e, ERR_INPUT, "probe: %s is the address of no single machine",
			       INET_ADDR(k->w.server.addr));
	return 0;
}

/* ---- the socket ---- */

/* The address of ours from which the kernel will send. */
static int own_address(struct probe_socket *k, struct err *e)
{
	struct sockaddr_in server = sockaddr_of(k->w.server), own = {0};
	socklen_t len = sizeof(own);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), status = -1;

	if (fd < 0)
		return err_sys(e, "probe: no UDP socket");
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) ||
	    getsockname(fd, (struct sockaddr *)&own, &len))
		err_sys(e, "probe: no way to %s", INET_ADDR(k->w.server.addr));
	else
		status = 0;
	close(fd);
	k->w.local = ep_of(&own);
	return status;
}

/* From port 500 where that is to be had: some firewalls let nothing else through. */
static int bind_port(struct probe_socket *k, struct err *e)
{
	struct sockaddr_in own = sockaddr_of(inet_ep(inet_v4(INADDR_ANY), IKE_PORT));
	socklen_t len = sizeof(own);

	k->port = ASK_500;
	if (inet_addr_eq(k->w.local.addr, k->w.server.addr) && k->w.server.port == IKE_PORT)
		k->port = ASK_OURSELVES; /* the answer would be our own question */
	else if (bind(k->fd, (struct sockaddr *)&own, sizeof(own)))
		k->port = errno == EADDRINUSE ? ASK_TAKEN : ASK_NO_RIGHT;
	own.sin_port = 0;
	if ((k->port != ASK_500 && bind(k->fd, (struct sockaddr *)&own, sizeof(own))) ||
	    getsockname(k->fd, (struct sockaddr *)&own, &len))
		return err_sys(e, "probe: no UDP port");
	k->w.local.port = ep_of(&own).port;
	return 0;
}

int probe_socket_open(struct probe_socket *k, const char *host, uint16_t port, struct err *e)
{
	const int on = 1;

	*k = (struct probe_socket)ASK_CLOSED;
	if (port == IKE_NATT_PORT)
		return err_set(e, ERR_INPUT,
			       "probe: port 4500 expects clients that began on port 500; ask that");
	if (resolve(k, host, port, e) || own_address(k, e))
		return -1;
	k->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (k->fd < 0)
		return err_sys(e, "probe: no UDP socket");
	if (setsockopt(k->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) < 0) {
		err_sys(e, "probe: no error queue");
	} else if (!bind_port(k, e)) {
		return 0;
	}
	probe_socket_close(k);
	return -1;
}

void probe_socket_close(struct probe_socket *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

/* ---- ICMP ---- */

static void take_error(struct probe_socket *k, const struct cmsghdr *c)
{
	struct sock_extended_err ee;
	struct sockaddr_in from;

	if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR ||
	    c->cmsg_len < CMSG_LEN(sizeof(ee) + sizeof(from)))
		return;
	memcpy(&ee, CMSG_DATA(c), sizeof(ee));
	memcpy(&from, CMSG_DATA(c) + sizeof(ee), sizeof(from));
	if (ee.ee_origin != SO_EE_ORIGIN_ICMP || ee.ee_type != ICMP_UNREACHABLE ||
	    ee.ee_code == ICMP_FRAGMENTATION_NEEDED || k->w.unreachable)
		return;
	k->w.unreachable = true;
	k->w.icmp_type = ee.ee_type;
	k->w.icmp_code = ee.ee_code;
	k->w.icmp_from = ep_of(&from).addr;
}

static void hear_errors(struct probe_socket *k)
{
	union {
		struct cmsghdr align;
		char b[256];
	} control;
	char data[64];
	struct iovec iov = {data, sizeof(data)};

	for (;;) {
		struct msghdr m = {.msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = &control,
				   .msg_controllen = sizeof(control)};

		if (recvmsg(k->fd, &m, MSG_ERRQUEUE) < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
			take_error(k, c);
	}
}

/* ---- the talk ---- */

void probe_socket_send(void *ctx, const struct datagram *d)
{
	struct probe_socket *k = ctx;
	struct sockaddr_in to = sockaddr_of(d->remote);

	/* An ICMP error about an earlier packet is told here first, and the packet not sent. What
	 * is not taken then is not answered, and the deadline says so. */
	for (int i = 0; i < 2; i++) {
		if (sendto(k->fd, d->data, d->len, 0, (struct sockaddr *)&to, sizeof(to)) >= 0)
			return;
		hear_errors(k);
	}
}

static void hear(struct probe_socket *k, struct probe *p, usec now)
{
	uint8_t buf[DATAGRAM_MAX];
	struct sockaddr_in from = {0};
	ssize_t n;

	for (int i = 0; i < BURST; i++) {
		socklen_t len = sizeof(from);
		struct datagram d = {.via = VIA_UDP, .local = k->w.local, .data = buf};

		n = recvfrom(k->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
		if (n < 0) { /* nothing more, or an ICMP error */
			hear_errors(k);
			return;
		}
		d.remote = ep_of(&from);
		d.len = (size_t)n;
		if (inet_ep_eq(d.remote, k->w.server))
			probe_input(p, now, &d);
		else if (probe_knows(p, buf, (size_t)n))
			k->w.other_sender = d.remote;
	}
}

void probe_socket_talk(struct probe_socket *k, struct probe *p)
{
	usec began = clock_monotonic(), now = 0;

	probe_start(p, 0);
	while (!probe_done(p) && now < PROBE_TIMEOUT && (!k->w.unreachable || probe_heard(p))) {
		usec wait = MAX(MIN(probe_deadline(p), PROBE_TIMEOUT) - now, (usec)0);
		const struct timespec ts = {.tv_sec = wait / SEC, .tv_nsec = wait % SEC * 1000};
		struct pollfd fd = {.fd = k->fd, .events = POLLIN};

		ppoll(&fd, 1, &ts, NULL);
		now = clock_monotonic() - began;
		hear(k, p, now);
		if (probe_deadline(p) <= now)
			probe_timer(p, now);
	}
}
