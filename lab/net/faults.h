/* SPDX-License-Identifier: MIT */
/*
 * faults.h - what a bad link does to frames: loses, doubles, holds back. Pure.
 *
 * A link's faults are drawn from a generator of its own for each direction, seeded by run,
 * scenario and link: the third frame from left to right is lost in every run of that seed, in
 * namespaces and in the simulator. The backends ask for each frame what becomes of it, and keep
 * what is held back in a queue by time.
 */
#ifndef NATDLAB_NET_FAULTS_H
#define NATDLAB_NET_FAULTS_H

#include "lab/base/splitmix.h"
#include "lab/topology/scenario.h"

/* Frames held back on all links together; more are lost, as by any full queue. */
#define FAULTS_HELD_MAX 4096

/* A frame that is to be overtaken is held back by so much more. */
#define FAULTS_REORDER_BY (50 * MSEC)

struct faults;

/* NULL when no link of the scenario has faults. */
struct faults *faults_new(struct arena *a, const struct scenario *s, uint64_t seed);

/* What becomes of a frame that goes onto a link. */
struct fate {
	uint8_t copies;  /* that arrive: 0 lost, 1, 2 */
	usec delay[2];   /* of each copy; 0 at once */
};

/* @iface: the sending end. Each call moves that direction's generator on. */
struct fate faults_draw(struct faults *f, unsigned iface);

/* Holds a copy of a frame from @iface until @due. False when there are too many, or
 * when it is longer than any link carries: then it is lost. */
bool faults_hold(struct faults *f, unsigned iface, usec due, const void *data, size_t len);
/* When the first held frame is due; USEC_NEVER none. */
usec faults_deadline(const struct faults *f);
/* Takes the first frame that is due at @now, in the order in which they were held when due at the
 * same time; false when there is none. *@data is valid until the next faults_hold(). */
bool faults_take(struct faults *f, usec now, unsigned *iface, const uint8_t **data, size_t *len);

#endif
