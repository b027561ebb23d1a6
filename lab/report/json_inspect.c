/* SPDX-License-Identifier: MIT */
/* json_inspect.c - what `inspect` found, with the keys that a run's connections have. */

#include "lab/report/json_inspect.h"

#include "lab/analysis/advice.h"
#include "lab/analysis/responder_guess.h"
#include "lab/analysis/windows.h"
#include "lab/report/report_priv.h"
#include "nodes/wire/isakmp_names.h"

static json_t *natd_json(const struct inspected *in)
{
	const struct exchange *x = in->x;
	const struct judgement *j = &in->j;
	json_t *means = json_object();

	add_means(means, &x->natd3, j->known3, j->means3);
	add_means(means, &x->natd4, j->known4, j->means4);
	return json_pack("{s:o, s:o, s:o, s:s, s:s}", "message3", hashes_json(&x->natd3),
			 "message4", hashes_json(&x->natd4), "means", means, "server_hash",
			 hash_class_name(j->server_hash), "peer_hash",
			 hash_class_name(j->peer_hash));
}

static json_t *offers_json(const struct exchange *x)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->n_offers; i++) {
		const struct offer *t = &x->offers[i];
		char cipher[24];

		json_array_append_new(a,
				      json_pack("{s:s, s:s, s:s}", "cipher",
						isakmp_cipher_name(t->cipher, t->keybits, cipher),
						"hash", isakmp_hash_name(t->hash), "group",
						isakmp_group_name(t->group)));
	}
	return a;
}

static json_t *evidence_json(const struct diagnosis *d)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < d->n_evidence; i++)
		json_array_append_new(a, json_pack("{s:s, s:o, s:I}", "what", d->evidence[i].what,
						   "place", json_string(d->evidence[i].at.place),
						   "frame", (json_int_t)d->evidence[i].at.frame));
	return a;
}

static json_t *rule_json(const struct inspected *in)
{
	struct windows_verdict v[GATE_VALUES];

	for (int i = 0; i < GATE_VALUES; i++)
		v[i] = exchange_windows(in->x, &in->j, i);
	return windows_rule_json(v);
}

static json_t *string_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

/* A command stands on a line of its own in its cure. */
static void add_advice(json_t *o, const struct inspected *in)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const struct advice a = advice_for(arena, in->x, &in->j, &in->d);
	json_t *cures = json_array();

	for (size_t i = 0; i < ADVICE_CURES; i++)
		if (a.cures[i])
			json_array_append_new(cures, json_string(a.cures[i]));
	json_object_set_new(o, "cause", string_or_null(a.cause));
	json_object_set_new(o, "cures", cures);
	json_object_set_new(o, "not_the_cause", string_or_null(a.not_the_cause));
}

static const char *encapsulation(const struct exchange *x)
{
	if (x->esp_udp || (x->floated && !x->esp_raw))
		return "udp";
	return x->esp_raw ? "esp" : "none";
}

static void add_traffic(json_t *o, const struct inspected *in)
{
	const struct exchange *x = in->x;

	json_object_set_new(o, "client_sees", seen_json(in->j.complete, &in->j.client_sees));
	json_object_set_new(o, "server_sees",
			    seen_json(in->j.server_sees_valid, &in->j.server_sees));
	json_object_set_new(o, "floated", json_boolean(x->floated));
	add_wire(o, x, encapsulation(x));
}

static const char *exchange_word(const struct exchange *x)
{
	if (x->version == 2)
		return "ike-sa-init";
	return x->type == EXCHANGE_AGGRESSIVE ? "aggressive" : "main";
}

static json_t *identity_json(const struct identity *id)
{
	if (!id->type)
		return json_null();
	return json_pack("{s:i, s:o}", "type", (int)id->type, "bytes", hex_json(id->b, id->len));
}

static json_t *exchange_json(const struct inspected *in)
{
	const struct diagnosis *d = &in->d;
	struct inet_ep initiator, responder;
	json_t *o = json_object();

	inspect_ends(in->x, &initiator, &responder);
	json_object_set_new(o, "ike", json_integer(in->x->version == 2 ? 2 : 1));
	json_object_set_new(o, "exchange", json_string(exchange_word(in->x)));
	json_object_set_new(o, "initiator", ep_json(initiator));
	json_object_set_new(o, "responder", ep_json(responder));
	json_object_set_new(o, "client", json_null());
	json_object_set_new(o, "client_mode", json_null());
	json_object_set_new(o, "registry", json_null());
	json_object_set_new(o, "server", json_null());
	json_object_set_new(o, "server_mode", json_null());
	json_object_set_new(o, "server_looks_like", string_or_null(guess_product(in->x, 1)));
	json_object_set_new(o, "outcome", json_string(outcome_name(d->outcome)));
	json_object_set_new(o, "reason", json_string(reason_name(d->reason)));
	json_object_set_new(o, "reason_text", json_string(d->sentence));
	json_object_set_new(o, "error", d->error ? json_integer(d->error) : json_null());
	json_object_set_new(o, "reached", json_string(reached_name(d->reached)));
	json_object_set_new(o, "initiator_cookie", hex_json(in->x->cky_i, 8));
	json_object_set_new(o, "responder_cookie", hex_json(in->x->cky_r, 8));
	json_object_set_new(o, "vendor_ids",
			    json_pack("{s:o, s:o}", "initiator", vids_json(in->x, 0), "responder",
				      vids_json(in->x, 1)));
	json_object_set_new(o, "identities",
			    json_pack("{s:o, s:o}", "initiator", identity_json(&in->x->ids[0]),
				      "responder", identity_json(&in->x->ids[1])));
	json_object_set_new(o, "offered", offers_json(in->x));
	json_object_set_new(o, "natd", natd_json(in));
	json_object_set_new(o, "unmask_in_vain", json_boolean(in->d.suspected));
	add_traffic(o, in);
	/* What a lab alone has; a reader of both documents finds the same keys. */
	json_object_set_new(o, "predicted", json_null());
	json_object_set_new(o, "lab_error", json_null());
	json_object_set_new(o, "signature", json_string(signature_name(d->sig)));
	json_object_set_new(o, "certainty", json_string(certainty_name(d->certainty)));
	json_object_set_new(o, "evidence", evidence_json(d));
	json_object_set_new(o, "windows", rule_json(in));
	add_advice(o, in);
	return o;
}

void json_inspection(FILE *f, const struct inspection *in)
{
	json_t *o = json_object(), *exchanges = json_array();

	json_object_set_new(o, "schema", json_integer(1));
	json_object_set_new(o, "natdlab", json_string(NATDLAB_VERSION));
	json_object_set_new(o, "frames", json_integer((json_int_t)in->frames));
	json_object_set_new(o, "frames_cut", json_integer((json_int_t)in->cut));
	json_object_set_new(o, "frames_unread", json_integer((json_int_t)in->unread));
	for (size_t i = 0; i < in->n; i++)
		json_array_append_new(exchanges, exchange_json(&in->v[i]));
	json_object_set_new(o, "exchanges", exchanges);
	json_out(f, o, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
}
