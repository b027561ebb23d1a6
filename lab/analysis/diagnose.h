/* SPDX-License-Identifier: MIT */
/*
 * diagnose.h - from the counters of one exchange to what went wrong, for `inspect`. Pure.
 *
 * In a capture of an unknown network no client tells its outcome. What is left are the messages
 * that were seen, how often, and which side fell silent: each known failure leaves a signature in
 * them. How sure a signature is depends on where the capture was made, so each diagnosis says it.
 */
#ifndef NATDLAB_ANALYSIS_DIAGNOSE_H
#define NATDLAB_ANALYSIS_DIAGNOSE_H

#include "lab/analysis/finding.h"
#include "lab/analysis/natd_judge.h"

/* @all, @n: the exchanges of the same capture; @x is one of them. */
void diagnose(const struct exchange *x, const struct judgement *j, struct exchange *const *all,
	      size_t n, struct diagnosis *out);

/*
 * After all private addresses were tried in vain behind the hashes of @x. A server whose hash of
 * itself is still not known is most likely not behind NAT, but pretends to be: a guess, because it
 * may have a public address that 1:1 NAT changes, or another port.
 */
void diagnose_searched(const struct exchange *x, const struct judgement *j, struct diagnosis *d);

#endif
