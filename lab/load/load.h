/* SPDX-License-Identifier: MIT */
/*
 * load.h - the bytes of a topology file to a checked topology, or all its mistakes at once. Pure:
 * who reads files is the caller (lab/os/source_file.h).
 */
#ifndef NATDLAB_LOAD_LOAD_H
#define NATDLAB_LOAD_LOAD_H

#include "lab/topology/topology.h"

/*
 * Reads and checks the text of a topology file. @name: what mistakes call it. @data must live as
 * long as @a. On mistakes: NULL, and in *@mistakes the lines to print, each with its place, the
 * line of the file and a caret; at most MISTAKES_SHOWN are listed and the rest is counted.
 */
struct topology *topology_load_buffer(struct arena *a, const char *name, const void *data,
				      size_t len, const struct setting *set, size_t n_set,
				      char **mistakes);

#endif
