/* SPDX-License-Identifier: MIT */
/* json_modes.h - server and client modes as JSON. Pure. */
#ifndef NATDLAB_REPORT_JSON_MODES_H
#define NATDLAB_REPORT_JSON_MODES_H

#include <stdio.h>

#include "nodes/modes/mode.h"

/* `natdlab modes --format json`: one server, one client, or with both NULL every row. */
void json_modes(FILE *f, const struct server_mode *server, const struct client_mode *client);

#endif
