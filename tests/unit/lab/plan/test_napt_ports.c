/* SPDX-License-Identifier: MIT */
/*
 * A NAPT in RFC 4787's words: the rules and ports that each word leads to, and what a walk on paper
 * makes of them. What the kernel and the simulator do by them is tested in namespaces and by the
 * lab's own probe (tests/lab/test_nat.c).
 */
#include "tests/unit/topo.h"

#include "lab/plan/plan.h"
#include "lab/result/predict.h"
#include "lab/plan/napt_ports.h"
#include "lab/topology/scenario_query.h"

/* Two machines behind home; outside of it the client of s, and an Elastic IP; %s: keys of home. */
static const char *network(struct arena *a, const char *keys)
{
	return arena_printf(
		a,
		"name: napt\n"
		"topology:\n"
		"  kinds: {client: {mode: windows-10, registry: 2, psk: k}, server: {psk: k, "
		"mode: strongswan-5.3}}\n"
		"  nodes:\n"
		"    a: {kind: client, dials: igw-server}\n"
		"    b: {kind: server}\n"
		"    home: {kind: napt, outside: wan%s}\n"
		"    net: {kind: router}\n"
		"    igw: {kind: eip, outside: wan, map: {203.0.113.10: igw-server}}\n"
		"    igw-server: {kind: server}\n"
		"    far: {kind: client}\n"
		"  links:\n"
		"    - {endpoints: [\"a:eth0\", \"home:l1\"], subnet: 192.168.1.0/24}\n"
		"    - {endpoints: [\"b:eth0\", \"home:l2\"], subnet: 192.168.2.0/24}\n"
		"    - {endpoints: [\"home:wan\", \"net:a\"], subnet: 198.51.100.0/24}\n"
		"    - {endpoints: [\"net:b\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
		"    - {endpoints: [\"igw:vpc\", \"igw-server:eth0\"], subnet: 172.31.0.0/20}\n"
		"    - {endpoints: [\"net:c\", \"far:eth0\"], subnet: 192.0.2.0/24}\n",
		keys);
}

#define HOME 2
/* net's three addresses, igw's own and its Elastic IP, and far's */
#define DESTINATIONS 6

static const struct scenario *scenario_of(struct arena *a, const char *keys)
{
	return topo_scenario(a, topo_load(a, network(a, keys)), NULL);
}

static void a_word_is_a_rule(void **state)
{
	static const struct {
		const char *keys, *rule; /* a rule without "!" is there, one with it is not */
	} rows[] = {
		{"", "snat ip to ip saddr . udp sport map @udp_ports\n"},
		{"", "!chain prerouting"},
		{"", "!set open"},
		{"", "policy = { unreplied : 120, replied : 120 }"},
		{", timeout: 30s", "policy = { unreplied : 30, replied : 30 }"},
		{", mapping: address-dependent",
		 "snat ip to ip saddr . udp sport . ip daddr map @udp_ports\n"},
		{", mapping: address-dependent", "\t\toifname \"wan\" masquerade random\n"},
		{", mapping: address-and-port-dependent",
		 "snat ip to ip saddr . udp sport . ip daddr . udp dport map @udp_ports\n"},
		{", mapping: address-and-port-dependent, ports: [3000, 3999]",
		 "masquerade to :3000-3999 random\n"},
		{", filtering: endpoint-independent",
		 "\t\tiifname \"wan\" dnat ip to ip daddr . udp dport map @udp_owners\n"},
		{", filtering: endpoint-independent",
		 "oifname \"wan\" meta l4proto udp update @open { ip saddr . udp sport }\n"},
		{", filtering: endpoint-independent",
		 "\t\tct status dnat ip daddr . udp dport @open accept\n"},
		{", filtering: endpoint-independent", "!ct state new ct status dnat"},
		{", filtering: endpoint-independent, timeout: 9s", "\t\ttimeout 9s\n"},
		{", filtering: address-dependent",
		 "update @open { ip saddr . udp sport . ip daddr }\n"},
		{", filtering: address-dependent",
		 "\t\tct status dnat ip daddr . udp dport . ip saddr @open accept\n"},
		{", filtering: endpoint-independent, hairpin: true",
		 "\t\tdnat ip to ip daddr . udp dport map @udp_owners\n"},
		{", filtering: endpoint-independent, hairpin: true",
		 "oifname != \"wan\" ct status dnat meta l4proto udp snat ip to"},
		{", filtering: endpoint-independent, hairpin: true",
		 "ct state new ct status dnat counter name \"dropped\" drop\n"},
		{", forward: {udp/500: b, tcp/443: b}",
		 "\t\tiifname \"wan\" ip daddr 198.51.100.10 udp dport 500 dnat to 192.168.2.10\n"},
		{", forward: {udp/500: b, tcp/443: b}",
		 "\t\tiifname \"wan\" ip daddr 198.51.100.10 tcp dport 443 dnat to 192.168.2.10\n"},
		{", forward: {udp/500: b}",
		 "oifname \"wan\" ip saddr 192.168.2.10 udp sport 500 snat to 198.51.100.10:500\n"},
		{", forward: {udp/500: b}",
		 "\t\tct status dnat ip daddr 192.168.2.10 udp dport 500 accept\n"},
		{", forward: {udp/500: b}",
		 "!oifname != \"wan\""},
		{", forward: {udp/500: b}, hairpin: true",
		 "oifname != \"wan\" ct status dnat ip saddr 192.168.2.10 udp sport 500 snat to "
		 "198.51.100.10:500\n"},
		{", forward: {udp/500: b}, hairpin: true",
		 "\t\tip daddr 198.51.100.10 udp dport 500 dnat to 192.168.2.10\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		const char *text = ruleset_text(a, scenario_of(a, rows[i].keys), HOME, 1);
		bool wanted = rows[i].rule[0] != '!';

		if (!strstr(text, rows[i].rule + !wanted) == wanted)
			fail_msg("%s: %s\n%s", rows[i].keys, rows[i].rule, text);
		arena_free(a);
	}
}

static size_t outside_ports(const struct napt_mapping *m, size_t n, struct inet_ep inside)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again |= inet_ep_eq(m[k].inside, inside) &&
				 inet_ep_eq(m[k].outside, m[i].outside);
		found += inet_ep_eq(m[i].inside, inside) && !again;
	}
	return found;
}

static void the_mapping_says_how_many_ports_a_port_has(void **state)
{
	static const struct {
		const char *keys;
		size_t ports, all;
	} rows[] = {
		{"", 1, 6},
		{", ports: random", 1, 6},
		{", mapping: address-dependent", DESTINATIONS, 6 * DESTINATIONS},
		{", mapping: address-and-port-dependent", 3 * DESTINATIONS, 18 * DESTINATIONS},
		{", mapping: address-and-port-dependent, ports: random", 3 * DESTINATIONS,
		 18 * DESTINATIONS},
		/* b's port 500 is forwarded: one port, whatever the destination */
		{", mapping: address-dependent, forward: {udp/500: b}", DESTINATIONS,
		 5 * DESTINATIONS + 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		const struct scenario *s = scenario_of(a, rows[i].keys);
		const struct napt_table *t = napt_table(napt_tables_new(a, s, 1), HOME);
		const struct napt_mapping *m = t->v;
		size_t n = t->n;
		struct inet_ep inside = inet_ep(s->ifaces[s->nodes[0].ifaces[0]].addr, 500);

		assert_int_equal(n, rows[i].all);
		assert_int_equal(outside_ports(m, n, inside), rows[i].ports);
		for (size_t k = 0; k < n; k++) { /* nobody shares one, and each finds its owner */
			const struct napt_mapping *back = napt_find_back(t, m[k].outside);

			assert_true(inet_ep_eq(back->inside, m[k].inside));
			assert_ptr_equal(napt_find(t, m[k].inside, m[k].dst), &m[k]);
		}
		arena_free(a);
	}
}

static void a_forwarded_port_is_kept_for_whom_it_belongs_to(void **state)
{
	struct arena *a = arena_new();
	/* a comes first in the file, and would have port 500 */
	const struct scenario *s = scenario_of(a, ", forward: {udp/500: b, udp/4500: b}");
	struct inet_ep any = {0};
	const struct napt_table *t = napt_table(napt_tables_new(a, s, 1), HOME);
	struct inet_addr in_a = s->ifaces[s->nodes[0].ifaces[0]].addr;
	struct inet_addr in_b = s->ifaces[s->nodes[1].ifaces[0]].addr;

	(void)state;
	assert_int_equal(napt_find(t, inet_ep(in_b, 500), any)->outside.port, 500);
	assert_int_equal(napt_find(t, inet_ep(in_b, 4500), any)->outside.port, 4500);
	assert_in_range(napt_find(t, inet_ep(in_a, 500), any)->outside.port, 1024, 65535);
	assert_int_equal(napt_find(t, inet_ep(in_a, 1701), any)->outside.port, 1701);
	arena_free(a);
}

static void a_walk_sees_the_port_for_its_destination(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = scenario_of(a, ", mapping: address-dependent, ports: random");
	struct walk w;
	const struct napt_table *t = napt_table(napt_tables_new(a, s, 5), HOME);
	const struct napt_mapping *m;

	(void)state;
	path_walk(paths_new(a, s, 5), &s->nodes[0], 500, &w);
	assert_true(w.arrives);
	m = napt_find(t, w.ends.client_own, w.ends.server_dialled);
	assert_non_null(m);
	assert_true(inet_ep_eq(w.ends.client_seen, m->outside));
	arena_free(a);
}

/* Microsoft's table again: a forwarded port is a NAT before the server like any other. */
static void a_server_behind_a_forwarded_port_is_behind_a_nat(void **state)
{
	struct arena *a = arena_new();
	char *text = arena_str(a, network(a, ", forward: {udp/500: b, udp/4500: b}"));
	struct prediction p;
	const struct scenario *s;

	(void)state;
	text = arena_printf(a, "%smatrix: {far: {x: {dials: b, registry: 0}}}\n", text);
	s = topo_scenario(a, topo_load(a, text), NULL);
	assert_string_equal(INET_ADDR(scenario_node(s, "far")->dials), "198.51.100.10");
	p = predict(a, s, 0)[scenario_node(s, "far") - s->nodes];
	assert_true(p.walk.arrives);
	assert_string_equal(INET_EP(p.walk.ends.server_own), "192.168.2.10:500");
	assert_true(p.agreed.client_sees.peer_behind_nat);
	assert_false(p.agreed.client_sees.self_behind_nat);
	assert_string_equal(reason_name(p.agreed.reason), "server-behind-nat");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_is_a_rule),
		cmocka_unit_test(the_mapping_says_how_many_ports_a_port_has),
		cmocka_unit_test(a_forwarded_port_is_kept_for_whom_it_belongs_to),
		cmocka_unit_test(a_walk_sees_the_port_for_its_destination),
		cmocka_unit_test(a_server_behind_a_forwarded_port_is_behind_a_nat),
	};

	return cmocka_run_group_tests_name("napt", tests, NULL, NULL);
}
