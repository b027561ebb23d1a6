/* SPDX-License-Identifier: MIT */
/*
 * fuzz_emit.c - any capture, written down as modes: what comes out is harmless text and a
 * topology file without a mistake, or nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab/base/text.h"
#include "lab/infer/emit_topology.h"
#include "lab/analysis/inspect.h"
#include "lab/load/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(struct arena *a, const struct emit_seen *v, size_t n, usec end)
{
	static const char *const places[] = {"capture"};
	const struct emit_about about = {
		.how = "a fuzzer",
		.word = "captured",
		.places = places,
		.n_places = 1,
		.hint = "",
		.end = end,
		.frames = true,
	};
	char *text = NULL, *mistakes = NULL;
	size_t len = 0, servers;
	FILE *f = open_memstream(&text, &len);

	assert(f);
	servers = emit_modes(f, a, &about, v, n);
	fclose(f);
	assert((servers > 0) == (len > 0));
	for (const char *p = text; p < text + len;) {
		uint32_t c;

		p += text_next(p, text + len, &c);
		assert(c == '\n' || !text_is_unsafe(c));
	}
	if (servers && !topology_load_buffer(a, "emitted", text, len, NULL, 0, &mistakes)) {
		fprintf(stderr, "%s%s", text, mistakes);
		abort();
	}
	free(text);
}

static void emit(struct capture_reader *reader)
{
	struct arena *a = arena_new();
	struct watch *w = watch_new(a, NULL);
	const struct inspect_hints hints = {0};
	struct inspect_source s = {.reader = reader, .name = "capture"};
	struct inspection in;
	struct emit_seen *v;

	watch_keep(w);
	inspect_read(a, w, &s, 1, &in);
	inspect_judge(a, w, &hints, &in);
	v = arena_array_of(a, in.n + 1, struct emit_seen);
	for (size_t i = 0; i < in.n; i++) {
		v[i] = (struct emit_seen){.x = in.v[i].x, .j = &in.v[i].j};
		emit_judge(&v[i]);
	}
	check(a, v, in.n, watch_end(w));
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct capture_reader *reader;
	FILE *f;

	if (!len)
		return 0;
	f = fmemopen((void *)(uintptr_t)data, len, "r");
	assert(f);
	reader = capture_open(f, "capture", NULL);
	if (reader) {
		emit(reader);
		capture_close(reader);
	}
	fclose(f);
	return 0;
}
