/* SPDX-License-Identifier: MIT */
/*
 * vpn_client.c - a client from dialling to its outcome.
 *
 *	ike_dial -> phase 1 -> Quick Mode -> policy gate -> L2TP -> LCP ->
 *	authentication -> echo -> connected
 *
 * A Windows that its policy blocks does not stop (docs/natd.md): its L2TP goes on sending SCCRQ
 * by its schedule, only nothing is let out; each retry starts another Quick Mode, and the former
 * SA is deleted. L2TP's own end, half a minute later, is the end of the connection.
 */
#include "nodes/vpn/vpn_priv.h"

#include <string.h>

#include "nodes/crypto/crypto.h"
#include "nodes/modes/gate.h"

#define EPHEMERAL_FIRST 49152 /* RFC 6335 6 */

void client_start(struct vpn *v, usec now)
{
	v->client.l2tp_port = v->cfg.client->l2tp_port;
	if (!v->client.l2tp_port)
		v->client.l2tp_port = (uint16_t)(EPHEMERAL_FIRST +
						 rng_below(v->env.rng, 65536 - EPHEMERAL_FIRST));
	v->client.sa = ike_dial(v->ike, now);
}

/* ---- the policy gate ---- */

static void judge(struct vpn *v, const struct ike_sa *sa)
{
	struct vpn_client *c = &v->client;
	struct event e = ev_new(EV_POLICY);
	struct natd_seen seen;

	if (!ike_sa_nat(sa, &seen))
		seen = (struct natd_seen){0};
	c->blocked = !mode_gate_allows(v->cfg.client->gate, v->cfg.registry, seen.self_behind_nat,
				       seen.peer_behind_nat);
	c->block_reason = seen.self_behind_nat ? REASON_BOTH_BEHIND_NAT : REASON_SERVER_BEHIND_NAT;
	if (v->cfg.registry >= 0)
		ev_u(&e, K_REGISTRY, (uint64_t)v->cfg.registry);
	ev_bool(&e, K_SELF_BEHIND_NAT, seen.self_behind_nat);
	ev_bool(&e, K_PEER_BEHIND_NAT, seen.peer_behind_nat);
	ev_bool(&e, K_ALLOWED, !c->blocked);
	ev_word(&e, K_REASON, c->blocked ? c->block_reason : REASON_NONE);
	v->env.event(v->env.ctx, &e);
}

static void quick(struct vpn *v, struct vpn_peer *p, usec now)
{
	v->client.quick_asked = true;
	ike_quick(v->ike, p->sa, v->client.l2tp_port, now);
}

void client_phase1_up(struct vpn *v, struct vpn_peer *p, usec now)
{
	v->client.peer = p;
	v->client.reached = MAX(v->client.reached, REACHED_PHASE1);
	quick(v, p, now);
}

void client_child_up(struct vpn *v, struct vpn_peer *p, uint32_t former, usec now)
{
	struct vpn_client *c = &v->client;

	/* SoftEther begins Quick Modes of its own after a Delete; one more SA does no harm. */
	if (!c->quick_asked || p != c->peer)
		return;
	c->quick_asked = false;
	c->reached = MAX(c->reached, REACHED_PHASE2);
	if (!c->dialled) {
		c->dialled = true;
		judge(v, p->sa);
		l2tp_dial(v->l2tp, p, L2TP_PORT, now);
		return;
	}
	if (former)
		ike_delete_child(v->ike, p->sa, former, now);
	c->resending = true;
	l2tp_resend(v->l2tp, p, now);
	c->resending = false;
}

/*
 * Another SCCRQ makes a Windows start another Quick Mode, whether the gate is shut or merely
 * nobody answers; in the second case the message goes out when the new SA is there.
 */
bool client_send_l2tp(struct vpn *v, struct vpn_peer *p, const struct l2tp_tx *tx, usec now)
{
	struct vpn_client *c = &v->client;
	bool retry = tx->type == L2TP_SCCRQ && tx->tries > 0 && !c->resending;

	if (p != c->peer)
		return false;
	if (retry && v->cfg.client->quick_per_sccrq) {
		quick(v, p, now);
		return false;
	}
	return !c->blocked && vpn_send_l2tp(v, p, tx, now);
}

/* ---- the outcome ---- */

static void tell_outcome(struct vpn *v, enum outcome outcome, enum reason reason)
{
	struct event e = ev_new(EV_OUTCOME);

	v->client.done = true;
	ev_word(&e, K_OUTCOME, outcome);
	ev_word(&e, K_REASON, reason);
	ev_u(&e, K_ERROR, mode_error(v->cfg.client, reason));
	ev_word(&e, K_REACHED, v->client.reached);
	v->env.event(v->env.ctx, &e);
}

void client_down(struct vpn *v, enum reason reason)
{
	if (!v->client.stopping && !v->client.failed)
		v->client.failed = reason;
}

void client_settle(struct vpn *v, usec now)
{
	struct vpn_client *c = &v->client;

	if (c->echoed && !c->done && !c->failed) {
		c->connected = true;
		memcpy(c->cky_i, ike_sa_cky_i(c->sa), sizeof(c->cky_i));
		tell_outcome(v, OUTCOME_CONNECTED, REASON_NONE);
	}
	if (!c->failed || c->stopping)
		return;
	c->stopping = true;
	/* All that is left: ESP and ISAKMP SAs, or the exchange that is under way. */
	if (c->sa)
		ike_delete_sa(v->ike, c->sa, now);
	if (c->done)
		return;
	if (c->blocked && c->failed == REASON_NO_REPLY)
		tell_outcome(v, OUTCOME_BLOCKED, c->block_reason);
	else
		tell_outcome(v, OUTCOME_FAILED, c->failed);
}
