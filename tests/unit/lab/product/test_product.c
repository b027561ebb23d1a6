/* SPDX-License-Identifier: MIT */
/* test_product.c - what real products are told. */
#include "tests/unit/topo_text.h"

#include "lab/product/product.h"
#include "lab/topology/scenario_query.h"

#define SERVER "server: {kind: server, mode: rras-2012r2, psk: lab-psk,"
#define CLIENT "client: {kind: client, mode: windows-10, registry: 0,"

/* All files that a node's product gets, one behind the other. */
static const char *told(struct arena *a, const char *from, const char *to, const char *node)
{
	const struct topology *t = topo_load(a, replaced(a, from, to));
	const struct scenario *s = topo_scenario(a, t, NULL);
	struct product_setup p = product_setup(a, s, scenario_node(s, node));
	const char *all = "";

	assert_string_equal(p.files[0].path, PRODUCT_START);
	for (size_t i = 0; i < p.n_files; i++)
		all = arena_printf(a, "%s%s", all, p.files[i].text);
	return all;
}

static void each_setting_stands_in_the_products_own_words(void **state)
{
	static const struct {
		const char *keys, *has, *lacks;
	} v[] = {
		{"run: strongswan,", "secret = \"lab-psk\"", "encap = yes"},
		{"run: strongswan, encapsulation: forced,", "encap = yes", NULL},
		{"run: libreswan,", "encapsulation=auto", "encapsulation=yes"},
		{"run: libreswan,", "left=172.31.0.10\n", NULL},
		{"run: libreswan, encapsulation: forced,", "encapsulation=yes", NULL},
		{"run: softether,", "ListenIP 0.0.0.0\n", NULL},
		{"run: softether,", "/PSK:lab-psk ", NULL},
		{"run: softether, listen: own,", "ListenIP 172.31.0.10\n", "ListenIP 0.0.0.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct arena *a = arena_new();
		const char *to = arena_printf(a, SERVER " %s", v[i].keys);
		const char *text = told(a, SERVER, to, "server");

		assert_non_null(strstr(text, v[i].has));
		assert_true(!v[i].lacks || !strstr(text, v[i].lacks));
		arena_free(a);
	}
}

static void a_client_dials_what_the_file_says(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_non_null(strstr(told(a, CLIENT, CLIENT " run: strongswan,", "client"),
			       "remote_addrs = 203.0.113.10\n"));
	assert_non_null(strstr(told(a, CLIENT, CLIENT " run: ike-scan,", "client"),
			       " 203.0.113.10\n"));
	assert_non_null(strstr(told(a, CLIENT, CLIENT " psk: lab-psk, run: prober,", "client"),
			       "prober 203.0.113.10 'lab-psk'\n"));
	arena_free(a);
}

static void a_product_is_predicted_by_the_mode_that_stands_for_it(void **state)
{
	static const struct {
		const char *keys, *mode;
	} v[] = {
		{"run: strongswan,", "strongswan-5.9"},
		{"run: strongswan, encapsulation: forced,", "strongswan-forceencaps"},
		{"run: libreswan,", "libreswan"},
		{"run: libreswan, encapsulation: forced,", "libreswan-encapsulation"},
		{"run: softether,", "softether-5"},
		{"run: softether, listen: own,", "softether-5-listen"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct arena *a = arena_new();
		const char *to = arena_printf(a, SERVER " %s", v[i].keys);
		const struct topology *t = topo_load(a, replaced(a, SERVER, to));
		const struct node *n = scenario_node(topo_scenario(a, t, NULL), "server");

		assert_string_equal(n->server->name, v[i].mode);
		arena_free(a);
	}
}

static void what_cannot_be_run_or_said_is_a_mistake(void **state)
{
	static const struct {
		const char *from, *to, *said;
	} v[] = {
		{CLIENT, CLIENT " run: softether,", "a client cannot run softether"},
		{SERVER, SERVER " run: ike-scan,", "a server cannot run ike-scan"},
		{SERVER, SERVER " run: prober,", "a server cannot run prober"},
		{SERVER, SERVER " run: openswan,", "unknown run \"openswan\""},
		{SERVER, "server: {kind: server, run: strongswan, psk: 'a\"b',",
		 "a real product's psk has letters, digits, '-', '_' and '.' only"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct arena *a = arena_new();
		char *mistakes;

		assert_null(load(a, replaced(a, v[i].from, v[i].to), &mistakes));
		if (!strstr(mistakes, v[i].said))
			fail_msg("%s", mistakes);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_setting_stands_in_the_products_own_words),
		cmocka_unit_test(a_client_dials_what_the_file_says),
		cmocka_unit_test(a_product_is_predicted_by_the_mode_that_stands_for_it),
		cmocka_unit_test(what_cannot_be_run_or_said_is_a_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
