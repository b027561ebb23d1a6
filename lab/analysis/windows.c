/* SPDX-License-Identifier: MIT */
#include "lab/analysis/windows.h"

struct windows_verdict exchange_windows(const struct exchange *x, const struct judgement *j,
					int registry)
{
	struct windows_verdict v = {WINDOWS_UNKNOWN, CERTAIN_HIGH};

	if (x->version == 2)
		return v;
	if (j->complete)
		return windows_verdict(registry, j->client_sees.self_behind_nat,
				       j->client_sees.peer_behind_nat);
	/* Without NAT-T there is nothing to forbid: ESP goes bare, or is lost in a NAT. */
	if (x->mm[4].read && !j->natt)
		v.result = WINDOWS_CONNECTS;
	return v;
}
