/* SPDX-License-Identifier: MIT */
/*
 * netns_build.c - a plan's steps carried out, node by node.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/os/namespaces.h"
#include "lab/os/os_priv.h"
#include "lab/topology/scenario_query.h"

/* While a plan is carried out: a route netlink socket in each namespace. */
struct build {
	struct netns *g;
	const struct plan *plan;
	struct rtnl **rtnl;	 /* of n_nodes; NULL before STEP_SPACE */
	struct rtnl *lab;	 /* of the lab's own namespace; NULL: no link ends there */
	int here;                /* the node whose namespace we are in; -1 the lab's */
	bool path_filter;        /* new namespaces inherit a return path filter from the host */
};

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* ---- one step each ---- */

static int do_space(struct build *b, unsigned node, struct err *e)
{
	struct rtnl *d;

	if (namespaces_unshare_net(e) < 0)
		return -1;
	b->here = (int)node;
	d = b->rtnl[node] = rtnl_open(e);
	if (!d)
		return -1;
	b->g->node[node].ns = namespaces_of_socket(rtnl_fd(d), e);
	if (b->g->node[node].ns < 0)
		return -1;
	return rtnl_loopback_up(d, e);
}

static int do_link(struct build *b, const struct step *st, struct err *e)
{
	const struct iface *ends = b->g->s->ifaces;
	const struct link *l = &b->g->s->links[st->link];
	const struct iface *near = &ends[st->iface], *far = &ends[link_other_end(l, st->iface)];

	if (scenario_link_is_cut(b->g->s, st->link))
		return relay_build(b->g, st->link, b->rtnl, b->lab, e);
	if (rtnl_veth(b->rtnl[near->node], near, far, b->g->node[far->node].ns, e) < 0 ||
	    rtnl_quiet(b->rtnl[near->node], near, e) < 0)
		return -1;
	return rtnl_quiet(b->rtnl[far->node], far, e);
}

static int be_in(struct build *b, unsigned node, struct err *e)
{
	if (b->here == (int)node)
		return 0;
	if (netns_enter(b->g, (int)node, e) < 0)
		return -1;
	b->here = (int)node;
	return 0;
}

/* Where containers keep /proc/sys shut the kernel's default stays, which few packets ever feel. */
static void set_all(const char *setting)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/all/%s", setting);
	procfs_write(path, "0");
}

/*
 * Two settings hold if they are on for the interface or for all, and "all" has no netlink message:
 * a router would tell senders of unmapped addresses about shorter ways, and a host's return path
 * filter would be ours.
 */
static int do_forward(struct build *b, unsigned node, struct err *e)
{
	const struct node *n = &b->g->s->nodes[node];

	b->g->node[node].forwards = true;
	if (be_in(b, node, e) < 0)
		return -1;
	set_all("send_redirects");
	if (b->path_filter)
		set_all("rp_filter");
	for (size_t i = 0; i < n->n_ifaces; i++)
		if (rtnl_forward(b->rtnl[node], &b->g->s->ifaces[n->ifaces[i]], e) < 0)
			return -1;
	return 0;
}

static int do_nft(struct build *b, const struct step *st, struct err *e)
{
	struct netns_node *n = &b->g->node[st->node];

	if (be_in(b, st->node, e) < 0)
		return -1;
	if (!n->ct)
		n->ct = conntrack_open(e);
	if (!n->ct)
		return -1;
	n->rules = b->plan->rules ? b->plan->rules[st->node] : NULL;
	return b->g->s->nodes[st->node].nft ? nft_run_untrusted(st->nft, e)
					    : nft_run(b->g, st->nft, e);
}

/* Of a virtual machine there is an end of a link that the kernel knows nothing of; and at the
 * other one it finds out by ARP which card the machine has. */
static bool is_vms_own(const struct scenario *s, const struct step *st)
{
	const struct iface *i = &s->ifaces[st->iface];

	switch (st->kind) {
	case STEP_ADDR:
	case STEP_UP:
	case STEP_ROUTE:
		return s->nodes[i->node].vm;
	case STEP_NEIGH:
		return s->nodes[i->node].vm || s->nodes[s->ifaces[st->neighbour].node].vm;
	case STEP_SPACE:
	case STEP_LINK:
	case STEP_FORWARD:
	case STEP_NFT:
		break;
	}
	return false;
}

static int do_step(struct build *b, const struct step *st, struct err *e)
{
	const struct iface *i = &b->g->s->ifaces[st->iface];
	struct rtnl *d = b->rtnl[st->node];

	if (is_vms_own(b->g->s, st))
		return 0;
	switch (st->kind) {
	case STEP_SPACE:
		return do_space(b, st->node, e);
	case STEP_LINK:
		return do_link(b, st, e);
	case STEP_ADDR:
		return rtnl_addr(d, i, e);
	case STEP_UP:
		return rtnl_up(d, i, e);
	case STEP_NEIGH:
		return rtnl_neigh(d, i, &b->g->s->ifaces[st->neighbour], e);
	case STEP_FORWARD:
		return do_forward(b, st->node, e);
	case STEP_ROUTE:
		return rtnl_route(d, st->route, b->g->s->ifaces[st->route->iface].ifindex, e);
	case STEP_NFT:
		return do_nft(b, st, e);
	}
	return 0;
}

/* "igw: ruleset", "client:eth0: address 192.168.1.10/24": where it went wrong. */
static int blame(const struct build *b, const struct step *st, struct err *e)
{
	const struct scenario *s = b->g->s;
	const struct iface *i = &s->ifaces[st->iface];
	const char *name = s->nodes[st->node].name;

	switch (st->kind) {
	case STEP_SPACE:
		return err_prefix(e, "%s: namespace", name);
	case STEP_LINK:
		return err_prefix(e, "link %s -- %s", i->full,
				  s->ifaces[link_other_end(&s->links[st->link], st->iface)].full);
	case STEP_ADDR:
		return err_prefix(e, "%s: address %s/%u", i->full, INET_ADDR(i->addr), i->plen);
	case STEP_UP:
		return err_prefix(e, "%s: up", i->full);
	case STEP_NEIGH:
		return err_prefix(e, "%s: neighbour %s", i->full,
				  INET_ADDR(s->ifaces[st->neighbour].addr));
	case STEP_FORWARD:
		return err_prefix(e, "%s: forwarding", name);
	case STEP_ROUTE:
		return err_prefix(e, "%s: route to %s/%u", name, INET_ADDR(st->route->to.addr),
				  st->route->to.plen);
	case STEP_NFT:
		return err_prefix(e, "%s: ruleset", name);
	}
	return -1;
}

/* ---- all of them ---- */

/* A node's namespace, two sockets for its tracking, its tap, three for its datagrams, two files of
 * counters; and some for the lab itself. */
#define NODE_DESCRIPTORS 9
#define LAB_DESCRIPTORS 64

static void allow_descriptors(size_t nodes)
{
	const rlim_t want = NODE_DESCRIPTORS * nodes + LAB_DESCRIPTORS;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= want)
		return;
	r.rlim_cur = MIN(r.rlim_max, want);
	setrlimit(RLIMIT_NOFILE, &r); /* if not, the step that runs out says so */
}

/*
 * The kernel begins to stamp frames a while after the first socket asked for it, because it
 * patches its own code for that. Asking before the network is built means that it is done when
 * the taps are opened.
 */
static int ask_for_stamps(struct err *e)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){1}, sizeof(int)) < 0) {
		err_sys(e, "frames cannot be stamped");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static bool host_filters_paths(void)
{
	char text[8];

	return procfs_read("/proc/sys/net/ipv4/conf/all/rp_filter", text, sizeof(text)) > 0 &&
	       text[0] != '0';
}

static int build_lab(struct netns *g, struct err *e)
{
	g->stamps = ask_for_stamps(e);
	if (g->stamps < 0)
		return -1;
	g->lab_ns = namespaces_of_socket(g->stamps, e);
	if (g->lab_ns < 0)
		return -1;
	return nft_take_descriptor(g, e);
}

static bool any_cut(const struct scenario *s)
{
	for (unsigned i = 0; i < s->n_links; i++)
		if (scenario_link_is_cut(s, i))
			return true;
	return false;
}

static int build_all(struct build *b, struct err *e)
{
	const struct scenario *s = b->g->s;

	if (build_lab(b->g, e) < 0 || (any_cut(s) && !(b->lab = rtnl_open(e))))
		return err_prefix(e, "the lab's own namespace");
	relays_prepare(b->g);
	b->path_filter = host_filters_paths();
	for (size_t i = 0; i < b->plan->n_steps; i++)
		if (do_step(b, &b->plan->steps[i], e) < 0)
			return blame(b, &b->plan->steps[i], e);
	/* A plan's steps may stand in any order of nodes, so this is asked when all are done. */
	for (size_t i = 0; i < s->n_ifaces; i++)
		if (!s->nodes[s->ifaces[i].node].vm &&
		    rtnl_wait_up(b->rtnl[s->ifaces[i].node], &s->ifaces[i], e) < 0)
			return err_prefix(e, "%s", s->ifaces[i].full);
	return 0;
}

struct netns *netns_build(struct arena *a, const struct plan *p, struct err *e)
{
	const struct scenario *s = p->s;
	struct netns *g = arena_new_of(a, struct netns);
	struct build b = {.g = g, .plan = p, .here = -1};
	int rc;

	g->arena = a;
	g->s = s;
	g->lab_ns = g->low_fd = g->stamps = g->ports_epoll = -1;
	g->node = arena_array_of(a, s->n_nodes, struct netns_node);
	for (size_t i = 0; i < s->n_nodes; i++)
		g->node[i].ns = g->node[i].mib[0] = g->node[i].mib[1] = -1;
	g->flow = arena_array_of(a, s->n_ifaces, struct flow);
	g->balance = arena_array_of(a, s->n_ifaces, struct balance);
	counters_prepare(g);
	b.rtnl = arena_array_of(a, s->n_nodes, struct rtnl *);
	allow_descriptors(s->n_nodes);

	rc = build_all(&b, e);
	if (g->lab_ns >= 0 && netns_enter(g, -1, rc < 0 ? NULL : e) < 0)
		rc = -1;
	if (rc == 0)
		rc = relays_open(g, b.lab, e);
	if (rc == 0)
		rc = qemu_sockets_open(g, e);
	for (size_t i = 0; i < s->n_nodes; i++)
		rtnl_close(b.rtnl[i]);
	rtnl_close(b.lab);
	if (rc < 0) {
		netns_free(g);
		return NULL;
	}
	return g;
}

void netns_free(struct netns *g)
{
	if (!g)
		return;
	taps_free(g);
	relays_close(g);
	qemu_sockets_close(g);
	for (size_t i = 0; i < g->s->n_nodes; i++) {
		conntrack_close(g->node[i].ct);
		close_if_open(g->node[i].ns);
		close_if_open(g->node[i].mib[0]);
		close_if_open(g->node[i].mib[1]);
	}
	close_if_open(g->lab_ns);
	close_if_open(g->low_fd);
	close_if_open(g->stamps);
}
