/* SPDX-License-Identifier: MIT */
#include "lab/observe.h"

#include <string.h>

#define PORT_IKE 500

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
	return s->ifaces[s->nodes[node].ifaces[0]].addr;
}

/* Did this client send the exchange's first message? Its own link saw it with its own address. */
static bool exchange_is_of(const struct scenario *s, const struct exchange *x, unsigned client)
{
	const struct iface *f = &s->ifaces[s->nodes[client].ifaces[0]];
	const struct mm_seen *m = &x->mm[1];

	for (unsigned i = 0; i < m->n_sightings; i++)
		if (inet_addr_eq(m->at[i].src.addr, f->addr) &&
		    !strcmp(m->at[i].place, s->links[f->link].name))
			return true;
	return false;
}

static unsigned progress(const struct exchange *x)
{
	unsigned n = 0;

	for (unsigned i = 1; i <= 6; i++)
		n += x->mm[i].seen;
	return n;
}

/* A client may begin again, and SoftEther answers a repeated message 1 with a second exchange:
 * the one that came farthest counts, the first of equals. */
static const struct exchange *exchange_of(const struct scenario *s, const struct watch *w,
					  unsigned client)
{
	const struct exchange *best = NULL;
	struct exchange *const *v;
	size_t n = watch_exchanges(w, &v);

	for (size_t i = 0; i < n; i++)
		if (exchange_is_of(s, v[i], client) && (!best || progress(v[i]) > progress(best)))
			best = v[i];
	return best;
}

static enum outcome outcome_parse(const char *s)
{
	for (enum outcome o = OUTCOME_CONNECTED; o <= OUTCOME_FAILED; o++)
		if (!strcmp(outcome_name(o), s))
			return o;
	return OUTCOME_UNDECIDED;
}

static enum reached reached_parse(const char *s)
{
	for (enum reached r = REACHED_NOTHING; r <= REACHED_IP; r++)
		if (!strcmp(reached_name(r), s))
			return r;
	return REACHED_NOTHING;
}

static void take_outcome(const struct scenario *s, const struct ev_log *log, struct connection *c)
{
	const char *client = s->nodes[c->client].name;

	for (size_t i = 0; i < log->ev.n; i++) {
		const struct event *ev = &log->ev.v[i];

		if (ev->wire || ev->kind != EV_OUTCOME || strcmp(ev->place, client))
			continue;
		c->outcome = outcome_parse(ev_get_str(ev, K_OUTCOME));
		c->reason = ev_get_str(ev, K_REASON);
		c->error = (int)ev_get_u(ev, K_ERROR);
		c->reached = reached_parse(ev_get_str(ev, K_REACHED));
		c->outcome_event = ev->seq;
		return;
	}
}

/* The event in which the client's own link showed message 4's hashes. */
static uint32_t find_natd_event(const struct scenario *s, const struct ev_log *log,
				const struct connection *c)
{
	const char *link = s->links[s->ifaces[s->nodes[c->client].ifaces[0]].link].name;

	for (size_t i = 0; i < log->ev.n; i++) {
		const struct event *ev = &log->ev.v[i];
		const struct ev_field *cky = ev_get(ev, K_CKY_I);

		if (ev->wire && ev->kind == EV_NATD && ev_get_u(ev, K_MESSAGE) == 4 &&
		    !strcmp(ev->place, link) && cky && !memcmp(cky->hex, c->cky_i, 8))
			return ev->seq;
	}
	return 0;
}

/* The parent reads the result: places must be the scenario's own names, which it has too. */
static void adopt_places(const struct scenario *s, struct exchange *x)
{
	for (unsigned m = 1; m <= 6; m++)
		for (unsigned i = 0; i < x->mm[m].n_sightings; i++) {
			const char *place = x->mm[m].at[i].place;

			x->mm[m].at[i].place = "?";
			for (size_t l = 0; l < s->n_links; l++)
				if (!strcmp(s->links[l].name, place))
					x->mm[m].at[i].place = s->links[l].name;
		}
}

void observe(const struct scenario *s, const struct watch *w, const struct ev_log *log,
	     struct scenario_result *r)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	size_t n_known;
	const struct known *known = observe_known(a, s, &n_known);

	for (unsigned i = 0; i < r->n_connections; i++) {
		struct connection *c = &r->connections[i];
		const struct exchange *x = exchange_of(s, w, c->client);
		struct inet_ep client = inet_ep(node_addr(s, c->client), PORT_IKE);
		struct inet_ep server = {0};

		c->reason = "none";
		take_outcome(s, log, c);
		if (!x)
			continue;
		c->exchanged = true;
		c->x = *x;
		adopt_places(s, &c->x);
		memcpy(c->cky_i, x->cky_i, sizeof(c->cky_i));
		memcpy(c->cky_r, x->cky_r, sizeof(c->cky_r));
		if (c->server >= 0)
			server = inet_ep(node_addr(s, (unsigned)c->server), PORT_IKE);
		judge(x, known, n_known, &client, c->server >= 0 ? &server : NULL, &c->j);
		c->natd_event = find_natd_event(s, log, c);
	}
}
