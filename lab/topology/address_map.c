/* SPDX-License-Identifier: MIT */
#include "lab/topology/address_map.h"

#include "lab/base/hash.h"

/* A line of a node's routing table; the subnets of its own links come before its routes. */
struct line {
	unsigned node, iface;
	struct inet_net to;
	struct inet_addr via; /* len 0: on the link itself */
};

struct address_map {
	const struct scenario *s;
	struct hash in_realm; /* realm, address -> interface */
	struct hash of_node;  /* node, address -> interface */
	struct hash lines;    /* node, network -> line */
	VEC(struct line) line;
	uint64_t *plens; /* of each node: a bit for each length of prefix in its table */
};

static uint64_t key_of(uint32_t whose, struct inet_addr addr)
{
	return hash_mix(hash_addr(addr), whose);
}

static struct inet_net network(struct inet_addr addr, unsigned plen)
{
	uint32_t mask = plen ? UINT32_MAX << (32 - plen) : 0;

	return (struct inet_net){inet_v4(inet_to_v4(addr) & mask), (uint8_t)plen};
}

static const struct line *find_line(const struct address_map *m, unsigned node,
				    struct inet_net to)
{
	uint32_t i;

	for (size_t at = 0; hash_next(&m->lines, key_of(node << 6 | to.plen, to.addr), &at, &i);) {
		const struct line *l = &m->line.v[i];

		if (l->node == node && l->to.plen == to.plen && inet_addr_eq(l->to.addr, to.addr))
			return l;
	}
	return NULL;
}

/* The first of equal networks counts. */
static void add_line(struct arena *a, struct address_map *m, struct line l)
{
	if (find_line(m, l.node, l.to))
		return;
	hash_put(a, &m->lines, key_of(l.node << 6 | l.to.plen, l.to.addr), (uint32_t)m->line.n);
	*vec_push(a, &m->line) = l;
	m->plens[l.node] |= (uint64_t)1 << l.to.plen;
}

struct address_map *address_map_new(struct arena *a, const struct scenario *s)
{
	struct address_map *m = arena_new_of(a, struct address_map);

	m->s = s;
	m->plens = arena_array_of(a, s->n_nodes, uint64_t);
	for (unsigned i = 0; i < s->n_ifaces; i++) {
		const struct iface *f = &s->ifaces[i];
		const struct link *l = &s->links[f->link];

		hash_put(a, &m->in_realm, key_of(l->realm, f->addr), i);
		hash_put(a, &m->of_node, key_of(f->node, f->addr), i);
		add_line(a, m, (struct line){.node = f->node, .iface = i, .to = l->subnet});
	}
	for (unsigned i = 0; i < s->n_nodes; i++) {
		for (size_t k = 0; k < s->nodes[i].n_routes; k++) {
			const struct route *r = &s->nodes[i].routes[k];

			add_line(a, m, (struct line){i, r->iface, r->to, r->via});
		}
	}
	return m;
}

int address_map_find(const struct address_map *m, uint32_t realm, struct inet_addr addr)
{
	uint32_t i;

	for (size_t at = 0; hash_next(&m->in_realm, key_of(realm, addr), &at, &i);) {
		const struct iface *f = &m->s->ifaces[i];

		if (m->s->links[f->link].realm == realm && inet_addr_eq(f->addr, addr))
			return (int)i;
	}
	return -1;
}

bool address_map_is_own(const struct address_map *m, unsigned node, struct inet_addr addr)
{
	uint32_t i;

	for (size_t at = 0; hash_next(&m->of_node, key_of(node, addr), &at, &i);) {
		const struct iface *f = &m->s->ifaces[i];

		if (f->node == node && inet_addr_eq(f->addr, addr))
			return true;
	}
	return false;
}

int address_map_route(const struct address_map *m, unsigned node, struct inet_addr dst,
		      struct inet_addr *to)
{
	for (unsigned plen = 33; plen-- > 0;) {
		const struct line *l;

		if (!(m->plens[node] >> plen & 1))
			continue;
		l = find_line(m, node, network(dst, plen));
		if (!l)
			continue;
		*to = l->via.len ? l->via : dst;
		return (int)l->iface;
	}
	return -1;
}

int address_map_neighbour(const struct address_map *m, unsigned out, struct inet_addr addr)
{
	unsigned link = m->s->ifaces[out].link;
	int i = address_map_find(m, m->s->links[link].realm, addr);

	return i >= 0 && m->s->ifaces[i].link == link ? i : -1;
}
