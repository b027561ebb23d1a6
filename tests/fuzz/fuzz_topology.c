/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a topology file: refused with words, or good, and then every scenario can be
 * planned and predicted.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/base/text.h"
#include "lab/plan/plan.h"
#include "lab/result/predict.h"
#include "lab/load/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct arena *a, const struct topology *t, size_t i)
{
	struct scenario *s = scenario_new(a, t, i);

	(void)plan_new(a, s, i);
	(void)predict(a, s, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *mistakes;
	struct topology *t = topology_load_buffer(a, "f", data, size, NULL, 0, &mistakes);

	assert(!t != !mistakes);
	for (size_t i = 0; t && i < scenario_count(t) && i < 20; i++)
		use(a, t, i);
	for (const char *p = mistakes, *end = p ? p + strlen(p) : NULL; p < end;) {
		uint32_t c;

		p += text_next(p, end, &c);
		assert(c == '\n' || !text_is_unsafe(c)); /* for the terminal */
	}
	arena_free(a);
	return 0;
}
