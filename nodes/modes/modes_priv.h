/* SPDX-License-Identifier: MIT */
/*
 * modes_priv.h - how the rows of mode_client_*.c and mode_server_*.c are written, a file for each
 * family of products, and their names. The order in which they are shown is mode.c's.
 *
 * What a family has in common is a macro of members, and one of facts; members that differ stand
 * in the rows.
 */
#ifndef NATDLAB_NODES_MODES_MODES_PRIV_H
#define NATDLAB_NODES_MODES_MODES_PRIV_H

#include "nodes/modes/mode.h"
#include "nodes/wire/ppp_numbers.h"

extern const struct client_mode mode_macos, mode_ios, mode_android, mode_linux_strongswan,
	mode_linux_plain,
	mode_windows_7, mode_windows_10;
extern const struct server_mode mode_rras_2012r2, mode_strongswan_5_3, mode_strongswan_5_9,
	mode_strongswan_forceencaps, mode_libreswan, mode_libreswan_encapsulation,
	mode_openswan_forceencaps, mode_racoon_force, mode_softether_4, mode_softether_5,
	mode_softether_5_listen, mode_no_natt, mode_draft_only;

/* A list member and its count, of a row of the given type: `CLIENT_LIST(vids, SAYS(VID_DPD), ...)`.
 */
#define ROW_LIST(type, member, ...)                                                                \
	.member = {__VA_ARGS__},                                                                   \
	.n_##member = sizeof((__typeof__(((type *)0)->member[0])[]){__VA_ARGS__}) /                \
		      sizeof(((type *)0)->member[0])
#define CLIENT_LIST(member, ...) ROW_LIST(struct client_mode, member, __VA_ARGS__)
#define SERVER_LIST(member, ...) ROW_LIST(struct server_mode, member, __VA_ARGS__)

/* A vendor ID sent to everybody, one sent only to a peer that sent it, and one sent to a peer that
 * sent its first 16 bytes, whatever behind them. */
#define SAYS(v)                                                                                    \
	{                                                                                          \
		.vid = (v)                                                                         \
	}
#define ECHOES(v)                                                                                  \
	{                                                                                          \
		.vid = (v), .if_peer_sent = true                                                   \
	}
#define ECHOES_BEGUN(v)                                                                            \
	{                                                                                          \
		.vid = (v), .if_peer_sent = true, .any_tail = true                                 \
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

/* The L2TP server beside every IPsec server that has none of its own. */
#define XL2TPD                                                                                     \
	.l2tp = {.host = "vpn",                                                                    \
		 .vendor = "xelerance.com",                                                        \
		 .framing = 3,                                                                     \
		 .has_bearer = true,                                                               \
		 .firmware = 0x0690,                                                               \
		 .window = 4},                                                                     \
	.lcp = {.wants = LCP_BIT(LCP_MRU) | LCP_BIT(LCP_ACCM) | LCP_BIT(LCP_MAGIC), .mru = 1410},  \
	.hello_ms = 60000, .l2tp_retry = RETRY(31000, 1000, 3000, 7000, 15000)
/* Where nobody says how its pppd is set up. */
#define PPPD_FACT                                                                                  \
	{                                                                                          \
		"What pppd asks a client for is its configuration's choice; here it asks for "     \
		"nothing, and whoever dials is let in.",                                           \
			"mode-inference", CERTAIN_LOW                                              \
	}

/* How a field is known, and how well. */
#define CAPTURED(source, certainty, what)                                                          \
	{                                                                                          \
		(what), (source), BASIS_CAPTURED, (certainty)                                      \
	}
#define DOCUMENTED(source, certainty, what)                                                        \
	{                                                                                          \
		(what), (source), BASIS_DOCUMENTED, (certainty)                                    \
	}
#define INFERRED(certainty, what)                                                                  \
	{                                                                                          \
		(what), "mode-inference", BASIS_INFERRED, (certainty)                              \
	}

#define HIGH CERTAIN_HIGH
#define MEDIUM CERTAIN_MEDIUM
#define LOW CERTAIN_LOW

#endif
