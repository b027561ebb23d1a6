/* SPDX-License-Identifier: MIT */
/*
 * err.h - the one way to report a failure of the environment: a file, the kernel, a program,
 * the user's words.
 *
 * A function that can fail takes a `struct err *`, fills it once, where the context is known,
 * and returns -1 (or NULL). Whoever cannot act on it passes it up; main prints it. Nothing is
 * both logged and returned. A bug is an assert(); a peer's bytes are never an error, they are an
 * `enum drop` and an event (nodes/base/event.h).
 */
#ifndef NATDLAB_BASE_ERR_H
#define NATDLAB_BASE_ERR_H

#include "lab/base/base.h"

/* What kind of failure; main() turns it into the exit status 2, 3 or 1. */
enum err_kind {
	ERR_NONE,
	ERR_INPUT,   /* the user's file or words: exit status 2 */
	ERR_MACHINE, /* this machine cannot do it: exit status 3 */
	ERR_FAILED,  /* tried, and it went wrong: exit status 1 */
};

struct err {
	enum err_kind kind;
	char text[1000]; /* harmless text (text.h) on one line, whatever was put into it */
	/* What the user can do about it, if that is more than a line: lines of static text to be
	 * printed as they are below @text; NULL none. Set it after err_set(), which forgets the
	 * old one. */
	const char *remedy;
};

/* Fills @e (which may be NULL) and returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Writes more behind what @e says; returns -1. */
int err_add(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same as err_set() with ": " and the text of errno at the end; the kind is ERR_MACHINE. */
int err_sys(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Puts "what: " before a text that is already there: context added on the way up. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The exit status of a kind, as the manual page has it. */
int err_exit_status(enum err_kind kind);

#endif
