/* SPDX-License-Identifier: MIT */
#include "lab/analysis/ikev2.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/packet.h"
#include "lab/capture/fragments.h"
#include "lab/analysis/watch_priv.h"

#define PORT_IKE 500
#define PORT_NATT 4500

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

#define WAYS 4 /* neighbours that share a hash */
#define SETS (IKE2_EXCHANGES / WAYS)

/* What comes again sooner is the same packet in another layer of the machine (watch.c); requests
 * are repeated after half a second at the earliest. */
#define LAYERS_APART (100 * MSEC)

struct ikev2 {
	struct arena *a;
	struct fragments *fragments;
	struct exchange *v[SETS][WAYS]; /* made when needed */
};

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

struct ikev2 *ikev2_new(struct arena *a)
{
	struct ikev2 *w = arena_new_of(a, struct ikev2);

	w->a = a;
	w->fragments = fragments_new(a);
	return w;
}

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

/* ---- keeping ---- */

/* The exchange with this SPI; NULL where the first of it seen is a response without a request
 * and there is nothing to note. */
static struct exchange *exchange_of(struct ikev2 *w, const struct init *m, usec t)
{
	struct exchange **set;
	uint64_t h = 0;
	size_t to = 0;

	for (size_t i = 0; i < 8; i++)
		h = (h ^ m->spi_i[i]) * UINT64_C(0x100000001b3);
	set = w->v[(h ^ h >> 32) % SETS];
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i] && !memcmp(set[i]->cky_i, m->spi_i, 8))
			return set[i];
		if (set[to] && (!set[i] || set[i]->first < set[to]->first))
			to = i;
	}
	if (!set[to])
		set[to] = arena_new_of(w->a, struct exchange);
	*set[to] = (struct exchange){.version = 2, .first = t, .last = t};
	memcpy(set[to]->cky_i, m->spi_i, 8);
	return set[to];
}

static void note_sighting(struct mm_seen *mm, const char *place, usec t, uint32_t number,
			  const struct packet *pkt)
{
	const struct sighting s = {place, t, pkt->src, pkt->dst, number, pkt->ttl};
	size_t i;

	for (i = 0; i < mm->n_sightings; i++)
		if (mm->at[i].place == place && inet_ep_eq(mm->at[i].src, pkt->src))
			return;
	if (mm->n_sightings == ARRAY_LEN(mm->at))
		return;
	for (i = mm->n_sightings++; i && sighting_is_behind(&mm->at[i - 1], &s); i--)
		mm->at[i] = mm->at[i - 1];
	mm->at[i] = s;
}

static void note(struct exchange *x, const struct init *m, const char *place, usec t,
		 uint32_t number, const struct packet *pkt)
{
	struct mm_seen *mm = &x->mm[m->response ? 2 : 1];

	x->last = MAX(x->last, t);
	if (!mm->seen) {
		mm->seen = true;
		mm->read = m->read;
		mm->t = t;
		mm->len = m->length;
		for (size_t i = 0; i < m->n_vids; i++) {
			size_t n = x->n_vids[m->response]++;

			x->vids[m->response][n].len = (uint8_t)MIN(m->vids[i].len, 32U);
			if (m->vids[i].len)
				memcpy(x->vids[m->response][n].b, m->vids[i].p,
				       x->vids[m->response][n].len);
		}
	}
	/* Copies are those of the place that saw the first one. */
	mm->copies += !mm->n_sightings ||
		      (mm->at[0].place == place && t - mm->last.t >= LAYERS_APART);
	mm->last = (struct mark){place, number, t};
	note_sighting(mm, place, t, number, pkt);
	if (m->response && m->error) {
		x->notify = m->error;
		x->notify_at = (struct mark){place, number, t};
	}
	if (m->natd.n) {
		*(m->response ? &x->natd4 : &x->natd3) = m->natd;
		if (m->response)
			memcpy(x->cky_r, m->spi_r, 8);
	}
	x->mm[m->response ? 4 : 3] = *mm;
}

void ikev2_frame(struct ikev2 *w, const char *place, uint32_t linktype, usec t, uint32_t number,
		 const uint8_t *data, size_t len)
{
	static const uint8_t marker[ISAKMP_MARKER_LEN];
	struct packet pkt;
	struct init m;
	const uint8_t *p;
	size_t n;

	if (!packet_parse(&pkt, linktype, data, len) || pkt.proto != IPPROTO_UDP_ ||
	    (pkt.fragment && !fragments_add(w->fragments, place, t, &pkt)))
		return;
	p = pkt.payload;
	n = pkt.len;
	if ((pkt.src.port == PORT_NATT || pkt.dst.port == PORT_NATT) && n >= sizeof(marker) &&
	    !memcmp(p, marker, sizeof(marker))) {
		p += sizeof(marker);
		n -= sizeof(marker);
	} else if (pkt.src.port != PORT_IKE && pkt.dst.port != PORT_IKE) {
		return;
	}
	if (read_init(&m, p, n, pkt.said_len - (pkt.len - n)))
		note(exchange_of(w, &m, t), &m, place, t, number, &pkt);
}

static int by_beginning(const void *a, const void *b)
{
	const struct exchange *x = *(struct exchange *const *)a;
	const struct exchange *y = *(struct exchange *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return memcmp(x->cky_i, y->cky_i, 8);
}

struct exchange **ikev2_exchanges(struct arena *a, const struct ikev2 *w, size_t *n)
{
	struct exchange **v = arena_array_of(a, IKE2_EXCHANGES, struct exchange *);

	*n = 0;
	for (size_t s = 0; s < SETS; s++)
		for (size_t i = 0; i < WAYS; i++)
			if (w->v[s][i])
				v[(*n)++] = w->v[s][i];
	qsort(v, *n, sizeof(struct exchange *), by_beginning);
	return v;
}
