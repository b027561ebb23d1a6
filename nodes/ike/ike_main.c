/* SPDX-License-Identifier: MIT */
/*
 * ike_main.c - Main Mode with a pre-shared key (RFC 2409 5.4).
 */
#include "nodes/ike/ike_vids.h"

#include "nodes/ike/ike_priv.h"
#include "nodes/wire/isakmp_names.h"

#include <stdlib.h>
#include <string.h>

struct main_row {
	enum main_state state;
	uint8_t message; /* the number of the message that this row takes */
	bool encrypted;
	struct payload_rule rule;
	/* One of the two: who takes the message. */
	enum drop (*server)(struct ike_sa *sa, const struct server_mode *mode,
			    const struct ike_rx *rx, const struct main_row *row);
	enum drop (*client)(struct ike_sa *sa, const struct client_mode *mode,
			    const struct ike_rx *rx, const struct main_row *row);
	enum main_state next;
};

/* ---- pieces of messages ---- */

static void begin(struct ike_sa *sa, struct isakmp_out *o, uint8_t flags)
{
	isakmp_begin(o, sa->sent.buf, sizeof(sa->sent.buf), sa->cky_i, sa->cky_r, EXCHANGE_MAIN,
		     flags, 0);
}

/* From here on the message counts: the state moves, the digest tells duplicates. */
static void advance(struct ike_sa *sa, const struct ike_rx *rx, const struct main_row *row)
{
	sa_set_state(sa, row->next);
	sa->last_in = rx->now;
	memcpy(sa->in[sa->n_in++], rx->digest, DIGEST_LEN);
}

static void read_vids(struct ike_sa *sa, const struct isakmp_msg *m)
{
	for (size_t i = 0; i < m->n_payloads; i++) {
		if (m->payloads[i].type != PAYLOAD_VID)
			continue;
		sa->peer_ms |= vid_is_ms_nt5(m->payloads[i].body);
		sa->peer_softether_ms |= vid_softether_microsoft(m->payloads[i].body);
		sa->peer_dpd |= vid_is(m->payloads[i].body, VID_DPD);
	}
}

static void put_vids(struct isakmp_out *o, const struct view *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		isakmp_payload_put(o, PAYLOAD_VID, v[i].p, v[i].len);
}

/* KE and nonce of the peer: are they right? Then the shared secret, with a key of our own that is
 * made now if there is none: not for a message that is wrong. */
static enum drop take_key(struct ike_sa *sa, const struct isakmp_msg *m, struct nonce *nonce,
			  uint8_t shared[DH_PUBLIC_MAX])
{
	size_t len = group_public_len(sa->suite.group);
	uint8_t public[DH_PUBLIC_MAX] = {0};
	bool valid;

	if (m->nonce.len > NONCE_MAX ||
	    (m->nonce.len < NONCE_MIN && !ignores(sa->ike, IGNORES_NONCE_LENGTH)))
		return DROP_NONCE_LENGTH;
	if (m->ke.len > len || (m->ke.len < len && !ignores(sa->ike, IGNORES_KEY_LENGTH)))
		return DROP_KEY_LENGTH;
	memcpy(public + len - m->ke.len, m->ke.p, m->ke.len); /* a shorter one is a number */
	valid = dh_valid(sa->suite.group, public, len);
	if (!valid && !ignores(sa->ike, IGNORES_KEY_VALUE))
		return DROP_KEY_VALUE;
	if (!sa->dh)
		sa->dh = dh_new(sa->suite.group, sa->ike->env.rng);
	if (!valid || !dh_shared(sa->dh, public, len, shared))
		memset(shared, 0, DH_PUBLIC_MAX); /* 0 to whatever power */
	/* The proofs hash what was sent, not the number. */
	memcpy(sa->peer_public, m->ke.p, m->ke.len);
	sa->peer_public_len = (uint16_t)m->ke.len;
	nonce_read(nonce, m->nonce);
	return DROP_NONE;
}

static struct ike_secrets secrets_of(const struct ike_sa *sa, const uint8_t *shared)
{
	size_t len = group_public_len(sa->suite.group);
	struct view mine = view_of(dh_public(sa->dh), len);
	struct view peers = view_of(sa->peer_public, sa->peer_public_len);

	return (struct ike_secrets){
		.psk = view_of(sa->ike->psk, strlen(sa->ike->psk)),
		.ni = nonce_view(&sa->ni),
		.nr = nonce_view(&sa->nr),
		.gxi = sa->initiator ? mine : peers,
		.gxr = sa->initiator ? peers : mine,
		.gxy = view_of(shared, shared ? group_shared_len(sa->suite.group) : 0),
		.cky_i = sa->cky_i,
		.cky_r = sa->cky_r,
	};
}

static void derive_keys(struct ike_sa *sa, uint8_t shared[DH_PUBLIC_MAX])
{
	struct ike_secrets s = secrets_of(sa, shared);

	ike_keys_derive(&sa->keys, &sa->suite, &s);
	sa->keys.pads_whole_block = rules_of(sa)->pads_whole_block;
	memcpy(sa->iv, sa->keys.iv, BLOCK_MAX);
	bytes_wipe(shared, DH_PUBLIC_MAX);
}

static void auth_hash(const struct ike_sa *sa, bool of_initiator, struct view id,
		      uint8_t out[HASH_MAX])
{
	struct ike_secrets s = secrets_of(sa, NULL);

	ike_keys_auth(&sa->keys, &s, of_initiator, view_of(sa->sai_b, sa->sai_b_len), id, out);
}

/* ---- messages 5 and 6 ---- */

static void put_id_and_hash(struct ike_sa *sa, struct isakmp_out *o)
{
	struct inet_addr own = rules_of(sa)->address_zero ? inet_v4(0) : sa->local.addr;
	struct id_body id;
	uint8_t hash[HASH_MAX];

	id_write(&id, own, 0, 0);
	isakmp_payload_put(o, PAYLOAD_ID, id.b, id.len);
	auth_hash(sa, sa->initiator, view_of(id.b, id.len), hash);
	isakmp_payload_put(o, PAYLOAD_HASH, hash, sa->keys.hash_len);
}

/* RFC 2407 4.6.3.3 */
static void put_initial_contact(struct ike_sa *sa, struct isakmp_out *o)
{
	uint8_t buf[COOKIES_LEN];

	info_put_notify(o, PROTO_ISAKMP, NOTIFY_INITIAL_CONTACT,
			cookies_view(sa->cky_i, sa->cky_r, buf), view_of(NULL, 0));
	event_notify(sa, true, NOTIFY_INITIAL_CONTACT);
}

static bool auth_right(const struct ike_sa *sa, const struct isakmp_msg *m)
{
	uint8_t want[HASH_MAX];

	auth_hash(sa, !sa->initiator, m->ids[0].body, want);
	return hash_right(&sa->keys, m, want);
}

static void up(struct ike_sa *sa, usec now)
{
	struct ike *ike = sa->ike;
	struct event e = ev_new(EV_PHASE1);

	ev_ep(&e, K_SRC, sa->local);
	ev_ep(&e, K_DST, sa->remote);
	ev_hex(&e, K_CKY_I, sa->cky_i, 8);
	ev_hex(&e, K_CKY_R, sa->cky_r, 8);
	ev_str(&e, K_CIPHER, cipher_text(sa->suite.cipher, sa->suite.keybits));
	ev_u(&e, K_KEYLEN, sa->suite.keybits);
	ev_str(&e, K_HASH, isakmp_hash_name(sa->suite.hash));
	ev_str(&e, K_GROUP, isakmp_group_name(sa->suite.group));
	ike_event(ike, &e);
	sa->proved = now;
	dh_free(sa->dh);
	sa->dh = NULL;
	if (ike->hooks.phase1_up)
		ike->hooks.phase1_up(ike->hooks.ctx, sa, now);
}

/* ---- handlers ---- */

void main_start(struct ike_sa *sa, const struct client_mode *mode, usec now)
{
	struct isakmp_out o;
	struct event e = ev_new(EV_DIAL);
	struct view vids[MODE_VIDS];
	size_t body;

	ev_ep(&e, K_SRC, sa->local);
	ev_ep(&e, K_DST, sa->remote);
	ike_event(sa->ike, &e);

	sa->state = MAIN_I_WAIT_2;
	begin(sa, &o, 0);
	isakmp_payload_begin(&o, PAYLOAD_SA);
	body = wr_len(&o.w);
	proposal_write_phase1(&o.w, mode);
	isakmp_payload_end(&o);
	sa->sai_b_len = wr_len(&o.w) - body;
	put_vids(&o, vids, vids_choose(mode->vids, mode->n_vids, NATT_ALL, NULL, vids));
	sa_send_kept(sa, &sa->sent, isakmp_end(&o), 1, 0, &mode->main_retry, now);
	sa->sai_b = malloc(sa->sai_b_len);
	if (!sa->sai_b)
		abort();
	memcpy(sa->sai_b, sa->sent.buf + body, sa->sai_b_len);
}

static void send_message2(struct ike_sa *sa, const struct server_mode *mode,
			  const struct ike_rx *rx, const struct isakmp_transform *chosen)
{
	struct view vids[MODE_VIDS];
	struct isakmp_out o;

	begin(sa, &o, 0);
	isakmp_payload_begin(&o, PAYLOAD_SA);
	proposal_answer_phase1(&o.w, mode, chosen);
	isakmp_payload_end(&o);
	put_vids(&o, vids, ike_answer_vids(mode, rx->m, vids));
	sa_send_kept(sa, &sa->sent, isakmp_end(&o), 2, 0, &mode->message2_retry, rx->now);
}

static enum drop take_message1(struct ike_sa *sa, const struct server_mode *mode,
			       const struct ike_rx *rx, const struct main_row *row)
{
	const struct isakmp_transform *chosen;

	chosen = proposal_choose_phase1(mode, &rx->m->sa, &sa->suite);
	assert(chosen); /* main_input_first() has looked */
	read_vids(sa, rx->m);
	if (mode->natt)
		sa->natd_type = vids_natt_revision(mode->vids, mode->n_vids, rx->m);
	draw_cookie(sa->ike, sa->cky_r);
	sa->sai_b_len = rx->m->sa.body.len;
	sa->sai_b = malloc(sa->sai_b_len);
	if (!sa->sai_b)
		abort();
	memcpy(sa->sai_b, rx->m->sa.body.p, sa->sai_b_len);
	sa->floated = rx->marker;
	advance(sa, rx, row);
	send_message2(sa, mode, rx, chosen);
	return DROP_NONE;
}

static enum drop take_message2(struct ike_sa *sa, const struct client_mode *mode,
			       const struct ike_rx *rx, const struct main_row *row)
{
	struct ike_suite suite;
	struct isakmp_out o;

	if (!proposal_check_phase1(mode, &rx->m->sa, &suite))
		return DROP_NO_PROPOSAL;
	if (cookie_zero(rx->m->h.cky_r))
		return DROP_UNKNOWN_COOKIE;
	sa->suite = suite;
	read_vids(sa, rx->m);
	sa->natd_type = vids_natt_revision(mode->vids, mode->n_vids, rx->m);
	memcpy(sa->cky_r, rx->m->h.cky_r, 8);
	advance(sa, rx, row);

	sa->dh = dh_new(sa->suite.group, sa->ike->env.rng);
	nonce_draw(sa, &sa->ni, mode->nonce_len);
	begin(sa, &o, 0);
	isakmp_payload_put(&o, PAYLOAD_KE, dh_public(sa->dh), group_public_len(sa->suite.group));
	isakmp_payload_put(&o, PAYLOAD_NONCE, sa->ni.b, sa->ni.len);
	ike_natd_ask(sa, &o);
	sa_send_kept(sa, &sa->sent, isakmp_end(&o), 3, 0, &mode->later_retry, rx->now);
	return DROP_NONE;
}

/* The payloads of message 4, in the order of the row. */
static void put_answer(struct ike_sa *sa, const struct server_mode *mode, struct isakmp_out *o,
		       const struct ike_rx *rx)
{
	static const struct answer_part usual[] = {
		{.kind = ANSWER_KEY},
		{.kind = ANSWER_NONCE},
		{.kind = ANSWER_PEER_HASH},
		{.kind = ANSWER_OWN_HASH},
	};
	const struct answer_part *parts = mode->n_message4 ? mode->message4 : usual;
	size_t n = mode->n_message4 ? mode->n_message4 : ARRAY_LEN(usual);
	struct view v;

	for (size_t i = 0; i < n; i++) {
		switch (parts[i].kind) {
		case ANSWER_KEY:
			isakmp_payload_put(o, PAYLOAD_KE, dh_public(sa->dh),
					   group_public_len(sa->suite.group));
			break;
		case ANSWER_NONCE:
			isakmp_payload_put(o, PAYLOAD_NONCE, sa->nr.b, sa->nr.len);
			break;
		case ANSWER_PEER_HASH:
			ike_natd_answer(sa, mode, o, rx, false);
			break;
		case ANSWER_OWN_HASH:
			ike_natd_answer(sa, mode, o, rx, true);
			break;
		case ANSWER_VID:
			v = vid_rule_bytes(&parts[i].vid);
			isakmp_payload_put(o, PAYLOAD_VID, v.p, v.len);
			break;
		}
	}
}

static enum drop take_message3(struct ike_sa *sa, const struct server_mode *mode,
			       const struct ike_rx *rx, const struct main_row *row)
{
	uint8_t shared[DH_PUBLIC_MAX];
	struct isakmp_out o;
	enum drop drop;

	drop = take_key(sa, rx->m, &sa->ni, shared);
	if (drop)
		return drop;
	advance(sa, rx, row);
	sa->local = rx->d->local;
	sa->remote = rx->d->remote;
	sa->floated = rx->marker;
	ike_natd_learn(sa, rx);
	nonce_draw(sa, &sa->nr, mode->nonce_len);
	begin(sa, &o, 0);
	put_answer(sa, mode, &o, rx);
	sa_send_kept(sa, &sa->sent, isakmp_end(&o), 4, 0, &mode->message4_retry, rx->now);
	derive_keys(sa, shared);
	return DROP_NONE;
}

static enum drop take_message4(struct ike_sa *sa, const struct client_mode *mode,
			       const struct ike_rx *rx, const struct main_row *row)
{
	uint8_t shared[DH_PUBLIC_MAX];
	struct isakmp_out o;
	enum drop drop;

	drop = take_key(sa, rx->m, &sa->nr, shared);
	if (drop)
		return drop;
	advance(sa, rx, row);
	derive_keys(sa, shared);
	ike_natd_learn(sa, rx);
	/* RFC 3947 4: the initiator changes ports with message 5, whoever is behind the NAT. */
	if (sa->nat_known && (sa->seen.self_behind_nat || sa->seen.peer_behind_nat)) {
		sa->local.port = sa->remote.port = IKE_NATT_PORT;
		sa->floated = true;
	}
	ike_natd_tell(sa);
	if (sa->ike->probe) {
		sa_end(sa, REASON_PROBED, false, rx->now);
		return DROP_NONE;
	}
	begin(sa, &o, ISAKMP_FLAG_ENCRYPTED);
	put_id_and_hash(sa, &o);
	if (mode->initial_contact)
		put_initial_contact(sa, &o);
	sa_send_kept(sa, &sa->sent, crypt_close(&sa->keys, sa->iv, &o), 5, 0, &mode->later_retry,
		     rx->now);
	return DROP_NONE;
}

static enum drop take_message5(struct ike_sa *sa, const struct server_mode *mode,
			       const struct ike_rx *rx, const struct main_row *row)
{
	struct isakmp_out o;

	if (!auth_right(sa, rx->m))
		return DROP_HASH;
	sa_follow(sa, rx);
	advance(sa, rx, row);
	for (size_t i = 0; i < rx->m->n_notifies; i++)
		event_notify(sa, false, rx->m->notifies[i].type);
	begin(sa, &o, ISAKMP_FLAG_ENCRYPTED);
	put_id_and_hash(sa, &o);
	sa_send_kept(sa, &sa->sent, crypt_close(&sa->keys, sa->iv, &o), 6, 0,
		     &mode->message6_retry, rx->now);
	ike_natd_tell(sa);
	up(sa, rx->now);
	return DROP_NONE;
}

static enum drop take_message6(struct ike_sa *sa, const struct client_mode *mode,
			       const struct ike_rx *rx, const struct main_row *row)
{
	(void)mode;
	if (!auth_right(sa, rx->m))
		return DROP_HASH;
	advance(sa, rx, row);
	sent_stop(&sa->sent);
	up(sa, rx->now);
	return DROP_NONE;
}

/* ---- the table ---- */

static const struct main_row rows[] = {
	/* I -> R   HDR, SA, VID... */
	{MAIN_R_WAIT_1,
	 1,
	 false,
	 {.need = {PAYLOAD_SA}, .allow = {PAYLOAD_VID, PAYLOAD_NOTIFY}, .first = 1},
	 .server = take_message1,
	 .next = MAIN_R_WAIT_3},
	/* R -> I   HDR, SA, VID... */
	{MAIN_I_WAIT_2,
	 2,
	 false,
	 {.need = {PAYLOAD_SA}, .allow = {PAYLOAD_VID, PAYLOAD_NOTIFY}, .first = 1},
	 .client = take_message2,
	 .next = MAIN_I_WAIT_4},
	/* I -> R   HDR, KE, Ni, NAT-D, NAT-D */
	{MAIN_R_WAIT_3,
	 3,
	 false,
	 {.need = {PAYLOAD_KE, PAYLOAD_NONCE},
	  .allow = {PAYLOAD_NATD, PAYLOAD_NATD_DRAFT, PAYLOAD_VID, PAYLOAD_NOTIFY}},
	 .server = take_message3,
	 .next = MAIN_R_WAIT_5},
	/* R -> I   HDR, KE, Nr, NAT-D, NAT-D */
	{MAIN_I_WAIT_4,
	 4,
	 false,
	 {.need = {PAYLOAD_KE, PAYLOAD_NONCE},
	  .allow = {PAYLOAD_NATD, PAYLOAD_NATD_DRAFT, PAYLOAD_VID, PAYLOAD_NOTIFY}},
	 .client = take_message4,
	 .next = MAIN_I_WAIT_6},
	/* I -> R   HDR*, IDii, HASH_I */
	{MAIN_R_WAIT_5,
	 5,
	 true,
	 {.need = {PAYLOAD_ID, PAYLOAD_HASH}, .allow = {PAYLOAD_NOTIFY, PAYLOAD_VID}},
	 .server = take_message5,
	 .next = MAIN_UP},
	/* R -> I   HDR*, IDir, HASH_R */
	{MAIN_I_WAIT_6,
	 6,
	 true,
	 {.need = {PAYLOAD_ID, PAYLOAD_HASH}, .allow = {PAYLOAD_NOTIFY, PAYLOAD_VID}},
	 .client = take_message6,
	 .next = MAIN_UP},
};

static const struct main_row *row_of(enum main_state state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].state == state)
			return &rows[i];
	return NULL;
}

/* ---- input ---- */

/* What an SA payload says besides its transforms. */
static enum drop sa_check(const struct ike *ike, const struct server_mode *mode,
			  const struct isakmp_sa *sa)
{
	if (!ignores(ike, IGNORES_DOI) && sa->doi != DOI_IPSEC)
		return sa->doi ? DROP_PAYLOAD_MALFORMED : DROP_DOI; /* 0 is ISAKMP's own */
	if (!ignores(ike, IGNORES_DOI) && sa->situation != SITUATION_IDENTITY_ONLY)
		return DROP_SITUATION;
	for (size_t i = 0; i < sa->n_proposals; i++) {
		const struct isakmp_proposal *p = &sa->proposals[i];

		if (mode->minds & MINDS_PROPOSAL_PROTOCOL && p->protocol != PROTO_ISAKMP)
			return DROP_PROTOCOL;
		if (mode->minds & MINDS_TRANSFORM_COUNT && p->said_transforms != p->n_transforms)
			return DROP_BAD_PROPOSAL;
	}
	return DROP_NONE;
}

/* Is a secret offered at all? */
static bool offers_secret(const struct isakmp_sa *sa)
{
	for (size_t i = 0; i < sa->n_transforms; i++)
		if (isakmp_attr_value(&sa->transforms[i], P1_AUTH, 0) == AUTH_PSK)
			return true;
	return false;
}

/* A duplicate of the @nth message of the peer's, counted from 0: answered as before while that
 * answer is the newest one, where the product does. */
static enum drop duplicate(struct ike_sa *sa, uint8_t nth, const struct ike_rx *rx)
{
	if (rules_of(sa)->main_again[nth] && sa->sent.message == 2 * nth + 2)
		sa_send_again(sa, &sa->sent, rx->now);
	return DROP_DUPLICATE;
}

enum drop main_input_first(struct ike *ike, const struct server_mode *mode,
			   const struct ike_rx *rx)
{
	const struct main_row *row = row_of(MAIN_R_WAIT_1);
	struct ike_suite suite;
	struct ike_sa *sa;
	enum drop drop;

	if (rx->m->h.flags & ISAKMP_FLAG_ENCRYPTED)
		return DROP_FLAGS;
	drop = payloads_check(&row->rule, rx->m, ignores(ike, IGNORES_PAYLOADS));
	if (!drop)
		drop = sa_check(ike, mode, &rx->m->sa);
	if (drop)
		return drop;
	if (mode->natt && mode->esp_in_udp_only && !vids_know_natt(rx->m))
		return DROP_UNSUPPORTED;
	sa = mode->dup_message1 == DUP_NEW_EXCHANGE ? NULL : sa_begun_by(ike, rx);
	if (sa)
		return duplicate(sa, 0, rx);
	if (mode->other_message1_ignored && sa_begun_under(ike, rx))
		return DROP_STATE;
	if (rx->m->sa.body.len > IKE_SA_BODY_MAX)
		return DROP_LIMIT;
	if (!proposal_choose_phase1(mode, &rx->m->sa, &suite)) {
		if (!minds(ike, MINDS_AUTHENTICATION) || offers_secret(&rx->m->sa))
			wrong_refuse(ike, mode, rx);
		return DROP_NO_PROPOSAL;
	}
	sa = sa_new(ike, rx->m->h.cky_i, rx->d->local, rx->d->remote, rx->now);
	sa->state = MAIN_R_WAIT_1;
	drop = row->server(sa, mode, rx, row);
	sa_schedule(sa);
	return drop;
}

/* A message 3 that is not the one that was answered. */
static enum drop other_message3(struct ike_sa *sa, const struct server_mode *mode,
				const struct ike_rx *rx)
{
	switch (mode->other_message3) {
	case OTHER_MESSAGE3_DROPS:
		wrong_answer(sa->ike, sa, rx, DROP_PAYLOAD_TYPE);
		sa_end(sa, REASON_STATE, true, rx->now);
		break;
	case OTHER_MESSAGE3_IGNORED:
		break;
	}
	return minds(sa->ike, MINDS_FLAGS_FIRST) ? DROP_FLAGS : DROP_STATE;
}

/* What a server makes of a message 5 that is wrong. */
static void answer_bad_psk(struct ike_sa *sa, const struct server_mode *mode,
			   const struct ike_rx *rx, enum drop drop)
{
	if (mode->follows == FOLLOWS_ANY ||
	    (mode->follows == FOLLOWS_READABLE && drop == DROP_HASH)) {
		usec last_in = sa->last_in;

		sa_follow(sa, rx);
		sa->last_in = last_in; /* but it gains no time */
	}
	if (wrong_notify(mode, drop)) /* by ike.c */
		return;
	switch (mode->bad_psk) {
	case BAD_PSK_NOTIFY:
		info_send_notify(sa, PROTO_ISAKMP, mode->bad_psk_type);
		break;
	case BAD_PSK_SILENCE:
		break;
	}
}

/* Message 5 or 6 makes no sense or its hash is wrong: most likely another pre-shared key. */
static void bad_psk(struct ike_sa *sa, const struct ike_rx *rx, enum drop drop)
{
	if (!sa->told_bad_psk) {
		struct event e = event_of(sa, EV_PSK);

		ev_u(&e, K_MESSAGE, sa->initiator ? 6 : 5);
		ike_event(sa->ike, &e);
	}
	sa->told_bad_psk = true;
	AS_SERVER(mode, sa->ike)
		answer_bad_psk(sa, mode, rx, drop);
}

/* The handler of a row, with the mode of this end's role. */
static enum drop handle(struct ike_sa *sa, const struct ike_rx *rx, const struct main_row *row)
{
	AS_SERVER(mode, sa->ike)
		return row->server ? row->server(sa, mode, rx, row) : DROP_STATE;
	AS_CLIENT(mode, sa->ike)
		return row->client ? row->client(sa, mode, rx, row) : DROP_STATE;
	return DROP_STATE;
}

static enum drop input_encrypted(struct ike_sa *sa, struct ike_rx *rx, const struct main_row *row)
{
	uint8_t plain[IKE_MESSAGE_MAX], iv[BLOCK_MAX], former[BLOCK_MAX];
	enum drop drop;

	memcpy(iv, sa->iv, BLOCK_MAX);
	memcpy(former, sa->iv, BLOCK_MAX);
	drop = crypt_open(&sa->keys, iv, rx, plain);
	if (!drop)
		drop = payloads_check(&row->rule, rx->m, ignores(sa->ike, IGNORES_PAYLOADS));
	if (!drop) {
		/* The answer is chained to this message; nothing counts if its hash is wrong. */
		memcpy(sa->iv, iv, BLOCK_MAX);
		drop = handle(sa, rx, row);
		if (drop)
			memcpy(sa->iv, former, BLOCK_MAX);
	}
	/* What could be decrypted and is nothing that can stand here was nonsense as well. */
	if (drop == DROP_PAYLOAD_MISSING || drop == DROP_PAYLOAD_TYPE || drop == DROP_PAYLOAD_TWICE)
		drop = DROP_DECRYPT;
	if (drop == DROP_DECRYPT || drop == DROP_HASH || drop == DROP_BLOCKS)
		bad_psk(sa, rx, drop);
	return drop;
}

enum drop main_input(struct ike_sa *sa, struct ike_rx *rx)
{
	const struct main_row *row = row_of(sa->state);
	bool encrypted = rx->m->h.flags & ISAKMP_FLAG_ENCRYPTED;
	enum drop drop;

	for (uint8_t i = 0; i < sa->n_in; i++)
		if (memcmp(sa->in[i], rx->digest, DIGEST_LEN) == 0)
			return duplicate(sa, i, rx);
	if (!row)
		return DROP_STATE;
	if (!encrypted && row->message == 5 && rx->m->ke.p)
		AS_SERVER(mode, sa->ike)
			return other_message3(sa, mode, rx);
	if (encrypted != row->encrypted)
		return DROP_FLAGS;
	if (encrypted)
		return input_encrypted(sa, rx, row);
	drop = payloads_check(&row->rule, rx->m, ignores(sa->ike, IGNORES_PAYLOADS));
	return drop ? drop : handle(sa, rx, row);
}
