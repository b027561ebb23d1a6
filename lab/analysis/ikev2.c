/* SPDX-License-Identifier: MIT */
/* ikev2.c - the two messages of IKE_SA_INIT and their NAT detection (RFC 7296 2.23). */
#include "lab/analysis/analysis_priv.h"

#include <string.h>

#define IKE_SA_INIT 34
#define FLAG_RESPONSE 0x20
#define PAYLOAD2_NOTIFY 41
#define PAYLOAD2_VID 43
#define NOTIFY_ERRORS_END 16384 /* types below are errors */
#define NOTIFY_INVALID_KE 17	/* only asks for another group */
#define NOTIFY_NATD_SOURCE 16388
#define NOTIFY_NATD_DESTINATION 16389
#define SHA1_LEN 20
#define PAYLOADS_MAX 64

/* One message, read. */
struct init {
	uint8_t spi_i[8], spi_r[8];
	bool response, read;
	uint32_t length;
	struct natd_list natd;
	uint16_t error;
	uint8_t n_vids;
	struct view vids[WATCH_VIDS];
};

/* ---- reading ---- */

static void add_hash(struct natd_list *l, size_t i, const uint8_t *hash)
{
	if (i < ARRAY_LEN(l->v))
		memcpy(l->v[i].b, hash, SHA1_LEN);
	l->len = SHA1_LEN;
}

/* The sources go behind the destination, which has the first place whether or not it came yet. */
static void read_notify(struct init *m, struct rd *r, bool *destination, size_t *sources)
{
	const uint8_t *hash;
	uint16_t type;
	uint8_t spi;

	rd_u8(r, "Protocol ID");
	spi = rd_u8(r, "SPI Size");
	type = rd_u16(r, "Notify Message Type");
	rd_bytes(r, spi, "SPI");
	if (!rd_ok(r))
		return;
	if (type < NOTIFY_ERRORS_END && type != NOTIFY_INVALID_KE)
		m->error = type;
	if (type != NOTIFY_NATD_SOURCE && type != NOTIFY_NATD_DESTINATION)
		return;
	hash = rd_bytes(r, SHA1_LEN, "Hash");
	if (!hash || rd_left(r))
		return;
	if (type == NOTIFY_NATD_SOURCE)
		add_hash(&m->natd, ++*sources, hash);
	else if (!*destination)
		add_hash(&m->natd, 0, hash);
	*destination |= type == NOTIFY_NATD_DESTINATION;
}

/* False: no IKE_SA_INIT, or one that ends too early. @said: how long the packet says to be; where
 * it was captured without its end only the header is read. */
static bool read_init(struct init *m, const uint8_t *p, size_t len, size_t said)
{
	struct rd r = rd_new(p, len);
	bool destination = false;
	struct isakmp_header h;
	size_t sources = 0;
	uint8_t next;

	*m = (struct init){0};
	if (!isakmp_header_parse(&h, &r) || h.version >> 4 != 2 || h.exchange != IKE_SA_INIT ||
	    h.length > said || h.length < ISAKMP_HEADER_LEN)
		return false;
	memcpy(m->spi_i, h.cky_i, 8);
	memcpy(m->spi_r, h.cky_r, 8);
	m->response = h.flags & FLAG_RESPONSE;
	m->length = h.length;
	m->read = h.length <= len;
	next = m->read ? h.next : 0;
	for (unsigned i = 0; next && i < PAYLOADS_MAX; i++) {
		uint8_t type = next;
		uint16_t length;
		struct rd body;

		next = rd_u8(&r, "Next Payload");
		rd_u8(&r, "Critical");
		length = rd_u16(&r, "Payload Length");
		body = rd_sub(&r, length < 4 ? 0 : length - 4u, "Payload");
		if (length < 4 || !rd_ok(&r))
			return false;
		if (type == PAYLOAD2_NOTIFY)
			read_notify(m, &body, &destination, &sources);
		if (type == PAYLOAD2_VID && m->n_vids < WATCH_VIDS)
			m->vids[m->n_vids++] = (struct view){body.p, rd_left(&body)};
	}
	/* One alone tells nothing. */
	m->natd.n = destination && sources ? MIN(sources + 1, ARRAY_LEN(m->natd.v)) : 0;
	return true;
}

/* ---- noting ---- */

static void note(struct watch *w, struct tracked *t, const struct init *m, const struct frame *f,
		 uint64_t digest)
{
	struct exchange *x = &t->x;
	unsigned n = exchange_natd_message(x, m->response);

	x->first = MIN(x->first, f->t);
	x->last = MAX(x->last, f->t);
	message_note(&w->ikev2, t, n, f, m->length, digest);
	if (m->read && !x->mm[n].read) {
		x->mm[n].read = true;
		for (size_t i = 0; i < m->n_vids; i++)
			contents_note_vid(&w->pool, x, m->response, m->vids[i]);
	}
	if (m->response && m->error) {
		x->notify = m->error;
		x->notify_at = mark_of(f);
	}
	if (!m->natd.n)
		return;
	*(m->response ? &x->natd4 : &x->natd3) = m->natd;
	if (m->response)
		memcpy(x->cky_r, m->spi_r, 8);
}

void ikev2_message(struct watch *w, const struct frame *f, struct view bytes, size_t said)
{
	static const uint8_t none[8];
	struct tracked *t;
	struct init m;

	if (!read_init(&m, bytes.p, bytes.len, said))
		return;
	/* By the initiator's SPI alone: the responder's comes with its answer. */
	t = exchanges_find(&w->ikev2, m.spi_i, NULL);
	if (!t)
		t = exchanges_add(&w->ikev2, m.spi_i, none, f->t);
	t->x.version = 2;
	note(w, t, &m, f, hash_bytes(bytes.p, bytes.len));
}
