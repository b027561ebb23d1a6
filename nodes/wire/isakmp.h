/* SPDX-License-Identifier: MIT */
/*
 * isakmp.h - ISAKMP messages (RFC 2408, 2409, 2407, 3947, 3706): bytes to structure and back.
 *
 * Parse completely, then act: isakmp_parse() walks the whole payload chain of a clear message (or
 * of a decrypted body) into fixed arrays of views into the caller's bytes. It knows formats, not
 * states; what a state allows is the tables' business in ike.
 */
#ifndef NATDLAB_NODES_WIRE_ISAKMP_H
#define NATDLAB_NODES_WIRE_ISAKMP_H

#include "lab/base/inet.h"
#include "lab/base/wire.h"
#include "nodes/base/event.h"
#include "nodes/wire/natd.h"

#define ISAKMP_HEADER_LEN 28
#define ISAKMP_MARKER_LEN 4 /* four zero bytes before ISAKMP on port 4500 (RFC 3948 2.2) */

#define IKE_PORT 500       /* RFC 2408 2.5.1 */
#define IKE_NATT_PORT 4500 /* RFC 3947 4 */

enum isakmp_exchange {
	EXCHANGE_MAIN = 2, /* "identity protection" */
	EXCHANGE_AGGRESSIVE = 4,
	EXCHANGE_INFORMATIONAL = 5,
	EXCHANGE_TRANSACTION = 6, /* XAUTH and Mode Config (draft-dukes-ike-mode-cfg) */
	EXCHANGE_QUICK = 32,
};

#define ISAKMP_FLAG_ENCRYPTED 0x01
#define ISAKMP_FLAG_COMMIT 0x02

enum isakmp_payload {
	PAYLOAD_NONE = 0,
	PAYLOAD_SA = 1,
	PAYLOAD_PROPOSAL = 2,
	PAYLOAD_TRANSFORM = 3,
	PAYLOAD_KE = 4,
	PAYLOAD_ID = 5,
	PAYLOAD_CERT = 6,
	PAYLOAD_CERT_REQUEST = 7,
	PAYLOAD_HASH = 8,
	PAYLOAD_SIGNATURE = 9,
	PAYLOAD_NONCE = 10,
	PAYLOAD_NOTIFY = 11,
	PAYLOAD_DELETE = 12,
	PAYLOAD_VID = 13,
	PAYLOAD_NATD = 20,        /* RFC 3947 */
	PAYLOAD_NATOA = 21,
	PAYLOAD_NATD_DRAFT = 130, /* drafts 00 to 03 */
	PAYLOAD_NATOA_DRAFT = 131,
	PAYLOAD_FRAGMENT = 132,   /* Cisco's and Microsoft's */
};

/* Notify types (RFC 2408 3.14.1, RFC 2407 4.6.3, RFC 3706 5, MS-IKEE). */
enum {
	NOTIFY_INVALID_PAYLOAD_TYPE = 1,
	NOTIFY_DOI_NOT_SUPPORTED = 2,
	NOTIFY_SITUATION_NOT_SUPPORTED = 3,
	NOTIFY_INVALID_COOKIE = 4,
	NOTIFY_INVALID_MAJOR_VERSION = 5,
	NOTIFY_INVALID_MINOR_VERSION = 6,
	NOTIFY_INVALID_FLAGS = 8,
	NOTIFY_INVALID_MESSAGE_ID = 9,
	NOTIFY_INVALID_PROTOCOL_ID = 10,
	NOTIFY_INVALID_SPI = 11,
	NOTIFY_NO_PROPOSAL_CHOSEN = 14,
	NOTIFY_BAD_PROPOSAL_SYNTAX = 15,
	NOTIFY_PAYLOAD_MALFORMED = 16,
	NOTIFY_INVALID_KEY = 17,
	NOTIFY_INVALID_ID = 18,
	NOTIFY_INVALID_HASH = 23,
	NOTIFY_AUTHENTICATION_FAILED = 24,
	NOTIFY_UNSUPPORTED_EXCHANGE = 29,
	NOTIFY_FIRST_STATUS = 16384, /* below: errors */
	NOTIFY_INITIAL_CONTACT = 24578,
	NOTIFY_R_U_THERE = 36136,
	NOTIFY_R_U_THERE_ACK = 36137,
};

struct isakmp_header {
	uint8_t cky_i[8], cky_r[8];
	uint8_t next, version, exchange, flags;
	uint32_t msgid, length;
};

/* A view of bytes in the message. */
struct view {
	const uint8_t *p;
	size_t len;
};

#define ISAKMP_PAYLOADS 40
#define ISAKMP_PROPOSALS 16
#define ISAKMP_TRANSFORMS 40
#define ISAKMP_ATTRS 16

struct isakmp_attr {
	uint16_t type;
	bool basic;       /* the short form, AF = 1 */
	uint64_t value;   /* big-endian value of up to 8 bytes; UINT64_MAX for longer ones */
	struct view raw;  /* of a variable one */
};

struct isakmp_transform {
	uint8_t number, id;
	uint8_t n_attrs;
	uint8_t proposal; /* index of its proposal */
	struct view raw;  /* the whole transform payload, header included */
	struct isakmp_attr attrs[ISAKMP_ATTRS];
};

struct isakmp_proposal {
	uint8_t number, protocol; /* 1 ISAKMP, 2 AH, 3 ESP, 4 IPCOMP */
	struct view spi;
	uint8_t said_transforms;      /* the count that the payload claims */
	uint8_t first_transform, n_transforms;
};

struct isakmp_sa {
	uint32_t doi, situation;
	struct view body; /* the SA payload without its generic header: SAi_b of RFC 2409 */
	uint8_t n_proposals, n_transforms;
	struct isakmp_proposal proposals[ISAKMP_PROPOSALS];
	struct isakmp_transform transforms[ISAKMP_TRANSFORMS];
};

struct isakmp_id {
	uint8_t type, protocol;
	uint16_t port;
	struct view data;
	struct view body; /* type, protocol, port and data: IDii_b */
};

struct isakmp_notify {
	uint32_t doi;
	uint8_t protocol;
	uint16_t type;
	struct view spi, data;
};

struct isakmp_delete {
	uint32_t doi;
	uint8_t protocol, spi_size;
	uint16_t n_spis;
	struct view spis;
};

struct isakmp_payload_view {
	uint8_t type;
	struct view body; /* behind the generic header */
};

/* A parsed message. The first SA, KE, ... is what a protocol asks for, and of IDs, NAT-OAs,
 * Notifies and Deletes the first so many; `payloads` has all of them in wire order. A view that
 * was not there has p NULL. */
struct isakmp_msg {
	struct isakmp_header h;
	uint8_t n_payloads;
	bool has_sa;
	struct view ke, nonce, hash;
	uint8_t n_ids;
	struct isakmp_id ids[2];
	uint8_t n_natoa;
	struct inet_addr natoa[2];
	struct natd_list natd;
	uint8_t natd_type; /* PAYLOAD_NATD or PAYLOAD_NATD_DRAFT of the first one; 0 none */
	uint8_t natoa_type;
	uint8_t n_notifies, n_deletes;
	struct isakmp_notify notifies[4];
	struct isakmp_delete deletes[4];
	size_t trailing; /* bytes behind the last payload (padding of a decrypted body) */
	/* The arrays of @sa, and @payloads, are 23 of these 24 KB: not cleared for each message.
	 * Only as many of their elements as the counts say have a value. */
	struct isakmp_sa sa;
	struct isakmp_payload_view payloads[ISAKMP_PAYLOADS];
};

/* Reads a header: false when there are fewer than 28 bytes. Judges nothing. */
bool isakmp_header_parse(struct isakmp_header *h, struct rd *r);
/* Reads a payload chain that begins with type @next. An enum drop; DROP_NONE when all is well.
 * Reserved bytes are not judged. Unknown payload types are kept as views. */
enum drop isakmp_payloads_parse(struct isakmp_msg *m, uint8_t next, struct rd *r);
/* Header and, unless it is encrypted, all payloads. @len is the datagram's (marker removed).
 * DROP_LENGTH when the header claims more than that (or less than a header); bytes behind the
 * claimed length are counted in `trailing` and not judged, since products differ. The header is
 * read in any case when there are 28 bytes. Views lie in @p. */
enum drop isakmp_parse(struct isakmp_msg *m, const uint8_t *p, size_t len, struct spans *spans);

/* Phase 1 attribute types (RFC 2409 appendix A) and phase 2's (RFC 2407 4.5). */
enum { P1_ENC = 1, P1_HASH = 2, P1_AUTH = 3, P1_GROUP = 4, P1_LIFE_TYPE = 11, P1_LIFE = 12,
       P1_KEYLEN = 14 };
enum { P2_LIFE_TYPE = 1, P2_LIFE = 2, P2_GROUP = 3, P2_ENCAP = 4, P2_AUTH = 5, P2_KEYLEN = 6 };
enum { ENCAP_TUNNEL = 1, ENCAP_TRANSPORT = 2, ENCAP_UDP_TUNNEL = 3, ENCAP_UDP_TRANSPORT = 4,
       ENCAP_UDP_TUNNEL_DRAFT = 61443, ENCAP_UDP_TRANSPORT_DRAFT = 61444 };

/* The value of an attribute, or @absent. */
uint64_t isakmp_attr_value(const struct isakmp_transform *t, uint16_t type, uint64_t absent);

/*
 * Writing. A builder keeps the place of the last next-payload byte, so that payloads are added in
 * order and the chain is always right.
 */
struct isakmp_out {
	struct wr w;
	size_t next_at;            /* where the type of the next payload belongs */
	struct wr_open length;     /* of the message */
	struct wr_open payload;    /* of the open payload */
};

/* Begins a message: header with length open and flags as given. */
void isakmp_begin(struct isakmp_out *o, void *buf, size_t size, const uint8_t cky_i[8],
		  const uint8_t cky_r[8], uint8_t exchange, uint8_t flags, uint32_t msgid);
/* Opens a payload; write its body with wr_*(&o->w, ...); isakmp_payload_end() closes it. */
void isakmp_payload_begin(struct isakmp_out *o, uint8_t type);
void isakmp_payload_end(struct isakmp_out *o);
/* A payload whose body is there already. */
void isakmp_payload_put(struct isakmp_out *o, uint8_t type, const void *body, size_t len);
void isakmp_attr_basic(struct wr *w, uint16_t type, uint16_t value);
void isakmp_attr_u32(struct wr *w, uint16_t type, uint32_t value); /* variable, 4 bytes */
/* Closes the length field. The message's length, or 0 if it did not fit. */
size_t isakmp_end(struct isakmp_out *o);

#endif
