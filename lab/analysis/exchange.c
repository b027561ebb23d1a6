/* SPDX-License-Identifier: MIT */
#include "lab/analysis/exchange.h"

#include <string.h>

unsigned exchange_natd_message(const struct exchange *x, bool responder)
{
	if (x->version == 2)
		return responder ? 2 : 1;
	return !responder ? 3 : x->type == EXCHANGE_AGGRESSIVE ? 2 : 4;
}

void exchange_detach(struct exchange *x)
{
	for (size_t n = 0; n < ARRAY_LEN(x->mm); n++) {
		x->mm[n].n_sightings = 0;
		x->mm[n].at = NULL;
		x->mm[n].again = NULL;
		x->mm[n].last = (struct mark){0};
	}
	memset(x->n_vids, 0, sizeof(x->n_vids));
	memset(x->vids, 0, sizeof(x->vids));
	memset(x->kept, 0, sizeof(x->kept));
	x->n_offers = x->n_esp_at = 0;
	x->offers = NULL;
	x->esp_at = NULL;
}
