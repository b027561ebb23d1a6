/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the benchmarks share: clocks, medians, and how a ratio is printed.
 *
 * Only ratios are printed, of things measured in turns in one run: the machine may be busy with
 * other things, and is as busy for both. Medians, because what disturbs only ever adds.
 */
#ifndef NATDLAB_BENCH_BENCH_H
#define NATDLAB_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "lab/base/base.h"

static inline double bench_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds that pass. */
static inline double bench_now(void)
{
	return bench_clock(CLOCK_MONOTONIC);
}

/* Seconds that this thread has had a processor, in the kernel and outside of it. */
static inline double bench_cpu(void)
{
	return bench_clock(CLOCK_THREAD_CPUTIME_ID);
}

static inline int bench_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts @v. */
static inline double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), bench_order);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* A line of the table: what, ratio, aim, and whether it is met. @most: the aim is an upper bound.
 * run.sh counts the lines. */
static inline void bench_line(const char *what, double ratio, bool most, double aim)
{
	bool met = most ? ratio <= aim : ratio >= aim;

	printf("%-62s %8.3f   %s %-5g  %s\n", what, ratio, most ? "<=" : ">=", aim,
	       met ? "met" : "MISSED");
	fflush(stdout);
}

#endif
