/* SPDX-License-Identifier: MIT */
/*
 * The keys of custom modes: what is written is read again, and each key that is given decides.
 */
#include <stdlib.h>

#include "lab/topology/topology_priv.h"
#include "nodes/modes/member_value.h"
#include "tests/unit/topo_text.h"

/* The block of a mode like @like with the keys that are @said of @row. */
static const char *written(struct arena *a, enum mode_role role, const char *like, const void *row,
			   const bool said[MEMBERS_MAX])
{
	char *text = NULL;
	const char *kept;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "modes:\n  mine:\n    like: %s\n", like);
	for (size_t i = 0; i < mode_members.n; i++) {
		if (!said[i])
			continue;
		fprintf(f, "    %s: ", mode_members.v[i].key);
		member_write(f, &mode_members.v[i], role, row);
		fputc('\n', f);
	}
	fprintf(f, "topology:\n");
	fclose(f);
	kept = arena_str(a, text);
	free(text);
	return kept;
}

static void check_pair(enum mode_role role, const char *like_name, const void *like,
		       const void *row)
{
	struct arena *a = arena_new();
	bool said[MEMBERS_MAX], left[MEMBERS_MAX];
	struct topology *t;
	const void *mine;
	char *mistakes;
	const char *block;

	members_differ(&mode_members, role, like, row, said);
	block = written(a, role, like_name, row, said);
	t = load(a, replaced(a, "topology:\n", block), &mistakes);
	if (!t)
		fail_msg("%s\n%s", mistakes, block);
	mine = role == ROLE_SERVER ? (const void *)topo_server_mode(t, "mine")
				   : (const void *)topo_client_mode(t, "mine");
	if (members_differ(&mode_members, role, mine, row, left))
		for (size_t i = 0; i < mode_members.n; i++)
			if (left[i] && mode_members.v[i].kind != MEMBER_TEXT) /* the title */
				fail_msg("%s was not read:\n%s", mode_members.v[i].key, block);
	arena_free(a);
}

static void each_mode_can_be_written_as_another_with_changes(void **state)
{
	size_t n_servers, n_clients;
	const struct server_mode *const *s = mode_servers(&n_servers);
	const struct client_mode *const *c = mode_clients(&n_clients);

	(void)state;
	for (size_t i = 0; i < n_servers; i++)
		for (size_t k = 0; k < n_servers; k++)
			check_pair(ROLE_SERVER, s[i]->name, s[i], s[k]);
	for (size_t i = 0; i < n_clients; i++)
		for (size_t k = 0; k < n_clients; k++)
			check_pair(ROLE_CLIENT, c[i]->name, c[i], c[k]);
}

/* The mode of @keys, flow style. */
static struct server_mode mode_of(const char *keys)
{
	struct arena *a = arena_new();
	char *mistakes;
	struct topology *t = load(a, replaced(a, "topology:\n",
					      arena_printf(a, "modes:\n  mine: {%s}\ntopology:\n",
							   keys)), &mistakes);
	struct server_mode m;

	if (!t)
		fail_msg("%s", mistakes);
	m = *topo_server_mode(t, "mine");
	arena_free(a);
	return m;
}

static void a_key_sets_back_what_it_decides(void **state)
{
	(void)state;
	assert_true(mode_of("like: softether-5").address_zero);
	assert_true(mode_of("like: softether-5").esp_in_udp_only);
	assert_true(mode_of("like: softether-5, server_hash: random").address_zero);
	assert_false(mode_of("like: softether-5, server_hash: exact").address_zero);
	assert_false(mode_of("like: softether-5, server_hash: exact").esp_in_udp_only);
	assert_true(mode_of("like: softether-5, server_hash: exact, bound: false").address_zero);
	assert_false(mode_of("like: softether-5, bound: true").esp_in_udp_only);
	assert_true(mode_of("like: racoon-force, one_natt_id: true").one_natt_vid);
	assert_false(mode_of("like: libreswan, vendor_ids: [rfc-3947]").one_natt_vid);
	assert_true(mode_of("like: libreswan, one_natt_id: true, vendor_ids: [rfc-3947]")
			    .one_natt_vid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mode_can_be_written_as_another_with_changes),
		cmocka_unit_test(a_key_sets_back_what_it_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
