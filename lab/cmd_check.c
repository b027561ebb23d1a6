/* SPDX-License-Identifier: MIT */
#include "lab/options.h"

static int run(const struct args *args)
{
	(void)args;
	return 3;
}

const struct verb verb_check = {
	.name = "check",
	.args = "FILE...",
	.summary = "(not here yet)",
	.min_args = 1,
	.max_args = ARGS_MAX,
	.run = run,
};
