/* SPDX-License-Identifier: MIT */
/* json_modes.c - the rows of server and client modes, for `natdlab modes --format json`. */

#include "lab/report/json_modes.h"

#include <string.h>

#include "lab/report/report_priv.h"
#include "nodes/modes/agreement.h"
#include "nodes/modes/member_value.h"
#include "nodes/wire/isakmp_names.h"

static json_t *facts_json(const struct fact *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_pack("{s:s, s:s, s:s}", "what", v[i].what, "source",
						   v[i].source, "certainty",
						   certainty_name(v[i].certainty)));
	return a;
}

static json_t *known_json(const struct field_known *v)
{
	json_t *a = json_array();

	for (enum known_field f = 0; f < KNOWN_FIELDS; f++)
		if (v[f].what)
			json_array_append_new(a, json_pack("{s:s, s:s, s:s, s:s, s:s}", "field",
							   known_field_name(f), "basis",
							   basis_name(v[f].basis), "certainty",
							   certainty_name(v[f].certainty), "what",
							   v[f].what, "source", v[f].source));
	return a;
}

static json_t *rules_json(const struct vid_rule *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++) {
		struct view bytes = vid_rule_bytes(&v[i]);

		json_array_append_new(a, json_pack("{s:s, s:o, s:s}", "word", vid_word(v[i].vid),
						   "hex", hex_json(bytes.p, bytes.len), "sent",
						   v[i].any_tail	? "if begun"
						   : v[i].if_peer_sent ? "if sent"
								       : "always"));
	}
	return a;
}

static json_t *retry_json(const struct retry *r)
{
	json_t *a = json_array();

	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(a, json_real(r->at_ms[i] / 1000.0));
	return json_pack("{s:o, s:f}", "again", a, "give_up", r->give_up_ms / 1000.0);
}

static json_t *offers_json(const struct phase1_transform *v, size_t n)
{
	json_t *a = json_array();
	char buf[24];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			a, json_pack("{s:s, s:s, s:s, s:i}", "cipher",
				     isakmp_cipher_name(v[i].cipher, v[i].keybits, buf), "hash",
				     isakmp_hash_name(v[i].hash), "group",
				     isakmp_group_name(v[i].group), "life", (int)v[i].life));
	return a;
}

static json_t *words_json(const struct member *m, enum mode_role role, const void *mode)
{
	const char *words[MEMBER_WORDS_MAX];
	size_t n = member_words(m, role, mode, words);
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_string(words[i]));
	return a;
}

static json_t *member_json(const struct member *m, enum mode_role role, const void *mode)
{
	const struct member_place *p = &m->in[role];
	const void *at = (const uint8_t *)mode + p->at;
	size_t n = p->count_at ? member_count(p, mode) : 0;

	switch (m->kind) {
	case MEMBER_TEXT:
		return json_string(*(const char *const *)at);
	case MEMBER_BOOL:
	case MEMBER_NOT:
		return json_boolean(!member_number(p, mode) == (m->kind == MEMBER_NOT));
	case MEMBER_WORD:
		return json_string(word_of(m->words, member_number(p, mode)));
	case MEMBER_NUMBER:
		return json_integer(member_number(p, mode));
	case MEMBER_TIME:
		return json_real(member_number(p, mode) / 1000.0);
	case MEMBER_TIMES:
		return retry_json(at);
	case MEMBER_VIDS:
		return rules_json(at, n);
	case MEMBER_SUITES:
	case MEMBER_SET:
	case MEMBER_LIST:
		return words_json(m, role, mode);
	case MEMBER_OFFERS:
		return offers_json(at, n);
	case MEMBER_PARTS:
	case MEMBER_ESP_OFFERS:
	case MEMBER_WRONG:
		break;
	}
	return json_null(); /* for people only */
}

void members_json(json_t *o, const struct member_table *t, enum mode_role role, const void *mode,
		  enum member_section section)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct member *m = &t->v[i];
		const struct member_place *p = &m->in[role];
		const char *slash = m->json ? strchr(m->json, '/') : NULL;
		json_t *to = o;

		if (!m->json || !p->size || p->section != section)
			continue;
		if (slash) {
			char group[32];

			snprintf(group, sizeof(group), "%.*s", (int)(slash - m->json), m->json);
			to = json_object_get(o, group);
			if (!to)
				json_object_set_new(o, group, to = json_object());
		}
		json_object_set_new(to, slash ? slash + 1 : m->json,
				    member_holds(p->needs, mode) ? member_json(m, role, mode)
								 : json_null());
	}
}

/* {"0": "blocked", "1": ..., "2": ...}: what Windows 10 makes of this server. */
static json_t *windows_json(const struct server_mode *s, bool napt, bool eip)
{
	json_t *o = json_object();

	for (int registry = 0; registry <= 2; registry++) {
		struct four_ends usual = agreement_usual_ends(napt, eip);
		struct agreement p;
		char key[2] = {(char)('0' + registry), '\0'};

		agreement_find(mode_client("windows-10"), registry, s, &usual, &p);
		json_object_set_new(o, key, json_string(outcome_name(p.outcome)));
	}
	return o;
}

static json_t *server_mode_json(const struct server_mode *s)
{
	json_t *o = json_pack("{s:s, s:s}", "name", s->name, "title", s->title);

	members_json(o, &mode_members, ROLE_SERVER, s, SECTION_ADDRESSES);
	json_object_set_new(o, "windows_server_behind_nat",
			    json_pack("{s:o, s:o}", "client_behind_nat", windows_json(s, true, true),
				      "client_public", windows_json(s, false, true)));
	json_object_set_new(o, "windows_server_public",
			    json_pack("{s:o, s:o}", "client_behind_nat",
				      windows_json(s, true, false), "client_public",
				      windows_json(s, false, false)));
	for (enum member_section part = SECTION_VIDS; part < SECTIONS; part++)
		members_json(o, &mode_members, ROLE_SERVER, s, part);
	json_object_set_new(o, "facts", facts_json(s->facts, s->n_facts));
	json_object_set_new(o, "known", known_json(s->known));
	return o;
}

static json_t *client_mode_json(const struct client_mode *c)
{
	json_t *o = json_pack("{s:s, s:s}", "name", c->name, "title", c->title);

	for (enum member_section part = SECTION_ADDRESSES; part < SECTIONS; part++)
		members_json(o, &mode_members, ROLE_CLIENT, c, part);
	json_object_set_new(o, "facts", facts_json(c->facts, c->n_facts));
	json_object_set_new(o, "known", known_json(c->known));
	return o;
}

void json_modes(FILE *f, const struct server_mode *server, const struct client_mode *client)
{
	json_t *servers = json_array(), *clients = json_array();
	size_t n_servers, n_clients;
	const struct server_mode *const *s = mode_servers(&n_servers);
	const struct client_mode *const *c = mode_clients(&n_clients);

	for (size_t i = 0; i < n_servers; i++)
		if (server ? server == s[i] : !client)
			json_array_append_new(servers, server_mode_json(s[i]));
	for (size_t i = 0; i < n_clients; i++)
		if (client ? client == c[i] : !server)
			json_array_append_new(clients, client_mode_json(c[i]));
	json_out(f,
		 json_pack("{s:i, s:s, s:o, s:o}", "schema", 1, "natdlab", NATDLAB_VERSION,
			   "servers", servers, "clients", clients),
		 JSON_INDENT(1) | JSON_PRESERVE_ORDER);
}
