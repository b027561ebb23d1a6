/* SPDX-License-Identifier: MIT */
/*
 * reading.c - what every reader of a part of a topology file needs: the keys of a map, and nodes
 * by name.
 */
#include <string.h>

#include "lab/topology/topology_priv.h"

struct tree *tree_get(const struct tree *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++) {
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->v[i];
	}
	return NULL;
}

int topo_node(const struct topology *t, const char *name)
{
	return names_find(t->by_name, t->n_nodes, name);
}

bool topo_want_map(struct reading *r, const struct tree *v, const char *what)
{
	if (v->kind == TREE_MAP)
		return true;
	mistake(r->m, v, "%s is a map (key: value)", what);
	return false;
}

/* "client, server" */
static const char *kinds_text(struct arena *a, unsigned kinds)
{
	const char *s = "";

	for (enum kind k = 0; k < KINDS; k++)
		if (kinds & KIND_BIT(k))
			s = arena_printf(a, "%s%s%s", s, *s ? ", " : "", kind_name(k));
	return s;
}

static void unknown_key(struct reading *r, const struct key_row *rows, size_t n,
			const struct tree *key, enum place p, enum kind kind, const char *who)
{
	const char **known = arena_array_of(r->a, n, const char *);
	size_t k = key_find_in(rows, n, p, key->text), n_known = 0;

	if (tree_is_merge_key(key))
		return; /* yaml.c has said what is wrong */
	if (k < n) { /* of another kind of node */
		mistake(r->m, key, "%s is a key of %s; %s is of kind %s", key->text,
			kinds_text(r->a, rows[k].kinds), who, kind_name(kind));
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i].place == p && (kind == KINDS || rows[i].kinds & KIND_BIT(kind)))
			known[n_known++] = rows[i].name;
	mistake(r->m, key, "unknown key %s in %s%s", tree_shown(r->a, key->text), place_name(p),
		did_you_mean(r->m, key->text, known, n_known));
}

void topo_unknown_key(struct reading *r, const struct tree *key, enum place p, enum kind kind,
		      const char *who)
{
	unknown_key(r, key_row(0), KEYS, key, p, kind, who);
}

void topo_keys_in(struct reading *r, const struct key_row *rows, size_t n, const struct tree *map,
		  enum place p, enum kind kind, const char *who, const struct tree **out)
{
	for (size_t i = 0; i < map->n; i++) {
		size_t k = key_find_in(rows, n, p, map->keys[i]->text);

		if (k == n || (kind != KINDS && !(rows[k].kinds & KIND_BIT(kind))))
			unknown_key(r, rows, n, map->keys[i], p, kind, who);
		else if (value_is_type(r, map->v[i], &rows[k]))
			out[k] = map->v[i];
	}
}

void topo_keys(struct reading *r, const struct tree *map, enum place p, enum kind kind,
	       const char *who, const struct tree **out)
{
	topo_keys_in(r, key_row(0), KEYS, map, p, kind, who, out);
}

int value_node(struct reading *r, const struct tree *v)
{
	const struct topology *t = r->t;
	int i = topo_node(t, v->text);

	if (i < 0)
		value_wrong(r, v, "no node %s%s", tree_shown(r->a, v->text),
		      did_you_mean(r->m, v->text, t->node_names, t->n_nodes));
	return i;
}
