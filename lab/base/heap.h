/* SPDX-License-Identifier: MIT */
/*
 * agenda.h - who is due when, for thousands: a heap that knows where each one stands in it. Pure.
 */
#ifndef NATDLAB_AGENDA_H
#define NATDLAB_AGENDA_H

#include "lab/base/mem.h"

struct agenda;

/* Numbers 0 .. n-1, none of them due at any time. */
struct agenda *agenda_new(struct arena *a, size_t n);
/* @who is due at @t; USEC_NEVER: not at all. */
void agenda_set(struct agenda *g, unsigned who, usec t);
/* When the first one is due, and in *@who which: of those due at one time the lowest number.
 * USEC_NEVER: nobody is. */
usec agenda_first(const struct agenda *g, unsigned *who);

#endif
