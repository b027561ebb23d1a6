/* SPDX-License-Identifier: MIT */
/* scenario_check.h - judges every scenario of a topology. Pure. */
#ifndef NATDLAB_LOAD_SCENARIO_CHECK_H
#define NATDLAB_LOAD_SCENARIO_CHECK_H

#include "lab/topology/mistakes.h"
#include "lab/topology/scenario.h"

/* Notes in @m what can be judged only with every axis fixed. @t: read without a mistake. */
void scenarios_check(const struct topology *t, struct mistakes *m);

#endif
