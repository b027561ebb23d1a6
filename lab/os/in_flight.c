/* SPDX-License-Identifier: MIT */
/*
 * in_flight.c - is anything still on its way? The lab's clock may jump only if not.
 *
 * On the kernels measured a datagram has crossed all namespaces when sendto() returns, and both
 * questions below are answered by comparing two counts. Kernels that deliver later (ksoftirqd
 * before 6.5, threaded NAPI, PREEMPT_RT) are why they are asked.
 *
 * A link balances when as many frames came as went. A forwarding node balances when as many IP
 * packets went as came; if not, the kernel's own counters must explain the difference: packets
 * dropped by the ruleset, addressed to the node, refused with an ICMP error, ... What
 * stays unexplained for PATIENCE of real time is taken for lost where the kernel does not count,
 * since otherwise the clock could never jump again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/os/clock.h"
#include "lab/os/os_priv.h"
#include "lab/topology/scenario_query.h"

#define PATIENCE (200 * MSEC)

/* How far from balance; 0 once it is forgiven. */
static size_t outstanding(struct balance *b, int64_t difference)
{
	usec now;

	if (difference == b->forgiven)
		return 0;
	now = clock_monotonic();
	if (difference != b->last || b->since == 0) {
		b->last = difference;
		b->since = now;
	} else if (now - b->since > PATIENCE) {
		b->forgiven = difference;
		b->since = 0;
		return 0;
	}
	return (size_t)llabs(difference - b->forgiven);
}

/* The sum of what is outstanding; what is in balance is looked at no more until it moves. */
static size_t sum_of(struct netns *g, struct moved *m, size_t (*of)(struct netns *g, unsigned i))
{
	size_t sum = 0, kept = 0;

	for (size_t k = 0; k < m->n; k++) {
		unsigned i = m->v[k];
		size_t out = of(g, i);

		sum += out;
		m->in[i] = out != 0;
		if (out)
			m->v[kept++] = i;
	}
	m->n = kept;
	return sum;
}

/* ---- links ---- */

static size_t in_flight_from(struct netns *g, unsigned iface)
{
	const struct scenario *s = g->s;
	const struct flow *from = &g->flow[iface], *to = &g->flow[netns_other_end(g, iface)];
	uint64_t way = scenario_link_is_cut(s, s->ifaces[iface].link)
			       ? from->sent - from->relayed + from->injected
			       : from->sent;

	return outstanding(&g->balance[iface], (int64_t)(way - to->received));
}

size_t netns_in_flight(struct netns *g)
{
	return taps_kept(g) + sum_of(g, &g->moved_ifaces, in_flight_from);
}

/* ---- the kernel's own account of a node (RFC 4293's counters) ---- */

static const char *const mib_file[2] = {
	"/proc/thread-self/net/snmp",
	"/proc/thread-self/net/netstat",
};

/* Packets that the kernel has answered for, beyond those forwarded one for one: +1 for each that
 * went in, -1 for each that came out, of the counter of that name. */
static const struct explanation {
	const char *counter;
	int sign;
} explanations[] = {
	{"InDelivers", 1},      /* addressed to the node */
	{"InUnknownProtos", 1},
	{"InHdrErrors", 1},     /* time to live exceeded, and worse */
	{"InAddrErrors", 1},
	{"InDiscards", 1},
	{"InNoRoutes", 1},      /* in netstat's IpExt */
	{"OutDiscards", 1},
	{"OutNoRoutes", 1},
	{"FragFails", 1},       /* too long, and not to be fragmented */
	{"ReasmReqds", 1},      /* fragments, which tracking joins ... */
	{"ReasmOKs", -1},       /* ... into one packet ... */
	{"FragOKs", 1},
	{"FragCreates", -1},    /* ... and the way out cuts again */
	{"OutRequests", -1},    /* the node's own, ICMP errors above all */
};

static int explanation_sign(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(explanations); i++)
		if (strlen(explanations[i].counter) == len &&
		    memcmp(explanations[i].counter, name, len) == 0)
			return explanations[i].sign;
	return 0;
}

/* Sums what lines such as "Ip: InReceives InDelivers" and "Ip: 12 10" say. */
static int64_t explained_by(const char *text, const char *group)
{
	const char *names = strstr(text, group), *values;
	int64_t sum = 0;

	if (!names)
		return 0;
	names += strlen(group);
	values = strstr(names, group);
	if (!values)
		return 0;
	values += strlen(group);
	while (*names == ' ' && *values == ' ') {
		size_t len = strcspn(++names, " \n");
		char *end;

		sum += explanation_sign(names, len) * strtoll(values, &end, 10);
		names += len;
		values = end;
	}
	return sum;
}

/* Opened once: a file of /proc/net belongs to the namespace in which it was opened. */
static int open_mibs(struct netns *g, unsigned node)
{
	struct netns_node *n = &g->node[node];

	if (n->mib[0] >= 0 && n->mib[1] >= 0)
		return 0;
	if (netns_enter(g, (int)node, NULL) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (n->mib[i] < 0)
			n->mib[i] = open(mib_file[i], O_RDONLY | O_CLOEXEC);
	if (netns_enter(g, -1, NULL) < 0)
		return -1;
	return n->mib[0] < 0 || n->mib[1] < 0 ? -1 : 0;
}

/* By how much fewer packets should have left than came; false if the kernel does not say. */
static bool explained(struct netns *g, unsigned node, int64_t *sum)
{
	static const char *const group[2] = {"Ip:", "IpExt:"};
	struct netns_node *n = &g->node[node];
	uint64_t dropped = 0;
	char text[8192];
	int rc = 0;

	*sum = 0;
	if (open_mibs(g, node) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		ssize_t len = pread(n->mib[i], text, sizeof(text) - 1, 0);

		if (len < 0)
			return false;
		text[len] = '\0';
		*sum += explained_by(text, group[i]);
	}
	if (n->ct) {
		if (netns_enter(g, (int)node, NULL) < 0)
			return false;
		rc = ctnetlink_dropped(&dropped, NULL);
		if (netns_enter(g, -1, NULL) < 0)
			return false;
	}
	*sum += (int64_t)dropped;
	return rc == 0;
}

static size_t unaccounted_in(struct netns *g, unsigned node)
{
	struct netns_node *n = &g->node[node];
	int64_t difference = (int64_t)(n->ip_in - n->ip_out), sum;

	if (difference == n->balance.forgiven)
		return 0;
	if (explained(g, node, &sum) && sum == difference) {
		n->balance = (struct balance){.forgiven = difference};
		return 0;
	}
	return outstanding(&n->balance, difference);
}

size_t netns_unaccounted(struct netns *g)
{
	return sum_of(g, &g->moved_nodes, unaccounted_in);
}
