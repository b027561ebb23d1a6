/* SPDX-License-Identifier: MIT */
#include "lab/plan/nat_rules.h"

#include "lab/topology/scenario_query.h"

#define UDP 17

struct builder {
	struct arena *a;
	const struct scenario *s;
	const struct node *n;
	struct nat_rules *r;
	VEC(struct nat_rule) v;
	bool open; /* a NAPT that lets in more than connection tracking would */
};

static void add(struct builder *b, struct nat_rule rule)
{
	*vec_push(b->a, &b->v) = rule;
}

/* The builder's list is done. */
static const struct nat_rules *finish(struct builder *b)
{
	b->r->v = b->v.v;
	b->r->n = b->v.n;
	return b->r;
}

static struct builder begin(struct arena *a, const struct scenario *s, const struct node *n,
			    const char *table)
{
	struct builder b = {.a = a, .s = s, .n = n, .r = arena_new_of(a, struct nat_rules)};

	b.r->table = table;
	b.r->outside = UINT32_MAX;
	b.r->timeout_source = "";
	return b;
}

static void be_outside(struct builder *b, unsigned iface)
{
	b->r->outside = iface;
	b->r->outside_name = b->s->ifaces[iface].name;
}

/* ---- filters that several have ---- */

static void add_timeout(struct builder *b, enum nat_hook hook)
{
	add(b, (struct nat_rule){.hook = hook, .proto = UDP, .action = NAT_TIME_OUT});
}

static void add_established(struct builder *b, enum nat_hook hook, enum nat_side in)
{
	add(b, (struct nat_rule){.hook = hook, .in = in, .ct = NAT_ESTABLISHED});
}

static void add_drop(struct builder *b, enum nat_hook hook, enum nat_side in, enum nat_side out)
{
	add(b, (struct nat_rule){.hook = hook, .in = in, .out = out, .action = NAT_DROP});
}

static void add_invalid(struct builder *b, enum nat_hook hook)
{
	add(b, (struct nat_rule){.hook = hook, .ct = NAT_INVALID, .action = NAT_DROP});
}

/* From outside only answers get to a NAT itself. A home router that accepted more would hold a
 * connection for it, and could no longer give that port to a client inside. */
static void add_nat_input(struct builder *b)
{
	b->r->remark[NAT_INPUT] = "\t# To the node itself, from outside: only answers.\n";
	add_established(b, NAT_INPUT, NAT_OUTSIDE);
	add_drop(b, NAT_INPUT, NAT_OUTSIDE, NAT_ANY_SIDE);
}

/* ---- a NAPT ---- */

/* A forwarded port: its machine is reached at it, and sends from it, whatever the destination. */
static void add_forward_in(struct builder *b, const struct forward *f)
{
	for (size_t i = 0; i < b->r->n_addrs; i++)
		add(b, (struct nat_rule){
			.hook = NAT_PREROUTING,
			.in = b->n->hairpin ? NAT_ANY_SIDE : NAT_OUTSIDE,
			.proto = f->proto,
			.dst = b->r->addrs[i],
			.dport = f->port,
			.dport_hi = f->port,
			.action = NAT_DNAT,
			.to = {f->to, 0},
		});
}

static void add_forward_out(struct builder *b, const struct forward *f, bool hairpinned)
{
	add(b, (struct nat_rule){
		.hook = NAT_POSTROUTING,
		.out = hairpinned ? NAT_NOT_OUTSIDE : NAT_OUTSIDE,
		.translated = hairpinned,
		.proto = f->proto,
		.src = f->to,
		.sport = f->port,
		.action = NAT_SNAT,
		.to = {b->r->addrs[0], f->port},
	});
}

/* Destinations are translated for what comes unasked: to forwarded ports, and to mapped ones where
 * strangers may be let in. A machine inside may come back by the outside address: hairpin. */
static void add_napt_prerouting(struct builder *b)
{
	for (size_t i = 0; i < b->n->n_forward; i++)
		add_forward_in(b, &b->n->forward[i]);
	if (b->open)
		add(b, (struct nat_rule){
			.hook = NAT_PREROUTING,
			.in = b->n->hairpin ? NAT_ANY_SIDE : NAT_OUTSIDE,
			.action = NAT_DNAT,
			.map = NAT_UDP_OWNERS,
		});
}

/* Everything but the mapped UDP ports. */
static void add_masquerade(struct builder *b)
{
	bool drawn = b->n->mapping != DEPENDS_NOT;
	struct nat_rule rest = {
		.hook = NAT_POSTROUTING,
		.out = NAT_OUTSIDE,
		.action = NAT_MASQUERADE,
	}, ports = rest;

	switch (b->n->ports) {
	case NAPT_PRESERVE:
		rest.random = drawn;
		break;
	case NAPT_RANDOM:
		rest.random = true;
		break;
	case NAPT_RANGE:
		ports.proto = NAT_PROTO_TCP_UDP;
		ports.port_lo = b->n->port_lo;
		ports.port_hi = b->n->port_hi;
		ports.random = drawn;
		add(b, ports);
		break;
	}
	add(b, rest);
}

static void add_napt_postrouting(struct builder *b)
{
	struct nat_rule mapped = {
		.hook = NAT_POSTROUTING,
		.out = NAT_OUTSIDE,
		.proto = UDP,
		.action = NAT_SNAT,
		.map = NAT_UDP_PORTS,
	};

	for (size_t i = 0; i < b->n->n_forward; i++)
		add_forward_out(b, &b->n->forward[i], false);
	add(b, mapped);
	if (b->n->hairpin) {
		for (size_t i = 0; i < b->n->n_forward; i++)
			add_forward_out(b, &b->n->forward[i], true);
		mapped.out = NAT_NOT_OUTSIDE;
		mapped.translated = true;
		mapped.remark = "\t\t# Who comes back by the outside address does so as the outside "
				"knows him\n"
				"\t\t# (RFC 4787 REQ-9).\n";
		add(b, mapped);
	}
	add_masquerade(b);
}

/* Who inside sends opens the filter (RFC 4787 5), as far as that is not connection tracking's. */
static void add_remember(struct builder *b)
{
	struct nat_rule r = {
		.hook = NAT_FORWARD,
		.out = NAT_OUTSIDE,
		.proto = UDP,
		.action = NAT_REMEMBER,
	};

	if (!b->open)
		return;
	add(b, r);
	if (!b->n->hairpin)
		return;
	r.out = NAT_ANY_SIDE;
	r.in = NAT_NOT_OUTSIDE;
	r.translated = true;
	add(b, r);
}

static void add_napt_forward(struct builder *b)
{
	const struct node *n = b->n;

	b->r->remark[NAT_FORWARD] = arena_printf(
		b->a,
		"\t# Through the node: all from inside, only answers from outside%s. ICMP errors\n"
		"\t# about a connection are \"related\" to it and are translated with it.\n",
		b->open || n->n_forward ? " but for those below" : "");
	add_timeout(b, NAT_FORWARD);
	add_invalid(b, NAT_FORWARD);
	add_remember(b);
	add_established(b, NAT_FORWARD, NAT_OUTSIDE);
	for (size_t i = 0; i < n->n_forward; i++)
		add(b, (struct nat_rule){
			.hook = NAT_FORWARD,
			.translated = true,
			.proto = n->forward[i].proto,
			.dst = n->forward[i].to,
			.dport = n->forward[i].port,
			.dport_hi = n->forward[i].port,
		});
	if (b->open)
		add(b, (struct nat_rule){
			.hook = NAT_FORWARD, .translated = true, .known = NAT_OPEN});
	add_drop(b, NAT_FORWARD, NAT_OUTSIDE, NAT_ANY_SIDE);
	if (b->open && n->hairpin)
		add(b, (struct nat_rule){.hook = NAT_FORWARD,
					 .ct = NAT_NEW,
					 .translated = true,
					 .action = NAT_DROP});
}

static const struct nat_rules *napt_rules(struct builder b, const struct napt_table *ports)
{
	const struct node *n = b.n;

	b.open = n->filtering != DEPENDS_ADDRESS_AND_PORT;
	be_outside(&b, n->outside);
	b.r->head = arena_printf(
		b.a,
		"# %s: a home router. Many machines share the address of %s (NAPT, RFC 3022),\n"
		"# and a connection can be begun from inside only%s.\n",
		n->name, b.r->outside_name,
		b.open || n->n_forward ? ", with the exceptions below" : "");
	b.r->addrs = &b.s->ifaces[n->outside].addr;
	b.r->n_addrs = 1;
	b.r->mapping = n->mapping;
	b.r->filtering = n->filtering;
	b.r->ports = ports;
	b.r->timeout = udp_timeout(n);
	b.r->timeout_source = " (RFC 4787 4.3)";
	add_napt_prerouting(&b);
	add_napt_postrouting(&b);
	add_nat_input(&b);
	add_napt_forward(&b);
	return finish(&b);
}

/* ---- an Elastic IP ---- */

static void add_eip_forward(struct builder *b)
{
	b->r->remark[NAT_FORWARD] =
		"\t# Through the node: inwards what was translated, outwards whoever has a\n"
		"\t# public address.\n";
	add_timeout(b, NAT_FORWARD);
	add_invalid(b, NAT_FORWARD);
	add_established(b, NAT_FORWARD, NAT_ANY_SIDE);
	add(b, (struct nat_rule){.hook = NAT_FORWARD, .in = NAT_OUTSIDE, .translated = true});
	add_drop(b, NAT_FORWARD, NAT_OUTSIDE, NAT_ANY_SIDE);
	add(b, (struct nat_rule){.hook = NAT_FORWARD, .out = NAT_OUTSIDE, .known = NAT_MAPPED});
	add_drop(b, NAT_FORWARD, NAT_ANY_SIDE, NAT_OUTSIDE);
}

static const struct nat_rules *eip_rules(struct builder b)
{
	be_outside(&b, b.n->outside);
	b.r->head = arena_printf(
		b.a,
		"# %s: an Elastic IP. Each public address is one private address (1:1 NAT);\n"
		"# ports are never changed, and either side may begin. The machine inside does not\n"
		"# know its public address: that is what NAT-D finds out.\n"
		"# By connection tracking, not by rewriting each packet alone, so that the packet\n"
		"# quoted inside an ICMP error is translated too (RFC 5508 4.2).\n", b.n->name);
	b.r->map = b.n->map;
	b.r->n_map = b.n->n_map;
	b.r->timeout = udp_timeout(b.n);
	add(&b, (struct nat_rule){.hook = NAT_PREROUTING,
				  .in = NAT_OUTSIDE,
				  .action = NAT_DNAT,
				  .map = NAT_TO_INSIDE});
	add(&b, (struct nat_rule){.hook = NAT_POSTROUTING,
				  .out = NAT_OUTSIDE,
				  .action = NAT_SNAT,
				  .map = NAT_TO_OUTSIDE});
	add_nat_input(&b);
	add_eip_forward(&b);
	return finish(&b);
}

/* ---- a security group ---- */

static void add_allowed(struct builder *b, enum nat_hook hook, const struct node *n)
{
	for (size_t i = 0; i < n->n_allow; i++)
		add(b, (struct nat_rule){
			.hook = hook,
			.proto = n->allow[i].proto,
			.dport = n->allow[i].port_lo,
			.dport_hi = n->allow[i].port_hi,
		});
	add_drop(b, hook, NAT_ANY_SIDE, NAT_ANY_SIDE);
}

static const struct nat_rules *group_rules(struct builder b)
{
	b.r->head = arena_printf(
		b.a,
		"# %s: the security group before it. It remembers what the machine itself began,\n"
		"# and answers to that need no permission.\n", b.n->name);
	b.r->timeout = udp_timeout(b.n);
	add_timeout(&b, NAT_OUTPUT);
	add(&b, (struct nat_rule){.hook = NAT_INPUT, .in = NAT_LOOPBACK});
	add_timeout(&b, NAT_INPUT);
	add_established(&b, NAT_INPUT, NAT_ANY_SIDE);
	add_invalid(&b, NAT_INPUT);
	add_allowed(&b, NAT_INPUT, b.n);
	return finish(&b);
}

/* A virtual machine loads no rules of ours: its security group stands at its link's other end,
 * interface @iface. */
static struct nat_rules *machine_rules(struct arena *a, const struct scenario *s,
				       const struct node *machine, unsigned iface)
{
	struct builder b =
		begin(a, s, machine, arena_printf(a, "before-%s", machine->name));

	be_outside(&b, iface);
	b.r->head = arena_printf(
		a,
		"# %s: the security group before it, which it cannot hold itself, being a virtual\n"
		"# machine. It remembers what the machine began.\n", machine->name);
	add(&b, (struct nat_rule){.hook = NAT_TO_MACHINE, .out = NAT_NOT_OUTSIDE});
	add_established(&b, NAT_TO_MACHINE, NAT_ANY_SIDE);
	add_allowed(&b, NAT_TO_MACHINE, machine);
	finish(&b);
	return b.r;
}

/* The groups of the virtual machines next to @n, one behind the other; NULL none. */
static const struct nat_rules *machines_rules(struct arena *a, const struct scenario *s,
					      const struct node *n)
{
	const struct nat_rules *first = NULL, **last = &first;

	for (size_t i = 0; i < n->n_ifaces; i++) {
		const struct link *l = &s->links[s->ifaces[n->ifaces[i]].link];

		for (size_t k = 0; k < l->n_ifaces; k++) {
			const struct node *other = &s->nodes[s->ifaces[l->ifaces[k]].node];
			struct nat_rules *r;

			if (other == n || !other->vm || !other->has_allow)
				continue;
			r = machine_rules(a, s, other, n->ifaces[i]);
			*last = r;
			last = &r->next;
		}
	}
	return first;
}

const struct nat_rules *nat_rules_new(struct arena *a, const struct scenario *s, unsigned node,
				      struct napt_tables *tables)
{
	const struct node *n = &s->nodes[node];
	const struct nat_rules *machines = machines_rules(a, s, n);
	struct builder b = begin(a, s, n, "filter");

	b.r->next = machines;
	switch (n->kind) {
	case KIND_NAPT:
		return napt_rules(b, napt_table(tables, node));
	case KIND_EIP:
		return eip_rules(b);
	case KIND_CLIENT:
	case KIND_SERVER:
	case KIND_HOST:
	case KIND_VM:
		if (n->has_allow && !n->vm)
			return group_rules(b);
		break;
	case KIND_ROUTER:
	case KINDS:
		break;
	}
	return machines;
}

bool nat_rules_use(const struct nat_rules *r, enum nat_set set)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].known == set || r->v[i].map == set ||
		    (r->v[i].action == NAT_REMEMBER && set == NAT_OPEN))
			return true;
	return false;
}

bool nat_rules_can_follow(const struct nat_rules *old, const struct nat_rules *r, bool forget,
			  struct err *e)
{
	if (forget || !old || !r || old->timeout == r->timeout)
		return true;
	err_set(e, ERR_FAILED, "another timeout, %lld s in place of %lld s, is possible only where "
		"connections are forgotten", (long long)(r->timeout / SEC),
		(long long)(old->timeout / SEC));
	return false;
}
