/* SPDX-License-Identifier: MIT */
/*
 * run.c - starts labs, waits for them, collects what they found.
 *
 * Theory of operation. Scenarios are built before the fork, so parent and lab share every pointer
 * into them. A lab fills its result in shared memory and writes its number into a pipe: from then
 * on its place is free for the next one, while the kernel still takes the old network away. A
 * process is waited for when it is gone, or when too many of them linger. A lab that dies without
 * a word has failed, and the status that it died with is the message.
 */
#include "lab/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lab/os/child.h"
#include "lab/os/clock.h"
#include "lab/os/namespaces.h"
#include "lab/os/product_process.h"
#include "lab/result/expect.h"
#include "lab/run/lab.h"
#include "nodes/crypto/crypto.h"
#include "lab/topology/scenario_query.h"

/* Processes at most that have given their result and are not gone yet, each with a descriptor:
 * far below the 1024 that a process may usually have, and far above what a kernel takes down at
 * once. */
#define LINGERING_MAX 128
/* How long the kernel may take to end one: a lab of a thousand nodes takes seconds. */
#define LINGERING_LIMIT (60 * SEC)

/* A lab takes milliseconds, in real time three minutes. */
#define HANGS_AFTER (600 * SEC)

/* Not touched, it costs nothing. */
#define SHARED_BLOCK ((size_t)4 << 20)

struct job {
	struct lab_config lab;
	struct scenario_result *result;
	uint32_t number;
	int notify; /* the pipe's writing end */
	struct child child;
	bool running; /* started, its result not in yet */
	usec started;
	usec killed;  /* when it had taken too long and was; 0: it was not */
};

struct pool {
	struct arena *a;
	const struct run_config *cfg;
	struct job *jobs;
	size_t n;
	size_t next, running, done;
	size_t oldest, lingering; /* no process before the oldest is left; ended, not waited for */
	int notify[2];
	bool stop; /* --fail-fast, or a signal */
	bool machines;	     /* some of the nodes are virtual machines */
	atomic_bool *enough; /* shared with the labs: end and judge */
	int signals;	     /* reads as SIGINT and the like; -1: they end us as ever */
	sigset_t before;
	bool any_ran, machine_failed;
};

/* In the lab's process: the word that the result is whole. Four bytes are written whole or not at
 * all; without them the parent takes the lab for dead. */
static void tell_parent(void *ctx)
{
	const struct job *job = ctx;

	if (write(job->notify, &job->number, sizeof(job->number)) < 0)
		_exit(1);
}

static int lab_main(void *arg)
{
	struct job *job = arg;

	return lab_run(&job->lab, job->result) ? 1 : 0;
}

static void finished(struct pool *p, struct job *job)
{
	struct scenario_result *r = job->result;

	job->running = false;
	p->running--;
	p->done++;
	r->took = clock_monotonic() - job->started;
	if (!r->ran) {
		r->verdict = VERDICT_FAIL;
		if (!r->error.text[0])
			err_set(&r->error, ERR_FAILED, "the lab ended without a result");
	}
	p->lingering += job->child.pid > 0;
	p->any_ran |= r->ran;
	p->machine_failed |= !r->ran && r->error.kind == ERR_MACHINE;
	if (r->verdict != VERDICT_PASS && p->cfg->fail_fast)
		p->stop = true;
	if (p->cfg->progress)
		p->cfg->progress(p->cfg->ctx, p->done, p->n, job->lab.scenario->id);
}

static void skip(struct pool *p, struct job *job, const char *reason)
{
	err_set(&job->result->error, ERR_NONE, "%s", reason);
	job->result->verdict = VERDICT_SKIPPED;
	p->done++;
	if (p->cfg->progress)
		p->cfg->progress(p->cfg->ctx, p->done, p->n, job->lab.scenario->id);
}

static void start_next(struct pool *p)
{
	struct job *job = &p->jobs[p->next++];
	const struct net_ops *backend = p->cfg->backend;
	const struct child_setup how = {.n_fds = 1, .fds = {{job->notify, job->notify}}};
	const char *refused = backend->refuses(job->lab.scenario);

	if (!refused)
		refused = product_process_missing(p->a, job->lab.scenario, p->cfg->real);
	if (refused) {
		skip(p, job, refused);
		return;
	}
	job->started = clock_monotonic();
	p->running++;
	job->running = true;
	if (backend->namespaces
		    ? namespaces_start(&job->child, how.fds, how.n_fds, lab_main, job,
				       &job->result->error)
		    : child_start(&job->child, &how, lab_main, job) &&
			      err_sys(&job->result->error, "no process can be made for a lab"))
		finished(p, job);
}

/* A lab's process has ended without the word that its result is whole. */
static void bury(struct pool *p, struct job *job)
{
	siginfo_t end;

	if (!child_wait(&job->child, 0, &end))
		return;
	if (!job->result->error.text[0])
		child_describe_end(&end, "the lab's process", &job->result->error);
	finished(p, job);
}

static void read_notices(struct pool *p)
{
	uint32_t number;

	while (read(p->notify[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
		if (number < p->n && p->jobs[number].running)
			finished(p, &p->jobs[number]);
}

/* As nohup has it. */
static bool is_ignored(int signal)
{
	struct sigaction sa;

	return !sigaction(signal, NULL, &sa) && sa.sa_handler == SIG_IGN;
}

/*
 * Who waits for a virtual machine and has seen enough types Ctrl-C: the lab then judges what it
 * saw, and the result is printed as ever. The second time the signal does what signals do.
 */
static int heed_signals(struct pool *p, struct err *e)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (!is_ignored(ends[i]))
			sigaddset(&set, ends[i]);
	p->enough = mmap(NULL, sizeof(*p->enough), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->enough == MAP_FAILED)
		return err_sys(e, "no memory");
	atomic_init(p->enough, false);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->signals < 0 || sigprocmask(SIG_BLOCK, &set, &p->before))
		return err_sys(e, "signals");
	return 0;
}

static void forget_signals(struct pool *p)
{
	if (p->signals < 0)
		return;
	sigprocmask(SIG_SETMASK, &p->before, NULL);
	close(p->signals);
	p->signals = -1;
}

static void read_signal(struct pool *p)
{
	struct signalfd_siginfo info;

	if (p->signals < 0 || read(p->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	atomic_store(p->enough, true);
	p->stop = true;
	forget_signals(p);
}

/* How long a lab may take: a fault of the kernel's or ours must not hold up a CI for ever. */
static usec hangs_at(const struct pool *p, const struct job *job)
{
	const struct scenario *s = job->lab.scenario;
	usec limit = p->cfg->hangs_after;

	if (p->machines)
		return USEC_NEVER;
	for (size_t i = 0; i < s->n_nodes && !p->cfg->hangs_after; i++)
		limit = MAX(limit, HANGS_AFTER + s->nodes[i].idle);
	return job->started + limit;
}

/*
 * Ends a lab that hangs; when something is to be done about it next. One that the kernel does not
 * let go of, since a thread of it waits for a device or a debugger, is left behind.
 */
static usec end_hanging(struct pool *p, struct job *job, usec now)
{
	usec at = job->killed ? job->killed + CHILD_KILL_LIMIT : hangs_at(p, job);
	pid_t pid = job->child.pid;

	if (at > now)
		return at;
	err_set(&job->result->error, ERR_FAILED,
		"the lab did not end in %lld s of real time and was stopped",
		(long long)((now - job->started) / SEC));
	if (!job->killed) {
		job->killed = now;
		child_signal(&job->child, SIGKILL);
		return now + CHILD_KILL_LIMIT;
	}
	err_set(&job->result->error, ERR_FAILED,
		"the lab did not end in %lld s of real time, nor %lld s after it was killed; its "
		"process %d is left behind",
		(long long)((job->killed - job->started) / SEC),
		(long long)(CHILD_KILL_LIMIT / SEC), (int)pid);
	child_abandon(&job->child);
	finished(p, job);
	return now; /* there may be another one to start */
}

/* For poll(): in how many milliseconds the next lab would hang; -1 never. */
static int end_all_hanging(struct pool *p)
{
	usec now = clock_monotonic(), next = USEC_NEVER;

	for (size_t i = p->oldest; i < p->next; i++) {
		usec at = p->jobs[i].running ? end_hanging(p, &p->jobs[i], now) : USEC_NEVER;

		next = MIN(next, at);
	}
	return next == USEC_NEVER ? -1 : (int)((next - now + MSEC - 1) / MSEC);
}

/* Waits until a lab has a result or is dead. */
static int wait_for_one(struct pool *p, struct pollfd *fds, struct err *e)
{
	int timeout = end_all_hanging(p);
	size_t n = 2;

	fds[0] = (struct pollfd){.fd = p->notify[0], .events = POLLIN};
	fds[1] = (struct pollfd){.fd = p->signals, .events = POLLIN};
	for (size_t i = p->oldest; i < p->next; i++)
		if (p->jobs[i].running)
			fds[n++] = (struct pollfd){.fd = p->jobs[i].child.pidfd, .events = POLLIN};
	if (poll(fds, n, timeout) < 0 && errno != EINTR)
		return err_sys(e, "cannot wait for the labs");
	read_signal(p);
	/* The word comes before the death; read it first, so that a finished lab is no dead one. */
	read_notices(p);
	for (size_t i = p->oldest, k = 2; i < p->next && k < n; i++) {
		if (p->jobs[i].child.pidfd != fds[k].fd)
			continue;
		if (p->jobs[i].running && (fds[k].revents & POLLIN)) {
			read_notices(p);
			if (p->jobs[i].running)
				bury(p, &p->jobs[i]);
		}
		k++;
	}
	return 0;
}

/* A lab that has given its result is waited for: at once if it is gone, or until it is. One that
 * stays is killed, and then left to the kernel. */
static void reap_one(struct pool *p, struct job *job, bool until_gone)
{
	if (!until_gone && !child_wait(&job->child, 0, NULL))
		return;
	if (!child_end(&job->child, LINGERING_LIMIT))
		child_abandon(&job->child);
	p->lingering--;
}

/* The next scenario's machines come to the sockets of the last one's, so that one must be gone. */
static void reap(struct pool *p)
{
	for (size_t i = p->oldest; i < p->next && p->lingering; i++)
		if (!p->jobs[i].running && p->jobs[i].child.pid > 0)
			reap_one(p, &p->jobs[i],
				 p->machines || p->lingering > LINGERING_MAX);
	while (p->oldest < p->next && !p->jobs[p->oldest].running &&
	       p->jobs[p->oldest].child.pid < 0)
		p->oldest++;
}

/* Where no lab could be built no other can: said once, not for each. Until one has been built
 * nothing is started after a failure. */
static bool machine_refuses(const struct pool *p)
{
	return p->machine_failed && !p->any_ran;
}

static int refusal(const struct pool *p, struct err *e)
{
	for (size_t i = 0; i < p->next; i++)
		if (p->jobs[i].result->error.kind == ERR_MACHINE) {
			*e = p->jobs[i].result->error;
			break;
		}
	return -1;
}

static bool may_start(const struct pool *p)
{
	return p->next < p->n && !p->stop && !machine_refuses(p);
}

static int run_pool(struct pool *p, struct err *e)
{
	/* One at a time, because a person starts each virtual machine. */
	const size_t jobs = p->machines ? 1 : p->cfg->jobs;
	struct pollfd *fds = calloc(jobs + 2, sizeof(*fds));
	int status = 0;
	usec until;

	if (!fds)
		abort();
	while (!status && (may_start(p) || p->running)) {
		if (may_start(p) && p->running < jobs)
			start_next(p);
		else
			status = wait_for_one(p, fds, e);
		reap(p);
	}
	if (!status && machine_refuses(p))
		status = refusal(p, e);
	until = clock_monotonic() + LINGERING_LIMIT;
	for (size_t i = p->oldest; i < p->next; i++) {
		struct child *c = &p->jobs[i].child;

		if (p->jobs[i].running)
			child_signal(c, SIGKILL);
		if (!child_end(c, until - clock_monotonic()))
			child_abandon(c);
	}
	free(fds);
	return status;
}

bool run_wants(const char *filter, const char *id)
{
	return !filter || !fnmatch(filter, id, 0);
}

static size_t count_matching(struct arena *a, const struct run_config *cfg)
{
	size_t all = scenario_count(cfg->topology), n = 0;

	for (size_t i = 0; i < all; i++)
		n += run_wants(cfg->filter, scenario_id(a, cfg->topology, i));
	return n;
}

static const char get_legacy[] =
	"  It is a file, legacy.so, in the folder that `openssl version -m` names. Debian 12 and\n"
	"  Ubuntu 22.04 have it in libssl3, Ubuntu 24.04 in libssl3t64, Debian 13 in\n"
	"  openssl-provider-legacy. OPENSSL_MODULES, when it is set, names another folder.\n"
	"  Or leave user and password out of the file: then no server asks for them.\n";

static int need_legacy_provider(struct err *e)
{
	err_set(e, ERR_MACHINE,
		"OpenSSL cannot load its legacy provider; MS-CHAPv2, which proves user and "
		"password, is made of that provider's MD4 and DES");
	if (e)
		e->remedy = get_legacy;
	return -1;
}

/*
 * Memory that labs share with us. What is private is copied for each lab, page by page of its page
 * tables: with ten thousand scenarios in private memory forks took most of the time.
 */
static void *shared_memory(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED) {
		fputs("natdlab: out of memory\n", stderr);
		abort();
	}
	return mem;
}

/* Scenarios, which nobody changes once they are there; they go with the process. */
static void make_scenarios(struct arena *a, const struct run_config *cfg, struct scenario **out)
{
	size_t all = scenario_count(cfg->topology);
	struct arena *shared = arena_new_from(shared_memory, SHARED_BLOCK);

	for (size_t i = 0; i < all; i++)
		if (run_wants(cfg->filter, scenario_id(a, cfg->topology, i)))
			*out++ = scenario_new(shared, cfg->topology, i);
	arena_free(shared);
}

/* Shared memory for all results in one piece; it goes with the process. */
static int make_results(struct arena *a, struct scenario **s, struct scenario_result **r, size_t n,
			struct err *e)
{
	size_t total = 0, *at = arena_array_of(a, n, size_t);
	uint8_t *mem;

	for (size_t i = 0; i < n; i++) {
		at[i] = total;
		total += (result_size(s[i]) + 63) / 64 * 64;
	}
	mem = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return err_sys(e, "no memory for the results of %zu scenarios", n);
	for (size_t i = 0; i < n; i++)
		r[i] = result_init(mem + at[i], s[i]);
	return 0;
}

/* Would this node do MS-CHAPv2? Of software that is not ours, who knows. */
static bool does_mschap(const struct node *n)
{
	const enum ppp_method *auth;

	if (n->run || n->vm)
		return true;
	auth = n->client ? n->client->auth : n->server->auth;
	for (size_t i = 0; n->user && n->password && i < PPP_AUTH_MAX; i++)
		if (auth[i] == PPP_AUTH_MSCHAPV2)
			return true;
	return false;
}

/* Is there one of ours who will have to, because there is one who asks and one who answers? */
static bool wants_legacy(const struct scenario *s)
{
	bool asks = false, answers = false, ours = false;

	for (size_t i = 0; i < s->n_nodes; i++) {
		const struct node *n = &s->nodes[i];

		if ((n->kind != KIND_CLIENT && n->kind != KIND_SERVER) || !does_mschap(n))
			continue;
		*(n->kind == KIND_SERVER ? &asks : &answers) = true;
		ours |= !n->run && !n->vm;
	}
	return asks && answers && ours;
}

/* Said before the first lab is built, instead of by the one that comes to it. */
static int need_legacy(struct scenario *const *s, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (wants_legacy(s[i]))
			return legacy_ready() ? 0 : need_legacy_provider(e);
	return 0;
}

static struct job job_new(const struct pool *p, struct scenario *s, struct scenario_result *r,
			  size_t i)
{
	const struct run_config *cfg = p->cfg;

	return (struct job){
		.lab =
			{
				.scenario = s,
				.backend = cfg->backend,
				.seed = cfg->seed,
				.realtime = cfg->realtime,
				.real = cfg->real,
				.wait = cfg->wait,
				.tell = i == 0,
				.stop = p->enough,
				.ready = tell_parent,
				.ctx = &p->jobs[i],
				.dir = cfg->dir ? arena_printf(p->a, "%s/%s", cfg->dir, s->id)
						: NULL,
			},
		.result = r,
		.number = (uint32_t)i,
		.notify = p->notify[1],
		.child = CHILD_NONE,
	};
}

int run_all(struct arena *a, const struct run_config *cfg, struct run_result *out, struct err *e)
{
	size_t n = count_matching(a, cfg);
	struct scenario **scenarios = arena_array_of(a, n, struct scenario *);
	struct scenario_result **results = arena_array_of(a, n, struct scenario_result *);
	struct pool p = {
		.a = a, .cfg = cfg, .n = n, .jobs = arena_array_of(a, n, struct job), .signals = -1,
	};
	usec began = clock_monotonic();
	int status;

	if (!n)
		return err_set(e, ERR_INPUT, "no scenario of %s matches \"%s\"; --list shows them",
			       topology_path(cfg->topology), cfg->filter ? cfg->filter : "*");
	make_scenarios(a, cfg, scenarios);
	if (need_legacy(scenarios, n, e) || make_results(a, scenarios, results, n, e))
		return -1;
	if (pipe2(p.notify, O_CLOEXEC | O_NONBLOCK))
		return err_sys(e, "cannot make a pipe");
	for (size_t i = 0; i < n; i++)
		p.machines |= scenario_has_vm(scenarios[i]);
	if (p.machines && heed_signals(&p, e))
		return -1;
	for (size_t i = 0; i < n; i++)
		p.jobs[i] = job_new(&p, scenarios[i], results[i], i);
	crypto_prepare(); /* once, not in every lab */
	status = run_pool(&p, e);
	forget_signals(&p);
	close(p.notify[0]);
	close(p.notify[1]);
	for (size_t i = p.next; i < n; i++)
		results[i] = NULL;
	*out = (struct run_result){
		.topology = cfg->topology,
		.backend = cfg->backend->name,
		.seed = cfg->seed,
		.took = clock_monotonic() - began,
		.n = n,
		.scenarios = (struct scenario *const *)scenarios,
		.results = (struct scenario_result *const *)results,
	};
	return status;
}
