/* SPDX-License-Identifier: MIT */
/*
 * flows.c - which exchange the ends of a packet belong to, and who of the two sent it.
 *
 * ESP and keep-alives carry no cookies, and a message behind Main Mode does not say who sent it.
 * The ends of a message that is known tell for those that follow.
 */
#include "lab/analysis/analysis_priv.h"

#define FLOWS_FIRST 256 /* slots; powers of two */
#define FLOWS_MAX 65536
#define FLOW_PROBES 8

/* Initiator's and responder's end as seen at some place, and whose. */
struct flow {
	struct inet_ep i, r;
	struct tracked *t;
	uint32_t generation;
	uint64_t used; /* when it was used last, in lookups */
};

void flows_init(struct flows *f, struct arena *a)
{
	*f = (struct flows){.a = a, .n_slots = FLOWS_FIRST};
	f->v = arena_array_of(a, FLOWS_FIRST, struct flow);
}

static struct flow *slot_at(const struct flows *f, size_t slot)
{
	return &f->v[slot & (f->n_slots - 1)];
}

static size_t slot_of(struct inet_ep i, struct inet_ep r)
{
	return (size_t)hash_mix(hash_ep(i), hash_ep(r));
}

static bool is_live(const struct flow *f)
{
	return f->t && f->t->generation == f->generation;
}

static struct flow *find(struct flows *f, struct inet_ep i, struct inet_ep r)
{
	size_t slot = slot_of(i, r);

	f->now++;
	for (size_t n = 0; n < FLOW_PROBES; n++) {
		struct flow *one = slot_at(f, slot + n);

		if (is_live(one) && inet_ep_eq(one->i, i) && inet_ep_eq(one->r, r)) {
			one->used = f->now;
			return one;
		}
	}
	return NULL;
}

/* Where a flow that is not there yet goes. */
static struct flow *room_for(struct flows *f, struct inet_ep i, struct inet_ep r)
{
	size_t slot = slot_of(i, r);
	struct flow *to = slot_at(f, slot);

	for (size_t n = 0; n < FLOW_PROBES; n++)
		if (!is_live(slot_at(f, slot + n))) {
			f->n++;
			return slot_at(f, slot + n);
		}
	/* The one that was not used for the longest time makes room. */
	for (size_t n = 1; n < FLOW_PROBES; n++)
		if (slot_at(f, slot + n)->used < to->used)
			to = slot_at(f, slot + n);
	return to;
}

/* Twice the slots when a quarter is taken, so that few have to make room before the last size. */
static void grow(struct flows *f)
{
	struct flow *old = f->v;
	size_t n = f->n_slots;

	f->n_slots = 2 * n;
	f->v = arena_array_of(f->a, f->n_slots, struct flow);
	f->n = 0;
	for (size_t k = 0; k < n; k++)
		if (is_live(&old[k]))
			*room_for(f, old[k].i, old[k].r) = old[k];
}

static void note(struct flows *f, struct inet_ep i, struct inet_ep r, struct tracked *t)
{
	struct flow *to = find(f, i, r);

	if (!to) {
		if (f->n >= f->n_slots / 4 && f->n_slots < FLOWS_MAX)
			grow(f);
		to = room_for(f, i, r);
	}
	*to = (struct flow){i, r, t, t->generation, f->now};
}

void flows_note(struct flows *f, const struct packet *pkt, struct tracked *t, enum side side)
{
	struct inet_ep i = side == SIDE_INITIATOR ? pkt->src : pkt->dst;
	struct inet_ep r = side == SIDE_INITIATOR ? pkt->dst : pkt->src;

	note(f, i, r, t);
	i.port = r.port = 0;
	note(f, i, r, t);
}

static struct tracked *lookup(struct flows *f, struct inet_ep src, struct inet_ep dst,
			      enum side *side)
{
	struct flow *one = find(f, src, dst);

	*side = SIDE_INITIATOR;
	if (!one) {
		one = find(f, dst, src);
		*side = SIDE_RESPONDER;
	}
	if (!one)
		*side = SIDE_NONE;
	return one ? one->t : NULL;
}

struct tracked *flows_find(struct flows *f, const struct packet *pkt, enum side *side)
{
	return lookup(f, pkt->src, pkt->dst, side);
}

struct tracked *flows_find_addr(struct flows *f, const struct packet *pkt, enum side *side)
{
	return lookup(f, inet_ep(pkt->src.addr, 0), inet_ep(pkt->dst.addr, 0), side);
}
