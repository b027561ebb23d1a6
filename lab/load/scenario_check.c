/* SPDX-License-Identifier: MIT */
/*
 * scenario_check.c - what only a whole scenario shows, with every axis of the matrix fixed.
 */
#include "lab/load/scenario_check.h"

#include <stdlib.h>
#include <string.h>

#include "lab/net/path.h"
#include "lab/plan/napt_ports.h"
#include "lab/topology/products.h"
#include "lab/topology/scenario_place.h"
#include "lab/topology/scenario_query.h"

/* One scenario that is checked. */
struct check {
	struct arena *a; /* for this scenario alone */
	const struct topology *t;
	struct mistakes *m;
	size_t number;
	const struct scenario *s;
};

/* Where the value of a node's key comes from, or else the node, for the mistake's place. */
static const struct tree *place_of(const struct check *c, unsigned node, enum key k)
{
	const struct tree *v = scenario_value_at(c->t, c->number, node, k);

	return v ? v : topology_node_at(c->t, node);
}

static bool need(const struct check *c, unsigned node, enum key k)
{
	if (scenario_value_at(c->t, c->number, node, k))
		return true;
	mistake(c->m, topology_node_at(c->t, node), "%s has no %s", c->s->nodes[node].name,
		key_row(k)->name);
	return false;
}

struct mapped {
	uint32_t addr;
	unsigned node;
};

static int by_addr(const void *pa, const void *pb)
{
	const struct mapped *a = pa, *b = pb;

	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

/* No two edges answer for the same address. */
static bool check_maps(const struct check *c)
{
	const struct scenario *s = c->s;
	VEC(struct mapped) v = {0};
	bool good = true;

	for (unsigned i = 0; i < s->n_nodes; i++) {
		for (size_t k = 0; k < s->nodes[i].n_map; k++)
			*vec_push(c->a, &v) = (struct mapped){
				inet_to_v4(s->nodes[i].map[k].outside), i};
	}
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_addr);
	for (size_t i = 1; i < v.n; i++) {
		if (v.v[i].addr != v.v[i - 1].addr)
			continue;
		mistake(c->m, place_of(c, v.v[i].node, KEY_MAP), "%s is mapped by %s too",
			INET_ADDR(inet_v4(v.v[i].addr)), s->nodes[v.v[i - 1].node].name);
		good = false;
	}
	return good;
}

/* @needed: mappings of each node. */
static bool check_ports(const struct check *c, const size_t *needed, unsigned i)
{
	const struct node *n = &c->s->nodes[i];
	size_t there = (size_t)n->port_hi - n->port_lo + 1;

	if (needed[i] > NAPT_MAP_MAX) {
		mistake(c->m, topology_node_at(c->t, i), "too many machines behind %s", n->name);
		return false;
	}
	if (n->ports != NAPT_RANGE || there >= needed[i])
		return true;
	mistake(c->m, place_of(c, i, KEY_PORTS),
		"%s needs %zu ports, %d for each machine behind it; here are %zu", n->name,
		needed[i], NAPT_FIXED_PORTS, there);
	return false;
}

/* What connection tracking cannot do, said before it is tried. */
static bool check_hairpin(const struct check *c, unsigned i)
{
	const struct node *n = &c->s->nodes[i];
	const char *need = NULL;

	if (!n->hairpin)
		return true;
	if (n->mapping != DEPENDS_NOT)
		need = "mapping: endpoint-independent: for every other one the destination is "
		       "changed before the source's port is looked up";
	else if (n->filtering != DEPENDS_NOT && !n->n_forward)
		need = "filtering: endpoint-independent, or something to forward: else no "
		       "machine inside is let in from outside";
	if (need)
		mistake(c->m, place_of(c, i, KEY_HAIRPIN), "hairpin needs %s", need);
	return !need;
}

/* What is written into other programs' configurations must not need their ways of quoting. */
static bool check_said(const struct check *c, unsigned i, enum key k, const char *secret)
{
	if (!secret || product_can_say(secret))
		return true;
	mistake(c->m, place_of(c, i, k),
		"a real product's %s has letters, digits, '-', '_' and '.' only", key_row(k)->name);
	return false;
}

/* Half of what PPP asks for would be asked for in vain. */
static bool check_user(const struct check *c, unsigned i)
{
	const struct node *n = &c->s->nodes[i];

	return (!n->user && !n->password) ||
	       (need(c, i, KEY_USER) && need(c, i, KEY_PASSWORD));
}

/* A mode of ours or a real product. */
static bool check_software(const struct check *c, unsigned i)
{
	const struct node *n = &c->s->nodes[i];

	if (n->vm && n->kind == KIND_CLIENT)
		return need(c, i, KEY_DIALS);
	if (n->vm && n->dials.len) {
		mistake(c->m, place_of(c, i, KEY_DIALS), "%s is a server by its mode and "
			"dials no server", n->name);
		return false;
	}
	if (!n->run)
		return need(c, i, KEY_MODE);
	if (n->kind == KIND_CLIENT && !n->dials.len) {
		mistake(c->m, place_of(c, i, KEY_RUN), "%s runs a product and dials no server",
			n->name);
		return false;
	}
	return check_said(c, i, KEY_PSK, n->psk) && check_said(c, i, KEY_USER, n->user) &&
	       check_said(c, i, KEY_PASSWORD, n->password);
}

static bool check_node(const struct check *c, const size_t *needed, unsigned i)
{
	const struct node *n = &c->s->nodes[i];
	bool good = true;

	switch (n->kind) {
	case KIND_CLIENT:
		good = check_software(c, i) && check_user(c, i);
		return (!n->dials.len || n->vm || need(c, i, KEY_PSK)) && good;
	case KIND_SERVER:
		good = check_software(c, i) && check_user(c, i);
		return (n->vm || need(c, i, KEY_PSK)) && good;
	case KIND_NAPT:
		good = check_hairpin(c, i);
		return check_ports(c, needed, i) && good;
	case KIND_EIP:
		return need(c, i, KEY_MAP);
	case KIND_ROUTER:
	case KIND_HOST:
	case KIND_VM:
	case KINDS:
		break;
	}
	return good;
}

/* Two machines at one socket. */
static bool check_sockets(const struct check *c)
{
	const struct scenario *s = c->s;

	for (unsigned i = 0; i < s->n_nodes; i++) {
		for (unsigned k = 0; s->nodes[i].vm && k < i; k++) {
			if (!s->nodes[k].vm || strcmp(vm_socket(c->a, &s->nodes[i]),
						      vm_socket(c->a, &s->nodes[k])) != 0)
				continue;
			mistake(c->m, place_of(c, i, KEY_SOCKET), "%s and %s have the same "
				"socket", s->nodes[k].name, s->nodes[i].name);
			return false;
		}
	}
	return true;
}

static void check_dial(const struct check *c, struct paths *paths, unsigned i)
{
	const struct node *n = &c->s->nodes[i];
	struct walk w;

	path_walk(paths, n, 500, &w);
	if (!w.arrives && !w.by_policy)
		mistake(c->m, place_of(c, i, KEY_DIALS), "%s can never reach %s: %s",
			n->name, INET_ADDR(n->dials), w.why);
}

static void check_scenario(const struct check *c)
{
	const struct scenario *s = c->s;
	const size_t *needed;
	struct paths *paths;
	bool good;

	if (!scenario_check_shape(c->a, s, c->m))
		return;
	needed = napt_map_sizes(c->a, s);
	good = check_maps(c);
	good &= check_sockets(c);
	for (unsigned i = 0; i < s->n_nodes; i++)
		good &= check_node(c, needed, i);
	if (!good)
		return;
	paths = paths_new(c->a, s, 1);
	for (unsigned i = 0; i < s->n_nodes; i++) {
		if (s->nodes[i].kind == KIND_CLIENT && s->nodes[i].dials.len)
			check_dial(c, paths, i);
	}
}

void scenarios_check(const struct topology *t, struct mistakes *m)
{
	const struct tree *expects = topology_expect_at(t);
	bool dials = false;

	for (size_t i = 0; i < scenario_count(t) && !mistakes_enough(m); i++) {
		struct arena *scratch = arena_new();
		const struct scenario *s = scenario_new(scratch, t, i);

		check_scenario(&(struct check){scratch, t, m, i, s});
		for (size_t k = 0; k < s->n_nodes; k++)
			dials |= s->nodes[k].dials.len != 0;
		arena_free(scratch);
	}
	if (expects && !dials)
		mistake(m, expects, "nothing can come of it: no client dials");
}
