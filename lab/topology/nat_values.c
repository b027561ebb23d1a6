/* SPDX-License-Identifier: MIT */
/*
 * nat_values.c - the values of a NAT's keys.
 */
#include <string.h>

#include "lab/topology/topology_priv.h"

/* The interface that an entry of `map` stands for: of a node, or the one with that address; on
 * the inside of the NAT @i. NULL: a mistake. */
static const struct iface *map_target(struct reading *r, const struct tree *v, unsigned i)
{
	const struct topology *t = r->t;
	struct inet_addr addr = {0};
	int node = -1;

	if (v->kind != TREE_TEXT ||
	    !(value_is_v4(v->text) || value_is_name(v->text, NAME_LEN_MAX))) {
		value_wrong(r, v, "here stands a node on the inside, or its address");
		return NULL;
	}
	if (!inet_parse_addr(v->text, &addr)) {
		node = value_node(r, v);
		if (node < 0)
			return NULL;
	}
	for (size_t k = 0; k < t->n_ifaces; k++) {
		const struct iface *f = &t->ifaces[k];

		if (f->node != i && addressing_is_inside(t, i, f->link) &&
		    (node < 0 ? inet_addr_eq(f->addr, addr) : f->node == (unsigned)node))
			return f;
	}
	value_wrong(r, v, "%s is not on the inside of %s", v->text, t->nodes[i].name);
	return NULL;
}

static bool read_map_entry(struct reading *r, const struct tree *key, const struct tree *v,
			   unsigned i, struct eip_map *out)
{
	const struct topology *t = r->t;
	const struct iface *f;

	if (!value_is_v4(key->text))
		return value_wrong(r, key, "%s is no IPv4 address: map has a public address, then "
				   "what it stands for", tree_shown(r->a, key->text));
	inet_parse_addr(key->text, &out->outside);
	for (size_t k = 0; k < t->n_ifaces; k++) {
		if (inet_addr_eq(t->ifaces[k].addr, out->outside))
			return value_wrong(r, key, "%s is the address of %s already", key->text,
				     t->ifaces[k].full);
	}
	for (size_t k = 0; k < t->n_links; k++) {
		if (inet_net_contains(t->links[k].subnet, out->outside) &&
		    k != t->ifaces[t->nodes[i].outside].link)
			return value_wrong(r, key,
					   "%s lies in the subnet of link %s, not outside %s",
					   key->text, t->links[k].name, t->nodes[i].name);
	}
	f = map_target(r, v, i);
	if (!f)
		return false;
	out->inside = f->addr;
	out->node = f->node;
	return true;
}

static bool read_map(struct reading *r, const struct tree *v, unsigned i, struct node *n)
{
	bool good = true;

	if (v->n > MAP_MAX)
		return value_wrong(r, v, "more than %d addresses", MAP_MAX);
	n->map = arena_array_of(r->a, v->n, struct eip_map);
	n->n_map = 0;
	for (size_t k = 0; k < v->n; k++) {
		struct eip_map *e = &n->map[n->n_map];

		if (!read_map_entry(r, v->keys[k], v->v[k], i, e)) {
			good = false;
			continue;
		}
		for (size_t j = 0; j < n->n_map; j++) { /* equal keys were found by the loader */
			if (inet_addr_eq(n->map[j].inside, e->inside))
				good = value_wrong(r, v->v[k],
						   "%s has a public address already, %s",
						   v->v[k]->text, INET_ADDR(n->map[j].outside));
		}
		n->n_map++;
	}
	return good;
}

static bool read_ports(struct reading *r, const struct tree *v, struct node *n)
{
	unsigned long lo, hi;

	if (v->kind == TREE_TEXT) {
		n->ports = (enum napt_ports)value_word(KEY_PORTS, v);
		return true;
	}
	if (v->n != 2 || !value_number(v->v[0], 65535, &lo) || !value_number(v->v[1], 65535, &hi) ||
	    lo == 0 || lo > hi)
		return value_wrong(r, v, "a range of ports is [lo, hi], from 1 to 65535");
	n->ports = NAPT_RANGE;
	n->port_lo = (uint16_t)lo;
	n->port_hi = (uint16_t)hi;
	return true;
}

/* The kernel reckons in seconds. */
static bool read_timeout(struct reading *r, const struct tree *v, struct node *n)
{
	n->declared = true;
	value_duration(v, &n->timeout);
	if (n->timeout < SEC || n->timeout % SEC)
		return value_wrong(r, v, "timeout is whole seconds, at least one, not %s", v->text);
	return true;
}

/* "udp/500" */
static bool parse_port(const char *s, struct forward *out)
{
	unsigned long port;

	out->proto = value_port_proto(&s);
	if (!out->proto || !value_digits(&s, 65535, &port) || *s || port == 0)
		return false;
	out->port = (uint16_t)port;
	return true;
}

static bool read_forward(struct reading *r, const struct tree *v, unsigned i, struct node *n)
{
	bool good = true;

	if (v->n > ALLOW_MAX)
		return value_wrong(r, v, "more than %d ports", ALLOW_MAX);
	n->forward = arena_array_of(r->a, v->n, struct forward);
	n->n_forward = 0;
	for (size_t k = 0; k < v->n; k++) {
		struct forward *f = &n->forward[n->n_forward];
		const struct iface *to;

		if (!parse_port(v->keys[k]->text, f)) {
			good = value_wrong(r, v->keys[k],
					   "%s cannot be forwarded; examples are udp/500, tcp/443",
					   tree_shown(r->a, v->keys[k]->text));
			continue;
		}
		to = map_target(r, v->v[k], i);
		if (!to) {
			good = false;
			continue;
		}
		f->to = to->addr;
		f->node = to->node;
		n->n_forward++;
	}
	return good;
}

bool value_read_nat(struct reading *r, enum key k, const struct tree *v, unsigned i, struct node *n)
{
	switch ((int)k) {
	case KEY_NAT:
		n->plain = v->text[0] == 'f';
		return true;
	case KEY_MAP:
		return read_map(r, v, i, n);
	case KEY_MAPPING:
		n->mapping = (enum napt_depends)value_word(k, v);
		n->declared = true;
		return true;
	case KEY_FILTERING:
		n->filtering = (enum napt_depends)value_word(k, v);
		n->declared = true;
		return true;
	case KEY_PORTS:
		return read_ports(r, v, n);
	case KEY_HAIRPIN:
		n->hairpin = v->text[0] == 't';
		n->declared = true;
		return true;
	case KEY_TIMEOUT:
		return read_timeout(r, v, n);
	case KEY_FORWARD:
		return read_forward(r, v, i, n);
	}
	return true;
}
