/* SPDX-License-Identifier: MIT */
/*
 * product.h - what a real strongSwan, Libreswan or SoftEther is told (`run:` of a node): the files
 * of its configuration as text. Pure.
 *
 * A product is a row: which folder of `make real` has it, and a function that writes its
 * configuration. How it is called, and which mode stands for it, is in products.h.
 */
#ifndef NATDLAB_PRODUCT_PRODUCT_H
#define NATDLAB_PRODUCT_PRODUCT_H

#include "lab/topology/products.h"
#include "lab/topology/scenario.h"

struct product_file {
	const char *path; /* absolute, as the daemon sees it */
	const char *text;
};

#define PRODUCT_FILES 6
#define PRODUCT_START "/run/natdlab/start" /* among the files, for /bin/sh */

/* What stands in a daemon's private root besides what the product's packages brought. */
struct product_setup {
	const char *folder;            /* below `--real`: "strongswan" */
	const char *const *made;       /* empty folders that it wants, ended by NULL */
	struct product_file files[PRODUCT_FILES];
	size_t n_files;
};

/* The file without which it cannot be run, below `--real`: "strongswan/usr/lib/ipsec/charon". */
const char *product_needs(enum product p);

/*
 * The files for a node whose `run` is set. @s: of which it is a node. Everything lives in @a.
 *
 * The start script says on descriptor 3 "ready" when the product answers. A client then waits for
 * a line on its standard input, dials, and says "done N" when that has come to an end: 0, the
 * product reports success. On SIGTERM all ends politely.
 */
struct product_setup product_setup(struct arena *a, const struct scenario *s,
				   const struct node *n);

#endif
