/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "lab/base/base.h"

int main(void)
{
	puts("natdlab " NATDLAB_VERSION);
	return 0;
}
