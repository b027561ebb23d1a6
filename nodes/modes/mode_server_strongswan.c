/* SPDX-License-Identifier: MIT */
/*
 * mode_server_strongswan.c - strongSwan as a server, a row for each version and setting.
 */
#include "nodes/modes/modes_priv.h"

/* What all of them do. */
#define STRONGSWAN										\
	.natt = true,										\
	.natd_unasked = true,									\
	.one_natt_vid = true,									\
	.phase1 = {.ciphers = ACCEPT(CIPHER_AES) | ACCEPT(CIPHER_3DES),				\
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),			\
		   .hashes = ACCEPT(HASH_MD5) | ACCEPT(HASH_SHA1) | ACCEPT(HASH_SHA256) |	\
			     ACCEPT(HASH_SHA384) | ACCEPT(HASH_SHA512),				\
		   .groups = ACCEPT(GROUP_MODP1024) | ACCEPT(GROUP_MODP1536) |			\
			     ACCEPT(GROUP_MODP2048) | ACCEPT(GROUP_ECP256) |			\
			     ACCEPT(GROUP_ECP384)},						\
	.phase2 = {.esp = ACCEPT(ESP_AES) | ACCEPT(ESP_3DES),					\
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),			\
		   .auths = ACCEPT(AUTH_HMAC_MD5) | ACCEPT(AUTH_HMAC_SHA1) |			\
			    ACCEPT(AUTH_HMAC_SHA256)},						\
	.sa_encoding = SA_REENCODED,								\
	.phase1_attrs = {P1_ENC, P1_KEYLEN, P1_HASH, P1_GROUP, P1_AUTH, P1_LIFE_TYPE, P1_LIFE},	\
	.phase2_attrs = {P2_KEYLEN, P2_AUTH, P2_ENCAP, P2_LIFE_TYPE, P2_LIFE},			\
	.nonce_len = 32,									\
	.pads_whole_block = true,								\
	.natoa = true,										\
	.natoa_unasked = true,									\
	.qm_ids_rewritten = true,								\
	.dpd = true,										\
	.keepalive_ms = 20000,									\
	.half_open_ms = 30000,									\
	.message2_retry = NO_RETRY,								\
	.message4_retry = NO_RETRY,								\
	.quick_retry = RETRY(165000, 4000, 11200, 24160, 47488, 89478),				\
	.dup_message1 = DUP_SAME_ANSWER,							\
	.dup_message3 = DUP_SAME_ANSWER,							\
	.dup_message5 = DUP_SAME_ANSWER,							\
	.bad_psk = BAD_PSK_NOTIFY,								\
	.bad_psk_type = 16, /* PAYLOAD-MALFORMED */						\
	.no_proposal = NO_PROPOSAL_SPI16,							\
	.other_message3 = OTHER_MESSAGE3_DROPS,							\
	SERVER_LIST(wrong,									\
		    {DROP_SHORT, NOTIFY_PAYLOAD_MALFORMED},					\
		    {DROP_PAYLOAD_MALFORMED, NOTIFY_PAYLOAD_MALFORMED},				\
		    {DROP_BAD_PROPOSAL, NOTIFY_PAYLOAD_MALFORMED},				\
		    {DROP_PROTOCOL, NOTIFY_PAYLOAD_MALFORMED},					\
		    {DROP_PAYLOAD_TWICE, NOTIFY_PAYLOAD_MALFORMED},				\
		    {DROP_NONCE_LENGTH, NOTIFY_PAYLOAD_MALFORMED},				\
		    {DROP_DECRYPT, NOTIFY_PAYLOAD_MALFORMED},					\
		    {DROP_BLOCKS, NOTIFY_INVALID_HASH},						\
		    {DROP_HASH, NOTIFY_AUTHENTICATION_FAILED},					\
		    {DROP_AGGRESSIVE, NOTIFY_AUTHENTICATION_FAILED},				\
		    {DROP_PAYLOAD_TYPE, NOTIFY_INVALID_PAYLOAD_TYPE},				\
		    {DROP_PAYLOAD_MISSING, NOTIFY_INVALID_PAYLOAD_TYPE},			\
		    {DROP_KEY_LENGTH, NOTIFY_INVALID_PAYLOAD_TYPE},				\
		    {DROP_KEY_VALUE, NOTIFY_INVALID_PAYLOAD_TYPE}),				\
	.ignores = IGNORES_LENGTH | IGNORES_PAYLOADS | IGNORES_DOI | IGNORES_AUTHENTICATION,	\
	.minds = MINDS_TRANSFORM_COUNT | MINDS_PROPOSAL_PROTOCOL,				\
	.version = VERSION_OTHER_ANSWERED,							\
	.follows = FOLLOWS_READABLE,								\
	.tunnel_notify = NOTIFY_INVALID_ID,							\
	XL2TPD

#define STRONGSWAN_VIDS										\
	SAYS(VID_XAUTH), SAYS(VID_DPD)
#define STRONGSWAN_NATT_VIDS									\
	ECHOES(VID_RFC3947), ECHOES(VID_DRAFT03), ECHOES(VID_DRAFT02),				\
		ECHOES(VID_DRAFT02N), ECHOES(VID_DRAFT00)

#define STRONGSWAN_FACTS									\
	{"ECP-384, the first of Windows 10's transforms, is chosen.",				\
	 "measured-strongswan", HIGH},								\
	{"The chosen transform is written anew, its life as a basic attribute: an SA payload "	\
	 "of 56 bytes.",									\
	 "kat-strongswan", HIGH},								\
	{"Nonces of 32 bytes.",									\
	 "kat-strongswan", HIGH},								\
	{"Encrypted messages always have padding, a whole block where none is needed.",		\
	 "measured-strongswan", HIGH},								\
	{"Quick Mode message 2 carries the outer addresses as IDs: the client's public one, "	\
	 "its own private one.",								\
	 "kat-strongswan", HIGH},								\
	{"NAT-OA in Quick Mode message 2, asked or not: the client's public address, its own "	\
	 "private one.",									\
	 "kat-strongswan", HIGH},								\
	{"It sends two NAT-D payloads although message 3 had none.",				\
	 "measured-strongswan", HIGH},								\
	{"It sends neither message 2 nor 4 again; a keep-alive at 20 s; the exchange is "	\
	 "forgotten at 30 s.",									\
	 "rt-strongswan", HIGH},								\
	{"Duplicates of messages 1, 3 and 5 are answered as before; another message 3 ends the "\
	 "exchange.",										\
	 "measured-strongswan", HIGH},								\
	{"A wrong pre-shared key: an encrypted notify of 76 bytes instead of message 6.",	\
	 "measured-strongswan", HIGH},								\
	{"NO-PROPOSAL-CHOSEN in clear with a fresh cookie, a random message ID and both "	\
	 "cookies as SPI, 56 bytes.",								\
	 "measured-strongswan", HIGH},								\
	{"Malformed messages are answered with PAYLOAD-MALFORMED, those that lack a payload "	\
	 "with INVALID-PAYLOAD-TYPE; in clear, or encrypted where there are keys.",		\
	 "measured-strongswan", HIGH},								\
	{"The length in the header, the DOI, the situation, the authentication method and "	\
	 "payloads that it has no use for are not looked at.",					\
	 "measured-strongswan", HIGH},								\
	{"A wrong HASH_I: AUTHENTICATION-FAILED; tunnel mode: INVALID-ID-INFORMATION; another "	\
	 "major version: INVALID_MAJOR_VERSION as IKEv2 has it.",				\
	 "measured-strongswan", HIGH},								\
	{"Quick Mode message 2 is sent again after 4, 7.2, 13, 23.3, 42 s.",			\
	 "strongswan-src", MEDIUM},								\
	{"R-U-THERE is acknowledged; it asks nothing itself unless configured.",		\
	 "measured-strongswan", HIGH},								\
	{"xl2tpd: vendor name xelerance.com, firmware 0690, window 4, Hello every 60 s.",	\
	 "measured-xl2tpd", HIGH}

#define STRONGSWAN_5_9_FACTS									\
	{"Vendor IDs XAUTH, DPD, FRAGMENTATION 80000000 to a client that sent FRAGMENTATION "	\
	 "with whatever behind it, and the best NAT-T revision that the client knows: 160 "	\
	 "bytes, or 136.",									\
	 "measured-strongswan", HIGH},								\
	{"MODP-1024 and MODP-1536 are no longer among its defaults; a configuration for L2TP "	\
	 "clients names them.",									\
	 "mode-inference", MEDIUM}

const struct server_mode mode_strongswan_5_3 = {
	.name = "strongswan-5.3",
	.title = "strongSwan 5.3.2",
	.natd_own = NATD_OWN_EXACT,
	.natd_peer = NATD_PEER_EXACT,
	SERVER_LIST(vids, STRONGSWAN_VIDS, STRONGSWAN_NATT_VIDS),
	STRONGSWAN,
	SERVER_LIST(
		facts,
		{"Both NAT-D hashes are true; behind NAT, Windows clients need the registry "
		 "edit.",
		 "article", HIGH},
		{"Message 4 of 5.9.8 behind a NAT: the client as seen, its own private "
		 "address.",
		 "measured-strongswan", HIGH},
		{"Vendor IDs XAUTH, DPD and the best NAT-T revision that the client knows; "
		 "FRAGMENTATION only in later versions: 136 bytes.",
		 "strongswan-src", MEDIUM},
		STRONGSWAN_FACTS, PPPD_FACT),
};

const struct server_mode mode_strongswan_5_9 = {
	.name = "strongswan-5.9",
	.title = "strongSwan 5.9.8",
	.natd_own = NATD_OWN_EXACT,
	.natd_peer = NATD_PEER_EXACT,
	SERVER_LIST(vids, STRONGSWAN_VIDS, ECHOES_BEGUN(VID_FRAGMENTATION_CAP),
		    STRONGSWAN_NATT_VIDS),
	STRONGSWAN,
	SERVER_LIST(
		facts,
		{"Both NAT-D hashes are true: the client as seen, its own private address "
		 "behind a NAT.",
		 "measured-strongswan", HIGH},
		{"Windows, Apple and plain clients are treated alike.",
		 "measured-strongswan", HIGH},
		STRONGSWAN_5_9_FACTS, STRONGSWAN_FACTS, PPPD_FACT),
};

const struct server_mode mode_strongswan_forceencaps = {
	.name = "strongswan-forceencaps",
	.title = "strongSwan 5.9 with forceencaps",
	.natd_own = NATD_OWN_RANDOM,
	.natd_peer = NATD_PEER_EXACT,
	.force_natt = true,
	SERVER_LIST(vids, STRONGSWAN_VIDS, ECHOES_BEGUN(VID_FRAGMENTATION_CAP),
		    STRONGSWAN_NATT_VIDS),
	STRONGSWAN,
	SERVER_LIST(
		facts,
		{"Its own hash is random bytes, so that every client believes the server to be "
		 "behind NAT and uses UDP encapsulation; the hash of the client stays true.",
		 "strongswan-src", HIGH},
		{"Message 4 on a public address: the client as seen, then a hash that fits "
		 "nothing; UDP 4500 without any NAT.",
		 "measured-strongswan", HIGH},
		{"So Windows refuses it even on a public address: value 2 behind a NAT, 1 "
		 "without.",
		 "cloudstack-872", HIGH},
		{"Value 2 cured it for Windows; Macs never minded.",
		 "cloudstack-1741", HIGH},
		{"A kernel backend that needs UDP (kernel-libipsec) forces it too.",
		 "measured-strongswan", HIGH},
		STRONGSWAN_5_9_FACTS, STRONGSWAN_FACTS, PPPD_FACT),
};
