/* SPDX-License-Identifier: MIT */
/*
 * setup.c - what a lab's network costs to set up and to take away.
 *
 *	setup TOPOLOGY REPEATS
 *	setup TOPOLOGY REPEATS bare|ours
 *
 * In one process, in turns: the network of the topology's first scenario built by ground_build(),
 * by the bare program of bare.c, and (each fifth time) by a script of `ip -batch` and `nft -f`.
 * Between two a pause, because the kernel takes a network away in its own time and holds locks for
 * it. Then fresh networks whose first datagram must arrive at once. With a
 * third word only so many set-ups of one kind, and nothing said: for whoever measures that.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/ground.h"
#include "tests/bench/bare.h"
#include "tests/bench/bench.h"

#define SCRIPT_EVERY 5
#define FRESH_LABS 300
#define PAUSE_US 120000
/* The kernel repeats an ARP request after 1 s; a busy machine needs some of this. */
#define STALL_MS 400

struct setup {
	const struct plan *plan;
	size_t repeats;
};

static _Noreturn void die(const char *what, const struct err *e)
{
	fprintf(stderr, "setup: %s%s%s\n", what, e ? ": " : "", e ? e->text : "");
	_exit(1);
}

/* ---- the script ---- */

static void put_end(FILE *f, const struct iface *i)
{
	fprintf(f, "name %s netns n%u index %u address %02x:%02x:%02x:%02x:%02x:%02x "
		   "numtxqueues 1 numrxqueues 1 ", i->name, i->node, i->ifindex, i->mac[0],
		i->mac[1], i->mac[2], i->mac[3], i->mac[4], i->mac[5]);
}

static void put_links(FILE *f, const struct scenario *s)
{
	fputs("ip -batch - <<'END'\n", f);
	for (size_t i = 0; i < s->n_nodes; i++)
		fprintf(f, "netns add n%zu\n", i);
	for (size_t i = 0; i < s->n_links; i++) {
		fputs("link add ", f);
		put_end(f, &s->ifaces[s->links[i].iface[0]]);
		fputs("type veth peer ", f);
		put_end(f, &s->ifaces[s->links[i].iface[1]]);
		fputs("\n", f);
	}
	fputs("END\n", f);
}

static void put_iface(FILE *f, const struct scenario *s, const struct iface *i)
{
	const struct iface *to = &s->ifaces[i->peer];

	fprintf(f, "link set %s addrgenmode none\naddr add %s/%u dev %s\nlink set %s up\n"
		   "neigh replace %s lladdr %02x:%02x:%02x:%02x:%02x:%02x dev %s nud permanent\n",
		i->name, INET_ADDR(i->addr), i->plen, i->name, i->name, INET_ADDR(to->addr),
		to->mac[0], to->mac[1], to->mac[2], to->mac[3], to->mac[4], to->mac[5], i->name);
}

static void put_node(FILE *f, const struct plan *p, unsigned node)
{
	const struct scenario *s = p->s;
	const struct node *n = &s->nodes[node];

	fprintf(f, "ip -n n%u -batch - <<'END'\nlink set lo up\n", node);
	for (size_t i = 0; i < n->n_ifaces; i++)
		put_iface(f, s, &s->ifaces[n->ifaces[i]]);
	for (size_t i = 0; i < n->n_routes; i++)
		fprintf(f, "route add %s/%u via %s dev %s\n", INET_ADDR(n->routes[i].to.addr),
			n->routes[i].to.plen, INET_ADDR(n->routes[i].via),
			s->ifaces[n->routes[i].iface].name);
	fputs("END\n", f);
	for (size_t i = 0; i < p->n_steps; i++) {
		if (p->steps[i].node != node)
			continue;
		if (p->steps[i].kind == STEP_NFT)
			fprintf(f, "ip netns exec n%u nft -f - <<'END'\n%sEND\n", node,
				p->steps[i].nft);
		if (p->steps[i].kind == STEP_FORWARD)
			fprintf(f, "ip netns exec n%u sh -c "
				   "'echo 1 >/proc/sys/net/ipv4/ip_forward'\n", node);
	}
}

/* The script in memory, as a path. */
static const char *write_script(const struct plan *p)
{
	static char path[64];
	int fd = memfd_create("script", 0);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		die("no script", NULL);
	fputs("set -e\n", f);
	put_links(f, p->s);
	for (unsigned i = 0; i < p->s->n_nodes; i++)
		put_node(f, p, i);
	fflush(f);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

/* Seconds. Its namespaces have names, in a /run of its own. */
static double run_script(const char *path)
{
	double began = bench_now();
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (unshare(CLONE_NEWNS) || mount("run", "/run", "tmpfs", 0, NULL))
			die("no /run for the script", NULL);
		execl("/bin/sh", "sh", path, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		die("the script fails", NULL);
	return bench_now() - began;
}

static bool can_script(void)
{
	return system("command -v ip >/dev/null && command -v nft >/dev/null") == 0;
}

/* ---- set-up and teardown ---- */

struct times {
	double *up, *down, *bare, *bare_nft, *script;
	size_t n, n_script;
};

static void build_once(const struct setup *s, struct times *t)
{
	struct arena *a = arena_new();
	struct err e = {0};
	double began = bench_now(), up;
	struct ground *g = ground_build(a, s->plan, &e);

	if (!g)
		die("ground_build", &e);
	up = bench_now();
	ground_free(g);
	t->up[t->n] = up - began;
	t->down[t->n] = bench_now() - up;
	arena_free(a);
}

static void bare_once(const struct setup *s, struct times *t)
{
	double began = bench_now(), nft;
	struct bare *b = bare_build(s->plan, &nft);

	t->bare[t->n] = bench_now() - began;
	t->bare_nft[t->n] = nft;
	bare_free(b);
}

static void measure(const struct setup *s, struct times *t)
{
	const char *script = can_script() ? write_script(s->plan) : NULL;

	for (t->n = 0; t->n < s->repeats; t->n++) {
		/* In turns, and in turns who is first. */
		for (unsigned k = 0; k < 2; k++) {
			if ((t->n + k) % 2)
				bare_once(s, t);
			else
				build_once(s, t);
			usleep(PAUSE_US);
		}
		if (script && t->n % SCRIPT_EVERY == 0) {
			t->script[t->n_script++] = run_script(script);
			usleep(PAUSE_US);
		}
	}
}

static void report(struct times *t)
{
	double up, bare, nft;
	double *rest = calloc(t->n, sizeof(*rest));

	if (!rest)
		die("memory", NULL);
	for (size_t i = 0; i < t->n; i++)
		rest[i] = t->bare[i] - t->bare_nft[i];
	up = bench_median(t->up, t->n);
	bare = bench_median(t->bare, t->n);
	nft = bench_median(t->bare_nft, t->n);
	bench_line("set-up, of a bare program's", up / bare, true, 1.3);
	bench_line("  the same without the rulesets' time in libnftables",
		   (up - nft) / bench_median(rest, t->n), true, 1.3);
	bench_line("teardown returns, of set-up", bench_median(t->down, t->n) / up, true, 0.01);
	if (t->n_script)
		bench_line("set-up by ip -batch and nft -f, times natdlab's",
			   bench_median(t->script, t->n_script) / up, false, 7);
	else
		printf("%-62s SKIPPED  no ip or no nft here\n",
		       "set-up by ip -batch and nft -f, times natdlab's");
	free(rest);
}

/* ---- the first packet ---- */

static int udp_in(struct ground *g, unsigned node, struct inet_addr own, struct err *e)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(500)};
	int fd = ground_socket(g, node, AF_INET, SOCK_DGRAM, 0, e);

	memcpy(&sa.sin_addr, own.b, 4);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&sa, sizeof(sa)))
		die("socket", e);
	return fd;
}

/* Does a fresh network's first datagram stall? */
static bool stalls(const struct setup *s)
{
	const struct scenario *sc = s->plan->s;
	const struct node *from = scenario_node(sc, "client"), *to = scenario_node(sc, "server");
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(500)};
	struct arena *a = arena_new();
	struct err e = {0};
	struct ground *g = ground_build(a, s->plan, &e);
	struct pollfd p = {.events = POLLIN};
	bool late;
	int fd;

	if (!g)
		die("ground_build", &e);
	fd = udp_in(g, (unsigned)(from - sc->nodes), sc->ifaces[from->ifaces[0]].addr, &e);
	p.fd = udp_in(g, (unsigned)(to - sc->nodes), sc->ifaces[to->ifaces[0]].addr, &e);
	memcpy(&sa.sin_addr, from->dials.b, 4);
	late = sendto(fd, "first", 5, 0, (const struct sockaddr *)&sa, sizeof(sa)) != 5 ||
	       poll(&p, 1, STALL_MS) != 1;
	close(fd);
	close(p.fd);
	ground_free(g);
	arena_free(a);
	return late;
}

static int run(void *arg)
{
	const struct setup *s = arg;
	struct times t = {0};
	double **all[] = {&t.up, &t.down, &t.bare, &t.bare_nft, &t.script};
	unsigned stalled = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!(*all[i] = calloc(s->repeats, sizeof(double))))
			die("memory", NULL);
	measure(s, &t);
	report(&t);
	for (unsigned i = 0; i < FRESH_LABS; i++)
		stalled += stalls(s);
	bench_line("fresh labs of 300 whose first packet stalls", stalled, true, 0);
	return 0;
}

static int run_ours(void *arg)
{
	const struct setup *s = arg;
	struct err e = {0};

	for (size_t i = 0; i < s->repeats; i++) {
		struct arena *a = arena_new();
		struct ground *g = ground_build(a, s->plan, &e);

		if (!g)
			die("ground_build", &e);
		ground_free(g);
		arena_free(a);
	}
	return 0;
}

static int run_bare(void *arg)
{
	const struct setup *s = arg;
	double nft;

	for (size_t i = 0; i < s->repeats; i++)
		bare_free(bare_build(s->plan, &nft));
	return 0;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	int (*what)(void *arg) = run;
	char *mistakes = NULL;
	struct err e = {0};
	struct topology *t;
	siginfo_t end = {0};
	struct setup s;
	int pidfd;

	if (argc == 4)
		what = !strcmp(argv[3], "bare") ? run_bare
		       : !strcmp(argv[3], "ours") ? run_ours : NULL;
	if (argc < 3 || argc > 4 || atoi(argv[2]) < 1 || !what)
		die("usage: setup TOPOLOGY REPEATS [bare|ours]", NULL);
	t = topology_load(a, argv[1], NULL, 0, &mistakes, &e);
	if (!t)
		die(mistakes ? mistakes : "the topology", &e);
	s = (struct setup){.plan = plan_new(a, scenario_new(a, t, 0), 1),
			   .repeats = (size_t)atoi(argv[2])};
	if (space_start(what, &s, &pidfd, &e) < 0)
		die("no lab here", &e);
	waitid(P_PIDFD, (id_t)pidfd, &end, WEXITED);
	arena_free(a);
	return end.si_code == CLD_EXITED ? end.si_status : 1;
}
