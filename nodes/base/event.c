/* SPDX-License-Identifier: MIT */
#include "nodes/base/event.h"

#include <string.h>

#include "lab/base/wire.h"

/* The JSON names of the keys, in the order of enum ev_key. */
static const char *const key_names[EV_KEYS] = {
	[K_SRC] = "src",
	[K_DST] = "dst",
	[K_CKY_I] = "cky_i",
	[K_CKY_R] = "cky_r",
	[K_EXCHANGE] = "exchange",
	[K_MSGID] = "msgid",
	[K_FLAGS] = "flags",
	[K_LENGTH] = "length",
	[K_MESSAGE] = "message",
	[K_PAYLOAD] = "payload",
	[K_HASH1] = "hash1",
	[K_HASH2] = "hash2",
	[K_SPI] = "spi",
	[K_ESP_SEQ] = "esp_seq",
	[K_ENCAP] = "encap",
	[K_ICMP_TYPE] = "icmp_type",
	[K_ICMP_CODE] = "icmp_code",
	[K_PROTO] = "proto",
	[K_CIPHER] = "cipher",
	[K_KEYLEN] = "keylen",
	[K_HASH] = "hash",
	[K_GROUP] = "group",
	[K_SELF_BEHIND_NAT] = "self_behind_nat",
	[K_PEER_BEHIND_NAT] = "peer_behind_nat",
	[K_FLOATED] = "floated",
	[K_SPI_IN] = "spi_in",
	[K_SPI_OUT] = "spi_out",
	[K_REGISTRY] = "registry",
	[K_ALLOWED] = "allowed",
	[K_REASON] = "reason",
	[K_TRY] = "try",
	[K_SENT] = "sent",
	[K_NOTIFY] = "notify",
	[K_SEQNO] = "seqno",
	[K_DROP] = "drop",
	[K_WHY] = "why",
	[K_TUNNEL] = "tunnel",
	[K_SESSION] = "session",
	[K_NS] = "ns",
	[K_NR] = "nr",
	[K_OUTCOME] = "outcome",
	[K_ERROR] = "error",
	[K_REACHED] = "reached",
	[K_ALIVE] = "alive",
	[K_METHOD] = "method",
	[K_ACCEPTED] = "accepted",
};

#define KEYS(...) {__VA_ARGS__, EV_KEYS}

/* What each kind is called and which keys it may carry; EV_KEYS ends a list. */
static const struct {
	const char *name;
	enum ev_key keys[EV_FIELDS_MAX + 1];
} kinds[EV_KINDS] = {
	[EV_ISAKMP] = {"isakmp", KEYS(K_SRC, K_DST, K_CKY_I, K_CKY_R, K_EXCHANGE, K_MSGID, K_FLAGS,
				      K_LENGTH, K_MESSAGE)},
	[EV_NATD] = {"natd", KEYS(K_CKY_I, K_CKY_R, K_MESSAGE, K_PAYLOAD, K_HASH1, K_HASH2)},
	[EV_ESP] = {"esp", KEYS(K_SRC, K_DST, K_SPI, K_ESP_SEQ, K_ENCAP, K_LENGTH)},
	[EV_KEEPALIVE] = {"keepalive", KEYS(K_SRC, K_DST)},
	[EV_ICMP] = {"icmp", KEYS(K_SRC, K_DST, K_ICMP_TYPE, K_ICMP_CODE)},
	[EV_OTHER] = {"other", KEYS(K_SRC, K_DST, K_PROTO, K_LENGTH)},
	[EV_DIAL] = {"dial", KEYS(K_SRC, K_DST)},
	[EV_PHASE1] = {"phase1", KEYS(K_SRC, K_DST, K_CKY_I, K_CKY_R, K_CIPHER, K_KEYLEN, K_HASH,
				      K_GROUP)},
	[EV_NAT_SEEN] = {"nat-seen", KEYS(K_CKY_I, K_SELF_BEHIND_NAT, K_PEER_BEHIND_NAT,
					  K_FLOATED)},
	[EV_PHASE2] = {"phase2", KEYS(K_CKY_I, K_MSGID, K_SPI_IN, K_SPI_OUT, K_ENCAP, K_CIPHER,
				      K_KEYLEN)},
	[EV_POLICY] = {"policy", KEYS(K_REGISTRY, K_SELF_BEHIND_NAT, K_PEER_BEHIND_NAT, K_ALLOWED,
				      K_REASON)},
	[EV_RETRANSMIT] = {"retransmit", KEYS(K_CKY_I, K_MSGID, K_MESSAGE, K_TRY)},
	[EV_DELETE] = {"delete", KEYS(K_CKY_I, K_SENT, K_PROTO, K_SPI)},
	[EV_NOTIFY] = {"notify", KEYS(K_CKY_I, K_SENT, K_NOTIFY)},
	[EV_DPD] = {"dpd", KEYS(K_CKY_I, K_SENT, K_NOTIFY, K_SEQNO)},
	[EV_DROP] = {"drop", KEYS(K_SRC, K_DROP, K_LENGTH)},
	[EV_PSK] = {"psk", KEYS(K_CKY_I, K_MESSAGE)},
	[EV_EXPIRED] = {"expired", KEYS(K_CKY_I, K_CKY_R, K_WHY)},
	[EV_L2TP] = {"l2tp", KEYS(K_SENT, K_MESSAGE, K_TUNNEL, K_SESSION, K_NS, K_NR)},
	[EV_L2TP_UP] = {"l2tp-up", KEYS(K_TUNNEL, K_SESSION)},
	[EV_AUTH_ASK] = {"auth-ask", KEYS(K_SENT, K_METHOD, K_ACCEPTED)},
	[EV_AUTH] = {"auth", KEYS(K_METHOD, K_ACCEPTED, K_WHY, K_ERROR)},
	[EV_LCP_ECHO] = {"lcp-echo", KEYS(K_SEQNO)},
	[EV_ALIVE] = {"alive", KEYS(K_CKY_I, K_ALIVE, K_WHY)},
	[EV_OUTCOME] = {"outcome", KEYS(K_OUTCOME, K_REASON, K_ERROR, K_REACHED, K_WHY)},
};

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

/* Is ESP inside UDP? */
static const char *const encaps[] = {"none", "udp"};
static const struct words encap_words = WORDS_IN(encaps);

const char *ev_kind_name(enum ev_kind kind)
{
	return kinds[kind].name;
}

const char *ev_key_name(enum ev_key key)
{
	return key_names[key];
}

const char *drop_name(enum drop d)
{
	return word_of(&drop_words, d);
}

/* The words of a key whose values are an enumeration's; NULL: its values are something else. */
static const struct words *words_of(enum ev_key key)
{
	static const struct words *const words[EV_KEYS] = {
		[K_OUTCOME] = &outcome_words, [K_REASON] = &reason_words,
		[K_WHY] = &reason_words,      [K_REACHED] = &reached_words,
		[K_DROP] = &drop_words,	      [K_METHOD] = &ppp_method_words,
		[K_ENCAP] = &encap_words,
	};

	return words[key];
}

struct event ev_new(enum ev_kind kind)
{
	return (struct event){.kind = kind};
}

static bool key_allowed(enum ev_kind kind, enum ev_key key)
{
	for (const enum ev_key *k = kinds[kind].keys; *k != EV_KEYS; k++)
		if (*k == key)
			return true;
	return false;
}

static struct ev_field *add(struct event *e, enum ev_key key, enum ev_type type)
{
	struct ev_field *f = &e->f[e->n];

	assert(e->n < EV_FIELDS_MAX && key_allowed(e->kind, key));
	e->n++;
	f->key = key;
	f->type = type;
	return f;
}

void ev_u(struct event *e, enum ev_key key, uint64_t v)
{
	add(e, key, EVT_U)->u = v;
}

void ev_bool(struct event *e, enum ev_key key, bool v)
{
	add(e, key, EVT_BOOL)->b = v;
}

void ev_word(struct event *e, enum ev_key key, unsigned value)
{
	assert(words_of(key));
	add(e, key, EVT_WORD)->u = value;
}

void ev_str(struct event *e, enum ev_key key, const char *s)
{
	assert(!words_of(key));
	add(e, key, EVT_STR)->s = s;
}

void ev_hex(struct event *e, enum ev_key key, const void *p, size_t len)
{
	struct ev_field *f = add(e, key, EVT_HEX);

	assert(len <= sizeof(f->hex));
	f->len = (uint8_t)len;
	memcpy(f->hex, p, len);
}

void ev_ep(struct event *e, enum ev_key key, struct inet_ep ep)
{
	add(e, key, EVT_EP)->ep = ep;
}

const struct ev_field *ev_get(const struct event *e, enum ev_key key)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->f[i].key == key)
			return &e->f[i];
	return NULL;
}

uint64_t ev_get_u(const struct event *e, enum ev_key key)
{
	const struct ev_field *f = ev_get(e, key);

	return f && f->type == EVT_U ? f->u : 0;
}

bool ev_get_bool(const struct event *e, enum ev_key key)
{
	const struct ev_field *f = ev_get(e, key);

	return f && f->type == EVT_BOOL && f->b;
}

const char *ev_get_str(const struct event *e, enum ev_key key)
{
	const struct ev_field *f = ev_get(e, key);

	return f ? ev_text(f) : "";
}

unsigned ev_get_word(const struct event *e, enum ev_key key)
{
	const struct ev_field *f = ev_get(e, key);

	return f && f->type == EVT_WORD ? (unsigned)f->u : 0;
}

const char *ev_text(const struct ev_field *f)
{
	return f->type == EVT_WORD  ? word_of(words_of(f->key), (unsigned)f->u)
	       : f->type == EVT_STR ? f->s
				    : "";
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
	switch (v->type) {
	case EVT_U:
		fprintf(f, "%llu", (unsigned long long)v->u);
		return;
	case EVT_BOOL:
		fputs(v->b ? "yes" : "no", f);
		return;
	case EVT_WORD:
	case EVT_STR:
		fputs(ev_text(v), f);
		return;
	case EVT_HEX: {
		char hex[2 * sizeof(v->hex) + 1];

		fputs(hex_str(v->hex, v->len, hex), f);
		return;
	}
	case EVT_EP:
		fputs(INET_EP(v->ep), f);
		return;
	}
}

void ev_print(FILE *f, const struct event *e)
{
	fprintf(f, "%5u %10.6f  %-20s %-10s", e->seq, (double)e->t / (double)SEC, e->place,
		kinds[e->kind].name);
	for (size_t i = 0; i < e->n; i++) {
		fprintf(f, " %s=", key_names[e->f[i].key]);
		print_field(f, &e->f[i]);
	}
	if (e->frame)
		fprintf(f, " frame=%u", e->frame);
	fputc('\n', f);
}

void ev_log_init(struct ev_log *log, struct arena *a)
{
	*log = (struct ev_log){.a = a};
}

uint32_t ev_log_put(struct ev_log *log, const struct event *e)
{
	struct event *to = vec_push(log->a, &log->ev);

	*to = *e;
	to->seq = (uint32_t)log->ev.n;
	return to->seq;
}
