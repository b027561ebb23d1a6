/* SPDX-License-Identifier: MIT */
/*
 * mode.h - how each product behaves, as data.
 *
 * A core never asks "is this SoftEther?"; it asks the row of its mode. A new product is a new
 * row. Each row lists its facts with a key into docs/sources.md and a certainty, so that
 * `natdlab modes` and the documentation can say where a behaviour comes from.
 */
#ifndef NATDLAB_MODE_H
#define NATDLAB_MODE_H

#include "nodes/crypto.h"
#include "nodes/isakmp.h"

/* How sure a fact is: read in a primary source or in two independent captures; one good log or a
 * solid inference; a single weak source. */
enum certainty { CERTAIN_HIGH, CERTAIN_MEDIUM, CERTAIN_LOW };

struct fact {
	const char *what;   /* one sentence */
	const char *source; /* key into docs/sources.md */
	enum certainty certainty;
};

/* The hash a server sends of itself: the second NAT-D payload of message 4. */
enum natd_own {
	NATD_OWN_EXACT,     /* its own address and port */
	NATD_OWN_PARROT,    /* message 3's first hash, copied, for a client it takes for Microsoft;
			       else exact, also when message 3 has fewer than two hashes */
	NATD_OWN_RANDOM,    /* random bytes of the hash's length */
	NATD_OWN_PORT_ZERO, /* its own address with port 0 */
	NATD_OWN_ADDR_ZERO, /* address 0.0.0.0 with its own port */
};

/* The hash it sends of its peer: the first one. */
enum natd_peer {
	NATD_PEER_EXACT,     /* the packet's source */
	NATD_PEER_UNMATCHED, /* the client's address with random cookies and a random port */
	NATD_PEER_PORT_ZERO,
	NATD_PEER_ADDR_ZERO,
};

/* A vendor ID that a mode sends. */
struct vid_rule {
	enum vid vid;
	bool if_peer_sent; /* a responder that answers only what was offered */
};

/* One Main Mode transform as offered or accepted. */
struct phase1_transform {
	enum ike_cipher cipher;
	unsigned keybits; /* AES only */
	enum ike_hash hash;
	enum ike_group group;
	uint32_t life; /* seconds */
};

/* One Quick Mode ESP transform. */
struct phase2_transform {
	uint8_t esp;      /* ESP transform identifier: 2 DES, 3 3DES, 11 NULL, 12 AES */
	unsigned keybits; /* AES only */
	uint16_t auth;    /* 1 HMAC-MD5, 2 HMAC-SHA1, 5 HMAC-SHA2-256 */
};

/* Times after the first transmission at which an unanswered message is sent again, in
 * milliseconds, and when the exchange is given up. */
struct retry {
	uint8_t n;
	uint32_t at_ms[10];
	uint32_t give_up_ms;
};

/* What a client does with "the server is behind NAT". */
enum gate {
	GATE_NONE,      /* nothing: every other client */
	GATE_MICROSOFT, /* AssumeUDPEncapsulationContextOnSendRule */
};

#define MODE_VIDS 16
#define MODE_TRANSFORMS 24
#define MODE_FACTS 24

struct client_mode {
	const char *name;  /* "windows-10" */
	const char *short_name; /* a column's head: "Mac" */
	const char *title; /* "Windows 10 and 11, built-in L2TP/IPsec client" */
	enum gate gate;
	uint8_t n_vids, n_phase1, n_phase2, n_facts;
	struct vid_rule vids[MODE_VIDS];
	struct phase1_transform phase1[MODE_TRANSFORMS];
	struct phase2_transform phase2[MODE_TRANSFORMS];
	bool phase2_one_proposal;   /* all ESP transforms inside one proposal, instead of one each */
	bool life_variable;         /* phase 1 life as a 4-byte variable attribute */
	uint32_t phase2_life_s, phase2_life_kb; /* 0: not offered */
	uint8_t nonce_len;
	bool initial_contact;       /* a Notify in message 5 */
	bool msgid_counts;          /* Quick Mode message IDs 1, 2, 3 ... instead of random */
	bool reliable_delete;       /* MS-IKEE 3.8, to a peer that sends the MS NT5 vendor ID */
	bool dpd;                   /* answers and sends R-U-THERE when both sides advertise it */
	bool natoa_always;          /* sends NAT-OA whenever the exchange floated */
	uint16_t l2tp_port;         /* local UDP port of L2TP; 0: an ephemeral one */
	uint32_t keepalive_ms;      /* NAT keep-alive while floated; 0 none */
	struct retry main_retry, quick_retry, l2tp_retry;
	struct fact facts[MODE_FACTS];
	/* L2TP identity */
	uint16_t l2tp_firmware;     /* 0: no such AVP */
	const char *l2tp_host, *l2tp_vendor;
	uint16_t l2tp_window;
};

struct server_mode {
	const char *name;  /* "softether-4" */
	const char *title;
	enum natd_own natd_own;
	enum natd_peer natd_peer;
	bool natt;         /* advertises NAT-T at all */
	bool force_natt;   /* treats every peer as behind NAT */
	uint8_t n_vids, n_phase1, n_phase2, n_facts;
	struct vid_rule vids[MODE_VIDS];
	struct phase1_transform phase1[MODE_TRANSFORMS]; /* what it accepts; life is ignored */
	struct phase2_transform phase2[MODE_TRANSFORMS];
	enum sa_encoding { SA_AS_OFFERED, SA_LIFE_BASIC, SA_REARRANGED } sa_encoding;
	uint8_t nonce_len;
	bool natoa;             /* NAT-OA in Quick Mode message 2 (if the client sent some) */
	bool qm_ids_rewritten;  /* strongSwan answers with the outer addresses */
	bool reliable_delete;
	bool dpd;
	uint32_t dpd_ms;        /* sends R-U-THERE after this long without traffic; 0 never */
	uint32_t keepalive_ms;
	uint32_t half_open_ms;  /* an unfinished exchange is forgotten after this */
	bool half_open_delete;  /* and says so with an unencrypted Delete */
	struct retry message2_retry, message4_retry, quick_retry;
	enum { DUP_SAME_ANSWER, DUP_NEW_EXCHANGE, DUP_SILENCE } dup_message1, dup_message3, dup_message5;
	enum { BAD_PSK_NOTIFY, BAD_PSK_SILENCE } bad_psk;
	enum { NO_PROPOSAL_PLAIN, NO_PROPOSAL_SPI16, NO_PROPOSAL_RANDOM_COOKIE } no_proposal;
	enum { OTHER_MESSAGE3_DROPS, OTHER_MESSAGE3_REPEATS, OTHER_MESSAGE3_IGNORED } other_message3;
	bool invalid_cookie;    /* answers messages of unknown SAs with INVALID-COOKIE */
	bool invalid_spi;       /* and ESP of unknown SPIs with INVALID-SPI */
	struct fact facts[MODE_FACTS];
	/* L2TP identity */
	uint16_t l2tp_firmware;
	const char *l2tp_host, *l2tp_vendor;
	uint16_t l2tp_window;
	uint32_t hello_ms, tunnel_timeout_ms;
	struct retry l2tp_retry;
};

/* NULL when there is none of that name. */
const struct client_mode *mode_client(const char *name);
const struct server_mode *mode_server(const char *name);
/* All of them, in the order of the documentation. */
const struct client_mode *mode_clients(size_t *n);
const struct server_mode *mode_servers(size_t *n);

/*
 * Microsoft's rule (MS-FASP 2.2.41, KB926179): may a connection go on? @registry: -1 for an
 * absent value, else 0, 1, 2. Values above 2 are not defined and treated as 2.
 */
bool mode_gate_allows(enum gate gate, int registry, bool self_behind_nat, bool peer_behind_nat);

#endif
