/* SPDX-License-Identifier: MIT */
/* report.h - a run's result in the forms that people and programs read. Pure. */
#ifndef NATDLAB_REPORT_REPORT_H
#define NATDLAB_REPORT_REPORT_H

#include <stdio.h>

#include "lab/result/result.h"

struct report_style {
	bool colour;
	bool verbose; /* also how to recompute each hash by hand */
};

/* INTERFACE's two tables, what failed, and the closing line. */
void report_table(FILE *f, const struct run_result *run, const struct report_style *style);
void report_markdown(FILE *f, const struct run_result *run);
/* One document for all runs: what reads these takes a second one for rubbish. */
void report_tap(FILE *f, const struct run_result *runs, size_t n);
void report_junit(FILE *f, const struct run_result *runs, size_t n);

/* `natdlab modes`: all rows as tables; one with all that it says. In 80 columns. */
void report_modes(FILE *f);
void report_server_mode(FILE *f, const struct server_mode *s);
void report_client_mode(FILE *f, const struct client_mode *c);

/* Why connections failed, but for Windows' rule: a line for each reason; nothing without one. */
void report_reasons(FILE *f, const struct run_result *run, const char *indent);
/* Expectations and labs that failed, a line each; nothing when all is well. */
void report_failures(FILE *f, const struct run_result *run, const char *indent);

#endif
