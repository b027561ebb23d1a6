/* SPDX-License-Identifier: MIT */
/*
 * ike_time.c - what is done when a date of an SA has come: retransmissions, the end of what is
 * unfinished or idle, dead peer detection, keep-alives.
 */
#include "nodes/ike/ike_priv.h"

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

void sa_timer(struct ike_sa *sa, usec now)
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
	if (!sa->gone && now >= idle_due(sa))
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
