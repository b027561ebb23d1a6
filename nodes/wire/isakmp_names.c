/* SPDX-License-Identifier: MIT */
/*
 * isakmp_names.c - the numbers of ISAKMP and IKE in words.
 *
 * Exchanges, payloads and notifies have the RFCs' words (RFC 2408, 2409, 3706, 3947); algorithms
 * those of the result document. Numbers that have no word here are printed as numbers.
 */
#include "nodes/wire/isakmp_names.h"
#include "nodes/wire/isakmp.h"

#include <stdio.h>

struct name {
	uint16_t value;
	const char *name;
};

static const char *name_of(const struct name *v, size_t n, unsigned value)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].value == value)
			return v[i].name;
	return NULL;
}

const char *isakmp_payload_name(uint8_t type)
{
	static const struct name names[] = {
		{PAYLOAD_NONE, "NONE"},
		{PAYLOAD_SA, "SA"},
		{PAYLOAD_PROPOSAL, "Proposal"},
		{PAYLOAD_TRANSFORM, "Transform"},
		{PAYLOAD_KE, "KE"},
		{PAYLOAD_ID, "ID"},
		{PAYLOAD_CERT, "CERT"},
		{PAYLOAD_CERT_REQUEST, "CR"},
		{PAYLOAD_HASH, "HASH"},
		{PAYLOAD_SIGNATURE, "SIG"},
		{PAYLOAD_NONCE, "NONCE"},
		{PAYLOAD_NOTIFY, "Notify"},
		{PAYLOAD_DELETE, "Delete"},
		{PAYLOAD_VID, "VID"},
		{14, "Attribute"},
		{15, "NAT-D (drafts 04 to 08)"},
		{16, "NAT-OA (drafts 04 to 08)"},
		{PAYLOAD_NATD, "NAT-D"},
		{PAYLOAD_NATOA, "NAT-OA"},
		{PAYLOAD_NATD_DRAFT, "NAT-D (draft)"},
		{PAYLOAD_NATOA_DRAFT, "NAT-OA (draft)"},
		{PAYLOAD_FRAGMENT, "Fragment"},
	};

	return name_of(names, ARRAY_LEN(names), type);
}

const char *isakmp_notify_name(uint16_t type)
{
	static const struct name names[] = {
		{1, "INVALID-PAYLOAD-TYPE"},
		{2, "DOI-NOT-SUPPORTED"},
		{3, "SITUATION-NOT-SUPPORTED"},
		{4, "INVALID-COOKIE"},
		{5, "INVALID-MAJOR-VERSION"},
		{6, "INVALID-MINOR-VERSION"},
		{7, "INVALID-EXCHANGE-TYPE"},
		{8, "INVALID-FLAGS"},
		{9, "INVALID-MESSAGE-ID"},
		{10, "INVALID-PROTOCOL-ID"},
		{11, "INVALID-SPI"},
		{12, "INVALID-TRANSFORM-ID"},
		{13, "ATTRIBUTES-NOT-SUPPORTED"},
		{14, "NO-PROPOSAL-CHOSEN"},
		{15, "BAD-PROPOSAL-SYNTAX"},
		{16, "PAYLOAD-MALFORMED"},
		{17, "INVALID-KEY-INFORMATION"},
		{18, "INVALID-ID-INFORMATION"},
		{19, "INVALID-CERT-ENCODING"},
		{20, "INVALID-CERTIFICATE"},
		{21, "CERT-TYPE-UNSUPPORTED"},
		{22, "INVALID-CERT-AUTHORITY"},
		{23, "INVALID-HASH-INFORMATION"},
		{24, "AUTHENTICATION-FAILED"},
		{25, "INVALID-SIGNATURE"},
		{26, "ADDRESS-NOTIFICATION"},
		{27, "NOTIFY-SA-LIFETIME"},
		{28, "CERTIFICATE-UNAVAILABLE"},
		{29, "UNSUPPORTED-EXCHANGE-TYPE"},
		{30, "UNEQUAL-PAYLOAD-LENGTHS"},
		{16384, "CONNECTED"},
		{24576, "RESPONDER-LIFETIME"},
		{24577, "REPLAY-STATUS"},
		{24578, "INITIAL-CONTACT"},
		{36136, "R-U-THERE"},
		{36137, "R-U-THERE-ACK"},
		{40003, "NOTIFY-STATUS (Microsoft)"},
	};

	return name_of(names, ARRAY_LEN(names), type);
}

const char *isakmp_cipher_name(unsigned enc, unsigned keybits, char buf[24])
{
	switch (enc) {
	case CIPHER_DES:
		return "des-cbc";
	case CIPHER_3DES:
		return "3des-cbc";
	case CIPHER_AES:
		/* Without a key length attribute AES means 128 bits (RFC 3602 5.1). */
		snprintf(buf, 24, "aes-%u-cbc", keybits ? keybits : 128);
		return buf;
	}
	snprintf(buf, 24, "cipher-%u", enc);
	return buf;
}

const char *isakmp_hash_name(unsigned hash)
{
	static const struct name names[] = {
		{HASH_MD5, "md5"},       {HASH_SHA1, "sha1"},     {3, "tiger"},
		{HASH_SHA256, "sha256"}, {HASH_SHA384, "sha384"}, {HASH_SHA512, "sha512"},
	};
	const char *s = name_of(names, ARRAY_LEN(names), hash);

	return s ? s : "?";
}

const char *isakmp_group_name(unsigned group)
{
	static const struct name names[] = {
		{GROUP_MODP768, "modp768"},
		{GROUP_MODP1024, "modp1024"},
		{GROUP_MODP1536, "modp1536"},
		{GROUP_MODP2048, "modp2048"},
		{15, "modp3072"},
		{16, "modp4096"},
		{17, "modp6144"},
		{18, "modp8192"},
		{GROUP_ECP256, "ecp256"},
		{GROUP_ECP384, "ecp384"},
		{21, "ecp521"},
	};
	const char *s = name_of(names, ARRAY_LEN(names), group);

	return s ? s : "?";
}
