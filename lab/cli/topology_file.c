/* SPDX-License-Identifier: MIT */
#include "lab/cli/topology_file.h"

#include <stdio.h>

struct topology *topology_or_mistakes(struct arena *a, const struct source *src,
				      const struct setting *set, size_t n_set)
{
	char *mistakes;
	struct topology *t = topology_load_buffer(a, src->name, src->text, src->len, set, n_set,
						  &mistakes);

	if (!t)
		fputs(mistakes, stderr);
	return t;
}
