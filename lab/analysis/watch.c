/* SPDX-License-Identifier: MIT */
/*
 * watch.c - frames in, exchanges and events out: parses each frame once and hands it on.
 *
 * ESP and keep-alives carry no cookies. They belong to the exchange that last used their
 * addresses and ports (the flow), which also tells the direction.
 *
 * Frames are not trusted. Everything is bounded: exchanges (exchanges.c), places, flows (flows.c),
 * fragments.
 */
#include "lab/analysis/analysis_priv.h"

#include <string.h>

#include "lab/capture/fragments.h"

#define PLACES_MAX 4096

struct watch *watch_new(struct arena *a, const struct ev_sink *sink)
{
	struct watch *w = arena_new_of(a, struct watch);

	w->a = w->pool.a = a;
	exchanges_init(&w->ikev1, &w->pool, WATCH_EXCHANGES);
	exchanges_init(&w->ikev2, &w->pool, WATCH_IKEV2_EXCHANGES);
	flows_init(&w->flows, a);
	w->fragments = fragments_new(a);
	if (sink)
		w->sink = *sink;
	return w;
}

void watch_keep(struct watch *w)
{
	w->keeps = true;
}

uint64_t watch_packets(const struct watch *w)
{
	return w->packets;
}

usec watch_end(const struct watch *w)
{
	return w->end;
}

uint64_t watch_stray_esp(const struct watch *w)
{
	return w->stray_esp;
}

size_t watch_exchanges(const struct watch *w, struct exchange *const **v)
{
	*v = w->ikev1.v + w->ikev1.first;
	return w->ikev1.past - w->ikev1.first;
}

size_t watch_ikev2_exchanges(const struct watch *w, struct exchange *const **v)
{
	*v = w->ikev2.v + w->ikev2.first;
	return w->ikev2.past - w->ikev2.first;
}

/* A copy of a place's name that lives as long as the watch: captures close before verdicts. */
static const char *place_of(struct watch *w, const char *name)
{
	uint64_t key = hash_bytes(name, strlen(name));
	uint32_t i;

	for (size_t at = 0; hash_next(&w->places_by_name, key, &at, &i);)
		if (!strcmp(w->places.v[i], name))
			return w->places.v[i];
	if (w->places.n == PLACES_MAX)
		return "?";
	hash_put(w->a, &w->places_by_name, key, (uint32_t)w->places.n);
	return *vec_push(w->a, &w->places) = arena_str(w->a, name);
}

static void put_event(struct watch *w, const struct frame *f, struct event *e)
{
	e->t = f->t;
	e->place = f->place;
	e->wire = true;
	e->frame = f->number;
	if (w->sink.put)
		w->sink.put(w->sink.ctx, e);
}

/* ---- IKE ---- */

static void isakmp_event(struct watch *w, const struct frame *f, const struct isakmp_header *h,
			 unsigned n)
{
	struct event e = ev_new(EV_ISAKMP);

	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	ev_hex(&e, K_CKY_I, h->cky_i, 8);
	ev_hex(&e, K_CKY_R, h->cky_r, 8);
	ev_u(&e, K_EXCHANGE, h->exchange);
	ev_u(&e, K_MSGID, h->msgid);
	ev_u(&e, K_FLAGS, h->flags);
	ev_u(&e, K_LENGTH, h->length);
	if (n)
		ev_u(&e, K_MESSAGE, n);
	put_event(w, f, &e);
}

static void natd_event(struct watch *w, const struct frame *f, const struct isakmp_msg *m,
		       unsigned n)
{
	struct event e = ev_new(EV_NATD);
	const struct natd_list *l = &m->natd;

	if (!l->n)
		return;
	ev_hex(&e, K_CKY_I, m->h.cky_i, 8);
	ev_hex(&e, K_CKY_R, m->h.cky_r, 8);
	if (n)
		ev_u(&e, K_MESSAGE, n);
	ev_u(&e, K_PAYLOAD, m->natd_type);
	ev_hex(&e, K_HASH1, l->v[0].b, l->len);
	if (l->n > 1)
		ev_hex(&e, K_HASH2, l->v[1].b, l->len);
	put_event(w, f, &e);
}

/* False: this is no ISAKMP. */
static bool isakmp_frame(struct watch *w, const struct frame *f, struct view bytes, bool marker)
{
	enum drop d = isakmp_parse(&w->m, bytes.p, bytes.len, NULL);
	const struct isakmp_header *h = &w->m.h;
	unsigned n = 0;

	if (bytes.len < ISAKMP_HEADER_LEN || (h->version >> 4 != 1 && h->version >> 4 != 2))
		return false;
	if (h->version >> 4 == 2)
		ikev2_message(w, f, bytes, f->pkt->said_len - (f->pkt->len - bytes.len));
	if (d != DROP_VERSION)
		n = ikev1_message(w, f, bytes, d == DROP_NONE, marker);
	isakmp_event(w, f, h, n);
	if (d == DROP_NONE)
		natd_event(w, f, &w->m, n);
	return true;
}

/* ---- ESP, keep-alives, and what is neither ---- */

/* What is counted at @place; NULL: at too many places already. */
static struct esp_seen *esp_at(struct pool *p, struct exchange *x, const char *place)
{
	for (size_t i = 0; i < x->n_esp_at; i++)
		if (x->esp_at[i].place == place)
			return &x->esp_at[i];
	if (x->n_esp_at == WATCH_NAMES)
		return NULL;
	x->esp_at = pool_push(p, x->esp_at, x->n_esp_at, sizeof(*x->esp_at));
	x->esp_at[x->n_esp_at].place = place;
	return &x->esp_at[x->n_esp_at++];
}

static void count_esp(struct pool *p, struct exchange *x, const struct frame *f, enum side side)
{
	struct esp_seen *e = esp_at(p, x, f->place);

	if (!e)
		return;
	count_at(&e->n[side], &x->esp[side]);
	e->last[side] = f->t;
	e->unanswered = side == SIDE_RESPONDER ? 0 : e->unanswered + 1;
}

/* False: this is no ESP. */
static bool esp_frame(struct watch *w, const struct frame *f, bool udp)
{
	struct rd r = rd_new(f->pkt->payload, f->pkt->len);
	const uint8_t *spi = rd_bytes(&r, 4, "Security Parameters Index");
	uint32_t seq = rd_u32(&r, "Sequence Number");
	struct event e = ev_new(EV_ESP);
	struct at_place *at;
	struct tracked *t;
	enum side side;

	if (!rd_ok(&r))
		return false;
	t = udp ? flows_find(&w->flows, f->pkt, &side) : flows_find_addr(&w->flows, f->pkt, &side);
	at = t ? exchanges_at(&w->ikev1, t, f->place) : NULL;
	if (at && ring_fresh(&at->packets[side], (uint64_t)le32(spi) << 32 | seq))
		count_esp(&w->pool, &t->x, f, side);
	w->stray_esp += !t;
	if (t) {
		mark_first(&t->x.first_esp[side], f);
		*(udp ? &t->x.esp_udp : &t->x.esp_raw) = true;
		t->x.last = MAX(t->x.last, f->t);
	}
	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	ev_hex(&e, K_ESP_SPI, spi, 4);
	ev_u(&e, K_ESP_SEQ, seq);
	ev_bool(&e, K_ENCAP, udp);
	ev_u(&e, K_LENGTH, f->pkt->said_len);
	put_event(w, f, &e);
	return true;
}

static void keepalive_frame(struct watch *w, const struct frame *f)
{
	struct event e = ev_new(EV_KEEPALIVE);
	struct at_place *at;
	struct tracked *t;
	enum side side;

	t = flows_find(&w->flows, f->pkt, &side);
	at = t ? exchanges_at(&w->ikev1, t, f->place) : NULL;
	if (at) {
		count_at(&at->keepalives[side], &t->x.keepalives[side]);
		if (f->pkt->src.port == IKE_NATT_PORT || f->pkt->dst.port == IKE_NATT_PORT)
			count_at(&at->on_4500[side], &t->x.on_4500[side]);
	}
	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	put_event(w, f, &e);
}

/* UDP 500, and what RFC 3948 2 puts on 4500. False: neither. */
static bool udp_frame(struct watch *w, const struct frame *f)
{
	static const uint8_t marker[ISAKMP_MARKER_LEN];
	const struct packet *pkt = f->pkt;
	bool ike = pkt->src.port == IKE_PORT || pkt->dst.port == IKE_PORT;
	bool natt = pkt->src.port == IKE_NATT_PORT || pkt->dst.port == IKE_NATT_PORT;

	/* strongSwan keeps port 500 alive too while an exchange is half open. */
	if ((ike || natt) && pkt->len == 1 && pkt->payload[0] == 0xff) {
		keepalive_frame(w, f);
		return true;
	}
	if (natt && pkt->len >= sizeof(marker) &&
	    !memcmp(pkt->payload, marker, sizeof(marker)))
		return isakmp_frame(w, f,
				    (struct view){pkt->payload + sizeof(marker),
						  pkt->len - sizeof(marker)},
				    true);
	/* Both, when a NAPT made one of a client's other ports. */
	if (ike && isakmp_frame(w, f, (struct view){pkt->payload, pkt->len}, false))
		return true;
	return natt && esp_frame(w, f, true);
}

static bool icmp_frame(struct watch *w, const struct frame *f)
{
	struct rd r = rd_new(f->pkt->payload, f->pkt->len);
	uint8_t type = rd_u8(&r, "Type");
	uint8_t code = rd_u8(&r, "Code");
	struct event e = ev_new(EV_ICMP);

	if (!rd_ok(&r))
		return false;
	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	ev_u(&e, K_ICMP_TYPE, type);
	ev_u(&e, K_ICMP_CODE, code);
	put_event(w, f, &e);
	return true;
}

static void other_frame(struct watch *w, const struct frame *f)
{
	struct event e = ev_new(EV_OTHER);

	ev_ep(&e, K_SRC, f->pkt->src);
	ev_ep(&e, K_DST, f->pkt->dst);
	ev_u(&e, K_PROTO, f->pkt->proto);
	ev_u(&e, K_LENGTH, f->pkt->said_len);
	put_event(w, f, &e);
}

void watch_frame(struct watch *w, const char *place, uint32_t linktype, usec t, uint32_t number,
		 const uint8_t *data, size_t len)
{
	struct packet pkt;
	struct frame f = {.t = t, .number = number, .pkt = &pkt};
	bool done = false;

	w->end = MAX(w->end, t);
	if (!packet_parse(&pkt, linktype, data, len))
		return;
	w->packets++;
	f.place = place_of(w, place);
	/* The last piece to come stands for the datagram; the others are something else. */
	if (!pkt.fragment || fragments_add(w->fragments, f.place, t, &pkt)) {
		switch (pkt.proto) {
		case IPPROTO_UDP_:
			done = udp_frame(w, &f);
			break;
		case IPPROTO_ESP_:
			done = esp_frame(w, &f, false);
			break;
		case IPPROTO_ICMP_:
			done = icmp_frame(w, &f);
			break;
		}
	}
	if (!done && w->sink.put)
		other_frame(w, &f);
}
