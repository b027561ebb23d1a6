/* SPDX-License-Identifier: MIT */
/* report_lines.h - results of runs as TAP, JUnit and Markdown. Pure. */
#ifndef NATDLAB_REPORT_REPORT_LINES_H
#define NATDLAB_REPORT_REPORT_LINES_H

#include <stdio.h>

#include "lab/result/result.h"

/* One Markdown table for a run. */
void report_markdown(FILE *f, const struct run_result *run);
/* One document for all runs: what reads these takes a second one for rubbish. */
void report_tap(FILE *f, const struct run_result *runs, size_t n);
void report_junit(FILE *f, const struct run_result *runs, size_t n);

#endif
