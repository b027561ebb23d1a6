/* SPDX-License-Identifier: MIT */
/*
 * taps.c - taps: one packet socket in each namespace sees all of a node's interfaces.
 *
 * A frame on a link is seen twice: when its sender hands it to the link, and when the other end
 * receives it. The sender's copy is the one that is handed over, because it exists even when the
 * frame is lost on the way; the receiver's is counted, and the difference of the two counts is
 * what is in flight.
 *
 * Order. Each socket's queue is in order; between sockets the kernel's time stamps decide, all of
 * one clock. The frames of all sockets are merged by always taking the oldest of the queues' first
 * ones. A frame stamped after the reading began is left for the next reading: one that was stamped
 * earlier may still be missing from a queue that has been looked at.
 *
 * Plain sockets, not rings: a ring costs 10 ms to open and 23 ms to close, a socket 5 us and 12 ms
 * (the kernel waits for RCU), and those waits go on in parallel when threads share them.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lab/os/os_priv.h"

/* Frames taken at once from one socket, and what is kept of each: MTU 1500 and room. */
#define TAP_BATCH 32
#define TAP_SNAP 2048
/* Asked for; without real root the kernel gives at most net.core.rmem_max. */
#define TAP_BUFFER (8 << 20)
#define CLOSERS 32
#define NSEC_PER_SEC 1000000000u

struct tap {
	int fd;
	unsigned node;
	bool active;             /* in taps.active */
	bool drained;            /* nothing was left in the socket when it was read */
	size_t n, next;          /* frames in the batch, and the first not handed over */
	struct tap_frame frame[TAP_BATCH];
	uint8_t *bytes;          /* TAP_BATCH times TAP_SNAP; NULL until first needed */
};

/* What one recvmmsg() fills. */
struct batch {
	struct mmsghdr msg[TAP_BATCH];
	struct iovec iov[TAP_BATCH];
	struct sockaddr_ll from[TAP_BATCH];
	char ctl[TAP_BATCH][64];
};

struct by_index {
	uint32_t ifindex;
	unsigned iface;
};

/* A thread that closes every CLOSERS-th socket. */
struct closer {
	const struct taps *t;
	unsigned first;
	pthread_t thread;
	bool started;
};

struct taps {
	struct netns *g;
	int epoll;
	struct tap *tap;         /* of n_nodes */
	struct tap **active;     /* taps with frames, or with something in the socket */
	size_t n_active;
	struct by_index *index;  /* of n_ifaces, sorted */
	struct epoll_event *ready; /* of n_nodes */
	struct batch batch;
};

static uint64_t nanoseconds(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * NSEC_PER_SEC + (uint64_t)t->tv_nsec;
}

/* ---- opening ---- */

static int index_order(const void *a, const void *b)
{
	const struct by_index *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

/* The interface of that index, or -1: the loopback, a tunnel device, ... */
static int iface_of(const struct taps *t, int ifindex)
{
	const struct by_index key = {.ifindex = (uint32_t)ifindex};
	const struct by_index *found =
		bsearch(&key, t->index, t->g->s->n_ifaces, sizeof(key), index_order);

	return found ? (int)found->iface : -1;
}

/* A node's own talk with itself does not fill the buffer. */
static int ignore_loopback(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog prog = {.len = ARRAY_LEN(code), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static int tap_open(struct taps *t, struct tap *tap, struct err *e)
{
	const struct sockaddr_ll everything = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = tap};

	/* Protocol 0 hears nothing until it is bound. */
	tap->fd = netns_socket(t->g, tap->node, AF_PACKET, SOCK_RAW, 0, e);
	if (tap->fd < 0)
		return -1;
	if (socket_set_buffer(tap->fd, TAP_BUFFER) < 0)
		return err_sys(e, "buffer");
	if (setsockopt(tap->fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){1}, sizeof(int)) < 0)
		return err_sys(e, "time stamps");
	if (ignore_loopback(tap->fd) < 0)
		return err_sys(e, "filter");
	if (bind(tap->fd, (const struct sockaddr *)&everything, sizeof(everything)) < 0)
		return err_sys(e, "bind");
	if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, tap->fd, &ev) < 0)
		return err_sys(e, "epoll");
	return 0;
}

static const struct timespec *stamp_of(struct msghdr *h, struct timespec *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
			memcpy(out, CMSG_DATA(c), sizeof(*out));
			return out;
		}
	return NULL;
}

/* Does the kernel stamp a frame when it sees it? If not (it is about to), recvmsg() stamps. */
static int stamped_in_time(int fd, const struct sockaddr_in *self, struct err *e)
{
	char byte = 0, ctl[64];
	struct iovec iov = {&byte, 1};
	struct msghdr h = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl)
	};
	struct timespec after, stamp;

	if (sendto(fd, &byte, 1, 0, (const struct sockaddr *)self, sizeof(*self)) < 0)
		return err_sys(e, "loopback");
	clock_gettime(CLOCK_REALTIME, &after);
	if (recvmsg(fd, &h, 0) < 0)
		return err_sys(e, "loopback");
	if (!stamp_of(&h, &stamp))
		return err_set(e, ERR_MACHINE, "the kernel does not stamp frames");
	return nanoseconds(&stamp) <= nanoseconds(&after);
}

static int wait_for_stamps(struct err *e)
{
	struct sockaddr_in self = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	const struct timespec nap = {.tv_nsec = 100000};
	const struct timeval second = {.tv_sec = 1};
	socklen_t len = sizeof(self);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0 || bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&self, &len) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){1}, sizeof(int)) < 0)
		rc = err_sys(e, "time stamps");
	for (int patience = 10000; rc == 0 && patience > 0; patience--) {
		rc = stamped_in_time(fd, &self, e);
		if (rc == 0)
			nanosleep(&nap, NULL);
	}
	if (fd >= 0)
		close(fd);
	return rc == 0 ? err_set(e, ERR_MACHINE, "the kernel does not begin to stamp frames")
		       : MIN(rc, 0);
}

int netns_taps_open(struct netns *g, struct err *e)
{
	const struct scenario *s = g->s;
	struct taps *t = arena_new_of(g->arena, struct taps);

	assert(!g->taps);
	g->taps = t;
	t->g = g;
	t->tap = arena_array_of(g->arena, s->n_nodes, struct tap);
	t->active = arena_array_of(g->arena, s->n_nodes, struct tap *);
	t->index = arena_array_of(g->arena, s->n_ifaces, struct by_index);
	t->ready = arena_array_of(g->arena, s->n_nodes, struct epoll_event);
	for (unsigned i = 0; i < s->n_ifaces; i++)
		t->index[i] = (struct by_index){.ifindex = s->ifaces[i].ifindex, .iface = i};
	qsort(t->index, s->n_ifaces, sizeof(*t->index), index_order);
	for (unsigned i = 0; i < s->n_nodes; i++)
		t->tap[i] = (struct tap){.fd = -1, .node = i};
	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll < 0)
		return err_sys(e, "taps: epoll");
	if (wait_for_stamps(e) < 0)
		return err_prefix(e, "taps");
	for (size_t i = 0; i < s->n_nodes; i++)
		if (tap_open(t, &t->tap[i], e) < 0)
			return err_prefix(e, "%s: tap", s->nodes[i].name);
	return 0;
}

int netns_taps_fd(const struct netns *g)
{
	return g->taps->epoll;
}

/* ---- closing ---- */

static void *close_some(void *arg)
{
	const struct closer *c = arg;

	for (size_t i = c->first; i < c->t->g->s->n_nodes; i += CLOSERS)
		if (c->t->tap[i].fd >= 0)
			close(c->t->tap[i].fd);
	return NULL;
}

void taps_free(struct netns *g)
{
	struct taps *t = g->taps;
	struct closer closer[CLOSERS];
	unsigned n = (unsigned)MIN(g->s->n_nodes, (size_t)CLOSERS);

	if (!t)
		return;
	/* Each close waits for RCU; those that wait together wait once. */
	for (unsigned i = 0; i < n; i++) {
		struct closer *c = &closer[i];

		*c = (struct closer){.t = t, .first = i};
		c->started = pthread_create(&c->thread, NULL, close_some, c) == 0;
		if (!c->started)
			close_some(c);
	}
	for (unsigned i = 0; i < n; i++)
		if (closer[i].started)
			pthread_join(closer[i].thread, NULL);
	for (size_t i = 0; i < g->s->n_nodes; i++)
		free(t->tap[i].bytes);
	if (t->epoll >= 0)
		close(t->epoll);
	g->taps = NULL;
}

/* ---- reading ---- */

/* One message of a batch: counted, and kept if it is the sender's copy. */
static void take(struct taps *t, struct tap *tap, unsigned slot)
{
	const struct sockaddr_ll *from = &t->batch.from[slot];
	struct mmsghdr *m = &t->batch.msg[slot];
	int iface = iface_of(t, from->sll_ifindex);
	bool ip = from->sll_protocol == htons(ETH_P_IP);
	struct timespec stamp = {0};

	if (iface < 0)
		return;
	if (from->sll_pkttype != PACKET_OUTGOING) {
		counters_received(t->g, (unsigned)iface);
		if (ip && from->sll_pkttype != PACKET_OTHERHOST)
			counters_in(t->g, tap->node);
		return;
	}
	counters_sent(t->g, (unsigned)iface);
	if (ip)
		counters_out(t->g, tap->node);
	stamp_of(&m->msg_hdr, &stamp);
	tap->frame[tap->n++] = (struct tap_frame){
		.link = t->g->s->ifaces[iface].link,
		.from_iface = (unsigned)iface,
		.kernel_ns = nanoseconds(&stamp),
		.data = tap->bytes + (size_t)slot * TAP_SNAP,
		.len = MIN(m->msg_len, (unsigned)TAP_SNAP),
		.wire_len = m->msg_len,
	};
}

/* Takes what the socket has, until there is a frame to hand over or nothing left. */
static bool refill(struct taps *t, struct tap *tap)
{
	struct batch *b = &t->batch;
	int n;

	if (!tap->bytes) {
		tap->bytes = malloc((size_t)TAP_BATCH * TAP_SNAP);
		if (!tap->bytes) /* its frames stay, and are lost when the buffer is full */
			return false;
	}
	tap->n = tap->next = 0;
	do {
		for (size_t i = 0; i < TAP_BATCH; i++) {
			b->iov[i] = (struct iovec){tap->bytes + i * TAP_SNAP, TAP_SNAP};
			b->msg[i].msg_hdr = (struct msghdr){
				.msg_name = &b->from[i],
				.msg_namelen = sizeof(b->from[i]),
				.msg_iov = &b->iov[i],
				.msg_iovlen = 1,
				.msg_control = b->ctl[i],
				.msg_controllen = sizeof(b->ctl[i]),
			};
		}
		/* MSG_TRUNC: the frame's own length is told although less is kept. */
		n = recvmmsg(tap->fd, b->msg, TAP_BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
		for (int i = 0; i < n; i++)
			take(t, tap, (unsigned)i);
	} while (n == TAP_BATCH && tap->n == 0);
	/* What has come since is younger than this reading. */
	tap->drained = n < TAP_BATCH;
	return tap->n > 0;
}

static void activate(struct taps *t, struct tap *tap)
{
	tap->drained = false;
	if (tap->active)
		return;
	tap->active = true;
	t->active[t->n_active++] = tap;
}

static void find_readable(struct taps *t)
{
	int n = epoll_wait(t->epoll, t->ready, (int)t->g->s->n_nodes, 0);

	for (int i = 0; i < n; i++)
		activate(t, t->ready[i].data.ptr);
}

static bool older(const struct tap *a, const struct tap *b)
{
	const struct tap_frame *f = &a->frame[a->next], *g = &b->frame[b->next];

	if (f->kernel_ns != g->kernel_ns)
		return f->kernel_ns < g->kernel_ns;
	return f->from_iface < g->from_iface; /* numbered along the path */
}

/* The oldest of the first frames; taps that have none any more are put aside. */
static struct tap *oldest(struct taps *t)
{
	struct tap *best = NULL;

	for (size_t i = 0; i < t->n_active;) {
		struct tap *tap = t->active[i];

		if (tap->next == tap->n && (tap->drained || !refill(t, tap))) {
			tap->active = false;
			t->active[i] = t->active[--t->n_active];
			continue;
		}
		i++;
		if (!best || older(tap, best))
			best = tap;
	}
	return best;
}

size_t netns_taps_lost(struct netns *g)
{
	for (size_t i = 0; i < g->s->n_nodes; i++) {
		struct tpacket_stats stats = {0};
		socklen_t len = sizeof(stats);
		int fd = g->taps->tap[i].fd;

		/* Asking sets the kernel's count back to 0. */
		if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
			g->lost += stats.tp_drops;
	}
	return g->lost;
}

size_t taps_kept(const struct netns *g)
{
	const struct taps *t = g->taps;
	size_t sum = 0;

	for (size_t i = 0; t && i < t->n_active; i++)
		sum += t->active[i]->n - t->active[i]->next;
	return sum;
}

void netns_taps_read(struct netns *g, void (*frame)(void *ctx, const struct tap_frame *f),
		     void *ctx)
{
	struct taps *t = g->taps;
	struct timespec now;
	uint64_t began;
	struct tap *tap;

	clock_gettime(CLOCK_REALTIME, &now);
	began = nanoseconds(&now);
	find_readable(t);
	while ((tap = oldest(t))) {
		const struct tap_frame *f = &tap->frame[tap->next];

		/* Unless somebody has set the clock back. */
		if (f->kernel_ns > began && f->kernel_ns < began + NSEC_PER_SEC)
			break;
		tap->next++;
		frame(ctx, f);
	}
}
