/* SPDX-License-Identifier: MIT */
/*
 * ike_quick.c - Quick Mode without PFS (RFC 2409 5.5) for UDP 1701 in transport mode, with the
 * original addresses of RFC 3947 5.2.
 */
#include "lab/base/packet.h"
#include "nodes/wire/l2tp_msg.h"
#include "nodes/ike/ike_priv.h"

#include <stdlib.h>
#include <string.h>

#define SPI_MIN 256 /* RFC 4303 2.1: smaller ones are reserved */
#define ESP_LAST 23 /* the largest transform that IANA knows */

struct quick_row {
	enum quick_state state;
	uint8_t message; /* the number of the message that this row takes */
	struct payload_rule rule;
	enum drop (*handle)(struct ike_sa *sa, struct ike_quick *q, const struct ike_rx *rx);
	enum quick_state next;
};

/* ---- pieces of messages ---- */

void id_write(struct id_body *id, struct inet_addr addr, uint8_t protocol, uint16_t port)
{
	struct wr w = wr_new(id->b, sizeof(id->b));

	wr_u8(&w, addr.len == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR);
	wr_u8(&w, protocol);
	wr_u16(&w, port);
	wr_bytes(&w, addr.b, addr.len);
	id->len = wr_len(&w);
	id->addr = addr;
	id->protocol = protocol;
	id->port = port;
}

/* Only single addresses: an L2TP peer protects itself. */
static bool id_read(struct id_body *id, const struct isakmp_id *from)
{
	if (!(from->type == ID_IPV4_ADDR && from->data.len == 4) &&
	    !(from->type == ID_IPV6_ADDR && from->data.len == 16))
		return false;
	id_write(id, inet_from_bytes(from->data.p, from->data.len), from->protocol, from->port);
	return true;
}

static void put_natoa(struct isakmp_out *o, uint8_t type, struct inet_addr addr)
{
	isakmp_payload_begin(o, type);
	wr_u8(&o->w, addr.len == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR);
	wr_zeros(&o->w, 3);
	wr_bytes(&o->w, addr.b, addr.len);
	isakmp_payload_end(o);
}

static uint8_t natoa_type(const struct ike_sa *sa)
{
	return sa->natd_type == PAYLOAD_NATD_DRAFT ? PAYLOAD_NATOA_DRAFT : PAYLOAD_NATOA;
}

/* In UDP when a NAT was found, which is when it floated; the value is the revision's. */
static uint16_t encap_of(const struct ike_sa *sa)
{
	if (!sa->floated)
		return ENCAP_TRANSPORT;
	return sa->natd_type == PAYLOAD_NATD_DRAFT ? ENCAP_UDP_TRANSPORT_DRAFT
						   : ENCAP_UDP_TRANSPORT;
}

static bool encap_in_udp(uint16_t encap)
{
	return encap != ENCAP_TRANSPORT && encap != ENCAP_TUNNEL;
}

static uint32_t draw_spi(const struct ike_sa *sa)
{
	uint32_t spi;

	do
		spi = rng_u32(sa->ike->env.rng);
	while (spi < SPI_MIN);
	return spi;
}

static void begin(const struct ike_sa *sa, struct ike_quick *q, struct isakmp_out *o)
{
	isakmp_begin(o, q->sent.buf, sizeof(q->sent.buf), sa->cky_i, sa->cky_r, EXCHANGE_QUICK,
		     ISAKMP_FLAG_ENCRYPTED, q->msgid);
}

/* ---- the list of exchanges ---- */

static struct ike_quick *quick_find(const struct ike_sa *sa, uint32_t msgid)
{
	for (struct ike_quick *q = sa->quicks; q; q = q->next)
		if (q->msgid == msgid)
			return q;
	return NULL;
}

/* An exchange that is in no list yet: quick_keep() or quick_free() is next. */
static struct ike_quick *quick_new(const struct ike_sa *sa, enum quick_state state, uint32_t msgid)
{
	struct ike_quick *q = calloc(1, sizeof(*q));

	if (!q)
		abort();
	q->initiator = state == QUICK_I_WAIT_2;
	q->state = state;
	q->msgid = msgid;
	q->sent.next = USEC_NEVER;
	ike_keys_phase2_iv(&sa->keys, sa->iv, msgid, q->iv);
	return q;
}

/* Takes it into the list of its SA; the oldest one makes room. */
static void quick_keep(struct ike_sa *sa, struct ike_quick *q)
{
	struct ike_quick **at = &sa->quicks;

	q->next = sa->quicks;
	sa->quicks = q;
	for (size_t n = 0; *at; n++) {
		struct ike_quick *old = *at;

		if (n < IKE_QUICKS_MAX) {
			at = &old->next;
			continue;
		}
		*at = old->next;
		quick_free(old);
	}
}

/* ---- keys ---- */

static enum ike_cipher cipher_of(uint8_t esp)
{
	return esp == ESP_AES	 ? CIPHER_AES
	       : esp == ESP_3DES ? CIPHER_3DES
	       : esp == ESP_DES	 ? CIPHER_DES
				 : CIPHER_NONE;
}

static enum ike_hash auth_of(uint16_t auth)
{
	return auth == AUTH_HMAC_MD5 ? HASH_MD5 : auth == AUTH_HMAC_SHA1 ? HASH_SHA1 : HASH_SHA256;
}

static void direction_keys(const struct ike_sa *sa, const struct ike_quick *q,
			   const struct ike_child *c, uint32_t spi, uint8_t key[KEY_MAX],
			   uint8_t auth[KEY_MAX])
{
	size_t key_len = cipher_key_len(c->cipher, c->keybits), auth_len = hash_len(c->auth);
	uint8_t keymat[2 * KEY_MAX];

	ike_keys_keymat(&sa->keys, PROTO_ESP, spi, nonce_view(&q->ni), nonce_view(&q->nr), keymat,
			key_len + auth_len);
	memcpy(key, keymat, key_len);
	memcpy(auth, keymat + key_len, auth_len);
	bytes_wipe(keymat, sizeof(keymat));
}

static void tell_phase2(struct ike_sa *sa, const struct ike_child *c)
{
	struct event e = event_of(sa, EV_PHASE2);

	ev_u(&e, K_MSGID, c->msgid);
	ev_u(&e, K_SPI_IN, c->spi_in);
	ev_u(&e, K_SPI_OUT, c->spi_out);
	ev_bool(&e, K_ENCAP, c->udp);
	ev_str(&e, K_CIPHER, cipher_text(c->cipher, c->keybits));
	ev_u(&e, K_KEYLEN, c->keybits);
	ike_event(sa->ike, &e);
}

/* The pair of SAs stands: remembered for Deletes, handed to the layer above. */
static void child_up(struct ike_sa *sa, struct ike_quick *q, usec now)
{
	struct ike *ike = sa->ike;
	const struct id_body *mine = q->initiator ? &q->id_i : &q->id_r;
	const struct id_body *peers = q->initiator ? &q->id_r : &q->id_i;
	struct ike_child c = {
		.spi_in = q->spi_in,
		.spi_out = q->spi_out,
		.msgid = q->msgid,
		.udp = encap_in_udp(q->esp.encap),
		.cipher = cipher_of(q->esp.esp),
		.keybits = q->esp.keybits,
		.auth = auth_of(q->esp.auth),
		.local = sa->local,
		.remote = sa->remote,
		.natoa_i = q->natoa_i,
		.natoa_r = q->natoa_r,
		.port_local = mine->port,
		.port_remote = peers->port,
		.id_i = q->id_i.addr,
		.id_r = q->id_r.addr,
	};

	sa->used = true;
	direction_keys(sa, q, &c, c.spi_in, c.key_in, c.auth_in);
	direction_keys(sa, q, &c, c.spi_out, c.key_out, c.auth_out);
	tell_phase2(sa, &c);
	child_add(sa, c.spi_in, c.spi_out, now);
	if (ike->hooks.child_up)
		ike->hooks.child_up(ike->hooks.ctx, sa, &c, now);
	bytes_wipe(&c, sizeof(c));
}

/* ---- handlers ---- */

void quick_start(struct ike_sa *sa, const struct client_mode *mode, uint16_t port_local, usec now)
{
	uint16_t port = mode->quick_port_any ? 0 : port_local;
	struct isakmp_out o;
	struct ike_quick *q;
	uint8_t *hash;

	q = quick_new(sa, QUICK_I_WAIT_2,
		      mode->msgid_counts ? ++sa->msgid_count : fresh_msgid(sa));
	quick_keep(sa, q);
	q->spi_in = draw_spi(sa);
	nonce_draw(sa, &q->ni, mode->nonce_len);
	id_write(&q->id_i, sa->local.addr, IPPROTO_UDP_, port);
	id_write(&q->id_r, sa->remote.addr, IPPROTO_UDP_, L2TP_PORT);

	begin(sa, q, &o);
	hash = crypt_hash_begin(&sa->keys, &o);
	isakmp_payload_begin(&o, PAYLOAD_SA);
	proposal_write_phase2(&o.w, mode, q->spi_in, encap_of(sa));
	isakmp_payload_end(&o);
	isakmp_payload_put(&o, PAYLOAD_NONCE, q->ni.b, q->ni.len);
	isakmp_payload_put(&o, PAYLOAD_ID, q->id_i.b, q->id_i.len);
	isakmp_payload_put(&o, PAYLOAD_ID, q->id_r.b, q->id_r.len);
	if (sa->floated && (mode->natoa_always || sa->seen.self_behind_nat)) {
		put_natoa(&o, natoa_type(sa), sa->local.addr);
		put_natoa(&o, natoa_type(sa), sa->remote.addr);
	}
	ike_keys_hash1(&sa->keys, q->msgid, crypt_hash_rest(&sa->keys, &o), hash);
	sa_send_kept(sa, &q->sent, crypt_close(&sa->keys, q->iv, &o), 1, q->msgid,
		     &mode->quick_retry, now);
	sa_schedule(sa);
}

/* NAT-OA of the answer (RFC 3947 5.2): both ends as this server sees them; in the drafts its own.
 */
static void put_natoa_answer(struct ike_sa *sa, const struct ike_quick *q, struct isakmp_out *o,
			     const struct ike_rx *rx)
{
	bool in_udp = encap_in_udp(q->esp.encap);
	const struct ike_rules *rules = rules_of(sa);
	struct inet_addr own = rules->address_zero ? inet_v4(0) : sa->local.addr;
	uint8_t type = rx->m->n_natoa ? rx->m->natoa_type : natoa_type(sa);

	if (!rules->natoa || (!rx->m->n_natoa && !(rules->natoa_unasked && in_udp)))
		return;
	if (type == PAYLOAD_NATOA || rules->natoa_unasked)
		put_natoa(o, type, sa->remote.addr);
	put_natoa(o, type, own);
}

static void send_message2(struct ike_sa *sa, struct ike_quick *q, const struct ike_rx *rx,
			  const struct isakmp_transform *chosen)
{
	const struct ike_rules *rules = rules_of(sa);
	struct id_body id_i = q->id_i, id_r = q->id_r;
	struct isakmp_out o;
	uint8_t *hash;

	if (rules->qm_ids_rewritten && sa->floated) {
		id_write(&id_i, sa->remote.addr, q->id_i.protocol, q->id_i.port);
		id_write(&id_r, sa->local.addr, q->id_r.protocol, q->id_r.port);
	}
	begin(sa, q, &o);
	hash = crypt_hash_begin(&sa->keys, &o);
	isakmp_payload_begin(&o, PAYLOAD_SA);
	proposal_answer_phase2(&o.w, rules, &rx->m->sa, chosen, q->spi_in);
	isakmp_payload_end(&o);
	isakmp_payload_put(&o, PAYLOAD_NONCE, q->nr.b, q->nr.len);
	if (rx->m->n_ids) {
		isakmp_payload_put(&o, PAYLOAD_ID, id_i.b, id_i.len);
		isakmp_payload_put(&o, PAYLOAD_ID, id_r.b, id_r.len);
	}
	put_natoa_answer(sa, q, &o, rx);
	ike_keys_hash2(&sa->keys, q->msgid, nonce_view(&q->ni), crypt_hash_rest(&sa->keys, &o),
		       hash);
	sa_send_kept(sa, &q->sent, crypt_close(&sa->keys, q->iv, &o), 2, q->msgid,
		     &rules->quick_retry, rx->now);
}

/* The selectors: absent ones are the peers themselves (RFC 2409 5.5); else single addresses and
 * UDP 1701 at the server. */
static bool take_ids(struct ike_sa *sa, struct ike_quick *q, const struct isakmp_msg *m)
{
	const struct id_body *servers = sa->initiator ? &q->id_i : &q->id_r;

	id_write(&q->id_i, sa->remote.addr, IPPROTO_UDP_, 0);
	id_write(&q->id_r, sa->local.addr, IPPROTO_UDP_, L2TP_PORT);
	if (!m->n_ids)
		return true;
	return id_read(&q->id_i, &m->ids[0]) && id_read(&q->id_r, &m->ids[1]) &&
	       (q->id_i.protocol == IPPROTO_UDP_ || q->id_i.protocol == 0) &&
	       (q->id_r.protocol == IPPROTO_UDP_ || q->id_r.protocol == 0) &&
	       (servers->port == L2TP_PORT || servers->port == 0 ||
		ignores(sa->ike, IGNORES_PORT));
}

static enum drop refuse(struct ike_sa *sa, const struct ike_rx *rx, uint16_t type, enum drop drop)
{
	/* Its HASH was right, so the peer itself is answered. */
	sa_follow(sa, rx);
	info_send_notify(sa, PROTO_ESP, type);
	return drop;
}

/* What an SA payload of which nothing was chosen is answered with: some say what is wrong. */
static uint16_t no_proposal_type(const struct ike_rules *rules, const struct isakmp_sa *sa)
{
	const struct isakmp_transform *t = &sa->transforms[0];
	uint64_t encap = sa->n_transforms ? isakmp_attr_value(t, P2_ENCAP, 0) : 0;

	if (rules->tunnel_notify && (encap == ENCAP_TUNNEL || encap == ENCAP_UDP_TUNNEL))
		return rules->tunnel_notify;
	if (rules->esp_notify && sa->n_transforms && t->id > ESP_LAST)
		return rules->esp_notify;
	return NOTIFY_NO_PROPOSAL_CHOSEN;
}

static enum drop take_message1(struct ike_sa *sa, struct ike_quick *q, const struct ike_rx *rx)
{
	const struct isakmp_msg *m = rx->m;
	const struct isakmp_transform *chosen;
	uint8_t want[HASH_MAX];

	ike_keys_hash1(&sa->keys, q->msgid, crypt_rest(m), want);
	if (!hash_right(&sa->keys, m, want))
		return DROP_HASH;
	msgids_note(&sa->msgids, q->msgid); /* whatever becomes of it: it is not taken again */
	if (m->nonce.len < NONCE_MIN || m->nonce.len > NONCE_MAX)
		return DROP_NONCE_LENGTH;
	if (!take_ids(sa, q, m))
		return refuse(sa, rx, NOTIFY_INVALID_ID, DROP_SELECTOR);
	chosen = proposal_choose_phase2(sa->ike, &m->sa, &q->esp, &q->spi_out);
	if (!chosen)
		return refuse(sa, rx, no_proposal_type(rules_of(sa), &m->sa), DROP_NO_PROPOSAL);
	sa_follow(sa, rx);
	nonce_read(&q->ni, m->nonce);
	q->natoa_i = m->natoa[0];
	q->natoa_r = m->natoa[1];
	q->spi_in = draw_spi(sa);
	nonce_draw(sa, &q->nr, rules_of(sa)->nonce_len);
	sent_stop(&sa->sent); /* message 6 has arrived */
	send_message2(sa, q, rx, chosen);
	return DROP_NONE;
}

/* Only clients begin Quick Modes. */
static bool choice_right(const struct ike_sa *sa, const struct isakmp_sa *chosen,
			 struct esp_choice *esp, uint32_t *spi)
{
	AS_CLIENT(mode, sa->ike)
		return proposal_check_phase2(mode, chosen, encap_of(sa), esp, spi);
	return false;
}

static enum drop take_message2(struct ike_sa *sa, struct ike_quick *q, const struct ike_rx *rx)
{
	const struct isakmp_msg *m = rx->m;
	struct esp_choice esp;
	uint8_t want[HASH_MAX];
	struct isakmp_out o;
	uint32_t spi;
	uint8_t *hash;

	ike_keys_hash2(&sa->keys, q->msgid, nonce_view(&q->ni), crypt_rest(m), want);
	if (!hash_right(&sa->keys, m, want))
		return DROP_HASH;
	if (m->nonce.len < NONCE_MIN || m->nonce.len > NONCE_MAX)
		return DROP_NONCE_LENGTH;
	if (!choice_right(sa, &m->sa, &esp, &spi))
		return DROP_NO_PROPOSAL;
	/* The IDs of the answer are not compared: strongSwan sends other ones, and every client
	 * goes on. */
	sa_follow(sa, rx);
	nonce_read(&q->nr, m->nonce);
	q->esp = esp;
	q->spi_out = spi;
	q->natoa_i = m->natoa[0];
	q->natoa_r = m->natoa[1];

	begin(sa, q, &o);
	hash = crypt_hash_begin(&sa->keys, &o);
	ike_keys_hash3(&sa->keys, q->msgid, nonce_view(&q->ni), nonce_view(&q->nr), hash);
	sa_send_kept(sa, &q->sent, crypt_close(&sa->keys, q->iv, &o), 3, q->msgid, NULL, rx->now);
	return DROP_NONE;
}

static enum drop take_message3(struct ike_sa *sa, struct ike_quick *q, const struct ike_rx *rx)
{
	uint8_t want[HASH_MAX];

	ike_keys_hash3(&sa->keys, q->msgid, nonce_view(&q->ni), nonce_view(&q->nr), want);
	if (!hash_right(&sa->keys, rx->m, want))
		return DROP_HASH;
	sa_follow(sa, rx);
	sent_stop(&q->sent);
	return DROP_NONE;
}

/* ---- the table ---- */

#define NATOA PAYLOAD_NATOA, PAYLOAD_NATOA_DRAFT

static const struct quick_row rows[] = {
	/* I -> R   HDR*, HASH(1), SA, Ni, [IDci, IDcr], [NAT-OA, NAT-OA] */
	{QUICK_R_WAIT_1,
	 1,
	 {.need = {PAYLOAD_HASH, PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_ID},
	  .allow = {NATOA, PAYLOAD_NOTIFY, PAYLOAD_VID},
	  .first = 2,
	  .twice = PAYLOAD_ID},
	 take_message1,
	 QUICK_R_WAIT_3},
	/* R -> I   HDR*, HASH(2), SA, Nr, [IDci, IDcr], [NAT-OA, NAT-OA] */
	{QUICK_I_WAIT_2,
	 2,
	 {.need = {PAYLOAD_HASH, PAYLOAD_SA, PAYLOAD_NONCE, PAYLOAD_ID},
	  .allow = {NATOA, PAYLOAD_NOTIFY, PAYLOAD_VID},
	  .first = 2,
	  .twice = PAYLOAD_ID},
	 take_message2,
	 QUICK_DONE},
	/* I -> R   HDR*, HASH(3) */
	{QUICK_R_WAIT_3,
	 3,
	 {.need = {PAYLOAD_HASH}, .allow = {PAYLOAD_NOTIFY, PAYLOAD_VID}, .first = 1},
	 take_message3,
	 QUICK_DONE},
};

static const struct quick_row *row_of(enum quick_state state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].state == state)
			return &rows[i];
	return NULL;
}

/* ---- input and time ---- */

/* Opens and judges a message; changes @q only when all is well. */
static enum drop step(struct ike_sa *sa, struct ike_quick *q, struct ike_rx *rx)
{
	const struct quick_row *row = row_of(q->state);
	uint8_t plain[IKE_MESSAGE_MAX], former[BLOCK_MAX];
	enum drop drop;

	if (!row)
		return DROP_STATE;
	memcpy(former, q->iv, BLOCK_MAX);
	drop = crypt_open(&sa->keys, q->iv, rx, plain);
	if (!drop)
		drop = payloads_check(&row->rule, rx->m, ignores(sa->ike, IGNORES_PAYLOADS));
	if (!drop)
		drop = row->handle(sa, q, rx);
	if (drop) {
		memcpy(q->iv, former, BLOCK_MAX);
		return drop;
	}
	memcpy(q->last_in, rx->digest, DIGEST_LEN);
	q->state = row->next;
	if (q->state == QUICK_DONE)
		child_up(sa, q, rx->now);
	return DROP_NONE;
}

/* A Quick Mode of the peer's. */
static enum drop begin_peers(struct ike_sa *sa, struct ike_rx *rx)
{
	uint32_t msgid = rx->m->h.msgid;
	enum drop drop = msgids_check(&sa->msgids, msgid);
	struct ike_quick *q;

	if (drop)
		return drop;
	q = quick_new(sa, QUICK_R_WAIT_1, msgid);
	drop = step(sa, q, rx);
	if (drop) {
		quick_free(q);
		return drop;
	}
	quick_keep(sa, q);
	return DROP_NONE;
}

enum drop quick_input(struct ike_sa *sa, struct ike_rx *rx)
{
	struct ike_quick *q = quick_find(sa, rx->m->h.msgid);

	if (!q)
		return begin_peers(sa, rx);
	if (memcmp(q->last_in, rx->digest, DIGEST_LEN) == 0) {
		/* Our answer may have been lost: message 2 to message 1, message 3 to message 2. */
		if (q->initiator ||
		    (q->state == QUICK_R_WAIT_3 && rules_of(sa)->quick_again))
			sa_send_again(sa, &q->sent, rx->now);
		return DROP_DUPLICATE;
	}
	return step(sa, q, rx);
}

void quick_timer(struct ike_sa *sa, usec now)
{
	for (struct ike_quick *q = sa->quicks, *next; q; q = next) {
		next = q->next;
		if (sent_timer(sa, &q->sent, now))
			continue;
		if (q->state == QUICK_I_WAIT_2) {
			sa_end(sa, REASON_NO_REPLY, true, now);
			return;
		}
	}
}
