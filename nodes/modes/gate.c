/* SPDX-License-Identifier: MIT */
#include "nodes/modes/gate.h"

bool mode_gate_allows(enum gate gate, int registry, bool self_behind_nat, bool peer_behind_nat)
{
	switch (gate) {
	case GATE_NONE:
		return true;
	case GATE_MICROSOFT:
		if (!peer_behind_nat || registry >= 2)
			return true;
		return registry == 1 && !self_behind_nat;
	}
	return true;
}

enum certainty mode_gate_certainty(enum gate gate, int registry, bool self_behind_nat,
				   bool peer_behind_nat)
{
	switch (gate) {
	case GATE_NONE:
		return CERTAIN_HIGH;
	case GATE_MICROSOFT:
		/* Every log that was found is of a client behind NAT, too, with value 0 or 2. */
		if (peer_behind_nat && (registry == 1 || (registry < 1 && !self_behind_nat)))
			return CERTAIN_MEDIUM;
		return CERTAIN_HIGH;
	}
	return CERTAIN_HIGH;
}

const char *windows_result_name(enum windows_result r)
{
	static const char *const names[] = {
		[WINDOWS_CONNECTS] = "connects",
		[WINDOWS_BLOCKED] = "blocked",
		[WINDOWS_UNKNOWN] = "unknown",
	};

	return names[r];
}

struct windows_verdict windows_verdict(int registry, bool self_behind_nat, bool peer_behind_nat)
{
	return (struct windows_verdict){
		.result = mode_gate_allows(GATE_MICROSOFT, registry, self_behind_nat,
					   peer_behind_nat)
				  ? WINDOWS_CONNECTS
				  : WINDOWS_BLOCKED,
		.certainty = mode_gate_certainty(GATE_MICROSOFT, registry, self_behind_nat,
						 peer_behind_nat),
	};
}

unsigned windows_error(enum reason reason)
{
	static const uint16_t errors[REASONS] = {
		[REASON_SERVER_BEHIND_NAT] = 809, [REASON_BOTH_BEHIND_NAT] = 809,
		[REASON_NO_REPLY] = 809,	  [REASON_PSK_MISMATCH] = 789,
		[REASON_NO_PROPOSAL] = 789,	  [REASON_REFUSED] = 789,
		[REASON_PPP_FAILED] = 718,	  [REASON_AUTH_FAILED] = 691,
	};

	return errors[reason];
}

unsigned mode_error(const struct client_mode *client, enum reason reason)
{
	return client->gate == GATE_MICROSOFT ? windows_error(reason) : 0;
}
