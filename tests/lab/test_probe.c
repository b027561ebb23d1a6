/* SPDX-License-Identifier: MIT */
/*
 * natdlab probe as it is typed: the program runs in the client's namespace and asks, through home
 * router and Elastic IP, a server of ours that lives in this process.
 */
#include "tests/lab/lab.h"

#include <fcntl.h>

#include "nodes/modes/agreement.h"
#include "lab/os/node_sockets.h"
#include "nodes/vpn/vpn.h"
#include "lab/load/load.h"

/* Two NAPTs, each with a mapping for each destination and ports of its own choice. */
#define SYMMETRIC                                                                                  \
	"name: symmetric\n"                                                                        \
	"topology:\n"                                                                              \
	"  kinds: {napt: {outside: wan, mapping: address-and-port-dependent, ports: random}}\n"    \
	"  nodes:\n"                                                                               \
	"    client: {kind: client, mode: macos, psk: x, user: u, password: p, dials: server}\n"  \
	"    home: {kind: napt}\n"                                                                 \
	"    carrier: {kind: napt}\n"                                                              \
	"    igw: {kind: eip, outside: wan, map: {203.0.113.10: server}}\n"                        \
	"    server: {kind: server, mode: rras-2012r2, psk: x, user: u, password: p,\n"            \
	"             pool: 10.9.0.0/24}\n"                                                       \
	"  links:\n"                                                                               \
	"    - {endpoints: [\"client:eth0\", \"home:lan\"], subnet: 192.168.1.0/24}\n"             \
	"    - {endpoints: [\"home:wan\", \"carrier:lan\"], subnet: 100.64.0.0/24}\n"              \
	"    - {endpoints: [\"carrier:wan\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"              \
	"    - {endpoints: [\"igw:vpc\", \"server:eth0\"], subnet: 172.31.0.0/20}\n"

#define DIRECT                                                                                     \
	"name: direct\n"                                                                           \
	"topology:\n"                                                                              \
	"  nodes:\n"                                                                               \
	"    client: {kind: client, mode: macos, psk: x, user: u, password: p, dials: server}\n"  \
	"    server: {kind: server, mode: rras-2012r2, psk: x, user: u, password: p,\n"            \
	"             pool: 10.9.0.0/24}\n"                                                       \
	"  links:\n"                                                                               \
	"    - endpoints: [{interface: \"client:eth0\", address: 203.0.113.20},\n"                 \
	"                  {interface: \"server:eth0\", address: 203.0.113.10}]\n"                 \
	"      subnet: 203.0.113.0/24\n"

enum trick {
	HONEST,
	TAKEN,	/* another program of the client's has port 500 */
	LATE,	/* the server sleeps for a second and a half */
	NOBODY, /* no server */
	ASIDE,	/* the server answers from another port */
	TEXT,	/* what people read */
};

#define SLEEP (1500 * MSEC)

static const struct trial {
	const char *topology, *mode;
	enum trick trick;
	int status;
	const char *says[5];
} trials[] = {
	{ARTICLE, "softether-4", HONEST, 0,
	 {"\"initiator\": \"192.168.1.10:500\"", "\"server_behind_nat\": true",
	  "\"server_hash\": \"copied\"", "\"self_behind_nat\": true", "\"packets\": 4"}},
	{ARTICLE, "strongswan-5.3", HONEST, 1,
	 {"\"initiator\": \"192.168.1.10:500\"", "\"server_behind_nat\": true",
	  "\"server_hash\": \"unknown\"", "\"self_behind_nat\": true", "\"0\": \"blocked\""}},
	{SYMMETRIC, "softether-4", HONEST, 0,
	 {"\"server_hash\": \"copied\"", "\"server_behind_nat\": true",
	  "\"self_behind_nat\": true"}},
	{SYMMETRIC, "rras-2012r2", HONEST, 1,
	 {"\"server_hash\": \"unknown\"", "\"server_behind_nat\": true",
	  "\"self_behind_nat\": true", "\"0\": \"blocked\""}},
	{ARTICLE, "rras-2012r2", TAKEN, 1,
	 {"\"answered\": true", "\"self_behind_nat\": true", "\"0\": \"blocked\""}},
	{ARTICLE, "rras-2012r2", LATE, 1, {"\"answered\": true", "\"packets\": 6"}},
	{ARTICLE, "rras-2012r2", NOBODY, 1,
	 {"\"answered\": false", "\"from\": \"203.0.113.10\"", "\"code\": 3", "\"packets\": 2"}},
	{DIRECT, "rras-2012r2", HONEST, 0,
	 {"\"server_hash\": \"exact\"", "\"server_behind_nat\": false",
	  "\"self_behind_nat\": false", "\"peer_hash\": \"exact\""}},
	{DIRECT, "libreswan-encapsulation", HONEST, 1,
	 {"\"server_hash\": \"faked\"", "\"server_behind_nat\": false"}},
	{DIRECT, "rras-2012r2", TEXT, 0,
	 {"203.0.113.10:500, asked from 203.0.113.20:500 with 4 packets", "..  203.0.113.20:500\n",
	  "..  203.0.113.10:500\n", "The server is public", "We are not behind NAT."}},
	{DIRECT, "rras-2012r2", ASIDE, 1,
	 {"\"answered\": false", "\"answered_from\": \"203.0.113.10:501\""}},
};

static const struct trial *trial; /* set before the lab is made */

struct server {
	struct node_sockets host;
	struct vpn *vpn;
	usec began;
};

static void send_out(void *ctx, const struct datagram *d)
{
	struct server *s = ctx;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(d->remote.port)};
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(501)};
	int fd;

	if (trial->trick != ASIDE) {
		node_sockets_send(&s->host, d);
		return;
	}
	memcpy(&to.sin_addr, d->remote.addr.b, 4);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
	    sendto(fd, d->data, d->len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		abort();
	close(fd);
}

static void ignore(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static int make(void *ctx, int family, int type, int protocol, struct err *e)
{
	struct net *n = ctx;

	return netns_socket(n->g, node_of(n, "server"), family, type, protocol, e);
}

static void take_port_500(void)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(500)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		_exit(125);
}

/* The program in the client's namespace, its output in a file. */
static pid_t start_probe(struct net *n, int out, bool emit)
{
	const char *build = getenv("B");
	char program[200];
	pid_t pid;

	snprintf(program, sizeof(program), "%s/natdlab", build ? build : "build");
	pid = fork();
	if (pid)
		return pid;
	if (netns_enter(n->g, (int)node_of(n, "client"), NULL) < 0 ||
	    namespaces_keep_capabilities() < 0) /* for port 500 */
		_exit(126);
	if (trial->trick == TAKEN)
		take_port_500();
	dup2(out, STDOUT_FILENO);
	if (emit)
		execl(program, program, "probe", "--emit-mode", "--server", "172.31.0.10",
		      "203.0.113.10", (char *)NULL);
	else
		execl(program, program, "probe", "--format",
		      trial->trick == TEXT ? "text" : "json", "203.0.113.10", (char *)NULL);
	_exit(127);
}

/* Serves until the program has ended; its exit status. */
static int serve(struct server *s, pid_t pid)
{
	uint8_t buf[DATAGRAM_MAX];
	struct pollfd p[HOST_SOCKETS];
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct datagram d;
		usec now = now_real() - s->began;

		if (trial->trick == NOBODY || (trial->trick == LATE && now < SLEEP)) {
			poll(NULL, 0, 10);
			continue;
		}
		s->host.ready = UINT8_MAX;
		while (node_sockets_recv(&s->host, &d, buf, sizeof(buf)))
			vpn_input(s->vpn, now, &d);
		if (vpn_deadline(s->vpn) <= now)
			vpn_timer(s->vpn, now);
		node_sockets_poll(&s->host, p);
		poll(p, HOST_SOCKETS, 10);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct inet_addr server_address(const struct net *n)
{
	return iface_of(n, "server:eth0")->addr;
}

/* Asks once; the program's exit status, and what it printed. */
static int probe(struct net *n, bool emit, char *text, size_t size)
{
	struct server s = {.host = HOST_CLOSED, .began = now_real()};
	struct rng *rng = rng_new(1, "server");
	const struct node_env env = {.rng = rng, .send = send_out, .event = ignore, .ctx = &s};
	const struct vpn_config cfg = {.name = "server",
				       .server = mode_server(trial->mode),
				       .own = server_address(n),
				       .psk = "x"};
	int out = memfd_create("out", 0), status;
	struct err e = {0};

	if (trial->trick != NOBODY)
		CHECK_OK(node_sockets_open(&s.host, cfg.own, make, n, &e), &e);
	if (trial->trick == ASIDE)
		CHECK_OK(netns_enter(n->g, (int)node_of(n, "server"), &e), &e);
	s.vpn = vpn_new(&cfg, &env);
	status = serve(&s, start_probe(n, out, emit));
	memset(text, 0, size);
	CHECK(pread(out, text, size - 1, 0) > 0);
	vpn_free(s.vpn);
	node_sockets_close(&s.host);
	rng_free(rng);
	close(out);
	return status;
}

static int ask(struct net *n)
{
	char text[20000];
	int status = probe(n, false, text, sizeof(text));

	for (size_t i = 0; i < ARRAY_LEN(trial->says) && trial->says[i]; i++)
		if (!strstr(text, trial->says[i])) {
			fprintf(stderr, "# it does not say %s:\n%s\n", trial->says[i], text);
			return 1;
		}
	CHECK(status == trial->status);
	CHECK(trial->trick == TEXT || (trial->trick == TAKEN) == !strstr(text, ":500\",\n \"packets\""));
	return 0;
}

/* How Windows ends behind the Elastic IP with this server. */
static const char *ends(const struct server_mode *row, bool at_home, int registry)
{
	struct four_ends usual = agreement_usual_ends(at_home, true);
	struct agreement p;

	agreement_find(mode_client("windows-10"), registry, row, &usual, &p);
	return outcome_name(p.outcome);
}

/* The mode that probe --emit-mode prints ends Windows as the server does that was asked. */
static int write_down(struct net *n)
{
	struct arena *a = arena_new();
	const struct server_mode *real = mode_server(trial->mode), *row = NULL;
	const struct topology *t;
	struct scenario *s;
	char text[20000], *mistakes;

	CHECK(probe(n, true, text, sizeof(text)) == 0);
	t = topology_load_buffer(a, "emitted", text, strlen(text), NULL, 0, &mistakes);
	CHECK(t);
	s = scenario_new(a, t, 0);
	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].kind == KIND_SERVER)
			row = s->nodes[i].server;
	CHECK(row && row != real);
	for (int registry = 0; registry <= 2; registry++)
		for (int home = 0; home <= 1; home++)
			CHECK(!strcmp(ends(real, home, registry), ends(row, home, registry)));
	arena_free(a);
	return 0;
}

static void every_server_can_be_written_down_from_afar(void **state)
{
	size_t n;
	const struct server_mode *const *servers = mode_servers(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct trial one = {.topology = ARTICLE, .mode = servers[i]->name};

		trial = &one;
		on_network(ARTICLE, write_down);
	}
}

static void the_program_tells_what_it_meets(void **state)
{
	(void)state;
	for (trial = trials; trial < trials + ARRAY_LEN(trials); trial++) {
		print_message("trial %td, %s\n", trial - trials, trial->mode);
		on_network(trial->topology, ask);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_tells_what_it_meets),
		cmocka_unit_test(every_server_can_be_written_down_from_afar),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
