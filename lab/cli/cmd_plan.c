/* SPDX-License-Identifier: MIT */
/*
 * cmd_plan.c - `natdlab plan FILE [ID]`: a scenario as a shell script that builds its network.
 */
#include <string.h>

#include "lab/cli/cli_priv.h"
#include "lab/cli/confine.h"
#include "lab/plan/plan_script.h"
#include "lab/base/suggest.h"
#include "lab/topology/scenario.h"
#include "lab/cli/topology_file.h"
#include "lab/os/source_file.h"

static const struct option options[] = {
	{"seed", 's', "N", false, "seed of the ports that a NAPT draws (1)"},
};

/* Number of the scenario of that id, the first without one; -1 and @e if there is none. */
static long find_scenario(struct arena *a, const struct topology *t, const char *id,
			  struct err *e)
{
	struct suggest s;

	if (!id)
		return 0;
	s = suggest_new(id);
	for (size_t i = 0; i < scenario_count(t); i++) {
		const char *have = scenario_id(a, t, i);

		if (strcmp(have, id) == 0)
			return (long)i;
		suggest_try(&s, have);
	}
	err_set(e, ERR_INPUT, "%s has no scenario \"%s\"", topology_path(t), id);
	return err_suggest(e, &s, arena_printf(a, "the first is \"%s\"", scenario_id(a, t, 0)));
}

static int run(const struct args *args)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err e = {0};
	uint64_t seed;
	struct source src = {0};
	struct topology *t;
	long i;

	if (args_number(args, "seed", 0, UINT64_MAX, 1, &seed, &e) != 0 ||
	    source_read(a, args->v[0], &src, &e) != 0)
		return report_err(&e);
	confine();
	t = topology_or_mistakes(a, &src, NULL, 0);
	if (!t)
		return err_exit_status(ERR_INPUT);
	i = find_scenario(a, t, args->n > 1 ? args->v[1] : NULL, &e);
	if (i < 0)
		return report_err(&e);
	plan_script(plan_new(a, scenario_new(a, t, (size_t)i), seed), stdout);
	return 0;
}

const struct verb verb_plan = {
	.name = "plan",
	.args = "FILE [ID]",
	.summary = "one scenario as a shell script that builds the same network by hand",
	.more = "The script needs no root and leaves nothing. \"sh plan.sh client ip route\" runs "
		"a command in a node; without one it gives you a shell. Without ID it is the first "
		"scenario.",
	.min_args = 1,
	.max_args = 2,
	OPTIONS(options),
	.run = run,
};
