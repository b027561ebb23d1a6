/* SPDX-License-Identifier: MIT */
/*
 * ike_vids.h - the vendor IDs of messages 1 and 2.
 */
#ifndef NATDLAB_NODES_IKE_IKE_VIDS_H
#define NATDLAB_NODES_IKE_IKE_VIDS_H

#include "nodes/modes/mode.h"

/* The vendor IDs that a server of this mode answers to this message 1 with, in order, at most
 * MODE_VIDS: how many. Views lie in the row or in tables. */
size_t ike_answer_vids(const struct server_mode *mode, const struct isakmp_msg *m1,
		       struct view out[MODE_VIDS]);

#endif
