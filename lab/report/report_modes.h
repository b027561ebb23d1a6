/* SPDX-License-Identifier: MIT */
/* report_modes.h - server and client modes as text. Pure. */
#ifndef NATDLAB_REPORT_REPORT_MODES_H
#define NATDLAB_REPORT_REPORT_MODES_H

#include <stdio.h>

#include "nodes/modes/mode.h"

/* `natdlab modes`: all rows as tables; one with all that it says. In 80 columns. */
void report_modes(FILE *f);
void report_server_mode(FILE *f, const struct server_mode *s);
void report_client_mode(FILE *f, const struct client_mode *c);

#endif
