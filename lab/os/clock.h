/* SPDX-License-Identifier: MIT */
/* clock.h - the machine's clocks, for the edges only: what is pure is told the time. */
#ifndef NATDLAB_OS_CLOCK_H
#define NATDLAB_OS_CLOCK_H

#include "lab/base/base.h"

/* Since some moment in the past; never set back. */
usec clock_monotonic(void);
/* Since the epoch. */
usec clock_wall(void);

#endif
