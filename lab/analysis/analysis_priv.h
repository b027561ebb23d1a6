/* SPDX-License-Identifier: MIT */
/*
 * analysis_priv.h - what the files of lab/analysis share.
 *
 *	exchange.c    what was seen of one exchange
 *	watch.c       a frame parsed once, and handed on by what it carries; ESP and keep-alives
 *	ikev1.c       Main Mode, Aggressive Mode, and what comes behind them
 *	ikev2.c       IKE_SA_INIT
 *	contents.c    what an IKEv1 message says in clear
 *	sightings.c   where and how often a message was seen, for both versions
 *	exchanges.c   the tables of exchanges, and the memory for what they hold
 *	flows.c       which exchange two addresses and ports belong to
 *
 *	natd_judge.c  whose NAT-D hash is whose, and what each side concludes
 *	windows.c     the rule of Windows for one exchange
 *	responder_guess.c  whose software answers
 *	finding.c     a signature and its evidence, written down
 *	diagnose.c    which signature an exchange of phase 1 bears, diagnose_esp.c behind it
 *	advice.c      which sentences go with a signature; advice_texts.c has them
 *	inspect.c     all of this for captures
 */
#ifndef NATDLAB_ANALYSIS_ANALYSIS_PRIV_H
#define NATDLAB_ANALYSIS_ANALYSIS_PRIV_H

#include "lab/analysis/diagnose.h"
#include "lab/analysis/watch.h"
#include "lab/base/hash.h"
#include "lab/base/packet.h"

enum side { SIDE_NONE = -1, SIDE_INITIATOR = 0, SIDE_RESPONDER = 1 };

/* One frame with an IP packet, as the analyses get it. */
struct frame {
	const char *place; /* the watch's copy: equal names are equal pointers */
	usec t;
	uint32_t number;
	const struct packet *pkt;
};

/* The last numbers seen, to recognize one that comes twice. Of 64-bit numbers the two halves are
 * XORed: two different ESP sequence numbers of one SPI stay different. */
struct ring {
	uint32_t v[16];
	uint8_t n, at;
};

/* What one exchange did at one place. */
struct at_place {
	const char *place;
	uint32_t copies[7];
	uint32_t copied_id[7]; /* the IP identification of the last one, */
	usec copied[7];	       /* and when it was seen */
	uint32_t quick_modes, deletes, transactions;
	uint32_t informationals[2], keepalives[2], on_4500[2], quick_messages[2];
	struct ring msgids, messages, packets[2];
};

struct tracked {
	struct exchange x;   /* first: what the caller sees */
	/* Of each phase 1 message's first transmission. A collision made on purpose hides a message
	 * of its maker's from a counter. */
	uint64_t digest[7];
	uint32_t generation; /* of this memory: flows of a former exchange in it are void */
	uint8_t n_places;    /* at most WATCH_NAMES */
	struct at_place *at;
	struct tracked *next; /* in its bucket */
};

/* ---- memory for arrays that grow with what is seen (exchanges.c) ---- */

/* Pieces of powers of two; what is given back is given out again, so that a flood of exchanges
 * costs no more than those which are kept at one time. */
struct pool {
	struct arena *a;
	void *spare[16];
};

/* The array @v of @n elements with room for one more, which is zeroed; it may have moved. */
void *pool_push(struct pool *p, void *v, size_t n, size_t size);

/* ---- tables of exchanges (exchanges.c) ---- */

/* Exchanges in the order of their first message: v[first], ..., v[past - 1]; those before v[open]
 * are finished. What is forgotten goes at the front, so that a flood costs no more for each of its
 * messages than a capture without one. */
struct exchanges {
	struct pool *pool;
	size_t limit; /* a power of two */
	size_t first, open, past;
	struct exchange **v;      /* of 2 * limit */
	struct tracked **buckets; /* by initiator cookie; of @limit */
};

/* Room for @limit exchanges, a power of two. @pool must stay; the memory is its arena's. */
void exchanges_init(struct exchanges *e, struct pool *pool, size_t limit);
/* The exchange with these cookies; @cky_r NULL: any, the oldest one. NULL: none. */
struct tracked *exchanges_find(const struct exchanges *e, const uint8_t cky_i[8],
			       const uint8_t *cky_r);
/* A new one; where there is no room the oldest unfinished one makes it, else the oldest. */
struct tracked *exchanges_add(struct exchanges *e, const uint8_t cky_i[8], const uint8_t cky_r[8],
			      usec t);
/* A new one for a second responder cookie: message 1 was the same as that of @of. */
struct tracked *exchanges_add_sibling(struct exchanges *e, const struct tracked *of,
				      const uint8_t cky_r[8], usec t);
/* What @t did at @place; NULL: it was seen at too many places already. Valid until the next call
 * for the same exchange. */
struct at_place *exchanges_at(struct exchanges *e, struct tracked *t, const char *place);
/* Keeps the bytes of a message in *@k. */
void exchanges_keep(struct exchanges *e, struct kept *k, struct view bytes, struct mark at);

/* ---- what was seen where (sightings.c) ---- */

/* Both ends of a frame, at its place. */
struct sighting sighting_of(const struct frame *f);
/* Notes in *@m that this frame was the first, or the last, of its kind. */
void mark_first(struct mark *m, const struct frame *f);
void mark_last(struct mark *m, const struct frame *f);
struct mark mark_of(const struct frame *f);
/* True when @id was not among the last ones; it is then the last. */
bool ring_fresh(struct ring *r, uint64_t id);
/* One more at one place; the exchange has what the place with most has: so nothing is counted
 * twice because it was seen twice, and a message lost between two places still counts. */
void count_at(uint32_t *here, uint32_t *total);
/* Phase 1 message @n of @t, of so many bytes, in this frame: when, where, how often. */
void message_note(struct exchanges *e, struct tracked *t, unsigned n, const struct frame *f,
		  uint32_t len, uint64_t digest);

/* ---- flows: whose exchange two addresses and ports belong to (flows.c) ---- */

struct flow;

/* A hash table that grows to a bound and then forgets what was not used for the longest time. */
struct flows {
	struct arena *a;
	struct flow *v; /* of n_slots, a power of two */
	size_t n_slots, n;
	uint64_t now; /* counts lookups: which entry was used last */
};

/* An empty table in @a. */
void flows_init(struct flows *f, struct arena *a);
/* A message of @t that went from its @side: remembers its ends, with ports and (for bare ESP,
 * and for what moves to port 4500) without. */
void flows_note(struct flows *f, const struct packet *pkt, struct tracked *t, enum side side);
/* The exchange between the ends of @pkt, and who sent it; NULL and SIDE_NONE: none. */
struct tracked *flows_find(struct flows *f, const struct packet *pkt, enum side *side);
/* The same by addresses alone. */
struct tracked *flows_find_addr(struct flows *f, const struct packet *pkt, enum side *side);

/* ---- the two versions of IKE ---- */

struct watch {
	struct arena *a;
	struct ev_sink sink;
	struct pool pool;
	struct exchanges ikev1, ikev2;
	struct flows flows;
	VEC(const char *) places;
	struct hash places_by_name;
	struct fragments *fragments;
	bool keeps;
	usec end;
	uint64_t packets, stray_esp;
	struct isakmp_msg m; /* of the frame at hand; too large for a stack */
};

/* The message w->m of IKEv1 (ikev1.c). @bytes: all of it; @readable: its payloads could be read;
 * @marker: it came with RFC 3948's non-ESP marker. Which message of phase 1 it is; 0: none, or that
 * cannot be told. */
unsigned ikev1_message(struct watch *w, const struct frame *f, struct view bytes, bool readable,
		       bool marker);
/* A message of IKEv2, @said bytes long by its headers; only IKE_SA_INIT is noted (ikev2.c). */
void ikev2_message(struct watch *w, const struct frame *f, struct view bytes, size_t said);
/* What the first transmission of message @n says in clear (contents.c). */
void contents_note(struct pool *p, struct exchange *x, const struct isakmp_msg *m, unsigned n);
/* Adds a vendor ID of the initiator (0) or the responder (1). */
void contents_note_vid(struct pool *p, struct exchange *x, unsigned side, struct view vid);

/* ---- diagnosis ---- */

/* A capture that goes on for so long without the next message was not cut off too early. */
#define LONG_SILENCE (2 * SEC)

/* One exchange on its way to a signature. */
struct diagnosing {
	const struct exchange *x;
	const struct judgement *j;
	struct exchange *const *all; /* of the same capture, @n of them */
	size_t n;
	struct diagnosis *d;
};

/* Writes the signature, its certainty and what was seen. */
void diagnose_found(struct diagnosing *p, enum signature sig, enum certainty certainty,
		    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Adds a frame to look at; @at without a place: none. */
void diagnose_show(struct diagnosing *p, const char *what, struct mark at);
/* The first transmission of message @n, if it was seen. */
void diagnose_show_message(struct diagnosing *p, unsigned n);

/* "once", "twice", "3 times" */
const char *diagnose_times(uint32_t n, char buf[24]);
#define TIMES(n) diagnose_times((n), (char[24]){0})

/* Quick Modes or ESP were seen (diagnose_esp.c). */
void diagnose_after_quick_mode(struct diagnosing *p);

#endif
