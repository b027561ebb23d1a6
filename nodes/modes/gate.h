/* SPDX-License-Identifier: MIT */
/*
 * gate.h - what a Windows client makes of NAT: Microsoft's rule for servers behind NAT, by the
 * registry value AssumeUDPEncapsulationContextOnSendRule (MS-FASP 2.2.41, KB926179), and the
 * number of the error that it shows. Pure.
 */
#ifndef NATDLAB_NODES_MODES_GATE_H
#define NATDLAB_NODES_MODES_GATE_H

#include "nodes/base/outcome.h"
#include "nodes/modes/mode.h"

#define GATE_VALUES 3 /* of the registry: 0, 1, 2 */
#define GATE_REGISTRY_KEY "HKLM\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent"
#define GATE_REGISTRY_VALUE "AssumeUDPEncapsulationContextOnSendRule"

/* May a connection go on, for a client that concludes this of itself and of its peer? @registry: -1
 * for an absent value, which means 0; values above 2 are not defined and treated as 2. */
bool mode_gate_allows(enum gate gate, int registry, bool self_behind_nat, bool peer_behind_nat);

/* How sure the rule is for these values: value 1 before a server behind NAT, and a server behind
 * NAT before a public client with value 0, stand in Microsoft's text, but in no known capture. */
enum certainty mode_gate_certainty(enum gate gate, int registry, bool self_behind_nat,
				   bool peer_behind_nat);

/* What a Windows client makes of a server. */
enum windows_result { WINDOWS_CONNECTS, WINDOWS_BLOCKED, WINDOWS_UNKNOWN };
const char *windows_result_name(enum windows_result r); /* "connects", "blocked", "unknown" */

struct windows_verdict {
	enum windows_result result;
	enum certainty certainty;
};

/* The rule, applied by a Windows client; never unknown. */
struct windows_verdict windows_verdict(int registry, bool self_behind_nat, bool peer_behind_nat);

/* The number that Windows shows for a connection that ended for this reason (win32, "Routing and
 * Remote Access Error Codes"); 0: none. */
unsigned windows_error(enum reason reason);
/* The same for any client: 0 for those that are not Windows and show words. */
unsigned mode_error(const struct client_mode *client, enum reason reason);

#endif
