/* SPDX-License-Identifier: MIT */
#include "lab/report/json.h"

#include <stdlib.h>
#include <string.h>

#include "lab/report/report_priv.h"
#include "lab/result/summary.h"
#include "nodes/wire/isakmp_names.h"

void json_prepare(void)
{
	json_object_seed(0);
}

/* jansson returns NULL only when memory is out; json_dumpf() of NULL would then print nothing. */
void json_out(FILE *f, json_t *j, size_t flags)
{
	assert(j);
	json_dumpf(j, f, flags);
	fputc('\n', f);
	json_decref(j);
}

json_t *hex_json(const void *p, size_t len)
{
	char buf[2 * HASH_MAX + 1];

	assert(len <= HASH_MAX);
	return json_string(hex_str(p, len, buf));
}

json_t *ep_json(struct inet_ep ep)
{
	return json_string(INET_EP(ep));
}

/* ---- events ---- */

static json_t *field_json(const struct ev_field *f)
{
	switch (f->type) {
	case EVT_U:
		return json_integer((json_int_t)f->u);
	case EVT_BOOL:
		return json_boolean(f->u);
	case EVT_WORD:
	case EVT_STR:
		return json_string(f->text);
	case EVT_HEX:
	case EVT_BYTES:
		return hex_json(f->bytes, f->len);
	case EVT_EP:
		return ep_json(f->ep);
	}
	return NULL;
}

void json_event(FILE *f, const struct event *e)
{
	json_t *o = json_object();
	struct ev_field v;

	json_object_set_new(o, "n", json_integer(e->seq));
	json_object_set_new(o, "us", json_integer((json_int_t)e->t));
	json_object_set_new(o, e->wire ? "link" : "node", json_string(e->place));
	json_object_set_new(o, "kind", json_string(ev_kind_name(e->kind)));
	for (unsigned i = 0; ev_next(e, &i, &v);)
		json_object_set_new(o, ev_key_name(v.key), field_json(&v));
	if (e->frame)
		json_object_set_new(o, "frame", json_integer(e->frame));
	json_out(f, o, JSON_COMPACT | JSON_PRESERVE_ORDER);
}

/* ---- results ---- */

json_t *seen_json(bool valid, const struct natd_seen *s)
{
	if (!valid)
		return json_null();
	return json_pack("{s:b, s:b}", "self_behind_nat", s->self_behind_nat, "peer_behind_nat",
			 s->peer_behind_nat);
}

json_t *hashes_json(const struct natd_list *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, hex_json(l->v[i].b, l->len));
	return a;
}

void add_means(json_t *means, const struct natd_list *l, const bool *known,
	       const struct inet_ep *what)
{
	for (size_t i = 0; i < l->n; i++) {
		char hex[2 * HASH_MAX + 1];

		hex_str(l->v[i].b, l->len, hex);
		if (known[i])
			json_object_set_new(means, hex, ep_json(what[i]));
		else if (!json_object_get(means, hex))
			json_object_set_new(means, hex, json_null());
	}
}

static json_t *natd_json(const struct connection *c)
{
	json_t *means = json_object();

	add_means(means, &c->x.natd3, c->j.known3, c->j.means3);
	add_means(means, &c->x.natd4, c->j.known4, c->j.means4);
	return json_pack("{s:o, s:o, s:o, s:s, s:s}", "message3", hashes_json(&c->x.natd3),
			 "message4", hashes_json(&c->x.natd4), "means", means, "server_hash",
			 hash_class_name(c->j.server_hash), "peer_hash",
			 hash_class_name(c->j.peer_hash));
}

json_t *windows_rule_json(const struct windows_verdict row[GATE_VALUES])
{
	return json_pack("{s:s, s:s, s:s}", "0", windows_result_name(row[0].result), "1",
			 windows_result_name(row[1].result), "2", windows_result_name(row[2].result));
}

json_t *phase1_json(const struct exchange *x)
{
	char cipher[24];

	if (!x->chosen)
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "cipher",
			 isakmp_cipher_name(x->cipher, x->keybits, cipher), "hash",
			 isakmp_hash_name(x->hash), "group", isakmp_group_name(x->group));
}

void add_wire(json_t *o, const struct exchange *x, const char *encapsulation)
{
	json_object_set_new(o, "encapsulation", json_string(encapsulation));
	json_object_set_new(o, "phase1", phase1_json(x));
	json_object_set_new(o, "esp_from_client", json_integer(x->esp[0]));
	json_object_set_new(o, "esp_from_server", json_integer(x->esp[1]));
	json_object_set_new(o, "quick_modes", json_integer(x->quick_modes));
	json_object_set_new(o, "deletes", json_integer(x->deletes));
}

static json_t *predicted_json(const struct agreement *p)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:i}", "client_sees",
			 seen_json(p->natt, &p->client_sees), "server_sees",
			 seen_json(p->natt, &p->server_sees), "outcome", outcome_name(p->outcome),
			 "reason", reason_name(p->reason), "error", p->error);
}

static json_t *registry_json(const struct node *client)
{
	return client->registry < 0 ? json_null() : json_integer(client->registry);
}

static json_t *connection_json(const struct scenario *s, const struct connection *c)
{
	const struct node *client = &s->nodes[c->client];
	const struct node *server = c->server >= 0 ? &s->nodes[c->server] : NULL;
	json_t *o = json_object();

	json_object_set_new(o, "client", json_string(client->name));
	json_object_set_new(o, "client_mode", json_string(client->mode_name));
	json_object_set_new(o, "registry", registry_json(client));
	json_object_set_new(o, "server", server ? json_string(server->name) : json_null());
	json_object_set_new(o, "server_mode",
			    server ? json_string(server->mode_name) : json_null());
	json_object_set_new(o, "outcome", json_string(outcome_name(c->outcome)));
	json_object_set_new(o, "reason", json_string(reason_name(c->reason)));
	json_object_set_new(o, "reason_text", json_string(summary_reason_text(c)));
	json_object_set_new(o, "error", c->error ? json_integer(c->error) : json_null());
	json_object_set_new(o, "reached", json_string(reached_name(c->reached)));
	json_object_set_new(o, "initiator_cookie",
			    c->exchanged ? hex_json(c->cky_i, 8) : json_null());
	json_object_set_new(o, "responder_cookie",
			    c->exchanged ? hex_json(c->cky_r, 8) : json_null());
	json_object_set_new(o, "natd", natd_json(c));
	json_object_set_new(o, "client_sees", seen_json(c->j.complete, &c->j.client_sees));
	json_object_set_new(o, "server_sees", seen_json(c->j.server_sees_valid, &c->j.server_sees));
	json_object_set_new(o, "floated", json_boolean(c->x.floated));
	if (client->vm)
		json_object_set_new(o, "told_by", json_string("wire"));
	if (client->vm || (server && server->vm))
		json_object_set_new(o, "differs",
				    c->differs[0] ? json_string(c->differs) : json_null());
	if (c->asked)
		json_object_set_new(o, "alive", json_boolean(c->alive));
	if (c->asked && !c->alive)
		json_object_set_new(o, "why_dead", json_string(reason_name(c->why_dead)));
	add_wire(o, &c->x, word_of(&encapsulation_words, connection_encapsulation(c)));
	json_object_set_new(o, "predicted", predicted_json(&c->predicted.agreed));
	json_object_set_new(o, "lab_error",
			    c->lab_error[0] ? json_string(c->lab_error) : json_null());
	return o;
}

static json_t *expectation_json(const struct expectation *x, const struct expectation_result *er)
{
	json_t *evidence = json_array();
	json_t *o;

	for (unsigned i = 0; i < er->n_evidence; i++)
		json_array_append_new(evidence, json_integer(er->evidence[i]));
	o = json_pack("{s:i, s:s, s:o}", "line", x->line, "verdict", verdict_name(er->verdict),
		      "evidence", evidence);
	if (er->why[0])
		json_object_set_new(o, "why", json_string(er->why));
	return o;
}

static json_t *scenario_json(const struct scenario *s, const struct scenario_result *r)
{
	json_t *o = json_object(), *axes = json_object(), *conns = json_array();
	json_t *expects = json_array();

	for (size_t i = 0; i < s->n_axes; i++)
		json_object_set_new(axes, s->axes[i].axis, json_string(s->axes[i].value));
	json_object_set_new(o, "id", json_string(s->id));
	json_object_set_new(o, "axes", axes);
	json_object_set_new(o, "verdict",
			    json_string(verdict_name(r ? r->verdict : VERDICT_SKIPPED)));
	for (unsigned i = 0; r && r->ran && i < r->n_connections; i++)
		json_array_append_new(conns, connection_json(s, &r->connections[i]));
	for (unsigned i = 0; r && r->ran && i < r->n_expects; i++)
		json_array_append_new(expects, expectation_json(&s->expects[i], &r->expects[i]));
	json_object_set_new(o, "connections", conns);
	json_object_set_new(o, "expectations", expects);
	if (r && r->error.text[0])
		json_object_set_new(o, "error", json_string(r->error.text));
	if (r && r->ran) {
		json_object_set_new(o, "lab_seconds", json_real((double)r->lasted / 1e6));
		json_object_set_new(o, "frames", json_integer(r->frames));
		json_object_set_new(o, "frames_lost", json_integer(r->lost));
	}
	return o;
}

static json_t *registry_needed_json(int needed)
{
	return needed == REGISTRY_NONE ? json_null() : json_integer(needed);
}

static json_t *summary_json(const struct run_result *run)
{
	struct arena *mem CLEANUP(arena_freep) = arena_new();
	json_t *a = json_array();
	struct summary_row *rows;
	size_t n = summary_rows(mem, run, &rows);

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "server_mode", json_string(rows[i].server_mode));
		if (rows[i].registry_needed != REGISTRY_UNKNOWN)
			json_object_set_new(o, "registry_needed",
					    registry_needed_json(rows[i].registry_needed));
		json_array_append_new(a, o);
	}
	return a;
}

void json_run(FILE *f, const struct run_result *run)
{
	json_t *o = json_object(), *scenarios = json_array();

	json_object_set_new(o, "schema", json_integer(1));
	json_object_set_new(o, "natdlab", json_string(NATDLAB_VERSION));
	json_object_set_new(o, "topology", json_string(topology_name(run->topology)));
	json_object_set_new(o, "backend", json_string(run->backend));
	json_object_set_new(o, "seed", json_integer((json_int_t)run->seed));
	json_object_set_new(o, "verdict", json_string(verdict_name(run_verdict(run))));
	json_object_set_new(o, "summary", summary_json(run));
	for (size_t i = 0; i < run->n; i++)
		json_array_append_new(scenarios, scenario_json(run->scenarios[i], run->results[i]));
	json_object_set_new(o, "scenarios", scenarios);
	json_out(f, o, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
}

void json_scenario_line(FILE *f, const struct run_result *run, size_t i)
{
	json_out(f, scenario_json(run->scenarios[i], run->results[i]),
		 JSON_COMPACT | JSON_PRESERVE_ORDER);
}

/* ---- for probe and inspect ---- */

json_t *vids_json(const struct exchange *x, unsigned side)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->n_vids[side]; i++) {
		char buf[64];
		const struct view v = {x->vids[side][i].b, x->vids[side][i].len};
		const char *name = vid_name(v, buf);

		json_array_append_new(
			a, json_pack("{s:o, s:s?}", "hex", hex_json(v.p, v.len), "name", name));
	}
	return a;
}
