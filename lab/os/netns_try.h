/* SPDX-License-Identifier: MIT */
/*
 * netns_try.h - can this machine build labs of namespaces?
 */
#ifndef NATDLAB_OS_NETNS_TRY_H
#define NATDLAB_OS_NETNS_TRY_H

#include "lab/base/err.h"

/* Builds the smallest lab that needs all that a lab needs. 0, or -1 with the reason and the remedy
 * in one line, ERR_MACHINE, in @e. Leaves nothing. */
int namespaces_try(struct err *e) MUST_CHECK;

#endif
