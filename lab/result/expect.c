/* SPDX-License-Identifier: MIT */
/* expect.c - claims against connections, and predictions against what came out. */
#include "lab/result/expect.h"

#include <stdio.h>

#include "lab/topology/schema.h"

/* The value that the connection has where an expectation claims one; -1: nothing is known. */
static int have(const struct connection *c, enum claim claim)
{
	switch (claim) {
	case CLAIM_OUTCOME:
		return (int)c->outcome;
	case CLAIM_REASON:
		return (int)c->reason;
	case CLAIM_SERVER_HASH:
		return (int)c->j.server_hash;
	case CLAIM_PEER_HASH:
		return (int)c->j.peer_hash;
	case CLAIM_REACHED:
		return (int)c->reached;
	case CLAIM_ENCAPSULATION:
		return (int)connection_encapsulation(c);
	case CLAIM_ERROR:
		return c->error;
	case CLAIM_FLOATED:
		return c->x.floated;
	case CLAIM_ALIVE:
		return c->asked ? c->alive : -1;
	case CLAIMS:
		break;
	}
	return -1;
}

static bool meets(enum claim claim, int have, int want)
{
	/* A client that reached PPP has passed through L2TP. */
	if (claim == CLAIM_REACHED)
		return have >= want;
	/* A public server's copied and exact hashes are the same bytes: either is true. */
	if (claim == CLAIM_SERVER_HASH && have == CLASS_EXACT_OR_COPIED &&
	    (want == CLASS_EXACT || want == CLASS_COPIED))
		return true;
	return have == want;
}

/* The value as the file has it. */
static const char *value_text(enum claim claim, int value, char buf[16])
{
	const struct key_row *row = key_row(claim_key(claim));

	if (value < 0)
		return "unknown (not asked)";
	if (row->type == TYPE_BOOL)
		return word_of(&bool_words, (unsigned)value);
	if (row->words)
		return word_of(row->words, (unsigned)value);
	snprintf(buf, 16, "%d", value);
	return buf;
}

/* Writes "pc: outcome is blocked, expected connected" for the first claim that fails. */
static bool connection_meets(const struct expectation *x, const struct connection *c,
			     const char *client, char *why, size_t size)
{
	for (unsigned i = 0; i < CLAIMS; i++) {
		const enum claim claim = (enum claim)i;
		int is = have(c, claim), want = x->want[i];
		char a[16], b[16];

		if (want < 0 || meets(claim, is, want))
			continue;
		snprintf(why, size, "%s: %s is %s, expected %s", client,
			 key_row(claim_key(claim))->name, value_text(claim, is, a),
			 value_text(claim, want, b));
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

		if (x->client >= 0 && (unsigned)x->client != c->client)
			continue;
		any = true;
		add_evidence(er, c->natd_event);
		add_evidence(er, c->outcome_event);
		if (x->want[CLAIM_ALIVE] >= 0)
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
	/* A machine that was not plugged in, or a run that was ended before, says nothing. */
	if (c->outcome == OUTCOME_UNDECIDED && any_vm(s, c))
		return;
	what = difference(c, any_real(s, c));
	if (what)
		snprintf(any_vm(s, c) ? c->differs : c->lab_error, RESULT_TEXT,
			 "%s: prediction and wire differ in %s (predicted %s, %s; wire %s, %s)",
			 s->nodes[c->client].name, what, outcome_name(c->predicted.agreed.outcome),
			 reason_name(c->predicted.agreed.reason), outcome_name(c->outcome),
			 reason_name(c->reason));
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
