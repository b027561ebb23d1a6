/* SPDX-License-Identifier: MIT */
#include "lab/replay.h"

#include <string.h>

#include "nodes/ike.h"

/* Takes the first thing that is said. */
static void on_send(void *ctx, const struct datagram *d)
{
	struct replay_answer *to = *(struct replay_answer **)ctx;

	if (!to || to->len || d->len > sizeof(to->b))
		return;
	memcpy(to->b, d->data, d->len);
	to->len = d->len;
}

static void on_event(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

/* Both ends as near to the responder as the message was seen. */
static const struct sighting *nearest(const struct exchange *x, unsigned n)
{
	const struct mm_seen *mm = &x->mm[n];

	return mm->n_sightings ? &mm->at[mm->n_sightings - 1] : NULL;
}

static void give(struct ike *ike, const struct sighting *at, const uint8_t *p, size_t len)
{
	const struct datagram d = {
		.via = VIA_UDP,
		.local = at->dst,
		.remote = at->src,
		.data = p,
		.len = len,
	};

	ike_input(ike, 0, &d, false);
}

void replay_exchange(const struct server_mode *row, const struct exchange *x,
		     struct replay_answer *m2, struct replay_answer *m4)
{
	const struct sighting *one = nearest(x, 1), *three = nearest(x, 3);
	struct replay_answer *to = m2;
	struct rng *rng;
	struct node_env env = {.send = on_send, .event = on_event, .ctx = &to};
	struct ike_config cfg = {.server = row, .psk = ""};
	const struct ike_hooks hooks = {0};
	uint8_t message3[WATCH_KEPT];
	struct ike *ike;

	m2->len = m4->len = 0;
	if (!one || !x->kept[1].len)
		return;
	rng = rng_new(1, "replay");
	env.rng = rng;
	cfg.own = one->dst.addr;
	ike = ike_new(&cfg, &env, &hooks);
	give(ike, one, x->kept[1].b, x->kept[1].len);
	if (three && x->kept[3].len && m2->len >= ISAKMP_HEADER_LEN) {
		to = m4;
		memcpy(message3, x->kept[3].b, x->kept[3].len);
		memcpy(message3 + 8, m2->b + 8, 8);
		give(ike, three, message3, x->kept[3].len);
	}
	to = NULL;
	ike_free(ike);
	rng_free(rng);
}

bool replay_same_message2(const struct exchange *x, const struct replay_answer *m2)
{
	const struct kept *k = &x->kept[2];

	return k->len >= 16 && m2->len == k->len && !memcmp(m2->b, k->b, 8) &&
	       !memcmp(m2->b + 16, k->b + 16, k->len - 16);
}

static bool copies(const struct isakmp_msg *m4, size_t i, const struct natd_list *asked)
{
	return i < m4->natd.n && asked->n && asked->len == m4->natd.len &&
	       !memcmp(m4->natd.v[i].b, asked->v[0].b, asked->len);
}

bool replay_alike_message4(const struct exchange *x, const struct replay_answer *m4)
{
	struct isakmp_msg *ours, *theirs;
	struct arena *a;
	bool alike;

	if (!x->kept[4].len || !m4->len)
		return false;
	a = arena_new();
	ours = arena_new_of(a, struct isakmp_msg);
	theirs = arena_new_of(a, struct isakmp_msg);
	alike = isakmp_parse(ours, m4->b, m4->len, NULL) == DROP_NONE &&
		isakmp_parse(theirs, x->kept[4].b, x->kept[4].len, NULL) == DROP_NONE &&
		ours->n_payloads == theirs->n_payloads && ours->natd.n == theirs->natd.n;
	for (size_t i = 0; alike && i < ours->n_payloads; i++)
		alike = ours->payloads[i].type == theirs->payloads[i].type &&
			ours->payloads[i].body.len == theirs->payloads[i].body.len;
	for (size_t i = 0; alike && i < ours->natd.n; i++)
		alike = copies(ours, i, &x->natd3) == copies(theirs, i, &x->natd3);
	arena_free(a);
	return alike;
}
