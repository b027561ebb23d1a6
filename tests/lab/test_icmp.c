/* SPDX-License-Identifier: MIT */
/*
 * ICMP errors through both NATs, in both directions. An error quotes the packet that it is about;
 * a NAT that translates only the outside of it (as a stateless one does) tells the sender of an
 * address that it has never heard of, and the sender's stack throws the error away: no refused
 * port, no path MTU.
 */
#include "tests/lab/lab.h"

#include <linux/errqueue.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#define PUBLIC "203.0.113.10"
#define NARROW 1300
#define TOO_LONG 1400

#define ICMP_UNREACHABLE 3
#define ICMP_CODE_PORT 3
#define ICMP_CODE_FRAGMENTATION 4

/* One error: who is told, about what, and where it comes from. */
static const struct variant {
	const char *what;
	bool to_client;       /* the client is told, else the server */
	const char *narrow;   /* the interface that is too narrow; NULL: nobody listens there */
	const char *origin;   /* the address from which the one who is told sees it come */
} variants[] = {
	/* igw's own errors about a translated packet come from the address that was dialed. */
	{"port unreachable, to the client", true, NULL, PUBLIC},
	{"port unreachable, to the server", false, NULL, "198.51.100.10"},
	{"too long for home's uplink, to the client", true, "home:wan", "192.168.1.1"},
	{"too long for the internet, to the client", true, "internet:eth1", "198.51.100.1"},
	{"too long behind the Elastic IP, to the client", true, "igw:vpc", PUBLIC},
	{"too long for igw's uplink, to the server", false, "igw:wan", "172.31.0.1"},
	{"too long for the internet, to the server", false, "internet:eth0", "203.0.113.1"},
	{"too long behind the NAPT, to the server", false, "home:lan", "198.51.100.10"},
};

static const struct variant *variant; /* the one under test; set before the lab is made */

static int make_narrow(struct net *n, const char *full)
{
	const struct iface *i = iface_of(n, full);
	struct ifreq req = {.ifr_mtu = NARROW};
	int fd = netns_socket(n->g, i->node, AF_INET, SOCK_DGRAM, 0, NULL);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", i->name);
	CHECK(fd >= 0 && ioctl(fd, SIOCSIFMTU, &req) == 0);
	close(fd);
	return 0;
}

/* Wants errors, and sets DF without caring for what is known of the path. */
static bool wants_errors(int fd)
{
	const int on = 1, probe = IP_PMTUDISC_PROBE;

	return setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) == 0 &&
	       setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe)) == 0;
}

/* The error that the stack of the one who is told found good, and believed. */
static int stack_believes(int fd, struct inet_ep dialed)
{
	char ctl[256], data[64];
	struct sockaddr_in to = {0};
	struct iovec iov = {data, sizeof(data)};
	struct msghdr m = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = ctl, .msg_controllen = sizeof(ctl),
	};
	struct pollfd p = {.fd = fd};
	struct sock_extended_err ee = {0};
	struct sockaddr_in offender = {0};

	CHECK(poll(&p, 1, 5000) == 1);
	CHECK(recvmsg(fd, &m, MSG_ERRQUEUE) >= 0);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR)
			continue;
		memcpy(&ee, CMSG_DATA(c), sizeof(ee));
		memcpy(&offender, CMSG_DATA(c) + sizeof(ee), sizeof(offender));
	}
	CHECK(ee.ee_origin == SO_EE_ORIGIN_ICMP && ee.ee_type == ICMP_UNREACHABLE);
	if (variant->narrow) {
		CHECK(ee.ee_code == ICMP_CODE_FRAGMENTATION);
		CHECK(ee.ee_errno == EMSGSIZE && ee.ee_info == NARROW);
	} else {
		CHECK(ee.ee_code == ICMP_CODE_PORT && ee.ee_errno == ECONNREFUSED);
	}
	CHECK(inet_ep_eq(ep_of(&to), dialed));
	CHECK(inet_addr_eq(ep_of(&offender).addr, ip(variant->origin)));
	return 0;
}

static bool is_private(struct inet_addr a)
{
	struct inet_net home = {.addr = ip("192.168.0.0"), .plen = 16};
	struct inet_net vpc = {.addr = ip("172.16.0.0"), .plen = 12};

	return inet_net_contains(home, a) || inet_net_contains(vpc, a);
}

/* The error and the packet quoted in it; false if the frame is none. */
static bool parse_error(const struct seen *f, struct packet *outer, struct packet *inner)
{
	return packet_parse(outer, LINKTYPE_ETHERNET_, f->data, f->len) &&
	       outer->proto == IPPROTO_ICMP_ && outer->payload[0] == ICMP_UNREACHABLE &&
	       packet_parse_ip(inner, outer->payload + 8, outer->len - 8);
}

/*
 * On every link the quoted packet is the one that was seen there, and where the world could look
 * on, no private address shows, neither outside nor inside.
 */
static int quotes_are_true(struct net *n, struct inet_ep teller_dials, struct inet_ep told)
{
	unsigned last = iface_of(n, variant->to_client ? "client:eth0" : "server:eth0")->link;
	unsigned first_public = iface_of(n, "home:wan")->link;
	unsigned last_public = iface_of(n, "igw:wan")->link;
	struct packet outer, inner;
	unsigned errors = 0;

	for (size_t i = 0; i < n->seen.n; i++) {
		const struct seen *f = &n->seen.v[i];

		if (!parse_error(f, &outer, &inner))
			continue;
		CHECK(inner.proto == IPPROTO_UDP_);
		CHECK(inet_addr_eq(inner.src.addr, outer.dst.addr));
		CHECK(inet_sum_fold(inet_sum(0, outer.payload, outer.len)) == 0);
		CHECK(inet_sum_fold(inet_sum(0, inner.ip, 20)) == 0);
		if (f->link == first_public || f->link == last_public) {
			CHECK(!is_private(outer.src.addr) && !is_private(outer.dst.addr));
			CHECK(!is_private(inner.src.addr) && !is_private(inner.dst.addr));
		}
		if (f->link == last) {
			errors++;
			CHECK(inet_ep_eq(inner.src, told));
			CHECK(inet_ep_eq(inner.dst, teller_dials));
			CHECK(inet_addr_eq(outer.src.addr, ip(variant->origin)));
		}
	}
	CHECK(errors == 1);
	return 0;
}

static int error_arrives(struct net *n)
{
	struct inet_ep client_ep = ep("192.168.1.10", 500), server_ep = ep("172.31.0.10", 4500);
	int client = udp(n, "client", 500), server = udp(n, "server", 4500);
	struct inet_ep mapped, dialed = ep(PUBLIC, 4500);
	int told = variant->to_client ? client : server;

	/* First a word each way, so that both NATs know the connection. */
	CHECK(udp_send(client, dialed, 10) && udp_recv(server, &mapped) == 10);
	CHECK(udp_send(server, mapped, 11) && udp_recv(client, NULL) == 11);
	CHECK(wants_errors(told));
	if (variant->narrow)
		CHECK(make_narrow(n, variant->narrow) == 0);
	else
		close(variant->to_client ? server : client);
	if (!variant->to_client)
		dialed = mapped;
	CHECK(udp_send(told, dialed, TOO_LONG));
	CHECK(settled(n));
	CHECK(stack_believes(told, dialed) == 0);
	return quotes_are_true(n, dialed, variant->to_client ? client_ep : server_ep);
}

static void an_icmp_error_tells_each_side_of_addresses_that_it_knows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		variant = &variants[i];
		fprintf(stderr, "# %s\n", variant->what);
		on_network(ARTICLE, error_arrives);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_icmp_error_tells_each_side_of_addresses_that_it_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
