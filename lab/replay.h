/* SPDX-License-Identifier: MIT */
/*
 * replay.h - what a responder with some row answers to the messages of somebody's capture. Pure.
 *
 * The judge of what emit_mode.c writes: a row that replays a server answers the very message 1
 * that the server was sent with the very message 2 that it sent, but for its cookie.
 */
#ifndef NATDLAB_REPLAY_H
#define NATDLAB_REPLAY_H

#include "lab/watch.h"
#include "nodes/mode.h"

#define REPLAY_MAX 2048

struct replay_answer {
	uint8_t b[REPLAY_MAX];
	size_t len; /* 0: it said nothing */
};

/*
 * Gives messages 1 and 3 of an exchange (whose messages were kept) to a responder, as they came to
 * the real one as far as that was seen. Message 3 gets the responder's new cookie; its hashes stay
 * as they were, so those of the dialled address are of the old one. @m4 is empty when there was no
 * message 3.
 */
void replay_exchange(const struct server_mode *row, const struct exchange *x,
		     struct replay_answer *m2, struct replay_answer *m4);

/* Is @m2 the exchange's message 2 but for the cookie? */
bool replay_same_message2(const struct exchange *x, const struct replay_answer *m2);
/* Has @m4 the same payloads as the exchange's message 4, in order and of the same lengths, and
 * copies exactly the hash that was copied there? */
bool replay_alike_message4(const struct exchange *x, const struct replay_answer *m4);

#endif
