/* SPDX-License-Identifier: MIT */
/*
 * mode_client_linux.c - Linux as a client: a row, and one whom no server takes for a Windows.
 */
#include "nodes/modes/modes_priv.h"

/* What both rows do: strongSwan as NetworkManager-l2tp tells it to. */
#define LINUX_STRONGSWAN									\
	CLIENT_LIST(phase1, {CIPHER_AES, 256, HASH_SHA256, GROUP_MODP2048, 10800},		\
		    {CIPHER_AES, 256, HASH_SHA256, GROUP_MODP1536, 10800},			\
		    {CIPHER_AES, 256, HASH_SHA256, GROUP_MODP1024, 10800},			\
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_MODP2048, 10800},			\
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_MODP1536, 10800},			\
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_MODP1024, 10800},			\
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_ECP384, 10800},				\
		    {CIPHER_AES, 128, HASH_SHA1, GROUP_MODP1024, 10800},			\
		    {CIPHER_AES, 128, HASH_SHA1, GROUP_ECP256, 10800},				\
		    {CIPHER_3DES, 0, HASH_SHA1, GROUP_MODP2048, 10800},				\
		    {CIPHER_3DES, 0, HASH_SHA1, GROUP_MODP1024, 10800}),			\
	CLIENT_LIST(phase2, {ESP_AES, 256, AUTH_HMAC_SHA1}, {ESP_AES, 128, AUTH_HMAC_SHA1},	\
		    {ESP_3DES, 0, AUTH_HMAC_SHA1}),						\
	.phase1_attrs = {P1_ENC, P1_KEYLEN, P1_HASH, P1_GROUP, P1_AUTH, P1_LIFE_TYPE, P1_LIFE},	\
	.phase2_attrs = {P2_KEYLEN, P2_AUTH, P2_ENCAP, P2_LIFE_TYPE, P2_LIFE},			\
	.phase2_one_proposal = true,								\
	.phase2_life_s = 3600,									\
	.nonce_len = 32,									\
	.pads_whole_block = true,								\
	.dpd = true,										\
	.ignores = IGNORES_KEY_LENGTH,								\
	.natoa_always = true,									\
	.l2tp_port = 1701,									\
	.keepalive_ms = 20000,									\
	.main_retry = RETRY(165000, 4000, 11200, 24160, 47488, 89478),				\
	.later_retry = RETRY(165000, 4000, 11200, 24160, 47488, 89478),				\
	.quick_retry = RETRY(165000, 4000, 11200, 24160, 47488, 89478),				\
	.l2tp_retry = RETRY(31000, 1000, 3000, 7000, 15000),					\
	.l2tp = {.host = "linux",								\
		 .vendor = "xelerance.com",							\
		 .framing = 3,									\
		 .has_bearer = true,								\
		 .firmware = 0x0690,								\
		 .window = 4},									\
	.lcp = {.wants = LCP_BIT(LCP_ACCM) | LCP_BIT(LCP_MAGIC) | LCP_BIT(LCP_PFC) |		\
			 LCP_BIT(LCP_ACFC)},							\
	.auth = {PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP}

#define LINUX_FACTS										\
	{"Eleven Main Mode transforms, AES-256/SHA-256/MODP-2048 first, "			\
	 "3DES/SHA-1/MODP-1024 last.",								\
	 "nm-l2tp", HIGH},									\
	{"Quick Mode: AES-256, AES-128, 3DES, all HMAC-SHA1, transport mode.",			\
	 "nm-l2tp", HIGH},									\
	{"L2TP from port 1701 where it is free.",						\
	 "nm-l2tp", HIGH},									\
	{"pppd refuses no method; MS-CHAPv2 and PAP are what is spoken here.",			\
	 "mode-inference", MEDIUM},								\
	{"Nonces of 32 bytes.",									\
	 "kat-strongswan", HIGH},								\
	{"Attributes in the order in which it answers as a server; all transforms in one "	\
	 "proposal.",										\
	 "mode-inference", MEDIUM},								\
	{"Lives of 3 hours and 1 hour, its defaults.",						\
	 "strongswan-src", MEDIUM},								\
	{"No INITIAL-CONTACT: it goes only to a server whose ID is told, and "			\
	 "NetworkManager-l2tp tells none.",							\
	 "measured-strongswan", HIGH},								\
	{"Two NAT-OA whenever a NAT was found; a NAT keep-alive every 20 s.",			\
	 "strongswan-src", MEDIUM},								\
	{"Encrypted messages always have padding, a whole block where none is needed.",		\
	 "measured-strongswan", HIGH},								\
	{"Every message is sent again after 4, 7.2, 13, 23.3, 42 s.",				\
	 "strongswan-src", MEDIUM},								\
	{"xl2tpd: vendor name xelerance.com, firmware 0690, window 4.",				\
	 "measured-xl2tpd", HIGH}

const struct client_mode mode_linux_strongswan = {
	.name = "linux-strongswan",
	.short_name = "Linux",
	.title = "Linux, NetworkManager-l2tp (strongSwan)",
	.gate = GATE_NONE,
	CLIENT_LIST(vids, SAYS(VID_XAUTH), SAYS(VID_DPD), SAYS(VID_FRAGMENTATION_CAP),
		    SAYS(VID_RFC3947), SAYS(VID_DRAFT02N)),
	LINUX_STRONGSWAN,
	CLIENT_LIST(
		facts,
		{"It connects whoever is behind NAT, and its log says who it believes to be.",
		 "measured-strongswan", HIGH},
		{"Five vendor IDs: XAUTH, DPD, FRAGMENTATION with capabilities 80000000, RFC 3947, "
		 "draft-02\\n.",
		 "strongswan-src", HIGH},
		{"FRAGMENTATION makes SoftEther take it for Microsoft: it gets the parrot. With "
		 "fragmentation switched off it would not.",
		 "measured-softether", HIGH},
		LINUX_FACTS,
		{"LCP asks for ACCM 0, a magic number, PFC and ACFC, as pppd does.",
		 "mode-inference", LOW}),
};

const struct client_mode mode_linux_plain = {
	.name = "linux-plain",
	.short_name = "Linux plain",
	.title = "Linux, strongSwan with fragmentation = no",
	.gate = GATE_NONE,
	CLIENT_LIST(vids, SAYS(VID_XAUTH), SAYS(VID_DPD), SAYS(VID_RFC3947), SAYS(VID_DRAFT02N)),
	LINUX_STRONGSWAN,
	CLIENT_LIST(
		facts,
		{"Four vendor IDs: XAUTH, DPD, RFC 3947, draft-02\\n. None of them is one of "
		 "Microsoft's, so SoftEther tells it the truth, or what it takes for it.",
		 "measured-strongswan", HIGH},
		LINUX_FACTS),
};
