/* SPDX-License-Identifier: MIT */
/*
 * daemon.h - a real product as a node (floor 3).
 *
 *	daemon.c       the process: started, asked, stopped
 *	daemon_root.c  what it sees of the file system
 *
 * Theory of operation. A daemon is a child of the lab, which is PID 1 of its PID namespace: when
 * the lab ends, however that happens, the kernel ends the daemon and whatever it has started. It
 * stands in its node's network namespace and in a mount namespace of its own, whose root is made
 * anew: see daemon_root.c. What it is told, and how it is started, is text of product.h.
 *
 * The lab hears from it through a pipe, reads it with daemon_listen() and never waits for it, so
 * that frames are read all the while.
 */
#ifndef NATDLAB_DAEMON_H
#define NATDLAB_DAEMON_H

#include "lab/base/err.h"
#include "lab/product/product.h"

struct daemon;

/*
 * Why the products of this scenario cannot be run, where `make real` has not been, with the remedy;
 * NULL when all are there, or the scenario has none. @real: the folder. The text lives in @a.
 */
const char *daemon_missing(struct arena *a, const struct scenario *s, const char *real);

/*
 * Starts a node's product. To be called in the node's network namespace. @log: a file to keep what
 * it says, with the configuration above it; NULL keeps nothing. NULL and @e on failure, but what
 * goes wrong in the child is told by daemon_listen().
 */
struct daemon *daemon_start(struct arena *a, const struct scenario *s, const struct node *n,
			    const char *real, const char *log, struct err *e) MUST_CHECK;

/* Takes in what the daemon has said since. -1 when it has ended before it was told to, with its
 * last words in @e. */
int daemon_listen(struct daemon *d, struct err *e) MUST_CHECK;
bool daemon_is_ready(const struct daemon *d);
/* A client: dial now. Once, when everybody is ready. */
void daemon_dial(struct daemon *d);
/* A client that has done with dialling: true, and in *@success what its product says. */
bool daemon_has_dialled(const struct daemon *d, bool *success);
/* Does this stand anywhere in its log? */
bool daemon_has_said(const struct daemon *d, const char *words);

/* Asks all of them to end, waits up to three seconds, and ends what is left. */
void daemons_stop(struct daemon *const *d, size_t n);

/* ---- daemon_root.c ---- */

/*
 * Moves this process, which must be about to exec(), into a mount namespace and a root of its own,
 * with @real/@p->folder over the system's programs and @p's files in place.
 */
int daemon_root_enter(const char *real, const struct product_setup *p, struct err *e) MUST_CHECK;

#endif
