/* SPDX-License-Identifier: MIT */
/* plan_script.h - a plan as a shell script. Pure. */
#ifndef NATDLAB_PLAN_PLAN_SCRIPT_H
#define NATDLAB_PLAN_PLAN_SCRIPT_H

#include <stdio.h>

#include "lab/plan/plan.h"

/* The whole plan as a shell script on @f: re-executes itself under unshare, needs no root, leaves
 * nothing. With arguments it runs them in a node: `sh plan.sh client ping 203.0.113.10`. */
void plan_script(const struct plan *p, FILE *f);

#endif
