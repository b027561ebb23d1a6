/* SPDX-License-Identifier: MIT */
#include "nodes/modes/agreement.h"

/* Both must name the same revision of NAT-T (RFC 3947 3.1). */
static bool natt_in_common(const struct client_mode *c, const struct server_mode *s)
{
	if (!s->natt)
		return false;
	for (size_t i = 0; i < c->n_vids; i++)
		for (size_t k = 0; k < s->n_vids; k++)
			if (vid_is_natt(c->vids[i].vid) && c->vids[i].vid == s->vids[k].vid)
				return true;
	return false;
}

/* SoftEther takes a client for Microsoft by the vendor IDs of message 1. */
static bool taken_for_microsoft(const struct client_mode *c)
{
	for (size_t i = 0; i < c->n_vids; i++) {
		if (vid_softether_microsoft(vid_rule_bytes(&c->vids[i])))
			return true;
	}
	return false;
}

static bool common_transform(const struct client_mode *c, const struct server_mode *s)
{
	for (size_t i = 0; i < c->n_phase1; i++) {
		const struct phase1_transform *x = &c->phase1[i];

		if (mode_accepts_phase1(&s->phase1, x->cipher, x->keybits, x->hash, x->group))
			return true;
	}
	return false;
}

/* Does the first hash of message 4 fail to match the client's own address? */
static bool client_thinks_self_natted(const struct server_mode *s, const struct four_ends *e)
{
	return s->natd_peer != NATD_PEER_EXACT || !inet_ep_eq(e->client_own, e->client_seen);
}

/* Does the second fail to match the address that the client dialled? */
static bool client_thinks_server_natted(const struct server_mode *s, const struct four_ends *e,
					bool parrots)
{
	if (parrots) /* the client's own hash of what it dialled comes back */
		return false;
	if (s->natd_own != NATD_OWN_EXACT && s->natd_own != NATD_OWN_PARROT)
		return true;
	return s->address_zero || !inet_ep_eq(e->server_own, e->server_dialled);
}

void agreement_ends(struct agreement *a, const struct client_mode *c, enum outcome outcome,
		    enum reason reason)
{
	a->outcome = outcome;
	a->reason = reason;
	a->error = (int)mode_error(c, reason);
}

void agreement_find(const struct client_mode *c, int registry, const struct server_mode *s,
		    const struct four_ends *e, struct agreement *a)
{
	bool client_moved = !inet_ep_eq(e->client_own, e->client_seen);
	bool server_moved = !inet_ep_eq(e->server_own, e->server_dialled);

	*a = (struct agreement){0};
	if (!common_transform(c, s)) {
		agreement_ends(a, c, OUTCOME_FAILED, REASON_NO_PROPOSAL);
		return;
	}
	a->natt = natt_in_common(c, s);
	if (a->natt) {
		a->parrots = s->natd_own == NATD_OWN_PARROT && taken_for_microsoft(c);
		a->server_sees = (struct natd_seen){server_moved, client_moved};
		a->client_sees = (struct natd_seen){
			.self_behind_nat = client_thinks_self_natted(s, e),
			.peer_behind_nat = client_thinks_server_natted(s, e, a->parrots),
		};
		a->floated = a->client_sees.self_behind_nat || a->client_sees.peer_behind_nat;
	}
	if (!mode_gate_allows(c->gate, registry, a->client_sees.self_behind_nat,
			      a->client_sees.peer_behind_nat))
		agreement_ends(a, c, OUTCOME_BLOCKED,
			       a->client_sees.self_behind_nat ? REASON_BOTH_BEHIND_NAT
							      : REASON_SERVER_BEHIND_NAT);
	else if (!a->floated && (client_moved || server_moved)) /* a NAT loses bare ESP */
		agreement_ends(a, c, OUTCOME_FAILED, REASON_NO_REPLY);
	else
		agreement_ends(a, c, OUTCOME_CONNECTED, REASON_NONE);
}

struct four_ends agreement_usual_ends(bool napt, bool eip)
{
	return (struct four_ends){
		.client_own = inet_ep(inet_v4(napt ? 0xc0a8010a : 0xc633640a), 500),
		.client_seen = inet_ep(inet_v4(0xc633640a), 500),
		.server_dialled = inet_ep(inet_v4(0xcb00710a), 500),
		.server_own = inet_ep(inet_v4(eip ? 0xac1f000a : 0xcb00710a), 500),
	};
}
