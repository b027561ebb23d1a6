/* SPDX-License-Identifier: MIT */
/*
 * mode_client_racoon.c - the clients that descend from racoon: Apple's and Android's.
 */
#include "nodes/modes/modes_priv.h"

/* What racoon does for all of them. */
#define RACOON											\
	.gate = GATE_NONE,									\
	.phase1_attrs = {P1_LIFE_TYPE, P1_LIFE, P1_ENC, P1_KEYLEN, P1_AUTH, P1_HASH, P1_GROUP},	\
	.phase2_attrs = {P2_LIFE_TYPE, P2_LIFE, P2_ENCAP, P2_KEYLEN, P2_AUTH},			\
	.phase2_one_proposal = true,								\
	CLIENT_LIST(phase2, {ESP_AES, 256, AUTH_HMAC_SHA256}, {ESP_AES, 256, AUTH_HMAC_SHA1},	\
		    {ESP_AES, 256, AUTH_HMAC_MD5}, {ESP_AES, 128, AUTH_HMAC_SHA256},		\
		    {ESP_AES, 128, AUTH_HMAC_SHA1}, {ESP_AES, 128, AUTH_HMAC_MD5},		\
		    {ESP_3DES, 0, AUTH_HMAC_SHA256}, {ESP_3DES, 0, AUTH_HMAC_SHA1},		\
		    {ESP_3DES, 0, AUTH_HMAC_MD5}),						\
	.nonce_len = 16,									\
	.initial_contact = true,								\
	.dpd = true,										\
	.ignores = IGNORES_KEY_LENGTH,								\
	.natoa_always = true,									\
	.keepalive_ms = 20000,									\
	.main_retry = RETRY(30000, 3000, 6000, 9000, 12000, 15000),				\
	.later_retry = RETRY(30000, 3000, 6000, 9000, 12000, 15000),				\
	.quick_retry = RETRY(30000, 3000, 6000, 9000, 12000, 15000),				\
	.l2tp_retry = RETRY(31000, 1000, 3000, 7000, 15000, 23000),				\
	.lcp = {.wants = LCP_BIT(LCP_ACCM) | LCP_BIT(LCP_MAGIC) | LCP_BIT(LCP_PFC) |		\
			 LCP_BIT(LCP_ACFC)},							\
	.auth = {PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP}

/* And for Apple. */
#define APPLE											\
	RACOON,											\
	CLIENT_LIST(vids, SAYS(VID_RFC3947), SAYS(VID_DRAFT_NAT_T), SAYS(VID_DRAFT08),		\
		    SAYS(VID_DRAFT07), SAYS(VID_DRAFT06), SAYS(VID_DRAFT05), SAYS(VID_DRAFT04),	\
		    SAYS(VID_DRAFT03), SAYS(VID_DRAFT02), SAYS(VID_DRAFT02N),			\
		    SAYS(VID_FRAGMENTATION_CAP), SAYS(VID_DPD)),				\
	CLIENT_LIST(phase1, {CIPHER_AES, 256, HASH_SHA256, GROUP_MODP2048, 3600},		\
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_MODP2048, 3600},				\
		    {CIPHER_AES, 256, HASH_MD5, GROUP_MODP2048, 3600},				\
		    {CIPHER_AES, 256, HASH_SHA512, GROUP_MODP2048, 3600},			\
		    {CIPHER_AES, 256, HASH_SHA256, GROUP_MODP1536, 3600},			\
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_MODP1536, 3600},				\
		    {CIPHER_AES, 256, HASH_MD5, GROUP_MODP1536, 3600},				\
		    {CIPHER_AES, 256, HASH_SHA256, GROUP_MODP1024, 3600},			\
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_MODP1024, 3600},				\
		    {CIPHER_AES, 256, HASH_MD5, GROUP_MODP1024, 3600},				\
		    {CIPHER_AES, 128, HASH_SHA1, GROUP_MODP1024, 3600},				\
		    {CIPHER_AES, 128, HASH_MD5, GROUP_MODP1024, 3600},				\
		    {CIPHER_3DES, 0, HASH_SHA1, GROUP_MODP1024, 3600},				\
		    {CIPHER_3DES, 0, HASH_MD5, GROUP_MODP1024, 3600}),				\
	.phase2_life_s = 3600

#define APPLE_FACTS										\
	{"pppd agrees to MS-CHAPv2 and to PAP, and likes the former better.",			\
	 "mode-inference", LOW},								\
	{"It connects whoever is behind NAT: the flags of NAT detection choose UDP encapsulation "\
	 "and keep-alives, nothing else.",							\
	 "apple-ipsec", HIGH},									\
	{"Twelve vendor IDs: RFC 3947, nine drafts in falling order, FRAGMENTATION with "	\
	 "capabilities 80000000, DPD.",								\
	 "apple-ipsec", HIGH},									\
	{"FRAGMENTATION begins with the bytes by which SoftEther recognises Microsoft: it gets "\
	 "the parrot too.",									\
	 "softether-src", HIGH},								\
	{"Fourteen Main Mode transforms, from AES-256/SHA-256/MODP-2048 down to "		\
	 "3DES/MD5/MODP-1024, 3600 s each.",							\
	 "apple-ppp", HIGH},									\
	{"Nine ESP transforms {AES-256, AES-128, 3DES} x {SHA-256, SHA-1, MD5}, 3600 s, transport "\
	 "mode, no PFS.",									\
	 "apple-ppp", HIGH},									\
	{"Message 5 carries INITIAL-CONTACT beside ID and HASH.",				\
	 "apple-ipsec", HIGH},									\
	{"NAT-D in RFC 3947's order: the server first.",					\
	 "apple-ipsec", HIGH},									\
	{"Its L2TP port is an ephemeral one, and stands in its Quick Mode ID.",			\
	 "ubuntuforums-iphone", HIGH},								\
	{"Two NAT-OA payloads in Quick Mode when a NAT was found.",				\
	 "apple-ipsec", HIGH},									\
	{"Attributes begin with the life: type, duration, cipher, key length, authentication, "	\
	 "hash, group; the life is a basic attribute.",						\
	 "apple-ipsec", MEDIUM},								\
	{"Nonces of 16 bytes.",									\
	 "apple-ipsec", MEDIUM},								\
	{"A NAT keep-alive every 20 s.",							\
	 "apple-ipsec", MEDIUM},								\
	{"It sends again every 3 s and gives up after 30 s.",					\
	 "mode-inference", LOW},								\
	{"L2TP is sent again after 1, 2, 4, 8, 8 s, as RFC 2661 proposes.",			\
	 "mode-inference", LOW},								\
	{"LCP asks for ACCM 0, a magic number, PFC and ACFC, as pppd does.",			\
	 "mode-inference", LOW}

const struct client_mode mode_macos = {
	.name = "macos",
	.short_name = "Mac",
	.title = "macOS, built-in client (racoon)",
	APPLE,
	.l2tp = {.host = "macbook", .framing = 3, .window = 4},
	CLIENT_LIST(facts, APPLE_FACTS),
};

const struct client_mode mode_ios = {
	.name = "ios",
	.short_name = "iPhone",
	.title = "iOS, built-in client (racoon)",
	APPLE,
	.l2tp = {.host = "iphone", .framing = 3, .window = 4},
	CLIENT_LIST(
		facts,
		{"Behind NAT, with a server behind NAT, it connects: \"both are NATed\" in the "
		 "log, and ESP flows.",
		 "ubuntuforums-iphone", HIGH},
		APPLE_FACTS),
};

const struct client_mode mode_android = {
	.name = "android",
	.short_name = "Android",
	.title = "Android up to 11, built-in client (racoon)",
	RACOON,
	CLIENT_LIST(vids, SAYS(VID_RFC3947), SAYS(VID_DRAFT02), SAYS(VID_DRAFT02N),
		    SAYS(VID_DRAFT00), SAYS(VID_FRAGMENTATION_CAP), SAYS(VID_DPD)),
	CLIENT_LIST(phase1, {CIPHER_AES, 256, HASH_SHA384, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 256, HASH_SHA256, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 256, HASH_SHA512, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 256, HASH_SHA1, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 256, HASH_MD5, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 128, HASH_SHA512, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 128, HASH_SHA384, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 128, HASH_SHA256, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 128, HASH_SHA1, GROUP_MODP1024, 28800},
		    {CIPHER_AES, 128, HASH_MD5, GROUP_MODP1024, 28800},
		    {CIPHER_3DES, 0, HASH_SHA256, GROUP_MODP1024, 28800},
		    {CIPHER_3DES, 0, HASH_SHA1, GROUP_MODP1024, 28800},
		    {CIPHER_3DES, 0, HASH_MD5, GROUP_MODP1024, 28800}),
	.phase2_life_s = 28800,
	.quick_port_any = true,
	.l2tp = {.host = "anonymous", .framing = 3, .window = 1},
	CLIENT_LIST(
		facts,
		{"It connects whoever is behind NAT, as every racoon does.",
		 "android-src", HIGH},
		{"pppd agrees to MS-CHAPv2 and to PAP.",
		 "mode-inference", LOW},
		{"Six vendor IDs: RFC 3947, drafts 02, 02\\n, 00, FRAGMENTATION with capabilities "
		 "80000000, DPD.",
		 "android-src", HIGH},
		{"FRAGMENTATION begins with the bytes by which SoftEther recognises Microsoft: it "
		 "gets the parrot too.",
		 "softether-src", HIGH},
		{"Main Mode transforms all of MODP-1024: AES-256 with SHA-384, SHA-256, SHA-512, "
		 "SHA-1, MD5; AES-128 with SHA-512, SHA-384, SHA-256, SHA-1, MD5; 3DES with "
		 "SHA-256, SHA-1, MD5.",
		 "android-src", HIGH},
		{"The transforms with DES that end the list are left out.",
		 "mode-inference", MEDIUM},
		{"Servers without MODP-1024, such as Libreswan since 4.0, have nothing in common "
		 "with it.",
		 "libreswan-src", MEDIUM},
		{"Lives of 28800 s; every message again after 3 s, up to ten times.",
		 "android-src", HIGH},
		{"The ESP transforms and their order, as Apple's; those with SHA-384 and SHA-512 "
		 "are left out.",
		 "mode-inference", LOW},
		{"Port 0 in its own Quick Mode ID, 1701 in the server's.",
		 "android-src", HIGH},
		{"Attributes begin with the life, nonces have 16 bytes, message 5 carries "
		 "INITIAL-CONTACT, a NAT keep-alive goes out every 20 s, as Apple's racoon does.",
		 "mode-inference", MEDIUM},
		{"L2TP (mtpd): host name anonymous, window 1, the times of RFC 2661.",
		 "mode-inference", LOW},
		{"LCP asks for ACCM 0, a magic number, PFC and ACFC, as pppd does.",
		 "mode-inference", LOW}),
};
