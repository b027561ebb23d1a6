/* SPDX-License-Identifier: MIT */
/*
 * options.h - the one table of verbs and options, and the parser that reads by it.
 *
 * Each verb is a row: name, arguments, what it does, its options. Help texts come out of the
 * table, and so can completion and the manual page; a verb only asks for values by name.
 */
#ifndef NATDLAB_CLI_OPTIONS_H
#define NATDLAB_CLI_OPTIONS_H

#include <stdio.h>

#include "lab/base/err.h"

struct args;

struct option {
	const char *name;    /* "format", typed --format */
	char letter;         /* 'f' for -f, 0 none */
	const char *value;   /* what follows: "NAME", or words joined by | of which it must be one;
				NULL: a flag */
	bool many;           /* may be given more than once */
	const char *help;
};

struct verb {
	const char *name;
	const char *args;    /* "FILE [ID]" */
	const char *summary; /* one line */
	const char *more;    /* a paragraph for `natdlab VERB --help`, or NULL */
	unsigned min_args, max_args;
	const struct option *options;
	size_t n_options;
	int (*run)(const struct args *args); /* returns the exit status */
};

#define OPTIONS(rows) .options = (rows), .n_options = ARRAY_LEN(rows)

#define ARGS_MAX 256

struct args {
	const struct verb *verb;
	unsigned n;                /* positional arguments */
	const char *v[ARGS_MAX];
	unsigned n_opts;           /* options as given */
	struct given {
		const struct option *opt;
		const char *value;
	} opts[ARGS_MAX];
	bool help;                 /* --help was among them: nothing was checked */
};

/* Reads argv[0 .. argc-1], the words behind the verb. */
int args_parse(struct args *a, const struct verb *verb, int argc, char **argv, struct err *e);
bool args_flag(const struct args *a, const char *name);
/* The value given to an option; NULL where it was not given. */
const char *args_value(const struct args *a, const char *name);
/* Value number @i of an option given several times; NULL behind the last. */
const char *args_nth(const struct args *a, const char *name, unsigned i);
/* Of an option whose value is one of several words ("a|b|c"): the place of the word given, from 0;
 * 0 too when the option was not given, so the first word is the default. */
unsigned args_choice(const struct args *a, const char *name);
/* A whole number in [lo, hi]; @absent when the option was not given. */
int args_number(const struct args *a, const char *name, uint64_t lo, uint64_t hi, uint64_t absent,
		uint64_t *out, struct err *e);

/* `natdlab VERB --help`. */
void verb_help(FILE *f, const struct verb *v);

/* Prints "natdlab: TEXT" to standard error and returns the exit status of the error's kind. */
int report_err(const struct err *e);

#endif
