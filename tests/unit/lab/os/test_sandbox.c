/* SPDX-License-Identifier: MIT */
/* test_sandbox.c - what a verb that reads a stranger's bytes can still do, tried in a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/cli/cli_priv.h"
#include "lab/os/sandbox.h"

#define NO_SANDBOX 77

/* Runs @fn in a child; its exit status, or -1 when it died. */
static int in_child(int (*fn)(const void *arg), const void *arg)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool refused(long result)
{
	return result < 0 && errno == EPERM;
}

static bool opens(void)
{
	return !refused(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

static bool connects(void)
{
	return !refused(socket(AF_INET, SOCK_DGRAM, 0)) ||
	       !refused(socket(AF_UNIX, SOCK_STREAM, 0));
}

static bool executes(void)
{
	return !refused(execl("/nowhere/at/all", "all", (char *)NULL));
}

static bool forks(void)
{
	return !refused(fork());
}

static bool signals(void)
{
	return !refused(kill(getppid(), 0));
}

static bool writes_a_file(void)
{
	return !refused(unlink("/nowhere/at/all")) || !refused(mkdir("/nowhere/at/all", 0700));
}

static bool makes_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		       MAP_FAILED ||
	       errno != EPERM;
}

static bool gains_privileges(void)
{
	return !refused(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static const struct forbidden {
	const char *what;
	bool (*can)(void);
} forbidden[] = {
	{"open a file", opens},
	{"make a socket", connects},
	{"execute a program", executes},
	{"fork", forks},
	{"send a signal to another process", signals},
	{"change the file system", writes_a_file},
	{"make executable memory", makes_code},
	{"call prctl()", gains_privileges},
};

static int try_all(const void *arg)
{
	int failed = 0;

	(void)arg;
	if (!sandbox_enter())
		return NO_SANDBOX;
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		if (!forbidden[i].can())
			continue;
		fprintf(stderr, "# it can %s\n", forbidden[i].what);
		failed = 1;
	}
	return failed;
}

static void skip_if(int status)
{
	if (status == NO_SANDBOX) {
		print_message("# no sandbox here: sanitizer, processor or kernel\n");
		skip();
	}
}

static void what_is_not_needed_is_refused(void **state)
{
	int status = in_child(try_all, NULL);

	(void)state;
	skip_if(status);
	assert_int_equal(status, 0);
}

static int use_what_is_left(const void *arg)
{
	char *p, *text = NULL;
	size_t len;
	FILE *f;
	int pipe_fd[2];

	(void)arg;
	if (pipe(pipe_fd) != 0)
		return 1;
	if (!sandbox_enter())
		return NO_SANDBOX;
	p = malloc((size_t)64 << 20);
	if (!p)
		return 2;
	memset(p, 1, (size_t)64 << 20);
	free(p);
	f = open_memstream(&text, &len);
	if (!f || fprintf(f, "%d", 12) != 2 || fclose(f) != 0 || strcmp(text, "12") != 0)
		return 3;
	if (write(pipe_fd[1], "x", 1) != 1 || read(pipe_fd[0], text, 1) != 1)
		return 4;
	free(text);
	return 0;
}

static void memory_and_what_is_open_are_left(void **state)
{
	int status = in_child(use_what_is_left, NULL);

	(void)state;
	skip_if(status);
	assert_int_equal(status, 0);
}

static pthread_barrier_t before, after;

static void *open_later(void *arg)
{
	bool *can = arg;

	pthread_barrier_wait(&before);
	pthread_barrier_wait(&after);
	*can = opens();
	return NULL;
}

static int a_thread(const void *arg)
{
	bool can = true;
	pthread_t t;

	(void)arg;
	pthread_barrier_init(&before, NULL, 2);
	pthread_barrier_init(&after, NULL, 2);
	if (pthread_create(&t, NULL, open_later, &can) != 0)
		return 1;
	pthread_barrier_wait(&before);
	if (!sandbox_enter())
		return NO_SANDBOX;
	pthread_barrier_wait(&after);
	pthread_join(t, NULL);
	return can ? 2 : 0;
}

static void threads_that_were_there_before_are_inside(void **state)
{
	int status = in_child(a_thread, NULL);

	(void)state;
	skip_if(status);
	assert_int_equal(status, 0);
}

struct typed {
	const struct verb *verb;
	const char *argv[4];
};

/* The verb is done, and the process is still inside. */
static int run_verb(const void *arg)
{
	const struct typed *t = arg;
	struct args args;
	struct err e = {0};
	int argc = 0;

	while (argc < 4 && t->argv[argc])
		argc++;
	if (!freopen("/dev/null", "w", stdout) ||
	    args_parse(&args, t->verb, argc, (char **)t->argv, &e) != 0)
		return 100;
	if (t->verb->run(&args) != 0)
		return 101;
	return opens() ? 102 : 0;
}

static void every_verb_that_only_reads_and_prints_is_inside(void **state)
{
	static const struct typed typed[] = {
		{&verb_check, {"topologies/article.yaml"}},
		{&verb_plan, {"topologies/article.yaml"}},
		{&verb_modes, {"softether-4"}},
		{&verb_modes, {"--format", "json"}},
		{&verb_inspect, {"tests/data/captures/softether-eip-napt-ms.client.pcap"}},
		{&verb_inspect,
		 {"--emit-mode", "tests/data/captures/libreswan-eip-napt-ms.client.pcap"}},
		{&verb_inspect,
		 {"--format", "json", "--unmask",
		  "tests/data/captures/softether-eip-napt-ms.client.pcap"}},
	};

	(void)state;
	skip_if(in_child(use_what_is_left, NULL));
	for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
		print_message("# %s\n", typed[i].verb->name);
		assert_int_equal(in_child(run_verb, &typed[i]), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_needed_is_refused),
		cmocka_unit_test(memory_and_what_is_open_are_left),
		cmocka_unit_test(threads_that_were_there_before_are_inside),
		cmocka_unit_test(every_verb_that_only_reads_and_prints_is_inside),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
