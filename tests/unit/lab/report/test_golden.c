/* SPDX-License-Identifier: MIT */
/*
 * Every form of output as a whole against a file in tests/data/golden. A change that is meant is
 * taken over by
 *
 *	NATDLAB_RENEW_GOLDEN=1 build/tests/unit/lab/report/test_golden
 *
 * and looked at with git diff before it is committed. New keys in JSON are compatible; a key that
 * is gone or means something else needs another number for `schema`.
 */
#include <stdlib.h>
#include <unistd.h>

#include "lab/analysis/inspect.h"
#include "lab/net/sim.h"
#include "lab/report/json.h"
#include "lab/report/json_inspect.h"
#include "lab/report/json_modes.h"
#include "lab/report/json_probe.h"
#include "lab/report/report_inspect.h"
#include "lab/report/report_lines.h"
#include "lab/report/report_table.h"
#include "lab/run/lab.h"
#include "tests/unit/results.h"
#include "tests/unit/probe_world.h"

#define GOLDEN "tests/data/golden/"
#define CAPTURE "tests/data/captures/kat-se-eip-napt.client.pcap"

/* ---- files ---- */

static char *read_all(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	VEC(char) v = {0};
	int c;

	if (!f)
		return NULL;
	while ((c = getc(f)) != EOF)
		*vec_push(a, &v) = (char)c;
	fclose(f);
	*vec_push(a, &v) = '\0';
	return v.v;
}

static void write_all(const char *path, const char *text)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Compares with the file of that name, or makes it. */
static void assert_golden(struct arena *a, const char *name, const char *text)
{
	const char *path = arena_printf(a, GOLDEN "%s", name), *want;
	size_t line = 1, i = 0;

	if (getenv("NATDLAB_RENEW_GOLDEN"))
		write_all(path, text);
	want = read_all(a, path);
	if (!want)
		fail_msg("%s is missing", path);
	for (; want[i] && want[i] == text[i]; i++)
		line += want[i] == '\n';
	if (want[i] != text[i])
		fail_msg("%s differs in line %zu; the head of this file says how to renew it", path,
			 line);
}

/* A stream into the text of an arena. */
struct text {
	FILE *f;
	char *s;
	size_t len;
};

static struct text *text_open(struct arena *a)
{
	struct text *t = arena_new_of(a, struct text);

	t->f = open_memstream(&t->s, &t->len);
	assert_non_null(t->f);
	return t;
}

static void text_check(struct arena *a, struct text *t, const char *name)
{
	fclose(t->f);
	assert_golden(a, name, t->s);
	free(t->s);
}

/* ---- a run ---- */

/* Four scenarios of the article, in the simulator; @dir: of -o. */
static struct whole *simulated(struct arena *a, const char *dir)
{
	static const char *const ends[] = {"rras-2012r2/registry-0", "rras-2012r2/registry-2",
					   "softether-4/registry-0", "strongswan-5.3/mac", NULL};
	struct whole *w = whole_of(a, topo_load_file(a, ARTICLE), ends);

	w->run.backend = "sim";
	for (size_t i = 0; i < w->run.n; i++) {
		const struct lab_config cfg = {
			.scenario = w->s[i],
			.backend = &net_sim,
			.seed = 1,
			.dir = dir ? arena_printf(a, "%s/%zu", dir, i) : NULL,
		};

		w->r[i] = result_init(arena_alloc(a, result_size(w->s[i])), w->s[i]);
		assert_int_equal(lab_run(&cfg, w->r[i]), 0);
	}
	return w;
}

static void a_run_is_printed_as_ever(void **state)
{
	static const struct report_style plain = {0}, verbose = {.verbose = true};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct whole *w = simulated(a, NULL);
	struct text *t = text_open(a);

	(void)state;
	report_table(t->f, &w->run, &plain);
	text_check(a, t, "run.table");
	t = text_open(a);
	report_table(t->f, &w->run, &verbose);
	text_check(a, t, "run-v.table");
	t = text_open(a);
	report_markdown(t->f, &w->run);
	text_check(a, t, "run.markdown");
	t = text_open(a);
	report_tap(t->f, &w->run, 1);
	text_check(a, t, "run.tap");
	t = text_open(a);
	report_junit(t->f, &w->run, 1);
	text_check(a, t, "run.junit.xml");
	t = text_open(a);
	json_run(t->f, &w->run);
	text_check(a, t, "run.json");
	t = text_open(a);
	for (size_t i = 0; i < w->run.n; i++)
		json_scenario_line(t->f, &w->run, i);
	text_check(a, t, "run.jsonl");
}

static void the_events_of_a_run_are_written_as_ever(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	char dir[] = "/tmp/natdlab-golden.XXXXXX";
	const char *events, *log;

	(void)state;
	assert_non_null(mkdtemp(dir));
	simulated(a, dir);
	events = read_all(a, arena_printf(a, "%s/2/events.jsonl", dir));
	log = read_all(a, arena_printf(a, "%s/2/log.txt", dir));
	assert_int_equal(system(arena_printf(a, "rm -rf '%s'", dir)), 0);
	assert_non_null(events);
	assert_non_null(log);
	assert_golden(a, "events.jsonl", events);
	assert_golden(a, "log.txt", log);
}

/* ---- a capture, a server, modes ---- */

static void a_capture_is_judged_as_ever(void **state)
{
	static const struct inspect_style plain = {0};
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct inspect_hints none = {0};
	const struct ev_sink sink = {0};
	struct watch *w = watch_new(a, &sink);
	FILE *f = fopen(CAPTURE, "rb");
	struct inspect_source s = {.name = "client"};
	struct inspection in = {0};
	struct text *t;

	(void)state;
	assert_non_null(f);
	s.reader = capture_open(f, "client", NULL);
	assert_non_null(s.reader);
	inspect_read(a, w, &s, 1, &in);
	inspect_judge(a, w, &none, &in);
	capture_close(s.reader);
	fclose(f);
	t = text_open(a);
	report_inspect(t->f, &in, &plain);
	text_check(a, t, "inspect.txt");
	t = text_open(a);
	json_inspection(t->f, &in);
	text_check(a, t, "inspect.json");
}

static void a_server_is_probed_as_ever(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	const struct probe_wire wire = {.server = inet_ep(inet_v4(PUBLIC), 500)};
	struct text *t = text_open(a);
	struct probe_result r;
	unsigned sent;
	usec took;

	(void)state;
	r = ask(a, "softether-4", true, true, false, &took, &sent);
	json_probe(t->f, &wire, sent, &r);
	text_check(a, t, "probe.json");
}

static void modes_are_told_as_ever(void **state)
{
	CLEANUP(arena_freep) struct arena *a = arena_new();
	struct text *t = text_open(a);

	(void)state;
	json_modes(t->f, NULL, NULL);
	text_check(a, t, "modes.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_printed_as_ever),
		cmocka_unit_test(the_events_of_a_run_are_written_as_ever),
		cmocka_unit_test(a_capture_is_judged_as_ever),
		cmocka_unit_test(a_server_is_probed_as_ever),
		cmocka_unit_test(modes_are_told_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
