/* SPDX-License-Identifier: MIT */
/* json.h - events and the results of runs as JSON. Pure. */
#ifndef NATDLAB_REPORT_JSON_H
#define NATDLAB_REPORT_JSON_H

#include <stdio.h>

#include "lab/result/result.h"

/* Draws the seed of jansson's tables now; otherwise its first object opens a file of the kernel's
 * for it. */
void json_prepare(void);

/* One event as one line of events.jsonl. */
void json_event(FILE *f, const struct event *e);
/* The result document, schema 1 (docs/natdlab.1): --format json and run.json. */
void json_run(FILE *f, const struct run_result *run);
/* One scenario as one line: --format jsonl. */
void json_scenario_line(FILE *f, const struct run_result *run, size_t i);

#endif
