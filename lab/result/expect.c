/* SPDX-License-Identifier: MIT */
/*
 * expect.c - claims against connections. Each claim of an expectation is a row that knows how to
 * read the same thing from a connection as text, so that a failure can say both.
 */
#include "lab/result/expect.h"

#include <stdio.h>
#include <string.h>

static const char *have_outcome(const struct connection *c)
{
	return outcome_name(c->outcome);
}

static const char *have_reason(const struct connection *c)
{
	return reason_name(c->reason);
}

static const char *have_server_hash(const struct connection *c)
{
	return hash_class_name(c->j.server_hash);
}

static const char *have_peer_hash(const struct connection *c)
{
	return hash_class_name(c->j.peer_hash);
}

static const char *have_reached(const struct connection *c)
{
	return reached_name(c->reached);
}

static const char *have_encapsulation(const struct connection *c)
{
	return word_of(&encapsulation_words, connection_encapsulation(c));
}

static const char *have_floated(const struct connection *c)
{
	return c->x.floated ? "true" : "false";
}

/* The textual claims: where the wish stands in an expectation, and how to read what came. */
static const struct {
	const char *key;
	size_t wish; /* offset of a const char * in struct expectation */
	const char *(*have)(const struct connection *c);
} claims[] = {
	{"outcome", offsetof(struct expectation, outcome), have_outcome},
	{"reason", offsetof(struct expectation, reason), have_reason},
	{"server_hash", offsetof(struct expectation, server_hash), have_server_hash},
	{"peer_hash", offsetof(struct expectation, peer_hash), have_peer_hash},
	{"reached", offsetof(struct expectation, reached), have_reached},
	{"encapsulation", offsetof(struct expectation, encapsulation), have_encapsulation},
};

static const char *wish_of(const struct expectation *x, size_t offset)
{
	const char *wish;

	memcpy(&wish, (const char *)x + offset, sizeof(wish));
	return wish;
}

/* A client that reached IP has passed through L2TP: a claim on `reached` is a lower bound. */
static bool reached_enough(const char *wish, enum reached have)
{
	for (enum reached r = have;; r--) {
		if (!strcmp(reached_name(r), wish))
			return true;
		if (r == REACHED_NOTHING)
			return false;
	}
}

/* Writes "outcome blocked, wanted connected" for the first claim that fails. */
static bool connection_meets(const struct expectation *x, const struct connection *c,
			     const char *client, char *why, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
		const char *wish = wish_of(x, claims[i].wish);
		const char *have = claims[i].have(c);

		if (!wish || !strcmp(wish, have))
			continue;
		if (claims[i].have == have_reached && reached_enough(wish, c->reached))
			continue;
		/* A public server's copied and exact hashes are the same bytes: either is true. */
		if (claims[i].have == have_server_hash && !strcmp(have, "exact-or-copied") &&
		    (!strcmp(wish, "exact") || !strcmp(wish, "copied")))
			continue;
		snprintf(why, size, "%s: %s is %s, expected %s", client, claims[i].key, have, wish);
		return false;
	}
	if (x->error >= 0 && x->error != c->error) {
		snprintf(why, size, "%s: error is %d, expected %d", client, c->error, x->error);
		return false;
	}
	if (x->floated >= 0 && (x->floated != 0) != c->x.floated) {
		snprintf(why, size, "%s: floated is %s, expected %s", client, have_floated(c),
			 x->floated ? "true" : "false");
		return false;
	}
	if (x->alive >= 0 && (!c->asked || (x->alive != 0) != c->alive)) {
		snprintf(why, size, "%s: alive is %s, expected %s", client,
			 !c->asked  ? "unknown (nobody asked)"
			 : c->alive ? "true"
				    : "false",
			 x->alive ? "true" : "false");
		return false;
	}
	return true;
}

static void add_evidence(struct expectation_result *er, uint32_t event)
{
	if (event && er->n_evidence < EVIDENCE_MAX)
		er->evidence[er->n_evidence++] = event;
}

static void judge_one(const struct scenario *s, const struct expectation *x,
		      const struct scenario_result *r, struct expectation_result *er)
{
	bool any = false;

	er->verdict = VERDICT_PASS;
	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct connection *c = &r->connections[i];
		const char *client = s->nodes[c->client].name;

		if (x->client && strcmp(x->client, client))
			continue;
		any = true;
		add_evidence(er, c->natd_event);
		add_evidence(er, c->outcome_event);
		if (x->alive >= 0)
			add_evidence(er, c->alive_event);
		if (c->outcome == OUTCOME_UNDECIDED && er->verdict == VERDICT_PASS) {
			er->verdict = VERDICT_UNDECIDED;
			snprintf(er->why, sizeof(er->why), "%s: came to no decision%s%s", client,
				 c->why_undecided ? ": " : "",
				 c->why_undecided ? c->why_undecided : "");
		} else if (c->outcome != OUTCOME_UNDECIDED &&
			   !connection_meets(x, c, client, er->why, sizeof(er->why))) {
			er->verdict = VERDICT_FAIL;
			return;
		}
	}
	if (!any) {
		er->verdict = VERDICT_UNDECIDED;
		snprintf(er->why, sizeof(er->why), "no client dialled");
	}
}

static bool any_faults(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (link_is_faulty(&s->links[i].faults))
			return true;
	return false;
}

static bool sees_same(const struct natd_seen *a, const struct natd_seen *b)
{
	return a->self_behind_nat == b->self_behind_nat && a->peer_behind_nat == b->peer_behind_nat;
}

/* A client says how it ended; the wire must bear it out. */
static bool wire_bears_out(const struct connection *c)
{
	switch (c->outcome) {
	case OUTCOME_CONNECTED:
		return c->x.esp[0] && c->x.esp[1];
	case OUTCOME_BLOCKED:
		return !c->x.esp[0];
	case OUTCOME_FAILED:
	case OUTCOME_UNDECIDED:
		return true;
	}
	return false;
}

static bool any_vm(const struct scenario *s, const struct connection *c)
{
	return s->nodes[c->client].vm || (c->server >= 0 && s->nodes[c->server].vm);
}

/* How far a real product gets depends on the kernel (ESP) and on what else is installed (L2TP), of
 * which the walk knows nothing either: where one fails, only what NAT-D told both sides counts. */
static bool any_real(const struct scenario *s, const struct connection *c)
{
	return s->nodes[c->client].run || (c->server >= 0 && s->nodes[c->server].run);
}

/* In what the walk over the NATs and the wire differ; NULL: in nothing. */
static const char *difference(const struct connection *c, bool real)
{
	const struct agreement *p = &c->predicted.agreed;
	bool theirs = real && c->outcome == OUTCOME_FAILED; /* see any_real() */
	bool phase2 = c->outcome == OUTCOME_CONNECTED || c->outcome == OUTCOME_BLOCKED;

	if (c->outcome == OUTCOME_UNDECIDED)
		return "the outcome (no decision was made)";
	if (!theirs && p->outcome != c->outcome)
		return "the outcome";
	if (!theirs && p->reason != c->reason)
		return "the reason";
	if (!theirs && p->error != c->error)
		return "the error";
	if (phase2 && p->natt != c->j.complete)
		return "whether NAT-D was exchanged";
	if (phase2 && p->floated != c->x.floated)
		return "whether IKE moved to port 4500";
	if (c->j.complete && !sees_same(&p->client_sees, &c->j.client_sees))
		return "what the client sees";
	if (c->j.complete && c->j.server_sees_valid &&
	    !sees_same(&p->server_sees, &c->j.server_sees))
		return "what the server sees";
	return wire_bears_out(c) ? NULL : "ESP: its packets do not fit the outcome";
}

/* What the walk over the NATs says, against what the wire said. */
static void compare_prediction(const struct scenario *s, struct connection *c)
{
	const char *what;

	if (c->lab_error[0])
		return;
	/* The walk knows of no lost frames: a client that gave up on a bad line is no error. */
	if (c->outcome == OUTCOME_FAILED && any_faults(s))
		return;
	/* A machine that nobody plugged in, or a run that was ended before, says nothing. */
	if (c->outcome == OUTCOME_UNDECIDED && any_vm(s, c))
		return;
	what = difference(c, any_real(s, c));
	if (what)
		snprintf(any_vm(s, c) ? c->differs : c->lab_error, RESULT_TEXT,
			 "%s: prediction and wire differ in %s (predicted %s, %s; wire %s, %s)",
			 s->nodes[c->client].name, what, outcome_name(c->predicted.agreed.outcome),
			 reason_name(c->predicted.agreed.reason), have_outcome(c), have_reason(c));
}

void expect_judge(const struct scenario *s, struct scenario_result *r)
{
	r->verdict = VERDICT_PASS;
	for (unsigned i = 0; i < r->n_connections; i++) {
		compare_prediction(s, &r->connections[i]);
		if (r->connections[i].lab_error[0] || r->connections[i].differs[0])
			r->verdict = VERDICT_FAIL;
		else if (r->connections[i].outcome == OUTCOME_UNDECIDED &&
			 r->verdict == VERDICT_PASS)
			r->verdict = VERDICT_UNDECIDED;
	}
	if (!r->n_connections) /* nothing was seen, so nothing was proven */
		r->verdict = VERDICT_UNDECIDED;
	for (unsigned i = 0; i < r->n_expects; i++) {
		judge_one(s, &s->expects[i], r, &r->expects[i]);
		if (r->expects[i].verdict == VERDICT_FAIL ||
		    (r->expects[i].verdict == VERDICT_UNDECIDED && r->verdict == VERDICT_PASS))
			r->verdict = r->expects[i].verdict;
	}
}
