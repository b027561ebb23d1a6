/* SPDX-License-Identifier: MIT */
/*
 * topology_priv.h - the inside of struct topology, for the files of this folder and no others:
 *
 *	yaml.c         bytes -> tree
 *	topology.c     tree -> nodes
 *	reading.c      who may have which keys
 *	value_types.c  is a value of the type that its key asks for?
 *	custom_modes.c modes of the file's own; their members: mode_values.c
 *	links.c        which interface is plugged into which
 *	node_values.c  the value of a node's key -> a field of struct node
 *	nat_values.c   the same of a NAT's key
 *	addressing.c   addresses, realms, routes
 *	matrix.c       axes, expectations
 *	scenario.c     every axis fixed
 *
 * The shape of the network (kinds, links, which side of a NAT is outside) is the same in every
 * scenario, so addresses and routes are computed once. What the matrix may change are the values
 * of other keys, and each is parsed and judged when the file is read: scenario_new() cannot fail.
 */
#ifndef NATDLAB_TOPOLOGY_TOPOLOGY_PRIV_H
#define NATDLAB_TOPOLOGY_TOPOLOGY_PRIV_H

#include "lab/topology/addressing.h"
#include "lab/topology/mistakes.h"
#include "lab/topology/scenario.h"
#include "lab/topology/schema.h"

/* Bounds of a topology. */
#define NODES_MAX 4096
#define SCENARIOS_MAX 10000
#define WORK_MAX 2000000   /* scenarios, times nodes, times Elastic IPs and one */
#define ROUTES_MAX 100000  /* of all nodes together */
#define NAT_ROW_MAX 16     /* NATs one behind the other */
#define MAPS_MAX 2000      /* Elastic IPs of all nodes and values of the matrix */
#define AXES_MAX 8
#define EXPECTS_MAX 500
#define ALLOW_MAX 100
#define MAP_MAX 250
#define NAME_LEN_MAX 32  /* of nodes and of a topology */
#define VALUE_LEN_MAX 40 /* of a matrix value */
#define TEXT_LEN_MAX 500 /* of title and question */
#define SECRET_LEN_MAX 128
#define IFACE_LEN_MAX 15 /* the kernel's IFNAMSIZ, without the NUL */

/* Realms are the parts of the network inside which addresses mean the same; a NAT stands between
 * two of them (RFC 2663 calls them address realms). */
#define NO_REALM UINT32_MAX

/* What the file says of a node, before the matrix. */
struct node_def {
	const struct tree *at;         /* its name in the file */
	const struct tree *keys[KEYS]; /* values of PLACE_NODE's keys; NULL absent */
	bool has_kind, has_outside;
};

/* A key that the matrix or --set changes. */
struct override {
	unsigned node;
	enum key key;
	const struct tree *value;
};

struct value {
	const char *name;       /* "softether-4", "registry-0", "0" */
	const char *id;         /* its part of the scenario's id: "registry-0" for 0 */
	const struct tree *at;
	struct override *set;
	size_t n_set;
};

struct axis {
	const char *name;
	const struct tree *at;
	struct value *v;
	size_t n;
	bool broken;            /* had a mistake: what `when` says of it cannot be judged */
};

struct expect_def {
	struct expectation e;
	const struct tree *at;
	const struct tree *claims[KEYS];
	uint8_t *when[AXES_MAX]; /* a bit for each value of the axis; NULL: every value */
	bool broken; /* has a mistake, so that it is not clear what it claims */
};

/* A mode of the file's own: a client's or a server's. */
struct custom_mode {
	const char *name;
	const struct client_mode *client;
	const struct server_mode *server;
};

struct topology {
	struct arena *a;
	const struct source *src;
	const char *name, *title; /* title: harmless text (lab/base/text.h) */
	struct custom_mode *modes;
	size_t n_modes;

	/* The network, the same in every scenario; the nodes hold the values before the matrix. */
	struct node *nodes;
	struct node_def *defs;
	size_t n_nodes;
	const char **node_names; /* in the order of nodes */
	struct named *by_name; /* nodes in order */
	struct link *links;
	const struct tree **link_at;
	size_t n_links;
	struct iface *ifaces;
	const struct tree **iface_at;
	size_t n_ifaces;

	struct override *set;    /* from --set: in every scenario */
	size_t n_set;
	struct axis axes[AXES_MAX];
	const char *axis_names[AXES_MAX];
	size_t n_axes;
	size_t n_scenarios;
	struct expect_def *expects;
	size_t n_expects;
	size_t n_maps;           /* Elastic IPs, those of every value of the matrix counted */
};

/* What reading a file needs; @m is NULL where all was judged before. */
struct reading {
	struct arena *a;
	struct topology *t;
	struct mistakes *m;
};

/* ---- reading.c ---- */

/* The kind of a node as its file says it. */
static inline enum kind topo_kind(const struct node *n)
{
	return n->vm ? KIND_VM : n->kind;
}
/* The value of @key in a map, or NULL. */
struct tree *tree_get(const struct tree *map, const char *key);
/* Number of the node of that name, or -1. */
int topo_node(const struct topology *t, const char *name);
/* Number of the node that is named; -1: a mistake. */
int value_node(struct reading *r, const struct tree *v);
/* Is it a map? Says so if not; @what: the sentence's subject. */
bool topo_want_map(struct reading *r, const struct tree *v, const char *what);
/* Says that a key is not known at @p. @kind: of PLACE_NODE, whose node @who is; KINDS elsewhere,
 * and where the kind is not known. */
void topo_unknown_key(struct reading *r, const struct tree *key, enum place p, enum kind kind,
		      const char *who);
/* The keys of a map that stands at @p into @out[KEYS]; unknown ones and wrong types are
 * mistakes. @kind and @who: as above. */
void topo_keys(struct reading *r, const struct tree *map, enum place p, enum kind kind,
	       const char *who, const struct tree **out);
/* The same by another table into @out[n], which has an entry for each of the rows. */
void topo_keys_in(struct reading *r, const struct key_row *rows, size_t n, const struct tree *map,
		  enum place p, enum kind kind, const char *who, const struct tree **out);

/* ---- value_types.c ---- */

/* `[a-z][a-z0-9-]*`, not ending in '-', of at most @max characters. */
bool value_is_name(const char *s, size_t max);
/* "10%" or "0.5%" in thousandths; "20ms", "30s", "2m", "1h" up to a day. False: neither. */
bool value_permille(const struct tree *v, unsigned long *out);
bool value_duration(const struct tree *v, usec *out);
/* Notes a mistake where @r has a list for them; returns false. */
bool value_wrong(struct reading *r, const struct tree *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Digits, nothing else, at most @max. Moves *@p behind them. */
bool value_digits(const char **p, unsigned long max, unsigned long *out);
/* The IP protocol of "udp/" or "tcp/", 17 or 6, and moves *@p behind it; 0: it is neither. */
uint8_t value_port_proto(const char **p);
/* A whole number 0 .. @max, plain digits. */
bool value_number(const struct tree *v, unsigned long max, unsigned long *out);
bool value_is_v4(const char *s);
/* Is @v of the row's type? Says so if not. */
/* Which of the words of a key (TYPE_WORD, TYPE_PORTS, TYPE_BOOL) it is; -1: none. */
int value_word(enum key k, const struct tree *v);
bool value_is_type(struct reading *r, const struct tree *v, const struct key_row *row);

/* ---- custom_modes.c ---- */

/* Reads `modes:`. */
void modes_read(struct reading *r, const struct tree *modes);
/* A mode of the file's own or of natdlab's, or NULL. */
const struct client_mode *topo_client_mode(const struct topology *t, const char *name);
const struct server_mode *topo_server_mode(const struct topology *t, const char *name);
/* How a sentence about an unknown mode ends. @kinds: KIND_BIT()s of client and server. */
const char *topo_mode_hint(struct reading *r, const char *word, unsigned kinds);

/* The rows of a mode's keys: `like`, then those of @t in its order. @t->n + 1 rows. */
const struct key_row *custom_mode_rows(struct arena *a, const struct member_table *t);
/* Reads the members of one mode, a copy of another, into @mode. @values: of the keys, an entry for
 * each row of @t, of the right type; NULL: not given. A mistake leaves that member as it is. */
void custom_mode_read(struct reading *r, const struct member_table *t, enum mode_role role,
		      const struct tree *const *values, void *mode);

/* ---- mode_values.c ---- */

/* The value of a member's key into @mode. A mistake leaves the member as it is. */
void mode_value_read(struct reading *r, const struct member *m, enum mode_role role,
		     const struct tree *v, void *mode);

/* ---- links.c ---- */

/* One key of PLACE_FAULTS, known to be of its type. */
void links_set_fault(struct link_faults *f, enum key k, const struct tree *v);
/* Number of the link of that name, or -1. */
int links_find(const struct topology *t, const char *name);
/* Reads `links:`. False: a mistake. */
bool links_read(struct reading *r, const struct tree *links);
/* Has every node a link, and every NAT an outside and an inside? */
bool links_check(struct reading *r);

/* ---- node_values.c, nat_values.c ---- */

/* Puts the value of a node's key into @n, which stands at index @i. False: a mistake. */
bool value_read(struct reading *r, enum key k, const struct tree *v, unsigned i, struct node *n);
/* The same for the keys of NATs. */
bool value_read_nat(struct reading *r, enum key k, const struct tree *v, unsigned i,
		    struct node *n);

/* ---- addressing.c ---- */

/* Addresses for every interface, realms, and the routes that do not depend on the matrix.
 * @taken: addresses that stand for something else (Elastic IPs). False: a mistake. */
bool addressing_build(struct reading *r, const struct inet_addr *taken, size_t n_taken);
/* The topology with @nodes, of which some are NATs no longer: its realms, and in @nodes its routes,
 * are reckoned again. Everything else is shared with @t. */
const struct topology *addressing_reshape(struct arena *a, const struct topology *t,
					  struct node *nodes);
/* Judges such a topology: a NAT that is none any more may have opened a way past another. */
bool addressing_check_shape(struct reading *r);
/* Adds to @nodes (a copy of the topology's) the routes to its Elastic IPs. */
void addressing_eip_routes(struct arena *a, const struct topology *t, struct node *nodes);

/* ---- matrix.c ---- */

/* `matrix:` into the topology's axes and its number of scenarios; NULL: there is none, and one
 * scenario. */
void matrix_read(struct reading *r, const struct tree *matrix);
void expect_read(struct reading *r, const struct tree *expect);
/* The axis of that name, -1: none. */
int topo_axis(const struct topology *t, const char *name);
/* Does a set of values of an axis have number @i? NULL has all. */
bool topo_bit(const uint8_t *bits, size_t i);
/* The id of the scenario with value @at[x] on axis x. */
const char *topo_id(struct arena *a, const struct topology *t, const size_t *at);

/* ---- scenario.c ---- */

/* The value of each axis in scenario @i, @at[AXES_MAX]: the last axis runs fastest. */
void scenario_locate(const struct topology *t, size_t i, size_t *at);

#endif
