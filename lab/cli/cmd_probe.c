/* SPDX-License-Identifier: MIT */
/* cmd_probe.c - natdlab probe HOST */
#include <string.h>

#include "lab/cli/cli_priv.h"
#include "lab/base/text.h"
#include "lab/os/probe_socket.h"
#include "lab/probe/probe.h"
#include "lab/report/json_probe.h"
#include "nodes/modes/gate.h"
#include "nodes/wire/isakmp_names.h"

static const struct option options[] = {
	{"format", 'f', "text|json", false, "how to print the answer (text)"},
	{"port", 'p', "N", false, "the server's UDP port (500)"},
	{"emit-mode", 0, NULL, false,
	 "print a topology file instead, whose mode replays the server"},
	{"server", 0, "IP", false, "for --emit-mode: the address of the server's own interface"},
};

static void on_event(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
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
		char buf[INET_EP_STRLEN];

		if (i && natd_same(&x->natd4, i, &x->natd3, 0))
			what = "the random hash that we sent, copied";
		else if (j->known4[i])
			what = inet_ep_str(j->means4[i], buf);
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

/* Why there was no more: the server's own word, or that of the exchange. */
static const char *why(const struct probe_result *r, enum probe_as as, char buf[40])
{
	const char *name = isakmp_notify_name(r->notify[as]);

	if (!r->notify[as])
		return reason_name(r->end[as]);
	if (name)
		return name;
	snprintf(buf, 40, "error %u", r->notify[as]);
	return buf;
}

static void print_exchange(const struct probe_result *r, enum probe_as as)
{
	const struct exchange *x = r->x[as];
	char cipher[24], buf[40];

	printf("\nAsked as %s:\n", as_name(as));
	if (!x) {
		printf("    message 2 did not come (%s)\n", why(r, as, buf));
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
		printf("    message 4 did not come (%s)\n", why(r, as, buf));
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
	if (r->peer_hash == CLASS_FAKED)
		return "pretends a NAT: its hash of us is made of port 0, as Libreswan's\n"
		       "encapsulation=yes does it. It may be behind one, too: its hash of itself "
		       "fits no address\nthat can be known from here";
	return r->server_behind_nat ? "is behind NAT, or pretends to be: its hash fits no address "
				      "that can be known\nfrom here"
				    : "says nothing of NAT";
}

/* Why not from port 500, and how else. NULL: it is from 500. */
static const char *port_words(enum ask_port port)
{
	switch (port) {
	case ASK_500:
		return NULL;
	case ASK_NO_RIGHT:
		return "port 500 is root's; sudo natdlab probe asks from it";
	case ASK_TAKEN:
		return "port 500 is taken by another program here: an IKE daemon?";
	case ASK_OURSELVES:
		return "this machine asks itself";
	}
	return NULL;
}

static void print_head(const struct probe_socket *k, const struct probe *p, const char *host)
{
	const char *port = port_words(k->port);
	struct inet_addr typed;

	printf("%s", INET_EP(k->w.server));
	if (!inet_parse_addr(host, &typed))
		printf(" (%s)", host);
	printf(", asked from %s with %u packets\n", INET_EP(k->w.local), probe_sent(p));
	if (k->n_addresses > 1)
		printf("The name has %u addresses; this is the first.\n", k->n_addresses);
	if (port)
		printf("Not from port 500, as clients do: %s.\n", port);
}

/* ICMP's codes of type 3 (RFC 792, RFC 1812 5.2.7.1). */
static const char *unreachable_words(uint8_t code)
{
	switch (code) {
	case 0:
	case 6:
	case 11:
		return "there is no way to that network";
	case 1:
	case 7:
	case 12:
		return "that host cannot be reached";
	case 3:
		return "nobody listens on that port";
	case 9:
	case 10:
	case 13:
		return "a firewall forbids it";
	default:
		return "it cannot be delivered";
	}
}

/* What to make of silence, or of half an answer. */
static void print_silence(FILE *f, const struct probe_socket *k, const struct probe *p,
			  const struct probe_result *r)
{
	if (k->w.other_sender.port) {
		fprintf(f,
			"%s answered in its place. Clients do not take that, and NATs on the way\n"
			"drop it: the server must answer from the address and port that was "
			"asked.\n",
			INET_EP(k->w.other_sender));
	} else if (k->w.unreachable) {
		fprintf(f, "%s says: %s (ICMP type %u, code %u).\n", INET_ADDR(k->w.icmp_from),
			unreachable_words(k->w.icmp_code), k->w.icmp_type, k->w.icmp_code);
	} else if (r->ike2) {
		fputs("It answered in IKEv2 only. Windows' L2TP/IPsec client speaks IKEv1.\n", f);
	} else if (r->end[PROBE_WINDOWS] == REASON_NO_PROPOSAL) {
		fputs("An IKEv1 server is there, and wants nothing of what Windows 10 offers: its\n"
		      "proposals are others, or it serves other clients, or IKEv2 only.\n",
		      f);
	} else if (r->x[PROBE_WINDOWS]) {
		fputs("It answered message 1, but not message 3, which is longer and comes "
		      "second:\n"
		      "a firewall that limits packets, a NAT that forgets at once, or loss.\n",
		      f);
	} else if (probe_heard(p)) {
		fputs("Something came back, but no IKEv1 answer to what was asked.\n", f);
	} else {
		fprintf(f,
			"Nothing came back in 3 s: no IKEv1 server is there, or UDP port %u is "
			"closed\n"
			"on the way (security group, firewall), or the address is wrong.\n",
			k->w.server.port);
		if (port_words(k->port))
			fputs("Some servers and firewalls answer port 500 only.\n", f);
	}
}

static void print_windows(const struct probe_result *r)
{
	bool dagger = false;

	puts("\nWindows, registry value        0         1         2");
	for (int home = 1; home >= 0; home--) {
		const struct windows_verdict *row = home ? r->home : r->public_client;

		printf("  %-29s", home ? "at home, behind NAT" : "with a public address");
		for (int v = 0; v < GATE_VALUES; v++) {
			const char *word = windows_result_name(row[v].result);
			bool inferred = row[v].result != WINDOWS_UNKNOWN &&
					row[v].certainty != CERTAIN_HIGH;
			char cell[40];

			snprintf(cell, sizeof(cell), "%s%s", word, inferred ? "†" : "");
			text_pad(stdout, cell, v < 2 ? 10 : 0);
			dagger |= inferred;
		}
		putchar('\n');
	}
	if (dagger)
		puts("  † Microsoft's text says so; no capture of it is known");
	if (r->home[0].result == WINDOWS_BLOCKED)
		puts("\nTo let a Windows client in, type there as administrator, then restart:\n"
		     "reg add " GATE_REGISTRY_KEY " /v " GATE_REGISTRY_VALUE
		     " /t REG_DWORD /d 2 /f");
}

static void print_result(const struct probe_socket *k, const struct probe *p, const char *host,
			 const struct probe_result *r)
{
	print_head(k, p, host);
	for (unsigned i = 0; i < PROBES; i++)
		print_exchange(r, i);
	if (!r->answered[PROBE_WINDOWS]) {
		putchar('\n');
		print_silence(stdout, k, p, r);
		return;
	}
	printf("\nThe server %s.\n", own_words(r));
	if (r->self_known)
		printf("We are %s.\n",
		       r->self_behind_nat ? "behind NAT ourselves" : "not behind NAT");
	else
		puts("Whether we are behind NAT it does not tell.");
	print_windows(r);
}

static int emit(struct arena *a, const char *host, const struct probe_socket *k,
		const struct probe *p, const struct inet_addr *own, struct probe_result *r,
		struct err *e)
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

	if (emit_modes(stdout, a, &about, v, n))
		return 0;
	print_silence(stderr, k, p, r);
	return err_set(e, ERR_FAILED, "probe: no answer (%s): there is nothing to replay",
		       reason_name(r->end[PROBE_WINDOWS]));
}

/* Prints what was asked for; the exit status. */
static int tell(struct arena *a, const struct args *args, const struct probe_socket *k,
		const struct probe *p, const struct inet_addr *own)
{
	const char *host = text_shown(a, args->v[0]);
	struct probe_result r;
	struct err e = {0};

	probe_judge(p, &r);
	if (args_flag(args, "emit-mode"))
		return emit(a, host, k, p, own, &r, &e) ? report_err(&e) : 0;
	if (args_choice(args, "format") == FORMAT_JSON)
		json_probe(stdout, &k->w, probe_sent(p), &r);
	else
		print_result(k, p, host, &r);
	return r.answered[PROBE_WINDOWS] && r.home[0].result == WINDOWS_CONNECTS ? 0 : 1;
}

static int read_emit(const struct args *args, struct inet_addr *own, struct err *e)
{
	const char *text = args_value(args, "server");

	*own = (struct inet_addr){0};
	if (args_flag(args, "emit-mode") && args_value(args, "format"))
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
	struct probe_socket k = ASK_CLOSED;
	struct inet_addr own;
	struct err e = {0};
	uint64_t port;
	int status;

	if (args_number(args, "port", 1, 65535, IKE_PORT, &port, &e) || read_emit(args, &own, &e) ||
	    probe_socket_open(&k, args->v[0], (uint16_t)port, &e)) {
		status = report_err(&e);
	} else {
		const struct node_env env = {
			.rng = rng, .send = probe_socket_send, .event = on_event, .ctx = &k};
		struct probe *p = probe_new(a, k.w.local, k.w.server, &env);

		probe_socket_talk(&k, p);
		status = tell(a, args, &k, p, &own);
		probe_free(p);
	}
	probe_socket_close(&k);
	rng_free(rng);
	return status;
}

const struct verb verb_probe = {
	.name = "probe",
	.args = "HOST",
	.summary = "what Windows would make of somebody's server; no secret needed",
	.more = "HOST is a name or an IPv4 address. Sends Main Mode messages 1 and 3 twice, six "
		"packets at the most, and waits three seconds at the most: once as Windows with a "
		"random first NAT-D hash, which a server that copies sends back, and once as a "
		"client that no server takes for Microsoft's. From port 500 if it can (root), else "
		"from another. Ask only servers that are yours to ask. "
		"Exit status: 0 a Windows client at home connects without the registry edit; 1 it "
		"does not, or nobody answered. With --emit-mode 0 says that there was something to "
		"write down: natdlab probe --emit-mode HOST >mine.yaml, then natdlab run "
		"mine.yaml.",
	.min_args = 1,
	.max_args = 1,
	OPTIONS(options),
	.run = run,
};
