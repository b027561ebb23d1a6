/* SPDX-License-Identifier: MIT */
/*
 * matrix.c - axes and expectations, as the file has them.
 */
#include "lab/topology/topology_priv.h"

#include <string.h>

/* ---- axes ---- */

/* What an axis changes: keys of a node, as bits; several nodes, when its sets have keys of
 * several. */
struct touched {
	unsigned node;
	uint64_t keys;
};
typedef VEC(struct touched) touched_vec;

/* A node's keys stand together in the table. */
_Static_assert(KEY_NFT - KEY_KIND < 64, "keys of a node are bits of a uint64_t");

static uint64_t key_bit(enum key k)
{
	assert(k >= KEY_KIND && k <= KEY_NFT);
	return (uint64_t)1 << (k - KEY_KIND);
}

static void touch(struct arena *a, touched_vec *v, unsigned node, enum key k)
{
	size_t i = 0;

	while (i < v->n && v->v[i].node != node)
		i++;
	if (i == v->n)
		*vec_push(a, v) = (struct touched){node, 0};
	v->v[i].keys |= key_bit(k);
}

static uint64_t touched_keys(const touched_vec *v, unsigned node)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->v[i].node == node)
			return v->v[i].keys;
	}
	return 0;
}

/* Ids are names of folders as well as words on a command line. */
static bool is_id(const char *s)
{
	size_t n;

	for (n = 0; s[n]; n++) {
		bool alnum = (s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') ||
			     (s[n] >= '0' && s[n] <= '9');

		if (n == VALUE_LEN_MAX || !(alnum || (n && strchr("._-", s[n]))))
			return false;
	}
	return n > 0;
}

static bool is_string(const struct tree *v)
{
	unsigned long n;

	return v->quoted || !(value_number(v, 99999, &n) || word_find(&bool_words, v->text) >= 0);
}

static bool check_id(struct reading *r, const struct tree *at)
{
	if (is_id(at->text))
		return true;
	mistake(r->m, at,
		"%s cannot stand in a scenario's id (letters, digits, '.', '_', '-', at most %d "
		"characters): use named sets of keys", tree_shown(r->a, at->text), VALUE_LEN_MAX);
	return false;
}

static void add_value(struct reading *r, struct axis *x, struct value v)
{
	int i = FIND_NAMED(x->v, x->n, id, v.id);

	if (i >= 0)
		mistake(r->m, v.at,
			"two scenarios would have the id %s: the same value "
			"stands in line %u",
			v.id, x->v[i].at->line);
	else
		x->v[x->n++] = v;
}

/* `server.mode: [rras-2012r2, softether-4]` */
static void read_key_axis(struct reading *r, struct axis *x, const struct tree *v,
			  unsigned node, enum key k)
{
	const struct key_row *row = key_row(k);

	if (v->kind != TREE_LIST) {
		mistake(r->m, v, "axis %s is a list of values", x->name);
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		struct tree *one = v->v[i];
		struct override *o;

		if (one->kind != TREE_TEXT) {
			mistake(r->m, one, "a list or map in an axis has no name for the "
				"scenario's id: use named sets of keys");
			continue;
		}
		if (!value_is_type(r, one, row) || !check_id(r, one))
			continue;
		o = arena_new_of(r->a, struct override);
		*o = (struct override){node, k, one};
		add_value(r, x, (struct value){
			.name = one->text,
			.id = is_string(one) ? one->text
					     : arena_printf(r->a, "%s-%s", row->name, one->text),
			.at = one, .set = o, .n_set = 1,
		});
	}
}

static bool is_fixed(struct reading *r, const struct tree *at, enum key k)
{
	if (!key_row(k)->fixed)
		return false;
	mistake(r->m, at, "%s is the same in every scenario", key_row(k)->name);
	return true;
}

static void check_set_registry(struct reading *r, const struct tree **keys)
{
	const struct client_mode *c = keys[KEY_MODE] ? topo_client_mode(r->t, keys[KEY_MODE]->text)
						     : NULL;

	if (c && c->gate == GATE_NONE && keys[KEY_REGISTRY])
		mistake(r->m, keys[KEY_REGISTRY], "registry means nothing to %s", c->name);
}

/* NODE or NODE.KEY; KEYS in *@k for the former. @what: "axis ", for the mistake. */
static bool parse_key(struct reading *r, const struct tree *at, const char *what, unsigned *node,
		      enum key *k)
{
	const struct topology *t = r->t;
	const char *dot = strchr(at->text, '.');
	char *name = arena_strn(r->a, at->text, dot ? (size_t)(dot - at->text) : strlen(at->text));
	int i = topo_node(t, name);
	const struct node *n;

	*k = KEYS;
	if (i < 0) {
		mistake(r->m, at, "%s%s: no node %s%s", what, tree_shown(r->a, at->text),
			tree_shown(r->a, name),
			did_you_mean(r->m, name, t->node_names, t->n_nodes));
		return false;
	}
	*node = (unsigned)i;
	n = &t->nodes[i];
	if (!dot)
		return true;
	*k = key_find(PLACE_NODE, dot + 1);
	if (*k == KEYS || (t->defs[i].has_kind && !(key_row(*k)->kinds & KIND_BIT(topo_kind(n))))) {
		const char *known[KEYS];
		size_t n_known = 0;

		for (unsigned j = 0; j < KEYS; j++) {
			if (key_row((enum key)j)->place == PLACE_NODE &&
			    key_row((enum key)j)->kinds & KIND_BIT(topo_kind(n)))
				known[n_known++] = key_row((enum key)j)->name;
		}
		mistake(r->m, at, "%s%s: a %s has no key %s%s", what,
			tree_shown(r->a, at->text), kind_name(topo_kind(n)),
			tree_shown(r->a, dot + 1),
			did_you_mean(r->m, dot + 1, known, n_known));
		return false;
	}
	return !is_fixed(r, at, *k);
}

/* The keys of a set of @node: `mac: {mode: macos}`. */
static void read_node_set(struct reading *r, const struct tree *set, unsigned node,
			  struct value *val)
{
	const struct tree *keys[KEYS] = {0};
	const struct node *n = &r->t->nodes[node];

	if (r->t->defs[node].has_kind) /* else who knows which keys it may have */
		topo_keys(r, set, PLACE_NODE, topo_kind(n), n->name, keys);
	check_set_registry(r, keys);
	val->set = arena_array_of(r->a, KEYS, struct override);
	for (unsigned k = 0; k < KEYS; k++) {
		if (keys[k] && !is_fixed(r, keys[k], (enum key)k))
			val->set[val->n_set++] = (struct override){node, (enum key)k, keys[k]};
	}
}

/* The keys of a set of several nodes: `both: {home.nat: true, igw.nat: true}`. */
static void read_wide_set(struct reading *r, const struct tree *set, struct value *val)
{
	val->set = arena_array_of(r->a, set->n, struct override);
	for (size_t i = 0; i < set->n; i++) {
		unsigned node;
		enum key k;

		if (!strchr(set->keys[i]->text, '.'))
			mistake(r->m, set->keys[i], "%s is no \"node.key\", and so are all keys of "
				"an axis that is no node", tree_shown(r->a, set->keys[i]->text));
		else if (parse_key(r, set->keys[i], "", &node, &k) && k != KEYS &&
			 value_is_type(r, set->v[i], key_row(k)))
			val->set[val->n_set++] = (struct override){node, k, set->v[i]};
	}
}

/* `client: {mac: {mode: macos}, ...}`; @node -1: of several nodes */
static void read_set_axis(struct reading *r, struct axis *x, const struct tree *v, int node,
			  touched_vec *touched)
{
	if (v->kind != TREE_MAP) {
		mistake(r->m, v, "axis %s is a map of named sets of keys; a list belongs to an "
			"axis such as %s.mode", x->name, x->name);
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		struct value val = {.name = v->keys[i]->text, .id = v->keys[i]->text,
				    .at = v->keys[i]};

		if (!check_id(r, v->keys[i]))
			continue;
		if (v->v[i]->kind != TREE_MAP) {
			mistake(r->m, v->v[i], "%s is a set of keys (key: value)", val.name);
			continue;
		}
		if (node < 0)
			read_wide_set(r, v->v[i], &val);
		else
			read_node_set(r, v->v[i], (unsigned)node, &val);
		for (size_t o = 0; o < val.n_set; o++)
			touch(r->a, touched, val.set[o].node, val.set[o].key);
		add_value(r, x, val);
	}
}

/* Two axes, or an axis and --set, that change the same key contradict each other. */
static void check_touched(struct reading *r, const touched_vec *v)
{
	struct topology *t = r->t;

	for (size_t i = 0; i < t->n_axes; i++) {
		for (size_t j = 0; j < i; j++) {
			bool both = false;

			for (size_t n = 0; n < v[i].n; n++)
				both |= (v[i].v[n].keys & touched_keys(&v[j], v[i].v[n].node)) != 0;
			if (both)
				mistake(r->m, t->axes[i].at, "axes %s and %s change the same key",
					t->axes[j].name, t->axes[i].name);
		}
		for (size_t o = 0; o < t->n_set; o++) {
			if (touched_keys(&v[i], t->set[o].node) & key_bit(t->set[o].key))
				mistake(r->m, t->set[o].value,
					"the matrix' axis %s changes this key already; "
					"--filter chooses among its values",
					t->axes[i].name);
		}
	}
}

static bool any_broken(const struct topology *t)
{
	for (size_t i = 0; i < t->n_axes; i++) {
		if (t->axes[i].broken)
			return true;
	}
	return false;
}

/* "10 x 10 x 10" */
static const char *product_text(struct reading *r)
{
	const struct topology *t = r->t;
	const char *s = "";

	for (size_t i = 0; i < t->n_axes; i++)
		s = arena_printf(r->a, "%s%s%zu", s, i ? " x " : "", t->axes[i].n);
	return s;
}

static void count_scenarios(struct reading *r, const struct tree *matrix)
{
	struct topology *t = r->t;
	double product = 1; /* of up to 8 axes of up to 100000 values: no overflow */

	for (size_t i = 0; i < t->n_axes; i++)
		product *= (double)t->axes[i].n;
	if (any_broken(t))
		product = 0;
	if (product > SCENARIOS_MAX) {
		mistake(r->m, matrix, "%.0f scenarios (%s); at most %d are possible", product,
			product_text(r), SCENARIOS_MAX);
		product = 0;
	}
	t->n_scenarios = (size_t)product;
}

/* No node's name, and every key in its sets has a dot: an axis of several nodes. */
static bool is_wide(const struct topology *t, const struct tree *name, const struct tree *v)
{
	bool dots = false;

	if (topo_node(t, name->text) >= 0 || !value_is_name(name->text, NAME_LEN_MAX) ||
	    v->kind != TREE_MAP)
		return false;
	for (size_t i = 0; i < v->n; i++) {
		for (size_t k = 0; v->v[i]->kind == TREE_MAP && k < v->v[i]->n; k++)
			dots |= strchr(v->v[i]->keys[k]->text, '.') != NULL;
	}
	return dots;
}

static void read_axis(struct reading *r, struct axis *x, const struct tree *v, touched_vec *touched)
{
	bool wide = is_wide(r->t, x->at, v);
	unsigned node = 0;
	enum key k = KEYS;

	if (!wide && !parse_key(r, x->at, "axis ", &node, &k))
		return;
	if (v->kind != TREE_TEXT && (v->n == 0 || v->n > SCENARIOS_MAX)) {
		mistake(r->m, v, "axis %s has %zu values; 1 to %d are possible", x->name, v->n,
			SCENARIOS_MAX);
		return;
	}
	x->v = arena_array_of(r->a, v->n, struct value);
	if (k == KEYS) {
		read_set_axis(r, x, v, wide ? -1 : (int)node, touched);
		return;
	}
	touch(r->a, touched, node, k);
	read_key_axis(r, x, v, node, k);
}

void matrix_read(struct reading *r, const struct tree *matrix)
{
	struct topology *t = r->t;
	touched_vec touched[AXES_MAX] = {{0}};

	t->n_scenarios = 1;
	if (!matrix)
		return;
	if (matrix->n > AXES_MAX)
		mistake(r->m, matrix, "%zu axes; at most %d are possible", matrix->n, AXES_MAX);
	for (size_t i = 0; i < MIN(matrix->n, (size_t)AXES_MAX); i++) {
		struct axis *x = &t->axes[t->n_axes];
		size_t before = mistakes_count(r->m);

		*x = (struct axis){.name = matrix->keys[i]->text, .at = matrix->keys[i]};
		t->axis_names[t->n_axes++] = x->name;
		read_axis(r, x, matrix->v[i], &touched[t->n_axes - 1]);
		x->broken = mistakes_count(r->m) != before;
	}
	check_touched(r, touched);
	count_scenarios(r, matrix);
}

/* ---- expectations ---- */

static size_t bits_bytes(size_t n)
{
	return (n + 7) / 8;
}

bool topo_bit(const uint8_t *bits, size_t i)
{
	return !bits || bits[i / 8] & 1u << (i % 8);
}

/* By name or by id: add_value() has refused an id that is another value's name. */
static int find_value(const struct axis *x, const char *s)
{
	int i = FIND_NAMED(x->v, x->n, name, s);

	return i >= 0 ? i : FIND_NAMED(x->v, x->n, id, s);
}

static void read_when_value(struct reading *r, const struct axis *x, const struct tree *v,
			    uint8_t *bits)
{
	const char **known;
	int i;

	if (v->kind != TREE_TEXT) {
		mistake(r->m, v, "a value of axis %s is a word", x->name);
		return;
	}
	if (x->broken)
		return;
	i = find_value(x, v->text);
	if (i >= 0) {
		bits[i / 8] |= (uint8_t)(1u << (i % 8));
		return;
	}
	known = arena_array_of(r->a, x->n, const char *);
	for (size_t k = 0; k < x->n; k++)
		known[k] = x->v[k].name;
	mistake(r->m, v, "axis %s has no value %s%s", x->name, tree_shown(r->a, v->text),
		did_you_mean(r->m, v->text, known, x->n));
}

int topo_axis(const struct topology *t, const char *name)
{
	return FIND_NAMED(t->axes, t->n_axes, name, name);
}

static void read_when(struct reading *r, struct expect_def *d, const struct tree *when)
{
	struct topology *t = r->t;

	for (size_t i = 0; i < when->n; i++) {
		const struct tree *key = when->keys[i], *v = when->v[i];
		const struct axis *x;
		int a = topo_axis(t, key->text);

		if (a < 0) {
			if (any_broken(t))
				continue;
			mistake(r->m, key, "no axis %s%s", tree_shown(r->a, key->text),
				did_you_mean(r->m, key->text, t->axis_names, t->n_axes));
			continue;
		}
		x = &t->axes[a];
		d->when[a] = arena_array_of(r->a, bits_bytes(x->n) + 1, uint8_t);
		if (v->kind == TREE_LIST && v->n == 0)
			mistake(r->m, v, "this expectation applies to no scenario");
		for (size_t k = 0; v->kind == TREE_LIST && k < v->n; k++)
			read_when_value(r, x, v->v[k], d->when[a]);
		if (v->kind != TREE_LIST)
			read_when_value(r, x, v, d->when[a]);
	}
}

/* What is claimed by the key, -1 without it. Its text is of the key's type. */
static int claim(const struct tree *const *keys, enum key k)
{
	unsigned long number = 0;

	if (!keys[k])
		return -1;
	if (key_row(k)->type != TYPE_NUMBER)
		return value_word(k, keys[k]);
	value_number(keys[k], 99999, &number);
	return (int)number;
}

static int read_expect_client(struct reading *r, const struct tree *v)
{
	const struct topology *t = r->t;
	int i = topo_node(t, v->text);

	if (i < 0)
		mistake(r->m, v, "no node %s%s", tree_shown(r->a, v->text),
			did_you_mean(r->m, v->text, t->node_names, t->n_nodes));
	else if (t->nodes[i].kind != KIND_CLIENT)
		mistake(r->m, v, "%s is a %s, not a client", v->text, kind_name(t->nodes[i].kind));
	return i;
}

static void read_expectation(struct reading *r, const struct tree *v, struct expect_def *d)
{
	const struct tree **keys = d->claims;
	bool any = false;

	d->at = v;
	if (v->kind != TREE_MAP) {
		mistake(r->m, v, "an expectation is a map (key: value)");
		return;
	}
	topo_keys(r, v, PLACE_EXPECT, KINDS, NULL, keys);
	for (unsigned k = 0; k < KEYS; k++)
		any |= key_row((enum key)k)->place == PLACE_EXPECT && k != KEY_WHEN &&
		       k != KEY_CLIENT && tree_get(v, key_row((enum key)k)->name);
	if (!any)
		mistake(r->m, v, "this expectation claims nothing");
	if (keys[KEY_WHEN])
		read_when(r, d, keys[KEY_WHEN]);
	d->e.line = (int)v->line;
	d->e.client = keys[KEY_CLIENT] ? read_expect_client(r, keys[KEY_CLIENT]) : -1;
	for (unsigned c = 0; c < CLAIMS; c++)
		d->e.want[c] = claim(keys, claim_key((enum claim)c));
}

/* A scenario to which both apply, as the number of a value on each axis; false: there is none. */
static bool meet(const struct topology *t, const struct expect_def *a, const struct expect_def *b,
		 size_t *at)
{
	for (size_t x = 0; x < t->n_axes; x++) {
		size_t i = 0;

		while (i < t->axes[x].n && !(topo_bit(a->when[x], i) && topo_bit(b->when[x], i)))
			i++;
		if (i == t->axes[x].n)
			return false;
		at[x] = i;
	}
	return true;
}

const char *topo_id(struct arena *a, const struct topology *t, const size_t *at)
{
	const char *id = "";

	if (t->n_axes == 0)
		return "-";
	for (size_t x = 0; x < t->n_axes; x++)
		id = arena_printf(a, "%s%s%s", id, x ? "/" : "", t->axes[x].v[at[x]].id);
	return id;
}

/* "exact-or-copied" is what a public server's hash is called: no contradiction is seen in it. */
static void check_contradiction(struct reading *r, const struct expect_def *a,
				const struct expect_def *b)
{
	size_t at[AXES_MAX] = {0};

	if (a->broken || b->broken)
		return;
	if (a->e.client >= 0 && b->e.client >= 0 && a->e.client != b->e.client)
		return;
	for (unsigned c = 0; c < CLAIMS; c++) {
		const enum key k = claim_key((enum claim)c);
		const struct tree *x = a->claims[k], *y = b->claims[k];

		if (!x || !y || a->e.want[c] == b->e.want[c])
			continue;
		if (!meet(r->t, a, b, at))
			return;
		mistake(r->m, y, "%s is %s in scenario %s, line %u says %s", key_row(k)->name,
			y->text, topo_id(r->a, r->t, at), x->line, x->text);
	}
}

void expect_read(struct reading *r, const struct tree *expect)
{
	struct topology *t = r->t;

	if (!expect)
		return;
	if (expect->n > EXPECTS_MAX) {
		mistake(r->m, expect, "%zu expectations; at most %d are possible", expect->n,
			EXPECTS_MAX);
		return;
	}
	t->expects = arena_array_of(r->a, expect->n, struct expect_def);
	t->n_expects = expect->n;
	for (size_t i = 0; i < expect->n; i++) {
		size_t before = mistakes_count(r->m);

		read_expectation(r, expect->v[i], &t->expects[i]);
		t->expects[i].broken = mistakes_count(r->m) != before;
		for (size_t k = 0; k < i && !mistakes_enough(r->m); k++)
			check_contradiction(r, &t->expects[k], &t->expects[i]);
	}
}
