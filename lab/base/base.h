/* SPDX-License-Identifier: MIT */
/*
 * base.h - the few things every file of natdlab needs.
 *
 * The lowest room: nothing here knows of VPNs, files or the kernel.
 */
#ifndef NATDLAB_BASE_BASE_H
#define NATDLAB_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NATDLAB_VERSION "0.1.0"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* These look at the smaller or larger argument twice: hand them values, not calls. */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The structure of @type whose @member @p points to. */
#define OWNER_OF(p, type, member) ((type *)(void *)((char *)(p) - offsetof(type, member)))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/*
 * One time in the whole program: microseconds since the lab began (or since the epoch, for
 * somebody's capture). Signed, so that differences need no care.
 */
typedef int64_t usec;
#define USEC_NEVER INT64_MAX
#define MSEC ((usec)1000)
#define SEC ((usec)1000000)

#endif
