/* SPDX-License-Identifier: MIT */
/*
 * ikev2.h - the eye for IKEv2: the two messages of IKE_SA_INIT, and their NAT detection.
 *
 * RFC 7296 2.23: NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP are notifies with
 *
 *	SHA1(SPIi | SPIr | IP | Port)
 *
 * of the sender's and of the receiver's address, in the request with SPIr zero. They come in the
 * exchange's natd3 (request) and natd4 (response) in the order that natd_judge() knows from IKEv1:
 *the receiver's first, then the sender's. The messages are mm[1] and mm[2], and mm[3] and mm[4]
 * again, where the judge looks for those that carry hashes.
 */
#ifndef NATDLAB_ANALYSIS_IKEV2_H
#define NATDLAB_ANALYSIS_IKEV2_H

#include "lab/analysis/watch.h"

/* At most so many; where a new one finds no room the oldest of its neighbours goes. */
#define IKE2_EXCHANGES 1024

struct ikev2;

struct ikev2 *ikev2_new(struct arena *a);
/* A frame seen at @place, which lives as long as this; what is no IKE_SA_INIT is passed over. */
void ikev2_frame(struct ikev2 *w, const char *place, uint32_t linktype, usec t, uint32_t number,
		 const uint8_t *data, size_t len);
/* All exchanges in the order of their beginnings, an array in @a. */
struct exchange **ikev2_exchanges(struct arena *a, const struct ikev2 *w, size_t *n);

#endif
