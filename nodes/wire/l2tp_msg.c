/* SPDX-License-Identifier: MIT */
#include "nodes/wire/l2tp_msg.h"

#include <string.h>

/* Flags and version, the first two bytes (3.1). */
#define FLAG_CONTROL 0x8000
#define FLAG_LENGTH 0x4000
#define FLAG_SEQUENCE 0x0800
#define FLAG_OFFSET 0x0200
#define FLAG_PRIORITY 0x0100
#define VERSION_MASK 0x000f
#define VERSION_L2TP 2

/* Flags and length of an attribute (4.1). */
#define AVP_MANDATORY 0x8000
#define AVP_HIDDEN 0x4000
#define AVP_RESERVED 0x3c00
#define AVP_LENGTH 0x03ff
#define AVP_HEADER_LEN 6

static const char *const type_names[] = {
	[L2TP_ZLB] = "ZLB",	[L2TP_SCCRQ] = "SCCRQ",	    [L2TP_SCCRP] = "SCCRP",
	[L2TP_SCCCN] = "SCCCN", [L2TP_STOPCCN] = "StopCCN", [L2TP_HELLO] = "HELLO",
	[L2TP_OCRQ] = "OCRQ",	[L2TP_OCRP] = "OCRP",	    [L2TP_OCCN] = "OCCN",
	[L2TP_ICRQ] = "ICRQ",	[L2TP_ICRP] = "ICRP",	    [L2TP_ICCN] = "ICCN",
	[L2TP_CDN] = "CDN",	[L2TP_WEN] = "WEN",	    [L2TP_SLI] = "SLI",
};

/*
 * RFC 2661 4.4: what each attribute is called, the size of its value, whether that is a number,
 * and whether we send it with the M bit.
 */
static const struct {
	const char *name; /* NULL: no such attribute */
	uint8_t min;
	uint16_t max;
	bool number, mandatory;
} avps[AVP_TYPES] = {
	[AVP_MESSAGE_TYPE] = {"Message Type", 2, 2, true, true},
	[AVP_RESULT_CODE] = {"Result Code", 2, 1017, false, true},
	[AVP_PROTOCOL_VERSION] = {"Protocol Version", 2, 2, true, true},
	[AVP_FRAMING_CAPABILITIES] = {"Framing Capabilities", 4, 4, true, true},
	[AVP_BEARER_CAPABILITIES] = {"Bearer Capabilities", 4, 4, true, true},
	[5] = {"Tie Breaker", 8, 8, false, false},
	[AVP_FIRMWARE_REVISION] = {"Firmware Revision", 2, 2, true, false},
	[AVP_HOST_NAME] = {"Host Name", 1, 1017, false, true},
	[AVP_VENDOR_NAME] = {"Vendor Name", 0, 1017, false, false},
	[AVP_ASSIGNED_TUNNEL] = {"Assigned Tunnel ID", 2, 2, true, true},
	[AVP_RECEIVE_WINDOW] = {"Receive Window Size", 2, 2, true, true},
	[AVP_CHALLENGE] = {"Challenge", 1, 1017, false, true},
	[12] = {"Q.931 Cause Code", 3, 1017, false, true},
	[13] = {"Challenge Response", 16, 16, false, true},
	[AVP_ASSIGNED_SESSION] = {"Assigned Session ID", 2, 2, true, true},
	[AVP_CALL_SERIAL] = {"Call Serial Number", 4, 4, true, true},
	[16] = {"Minimum BPS", 4, 4, true, true},
	[17] = {"Maximum BPS", 4, 4, true, true},
	[18] = {"Bearer Type", 4, 4, true, true},
	[AVP_FRAMING_TYPE] = {"Framing Type", 4, 4, true, true},
	[21] = {"Called Number", 0, 1017, false, true},
	[22] = {"Calling Number", 0, 1017, false, true},
	[23] = {"Sub-Address", 0, 1017, false, true},
	[AVP_TX_SPEED] = {"(Tx) Connect Speed BPS", 4, 4, true, true},
	[25] = {"Physical Channel ID", 4, 4, true, false},
	[26] = {"Initial Received LCP CONFREQ", 0, 1017, false, false},
	[27] = {"Last Sent LCP CONFREQ", 0, 1017, false, false},
	[28] = {"Last Received LCP CONFREQ", 0, 1017, false, false},
	[29] = {"Proxy Authen Type", 2, 2, true, false},
	[30] = {"Proxy Authen Name", 0, 1017, false, false},
	[31] = {"Proxy Authen Challenge", 0, 1017, false, false},
	[32] = {"Proxy Authen ID", 2, 2, true, false},
	[33] = {"Proxy Authen Response", 0, 1017, false, false},
	[34] = {"Call Errors", 26, 26, false, true},
	[35] = {"ACCM", 10, 10, false, true},
	[36] = {"Random Vector", 0, 1017, false, true},
	[37] = {"Private Group ID", 0, 1017, false, false},
	[38] = {"Rx Connect Speed", 4, 4, true, false},
	[AVP_SEQUENCING_REQUIRED] = {"Sequencing Required", 0, 0, false, true},
};

bool l2tp_type_known(unsigned type)
{
	return type < ARRAY_LEN(type_names) && type_names[type];
}

const char *l2tp_type_name(unsigned type)
{
	return l2tp_type_known(type) ? type_names[type] : "?";
}

static bool avp_known(uint16_t flags, uint16_t vendor, uint16_t type)
{
	/* A reserved bit makes an attribute an unknown one (4.1). */
	return vendor == 0 && type < AVP_TYPES && avps[type].name &&
	       !(flags & (AVP_HIDDEN | AVP_RESERVED));
}

static void parse_avp(struct l2tp_msg *m, struct rd *r)
{
	uint16_t flags = rd_u16(r, "flags and length");
	size_t len = flags & AVP_LENGTH;
	struct rd sub = rd_sub(r, len < AVP_HEADER_LEN ? SIZE_MAX : len - 2, "AVP");
	uint16_t vendor = rd_u16(&sub, "Vendor ID"), type = rd_u16(&sub, "Attribute Type");
	struct l2tp_avp avp = {0};
	struct rd number;

	if (!rd_ok(&sub))
		return;
	if (!avp_known(flags, vendor, type)) {
		if (flags & AVP_MANDATORY && !m->refused) {
			m->refused = true;
			m->refused_type = type;
		}
		return;
	}
	number = sub;
	avp.p = rd_rest(&sub, &avp.len, avps[type].name);
	if (avp.len < avps[type].min || avp.len > avps[type].max)
		rd_fail(r);
	number.spans = NULL;
	if (avps[type].number)
		avp.value = avp.len == 2 ? rd_u16(&number, NULL) : rd_u32(&number, NULL);
	if (!m->avp[type].p)
		m->avp[type] = avp;
	if (type == AVP_MESSAGE_TYPE)
		m->type_mandatory = flags & AVP_MANDATORY;
}

static enum drop parse_control(struct l2tp_msg *m, struct rd *r)
{
	m->type = L2TP_ZLB;
	if (rd_left(r) == 0)
		return DROP_NONE;
	parse_avp(m, r);
	/* The Message Type stands first (4.1). */
	if (!rd_ok(r) || !m->avp[AVP_MESSAGE_TYPE].p)
		return DROP_L2TP_AVP;
	m->type = (uint16_t)m->avp[AVP_MESSAGE_TYPE].value;
	while (rd_ok(r) && rd_left(r) > 0)
		parse_avp(m, r);
	return rd_ok(r) && m->type != L2TP_ZLB ? DROP_NONE : DROP_L2TP_AVP;
}

enum drop l2tp_parse(struct l2tp_msg *m, const uint8_t *p, size_t len, struct spans *spans)
{
	struct rd r = rd_new_spans(p, len, spans);
	uint16_t flags = rd_u16(&r, "flags and version");
	const uint16_t control_flags = FLAG_CONTROL | FLAG_LENGTH | FLAG_SEQUENCE;

	memset(m, 0, sizeof(*m));
	m->control = flags & FLAG_CONTROL;
	if ((flags & VERSION_MASK) != VERSION_L2TP)
		return DROP_L2TP_HEADER;
	if (m->control &&
	    ((flags & control_flags) != control_flags || flags & (FLAG_OFFSET | FLAG_PRIORITY)))
		return DROP_L2TP_HEADER;
	if (flags & FLAG_LENGTH) {
		/* The length counts from the first byte; what lies behind it is padding. */
		size_t said = rd_u16(&r, "Length");

		if (!rd_ok(&r) || said < 4)
			return DROP_L2TP_HEADER;
		r = rd_sub(&r, said - 4, NULL);
		r.depth = 0;
	}
	m->tunnel = rd_u16(&r, "Tunnel ID");
	m->session = rd_u16(&r, "Session ID");
	m->has_seq = flags & FLAG_SEQUENCE;
	if (m->has_seq) {
		m->ns = rd_u16(&r, "Ns");
		m->nr = rd_u16(&r, "Nr");
	}
	if (flags & FLAG_OFFSET)
		rd_bytes(&r, rd_u16(&r, "Offset Size"), "offset padding");
	if (!rd_ok(&r))
		return DROP_L2TP_HEADER;
	if (m->control)
		return parse_control(m, &r);
	m->data = rd_rest(&r, &m->len, "PPP frame");
	return DROP_NONE;
}

/* ---- writing ---- */

void l2tp_begin(struct l2tp_out *o, void *buf, size_t size, uint64_t optional, uint16_t tunnel,
		uint16_t session, uint16_t ns, uint16_t nr)
{
	o->w = wr_new(buf, size);
	o->optional = optional;
	wr_u16(&o->w, FLAG_CONTROL | FLAG_LENGTH | FLAG_SEQUENCE | VERSION_L2TP);
	o->length = wr_open(&o->w, 2, 0);
	wr_u16(&o->w, tunnel);
	wr_u16(&o->w, session);
	wr_u16(&o->w, ns);
	wr_u16(&o->w, nr);
}

void l2tp_put_bytes(struct l2tp_out *o, enum l2tp_avp_type type, const void *p, size_t len)
{
	bool mandatory = avps[type].mandatory && !(o->optional >> type & 1);

	assert(len + AVP_HEADER_LEN <= AVP_LENGTH);
	wr_u16(&o->w, (uint16_t)((mandatory ? AVP_MANDATORY : 0) | (len + AVP_HEADER_LEN)));
	wr_u16(&o->w, 0);
	wr_u16(&o->w, (uint16_t)type);
	wr_bytes(&o->w, p, len);
}

void l2tp_put(struct l2tp_out *o, enum l2tp_avp_type type, uint32_t value)
{
	uint8_t number[4];
	struct wr w = wr_new(number, sizeof(number));

	assert(avps[type].number);
	if (avps[type].max == 2)
		wr_u16(&w, (uint16_t)value);
	else
		wr_u32(&w, value);
	l2tp_put_bytes(o, type, number, wr_len(&w));
}

void l2tp_put_result(struct l2tp_out *o, uint16_t result, uint16_t error)
{
	uint8_t codes[4];
	struct wr w = wr_new(codes, sizeof(codes));

	wr_u16(&w, result);
	if (error)
		wr_u16(&w, error);
	l2tp_put_bytes(o, AVP_RESULT_CODE, codes, wr_len(&w));
}

size_t l2tp_end(struct l2tp_out *o)
{
	if (!wr_ok(&o->w))
		return 0;
	wr_close(&o->w, o->length);
	return wr_len(&o->w);
}

size_t l2tp_data(void *buf, size_t size, uint16_t tunnel, uint16_t session, uint16_t *ns,
		 const void *ppp, size_t len)
{
	struct wr w = wr_new(buf, size);
	struct wr_open length;

	wr_u16(&w, (uint16_t)(FLAG_LENGTH | (ns ? FLAG_SEQUENCE : 0) | VERSION_L2TP));
	length = wr_open(&w, 2, 0);
	wr_u16(&w, tunnel);
	wr_u16(&w, session);
	if (ns) {
		wr_u16(&w, (*ns)++);
		wr_u16(&w, 0);
	}
	wr_bytes(&w, ppp, len);
	if (!wr_ok(&w))
		return 0;
	wr_close(&w, length);
	return wr_len(&w);
}

void l2tp_patch_nr(uint8_t *msg, size_t len, uint16_t nr)
{
	struct wr w = wr_new(msg, len);

	wr_reserve(&w, len);
	wr_patch_u16(&w, 10, nr);
}
