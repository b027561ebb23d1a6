/* SPDX-License-Identifier: MIT */
/* counters.c - frames of each interface and IPv4 packets of each node, as the taps and relays see
 * them, and which of these counts have moved. */
#include "lab/os/os_priv.h"

static struct moved moved_new(struct arena *a, size_t n)
{
	return (struct moved){
		.v = arena_array_of(a, n, unsigned),
		.in = arena_array_of(a, n, bool),
	};
}

void counters_prepare(struct netns *g)
{
	g->moved_ifaces = moved_new(g->arena, g->s->n_ifaces);
	g->moved_nodes = moved_new(g->arena, g->s->n_nodes);
}

static void note(struct moved *m, unsigned i)
{
	if (m->in[i])
		return;
	m->in[i] = true;
	m->v[m->n++] = i;
}

void counters_sent(struct netns *g, unsigned iface)
{
	g->flow[iface].sent++;
	note(&g->moved_ifaces, iface);
}

/* The balance is that of the end which sent. */
void counters_received(struct netns *g, unsigned iface)
{
	g->flow[iface].received++;
	note(&g->moved_ifaces, netns_other_end(g, iface));
}

void counters_relayed(struct netns *g, unsigned iface)
{
	g->flow[iface].relayed++;
	note(&g->moved_ifaces, iface);
}

void counters_injected(struct netns *g, unsigned iface)
{
	g->flow[iface].injected++;
	note(&g->moved_ifaces, iface);
}

void counters_in(struct netns *g, unsigned node)
{
	g->node[node].ip_in++;
	if (g->node[node].forwards)
		note(&g->moved_nodes, node);
}

void counters_out(struct netns *g, unsigned node)
{
	g->node[node].ip_out++;
	if (g->node[node].forwards)
		note(&g->moved_nodes, node);
}
