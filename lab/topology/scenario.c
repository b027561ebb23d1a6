/* SPDX-License-Identifier: MIT */
#include "lab/topology/scenario.h"

#include "lab/topology/products.h"
#include "lab/topology/scenario_query.h"
#include "lab/topology/topology_priv.h"

size_t scenario_count(const struct topology *t)
{
	return t->n_scenarios;
}

void scenario_locate(const struct topology *t, size_t i, size_t *at)
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
	scenario_locate(t, i, at);
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

struct scenario *scenario_new(struct arena *a, const struct topology *t, size_t i)
{
	struct scenario *s = arena_new_of(a, struct scenario);
	size_t at[AXES_MAX] = {0};

	assert(i < t->n_scenarios);
	scenario_locate(t, i, at);
	s->id = topo_id(a, t, at);
	s->topology = t;
	s->topology_name = t->name;
	s->nodes = arena_copy(a, t->nodes, t->n_nodes * sizeof(*t->nodes));
	s->n_nodes = t->n_nodes;
	s->n_links = t->n_links;
	s->ifaces = t->ifaces;
	s->n_ifaces = t->n_ifaces;
	s->axes = arena_array_of(a, t->n_axes, struct axis_value);
	s->n_axes = t->n_axes;
	for (size_t x = 0; x < t->n_axes; x++) {
		const struct value *v = &t->axes[x].v[at[x]];

		s->axes[x] = (struct axis_value){t->axes[x].name, v->name, at[x]};
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
	s->reshaped = unplug_nats(s);
	if (s->reshaped)
		s->topology = addressing_reshape(a, t, s->nodes);
	s->links = s->topology->links;
	resolve_dials(a, s);
	addressing_eip_routes(a, s->topology, s->nodes);
	s->expects = arena_array_of(a, t->n_expects, struct expectation);
	for (size_t e = 0; e < t->n_expects; e++) {
		if (applies(t, &t->expects[e], at))
			s->expects[s->n_expects++] = t->expects[e].e;
	}
	return s;
}

bool scenario_check_shape(struct arena *a, const struct scenario *s, struct mistakes *m)
{
	struct topology *copy;
	struct reading r = {.a = a, .m = m};

	if (!s->reshaped)
		return true;
	copy = arena_copy(a, s->topology, sizeof(*copy)); /* judging computes the routes anew */
	copy->nodes = arena_copy(a, s->nodes, s->n_nodes * sizeof(*s->nodes));
	r.t = copy;
	return addressing_check_shape(&r);
}
