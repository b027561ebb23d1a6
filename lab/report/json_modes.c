/* SPDX-License-Identifier: MIT */
/* json_modes.c - the rows of server and client modes, for `natdlab modes --format json`. */

#include "lab/report/json_modes.h"

#include "lab/report/report_priv.h"
#include "nodes/modes/agreement.h"

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

static json_t *set_json(uint32_t set, const char *(*name)(unsigned value))
{
	json_t *a = json_array();

	for (unsigned v = 0; v < 32; v++)
		if (set & ACCEPT(v))
			json_array_append_new(a, json_string(name(v)));
	return a;
}

static json_t *ciphers_json(const struct phase1_accept *p)
{
	json_t *a = json_array();
	char buf[24];

	for (unsigned v = 0; v < 32; v++)
		if (p->ciphers & ACCEPT(v) && v != CIPHER_AES)
			json_array_append_new(a, json_string(isakmp_cipher_name(v, 0, buf)));
	for (unsigned bits = 64; bits <= 256; bits += 64)
		if (p->ciphers & ACCEPT(CIPHER_AES) && p->keys & ACCEPT_KEY(bits))
			json_array_append_new(
				a, json_string(isakmp_cipher_name(CIPHER_AES, bits, buf)));
	return a;
}

static json_t *methods_json(const enum ppp_method *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < PPP_AUTH_MAX && v[i] != PPP_AUTH_NONE; i++)
		json_array_append_new(a, json_string(ppp_method_name(v[i])));
	return a;
}

static json_t *server_mode_json(const struct server_mode *s)
{
	return json_pack(
		"{s:s, s:s, s:b, s:s?, s:s?, s:b, s:{s:o, s:o}, s:{s:o, s:o}, s:o,"
		" s:{s:o, s:o, s:o}, s:i, s:o, s:{s:o, s:o, s:o, s:o}, s:o, s:o}",
		"name", s->name, "title", s->title, "natt", s->natt, "server_hash",
		s->natt ? natd_own_name(s->natd_own) : NULL, "peer_hash",
		s->natt ? natd_peer_name(s->natd_peer) : NULL, "bound", !s->address_zero,
		"windows_server_behind_nat", "client_behind_nat", windows_json(s, true, true),
		"client_public", windows_json(s, false, true), "windows_server_public",
		"client_behind_nat", windows_json(s, true, false), "client_public",
		windows_json(s, false, false), "vendor_ids",
		rules_json(s->vids, s->n_vids), "accepts", "ciphers",
		ciphers_json(&s->phase1), "hashes", set_json(s->phase1.hashes, isakmp_hash_name),
		"groups", set_json(s->phase1.groups, isakmp_group_name), "nonce",
		(int)s->nonce_len, "authentication", methods_json(s->auth), "times", "message2", retry_json(&s->message2_retry), "message4",
		retry_json(&s->message4_retry), "quick", retry_json(&s->quick_retry), "l2tp",
		retry_json(&s->l2tp_retry), "facts", facts_json(s->facts, s->n_facts), "known",
		known_json(s->known));
}

static json_t *offers_json(const struct client_mode *c)
{
	json_t *a = json_array();
	char buf[24];

	for (size_t i = 0; i < c->n_phase1; i++) {
		const struct phase1_transform *t = &c->phase1[i];

		json_array_append_new(
			a, json_pack("{s:s, s:s, s:s, s:i}", "cipher",
				     isakmp_cipher_name(t->cipher, t->keybits, buf), "hash",
				     isakmp_hash_name(t->hash), "group",
				     isakmp_group_name(t->group), "life", (int)t->life));
	}
	return a;
}

static json_t *client_mode_json(const struct client_mode *c)
{
	return json_pack("{s:s, s:s, s:b, s:o, s:o, s:i, s:o, s:{s:o, s:o, s:o, s:o}, s:o, s:o}",
			 "name",
			 c->name, "title", c->title, "asks_registry", c->gate == GATE_MICROSOFT,
			 "vendor_ids", rules_json(c->vids, c->n_vids), "offers",
			 offers_json(c),
			 "nonce", (int)c->nonce_len, "authentication",
			 methods_json(c->auth), "times", "message1",
			 retry_json(&c->main_retry), "messages3_5", retry_json(&c->later_retry),
			 "quick", retry_json(&c->quick_retry), "l2tp", retry_json(&c->l2tp_retry),
			 "facts", facts_json(c->facts, c->n_facts), "known",
			 known_json(c->known));
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
