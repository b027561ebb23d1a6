/* SPDX-License-Identifier: MIT */
/* terminal.c - what standard output is connected to. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/cli/cli_priv.h"

bool want_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && no[0]) && !(term && !strcmp(term, "dumb"));
}
