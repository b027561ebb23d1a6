/* SPDX-License-Identifier: MIT */
/*
 * vid.h - vendor IDs: their bytes and their names.
 */
#ifndef NATDLAB_NODES_WIRE_VID_H
#define NATDLAB_NODES_WIRE_VID_H

#include "nodes/wire/isakmp.h"

enum vid {
	VID_KEY_MODS, VID_MS_NT5_V8, VID_MS_NT5_V9, VID_RFC3947, VID_DRAFT02N, VID_FRAGMENTATION,
	VID_MS_NEGOTIATION_DISCOVERY, VID_INITIAL_CONTACT, VID_IKE_CGA, VID_DRAFT_NAT_T,
	VID_DRAFT08, VID_DRAFT07, VID_DRAFT06, VID_DRAFT05, VID_DRAFT04, VID_DRAFT03, VID_DRAFT02,
	VID_DRAFT00, VID_FRAGMENTATION_CAP, VID_DPD, VID_XAUTH, VIDS,
};
#define VID_DIGEST_LEN 16 /* most vendor IDs are an MD5 digest; versions follow it */
/* The bytes that a mode sends. */
struct view vid_bytes(enum vid v);
/* One word for it, as a topology file has it: "rfc-3947", "draft-02n" (for the text that ends
 * with a line feed), "fragmentation-80000000". */
const char *vid_word(enum vid v);
/* The name of anybody's vendor ID, found by prefix in a larger table; NULL when not known. The
 * text may carry a version word: written to @buf. */
const char *vid_name(struct view v, char buf[64]);
/* Which Windows says this: the version word of MS NT5 ISAKMPOAKLEY in words ("Windows 8, Server
 * 2012 and later"); NULL for other vendor IDs and words. */
const char *vid_windows_version(struct view v);
/* Exactly these bytes? */
bool vid_is(struct view v, enum vid which);
/* Which one it is, byte for byte; VIDS: none of those. */
enum vid vid_find(struct view v);
/* One of the revisions of NAT-T with NAT-D payloads that everybody understands: the RFC's and those
 * of the drafts 00 to 03 (payload 130). Later drafts used a type of their own. */
bool vid_is_natt(enum vid v);
/* Begins with MS NT5 ISAKMPOAKLEY's 16 bytes, any version. */
bool vid_is_ms_nt5(struct view v);
/* SoftEther's own idea of Microsoft: begins with MS NT5, FRAGMENTATION or Vid-Initial-Contact
 * (which every Mac's racoon sends too). */
bool vid_softether_microsoft(struct view v);

#endif
