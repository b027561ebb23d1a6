/* SPDX-License-Identifier: MIT */
/*
 * mode_server_pluto.c - the family of pluto as servers: Libreswan and Openswan, a row each.
 */
#include "nodes/modes/modes_priv.h"

/* What Libreswan does with every setting. */
#define LIBRESWAN										\
	.natt = true,										\
	SERVER_LIST(vids, SAYS(VID_FRAGMENTATION), SAYS(VID_DPD), ECHOES(VID_RFC3947),		\
		    ECHOES(VID_DRAFT03), ECHOES(VID_DRAFT02N), ECHOES(VID_DRAFT02)),		\
	.one_natt_vid = true,									\
	.phase1 = {.ciphers = ACCEPT(CIPHER_AES) | ACCEPT(CIPHER_3DES),				\
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),			\
		   .hashes = ACCEPT(HASH_SHA1) | ACCEPT(HASH_SHA256) |				\
			     ACCEPT(HASH_SHA384) | ACCEPT(HASH_SHA512),				\
		   .groups = ACCEPT(GROUP_MODP1536) | ACCEPT(GROUP_MODP2048) |			\
			     ACCEPT(GROUP_ECP256) | ACCEPT(GROUP_ECP384)},			\
	.phase2 = {.esp = ACCEPT(ESP_AES) | ACCEPT(ESP_3DES),					\
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),			\
		   .auths = ACCEPT(AUTH_HMAC_SHA1) | ACCEPT(AUTH_HMAC_SHA256)},			\
	.sa_encoding = SA_AS_OFFERED,								\
	.nonce_len = 32,									\
	.natoa = true,										\
	.dpd = true,										\
	.keepalive_ms = 20000,									\
	.half_open_ms = 60000,									\
	.message2_retry = NO_RETRY,								\
	.message4_retry = RETRY(60000, 500, 1000, 2000, 4000, 8000, 16000, 32000),		\
	.quick_retry = RETRY(60000, 500, 1000, 2000, 4000, 8000, 16000, 32000),			\
	.dup_message1 = DUP_SAME_ANSWER,							\
	.dup_message3 = DUP_SILENCE,								\
	.dup_message5 = DUP_SAME_ANSWER,							\
	.bad_psk = BAD_PSK_SILENCE,								\
	.no_proposal = NO_PROPOSAL_PLAIN,							\
	.other_message1_ignored = true,								\
	.other_message3 = OTHER_MESSAGE3_IGNORED,						\
	SERVER_LIST(wrong,									\
		    {DROP_PAYLOAD_TYPE, NOTIFY_INVALID_PAYLOAD_TYPE},				\
		    {DROP_PAYLOAD_TWICE, NOTIFY_INVALID_PAYLOAD_TYPE},				\
		    {DROP_DOI, NOTIFY_DOI_NOT_SUPPORTED},					\
		    {DROP_SITUATION, NOTIFY_SITUATION_NOT_SUPPORTED},				\
		    {DROP_PROTOCOL, NOTIFY_INVALID_PROTOCOL_ID},				\
		    {DROP_VERSION, NOTIFY_INVALID_MINOR_VERSION},				\
		    {DROP_EXCHANGE_TYPE, NOTIFY_UNSUPPORTED_EXCHANGE},				\
		    {DROP_FLAGS, NOTIFY_INVALID_FLAGS},						\
		    {DROP_MESSAGE_ID, NOTIFY_INVALID_MESSAGE_ID},				\
		    {DROP_NO_COOKIE, NOTIFY_INVALID_COOKIE},					\
		    {DROP_KEY_LENGTH, NOTIFY_INVALID_KEY},					\
		    {DROP_HASH, NOTIFY_INVALID_HASH}),						\
	.ignores = IGNORES_KEY_VALUE,								\
	.minds = MINDS_MINOR_VERSION | MINDS_TRANSFORM_COUNT | MINDS_LIFE_TYPE |		\
		 MINDS_AUTHENTICATION | MINDS_PROPOSAL_PROTOCOL | MINDS_FLAGS_FIRST |		\
		 MINDS_HASH_COUNT,								\
	.version = VERSION_NEWER_ANSWERED,							\
	.esp_notify = NOTIFY_BAD_PROPOSAL_SYNTAX,						\
	XL2TPD

#define LIBRESWAN_FACTS										\
	{"Vendor IDs FRAGMENTATION, DPD and the best NAT-T revision that the client knows: 148 "\
	 "bytes.",										\
	 "measured-libreswan", HIGH},								\
	{"ECP-384, the first of Windows 10's transforms, is chosen and sent back as offered: "	\
	 "an SA payload of 60 bytes.",								\
	 "measured-libreswan", HIGH},								\
	{"MODP-1024 is compiled out since 4.0: a client with nothing else, such as Android, "	\
	 "finds no proposal.",									\
	 "libreswan-src", MEDIUM},								\
	{"Nonces of 32 bytes.",									\
	 "measured-libreswan", HIGH},								\
	{"A message 3 without NAT-D gets a message 4 without.",					\
	 "measured-libreswan", HIGH},								\
	{"Without message 5 it sends message 4 again at 0.5, 1, 2, 4, 8, 16 and 32 s.",		\
	 "rt-libreswan", HIGH},									\
	{"Message 2 is never sent again.",							\
	 "measured-libreswan", HIGH},								\
	{"An unfinished exchange is forgotten after 60 s.",					\
	 "libreswan-src", MEDIUM},								\
	{"Duplicates of messages 1 and 5 are answered as before, of message 3 not: message 4 "	\
	 "comes again by itself. Another message 3: INVALID-FLAGS.",				\
	 "measured-libreswan", HIGH},								\
	{"A wrong pre-shared key: silence, and message 4 again.",				\
	 "measured-libreswan", HIGH},								\
	{"NO-PROPOSAL-CHOSEN of 40 bytes: no cookie of its own, message ID 0, no SPI.",		\
	 "measured-libreswan", HIGH},								\
	{"Messages that are well formed and make no sense get the notify that RFC 2408 has for "\
	 "it, 40 bytes; malformed ones silence.",						\
	 "measured-libreswan", HIGH},								\
	{"A public value of 0 is taken.",							\
	 "measured-libreswan", HIGH},								\
	{"Quick Mode was not reached where it was measured: IDs echoed, two NAT-OA, the "	\
	 "transform as offered.",								\
	 "mode-inference", MEDIUM},								\
	{"R-U-THERE is acknowledged.",								\
	 "measured-libreswan", HIGH},								\
	{"A NAT keep-alive every 20 s.",							\
	 "libreswan-src", MEDIUM},								\
	{"xl2tpd beside it for L2TP: vendor name xelerance.com, firmware 0690, window 4, Hello "\
	 "every 60 s.",										\
	 "measured-xl2tpd", MEDIUM}

const struct server_mode mode_libreswan = {
	.name = "libreswan",
	.title = "Libreswan 4.10",
	.natd_own = NATD_OWN_EXACT,
	.natd_peer = NATD_PEER_EXACT,
	LIBRESWAN,
	SERVER_LIST(
		facts,
		{"Both NAT-D hashes are true (encapsulation=auto): behind NAT, Windows clients "
		 "need the registry edit.",
		 "measured-libreswan", HIGH},
		{"Windows, Apple and plain clients are treated alike.",
		 "measured-libreswan", HIGH},
		LIBRESWAN_FACTS, PPPD_FACT),
};

const struct server_mode mode_libreswan_encapsulation = {
	.name = "libreswan-encapsulation",
	.title = "Libreswan with encapsulation=yes",
	.natd_own = NATD_OWN_PORT_ZERO,
	.natd_peer = NATD_PEER_PORT_ZERO,
	.force_natt = true,
	LIBRESWAN,
	.auth = {PPP_AUTH_MSCHAPV2},
	SERVER_LIST(
		facts,
		{"Both hashes are made with port 0 and the true addresses: every client "
		 "believes that both ends are behind NAT.",
		 "libreswan-src", HIGH},
		{"Seen behind a NAT and without any; without any it is UDP 4500 all the same.",
		 "measured-libreswan", HIGH},
		{"Windows refuses it wherever it stands, unless the value is 2.",
		 "libreswan-423", HIGH},
		{"The widely used script setup-ipsec-vpn sets it for L2TP.",
		 "hwdsl2-958", HIGH},
		{"That script's pppd asks for MS-CHAPv2 and refuses PAP.",
		 "hwdsl2-setup", HIGH},
		LIBRESWAN_FACTS),
};

const struct server_mode mode_openswan_forceencaps = {
	.name = "openswan-forceencaps",
	.title = "Openswan 2.6 with forceencaps",
	.natd_own = NATD_OWN_PORT_ZERO,
	.natd_peer = NATD_PEER_PORT_ZERO,
	.natt = true,
	.force_natt = true,
	SERVER_LIST(vids, SAYS(VID_DPD), ECHOES(VID_RFC3947), ECHOES(VID_DRAFT03),
		    ECHOES(VID_DRAFT02N), ECHOES(VID_DRAFT02)),
	.one_natt_vid = true,
	.phase1 = {.ciphers = ACCEPT(CIPHER_AES) | ACCEPT(CIPHER_3DES),
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),
		   .hashes = ACCEPT(HASH_MD5) | ACCEPT(HASH_SHA1) | ACCEPT(HASH_SHA256),
		   .groups = ACCEPT(GROUP_MODP1024) | ACCEPT(GROUP_MODP1536) |
			     ACCEPT(GROUP_MODP2048)},
	.phase2 = {.esp = ACCEPT(ESP_AES) | ACCEPT(ESP_3DES),
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),
		   .auths = ACCEPT(AUTH_HMAC_MD5) | ACCEPT(AUTH_HMAC_SHA1)},
	.sa_encoding = SA_AS_OFFERED,
	.nonce_len = 16,
	.natoa = true,
	.dpd = true,
	.keepalive_ms = 20000,
	.half_open_ms = 70000,
	.message2_retry = NO_RETRY,
	.message4_retry = RETRY(70000, 10000, 30000),
	.quick_retry = RETRY(70000, 10000, 30000),
	.dup_message1 = DUP_SAME_ANSWER,
	.dup_message3 = DUP_SILENCE,
	.dup_message5 = DUP_SAME_ANSWER,
	.bad_psk = BAD_PSK_SILENCE,
	.no_proposal = NO_PROPOSAL_PLAIN,
	.other_message3 = OTHER_MESSAGE3_IGNORED,
	XL2TPD,
	SERVER_LIST(
		facts, PPPD_FACT,
		{"Both hashes are made with port 0 and the true addresses, and both ends are "
		 "taken to be behind NAT.",
		 "openswan-src", HIGH},
		{"A Windows phone whose registry nobody can edit was refused by it, with \"both "
		 "are NATed\" in the log.",
		 "ubuntuforums-endy3", HIGH},
		{"Vendor IDs DPD and the best NAT-T revision that the client knows.",
		 "openswan-src", MEDIUM},
		{"Its own vendor ID, which names the version, is left out here.",
		 "mode-inference", MEDIUM},
		{"No groups on elliptic curves: Windows 10 gets AES-256, SHA-1, MODP-2048.",
		 "openswan-src", MEDIUM},
		{"The first acceptable transform comes back as offered.",
		 "openswan-src", MEDIUM},
		{"Nonces of 16 bytes; message 4 again after 10 and 30 s, the end at 70 s.",
		 "mode-inference", LOW},
		{"Duplicates, wrong keys and refused proposals as Libreswan, its descendant, "
		 "treats them.",
		 "mode-inference", MEDIUM},
		{"xl2tpd beside it for L2TP: vendor name xelerance.com, firmware 0690, window "
		 "4, Hello every 60 s.",
		 "measured-xl2tpd", MEDIUM}),
};
