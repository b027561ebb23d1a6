/* SPDX-License-Identifier: MIT */
/*
 * vid.c - vendor IDs: the bytes that modes send, and the names of everybody's.
 *
 * Most are the MD5 digest of a text, some with a word behind it (a version, capabilities). So a
 * vendor ID is known by its beginning, as every implementation compares them. The names are
 * ours; no byte of a peer ever becomes text but as a number.
 */
#include "nodes/wire/vid.h"
#include "nodes/wire/isakmp.h"

#include <stdio.h>
#include <string.h>

#define VIEW(s) {.p = (const uint8_t *)(s), .len = sizeof(s) - 1}

/* Beginnings that are compared or sent more than once. */
#define MS_NT5 \
	"\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87\xe4\x61"
#define FRAGMENTATION \
	"\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3"
#define INITIAL_CONTACT \
	"\x26\x24\x4d\x38\xed\xdb\x61\xb3\x17\x2a\x36\xe3\xd0\xcf\xb8\x19"
#define KEY_MODS \
	"\x01\x52\x8b\xbb\xc0\x06\x96\x12\x18\x49\xab\x9a\x1c\x5b\x2a\x51"

/* ---- what modes send ---- */

static const struct view sent[VIDS] = {
	[VID_KEY_MODS] = VIEW(KEY_MODS "\x00\x00\x00\x01"),
	[VID_MS_NT5_V8] = VIEW(MS_NT5 "\x00\x00\x00\x08"),
	[VID_MS_NT5_V9] = VIEW(MS_NT5 "\x00\x00\x00\x09"),
	[VID_RFC3947] = VIEW("\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f"),
	[VID_DRAFT02N] = VIEW("\x90\xcb\x80\x91\x3e\xbb\x69\x6e\x08\x63\x81\xb5\xec\x42\x7b\x1f"),
	[VID_FRAGMENTATION] = VIEW(FRAGMENTATION),
	[VID_MS_NEGOTIATION_DISCOVERY] =
		VIEW("\xfb\x1d\xe3\xcd\xf3\x41\xb7\xea\x16\xb7\xe5\xbe\x08\x55\xf1\x20"),
	[VID_INITIAL_CONTACT] = VIEW(INITIAL_CONTACT),
	[VID_IKE_CGA] = VIEW("\xe3\xa5\x96\x6a\x76\x37\x9f\xe7\x07\x22\x82\x31\xe5\xce\x86\x52"),
	[VID_DRAFT_NAT_T] =
		VIEW("\x4d\xf3\x79\x28\xe9\xfc\x4f\xd1\xb3\x26\x21\x70\xd5\x15\xc6\x62"),
	[VID_DRAFT08] = VIEW("\x8f\x8d\x83\x82\x6d\x24\x6b\x6f\xc7\xa8\xa6\xa4\x28\xc1\x1d\xe8"),
	[VID_DRAFT07] = VIEW("\x43\x9b\x59\xf8\xba\x67\x6c\x4c\x77\x37\xae\x22\xea\xb8\xf5\x82"),
	[VID_DRAFT06] = VIEW("\x4d\x1e\x0e\x13\x6d\xea\xfa\x34\xc4\xf3\xea\x9f\x02\xec\x72\x85"),
	[VID_DRAFT05] = VIEW("\x80\xd0\xbb\x3d\xef\x54\x56\x5e\xe8\x46\x45\xd4\xc8\x5c\xe3\xee"),
	[VID_DRAFT04] = VIEW("\x99\x09\xb6\x4e\xed\x93\x7c\x65\x73\xde\x52\xac\xe9\x52\xfa\x6b"),
	[VID_DRAFT03] = VIEW("\x7d\x94\x19\xa6\x53\x10\xca\x6f\x2c\x17\x9d\x92\x15\x52\x9d\x56"),
	[VID_DRAFT02] = VIEW("\xcd\x60\x46\x43\x35\xdf\x21\xf8\x7c\xfd\xb2\xfc\x68\xb6\xa4\x48"),
	[VID_DRAFT00] = VIEW("\x44\x85\x15\x2d\x18\xb6\xbb\xcd\x0b\xe8\xa8\x46\x95\x79\xdd\xcc"),
	[VID_FRAGMENTATION_CAP] = VIEW(FRAGMENTATION "\x80\x00\x00\x00"),
	[VID_DPD] = VIEW("\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01\x00"),
	[VID_XAUTH] = VIEW("\x09\x00\x26\x89\xdf\xd6\xb7\x12"),
};

struct view vid_bytes(enum vid v)
{
	assert((unsigned)v < VIDS);
	return sent[v];
}

bool vid_is_natt(enum vid v)
{
	return v == VID_RFC3947 || v == VID_DRAFT03 || v == VID_DRAFT02 || v == VID_DRAFT02N ||
	       v == VID_DRAFT00;
}

const char *vid_word(enum vid v)
{
	static const char *const words[VIDS] = {
		[VID_KEY_MODS] = "key-mods",
		[VID_MS_NT5_V8] = "ms-nt5-v8",
		[VID_MS_NT5_V9] = "ms-nt5-v9",
		[VID_RFC3947] = "rfc-3947",
		[VID_DRAFT02N] = "draft-02n",
		[VID_FRAGMENTATION] = "fragmentation",
		[VID_MS_NEGOTIATION_DISCOVERY] = "ms-negotiation-discovery",
		[VID_INITIAL_CONTACT] = "initial-contact",
		[VID_IKE_CGA] = "ike-cga",
		[VID_DRAFT_NAT_T] = "draft-nat-t",
		[VID_DRAFT08] = "draft-08",
		[VID_DRAFT07] = "draft-07",
		[VID_DRAFT06] = "draft-06",
		[VID_DRAFT05] = "draft-05",
		[VID_DRAFT04] = "draft-04",
		[VID_DRAFT03] = "draft-03",
		[VID_DRAFT02] = "draft-02",
		[VID_DRAFT00] = "draft-00",
		[VID_FRAGMENTATION_CAP] = "fragmentation-80000000",
		[VID_DPD] = "dpd",
		[VID_XAUTH] = "xauth",
	};

	assert((unsigned)v < VIDS);
	return words[v];
}

bool vid_is(struct view v, enum vid which)
{
	struct view b = vid_bytes(which);

	return v.len == b.len && !memcmp(v.p, b.p, b.len);
}

enum vid vid_find(struct view v)
{
	enum vid which = 0;

	while (which < VIDS && !vid_is(v, which))
		which++;
	return which;
}

static bool begins_with(struct view v, struct view prefix)
{
	return v.len >= prefix.len && !memcmp(v.p, prefix.p, prefix.len);
}

bool vid_is_ms_nt5(struct view v)
{
	static const struct view ms_nt5 = VIEW(MS_NT5);

	return begins_with(v, ms_nt5);
}

bool vid_softether_microsoft(struct view v)
{
	return vid_is_ms_nt5(v) || begins_with(v, vid_bytes(VID_FRAGMENTATION)) ||
	       begins_with(v, vid_bytes(VID_INITIAL_CONTACT));
}

/* ---- what anybody sends ---- */

/* What the bytes behind the known beginning mean. */
enum tail {
	TAIL_ANY,   /* nothing that we could name */
	TAIL_V,     /* a version: " v9" */
	TAIL_HEX,   /* capabilities: " 80000000" */
	TAIL_KEYMOD /* 0 IKE, 1 AuthIP, 2 IKEv2 */
};

/* The first match counts: longer beginnings stand before shorter ones. */
static const struct known_vid {
	struct view prefix;
	const char *name;
	enum tail tail;
} known[] = {
	{VIEW(MS_NT5), "MS NT5 ISAKMPOAKLEY", TAIL_V},
	{VIEW(KEY_MODS), "KEY_MODS", TAIL_KEYMOD},
	{VIEW("\xfb\x1d\xe3\xcd\xf3\x41\xb7\xea\x16\xb7\xe5\xbe\x08\x55\xf1\x20"),
	 "MS-Negotiation Discovery Capable", TAIL_ANY},
	{VIEW(INITIAL_CONTACT), "Vid-Initial-Contact", TAIL_ANY},
	{VIEW("\xe3\xa5\x96\x6a\x76\x37\x9f\xe7\x07\x22\x82\x31\xe5\xce\x86\x52"),
	 "IKE CGA version 1", TAIL_ANY},
	{VIEW("\x21\x4c\xa4\xfa\xff\xa7\xf3\x2d\x67\x48\xe5\x30\x33\x95\xae\x83"),
	 "MS-MamieExists", TAIL_ANY},
	{VIEW("\x72\x87\x2b\x95\xfc\xda\x2e\xb7\x08\xef\xe3\x22\x11\x9b\x49\x71"),
	 "NLBS_PRESENT (Microsoft)", TAIL_ANY},
	{VIEW("\x62\x1b\x04\xbb\x09\x88\x2a\xc1\xe1\x59\x35\xfe\xfa\x24\xae\xee"),
	 "GSSAPI", TAIL_ANY},
	{VIEW("\x7b\xb9\x38\x67\xd7\x6c\x8d\x80\xdf\x0f\x40\xfa\xe8\xfc\x3b\x19"),
	 "AUTHIP_INIT_KE_DH_GROUP", TAIL_V},
	{VIEW("\x8a\xa3\x94\xcf\x8a\x55\x77\xdc\x31\x10\xc1\x13\xb0\x27\xa4\xf2"),
	 "Xbox One", TAIL_ANY},
	{VIEW("\x68\x6a\x8c\xbd\xfe\x63\x4b\x40\x51\x46\xfb\x2b\xaf\x33\xe9\xe8"),
	 "Security Realm (Microsoft)", TAIL_ANY},
	{VIEW("\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f"),
	 "RFC 3947 NAT-T", TAIL_ANY},
	{VIEW("\x4d\xf3\x79\x28\xe9\xfc\x4f\xd1\xb3\x26\x21\x70\xd5\x15\xc6\x62"),
	 "draft-ietf-ipsec-nat-t-ike", TAIL_ANY},
	{VIEW("\x44\x85\x15\x2d\x18\xb6\xbb\xcd\x0b\xe8\xa8\x46\x95\x79\xdd\xcc"),
	 "draft-ietf-ipsec-nat-t-ike-00", TAIL_ANY},
	{VIEW("\x16\xf6\xca\x16\xe4\xa4\x06\x6d\x83\x82\x1a\x0f\x0a\xea\xa8\x62"),
	 "draft-ietf-ipsec-nat-t-ike-01", TAIL_ANY},
	{VIEW("\x90\xcb\x80\x91\x3e\xbb\x69\x6e\x08\x63\x81\xb5\xec\x42\x7b\x1f"),
	 "draft-ietf-ipsec-nat-t-ike-02\\n", TAIL_ANY},
	{VIEW("\xcd\x60\x46\x43\x35\xdf\x21\xf8\x7c\xfd\xb2\xfc\x68\xb6\xa4\x48"),
	 "draft-ietf-ipsec-nat-t-ike-02", TAIL_ANY},
	{VIEW("\x7d\x94\x19\xa6\x53\x10\xca\x6f\x2c\x17\x9d\x92\x15\x52\x9d\x56"),
	 "draft-ietf-ipsec-nat-t-ike-03", TAIL_ANY},
	{VIEW("\x99\x09\xb6\x4e\xed\x93\x7c\x65\x73\xde\x52\xac\xe9\x52\xfa\x6b"),
	 "draft-ietf-ipsec-nat-t-ike-04", TAIL_ANY},
	{VIEW("\x80\xd0\xbb\x3d\xef\x54\x56\x5e\xe8\x46\x45\xd4\xc8\x5c\xe3\xee"),
	 "draft-ietf-ipsec-nat-t-ike-05", TAIL_ANY},
	{VIEW("\x4d\x1e\x0e\x13\x6d\xea\xfa\x34\xc4\xf3\xea\x9f\x02\xec\x72\x85"),
	 "draft-ietf-ipsec-nat-t-ike-06", TAIL_ANY},
	{VIEW("\x43\x9b\x59\xf8\xba\x67\x6c\x4c\x77\x37\xae\x22\xea\xb8\xf5\x82"),
	 "draft-ietf-ipsec-nat-t-ike-07", TAIL_ANY},
	{VIEW("\x8f\x8d\x83\x82\x6d\x24\x6b\x6f\xc7\xa8\xa6\xa4\x28\xc1\x1d\xe8"),
	 "draft-ietf-ipsec-nat-t-ike-08", TAIL_ANY},
	{VIEW("\x27\xba\xb5\xdc\x01\xea\x07\x60\xea\x4e\x31\x90\xac\x27\xc0\xd0"),
	 "draft-stenberg-ipsec-nat-traversal-01", TAIL_ANY},
	{VIEW("\x61\x05\xc4\x22\xe7\x68\x47\xe4\x3f\x96\x84\x80\x12\x92\xae\xcd"),
	 "draft-stenberg-ipsec-nat-traversal-02", TAIL_ANY},
	{VIEW(FRAGMENTATION), "FRAGMENTATION", TAIL_HEX},
	{VIEW("\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01\x00"),
	 "DPD (RFC 3706)", TAIL_ANY},
	{VIEW("\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57"),
	 "DPD (RFC 3706)", TAIL_HEX},
	{VIEW("\x09\x00\x26\x89\xdf\xd6\xb7\x12"), "XAUTH", TAIL_ANY},
	{VIEW("\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc"), "Cisco Unity", TAIL_HEX},
	{VIEW("\x88\x2f\xe5\x6d\x6f\xd2\x0d\xbc\x22\x51\x61\x3b\x2e\xbe\x5b\xeb"),
	 "strongSwan", TAIL_ANY},
	{VIEW("\x70\x03\xcb\xc1\x09\x7d\xbe\x9c\x26\x00\xba\x69\x83\xbc\x8b\x35"),
	 "KAME/racoon", TAIL_ANY},
	{VIEW("\x48\x65\x61\x72\x74\x42\x65\x61\x74\x5f\x4e\x6f\x74\x69\x66\x79"),
	 "HeartBeat_Notify", TAIL_HEX},
	{VIEW("\x50\x76\x0f\x62\x4c\x63\xe5\xc5\x3e\xea\x38\x6c\x68\x5c\xa0\x83"),
	 "ESPThruNAT", TAIL_ANY},
};

/* The version word behind MS NT5 ISAKMPOAKLEY (MS-IKEE, product behaviour <6>). */
static const char *const windows_versions[] = {
	[2] = "Windows 2000",
	[3] = "Windows XP",
	[4] = "Windows Server 2003",
	[5] = "Windows Vista",
	[6] = "Windows Vista SP1, Server 2008",
	[7] = "Windows 7",
	[8] = "Windows 7 SP1, Server 2008 R2",
	[9] = "Windows 8, Server 2012 and later",
};

static const struct known_vid *find(struct view v)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (begins_with(v, known[i].prefix))
			return &known[i];
	return NULL;
}

/* The four bytes behind the known beginning; false unless there are exactly four. */
static bool tail_word(struct view v, const struct known_vid *k, uint32_t *word)
{
	struct rd r = rd_new(v.p + k->prefix.len, v.len - k->prefix.len);

	*word = rd_u32(&r, NULL);
	return rd_ok(&r) && !rd_left(&r);
}

const char *vid_name(struct view v, char buf[64])
{
	static const char *const key_mods[] = {"IKE", "AuthIP", "IKEv2"};
	const struct known_vid *k = find(v);
	char hex[17];
	size_t rest;
	uint32_t word;

	if (!k)
		return NULL;
	rest = v.len - k->prefix.len;
	switch (k->tail) {
	case TAIL_ANY:
		break;
	case TAIL_V:
		if (!tail_word(v, k, &word))
			break;
		snprintf(buf, 64, "%s v%u", k->name, word);
		return buf;
	case TAIL_KEYMOD:
		if (!tail_word(v, k, &word) || word >= ARRAY_LEN(key_mods))
			break;
		snprintf(buf, 64, "%s (%s)", k->name, key_mods[word]);
		return buf;
	case TAIL_HEX:
		if (!rest || rest > 8)
			break;
		hex_str(v.p + k->prefix.len, rest, hex);
		snprintf(buf, 64, "%s %s", k->name, hex);
		return buf;
	}
	return k->name;
}

const char *vid_windows_version(struct view v)
{
	uint32_t word;

	if (!vid_is_ms_nt5(v) || !tail_word(v, find(v), &word))
		return NULL;
	return word < ARRAY_LEN(windows_versions) ? windows_versions[word] : NULL;
}
