/* SPDX-License-Identifier: MIT */
/*
 * result.h - the one model of what came out. Everything printed, kept or compared is made from
 * it: the table, JSON, JUnit, TAP, and later the report.
 *
 * A scenario's result is filled in by the lab's process and read by its parent, so it lies in
 * memory that both share, and holds nothing but values, indexes into the scenario (built before
 * the fork, the same in both) and static text.
 */
#ifndef NATDLAB_RESULT_RESULT_H
#define NATDLAB_RESULT_RESULT_H

#include "lab/result/predict.h"
#include "lab/topology/scenario.h"
#include "lab/analysis/natd_judge.h"
#include "nodes/vpn/vpn.h"

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_UNDECIDED, VERDICT_SKIPPED };
const char *verdict_name(enum verdict v);

#define RESULT_TEXT 240
#define EVIDENCE_MAX 8

/* One client that dialled. */
struct connection {
	unsigned client;         /* node index */
	int server;              /* node index; -1: none answers there */
	enum outcome outcome;
	enum reason reason;
	int error;               /* what Windows shows: 809, ...; 0 */
	enum reached reached;
	bool exchanged;          /* an exchange was seen on the wire at all */
	uint8_t cky_i[8], cky_r[8];
	struct exchange x;       /* what watch saw */
	struct judgement j;
	struct prediction predicted;
	char lab_error[RESULT_TEXT]; /* prediction and observation differ, or the lab failed */
	const char *why_undecided; /* where a virtual machine is the reason; static text or NULL */
	char differs[RESULT_TEXT]; /* they do, and it is a virtual machine that is another one than
				      its mode: no error of the lab */
	bool asked, alive;       /* after its idle time; did it answer? */
	enum reason why_dead;	 /* no answer, or no session any more */
	uint32_t alive_event;
	uint32_t outcome_event, natd_event; /* numbers in events.jsonl, 0 none */
};

struct expectation_result {
	enum verdict verdict;
	uint32_t evidence[EVIDENCE_MAX];
	unsigned n_evidence;
	char why[RESULT_TEXT];   /* of a FAIL: what was expected and what came */
};

struct scenario_result {
	bool ran;                /* the lab came to its end */
	enum verdict verdict;
	struct err error;        /* of a lab that did not come up, or broke */
	usec took;               /* real time, of the parent's clock */
	usec lasted;             /* the lab's own time */
	uint32_t frames, events;
	uint32_t lost;           /* frames that a tap lost: a capture with holes */
	unsigned n_connections, n_expects;
	struct connection *connections;       /* inside the same shared piece */
	struct expectation_result *expects;   /* one for each of scenario.expects */
};

/* How ESP travelled; where none was sent, how it was agreed upon. */
enum encapsulation connection_encapsulation(const struct connection *c);

/* Bytes that the result of @s takes, and the result laid out in so many zeroed bytes (the
 * caller's shared memory), with a connection for each dialling client and its prediction. */
size_t result_size(const struct scenario *s);
struct scenario_result *result_init(void *mem, const struct scenario *s);

/* The whole run. */
struct run_result {
	const struct topology *topology;
	const char *backend;     /* "netns" */
	uint64_t seed;
	usec took;
	size_t n;
	struct scenario *const *scenarios;
	struct scenario_result *const *results; /* a NULL entry was not run (--fail-fast) */
};

struct run_count {
	size_t pass, fail, undecided, skipped, lab_errors, expects;
	size_t unclaimed; /* of @pass: the file expects nothing of them */
};
struct run_count run_count(const struct run_result *run);
enum verdict run_verdict(const struct run_result *run);

/*
 * Lowest registry value with which a Windows client connects to a server mode: 0 no edit, 1, 2;
 * REGISTRY_NONE none does; REGISTRY_UNKNOWN this run does not tell.
 */
#define REGISTRY_NONE (-1)
#define REGISTRY_UNKNOWN (-2)

#endif
