/* SPDX-License-Identifier: MIT */
/*
 * ike_child.c - the ESP SA pairs of an ISAKMP SA, as far as IKE remembers them: for Deletes.
 */
#include "nodes/ike/ike_priv.h"

void child_add(struct ike_sa *sa, uint32_t spi_in, uint32_t spi_out, usec now)
{
	if (sa->n_children == IKE_CHILDREN_MAX)
		child_forget(sa, sa->children[0].spi_in, now);
	sa->children[sa->n_children].spi_in = spi_in;
	sa->children[sa->n_children].spi_out = spi_out;
	sa->n_children++;
}

bool child_forget(struct ike_sa *sa, uint32_t spi_in, usec now)
{
	struct ike *ike = sa->ike;

	for (uint8_t i = 0; i < sa->n_children; i++) {
		if (sa->children[i].spi_in != spi_in)
			continue;
		sa->n_children--;
		memmove(&sa->children[i], &sa->children[i + 1],
			(size_t)(sa->n_children - i) * sizeof(sa->children[0]));
		if (ike->hooks.child_down)
			ike->hooks.child_down(ike->hooks.ctx, sa, spi_in, now);
		return true;
	}
	return false;
}
