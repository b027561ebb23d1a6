/* SPDX-License-Identifier: MIT */
/*
 * custom_modes.c - `modes:` of a topology file: rows of its own, each a copy of another row with a
 * few things changed. They live in the topology's arena, like the scenarios that point at them.
 */
#include <string.h>

#include "lab/topology/topology_priv.h"

#define OWN_MODES_MAX 100
#define NONCE_LEN_MIN 8 /* RFC 2409 5 */
#define NONCE_LEN_MAX 255

/* ---- names ---- */

const struct client_mode *topo_client_mode(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->n_modes; i++)
		if (t->modes[i].client && strcmp(t->modes[i].name, name) == 0)
			return t->modes[i].client;
	return mode_client(name);
}

const struct server_mode *topo_server_mode(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->n_modes; i++)
		if (t->modes[i].server && strcmp(t->modes[i].name, name) == 0)
			return t->modes[i].server;
	return mode_server(name);
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

/* ---- keys ---- */

static bool is_true(const struct tree *v)
{
	return v->text[0] == 't';
}

static enum natd_own own_of(const char *word)
{
	enum natd_own own = NATD_OWN_EXACT;

	while (own < NATD_OWN_ADDR_ZERO && strcmp(natd_own_name(own), word) != 0)
		own++;
	return own;
}

static enum natd_peer peer_of(const char *word)
{
	enum natd_peer peer = NATD_PEER_EXACT;

	while (peer < NATD_PEER_ADDR_ZERO && strcmp(natd_peer_name(peer), word) != 0)
		peer++;
	return peer;
}

static uint8_t read_nonce(struct reading *r, const struct tree *v)
{
	unsigned long n;

	if (!value_number(v, NONCE_LEN_MAX, &n) || n < NONCE_LEN_MIN) {
		mistake(r->m, v, "a nonce has %d to %d bytes", NONCE_LEN_MIN, NONCE_LEN_MAX);
		return NONCE_LEN_MIN;
	}
	return (uint8_t)n;
}

static uint32_t read_time(const struct tree *v)
{
	usec t = 0;

	value_duration(v, &t);
	return (uint32_t)(t / MSEC);
}

static const char *title_of(struct reading *r, const struct tree **keys, const char *base)
{
	return keys[KEY_OWN_TITLE] ? keys[KEY_OWN_TITLE]->text
				   : arena_printf(r->a, "%s, changed", base);
}

static const struct client_mode *new_client(struct reading *r, const char *name,
					    const struct client_mode *like,
					    const struct tree **keys)
{
	struct client_mode *m = arena_copy(r->a, like, sizeof(*like));

	m->name = name;
	m->short_name = name;
	m->title = title_of(r, keys, like->title);
	if (keys[KEY_ASKS_REGISTRY])
		m->gate = is_true(keys[KEY_ASKS_REGISTRY]) ? GATE_MICROSOFT : GATE_NONE;
	if (keys[KEY_VENDOR_IDS])
		m->n_vids = own_vids(r, keys[KEY_VENDOR_IDS], false, m->vids);
	if (keys[KEY_NONCE])
		m->nonce_len = read_nonce(r, keys[KEY_NONCE]);
	if (keys[KEY_OWN_KEEPALIVE])
		m->keepalive_ms = read_time(keys[KEY_OWN_KEEPALIVE]);
	return m;
}

/* Which of the key's words it is: the order is that of the row's enum. */
static unsigned word_number(enum key k, const struct tree *v)
{
	return (unsigned)word_find(key_row(k)->words, v->text);
}

/* What is said of what is never sent. */
static void check_server(struct reading *r, const struct server_mode *m, const struct tree **keys)
{
	static const enum key hashes[] = {KEY_OWN_HASH, KEY_OWN_PEER_HASH, KEY_HASHES_UNASKED};
	static const enum key rewritten[] = {KEY_ATTRIBUTES, KEY_LIFE, KEY_TRANSFORM_NUMBER};

	for (size_t i = 0; i < ARRAY_LEN(hashes) && !m->natt; i++)
		if (keys[hashes[i]])
			mistake(r->m, keys[hashes[i]],
				"%s sends no hash: it knows no NAT traversal", m->name);
	for (size_t i = 0; i < ARRAY_LEN(rewritten) && m->sa_encoding == SA_AS_OFFERED; i++)
		if (keys[rewritten[i]])
			mistake(r->m, keys[rewritten[i]],
				"%s sends the transform back as it was offered; sa_payload: "
				"rewritten does not", m->name);
	if (m->sa_encoding == SA_REENCODED && !m->phase1_attrs[0])
		mistake(r->m, keys[KEY_ATTRIBUTES] ? keys[KEY_ATTRIBUTES] : keys[KEY_SA_PAYLOAD],
			"a transform that is rewritten wants attributes, the order of its own");
}

/* What it says of addresses. */
static void read_natt(struct server_mode *m, const struct tree **keys)
{
	if (keys[KEY_NATT])
		m->natt = is_true(keys[KEY_NATT]);
	if (keys[KEY_OWN_HASH]) {
		m->natd_own = own_of(keys[KEY_OWN_HASH]->text);
		if (m->natd_own == NATD_OWN_EXACT)
			m->address_zero = false; /* the word promises its address */
	}
	if (keys[KEY_OWN_PEER_HASH])
		m->natd_peer = peer_of(keys[KEY_OWN_PEER_HASH]->text);
	if (keys[KEY_BOUND])
		m->address_zero = !is_true(keys[KEY_BOUND]);
	if (!m->address_zero) /* which is what a socket for bare ESP is bound to */
		m->esp_in_udp_only = false;
	if (keys[KEY_HASHES_UNASKED])
		m->natd_unasked = is_true(keys[KEY_HASHES_UNASKED]);
}

/* Messages 2 and 4. */
static void read_answers(struct reading *r, struct server_mode *m, const struct tree **keys)
{
	if (keys[KEY_VENDOR_IDS]) {
		m->n_vids = own_vids(r, keys[KEY_VENDOR_IDS], true, m->vids);
		m->one_natt_vid = false;
	}
	if (keys[KEY_ONE_NATT_ID])
		m->one_natt_vid = is_true(keys[KEY_ONE_NATT_ID]);
	if (keys[KEY_CIPHERS])
		own_ciphers(r, keys[KEY_CIPHERS], &m->phase1);
	if (keys[KEY_HASHES])
		own_hashes(r, keys[KEY_HASHES], &m->phase1);
	if (keys[KEY_GROUPS])
		own_groups(r, keys[KEY_GROUPS], &m->phase1);
	if (keys[KEY_SA_PAYLOAD])
		m->sa_encoding = word_number(KEY_SA_PAYLOAD, keys[KEY_SA_PAYLOAD]);
	if (keys[KEY_ATTRIBUTES])
		own_attributes(r, keys[KEY_ATTRIBUTES], m->phase1_attrs);
	if (keys[KEY_LIFE])
		m->life_variable = word_number(KEY_LIFE, keys[KEY_LIFE]) == 1;
	if (keys[KEY_TRANSFORM_NUMBER])
		m->keeps_number =
			word_number(KEY_TRANSFORM_NUMBER, keys[KEY_TRANSFORM_NUMBER]) == 1;
	if (keys[KEY_NONCE])
		m->nonce_len = read_nonce(r, keys[KEY_NONCE]);
	if (keys[KEY_MESSAGE_4])
		m->n_message4 = own_message4(r, keys[KEY_MESSAGE_4], m->message4);
}

/* When it speaks unasked, and what it says to nonsense. */
static void read_manners(struct reading *r, struct server_mode *m, const struct tree **keys)
{
	if (keys[KEY_MESSAGE_2_AGAIN])
		own_times(r, keys[KEY_MESSAGE_2_AGAIN], &m->message2_retry);
	if (keys[KEY_MESSAGE_4_AGAIN])
		own_times(r, keys[KEY_MESSAGE_4_AGAIN], &m->message4_retry);
	if (keys[KEY_HALF_OPEN])
		m->half_open_ms = read_time(keys[KEY_HALF_OPEN]);
	if (keys[KEY_HALF_OPEN_DELETE])
		m->half_open_delete = is_true(keys[KEY_HALF_OPEN_DELETE]);
	if (keys[KEY_DUPLICATE_1])
		m->dup_message1 = word_number(KEY_DUPLICATE_1, keys[KEY_DUPLICATE_1]);
	if (keys[KEY_DUPLICATE_3])
		m->dup_message3 = word_number(KEY_DUPLICATE_3, keys[KEY_DUPLICATE_3]) == 1
					  ? DUP_SILENCE
					  : DUP_SAME_ANSWER;
	if (keys[KEY_DUPLICATE_5])
		m->dup_message5 = word_number(KEY_DUPLICATE_5, keys[KEY_DUPLICATE_5]) == 1
					  ? DUP_SILENCE
					  : DUP_SAME_ANSWER;
	if (keys[KEY_NO_PROPOSAL])
		m->no_proposal = word_number(KEY_NO_PROPOSAL, keys[KEY_NO_PROPOSAL]);
	if (keys[KEY_OWN_KEEPALIVE])
		m->keepalive_ms = read_time(keys[KEY_OWN_KEEPALIVE]);
}

static const struct server_mode *new_server(struct reading *r, const char *name,
					    const struct server_mode *like,
					    const struct tree **keys)
{
	struct server_mode *m = arena_copy(r->a, like, sizeof(*like));

	m->name = name;
	m->title = title_of(r, keys, like->title);
	read_natt(m, keys);
	read_answers(r, m, keys);
	read_manners(r, m, keys);
	check_server(r, m, keys);
	return m;
}

/* ---- one mode ---- */

/* @all: the whole map. */
static void read_mode(struct reading *r, const struct tree *all, const struct tree *at,
		      const struct tree *v, struct own_mode *out)
{
	const struct tree *like = tree_get(v, "like"), *keys[KEYS] = {0};
	const struct client_mode *c = NULL;
	const struct server_mode *s = NULL;

	if (like && like->kind == TREE_TEXT) {
		c = topo_client_mode(r->t, like->text);
		s = topo_server_mode(r->t, like->text);
	}
	topo_keys(r, v, PLACE_MODE, c ? KIND_CLIENT : s ? KIND_SERVER : KINDS, at->text, keys);
	if (!like)
		mistake(r->m, at, "which mode is %s like?", at->text);
	else if (keys[KEY_LIKE] && !c && !s && tree_get(all, like->text))
		mistake(r->m, like, "%s is like a mode that stands above it", at->text);
	else if (keys[KEY_LIKE] && !c && !s)
		mistake(r->m, like, "unknown mode %s%s", tree_shown(r->a, like->text),
			topo_mode_hint(r, like->text,
				       KIND_BIT(KIND_CLIENT) | KIND_BIT(KIND_SERVER)));
	out->name = at->text;
	if (c)
		out->client = new_client(r, at->text, c, keys);
	else if (s)
		out->server = new_server(r, at->text, s, keys);
}

void modes_read(struct reading *r, const struct tree *modes)
{
	struct topology *t = r->t;

	if (modes->n > OWN_MODES_MAX) {
		mistake(r->m, modes, "%zu modes; at most %d are possible", modes->n, OWN_MODES_MAX);
		return;
	}
	t->modes = arena_array_of(r->a, modes->n, struct own_mode);
	for (size_t i = 0; i < modes->n; i++) {
		const struct tree *at = modes->keys[i];
		struct own_mode one = {0};

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
