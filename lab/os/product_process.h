/* SPDX-License-Identifier: MIT */
/*
 * product_process.h - a real product as a node.
 *
 * Theory of operation. A daemon is a child of the lab, which is PID 1 of its PID namespace: when
 * the lab ends, however that happens, the kernel ends the daemon and whatever it has started. It
 * stands in its node's network namespace and in a mount namespace of its own, whose root is made
 * anew: see product_rootfs.c. What it is told, and how it is started, is text of product.h.
 *
 * It tells the lab through a pipe, which product_process_listen() reads; the lab never
 * waits for it, so that frames are read all the while.
 */
#ifndef NATDLAB_OS_PRODUCT_PROCESS_H
#define NATDLAB_OS_PRODUCT_PROCESS_H

#include "lab/base/err.h"
#include "lab/product/product.h"

struct product_process;

/*
 * Why the products of this scenario cannot be run, where `make real` has not been, with the remedy;
 * NULL when all are there, or the scenario has none. @real: the folder. The text lives in @a.
 */
const char *product_process_missing(struct arena *a, const struct scenario *s, const char *real);

/*
 * Starts a node's product. To be called in the node's network namespace. @log: a file to keep what
 * it says, with the configuration above it; NULL keeps nothing. NULL and @e on failure, but what
 * goes wrong in the child is told by product_process_listen().
 */
struct product_process *product_process_start(struct arena *a, const struct scenario *s,
					      const struct node *n, const char *real,
					      const char *log, struct err *e) MUST_CHECK;

/* Takes in what the daemon has said since. -1 when it has ended before it was told to, with its
 * last words in @e. */
int product_process_listen(struct product_process *d, struct err *e) MUST_CHECK;
bool product_process_is_ready(const struct product_process *d);
/* A client: dial now. Once, when all products are ready. */
void product_process_dial(struct product_process *d);
/* A client that has done with dialling: true, and in *@success what its product says. */
bool product_process_has_dialled(const struct product_process *d, bool *success);
/* Does this stand anywhere in its log? */
bool product_process_has_said(const struct product_process *d, const char *words);

/* Asks all of them to end, waits up to three seconds, and ends what is left. */
void product_processes_stop(struct product_process *const *d, size_t n);

#endif
