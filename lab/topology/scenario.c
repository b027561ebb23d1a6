/* SPDX-License-Identifier: MIT */
/*
 * scenario.c - a topology with every axis fixed, and what can be judged only then.
 */
#include "lab/topology/topology_priv.h"

#include <stdlib.h>
#include <string.h>

#include "lab/result/predict.h"
#include "lab/product/product.h"
#include "lab/plan/nft_ruleset.h"
#include "lab/vm/vm.h"

size_t scenario_count(const struct topology *t)
{
	return t->n_scenarios;
}

/* The last axis runs fastest. */
static void locate(const struct topology *t, size_t i, size_t *at)
{
	for (size_t x = t->n_axes; x-- > 0;) {
		at[x] = i % t->axes[x].n;
		i /= t->axes[x].n;
	}
}

const char *scenario_id(struct arena *a, const struct topology *t, size_t i)
{
	size_t at[AXES_MAX] = {0};

	assert(i < t->n_scenarios);
	locate(t, i, at);
	return topo_id(a, t, at);
}

static void apply(struct arena *a, const struct topology *t, struct scenario *s,
		  const struct override *set, size_t n)
{
	struct reading r = {.a = a, .t = (struct topology *)t, .m = NULL};

	for (size_t i = 0; i < n; i++)
		value_read(&r, set[i].key, set[i].value, set[i].node, &s->nodes[set[i].node]);
}

/* What the names of servers stand for: an Elastic IP, the outside of a NAPT that forwards IKE to
 * them, or else the first address. */
static void resolve_dials(struct arena *a, struct scenario *s)
{
	const struct inet_addr **public = arena_array_of(a, s->n_nodes, const struct inet_addr *);

	for (size_t i = 0; i < s->n_nodes; i++) {
		const struct node *n = &s->nodes[i];
		const struct forward *f = n->kind == KIND_NAPT ? napt_forward(n, 17, 500) : NULL;

		for (size_t k = 0; k < n->n_map; k++) {
			if (!public[n->map[k].node])
				public[n->map[k].node] = &n->map[k].outside;
		}
		if (f && !public[f->node])
			public[f->node] = &s->ifaces[n->outside].addr;
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		struct node *n = &s->nodes[i];
		int to = n->dials_node;

		if (to >= 0)
			n->dials = public[to] ? *public[to]
					      : s->ifaces[s->nodes[to].ifaces[0]].addr;
	}
}

/* `nat: false`: a router stands there in this scenario. */
static bool unplug_nats(struct scenario *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n_nodes; i++) {
		struct node *n = &s->nodes[i];

		if (!n->plain)
			continue;
		any = true;
		n->kind = KIND_ROUTER;
		n->n_map = 0;
	}
	return any;
}

static bool applies(const struct topology *t, const struct expect_def *d, const size_t *at)
{
	for (size_t x = 0; x < t->n_axes; x++) {
		if (!topo_bit(d->when[x], at[x]))
			return false;
	}
	return true;
}

/* A node that runs a product is predicted, and called, by the mode that stands for it. */
static void become_product(struct arena *a, struct node *n)
{
	n->client = n->kind == KIND_CLIENT ? mode_client(product_mode(n)) : NULL;
	n->server = n->kind == KIND_SERVER ? mode_server(product_mode(n)) : NULL;
	n->mode_name = product_title(a, n);
	assert(n->client || n->server);
}

bool scenario_has_vm(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (s->nodes[i].vm)
			return true;
	}
	return false;
}

struct scenario *scenario_new(struct arena *a, const struct topology *t, size_t i)
{
	struct scenario *s = arena_new_of(a, struct scenario);
	size_t at[AXES_MAX] = {0};

	assert(i < t->n_scenarios);
	locate(t, i, at);
	s->id = topo_id(a, t, at);
	s->topology = t;
	s->topology_name = t->name;
	s->nodes = arena_copy(a, t->nodes, t->n_nodes * sizeof(*t->nodes));
	s->n_nodes = t->n_nodes;
	s->links = t->links;
	s->n_links = t->n_links;
	s->ifaces = t->ifaces;
	s->n_ifaces = t->n_ifaces;
	s->axes = arena_array_of(a, t->n_axes, struct axis_value);
	s->n_axes = t->n_axes;
	for (size_t x = 0; x < t->n_axes; x++) {
		const struct value *v = &t->axes[x].v[at[x]];

		s->axes[x] = (struct axis_value){t->axes[x].name, v->name};
		apply(a, t, s, v->set, v->n_set);
	}
	apply(a, t, s, t->set, t->n_set);
	for (size_t n = 0; n < s->n_nodes; n++) {
		struct node *node = &s->nodes[n];

		if (node->run)
			become_product(a, node);
		if (node->vm)
			node->mode_name = arena_printf(a, "vm as %s", node->mode_name);
		/* A registry stays in the file when the matrix makes a Mac of the client. */
		if (node->client && node->client->gate == GATE_NONE)
			node->registry = -1;
	}
	if (unplug_nats(s))
		s->topology = addressing_reshape(a, t, s->nodes);
	resolve_dials(a, s);
	addressing_eip_routes(a, s->topology, s->nodes);
	s->expects = arena_array_of(a, t->n_expects, struct expectation);
	for (size_t e = 0; e < t->n_expects; e++) {
		if (applies(t, &t->expects[e], at))
			s->expects[s->n_expects++] = t->expects[e].e;
	}
	return s;
}

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

/* ---- what only a whole scenario shows ---- */

/* Where the value of a node's key comes from in this scenario, for the mistake's place. */
static const struct tree *place_of(const struct topology *t, const size_t *at, unsigned node,
				   enum key k)
{
	const struct tree *v = t->defs[node].keys[k];

	for (size_t x = 0; x < t->n_axes; x++) {
		const struct value *val = &t->axes[x].v[at[x]];

		for (size_t o = 0; o < val->n_set; o++) {
			if (val->set[o].node == node && val->set[o].key == k)
				v = val->set[o].value;
		}
	}
	for (size_t o = 0; o < t->n_set; o++) {
		if (t->set[o].node == node && t->set[o].key == k)
			v = t->set[o].value;
	}
	return v ? v : t->defs[node].at;
}

static bool need(struct reading *r, const size_t *at, unsigned node, enum key k)
{
	const struct topology *t = r->t;

	if (place_of(t, at, node, k) != t->defs[node].at)
		return true;
	mistake(r->m, t->defs[node].at, "%s has no %s", t->nodes[node].name, key_row(k)->name);
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
static bool check_maps(struct reading *r, const struct scenario *s, const size_t *at)
{
	VEC(struct mapped) v = {0};
	bool good = true;

	for (unsigned i = 0; i < s->n_nodes; i++) {
		for (size_t k = 0; k < s->nodes[i].n_map; k++)
			*vec_push(r->a, &v) = (struct mapped){
				inet_to_v4(s->nodes[i].map[k].outside), i};
	}
	if (v.n)
		qsort(v.v, v.n, sizeof(*v.v), by_addr);
	for (size_t i = 1; i < v.n; i++) {
		if (v.v[i].addr != v.v[i - 1].addr)
			continue;
		mistake(r->m, place_of(r->t, at, v.v[i].node, KEY_MAP), "%s is mapped by %s too",
			INET_ADDR(inet_v4(v.v[i].addr)), s->nodes[v.v[i - 1].node].name);
		good = false;
	}
	return good;
}

/* @needed: mappings of each node. */
static bool check_ports(struct reading *r, const struct scenario *s, const size_t *at,
			const size_t *needed, unsigned i)
{
	const struct node *n = &s->nodes[i];
	size_t there = (size_t)n->port_hi - n->port_lo + 1;

	if (needed[i] > NAPT_MAP_MAX) {
		mistake(r->m, r->t->defs[i].at, "too many machines behind %s", n->name);
		return false;
	}
	if (n->ports != NAPT_RANGE || there >= needed[i])
		return true;
	mistake(r->m, place_of(r->t, at, i, KEY_PORTS),
		"%s needs %zu ports, %d for each machine behind it; here are %zu", n->name,
		needed[i], NAPT_FIXED_PORTS, there);
	return false;
}

/* What connection tracking cannot do, said before it is tried. */
static bool check_hairpin(struct reading *r, const struct scenario *s, const size_t *at, unsigned i)
{
	const struct node *n = &s->nodes[i];
	const char *need = NULL;

	if (!n->hairpin)
		return true;
	if (n->mapping != DEPENDS_NOT)
		need = "mapping: endpoint-independent: for every other one the destination is "
		       "changed before the source's port is looked up";
	else if (n->filtering != DEPENDS_NOT && !n->n_forward)
		need = "filtering: endpoint-independent, or something to forward: else nobody "
		       "inside is let in from outside";
	if (need)
		mistake(r->m, place_of(r->t, at, i, KEY_HAIRPIN), "hairpin needs %s", need);
	return !need;
}

/* What is written into other programs' configurations must not need their ways of quoting. */
static bool check_said(struct reading *r, const size_t *at, unsigned i, enum key k,
		       const char *secret)
{
	if (!secret || product_can_say(secret))
		return true;
	mistake(r->m, place_of(r->t, at, i, k),
		"a real product's %s has letters, digits, '-', '_' and '.' only", key_row(k)->name);
	return false;
}

/* Half of what PPP asks for would be asked for in vain. */
static bool check_user(struct reading *r, const struct scenario *s, const size_t *at, unsigned i)
{
	const struct node *n = &s->nodes[i];

	return (!n->user && !n->password) ||
	       (need(r, at, i, KEY_USER) && need(r, at, i, KEY_PASSWORD));
}

/* A mode of ours or a real product. */
static bool check_software(struct reading *r, const struct scenario *s, const size_t *at,
			   unsigned i)
{
	const struct node *n = &s->nodes[i];

	if (n->vm && n->kind == KIND_CLIENT)
		return need(r, at, i, KEY_DIALS);
	if (n->vm && n->dials.len) {
		mistake(r->m, place_of(r->t, at, i, KEY_DIALS), "%s is a server by its mode and "
			"dials nobody", n->name);
		return false;
	}
	if (!n->run)
		return need(r, at, i, KEY_MODE);
	if (n->kind == KIND_CLIENT && !n->dials.len) {
		mistake(r->m, place_of(r->t, at, i, KEY_RUN), "%s runs a product and dials nobody",
			n->name);
		return false;
	}
	return check_said(r, at, i, KEY_PSK, n->psk) && check_said(r, at, i, KEY_USER, n->user) &&
	       check_said(r, at, i, KEY_PASSWORD, n->password);
}

static bool check_node(struct reading *r, const struct scenario *s, const size_t *at,
		       const size_t *needed, unsigned i)
{
	bool good = true;

	switch (s->nodes[i].kind) {
	case KIND_CLIENT:
		good = check_software(r, s, at, i) && check_user(r, s, at, i);
		return (!s->nodes[i].dials.len || s->nodes[i].vm ||
			need(r, at, i, KEY_PSK)) && good;
	case KIND_SERVER:
		good = check_software(r, s, at, i) && check_user(r, s, at, i);
		return (s->nodes[i].vm || need(r, at, i, KEY_PSK)) && good;
	case KIND_NAPT:
		good = check_hairpin(r, s, at, i);
		return check_ports(r, s, at, needed, i) && good;
	case KIND_EIP:
		return need(r, at, i, KEY_MAP);
	case KIND_ROUTER:
	case KIND_HOST:
	case KIND_VM:
	case KINDS:
		break;
	}
	return good;
}

/* Two machines at one socket. */
static bool check_sockets(struct reading *r, const struct scenario *s, const size_t *at)
{
	for (unsigned i = 0; i < s->n_nodes; i++) {
		for (unsigned k = 0; s->nodes[i].vm && k < i; k++) {
			if (!s->nodes[k].vm || strcmp(vm_socket(r->a, &s->nodes[i]),
						      vm_socket(r->a, &s->nodes[k])) != 0)
				continue;
			mistake(r->m, place_of(r->t, at, i, KEY_SOCKET), "%s and %s have the same "
				"socket", s->nodes[k].name, s->nodes[i].name);
			return false;
		}
	}
	return true;
}

static void check_dial(struct reading *r, const struct scenario *s, const size_t *at, unsigned i)
{
	const struct node *n = &s->nodes[i];
	struct walk w;

	predict_walk(s, n, 500, 1, &w);
	if (!w.arrives && !w.by_policy)
		mistake(r->m, place_of(r->t, at, i, KEY_DIALS), "%s can never reach %s: %s",
			n->name, INET_ADDR(n->dials), w.why);
}

/* On a copy, because judging reckons the routes once more. */
static bool check_shape(struct reading *r, const struct scenario *s)
{
	struct topology *copy = arena_copy(r->a, s->topology, sizeof(*copy));
	struct reading shaped = {.a = r->a, .t = copy, .m = r->m};

	copy->nodes = arena_copy(r->a, s->nodes, s->n_nodes * sizeof(*s->nodes));
	return addressing_check_shape(&shaped);
}

static void check_scenario(struct reading *r, const struct scenario *s, const size_t *at)
{
	const size_t *needed;
	bool good;

	if (s->topology != r->t && !check_shape(r, s))
		return;
	needed = napt_map_sizes(r->a, s);
	good = check_maps(r, s, at);
	good &= check_sockets(r, s, at);
	for (unsigned i = 0; i < s->n_nodes; i++)
		good &= check_node(r, s, at, needed, i);
	for (unsigned i = 0; good && i < s->n_nodes; i++) {
		if (s->nodes[i].kind == KIND_CLIENT && s->nodes[i].dials.len)
			check_dial(r, s, at, i);
	}
}

/* Somebody must dial for anything to be expected. */
static void check_anybody(struct reading *r, bool dials)
{
	if (r->t->n_expects && !dials)
		mistake(r->m, r->t->expects[0].at, "nothing can come of it: no client dials");
}

void scenarios_check(struct reading *r)
{
	const struct topology *t = r->t;
	bool dials = false;

	if (t->n_scenarios * t->n_nodes * (t->n_maps + 1) > WORK_MAX) {
		mistake(r->m, t->defs[0].at, "%zu scenarios of %zu nodes with %zu Elastic IPs are "
			"too much", t->n_scenarios, t->n_nodes, t->n_maps);
		return;
	}
	for (size_t i = 0; i < t->n_scenarios && !mistakes_enough(r->m); i++) {
		struct arena *scratch = arena_new();
		struct reading inner = {.a = scratch, .t = r->t, .m = r->m};
		const struct scenario *s = scenario_new(scratch, t, i);
		size_t at[AXES_MAX] = {0};

		locate(t, i, at);
		check_scenario(&inner, s, at);
		for (size_t k = 0; k < s->n_nodes; k++)
			dials |= s->nodes[k].dials.len != 0;
		arena_free(scratch);
	}
	check_anybody(r, dials);
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
