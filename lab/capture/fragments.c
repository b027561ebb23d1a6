/* SPDX-License-Identifier: MIT */
#include "lab/capture/fragments.h"

#include <string.h>

#define DATAGRAMS 32 /* under way at once */
#define DATA_MAX 65536
#define UNIT 8		    /* fragments begin at multiples of it */
#define PATIENCE (30 * SEC) /* RFC 791 wants 15 s at least, RFC 8200 60 s at most */

/* A datagram under way: which of its units are here. */
struct datagram {
	const char *place; /* NULL: a free slot */
	struct inet_addr src, dst;
	uint8_t proto;
	uint32_t id;
	usec t;	       /* of its first fragment */
	uint64_t used; /* when it was last touched, in fragments */
	size_t len;    /* of the whole; 0 not known yet */
	size_t end;    /* of the farthest piece */
	size_t have;   /* bytes that are here */
	uint8_t units[DATA_MAX / UNIT / 8];
	uint8_t data[DATA_MAX];
};

struct fragments {
	struct arena *a;
	uint64_t count;
	struct datagram *v[DATAGRAMS]; /* made when needed */
};

struct fragments *fragments_new(struct arena *a)
{
	struct fragments *f = arena_new_of(a, struct fragments);

	f->a = a;
	return f;
}

static bool is_of(const struct datagram *d, const char *place, const struct packet *pkt)
{
	return d->place == place && d->id == pkt->frag_id && d->proto == pkt->proto &&
	       inet_addr_eq(d->src, pkt->src.addr) && inet_addr_eq(d->dst, pkt->dst.addr);
}

static void begin(struct datagram *d, const char *place, usec t, const struct packet *pkt)
{
	d->place = place;
	d->src = pkt->src.addr;
	d->dst = pkt->dst.addr;
	d->proto = pkt->proto;
	d->id = pkt->frag_id;
	d->t = t;
	d->len = d->end = d->have = 0;
	memset(d->units, 0, sizeof(d->units));
}

/* The datagram of a fragment, begun if need be. */
static struct datagram *find(struct fragments *f, const char *place, usec t,
			     const struct packet *pkt)
{
	size_t to = 0;

	for (size_t i = 0; i < DATAGRAMS; i++) {
		struct datagram *d = f->v[i];

		if (d && is_of(d, place, pkt)) {
			if (t - d->t > PATIENCE ||
			    t < d->t - PATIENCE) /* the number is in use again */
				begin(d, place, t, pkt);
			return d;
		}
		if (!f->v[to])
			continue;
		if (!d || !d->place || (f->v[to]->place && d->used < f->v[to]->used))
			to = i;
	}
	if (!f->v[to])
		f->v[to] = arena_new_of(f->a, struct datagram);
	begin(f->v[to], place, t, pkt);
	return f->v[to];
}

/* Copies what is not here yet. Only the last piece may end within a unit. */
static void put(struct datagram *d, size_t off, const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len; at += UNIT) {
		size_t unit = (off + at) / UNIT, n = MIN(len - at, (size_t)UNIT);

		if (d->units[unit / 8] & 1u << unit % 8)
			continue;
		d->units[unit / 8] |= (uint8_t)(1u << unit % 8);
		memcpy(d->data + off + at, p + at, n);
		d->have += n;
	}
}

bool fragments_add(struct fragments *f, const char *place, usec t, struct packet *pkt)
{
	size_t off = pkt->frag_off, len = pkt->len;
	struct datagram *d;

	/* Captured without its end, longer than a datagram can be, or not in whole units. */
	if (len < pkt->said_len || !len || off + len > DATA_MAX ||
	    (pkt->frag_more && len % UNIT != 0))
		return false;
	d = find(f, place, t, pkt);
	d->used = ++f->count;
	if (!pkt->frag_more && !d->len)
		d->len = off + len;
	d->end = MAX(d->end, off + len);
	put(d, off, pkt->payload, len);
	/* A piece behind the end contradicts it: that never becomes a datagram. */
	if (!d->len || d->end > d->len || d->have < d->len)
		return false;
	d->place = NULL;
	return packet_reassembled(pkt, d->data, d->len);
}
