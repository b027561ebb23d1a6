/* SPDX-License-Identifier: MIT */
/*
 * conntrack.c - connection tracking as text, and aged when the lab's clock jumps.
 *
 * The kernel keeps whole seconds and a clock may jump by less, so what an entry has left is kept
 * here to the microsecond for as long as nobody uses the entry.
 *
 * Reading a table costs some system calls for each entry, and a large lab jumps thousands of times.
 * So a table through which nothing has passed owes the jump: it is cut only when an entry ends,
 * when something has passed, or when somebody wants to see it.
 */
#include "lab/conntrack.h"

#include <netinet/in.h>
#include <stdio.h>

#include "lab/ground_priv.h"

/* ---- printing ---- */

static const char *proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ESP:
		return "esp";
	default:
		return "unknown";
	}
}

static const char *tcp_state_name(uint8_t state)
{
	static const char *const name[] = {
		"NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
		"CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2",
	};

	return state < ARRAY_LEN(name) ? name[state] : "UNKNOWN";
}

static void print_tuple(const struct ct_tuple *t, FILE *f)
{
	fprintf(f, "src=%s dst=%s ", INET_ADDR(t->src), INET_ADDR(t->dst));
	switch (t->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		fprintf(f, "sport=%u dport=%u ", t->sport, t->dport);
		break;
	case IPPROTO_ICMP:
		fprintf(f, "type=%u code=%u id=%u ", t->type, t->code, t->id);
		break;
	}
	if (t->packets)
		fprintf(f, "packets=%llu bytes=%llu ", (unsigned long long)t->packets,
			(unsigned long long)t->bytes);
}

static void print_entry(const struct ct_entry *en, FILE *f)
{
	uint8_t proto = en->dir[0].proto;

	fprintf(f, "%-8s %u %u ", proto_name(proto), proto, en->left_s);
	if (proto == IPPROTO_TCP)
		fprintf(f, "%s ", tcp_state_name(en->tcp_state));
	print_tuple(&en->dir[0], f);
	if (!en->replied)
		fputs("[UNREPLIED] ", f);
	print_tuple(&en->dir[1], f);
	if (en->assured)
		fputs("[ASSURED] ", f);
	fputs("mark=0\n", f);
}

/* ---- ageing ---- */

/* Tables of so many entries are aged exactly: those of eight clients of one NAT. */
#define EXACT 16

/* What the kernel is told to keep: rounded up, so that it never forgets too early. */
static uint32_t whole_seconds(usec left)
{
	return left > 0 ? (uint32_t)((left + SEC - 1) / SEC) : 0;
}

static uint64_t packets_of(const struct ct_entry *en)
{
	return en->dir[0].packets + en->dir[1].packets;
}

/* Not since it was last aged. A table that does not count shows a use by the time it gave. */
static bool unused(const struct ct_entry *en)
{
	if (!en->aged)
		return false;
	return packets_of(en) ? packets_of(en) == en->aged_packets
			      : en->left_s <= whole_seconds(en->aged_left);
}

/*
 * What an entry has left. If it was not used, our own account is finer than the kernel's whole
 * seconds. If it was, it was given one of the kernel's timeouts a moment ago, and "119" says that
 * a tick has passed since: the usual timeouts are multiples of 10 seconds.
 */
static usec left_of(const struct ct_entry *en)
{
	if (unused(en))
		return MIN(en->aged_left, (usec)(en->left_s + 1) * SEC);
	return (usec)(en->left_s + (en->left_s % 10 == 9)) * SEC;
}

static int age_entry(struct conntrack *ct, struct ct_entry *en, usec d, struct err *e)
{
	usec left = left_of(en) - d;
	uint32_t left_s = whole_seconds(left);

	en->aged = true;
	en->aged_left = left;
	en->aged_packets = packets_of(en);
	return left_s == en->left_s ? 0 : conntrack_keep(ct, en, left_s, e);
}

/* Cuts what every entry has left by what the node owes and @d more. An entry that was used owes
 * nothing for the time before. */
static int age(struct ground_node *node, usec d, struct err *e)
{
	struct ct_age *age = &node->age;
	struct ct_entry *v;
	size_t n;

	if (conntrack_read(node->ct, &v, &n, e) < 0)
		return -1;
	age->soonest = USEC_NEVER;
	for (size_t i = 0; i < n; i++) {
		if (age_entry(node->ct, &v[i], unused(&v[i]) ? age->owed + d : d, e) < 0)
			return -1;
		age->soonest = MIN(age->soonest, v[i].aged_left);
	}
	age->owed = 0;
	age->n = n;
	age->packets = node->ip_in + node->ip_out;
	return 0;
}

/*
 * Need the table not be aged now? Nobody can tell when nothing ends within @d and nothing has
 * passed since it was last read. Of a large one with traffic it costs some precision: what was used is
 * taken to have been used at the end of what the node owes, and lives longer by as much. That
 * grows with the table, so that reading it takes the same share of the lab's time at any size.
 */
static bool can_owe(const struct ground *g, const struct ground_node *node, usec d)
{
	const struct ct_age *age = &node->age;
	usec owed = age->owed + d;

	if (!g->taps || owed >= age->soonest)
		return false;
	return age->packets == node->ip_in + node->ip_out ||
	       (age->n > EXACT && owed <= MIN((usec)age->n * MSEC, SEC));
}

int ground_conntrack_age(struct ground *g, usec d, struct err *e)
{
	assert(d >= 0);
	for (size_t i = 0; i < g->s->n_nodes; i++) {
		struct ground_node *node = &g->node[i];

		if (!node->ct)
			continue;
		if (can_owe(g, node, d))
			node->age.owed += d;
		else if (age(node, d, e) < 0)
			return err_prefix(e, "%s: connection tracking", g->s->nodes[i].name);
	}
	return 0;
}

/* ---- tables ---- */

/* In order, so that two runs print the same: the kernel hashes with a number drawn at boot. */
static int print_table(struct ground_node *node, FILE *f, struct err *e)
{
	struct ct_entry *v;
	size_t n;

	if (node->age.owed && age(node, 0, e) < 0)
		return -1;
	if (conntrack_read(node->ct, &v, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		print_entry(&v[i], f);
	return 0;
}

int ground_conntrack_text(struct ground *g, unsigned node, FILE *f, struct err *e)
{
	struct ground_node *n = &g->node[node];

	if (n->ct && print_table(n, f, e) < 0) /* a node without rules does not track */
		return err_prefix(e, "%s: connection tracking", g->s->nodes[node].name);
	return 0;
}
