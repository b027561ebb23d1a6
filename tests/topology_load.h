/* SPDX-License-Identifier: MIT */
/* topology_load.h - a topology by the path of its file, for tests. */
#ifndef NATDLAB_TEST_TOPOLOGY_LOAD_H
#define NATDLAB_TEST_TOPOLOGY_LOAD_H

#include "lab/load/load.h"
#include "lab/os/source_file.h"

/* NULL with *@mistakes NULL: the file could not be read, and @e says why. */
static inline struct topology *topology_load(struct arena *a, const char *path,
					     const struct setting *set, size_t n_set,
					     char **mistakes, struct err *e)
{
	struct source src = {0};

	*mistakes = NULL;
	if (source_read(a, path, &src, e) != 0)
		return NULL;
	return topology_load_buffer(a, src.name, src.text, src.len, set, n_set, mistakes);
}

#endif
