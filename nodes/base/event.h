/* SPDX-License-Identifier: MIT */
/*
 * event.h - the one vocabulary of what was observed.
 *
 * An event is {time, place, kind, fields, frame number}. Its place is a link, when watch read it
 * off the wire, or a node, when the node tells what the wire cannot show: a decision and its
 * reason. Events are the only input to judgement, so what a verdict needs is an event, never a log
 * line. Kinds and keys are tables (event.c): JSON names, the type of each key, and which keys a
 * kind has. The fields lie one behind the other in the order of the kind's table, so an event is
 * small enough to be handed on by value; what is longer than 16 bytes (a hash) it only points to.
 */
#ifndef NATDLAB_NODES_BASE_EVENT_H
#define NATDLAB_NODES_BASE_EVENT_H

#include <stdio.h>

#include "lab/base/inet.h"
#include "lab/base/mem.h"
#include "nodes/base/outcome.h"

enum ev_kind {
	/* On the wire, from watch */
	EV_ISAKMP,    /* src dst cky_i cky_r exchange msgid flags length message */
	EV_NATD,      /* in message 3 or 4: cky_i cky_r message payload hash1 hash2 */
	EV_ESP,	      /* src dst esp_spi esp_seq encap length */
	EV_KEEPALIVE, /* src dst: one byte 0xff on 4500 or 500 */
	EV_ICMP,      /* src dst icmp_type icmp_code */
	EV_OTHER,     /* any other IP packet: src dst proto length */
	/* In a node */
	EV_DIAL,       /* src dst: a client begins */
	EV_PHASE1,     /* Main Mode done: src dst cky_i cky_r cipher keylen hash group */
	EV_NAT_SEEN,   /* what RFC 3947 tells this node: self_behind_nat peer_behind_nat floated */
	EV_PHASE2,     /* Quick Mode done: msgid spi_in spi_out encap cipher keylen */
	EV_POLICY,     /* the client's rule: registry self_.. peer_behind_nat allowed reason */
	EV_RETRANSMIT, /* of IKE: cky_i msgid (of Quick Mode) message try; of L2TP: l2tp_type try */
	EV_DELETE,     /* a Delete sent or received: sent proto spi */
	EV_NOTIFY,     /* a Notify sent or received: sent notify */
	EV_DPD,	       /* R-U-THERE or its answer: sent notify seqno */
	EV_DROP,       /* bytes of a peer that were not used: drop src length */
	EV_PSK,	       /* the peer's message 5 or 6 was made with another key: cky_i message */
	EV_EXPIRED,    /* an exchange or SA given up: cky_i cky_r why */
	EV_L2TP,       /* an L2TP control message: sent l2tp_type tunnel session ns nr */
	EV_L2TP_UP,    /* session established: tunnel session */
	EV_AUTH_ASK,   /* LCP: a way to authenticate, asked for or heard: sent method accepted */
	EV_AUTH,       /* PPP authentication has ended: method accepted why error (it failed) */
	EV_LCP_ECHO,   /* an LCP echo reply received: seqno */
	EV_ALIVE,      /* an idle client was asked by LCP: cky_i alive why (it is not) */
	EV_OUTCOME,    /* a client's end: outcome reason error reached; why, where not the client
			  says so: "the wire" */
	EV_KINDS,
};

enum ev_key {
	K_SRC,
	K_DST,
	K_CKY_I,
	K_CKY_R,
	K_EXCHANGE,
	K_MSGID,
	K_FLAGS,
	K_LENGTH,
	K_MESSAGE,
	K_PAYLOAD,
	K_HASH1,
	K_HASH2,
	K_SPI,
	K_ESP_SEQ,
	K_ENCAP,
	K_ICMP_TYPE,
	K_ICMP_CODE,
	K_PROTO,
	K_CIPHER,
	K_KEYLEN,
	K_HASH,
	K_GROUP,
	K_SELF_BEHIND_NAT,
	K_PEER_BEHIND_NAT,
	K_FLOATED,
	K_SPI_IN,
	K_SPI_OUT,
	K_REGISTRY,
	K_ALLOWED,
	K_REASON,
	K_TRY,
	K_SENT,
	K_NOTIFY,
	K_SEQNO,
	K_DROP,
	K_WHY,
	K_SOURCE, /* of an EV_OUTCOME that the client itself does not tell: text, "why" in JSON */
	K_TUNNEL,
	K_SESSION,
	K_NS,
	K_NR,
	K_OUTCOME,
	K_ERROR,
	K_REACHED,
	K_ALIVE,
	K_METHOD,
	K_ACCEPTED,
	K_ESP_SPI,   /* "spi" of EV_ESP: four bytes; K_SPI of EV_DELETE is a number */
	K_L2TP_TYPE, /* "message" of L2TP: its name; K_MESSAGE of IKE is a number */
	EV_KEYS,
};

enum ev_type {
	EVT_U,
	EVT_BOOL,  /* one whose key has words is read as EVT_WORD */
	EVT_WORD,  /* a value of an enumeration, whose words are the key's */
	EVT_STR,   /* static text */
	EVT_HEX,   /* some bytes, always as many */
	EVT_BYTES, /* up to 64 bytes: the event points to them */
	EVT_EP,
};

/* A field as it is read out of an event. */
struct ev_field {
	enum ev_key key;
	enum ev_type type;
	uint64_t u;	      /* EVT_U, EVT_BOOL, EVT_WORD */
	const char *text;     /* EVT_STR and EVT_WORD; else "" */
	const uint8_t *bytes; /* EVT_HEX (they are the event's) and EVT_BYTES */
	uint8_t len;
	struct inet_ep ep;
};

#define EV_BYTES_MAX 64 /* of EVT_BYTES */
#define EV_FIELDS_MAX 9
#define EV_DATA_MAX 92

struct event {
	usec t;
	const char *place; /* link or node name */
	uint32_t seq;	   /* 1, 2, ... in the order in which they came; what "evidence" counts */
	uint32_t frame;    /* number in the scenario's capture, 0 if none */
	uint16_t present;  /* bit i: field i of the kind is there */
	uint8_t kind;	   /* enum ev_kind */
	bool wire;	   /* the place is a link */
	uint8_t data[EV_DATA_MAX]; /* room for every field of the kind, in their order */
};
_Static_assert(sizeof(struct event) <= 128, "events are handed on by value");

/* Building: ev_new(EV_DPD), then one call a field. Asserts that the key belongs to the kind and is
 * of that type (event.c's tables), and that the value fits. */
struct event ev_new(enum ev_kind kind);
void ev_u(struct event *e, enum ev_key key, uint64_t v);
void ev_bool(struct event *e, enum ev_key key, bool v);
/* A value of the enumeration that belongs to the key: K_OUTCOME, K_REASON, K_WHY, K_REACHED,
 * K_DROP, K_METHOD. */
void ev_word(struct event *e, enum ev_key key, unsigned value);
/* @s: static text. */
void ev_str(struct event *e, enum ev_key key, const char *s);
/* @p of EVT_BYTES must stay until the event has been handed over. */
void ev_hex(struct event *e, enum ev_key key, const void *p, size_t len);
void ev_ep(struct event *e, enum ev_key key, struct inet_ep ep);

/* Reads the field, or, from number *i of the kind on, the next one that is there (*i is set behind
 * it): false when there is none. What it points to lives as long as @e, or as what @e points to. */
bool ev_get(const struct event *e, enum ev_key key, struct ev_field *out);
bool ev_next(const struct event *e, unsigned *i, struct ev_field *out);
uint64_t ev_get_u(const struct event *e, enum ev_key key);       /* 0 if absent */
unsigned ev_get_word(const struct event *e, enum ev_key key);	 /* the value; 0 if absent */
bool ev_get_bool(const struct event *e, enum ev_key key);        /* false if absent */
const uint8_t *ev_get_hex(const struct event *e, enum ev_key key); /* NULL if absent */

const char *ev_kind_name(enum ev_kind kind); /* "isakmp", "phase1", ...: JSON's word */
const char *ev_key_name(enum ev_key key);    /* "cky_i", ... */

/* One line for people: "0.000150 client nat-seen self_behind_nat=true ...". */
void ev_print(FILE *f, const struct event *e);

/* Where events go. */
struct ev_sink {
	void (*put)(void *ctx, const struct event *e);
	void *ctx;
};

/*
 * Why bytes of a peer were not used. Never an error: an event EV_DROP and, where the product
 * answers, its answer.
 */
enum drop {
	DROP_NONE,
	DROP_SHORT,          /* ends too early, or a length inside leads outside */
	DROP_VERSION,
	DROP_EXCHANGE_TYPE,
	DROP_FLAGS,
	DROP_MESSAGE_ID,
	DROP_LENGTH,         /* header length and datagram differ */
	DROP_PAYLOAD_TYPE,
	DROP_PAYLOAD_MALFORMED,
	DROP_PAYLOAD_MISSING,
	DROP_PAYLOAD_TWICE,
	DROP_NO_PROPOSAL,
	DROP_BAD_PROPOSAL,   /* an SA payload that is malformed inside */
	DROP_DOI,            /* an SA of another domain of interpretation than IPsec's */
	DROP_SITUATION,
	DROP_PROTOCOL,       /* a proposal for another protocol than this exchange is for */
	DROP_AGGRESSIVE,     /* Aggressive Mode, which nobody here speaks */
	DROP_NO_COOKIE,      /* an initiator's cookie of zeros */
	DROP_KEY_LENGTH,     /* a Diffie-Hellman value of the wrong size, or not on the curve */
	DROP_KEY_VALUE,
	DROP_NONCE_LENGTH,
	DROP_UNKNOWN_COOKIE,
	DROP_BLOCKS,         /* encrypted, but not a whole number of blocks */
	DROP_DECRYPT,        /* nonsense after decryption */
	DROP_HASH,           /* an authentication hash is wrong */
	DROP_STATE,          /* right message, wrong time */
	DROP_DUPLICATE,      /* seen before and answered (or not) as the product does */
	DROP_REPLAY,         /* ESP sequence number seen before or too old */
	DROP_AUTH,           /* ESP integrity check */
	DROP_PADDING,
	DROP_CHECKSUM,       /* UDP inside bare ESP: addresses changed on the way, nobody repairs */
	DROP_UNKNOWN_SPI,
	DROP_SELECTOR,       /* traffic that the SA is not for */
	DROP_L2TP_HEADER,
	DROP_L2TP_AVP,
	DROP_L2TP_TUNNEL,    /* unknown tunnel or session */
	DROP_L2TP_WINDOW,
	DROP_PPP,
	DROP_LIMIT,          /* a bound of ours on state held for peers */
	DROP_UNSUPPORTED,
	DROPS,
};
const char *drop_name(enum drop d); /* "short", "no-proposal", ... */
/* EV_DROP of @len bytes that came from @from. */
struct event ev_drop(struct inet_ep from, enum drop why, size_t len);

#endif
