/* SPDX-License-Identifier: MIT */
/*
 * ike_proposal.h - what a server of a mode makes of the SA payload of message 1.
 */
#ifndef NATDLAB_NODES_IKE_IKE_PROPOSAL_H
#define NATDLAB_NODES_IKE_IKE_PROPOSAL_H

#include "nodes/modes/mode.h"

/* Does it take this transform of message 1? It takes the first that it does. */
bool ike_accepts(const struct server_mode *mode, const struct isakmp_sa *sa,
		 const struct isakmp_transform *t);
/* The body of the SA payload that it answers with; the length, 0 when it does not fit. */
size_t ike_answer_sa(const struct server_mode *mode, const struct isakmp_transform *chosen,
		     uint8_t *buf, size_t size);

#endif
