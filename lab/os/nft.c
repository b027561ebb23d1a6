/* SPDX-License-Identifier: MIT */
/*
 * nft.c - nft commands through libnftables (only here). They concern the network namespace in which
 * this thread is.
 */
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include "lab/os/child.h"
#include "lab/os/os_priv.h"

/* What commands from a topology file may take: real time, and memory beyond what this process has
 * already. */
#define UNTRUSTED_LIMIT (5 * SEC)
#define UNTRUSTED_MEMORY ((rlim_t)256 << 20)

static void free_nft(struct nft_ctx **c)
{
	if (*c)
		nft_ctx_free(*c);
}

#define NFT_AUTO CLEANUP(free_nft) struct nft_ctx

/* Runs nft commands; what nft prints is left in the context's buffer. NULL and @e on failure. */
static struct nft_ctx *run_commands(const char *commands, struct err *e)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	const char *words;

	if (!nft || nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft)) {
		err_set(e, ERR_MACHINE, "libnftables: out of memory");
		free_nft(&nft);
		return NULL;
	}
	if (nft_run_cmd_from_buffer(nft, commands) == 0)
		return nft;
	words = nft_ctx_get_error_buffer(nft);
	err_set(e, ERR_MACHINE, "%.*s", (int)strcspn(words, "\n"), words);
	nft_ctx_free(nft);
	return NULL;
}

int nft_take_descriptor(struct netns *g, struct err *e)
{
	g->low_fd = fcntl(g->lab_ns, F_DUPFD_CLOEXEC, 0);
	if (g->low_fd < 0)
		return err_sys(e, "no descriptor for nft");
	if (g->low_fd < FD_SETSIZE)
		return 0;
	close(g->low_fd);
	g->low_fd = -1;
	return err_set(e, ERR_MACHINE, "no descriptor below %d is free for nft", FD_SETSIZE);
}

/*
 * The same in a process with many descriptors, and @out gets what nft prints; NULL: nothing wants
 * it. libnftables waits for the kernel's answer with select(), which knows descriptors below
 * FD_SETSIZE only and ends the process at others: so one that was taken before all others
 * (netns_build.c) is given up while libnftables works, and taken again when its context, which has
 * had that descriptor, is gone. If that cannot be done it fails, and is tried again before the
 * next commands.
 */
static int run(struct netns *g, const char *commands, FILE *out, struct err *e)
{
	struct nft_ctx *nft;
	int rc;

	if (g->low_fd < 0 && nft_take_descriptor(g, e) < 0)
		return -1;
	close(g->low_fd);
	nft = run_commands(commands, e);
	rc = nft ? 0 : -1;
	if (nft && out)
		fputs(nft_ctx_get_output_buffer(nft), out);
	free_nft(&nft);
	return nft_take_descriptor(g, rc ? NULL : e) < 0 ? -1 : rc;
}

int nft_run(struct netns *g, const char *commands, struct err *e)
{
	return run(g, commands, NULL, e);
}

int netns_run_nft(struct netns *g, unsigned node, const char *commands, struct err *e)
{
	int rc;

	if (netns_enter(g, (int)node, e) < 0)
		return -1;
	rc = nft_run(g, commands, e);
	return netns_enter(g, -1, rc ? NULL : e) < 0 ? -1 : rc;
}

int netns_ruleset_text(struct netns *g, unsigned node, FILE *f, struct err *e)
{
	int rc;

	if (netns_enter(g, (int)node, e) < 0)
		return -1;
	rc = run(g, "list ruleset", f, e);
	if (netns_enter(g, -1, rc ? NULL : e) < 0)
		return -1;
	return !rc ? 0 : err_prefix(e, "%s: ruleset", g->s->nodes[node].name);
}

/* ---- commands of a topology file ---- */

struct untrusted {
	const char *commands;
	int fd; /* to tell the parent what went wrong */
};

static void limit_memory(void)
{
	char pages[64];
	struct rlimit r;
	rlim_t limit;

	if (procfs_read("/proc/self/statm", pages, sizeof(pages)) <= 0 || getrlimit(RLIMIT_AS, &r))
		return;
	limit = strtoul(pages, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) + UNTRUSTED_MEMORY;
	r.rlim_cur = MIN(r.rlim_max, limit);
	setrlimit(RLIMIT_AS, &r);
}

static int run_untrusted(void *arg)
{
	const struct untrusted *u = arg;
	struct err e = {0};

	limit_memory();
	free_nft(&(struct nft_ctx *){run_commands(u->commands, &e)});
	return child_tell(u->fd, &e);
}

int nft_run_untrusted(const char *commands, struct err *e)
{
	struct child_setup how = {.group = true, .n_fds = 1};
	struct untrusted u = {.commands = commands};
	struct child c;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	u.fd = ends[1];
	how.fds[0] = (struct child_fd){u.fd, u.fd};
	rc = child_start(&c, &how, run_untrusted, &u);
	if (rc)
		err_sys(e, "no process for nft");
	close(ends[1]);
	if (!rc)
		rc = child_hear(&c, ends[0], UNTRUSTED_LIMIT,
				"nft, with the commands of the topology file,", e);
	close(ends[0]);
	return rc;
}
