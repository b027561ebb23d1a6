/* SPDX-License-Identifier: MIT */
/*
 * Starting up with many clients behind one NAPT: what is done before the first datagram takes time
 * in proportion to the clients, whatever the router does.
 */
#include <stdlib.h>
#include <time.h>

#include "tests/unit/topo.h"

#include "lab/net/sim.h"
#include "lab/result/predict.h"

static const char *clients_behind_one(struct arena *a, unsigned n, const char *keys)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const char *out;

	fprintf(f, "name: many\n"
		   "topology:\n"
		   "  kinds: {client: {psk: k, mode: macos, dials: server}}\n"
		   "  nodes:\n"
		   "    home: {kind: napt, outside: wan%s}\n"
		   "    igw: {kind: eip, outside: wan, map: {203.0.113.10: server}}\n"
		   "    server: {kind: server, psk: k, mode: softether-4, allow: [udp/500]}\n", keys);
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "    c%u: {kind: client}\n", i);
	fprintf(f, "  links:\n"
		   "    - {endpoints: [\"home:wan\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
		   "    - {endpoints: [\"igw:vpc\", \"server:eth0\"], subnet: 172.31.0.0/20}\n");
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "    - {endpoints: [\"c%u:eth0\", \"home:l%u\"], subnet: 10.%u.%u.0/24}\n",
			i, i, i / 256, i % 256);
	fclose(f);
	out = arena_str(a, text);
	free(text);
	return out;
}

/* Processor time from a file's text to a network that stands, the best of three. */
static clock_t start_up(unsigned n, const char *keys)
{
	clock_t best = 0;

	for (unsigned i = 0; i < 3; i++) {
		struct arena *a = arena_new();
		const char *text = clients_behind_one(a, n, keys);
		clock_t begun = clock(), took;
		const struct scenario *s = topo_scenario(a, topo_load(a, text), NULL);

		assert_true(predict(a, s, 0)[s->n_nodes - 1].walk.arrives);
		net_sim.free(net_sim.build(a, plan_new(a, s, 1), NULL));
		took = clock() - begun;
		best = i ? MIN(best, took) : took;
		arena_free(a);
	}
	return best;
}

/* Four times the clients: 4 times the time if it is linear, 16 times if it is quadratic. */
static void starting_up_takes_time_in_proportion_to_the_clients(void **state)
{
	static const char *const rows[] = {"", ", filtering: endpoint-independent",
					   ", ports: random, timeout: 30s"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		clock_t few = start_up(500, rows[i]), many = start_up(2000, rows[i]);

		if (many > 8 * few)
			fail_msg("%s: 500 clients %ld us, 2000 clients %ld us", rows[i], (long)few,
				 (long)many);
	}
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text++;
		n++;
	}
	return n;
}

/* The kernel takes a transaction only as long as a socket's buffer: with 2,000 clients it said
 * "Message too long". */
static void a_large_map_comes_in_parts(void **state)
{
	struct arena *a = arena_new();
	const unsigned n = 800; /* clients with three ports each */
	const char *text = clients_behind_one(a, n, ", filtering: endpoint-independent");
	const struct scenario *s = topo_scenario(a, topo_load(a, text), NULL);
	const struct plan *p = plan_new(a, s, 1);
	size_t elements = 0, texts = 0;

	(void)state;
	for (size_t i = 0; i < p->n_steps; i++) {
		size_t here = 0;

		if (p->steps[i].kind != STEP_NFT || p->steps[i].node != 0)
			continue;
		here = count(p->steps[i].nft, " : 203.0.113."); /* udp_ports */
		assert_in_range(here, 1, NFT_ELEMENTS_MAX);
		/* udp_owners in the same lots */
		assert_int_equal(count(p->steps[i].nft, "\t203.0.113."), here);
		assert_int_equal(!strncmp(p->steps[i].nft, "add element ip nat", 18), texts > 0);
		elements += here;
		texts++;
	}
	assert_int_equal(texts, 3);
	assert_int_equal(elements, 3 * n);
	arena_free(a);
}

/* A map that the router's own text replaces or deletes is whole by then. */
static void the_nodes_own_rules_are_the_last_that_are_loaded(void **state)
{
	struct arena *a = arena_new();
	const char *text = clients_behind_one(a, 800, ", nft: \"delete table ip nat\"");
	const struct plan *p = plan_new(a, topo_scenario(a, topo_load(a, text), NULL), 1);
	const char *last = NULL;
	size_t texts = 0;

	(void)state;
	for (size_t i = 0; i < p->n_steps; i++) {
		if (p->steps[i].kind != STEP_NFT || p->steps[i].node != 0)
			continue;
		assert_true(!last || !strstr(last, "delete table"));
		last = p->steps[i].nft;
		texts++;
	}
	assert_int_equal(texts, 3);
	assert_string_equal(strstr(last, "\n}\n"),
			    "\n}\n\n# From the topology file:\ndelete table ip nat\n");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_map_comes_in_parts),
		cmocka_unit_test(the_nodes_own_rules_are_the_last_that_are_loaded),
		cmocka_unit_test(starting_up_takes_time_in_proportion_to_the_clients),
	};

	return cmocka_run_group_tests_name("many_clients", tests, NULL, NULL);
}
