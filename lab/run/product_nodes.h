/* SPDX-License-Identifier: MIT */
/*
 * real.h - the real products of a lab: those of its nodes that have `run:` (floor 4).
 *
 * They live in real time, so a scenario with one of them does. The lab calls, in this order:
 * real_start(); real_poll() until *ready; real_dial(); then real_poll() each time round until
 * real_decided(); real_stop().
 */
#ifndef NATDLAB_REAL_H
#define NATDLAB_REAL_H

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

struct real;

/* Has the scenario a real product? */
bool real_any(const struct scenario *s);
/* NULL and @e on failure. */
struct real *real_start(struct arena *a, const struct real_config *cfg,
			struct err *e) MUST_CHECK;
/* Listens to all; -1 when one has ended. *@ready: all answer. */
int real_poll(struct real *r, bool *ready, struct err *e) MUST_CHECK;
/* The clients among them dial. */
void real_dial(struct real *r);
/* Have the clients among them come to an end? */
bool real_decided(const struct real *r);
/* All end politely. NULL is allowed. */
void real_stop(struct real *r);

#endif
