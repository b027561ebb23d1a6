/* SPDX-License-Identifier: MIT */
/*
 * topology_file.h - a topology by the path of its file.
 */
#ifndef NATDLAB_CLI_TOPOLOGY_FILE_H
#define NATDLAB_CLI_TOPOLOGY_FILE_H

#include "lab/load/load.h"

/* topology_load_buffer() of the bytes of a file, "-" for standard input. NULL with *@mistakes NULL:
 * it could not be read, and @e says why. */
struct topology *topology_load(struct arena *a, const char *path, const struct setting *set,
			       size_t n_set, char **mistakes, struct err *e);

#endif
