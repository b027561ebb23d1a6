/* SPDX-License-Identifier: MIT */
/*
 * relay.c - links that the lab carries over itself: those with faults, and those of a virtual
 * machine, of which qemu_socket.c is the other half.
 *
 * Such a link is cut in the middle: each node's end has a veth peer in the lab's own namespace, and
 * what arrives there is carried to the other half by the lab itself, or not, or late, or twice
 * (faults.c). The kernel's netem could do it too, but not by our seed, not everywhere, and not
 * without the real time's clock.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/os/os_priv.h"
#include "lab/topology/scenario_query.h"

#define RELAY_FRAME_MAX 2048
/* Above every node's interface: indexes are distinct over the scenario. */
#define RELAY_IFINDEX 1000000
#define RELAY_BUFFER (4 << 20)

struct relay {
	int fd;
	unsigned iface;	  /* the node's end */
	struct iface end; /* ours */
};

void relays_prepare(struct netns *g)
{
	size_t n = 0;

	for (unsigned i = 0; i < g->s->n_links; i++)
		n += scenario_link_is_cut(g->s, i) ? 2 : 0;
	g->relay = arena_array_of(g->arena, n, struct relay);
}

static struct relay *relay_of(struct netns *g, unsigned iface)
{
	for (size_t i = 0; i < g->n_relays; i++)
		if (g->relay[i].iface == iface)
			return &g->relay[i];
	return NULL;
}

static int build_half(struct netns *g, unsigned iface, struct rtnl *node, struct rtnl *lab,
		      struct err *e)
{
	const struct iface *near = &g->s->ifaces[iface];
	struct relay *r = &g->relay[g->n_relays++];

	*r = (struct relay){.fd = -1, .iface = iface, .end = *near};
	r->end.name = arena_printf(g->arena, "relay%u", iface);
	r->end.ifindex = RELAY_IFINDEX + iface;
	r->end.mac[1] = 1; /* not the node's own */
	if (rtnl_veth(node, near, &r->end, g->lab_ns, e) || rtnl_quiet(node, near, e) ||
	    rtnl_quiet(lab, &r->end, e))
		return -1;
	return rtnl_up(lab, &r->end, e);
}

int relay_build(struct netns *g, unsigned link, struct rtnl *const *nodes, struct rtnl *lab,
		struct err *e)
{
	for (unsigned k = 0; k < 2; k++) {
		unsigned iface = g->s->links[link].ifaces[k];

		if (g->s->nodes[g->s->ifaces[iface].node].vm)
			continue; /* that half is a port */
		if (build_half(g, iface, nodes[g->s->ifaces[iface].node], lab, e))
			return -1;
	}
	return 0;
}

int relays_open(struct netns *g, struct rtnl *lab, struct err *e)
{
	/* Our ends come up a moment after the nodes': until then they send nothing. */
	for (size_t i = 0; i < g->n_relays; i++)
		if (rtnl_wait_up(lab, &g->relay[i].end, e))
			return err_prefix(e, "relay of %s", g->s->ifaces[g->relay[i].iface].full);

	for (size_t i = 0; i < g->n_relays; i++) {
		struct relay *r = &g->relay[i];
		const struct sockaddr_ll sa = {
			.sll_family = AF_PACKET,
			.sll_protocol = htons(ETH_P_ALL),
			.sll_ifindex = (int)r->end.ifindex,
		};

		r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		/* A smaller buffer only loses more on a link that loses anyway. */
		if (r->fd >= 0)
			socket_set_buffer(r->fd, RELAY_BUFFER);
		if (r->fd < 0 || bind(r->fd, (const struct sockaddr *)&sa, sizeof(sa)))
			return err_sys(e, "relay of %s", g->s->ifaces[r->iface].full);
	}
	return 0;
}

void relays_close(struct netns *g)
{
	for (size_t i = 0; i < g->n_relays; i++)
		if (g->relay[i].fd >= 0)
			close(g->relay[i].fd);
}

bool netns_relay_read(struct netns *g,
		      void (*frame)(void *ctx, unsigned iface, const uint8_t *data, size_t len),
		      void *ctx)
{
	uint8_t buf[RELAY_FRAME_MAX];

	for (size_t i = 0; i < g->n_relays; i++) {
		struct relay *r = &g->relay[i];
		struct sockaddr_ll from = {0};
		socklen_t len = sizeof(from);
		ssize_t n;

		/* What we put there ourselves is seen too, and passed over. */
		while ((n = recvfrom(r->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len)) >=
			       0 &&
		       from.sll_pkttype == PACKET_OUTGOING)
			len = sizeof(from);
		if (n < 0)
			continue;
		counters_relayed(g, r->iface);
		frame(ctx, r->iface, buf, (size_t)n);
		return true;
	}
	return false;
}

void netns_relay_send(struct netns *g, unsigned iface, const uint8_t *data, size_t len)
{
	unsigned other = netns_other_end(g, iface);
	struct relay *to = relay_of(g, other);

	if (netns_qemu_send(g, other, data, len))
		return;
	/* A kernel that does not take it now has lost it: it is that kind of link. */
	if (to && send(to->fd, data, len, 0) == (ssize_t)len)
		counters_injected(g, iface);
}
