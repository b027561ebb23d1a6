/* SPDX-License-Identifier: MIT */
/*
 * fragments.h - IP datagrams put together again from their fragments (RFC 791 3.2, RFC 8200 4.5).
 *
 * Messages with certificates, and IKE over small paths, come in pieces. A stranger's fragments
 * are bounded: so many datagrams at once, the one that was touched the longest time ago makes
 * room; where pieces overlap the first one counts.
 */
#ifndef NATDLAB_CAPTURE_FRAGMENTS_H
#define NATDLAB_CAPTURE_FRAGMENTS_H

#include "lab/base/mem.h"
#include "lab/base/packet.h"

struct fragments;

struct fragments *fragments_new(struct arena *a);

/*
 * Takes a fragment (pkt->fragment) that was seen at @place, compared as a pointer. True when it
 * completes a datagram: *pkt is then the whole one, its bytes valid until the next call.
 */
bool fragments_add(struct fragments *f, const char *place, usec t, struct packet *pkt);

#endif
