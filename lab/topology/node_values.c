/* SPDX-License-Identifier: MIT */
/*
 * node_values.c - the value of a node's key, from the tree to a field of struct node.
 *
 * The same functions read a file for the first time, with a list for its mistakes, and a value
 * that a scenario takes from the matrix, when it is known to be good.
 */
#include <string.h>

#include "lab/topology/products.h"
#include "lab/topology/topology_priv.h"

/* ---- mode ---- */

static bool read_mode(struct reading *r, const struct tree *v, struct node *n)
{
	bool is_client = n->kind == KIND_CLIENT;

	n->client = is_client ? topo_client_mode(r->t, v->text) : NULL;
	n->server = is_client ? NULL : topo_server_mode(r->t, v->text);
	n->mode_name = v->text;
	if (n->client || n->server)
		return true;
	if (topo_client_mode(r->t, v->text) || topo_server_mode(r->t, v->text))
		return value_wrong(r, v, "%s is a %s mode, and %s is a %s", v->text,
				   is_client ? "server" : "client", n->name, kind_name(n->kind));
	return value_wrong(r, v, "unknown mode %s%s", tree_shown(r->a, v->text),
			   topo_mode_hint(r, v->text, n->vm ? KIND_BIT(KIND_CLIENT) |
							      KIND_BIT(KIND_SERVER)
							    : KIND_BIT(n->kind)));
}

static bool read_socket(struct reading *r, const struct tree *v, struct node *n)
{
	n->socket = v->text;
	if (strlen(v->text) <= SOCKET_LEN_MAX)
		return true;
	return value_wrong(r, v, "the path of a UNIX socket has at most %d bytes", SOCKET_LEN_MAX);
}

static bool read_run(struct reading *r, const struct tree *v, struct node *n)
{
	n->run = (enum product)value_word(KEY_RUN, v);
	if (!product_mode(n))
		return value_wrong(r, v, "a %s cannot run %s", kind_name(n->kind), v->text);
	return true;
}

/* ---- dials ---- */

static bool read_dials(struct reading *r, const struct tree *v, struct node *n)
{
	n->dials_node = -1;
	if (inet_parse_addr(v->text, &n->dials))
		return true;
	n->dials_node = value_node(r, v);
	n->dials = (struct inet_addr){0}; /* until the scenario knows its Elastic IPs */
	if (n->dials_node < 0)
		return false;
	if (r->t->nodes[n->dials_node].kind != KIND_SERVER)
		return value_wrong(r, v, "%s is a %s; a client dials a server", v->text,
			     kind_name(r->t->nodes[n->dials_node].kind));
	return true;
}

/* ---- allow, nft ---- */

/* "udp/500", "tcp/1000-2000", "icmp", "esp". */
static bool parse_allow(const char *s, struct allow *out)
{
	static const char *const texts[] = {"icmp", "esp"};
	static const struct words whole = WORDS_IN(texts);
	static const uint8_t protos[] = {1, 50};
	unsigned long lo, hi;
	int word = word_find(&whole, s);

	*out = (struct allow){0};
	if (word >= 0) {
		out->proto = protos[word];
		return true;
	}
	out->proto = value_port_proto(&s);
	if (!out->proto || !value_digits(&s, 65535, &lo))
		return false;
	hi = lo;
	if (*s == '-') {
		s++;
		if (!value_digits(&s, 65535, &hi))
			return false;
	}
	out->port_lo = (uint16_t)lo;
	out->port_hi = (uint16_t)hi;
	return !*s && lo > 0 && lo <= hi;
}

static bool read_allow(struct reading *r, const struct tree *v, struct node *n)
{
	bool good = true;

	if (v->n > ALLOW_MAX)
		return value_wrong(r, v, "more than %d entries", ALLOW_MAX);
	n->has_allow = true;
	n->allow = arena_array_of(r->a, v->n, struct allow);
	n->n_allow = v->n;
	for (size_t i = 0; i < v->n; i++) {
		const struct tree *e = v->v[i];

		if (e->kind != TREE_TEXT)
			good = value_wrong(r, e, "an entry of allow is a word such as udp/500");
		else if (!parse_allow(e->text, &n->allow[i]))
			good = value_wrong(r, e, "%s cannot be allowed; examples are udp/500, "
				     "tcp/1000-2000, icmp, esp", tree_shown(r->a, e->text));
	}
	return good;
}

/*
 * Does nft text name another file to be read? The word `include`, but in a string or a comment.
 * Words are found as nft's scanner does: from a letter, '_' or '.', as long as letters, digits and
 * "/-_." follow; a string ends at the next quote, for there are no escapes.
 */
static bool nft_includes(const char *s)
{
	static const char first[] = "_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char more[] = "/-0123456789"; /* and those of @first */
	size_t len;

	for (; *s; s += len) {
		len = 1;
		if (*s == '#') {
			len = strcspn(s, "\n");
		} else if (*s == '"') {
			len += strcspn(s + 1, "\"");
			len += s[len] == '"';
		} else if (strchr(first, *s)) {
			while (s[len] && (strchr(first, s[len]) || strchr(more, s[len])))
				len++;
			if (len == strlen("include") && !memcmp(s, "include", len))
				return true;
		}
	}
	return false;
}

/* A stranger's file must not make nft read other files. */
static bool read_nft(struct reading *r, const struct tree *v, struct node *n)
{
	if (nft_includes(v->text))
		return value_wrong(r, v, "nft cannot include files here");
	n->nft = v->text;
	return true;
}

static bool read_pool(struct reading *r, const struct tree *v, struct node *n)
{
	inet_parse_net(v->text, &n->pool);
	if (n->pool.plen < 8 || n->pool.plen > 30)
		return value_wrong(r, v, "a pool is a /8 to a /30");
	return true;
}

bool value_read(struct reading *r, enum key k, const struct tree *v, unsigned i, struct node *n)
{
	if (!value_is_type(r, v, key_row(k)))
		return false;
	switch ((int)k) {
	case KEY_MODE:
		return read_mode(r, v, n);
	case KEY_RUN:
		return read_run(r, v, n);
	case KEY_NAT_T:
		n->forced = value_word(k, v);
		return true;
	case KEY_LISTEN:
		n->listen_own = value_word(k, v);
		return true;
	case KEY_SOCKET:
		return read_socket(r, v, n);
	case KEY_REGISTRY:
		n->registry = value_word(k, v) - 1;
		return true;
	case KEY_DIALS:
		return read_dials(r, v, n);
	case KEY_IDLE:
		value_duration(v, &n->idle);
		return true;
	case KEY_PSK:
		n->psk = v->text;
		return true;
	case KEY_USER:
		n->user = v->text;
		return true;
	case KEY_PASSWORD:
		n->password = v->text;
		return true;
	case KEY_POOL:
		return read_pool(r, v, n);
	case KEY_NAT:
	case KEY_MAP:
	case KEY_MAPPING:
	case KEY_FILTERING:
	case KEY_PORTS:
	case KEY_HAIRPIN:
	case KEY_TIMEOUT:
	case KEY_FORWARD:
		return value_read_nat(r, k, v, i, n);
	case KEY_ALLOW:
		return read_allow(r, v, n);
	case KEY_NFT:
		return read_nft(r, v, n);
	}
	return true; /* kind and outside: read with the network */
}
