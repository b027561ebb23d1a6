/* SPDX-License-Identifier: MIT */
/* json_probe.c - what `probe` found, with the keys that a run's connections have. */

#include "lab/report/json_probe.h"

#include "lab/report/report_priv.h"

static json_t *probe_exchange_json(const struct probe_result *r, enum probe_as as)
{
	const struct exchange *x = r->x[as];
	json_t *o = json_object(), *means = json_object();

	json_object_set_new(o, "as", json_string(as == PROBE_WINDOWS ? "windows" : "plain"));
	json_object_set_new(o, "end", json_string(reason_name(r->end[as])));
	json_object_set_new(o, "notify",
			    r->notify[as] ? json_integer(r->notify[as]) : json_null());
	if (!x) {
		json_decref(means);
		return o;
	}
	add_means(means, &x->natd3, r->j[as].known3, r->j[as].means3);
	add_means(means, &x->natd4, r->j[as].known4, r->j[as].means4);
	json_object_set_new(o, "initiator_cookie", hex_json(x->cky_i, 8));
	json_object_set_new(o, "responder_cookie", hex_json(x->cky_r, 8));
	json_object_set_new(o, "phase1", phase1_json(x));
	json_object_set_new(o, "vendor_ids",
			    json_pack("{s:o, s:o}", "initiator", vids_json(x, 0), "responder",
				      vids_json(x, 1)));
	json_object_set_new(o, "natd",
			    json_pack("{s:o, s:o, s:o}", "message3", hashes_json(&x->natd3),
				      "message4", hashes_json(&x->natd4), "means", means));
	return o;
}

static json_t *told_json(bool known, bool value)
{
	return known ? json_boolean(value) : json_null();
}

static json_t *unreachable_json(const struct probe_wire *w)
{
	if (!w->unreachable)
		return json_null();
	return json_pack("{s:s, s:i, s:i}", "from", INET_ADDR(w->icmp_from), "type",
			 w->icmp_type, "code", w->icmp_code);
}

void json_probe(FILE *f, const struct probe_wire *w, unsigned packets,
		const struct probe_result *r)
{
	json_t *o = json_object();
	bool answered = r->answered[PROBE_WINDOWS];

	json_object_set_new(o, "schema", json_integer(1));
	json_object_set_new(o, "natdlab", json_string(NATDLAB_VERSION));
	json_object_set_new(o, "responder", ep_json(w->server));
	json_object_set_new(o, "initiator", ep_json(w->local));
	json_object_set_new(o, "packets", json_integer(packets));
	json_object_set_new(o, "answered", json_boolean(answered));
	json_object_set_new(o, "answered_from",
			    w->other_sender.port ? ep_json(w->other_sender) : json_null());
	json_object_set_new(o, "unreachable", unreachable_json(w));
	json_object_set_new(o, "ike2", json_boolean(r->ike2));
	json_object_set_new(o, "server_hash", json_string(hash_class_name(r->server_hash)));
	json_object_set_new(o, "peer_hash", json_string(hash_class_name(r->peer_hash)));
	json_object_set_new(o, "server_behind_nat",
			    told_json(r->server_known, r->server_behind_nat_truly));
	json_object_set_new(o, "self_behind_nat", told_json(r->self_known, r->self_behind_nat));
	json_object_set_new(o, "windows",
			    json_pack("{s:o, s:o}", "client_behind_nat", windows_rule_json(r->home),
				      "client_public", windows_rule_json(r->public_client)));
	json_object_set_new(o, "exchanges",
			    json_pack("[o, o]", probe_exchange_json(r, PROBE_WINDOWS),
				      probe_exchange_json(r, PROBE_PLAIN)));
	json_out(f, o, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
}
