/* SPDX-License-Identifier: MIT */
/*
 * setup.c - what a lab's network costs to set up and to take away.
 *
 *	setup TOPOLOGY REPEATS
 *	setup TOPOLOGY REPEATS bare
 *
 * In one process, in turns: the network of the topology's first scenario built by netns_build()
 * and by the bare program of bare.c, the same without its rulesets, and (each fifth time) by a
 * script of `ip -batch` and `nft -f`, and by mininet where that is installed. Between two a pause,
 * because the kernel takes a network away in its own time and holds locks for it. Then fresh
 * networks whose first datagram must arrive at once. With `bare` only so many bare set-ups, and
 * nothing said: for whoever measures that.
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

#include "lab/os/namespaces.h"
#include "lab/os/os_priv.h"
#include "tests/bench/bare.h"
#include "tests/bench/bench.h"
#include "lab/topology/scenario_query.h"
#include "tests/topology_load.h"

#define SCRIPT_EVERY 5
#define FRESH_LABS 300
#define PAUSE_US 120000
/* The kernel repeats an ARP request after 1 s; a busy machine needs some of this. */
#define STALL_MS 400

struct setup {
	const struct plan *plan;
	const struct plan *unruled; /* the same without rulesets */
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
		put_end(f, &s->ifaces[s->links[i].ifaces[0]]);
		fputs("type veth peer ", f);
		put_end(f, &s->ifaces[s->links[i].ifaces[1]]);
		fputs("\n", f);
	}
	fputs("END\n", f);
}

static void put_iface(FILE *f, const struct scenario *s, const struct iface *i)
{
	const struct link *l = &s->links[i->link];
	const struct iface *to = &s->ifaces[link_other_end(l, (unsigned)(i - s->ifaces))];

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

/* Seconds, which mininet's script tells itself: Python's start is nobody's set-up. */
static double run_mininet(void)
{
	FILE *f = popen("python3 tests/bench/mininet_article.py", "r");
	double t;

	if (!f || fscanf(f, "%lf", &t) != 1 || pclose(f) != 0)
		die("mininet fails", NULL);
	return t;
}

static bool can_mininet(void)
{
	return system("command -v mnexec >/dev/null && python3 -c 'import mininet.net'") == 0;
}

/* ---- set-up and teardown ---- */

enum what { UP, DOWN, BARE, UP_UNRULED, DOWN_UNRULED, BARE_UNRULED, SCRIPT, MININET, WHATS };

struct times {
	double *v[WHATS];
	size_t n[WHATS];
};

static void note(struct times *t, enum what what, double seconds)
{
	t->v[what][t->n[what]++] = seconds;
}

static double median(struct times *t, enum what what)
{
	return bench_median(t->v[what], t->n[what]);
}

static void build_once(const struct plan *p, struct times *t, enum what up, enum what down)
{
	struct arena *a = arena_new();
	struct err e = {0};
	double began = bench_now(), done;
	struct netns *g = netns_build(a, p, &e);

	if (!g)
		die("netns_build", &e);
	done = bench_now();
	netns_free(g);
	note(t, down, bench_now() - done);
	note(t, up, done - began);
	arena_free(a);
}

static void bare_once(const struct plan *p, struct times *t, enum what what)
{
	double began = bench_now();
	struct bare *b = bare_build(p);

	note(t, what, bench_now() - began);
	bare_free(b);
}

/* In turns, and in turns who is first. */
static void measure_once(const struct setup *s, struct times *t, bool bare_first)
{
	for (unsigned k = 0; k < 2; k++) {
		bool bare = bare_first == (k == 0);

		if (bare)
			bare_once(s->plan, t, BARE);
		else
			build_once(s->plan, t, UP, DOWN);
		usleep(PAUSE_US);
		if (bare)
			bare_once(s->unruled, t, BARE_UNRULED);
		else
			build_once(s->unruled, t, UP_UNRULED, DOWN_UNRULED);
		usleep(PAUSE_US);
	}
}

static void measure(const struct setup *s, struct times *t)
{
	const char *script = can_script() ? write_script(s->plan) : NULL;
	bool mininet = can_mininet();

	for (size_t i = 0; i < s->repeats; i++) {
		measure_once(s, t, i % 2);
		if (script && i % SCRIPT_EVERY == 0) {
			note(t, SCRIPT, run_script(script));
			usleep(PAUSE_US);
		}
		if (mininet && i % SCRIPT_EVERY == 0) {
			note(t, MININET, run_mininet());
			usleep(PAUSE_US);
		}
	}
}

/* How many times as long others take. */
static void report_other(struct times *t, enum what what, const char *text, double aim,
			 const char *missing)
{
	if (t->n[what])
		bench_line(text, median(t, what) / median(t, UP), false, aim);
	else
		printf("%-62s SKIPPED  %s\n", text, missing);
}

static void report(struct times *t)
{
	double up = median(t, UP);

	bench_line("set-up, of a bare program's", up / median(t, BARE), true, 1.3);
	bench_line("  the same without rulesets", median(t, UP_UNRULED) / median(t, BARE_UNRULED),
		   true, 1.3);
	bench_line("teardown returns, of set-up", median(t, DOWN) / up, true, 0.01);
	report_other(t, SCRIPT, "set-up by ip -batch and nft -f, times natdlab's", 7,
		     "ip or nft is not installed");
	report_other(t, MININET, "set-up by mininet, times natdlab's", 30,
		     "mininet is not installed");
}

/* ---- the first packet ---- */

static int udp_in(struct netns *g, unsigned node, struct inet_addr own, struct err *e)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(500)};
	int fd = netns_socket(g, node, AF_INET, SOCK_DGRAM, 0, e);

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
	struct netns *g = netns_build(a, s->plan, &e);
	struct pollfd p = {.events = POLLIN};
	bool late;
	int fd;

	if (!g)
		die("netns_build", &e);
	fd = udp_in(g, (unsigned)(from - sc->nodes), sc->ifaces[from->ifaces[0]].addr, &e);
	p.fd = udp_in(g, (unsigned)(to - sc->nodes), sc->ifaces[to->ifaces[0]].addr, &e);
	memcpy(&sa.sin_addr, from->dials.b, 4);
	late = sendto(fd, "first", 5, 0, (const struct sockaddr *)&sa, sizeof(sa)) != 5 ||
	       poll(&p, 1, STALL_MS) != 1;
	close(fd);
	close(p.fd);
	netns_free(g);
	arena_free(a);
	return late;
}

static int run(void *arg)
{
	const struct setup *s = arg;
	struct times t = {0};
	unsigned stalled = 0;

	for (size_t i = 0; i < WHATS; i++)
		if (!(t.v[i] = calloc(s->repeats, sizeof(double))))
			die("memory", NULL);
	measure(s, &t);
	report(&t);
	for (unsigned i = 0; i < FRESH_LABS; i++)
		stalled += stalls(s);
	bench_line("fresh labs of 300 whose first packet stalls", stalled, true, 0);
	return 0;
}

static int run_bare(void *arg)
{
	const struct setup *s = arg;

	for (size_t i = 0; i < s->repeats; i++)
		bare_free(bare_build(s->plan));
	return 0;
}

static const struct plan *without_rules(struct arena *a, const struct plan *p)
{
	struct plan *q = arena_copy(a, p, sizeof(*p));

	q->n_steps = 0;
	q->steps = arena_array_of(a, p->n_steps, struct step);
	for (size_t i = 0; i < p->n_steps; i++)
		if (p->steps[i].kind != STEP_NFT)
			q->steps[q->n_steps++] = p->steps[i];
	return q;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	int (*what)(void *arg) = run;
	char *mistakes = NULL;
	struct err e = {0};
	struct topology *t;
	struct setup s;
	struct child c;
	siginfo_t end;

	if (argc == 4)
		what = !strcmp(argv[3], "bare") ? run_bare : NULL;
	if (argc < 3 || argc > 4 || atoi(argv[2]) < 1 || !what)
		die("usage: setup TOPOLOGY REPEATS [bare]", NULL);
	t = topology_load(a, argv[1], NULL, 0, &mistakes, &e);
	if (!t)
		die(mistakes ? mistakes : "the topology", &e);
	s = (struct setup){.plan = plan_new(a, scenario_new(a, t, 0), 1),
			   .repeats = (size_t)atoi(argv[2])};
	s.unruled = without_rules(a, s.plan);
	if (namespaces_start(&c, NULL, 0, what, &s, &e) < 0)
		die("no lab here", &e);
	child_wait(&c, USEC_NEVER, &end);
	arena_free(a);
	return end.si_code == CLD_EXITED ? end.si_status : 1;
}
