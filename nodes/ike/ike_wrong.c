/* SPDX-License-Identifier: MIT */
/*
 * ike_wrong.c - what a server answers to messages that are wrong, and what it does not even look
 * at, as its row says.
 *
 * Nothing is answered to an Informational exchange (RFC 2408 5.15: answers to answers), nor to what
 * is too short for a header.
 */
#include "nodes/ike/ike_priv.h"

#include <string.h>

#define VERSION_1_0 0x10

/* Where they stand in the header. */
enum { AT_VERSION = 17, AT_LENGTH = 24 };

void wrong_overlook(const struct ike *ike, struct ike_rx *rx, struct datagram *d,
		    uint8_t buf[IKE_MESSAGE_MAX])
{
	struct wr w = wr_new(buf, IKE_MESSAGE_MAX);

	if (!ignores(ike, IGNORES_LENGTH | IGNORES_VERSION) || rx->d->len < ISAKMP_HEADER_LEN)
		return;
	wr_bytes(&w, rx->d->data, rx->d->len);
	assert(wr_ok(&w));
	if (ignores(ike, IGNORES_VERSION))
		wr_patch_u8(&w, AT_VERSION, VERSION_1_0);
	if (ignores(ike, IGNORES_LENGTH)) {
		wr_patch_u16(&w, AT_LENGTH, 0);
		wr_patch_u16(&w, AT_LENGTH + 2, (uint16_t)rx->d->len);
	}
	*d = *rx->d;
	d->data = buf;
	rx->d = d;
}

uint16_t wrong_notify(const struct server_mode *mode, enum drop drop)
{
	for (size_t i = 0; i < mode->n_wrong; i++)
		if (mode->wrong[i].drop == drop)
			return mode->wrong[i].notify;
	return 0;
}

/* RFC 7296 2.5: the header of an IKEv2 message with the version that is understood. */
static void refuse_version(struct ike *ike, const struct server_mode *mode, const struct ike_rx *rx)
{
	enum { V2 = 0x20, NOTIFY_V2 = 41, RESPONSE = 0x20, HIGHER = 0x08, LEN = 36 };
	const struct isakmp_header *h = &rx->m->h;
	bool other = mode->version == VERSION_OTHER_ANSWERED;
	uint8_t buf[LEN];
	struct wr w = wr_new(buf, sizeof(buf));

	if (mode->version == VERSION_SILENCE || !cookie_zero(h->cky_r) ||
	    (!other && h->version < VERSION_1_0))
		return;
	wr_bytes(&w, h->cky_i, sizeof(h->cky_i));
	wr_bytes(&w, h->cky_r, sizeof(h->cky_r));
	wr_u8(&w, NOTIFY_V2);
	wr_u8(&w, V2);
	wr_u8(&w, h->exchange);
	wr_u8(&w, other ? RESPONSE | HIGHER : RESPONSE);
	wr_u32(&w, h->msgid);
	wr_u32(&w, LEN);
	wr_u16(&w, 0);
	wr_u16(&w, LEN - ISAKMP_HEADER_LEN);
	wr_u16(&w, 0);
	wr_u16(&w, NOTIFY_INVALID_MAJOR_VERSION);
	ike_send(ike, rx->d->local, rx->d->remote, rx->marker, buf, wr_len(&w));
}

/* In clear; each product has its own idea of the header and the SPI. */
static void answer_clear(struct ike *ike, const struct server_mode *mode, const struct ike_sa *sa,
			 const struct ike_rx *asked, uint16_t type)
{
	static const uint8_t none[8];
	const struct isakmp_header *h = &asked->m->h;
	const struct ike_rx about_sa = {
		.d = &(struct datagram){.local = sa ? sa->local : asked->d->local,
					.remote = sa ? sa->remote : asked->d->remote},
		.marker = sa ? sa->floated : asked->marker,
	};
	const struct ike_rx *rx = &about_sa;
	bool keys = sa && sa->state > MAIN_R_WAIT_3;
	uint8_t cky_i[8], cky_r[8], buf[COOKIES_LEN];
	struct view spi = {0};
	uint32_t msgid = 0;

	memcpy(cky_i, h->cky_i, 8);
	memcpy(cky_r, sa ? sa->cky_r : none, 8);
	switch (mode->no_proposal) {
	case NO_PROPOSAL_PLAIN:
		msgid = keys ? rng_u32(ike->env.rng) : 0;
		break;
	case NO_PROPOSAL_SPI16:
		if (!sa)
			draw_cookie(ike, cky_r);
		if (type != NOTIFY_PAYLOAD_MALFORMED)
			spi = cookies_view(cky_i, cky_r, buf);
		msgid = rng_u32(ike->env.rng);
		break;
	case NO_PROPOSAL_RANDOM_COOKIE:
		if (sa) /* it has chosen one */
			return;
		spi = cookies_view(cky_i, none, buf);
		draw_cookie(ike, cky_i);
		msgid = rng_u32(ike->env.rng);
		break;
	case NO_PROPOSAL_SILENCE:
		return;
	}
	info_send_clear(ike, rx, cky_i, cky_r, msgid, PROTO_ISAKMP, type, spi, view_of(NULL, 0));
}

void wrong_refuse(struct ike *ike, const struct server_mode *mode, const struct ike_rx *rx)
{
	answer_clear(ike, mode, NULL, rx, NOTIFY_NO_PROPOSAL_CHOSEN);
}

static void answer(struct ike *ike, const struct server_mode *mode, struct ike_sa *sa,
		   const struct ike_rx *rx, enum drop drop)
{
	uint16_t type = wrong_notify(mode, drop);
	const struct isakmp_header *h = &rx->m->h;

	if (h->exchange == EXCHANGE_INFORMATIONAL || rx->d->len < ISAKMP_HEADER_LEN)
		return;
	if (drop == DROP_VERSION && h->version >> 4 != VERSION_1_0 >> 4)
		refuse_version(ike, mode, rx);
	else if (!type || (sa && sa->gone))
		return;
	else if (sa && sa->state > MAIN_R_WAIT_3 &&
		 (h->flags & ISAKMP_FLAG_ENCRYPTED || mode->no_proposal == NO_PROPOSAL_SPI16))
		info_send_notify(sa, PROTO_ISAKMP, type);
	else
		answer_clear(ike, mode, sa, rx, type);
}

void wrong_answer(struct ike *ike, struct ike_sa *sa, const struct ike_rx *rx, enum drop drop)
{
	AS_SERVER(mode, ike)
		answer(ike, mode, sa, rx, drop);
}

static void answer_cookie(struct ike *ike, const struct ike_rx *rx)
{
	const struct isakmp_header *h = &rx->m->h;
	uint8_t buf[COOKIES_LEN];
	struct view both = cookies_view(h->cky_i, h->cky_r, buf);

	/* They stand in the SPI, and once more behind it. */
	info_send_clear(ike, rx, h->cky_i, h->cky_r, rng_u32(ike->env.rng), PROTO_ISAKMP,
			NOTIFY_INVALID_COOKIE, both, both);
}

void wrong_cookie(struct ike *ike, const struct ike_rx *rx)
{
	AS_SERVER(mode, ike)
		if (mode->invalid_cookie)
			answer_cookie(ike, rx);
}

static void answer_spi(struct ike *ike, const struct datagram *d, uint32_t spi)
{
	static const uint8_t none[8];
	const uint8_t bytes[4] = {(uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8),
				  (uint8_t)spi};
	struct ike_rx rx = {
		.d = d, .marker = d->via == VIA_UDP && d->local.port == IKE_NATT_PORT};
	struct view spi_view = view_of(bytes, sizeof(bytes));
	struct datagram back = *d;
	uint8_t cky_i[8];

	rx.d = &back;
	if (d->via == VIA_ESP)
		back.local.port = back.remote.port = IKE_PORT;
	draw_cookie(ike, cky_i);
	info_send_clear(ike, &rx, cky_i, none, rng_u32(ike->env.rng), PROTO_ESP,
			NOTIFY_INVALID_SPI, spi_view, spi_view);
	draw_cookie(ike, cky_i);
	info_send_unknown_delete(ike, &rx, cky_i, rng_u32(ike->env.rng), spi);
}

void wrong_spi(struct ike *ike, const struct datagram *d, uint32_t spi)
{
	AS_SERVER(mode, ike)
		if (mode->invalid_spi && !(d->via == VIA_ESP && mode->esp_in_udp_only))
			answer_spi(ike, d, spi);
}
