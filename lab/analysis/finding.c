/* SPDX-License-Identifier: MIT */
#include "lab/analysis/finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "lab/analysis/analysis_priv.h"
#include "nodes/modes/gate.h"

/* One row a signature; outcome and reason are those of a Windows client. */
static const struct {
	const char *name;
	enum outcome outcome;
	enum reason reason;
} rows[SIGNATURES] = {
	[SIG_UNFINISHED] = {"unfinished", OUTCOME_UNDECIDED, REASON_NONE},
	[SIG_FINE] = {"fine", OUTCOME_CONNECTED, REASON_NONE},
	[SIG_BLOCKED] = {"blocked-by-policy", OUTCOME_BLOCKED, REASON_BOTH_BEHIND_NAT},
	[SIG_FORCED] = {"forced-encapsulation", OUTCOME_BLOCKED, REASON_BOTH_BEHIND_NAT},
	[SIG_NO_ESP] = {"no-esp", OUTCOME_UNDECIDED, REASON_NO_ESP},
	[SIG_L2TP_SILENT] = {"l2tp-silent", OUTCOME_FAILED, REASON_NO_REPLY},
	[SIG_ESP_CLOSED] = {"esp-closed", OUTCOME_FAILED, REASON_NO_REPLY},
	[SIG_SECOND_CLIENT] = {"second-client", OUTCOME_FAILED, REASON_NO_REPLY},
	[SIG_4500_CLOSED] = {"port-4500-closed", OUTCOME_FAILED, REASON_NO_REPLY},
	[SIG_500_CLOSED] = {"port-500-closed", OUTCOME_FAILED, REASON_NO_REPLY},
	[SIG_PSK] = {"psk-mismatch", OUTCOME_FAILED, REASON_PSK_MISMATCH},
	[SIG_NO_PROPOSAL] = {"no-proposal", OUTCOME_FAILED, REASON_NO_PROPOSAL},
	[SIG_PHASE2] = {"phase2-refused", OUTCOME_FAILED, REASON_NO_PROPOSAL},
	[SIG_REFUSED] = {"refused", OUTCOME_FAILED, REASON_REFUSED},
	[SIG_NO_REPLY] = {"no-reply", OUTCOME_FAILED, REASON_NO_REPLY},
	[SIG_IKE2] = {"ikev2", OUTCOME_UNDECIDED, REASON_NONE},
	[SIG_SUPERSEDED] = {"superseded", OUTCOME_UNDECIDED, REASON_NONE},
};

const char *signature_name(enum signature s)
{
	return rows[s].name;
}

void diagnose_found(struct diagnosing *p, enum signature sig, enum certainty certainty,
		    const char *fmt, ...)
{
	struct diagnosis *d = p->d;
	va_list ap;

	d->sig = sig;
	d->certainty = certainty;
	d->outcome = rows[sig].outcome;
	d->reason = rows[sig].reason;
	d->error = (int)windows_error(rows[sig].reason);
	va_start(ap, fmt);
	vsnprintf(d->sentence, sizeof(d->sentence), fmt, ap);
	va_end(ap);
}

void diagnose_show(struct diagnosing *p, const char *what, struct mark at)
{
	struct diagnosis *d = p->d;

	if (at.place && d->n_evidence < DIAGNOSE_EVIDENCE)
		d->evidence[d->n_evidence++] = (struct evidence){what, at};
}

static const char *const message_names[] = {
	[1] = "message 1", [2] = "message 2", [3] = "message 3",
	[4] = "message 4", [5] = "message 5", [6] = "message 6",
};

void diagnose_show_message(struct diagnosing *p, unsigned n)
{
	const struct mm_seen *mm = &p->x->mm[n];

	if (mm->seen)
		diagnose_show(p, message_names[n],
			      (struct mark){mm->at[0].place, mm->at[0].frame, mm->at[0].t});
}

const char *diagnose_times(uint32_t n, char buf[24])
{
	if (n < 2)
		return "once";
	if (n == 2)
		return "twice";
	snprintf(buf, 24, "%u times", n);
	return buf;
}
