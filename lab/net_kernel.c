/* SPDX-License-Identifier: MIT */
/* net_kernel.c - the backend of network namespaces: ground.h below, host.h's sockets on top. */
#include "lab/net.h"

#include <poll.h>
#include <time.h>

#include "lab/faults.h"
#include "lab/ground.h"
#include "nodes/host.h"

struct net {
	const struct scenario *s;
	struct ground *ground;
	struct host *hosts;  /* of n_nodes; those that do not speak are closed */
	struct pollfd *poll; /* what to wait for */
	size_t n_poll;
	struct faults *faults; /* NULL: every link is good */
	usec now;
	/* of the frames() call under way */
	void (*frame)(void *ctx, const struct net_frame *f);
	void *frame_ctx;
};

static const char *kernel_refuses(const struct scenario *s)
{
	(void)s;
	return NULL;
}

static void kernel_free(struct net *n)
{
	for (size_t i = 0; i < n->s->n_nodes; i++)
		host_close(&n->hosts[i]);
	ground_free(n->ground);
}

static struct net *kernel_build(struct arena *a, const struct plan *p, struct err *e)
{
	struct net *n = arena_new_of(a, struct net);

	n->s = p->s;
	n->faults = faults_new(a, p->s, p->seed);
	n->hosts = arena_array_of(a, p->s->n_nodes, struct host);
	n->poll = arena_array_of(a, p->s->n_nodes * HOST_SOCKETS + 1, struct pollfd);
	for (size_t i = 0; i < p->s->n_nodes; i++)
		n->hosts[i] = (struct host)HOST_CLOSED;
	n->ground = ground_build(a, p, e);
	if (!n->ground)
		return NULL;
	if (ground_taps_open(n->ground, e)) {
		kernel_free(n);
		return NULL;
	}
	n->poll[n->n_poll++] = (struct pollfd){.fd = ground_taps_fd(n->ground), .events = POLLIN};
	return n;
}

struct maker {
	struct net *n;
	unsigned node;
};

static int make_socket(void *ctx, int family, int type, int protocol, struct err *e)
{
	const struct maker *m = ctx;

	return ground_socket(m->n->ground, m->node, family, type, protocol, e);
}

static int kernel_open(struct net *n, unsigned node, struct inet_addr own, struct err *e)
{
	struct maker m = {n, node};

	if (host_open(&n->hosts[node], own, make_socket, &m, e))
		return err_prefix(e, "%s", n->s->nodes[node].name);
	host_poll(&n->hosts[node], n->poll + n->n_poll);
	n->n_poll += HOST_SOCKETS;
	return 0;
}

static bool kernel_send(struct net *n, unsigned node, const struct datagram *d)
{
	return host_send(&n->hosts[node], d);
}

static bool kernel_recv(struct net *n, unsigned node, struct datagram *d, uint8_t *buf, size_t size)
{
	return host_recv(&n->hosts[node], d, buf, size);
}

static void on_tap_frame(void *ctx, const struct tap_frame *f)
{
	struct net *n = ctx;
	const struct net_frame out = {.link = f->link, .data = f->data, .len = f->len};

	n->frame(n->frame_ctx, &out);
}

static void inject(struct net *n, unsigned iface, const uint8_t *data, size_t len)
{
	ground_relay_send(n->ground, iface, data, len);
}

/* A frame that a node sent onto a bad link. */
static void on_relayed(void *ctx, unsigned iface, const uint8_t *data, size_t len)
{
	struct net *n = ctx;
	struct fate fate = faults_draw(n->faults, iface);

	for (unsigned i = 0; i < fate.copies; i++) {
		if (fate.delay[i])
			faults_hold(n->faults, iface, n->now + fate.delay[i], data, len);
		else
			inject(n, iface, data, len);
	}
}

static void kernel_clock(struct net *n, usec now)
{
	n->now = now;
}

static usec kernel_deadline(struct net *n)
{
	return faults_deadline(n->faults);
}

static void kernel_release(struct net *n)
{
	const uint8_t *data;
	unsigned iface;
	size_t len;

	/* One after the other, each to the end of its way, as in every other case. */
	while (faults_take(n->faults, n->now, &iface, &data, &len)) {
		inject(n, iface, data, len);
		while (ground_relay_read(n->ground, on_relayed, n))
			;
	}
}

static void kernel_frames(struct net *n, void (*frame)(void *ctx, const struct net_frame *f),
			  void *ctx)
{
	n->frame = frame;
	n->frame_ctx = ctx;
	do
		ground_taps_read(n->ground, on_tap_frame, n);
	while (n->faults && ground_relay_read(n->ground, on_relayed, n));
}

static bool kernel_quiet(struct net *n)
{
	return !ground_in_flight(n->ground) && !ground_unaccounted(n->ground);
}

static void kernel_wait(struct net *n, usec timeout)
{
	const struct timespec ts = {.tv_sec = timeout / SEC, .tv_nsec = timeout % SEC * 1000};

	ppoll(n->poll, n->n_poll, &ts, NULL);
}

static int kernel_age(struct net *n, usec d, struct err *e)
{
	return ground_conntrack_age(n->ground, d, e);
}

static size_t kernel_lost(struct net *n)
{
	return ground_taps_lost(n->ground);
}

static int kernel_ruleset(struct net *n, unsigned node, FILE *f, struct err *e)
{
	return ground_ruleset_text(n->ground, node, f, e);
}

static int kernel_conntrack(struct net *n, unsigned node, FILE *f, struct err *e)
{
	return ground_conntrack_text(n->ground, node, f, e);
}

const struct net_ops net_kernel = {
	.name = "netns",
	.namespaces = true,
	.refuses = kernel_refuses,
	.build = kernel_build,
	.free = kernel_free,
	.open = kernel_open,
	.clock = kernel_clock,
	.deadline = kernel_deadline,
	.release = kernel_release,
	.send = kernel_send,
	.recv = kernel_recv,
	.frames = kernel_frames,
	.quiet = kernel_quiet,
	.wait = kernel_wait,
	.age = kernel_age,
	.lost = kernel_lost,
	.ruleset = kernel_ruleset,
	.conntrack = kernel_conntrack,
};
