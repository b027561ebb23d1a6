/* SPDX-License-Identifier: MIT */
/*
 * mode_server_other.c - a server that is seldom met, and two that show what old ones cannot do.
 */
#include "nodes/modes/modes_priv.h"

/* Ordinary answers of servers of which nothing more is known. */
#define PLAIN_SERVER										\
	.phase1 = {.ciphers = ACCEPT(CIPHER_AES) | ACCEPT(CIPHER_3DES),				\
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),			\
		   .hashes = ACCEPT(HASH_MD5) | ACCEPT(HASH_SHA1) | ACCEPT(HASH_SHA256),	\
		   .groups = ACCEPT(GROUP_MODP1024) | ACCEPT(GROUP_MODP1536) |			\
			     ACCEPT(GROUP_MODP2048)},						\
	.phase2 = {.esp = ACCEPT(ESP_AES) | ACCEPT(ESP_3DES),					\
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),			\
		   .auths = ACCEPT(AUTH_HMAC_MD5) | ACCEPT(AUTH_HMAC_SHA1)},			\
	.sa_encoding = SA_AS_OFFERED,								\
	.nonce_len = 16,									\
	.dpd = true,										\
	.half_open_ms = 60000,									\
	.message2_retry = RETRY(60000, 10000, 20000, 30000, 40000, 50000),			\
	.message4_retry = RETRY(60000, 10000, 20000, 30000, 40000, 50000),			\
	.quick_retry = RETRY(60000, 10000, 20000, 30000, 40000, 50000),				\
	.dup_message1 = DUP_SAME_ANSWER,							\
	.dup_message3 = DUP_SAME_ANSWER,							\
	.dup_message5 = DUP_SAME_ANSWER,							\
	.bad_psk = BAD_PSK_SILENCE,								\
	.no_proposal = NO_PROPOSAL_SILENCE,							\
	.other_message3 = OTHER_MESSAGE3_IGNORED,						\
	XL2TPD

const struct server_mode mode_racoon_force = {
	.name = "racoon-force",
	.title = "racoon with nat_traversal force",
	.natd_own = NATD_OWN_ADDR_ZERO,
	.natd_peer = NATD_PEER_ADDR_ZERO,
	.natt = true,
	.force_natt = true,
	SERVER_LIST(vids, ECHOES(VID_RFC3947), ECHOES(VID_DRAFT02N), ECHOES(VID_DRAFT02),
		    ECHOES(VID_DRAFT00), SAYS(VID_DPD), ECHOES(VID_FRAGMENTATION_CAP)),
	.one_natt_vid = true,
	.natoa = true,
	.keepalive_ms = 20000,
	PLAIN_SERVER,
	SERVER_LIST(
		facts, PPPD_FACT,
		{"Both hashes are made with address 0.0.0.0 and the true ports: every client "
		 "believes that both ends are behind NAT.",
		 "racoon-src", HIGH},
		{"The client's own hashes are never verified: both ends count as behind NAT.",
		 "racoon-src", HIGH},
		{"So Windows refuses it on a public address, too, unless the value is 2.",
		 "mode-inference", MEDIUM},
		{"Vendor IDs: the best NAT-T revision that the client knows, DPD, and "
		 "FRAGMENTATION to a client whose capabilities allow it.",
		 "racoon-src", HIGH},
		{"The chosen transform is sent back as offered.",
		 "mode-inference", MEDIUM},
		{"No answer at all to proposals of which it accepts none.",
		 "racoon-src", HIGH},
		{"Nonces of 16 bytes; every message again after 10 s, five times.",
		 "mode-inference", MEDIUM},
		{"Which algorithms it accepts is its configuration; here the usual ones "
		 "without elliptic curves.",
		 "mode-inference", LOW},
		{"xl2tpd beside it for L2TP: vendor name xelerance.com, firmware 0690, window "
		 "4, Hello every 60 s.",
		 "measured-xl2tpd", MEDIUM}),
};

const struct server_mode mode_no_natt = {
	.name = "no-natt",
	.title = "A server without NAT traversal",
	.natd_own = NATD_OWN_EXACT,
	.natd_peer = NATD_PEER_EXACT,
	.natt = false,
	SERVER_LIST(vids, SAYS(VID_DPD)),
	PLAIN_SERVER,
	SERVER_LIST(
		facts, PPPD_FACT,
		{"Without a vendor ID of NAT-T in message 2 the client sends no NAT-D, stays "
		 "on port 500 and uses plain ESP, IP protocol 50.",
		 "rfc3947", HIGH},
		{"Nobody learns of a NAT, so Windows has nothing to refuse; the ESP packets do "
		 "not survive one.",
		 "mode-inference", MEDIUM},
		{"No product: what servers did before 2005, or do with NAT traversal switched "
		 "off.",
		 "mode-inference", MEDIUM},
		{"Everything else as racoon does it.",
		 "mode-inference", LOW},
		{"xl2tpd beside it for L2TP: vendor name xelerance.com, firmware 0690, window "
		 "4, Hello every 60 s.",
		 "measured-xl2tpd", MEDIUM}),
};

const struct server_mode mode_draft_only = {
	.name = "draft-only",
	.title = "A server of 2003, draft-02 only",
	.natd_own = NATD_OWN_EXACT,
	.natd_peer = NATD_PEER_EXACT,
	.natt = true,
	SERVER_LIST(vids, SAYS(VID_DRAFT02N), SAYS(VID_DRAFT02), SAYS(VID_DPD)),
	.natoa = true,
	.keepalive_ms = 20000,
	PLAIN_SERVER,
	SERVER_LIST(
		facts, PPPD_FACT,
		{"Draft-02 without RFC 3947 is what Windows 2000, XP SP2 and Server 2003 send.",
		 "ms-ikee", HIGH},
		{"NAT-D is payload 130, NAT-OA 131, encapsulation modes are 61443 and 61444.",
		 "ms-ikee", HIGH},
		{"Clients of today answer a server that knows draft-02 alone with payload 130.",
		 "measured-strongswan", MEDIUM},
		{"The hashes are made as in RFC 3947; Windows draws the same conclusion from "
		 "them.",
		 "mode-inference", MEDIUM},
		{"NAT-OA of the answer holds the server's own address only.",
		 "softether-src", MEDIUM},
		{"Its vendor IDs beside the two drafts, and everything else, as racoon does "
		 "it.",
		 "mode-inference", LOW},
		{"xl2tpd beside it for L2TP: vendor name xelerance.com, firmware 0690, window "
		 "4, Hello every 60 s.",
		 "measured-xl2tpd", MEDIUM}),
};
