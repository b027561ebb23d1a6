/* SPDX-License-Identifier: MIT */
/*
 * netns_try.c - can this machine do it? The smallest lab that needs all that a lab needs: two
 * nodes, a link, a ruleset that translates, tracks and counts, taps.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/os/os_priv.h"

static const char everything[] =
	"table ip natdlab {\n"
	"	counter dropped { }\n"
	"	ct timeout idle { protocol udp; l3proto ip; policy = { replied : 9 }; }\n"
	"	map ports { type ipv4_addr . inet_service : inet_service; }\n"
	"	chain input {\n"
	"		type filter hook input priority 0;\n"
	"		ct state invalid counter name dropped drop\n"
	"		meta l4proto udp ct timeout set \"idle\"\n"
	"	}\n"
	"	chain pre {\n"
	"		type nat hook prerouting priority -100;\n"
	"		ip daddr 192.0.2.9 dnat to 192.0.2.1\n"
	"	}\n"
	"	chain post {\n"
	"		type nat hook postrouting priority 100;\n"
	"		ip protocol udp masquerade to : ip saddr . udp sport map @ports\n"
	"	}\n"
	"}\n";

#define ADDR(last) {.len = 4, .b = {192, 0, 2, last}}
#define MAC(last) {2, 0, 0, 0, 0, last}

static struct iface ifaces[] = {
	{.name = "eth0", .full = "a:eth0", .node = 0, .addr = ADDR(1), .plen = 24,
	 .mac = MAC(1), .ifindex = 11},
	{.name = "eth0", .full = "b:eth0", .node = 1, .addr = ADDR(2), .plen = 24,
	 .mac = MAC(2), .ifindex = 12},
};
static unsigned first_iface[] = {0}, second_iface[] = {1};
static struct node nodes[] = {
	{.name = "a", .kind = KIND_HOST, .ifaces = first_iface, .n_ifaces = 1},
	{.name = "b", .kind = KIND_ROUTER, .ifaces = second_iface, .n_ifaces = 1},
};
static unsigned ends[] = {0, 1};
static struct link links[] = {{.name = "a-b", .ifaces = ends, .n_ifaces = ARRAY_LEN(ends)}};
static const struct scenario scenario = {
	.id = "-",
	.topology_name = "try",
	.nodes = nodes,
	.n_nodes = ARRAY_LEN(nodes),
	.links = links,
	.n_links = ARRAY_LEN(links),
	.ifaces = ifaces,
	.n_ifaces = ARRAY_LEN(ifaces),
};
static struct step steps[] = {
	{.kind = STEP_SPACE, .node = 0},
	{.kind = STEP_SPACE, .node = 1},
	{.kind = STEP_LINK, .node = 0, .iface = 0, .link = 0},
	{.kind = STEP_NFT, .node = 1, .nft = everything},
	{.kind = STEP_ADDR, .node = 0, .iface = 0},
	{.kind = STEP_ADDR, .node = 1, .iface = 1},
	{.kind = STEP_UP, .node = 0, .iface = 0},
	{.kind = STEP_UP, .node = 1, .iface = 1},
	{.kind = STEP_NEIGH, .node = 0, .iface = 0, .neighbour = 1},
	{.kind = STEP_FORWARD, .node = 1},
};
static const struct plan plan = {.s = &scenario, .steps = steps, .n_steps = ARRAY_LEN(steps)};

static int build(void *arg)
{
	struct err *e = arg; /* shared with the parent */
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct netns *g = netns_build(a, &plan, e);
	int rc;

	if (!g)
		return 1;
	rc = netns_taps_open(g, e);
	netns_free(g);
	return rc < 0;
}

/* Where namespaces are allowed, what fails here fails for want of a part of the kernel. */
static int lacking(const struct err *said, struct err *e)
{
	if (strstr(said->text, "; to enable them: "))
		return err_set(e, ERR_MACHINE, "%s", said->text);
	return err_set(e, ERR_MACHINE,
		       "the kernel lacks a part: %s; to enable them: sudo modprobe -a veth "
		       "af_packet nf_tables nft_ct nft_chain_nat nft_nat nft_masq "
		       "nf_conntrack_netlink",
		       said->text);
}

int namespaces_try(struct err *e)
{
	struct err *said = mmap(NULL, sizeof(*said), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	siginfo_t end = {0};
	int pidfd, rc = 0;

	if (said == MAP_FAILED)
		return err_sys(e, "mmap");
	if (namespaces_start(build, said, &pidfd, e) < 0) {
		munmap(said, sizeof(*said));
		return -1;
	}
	if (waitid(P_PIDFD, (id_t)pidfd, &end, WEXITED) < 0)
		rc = err_sys(e, "waitid");
	else if (said->kind != ERR_NONE)
		rc = lacking(said, e);
	else if (end.si_code != CLD_EXITED || end.si_status != 0)
		rc = err_set(e, ERR_MACHINE, "the lab on trial died (signal %d)", end.si_status);
	close(pidfd);
	munmap(said, sizeof(*said));
	return rc;
}
