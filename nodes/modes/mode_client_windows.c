/* SPDX-License-Identifier: MIT */
/*
 * mode_client_windows.c - Windows as a client, a row for each generation.
 */
#include "nodes/modes/modes_priv.h"

/* What all of them do since Vista. */
#define WINDOWS											\
	.gate = GATE_MICROSOFT,									\
	CLIENT_LIST(phase1, {CIPHER_AES, 256, HASH_SHA1, GROUP_ECP384, 28800},			\
		    {CIPHER_AES, 128, HASH_SHA1, GROUP_ECP256, 28800},				\
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_MODP2048, 28800},			\
		    {CIPHER_3DES, 0, HASH_SHA1, GROUP_MODP2048, 28800},				\
		    {CIPHER_3DES, 0, HASH_SHA1, GROUP_MODP1024, 28800}),			\
	.phase1_attrs = {P1_ENC, P1_KEYLEN, P1_HASH, P1_GROUP, P1_AUTH, P1_LIFE_TYPE, P1_LIFE},	\
	.phase2_attrs = {P2_ENCAP, P2_KEYLEN, P2_AUTH, P2_LIFE_TYPE, P2_LIFE},			\
	.life_variable = true,									\
	.phase2_life_s = 3600,									\
	.phase2_life_kb = 250000,								\
	.nonce_len = 48,									\
	.msgid_counts = true,									\
	.reliable_delete = true,								\
	.ignores = IGNORES_KEY_LENGTH,								\
	.natoa_always = true,									\
	.l2tp_port = 1701,									\
	.keepalive_ms = 20000,									\
	.main_retry = RETRY(35000, 1000, 2000, 5000),						\
	.later_retry = RETRY(35000, 1000, 3000, 7000, 15000),					\
	.quick_retry = RETRY(35000, 1000, 3000, 7000, 15000),					\
	.l2tp_retry = RETRY(35000, 1000, 3000, 7000, 15000, 25000),				\
	.quick_per_sccrq = true,								\
	.lcp = {.wants = LCP_BIT(LCP_MRU) | LCP_BIT(LCP_MAGIC) | LCP_BIT(LCP_PFC) |		\
			 LCP_BIT(LCP_ACFC) | LCP_BIT(LCP_CALLBACK),				\
		.mru = 1400},									\
	.auth = {PPP_AUTH_MSCHAPV2}

#define WINDOWS_FACTS										\
	{"AssumeUDPEncapsulationContextOnSendRule absent or 0: no security association with a "	\
	 "server behind NAT.",									\
	 "kb926179", HIGH},									\
	{"Value 1: with a server behind NAT, but not when the client is behind one too.",	\
	 "ms-fasp", MEDIUM},									\
	{"Value 2: with both behind NAT.",							\
	 "kb926179", HIGH},									\
	{"Refused, it still floats to 4500 and completes both modes, then sends no ESP packet at "\
	 "all.",										\
	 "cloudstack-872", HIGH},								\
	{"Each L2TP retry of a refused connection starts another Quick Mode and deletes the "	\
	 "former SA.",										\
	 "ubuntuforums-endy3", HIGH},								\
	{"A server that only pretends to be behind NAT is refused alike, and value 2 cures it.",\
	 "cloudstack-1741", HIGH},								\
	{"Transforms in order: AES-256/ECP-384, AES-128/ECP-256, AES-256/MODP-2048, "		\
	 "3DES/MODP-2048, 3DES/MODP-1024, all SHA-1, 28800 s.",					\
	 "capture-win10-mm1", HIGH},								\
	{"RFC 3947 is selected when both sides know it, else draft-02.",			\
	 "ms-ikee", HIGH},									\
	{"Nonces of 48 bytes, from the sizes of messages 3.",					\
	 "hwdsl2-229", MEDIUM},									\
	{"Message 5 is ID and HASH only: 76 bytes with AES, 68 with 3DES.",			\
	 "mode-inference", MEDIUM},								\
	{"After any NAT was found, message 5 and all that follows go to port 4500.",		\
	 "hwdsl2-229", HIGH},									\
	{"The order of attributes in a Quick Mode transform.",					\
	 "mode-inference", LOW},								\
	{"Quick Mode IDs are UDP 1701: its own private address, and the server's as dialled.",	\
	 "hwdsl2-102", HIGH},									\
	{"Quick Mode message IDs count 1, 2, 3.",						\
	 "cloudstack-872", HIGH},								\
	{"Message 1 goes out at 0, 1, 2 and 5 s.",						\
	 "pastebin-zlggwhub", MEDIUM},								\
	{"Later messages are sent again after 1, 2, 4, 8 s, as AuthIP's are.",			\
	 "ms-aips", LOW},									\
	{"SCCRQ goes out at 0, 1, 3, 7, 15, 25 s; error 809 comes 30 to 35 s after the first.",	\
	 "ubuntuforums-endy3", MEDIUM},								\
	{"To a peer with the MS NT5 vendor ID a Delete carries a nonce and is acknowledged; sent "\
	 "again after 1, 2, 4, 8, 16, 16 s.",							\
	 "ms-ikee", HIGH},									\
	{"A NAT keep-alive every 20 s.",							\
	 "ms-ikee", HIGH},									\
	{"No version advertises DPD.",								\
	 "hwdsl2-229", HIGH},									\
	{"An allowed connection whose SCCRQ stays unanswered gets a new Quick Mode for each retry "\
	 "too: one SCCRQ, 132 bytes, on each SA.",						\
	 "cloudstack-8566", MEDIUM},								\
	{"LCP asks for MRU 1400, a magic number, PFC, ACFC and callback by CBCP.",		\
	 "mode-inference", LOW},								\
	{"PPP agrees to MS-CHAPv2 alone and proposes it to who asks for EAP or PAP; CHAP, PAP "	\
	 "and EAP are choices that its user can make.",						\
	 "mode-inference", MEDIUM}

/* How each field is known, where all of them are alike. */
#define WINDOWS_KNOWN										\
	[KNOWN_ORDER] = CAPTURED("cloudstack-872", HIGH,					\
				 "message 1: SA, vendor IDs; 3: KE, nonce, NAT-D, NAT-D; Quick "	\
				 "Mode 1: HASH, SA, nonce, ID, ID, NAT-OA, NAT-OA"),		\
	[KNOWN_NONCE] = INFERRED(MEDIUM, "48 bytes, from the lengths of messages 3 in logs"),	\
	[KNOWN_HASHES] = CAPTURED("article", HIGH,						\
				  "the server as dialled, then its own address, port 500"),	\
	[KNOWN_VERDICT] = DOCUMENTED("kb926179", HIGH,						\
				     "value 0 refuses a server behind NAT, 2 nothing; value 1 "	\
				     "stands in text only"),					\
	[KNOWN_PORTS] = CAPTURED("hwdsl2-229", HIGH,						\
				 "4500 from message 5 on, after any NAT was found"),		\
	[KNOWN_QUICK] = CAPTURED("cloudstack-872", HIGH,					\
				 "message IDs 1, 2, 3; UDP 1701, its private address, the "	\
				 "server's as dialled"),					\
	[KNOWN_NATOA] = CAPTURED("hwdsl2-229", MEDIUM,						\
				 "two; some logs have none, so servers should not insist"),	\
	[KNOWN_NOTIFIES] = DOCUMENTED("ms-ikee", HIGH,						\
				      "a Delete to a Microsoft peer carries a nonce and is "	\
				      "acknowledged"),						\
	[KNOWN_MAIN_TIMES] = CAPTURED("pastebin-zlggwhub", MEDIUM, "after 1, 2 and 5 s"),	\
	[KNOWN_LATER_TIMES] = DOCUMENTED("ms-aips", LOW,					\
					 "messages 3, 5 and Quick Mode after 1, 3, 7, 15 s, as "	\
					 "AuthIP's"),						\
	[KNOWN_END] = CAPTURED("ubuntuforums-endy3", MEDIUM,					\
			       "error 809 some 30 to 35 s after the first SCCRQ"),		\
	[KNOWN_DUPLICATES] = INFERRED(LOW, "ignored"),						\
	[KNOWN_WRONG] = INFERRED(LOW, "ignored; a refused proposal ends the exchange"),		\
	[KNOWN_PPP] = INFERRED(LOW, "MRU 1400, magic number, PFC, ACFC, callback; MS-CHAPv2")

const struct client_mode mode_windows_10 = {
	.name = "windows-10",
	.short_name = "Windows 10",
	.title = "Windows 10 and 11, built-in client",
	WINDOWS,
	CLIENT_LIST(vids, SAYS(VID_KEY_MODS), SAYS(VID_MS_NT5_V9), SAYS(VID_RFC3947),
		    SAYS(VID_DRAFT02N), SAYS(VID_FRAGMENTATION),
		    SAYS(VID_MS_NEGOTIATION_DISCOVERY), SAYS(VID_INITIAL_CONTACT),
		    SAYS(VID_IKE_CGA)),
	CLIENT_LIST(phase2, {ESP_AES, 256, AUTH_HMAC_SHA1}, {ESP_AES, 128, AUTH_HMAC_SHA1},
		    {ESP_3DES, 0, AUTH_HMAC_SHA1}, {ESP_DES, 0, AUTH_HMAC_SHA1},
		    {ESP_NULL, 0, AUTH_HMAC_SHA1}),
	.l2tp = {.host = "DESKTOP-NATDLAB",
		 .vendor = "Microsoft",
		 .framing = 1,
		 .has_bearer = true,
		 .firmware = 0x0a00,
		 .window = 8},
	CLIENT_LIST(
		facts, WINDOWS_FACTS,
		{"Message 1 has 408 bytes: five transforms, eight vendor IDs.",
		 "capture-win10-mm1", HIGH},
		{"Quick Mode 1 has HASH, SA, nonce, two IDs and, behind NAT, two NAT-OA: 444 "
		 "bytes.",
		 "cloudstack-872", HIGH},
		{"Five proposals with a transform each: AES-256, AES-128, 3DES, DES, NULL, all "
		 "HMAC-SHA1, by the size of 444 bytes.",
		 "mode-inference", MEDIUM},
		{"L2TP from port 1701, vendor name Microsoft, firmware 0a00, synchronous framing, "
		 "no bearer, window 8.",
		 "pastebin-tyxewrkk", HIGH}),
	.known = {
		WINDOWS_KNOWN,
		[KNOWN_LENGTHS] = CAPTURED("capture-win10-mm1", HIGH,
					   "message 1 has 408 bytes, Quick Mode 1 444; message 5, "
					   "76 or 68, is reckoned"),
		[KNOWN_VIDS] = CAPTURED("capture-win10-mm1", HIGH, "eight, in this order"),
		[KNOWN_TRANSFORMS] = CAPTURED("capture-win10-mm1", HIGH, "five, in this order"),
		[KNOWN_ENCODING] = CAPTURED("capture-win10-mm1", HIGH,
					    "order of attributes; lives in four bytes"),
		[KNOWN_ESP] = INFERRED(MEDIUM, "five proposals, by the length of Quick Mode 1"),
		[KNOWN_L2TP] = CAPTURED("pastebin-tyxewrkk", HIGH,
					"AVPs of SCCRQ in order; port 1701"),
	},
};

const struct client_mode mode_windows_7 = {
	.name = "windows-7",
	.short_name = "Windows 7",
	.title = "Windows 7 SP1, built-in client",
	WINDOWS,
	CLIENT_LIST(vids, SAYS(VID_MS_NT5_V8), SAYS(VID_RFC3947), SAYS(VID_DRAFT02N),
		    SAYS(VID_FRAGMENTATION), SAYS(VID_MS_NEGOTIATION_DISCOVERY),
		    SAYS(VID_INITIAL_CONTACT), SAYS(VID_IKE_CGA)),
	CLIENT_LIST(phase2, {ESP_AES, 128, AUTH_HMAC_SHA1}, {ESP_3DES, 0, AUTH_HMAC_SHA1},
		    {ESP_DES, 0, AUTH_HMAC_SHA1}, {ESP_NULL, 0, AUTH_HMAC_SHA1}),
	.l2tp = {.host = "PC-NATDLAB",
		 .vendor = "Microsoft",
		 .framing = 1,
		 .has_bearer = true,
		 .firmware = 0x0601,
		 .window = 8},
	CLIENT_LIST(
		facts, WINDOWS_FACTS,
		{"Message 1 has 384 bytes: the same five transforms, and seven vendor IDs, without "
		 "KEY_MODS and with version 8 of MS NT5.",
		 "capture-win7-mm1", HIGH},
		{"AES-128 stands before AES-256 in Quick Mode, or instead of it: Openswan, which "
		 "takes the first, took AES-128.",
		 "ubuntuforums-endy3", MEDIUM},
		{"Four proposals with a transform each: AES-128, 3DES, DES, NULL, all HMAC-SHA1.",
		 "mode-inference", LOW},
		{"L2TP as Windows 10, but for firmware 0601.",
		 "mode-inference", LOW}),
	.known = {
		WINDOWS_KNOWN,
		[KNOWN_LENGTHS] = CAPTURED("capture-win7-mm1", HIGH,
					   "message 1 has 384 bytes; the others are reckoned"),
		[KNOWN_VIDS] = CAPTURED("capture-win7-mm1", HIGH, "seven, in this order"),
		[KNOWN_TRANSFORMS] = CAPTURED("capture-win7-mm1", HIGH, "those of Windows 10"),
		[KNOWN_ENCODING] = CAPTURED("capture-win7-mm1", HIGH,
					    "order of attributes; lives in four bytes"),
		[KNOWN_ESP] = CAPTURED("ubuntuforums-endy3", MEDIUM,
				       "AES-128 is what a server takes; the rest is inferred"),
		[KNOWN_L2TP] = INFERRED(LOW, "as Windows 10, but for the firmware's number"),
	},
};
