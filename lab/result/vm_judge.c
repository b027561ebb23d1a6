/* SPDX-License-Identifier: MIT */
#include "lab/result/vm_judge.h"

#include <string.h>

#include "lab/result/observe.h"
#include "lab/topology/scenario_query.h"
#include "lab/vm/vm.h"

/* An L2TP connection that stands has sent so many ESP packets each way, and more follow at once. */
#define ESP_ENOUGH 2
#define ESP_SETTLES (2 * SEC)
/* Windows makes six Quick Modes, one for each L2TP message that it holds back (mode row). */
#define QUICK_MODES 6
#define LAST_QUICK_MODE (5 * SEC)
/* Longer than the longest pause between two attempts of Windows' at anything: from 15 to 35 s. */
#define SILENCE (21 * SEC)

/* The machine's exchange that counts, as observe() has it; -1: none. */
static int find_exchange(const struct scenario *s, const struct node *n, struct exchange *const *v,
			 size_t count)
{
	const struct iface *own = vm_iface(s, n);
	const char *link = s->links[own->link].name;
	int best = -1;

	for (size_t i = 0; i < count; i++) {
		const struct mm_seen *m = &v[i]->mm[1];
		bool own_first = false;

		for (unsigned k = 0; k < m->n_sightings; k++)
			own_first |= !strcmp(m->at[k].place, link) &&
				     inet_addr_eq(m->at[k].src.addr, own->addr);
		if (own_first && (best < 0 || observe_progress(v[i]) > observe_progress(v[best])))
			best = (int)i;
	}
	return best;
}

static bool is_ripe(const struct exchange *x, usec now)
{
	usec both = MAX(x->first_esp[0].t, x->first_esp[1].t);

	if (x->esp[0] >= ESP_ENOUGH && x->esp[1] >= ESP_ENOUGH)
		return now >= both + ESP_SETTLES;
	if (x->quick_modes >= QUICK_MODES && !x->esp[0])
		return now >= x->last + LAST_QUICK_MODE;
	return now >= x->last + SILENCE;
}

bool vm_judge(const struct scenario *s, const struct node *n, const struct node *server,
	      const struct watch *w, usec now, bool end, struct diagnosis *out)
{
	struct arena *a CLEANUP(arena_freep) = NULL;
	struct inet_ep client = inet_ep(vm_iface(s, n)->addr, IKE_PORT);
	struct exchange *const *all, **present, *x;
	struct inet_ep responder = {0};
	const struct known *known;
	struct judgement j;
	size_t count = watch_exchanges(w, &all), n_known;
	int i = find_exchange(s, n, all, count);

	if (i < 0 || !(end || is_ripe(all[i], now)))
		return false;
	a = arena_new();
	/* As it stands: nothing has come since. */
	x = arena_copy(a, all[i], sizeof(*x));
	if (!end)
		x->last = now;
	present = arena_copy(a, all, count * sizeof(*all));
	present[i] = x;
	known = observe_known(a, s, &n_known);
	if (server)
		responder = inet_ep(s->ifaces[scenario_own(s, server)].addr, IKE_PORT);
	natd_judge(x, known, n_known, &client, server ? &responder : NULL, &j);
	diagnose(x, &j, present, count, out);
	return out->outcome != OUTCOME_UNDECIDED;
}
