/* SPDX-License-Identifier: MIT */
/*
 * yaml.h - YAML text to a tree (tree.h). Pure; libyaml is known to yaml.c alone.
 */
#ifndef NATDLAB_TOPOLOGY_YAML_H
#define NATDLAB_TOPOLOGY_YAML_H

#include "lab/topology/mistakes.h"

/* Parses one document. NULL when it is no YAML or breaks a bound (tree.h); the mistakes say why.
 * @src must live as long as @a. */
struct tree *tree_parse(struct arena *a, const struct source *src, struct mistakes *m);

#endif
