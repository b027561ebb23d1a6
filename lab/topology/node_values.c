/* SPDX-License-Identifier: MIT */
/*
 * node_values.c - the value of a node's key, from the tree to a field of struct node.
 *
 * The same functions read a file for the first time, with a list for its mistakes, and a value
 * that a scenario takes from the matrix, when it is known to be good.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/product/product.h"
#include "lab/topology/topology_priv.h"

#define RULES_LEN_MAX 65536

bool value_wrong(struct reading *r, const struct tree *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (r->m)
		mistake_v(r->m, at, fmt, ap);
	va_end(ap);
	return false;
}

bool value_number(const struct tree *v, unsigned long max, unsigned long *out)
{
	unsigned long n = 0;

	if (v->kind != TREE_TEXT || v->quoted || !v->text[0] ||
	    (v->text[0] == '0' && v->text[1]))
		return false;
	for (const char *p = v->text; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = n * 10 + (unsigned long)(*p - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

bool value_digits(const char **p, unsigned long max, unsigned long *out)
{
	const char *s = *p;
	unsigned long n = 0;

	if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (unsigned long)(*s - '0');
		if (n > max)
			return false;
	}
	*p = s;
	*out = n;
	return true;
}

bool value_permille(const struct tree *v, unsigned long *out)
{
	const char *p = v->text;
	unsigned long tenths = 0;

	if (v->kind != TREE_TEXT || !value_digits(&p, 100, out))
		return false;
	if (*p == '.' && (p++, !value_digits(&p, 9, &tenths)))
		return false;
	*out = *out * 10 + tenths;
	return strcmp(p, "%") == 0 && *out <= 1000;
}

bool topology_duration(const char *p, usec *out)
{
	static const struct {
		const char *unit;
		usec usecs;
	} units[] = {{"ms", MSEC}, {"s", SEC}, {"m", 60 * SEC}, {"h", 3600 * SEC}};
	unsigned long n;

	if (!value_digits(&p, 1000000, &n))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(p, units[i].unit) == 0) {
			*out = (usec)n * units[i].usecs;
			return *out <= 24 * (3600 * SEC);
		}
	}
	return false;
}

bool value_duration(const struct tree *v, usec *out)
{
	return v->kind == TREE_TEXT && topology_duration(v->text, out);
}

static bool has_control(const char *s, bool lines)
{
	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		if (*p == 0x7f || (*p == 0xc2 && p[1] < 0xa0) ||
		    (*p < 0x20 && !(lines && (*p == '\n' || *p == '\t'))))
			return true;
	}
	return false;
}

static size_t count_words(const char *const *words)
{
	size_t n = 0;

	while (words[n])
		n++;
	return n;
}

static bool is_word(const char *const *words, const char *s)
{
	for (; *words; words++) {
		if (strcmp(*words, s) == 0)
			return true;
	}
	return false;
}

static const char *join_words(struct arena *a, const char *const *words)
{
	const char *s = words[0];

	for (size_t i = 1; words[i]; i++)
		s = arena_printf(a, "%s%s%s", s, words[i + 1] ? ", " : " or ", words[i]);
	return s;
}

static bool wrong_word(struct reading *r, const struct tree *v, const char *key,
		       const char *const *words)
{
	const char *hint = did_you_mean(r->m, v->text, words, count_words(words));

	if (!*hint)
		hint = arena_printf(r->a, "; it is %s", join_words(r->a, words));
	return value_wrong(r, v, "unknown %s %s%s", key, tree_shown(r->a, v->text), hint);
}

static bool check_text(struct reading *r, const struct tree *v, const struct key_row *row,
		       size_t min, size_t max, bool lines)
{
	size_t len = strlen(v->text);

	if (len < min || len > max)
		return value_wrong(r, v, "%s has %zu bytes; %zu to %zu are possible", row->name, len,
			     min, max);
	if (has_control(v->text, lines))
		return value_wrong(r, v, "%s has a control character", row->name);
	return true;
}

bool value_is_v4(const char *s)
{
	struct inet_addr a;

	return inet_parse_addr(s, &a) && a.len == 4;
}

static bool wrong_type(struct reading *r, const struct tree *v, const struct key_row *row)
{
	if (v->kind == TREE_TEXT && !v->text[0] && !v->quoted)
		return value_wrong(r, v, "%s has no value; it is %s", row->name,
			     key_type_name(row->type));
	if (v->kind == TREE_TEXT)
		return value_wrong(r, v, "%s is %s, not %s", row->name, key_type_name(row->type),
			     tree_shown(r->a, v->text));
	return value_wrong(r, v, "%s is %s, not %s", row->name, key_type_name(row->type),
		     v->kind == TREE_MAP ? "a map" : "a list");
}

bool value_is_type(struct reading *r, const struct tree *v, const struct key_row *row)
{
	bool text = v->kind == TREE_TEXT;
	struct inet_net net;
	unsigned long n;
	usec d;

	if (text && !v->text[0] && !v->quoted)
		return wrong_type(r, v, row);
	switch (row->type) {
	case TYPE_TEXT:
		return text ? check_text(r, v, row, 1, TEXT_LEN_MAX, false)
			    : wrong_type(r, v, row);
	case TYPE_SECRET:
		return text ? check_text(r, v, row, 1, SECRET_LEN_MAX, false)
			    : wrong_type(r, v, row);
	case TYPE_RULES:
		return text ? check_text(r, v, row, 1, RULES_LEN_MAX, true)
			    : wrong_type(r, v, row);
	case TYPE_NAME:
	case TYPE_IFACE:
		return (text && topo_is_name(v->text, row->type == TYPE_NAME ? NAME_LEN_MAX
									      : IFACE_LEN_MAX)) ||
		       wrong_type(r, v, row);
	case TYPE_WORD:
		if (!text)
			return wrong_type(r, v, row);
		return !row->words || is_word(row->words, v->text) ||
		       wrong_word(r, v, row->name, row->words);
	case TYPE_NUMBER:
		return value_number(v, 99999, &n) || wrong_type(r, v, row);
	case TYPE_PERCENT:
		return value_permille(v, &n) || wrong_type(r, v, row);
	case TYPE_DURATION:
		return value_duration(v, &d) || wrong_type(r, v, row);
	case TYPE_BOOL:
		return (text && !v->quoted &&
			(strcmp(v->text, "true") == 0 || strcmp(v->text, "false") == 0)) ||
		       wrong_type(r, v, row);
	case TYPE_ADDRESS:
		return (text && value_is_v4(v->text)) || wrong_type(r, v, row);
	case TYPE_NETWORK:
		return (text && inet_parse_net(v->text, &net)) || wrong_type(r, v, row);
	case TYPE_TARGET:
		return (text && (value_is_v4(v->text) || topo_is_name(v->text, NAME_LEN_MAX))) ||
		       wrong_type(r, v, row);
	case TYPE_MAP:
		return v->kind == TREE_MAP || wrong_type(r, v, row);
	case TYPE_LIST:
		return v->kind == TREE_LIST || wrong_type(r, v, row);
	case TYPE_PORTS:
		if (v->kind == TREE_LIST)
			return true;
		if (!text)
			return wrong_type(r, v, row);
		return is_word(row->words, v->text) || wrong_word(r, v, row->name, row->words);
	}
	return false;
}

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
	for (n->run = PRODUCT_STRONGSWAN; strcmp(product_name(n->run), v->text) != 0;)
		n->run++;
	if (!product_mode(n))
		return value_wrong(r, v, "a %s cannot run %s", kind_name(n->kind), v->text);
	return true;
}

/* ---- dials ---- */

int value_node(struct reading *r, const struct tree *v)
{
	const struct topology *t = r->t;
	int i = topo_node(t, v->text);

	if (i < 0)
		value_wrong(r, v, "no node %s%s", tree_shown(r->a, v->text),
		      did_you_mean(r->m, v->text, t->node_names, t->n_nodes));
	return i;
}

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
	unsigned long lo, hi;

	*out = (struct allow){0};
	if (strcmp(s, "icmp") == 0 || strcmp(s, "esp") == 0) {
		out->proto = s[0] == 'i' ? 1 : 50;
		return true;
	}
	if (strncmp(s, "udp/", 4) == 0)
		out->proto = 17;
	else if (strncmp(s, "tcp/", 4) == 0)
		out->proto = 6;
	else
		return false;
	s += 4;
	if (!value_digits(&s, 65535, &lo))
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

/* A stranger's file must not make nft read other files. */
static bool read_nft(struct reading *r, const struct tree *v, struct node *n)
{
	if (strstr(v->text, "include"))
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
		n->forced = strcmp(v->text, "forced") == 0;
		return true;
	case KEY_LISTEN:
		n->listen_own = strcmp(v->text, "own") == 0;
		return true;
	case KEY_SOCKET:
		return read_socket(r, v, n);
	case KEY_REGISTRY:
		n->registry = strcmp(v->text, "absent") == 0 ? -1 : v->text[0] - '0';
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
