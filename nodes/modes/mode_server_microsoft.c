/* SPDX-License-Identifier: MIT */
/*
 * mode_server_microsoft.c - Windows Server as a server, a row.
 */
#include "nodes/modes/modes_priv.h"

const struct server_mode mode_rras_2012r2 = {
	.name = "rras-2012r2",
	.title = "Windows Server 2012 R2 (RRAS)",
	.natd_own = NATD_OWN_EXACT,
	.natd_peer = NATD_PEER_EXACT,
	.natt = true,
	SERVER_LIST(vids, SAYS(VID_MS_NT5_V9), SAYS(VID_RFC3947), SAYS(VID_DRAFT02N),
		    SAYS(VID_FRAGMENTATION), SAYS(VID_MS_NEGOTIATION_DISCOVERY),
		    SAYS(VID_IKE_CGA)),
	.phase1 = {.ciphers = ACCEPT(CIPHER_AES) | ACCEPT(CIPHER_3DES),
		   .keys = ACCEPT_KEY(256) | ACCEPT_KEY(128),
		   .hashes = ACCEPT(HASH_SHA1),
		   .groups = ACCEPT(GROUP_ECP384) | ACCEPT(GROUP_ECP256) |
			     ACCEPT(GROUP_MODP2048) | ACCEPT(GROUP_MODP1024)},
	.phase2 = {.esp = ACCEPT(ESP_AES) | ACCEPT(ESP_3DES),
		   .keys = ACCEPT_KEY(256) | ACCEPT_KEY(128),
		   .auths = ACCEPT(AUTH_HMAC_SHA1)},
	.sa_encoding = SA_AS_OFFERED,
	.nonce_len = 48,
	.natoa = true,
	.reliable_delete = true,
	.keepalive_ms = 20000,
	.half_open_ms = 60000,
	.message2_retry = NO_RETRY,
	.message4_retry = NO_RETRY,
	.quick_retry = NO_RETRY,
	.dup_message1 = DUP_SAME_ANSWER,
	.dup_message3 = DUP_SAME_ANSWER,
	.dup_message5 = DUP_SAME_ANSWER,
	.bad_psk = BAD_PSK_NOTIFY,
	.bad_psk_type = 40003, /* Microsoft's own status */
	.no_proposal = NO_PROPOSAL_PLAIN,
	.other_message3 = OTHER_MESSAGE3_IGNORED,
	.l2tp = {.host = "WIN-NATDLAB",
		 .vendor = "Microsoft",
		 .framing = 1,
		 .has_bearer = true,
		 .firmware = 0x0603,
		 .window = 8},
	.lcp = {.wants = LCP_BIT(LCP_MRU) | LCP_BIT(LCP_MAGIC) | LCP_BIT(LCP_PFC) |
			 LCP_BIT(LCP_ACFC),
		.mru = 1400},
	.auth = {PPP_AUTH_MSCHAPV2},
	.hello_ms = 60000,
	.l2tp_retry = RETRY(35000, 1000, 3000, 7000, 15000, 25000),
	SERVER_LIST(
		facts,
		{"Both NAT-D hashes are true: the client as seen, and its own private address; "
		 "behind NAT, Windows clients need the registry edit.",
		 "article", HIGH},
		{"Message 2 has six vendor IDs: MS NT5 version 9, RFC 3947, draft-02\\n, "
		 "FRAGMENTATION, MS-Negotiation Discovery Capable, IKE CGA version 1; 212 "
		 "bytes with AES.",
		 "pastebin-slfubtpe", HIGH},
		{"It answers with both NAT-T vendor IDs; RFC 3947 is selected when both know "
		 "it.",
		 "ms-ikee", HIGH},
		{"3DES and AES, SHA-1, ECP-384, ECP-256, MODP-2048 and MODP-1024 without "
		 "AllowL2TPWeakCrypto.",
		 "ms-ikee", MEDIUM},
		{"The first acceptable transform of the client's list is taken, and sent back "
		 "as offered.",
		 "mode-inference", MEDIUM},
		{"As a responder it never sends anything again by itself.",
		 "ms-ikee", HIGH},
		{"A duplicate is answered as before.",
		 "mode-inference", LOW},
		{"An unfinished exchange is forgotten after 60 s.",
		 "ms-aips", MEDIUM},
		{"Deletes towards Windows clients are acknowledged ones.",
		 "ms-ikee", HIGH},
		{"Any source port of the client's L2TP is accepted: Macs connect.",
		 "kb248750", MEDIUM},
		{"A wrong pre-shared key: notify 40003, encrypted, instead of message 6.",
		 "ms-ikee", MEDIUM},
		{"NO-PROPOSAL-CHOSEN without an SPI.",
		 "mode-inference", LOW},
		{"PPP asks for MS-CHAPv2; EAP, which it allows by default as well and may ask for "
		 "first, is left out.",
		 "mode-inference", MEDIUM},
		{"An L2TP Hello every 60 s.",
		 "mode-inference", LOW},
		{"L2TP firmware revision 0603, by analogy with Windows 10's 0a00.",
		 "mode-inference", LOW}),
	.known = {
		[KNOWN_LENGTHS] = INFERRED(
			MEDIUM, "message 2 has 212 bytes with AES, 208 with 3DES, by its payloads"),
		[KNOWN_ORDER] = CAPTURED(
			"pastebin-slfubtpe", HIGH,
			"message 2: SA, then vendor IDs; the others as RFC 2409 and 3947 have them"),
		[KNOWN_VIDS] = CAPTURED("pastebin-slfubtpe", HIGH,
					"six, version 8 on 2008 R2, 9 on a server of 2012"),
		[KNOWN_TRANSFORMS] = DOCUMENTED(
			"ms-ikee", MEDIUM,
			"3DES and AES, SHA-1, four groups; which of a list is taken is inferred"),
		[KNOWN_ENCODING] = INFERRED(MEDIUM, "the chosen transform comes back as offered"),
		[KNOWN_NONCE] = INFERRED(LOW, "48 bytes, as the client's"),
		[KNOWN_HASHES] = CAPTURED("article", HIGH,
					  "both are true: the client as seen, its private address"),
		[KNOWN_VERDICT] = DOCUMENTED("kb926179", MEDIUM,
					     "the value is to be set on the server too; here it "
					     "serves everybody"),
		[KNOWN_PORTS] = DOCUMENTED("ms-ikee", HIGH, "answers where it is asked"),
		[KNOWN_QUICK] = INFERRED(MEDIUM, "IDs are echoed; any port of the client's will do"),
		[KNOWN_ESP] = INFERRED(MEDIUM, "AES-256, AES-128, 3DES with HMAC-SHA1"),
		[KNOWN_NATOA] = DOCUMENTED("ms-ikee", MEDIUM, "sent to a client that sends it"),
		[KNOWN_NOTIFIES] = DOCUMENTED("ms-ikee", HIGH,
					      "a Delete carries a nonce and is acknowledged"),
		[KNOWN_MAIN_TIMES] = DOCUMENTED("ms-ikee", HIGH,
						"as a responder it sends nothing again by itself"),
		[KNOWN_LATER_TIMES] = DOCUMENTED("ms-ikee", HIGH, "nor later"),
		[KNOWN_END] = DOCUMENTED("ms-aips", MEDIUM,
					 "unfinished exchanges are forgotten after 60 s"),
		[KNOWN_DUPLICATES] = INFERRED(LOW, "answered as before"),
		[KNOWN_WRONG] = DOCUMENTED(
			"ms-ikee", MEDIUM,
			"a wrong secret: notify 40003; how other nonsense is answered is not known: "
			"NO-PROPOSAL-CHOSEN without an SPI, else silence"),
		[KNOWN_L2TP] = INFERRED(LOW, "as the client's, but for the firmware's number"),
		[KNOWN_PPP] = INFERRED(MEDIUM, "asks for MS-CHAPv2"),
	},
};
