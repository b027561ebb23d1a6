/* SPDX-License-Identifier: MIT */
/* A run of labs of which some hang: the run ends all the same, and says so. */
#include "tests/lab/lab.h"

#include <stdatomic.h>
#include <sys/ptrace.h>
#include <sys/un.h>
#include "lab/os/net_kernel.h"
#include "lab/run/run.h"
#include "lab/net/sim.h"
#include "tests/topology_load.h"

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

/* ---- the caller ignores hang-ups ---- */

static struct net *hang_up(struct arena *a, const struct plan *p, struct err *e)
{
	raise(SIGHUP);
	return net_sim.build(a, p, e);
}

static void labs_outlive_a_hang_up_that_their_caller_ignores(void **state)
{
	struct arena *a = arena_new();
	struct net_ops ops = net_sim;
	struct run_config cfg = {
		.backend = &ops, .seed = 1, .jobs = 2, .filter = "softether-4/*"};
	struct run_result run;
	struct err e = {0};
	char *mistakes;

	(void)state;
	ops.build = hang_up;
	cfg.topology = topology_load(a, ARTICLE, NULL, 0, &mistakes, &e);
	assert_non_null(cfg.topology);
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(run_all(a, &cfg, &run, &e), 0);
	signal(SIGHUP, SIG_DFL);
	for (size_t i = 0; i < run.n; i++)
		if (!run.results[i]->ran)
			fail_msg("%s", run.results[i]->error.text);
	arena_free(a);
}

/* ---- a lab that the kernel does not let go of ---- */

/*
 * What was killed and is not gone: a lab's process does not end before every process of its PID
 * namespace is waited for, and one that is traced from outside is waited for by its tracer, which
 * here never does.
 */
static struct tracing {
	struct sockaddr_un at;
	atomic_int *traced; /* shared: 1 yes, -1 it cannot be */
} tracing;

static struct net *be_traced(struct arena *a, const struct plan *p, struct err *e)
{
	(void)a;
	(void)p;
	(void)e;
	if (fork() == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (connect(fd, (const struct sockaddr *)&tracing.at, sizeof(tracing.at)))
			atomic_store(tracing.traced, -1);
	}
	for (;;)
		pause();
	return NULL;
}

static int trace_who_comes(void *arg)
{
	int conn = accept(*(const int *)arg, NULL, NULL);
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &who, &len) ||
	    ptrace(PTRACE_SEIZE, who.pid, NULL, NULL))
		atomic_store(tracing.traced, -1);
	else
		atomic_store(tracing.traced, 1);
	for (;;)
		pause();
	return 0;
}

static void run_traced(struct err *said)
{
	struct arena *a = arena_new();
	struct net_ops ops = net_kernel;
	struct run_config cfg = {.backend = &ops, .seed = 1, .jobs = 1, .hangs_after = 2 * SEC,
				 .filter = "softether-4/registry-0"};
	struct run_result run;
	struct err e = {0};
	char *mistakes;

	ops.build = be_traced;
	cfg.topology = topology_load(a, ARTICLE, NULL, 0, &mistakes, &e);
	assert_non_null(cfg.topology);
	assert_int_equal(run_all(a, &cfg, &run, &e), 0);
	assert_int_equal(run.n, 1);
	*said = run.results[0]->error;
	arena_free(a);
}

static void a_lab_that_stays_when_it_is_killed_does_not_hold_up_the_run(void **state)
{
	struct child_setup how = {.n_fds = 1};
	struct child tracer;
	struct err said;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	need_labs();
	tracing.at = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(tracing.at.sun_path, sizeof(tracing.at.sun_path), "/tmp/natdlab-test-%d",
		 (int)getpid());
	tracing.traced = mmap(NULL, sizeof(*tracing.traced), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(tracing.traced, MAP_FAILED);
	assert_int_equal(bind(fd, (struct sockaddr *)&tracing.at, sizeof(tracing.at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	how.fds[0] = (struct child_fd){fd, fd};
	assert_int_equal(child_start(&tracer, &how, trace_who_comes, &fd), 0);
	run_traced(&said);
	unlink(tracing.at.sun_path);
	close(fd);
	assert_true(child_end(&tracer, 0)); /* the lab's process ends now, too */
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (*tracing.traced < 0) {
		printf("# no process may be traced here\n");
		skip();
	}
	print_message("%s\n", said.text);
	assert_non_null(strstr(said.text, "is left behind"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lab_that_hangs_is_ended_and_the_others_are_not),
		cmocka_unit_test(labs_outlive_a_hang_up_that_their_caller_ignores),
		cmocka_unit_test(a_lab_that_stays_when_it_is_killed_does_not_hold_up_the_run),
	};

	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
