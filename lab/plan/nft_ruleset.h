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

/*
 * A map of UDP ports has so many elements in one text, and the rest in further ones, to be loaded
 * one after the other before there is a packet: in a user namespace a transaction has to fit into
 * a socket's buffer (net.core.wmem_max, 208 KiB).
 */
#define NFT_ELEMENTS_MAX 1024

/* Text number @part, from 0, of a node's rules @r, which may be NULL; NULL: there are no more.
 * @extra: the node's own nft text, or NULL; it stands at the end of the last part, so that it finds
 * all maps whole. */
const char *nft_ruleset(struct arena *a, const struct nat_rules *r, const char *extra,
			size_t part);

/*
 * The same for @r to be loaded in place of @old; both may be NULL. Each part is a transaction:
 * part 0 removes the old rules and has all new ones, and only of maps of more than NFT_ELEMENTS_MAX
 * elements is the rest in further parts. The counters of drops go on. Unless @forget is true so
 * does what tracked connections hold on to, their timeout, and NAT_OPEN when both lists key it
 * alike.
 */
const char *nft_ruleset_instead(struct arena *a, const struct nat_rules *old,
				const struct nat_rules *r, bool forget, size_t part);

#endif
