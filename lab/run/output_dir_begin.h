/* SPDX-License-Identifier: MIT */
/* output_dir_begin.h - the folder of a run, before the run. */
#ifndef NATDLAB_RUN_OUTPUT_DIR_BEGIN_H
#define NATDLAB_RUN_OUTPUT_DIR_BEGIN_H

#include "lab/base/err.h"

/*
 * The folder of a whole run, before it: made if it is not there; what a former run left in it is
 * removed, and nothing else; run.json says that this one is unfinished. 0, or -1.
 */
int output_dir_begin(const char *dir, struct err *e) MUST_CHECK;

#endif
