/* SPDX-License-Identifier: MIT */
#include "lab/result/observe.h"

#include <stdlib.h>
#include <string.h>

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

static struct inet_addr node_addr(const struct scenario *s, unsigned node)
{
	return s->ifaces[scenario_own(s, &s->nodes[node])].addr;
}

/* ---- names ---- */

struct named {
	const char *name;
	unsigned number;
};

/* Links and nodes by name, and what is whose: events and sightings are many. */
struct index {
	const struct scenario *s;
	struct named *links, *nodes; /* sorted */
	struct connection **of_node; /* of each node; NULL: it does not dial */
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* The number of that name, or -1. */
static int find_named(const struct named *v, size_t n, const char *name)
{
	const struct named key = {.name = name};
	const struct named *found = n ? bsearch(&key, v, n, sizeof(*v), by_name) : NULL;

	return found ? (int)found->number : -1;
}

static struct index index_new(struct arena *a, const struct scenario *s, struct scenario_result *r)
{
	struct index x = {
		.s = s,
		.links = arena_array_of(a, s->n_links, struct named),
		.nodes = arena_array_of(a, s->n_nodes, struct named),
		.of_node = arena_array_of(a, s->n_nodes, struct connection *),
	};

	for (unsigned i = 0; i < s->n_links; i++)
		x.links[i] = (struct named){s->links[i].name, i};
	for (unsigned i = 0; i < s->n_nodes; i++)
		x.nodes[i] = (struct named){s->nodes[i].name, i};
	if (s->n_links)
		qsort(x.links, s->n_links, sizeof(*x.links), by_name);
	if (s->n_nodes)
		qsort(x.nodes, s->n_nodes, sizeof(*x.nodes), by_name);
	for (unsigned i = 0; i < r->n_connections; i++)
		x.of_node[r->connections[i].client] = &r->connections[i];
	return x;
}

/* The connection of a client whose own interface is end number @end of the link of that name;
 * NULL: there is none. False from at_link_end(): the link has not so many ends. */
static bool at_link_end(const struct index *x, const char *name, size_t end,
			struct connection **out)
{
	int link = find_named(x->links, x->s->n_links, name);
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
static struct connection *sender_of(const struct index *x, const struct exchange *ex)
{
	const struct mm_seen *m = &ex->mm[1];
	struct connection *c;

	for (unsigned i = 0; i < m->n_sightings; i++)
		for (size_t end = 0; at_link_end(x, m->at[i].place, end, &c); end++)
			if (c && inet_addr_eq(m->at[i].src.addr, node_addr(x->s, c->client)))
				return c;
	return NULL;
}

/* A client may begin again, and SoftEther answers a repeated message 1 with a second exchange:
 * the one that came farthest counts, the first of equals. */
static void take_exchanges(const struct index *x, const struct watch *w)
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

/* Was the client still there after its idle time? */
static void take_alive(struct scenario_result *r, const struct event *ev)
{
	const uint8_t *cky = ev_get_hex(ev, K_CKY_I);

	for (unsigned i = 0; i < r->n_connections && cky; i++) {
		struct connection *c = &r->connections[i];

		if (!c->exchanged || memcmp(cky, c->x.cky_i, 8) != 0)
			continue;
		c->asked = true;
		c->alive = ev_get_bool(ev, K_ALIVE);
		c->why_dead = ev_get_word(ev, K_WHY);
		c->alive_event = ev->seq;
	}
}

/* The event in which the client's own link showed message 4's hashes. */
static void take_natd(struct connection *c, const struct event *ev)
{
	const uint8_t *cky = ev_get_hex(ev, K_CKY_I);

	if (c && c->exchanged && !c->natd_event && cky && !memcmp(cky, c->x.cky_i, 8))
		c->natd_event = ev->seq;
}

/*
 * A server that cannot read message 5 often says nothing: its client waits in vain and knows of no
 * reason. The lab does: the server has told it.
 */
static void take_psk(const struct scenario *s, struct scenario_result *r, const struct event *ev)
{
	const uint8_t *cky = ev_get_hex(ev, K_CKY_I);

	for (unsigned i = 0; i < r->n_connections && cky; i++) {
		struct connection *c = &r->connections[i];

		if (!c->exchanged || memcmp(cky, c->x.cky_i, 8) || c->reason != REASON_NO_REPLY)
			continue;
		c->reason = REASON_PSK_MISMATCH;
		c->error = (int)mode_error(s->nodes[c->client].client, c->reason);
	}
}

static void take_events(const struct index *x, const struct ev_log *log, struct scenario_result *r)
{
	struct connection *c;

	for (size_t i = 0; i < log->ev.n; i++) {
		const struct event *ev = &log->ev.v[i];

		if (!ev->wire && ev->kind == EV_OUTCOME) {
			int node = find_named(x->nodes, x->s->n_nodes, ev->place);

			if (node >= 0 && x->of_node[node])
				take_outcome(x->of_node[node], ev);
		} else if (ev->wire && ev->kind == EV_NATD && ev_get_u(ev, K_MESSAGE) == 4) {
			for (size_t end = 0; at_link_end(x, ev->place, end, &c); end++)
				take_natd(c, ev);
		}
	}
	for (size_t i = 0; i < log->ev.n; i++) {
		const struct event *ev = &log->ev.v[i];

		if (!ev->wire && ev->kind == EV_PSK)
			take_psk(x->s, r, ev);
		if (!ev->wire && ev->kind == EV_ALIVE)
			take_alive(r, ev);
	}
}

void observe(const struct scenario *s, const struct watch *w, const struct ev_log *log,
	     struct scenario_result *r)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct index x = index_new(a, s, r);
	size_t n_known;
	const struct known *known = observe_known(a, s, &n_known);

	take_exchanges(&x, w);
	take_events(&x, log, r);
	for (unsigned i = 0; i < r->n_connections; i++) {
		struct connection *c = &r->connections[i];
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
