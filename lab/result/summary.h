/* SPDX-License-Identifier: MIT */
/*
 * summary.h - what the tables and the documents say of a run, decided once. Pure.
 */
#ifndef NATDLAB_RESULT_SUMMARY_H
#define NATDLAB_RESULT_SUMMARY_H

#include "lab/result/result.h"

#define SUMMARY_SHOWN 256 /* rows that a table for people has; what it leaves out it counts */
#define SUMMARY_LABEL 336 /* eight axes, forty characters each, and what joins them */

/*
 * One line of the first table: the connections that share everything but the client.
 */
struct summary_row {
	char label[SUMMARY_LABEL]; /* "softether-4", or the values of all axes but the client's */
	const char *server_mode;
	int registry_needed;     /* result.h: 0, 1, 2, REGISTRY_NONE, REGISTRY_UNKNOWN */
	size_t first;            /* index of a scenario of the row */
};

/* All rows in the order of first appearance; they belong to @a. */
size_t summary_rows(struct arena *a, const struct run_result *run, struct summary_row **rows);

/* One column of the first table: a kind of client. */
struct summary_column {
	const struct client_mode *mode;
	int registry; /* -1 absent; of a mode without the gate always -1 */
};
#define SUMMARY_COLUMNS 64
/* The kinds in the order of first appearance. No more than these have a column, and the table
 * says so where that many are in it. */
size_t summary_columns(const struct run_result *run, struct summary_column cols[SUMMARY_COLUMNS]);

/* The connection that a row is described by: its Windows client with the lowest registry value,
 * else its first client. NULL when none ran. */
const struct connection *summary_speaker(const struct run_result *run,
					 const struct summary_row *row, const struct scenario **s);
/* What came of the clients of a column in the scenarios of a row. */
struct summary_cell {
	bool empty;    /* there is none */
	bool ok;       /* all of them connected, and stayed */
	bool dagger;   /* it is only documented */
	char text[16]; /* "ok", "lost" (after its idle time), "809", "failed", "mixed", "-" */
};
struct summary_cell summary_cell(const struct run_result *run, const struct summary_row *row,
				 const struct summary_column *col);
/* What message 4's second hash is: "172.31.0.10:500, its own". */
void summary_second_hash(const struct connection *c, char *buf, size_t size);
/* What the client makes of it: "server is behind NAT". */
const char *summary_conclusion(const struct connection *c);
/* "needed: 2", "not needed", "does not help", "-". */
const char *summary_registry_text(int registry_needed);

/* One sentence on why the connection came out as it did. */
const char *summary_reason_text(const struct connection *c);

/* Scenarios in which a client did not get through for one and the same reason. */
struct summary_failure {
	unsigned cause;    /* the same number: the same reason */
	const char *text;  /* summary_reason_text() */
	size_t first;      /* index of a scenario */
	size_t count;      /* of scenarios */
	size_t last;       /* the last one's index, and one: for counting */
};
#define SUMMARY_FAILURES 16 /* more reasons than there are */
/* The reasons but for Windows' rule, which the table tells, in the order of first appearance;
 * their number. */
size_t summary_failures(const struct run_result *run, struct summary_failure v[SUMMARY_FAILURES]);

#endif
