/* SPDX-License-Identifier: MIT */
/*
 * replay.h - what a responder with some row answers to the messages of somebody's capture. Pure.
 *
 * The judge of what emit_topology.c writes: a row that replays a server answers the very message 1
 * that the server was sent with the very message 2 that it sent, but for its cookie.
 */
#ifndef NATDLAB_INFER_REPLAY_H
#define NATDLAB_INFER_REPLAY_H

#include "lab/analysis/natd_judge.h"
#include "nodes/modes/mode.h"

#define REPLAY_MAX 2048

struct replay {
	struct replay_message {
		uint8_t b[REPLAY_MAX];
		size_t len; /* 0: nothing was said */
	} m2, m3, m4; /* message 3 as it was given */
};

/*
 * Gives messages 1 and 3 of an exchange (whose messages were kept) to a responder, as they came to
 * the real one as far as that was seen. Message 3 gets the responder's new cookie, and its hashes
 * are made anew where it is known what they are made of.
 */
void replay_exchange(const struct server_mode *row, const struct exchange *x,
		     const struct judgement *j, struct replay *out);

/* Is message 2 that of the exchange but for the cookie? */
bool replay_same_message2(const struct exchange *x, const struct replay *r);
/* Has message 4 the same payloads as the exchange's, in order and of the same lengths, and copies
 * exactly the hash that was copied there? */
bool replay_alike_message4(const struct exchange *x, const struct replay *r);

#endif
