/* SPDX-License-Identifier: MIT */
/*
 * fuzz_pcapng.c - any bytes as a capture file: frames within bounds, times that can be
 * subtracted, names that a terminal can bear; and the same frames again after writing them.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/capture/pcapng.h"
#include "lab/capture/pcapng_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint64_t sum; /* so that reading a frame's bytes is not optimised away */

static void check(const struct capture_frame *f, uint64_t n)
{
	assert(f->number == n && f->len <= CAPTURE_SNAP_MAX);
	assert(f->t <= INT64_MAX / 4 && f->t >= INT64_MIN / 4);
	for (size_t i = 0; i < f->len; i++)
		sum += f->data[i];
	for (const char *s = f->iface_name; s && *s; s++)
		assert(*s >= ' ' && *s < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = {"one"};
	FILE *in = len ? fmemopen((void *)(uintptr_t)data, len, "r") : NULL;
	struct capture_writer *w;
	struct capture_reader *r;
	struct capture_frame f;
	uint64_t n = 0, again = 0;
	char *copy = NULL;
	size_t copy_len;
	struct err e;
	FILE *out;
	int end;

	if (!in)
		return 0;
	e = (struct err){0};
	r = capture_open(in, "input", &e);
	if (!r) {
		assert(e.kind && e.text[0]);
		fclose(in);
		return 0;
	}
	out = open_memstream(&copy, &copy_len);
	w = capture_create(out, "fuzz", names, 1);
	while ((end = capture_next(r, &f, &e)) > 0) {
		check(&f, ++n);
		capture_put(w, 0, MAX(f.t, 0), f.data, f.len, n % 2 ? "odd" : NULL);
	}
	assert(!end == !e.kind);
	capture_close(r);
	fclose(in);
	assert(!capture_finish(w, NULL));
	fclose(out);

	in = fmemopen(copy, copy_len, "r");
	r = capture_open(in, "copy", NULL);
	assert(r);
	while ((end = capture_next(r, &f, NULL)) > 0)
		check(&f, ++again);
	assert(!end && again == n);
	capture_close(r);
	fclose(in);
	free(copy);
	return 0;
}
