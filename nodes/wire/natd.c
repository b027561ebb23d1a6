/* SPDX-License-Identifier: MIT */
#include "nodes/wire/natd.h"

#include <string.h>

void natd_hash(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8], struct inet_ep ep,
	       uint8_t out[HASH_MAX])
{
	const uint8_t port[2] = {(uint8_t)(ep.port >> 8), (uint8_t)ep.port};

	hash_digest(alg,
		    CHUNKS({cky_i, 8}, {cky_r, 8}, {ep.addr.b, ep.addr.len}, {port, sizeof(port)}),
		    out);
}

/* Hashes of a wrong length match nothing: they are compared, not refused. */
static bool is_of(enum ike_hash alg, const struct natd_list *list)
{
	return list->len && list->len == hash_len(alg);
}

bool natd_any_made_of(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8],
		      const struct natd_list *list, size_t from, struct inet_ep ep)
{
	uint8_t want[HASH_MAX];

	if (from >= list->n || !is_of(alg, list))
		return false;
	natd_hash(alg, cky_i, cky_r, ep, want);
	for (size_t k = from; k < list->n; k++)
		if (!memcmp(list->v[k].b, want, list->len))
			return true;
	return false;
}

bool natd_made_of(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8],
		  const struct natd_list *list, size_t k, struct inet_ep ep)
{
	uint8_t want[HASH_MAX];

	if (k >= list->n || !is_of(alg, list))
		return false;
	natd_hash(alg, cky_i, cky_r, ep, want);
	return !memcmp(list->v[k].b, want, list->len);
}

bool natd_same(const struct natd_list *a, size_t i, const struct natd_list *b, size_t k)
{
	return i < a->n && k < b->n && a->len == b->len && !memcmp(a->v[i].b, b->v[k].b, a->len);
}

bool natd_among(const struct natd_list *a, size_t i, const struct natd_list *b, size_t from)
{
	for (size_t k = from; k < b->n; k++)
		if (natd_same(a, i, b, k))
			return true;
	return false;
}

bool natd_is_nowhere(struct inet_ep ep)
{
	return !ep.port || inet_addr_is_zero(ep.addr);
}

bool natd_evaluate(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8],
		   const struct natd_list *list, struct inet_ep own, struct inet_ep peer,
		   struct natd_seen *seen)
{
	*seen = (struct natd_seen){0};
	if (list->n < 2 || !hash_len(alg))
		return false;
	seen->self_behind_nat = !natd_made_of(alg, cky_i, cky_r, list, 0, own);
	seen->peer_behind_nat = !natd_any_made_of(alg, cky_i, cky_r, list, 1, peer);
	return true;
}
