/* SPDX-License-Identifier: MIT */
/* cli_priv.h - the verbs, and what the files of one share. */
#ifndef NATDLAB_CLI_CLI_PRIV_H
#define NATDLAB_CLI_CLI_PRIV_H

#include "lab/analysis/inspect.h"
#include "lab/cli/options.h"

/* The verbs, one file each. */
extern const struct verb verb_run, verb_check, verb_plan, verb_probe, verb_modes,
	verb_inspect;

/*
 * --unmask: searches for the private addresses behind the hashes of each exchange, and judges anew
 * with what was found. Exchange by exchange, so that an address found for one is known for the
 * next. -1: --port is wrong. Otherwise 0, or the number of a signal that ended the search; what
 * was found before counts.
 */
int inspect_unmask(struct arena *a, const struct args *args, const struct watch *w,
		   struct inspect_hints *hints, struct inspection *in, struct err *e);

#endif
