/* SPDX-License-Identifier: MIT */
/* report_table.h - the result of a run as text for a terminal. Pure. */
#ifndef NATDLAB_REPORT_REPORT_TABLE_H
#define NATDLAB_REPORT_REPORT_TABLE_H

#include <stdio.h>

#include "lab/result/result.h"

struct report_style {
	bool colour;
	bool verbose; /* also how to recompute each hash by hand */
};

/* The tables of a run, what failed, and the closing line. */
void report_table(FILE *f, const struct run_result *run, const struct report_style *style);

/* Why connections failed, but for Windows' rule: a line for each reason; nothing without one. */
void report_reasons(FILE *f, const struct run_result *run, const char *indent);
/* Expectations and labs that failed, a line each; nothing when all is well. */
void report_failures(FILE *f, const struct run_result *run, const char *indent);

#endif
