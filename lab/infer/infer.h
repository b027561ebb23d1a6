/* SPDX-License-Identifier: MIT */
/*
 * infer.h - from what was seen of a server to a mode that does the same. Pure.
 *
 * A mode has many members, a capture shows a few of them. So a server is described as a built-in
 * mode with as few changes as will make it do what was seen: each is tried in turn, and the one
 * with the fewest changes is taken. What was not seen stays as that mode has it, and the inference
 * knows which that is, and where the rest was seen.
 */
#ifndef NATDLAB_INFER_INFER_H
#define NATDLAB_INFER_INFER_H

#include "lab/infer/evidence.h"

/* Other modes that need as few changes, the first so many. */
struct infer_equals {
	size_t n;
	const struct server_mode *v[8];
};

/* The best of the built-in modes: one that is not odd, if there is one, with the fewest changes.
 * Vendor IDs are views into what was kept. */
void infer_server(const struct observed_server *s, struct inference *out,
		  struct infer_equals *equals);

/* Can @x be of the same server, or is @s another product at the same address? */
bool infer_joins(const struct observed_server *s, const struct exchange *x,
		 const struct judgement *j, bool searched);

#endif
