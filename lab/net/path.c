/* SPDX-License-Identifier: MIT */
#include "lab/net/path.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lab/plan/napt_ports.h"
#include "lab/topology/address_map.h"
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

struct paths {
	struct arena *a;
	const struct scenario *s;
	struct address_map *map;
	struct napt_tables *ports;
};

struct walker {
	struct paths *p;
	const struct scenario *s;
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

/* "203.0.113.10 and 3 more" */
static const char *map_text(struct walker *w, const struct node *n)
{
	if (n->n_map == 0)
		return "nothing";
	if (n->n_map == 1)
		return arena_printf(w->p->a, "only %s", INET_ADDR(n->map[0].outside));
	return arena_printf(w->p->a, "only %s and %zu more", INET_ADDR(n->map[0].outside),
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
static enum hop enter_nat(struct walker *w, unsigned node)
{
	const struct node *n = &w->s->nodes[node];
	struct flow before = w->f;

	if (translate_back(w, node))
		return HOP_ON;
	if (n->kind == KIND_NAPT) {
		const struct forward *f = napt_forward(n, 17, w->f.dst.port);

		if (!f || !inet_addr_eq(w->f.dst.addr, w->s->ifaces[n->outside].addr))
			return stop(w, n, "%s drops what no machine behind it asked for", n->name);
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
static enum hop leave_nat(struct walker *w, unsigned node)
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
		const struct napt_mapping *m =
			napt_find(napt_table(w->p->ports, node), w->f.src, w->f.dst);

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
	if (!node_allows(n, 17, w->f.dst.port)) {
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
			return stop(w, n, "no machine on link %s has the address %s; %s maps %s",
				    l->name, INET_ADDR(to), other->name, map_text(w, other));
	}
	return stop(w, n, "no machine on link %s has the address %s", l->name, INET_ADDR(to));
}

/* From one node to the next. @in: the interface it came in by, -1 at its start. */
static enum hop step(struct walker *w, unsigned *node, int *in)
{
	const struct scenario *s = w->s;
	const struct node *n = &s->nodes[*node];
	bool from_outside = *in >= 0 && is_nat(n) && (unsigned)*in == n->outside;
	struct inet_addr to = {0};
	enum hop h;
	int out;

	if (from_outside) {
		h = enter_nat(w, *node);
		if (h != HOP_ON)
			return h;
	}
	if (address_map_is_own(w->p->map, *node, w->f.dst.addr))
		return deliver(w, *node);
	if (*in >= 0 && n->kind != KIND_ROUTER && !is_nat(n))
		return stop(w, n, "%s does not forward", n->name);
	out = address_map_route(w->p->map, *node, w->f.dst.addr, &to);
	if (out < 0)
		return stop(w, n, "%s has no route to %s", n->name, INET_ADDR(w->f.dst.addr));
	if (is_nat(n) && (unsigned)out == n->outside && !from_outside && *in >= 0) {
		h = leave_nat(w, *node);
		if (h != HOP_ON)
			return h;
	}
	*in = address_map_neighbour(w->p->map, (unsigned)out, to);
	if (*in < 0)
		return no_neighbour(w, n, &s->links[s->ifaces[out].link], to);
	*node = s->ifaces[*in].node;
	return HOP_ON;
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

struct paths *paths_new(struct arena *a, const struct scenario *s, uint64_t seed)
{
	struct paths *p = arena_new_of(a, struct paths);

	*p = (struct paths){a, s, address_map_new(a, s), napt_tables_new(a, s, seed)};
	return p;
}

void path_walk(struct paths *p, const struct node *client, uint16_t port, struct walk *out)
{
	const struct scenario *s = p->s;
	unsigned node = (unsigned)(client - s->nodes);
	struct walker w = {.p = p, .s = s, .out = out};
	struct inet_addr to;
	int iface;

	*out = (struct walk){.ends.server_dialled = inet_ep(client->dials, port)};
	iface = address_map_route(p->map, node, client->dials, &to);
	if (iface < 0) {
		stop(&w, client, "%s has no route to %s", client->name, INET_ADDR(client->dials));
		return;
	}
	out->ends.client_own = inet_ep(s->ifaces[iface].addr, port);
	w.f = (struct flow){out->ends.client_own, out->ends.server_dialled};
	if (!run(&w, node))
		return;
	out->ends.client_seen = w.f.src;
	out->ends.server_own = w.f.dst;
	w.f = (struct flow){w.f.dst, w.f.src};
	w.back = true;
	out->arrives = run(&w, out->server) && inet_ep_eq(w.f.dst, out->ends.client_own) &&
		       inet_ep_eq(w.f.src, out->ends.server_dialled);
	if (!out->arrives && !out->stopped_at)
		stop(&w, &s->nodes[out->server], "it comes from %s", INET_EP(w.f.src));
}

const struct node *path_server(struct paths *p, const struct node *client)
{
	struct walk w;

	path_walk(p, client, 500, &w);
	return w.arrives ? &p->s->nodes[w.server] : NULL;
}
