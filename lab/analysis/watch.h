/* SPDX-License-Identifier: MIT */
/*
 * watch.h - passive analysis: frames in, exchanges and events out.
 *
 * It knows no secret. NAT detection travels in clear (Main Mode messages 3 and 4, Aggressive Mode
 * messages 2 and 3, IKEv2's IKE_SA_INIT), so our own nodes, a real strongSwan and the capture of an
 * unknown network are judged by the same code. In the lab it is fed with the frames of every link,
 * and sees the same message with the addresses before and behind each NAT; in `inspect` with the
 * frames of the given captures.
 */
#ifndef NATDLAB_ANALYSIS_WATCH_H
#define NATDLAB_ANALYSIS_WATCH_H

#include "lab/analysis/exchange.h"
#include "lab/base/mem.h"
#include "nodes/base/event.h"

#define WATCH_EXCHANGES 4096
#define WATCH_IKEV2_EXCHANGES 1024

struct watch;

/* @sink may have put = NULL. @names: links or interfaces appear by these names in events. */
struct watch *watch_new(struct arena *a, const struct ev_sink *sink);
/* From now on the clear messages of each exchange are kept. */
void watch_keep(struct watch *w);
/* A frame seen at @place. */
void watch_frame(struct watch *w, const char *place, uint32_t linktype, usec t, uint32_t number,
		 const uint8_t *data, size_t len);
/* How many frames held an IP packet. */
uint64_t watch_packets(const struct watch *w);
/* When the last frame of all was seen. */
usec watch_end(const struct watch *w);
/* ESP packets that belong to no exchange that was seen. */
uint64_t watch_stray_esp(const struct watch *w);
/* All exchanges of IKEv1, in the order of their first messages; at most WATCH_EXCHANGES: a
 * further one takes the place of the oldest that has no message 4. */
size_t watch_exchanges(const struct watch *w, struct exchange *const **v);
/* The same for IKEv2, at most WATCH_IKEV2_EXCHANGES. */
size_t watch_ikev2_exchanges(const struct watch *w, struct exchange *const **v);

#endif
