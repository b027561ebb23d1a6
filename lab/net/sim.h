/* SPDX-License-Identifier: MIT */
/*
 * sim.h - the backend without a kernel: the same plan in memory. Pure.
 *
 * UDP and ESP between embedded nodes cross routers, NAPTs, Elastic IPs and security groups as
 * they do in namespaces, and every link shows the same frames in the same order. There is no
 * ICMP, no fragmentation and no nft: what needs them, says its refuses(), belongs in namespaces.
 */
#ifndef NATDLAB_NET_SIM_H
#define NATDLAB_NET_SIM_H

#include "lab/net/net.h"

extern const struct net_ops net_sim;

#endif
