/* SPDX-License-Identifier: MIT */
/*
 * ike_proposal.c - SA payloads: what a client offers, what a server takes of it, how it says so.
 */
#include "nodes/ike/ike_proposal.h"

#include "nodes/ike/ike_priv.h"

#define KEY_IKE 1
#define LIFE_SECONDS 1
#define LIFE_KILOBYTES 2
#define AES_DEFAULT_BITS 128 /* without a key length attribute (RFC 3602 5.1) */
#define SPI_LEN 4
/* Longer ones are not chosen: a server that sends back what was offered must have room for it. */
#define TRANSFORM_MAX 256

static void sa_head(struct wr *w)
{
	wr_u32(w, DOI_IPSEC);
	wr_u32(w, SITUATION_IDENTITY_ONLY);
}

/* The fixed part of a proposal; its length stays open. */
static struct wr_open proposal_begin(struct wr *w, bool more, uint8_t number, uint8_t protocol,
				     uint32_t spi, uint8_t n_transforms)
{
	size_t start = wr_len(w);
	struct wr_open o;

	wr_u8(w, more ? PAYLOAD_PROPOSAL : PAYLOAD_NONE);
	wr_u8(w, 0);
	o = wr_open(w, 2, start);
	wr_u8(w, number);
	wr_u8(w, protocol);
	wr_u8(w, spi ? SPI_LEN : 0);
	wr_u8(w, n_transforms);
	if (spi)
		wr_u32(w, spi);
	return o;
}

static struct wr_open transform_begin(struct wr *w, bool more, uint8_t number, uint8_t id)
{
	size_t start = wr_len(w);
	struct wr_open o;

	wr_u8(w, more ? PAYLOAD_TRANSFORM : PAYLOAD_NONE);
	wr_u8(w, 0);
	o = wr_open(w, 2, start);
	wr_u8(w, number);
	wr_u8(w, id);
	wr_u16(w, 0);
	return o;
}

static void write_life(struct wr *w, uint16_t type, uint32_t life, bool variable)
{
	if (variable || life > UINT16_MAX)
		isakmp_attr_u32(w, type, life);
	else
		isakmp_attr_basic(w, type, (uint16_t)life);
}

/* ---- phase 1 ---- */

static void phase1_attr(struct wr *w, uint16_t type, const struct phase1_transform *t,
			bool variable)
{
	switch (type) {
	case P1_ENC:
		isakmp_attr_basic(w, type, (uint16_t)t->cipher);
		break;
	case P1_KEYLEN:
		if (t->keybits)
			isakmp_attr_basic(w, type, (uint16_t)t->keybits);
		break;
	case P1_HASH:
		isakmp_attr_basic(w, type, (uint16_t)t->hash);
		break;
	case P1_GROUP:
		isakmp_attr_basic(w, type, (uint16_t)t->group);
		break;
	case P1_AUTH:
		isakmp_attr_basic(w, type, AUTH_PSK);
		break;
	case P1_LIFE_TYPE:
		isakmp_attr_basic(w, type, LIFE_SECONDS);
		break;
	case P1_LIFE:
		write_life(w, type, t->life, variable);
		break;
	}
}

void proposal_write_phase1(struct wr *w, const struct client_mode *mode)
{
	struct wr_open proposal;

	sa_head(w);
	proposal = proposal_begin(w, false, 1, PROTO_ISAKMP, 0, mode->n_phase1);
	for (uint8_t i = 0; i < mode->n_phase1; i++) {
		struct wr_open t =
			transform_begin(w, i + 1 < mode->n_phase1, (uint8_t)(i + 1), KEY_IKE);

		for (size_t a = 0; a < MODE_ATTRS && mode->phase1_attrs[a]; a++)
			phase1_attr(w, mode->phase1_attrs[a], &mode->phase1[i],
				    mode->life_variable);
		wr_close(w, t);
	}
	wr_close(w, proposal);
}

/* Key bits that count: only AES has a choice, and 128 when it says nothing. */
static unsigned key_bits(bool aes, uint64_t said)
{
	if (!aes)
		return 0;
	return said == 0 || said > UINT16_MAX ? AES_DEFAULT_BITS : (unsigned)said;
}

/* An attribute's value as a number that no table of ours holds when it is absent or too large. */
static unsigned attr(const struct isakmp_transform *t, uint16_t type)
{
	uint64_t v = isakmp_attr_value(t, type, 0);

	return v > UINT16_MAX ? 0 : (unsigned)v;
}

struct offer1 {
	unsigned cipher, keybits, hash, group;
};

/* Which method and life a transform names, as far as the server looks at them. */
static bool phase1_manners(const struct server_mode *mode, const struct isakmp_transform *t)
{
	uint64_t life_type = isakmp_attr_value(t, P1_LIFE_TYPE, 0);

	if (!(mode->ignores & IGNORES_AUTHENTICATION) && attr(t, P1_AUTH) != AUTH_PSK)
		return false;
	return !(mode->minds & MINDS_LIFE_TYPE) || life_type <= LIFE_KILOBYTES;
}

static bool phase1_read(const struct isakmp_transform *t, struct offer1 *o)
{
	o->cipher = attr(t, P1_ENC);
	o->keybits = key_bits(o->cipher == CIPHER_AES, isakmp_attr_value(t, P1_KEYLEN, 0));
	o->hash = attr(t, P1_HASH);
	o->group = attr(t, P1_GROUP);
	/* A product may accept what this machine's library cannot do: single DES. */
	return t->raw.len <= TRANSFORM_MAX && t->id == KEY_IKE &&
	       cipher_known(o->cipher, o->keybits) && hash_known(o->hash) && group_known(o->group);
}

static struct ike_suite suite_of(const struct offer1 *o)
{
	return (struct ike_suite){.cipher = (enum ike_cipher)o->cipher,
				  .keybits = o->keybits,
				  .hash = (enum ike_hash)o->hash,
				  .group = (enum ike_group)o->group};
}

static bool situation_known(const struct isakmp_sa *sa)
{
	return sa->doi == DOI_IPSEC && sa->situation == SITUATION_IDENTITY_ONLY;
}

bool ike_accepts(const struct server_mode *mode, const struct isakmp_sa *sa,
		 const struct isakmp_transform *t)
{
	struct offer1 o;

	return (situation_known(sa) || mode->ignores & IGNORES_DOI) &&
	       sa->proposals[t->proposal].protocol == PROTO_ISAKMP && phase1_read(t, &o) &&
	       phase1_manners(mode, t) &&
	       mode_accepts_phase1(&mode->phase1, o.cipher, o.keybits, o.hash, o.group);
}

const struct isakmp_transform *proposal_choose_phase1(const struct server_mode *mode,
						      const struct isakmp_sa *sa,
						      struct ike_suite *suite)
{
	for (size_t i = 0; i < sa->n_transforms; i++) {
		const struct isakmp_transform *t = &sa->transforms[i];
		struct offer1 o;

		if (!ike_accepts(mode, sa, t) || !phase1_read(t, &o))
			continue;
		*suite = suite_of(&o);
		return t;
	}
	return NULL;
}

bool proposal_check_phase1(const struct client_mode *mode, const struct isakmp_sa *sa,
			   struct ike_suite *suite)
{
	struct offer1 o;

	/* RFC 2409 5: exactly one transform comes back, and it must be one of ours. Values are
	 * compared, not bytes: products write them anew. */
	if (!situation_known(sa) || sa->n_proposals != 1 || sa->n_transforms != 1 ||
	    sa->proposals[0].protocol != PROTO_ISAKMP || !phase1_read(&sa->transforms[0], &o) ||
	    attr(&sa->transforms[0], P1_AUTH) != AUTH_PSK)
		return false;
	for (size_t i = 0; i < mode->n_phase1; i++) {
		const struct phase1_transform *p = &mode->phase1[i];

		if (p->cipher == o.cipher && p->keybits == o.keybits && p->hash == o.hash &&
		    p->group == o.group) {
			*suite = suite_of(&o);
			return true;
		}
	}
	return false;
}

/* Life types and durations come in pairs, and phase 2 may have two of them. */
static void lives_again(struct wr *w, const struct isakmp_transform *t, uint16_t type,
			uint16_t life, bool variable)
{
	for (size_t i = 0; i < t->n_attrs; i++) {
		const struct isakmp_attr *a = &t->attrs[i];

		if (a->type == type)
			isakmp_attr_basic(w, type, (uint16_t)a->value);
		else if (a->type == life && a->value <= UINT32_MAX)
			write_life(w, life, (uint32_t)a->value, variable);
	}
}

/* The chosen transform written anew as number @number, attributes in the order of the row. */
static void transform_again(struct wr *w, const struct isakmp_transform *t, uint8_t number,
			    const uint16_t *order, uint16_t life_type, uint16_t life, bool variable)
{
	struct wr_open o = transform_begin(w, false, number, t->id);

	for (size_t a = 0; a < MODE_ATTRS && order[a]; a++) {
		uint64_t value = isakmp_attr_value(t, order[a], UINT64_MAX);

		if (order[a] == life_type)
			lives_again(w, t, life_type, life, variable);
		else if (order[a] != life && value <= UINT16_MAX)
			isakmp_attr_basic(w, order[a], (uint16_t)value);
	}
	wr_close(w, o);
}

/* As it was offered, but as the only and last one. */
static void transform_copy(struct wr *w, const struct isakmp_transform *t)
{
	size_t at = wr_len(w);

	wr_bytes(w, t->raw.p, t->raw.len);
	wr_patch_u8(w, at, PAYLOAD_NONE);
}

void proposal_answer_phase1(struct wr *w, const struct server_mode *mode,
			    const struct isakmp_transform *t)
{
	struct wr_open proposal;

	sa_head(w);
	proposal = proposal_begin(w, false, 1, PROTO_ISAKMP, 0, 1);
	if (mode->sa_encoding == SA_AS_OFFERED)
		transform_copy(w, t);
	else
		transform_again(w, t, mode->keeps_number ? t->number : 1, mode->phase1_attrs,
				P1_LIFE_TYPE, P1_LIFE, mode->life_variable);
	wr_close(w, proposal);
}

size_t ike_answer_sa(const struct server_mode *mode, const struct isakmp_transform *chosen,
		     uint8_t *buf, size_t size)
{
	struct wr w = wr_new(buf, size);

	proposal_answer_phase1(&w, mode, chosen);
	return wr_ok(&w) ? wr_len(&w) : 0;
}

/* ---- phase 2 ---- */

static void phase2_lives(struct wr *w, const struct client_mode *mode)
{
	if (mode->phase2_life_s) {
		isakmp_attr_basic(w, P2_LIFE_TYPE, LIFE_SECONDS);
		write_life(w, P2_LIFE, mode->phase2_life_s, mode->life_variable);
	}
	if (mode->phase2_life_kb) {
		isakmp_attr_basic(w, P2_LIFE_TYPE, LIFE_KILOBYTES);
		write_life(w, P2_LIFE, mode->phase2_life_kb, mode->life_variable);
	}
}

static void phase2_attr(struct wr *w, uint16_t type, const struct client_mode *mode,
			const struct phase2_transform *t, uint16_t encap)
{
	switch (type) {
	case P2_LIFE_TYPE:
		phase2_lives(w, mode);
		break;
	case P2_ENCAP:
		isakmp_attr_basic(w, type, encap);
		break;
	case P2_AUTH:
		isakmp_attr_basic(w, type, t->auth);
		break;
	case P2_KEYLEN:
		if (t->keybits)
			isakmp_attr_basic(w, type, (uint16_t)t->keybits);
		break;
	}
}

static void phase2_transform(struct wr *w, const struct client_mode *mode, bool more,
			     uint8_t number, const struct phase2_transform *t, uint16_t encap)
{
	struct wr_open o = transform_begin(w, more, number, t->esp);

	for (size_t a = 0; a < MODE_ATTRS && mode->phase2_attrs[a]; a++)
		phase2_attr(w, mode->phase2_attrs[a], mode, t, encap);
	wr_close(w, o);
}

void proposal_write_phase2(struct wr *w, const struct client_mode *mode, uint32_t spi,
			   uint16_t encap)
{
	uint8_t n = mode->n_phase2;
	struct wr_open proposal;

	sa_head(w);
	if (mode->phase2_one_proposal) {
		proposal = proposal_begin(w, false, 1, PROTO_ESP, spi, n);
		for (uint8_t i = 0; i < n; i++)
			phase2_transform(w, mode, i + 1 < n, (uint8_t)(i + 1), &mode->phase2[i],
					 encap);
		wr_close(w, proposal);
		return;
	}
	for (uint8_t i = 0; i < n; i++) {
		proposal = proposal_begin(w, i + 1 < n, (uint8_t)(i + 1), PROTO_ESP, spi, 1);
		phase2_transform(w, mode, false, 1, &mode->phase2[i], encap);
		wr_close(w, proposal);
	}
}

/* L2TP is protected in transport mode, bare or in UDP of either revision. */
static bool encap_transport(uint16_t encap)
{
	return encap == ENCAP_TRANSPORT || encap == ENCAP_UDP_TRANSPORT ||
	       encap == ENCAP_UDP_TRANSPORT_DRAFT;
}

/* Some servers take every mode for that. */
static bool server_takes(const struct server_mode *s, const struct esp_choice *c)
{
	uint16_t e = c->encap;

	if (s->esp_in_udp_only && (e == ENCAP_TRANSPORT || e == ENCAP_TUNNEL))
		return false;
	if (!encap_transport(e) &&
	    !(s->ignores & IGNORES_TUNNEL && (e == ENCAP_TUNNEL || e == ENCAP_UDP_TUNNEL ||
					      e == ENCAP_UDP_TUNNEL_DRAFT)))
		return false;
	return mode_accepts_phase2(&s->phase2, c->esp, c->keybits, c->auth);
}

static bool cipher_of_esp(uint8_t esp, unsigned keybits)
{
	return esp == ESP_NULL || (esp == ESP_DES && cipher_known(CIPHER_DES, 0)) ||
	       esp == ESP_3DES || (esp == ESP_AES && cipher_known(CIPHER_AES, keybits));
}

/* A proposal for ESP alone (another one of its number would mean ESP and AH), without PFS. */
static bool phase2_read(const struct isakmp_sa *sa, const struct isakmp_transform *t,
			struct esp_choice *c)
{
	const struct isakmp_proposal *p = &sa->proposals[t->proposal];

	for (size_t i = 0; i < sa->n_proposals; i++)
		if (i != t->proposal && sa->proposals[i].number == p->number)
			return false;
	c->esp = t->id;
	c->keybits = key_bits(t->id == ESP_AES, isakmp_attr_value(t, P2_KEYLEN, 0));
	c->auth = (uint16_t)attr(t, P2_AUTH);
	c->encap = (uint16_t)attr(t, P2_ENCAP);
	return t->raw.len <= TRANSFORM_MAX && p->protocol == PROTO_ESP && p->spi.len == SPI_LEN &&
	       attr(t, P2_GROUP) == 0 && cipher_of_esp(c->esp, c->keybits) &&
	       (c->auth == AUTH_HMAC_MD5 || c->auth == AUTH_HMAC_SHA1 ||
		c->auth == AUTH_HMAC_SHA256);
}

static bool client_offers(const struct client_mode *mode, const struct esp_choice *c)
{
	for (size_t i = 0; i < mode->n_phase2; i++)
		if (mode->phase2[i].esp == c->esp && mode->phase2[i].keybits == c->keybits &&
		    mode->phase2[i].auth == c->auth)
			return true;
	return false;
}

static uint32_t spi_of(const struct isakmp_sa *sa, const struct isakmp_transform *t)
{
	struct rd r = rd_new(sa->proposals[t->proposal].spi.p, SPI_LEN);

	return rd_u32(&r, NULL);
}

static bool takes(const struct ike *ike, const struct esp_choice *c)
{
	AS_SERVER(mode, ike)
		return server_takes(mode, c);
	AS_CLIENT(mode, ike)
		return encap_transport(c->encap) && client_offers(mode, c);
	return false;
}

const struct isakmp_transform *proposal_choose_phase2(const struct ike *ike,
						      const struct isakmp_sa *sa,
						      struct esp_choice *choice, uint32_t *spi)
{
	for (size_t i = 0; i < sa->n_transforms && situation_known(sa); i++) {
		const struct isakmp_transform *t = &sa->transforms[i];
		struct esp_choice c = {0};

		if (!phase2_read(sa, t, &c) || !takes(ike, &c))
			continue;
		*choice = c;
		*spi = spi_of(sa, t);
		return t;
	}
	return NULL;
}

bool proposal_check_phase2(const struct client_mode *mode, const struct isakmp_sa *sa,
			   uint16_t encap, struct esp_choice *choice, uint32_t *spi)
{
	if (!situation_known(sa) || sa->n_proposals != 1 || sa->n_transforms != 1 ||
	    !phase2_read(sa, &sa->transforms[0], choice) || choice->encap != encap ||
	    !encap_transport(encap) ||
	    !client_offers(mode, choice))
		return false;
	*spi = spi_of(sa, &sa->transforms[0]);
	return true;
}

void proposal_answer_phase2(struct wr *w, const struct ike_rules *rules,
			    const struct isakmp_sa *sa, const struct isakmp_transform *t,
			    uint32_t spi)
{
	struct wr_open proposal;

	sa_head(w);
	proposal = proposal_begin(w, false, sa->proposals[t->proposal].number, PROTO_ESP, spi, 1);
	if (!rules->phase2_attrs)
		transform_copy(w, t);
	else
		transform_again(w, t, 1, rules->phase2_attrs, P2_LIFE_TYPE, P2_LIFE, false);
	wr_close(w, proposal);
}
