/* SPDX-License-Identifier: MIT */
/*
 * predict.c - a datagram's way through the topology on paper, and what must come of it.
 *
 * The walk knows what a textbook knows: routes, NATs, security groups. It never looks at a
 * packet, so that it can contradict the lab.
 */
#include "lab/result/predict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lab/plan/nft_ruleset.h"
#include "nodes/ppp/ppp_auth.h"
#include "lab/topology/scenario_query.h"

#define HOPS_MAX 64 /* a packet's TTL */

struct flow {
	struct inet_ep src, dst;
};

/* A NAT on the way and what it did: an answer is translated back there. */
struct translation {
	unsigned node;
	struct flow before, after;
};

struct walker {
	const struct scenario *s;
	uint64_t seed;
	struct arena *a;
	struct flow f;
	struct translation done[HOPS_MAX];
	size_t n_done;
	bool back; /* the way of the answer */
	struct walk *out;
};

enum hop { HOP_ON, HOP_ARRIVED, HOP_STOPPED };

static enum hop stop(struct walker *w, const struct node *n, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static enum hop stop(struct walker *w, const struct node *n, const char *fmt, ...)
{
	size_t len;
	va_list ap;

	snprintf(w->out->why, sizeof(w->out->why), "%s", w->back ? "the answer is lost: " : "");
	len = strlen(w->out->why);
	va_start(ap, fmt);
	vsnprintf(w->out->why + len, sizeof(w->out->why) - len, fmt, ap);
	va_end(ap);
	w->out->stopped_at = n->name;
	return HOP_STOPPED;
}

static const struct iface *own_address(const struct scenario *s, const struct node *n,
				       struct inet_addr addr)
{
	for (size_t k = 0; k < n->n_ifaces; k++) {
		if (inet_addr_eq(s->ifaces[n->ifaces[k]].addr, addr))
			return &s->ifaces[n->ifaces[k]];
	}
	return NULL;
}

static bool allows(const struct node *n, uint8_t proto, uint16_t port)
{
	if (!n->has_allow)
		return true;
	for (size_t i = 0; i < n->n_allow; i++) {
		const struct allow *e = &n->allow[i];

		if (e->proto == proto &&
		    (proto != 17 || (port >= e->port_lo && port <= e->port_hi)))
			return true;
	}
	return false;
}

/* "203.0.113.10 and 3 more" */
static const char *map_text(struct walker *w, const struct node *n)
{
	if (n->n_map == 0)
		return "nothing";
	if (n->n_map == 1)
		return arena_printf(w->a, "only %s", INET_ADDR(n->map[0].outside));
	return arena_printf(w->a, "only %s and %zu more", INET_ADDR(n->map[0].outside),
			    n->n_map - 1);
}

static void translated(struct walker *w, unsigned node, struct flow before)
{
	assert(w->n_done < HOPS_MAX);
	w->done[w->n_done++] = (struct translation){node, before, w->f};
}

/* An answer that meets the NAT of its question is turned back into what was asked. */
static bool translate_back(struct walker *w, unsigned node)
{
	for (size_t i = w->n_done; w->back && i-- > 0;) {
		const struct translation *t = &w->done[i];

		if (t->node == node && inet_ep_eq(w->f.src, t->after.dst) &&
		    inet_ep_eq(w->f.dst, t->after.src)) {
			w->f = (struct flow){t->before.dst, t->before.src};
			return true;
		}
	}
	return false;
}

/* Into a NAT from its outside. */
static enum hop enter(struct walker *w, unsigned node)
{
	const struct node *n = &w->s->nodes[node];
	struct flow before = w->f;

	if (translate_back(w, node))
		return HOP_ON;
	if (n->kind == KIND_NAPT) {
		const struct forward *f = napt_forward(n, 17, w->f.dst.port);

		if (!f || !inet_addr_eq(w->f.dst.addr, w->s->ifaces[n->outside].addr))
			return stop(w, n, "%s drops what nobody behind it asked for", n->name);
		w->f.dst.addr = f->to;
		translated(w, node, before);
		return HOP_ON;
	}
	for (size_t i = 0; i < n->n_map; i++) {
		if (inet_addr_eq(n->map[i].outside, w->f.dst.addr)) {
			w->f.dst.addr = n->map[i].inside;
			translated(w, node, before);
			return HOP_ON;
		}
	}
	return stop(w, n, "dropped at %s, which maps %s", n->name, map_text(w, n));
}

/* Out of a NAT through its outside. */
static enum hop leave(struct walker *w, unsigned node)
{
	const struct node *n = &w->s->nodes[node];
	struct flow before = w->f;

	if (translate_back(w, node))
		return HOP_ON;
	if (n->kind == KIND_EIP) {
		for (size_t i = 0; i < n->n_map; i++) {
			if (inet_addr_eq(n->map[i].inside, w->f.src.addr)) {
				w->f.src.addr = n->map[i].outside;
				translated(w, node, before);
				return HOP_ON;
			}
		}
		return stop(w, n, "dropped at %s, which maps %s: %s has no public address", n->name,
			    map_text(w, n), INET_ADDR(w->f.src.addr));
	} else {
		size_t count;
		const struct napt_map *m = napt_map(w->a, w->s, node, w->seed, &count);

		m = napt_find(m, count, w->f.src, w->f.dst);
		if (m)
			w->f.src = m->outside;
		else /* the kernel's masquerade, which keeps a free port */
			w->f.src.addr = w->s->ifaces[n->outside].addr;
		translated(w, node, before);
		return HOP_ON;
	}
}

static bool is_nat(const struct node *n)
{
	return n->kind == KIND_NAPT || n->kind == KIND_EIP;
}

/* The packet is for this node. */
static enum hop deliver(struct walker *w, unsigned node)
{
	const struct node *n = &w->s->nodes[node];

	if (w->back)
		return HOP_ARRIVED;
	if (n->kind != KIND_SERVER)
		return stop(w, n, "it is an address of %s, a %s, not of a server", n->name,
			    kind_name(n->kind));
	if (!allows(n, 17, w->f.dst.port)) {
		w->out->by_policy = true;
		return stop(w, n, "the security group of %s does not allow udp/%u", n->name,
			    w->f.dst.port);
	}
	w->out->server = node;
	return HOP_ARRIVED;
}

/* @n would ask for @to on link @l, where no end has it. */
static enum hop no_neighbour(struct walker *w, const struct node *n, const struct link *l,
			     struct inet_addr to)
{
	for (size_t i = 0; i < l->n_ifaces; i++) {
		const struct node *other = &w->s->nodes[w->s->ifaces[l->ifaces[i]].node];

		if (other->kind == KIND_EIP && other->outside == l->ifaces[i])
			return stop(w, n, "nobody on link %s has the address %s; %s maps %s",
				    l->name, INET_ADDR(to), other->name, map_text(w, other));
	}
	return stop(w, n, "nobody on link %s has the address %s", l->name, INET_ADDR(to));
}

/* From one node to the next. @in: the interface it came in by, -1 at its start. */
static enum hop step(struct walker *w, unsigned *node, int *in)
{
	const struct scenario *s = w->s;
	const struct node *n = &s->nodes[*node];
	bool from_outside = *in >= 0 && is_nat(n) && (unsigned)*in == n->outside;
	struct inet_addr to = {0};
	const struct link *l;
	enum hop h;
	int out;

	if (from_outside) {
		h = enter(w, *node);
		if (h != HOP_ON)
			return h;
	}
	if (own_address(s, n, w->f.dst.addr))
		return deliver(w, *node);
	if (*in >= 0 && n->kind != KIND_ROUTER && !is_nat(n))
		return stop(w, n, "%s does not forward", n->name);
	out = scenario_route(s, n, w->f.dst.addr, &to);
	if (out < 0)
		return stop(w, n, "%s has no route to %s", n->name, INET_ADDR(w->f.dst.addr));
	if (is_nat(n) && (unsigned)out == n->outside && !from_outside && *in >= 0) {
		h = leave(w, *node);
		if (h != HOP_ON)
			return h;
	}
	l = &s->links[s->ifaces[out].link];
	for (size_t i = 0; i < l->n_ifaces; i++) {
		if (!inet_addr_eq(s->ifaces[l->ifaces[i]].addr, to))
			continue;
		*in = (int)l->ifaces[i];
		*node = s->ifaces[*in].node;
		return HOP_ON;
	}
	return no_neighbour(w, n, l, to);
}

static bool run(struct walker *w, unsigned node)
{
	int in = -1;

	for (unsigned i = 0; i < HOPS_MAX; i++) {
		enum hop h = step(w, &node, &in);

		if (h != HOP_ON)
			return h == HOP_ARRIVED;
	}
	stop(w, &w->s->nodes[node], "it goes around in circles at %s", w->s->nodes[node].name);
	return false;
}

void predict_walk(const struct scenario *s, const struct node *client, uint16_t port,
		  uint64_t seed, struct walk *out)
{
	struct walker w = {.s = s, .seed = seed, .out = out};
	struct inet_addr to;
	int iface;

	*out = (struct walk){.ends.server_dialled = inet_ep(client->dials, port)};
	iface = scenario_route(s, client, client->dials, &to);
	if (iface < 0) {
		stop(&w, client, "%s has no route to %s", client->name, INET_ADDR(client->dials));
		return;
	}
	w.a = arena_new();
	out->ends.client_own = inet_ep(s->ifaces[iface].addr, port);
	w.f = (struct flow){out->ends.client_own, out->ends.server_dialled};
	if (run(&w, (unsigned)(client - s->nodes))) {
		out->ends.client_seen = w.f.src;
		out->ends.server_own = w.f.dst;
		w.f = (struct flow){w.f.dst, w.f.src};
		w.back = true;
		out->arrives = run(&w, out->server) && inet_ep_eq(w.f.dst, out->ends.client_own) &&
			       inet_ep_eq(w.f.src, out->ends.server_dialled);
		if (!out->arrives && !out->stopped_at)
			stop(&w, &s->nodes[out->server], "it comes from %s", INET_EP(w.f.src));
	}
	arena_free(w.a);
}

const struct node *predict_server(const struct scenario *s, const struct node *client)
{
	struct walk w;

	predict_walk(s, client, 500, 1, &w); /* the seed changes ports only */
	return w.arrives ? &s->nodes[w.server] : NULL;
}

/* ---- what stands in the way beside NATs ---- */

/* What is typed into a virtual machine its owner knows. */
static bool same_secret(const struct node *a, const struct node *b)
{
	if (a->vm || b->vm)
		return true;
	return a->psk && b->psk && strcmp(a->psk, b->psk) == 0;
}

static bool connects(const struct prediction *p)
{
	return p->agreed.outcome == OUTCOME_CONNECTED;
}

/* What stands between the two beside NATs; in the order in which the packets meet it. */
static void predict_obstacles(struct prediction *p, const struct node *client,
			      const struct node *server)
{
	const struct client_mode *c = client->client;

	if (p->agreed.floated && !allows(server, 17, 4500))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_NO_REPLY, 809);
	else if (!same_secret(client, server))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_PSK_MISMATCH, 789);
	else if (connects(p) && !p->agreed.floated && !allows(server, 50, 0))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_NO_REPLY, 809);
}

static bool method_in_common(const struct client_mode *c, const struct server_mode *s)
{
	for (size_t i = 0; i < PPP_AUTH_MAX && s->auth[i] != PPP_AUTH_NONE; i++)
		for (size_t k = 0; k < PPP_AUTH_MAX && c->auth[k] != PPP_AUTH_NONE; k++)
			if (s->auth[i] == c->auth[k])
				return true;
	return false;
}

/* When all else is well, a server of ours that knows a user asks who is there. */
static void predict_user(struct prediction *p, const struct node *client, const struct node *server)
{
	const struct ppp_account known = {server->user, server->password};
	const struct client_mode *c = client->client;

	if (!connects(p) || client->run || client->vm || server->vm ||
	    !ppp_auth_asks(server->server->auth, &known))
		return;
	if (!method_in_common(c, server->server))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_PPP_FAILED, 718);
	else if (!client->user || !client->password)
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_NO_CREDENTIALS, 0);
	else if (strcmp(client->user, server->user) != 0 ||
		 strcmp(client->password, server->password) != 0)
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_AUTH_FAILED, 691);
}

void predict(const struct scenario *s, const struct node *client, struct prediction *out)
{
	const struct node *server;

	*out = (struct prediction){0};
	predict_walk(s, client, 500, 1, &out->walk);
	if (!out->walk.arrives) {
		agreement_ends(&out->agreed, client->client, OUTCOME_FAILED, REASON_NO_REPLY, 809);
		return;
	}
	server = &s->nodes[out->walk.server];
	agreement_find(client->client, client->registry, server->server, &out->walk.ends,
		       &out->agreed);
	if (out->agreed.reason != REASON_NO_PROPOSAL)
		predict_obstacles(out, client, server);
	predict_user(out, client, server);
}
