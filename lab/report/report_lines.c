/* SPDX-License-Identifier: MIT */
/* report_lines.c - the same result for programs that count tests, and for pasting into an issue. */
#include "lab/report/report_lines.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/quote.h"
#include "lab/report/report_table.h"
#include "lab/result/summary.h"

/* The reason why scenario @i did not pass, in one line. */
static void why_not(const struct run_result *run, size_t i, char *buf, size_t size)
{
	const struct scenario_result *r = run->results[i];

	buf[0] = '\0';
	if (!r)
		snprintf(buf, size, "not run");
	else if (r->verdict == VERDICT_SKIPPED)
		snprintf(buf, size, "%s", r->error.text);
	else if (r->error.text[0])
		snprintf(buf, size, "the lab failed: %s", r->error.text);
	else if (!r->n_connections)
		snprintf(buf, size, "no client dials");
	for (unsigned k = 0; r && !buf[0] && k < r->n_connections; k++) {
		if (r->connections[k].lab_error[0])
			snprintf(buf, size, "an error of the lab itself: %s",
				 r->connections[k].lab_error);
		else if (r->connections[k].differs[0])
			snprintf(buf, size, "the virtual machine is not as its mode: %s",
				 r->connections[k].differs);
	}
	for (unsigned k = 0; r && !buf[0] && k < r->n_expects; k++)
		if (r->expects[k].verdict != VERDICT_PASS)
			snprintf(buf, size, "%s:%d: %s", topology_path(run->topology),
				 run->scenarios[i]->expects[k].line, r->expects[k].why);
}

/* @before: tests of the runs before this one. */
static void tap_run(FILE *f, const struct run_result *run, size_t before)
{
	for (size_t i = 0; i < run->n; i++) {
		const struct scenario_result *r = run->results[i];
		enum verdict v = r ? r->verdict : VERDICT_SKIPPED;
		char why[1100];

		why_not(run, i, why, sizeof(why));
		fprintf(f, "%s %zu - %s/%s%s%s\n",
			v == VERDICT_PASS || v == VERDICT_SKIPPED ? "ok" : "not ok",
			before + i + 1,
			topology_name(run->topology), run->scenarios[i]->id,
			v == VERDICT_SKIPPED ? " # SKIP " : "", v == VERDICT_SKIPPED ? why : "");
		if (v == VERDICT_FAIL || v == VERDICT_UNDECIDED)
			fprintf(f, "# %s: %s\n", verdict_name(v), why);
	}
}

void report_tap(FILE *f, const struct run_result *runs, size_t n)
{
	size_t tests = 0;

	fputs("TAP version 13\n", f);
	for (size_t i = 0; i < n; tests += runs[i++].n)
		tap_run(f, &runs[i], tests);
	fprintf(f, "1..%zu\n", tests);
}

static void junit_run(FILE *f, const struct run_result *run)
{
	struct run_count c = run_count(run);

	fputs("<testsuite name=\"", f);
	quote_xml(f, topology_name(run->topology));
	fprintf(f, "\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n", run->n,
		c.fail + c.undecided, c.skipped, (double)run->took / 1e6);
	for (size_t i = 0; i < run->n; i++) {
		const struct scenario_result *r = run->results[i];
		char why[1100];

		why_not(run, i, why, sizeof(why));
		fputs(" <testcase classname=\"", f);
		quote_xml(f, topology_name(run->topology));
		fputs("\" name=\"", f);
		quote_xml(f, run->scenarios[i]->id);
		fprintf(f, "\" time=\"%.3f\">", r ? (double)r->took / 1e6 : 0.0);
		if (!r || r->verdict != VERDICT_PASS) {
			fputs(!r || r->verdict == VERDICT_SKIPPED ? "<skipped message=\""
								  : "<failure message=\"",
			      f);
			quote_xml(f, why);
			fputs("\"/>", f);
		}
		fputs("</testcase>\n", f);
	}
	fputs("</testsuite>\n", f);
}

void report_junit(FILE *f, const struct run_result *runs, size_t n)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", f);
	for (size_t i = 0; i < n; i++)
		junit_run(f, &runs[i]);
	fputs("</testsuites>\n", f);
}

/* What @print says, line by line. */
static void quote_lines(FILE *f, const struct run_result *run,
			void (*print)(FILE *f, const struct run_result *run, const char *indent))
{
	char *text = NULL, *rest, *line;
	size_t len = 0;
	FILE *mem = open_memstream(&text, &len);

	assert(mem);
	print(mem, run, "- ");
	fclose(mem);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		quote_markdown(f, line);
		fputc('\n', f);
	}
	free(text);
}

void report_markdown(FILE *f, const struct run_result *run)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct summary_row *rows;
	struct summary_column cols[SUMMARY_COLUMNS];
	size_t n_rows = summary_rows(a, run, &rows), n_cols = summary_columns(run, cols);
	size_t shown = MIN(n_rows, (size_t)SUMMARY_SHOWN);
	bool any_dagger = false;

	fprintf(f, "**%s**: ", topology_name(run->topology));
	quote_markdown(f, topology_title(run->topology));
	fputs("\n\n| server | message 4, second hash | the client concludes |", f);
	for (size_t i = 0; i < n_cols; i++)
		if (cols[i].registry < 0)
			fprintf(f, " %s |", cols[i].mode->short_name);
		else
			fprintf(f, " %s, registry %d |", cols[i].mode->short_name,
				cols[i].registry);
	fputs(" registry edit |\n|", f);
	for (size_t i = 0; i < n_cols + 4; i++)
		fputs("---|", f);
	fputc('\n', f);
	for (size_t r = 0; r < shown; r++) {
		const struct scenario *s = NULL;
		const struct connection *c = summary_speaker(run, &rows[r], &s);
		char text[120] = "-";

		if (c)
			summary_second_hash(c, text, sizeof(text));
		fprintf(f, "| %s | %s | %s |", rows[r].label, text,
			c ? summary_conclusion(c) : "-");
		for (size_t i = 0; i < n_cols; i++) {
			const struct summary_cell cell = summary_cell(run, &rows[r], &cols[i]);

			any_dagger |= cell.dagger;
			fprintf(f, " %s%s |", cell.text, cell.dagger ? "†" : "");
		}
		fprintf(f, " %s |\n", summary_registry_text(rows[r].registry_needed));
	}
	if (shown < n_rows)
		fprintf(f, "\n... and %zu more rows; --format json has them all\n",
			n_rows - shown);
	if (any_dagger)
		fputs("\n† Microsoft's text says so; no capture of it is known\n", f);
	fputc('\n', f);
	quote_lines(f, run, report_reasons);
	quote_lines(f, run, report_failures);
}
