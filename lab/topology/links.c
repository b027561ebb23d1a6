/* SPDX-License-Identifier: MIT */
/*
 * links.c - links: which interface of which node is plugged into which.
 */
#include "lab/topology/topology_priv.h"

#include <stdlib.h>
#include <string.h>

/* Not the loopback, and not what /proc/sys/net/ipv4/conf/ calls all of them. */
static bool is_iface_name(const char *s)
{
	static const char *const reserved[] = {"lo", "all", "default"};
	static const struct words words = WORDS_IN(reserved);

	return value_is_name(s, IFACE_LEN_MAX) && word_find(&words, s) < 0;
}

/* The interface of a node that has this name, -1: none. */
static int find_iface(const struct topology *t, unsigned node, const char *name)
{
	const struct node *n = &t->nodes[node];

	for (size_t i = 0; i < n->n_ifaces; i++) {
		if (strcmp(t->ifaces[n->ifaces[i]].name, name) == 0)
			return (int)n->ifaces[i];
	}
	return -1;
}

/* "client:eth0" to a node and an interface's name. */
static bool parse_end(struct reading *r, const struct tree *v, struct iface *out)
{
	const struct topology *t = r->t;
	const char *colon = v->kind == TREE_TEXT ? strchr(v->text, ':') : NULL;
	char *node;
	int i;

	if (!colon) {
		mistake(r->m, v, "a link's end is \"node:interface\"");
		return false;
	}
	node = arena_strn(r->a, v->text, (size_t)(colon - v->text));
	i = topo_node(t, node);
	if (i < 0) {
		mistake(r->m, v, "no node %s%s", tree_shown(r->a, node),
			did_you_mean(r->m, node, t->node_names, t->n_nodes));
		return false;
	}
	if (!is_iface_name(colon + 1)) {
		mistake(r->m, v,
			"%s cannot name an interface: a letter, then letters, digits and '-', "
			"all lower-case, at most %d", tree_shown(r->a, colon + 1), IFACE_LEN_MAX);
		return false;
	}
	out->node = (unsigned)i;
	out->name = colon + 1;
	out->full = v->text;
	return true;
}

static bool read_end(struct reading *r, const struct tree *v, struct iface *out)
{
	const struct tree *keys[KEYS] = {0};
	const struct topology *t = r->t;
	int same;

	if (v->kind == TREE_MAP) {
		topo_keys(r, v, PLACE_END, KINDS, NULL, keys);
		if (!keys[KEY_INTERFACE]) {
			if (!tree_get(v, "interface"))
				mistake(r->m, v, "a link's end without interface");
			return false;
		}
		if (keys[KEY_ADDRESS])
			inet_parse_addr(keys[KEY_ADDRESS]->text, &out->addr);
		v = keys[KEY_INTERFACE];
	}
	if (!parse_end(r, v, out))
		return false;
	same = find_iface(t, out->node, out->name);
	if (same >= 0)
		mistake(r->m, v, "%s is in use already, in line %u", out->full,
			t->iface_at[same]->line);
	return same < 0;
}

/* Interfaces of a node are few, or the node is a router with a thousand: doubling serves both. */
static void node_add_iface(struct arena *a, struct node *n, unsigned iface)
{
	if ((n->n_ifaces & (n->n_ifaces - 1)) == 0) {
		unsigned *bigger = arena_array_of(a, n->n_ifaces ? 2 * n->n_ifaces : 1, unsigned);

		if (n->n_ifaces)
			memcpy(bigger, n->ifaces, n->n_ifaces * sizeof(*bigger));
		n->ifaces = bigger;
	}
	n->ifaces[n->n_ifaces++] = iface;
}

/* The subnets that a cable can have. */
static bool check_subnet(struct reading *r, const struct tree *v, struct inet_net net)
{
	uint32_t first = inet_to_v4(net.addr) >> 24;

	if (net.plen < 8 || net.plen > 31) {
		mistake(r->m, v, "a link's subnet is a /8 to a /31; it needs two addresses");
		return false;
	}
	if (first == 0 || first == 127 || first >= 224) {
		mistake(r->m, v, "%s cannot be used on a link", v->text);
		return false;
	}
	return true;
}

void links_set_fault(struct link_faults *f, enum key k, const struct tree *v)
{
	unsigned long permille = 0;
	usec delay = 0;

	if (k == KEY_DELAY) {
		if (value_duration(v, &delay))
			f->delay = delay;
		return;
	}
	if (!value_permille(v, &permille))
		return;
	if (k == KEY_LOSS)
		f->loss = (uint16_t)permille;
	else if (k == KEY_DUPLICATE)
		f->duplicate = (uint16_t)permille;
	else if (k == KEY_REORDER)
		f->reorder = (uint16_t)permille;
}

int links_find(const struct topology *t, const char *name)
{
	return FIND_NAMED(t->links, t->n_links, name, name);
}

static void read_faults(struct reading *r, const struct tree *v, struct link_faults *f)
{
	const struct tree *keys[KEYS] = {0};

	topo_keys(r, v, PLACE_FAULTS, KINDS, NULL, keys);
	for (unsigned k = 0; k < KEYS; k++)
		if (keys[k])
			links_set_fault(f, (enum key)k, keys[k]);
}

static bool read_link(struct reading *r, const struct tree *v)
{
	struct topology *t = r->t;
	const struct tree *keys[KEYS] = {0};
	const struct tree *ends;
	unsigned link = (unsigned)t->n_links;
	struct iface f[2] = {{0}, {0}};
	bool good;

	if (!topo_want_map(r, v, "a link"))
		return false;
	topo_keys(r, v, PLACE_LINK, KINDS, NULL, keys);
	ends = keys[KEY_ENDPOINTS];
	if (!ends || !keys[KEY_SUBNET]) {
		if (!tree_get(v, "endpoints"))
			mistake(r->m, v, "a link without endpoints");
		if (!tree_get(v, "subnet"))
			mistake(r->m, v, "a link without subnet");
	}
	if (ends && ends->n != 2) {
		mistake(r->m, ends, "a link has two ends, not %zu", ends->n);
		ends = NULL;
	}
	good = ends && keys[KEY_SUBNET];
	if (keys[KEY_SUBNET]) {
		inet_parse_net(keys[KEY_SUBNET]->text, &t->links[link].subnet);
		good &= check_subnet(r, keys[KEY_SUBNET], t->links[link].subnet);
	}
	if (keys[KEY_FAULTS])
		read_faults(r, keys[KEY_FAULTS], &t->links[link].faults);
	for (unsigned k = 0; ends && k < 2; k++)
		good &= read_end(r, ends->v[k], &f[k]);
	if (!good)
		return false;
	if (f[0].node == f[1].node) {
		mistake(r->m, ends, "a link from %s to itself", t->nodes[f[0].node].name);
		return false;
	}
	t->links[link].ifaces = arena_array_of(r->a, ends->n, unsigned);
	for (unsigned k = 0; k < ends->n; k++) {
		unsigned i = (unsigned)t->n_ifaces++;

		t->ifaces[i] = f[k];
		t->ifaces[i].link = link;
		t->iface_at[i] = ends->v[k];
		t->links[link].ifaces[t->links[link].n_ifaces++] = i;
		node_add_iface(r->a, &t->nodes[f[k].node], i);
	}
	t->link_at[link] = keys[KEY_SUBNET];
	t->n_links++;
	return true;
}

/* "client-home"; a second cable between the same two, or one whose name would be the same, gets a
 * number. */
static void name_links(struct reading *r)
{
	struct topology *t = r->t;
	struct named *sorted = arena_array_of(r->a, t->n_links, struct named);
	unsigned same = 1;

	for (unsigned i = 0; i < t->n_links; i++) {
		struct link *l = &t->links[i];

		l->name = arena_printf(r->a, "%s-%s", t->nodes[t->ifaces[l->ifaces[0]].node].name,
				       t->nodes[t->ifaces[l->ifaces[1]].node].name);
		sorted[i] = (struct named){l->name, i};
	}
	names_sort(sorted, t->n_links);
	for (size_t i = 1; i < t->n_links; i++) {
		same = strcmp(sorted[i].name, sorted[i - 1].name) == 0 ? same + 1 : 1;
		/* '.' is in no node's name, so a number makes no name that is there already. */
		if (same > 1)
			t->links[sorted[i].number].name =
				arena_printf(r->a, "%s.%u", sorted[i].name, same);
	}
}

bool links_read(struct reading *r, const struct tree *links)
{
	struct topology *t = r->t;
	bool good = true;

	if (links->n > NODES_MAX) {
		mistake(r->m, links, "%zu links; at most %d are possible", links->n, NODES_MAX);
		return false;
	}
	t->links = arena_array_of(r->a, links->n, struct link);
	t->link_at = arena_array_of(r->a, links->n, const struct tree *);
	t->ifaces = arena_array_of(r->a, 2 * links->n, struct iface);
	t->iface_at = arena_array_of(r->a, 2 * links->n, const struct tree *);
	for (size_t i = 0; i < links->n; i++)
		good &= read_link(r, links->v[i]);
	name_links(r);
	return good;
}

static bool find_outside(struct reading *r, unsigned i)
{
	struct topology *t = r->t;
	struct node *n = &t->nodes[i];
	const struct tree *v = t->defs[i].keys[KEY_OUTSIDE];
	const char *known[64];
	size_t n_known = 0;
	int outside;

	if (!v) {
		mistake(r->m, t->defs[i].at, "%s has no outside: which interface faces the world?",
			n->name);
		return false;
	}
	outside = find_iface(t, i, v->text);
	if (outside >= 0) {
		n->outside = (unsigned)outside;
		t->defs[i].has_outside = true;
	}
	for (size_t k = 0; k < MIN(n->n_ifaces, ARRAY_LEN(known)); k++)
		known[n_known++] = t->ifaces[n->ifaces[k]].name;
	if (!t->defs[i].has_outside)
		mistake(r->m, v, "%s has no interface %s%s", n->name, tree_shown(r->a, v->text),
			did_you_mean(r->m, v->text, known, n_known));
	else if (n->n_ifaces < 2)
		mistake(r->m, t->defs[i].at, "%s has no inside: a NAT needs a second interface",
			n->name);
	return t->defs[i].has_outside && n->n_ifaces >= 2;
}

/* A virtual machine has one card, and at the other end of its link is something of ours. */
static bool check_vm(struct reading *r, unsigned i)
{
	const struct topology *t = r->t;
	const struct node *n = &t->nodes[i];
	const struct link *l = &t->links[t->ifaces[n->ifaces[0]].link];

	if (n->n_ifaces > 1) {
		mistake(r->m, t->defs[i].at, "%s has %zu links; a virtual machine has one", n->name,
			n->n_ifaces);
		return false;
	}
	for (size_t k = 0; k < l->n_ifaces; k++) {
		const struct node *other = &t->nodes[t->ifaces[l->ifaces[k]].node];

		if (other == n || !other->vm)
			continue;
		mistake(r->m, t->defs[i].at, "%s and %s are virtual machines; a link has one at "
			"most", n->name, other->name);
		return false;
	}
	return true;
}

/* Every node has a link, every NAT an outside. */
bool links_check(struct reading *r)
{
	struct topology *t = r->t;
	bool good = true;

	for (unsigned i = 0; i < t->n_nodes; i++) {
		if (!t->defs[i].has_kind) {
			good = false;
		} else if (t->nodes[i].n_ifaces == 0) {
			mistake(r->m, t->defs[i].at, "%s has no link",
				tree_shown(r->a, t->nodes[i].name));
			good = false;
		} else if (t->nodes[i].vm) {
			good &= check_vm(r, i);
		} else if (t->nodes[i].kind == KIND_NAPT || t->nodes[i].kind == KIND_EIP) {
			good &= find_outside(r, i);
		}
	}
	return good;
}
