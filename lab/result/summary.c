/* SPDX-License-Identifier: MIT */
#include "lab/result/summary.h"
#include "nodes/modes/gate.h"

#include <stdio.h>
#include <string.h>

#define REGISTRY_VALUES 3 /* 0, 1, 2 */

static bool has_gate(const struct node *client)
{
	return client->client && client->client->gate == GATE_MICROSOFT;
}

/* A missing registry value means 0 (KB926179). */
static int effective_registry(const struct node *client)
{
	return client->registry < 0 ? 0 : client->registry;
}

/* "softether-4", or the values of all axes but the clients'. */
static void label_of(const struct scenario *s, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < s->n_axes; i++) {
		if (topology_axis_of_clients(s->topology, s->axes[i].axis))
			continue;
		snprintf(buf + len, size - len, "%s%s", len ? "/" : "", s->axes[i].value);
		len = strlen(buf);
	}
	if (len)
		return;
	for (size_t i = 0; i < s->n_nodes && !len; i++)
		if (s->nodes[i].server)
			len = (size_t)snprintf(buf, size, "%s", s->nodes[i].mode_name);
}

/* One walk over all connections that ran. */
struct cursor {
	const struct run_result *run;
	size_t i;
	unsigned k;
	const struct scenario *s;
	const struct connection *c;
};

static bool next_connection(struct cursor *cur)
{
	for (; cur->i < cur->run->n; cur->i++, cur->k = 0) {
		const struct scenario_result *r = cur->run->results[cur->i];

		if (!r || !r->ran || cur->k >= r->n_connections)
			continue;
		cur->s = cur->run->scenarios[cur->i];
		cur->c = &r->connections[cur->k++];
		return true;
	}
	return false;
}

/* In one row stand the scenarios that differ in their clients only. */
static bool in_row(const struct run_result *run, const struct scenario *s,
		   const struct summary_row *row)
{
	const struct scenario *first = run->scenarios[row->first];

	for (size_t i = 0; i < s->n_axes; i++)
		if (s->axes[i].number != first->axes[i].number &&
		    !topology_axis_of_clients(s->topology, s->axes[i].axis))
			return false;
	return true;
}

/* What came of the clients of a row that have the gate; bit v: of registry value v. */
struct tally {
	unsigned tried, failed, refused;
};

static void count_scenario(struct tally *t, const struct scenario *s,
			   const struct scenario_result *r)
{
	for (unsigned i = 0; r && r->ran && i < r->n_connections; i++) {
		const struct connection *c = &r->connections[i];
		const struct node *client = &s->nodes[c->client];
		unsigned bit = 1u << effective_registry(client);

		if (!has_gate(client) || c->outcome == OUTCOME_UNDECIDED)
			continue;
		t->tried |= bit;
		t->failed |= c->outcome != OUTCOME_CONNECTED ? bit : 0;
		t->refused |= c->outcome == OUTCOME_BLOCKED ? bit : 0;
	}
}

/*
 * Each value allows what the one below it allows and more. So that a value is the lowest one takes
 * that it connects every client and that Windows refuses with the one below it: a connection that
 * failed there in another way, by a lost frame say, tells nothing of the registry. That none helps
 * takes that 2 does not.
 */
static int registry_needed(const struct tally *t)
{
	for (int v = 0; v < REGISTRY_VALUES; v++)
		if (t->tried & ~t->failed & 1u << v)
			return v == 0 || t->refused & 1u << (v - 1) ? v : REGISTRY_UNKNOWN;
	return t->tried & 1u << (REGISTRY_VALUES - 1) ? REGISTRY_NONE : REGISTRY_UNKNOWN;
}

static const char *server_mode_of(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].server)
			return s->nodes[i].mode_name;
	return "-";
}

size_t summary_rows(struct arena *a, const struct run_result *run, struct summary_row **rows)
{
	VEC(struct summary_row) v = {0};
	VEC(struct tally) tallies = {0};
	size_t k = 0;

	for (size_t i = 0; i < run->n; i++) {
		const struct scenario *s = run->scenarios[i];
		struct summary_row row = {.first = i, .server_mode = server_mode_of(s)};

		/* Neighbours mostly share a row: the last axis runs fastest. */
		if (k == v.n || !in_row(run, s, &v.v[k]))
			for (k = 0; k < v.n && !in_row(run, s, &v.v[k]);)
				k++;
		if (k == v.n) {
			label_of(s, row.label, sizeof(row.label));
			*vec_push(a, &v) = row;
			*vec_push(a, &tallies) = (struct tally){0};
		}
		count_scenario(&tallies.v[k], s, run->results[i]);
	}
	for (k = 0; k < v.n; k++)
		v.v[k].registry_needed = registry_needed(&tallies.v[k]);
	*rows = v.v;
	return v.n;
}

static bool column_fits(const struct summary_column *col, const struct node *client)
{
	return col->mode == client->client &&
	       col->registry == (has_gate(client) ? effective_registry(client) : -1);
}

size_t summary_columns(const struct run_result *run, struct summary_column cols[SUMMARY_COLUMNS])
{
	struct cursor cur = {.run = run};
	size_t n = 0;

	while (next_connection(&cur)) {
		const struct node *client = &cur.s->nodes[cur.c->client];
		size_t k = 0;

		while (k < n && !column_fits(&cols[k], client))
			k++;
		if (k == n && n < SUMMARY_COLUMNS)
			cols[n++] = (struct summary_column){
				.mode = client->client,
				.registry = has_gate(client) ? effective_registry(client) : -1,
			};
	}
	return n;
}

const struct connection *summary_speaker(const struct run_result *run,
					 const struct summary_row *row, const struct scenario **s)
{
	struct cursor cur = {.run = run};
	const struct connection *best = NULL;
	int best_rank = 5;

	while (next_connection(&cur)) {
		const struct node *client = &cur.s->nodes[cur.c->client];
		int rank = has_gate(client) ? effective_registry(client) : 4;

		if (rank >= best_rank || !in_row(run, cur.s, row))
			continue;
		best = cur.c;
		best_rank = rank;
		*s = cur.s;
	}
	return best;
}

/* Is this outcome a claim of Microsoft's text of which no capture is known (docs/sources.md)? */
static bool is_only_documented(const struct scenario *s, const struct connection *c)
{
	const struct node *client = &s->nodes[c->client];

	return has_gate(client) && c->j.complete && c->outcome != OUTCOME_UNDECIDED &&
	       mode_gate_certainty(client->client->gate, client->registry,
				   c->j.client_sees.self_behind_nat,
				   c->j.client_sees.peer_behind_nat) != CERTAIN_HIGH;
}

static struct summary_cell cell_of(const struct connection *c)
{
	struct summary_cell cell = {.ok = c->outcome == OUTCOME_CONNECTED &&
					  (!c->asked || c->alive)};

	if (c->outcome == OUTCOME_CONNECTED)
		snprintf(cell.text, sizeof(cell.text), cell.ok ? "ok" : "lost");
	else if (c->outcome == OUTCOME_UNDECIDED)
		snprintf(cell.text, sizeof(cell.text), "?");
	else if (c->error)
		snprintf(cell.text, sizeof(cell.text), "%d", c->error);
	else
		snprintf(cell.text, sizeof(cell.text), "%s", outcome_name(c->outcome));
	return cell;
}

struct summary_cell summary_cell(const struct run_result *run, const struct summary_row *row,
				 const struct summary_column *col)
{
	struct summary_cell cell = {.empty = true, .text = "-"};
	struct cursor cur = {.run = run};
	bool dagger = false;

	while (next_connection(&cur)) {
		struct summary_cell one;

		if (!column_fits(col, &cur.s->nodes[cur.c->client]) || !in_row(run, cur.s, row))
			continue;
		one = cell_of(cur.c);
		dagger |= is_only_documented(cur.s, cur.c);
		if (cell.empty)
			cell = one;
		else if (strcmp(cell.text, one.text))
			cell = (struct summary_cell){.text = "mixed"};
	}
	cell.dagger = dagger;
	return cell;
}

void summary_second_hash(const struct connection *c, char *buf, size_t size)
{
	const struct judgement *j = &c->j;

	if (!j->complete) {
		snprintf(buf, size, "%s", c->exchanged ? "no NAT-D in message 4" : "no exchange");
		return;
	}
	switch (j->server_hash) {
	case CLASS_COPIED:
		snprintf(buf, size, "%c  message 3's first hash, copied", j->letter4[1]);
		return;
	case CLASS_EXACT:
		snprintf(buf, size, "%c  %s, its own", j->letter4[1], INET_EP(j->means4[1]));
		return;
	case CLASS_EXACT_OR_COPIED:
		snprintf(buf, size, "%c  %s, as dialled", j->letter4[1], INET_EP(j->means4[1]));
		return;
	case CLASS_FAKED:
		if (j->known4[1])
			snprintf(buf, size, "%c  %s, faked", j->letter4[1], INET_EP(j->means4[1]));
		else
			snprintf(buf, size, "%c  fits no address, faked", j->letter4[1]);
		return;
	case CLASS_UNKNOWN:
		snprintf(buf, size, "%c  fits no known address", j->letter4[1]);
		return;
	}
}

const char *summary_conclusion(const struct connection *c)
{
	if (!c->j.complete)
		return "-";
	return c->j.client_sees.peer_behind_nat ? "server is behind NAT" : "server is public";
}

const char *summary_registry_text(int needed)
{
	switch (needed) {
	case 0:
		return "not needed";
	case 1:
		return "needed: 1";
	case 2:
		return "needed: 2";
	case REGISTRY_NONE:
		return "does not help";
	default:
		return "-";
	}
}

/* Why a connection did not come up: its reason, or what the last thing was that got no answer. */
enum cause {
	SILENCE_PPP = REASONS,
	SILENCE_L2TP,
	SILENCE_QUICK_MODE,
	SILENCE_1,
	SILENCE_3,
	SILENCE_5,
	SILENCE_5_FLOATED,
	CAUSES,
};

static const char *const causes[CAUSES] = {
	[REASON_SERVER_BEHIND_NAT] =
		("The server's NAT-D hash says that it is behind NAT; with this registry value "
		 "Windows sends nothing to such a server."),
	[REASON_BOTH_BEHIND_NAT] =
		("The NAT-D hashes say that server and client are both behind NAT; with this "
		 "registry value Windows sends nothing to such a server."),
	[REASON_PSK_MISMATCH] = "The two sides have different pre-shared keys.",
	[REASON_NO_PROPOSAL] = "The server accepts none of the client's proposals.",
	[REASON_NO_IPSEC_SA] = "A real product could not set up its IPsec SA: see its log.",
	[REASON_AUTH_FAILED] = "The server does not accept the user's name or password.",
	[REASON_NO_CREDENTIALS] =
		"The server asks who is there, and the client has no user and password.",
	[REASON_PPP_FAILED] = "PPP found no way to authenticate, or no answer.",
	[REASON_DELETED] = "The server deleted the connection.",
	[SILENCE_PPP] = "L2TP is up, and PPP inside of it gets no answer.",
	[SILENCE_L2TP] = ("IPsec is up, and L2TP inside of it gets no answer: no L2TP daemon, or "
			  "ESP does not get through."),
	[SILENCE_QUICK_MODE] = "Main Mode is done, and Quick Mode gets no answer.",
	[SILENCE_1] = "Message 1 gets no answer.",
	[SILENCE_3] = "Message 3 gets no answer.",
	[SILENCE_5] = "Message 5 gets no answer.",
	[SILENCE_5_FLOATED] = "Message 5, the first on UDP 4500, gets no answer.",
};

static unsigned cause_of(const struct connection *c)
{
	if (c->reason != REASON_NO_REPLY)
		return c->reason;
	if (c->reached >= REACHED_L2TP)
		return SILENCE_PPP;
	if (c->reached == REACHED_PHASE2)
		return SILENCE_L2TP;
	if (c->reached == REACHED_PHASE1)
		return SILENCE_QUICK_MODE;
	if (!c->x.mm[2].seen)
		return SILENCE_1;
	if (!c->x.mm[4].seen)
		return SILENCE_3;
	return c->x.floated ? SILENCE_5_FLOATED : SILENCE_5;
}

const char *summary_reason_text(const struct connection *c)
{
	unsigned cause = cause_of(c);

	if (c->outcome != OUTCOME_CONNECTED)
		return causes[cause] ? causes[cause] : reason_name(c->reason);
	return c->j.complete && !c->j.client_sees.peer_behind_nat &&
			       c->j.server_hash == CLASS_COPIED
		       ? "The server copied the client's own hash, so it looks public to the "
			 "client."
		       : "Connected.";
}

/* Did the connection not come up, for another reason than Windows' rule? */
static bool is_failure(const struct connection *c)
{
	return (c->outcome == OUTCOME_FAILED || c->outcome == OUTCOME_BLOCKED) &&
	       c->reason != REASON_SERVER_BEHIND_NAT && c->reason != REASON_BOTH_BEHIND_NAT;
}

size_t summary_failures(const struct run_result *run, struct summary_failure v[SUMMARY_FAILURES])
{
	size_t n = 0;

	for (size_t i = 0; i < run->n; i++) {
		const struct scenario_result *r = run->results[i];

		for (unsigned k = 0; r && r->ran && k < r->n_connections; k++) {
			const struct connection *c = &r->connections[k];
			size_t at = 0;

			if (!is_failure(c))
				continue;
			while (at < n && v[at].cause != cause_of(c))
				at++;
			if (at == SUMMARY_FAILURES)
				continue;
			if (at == n)
				v[n++] = (struct summary_failure){
					.cause = cause_of(c),
					.text = summary_reason_text(c),
					.first = i,
				};
			v[at].count += v[at].last != i + 1;
			v[at].last = i + 1;
		}
	}
	return n;
}
