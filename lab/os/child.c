/* SPDX-License-Identifier: MIT */
#include "lab/os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/os/clock.h"

#define STATUS_LOST 127 /* of a child that did not get as far as its work */

void child_prepare_main(void)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};

	/* The lowest free number is taken each time. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			exit(3); /* there is nowhere to say why */
	sigaction(SIGCHLD, &standard, NULL);
}

/* ---- in the child ---- */

/* Where clone3() could not do it. */
static void forget_handlers(void)
{
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	struct sigaction now;

	for (int sig = 1; sig < NSIG; sig++)
		if (!sigaction(sig, NULL, &now) && now.sa_handler != SIG_IGN)
			sigaction(sig, &standard, NULL);
}

/* Closes all descriptors from 3 on whose numbers are not among those of @how. Kernels before 5.9
 * cannot: there those stay that natdlab was given beyond 0 to 2, for all of its own are closed by
 * exec(). */
static void close_others(const struct child_setup *how)
{
	for (unsigned from = STDERR_FILENO + 1;;) {
		unsigned next = UINT_MAX;

		for (size_t i = 0; i < how->n_fds; i++)
			if (how->fds[i].to >= (int)from)
				next = MIN(next, (unsigned)how->fds[i].to);
		if (next != from)
			syscall(SYS_close_range, from, next == UINT_MAX ? next : next - 1, 0);
		if (next == UINT_MAX)
			return;
		from = next + 1;
	}
}

/* Gives the named descriptors their numbers, lets them pass exec(), and closes the rest. */
static int take_descriptors(const struct child_setup *how)
{
	int above = STDERR_FILENO, from[CHILD_FDS_MAX];

	for (size_t i = 0; i < how->n_fds; i++)
		above = MAX(above, how->fds[i].to);
	/* Out of the way of the numbers that are given. */
	for (size_t i = 0; i < how->n_fds; i++) {
		const struct child_fd *f = &how->fds[i];

		from[i] = f->from == f->to ? f->from
					   : fcntl(f->from, F_DUPFD_CLOEXEC, above + 1);
		if (from[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < how->n_fds; i++)
		if (from[i] == how->fds[i].to ? fcntl(from[i], F_SETFD, 0) < 0
					      : dup2(from[i], how->fds[i].to) < 0)
			return -1;
	close_others(how);
	return 0;
}

static void __attribute__((noreturn))
be_child(const struct child_setup *how, int (*fn)(void *), void *arg, pid_t parent)
{
	sigset_t none;
	int status;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (how->group)
		setpgid(0, 0);
	/* Asked after arming: a parent that died before is seen here, one that dies later is not
	 * survived. In a PID namespace of its own the child has no parent that it could see. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    (!(how->namespaces & CLONE_NEWPID) && getppid() != parent) ||
	    take_descriptors(how) < 0)
		_exit(STATUS_LOST);
	status = fn(arg);
	fflush(NULL);
	_exit(status);
}

/* ---- in the parent ---- */

/*
 * As fork(): the child goes on with a copy of this stack. Unlike unshare() it makes the child PID 1
 * of a new PID namespace, with no process in between that could die on its own. clone3() drops the
 * signal handlers; containers and old kernels refuse it.
 */
static pid_t clone_process(unsigned long namespaces, int *pidfd)
{
	struct clone_args args = {
		.flags = namespaces | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};
	unsigned long flags = namespaces | CLONE_PIDFD | SIGCHLD;
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid >= 0)
		return pid;
#if defined(__s390__)
	pid = (pid_t)syscall(SYS_clone, NULL, flags, pidfd, NULL, 0);
#else
	pid = (pid_t)syscall(SYS_clone, flags, NULL, pidfd, NULL, 0);
#endif
	if (pid == 0)
		forget_handlers();
	return pid;
}

int child_start(struct child *c, const struct child_setup *how, int (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid();

	assert(how->n_fds <= CHILD_FDS_MAX);
	*c = (struct child)CHILD_NONE;
	fflush(NULL); /* or the child would print what is still in our buffers once more */
	c->pid = clone_process(how->namespaces, &c->pidfd);
	if (c->pid == 0)
		be_child(how, fn, arg, parent);
	return c->pid < 0 ? -1 : 0;
}

/* Waits until @fd is readable, or its other end closed. False: time is up. */
static bool wait_readable(int fd, usec patience)
{
	const usec until = patience == USEC_NEVER ? USEC_NEVER : clock_monotonic() + patience;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do {
		usec left = until == USEC_NEVER ? 0 : until - clock_monotonic();

		left = MAX(left, (usec)0);
		n = poll(&p, 1, until == USEC_NEVER ? -1 : (int)((left + MSEC - 1) / MSEC));
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

bool child_wait(struct child *c, usec patience, siginfo_t *end)
{
	siginfo_t info = {0};

	if (end)
		*end = info;
	if (c->pid < 0)
		return true;
	if (!wait_readable(c->pidfd, patience))
		return false;
	waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED);
	if (end)
		*end = info;
	child_abandon(c); /* of which nothing is left */
	return true;
}

void child_abandon(struct child *c)
{
	if (c->pidfd >= 0)
		close(c->pidfd);
	*c = (struct child)CHILD_NONE;
}

void child_signal(const struct child *c, int sig)
{
	if (c->pid > 0)
		kill(c->pid, sig); /* its number is taken until it is waited for */
}

bool child_end(struct child *c, usec patience)
{
	if (child_wait(c, patience, NULL))
		return true;
	child_signal(c, SIGKILL);
	return child_wait(c, CHILD_KILL_LIMIT, NULL);
}

int child_describe_end(const siginfo_t *end, const char *what, struct err *e)
{
	if (end->si_code == CLD_EXITED)
		return err_set(e, ERR_FAILED, "%s exited with status %d", what, end->si_status);
	return err_set(e, ERR_FAILED, "%s was ended by signal %d (%s)", what, end->si_status,
		       strsignal(end->si_status));
}

/* ---- a child that only fails or not ---- */

int child_tell(int fd, const struct err *e)
{
	if (e->kind == ERR_NONE)
		return 0;
	return write(fd, e, sizeof(*e)) == (ssize_t)sizeof(*e) ? 1 : STATUS_LOST;
}

int child_hear(struct child *c, int fd, usec patience, const char *what, struct err *e)
{
	const usec until = clock_monotonic() + patience;
	struct err said = {0};
	siginfo_t end;
	bool told = false;

	/* One write of less than PIPE_BUF bytes: whole, or nothing but the pipe's end. */
	if (wait_readable(fd, patience))
		told = read(fd, &said, sizeof(said)) == (ssize_t)sizeof(said);
	if (!child_wait(c, until - clock_monotonic(), &end)) {
		child_end(c, 0);
		return err_set(e, ERR_FAILED, "%s did not end within %lld s", what,
			       (long long)(patience / SEC));
	}
	if (told) {
		said.text[sizeof(said.text) - 1] = '\0';
		said.remedy = NULL; /* an address of the other process */
		if (e)
			*e = said;
		return -1;
	}
	if (end.si_code != CLD_EXITED || end.si_status != 0)
		return child_describe_end(&end, what, e);
	return 0;
}
