/* SPDX-License-Identifier: MIT */
#include "lab/result/observe.h"

#include <string.h>

#include "lab/base/words.h"
#include "lab/topology/scenario_query.h"
#include "nodes/modes/gate.h"

const struct known *observe_known(struct arena *a, const struct scenario *s, size_t *n)
{
	VEC(struct known) v = {0};

	for (size_t i = 0; i < s->n_ifaces; i++)
		*vec_push(a, &v) = (struct known){
			.ep = inet_ep(s->ifaces[i].addr, 0),
			.who = s->nodes[s->ifaces[i].node].name,
		};
	for (size_t i = 0; i < s->n_nodes; i++)
		for (size_t k = 0; k < s->nodes[i].n_map; k++)
			*vec_push(a, &v) = (struct known){
				.ep = inet_ep(s->nodes[i].map[k].outside, 0),
				.who = s->nodes[i].name,
			};
	*n = v.n;
	return v.v;
}

static const struct iface *own_iface(const struct scenario *s, unsigned node)
{
	return &s->ifaces[scenario_own(s, &s->nodes[node])];
}

static struct inet_addr node_addr(const struct scenario *s, unsigned node)
{
	return own_iface(s, node)->addr;
}

/* What an event has told of an exchange, until it is known which exchange is whose: that is said
 * by the wire, when all of it has been seen. */
struct told {
	unsigned link; /* EV_NATD: which has seen it */
	uint8_t cky_i[8];
	uint8_t kind; /* EV_NATD, EV_PSK or EV_ALIVE */
	bool alive;
	enum reason why;
	uint32_t seq;
};

struct observer {
	const struct scenario *s;
	struct scenario_result *r;
	struct arena *a;
	/* Links by name, and what is whose: events and sightings are many. */
	struct named *links;
	struct connection **of_node; /* of each node; NULL: it does not dial */
	VEC(struct told) facts;
};

struct observer *observe_new(struct arena *a, const struct scenario *s, struct scenario_result *r)
{
	struct observer *o = arena_new_of(a, struct observer);

	*o = (struct observer){
		.s = s,
		.r = r,
		.a = a,
		.links = arena_array_of(a, s->n_links, struct named),
		.of_node = arena_array_of(a, s->n_nodes, struct connection *),
	};
	for (unsigned i = 0; i < s->n_links; i++)
		o->links[i] = (struct named){s->links[i].name, i};
	names_sort(o->links, s->n_links);
	for (unsigned i = 0; i < r->n_connections; i++)
		o->of_node[r->connections[i].client] = &r->connections[i];
	return o;
}

/* The number of the link of that name, or -1. */
static int find_link(const struct observer *x, const char *name)
{
	return names_find(x->links, x->s->n_links, name);
}

/* The connection of a client whose own interface is end number @end of a link; NULL: there is none.
 * False from at_link_end(): the link has not so many ends. */
static bool at_link_end(const struct observer *x, int link, size_t end, struct connection **out)
{
	unsigned iface;
	const struct node *n;

	if (link < 0 || end >= x->s->links[link].n_ifaces)
		return false;
	iface = x->s->links[link].ifaces[end];
	n = &x->s->nodes[x->s->ifaces[iface].node];
	*out = scenario_own(x->s, n) == iface ? x->of_node[n - x->s->nodes] : NULL;
	return true;
}

/* ---- exchanges ---- */

unsigned observe_progress(const struct exchange *x)
{
	unsigned n = x->esp[0] && x->esp[1];

	for (unsigned i = 1; i <= 6; i++)
		n += x->mm[i].seen;
	return n;
}

/* The client that sent the exchange's first message: its own link saw it with its own address. */
static struct connection *sender_of(const struct observer *x, const struct exchange *ex)
{
	const struct mm_seen *m = &ex->mm[1];
	struct connection *c;

	for (unsigned i = 0; i < m->n_sightings; i++) {
		int link = find_link(x, m->at[i].place);

		for (size_t end = 0; at_link_end(x, link, end, &c); end++)
			if (c && inet_addr_eq(m->at[i].src.addr, node_addr(x->s, c->client)))
				return c;
	}
	return NULL;
}

/* A client may begin again, and SoftEther answers a repeated message 1 with a second exchange:
 * the one that came farthest counts, the first of equals. */
static void take_exchanges(const struct observer *x, const struct watch *w)
{
	struct exchange *const *v;
	size_t n = watch_exchanges(w, &v);

	for (size_t i = 0; i < n; i++) {
		struct connection *c = sender_of(x, v[i]);

		if (!c || (c->exchanged && observe_progress(v[i]) <= observe_progress(&c->x)))
			continue;
		c->exchanged = true;
		c->x = *v[i];
	}
}

/* ---- events ---- */

static void take_outcome(struct connection *c, const struct event *ev)
{
	if (c->outcome_event) /* the first one counts */
		return;
	c->outcome = ev_get_word(ev, K_OUTCOME);
	c->reason = ev_get_word(ev, K_REASON);
	c->error = (int)ev_get_u(ev, K_ERROR);
	c->reached = ev_get_word(ev, K_REACHED);
	c->outcome_event = ev->seq;
}

static struct told *note(struct observer *o, const struct event *ev)
{
	struct told *f = vec_push(o->a, &o->facts);

	*f = (struct told){.kind = ev->kind, .seq = ev->seq};
	memcpy(f->cky_i, ev_get_hex(ev, K_CKY_I), sizeof(f->cky_i));
	return f;
}

static void note_alive(struct observer *o, const struct event *ev)
{
	struct told *f = note(o, ev);

	f->alive = ev_get_bool(ev, K_ALIVE);
	f->why = ev_get_word(ev, K_WHY);
}

/* Once for each event, however many clients are on the link: whose it is tells the cookie. */
static void note_natd(struct observer *o, const struct event *ev)
{
	int link = find_link(o, ev->place);
	struct connection *c = NULL;

	for (size_t end = 0; !c && at_link_end(o, link, end, &c); end++)
		;
	if (c)
		note(o, ev)->link = (unsigned)link;
}

void observe_event(struct observer *o, const struct event *ev)
{
	const struct node *node;

	if (ev->wire && ev->kind == EV_NATD && ev_get_u(ev, K_MESSAGE) == 4) {
		note_natd(o, ev);
	} else if (!ev->wire && ev->kind == EV_OUTCOME) {
		node = scenario_node(o->s, ev->place);
		if (node && o->of_node[node - o->s->nodes])
			take_outcome(o->of_node[node - o->s->nodes], ev);
	} else if (!ev->wire && ev->kind == EV_PSK) {
		note(o, ev);
	} else if (!ev->wire && ev->kind == EV_ALIVE) {
		note_alive(o, ev);
	}
}

/*
 * EV_NATD: the event in which the client's own link showed message 4's hashes. EV_PSK: a server
 * that cannot read message 5 often says nothing, so its client waits in vain and knows of no
 * reason; the server has told the lab. EV_ALIVE: was the client there after its idle time?
 */
static void take_fact(const struct scenario *s, struct connection *c, const struct told *f)
{
	if (f->kind == EV_NATD) {
		if (!c->natd_event && own_iface(s, c->client)->link == f->link)
			c->natd_event = f->seq;
	} else if (f->kind == EV_PSK && c->reason == REASON_NO_REPLY) {
		c->reason = REASON_PSK_MISMATCH;
		c->error = (int)mode_error(s->nodes[c->client].client, c->reason);
	} else if (f->kind == EV_ALIVE) {
		c->asked = true;
		c->alive = f->alive;
		c->why_dead = f->why;
		c->alive_event = f->seq;
	}
}

static void take_facts(struct observer *o)
{
	for (size_t i = 0; i < o->facts.n; i++) {
		const struct told *f = &o->facts.v[i];

		for (unsigned k = 0; k < o->r->n_connections; k++) {
			struct connection *c = &o->r->connections[k];

			if (c->exchanged && !memcmp(f->cky_i, c->x.cky_i, sizeof(f->cky_i)))
				take_fact(o->s, c, f);
		}
	}
}

void observe_end(struct observer *o, const struct watch *w)
{
	const struct scenario *s = o->s;
	size_t n_known;
	const struct known *known = observe_known(o->a, s, &n_known);

	take_exchanges(o, w);
	take_facts(o);
	for (unsigned i = 0; i < o->r->n_connections; i++) {
		struct connection *c = &o->r->connections[i];
		struct inet_ep client = inet_ep(node_addr(s, c->client), IKE_PORT);
		struct inet_ep server = {0};

		if (!c->exchanged)
			continue;
		memcpy(c->cky_i, c->x.cky_i, sizeof(c->cky_i));
		memcpy(c->cky_r, c->x.cky_r, sizeof(c->cky_r));
		if (c->server >= 0)
			server = inet_ep(node_addr(s, (unsigned)c->server), IKE_PORT);
		natd_judge(&c->x, known, n_known, &client, c->server >= 0 ? &server : NULL, &c->j);
		exchange_detach(&c->x); /* the parent reads the result */
	}
}
