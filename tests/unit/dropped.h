/* SPDX-License-Identifier: MIT */
/*
 * dropped.h - "dropped means unchanged": two dumps of a state compared line by line, and the
 * exceptions that a product makes on purpose.
 */
#ifndef NATDLAB_UNIT_DROPPED_H
#define NATDLAB_UNIT_DROPPED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nodes/base/event.h"
#include "tests/event_log.h"

/* What a message that is dropped for this reason may change: lines of the dump that begin so. */
struct exception {
	const char *drop, *line, *why;
	bool used;
};

static inline bool excepted(struct exception *list, size_t n, const char *drop, const char *line)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].drop, drop) &&
		    !strncmp(list[i].line, line, strlen(list[i].line))) {
			list[i].used = true;
			return true;
		}
	return false;
}

/* Is this whole line somewhere in @text? */
static inline bool has_line(const char *text, const char *line, size_t len)
{
	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, line, len) && at[len] == '\n')
			return true;
	}
	return false;
}

/* Every line of @a that @b does not have must be an exception. */
static inline void compare_lines(const char *a, const char *b, struct exception *list, size_t n,
				 const char *drop, const char *what)
{
	for (const char *at = a; *at;) {
		size_t len = strcspn(at, "\n");
		char line[160] = "";

		memcpy(line, at, len < sizeof(line) ? len : sizeof(line) - 1);
		if (!has_line(b, at, len) && !excepted(list, n, drop, line))
			fail_msg("%s: dropped (%s), and yet changed: %s", what, drop, line);
		at += len + (at[len] == '\n');
	}
}

/* True: nothing has changed at all. */
static inline bool assert_unchanged(const char *before, const char *after, struct exception *list,
				    size_t n, const char *drop, const char *what)
{
	if (!strcmp(before, after))
		return true;
	compare_lines(before, after, list, n, drop, what);
	compare_lines(after, before, list, n, drop, what);
	return false;
}

/* An exception that nothing needs is none. */
static inline void assert_all_used(const struct exception *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!list[i].used)
			fail_msg("nothing needs the exception \"%s\" changes \"%s\" (%s)",
				 list[i].drop, list[i].line, list[i].why);
}

/* The reason of the first drop in a log from its @from-th event on; NULL: there is none. */
static inline const char *drop_since(const struct ev_log *log, size_t from)
{
	for (size_t i = from; i < log->ev.n; i++)
		if (log->ev.v[i].kind == EV_DROP)
			return ev_get_str(&log->ev.v[i], K_DROP);
	return NULL;
}

#endif
