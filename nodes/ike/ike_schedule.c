/* SPDX-License-Identifier: MIT */
/*
 * ike_schedule.c - what is due when.
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

static uint32_t half_open_ms(const struct ike_sa *sa)
{
	return sa_half_open(sa) ? rules_of(sa)->half_open_ms : 0;
}

/* @ms after @since; never when @ms is 0. */
static usec after(usec since, uint32_t ms)
{
	return ms ? since + ms * MSEC : USEC_NEVER;
}

usec half_open_due(const struct ike_sa *sa)
{
	return after(rules_of(sa)->half_open_renewed ? sa->last_in : sa->born, half_open_ms(sa));
}

usec idle_due(const struct ike_sa *sa)
{
	return after(sa->last_in, sa->state == MAIN_UP ? rules_of(sa)->idle_ms : 0);
}

usec unused_due(const struct ike_sa *sa)
{
	return sa->state == MAIN_UP && !sa->used ? after(sa->proved, rules_of(sa)->unused_ms)
						 : USEC_NEVER;
}

usec keepalive_due(const struct ike_sa *sa)
{
	return after(rules_of(sa)->keepalive_steady ? sa->last_keepalive : sa->last_out,
		     keepalive_ms(sa));
}

usec dpd_due(const struct ike_sa *sa)
{
	return after(MAX(sa->last_in, sa->dpd_asked), dpd_ms(sa));
}

void sa_schedule(struct ike_sa *sa)
{
	usec t = MIN(sa->sent.next, sa->linger);

	t = MIN(t, keepalive_due(sa));
	t = MIN(t, dpd_due(sa));
	t = MIN(t, idle_due(sa));
	t = MIN(t, half_open_due(sa));
	t = MIN(t, unused_due(sa));
	for (const struct ike_quick *q = sa->quicks; q; q = q->next)
		t = MIN(t, q->sent.next);
	for (const struct ike_reliable *r = sa->reliables; r; r = r->next)
		t = MIN(t, r->sent.next);
	heap_set(&sa->ike->due, &sa->due, t);
}
