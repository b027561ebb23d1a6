/* SPDX-License-Identifier: MIT */
#include "lab/topology/scenario_query.h"

#include "lab/topology/topology_priv.h"

const struct node *scenario_node(const struct scenario *s, const char *name)
{
	int i = topo_node(s->topology, name);

	return i < 0 ? NULL : &s->nodes[i];
}

const struct node *scenario_owner(const struct scenario *s, struct inet_addr addr)
{
	for (size_t i = 0; i < s->n_ifaces; i++) {
		if (inet_addr_eq(s->ifaces[i].addr, addr))
			return &s->nodes[s->ifaces[i].node];
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		for (size_t k = 0; k < s->nodes[i].n_map; k++) {
			if (inet_addr_eq(s->nodes[i].map[k].outside, addr))
				return &s->nodes[i];
		}
	}
	return NULL;
}

bool scenario_has_vm(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (s->nodes[i].vm)
			return true;
	}
	return false;
}

int scenario_route(const struct scenario *s, const struct node *n, struct inet_addr dst,
		   struct inet_addr *to)
{
	int best = -1, iface = -1;

	for (size_t k = 0; k < n->n_ifaces; k++) {
		const struct iface *f = &s->ifaces[n->ifaces[k]];

		if (inet_net_contains(s->links[f->link].subnet, dst) && f->plen > best) {
			best = f->plen;
			iface = (int)n->ifaces[k];
			*to = dst;
		}
	}
	for (size_t k = 0; k < n->n_routes; k++) {
		const struct route *r = &n->routes[k];

		if (inet_net_contains(r->to, dst) && r->to.plen > best) {
			best = r->to.plen;
			iface = (int)r->iface;
			*to = r->via.len ? r->via : dst;
		}
	}
	return iface;
}

unsigned scenario_own(const struct scenario *s, const struct node *n)
{
	struct inet_addr to;
	int iface = n->dials.len ? scenario_route(s, n, n->dials, &to) : -1;

	return iface >= 0 ? (unsigned)iface : n->ifaces[0];
}

bool node_allows(const struct node *n, uint8_t proto, uint16_t port)
{
	if (!n->has_allow)
		return true;
	for (size_t i = 0; i < n->n_allow; i++) {
		const struct allow *e = &n->allow[i];

		if (e->proto == proto &&
		    (proto != 17 || (port >= e->port_lo && port <= e->port_hi)))
			return true;
	}
	return false;
}

const struct forward *napt_forward(const struct node *n, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < n->n_forward; i++) {
		if (n->forward[i].proto == proto && n->forward[i].port == port)
			return &n->forward[i];
	}
	return NULL;
}

usec udp_timeout(const struct node *n)
{
	switch (n->kind) {
	case KIND_NAPT:
		return n->timeout ? n->timeout : NAPT_TIMEOUT;
	case KIND_EIP:
		return EIP_TIMEOUT;
	case KIND_CLIENT:
	case KIND_SERVER:
	case KIND_HOST:
	case KIND_VM:
	case KIND_ROUTER:
	case KINDS:
		break;
	}
	return ALLOW_TIMEOUT;
}

const char *vm_socket(struct arena *a, const struct node *n)
{
	return n->socket ? n->socket : arena_printf(a, "%s.sock", n->name);
}
