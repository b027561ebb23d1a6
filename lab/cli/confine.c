/* SPDX-License-Identifier: MIT */
#include "lab/cli/confine.h"

#include "lab/os/sandbox.h"
#include "lab/report/json.h"

void confine(void)
{
	json_prepare();
	(void)sandbox_enter();
}
