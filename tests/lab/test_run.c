/* SPDX-License-Identifier: MIT */
/* A run of labs of which some hang: the run ends all the same, and says so. */
#include "tests/lab/lab.h"

#include "lab/run/run.h"
#include "lab/net/sim.h"
#include "lab/cli/topology_file.h"

static struct net *hang(struct arena *a, const struct plan *p, struct err *e)
{
	if (!strcmp(p->s->id, "softether-4/registry-0"))
		for (;;)
			pause();
	return net_sim.build(a, p, e);
}

static void a_lab_that_hangs_is_ended_and_the_others_are_not(void **state)
{
	struct arena *a = arena_new();
	struct net_ops hanging = net_sim;
	struct run_config cfg = {
		.backend = &hanging, .seed = 1, .jobs = 2, .hangs_after = 4 * SEC,
		.filter = "softether-4/*"};
	struct run_result run;
	struct err e = {0};
	char *mistakes;

	(void)state;
	hanging.build = hang;
	cfg.topology = topology_load(a, ARTICLE, NULL, 0, &mistakes, &e);
	assert_non_null(cfg.topology);
	assert_int_equal(run_all(a, &cfg, &run, &e), 0);
	assert_int_equal(run.n, 4);
	for (size_t i = 0; i < run.n; i++) {
		bool hangs = !strcmp(run.scenarios[i]->id, "softether-4/registry-0");

		print_message("%s: %s\n", run.scenarios[i]->id, run.results[i]->error.text);
		assert_int_equal(run.results[i]->ran, !hangs);
		assert_int_equal(strstr(run.results[i]->error.text, "s of real time and was stopped") != NULL,
				 hangs);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lab_that_hangs_is_ended_and_the_others_are_not),
	};

	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
