/* SPDX-License-Identifier: MIT */
/*
 * value_types.h - the types of values in a topology file. What only the readers of the file use
 * is in topology_priv.h. Pure.
 */
#ifndef NATDLAB_TOPOLOGY_VALUE_TYPES_H
#define NATDLAB_TOPOLOGY_VALUE_TYPES_H

#include "lab/base/base.h"

/* "20ms", "30s", "2m", "1h", up to a day. False: it is none of these. */
bool duration_parse(const char *text, usec *out);

#endif
