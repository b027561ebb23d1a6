/* SPDX-License-Identifier: MIT */
/*
 * Plans: addresses, routes, the order of the steps, and the script for people.
 */
#include <stdlib.h>

#include "tests/unit/topo.h"

#include "lab/plan/plan_script.h"
#include "lab/topology/scenario_query.h"

/* "home default via 198.51.100.1 dev wan\n" for every route. */
static char *routes_text(struct arena *a, const struct scenario *s)
{
	char *out = arena_str(a, "");

	for (size_t i = 0; i < s->n_nodes; i++) {
		for (size_t k = 0; k < s->nodes[i].n_routes; k++) {
			const struct route *r = &s->nodes[i].routes[k];

			out = arena_printf(a, "%s%s %s/%u via %s dev %s\n", out, s->nodes[i].name,
					   INET_ADDR(r->to.addr), r->to.plen, INET_ADDR(r->via),
					   s->ifaces[r->iface].name);
		}
	}
	return out;
}

static char *addresses_text(struct arena *a, const struct scenario *s)
{
	char *out = arena_str(a, "");

	for (size_t i = 0; i < s->n_ifaces; i++)
		out = arena_printf(a, "%s%s %s/%u\n", out, s->ifaces[i].full,
				   INET_ADDR(s->ifaces[i].addr), s->ifaces[i].plen);
	return out;
}

static void the_article_reads_like_a_drawing(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load_file(a, ARTICLE), NULL);

	(void)state;
	assert_string_equal(addresses_text(a, s),
			    "client:eth0 192.168.1.10/24\n"
			    "home:lan 192.168.1.1/24\n"
			    "home:wan 198.51.100.10/24\n"
			    "internet:eth0 198.51.100.1/24\n"
			    "internet:eth1 203.0.113.1/24\n"
			    "igw:wan 203.0.113.2/24\n"
			    "igw:vpc 172.31.0.1/20\n"
			    "server:eth0 172.31.0.10/20\n");
	assert_string_equal(routes_text(a, s),
			    "client 0.0.0.0/0 via 192.168.1.1 dev eth0\n"
			    "home 0.0.0.0/0 via 198.51.100.1 dev wan\n"
			    "internet 203.0.113.10/32 via 203.0.113.2 dev eth1\n"
			    "igw 0.0.0.0/0 via 203.0.113.1 dev wan\n"
			    "server 0.0.0.0/0 via 172.31.0.1 dev eth0\n");
	assert_string_equal(s->links[0].name, "client-home");
	assert_string_equal(s->links[3].name, "igw-server");
	arena_free(a);
}

static void numbers_are_distinct_and_small(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load_file(a, ARTICLE), NULL);

	(void)state;
	for (size_t i = 0; i < s->n_ifaces; i++) {
		const struct iface *f = &s->ifaces[i];

		assert_int_equal(f->ifindex, 10 + i); /* 1 is everybody's loopback */
		assert_int_equal(f->mac[0], 2);
		assert_int_equal(f->mac[5], f->ifindex);
		assert_int_equal(s->links[f->link].n_ifaces, 2);
		assert_int_equal(s->ifaces[link_other_end(&s->links[f->link], (unsigned)i)].link,
				 f->link);
	}
	arena_free(a);
}

/* Small subnets, two cables between the same nodes, Elastic IPs where the addresses would be. */
static const char crowded[] =
	"name: crowded\n"
	"topology:\n"
	"  nodes:\n"
	"    r1: {kind: router}\n"
	"    r2: {kind: router}\n"
	"    e: {kind: eip, outside: wan, map: {203.0.113.1: s, 203.0.113.2: c}}\n"
	"    s: {kind: server, mode: rras-2012r2, psk: k}\n"
	"    c: {kind: client, mode: macos, psk: k}\n"
	"  links:\n"
	"    - {endpoints: [\"r1:a\", \"r2:a\"], subnet: 192.0.2.0/31}\n"
	"    - {endpoints: [\"r1:b\", \"r2:b\"], subnet: 192.0.2.4/30}\n"
	"    - {endpoints: [\"e:wan\", \"r2:c\"], subnet: 203.0.113.0/29}\n"
	"    - {endpoints: [\"e:in\", \"s:eth0\"], subnet: 10.0.0.0/29}\n"
	"    - {endpoints: [{interface: \"e:in2\", address: 10.0.1.77}, \"c:eth0\"], "
	"subnet: 10.0.1.0/24}\n";

static void addresses_give_way_to_what_is_taken(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load(a, crowded), NULL);

	(void)state;
	assert_string_equal(addresses_text(a, s),
			    "r1:a 192.0.2.1/31\n"
			    "r2:a 192.0.2.0/31\n"
			    "r1:b 192.0.2.5/30\n"
			    "r2:b 192.0.2.6/30\n"
			    "e:wan 203.0.113.4/29\n"
			    "r2:c 203.0.113.3/29\n"
			    "e:in 10.0.0.1/29\n"
			    "s:eth0 10.0.0.2/29\n"
			    "e:in2 10.0.1.77/24\n"
			    "c:eth0 10.0.1.10/24\n");
	assert_string_equal(routes_text(a, s),
			    "r1 203.0.113.0/29 via 192.0.2.0 dev a\n"
			    "r2 203.0.113.1/32 via 203.0.113.4 dev c\n"
			    "r2 203.0.113.2/32 via 203.0.113.4 dev c\n"
			    "e 0.0.0.0/0 via 203.0.113.3 dev wan\n"
			    "s 0.0.0.0/0 via 10.0.0.1 dev eth0\n"
			    "c 0.0.0.0/0 via 10.0.1.77 dev eth0\n");
	assert_string_equal(s->links[0].name, "r1-r2");
	assert_string_equal(s->links[1].name, "r1-r2.2");
	arena_free(a);
}

/* A carrier's NAPT behind the home's, routers in a row on both sides, an Elastic IP that lies in
 * nobody's subnet. */
static const char wide[] =
	"name: wide\n"
	"topology:\n"
	"  nodes:\n"
	"    c: {kind: client, mode: macos, psk: k, dials: s}\n"
	"    lan: {kind: router}\n"
	"    home: {kind: napt, outside: wan}\n"
	"    cgn: {kind: napt, outside: wan}\n"
	"    r1: {kind: router}\n"
	"    r2: {kind: router}\n"
	"    igw: {kind: eip, outside: wan, map: {192.0.2.99: s}}\n"
	"    vpc: {kind: router}\n"
	"    s: {kind: server, mode: rras-2012r2, psk: k}\n"
	"  links:\n"
	"    - {endpoints: [\"c:eth0\", \"lan:a\"], subnet: 192.168.1.0/24}\n"
	"    - {endpoints: [\"lan:b\", \"home:in\"], subnet: 192.168.2.0/24}\n"
	"    - {endpoints: [\"home:wan\", \"cgn:in\"], subnet: 100.64.0.0/24}\n"
	"    - {endpoints: [\"cgn:wan\", \"r1:a\"], subnet: 198.51.100.0/24}\n"
	"    - {endpoints: [\"r1:b\", \"r2:a\"], subnet: 198.18.0.0/30}\n"
	"    - {endpoints: [\"r2:b\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
	"    - {endpoints: [\"igw:in\", \"vpc:a\"], subnet: 172.31.0.0/24}\n"
	"    - {endpoints: [\"vpc:b\", \"s:eth0\"], subnet: 172.31.1.0/24}\n";

static void nobody_outside_knows_what_lies_behind_a_nat(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load(a, wide), NULL);

	(void)state;
	assert_string_equal(routes_text(a, s),
			    "c 0.0.0.0/0 via 192.168.1.1 dev eth0\n"
			    "lan 0.0.0.0/0 via 192.168.2.1 dev b\n"
			    "home 192.168.1.0/24 via 192.168.2.2 dev in\n"
			    "home 0.0.0.0/0 via 100.64.0.1 dev wan\n"
			    "cgn 0.0.0.0/0 via 198.51.100.1 dev wan\n"
			    "r1 203.0.113.0/24 via 198.18.0.2 dev b\n"
			    "r1 192.0.2.99/32 via 198.18.0.2 dev b\n"
			    "r2 198.51.100.0/24 via 198.18.0.1 dev a\n"
			    "r2 192.0.2.99/32 via 203.0.113.2 dev b\n"
			    "igw 172.31.1.0/24 via 172.31.0.2 dev in\n"
			    "igw 0.0.0.0/0 via 203.0.113.1 dev wan\n"
			    "vpc 0.0.0.0/0 via 172.31.0.1 dev a\n"
			    "s 0.0.0.0/0 via 172.31.1.1 dev eth0\n");
	assert_string_equal(INET_ADDR(scenario_node(s, "c")->dials), "192.0.2.99");
	arena_free(a);
}

static void a_server_without_elastic_ip_is_dialled_by_its_own_address(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(
		a,
		topo_load(a, "name: x\n"
			     "topology:\n"
			     "  nodes:\n"
			     "    c: {kind: client, mode: macos, psk: k, dials: s}\n"
			     "    s: {kind: server, mode: rras-2012r2, psk: k}\n"
			     "  links:\n"
			     "    - {endpoints: [\"c:a\", \"s:b\"], subnet: 10.0.0.0/24}\n"),
		NULL);

	(void)state;
	assert_string_equal(INET_ADDR(s->nodes[0].dials), "10.0.0.11");
	assert_string_equal(routes_text(a, s), "");
	arena_free(a);
}

/* Each kind of step once: where it must stand. */
static void nothing_is_up_before_the_rules_stand(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load_file(a, ARTICLE), NULL);
	const struct plan *p = plan_new(a, s, 1);
	size_t n[STEP_NFT + 1] = {0}, first[STEP_NFT + 1] = {0}, last[STEP_NFT + 1] = {0};

	(void)state;
	assert_ptr_equal(p->s, s);
	for (size_t i = 0; i < p->n_steps; i++) {
		enum step_kind k = p->steps[i].kind;

		if (!n[k]++)
			first[k] = i;
		last[k] = i;
	}
	assert_int_equal(n[STEP_SPACE], 5);
	assert_int_equal(n[STEP_LINK], 4);
	assert_int_equal(n[STEP_ADDR], 8);
	assert_int_equal(n[STEP_UP], 8);
	assert_int_equal(n[STEP_NEIGH], 8);
	assert_int_equal(n[STEP_FORWARD], 3);
	assert_int_equal(n[STEP_NFT], 3);
	assert_int_equal(n[STEP_ROUTE], 5);
	assert_true(last[STEP_SPACE] < first[STEP_LINK]);
	assert_true(last[STEP_LINK] < first[STEP_ADDR]);
	assert_true(last[STEP_NFT] < first[STEP_UP]);
	assert_true(last[STEP_FORWARD] < first[STEP_UP]);
	assert_true(last[STEP_UP] < first[STEP_NEIGH]);
	assert_true(last[STEP_NEIGH] < first[STEP_ROUTE]);
	arena_free(a);
}

static char *script_of(struct arena *a, const struct scenario *s)
{
	char *buf = NULL, *out;
	size_t len;
	FILE *f = open_memstream(&buf, &len);

	plan_script(plan_new(a, s, 1), f);
	fclose(f);
	out = arena_strn(a, buf, len);
	free(buf);
	return out;
}

static void the_script_says_each_step_as_a_command(void **state)
{
	static const char *const lines[] = {
		"#!/bin/sh\n# natdlab plan: article, scenario softether-4/registry-0\n",
		"\nspace client\n",
		"\nip link add name eth0 netns client index 10 address 02:00:00:00:00:0a "
		"numtxqueues 1 numrxqueues 1 type veth \\\n"
		"\tpeer name lan netns home index 11 address 02:00:00:00:00:0b numtxqueues 1 "
		"numrxqueues 1\n",
		"\non igw nft -f - <<'RULES'\n# igw: an Elastic IP.",
		"\non internet sysctl -q -w net.ipv4.ip_forward=1\n",
		"\non server ip address add 172.31.0.10/20 dev eth0\n",
		"\non home ip link set dev wan up\n",
		("\non client ip neighbour replace 192.168.1.1 lladdr 02:00:00:00:00:0b nud "
		 "permanent dev eth0\n"),
		"\non internet ip route add 203.0.113.10/32 via 203.0.113.2 dev eth1\n",
		"\non server ip route add default via 172.31.0.1 dev eth0\n",
	};
	struct arena *a = arena_new();
	const char *script = script_of(
		a, topo_scenario(a, topo_load_file(a, ARTICLE), "softether-4/registry-0"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (!strstr(script, lines[i]))
			fail_msg("not in the script:%s", lines[i]);
	}
	arena_free(a);
}

/* Rules that look like the end of the here-document, and go on as commands. */
static void rules_cannot_leave_their_here_document(void **state)
{
	struct arena *a = arena_new();
	struct topology *t = topo_load(
		a, "name: x\n"
		   "topology:\n"
		   "  nodes:\n"
		   "    c: {kind: host, nft: \"# x\\nRULES\\ntouch /tmp/x\\nRULES2\\n# RULES3\"}\n"
		   "    s: {kind: host}\n"
		   "  links:\n"
		   "    - {endpoints: [\"c:a\", \"s:b\"], subnet: 10.0.0.0/24}\n");
	const char *script = script_of(a, topo_scenario(a, t, NULL));

	(void)state;
	assert_non_null(strstr(script, "on c nft -f - <<'RULES3'\n\n# From the topology "
				       "file:\n# x\n"
				       "RULES\ntouch /tmp/x\nRULES2\n# RULES3\nRULES3\n"));
	arena_free(a);
}

static void two_plans_of_one_seed_are_the_same(void **state)
{
	struct arena *a = arena_new();
	const char *one = script_of(a, topo_scenario(a, topo_load_file(a, ARTICLE), NULL));
	const char *two = script_of(a, topo_scenario(a, topo_load_file(a, ARTICLE), NULL));

	(void)state;
	assert_string_equal(one, two);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_article_reads_like_a_drawing),
		cmocka_unit_test(numbers_are_distinct_and_small),
		cmocka_unit_test(addresses_give_way_to_what_is_taken),
		cmocka_unit_test(nobody_outside_knows_what_lies_behind_a_nat),
		cmocka_unit_test(a_server_without_elastic_ip_is_dialled_by_its_own_address),
		cmocka_unit_test(nothing_is_up_before_the_rules_stand),
		cmocka_unit_test(the_script_says_each_step_as_a_command),
		cmocka_unit_test(rules_cannot_leave_their_here_document),
		cmocka_unit_test(two_plans_of_one_seed_are_the_same),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
