/* SPDX-License-Identifier: MIT */
/*
 * topo.h - topologies for tests: loaded from text, with a complaint when they are not good.
 */
#ifndef NATDLAB_UNIT_TOPO_H
#define NATDLAB_UNIT_TOPO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lab/plan/nft_ruleset.h"
#include "lab/topology/scenario.h"
#include "tests/topology_load.h"

static inline struct topology *topo_load(struct arena *a, const char *text)
{
	char *mistakes;
	struct topology *t = topology_load_buffer(a, "f", text, strlen(text), NULL, 0, &mistakes);

	if (!t)
		fail_msg("%s", mistakes);
	return t;
}

static inline struct topology *topo_load_file(struct arena *a, const char *path)
{
	struct err e = {0};
	char *mistakes;
	struct topology *t = topology_load(a, path, NULL, 0, &mistakes, &e);

	if (!t)
		fail_msg("%s", mistakes ? mistakes : e.text);
	return t;
}

/* The scenario of that id; NULL: the first. */
static inline struct scenario *topo_scenario(struct arena *a, const struct topology *t,
					     const char *id)
{
	for (size_t i = 0; i < scenario_count(t); i++) {
		if (!id || strcmp(scenario_id(a, t, i), id) == 0)
			return scenario_new(a, t, i);
	}
	fail_msg("no scenario %s", id ? id : "at all");
	return NULL;
}

/* The ruleset of a node as nft text, as far as one text has room; NULL: it has none. */
static inline const char *ruleset_text(struct arena *a, const struct scenario *s, unsigned node,
				       uint64_t seed)
{
	return nft_ruleset(a, nat_rules_new(a, s, node, napt_tables_new(a, s, seed)),
			   s->nodes[node].nft, 0);
}

#define ARTICLE "topologies/article.yaml"

#endif
