/* SPDX-License-Identifier: MIT */
/*
 * Who has an address and which way leads to it: the map gives the answers that asking each
 * interface and each route in turn would give.
 */
#include "tests/unit/topo.h"

#include "lab/base/hash.h"
#include "lab/base/splitmix.h"
#include "lab/load/load.h"
#include "lab/topology/address_map.h"
#include "lab/topology/scenario_query.h"

/* Two homes, two edges, routers in a row: 1 and 2 are realms of their own. */
static const char network[] =
	"name: map\n"
	"topology:\n"
	"  kinds: {client: {psk: k, mode: macos}, server: {psk: k, mode: rras-2012r2}}\n"
	"  nodes:\n"
	"    a: {kind: client, dials: s}\n"
	"    b: {kind: client}\n"
	"    home: {kind: napt, outside: wan}\n"
	"    other: {kind: napt, outside: wan}\n"
	"    r1: {kind: router}\n"
	"    r2: {kind: router}\n"
	"    igw: {kind: eip, outside: wan, map: {203.0.113.10: s, 203.0.113.11: s2}}\n"
	"    s: {kind: server}\n"
	"    s2: {kind: server}\n"
	"  links:\n"
	"    - {endpoints: [\"a:eth0\", \"home:l1\"], subnet: 192.168.1.0/24}\n"
	"    - {endpoints: [\"b:eth0\", \"other:l1\"], subnet: 192.168.2.0/24}\n"
	"    - {endpoints: [\"home:wan\", \"r1:a\"], subnet: 198.51.100.0/24}\n"
	"    - {endpoints: [\"other:wan\", \"r2:c\"], subnet: 198.51.101.0/24}\n"
	"    - {endpoints: [\"r1:b\", \"r2:a\"], subnet: 192.0.2.0/30}\n"
	"    - {endpoints: [\"r2:b\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
	"    - {endpoints: [\"igw:in\", \"s:eth0\"], subnet: 172.31.0.0/24}\n"
	"    - {endpoints: [\"igw:in2\", \"s2:eth0\"], subnet: 172.31.1.0/24}\n";

static void routes_are_those_of_the_longest_prefix(void **state)
{
	static const char *const others[] = {"203.0.113.10", "203.0.113.11", "203.0.113.77",
					     "8.8.8.8", "192.168.1.99", "192.0.2.3"};
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load(a, network), NULL);
	const struct address_map *m = address_map_new(a, s);

	(void)state;
	for (unsigned n = 0; n < s->n_nodes; n++) {
		for (size_t i = 0; i < s->n_ifaces + ARRAY_LEN(others); i++) {
			struct inet_addr dst, to = {0}, want = {0};

			if (i < s->n_ifaces)
				dst = s->ifaces[i].addr;
			else
				inet_parse_addr(others[i - s->n_ifaces], &dst);
			assert_int_equal(address_map_route(m, n, dst, &to),
					 scenario_route(s, &s->nodes[n], dst, &want));
			assert_true(inet_addr_eq(to, want));
		}
	}
	arena_free(a);
}

static void an_address_is_found_in_its_realm_only(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = topo_scenario(a, topo_load(a, network), NULL);
	const unsigned at_home = s->nodes[0].ifaces[0], at_other = s->nodes[1].ifaces[0];
	struct address_map *m;

	(void)state;
	/* The same address twice, behind two NATs. */
	s->ifaces[at_other].addr = s->ifaces[at_home].addr;
	m = address_map_new(a, s);
	for (unsigned i = 0; i < s->n_ifaces; i++) {
		const struct iface *f = &s->ifaces[i];

		assert_int_equal(address_map_find(m, s->links[f->link].realm, f->addr), i);
		assert_true(address_map_is_own(m, f->node, f->addr));
		for (unsigned n = 0; n < s->n_nodes; n++)
			if (address_map_is_own(m, n, f->addr))
				assert_true(n == f->node || (n < 2 && f->node < 2));
	}
	assert_int_equal(address_map_find(m, s->links[0].realm, inet_v4(0x08080808)), -1);
	assert_int_equal(address_map_find(m, s->links[2].realm, s->ifaces[at_home].addr), -1);
	arena_free(a);
}

static void a_neighbour_is_on_the_link_itself(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load(a, network), NULL);
	const struct address_map *m = address_map_new(a, s);

	(void)state;
	for (unsigned i = 0; i < s->n_ifaces; i++) {
		for (unsigned k = 0; k < s->n_ifaces; k++) {
			bool same = s->ifaces[i].link == s->ifaces[k].link;

			assert_int_equal(address_map_neighbour(m, i, s->ifaces[k].addr),
					 same ? (int)k : -1);
		}
	}
	arena_free(a);
}

/* Keys that collide, and more of them than any table begins with. */
static void numbers_under_one_key_come_in_their_order(void **state)
{
	struct arena *a = arena_new();
	struct splitmix d = splitmix_new(1, "hash", "keys");
	struct hash h = {0};
	uint32_t number, next[8] = {0};
	size_t at = 0;

	(void)state;
	assert_false(hash_next(&h, 1, &at, &number));
	for (uint32_t i = 0; i < 4000; i++)
		hash_put(a, &h, (splitmix_next(&d) % 8) << 32 | UINT32_MAX, i);
	for (uint64_t k = 0; k < 8; k++) {
		for (at = 0; hash_next(&h, k << 32 | UINT32_MAX, &at, &number);) {
			assert_true(number >= next[k]);
			next[k] = number + 1;
			number = UINT32_MAX;
		}
		assert_int_not_equal(next[k], 0);
	}
	hash_clear(&h);
	at = 0;
	assert_false(hash_next(&h, UINT32_MAX, &at, &number));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_those_of_the_longest_prefix),
		cmocka_unit_test(an_address_is_found_in_its_realm_only),
		cmocka_unit_test(a_neighbour_is_on_the_link_itself),
		cmocka_unit_test(numbers_under_one_key_come_in_their_order),
	};

	return cmocka_run_group_tests_name("address_map", tests, NULL, NULL);
}
