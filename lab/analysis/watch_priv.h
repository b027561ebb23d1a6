/* SPDX-License-Identifier: MIT */
/*
 * watch_priv.h - what watch.c, watch_flows.c and watch_contents.c share.
 */
#ifndef NATDLAB_ANALYSIS_WATCH_PRIV_H
#define NATDLAB_ANALYSIS_WATCH_PRIV_H

#include "lab/base/packet.h"
#include "lab/analysis/watch.h"

enum side { SIDE_NONE = -1, SIDE_INITIATOR = 0, SIDE_RESPONDER = 1 };

/* The last so many numbers seen, to know one again that comes twice. */
struct ring {
	uint64_t v[16];
	uint8_t n, at;
};

/* What one exchange did at one place. */
struct at_place {
	const char *place;
	uint32_t copies[7];
	usec copied[7]; /* when the last one was seen, */
	uint32_t copied_id[7]; /* and its IP identification */
	uint32_t quick_modes, deletes, transactions;
	uint32_t informationals[2], keepalives[2], on_4500[2], quick_messages[2];
	struct ring msgids, messages, packets[2];
};

struct tracked {
	struct exchange x; /* first: what the caller sees */
	uint64_t digest[7]; /* of each phase 1 message's first transmission */
	uint32_t generation; /* another one in this memory: flows of the former one are void */
	uint8_t n_places;
	struct at_place at[WATCH_NAMES];
	struct tracked *next; /* in its bucket */
};

/* FNV-1a; a collision made on purpose hides a message of its maker's from a counter. */
#define DIGEST_START UINT64_C(0xcbf29ce484222325)
static inline uint64_t digest_of(const void *p, size_t len, uint64_t h)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Does @a come after @b on a message's way? Routers count the TTL down, and clocks of two machines
 * may differ; where nothing was routed between, time tells. */
static inline bool sighting_is_behind(const struct sighting *a, const struct sighting *b)
{
	return a->ttl != b->ttl ? a->ttl < b->ttl : a->t > b->t;
}

/* ---- flows: whose exchange two addresses and ports belong to (watch_flows.c) ---- */

struct flow;

/* A hash table that grows to a bound and then forgets what was not used for the longest time. */
struct flows {
	struct arena *a;
	struct flow *v; /* of n_slots, a power of two */
	size_t n_slots, n;
	uint64_t now; /* counts lookups: which entry was used last */
};

void flows_init(struct flows *f, struct arena *a);
/* A message of @t that went from its @side: remembers its ends, with ports and (for bare ESP,
 * and for what moves to port 4500) without. */
void flows_note(struct flows *f, const struct packet *pkt, struct tracked *t, enum side side);
/* The exchange between the ends of @pkt, and who sent it; NULL and SIDE_NONE: nobody's. */
struct tracked *flows_find(struct flows *f, const struct packet *pkt, enum side *side);
/* The same by addresses alone. */
struct tracked *flows_find_addr(struct flows *f, const struct packet *pkt, enum side *side);

/* ---- what the first transmission of message @n says (watch_contents.c) ---- */

void contents_note(struct exchange *x, const struct isakmp_msg *m, unsigned n);

#endif
