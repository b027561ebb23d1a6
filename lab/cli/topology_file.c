/* SPDX-License-Identifier: MIT */
#include "lab/cli/topology_file.h"

#include "lab/os/source_file.h"

struct topology *topology_load(struct arena *a, const char *path, const struct setting *set,
			       size_t n_set, char **mistakes, struct err *e)
{
	struct source src = {0};

	*mistakes = NULL;
	if (source_read(a, path, &src, e) != 0)
		return NULL;
	return topology_load_buffer(a, src.name, src.text, src.len, set, n_set, mistakes);
}
