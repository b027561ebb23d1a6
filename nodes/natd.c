/* SPDX-License-Identifier: MIT */
#include "nodes/natd.h"

#include <string.h>

void natd_hash(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8], struct inet_ep ep,
	       uint8_t out[HASH_MAX])
{
	const uint8_t port[2] = {(uint8_t)(ep.port >> 8), (uint8_t)ep.port};

	hash_digest(alg,
		    CHUNKS({cky_i, 8}, {cky_r, 8}, {ep.addr.b, ep.addr.len}, {port, sizeof(port)}),
		    out);
}

bool natd_evaluate(enum ike_hash alg, const uint8_t cky_i[8], const uint8_t cky_r[8],
		   const struct natd_list *list, struct inet_ep own, struct inet_ep peer,
		   struct natd_seen *seen)
{
	size_t len = hash_len(alg);
	uint8_t want[HASH_MAX];

	*seen = (struct natd_seen){0};
	if (list->n < 2 || !len)
		return false;

	/* Hashes of a wrong length match nothing: they are compared, not refused. */
	natd_hash(alg, cky_i, cky_r, own, want);
	seen->self_behind_nat = list->len != len || memcmp(list->v[0].b, want, len) != 0;

	natd_hash(alg, cky_i, cky_r, peer, want);
	seen->peer_behind_nat = true;
	for (size_t i = 1; i < list->n && list->len == len; i++)
		if (!memcmp(list->v[i].b, want, len))
			seen->peer_behind_nat = false;
	return true;
}
