/* SPDX-License-Identifier: MIT */
#include "tests/interop/peer.h"
#include "nodes/wire/isakmp_names.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE (5500 * MSEC) /* for an answer without which a case cannot go on */
#define OWN_QUICK "a Quick Mode that the server begins"
#define MOMENT (SEC / 2)
#define ON_TIME (SEC / 4)  /* sooner than this is at once */

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static usec now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec / 1000;
}

/* ---- sockets ---- */

static struct sockaddr_in at(struct inet_addr a, uint16_t port)
{
	struct sockaddr_in s = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&s.sin_addr, a.b, 4);
	return s;
}

static int bound(struct inet_addr own, uint16_t port)
{
	struct sockaddr_in s = at(own, port);
	int fd = port ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)
		      : socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ESP);

	if (fd < 0 || bind(fd, (struct sockaddr *)&s, sizeof(s)) < 0)
		die("socket");
	return fd;
}

void peer_open(struct peer *p, struct inet_addr own, struct inet_addr server, const char *psk)
{
	*p = (struct peer){
		.vids = {VID_RFC3947, VID_DPD, VID_FRAGMENTATION},
		.n_vids = 3,
		.hash = HASH_SHA1,
		.group = GROUP_MODP2048,
		.natd_type = PAYLOAD_NATD,
		.n_natd = 2,
		.floats = true,
		.psk = psk,
		.esp = ESP_AES,
		.encap = ENCAP_UDP_TRANSPORT,
		.l2tp_port = 1701,
		.id_protocol = IPPROTO_UDP,
		.own = own,
		.server = server,
		.rng = rng_new_os(),
		.fd = {bound(own, IKE_PORT), bound(own, IKE_NATT_PORT), bound(own, 0)},
	};
	rng_bytes(p->rng, p->cky_i, 8);
	peer_listen(p);
}

void peer_forget(struct peer *p)
{
	dh_free(p->dh);
	p->dh = NULL;
	p->reached = 0;
	p->has_keys = false;
	p->n_heard = 0;
	memcpy(p->forgotten[p->n_forgotten++ % ARRAY_LEN(p->forgotten)], p->cky_i, 8);
	memset(p->cky_r, 0, 8);
	rng_bytes(p->rng, p->cky_i, 8);
	peer_listen(p);
}

/* Does a message speak of an exchange that was forgotten, in its header or in a Delete? */
static bool of_forgotten(const struct peer *p, const struct isakmp_msg *m)
{
	for (size_t i = 0; i < MIN(p->n_forgotten, ARRAY_LEN(p->forgotten)); i++)
		if (cookie_is(m->h.cky_i, p->forgotten[i]) ||
		    (m->n_deletes && m->deletes[0].spis.len >= 8 &&
		     cookie_is(m->deletes[0].spis.p, p->forgotten[i])))
			return true;
	return false;
}

/* ---- messages ---- */

static void begin(struct peer *p, struct message *m, struct isakmp_out *o, uint8_t exchange,
		  uint8_t flags, uint32_t msgid)
{
	isakmp_begin(o, m->b, sizeof(m->b), p->cky_i, p->cky_r, exchange, flags, msgid);
}

void peer_header(struct message *m, const uint8_t cky_i[8], const uint8_t cky_r[8],
		 uint8_t exchange, uint8_t flags, uint32_t msgid)
{
	struct isakmp_out o;

	isakmp_begin(&o, m->b, sizeof(m->b), cky_i, cky_r, exchange, flags, msgid);
	m->len = isakmp_end(&o);
}

/* A proposal with one transform; the caller writes its attributes and closes both. */
static void proposal_begin(struct wr *w, uint8_t protocol, uint8_t transform, const uint8_t *spi,
			   size_t spi_len, struct wr_open open[2])
{
	size_t from = wr_len(w);

	wr_u16(w, 0);
	open[0] = wr_open(w, 2, from);
	wr_u8(w, 1);
	wr_u8(w, protocol);
	wr_u8(w, (uint8_t)spi_len);
	wr_u8(w, 1);
	wr_bytes(w, spi, spi_len);
	from = wr_len(w);
	wr_u16(w, 0);
	open[1] = wr_open(w, 2, from);
	wr_u8(w, 1);
	wr_u8(w, transform);
	wr_u16(w, 0);
}

static void sa_begin(struct isakmp_out *o)
{
	isakmp_payload_begin(o, PAYLOAD_SA);
	wr_u32(&o->w, DOI_IPSEC);
	wr_u32(&o->w, 1);
}

void peer_message1(struct peer *p, struct message *m)
{
	struct wr_open open[2];
	struct isakmp_out o;
	size_t body;

	begin(p, m, &o, EXCHANGE_MAIN, 0, 0);
	sa_begin(&o);
	body = wr_len(&o.w) - 8;
	proposal_begin(&o.w, PROTO_ISAKMP, 1, NULL, 0, open);
	isakmp_attr_basic(&o.w, P1_ENC, CIPHER_AES);
	isakmp_attr_basic(&o.w, P1_KEYLEN, 256);
	isakmp_attr_basic(&o.w, P1_HASH, (uint16_t)p->hash);
	isakmp_attr_basic(&o.w, P1_GROUP, (uint16_t)p->group);
	isakmp_attr_basic(&o.w, P1_AUTH, 1);
	isakmp_attr_basic(&o.w, P1_LIFE_TYPE, 1);
	isakmp_attr_basic(&o.w, P1_LIFE, 28800);
	wr_close(&o.w, open[1]);
	wr_close(&o.w, open[0]);
	isakmp_payload_end(&o);
	p->sai_b_len = wr_len(&o.w) - body;
	memcpy(p->sai_b, m->b + body, p->sai_b_len);
	for (size_t i = 0; i < p->n_vids; i++)
		isakmp_payload_put(&o, PAYLOAD_VID, vid_bytes(p->vids[i]).p,
				   vid_bytes(p->vids[i]).len);
	m->len = isakmp_end(&o);
}

/* The hash of the server is true, its own is not: so there is a NAT before the client. */
static void put_natd(struct peer *p, struct isakmp_out *o)
{
	uint8_t hash[HASH_MAX];

	natd_hash(p->hash, p->cky_i, p->cky_r, inet_ep(p->server, IKE_PORT), hash);
	for (size_t i = 0; p->natd_type && i < p->n_natd; i++) {
		isakmp_payload_put(o, p->natd_type, hash, hash_len(p->hash));
		rng_bytes(p->rng, hash, hash_len(p->hash));
	}
}

void peer_message3(struct peer *p, struct message *m)
{
	struct isakmp_out o;

	dh_free(p->dh);
	p->dh = dh_new(p->group, p->rng);
	p->ni.len = 20;
	rng_bytes(p->rng, p->ni.b, p->ni.len);
	begin(p, m, &o, EXCHANGE_MAIN, 0, 0);
	isakmp_payload_put(&o, PAYLOAD_KE, dh_public(p->dh), group_public_len(p->group));
	isakmp_payload_put(&o, PAYLOAD_NONCE, p->ni.b, p->ni.len);
	put_natd(p, &o);
	m->len = isakmp_end(&o);
}

static struct ike_secrets secrets(const struct peer *p, const uint8_t *shared)
{
	size_t len = group_public_len(p->group);

	return (struct ike_secrets){
		.psk = view_of(p->psk, strlen(p->psk)),
		.ni = view_of(p->ni.b, p->ni.len),
		.nr = view_of(p->nr.b, p->nr.len),
		.gxi = view_of(dh_public(p->dh), len),
		.gxr = view_of(p->peer_public, len),
		.gxy = view_of(shared, shared ? group_shared_len(p->group) : 0),
		.cky_i = p->cky_i,
		.cky_r = p->cky_r,
	};
}

/* Encrypted and chained: what follows in Main Mode begins with its last block. */
static void close_main(struct peer *p, struct message *m, struct isakmp_out *o)
{
	memcpy(p->former_iv, p->iv, BLOCK_MAX);
	m->len = crypt_close(&p->keys, p->iv, o);
}

void peer_message5(struct peer *p, struct message *m)
{
	struct ike_secrets s = secrets(p, NULL);
	uint8_t hash[HASH_MAX];
	struct isakmp_out o;
	struct id_body id;

	begin(p, m, &o, EXCHANGE_MAIN, ISAKMP_FLAG_ENCRYPTED, 0);
	id_write(&id, p->own, 0, 0);
	isakmp_payload_put(&o, PAYLOAD_ID, id.b, id.len);
	ike_keys_auth(&p->keys, &s, true, view_of(p->sai_b, p->sai_b_len), view_of(id.b, id.len),
		      hash);
	isakmp_payload_put(&o, PAYLOAD_HASH, hash, p->keys.hash_len);
	close_main(p, m, &o);
}

static void put_phase2(struct peer *p, struct isakmp_out *o)
{
	struct wr_open open[2];
	uint8_t spi[4];

	rng_bytes(p->rng, spi, sizeof(spi));
	spi[0] |= 0x10; /* above those that are reserved */
	sa_begin(o);
	proposal_begin(&o->w, PROTO_ESP, p->esp, spi, sizeof(spi), open);
	isakmp_attr_basic(&o->w, P2_LIFE_TYPE, 1);
	isakmp_attr_basic(&o->w, P2_LIFE, 3600);
	isakmp_attr_basic(&o->w, P2_ENCAP, p->encap);
	isakmp_attr_basic(&o->w, P2_AUTH, AUTH_HMAC_SHA1);
	if (p->esp == ESP_AES)
		isakmp_attr_basic(&o->w, P2_KEYLEN, 256);
	wr_close(&o->w, open[1]);
	wr_close(&o->w, open[0]);
	isakmp_payload_end(o);
}

static void put_id(struct isakmp_out *o, struct inet_addr a, uint8_t protocol, uint16_t port)
{
	struct id_body id;

	id_write(&id, a, protocol, port);
	isakmp_payload_put(o, PAYLOAD_ID, id.b, id.len);
}

void peer_quick1(struct peer *p, struct message *m)
{
	struct isakmp_out o;
	uint8_t *hash;

	p->quick_msgid = rng_u32(p->rng) | 1;
	p->quick_ni.len = 20;
	rng_bytes(p->rng, p->quick_ni.b, 20);
	begin(p, m, &o, EXCHANGE_QUICK, ISAKMP_FLAG_ENCRYPTED, p->quick_msgid);
	hash = crypt_hash_begin(&p->keys, &o);
	put_phase2(p, &o);
	isakmp_payload_put(&o, PAYLOAD_NONCE, p->quick_ni.b, p->quick_ni.len);
	put_id(&o, p->own, p->id_protocol, 1701);
	put_id(&o, p->server, p->id_protocol, p->l2tp_port);
	ike_keys_hash1(&p->keys, p->quick_msgid, crypt_hash_rest(&p->keys, &o), hash);
	ike_keys_phase2_iv(&p->keys, p->iv, p->quick_msgid, p->quick_iv);
	m->len = crypt_close(&p->keys, p->quick_iv, &o);
}

void peer_notify(struct peer *p, struct message *m, uint16_t type, uint32_t data)
{
	uint32_t msgid = rng_u32(p->rng) | 1;
	uint8_t iv[BLOCK_MAX], *hash;
	struct isakmp_out o;

	begin(p, m, &o, EXCHANGE_INFORMATIONAL, ISAKMP_FLAG_ENCRYPTED, msgid);
	hash = crypt_hash_begin(&p->keys, &o);
	isakmp_payload_begin(&o, PAYLOAD_NOTIFY);
	wr_u32(&o.w, DOI_IPSEC);
	wr_u8(&o.w, PROTO_ISAKMP);
	wr_u8(&o.w, 16);
	wr_u16(&o.w, type);
	wr_bytes(&o.w, p->cky_i, 8);
	wr_bytes(&o.w, p->cky_r, 8);
	wr_u32(&o.w, data);
	isakmp_payload_end(&o);
	ike_keys_hash1(&p->keys, msgid, crypt_hash_rest(&p->keys, &o), hash);
	ike_keys_phase2_iv(&p->keys, p->iv, msgid, iv);
	m->len = crypt_close(&p->keys, iv, &o);
}

/* ---- what comes ---- */

/* SoftEther leaves zeros at the beginning of its public value out: once in 256 times the message is
 * shorter. */
static size_t short_by(const struct peer *p, const struct isakmp_msg *m)
{
	size_t len = group_known((unsigned)p->group) ? group_public_len(p->group) : 0;

	return m->ke.p && m->ke.len < len ? len - m->ke.len : 0;
}

static const char *payload_word(uint8_t type, char buf[16])
{
	const char *name = isakmp_payload_name(type);

	if (type == PAYLOAD_NATD_DRAFT)
		return "NAT-D of the drafts";
	if (type == PAYLOAD_NATOA_DRAFT)
		return "NAT-OA of the drafts";
	snprintf(buf, 16, "%u", type);
	return name ? name : buf;
}

static void list_payloads(const struct peer *p, const struct isakmp_msg *m, char *said)
{
	size_t n = 0;
	char buf[16];

	for (size_t i = 0; i < m->n_payloads; i++)
		n += (size_t)snprintf(said + n, SAID_MAX - MIN(n, SAID_MAX), "%s%s %zu",
				      i ? ", " : "", payload_word(m->payloads[i].type, buf),
				      m->payloads[i].body.len + 4 +
					      (m->payloads[i].type == PAYLOAD_KE ? short_by(p, m)
										 : 0));
}

static const char *notify_word(const struct isakmp_msg *m, char buf[40])
{
	const char *name = m->n_notifies ? isakmp_notify_name(m->notifies[0].type) : NULL;

	if (m->n_deletes)
		return m->deletes[0].protocol == PROTO_ESP ? "Delete of ESP" : "Delete";
	if (!m->n_notifies)
		return "Informational";
	snprintf(buf, 40, "notify %u", m->notifies[0].type);
	return name ? name : buf;
}

/* The key agreement is complete; Main Mode goes on encrypted. */
static void take_message4(struct peer *p, const struct isakmp_msg *m)
{
	struct ike_suite suite = {CIPHER_AES, 256, p->hash, p->group};
	uint8_t shared[DH_PUBLIC_MAX];
	struct ike_secrets s;

	memset(p->peer_public, 0, sizeof(p->peer_public));
	memcpy(p->peer_public + short_by(p, m), m->ke.p, MIN(m->ke.len, DH_PUBLIC_MAX));
	if (m->ke.len > group_public_len(p->group) || m->nonce.len > NONCE_MAX || !p->dh ||
	    !dh_shared(p->dh, p->peer_public, group_public_len(p->group), shared))
		return;
	memcpy(p->nr.b, m->nonce.p, m->nonce.len);
	p->nr.len = m->nonce.len;
	s = secrets(p, shared);
	ike_keys_derive(&p->keys, &suite, &s);
	memcpy(p->iv, p->keys.iv, BLOCK_MAX);
	memcpy(p->former_iv, p->iv, BLOCK_MAX);
	p->has_keys = true;
	p->reached = 4;
}

/* Of the exchange's cookies, those in the header: "" when they are as they should be. */
static const char *cookies(const struct peer *p, const struct isakmp_header *h)
{
	bool i = cookie_is(h->cky_i, p->cky_i);

	if (i && cookie_is(h->cky_r, p->cky_r))
		return "";
	if (i)
		return cookie_zero(h->cky_r) ? ", no responder cookie" : ", a responder cookie";
	return cookie_zero(h->cky_r) ? ", a random and a zero cookie" : ", cookies of its own";
}

static void hear_clear(struct peer *p, const struct isakmp_msg *m, size_t len, char *said)
{
	char word[40];
	uint8_t number = m->ke.p ? 4 : m->has_sa ? 2 : 0;

	if (m->h.exchange == EXCHANGE_INFORMATIONAL) {
		snprintf(said, SAID_MAX, "%s in clear (%zu bytes%s%s)", notify_word(m, word), len,
			 cookies(p, &m->h), m->h.msgid ? "" : ", message ID 0");
		return;
	}
	if (m->h.exchange != EXCHANGE_MAIN || !number) {
		snprintf(said, SAID_MAX, "exchange %u in clear (%zu bytes)", m->h.exchange, len);
		return;
	}
	snprintf(said, SAID_MAX, "message %u (%zu bytes)", number, len + short_by(p, m));
	if (p->tells_payloads) {
		snprintf(said, SAID_MAX, "message %u: ", number);
		list_payloads(p, m, said + strlen(said));
	}
	if (number == 2 && p->reached < 2) {
		memcpy(p->cky_r, m->h.cky_r, 8);
		p->reached = 2;
	}
	if (number == 4 && p->reached == 2)
		take_message4(p, m);
}

/* Opens an encrypted message with one of the IVs that it may have been chained to. */
static bool open_with(struct peer *p, struct ike_rx *rx, const uint8_t from[BLOCK_MAX],
		      uint8_t plain[IKE_MESSAGE_MAX])
{
	uint8_t iv[BLOCK_MAX];

	if (rx->m->h.exchange == EXCHANGE_INFORMATIONAL)
		ike_keys_phase2_iv(&p->keys, from, rx->m->h.msgid, iv);
	else
		memcpy(iv, from, BLOCK_MAX);
	return crypt_open(&p->keys, iv, rx, plain) == DROP_NONE;
}

static void last_block(const struct peer *p, const struct datagram *d, uint8_t iv[BLOCK_MAX])
{
	memcpy(iv, d->data + d->len - p->keys.block, p->keys.block);
}

static const char *exchange_name(uint8_t exchange)
{
	return exchange == EXCHANGE_MAIN	    ? "Main Mode"
	       : exchange == EXCHANGE_QUICK	    ? "Quick Mode"
	       : exchange == EXCHANGE_INFORMATIONAL ? "Informational"
						    : "message";
}

static void hear_encrypted(struct peer *p, struct ike_rx *rx, char *said)
{
	uint8_t plain[IKE_MESSAGE_MAX];
	const struct isakmp_header h = rx->m->h;
	char word[40];
	size_t len = rx->d->len;
	bool ours = h.msgid == p->quick_msgid;

	snprintf(said, SAID_MAX, "an encrypted %s that cannot be read (%zu bytes)",
		 exchange_name(h.exchange), len);
	if (!p->has_keys || h.length > len)
		return;
	switch (h.exchange) {
	case EXCHANGE_MAIN:
		if (!open_with(p, rx, p->iv, plain) || !rx->m->hash.p || !rx->m->n_ids)
			return;
		snprintf(said, SAID_MAX, "message 6 (%zu bytes)", len);
		memcpy(p->former_iv, p->iv, BLOCK_MAX);
		last_block(p, rx->d, p->iv);
		p->reached = 6;
		break;
	case EXCHANGE_QUICK:
		if (!ours) {
			snprintf(said, SAID_MAX, OWN_QUICK);
		} else if (open_with(p, rx, p->quick_iv, plain) && rx->m->has_sa) {
			snprintf(said, SAID_MAX, "Quick Mode 2 (%zu bytes)", len);
			p->reached = 8;
		}
		break;
	case EXCHANGE_INFORMATIONAL:
		if (open_with(p, rx, p->iv, plain) || open_with(p, rx, p->former_iv, plain))
			snprintf(said, SAID_MAX, "%s, encrypted (%zu bytes)",
				 notify_word(rx->m, word), len);
		break;
	default:
		break;
	}
}

static void hear_isakmp(struct peer *p, const struct datagram *d, bool marker, char *said)
{
	static struct isakmp_msg m;
	struct ike_rx rx = {.d = d, .marker = marker, .m = &m};
	enum drop drop = isakmp_parse(&m, d->data, d->len, NULL);

	if (of_forgotten(p, &m))
		return;
	if (drop == DROP_VERSION)
		snprintf(said, SAID_MAX, "a message of version %u.%u, exchange %u (%zu bytes)",
			 m.h.version >> 4, m.h.version & 15, m.h.exchange, d->len);
	else if (drop)
		snprintf(said, SAID_MAX, "something malformed, %s (%zu bytes)", drop_name(drop),
			 d->len);
	else if (m.h.flags & ISAKMP_FLAG_ENCRYPTED)
		hear_encrypted(p, &rx, said);
	else
		hear_clear(p, &m, d->len, said);
}

/* What an exchange has gone beyond cannot be opened any more; but the bytes are known. */
static void name_as_before(const struct peer *p, struct heard *h)
{
	for (size_t i = 0; i < p->n_heard; i++)
		if (&p->heard[i] != h && !memcmp(p->heard[i].digest, h->digest, DIGEST_LEN))
			memcpy(h->said, p->heard[i].named, SAID_MAX);
	memcpy(h->named, h->said, SAID_MAX);
}

static void hear(struct peer *p, size_t socket, const uint8_t *b, size_t len)
{
	static const uint16_t ports[] = {IKE_PORT, IKE_NATT_PORT};
	const struct heard none = {.t = now()};
	struct heard *h = &p->heard[MIN(p->n_heard, HEARD_MAX - 1)];
	struct datagram d = {.data = b, .len = len};
	uint8_t digest[HASH_MAX];

	*h = none;
	if (socket == 2) {
		snprintf(h->said, SAID_MAX, "bare ESP");
	} else if (len == 1 && b[0] == 0xff) {
		snprintf(h->said, SAID_MAX, "a keep-alive");
	} else if (socket == 0) {
		hear_isakmp(p, &d, false, h->said);
	} else if (len < 4 || memcmp(b, "\0\0\0\0", 4) != 0) {
		snprintf(h->said, SAID_MAX, "ESP in UDP");
	} else {
		d.data += 4;
		d.len -= 4;
		hear_isakmp(p, &d, true, h->said);
	}
	if (!*h->said)
		return;
	/* Without the marker: the same on the other port is the same. */
	hash_digest(HASH_SHA1, CHUNKS({d.data, d.len}), digest);
	memcpy(h->digest, digest, DIGEST_LEN);
	name_as_before(p, h);
	if (socket < 2 && p->port && p->port != ports[socket])
		snprintf(h->said + strlen(h->said), SAID_MAX - strlen(h->said), " on %u",
			 ports[socket]);
	p->n_heard = MIN(p->n_heard + 1, HEARD_MAX - 1);
}

/* ---- talking ---- */

void peer_send_on(struct peer *p, uint16_t port, const void *b, size_t len)
{
	struct sockaddr_in to = at(p->server, port);

	p->port = port;
	/* A refused port of an earlier datagram may be told here: nothing is meant by it. */
	if (sendto(p->fd[port != IKE_PORT], b, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		sendto(p->fd[port != IKE_PORT], b, len, 0, (struct sockaddr *)&to, sizeof(to));
}

void peer_send_esp(struct peer *p, const void *b, size_t len)
{
	struct sockaddr_in to = at(p->server, 0);

	if (sendto(p->fd[2], b, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		perror("ESP");
}

void peer_send(struct peer *p, const struct message *m)
{
	uint8_t marked[sizeof(m->b) + 4] = {0};

	if (!p->starts_floated && (!p->floats || p->reached < 4)) {
		peer_send_on(p, IKE_PORT, m->b, m->len);
		return;
	}
	memcpy(marked + 4, m->b, m->len);
	peer_send_on(p, IKE_NATT_PORT, marked, m->len + 4);
}

/* Listens until then, or until Main Mode has come so far. */
static void receive(struct peer *p, usec until, uint8_t reached)
{
	static uint8_t b[65536];

	while (p->reached < reached || !reached) {
		struct pollfd fds[3];
		usec left = until - now();

		for (size_t i = 0; i < 3; i++)
			fds[i] = (struct pollfd){.fd = p->fd[i], .events = POLLIN};
		if (left <= 0)
			return;
		if (poll(fds, 3, (int)(left / 1000) + 1) <= 0)
			continue;
		for (size_t i = 0; i < 3; i++) {
			struct sockaddr_in from;
			socklen_t from_len = sizeof(from);
			size_t skip = i == 2 ? 20 : 0; /* a raw socket's IP header */
			ssize_t n;

			if (!(fds[i].revents & POLLIN))
				continue;
			n = recvfrom(p->fd[i], b, sizeof(b), 0, (struct sockaddr *)&from,
				     &from_len);
			if (n > (ssize_t)skip && memcmp(&from.sin_addr, p->server.b, 4) == 0)
				hear(p, i, b + skip, (size_t)n - skip);
		}
	}
}

void peer_wait(struct peer *p, usec for_)
{
	receive(p, now() + for_, 0);
}

bool peer_await(struct peer *p, uint8_t message)
{
	receive(p, now() + PATIENCE, message);
	return p->reached >= message;
}

bool peer_go(struct peer *p, uint8_t message)
{
	static void (*const make[])(struct peer *p, struct message *m) = {
		peer_message1, peer_message3, peer_message5, peer_quick1};
	struct message m;

	while (p->reached < message) {
		uint8_t before = p->reached;

		make[before / 2](p, &m);
		peer_send(p, &m);
		if (!peer_await(p, (uint8_t)(before + 2)))
			return false;
	}
	return true;
}

void peer_listen(struct peer *p)
{
	for (size_t i = 0; i < p->n_heard; i++)
		p->heard[i].before = true;
	p->since = now();
}

/* ---- in words ---- */

/* Has the same been said before, and in the same bytes? */
static bool said_before(const struct peer *p, size_t i, bool *same)
{
	bool said = false;

	*same = false;
	for (size_t k = 0; k < i; k++) {
		if (strcmp(p->heard[k].said, p->heard[i].said) != 0)
			continue;
		said = true;
		*same |= memcmp(p->heard[k].digest, p->heard[i].digest, DIGEST_LEN) == 0;
	}
	return said;
}

/* To the half second: machines are not on time to the millisecond, nor are products. */
static size_t put_time(char *buf, size_t size, usec t)
{
	return (size_t)snprintf(buf, size, " %g", (double)((t + SEC / 4) / (SEC / 2)) / 2);
}

/* Other words in the moment of a Delete: whether they come before it, behind it, or not at all, is
 * chance in products whose timers run out together. */
static bool drowned(const struct peer *p, size_t i)
{
	for (size_t k = 0; k < p->n_heard; k++) {
		usec apart = p->heard[k].t - p->heard[i].t;

		if (!p->heard[k].before && !strncmp(p->heard[k].said, "Delete", 6) &&
		    strncmp(p->heard[k].said, "Delete of", 9) != 0 && k != i &&
		    apart > -MOMENT && apart < MOMENT)
			return true;
	}
	return false;
}

const char *peer_heard(const struct peer *p, char *buf, size_t size)
{
	const struct heard *former = NULL; /* the last one that was told */
	const char *former_how = "";
	bool own_quick = false, was_late = false;
	size_t n = 0;

	snprintf(buf, size, "silence");
	for (size_t i = 0; i < p->n_heard && n < size - SAID_MAX - 40; i++) {
		const struct heard *h = &p->heard[i];
		bool same, said = said_before(p, i, &same);
		bool late = p->tells_times && h->t - p->since >= ON_TIME;
		const char *how = !said ? "" : same ? "again" : "anew";
		bool goes_on = former && *how && !strcmp(former->said, h->said) &&
			       !strcmp(former_how, how);

		if (h->before || drowned(p, i))
			continue;
		if (!strcmp(h->said, OWN_QUICK)) {
			own_quick = true;
			continue;
		}
		if (goes_on && late && was_late)
			n += (size_t)snprintf(buf + n, size - n, ",");
		else if (!goes_on || p->tells_times)
			n += (size_t)snprintf(buf + n, size - n, "%s%s%s%s%s", n ? "; " : "",
					      h->said, *how ? " " : "", how, late ? " at" : "");
		if (late)
			n += put_time(buf + n, size - n, h->t - p->since);
		former = h;
		former_how = how;
		was_late = late;
	}
	/* SoftEther's come at any time, and many. */
	if (own_quick)
		snprintf(buf + n, size - n, "%sQuick Modes of its own", n ? "; " : "");
	return buf;
}
