/* SPDX-License-Identifier: MIT */
/* cli_priv.h - the verbs, and what the files of one share. */
#ifndef NATDLAB_CLI_CLI_PRIV_H
#define NATDLAB_CLI_CLI_PRIV_H

#include "lab/analysis/inspect.h"
#include "lab/cli/options.h"
#include "lab/os/unmask.h"

/* The verbs, one file each. */
extern const struct verb verb_run, verb_check, verb_plan, verb_probe, verb_modes,
	verb_inspect;

/* The words of every --format, in this order. */
enum format {
	FORMAT_TEXT, FORMAT_JSON, FORMAT_JSONL, FORMAT_JUNIT, FORMAT_TAP, FORMAT_MARKDOWN,
};

/* May standard output be coloured: is it a terminal that can, and has the user not refused? */
bool want_colour(void);

/* --unmask: what to search with. */
struct unmask_search {
	struct unmask wanted; /* its ports; the hashes are each exchange's */
	struct unmask_workers *workers;
};

/* Reads --port and makes the threads, which live in @a, before the sandbox is entered. -1: --port
 * is wrong. */
int unmask_prepare(struct arena *a, const struct args *args, struct unmask_search *s,
		   struct err *e) MUST_CHECK;

/*
 * Searches for the private addresses behind the hashes of each exchange, and judges anew with what
 * was found. Exchange by exchange, so that an address found for one is known for the next. The
 * threads are ended by the caller of unmask_prepare(), who calls unmask_workers_end().
 * 0, or the number of a signal that ended the search; what was found before counts.
 */
int inspect_unmask(struct arena *a, struct unmask_search *s, const struct watch *w,
		   struct inspect_hints *hints, struct inspection *in);

#endif
