/* SPDX-License-Identifier: MIT */
/*
 * topology.c - the tree of a file to a checked topology.
 *
 * The order matters only for what can be judged: names and kinds of nodes first, then links, the
 * matrix' axes, addresses and routes, the values of keys, and at last what only whole scenarios
 * show. A part with mistakes does not keep the others from being judged; all are told at once.
 */
#include "lab/base/text.h"
#include "lab/topology/topology_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- nodes ---- */

static void check_node_name(struct reading *r, const struct tree *key)
{
	if (!value_is_name(key->text, NAME_LEN_MAX))
		mistake(r->m, key,
			"%s cannot name a node: a letter, then letters, digits and '-', all "
			"lower-case, at most %d", tree_shown(r->a, key->text), NAME_LEN_MAX);
}

/* A mode that has no registry, and a registry beside it, in one map: which of the two is meant? */
static void check_registry(struct reading *r, const struct tree *map, const struct tree **keys)
{
	const struct client_mode *c = keys[KEY_MODE] ? topo_client_mode(r->t, keys[KEY_MODE]->text)
						     : NULL;

	if (c && c->gate == GATE_NONE && keys[KEY_REGISTRY] &&
	    tree_get(map, "registry") == keys[KEY_REGISTRY])
		mistake(r->m, keys[KEY_REGISTRY], "registry means nothing to %s", c->name);
}

/* Keys that no node of any kind has; one of them may be meant as `kind`. */
static bool misspelt_keys(struct reading *r, const struct tree *v)
{
	bool any = false;

	for (size_t i = 0; i < v->n; i++) {
		if (key_find(PLACE_NODE, v->keys[i]->text) == KEYS) {
			topo_unknown_key(r, v->keys[i], PLACE_NODE, KINDS, NULL);
			any = true;
		}
	}
	return any;
}

/* A virtual machine is what its mode is: from here on a client or a server. */
static void become_vm(struct reading *r, struct node *n, const struct node_def *d)
{
	const struct tree *mode = d->keys[KEY_MODE];

	n->vm = true;
	n->kind = mode && topo_server_mode(r->t, mode->text) ? KIND_SERVER : KIND_CLIENT;
	if (!mode)
		mistake(r->m, d->at, "%s has no mode: is the machine a client or a server?",
			n->name);
}

static void read_node(struct reading *r, unsigned i, const struct tree *v,
		      const struct tree *const defaults[KINDS][KEYS])
{
	struct node_def *d = &r->t->defs[i];
	struct node *n = &r->t->nodes[i];
	const struct tree *kind;

	n->kind = KIND_HOST;
	n->registry = -1;
	n->dials_node = -1;
	if (!topo_want_map(r, v, arena_printf(r->a, "node %s", tree_shown(r->a, n->name))))
		return;
	kind = tree_get(v, "kind");
	if (!kind && !misspelt_keys(r, v))
		mistake(r->m, d->at, "%s has no kind", tree_shown(r->a, n->name));
	if (!kind || !value_is_type(r, kind, key_row(KEY_KIND)))
		return; /* which keys it may have depends on it */
	d->has_kind = true;
	n->kind = kind_find(kind->text);
	n->filtering = DEPENDS_ADDRESS_AND_PORT;
	memcpy(d->keys, defaults[n->kind], sizeof(d->keys));
	topo_keys(r, v, PLACE_NODE, n->kind, n->name, d->keys);
	check_registry(r, v, d->keys);
	if (n->kind == KIND_VM)
		become_vm(r, n, d);
}

static void read_kinds(struct reading *r, const struct tree *kinds,
		       const struct tree *defaults[KINDS][KEYS])
{
	for (size_t i = 0; i < kinds->n; i++) {
		enum kind k = kind_find(kinds->keys[i]->text);

		if (k == KINDS) {
			mistake(r->m, kinds->keys[i], "unknown kind %s%s",
				tree_shown(r->a, kinds->keys[i]->text),
				did_you_mean(r->m, kinds->keys[i]->text, kind_words.v, KINDS));
		} else if (topo_want_map(r, kinds->v[i], "a kind's defaults")) {
			topo_keys(r, kinds->v[i], PLACE_NODE, k, "this", defaults[k]);
			if (defaults[k][KEY_KIND])
				mistake(r->m, defaults[k][KEY_KIND], "kind has no default");
			defaults[k][KEY_KIND] = NULL;
		}
	}
}

static void read_nodes(struct reading *r, const struct tree *nodes, const struct tree *kinds)
{
	struct topology *t = r->t;
	const struct tree *(*defaults)[KEYS] = arena_array(r->a, KINDS, sizeof(*defaults));

	if (kinds)
		read_kinds(r, kinds, defaults);
	if (!nodes)
		return;
	if (nodes->n == 0 || nodes->n > NODES_MAX) {
		mistake(r->m, nodes, "%zu nodes; 1 to %d are possible", nodes->n, NODES_MAX);
		return;
	}
	t->n_nodes = nodes->n;
	t->nodes = arena_array_of(r->a, nodes->n, struct node);
	t->defs = arena_array_of(r->a, nodes->n, struct node_def);
	t->node_names = arena_array_of(r->a, nodes->n, const char *);
	t->by_name = arena_array_of(r->a, nodes->n, struct named);
	for (unsigned i = 0; i < nodes->n; i++) {
		check_node_name(r, nodes->keys[i]);
		t->nodes[i].name = t->node_names[i] = nodes->keys[i]->text;
		t->defs[i].at = nodes->keys[i];
		t->by_name[i] = (struct named){nodes->keys[i]->text, i};
		read_node(r, i, nodes->v[i], (const struct tree *const(*)[KEYS])defaults);
	}
	names_sort(t->by_name, nodes->n);
}

/* ---- values ---- */

/* Elastic IPs take their addresses from the outside link; no interface may get them, in no
 * scenario. */
static size_t taken_of(const struct tree *map, struct inet_addr *out)
{
	size_t n = 0;

	for (size_t i = 0; map && map->kind == TREE_MAP && i < MIN(map->n, (size_t)MAP_MAX); i++)
		n += inet_parse_addr(map->keys[i]->text, &out[n]) && out[n].len == 4;
	return n;
}

static bool build_network(struct reading *r)
{
	struct topology *t = r->t;
	VEC(struct inet_addr) taken = {0};
	struct inet_addr *some = arena_array_of(r->a, MAP_MAX + 1, struct inet_addr);
	size_t n;

	for (size_t i = 0; i < t->n_nodes; i++) {
		n = taken_of(t->defs[i].keys[KEY_MAP], some);
		for (size_t k = 0; k < n; k++)
			*vec_push(r->a, &taken) = some[k];
	}
	for (size_t x = 0; x < t->n_axes; x++) {
		for (size_t v = 0; v < t->axes[x].n; v++) {
			const struct value *val = &t->axes[x].v[v];

			for (size_t o = 0; o < val->n_set; o++) {
				if (val->set[o].key != KEY_MAP)
					continue;
				n = taken_of(val->set[o].value, some);
				for (size_t k = 0; k < n; k++)
					*vec_push(r->a, &taken) = some[k];
			}
		}
	}
	t->n_maps = taken.n;
	if (taken.n > MAPS_MAX) {
		mistake(r->m, t->defs[0].at, "%zu Elastic IPs in all; at most %d are possible",
			taken.n, MAPS_MAX);
		return false;
	}
	return addressing_build(r, taken.v, taken.n);
}

/* Names who is on the inside. */
static bool needs_shape(unsigned k)
{
	return k == KEY_MAP || k == KEY_FORWARD;
}

/* @shape: the network stands. Without it what `map` means cannot be judged, the rest can. */
static void read_values(struct reading *r, bool shape)
{
	struct topology *t = r->t;
	struct node scratch;

	for (unsigned i = 0; i < t->n_nodes; i++) {
		for (unsigned k = 0; k < KEYS; k++) {
			if (t->defs[i].keys[k] && (shape || !needs_shape(k)))
				value_read(r, (enum key)k, t->defs[i].keys[k], i, &t->nodes[i]);
		}
	}
	for (size_t x = 0; x < t->n_axes; x++) {
		for (size_t v = 0; v < t->axes[x].n; v++) {
			const struct value *val = &t->axes[x].v[v];

			for (size_t o = 0; o < val->n_set && !mistakes_enough(r->m); o++) {
				if (!shape && needs_shape(val->set[o].key))
					continue;
				scratch = t->nodes[val->set[o].node];
				if (!value_read(r, val->set[o].key, val->set[o].value,
						val->set[o].node, &scratch))
					t->axes[x].broken = true;
			}
		}
	}
	for (size_t o = 0; o < t->n_set; o++) {
		if (!shape && needs_shape(t->set[o].key))
			continue;
		scratch = t->nodes[t->set[o].node];
		value_read(r, t->set[o].key, t->set[o].value, t->set[o].node, &scratch);
	}
}

/* ---- --set ---- */

static void read_setting(struct reading *r, const struct setting *s, const struct tree *v)
{
	struct topology *t = r->t;
	int node = topo_node(t, s->node);
	enum key k = key_find(PLACE_NODE, s->key);
	enum kind kind;

	if (node < 0 && strchr(s->node, '-')) /* maybe a link's name: those are known later */
		return;
	if (node < 0) {
		mistake(r->m, v, "no node %s%s", tree_shown(r->a, s->node),
			did_you_mean(r->m, s->node, t->node_names, t->n_nodes));
		return;
	}
	kind = topo_kind(&t->nodes[node]);
	if (k == KEYS || key_row(k)->fixed || !(key_row(k)->kinds & KIND_BIT(kind)))
		mistake(r->m, v, "a %s has no key %s that can be set", kind_name(kind),
			tree_shown(r->a, s->key));
	else
		t->set[t->n_set++] = (struct override){(unsigned)node, k, v};
}

/* What was set of no node: --set home-internet.loss=10%. */
static void read_link_setting(struct reading *r, const struct setting *s, const struct tree *v)
{
	struct topology *t = r->t;
	enum key k = key_find(PLACE_FAULTS, s->key);
	int link = links_find(t, s->node);
	const char **names;

	if (topo_node(t, s->node) >= 0 || !strchr(s->node, '-'))
		return;
	if (link < 0) {
		names = arena_array_of(r->a, t->n_links + 1, const char *);
		for (size_t i = 0; i < t->n_links; i++)
			names[i] = t->links[i].name;
		mistake(r->m, v, "no node and no link %s%s", tree_shown(r->a, s->node),
			did_you_mean(r->m, s->node, names, t->n_links));
	} else if (k == KEYS) {
		mistake(r->m, v, "a link has no key %s that can be set; it has loss, duplicate, "
			"reorder and delay", tree_shown(r->a, s->key));
	} else if (value_is_type(r, v, key_row(k))) {
		links_set_fault(&t->links[link].faults, k, v);
	}
}

/* ---- the whole ---- */

static void read_head(struct reading *r, const struct tree *root, const struct tree **keys)
{
	struct topology *t = r->t;

	topo_keys(r, root, PLACE_FILE, KINDS, NULL, keys);
	t->name = keys[KEY_NAME] ? keys[KEY_NAME]->text : "";
	t->title = keys[KEY_TITLE] ? text_shown(r->a, keys[KEY_TITLE]->text) : t->name;
	if (!tree_get(root, "name"))
		mistake(r->m, root, "the file has no name");
	if (!tree_get(root, "topology"))
		mistake(r->m, root, "the file has no topology");
}

/* Loading builds every scenario once to check it (lab/load/scenario_check.c). */
static void check_work(struct reading *r)
{
	const struct topology *t = r->t;

	if (mistakes_count(r->m) == 0 && t->n_scenarios * t->n_nodes * (t->n_maps + 1) > WORK_MAX)
		mistake(r->m, t->defs[0].at, "%zu scenarios of %zu nodes with %zu Elastic IPs are "
			"too much", t->n_scenarios, t->n_nodes, t->n_maps);
}

struct topology *topology_new(struct arena *a, const struct source *src, const struct tree *root,
			      const struct setting *set, const struct tree *const *values,
			      size_t n_set, struct mistakes *m)
{
	struct topology *t = arena_new_of(a, struct topology);
	struct reading r = {.a = a, .t = t, .m = m};
	const struct tree *keys[KEYS] = {0};
	bool shape;

	t->a = a;
	t->src = src;
	if (!topo_want_map(&r, root, "a topology file"))
		return t;
	read_head(&r, root, keys);
	if (keys[KEY_MODES])
		modes_read(&r, keys[KEY_MODES]);
	if (!keys[KEY_TOPOLOGY])
		return t;
	topo_keys(&r, keys[KEY_TOPOLOGY], PLACE_TOPOLOGY, KINDS, NULL, keys);
	if (!tree_get(keys[KEY_TOPOLOGY], "nodes"))
		mistake(m, keys[KEY_TOPOLOGY], "topology has no nodes");
	if (!tree_get(keys[KEY_TOPOLOGY], "links"))
		mistake(m, keys[KEY_TOPOLOGY], "topology has no links");
	read_nodes(&r, keys[KEY_NODES], keys[KEY_KINDS]);
	if (!t->n_nodes)
		return t;
	t->set = arena_array_of(a, n_set, struct override);
	for (size_t i = 0; i < n_set; i++) {
		if (values[i])
			read_setting(&r, &set[i], values[i]);
	}
	matrix_read(&r, keys[KEY_MATRIX]);
	shape = keys[KEY_LINKS] && links_read(&r, keys[KEY_LINKS]) && links_check(&r) &&
		build_network(&r);
	for (size_t i = 0; i < n_set && shape; i++) {
		if (values[i])
			read_link_setting(&r, &set[i], values[i]);
	}
	read_values(&r, shape);
	expect_read(&r, keys[KEY_EXPECT]);
	check_work(&r);
	return t;
}

const char *topology_name(const struct topology *t)
{
	return t->name;
}

const char *topology_title(const struct topology *t)
{
	return t->title;
}

const char *topology_path(const struct topology *t)
{
	return t->src->name;
}

const struct tree *topology_node_at(const struct topology *t, unsigned node)
{
	return t->defs[node].at;
}

const struct tree *topology_expect_at(const struct topology *t)
{
	return t->n_expects ? t->expects[0].at : NULL;
}

size_t topology_axes(const struct topology *t, const char *const **names)
{
	*names = t->axis_names;
	return t->n_axes;
}

bool topology_axis_of_clients(const struct topology *t, const char *axis)
{
	const struct axis *x = &t->axes[topo_axis(t, axis)]; /* it is one of the topology's */

	for (size_t i = 0; i < x->n; i++) {
		for (size_t o = 0; o < x->v[i].n_set; o++) {
			if (t->nodes[x->v[i].set[o].node].kind != KIND_CLIENT)
				return false;
		}
	}
	return true;
}
