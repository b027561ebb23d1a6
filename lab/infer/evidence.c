/* SPDX-License-Identifier: MIT */
#include "lab/infer/evidence.h"

void evidence_add(struct arena *a, struct observed_server *s, const struct exchange *x,
		  const struct judgement *j, bool searched)
{
	struct observed_exchange *e;

	if (s->n == OBSERVED_EXCHANGES) {
		s->more++;
		return;
	}
	e = &s->v[s->n++];
	*e = (struct observed_exchange){.x = x, .j = j, .searched = searched};
	for (size_t n = 0; n < ARRAY_LEN(e->m); n++) {
		struct isakmp_msg *m;

		if (!x->kept[n].len)
			continue;
		m = arena_new_of(a, struct isakmp_msg);
		if (isakmp_parse(m, x->kept[n].b, x->kept[n].len, NULL) == DROP_NONE)
			e->m[n] = m;
	}
}

void evidence_seen(struct inference *f, enum aspect a, const struct observed_exchange *by,
		   uint8_t message)
{
	struct aspect_seen *o = &f->of[a];

	if (o->by)
		return;
	o->by = by;
	o->message = message;
	o->state = AS_THE_ROW;
}

bool evidence_microsoft(const struct exchange *x)
{
	for (size_t i = 0; i < x->n_vids[0]; i++)
		if (vid_softether_microsoft((struct view){x->vids[0][i].b, x->vids[0][i].len}))
			return true;
	return false;
}

bool evidence_changed(const struct inference *f, enum aspect a)
{
	for (size_t i = 0; i < mode_members.n; i++)
		if (mode_members.v[i].aspect == a &&
		    !member_equal(&mode_members.v[i], ROLE_SERVER, f->like, &f->row))
			return true;
	return false;
}
