/* SPDX-License-Identifier: MIT */
/* windows.h - Microsoft's rule for servers behind NAT (gate.h), applied to one exchange. Pure. */
#ifndef NATDLAB_ANALYSIS_WINDOWS_H
#define NATDLAB_ANALYSIS_WINDOWS_H

#include "lab/analysis/natd_judge.h"
#include "nodes/modes/gate.h"

/* What a Windows client in the place of this one makes of the server, with this registry value;
 * unknown where the server's hashes do not tell, and for IKEv2, which has no such rule. */
struct windows_verdict exchange_windows(const struct exchange *x, const struct judgement *j,
					int registry);

#endif
