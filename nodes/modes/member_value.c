/* SPDX-License-Identifier: MIT */
#include "nodes/modes/member_value.h"

#include <string.h>

size_t member_find(const struct member_table *t, const char *key, enum mode_role role)
{
	size_t i = 0;

	while (i < t->n && (!t->v[i].key || strcmp(t->v[i].key, key) != 0 ||
			    (role != ROLES && !t->v[i].in[role].size)))
		i++;
	return i;
}

static unsigned integer(const void *mode, size_t at, size_t size)
{
	const uint8_t *p = (const uint8_t *)mode + at;
	uint32_t four;
	uint16_t two;

	switch (size) {
	case 1:
		return *p;
	case 2:
		memcpy(&two, p, sizeof(two));
		return two;
	}
	assert(size == sizeof(four));
	memcpy(&four, p, sizeof(four));
	return four;
}

unsigned member_number(const struct member_place *p, const void *mode)
{
	return integer(mode, p->at, p->size);
}

bool member_holds(const struct member_if *c, const void *mode)
{
	return !c || c->values & UINT32_C(1) << MIN(integer(mode, c->at, c->size), 31u);
}

size_t member_count(const struct member_place *p, const void *mode)
{
	return integer(mode, p->count_at, 1);
}

/* ---- words ---- */

static bool is_in_set(const struct member *m, const struct member_place *p, const void *mode,
		      unsigned value)
{
	uint32_t set = integer(mode, p->at, sizeof(set));

	if (m->kind == MEMBER_SET)
		return set & ACCEPT(value);
	return set & ACCEPT(value >> 3) &&
	       (!(value & 7) ||
		integer(mode, p->at + sizeof(set), sizeof(set)) & ACCEPT(value & 7));
}

size_t member_words(const struct member *m, enum mode_role role, const void *mode,
		    const char *out[MEMBER_WORDS_MAX])
{
	const struct member_place *p = &m->in[role];
	size_t n = 0;

	if (m->kind == MEMBER_BOOL || m->kind == MEMBER_NOT)
		out[n++] = word_of(&bool_words, !member_number(p, mode) == (m->kind == MEMBER_NOT));
	else if (m->kind == MEMBER_WORD)
		out[n++] = word_of(m->words, member_number(p, mode));
	else if (m->kind == MEMBER_SUITES || m->kind == MEMBER_SET)
		for (unsigned v = 0; v < m->words->n && n < MEMBER_WORDS_MAX; v++) {
			if (m->words->v[v] && is_in_set(m, p, mode, v))
				out[n++] = m->words->v[v];
		}
	else if (m->kind == MEMBER_LIST)
		for (size_t at = 0; at < p->size && integer(mode, p->at + at, m->width);
		     at += m->width)
			out[n++] = word_of(m->words, integer(mode, p->at + at, m->width));
	return n;
}

/* ---- as a topology file has it ---- */

static void write_time(FILE *f, uint32_t ms)
{
	if (ms % 1000)
		fprintf(f, "%ums", ms);
	else
		fprintf(f, "%us", ms / 1000);
}

static void write_vid(FILE *f, const struct vid_rule *v)
{
	struct view b = vid_rule_bytes(v);

	fputs(v->vid != VIDS ? vid_word(v->vid) : "0x", f);
	for (size_t i = 0; i < b.len && v->vid == VIDS; i++)
		fprintf(f, "%02x", b.p[i]);
	if (v->if_peer_sent)
		fputs(v->any_tail ? " if begun" : " if sent", f);
}

static void write_part(FILE *f, const struct answer_part *part)
{
	if (part->kind == ANSWER_VID)
		write_vid(f, &part->vid);
	else
		fputs(word_of(&answer_kind_words, part->kind), f);
}

static void write_words(FILE *f, const struct member *m, enum mode_role role, const void *mode)
{
	const char *words[MEMBER_WORDS_MAX];
	size_t n = member_words(m, role, mode, words);

	/* Of ciphers the strongest first. */
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%s", i ? ", " : "", words[m->kind == MEMBER_SUITES ? n - 1 - i : i]);
}

/* One with brackets. */
static void write_list(FILE *f, const struct member *m, enum mode_role role, const void *mode)
{
	const struct member_place *p = &m->in[role];
	const void *at = (const uint8_t *)mode + p->at;
	const struct retry *r = at;
	size_t n = m->kind == MEMBER_TIMES ? r->n : p->count_at ? member_count(p, mode) : 0;

	fputc('[', f);
	write_words(f, m, role, mode);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", f);
		if (m->kind == MEMBER_TIMES)
			write_time(f, r->at_ms[i]);
		else if (m->kind == MEMBER_VIDS)
			write_vid(f, (const struct vid_rule *)at + i);
		else if (m->kind == MEMBER_PARTS)
			write_part(f, (const struct answer_part *)at + i);
	}
	fputc(']', f);
}

void member_write(FILE *f, const struct member *m, enum mode_role role, const void *mode)
{
	const struct member_place *p = &m->in[role];

	if (m->kind == MEMBER_TEXT)
		fputs(*(const char *const *)((const uint8_t *)mode + p->at), f);
	else if (m->kind == MEMBER_NUMBER)
		fprintf(f, "%u", member_number(p, mode));
	else if (m->kind == MEMBER_TIME)
		write_time(f, member_number(p, mode));
	else if (m->kind < MEMBER_NUMBER)
		write_words(f, m, role, mode);
	else
		write_list(f, m, role, mode);
}

/* ---- comparing ---- */

size_t vid_rule_room(const struct vid_rule *v)
{
	return 4 + vid_rule_bytes(v).len;
}

bool vid_rule_same(const struct vid_rule *a, const struct vid_rule *b)
{
	struct view x = vid_rule_bytes(a), y = vid_rule_bytes(b);

	return x.len == y.len && !memcmp(x.p, y.p, x.len);
}

static bool same_rule(const struct vid_rule *a, const struct vid_rule *b)
{
	return vid_rule_same(a, b) && a->if_peer_sent == b->if_peer_sent &&
	       a->any_tail == b->any_tail;
}

bool member_equal(const struct member *m, enum mode_role role, const void *a, const void *b)
{
	const struct member_place *p = &m->in[role];
	const void *x = (const uint8_t *)a + p->at, *y = (const uint8_t *)b + p->at;
	const struct answer_part *s = x, *t = y;
	const struct vid_rule *u = x, *v = y;
	const struct retry *q = x, *r = y;
	size_t n = p->count_at ? member_count(p, a) : 0;

	if (p->count_at && n != member_count(p, b))
		return false;
	if (m->kind == MEMBER_TEXT)
		return strcmp(*(const char *const *)x, *(const char *const *)y) == 0;
	if (m->kind == MEMBER_TIMES) /* a file cannot say when it is given up */
		return q->n == r->n && !memcmp(q->at_ms, r->at_ms, q->n * sizeof(q->at_ms[0]));
	if (m->kind != MEMBER_VIDS && m->kind != MEMBER_PARTS)
		return !memcmp(x, y, p->size);
	for (size_t i = 0; i < n; i++)
		if (m->kind == MEMBER_VIDS ? !same_rule(&u[i], &v[i])
					   : s[i].kind != t[i].kind ||
						     (s[i].kind == ANSWER_VID &&
						      !same_rule(&s[i].vid, &t[i].vid)))
			return false;
	return true;
}

/* Does the key of row @by, where it is given, set @m to 0? */
static bool implies(const struct member_table *t, size_t by, const struct member *m,
		    enum mode_role role, const void *mode)
{
	return m->implied_by && member_find(t, m->implied_by, role) == by &&
	       (!m->implied_by_zero || !member_number(&t->v[by].in[role], mode));
}

static bool is_zero(const struct member_place *p, const void *mode)
{
	const uint8_t *b = (const uint8_t *)mode + p->at;

	for (size_t i = 0; i < p->size; i++)
		if (b[i])
			return false;
	return true;
}

unsigned members_differ(const struct member_table *t, enum mode_role role, const void *like,
			const void *row, bool said[MEMBERS_MAX])
{
	bool implied[MEMBERS_MAX] = {false};
	unsigned n = 0;

	assert(t->n <= MEMBERS_MAX);
	for (size_t i = 0; i < t->n; i++) {
		const struct member *m = &t->v[i];
		const struct member_place *p = &m->in[role];

		said[i] = m->key && p->size && member_holds(p->needs, row) &&
			  !(implied[i] ? is_zero(p, row) : member_equal(m, role, like, row));
		n += said[i];
		for (size_t k = i + 1; said[i] && k < t->n; k++)
			implied[k] |= implies(t, i, &t->v[k], role, row);
	}
	return n;
}

static void clear(const struct member_place *p, void *mode)
{
	memset((uint8_t *)mode + p->at, 0, p->size);
}

void members_imply(const struct member_table *t, size_t by, enum mode_role role, void *mode)
{
	for (size_t i = 0; i < t->n; i++)
		if (implies(t, by, &t->v[i], role, mode))
			clear(&t->v[i].in[role], mode);
}

void members_settle(const struct member_table *t, enum mode_role role, void *mode)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->v[i].key && !member_holds(t->v[i].in[role].needs, mode))
			clear(&t->v[i].in[role], mode);
}
