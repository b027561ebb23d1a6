/* SPDX-License-Identifier: MIT */
/*
 * mode_server.c - the servers, a row each. The keys of the facts stand in docs/sources.md.
 */
#include "nodes/l2tp_msg.h"
#include "nodes/mode_rows.h"
#include "nodes/ppp.h"

static const struct server_mode servers[] = {
	{
		.name = "rras-2012r2",
		.title = "Windows Server 2012 R2, Routing and Remote Access",
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
		.hello_ms = 60000,
		.l2tp_retry = RETRY(35000, 1000, 3000, 7000, 15000, 25000),
		SERVER_LIST(
			facts,
			{"Both NAT-D hashes are true: the client as seen, and its own private "
			 "address; behind NAT, Windows clients need the registry edit.",
			 "article", HIGH},
			{"Message 2 has six vendor IDs: MS NT5 version 9, RFC 3947, draft-02, "
			 "FRAGMENTATION, MS-Negotiation Discovery Capable, IKE CGA version 1; 212 "
			 "bytes with AES.",
			 "pastebin-slfubtpe", HIGH},
			{"It answers with both NAT-T vendor IDs; RFC 3947 is selected when both "
			 "know "
			 "it.",
			 "ms-ikee", HIGH},
			{"3DES and AES, SHA-1, ECP-384, ECP-256, MODP-2048 and MODP-1024 without "
			 "AllowL2TPWeakCrypto.",
			 "ms-ikee", MEDIUM},
			{"The first acceptable transform of the client's list is taken, and sent "
			 "back "
			 "as offered.",
			 "mode-inference", MEDIUM},
			{"As a responder it never sends anything again by itself.", "ms-ikee",
			 HIGH},
			{"A duplicate is answered as before.", "mode-inference", LOW},
			{"An unfinished exchange is forgotten after 60 s.", "ms-aips", MEDIUM},
			{"Deletes towards Windows clients are acknowledged ones.", "ms-ikee", HIGH},
			{"Any source port of the client's L2TP is accepted: Macs connect.",
			 "kb248750", MEDIUM},
			{"A wrong pre-shared key: notify 40003, encrypted, instead of message 6.",
			 "ms-ikee", MEDIUM},
			{"NO-PROPOSAL-CHOSEN without an SPI.", "mode-inference", LOW},
			{"An L2TP Hello every 60 s.", "mode-inference", LOW},
			{"L2TP firmware revision 0603, by analogy with Windows 10's 0a00.",
			 "mode-inference", LOW}),
	},
	{
		.name = "strongswan-5.3",
		.title = "strongSwan 5.3.2 with xl2tpd",
		.natd_own = NATD_OWN_EXACT,
		.natd_peer = NATD_PEER_EXACT,
		.natt = true,
		.natd_unasked = true,
		SERVER_LIST(vids, SAYS(VID_XAUTH), SAYS(VID_DPD), ECHOES(VID_RFC3947),
			    ECHOES(VID_DRAFT03), ECHOES(VID_DRAFT02), ECHOES(VID_DRAFT02N),
			    ECHOES(VID_DRAFT00)),
		.one_natt_vid = true,
		.phase1 = {.ciphers = ACCEPT(CIPHER_AES) | ACCEPT(CIPHER_3DES),
			   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),
			   .hashes = ACCEPT(HASH_MD5) | ACCEPT(HASH_SHA1) | ACCEPT(HASH_SHA256) |
				     ACCEPT(HASH_SHA384) | ACCEPT(HASH_SHA512),
			   .groups = ACCEPT(GROUP_MODP1024) | ACCEPT(GROUP_MODP1536) |
				     ACCEPT(GROUP_MODP2048) | ACCEPT(GROUP_ECP256) |
				     ACCEPT(GROUP_ECP384)},
		.phase2 = {.esp = ACCEPT(ESP_AES) | ACCEPT(ESP_3DES),
			   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),
			   .auths = ACCEPT(AUTH_HMAC_MD5) | ACCEPT(AUTH_HMAC_SHA1) |
				    ACCEPT(AUTH_HMAC_SHA256)},
		.sa_encoding = SA_REENCODED,
		.phase1_attrs = {P1_ENC, P1_KEYLEN, P1_HASH, P1_GROUP, P1_AUTH, P1_LIFE_TYPE,
				 P1_LIFE},
		.phase2_attrs = {P2_KEYLEN, P2_AUTH, P2_ENCAP, P2_LIFE_TYPE, P2_LIFE},
		.nonce_len = 32,
		.natoa = true,
		.qm_ids_rewritten = true,
		.dpd = true,
		.keepalive_ms = 20000,
		.half_open_ms = 30000,
		.message2_retry = NO_RETRY,
		.message4_retry = NO_RETRY,
		.quick_retry = RETRY(165000, 4000, 11200, 24160, 47488, 89478),
		.dup_message1 = DUP_SAME_ANSWER,
		.dup_message3 = DUP_SAME_ANSWER,
		.dup_message5 = DUP_SAME_ANSWER,
		.bad_psk = BAD_PSK_NOTIFY,
		.bad_psk_type = 16, /* PAYLOAD-MALFORMED */
		.no_proposal = NO_PROPOSAL_SPI16,
		.other_message3 = OTHER_MESSAGE3_DROPS,
		.payload_malformed = true,
		.l2tp = {.host = "vpn",
			 .vendor = "xelerance.com",
			 .framing = 3,
			 .has_bearer = true,
			 .firmware = 0x0690,
			 .window = 4},
		.lcp = {.wants = LCP_BIT(LCP_MRU) | LCP_BIT(LCP_ACCM) | LCP_BIT(LCP_MAGIC),
			.mru = 1410},
		.hello_ms = 60000,
		.l2tp_retry = RETRY(31000, 1000, 3000, 7000, 15000),
		SERVER_LIST(
			facts,
			{"Both NAT-D hashes are true; behind NAT, Windows clients need the "
			 "registry "
			 "edit.",
			 "article", HIGH},
			{"Message 4 of 5.9.8 behind a NAT: the client as seen, its own private "
			 "address.",
			 "measured-strongswan", HIGH},
			{"Vendor IDs XAUTH, DPD and the best NAT-T revision that the client knows; "
			 "FRAGMENTATION only in later versions: 136 bytes.",
			 "strongswan-src", MEDIUM},
			{"ECP-384, the first of Windows 10's transforms, is chosen.",
			 "measured-strongswan", HIGH},
			{"The chosen transform is written anew, its life as a basic attribute: an "
			 "SA "
			 "payload of 56 bytes.",
			 "kat-strongswan", HIGH},
			{"Nonces of 32 bytes.", "kat-strongswan", HIGH},
			{"Quick Mode message 2 carries the outer addresses as IDs: the client's "
			 "public one, its own private one.",
			 "kat-strongswan", HIGH},
			{"NAT-OA in Quick Mode message 2: the client's public address, its own "
			 "private one.",
			 "kat-strongswan", HIGH},
			{"It sends two NAT-D payloads although message 3 had none.",
			 "measured-strongswan", HIGH},
			{"It sends neither message 2 nor 4 again; a keep-alive at 20 s; the "
			 "exchange "
			 "is forgotten at 30 s.",
			 "rt-strongswan", HIGH},
			{"Duplicates of messages 1, 3 and 5 are answered as before; another "
			 "message 3 "
			 "ends the exchange.",
			 "measured-strongswan", HIGH},
			{"A wrong pre-shared key: an encrypted notify of 76 bytes instead of "
			 "message "
			 "6.",
			 "measured-strongswan", HIGH},
			{"NO-PROPOSAL-CHOSEN in clear with a fresh cookie, a random message ID and "
			 "both cookies as SPI, 56 bytes.",
			 "measured-strongswan", HIGH},
			{"Malformed messages in clear are answered with PAYLOAD-MALFORMED.",
			 "measured-strongswan", HIGH},
			{"The length in the header is not looked at.", "measured-strongswan", HIGH},
			{"Quick Mode message 2 is sent again after 4, 7.2, 13, 23.3, 42 s.",
			 "strongswan-src", MEDIUM},
			{"R-U-THERE is acknowledged; it asks nothing itself unless configured.",
			 "measured-strongswan", HIGH},
			{"xl2tpd: vendor name xelerance.com, firmware 0690, window 4, Hello every "
			 "60 s.",
			 "measured-xl2tpd", HIGH}),
	},
	{
		.name = "softether-4",
		.title = "SoftEther VPN Server 4.0",
		.natd_own = NATD_OWN_PARROT,
		.natd_peer = NATD_PEER_UNMATCHED,
		.natt = true,
		SERVER_LIST(vids, SAYS(VID_RFC3947), SAYS(VID_DRAFT03), SAYS(VID_DRAFT02N),
			    SAYS(VID_DRAFT02), SAYS(VID_DRAFT00), SAYS(VID_DPD)),
		.phase1 = {.ciphers = ACCEPT(CIPHER_DES) | ACCEPT(CIPHER_3DES) | ACCEPT(CIPHER_AES),
			   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),
			   .hashes = ACCEPT(HASH_MD5) | ACCEPT(HASH_SHA1),
			   .groups = ACCEPT(GROUP_MODP768) | ACCEPT(GROUP_MODP1024) |
				     ACCEPT(GROUP_MODP1536)},
		.phase2 = {.esp = ACCEPT(ESP_DES) | ACCEPT(ESP_3DES) | ACCEPT(ESP_AES),
			   .keys = ACCEPT_KEY(128) | ACCEPT_KEY(192) | ACCEPT_KEY(256),
			   .auths = ACCEPT(AUTH_HMAC_MD5) | ACCEPT(AUTH_HMAC_SHA1)},
		.sa_encoding = SA_REENCODED,
		.phase1_attrs = {P1_ENC, P1_HASH, P1_AUTH, P1_GROUP, P1_LIFE_TYPE, P1_LIFE,
				 P1_KEYLEN},
		.phase2_attrs = {P2_AUTH, P2_LIFE_TYPE, P2_LIFE, P2_KEYLEN, P2_ENCAP},
		.nonce_len = 16,
		.natoa = true,
		.dpd = true,
		.dpd_ms = 10000,
		.keepalive_ms = 5000,
		.keepalive_always = true,
		.idle_ms = 150000,
		.half_open_ms = 10000,
		.half_open_delete = true,
		.message2_retry = RETRY(10000, 2000, 4000, 6000, 8000, 10000),
		.message4_retry = RETRY(10000, 2000, 4000, 6000, 8000, 10000),
		.quick_retry = RETRY(10000, 2000, 4000, 6000, 8000, 10000),
		.dup_message1 = DUP_NEW_EXCHANGE,
		.dup_message3 = DUP_SILENCE,
		.dup_message5 = DUP_SILENCE,
		.bad_psk = BAD_PSK_SILENCE,
		.no_proposal = NO_PROPOSAL_RANDOM_COOKIE,
		.other_message3 = OTHER_MESSAGE3_IGNORED,
		.invalid_cookie = true,
		.invalid_spi = true,
		.l2tp = {.host = "vm",
			 .vendor = "L2TP",
			 .framing = 3,
			 .has_bearer = true,
			 .bearer = 3,
			 .window = 16,
			 .optional = L2TP_AVP_BIT(AVP_FRAMING_CAPABILITIES) |
				     L2TP_AVP_BIT(AVP_BEARER_CAPABILITIES) |
				     L2TP_AVP_BIT(AVP_RECEIVE_WINDOW)},
		.lcp = {.rejects = LCP_BIT(LCP_ACCM) | LCP_BIT(LCP_MAGIC) | LCP_BIT(LCP_PFC) |
				   LCP_BIT(LCP_ACFC)},
		.hello_ms = 8800,
		.tunnel_timeout_ms = 60000,
		.l2tp_retry =
			RETRY(10000, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000),
		SERVER_LIST(
			facts,
			{"Its own hash is a copy of the first hash of message 3 for a client that "
			 "it "
			 "takes for Microsoft; Windows connects without the registry edit.",
			 "article", HIGH},
			{"The copy is made only when message 3 has two hashes or more; else its "
			 "own "
			 "hash is true.",
			 "softether-src", HIGH},
			{"Microsoft is who sends MS NT5, FRAGMENTATION or Vid-Initial-Contact, by "
			 "their first 16 bytes.",
			 "softether-src", HIGH},
			{"The hash of the client is made of random cookies and a random port and "
			 "matches nothing: every client uses UDP encapsulation.",
			 "softether-src", HIGH},
			{"The client's own hashes are never evaluated.", "softether-src", HIGH},
			{"Both halves seen on the wire from 5.01: a copy, and a hash that matches "
			 "nothing.",
			 "measured-softether", HIGH},
			{"Six vendor IDs, whatever the client sent: RFC 3947, drafts 03, 02\\n, "
			 "02, "
			 "00, DPD.",
			 "kat-softether", HIGH},
			{"DES, 3DES and AES with MD5 and SHA-1 in groups 1, 2 and 5 only: Windows "
			 "10 "
			 "gets 3DES-SHA1-MODP-1024.",
			 "softether-src", MEDIUM},
			{"Attributes are sent back sorted, the life as a basic attribute, the "
			 "transform as number 1.",
			 "kat-softether", HIGH},
			{"Nonces of 16 bytes.", "kat-softether", HIGH},
			{"Quick Mode IDs are echoed; NAT-OA holds the client's public address and "
			 "its "
			 "own private one.",
			 "kat-softether", HIGH},
			{"That 4.0 puts its own address where 5 puts 0.0.0.0 is an inference.",
			 "mode-inference", MEDIUM},
			{"Messages 2 and 4 are sent again every 2 s, five times; at 10 s a Delete "
			 "in "
			 "clear ends the exchange.",
			 "rt-softether", HIGH},
			{"A duplicate of message 1 begins another exchange; of messages 3 and 5 it "
			 "is "
			 "ignored.",
			 "measured-softether", HIGH},
			{"A wrong pre-shared key: no answer to message 5, message 4 again.",
			 "measured-softether", HIGH},
			{"NO-PROPOSAL-CHOSEN, 56 bytes, with random cookies in the header and the "
			 "initiator's cookie in the SPI.",
			 "measured-softether", HIGH},
			{"INVALID-COOKIE answers an unknown exchange, INVALID-SPI an unknown ESP "
			 "SA.",
			 "measured-softether", HIGH},
			{"R-U-THERE every 10 s to a client that advertised DPD; a keep-alive every "
			 "5 s; a silent client is forgotten after 150 s.",
			 "softether-src", HIGH},
			{"L2TP: host vm, vendor name L2TP, window 16, Hello every 8.8 s, resend "
			 "every "
			 "0.5 s, 60 s to the end.",
			 "softether-src", HIGH}),
	},
};

const struct server_mode *mode_servers(size_t *n)
{
	*n = ARRAY_LEN(servers);
	return servers;
}
