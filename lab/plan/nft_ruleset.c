/* SPDX-License-Identifier: MIT */
/*
 * nft_ruleset.c - the nft text of a node: what the kernel loads and what `natdlab plan` shows, with
 * remarks for whoever reads it there.
 *
 * Everything that a ruleset drops goes through a counter named `dropped`, because the lab's clock
 * must know what became of every packet before it jumps.
 */
#include "lab/plan/napt_ports.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/plan/plan.h"
#include "lab/topology/scenario_query.h"

/* ---- text ---- */

struct text {
	FILE *f;
	const struct scenario *s;
	const struct node *n;
	const char *outside; /* the name of a NAT's outside interface */
};

static void put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(t->f, fmt, ap);
	va_end(ap);
}

static void put_counter(struct text *t)
{
	put(t, "\t# What is dropped here is counted, so that it can be told from what is lost.\n"
	       "\tcounter dropped {\n"
	       "\t}\n\n");
}

static unsigned seconds(usec t)
{
	return (unsigned)(t / SEC);
}

static void put_from(struct text *t, bool outside_only)
{
	if (outside_only)
		put(t, "iifname \"%s\" ", t->outside);
}

/* Said by hand, because the kernel's own timeouts change two seconds after a connection began. */
static void put_timeout(struct text *t)
{
	unsigned s = seconds(udp_timeout(t->n));

	put(t, "\t# How long a UDP connection is remembered without traffic, in seconds%s.\n"
	       "\tct timeout udp_idle {\n"
	       "\t\tprotocol udp\n"
	       "\t\tl3proto ip\n"
	       "\t\tpolicy = { unreplied : %u, replied : %u }\n"
	       "\t}\n\n", t->n->kind == KIND_NAPT ? " (RFC 4787 4.3)" : "", s, s);
}

static void put_idle(struct text *t)
{
	put(t, "\t\tmeta l4proto udp ct timeout set \"udp_idle\"\n");
}

/* Nothing that nobody inside asked for gets to the router itself. A home router that accepted it
 * would hold a connection for it, and could no longer give that port to a client inside. */
static void put_nat_input(struct text *t)
{
	put(t, "\t# To the node itself, from outside: only answers.\n"
	       "\tchain input {\n"
	       "\t\ttype filter hook input priority filter; policy accept;\n"
	       "\t\tiifname \"%s\" ct state established,related accept\n"
	       "\t\tiifname \"%s\" counter name \"dropped\" drop\n"
	       "\t}\n\n", t->outside, t->outside);
}

static void put_elements(struct text *t, bool last)
{
	put(t, "%s\n", last ? "" : ",");
}

/* ---- a NAPT ---- */

/* What keys the map of ports, in nft's words, by what the mapping depends on. */
static const struct {
	const char *type, *key, *remark;
} mappings[] = {
	[DEPENDS_NOT] = {
		"ipv4_addr . inet_service", "ip saddr . udp sport",
		"\t# (1701) for each machine inside: the same for every destination\n"
		"\t# (endpoint-independent mapping, RFC 4787 4.1) and in every run with this "
		"seed.\n",
	},
	[DEPENDS_ADDRESS] = {
		"ipv4_addr . inet_service . ipv4_addr", "ip saddr . udp sport . ip daddr",
		"\t# (1701) for each machine inside: another one for each destination address\n"
		"\t# (address-dependent mapping, RFC 4787 4.1), the same in every run with this "
		"seed.\n",
	},
	[DEPENDS_ADDRESS_AND_PORT] = {
		"ipv4_addr . inet_service . ipv4_addr . inet_service",
		"ip saddr . udp sport . ip daddr . udp dport",
		"\t# (1701) for each machine inside: another one for each destination address and\n"
		"\t# port (address-and-port-dependent mapping, RFC 4787 4.1: \"symmetric\"), the "
		"same\n"
		"\t# in every run with this seed.\n",
	},
};

/* The same for the set of who was sent to, going out and coming in. */
static const struct {
	const char *type, *out, *in;
} filterings[] = {
	[DEPENDS_NOT] = {"ipv4_addr . inet_service", "ip saddr . udp sport",
			 "ip daddr . udp dport"},
	[DEPENDS_ADDRESS] = {"ipv4_addr . inet_service . ipv4_addr",
			     "ip saddr . udp sport . ip daddr",
			     "ip daddr . udp dport . ip saddr"},
};

struct napt {
	struct text *t;
	const struct napt_mapping *map;
	size_t n;
	struct inet_addr addr; /* outside */
	bool open;	       /* lets in more than connection tracking would */
};

/* Does a forwarded port stand for this mapping? That has a rule of its own. */
static bool has_rule(const struct napt *p, const struct napt_mapping *m)
{
	const struct forward *f = napt_forward(p->t->n, 17, m->inside.port);

	return f && inet_addr_eq(f->to, m->inside.addr);
}

static size_t count_elements(const struct napt *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += !has_rule(p, &p->map[i]);
	return n;
}

static void put_napt_element(struct napt *p, const struct napt_mapping *m, bool back)
{
	struct text *t = p->t;

	if (back) {
		put(t, "\t\t\t%s . %u : %s . %u", INET_ADDR(m->outside.addr), m->outside.port,
		    INET_ADDR(m->inside.addr), m->inside.port);
		return;
	}
	put(t, "\t\t\t%s . %u", INET_ADDR(m->inside.addr), m->inside.port);
	if (t->n->mapping != DEPENDS_NOT)
		put(t, " . %s", INET_ADDR(m->dst.addr));
	if (t->n->mapping == DEPENDS_ADDRESS_AND_PORT)
		put(t, " . %u", m->dst.port);
	put(t, " : %s . %u", INET_ADDR(m->outside.addr), m->outside.port);
}

static void put_napt_elements(struct napt *p, bool back)
{
	size_t n = count_elements(p), k = 0;

	if (n)
		put(p->t, "\t\telements = {\n");
	for (size_t i = 0; i < p->n; i++) {
		if (has_rule(p, &p->map[i]))
			continue;
		put_napt_element(p, &p->map[i], back);
		put_elements(p->t, ++k == n);
	}
	if (n)
		put(p->t, "\t\t}\n");
	put(p->t, "\t}\n\n");
}

static void put_napt_maps(struct napt *p)
{
	enum napt_depends m = p->t->n->mapping;

	put(p->t, "\t# Source ports of IKE (500), of IKE and ESP behind NATs (4500) and of L2TP\n"
		  "%s"
		  "\tmap udp_ports {\n"
		  "\t\ttype %s : ipv4_addr . inet_service\n", mappings[m].remark,
	    mappings[m].type);
	put_napt_elements(p, false);
	if (!p->open)
		return;
	put(p->t, "\t# The same backwards: whose port is it?\n"
		  "\tmap udp_owners {\n"
		  "\t\ttype ipv4_addr . inet_service : ipv4_addr . inet_service\n");
	put_napt_elements(p, true);
}

static const char *proto_word(uint8_t proto)
{
	return proto == 17 ? "udp" : "tcp";
}

/* Destinations are translated for what comes unasked: to forwarded ports, and to mapped ones where
 * strangers may be let in. A machine inside may come back by the outside address: hairpin. */
static void put_napt_prerouting(struct napt *p)
{
	struct text *t = p->t;

	if (!p->open && !t->n->n_forward)
		return;
	put(t, "\tchain prerouting {\n"
	       "\t\ttype nat hook prerouting priority dstnat; policy accept;\n");
	for (size_t i = 0; i < t->n->n_forward; i++) {
		const struct forward *f = &t->n->forward[i];

		put(t, "\t\t");
		put_from(t, !t->n->hairpin);
		put(t, "ip daddr %s %s dport %u dnat to %s\n", INET_ADDR(p->addr),
		    proto_word(f->proto), f->port, INET_ADDR(f->to));
	}
	if (p->open) {
		put(t, "\t\t");
		put_from(t, !t->n->hairpin);
		put(t, "dnat ip to ip daddr . udp dport map @udp_owners\n");
	}
	put(t, "\t}\n\n");
}

/* Everything but the mapped UDP ports. */
static void put_masquerade(struct text *t)
{
	const struct node *n = t->n;
	bool drawn = n->mapping != DEPENDS_NOT;

	switch (n->ports) {
	case NAPT_PRESERVE:
		put(t, "\t\toifname \"%s\" masquerade%s\n", t->outside, drawn ? " random" : "");
		break;
	case NAPT_RANDOM:
		put(t, "\t\toifname \"%s\" masquerade random\n", t->outside);
		break;
	case NAPT_RANGE:
		put(t, "\t\toifname \"%s\" meta l4proto { tcp, udp } masquerade to :%u-%u%s\n"
		       "\t\toifname \"%s\" masquerade\n",
		    t->outside, n->port_lo, n->port_hi, drawn ? " random" : "", t->outside);
		break;
	}
}

static void put_napt_postrouting(struct napt *p)
{
	struct text *t = p->t;
	const char *key = mappings[t->n->mapping].key;

	put(t, "\tchain postrouting {\n"
	       "\t\ttype nat hook postrouting priority srcnat; policy accept;\n");
	for (size_t i = 0; i < t->n->n_forward; i++) {
		const struct forward *f = &t->n->forward[i];

		put(t, "\t\toifname \"%s\" ip saddr %s %s sport %u snat to %s:%u\n", t->outside,
		    INET_ADDR(f->to), proto_word(f->proto), f->port, INET_ADDR(p->addr), f->port);
	}
	put(t, "\t\toifname \"%s\" meta l4proto udp snat ip to %s map @udp_ports\n", t->outside,
	    key);
	if (t->n->hairpin)
		put(t, "\t\t# Who comes back by the outside address does so as the outside knows "
		       "him\n"
		       "\t\t# (RFC 4787 REQ-9).\n"
		       "\t\toifname != \"%s\" ct status dnat meta l4proto udp snat ip to %s map "
		       "@udp_ports\n", t->outside, key);
	put_masquerade(t);
	put(t, "\t}\n}\n\n");
}

/* Who inside has sent, and to whom, as far as the filter cares. */
static void put_napt_open(struct napt *p)
{
	struct text *t = p->t;
	enum napt_depends f = t->n->filtering;

	if (!p->open)
		return;
	put(t, "\t# Ports from which somebody inside has sent%s: as long as they are in here,\n"
	       "\t# %s filtering (RFC 4787 5) lets%s strangers in.\n"
	       "\tset open {\n"
	       "\t\ttype %s\n"
	       "\t\tflags dynamic,timeout\n"
	       "\t\ttimeout %us\n"
	       "\t\tcounter\n"
	       "\t}\n\n",
	    f == DEPENDS_NOT ? "" : ", and to which address",
	    f == DEPENDS_NOT ? "endpoint-independent" : "address-dependent",
	    f == DEPENDS_NOT ? "" : " only that address, no", filterings[f].type,
	    seconds(udp_timeout(t->n)));
}

static void put_napt_forward(struct napt *p)
{
	struct text *t = p->t;
	enum napt_depends f = t->n->filtering;

	put(t, "\t# Through the node: all from inside, only answers from outside%s. ICMP errors\n"
	       "\t# about a connection are \"related\" to it and are translated with it.\n"
	       "\tchain forward {\n"
	       "\t\ttype filter hook forward priority filter; policy accept;\n",
	    p->open || t->n->n_forward ? " but for those below" : "");
	put_idle(t);
	put(t, "\t\tct state invalid counter name \"dropped\" drop\n");
	if (p->open)
		put(t, "\t\toifname \"%s\" meta l4proto udp update @open { %s }\n", t->outside,
		    filterings[f].out);
	if (p->open && t->n->hairpin)
		put(t, "\t\tiifname != \"%s\" ct status dnat meta l4proto udp update @open "
		       "{ %s }\n", t->outside, filterings[f].out);
	put(t, "\t\tiifname \"%s\" ct state established,related accept\n", t->outside);
	for (size_t i = 0; i < t->n->n_forward; i++)
		put(t, "\t\tct status dnat ip daddr %s %s dport %u accept\n",
		    INET_ADDR(t->n->forward[i].to), proto_word(t->n->forward[i].proto),
		    t->n->forward[i].port);
	if (p->open)
		put(t, "\t\tct status dnat %s @open accept\n", filterings[f].in);
	put(t, "\t\tiifname \"%s\" counter name \"dropped\" drop\n", t->outside);
	if (p->open && t->n->hairpin)
		put(t, "\t\tct state new ct status dnat counter name \"dropped\" drop\n");
	put(t, "\t}\n}\n");
}

static void put_napt(struct text *t, struct arena *a, unsigned node, uint64_t seed)
{
	struct napt p = {
		.t = t,
		.addr = t->s->ifaces[t->n->outside].addr,
		.open = t->n->filtering != DEPENDS_ADDRESS_AND_PORT,
	};

	const struct napt_table *table = napt_table(napt_tables_new(a, t->s, seed), node);

	p.map = table->v;
	p.n = table->n;
	put(t, "# %s: a home router. Many machines share the address of %s (NAPT, RFC 3022),\n"
	       "# and a connection can be begun from inside only%s.\n"
	       "table ip nat {\n", t->n->name, t->outside,
	    p.open || t->n->n_forward ? ", with the exceptions below" : "");
	put_napt_maps(&p);
	put_napt_prerouting(&p);
	put_napt_postrouting(&p);
	put(t, "table ip filter {\n");
	put_counter(t);
	put_timeout(t);
	put_napt_open(&p);
	put_nat_input(t);
	put_napt_forward(&p);
}

/* ---- an Elastic IP ---- */

static void put_eip_map(struct text *t, const char *name, bool inward)
{
	const struct node *n = t->n;

	put(t, "\tmap %s {\n"
	       "\t\ttype ipv4_addr : ipv4_addr\n", name);
	if (n->n_map)
		put(t, "\t\telements = {\n");
	for (size_t i = 0; i < n->n_map; i++) {
		const struct eip_map *m = &n->map[i];

		put(t, "\t\t\t%s : %s", INET_ADDR(inward ? m->outside : m->inside),
		    INET_ADDR(inward ? m->inside : m->outside));
		put_elements(t, i + 1 == n->n_map);
	}
	if (n->n_map)
		put(t, "\t\t}\n");
	put(t, "\t}\n\n");
}

static void put_eip_set(struct text *t)
{
	const struct node *n = t->n;

	put(t, "\tset mapped {\n"
	       "\t\ttype ipv4_addr\n");
	if (n->n_map)
		put(t, "\t\telements = {\n");
	for (size_t i = 0; i < n->n_map; i++) {
		put(t, "\t\t\t%s", INET_ADDR(n->map[i].inside));
		put_elements(t, i + 1 == n->n_map);
	}
	if (n->n_map)
		put(t, "\t\t}\n");
	put(t, "\t}\n\n");
}

static void put_eip(struct text *t)
{
	put(t, "# %s: an Elastic IP. Each public address is one private address (1:1 NAT);\n"
	       "# ports are never changed, and either side may begin. The machine inside does not\n"
	       "# know its public address: that is what NAT-D finds out.\n"
	       "# By connection tracking, not by rewriting each packet alone, so that the packet\n"
	       "# quoted inside an ICMP error is translated too (RFC 5508 4.2).\n"
	       "table ip nat {\n", t->n->name);
	put_eip_map(t, "to_inside", true);
	put_eip_map(t, "to_outside", false);
	put(t, "\tchain prerouting {\n"
	       "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
	       "\t\tiifname \"%s\" dnat to ip daddr map @to_inside\n"
	       "\t}\n\n"
	       "\tchain postrouting {\n"
	       "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
	       "\t\toifname \"%s\" snat to ip saddr map @to_outside\n"
	       "\t}\n}\n\n"
	       "table ip filter {\n", t->outside, t->outside);
	put_counter(t);
	put_timeout(t);
	put(t, "\t# The private addresses that have a public one.\n");
	put_eip_set(t);
	put_nat_input(t);
	put(t, "\t# Through the node: inwards what was translated, outwards whoever has a\n"
	       "\t# public address.\n"
	       "\tchain forward {\n"
	       "\t\ttype filter hook forward priority filter; policy accept;\n");
	put_idle(t);
	put(t, "\t\tct state invalid counter name \"dropped\" drop\n"
	       "\t\tct state established,related accept\n"
	       "\t\tiifname \"%s\" ct status dnat accept\n"
	       "\t\tiifname \"%s\" counter name \"dropped\" drop\n"
	       "\t\toifname \"%s\" ip saddr @mapped accept\n"
	       "\t\toifname \"%s\" counter name \"dropped\" drop\n"
	       "\t}\n}\n", t->outside, t->outside, t->outside, t->outside);
}

static void put_allow_entry(struct text *t, const struct allow *e)
{
	switch (e->proto) {
	case 1:
		put(t, "\t\tmeta l4proto icmp accept\n");
		break;
	case 50:
		put(t, "\t\tmeta l4proto esp accept\n");
		break;
	default:
		put(t, "\t\t%s dport %u", e->proto == 17 ? "udp" : "tcp", e->port_lo);
		if (e->port_hi != e->port_lo)
			put(t, "-%u", e->port_hi);
		put(t, " accept\n");
		break;
	}
}

static void put_allow(struct text *t)
{
	put(t, "# %s: the security group before it. It remembers what the machine itself began,\n"
	       "# and answers to that need no permission.\n"
	       "table ip filter {\n", t->n->name);
	put_counter(t);
	put_timeout(t);
	put(t, "\tchain output {\n"
	       "\t\ttype filter hook output priority filter; policy accept;\n");
	put_idle(t);
	put(t, "\t}\n\n"
	       "\tchain input {\n"
	       "\t\ttype filter hook input priority filter; policy accept;\n"
	       "\t\tiifname \"lo\" accept\n");
	put_idle(t);
	put(t, "\t\tct state established,related accept\n"
	       "\t\tct state invalid counter name \"dropped\" drop\n");
	for (size_t i = 0; i < t->n->n_allow; i++)
		put_allow_entry(t, &t->n->allow[i]);
	put(t, "\t\tcounter name \"dropped\" drop\n"
	       "\t}\n}\n");
}

/* A virtual machine loads no rules of ours: its security group stands at its link's other end. */
static void put_vm_allow(struct text *t, const struct node *vm, const char *iface)
{
	put(t, "# %s: the security group before it, which it cannot hold itself, being a virtual\n"
	       "# machine. It remembers what the machine began.\n"
	       "table ip before-%s {\n", vm->name, vm->name);
	put_counter(t);
	put(t, "\tchain to_machine {\n"
	       "\t\ttype filter hook postrouting priority srcnat + 10; policy accept;\n"
	       "\t\toifname != \"%s\" accept\n"
	       "\t\tct state established,related accept\n", iface);
	for (size_t i = 0; i < vm->n_allow; i++)
		put_allow_entry(t, &vm->allow[i]);
	put(t, "\t\tcounter name \"dropped\" drop\n"
	       "\t}\n}\n");
}

static void put_vms(struct text *t)
{
	for (size_t i = 0; i < t->n->n_ifaces; i++) {
		const struct iface *own = &t->s->ifaces[t->n->ifaces[i]];
		const struct link *l = &t->s->links[own->link];

		for (size_t k = 0; k < l->n_ifaces; k++) {
			const struct node *vm = &t->s->nodes[t->s->ifaces[l->ifaces[k]].node];

			if (vm != t->n && vm->vm && vm->has_allow)
				put_vm_allow(t, vm, own->name);
		}
	}
}

static void put_extra(struct text *t)
{
	size_t len = strlen(t->n->nft);

	put(t, "\n# From the topology file:\n%s%s", t->n->nft,
	    len && t->n->nft[len - 1] == '\n' ? "" : "\n");
}

const char *ruleset_text(struct arena *a, const struct scenario *s, unsigned node, uint64_t seed)
{
	const struct node *n = &s->nodes[node];
	struct text t = {.s = s, .n = n};
	char *buf = NULL;
	size_t len = 0;
	const char *out;

	t.f = open_memstream(&buf, &len);
	assert(t.f);
	switch (n->kind) {
	case KIND_NAPT:
		t.outside = s->ifaces[n->outside].name;
		put_napt(&t, a, node, seed);
		break;
	case KIND_EIP:
		t.outside = s->ifaces[n->outside].name;
		put_eip(&t);
		break;
	case KIND_CLIENT:
	case KIND_SERVER:
	case KIND_HOST:
	case KIND_VM:
		if (n->has_allow && !n->vm)
			put_allow(&t);
		break;
	case KIND_ROUTER:
	case KINDS:
		break;
	}
	put_vms(&t);
	if (n->nft)
		put_extra(&t);
	fclose(t.f);
	out = len ? arena_strn(a, buf, len) : NULL;
	free(buf);
	return out;
}
