/* SPDX-License-Identifier: MIT */
/*
 * ike_time.c - what is due when: retransmissions, the end of what is unfinished or idle, dead peer
 * detection, keep-alives.
 *
 * Every SA stands in a heap with a date that is not later than its earliest one. A date that moves
 * away leaves that too early, which costs one look at this SA and nothing else.
 */
#include "nodes/ike/ike_priv.h"

static uint32_t keepalive_ms(const struct ike_sa *sa)
{
	bool behind = sa->nat_known && sa->seen.self_behind_nat;

	if (sa->state == MAIN_DYING)
		return 0;
	return (rules_of(sa)->keepalive_always ? sa->floated : behind) ? rules_of(sa)->keepalive_ms
								       : 0;
}

static uint32_t dpd_ms(const struct ike_sa *sa)
{
	return sa->peer_dpd && sa->state == MAIN_UP ? rules_of(sa)->dpd_ms : 0;
}

static uint32_t idle_ms(const struct ike_sa *sa)
{
	return sa->state == MAIN_UP ? rules_of(sa)->idle_ms : 0;
}

static uint32_t half_open_ms(const struct ike_sa *sa)
{
	return sa_half_open(sa) ? rules_of(sa)->half_open_ms : 0;
}

/* @ms after @since; never when @ms is 0. */
static usec after(usec since, uint32_t ms)
{
	return ms ? since + ms * MSEC : USEC_NEVER;
}

static usec half_open_due(const struct ike_sa *sa)
{
	return after(rules_of(sa)->half_open_renewed ? sa->last_in : sa->born, half_open_ms(sa));
}

/* An SA for which no Quick Mode has come. */
static usec unused_due(const struct ike_sa *sa)
{
	return sa->state == MAIN_UP && !sa->used ? after(sa->proved, rules_of(sa)->unused_ms)
						 : USEC_NEVER;
}

static usec keepalive_due(const struct ike_sa *sa)
{
	return after(rules_of(sa)->keepalive_steady ? sa->last_keepalive : sa->last_out,
		     keepalive_ms(sa));
}

static usec dpd_due(const struct ike_sa *sa)
{
	return after(MAX(sa->last_in, sa->dpd_asked), dpd_ms(sa));
}

void sa_schedule(struct ike_sa *sa)
{
	usec t = MIN(sa->sent.next, sa->linger);

	t = MIN(t, keepalive_due(sa));
	t = MIN(t, dpd_due(sa));
	t = MIN(t, after(sa->last_in, idle_ms(sa)));
	t = MIN(t, half_open_due(sa));
	t = MIN(t, unused_due(sa));
	for (const struct ike_quick *q = sa->quicks; q; q = q->next)
		t = MIN(t, q->sent.next);
	for (const struct ike_reliable *r = sa->reliables; r; r = r->next)
		t = MIN(t, r->sent.next);
	heap_set(&sa->ike->due, &sa->due, t);
}

/* Why an exchange that came to nothing did so, as far as this side can tell. */
static enum reason why_unfinished(const struct ike_sa *sa)
{
	return sa->told_bad_psk ? REASON_PSK_MISMATCH : REASON_NO_REPLY;
}

static void keepalive(struct ike_sa *sa, usec now)
{
	static const uint8_t ff = 0xff; /* RFC 3948 2.3; without the marker, which is zeros */

	sa->last_out = sa->last_keepalive = now;
	ike_send(sa->ike, sa->local, sa->remote, false, &ff, sizeof(ff));
}

static void sa_timer(struct ike_sa *sa, usec now)
{
	if (!sent_timer(sa, &sa->sent, now) && sa_half_open(sa) && sa->initiator) {
		sa_end(sa, why_unfinished(sa), true, now);
		return;
	}
	if (now >= half_open_due(sa)) {
		if (rules_of(sa)->half_open_delete)
			info_send_delete_clear(sa, now);
		sa_end(sa, why_unfinished(sa), true, now);
		return;
	}
	quick_timer(sa, now);
	if (!sa->gone)
		info_timer(sa, now);
	if (!sa->gone && now >= after(sa->last_in, idle_ms(sa)))
		sa_end(sa, REASON_NO_REPLY, true, now);
	if (!sa->gone && now >= sa->linger)
		sa_end(sa, REASON_DELETED, false, now);
	if (sa->gone)
		return;
	if (now >= dpd_due(sa))
		info_send_dpd(sa, now);
	if (now >= keepalive_due(sa))
		keepalive(sa, now);
	if (now >= unused_due(sa)) {
		info_send_delete(sa, PROTO_ISAKMP, 0, now);
		sa_end(sa, REASON_NO_REPLY, true, now);
	}
}

void ike_timer(struct ike *ike, usec now)
{
	ike_enter(ike);
	/* Each one once, if all of them are due. */
	for (size_t n = ike->n_sas; n > 0 && heap_deadline(&ike->due) <= now; n--) {
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
