/* SPDX-License-Identifier: MIT */
/*
 * napt_ports.c - which outside port a NAPT gives to whom, drawn before there is a packet.
 */
#include "lab/plan/nft_ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/splitmix.h"
#include "lab/topology/addressing.h"
#include "lab/topology/scenario_query.h"

static const uint16_t fixed_ports[NAPT_FIXED_PORTS] = {500, 4500, 1701};

/* Where drawn ports come from when the file gives no range: what home routers use. */
#define DRAW_LO 1024
#define DRAW_HI 65535

typedef VEC(struct napt_map) map_vec;

/* Outside ports in use, a bit each. */
struct ports {
	uint8_t used[65536 / 8];
};

static bool port_used(const struct ports *p, unsigned port)
{
	return p->used[port / 8] & 1u << (port % 8);
}

static void port_take(struct ports *p, unsigned port)
{
	p->used[port / 8] |= (uint8_t)(1u << (port % 8));
}

/* A free port of lo..hi, from a drawn one upwards and around; 0 when all are taken. */
static uint16_t port_draw(struct ports *p, struct splitmix *d, unsigned lo, unsigned hi)
{
	unsigned size = hi - lo + 1;
	unsigned at = (unsigned)(splitmix_next(d) % size);

	for (unsigned i = 0; i < size; i++) {
		unsigned port = lo + (at + i) % size;

		if (!port_used(p, port)) {
			port_take(p, port);
			return (uint16_t)port;
		}
	}
	return 0;
}

static uint16_t port_choose(const struct node *n, struct ports *p, struct splitmix *d,
			    uint16_t wish)
{
	switch (n->ports) {
	case NAPT_PRESERVE:
		if (!port_used(p, wish)) {
			port_take(p, wish);
			return wish;
		}
		break;
	case NAPT_RANDOM:
		break;
	case NAPT_RANGE:
		return port_draw(p, d, n->port_lo, n->port_hi);
	}
	return port_draw(p, d, DRAW_LO, DRAW_HI);
}

/* ---- destinations ---- */

typedef VEC(struct inet_ep) ep_vec;

/* For which destinations a NAPT has mappings of their own: the addresses outside of it, as far as
 * the topology has any, and the ports of VPNs. One that stands for all, where they do not count. */
static void destinations(struct arena *a, const struct scenario *s, unsigned node, ep_vec *out)
{
	const struct node *n = &s->nodes[node];
	unsigned ports = n->mapping == DEPENDS_ADDRESS_AND_PORT ? NAPT_FIXED_PORTS : 1;
	VEC(struct inet_addr) addrs = {0};
	const bool *outward;

	if (n->mapping == DEPENDS_NOT) {
		*vec_push(a, out) = (struct inet_ep){0};
		return;
	}
	outward = addressing_outward(a, s->topology, node);
	for (size_t i = 0; i < s->n_ifaces; i++) {
		uint32_t realm = s->links[s->ifaces[i].link].realm;

		if (s->ifaces[i].node != node && outward[realm])
			*vec_push(a, &addrs) = s->ifaces[i].addr;
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		for (size_t k = 0; k < s->nodes[i].n_map; k++) {
			uint32_t link = s->ifaces[s->nodes[i].outside].link;

			if (outward[s->links[link].realm])
				*vec_push(a, &addrs) = s->nodes[i].map[k].outside;
		}
	}
	for (size_t i = 0; i < addrs.n; i++) {
		for (unsigned k = 0; k < ports; k++)
			*vec_push(a, out) = inet_ep(addrs.v[i], ports > 1 ? fixed_ports[k] : 0);
	}
}

static bool is_any(struct inet_ep dst)
{
	return dst.addr.len == 0;
}

/* Is @dst one of those that @of stands for? */
static bool covers(struct inet_ep of, struct inet_ep dst)
{
	return is_any(of) ||
	       (inet_addr_eq(of.addr, dst.addr) && (of.port == 0 || of.port == dst.port));
}

const struct napt_map *napt_find(const struct napt_map *m, size_t n, struct inet_ep src,
				 struct inet_ep dst)
{
	for (size_t i = 0; i < n; i++) {
		if (inet_ep_eq(m[i].inside, src) && covers(m[i].dst, dst))
			return &m[i];
	}
	return NULL;
}

const struct napt_map *napt_find_back(const struct napt_map *m, size_t n, struct inet_ep outside)
{
	for (size_t i = 0; i < n; i++) {
		if (inet_ep_eq(m[i].outside, outside))
			return &m[i];
	}
	return NULL;
}

/* ---- mappings ---- */

/* One walk inwards from a NAPT. What a NAPT behind it maps is reckoned once, however many ways
 * lead to it. */
struct collector {
	struct arena *a;
	const struct scenario *s;
	uint64_t seed;
	map_vec *of;  /* of each node */
	ep_vec *to;   /* of each NAPT: destinations */
	bool *known;  /* each node */
	struct ports ports;
};

static void collect(struct collector *c, unsigned node);

/* Always at the same port, whatever it sends to. */
static bool is_forwarded(const struct node *n, struct inet_ep inside)
{
	const struct forward *f = napt_forward(n, 17, inside.port);

	return f && inet_addr_eq(f->to, inside.addr);
}

/* @dst: to which destinations @inside sends at all. */
static void add_inside(struct collector *c, unsigned node, struct inet_ep inside,
		       struct inet_ep dst)
{
	const struct node *n = &c->s->nodes[node];
	const ep_vec *to = &c->to[node];
	bool once = is_forwarded(n, inside);

	for (size_t i = 0; i < to->n && c->of[node].n < NAPT_MAP_MAX; i++) {
		struct inet_ep d = once ? (struct inet_ep){0} : to->v[i];

		if (is_any(d) || is_any(dst) || covers(d, dst) || covers(dst, d))
			*vec_push(c->a, &c->of[node]) = (struct napt_map){.inside = inside,
									  .dst = d};
		if (once)
			break;
	}
}

/* What @f, an interface on the inside of NAPT @node, sends from: its own ports, or what a NAT
 * behind it makes of the ports of others. */
static void add_sources(struct collector *c, unsigned node, const struct iface *f)
{
	const struct inet_ep any = {0};
	const struct node *n = &c->s->nodes[f->node];

	switch (n->kind) {
	case KIND_CLIENT:
	case KIND_SERVER:
	case KIND_HOST:
	case KIND_VM:
		for (unsigned k = 0; k < NAPT_FIXED_PORTS; k++)
			add_inside(c, node, inet_ep(f->addr, fixed_ports[k]), any);
		break;
	case KIND_NAPT:
		if (&c->s->ifaces[n->outside] != f)
			break;
		collect(c, f->node);
		for (size_t i = 0; i < c->of[f->node].n; i++)
			add_inside(c, node, c->of[f->node].v[i].outside, c->of[f->node].v[i].dst);
		break;
	case KIND_EIP:
		if (&c->s->ifaces[n->outside] != f)
			break;
		for (size_t i = 0; i < n->n_map; i++) {
			for (unsigned k = 0; k < NAPT_FIXED_PORTS; k++)
				add_inside(c, node, inet_ep(n->map[i].outside, fixed_ports[k]),
					   any);
		}
		break;
	case KIND_ROUTER:
	case KINDS:
		break;
	}
}

/* As deep as NATs stand in a row: the file's loader has bounded that. */
static void collect(struct collector *c, unsigned node)
{
	const struct scenario *s = c->s;
	const struct node *n = &s->nodes[node];
	struct splitmix d = splitmix_new(c->seed, s->id, n->name);

	if (c->known[node])
		return;
	c->known[node] = true;
	destinations(c->a, s, node, &c->to[node]);
	for (size_t i = 0; i < s->n_ifaces; i++) {
		const struct iface *f = &s->ifaces[i];

		if (f->node != node && addressing_is_inside(s->topology, node, f->link))
			add_sources(c, node, f);
	}
	memset(&c->ports, 0, sizeof(c->ports));
	for (size_t i = 0; i < n->n_forward; i++)
		port_take(&c->ports, n->forward[i].port);
	for (size_t i = 0; i < c->of[node].n; i++) {
		struct napt_map *m = &c->of[node].v[i];
		uint16_t port = m->inside.port;

		if (!is_forwarded(n, m->inside))
			port = port_choose(n, &c->ports, &d, port);
		m->outside = inet_ep(s->ifaces[n->outside].addr, port);
	}
}

const struct napt_map *napt_map(struct arena *a, const struct scenario *s, unsigned node,
				uint64_t seed, size_t *n)
{
	struct collector *c = arena_new_of(a, struct collector);

	c->a = a;
	c->s = s;
	c->seed = seed;
	c->of = arena_array_of(a, s->n_nodes, map_vec);
	c->to = arena_array_of(a, s->n_nodes, ep_vec);
	c->known = arena_array_of(a, s->n_nodes, bool);
	collect(c, node);
	*n = c->of[node].n;
	return c->of[node].v;
}

/* ---- how many ---- */

/* Mappings that a realm needs at each NAPT that has it inside. */
struct sizes {
	struct arena *a;
	const struct scenario *s;
	size_t *of;    /* of each realm */
	bool *known;
	unsigned *first, *next; /* NATs by the realm outside of them, chained; + 1 */
};

static size_t realm_inside(const struct scenario *s, unsigned nat)
{
	const struct node *n = &s->nodes[nat];
	unsigned other = n->ifaces[0] == n->outside ? n->ifaces[1] : n->ifaces[0];

	return s->links[s->ifaces[other].link].realm;
}

/* What a NAPT makes of the mappings that its inside needs. */
static size_t multiplied(struct sizes *z, unsigned nat, size_t inside)
{
	ep_vec to = {0};

	destinations(z->a, z->s, nat, &to);
	return MIN(inside * to.n, (size_t)NAPT_MAP_MAX + 1);
}

/* Counts no further than just past the bound, so that nothing can overflow. */
static size_t size_of(struct sizes *z, size_t realm)
{
	const struct scenario *s = z->s;

	if (z->known[realm])
		return z->of[realm];
	z->known[realm] = true;
	for (unsigned i = z->first[realm]; i; i = z->next[i - 1]) {
		const struct node *n = &s->nodes[i - 1];

		z->of[realm] += n->kind == KIND_NAPT
					? multiplied(z, i - 1, size_of(z, realm_inside(s, i - 1)))
					: n->n_map * NAPT_FIXED_PORTS;
		z->of[realm] = MIN(z->of[realm], (size_t)NAPT_MAP_MAX + 1);
	}
	return z->of[realm];
}

const size_t *napt_map_sizes(struct arena *a, const struct scenario *s)
{
	size_t *out = arena_array_of(a, s->n_nodes, size_t);
	struct sizes z = {
		.a = a,
		.s = s,
		.of = arena_array_of(a, s->n_links, size_t),
		.known = arena_array_of(a, s->n_links, bool),
		.first = arena_array_of(a, s->n_links, unsigned),
		.next = arena_array_of(a, s->n_nodes, unsigned),
	};

	for (size_t i = 0; i < s->n_ifaces; i++) {
		const struct iface *f = &s->ifaces[i];
		const struct node *n = &s->nodes[f->node];
		uint32_t realm = s->links[f->link].realm;

		if (n->kind == KIND_CLIENT || n->kind == KIND_SERVER || n->kind == KIND_HOST) {
			z.of[realm] += NAPT_FIXED_PORTS;
		} else if (n->kind != KIND_ROUTER && n->outside == i) {
			z.next[f->node] = z.first[realm];
			z.first[realm] = f->node + 1;
		}
	}
	for (unsigned i = 0; i < s->n_nodes; i++) {
		if (s->nodes[i].kind == KIND_NAPT)
			out[i] = multiplied(&z, i, size_of(&z, realm_inside(s, i)));
	}
	return out;
}
