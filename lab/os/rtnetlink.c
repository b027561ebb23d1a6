/* SPDX-License-Identifier: MIT */
/*
 * rtnetlink.c - interfaces, addresses, routes and neighbours, through libnl-3 (only here).
 *
 * What the kernel charges, and how it is not paid (measured; docs/design.md has the figures):
 *	- a link moved into a namespace waits 16 ms for RCU: both ends are made where they belong;
 *	- a veth end with a queue per CPU costs twice: it gets one;
 *	- veth ends with equal interface indexes come up a second late: all indexes differ;
 *	- a frame sent before operstate UP is lost: rtnl_wait_up();
 *	- all namespaces of the machine share one neighbour table, which fills up: entries are
 *	  permanent, which are not counted, and nobody ever asks by ARP;
 *	- a veth leaves checksums to hardware that is not there, and captures show wrong ones: off;
 *	- IPv6 makes up a link-local address and announces it in every capture: none is made.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/sockios.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lab/os/os_priv.h"

#define LOOPBACK_IFINDEX 1
/* Given up after this: a link comes up in 50 us. */
#define UP_PATIENCE_MS 3000

struct rtnl {
	struct nl_sock *sk;
	int error;       /* of the kernel's last answer: negative errno */
	char said[200];  /* and its words for it, or empty */
};

/* ---- asking ---- */

/* The kernel's refusal: the number, and the sentence of NLMSGERR_ATTR_MSG if there is one. */
static int on_refusal(struct sockaddr_nl *from, struct nlmsgerr *refusal, void *arg)
{
	struct rtnl *d = arg;
	const struct nlmsghdr *head =
		(const struct nlmsghdr *)(const void *)((const char *)refusal - NLMSG_HDRLEN);
	size_t skip = sizeof(*refusal);
	struct nlattr *said;

	(void)from;
	d->error = refusal->error;
	if (!(head->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(refusal->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (head->nlmsg_flags & NLM_F_ACK_TLVS && nlmsg_datalen(head) > (int)skip) {
		said = nla_find((struct nlattr *)(void *)((char *)refusal + skip),
				nlmsg_datalen(head) - (int)skip, NLMSGERR_ATTR_MSG);
		if (said)
			nla_strlcpy(d->said, said, sizeof(d->said));
	}
	return NL_STOP;
}

/* Sends @msg (takes it; NULL: it could not be built) and hears the answer. */
static int ask(struct rtnl *d, int built, struct nl_msg *msg, struct err *e)
{
	int rc;

	if (built < 0)
		return err_set(e, ERR_MACHINE, "%s", nl_geterror(built));
	d->error = 0;
	d->said[0] = '\0';
	rc = nl_send_auto(d->sk, msg);
	nlmsg_free(msg);
	if (rc >= 0)
		rc = nl_wait_for_ack(d->sk);
	if (d->error == 0 && rc < 0)
		return err_set(e, ERR_MACHINE, "%s", nl_geterror(rc));
	if (d->error < 0) {
		errno = -d->error;
		return d->said[0] ? err_sys(e, "%s", d->said)
				  : err_set(e, ERR_MACHINE, "%s", strerror(errno));
	}
	return 0;
}

struct rtnl *rtnl_open(struct err *e)
{
	struct rtnl *d = calloc(1, sizeof(*d));
	int rc;

	if (!d || !(d->sk = nl_socket_alloc())) {
		free(d);
		err_set(e, ERR_MACHINE, "out of memory");
		return NULL;
	}
	nl_socket_modify_err_cb(d->sk, NL_CB_CUSTOM, on_refusal, d);
	rc = nl_connect(d->sk, NETLINK_ROUTE);
	if (rc < 0) {
		err_set(e, ERR_MACHINE, "route netlink: %s", nl_geterror(rc));
		rtnl_close(d);
		return NULL;
	}
	/* Words for errors; kernels without do well. */
	setsockopt(nl_socket_get_fd(d->sk), SOL_NETLINK, NETLINK_EXT_ACK, &(int){1}, sizeof(int));
	return d;
}

void rtnl_close(struct rtnl *d)
{
	if (!d)
		return;
	nl_socket_free(d->sk);
	free(d);
}

int rtnl_fd(const struct rtnl *d)
{
	return nl_socket_get_fd(d->sk);
}

/* ---- values into libnl's ---- */

static void free_link(struct rtnl_link **l)
{
	rtnl_link_put(*l);
}

static void free_addr(struct nl_addr **a)
{
	nl_addr_put(*a);
}

#define LINK_AUTO CLEANUP(free_link) struct rtnl_link
#define ADDR_AUTO CLEANUP(free_addr) struct nl_addr

static struct nl_addr *addr_of(struct inet_addr a, unsigned plen)
{
	struct nl_addr *nl = nl_addr_build(a.len == 4 ? AF_INET : AF_INET6, a.b, a.len);

	if (nl)
		nl_addr_set_prefixlen(nl, (int)plen);
	return nl;
}

static struct nl_addr *mac_of(const uint8_t mac[6])
{
	return nl_addr_build(AF_LLC, mac, 6);
}

/* ---- links ---- */

/* Sets what @change holds on the interface of that index. */
static int set_link(struct rtnl *d, uint32_t ifindex, struct rtnl_link *change, struct err *e)
{
	LINK_AUTO *which = rtnl_link_alloc();
	struct nl_msg *msg = NULL;
	int rc;

	if (!which || !change)
		return err_set(e, ERR_MACHINE, "out of memory");
	rtnl_link_set_ifindex(which, (int)ifindex);
	rc = rtnl_link_build_change_request(which, change, 0, &msg);
	return ask(d, rc, msg, e);
}

static int set_up(struct rtnl *d, uint32_t ifindex, struct err *e)
{
	LINK_AUTO *change = rtnl_link_alloc();

	if (change)
		rtnl_link_set_flags(change, IFF_UP);
	return set_link(d, ifindex, change, e);
}

int rtnl_loopback_up(struct rtnl *d, struct err *e)
{
	return set_up(d, LOOPBACK_IFINDEX, e);
}

int rtnl_up(struct rtnl *d, const struct iface *i, struct err *e)
{
	return set_up(d, i->ifindex, e);
}

/* One end of a pair: name, MAC, index, one queue, and where it belongs (-1: here). */
static int describe_end(struct rtnl_link *l, const struct iface *i, int ns)
{
	ADDR_AUTO *mac = mac_of(i->mac);

	if (!mac)
		return -1;
	rtnl_link_set_name(l, i->name);
	rtnl_link_set_ifindex(l, (int)i->ifindex);
	rtnl_link_set_addr(l, mac);
	rtnl_link_set_num_tx_queues(l, 1);
	rtnl_link_set_num_rx_queues(l, 1);
	if (ns >= 0)
		rtnl_link_set_ns_fd(l, ns);
	return 0;
}

int rtnl_veth(struct rtnl *d, const struct iface *a, const struct iface *b, int b_ns, struct err *e)
{
	LINK_AUTO *pair = rtnl_link_veth_alloc();
	struct rtnl_link *peer;
	struct nl_msg *msg = NULL;
	int rc;

	if (!pair)
		return err_set(e, ERR_MACHINE, "out of memory");
	peer = rtnl_link_veth_get_peer(pair);
	rc = describe_end(pair, a, -1) < 0 || describe_end(peer, b, b_ns) < 0;
	rtnl_link_put(peer);
	if (rc)
		return err_set(e, ERR_MACHINE, "out of memory");
	rc = rtnl_link_build_add_request(pair, NLM_F_CREATE | NLM_F_EXCL, &msg);
	rc = ask(d, rc, msg, e);
	if (rc < 0 && d->error == -EOPNOTSUPP)
		return err_set(e, ERR_MACHINE,
			       "the kernel has no veth (CONFIG_VETH); to enable them: "
			       "sudo modprobe veth");
	return rc;
}

/* The sums are then made by the stack before a tap sees the frame. */
static int whole_checksums(struct rtnl *d, const struct iface *i, struct err *e)
{
	struct ethtool_value off = {.cmd = ETHTOOL_STXCSUM, .data = 0};
	struct ifreq req = {.ifr_data = (char *)&off};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", i->name);
	if (ioctl(rtnl_fd(d), SIOCETHTOOL, &req) < 0)
		return err_sys(e, "tx checksum offload off");
	return 0;
}

int rtnl_quiet(struct rtnl *d, const struct iface *i, struct err *e)
{
	LINK_AUTO *v4 = rtnl_link_alloc();
	LINK_AUTO *v6 = rtnl_link_alloc();

	if (!v4 || !v6)
		return err_set(e, ERR_MACHINE, "out of memory");
	/* A fresh namespace begins with the host's settings, and a host with containers forwards
	 * and may filter by return path. */
	rtnl_link_inet_set_conf(v4, IPV4_DEVCONF_FORWARDING, 0);
	rtnl_link_inet_set_conf(v4, IPV4_DEVCONF_RP_FILTER, 0);
	rtnl_link_inet_set_conf(v4, IPV4_DEVCONF_SEND_REDIRECTS, 0);
	if (set_link(d, i->ifindex, v4, e) < 0)
		return -1;
	rtnl_link_inet6_set_addr_gen_mode(v6, rtnl_link_inet6_str2addrgenmode("none"));
	if (set_link(d, i->ifindex, v6, e) < 0 && d->error != -EAFNOSUPPORT)
		return -1; /* a kernel without IPv6 is as quiet */
	return whole_checksums(d, i, e);
}

int rtnl_forward(struct rtnl *d, const struct iface *i, struct err *e)
{
	LINK_AUTO *change = rtnl_link_alloc();

	/* As `sysctl net.ipv4.conf.X.forwarding=1`, and where /proc/sys is read-only too. */
	if (change)
		rtnl_link_inet_set_conf(change, IPV4_DEVCONF_FORWARDING, 1);
	return set_link(d, i->ifindex, change, e);
}

int rtnl_wait_up(struct rtnl *d, const struct iface *i, struct err *e)
{
	const struct timespec nap = {.tv_nsec = 50000};
	struct rtnl_link *l;
	int rc;

	for (int patience = UP_PATIENCE_MS * 20; patience > 0; patience--) {
		rc = rtnl_link_get_kernel(d->sk, (int)i->ifindex, NULL, &l);
		if (rc < 0)
			return err_set(e, ERR_MACHINE, "%s", nl_geterror(rc));
		rc = rtnl_link_get_operstate(l);
		rtnl_link_put(l);
		if (rc == IF_OPER_UP)
			return 0;
		nanosleep(&nap, NULL);
	}
	return err_set(e, ERR_FAILED, "did not come up in %d ms", UP_PATIENCE_MS);
}

/* ---- what links carry ---- */

int rtnl_addr(struct rtnl *d, const struct iface *i, struct err *e)
{
	ADDR_AUTO *local = addr_of(i->addr, i->plen);
	struct rtnl_addr *a = rtnl_addr_alloc();
	struct nl_msg *msg = NULL;
	int rc = -NLE_NOMEM;

	if (a && local) {
		rtnl_addr_set_ifindex(a, (int)i->ifindex);
		rtnl_addr_set_local(a, local);
		rc = rtnl_addr_build_add_request(a, NLM_F_CREATE | NLM_F_EXCL, &msg);
	}
	rtnl_addr_put(a);
	return ask(d, rc, msg, e);
}

int rtnl_neigh(struct rtnl *d, const struct iface *i, const struct iface *to, struct err *e)
{
	ADDR_AUTO *mac = mac_of(to->mac);
	ADDR_AUTO *dst = addr_of(to->addr, to->addr.len * 8u);
	struct rtnl_neigh *n = rtnl_neigh_alloc();
	struct nl_msg *msg = NULL;
	int rc = -NLE_NOMEM;

	if (n && mac && dst) {
		rtnl_neigh_set_ifindex(n, (int)i->ifindex);
		rtnl_neigh_set_lladdr(n, mac);
		rtnl_neigh_set_dst(n, dst);
		rtnl_neigh_set_state(n, NUD_PERMANENT);
		rc = rtnl_neigh_build_add_request(n, NLM_F_CREATE | NLM_F_REPLACE, &msg);
	}
	rtnl_neigh_put(n);
	return ask(d, rc, msg, e);
}

int rtnl_route(struct rtnl *d, const struct route *r, uint32_t ifindex, struct err *e)
{
	ADDR_AUTO *to = addr_of(r->to.addr, r->to.plen);
	ADDR_AUTO *via = r->via.len ? addr_of(r->via, r->via.len * 8u) : NULL;
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_msg *msg = NULL;
	int rc = -NLE_NOMEM;

	if (!route || !hop || !to || (r->via.len && !via)) {
		rtnl_route_nh_free(hop);
		rtnl_route_put(route);
		return ask(d, rc, NULL, e);
	}
	rtnl_route_set_dst(route, to);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_set_protocol(route, RTPROT_BOOT); /* as `ip route add` has it */
	rtnl_route_set_scope(route, via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
	rtnl_route_nh_set_ifindex(hop, (int)ifindex);
	if (via)
		rtnl_route_nh_set_gateway(hop, via);
	rtnl_route_add_nexthop(route, hop); /* takes it */
	rc = rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_EXCL, &msg);
	rtnl_route_put(route);
	return ask(d, rc, msg, e);
}
