/* SPDX-License-Identifier: MIT */
/*
 * fuzz_watch.c - any capture through the eye and before the judge.
 *
 * The bytes are a capture file, so that the reference captures are inputs to begin with; frames
 * go alternately to two places, and every exchange is judged with and without known addresses.
 */
#include <string.h>

#include "lab/capture/pcapng.h"
#include "lab/analysis/natd_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void no_event(void *ctx, const struct event *e)
{
	(void)ctx;
	assert(e->wire && e->place && e->kind <= EV_OTHER);
}

static void check_exchange(const struct exchange *x)
{
	const struct inet_ep own = inet_ep(inet_v4(0x0a140002), 500);
	const struct inet_ep server = inet_ep(inet_v4(0xac1f100a), 500);
	const struct known known[] = {{own, "client"}, {inet_ep(server.addr, 0), "server"}};
	struct judgement j;

	assert(x->n_vids[0] <= WATCH_VIDS && x->n_vids[1] <= WATCH_VIDS);
	assert(x->natd3.n <= 8 && x->natd4.n <= 8 && x->first <= x->last);
	for (unsigned n = 1; n <= 6; n++) {
		assert(x->mm[n].n_sightings <= WATCH_NAMES);
		assert(x->mm[n].seen == (x->mm[n].n_sightings > 0));
	}
	natd_judge(x, NULL, 0, NULL, NULL, &j);
	assert(!j.complete || j.natt);
	natd_judge(x, known, ARRAY_LEN(known), &own, &server, &j);
	for (size_t i = 0; i < x->natd4.n; i++)
		assert(j.letter4[i] >= 'A' && j.letter4[i] < 'A' + 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const places[] = {"client", "server"};
	const struct ev_sink sink = {.put = no_event};
	FILE *f = len ? fmemopen((void *)(uintptr_t)data, len, "r") : NULL;
	struct arena *a = arena_new();
	struct watch *w = watch_new(a, &sink);
	struct capture_reader *r = f ? capture_open(f, "input", NULL) : NULL;
	struct exchange *const *v;
	struct capture_frame frame;
	size_t n;

	while (r && capture_next(r, &frame, NULL) > 0)
		watch_frame(w, places[frame.number % 2], frame.linktype, frame.t,
			    (uint32_t)frame.number, frame.data, frame.len);
	n = watch_exchanges(w, &v);
	for (size_t i = 0; i < n; i++)
		check_exchange(v[i]);
	capture_close(r);
	if (f)
		fclose(f);
	arena_free(a);
	return 0;
}
