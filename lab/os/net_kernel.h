/* SPDX-License-Identifier: MIT */
/*
 * net_kernel.h - the backend that builds a plan in the kernel's network namespaces.
 */
#ifndef NATDLAB_OS_NET_KERNEL_H
#define NATDLAB_OS_NET_KERNEL_H

#include "lab/net/net.h"

/* Works inside a process of namespaces_start() only. */
extern const struct net_ops net_kernel;

#endif
