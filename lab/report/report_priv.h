/* SPDX-License-Identifier: MIT */
/* report_priv.h - the pieces that the documents of json*.c share. Not for others. */
#ifndef NATDLAB_REPORT_REPORT_PRIV_H
#define NATDLAB_REPORT_REPORT_PRIV_H

#include <jansson.h>
#include <stdio.h>

#include "lab/analysis/natd_judge.h"
#include "nodes/modes/gate.h"
#include "nodes/modes/members.h"

/* Writes @j with a line end and lets it go; @flags are jansson's. */
void json_out(FILE *f, json_t *j, size_t flags);

json_t *hex_json(const void *p, size_t len);
json_t *ep_json(struct inet_ep ep);
json_t *seen_json(bool valid, const struct natd_seen *s);
json_t *hashes_json(const struct natd_list *l);
/* Adds what each hash of @l was made of, null where that is not known. */
void add_means(json_t *means, const struct natd_list *l, const bool *known,
	       const struct inet_ep *what);
json_t *phase1_json(const struct exchange *x);
/* Adds what went over the wire, from "encapsulation" to "deletes". */
void add_wire(json_t *o, const struct exchange *x, const char *encapsulation);
/* What a Windows client makes of a server: {"0": "blocked", "1": ..., "2": ...}, by value. */
json_t *windows_rule_json(const struct windows_verdict row[GATE_VALUES]);
json_t *vids_json(const struct exchange *x, unsigned side);

/* Adds the keys of @t to the properties of a mode's schema. */
void members_schema(json_t *properties, const struct member_table *t);
/* Adds the members of one section of @t, each where its row says. */
void members_json(json_t *o, const struct member_table *t, enum mode_role role, const void *mode,
		  enum member_section section);
/* The same as lines for people. */
void members_text(FILE *f, const struct member_table *t, enum mode_role role, const void *mode,
		  enum member_section section);

#endif
