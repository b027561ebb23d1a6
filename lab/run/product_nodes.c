/* SPDX-License-Identifier: MIT */
#include "lab/run/product_nodes.h"

#include "lab/os/product_process.h"
#include "nodes/vpn/vpn.h"

struct real_node {
	const struct node *node;
	bool decided; /* a client whose outcome is out */
};

struct product_nodes {
	const struct real_config *cfg;
	size_t n;
	struct real_node *nodes;
	struct product_process **daemons; /* one for each */
};

bool product_nodes_any(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].run)
			return true;
	return false;
}

static int start_one(struct arena *a, struct product_nodes *r, const struct node *n, struct err *e)
{
	const struct real_config *c = r->cfg;
	const char *log = c->dir ? arena_printf(a, "%s/daemon-%s.log", c->dir, n->name) : NULL;
	struct product_process *d;

	if (c->ops->enter(c->net, (int)(n - c->s->nodes), e))
		return -1;
	d = product_process_start(a, c->s, n, c->folder, log, e);
	if (c->ops->enter(c->net, -1, d ? e : NULL) || !d)
		return -1;
	r->daemons[r->n] = d;
	r->nodes[r->n++] = (struct real_node){.node = n};
	return 0;
}

struct product_nodes *product_nodes_start(struct arena *a, const struct real_config *cfg,
					  struct err *e)
{
	struct product_nodes *r = arena_new_of(a, struct product_nodes);

	*r = (struct product_nodes){
		.cfg = arena_copy(a, cfg, sizeof(*cfg)),
		.nodes = arena_array_of(a, cfg->s->n_nodes, struct real_node),
		.daemons = arena_array_of(a, cfg->s->n_nodes, struct product_process *),
	};
	for (size_t i = 0; i < cfg->s->n_nodes; i++) {
		if (!cfg->s->nodes[i].run || !start_one(a, r, &cfg->s->nodes[i], e))
			continue;
		product_nodes_stop(r);
		return NULL;
	}
	return r;
}

/* strongSwan's own words for what RFC 3947 tells it. */
static void tell_nat_seen(const struct product_nodes *r, size_t i)
{
	const struct product_process *d = r->daemons[i];
	struct event ev = ev_new(EV_NAT_SEEN);

	ev_bool(&ev, K_SELF_BEHIND_NAT, product_process_has_said(d, "local host is behind NAT"));
	ev_bool(&ev, K_PEER_BEHIND_NAT, product_process_has_said(d, "remote host is behind NAT"));
	r->cfg->event(r->cfg->ctx, r->nodes[i].node, &ev);
}

/* What it came to. No product dials L2TP, so none gets farther than phase 2. */
static void tell_outcome(struct product_nodes *r, size_t i, bool success)
{
	const struct product_process *d = r->daemons[i];
	bool phase1 = product_process_has_said(d, "] established between");
	enum product run = r->nodes[i].node->run;
	bool scans = run == PRODUCT_IKE_SCAN || run == PRODUCT_PROBER; /* connects nothing */
	struct event ev = ev_new(EV_OUTCOME);

	if (!scans)
		tell_nat_seen(r, i);
	ev_word(&ev, K_OUTCOME, success ? OUTCOME_CONNECTED : OUTCOME_FAILED);
	ev_word(&ev, K_REASON,
		success || scans ? REASON_NONE
		: phase1	 ? REASON_NO_IPSEC_SA
				 : REASON_NO_REPLY);
	ev_u(&ev, K_ERROR, 0);
	ev_word(&ev, K_REACHED,
		success	 ? REACHED_PHASE2
		: phase1 ? REACHED_PHASE1
			 : REACHED_NOTHING);
	r->cfg->event(r->cfg->ctx, r->nodes[i].node, &ev);
	r->nodes[i].decided = true;
}

int product_nodes_poll(struct product_nodes *r, bool *ready, struct err *e)
{
	*ready = true;
	for (size_t i = 0; i < r->n; i++) {
		bool success;

		if (product_process_listen(r->daemons[i], e))
			return -1;
		*ready &= product_process_is_ready(r->daemons[i]);
		if (!r->nodes[i].decided && product_process_has_dialled(r->daemons[i], &success))
			tell_outcome(r, i, success);
	}
	return 0;
}

void product_nodes_dial(struct product_nodes *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->nodes[i].node->kind == KIND_CLIENT)
			product_process_dial(r->daemons[i]);
}

bool product_nodes_decided(const struct product_nodes *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->nodes[i].node->kind == KIND_CLIENT && !r->nodes[i].decided)
			return false;
	return true;
}

void product_nodes_stop(struct product_nodes *r)
{
	if (r)
		product_processes_stop(r->daemons, r->n);
}
