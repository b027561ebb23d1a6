/* SPDX-License-Identifier: MIT */
/* cmd_run.c - natdlab run FILE... */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lab/cli/cli_priv.h"
#include "lab/os/net_kernel.h"
#include "lab/os/netns_try.h"
#include "lab/os/source_file.h"
#include "lab/report/json.h"
#include "lab/report/report_lines.h"
#include "lab/report/report_table.h"
#include "lab/run/output_dir.h"
#include "lab/run/output_dir_begin.h"
#include "lab/run/run.h"
#include "lab/net/sim.h"
#include "lab/topology/scenario_query.h"
#include "lab/topology/value_types.h"
#include "lab/cli/topology_file.h"

#define JOBS_MAX 256
#define DEFAULT_WAIT (600 * SEC) /* for virtual machines, where no person can type Ctrl-C */

/* The words of --backend. */
enum backend { BACKEND_AUTO, BACKEND_NETNS, BACKEND_SIM };

static const struct option options[] = {
	{"format", 'f', "table|json|jsonl|junit|tap|markdown", false,
	 "how to print the result (table)"},
	{"output", 'o', "DIR", false,
	 "keep run.json and each scenario's events, capture, plan ..."},
	{"filter", 0, "ID-GLOB", false, "only the scenarios whose id matches: 'softether-*/*'"},
	{"list", 0, NULL, false, "print the scenario ids and stop"},
	{"set", 0, "NODE.KEY=VALUE", true, "change a value of the file for this run"},
	{"seed", 0, "N|random", false,
	 "of all keys, cookies and drawn ports (1); \"random\" draws one"},
	{"backend", 0, "auto|netns|sim", false, "where the network is built (auto: in namespaces)"},
	{"realtime", 0, NULL, false, "let the clock run instead of jumping over waits"},
	{"jobs", 'j', "N", false, "labs at once (one per processor)"},
	{"fail-fast", 0, NULL, false, "start no more scenarios after the first that fails"},
	{"real", 0, "DIR", false,
	 "where `make real` has put real products (real, beside the program)"},
	{"wait", 0, "TIME", false,
	 "of virtual machines at most (for ever on a terminal, else 10m)"},
	{"verbose", 'v', NULL, false, "for each hash the command line that recomputes it"},
};

/* The progress line: only on a terminal, on standard error, wiped when done. */
struct progress {
	bool on;
	size_t width;
};

static void show_progress(void *ctx, size_t done, size_t all, const char *id)
{
	struct progress *p = ctx;
	char line[100];
	int n;

	if (!p->on)
		return;
	n = snprintf(line, sizeof(line), "%zu/%zu %s", done, all, id);
	fprintf(stderr, "\r%-*s", (int)p->width, line);
	p->width = MAX(p->width, MIN((size_t)n, sizeof(line) - 1));
	fflush(stderr);
}

static void wipe_progress(struct progress *p)
{
	if (p->width)
		fprintf(stderr, "\r%*s\r", (int)p->width, "");
	p->width = 0;
	fflush(stderr);
}

/* --set client.registry=2 */
static int read_settings(struct arena *a, const struct args *args, struct setting **out, size_t *n,
			 struct err *e)
{
	VEC(struct setting) v = {0};
	const char *text;

	for (unsigned i = 0; (text = args_nth(args, "set", i)); i++) {
		const char *dot = strchr(text, '.'), *eq = strchr(text, '=');

		if (!dot || !eq || dot > eq || dot == text || eq == dot + 1)
			return err_set(e, ERR_INPUT, "run: --set wants NODE.KEY=VALUE, not \"%s\"",
				       text);
		*vec_push(a, &v) = (struct setting){
			.node = arena_strn(a, text, (size_t)(dot - text)),
			.key = arena_strn(a, dot + 1, (size_t)(eq - dot - 1)),
			.value = eq + 1,
		};
	}
	*out = v.v;
	*n = v.n;
	return 0;
}

static int read_seed(const struct args *args, uint64_t *seed, struct err *e)
{
	if (args_choice(args, "seed") == 1) {
		if (getrandom(seed, sizeof(*seed), 0) != (ssize_t)sizeof(*seed))
			return err_sys(e, "the kernel gives no random seed");
		*seed %= 1000000; /* short enough to be typed again */
		return 0;
	}
	return args_number(args, "seed", 0, INT64_MAX, 1, seed, e);
}

/* On a terminal a person can end the wait, so it has no bound there. */
static int read_wait(const struct args *args, usec *wait, struct err *e)
{
	const char *text = args_value(args, "wait");

	*wait = isatty(STDERR_FILENO) ? 0 : DEFAULT_WAIT;
	if (text && (!duration_parse(text, wait) || !*wait))
		return err_set(e, ERR_INPUT, "run: --wait is a time such as 30s, 10m or 2h, up to a "
			       "day, not \"%s\"", text);
	return 0;
}

/* JUnit and TAP are one document for all files: run_files() prints them. */
static void print_result(const struct args *args, const struct run_result *run)
{
	const struct report_style style = {
		.colour = want_colour(),
		.verbose = args_flag(args, "verbose"),
	};

	switch ((enum format)args_choice(args, "format")) {
	case FORMAT_TEXT:
		report_table(stdout, run, &style);
		break;
	case FORMAT_JSON:
		json_run(stdout, run);
		break;
	case FORMAT_JSONL:
		for (size_t i = 0; i < run->n; i++)
			json_scenario_line(stdout, run, i);
		break;
	case FORMAT_MARKDOWN:
		report_markdown(stdout, run);
		break;
	case FORMAT_JUNIT:
	case FORMAT_TAP:
		break;
	}
}

static int keep_run(struct arena *a, const char *dir, const struct run_result *run, struct err *e)
{
	const char *path = arena_printf(a, "%s/run.json", dir);
	FILE *f = fopen(path, "we");
	bool bad;

	if (!f)
		return err_sys(e, "cannot write %s", path);
	json_run(f, run);
	bad = ferror(f) != 0;
	if (fclose(f) || bad)
		return err_sys(e, "cannot write %s", path);
	return 0;
}

/* The exit status, as the manual page has it. Where a file expects nothing, a connection that does
 * not come up is not as wanted. */
static int exit_status(const struct run_result *run)
{
	bool machine = false, unwanted = false;

	for (size_t i = 0; i < run->n; i++) {
		const struct scenario_result *r = run->results[i];

		if (!r)
			continue;
		machine |= !r->ran && r->error.kind == ERR_MACHINE;
		for (unsigned k = 0; !r->n_expects && k < r->n_connections; k++)
			unwanted |= r->connections[k].outcome != OUTCOME_CONNECTED;
	}
	switch (run_verdict(run)) {
	case VERDICT_PASS:
		return unwanted ? 1 : 0;
	case VERDICT_FAIL:
	case VERDICT_UNDECIDED:
		return machine ? 3 : 1;
	case VERDICT_SKIPPED:
		return 3;
	}
	return 1;
}

static void list(struct arena *a, const struct topology *t, const char *filter)
{
	for (size_t i = 0; i < scenario_count(t); i++)
		if (run_wants(filter, scenario_id(a, t, i)))
			puts(scenario_id(a, t, i));
}

/* Where namespaces are refused, the simulator runs what it can, and the first line says so. */
static int run_somewhere(struct arena *a, const struct args *args, struct run_config *cfg,
			 struct run_result *run, struct err *e)
{
	bool automatic = args_choice(args, "backend") == BACKEND_AUTO;
	bool table = args_choice(args, "format") == FORMAT_TEXT;
	struct err why = {0};

	if (!run_all(a, cfg, run, e))
		return 0;
	if (!automatic || cfg->realtime || !cfg->backend->namespaces || e->kind != ERR_MACHINE)
		return -1;
	/* A full disk is no reason to simulate: only where not even a lab on trial can be built. */
	if (!namespaces_try(&why))
		return -1;
	fprintf(table ? stdout : stderr, "backend: sim (no namespaces here: %s)\n", why.text);
	cfg->backend = &net_sim;
	return run_all(a, cfg, run, e);
}

/* 0, or -1 with the message printed and *@status set: nothing was run. */
static int run_file(struct arena *a, const struct args *args, const struct topology *t,
		    struct run_config cfg, struct run_result *out, int *status)
{
	/* Where machines are waited for, the labs themselves tell how far they are. */
	struct progress progress = {.on = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO) &&
					  !scenario_has_vm(scenario_new(a, t, 0))};
	struct err e = {0};
	int failed;

	cfg.topology = t;
	if (cfg.dir && args->n > 1)
		cfg.dir = arena_printf(a, "%s/%s", cfg.dir, topology_name(t));
	cfg.progress = show_progress;
	cfg.ctx = &progress;
	failed =
		(cfg.dir && output_dir_begin(cfg.dir, &e)) || run_somewhere(a, args, &cfg, out, &e);
	wipe_progress(&progress);
	if (failed) {
		*status = report_err(&e);
		return -1;
	}
	*status = exit_status(out);
	if (cfg.dir && keep_run(a, cfg.dir, out, &e))
		*status = report_err(&e);
	return 0;
}

/*
 * One status for several files, as if they were one: what cannot be read, then what is not as
 * wanted, then what this machine cannot do; and a file of which everything was skipped counts only
 * where nothing else was run.
 */
static int worse(int a, int b)
{
	static const unsigned char rank[] = {0, 2, 3, 1};

	assert(a >= 0 && b >= 0 && a <= 3 && b <= 3);
	return rank[a] > rank[b] ? a : b;
}

static int run_files(struct arena *a, const struct args *args, struct topology *const *files,
		     const struct run_config *cfg)
{
	enum format format = args_choice(args, "format");
	bool paragraphs = format == FORMAT_TEXT || format == FORMAT_MARKDOWN;
	struct run_result *runs = arena_array_of(a, args->n, struct run_result);
	bool ran = false, skipped = false;
	int status = 0, one;
	size_t n = 0;

	for (unsigned i = 0; i < args->n; i++) {
		if (i && paragraphs)
			putchar('\n');
		if (!run_file(a, args, files[i], *cfg, &runs[n], &one)) {
			print_result(args, &runs[n++]);
			if (one == 3 && run_verdict(&runs[n - 1]) == VERDICT_SKIPPED) {
				skipped = true;
				continue;
			}
		}
		ran = true;
		status = worse(status, one);
	}
	if (skipped && !ran)
		status = 3;
	if (format == FORMAT_JUNIT && n)
		report_junit(stdout, runs, n);
	if (format == FORMAT_TAP && n)
		report_tap(stdout, runs, n);
	return status;
}

/* Folders of several files are called as their topologies are. */
static int check_folders(const struct args *args, struct topology *const *files, struct err *e)
{
	const char *dir = args_value(args, "output");

	if (dir && !*dir)
		return err_set(e, ERR_INPUT, "run: --output wants the name of a folder");
	for (unsigned i = 0; dir && i < args->n; i++)
		for (unsigned k = 0; k < i; k++)
			if (!strcmp(topology_name(files[i]), topology_name(files[k])))
				return err_set(e, ERR_INPUT,
					       "run: %s and %s are both called %s: one would "
					       "overwrite the other in %s",
					       args->v[k], args->v[i], topology_name(files[k]),
					       dir);
	return 0;
}

/* `make real` puts them beside the program that `make` has built. */
static const char *real_folder(struct arena *a, const struct args *args)
{
	const char *given = args_value(args, "real");
	char *self = given ? NULL : realpath("/proc/self/exe", NULL);
	char *folder = given ? realpath(given, NULL) : NULL, *slash;
	const char *out = given;

	if (folder)
		out = arena_str(a, folder);
	if (self && (slash = strrchr(self, '/')))
		out = arena_printf(a, "%.*s/real", (int)(slash - self), self);
	free(self);
	free(folder);
	return out ? out : "real";
}

static int run(const struct args *args)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct run_config cfg = {
		.backend = args_choice(args, "backend") == BACKEND_SIM ? &net_sim : &net_kernel,
		.filter = args_value(args, "filter"),
		.dir = args_value(args, "output"),
		.real = real_folder(a, args),
		.realtime = args_flag(args, "realtime"),
		.fail_fast = args_flag(args, "fail-fast"),
	};
	struct topology **files = arena_array_of(a, args->n, struct topology *);
	struct setting *set = NULL;
	size_t n_set = 0;
	uint64_t jobs;
	struct err e = {0};
	int status = 0;

	if (args_number(args, "jobs", 1, JOBS_MAX, cpus > 0 ? (uint64_t)cpus : 1, &jobs, &e) ||
	    read_seed(args, &cfg.seed, &e) || read_settings(a, args, &set, &n_set, &e) ||
	    read_wait(args, &cfg.wait, &e))
		return report_err(&e);
	cfg.jobs = (unsigned)jobs;
	if (cfg.realtime && cfg.backend == &net_sim) {
		err_set(&e, ERR_INPUT,
			"run: --realtime needs namespaces: the simulator has no clock "
			"of its own to wait for");
		return report_err(&e);
	}
	/* All files are judged before the first is run. */
	for (unsigned i = 0; i < args->n; i++) {
		struct source src = {0};

		if (source_read(a, args->v[i], &src, &e) != 0)
			report_err(&e);
		else
			files[i] = topology_or_mistakes(a, &src, set, n_set);
		if (!files[i])
			status = 2;
	}
	if (status)
		return status;
	if (args_flag(args, "list")) {
		for (unsigned i = 0; i < args->n; i++)
			list(a, files[i], cfg.filter);
		return 0;
	}
	if (check_folders(args, files, &e))
		return report_err(&e);
	return run_files(a, args, files, &cfg);
}

const struct verb verb_run = {
	.name = "run",
	.args = "FILE...",
	.summary = "build, connect, judge, print",
	.more = "Each scenario of a topology file is built from network namespaces, its clients "
		"dial, and "
		"what the wire showed is printed. No root is needed where user namespaces are "
		"allowed. "
		"Exit status: 0 as expected; 1 not; 2 bad input; 3 this machine cannot do it.",
	.min_args = 1,
	.max_args = ARGS_MAX,
	OPTIONS(options),
	.run = run,
};
