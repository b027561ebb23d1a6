/* SPDX-License-Identifier: MIT */
/* Virtual machines, as far as no kernel is needed: files, QEMU's framing, what people are told. */
#include "lab/vm/qemu_stream.h"
#include "tests/unit/topo_text.h"

#include <stdlib.h>

#include "lab/base/wire.h"
#include "lab/plan/plan.h"
#include "lab/result/predict.h"
#include "lab/net/sim.h"
#include "lab/vm/vm.h"
#include "lab/topology/scenario_query.h"

#define CLIENT "client: {kind: client, mode: windows-10, registry: 0, dials: 203.0.113.10}"
#define SERVER                                                                                     \
	"server: {kind: server, mode: rras-2012r2, psk: lab-psk, allow: [udp/500, udp/4500]}"
#define VM_CLIENT "client: {kind: vm, mode: windows-10, registry: 0, dials: server}"
#define VM_SERVER "server: {kind: vm, mode: rras-2012r2, allow: [udp/500, udp/4500]}"

static struct scenario *vm_scenario(struct arena *a, const char *from, const char *to)
{
	char *mistakes = NULL;
	struct topology *t = load(a, replaced(a, from, to), &mistakes);

	if (!t)
		fail_msg("%s", mistakes);
	return scenario_new(a, t, 0);
}

/* ---- files ---- */

static void a_machine_is_what_its_mode_is(void **state)
{
	struct arena *a = arena_new();
	struct prediction p;
	const struct scenario *s;
	const struct node *n;

	(void)state;
	s = vm_scenario(a, SERVER, VM_SERVER);
	n = scenario_node(s, "server");
	assert_int_equal(n->kind, KIND_SERVER);
	assert_true(n->vm);
	assert_string_equal(n->mode_name, "vm as rras-2012r2");
	assert_string_equal(vm_socket(a, n), "server.sock");
	assert_non_null(net_sim.refuses(s));

	s = vm_scenario(a, CLIENT, "client: {kind: vm, mode: windows-10, registry: 0, "
				   "dials: server, socket: /run/w.sock}");
	n = scenario_node(s, "client");
	assert_int_equal(n->kind, KIND_CLIENT);
	assert_string_equal(vm_socket(a, n), "/run/w.sock");
	/* The pre-shared key is typed into the machine: nobody knows of a mismatch. */
	s = topo_scenario(a, s->topology, "rras-2012r2/registry-2");
	p = predict(a, s, 0)[scenario_node(s, "client") - s->nodes];
	assert_string_equal(outcome_name(p.agreed.outcome), "connected");
	arena_free(a);
}

static void what_a_machine_cannot_be_is_a_mistake(void **state)
{
	static const char long_path[] =
		"client: {kind: vm, mode: windows-10, dials: server, socket: "
		"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa}";
	static const struct {
		const char *from, *to, *said;
	} v[] = {
		{CLIENT, "client: {kind: vm, dials: server}",
		 "client has no mode: is the machine a client or a server?"},
		{CLIENT, "client: {kind: vm, mode: windows-11, dials: server}",
		 "unknown mode \"windows-11\""},
		{CLIENT, "client: {kind: vm, mode: windows-10}", "client has no dials"},
		{SERVER, "server: {kind: vm, mode: rras-2012r2, dials: 203.0.113.10}",
		 "server is a server by its mode and dials no server"},
		{CLIENT, "client: {kind: vm, mode: windows-10, dials: server, psk: a}",
		 "psk is a key of client, server; client is of kind vm"},
		{CLIENT, "client: {kind: vm, mode: windows-10, dials: server, nft: a}",
		 "nft is a key of"},
		{CLIENT, "client: {kind: client, mode: windows-10, dials: server, socket: a}",
		 "socket is a key of vm; client is of kind client"},
		{CLIENT, long_path, "the path of a UNIX socket has at most 107 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct arena *a = arena_new();
		char *mistakes = NULL;

		if (load(a, replaced(a, v[i].from, v[i].to), &mistakes) ||
		    !strstr(mistakes, v[i].said))
			fail_msg("%s: %s", v[i].said, mistakes ? mistakes : "good");
		arena_free(a);
	}
}

static const char two_machines[] =
	"name: two\n"
	"topology:\n"
	"  nodes:\n"
	"    a: {kind: vm, mode: windows-10, dials: b%s}\n"
	"    r: {kind: router}\n"
	"    b: {kind: vm, mode: rras-2012r2%s}\n"
	"  links:\n"
	"    - {endpoints: [\"a:e\", \"%s\"], subnet: 10.0.1.0/24}\n"
	"    - {endpoints: [\"%s\", \"r:y\"], subnet: 10.0.2.0/24}\n";

static void two_machines_have_two_sockets_and_no_link_of_their_own(void **state)
{
	static const struct {
		const char *a, *b, *first, *second, *said;
	} v[] = {
		{"", "", "r:x", "b:e", NULL},
		{", socket: s", ", socket: s", "r:x", "b:e", "a and b have the same socket"},
		{"", ", socket: a.sock", "r:x", "b:e", "a and b have the same socket"},
		{"", "", "b:e", "b:f", "b has 2 links; a virtual machine has one"},
		{"", "", "b:e", "a:f", "a has 2 links; a virtual machine has one"},
	};
	char *mistakes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct arena *a = arena_new();
		const char *text = arena_printf(a, two_machines, v[i].a, v[i].b, v[i].first,
						v[i].second);
		const struct topology *t;

		mistakes = NULL;
		t = load(a, text, &mistakes);
		if (!t != (v[i].said != NULL) || (v[i].said && !strstr(mistakes, v[i].said)))
			fail_msg("%zu: %s", i, mistakes ? mistakes : "good");
		arena_free(a);
	}
}

/* A machine loads no rules: what may come in is decided at the link's other end, for it alone. */
static void a_machines_security_group_stands_before_it(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s = vm_scenario(a, SERVER, VM_SERVER);
	const char *rules = ruleset_text(a, s, (unsigned)(scenario_node(s, "igw") - s->nodes), 1);

	(void)state;
	assert_null(ruleset_text(a, s, (unsigned)(scenario_node(s, "server") - s->nodes), 1));
	assert_non_null(strstr(rules, "table ip before-server {"));
	assert_non_null(strstr(rules, "\t\toifname != \"vpc\" accept\n"
				      "\t\tct state established,related accept\n"
				      "\t\tudp dport 500 accept\n"
				      "\t\tudp dport 4500 accept\n"
				      "\t\tcounter name \"dropped\" drop\n"));
	assert_null(ruleset_text(a, s, (unsigned)(scenario_node(s, "net") - s->nodes), 1));
	arena_free(a);
}

/* ---- what people are told ---- */

static char *announced(struct arena *a, const struct scenario *s, const char *node,
		       const char *path)
{
	char *buf = NULL, *out;
	size_t len;
	FILE *f = open_memstream(&buf, &len);

	assert_non_null(f);
	vm_announce(f, s, scenario_node(s, node), path);
	fclose(f);
	out = arena_str(a, buf);
	free(buf);
	return out;
}

static void the_lines_to_type_can_be_copied(void **state)
{
	struct arena *a = arena_new();
	const struct scenario *s =
		topo_scenario(a, vm_scenario(a, CLIENT, VM_CLIENT)->topology,
			      "rras-2012r2/registry-2");
	const char *text;

	(void)state;
	text = announced(a, s, "client", "/tmp/a b,c'd.sock");
	assert_non_null(strstr(text, "-netdev stream,id=lab,server=off,addr.type=unix,"
				     "addr.path='/tmp/a b,,c'\\''d.sock' \\\n"));
	assert_non_null(strstr(text, "-device e1000e,netdev=lab,mac=02:00:00:00:00:"));
	assert_non_null(strstr(text, "gets 192.168.1.10/24"));
	assert_non_null(strstr(text, "-ServerAddress 203.0.113.10 -TunnelType L2tp "
				     "-L2tpPsk 'lab-psk'"));
	text = announced(a, vm_scenario(a, SERVER, VM_SERVER), "server", "/tmp/s.sock");
	assert_non_null(strstr(text, "addr.path=/tmp/s.sock \\\n"));
	assert_non_null(strstr(text, "client dials 203.0.113.10, pre-shared key lab-psk"));
	arena_free(a);
}

/* U+2019 and U+2018 end a string of PowerShell's, and U+202E turns the line round. */
static void a_hostile_key_cannot_leave_its_quotes(void **state)
{
	static const char server[] =
		"server: {kind: server, mode: rras-2012r2, psk: \"k\xe2\x80\x99; calc; "
		"\xe2\x80\x98\xe2\x80\xae\", allow: [udp/500, udp/4500]}";
	struct arena *a = arena_new();
	char *mistakes = NULL, *file = replaced(a, SERVER, server);
	const char *at = strstr(file, CLIENT);
	const struct topology *t;
	const char *text;

	(void)state;
	t = load(a, arena_printf(a, "%.*s%s%s", (int)(at - file), file, VM_CLIENT,
				 at + strlen(CLIENT)), &mistakes);
	if (!t)
		fail_msg("%s", mistakes);
	text = announced(a, topo_scenario(a, t, "rras-2012r2/registry-2"), "client", "s");
	assert_non_null(strstr(text, "-L2tpPsk ('k\xe2\x80\x99\xe2\x80\x99; calc; "
				     "\xe2\x80\x98\xe2\x80\x98'+[char]0x202E+'') -Auth"));
	text = announced(a, topo_scenario(a, t, "rras-2012r2/mac"), "client", "s");
	assert_non_null(strstr(text, "pre-shared key k\xe2\x80\x99; calc; \xe2\x80\x98"
				     "\\u{202E}.\n"));
	arena_free(a);
}

static void the_registry_is_set_or_taken_away(void **state)
{
	static const struct {
		const char *value, *said;
	} v[] = {
		{"0", "reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent /v "
		      "AssumeUDPEncapsulationContextOnSendRule /t REG_DWORD /d 0 /f"},
		{"2", "/d 2 /f"},
		{"absent", "reg delete HKLM\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent /v "
			   "AssumeUDPEncapsulationContextOnSendRule /f"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct arena *a = arena_new();
		char *file = replaced(a, CLIENT,
				      arena_printf(a, "client: {kind: vm, mode: windows-10, "
						      "registry: %s, dials: server}", v[i].value));
		const char *text;

		*strstr(file, "matrix:") = '\0'; /* which would change it */
		text = announced(a, scenario_new(a, topo_load(a, file), 0), "client", "s");
		if (!strstr(text, v[i].said))
			fail_msg("%s", text);
		arena_free(a);
	}
}

/* ---- QEMU's framing ---- */

struct collected {
	size_t n, bytes;
	uint8_t first[8]; /* first bytes of the first frames */
	enum vm_next end;
};

/* Feeds @len bytes in pieces of @piece. */
static struct collected feed(const uint8_t *p, size_t len, size_t piece)
{
	struct vm_stream *st = calloc(1, sizeof(*st));
	struct collected c = {.end = VM_MORE};

	assert_non_null(st);
	for (size_t at = 0; at < len && c.end != VM_BROKEN;) {
		const uint8_t *frame;
		size_t room, n;
		uint8_t *to = vm_stream_room(st, &room);

		assert_true(room > 0);
		n = MIN(MIN(piece, room), len - at);
		memcpy(to, p + at, n);
		vm_stream_fill(st, n);
		at += n;
		while ((c.end = vm_stream_next(st, &frame, &n)) == VM_FRAME) {
			assert_in_range(n, VM_FRAME_MIN, VM_FRAME_MAX);
			if (c.n < sizeof(c.first))
				c.first[c.n] = frame[0];
			c.n++;
			c.bytes += n;
		}
	}
	free(st);
	return c;
}

/* Frames of these lengths, filled with 1, 2, 3, ... */
static size_t stream_of(const size_t *lens, size_t n, uint8_t *out, size_t size)
{
	struct wr w = wr_new(out, size);

	for (size_t i = 0; i < n; i++) {
		uint8_t *p;

		wr_u32(&w, (uint32_t)lens[i]);
		p = wr_reserve(&w, lens[i]);
		assert_non_null(p);
		memset(p, (int)i + 1, lens[i]);
	}
	assert_true(wr_ok(&w));
	return wr_len(&w);
}

static void frames_come_out_whole_however_they_were_cut(void **state)
{
	static const size_t lens[] = {60, 1, 14, 2048, 2049, 13, 65536, 1514, VM_LENGTH_MAX, 60};
	static uint8_t buf[200000];
	size_t len = stream_of(lens, ARRAY_LEN(lens), buf, sizeof(buf));
	static const size_t pieces[] = {1, 2, 3, 5, 7, 63, 1000, 1518, 4096, 16384, 200000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		const struct collected c = feed(buf, len, pieces[i]);

		assert_int_equal(c.n, 5);
		assert_int_equal(c.bytes, 60 + 14 + 2048 + 1514 + 60);
		assert_memory_equal(c.first, ((const uint8_t[]){1, 3, 4, 8, 10}), 5);
		assert_int_equal(c.end, VM_MORE);
	}
	/* Each shorter beginning has fewer frames, and none of it is taken for broken. */
	for (size_t n = 0; n < 4 + 60 + 4 + 1 + 4 + 14 + 4 + 2048; n++)
		assert_int_equal(feed(buf, n, 4096).n,
				 n < 64 ? 0 : n < 64 + 5 + 18 ? 1 : 2);
}

static void a_length_that_cannot_be_is_the_end(void **state)
{
	static const uint32_t lens[] = {0, VM_LENGTH_MAX + 1, 0x7fffffff, 0xffffffff};
	uint8_t buf[64 + 4 + 60];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct wr w = wr_new(buf, sizeof(buf));
		struct collected c;

		wr_u32(&w, 60);
		wr_zeros(&w, 60);
		wr_u32(&w, lens[i]);
		wr_zeros(&w, 60);
		c = feed(buf, wr_len(&w), 3);
		assert_int_equal(c.n, 1);
		assert_int_equal(c.end, VM_BROKEN);
	}
}

static void what_is_wrapped_is_what_is_read(void **state)
{
	uint8_t frame[VM_FRAME_MAX + 1], out[VM_HEADER + VM_FRAME_MAX];

	(void)state;
	memset(frame, 7, sizeof(frame));
	assert_int_equal(vm_stream_wrap(out, frame, 60), 64);
	assert_memory_equal(out, ((const uint8_t[]){0, 0, 0, 60, 7}), 5);
	assert_int_equal(feed(out, 64, 64).n, 1);
	assert_int_equal(vm_stream_wrap(out, frame, VM_FRAME_MAX), VM_HEADER + VM_FRAME_MAX);
	assert_int_equal(vm_stream_wrap(out, frame, VM_FRAME_MAX + 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_is_what_its_mode_is),
		cmocka_unit_test(what_a_machine_cannot_be_is_a_mistake),
		cmocka_unit_test(two_machines_have_two_sockets_and_no_link_of_their_own),
		cmocka_unit_test(a_machines_security_group_stands_before_it),
		cmocka_unit_test(the_lines_to_type_can_be_copied),
		cmocka_unit_test(a_hostile_key_cannot_leave_its_quotes),
		cmocka_unit_test(the_registry_is_set_or_taken_away),
		cmocka_unit_test(frames_come_out_whole_however_they_were_cut),
		cmocka_unit_test(a_length_that_cannot_be_is_the_end),
		cmocka_unit_test(what_is_wrapped_is_what_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
