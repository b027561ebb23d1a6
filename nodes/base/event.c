/* SPDX-License-Identifier: MIT */
#include "nodes/base/event.h"

#include <string.h>

#include "lab/base/wire.h"

static const char *const drop_names[DROPS] = {
	[DROP_NONE] = "none",
	[DROP_SHORT] = "short",
	[DROP_VERSION] = "version",
	[DROP_EXCHANGE_TYPE] = "exchange-type",
	[DROP_FLAGS] = "flags",
	[DROP_MESSAGE_ID] = "message-id",
	[DROP_LENGTH] = "length",
	[DROP_PAYLOAD_TYPE] = "payload-type",
	[DROP_PAYLOAD_MALFORMED] = "payload-malformed",
	[DROP_PAYLOAD_MISSING] = "payload-missing",
	[DROP_PAYLOAD_TWICE] = "payload-twice",
	[DROP_NO_PROPOSAL] = "no-proposal",
	[DROP_BAD_PROPOSAL] = "bad-proposal",
	[DROP_DOI] = "doi",
	[DROP_SITUATION] = "situation",
	[DROP_PROTOCOL] = "protocol",
	[DROP_AGGRESSIVE] = "aggressive-mode",
	[DROP_NO_COOKIE] = "no-cookie",
	[DROP_KEY_LENGTH] = "key-length",
	[DROP_KEY_VALUE] = "key-value",
	[DROP_NONCE_LENGTH] = "nonce-length",
	[DROP_UNKNOWN_COOKIE] = "unknown-cookie",
	[DROP_BLOCKS] = "blocks",
	[DROP_DECRYPT] = "decrypt",
	[DROP_HASH] = "hash",
	[DROP_STATE] = "state",
	[DROP_DUPLICATE] = "duplicate",
	[DROP_REPLAY] = "replay",
	[DROP_AUTH] = "auth",
	[DROP_PADDING] = "padding",
	[DROP_CHECKSUM] = "checksum",
	[DROP_UNKNOWN_SPI] = "unknown-spi",
	[DROP_SELECTOR] = "selector",
	[DROP_L2TP_HEADER] = "l2tp-header",
	[DROP_L2TP_AVP] = "l2tp-avp",
	[DROP_L2TP_TUNNEL] = "l2tp-tunnel",
	[DROP_L2TP_WINDOW] = "l2tp-window",
	[DROP_PPP] = "ppp",
	[DROP_LIMIT] = "limit",
	[DROP_UNSUPPORTED] = "unsupported",
};

static const struct words drop_words = WORDS_IN(drop_names);

/* A bool of which JSON says more than true or false: is ESP inside UDP? */
static const char *const in_udp[] = {"none", "udp"};
static const struct words in_udp_words = WORDS_IN(in_udp);

/* Bytes that an event only points to. */
struct far {
	const uint8_t *p;
	uint8_t len;
};

/* What the keys are called in JSON, and what their values are: the type and the bytes that it takes
 * in an event. */
static const struct {
	const char *name;
	enum ev_type type;
	uint8_t size;
	const struct words *words;
} keys[EV_KEYS] = {
	[K_SRC] = {"src", EVT_EP, sizeof(struct inet_ep), NULL},
	[K_DST] = {"dst", EVT_EP, sizeof(struct inet_ep), NULL},
	[K_CKY_I] = {"cky_i", EVT_HEX, 8, NULL},
	[K_CKY_R] = {"cky_r", EVT_HEX, 8, NULL},
	[K_EXCHANGE] = {"exchange", EVT_U, 1, NULL},
	[K_MSGID] = {"msgid", EVT_U, 4, NULL},
	[K_FLAGS] = {"flags", EVT_U, 1, NULL},
	[K_LENGTH] = {"length", EVT_U, 4, NULL},
	[K_MESSAGE] = {"message", EVT_U, 1, NULL},
	[K_PAYLOAD] = {"payload", EVT_U, 2, NULL},
	[K_HASH1] = {"hash1", EVT_BYTES, sizeof(struct far), NULL},
	[K_HASH2] = {"hash2", EVT_BYTES, sizeof(struct far), NULL},
	[K_SPI] = {"spi", EVT_U, 4, NULL},
	[K_ESP_SEQ] = {"esp_seq", EVT_U, 4, NULL},
	[K_ENCAP] = {"encap", EVT_BOOL, 1, &in_udp_words},
	[K_ICMP_TYPE] = {"icmp_type", EVT_U, 1, NULL},
	[K_ICMP_CODE] = {"icmp_code", EVT_U, 1, NULL},
	[K_PROTO] = {"proto", EVT_U, 1, NULL},
	[K_CIPHER] = {"cipher", EVT_STR, sizeof(char *), NULL},
	[K_KEYLEN] = {"keylen", EVT_U, 2, NULL},
	[K_HASH] = {"hash", EVT_STR, sizeof(char *), NULL},
	[K_GROUP] = {"group", EVT_STR, sizeof(char *), NULL},
	[K_SELF_BEHIND_NAT] = {"self_behind_nat", EVT_BOOL, 1, NULL},
	[K_PEER_BEHIND_NAT] = {"peer_behind_nat", EVT_BOOL, 1, NULL},
	[K_FLOATED] = {"floated", EVT_BOOL, 1, NULL},
	[K_SPI_IN] = {"spi_in", EVT_U, 4, NULL},
	[K_SPI_OUT] = {"spi_out", EVT_U, 4, NULL},
	[K_REGISTRY] = {"registry", EVT_U, 1, NULL},
	[K_ALLOWED] = {"allowed", EVT_BOOL, 1, NULL},
	[K_REASON] = {"reason", EVT_WORD, 1, &reason_words},
	[K_TRY] = {"try", EVT_U, 4, NULL},
	[K_SENT] = {"sent", EVT_BOOL, 1, NULL},
	[K_NOTIFY] = {"notify", EVT_U, 2, NULL},
	[K_SEQNO] = {"seqno", EVT_U, 4, NULL},
	[K_DROP] = {"drop", EVT_WORD, 1, &drop_words},
	[K_WHY] = {"why", EVT_WORD, 1, &reason_words},
	[K_SOURCE] = {"why", EVT_STR, sizeof(char *), NULL},
	[K_TUNNEL] = {"tunnel", EVT_U, 2, NULL},
	[K_SESSION] = {"session", EVT_U, 2, NULL},
	[K_NS] = {"ns", EVT_U, 2, NULL},
	[K_NR] = {"nr", EVT_U, 2, NULL},
	[K_OUTCOME] = {"outcome", EVT_WORD, 1, &outcome_words},
	[K_ERROR] = {"error", EVT_U, 8, NULL},
	[K_REACHED] = {"reached", EVT_WORD, 1, &reached_words},
	[K_ALIVE] = {"alive", EVT_BOOL, 1, NULL},
	[K_METHOD] = {"method", EVT_WORD, 1, &ppp_method_words},
	[K_ACCEPTED] = {"accepted", EVT_BOOL, 1, NULL},
	[K_ESP_SPI] = {"spi", EVT_HEX, 4, NULL},
	[K_L2TP_TYPE] = {"message", EVT_STR, sizeof(char *), NULL},
};

#define KEYS(...)                                                                                  \
	{                                                                                          \
		__VA_ARGS__, EV_KEYS                                                               \
	}

/* What each kind is called and which keys it may carry; EV_KEYS ends a list. */
static const struct {
	const char *name;
	enum ev_key keys[EV_FIELDS_MAX + 1];
} kinds[EV_KINDS] = {
	[EV_ISAKMP] = {"isakmp", KEYS(K_SRC, K_DST, K_CKY_I, K_CKY_R, K_EXCHANGE, K_MSGID, K_FLAGS,
				      K_LENGTH, K_MESSAGE)},
	[EV_NATD] = {"natd", KEYS(K_CKY_I, K_CKY_R, K_MESSAGE, K_PAYLOAD, K_HASH1, K_HASH2)},
	[EV_ESP] = {"esp", KEYS(K_SRC, K_DST, K_ESP_SPI, K_ESP_SEQ, K_ENCAP, K_LENGTH)},
	[EV_KEEPALIVE] = {"keepalive", KEYS(K_SRC, K_DST)},
	[EV_ICMP] = {"icmp", KEYS(K_SRC, K_DST, K_ICMP_TYPE, K_ICMP_CODE)},
	[EV_OTHER] = {"other", KEYS(K_SRC, K_DST, K_PROTO, K_LENGTH)},
	[EV_DIAL] = {"dial", KEYS(K_SRC, K_DST)},
	[EV_PHASE1] = {"phase1",
		       KEYS(K_SRC, K_DST, K_CKY_I, K_CKY_R, K_CIPHER, K_KEYLEN, K_HASH, K_GROUP)},
	[EV_NAT_SEEN] = {"nat-seen",
			 KEYS(K_CKY_I, K_SELF_BEHIND_NAT, K_PEER_BEHIND_NAT, K_FLOATED)},
	[EV_PHASE2] = {"phase2",
		       KEYS(K_CKY_I, K_MSGID, K_SPI_IN, K_SPI_OUT, K_ENCAP, K_CIPHER, K_KEYLEN)},
	[EV_POLICY] = {"policy",
		       KEYS(K_REGISTRY, K_SELF_BEHIND_NAT, K_PEER_BEHIND_NAT, K_ALLOWED, K_REASON)},
	[EV_RETRANSMIT] = {"retransmit", KEYS(K_CKY_I, K_MSGID, K_MESSAGE, K_L2TP_TYPE, K_TRY)},
	[EV_DELETE] = {"delete", KEYS(K_CKY_I, K_SENT, K_PROTO, K_SPI)},
	[EV_NOTIFY] = {"notify", KEYS(K_CKY_I, K_SENT, K_NOTIFY)},
	[EV_DPD] = {"dpd", KEYS(K_CKY_I, K_SENT, K_NOTIFY, K_SEQNO)},
	[EV_DROP] = {"drop", KEYS(K_SRC, K_DROP, K_LENGTH)},
	[EV_PSK] = {"psk", KEYS(K_CKY_I, K_MESSAGE)},
	[EV_EXPIRED] = {"expired", KEYS(K_CKY_I, K_CKY_R, K_WHY)},
	[EV_L2TP] = {"l2tp", KEYS(K_SENT, K_L2TP_TYPE, K_TUNNEL, K_SESSION, K_NS, K_NR)},
	[EV_L2TP_UP] = {"l2tp-up", KEYS(K_TUNNEL, K_SESSION)},
	[EV_AUTH_ASK] = {"auth-ask", KEYS(K_SENT, K_METHOD, K_ACCEPTED)},
	[EV_AUTH] = {"auth", KEYS(K_METHOD, K_ACCEPTED, K_WHY, K_ERROR)},
	[EV_LCP_ECHO] = {"lcp-echo", KEYS(K_SEQNO)},
	[EV_ALIVE] = {"alive", KEYS(K_CKY_I, K_ALIVE, K_WHY)},
	[EV_OUTCOME] = {"outcome", KEYS(K_OUTCOME, K_REASON, K_ERROR, K_REACHED, K_SOURCE)},
};

const char *ev_kind_name(enum ev_kind kind)
{
	return kinds[kind].name;
}

const char *ev_key_name(enum ev_key key)
{
	return keys[key].name;
}

const char *drop_name(enum drop d)
{
	return word_of(&drop_words, d);
}

struct event ev_new(enum ev_kind kind)
{
	return (struct event){.kind = (uint8_t)kind};
}

/* ---- fields ---- */

/* The key of field @i; EV_KEYS behind the last. */
static enum ev_key key_at(const struct event *e, unsigned i)
{
	return kinds[e->kind].keys[i];
}

/* The number of the field, and where it lies in e->data; false: the kind has no such key. */
static bool find(const struct event *e, enum ev_key key, unsigned *i, size_t *at)
{
	*at = 0;
	for (*i = 0; key_at(e, *i) != EV_KEYS; ++*i) {
		if (key_at(e, *i) == key)
			return true;
		*at += keys[key_at(e, *i)].size;
	}
	return false;
}

static void put(struct event *e, enum ev_key key, enum ev_type type, const void *value)
{
	unsigned i;
	size_t at;
	bool has = find(e, key, &i, &at);

	assert(has && keys[key].type == type && at + keys[key].size <= sizeof(e->data));
	(void)has;
	e->present |= (uint16_t)(1u << i);
	memcpy(e->data + at, value, keys[key].size);
}

/* A number in as many bytes as its key has, the lowest first. */
static void put_number(struct event *e, enum ev_key key, enum ev_type type, uint64_t v)
{
	uint8_t b[8];

	assert(keys[key].size == 8 || v >> 8 * keys[key].size == 0);
	for (unsigned i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(v >> 8 * i);
	put(e, key, type, b);
}

void ev_u(struct event *e, enum ev_key key, uint64_t v)
{
	put_number(e, key, EVT_U, v);
}

void ev_bool(struct event *e, enum ev_key key, bool v)
{
	put_number(e, key, EVT_BOOL, v);
}

void ev_word(struct event *e, enum ev_key key, unsigned value)
{
	put_number(e, key, EVT_WORD, value);
}

void ev_str(struct event *e, enum ev_key key, const char *s)
{
	put(e, key, EVT_STR, &s);
}

void ev_hex(struct event *e, enum ev_key key, const void *p, size_t len)
{
	const struct far far = {p, (uint8_t)len};

	assert(len <= EV_BYTES_MAX);
	if (keys[key].type == EVT_BYTES) {
		put(e, key, EVT_BYTES, &far);
		return;
	}
	assert(len == keys[key].size);
	put(e, key, EVT_HEX, p);
}

void ev_ep(struct event *e, enum ev_key key, struct inet_ep ep)
{
	put(e, key, EVT_EP, &ep);
}

static void read_field(const struct event *e, enum ev_key key, size_t at, struct ev_field *f)
{
	struct far far;

	*f = (struct ev_field){.key = key, .type = keys[key].type, .text = ""};
	switch (f->type) {
	case EVT_U:
	case EVT_BOOL:
	case EVT_WORD:
		for (unsigned i = keys[key].size; i-- > 0;)
			f->u = f->u << 8 | e->data[at + i];
		if (!keys[key].words)
			return;
		f->type = EVT_WORD;
		f->text = word_of(keys[key].words, (unsigned)f->u);
		return;
	case EVT_STR:
		memcpy(&f->text, e->data + at, sizeof(f->text));
		return;
	case EVT_HEX:
		f->bytes = e->data + at;
		f->len = keys[key].size;
		return;
	case EVT_BYTES:
		memcpy(&far, e->data + at, sizeof(far));
		f->bytes = far.p;
		f->len = far.len;
		return;
	case EVT_EP:
		memcpy(&f->ep, e->data + at, sizeof(f->ep));
		return;
	}
}

bool ev_get(const struct event *e, enum ev_key key, struct ev_field *out)
{
	unsigned i;
	size_t at;

	if (!find(e, key, &i, &at) || !(e->present & 1u << i))
		return false;
	read_field(e, key, at, out);
	return true;
}

bool ev_next(const struct event *e, unsigned *i, struct ev_field *out)
{
	for (; key_at(e, *i) != EV_KEYS; ++*i)
		if (ev_get(e, key_at(e, *i), out)) {
			++*i;
			return true;
		}
	return false;
}

uint64_t ev_get_u(const struct event *e, enum ev_key key)
{
	struct ev_field f;

	return ev_get(e, key, &f) ? f.u : 0;
}

unsigned ev_get_word(const struct event *e, enum ev_key key)
{
	assert(keys[key].type == EVT_WORD);
	return (unsigned)ev_get_u(e, key);
}

bool ev_get_bool(const struct event *e, enum ev_key key)
{
	assert(keys[key].type == EVT_BOOL);
	return ev_get_u(e, key) != 0;
}

const uint8_t *ev_get_hex(const struct event *e, enum ev_key key)
{
	unsigned i;
	size_t at;

	if (!find(e, key, &i, &at) || !(e->present & 1u << i))
		return NULL;
	assert(keys[key].type == EVT_HEX);
	return e->data + at;
}

struct event ev_drop(struct inet_ep from, enum drop why, size_t len)
{
	struct event e = ev_new(EV_DROP);

	ev_ep(&e, K_SRC, from);
	ev_word(&e, K_DROP, why);
	ev_u(&e, K_LENGTH, len);
	return e;
}

static void print_field(FILE *f, const struct ev_field *v)
{
	char hex[2 * EV_BYTES_MAX + 1];

	switch (v->type) {
	case EVT_U:
		fprintf(f, "%llu", (unsigned long long)v->u);
		return;
	case EVT_BOOL:
		fputs(v->u ? "yes" : "no", f);
		return;
	case EVT_WORD:
	case EVT_STR:
		fputs(v->text, f);
		return;
	case EVT_HEX:
	case EVT_BYTES:
		fputs(hex_str(v->bytes, v->len, hex), f);
		return;
	case EVT_EP:
		fputs(INET_EP(v->ep), f);
		return;
	}
}

void ev_print(FILE *f, const struct event *e)
{
	struct ev_field v;

	fprintf(f, "%5u %10.6f  %-20s %-10s", e->seq, (double)e->t / (double)SEC, e->place,
		kinds[e->kind].name);
	for (unsigned i = 0; ev_next(e, &i, &v);) {
		fprintf(f, " %s=", keys[v.key].name);
		print_field(f, &v);
	}
	if (e->frame)
		fprintf(f, " frame=%u", e->frame);
	fputc('\n', f);
}
