/* SPDX-License-Identifier: MIT */
/*
 * mode_server_softether.c - SoftEther VPN Server, a row for each version: the parrot.
 */
#include "nodes/wire/l2tp_msg.h"
#include "nodes/modes/modes_priv.h"

/*
 * A message 1 that cannot be read offers nothing, and names no revision of NAT-T. So it is refused
 * where a client without NAT-T is served, and else not answered.
 */
#define REFUSED(wrong)										\
	{(wrong), NOTIFY_NO_PROPOSAL_CHOSEN}
#define REFUSES_NONSENSE									\
	SERVER_LIST(wrong, REFUSED(DROP_PAYLOAD_TYPE), REFUSED(DROP_BAD_PROPOSAL),		\
		    REFUSED(DROP_SHORT), REFUSED(DROP_PAYLOAD_MALFORMED),			\
		    REFUSED(DROP_PAYLOAD_MISSING), REFUSED(DROP_PAYLOAD_TWICE),			\
		    REFUSED(DROP_DOI), REFUSED(DROP_SITUATION))

#define SOFTETHER_ECHO "Aho Baka Manuke"

/* What all of them do. */
#define SOFTETHER										\
	.natd_own = NATD_OWN_PARROT,								\
	.natd_peer = NATD_PEER_UNMATCHED,							\
	.natt = true,										\
	SERVER_LIST(vids, SAYS(VID_RFC3947), SAYS(VID_DRAFT03), SAYS(VID_DRAFT02N),		\
		    SAYS(VID_DRAFT02), SAYS(VID_DRAFT00), SAYS(VID_DPD)),			\
	.phase2 = {.esp = ACCEPT(ESP_DES) | ACCEPT(ESP_3DES) | ACCEPT(ESP_AES),			\
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),			\
		   .auths = ACCEPT(AUTH_HMAC_MD5) | ACCEPT(AUTH_HMAC_SHA1)},			\
	.sa_encoding = SA_REENCODED,								\
	.phase1_attrs = {P1_ENC, P1_HASH, P1_AUTH, P1_GROUP, P1_LIFE_TYPE, P1_LIFE, P1_KEYLEN},	\
	.phase2_attrs = {P2_AUTH, P2_LIFE_TYPE, P2_LIFE, P2_KEYLEN, P2_ENCAP},			\
	.nonce_len = 16,									\
	.natoa = true,										\
	.dpd = true,										\
	.dpd_ms = 10000,									\
	.keepalive_ms = 5000,									\
	.keepalive_always = true,								\
	.keepalive_steady = true,								\
	.idle_ms = 150000,									\
	.half_open_ms = 10000,									\
	.half_open_delete = true,								\
	.half_open_renewed = true,								\
	.unused_ms = 10000,									\
	.message2_retry = RETRY(10000, 2000, 4000, 6000, 8000, 10000),				\
	.message4_retry = RETRY(10000, 2000, 4000, 6000, 8000, 10000),				\
	.message6_retry = RETRY(10000, 2000, 4000, 6000),					\
	.quick_retry = RETRY(10000, 2000, 4000, 6000, 8000, 10000),				\
	.dup_message1 = DUP_NEW_EXCHANGE,							\
	.dup_message3 = DUP_SILENCE,								\
	.dup_message5 = DUP_SILENCE,								\
	.dup_quick1 = DUP_SILENCE,								\
	.bad_psk = BAD_PSK_SILENCE,								\
	.follows = FOLLOWS_ANY,									\
	.ignores = IGNORES_VERSION | IGNORES_MESSAGE_ID | IGNORES_PAYLOADS |			\
		   IGNORES_KEY_LENGTH | IGNORES_NONCE_LENGTH | IGNORES_TUNNEL | IGNORES_PORT,	\
	.minds = MINDS_LIFE_TYPE,								\
	.no_proposal = NO_PROPOSAL_RANDOM_COOKIE,						\
	.other_message3 = OTHER_MESSAGE3_IGNORED,						\
	.invalid_cookie = true,									\
	.invalid_spi = true,									\
	.l2tp = {.host = "vm",									\
		 .vendor = "L2TP",								\
		 .framing = 3,									\
		 .has_bearer = true,								\
		 .bearer = 3,									\
		 .window = 16,									\
		 .counts_ids = true,								\
		 .optional = L2TP_AVP_BIT(AVP_FRAMING_CAPABILITIES) |				\
			     L2TP_AVP_BIT(AVP_BEARER_CAPABILITIES) |				\
			     L2TP_AVP_BIT(AVP_RECEIVE_WINDOW)},					\
	.lcp = {.rejects = LCP_BIT(LCP_ACCM) | LCP_BIT(LCP_MAGIC) | LCP_BIT(LCP_PFC) |		\
			   LCP_BIT(LCP_ACFC),							\
		.echo = SOFTETHER_ECHO},							\
	.chap_wordless = true,									\
	.hello_ms = 8800,									\
	.tunnel_timeout_ms = 60000,								\
	.l2tp_retry = RETRY(10000, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000)

#define SOFTETHER_FACTS										\
	{"The copy is made only when message 3 has two hashes or more; else the hash is of its "\
	 "own.",										\
	 "softether-src", HIGH},								\
	{"Microsoft is who sends MS NT5, FRAGMENTATION or Vid-Initial-Contact, by their first "	\
	 "16 bytes: Macs too.",									\
	 "softether-src", HIGH},								\
	{"The hash of the client is made of random cookies and a random port and matches "	\
	 "nothing: every client uses UDP encapsulation.",					\
	 "softether-src", HIGH},								\
	{"The client's own hashes are never evaluated.",					\
	 "softether-src", HIGH},								\
	{"Both halves seen on the wire from 5.01: a copy, and a hash that matches nothing.",	\
	 "measured-softether", HIGH},								\
	{"Six vendor IDs, whatever the client sent: RFC 3947, drafts 03, 02\\n, 02, 00, DPD.",	\
	 "kat-softether", HIGH},								\
	{"Attributes are sent back sorted, the life as a basic attribute, the transform as "	\
	 "number 1.",										\
	 "kat-softether", HIGH},								\
	{"Nonces of 16 bytes.",									\
	 "kat-softether", HIGH},								\
	{"Messages 2 and 4 are sent again every 2 s, five times; at 10 s a Delete in clear "	\
	 "ends the exchange.",									\
	 "rt-softether", HIGH},									\
	{"Message 6 is sent again after 2, 4 and 6 s until a Quick Mode comes; without one the "\
	 "SA is deleted after 10 s.",								\
	 "measured-softether", HIGH},								\
	{"A duplicate of message 1 begins another exchange; of messages 3 and 5 and of Quick "	\
	 "Mode 1 it is ignored.",								\
	 "measured-softether", HIGH},								\
	{"A wrong pre-shared key: no answer to message 5, message 4 again, to where that came "	\
	 "from.",										\
	 "measured-softether", HIGH},								\
	{"Versions, message IDs, the lengths of keys and nonces, tunnel mode and the ports of "	\
	 "Quick Mode are not looked at.",							\
	 "measured-softether", HIGH},								\
	{"NO-PROPOSAL-CHOSEN, 56 bytes, with a random and a zero cookie in the header and the "	\
	 "initiator's in the SPI.",								\
	 "measured-softether", HIGH},								\
	{"INVALID-COOKIE answers an unknown exchange; INVALID-SPI and a Delete in clear an "	\
	 "unknown ESP SA.",									\
	 "measured-softether", HIGH},								\
	{"R-U-THERE every 10 s to a client that advertised DPD; a keep-alive every 5 s; a "	\
	 "silent client is forgotten after 150 s.",						\
	 "softether-src", HIGH},								\
	{"MS-CHAPv2's answers are S=... or E=691 R=0 C=... V=3, without a text (M=).",		\
	 "softether-src", HIGH},								\
	{"Tunnels and sessions are counted from 1; its LCP echo carries 16 bytes of text.",	\
	 "measured-softether", HIGH},								\
	{"L2TP: host vm, vendor name L2TP, window 16, Hello every 8.8 s, resend every 0.5 s, "	\
	 "60 s to the end.",									\
	 "softether-src", HIGH}

const struct server_mode mode_softether_4 = {
	.name = "softether-4",
	.title = "SoftEther VPN Server 4.0",
	SOFTETHER,
	.auth = {PPP_AUTH_PAP, PPP_AUTH_MSCHAPV2},
	REFUSES_NONSENSE,
	.phase1 = {.ciphers = ACCEPT(CIPHER_DES) | ACCEPT(CIPHER_3DES) | ACCEPT(CIPHER_AES),
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),
		   .hashes = ACCEPT(HASH_MD5) | ACCEPT(HASH_SHA1),
		   .groups = ACCEPT(GROUP_MODP768) | ACCEPT(GROUP_MODP1024) |
			     ACCEPT(GROUP_MODP1536)},
	SERVER_LIST(
		facts,
		{"Its own hash is a copy of the first hash of message 3 for a client that it "
		 "takes for Microsoft; Windows connects without the registry edit.",
		 "article", HIGH},
		SOFTETHER_FACTS,
		{"PPP asks for PAP first; to a client that objects for MS-CHAPv2.",
		 "softether-src", HIGH},
		{"DES, 3DES and AES with MD5 and SHA-1 in groups 1, 2 and 5 only: Windows 10 "
		 "gets 3DES-SHA1-MODP-1024.",
		 "softether-src", MEDIUM},
		{"Quick Mode IDs are echoed; NAT-OA holds the client's public address and its "
		 "own private one.",
		 "kat-softether", HIGH},
		{"That 4.0 puts its own address where 5 puts 0.0.0.0 is an inference.",
		 "mode-inference", MEDIUM}),
};

#define SOFTETHER_5										\
	SOFTETHER,										\
	.auth = {PPP_AUTH_EAP, PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP},				\
	.phase1 = {.ciphers = ACCEPT(CIPHER_DES) | ACCEPT(CIPHER_3DES) | ACCEPT(CIPHER_AES),	\
		   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),			\
		   .hashes = ACCEPT(HASH_MD5) | ACCEPT(HASH_SHA1) | ACCEPT(HASH_SHA256) |	\
			     ACCEPT(HASH_SHA384) | ACCEPT(HASH_SHA512),				\
		   .groups = ACCEPT(GROUP_MODP768) | ACCEPT(GROUP_MODP1024) |			\
			     ACCEPT(GROUP_MODP1536) | ACCEPT(GROUP_MODP2048)}

#define SOFTETHER_5_FACTS									\
	{"PPP asks for EAP first, then for MS-CHAPv2, then for PAP; EAP, which it speaks with "	\
	 "certificates and RADIUS, is not spoken here.",					\
	 "softether-src", HIGH},								\
	{"Its own hash is a copy of the first hash of message 3 for Windows, Macs and "		\
	 "strongSwan, behind NAT and without: Windows connects whatever its registry says.",	\
	 "measured-softether", HIGH},								\
	{"AES-256, SHA-1, MODP-2048 is what Windows 10 gets: no elliptic curves.",		\
	 "measured-softether", HIGH},								\
	{"SHA-2 and group 14 came with later versions of 4; groups 15 and 16, which it has "	\
	 "too, are left out here.",								\
	 "softether-src", HIGH},								\
	{"Quick Mode IDs are echoed.",								\
	 "kat-softether", HIGH}

const struct server_mode mode_softether_5 = {
	.name = "softether-5",
	.title = "SoftEther VPN Server 5.01",
	SOFTETHER_5,
	.address_zero = true,
	.esp_in_udp_only = true,
	SERVER_LIST(wrong, REFUSED(DROP_PAYLOAD_TYPE), REFUSED(DROP_BAD_PROPOSAL)),
	SERVER_LIST(
		facts,
		{"To a client with NAT-T vendor IDs alone it sends the hash of 0.0.0.0:500, "
		 "unless ListenIP names its address; Windows would refuse that even on a "
		 "public address.",
		 "measured-softether", HIGH},
		{"0.0.0.0 stands in its ID and in NAT-OA, too.",
		 "measured-softether", HIGH},
		{"Bound to no address it has no socket for bare ESP, and does not answer a client "
		 "without a vendor ID of NAT-T.",
		 "measured-softether", HIGH},
		SOFTETHER_5_FACTS, SOFTETHER_FACTS),
};

const struct server_mode mode_softether_5_listen = {
	.name = "softether-5-listen",
	.title = "SoftEther 5.01 with ListenIP set",
	SOFTETHER_5,
	REFUSES_NONSENSE,
	SERVER_LIST(
		facts,
		{"With ListenIP set to its own address it knows that: a client with NAT-T "
		 "vendor IDs alone gets the true hash of it.",
		 "measured-softether", HIGH},
		{"The address stands in its ID and in NAT-OA, too.",
		 "kat-softether", HIGH},
		{"It has a socket for bare ESP then, and a client without NAT-T may use that.",
		 "measured-softether", HIGH},
		SOFTETHER_5_FACTS, SOFTETHER_FACTS),
};
