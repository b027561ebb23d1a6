/* SPDX-License-Identifier: MIT */
/*
 * ike_sa.c - the table of SAs, what all exchanges do with theirs: events, sending, message IDs.
 */
#include "nodes/ike/ike_priv.h"

#include <stdlib.h>
#include <string.h>

#define MSGID_TRIES 8
/* After the peer's Delete of the whole SA: as long as it may repeat it (MS-IKEE 3.8). */
#define LINGER (64 * SEC)

/* ---- events ---- */

void ike_event(struct ike *ike, const struct event *e)
{
	ike->env.event(ike->env.ctx, e);
}

struct event event_of(const struct ike_sa *sa, enum ev_kind kind)
{
	struct event e = ev_new(kind);

	ev_hex(&e, K_CKY_I, sa->cky_i, sizeof(sa->cky_i));
	return e;
}

void event_notify(struct ike_sa *sa, bool sent, uint16_t type)
{
	struct event e = event_of(sa, EV_NOTIFY);

	ev_bool(&e, K_SENT, sent);
	ev_u(&e, K_NOTIFY, type);
	ike_event(sa->ike, &e);
}

const char *cipher_text(enum ike_cipher cipher, unsigned keybits)
{
	switch (cipher) {
	case CIPHER_NONE:
		return "null";
	case CIPHER_DES:
		return "des-cbc";
	case CIPHER_3DES:
		return "3des-cbc";
	case CIPHER_AES:
		return keybits == 128	? "aes-128-cbc"
		       : keybits == 192 ? "aes-192-cbc"
					: "aes-256-cbc";
	}
	return "?";
}

/* ---- pieces of messages ---- */

void nonce_draw(const struct ike_sa *sa, struct nonce *n, uint8_t len)
{
	n->len = len;
	rng_bytes(sa->ike->env.rng, n->b, len);
}

void nonce_read(struct nonce *n, struct view v)
{
	memcpy(n->b, v.p, v.len);
	n->len = v.len;
}

struct view nonce_view(const struct nonce *n)
{
	return view_of(n->b, n->len);
}

struct view cookies_view(const uint8_t cky_i[8], const uint8_t cky_r[8], uint8_t buf[COOKIES_LEN])
{
	memcpy(buf, cky_i, 8);
	memcpy(buf + 8, cky_r, 8);
	return view_of(buf, COOKIES_LEN);
}

/* ---- sending ---- */

void ike_send(struct ike *ike, struct inet_ep local, struct inet_ep remote, bool marker,
	      const uint8_t *p, size_t len)
{
	uint8_t buf[ISAKMP_MARKER_LEN + IKE_MESSAGE_MAX];
	struct wr w = wr_new(buf, sizeof(buf));
	struct datagram d = {.via = VIA_UDP, .local = local, .remote = remote};

	if (marker)
		wr_zeros(&w, ISAKMP_MARKER_LEN);
	wr_bytes(&w, p, len);
	assert(wr_ok(&w));
	d.data = buf;
	d.len = wr_len(&w);
	ike->env.send(ike->env.ctx, &d);
}

void sa_send(struct ike_sa *sa, const uint8_t *p, size_t len, usec now)
{
	sa->last_out = now;
	ike_send(sa->ike, sa->local, sa->remote, sa->floated, p, len);
}

void sent_stop(struct ike_sent *s)
{
	s->next = USEC_NEVER;
}

/* When the next retransmission is due; after the last one, when to give up. */
static usec sent_due(const struct ike_sent *s)
{
	if (!s->retry || !s->retry->n)
		return USEC_NEVER;
	if (s->tries < s->retry->n)
		return s->first + s->retry->at_ms[s->tries] * MSEC;
	return s->first + s->retry->give_up_ms * MSEC;
}

void sa_send_kept(struct ike_sa *sa, struct ike_sent *s, size_t len, uint8_t message,
		  uint32_t msgid, const struct retry *retry, usec now)
{
	assert(len > 0); /* our own messages fit */
	s->len = len;
	s->message = message;
	s->msgid = msgid;
	s->retry = retry;
	s->first = now;
	s->tries = 0;
	s->next = sent_due(s);
	sa_send(sa, s->buf, len, now);
}

void sa_send_again(struct ike_sa *sa, struct ike_sent *s, usec now)
{
	struct event e = event_of(sa, EV_RETRANSMIT);

	if (!s->len)
		return;
	if (s->msgid)
		ev_u(&e, K_MSGID, s->msgid);
	ev_u(&e, K_MESSAGE, s->message);
	ev_u(&e, K_TRY, s->tries + 1u);
	ike_event(sa->ike, &e);
	sa_send(sa, s->buf, s->len, now);
}

bool sent_timer(struct ike_sa *sa, struct ike_sent *s, usec now)
{
	if (now < s->next)
		return true;
	if (s->tries >= s->retry->n) {
		s->next = USEC_NEVER;
		return false;
	}
	sa_send_again(sa, s, now);
	s->tries++;
	s->next = sent_due(s);
	if (s->next > now)
		return true;
	s->next = USEC_NEVER; /* the last one is sent as it is given up */
	return false;
}

/* ---- the table ---- */

/* Cookies are random bytes, at least those of peers that mean well; others find their SAs in one
 * chain, whose length IKE_SAS_MAX bounds. */
static uint64_t cookie_hash(const uint8_t cky_i[8])
{
	return hash_bytes(cky_i, 8);
}

static struct ike_sa *sa_of(struct table_link *link)
{
	return OWNER_OF(link, struct ike_sa, by_cookie);
}

/* Every SA whose initiator's cookie may be this one. */
#define EACH_SA_BY_COOKIE(l, ike, cky_i)                                                           \
	for (struct table_link *l = table_find(&(ike)->by_cookie, cookie_hash(cky_i)); l;          \
	     l = table_next(l))

void draw_cookie(struct ike *ike, uint8_t cookie[8])
{
	do
		rng_bytes(ike->env.rng, cookie, 8);
	while (cookie_zero(cookie));
}

/* The SA of a header. Our own first message has no responder cookie yet. */
struct ike_sa *sa_find(struct ike *ike, const struct isakmp_header *h)
{
	EACH_SA_BY_COOKIE(l, ike, h->cky_i) {
		struct ike_sa *sa = sa_of(l);

		if (cookie_is(sa->cky_i, h->cky_i) &&
		    (cookie_is(sa->cky_r, h->cky_r) ||
		     (sa->initiator && sa->state == MAIN_I_WAIT_2)))
			return sa;
	}
	return NULL;
}

struct ike_sa *sa_begun_under(struct ike *ike, const struct ike_rx *rx)
{
	EACH_SA_BY_COOKIE(l, ike, rx->m->h.cky_i) {
		struct ike_sa *sa = sa_of(l);

		if (sa_half_open(sa) && cookie_is(sa->cky_i, rx->m->h.cky_i) &&
		    inet_ep_eq(sa->remote, rx->d->remote))
			return sa;
	}
	return NULL;
}

struct ike_sa *sa_begun_by(struct ike *ike, const struct ike_rx *rx)
{
	EACH_SA_BY_COOKIE(l, ike, rx->m->h.cky_i) {
		struct ike_sa *sa = sa_of(l);

		if (sa->n_in && memcmp(sa->in[0], rx->digest, DIGEST_LEN) == 0 &&
		    inet_ep_eq(sa->remote, rx->d->remote))
			return sa;
	}
	return NULL;
}

static struct ike_list *list_of(const struct ike_sa *sa)
{
	return &sa->ike->lists[sa_half_open(sa) ? HALF_OPEN : FINISHED];
}

static void list_add(struct ike_sa *sa)
{
	struct ike_list *l = list_of(sa);

	sa->older = l->newest;
	sa->newer = NULL;
	*(l->newest ? &l->newest->newer : &l->oldest) = sa;
	l->newest = sa;
	l->n++;
}

static void list_remove(struct ike_sa *sa)
{
	struct ike_list *l = list_of(sa);

	*(sa->older ? &sa->older->newer : &l->oldest) = sa->newer;
	*(sa->newer ? &sa->newer->older : &l->newest) = sa->older;
	l->n--;
}

size_t sa_count(const struct ike *ike)
{
	return ike->lists[HALF_OPEN].n + ike->lists[FINISHED].n;
}

void sa_set_state(struct ike_sa *sa, enum main_state state)
{
	bool moves = sa_half_open(sa) && state >= MAIN_UP;

	assert(!sa->gone && state >= sa->state);
	if (moves)
		list_remove(sa);
	sa->state = state;
	if (moves)
		list_add(sa);
}

/* Room for one more: the oldest unfinished exchange goes, or, when there is none, the oldest SA. It
 * is found at once, for strangers can ask for it as often as they like. */
static void make_room(struct ike *ike, usec now)
{
	const struct ike_list *half_open = &ike->lists[HALF_OPEN];

	if (half_open->n < IKE_HALF_OPEN_MAX && sa_count(ike) < IKE_SAS_MAX)
		return;
	sa_end(half_open->n ? half_open->oldest : ike->lists[FINISHED].oldest, REASON_LIMIT, true,
	       now);
}

struct ike_sa *sa_new(struct ike *ike, const uint8_t cky_i[8], struct inet_ep local,
		      struct inet_ep remote, usec now)
{
	struct ike_sa *sa;

	make_room(ike, now);
	sa = calloc(1, sizeof(*sa));
	if (!sa)
		abort();
	sa->ike = ike;
	sa->initiator = ike->initiator;
	memcpy(sa->cky_i, cky_i, 8);
	sa->local = local;
	sa->remote = remote;
	sa->born = sa->last_in = sa->last_out = sa->last_keepalive = now;
	sa->sent.next = sa->linger = USEC_NEVER;
	sa->due.order = ike->n_born++;
	table_add(&ike->by_cookie, &sa->by_cookie, cookie_hash(cky_i));
	list_add(sa);
	return sa;
}

void quick_free(struct ike_quick *q)
{
	bytes_free(q, sizeof(*q));
}

static void quick_free_all(struct ike_sa *sa)
{
	while (sa->quicks) {
		struct ike_quick *q = sa->quicks;

		sa->quicks = q->next;
		quick_free(q);
	}
}

static void sa_free(struct ike_sa *sa)
{
	quick_free_all(sa);
	while (sa->reliables) {
		struct ike_reliable *r = sa->reliables;

		sa->reliables = r->next;
		bytes_free(r, sizeof(*r));
	}
	dh_free(sa->dh);
	free(sa->sai_b);
	msgids_free(&sa->msgids);
	bytes_free(sa, sizeof(*sa));
}

void sa_forget(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;

	if (sa->gone)
		return;
	sa->gone = true;
	table_remove(&ike->by_cookie, &sa->by_cookie);
	heap_set(&ike->due, &sa->due, USEC_NEVER);
	list_remove(sa);
	sa->next_gone = ike->gone;
	ike->gone = sa;
}

static void tell_down(struct ike_sa *sa, enum reason reason, usec now)
{
	struct ike *ike = sa->ike;

	while (sa->n_children)
		child_forget(sa, sa->children[sa->n_children - 1].spi_in, now);
	if (ike->hooks.down)
		ike->hooks.down(ike->hooks.ctx, sa, reason, now);
}

void sa_end(struct ike_sa *sa, enum reason reason, bool given_up, usec now)
{
	bool told = sa->state == MAIN_DYING;

	if (sa->gone)
		return;
	if (given_up && !told) {
		struct event e = event_of(sa, EV_EXPIRED);

		ev_hex(&e, K_CKY_R, sa->cky_r, sizeof(sa->cky_r));
		ev_word(&e, K_WHY, reason);
		ike_event(sa->ike, &e);
	}
	sa_forget(sa);
	if (!told)
		tell_down(sa, reason, now);
}

void sa_linger(struct ike_sa *sa, enum reason reason, usec now)
{
	assert(sa->state == MAIN_UP);
	sa->state = MAIN_DYING;
	sa->linger = now + LINGER;
	sent_stop(&sa->sent);
	tell_down(sa, reason, now);
}

void ike_reap(struct ike *ike)
{
	while (ike->gone) {
		struct ike_sa *sa = ike->gone;

		ike->gone = sa->next_gone;
		sa_free(sa);
	}
}

void ike_enter(struct ike *ike)
{
	ike->depth++;
}

void ike_leave(struct ike *ike)
{
	if (--ike->depth == 0)
		ike_reap(ike);
}

/* ---- message IDs ---- */

uint32_t fresh_msgid(struct ike_sa *sa)
{
	uint32_t id = 0;

	/* RFC 2408 3.1: random, and zero is Main Mode's. */
	for (int i = 0; i < MSGID_TRIES && (!id || msgids_have(&sa->msgids, id)); i++)
		id = rng_u32(sa->ike->env.rng);
	return id ? id : 1;
}

/* ---- what every message goes through ---- */

void sa_follow(struct ike_sa *sa, const struct ike_rx *rx)
{
	struct ike *ike = sa->ike;
	bool same = inet_ep_eq(sa->remote, rx->d->remote) && sa->floated == rx->marker;

	sa->last_in = rx->now;
	sa->dpd_asked = 0;
	/* An initiator knows where it dialled. */
	if (same || sa->initiator)
		return;
	sa->remote = rx->d->remote;
	sa->local = rx->d->local;
	sa->floated = rx->marker;
	if (sa->state == MAIN_UP && ike->hooks.moved)
		ike->hooks.moved(ike->hooks.ctx, sa, sa->remote, rx->now);
}

static bool payload_in(const uint8_t list[ROW_PAYLOADS], uint8_t type)
{
	for (size_t i = 0; i < ROW_PAYLOADS && list[i]; i++)
		if (list[i] == type)
			return true;
	return false;
}

static size_t payload_count(const struct isakmp_msg *m, uint8_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_payloads; i++)
		n += m->payloads[i].type == type;
	return n;
}

/* A payload for which the state has no use. */
static bool payload_useless(const struct payload_rule *rule, const struct isakmp_msg *m)
{
	for (size_t i = 0; i < m->n_payloads; i++)
		if (!payload_in(rule->need, m->payloads[i].type) &&
		    !payload_in(rule->allow, m->payloads[i].type))
			return true;
	return false;
}

enum drop payloads_check(const struct payload_rule *rule, const struct isakmp_msg *m, bool skips)
{
	bool useless = payload_useless(rule, m);

	for (size_t i = 0; i < ROW_PAYLOADS && rule->need[i]; i++) {
		size_t n = payload_count(m, rule->need[i]);

		if (rule->need[i] == rule->twice) {
			if (n != 0 && n != 2)
				return n < 2 ? DROP_PAYLOAD_MISSING : DROP_PAYLOAD_TWICE;
			continue;
		}
		if (n > 1)
			return DROP_PAYLOAD_TWICE;
		if (n == 0)
			return useless ? DROP_PAYLOAD_TYPE : DROP_PAYLOAD_MISSING;
		if (i < rule->first && m->payloads[i].type != rule->need[i])
			return DROP_PAYLOAD_TYPE;
	}
	return useless && !skips ? DROP_PAYLOAD_TYPE : DROP_NONE;
}
