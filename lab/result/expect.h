/* SPDX-License-Identifier: MIT */
/* expect.h - holds a scenario's expectations against what came out. Pure. */
#ifndef NATDLAB_RESULT_EXPECT_H
#define NATDLAB_RESULT_EXPECT_H

#include "lab/result/result.h"

/*
 * Fills r->expects, each connection's lab_error and r->verdict from the connections and their
 * predictions. A scenario without expectations passes when prediction and wire agree and every
 * client came to a decision. Where no client dials nothing is decided.
 */
void expect_judge(const struct scenario *s, struct scenario_result *r);

#endif
