/* SPDX-License-Identifier: MIT */
/*
 * natdlab probe as it is typed: the program runs in the client's namespace and asks, through home
 * router and Elastic IP, a server of ours that lives in this process.
 */
#include "tests/lab/lab.h"

#include <fcntl.h>

#include "lab/predict.h"
#include "nodes/host.h"
#include "nodes/vpn.h"

struct server {
	struct host host;
	struct vpn *vpn;
	usec began;
};

static const char *mode; /* of the server; set before the lab is made */

static void send_out(void *ctx, const struct datagram *d)
{
	struct server *s = ctx;

	host_send(&s->host, d);
}

static void ignore(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

static int make(void *ctx, int family, int type, int protocol, struct err *e)
{
	struct net *n = ctx;

	return ground_socket(n->g, node_of(n, "server"), family, type, protocol, e);
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
	if (ground_enter(n->g, (int)node_of(n, "client"), NULL) < 0)
		_exit(126);
	dup2(out, STDOUT_FILENO);
	if (emit)
		execl(program, program, "probe", "--emit-mode", "--server", "172.31.0.10",
		      "203.0.113.10", (char *)NULL);
	else
		execl(program, program, "probe", "--format", "json", "203.0.113.10",
		      (char *)NULL);
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

		while (host_recv(&s->host, &d, buf, sizeof(buf)))
			vpn_input(s->vpn, now, &d);
		if (vpn_deadline(s->vpn) <= now)
			vpn_timer(s->vpn, now);
		host_poll(&s->host, p);
		poll(p, HOST_SOCKETS, 10);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Asks once; the program's exit status, and what it printed. */
static int probe(struct net *n, bool emit, char *text, size_t size)
{
	struct server s = {.host = HOST_CLOSED, .began = now_real()};
	struct rng *rng = rng_new(1, "server");
	const struct node_env env = {.rng = rng, .send = send_out, .event = ignore, .ctx = &s};
	const struct vpn_config cfg = {.name = "server",
				       .server = mode_server(mode),
				       .own = ip("172.31.0.10"),
				       .psk = "x"};
	int out = memfd_create("out", 0), status;
	struct err e = {0};

	CHECK_OK(host_open(&s.host, cfg.own, make, n, &e), &e);
	s.vpn = vpn_new(&cfg, &env);
	status = serve(&s, start_probe(n, out, emit));
	memset(text, 0, size);
	CHECK(pread(out, text, size - 1, 0) > 0);
	vpn_free(s.vpn);
	host_close(&s.host);
	rng_free(rng);
	close(out);
	return status;
}

static int ask(struct net *n)
{
	char text[20000];
	int status = probe(n, false, text, sizeof(text));

	CHECK(strstr(text, "\"initiator\": \"192.168.1.10:500\""));
	CHECK(strstr(text, "\"server_behind_nat\": true"));
	if (!strcmp(mode, "softether-4")) {
		CHECK(status == 0);
		CHECK(strstr(text, "\"server_hash\": \"copied\""));
	} else {
		CHECK(status == 1);
		CHECK(strstr(text, "\"server_hash\": \"unknown\""));
		CHECK(strstr(text, "\"self_behind_nat\": true"));
		CHECK(strstr(text, "\"0\": \"blocked\""));
	}
	return 0;
}

/* How Windows ends behind the Elastic IP with this server. */
static const char *ends(const struct server_mode *row, bool at_home, int registry)
{
	struct prediction p = {0};

	predict_usual_walk(at_home, true, &p.walk);
	predict_modes(mode_client("windows-10"), registry, row, &p);
	return p.outcome;
}

/* The mode that probe --emit-mode prints ends Windows as the server does that was asked. */
static int write_down(struct net *n)
{
	struct arena *a = arena_new();
	const struct server_mode *real = mode_server(mode), *row = NULL;
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
		mode = servers[i]->name;
		on_network(ARTICLE, write_down);
	}
}

static void a_parrot_is_proven_through_two_nats(void **state)
{
	(void)state;
	mode = "softether-4";
	on_network(ARTICLE, ask);
}

static void an_honest_server_behind_nat_blocks_windows(void **state)
{
	(void)state;
	mode = "strongswan-5.3";
	on_network(ARTICLE, ask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parrot_is_proven_through_two_nats),
		cmocka_unit_test(an_honest_server_behind_nat_blocks_windows),
		cmocka_unit_test(every_server_can_be_written_down_from_afar),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
