/* SPDX-License-Identifier: MIT */
#include "lab/load/load.h"

#include <string.h>

#include "lab/base/text.h"
#include "lab/load/scenario_check.h"
#include "lab/topology/yaml.h"

/* A value from the command line is YAML too: `--set server.allow=[udp/500]`. */
static const struct tree *parse_setting(struct arena *a, const struct setting *s,
					struct mistakes *m)
{
	struct source *src = arena_new_of(a, struct source);

	*src = (struct source){
		.name = text_shown(a, arena_printf(a, "--set %s.%s", s->node, s->key)),
		.text = s->value,
		.len = strlen(s->value),
		.option = true,
	};
	return tree_parse(a, src, m);
}

struct topology *topology_load_buffer(struct arena *a, const char *name, const void *data,
				      size_t len, const struct setting *set, size_t n_set,
				      char **mistakes)
{
	struct source *src = arena_new_of(a, struct source);
	struct mistakes *m = mistakes_new(a);
	const struct tree **values = arena_array_of(a, n_set, const struct tree *);
	struct topology *t = NULL;
	struct tree *root;

	*mistakes = NULL;
	for (size_t i = 0; i < n_set; i++)
		values[i] = parse_setting(a, &set[i], m);
	*src = (struct source){.name = text_shown(a, arena_str(a, name)), .text = data, .len = len};
	if (len > FILE_MAX) {
		mistake_at(m, src, 0, 0, "more than %zu bytes; a topology file is smaller",
			   FILE_MAX);
	} else {
		root = tree_parse(a, src, m);
		if (root)
			t = topology_new(a, src, root, set, values, n_set, m);
	}
	if (mistakes_count(m) == 0)
		scenarios_check(t, m);
	if (mistakes_count(m) == 0)
		return t;
	*mistakes = mistakes_text(m);
	return NULL;
}
