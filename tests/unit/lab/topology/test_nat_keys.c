/* SPDX-License-Identifier: MIT */
/*
 * The keys of NATs: mistakes in them, with their places, in exact words.
 */
#include "tests/unit/topo_text.h"

#define LAYOUT "  client:\n    mac: {mode: macos}\n    registry-2: {registry: 2}\n"

/* `from` replaced by `to` in the good file, and the mistakes that come of it; none: it is good. */
static const struct variant {
	const char *from, *to, *says;
} variants[] = {
	/* nat */
	{"napt, outside: wan", "napt, outside: wan, nat: false", ""},
	{"dials: 203.0.113.10", "dials: server, nat: false",
	 "7:74: nat is a key of napt, eip; client is of kind client\n"},
	{"napt, outside: wan", "napt, outside: wan, nat: off",
	 "8:45: nat is true or false, not \"off\"\n"},
	{"eip, outside: wan", "eip, outside: wan, nat: false",
	 "7:66: client can never reach 203.0.113.10: no machine on link net-igw has the "
	 "address 203.0.113.10\n"},

	/* a NAPT's behaviour */
	{"napt, outside: wan", "napt, outside: wan, mapping: endpoint-independent, "
	 "filtering: endpoint-independent, hairpin: true, timeout: 5m, ports: random", ""},
	{"napt, outside: wan", "napt, outside: wan, filtering: address-dependent", ""},
	{"napt, outside: wan", "napt, outside: wan, mapping: symmetric",
	 "8:49: unknown mapping \"symmetric\"; it is endpoint-independent, address-dependent or "
	 "address-and-port-dependent\n"},
	{"napt, outside: wan", "napt, outside: wan, filtering: adress-dependent",
	 "8:51: unknown filtering \"adress-dependent\"; did you mean \"address-dependent\"?\n"},
	{"eip, outside: wan", "eip, outside: wan, mapping: address-dependent",
	 "10:39: mapping is a key of napt; igw is of kind eip\n"},
	{"napt, outside: wan", "napt, outside: wan, timeout: 1500ms",
	 "8:49: timeout is whole seconds, at least one, not 1500ms\n"},
	{"napt, outside: wan", "napt, outside: wan, timeout: 0s",
	 "8:49: timeout is whole seconds, at least one, not 0s\n"},
	{"napt, outside: wan", "napt, outside: wan, timeout: 120",
	 "8:49: timeout is a time like 20ms, 30s or 2m, not \"120\"\n"},
	{"napt, outside: wan", "napt, outside: wan, hairpin: true",
	 "8:49: hairpin needs filtering: endpoint-independent, or something to forward: else no "
	 "machine inside is let in from outside\n"},
	{"napt, outside: wan", "napt, outside: wan, hairpin: true, filtering: "
	 "endpoint-independent, mapping: address-dependent",
	 "8:49: hairpin needs mapping: endpoint-independent: for every other one the destination "
	 "is changed before the source's port is looked up\n"},
	{"napt, outside: wan", "napt, outside: wan, hairpin: true, forward: {udp/500: client}",
	 ""},
	{"napt, outside: wan", "napt, outside: wan, ports: [2000, 2010], "
	 "mapping: address-and-port-dependent",
	 "8:47: home needs 36 ports, 3 for each machine behind it; here are 11\n"},

	/* forwarded ports */
	{"napt, outside: wan",
	 "napt, outside: wan, forward: {udp/500: client, tcp/443: 192.168.1.10}", ""},
	{"napt, outside: wan", "napt, outside: wan, forward: {esp: client}",
	 "8:50: \"esp\" cannot be forwarded; examples are udp/500, tcp/443\n"},
	{"napt, outside: wan", "napt, outside: wan, forward: {udp/0: client}",
	 "8:50: \"udp/0\" cannot be forwarded; examples are udp/500, tcp/443\n"},
	{"napt, outside: wan", "napt, outside: wan, forward: {udp/500: server}",
	 "8:59: server is not on the inside of home\n"},
	{"napt, outside: wan", "napt, outside: wan, forward: {udp/500: clinet}",
	 "8:59: no node \"clinet\"; did you mean \"client\"?\n"},
	{"napt, outside: wan", "napt, outside: wan, forward: {udp/500: [client]}",
	 "8:59: here stands a node on the inside, or its address\n"},

	/* what comes after connecting */
	{"dials: 203.0.113.10", "dials: 203.0.113.10, idle: 5m", ""},
	{"dials: 203.0.113.10", "dials: 203.0.113.10, idle: 5",
	 "7:86: idle is a time like 20ms, 30s or 2m, not \"5\"\n"},
	{"psk: lab-psk, allow", "psk: lab-psk, idle: 5m, allow",
	 "11:61: idle is a key of client; server is of kind server\n"},
	{"when: {client: registry-2}}", "alive: maybe, when: {client: registry-2}}",
	 "23:33: alive is true or false, not \"maybe\"\n"},

	/* axes of several nodes */
	{LAYOUT, "  client: {registry-2: {registry: 2}}\n"
		 "  nats: {on: {}, off: {home.nat: false, server.psk: lab-psk}}\n", ""},
	{LAYOUT, "  client: {registry-2: {registry: 2}}\n"
		 "  nats: {on: {home.nat: true}, off: {home.nta: false}}\n",
	 "20:38: \"home.nta\": a napt has no key \"nta\"; did you mean \"nat\"?\n"},
	{LAYOUT, "  client: {registry-2: {registry: 2}}\n"
		 "  nats: {on: {home.nat: true}, off: {hoem.nat: false}}\n",
	 "20:38: \"hoem.nat\": no node \"hoem\"; did you mean \"home\"?\n"},
	{LAYOUT, "  client: {registry-2: {registry: 2}}\n"
		 "  nats: {on: {home.nat: true}, off: {nat: false}}\n",
	 "20:38: \"nat\" is no \"node.key\", and so are all keys of an axis that is no node\n"},
	{LAYOUT, "  client: {registry-2: {registry: 2}}\n"
		 "  nats: {on: {home.outside: lan}}\n",
	 "20:15: outside is the same in every scenario\n"},
	{LAYOUT, "  client: {registry-2: {registry: 2}}\n"
		 "  nats: {on: {server.mode: rras-2012r2}}\n",
	 "20:3: axes server.mode and nats change the same key\n"},
	{LAYOUT, "  cleint: {registry-2: {registry: 2}}\n",
	 "19:3: axis \"cleint\": no node \"cleint\"; did you mean \"client\"?\n"},
};

static void mistakes_have_their_words_and_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		struct arena *a = arena_new();
		char *mistakes = NULL;
		struct topology *t = load(a, replaced(a, variants[i].from, variants[i].to),
					  &mistakes);

		assert_string_equal(t ? "" : heads(a, mistakes), variants[i].says);
		arena_free(a);
	}
}

/* Two NATs side by side: as soon as one is none, the other one is walked around. */
static void a_nat_that_is_none_must_not_open_a_way_past_another(void **state)
{
	static const char *const text =
		"name: two\n"
		"topology:\n"
		"  nodes:\n"
		"    c: {kind: client, mode: macos, psk: k, dials: s}\n"
		"    r: {kind: router}\n"
		"    a: {kind: napt, outside: out}\n"
		"    b: {kind: napt, outside: out}\n"
		"    net: {kind: router}\n"
		"    s: {kind: server, mode: rras-2012r2, psk: k}\n"
		"  links:\n"
		"    - {endpoints: [\"c:eth0\", \"r:c\"], subnet: 192.168.1.0/24}\n"
		"    - {endpoints: [\"r:a\", \"a:in\"], subnet: 192.168.2.0/24}\n"
		"    - {endpoints: [\"r:b\", \"b:in\"], subnet: 192.168.3.0/24}\n"
		"    - {endpoints: [\"a:out\", \"net:a\"], subnet: 198.51.100.0/24}\n"
		"    - {endpoints: [\"b:out\", \"net:b\"], subnet: 203.0.113.0/24}\n"
		"    - {endpoints: [\"net:s\", \"s:eth0\"], subnet: 192.0.2.0/24}\n"
		"matrix: {a.nat: [true, false]}\n";
	struct arena *a = arena_new();
	char *mistakes = NULL;

	(void)state;
	assert_null(load(a, text, &mistakes));
	assert_string_equal(heads(a, mistakes),
			    "7:5: the outside of b leads back to its inside, past it\n");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_have_their_words_and_places),
		cmocka_unit_test(a_nat_that_is_none_must_not_open_a_way_past_another),
	};

	return cmocka_run_group_tests_name("nat-keys", tests, NULL, NULL);
}
