/* SPDX-License-Identifier: MIT */
#include "lab/topology/scenario_place.h"

#include "lab/topology/topology_priv.h"

const struct tree *scenario_value_at(const struct topology *t, size_t i, unsigned node, enum key k)
{
	const struct tree *v = t->defs[node].keys[k];
	size_t at[AXES_MAX] = {0};

	scenario_locate(t, i, at);
	for (size_t x = 0; x < t->n_axes; x++) {
		const struct value *val = &t->axes[x].v[at[x]];

		for (size_t o = 0; o < val->n_set; o++) {
			if (val->set[o].node == node && val->set[o].key == k)
				v = val->set[o].value;
		}
	}
	for (size_t o = 0; o < t->n_set; o++) {
		if (t->set[o].node == node && t->set[o].key == k)
			v = t->set[o].value;
	}
	return v;
}
