/* SPDX-License-Identifier: MIT */
/*
 * l2tp_msg.h - L2TPv2 messages (RFC 2661 3 to 5): bytes to structure and back.
 *
 * Parse completely, then act: what a state allows is the table's business in l2tp.c.
 */
#ifndef NATDLAB_NODES_WIRE_L2TP_MSG_H
#define NATDLAB_NODES_WIRE_L2TP_MSG_H

#include "lab/base/wire.h"
#include "nodes/base/event.h"

#define L2TP_PORT 1701
#define L2TP_CONTROL_HEADER_LEN 12
#define L2TP_PROTOCOL_VERSION 0x0100 /* version 1, revision 0 (4.4.3) */

/* Message types (3.2). ZLB, an empty message that only acknowledges, has none on the wire. */
enum l2tp_type {
	L2TP_ZLB = 0,
	L2TP_SCCRQ = 1,
	L2TP_SCCRP = 2,
	L2TP_SCCCN = 3,
	L2TP_STOPCCN = 4,
	L2TP_HELLO = 6,
	L2TP_OCRQ = 7,
	L2TP_OCRP = 8,
	L2TP_OCCN = 9,
	L2TP_ICRQ = 10,
	L2TP_ICRP = 11,
	L2TP_ICCN = 12,
	L2TP_CDN = 14,
	L2TP_WEN = 15,
	L2TP_SLI = 16,
};

/* "SCCRQ", ...; "?" for a number that RFC 2661 does not know. */
const char *l2tp_type_name(unsigned type);
bool l2tp_type_known(unsigned type);

/* Attribute types (4.4). */
enum l2tp_avp_type {
	AVP_MESSAGE_TYPE = 0,
	AVP_RESULT_CODE = 1,
	AVP_PROTOCOL_VERSION = 2,
	AVP_FRAMING_CAPABILITIES = 3,
	AVP_BEARER_CAPABILITIES = 4,
	AVP_FIRMWARE_REVISION = 6,
	AVP_HOST_NAME = 7,
	AVP_VENDOR_NAME = 8,
	AVP_ASSIGNED_TUNNEL = 9,
	AVP_RECEIVE_WINDOW = 10,
	AVP_CHALLENGE = 11,
	AVP_ASSIGNED_SESSION = 14,
	AVP_CALL_SERIAL = 15,
	AVP_FRAMING_TYPE = 19,
	AVP_TX_SPEED = 24,
	AVP_SEQUENCING_REQUIRED = 39,
	AVP_TYPES = 40,
};

#define L2TP_AVP_BIT(type) (UINT64_C(1) << (type))

/* One attribute as received; p is NULL when it was not sent. */
struct l2tp_avp {
	const uint8_t *p;
	size_t len;
	uint32_t value; /* of those that hold a number of 2 or 4 bytes */
};

struct l2tp_msg {
	bool control;
	uint16_t tunnel, session;
	bool has_seq;
	uint16_t ns, nr;
	/* Data: the PPP frame. */
	const uint8_t *data;
	size_t len;
	/* Control: */
	uint16_t type;			/* L2TP_ZLB when empty */
	bool type_mandatory;		/* an unknown message must not be ignored */
	struct l2tp_avp avp[AVP_TYPES]; /* of vendor 0, by type; the first of each counts */
	/* An attribute with the M bit that we do not know, or that is hidden: without a shared
	 * secret nobody can read it (4.3). Its type; the message must be refused (4.1). */
	bool refused;
	uint16_t refused_type;
};

/*
 * Header and, of a control message, every attribute. DROP_L2TP_HEADER: this is no L2TPv2 message,
 * nothing in @m counts. DROP_L2TP_AVP: the header is good and filled in, the attributes are
 * malformed.
 */
enum drop l2tp_parse(struct l2tp_msg *m, const uint8_t *p, size_t len, struct spans *spans);

/* Writing a control message. */
struct l2tp_out {
	struct wr w;
	struct wr_open length;
	uint64_t optional; /* attributes that go without their M bit, against the RFC: bit = type */
};

void l2tp_begin(struct l2tp_out *o, void *buf, size_t size, uint64_t optional, uint16_t tunnel,
		uint16_t session, uint16_t ns, uint16_t nr);
/* An attribute of vendor 0, with the M bit as RFC 2661 4.4 says; numbers in the width that their
 * type has. */
void l2tp_put(struct l2tp_out *o, enum l2tp_avp_type type, uint32_t value);
void l2tp_put_bytes(struct l2tp_out *o, enum l2tp_avp_type type, const void *p, size_t len);
/* Result and error code (4.4.2); @error is left out when it is 0. */
void l2tp_put_result(struct l2tp_out *o, uint16_t result, uint16_t error);
/* Closes the message. Its length, or 0 if it did not fit. */
size_t l2tp_end(struct l2tp_out *o);

/* Writes a data message: length present, sequence number *@ns counted on when @ns is not NULL.
 * Its length, or 0 if it does not fit. */
size_t l2tp_data(void *buf, size_t size, uint16_t tunnel, uint16_t session, uint16_t *ns,
		 const void *ppp, size_t len);

/* Brings Nr up to date in a message that is sent again (5.8), and that alone. */
void l2tp_patch_nr(uint8_t *msg, size_t len, uint16_t nr);

#endif
