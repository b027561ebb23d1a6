/* SPDX-License-Identifier: MIT */
/*
 * tree.h - a YAML file as a tree of which every value knows its place.
 *
 * yaml.c makes trees; topology.c and the files beside it read them. Texts come from a stranger's
 * file: what is shown of them goes through tree_shown() (mistakes.h).
 */
#ifndef NATDLAB_TOPOLOGY_TREE_H
#define NATDLAB_TOPOLOGY_TREE_H

#include "lab/base/base.h"

/* Bounds of a file. Each is far above what a lab can use and far below what hurts. */
#define FILE_MAX ((size_t)1 << 20) /* bytes */
#define TREE_MAX 100000            /* values, aliases unfolded */
#define TREE_DEPTH_MAX 20

/* Where text comes from: a file, or the value of a --set option. */
struct source {
	const char *name; /* harmless text (lab/base/text.h): "article.yaml"; "--set client.mode" */
	const char *text;
	size_t len;
	bool option;      /* not a file: mistakes show neither line nor caret */
};

enum tree_kind { TREE_TEXT, TREE_LIST, TREE_MAP };

struct tree {
	enum tree_kind kind;
	bool quoted;           /* TEXT in quotes or as a block: never taken for a number */
	unsigned line, column; /* 1, 2, ...; columns count characters */
	const struct source *src;
	const char *text;      /* TEXT: valid UTF-8, ended by NUL, no NUL inside */
	size_t n;              /* LIST, MAP: how many */
	struct tree **keys;    /* MAP: TEXT, all different */
	struct tree **v;       /* LIST, MAP */
	size_t unfolded;       /* values in here, itself included, each alias counted anew */
	bool open;             /* still being read: an alias to it would have no end */
};

/* "<<", with which YAML 1.1 merges maps; topology files may not. */
static inline bool tree_is_merge_key(const struct tree *key)
{
	return key->text[0] == '<' && key->text[1] == '<' && !key->text[2];
}

#endif
