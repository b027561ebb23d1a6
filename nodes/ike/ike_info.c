/* SPDX-License-Identifier: MIT */
/*
 * ike_info.c - Informational exchanges (RFC 2409 5.7): Notify, Delete, dead peer detection
 * (RFC 3706), and Microsoft's Delete that is acknowledged (MS-IKEE 3.8).
 *
 *	HDR*, HASH(1), N or D
 *	HDR*, HASH(1), NONCE, D  ->
 *	                         <-  HDR*, HASH(2), NONCE, D     under the same message ID
 */
#include "nodes/ike/ike_priv.h"

#include <stdlib.h>
#include <string.h>

#define RELIABLE_MAX 32

/* After 1 s, doubling, at most 16 s apart, six times (MS-IKEE 3.8). */
static const struct retry reliable_retry = {
	.n = 6,
	.at_ms = {1000, 3000, 7000, 15000, 31000, 47000},
	.give_up_ms = 63000,
};

static const struct payload_rule info_rule = {
	.need = {PAYLOAD_HASH},
	.allow = {PAYLOAD_NOTIFY, PAYLOAD_DELETE, PAYLOAD_NONCE, PAYLOAD_VID},
	.first = 1,
};

/* ---- writing ---- */

void info_put_notify(struct isakmp_out *o, uint8_t protocol, uint16_t type, struct view spi,
		     struct view data)
{
	struct wr *w = &o->w;

	isakmp_payload_begin(o, PAYLOAD_NOTIFY);
	wr_u32(w, DOI_IPSEC);
	wr_u8(w, protocol);
	wr_u8(w, (uint8_t)spi.len);
	wr_u16(w, type);
	wr_bytes(w, spi.p, spi.len);
	wr_bytes(w, data.p, data.len);
	isakmp_payload_end(o);
}

/* @sa: NULL for ESP. */
static void put_delete(const struct ike_sa *sa, struct isakmp_out *o, uint8_t protocol,
		       uint32_t spi)
{
	struct wr *w = &o->w;

	isakmp_payload_begin(o, PAYLOAD_DELETE);
	wr_u32(w, DOI_IPSEC);
	wr_u8(w, protocol);
	wr_u8(w, protocol == PROTO_ISAKMP ? COOKIES_LEN : 4);
	wr_u16(w, 1);
	if (protocol == PROTO_ISAKMP) {
		wr_bytes(w, sa->cky_i, 8);
		wr_bytes(w, sa->cky_r, 8);
	} else {
		wr_u32(w, spi);
	}
	isakmp_payload_end(o);
}

static void tell_delete(struct ike_sa *sa, bool sent, uint8_t protocol, uint32_t spi)
{
	struct event e = event_of(sa, EV_DELETE);

	ev_bool(&e, K_SENT, sent);
	ev_u(&e, K_PROTO, protocol);
	if (protocol == PROTO_ESP)
		ev_u(&e, K_SPI, spi);
	ike_event(sa->ike, &e);
}

/* A message with a HASH payload to be filled in, to be ended by close_info(). */
static uint8_t *begin_info(struct ike_sa *sa, struct isakmp_out *o, uint8_t *buf, uint32_t msgid)
{
	isakmp_begin(o, buf, IKE_SENT_MAX, sa->cky_i, sa->cky_r, EXCHANGE_INFORMATIONAL,
		     ISAKMP_FLAG_ENCRYPTED, msgid);
	return crypt_hash_begin(&sa->keys, o);
}

static size_t close_info(struct ike_sa *sa, struct isakmp_out *o, uint32_t msgid)
{
	uint8_t iv[BLOCK_MAX];

	ike_keys_phase2_iv(&sa->keys, sa->iv, msgid, iv);
	return crypt_close(&sa->keys, iv, o);
}

/* Some name the SA in the SPI, but not where they could not read what was sent. */
static bool names_itself(const struct ike_sa *sa, uint8_t protocol, uint16_t type)
{
	if (protocol != PROTO_ISAKMP)
		return rules_of(sa)->esp_cookies;
	return rules_of(sa)->isakmp_cookies && type != NOTIFY_PAYLOAD_MALFORMED &&
	       type != NOTIFY_INVALID_HASH;
}

static void send_encrypted(struct ike_sa *sa, uint8_t protocol, uint16_t type, bool cookies,
			   struct view data)
{
	uint32_t msgid = fresh_msgid(sa);
	uint8_t buf[IKE_SENT_MAX], spi[COOKIES_LEN];
	struct isakmp_out o;
	uint8_t *hash = begin_info(sa, &o, buf, msgid);

	info_put_notify(&o, protocol, type,
			cookies ? cookies_view(sa->cky_i, sa->cky_r, spi) : view_of(NULL, 0), data);
	ike_keys_hash1(&sa->keys, msgid, crypt_hash_rest(&sa->keys, &o), hash);
	ike_send(sa->ike, sa->local, sa->remote, sa->floated, buf, close_info(sa, &o, msgid));
}

void info_send_notify(struct ike_sa *sa, uint8_t protocol, uint16_t type)
{
	send_encrypted(sa, protocol, type, names_itself(sa, protocol, type), view_of(NULL, 0));
	event_notify(sa, true, type);
}

void info_send_clear(struct ike *ike, const struct ike_rx *rx, const uint8_t cky_i[8],
		     const uint8_t cky_r[8], uint32_t msgid, uint8_t protocol, uint16_t type,
		     struct view spi, struct view data)
{
	struct event e = ev_new(EV_NOTIFY);
	uint8_t buf[IKE_SENT_MAX];
	struct isakmp_out o;

	isakmp_begin(&o, buf, sizeof(buf), cky_i, cky_r, EXCHANGE_INFORMATIONAL, 0, msgid);
	info_put_notify(&o, protocol, type, spi, data);
	ike_send(ike, rx->d->local, rx->d->remote, rx->marker, buf, isakmp_end(&o));
	ev_hex(&e, K_CKY_I, cky_i, 8);
	ev_bool(&e, K_SENT, true);
	ev_u(&e, K_NOTIFY, type);
	ike_event(ike, &e);
}

void info_send_unknown_delete(struct ike *ike, const struct ike_rx *rx, const uint8_t cky_i[8],
			      uint32_t msgid, uint32_t spi)
{
	static const uint8_t none[8];
	uint8_t buf[IKE_SENT_MAX];
	struct isakmp_out o;

	isakmp_begin(&o, buf, sizeof(buf), cky_i, none, EXCHANGE_INFORMATIONAL, 0, msgid);
	put_delete(NULL, &o, PROTO_ESP, spi);
	ike_send(ike, rx->d->local, rx->d->remote, rx->marker, buf, isakmp_end(&o));
}

static bool acknowledged_deletes(const struct ike_sa *sa)
{
	return sa->peer_ms && rules_of(sa)->reliable_delete;
}

static struct ike_reliable *reliable_new(struct ike_sa *sa)
{
	struct ike_reliable *r;
	size_t n = 0;

	for (r = sa->reliables; r; r = r->next)
		n++;
	r = n < RELIABLE_MAX ? calloc(1, sizeof(*r)) : NULL;
	if (!r)
		return NULL;
	r->next = sa->reliables;
	sa->reliables = r;
	return r;
}

void info_send_delete(struct ike_sa *sa, uint8_t protocol, uint32_t spi, usec now)
{
	struct ike_reliable *r = acknowledged_deletes(sa) ? reliable_new(sa) : NULL;
	uint32_t msgid = fresh_msgid(sa);
	uint8_t buf[IKE_SENT_MAX];
	struct isakmp_out o;
	uint8_t *hash;
	size_t len;

	hash = begin_info(sa, &o, r ? r->sent.buf : buf, msgid);
	if (r) {
		nonce_draw(sa, &r->ni, rules_of(sa)->nonce_len);
		isakmp_payload_put(&o, PAYLOAD_NONCE, r->ni.b, r->ni.len);
	}
	put_delete(sa, &o, protocol, spi);
	ike_keys_hash1(&sa->keys, msgid, crypt_hash_rest(&sa->keys, &o), hash);
	len = close_info(sa, &o, msgid);
	if (r)
		sa_send_kept(sa, &r->sent, len, 1, msgid, &reliable_retry, now);
	else
		sa_send(sa, buf, len, now);
	tell_delete(sa, true, protocol, spi);
}

void info_send_delete_clear(struct ike_sa *sa, usec now)
{
	static const uint8_t none[8];
	uint8_t buf[IKE_SENT_MAX], cky[8];
	struct isakmp_out o;

	rng_bytes(sa->ike->env.rng, cky, sizeof(cky));
	isakmp_begin(&o, buf, sizeof(buf), cky, none, EXCHANGE_INFORMATIONAL, 0, fresh_msgid(sa));
	put_delete(sa, &o, PROTO_ISAKMP, 0);
	sa_send(sa, buf, isakmp_end(&o), now);
	tell_delete(sa, true, PROTO_ISAKMP, 0);
}

static void send_dpd(struct ike_sa *sa, uint16_t type, uint32_t seq, usec now)
{
	struct event e = event_of(sa, EV_DPD);
	const uint8_t data[4] = {(uint8_t)(seq >> 24), (uint8_t)(seq >> 16), (uint8_t)(seq >> 8),
				 (uint8_t)seq};

	sa->last_out = now;
	send_encrypted(sa, PROTO_ISAKMP, type, true, view_of(data, sizeof(data)));
	ev_bool(&e, K_SENT, true);
	ev_u(&e, K_NOTIFY, type);
	ev_u(&e, K_SEQNO, seq);
	ike_event(sa->ike, &e);
}

void info_send_dpd(struct ike_sa *sa, usec now)
{
	if (!sa->dpd_seq) /* RFC 3706 6.2: begins anywhere, then counts */
		sa->dpd_seq = rng_u32(sa->ike->env.rng) >> 1;
	sa->dpd_asked = now;
	send_dpd(sa, NOTIFY_R_U_THERE, ++sa->dpd_seq, now);
}

/* ---- reading ---- */

/* A Delete names SAs by the SPIs that their sender receives on: our outbound ones. */
static void take_esp_delete(struct ike_sa *sa, const struct isakmp_delete *d, usec now)
{
	struct rd r = rd_new(d->spis.p, d->spis.len);

	while (rd_left(&r) >= 4) {
		uint32_t spi = rd_u32(&r, NULL);

		tell_delete(sa, false, PROTO_ESP, spi);
		for (uint8_t i = 0; i < sa->n_children; i++) {
			if (sa->children[i].spi_out != spi)
				continue;
			child_forget(sa, sa->children[i].spi_in, now);
			break;
		}
	}
}

static bool names_sa(const struct ike_sa *sa, struct view cookies)
{
	return cookies.len >= COOKIES_LEN && memcmp(cookies.p, sa->cky_i, 8) == 0 &&
	       memcmp(cookies.p + 8, sa->cky_r, 8) == 0;
}

static struct ike_reliable **reliable_of(struct ike_sa *sa, uint32_t msgid)
{
	struct ike_reliable **at = &sa->reliables;

	while (*at && (*at)->sent.msgid != msgid)
		at = &(*at)->next;
	return at;
}

/* The peer has read our Delete: HASH(2) = prf(SKEYID_a, M-ID | Ni_b | rest). */
static enum drop take_acknowledgement(struct ike_sa *sa, struct ike_reliable **at,
				      const struct ike_rx *rx)
{
	struct ike_reliable *r = *at;
	uint8_t want[HASH_MAX];

	ike_keys_hash2(&sa->keys, r->sent.msgid, nonce_view(&r->ni), crypt_rest(rx->m), want);
	if (!hash_right(&sa->keys, rx->m, want))
		return DROP_HASH;
	*at = r->next;
	bytes_free(r, sizeof(*r));
	if (sa->state == MAIN_DYING && !sa->reliables && sa->linger != USEC_NEVER)
		sa_end(sa, REASON_DELETED, false, rx->now);
	return DROP_NONE;
}

/* Our Delete or theirs: what follows in its exchange is chained to its last block. */
static void iv_behind(const struct ike_sa *sa, const uint8_t *message, size_t len,
		      uint8_t iv[BLOCK_MAX])
{
	memcpy(iv, message + len - sa->keys.block, sa->keys.block);
}

static void acknowledge(struct ike_sa *sa, const struct ike_rx *rx)
{
	uint8_t buf[IKE_SENT_MAX], iv[BLOCK_MAX];
	const struct isakmp_msg *m = rx->m;
	struct isakmp_out o;
	struct nonce nr;
	uint8_t *hash;
	size_t len;

	nonce_draw(sa, &nr, rules_of(sa)->nonce_len);
	hash = begin_info(sa, &o, buf, m->h.msgid);
	isakmp_payload_put(&o, PAYLOAD_NONCE, nr.b, nr.len);
	for (size_t i = 0; i < m->n_payloads; i++)
		if (m->payloads[i].type == PAYLOAD_DELETE)
			isakmp_payload_put(&o, PAYLOAD_DELETE, m->payloads[i].body.p,
					   m->payloads[i].body.len);
	if (!wr_ok(&o.w)) /* more Deletes than a message of ours holds: no answer */
		return;
	ike_keys_hash2(&sa->keys, m->h.msgid, m->nonce, crypt_hash_rest(&sa->keys, &o), hash);
	iv_behind(sa, rx->d->data, m->h.length, iv);
	len = crypt_close(&sa->keys, iv, &o);
	if (len)
		sa_send(sa, buf, len, rx->now);
}

static bool wants_acknowledgement(const struct ike_sa *sa, const struct isakmp_msg *m)
{
	return m->n_deletes && m->nonce.p && acknowledged_deletes(sa);
}

static void take_deletes(struct ike_sa *sa, const struct ike_rx *rx)
{
	const struct isakmp_msg *m = rx->m;
	bool whole = false;

	if (wants_acknowledgement(sa, m))
		acknowledge(sa, rx);
	for (size_t i = 0; i < m->n_deletes && !sa->gone; i++) {
		const struct isakmp_delete *d = &m->deletes[i];

		if (d->protocol == PROTO_ESP && d->spi_size == 4)
			take_esp_delete(sa, d, rx->now);
		else if (d->protocol == PROTO_ISAKMP && names_sa(sa, d->spis))
			whole = true;
	}
	if (!whole || sa->gone)
		return;
	tell_delete(sa, false, PROTO_ISAKMP, 0);
	if (sa->state == MAIN_UP && wants_acknowledgement(sa, m))
		sa_linger(sa, REASON_DELETED, rx->now);
	else
		sa_end(sa, REASON_DELETED, false, rx->now);
}

static void take_dpd(struct ike_sa *sa, const struct isakmp_notify *n, usec now)
{
	struct event e = event_of(sa, EV_DPD);
	struct rd r = rd_new(n->data.p, n->data.len);
	uint32_t seq = rd_u32(&r, NULL);

	if (!rd_ok(&r) || !names_sa(sa, n->spi))
		return;
	ev_bool(&e, K_SENT, false);
	ev_u(&e, K_NOTIFY, n->type);
	ev_u(&e, K_SEQNO, seq);
	ike_event(sa->ike, &e);
	if (n->type == NOTIFY_R_U_THERE && rules_of(sa)->dpd)
		send_dpd(sa, NOTIFY_R_U_THERE_ACK, seq, now);
}

/* An authentic error: what was asked for will not come. */
static void take_error(struct ike_sa *sa, uint16_t type, usec now)
{
	if (type != NOTIFY_NO_PROPOSAL_CHOSEN || !sa->initiator)
		return;
	for (const struct ike_quick *q = sa->quicks; q; q = q->next)
		if (q->state == QUICK_I_WAIT_2) {
			sa_end(sa, REASON_NO_PROPOSAL, true, now);
			return;
		}
}

static void take_notifies(struct ike_sa *sa, const struct ike_rx *rx)
{
	for (size_t i = 0; i < rx->m->n_notifies && !sa->gone; i++) {
		const struct isakmp_notify *n = &rx->m->notifies[i];

		if (n->type == NOTIFY_R_U_THERE || n->type == NOTIFY_R_U_THERE_ACK) {
			take_dpd(sa, n, rx->now);
			continue;
		}
		event_notify(sa, false, n->type);
		if (n->type < NOTIFY_FIRST_STATUS)
			take_error(sa, n->type, rx->now);
	}
}

static enum drop open_info(struct ike_sa *sa, struct ike_rx *rx, uint8_t plain[IKE_MESSAGE_MAX])
{
	const struct ike_reliable *ours = *reliable_of(sa, rx->m->h.msgid);
	uint8_t iv[BLOCK_MAX];
	enum drop drop;

	if (ours)
		iv_behind(sa, ours->sent.buf, ours->sent.len, iv);
	else
		ike_keys_phase2_iv(&sa->keys, sa->iv, rx->m->h.msgid, iv);
	drop = crypt_open(&sa->keys, iv, rx, plain);
	return drop ? drop : payloads_check(&info_rule, rx->m, ignores(sa->ike, IGNORES_PAYLOADS));
}

enum drop info_input(struct ike_sa *sa, struct ike_rx *rx)
{
	uint8_t plain[IKE_MESSAGE_MAX], want[HASH_MAX];
	uint32_t msgid = rx->m->h.msgid;
	struct ike_reliable **ours;
	enum drop drop;

	if (sa->state < MAIN_I_WAIT_6 || sa->state == MAIN_R_WAIT_3)
		return DROP_STATE; /* no keys yet */
	drop = open_info(sa, rx, plain);
	if (drop) {
		/* A peer that found message 5 unreadable says so with keys that are not ours. */
		sa->told_bad_psk |= sa->state == MAIN_I_WAIT_6;
		return drop;
	}
	ours = reliable_of(sa, msgid);
	if (*ours)
		return take_acknowledgement(sa, ours, rx);
	ike_keys_hash1(&sa->keys, msgid, crypt_rest(rx->m), want);
	if (!hash_right(&sa->keys, rx->m, want))
		return DROP_HASH;
	drop = msgids_check(&sa->msgids, msgid);
	/* Our acknowledgement was lost; to give it again changes nothing. */
	if (drop == DROP_REPLAY && wants_acknowledgement(sa, rx->m))
		acknowledge(sa, rx);
	if (drop)
		return drop;
	msgids_note(&sa->msgids, msgid);
	sa_follow(sa, rx);
	take_notifies(sa, rx);
	if (!sa->gone)
		take_deletes(sa, rx);
	return DROP_NONE;
}

/* ---- in clear ---- */

/*
 * Nobody can tell who says it, so it is believed only where nothing else could be said: a dialled
 * server that finds no proposal in message 1. It must name the exchange, in the header or, where
 * SoftEther does, in the SPI.
 */
static struct ike_sa *spoken_of(struct ike *ike, const struct isakmp_msg *m,
				const struct isakmp_notify *n)
{
	/* A client has few SAs; a server, which may have thousands, has dialled none. */
	for (struct ike_sa *sa = ike->initiator ? ike->lists[HALF_OPEN].oldest : NULL; sa;
	     sa = sa->newer) {
		if (sa->state != MAIN_I_WAIT_2)
			continue;
		if (memcmp(m->h.cky_i, sa->cky_i, 8) == 0 ||
		    (n->spi.len >= 8 && memcmp(n->spi.p, sa->cky_i, 8) == 0))
			return sa;
	}
	return NULL;
}

enum drop info_input_clear(struct ike *ike, struct ike_sa *sa, const struct ike_rx *rx)
{
	const struct isakmp_msg *m = rx->m;
	bool heard = false;

	for (size_t i = 0; i < m->n_notifies; i++) {
		const struct isakmp_notify *n = &m->notifies[i];
		struct ike_sa *about = spoken_of(ike, m, n);

		if (!about || !inet_ep_eq(about->remote, rx->d->remote))
			continue;
		heard = true;
		event_notify(about, false, n->type);
		if (n->type == NOTIFY_NO_PROPOSAL_CHOSEN)
			sa_end(about, REASON_NO_PROPOSAL, true, rx->now);
	}
	if (heard)
		return DROP_NONE;
	return sa ? DROP_STATE : DROP_UNKNOWN_COOKIE;
}

/* ---- time ---- */

void info_timer(struct ike_sa *sa, usec now)
{
	struct ike_reliable **at = &sa->reliables;

	while (*at) {
		struct ike_reliable *r = *at;

		if (sent_timer(sa, &r->sent, now)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		bytes_free(r, sizeof(*r));
	}
	if (sa->state == MAIN_DYING && !sa->reliables && now >= sa->linger)
		sa_end(sa, REASON_DELETED, false, now);
}
