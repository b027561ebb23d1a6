/* SPDX-License-Identifier: MIT */
/*
 * plan.c - a scenario to the ordered steps that build it.
 *
 * The order is what makes it safe: a node's rules stand and it forwards before any of its links
 * is up, so no packet ever crosses a NAT that does not translate yet; routes come last, because
 * the kernel takes none through an interface that is down.
 */
#include "lab/plan/plan.h"

#include "lab/plan/nft_ruleset.h"

typedef VEC(struct step) step_vec;

static struct step *push(struct arena *a, step_vec *v, enum step_kind kind, unsigned node)
{
	struct step *s = vec_push(a, v);

	*s = (struct step){.kind = kind, .node = node};
	return s;
}

static bool forwards(const struct node *n)
{
	return n->kind == KIND_ROUTER || n->kind == KIND_NAPT || n->kind == KIND_EIP;
}

static void push_links(struct arena *a, step_vec *v, const struct scenario *s)
{
	for (unsigned i = 0; i < s->n_links; i++) {
		unsigned f = s->links[i].ifaces[0];
		struct step *st = push(a, v, STEP_LINK, s->ifaces[f].node);

		st->iface = f;
		st->link = i;
	}
}

static void push_rules(struct arena *a, step_vec *v, struct plan *p)
{
	const struct scenario *s = p->s;

	for (unsigned i = 0; i < s->n_nodes; i++) {
		const char *nft;

		p->rules[i] = nat_rules_new(a, s, i, p->ports);
		for (size_t part = 0;
		     (nft = nft_ruleset(a, p->rules[i], s->nodes[i].nft, part)); part++)
			push(a, v, STEP_NFT, i)->nft = nft;
		if (forwards(&s->nodes[i]))
			push(a, v, STEP_FORWARD, i);
	}
}

/* One step of @kind for each interface. */
static void push_ifaces(struct arena *a, step_vec *v, const struct scenario *s,
			enum step_kind kind)
{
	for (unsigned i = 0; i < s->n_ifaces; i++)
		push(a, v, kind, s->ifaces[i].node)->iface = i;
}

/* On each interface an entry for each other end of its link. */
static void push_neighbours(struct arena *a, step_vec *v, const struct scenario *s)
{
	for (unsigned i = 0; i < s->n_ifaces; i++) {
		const struct link *l = &s->links[s->ifaces[i].link];

		for (size_t k = 0; k < l->n_ifaces; k++) {
			struct step *st;

			if (l->ifaces[k] == i)
				continue;
			st = push(a, v, STEP_NEIGH, s->ifaces[i].node);
			st->iface = i;
			st->neighbour = l->ifaces[k];
		}
	}
}

static void push_routes(struct arena *a, step_vec *v, const struct scenario *s)
{
	for (unsigned i = 0; i < s->n_nodes; i++) {
		for (size_t k = 0; k < s->nodes[i].n_routes; k++) {
			struct step *st = push(a, v, STEP_ROUTE, i);

			st->route = &s->nodes[i].routes[k];
			st->iface = st->route->iface;
		}
	}
}

struct plan *plan_new(struct arena *a, const struct scenario *s, uint64_t seed)
{
	struct plan *p = arena_new_of(a, struct plan);
	step_vec v = {0};

	p->s = s;
	p->seed = seed;
	p->ports = napt_tables_new(a, s, seed);
	p->rules = arena_array_of(a, s->n_nodes, const struct nat_rules *);
	for (unsigned i = 0; i < s->n_nodes; i++)
		push(a, &v, STEP_SPACE, i);
	push_links(a, &v, s);
	push_rules(a, &v, p);
	push_ifaces(a, &v, s, STEP_ADDR);
	push_ifaces(a, &v, s, STEP_UP);
	push_neighbours(a, &v, s);
	push_routes(a, &v, s);
	p->steps = v.v;
	p->n_steps = v.n;
	return p;
}
