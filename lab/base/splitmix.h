/* SPDX-License-Identifier: MIT */
/*
 * draw.h - small seeded generators for what a plan draws: ports, faults. Not for secrets. Pure.
 */
#ifndef NATDLAB_DRAW_H
#define NATDLAB_DRAW_H

#include "lab/base/base.h"

/* A generator of one purpose. */
struct draw {
	uint64_t state;
};

/* The same seed, scenario and name give the same sequence. */
struct draw draw_new(uint64_t seed, const char *scenario, const char *name);
uint64_t draw_next(struct draw *d);

#endif
