/* SPDX-License-Identifier: MIT */
/* cmd_probe.c - natdlab probe HOST */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lab/clock.h"
#include "lab/json.h"
#include "lab/options.h"
#include "lab/probe.h"

static const struct option options[] = {
	{"format", 'f', "text|json", false, "how to print the answer (text)"},
	{"port", 'p', "N", false, "the server's UDP port (500)"},
	{"emit-mode", 0, NULL, false,
	 "print no answer, but a topology file whose mode replays the server"},
	{"server", 0, "IP", false,
	 "for --emit-mode: the server's own address, as its own interface has it"},
};

struct wire {
	int fd;
	struct inet_ep local, server;
	bool refused; /* the server's machine says that nobody listens there */
};

static int resolve(const char *host, uint16_t port, struct sockaddr_in *sa, struct err *e)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found;
	int rc = getaddrinfo(host, NULL, &hints, &found);

	if (rc)
		return err_set(e, ERR_INPUT, "probe: %s: %s", host, gai_strerror(rc));
	memcpy(sa, found->ai_addr, sizeof(*sa));
	sa->sin_port = htons(port);
	freeaddrinfo(found);
	return 0;
}

static struct inet_ep ep_of(const struct sockaddr_in *sa)
{
	return inet_ep(inet_v4(ntohl(sa->sin_addr.s_addr)), ntohs(sa->sin_port));
}

/* From port 500 where that is to be had: some firewalls let nothing else through. */
static int open_wire(struct wire *w, const char *host, uint16_t port, struct err *e)
{
	struct sockaddr_in server = {0}, own = {.sin_family = AF_INET, .sin_port = htons(IKE_PORT)};
	socklen_t len = sizeof(own);

	if (resolve(host, port, &server, e))
		return -1;
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (w->fd < 0)
		return err_sys(e, "probe: no UDP socket");
	if (bind(w->fd, (struct sockaddr *)&own, sizeof(own))) {
		own.sin_port = 0;
		if (bind(w->fd, (struct sockaddr *)&own, sizeof(own)))
			return err_sys(e, "probe: no UDP port");
	}
	/* Connected: the kernel says from which address, and passes on that nobody is there. */
	if (connect(w->fd, (struct sockaddr *)&server, sizeof(server)))
		return err_sys(e, "probe: no way to %s", host);
	if (getsockname(w->fd, (struct sockaddr *)&own, &len))
		return err_sys(e, "probe: no address of our own");
	w->local = ep_of(&own);
	w->server = ep_of(&server);
	return 0;
}

static void on_send(void *ctx, const struct datagram *d)
{
	struct wire *w = ctx;

	/* What was not taken is not answered, and the deadline says so; an ICMP error about an
	 * earlier packet comes back here, too. */
	if (send(w->fd, d->data, d->len, 0) < 0 && errno == ECONNREFUSED)
		w->refused = true;
}

static void on_event(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

/* Until both exchanges have ended, or nobody can be expected to answer. */
static void talk(struct wire *w, struct probe *p)
{
	usec began = clock_monotonic();
	uint8_t buf[DATAGRAM_MAX];

	probe_start(p, 0);
	while (!probe_done(p) && !w->refused) {
		usec now = clock_monotonic() - began;
		usec until = MIN(probe_deadline(p), PROBE_PATIENCE);
		usec wait = MAX(until - now, (usec)0);
		const struct timespec ts = {.tv_sec = wait / SEC, .tv_nsec = wait % SEC * 1000};
		struct pollfd fd = {.fd = w->fd, .events = POLLIN};
		ssize_t n;

		if (now >= PROBE_PATIENCE)
			return;
		ppoll(&fd, 1, &ts, NULL);
		now = clock_monotonic() - began;
		while ((n = recv(w->fd, buf, sizeof(buf), 0)) >= 0) {
			const struct datagram d = {
				.via = VIA_UDP,
				.local = w->local,
				.remote = w->server,
				.data = buf,
				.len = (size_t)n,
			};

			probe_input(p, now, &d);
		}
		w->refused |= errno == ECONNREFUSED;
		if (probe_deadline(p) <= now)
			probe_timer(p, now);
	}
}

/* ---- words ---- */

static const char *as_name(enum probe_as as)
{
	switch (as) {
	case PROBE_WINDOWS:
		return "Windows";
	case PROBE_PLAIN:
		return "somebody else";
	case PROBES:
		break;
	}
	return "?";
}

static void print_hashes(const struct probe_result *r, enum probe_as as)
{
	const struct exchange *x = r->x[as];
	const struct judgement *j = &r->j[as];

	for (size_t i = 0; i < MIN(x->natd4.n, 2U); i++) {
		const char *what = "fits no address that we know";

		if (i && x->natd4.len == x->natd3.len &&
		    !memcmp(x->natd4.v[i].b, x->natd3.v[0].b, x->natd3.len))
			what = "the random hash that we sent, copied";
		else if (j->known4[i])
			what = INET_EP(j->means4[i]);
		printf("    %s hash   %s..  %s\n", i ? "second" : "first ", HEX(x->natd4.v[i].b, 4),
		       what);
	}
	if (!x->natd4.n)
		puts("    no NAT-D hashes");
}

static void print_vids(const struct exchange *x)
{
	for (size_t i = 0; i < x->n_vids[1]; i++) {
		char buf[64];
		const struct view v = {x->vids[1][i].b, x->vids[1][i].len};
		const char *name = vid_name(v, buf);

		printf("    vendor ID     %s\n", name ? name : HEX(v.p, MIN(v.len, (size_t)16)));
	}
}

static void print_exchange(const struct probe_result *r, enum probe_as as)
{
	const struct exchange *x = r->x[as];
	char cipher[24];

	printf("\nAsked as %s:\n", as_name(as));
	if (!x) {
		printf("    no answer (%s)\n", r->end[as]);
		return;
	}
	if (x->chosen)
		printf("    chosen        %s, %s, %s\n",
		       isakmp_cipher_name(x->cipher, x->keybits, cipher), isakmp_hash_name(x->hash),
		       isakmp_group_name(x->group));
	print_vids(x);
	if (r->answered[as])
		print_hashes(r, as);
	else
		printf("    message 4 did not come (%s)\n", r->end[as]);
}

static const char *own_words(const struct probe_result *r)
{
	if (r->copies && r->server_known && r->server_behind_nat_truly)
		return "copies a Microsoft client's own hash, so that it looks public; it is "
		       "behind NAT";
	if (r->copies)
		return "copies a Microsoft client's own hash, so that it looks public";
	if (r->server_hash == CLASS_EXACT)
		return "is public: it knows the address that was dialled";
	if (r->server_hash == CLASS_FAKED)
		return "pretends a NAT: its hash is made of port 0 or address 0.0.0.0";
	return r->server_behind_nat ? "is behind NAT, or pretends to be: its hash fits no address "
				      "that can be known from here"
				    : "says nothing of NAT";
}

static void print_result(const struct wire *w, const struct probe *p, const struct probe_result *r)
{
	printf("%s, asked from %s with %u packets\n", INET_EP(w->server), INET_EP(w->local),
	       probe_sent(p));
	for (unsigned i = 0; i < PROBES; i++)
		print_exchange(r, i);
	if (!r->answered[PROBE_WINDOWS])
		return;
	printf("\nThe server %s.\n", own_words(r));
	if (r->self_known)
		printf("We are %s.\n",
		       r->self_behind_nat ? "behind NAT ourselves" : "not behind NAT");
	else
		puts("Whether we are behind NAT it does not tell.");
	puts("\nWindows, registry value        0         1         2");
	for (int home = 1; home >= 0; home--) {
		const enum windows_result *row = home ? r->home : r->public_client;

		printf("%-30s %-9s %-9s %s\n",
		       home ? "  at home, behind NAT" : "  with a public address",
		       windows_result_name(row[0]), windows_result_name(row[1]),
		       windows_result_name(row[2]));
	}
	if (r->home[0] == WINDOWS_BLOCKED)
		puts("\nTo let a Windows client in: reg add "
		     "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"
		     "PolicyAgent\n/v AssumeUDPEncapsulationContextOnSendRule /t REG_DWORD /d 2 "
		     "/f, "
		     "then restart it.");
}

static int emit(struct arena *a, const char *host, const struct probe *p,
		const struct inet_addr *own, struct probe_result *r, struct err *e)
{
	const struct emit_about about = {
		.how = "natdlab probe --emit-mode",
		.word = "probed",
		.places = &host,
		.n_places = 1,
		.hint = " --server IP tells it.",
	};
	struct emit_seen v[PROBES];
	size_t n = probe_emit(p, own, r, v);

	if (!emit_modes(stdout, a, &about, v, n))
		return err_set(e, ERR_FAILED,
			       "probe: no answer (%s): there is nothing to replay",
			       r->end[PROBE_WINDOWS]);
	return 0;
}

/* Prints what was asked for; the exit status. */
static int tell(struct arena *a, const struct args *args, const struct wire *w,
		const struct probe *p, const struct inet_addr *own)
{
	struct probe_result r;
	struct err e = {0};

	probe_judge(p, &r);
	if (args_flag(args, "emit-mode"))
		return emit(a, args->v[0], p, own, &r, &e) ? report_err(&e) : 0;
	if (!strcmp(args_value(args, "format", "text"), "json"))
		json_probe(stdout, w->server, w->local, &r);
	else
		print_result(w, p, &r);
	if (w->refused)
		puts("Its machine says that nobody listens there (ICMP port unreachable).");
	return r.answered[PROBE_WINDOWS] && r.home[0] == WINDOWS_CONNECTS ? 0 : 1;
}

static int read_emit(const struct args *args, struct inet_addr *own, struct err *e)
{
	const char *text = args_value(args, "server", NULL);

	*own = (struct inet_addr){0};
	if (args_flag(args, "emit-mode") && args_value(args, "format", NULL))
		return err_set(e, ERR_INPUT, "probe: --emit-mode writes YAML; leave --format out");
	if (text && !args_flag(args, "emit-mode"))
		return err_set(e, ERR_INPUT, "probe: --server is for --emit-mode alone");
	if (!text || inet_parse_addr(text, own))
		return 0;
	return err_set(e, ERR_INPUT, "probe: --server wants an IP address, not \"%s\"", text);
}

static int run(const struct args *args)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct rng *rng = rng_new_os();
	struct wire w = {.fd = -1};
	struct inet_addr own;
	struct err e = {0};
	uint64_t port;
	int status;

	if (read_emit(args, &own, &e) ||
	    args_number(args, "port", 1, 65535, IKE_PORT, &port, &e) || open_wire(&w, args->v[0], (uint16_t)port, &e)) {
		status = report_err(&e);
	} else {
		const struct node_env env = {
			.rng = rng, .send = on_send, .event = on_event, .ctx = &w};
		struct probe *p = probe_new(a, w.local, w.server, &env);

		talk(&w, p);
		status = tell(a, args, &w, p, &own);
		probe_free(p);
	}
	if (w.fd >= 0)
		close(w.fd);
	rng_free(rng);
	return status;
}

const struct verb verb_probe = {
	.name = "probe",
	.args = "HOST",
	.summary = "what Windows would make of somebody's server; no secret needed",
	.more = "Sends Main Mode messages 1 and 3 twice, six packets at the most, and waits three "
		"seconds at the most: once as Windows with a random first NAT-D hash, which a "
		"server "
		"that copies sends back, and once as a client that no server takes for "
		"Microsoft's. "
		"Ask only servers that are yours to ask. "
		"Exit status: 0 a Windows client at home connects without the registry edit; 1 it "
		"does not, or nobody answered. With --emit-mode 0 says that there was something to "
		"write down: natdlab probe --emit-mode HOST >mine.yaml, then natdlab run mine.yaml.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.n_options = ARRAY_LEN(options),
	.run = run,
};
