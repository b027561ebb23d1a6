/* SPDX-License-Identifier: MIT */
/*
 * ike.c - the table of SAs: which message is whose, what is due when, who hears of it.
 */
#include "nodes/ike_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MSGID_TRIES 8
/* After the peer's Delete of the whole SA: as long as it may repeat it (MS-IKEE 3.8). */
#define LINGER (64 * SEC)

static const uint8_t no_cookie[8];

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

void event_drop(struct ike *ike, const struct datagram *d, enum drop why)
{
	struct event e = ev_new(EV_DROP);

	ev_ep(&e, K_SRC, d->remote);
	ev_str(&e, K_DROP, drop_name(why));
	ev_u(&e, K_LENGTH, d->len);
	ike_event(ike, &e);
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
	return true;
}

/* ---- the table ---- */

static struct ike_sa **bucket(struct ike *ike, const uint8_t cky_i[8])
{
	/* Cookies are random bytes, at least those of peers that mean well; others find all
	 * their SAs in one bucket, whose length IKE_SAS_MAX bounds. */
	return &ike->buckets[(cky_i[0] ^ cky_i[3] ^ cky_i[7]) % IKE_BUCKETS];
}

static bool cookie_is(const uint8_t a[8], const uint8_t b[8])
{
	return memcmp(a, b, 8) == 0;
}

void draw_cookie(struct ike *ike, uint8_t cookie[8])
{
	do
		rng_bytes(ike->env.rng, cookie, 8);
	while (cookie_is(cookie, no_cookie));
}

/* The SA of a header. Our own first message has no responder cookie yet. */
static struct ike_sa *find(struct ike *ike, const struct isakmp_header *h)
{
	for (struct ike_sa *sa = *bucket(ike, h->cky_i); sa; sa = sa->next) {
		if (sa->gone || !cookie_is(sa->cky_i, h->cky_i))
			continue;
		if (cookie_is(sa->cky_r, h->cky_r) || (sa->initiator && sa->state == MAIN_I_WAIT_2))
			return sa;
	}
	return NULL;
}

struct ike_sa *sa_begun_by(struct ike *ike, const struct ike_rx *rx)
{
	for (struct ike_sa *sa = *bucket(ike, rx->m->h.cky_i); sa; sa = sa->next)
		if (!sa->gone && sa->n_in && memcmp(sa->in[0], rx->digest, DIGEST_LEN) == 0 &&
		    inet_ep_eq(sa->remote, rx->d->remote))
			return sa;
	return NULL;
}

/* Room for one more: the oldest unfinished exchange goes, or, when there is none, the oldest SA. */
static void make_room(struct ike *ike, usec now)
{
	if (ike->n_half_open < IKE_HALF_OPEN_MAX && ike->n_sas < IKE_SAS_MAX)
		return;
	for (struct ike_sa *sa = ike->oldest; sa; sa = sa->newer) {
		if (sa->gone || (ike->n_half_open && !sa_half_open(sa)))
			continue;
		sa_end(sa, "limit", true, now);
		return;
	}
}

struct ike_sa *sa_new(struct ike *ike, const uint8_t cky_i[8], struct inet_ep local,
		      struct inet_ep remote, usec now)
{
	struct ike_sa **b = bucket(ike, cky_i);
	struct ike_sa *sa;

	make_room(ike, now);
	sa = calloc(1, sizeof(*sa));
	if (!sa)
		abort();
	sa->ike = ike;
	sa->initiator = ike->cfg.initiator;
	memcpy(sa->cky_i, cky_i, 8);
	sa->local = local;
	sa->remote = remote;
	sa->born = sa->last_in = sa->last_out = now;
	sa->sent.next = sa->deadline = sa->linger = USEC_NEVER;
	sa->next = *b;
	*b = sa;
	sa->older = ike->newest;
	*(ike->newest ? &ike->newest->newer : &ike->oldest) = sa;
	ike->newest = sa;
	ike->n_sas++;
	ike->n_half_open++;
	return sa;
}

static void sa_unlink(struct ike_sa *sa)
{
	struct ike *ike = sa->ike;
	struct ike_sa **at = bucket(ike, sa->cky_i);

	while (*at != sa)
		at = &(*at)->next;
	*at = sa->next;
	*(sa->older ? &sa->older->newer : &ike->oldest) = sa->newer;
	*(sa->newer ? &sa->newer->older : &ike->newest) = sa->older;
}

static void sa_free(struct ike_sa *sa)
{
	quick_free_all(sa);
	while (sa->reliables) {
		struct ike_reliable *r = sa->reliables;

		sa->reliables = r->next;
		free(r);
	}
	dh_free(sa->dh);
	free(sa->sai_b);
	bytes_wipe(sa, sizeof(*sa));
	free(sa);
}

/* Counted as gone; the memory stays until the outermost call ends. */
static void sa_bury(struct ike_sa *sa)
{
	if (sa->gone)
		return;
	sa->gone = true;
	sa->ike->some_gone = true;
	sa->ike->n_sas--;
	if (sa_half_open(sa))
		sa->ike->n_half_open--;
}

static void tell_down(struct ike_sa *sa, const char *reason, usec now)
{
	struct ike *ike = sa->ike;

	while (sa->n_children)
		child_forget(sa, sa->children[sa->n_children - 1].spi_in, now);
	if (ike->hooks.down)
		ike->hooks.down(ike->hooks.ctx, sa, reason, now);
}

void sa_end(struct ike_sa *sa, const char *reason, bool given_up, usec now)
{
	bool told = sa->state == MAIN_DYING;

	if (sa->gone)
		return;
	if (given_up && !told) {
		struct event e = event_of(sa, EV_EXPIRED);

		ev_hex(&e, K_CKY_R, sa->cky_r, sizeof(sa->cky_r));
		ev_str(&e, K_WHY, reason);
		ike_event(sa->ike, &e);
	}
	sa_bury(sa);
	if (!told)
		tell_down(sa, reason, now);
}

void sa_linger(struct ike_sa *sa, const char *reason, usec now)
{
	assert(sa->state == MAIN_UP);
	sa->state = MAIN_DYING;
	sa->linger = now + LINGER;
	sent_stop(&sa->sent);
	tell_down(sa, reason, now);
}

static void reap(struct ike *ike)
{
	struct ike_sa *next;

	if (!ike->some_gone)
		return;
	ike->some_gone = false;
	for (struct ike_sa *sa = ike->oldest; sa; sa = next) {
		next = sa->newer;
		if (sa->gone) {
			sa_unlink(sa);
			sa_free(sa);
		}
	}
}

static void enter(struct ike *ike)
{
	ike->depth++;
}

static void leave(struct ike *ike)
{
	if (--ike->depth == 0)
		reap(ike);
}

/* ---- message IDs ---- */

uint32_t fresh_msgid(struct ike_sa *sa)
{
	uint32_t id = 0;

	/* RFC 2408 3.1: random, and zero is Main Mode's. */
	for (int i = 0; i < MSGID_TRIES && (!id || !msgid_is_new(sa, id)); i++)
		id = rng_u32(sa->ike->env.rng);
	return id ? id : 1;
}

bool msgid_is_new(const struct ike_sa *sa, uint32_t msgid)
{
	for (size_t i = 0; i < IKE_MSGIDS; i++)
		if (sa->msgids[i] == msgid)
			return false;
	return true;
}

void msgid_note(struct ike_sa *sa, uint32_t msgid)
{
	sa->msgids[sa->msgid_next] = msgid;
	sa->msgid_next = (uint8_t)((sa->msgid_next + 1) % IKE_MSGIDS);
}

/* ---- input ---- */

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

enum drop payloads_check(const struct payload_rule *rule, const struct isakmp_msg *m)
{
	for (size_t i = 0; i < ROW_PAYLOADS && rule->need[i]; i++) {
		size_t n = payload_count(m, rule->need[i]);

		if (rule->need[i] == rule->twice) {
			if (n != 0 && n != 2)
				return n < 2 ? DROP_PAYLOAD_MISSING : DROP_PAYLOAD_TWICE;
			continue;
		}
		if (n != 1)
			return n ? DROP_PAYLOAD_TWICE : DROP_PAYLOAD_MISSING;
		if (i < rule->first && m->payloads[i].type != rule->need[i])
			return DROP_PAYLOAD_TYPE;
	}
	for (size_t i = 0; i < m->n_payloads; i++)
		if (!payload_in(rule->need, m->payloads[i].type) &&
		    !payload_in(rule->allow, m->payloads[i].type))
			return DROP_PAYLOAD_TYPE;
	return DROP_NONE;
}

/* A message of an exchange that nobody here knows. */
static enum drop input_unknown(struct ike *ike, const struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;
	const struct server_mode *server = ike->cfg.server;

	if (h->exchange == EXCHANGE_INFORMATIONAL) /* no answer to what may be an answer */
		return h->flags & ISAKMP_FLAG_ENCRYPTED ? DROP_UNKNOWN_COOKIE
							: info_input_clear(ike, NULL, rx);
	if (server && server->invalid_cookie)
		info_send_clear(ike, rx, h->cky_i, h->cky_r, h->msgid, PROTO_ISAKMP,
				NOTIFY_INVALID_COOKIE, view_of(NULL, 0));
	return DROP_UNKNOWN_COOKIE;
}

static enum drop input_main(struct ike *ike, struct ike_sa *sa, struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;

	if (h->msgid != 0)
		return DROP_MESSAGE_ID;
	if (cookie_is(h->cky_i, no_cookie))
		return DROP_UNKNOWN_COOKIE;
	if (!sa && cookie_is(h->cky_r, no_cookie) && !ike->cfg.initiator)
		return main_input_first(ike, rx);
	return sa ? main_input(sa, rx) : input_unknown(ike, rx);
}

static enum drop input_phase2(struct ike_sa *sa, struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;

	if (!(h->flags & ISAKMP_FLAG_ENCRYPTED))
		return h->exchange == EXCHANGE_INFORMATIONAL ? info_input_clear(sa->ike, sa, rx)
							     : DROP_FLAGS;
	if (h->msgid == 0)
		return DROP_MESSAGE_ID;
	if (h->exchange == EXCHANGE_INFORMATIONAL)
		return info_input(sa, rx);
	return sa->state == MAIN_UP ? quick_input(sa, rx) : DROP_STATE;
}

static void answer_malformed(struct ike *ike, const struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;

	if (ike->cfg.server && ike->cfg.server->payload_malformed &&
	    h->exchange != EXCHANGE_INFORMATIONAL)
		info_send_clear(ike, rx, h->cky_i, h->cky_r, h->msgid, PROTO_ISAKMP,
				NOTIFY_PAYLOAD_MALFORMED, view_of(NULL, 0));
}

static enum drop input(struct ike *ike, struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;
	struct ike_sa *sa;
	enum drop drop;

	if (rx->d->len > IKE_MESSAGE_MAX)
		return DROP_LIMIT;
	drop = isakmp_parse(rx->m, rx->d->data, rx->d->len, NULL);
	if (drop == DROP_PAYLOAD_MALFORMED || drop == DROP_PAYLOAD_TYPE)
		answer_malformed(ike, rx);
	if (drop)
		return drop;
	sa = find(ike, h);
	switch (h->exchange) {
	case EXCHANGE_MAIN:
		drop = input_main(ike, sa, rx);
		break;
	case EXCHANGE_QUICK:
	case EXCHANGE_INFORMATIONAL:
		drop = sa ? input_phase2(sa, rx) : input_unknown(ike, rx);
		break;
	default: /* a byte of the peer's */
		drop = DROP_EXCHANGE_TYPE;
	}
	if (sa && !sa->gone)
		sa_schedule(sa);
	return drop;
}

void ike_input(struct ike *ike, usec now, const struct datagram *d, bool marker)
{
	struct isakmp_msg m;
	struct ike_rx rx = {.now = now, .d = d, .marker = marker, .m = &m};
	uint8_t digest[HASH_MAX];
	enum drop drop;

	enter(ike);
	hash_digest(HASH_SHA1, CHUNKS({d->data, d->len}), digest);
	memcpy(rx.digest, digest, sizeof(rx.digest));
	drop = input(ike, &rx);
	if (drop)
		event_drop(ike, d, drop);
	leave(ike);
}

void ike_unknown_spi(struct ike *ike, usec now, const struct datagram *d, uint32_t spi)
{
	const uint8_t bytes[4] = {(uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8),
				  (uint8_t)spi};
	struct ike_rx rx = {
		.now = now, .d = d, .marker = d->via == VIA_UDP && d->local.port == IKE_NATT_PORT};
	uint8_t cky_i[8], cky_r[8];
	struct datagram back = *d;

	if (!ike->cfg.server || !ike->cfg.server->invalid_spi)
		return;
	enter(ike);
	rx.d = &back;
	if (d->via == VIA_ESP)
		back.local.port = back.remote.port = IKE_PORT;
	draw_cookie(ike, cky_i);
	draw_cookie(ike, cky_r);
	info_send_clear(ike, &rx, cky_i, cky_r, rng_u32(ike->env.rng), PROTO_ESP,
			NOTIFY_INVALID_SPI, view_of(bytes, sizeof(bytes)));
	leave(ike);
}

/* ---- time ---- */

static uint32_t keepalive_ms(const struct ike_sa *sa)
{
	const struct server_mode *s = server_of(sa);
	bool behind = sa->nat_known && sa->seen.self_behind_nat;

	if (sa->state == MAIN_DYING)
		return 0;
	if (s)
		return behind || (s->keepalive_always && sa->floated) ? s->keepalive_ms : 0;
	return behind ? client_of(sa)->keepalive_ms : 0;
}

static uint32_t dpd_ms(const struct ike_sa *sa)
{
	return server_of(sa) && sa->peer_dpd && sa->state == MAIN_UP ? server_of(sa)->dpd_ms : 0;
}

static uint32_t idle_ms(const struct ike_sa *sa)
{
	return server_of(sa) && sa->state == MAIN_UP ? server_of(sa)->idle_ms : 0;
}

static uint32_t half_open_ms(const struct ike_sa *sa)
{
	return server_of(sa) && sa_half_open(sa) ? server_of(sa)->half_open_ms : 0;
}

/* @ms after @since; never when @ms is 0. */
static usec after(usec since, uint32_t ms)
{
	return ms ? since + ms * MSEC : USEC_NEVER;
}

static usec dpd_due(const struct ike_sa *sa)
{
	return after(MAX(sa->last_in, sa->dpd_asked), dpd_ms(sa));
}

void sa_schedule(struct ike_sa *sa)
{
	usec t = MIN(sa->sent.next, sa->linger);

	t = MIN(t, after(sa->last_out, keepalive_ms(sa)));
	t = MIN(t, dpd_due(sa));
	t = MIN(t, after(sa->last_in, idle_ms(sa)));
	t = MIN(t, after(sa->born, half_open_ms(sa)));
	for (const struct ike_quick *q = sa->quicks; q; q = q->next)
		t = MIN(t, q->sent.next);
	for (const struct ike_reliable *r = sa->reliables; r; r = r->next)
		t = MIN(t, r->sent.next);
	sa->deadline = t;
	if (t < sa->ike->deadline)
		sa->ike->deadline = t;
}

/* Why an exchange that came to nothing did so, as far as this side can tell. */
static const char *why_unfinished(const struct ike_sa *sa)
{
	return sa->told_bad_psk ? "psk-mismatch" : "no-reply";
}

static void keepalive(struct ike_sa *sa, usec now)
{
	static const uint8_t ff = 0xff; /* RFC 3948 2.3; without the marker, which is zeros */

	sa->last_out = now;
	ike_send(sa->ike, sa->local, sa->remote, false, &ff, sizeof(ff));
}

static void sa_timer(struct ike_sa *sa, usec now)
{
	if (!sent_timer(sa, &sa->sent, now) && sa_half_open(sa) && sa->initiator) {
		sa_end(sa, why_unfinished(sa), true, now);
		return;
	}
	if (now >= after(sa->born, half_open_ms(sa))) {
		if (server_of(sa)->half_open_delete)
			info_send_delete_clear(sa, now);
		sa_end(sa, why_unfinished(sa), true, now);
		return;
	}
	quick_timer(sa, now);
	if (!sa->gone)
		info_timer(sa, now);
	if (!sa->gone && now >= after(sa->last_in, idle_ms(sa)))
		sa_end(sa, "no-reply", true, now);
	if (!sa->gone && now >= sa->linger)
		sa_end(sa, "deleted", false, now);
	if (sa->gone)
		return;
	if (now >= dpd_due(sa))
		info_send_dpd(sa, now);
	if (now >= after(sa->last_out, keepalive_ms(sa)))
		keepalive(sa, now);
}

void ike_timer(struct ike *ike, usec now)
{
	if (now < ike->deadline)
		return;
	enter(ike);
	ike->deadline = USEC_NEVER;
	for (struct ike_sa *sa = ike->oldest; sa; sa = sa->newer) {
		if (sa->gone)
			continue;
		if (now >= sa->deadline)
			sa_timer(sa, now);
		if (!sa->gone)
			sa_schedule(sa);
	}
	leave(ike);
}

usec ike_deadline(const struct ike *ike)
{
	return ike->deadline;
}

/* ---- what the layer above asks ---- */

struct ike *ike_new(const struct ike_config *cfg, const struct node_env *env,
		    const struct ike_hooks *hooks)
{
	struct ike *ike = calloc(1, sizeof(*ike));

	assert(cfg->initiator ? cfg->client && !cfg->server : cfg->server && !cfg->client);
	if (!ike || !(ike->psk = strdup(cfg->psk)))
		abort();
	ike->cfg = *cfg;
	ike->cfg.psk = ike->psk;
	ike->env = *env;
	ike->hooks = *hooks;
	ike->deadline = USEC_NEVER;
	return ike;
}

void ike_free(struct ike *ike)
{
	if (!ike)
		return;
	for (struct ike_sa *sa = ike->oldest; sa; sa = sa->newer)
		sa->gone = true;
	ike->some_gone = true;
	reap(ike);
	bytes_wipe(ike->psk, strlen(ike->psk));
	free(ike->psk);
	free(ike);
}

struct ike_sa *ike_dial(struct ike *ike, usec now)
{
	struct inet_ep local = inet_ep(ike->cfg.own, IKE_PORT);
	uint8_t cky_i[8];
	struct ike_sa *sa;

	assert(ike->cfg.initiator);
	enter(ike);
	draw_cookie(ike, cky_i);
	sa = sa_new(ike, cky_i, local, ike->cfg.peer, now);
	main_start(sa, now);
	sa_schedule(sa);
	leave(ike);
	return sa;
}

void ike_delete_child(struct ike *ike, struct ike_sa *sa, uint32_t spi_in, usec now)
{
	enter(ike);
	if (!sa->gone && sa->state == MAIN_UP) {
		info_send_delete(sa, PROTO_ESP, spi_in, now);
		child_forget(sa, spi_in, now);
		sa_schedule(sa);
	}
	leave(ike);
}

void ike_delete_sa(struct ike *ike, struct ike_sa *sa, usec now)
{
	enter(ike);
	if (!sa->gone && sa->state == MAIN_UP) {
		for (uint8_t i = sa->n_children; i-- > 0;)
			info_send_delete(sa, PROTO_ESP, sa->children[i].spi_in, now);
		info_send_delete(sa, PROTO_ISAKMP, 0, now);
		if (sa->reliables) {
			sa_linger(sa, "deleted", now);
			sa_schedule(sa);
		} else {
			sa_end(sa, "deleted", false, now);
		}
	} else if (sa_half_open(sa)) {
		sa_end(sa, "deleted", false, now);
	}
	leave(ike);
}

bool ike_sa_nat(const struct ike_sa *sa, struct natd_seen *seen)
{
	*seen = sa->seen;
	return sa->nat_known;
}

bool ike_sa_floated(const struct ike_sa *sa)
{
	return sa->floated;
}

struct inet_ep ike_sa_local(const struct ike_sa *sa)
{
	return sa->local;
}

struct inet_ep ike_sa_remote(const struct ike_sa *sa)
{
	return sa->remote;
}

bool ike_sa_peer_is_ms(const struct ike_sa *sa)
{
	return sa->peer_ms;
}

void ike_sa_traffic(struct ike_sa *sa, bool sent, usec now)
{
	if (sent)
		sa->last_out = now;
	else
		sa->last_in = now;
}

bool ike_sa_wireshark(const struct ike_sa *sa, uint8_t cky_i[8], uint8_t key[KEY_MAX],
		      size_t *key_len)
{
	if (sa->state < MAIN_UP)
		return false;
	memcpy(cky_i, sa->cky_i, 8);
	memcpy(key, sa->keys.key, KEY_MAX);
	*key_len = sa->keys.key_len;
	return true;
}
