/* SPDX-License-Identifier: MIT */
/* The article's network, built: do packets go where its picture says? */
#include "tests/lab/lab.h"

#include <sys/resource.h>

#define PUBLIC "203.0.113.10"

static int udp_reaches(struct net *n)
{
	int client = udp(n, "client", 500), server = udp(n, "server", 500);
	struct inet_ep from;

	CHECK(client >= 0 && server >= 0);
	CHECK(udp_send(client, ep(PUBLIC, 500), 100));
	CHECK(udp_recv(server, &from) == 100);
	CHECK(inet_ep_eq(from, ep("198.51.100.10", 500)));
	CHECK(udp_send(server, from, 200));
	CHECK(udp_recv(client, &from) == 200);
	CHECK(inet_ep_eq(from, ep(PUBLIC, 500)));
	return 0;
}

static void a_datagram_crosses_both_nats_and_its_answer_comes_back(void **state)
{
	(void)state;
	on_network(ARTICLE, udp_reaches);
}

/* The way of a datagram, link by link. */
static int frames_on_the_way(struct net *n)
{
	static const struct {
		const char *from, *src, *dst;
	} way[] = {
		{"client:eth0", "192.168.1.10", "203.0.113.10"},
		{"home:wan", "198.51.100.10", "203.0.113.10"},
		{"internet:eth1", "198.51.100.10", "203.0.113.10"},
		{"igw:vpc", "198.51.100.10", "172.31.0.10"},
		{"server:eth0", "172.31.0.10", "198.51.100.10"},
		{"igw:wan", "203.0.113.10", "198.51.100.10"},
		{"internet:eth0", "203.0.113.10", "198.51.100.10"},
		{"home:lan", "203.0.113.10", "192.168.1.10"},
	};
	int client = udp(n, "client", 4500), server = udp(n, "server", 4500);
	struct inet_ep from;

	CHECK(udp_send(client, ep(PUBLIC, 4500), 64));
	CHECK(udp_recv(server, &from) == 64 && udp_send(server, from, 64));
	CHECK(settled(n));
	CHECK(n->seen.n == ARRAY_LEN(way));
	for (size_t i = 0; i < ARRAY_LEN(way); i++) {
		const struct seen *f = &n->seen.v[i];
		unsigned to = link_other_end(&n->s->links[f->link], f->from_iface);
		struct packet pkt;

		CHECK(strcmp(n->s->ifaces[f->from_iface].full, way[i].from) == 0);
		CHECK(n->s->ifaces[f->from_iface].link == f->link);
		CHECK(i == 0 || f->kernel_ns >= f[-1].kernel_ns);
		CHECK(packet_parse(&pkt, LINKTYPE_ETHERNET_, f->data, f->len));
		CHECK(inet_ep_eq(pkt.src, ep(way[i].src, 4500)));
		CHECK(inet_ep_eq(pkt.dst, ep(way[i].dst, 4500)));
		CHECK(memcmp(f->data, n->s->ifaces[to].mac, 6) == 0);
		CHECK(memcmp(f->data + 6, n->s->ifaces[f->from_iface].mac, 6) == 0);
		/* Whole checksums, as they would be on a real wire. */
		CHECK(inet_sum_fold(inet_sum(inet_pseudo_sum(pkt.src.addr, pkt.dst.addr, 17, 72),
					     pkt.payload - 8, 72)) == 0);
	}
	CHECK(netns_taps_lost(n->g) == 0);
	return 0;
}

static void taps_show_each_frame_once_in_order_with_true_addresses_and_checksums(void **state)
{
	(void)state;
	on_network(ARTICLE, frames_on_the_way);
}

static int silence(struct net *n)
{
	int client = udp(n, "client", 500), server = udp(n, "server", 500);

	CHECK(settled(n) && n->seen.n == 0);
	CHECK(udp_send(client, ep(PUBLIC, 500), 10) && udp_recv(server, NULL) == 10);
	CHECK(settled(n));
	CHECK(n->seen.n == 4); /* no ARP, no IPv6, no IGMP */
	return 0;
}

static void nobody_speaks_unasked(void **state)
{
	(void)state;
	on_network(ARTICLE, silence);
}

static int eip_keeps_ports(struct net *n)
{
	static const uint16_t ports[] = {1, 499, 500, 501, 1023, 1701, 4500, 40000, 65535};
	int server = udp(n, "server", 4500);

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		/* From the internet itself, so that no NAPT has its hand in it. */
		int outside = udp(n, "internet", ports[i]), inside = udp(n, "server", ports[i]);
		struct inet_ep from;

		CHECK(outside >= 0 && (inside >= 0 || ports[i] == 4500));
		CHECK(udp_send(outside, ep(PUBLIC, 4500), 10));
		CHECK(udp_recv(server, &from) == 10);
		CHECK(inet_ep_eq(from, ep("203.0.113.1", ports[i])));
		if (inside < 0)
			inside = server;
		CHECK(udp_send(inside, ep("203.0.113.1", ports[i]), 11));
		CHECK(udp_recv(outside, &from) == 11);
		CHECK(inet_ep_eq(from, ep(PUBLIC, ports[i])));
	}
	return 0;
}

static void the_elastic_ip_never_changes_a_port(void **state)
{
	(void)state;
	on_network(ARTICLE, eip_keeps_ports);
}

/* Sends to @to by way of igw, whatever the internet thinks of it. */
static int push_at_igw(struct net *n, struct inet_addr to)
{
	struct route r = {.to = {.addr = to, .plen = 32}, .via = iface_of(n, "igw:wan")->addr};
	struct err e = {0};
	struct rtnl *d;
	int rc;

	CHECK_OK(netns_enter(n->g, (int)node_of(n, "internet"), &e), &e);
	d = rtnl_open(&e);
	CHECK(d);
	rc = rtnl_route(d, &r, iface_of(n, "internet:eth1")->ifindex, &e);
	rtnl_close(d);
	CHECK_OK(rc, &e);
	CHECK_OK(netns_enter(n->g, -1, &e), &e);
	return 0;
}

static int unmapped_is_dropped(struct net *n)
{
	int client = udp(n, "client", 500), server = udp(n, "server", 500);
	int neighbour = udp(n, "internet", 500);
	uint64_t before = dropped_by(n, "igw");

	CHECK(push_at_igw(n, ip("203.0.113.99")) == 0);
	CHECK(push_at_igw(n, ip("172.31.0.10")) == 0);
	CHECK(udp_send(client, ep("203.0.113.99", 500), 10));
	CHECK(nothing_comes(n, server));
	CHECK(dropped_by(n, "igw") == before + 1);
	/* Somebody outside who knows the private address does not get in by it. */
	CHECK(udp_send(client, ep("172.31.0.10", 500), 10));
	CHECK(nothing_comes(n, server));
	CHECK(udp_send(neighbour, ep("203.0.113.99", 500), 10));
	CHECK(nothing_comes(n, server));
	CHECK(dropped_by(n, "igw") == before + 3);
	for (size_t i = 0; i < n->seen.n; i++) {
		struct packet pkt;

		/* In silence: nobody is told by ICMP. */
		CHECK(packet_parse(&pkt, LINKTYPE_ETHERNET_, n->seen.v[i].data, n->seen.v[i].len));
		CHECK(pkt.proto == IPPROTO_UDP_);
	}
	CHECK(udp_send(client, ep(PUBLIC, 500), 10));
	CHECK(udp_recv(server, NULL) == 10);
	CHECK(dropped_by(n, "igw") == before + 3);
	return 0;
}

static void an_unmapped_address_is_dropped_and_counted(void **state)
{
	(void)state;
	on_network(ARTICLE, unmapped_is_dropped);
}

/* An echo reply to nobody's request: what connection tracking calls invalid. */
static int send_echo_reply(struct net *n, const char *node, struct inet_addr to)
{
	static const uint8_t reply[8] = {0, 0, 0xff, 0xfe, 0, 1, 0, 0};
	struct sockaddr_in sa = sockaddr_of(inet_ep(to, 0));
	int fd = netns_socket(n->g, node_of(n, node), AF_INET, SOCK_RAW, IPPROTO_ICMP, NULL);

	CHECK(fd >= 0);
	CHECK(sendto(fd, reply, 8, 0, (struct sockaddr *)&sa, sizeof(sa)) == 8);
	close(fd);
	return 0;
}

static int invalid_is_dropped(struct net *n)
{
	static const struct {
		const char *from, *to, *by;
	} way[] = {
		{"client", PUBLIC, "home"},
		{"internet", PUBLIC, "igw"},
		{"server", "198.51.100.10", "igw"},
		{"internet", "198.51.100.10", "home"},
	};

	for (size_t i = 0; i < ARRAY_LEN(way); i++) {
		uint64_t before = dropped_by(n, way[i].by);

		CHECK(send_echo_reply(n, way[i].from, ip(way[i].to)) == 0);
		CHECK(settled(n));
		CHECK(dropped_by(n, way[i].by) == before + 1);
	}
	return 0;
}

static void invalid_packets_are_dropped_and_counted(void **state)
{
	(void)state;
	on_network(ARTICLE, invalid_is_dropped);
}

static int security_group(struct net *n)
{
	static const struct {
		uint16_t port;
		bool passes;
	} rule[] = {{500, true}, {4500, true}, {1701, false}, {501, false}, {53, false}};
	int client = udp(n, "client", 500);
	uint64_t dropped = 0;
	struct inet_ep from;
	int server, home;

	for (size_t i = 0; i < ARRAY_LEN(rule); i++) {
		server = udp(n, "server", rule[i].port);
		CHECK(udp_send(client, ep(PUBLIC, rule[i].port), 10));
		if (rule[i].passes)
			CHECK(udp_recv(server, NULL) == 10);
		else
			CHECK(nothing_comes(n, server));
		dropped += !rule[i].passes;
		CHECK(dropped_by(n, "server") == dropped);
		close(server);
	}
	/* Answers to what the server itself began need no permission. */
	server = udp(n, "server", 1701);
	home = udp(n, "internet", 53);
	CHECK(udp_send(server, ep("203.0.113.1", 53), 10));
	CHECK(udp_recv(home, &from) == 10 && udp_send(home, from, 11));
	CHECK(udp_recv(server, NULL) == 11);
	return 0;
}

static void the_security_group_passes_what_it_lists_and_answers(void **state)
{
	(void)state;
	on_network(ARTICLE, security_group);
}

/* ---- NAPT ---- */

static const char two_clients[] =
	"name: two\n"
	"topology:\n"
	"  nodes:\n"
	"    one:      {kind: host}\n"
	"    two:      {kind: host}\n"
	"    home:     {kind: napt, outside: wan}\n"
	"    internet: {kind: router}\n"
	"    far:      {kind: host}\n"
	"  links:\n"
	"    - {endpoints: [\"one:eth0\", \"home:lan1\"], subnet: 192.168.1.0/24}\n"
	"    - {endpoints: [\"two:eth0\", \"home:lan2\"], subnet: 192.168.2.0/24}\n"
	"    - {endpoints: [\"home:wan\", \"internet:eth0\"], subnet: 198.51.100.0/24}\n"
	"    - {endpoints: [\"internet:eth1\", \"far:eth0\"], subnet: 203.0.113.0/24}\n";

static int napt_gives_ports(struct net *n)
{
	int one = udp(n, "one", 500), two = udp(n, "two", 500), far = udp(n, "far", 500);
	int other = udp(n, "far", 4500);
	struct inet_addr dst = iface_of(n, "far:eth0")->addr;
	struct inet_addr wan = iface_of(n, "home:wan")->addr;
	struct inet_ep from_one, from_two, again;

	CHECK(udp_send(one, inet_ep(dst, 500), 10) && udp_recv(far, &from_one) == 10);
	CHECK(inet_ep_eq(from_one, inet_ep(wan, 500)));
	CHECK(udp_send(two, inet_ep(dst, 500), 11) && udp_recv(far, &from_two) == 11);
	CHECK(inet_addr_eq(from_two.addr, wan) && from_two.port != 500);
	/* Endpoint-independent: the same port towards another destination. */
	CHECK(udp_send(two, inet_ep(dst, 4500), 12) && udp_recv(other, &again) == 12);
	CHECK(inet_ep_eq(again, from_two));
	/* And each gets its own answers. */
	CHECK(udp_send(far, from_two, 13) && udp_recv(two, NULL) == 13);
	CHECK(udp_send(far, from_one, 14) && udp_recv(one, NULL) == 14);
	*n->tells = from_two.port;
	return 0;
}

static void a_second_client_gets_another_port_the_same_in_every_run(void **state)
{
	uint64_t port;

	(void)state;
	port = on_network(two_clients, napt_gives_ports);
	assert_int_equal(on_network(two_clients, napt_gives_ports), port);
}

static int napt_keeps_strangers_out(struct net *n)
{
	static const uint16_t ports[] = {500, 4500, 1701, 40000};
	struct inet_addr wan = iface_of(n, "home:wan")->addr;
	int one = udp(n, "one", 500), far = udp(n, "far", 500), router = udp(n, "home", 40000);
	uint64_t dropped = dropped_by(n, "home");
	struct inet_ep from;

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		CHECK(udp_send(far, inet_ep(wan, ports[i]), 10));
		CHECK(nothing_comes(n, one));
		CHECK(dropped_by(n, "home") == dropped + i + 1);
	}
	CHECK(nothing_comes(n, router)); /* nor does the router's own socket hear it */
	/* What knocked in vain has not taken port 500 from the client behind. */
	CHECK(udp_send(one, inet_ep(iface_of(n, "far:eth0")->addr, 500), 11));
	CHECK(udp_recv(far, &from) == 11);
	CHECK(inet_ep_eq(from, inet_ep(wan, 500)));
	return 0;
}

static void unsolicited_packets_do_not_pass_a_napt_nor_take_its_ports(void **state)
{
	(void)state;
	on_network(two_clients, napt_keeps_strangers_out);
}

/* ---- many ---- */

#define FRESH_LABS 40

/* Lost, it would not be sent again by anybody. */
static int first_packet(struct net *n)
{
	int client = udp(n, "client", 500), server = udp(n, "server", 500);

	CHECK(udp_send(client, ep(PUBLIC, 500), 10));
	CHECK(udp_recv(server, NULL) == 10);
	return 0;
}

static void the_first_packet_of_a_fresh_lab_is_never_lost(void **state)
{
	(void)state;
	for (int i = 0; i < FRESH_LABS; i++)
		on_network(ARTICLE, first_packet);
}

#define LABS_AT_ONCE 8

static void any_number_of_labs_live_side_by_side(void **state)
{
	struct net n[LABS_AT_ONCE];
	struct child c[LABS_AT_ONCE];
	struct err e = {0};

	(void)state;
	need_labs();
	for (int i = 0; i < LABS_AT_ONCE; i++) {
		n[i] = net_plan(ARTICLE);
		n[i].body = udp_reaches;
		if (namespaces_start(&c[i], NULL, 0, net_run, &n[i], &e) < 0)
			fail_msg("%s", e.text);
	}
	for (int i = 0; i < LABS_AT_ONCE; i++) {
		assert_true(ended_well(&c[i]));
		arena_free(n[i].a);
	}
}

/* ---- errors ---- */

static int wrong_rules_are_blamed(void *arg)
{
	struct net *n = arg;
	struct err e = {0};

	for (size_t i = 0; i < n->plan->n_steps; i++)
		if (n->plan->steps[i].kind == STEP_NFT)
			n->plan->steps[i].nft = "table ip x {\n\tchain y {\n\t\tnonsense\n\t}\n}\n";
	CHECK(!netns_build(n->a, n->plan, &e));
	CHECK(e.kind == ERR_MACHINE);
	CHECK(strstr(e.text, "home: ruleset: ") && strstr(e.text, "syntax error"));
	arena_free(n->a);
	return 0;
}

static int an_impossible_route_is_blamed(void *arg)
{
	struct net *n = arg;
	struct route r = {.to = {.addr = ip("10.0.0.0"), .plen = 8}, .via = ip("9.9.9.9")};
	struct err e = {0};

	for (size_t i = 0; i < n->plan->n_steps; i++)
		if (n->plan->steps[i].kind == STEP_ROUTE && n->plan->steps[i].node == 0)
			n->plan->steps[i].route = &r;
	CHECK(!netns_build(n->a, n->plan, &e));
	/* The kernel's own words for it are the best ones. */
	CHECK(strstr(e.text, "client: route to 10.0.0.0/8: Nexthop has invalid gateway"));
	arena_free(n->a);
	return 0;
}

static void a_step_that_fails_is_named_with_the_kernels_words(void **state)
{
	struct net n;

	(void)state;
	need_labs();
	n = net_plan(ARTICLE);
	in_lab(wrong_rules_are_blamed, &n);
	arena_free(n.a);
	n = net_plan(ARTICLE);
	in_lab(an_impossible_route_is_blamed, &n);
	arena_free(n.a);
}

/* ---- nft ---- */

static const char waits_for_ever[] =
	"name: waits\n"
	"topology:\n"
	"  nodes:\n"
	"    a: {kind: host}\n"
	"    b: {kind: router, nft: \"%s\"}\n"
	"  links:\n"
	"    - {endpoints: [\"a:eth0\", \"b:eth0\"], subnet: 192.168.1.0/24}\n";

/* What is said of a topology file whose nft commands are these. */
struct nft_case {
	struct net net;
	const char *says; /* NULL: it is built */
};

static int nft_of_the_file(void *arg)
{
	struct nft_case *c = arg;
	struct err e = {0};
	struct netns *g = netns_build(c->net.a, c->net.plan, &e);

	if (e.kind)
		fprintf(stderr, "# %s\n", e.text);
	CHECK(!g == !!c->says);
	CHECK(!c->says || (!strncmp(e.text, "b: ruleset: ", 12) && strstr(e.text, c->says)));
	netns_free(g);
	return 0;
}

static void try_nft_of_the_file(const char *nft, const char *says)
{
	struct nft_case c = {.says = says};
	char text[sizeof(waits_for_ever) + 100];

	snprintf(text, sizeof(text), waits_for_ever, nft);
	c.net = net_plan(text);
	in_lab(nft_of_the_file, &c);
	arena_free(c.net.a);
}

static void nft_commands_of_a_file_that_do_not_end_are_ended_and_blamed(void **state)
{
	(void)state;
	need_labs();
	try_nft_of_the_file("add table ip t { comment \\\"included\\\"; }", NULL);
	try_nft_of_the_file("nonsense", "syntax error");
	try_nft_of_the_file("monitor", "nft, with the commands of the topology file, did not end within 5 s");
}

#define MANY 1100 /* descriptors, more than select() knows */

static int nft_above_select(struct net *n)
{
	struct rlimit r;
	char *text = NULL;
	size_t len = 0;
	struct err e = {0};
	FILE *f;
	int low;

	CHECK(getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max >= MANY + 100);
	r.rlim_cur = r.rlim_max;
	CHECK(setrlimit(RLIMIT_NOFILE, &r) == 0);
	while (dup(STDERR_FILENO) < MANY)
		;
	CHECK_OK(netns_run_nft(n->g, node_of(n, "igw"), "add table ip mine", &e), &e);
	f = open_memstream(&text, &len);
	CHECK_OK(netns_ruleset_text(n->g, node_of(n, "igw"), f, &e), &e);
	fclose(f);
	CHECK(strstr(text, "table ip mine"));
	free(text);
	CHECK_OK(nft_run_untrusted("list ruleset", &e), &e);
	CHECK_OK(nft_run(n->g, "list ruleset", &e), &e);

	/* Without the one that was held for it, it fails, and works again when there is one. */
	low = n->g->low_fd;
	n->g->low_fd = -1;
	CHECK(nft_run(n->g, "list ruleset", &e) == -1 && e.kind == ERR_MACHINE);
	CHECK(strstr(e.text, "no descriptor below 1024 is free for nft"));
	close(low);
	CHECK_OK(nft_run(n->g, "list ruleset", &e), &e);
	CHECK(n->g->low_fd == low);
	return 0;
}

static void nft_works_whatever_the_number_of_descriptors(void **state)
{
	(void)state;
	on_network(ARTICLE, nft_above_select);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_crosses_both_nats_and_its_answer_comes_back),
		cmocka_unit_test(
			taps_show_each_frame_once_in_order_with_true_addresses_and_checksums),
		cmocka_unit_test(nobody_speaks_unasked),
		cmocka_unit_test(the_elastic_ip_never_changes_a_port),
		cmocka_unit_test(an_unmapped_address_is_dropped_and_counted),
		cmocka_unit_test(invalid_packets_are_dropped_and_counted),
		cmocka_unit_test(the_security_group_passes_what_it_lists_and_answers),
		cmocka_unit_test(a_second_client_gets_another_port_the_same_in_every_run),
		cmocka_unit_test(unsolicited_packets_do_not_pass_a_napt_nor_take_its_ports),
		cmocka_unit_test(the_first_packet_of_a_fresh_lab_is_never_lost),
		cmocka_unit_test(any_number_of_labs_live_side_by_side),
		cmocka_unit_test(a_step_that_fails_is_named_with_the_kernels_words),
		cmocka_unit_test(nft_commands_of_a_file_that_do_not_end_are_ended_and_blamed),
		cmocka_unit_test(nft_works_whatever_the_number_of_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
