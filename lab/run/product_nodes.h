/* SPDX-License-Identifier: MIT */
/*
 * product_nodes.h - the real products of a lab: those of its nodes that have `run:`.
 *
 * They live in real time, so a scenario with one of them does. The lab calls, in this order:
 * product_nodes_start(); product_nodes_poll() until *ready; product_nodes_dial(); then
 * product_nodes_poll() each time round until product_nodes_decided(); product_nodes_stop().
 */
#ifndef NATDLAB_RUN_PRODUCT_NODES_H
#define NATDLAB_RUN_PRODUCT_NODES_H

#include "lab/net/net.h"

struct real_config {
	const struct scenario *s;
	const struct net_ops *ops;
	struct net *net;
	const char *folder; /* --real */
	const char *dir;    /* where daemon-NODE.log is kept, or NULL */
	/* What a client that is a product has come to, in the events of our own. */
	void (*event)(void *ctx, const struct node *n, const struct event *e);
	void *ctx;
};

struct product_nodes;

/* Has the scenario a real product? */
bool product_nodes_any(const struct scenario *s);
/* NULL and @e on failure. */
struct product_nodes *product_nodes_start(struct arena *a, const struct real_config *cfg,
					  struct err *e) MUST_CHECK;
/* Listens to all; -1 when one has ended. *@ready: all answer. */
int product_nodes_poll(struct product_nodes *r, bool *ready, struct err *e) MUST_CHECK;
/* The clients among them dial. */
void product_nodes_dial(struct product_nodes *r);
/* Have the clients among them come to an end? */
bool product_nodes_decided(const struct product_nodes *r);
/* All end politely. NULL is allowed. */
void product_nodes_stop(struct product_nodes *r);

#endif
