/* SPDX-License-Identifier: MIT */
/*
 * mode.h - how each product behaves, as data.
 *
 * A core never asks "is this SoftEther?"; it asks the row of its mode. A new product is a new
 * row. Each row lists its facts with a key into docs/sources.md and a certainty, so that
 * `natdlab modes` and the documentation can say where a behaviour comes from.
 */
#ifndef NATDLAB_NODES_MODES_MODE_H
#define NATDLAB_NODES_MODES_MODE_H

#include "nodes/base/outcome.h"
#include "nodes/crypto/crypto.h"
#include "nodes/wire/isakmp.h"
#include "nodes/wire/vid.h"

/* How sure a fact is: read in a primary source or in two independent captures; one good log or a
 * solid inference; a single weak source. */
enum certainty { CERTAIN_HIGH, CERTAIN_MEDIUM, CERTAIN_LOW };

struct fact {
	const char *what;   /* one sentence */
	const char *source; /* key into docs/sources.md */
	enum certainty certainty;
};

/*
 * How each field of a product is known that cannot be run beside its mode (docs/fidelity.md):
 * seen in captures and logs, written in documents, or inferred from either. Of other modes there is
 * nothing here: tests/interop compares them with the product.
 */
enum known_field {
	KNOWN_LENGTHS,
	KNOWN_ORDER, /* of payloads */
	KNOWN_VIDS,
	KNOWN_TRANSFORMS, /* offered, or accepted and chosen */
	KNOWN_ENCODING,	  /* of their attributes */
	KNOWN_NONCE,
	KNOWN_HASHES,  /* NAT-D */
	KNOWN_VERDICT, /* what is made of NAT-D */
	KNOWN_PORTS,   /* 500 and 4500 */
	KNOWN_QUICK,   /* message IDs and IDs of Quick Mode */
	KNOWN_ESP,     /* transforms */
	KNOWN_NATOA,
	KNOWN_NOTIFIES, /* and Deletes */
	KNOWN_MAIN_TIMES,
	KNOWN_LATER_TIMES,
	KNOWN_END, /* of what is unfinished */
	KNOWN_DUPLICATES,
	KNOWN_WRONG, /* answers to wrong input */
	KNOWN_L2TP,
	KNOWN_PPP,
	KNOWN_FIELDS,
};

enum basis { BASIS_CAPTURED, BASIS_DOCUMENTED, BASIS_INFERRED };

struct field_known {
	const char *what; /* NULL: nothing is said of this field */
	const char *source;
	enum basis basis;
	enum certainty certainty;
};

/* The hash a server sends of itself: the second NAT-D payload of message 4. */
enum natd_own {
	NATD_OWN_EXACT,	    /* its own address and port */
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
	bool any_tail;	   /* ... and to whom the first 16 bytes of it are enough */
	struct view other; /* @vid is VIDS: the bytes of one that has no name here */
};

/* One Main Mode transform as offered or accepted. */
struct phase1_transform {
	enum ike_cipher cipher;
	unsigned keybits; /* AES only */
	enum ike_hash hash;
	enum ike_group group;
	uint32_t life; /* seconds */
};

/*
 * What a responder accepts, in any combination: bits of IANA's values. It takes the first
 * transform of the initiator's list that it accepts, as all of them do.
 */
#define ACCEPT(value) (UINT32_C(1) << (value))
#define ACCEPT_KEY(bits) (UINT32_C(1) << ((bits) / 64)) /* AES key lengths: 128, 192, 256 */
struct phase1_accept {
	uint32_t ciphers; /* ACCEPT(CIPHER_AES) | ... */
	uint32_t keys;	  /* ACCEPT_KEY(256) | ...: of AES */
	uint32_t hashes;  /* ACCEPT(HASH_SHA1) | ... */
	uint32_t groups;  /* ACCEPT(GROUP_ECP384) | ... */
};
struct phase2_accept {
	uint32_t esp; /* ACCEPT(ESP_AES) | ...; NULL encryption is never accepted by these */
	uint32_t keys;
	uint32_t auths; /* ACCEPT(AUTH_HMAC_SHA1) | ... */
};

/* ESP transform identifiers and HMACs (RFC 2407 4.4.4 and 4.5). */
enum { ESP_DES = 2, ESP_3DES = 3, ESP_NULL = 11, ESP_AES = 12 };
enum { AUTH_HMAC_MD5 = 1, AUTH_HMAC_SHA1 = 2, AUTH_HMAC_SHA256 = 5 };

/* One Quick Mode ESP transform. */
struct phase2_transform {
	uint8_t esp;	  /* ESP_3DES ... */
	unsigned keybits; /* AES only */
	uint16_t auth;	  /* AUTH_HMAC_SHA1 ... */
};

/* Times after the first transmission at which an unanswered message is sent again, in
 * milliseconds, and when the exchange is given up. */
struct retry {
	uint8_t n;
	uint32_t at_ms[10];
	uint32_t give_up_ms;
};

/* How L2TP speaks of itself in SCCRQ and SCCRP (RFC 2661 4.4.3). */
struct l2tp_identity {
	const char *host;   /* at most 63 bytes, like @vendor */
	const char *vendor; /* NULL: not sent */
	uint32_t framing;   /* 1 synchronous, 2 asynchronous */
	bool has_bearer;    /* sends Bearer Capabilities: */
	uint32_t bearer;    /* 1 digital, 2 analogue */
	uint16_t firmware;  /* 0: not sent */
	uint16_t window;    /* 0: not sent */
	uint64_t optional;  /* AVPs sent without the M bit that RFC 2661 asks for: bit = type */
	bool counts_ids;    /* tunnels and sessions are 1, 2, 3 ... instead of random */
};

#define PPP_AUTH_MAX 4 /* methods of a row, ended by PPP_AUTH_NONE */

/* What LCP asks for and what it rejects of the peer's wishes (RFC 1661 6): bit = option. */
struct lcp_identity {
	uint32_t wants;
	uint32_t rejects; /* besides those that we do not know */
	uint16_t mru;     /* when wanted */
	const char *echo; /* what an Echo-Request carries behind the magic number, or NULL */
};

/* What a client does with "the server is behind NAT". */
enum gate {
	GATE_NONE,	/* nothing: every other client */
	GATE_MICROSOFT, /* AssumeUDPEncapsulationContextOnSendRule */
};

/* What message 4 is made of. */
struct answer_part {
	enum answer_kind {
		ANSWER_KEY,
		ANSWER_NONCE,
		ANSWER_PEER_HASH, /* NAT-D, where NAT-D is exchanged at all */
		ANSWER_OWN_HASH,
		ANSWER_VID,
	} kind;
	struct vid_rule vid; /* ANSWER_VID */
};

#define MODE_VIDS 24
#define MODE_ANSWER 16
#define MODE_TRANSFORMS 24
#define MODE_FACTS 32
#define MODE_ATTRS 8 /* attribute types in the order of writing, ended by 0; KEYLEN only of AES */

/* What one end does not look at: bits of client_mode.ignores and server_mode.ignores. */
enum {
	IGNORES_LENGTH = 1,	       /* the length in the header: the datagram's counts */
	IGNORES_VERSION = 2,	       /* major and minor */
	IGNORES_MESSAGE_ID = 4,	       /* of Main Mode, where it should be 0 */
	IGNORES_PAYLOADS = 8,	       /* payloads that it has no use for */
	IGNORES_DOI = 16,	       /* and the situation */
	IGNORES_AUTHENTICATION = 32,   /* the method that a phase 1 transform names */
	IGNORES_KEY_LENGTH = 64,       /* a shorter public value is a number all the same */
	IGNORES_KEY_VALUE = 128,       /* even 0 */
	IGNORES_NONCE_LENGTH = 256,
	IGNORES_TUNNEL = 512,	       /* tunnel mode is taken for transport mode */
	IGNORES_PORT = 1024,	       /* the port of its own Quick Mode ID */
};

struct client_mode {
	const char *name;	/* "windows-10" */
	const char *short_name; /* a column's head: "Mac" */
	const char *title;	/* "Windows 10 and 11, built-in L2TP/IPsec client" */
	enum gate gate;
	uint8_t n_vids, n_phase1, n_phase2, n_facts;
	struct vid_rule vids[MODE_VIDS];
	struct phase1_transform phase1[MODE_TRANSFORMS];
	struct phase2_transform phase2[MODE_TRANSFORMS];
	uint16_t phase1_attrs[MODE_ATTRS], phase2_attrs[MODE_ATTRS];
	bool phase2_one_proposal; /* all ESP transforms inside one proposal, instead of one each */
	bool life_variable;	  /* lives as 4-byte variable attributes, however small */
	uint32_t phase2_life_s, phase2_life_kb; /* 0: not offered */
	uint8_t nonce_len;
	bool pads_whole_block;	  /* a block of padding where the last one is full anyway */
	bool initial_contact;	  /* a Notify in message 5 */
	bool msgid_counts;	  /* Quick Mode message IDs 1, 2, 3 ... instead of random */
	bool reliable_delete;	  /* MS-IKEE 3.8, to a peer that sends the MS NT5 vendor ID */
	bool dpd;		  /* answers R-U-THERE */
	uint32_t ignores;
	bool natoa_always;	  /* sends NAT-OA whenever the exchange floated */
	bool quick_port_any;	  /* port 0 in its own Quick Mode ID, whatever L2TP's port is */
	uint16_t l2tp_port;	  /* local UDP port of L2TP; 0: an ephemeral one */
	uint32_t keepalive_ms;	  /* NAT keep-alive while floated and behind NAT; 0 none */
	struct retry main_retry;  /* of message 1 */
	struct retry later_retry; /* of messages 3 and 5 */
	struct retry quick_retry, l2tp_retry;
	struct fact facts[MODE_FACTS];
	struct field_known known[KNOWN_FIELDS];
	bool quick_per_sccrq; /* an unanswered SCCRQ goes out again over a new Quick Mode */
	struct l2tp_identity l2tp;
	struct lcp_identity lcp;
	/* It agrees to these; asked for another, it proposes them, the first first. */
	enum ppp_method auth[PPP_AUTH_MAX];
};

/* What a server answers to a message that is wrong in one way; to others, silence. */
struct wrong_answer {
	enum drop drop; /* what the parser and the tables of states call it */
	uint16_t notify;
};

/* What a server looks at that others do not: bits of server_mode.minds. */
enum {
	MINDS_MINOR_VERSION = 1,
	MINDS_TRANSFORM_COUNT = 2, /* the number of transforms that a proposal claims */
	MINDS_LIFE_TYPE = 4,	   /* of a phase 1 transform: seconds or kilobytes */
	MINDS_AUTHENTICATION = 8,  /* another method than a secret: not even refused */
	MINDS_PROPOSAL_PROTOCOL = 16,
	MINDS_FLAGS_FIRST = 32,	   /* clear where encrypted is due: it is not even read */
	MINDS_HASH_COUNT = 64,	   /* one NAT-D payload alone is none */
};

#define MODE_WRONG 16

struct server_mode {
	const char *name; /* "softether-4" */
	const char *title;
	enum natd_own natd_own;
	enum natd_peer natd_peer;
	bool natt;	   /* advertises NAT-T at all */
	bool force_natt;   /* treats every peer as behind NAT */
	bool natd_unasked; /* two NAT-D in message 4 although message 3 had none */
	bool address_zero; /* bound to no address: 0.0.0.0 is its own in hash, ID and NAT-OA */
	uint8_t n_vids, n_facts;
	struct vid_rule vids[MODE_VIDS];
	bool one_natt_vid; /* of the NAT-T vendor IDs in vids[] only the first that fits is sent */
	struct phase1_accept phase1;
	struct phase2_accept phase2;
	/* The chosen transform is sent back byte for byte, or written anew: number 1, attributes in
	 * the order given, a life below 65536 as a basic attribute. */
	enum sa_encoding { SA_AS_OFFERED, SA_REENCODED } sa_encoding;
	uint16_t phase1_attrs[MODE_ATTRS], phase2_attrs[MODE_ATTRS];
	/* Of a Main Mode transform that is written anew: */
	bool life_variable; /* its life is a 4-byte variable attribute, however small */
	bool keeps_number;  /* it has the number that it was offered with, instead of 1 */
	uint8_t nonce_len;
	uint8_t n_message4; /* 0: the usual four, key, nonce and the two hashes */
	struct answer_part message4[MODE_ANSWER];
	bool pads_whole_block; /* a block of padding where the last one is full anyway */
	bool natoa;	       /* NAT-OA in Quick Mode message 2 (if the client sent some) */
	bool natoa_unasked;    /* also if the client sent none, once floated */
	bool qm_ids_rewritten; /* strongSwan answers with the outer addresses */
	bool reliable_delete;
	bool dpd;
	uint32_t dpd_ms;       /* sends R-U-THERE after this long without traffic; 0 never */
	uint32_t keepalive_ms; /* NAT keep-alive to floated peers; 0 none */
	bool keepalive_always; /* also when it is not behind NAT itself */
	bool keepalive_steady; /* whatever else is sent meanwhile */
	uint32_t idle_ms;      /* an SA without any traffic is forgotten after this; 0 never */
	uint32_t half_open_ms; /* an unfinished exchange is forgotten after this */
	bool half_open_renewed; /* counted from its last message instead of its first */
	uint32_t unused_ms;	/* an SA without a whole Quick Mode is deleted; 0 never */
	bool half_open_delete; /* and says so with an unencrypted Delete, in whose header are a
				  random cookie and a zero one */
	struct retry message2_retry, message4_retry, quick_retry;
	struct retry message6_retry; /* until a Quick Mode comes */
	enum {
		DUP_SAME_ANSWER,
		DUP_NEW_EXCHANGE,
		DUP_SILENCE
	} dup_message1,
		dup_message3, dup_message5, dup_quick1;
	bool other_message1_ignored; /* a message 1 that differs under a cookie that is known */
	enum { BAD_PSK_NOTIFY, BAD_PSK_SILENCE } bad_psk;
	uint16_t bad_psk_type; /* of the Notify, where wrong[] has none for what was wrong */
	/* When a client that is not proven yet has moved, which is what message 5 on 4500 is: */
	enum {
		FOLLOWS_PROVEN,	  /* its hash is right */
		FOLLOWS_READABLE, /* it can be decrypted */
		FOLLOWS_ANY,	  /* its cookies are right */
	} follows;
	/* How NO-PROPOSAL-CHOSEN to message 1, and other notifies in clear, look: 40 bytes with
	 * a zero cookie of its own, message ID 0 and no SPI; or 56 bytes with a fresh cookie, a
	 * random message ID and both cookies as SPI; or the same with a random cookie and a zero
	 * one in the header and CKY-I | 0 as SPI; or nothing is said. */
	enum {
		NO_PROPOSAL_PLAIN,
		NO_PROPOSAL_SPI16,
		NO_PROPOSAL_RANDOM_COOKIE,
		NO_PROPOSAL_SILENCE
	} no_proposal;
	/* A message 3 that differs from the one that was answered. */
	enum {
		OTHER_MESSAGE3_DROPS,
		OTHER_MESSAGE3_IGNORED
	} other_message3;
	uint8_t n_wrong;
	struct wrong_answer wrong[MODE_WRONG];
	uint32_t ignores, minds;
	/* A major version that is not 1: RFC 7296 2.5 asks for an answer in version 2. */
	enum {
		VERSION_SILENCE,
		VERSION_NEWER_ANSWERED, /* with INVALID_MAJOR_VERSION */
		VERSION_OTHER_ANSWERED, /* an older one too; both bits, version and response */
	} version;
	uint16_t tunnel_notify; /* to a Quick Mode for tunnel mode; 0 NO-PROPOSAL-CHOSEN */
	uint16_t esp_notify;	/* to one for an ESP transform that nobody knows; 0 likewise */
	bool invalid_cookie;	/* answers messages of unknown SAs with INVALID-COOKIE */
	bool invalid_spi;	/* and ESP of unknown SPIs with INVALID-SPI and a Delete of it */
	/* It has no socket for bare ESP: a client without NAT-T is not answered at all. */
	bool esp_in_udp_only;
	struct fact facts[MODE_FACTS];
	struct field_known known[KNOWN_FIELDS];
	struct l2tp_identity l2tp;
	struct lcp_identity lcp;
	/* It asks for these, one after the other, until the client agrees; for nothing when the
	 * first is PPP_AUTH_NONE. */
	enum ppp_method auth[PPP_AUTH_MAX];
	bool chap_wordless; /* its Success and Failure have no text for people (M=, RFC 2759) */
	uint32_t hello_ms;	    /* L2TP Hello after this long without a word; 0 never */
	uint32_t tunnel_timeout_ms; /* a tunnel without a word this long is gone; 0 never */
	struct retry l2tp_retry;
};

/* "high", "medium", "low". */
const char *certainty_name(enum certainty c);
/* "lengths of messages"; "captured". */
const char *known_field_name(enum known_field f);
const char *basis_name(enum basis b);

/* The bytes of the vendor ID that a rule sends. */
struct view vid_rule_bytes(const struct vid_rule *rule);

/* Does a server take such a transform, whose numbers a peer wrote? @keybits counts of AES only. */
bool mode_accepts_phase1(const struct phase1_accept *a, unsigned cipher, unsigned keybits,
			 unsigned hash, unsigned group);
bool mode_accepts_phase2(const struct phase2_accept *a, unsigned esp, unsigned keybits,
			 unsigned auth);

/* NULL when there is none of that name. */
const struct client_mode *mode_client(const char *name);
const struct server_mode *mode_server(const char *name);
/* All of them, in the order of the documentation. */
const struct client_mode *const *mode_clients(size_t *n);
const struct server_mode *const *mode_servers(size_t *n);

#endif
