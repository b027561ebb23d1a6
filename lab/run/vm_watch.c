/* SPDX-License-Identifier: MIT */
#include "lab/run/vm_watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/result/vm_judge.h"
#include "lab/vm/vm.h"
#include "lab/base/text.h"
#include "nodes/vpn/vpn.h"
#include "lab/topology/scenario_query.h"
#include "nodes/modes/gate.h"

/* How often the exchanges are looked through: they change with every frame. */
#define LOOK_EVERY (250 * MSEC)

struct guest {
	const struct node *node;
	const struct node *server; /* that it reaches as a client, or NULL */
	enum vm_plug plug; /* as last told */
	bool came;	   /* something was plugged in */
	bool there;	   /* it uses its address */
	bool answered;	   /* and has said a word of IKE */
	bool decided;	   /* its outcome is out */
};

struct vm_watch {
	const struct guests_config *cfg;
	struct guest *v;
	size_t n;
	usec looked;
};

/* To whoever sits before the terminal: what happens in another one is invisible otherwise. */
static void tell(const struct node *n, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void tell(const struct node *n, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "natdlab: %s ", n->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* The socket's whole path: QEMU may be started in another folder. One that is too long for QEMU
 * stays as the file has it, which is good in this folder. */
static const char *whole_path(struct arena *a, const struct node *n)
{
	const char *path = vm_socket(a, n);
	char *whole = realpath(path, NULL);

	if (whole && strlen(whole) <= SOCKET_LEN_MAX)
		path = arena_str(a, whole);
	free(whole);
	return path;
}

static void announce(struct arena *a, const struct vm_watch *g)
{
	const struct scenario *s = g->cfg->s;

	for (size_t i = 0; i < g->n && g->cfg->tell; i++)
		vm_announce(stderr, s, g->v[i].node, whole_path(a, g->v[i].node));
	for (size_t i = 0; i < g->n; i++) {
		const struct node *n = g->v[i].node;

		fputs("natdlab: ", stderr);
		if (s->n_axes)
			fprintf(stderr, "scenario %s: ", s->id);
		fprintf(stderr, "waiting for %s, %s", n->name, n->mode_name);
		if (n->registry >= 0)
			fprintf(stderr, " with registry %d", n->registry);
		fprintf(stderr, ", at %s\n", text_shown(a, whole_path(a, n)));
	}
	fputs("natdlab: Ctrl-C ends the waiting and judges what was seen\n", stderr);
}

struct vm_watch *vm_watch_new(struct arena *a, const struct guests_config *cfg)
{
	struct vm_watch *g;

	if (!scenario_has_vm(cfg->s))
		return NULL;
	g = arena_new_of(a, struct vm_watch);
	g->cfg = arena_copy(a, cfg, sizeof(*cfg));
	g->v = arena_array_of(a, cfg->s->n_nodes, struct guest);
	for (size_t i = 0; i < cfg->s->n_nodes; i++) {
		const struct node *n = &cfg->s->nodes[i];

		if (n->vm)
			g->v[g->n++] = (struct guest){
				.node = n,
				.server = n->kind == KIND_CLIENT ? path_server(cfg->paths, n)
								 : NULL,
				.decided = n->kind != KIND_CLIENT,
			};
	}
	announce(a, g);
	return g;
}

void vm_watch_frame(struct vm_watch *g, unsigned link, const uint8_t *data, size_t len)
{
	const struct scenario *s = g->cfg->s;

	for (size_t i = 0; i < g->n; i++) {
		struct guest *v = &g->v[i];

		if (vm_iface(s, v->node)->link != link || (v->there && v->answered))
			continue;
		if (!v->there && vm_frame_has_address(s, v->node, data, len)) {
			v->there = true;
			tell(v->node, "has its address, %s",
			     INET_ADDR(vm_iface(s, v->node)->addr));
		}
		v->answered |= vm_frame_is_ike(s, v->node, data, len);
	}
}

static void look_at_plug(struct guest *v, enum vm_plug now)
{
	v->plug = now;
	v->came = true;
	switch (now) {
	case VM_ABSENT:
		break;
	case VM_PLUGGED:
		tell(v->node, "is plugged in");
		break;
	case VM_UNPLUGGED:
		tell(v->node, "is gone; the lab waits for it to come back");
		break;
	case VM_HUNG_UP:
		tell(v->node, "sent what QEMU does not send, and was hung up on");
		break;
	}
}

static void tell_outcome(const struct vm_watch *g, struct guest *v, const struct diagnosis *d)
{
	struct event ev = ev_new(EV_OUTCOME);

	ev_word(&ev, K_OUTCOME, d->outcome);
	ev_word(&ev, K_REASON, d->reason);
	ev_u(&ev, K_ERROR, mode_error(v->node->client, d->reason));
	ev_word(&ev, K_REACHED, d->reached);
	ev_str(&ev, K_SOURCE, "the wire");
	g->cfg->event(g->cfg->ctx, v->node, &ev);
	v->decided = true;
	tell(v->node, "%s: %s", outcome_name(d->outcome), d->sentence);
}

static void look_at_exchanges(struct vm_watch *g, usec now, bool end)
{
	for (size_t i = 0; i < g->n; i++) {
		struct guest *v = &g->v[i];
		struct diagnosis d;

		if (!v->decided && vm_judge(g->cfg->s, v->node, v->server, g->cfg->watch, now, end,
					    &d))
			tell_outcome(g, v, &d);
	}
}

static void look_at_plugs(struct vm_watch *g)
{
	const struct guests_config *c = g->cfg;

	for (size_t i = 0; i < g->n; i++) {
		struct guest *v = &g->v[i];
		unsigned node = (unsigned)(v->node - c->s->nodes);
		enum vm_plug now;

		while ((now = c->ops->plug(c->net, node)) != v->plug)
			look_at_plug(v, now);
	}
}

void vm_watch_poll(struct vm_watch *g, usec now)
{
	look_at_plugs(g);
	if (now < g->looked + LOOK_EVERY)
		return;
	g->looked = now;
	look_at_exchanges(g, now, false);
}

bool vm_watch_decided(const struct vm_watch *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->v[i].decided)
			return false;
	return true;
}

void vm_watch_end(struct vm_watch *g, usec now)
{
	look_at_plugs(g);
	look_at_exchanges(g, now, true);
}

static const struct guest *guest_of(const struct vm_watch *g, unsigned node)
{
	for (size_t i = 0; g && i < g->n; i++)
		if (g->v[i].node == &g->cfg->s->nodes[node])
			return &g->v[i];
	return NULL;
}

bool vm_watch_is_there(const struct vm_watch *g, unsigned node)
{
	const struct guest *v = guest_of(g, node);

	return !v || v->there;
}

bool vm_watch_has_answered(const struct vm_watch *g, unsigned node)
{
	const struct guest *v = guest_of(g, node);

	return !v || v->answered;
}

const char *vm_watch_lack(const struct vm_watch *g, unsigned node)
{
	const struct guest *v = guest_of(g, node);

	if (!v)
		return NULL;
	if (!v->came)
		return "nothing was plugged in at the virtual machine's socket";
	if (!v->there)
		return "the virtual machine never used its address";
	if (!v->answered)
		return "the virtual machine sent no IKE";
	return "the virtual machine's exchange had not come to an end";
}
