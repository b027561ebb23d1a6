/* SPDX-License-Identifier: MIT */
/*
 * tree.h - a YAML file as a tree of which every value knows its place, and the list of mistakes
 * that is found in it.
 *
 * yaml.c makes trees (libyaml stands there and nowhere else); topology.c and matrix.c read them.
 * Texts come from a stranger's file: what is shown of them goes through tree_shown().
 */
#ifndef NATDLAB_TOPOLOGY_TREE_H
#define NATDLAB_TOPOLOGY_TREE_H

#include <stdarg.h>

#include "lab/base/err.h"
#include "lab/base/mem.h"

/* Bounds of a file. Each is far above what a lab can use and far below what hurts. */
#define FILE_MAX ((size_t)1 << 20) /* bytes */
#define TREE_MAX 100000            /* values, aliases unfolded */
#define TREE_DEPTH_MAX 20
#define MISTAKES_SHOWN 50

/* Where text comes from: a file, or the value of a --set option. */
struct source {
	const char *name; /* "article.yaml"; "--set client.mode" */
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

/* The value of @key in a map, or NULL. */
struct tree *tree_get(const struct tree *map, const char *key);

struct mistakes;

struct mistakes *mistakes_new(struct arena *a);
/* A mistake at a place. The same words at the same place count once. */
void mistake(struct mistakes *m, const struct tree *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
void mistake_v(struct mistakes *m, const struct tree *at, const char *fmt, va_list ap)
	PRINTF_LIKE(3, 0);
void mistake_at(struct mistakes *m, const struct source *src, unsigned line, unsigned column,
		const char *fmt, ...) PRINTF_LIKE(5, 6);
size_t mistakes_count(const struct mistakes *m);
/* True when so many are known that looking for more is a waste. */
bool mistakes_enough(const struct mistakes *m);
/* INTERFACE's form, in the order of the file: "article.yaml:14:23: words", the line, a caret. */
char *mistakes_text(const struct mistakes *m);

/* @s for people: in quotes, cut to 60 characters, nothing in it that moves a cursor or a colour. */
const char *tree_shown(struct arena *a, const char *s);

/*
 * Parses one document. NULL when it is no YAML or breaks a bound; the mistakes say why.
 * (yaml.c)
 */
struct tree *tree_parse(struct arena *a, const struct source *src, struct mistakes *m);

/* The word among @known that somebody who typed @word probably meant; NULL when none is near. */
const char *nearest(const char *word, const char *const *known, size_t n);
/* The same as the end of a sentence: `; did you mean "x"?`, or "". Looks no further when so many
 * mistakes are known that this one is only counted; @m may be NULL. */
const char *did_you_mean(struct mistakes *m, const char *word, const char *const *known, size_t n);

#endif
