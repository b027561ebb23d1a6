/* SPDX-License-Identifier: MIT */
#include "nodes/modes/members.h"

#define TEXTS(...) ((const char *const[]){__VA_ARGS__})
#define WORDS(...)										\
	(&(const struct words){									\
		.v = TEXTS(__VA_ARGS__), .n = sizeof(TEXTS(__VA_ARGS__)) / sizeof(char *)})

#define AT(role, member)									\
	.at = offsetof(struct role##_mode, member),						\
	.size = sizeof(((struct role##_mode *)0)->member)
#define COUNTED(role, member)									\
	AT(role, member), .count_at = offsetof(struct role##_mode, n_##member)
#define LINE(part, name) .section = SECTION_##part, .label = (name)
#define MORE(part) .section = SECTION_##part
#define SAYS(...) .says = TEXTS(__VA_ARGS__)
#define CLIENT(...) .in[ROLE_CLIENT] = {__VA_ARGS__}
#define SERVER(...) .in[ROLE_SERVER] = {__VA_ARGS__}

/* ---- conditions ---- */

#define ONLY(value) (UINT32_C(1) << (value))
#define NOT_ZERO (~ONLY(0))

static const struct member_if knows_natt = {
	AT(server, natt), ONLY(true), "sends no hash: it knows no NAT traversal"};
static const struct member_if is_unbound = {AT(server, address_zero), ONLY(true), NULL};
static const struct member_if rewrites = {
	AT(server, sa_encoding), ONLY(SA_REENCODED),
	"sends the transform back as it was offered; sa_payload: rewritten does not"};
static const struct member_if forgets = {AT(server, half_open_ms), NOT_ZERO, NULL};
static const struct member_if sends_natoa = {AT(server, natoa), ONLY(true), NULL};
static const struct member_if keeps_alive = {AT(server, keepalive_ms), NOT_ZERO, NULL};

/* ---- words ---- */

#define FAKES "so that it seems to be behind NAT"
#define COPIES											\
	"message 3's first hash, sent back to a client that it takes for Microsoft; to others "	\
	"the hash of "
#define DUPLICATE(...) SAYS("the same answer", "a new exchange", "silence"), __VA_ARGS__

static const char *const attr_texts[] = {
	[P1_ENC] = "encryption", [P1_HASH] = "hash",	       [P1_AUTH] = "authentication",
	[P1_GROUP] = "group",	 [P1_LIFE_TYPE] = "life-type", [P1_LIFE] = "life",
	[P1_KEYLEN] = "key-length",
};
const struct words phase1_attr_words = WORDS_IN(attr_texts);
const uint16_t phase1_choice[] = {P1_ENC, P1_KEYLEN, P1_HASH, P1_GROUP, P1_AUTH, 0};

static const char *const answer_texts[] = {
	[ANSWER_KEY] = "key",		  [ANSWER_NONCE] = "nonce",
	[ANSWER_PEER_HASH] = "peer-hash", [ANSWER_OWN_HASH] = "own-hash",
};
const struct words answer_kind_words = WORDS_IN(answer_texts);

static const char *const cipher_texts[] = {
	[SUITE(CIPHER_DES, 0)] = "des-cbc",	  [SUITE(CIPHER_3DES, 0)] = "3des-cbc",
	[SUITE(CIPHER_AES, 128)] = "aes-128-cbc", [SUITE(CIPHER_AES, 192)] = "aes-192-cbc",
	[SUITE(CIPHER_AES, 256)] = "aes-256-cbc",
};
static const char *const esp_texts[] = {
	[SUITE(ESP_DES, 0)] = "des",	   [SUITE(ESP_3DES, 0)] = "3des",
	[SUITE(ESP_NULL, 0)] = "null",	   [SUITE(ESP_AES, 128)] = "aes-128",
	[SUITE(ESP_AES, 192)] = "aes-192", [SUITE(ESP_AES, 256)] = "aes-256",
};
static const char *const esp_auth_texts[] = {
	[AUTH_HMAC_MD5] = "md5", [AUTH_HMAC_SHA1] = "sha1", [AUTH_HMAC_SHA256] = "sha256"};
static const char *const hash_texts[] = {
	[HASH_MD5] = "md5",	  [HASH_SHA1] = "sha1",	    [HASH_SHA256] = "sha256",
	[HASH_SHA384] = "sha384", [HASH_SHA512] = "sha512",
};
static const char *const group_texts[] = {
	[GROUP_MODP768] = "modp768",   [GROUP_MODP1024] = "modp1024",
	[GROUP_MODP1536] = "modp1536", [GROUP_MODP2048] = "modp2048",
	[GROUP_ECP256] = "ecp256",     [GROUP_ECP384] = "ecp384",
};
static const char *const ignored_texts[] = {
	"lengths", "versions", "message IDs", "useless payloads", "DOI and situation",
	"authentication method", "length of keys", "value of keys", "length of nonces",
	"tunnel mode", "ports of Quick Mode",
};
static const struct words ciphers = WORDS_IN(cipher_texts), hashes = WORDS_IN(hash_texts),
			  groups = WORDS_IN(group_texts), ignored = WORDS_IN(ignored_texts);
const struct words esp_words = WORDS_IN(esp_texts), esp_auth_words = WORDS_IN(esp_auth_texts);

/* ---- the table ---- */

static const struct member members[] = {
	{"title", "One line that says what it is.", MEMBER_TEXT,
	 CLIENT(AT(client, title)), SERVER(AT(server, title))},

	{"natt", "Whether the server knows NAT traversal at all.", MEMBER_BOOL, ASPECT_NATT,
	 .json = "natt",
	 SERVER(AT(server, natt), LINE(ADDRESSES, "nothing"),
		SAYS("it knows no NAT traversal", NULL))},
	{"server_hash",
	 "The second NAT-D hash of message 4, the server's of itself; copied is what SoftEther "
	 "does, to clients that it takes for Microsoft's.",
	 MEMBER_WORD, ASPECT_OWN_HASH, .json = "server_hash",
	 .words = WORDS("exact", "copied", "random", "port-zero", "address-zero"),
	 SERVER(AT(server, natd_own), .needs = &knows_natt, LINE(ADDRESSES, "second hash"),
		.shown_if = &knows_natt, .named = true,
		SAYS("the hash of its own address and port", COPIES "its own address and port",
		     "random bytes, " FAKES, "the hash of its own address with port 0, " FAKES,
		     "the hash of 0.0.0.0 with its own port, " FAKES),
		.other = &is_unbound,
		.other_says = TEXTS("the hash of 0.0.0.0 and its own port",
				    COPIES "0.0.0.0 and its own port", "random bytes, " FAKES,
				    "the hash of its own address with port 0, " FAKES,
				    "the hash of 0.0.0.0 with its own port, " FAKES))},
	{"peer_hash", "The first NAT-D hash of message 4, the server's of the client.",
	 MEMBER_WORD, ASPECT_PEER_HASH, .json = "peer_hash",
	 .words = WORDS("exact", "unmatched", "port-zero", "address-zero"),
	 SERVER(AT(server, natd_peer), .needs = &knows_natt, LINE(ADDRESSES, "first hash"),
		.shown_if = &knows_natt, .named = true,
		SAYS("the hash of the client's address and port as seen",
		     "a hash that matches nothing, so that every client believes itself behind NAT "
		     "and uses UDP encapsulation",
		     "the hash of the client's address with port 0, which matches nothing",
		     "the hash of 0.0.0.0 with the client's port, which matches nothing"))},
	{"bound",
	 "Whether the server knows its address; false takes 0.0.0.0 for it in its own hash, its ID "
	 "and NAT-OA, as SoftEther 5 does.",
	 MEMBER_NOT, ASPECT_OWN_HASH, .json = "bound", .implied_by = "server_hash",
	 .implied_by_zero = true,
	 /* The text of server_hash says it. */
	 SERVER(AT(server, address_zero), MORE(ADDRESSES), SAYS(NULL, NULL))},
	/* A socket for bare ESP is bound to an address. */
	{.kind = MEMBER_BOOL, SERVER(AT(server, esp_in_udp_only), .needs = &is_unbound)},
	{"asks_registry", "Whether the client has Windows' rule about servers behind NAT.",
	 MEMBER_BOOL, .json = "asks_registry",
	 CLIENT(AT(client, gate), LINE(ADDRESSES, "rule"),
		SAYS("none: it connects whoever is behind NAT",
		     "AssumeUDPEncapsulationContextOnSendRule: 0 or absent refuses a server behind "
		     "NAT; 1 refuses it when the client is behind NAT too; 2 refuses nothing"))},

	{"vendor_ids",
	 "The vendor IDs of message 1 or 2, in order, by the words that natdlab modes NAME shows, "
	 "or as 0x and their bytes. A server's may be followed by \"if sent\" (only to a client "
	 "that sent these bytes) or \"if begun\" (to one that sent the first 16 of them); without "
	 "that it goes to everybody.",
	 MEMBER_VIDS, ASPECT_VIDS, .json = "vendor_ids",
	 CLIENT(COUNTED(client, vids), MORE(VIDS)), SERVER(COUNTED(server, vids), MORE(VIDS))},
	{"one_natt_id",
	 "Whether of the vendor IDs of NAT traversal only the first that applies is sent. false by "
	 "itself where vendor_ids are given.",
	 MEMBER_BOOL, ASPECT_VIDS, .implied_by = "vendor_ids", SERVER(AT(server, one_natt_vid))},

	{"ciphers",
	 "Ciphers that it accepts in message 1: aes-256-cbc, aes-192-cbc, aes-128-cbc, 3des-cbc, "
	 "des-cbc. It takes the first transform of the client's list whose cipher, hash and group "
	 "are all accepted.",
	 MEMBER_SUITES, ASPECT_CHOICE, .json = "accepts/ciphers", .what = "cipher",
	 .words = &ciphers,
	 SERVER(.at = offsetof(struct server_mode, phase1.ciphers), .size = 2 * sizeof(uint32_t),
		LINE(ALGORITHMS, "ciphers"))},
	{"hashes",
	 "Hashes that it accepts in message 1: md5, sha1, sha256, sha384, sha512.", MEMBER_SET,
	 ASPECT_CHOICE, .json = "accepts/hashes", .what = "hash", .words = &hashes,
	 SERVER(AT(server, phase1.hashes), LINE(ALGORITHMS, "hashes"))},
	{"groups",
	 "Diffie-Hellman groups that it accepts in message 1: modp768, modp1024, modp1536, "
	 "modp2048, ecp256, ecp384.",
	 MEMBER_SET, ASPECT_CHOICE, .json = "accepts/groups", .what = "group", .words = &groups,
	 SERVER(AT(server, phase1.groups), LINE(ALGORITHMS, "groups"))},
	{.kind = MEMBER_SUITES, .words = &esp_words,
	 SERVER(.at = offsetof(struct server_mode, phase2.esp), .size = 2 * sizeof(uint32_t),
		LINE(ALGORITHMS, "ESP"))},
	{.kind = MEMBER_SET, .words = &esp_auth_words,
	 SERVER(AT(server, phase2.auths), MORE(ALGORITHMS), .before = " with hmac ")},
	{"sa_payload", "Whether the chosen transform comes back byte for byte, or written anew.",
	 MEMBER_WORD, ASPECT_SA, .words = WORDS("as-offered", "rewritten"),
	 SERVER(AT(server, sa_encoding), LINE(ALGORITHMS, "sent back"),
		SAYS("as it was offered, byte for byte",
		     "written anew: number 1, attributes in an order of its own"))},
	{"attributes",
	 "The order of attributes in message 2's transform, if it is rewritten: encryption, "
	 "key-length, hash, group, authentication, and if it has them life-type, life.",
	 MEMBER_LIST, ASPECT_SA, .what = "attribute", .width = sizeof(uint16_t),
	 .words = &phase1_attr_words, .required = phase1_choice,
	 SERVER(AT(server, phase1_attrs), .needs = &rewrites)},
	{"life",
	 "How a rewritten transform says a life below 65536 seconds: as a basic attribute of two "
	 "bytes or as a variable one of four.",
	 MEMBER_WORD, ASPECT_SA, .words = WORDS("basic", "variable"),
	 SERVER(AT(server, life_variable), .needs = &rewrites)},
	{"transform_number",
	 "The number of a rewritten transform: 1, or that of the client's list.", MEMBER_WORD,
	 ASPECT_SA, .words = WORDS("first", "as-offered"),
	 SERVER(AT(server, keeps_number), .needs = &rewrites)},
	{.kind = MEMBER_OFFERS, .json = "offers",
	 CLIENT(COUNTED(client, phase1), LINE(ALGORITHMS, "Main Mode"))},
	{.kind = MEMBER_ESP_OFFERS, CLIENT(COUNTED(client, phase2), LINE(ALGORITHMS, "ESP"))},

	{"nonce", "Bytes of a nonce, 8 to 255.", MEMBER_NUMBER, ASPECT_NONCE, .json = "nonce",
	 .what = "nonce", .unit = "bytes", .min = 8, .max = 255, /* RFC 2409 5 */
	 CLIENT(AT(client, nonce_len), LINE(BEHAVIOUR, "nonce"), .after = " bytes"),
	 SERVER(AT(server, nonce_len), LINE(BEHAVIOUR, "nonce"), .after = " bytes")},
	{"message_4",
	 "The payloads of message 4, in order: key, nonce, peer-hash, behind it own-hash (NAT-D), "
	 "and vendor IDs as under vendor_ids, to everybody. [key, nonce, peer-hash, own-hash] by "
	 "itself.",
	 MEMBER_PARTS, ASPECT_MESSAGE_4, SERVER(COUNTED(server, message4))},
	{"hashes_unasked",
	 "Whether message 4 has NAT-D payloads although message 3 had none, as strongSwan's.",
	 MEMBER_BOOL, ASPECT_UNASKED,
	 SERVER(AT(server, natd_unasked), .needs = &knows_natt, LINE(BEHAVIOUR, "no NAT-D"),
		.before = "in message 3: ",
		SAYS("none in message 4", "two in message 4 all the same"))},

	{"message_2_again",
	 "Times after the first message 2 at which it is sent again while no message 3 comes, at "
	 "most ten: [2s, 4s]; [] never.",
	 MEMBER_TIMES, ASPECT_AGAIN_2, .json = "times/message2",
	 SERVER(AT(server, message2_retry), LINE(TIMES, "message 2"))},
	{"message_4_again", "The same of message 4, while no message 5 comes.", MEMBER_TIMES,
	 ASPECT_AGAIN_4, .json = "times/message4",
	 SERVER(AT(server, message4_retry), LINE(TIMES, "message 4"))},
	{.kind = MEMBER_TIMES, .json = "times/message1",
	 CLIENT(AT(client, main_retry), LINE(TIMES, "message 1"))},
	{.kind = MEMBER_TIMES, .json = "times/messages3_5",
	 CLIENT(AT(client, later_retry), LINE(TIMES, "messages 3, 5"))},
	{.kind = MEMBER_TIMES,
	 SERVER(AT(server, message6_retry), LINE(TIMES, "message 6"), .none = "")},
	{.kind = MEMBER_TIMES, .json = "times/quick",
	 CLIENT(AT(client, quick_retry), LINE(TIMES, "Quick Mode")),
	 SERVER(AT(server, quick_retry), LINE(TIMES, "Quick Mode"))},
	{.kind = MEMBER_TIMES, .json = "times/l2tp",
	 CLIENT(AT(client, l2tp_retry), LINE(TIMES, "L2TP")),
	 SERVER(AT(server, l2tp_retry), LINE(TIMES, "L2TP"))},
	{.kind = MEMBER_TIME,
	 SERVER(AT(server, unused_ms), LINE(TIMES, "unused"), .before = "deleted after ",
		.after = " without a Quick Mode")},
	{"half_open", "How long an unfinished exchange is remembered.", MEMBER_TIME,
	 ASPECT_HALF_OPEN,
	 SERVER(AT(server, half_open_ms), LINE(TIMES, "half open"), .before = "forgotten after ")},
	{"half_open_delete", "Whether its end is told by a Delete in clear, as SoftEther does.",
	 MEMBER_BOOL, ASPECT_HALF_OPEN,
	 SERVER(AT(server, half_open_delete), .needs = &forgets, MORE(TIMES),
		SAYS(NULL, ", with a Delete in clear"))},

	{"no_proposal",
	 "How it refuses a message 1: NO-PROPOSAL-CHOSEN in 40 bytes without a cookie of its own; "
	 "in 56 with both cookies as SPI; in 56 with a random cookie in the header; or not at all.",
	 MEMBER_WORD, ASPECT_REFUSAL, .words = WORDS("plain", "spi", "random-cookie", "silence"),
	 SERVER(AT(server, no_proposal), LINE(BEHAVIOUR, "no proposal"),
		SAYS("NO-PROPOSAL-CHOSEN in 40 bytes, no cookie of its own",
		     "NO-PROPOSAL-CHOSEN in 56 bytes, both cookies as SPI",
		     "NO-PROPOSAL-CHOSEN in 56 bytes, random cookies in the header", "silence"))},
	{"duplicate_1",
	 "What a duplicate of message 1 gets: message 2 again, another one with a new cookie, or "
	 "nothing.",
	 MEMBER_WORD, ASPECT_DUPLICATE_1, .words = WORDS("same-answer", "new-exchange", "silence"),
	 SERVER(AT(server, dup_message1), LINE(BEHAVIOUR, "duplicates"),
		DUPLICATE(.before = "of message 1: "))},
	{"duplicate_3", "What a duplicate of message 3 gets: message 4 again, or nothing.",
	 MEMBER_WORD, ASPECT_DUPLICATE_3, .words = WORDS("same-answer", NULL, "silence"),
	 SERVER(AT(server, dup_message3), MORE(BEHAVIOUR), DUPLICATE(.before = "; of 3: "))},
	{"duplicate_5", "What a duplicate of message 5 gets: message 6 again, or nothing.",
	 MEMBER_WORD, ASPECT_DUPLICATE_5, .words = WORDS("same-answer", NULL, "silence"),
	 SERVER(AT(server, dup_message5), MORE(BEHAVIOUR), DUPLICATE(.before = "; of 5: "))},
	{.kind = MEMBER_WORD,
	 SERVER(AT(server, other_message3), LINE(BEHAVIOUR, "message 3"), .before = "another one ",
		SAYS("ends the exchange", "is ignored"))},
	{.kind = MEMBER_WORD,
	 SERVER(AT(server, bad_psk), LINE(BEHAVIOUR, "wrong key"),
		SAYS("an encrypted notify instead of message 6", "silence"))},
	{.kind = MEMBER_WRONG,
	 SERVER(COUNTED(server, wrong), LINE(BEHAVIOUR, "wrong input"), .none = "silence")},
	{.kind = MEMBER_BOOL,
	 CLIENT(AT(client, initial_contact), LINE(BEHAVIOUR, "message 5"),
		SAYS("ID, HASH", "ID, HASH, INITIAL-CONTACT"))},
	{.kind = MEMBER_BOOL,
	 CLIENT(AT(client, msgid_counts), LINE(BEHAVIOUR, "Quick Mode"), .before = "message IDs ",
		SAYS("random", "1, 2, 3"))},
	{.kind = MEMBER_BOOL,
	 CLIENT(AT(client, natoa_always), MORE(BEHAVIOUR), .before = "; NAT-OA ",
		SAYS("when it is behind NAT itself", "when any NAT was found"))},
	{.kind = MEMBER_SET, .words = &ignored,
	 CLIENT(AT(client, ignores), LINE(BEHAVIOUR, "not looked at"), .between = ", "),
	 SERVER(AT(server, ignores), LINE(BEHAVIOUR, "not looked at"), .between = ", ")},
	{.kind = MEMBER_BOOL,
	 SERVER(AT(server, qm_ids_rewritten), LINE(BEHAVIOUR, "Quick Mode"), .before = "IDs ",
		SAYS("echoed", "rewritten"))},
	{.kind = MEMBER_BOOL,
	 SERVER(AT(server, natoa), MORE(BEHAVIOUR), .before = "; ", SAYS("no NAT-OA", "NAT-OA to "))},
	{.kind = MEMBER_BOOL,
	 SERVER(AT(server, natoa_unasked), MORE(BEHAVIOUR), .shown_if = &sends_natoa,
		SAYS("a client that sends it", "everybody in UDP"))},
	{.kind = MEMBER_TEXT,
	 CLIENT(AT(client, l2tp.host), LINE(BEHAVIOUR, "L2TP"), .before = "host name "),
	 SERVER(AT(server, l2tp.host), LINE(BEHAVIOUR, "L2TP"), .before = "host name ")},
	{.kind = MEMBER_TEXT,
	 CLIENT(AT(client, l2tp.vendor), MORE(BEHAVIOUR), .before = ", vendor name "),
	 SERVER(AT(server, l2tp.vendor), MORE(BEHAVIOUR), .before = ", vendor name ")},
	{.kind = MEMBER_NUMBER,
	 CLIENT(AT(client, l2tp_port), LINE(BEHAVIOUR, "L2TP port"), .none = "an ephemeral one")},
	{.kind = MEMBER_LIST, .json = "authentication", .width = sizeof(enum ppp_method),
	 .words = &ppp_method_words,
	 CLIENT(AT(client, auth), LINE(BEHAVIOUR, "PPP user"), .before = "agrees to ",
		.between = " and ", .none = "agrees to nothing"),
	 SERVER(AT(server, auth), LINE(BEHAVIOUR, "PPP user"), .before = "asks for ",
		.between = ", then ", .none = "does not ask")},

	{"keepalive",
	 "Time without a packet of its own after which it sends a NAT keep-alive, where its mode "
	 "sends them at all; 0s: it sends none.",
	 MEMBER_TIME,
	 CLIENT(AT(client, keepalive_ms), LINE(TIMES, "keep-alive"), .before = "every ",
		.after = " when it is behind NAT itself", .none = "none"),
	 SERVER(AT(server, keepalive_ms), LINE(TIMES, "keep-alive"), .before = "every ",
		.none = "none")},
	{.kind = MEMBER_BOOL,
	 SERVER(AT(server, keepalive_always), MORE(TIMES), .shown_if = &keeps_alive,
		SAYS(" when it is behind NAT itself", " to every floated client"))},
	{.kind = MEMBER_TIME,
	 SERVER(AT(server, dpd_ms), LINE(TIMES, "R-U-THERE"), .before = "every ",
		.after = " without traffic", .none = "none")},
	{.kind = MEMBER_TIME,
	 SERVER(AT(server, hello_ms), LINE(TIMES, "L2TP Hello"), .before = "every ",
		.after = " without a word", .none = "none")},
};

const struct member_table mode_members = {members, ARRAY_LEN(members)};
