/* SPDX-License-Identifier: MIT */
/*
 * nft_ruleset.h - a node's rules as nft text: what the kernel loads and what `natdlab plan` shows,
 * with remarks for whoever reads it there. Pure.
 *
 * Everything that a ruleset drops goes through a counter named `dropped`, because the lab's clock
 * must know what became of every packet before it jumps.
 */
#ifndef NATDLAB_PLAN_NFT_RULESET_H
#define NATDLAB_PLAN_NFT_RULESET_H

#include "lab/plan/nat_rules.h"

/* @r: of a node, may be NULL; @extra: the node's own nft text, put behind, or NULL. NULL when both
 * are. */
const char *nft_ruleset(struct arena *a, const struct nat_rules *r, const char *extra);

/*
 * A map has so many elements in the text, and the rest in further ones, to be loaded one after the
 * other before there is a packet: in a user namespace a transaction has to fit into a socket's
 * buffer (net.core.wmem_max, 208 KiB). Text number @part, from 1; NULL: there are no more.
 */
#define NFT_ELEMENTS_MAX 1024
const char *nft_ruleset_more(struct arena *a, const struct nat_rules *r, size_t part);

/*
 * @r to be loaded in place of @old, in one transaction; both may be NULL, and NULL is given when
 * both are. The counters of drops go on. Unless @forget is true so does what tracked connections
 * hold on to, their timeout, and NAT_OPEN when both lists key it alike.
 */
const char *nft_ruleset_instead(struct arena *a, const struct nat_rules *old,
				const struct nat_rules *r, bool forget);

#endif
