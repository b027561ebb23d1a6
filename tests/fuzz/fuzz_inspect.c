/* SPDX-License-Identifier: MIT */
/*
 * fuzz_inspect.c - any capture through all of `inspect`: no crash, nothing on the terminal that it
 * might obey, and JSON that is whole.
 *
 * The bytes are read as one capture and, cut in the middle, as two of one network.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/analysis/inspect.h"
#include "lab/report/json_inspect.h"
#include "lab/report/report_inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert((uint8_t)text[i] >= 0x20 ? text[i] != 0x7f : text[i] == '\n');
}

static void check_report(const struct inspection *in, bool verbose)
{
	const struct inspect_style style = {.verbose = verbose};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert(f);
	report_inspect(f, in, &style);
	fclose(f);
	assert(len > 0);
	check_text(text, len);
	free(text);
}

static void check_json(const struct inspection *in)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert(f);
	json_inspection(f, in);
	fclose(f);
	assert(len > 2 && text[0] == '{' && text[len - 2] == '}');
	free(text);
}

static void check(const struct inspection *in)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct diagnosis *d = &in->v[i].d;

		assert(d->sig < SIGNATURES && d->sentence[0]);
		assert(strlen(d->sentence) < sizeof(d->sentence) - 1);
		assert(d->n_evidence <= DIAGNOSE_EVIDENCE);
	}
	check_report(in, false);
	check_report(in, true);
	check_json(in);
}

/* Two sources, of which the second may be empty. */
static void inspect_bytes(const uint8_t *data, size_t cut, size_t len)
{
	const size_t sizes[] = {cut, len - cut};
	struct arena *a = arena_new();
	struct watch *w = watch_new(a, NULL);
	const struct inspect_hints hints = {
		.client = {inet_v4(0x0a140002), 500},
		.server = {inet_v4(0xac1f100a), 500},
	};
	const struct inspect_hints none = {0};
	struct inspect_source s[2] = {{.name = "one"}, {.name = "two"}};
	FILE *files[2] = {NULL, NULL};
	struct inspection in;
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		if (!sizes[i])
			continue;
		files[n] = fmemopen((void *)(uintptr_t)(data + (i ? cut : 0)), sizes[i], "r");
		assert(files[n]);
		s[n].reader = capture_open(files[n], s[n].name, &s[n].damage);
		if (s[n].reader)
			n++;
		else
			fclose(files[n]);
	}
	inspect_read(a, w, s, n, &in);
	inspect_judge(a, w, &none, &in);
	check(&in);
	inspect_judge(a, w, &hints, &in);
	check(&in);
	for (size_t i = 0; i < n; i++) {
		capture_close(s[i].reader);
		fclose(files[i]);
	}
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	inspect_bytes(data, len, len);
	inspect_bytes(data, len / 2, len);
	return 0;
}
