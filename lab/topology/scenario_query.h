/* SPDX-License-Identifier: MIT */
/*
 * scenario_query.h - questions that a scenario answers by itself, without a plan or a run. Pure.
 */
#ifndef NATDLAB_TOPOLOGY_SCENARIO_QUERY_H
#define NATDLAB_TOPOLOGY_SCENARIO_QUERY_H

#include "lab/topology/scenario.h"

/* The node of that name, or NULL. */
const struct node *scenario_node(const struct scenario *s, const char *name);
/* Which node owns an address, directly or as an Elastic IP's outside; NULL none. */
const struct node *scenario_owner(const struct scenario *s, struct inet_addr addr);
/* Longest prefix: the interface through which @n sends to @dst, and in *@to to which neighbour; -1
 * when it knows no way. */
int scenario_route(const struct scenario *s, const struct node *n, struct inet_addr dst,
		   struct inet_addr *to);
/* The interface whose address a client or server has for its own: that towards what it dials,
 * else its first. */
unsigned scenario_own(const struct scenario *s, const struct node *n);
/* Is any node a virtual machine? */
bool scenario_has_vm(const struct scenario *s);
/* Is the link cut in the middle, for the lab to carry frames over: has it faults, or is one of its
 * ends a virtual machine? */
static inline bool scenario_link_is_cut(const struct scenario *s, unsigned link)
{
	const struct link *l = &s->links[link];
	bool cut = link_is_faulty(&l->faults);

	for (size_t i = 0; i < l->n_ifaces; i++)
		cut |= s->nodes[s->ifaces[l->ifaces[i]].node].vm;
	return cut;
}

/* Does the node's security group let a datagram in that nothing was sent for? @port: of UDP. */
bool node_allows(const struct node *n, uint8_t proto, uint16_t port);
/* The machine to which a NAPT forwards a port of its outside address, or NULL. */
const struct forward *napt_forward(const struct node *n, uint8_t proto, uint16_t port);

/*
 * How long a tracked UDP connection of a node lives without traffic. The kernel would begin with
 * 30 seconds and give 120 once the connection is older than two real seconds, which means nothing
 * to a clock that jumps; so every ruleset says it, the same before and after the first answer.
 */
#define NAPT_TIMEOUT (120 * SEC)    /* RFC 4787 REQ-5: not less than two minutes */
#define ALLOW_TIMEOUT (180 * SEC)   /* UDP streams, aws-conntrack */
#define EIP_TIMEOUT (24 * 3600 * SEC) /* an Elastic IP forgets nothing: it has nothing to know */
usec udp_timeout(const struct node *n);

/* The path of a virtual machine's socket: as the file says it, else NAME.sock. Lives in @a. */
const char *vm_socket(struct arena *a, const struct node *n);

#endif
