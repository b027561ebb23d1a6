/* SPDX-License-Identifier: MIT */
/* Child processes: what they inherit, how they are waited for, that they end. */
#include "tests/lab/lab.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const struct child_setup plain = {0};

/* Runs @fn in a child; the test fails unless it returns 0. */
static void in_child(const struct child_setup *how, int (*fn)(void *arg), void *arg)
{
	struct child c;

	assert_int_equal(child_start(&c, how, fn, arg), 0);
	assert_true(ended_well(&c));
	assert_true(c.pid < 0 && c.pidfd < 0);
}

/* ---- what a child inherits ---- */

static void on_signal(int sig)
{
	(void)sig;
}

static int has_the_callers_signals(void *arg)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};
	struct sigaction sa;
	sigset_t blocked;

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		CHECK(sigaction(ignored[i], NULL, &sa) == 0 && sa.sa_handler == SIG_IGN);
	CHECK(sigaction(SIGUSR1, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL);
	CHECK(sigaction(SIGUSR2, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0 && sigisemptyset(&blocked));
	return 0;
}

static int ignores_and_starts(void *arg)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};
	struct child c;
	sigset_t set;

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		CHECK(signal(ignored[i], SIG_IGN) != SIG_ERR);
	CHECK(signal(SIGUSR1, on_signal) != SIG_ERR);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(child_start(&c, &plain, has_the_callers_signals, NULL) == 0);
	CHECK(ended_well(&c));
	return 0;
}

static void what_is_ignored_stays_ignored_and_handlers_are_gone(void **state)
{
	(void)state;
	in_child(&plain, ignores_and_starts, NULL);
}

/* As in Docker, whose filter cannot see the flags of clone3(). */
static int ignores_and_starts_without_clone3(void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = {.len = ARRAY_LEN(code), .filter = code};

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0);
	return ignores_and_starts(arg);
}

static void so_it_is_where_there_is_no_clone3(void **state)
{
	(void)state;
	in_child(&plain, ignores_and_starts_without_clone3, NULL);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int inode_of(int fd, ino_t *out)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0);
	*out = st.st_ino;
	return 0;
}

struct descriptors {
	int a, b, c;
	ino_t of_a, of_b;
};

static int has_two_of_three(void *arg)
{
	const struct descriptors *d = arg;
	ino_t of_a, of_b;

	/* The two have changed places, and would pass exec(). */
	CHECK(inode_of(d->b, &of_a) == 0 && of_a == d->of_a);
	CHECK(inode_of(d->a, &of_b) == 0 && of_b == d->of_b);
	CHECK(fcntl(d->a, F_GETFD) == 0 && fcntl(d->b, F_GETFD) == 0);
	for (int fd = 0; fd < 1024; fd++)
		CHECK(is_open(fd) == (fd < 3 || fd == d->a || fd == d->b));
	return 0;
}

static int one_stays(void *arg)
{
	const struct descriptors *d = arg;

	for (int fd = 0; fd < 1024; fd++)
		CHECK(is_open(fd) == (fd < 3 || fd == d->b));
	CHECK(fcntl(d->b, F_GETFD) == 0);
	return 0;
}

static void a_child_has_the_descriptors_that_are_named_and_no_others(void **state)
{
	struct descriptors d = {memfd_create("a", MFD_CLOEXEC), memfd_create("b", MFD_CLOEXEC),
				memfd_create("c", 0), 0, 0};
	const struct child_setup two = {.n_fds = 2, .fds = {{d.a, d.b}, {d.b, d.a}}};
	const struct child_setup one = {.n_fds = 1, .fds = {{d.b, d.b}}};

	(void)state;
	assert_int_equal(inode_of(d.a, &d.of_a), 0);
	assert_int_equal(inode_of(d.b, &d.of_b), 0);
	in_child(&two, has_two_of_three, &d);
	in_child(&one, one_stays, &d);
	close(d.a);
	close(d.b);
	close(d.c);
}

static int leads_a_group(void *arg)
{
	(void)arg;
	return getpgrp() != getpid();
}

static void a_process_group_of_its_own_is_there_when_asked_for(void **state)
{
	const struct child_setup how = {.group = true};

	(void)state;
	in_child(&how, leads_a_group, NULL);
}

/* ---- how it ends ---- */

static int live_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static int start_and_leave(void *arg)
{
	const int *alive = arg;
	const struct child_setup how = {.n_fds = 1, .fds = {{alive[1], alive[1]}}};
	struct child c;

	return child_start(&c, &how, live_for_ever, NULL);
}

static void a_child_dies_with_its_parent(void **state)
{
	struct child_setup how = {.n_fds = 1};
	struct pollfd p;
	int alive[2];

	(void)state;
	assert_int_equal(pipe(alive), 0);
	how.fds[0] = (struct child_fd){alive[1], alive[1]};
	in_child(&how, start_and_leave, alive);
	close(alive[1]);
	p = (struct pollfd){.fd = alive[0]};
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_true(p.revents & POLLHUP);
	close(alive[0]);
}

static void a_child_that_does_not_heed_sigterm_is_killed(void **state)
{
	usec began = now_real();
	struct child c;

	(void)state;
	signal(SIGTERM, SIG_IGN);
	assert_int_equal(child_start(&c, &plain, live_for_ever, NULL), 0);
	assert_false(child_wait(&c, 0, NULL));
	child_signal(&c, SIGTERM);
	assert_true(child_end(&c, 100 * MSEC));
	signal(SIGTERM, SIG_DFL);
	assert_true(now_real() - began >= 100 * MSEC);
	assert_true(now_real() - began < CHILD_KILL_LIMIT);
	assert_true(c.pid < 0);
}

static int exit_with_7(void *arg)
{
	(void)arg;
	return 7;
}

static int die(void *arg)
{
	(void)arg;
	raise(SIGKILL);
	return 0;
}

static void how_a_child_ended_is_said(void **state)
{
	siginfo_t end;
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(child_start(&c, &plain, exit_with_7, NULL), 0);
	assert_true(child_wait(&c, USEC_NEVER, &end));
	assert_int_equal(child_describe_end(&end, "it", &e), -1);
	assert_string_equal(e.text, "it exited with status 7");
	assert_int_equal(child_start(&c, &plain, die, NULL), 0);
	assert_true(child_wait(&c, USEC_NEVER, &end));
	child_describe_end(&end, "it", &e);
	assert_string_equal(e.text, "it was ended by signal 9 (Killed)");
}

/* ---- a child that only fails or not ---- */

struct teller {
	int fd;
	int (*then)(void *arg); /* in the place of ending; NULL: ends */
	const char *words;	/* NULL: it does well */
};

static int tell(void *arg)
{
	const struct teller *t = arg;
	struct err e = {0};

	if (t->words)
		err_set(&e, ERR_INPUT, "%s", t->words);
	return t->then ? t->then(NULL) : child_tell(t->fd, &e);
}

static int hear_from(struct teller t, struct err *e)
{
	struct child_setup how = {.n_fds = 1};
	struct child c;
	int ends[2], rc;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	t.fd = ends[1];
	how.fds[0] = (struct child_fd){t.fd, t.fd};
	assert_int_equal(child_start(&c, &how, tell, &t), 0);
	close(ends[1]);
	rc = child_hear(&c, ends[0], t.then == live_for_ever ? SEC : 60 * SEC, "it", e);
	assert_true(c.pid < 0);
	close(ends[0]);
	return rc;
}

static void what_a_child_tells_is_heard(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(hear_from((struct teller){0}, &e), 0);
	assert_int_equal(e.kind, ERR_NONE);
	assert_int_equal(hear_from((struct teller){.words = "no"}, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_string_equal(e.text, "no");
	assert_int_equal(hear_from((struct teller){.then = exit_with_7}, &e), -1);
	assert_string_equal(e.text, "it exited with status 7");
	assert_int_equal(hear_from((struct teller){.then = die}, &e), -1);
	assert_string_equal(e.text, "it was ended by signal 9 (Killed)");
	assert_int_equal(hear_from((struct teller){.then = live_for_ever}, &e), -1);
	assert_string_equal(e.text, "it did not end within 1 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_ignored_stays_ignored_and_handlers_are_gone),
		cmocka_unit_test(so_it_is_where_there_is_no_clone3),
		cmocka_unit_test(a_child_has_the_descriptors_that_are_named_and_no_others),
		cmocka_unit_test(a_process_group_of_its_own_is_there_when_asked_for),
		cmocka_unit_test(a_child_dies_with_its_parent),
		cmocka_unit_test(a_child_that_does_not_heed_sigterm_is_killed),
		cmocka_unit_test(how_a_child_ended_is_said),
		cmocka_unit_test(what_a_child_tells_is_heard),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
