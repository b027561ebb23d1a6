/* SPDX-License-Identifier: MIT */
/*
 * custom_modes.c - `modes:` of a topology file: rows of its own, each a copy of another row with a
 * few things changed. They live in the topology's arena, like the scenarios that point at them.
 */
#include <string.h>

#include "lab/topology/topology_priv.h"
#include "nodes/modes/member_value.h"

#define CUSTOM_MODES_MAX 100

/* ---- names ---- */

static const struct custom_mode *find(const struct topology *t, const char *name)
{
	int i = FIND_NAMED(t->modes, t->n_modes, name, name);

	return i < 0 ? NULL : &t->modes[i];
}

const struct client_mode *topo_client_mode(const struct topology *t, const char *name)
{
	const struct custom_mode *m = find(t, name);

	return m ? m->client : mode_client(name);
}

const struct server_mode *topo_server_mode(const struct topology *t, const char *name)
{
	const struct custom_mode *m = find(t, name);

	return m ? m->server : mode_server(name);
}

static const char **mode_names(struct arena *a, const struct topology *t, unsigned kinds, size_t *n)
{
	size_t n_clients, n_servers;
	const struct client_mode *const *clients = mode_clients(&n_clients);
	const struct server_mode *const *servers = mode_servers(&n_servers);
	const char **names = arena_array_of(a, n_clients + n_servers + t->n_modes, const char *);

	*n = 0;
	for (size_t i = 0; i < t->n_modes; i++)
		if (kinds & KIND_BIT(t->modes[i].client ? KIND_CLIENT : KIND_SERVER))
			names[(*n)++] = t->modes[i].name;
	for (size_t i = 0; i < n_clients && kinds & KIND_BIT(KIND_CLIENT); i++)
		names[(*n)++] = clients[i]->name;
	for (size_t i = 0; i < n_servers && kinds & KIND_BIT(KIND_SERVER); i++)
		names[(*n)++] = servers[i]->name;
	return names;
}

/* "rras" for rras-2012r2 is too far for a slip, but plain enough. */
static const char *beginning_with(struct arena *a, const char *word, const char *const *names,
				  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(word) > 2 && strncmp(names[i], word, strlen(word)) == 0)
			return arena_printf(a, "; did you mean \"%s\"?", names[i]);
	}
	return "";
}

const char *topo_mode_hint(struct reading *r, const char *word, unsigned kinds)
{
	size_t n;
	const char **names = mode_names(r->a, r->t, kinds, &n);
	const char *hint = beginning_with(r->a, word, names, n);

	if (!*hint)
		hint = did_you_mean(r->m, word, names, n);
	return *hint ? hint : "; natdlab modes lists them";
}

/* ---- members ---- */

const struct key_row *custom_mode_rows(struct arena *a, const struct member_table *t)
{
	struct key_row *rows = arena_array_of(a, t->n + 1, struct key_row);

	rows[0] = *key_row(KEY_LIKE);
	for (size_t i = 0; i < t->n; i++)
		rows[1 + i] = member_key_row(&t->v[i]);
	return rows;
}

/* What is said of what is never sent. */
static void check_needs(struct reading *r, const struct member_table *t, enum mode_role role,
			const struct tree *const *values, const void *mode)
{
	const char *name = role == ROLE_SERVER ? ((const struct server_mode *)mode)->name
					       : ((const struct client_mode *)mode)->name;

	for (size_t i = 0; i < t->n; i++) {
		const struct member_if *needs = t->v[i].in[role].needs;

		if (values[i] && needs && needs->otherwise && !member_holds(needs, mode))
			mistake(r->m, values[i], "%s %s", name, needs->otherwise);
	}
}

void custom_mode_read(struct reading *r, const struct member_table *t, enum mode_role role,
		      const struct tree *const *values, void *mode)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!values[i])
			continue;
		mode_value_read(r, &t->v[i], role, values[i], mode);
		members_imply(t, i, role, mode);
	}
	members_settle(t, role, mode);
	check_needs(r, t, role, values, mode);
}

static const struct client_mode *new_client(struct reading *r, const char *name,
					    const struct client_mode *like,
					    const struct tree *const *values)
{
	struct client_mode *m = arena_copy(r->a, like, sizeof(*like));

	m->name = name;
	m->short_name = name;
	m->title = arena_printf(r->a, "%s, changed", like->title);
	custom_mode_read(r, &mode_members, ROLE_CLIENT, values, m);
	return m;
}

static const struct server_mode *new_server(struct reading *r, const char *name,
					    const struct server_mode *like,
					    const struct tree *const *values)
{
	struct server_mode *m = arena_copy(r->a, like, sizeof(*like));
	const struct tree *at = values[member_find(&mode_members, "attributes", ROLE_SERVER)];

	m->name = name;
	m->title = arena_printf(r->a, "%s, changed", like->title);
	custom_mode_read(r, &mode_members, ROLE_SERVER, values, m);
	if (!at)
		at = values[member_find(&mode_members, "sa_payload", ROLE_SERVER)];
	if (m->sa_encoding == SA_REENCODED && !m->phase1_attrs[0])
		mistake(r->m, at,
			"a transform that is rewritten wants attributes, the order of its own");
	return m;
}

/* ---- one mode ---- */

/* @all: the whole map. */
static void read_mode(struct reading *r, const struct tree *all, const struct tree *at,
		      const struct tree *v, struct custom_mode *out)
{
	const struct tree *like = tree_get(v, "like"), *values[1 + MEMBERS_MAX] = {0};
	const struct client_mode *c = NULL;
	const struct server_mode *s = NULL;

	if (like && like->kind == TREE_TEXT) {
		c = topo_client_mode(r->t, like->text);
		s = topo_server_mode(r->t, like->text);
	}
	topo_keys_in(r, custom_mode_rows(r->a, &mode_members), mode_members.n + 1, v, PLACE_MODE,
		     c ? KIND_CLIENT : s ? KIND_SERVER : KINDS, at->text, values);
	if (!like)
		mistake(r->m, at, "which mode is %s like?", at->text);
	else if (values[0] && !c && !s && tree_get(all, like->text))
		mistake(r->m, like, "%s is like a mode that stands above it", at->text);
	else if (values[0] && !c && !s)
		mistake(r->m, like, "unknown mode %s%s", tree_shown(r->a, like->text),
			topo_mode_hint(r, like->text,
				       KIND_BIT(KIND_CLIENT) | KIND_BIT(KIND_SERVER)));
	out->name = at->text;
	if (c)
		out->client = new_client(r, at->text, c, values + 1);
	else if (s)
		out->server = new_server(r, at->text, s, values + 1);
}

void modes_read(struct reading *r, const struct tree *modes)
{
	struct topology *t = r->t;

	if (modes->n > CUSTOM_MODES_MAX) {
		mistake(r->m, modes, "%zu modes; at most %d are possible", modes->n, CUSTOM_MODES_MAX);
		return;
	}
	t->modes = arena_array_of(r->a, modes->n, struct custom_mode);
	for (size_t i = 0; i < modes->n; i++) {
		const struct tree *at = modes->keys[i];
		struct custom_mode one = {0};

		if (!value_is_name(at->text, NAME_LEN_MAX))
			mistake(r->m, at,
				"%s cannot name a mode: a letter, then letters, digits and '-', "
				"all lower-case, at most %d", tree_shown(r->a, at->text),
				NAME_LEN_MAX);
		else if (mode_client(at->text) || mode_server(at->text))
			mistake(r->m, at, "%s is a mode already; give yours a name of its own",
				at->text);
		else if (topo_want_map(r, modes->v[i], arena_printf(r->a, "mode %s", at->text)))
			read_mode(r, modes, at, modes->v[i], &one);
		if (one.client || one.server)
			t->modes[t->n_modes++] = one;
	}
}
