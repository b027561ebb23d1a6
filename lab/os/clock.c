/* SPDX-License-Identifier: MIT */
#include "lab/os/clock.h"

#include <time.h>

static usec read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (usec)ts.tv_sec * SEC + ts.tv_nsec / 1000;
}

usec clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

usec clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}
