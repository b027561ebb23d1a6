/* SPDX-License-Identifier: MIT */
/*
 * emitted.h - what emit_modes() writes, read again as a topology file: the row that replays a
 * server. A file that natdlab would refuse fails the test.
 */
#ifndef NATDLAB_UNIT_EMITTED_H
#define NATDLAB_UNIT_EMITTED_H

#include <stdlib.h>

#include "lab/infer/emit_topology.h"
#include "tests/unit/topo.h"

static inline char *emitted_text(struct arena *a, const struct emit_seen *v, size_t n, usec end)
{
	static const char *const places[] = {"test"};
	const struct emit_about about = {
		.how = "a test",
		.word = "captured",
		.places = places,
		.n_places = 1,
		.hint = "",
		.end = end,
		.frames = true,
	};
	char *text = NULL, *copy;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	emit_modes(f, a, &about, v, n);
	fclose(f);
	copy = arena_str(a, text);
	free(text);
	return copy;
}

/* The row of the server in the first scenario. */
static inline const struct server_mode *emitted_row(struct arena *a, const char *text)
{
	struct topology *t = topo_load(a, text);
	struct scenario *s = topo_scenario(a, t, NULL);

	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].kind == KIND_SERVER)
			return s->nodes[i].server;
	fail_msg("no server in the file");
	return NULL;
}

#endif
