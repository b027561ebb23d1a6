/* SPDX-License-Identifier: MIT */
/*
 * report_table.c - the table for people. A grid is collected first and printed when the widths
 * are known.
 */
#include "lab/report/report_table.h"

#include <string.h>

#include "lab/base/text.h"
#include "lab/report/report_inspect.h"
#include "lab/result/summary.h"
#include "nodes/wire/isakmp_names.h"

#define CELL 112
#define COLS (SUMMARY_COLUMNS + 4)

enum paint { PLAIN, GOOD, BAD };

struct cell {
	char text[CELL];
	enum paint paint;
	bool wide; /* goes on over the next column, which is empty */
};

struct grid {
	struct cell (*cells)[COLS];
	size_t max_rows, rows, cols;
};

static struct grid *grid_new(struct arena *a, size_t max_rows)
{
	struct grid *g = arena_new_of(a, struct grid);

	g->cells = arena_array(a, max_rows, sizeof(g->cells[0]));
	g->max_rows = max_rows;
	return g;
}

static void put(struct grid *g, size_t row, size_t col, enum paint paint, const char *text)
{
	struct cell *c = &g->cells[row][col];

	assert(row < g->max_rows && col < COLS);
	snprintf(c->text, sizeof(c->text), "%s", text);
	c->paint = paint;
	g->rows = MAX(g->rows, row + 1);
	g->cols = MAX(g->cols, col + 1);
}

static void print_grid(FILE *f, const struct grid *g, bool colour)
{
	size_t widths[COLS] = {0};

	for (size_t r = 0; r < g->rows; r++)
		for (size_t c = 0; c < g->cols; c++)
			if (!g->cells[r][c].wide)
				widths[c] = MAX(widths[c], text_columns(g->cells[r][c].text));
	for (size_t r = 0; r < g->rows; r++)
		for (size_t c = 0; c + 1 < g->cols; c++) {
			size_t room = widths[c] + 2 + widths[c + 1];

			if (g->cells[r][c].wide && text_columns(g->cells[r][c].text) > room)
				widths[c + 1] += text_columns(g->cells[r][c].text) - room;
		}
	for (size_t r = 0; r < g->rows; r++) {
		for (size_t c = 0; c < g->cols; c++) {
			const struct cell *cell = &g->cells[r][c];
			bool painted = colour && cell->paint != PLAIN;
			size_t room = cell->wide	? widths[c] + 2 + widths[c + 1] + 2
				      : c + 1 < g->cols ? widths[c] + 2
							: 0;

			fprintf(f, "%s%s%s%*s",
				painted ? (cell->paint == GOOD ? "\033[32m" : "\033[31m") : "",
				cell->text, painted ? "\033[0m" : "",
				room ? (int)(room - text_columns(cell->text)) : 0, "");
			c += cell->wide;
		}
		fputc('\n', f);
	}
}

static size_t gate_modes(const struct summary_column *cols, size_t n)
{
	const struct client_mode *seen = NULL;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (cols[i].registry < 0 || cols[i].mode == seen)
			continue;
		seen = cols[i].mode;
		count++;
	}
	return count;
}

/* "Mac", "registry 0", then only "1" and "2" for the same client. */
static void column_head(const struct summary_column *cols, size_t n, size_t i, char *buf,
			size_t size)
{
	const struct summary_column *c = &cols[i];

	if (c->registry < 0)
		snprintf(buf, size, "%s", c->mode->short_name);
	else if (i > 0 && cols[i - 1].mode == c->mode)
		snprintf(buf, size, "%d", c->registry);
	else if (gate_modes(cols, n) > 1)
		snprintf(buf, size, "%s registry %d", c->mode->short_name, c->registry);
	else
		snprintf(buf, size, "registry %d", c->registry);
}

static bool print_outcomes(FILE *f, const struct run_result *run, const struct summary_row *rows,
			   size_t n_rows, const struct report_style *style)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct grid *g = grid_new(a, n_rows + 1);
	struct summary_column cols[SUMMARY_COLUMNS];
	size_t n_cols = summary_columns(run, cols);
	bool any_dagger = false, any_gate = gate_modes(cols, n_cols) > 0;

	put(g, 0, 0, PLAIN, "server");
	put(g, 0, 1, PLAIN, "message 4, second hash");
	put(g, 0, 2, PLAIN, any_gate ? "Windows concludes" : "the client concludes");
	for (size_t i = 0; i < n_cols; i++) {
		char head[40];

		column_head(cols, n_cols, i, head, sizeof(head));
		put(g, 0, 3 + i, PLAIN, head);
	}
	if (any_gate)
		put(g, 0, 3 + n_cols, PLAIN, "registry edit");
	for (size_t r = 0; r < n_rows; r++) {
		const struct scenario *s = NULL;
		const struct connection *c = summary_speaker(run, &rows[r], &s);
		char text[CELL];

		put(g, r + 1, 0, PLAIN, rows[r].label);
		if (c) {
			summary_second_hash(c, text, sizeof(text));
			put(g, r + 1, 1, PLAIN, text);
			put(g, r + 1, 2, PLAIN, summary_conclusion(c));
		}
		for (size_t i = 0; i < n_cols; i++) {
			struct summary_cell cell = summary_cell(run, &rows[r], &cols[i]);

			any_dagger |= cell.dagger;
			snprintf(text, sizeof(text), "%s%s", cell.text, cell.dagger ? "†" : "");
			put(g, r + 1, 3 + i, cell.ok ? GOOD : cell.empty ? PLAIN : BAD, text);
		}
		if (any_gate)
			put(g, r + 1, 3 + n_cols, PLAIN,
			    summary_registry_text(rows[r].registry_needed));
	}
	print_grid(f, g, style->colour);
	if (n_cols == SUMMARY_COLUMNS)
		fputs("Further kinds of clients, if any, are in --format json.\n", f);
	return any_dagger;
}

static void message_row(struct grid *g, size_t row, const char *label, const char *message,
			const struct natd_list *l, const char *letters, const bool *known,
			const struct inet_ep *means)
{
	char text[CELL];

	put(g, row, 0, PLAIN, label);
	put(g, row, 1, PLAIN, message);
	for (size_t i = 0; i < 2; i++) {
		report_hash(l, i, letters[i], known[i], means[i], false, text, sizeof(text));
		put(g, row, 2 + i, PLAIN, text);
	}
}

#define HASH_ROWS 16 /* servers whose hashes are printed; JSON has all */

/* "(registry-0)" when all the connections shown are of one kind of client. */
static void hash_heading(const struct run_result *run, const struct summary_row *rows, size_t n,
			 char *buf, size_t size)
{
	const struct scenario *s = NULL;
	const struct axis_value *first = NULL;

	for (size_t r = 0; r < n; r++) {
		const struct connection *c = summary_speaker(run, &rows[r], &s);
		const struct axis_value *value = NULL;

		for (size_t i = 0; c && i < s->n_axes; i++)
			if (topology_axis_of_clients(s->topology, s->axes[i].axis))
				value = &s->axes[i];
		if (c && (!value || (first && first->number != value->number))) {
			first = NULL;
			break;
		}
		if (c)
			first = value;
	}
	snprintf(buf, size, "NAT-D hashes%s%s%s", first ? " (" : "", first ? first->value : "",
		 first ? ")" : "");
}

static void print_hashes(FILE *f, const struct run_result *run, const struct summary_row *rows,
			 size_t n_rows)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	size_t shown = MIN(n_rows, (size_t)HASH_ROWS), row = 1;
	struct grid *g = grid_new(a, 2 * shown + 1);
	char heading[CELL];

	hash_heading(run, rows, shown, heading, sizeof(heading));
	put(g, 0, 0, PLAIN, heading);
	g->cells[0][0].wide = true;
	put(g, 0, 2, PLAIN, "first payload");
	put(g, 0, 3, PLAIN, "second payload");
	for (size_t r = 0; r < shown; r++) {
		const struct scenario *s = NULL;
		const struct connection *c = summary_speaker(run, &rows[r], &s);

		if (!c || !c->j.natt)
			continue;
		message_row(g, row++, rows[r].label, "message 3", &c->x.natd3, c->j.letter3,
			    c->j.known3, c->j.means3);
		message_row(g, row++, "", "message 4", &c->x.natd4, c->j.letter4, c->j.known4,
			    c->j.means4);
	}
	if (row == 1)
		return;
	fputc('\n', f);
	print_grid(f, g, false);
	if (shown < n_rows)
		fprintf(f, "... and %zu more rows; --format json has them all\n", n_rows - shown);
}

/* ---- -v: every hash by hand ---- */

static void print_octal(FILE *f, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(f, "\\%03o", p[i]);
}

static void print_recipe(FILE *f, const struct connection *c, const struct natd_list *l, size_t i,
			 int message, bool known, struct inet_ep ep)
{
	uint8_t port[2] = {(uint8_t)(ep.port >> 8), (uint8_t)ep.port};

	fprintf(f, "# message %d, %s hash: %s\n", message, i ? "second" : "first",
		HEX(l->v[i].b, l->len));
	if (!known) {
		fputs("#   made of nothing that this network knows\n", f);
		return;
	}
	fprintf(f, "#   CKY-I %s, CKY-R %s, address and port %s\n", HEX(c->cky_i, 8),
		HEX(c->cky_r, 8), INET_EP(ep));
	fputs("printf '", f);
	print_octal(f, c->cky_i, 8);
	print_octal(f, c->cky_r, 8);
	print_octal(f, ep.addr.b, ep.addr.len);
	print_octal(f, port, 2);
	fprintf(f, "' | openssl %s\n", isakmp_hash_name(c->x.hash));
}

static void print_recipes(FILE *f, const struct run_result *run)
{
	for (size_t n = 0; n < run->n; n++) {
		const struct scenario_result *r = run->results[n];

		for (unsigned k = 0; r && r->ran && k < r->n_connections; k++) {
			const struct connection *c = &r->connections[k];

			if (!c->j.natt)
				continue;
			fprintf(f, "\n# %s, %s\n", run->scenarios[n]->id,
				run->scenarios[n]->nodes[c->client].name);
			for (size_t i = 0; i < MIN(c->x.natd3.n, 2U); i++)
				print_recipe(f, c, &c->x.natd3, i, 3, c->j.known3[i],
					     c->j.means3[i]);
			for (size_t i = 0; i < MIN(c->x.natd4.n, 2U); i++)
				print_recipe(f, c, &c->x.natd4, i, 4, c->j.known4[i],
					     c->j.means4[i]);
		}
	}
}

/* ---- what failed ---- */

void report_reasons(FILE *f, const struct run_result *run, const char *indent)
{
	struct summary_failure v[SUMMARY_FAILURES];
	size_t n = summary_failures(run, v);

	if (n)
		fputs("Failed for other reasons than Windows' rule:\n", f);
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%s%s", indent, run->scenarios[v[i].first]->id);
		if (v[i].count > 1)
			fprintf(f, " and %zu more", v[i].count - 1);
		fprintf(f, ": %s\n", v[i].text);
	}
}

static bool skipped_as(const struct scenario_result *r, const struct scenario_result *other)
{
	return r && other && r->verdict == VERDICT_SKIPPED && other->verdict == VERDICT_SKIPPED &&
	       !strcmp(r->error.text, other->error.text);
}

/* Neighbours that were skipped for one reason have one line. */
static void print_skipped(FILE *f, const struct run_result *run, size_t n, const char *indent)
{
	const struct scenario_result *r = run->results[n];
	size_t more = 0;

	if (n && skipped_as(run->results[n - 1], r))
		return;
	while (n + more + 1 < run->n && skipped_as(r, run->results[n + more + 1]))
		more++;
	fprintf(f, "%sSKIPPED %s", indent, run->scenarios[n]->id);
	if (more)
		fprintf(f, " and %zu more", more);
	fprintf(f, ": %s\n", r->error.text);
}

void report_failures(FILE *f, const struct run_result *run, const char *indent)
{
	const char *path = topology_path(run->topology);

	for (size_t n = 0; n < run->n; n++) {
		const struct scenario *s = run->scenarios[n];
		const struct scenario_result *r = run->results[n];

		if (!r)
			continue;
		if (r->verdict == VERDICT_SKIPPED)
			print_skipped(f, run, n, indent);
		else if (r->error.text[0])
			fprintf(f, "%s%s: the lab failed: %s\n", indent, s->id, r->error.text);
		for (unsigned k = 0; r->ran && k < r->n_connections; k++) {
			if (r->connections[k].lab_error[0])
				fprintf(f, "%s%s: an error of the lab itself: %s\n", indent, s->id,
					r->connections[k].lab_error);
			if (r->connections[k].differs[0])
				fprintf(f, "%s%s: the virtual machine is not as its mode: %s\n",
					indent, s->id, r->connections[k].differs);
		}
		for (unsigned k = 0; r->ran && k < r->n_expects; k++)
			if (r->expects[k].verdict != VERDICT_PASS)
				fprintf(f, "%s%s %s: %s:%d: %s\n", indent,
					r->expects[k].verdict == VERDICT_FAIL ? "FAIL"
									      : "UNDECIDED",
					s->id, path, s->expects[k].line, r->expects[k].why);
		for (unsigned k = 0; r->ran && !r->n_expects && k < r->n_connections; k++)
			if (r->connections[k].why_undecided)
				fprintf(f, "%sUNDECIDED %s: %s\n", indent, s->id,
					r->connections[k].why_undecided);
		if (r->ran && !r->n_connections && !r->n_expects)
			fprintf(f, "%sUNDECIDED %s: no client dials\n", indent, s->id);
		if (r->lost)
			fprintf(f, "%s%s: %u frames were lost by a tap; the capture has holes\n",
				indent, s->id, r->lost);
	}
}

static void closing_line(FILE *f, const struct run_result *run, const struct report_style *style)
{
	struct run_count c = run_count(run);
	bool bad = c.fail || c.undecided || !c.pass;
	const char *colour = bad ? "\033[31m" : c.pass > c.unclaimed ? "\033[32m" : "";

	fprintf(f, "%s%zu scenario%s, ", style->colour ? colour : "", run->n,
		run->n == 1 ? "" : "s");
	if (run->n == c.unclaimed)
		fputs("of which the file expects nothing", f);
	else
		fprintf(f, "%zu as expected", c.pass - c.unclaimed);
	fputs(style->colour ? "\033[0m" : "", f);
	if (c.unclaimed && run->n > c.unclaimed)
		fprintf(f, ", %zu of which nothing is expected", c.unclaimed);
	if (c.fail)
		fprintf(f, ", %zu failed", c.fail);
	if (c.undecided)
		fprintf(f, ", %zu undecided", c.undecided);
	if (c.skipped)
		fprintf(f, ", %zu skipped", c.skipped);
	fprintf(f, "; %s, seed %llu, %.2f s\n",
		!strcmp(run->backend, "netns") ? "namespaces" : run->backend,
		(unsigned long long)run->seed, (double)run->took / 1e6);
}

/* Of whom nobody but the wire has told anything. */
static void print_machines(FILE *f, const struct run_result *run)
{
	const struct scenario *s = run->n ? run->scenarios[0] : NULL;

	for (size_t i = 0; s && i < s->n_nodes; i++)
		if (s->nodes[i].vm && s->nodes[i].kind == KIND_CLIENT)
			fprintf(f, "%s is a virtual machine; what it came to is read off the "
				   "wire\n", s->nodes[i].name);
}

static bool any_ran(const struct run_result *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->results[i] && run->results[i]->ran)
			return true;
	return false;
}

void report_table(FILE *f, const struct run_result *run, const struct report_style *style)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct summary_row *rows;
	size_t n = summary_rows(a, run, &rows), shown = MIN(n, (size_t)SUMMARY_SHOWN);
	bool dagger;

	fprintf(f, "%s: %s\n\n", topology_name(run->topology), topology_title(run->topology));
	dagger = any_ran(run) && print_outcomes(f, run, rows, shown, style);
	if (shown < n)
		fprintf(f, "... and %zu more rows; --format json has them all\n", n - shown);
	print_hashes(f, run, rows, n);
	if (style->verbose)
		print_recipes(f, run);
	if (dagger)
		fputs("† Microsoft's text says so; no capture of it is known\n", f);
	report_reasons(f, run, "  ");
	if (any_ran(run))
		print_machines(f, run);
	report_failures(f, run, "");
	closing_line(f, run, style);
}
