/* SPDX-License-Identifier: MIT */
/*
 * ike_rules.c - the two kinds of rows read once, for the code that runs in both roles.
 */
#include "nodes/ike/ike_priv.h"

/* A client that responds in a Quick Mode answers NAT-OA with NAT-OA, a transform as it was offered,
 * and a repetition again (RFC 2408 5.1). */
static struct ike_rules client_rules(const struct client_mode *m)
{
	return (struct ike_rules){
		.ignores = m->ignores,
		.nonce_len = m->nonce_len,
		.pads_whole_block = m->pads_whole_block,
		.dpd = m->dpd,
		.reliable_delete = m->reliable_delete,
		.quick_again = true,
		.quick_retry = m->quick_retry,
		.natoa = true,
		.keepalive_ms = m->keepalive_ms,
	};
}

static struct ike_rules server_rules(const struct server_mode *m)
{
	return (struct ike_rules){
		.ignores = m->ignores,
		.minds = m->minds,
		.nonce_len = m->nonce_len,
		.pads_whole_block = m->pads_whole_block,
		.address_zero = m->address_zero,
		.force_natt = m->force_natt,
		.dpd = m->dpd,
		.reliable_delete = m->reliable_delete,
		.main_again = {m->dup_message1 == DUP_SAME_ANSWER,
			       m->dup_message3 == DUP_SAME_ANSWER,
			       m->dup_message5 == DUP_SAME_ANSWER},
		.quick_again = m->dup_quick1 == DUP_SAME_ANSWER,
		.quick_retry = m->quick_retry,
		.natoa = m->natoa,
		.natoa_unasked = m->natoa_unasked,
		.qm_ids_rewritten = m->qm_ids_rewritten,
		.phase2_attrs = m->sa_encoding == SA_AS_OFFERED ? NULL : m->phase2_attrs,
		.tunnel_notify = m->tunnel_notify,
		.esp_notify = m->esp_notify,
		.isakmp_cookies = m->no_proposal == NO_PROPOSAL_SPI16,
		.esp_cookies = m->no_proposal == NO_PROPOSAL_RANDOM_COOKIE,
		.keepalive_ms = m->keepalive_ms,
		.dpd_ms = m->dpd_ms,
		.idle_ms = m->idle_ms,
		.half_open_ms = m->half_open_ms,
		.unused_ms = m->unused_ms,
		.keepalive_always = m->keepalive_always,
		.keepalive_steady = m->keepalive_steady,
		.half_open_renewed = m->half_open_renewed,
		.half_open_delete = m->half_open_delete,
	};
}

void ike_rules_init(struct ike *ike, const struct ike_config *cfg)
{
	assert(cfg->initiator ? cfg->client && !cfg->server : cfg->server && !cfg->client);
	ike->client_row_ = cfg->client;
	ike->server_row_ = cfg->server;
	ike->rules = cfg->client ? client_rules(cfg->client) : server_rules(cfg->server);
}
