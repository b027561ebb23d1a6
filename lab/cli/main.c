/* SPDX-License-Identifier: MIT */
/* main.c - finds the verb and lets it run. */
#include <stdio.h>
#include <string.h>

#include "lab/cli/cli_priv.h"
#include "lab/base/suggest.h"
#include "lab/base/words.h"
#include "lab/os/child.h"

#ifdef NATDLAB_COMMIT
#define COMMIT " (" NATDLAB_COMMIT ")"
#else
#define COMMIT "" /* built from sources without their repository */
#endif

static const struct verb *const verbs[] = {
	&verb_run,
	&verb_check,
	&verb_plan,
	&verb_probe,
	&verb_modes,
	&verb_inspect,
};

static void usage(FILE *f)
{
	fputs("natdlab " NATDLAB_VERSION " - why does Windows refuse this L2TP/IPsec server "
	      "behind NAT, and will it refuse that one?\n\n",
	      f);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		fprintf(f, "  natdlab %-7s %-18s %s\n", verbs[i]->name, verbs[i]->args,
			verbs[i]->summary);
	fputs("\nBegin with: natdlab run topologies/article.yaml\n"
	      "natdlab VERB --help tells more; natdlab --version the version.\n",
	      f);
}

static const struct verb *find_verb(const char *name, struct err *e)
{
	struct suggest s = suggest_new(name);

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
		suggest_try(&s, verbs[i]->name);
	}
	err_set(e, ERR_INPUT, "unknown verb \"%s\"", name);
	err_suggest(e, &s, "see natdlab --help");
	return NULL;
}

/* What could not be written must not pass for a success: a full disk, a closed pipe. */
static int finish(int status)
{
	struct err e;

	if (fflush(stdout) || ferror(stdout)) {
		err_sys(&e, "cannot write to standard output");
		e.kind = ERR_MACHINE;
		return report_err(&e);
	}
	return status;
}

static const char *const help_words[] = {"--help", "-h", "help"};
static const char *const version_words[] = {"--version"};
static const struct words helps = WORDS_IN(help_words), versions = WORDS_IN(version_words);

int main(int argc, char **argv)
{
	const struct verb *verb;
	struct args args;
	struct err e = {0};

	child_prepare_main();
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (word_find(&helps, argv[1]) >= 0) {
		usage(stdout);
		return finish(0);
	}
	if (word_find(&versions, argv[1]) >= 0) {
		puts("natdlab " NATDLAB_VERSION COMMIT);
		return finish(0);
	}
	verb = find_verb(argv[1], &e);
	if (!verb || args_parse(&args, verb, argc - 2, argv + 2, &e))
		return report_err(&e);
	if (args.help) {
		verb_help(stdout, verb);
		return finish(0);
	}
	return finish(verb->run(&args));
}
