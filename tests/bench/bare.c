/* SPDX-License-Identifier: MIT */
#include "tests/bench/bare.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/ethernet.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>


struct bare {
	const struct plan *plan;
	int home;  /* the caller's namespace */
	int here;  /* the node whose namespace we are in; -1 the caller's */
	int *ns;   /* of each node */
	int *door; /* a route netlink socket in each node */
};

/* One message under construction, and afterwards its answer. */
struct message {
	_Alignas(struct nlmsghdr) char b[4096];
	size_t len;
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	_exit(1);
}

/* ---- messages ---- */

static void *put(struct message *m, const void *p, size_t len)
{
	void *at = m->b + m->len;

	memcpy(at, p, len);
	m->len += NLMSG_ALIGN(len);
	return at;
}

#define PUT(m, ...) put((m), &(__VA_ARGS__), sizeof(__VA_ARGS__))

static struct message begin(unsigned type, unsigned flags)
{
	struct message m = {.len = 0};

	PUT(&m, (struct nlmsghdr){.nlmsg_type = (uint16_t)type,
				  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)});
	return m;
}

static void attr(struct message *m, unsigned type, const void *p, size_t len)
{
	PUT(m, (struct rtattr){(uint16_t)RTA_LENGTH(len), (uint16_t)type});
	put(m, p, len);
}

static void attr_u32(struct message *m, unsigned type, uint32_t v)
{
	attr(m, type, &v, sizeof(v));
}

static size_t open_nest(struct message *m, unsigned type)
{
	size_t at = m->len;

	attr(m, type, NULL, 0);
	return at;
}

static void close_nest(struct message *m, size_t at)
{
	const uint16_t len = (uint16_t)(m->len - at);

	memcpy(m->b + at, &len, sizeof(len));
}

/* Sends, and waits for the acknowledgement, or for the answer with @answer. */
static void ask(int door, struct message *m, bool answer, const char *what)
{
	struct nlmsghdr *h = (struct nlmsghdr *)m->b;
	ssize_t n;

	h->nlmsg_len = (uint32_t)m->len;
	if (!answer)
		h->nlmsg_flags |= NLM_F_ACK;
	must(send(door, m->b, m->len, 0) == (ssize_t)m->len, what);
	n = recv(door, m->b, sizeof(m->b), 0);
	must(n > 0, what);
	m->len = (size_t)n;
	if (h->nlmsg_type == NLMSG_ERROR) {
		errno = -((const struct nlmsgerr *)NLMSG_DATA(h))->error;
		must(errno == 0, what);
	}
}

static struct message change(uint32_t ifindex, unsigned flags)
{
	struct message m = begin(RTM_NEWLINK, 0);

	PUT(&m, (struct ifinfomsg){
			.ifi_index = (int)ifindex, .ifi_flags = flags, .ifi_change = flags});
	return m;
}

/* ---- one step each ---- */

static void enter(struct bare *b, int node)
{
	if (b->here == node)
		return;
	must(setns(node < 0 ? b->home : b->ns[node], CLONE_NEWNET) == 0, "setns");
	b->here = node;
}

static int door(void)
{
	const struct sockaddr_nl nobody = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	must(fd >= 0 && bind(fd, (const struct sockaddr *)&nobody, sizeof(nobody)) == 0, "netlink");
	return fd;
}

static void up(int fd, uint32_t ifindex)
{
	struct message m = change(ifindex, IFF_UP);

	ask(fd, &m, false, "up");
}

static void make_space(struct bare *b, unsigned node)
{
	must(unshare(CLONE_NEWNET) == 0, "unshare");
	b->here = (int)node;
	b->door[node] = door();
	b->ns[node] = ioctl(b->door[node], SIOCGSKNS);
	must(b->ns[node] >= 0, "SIOCGSKNS");
	up(b->door[node], 1);
}

static void put_end(struct message *m, const struct iface *i, int ns)
{
	attr(m, IFLA_IFNAME, i->name, strlen(i->name) + 1);
	attr(m, IFLA_ADDRESS, i->mac, sizeof(i->mac));
	attr_u32(m, IFLA_NUM_TX_QUEUES, 1);
	attr_u32(m, IFLA_NUM_RX_QUEUES, 1);
	if (ns >= 0)
		attr_u32(m, IFLA_NET_NS_FD, (uint32_t)ns);
}

/* Settings of IPv4 (IFLA_INET_CONF) of an interface. */
static void set_conf(int fd, uint32_t ifindex, const uint32_t (*v)[2], size_t n)
{
	struct message m = change(ifindex, 0);
	size_t spec = open_nest(&m, IFLA_AF_SPEC), inet = open_nest(&m, AF_INET);
	size_t conf = open_nest(&m, IFLA_INET_CONF);

	for (size_t i = 0; i < n; i++)
		attr_u32(&m, v[i][0], v[i][1]);
	close_nest(&m, conf);
	close_nest(&m, inet);
	close_nest(&m, spec);
	ask(fd, &m, false, "settings of IPv4");
}

static void quiet(int fd, const struct iface *i)
{
	static const uint32_t off[][2] = {
		{IPV4_DEVCONF_FORWARDING, 0},
		{IPV4_DEVCONF_RP_FILTER, 0},
		{IPV4_DEVCONF_SEND_REDIRECTS, 0},
	};
	struct ethtool_value sums = {.cmd = ETHTOOL_STXCSUM, .data = 0};
	struct ifreq req = {.ifr_data = (char *)&sums};
	struct message m = change(i->ifindex, 0);
	const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
	size_t spec, inet6;

	set_conf(fd, i->ifindex, off, ARRAY_LEN(off));
	spec = open_nest(&m, IFLA_AF_SPEC);
	inet6 = open_nest(&m, AF_INET6);
	attr(&m, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof(none));
	close_nest(&m, inet6);
	close_nest(&m, spec);
	ask(fd, &m, false, "address generation");
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", i->name);
	must(ioctl(fd, SIOCETHTOOL, &req) == 0, "checksums");
}

static void make_link(struct bare *b, const struct step *st)
{
	const struct iface *near = &b->plan->s->ifaces[st->iface];
	const struct link *l = &b->plan->s->links[st->link];
	const struct iface *far = &b->plan->s->ifaces[link_other_end(l, st->iface)];
	struct message m = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	size_t info, data, peer;

	PUT(&m, (struct ifinfomsg){.ifi_index = (int)near->ifindex});
	put_end(&m, near, -1);
	info = open_nest(&m, IFLA_LINKINFO);
	attr(&m, IFLA_INFO_KIND, "veth", 4);
	data = open_nest(&m, IFLA_INFO_DATA);
	peer = open_nest(&m, VETH_INFO_PEER);
	PUT(&m, (struct ifinfomsg){.ifi_index = (int)far->ifindex});
	put_end(&m, far, b->ns[far->node]);
	close_nest(&m, peer);
	close_nest(&m, data);
	close_nest(&m, info);
	ask(b->door[near->node], &m, false, "veth");
	quiet(b->door[near->node], near);
	quiet(b->door[far->node], far);
}

static void make_addr(struct bare *b, const struct iface *i)
{
	struct message m = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);

	PUT(&m, (struct ifaddrmsg){
			.ifa_family = AF_INET, .ifa_prefixlen = i->plen, .ifa_index = i->ifindex});
	attr(&m, IFA_LOCAL, i->addr.b, i->addr.len);
	ask(b->door[i->node], &m, false, "address");
}

static void make_neigh(struct bare *b, const struct iface *i, const struct iface *to)
{
	struct message m = begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);

	PUT(&m, (struct ndmsg){.ndm_family = AF_INET,
			       .ndm_ifindex = (int)i->ifindex,
			       .ndm_state = NUD_PERMANENT});
	attr(&m, NDA_DST, to->addr.b, to->addr.len);
	attr(&m, NDA_LLADDR, to->mac, sizeof(to->mac));
	ask(b->door[i->node], &m, false, "neighbour");
}

static void forward(struct bare *b, unsigned node)
{
	static const uint32_t on[][2] = {{IPV4_DEVCONF_FORWARDING, 1}};
	const struct node *n = &b->plan->s->nodes[node];
	int fd;

	enter(b, (int)node);
	fd = open("/proc/sys/net/ipv4/conf/all/send_redirects", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) { /* read-only in containers */
		must(write(fd, "0", 1) == 1, "send_redirects");
		close(fd);
	}
	for (size_t i = 0; i < n->n_ifaces; i++)
		set_conf(b->door[node], b->plan->s->ifaces[n->ifaces[i]].ifindex, on, 1);
}

static void make_route(struct bare *b, const struct step *st)
{
	const struct route *r = st->route;
	struct message m = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);

	PUT(&m, (struct rtmsg){.rtm_family = AF_INET,
			       .rtm_dst_len = r->to.plen,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_protocol = RTPROT_BOOT,
			       .rtm_scope = r->via.len ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
			       .rtm_type = RTN_UNICAST});
	attr(&m, RTA_DST, r->to.addr.b, r->to.addr.len);
	attr_u32(&m, RTA_OIF, b->plan->s->ifaces[r->iface].ifindex);
	if (r->via.len)
		attr(&m, RTA_GATEWAY, r->via.b, r->via.len);
	ask(b->door[st->node], &m, false, "route");
}

static void load_rules(struct bare *b, const struct step *st)
{
	struct nft_ctx *nft;

	enter(b, (int)st->node);
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	must(nft && nft_run_cmd_from_buffer(nft, st->nft) == 0, "ruleset");
	nft_ctx_free(nft);
}

static void wait_up(int fd, uint32_t ifindex)
{
	for (;;) {
		struct message m = begin(RTM_GETLINK, 0);
		struct nlmsghdr *h = (struct nlmsghdr *)m.b;
		struct rtattr *a;
		unsigned left;

		PUT(&m, (struct ifinfomsg){.ifi_index = (int)ifindex});
		ask(fd, &m, true, "operstate");
		left = (unsigned)IFLA_PAYLOAD(h);
		for (a = IFLA_RTA(NLMSG_DATA(h)); RTA_OK(a, left); a = RTA_NEXT(a, left))
			if (a->rta_type == IFLA_OPERSTATE &&
			    *(const uint8_t *)RTA_DATA(a) == IF_OPER_UP)
				return;
	}
}

static void do_step(struct bare *b, const struct step *st)
{
	const struct iface *i = &b->plan->s->ifaces[st->iface];

	switch (st->kind) {
	case STEP_SPACE:
		make_space(b, st->node);
		break;
	case STEP_LINK:
		make_link(b, st);
		break;
	case STEP_ADDR:
		make_addr(b, i);
		break;
	case STEP_UP:
		up(b->door[st->node], i->ifindex);
		break;
	case STEP_NEIGH:
		make_neigh(b, i, &b->plan->s->ifaces[st->neighbour]);
		break;
	case STEP_FORWARD:
		forward(b, st->node);
		break;
	case STEP_ROUTE:
		make_route(b, st);
		break;
	case STEP_NFT:
		load_rules(b, st);
		break;
	}
}

struct bare *bare_build(const struct plan *p)
{
	const struct scenario *s = p->s;
	struct bare *b = calloc(1, sizeof(*b));

	must(b && (b->ns = calloc(s->n_nodes, sizeof(int))) &&
		     (b->door = calloc(s->n_nodes, sizeof(int))),
	     "memory");
	b->plan = p;
	b->here = -1;
	b->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	must(b->home >= 0, "the present namespace");
	for (size_t i = 0; i < p->n_steps; i++)
		do_step(b, &p->steps[i]);
	for (size_t i = 0; i < s->n_ifaces; i++)
		wait_up(b->door[s->ifaces[i].node], s->ifaces[i].ifindex);
	enter(b, -1);
	for (size_t i = 0; i < s->n_nodes; i++)
		close(b->door[i]);
	return b;
}

void bare_free(struct bare *b)
{
	for (size_t i = 0; i < b->plan->s->n_nodes; i++)
		close(b->ns[i]);
	close(b->home);
	free(b->ns);
	free(b->door);
	free(b);
}
