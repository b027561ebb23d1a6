/* SPDX-License-Identifier: MIT */
/*
 * netns_try.c - can this machine do it? The smallest lab that needs all that a lab needs: two
 * nodes, a link, a ruleset that translates, tracks and counts, taps.
 */
#include "lab/os/netns_try.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lab/os/namespaces.h"
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
static unsigned link_ends[] = {0, 1};
static struct link links[] = {
	{.name = "a-b", .ifaces = link_ends, .n_ifaces = ARRAY_LEN(link_ends)}};
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

#define TRY_LIMIT (60 * SEC) /* it takes 20 ms; a machine may be busy with labs */

/* @arg: the pipe that the parent reads. */
static int build(void *arg)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct err e = {0};
	struct netns *g = netns_build(a, &plan, &e);

	if (g && !netns_taps_open(g, &e))
		e.kind = ERR_NONE;
	netns_free(g);
	return child_tell(*(const int *)arg, &e);
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
	struct err said = {0};
	struct child c;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	rc = namespaces_start(&c, &(struct child_fd){ends[1], ends[1]}, 1, build, &ends[1], e);
	close(ends[1]);
	if (!rc && child_hear(&c, ends[0], TRY_LIMIT, "the lab on trial", &said))
		rc = said.kind == ERR_MACHINE ? lacking(&said, e)
					      : err_set(e, ERR_MACHINE, "%s", said.text);
	close(ends[0]);
	return rc;
}
