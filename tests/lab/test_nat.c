/* SPDX-License-Identifier: MIT */
/*
 * NAPTs probed as RFC 5780 does, in the kernel and in the simulator: each declared behaviour is
 * found, and what is found is not what the ruleset says but what the network does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lab/net/nat_check.h"
#include "lab/net/sim.h"
#include "lab/os/namespaces.h"
#include "lab/os/net_kernel.h"
#include "lab/os/netns_try.h"
#include "lab/load/load.h"

/* Two machines behind home, two addresses outside; %s: keys of home. */
static const char network[] =
	"name: probed\n"
	"topology:\n"
	"  nodes:\n"
	"    a: {kind: host}\n"
	"    b: {kind: host}\n"
	"    home: {kind: napt, outside: wan%s}\n"
	"    net: {kind: router}\n"
	"    far: {kind: host}\n"
	"  links:\n"
	"    - {endpoints: [\"a:eth0\", \"home:l1\"], subnet: 192.168.1.0/24}\n"
	"    - {endpoints: [\"b:eth0\", \"home:l2\"], subnet: 192.168.2.0/24}\n"
	"    - {endpoints: [\"home:wan\", \"net:a\"], subnet: 198.51.100.0/24}\n"
	"    - {endpoints: [\"net:b\", \"far:eth0\"], subnet: 192.0.2.0/24}\n";
#define HOME 2

struct probe {
	struct arena *a;
	struct plan *plan;
	const struct net_ops *ops;
	struct nat_found expected;
	const char *says; /* of nat_check(); NULL: it agrees */
};

static struct probe probe_new(const struct net_ops *ops, const char *keys)
{
	struct probe p = {.a = arena_new(), .ops = ops};
	char *text = arena_printf(p.a, network, keys), *mistakes;
	struct topology *t =
		topology_load_buffer(p.a, "f", text, strlen(text), NULL, 0, &mistakes);

	if (!t)
		fail_msg("%s", mistakes);
	p.plan = plan_new(p.a, scenario_new(p.a, t, 0), 3);
	return p;
}

static bool same(const struct nat_found *x, const struct nat_found *y)
{
	return x->mapping == y->mapping && x->filtering == y->filtering &&
	       x->hairpin == y->hairpin && x->as_planned && x->forgets;
}

/* In the lab's process: 0 when all was as expected. */
static int probe_run(void *arg)
{
	struct probe *p = arg;
	struct err e = {0};
	struct net *net = p->ops->build(p->a, p->plan, &e);
	struct nat_found found = {0};
	int rc = 1;

	if (!net) {
		fprintf(stderr, "# %s\n", e.text);
		return 1;
	}
	if (p->says) {
		rc = nat_check(p->ops, net, p->plan, &e) == 0 || strcmp(e.text, p->says) != 0;
		if (rc)
			fprintf(stderr, "# it says: %s\n", e.text);
	} else if (nat_probe(p->ops, net, p->plan, HOME, &found, &e) == 1) {
		rc = !same(&found, &p->expected) || nat_check(p->ops, net, p->plan, &e) != 0;
		if (rc)
			fprintf(stderr, "# found %d %d %d, as planned %d, forgets %d; %s\n",
				found.mapping, found.filtering, found.hairpin, found.as_planned,
				found.forgets, e.text);
	} else {
		fprintf(stderr, "# not probed: %s\n", e.text);
	}
	p->ops->free(net);
	return rc;
}

static void assert_probe(struct probe *p, const char *what)
{
	struct err e = {0};
	struct child c;
	siginfo_t end;

	if (!p->ops->namespaces) {
		if (probe_run(p))
			fail_msg("sim: %s", what);
		return;
	}
	if (namespaces_start(&c, NULL, 0, probe_run, p, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(child_wait(&c, USEC_NEVER, &end));
	if (end.si_code != CLD_EXITED || end.si_status != 0)
		fail_msg("kernel: %s", what);
}

static void need_labs(const struct net_ops *ops)
{
	static struct err why;
	static int rc = 1;

	if (!ops->namespaces)
		return;
	if (rc > 0)
		rc = namespaces_try(&why);
	if (rc < 0) {
		printf("# %s\n", why.text);
		skip();
	}
}

/* Three mappings, three filters, three ways with ports, with and without hairpin. */
static void each_behaviour_is_found(const struct net_ops *ops)
{
	static const char *const words[] = {"endpoint-independent", "address-dependent",
					    "address-and-port-dependent"};
	static const char *const ports[] = {"preserve", "random", "[20000, 20999]"};

	need_labs(ops);
	for (unsigned i = 0; i < 3 * 3 * 3 * 2; i++) {
		enum napt_depends m = i % 3, f = i / 3 % 3;
		bool hairpin = i >= 27;
		char keys[300];
		struct probe p;

		if (hairpin && (m != DEPENDS_NOT || f != DEPENDS_NOT))
			continue; /* refused when the file is read */
		snprintf(keys, sizeof(keys),
			 ", mapping: %s, filtering: %s, ports: %s, hairpin: %s, timeout: %us",
			 words[m], words[f], ports[i / 9 % 3], hairpin ? "true" : "false", i + 3);
		p = probe_new(ops, keys);
		p.expected = (struct nat_found){.mapping = m, .filtering = f, .hairpin = hairpin};
		assert_probe(&p, keys);
		arena_free(p.a);
	}
}

static void the_kernel_behaves_as_declared(void **state)
{
	(void)state;
	each_behaviour_is_found(&net_kernel);
}

static void the_simulator_behaves_as_declared(void **state)
{
	(void)state;
	each_behaviour_is_found(&net_sim);
}

/* What a NAPT does when nothing is said, in RFC 4787's words. */
static void without_a_word_it_is_what_most_home_routers_are(void **state)
{
	static const struct net_ops *const backends[] = {&net_kernel, &net_sim};

	(void)state;
	need_labs(&net_kernel);
	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		struct probe p = probe_new(backends[i], "");

		p.expected = (struct nat_found){
			.mapping = DEPENDS_NOT,
			.filtering = DEPENDS_ADDRESS_AND_PORT,
		};
		assert_probe(&p, "default");
		arena_free(p.a);
	}
}

/* The rules that the plan made are undone by rules of the file's own. */
static void another_behaviour_than_declared_is_noticed(void **state)
{
	static const struct {
		const char *keys, *says;
	} rows[] = {
		{", mapping: endpoint-independent, nft: \"flush chain ip nat postrouting\\n"
		 "add rule ip nat postrouting oifname wan masquerade random\"",
		 "home is declared with mapping: endpoint-independent, and behaves like mapping: "
		 "address-and-port-dependent (probed as RFC 5780 does)"},
		{", mapping: endpoint-independent, ports: random, nft: \"flush chain ip nat "
		 "postrouting\\nadd rule ip nat postrouting oifname wan masquerade\"",
		 "home gives out 198.51.100.10:1701, which is not what its map says"},
		{", filtering: endpoint-independent, nft: \"flush chain ip nat prerouting\"",
		 "home is declared with filtering: endpoint-independent, and behaves like "
		 "filtering: address-and-port-dependent (probed as RFC 5780 does)"},
		{", filtering: address-dependent, nft: \"insert rule ip filter forward iifname wan "
		 "accept\"",
		 "home is declared with filtering: address-dependent, and behaves like filtering: "
		 "endpoint-independent (probed as RFC 5780 does)"},
		{", filtering: endpoint-independent, hairpin: true, nft: \"insert rule ip nat "
		 "prerouting iifname != wan return\"",
		 "home is declared with hairpin: true, and behaves like hairpin: false (probed as "
		 "RFC 5780 does)"},
		{", timeout: 300s, nft: \"flush chain ip filter forward\\n"
		 "add rule ip filter forward iifname wan ct state established accept\"",
		 "home does not forget a mapping at its timeout, 300 s"},
		{", timeout: 30s, nft: \"add chain ip filter forward { policy drop; }\"",
		 "home: a datagram and its answer do not get through"},
	};

	(void)state;
	need_labs(&net_kernel);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct probe p = probe_new(&net_kernel, rows[i].keys);

		p.says = rows[i].says;
		assert_probe(&p, rows[i].keys);
		arena_free(p.a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_behaves_as_declared),
		cmocka_unit_test(the_simulator_behaves_as_declared),
		cmocka_unit_test(without_a_word_it_is_what_most_home_routers_are),
		cmocka_unit_test(another_behaviour_than_declared_is_noticed),
	};

	return cmocka_run_group_tests_name("nat", tests, NULL, NULL);
}
