/* SPDX-License-Identifier: MIT */
#include "lab/infer/infer.h"

#include "lab/infer/infer_answer.h"
#include "lab/infer/infer_natd.h"
#include "lab/infer/infer_timers.h"
#include "lab/infer/infer_vids.h"

/* @like with the changes that what was seen asks for. */
static void infer_row(const struct server_mode *like, const struct observed_server *s,
		      struct inference *out)
{
	*out = (struct inference){.like = like, .row = *like};
	infer_vids(out, s);
	infer_answers(out, s);
	infer_hashes(out, s);
	infer_times(out, s);
	out->n_said = members_differ(&mode_members, ROLE_SERVER, like, &out->row, out->said);
	for (size_t i = 0; i < mode_members.n; i++)
		if (out->said[i])
			out->of[mode_members.v[i].aspect].state = CHANGED;
}

static unsigned cost(const struct inference *f)
{
	return f->n_said + (f->odd ? MEMBERS_MAX : 0);
}

void infer_server(const struct observed_server *s, struct inference *out,
		  struct infer_equals *equals)
{
	size_t n;
	const struct server_mode *const *rows = mode_servers(&n);
	struct inference one;

	equals->n = 0;
	infer_row(rows[0], s, out);
	for (size_t i = 1; i < n; i++) {
		infer_row(rows[i], s, &one);
		if (cost(&one) < cost(out)) {
			*out = one;
			equals->n = 0;
		} else if (cost(&one) == cost(out) && equals->n < ARRAY_LEN(equals->v)) {
			equals->v[equals->n++] = rows[i];
		}
	}
}

/* Exchanges of one server have one row; together they need hardly more changes than each alone. */
bool infer_joins(const struct observed_server *s, const struct exchange *x,
		 const struct judgement *j, bool searched)
{
	enum { GRACE = 1 };
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct observed_server *both = arena_copy(a, s, sizeof(*s));
	struct observed_server *alone = arena_new_of(a, struct observed_server);
	struct inference f, g, h;
	struct infer_equals equals;

	if (both->n == OBSERVED_EXCHANGES)
		both->n--;
	evidence_add(a, both, x, j, searched);
	alone->end = s->end;
	evidence_add(a, alone, x, j, searched);
	infer_server(s, &f, &equals);
	infer_server(alone, &g, &equals);
	infer_server(both, &h, &equals);
	return cost(&h) <= MAX(cost(&f), cost(&g)) + GRACE;
}
