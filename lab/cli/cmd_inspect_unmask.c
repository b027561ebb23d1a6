/* SPDX-License-Identifier: MIT */
/* cmd_inspect_unmask.c - natdlab inspect --unmask: the search, its progress and its results. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/os/clock.h"
#include "lab/cli/cli_priv.h"

#define BAR 40
#define UNMASKED_MAX 20 /* exchanges that are searched for: each takes seconds */

struct bar {
	bool on;
	usec began;
	int percent;
};

static volatile sig_atomic_t caught;

static void catch (int signal)
{
	caught = signal;
}

static bool show_bar(void *ctx, uint64_t tried, uint64_t all)
{
	static const char full[] = "########################################";
	struct bar *b = ctx;
	int percent = (int)(tried * 100 / all);
	usec took = clock_monotonic() - b->began;

	if (!b->on || percent == b->percent)
		return !caught;
	b->percent = percent;
	fprintf(stderr, "\runmask [%-*.*s] %3d %%  %.1f million hashes/s ", BAR,
		percent * BAR / 100, full, percent, (double)tried / (double)MAX(took, 1));
	fflush(stderr);
	return !caught;
}

static int read_ports(const struct args *args, struct unmask *u, struct err *e)
{
	const char *text;

	unmask_add_port(u, IKE_PORT);
	unmask_add_port(u, IKE_NATT_PORT);
	unmask_add_port(u, 0); /* forged by Libreswan and Openswan */
	for (unsigned i = 0; (text = args_nth(args, "port", i)); i++) {
		char *end;
		unsigned long port = strtoul(text, &end, 10);

		if (*end || end == text || *text == '-' || port > UINT16_MAX)
			return err_set(e, ERR_INPUT,
				       "inspect: --port wants a number up to 65535, "
				       "not \"%s\"",
				       text);
		if (!unmask_add_port(u, (uint16_t)port))
			return err_set(e, ERR_INPUT, "inspect: too many ports");
	}
	return 0;
}

/* Each side's hashes of itself that fit nothing; not those of the other side, which are public
 * addresses or inventions. */
static void collect(const struct natd_list *l, const bool *known, struct unmask *u)
{
	for (size_t i = 1; i < l->n; i++)
		if (!known[i] && l->len == hash_len(u->alg))
			unmask_add_hash(u, l->v[i].b);
}

static void tell(const struct unmask *u, usec took)
{
	for (size_t i = 0; i < u->n; i++) {
		char hex[7];

		if (!u->v[i].found && u->stopped)
			continue;
		fprintf(stderr, "natdlab: unmask: %s.. is %s\n", hex_str(u->v[i].hash, 3, hex),
			u->v[i].found ? INET_EP(u->v[i].ep)
				      : "no private address with these ports");
	}
	fprintf(stderr, "natdlab: unmask: %s%.1f million hashes in %.1f s\n",
		u->stopped ? "stopped after " : "", (double)u->tried / 1e6, (double)took / 1e6);
}

/* Searches for what is in @u, if anything; what it finds goes to the hints. */
static void search(struct arena *a, struct unmask *u, struct unmask_workers *workers,
		   struct inspect_hints *hints)
{
	struct bar bar = {.on = isatty(STDERR_FILENO), .began = clock_monotonic(), .percent = -1};
	VEC(struct known) known = {0};
	usec took;

	if (!u->n || caught)
		return;
	u->progress = show_bar;
	u->ctx = &bar;
	unmask(u, workers);
	u->ctx = NULL; /* the bar ends here */
	took = clock_monotonic() - bar.began;
	if (bar.on)
		fprintf(stderr, "\r%*s\r", BAR + 48, "");
	tell(u, took);
	for (size_t i = 0; i < hints->n_known; i++)
		*vec_push(a, &known) = hints->known[i];
	for (size_t i = 0; i < u->n; i++)
		if (u->v[i].found)
			*vec_push(a, &known) = (struct known){.ep = u->v[i].ep};
	hints->known = known.v;
	hints->n_known = known.n;
}

static void begin(struct unmask *u, const struct exchange *x, const uint8_t *cky_r)
{
	u->n = 0;
	u->alg = natd_judge_alg(x);
	memset(u->v, 0, sizeof(u->v));
	memcpy(u->cky_i, x->cky_i, 8);
	memcpy(u->cky_r, cky_r, 8);
}

/* How many hashes were looked for. */
static size_t unmask_one(struct arena *a, const struct inspected *one, struct unmask *u,
			 struct unmask_workers *workers, struct inspect_hints *hints)
{
	static const uint8_t none[8];
	const struct exchange *x = one->x;
	struct inet_ep i, r;
	size_t n;

	/* The private addresses of IPv6 are too many to try. */
	inspect_ends(x, &i, &r);
	if (!hash_known(natd_judge_alg(x)) || i.addr.len != 4)
		return 0;
	/* IKEv2's request was made before the responder had a cookie (RFC 7296 2.23). */
	begin(u, x, x->version == 2 ? none : x->cky_r);
	collect(&x->natd3, one->j.known3, u);
	if (x->version == 2) {
		search(a, u, workers, hints);
		n = u->n;
		begin(u, x, x->cky_r);
	} else {
		n = 0;
	}
	collect(&x->natd4, one->j.known4, u);
	search(a, u, workers, hints);
	return n + u->n;
}

static void unmask_all(struct arena *a, const struct watch *w, struct inspect_hints *hints,
		       struct inspection *in, struct unmask *u, struct unmask_workers *workers)
{
	bool *searched = arena_array_of(a, MAX(in->n, 1U), bool);
	size_t n = 0, i;

	for (i = 0; i < in->n && n < UNMASKED_MAX && !caught; i++) {
		if (!unmask_one(a, &in->v[i], u, workers, hints))
			continue;
		searched[i] = !caught;
		n++;
		inspect_judge(a, w, hints, in);
	}
	if (i < in->n && !caught)
		fprintf(stderr,
			"natdlab: unmask: only the first %d exchanges with unknown hashes "
			"were searched\n",
			UNMASKED_MAX);
	for (i = 0; i < in->n; i++)
		if (searched[i])
			inspect_searched(&in->v[i]);
}

int unmask_prepare(struct arena *a, const struct args *args, struct unmask_search *s, struct err *e)
{
	if (read_ports(args, &s->wanted, e))
		return -1;
	s->workers = unmask_workers_new(a, 0);
	return 0;
}

int inspect_unmask(struct arena *a, struct unmask_search *s, const struct watch *w,
		   struct inspect_hints *hints, struct inspection *in)
{
	/* The second one ends the program as ever. */
	const struct sigaction stop = {.sa_handler = catch, .sa_flags = (int)SA_RESETHAND};
	struct sigaction old;

	sigaction(SIGINT, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &stop, NULL);
	unmask_all(a, w, hints, in, &s->wanted, s->workers);
	sigaction(SIGINT, &old, NULL);
	return caught;
}
