/* SPDX-License-Identifier: MIT */
#include "lab/infer/infer.h"

static void finding(struct fit *f, enum aspect a, const struct met_exchange *by, uint8_t message)
{
	struct finding *o = &f->of[a];

	if (!o->by) {
		o->by = by;
		o->message = message;
	}
}

void fit_seen(struct fit *f, enum aspect a, const struct met_exchange *by, uint8_t message)
{
	finding(f, a, by, message);
	if (f->of[a].state == NOT_SEEN)
		f->of[a].state = AS_THE_ROW;
}

void fit_said(struct fit *f, enum aspect a, const struct met_exchange *by, uint8_t message,
	      enum key k)
{
	finding(f, a, by, message);
	f->of[a].state = CHANGED;
	f->n_said += !f->said[k];
	f->said[k] = true;
}

void fit_row(const struct server_mode *like, const struct met *met, struct fit *out)
{
	*out = (struct fit){.like = like, .row = *like};
	fit_vids(out, met);
	fit_answers(out, met);
	fit_hashes(out, met);
	fit_times(out, met);
}

static unsigned cost(const struct fit *f)
{
	return f->n_said + (f->odd ? KEYS : 0);
}

void fit_server(const struct met *met, struct fit *out, struct ties *ties)
{
	size_t n;
	const struct server_mode *const *rows = mode_servers(&n);
	struct fit one;

	ties->n = 0;
	fit_row(rows[0], met, out);
	for (size_t i = 1; i < n; i++) {
		fit_row(rows[i], met, &one);
		if (cost(&one) < cost(out)) {
			*out = one;
			ties->n = 0;
		} else if (cost(&one) == cost(out) && ties->n < ARRAY_LEN(ties->v)) {
			ties->v[ties->n++] = rows[i];
		}
	}
}

const char *aspect_name(enum aspect a)
{
	static const char *const names[ASPECTS] = {
		[ASPECT_NATT] = "natt",
		[ASPECT_VIDS] = "vendor_ids",
		[ASPECT_CHOICE] = "ciphers, hashes, groups",
		[ASPECT_SA] = "sa_payload",
		[ASPECT_NONCE] = "nonce",
		[ASPECT_MESSAGE_4] = "message_4",
		[ASPECT_UNASKED] = "hashes_unasked",
		[ASPECT_OWN_HASH] = "server_hash",
		[ASPECT_PEER_HASH] = "peer_hash",
		[ASPECT_AGAIN_2] = "message_2_again",
		[ASPECT_AGAIN_4] = "message_4_again",
		[ASPECT_HALF_OPEN] = "half_open",
		[ASPECT_DUPLICATE_1] = "duplicate_1",
		[ASPECT_DUPLICATE_3] = "duplicate_3",
		[ASPECT_DUPLICATE_5] = "duplicate_5",
		[ASPECT_REFUSAL] = "no_proposal",
	};

	return names[a];
}

void met_add(struct arena *a, struct met *met, const struct exchange *x, const struct judgement *j,
	     bool searched)
{
	struct met_exchange *e;

	if (met->n == MET_EXCHANGES) {
		met->more++;
		return;
	}
	e = &met->v[met->n++];
	*e = (struct met_exchange){.x = x, .j = j, .searched = searched};
	for (size_t n = 0; n < ARRAY_LEN(e->m); n++) {
		struct isakmp_msg *m;

		if (!x->kept[n].len)
			continue;
		m = arena_new_of(a, struct isakmp_msg);
		if (isakmp_parse(m, x->kept[n].b, x->kept[n].len, NULL) == DROP_NONE)
			e->m[n] = m;
	}
}

/* Exchanges of one server have one row; together they need hardly more changes than each alone. */
bool met_joins(const struct met *met, const struct exchange *x, const struct judgement *j,
	       bool searched)
{
	enum { GRACE = 1 };
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct met *both = arena_copy(a, met, sizeof(*met)), *alone = arena_new_of(a, struct met);
	struct fit f, g, h;
	struct ties ties;

	if (both->n == MET_EXCHANGES)
		both->n--;
	met_add(a, both, x, j, searched);
	alone->end = met->end;
	met_add(a, alone, x, j, searched);
	fit_server(met, &f, &ties);
	fit_server(alone, &g, &ties);
	fit_server(both, &h, &ties);
	return cost(&h) <= MAX(cost(&f), cost(&g)) + GRACE;
}
