/* SPDX-License-Identifier: MIT */
/*
 * mode_values.c - the value of a custom mode's key, from the tree to a member of the mode: a
 * function for each kind of member.
 *
 * A list is written to the mode only when all of it is understood; else there is a mistake, and
 * the mode is not used.
 */
#include <string.h>

#include "lab/topology/topology_priv.h"
#include "nodes/modes/member_value.h"

/* Which of the words a list's entry is; -1: none, which is a mistake. @example: a value that has a
 * word. */
static int read_word(struct reading *r, const struct tree *v, const char *what,
		     const struct words *w, unsigned example)
{
	int i;

	if (v->kind != TREE_TEXT) {
		mistake(r->m, v, "%s is a word such as %s", what, word_of(w, example));
		return -1;
	}
	i = word_find(w, v->text);
	if (i < 0)
		mistake(r->m, v, "unknown %s %s%s", what, tree_shown(r->a, v->text),
			did_you_mean(r->m, v->text, w->v, w->n));
	return i;
}

/* The value of a list's entry among the member's words; 0: a mistake. */
static unsigned read_entry(struct reading *r, const struct member *m, const struct tree *v)
{
	/* The strongest of ciphers, else the first. */
	unsigned example = m->kind == MEMBER_SUITES ? (unsigned)m->words->n - 1 : 1;

	return (unsigned)MAX(read_word(r, v, m->what, m->words, example), 0);
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

	if (len % 2 || !len || len / 2 > MODE_VID_BYTES)
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

/* Does @text of @*len bytes end in @tail? Then it is cut off. */
static bool cut_tail(const char *text, size_t *len, const char *tail)
{
	size_t n = strlen(tail);

	if (*len <= n || memcmp(text + *len - n, tail, n) != 0)
		return false;
	*len -= n;
	return true;
}

/* "rfc-3947", "0x4a13..", either with " if sent" or " if begun" behind it where @may_ask. */
static bool read_vid(struct reading *r, const struct tree *v, bool may_ask, struct vid_rule *out)
{
	const char *words[VIDS], *word;
	size_t len;
	int found;

	*out = (struct vid_rule){.vid = VIDS};
	if (v->kind != TREE_TEXT) {
		mistake(r->m, v, "a vendor ID is a word such as rfc-3947, or 0x and its bytes");
		return false;
	}
	len = strlen(v->text);
	out->if_peer_sent = may_ask && cut_tail(v->text, &len, " if sent");
	out->any_tail = may_ask && cut_tail(v->text, &len, " if begun");
	out->if_peer_sent |= out->any_tail;
	word = arena_printf(r->a, "%.*s", (int)len, v->text);
	if (word[0] == '0' && word[1] == 'x') {
		if (!read_bytes(r->a, word + 2, len - 2, &out->other)) {
			mistake(r->m, v, "a vendor ID's bytes are 0x and two hexadecimal digits for "
				"each, 1 to %d bytes", MODE_VID_BYTES);
			return false;
		}
		out->vid = vid_find(out->other);
		return true;
	}
	for (unsigned i = 0; i < VIDS; i++)
		words[i] = vid_word((enum vid)i);
	found = word_find(&(struct words){.v = words, .n = VIDS}, word);
	if (found < 0)
		mistake(r->m, v, "unknown vendor ID %s%s", tree_shown(r->a, word),
			did_you_mean(r->m, word, words, VIDS));
	else
		out->vid = (enum vid)found;
	return found >= 0;
}

static void check_room(struct reading *r, const struct tree *list, size_t bytes, size_t max)
{
	if (bytes > max)
		mistake(r->m, list, "these vendor IDs take %zu bytes; at most %zu are possible",
			bytes, max);
}

/* The number of vendor IDs in @out[MODE_VIDS]. @may_ask: "if sent" may stand behind one. */
static uint8_t read_vids(struct reading *r, const struct tree *list, bool may_ask,
			 struct vid_rule *out)
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
			if (vid_rule_same(&v[k], &v[n]))
				mistake(r->m, list->v[i], "%s stands here twice", list->v[i]->text);
		bytes += vid_rule_room(&v[n++]);
	}
	check_room(r, list, bytes, MODE_VIDS_BYTES);
	memcpy(out, v, sizeof(v));
	return n;
}

/* ---- what is accepted ---- */

/* Into a set of values; of ciphers and, behind it, of AES key lengths. */
static void read_set(struct reading *r, const struct member *m, const struct tree *list,
		     uint32_t *out)
{
	uint32_t set[2] = {0};

	if (!list->n)
		mistake(r->m, list, "without a %s no client can connect", m->what);
	for (size_t i = 0; i < list->n; i++) {
		unsigned v = read_entry(r, m, list->v[i]);

		if (v && m->kind == MEMBER_SET)
			set[0] |= ACCEPT(v);
		else if (v)
			set[0] |= ACCEPT(v >> 3);
		if (v & 7)
			set[1] |= ACCEPT(v & 7);
	}
	if (list->n)
		memcpy(out, set, m->kind == MEMBER_SET ? sizeof(set[0]) : sizeof(set));
}

/* ---- orders ---- */

static bool is_among(const uint16_t *list, size_t n, unsigned value)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

/* Attribute types in the order of writing. */
static void read_list(struct reading *r, const struct member *m, const struct tree *list,
		      uint16_t out[MODE_ATTRS])
{
	uint16_t order[MODE_ATTRS] = {0};
	size_t n = 0;

	assert(m->width == sizeof(*out));
	for (size_t i = 0; i < list->n; i++) {
		unsigned v = read_entry(r, m, list->v[i]);

		if (!v)
			continue;
		if (is_among(order, n, v)) {
			mistake(r->m, list->v[i], "%s stands here twice", word_of(m->words, v));
			return;
		}
		order[n++] = (uint16_t)v;
	}
	for (const uint16_t *v = m->required; v && *v; v++)
		if (!is_among(order, n, *v))
			mistake(r->m, list, "without %s the peer cannot know what was chosen",
				word_of(m->words, *v));
	memcpy(out, order, sizeof(order));
}

/* A payload by its word, a vendor ID by its word or its bytes. */
static bool read_part(struct reading *r, const struct tree *v, struct answer_part *out)
{
	const char *texts[ANSWER_VID + VIDS];
	const struct words words = WORDS_IN(texts);
	int k;

	*out = (struct answer_part){.kind = ANSWER_VID};
	if (v->kind == TREE_TEXT && !strncmp(v->text, "0x", 2))
		return read_vid(r, v, false, &out->vid);
	for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
		texts[i] = i < ANSWER_VID ? word_of(&answer_kind_words, i)
					  : vid_word((enum vid)(i - ANSWER_VID));
	k = read_word(r, v, "payload", &words, 0);
	if (k >= 0 && k < ANSWER_VID)
		out->kind = (enum answer_kind)k;
	else if (k >= 0)
		out->vid.vid = (enum vid)(k - ANSWER_VID);
	return k >= 0;
}

/* The number of payloads in @out[MODE_ANSWER]. */
static uint8_t read_parts(struct reading *r, const struct tree *list, struct answer_part *out)
{
	struct answer_part v[MODE_ANSWER] = {0};
	unsigned of[ANSWER_VID + 1] = {0};
	size_t bytes = 0;
	uint8_t n = 0;

	if (too_many(r, list, "payloads", MODE_ANSWER))
		return 0;
	for (size_t i = 0; i < list->n; i++) {
		if (!read_part(r, list->v[i], &v[n]))
			continue;
		/* The peer's hash counts only before those of its own. */
		of[v[n].kind] += v[n].kind != ANSWER_PEER_HASH || !of[ANSWER_OWN_HASH];
		bytes += v[n].kind == ANSWER_VID ? vid_rule_room(&v[n].vid) : 0;
		n++;
	}
	check_room(r, list, bytes, MODE_VIDS4_BYTES);
	if (of[ANSWER_PEER_HASH] != 1 || !of[ANSWER_OWN_HASH] ||
	    of[ANSWER_OWN_HASH] > MODE_OWN_HASHES)
		mistake(r->m, list,
			"message 4 has one peer-hash, behind it one own-hash or up to %d",
			MODE_OWN_HASHES);
	if (of[ANSWER_KEY] != 1 || of[ANSWER_NONCE] != 1)
		mistake(r->m, list, "message 4 has one key and one nonce");
	memcpy(out, v, sizeof(v));
	return n;
}

/* ---- numbers ---- */

static void read_times(struct reading *r, const struct tree *list, struct retry *out)
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

static unsigned read_number(struct reading *r, const struct member *m, const struct tree *v)
{
	unsigned long n;

	if (value_number(v, m->max, &n) && n >= m->min)
		return (unsigned)n;
	mistake(r->m, v, "a %s has %u to %u %s", m->what, m->min, m->max, m->unit);
	return m->min;
}

static unsigned read_time(const struct tree *v)
{
	usec t = 0;

	value_duration(v, &t);
	return (unsigned)(t / MSEC);
}

/* Writes an integer of 1, 2 or 4 bytes. */
static void put(void *at, size_t size, unsigned value)
{
	uint8_t one = (uint8_t)value;
	uint16_t two = (uint16_t)value;
	uint32_t four = value;

	memcpy(at, size == 1 ? &one : size == 2 ? (void *)&two : &four, size);
}

void mode_value_read(struct reading *r, const struct member *m, enum mode_role role,
		     const struct tree *v, void *mode)
{
	const struct member_place *p = &m->in[role];
	void *at = (uint8_t *)mode + p->at;
	uint8_t *count = (uint8_t *)mode + p->count_at;

	switch (m->kind) {
	case MEMBER_TEXT:
		*(const char **)at = v->text;
		return;
	case MEMBER_BOOL:
	case MEMBER_NOT:
		put(at, p->size, (v->text[0] == 't') == (m->kind == MEMBER_BOOL));
		return;
	case MEMBER_WORD:
		put(at, p->size, (unsigned)word_find(m->words, v->text));
		return;
	case MEMBER_NUMBER:
		put(at, p->size, read_number(r, m, v));
		return;
	case MEMBER_TIME:
		put(at, p->size, read_time(v));
		return;
	case MEMBER_TIMES:
		read_times(r, v, at);
		return;
	case MEMBER_VIDS:
		*count = read_vids(r, v, role == ROLE_SERVER, at);
		return;
	case MEMBER_SUITES:
	case MEMBER_SET:
		read_set(r, m, v, at);
		return;
	case MEMBER_LIST:
		read_list(r, m, v, at);
		return;
	case MEMBER_PARTS:
		*count = read_parts(r, v, at);
		return;
	case MEMBER_WRONG:
	case MEMBER_OFFERS:
	case MEMBER_ESP_OFFERS:
		break;
	}
	assert(!"a kind that no file can have");
}
