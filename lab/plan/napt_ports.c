/* SPDX-License-Identifier: MIT */
#include "lab/plan/napt_ports.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/splitmix.h"
#include "lab/topology/addressing.h"
#include "lab/topology/scenario_query.h"

static const uint16_t fixed_ports[NAPT_FIXED_PORTS] = {500, 4500, 1701};

/* Where drawn ports come from when the file gives no range: what home routers use. */
#define DRAW_LO 1024
#define DRAW_HI 65535

typedef VEC(struct napt_mapping) map_vec;

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

static uint64_t inside_key(struct inet_ep inside, struct inet_ep dst)
{
	return hash_mix(hash_ep(inside), hash_ep(dst));
}

static const struct napt_mapping *find_exact(const struct napt_table *t, struct inet_ep src,
					     struct inet_ep dst)
{
	uint32_t i;

	for (size_t at = 0; hash_next(&t->by_inside, inside_key(src, dst), &at, &i);)
		if (inet_ep_eq(t->v[i].inside, src) && inet_ep_eq(t->v[i].dst, dst))
			return &t->v[i];
	return NULL;
}

const struct napt_mapping *napt_find(const struct napt_table *t, struct inet_ep src,
				     struct inet_ep dst)
{
	const struct napt_mapping *m = find_exact(t, src, (struct inet_ep){0});

	if (!m)
		m = find_exact(t, src, inet_ep(dst.addr, 0));
	return m ? m : find_exact(t, src, dst);
}

const struct napt_mapping *napt_find_back(const struct napt_table *t, struct inet_ep outside)
{
	uint32_t i;

	for (size_t at = 0; hash_next(&t->by_outside, hash_ep(outside), &at, &i);)
		if (inet_ep_eq(t->v[i].outside, outside))
			return &t->v[i];
	return NULL;
}

/* ---- mappings ---- */

typedef VEC(unsigned) iface_vec;

/* Tables are made from the inside outwards, each once, however many ways lead to a NAPT. */
struct napt_tables {
	struct arena *a;
	const struct scenario *s;
	uint64_t seed;
	iface_vec *in_realm; /* interfaces of each realm, ascending */
	struct draft {
		bool known;
		map_vec v;
		ep_vec to; /* destinations */
		struct napt_table done;
	} *of; /* each node */
	struct ports ports;
};

static const struct draft *collect(struct napt_tables *t, unsigned node);

static uint32_t realm_inside(const struct scenario *s, unsigned nat)
{
	const struct node *n = &s->nodes[nat];
	unsigned other = n->ifaces[0] == n->outside ? n->ifaces[1] : n->ifaces[0];

	return s->links[s->ifaces[other].link].realm;
}

/* Always at the same port, whatever it sends to. */
static bool is_forwarded(const struct node *n, struct inet_ep inside)
{
	const struct forward *f = napt_forward(n, 17, inside.port);

	return f && inet_addr_eq(f->to, inside.addr);
}

/* @dst: to which destinations @inside sends at all. */
static void add_inside(struct napt_tables *t, unsigned node, struct inet_ep inside,
		       struct inet_ep dst)
{
	struct draft *of = &t->of[node];
	bool once = is_forwarded(&t->s->nodes[node], inside);

	for (size_t i = 0; i < of->to.n && of->v.n < NAPT_MAP_MAX; i++) {
		struct inet_ep d = once ? (struct inet_ep){0} : of->to.v[i];

		if (is_any(d) || is_any(dst) || covers(d, dst) || covers(dst, d))
			*vec_push(t->a, &of->v) = (struct napt_mapping){
				.inside = inside, .dst = d, .forwarded = once};
		if (once)
			break;
	}
}

static void add_fixed_ports(struct napt_tables *t, unsigned node, struct inet_addr inside)
{
	for (unsigned k = 0; k < NAPT_FIXED_PORTS; k++)
		add_inside(t, node, inet_ep(inside, fixed_ports[k]), (struct inet_ep){0});
}

/* What @iface, on the inside of NAPT @node, sends from: its own ports, or what a NAT behind it
 * makes of the ports of others. */
static void add_sources(struct napt_tables *t, unsigned node, unsigned iface)
{
	const struct iface *f = &t->s->ifaces[iface];
	const struct node *n = &t->s->nodes[f->node];
	const struct draft *behind;

	switch (n->kind) {
	case KIND_CLIENT:
	case KIND_SERVER:
	case KIND_HOST:
	case KIND_VM:
		add_fixed_ports(t, node, f->addr);
		break;
	case KIND_NAPT:
		if (n->outside != iface)
			break;
		behind = collect(t, f->node);
		for (size_t i = 0; i < behind->v.n; i++)
			add_inside(t, node, behind->v.v[i].outside, behind->v.v[i].dst);
		break;
	case KIND_EIP:
		for (size_t i = 0; n->outside == iface && i < n->n_map; i++)
			add_fixed_ports(t, node, n->map[i].outside);
		break;
	case KIND_ROUTER:
	case KINDS:
		break;
	}
}

static void draw_ports(struct napt_tables *t, unsigned node)
{
	const struct node *n = &t->s->nodes[node];
	struct splitmix d = splitmix_new(t->seed, t->s->id, n->name);

	memset(&t->ports, 0, sizeof(t->ports));
	for (size_t i = 0; i < n->n_forward; i++)
		port_take(&t->ports, n->forward[i].port);
	for (size_t i = 0; i < t->of[node].v.n; i++) {
		struct napt_mapping *m = &t->of[node].v.v[i];
		uint16_t port = m->inside.port;

		if (!m->forwarded)
			port = port_choose(n, &t->ports, &d, port);
		m->outside = inet_ep(t->s->ifaces[n->outside].addr, port);
	}
}

/* As deep as NATs stand in a row: the file's loader has bounded that. */
static const struct draft *collect(struct napt_tables *t, unsigned node)
{
	const iface_vec *inside = &t->in_realm[realm_inside(t->s, node)];
	struct draft *of = &t->of[node];

	if (of->known)
		return of;
	of->known = true;
	destinations(t->a, t->s, node, &of->to);
	for (size_t i = 0; i < inside->n; i++)
		if (t->s->ifaces[inside->v[i]].node != node)
			add_sources(t, node, inside->v[i]);
	draw_ports(t, node);
	of->done = (struct napt_table){.v = of->v.v, .n = of->v.n};
	for (uint32_t i = 0; i < of->v.n; i++) {
		const struct napt_mapping *m = &of->v.v[i];

		hash_put(t->a, &of->done.by_inside, inside_key(m->inside, m->dst), i);
		hash_put(t->a, &of->done.by_outside, hash_ep(m->outside), i);
	}
	return of;
}

struct napt_tables *napt_tables_new(struct arena *a, const struct scenario *s, uint64_t seed)
{
	struct napt_tables *t = arena_new_of(a, struct napt_tables);

	t->a = a;
	t->s = s;
	t->seed = seed;
	t->of = arena_array(a, s->n_nodes, sizeof(*t->of));
	t->in_realm = arena_array(a, s->n_links, sizeof(*t->in_realm));
	for (unsigned i = 0; i < s->n_ifaces; i++)
		*vec_push(a, &t->in_realm[s->links[s->ifaces[i].link].realm]) = i;
	return t;
}

const struct napt_table *napt_table(struct napt_tables *t, unsigned node)
{
	return &collect(t, node)->done;
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
