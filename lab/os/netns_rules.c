/* SPDX-License-Identifier: MIT */
/* netns_rules.c - other rules in place of a node's, while a lab runs. */
#include "lab/os/os_priv.h"
#include "lab/plan/nft_ruleset.h"

int netns_rules_replace(struct netns *g, unsigned node, const struct nat_rules *rules, bool forget,
			struct err *e)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct netns_node *n = &g->node[node];
	const char *name = g->s->nodes[node].name;
	const char *text = nft_ruleset_instead(a, n->rules, rules, forget, 0);

	if (g->s->nodes[node].nft)
		return err_set(e, ERR_FAILED, "%s has nft text of its own: its rules cannot be "
			       "replaced", name);
	if (!nat_rules_can_follow(n->rules, rules, forget, e) ||
	    netns_conntrack_settle(g, node, false, e) < 0 ||
	    (text && netns_conntrack_begin(g, node, e) < 0))
		return err_prefix(e, "%s: other rules", name);
	for (size_t part = 1; text; part++) {
		if (netns_run_nft(g, node, text, e) < 0)
			return err_prefix(e, "%s: other rules", name);
		text = nft_ruleset_instead(a, n->rules, rules, forget, part);
	}
	n->rules = rules;
	return netns_conntrack_settle(g, node, forget, e) < 0
		       ? err_prefix(e, "%s: other rules", name) : 0;
}
