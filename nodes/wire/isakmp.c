/* SPDX-License-Identifier: MIT */
/*
 * isakmp.c - the ISAKMP codec.
 *
 * Every length inside a message opens a nested reader (rd_sub), so no field can reach outside its
 * payload, and each array has its bound here: more than it holds is DROP_LIMIT. Readers latch;
 * each parser reads to its end and asks rd_ok() once.
 *
 * The names given to rd_*() are the RFCs' words: `explain` prints them beside the bytes.
 */
#include "nodes/wire/isakmp.h"
#include "nodes/wire/isakmp_names.h"

#include <string.h>

#define GENERIC_LEN 4 /* next payload, reserved, payload length */
#define VERSION_1_0 0x10

/* ---- reading ---- */

/* All that is left of @r, as a view. */
static struct view rd_view_rest(struct rd *r, const char *field)
{
	struct view v;

	v.p = rd_rest(r, &v.len, field);
	return v;
}

static struct view rd_view(struct rd *r, size_t len, const char *field)
{
	struct view v = {.p = rd_bytes(r, len, field)};

	v.len = v.p ? len : 0;
	return v;
}

/* What lies before @r in its part without moving it. */
static struct view rd_peek_rest(const struct rd *r)
{
	return (struct view){.p = r->p, .len = rd_left(r)};
}

bool isakmp_header_parse(struct isakmp_header *h, struct rd *r)
{
	struct view i = rd_view(r, 8, "Initiator Cookie");
	struct view rr = rd_view(r, 8, "Responder Cookie");

	*h = (struct isakmp_header){0};
	h->next = rd_u8(r, "Next Payload");
	h->version = rd_u8(r, "Version");
	h->exchange = rd_u8(r, "Exchange Type");
	h->flags = rd_u8(r, "Flags");
	h->msgid = rd_u32(r, "Message ID");
	h->length = rd_u32(r, "Length");
	if (!rd_ok(r))
		return false;
	memcpy(h->cky_i, i.p, 8);
	memcpy(h->cky_r, rr.p, 8);
	return true;
}

/*
 * A payload with its generic header (RFC 2408 3.2): gives a reader of the body, moves @next to
 * the type of the payload behind it. @whole, if not NULL, is header and body.
 */
static enum drop payload_open(struct rd *r, const char *name, uint8_t *next, struct rd *body,
			      struct view *whole)
{
	struct rd look = *r;
	uint16_t len;

	look.spans = NULL;
	rd_bytes(&look, 2, NULL);
	len = rd_u16(&look, NULL);
	if (rd_ok(&look) && len < GENERIC_LEN)
		return DROP_PAYLOAD_MALFORMED;
	if (!rd_ok(&look))
		len = GENERIC_LEN;

	*body = rd_sub(r, len, name);
	if (whole)
		*whole = rd_peek_rest(body);
	*next = rd_u8(body, "Next Payload");
	rd_u8(body, "RESERVED");
	rd_u16(body, "Payload Length");
	return rd_ok(body) ? DROP_NONE : DROP_SHORT;
}

/* RFC 2408 3.3: AF bit and type, then either a value or a length and so many bytes. */
static void attr_parse(struct isakmp_attr *a, struct rd *r)
{
	uint16_t type = rd_u16(r, "Attribute Type");

	*a = (struct isakmp_attr){.type = type & 0x7fff, .basic = type & 0x8000};
	if (a->basic) {
		a->value = rd_u16(r, "Attribute Value");
		return;
	}
	a->raw = rd_view(r, rd_u16(r, "Attribute Length"), "Attribute Value");
	if (a->raw.len > 8) {
		a->value = UINT64_MAX;
		return;
	}
	for (size_t i = 0; i < a->raw.len; i++)
		a->value = a->value << 8 | a->raw.p[i];
}

/* RFC 2408 3.6 */
static enum drop transform_parse(struct isakmp_transform *t, struct rd *r)
{
	t->number = rd_u8(r, "Transform #");
	t->id = rd_u8(r, "Transform-Id");
	rd_u16(r, "RESERVED2");
	t->n_attrs = 0;
	while (rd_left(r)) {
		if (t->n_attrs == ISAKMP_ATTRS)
			return DROP_LIMIT;
		attr_parse(&t->attrs[t->n_attrs++], r);
	}
	return rd_ok(r) ? DROP_NONE : DROP_SHORT;
}

static enum drop transforms_parse(struct isakmp_sa *sa, struct isakmp_proposal *p, struct rd *r)
{
	uint8_t next = PAYLOAD_TRANSFORM;

	p->first_transform = sa->n_transforms;
	/* A proposal without transforms is legal where a count of 0 says so. */
	if (!rd_left(r) && !p->said_transforms)
		return DROP_NONE;
	while (next != PAYLOAD_NONE) {
		struct isakmp_transform *t = &sa->transforms[sa->n_transforms];
		struct view whole;
		struct rd body;
		enum drop d;

		if (next != PAYLOAD_TRANSFORM)
			return DROP_PAYLOAD_MALFORMED;
		if (sa->n_transforms == ISAKMP_TRANSFORMS)
			return DROP_LIMIT;
		d = payload_open(r, "Transform Payload", &next, &body, &whole);
		if (!d)
			d = transform_parse(t, &body);
		if (d)
			return d;
		t->raw = whole;
		t->proposal = (uint8_t)(p - sa->proposals);
		sa->n_transforms++;
		p->n_transforms++;
	}
	return rd_left(r) ? DROP_PAYLOAD_MALFORMED : DROP_NONE;
}

/* RFC 2408 3.5 */
static enum drop proposal_parse(struct isakmp_sa *sa, struct isakmp_proposal *p, struct rd *r)
{
	uint8_t spi_size;

	*p = (struct isakmp_proposal){.number = rd_u8(r, "Proposal #")};
	p->protocol = rd_u8(r, "Protocol-Id");
	spi_size = rd_u8(r, "SPI Size");
	p->said_transforms = rd_u8(r, "# of Transforms");
	p->spi = rd_view(r, spi_size, spi_size ? "SPI" : NULL);
	if (!rd_ok(r))
		return DROP_SHORT;
	return transforms_parse(sa, p, r);
}

/* RFC 2408 3.4, RFC 2407 4.2: only the situations without labels (SIT_IDENTITY_ONLY) are read;
 * with labels of secrecy or integrity more fields would follow here. */
static enum drop sa_parse(struct isakmp_sa *sa, struct rd *r)
{
	uint8_t next = PAYLOAD_PROPOSAL;

	sa->body = rd_peek_rest(r);
	sa->doi = rd_u32(r, "DOI");
	sa->situation = rd_u32(r, "Situation");
	while (next != PAYLOAD_NONE) {
		struct isakmp_proposal *p = &sa->proposals[sa->n_proposals];
		struct rd body;
		enum drop d;

		if (next != PAYLOAD_PROPOSAL)
			return DROP_PAYLOAD_MALFORMED;
		if (sa->n_proposals == ISAKMP_PROPOSALS)
			return DROP_LIMIT;
		d = payload_open(r, "Proposal Payload", &next, &body, NULL);
		if (!d)
			d = proposal_parse(sa, p, &body);
		if (d)
			return d;
		sa->n_proposals++;
	}
	return rd_left(r) ? DROP_PAYLOAD_MALFORMED : DROP_NONE;
}

/* RFC 2407 4.6.2 */
static enum drop id_parse(struct isakmp_id *id, struct rd *r)
{
	id->body = rd_peek_rest(r);
	id->type = rd_u8(r, "ID Type");
	id->protocol = rd_u8(r, "Protocol ID");
	id->port = rd_u16(r, "Port");
	id->data = rd_view_rest(r, "Identification Data");
	return rd_ok(r) ? DROP_NONE : DROP_SHORT;
}

/* RFC 3947 5.2: an ID_IPV4_ADDR or ID_IPV6_ADDR. */
static enum drop natoa_parse(struct inet_addr *a, struct rd *r)
{
	uint8_t type = rd_u8(r, "ID Type");
	struct view v;

	rd_bytes(r, 3, "RESERVED");
	v = rd_view_rest(r, type == 5 ? "IPv6 Address" : "IPv4 Address");
	if (!rd_ok(r))
		return DROP_SHORT;
	if (!(type == 1 && v.len == 4) && !(type == 5 && v.len == 16))
		return DROP_PAYLOAD_MALFORMED;
	*a = inet_from_bytes(v.p, v.len);
	return DROP_NONE;
}

/* Addresses of the first one's revision count. */
static enum drop natoa_take(struct isakmp_msg *m, uint8_t type, struct rd *r)
{
	struct inet_addr a;
	enum drop d = natoa_parse(&a, r);

	if (!m->natoa_type)
		m->natoa_type = type;
	if (!d && m->natoa_type == type && m->n_natoa < ARRAY_LEN(m->natoa))
		m->natoa[m->n_natoa++] = a;
	return d;
}

/* RFC 2408 3.14 */
static enum drop notify_parse(struct isakmp_notify *n, struct rd *r)
{
	uint8_t spi_size;

	n->doi = rd_u32(r, "DOI");
	n->protocol = rd_u8(r, "Protocol-ID");
	spi_size = rd_u8(r, "SPI Size");
	n->type = rd_u16(r, "Notify Message Type");
	n->spi = rd_view(r, spi_size, spi_size ? "SPI" : NULL);
	n->data = rd_view_rest(r, rd_left(r) ? "Notification Data" : NULL);
	return rd_ok(r) ? DROP_NONE : DROP_SHORT;
}

/* RFC 2408 3.15 */
static enum drop delete_parse(struct isakmp_delete *d, struct rd *r)
{
	d->doi = rd_u32(r, "DOI");
	d->protocol = rd_u8(r, "Protocol-Id");
	d->spi_size = rd_u8(r, "SPI Size");
	d->n_spis = rd_u16(r, "# of SPIs");
	d->spis = rd_view(r, (size_t)d->n_spis * d->spi_size, "SPI(es)");
	if (!rd_ok(r))
		return DROP_SHORT;
	return rd_left(r) ? DROP_PAYLOAD_MALFORMED : DROP_NONE;
}

/* RFC 3947 3.2. All hashes of a message are of the negotiated algorithm, so of one length. */
static enum drop natd_parse(struct isakmp_msg *m, uint8_t type, struct rd *r)
{
	struct view v = rd_view_rest(r, "HASH of the address and port");
	struct natd_list *l = &m->natd;

	if (!v.len || v.len > HASH_MAX)
		return DROP_PAYLOAD_MALFORMED;
	if (!m->natd_type) {
		m->natd_type = type;
		l->len = (uint8_t)v.len;
	}
	/* A peer that sends both types (it may) says the same twice: the first type counts. */
	if (type != m->natd_type || l->n == ARRAY_LEN(l->v))
		return DROP_NONE;
	if (v.len != l->len)
		return DROP_PAYLOAD_MALFORMED;
	memcpy(l->v[l->n++].b, v.p, v.len);
	return DROP_NONE;
}

static enum drop view_parse(struct view *v, struct rd *r, const char *field)
{
	struct view all = rd_view_rest(r, field);

	if (!v->p)
		*v = all;
	return DROP_NONE;
}

/*
 * One payload's body into @m. Where @m has room for the first so many of a type, later ones are
 * read all the same, to judge their form, and thrown away (they stay in m->payloads).
 */
static enum drop body_parse(struct isakmp_msg *m, uint8_t type, struct rd *r)
{
	enum drop d;

	switch (type) {
	case PAYLOAD_SA:
		if (m->has_sa)
			return DROP_NONE;
		m->has_sa = true;
		d = sa_parse(&m->sa, r);
		return d == DROP_PAYLOAD_MALFORMED || d == DROP_SHORT ? DROP_BAD_PROPOSAL : d;
	case PAYLOAD_PROPOSAL:
	case PAYLOAD_TRANSFORM:
		return DROP_PAYLOAD_TYPE; /* these live inside an SA payload only */
	case PAYLOAD_KE:
		return view_parse(&m->ke, r, "Key Exchange Data");
	case PAYLOAD_NONCE:
		return view_parse(&m->nonce, r, "Nonce Data");
	case PAYLOAD_HASH:
		return view_parse(&m->hash, r, "Hash Data");
	case PAYLOAD_ID: {
		struct isakmp_id id;

		d = id_parse(&id, r);
		if (!d && m->n_ids < ARRAY_LEN(m->ids))
			m->ids[m->n_ids++] = id;
		return d;
	}
	case PAYLOAD_NOTIFY: {
		struct isakmp_notify n;

		d = notify_parse(&n, r);
		if (!d && m->n_notifies < ARRAY_LEN(m->notifies))
			m->notifies[m->n_notifies++] = n;
		return d;
	}
	case PAYLOAD_DELETE: {
		struct isakmp_delete del;

		d = delete_parse(&del, r);
		if (!d && m->n_deletes < ARRAY_LEN(m->deletes))
			m->deletes[m->n_deletes++] = del;
		return d;
	}
	case PAYLOAD_NATD:
	case PAYLOAD_NATD_DRAFT:
		return natd_parse(m, type, r);
	case PAYLOAD_NATOA:
	case PAYLOAD_NATOA_DRAFT:
		return natoa_take(m, type, r);
	case PAYLOAD_VID:
		rd_view_rest(r, "Vendor ID");
		return DROP_NONE;
	}
	rd_view_rest(r, "Payload Data");
	return DROP_NONE;
}

static const char *payload_span_name(uint8_t type)
{
	const char *s = isakmp_payload_name(type);

	return s ? s : "Unknown Payload";
}

enum drop isakmp_payloads_parse(struct isakmp_msg *m, uint8_t next, struct rd *r)
{
	struct isakmp_header h = m->h;

	memset(m, 0, offsetof(struct isakmp_msg, sa.proposals));
	m->h = h;
	while (next != PAYLOAD_NONE) {
		uint8_t type = next;
		struct rd body;
		enum drop d;

		if (m->n_payloads == ISAKMP_PAYLOADS)
			return DROP_LIMIT;
		d = payload_open(r, payload_span_name(type), &next, &body, NULL);
		if (d)
			return d;
		m->payloads[m->n_payloads++] = (struct isakmp_payload_view){
			.type = type,
			.body = rd_peek_rest(&body),
		};
		d = body_parse(m, type, &body);
		if (d)
			return d;
	}
	m->trailing = rd_left(r);
	return rd_ok(r) ? DROP_NONE : DROP_SHORT;
}

enum drop isakmp_parse(struct isakmp_msg *m, const uint8_t *p, size_t len, struct spans *spans)
{
	struct rd r = rd_new_spans(p, len, spans);
	struct rd head = rd_sub(&r, ISAKMP_HEADER_LEN, "ISAKMP Header");
	struct rd body;
	enum drop d;

	m->h = (struct isakmp_header){0};
	if (!isakmp_header_parse(&m->h, &head)) {
		isakmp_payloads_parse(m, PAYLOAD_NONE, &r);
		return DROP_SHORT;
	}
	body = r;
	if (m->h.length >= ISAKMP_HEADER_LEN && m->h.length <= len)
		body.end = body.p + (m->h.length - ISAKMP_HEADER_LEN);

	if ((m->h.flags & ISAKMP_FLAG_ENCRYPTED) || m->h.version >> 4 != VERSION_1_0 >> 4) {
		/* Nothing in there can be read; it is no trailing rubbish either. */
		struct rd none = rd_new(NULL, 0);

		d = isakmp_payloads_parse(m, PAYLOAD_NONE, &none);
		rd_view_rest(&body, "Encrypted Data");
		if (m->h.version >> 4 != VERSION_1_0 >> 4)
			d = DROP_VERSION;
	} else {
		d = isakmp_payloads_parse(m, m->h.next, &body);
	}
	/* Before what the payloads say: a message that ends too early is not a malformed one. */
	if (m->h.length < ISAKMP_HEADER_LEN || m->h.length > len)
		return DROP_LENGTH;
	m->trailing += len - m->h.length;
	return d;
}

uint64_t isakmp_attr_value(const struct isakmp_transform *t, uint16_t type, uint64_t absent)
{
	for (size_t i = 0; i < t->n_attrs; i++)
		if (t->attrs[i].type == type)
			return t->attrs[i].value;
	return absent;
}

/* ---- writing ---- */

void isakmp_begin(struct isakmp_out *o, void *buf, size_t size, const uint8_t cky_i[8],
		  const uint8_t cky_r[8], uint8_t exchange, uint8_t flags, uint32_t msgid)
{
	struct wr *w = &o->w;

	*o = (struct isakmp_out){.w = wr_new(buf, size)};
	wr_bytes(w, cky_i, 8);
	wr_bytes(w, cky_r, 8);
	o->next_at = wr_len(w);
	wr_u8(w, PAYLOAD_NONE);
	wr_u8(w, VERSION_1_0);
	wr_u8(w, exchange);
	wr_u8(w, flags);
	wr_u32(w, msgid);
	o->length = wr_open(w, 4, 0);
}

void isakmp_payload_begin(struct isakmp_out *o, uint8_t type)
{
	struct wr *w = &o->w;
	size_t start = wr_len(w);

	wr_patch_u8(w, o->next_at, type);
	o->next_at = start;
	wr_u8(w, PAYLOAD_NONE);
	wr_u8(w, 0);
	o->payload = wr_open(w, 2, start);
}

void isakmp_payload_end(struct isakmp_out *o)
{
	wr_close(&o->w, o->payload);
}

void isakmp_payload_put(struct isakmp_out *o, uint8_t type, const void *body, size_t len)
{
	isakmp_payload_begin(o, type);
	wr_bytes(&o->w, body, len);
	isakmp_payload_end(o);
}

void isakmp_attr_basic(struct wr *w, uint16_t type, uint16_t value)
{
	wr_u16(w, (uint16_t)(type | 0x8000));
	wr_u16(w, value);
}

void isakmp_attr_u32(struct wr *w, uint16_t type, uint32_t value)
{
	wr_u16(w, type);
	wr_u16(w, 4);
	wr_u32(w, value);
}

size_t isakmp_end(struct isakmp_out *o)
{
	wr_close(&o->w, o->length);
	return wr_ok(&o->w) ? wr_len(&o->w) : 0;
}
