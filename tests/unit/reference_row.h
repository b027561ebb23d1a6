/* SPDX-License-Identifier: MIT */
/* reference_row.h - the row of a key in docs/topology.md, as the table of keys wants it. */
#ifndef NATDLAB_TESTS_UNIT_REFERENCE_ROW_H
#define NATDLAB_TESTS_UNIT_REFERENCE_ROW_H

#include "lab/topology/schema.h"

/* "client, server" */
static inline const char *kinds_text(struct arena *a, unsigned kinds)
{
	const char *s = NULL;

	if (kinds == KINDS_ALL)
		return "every node";
	for (enum kind k = 0; k < KINDS; k++)
		if (kinds & KIND_BIT(k))
			s = s ? arena_printf(a, "%s, %s", s, kind_name(k)) : kind_name(k);
	return s;
}

static inline const char *type_text(struct arena *a, const struct key_row *row)
{
	const char *s = NULL;

	if (!row->words || row->type == TYPE_PORTS)
		return key_type_name(row->type);
	for (size_t i = row->words->first; i < row->words->n; i++)
		if (row->words->v[i])
			s = s ? arena_printf(a, "%s, %s", s, row->words->v[i]) : row->words->v[i];
	return s;
}

static inline const char *reference_row(struct arena *a, const struct key_row *row)
{
	const char *type = type_text(a, row);

	if (row->place != PLACE_NODE && row->place != PLACE_MODE)
		return arena_printf(a, "| `%s` | %s | %s |\n", row->name, type, row->doc);
	return arena_printf(a, "| `%s` | %s | %s | %s%s |\n", row->name, kinds_text(a, row->kinds),
			    type, row->doc, row->fixed ? " Fixed." : "");
}

#endif
