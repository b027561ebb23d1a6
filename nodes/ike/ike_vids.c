/* SPDX-License-Identifier: MIT */
#include "nodes/ike/ike_vids.h"

#include "nodes/ike/ike_priv.h"

/* Did the peer send these bytes; with more behind them, where @begun is enough? */
static bool peer_sent(const struct isakmp_msg *m, struct view v, bool begun)
{
	for (size_t i = 0; i < m->n_payloads; i++) {
		const struct view *got = &m->payloads[i].body;

		if (m->payloads[i].type == PAYLOAD_VID &&
		    (begun ? got->len >= v.len : got->len == v.len) && !memcmp(got->p, v.p, v.len))
			return true;
	}
	return false;
}

/* Is there reason to send the vendor ID of this rule? */
static bool rule_applies(const struct vid_rule *rule, const struct isakmp_msg *peer)
{
	struct view v = vid_rule_bytes(rule);

	if (!rule->if_peer_sent)
		return true;
	if (rule->any_tail) /* a digest; versions and capabilities follow it */
		v.len = MIN(v.len, (size_t)VID_DIGEST_LEN);
	return peer && peer_sent(peer, v, rule->any_tail);
}

uint8_t vids_natt_revision(const struct vid_rule *own, size_t n, const struct isakmp_msg *m)
{
	uint8_t type = 0;

	for (size_t i = 0; i < n; i++) {
		if (!vid_is_natt(own[i].vid) || !peer_sent(m, vid_bytes(own[i].vid), false))
			continue;
		if (own[i].vid == VID_RFC3947)
			return PAYLOAD_NATD;
		type = PAYLOAD_NATD_DRAFT;
	}
	return type;
}

bool vids_know_natt(const struct isakmp_msg *m)
{
	for (enum vid v = 0; v < VIDS; v++)
		if (vid_is_natt(v) && peer_sent(m, vid_bytes(v), false))
			return true;
	return false;
}

size_t vids_choose(const struct vid_rule *rules, size_t n, enum natt_vids natt,
			  const struct isakmp_msg *peer, struct view out[MODE_VIDS])
{
	size_t chosen = 0;

	for (size_t i = 0; i < n; i++) {
		if (!rule_applies(&rules[i], peer) ||
		    (natt == NATT_NONE && vid_is_natt(rules[i].vid)))
			continue;
		if (natt == NATT_ONE && vid_is_natt(rules[i].vid))
			natt = NATT_NONE;
		out[chosen++] = vid_rule_bytes(&rules[i]);
	}
	return chosen;
}

size_t ike_answer_vids(const struct server_mode *mode, const struct isakmp_msg *m1,
		       struct view out[MODE_VIDS])
{
	return vids_choose(mode->vids, mode->n_vids,
			   !mode->natt	      ? NATT_NONE
			   : mode->one_natt_vid ? NATT_ONE
						: NATT_ALL,
			   m1, out);
}
