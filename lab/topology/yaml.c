/* SPDX-License-Identifier: MIT */
/*
 * yaml.c - the bytes of a topology file to a tree: the only place that knows libyaml.
 *
 * The bytes are judged before libyaml sees them (UTF-8, no NUL, no control characters), so that
 * such mistakes have a line and a column. libyaml's events are then counted while they come: how
 * deep, how many, and how many values an alias stands for; a file that is small and unfolds into
 * millions ends at the bound, not at the end of the memory.
 */
#include "lab/topology/yaml.h"

#include <string.h>
#include <yaml.h>

#include "lab/base/text.h"
#include "lab/base/words.h"

/* ---- bytes ---- */

/* Why no topology file may hold this character; NULL when it may. */
static const char *char_mistake(uint32_t c)
{
	if (c == TEXT_NOT_UTF8)
		return "not UTF-8; a topology file is UTF-8 text";
	if (c == 0)
		return "a NUL byte; a topology file is text";
	if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
	    (c >= 0x7f && c < 0xa0 && c != 0x85))
		return "a control character; a topology file is text";
	if (c == 0xfffe || c == 0xffff)
		return "not a character of Unicode";
	return NULL;
}

/* The first character that no text has is a mistake; the rest is not looked at. */
static bool check_bytes(const struct source *src, struct mistakes *m)
{
	const char *p = src->text, *end = p + src->len;
	unsigned line = 1, column = 1;

	while (p < end) {
		uint32_t c;
		size_t n = text_next(p, end, &c);
		const char *what = char_mistake(c);

		if (what) {
			mistake_at(m, src, line, column, "%s", what);
			return false;
		}
		p += n;
		column++;
		if (c == '\n' || (c == '\r' && (p == end || *p != '\n')) || c == 0x85 ||
		    c == 0x2028 || c == 0x2029) {
			line++;
			column = 1;
		}
	}
	return true;
}

/* ---- events to a tree ---- */

struct anchor {
	const char *name;
	struct tree *t;
};

struct builder {
	struct arena *a;
	const struct source *src;
	struct mistakes *m;
	yaml_parser_t parser;
	unsigned depth;
	size_t values; /* made so far */
	VEC(struct anchor) anchors;
};

static void mistake_mark(struct builder *b, yaml_mark_t mark, const char *what)
{
	mistake_at(b->m, b->src, (unsigned)mark.line + 1, (unsigned)mark.column + 1, "%s", what);
}

/* The character at libyaml's mark, which counts characters and not the mark at the beginning; '\0'
 * behind the end. */
static char char_at(const struct source *src, yaml_mark_t mark)
{
	const char *p = src->text, *end = p + src->len;
	uint32_t c;

	if (src->len >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
		p += 3;
	for (size_t i = 0; i < mark.index && p < end; i++)
		p += text_next(p, end, &c);
	return p < end ? *p : '\0';
}

/* The help that libyaml's words do not give. */
static const char *syntax_hint(const struct builder *b)
{
	const yaml_parser_t *p = &b->parser;

	if (char_at(b->src, p->problem_mark) == '\t')
		return "; this is a tab, and YAML is indented with blanks";
	if (p->problem && !strcmp(p->problem, "did not find expected key"))
		return "; is the line indented as its neighbours are?";
	return "";
}

/* libyaml's own complaint; of what was begun some lines above, it says where. */
static void mistake_syntax(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *problem = p->problem ? p->problem : "cannot be read";
	const char *doing = "";

	if (p->context && p->context_mark.line != p->problem_mark.line)
		doing = arena_printf(b->a, "%s from line %zu on: ", p->context,
				     p->context_mark.line + 1);
	else if (p->context)
		doing = arena_printf(b->a, "%s: ", p->context);
	mistake_mark(b, p->problem_mark,
		     arena_printf(b->a, "not YAML: %s%s%s", doing, problem, syntax_hint(b)));
}

static bool next_event(struct builder *b, yaml_event_t *ev)
{
	if (yaml_parser_parse(&b->parser, ev))
		return true;
	mistake_syntax(b);
	return false;
}

static struct tree *new_tree(struct builder *b, enum tree_kind kind, const yaml_event_t *ev)
{
	struct tree *t;

	if (b->values >= TREE_MAX) {
		mistake_mark(b, ev->start_mark,
			     arena_printf(b->a, "more than %d values", TREE_MAX));
		return NULL;
	}
	b->values++;
	t = arena_new_of(b->a, struct tree);
	t->kind = kind;
	t->src = b->src;
	t->line = (unsigned)ev->start_mark.line + 1;
	t->column = (unsigned)ev->start_mark.column + 1;
	t->unfolded = 1;
	return t;
}

static bool count_in(struct builder *b, struct tree *t, const struct tree *child,
		     const yaml_event_t *ev)
{
	t->unfolded += child->unfolded;
	if (t->unfolded <= TREE_MAX)
		return true;
	mistake_mark(b, ev->start_mark,
		     arena_printf(b->a, "aliases unfold to more than %d values", TREE_MAX));
	return false;
}

static struct tree *read_value(struct builder *b, yaml_event_t *ev);

/* Linear search is quick enough: an anchor takes bytes, and used names are few. A file full of
 * anchors is bounded by ANCHORS_MAX. */
#define ANCHORS_MAX 1000

static bool keep_anchor(struct builder *b, const yaml_char_t *name, struct tree *t,
			const yaml_event_t *ev)
{
	if (!name)
		return true;
	if (b->anchors.n == ANCHORS_MAX) {
		mistake_mark(b, ev->start_mark, "too many anchors");
		return false;
	}
	*vec_push(b->a, &b->anchors) = (struct anchor){arena_str(b->a, (const char *)name), t};
	return true;
}

static struct tree *find_anchor(struct builder *b, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;

	for (size_t i = b->anchors.n; i-- > 0;) {
		struct tree *t = b->anchors.v[i].t;

		if (strcmp(b->anchors.v[i].name, name) != 0)
			continue;
		if (!t->open)
			return t;
		mistake_mark(b, ev->start_mark, "an alias inside what it stands for");
		return NULL;
	}
	mistake_mark(b, ev->start_mark,
		     arena_printf(b->a, "no anchor %s before this alias", tree_shown(b->a, name)));
	return NULL;
}

static struct tree *read_text(struct builder *b, const yaml_event_t *ev)
{
	struct tree *t = new_tree(b, TREE_TEXT, ev);
	const char *s = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;

	if (!t)
		return NULL;
	if (memchr(s, '\0', len)) { /* "\0" in double quotes */
		mistake_mark(b, ev->start_mark, "a NUL character");
		return NULL;
	}
	t->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	t->text = arena_strn(b->a, s, len);
	return t;
}

/* What a list or map is made of, in the order of the file. */
struct part {
	struct tree *t;
};

/* A list or a map: values, or keys and values in turn, until its end event. */
static struct tree *read_many(struct builder *b, const yaml_event_t *start, enum tree_kind kind)
{
	yaml_event_type_t end_type =
		kind == TREE_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	const yaml_char_t *anchor = kind == TREE_MAP ? start->data.mapping_start.anchor
						     : start->data.sequence_start.anchor;
	struct tree *t = new_tree(b, kind, start), *child;
	VEC(struct part) parts = {0};
	bool is_key = kind == TREE_MAP, good = true;

	if (!t)
		return NULL;
	t->open = true;
	if (!keep_anchor(b, anchor, t, start))
		return NULL;
	if (++b->depth > TREE_DEPTH_MAX) {
		mistake_mark(b, start->start_mark,
			     arena_printf(b->a, "nested deeper than %d levels", TREE_DEPTH_MAX));
		return NULL;
	}
	while (good) {
		yaml_event_t ev;

		if (!next_event(b, &ev))
			return NULL;
		if (ev.type == end_type) {
			yaml_event_delete(&ev);
			break;
		}
		child = read_value(b, &ev);
		good = child && count_in(b, t, child, &ev);
		if (good && is_key && child->kind != TREE_TEXT) {
			mistake_mark(b, ev.start_mark, "a key must be a word");
			good = false;
		}
		if (good)
			vec_push(b->a, &parts)->t = child;
		if (kind == TREE_MAP)
			is_key = !is_key;
		yaml_event_delete(&ev);
	}
	if (!good)
		return NULL;
	b->depth--;
	t->open = false;
	t->n = kind == TREE_MAP ? parts.n / 2 : parts.n;
	t->v = arena_array_of(b->a, t->n, struct tree *);
	if (kind == TREE_MAP)
		t->keys = arena_array_of(b->a, t->n, struct tree *);
	for (size_t i = 0; i < parts.n; i++) {
		if (kind == TREE_LIST)
			t->v[i] = parts.v[i].t;
		else if (i % 2 == 0)
			t->keys[i / 2] = parts.v[i].t;
		else
			t->v[i / 2] = parts.v[i].t;
	}
	return t;
}

/* The value that begins with @ev. */
static struct tree *read_value(struct builder *b, yaml_event_t *ev)
{
	struct tree *t = NULL;
	const yaml_char_t *tag = NULL;

	switch ((int)ev->type) {
	case YAML_ALIAS_EVENT:
		return find_anchor(b, ev);
	case YAML_SCALAR_EVENT:
		tag = ev->data.scalar.tag;
		t = read_text(b, ev);
		if (t && !keep_anchor(b, ev->data.scalar.anchor, t, ev))
			t = NULL;
		break;
	case YAML_SEQUENCE_START_EVENT:
		tag = ev->data.sequence_start.tag;
		t = read_many(b, ev, TREE_LIST);
		break;
	case YAML_MAPPING_START_EVENT:
		tag = ev->data.mapping_start.tag;
		t = read_many(b, ev, TREE_MAP);
		break;
	}
	if (tag)
		mistake_mark(b, ev->start_mark, "a tag (!); topology files have none");
	return t;
}

/* Duplicate keys are mistakes in the tree as written: what an alias shares is looked at once. */
static void check_keys(struct builder *b, struct tree *t)
{
	struct named *sorted;

	if (t->kind == TREE_TEXT || t->open)
		return;
	t->open = true; /* nothing is being read any more: the mark serves again */
	for (size_t i = 0; i < t->n; i++)
		check_keys(b, t->v[i]);
	if (t->kind != TREE_MAP)
		return;
	sorted = arena_array_of(b->a, t->n, struct named);
	for (size_t i = 0; i < t->n; i++)
		sorted[i] = (struct named){t->keys[i]->text, (unsigned)i};
	names_sort(sorted, t->n);
	for (size_t i = 0; i < t->n; i++) {
		const struct tree *key = t->keys[sorted[i].number];

		if (tree_is_merge_key(key) && !key->quoted)
			mistake(b->m, key, "merge keys (<<) are not read: write the keys out");
		else if (i && strcmp(key->text, sorted[i - 1].name) == 0)
			mistake(b->m, key, "%s stands here twice, first in line %u",
				tree_shown(b->a, key->text),
				t->keys[sorted[i - 1].number]->line);
	}
}

/* From the stream's start to its end. NULL: a mistake was noted. */
static struct tree *read_document(struct builder *b)
{
	struct tree *t = NULL;
	yaml_event_t ev;
	bool done = false, good = true;

	while (good && !done) {
		if (!next_event(b, &ev))
			return NULL;
		switch ((int)ev.type) {
		case YAML_DOCUMENT_START_EVENT:
			if (t) {
				mistake_mark(b, ev.start_mark,
					     "a second document begins here; a file is one "
					     "topology");
				good = false;
			}
			break;
		case YAML_SCALAR_EVENT:
		case YAML_SEQUENCE_START_EVENT:
		case YAML_MAPPING_START_EVENT:
		case YAML_ALIAS_EVENT:
			t = read_value(b, &ev);
			good = t;
			break;
		case YAML_STREAM_END_EVENT:
			done = true;
			break;
		}
		yaml_event_delete(&ev);
	}
	return good ? t : NULL;
}

struct tree *tree_parse(struct arena *a, const struct source *src, struct mistakes *m)
{
	struct builder b = {.a = a, .src = src, .m = m};
	size_t skip = src->len >= 3 && memcmp(src->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	size_t before = mistakes_count(m);
	struct tree *t;

	if (!check_bytes(src, m))
		return NULL;
	if (!yaml_parser_initialize(&b.parser)) {
		mistake_at(m, src, 0, 0, "not enough memory to read it");
		return NULL;
	}
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)src->text + skip,
				     src->len - skip);
	t = read_document(&b);
	yaml_parser_delete(&b.parser);
	if (t)
		check_keys(&b, t);
	else if (mistakes_count(m) == before)
		mistake_at(m, src, 0, 0, "is empty");
	return t;
}
