/* SPDX-License-Identifier: MIT */
/*
 * lab.h - one scenario alive: its namespaces, its nodes, its clock, its taps, in one process and
 * one thread (where pure and real meet).
 */
#ifndef NATDLAB_RUN_LAB_H
#define NATDLAB_RUN_LAB_H

#include <stdatomic.h>

#include "lab/net/net.h"
#include "lab/result/result.h"

struct lab_config {
	const struct scenario *scenario;
	const struct net_ops *backend;
	uint64_t seed;
	bool realtime;   /* the clock does not jump */
	const char *real; /* the folder of `make real` */
	usec wait;       /* for virtual machines, at most; 0: for ever */
	bool tell;       /* how to plug them in */
	const atomic_bool *stop; /* when it becomes true the lab ends and judges; may be NULL */
	const char *dir; /* where the scenario's files go, or NULL */
	/* Called when the result is whole, before the network is taken down, which takes the
	 * kernel longer than a scenario. May be NULL. */
	void (*ready)(void *ctx);
	void *ctx;
};

/*
 * Builds, connects, watches and judges; fills @r. Call inside a fresh process of
 * namespaces_start(). -1 when the lab itself failed (also in r->error); what the clients came to is
 * in the result.
 */
int lab_run(const struct lab_config *cfg, struct scenario_result *r);

/* Virtual time 0 as captures write it: 2026-01-01 00:00:00 UTC, the same in every run, so that two
 * runs of one seed write the same capture. With --realtime captures carry the real time. */
#define LAB_EPOCH ((usec)1767225600 * SEC)

#endif
