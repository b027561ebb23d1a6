/* SPDX-License-Identifier: MIT */
/*
 * cli_priv.h - what cmd_inspect.c and cmd_inspect_unmask.c share.
 */
#ifndef NATDLAB_CLI_CLI_PRIV_H
#define NATDLAB_CLI_CLI_PRIV_H

#include "lab/analysis/inspect.h"
#include "lab/cli/options.h"

/*
 * --unmask: searches for the private addresses behind the hashes of each exchange, and judges anew
 * with what was found. Exchange by exchange, so that an address found for one is known for the
 * next. -1: --port is wrong. Otherwise 0, or the number of a signal that ended the search; what
 * was found before counts.
 */
int inspect_unmask(struct arena *a, const struct args *args, const struct watch *w,
		   struct inspect_hints *hints, struct inspection *in, struct err *e);

#endif
