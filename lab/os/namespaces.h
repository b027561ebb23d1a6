/* SPDX-License-Identifier: MIT */
/*
 * namespaces.h - fresh namespaces for a lab, or the reason why there are none.
 */
#ifndef NATDLAB_OS_NAMESPACES_H
#define NATDLAB_OS_NAMESPACES_H

#include "lab/os/child.h"

/*
 * Starts @fn in a new process (child.h) inside fresh user, mount, PID and network namespaces. The
 * child inherits the descriptors @fds, and everything inside dies with it.
 *
 * The caller's own uid and gid are mapped (root: all IDs), and the child, which is PID 1 in there,
 * has all capabilities over these namespaces and none outside. A caller with CAP_SYS_ADMIN to whom
 * user namespaces are refused gets the other three without. PID 1 heeds no signal for which it has
 * no handler, but SIGKILL from outside.
 *
 * 0 with *@c filled; or -1 with one line "REASON; to enable them: COMMAND" in @e.
 */
int namespaces_start(struct child *c, const struct child_fd *fds, size_t n_fds,
		     int (*fn)(void *arg), void *arg, struct err *e) MUST_CHECK;

/*
 * Programs that this process executes keep every capability although their user is not root:
 * exec() hands over the ambient set, which may hold what is permitted and inheritable. -1 with
 * errno.
 */
int namespaces_keep_capabilities(void) MUST_CHECK;

/* Puts this thread into a fresh network namespace. */
int namespaces_unshare_net(struct err *e) MUST_CHECK;
/* The namespace in which a socket was made, as a new descriptor, or -1. */
int namespaces_of_socket(int fd, struct err *e) MUST_CHECK;

#endif
