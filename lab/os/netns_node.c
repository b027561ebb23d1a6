/* SPDX-License-Identifier: MIT */
/* netns_node.c - the namespace of a node: entered, and a socket made in it. */
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/os/os_priv.h"
#include "lab/topology/scenario_query.h"

unsigned netns_other_end(const struct netns *g, unsigned iface)
{
	return link_other_end(&g->s->links[g->s->ifaces[iface].link], iface);
}

int netns_enter(struct netns *g, int node, struct err *e)
{
	if (setns(node < 0 ? g->lab_ns : g->node[node].ns, CLONE_NEWNET) < 0)
		return err_sys(e, "cannot enter the namespace of %s",
			       node < 0 ? "the lab" : g->s->nodes[node].name);
	return 0;
}

int netns_socket(struct netns *g, unsigned node, int family, int type, int protocol, struct err *e)
{
	int fd;

	if (netns_enter(g, (int)node, e) < 0)
		return -1;
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		err_sys(e, "%s: socket", g->s->nodes[node].name);
	if (netns_enter(g, -1, fd < 0 ? NULL : e) < 0 && fd >= 0) {
		close(fd);
		return -1;
	}
	return fd;
}
