/* SPDX-License-Identifier: MIT */
/*
 * source_file.h - a topology file from the disk, or from standard input.
 */
#ifndef NATDLAB_OS_SOURCE_FILE_H
#define NATDLAB_OS_SOURCE_FILE_H

#include "lab/base/err.h"
#include "lab/base/mem.h"
#include "lab/topology/tree.h"

/* Is it "-", which names standard input? */
bool is_standard_input(const char *path);
/* Reads @path, "-" for standard input, into @a: its name for messages, bytes and length. -1: it is
 * no regular file, cannot be read or has more than FILE_MAX bytes (ERR_INPUT). */
int source_read(struct arena *a, const char *path, struct source *src, struct err *e);

#endif
