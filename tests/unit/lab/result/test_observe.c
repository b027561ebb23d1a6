/* SPDX-License-Identifier: MIT */
#include "tests/unit/topo.h"

#include "lab/result/observe.h"

static const char two_clients[] = "name: t\n"
				  "topology:\n"
				  "  nodes:\n"
				  "    a: {kind: client, mode: windows-10, psk: x, dials: s}\n"
				  "    b: {kind: client, mode: windows-10, psk: x, dials: s}\n"
				  "    r: {kind: router}\n"
				  "    s: {kind: server, mode: strongswan-5.3, psk: x}\n"
				  "  links:\n"
				  "    - {endpoints: [\"s:eth0\", \"r:s\"], subnet: 10.0.0.0/24}\n"
				  "    - {endpoints: [\"a:eth0\", \"r:a\"], subnet: 10.0.1.0/24}\n"
				  "    - {endpoints: [\"b:eth0\", \"r:b\"], subnet: 10.0.2.0/24}\n";

static void tell_end(struct observer *o, const char *node, enum outcome outcome, uint32_t seq)
{
	struct event e = ev_new(EV_OUTCOME);

	e.place = node;
	e.seq = seq;
	ev_word(&e, K_OUTCOME, outcome);
	ev_word(&e, K_REASON, outcome == OUTCOME_CONNECTED ? REASON_NONE : REASON_NO_REPLY);
	ev_u(&e, K_ERROR, outcome == OUTCOME_CONNECTED ? 0 : 809);
	ev_word(&e, K_REACHED, REACHED_PHASE1);
	observe_event(o, &e);
}

/* A client whose connection breaks later has connected all the same; its number is the evidence. */
static void the_first_outcome_of_each_client_counts(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct ev_sink none = {0};
	struct scenario *s = topo_scenario(a, topo_load(a, two_clients), NULL);
	struct scenario_result *r = result_init(arena_alloc(a, result_size(s)), s);
	struct observer *o = observe_new(a, s, r);

	(void)state;
	assert_int_equal(r->n_connections, 2);
	tell_end(o, "b", OUTCOME_FAILED, 7);
	tell_end(o, "a", OUTCOME_CONNECTED, 8);
	tell_end(o, "b", OUTCOME_CONNECTED, 9);
	tell_end(o, "s", OUTCOME_CONNECTED, 10); /* does not dial */
	observe_end(o, watch_new(a, &none));
	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct connection *c = &r->connections[i];
		bool is_b = s->nodes[c->client].name[0] == 'b';

		assert_int_equal(c->outcome, is_b ? OUTCOME_FAILED : OUTCOME_CONNECTED);
		assert_int_equal(c->reason, is_b ? REASON_NO_REPLY : REASON_NONE);
		assert_int_equal(c->error, is_b ? 809 : 0);
		assert_int_equal(c->reached, REACHED_PHASE1);
		assert_int_equal(c->outcome_event, is_b ? 7 : 8);
		assert_false(c->exchanged);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_outcome_of_each_client_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
