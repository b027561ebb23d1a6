/* SPDX-License-Identifier: MIT */
/*
 * Expectations against connections, and the paper's word against the wire's. Nothing ran: the
 * connections came out as predicted, but for what each row changes.
 */
#include "tests/unit/results.h"

#include "lab/result/expect.h"

/* A small network that ends in these expectations. */
static struct scenario *scenario_with(struct arena *a, const char *mode, const char *expect)
{
	return topo_scenario(
		a,
		topo_load(a,
			  arena_printf(a,
				       "name: small\n"
				       "topology:\n"
				       "  kinds: {client: {psk: k}, server: {psk: k}}\n"
				       "  nodes:\n"
				       "    pc: {kind: client, %s, dials: 203.0.113.10}\n"
				       "    mac: {kind: client, mode: macos, dials: 203.0.113.10}\n"
				       "    home: {kind: napt, outside: wan}\n"
				       "    igw: {kind: eip, outside: wan, "
				       "map: {203.0.113.10: server}}\n"
				       "    server: {kind: server, mode: rras-2012r2}\n"
				       "  links:\n"
				       "    - {endpoints: [\"pc:eth0\", \"home:lan\"], "
				       "subnet: 192.168.1.0/24}\n"
				       "    - {endpoints: [\"mac:eth0\", \"home:lan2\"], "
				       "subnet: 192.168.2.0/24}\n"
				       "    - {endpoints: [\"home:wan\", \"igw:wan\"], "
				       "subnet: 203.0.113.0/24}\n"
				       "    - {endpoints: [\"igw:vpc\", \"server:eth0\"], "
				       "subnet: 172.31.0.0/20}\n"
				       "%s%s",
				       mode, *expect ? "expect:\n" : "", expect)),
		NULL);
}

#define BLOCKED "mode: windows-10, registry: 1"
#define CONNECTED "mode: windows-10, registry: 2"

static struct connection *connection_of(const struct scenario *s, struct scenario_result *r,
					const char *client)
{
	for (unsigned i = 0; i < r->n_connections; i++)
		if (strcmp(s->nodes[r->connections[i].client].name, client) == 0)
			return &r->connections[i];
	fail_msg("%s did not dial", client);
	return NULL;
}

static void what_came_as_predicted_passes_without_expectations(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = scenario_with(a, BLOCKED, "");
	struct scenario_result *r = result_of(a, s);

	(void)state;
	assert_int_equal(connection_of(s, r, "pc")->outcome, OUTCOME_BLOCKED);
	assert_int_equal(connection_of(s, r, "mac")->outcome, OUTCOME_CONNECTED);
	expect_judge(s, r);
	assert_int_equal(r->verdict, VERDICT_PASS);
	assert_string_equal(r->connections[0].lab_error, "");
	assert_string_equal(r->connections[1].lab_error, "");
	arena_free(a);
}

static void one_dropped(struct connection *c)
{
	c->outcome = OUTCOME_UNDECIDED;
}
static void one_failed(struct connection *c)
{
	c->outcome = OUTCOME_FAILED;
}
static void other_reason(struct connection *c)
{
	c->reason = REASON_SERVER_BEHIND_NAT;
}
static void other_error(struct connection *c)
{
	c->error = 789;
}
static void no_natd(struct connection *c)
{
	c->j.complete = false;
}
static void not_floated(struct connection *c)
{
	c->x.floated = false;
}
static void client_sees_less(struct connection *c)
{
	c->j.client_sees.self_behind_nat = false;
}
static void client_sees_server_public(struct connection *c)
{
	c->j.client_sees.peer_behind_nat = false;
}
static void server_sees_less(struct connection *c)
{
	c->j.server_sees.self_behind_nat = false;
}
static void server_sees_client_public(struct connection *c)
{
	c->j.server_sees.peer_behind_nat = false;
}
static void esp_from_client(struct connection *c)
{
	c->x.esp[0] = 1;
}

/* The lab's own errors: none of them may pass, whatever the file expects or does not. */
static void a_difference_between_paper_and_wire_is_an_error_of_the_lab(void **state)
{
	static const struct {
		void (*change)(struct connection *c);
		const char *in;
	} rows[] = {
		{one_dropped, "no decision was made"},
		{one_failed, "the outcome"},
		{other_reason, "the reason"},
		{other_error, "the error"},
		{no_natd, "whether NAT-D was exchanged"},
		{not_floated, "whether IKE moved"},
		{client_sees_less, "what the client sees"},
		{client_sees_server_public, "what the client sees"},
		{server_sees_less, "what the server sees"},
		{server_sees_client_public, "what the server sees"},
		{esp_from_client, "ESP"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct scenario *s =
			scenario_with(a, BLOCKED, "  - {outcome: connected, client: mac}\n");
		struct scenario_result *r = result_of(a, s);
		struct connection *c = connection_of(s, r, "pc");

		rows[i].change(c);
		expect_judge(s, r);
		assert_int_equal(r->verdict, VERDICT_FAIL);
		if (!strstr(c->lab_error, rows[i].in))
			fail_msg("row %zu: \"%s\" lacks \"%s\"", i, c->lab_error, rows[i].in);
		/* The other client's expectation stands by itself. */
		assert_int_equal(r->expects[0].verdict, VERDICT_PASS);
		assert_string_equal(connection_of(s, r, "mac")->lab_error, "");
		arena_free(a);
	}
}

static void a_connection_without_esp_both_ways_is_none(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		struct arena *a = arena_new();
		struct scenario *s = scenario_with(a, CONNECTED, "");
		struct scenario_result *r = result_of(a, s);

		connection_of(s, r, "pc")->x.esp[side] = 0;
		expect_judge(s, r);
		assert_int_equal(r->verdict, VERDICT_FAIL);
		arena_free(a);
	}
}

/* What the server sees is compared only where its place in the capture is known. */
static void the_servers_view_counts_only_where_it_is_known(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = scenario_with(a, BLOCKED, "");
	struct scenario_result *r = result_of(a, s);
	struct connection *c = connection_of(s, r, "pc");

	(void)state;
	c->j.server_sees_valid = false;
	c->j.server_sees.self_behind_nat = !c->j.server_sees.self_behind_nat;
	expect_judge(s, r);
	assert_int_equal(r->verdict, VERDICT_PASS);
	arena_free(a);
}

/* The walk knows of no lost frames. */
static void giving_up_on_a_bad_line_is_no_error_of_the_lab(void **state)
{
	(void)state;
	for (int bad = 0; bad < 2; bad++) {
		struct arena *a = arena_new();
		struct scenario *s = scenario_with(a, CONNECTED, "");
		struct scenario_result *r = result_of(a, s);
		struct connection *c = connection_of(s, r, "pc");

		s->links[0].faults.loss = bad ? 100 : 0;
		c->outcome = OUTCOME_FAILED;
		c->reason = REASON_NO_REPLY;
		expect_judge(s, r);
		assert_int_equal(r->verdict, bad ? VERDICT_PASS : VERDICT_FAIL);
		arena_free(a);
	}
}

/* Each claim, once as it is and once as it is not: the two must part. */
static void each_claim_is_held_against_what_came(void **state)
{
	static const struct {
		const char *good, *bad, *why;
	} rows[] = {
		{"outcome: blocked", "outcome: connected",
		 "pc: outcome is blocked, expected connected"},
		{"reason: both-behind-nat", "reason: server-behind-nat",
		 "pc: reason is both-behind-nat, expected server-behind-nat"},
		{"error: 809", "error: 789", "pc: error is 809, expected 789"},
		{"server_hash: exact", "server_hash: copied",
		 "pc: server_hash is exact, expected copied"},
		{"peer_hash: exact", "peer_hash: faked", "pc: peer_hash is exact, expected faked"},
		{"reached: phase2", "reached: l2tp", "pc: reached is phase2, expected l2tp"},
		{"reached: phase1", "reached: l2tp", "pc: reached is phase2, expected l2tp"},
		{"reached: nothing", "reached: l2tp", "pc: reached is phase2, expected l2tp"},
		{"floated: true", "floated: false", "pc: floated is true, expected false"},
		{"encapsulation: udp", "encapsulation: none",
		 "pc: encapsulation is udp, expected none"},
		{"encapsulation: udp", "encapsulation: esp",
		 "pc: encapsulation is udp, expected esp"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct scenario *s = scenario_with(
			a, BLOCKED, arena_printf(a, "  - {client: pc, %s}\n", rows[i].good));
		struct scenario_result *r = result_of(a, s);

		expect_judge(s, r);
		assert_int_equal(r->expects[0].verdict, VERDICT_PASS);
		assert_string_equal(r->expects[0].why, "");
		assert_int_equal(r->verdict, VERDICT_PASS);
		s = scenario_with(a, BLOCKED,
				  arena_printf(a, "  - {client: pc, %s}\n", rows[i].bad));
		r = result_of(a, s);
		expect_judge(s, r);
		assert_int_equal(r->expects[0].verdict, VERDICT_FAIL);
		assert_string_equal(r->expects[0].why, rows[i].why);
		assert_int_equal(r->verdict, VERDICT_FAIL);
		arena_free(a);
	}
}

/* A claim that names no client is one on all of them; one that does, on no other. */
static void an_expectation_is_on_every_client_unless_it_names_one(void **state)
{
	static const struct {
		const char *expect;
		enum verdict verdict;
	} rows[] = {
		{"  - {outcome: connected}\n", VERDICT_FAIL},
		{"  - {outcome: connected, client: mac}\n", VERDICT_PASS},
		{"  - {outcome: connected, client: pc}\n", VERDICT_FAIL},
		{"  - {floated: true}\n", VERDICT_PASS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct scenario *s = scenario_with(a, BLOCKED, rows[i].expect);
		struct scenario_result *r = result_of(a, s);

		expect_judge(s, r);
		assert_int_equal(r->expects[0].verdict, rows[i].verdict);
		assert_int_equal(r->verdict, rows[i].verdict);
		arena_free(a);
	}
}

/* From outside a public server's copied and exact hashes are the same bytes. */
static void either_word_fits_a_hash_that_may_be_both(void **state)
{
	static const struct {
		const char *wish;
		enum verdict verdict;
	} rows[] = {
		{"exact", VERDICT_PASS},	   {"copied", VERDICT_PASS},
		{"exact-or-copied", VERDICT_PASS}, {"faked", VERDICT_FAIL},
		{"unknown", VERDICT_FAIL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct scenario *s = scenario_with(
			a, BLOCKED,
			arena_printf(a, "  - {client: pc, server_hash: %s}\n", rows[i].wish));
		struct scenario_result *r = result_of(a, s);

		connection_of(s, r, "pc")->j.server_hash = CLASS_EXACT_OR_COPIED;
		expect_judge(s, r);
		assert_int_equal(r->expects[0].verdict, rows[i].verdict);
		arena_free(a);
	}
}

static void the_evidence_is_the_numbers_of_the_events(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = scenario_with(a, BLOCKED, "  - {outcome: blocked, client: pc}\n");
	struct scenario_result *r = result_of(a, s);

	(void)state;
	connection_of(s, r, "pc")->natd_event = 0; /* there is none */
	expect_judge(s, r);
	assert_int_equal(r->expects[0].n_evidence, 1);
	assert_int_equal(r->expects[0].evidence[0], 40);
	arena_free(a);
}

/* A failed expectation beats an undecided one, in whatever order they stand. */
static void no_decision_is_neither_a_pass_nor_a_failure(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = scenario_with(a, BLOCKED, "  - {outcome: blocked, client: pc}\n");
	struct scenario_result *r = result_of(a, s);

	(void)state;
	connection_of(s, r, "pc")->outcome = OUTCOME_UNDECIDED;
	expect_judge(s, r);
	assert_int_equal(r->expects[0].verdict, VERDICT_UNDECIDED);
	assert_string_equal(r->expects[0].why, "pc: came to no decision");

	for (int first = 0; first < 2; first++) {
		s = scenario_with(a, BLOCKED, "  - {outcome: connected}\n");
		r = result_of(a, s);
		r->connections[first].outcome = OUTCOME_UNDECIDED;
		r->connections[!first].outcome = OUTCOME_FAILED;
		expect_judge(s, r);
		assert_int_equal(r->expects[0].verdict, VERDICT_FAIL);
	}
	arena_free(a);
}

static void where_nobody_dials_nothing_is_decided(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = scenario_with(a, BLOCKED, "  - {outcome: blocked, client: pc}\n");
	struct scenario_result *r;

	(void)state;
	for (size_t i = 0; i < s->n_nodes; i++)
		s->nodes[i].dials = (struct inet_addr){0};
	for (size_t n = 0; n < 2; n++) {
		s->n_expects = n;
		r = result_of(a, s);
		assert_int_equal(r->n_connections, 0);
		expect_judge(s, r);
		assert_int_equal(r->verdict, VERDICT_UNDECIDED);
	}
	assert_string_equal(r->expects[0].why, "no client dialled");
	arena_free(a);
}

/* ---- the whole run ---- */

static void a_run_is_as_good_as_its_worst_scenario(void **state)
{
	static const struct {
		enum verdict v[3];
		enum verdict all;
	} rows[] = {
		{{VERDICT_PASS, VERDICT_PASS, VERDICT_PASS}, VERDICT_PASS},
		{{VERDICT_PASS, VERDICT_SKIPPED, VERDICT_PASS}, VERDICT_PASS},
		{{VERDICT_PASS, VERDICT_UNDECIDED, VERDICT_PASS}, VERDICT_UNDECIDED},
		{{VERDICT_PASS, VERDICT_UNDECIDED, VERDICT_FAIL}, VERDICT_FAIL},
		{{VERDICT_FAIL, VERDICT_SKIPPED, VERDICT_SKIPPED}, VERDICT_FAIL},
		{{VERDICT_SKIPPED, VERDICT_SKIPPED, VERDICT_SKIPPED}, VERDICT_SKIPPED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scenario_result r[3] = {0};
		struct scenario_result *const v[] = {&r[0], &r[1], &r[2]};
		const struct run_result run = {.n = 3, .results = v};

		for (size_t k = 0; k < 3; k++)
			r[k].verdict = rows[i].v[k];
		assert_int_equal(run_verdict(&run), rows[i].all);
	}
}

static void a_scenario_that_was_not_run_is_skipped(void **state)
{
	struct scenario_result r = {.verdict = VERDICT_PASS};
	struct scenario_result *const v[] = {&r, NULL, NULL};
	struct run_result run = {.n = 3, .results = v};

	(void)state;
	assert_int_equal(run_count(&run).skipped, 2);
	assert_int_equal(run_count(&run).pass, 1);
	run.n = 0;
	assert_int_equal(run_verdict(&run), VERDICT_SKIPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_as_predicted_passes_without_expectations),
		cmocka_unit_test(a_difference_between_paper_and_wire_is_an_error_of_the_lab),
		cmocka_unit_test(a_connection_without_esp_both_ways_is_none),
		cmocka_unit_test(the_servers_view_counts_only_where_it_is_known),
		cmocka_unit_test(giving_up_on_a_bad_line_is_no_error_of_the_lab),
		cmocka_unit_test(each_claim_is_held_against_what_came),
		cmocka_unit_test(an_expectation_is_on_every_client_unless_it_names_one),
		cmocka_unit_test(either_word_fits_a_hash_that_may_be_both),
		cmocka_unit_test(the_evidence_is_the_numbers_of_the_events),
		cmocka_unit_test(no_decision_is_neither_a_pass_nor_a_failure),
		cmocka_unit_test(where_nobody_dials_nothing_is_decided),
		cmocka_unit_test(a_run_is_as_good_as_its_worst_scenario),
		cmocka_unit_test(a_scenario_that_was_not_run_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
