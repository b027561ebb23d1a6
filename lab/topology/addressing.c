/* SPDX-License-Identifier: MIT */
/*
 * addressing.c - addresses and routes of a topology.
 *
 * Addresses are given out so that they read well and never depend on anything but the file: the
 * side that leads on (a router, the inside of a NAT) gets the subnet's first address, a machine
 * the tenth, an Elastic IP's outside and a second router the second.
 *
 * A NAT stands between two realms. Inside a realm everybody knows the way to every subnet;
 * from a realm that lies inside of a NAT the default route leads to that NAT and out. So the
 * routers of the internet know no route to private addresses, as in reality: a packet
 * for one ends at the first of them.
 */
#include "lab/topology/topology_priv.h"

#include <stdlib.h>
#include <string.h>

/* Distinct over the scenario, and not 1, which is every namespace's loopback. */
#define FIRST_IFINDEX 10

/* A hop: through which own interface to whose address. */
struct hop {
	bool known;
	unsigned iface;
	struct inet_addr via;
};

static bool is_nat(const struct node *n)
{
	return n->kind == KIND_NAPT || n->kind == KIND_EIP;
}

static bool forwards(const struct node *n)
{
	return n->kind == KIND_ROUTER || is_nat(n);
}

/* The realm on a NAT's inside. */
static uint32_t inside_of(const struct topology *t, const struct node *n)
{
	for (size_t k = 0; k < n->n_ifaces; k++) {
		if (n->ifaces[k] != n->outside)
			return t->links[t->ifaces[n->ifaces[k]].link].realm;
	}
	return NO_REALM;
}

static uint32_t outside_of(const struct topology *t, const struct node *n)
{
	return t->links[t->ifaces[n->outside].link].realm;
}

bool addressing_is_inside(const struct topology *t, unsigned nat, unsigned link)
{
	const struct node *n = &t->nodes[nat];

	/* All of a NAT's inside links are of one realm. */
	return link != t->ifaces[n->outside].link && t->links[link].realm == inside_of(t, n);
}

/* ---- realms ---- */

/* While realms are being joined, link.realm is a link of the same realm, or itself: a root. */
static uint32_t root_of(struct link *l, uint32_t x)
{
	while (l[x].realm != x) {
		l[x].realm = l[l[x].realm].realm;
		x = l[x].realm;
	}
	return x;
}

static void join(struct link *l, uint32_t a, uint32_t b)
{
	a = root_of(l, a);
	b = root_of(l, b);
	l[MAX(a, b)].realm = MIN(a, b);
}

/* Links that meet in a router, or on the inside of a NAT, are of one realm. */
static void find_realms(struct topology *t)
{
	for (uint32_t i = 0; i < t->n_links; i++)
		t->links[i].realm = i;
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct node *n = &t->nodes[i];
		uint32_t first = NO_REALM;

		for (size_t k = 0; forwards(n) && k < n->n_ifaces; k++) {
			uint32_t link = t->ifaces[n->ifaces[k]].link;

			if (is_nat(n) && n->ifaces[k] == n->outside)
				continue;
			if (first == NO_REALM)
				first = link;
			join(t->links, first, link);
		}
	}
	for (uint32_t i = 0; i < t->n_links; i++)
		t->links[i].realm = root_of(t->links, i);
}

/* NATs as edges from realm to realm, inside to outside. */
struct realms {
	const struct topology *t;
	unsigned *first, *next; /* NATs of a realm, chained; + 1, so that 0 ends the chain */
	enum colour { WHITE, GREY, BLACK } *colour;
	unsigned *row; /* of a BLACK realm: the most NATs in a row from it outwards */
};

/* Depth first; a way back to a realm that the walk still stands in is a circle. The NAT that
 * closes it, or -1. As deep as there are NATs in a row. */
static int find_circle(struct realms *m, uint32_t realm)
{
	int found = -1;

	m->colour[realm] = GREY;
	for (unsigned i = m->first[realm]; i && found < 0; i = m->next[i - 1]) {
		uint32_t out = outside_of(m->t, &m->t->nodes[i - 1]);

		if (m->colour[out] == GREY)
			return (int)i - 1;
		if (m->colour[out] == WHITE)
			found = find_circle(m, out);
		m->row[realm] = MAX(m->row[realm], m->row[out] + 1);
	}
	m->colour[realm] = BLACK;
	return found;
}

static struct realms realms_new(struct arena *a, const struct topology *t)
{
	struct realms m = {
		.t = t,
		.first = arena_array_of(a, t->n_links, unsigned),
		.next = arena_array_of(a, t->n_nodes, unsigned),
		.colour = arena_array_of(a, t->n_links, enum colour),
		.row = arena_array_of(a, t->n_links, unsigned),
	};

	for (unsigned i = (unsigned)t->n_nodes; i-- > 0;) {
		if (is_nat(&t->nodes[i])) {
			uint32_t realm = inside_of(t, &t->nodes[i]);

			m.next[i] = m.first[realm];
			m.first[realm] = i + 1;
		}
	}
	return m;
}

static void mark_outward(const struct realms *m, uint32_t realm, bool *out)
{
	if (out[realm])
		return;
	out[realm] = true;
	for (unsigned i = m->first[realm]; i; i = m->next[i - 1])
		mark_outward(m, outside_of(m->t, &m->t->nodes[i - 1]), out);
}

const bool *addressing_outward(struct arena *a, const struct topology *t, unsigned nat)
{
	const struct realms m = realms_new(a, t);
	bool *out = arena_array_of(a, t->n_links, bool);

	mark_outward(&m, outside_of(t, &t->nodes[nat]), out);
	return out;
}

/* NATs lead outwards, from realm to realm, and never back. */
static bool check_realms(struct reading *r)
{
	const struct topology *t = r->t;
	struct realms m = realms_new(r->a, t);
	int nat = -1;

	for (uint32_t i = 0; i < t->n_links && nat < 0; i++) {
		if (m.colour[t->links[i].realm] == WHITE)
			nat = find_circle(&m, t->links[i].realm);
	}
	if (nat >= 0) {
		mistake(r->m, t->defs[nat].at,
			"the outside of %s leads back to its inside, past it", t->nodes[nat].name);
		return false;
	}
	for (size_t i = 0; i < t->n_nodes; i++) {
		if (is_nat(&t->nodes[i]) && m.row[inside_of(t, &t->nodes[i])] > NAT_ROW_MAX) {
			mistake(r->m, t->defs[i].at, "more than %d NATs in a row", NAT_ROW_MAX);
			return false;
		}
	}
	return true;
}

/* ---- subnets and addresses ---- */

struct range {
	uint32_t lo, hi;
	unsigned link;
};

static int by_lo(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->link < b->link ? -1 : a->link > b->link;
}

static uint32_t host_bits(struct inet_net net)
{
	return net.plen == 32 ? 0 : UINT32_MAX >> net.plen;
}

/* No two links share an address: everything that natdlab prints names a machine by one. */
static bool check_overlaps(struct reading *r)
{
	const struct topology *t = r->t;
	struct range *v = arena_array_of(r->a, t->n_links, struct range);
	size_t widest = 0;
	bool good = true;

	for (unsigned i = 0; i < t->n_links; i++) {
		v[i].lo = inet_to_v4(t->links[i].subnet.addr);
		v[i].hi = v[i].lo | host_bits(t->links[i].subnet);
		v[i].link = i;
	}
	qsort(v, t->n_links, sizeof(*v), by_lo);
	for (size_t i = 1; i < t->n_links; i++) {
		unsigned a = v[widest].link, b = v[i].link;

		if (v[i].lo <= v[widest].hi) {
			if (t->link_at[a]->line > t->link_at[b]->line ||
			    (t->link_at[a]->line == t->link_at[b]->line &&
			     t->link_at[a]->column > t->link_at[b]->column)) {
				b = a;
				a = v[i].link;
			}
			mistake(r->m, t->link_at[b],
				"subnet %s overlaps %s of link %s in line %u",
				t->link_at[b]->text, t->link_at[a]->text, t->links[a].name,
				t->link_at[a]->line);
			good = false;
		}
		if (v[i].hi > v[widest].hi)
			widest = i;
	}
	return good;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

struct taken {
	uint32_t *v; /* sorted */
	size_t n;
};

static bool is_taken(const struct taken *k, uint32_t addr)
{
	return k->n && bsearch(&addr, k->v, k->n, sizeof(*k->v), by_value);
}

/* The first and last address that a machine can have. */
static void usable(struct inet_net net, uint32_t *lo, uint32_t *hi)
{
	*lo = inet_to_v4(net.addr);
	*hi = *lo | host_bits(net);
	if (net.plen < 31) { /* RFC 3021: a /31 has neither network nor broadcast address */
		++*lo;
		--*hi;
	}
}

/* Gateway rank of an interface on its link: inside of a NAT 3, router 2, outside of a NAT 1, else
 * 0. The end of the highest rank gets the first address. */
static unsigned gateway_rank(const struct topology *t, unsigned iface)
{
	const struct node *n = &t->nodes[t->ifaces[iface].node];

	if (is_nat(n))
		return n->outside == iface ? 1 : 3;
	return n->kind == KIND_ROUTER ? 2 : 0;
}

/* The host number that an interface gets if it is free. @first: it chooses first on its link. */
static uint32_t wanted(const struct topology *t, unsigned iface, bool first)
{
	unsigned rank = gateway_rank(t, iface);

	if (first && rank > 0)
		return 1;
	return rank == 0 || t->nodes[t->ifaces[iface].node].kind == KIND_NAPT ? 10 : 2;
}

/* The end of the link, of those before its end number @n, that has this address; NULL none. */
static const struct iface *end_with(const struct topology *t, const struct link *l, size_t n,
				    struct inet_addr addr)
{
	for (size_t i = 0; i < n; i++)
		if (inet_addr_eq(t->ifaces[l->ifaces[i]].addr, addr))
			return &t->ifaces[l->ifaces[i]];
	return NULL;
}

static bool give_address(struct reading *r, unsigned iface, bool first, const struct taken *k)
{
	struct topology *t = r->t;
	struct iface *f = &t->ifaces[iface];
	const struct link *l = &t->links[f->link];
	uint32_t lo, hi, at;
	size_t tries = k->n + l->n_ifaces + 1; /* one of so many is free, or none is */

	usable(l->subnet, &lo, &hi);
	at = inet_to_v4(l->subnet.addr) + wanted(t, iface, first);
	while (tries--) {
		if (at < lo || at > hi)
			at = lo;
		if (!end_with(t, l, l->n_ifaces, inet_v4(at)) && !is_taken(k, at)) {
			f->addr = inet_v4(at);
			return true;
		}
		at++;
	}
	mistake(r->m, t->link_at[f->link], "no address is left in %s for %s",
		t->link_at[f->link]->text, f->full);
	return false;
}

/* An address that the file gives. */
static bool check_address(struct reading *r, unsigned iface, const struct taken *k)
{
	const struct topology *t = r->t;
	const struct iface *f = &t->ifaces[iface], *other;
	const struct link *l = &t->links[f->link];
	const struct tree *at = tree_get(t->iface_at[iface], "address");
	uint32_t lo, hi, addr = inet_to_v4(f->addr);
	size_t before = 0;

	while (l->ifaces[before] != iface)
		before++;
	other = end_with(t, l, before, f->addr);
	usable(l->subnet, &lo, &hi);
	if (addr < lo || addr > hi)
		mistake(r->m, at, "%s is no address of the link's subnet %s", at->text,
			t->link_at[f->link]->text);
	else if (is_taken(k, addr))
		mistake(r->m, at, "%s is an Elastic IP", at->text);
	else if (other)
		mistake(r->m, at, "%s is the address of %s too", at->text, other->full);
	else
		return true;
	return false;
}

/* The gateway chooses first. */
static bool give_link_addresses(struct reading *r, unsigned link, const struct taken *k)
{
	struct topology *t = r->t;
	const struct link *l = &t->links[link];
	bool good = true, first = true;

	for (unsigned rank = 4; rank-- > 0;) {
		for (size_t i = 0; good && i < l->n_ifaces; i++) {
			if (gateway_rank(t, l->ifaces[i]) != rank)
				continue;
			if (!t->ifaces[l->ifaces[i]].addr.len)
				good = give_address(r, l->ifaces[i], first, k);
			first = false;
		}
	}
	return good;
}

static bool give_addresses(struct reading *r, const struct inet_addr *addrs, size_t n)
{
	struct topology *t = r->t;
	struct taken k = {arena_array_of(r->a, n, uint32_t), n};
	bool good = true;

	for (size_t i = 0; i < n; i++)
		k.v[i] = inet_to_v4(addrs[i]);
	qsort(k.v, n, sizeof(*k.v), by_value);
	for (unsigned i = 0; i < t->n_ifaces; i++) {
		if (t->ifaces[i].addr.len)
			good &= check_address(r, i, &k);
	}
	for (unsigned link = 0; good && link < t->n_links; link++)
		good = give_link_addresses(r, link, &k);
	return good;
}

static void give_numbers(struct topology *t)
{
	for (unsigned i = 0; i < t->n_ifaces; i++) {
		struct iface *f = &t->ifaces[i];
		uint32_t number = FIRST_IFINDEX + i;

		f->ifindex = number;
		f->plen = t->links[f->link].subnet.plen;
		/* 02: locally administered (IEEE 802, the second bit of the first byte) */
		memcpy(f->mac, (uint8_t[]){2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number},
		       sizeof(f->mac));
	}
}

/* ---- routes ---- */

/* May a packet that is in @realm be sent on by this node, staying in the realm? */
static bool is_transit(const struct topology *t, const struct node *n, uint32_t realm)
{
	if (n->kind == KIND_ROUTER)
		return true;
	return is_nat(n) && inside_of(t, n) == realm;
}

typedef VEC(unsigned) iface_vec;

/* A search outwards from a place to everybody in a realm: each node's first hop back to it. */
struct search {
	const struct topology *t;
	struct hop *hop;     /* of each node */
	unsigned *queue;
	size_t head, tail;
	unsigned *reached;   /* nodes whose hop was set, to forget them quickly */
	size_t n_reached;
	iface_vec *onward;   /* of each node: by which interfaces to go on; NULL: by all */
};

/* May a route from elsewhere in the realm, or a search, go on behind this interface? Not where its
 * node sends everything by it that it does not know: a machine with one link, a NAT's outside. */
static bool goes_on(const struct topology *t, unsigned iface)
{
	const struct node *n = &t->nodes[t->ifaces[iface].node];

	return n->kind == KIND_ROUTER || (is_nat(n) ? n->outside != iface : n->n_ifaces > 1);
}

/* The interfaces of each node that forwards, without those that lead to ends only. */
static iface_vec *find_onward(struct arena *a, const struct topology *t)
{
	iface_vec *out = arena_array(a, t->n_nodes, sizeof(*out));

	for (unsigned i = 0; i < t->n_ifaces; i++) {
		const struct link *l = &t->links[t->ifaces[i].link];
		bool any = false;

		for (size_t k = 0; k < l->n_ifaces && !any; k++)
			any = l->ifaces[k] != i && goes_on(t, l->ifaces[k]);
		if (any)
			*vec_push(a, &out[t->ifaces[i].node]) = i;
	}
	return out;
}

static struct search search_new(struct arena *a, const struct topology *t)
{
	return (struct search){
		.t = t,
		.hop = arena_array_of(a, t->n_nodes, struct hop),
		.queue = arena_array_of(a, t->n_nodes, unsigned),
		.reached = arena_array_of(a, t->n_nodes, unsigned),
	};
}

static void search_clear(struct search *s)
{
	for (size_t i = 0; i < s->n_reached; i++)
		s->hop[s->reached[i]] = (struct hop){0};
	s->head = s->tail = s->n_reached = 0;
}

static void search_from(struct search *s, unsigned node)
{
	if (s->hop[node].known)
		return;
	s->hop[node].known = true;
	s->reached[s->n_reached++] = node;
	s->queue[s->tail++] = node;
}

/* Everybody else on the link of interface @iface reaches the place through it. */
static void search_across(struct search *s, unsigned iface)
{
	const struct iface *f = &s->t->ifaces[iface];
	const struct link *l = &s->t->links[f->link];

	for (size_t i = 0; i < l->n_ifaces; i++) {
		unsigned node = s->t->ifaces[l->ifaces[i]].node;

		if (s->hop[node].known)
			continue;
		search_from(s, node);
		s->hop[node] = (struct hop){true, l->ifaces[i], f->addr};
	}
}

static void search_run(struct search *s, uint32_t realm)
{
	const struct topology *t = s->t;

	while (s->head < s->tail) {
		unsigned node = s->queue[s->head++];
		const struct node *n = &t->nodes[node];
		const unsigned *by = s->onward ? s->onward[node].v : n->ifaces;
		size_t count = s->onward ? s->onward[node].n : n->n_ifaces;

		for (size_t k = 0; is_transit(t, n, realm) && k < count; k++)
			if (t->links[t->ifaces[by[k]].link].realm == realm)
				search_across(s, by[k]);
	}
}

typedef VEC(struct route) route_vec;

static struct inet_net anywhere(void)
{
	return (struct inet_net){inet_v4(0), 0};
}

/* Through the first neighbour on this interface's link that forwards. */
static struct hop link_default(const struct topology *t, unsigned iface)
{
	const struct link *l = &t->links[t->ifaces[iface].link];

	for (size_t i = 0; i < l->n_ifaces; i++) {
		const struct iface *f = &t->ifaces[l->ifaces[i]];

		if (l->ifaces[i] != iface && forwards(&t->nodes[f->node]))
			return (struct hop){true, iface, f->addr};
	}
	return (struct hop){0};
}

/* The default route of a NAT leads out; of a machine through its first neighbour that forwards. */
static struct hop node_default(const struct topology *t, const struct node *n)
{
	struct hop h = {0};

	if (is_nat(n))
		return link_default(t, n->outside);
	for (size_t k = 0; !h.known && k < n->n_ifaces; k++)
		h = link_default(t, n->ifaces[k]);
	return h;
}

/* Default routes; those of routers lead to the nearest NAT that has them on its inside. */
static struct hop *find_defaults(struct arena *a, const struct topology *t)
{
	struct hop *def = arena_array_of(a, t->n_nodes, struct hop);
	bool *done = arena_array_of(a, t->n_links, bool);
	struct realms m = realms_new(a, t);
	struct search s = search_new(a, t);

	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct node *n = &t->nodes[i];

		if (n->kind != KIND_ROUTER)
			def[i] = node_default(t, n);
	}
	for (uint32_t l = 0; l < t->n_links; l++) {
		uint32_t realm = t->links[l].realm;

		if (done[realm])
			continue;
		done[realm] = true;
		search_clear(&s);
		for (unsigned i = m.first[realm]; i; i = m.next[i - 1])
			search_from(&s, i - 1);
		search_run(&s, realm);
		for (size_t k = 0; k < s.n_reached; k++) {
			unsigned i = s.reached[k];

			if (t->nodes[i].kind == KIND_ROUTER)
				def[i] = s.hop[i];
		}
	}
	return def;
}

/* Routes to every subnet that the default route does not cover. */
static bool find_routes(struct reading *r)
{
	struct topology *t = r->t;
	struct arena *a = r->a;
	size_t n_routes = 0;
	struct hop *def = find_defaults(a, t);
	route_vec *routes = arena_array(a, t->n_nodes, sizeof(*routes));
	struct search s = search_new(a, t);

	s.onward = find_onward(a, t);
	for (unsigned l = 0; l < t->n_links; l++) {
		search_clear(&s);
		for (size_t k = 0; k < t->links[l].n_ifaces; k++)
			search_from(&s, t->ifaces[t->links[l].ifaces[k]].node);
		search_run(&s, t->links[l].realm);
		for (size_t k = 0; k < s.n_reached; k++) {
			unsigned i = s.reached[k];
			const struct hop *h = &s.hop[i];

			if (!h->via.len || (def[i].known && def[i].iface == h->iface))
				continue;
			*vec_push(a, &routes[i]) =
				(struct route){t->links[l].subnet, h->via, h->iface};
			n_routes++;
		}
		if (n_routes > ROUTES_MAX) {
			if (r->m)
				mistake(r->m, t->link_at[l], "so many routers and links in one "
					"realm need more than %d routes", ROUTES_MAX);
			return false;
		}
	}
	for (size_t i = 0; i < t->n_nodes; i++) {
		if (def[i].known)
			*vec_push(a, &routes[i]) =
				(struct route){anywhere(), def[i].via, def[i].iface};
		t->nodes[i].routes = routes[i].v;
		t->nodes[i].n_routes = routes[i].n;
	}
	return true;
}

/* Where a node sends a packet for @addr now: false nowhere. */
static bool lookup(const struct topology *t, const struct node *n, struct inet_addr addr,
		   struct route *out)
{
	int best = -1;

	for (size_t k = 0; k < n->n_ifaces; k++) {
		const struct iface *f = &t->ifaces[n->ifaces[k]];
		struct inet_net net = t->links[f->link].subnet;

		if (inet_net_contains(net, addr) && net.plen > best) {
			best = net.plen;
			*out = (struct route){net, {0}, n->ifaces[k]};
		}
	}
	for (size_t k = 0; k < n->n_routes; k++) {
		if (inet_net_contains(n->routes[k].to, addr) && n->routes[k].to.plen > best) {
			best = n->routes[k].to.plen;
			*out = n->routes[k];
		}
	}
	return best >= 0;
}

/* An Elastic IP is no address of any interface. No node answers ARP for it, so each node that would
 * look for it on a link, or elsewhere, gets a host route to the edge that translates it. */
void addressing_eip_routes(struct arena *a, const struct topology *t, struct node *nodes)
{
	struct search s = {0};

	for (unsigned e = 0; e < t->n_nodes; e++) {
		const struct node *eip = &nodes[e];

		if (eip->kind != KIND_EIP || !eip->n_map)
			continue;
		if (!s.hop)
			s = search_new(a, t);
		search_clear(&s);
		/* The search does not pass through the edge: it begins at its outside link. */
		s.hop[e].known = true;
		s.reached[s.n_reached++] = e;
		search_across(&s, eip->outside);
		search_run(&s, outside_of(t, eip));
		for (size_t k = 1; k < s.n_reached; k++) {
			struct node *n = &nodes[s.reached[k]];
			const struct hop *h = &s.hop[s.reached[k]];
			struct route *more, now;

			more = arena_array_of(a, n->n_routes + eip->n_map, struct route);
			for (size_t i = 0; i < eip->n_map; i++) {
				struct inet_addr to = eip->map[i].outside;

				if (lookup(t, n, to, &now) && inet_addr_eq(now.via, h->via))
					continue;
				if (n->routes != more && n->n_routes)
					memcpy(more, n->routes, n->n_routes * sizeof(*more));
				n->routes = more;
				more[n->n_routes++] =
					(struct route){{to, 32}, h->via, h->iface};
			}
		}
	}
}

bool addressing_build(struct reading *r, const struct inet_addr *taken, size_t n_taken)
{
	bool good;

	find_realms(r->t);
	good = check_realms(r);
	good &= check_overlaps(r);
	good = good && give_addresses(r, taken, n_taken);
	if (!good)
		return false;
	give_numbers(r->t);
	return find_routes(r);
}

const struct topology *addressing_reshape(struct arena *a, const struct topology *t,
					  struct node *nodes)
{
	struct topology *out = arena_copy(a, t, sizeof(*t));
	struct reading r = {.a = a, .t = out};

	out->nodes = nodes;
	out->links = arena_copy(a, t->links, t->n_links * sizeof(*t->links));
	find_realms(out);
	find_routes(&r); /* cannot fail: see addressing_check_shape() */
	return out;
}

bool addressing_check_shape(struct reading *r)
{
	return check_realms(r) && find_routes(r);
}
