/* SPDX-License-Identifier: MIT */
#include "lab/net/nat_check.h"

#include "lab/topology/schema.h"
#include "lab/plan/napt_ports.h"
#include "lab/topology/addressing.h"
#include "lab/topology/scenario_query.h"

/* Ports that the plan maps. Nobody speaks from them yet. */
#define PORT_MAPPING 1701
#define PORT_FILTERING 4500
#define PORT_HAIRPIN 500
#define PORT_A 500
#define PORT_B 4500

#define ALL_TIME (48 * 3600 * SEC) /* after which nothing is remembered */

/* Who asks whom: RFC 5780's client, and its server's two addresses with two ports. */
struct stage {
	const struct net_ops *ops;
	struct net *net;
	struct err *e;
	int mapping, filtering, hairpin; /* inside, a port for each question */
	struct inet_ep filtering_own, hairpin_own;
	int out[2][2]; /* outside: address, port */
	struct inet_ep out_ep[2][2];
};

static bool asks(const struct node *n)
{
	return (n->kind == KIND_CLIENT || n->kind == KIND_SERVER || n->kind == KIND_HOST) &&
	       !n->has_allow && !n->vm;
}

/* May the NAPT be asked from, or at, this interface outside of it? */
static bool answers(const struct scenario *s, const struct iface *f, unsigned napt)
{
	const struct node *n = &s->nodes[napt];

	return f->node != napt &&
	       s->links[f->link].realm == s->links[s->ifaces[n->outside].link].realm &&
	       (asks(&s->nodes[f->node]) || s->nodes[f->node].kind == KIND_ROUTER);
}

static bool any_faults(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_links; i++) {
		if (link_is_faulty(&s->links[i].faults))
			return true;
	}
	return false;
}

static bool is_target(const struct node *napt, struct inet_addr addr)
{
	for (size_t i = 0; i < napt->n_forward; i++) {
		if (inet_addr_eq(napt->forward[i].to, addr))
			return true;
	}
	return false;
}

/* A machine inside whose ports nobody else knows, and two addresses outside. */
static bool find_stage(const struct scenario *s, unsigned napt, const struct iface **inside,
		       const struct iface *outside[2])
{
	size_t n = 0;

	*inside = NULL;
	for (size_t i = 0; i < s->n_ifaces; i++) {
		const struct iface *f = &s->ifaces[i];

		if (addressing_is_inside(s->topology, napt, f->link)) {
			if (!*inside && asks(&s->nodes[f->node]) &&
			    !is_target(&s->nodes[napt], f->addr))
				*inside = f;
		} else if (n < 2 && answers(s, f, napt)) {
			outside[n++] = f;
		}
	}
	return *inside && n == 2 && !any_faults(s);
}

static int open_ear(struct stage *t, const struct iface *f, uint16_t port, int *number)
{
	*number = t->ops->endpoint_open(t->net, f->node, inet_ep(f->addr, port), t->e);
	return *number < 0 ? -1 : 0;
}

static int open_stage(struct stage *t, const struct iface *inside, const struct iface *outside[2])
{
	static const uint16_t ports[2] = {PORT_A, PORT_B};

	t->filtering_own = inet_ep(inside->addr, PORT_FILTERING);
	t->hairpin_own = inet_ep(inside->addr, PORT_HAIRPIN);
	if (open_ear(t, inside, PORT_MAPPING, &t->mapping) ||
	    open_ear(t, inside, PORT_FILTERING, &t->filtering) ||
	    open_ear(t, inside, PORT_HAIRPIN, &t->hairpin))
		return -1;
	for (unsigned i = 0; i < 4; i++) {
		t->out_ep[i / 2][i % 2] = inet_ep(outside[i / 2]->addr, ports[i % 2]);
		if (open_ear(t, outside[i / 2], ports[i % 2], &t->out[i / 2][i % 2]))
			return -1;
	}
	return 0;
}

/* From an endpoint inside to the server's: does it arrive, and from where? */
static bool ask(struct stage *t, int from, unsigned addr, unsigned port, struct inet_ep *seen)
{
	return t->ops->say(t->net, from, t->out_ep[addr][port], seen) == t->out[addr][port];
}

/* From one of the server's endpoints to the mapped one: does it arrive inside? */
static bool answer(struct stage *t, unsigned addr, unsigned port, struct inet_ep to)
{
	struct inet_ep seen;

	return t->ops->say(t->net, t->out[addr][port], to, &seen) == t->filtering;
}

/* RFC 5780 4.3: the same port for another address, for another port? */
static bool find_mapping(struct stage *t, struct nat_found *f)
{
	struct inet_ep second, third;

	if (!ask(t, t->mapping, 0, 0, &f->mapped) || !ask(t, t->mapping, 1, 0, &second) ||
	    !ask(t, t->mapping, 1, 1, &third))
		return false;
	f->mapping = !inet_ep_eq(second, third) ? DEPENDS_ADDRESS_AND_PORT
		     : inet_ep_eq(f->mapped, second) ? DEPENDS_NOT
						     : DEPENDS_ADDRESS;
	return true;
}

/* RFC 5780 4.4: one endpoint was sent to; who may answer? */
static bool find_filtering(struct stage *t, struct nat_found *f, struct inet_ep *mapped)
{
	if (!ask(t, t->filtering, 0, 0, mapped))
		return false;
	f->filtering = answer(t, 1, 1, *mapped)	  ? DEPENDS_NOT
		       : answer(t, 0, 1, *mapped) ? DEPENDS_ADDRESS
						  : DEPENDS_ADDRESS_AND_PORT;
	return answer(t, 0, 0, *mapped);
}

/* RFC 5780 4.5: to an endpoint of a machine inside, by its outside address; and it must seem to
 * come from outside (RFC 4787 REQ-9). */
static void find_hairpin(struct stage *t, struct nat_found *f, struct inet_ep mapped)
{
	struct inet_ep seen = {0};

	f->hairpin = t->ops->say(t->net, t->hairpin, mapped, &seen) == t->filtering &&
		     inet_addr_eq(seen.addr, mapped.addr);
}

/* RFC 5780 4.6, with a clock that jumps: a second before its end the mapping lives, and an answer
 * through it gives it as much again. */
static int find_timeout(struct stage *t, struct nat_found *f, struct inet_ep mapped, usec timeout)
{
	struct inet_ep seen;
	bool lives;

	if (!ask(t, t->filtering, 0, 0, &seen) || t->ops->age(t->net, timeout - 1, t->e))
		return -1;
	lives = answer(t, 0, 0, mapped);
	if (t->ops->age(t->net, timeout, t->e))
		return -1;
	f->forgets = lives && !answer(t, 0, 0, mapped);
	return 0;
}

static int run(struct stage *t, const struct plan *p, unsigned node, struct nat_found *f)
{
	const struct napt_table *table = napt_table(p->ports, node);
	const struct napt_mapping *m;
	struct inet_ep mapped;

	if (!find_mapping(t, f) || !find_filtering(t, f, &mapped))
		return err_set(t->e, ERR_FAILED, "%s: a datagram and its answer do not get through",
			       p->s->nodes[node].name);
	m = napt_find(table, inet_ep(t->filtering_own.addr, PORT_MAPPING), t->out_ep[0][0]);
	f->as_planned = m && inet_ep_eq(m->outside, f->mapped);
	find_hairpin(t, f, mapped);
	return find_timeout(t, f, mapped, udp_timeout(&p->s->nodes[node]));
}

int nat_probe(const struct net_ops *ops, struct net *net, const struct plan *p, unsigned node,
	      struct nat_found *out, struct err *e)
{
	struct stage t = {.ops = ops, .net = net, .e = e};
	const struct iface *inside, *outside[2];
	int rc;

	*out = (struct nat_found){0};
	if (!find_stage(p->s, node, &inside, outside))
		return 0;
	rc = open_stage(&t, inside, outside) || run(&t, p, node, out) ? -1 : 1;
	ops->endpoints_close(net);
	return ops->age(net, ALL_TIME, rc < 0 ? NULL : e) ? -1 : rc;
}

static const char *depends_word(enum napt_depends d)
{
	return word_of(key_row(KEY_MAPPING)->words, d);
}

static int wrong(const struct node *n, const char *what, const char *declared, const char *found,
		 struct err *e)
{
	return err_set(e, ERR_FAILED, "%s is declared with %s: %s, and behaves like %s: %s "
		       "(probed as RFC 5780 does)", n->name, what, declared, what, found);
}

static int compare(const struct node *n, const struct nat_found *f, struct err *e)
{
	/* A filter that lets in only answers has nothing for hairpinned packets either. */
	bool hairpin = n->hairpin && n->filtering == DEPENDS_NOT;

	if (f->mapping != n->mapping)
		return wrong(n, "mapping", depends_word(n->mapping), depends_word(f->mapping), e);
	if (f->filtering != n->filtering)
		return wrong(n, "filtering", depends_word(n->filtering),
			     depends_word(f->filtering), e);
	if (!f->as_planned)
		return err_set(e, ERR_FAILED, "%s gives out %s, which is not what its map says",
			       n->name, INET_EP(f->mapped));
	if (f->hairpin != hairpin)
		return wrong(n, "hairpin", hairpin ? "true" : "false",
			     f->hairpin ? "true" : "false", e);
	if (!f->forgets)
		return err_set(e, ERR_FAILED, "%s does not forget a mapping at its timeout, %lld s",
			       n->name, (long long)(udp_timeout(n) / SEC));
	return 0;
}

int nat_check(const struct net_ops *ops, struct net *net, const struct plan *p, struct err *e)
{
	for (unsigned i = 0; i < p->s->n_nodes; i++) {
		const struct node *n = &p->s->nodes[i];
		struct nat_found f;
		int rc;

		if (n->kind != KIND_NAPT || !n->declared)
			continue;
		rc = nat_probe(ops, net, p, i, &f, e);
		if (rc < 0 || (rc > 0 && compare(n, &f, e)))
			return -1;
	}
	return 0;
}
