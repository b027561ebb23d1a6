/* SPDX-License-Identifier: MIT */
/* json.h - everything that natdlab writes as JSON, and the only user of jansson. Pure. */
#ifndef NATDLAB_REPORT_JSON_H
#define NATDLAB_REPORT_JSON_H

#include <stdio.h>

#include "lab/analysis/inspect.h"
#include "lab/probe/probe.h"
#include "lab/result/result.h"

/* One event as one line of events.jsonl. */
void json_event(FILE *f, const struct event *e);
/* The result document, schema 1 (docs/natdlab.1): --format json and run.json. */
void json_run(FILE *f, const struct run_result *run);
/* One scenario as one line: --format jsonl. */
void json_scenario_line(FILE *f, const struct run_result *run, size_t i);

/* What `probe` found. */
void json_probe(FILE *f, const struct probe_wire *w, unsigned packets,
		const struct probe_result *r);

/* What `inspect` found: {"schema": 1, "exchanges": [...]}. */
void json_inspection(FILE *f, const struct inspection *in);

/* `natdlab modes --format json`: one server, one client, or with both NULL every row. */
void json_modes(FILE *f, const struct server_mode *server, const struct client_mode *client);

/* The table of keys as a JSON schema: docs/natdlab.schema.json. */
void json_schema(FILE *f);

#endif
