/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: which there are, what they are called, what the axes change, what is expected.
 */
#include "tests/unit/topo.h"
#include "lab/topology/scenario_query.h"
#include "tests/topology_load.h"

static const char *const base =
	"name: small\n"
	"topology:\n"
	"  kinds:\n"
	"    server: {psk: k}\n"
	"  nodes:\n"
	"    c: {kind: client, mode: windows-10, psk: k, dials: s, registry: 1}\n"
	"    s: {kind: server, mode: rras-2012r2}\n"
	"  links:\n"
	"    - {endpoints: [\"c:eth0\", \"s:eth0\"], subnet: 192.0.2.0/24}\n";

static void without_a_matrix_there_is_one_scenario(void **state)
{
	struct arena *a = arena_new();
	struct topology *t = topo_load(a, base);
	const char *const *axes;

	(void)state;
	assert_int_equal(scenario_count(t), 1);
	assert_string_equal(scenario_id(a, t, 0), "-");
	assert_int_equal(topology_axes(t, &axes), 0);
	assert_string_equal(topology_name(t), "small");
	assert_string_equal(topology_title(t), "small");
	arena_free(a);
}

static void the_article_has_its_twelve_in_order(void **state)
{
	static const char *const ids[] = {
		"rras-2012r2/mac",           "rras-2012r2/registry-0",
		"rras-2012r2/registry-1",    "rras-2012r2/registry-2",
		"strongswan-5.3/mac",        "strongswan-5.3/registry-0",
		"strongswan-5.3/registry-1", "strongswan-5.3/registry-2",
		"softether-4/mac",           "softether-4/registry-0",
		"softether-4/registry-1",    "softether-4/registry-2",
	};
	struct arena *a = arena_new();
	struct topology *t = topo_load_file(a, ARTICLE);
	const char *const *axes;

	(void)state;
	assert_int_equal(scenario_count(t), ARRAY_LEN(ids));
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_string_equal(scenario_id(a, t, i), ids[i]);
		assert_string_equal(scenario_new(a, t, i)->id, ids[i]);
	}
	assert_int_equal(topology_axes(t, &axes), 2);
	assert_string_equal(axes[0], "server.mode");
	assert_string_equal(axes[1], "client");
	assert_string_equal(topology_path(t), ARTICLE);
	arena_free(a);
}

static void values_that_are_no_strings_get_their_key_before_them(void **state)
{
	struct arena *a = arena_new();
	struct topology *t = topo_load(
		a, arena_printf(a, "%smatrix:\n  c.registry: [absent, 0, \"1\"]\n", base));

	(void)state;
	assert_string_equal(scenario_id(a, t, 0), "absent");
	assert_string_equal(scenario_id(a, t, 1), "registry-0");
	assert_string_equal(scenario_id(a, t, 2), "1");
	assert_int_equal(scenario_new(a, t, 0)->nodes[0].registry, -1);
	assert_int_equal(scenario_new(a, t, 1)->nodes[0].registry, 0);
	assert_int_equal(scenario_new(a, t, 2)->nodes[0].registry, 1);
	assert_string_equal(scenario_new(a, t, 1)->axes[0].axis, "c.registry");
	assert_string_equal(scenario_new(a, t, 1)->axes[0].value, "0");
	arena_free(a);
}

static void a_set_changes_its_keys_and_no_others(void **state)
{
	struct arena *a = arena_new();
	struct topology *t =
		topo_load(a, arena_printf(a, "%smatrix:\n  c: {x: {psk: other}, y: {}}\n", base));
	const struct node *x = scenario_node(topo_scenario(a, t, "x"), "c");
	const struct node *y = scenario_node(topo_scenario(a, t, "y"), "c");

	(void)state;
	assert_string_equal(x->psk, "other");
	assert_string_equal(y->psk, "k");
	assert_int_equal(x->registry, 1);
	assert_string_equal(x->mode_name, "windows-10");
	assert_ptr_equal(x->client, mode_client("windows-10"));
	arena_free(a);
}

static void an_axis_that_is_no_node_changes_several(void **state)
{
	struct arena *a = arena_new();
	struct topology *t = topo_load(a, arena_printf(a, "%smatrix:\n"
		"  keys: {same: {}, other: {c.psk: o, s.psk: o, c.registry: 2}}\n"
		"  c.mode: [macos, windows-10]\n", base));
	const struct scenario *s = topo_scenario(a, t, "other/windows-10");

	(void)state;
	assert_int_equal(scenario_count(t), 4);
	assert_string_equal(scenario_node(s, "c")->psk, "o");
	assert_string_equal(scenario_node(s, "s")->psk, "o");
	assert_int_equal(scenario_node(s, "c")->registry, 2);
	assert_string_equal(s->axes[0].axis, "keys");
	s = topo_scenario(a, t, "same/macos");
	assert_string_equal(scenario_node(s, "c")->psk, "k");
	assert_string_equal(scenario_node(s, "s")->psk, "k");
	arena_free(a);
}

static void a_nat_that_is_none_is_a_router_and_everybody_knows_the_way(void **state)
{
	struct arena *a = arena_new();
	const struct topology *t = topo_load_file(a, "topologies/layouts.yaml");
	static const struct {
		const char *id, *dials;
		enum kind home, igw;
		bool knows_client, knows_server; /* does the internet? */
	} rows[] = {
		{"no-nat/mac", "172.31.0.10", KIND_ROUTER, KIND_ROUTER, true, true},
		{"client-only/mac", "172.31.0.10", KIND_NAPT, KIND_ROUTER, false, true},
		{"server-only/mac", "203.0.113.10", KIND_ROUTER, KIND_EIP, true, false},
		{"both/mac", "203.0.113.10", KIND_NAPT, KIND_EIP, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct scenario *s = topo_scenario(a, t, rows[i].id);
		const struct node *net = scenario_node(s, "internet");
		const struct node *client = scenario_node(s, "client");
		const struct node *server = scenario_node(s, "server");
		struct inet_addr to;

		assert_int_equal(scenario_node(s, "home")->kind, rows[i].home);
		assert_int_equal(scenario_node(s, "igw")->kind, rows[i].igw);
		assert_string_equal(INET_ADDR(client->dials), rows[i].dials);
		assert_int_equal(scenario_route(s, net, s->ifaces[client->ifaces[0]].addr,
						&to) >= 0, rows[i].knows_client);
		assert_int_equal(scenario_route(s, net, s->ifaces[server->ifaces[0]].addr,
						&to) >= 0, rows[i].knows_server);
	}
	arena_free(a);
}

static void a_mac_has_no_registry_whatever_the_node_says(void **state)
{
	struct arena *a = arena_new();
	struct topology *t = topo_load_file(a, ARTICLE);

	(void)state;
	assert_int_equal(topo_scenario(a, t, "softether-4/mac")->nodes[0].registry, -1);
	assert_int_equal(topo_scenario(a, t, "softether-4/registry-0")->nodes[0].registry, 0);
	arena_free(a);
}

static void a_setting_holds_in_every_scenario(void **state)
{
	const struct setting set = {"server", "psk", "wrong"};
	struct arena *a = arena_new();
	struct err e = {0};
	char *mistakes;
	struct topology *t = topology_load(a, ARTICLE, &set, 1, &mistakes, &e);

	(void)state;
	assert_non_null(t);
	for (size_t i = 0; i < scenario_count(t); i++)
		assert_string_equal(scenario_node(scenario_new(a, t, i), "server")->psk, "wrong");
	arena_free(a);
}

static void expectations_apply_where_when_says(void **state)
{
	static const struct {
		const char *id;
		size_t n;
		int outcome, server_hash, reason, error;
	} rows[] = {
		{"rras-2012r2/mac", 1, OUTCOME_CONNECTED, -1, -1, -1},
		{"rras-2012r2/registry-0", 1, OUTCOME_BLOCKED, -1, REASON_BOTH_BEHIND_NAT, 809},
		{"strongswan-5.3/registry-1", 1, OUTCOME_BLOCKED, -1, REASON_BOTH_BEHIND_NAT, 809},
		{"strongswan-5.3/registry-2", 1, OUTCOME_CONNECTED, -1, -1, -1},
		{"softether-4/registry-0", 1, OUTCOME_CONNECTED, CLASS_COPIED, -1, -1},
		{"softether-4/registry-2", 2, OUTCOME_CONNECTED, -1, -1, -1},
	};
	struct arena *a = arena_new();
	struct topology *t = topo_load_file(a, ARTICLE);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct scenario *s = topo_scenario(a, t, rows[i].id);
		const struct expectation *e = &s->expects[0];

		assert_int_equal(s->n_expects, rows[i].n);
		assert_int_equal(e->client, -1);
		assert_int_equal(e->want[CLAIM_OUTCOME], rows[i].outcome);
		assert_int_equal(e->want[CLAIM_SERVER_HASH], rows[i].server_hash);
		assert_int_equal(e->want[CLAIM_REASON], rows[i].reason);
		assert_int_equal(e->want[CLAIM_ERROR], rows[i].error);
		assert_int_equal(e->want[CLAIM_FLOATED], -1);
	}
	arena_free(a);
}

static void every_claim_is_read(void **state)
{
	static const int want[CLAIMS] = {
		[CLAIM_OUTCOME] = OUTCOME_FAILED,
		[CLAIM_REASON] = REASON_PSK_MISMATCH,
		[CLAIM_SERVER_HASH] = CLASS_EXACT,
		[CLAIM_PEER_HASH] = CLASS_FAKED,
		[CLAIM_REACHED] = REACHED_PHASE1,
		[CLAIM_ENCAPSULATION] = ENCAPSULATION_NONE,
		[CLAIM_ERROR] = 789,
		[CLAIM_FLOATED] = 0,
		[CLAIM_ALIVE] = 1,
	};
	struct arena *a = arena_new();
	const struct expectation *e;
	const struct scenario *s;
	struct topology *t =
		topo_load(a, arena_printf(a,
					  "%sexpect:\n"
					  "  - {outcome: failed, reason: psk-mismatch, error: 789, "
					  "client: c, "
					  "server_hash: exact, peer_hash: faked, reached: phase1, "
					  "encapsulation: none, floated: false, alive: true}\n",
					  base));

	(void)state;
	s = topo_scenario(a, t, NULL);
	e = &s->expects[0];
	assert_int_equal(e->line, 11);
	for (unsigned c = 0; c < CLAIMS; c++)
		assert_int_equal(e->want[c], want[c]);
	assert_string_equal(s->nodes[e->client].name, "c");
	arena_free(a);
}

static void nodes_are_found_by_name_and_by_address(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = topo_scenario(a, topo_load_file(a, ARTICLE), NULL);
	struct inet_addr eip, own, none;

	(void)state;
	assert_true(inet_parse_addr("203.0.113.10", &eip));
	assert_true(inet_parse_addr("172.31.0.10", &own));
	assert_true(inet_parse_addr("10.1.1.1", &none));
	assert_ptr_equal(scenario_owner(s, eip), scenario_node(s, "igw"));
	assert_ptr_equal(scenario_owner(s, own), scenario_node(s, "server"));
	assert_null(scenario_owner(s, none));
	assert_null(scenario_node(s, "nobody"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_matrix_there_is_one_scenario),
		cmocka_unit_test(the_article_has_its_twelve_in_order),
		cmocka_unit_test(values_that_are_no_strings_get_their_key_before_them),
		cmocka_unit_test(a_set_changes_its_keys_and_no_others),
		cmocka_unit_test(an_axis_that_is_no_node_changes_several),
		cmocka_unit_test(a_nat_that_is_none_is_a_router_and_everybody_knows_the_way),
		cmocka_unit_test(a_mac_has_no_registry_whatever_the_node_says),
		cmocka_unit_test(a_setting_holds_in_every_scenario),
		cmocka_unit_test(expectations_apply_where_when_says),
		cmocka_unit_test(every_claim_is_read),
		cmocka_unit_test(nodes_are_found_by_name_and_by_address),
	};

	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
