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

/* A cell for hash @i of @l: "A 9fc5db.. 203.0.113.10:500", its letter, its beginning (or @whole) and
 * what it is made of, if that is @known; "-" where @l has no such hash. */
void report_hash(const struct natd_list *l, size_t i, char letter, bool known, struct inet_ep means,
		 bool whole, char *buf, size_t size);

#endif
