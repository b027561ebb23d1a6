/* SPDX-License-Identifier: MIT */
/*
 * member_value.h - the members of one mode: finding, writing, comparing them by a table. Pure.
 *
 * A mode is passed as a pointer to its struct server_mode or struct client_mode, of which
 * another table may name more members.
 */
#ifndef NATDLAB_NODES_MODES_MEMBER_VALUE_H
#define NATDLAB_NODES_MODES_MEMBER_VALUE_H

#include <stdio.h>

#include "nodes/modes/members.h"

/* Number of the row with that key and that role, @t->n when there is none. ROLES: of any. */
size_t member_find(const struct member_table *t, const char *key, enum mode_role role);

/* The integer at a place, of 1, 2 or 4 bytes. */
unsigned member_number(const struct member_place *p, const void *mode);
/* NULL always holds. */
bool member_holds(const struct member_if *c, const void *mode);
/* The number of entries of a list that has a count. */
size_t member_count(const struct member_place *p, const void *mode);

#define MEMBER_WORDS_MAX 32
/* The words of a value: one of MEMBER_BOOL, _NOT and _WORD; of _SUITES, _SET and _LIST those of
 * all entries, sets by rising values. Of other kinds none. Returns their number. */
size_t member_words(const struct member *m, enum mode_role role, const void *mode,
		    const char *out[MEMBER_WORDS_MAX]);

/* The value as a topology file has it, on one line; only of kinds that a file can have. */
void member_write(FILE *f, const struct member *m, enum mode_role role, const void *mode);
/* Would both be written alike? */
bool member_equal(const struct member *m, enum mode_role role, const void *a, const void *b);
/* Sets @said[i] for each row whose key is needed to make @row of @like; returns their number. */
unsigned members_differ(const struct member_table *t, enum mode_role role, const void *like,
			const void *row, bool said[MEMBERS_MAX]);
/* To be called when the key of row @by was read into @mode: sets to 0 what that key implies. */
void members_imply(const struct member_table *t, size_t by, enum mode_role role, void *mode);
/* Sets to 0 what has no key and lacks what it needs. */
void members_settle(const struct member_table *t, enum mode_role role, void *mode);

/* The same vendor ID? */
bool vid_rule_same(const struct vid_rule *a, const struct vid_rule *b);
/* Bytes that it takes in a message. */
size_t vid_rule_room(const struct vid_rule *v);

#endif
