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

/* Bounds of a mode of one's own: messages have to fit into a datagram, and into the buffers of who
 * sends them. Bytes; vendor IDs together are counted with their headers of 4. */
#define OWN_VID_MAX 255   /* one vendor ID */
#define OWN_VIDS_MAX 640  /* all of messages 1 and 2 */
#define OWN_VIDS4_MAX 256 /* all of message 4 */
#define OWN_HASHES_MAX 3  /* NAT-D payloads of itself in message 4 */

/* A map in which keys stand. `kinds:`, `nodes:` and `matrix:` hold names instead of keys. */
enum place {
	PLACE_FILE,     /* top level */
	PLACE_TOPOLOGY, /* under topology: */
	PLACE_NODE,     /* of a node, of a kind's defaults, of a set in the matrix */
	PLACE_LINK,     /* an entry of links: */
	PLACE_END,      /* a link end written as a map */
	PLACE_FAULTS,   /* faults: of a link */
	PLACE_MODE,     /* a mode of one's own, under modes: */
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
	KEY_LIKE, KEY_OWN_TITLE, KEY_OWN_HASH, KEY_OWN_PEER_HASH, KEY_BOUND, KEY_NATT,
	KEY_ASKS_REGISTRY, KEY_VENDOR_IDS, KEY_ONE_NATT_ID, KEY_CIPHERS, KEY_HASHES, KEY_GROUPS,
	KEY_SA_PAYLOAD, KEY_ATTRIBUTES, KEY_LIFE, KEY_TRANSFORM_NUMBER, KEY_NONCE, KEY_MESSAGE_4,
	KEY_HASHES_UNASKED, KEY_MESSAGE_2_AGAIN, KEY_MESSAGE_4_AGAIN, KEY_HALF_OPEN,
	KEY_HALF_OPEN_DELETE, KEY_DUPLICATE_1, KEY_DUPLICATE_3, KEY_DUPLICATE_5, KEY_NO_PROPOSAL,
	KEY_OWN_KEEPALIVE,
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
