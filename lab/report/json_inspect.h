/* SPDX-License-Identifier: MIT */
/* json_inspect.h - the findings of `natdlab inspect` as JSON. Pure. */
#ifndef NATDLAB_REPORT_JSON_INSPECT_H
#define NATDLAB_REPORT_JSON_INSPECT_H

#include <stdio.h>

#include "lab/analysis/inspect.h"

/* What `inspect` found: {"schema": 1, "exchanges": [...]}. */
void json_inspection(FILE *f, const struct inspection *in);

#endif
