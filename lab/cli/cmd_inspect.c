/* SPDX-License-Identifier: MIT */
/* cmd_inspect.c - natdlab inspect CAPTURE...: what a capture shows. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lab/base/text.h"
#include "lab/infer/emit_topology.h"
#include "lab/cli/cli_priv.h"
#include "lab/cli/confine.h"
#include "lab/os/source_file.h"
#include "lab/report/json_inspect.h"
#include "lab/report/report_inspect.h"

#define FILE_BUFFER (1024 * 1024)
static const struct option options[] = {
	{"format", 'f', "text|json", false, "how to print the judgement (text)"},
	{"client", 0, "IP", false, "the client's own address"},
	{"server", 0, "IP", false, "the server's own address, as its own interface has it"},
	{"known", 0, "IP", true, "another address to try behind the hashes"},
	{"unmask", 0, NULL, false, "find private addresses behind hashes by trying all (Ctrl-C ends it)"},
	{"port", 0, "PORT", true, "for --unmask: another port to try (besides 500, 4500 and 0)"},
	{"verbose", 'v', NULL, false, "whole hashes and vendor IDs, and every exchange in full"},
	{"emit-mode", 0, NULL, false,
	 "print a topology file instead, whose modes replay the servers"},
};

/* A capture file, open. */
struct input {
	FILE *f;
	const char *shown; /* its name in messages */
	char *buffer;
};

/* The last part of a path. */
static const char *place_name(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return text_shown(a, slash && slash[1] ? slash + 1 : path);
}

/* 0, or -1 for a folder, of which is said where in it the captures are. */
static int refuse_folder(struct arena *a, const char *path, FILE *f, struct err *e)
{
	char *folder = arena_str(a, path);
	struct stat st;

	for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/'; n--)
		folder[n - 1] = '\0';
	if (fstat(fileno(f), &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	if (!access(arena_printf(a, "%s/run.json", path), F_OK))
		return err_set(e, ERR_INPUT,
			       "inspect: %s is a folder that natdlab run -o kept; a scenario's "
			       "capture in it is %s/ID/capture.pcapng",
			       folder, folder);
	if (!access(arena_printf(a, "%s/capture.pcapng", path), F_OK))
		return err_set(e, ERR_INPUT,
			       "inspect: %s is a folder; the capture in it is %s/capture.pcapng",
			       folder, folder);
	return err_set(e, ERR_INPUT, "inspect: %s is a folder; give the captures in it", folder);
}

static int open_input(struct arena *a, const char *path, struct input *in, struct inspect_source *s,
		      struct err *e)
{
	bool standard = is_standard_input(path);

	in->shown = standard ? "standard input" : path;
	s->name = standard ? "standard input" : place_name(a, path);
	in->f = standard ? stdin : fopen(path, "re");
	if (!in->f) {
		err_sys(e, "cannot open %s", in->shown);
		e->kind = ERR_INPUT;
		return -1;
	}
	if (refuse_folder(a, path, in->f, e))
		return -1;
	in->buffer = malloc(FILE_BUFFER);
	if (in->buffer)
		setvbuf(in->f, in->buffer, _IOFBF, FILE_BUFFER);
	return 0;
}

static void close_inputs(struct input *in, struct inspect_source *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		capture_close(s[i].reader);
		if (in[i].f && in[i].f != stdin)
			fclose(in[i].f);
		if (in[i].f != stdin)
			free(in[i].buffer);
	}
}

static int read_address(const char *text, const char *option, struct inet_addr *out, struct err *e)
{
	if (!text || inet_parse_addr(text, out))
		return 0;
	return err_set(e, ERR_INPUT, "inspect: --%s wants an IP address, not \"%s\"", option, text);
}

/* What can be seen to be wrong before anything is read. */
static int check_args(const struct args *args, struct err *e)
{
	unsigned standard = 0;

	for (unsigned i = 0; i < args->n; i++)
		standard += is_standard_input(args->v[i]);
	if (standard > 1)
		return err_set(e, ERR_INPUT, "inspect: standard input (-) is given twice");
	if (args_nth(args, "port", 0) && !args_flag(args, "unmask"))
		return err_set(e, ERR_INPUT, "inspect: --port is for --unmask alone");
	if (args_flag(args, "emit-mode") && args_value(args, "format"))
		return err_set(e, ERR_INPUT,
			       "inspect: --emit-mode writes YAML; leave --format out");
	return 0;
}

static int read_hints(struct arena *a, const struct args *args, struct inspect_hints *h,
		      struct err *e)
{
	VEC(struct known) known = {0};
	const char *text;

	if (read_address(args_value(args, "client"), "client", &h->client.addr, e) ||
	    read_address(args_value(args, "server"), "server", &h->server.addr, e))
		return -1;
	h->client.port = h->server.port = IKE_PORT;
	for (unsigned i = 0; (text = args_nth(args, "known", i)); i++) {
		struct known k = {0};

		if (read_address(text, "known", &k.ep.addr, e))
			return -1;
		*vec_push(a, &known) = k;
	}
	if (h->client.addr.len)
		*vec_push(a, &known) = (struct known){inet_ep(h->client.addr, 0), "client"};
	if (h->server.addr.len)
		*vec_push(a, &known) = (struct known){inet_ep(h->server.addr, 0), "server"};
	h->known = known.v;
	h->n_known = known.n;
	return 0;
}

/* 0 when a connection works and none was blocked or failed: what is undecided is no success, as
 * in a run. */
static int exit_status(const struct inspection *in)
{
	bool works = false;

	for (size_t i = 0; i < in->n; i++) {
		switch (in->v[i].d.outcome) {
		case OUTCOME_BLOCKED:
		case OUTCOME_FAILED:
			return 1;
		case OUTCOME_CONNECTED:
			works = true;
			break;
		case OUTCOME_UNDECIDED:
			break;
		}
	}
	return works ? 0 : 1;
}

/* What a damaged file held before its damage is judged all the same. */
static int tell_damage(const struct inspect_source *s, size_t n)
{
	int status = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i].damage.kind != ERR_NONE)
			status = report_err(&s[i].damage);
	return status;
}

/* ---- --emit-mode ---- */

static int emit(struct arena *a, const struct inspection *in, usec end,
		const struct inspect_source *s, size_t n_sources, struct err *e)
{
	struct emit_seen *v = arena_array_of(a, MAX(in->n, 1U), struct emit_seen);
	const char **places = arena_array_of(a, n_sources, const char *);
	const struct emit_about about = {
		.how = "natdlab inspect --emit-mode",
		.word = "captured",
		.places = places,
		.n_places = n_sources,
		.hint = " --server IP tells it, and --unmask finds a private one.",
		.end = end,
		.frames = true,
	};

	for (size_t i = 0; i < n_sources; i++)
		places[i] = s[i].name;
	for (size_t i = 0; i < in->n; i++) {
		v[i] = (struct emit_seen){
			.x = in->v[i].x, .j = &in->v[i].j, .searched = in->v[i].searched};
		emit_judge(&v[i]);
	}
	if (!emit_modes(stdout, a, &about, v, in->n))
		return err_set(e, ERR_FAILED,
			       "inspect: no message 1 of Main Mode with its answer was captured: "
			       "there is nothing to replay");
	return 0;
}

static int inspect_all(struct arena *a, const struct args *args, struct inspect_hints *hints,
		       struct unmask_search *unmask, struct inspect_source *s)
{
	const struct inspect_style style = {
		.colour = want_colour(),
		.verbose = args_flag(args, "verbose"),
	};
	struct watch *w = watch_new(a, NULL);
	struct inspection in;
	struct err e = {0};
	bool emits = args_flag(args, "emit-mode");
	int damage, status, ended = 0;

	if (emits)
		watch_keep(w);
	inspect_read(a, w, s, args->n, &in);
	inspect_judge(a, w, hints, &in);
	if (args_flag(args, "unmask"))
		ended = inspect_unmask(a, unmask, w, hints, &in);
	if (emits) {
		status = emit(a, &in, watch_end(w), s, args->n, &e) ? report_err(&e) : 0;
		damage = tell_damage(s, args->n);
		return status ? status : damage;
	}
	if (args_choice(args, "format") == FORMAT_JSON)
		json_inspection(stdout, &in);
	else
		report_inspect(stdout, &in, &style);
	status = exit_status(&in);
	damage = tell_damage(s, args->n);
	if (ended)
		return 128 + ended;
	return in.n == in.hidden && damage ? damage : status;
}

static int run(const struct args *args)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct inspect_source *s = arena_array_of(a, args->n, struct inspect_source);
	struct input *in = arena_array_of(a, args->n, struct input);
	struct inspect_hints hints = {0};
	struct unmask_search unmask = {0};
	struct err e = {0};
	int status = 0;

	if (check_args(args, &e) || read_hints(a, args, &hints, &e))
		return report_err(&e);
	if (args_flag(args, "unmask") && unmask_prepare(a, args, &unmask, &e))
		return report_err(&e);
	for (unsigned i = 0; i < args->n && !status; i++)
		if (open_input(a, args->v[i], &in[i], &s[i], &e))
			status = report_err(&e);
	crypto_prepare();
	confine();
	for (unsigned i = 0; i < args->n && !status; i++) {
		s[i].reader = capture_open(in[i].f, in[i].shown, &e);
		if (!s[i].reader)
			status = report_err(&e);
	}
	if (!status)
		status = inspect_all(a, args, &hints, &unmask, s);
	close_inputs(in, s, args->n);
	if (unmask.workers)
		unmask_workers_end(unmask.workers);
	return status;
}

const struct verb verb_inspect = {
	.name = "inspect",
	.args = "CAPTURE...",
	.summary = "judge anybody's pcap or pcapng",
	.more = "Reads captures of IKEv1 (L2TP/IPsec) connections, says whose NAT-D hash is whose, "
		"who is behind NAT, what Windows makes of it with each registry value, and what "
		"went wrong: the cause, the cure, and what is not the cause. Several captures "
		"are several places of one network. \"-\" is standard input.\n\n"
		"Exit status: 0 a connection works and none was blocked or failed; 1 one was blocked "
		"or failed, or all are undecided (IKEv2 always is), or there is none; 2 bad "
		"input.\n\n"
		"To replay the servers of a capture in the lab, as modes of your own: natdlab "
		"inspect --emit-mode CAPTURE >mine.yaml, then natdlab run mine.yaml; the exit status "
		"is then 0 when there was one to write down.",
	.min_args = 1,
	.max_args = ARGS_MAX,
	OPTIONS(options),
	.run = run,
};
