/* SPDX-License-Identifier: MIT */
/*
 * schema.h - the one table of a topology file's keys.
 *
 * The loader reads by it: what is not in here is an unknown key. The schema for editors and the
 * reference of the file format come out of it too, so each row has its sentence for people.
 */
#ifndef NATDLAB_TOPOLOGY_SCHEMA_H
#define NATDLAB_TOPOLOGY_SCHEMA_H

#include "lab/topology/kinds.h"
#include "lab/topology/scenario.h"
#include "nodes/modes/members.h"

/* A map in which keys stand. `kinds:`, `nodes:` and `matrix:` hold names instead of keys. */
enum place {
	PLACE_FILE,     /* top level */
	PLACE_TOPOLOGY, /* under topology: */
	PLACE_NODE,     /* of a node, of a kind's defaults, of a set in the matrix */
	PLACE_LINK,     /* an entry of links: */
	PLACE_END,      /* a link end written as a map */
	PLACE_FAULTS,   /* faults: of a link */
	PLACE_MODE,     /* a custom mode, under modes: the other keys: nodes/modes/members.h */
	PLACE_EXPECT,   /* an entry of expect: */
	PLACES,
};

enum key_type {
	TYPE_TEXT,    /* one line of text */
	TYPE_SECRET,  /* the same, of 1 to 128 characters */
	TYPE_RULES,   /* text of many lines */
	TYPE_NAME,    /* the name of a topology or node: a-z, 0-9, '-' */
	TYPE_IFACE,   /* the name of an interface: the same, at most 15 characters */
	TYPE_WORD,    /* one of `words` */
	TYPE_NUMBER,  /* a whole number */
	TYPE_PERCENT, /* 10% or 0.5% */
	TYPE_DURATION, /* 30s, 20ms, 2m */
	TYPE_BOOL,    /* true or false */
	TYPE_ADDRESS, /* an IPv4 address */
	TYPE_NETWORK, /* 192.168.1.0/24 */
	TYPE_TARGET,  /* an IPv4 address or the name of a node */
	TYPE_MAP,
	TYPE_LIST,
	TYPE_PORTS,   /* a word or [lo, hi] */
};

/* Rows of the table, so that code can name them. */
enum key {
	KEY_NAME, KEY_TITLE, KEY_QUESTION, KEY_MODES, KEY_TOPOLOGY, KEY_MATRIX, KEY_EXPECT,
	KEY_LIKE,
	KEY_KINDS, KEY_NODES, KEY_LINKS,
	KEY_KIND, KEY_MODE, KEY_REGISTRY, KEY_DIALS, KEY_IDLE, KEY_RUN, KEY_NAT_T, KEY_LISTEN,
	KEY_SOCKET,
	KEY_PSK, KEY_USER, KEY_PASSWORD, KEY_POOL,
	KEY_OUTSIDE, KEY_NAT, KEY_MAP, KEY_MAPPING, KEY_FILTERING, KEY_PORTS, KEY_HAIRPIN,
	KEY_TIMEOUT, KEY_FORWARD, KEY_ALLOW, KEY_NFT,
	KEY_ENDPOINTS, KEY_SUBNET, KEY_FAULTS,
	KEY_LOSS, KEY_DUPLICATE, KEY_REORDER, KEY_DELAY,
	KEY_INTERFACE, KEY_ADDRESS,
	KEY_OUTCOME, KEY_REASON, KEY_ERROR, KEY_SERVER_HASH, KEY_PEER_HASH, KEY_REACHED,
	KEY_ENCAPSULATION, KEY_FLOATED, KEY_ALIVE, KEY_CLIENT, KEY_WHEN,
	KEYS,
};

struct key_row {
	const char *name;
	enum place place;
	unsigned kinds;           /* PLACE_NODE, PLACE_MODE: of which kinds, KIND_BIT()s */
	enum key_type type;
	const struct words *words; /* TYPE_WORD and TYPE_PORTS; NULL: any word */
	bool fixed;               /* PLACE_NODE: the matrix and --set cannot change it */
	const char *doc;          /* a sentence for the reference */
};

const struct key_row *key_row(enum key k);
/* The row of a mode's member, at PLACE_MODE; at PLACES with the name "" where it has no key. */
struct key_row member_key_row(const struct member *m);
/* The key of that name at a place; KEYS when there is none. */
enum key key_find(enum place p, const char *name);
/* The same among @rows: the number of the row, @n when there is none. */
size_t key_find_in(const struct key_row *rows, size_t n, enum place p, const char *name);
/* The key with which a claim is written. */
enum key claim_key(enum claim c);
/* What a place is called in a sentence: "a node". */
const char *place_name(enum place p);
/* What a type is called: "a whole number". */
const char *key_type_name(enum key_type t);

#endif
