/* SPDX-License-Identifier: MIT */
/*
 * ruleset.c - the nft text of a node: what the kernel loads and what `natdlab plan` shows, with
 * remarks for whoever reads it there.
 *
 * Everything that a ruleset drops goes through a counter named `dropped`, because the lab's clock
 * must know what became of every packet before it jumps.
 */
#include "lab/ruleset.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/draw.h"
#include "lab/plan.h"
#include "lab/topo.h"

/* ---- ports of a NAPT ---- */

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
static uint16_t port_draw(struct ports *p, struct draw *d, unsigned lo, unsigned hi)
{
	unsigned size = hi - lo + 1;
	unsigned at = (unsigned)(draw_next(d) % size);

	for (unsigned i = 0; i < size; i++) {
		unsigned port = lo + (at + i) % size;

		if (!port_used(p, port)) {
			port_take(p, port);
			return (uint16_t)port;
		}
	}
	return 0;
}

static uint16_t port_choose(const struct node *n, struct ports *p, struct draw *d, uint16_t wish)
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

/* One walk inwards from a NAPT. What a NAPT behind it maps is reckoned once, however many ways
 * lead to it. */
struct collector {
	struct arena *a;
	const struct scenario *s;
	uint64_t seed;
	map_vec *of;  /* of each node */
	bool *known;  /* each node */
	struct ports ports;
};

static void collect(struct collector *c, unsigned node);

static void add_inside(struct collector *c, unsigned node, struct inet_ep inside)
{
	if (c->of[node].n < NAPT_MAP_MAX)
		*vec_push(c->a, &c->of[node]) = (struct napt_map){.inside = inside};
}

/* What @f, an interface on the inside of NAPT @node, sends from: its own ports, or what a NAT
 * behind it makes of the ports of others. */
static void add_sources(struct collector *c, unsigned node, const struct iface *f)
{
	const struct node *n = &c->s->nodes[f->node];

	switch (n->kind) {
	case KIND_CLIENT:
	case KIND_SERVER:
	case KIND_HOST:
		for (unsigned k = 0; k < NAPT_FIXED_PORTS; k++)
			add_inside(c, node, inet_ep(f->addr, fixed_ports[k]));
		break;
	case KIND_NAPT:
		if (&c->s->ifaces[n->outside] != f)
			break;
		collect(c, f->node);
		for (size_t i = 0; i < c->of[f->node].n; i++)
			add_inside(c, node, c->of[f->node].v[i].outside);
		break;
	case KIND_EIP:
		if (&c->s->ifaces[n->outside] != f)
			break;
		for (size_t i = 0; i < n->n_map; i++) {
			for (unsigned k = 0; k < NAPT_FIXED_PORTS; k++)
				add_inside(c, node, inet_ep(n->map[i].outside, fixed_ports[k]));
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
	struct draw d = draw_new(c->seed, s->id, n->name);

	if (c->known[node])
		return;
	c->known[node] = true;
	for (size_t i = 0; i < s->n_ifaces; i++) {
		const struct iface *f = &s->ifaces[i];

		if (f->node != node && network_is_inside(s->topology, node, f->link))
			add_sources(c, node, f);
	}
	memset(&c->ports, 0, sizeof(c->ports));
	for (size_t i = 0; i < c->of[node].n; i++) {
		struct napt_map *m = &c->of[node].v[i];

		m->outside = inet_ep(s->ifaces[n->outside].addr,
				     port_choose(n, &c->ports, &d, m->inside.port));
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
	c->known = arena_array_of(a, s->n_nodes, bool);
	collect(c, node);
	*n = c->of[node].n;
	return c->of[node].v;
}

/* Mappings that a realm needs at each NAPT that has it inside. */
struct sizes {
	const struct scenario *s;
	size_t *of;    /* of each realm */
	bool *known;
	unsigned *first, *next; /* NATs by the realm outside of them, chained; + 1 */
};

static size_t realm_inside(const struct scenario *s, unsigned nat)
{
	const struct node *n = &s->nodes[nat];
	unsigned other = n->ifaces[0] == n->outside ? n->ifaces[1] : n->ifaces[0];

	return s->topology->link_realm[s->ifaces[other].link];
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

		z->of[realm] += n->kind == KIND_NAPT ? size_of(z, realm_inside(s, i - 1))
						     : n->n_map * NAPT_FIXED_PORTS;
		z->of[realm] = MIN(z->of[realm], (size_t)NAPT_MAP_MAX + 1);
	}
	return z->of[realm];
}

const size_t *napt_map_sizes(struct arena *a, const struct scenario *s)
{
	size_t *out = arena_array_of(a, s->n_nodes, size_t);
	struct sizes z = {
		.s = s,
		.of = arena_array_of(a, s->n_links, size_t),
		.known = arena_array_of(a, s->n_links, bool),
		.first = arena_array_of(a, s->n_links, unsigned),
		.next = arena_array_of(a, s->n_nodes, unsigned),
	};

	for (size_t i = 0; i < s->n_ifaces; i++) {
		const struct iface *f = &s->ifaces[i];
		const struct node *n = &s->nodes[f->node];
		uint32_t realm = s->topology->link_realm[f->link];

		if (n->kind == KIND_CLIENT || n->kind == KIND_SERVER || n->kind == KIND_HOST) {
			z.of[realm] += NAPT_FIXED_PORTS;
		} else if (n->kind != KIND_ROUTER && n->outside == i) {
			z.next[f->node] = z.first[realm];
			z.first[realm] = f->node + 1;
		}
	}
	for (unsigned i = 0; i < s->n_nodes; i++) {
		if (s->nodes[i].kind == KIND_NAPT)
			out[i] = size_of(&z, realm_inside(s, i));
	}
	return out;
}

/* ---- text ---- */

struct text {
	FILE *f;
	const struct scenario *s;
	const struct node *n;
	const char *outside; /* the name of a NAT's outside interface */
};

static void put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(t->f, fmt, ap);
	va_end(ap);
}

static void put_counter(struct text *t)
{
	put(t, "\t# What is dropped here is counted, so that it can be told from what is lost.\n"
	       "\tcounter dropped {\n"
	       "\t}\n\n");
}

/* Nothing that nobody inside asked for gets to the router itself. A home router that accepted it
 * would hold a connection for it, and could no longer give that port to a client inside. */
static void put_nat_input(struct text *t)
{
	put(t, "\t# To the node itself, from outside: only answers.\n"
	       "\tchain input {\n"
	       "\t\ttype filter hook input priority filter; policy accept;\n"
	       "\t\tiifname \"%s\" ct state established,related accept\n"
	       "\t\tiifname \"%s\" counter name \"dropped\" drop\n"
	       "\t}\n\n", t->outside, t->outside);
}

static void put_elements(struct text *t, bool last)
{
	put(t, "%s\n", last ? "" : ",");
}

static void put_napt_map(struct text *t, const struct napt_map *m, size_t n)
{
	put(t, "\t# Source ports of IKE (500), of IKE and ESP behind NATs (4500) and of L2TP\n"
	       "\t# (1701) for each machine inside: the same for every destination\n"
	       "\t# (endpoint-independent mapping, RFC 4787 4.1) and in every run with this seed.\n"
	       "\tmap udp_ports {\n"
	       "\t\ttype ipv4_addr . inet_service : ipv4_addr . inet_service\n");
	if (n)
		put(t, "\t\telements = {\n");
	for (size_t i = 0; i < n; i++) {
		put(t, "\t\t\t%s . %u : %s . %u", INET_ADDR(m[i].inside.addr), m[i].inside.port,
		    INET_ADDR(m[i].outside.addr), m[i].outside.port);
		put_elements(t, i + 1 == n);
	}
	if (n)
		put(t, "\t\t}\n");
	put(t, "\t}\n\n");
}

/* Everything but the mapped UDP ports. */
static void put_masquerade(struct text *t)
{
	const struct node *n = t->n;

	switch (n->ports) {
	case NAPT_PRESERVE:
		put(t, "\t\toifname \"%s\" masquerade\n", t->outside);
		break;
	case NAPT_RANDOM:
		put(t, "\t\toifname \"%s\" masquerade random\n", t->outside);
		break;
	case NAPT_RANGE:
		put(t, "\t\toifname \"%s\" meta l4proto { tcp, udp } masquerade to :%u-%u\n"
		       "\t\toifname \"%s\" masquerade\n",
		    t->outside, n->port_lo, n->port_hi, t->outside);
		break;
	}
}

static void put_napt(struct text *t, struct arena *a, unsigned node, uint64_t seed)
{
	size_t n;
	const struct napt_map *m = napt_map(a, t->s, node, seed, &n);

	put(t, "# %s: a home router. Many machines share the address of %s (NAPT, RFC 3022),\n"
	       "# and a connection can be begun from inside only.\n"
	       "table ip nat {\n", t->n->name, t->outside);
	put_napt_map(t, m, n);
	put(t, "\tchain postrouting {\n"
	       "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
	       "\t\toifname \"%s\" meta l4proto udp snat ip to ip saddr . udp sport map "
	       "@udp_ports\n",
	    t->outside);
	put_masquerade(t);
	put(t, "\t}\n}\n\n"
	       "table ip filter {\n");
	put_counter(t);
	put_nat_input(t);
	put(t, "\t# Through the node: all from inside, only answers from outside. ICMP errors\n"
	       "\t# about a connection are \"related\" to it and are translated with it.\n"
	       "\tchain forward {\n"
	       "\t\ttype filter hook forward priority filter; policy accept;\n"
	       "\t\tct state invalid counter name \"dropped\" drop\n"
	       "\t\tiifname \"%s\" ct state established,related accept\n"
	       "\t\tiifname \"%s\" counter name \"dropped\" drop\n"
	       "\t}\n}\n", t->outside, t->outside);
}

static void put_eip_map(struct text *t, const char *name, bool inward)
{
	const struct node *n = t->n;

	put(t, "\tmap %s {\n"
	       "\t\ttype ipv4_addr : ipv4_addr\n", name);
	if (n->n_map)
		put(t, "\t\telements = {\n");
	for (size_t i = 0; i < n->n_map; i++) {
		const struct eip_map *m = &n->map[i];

		put(t, "\t\t\t%s : %s", INET_ADDR(inward ? m->outside : m->inside),
		    INET_ADDR(inward ? m->inside : m->outside));
		put_elements(t, i + 1 == n->n_map);
	}
	if (n->n_map)
		put(t, "\t\t}\n");
	put(t, "\t}\n\n");
}

static void put_eip_set(struct text *t)
{
	const struct node *n = t->n;

	put(t, "\tset mapped {\n"
	       "\t\ttype ipv4_addr\n");
	if (n->n_map)
		put(t, "\t\telements = {\n");
	for (size_t i = 0; i < n->n_map; i++) {
		put(t, "\t\t\t%s", INET_ADDR(n->map[i].inside));
		put_elements(t, i + 1 == n->n_map);
	}
	if (n->n_map)
		put(t, "\t\t}\n");
	put(t, "\t}\n\n");
}

static void put_eip(struct text *t)
{
	put(t, "# %s: an Elastic IP. Each public address is one private address (1:1 NAT);\n"
	       "# ports are never changed, and either side may begin. The machine inside does not\n"
	       "# know its public address: that is what NAT-D finds out.\n"
	       "# By connection tracking, not by rewriting each packet alone, so that the packet\n"
	       "# quoted inside an ICMP error is translated too (RFC 5508 4.2).\n"
	       "table ip nat {\n", t->n->name);
	put_eip_map(t, "to_inside", true);
	put_eip_map(t, "to_outside", false);
	put(t, "\tchain prerouting {\n"
	       "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
	       "\t\tiifname \"%s\" dnat to ip daddr map @to_inside\n"
	       "\t}\n\n"
	       "\tchain postrouting {\n"
	       "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
	       "\t\toifname \"%s\" snat to ip saddr map @to_outside\n"
	       "\t}\n}\n\n"
	       "table ip filter {\n", t->outside, t->outside);
	put_counter(t);
	put(t, "\t# The private addresses that have a public one.\n");
	put_eip_set(t);
	put_nat_input(t);
	put(t, "\t# Through the node: inwards what was translated, outwards whoever has a\n"
	       "\t# public address.\n"
	       "\tchain forward {\n"
	       "\t\ttype filter hook forward priority filter; policy accept;\n"
	       "\t\tct state invalid counter name \"dropped\" drop\n"
	       "\t\tct state established,related accept\n"
	       "\t\tiifname \"%s\" ct status dnat accept\n"
	       "\t\tiifname \"%s\" counter name \"dropped\" drop\n"
	       "\t\toifname \"%s\" ip saddr @mapped accept\n"
	       "\t\toifname \"%s\" counter name \"dropped\" drop\n"
	       "\t}\n}\n", t->outside, t->outside, t->outside, t->outside);
}

static void put_allow_entry(struct text *t, const struct allow *e)
{
	switch (e->proto) {
	case 1:
		put(t, "\t\tmeta l4proto icmp accept\n");
		break;
	case 50:
		put(t, "\t\tmeta l4proto esp accept\n");
		break;
	default:
		put(t, "\t\t%s dport %u", e->proto == 17 ? "udp" : "tcp", e->port_lo);
		if (e->port_hi != e->port_lo)
			put(t, "-%u", e->port_hi);
		put(t, " accept\n");
		break;
	}
}

static void put_allow(struct text *t)
{
	put(t, "# %s: the security group before it. It remembers what the machine itself began,\n"
	       "# and answers to that need no permission.\n"
	       "table ip filter {\n", t->n->name);
	put_counter(t);
	put(t, "\tchain input {\n"
	       "\t\ttype filter hook input priority filter; policy accept;\n"
	       "\t\tiifname \"lo\" accept\n"
	       "\t\tct state established,related accept\n"
	       "\t\tct state invalid counter name \"dropped\" drop\n");
	for (size_t i = 0; i < t->n->n_allow; i++)
		put_allow_entry(t, &t->n->allow[i]);
	put(t, "\t\tcounter name \"dropped\" drop\n"
	       "\t}\n}\n");
}

static void put_extra(struct text *t)
{
	size_t len = strlen(t->n->nft);

	put(t, "\n# From the topology file:\n%s%s", t->n->nft,
	    len && t->n->nft[len - 1] == '\n' ? "" : "\n");
}

const char *ruleset_text(struct arena *a, const struct scenario *s, unsigned node, uint64_t seed)
{
	const struct node *n = &s->nodes[node];
	struct text t = {.s = s, .n = n};
	char *buf = NULL;
	size_t len = 0;
	const char *out;

	t.f = open_memstream(&buf, &len);
	assert(t.f);
	switch (n->kind) {
	case KIND_NAPT:
		t.outside = s->ifaces[n->outside].name;
		put_napt(&t, a, node, seed);
		break;
	case KIND_EIP:
		t.outside = s->ifaces[n->outside].name;
		put_eip(&t);
		break;
	case KIND_CLIENT:
	case KIND_SERVER:
	case KIND_HOST:
		if (n->has_allow)
			put_allow(&t);
		break;
	case KIND_ROUTER:
	case KINDS:
		break;
	}
	if (n->nft)
		put_extra(&t);
	fclose(t.f);
	out = len ? arena_strn(a, buf, len) : NULL;
	free(buf);
	return out;
}
