/* SPDX-License-Identifier: MIT */
#include "lab/os/product_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/os/child.h"
#include "lab/os/clock.h"
#include "lab/os/namespaces.h"
#include "lab/os/os_priv.h"

#define PATIENCE (3 * SEC) /* for a daemon that was asked to end */
#define TOLD_FD 3	 /* where the start script speaks; the script knows the number */

struct product_process {
	const struct node *node;
	struct child child;
	int told;	/* reading end of its pipe */
	int go;		/* writing end of its standard input */
	int log;	/* its output, readable too */
	char said[400]; /* what came through the pipe */
	size_t n_said;
};

const char *product_process_missing(struct arena *a, const struct scenario *s, const char *real)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		enum product p = s->nodes[i].run;

		if (p == PRODUCT_NONE)
			continue;
		if (access(arena_printf(a, "%s/%s", real, product_needs(p)), X_OK))
			return arena_printf(a, "no %s in %s; make real fetches it into build/real of "
					    "natdlab's sources, --real names another place",
					    product_name(p), real);
	}
	return NULL;
}

/* ---- in the child ---- */

static int fail(const struct err *e)
{
	dprintf(TOLD_FD, "failed %s\n", e->text);
	return 127;
}

struct program {
	const struct product_setup *setup;
	const char *real;
};

static int run_program(void *arg)
{
	static const char *const argv[] = {"sh", PRODUCT_START, NULL};
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
					  "HOME=/tmp", "TERM=dumb", NULL};
	const struct program *p = arg;
	struct err e = {0};

	if (product_rootfs_enter(p->real, p->setup, &e))
		return fail(&e);
	if (namespaces_keep_capabilities())
		err_sys(&e, "no capabilities inside a namespace");
	/* execve() changes neither, though its prototype cannot say so. */
	else if (execve("/bin/sh", (char *const *)argv, (char *const *)env))
		err_sys(&e, "cannot run /bin/sh");
	return fail(&e);
}

/* ---- in the lab ---- */

/* What it was told, above what it says. */
static void write_setup(int fd, const struct product_setup *p)
{
	for (size_t i = 0; i < p->n_files; i++)
		dprintf(fd, "---- %s\n%s\n", p->files[i].path, p->files[i].text);
	dprintf(fd, "---- log\n");
}

static int open_log(const char *path, const struct product_setup *p, struct err *e)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666)
		      : memfd_create("natdlab-daemon", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "cannot write %s", path ? path : "a daemon's log");
	write_setup(fd, p);
	return fd;
}

struct product_process *product_process_start(struct arena *a, const struct scenario *s,
					      const struct node *n, const char *real,
					      const char *log, struct err *e)
{
	struct product_setup p = product_setup(a, s, n);
	struct product_process *d = arena_new_of(a, struct product_process);
	struct program program = {.setup = &p, .real = real};
	int in[2], told[2], rc;

	*d = (struct product_process){.node = n, .child = CHILD_NONE};
	d->log = open_log(log, &p, e);
	if (d->log < 0)
		return NULL;
	if (pipe2(in, O_CLOEXEC) || pipe2(told, O_CLOEXEC)) {
		err_sys(e, "pipe");
		return NULL;
	}
	const struct child_setup how = {
		.group = true,
		.n_fds = 4,
		.fds = {{in[0], STDIN_FILENO},
			{d->log, STDOUT_FILENO},
			{d->log, STDERR_FILENO},
			{told[1], TOLD_FD}},
	};
	rc = child_start(&d->child, &how, run_program, &program);
	if (rc)
		err_sys(e, "no process for %s", n->name);
	close(in[0]);
	close(told[1]);
	d->go = in[1];
	d->told = told[0];
	fcntl(d->told, F_SETFL, O_NONBLOCK);
	return rc ? NULL : d;
}

static off_t log_size(const struct product_process *d)
{
	struct stat st;

	return fstat(d->log, &st) < 0 ? 0 : st.st_size;
}

/* The last line of its log that says something, or nothing. */
static void last_words(const struct product_process *d, char *buf, size_t size)
{
	char tail[600];
	off_t end = log_size(d);
	ssize_t n = pread(d->log, tail, sizeof(tail) - 1, MAX(end - (off_t)sizeof(tail) + 1, 0));
	char *line;

	tail[MAX(n, 0)] = '\0';
	while (n > 0 && tail[n - 1] == '\n')
		tail[--n] = '\0';
	line = strrchr(tail, '\n');
	snprintf(buf, size, "%s", line ? line + 1 : tail);
}

/* Has the script said this word? Words stand at the beginning of lines. */
static const char *told(const struct product_process *d, const char *word)
{
	const char *at = strstr(d->said, word);

	return at && strchr(at, '\n') ? at + strlen(word) : NULL;
}

int product_process_listen(struct product_process *d, struct err *e)
{
	ssize_t n = 1;
	char words[640];

	while (d->n_said < sizeof(d->said) - 1 &&
	       (n = read(d->told, d->said + d->n_said, sizeof(d->said) - 1 - d->n_said)) > 0)
		d->n_said += (size_t)n;
	d->said[d->n_said] = '\0';
	if (told(d, "failed "))
		return err_set(e, ERR_MACHINE, "%s cannot run %s: %.*s", d->node->name,
			       product_name(d->node->run),
			       (int)strcspn(told(d, "failed "), "\n"), told(d, "failed "));
	if (n != 0)
		return 0;
	last_words(d, words, sizeof(words));
	return err_set(e, ERR_FAILED, "%s: %s has ended; its last words: %s", d->node->name,
		       product_name(d->node->run), words);
}

bool product_process_is_ready(const struct product_process *d)
{
	return told(d, "ready") != NULL;
}

void product_process_dial(struct product_process *d)
{
	/* One that has died meanwhile is found by product_process_listen(). */
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old;

	sigaction(SIGPIPE, &ignore, &old);
	dprintf(d->go, "go\n");
	sigaction(SIGPIPE, &old, NULL);
}

bool product_process_has_dialled(const struct product_process *d, bool *success)
{
	const char *status = told(d, "done ");

	if (!status)
		return false;
	*success = strtol(status, NULL, 10) == 0;
	return true;
}

bool product_process_has_said(const struct product_process *d, const char *words)
{
	off_t end = log_size(d);
	char *text = end > 0 ? mmap(NULL, (size_t)end, PROT_READ, MAP_PRIVATE, d->log, 0)
			     : MAP_FAILED;
	bool has;

	if (text == MAP_FAILED)
		return false;
	has = memmem(text, (size_t)end, words, strlen(words)) != NULL;
	munmap(text, (size_t)end);
	return has;
}

void product_processes_stop(struct product_process *const *d, size_t n)
{
	usec until = clock_monotonic() + PATIENCE;

	for (size_t i = 0; i < n; i++)
		child_signal(&d[i]->child, SIGTERM);
	for (size_t i = 0; i < n; i++) {
		child_end(&d[i]->child, until - clock_monotonic());
		close(d[i]->told);
		close(d[i]->go);
		close(d[i]->log);
	}
}
