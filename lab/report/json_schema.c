/* SPDX-License-Identifier: MIT */
/*
 * json_schema.c - the table of a topology file's keys as a JSON schema, for editors: completion,
 * a sentence for each key, red lines under what is wrong. `natdlab check` knows more than a schema
 * can say, and has the last word.
 */
#include "lab/report/json_schema.h"

#include <stdlib.h>

#include "lab/report/report_priv.h"
#include "lab/topology/schema.h"

#define NAME_PATTERN "^[a-z]([a-z0-9-]*[a-z0-9])?$"
#define ADDRESS_PATTERN "^[0-9]+(\\.[0-9]+){3}$"

static json_t *place_schema(enum place p);

static json_t *pattern(const char *p)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", p);
}

/* YAML reads 0 as a number and true as a truth; the loader takes each for the word. */
static json_t *words(const struct words *w)
{
	json_t *a = json_array();

	for (size_t i = w->first; i < w->n; i++) {
		char *end;
		long n;

		if (!w->v[i])
			continue;
		n = strtol(w->v[i], &end, 10);
		json_array_append_new(a, *end ? json_string(w->v[i]) : json_integer(n));
	}
	return json_pack("{s:o}", "enum", a);
}

static json_t *map_of(json_t *value)
{
	return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", value);
}

static json_t *list_of(json_t *value)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", value);
}

/* Maps and lists that hold more than plain values; NULL for all other keys. */
static json_t *nested(enum key k)
{
	if (k == KEY_TOPOLOGY)
		return place_schema(PLACE_TOPOLOGY);
	if (k == KEY_MODES)
		return map_of(place_schema(PLACE_MODE));
	if (k == KEY_EXPECT)
		return list_of(place_schema(PLACE_EXPECT));
	if (k == KEY_KINDS || k == KEY_NODES)
		return map_of(place_schema(PLACE_NODE));
	if (k == KEY_LINKS)
		return list_of(place_schema(PLACE_LINK));
	if (k == KEY_FAULTS)
		return place_schema(PLACE_FAULTS);
	if (k == KEY_ENDPOINTS)
		return list_of(json_pack("{s:[o, o]}", "anyOf",
					 json_pack("{s:s}", "type", "string"),
					 place_schema(PLACE_END)));
	return NULL;
}

static json_t *type_schema(const struct key_row *row)
{
	switch (row->type) {
	case TYPE_TEXT:
	case TYPE_SECRET:
	case TYPE_RULES:
		return json_pack("{s:[s, s]}", "type", "string", "number");
	case TYPE_NAME:
	case TYPE_IFACE:
		return pattern(NAME_PATTERN);
	case TYPE_WORD:
		return row->words ? words(row->words) : json_pack("{s:s}", "type", "string");
	case TYPE_NUMBER:
		return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
	case TYPE_PERCENT:
		return pattern("^[0-9]+(\\.[0-9])?%$");
	case TYPE_DURATION:
		return pattern("^[0-9]+(ms|s|m|h)$");
	case TYPE_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case TYPE_ADDRESS:
		return pattern(ADDRESS_PATTERN);
	case TYPE_NETWORK:
		return pattern("^[0-9]+(\\.[0-9]+){3}/[0-9]+$");
	case TYPE_TARGET:
		return json_pack("{s:s}", "type", "string");
	case TYPE_MAP:
		return json_pack("{s:s}", "type", "object");
	case TYPE_LIST:
		return json_pack("{s:s}", "type", "array");
	case TYPE_PORTS:
		return json_pack("{s:[o, o]}", "anyOf", words(row->words),
				 list_of(json_pack("{s:s}", "type", "integer")));
	}
	return json_object();
}

static json_t *row_schema(const struct key_row *row, json_t *o)
{
	if (!o)
		o = type_schema(row);
	json_object_set_new(o, "description", json_string(row->doc));
	return o;
}

void members_schema(json_t *properties, const struct member_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct key_row row = member_key_row(&t->v[i]);

		if (row.place == PLACE_MODE)
			json_object_set_new(properties, row.name, row_schema(&row, NULL));
	}
}

/* The keys that may stand at a place, and no others. */
static json_t *place_schema(enum place p)
{
	json_t *properties = json_object();

	for (enum key k = 0; k < KEYS; k++)
		if (key_row(k)->place == p)
			json_object_set_new(properties, key_row(k)->name,
					    row_schema(key_row(k), nested(k)));
	if (p == PLACE_MODE)
		members_schema(properties, &mode_members);
	return json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0,
			 "properties", properties);
}

void json_schema(FILE *f)
{
	json_t *o = place_schema(PLACE_FILE);

	json_object_set_new(o, "$schema", json_string("http://json-schema.org/draft-07/schema#"));
	json_object_set_new(o, "title", json_string("natdlab topology file"));
	json_object_set_new(
		o, "required",
		json_pack("[s, s]", key_row(KEY_NAME)->name, key_row(KEY_TOPOLOGY)->name));
	json_out(f, o, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
}
