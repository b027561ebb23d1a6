/* SPDX-License-Identifier: MIT */
/*
 * splitmix.h - small seeded generators for what a plan draws: ports, faults. Not for secrets. Pure.
 */
#ifndef NATDLAB_BASE_SPLITMIX_H
#define NATDLAB_BASE_SPLITMIX_H

#include "lab/base/base.h"

/* A generator of one purpose. */
struct splitmix {
	uint64_t state;
};

/* The same seed, scenario and name give the same sequence. */
struct splitmix splitmix_new(uint64_t seed, const char *scenario, const char *name);
uint64_t splitmix_next(struct splitmix *d);

#endif
