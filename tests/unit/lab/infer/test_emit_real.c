/* SPDX-License-Identifier: MIT */
/*
 * Real servers, from their captures to rows of ours and back: the row that inspect --emit-mode
 * writes for each reference capture answers the capture's message 1 with the server's message 2,
 * byte for byte but for the cookie, and message 3 with a message 4 of the same payloads, order and
 * lengths, whose hashes are made of the same things.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <glob.h>
#include <cmocka.h>

#include "lab/analysis/inspect.h"
#include "lab/infer/replay.h"
#include "tests/unit/emitted.h"
#include "tests/unit/real_opening.h"

enum sight { AT_SERVER, AT_BOTH, AT_CLIENT_AND_TOLD, AT_CLIENT, VIEWS };

/* One capture, seen from somewhere, and what becomes of it. */
struct look {
	struct arena *a;
	struct inspection in;
	const char *text;
	const struct server_mode *row;
};

static void open_side(struct inspect_source *s, FILE **f, const char *name, const char *side)
{
	char path[256];

	snprintf(path, sizeof(path), FOLDER "%s.%s.pcap", name, side);
	*f = fopen(path, "rbe");
	assert_non_null(*f);
	s->name = side;
	s->reader = capture_open(*f, side, NULL);
	assert_non_null(s->reader);
}

static struct look look_at(const char *name, enum sight view)
{
	struct look l = {.a = arena_new()};
	struct watch *w = watch_new(l.a, NULL);
	struct inspect_source s[2] = {0};
	struct inspect_hints hints = {0};
	struct known own = {0};
	struct emit_seen *v;
	FILE *f[2];
	size_t n = 0;

	watch_keep(w);
	if (view != AT_SERVER)
		open_side(&s[n], &f[n], name, "client"), n++;
	if (view == AT_SERVER || view == AT_BOTH)
		open_side(&s[n], &f[n], name, "server"), n++;
	if (view == AT_CLIENT_AND_TOLD) {
		inet_parse_addr(strstr(name, "pub-pub") ? "192.0.2.20" : "172.31.16.10",
				&hints.server.addr);
		hints.server.port = IKE_PORT;
		own.ep = inet_ep(hints.server.addr, 0);
		hints.known = &own;
		hints.n_known = 1;
	}
	inspect_read(l.a, w, s, n, &l.in);
	inspect_judge(l.a, w, &hints, &l.in);
	v = arena_array_of(l.a, l.in.n, struct emit_seen);
	for (size_t i = 0; i < l.in.n; i++) {
		v[i] = (struct emit_seen){.x = l.in.v[i].x, .j = &l.in.v[i].j};
		emit_judge(&v[i]);
	}
	l.text = emitted_text(l.a, v, l.in.n, watch_end(w));
	l.row = emitted_row(l.a, l.text);
	for (size_t i = 0; i < n; i++) {
		capture_close(s[i].reader);
		fclose(f[i]);
	}
	return l;
}

/* "strongswan-pub-pub-ms" of "tests/data/captures/strongswan-pub-pub-ms.json" */
static const char *name_of(const char *path, char name[100])
{
	snprintf(name, 100, "%.*s", (int)strlen(path + strlen(FOLDER)) - 5, path + strlen(FOLDER));
	return name;
}

/* Main Mode's captures; there are others, of which no mode can be made. */
static void each_capture(void (*check)(const char *name))
{
	char name[100];
	glob_t files;

	assert_int_equal(glob(FOLDER "{kat,rt,libreswan,softether,strongswan}-*.json", GLOB_BRACE,
			      NULL, &files), 0);
	assert_int_equal(files.gl_pathc, 30);
	for (size_t i = 0; i < files.gl_pathc; i++)
		check(name_of(files.gl_pathv[i], name));
	globfree(&files);
}

static void check_answers(const char *name)
{
	for (enum sight view = AT_SERVER; view < AT_CLIENT; view++) {
		struct look l = look_at(name, view);

		print_message("%s, view %d\n", name, view);
		assert_answers_as_real(name, l.row);
		arena_free(l.a);
	}
}

static void the_row_of_a_capture_answers_as_the_real_server_did(void **state)
{
	(void)state;
	each_capture(check_answers);
}

/* From the client alone, behind two NATs, hashes that lie look like hashes of private addresses;
 * then the file says so, and everything else is as exact as from anywhere. */
static void check_doubts(const char *name)
{
	struct look server = look_at(name, AT_SERVER), client = look_at(name, AT_CLIENT);
	struct replay r;
	bool any = false;

	print_message("%s\n", name);
	for (size_t i = 0; i < client.in.n; i++) {
		const struct exchange *x = client.in.v[i].x;

		if (!x->kept[1].len || !x->kept[2].len)
			continue;
		any = true;
		replay_exchange(client.row, x, &client.in.v[i].j, &r);
		assert_true(replay_same_message2(x, &r));
		assert_int_equal(replay_alike_message4(x, &r), x->kept[4].len > 0);
	}
	assert_true(any);
	if (client.row->natd_own != server.row->natd_own)
		assert_non_null(strstr(client.text, "doubt:   server_hash"));
	if (client.row->natd_peer != server.row->natd_peer)
		assert_non_null(strstr(client.text, "doubt:   peer_hash"));
	arena_free(server.a);
	arena_free(client.a);
}

static void what_the_client_alone_cannot_know_is_written_as_a_doubt(void **state)
{
	(void)state;
	each_capture(check_doubts);
}

/* What was seen of times is the product's own. */
static void times_of_a_capture_are_those_of_its_row(void **state)
{
	static const struct {
		const char *name, *mode;
	} v[] = {
		{"rt-se-mm2", "softether-5"},
		{"rt-se-mm4", "softether-5"},
		{"rt-ls-mm4", "libreswan"},
		{"rt-ss-mm4", "strongswan-5.9"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const struct server_mode *want = mode_server(v[i].mode);
		struct look l = look_at(v[i].name, AT_SERVER);

		assert_memory_equal(&l.row->message2_retry, &want->message2_retry,
				    sizeof(struct retry));
		assert_memory_equal(&l.row->message4_retry, &want->message4_retry,
				    sizeof(struct retry));
		assert_int_equal(l.row->half_open_delete, want->half_open_delete);
		arena_free(l.a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_row_of_a_capture_answers_as_the_real_server_did),
		cmocka_unit_test(what_the_client_alone_cannot_know_is_written_as_a_doubt),
		cmocka_unit_test(times_of_a_capture_are_those_of_its_row),
	};

	return cmocka_run_group_tests_name("emitted modes of real servers", tests, NULL, NULL);
}
