/* SPDX-License-Identifier: MIT */
/*
 * value_types.c - is a value of the type that the table of keys (schema.h) asks for?
 */
#include "lab/topology/value_types.h"

#include <string.h>

#include "lab/base/text.h"
#include "lab/topology/topology_priv.h"

#define RULES_LEN_MAX 65536

/* Safe unquoted in a shell, in nft, in a file name and as a name of the kernel's. */
bool value_is_name(const char *s, size_t max)
{
	size_t n;

	for (n = 0; s[n]; n++) {
		bool letter = s[n] >= 'a' && s[n] <= 'z';
		bool digit = s[n] >= '0' && s[n] <= '9';

		if (n == max || !(letter || (n && (digit || s[n] == '-'))))
			return false;
	}
	return n && s[n - 1] != '-';
}

bool value_wrong(struct reading *r, const struct tree *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (r->m)
		mistake_v(r->m, at, fmt, ap);
	va_end(ap);
	return false;
}

bool value_number(const struct tree *v, unsigned long max, unsigned long *out)
{
	unsigned long n = 0;

	if (v->kind != TREE_TEXT || v->quoted || !v->text[0] ||
	    (v->text[0] == '0' && v->text[1]))
		return false;
	for (const char *p = v->text; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = n * 10 + (unsigned long)(*p - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

bool value_digits(const char **p, unsigned long max, unsigned long *out)
{
	const char *s = *p;
	unsigned long n = 0;

	if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (unsigned long)(*s - '0');
		if (n > max)
			return false;
	}
	*p = s;
	*out = n;
	return true;
}

uint8_t value_port_proto(const char **p)
{
	static const struct {
		char before[5];
		uint8_t proto;
	} rows[] = {{"udp/", 17}, {"tcp/", 6}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strncmp(*p, rows[i].before, 4) == 0) {
			*p += 4;
			return rows[i].proto;
		}
	}
	return 0;
}

bool value_permille(const struct tree *v, unsigned long *out)
{
	const char *p = v->text;
	unsigned long tenths = 0;

	if (v->kind != TREE_TEXT || !value_digits(&p, 100, out))
		return false;
	if (*p == '.' && (p++, !value_digits(&p, 9, &tenths)))
		return false;
	*out = *out * 10 + tenths;
	return p[0] == '%' && !p[1] && *out <= 1000;
}

bool duration_parse(const char *p, usec *out)
{
	static const char *const texts[] = {"ms", "s", "m", "h"};
	static const usec usecs[] = {MSEC, SEC, 60 * SEC, 3600 * SEC};
	static const struct words units = WORDS_IN(texts);
	unsigned long n;
	int unit;

	if (!value_digits(&p, 1000000, &n) || (unit = word_find(&units, p)) < 0)
		return false;
	*out = (usec)n * usecs[unit];
	return *out <= 24 * (3600 * SEC);
}

bool value_duration(const struct tree *v, usec *out)
{
	return v->kind == TREE_TEXT && duration_parse(v->text, out);
}

/* Why a value may not hold what is in @s, or NULL. In rules, which a plan shows as they are, every
 * character can be seen; other texts are made harmless where they are shown. */
static const char *char_mistake(const char *s, bool rules)
{
	const char *end = s + strlen(s);

	while (s < end) {
		uint32_t c;

		s += text_next(s, end, &c);
		if (rules && (c == '\n' || c == '\t'))
			continue;
		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return "a control";
		if (rules && text_is_unsafe(c))
			return "an invisible";
	}
	return NULL;
}

/* "a, b or c" */
static const char *join_words(struct arena *a, const char *const *words, size_t n)
{
	const char *s = words[0];

	for (size_t i = 1; i < n; i++)
		s = arena_printf(a, "%s%s%s", s, i + 1 < n ? ", " : " or ", words[i]);
	return s;
}

static bool wrong_word(struct reading *r, const struct tree *v, const struct key_row *row)
{
	const char **known = arena_array_of(r->a, row->words->n, const char *), *hint;
	size_t n = 0;

	for (size_t i = row->words->first; i < row->words->n; i++)
		if (row->words->v[i])
			known[n++] = row->words->v[i];
	hint = did_you_mean(r->m, v->text, known, n);
	if (!*hint)
		hint = arena_printf(r->a, "; it is %s", join_words(r->a, known, n));
	return value_wrong(r, v, "unknown %s %s%s", row->name, tree_shown(r->a, v->text), hint);
}

int value_word(enum key k, const struct tree *v)
{
	const struct key_row *row = key_row(k);

	return word_find(row->type == TYPE_BOOL ? &bool_words : row->words, v->text);
}

static bool check_text(struct reading *r, const struct tree *v, const struct key_row *row,
		       size_t min, size_t max, bool rules)
{
	const char *what = char_mistake(v->text, rules);
	size_t len = strlen(v->text);

	if (len < min || len > max)
		return value_wrong(r, v, "%s has %zu bytes; %zu to %zu are possible", row->name, len,
			     min, max);
	if (what)
		return value_wrong(r, v, "%s has %s character", row->name, what);
	return true;
}

bool value_is_v4(const char *s)
{
	struct inet_addr a;

	return inet_parse_addr(s, &a) && a.len == 4;
}

static bool wrong_type(struct reading *r, const struct tree *v, const struct key_row *row)
{
	if (v->kind == TREE_TEXT && !v->text[0] && !v->quoted)
		return value_wrong(r, v, "%s has no value; it is %s", row->name,
			     key_type_name(row->type));
	if (v->kind == TREE_TEXT)
		return value_wrong(r, v, "%s is %s, not %s", row->name, key_type_name(row->type),
			     tree_shown(r->a, v->text));
	return value_wrong(r, v, "%s is %s, not %s", row->name, key_type_name(row->type),
		     v->kind == TREE_MAP ? "a map" : "a list");
}

bool value_is_type(struct reading *r, const struct tree *v, const struct key_row *row)
{
	bool text = v->kind == TREE_TEXT;
	struct inet_net net;
	unsigned long n;
	usec d;

	if (text && !v->text[0] && !v->quoted)
		return wrong_type(r, v, row);
	switch (row->type) {
	case TYPE_TEXT:
		return text ? check_text(r, v, row, 1, TEXT_LEN_MAX, false)
			    : wrong_type(r, v, row);
	case TYPE_SECRET:
		return text ? check_text(r, v, row, 1, SECRET_LEN_MAX, false)
			    : wrong_type(r, v, row);
	case TYPE_RULES:
		return text ? check_text(r, v, row, 1, RULES_LEN_MAX, true)
			    : wrong_type(r, v, row);
	case TYPE_NAME:
	case TYPE_IFACE:
		return (text && value_is_name(v->text, row->type == TYPE_NAME ? NAME_LEN_MAX
									      : IFACE_LEN_MAX)) ||
		       wrong_type(r, v, row);
	case TYPE_WORD:
		if (!text)
			return wrong_type(r, v, row);
		return !row->words || word_find(row->words, v->text) >= 0 || wrong_word(r, v, row);
	case TYPE_NUMBER:
		return value_number(v, 99999, &n) || wrong_type(r, v, row);
	case TYPE_PERCENT:
		return value_permille(v, &n) || wrong_type(r, v, row);
	case TYPE_DURATION:
		return value_duration(v, &d) || wrong_type(r, v, row);
	case TYPE_BOOL:
		return (text && !v->quoted && word_find(&bool_words, v->text) >= 0) ||
		       wrong_type(r, v, row);
	case TYPE_ADDRESS:
		return (text && value_is_v4(v->text)) || wrong_type(r, v, row);
	case TYPE_NETWORK:
		return (text && inet_parse_net(v->text, &net)) || wrong_type(r, v, row);
	case TYPE_TARGET:
		return (text && (value_is_v4(v->text) || value_is_name(v->text, NAME_LEN_MAX))) ||
		       wrong_type(r, v, row);
	case TYPE_MAP:
		return v->kind == TREE_MAP || wrong_type(r, v, row);
	case TYPE_LIST:
		return v->kind == TREE_LIST || wrong_type(r, v, row);
	case TYPE_PORTS:
		if (v->kind == TREE_LIST)
			return true;
		if (!text)
			return wrong_type(r, v, row);
		return word_find(row->words, v->text) >= 0 || wrong_word(r, v, row);
	}
	return false;
}
