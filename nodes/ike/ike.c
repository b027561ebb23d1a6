/* SPDX-License-Identifier: MIT */
/*
 * ike.c - which message is whose, and what the layer above asks.
 */
#include "nodes/ike/ike_priv.h"

#include <stdlib.h>
#include <string.h>

/* A message of an exchange that nobody here knows. */
static enum drop input_unknown(struct ike *ike, const struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;

	if (h->exchange == EXCHANGE_INFORMATIONAL) /* no answer to what may be an answer */
		return h->flags & ISAKMP_FLAG_ENCRYPTED ? DROP_UNKNOWN_COOKIE
							: info_input_clear(ike, NULL, rx);
	wrong_cookie(ike, rx);
	return DROP_UNKNOWN_COOKIE;
}

static enum drop input_main(struct ike *ike, struct ike_sa *sa, struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;

	if (h->msgid != 0 && !ignores(ike, IGNORES_MESSAGE_ID))
		return DROP_MESSAGE_ID;
	if (cookie_zero(h->cky_i))
		return DROP_NO_COOKIE;
	if (!sa && cookie_zero(h->cky_r))
		AS_SERVER(mode, ike)
			return main_input_first(ike, mode, rx);
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

/* Which type no exchange of ours has: those of RFC 2408 3.1, or anybody's. */
static enum drop other_exchange(uint8_t exchange)
{
	if (exchange == EXCHANGE_AGGRESSIVE)
		return DROP_AGGRESSIVE;
	return exchange < EXCHANGE_INFORMATIONAL ? DROP_EXCHANGE_TYPE : DROP_UNSUPPORTED;
}

/* A message that was parsed completely. */
static enum drop dispatch(struct ike *ike, struct ike_sa *sa, struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;

	if (minds(ike, MINDS_MINOR_VERSION) && h->version & 0x0f)
		return DROP_VERSION;
	switch (h->exchange) {
	case EXCHANGE_MAIN:
		return input_main(ike, sa, rx);
	case EXCHANGE_QUICK:
	case EXCHANGE_INFORMATIONAL:
		return sa ? input_phase2(sa, rx) : input_unknown(ike, rx);
	default: /* a byte of the peer's */
		return other_exchange(h->exchange);
	}
}

/* In clear, where only what is encrypted would be read. */
static bool unread(const struct ike_sa *sa, const struct isakmp_header *h)
{
	return sa && sa->state == MAIN_R_WAIT_5 && minds(sa->ike, MINDS_FLAGS_FIRST) &&
	       h->exchange == EXCHANGE_MAIN && !(h->flags & ISAKMP_FLAG_ENCRYPTED);
}

static enum drop input(struct ike *ike, struct ike_rx *rx)
{
	uint8_t mended[IKE_MESSAGE_MAX];
	struct ike_sa *sa = NULL;
	struct datagram d;
	enum drop drop;

	if (rx->d->len > IKE_MESSAGE_MAX)
		return DROP_LIMIT;
	wrong_overlook(ike, rx, &d, mended);
	drop = isakmp_parse(rx->m, rx->d->data, rx->d->len, NULL);
	if (rx->d->len >= ISAKMP_HEADER_LEN)
		sa = sa_find(ike, &rx->m->h);
	if (drop && unread(sa, &rx->m->h))
		drop = DROP_FLAGS;
	else if (!drop)
		drop = dispatch(ike, sa, rx);
	if (drop)
		wrong_answer(ike, sa, rx, drop);
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

	ike_enter(ike);
	hash_digest(HASH_SHA1, CHUNKS({d->data, d->len}), digest);
	memcpy(rx.digest, digest, sizeof(rx.digest));
	drop = input(ike, &rx);
	if (drop)
		node_drop(&ike->env, d->remote, drop, d->len);
	ike_leave(ike);
}

/* ---- what the layer above asks ---- */

struct ike *ike_new(const struct ike_config *cfg, const struct node_env *env,
		    const struct ike_hooks *hooks)
{
	struct ike *ike = calloc(1, sizeof(*ike));

	if (!ike || !(ike->psk = strdup(cfg->psk)))
		abort();
	ike_rules_init(ike, cfg);
	ike->initiator = cfg->initiator;
	ike->probe = cfg->probe;
	ike->own = cfg->own;
	ike->own_port = cfg->own_port ? cfg->own_port : IKE_PORT;
	ike->peer = cfg->peer;
	ike->env = *env;
	ike->hooks = *hooks;
	return ike;
}

void ike_free(struct ike *ike)
{
	if (!ike)
		return;
	for (size_t i = 0; i < ARRAY_LEN(ike->lists); i++)
		while (ike->lists[i].oldest)
			sa_forget(ike->lists[i].oldest);
	ike_reap(ike);
	table_free(&ike->by_cookie);
	heap_free(&ike->due);
	bytes_free(ike->psk, strlen(ike->psk));
	bytes_free(ike, sizeof(*ike));
}

struct ike_sa *ike_dial(struct ike *ike, usec now)
{
	uint8_t cky_i[8];
	struct ike_sa *sa;

	assert(ike->initiator);
	ike_enter(ike);
	draw_cookie(ike, cky_i);
	sa = sa_new(ike, cky_i, inet_ep(ike->own, ike->own_port), ike->peer, now);
	AS_CLIENT(mode, ike)
		main_start(sa, mode, now);
	sa_schedule(sa);
	ike_leave(ike);
	return sa;
}

void ike_quick(struct ike *ike, struct ike_sa *sa, uint16_t port_local, usec now)
{
	assert(ike->initiator);
	ike_enter(ike);
	AS_CLIENT(mode, ike)
		if (!sa->gone && sa->state == MAIN_UP)
			quick_start(sa, mode, port_local, now);
	ike_leave(ike);
}

void ike_delete_child(struct ike *ike, struct ike_sa *sa, uint32_t spi_in, usec now)
{
	ike_enter(ike);
	if (!sa->gone && sa->state == MAIN_UP) {
		info_send_delete(sa, PROTO_ESP, spi_in, now);
		child_forget(sa, spi_in, now);
		sa_schedule(sa);
	}
	ike_leave(ike);
}

void ike_delete_sa(struct ike *ike, struct ike_sa *sa, usec now)
{
	ike_enter(ike);
	if (!sa->gone && sa->state == MAIN_UP) {
		for (uint8_t i = sa->n_children; i-- > 0;)
			info_send_delete(sa, PROTO_ESP, sa->children[i].spi_in, now);
		info_send_delete(sa, PROTO_ISAKMP, 0, now);
		if (sa->reliables) {
			sa_linger(sa, REASON_DELETED, now);
			sa_schedule(sa);
		} else {
			sa_end(sa, REASON_DELETED, false, now);
		}
	} else if (sa_half_open(sa)) {
		sa_end(sa, REASON_DELETED, false, now);
	}
	ike_leave(ike);
}

void ike_unknown_spi(struct ike *ike, const struct datagram *d, uint32_t spi)
{
	ike_enter(ike);
	wrong_spi(ike, d, spi);
	ike_leave(ike);
}

void ike_timer(struct ike *ike, usec now)
{
	ike_enter(ike);
	/* Each one once, if all of them are due. */
	for (size_t n = sa_count(ike); n > 0 && heap_deadline(&ike->due) <= now; n--) {
		struct ike_sa *sa = OWNER_OF(heap_first(&ike->due), struct ike_sa, due);

		sa_timer(sa, now);
		if (!sa->gone)
			sa_schedule(sa);
	}
	ike_leave(ike);
}

usec ike_deadline(const struct ike *ike)
{
	return heap_deadline(&ike->due);
}

bool ike_sa_nat(const struct ike_sa *sa, struct natd_seen *seen)
{
	*seen = sa->seen;
	return sa->nat_known;
}

void ike_sa_set_user(struct ike_sa *sa, void *user)
{
	sa->user = user;
}

void *ike_sa_user(const struct ike_sa *sa)
{
	return sa->user;
}

const uint8_t *ike_sa_cky_i(const struct ike_sa *sa)
{
	return sa->cky_i;
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
