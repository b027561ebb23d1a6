/* SPDX-License-Identifier: MIT */
#include "lab/plan/nft_ruleset.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	FILE *f;
	char *buf; /* what was written, when it is done */
	size_t len;
	const struct nat_rules *r;
};

static void put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(t->f, fmt, ap);
	va_end(ap);
}

static unsigned seconds(usec t)
{
	return (unsigned)(t / SEC);
}

/* ---- maps and sets ---- */

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

/* Number @i of a set's elements; false: it is none of this set. */
typedef bool put_element_fn(struct text *t, size_t i, bool dry);

static bool put_udp_port(struct text *t, size_t i, bool dry)
{
	const struct napt_mapping *m = &t->r->ports->v[i];

	if (m->forwarded || dry)
		return !m->forwarded;
	put(t, "%s . %u", INET_ADDR(m->inside.addr), m->inside.port);
	if (t->r->mapping != DEPENDS_NOT)
		put(t, " . %s", INET_ADDR(m->dst.addr));
	if (t->r->mapping == DEPENDS_ADDRESS_AND_PORT)
		put(t, " . %u", m->dst.port);
	put(t, " : %s . %u", INET_ADDR(m->outside.addr), m->outside.port);
	return true;
}

static bool put_udp_owner(struct text *t, size_t i, bool dry)
{
	const struct napt_mapping *m = &t->r->ports->v[i];

	if (!m->forwarded && !dry)
		put(t, "%s . %u : %s . %u", INET_ADDR(m->outside.addr), m->outside.port,
		    INET_ADDR(m->inside.addr), m->inside.port);
	return !m->forwarded;
}

static bool put_to_inside(struct text *t, size_t i, bool dry)
{
	if (!dry)
		put(t, "%s : %s", INET_ADDR(t->r->map[i].outside), INET_ADDR(t->r->map[i].inside));
	return true;
}

static bool put_to_outside(struct text *t, size_t i, bool dry)
{
	if (!dry)
		put(t, "%s : %s", INET_ADDR(t->r->map[i].inside), INET_ADDR(t->r->map[i].outside));
	return true;
}

static bool put_mapped(struct text *t, size_t i, bool dry)
{
	if (!dry)
		put(t, "%s", INET_ADDR(t->r->map[i].inside));
	return true;
}

/* As many elements of a set as one text has, number @part of such lots; @head before the first.
 * False: there are none. */
static bool put_lot(struct text *t, size_t n, put_element_fn *element, size_t part,
		    const char *head)
{
	size_t at = 0;
	bool any = false;

	for (size_t i = 0; i < n && at < (part + 1) * NFT_ELEMENTS_MAX; i++) {
		if (!element(t, i, true) || at++ < part * NFT_ELEMENTS_MAX)
			continue;
		put(t, "%s", any ? ",\n\t\t\t" : head);
		element(t, i, false);
		any = true;
	}
	return any;
}

static void put_elements(struct text *t, size_t n, put_element_fn *element)
{
	bool any = put_lot(t, n, element, 0, "\t\telements = {\n\t\t\t");

	put(t, any ? "\n\t\t}\n\t}\n\n" : "\t}\n\n");
}

static void put_map(struct text *t, enum nat_set set)
{
	const struct nat_rules *r = t->r;

	if (!nat_rules_use(r, set))
		return;
	switch (set) {
	case NAT_UDP_PORTS:
		put(t, "\t# Source ports of IKE (500), of IKE and ESP behind NATs (4500) and of L2TP\n"
		       "%s"
		       "\tmap udp_ports {\n"
		       "\t\ttype %s : ipv4_addr . inet_service\n", mappings[r->mapping].remark,
		    mappings[r->mapping].type);
		put_elements(t, r->ports->n, put_udp_port);
		return;
	case NAT_UDP_OWNERS:
		put(t, "\t# The same backwards: whose port is it?\n"
		       "\tmap udp_owners {\n"
		       "\t\ttype ipv4_addr . inet_service : ipv4_addr . inet_service\n");
		put_elements(t, r->ports->n, put_udp_owner);
		return;
	case NAT_TO_INSIDE:
		put(t, "\tmap to_inside {\n\t\ttype ipv4_addr : ipv4_addr\n");
		put_elements(t, r->n_map, put_to_inside);
		return;
	case NAT_TO_OUTSIDE:
		put(t, "\tmap to_outside {\n\t\ttype ipv4_addr : ipv4_addr\n");
		put_elements(t, r->n_map, put_to_outside);
		return;
	case NAT_OPEN:
	case NAT_MAPPED:
	case NAT_NO_SET:
	case NAT_SETS:
		return;
	}
}

static void put_open(struct text *t)
{
	enum napt_depends f = t->r->filtering;

	if (!nat_rules_use(t->r, NAT_OPEN))
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
	    seconds(t->r->timeout));
}

/* What the filters need. Timeouts are said by hand, because the kernel's own change two seconds
 * after a connection began. */
static void put_filter_parts(struct text *t)
{
	const struct nat_rules *r = t->r;

	put(t, "\t# What is dropped here is counted, so that it can be told from what is lost.\n"
	       "\tcounter dropped {\n"
	       "\t}\n\n");
	if (r->timeout)
		put(t, "\t# How long a UDP connection is remembered without traffic, in seconds%s.\n"
		       "\tct timeout udp_idle {\n"
		       "\t\tprotocol udp\n"
		       "\t\tl3proto ip\n"
		       "\t\tpolicy = { unreplied : %u, replied : %u }\n"
		       "\t}\n\n", r->timeout_source, seconds(r->timeout), seconds(r->timeout));
	put_open(t);
	if (nat_rules_use(r, NAT_MAPPED)) {
		put(t, "\t# The private addresses that have a public one.\n"
		       "\tset mapped {\n\t\ttype ipv4_addr\n");
		put_elements(t, r->n_map, put_mapped);
	}
}

/* ---- rules ---- */

static const char *proto_word(uint8_t proto)
{
	switch (proto) {
	case 1:
		return "icmp";
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 50:
		return "esp";
	default:
		return "{ tcp, udp }";
	}
}

static void put_side(struct text *t, const char *what, enum nat_side side)
{
	switch (side) {
	case NAT_OUTSIDE:
	case NAT_NOT_OUTSIDE:
		put(t, "%s %s\"%s\" ", what, side == NAT_OUTSIDE ? "" : "!= ", t->r->outside_name);
		break;
	case NAT_LOOPBACK:
		put(t, "%s \"lo\" ", what);
		break;
	case NAT_ANY_SIDE:
		break;
	}
}

static void put_conditions(struct text *t, const struct nat_rule *rule)
{
	static const char *const ct[] = {
		[NAT_ANY_CT] = "",
		[NAT_NEW] = "ct state new ",
		[NAT_ESTABLISHED] = "ct state established,related ",
		[NAT_INVALID] = "ct state invalid ",
	};

	put_side(t, "iifname", rule->in);
	put_side(t, "oifname", rule->out);
	put(t, "%s%s", ct[rule->ct], rule->translated ? "ct status dnat " : "");
	if (rule->src.len)
		put(t, "ip saddr %s ", INET_ADDR(rule->src));
	if (rule->dst.len)
		put(t, "ip daddr %s ", INET_ADDR(rule->dst));
	if (rule->sport)
		put(t, "%s sport %u ", proto_word(rule->proto), rule->sport);
	else if (rule->dport_hi && rule->dport == rule->dport_hi)
		put(t, "%s dport %u ", proto_word(rule->proto), rule->dport);
	else if (rule->dport_hi)
		put(t, "%s dport %u-%u ", proto_word(rule->proto), rule->dport, rule->dport_hi);
	else if (rule->proto)
		put(t, "meta l4proto %s ", proto_word(rule->proto));
	if (rule->known == NAT_MAPPED)
		put(t, "ip saddr @mapped ");
	else if (rule->known == NAT_OPEN)
		put(t, "%s @open ", filterings[t->r->filtering].in);
}

/* What DNAT and SNAT translate to by a map. */
static void put_lookup(struct text *t, enum nat_set map)
{
	switch (map) {
	case NAT_UDP_PORTS:
		put(t, "ip to %s map @udp_ports\n", mappings[t->r->mapping].key);
		break;
	case NAT_UDP_OWNERS:
		put(t, "ip to ip daddr . udp dport map @udp_owners\n");
		break;
	case NAT_TO_INSIDE:
		put(t, "to ip daddr map @to_inside\n");
		break;
	case NAT_TO_OUTSIDE:
		put(t, "to ip saddr map @to_outside\n");
		break;
	case NAT_OPEN:
	case NAT_MAPPED:
	case NAT_NO_SET:
	case NAT_SETS:
		break;
	}
}

static void put_action(struct text *t, const struct nat_rule *rule)
{
	switch (rule->action) {
	case NAT_ACCEPT:
		put(t, "accept\n");
		break;
	case NAT_DROP:
		put(t, "counter name \"dropped\" drop\n");
		break;
	case NAT_TIME_OUT:
		put(t, "ct timeout set \"udp_idle\"\n");
		break;
	case NAT_REMEMBER:
		put(t, "update @open { %s }\n", filterings[t->r->filtering].out);
		break;
	case NAT_DNAT:
	case NAT_SNAT:
		put(t, rule->action == NAT_DNAT ? "dnat " : "snat ");
		if (rule->map != NAT_NO_SET)
			put_lookup(t, rule->map);
		else if (rule->to.port)
			put(t, "to %s\n", INET_EP(rule->to));
		else
			put(t, "to %s\n", INET_ADDR(rule->to.addr));
		break;
	case NAT_MASQUERADE:
		put(t, "masquerade");
		if (rule->port_lo)
			put(t, " to :%u-%u", rule->port_lo, rule->port_hi);
		put(t, "%s\n", rule->random ? " random" : "");
		break;
	}
}

/* ---- chains and tables ---- */

static const struct {
	const char *name, *at;
} hooks[NAT_HOOKS] = {
	[NAT_PREROUTING] = {"prerouting", "nat hook prerouting priority dstnat"},
	[NAT_POSTROUTING] = {"postrouting", "nat hook postrouting priority srcnat"},
	[NAT_OUTPUT] = {"output", "filter hook output priority filter"},
	[NAT_INPUT] = {"input", "filter hook input priority filter"},
	[NAT_FORWARD] = {"forward", "filter hook forward priority filter"},
	[NAT_TO_MACHINE] = {"to_machine", "filter hook postrouting priority srcnat + 10"},
};

/* @before: was there a chain above it in this table? */
static bool put_chain(struct text *t, enum nat_hook hook, bool before)
{
	bool any = false;

	for (size_t i = 0; i < t->r->n; i++) {
		const struct nat_rule *rule = &t->r->v[i];

		if (rule->hook != hook)
			continue;
		if (!any)
			put(t, "%s%s\tchain %s {\n\t\ttype %s; policy accept;\n", before ? "\n" : "",
			    t->r->remark[hook] ? t->r->remark[hook] : "", hooks[hook].name,
			    hooks[hook].at);
		any = true;
		put(t, "%s\t\t", rule->remark ? rule->remark : "");
		put_conditions(t, rule);
		put_action(t, rule);
	}
	if (any)
		put(t, "\t}\n");
	return before || any;
}

static bool translates(const struct nat_rules *r)
{
	return r->ports || r->map || nat_rules_use(r, NAT_TO_INSIDE);
}

static void put_rules(struct text *t)
{
	bool any = false;

	put(t, "%s", t->r->head);
	if (translates(t->r)) {
		put(t, "table ip nat {\n");
		for (unsigned set = NAT_NO_SET; set < NAT_SETS; set++)
			put_map(t, (enum nat_set)set);
		for (unsigned h = NAT_PREROUTING; h <= NAT_POSTROUTING; h++)
			any = put_chain(t, (enum nat_hook)h, any);
		put(t, "}\n\n");
	}
	put(t, "table ip %s {\n", t->r->table);
	put_filter_parts(t);
	any = false;
	for (unsigned h = NAT_OUTPUT; h < NAT_HOOKS; h++)
		any = put_chain(t, (enum nat_hook)h, any);
	put(t, "}\n");
}

/* Empties the tables of old rules, but for what the kernel is to go on with: @keep_open the set,
 * @keep_timeout what connections hold on to. */
static void put_removal(struct text *t, bool keep_open, bool keep_timeout)
{
	for (; t->r; t->r = t->r->next) {
		if (translates(t->r))
			put(t, "delete table ip nat\n");
		put(t, "flush table ip %s\n", t->r->table);
		if (nat_rules_use(t->r, NAT_OPEN) && !keep_open)
			put(t, "delete set ip filter open\n");
		if (nat_rules_use(t->r, NAT_MAPPED))
			put(t, "delete set ip filter mapped\n");
		if (t->r->timeout && !keep_timeout)
			put(t, "delete ct timeout ip filter udp_idle\n");
	}
}

/* The text of @t is done; NULL: there was none. */
static const char *finish(struct arena *a, struct text *t)
{
	const char *out;

	fclose(t->f);
	out = t->len ? arena_strn(a, t->buf, t->len) : NULL;
	free(t->buf);
	return out;
}

static void begin(struct text *t)
{
	t->f = open_memstream(&t->buf, &t->len);
	assert(t->f);
}

/* All but the elements that a map of ports has no room for in one text. */
static void put_all(struct text *t, const struct nat_rules *r)
{
	for (t->r = r; t->r; t->r = t->r->next) {
		assert(t->r->n_map <= NFT_ELEMENTS_MAX); /* their maps have no further parts */
		put_rules(t);
	}
}

/* How many texts @r takes, at least one. */
static size_t parts(const struct nat_rules *r)
{
	size_t n = 0;

	if (!r)
		return 1;
	for (size_t i = 0; r->ports && i < r->ports->n; i++)
		n += !r->ports->v[i].forwarded;
	return MAX((n + NFT_ELEMENTS_MAX - 1) / NFT_ELEMENTS_MAX, (size_t)1);
}

/* Elements of the maps of ports, which part 0 has no room for. */
static void put_more(struct text *t, const struct nat_rules *r, size_t part)
{
	t->r = r;
	if (put_lot(t, r->ports->n, put_udp_port, part,
		    "add element ip nat udp_ports {\n\t\t\t"))
		put(t, "\n}\n");
	if (nat_rules_use(r, NAT_UDP_OWNERS) &&
	    put_lot(t, r->ports->n, put_udp_owner, part,
		    "add element ip nat udp_owners {\n\t\t\t"))
		put(t, "\n}\n");
}

const char *nft_ruleset(struct arena *a, const struct nat_rules *r, const char *extra,
			size_t part)
{
	struct text t = {0};
	size_t len = extra ? strlen(extra) : 0;

	if (part >= parts(r))
		return NULL;
	begin(&t);
	if (part)
		put_more(&t, r, part);
	else
		put_all(&t, r);
	if (extra && part + 1 == parts(r))
		put(&t, "\n# From the topology file:\n%s%s", extra,
		    len && extra[len - 1] == '\n' ? "" : "\n");
	return finish(a, &t);
}

const char *nft_ruleset_instead(struct arena *a, const struct nat_rules *old,
				const struct nat_rules *r, bool forget, size_t part)
{
	struct text t = {.r = old};

	if (part)
		return nft_ruleset(a, r, NULL, part);
	begin(&t);
	put_removal(&t,
		    !forget && r && old && nat_rules_use(r, NAT_OPEN) &&
			    r->filtering == old->filtering,
		    !forget);
	put_all(&t, r);
	return finish(a, &t);
}
