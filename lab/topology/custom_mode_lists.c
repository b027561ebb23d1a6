/* SPDX-License-Identifier: MIT */
/*
 * custom_mode_lists.c - the lists of a custom mode: vendor IDs, what is accepted, orders, times.
 *
 * What a list says is written to the row only when all of it is understood; else there is a
 * mistake, and nobody will use the row.
 */
#include <string.h>

#include "lab/topology/topology_priv.h"

/* The index of a list's entry among @words; @n: it is none of them, which is a mistake. */
static size_t read_word(struct reading *r, const struct tree *v, const char *what,
			const char *const *words, size_t n)
{
	size_t i = 0;

	if (v->kind != TREE_TEXT) {
		mistake(r->m, v, "%s is a word such as %s", what, words[0]);
		return n;
	}
	while (i < n && strcmp(words[i], v->text) != 0)
		i++;
	if (i == n)
		mistake(r->m, v, "unknown %s %s%s", what, tree_shown(r->a, v->text),
			did_you_mean(r->m, v->text, words, n));
	return i;
}

static bool too_many(struct reading *r, const struct tree *list, const char *what, size_t max)
{
	if (list->n <= max)
		return false;
	mistake(r->m, list, "%zu %s; at most %zu are possible", list->n, what, max);
	return true;
}

/* ---- vendor IDs ---- */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
					      : c >= 'A' && c <= 'F' ? c - 'A' + 10
								     : -1;
}

/* "0x" is behind us. False: these are no whole bytes. */
static bool read_bytes(struct arena *a, const char *hex, size_t len, struct view *out)
{
	uint8_t *b = arena_array_of(a, len / 2 + 1, uint8_t);

	if (len % 2 || !len || len / 2 > OWN_VID_MAX)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int high = digit(hex[i]), low = digit(hex[i + 1]);

		if (high < 0 || low < 0)
			return false;
		b[i / 2] = (uint8_t)(high << 4 | low);
	}
	*out = (struct view){b, len / 2};
	return true;
}

/* "rfc-3947", "0x4a13..", either with " if sent" or " if begun" behind it where @may_ask. */
static bool read_vid(struct reading *r, const struct tree *v, bool may_ask, struct vid_rule *out)
{
	static const char *const conditions[] = {" if sent", " if begun"};
	const char *words[VIDS];
	size_t len, found = 0;
	const char *word;

	*out = (struct vid_rule){.vid = VIDS};
	if (v->kind != TREE_TEXT) {
		mistake(r->m, v, "a vendor ID is a word such as rfc-3947, or 0x and its bytes");
		return false;
	}
	len = strlen(v->text);
	for (size_t i = 0; i < ARRAY_LEN(conditions) && may_ask; i++) {
		size_t tail = strlen(conditions[i]);

		if (len <= tail || strcmp(v->text + len - tail, conditions[i]) != 0)
			continue;
		out->if_peer_sent = true;
		out->any_tail = i == 1;
		len -= tail;
	}
	word = arena_printf(r->a, "%.*s", (int)len, v->text);
	if (word[0] == '0' && word[1] == 'x') {
		if (!read_bytes(r->a, word + 2, len - 2, &out->other)) {
			mistake(r->m, v, "a vendor ID's bytes are 0x and two hexadecimal digits for "
				"each, 1 to %d bytes", OWN_VID_MAX);
			return false;
		}
		out->vid = vid_find(out->other);
		return true;
	}
	for (unsigned i = 0; i < VIDS; i++)
		words[i] = vid_word((enum vid)i);
	while (found < VIDS && strcmp(words[found], word) != 0)
		found++;
	out->vid = (enum vid)found;
	if (found == VIDS)
		mistake(r->m, v, "unknown vendor ID %s%s", tree_shown(r->a, word),
			did_you_mean(r->m, word, words, VIDS));
	return found < VIDS;
}

static bool same_vid(const struct vid_rule *a, const struct vid_rule *b)
{
	struct view x = vid_rule_bytes(a), y = vid_rule_bytes(b);

	return x.len == y.len && !memcmp(x.p, y.p, x.len);
}

static size_t vid_room(const struct vid_rule *v)
{
	return 4 + vid_rule_bytes(v).len;
}

static void check_room(struct reading *r, const struct tree *list, size_t bytes, size_t max)
{
	if (bytes > max)
		mistake(r->m, list, "these vendor IDs take %zu bytes; at most %zu are possible",
			bytes, max);
}

uint8_t own_vids(struct reading *r, const struct tree *list, bool may_ask, struct vid_rule *out)
{
	struct vid_rule v[MODE_VIDS] = {0};
	size_t bytes = 0;
	uint8_t n = 0;

	if (too_many(r, list, "vendor IDs", MODE_VIDS))
		return 0;
	for (size_t i = 0; i < list->n; i++) {
		if (!read_vid(r, list->v[i], may_ask, &v[n]))
			continue;
		for (uint8_t k = 0; k < n; k++)
			if (same_vid(&v[k], &v[n]))
				mistake(r->m, list->v[i], "%s stands here twice", list->v[i]->text);
		bytes += vid_room(&v[n++]);
	}
	check_room(r, list, bytes, OWN_VIDS_MAX);
	memcpy(out, v, sizeof(v));
	return n;
}

/* ---- what is accepted ---- */

static bool not_empty(struct reading *r, const struct tree *list, const char *what)
{
	if (!list->n)
		mistake(r->m, list, "without %s nobody can connect", what);
	return list->n > 0;
}

void own_ciphers(struct reading *r, const struct tree *list, struct phase1_accept *out)
{
	static const char *const words[] = {"aes-256-cbc", "aes-192-cbc", "aes-128-cbc", "3des-cbc",
					    "des-cbc"};
	static const struct {
		enum ike_cipher cipher;
		unsigned keybits;
	} means[] = {{CIPHER_AES, 256}, {CIPHER_AES, 192}, {CIPHER_AES, 128}, {CIPHER_3DES, 0},
		     {CIPHER_DES, 0}};

	if (!not_empty(r, list, "a cipher"))
		return;
	out->ciphers = out->keys = 0;
	for (size_t i = 0; i < list->n; i++) {
		size_t k = read_word(r, list->v[i], "cipher", words, ARRAY_LEN(words));

		if (k == ARRAY_LEN(words))
			continue;
		out->ciphers |= ACCEPT(means[k].cipher);
		if (means[k].keybits)
			out->keys |= ACCEPT_KEY(means[k].keybits);
	}
}

/* A set of values whose names @name gives; those that have none are called "?". */
static uint32_t read_set(struct reading *r, const struct tree *list, const char *what,
			 const unsigned *values, size_t n, const char *(*name)(unsigned value))
{
	const char *words[8];
	uint32_t set = 0;

	assert(n <= ARRAY_LEN(words));
	for (size_t i = 0; i < n; i++)
		words[i] = name(values[i]);
	for (size_t i = 0; i < list->n; i++) {
		size_t k = read_word(r, list->v[i], what, words, n);

		if (k < n)
			set |= ACCEPT(values[k]);
	}
	return set;
}

void own_hashes(struct reading *r, const struct tree *list, struct phase1_accept *out)
{
	static const unsigned values[] = {HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384,
					  HASH_SHA512};

	if (not_empty(r, list, "a hash"))
		out->hashes = read_set(r, list, "hash", values, ARRAY_LEN(values),
				       isakmp_hash_name);
}

void own_groups(struct reading *r, const struct tree *list, struct phase1_accept *out)
{
	static const unsigned values[] = {GROUP_MODP768,  GROUP_MODP1024, GROUP_MODP1536,
					  GROUP_MODP2048, GROUP_ECP256,	  GROUP_ECP384};

	if (not_empty(r, list, "a group"))
		out->groups = read_set(r, list, "group", values, ARRAY_LEN(values),
				       isakmp_group_name);
}

/* ---- orders ---- */

void own_attributes(struct reading *r, const struct tree *list, uint16_t out[MODE_ATTRS])
{
	enum { MODE_ATTRS_NEEDED = 5 }; /* the first of them */
	static const uint16_t types[] = {P1_ENC,  P1_KEYLEN,	P1_HASH, P1_GROUP,
					 P1_AUTH, P1_LIFE_TYPE, P1_LIFE};
	const char *words[ARRAY_LEN(types)];
	uint16_t order[MODE_ATTRS] = {0};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		words[i] = phase1_attr_name(types[i]);
	for (size_t i = 0; i < list->n; i++) {
		size_t k = read_word(r, list->v[i], "attribute", words, ARRAY_LEN(types));

		if (k == ARRAY_LEN(types))
			continue;
		for (size_t m = 0; m < n; m++) {
			if (order[m] != types[k])
				continue;
			mistake(r->m, list->v[i], "%s stands here twice", words[k]);
			return;
		}
		order[n++] = types[k];
	}
	for (size_t i = 0; i < MODE_ATTRS_NEEDED; i++) {
		size_t m = 0;

		while (m < n && order[m] != types[i])
			m++;
		if (m == n)
			mistake(r->m, list, "without %s nobody knows what was chosen", words[i]);
	}
	memcpy(out, order, sizeof(order));
}

/* A payload by its word, a vendor ID by its word or its bytes. */
static bool read_part(struct reading *r, const struct tree *v, struct answer_part *out)
{
	const char *words[ANSWER_VID + VIDS];
	size_t k;

	*out = (struct answer_part){.kind = ANSWER_VID};
	if (v->kind == TREE_TEXT && !strncmp(v->text, "0x", 2))
		return read_vid(r, v, false, &out->vid);
	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		words[i] = i < ANSWER_VID ? answer_kind_name(i)
					  : vid_word((enum vid)(i - ANSWER_VID));
	k = read_word(r, v, "payload", words, ARRAY_LEN(words));
	if (k < ANSWER_VID)
		out->kind = (enum answer_kind)k;
	else if (k < ARRAY_LEN(words))
		out->vid.vid = (enum vid)(k - ANSWER_VID);
	return k < ARRAY_LEN(words);
}

uint8_t own_message4(struct reading *r, const struct tree *list, struct answer_part *out)
{
	struct answer_part v[MODE_ANSWER] = {0};
	unsigned n_key = 0, n_nonce = 0, n_peer = 0, n_own = 0;
	size_t bytes = 0;
	uint8_t n = 0;

	if (too_many(r, list, "payloads", MODE_ANSWER))
		return 0;
	for (size_t i = 0; i < list->n; i++) {
		if (!read_part(r, list->v[i], &v[n]))
			continue;
		n_key += v[n].kind == ANSWER_KEY;
		n_nonce += v[n].kind == ANSWER_NONCE;
		n_peer += v[n].kind == ANSWER_PEER_HASH && !n_own;
		n_own += v[n].kind == ANSWER_OWN_HASH;
		bytes += v[n].kind == ANSWER_VID ? vid_room(&v[n].vid) : 0;
		n++;
	}
	check_room(r, list, bytes, OWN_VIDS4_MAX);
	if (n_peer != 1 || !n_own || n_own > OWN_HASHES_MAX)
		mistake(r->m, list,
			"message 4 has one peer-hash, behind it one own-hash or up to %d",
			OWN_HASHES_MAX);
	if (n_key != 1 || n_nonce != 1)
		mistake(r->m, list, "message 4 has one key and one nonce");
	memcpy(out, v, sizeof(v));
	return n;
}

/* ---- times ---- */

void own_times(struct reading *r, const struct tree *list, struct retry *out)
{
	struct retry v = {0};
	usec last = 0, t;

	if (too_many(r, list, "times", ARRAY_LEN(v.at_ms)))
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (!value_duration(list->v[i], &t)) {
			mistake(r->m, list->v[i], "a time is written like 500ms, 2s or 1m");
			return;
		}
		if (t <= last) {
			mistake(r->m, list->v[i], "%s is not later than the time before it",
				list->v[i]->text);
			return;
		}
		v.at_ms[v.n++] = (uint32_t)(t / MSEC);
		v.give_up_ms = (uint32_t)(t / MSEC); /* the exchange's own limit ends it */
		last = t;
	}
	*out = v;
}
