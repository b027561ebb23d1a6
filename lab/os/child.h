/* SPDX-License-Identifier: MIT */
/*
 * child.h - a child process: started, waited for, ended. natdlab makes processes nowhere else.
 *
 * Every child inherits the same:
 *	memory       the caller's, as by fork()
 *	descriptors  0, 1 and 2, and those that are named; all others are closed
 *	signals      no handler and nothing blocked; what is ignored stays ignored, so that labs and
 *	             products outlive a hang-up under nohup as natdlab does
 *	its end      SIGKILL when the thread that started it ends, in whatever way
 */
#ifndef NATDLAB_OS_CHILD_H
#define NATDLAB_OS_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "lab/base/err.h"

struct child {
	pid_t pid; /* -1: none, or it was waited for */
	int pidfd; /* polls as readable when the child has ended */
};

#define CHILD_NONE {.pid = -1, .pidfd = -1}

/* A descriptor of the caller's and its number in the child, which may be the same. */
struct child_fd {
	int from, to;
};

#define CHILD_FDS_MAX 8

struct child_setup {
	unsigned long namespaces; /* CLONE_NEWNS and the like: made for the child; 0: none */
	bool group; /* a process group of its own: a terminal's signals do not reach it */
	size_t n_fds; /* at most CHILD_FDS_MAX */
	struct child_fd fds[CHILD_FDS_MAX];
};

/*
 * To be called first thing in main(): opens descriptors 0, 1 and 2 if they are closed, so that no
 * socket or file is taken for the standard output, and makes SIGCHLD the default, without which
 * waiting for a child does not tell how it ended. A descriptor that was closed fails to be read and
 * written as before (EBADF).
 */
void child_prepare_main(void);

/*
 * Starts a process in which @fn is called; its return value is the exit status. 0 with *@c filled,
 * or -1 with errno.
 *
 * With CLONE_NEWPID the child cannot see whether the caller died before its death would kill the
 * child: @fn must read a word from the caller before it does anything that lasts.
 */
int child_start(struct child *c, const struct child_setup *how, int (*fn)(void *arg),
		void *arg) MUST_CHECK;

/* Waits for the end of a child, up to @patience (USEC_NEVER: without limit). True when it has
 * ended: *@c is CHILD_NONE then, and *@end (which may be NULL) says how. */
bool child_wait(struct child *c, usec patience, siginfo_t *end);
/* Sends a signal to a child that was not waited for. */
void child_signal(const struct child *c, int sig);
/* Waits up to @patience for a child that was asked to end, then kills it. False when the kernel
 * does not let go of it within CHILD_KILL_LIMIT after that; *@c still names it. */
bool child_end(struct child *c, usec patience);
#define CHILD_KILL_LIMIT (5 * SEC)
/* Gives up a child that the kernel does not let go of: it stays behind. */
void child_abandon(struct child *c);

/* Sets @e to how a child ended: "@what exited with status 1". Returns -1. */
int child_describe_end(const siginfo_t *end, const char *what, struct err *e);

/* In a child whose work fails or not, and nothing else: tells the parent through the pipe @fd.
 * Returns the exit status. */
int child_tell(int fd, const struct err *e);
/* The parent's half: waits up to @patience for what the child tells through the pipe's other end
 * and for its end. 0; or -1 with what it told in @e, or else ERR_FAILED: how @what died, or that it
 * did not end in time, after which it is killed. */
int child_hear(struct child *c, int fd, usec patience, const char *what, struct err *e) MUST_CHECK;

#endif
