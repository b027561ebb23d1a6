/* SPDX-License-Identifier: MIT */
/* kinds.h - the kinds of nodes that a topology file may have. Pure. */
#ifndef NATDLAB_TOPOLOGY_KINDS_H
#define NATDLAB_TOPOLOGY_KINDS_H

#include "lab/base/words.h"

/* KIND_VM is a word of files only: such a node is of kind client or server, as its mode is, and
 * node.vm tells. */
enum kind {
	KIND_CLIENT, KIND_SERVER, KIND_ROUTER, KIND_NAPT, KIND_EIP, KIND_HOST, KIND_VM, KINDS,
};

/* A set of kinds: an OR of KIND_BIT()s. */
#define KIND_BIT(k) (1u << (k))
#define KINDS_ALL (KIND_BIT(KINDS) - 1)

/* "client", ... as `kind:` has it. */
const char *kind_name(enum kind k);
/* The kind of that name; KINDS when there is none. */
enum kind kind_find(const char *name);
/* All names, in the order of enum kind. */
extern const struct words kind_words;

#endif
