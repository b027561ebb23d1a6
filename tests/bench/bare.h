/* SPDX-License-Identifier: MIT */
/*
 * bare.h - the network of a plan, built by hand: what netns_build.c is measured against.
 *
 * The same netlink messages, ioctls and settings in the same order, put together in a buffer and
 * sent, with no library in between but libnftables for the rulesets. Nothing is opened that only
 * natdlab wants (connection tracking's news), no reason is given for what fails.
 */
#ifndef NATDLAB_BENCH_BARE_H
#define NATDLAB_BENCH_BARE_H

#include "lab/plan/plan.h"

struct bare;

/* Inside a process that may make network namespaces. Ends the program when something fails; the
 * caller's namespace is the same afterwards. */
struct bare *bare_build(const struct plan *p);
void bare_free(struct bare *b);

#endif
