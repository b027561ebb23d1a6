/* SPDX-License-Identifier: MIT */
/*
 * topology.c - the tree of a file to a checked topology.
 *
 * The order matters only for what can be judged: names and kinds of nodes first, then links, the
 * matrix' axes, addresses and routes, the values of keys, and at last what only whole scenarios
 * show. A part with mistakes does not keep the others from being judged; all are told at once.
 */
#include "lab/topo.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_names[KINDS] = {
	[KIND_CLIENT] = "client", [KIND_SERVER] = "server", [KIND_ROUTER] = "router",
	[KIND_NAPT] = "napt",     [KIND_EIP] = "eip",       [KIND_HOST] = "host",
};

const char *kind_name(enum kind k)
{
	assert(k < KINDS);
	return kind_names[k];
}

static enum kind kind_find(const char *name)
{
	unsigned k;

	for (k = 0; k < KINDS; k++) {
		if (strcmp(kind_names[k], name) == 0)
			break;
	}
	return (enum kind)k;
}

struct tree *tree_get(const struct tree *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++) {
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->v[i];
	}
	return NULL;
}

/* Safe unquoted in a shell, in nft, in a file name and as a name of the kernel's. */
bool topo_is_name(const char *s, size_t max)
{
	size_t n;

	for (n = 0; s[n]; n++) {
		bool letter = s[n] >= 'a' && s[n] <= 'z';
		bool digit = s[n] >= '0' && s[n] <= '9';

		if (n == max || !(letter || (n && (digit || s[n] == '-'))))
			return false;
	}
	return n && s[n - 1] != '-';
}

int topo_node(const struct topology *t, const char *name)
{
	size_t lo = 0, hi = t->n_nodes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(name, t->nodes[t->by_name[mid]].name);

		if (c == 0)
			return (int)t->by_name[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

/* ---- keys ---- */

static void unknown_key(struct reading *r, const struct tree *key, enum place p, enum kind kind,
			const char *who)
{
	const char *known[KEYS];
	size_t n = 0;
	enum key k = key_find(p, key->text);

	if (k != KEYS) { /* of another kind of node */
		const char *kinds = "";

		for (unsigned i = 0; i < KINDS; i++) {
			if (key_row(k)->kinds & KIND_BIT(i))
				kinds = arena_printf(r->a, "%s%s%s", kinds, *kinds ? ", " : "",
						     kind_names[i]);
		}
		mistake(r->m, key, "%s is a key of %s; %s is of kind %s", key->text, kinds, who,
			kind_name(kind));
		return;
	}
	for (unsigned i = 0; i < KEYS; i++) {
		const struct key_row *row = key_row((enum key)i);

		if (row->place == p && (kind == KINDS || row->kinds & KIND_BIT(kind)))
			known[n++] = row->name;
	}
	mistake(r->m, key, "unknown key %s in %s%s", tree_shown(r->a, key->text), place_name(p),
		did_you_mean(r->a, key->text, known, n));
}

void topo_keys(struct reading *r, const struct tree *map, enum place p, enum kind kind,
	       const char *who, const struct tree **out)
{
	for (size_t i = 0; i < map->n; i++) {
		enum key k = key_find(p, map->keys[i]->text);

		if (k == KEYS || (kind != KINDS && !(key_row(k)->kinds & KIND_BIT(kind))))
			unknown_key(r, map->keys[i], p, kind, who);
		else if (value_is_type(r, map->v[i], key_row(k)))
			out[k] = map->v[i];
	}
}

/* ---- nodes ---- */

/* Is it a map? An empty value (`client:`) is not. */
static bool want_map(struct reading *r, const struct tree *v, const char *what)
{
	if (v->kind == TREE_MAP)
		return true;
	mistake(r->m, v, "%s is a map (key: value)", what);
	return false;
}

static void check_node_name(struct reading *r, const struct tree *key)
{
	if (!topo_is_name(key->text, NAME_LEN_MAX))
		mistake(r->m, key,
			"%s cannot name a node: a letter, then letters, digits and '-', all "
			"lower-case, at most %d", tree_shown(r->a, key->text), NAME_LEN_MAX);
}

/* A mode that has no registry, and a registry beside it, in one map: which of the two is meant? */
static void check_registry(struct reading *r, const struct tree *map, const struct tree **keys)
{
	const struct client_mode *c = keys[KEY_MODE] ? mode_client(keys[KEY_MODE]->text) : NULL;

	if (c && c->gate == GATE_NONE && keys[KEY_REGISTRY] &&
	    tree_get(map, "registry") == keys[KEY_REGISTRY])
		mistake(r->m, keys[KEY_REGISTRY], "registry means nothing to %s", c->name);
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
	if (!want_map(r, v, arena_printf(r->a, "node %s", tree_shown(r->a, n->name))))
		return;
	kind = tree_get(v, "kind");
	if (!kind)
		mistake(r->m, d->at, "%s has no kind", tree_shown(r->a, n->name));
	else if (value_is_type(r, kind, key_row(KEY_KIND)))
		d->has_kind = true;
	if (!d->has_kind)
		return; /* which keys it may have depends on it */
	n->kind = kind_find(kind->text);
	memcpy(d->keys, defaults[n->kind], sizeof(d->keys));
	topo_keys(r, v, PLACE_NODE, n->kind, n->name, d->keys);
	check_registry(r, v, d->keys);
}

static void read_kinds(struct reading *r, const struct tree *kinds,
		       const struct tree *defaults[KINDS][KEYS])
{
	for (size_t i = 0; i < kinds->n; i++) {
		enum kind k = kind_find(kinds->keys[i]->text);

		if (k == KINDS) {
			mistake(r->m, kinds->keys[i], "unknown kind %s%s",
				tree_shown(r->a, kinds->keys[i]->text),
				did_you_mean(r->a, kinds->keys[i]->text, kind_names, KINDS));
		} else if (want_map(r, kinds->v[i], "a kind's defaults")) {
			topo_keys(r, kinds->v[i], PLACE_NODE, k, "this", defaults[k]);
			if (defaults[k][KEY_KIND])
				mistake(r->m, defaults[k][KEY_KIND], "kind has no default");
			defaults[k][KEY_KIND] = NULL;
		}
	}
}

struct named {
	const char *name;
	unsigned i;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : x->i < y->i ? -1 : x->i > y->i;
}

static void read_nodes(struct reading *r, const struct tree *nodes, const struct tree *kinds)
{
	struct topology *t = r->t;
	const struct tree *(*defaults)[KEYS] = arena_array(r->a, KINDS, sizeof(*defaults));
	struct named *sorted;

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
	t->by_name = arena_array_of(r->a, nodes->n, unsigned);
	sorted = arena_array_of(r->a, nodes->n, struct named);
	for (unsigned i = 0; i < nodes->n; i++) {
		check_node_name(r, nodes->keys[i]);
		t->nodes[i].name = t->node_names[i] = nodes->keys[i]->text;
		t->defs[i].at = nodes->keys[i];
		sorted[i] = (struct named){nodes->keys[i]->text, i};
		read_node(r, i, nodes->v[i], (const struct tree *const(*)[KEYS])defaults);
	}
	qsort(sorted, nodes->n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < nodes->n; i++)
		t->by_name[i] = sorted[i].i;
}

/* ---- links ---- */

/* Not the loopback, and not what /proc/sys/net/ipv4/conf/ calls all of them. */
static bool is_iface_name(const char *s)
{
	return topo_is_name(s, IFACE_LEN_MAX) && strcmp(s, "lo") != 0 && strcmp(s, "all") != 0 &&
	       strcmp(s, "default") != 0;
}

/* "client:eth0" to a node and an interface's name. */
static bool parse_end(struct reading *r, const struct tree *v, struct iface *out)
{
	const struct topology *t = r->t;
	const char *colon = v->kind == TREE_TEXT ? strchr(v->text, ':') : NULL;
	char *node;
	int i;

	if (!colon) {
		mistake(r->m, v, "a link's end is \"node:interface\"");
		return false;
	}
	node = arena_strn(r->a, v->text, (size_t)(colon - v->text));
	i = topo_node(t, node);
	if (i < 0) {
		mistake(r->m, v, "no node %s%s", tree_shown(r->a, node),
			did_you_mean(r->a, node, t->node_names, t->n_nodes));
		return false;
	}
	if (!is_iface_name(colon + 1)) {
		mistake(r->m, v,
			"%s cannot name an interface: a letter, then letters, digits and '-', "
			"all lower-case, at most %d", tree_shown(r->a, colon + 1), IFACE_LEN_MAX);
		return false;
	}
	out->node = (unsigned)i;
	out->name = colon + 1;
	out->full = v->text;
	return true;
}

static bool read_end(struct reading *r, const struct tree *v, struct iface *out)
{
	const struct tree *keys[KEYS] = {0};
	const struct topology *t = r->t;

	if (v->kind == TREE_MAP) {
		topo_keys(r, v, PLACE_END, KINDS, NULL, keys);
		if (!keys[KEY_INTERFACE]) {
			if (!tree_get(v, "interface"))
				mistake(r->m, v, "a link's end without interface");
			return false;
		}
		if (keys[KEY_ADDRESS])
			inet_parse_addr(keys[KEY_ADDRESS]->text, &out->addr);
		v = keys[KEY_INTERFACE];
	}
	if (!parse_end(r, v, out))
		return false;
	for (size_t i = 0; i < t->nodes[out->node].n_ifaces; i++) {
		const struct iface *f = &t->ifaces[t->nodes[out->node].ifaces[i]];

		if (strcmp(f->name, out->name) == 0) {
			mistake(r->m, v, "%s is in use already, in line %u", out->full,
				t->iface_at[t->nodes[out->node].ifaces[i]]->line);
			return false;
		}
	}
	return true;
}

/* Interfaces of a node are few, or the node is a router with a thousand: doubling serves both. */
static void node_add_iface(struct arena *a, struct node *n, unsigned iface)
{
	if ((n->n_ifaces & (n->n_ifaces - 1)) == 0) {
		unsigned *bigger = arena_array_of(a, n->n_ifaces ? 2 * n->n_ifaces : 1, unsigned);

		if (n->n_ifaces)
			memcpy(bigger, n->ifaces, n->n_ifaces * sizeof(*bigger));
		n->ifaces = bigger;
	}
	n->ifaces[n->n_ifaces++] = iface;
}

/* The subnets that a cable can have. */
static bool check_subnet(struct reading *r, const struct tree *v, struct inet_net net)
{
	uint32_t first = inet_to_v4(net.addr) >> 24;

	if (net.plen < 8 || net.plen > 31) {
		mistake(r->m, v, "a link's subnet is a /8 to a /31; it needs two addresses");
		return false;
	}
	if (first == 0 || first == 127 || first >= 224) {
		mistake(r->m, v, "%s cannot be used on a link", v->text);
		return false;
	}
	return true;
}

static bool read_link(struct reading *r, const struct tree *v)
{
	struct topology *t = r->t;
	const struct tree *keys[KEYS] = {0};
	const struct tree *ends;
	unsigned link = (unsigned)t->n_links;
	struct iface f[2] = {{0}, {0}};
	bool good;

	if (!want_map(r, v, "a link"))
		return false;
	topo_keys(r, v, PLACE_LINK, KINDS, NULL, keys);
	ends = keys[KEY_ENDPOINTS];
	if (!ends || !keys[KEY_SUBNET]) {
		if (!tree_get(v, "endpoints"))
			mistake(r->m, v, "a link without endpoints");
		if (!tree_get(v, "subnet"))
			mistake(r->m, v, "a link without subnet");
	}
	if (ends && ends->n != 2) {
		mistake(r->m, ends, "a link has two ends, not %zu", ends->n);
		ends = NULL;
	}
	good = ends && keys[KEY_SUBNET];
	if (keys[KEY_SUBNET]) {
		inet_parse_net(keys[KEY_SUBNET]->text, &t->links[link].subnet);
		good &= check_subnet(r, keys[KEY_SUBNET], t->links[link].subnet);
	}
	for (unsigned k = 0; ends && k < 2; k++)
		good &= read_end(r, ends->v[k], &f[k]);
	if (!good)
		return false;
	if (f[0].node == f[1].node) {
		mistake(r->m, ends, "a link from %s to itself", t->nodes[f[0].node].name);
		return false;
	}
	for (unsigned k = 0; k < 2; k++) {
		unsigned i = 2 * link + k;

		t->ifaces[i] = f[k];
		t->ifaces[i].link = link;
		t->ifaces[i].peer = 2 * link + 1 - k;
		t->iface_at[i] = ends->v[k];
		t->links[link].iface[k] = i;
		node_add_iface(r->a, &t->nodes[f[k].node], i);
	}
	t->link_at[link] = keys[KEY_SUBNET];
	t->n_links++;
	t->n_ifaces += 2;
	return true;
}

/* "client-home"; a second cable between the same two, or one whose name would be the same, gets a
 * number. */
static void name_links(struct reading *r)
{
	struct topology *t = r->t;
	struct named *sorted = arena_array_of(r->a, t->n_links, struct named);
	unsigned same = 1;

	for (unsigned i = 0; i < t->n_links; i++) {
		struct link *l = &t->links[i];

		l->name = arena_printf(r->a, "%s-%s", t->nodes[t->ifaces[l->iface[0]].node].name,
				       t->nodes[t->ifaces[l->iface[1]].node].name);
		sorted[i] = (struct named){l->name, i};
	}
	qsort(sorted, t->n_links, sizeof(*sorted), by_name);
	for (size_t i = 1; i < t->n_links; i++) {
		same = strcmp(sorted[i].name, sorted[i - 1].name) == 0 ? same + 1 : 1;
		/* '.' is in no node's name, so a number makes no name that is there already. */
		if (same > 1)
			t->links[sorted[i].i].name =
				arena_printf(r->a, "%s.%u", sorted[i].name, same);
	}
}

static bool read_links(struct reading *r, const struct tree *links)
{
	struct topology *t = r->t;
	bool good = true;

	if (links->n > NODES_MAX) {
		mistake(r->m, links, "%zu links; at most %d are possible", links->n, NODES_MAX);
		return false;
	}
	t->links = arena_array_of(r->a, links->n, struct link);
	t->link_at = arena_array_of(r->a, links->n, const struct tree *);
	t->link_realm = arena_array_of(r->a, links->n, uint32_t);
	t->ifaces = arena_array_of(r->a, 2 * links->n, struct iface);
	t->iface_at = arena_array_of(r->a, 2 * links->n, const struct tree *);
	for (size_t i = 0; i < links->n; i++)
		good &= read_link(r, links->v[i]);
	name_links(r);
	return good;
}

static bool find_outside(struct reading *r, unsigned i)
{
	struct topology *t = r->t;
	struct node *n = &t->nodes[i];
	const struct tree *v = t->defs[i].keys[KEY_OUTSIDE];
	const char *known[64];
	size_t n_known = 0;

	if (!v) {
		mistake(r->m, t->defs[i].at, "%s has no outside: which interface faces the world?",
			n->name);
		return false;
	}
	for (size_t k = 0; k < n->n_ifaces; k++) {
		const struct iface *f = &t->ifaces[n->ifaces[k]];

		if (strcmp(f->name, v->text) == 0) {
			n->outside = n->ifaces[k];
			t->defs[i].has_outside = true;
		}
		if (n_known < ARRAY_LEN(known))
			known[n_known++] = f->name;
	}
	if (!t->defs[i].has_outside)
		mistake(r->m, v, "%s has no interface %s%s", n->name, tree_shown(r->a, v->text),
			did_you_mean(r->a, v->text, known, n_known));
	else if (n->n_ifaces < 2)
		mistake(r->m, t->defs[i].at, "%s has no inside: a NAT needs a second interface",
			n->name);
	return t->defs[i].has_outside && n->n_ifaces >= 2;
}

/* Every node has a link, every NAT an outside. */
static bool check_shape(struct reading *r)
{
	struct topology *t = r->t;
	bool good = true;

	for (unsigned i = 0; i < t->n_nodes; i++) {
		if (!t->defs[i].has_kind) {
			good = false;
		} else if (t->nodes[i].n_ifaces == 0) {
			mistake(r->m, t->defs[i].at, "%s has no link",
				tree_shown(r->a, t->nodes[i].name));
			good = false;
		} else if (t->nodes[i].kind == KIND_NAPT || t->nodes[i].kind == KIND_EIP) {
			good &= find_outside(r, i);
		}
	}
	return good;
}

/* ---- values ---- */

/* Elastic IPs take their addresses from the outside link; no interface may get them, in no
 * scenario. */
static size_t taken_of(struct reading *r, const struct tree *map, struct inet_addr *out)
{
	size_t n = 0;

	(void)r;
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
		n = taken_of(r, t->defs[i].keys[KEY_MAP], some);
		for (size_t k = 0; k < n; k++)
			*vec_push(r->a, &taken) = some[k];
	}
	for (size_t x = 0; x < t->n_axes; x++) {
		for (size_t v = 0; v < t->axes[x].n; v++) {
			const struct value *val = &t->axes[x].v[v];

			for (size_t o = 0; o < val->n_set; o++) {
				if (val->set[o].key != KEY_MAP)
					continue;
				n = taken_of(r, val->set[o].value, some);
				for (size_t k = 0; k < n; k++)
					*vec_push(r->a, &taken) = some[k];
			}
		}
	}
	return network_build(r, taken.v, taken.n);
}

/* @shape: the network stands. Without it what `map` means cannot be judged, the rest can. */
static void read_values(struct reading *r, bool shape)
{
	struct topology *t = r->t;
	struct node scratch;

	for (unsigned i = 0; i < t->n_nodes; i++) {
		for (unsigned k = 0; k < KEYS; k++) {
			if (t->defs[i].keys[k] && (shape || k != KEY_MAP))
				value_read(r, (enum key)k, t->defs[i].keys[k], i, &t->nodes[i]);
		}
	}
	for (size_t x = 0; x < t->n_axes; x++) {
		for (size_t v = 0; v < t->axes[x].n; v++) {
			const struct value *val = &t->axes[x].v[v];

			for (size_t o = 0; o < val->n_set && !mistakes_enough(r->m); o++) {
				if (!shape && val->set[o].key == KEY_MAP)
					continue;
				scratch = t->nodes[val->set[o].node];
				value_read(r, val->set[o].key, val->set[o].value,
					   val->set[o].node, &scratch);
			}
		}
	}
	for (size_t o = 0; o < t->n_set; o++) {
		if (!shape && t->set[o].key == KEY_MAP)
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

	if (node < 0) {
		mistake(r->m, v, "no node %s%s", tree_shown(r->a, s->node),
			did_you_mean(r->a, s->node, t->node_names, t->n_nodes));
		return;
	}
	kind = t->nodes[node].kind;
	if (k == KEYS || key_row(k)->fixed || !(key_row(k)->kinds & KIND_BIT(kind)))
		mistake(r->m, v, "a %s has no key %s that can be set", kind_name(kind),
			tree_shown(r->a, s->key));
	else
		t->set[t->n_set++] = (struct override){(unsigned)node, k, v};
}

/* ---- the whole ---- */

static void read_head(struct reading *r, const struct tree *root, const struct tree **keys)
{
	struct topology *t = r->t;

	topo_keys(r, root, PLACE_FILE, KINDS, NULL, keys);
	t->name = keys[KEY_NAME] ? keys[KEY_NAME]->text : "";
	t->title = keys[KEY_TITLE] ? keys[KEY_TITLE]->text : t->name;
	t->question = keys[KEY_QUESTION] ? keys[KEY_QUESTION]->text : NULL;
	if (!tree_get(root, "name"))
		mistake(r->m, root, "the file has no name");
	if (!tree_get(root, "topology"))
		mistake(r->m, root, "the file has no topology");
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
	if (!want_map(&r, root, "a topology file"))
		return t;
	read_head(&r, root, keys);
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
	shape = keys[KEY_LINKS] && read_links(&r, keys[KEY_LINKS]);
	shape = keys[KEY_LINKS] && check_shape(&r) && shape && build_network(&r);
	read_values(&r, shape);
	expect_read(&r, keys[KEY_EXPECT]);
	if (mistakes_count(m) == 0)
		matrix_check(&r);
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

const char *topology_question(const struct topology *t)
{
	return t->question;
}

const char *topology_path(const struct topology *t)
{
	return t->src->name;
}

size_t topology_axes(const struct topology *t, const char *const **names)
{
	*names = t->axis_names;
	return t->n_axes;
}
