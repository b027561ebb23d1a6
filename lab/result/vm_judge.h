/* SPDX-License-Identifier: MIT */
/* vm_judge.h - what has become of a virtual machine, by the wire alone. Pure. */
#ifndef NATDLAB_RESULT_VM_JUDGE_H
#define NATDLAB_RESULT_VM_JUDGE_H

#include "lab/analysis/diagnose.h"
#include "lab/topology/scenario.h"

/*
 * What has become of a machine that is a client of @server (path_server(); NULL: its dialling leads
 * nowhere), by all that was seen until @now, in @out. False
 * when that is not decided yet. It is when ESP flows both ways and has for a while; when there were
 * as many Quick Modes as Windows makes and no ESP; or when it has fallen silent. @end: there will
 * be no more, so that the present state is the last.
 */
bool vm_judge(const struct scenario *s, const struct node *n, const struct node *server,
	      const struct watch *w, usec now, bool end, struct diagnosis *out);

#endif
