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
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/wire.h"
#include "lab/os/os_priv.h"

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

/* So far behind a timeout may be what an entry has left, on a busy machine, a moment after it got
 * it; else it got another one: the topology file's own rules may say so. */
#define BUSY 10

/* What the node's ruleset gives to an entry that is used; 0: it does not say. */
static usec given(const struct nat_rules *r, const struct ct_entry *en)
{
	usec t = r ? r->timeout : 0;

	if (!t || en->dir[0].proto != IPPROTO_UDP || en->left_s > t / SEC ||
	    en->left_s + BUSY < t / SEC)
		return 0;
	return t;
}

/*
 * What an entry has left. If it was not used, our own account is finer than the kernel's whole
 * seconds. If it was, it was given its timeout a moment ago: by the ruleset, or one of the
 * kernel's own, which are multiples of 10 seconds, so that "29" says that a tick has passed since.
 */
static usec left_of(const struct nat_rules *r, const struct ct_entry *en)
{
	if (unused(en))
		return MIN(en->aged_left, (usec)(en->left_s + 1) * SEC);
	return given(r, en) ? given(r, en) : (usec)(en->left_s + (en->left_s % 10 == 9)) * SEC;
}

static int age_entry(struct conntrack *ct, const struct nat_rules *r, struct ct_entry *en,
		     usec d, struct err *e)
{
	usec left = left_of(r, en) - d;
	uint32_t left_s = whole_seconds(left);

	/* The same connection may be there again at the next look, and the kernel may give it the
	 * same place and so the same name: what is removed has no past. */
	en->aged = left_s > 0;
	en->aged_left = left;
	en->aged_packets = packets_of(en);
	return left_s == en->left_s ? 0 : conntrack_keep(ct, en, left_s, e);
}

static void put_closing(FILE *f, const struct ct_opening *o)
{
	struct rd port = rd_new(o->key + 4, 2);

	fprintf(f, "delete element ip filter open { %s . %u", INET_ADDR(inet_from_bytes(o->key, 4)),
		rd_u16(&port, "port"));
	if (o->key_len > 8)
		fprintf(f, " . %s", INET_ADDR(inet_from_bytes(o->key + 8, 4)));
	fputs(" }\n", f);
}

/*
 * Removes those of @n openings whose time is over, in one transaction, since each waits for RCU.
 * The kernel takes an opening away itself when its time is over in real time, which on a busy
 * machine may be sooner; then the transaction fails as a whole, and each is removed alone.
 */
static int close_openings(struct netns *g, unsigned node, const struct ct_opening *v, size_t n,
			  struct err *e)
{
	struct err said = {0};
	char *commands = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&commands, &len);
	int rc = 0;

	assert(f);
	for (size_t k = 0; k < n; k++)
		if (!v[k].aged)
			put_closing(f, &v[k]);
	fclose(f);
	if (len)
		rc = netns_run_nft(g, node, commands, &said);
	free(commands);
	if (rc == 0)
		return 0;
	if (!strstr(said.text, strerror(ENOENT)))
		return err_set(e, said.kind, "%s", said.text);
	for (size_t k = 0; k < n && n > 1; k++)
		if (close_openings(g, node, &v[k], 1, e) < 0)
			return -1;
	return 0;
}

/* The openings of a NAPT that lets strangers in: connection tracking does not know them. */
static int age_openings(struct netns *g, unsigned i, usec d, struct err *e)
{
	const struct nat_rules *r = g->node[i].rules;
	struct ct_age *age = &g->node[i].age;
	struct ct_opening *v;
	size_t count;

	if (!r || !nat_rules_use(r, NAT_OPEN))
		return 0;
	if (conntrack_read_open(g->node[i].ct, &v, &count, e) < 0)
		return -1;
	for (size_t k = 0; k < count; k++) {
		bool idle = v[k].aged && v[k].packets == v[k].aged_packets;

		v[k].aged_left = idle ? v[k].aged_left - age->owed - d : r->timeout - d;
		v[k].aged = v[k].aged_left > 0;
		v[k].aged_packets = v[k].packets;
		if (v[k].aged)
			age->soonest = MIN(age->soonest, v[k].aged_left);
	}
	return close_openings(g, i, v, count, e);
}

/* Cuts what every entry has left by what the node owes and @d more. An entry that was used owes
 * nothing for the time before. */
static int age(struct netns *g, unsigned node, usec d, struct err *e)
{
	struct netns_node *gn = &g->node[node];
	struct ct_age *age = &gn->age;
	struct ct_entry *v;
	size_t n;

	if (conntrack_read(gn->ct, &v, &n, e) < 0)
		return -1;
	age->soonest = USEC_NEVER;
	for (size_t i = 0; i < n; i++) {
		if (age_entry(gn->ct, gn->rules, &v[i], unused(&v[i]) ? age->owed + d : d, e) < 0)
			return -1;
		if (v[i].aged)
			age->soonest = MIN(age->soonest, v[i].aged_left);
	}
	if (age_openings(g, node, d, e) < 0)
		return -1;
	age->owed = 0;
	age->n = n;
	age->packets = gn->ip_in + gn->ip_out;
	return 0;
}

/*
 * Need the table not be aged now? Nobody can tell when nothing ends within @d and nothing has
 * passed since it was last read. Of a large one with traffic it costs some precision: what was used
 * is taken to have been used at the end of what the node owes, and lives longer by as much. That
 * grows with the table, so that reading it takes the same share of the lab's time at any size.
 */
static bool can_owe(const struct netns *g, const struct netns_node *node, usec d)
{
	const struct ct_age *age = &node->age;
	usec owed = age->owed + d;

	if (!g->taps || owed >= age->soonest)
		return false;
	return age->packets == node->ip_in + node->ip_out ||
	       (age->n > EXACT && owed <= MIN((usec)age->n * MSEC, SEC));
}

int netns_conntrack_age(struct netns *g, usec d, struct err *e)
{
	assert(d >= 0);
	for (unsigned i = 0; i < g->s->n_nodes; i++) {
		struct netns_node *node = &g->node[i];

		if (!node->ct)
			continue;
		if (can_owe(g, node, d))
			node->age.owed += d;
		else if (age(g, i, d, e) < 0)
			return err_prefix(e, "%s: connection tracking", g->s->nodes[i].name);
	}
	return 0;
}

int netns_conntrack_begin(struct netns *g, unsigned node, struct err *e)
{
	struct netns_node *n = &g->node[node];

	if (n->ct)
		return 0;
	if (netns_enter(g, (int)node, e) < 0)
		return -1;
	n->ct = conntrack_open(e);
	return netns_enter(g, -1, n->ct ? e : NULL) < 0 || !n->ct ? -1 : 0;
}

int netns_conntrack_settle(struct netns *g, unsigned node, bool forget, struct err *e)
{
	struct netns_node *n = &g->node[node];
	struct ct_entry *v;
	size_t count;

	if (!n->ct || (n->age.owed && age(g, node, 0, e) < 0))
		return n->ct ? -1 : 0;
	if (!forget)
		return 0;
	if (conntrack_read(n->ct, &v, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (conntrack_keep(n->ct, &v[i], 0, e) < 0)
			return -1;
	n->age = (struct ct_age){0};
	return 0;
}

/* ---- tables ---- */

/* In order, so that two runs print the same: the kernel hashes with a number drawn at boot. */
static int print_table(struct netns *g, unsigned i, FILE *f, struct err *e)
{
	struct netns_node *node = &g->node[i];
	struct ct_entry *v;
	size_t n;

	if (netns_conntrack_settle(g, i, false, e) < 0)
		return -1;
	if (conntrack_read(node->ct, &v, &n, e) < 0)
		return -1;
	for (size_t k = 0; k < n; k++)
		print_entry(&v[k], f);
	return 0;
}

int netns_conntrack_text(struct netns *g, unsigned node, FILE *f, struct err *e)
{
	struct netns_node *n = &g->node[node];

	if (n->ct && print_table(g, node, f, e) < 0) /* a node without rules does not track */
		return err_prefix(e, "%s: connection tracking", g->s->nodes[node].name);
	return 0;
}
