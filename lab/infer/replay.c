/* SPDX-License-Identifier: MIT */
#include "lab/infer/replay.h"

#include <string.h>

#include "nodes/ike/ike.h"

/* Takes the first thing that is said. */
static void on_send(void *ctx, const struct datagram *d)
{
	struct replay_message *to = *(struct replay_message **)ctx;

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

/* The address of a responder that does not call itself by the one that was dialled; nobody's (RFC
 * 5737). */
#define ANOTHER inet_v4(0xc0000201)

static struct inet_addr own_address(const struct exchange *x, const struct sighting *at)
{
	bool dialled = !x->natd4.n || natd_among(&x->natd3, 0, &x->natd4, 1);

	return dialled ? at->dst.addr : ANOTHER;
}

static void give(struct ike *ike, const struct sighting *at, struct inet_addr own,
		 const uint8_t *p, size_t len)
{
	const struct datagram d = {
		.via = VIA_UDP,
		.local = inet_ep(own, at->dst.port),
		.remote = at->src,
		.data = p,
		.len = len,
	};

	ike_input(ike, 0, &d, false);
}

/* Message 3 for the responder's new cookie. */
static void prepare_message3(const struct exchange *x, const struct judgement *j,
			     const uint8_t cky_r[8], struct replay_message *m3)
{
	uint8_t hash[HASH_MAX];

	m3->len = x->kept[3].len;
	memcpy(m3->b, x->kept[3].b, m3->len);
	memcpy(m3->b + 8, cky_r, 8);
	for (size_t i = 0; i < x->natd3.n; i++) {
		uint8_t *at = memmem(m3->b, m3->len, x->natd3.v[i].b, x->natd3.len);

		if (!at || !j->known3[i] || !hash_known(x->hash) ||
		    hash_len((enum ike_hash)x->hash) != x->natd3.len)
			continue;
		natd_hash((enum ike_hash)x->hash, x->cky_i, cky_r, j->means3[i], hash);
		memcpy(at, hash, x->natd3.len);
	}
}

void replay_exchange(const struct server_mode *row, const struct exchange *x,
		     const struct judgement *j, struct replay *out)
{
	const struct sighting *one = nearest(x, 1), *three = nearest(x, 3);
	struct replay_message *to = &out->m2;
	struct rng *rng;
	struct node_env env = {.send = on_send, .event = on_event, .ctx = &to};
	struct ike_config cfg = {.server = row, .psk = ""};
	const struct ike_hooks hooks = {0};
	struct ike *ike;

	out->m2.len = out->m3.len = out->m4.len = 0;
	if (!one || !x->kept[1].len)
		return;
	rng = rng_new(1, "replay");
	env.rng = rng;
	cfg.own = own_address(x, one);
	ike = ike_new(&cfg, &env, &hooks);
	give(ike, one, cfg.own, x->kept[1].b, x->kept[1].len);
	if (three && x->kept[3].len && out->m2.len >= ISAKMP_HEADER_LEN) {
		to = &out->m4;
		prepare_message3(x, j, out->m2.b + 8, &out->m3);
		give(ike, three, cfg.own, out->m3.b, out->m3.len);
	}
	to = NULL;
	ike_free(ike);
	rng_free(rng);
}

bool replay_same_message2(const struct exchange *x, const struct replay *r)
{
	const struct kept *k = &x->kept[2];

	return k->len >= 16 && r->m2.len == k->len && !memcmp(r->m2.b, k->b, 8) &&
	       !memcmp(r->m2.b + 16, k->b + 16, k->len - 16);
}

bool replay_alike_message4(const struct exchange *x, const struct replay *r)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct isakmp_msg *m = arena_array_of(a, 4, struct isakmp_msg);
	struct isakmp_msg *asked = &m[0], *ours = &m[1], *our_asked = &m[2], *theirs = &m[3];

	if (!x->kept[3].len || !x->kept[4].len ||
	    isakmp_parse(asked, x->kept[3].b, x->kept[3].len, NULL) ||
	    isakmp_parse(theirs, x->kept[4].b, x->kept[4].len, NULL) ||
	    isakmp_parse(our_asked, r->m3.b, r->m3.len, NULL) ||
	    isakmp_parse(ours, r->m4.b, r->m4.len, NULL) ||
	    ours->n_payloads != theirs->n_payloads)
		return false;
	for (size_t i = 0; i < ours->n_payloads; i++)
		if (ours->payloads[i].type != theirs->payloads[i].type ||
		    ours->payloads[i].body.len != theirs->payloads[i].body.len)
			return false;
	for (size_t i = 0; i < ours->natd.n; i++)
		if (natd_same(&ours->natd, i, &our_asked->natd, 0) !=
		    natd_same(&theirs->natd, i, &asked->natd, 0))
			return false;
	return true;
}
