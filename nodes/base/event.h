/* SPDX-License-Identifier: MIT */
/*
 * event.h - the one vocabulary of what was observed.
 *
 * An event is {time, place, kind, fields, frame number}. Its place is a link, when watch read it
 * off the wire, or a node, when the node tells what the wire cannot show: a decision and its
 * reason. The append-only log of events is the only input to judgement, so what a verdict needs
 * is an event, never a log line. Kinds and keys are tables (event.c): JSON names, words for
 * people, and which keys a kind has.
 */
#ifndef NATDLAB_NODES_BASE_EVENT_H
#define NATDLAB_NODES_BASE_EVENT_H

#include <stdio.h>

#include "lab/base/inet.h"
#include "lab/base/mem.h"
#include "nodes/base/outcome.h"

enum ev_kind {
	/* On the wire, from watch */
	EV_ISAKMP,     /* src dst cky_i cky_r exchange msgid flags length message */
	EV_NATD,       /* in message 3 or 4: cky_i cky_r message payload hash1 hash2 */
	EV_ESP,        /* src dst spi esp_seq encap length */
	EV_KEEPALIVE,  /* src dst: one byte 0xff on 4500 or 500 */
	EV_ICMP,       /* src dst icmp_type icmp_code */
	EV_OTHER,      /* any other IP packet: src dst proto length */
	/* In a node */
	EV_DIAL,       /* src dst: a client begins */
	EV_PHASE1,     /* Main Mode done: src dst cky_i cky_r cipher keylen hash group */
	EV_NAT_SEEN,   /* what RFC 3947 tells this node: self_behind_nat peer_behind_nat floated */
	EV_PHASE2,     /* Quick Mode done: msgid spi_in spi_out encap cipher keylen */
	EV_POLICY,     /* the client's rule: registry self_.. peer_behind_nat allowed reason */
	EV_RETRANSMIT, /* msgid (of Quick Mode) message try */
	EV_DELETE,     /* a Delete sent or received: sent proto spi */
	EV_NOTIFY,     /* a Notify sent or received: sent notify */
	EV_DPD,        /* R-U-THERE or its answer: sent notify seqno */
	EV_DROP,       /* bytes of a peer that were not used: drop src length */
	EV_PSK,        /* the peer's message 5 or 6 was made with another key: cky_i message */
	EV_EXPIRED,    /* an exchange or SA given up: cky_i cky_r why */
	EV_L2TP,       /* an L2TP control message: sent message tunnel session ns nr */
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
	K_SRC, K_DST, K_CKY_I, K_CKY_R, K_EXCHANGE, K_MSGID, K_FLAGS, K_LENGTH, K_MESSAGE,
	K_PAYLOAD, K_HASH1, K_HASH2, K_SPI, K_ESP_SEQ, K_ENCAP, K_ICMP_TYPE, K_ICMP_CODE, K_PROTO,
	K_CIPHER, K_KEYLEN, K_HASH, K_GROUP, K_SELF_BEHIND_NAT, K_PEER_BEHIND_NAT, K_FLOATED,
	K_SPI_IN, K_SPI_OUT, K_REGISTRY, K_ALLOWED, K_REASON, K_TRY, K_SENT, K_NOTIFY, K_SEQNO,
	K_DROP, K_WHY, K_TUNNEL, K_SESSION, K_NS, K_NR, K_OUTCOME, K_ERROR, K_REACHED,
	K_ALIVE, K_METHOD, K_ACCEPTED,
	EV_KEYS,
};

enum ev_type { EVT_U, EVT_BOOL, EVT_WORD, EVT_STR, EVT_HEX, EVT_EP };

struct ev_field {
	enum ev_key key;
	enum ev_type type;
	uint8_t len;          /* of hex */
	union {
		uint64_t u; /* of a word, too: the value */
		bool b;
		const char *s;     /* static text or the arena's */
		uint8_t hex[64];
		struct inet_ep ep;
	};
};

#define EV_FIELDS_MAX 12

struct event {
	uint32_t seq;      /* 1, 2, ... in its log; what "evidence" counts */
	usec t;
	const char *place; /* link or node name */
	bool wire;         /* the place is a link */
	enum ev_kind kind;
	uint32_t frame;    /* number in the scenario's capture, 0 if none */
	uint8_t n;
	struct ev_field f[EV_FIELDS_MAX];
};

/* Building: ev_new(EV_DPD), then one call a field. Asserts that there is room and that the key
 * belongs to the kind (event.c's table). */
struct event ev_new(enum ev_kind kind);
void ev_u(struct event *e, enum ev_key key, uint64_t v);
void ev_bool(struct event *e, enum ev_key key, bool v);
/* A value of the enumeration that belongs to the key: K_OUTCOME, K_REASON, K_WHY, K_REACHED,
 * K_DROP, K_METHOD; of K_ENCAP 0 none, 1 UDP. */
void ev_word(struct event *e, enum ev_key key, unsigned value);
void ev_str(struct event *e, enum ev_key key, const char *s);
void ev_hex(struct event *e, enum ev_key key, const void *p, size_t len);
void ev_ep(struct event *e, enum ev_key key, struct inet_ep ep);

/* NULL when the event has no such field. */
const struct ev_field *ev_get(const struct event *e, enum ev_key key);
uint64_t ev_get_u(const struct event *e, enum ev_key key);       /* 0 if absent */
unsigned ev_get_word(const struct event *e, enum ev_key key);	 /* the value; 0 if absent */
bool ev_get_bool(const struct event *e, enum ev_key key);        /* false if absent */
const char *ev_get_str(const struct event *e,
		       enum ev_key key); /* "" if absent; of a word its text */
/* The text of a word or string. */
const char *ev_text(const struct ev_field *f);

const char *ev_kind_name(enum ev_kind kind); /* "isakmp", "phase1", ...: JSON's word */
const char *ev_key_name(enum ev_key key);    /* "cky_i", ... */

/* One line for people: "0.000150 client nat-seen self_behind_nat=true ...". */
void ev_print(FILE *f, const struct event *e);

/* Where events go. */
struct ev_sink {
	void (*put)(void *ctx, const struct event *e);
	void *ctx;
};

/* The append-only log. */
struct ev_log {
	struct arena *a;
	VEC(struct event) ev;
};
void ev_log_init(struct ev_log *log, struct arena *a);
/* Copies, numbers, keeps. Returns the number. */
uint32_t ev_log_put(struct ev_log *log, const struct event *e);

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
