/* SPDX-License-Identifier: MIT */
/*
 * run.h - all scenarios of a topology, each in a lab of its own, several at once.
 */
#ifndef NATDLAB_RUN_RUN_H
#define NATDLAB_RUN_RUN_H

#include "lab/net/net.h"
#include "lab/result/result.h"

struct run_config {
	const struct topology *topology;
	const struct net_ops *backend;
	const char *filter;  /* a glob that scenario ids must match; NULL all */
	const char *dir;     /* -o, or NULL */
	const char *real;    /* --real: where `run:` finds its products */
	uint64_t seed;
	bool realtime, fail_fast;
	usec wait;           /* --wait, for virtual machines; 0: for ever */
	unsigned jobs;       /* labs at once */
	usec hangs_after;    /* real time after which a lab is ended; 0: ten minutes and its idle */
	/* Called when a scenario ends: how many of how many, and which. May be NULL. */
	void (*progress)(void *ctx, size_t done, size_t all, const char *id);
	void *ctx;
};

/*
 * Runs and fills @out, whose arrays lie in @a and in memory shared with the labs. Returns -1 when
 * nothing could be run at all; what single labs came to, broken ones too, is in the results.
 */
int run_all(struct arena *a, const struct run_config *cfg, struct run_result *out,
	    struct err *e) MUST_CHECK;

/* Does a scenario's id match the glob @filter? NULL: every one does. */
bool run_wants(const char *filter, const char *id);

#endif
