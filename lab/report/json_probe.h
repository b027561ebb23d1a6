/* SPDX-License-Identifier: MIT */
/* json_probe.h - the findings of `natdlab probe` as JSON. Pure. */
#ifndef NATDLAB_REPORT_JSON_PROBE_H
#define NATDLAB_REPORT_JSON_PROBE_H

#include <stdio.h>

#include "lab/probe/probe.h"

/* What `probe` found. */
void json_probe(FILE *f, const struct probe_wire *w, unsigned packets,
		const struct probe_result *r);

#endif
