/* SPDX-License-Identifier: MIT */
/*
 * cmd_check.c - `natdlab check FILE...`: reads and judges files, builds nothing.
 */
#include "lab/cli/cli_priv.h"
#include "lab/cli/confine.h"
#include "lab/report/json_schema.h"
#include "lab/topology/scenario.h"
#include "lab/cli/topology_file.h"
#include "lab/os/source_file.h"

static const struct option options[] = {
	{"schema", 0, NULL, false, "print the JSON schema of topology files, for editors"},
};

/* "12 scenarios (server.mode, client)" */
static void print_good(const struct topology *t)
{
	const char *const *axes;
	size_t n_axes = topology_axes(t, &axes), n = scenario_count(t);

	printf("%s: good: %s, %zu scenario%s", topology_path(t), topology_name(t), n,
	       n == 1 ? "" : "s");
	for (size_t i = 0; i < n_axes; i++)
		printf("%s%s", i ? " x " : " of ", axes[i]);
	putchar('\n');
}

/* A file's bytes, or why there are none. */
struct input {
	struct arena *a;
	struct source src;
	struct err e;
};

/* 0 good, 2 not. */
static int check_one(const struct input *in)
{
	struct topology *t;

	if (in->e.kind != ERR_NONE)
		return report_err(&in->e);
	t = topology_or_mistakes(in->a, &in->src, NULL, 0);
	if (!t)
		return err_exit_status(ERR_INPUT);
	print_good(t);
	return 0;
}

static int run(const struct args *args)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct input *in = arena_array_of(a, args->n, struct input);
	struct err e = {0};
	int worst = 0;

	if (args_flag(args, "schema")) {
		json_schema(stdout);
		return 0;
	}
	if (!args->n) {
		err_set(&e, ERR_INPUT, "check: usage: natdlab check FILE...");
		return report_err(&e);
	}

	for (unsigned i = 0; i < args->n; i++) {
		in[i].a = arena_new();
		source_read(in[i].a, args->v[i], &in[i].src, &in[i].e);
	}
	confine();
	for (unsigned i = 0; i < args->n; i++) {
		int status = check_one(&in[i]);

		worst = MAX(worst, status);
		arena_free(in[i].a);
	}
	return worst;
}

const struct verb verb_check = {
	.name = "check",
	.args = "FILE...",
	.summary = "read and judge topology files, nothing else",
	.more = "All mistakes of a file are told at once, each with its line and a caret. \"-\" is "
		"standard input.",
	.max_args = ARGS_MAX,
	OPTIONS(options),
	.run = run,
};
