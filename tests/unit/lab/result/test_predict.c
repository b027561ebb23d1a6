/* SPDX-License-Identifier: MIT */
/*
 * Walks on paper: Microsoft's table over four layouts of NATs, every mode and every registry
 * value; and what else keeps a client from connecting.
 */
#include "tests/unit/topo.h"

#include "lab/result/predict.h"
#include "lab/topology/scenario_query.h"
#include "lab/load/load.h"

/* A client, public or behind a NAPT, and a server, public or behind an EIP. */
static const char *layout(struct arena *a, bool napt, bool eip, const char *client,
			  const char *server)
{
	return arena_printf(
		a,
		"name: layout\n"
		"topology:\n"
		"  nodes:\n"
		"    client: {kind: client, psk: k, dials: server, %s}\n"
		"    net: {kind: router}\n"
		"    server: {kind: server, psk: k, %s}\n"
		"%s%s"
		"  links:\n"
		"%s%s",
		client, server, napt ? "    home: {kind: napt, outside: wan}\n" : "",
		eip ? "    igw: {kind: eip, outside: wan, map: {203.0.113.10: server}}\n" : "",
		napt ? "    - {endpoints: [\"client:eth0\", \"home:lan\"], "
		       "subnet: 192.168.1.0/24}\n"
		       "    - {endpoints: [\"home:wan\", \"net:a\"], subnet: 198.51.100.0/24}\n"
		     : "    - {endpoints: [\"client:eth0\", \"net:a\"], subnet: 198.51.100.0/24}\n",
		eip ? "    - {endpoints: [\"net:b\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
		      "    - {endpoints: [\"igw:vpc\", \"server:eth0\"], subnet: 172.31.0.0/20}\n"
		    : "    - {endpoints: [\"net:b\", \"server:eth0\"], subnet: 203.0.113.0/24}\n");
}

static struct prediction prediction_of(struct arena *a, const struct scenario *s,
				       const char *client)
{
	return predict(a, s, 0)[scenario_node(s, client) - s->nodes];
}

static void predict_text(struct arena *a, const char *text, const char *client,
			 struct prediction *p)
{
	const struct scenario *s = topo_scenario(a, topo_load(a, text), NULL);

	*p = prediction_of(a, s, client);
}

/* In each cell of a row: what the registry values absent, 0, 1, 2 lead to; c connected, s refused
 * as server-behind-nat, b as both-behind-nat. `sees`: the client concludes C, S, both or none. */
static void microsofts_table_comes_out(void **state)
{
	static const struct {
		const char *server;
		bool napt, eip;
		const char *sees, *outcomes;
		bool floated;
	} rows[] = {
		{"rras-2012r2", false, false, "", "cccc", false},
		{"rras-2012r2", true, false, "C", "cccc", true},
		{"rras-2012r2", false, true, "S", "sscc", true},
		{"rras-2012r2", true, true, "CS", "bbbc", true},
		{"strongswan-5.3", false, false, "", "cccc", false},
		{"strongswan-5.3", true, false, "C", "cccc", true},
		{"strongswan-5.3", false, true, "S", "sscc", true},
		{"strongswan-5.3", true, true, "CS", "bbbc", true},
		/* the first hash never matches, the second always does */
		{"softether-4", false, false, "C", "cccc", true},
		{"softether-4", true, false, "C", "cccc", true},
		{"softether-4", false, true, "C", "cccc", true},
		{"softether-4", true, true, "C", "cccc", true},
	};
	static const char *const registry[] = {"absent", "0", "1", "2"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * 5; i++) {
		size_t row = i / 5, reg = i % 5; /* the fifth is a Mac */
		struct arena *a = arena_new();
		char outcome = reg < 4 ? rows[row].outcomes[reg] : 'c';
		const char *client = reg < 4 ? arena_printf(a, "mode: windows-10, registry: %s",
							    registry[reg])
					     : "mode: macos";
		struct prediction p;

		predict_text(a,
			     layout(a, rows[row].napt, rows[row].eip, client,
				    arena_printf(a, "mode: %s", rows[row].server)),
			     "client", &p);
		assert_true(p.walk.arrives);
		assert_true(p.agreed.natt);
		assert_int_equal(p.agreed.client_sees.self_behind_nat,
				 !!strchr(rows[row].sees, 'C'));
		assert_int_equal(p.agreed.client_sees.peer_behind_nat,
				 !!strchr(rows[row].sees, 'S'));
		assert_int_equal(p.agreed.server_sees.self_behind_nat, rows[row].eip);
		assert_int_equal(p.agreed.server_sees.peer_behind_nat, rows[row].napt);
		assert_int_equal(p.agreed.floated, rows[row].floated);
		assert_int_equal(p.agreed.parrots, strcmp(rows[row].server, "softether-4") == 0);
		assert_string_equal(outcome_name(p.agreed.outcome),
				    outcome == 'c' ? "connected" : "blocked");
		assert_string_equal(reason_name(p.agreed.reason), outcome == 'c' ? "none"
								  : outcome == 's'
									  ? "server-behind-nat"
									  : "both-behind-nat");
		assert_int_equal(p.agreed.error, outcome == 'c' ? 0 : 809);
		arena_free(a);
	}
}

/* What Windows 10 makes of every server's message 4, in the order of the four layouts: EIP and NAPT
 * client; EIP and public client; public server and NAPT client; both public. In each: r refuse,
 * c connect for registry 0, 1, 2. The first eight are what was measured of real servers. */
static void what_windows_makes_of_message_4(void **state)
{
	static const struct {
		const char *server, *outcomes[4];
	} rows[] = {
		{"strongswan-5.9", {"rrc", "rcc", "ccc", "ccc"}},
		{"strongswan-forceencaps", {"rrc", "rcc", "rrc", "rcc"}},
		{"libreswan", {"rrc", "rcc", "ccc", "ccc"}},
		{"libreswan-encapsulation", {"rrc", "rrc", "rrc", "rrc"}},
		{"softether-5", {"ccc", "ccc", "ccc", "ccc"}},
		{"softether-5-listen", {"ccc", "ccc", "ccc", "ccc"}},
		{"softether-4", {"ccc", "ccc", "ccc", "ccc"}},
		{"openswan-forceencaps", {"rrc", "rrc", "rrc", "rrc"}},
		{"racoon-force", {"rrc", "rrc", "rrc", "rrc"}},
		{"draft-only", {"rrc", "rcc", "ccc", "ccc"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * 4 * 3; i++) {
		unsigned row = (unsigned)i / 12, cell = (unsigned)i / 3 % 4, reg = (unsigned)i % 3;
		struct arena *a = arena_new();
		struct prediction p;

		predict_text(a,
			     layout(a, cell % 2 == 0, cell < 2,
				    arena_printf(a, "mode: windows-10, registry: %u", reg),
				    arena_printf(a, "mode: %s", rows[row].server)),
			     "client", &p);
		assert_string_equal(outcome_name(p.agreed.outcome),
				    rows[row].outcomes[cell][reg] == 'c' ? "connected" : "blocked");
		arena_free(a);
	}
}

/* Without NAT-T nobody refuses anything, and ESP does not get through a NAT. */
static void without_nat_t_a_nat_is_the_end_of_esp(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct arena *a = arena_new();
		struct prediction p;

		predict_text(a, layout(a, i & 1, i & 2, "mode: windows-10", "mode: no-natt"),
			     "client", &p);
		assert_false(p.agreed.natt || p.agreed.floated);
		assert_string_equal(outcome_name(p.agreed.outcome), i ? "failed" : "connected");
		assert_string_equal(reason_name(p.agreed.reason), i ? "no-reply" : "none");
		arena_free(a);
	}
}

static void the_walk_notes_the_addresses_on_both_sides(void **state)
{
	struct arena *a = arena_new();
	struct prediction p;

	(void)state;
	predict_text(a, layout(a, true, true, "mode: macos", "mode: softether-4"), "client", &p);
	assert_string_equal(INET_EP(p.walk.ends.client_own), "192.168.1.10:500");
	assert_string_equal(INET_EP(p.walk.ends.client_seen), "198.51.100.10:500");
	assert_string_equal(INET_EP(p.walk.ends.server_dialled), "203.0.113.10:500");
	assert_string_equal(INET_EP(p.walk.ends.server_own), "172.31.0.10:500");
	arena_free(a);
}

static void other_things_that_go_wrong(void **state)
{
	static const struct {
		bool napt, eip;
		const char *client, *server;
		const char *outcome, *reason;
		int error;
	} rows[] = {
		{true, true, "mode: windows-10, registry: 2", "mode: rras-2012r2, allow: [udp/500]",
		 "failed", "no-reply", 809},
		{true, true, "mode: windows-10, registry: 2",
		 "mode: rras-2012r2, allow: [udp/4500]", "failed", "no-reply", 809},
		{true, true, "mode: macos",
		 "mode: rras-2012r2, allow: []", "failed", "no-reply", 0},
		/* two public ends: ESP is bare, and the security group must know it */
		{false, false, "mode: windows-10", "mode: rras-2012r2, allow: [udp/1-9999]",
		 "failed", "no-reply", 809},
		{false, false, "mode: windows-10", "mode: rras-2012r2, allow: [udp/500, esp]",
		 "connected", "none", 0},
		/* MODP-1024 alone */
		{true, true, "mode: android", "mode: libreswan", "failed", "no-proposal", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct prediction p;

		predict_text(a,
			     layout(a, rows[i].napt, rows[i].eip, rows[i].client, rows[i].server),
			     "client", &p);
		assert_string_equal(outcome_name(p.agreed.outcome), rows[i].outcome);
		assert_string_equal(reason_name(p.agreed.reason), rows[i].reason);
		assert_int_equal(p.agreed.error, rows[i].error);
		arena_free(a);
	}
}

static void unlike_keys_are_a_mismatch_before_any_rule(void **state)
{
	const struct setting set = {"client", "psk", "other"};
	struct arena *a = arena_new();
	const char *text = layout(a, true, true, "mode: windows-10", "mode: rras-2012r2");
	struct prediction p;
	char *mistakes;
	const struct scenario *s;

	(void)state;
	s = scenario_new(
		a, topology_load_buffer(a, "f", text, strlen(text), &set, 1, &mistakes), 0);
	p = prediction_of(a, s, "client");
	assert_string_equal(outcome_name(p.agreed.outcome), "failed");
	assert_string_equal(reason_name(p.agreed.reason), "psk-mismatch");
	assert_int_equal(p.agreed.error, 789);
	arena_free(a);
}

/* Two clients at home, the home behind a carrier's NAPT, routers in a row, two servers behind one
 * edge of which the second has no public address. */
static const char wide[] =
	"name: wide\n"
	"topology:\n"
	"  kinds:\n"
	"    client: {psk: k, mode: windows-10, registry: 2}\n"
	"    server: {psk: k, mode: rras-2012r2}\n"
	"  nodes:\n"
	"    a: {kind: client, dials: s}\n"
	"    b: {kind: client, dials: 203.0.113.10}\n"
	"    home: {kind: napt, outside: wan}\n"
	"    cgn: {kind: napt, outside: wan, ports: [3000, 3005]}\n"
	"    r1: {kind: router}\n"
	"    r2: {kind: router}\n"
	"    igw: {kind: eip, outside: wan, map: {203.0.113.10: s}}\n"
	"    vpc: {kind: router}\n"
	"    s: {kind: server}\n"
	"    s2: {kind: server}\n"
	"  links:\n"
	"    - {endpoints: [\"a:eth0\", \"home:l1\"], subnet: 192.168.1.0/24}\n"
	"    - {endpoints: [\"b:eth0\", \"home:l2\"], subnet: 192.168.2.0/24}\n"
	"    - {endpoints: [\"home:wan\", \"cgn:in\"], subnet: 100.64.0.0/24}\n"
	"    - {endpoints: [\"cgn:wan\", \"r1:a\"], subnet: 198.51.100.0/24}\n"
	"    - {endpoints: [\"r1:b\", \"r2:a\"], subnet: 192.0.2.0/30}\n"
	"    - {endpoints: [\"r2:b\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
	"    - {endpoints: [\"igw:in\", \"vpc:a\"], subnet: 172.31.0.0/24}\n"
	"    - {endpoints: [\"vpc:b\", \"s:eth0\"], subnet: 172.31.1.0/24}\n"
	"    - {endpoints: [\"vpc:c\", \"s2:eth0\"], subnet: 172.31.2.0/24}\n";

static void two_napts_in_a_row_give_two_clients_two_ports(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load(a, wide), NULL);
	struct prediction p, q;

	(void)state;
	p = prediction_of(a, s, "a");
	q = prediction_of(a, s, "b");
	assert_true(p.walk.arrives);
	assert_true(q.walk.arrives);
	assert_string_equal(INET_ADDR(p.walk.ends.client_seen.addr), "198.51.100.10");
	assert_string_equal(INET_ADDR(q.walk.ends.client_seen.addr), "198.51.100.10");
	assert_int_not_equal(p.walk.ends.client_seen.port, q.walk.ends.client_seen.port);
	assert_in_range(p.walk.ends.client_seen.port, 3000, 3005);
	assert_in_range(q.walk.ends.client_seen.port, 3000, 3005);
	assert_string_equal(outcome_name(p.agreed.outcome), "connected");
	assert_string_equal(INET_EP(p.walk.ends.server_own), "172.31.1.10:500");
	arena_free(a);
}

static void a_walk_that_ends_says_where_and_why(void **state)
{
	static const struct {
		const char *dials, *at, *why;
	} rows[] = {
		{"dials: 172.31.1.10", "r1", "r1 has no route to 172.31.1.10"},
		{"dials: s2", "r1", "r1 has no route to 172.31.2.10"},
		{"dials: 203.0.113.11", "r2",
		 "no machine on link r2-igw has the address 203.0.113.11; igw maps only 203.0.113.10"},
		{"dials: 203.0.113.2", "igw", "dropped at igw, which maps only 203.0.113.10"},
		{"dials: 8.8.8.8", "r1", "r1 has no route to 8.8.8.8"},
		{"dials: 192.168.2.10", "b",
		 "it is an address of b, a client, not of a server"},
		{"dials: 192.168.2.99", "home",
		 "no machine on link b-home has the address 192.168.2.99"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct scenario *s = topo_scenario(a, topo_load(a, wide), NULL);
		const char *colon = strchr(rows[i].dials, ' ');
		const struct node *to = scenario_node(s, colon + 1);
		struct walk w;

		if (to)
			s->nodes[0].dials = s->ifaces[to->ifaces[0]].addr;
		else
			assert_true(inet_parse_addr(colon + 1, &s->nodes[0].dials));
		path_walk(paths_new(a, s, 1), &s->nodes[0], 500, &w);
		assert_false(w.arrives);
		assert_false(w.by_policy);
		assert_string_equal(w.stopped_at, rows[i].at);
		assert_string_equal(w.why, rows[i].why);
		arena_free(a);
	}
}

static void a_security_group_is_no_missing_way(void **state)
{
	struct arena *a = arena_new();
	struct prediction p;

	(void)state;
	predict_text(a, layout(a, true, true, "mode: macos", "mode: rras-2012r2, allow: [icmp]"),
		     "client", &p);
	assert_false(p.walk.arrives);
	assert_true(p.walk.by_policy);
	assert_string_equal(p.walk.why, "the security group of server does not allow udp/500");
	arena_free(a);
}

/* The server's other way out would give its answers another address. */
static void an_answer_that_takes_another_way_is_lost(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = topo_scenario(a, topo_load(a, wide), NULL);
	struct node *server = (struct node *)scenario_node(s, "s");
	struct walk w;

	(void)state;
	server->n_routes = 0;
	path_walk(paths_new(a, s, 1), &s->nodes[0], 500, &w);
	assert_false(w.arrives);
	assert_string_equal(w.why, "the answer is lost: s has no route to 198.51.100.10");
	arena_free(a);
}

static void routes_in_a_circle_end(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = topo_scenario(a, topo_load(a, wide), NULL);
	struct node *r2 = (struct node *)scenario_node(s, "r2");
	struct inet_addr r1 = s->ifaces[link_other_end(&s->links[s->ifaces[r2->ifaces[0]].link],
						    r2->ifaces[0])].addr;
	struct walk w;

	(void)state;
	/* r2 sends what is for the Elastic IP back to r1. */
	for (size_t i = 0; i < r2->n_routes; i++) {
		if (r2->routes[i].to.plen == 32)
			r2->routes[i] = (struct route){r2->routes[i].to, r1, r2->ifaces[0]};
	}
	path_walk(paths_new(a, s, 1), &s->nodes[0], 500, &w);
	assert_false(w.arrives);
	assert_non_null(strstr(w.why, "in circles"));
	arena_free(a);
}

static void the_article_is_predicted_as_it_expects(void **state)
{
	struct arena *a = arena_new();
	struct topology *t = topo_load_file(a, ARTICLE);

	(void)state;
	for (size_t i = 0; i < scenario_count(t); i++) {
		const struct scenario *s = scenario_new(a, t, i);
		struct prediction p;

		p = prediction_of(a, s, "client");
		assert_true(s->n_expects > 0);
		for (size_t e = 0; e < s->n_expects; e++) {
			const struct expectation *x = &s->expects[e];

			assert_int_equal(p.agreed.outcome, x->want[CLAIM_OUTCOME]);
			if (x->want[CLAIM_REASON] >= 0)
				assert_int_equal(p.agreed.reason, x->want[CLAIM_REASON]);
			if (x->want[CLAIM_ERROR] >= 0)
				assert_int_equal(p.agreed.error, x->want[CLAIM_ERROR]);
			if (x->want[CLAIM_SERVER_HASH] >= 0)
				assert_true(p.agreed.parrots);
		}
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(microsofts_table_comes_out),
		cmocka_unit_test(what_windows_makes_of_message_4),
		cmocka_unit_test(without_nat_t_a_nat_is_the_end_of_esp),
		cmocka_unit_test(the_walk_notes_the_addresses_on_both_sides),
		cmocka_unit_test(other_things_that_go_wrong),
		cmocka_unit_test(unlike_keys_are_a_mismatch_before_any_rule),
		cmocka_unit_test(two_napts_in_a_row_give_two_clients_two_ports),
		cmocka_unit_test(a_walk_that_ends_says_where_and_why),
		cmocka_unit_test(a_security_group_is_no_missing_way),
		cmocka_unit_test(an_answer_that_takes_another_way_is_lost),
		cmocka_unit_test(routes_in_a_circle_end),
		cmocka_unit_test(the_article_is_predicted_as_it_expects),
	};

	return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
