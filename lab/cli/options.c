/* SPDX-License-Identifier: MIT */
#include "lab/cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/suggest.h"
#include "lab/base/text.h"
#include "lab/base/words.h"

static const struct option *find_long(const struct verb *v, const char *name, size_t len)
{
	for (size_t i = 0; i < v->n_options; i++)
		if (strlen(v->options[i].name) == len && !memcmp(v->options[i].name, name, len))
			return &v->options[i];
	return NULL;
}

static const struct option *find_letter(const struct verb *v, char letter)
{
	for (size_t i = 0; i < v->n_options; i++)
		if (v->options[i].letter == letter)
			return &v->options[i];
	return NULL;
}

static int unknown_option(const struct verb *v, const char *word, struct err *e)
{
	struct suggest s = suggest_new(word);

	for (size_t i = 0; i < v->n_options; i++)
		suggest_try(&s, v->options[i].name);
	if (suggest_best(&s))
		return err_set(e, ERR_INPUT, "%s: unknown option --%s; did you mean --%s?", v->name,
			       word, suggest_best(&s));
	return err_set(e, ERR_INPUT, "%s: unknown option --%s; see natdlab %s --help", v->name,
		       word, v->name);
}

/* The place of @value among the words of "a|b|c"; -1: it is none of them. */
static int place_in(const char *words, const char *value)
{
	size_t len = strlen(value);
	int place = 0;

	for (const char *w = words;; w += strcspn(w, "|") + 1, place++) {
		size_t wlen = strcspn(w, "|");

		if (wlen == len && !memcmp(w, value, len))
			return place;
		if (!w[wlen])
			return -1;
	}
}

/* A word in capitals ("N|random") stands for a value that the verb checks itself. */
static bool value_fits(const char *words, const char *value)
{
	return !strchr(words, '|') || place_in(words, value) >= 0 || words[0] < 'a';
}

static int add_option(struct args *a, const struct option *opt, const char *value, struct err *e)
{
	if (opt->value && !value)
		return err_set(e, ERR_INPUT, "%s: --%s wants a value: %s", a->verb->name, opt->name,
			       opt->value);
	if (!opt->value && value)
		return err_set(e, ERR_INPUT, "%s: --%s takes no value", a->verb->name, opt->name);
	if (value && !value_fits(opt->value, value))
		return err_set(e, ERR_INPUT, "%s: --%s is one of %s, not \"%s\"", a->verb->name,
			       opt->name, opt->value, value);
	for (unsigned i = 0; !opt->many && i < a->n_opts; i++)
		if (a->opts[i].opt == opt)
			return err_set(e, ERR_INPUT, "%s: --%s is given twice", a->verb->name,
				       opt->name);
	if (a->n_opts == ARGS_MAX)
		return err_set(e, ERR_INPUT, "%s: too many options", a->verb->name);
	a->opts[a->n_opts].opt = opt;
	a->opts[a->n_opts++].value = value;
	return 0;
}

static int parse_long(struct args *a, const char *word, char **argv, int argc, int *i,
		      struct err *e)
{
	const char *eq = strchr(word, '=');
	size_t len = eq ? (size_t)(eq - word) : strlen(word);
	const struct option *opt = find_long(a->verb, word, len);
	const char *value = eq ? eq + 1 : NULL;

	if (!opt)
		return unknown_option(a->verb, word, e);
	if (opt->value && !value && *i + 1 < argc)
		value = argv[++*i];
	return add_option(a, opt, value, e);
}

/* -v, -vo DIR, -oDIR */
static int parse_letters(struct args *a, const char *word, char **argv, int argc, int *i,
			 struct err *e)
{
	for (; *word; word++) {
		const struct option *opt = find_letter(a->verb, *word);
		const char *value = NULL;

		if (!opt)
			return err_set(e, ERR_INPUT,
				       "%s: unknown option -%c; see natdlab %s --help",
				       a->verb->name, *word, a->verb->name);
		if (opt->value)
			value = word[1] ? word + 1 : *i + 1 < argc ? argv[++*i] : NULL;
		if (add_option(a, opt, value, e))
			return -1;
		if (opt->value)
			break;
	}
	return 0;
}

int args_parse(struct args *a, const struct verb *verb, int argc, char **argv, struct err *e)
{
	static const char *const words[] = {"--help", "-h"};
	static const struct words helps = WORDS_IN(words);
	bool only_args = false;

	*a = (struct args){.verb = verb};
	for (int i = 0; i < argc; i++) {
		const char *w = argv[i];

		if (!only_args && word_find(&helps, w) >= 0) {
			a->help = true;
			return 0;
		} else if (!only_args && w[0] == '-' && w[1] == '-' && !w[2]) {
			only_args = true;
		} else if (!only_args && w[0] == '-' && w[1] == '-') {
			if (parse_long(a, w + 2, argv, argc, &i, e))
				return -1;
		} else if (!only_args && w[0] == '-' && w[1]) {
			if (parse_letters(a, w + 1, argv, argc, &i, e))
				return -1;
		} else if (a->n == verb->max_args || a->n == ARGS_MAX) {
			return err_set(e, ERR_INPUT,
				       "%s: one argument too many: \"%s\"; usage: "
				       "natdlab %s %s",
				       verb->name, w, verb->name, verb->args);
		} else {
			a->v[a->n++] = w;
		}
	}
	if (a->n < verb->min_args)
		return err_set(e, ERR_INPUT, "%s: usage: natdlab %s %s", verb->name, verb->name,
			       verb->args);
	return 0;
}

/* Use number @n of an option, in the order of the command line; NULL behind the last. */
static const struct given *given(const struct args *a, const char *name, unsigned n)
{
	for (unsigned i = 0; i < a->n_opts; i++)
		if (!strcmp(a->opts[i].opt->name, name) && n-- == 0)
			return &a->opts[i];
	return NULL;
}

bool args_flag(const struct args *a, const char *name)
{
	return given(a, name, 0) != NULL;
}

const char *args_nth(const struct args *a, const char *name, unsigned n)
{
	const struct given *g = given(a, name, n);

	return g ? g->value : NULL;
}

const char *args_value(const struct args *a, const char *name)
{
	return args_nth(a, name, 0);
}

unsigned args_choice(const struct args *a, const char *name)
{
	const struct given *g = given(a, name, 0);

	return g ? (unsigned)place_in(g->opt->value, g->value) : 0;
}

int args_number(const struct args *a, const char *name, uint64_t lo, uint64_t hi, uint64_t absent,
		uint64_t *out, struct err *e)
{
	const char *s = args_value(a, name);
	uint64_t v = 0;

	if (!s) {
		*out = absent;
		return 0;
	}
	for (const char *p = s; *p; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (*p < '0' || *p > '9' || v > (UINT64_MAX - digit) / 10)
			goto bad;
		v = v * 10 + digit;
	}
	if (!*s || v < lo || v > hi)
		goto bad;
	*out = v;
	return 0;
bad:
	return err_set(e, ERR_INPUT, "%s: --%s is a whole number from %llu to %llu, not \"%s\"",
		       a->verb->name, name, (unsigned long long)lo, (unsigned long long)hi, s);
}

void verb_help(FILE *f, const struct verb *v)
{
	fprintf(f, "natdlab %s %s\n\n%s\n", v->name, v->args, v->summary);
	if (v->more) {
		fputc('\n', f);
		text_wrap(f, v->more, 0, "", 78);
	}
	fputs("\nOptions:\n", f);
	for (size_t i = 0; i < v->n_options; i++) {
		const struct option *o = &v->options[i];
		char head[80];

		snprintf(head, sizeof(head), "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
			 o->value ? " " : "", o->value ? o->value : "");
		if (strlen(head) > 28)
			fprintf(f, "  %s\n  %-28s  %s\n", head, "", o->help);
		else
			fprintf(f, "  %-28s  %s\n", head, o->help);
	}
	fprintf(f, "  %-28s  %s\n", "-h, --help", "this text");
}

int report_err(const struct err *e)
{
	fflush(stdout);
	fprintf(stderr, "natdlab: %s\n%s", e->text, e->remedy ? e->remedy : "");
	return err_exit_status(e->kind);
}
