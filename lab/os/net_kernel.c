/* SPDX-License-Identifier: MIT */
/* net_kernel.c - the backend of network namespaces: those of netns_build.c below, the sockets of
 * node_sockets.h on top. */
#include "lab/os/net_kernel.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "lab/net/dhcp.h"
#include "lab/net/faults.h"
#include "lab/os/node_sockets.h"
#include "lab/os/os_priv.h"

/* Frames of virtual machines that are taken at once: one that floods must not keep the lab from
 * everything else. */
#define PORT_FRAMES_MAX 256

/* An endpoint of endpoint_open(). */
struct endpoint {
	unsigned node;
	int fd;
};

struct net {
	const struct scenario *s;
	struct arena *a;
	VEC(struct endpoint) endpoints;
	struct netns *netns;
	struct node_sockets *hosts; /* of n_nodes; those that do not speak are closed */
	int epoll;           /* of all hosts' sockets */
	struct epoll_event *event; /* room for one of each */
	size_t n_sockets;
	bool *is_ready;      /* of n_nodes; of the ready() call under way */
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
		node_sockets_close(&n->hosts[i]);
	close(n->epoll);
	netns_free(n->netns);
}

static struct net *kernel_build(struct arena *a, const struct plan *p, struct err *e)
{
	struct net *n = arena_new_of(a, struct net);

	n->s = p->s;
	n->a = a;
	n->faults = faults_new(a, p->s, p->seed);
	n->hosts = arena_array_of(a, p->s->n_nodes, struct node_sockets);
	n->event = arena_array_of(a, p->s->n_nodes * HOST_SOCKETS, struct epoll_event);
	n->is_ready = arena_array_of(a, p->s->n_nodes, bool);
	for (size_t i = 0; i < p->s->n_nodes; i++)
		n->hosts[i] = (struct node_sockets)HOST_CLOSED;
	n->netns = netns_build(a, p, e);
	if (!n->netns)
		return NULL;
	n->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (n->epoll < 0 ? err_sys(e, "epoll") : netns_taps_open(n->netns, e)) {
		kernel_free(n);
		return NULL;
	}
	return n;
}

struct maker {
	struct net *n;
	unsigned node;
};

static int make_socket(void *ctx, int family, int type, int protocol, struct err *e)
{
	const struct maker *m = ctx;

	return netns_socket(m->n->netns, m->node, family, type, protocol, e);
}

static int kernel_open(struct net *n, unsigned node, struct inet_addr own, struct err *e)
{
	struct maker m = {n, node};
	struct pollfd p[HOST_SOCKETS];

	if (node_sockets_open(&n->hosts[node], own, make_socket, &m, e))
		return err_prefix(e, "%s", n->s->nodes[node].name);
	node_sockets_poll(&n->hosts[node], p);
	for (size_t i = 0; i < HOST_SOCKETS; i++) {
		struct epoll_event ev = {
			.events = EPOLLIN, .data.u32 = node * HOST_SOCKETS + (uint32_t)i};

		if (epoll_ctl(n->epoll, EPOLL_CTL_ADD, p[i].fd, &ev))
			return err_sys(e, "%s: epoll", n->s->nodes[node].name);
		n->n_sockets++;
	}
	return 0;
}

static bool kernel_send(struct net *n, unsigned node, const struct datagram *d)
{
	return node_sockets_send(&n->hosts[node], d);
}

static int by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

static size_t kernel_ready(struct net *n, unsigned *v)
{
	int sockets = n->n_sockets ? epoll_wait(n->epoll, n->event, (int)n->n_sockets, 0) : 0;
	size_t kept = 0;

	/* A node with two sockets that are ready is there twice. */
	for (int i = 0; i < sockets; i++) {
		unsigned socket = n->event[i].data.u32, node = socket / HOST_SOCKETS;

		n->hosts[node].ready |= (uint8_t)(1u << socket % HOST_SOCKETS);
		if (!n->is_ready[node])
			v[kept++] = node;
		n->is_ready[node] = true;
	}
	for (size_t i = 0; i < kept; i++)
		n->is_ready[v[i]] = false;
	if (kept > 1)
		qsort(v, kept, sizeof(*v), by_number);
	return kept;
}

static bool kernel_recv(struct net *n, unsigned node, struct datagram *d, uint8_t *buf, size_t size)
{
	return node_sockets_recv(&n->hosts[node], d, buf, size);
}

static void on_tap_frame(void *ctx, const struct tap_frame *f)
{
	struct net *n = ctx;
	const struct net_frame out = {.link = f->link, .data = f->data, .len = f->len};

	n->frame(n->frame_ctx, &out);
}

static void inject(struct net *n, unsigned iface, const uint8_t *data, size_t len)
{
	netns_relay_send(n->netns, iface, data, len);
}

/* A frame that a node sent onto a link which the lab carries over. */
static void on_relayed(void *ctx, unsigned iface, const uint8_t *data, size_t len)
{
	struct net *n = ctx;
	struct fate fate = {.copies = 1};

	if (n->faults)
		fate = faults_draw(n->faults, iface);
	for (unsigned i = 0; i < fate.copies; i++) {
		if (fate.delay[i])
			faults_hold(n->faults, iface, n->now + fate.delay[i], data, len);
		else
			inject(n, iface, data, len);
	}
}

/* A frame on a machine's link that no tap sees. */
static void show(struct net *n, unsigned link, const uint8_t *data, size_t len)
{
	const struct net_frame f = {.link = link, .data = data, .len = len};

	netns_taps_read(n->netns, on_tap_frame, n); /* what went before it */
	n->frame(n->frame_ctx, &f);
}

static struct dhcp_lease lease_of(const struct scenario *s, const struct iface *own)
{
	const struct node *vm = &s->nodes[own->node];
	const struct iface *other = &s->ifaces[link_other_end(&s->links[own->link], vm->ifaces[0])];
	struct dhcp_lease l = {.addr = own->addr, .plen = own->plen, .server = other->addr};

	memcpy(l.server_mac, other->mac, sizeof(l.server_mac));
	for (size_t i = 0; i < vm->n_routes; i++)
		if (!vm->routes[i].to.plen)
			l.router = vm->routes[i].via;
	return l;
}

/* A frame that a virtual machine sent. */
static void on_port(void *ctx, unsigned iface, const uint8_t *data, size_t len)
{
	struct net *n = ctx;
	const struct iface *own = &n->s->ifaces[iface];
	struct dhcp_lease lease;
	uint8_t answer[DHCP_FRAME_MAX];

	show(n, own->link, data, len);
	if (!dhcp_is_for_server(data, len)) {
		on_relayed(n, iface, data, len);
		return;
	}
	lease = lease_of(n->s, own);
	len = dhcp_answer(&lease, data, len, answer);
	if (!len)
		return;
	show(n, own->link, answer, len);
	netns_qemu_send(n->netns, iface, answer, len);
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
		while (netns_relay_read(n->netns, on_relayed, n))
			;
	}
}

static void kernel_frames(struct net *n, void (*frame)(void *ctx, const struct net_frame *f),
			  void *ctx)
{
	unsigned ported = 0;

	n->frame = frame;
	n->frame_ctx = ctx;
	do
		netns_taps_read(n->netns, on_tap_frame, n);
	while (netns_relay_read(n->netns, on_relayed, n) ||
	       (ported++ < PORT_FRAMES_MAX && netns_qemu_read(n->netns, on_port, n)));
}

static bool kernel_quiet(struct net *n)
{
	return !netns_in_flight(n->netns) && !netns_unaccounted(n->netns);
}

static void kernel_wait(struct net *n, usec timeout)
{
	const struct timespec ts = {.tv_sec = timeout / SEC, .tv_nsec = timeout % SEC * 1000};

	struct pollfd p[] = {
		{.fd = n->epoll, .events = POLLIN},
		{.fd = netns_taps_fd(n->netns), .events = POLLIN},
		{.fd = netns_qemu_fd(n->netns), .events = POLLIN},
	};

	ppoll(p, ARRAY_LEN(p), &ts, NULL);
}

static int kernel_age(struct net *n, usec d, struct err *e)
{
	return netns_conntrack_age(n->netns, d, e);
}

static size_t kernel_lost(struct net *n)
{
	return netns_taps_lost(n->netns);
}

static int kernel_enter(struct net *n, int node, struct err *e)
{
	return netns_enter(n->netns, node, e);
}

static enum vm_plug kernel_plug(struct net *n, unsigned node)
{
	return netns_qemu_plug(n->netns, n->s->nodes[node].ifaces[0]);
}

static int kernel_rules(struct net *n, unsigned node, const struct nat_rules *rules, bool forget,
			struct err *e)
{
	return netns_rules_replace(n->netns, node, rules, forget, e);
}

static int kernel_ruleset(struct net *n, unsigned node, FILE *f, struct err *e)
{
	return netns_ruleset_text(n->netns, node, f, e);
}

static int kernel_conntrack(struct net *n, unsigned node, FILE *f, struct err *e)
{
	return netns_conntrack_text(n->netns, node, f, e);
}

/* ---- the lab's own questions ---- */

static int kernel_endpoint_open(struct net *n, unsigned node, struct inet_ep own, struct err *e)
{
	struct sockaddr_in sa = sockaddr_of(own);
	int fd = netns_socket(n->netns, node, AF_INET, SOCK_DGRAM, 0, e);

	if (fd < 0)
		return -1;
	*vec_push(n->a, &n->endpoints) = (struct endpoint){node, fd};
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)))
		return err_sys(e, "%s: cannot ask from %s", n->s->nodes[node].name, INET_EP(own));
	return (int)n->endpoints.n - 1;
}

static void forget_frame(void *ctx, const struct net_frame *f)
{
	(void)ctx;
	(void)f;
}

/* Errors that come back (nothing listens there) wait in the same sockets; they are no words. */
static int arrival(struct net *n, struct inet_ep *seen)
{
	struct sockaddr_in sa = {0};
	socklen_t len = sizeof(sa);
	char byte;

	for (size_t i = 0; i < n->endpoints.n; i++) {
		if (recvfrom(n->endpoints.v[i].fd, &byte, 1, 0, (struct sockaddr *)&sa, &len) < 0)
			continue;
		*seen = ep_of(&sa);
		return (int)i;
	}
	return -1;
}

#define ARRIVAL_TRIES 1000 /* of a millisecond, where frames are not delivered at once */

static int kernel_say(struct net *n, int from, struct inet_ep to, struct inet_ep *seen)
{
	struct sockaddr_in sa = sockaddr_of(to);

	if (sendto(n->endpoints.v[from].fd, "?", 1, 0, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -1;
	for (unsigned i = 0; i < ARRIVAL_TRIES; i++) {
		int at = arrival(n, seen);

		kernel_frames(n, forget_frame, NULL);
		if (at >= 0 || kernel_quiet(n))
			return at >= 0 ? at : arrival(n, seen);
		kernel_wait(n, MSEC);
	}
	return -1;
}

static void kernel_endpoints_close(struct net *n)
{
	for (size_t i = 0; i < n->endpoints.n; i++)
		close(n->endpoints.v[i].fd);
	n->endpoints.n = 0;
	kernel_frames(n, forget_frame, NULL);
}

const struct net_ops net_kernel = {
	.name = "netns",
	.namespaces = true,
	.refuses = kernel_refuses,
	.build = kernel_build,
	.free = kernel_free,
	.endpoint_open = kernel_endpoint_open,
	.say = kernel_say,
	.endpoints_close = kernel_endpoints_close,
	.open = kernel_open,
	.clock = kernel_clock,
	.deadline = kernel_deadline,
	.release = kernel_release,
	.send = kernel_send,
	.ready = kernel_ready,
	.recv = kernel_recv,
	.frames = kernel_frames,
	.quiet = kernel_quiet,
	.wait = kernel_wait,
	.age = kernel_age,
	.lost = kernel_lost,
	.enter = kernel_enter,
	.plug = kernel_plug,
	.rules = kernel_rules,
	.ruleset = kernel_ruleset,
	.conntrack = kernel_conntrack,
};
