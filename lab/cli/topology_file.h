/* SPDX-License-Identifier: MIT */
/* topology_file.h - a topology from the bytes of its file, for a person. */
#ifndef NATDLAB_CLI_TOPOLOGY_FILE_H
#define NATDLAB_CLI_TOPOLOGY_FILE_H

#include "lab/load/load.h"

/* topology_load_buffer() of @src. NULL when it has mistakes; standard error has got them. */
struct topology *topology_or_mistakes(struct arena *a, const struct source *src,
				      const struct setting *set, size_t n_set);

#endif
