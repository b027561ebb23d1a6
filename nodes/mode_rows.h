/* SPDX-License-Identifier: MIT */
/*
 * mode_rows.h - how the rows of mode_client.c and mode_server.c are written.
 */
#ifndef NATDLAB_MODE_ROWS_H
#define NATDLAB_MODE_ROWS_H

#include "nodes/mode.h"

/* A list member and its count, of a row of the given type: `CLIENT_LIST(vids, SAYS(VID_DPD), ...)`.
 */
#define ROW_LIST(type, member, ...)                                                                \
	.member = {__VA_ARGS__},                                                                   \
	.n_##member = sizeof((__typeof__(((type *)0)->member[0])[]){__VA_ARGS__}) /                \
		      sizeof(((type *)0)->member[0])
#define CLIENT_LIST(member, ...) ROW_LIST(struct client_mode, member, __VA_ARGS__)
#define SERVER_LIST(member, ...) ROW_LIST(struct server_mode, member, __VA_ARGS__)

/* A vendor ID sent to everybody, and one sent only to a peer that sent it. */
#define SAYS(v)                                                                                    \
	{                                                                                          \
		.vid = (v), .if_peer_sent = false                                                  \
	}
#define ECHOES(v)                                                                                  \
	{                                                                                          \
		.vid = (v), .if_peer_sent = true                                                   \
	}

/* Times of a retransmission and the end. */
#define RETRY(give_up, ...)                                                                        \
	{                                                                                          \
		.n = sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), .at_ms = {__VA_ARGS__}, \
		.give_up_ms = (give_up)                                                            \
	}
/* Nothing is sent again; the exchange's own limit ends it. */
#define NO_RETRY                                                                                   \
	{                                                                                          \
		.n = 0                                                                             \
	}

#define HIGH CERTAIN_HIGH
#define MEDIUM CERTAIN_MEDIUM
#define LOW CERTAIN_LOW

#endif
