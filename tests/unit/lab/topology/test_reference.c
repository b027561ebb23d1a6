/* SPDX-License-Identifier: MIT */
/*
 * docs/topology.md against the tables that it describes: every key and every mode has its row
 * there, in the table's own words. What fails prints the row that is wanted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lab/topology/schema.h"
#include "tests/unit/reference_row.h"
#include "nodes/modes/mode.h"

static char reference[64 * 1024];

static int read_reference(void **state)
{
	FILE *f = fopen("docs/topology.md", "r");
	size_t n;

	(void)state;
	if (!f)
		return -1;
	n = fread(reference, 1, sizeof(reference) - 1, f);
	fclose(f);
	return n > 0 && n < sizeof(reference) - 1 ? 0 : -1;
}

static bool is_there(const char *line)
{
	if (strstr(reference, line))
		return true;
	print_error("docs/topology.md lacks: %s", line);
	return false;
}

static void every_key_has_its_row(void **state)
{
	struct arena *a = arena_new();
	unsigned missing = 0;

	(void)state;
	for (enum key k = 0; k < KEYS; k++)
		missing += !is_there(reference_row(a, key_row(k)));
	for (size_t i = 0; i < mode_members.n; i++) {
		struct key_row row = member_key_row(&mode_members.v[i]);

		if (row.place == PLACE_MODE)
			missing += !is_there(reference_row(a, &row));
	}
	arena_free(a);
	assert_int_equal(missing, 0);
}

static void every_mode_has_its_row(void **state)
{
	struct arena *a = arena_new();
	unsigned missing = 0;
	size_t n;
	const struct client_mode *const *clients = mode_clients(&n);
	const struct server_mode *const *servers;

	(void)state;
	for (size_t i = 0; i < n; i++)
		missing += !is_there(arena_printf(a, "| `%s` | client | %s |\n", clients[i]->name,
						  clients[i]->title));
	servers = mode_servers(&n);
	for (size_t i = 0; i < n; i++)
		missing += !is_there(arena_printf(a, "| `%s` | server | %s |\n", servers[i]->name,
						  servers[i]->title));
	arena_free(a);
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_its_row),
		cmocka_unit_test(every_mode_has_its_row),
	};

	return cmocka_run_group_tests_name("reference", tests, read_reference, NULL);
}
