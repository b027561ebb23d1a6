/* SPDX-License-Identifier: MIT */
#include "lab/result/result.h"

#include "lab/topology/scenario_query.h"

const char *verdict_name(enum verdict v)
{
	static const char *const texts[] = {
		[VERDICT_PASS] = "pass",
		[VERDICT_FAIL] = "fail",
		[VERDICT_UNDECIDED] = "undecided",
		[VERDICT_SKIPPED] = "skipped",
	};
	static const struct words words = WORDS_IN(texts);

	return word_of(&words, v);
}

enum encapsulation connection_encapsulation(const struct connection *c)
{
	if (c->x.esp_udp)
		return ENCAPSULATION_UDP;
	if (c->x.esp_raw)
		return ENCAPSULATION_ESP;
	if (c->reached < REACHED_PHASE2)
		return ENCAPSULATION_NONE;
	return c->x.floated ? ENCAPSULATION_UDP : ENCAPSULATION_ESP;
}

/* Clients of @s that dial. */
static unsigned dialling(const struct scenario *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n_nodes; i++)
		n += s->nodes[i].kind == KIND_CLIENT && s->nodes[i].dials.len;
	return n;
}

size_t result_size(const struct scenario *s)
{
	return sizeof(struct scenario_result) + dialling(s) * sizeof(struct connection) +
	       s->n_expects * sizeof(struct expectation_result);
}

/* The server that a client reaches, or whose address it dials in vain; -1 none. */
static int server_of(const struct scenario *s, const struct walk *w, struct inet_addr dials)
{
	const struct node *owner;

	if (w->arrives)
		return (int)w->server;
	owner = scenario_owner(s, dials);
	return owner && owner->kind == KIND_SERVER ? (int)(owner - s->nodes) : -1;
}

struct scenario_result *result_init(void *mem, const struct scenario *s)
{
	unsigned n = dialling(s), c = 0;
	struct scenario_result *r = mem;
	struct arena *a CLEANUP(arena_freep) = arena_new();
	const struct prediction *predicted = predict(a, s, 0);

	r->n_connections = n;
	r->n_expects = (unsigned)s->n_expects;
	r->connections = (struct connection *)(r + 1);
	r->expects = (struct expectation_result *)(r->connections + n);
	for (unsigned i = 0; i < s->n_nodes; i++) {
		struct connection *to = &r->connections[c];
		if (s->nodes[i].kind != KIND_CLIENT || !s->nodes[i].dials.len)
			continue;
		to->client = i;
		to->predicted = predicted[i];
		to->server = server_of(s, &predicted[i].walk, s->nodes[i].dials);
		c++;
	}
	return r;
}

struct run_count run_count(const struct run_result *run)
{
	struct run_count c = {0};

	for (size_t i = 0; i < run->n; i++) {
		const struct scenario_result *r = run->results[i];

		if (!r) {
			c.skipped++;
			continue;
		}
		c.expects += r->n_expects;
		c.pass += r->verdict == VERDICT_PASS;
		c.unclaimed += r->verdict == VERDICT_PASS && !r->n_expects;
		c.fail += r->verdict == VERDICT_FAIL;
		c.undecided += r->verdict == VERDICT_UNDECIDED;
		c.skipped += r->verdict == VERDICT_SKIPPED;
		for (unsigned k = 0; k < r->n_connections; k++)
			c.lab_errors += r->connections[k].lab_error[0] != '\0';
	}
	return c;
}

enum verdict run_verdict(const struct run_result *run)
{
	struct run_count c = run_count(run);

	if (c.fail)
		return VERDICT_FAIL;
	if (c.undecided)
		return VERDICT_UNDECIDED;
	return c.pass ? VERDICT_PASS : VERDICT_SKIPPED;
}
