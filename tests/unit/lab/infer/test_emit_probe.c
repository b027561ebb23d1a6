/* SPDX-License-Identifier: MIT */
/*
 * A server that was only probed, written down and put in its own place: Windows must come to the
 * same end with it, at home and with a public address, with each value of the registry.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nodes/modes/agreement.h"
#include "tests/unit/emitted.h"
#include "tests/unit/probe_world.h"

struct probed {
	struct arena *a;
	const char *text;
	const struct server_mode *row;
	bool eip;     /* where the file puts it */
	bool guessed; /* ... without knowing */
};

static struct probed write_down(const char *mode, bool napt, bool eip, bool told)
{
	struct probed p = {.a = arena_new()};
	struct world *w = arena_new_of(p.a, struct world);
	const struct inet_addr own = told ? inet_v4(eip ? PRIVATE : PUBLIC) : (struct inet_addr){0};
	struct emit_seen v[PROBES];
	struct probe_result r;
	unsigned sent;
	usec took;
	size_t n;

	r = ask_in(p.a, w, mode, napt, eip, false, &took, &sent);
	n = probe_emit(w->probe, &own, &r, v);
	p.text = emitted_text(p.a, v, n, 0);
	p.row = emitted_row(p.a, p.text);
	p.eip = strstr(p.text, "igw.nat: true") != NULL;
	p.guessed = strstr(p.text, "this is a guess") != NULL;
	return p;
}

/* How a Windows ends, in words of the result document. */
static const char *ends(const struct server_mode *row, bool at_home, bool eip, int registry)
{
	struct four_ends usual = agreement_usual_ends(at_home, eip);
	struct agreement p;

	agreement_find(mode_client("windows-10"), registry, row, &usual, &p);
	return outcome_name(p.outcome);
}

/* The combinations of client and registry in which the two differ, each where it stands; bits. */
static unsigned differences(const struct server_mode *real, bool eip, const struct probed *p)
{
	unsigned bits = 0;

	if (p->guessed)
		eip = p->eip;
	for (int i = 0; i < 6; i++)
		if (strcmp(ends(real, i < 3, eip, i % 3),
			   ends(p->row, i < 3, p->eip, i % 3)) != 0)
			bits |= 1u << i;
	return bits;
}

#define PUBLIC_REGISTRY_1 (1u << 4)

/* Every server of ours, probed from wherever, and standing wherever. */
static void each_probed(bool told_address,
			void (*look)(const struct server_mode *real, bool napt, struct probed *p,
				     unsigned differ))
{
	size_t n;
	const struct server_mode *const *servers = mode_servers(&n);

	for (size_t i = 0; i < n * 4; i++) {
		const struct server_mode *real = servers[i / 4];
		bool napt = i & 1, eip = i & 2;
		struct probed p = write_down(real->name, napt, eip, told_address);

		print_message("%s, napt %d, eip %d\n", real->name, napt, eip);
		look(real, napt, &p, differences(real, eip, &p));
		arena_free(p.a);
	}
}

static void nothing_differs(const struct server_mode *real, bool napt, struct probed *p,
			    unsigned differ)
{
	(void)napt;
	assert_true(!p->guessed || !real->natt); /* no hash, no place */
	if (differ) {
		fputs(p->text, stderr);
		fail_msg("differs in %#x", differ);
	}
}

/* If only its own address is told. */
static void a_probed_server_ends_windows_as_the_real_one(void **state)
{
	(void)state;
	each_probed(true, nothing_differs);
}

static void only_what_is_doubted_differs(const struct server_mode *real, bool napt,
					 struct probed *p, unsigned differ)
{
	(void)real;
	if (differ & ~PUBLIC_REGISTRY_1) {
		fputs(p->text, stderr);
		fail_msg("differs in %#x", differ);
	}
	if (differ) {
		assert_true(napt);
		assert_non_null(strstr(p->text, "doubt:   server_hash"));
		assert_non_null(strstr(p->text, "doubt:   peer_hash"));
		assert_null(strstr(p->text, "place: public, client: [registry-1]"));
	}
}

/* Without that address a server that forges both hashes with port 0 looks, from behind a NAT, like
 * one that is behind NAT itself. Windows at home ends alike; a public client with value 1 would
 * not, of which the file claims nothing, and says its doubt. */
static void without_its_address_only_what_is_doubted_may_differ(void **state)
{
	(void)state;
	each_probed(false, only_what_is_doubted_differs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probed_server_ends_windows_as_the_real_one),
		cmocka_unit_test(without_its_address_only_what_is_doubted_may_differ),
	};

	return cmocka_run_group_tests_name("emitted modes of probed servers", tests, NULL, NULL);
}
