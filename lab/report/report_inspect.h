/* SPDX-License-Identifier: MIT */
/* report_inspect.h - the findings of `natdlab inspect` as text. Pure. */
#ifndef NATDLAB_REPORT_REPORT_INSPECT_H
#define NATDLAB_REPORT_REPORT_INSPECT_H

#include <stdio.h>

#include "lab/analysis/inspect.h"

/* The report for people. */
struct inspect_style {
	bool colour;
	bool verbose; /* full hashes, every vendor ID's bytes, all exchanges in full */
};
void report_inspect(FILE *f, const struct inspection *in, const struct inspect_style *style);

#endif
