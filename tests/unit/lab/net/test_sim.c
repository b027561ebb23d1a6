/* SPDX-License-Identifier: MIT */
/*
 * The network in memory: what NATs and security groups make of a datagram, which frames each link
 * shows of it, and how tracked connections grow old. That the kernel does the same is shown by
 * tests/cli/backends.sh and tests/lab/test_nat.c.
 */
#include <stdlib.h>

#include "tests/unit/topo.h"

#include "lab/base/packet.h"
#include "lab/net/sim.h"
#include "lab/topology/scenario_query.h"

/*
 * client and second behind a NAPT, server behind an Elastic IP and a security group, stranger on
 * the Internet.
 */
static const char world[] =
	"name: world\n"
	"topology:\n"
	"  kinds: {client: {mode: macos, psk: k}, server: {mode: rras-2012r2, psk: k}}\n"
	"  nodes:\n"
	"    client: {kind: client, dials: 203.0.113.10}\n"
	"    second: {kind: client}\n"
	"    home: {kind: napt, outside: wan%s}\n"
	"    net: {kind: router}\n"
	"    igw: {kind: eip, outside: wan, map: {203.0.113.10: server}}\n"
	"    server: {kind: server%s}\n"
	"    stranger: {kind: client}\n"
	"  links:\n"
	"    - {endpoints: [\"client:eth0\", \"home:lan1\"], subnet: 192.168.1.0/24}\n"
	"    - {endpoints: [\"second:eth0\", \"home:lan2\"], subnet: 192.168.2.0/24}\n"
	"    - {endpoints: [\"home:wan\", \"net:eth0\"], subnet: 198.51.100.0/24%s}\n"
	"    - {endpoints: [\"net:eth1\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
	"    - {endpoints: [\"igw:vpc\", \"server:eth0\"], subnet: 172.31.0.0/20}\n"
	"    - {endpoints: [\"net:eth2\", \"stranger:eth0\"], subnet: 192.0.2.0/24}\n";

struct sim {
	struct arena *a;
	const struct scenario *s;
	struct net *net;
};

static struct sim sim_of(const char *home, const char *server, const char *faults)
{
	struct sim sim = {.a = arena_new()};
	const char *text = arena_printf(sim.a, world, home, server, faults);

	sim.s = topo_scenario(sim.a, topo_load(sim.a, text), NULL);
	sim.net = net_sim.build(sim.a, plan_new(sim.a, sim.s, 1), NULL);
	for (unsigned i = 0; i < sim.s->n_nodes; i++)
		if (sim.s->nodes[i].kind == KIND_CLIENT || sim.s->nodes[i].kind == KIND_SERVER)
			net_sim.open(sim.net, i, sim.s->ifaces[sim.s->nodes[i].ifaces[0]].addr,
				     NULL);
	return sim;
}

static struct sim sim_with(const char *server, const char *faults)
{
	return sim_of("", server, faults);
}

static void sim_end(struct sim *sim)
{
	net_sim.free(sim->net);
	arena_free(sim->a);
}

static unsigned node_of(const struct sim *sim, const char *name)
{
	const struct node *n = scenario_node(sim->s, name);

	assert_non_null(n);
	return (unsigned)(n - sim->s->nodes);
}

static struct inet_ep ep(const char *text)
{
	char addr[INET_ADDR_STRLEN];
	struct inet_ep e = {0};

	snprintf(addr, sizeof(addr), "%.*s", (int)strcspn(text, ":"), text);
	assert_true(inet_parse_addr(addr, &e.addr));
	if (strchr(text, ':'))
		e.port = (uint16_t)atoi(strchr(text, ':') + 1);
	return e;
}

/* @ports: as in "192.168.1.10:500 203.0.113.10:500"; none: ESP. */
static bool say(struct sim *sim, const char *node, const char *from, const char *to,
		const char *what)
{
	const struct datagram d = {
		.via = strchr(from, ':') ? VIA_UDP : VIA_ESP,
		.local = ep(from),
		.remote = ep(to),
		.data = (const uint8_t *)what,
		.len = strlen(what),
	};

	return net_sim.send(sim->net, node_of(sim, node), &d);
}

/* "198.51.100.10:500 > 172.31.0.10:500 hello"; "-" when nothing waits. */
static const char *heard(struct sim *sim, const char *node)
{
	uint8_t buf[2048];
	struct datagram d;

	if (!net_sim.recv(sim->net, node_of(sim, node), &d, buf, sizeof(buf)))
		return "-";
	return arena_printf(sim->a, "%s%s > %s %.*s", d.via == VIA_ESP ? "esp " : "",
			    d.via == VIA_ESP ? INET_ADDR(d.remote.addr) : INET_EP(d.remote),
			    d.via == VIA_ESP ? INET_ADDR(d.local.addr) : INET_EP(d.local),
			    (int)d.len, (const char *)d.data);
}

struct shown {
	struct sim *sim;
	char *text;
};

static void show_frame(void *ctx, const struct net_frame *f)
{
	struct shown *to = ctx;
	struct packet p;

	assert_true(packet_parse(&p, LINKTYPE_ETHERNET_, f->data, f->len));
	to->text = arena_printf(to->sim->a, "%s%s: %s > %s ttl %u\n", to->text,
				to->sim->s->links[f->link].name, INET_EP(p.src), INET_EP(p.dst),
				p.ttl);
}

static const char *frames(struct sim *sim)
{
	struct shown to = {sim, arena_str(sim->a, "")};

	net_sim.frames(sim->net, show_frame, &to);
	return to.text;
}

static void forget_frame(void *ctx, const struct net_frame *f)
{
	(void)ctx;
	(void)f;
}

#define GROUP ", allow: [udp/500, udp/4500]"

static void each_link_shows_the_addresses_of_its_side(void **state)
{
	struct sim sim = sim_with("", "");

	(void)state;
	assert_true(say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "hello"));
	assert_string_equal(frames(&sim),
			    "client-home: 192.168.1.10:500 > 203.0.113.10:500 ttl 64\n"
			    "home-net: 198.51.100.10:500 > 203.0.113.10:500 ttl 63\n"
			    "net-igw: 198.51.100.10:500 > 203.0.113.10:500 ttl 62\n"
			    "igw-server: 198.51.100.10:500 > 172.31.0.10:500 ttl 61\n");
	assert_string_equal(heard(&sim, "server"), "198.51.100.10:500 > 172.31.0.10:500 hello");
	assert_string_equal(heard(&sim, "server"), "-");
	assert_string_equal(frames(&sim), ""); /* shown once */
	assert_true(say(&sim, "server", "172.31.0.10:500", "198.51.100.10:500", "you too"));
	assert_string_equal(frames(&sim),
			    "igw-server: 172.31.0.10:500 > 198.51.100.10:500 ttl 64\n"
			    "net-igw: 203.0.113.10:500 > 198.51.100.10:500 ttl 63\n"
			    "home-net: 203.0.113.10:500 > 198.51.100.10:500 ttl 62\n"
			    "client-home: 203.0.113.10:500 > 192.168.1.10:500 ttl 61\n");
	assert_string_equal(heard(&sim, "client"), "203.0.113.10:500 > 192.168.1.10:500 you too");
	sim_end(&sim);
}

static void a_second_client_gets_another_port_and_its_own_answers(void **state)
{
	struct sim sim = sim_with("", "");
	const char *first, *second;
	char port[8];

	(void)state;
	say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "one");
	say(&sim, "second", "192.168.2.10:500", "203.0.113.10:500", "two");
	first = heard(&sim, "server");
	second = heard(&sim, "server");
	assert_string_equal(first, "198.51.100.10:500 > 172.31.0.10:500 one");
	assert_non_null(strstr(second, "two"));
	snprintf(port, sizeof(port), "%d", atoi(strchr(second, ':') + 1));
	assert_string_not_equal(port, "500");
	say(&sim, "server", "172.31.0.10:500", arena_printf(sim.a, "198.51.100.10:%s", port),
	    "to two");
	assert_string_equal(heard(&sim, "client"), "-");
	assert_string_equal(heard(&sim, "second"), "203.0.113.10:500 > 192.168.2.10:500 to two");
	sim_end(&sim);
}

/* What the server hears of a datagram from that port, which is none of the mapped ones: the port
 * from which it seems to come; 0: it hears nothing. */
static unsigned seen_from(struct sim *sim, const char *node, const char *addr, unsigned port)
{
	const char *text;

	say(sim, node, arena_printf(sim->a, "%s:%u", addr, port), "203.0.113.10:500", "x");
	text = heard(sim, "server");
	return strcmp(text, "-") ? (unsigned)atoi(strchr(text, ':') + 1) : 0;
}

static void a_range_of_ports_is_kept_to_until_none_is_free(void **state)
{
	struct sim sim = sim_of(", ports: [20000, 20009]", "", "");
	unsigned used = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		unsigned port = seen_from(&sim, "client", "192.168.1.10", 6000 + i);

		assert_in_range(port, 20000, 20009);
		used |= 1U << (port - 20000);
	}
	assert_int_equal(used, 0x3ff);
	assert_int_equal(seen_from(&sim, "second", "192.168.2.10", 20003), 0);
	/* To another destination all are free. */
	assert_true(say(&sim, "client", "192.168.1.10:20003", "192.0.2.10:500", "x"));
	assert_string_equal(heard(&sim, "stranger"), "198.51.100.10:20003 > 192.0.2.10:500 x");
	net_sim.age(sim.net, 120 * SEC, NULL);
	assert_int_equal(seen_from(&sim, "second", "192.168.2.10", 20003), 20003);
	sim_end(&sim);
}

static void a_port_is_kept_if_it_is_free_and_need_not_be_drawn(void **state)
{
	static const char *const homes[] = {"", ", ports: random"};
	unsigned port[ARRAY_LEN(homes)][2];

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_LEN(homes); i++) {
		struct sim sim = sim_of(homes[i / 2], "", "");

		port[i / 2][i % 2] = seen_from(&sim, "client", "192.168.1.10", 6000);
		assert_int_not_equal(seen_from(&sim, "second", "192.168.2.10", 6000),
				     port[i / 2][i % 2]);
		sim_end(&sim);
	}
	assert_int_equal(port[0][0], 6000);
	assert_int_not_equal(port[1][0], 6000);
	assert_in_range(port[1][0], 1024, 65535);
	assert_int_equal(port[1][0], port[1][1]); /* the same in each run */
}

static void nobody_comes_in_unasked(void **state)
{
	static const struct {
		const char *to, *why;
	} rows[] = {
		{"198.51.100.10:500", "a NAPT's own address"},
		{"198.51.100.10:4500", "a NAPT's own address"},
		{"192.168.1.10:500", "a private address behind a NAPT"},
		{"172.31.0.10:500", "a private address behind an Elastic IP"},
		{"203.0.113.11:500", "an address that is not mapped"},
		{"203.0.113.1:500", "the edge's own address"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim sim = sim_with("", "");

		say(&sim, "stranger", "192.0.2.10:500", rows[i].to, "knock");
		for (unsigned n = 0; n < sim.s->n_nodes; n++)
			if (strcmp(heard(&sim, sim.s->nodes[n].name), "-") != 0)
				fail_msg("%s: %s heard it", rows[i].why, sim.s->nodes[n].name);
		sim_end(&sim);
	}
}

/* A mapping lets in those it was made for, and nobody else who guesses its port. */
static void a_mapping_is_no_door_for_strangers(void **state)
{
	struct sim sim = sim_with("", "");

	(void)state;
	say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "hello");
	say(&sim, "stranger", "192.0.2.10:500", "198.51.100.10:500", "knock");
	assert_string_equal(heard(&sim, "client"), "-");
	/* The server's other port is another stranger. */
	say(&sim, "server", "172.31.0.10:4500", "198.51.100.10:500", "knock");
	assert_string_equal(heard(&sim, "client"), "-");
	sim_end(&sim);
}

static void an_elastic_ip_changes_addresses_and_never_ports(void **state)
{
	static const char *const ports[] = {"500", "4500"};
	struct sim sim = sim_with("", "");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		say(&sim, "stranger", arena_printf(sim.a, "192.0.2.10:%s", ports[i]),
		    arena_printf(sim.a, "203.0.113.10:%s", ports[i]), "x");
		assert_string_equal(heard(&sim, "server"),
				    arena_printf(sim.a, "192.0.2.10:%s > 172.31.0.10:%s x",
						 ports[i], ports[i]));
	}
	/* The server may begin, too, by its public address. */
	say(&sim, "server", "172.31.0.10:4500", "192.0.2.10:500", "y");
	assert_string_equal(heard(&sim, "stranger"), "203.0.113.10:4500 > 192.0.2.10:500 y");
	sim_end(&sim);
}

static void a_security_group_lets_in_what_it_names_and_answers(void **state)
{
	static const struct {
		const char *group;
		bool ike, natt, esp;
	} rows[] = {
		{"", true, true, true},
		{", allow: [udp/500]", true, false, false},
		{", allow: [udp/4500]", false, true, false},
		{", allow: [udp/500-4500]", true, true, false},
		{", allow: [udp/501-4499]", false, false, false},
		{", allow: [esp]", false, false, true},
		{", allow: [tcp/500]", false, false, false},
		{", allow: []", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim sim = sim_with(rows[i].group, "");

		say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:500", "x");
		assert_int_equal(strcmp(heard(&sim, "server"), "-") != 0, rows[i].ike);
		say(&sim, "stranger", "192.0.2.10:4500", "203.0.113.10:4500", "x");
		assert_int_equal(strcmp(heard(&sim, "server"), "-") != 0, rows[i].natt);
		say(&sim, "stranger", "192.0.2.10", "203.0.113.10", "x");
		assert_int_equal(strcmp(heard(&sim, "server"), "-") != 0, rows[i].esp);
		sim_end(&sim);
	}
}

static void what_the_server_began_comes_in_through_a_shut_group(void **state)
{
	struct sim sim = sim_with(", allow: []", "");

	(void)state;
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:500", "before");
	assert_string_equal(heard(&sim, "server"), "-");
	say(&sim, "server", "172.31.0.10:500", "192.0.2.10:500", "ask");
	assert_string_equal(heard(&sim, "stranger"), "203.0.113.10:500 > 192.0.2.10:500 ask");
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:500", "answer");
	assert_string_equal(heard(&sim, "server"), "192.0.2.10:500 > 172.31.0.10:500 answer");
	sim_end(&sim);
}

static void bare_esp_crosses_nats_by_its_addresses(void **state)
{
	struct sim sim = sim_with("", "");

	(void)state;
	say(&sim, "client", "192.168.1.10", "203.0.113.10", "esp");
	assert_string_equal(heard(&sim, "server"), "esp 198.51.100.10 > 172.31.0.10 esp");
	say(&sim, "server", "172.31.0.10", "198.51.100.10", "back");
	assert_string_equal(heard(&sim, "client"), "esp 203.0.113.10 > 192.168.1.10 back");
	sim_end(&sim);
}

/* ---- time ---- */

static void a_mapping_ends_when_nobody_uses_it_for_long_enough(void **state)
{
	static const struct {
		int before, between; /* seconds from question to use, from use to answer */
		bool arrives;
	} rows[] = {
		{0, 0, true},	  {0, 119, true},    {0, 120, false},
		{119, 119, true}, {119, 120, false}, {60, 61, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sim sim = sim_with("", "");

		say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "hello");
		net_sim.age(sim.net, rows[i].before * SEC, NULL);
		say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "again");
		net_sim.age(sim.net, rows[i].between * SEC, NULL);
		say(&sim, "server", "172.31.0.10:500", "198.51.100.10:500", "answer");
		if ((strcmp(heard(&sim, "client"), "-") != 0) != rows[i].arrives)
			fail_msg("row %zu", i);
		sim_end(&sim);
	}
}

static void tables_show_what_is_tracked(void **state)
{
	struct sim sim = sim_with("", "");
	char *text = NULL;
	size_t len;
	FILE *f;

	(void)state;
	say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "hello");
	net_sim.age(sim.net, 20 * SEC, NULL);
	f = open_memstream(&text, &len);
	assert_int_equal(net_sim.conntrack(sim.net, node_of(&sim, "home"), f, NULL), 0);
	fclose(f);
	assert_string_equal(text,
			    "udp 17 100 src=192.168.1.10 dst=203.0.113.10 sport=500 dport=500 "
			    "[UNREPLIED] src=203.0.113.10 dst=198.51.100.10 sport=500 "
			    "dport=500\n");
	free(text);
	say(&sim, "server", "172.31.0.10:500", "198.51.100.10:500", "answer");
	f = open_memstream(&text, &len);
	net_sim.conntrack(sim.net, node_of(&sim, "igw"), f, NULL);
	fclose(f);
	assert_string_equal(text,
			    "udp 17 86400 src=198.51.100.10 dst=203.0.113.10 sport=500 dport=500 "
			    "src=172.31.0.10 dst=198.51.100.10 sport=500 dport=500\n");
	free(text);
	net_sim.age(sim.net, 120 * SEC, NULL);
	f = open_memstream(&text, &len);
	net_sim.conntrack(sim.net, node_of(&sim, "home"), f, NULL);
	fclose(f);
	assert_string_equal(text, "");
	free(text);
	sim_end(&sim);
}

/* ---- sockets ---- */

static void only_those_who_listen_hear(void **state)
{
	struct sim sim = sim_with("", "");

	(void)state;
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:1701", "x");
	assert_string_equal(heard(&sim, "server"), "-");
	say(&sim, "stranger", "192.0.2.10:500", "192.0.2.1:500", "a router listens to nothing");
	assert_string_equal(heard(&sim, "net"), "-");
	sim_end(&sim);
}

static void what_has_no_way_comes_back_to_nobody(void **state)
{
	struct sim sim = sim_with("", "");

	(void)state;
	/* The Internet's router knows no private addresses. */
	say(&sim, "stranger", "192.0.2.10:500", "10.0.0.1:500", "lost");
	for (unsigned n = 0; n < sim.s->n_nodes; n++)
		assert_string_equal(heard(&sim, sim.s->nodes[n].name), "-");
	sim_end(&sim);
}

static void who_has_something_to_hear_is_told_in_order(void **state)
{
	struct sim sim = sim_with("", "");
	unsigned v[16];

	(void)state;
	assert_int_equal(net_sim.ready(sim.net, v), 0);
	say(&sim, "server", "172.31.0.10:500", "192.0.2.10:500", "one");
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:500", "two");
	assert_int_equal(net_sim.ready(sim.net, v), 2);
	assert_int_equal(v[0], node_of(&sim, "server"));
	assert_int_equal(v[1], node_of(&sim, "stranger"));
	assert_string_not_equal(heard(&sim, "server"), "-");
	assert_string_equal(heard(&sim, "server"), "-");
	assert_int_equal(net_sim.ready(sim.net, v), 1);
	assert_int_equal(v[0], node_of(&sim, "stranger"));
	sim_end(&sim);
}

static void a_node_reads_ike_first_and_esp_last(void **state)
{
	struct sim sim = sim_with("", "");

	(void)state;
	say(&sim, "stranger", "192.0.2.10", "203.0.113.10", "c");
	say(&sim, "stranger", "192.0.2.10:4500", "203.0.113.10:4500", "b");
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:500", "a1");
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:500", "a2");
	assert_non_null(strstr(heard(&sim, "server"), " a1"));
	assert_non_null(strstr(heard(&sim, "server"), " a2"));
	assert_non_null(strstr(heard(&sim, "server"), " b"));
	assert_non_null(strstr(heard(&sim, "server"), " c"));
	assert_string_equal(heard(&sim, "server"), "-");
	sim_end(&sim);
}

/* There is no fragmentation: what is too long is refused at once. */
static void a_datagram_fits_a_frame_or_does_not_go(void **state)
{
	static uint8_t data[1473];
	struct sim sim = sim_with("", "");
	struct datagram d = {
		.local = ep("192.168.1.10:500"),
		.remote = ep("203.0.113.10:500"),
		.data = data,
		.len = 1472,
	};
	uint8_t buf[2048];

	(void)state;
	assert_true(net_sim.send(sim.net, node_of(&sim, "client"), &d));
	assert_true(net_sim.recv(sim.net, node_of(&sim, "server"), &d, buf, sizeof(buf)));
	assert_int_equal(d.len, 1472);
	d = (struct datagram){.local = ep("192.168.1.10:500"),
			      .remote = ep("203.0.113.10:500"),
			      .data = data,
			      .len = 1473};
	assert_false(net_sim.send(sim.net, node_of(&sim, "client"), &d));
	assert_string_equal(heard(&sim, "server"), "-");
	sim_end(&sim);
}

/* Nothing is given back before the end, so nothing may be taken for each datagram. */
static void traffic_takes_no_memory(void **state)
{
	struct sim sim = sim_with(GROUP, "");
	size_t used = 0;
	uint8_t buf[2048];
	struct datagram d;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "hello");
		net_sim.frames(sim.net, forget_frame, NULL);
		assert_true(net_sim.recv(sim.net, node_of(&sim, "server"), &d, buf, sizeof(buf)));
		if (i == 10)
			used = arena_used(sim.a);
	}
	assert_int_equal(arena_used(sim.a), used);
	sim_end(&sim);
}

/* ---- bad links ---- */

static void a_delayed_frame_goes_on_when_its_time_has_come(void **state)
{
	struct sim sim = sim_with("", ", faults: {delay: 20ms}");

	(void)state;
	assert_int_equal(net_sim.deadline(sim.net), USEC_NEVER);
	net_sim.clock(sim.net, 5 * MSEC);
	say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "hello");
	assert_string_equal(frames(&sim),
			    "client-home: 192.168.1.10:500 > 203.0.113.10:500 ttl 64\n"
			    "home-net: 198.51.100.10:500 > 203.0.113.10:500 ttl 63\n");
	assert_int_equal(net_sim.deadline(sim.net), 25 * MSEC);
	net_sim.clock(sim.net, 25 * MSEC - 1);
	net_sim.release(sim.net);
	assert_string_equal(frames(&sim), "");
	net_sim.clock(sim.net, 25 * MSEC);
	net_sim.release(sim.net);
	assert_string_equal(frames(&sim),
			    "net-igw: 198.51.100.10:500 > 203.0.113.10:500 ttl 62\n"
			    "igw-server: 198.51.100.10:500 > 172.31.0.10:500 ttl 61\n");
	assert_string_equal(heard(&sim, "server"), "198.51.100.10:500 > 172.31.0.10:500 hello");
	assert_int_equal(net_sim.deadline(sim.net), USEC_NEVER);
	sim_end(&sim);
}

static void frames_are_lost_and_doubled_behind_the_tap(void **state)
{
	struct sim sim = sim_with("", ", faults: {loss: 100%}");

	(void)state;
	say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "hello");
	assert_string_equal(frames(&sim),
			    "client-home: 192.168.1.10:500 > 203.0.113.10:500 ttl 64\n"
			    "home-net: 198.51.100.10:500 > 203.0.113.10:500 ttl 63\n");
	assert_string_equal(heard(&sim, "server"), "-");
	sim_end(&sim);
	sim = sim_with("", ", faults: {duplicate: 100%}");
	say(&sim, "client", "192.168.1.10:500", "203.0.113.10:500", "hello");
	assert_string_not_equal(heard(&sim, "server"), "-");
	assert_string_not_equal(heard(&sim, "server"), "-");
	assert_string_equal(heard(&sim, "server"), "-");
	sim_end(&sim);
}

static void rules_of_ones_own_are_the_kernels(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *good =
		topo_scenario(a, topo_load(a, arena_printf(a, world, "", "", "")), NULL);
	const struct scenario *own = topo_scenario(
		a, topo_load(a, arena_printf(a, world, "", ", nft: \"add table ip t\"", "")), NULL);

	(void)state;
	assert_null(net_sim.refuses(good));
	assert_non_null(strstr(net_sim.refuses(own), "only the kernel"));
	arena_free(a);
}

/* Permissions come and go; what the server itself began goes on, unless it is to be forgotten. */
static void a_security_group_can_be_replaced(void **state)
{
	struct sim sim = sim_with(", allow: [udp/500]", "");
	const struct scenario *other = topo_scenario(
		sim.a, topo_load(sim.a, arena_printf(sim.a, world, "", ", allow: [udp/4500]", "")),
		NULL);
	unsigned server = node_of(&sim, "server");
	const struct nat_rules *rules = plan_new(sim.a, other, 1)->rules[server];

	(void)state;
	say(&sim, "server", "172.31.0.10:4500", "192.0.2.10:500", "ask");
	say(&sim, "stranger", "192.0.2.10:4500", "203.0.113.10:4500", "x");
	assert_string_equal(heard(&sim, "server"), "-");
	assert_int_equal(net_sim.rules(sim.net, server, rules, false, NULL), 0);
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:500", "x");
	assert_string_equal(heard(&sim, "server"), "-");
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:4500", "answer");
	assert_string_not_equal(heard(&sim, "server"), "-");
	say(&sim, "stranger", "192.0.2.10:4500", "203.0.113.10:4500", "x");
	assert_string_not_equal(heard(&sim, "server"), "-");
	assert_int_equal(net_sim.rules(sim.net, server, plan_new(sim.a, sim.s, 1)->rules[server],
				       true, NULL), 0);
	say(&sim, "stranger", "192.0.2.10:500", "203.0.113.10:4500", "answer");
	assert_string_equal(heard(&sim, "server"), "-");
	sim_end(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_link_shows_the_addresses_of_its_side),
		cmocka_unit_test(a_second_client_gets_another_port_and_its_own_answers),
		cmocka_unit_test(a_range_of_ports_is_kept_to_until_none_is_free),
		cmocka_unit_test(a_port_is_kept_if_it_is_free_and_need_not_be_drawn),
		cmocka_unit_test(nobody_comes_in_unasked),
		cmocka_unit_test(a_mapping_is_no_door_for_strangers),
		cmocka_unit_test(an_elastic_ip_changes_addresses_and_never_ports),
		cmocka_unit_test(a_security_group_lets_in_what_it_names_and_answers),
		cmocka_unit_test(what_the_server_began_comes_in_through_a_shut_group),
		cmocka_unit_test(bare_esp_crosses_nats_by_its_addresses),
		cmocka_unit_test(a_mapping_ends_when_nobody_uses_it_for_long_enough),
		cmocka_unit_test(tables_show_what_is_tracked),
		cmocka_unit_test(only_those_who_listen_hear),
		cmocka_unit_test(what_has_no_way_comes_back_to_nobody),
		cmocka_unit_test(who_has_something_to_hear_is_told_in_order),
		cmocka_unit_test(a_node_reads_ike_first_and_esp_last),
		cmocka_unit_test(a_datagram_fits_a_frame_or_does_not_go),
		cmocka_unit_test(traffic_takes_no_memory),
		cmocka_unit_test(a_delayed_frame_goes_on_when_its_time_has_come),
		cmocka_unit_test(frames_are_lost_and_doubled_behind_the_tap),
		cmocka_unit_test(rules_of_ones_own_are_the_kernels),
		cmocka_unit_test(a_security_group_can_be_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
