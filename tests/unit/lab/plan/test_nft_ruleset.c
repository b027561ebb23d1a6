/* SPDX-License-Identifier: MIT */
/*
 * Rulesets as text, and the ports that a NAPT gives. What the kernel makes of the text is tested
 * in namespaces (tests/lab).
 */
#include "tests/unit/topo.h"

#include "lab/plan/plan.h"
#include "lab/plan/napt_ports.h"
#include "lab/topology/scenario_query.h"

/* The rules without remarks and empty lines: what must not change unnoticed. */
static char *bare(struct arena *a, const char *rules)
{
	char *out = arena_str(a, ""), *text = arena_str(a, rules), *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (l[strspn(l, "\t")] != '#')
			out = arena_printf(a, "%s%s\n", out, l);
	}
	return out;
}

static void assert_rules(struct arena *a, const struct scenario *s, const char *node,
			 const char *expected)
{
	unsigned i = (unsigned)(scenario_node(s, node) - s->nodes);
	const char *rules = ruleset_text(a, s, i, 1);

	assert_non_null(rules);
	assert_string_equal(bare(a, rules), expected);
}

static void a_home_router_masquerades_and_takes_nothing_unasked(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_rules(a, topo_scenario(a, topo_load_file(a, ARTICLE), NULL), "home",
		"table ip nat {\n"
		"	map udp_ports {\n"
		"		type ipv4_addr . inet_service : ipv4_addr . inet_service\n"
		"		elements = {\n"
		"			192.168.1.10 . 500 : 198.51.100.10 . 500,\n"
		"			192.168.1.10 . 4500 : 198.51.100.10 . 4500,\n"
		"			192.168.1.10 . 1701 : 198.51.100.10 . 1701\n"
		"		}\n"
		"	}\n"
		"	chain postrouting {\n"
		"		type nat hook postrouting priority srcnat; policy accept;\n"
		"		oifname \"wan\" meta l4proto udp snat ip to ip saddr . udp "
		"sport map "
		"@udp_ports\n"
		"		oifname \"wan\" masquerade\n"
		"	}\n"
		"}\n"
		"table ip filter {\n"
		"	counter dropped {\n"
		"	}\n"
		"	ct timeout udp_idle {\n"
		"		protocol udp\n"
		"		l3proto ip\n"
		"		policy = { unreplied : 120, replied : 120 }\n"
		"	}\n"
		"	chain input {\n"
		"		type filter hook input priority filter; policy accept;\n"
		"		iifname \"wan\" ct state established,related accept\n"
		"		iifname \"wan\" counter name \"dropped\" drop\n"
		"	}\n"
		"	chain forward {\n"
		"		type filter hook forward priority filter; policy accept;\n"
		"		meta l4proto udp ct timeout set \"udp_idle\"\n"
		"		ct state invalid counter name \"dropped\" drop\n"
		"		iifname \"wan\" ct state established,related accept\n"
		"		iifname \"wan\" counter name \"dropped\" drop\n"
		"	}\n"
		"}\n");
	arena_free(a);
}

static void an_elastic_ip_is_one_to_one_and_lets_nothing_else_through(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_rules(a, topo_scenario(a, topo_load_file(a, ARTICLE), NULL), "igw",
		"table ip nat {\n"
		"	map to_inside {\n"
		"		type ipv4_addr : ipv4_addr\n"
		"		elements = {\n"
		"			203.0.113.10 : 172.31.0.10\n"
		"		}\n"
		"	}\n"
		"	map to_outside {\n"
		"		type ipv4_addr : ipv4_addr\n"
		"		elements = {\n"
		"			172.31.0.10 : 203.0.113.10\n"
		"		}\n"
		"	}\n"
		"	chain prerouting {\n"
		"		type nat hook prerouting priority dstnat; policy accept;\n"
		"		iifname \"wan\" dnat to ip daddr map @to_inside\n"
		"	}\n"
		"	chain postrouting {\n"
		"		type nat hook postrouting priority srcnat; policy accept;\n"
		"		oifname \"wan\" snat to ip saddr map @to_outside\n"
		"	}\n"
		"}\n"
		"table ip filter {\n"
		"	counter dropped {\n"
		"	}\n"
		"	ct timeout udp_idle {\n"
		"		protocol udp\n"
		"		l3proto ip\n"
		"		policy = { unreplied : 86400, replied : 86400 }\n"
		"	}\n"
		"	set mapped {\n"
		"		type ipv4_addr\n"
		"		elements = {\n"
		"			172.31.0.10\n"
		"		}\n"
		"	}\n"
		"	chain input {\n"
		"		type filter hook input priority filter; policy accept;\n"
		"		iifname \"wan\" ct state established,related accept\n"
		"		iifname \"wan\" counter name \"dropped\" drop\n"
		"	}\n"
		"	chain forward {\n"
		"		type filter hook forward priority filter; policy accept;\n"
		"		meta l4proto udp ct timeout set \"udp_idle\"\n"
		"		ct state invalid counter name \"dropped\" drop\n"
		"		ct state established,related accept\n"
		"		iifname \"wan\" ct status dnat accept\n"
		"		iifname \"wan\" counter name \"dropped\" drop\n"
		"		oifname \"wan\" ip saddr @mapped accept\n"
		"		oifname \"wan\" counter name \"dropped\" drop\n"
		"	}\n"
		"}\n");
	arena_free(a);
}

/* Two machines at home, in reach of one NAPT; %s: more keys of it. */
static const char *two_machines(struct arena *a, const char *keys)
{
	return arena_printf(
		a,
		"name: two\n"
		"topology:\n"
		"  nodes:\n"
		"    a: {kind: client, mode: macos, psk: k, dials: s}\n"
		"    b: {kind: host, allow: [icmp, esp, tcp/80, udp/1000-2000]}\n"
		"    home: {kind: napt, outside: wan%s}\n"
		"    s: {kind: server, mode: rras-2012r2, psk: k, nft: \"add table ip mine\"}\n"
		"  links:\n"
		"    - {endpoints: [\"a:eth0\", \"home:l1\"], subnet: 192.168.1.0/24}\n"
		"    - {endpoints: [\"b:eth0\", \"home:l2\"], subnet: 192.168.2.0/24}\n"
		"    - {endpoints: [\"home:wan\", \"s:eth0\"], subnet: 198.51.100.0/24}\n",
		keys);
}

static void a_security_group_lets_in_what_is_listed(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_rules(a, topo_scenario(a, topo_load(a, two_machines(a, "")), NULL), "b",
		"table ip filter {\n"
		"	counter dropped {\n"
		"	}\n"
		"	ct timeout udp_idle {\n"
		"		protocol udp\n"
		"		l3proto ip\n"
		"		policy = { unreplied : 180, replied : 180 }\n"
		"	}\n"
		"	chain output {\n"
		"		type filter hook output priority filter; policy accept;\n"
		"		meta l4proto udp ct timeout set \"udp_idle\"\n"
		"	}\n"
		"	chain input {\n"
		"		type filter hook input priority filter; policy accept;\n"
		"		iifname \"lo\" accept\n"
		"		meta l4proto udp ct timeout set \"udp_idle\"\n"
		"		ct state established,related accept\n"
		"		ct state invalid counter name \"dropped\" drop\n"
		"		meta l4proto icmp accept\n"
		"		meta l4proto esp accept\n"
		"		tcp dport 80 accept\n"
		"		udp dport 1000-2000 accept\n"
		"		counter name \"dropped\" drop\n"
		"	}\n"
		"}\n");
	arena_free(a);
}

static void rules_of_the_file_come_behind_the_others(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load(a, two_machines(a, "")), NULL);

	(void)state;
	assert_rules(a, s, "s", "add table ip mine\n");
	assert_null(ruleset_text(a, s, 0, 1));
	arena_free(a);
}

static void every_drop_is_counted(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load_file(a, ARTICLE), NULL);
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < s->n_nodes; i++) {
		const char *rules = ruleset_text(a, s, i, 1);

		for (const char *p = rules; p && (p = strstr(p, " drop\n")); p++, n++)
			assert_memory_equal(p - 22, "counter name \"dropped\"", 22);
	}
	assert_int_equal(n, 3 + 4 + 2);
	arena_free(a);
}

/* ---- ports ---- */

static const struct napt_mapping *mappings(struct arena *a, const struct scenario *s,
					   unsigned node, uint64_t seed, size_t *n)
{
	const struct napt_table *t = napt_table(napt_tables_new(a, s, seed), node);

	*n = t->n;
	return t->v;
}

static const struct napt_mapping *map_of(struct arena *a, const char *text, uint64_t seed,
					 size_t *n)
{
	const struct scenario *s = topo_scenario(a, topo_load(a, text), NULL);

	return mappings(a, s, (unsigned)(scenario_node(s, "home") - s->nodes), seed, n);
}

static void assert_distinct(const struct napt_mapping *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(m[i].outside.port, m[k].outside.port);
	}
}

static void the_first_machine_keeps_its_ports_and_the_second_gets_others(void **state)
{
	struct arena *a = arena_new();
	size_t n;
	const struct napt_mapping *m = map_of(a, two_machines(a, ", ports: preserve"), 1, &n);

	(void)state;
	assert_int_equal(n, 6);
	assert_string_equal(INET_EP(m[0].inside), "192.168.1.10:500");
	assert_string_equal(INET_EP(m[0].outside), "198.51.100.1:500");
	assert_string_equal(INET_EP(m[1].outside), "198.51.100.1:4500");
	assert_string_equal(INET_EP(m[2].outside), "198.51.100.1:1701");
	assert_string_equal(INET_EP(m[3].inside), "192.168.2.10:500");
	for (size_t i = 3; i < 6; i++)
		assert_in_range(m[i].outside.port, 1024, 65535);
	assert_distinct(m, n);
	arena_free(a);
}

static void the_seed_decides_the_ports_and_nothing_else_does(void **state)
{
	struct arena *a = arena_new();
	const char *text = two_machines(a, ", ports: random");
	size_t n, differ = 0;
	const struct napt_mapping *one = map_of(a, text, 1, &n), *again = map_of(a, text, 1, &n);
	const struct napt_mapping *two = map_of(a, text, 2, &n);

	(void)state;
	assert_int_equal(n, 6);
	assert_distinct(one, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(one[i].outside.port, again[i].outside.port);
		assert_in_range(one[i].outside.port, 1024, 65535);
		differ += one[i].outside.port != two[i].outside.port;
	}
	assert_true(differ > 3);
	arena_free(a);
}

static void another_scenario_draws_other_ports(void **state)
{
	struct arena *a = arena_new();
	struct topology *t = topo_load(
		a, arena_printf(a, "%smatrix:\n  a.psk: [k, l]\n",
				two_machines(a, ", ports: random")));
	const struct scenario *x = scenario_new(a, t, 0), *y = scenario_new(a, t, 1);
	size_t n, differ = 0;
	const struct napt_mapping *p = mappings(a, x, 2, 1, &n), *q = mappings(a, y, 2, 1, &n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		differ += p[i].outside.port != q[i].outside.port;
	assert_true(differ > 3);
	arena_free(a);
}

static void a_range_is_used_up_to_its_last_port(void **state)
{
	struct arena *a = arena_new();
	size_t n;
	const struct napt_mapping *m = map_of(a, two_machines(a, ", ports: [3000, 3005]"), 7, &n);

	(void)state;
	assert_int_equal(n, 6);
	assert_distinct(m, n);
	for (size_t i = 0; i < n; i++)
		assert_in_range(m[i].outside.port, 3000, 3005);
	arena_free(a);
}

static void other_traffic_follows_the_same_rule(void **state)
{
	static const struct {
		const char *keys, *rule;
	} rows[] = {
		{"", "\t\toifname \"wan\" masquerade\n"},
		{", ports: random", "\t\toifname \"wan\" masquerade random\n"},
		{", ports: [3000, 3005]",
		 "\t\toifname \"wan\" meta l4proto { tcp, udp } masquerade to :3000-3005\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		const struct scenario *s =
			topo_scenario(a, topo_load(a, two_machines(a, rows[i].keys)), NULL);

		assert_non_null(strstr(ruleset_text(a, s, 2, 1), rows[i].rule));
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_home_router_masquerades_and_takes_nothing_unasked),
		cmocka_unit_test(an_elastic_ip_is_one_to_one_and_lets_nothing_else_through),
		cmocka_unit_test(a_security_group_lets_in_what_is_listed),
		cmocka_unit_test(rules_of_the_file_come_behind_the_others),
		cmocka_unit_test(every_drop_is_counted),
		cmocka_unit_test(the_first_machine_keeps_its_ports_and_the_second_gets_others),
		cmocka_unit_test(the_seed_decides_the_ports_and_nothing_else_does),
		cmocka_unit_test(another_scenario_draws_other_ports),
		cmocka_unit_test(a_range_is_used_up_to_its_last_port),
		cmocka_unit_test(other_traffic_follows_the_same_rule),
	};

	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
