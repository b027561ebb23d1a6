/* SPDX-License-Identifier: MIT */
/*
 * results.h - results of labs that never ran: each connection came out as the walk on paper says
 * it must, until a test changes that.
 */
#ifndef NATDLAB_UNIT_RESULTS_H
#define NATDLAB_UNIT_RESULTS_H

#include "tests/unit/topo.h"

#include "lab/result/result.h"

/* As predicted, with hashes that fit: A and B in message 3, A or D in message 4. */
static inline void as_predicted(struct connection *c)
{
	const struct agreement *p = &c->predicted.agreed;
	bool phase2 = p->outcome != OUTCOME_FAILED;

	c->outcome = p->outcome;
	c->reason = p->reason;
	c->error = p->error;
	c->reached = c->outcome == OUTCOME_CONNECTED ? REACHED_L2TP
		     : phase2			     ? REACHED_PHASE2
						     : REACHED_NOTHING;
	c->exchanged = c->predicted.walk.arrives;
	c->j.natt = c->j.complete = p->natt;
	c->j.client_sees = p->client_sees;
	c->j.server_sees = p->server_sees;
	c->j.server_sees_valid = p->natt;
	c->j.server_hash = p->parrots ? CLASS_COPIED : CLASS_EXACT;
	c->j.peer_hash = CLASS_EXACT;
	memcpy(c->j.letter3, "AB", 2);
	memcpy(c->j.letter4, p->parrots ? "CA" : "CD", 2);
	c->x.floated = p->floated;
	if (c->outcome == OUTCOME_CONNECTED) {
		c->x.esp[0] = c->x.esp[1] = 3;
		*(p->floated ? &c->x.esp_udp : &c->x.esp_raw) = true;
	}
	c->outcome_event = 40;
	c->natd_event = 31;
}

/* The result of @s, which belongs to the arena. */
static inline struct scenario_result *result_of(struct arena *a, const struct scenario *s)
{
	struct scenario_result *r = result_init(arena_alloc(a, result_size(s)), s);

	r->ran = true;
	for (unsigned i = 0; i < r->n_connections; i++)
		as_predicted(&r->connections[i]);
	return r;
}

/* A run of all scenarios of a topology whose id ends in one of @ends (NULL: all). */
struct whole {
	struct run_result run;
	struct scenario *s[64];
	struct scenario_result *r[64];
};

static inline bool ends_in(const char *id, const char *const *ends)
{
	size_t len = strlen(id);

	for (; ends && *ends; ends++)
		if (len >= strlen(*ends) && strcmp(id + len - strlen(*ends), *ends) == 0)
			return true;
	return !ends;
}

static inline struct whole *whole_of(struct arena *a, const struct topology *t,
				     const char *const *ends)
{
	struct whole *w = arena_new_of(a, struct whole);

	w->run = (struct run_result){
		.topology = t,
		.backend = "netns",
		.seed = 1,
		.took = 150 * MSEC,
		.scenarios = w->s,
		.results = w->r,
	};
	for (size_t i = 0; i < scenario_count(t); i++) {
		if (!ends_in(scenario_id(a, t, i), ends))
			continue;
		assert_true(w->run.n < ARRAY_LEN(w->s));
		w->s[w->run.n] = scenario_new(a, t, i);
		w->r[w->run.n] = result_of(a, w->s[w->run.n]);
		w->run.n++;
	}
	return w;
}

/* The scenario's result by its id. */
static inline struct scenario_result *whole_result(struct whole *w, const char *id)
{
	for (size_t i = 0; i < w->run.n; i++)
		if (strcmp(w->s[i]->id, id) == 0)
			return w->r[i];
	fail_msg("no scenario %s", id);
	return NULL;
}

#endif
