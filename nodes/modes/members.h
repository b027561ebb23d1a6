/* SPDX-License-Identifier: MIT */
/*
 * members.h - the table of the members of server and client modes. Pure.
 *
 * A row of the table says where a member lies in struct server_mode and struct client_mode, of
 * which kind it is, its key and its sentence in a topology file, and how it is shown. Whatever
 * treats members one by one is a loop over the table: reading a topology file, its schema and its
 * reference, writing and comparing (member_value.h), JSON, text. A new member is a new row; a new
 * kind is a case in each of the switches over enum member_kind. Loops take the table as a
 * parameter.
 */
#ifndef NATDLAB_NODES_MODES_MEMBERS_H
#define NATDLAB_NODES_MODES_MEMBERS_H

#include "lab/base/words.h"
#include "nodes/modes/mode.h"

/* Bounds of what a topology file may say: messages have to fit into a datagram, and into the
 * buffers of their sender. Bytes; vendor IDs together are counted with their headers of 4. */
#define MODE_VID_BYTES 255   /* one vendor ID */
#define MODE_VIDS_BYTES 640  /* all of messages 1 and 2 */
#define MODE_VIDS4_BYTES 256 /* all of message 4 */
#define MODE_OWN_HASHES 3    /* NAT-D payloads of itself in message 4 */

enum mode_role { ROLE_CLIENT, ROLE_SERVER, ROLES };

/* What the bytes of a member are. */
enum member_kind {
	MEMBER_TEXT,	   /* const char * */
	MEMBER_BOOL,	   /* bool, or an enumeration of two values */
	MEMBER_NOT,	   /* bool; the key says the opposite */
	MEMBER_WORD,	   /* an integer whose values have words */
	MEMBER_NUMBER,	   /* an unsigned integer from @min to @max */
	MEMBER_TIME,	   /* uint32_t, milliseconds */
	MEMBER_TIMES,	   /* struct retry */
	MEMBER_VIDS,	   /* struct vid_rule[MODE_VIDS] and their number */
	MEMBER_SUITES,	   /* a uint32_t of ciphers and one of AES key lengths; words: SUITE() */
	MEMBER_SET,	   /* uint32_t, bit n: the value n, which has a word */
	MEMBER_LIST,	   /* integers of @width bytes that have words, ended by 0 */
	MEMBER_PARTS,	   /* struct answer_part[MODE_ANSWER] and their number */
	MEMBER_WRONG,	   /* struct wrong_answer[MODE_WRONG] and their number */
	MEMBER_OFFERS,	   /* struct phase1_transform[MODE_TRANSFORMS] and their number */
	MEMBER_ESP_OFFERS, /* struct phase2_transform[MODE_TRANSFORMS] and their number */
};

/* The number of a cipher in the words of MEMBER_SUITES. @bits: of an AES key, else 0. */
#define SUITE(cipher, bits) ((unsigned)(cipher) << 3 | (unsigned)(bits) >> 6)

/* What a capture of a server shows, in pieces that are seen together. */
enum aspect {
	ASPECT_HIDDEN, /* it shows nothing of the member */
	ASPECT_NATT,
	ASPECT_VIDS,
	ASPECT_CHOICE,
	ASPECT_SA,
	ASPECT_NONCE,
	ASPECT_MESSAGE_4,
	ASPECT_UNASKED,
	ASPECT_OWN_HASH,
	ASPECT_PEER_HASH,
	ASPECT_AGAIN_2,
	ASPECT_AGAIN_4,
	ASPECT_HALF_OPEN,
	ASPECT_DUPLICATE_1,
	ASPECT_DUPLICATE_3,
	ASPECT_DUPLICATE_5,
	ASPECT_REFUSAL,
	ASPECTS,
};

/* The parts of a report of one mode, in its order. */
enum member_section {
	SECTION_NONE, /* the member is not reported */
	SECTION_ADDRESSES,
	SECTION_VIDS,
	SECTION_ALGORITHMS,
	SECTION_BEHAVIOUR,
	SECTION_TIMES,
	SECTIONS,
};

/* Holds while the integer of @size bytes at @at has a value that is a bit of @values; bit 31
 * stands for all values from 31 on. */
struct member_if {
	size_t at, size;
	uint32_t values;
	const char *otherwise; /* the end of a sentence on a mode where it does not hold */
};

/* A member in the modes of one role. */
struct member_place {
	size_t at, size; /* in the struct; size 0: modes of this role do not have it */
	size_t count_at; /* of a list: its length, a uint8_t */
	/* NULL, or what gives the member its meaning: without it, its key is a mistake; where it
	 * has no key, it is 0. */
	const struct member_if *needs;
	/* How it is reported, as "label  before value after". A NULL label continues the line of
	 * the row before. */
	enum member_section section;
	const char *label, *before, *after;
	const char *between;	 /* entries of a list; NULL: a blank */
	const char *none;	 /* in place of an empty list or 0; NULL: nothing */
	const char *const *says; /* in place of the value: a text for each; NULL: nothing */
	bool named;		 /* ... behind the word and a colon */
	const struct member_if *other; /* while this holds, it is @other_says instead */
	const char *const *other_says;
	const struct member_if *shown_if;
};

struct member {
	const char *key; /* in a topology file; NULL: no file can change it */
	const char *doc; /* a sentence for the reference */
	enum member_kind kind;
	enum aspect aspect;
	const char *what, *unit;      /* for sentences on mistakes: "nonce", "bytes" */
	unsigned min, max;	      /* MEMBER_NUMBER */
	size_t width;		      /* MEMBER_LIST */
	const struct words *words;    /* of the kinds that have words */
	const uint16_t *required;     /* MEMBER_LIST: values that no list may lack, ended by 0 */
	const char *implied_by;	      /* the key that sets this one to 0, where it is given */
	bool implied_by_zero;	      /* ... with its first word */
	const char *json;	      /* "times/message2"; NULL: not in JSON */
	struct member_place in[ROLES];
};

struct member_table {
	const struct member *v;
	size_t n;
};

#define MEMBERS_MAX 80
/* The table of natdlab's modes. In the order of schema and reference; what implies another stands
 * before it. */
extern const struct member_table mode_members;

/* Attribute types of a Main Mode transform; kinds of payloads of message 4; ESP transforms, by
 * SUITE(), and their HMACs. */
extern const struct words phase1_attr_words, answer_kind_words, esp_words, esp_auth_words;
/* The attributes that make a choice, ended by 0. */
extern const uint16_t phase1_choice[];

#endif
