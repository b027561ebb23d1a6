/* SPDX-License-Identifier: MIT */
/*
 * natdlab probe as it is typed: the program runs in the client's namespace and asks, through home
 * router and Elastic IP, a server of ours that lives in this process.
 */
#include "tests/lab/lab.h"

#include <fcntl.h>

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
static pid_t start_probe(struct net *n, int out)
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
	execl(program, program, "probe", "--format", "json", "203.0.113.10", (char *)NULL);
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

static int ask(struct net *n)
{
	struct server s = {.host = HOST_CLOSED, .began = now_real()};
	struct rng *rng = rng_new(1, "server");
	const struct node_env env = {.rng = rng, .send = send_out, .event = ignore, .ctx = &s};
	const struct vpn_config cfg = {.name = "server",
				       .server = mode_server(mode),
				       .own = ip("172.31.0.10"),
				       .psk = "x"};
	int out = memfd_create("out", 0), status;
	char text[20000] = "";
	struct err e = {0};

	CHECK_OK(host_open(&s.host, cfg.own, make, n, &e), &e);
	s.vpn = vpn_new(&cfg, &env);
	status = serve(&s, start_probe(n, out));
	CHECK(pread(out, text, sizeof(text) - 1, 0) > 0);
	vpn_free(s.vpn);
	host_close(&s.host);
	rng_free(rng);
	close(out);

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
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
