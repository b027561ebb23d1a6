/* SPDX-License-Identifier: MIT */
/* json_schema.h - the table of a topology file's keys as a JSON schema. Pure. */
#ifndef NATDLAB_REPORT_JSON_SCHEMA_H
#define NATDLAB_REPORT_JSON_SCHEMA_H

#include <stdio.h>

/* The table of keys as a JSON schema: docs/natdlab.schema.json. */
void json_schema(FILE *f);

#endif
