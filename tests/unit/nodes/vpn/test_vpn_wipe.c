/* SPDX-License-Identifier: MIT */
/*
 * No secret is left in memory that is given back: free() is ours here and looks.
 */
#include <malloc.h>

#include "nodes/ike/ike_priv.h"
#include "nodes/vpn/vpn_priv.h"
#include "nodes/vpn/vpn_secrets.h"
#include "tests/unit/vpn_world.h"

#define SECRETS 64
#define PREFIX 8 /* bytes of a secret that are looked for */

static uint8_t secrets[SECRETS][PREFIX];
static size_t n_secrets, n_found, n_freed;
static bool looking;

static void keep(const void *p)
{
	assert_true(n_secrets < SECRETS);
	memcpy(secrets[n_secrets++], p, PREFIX);
}

static void on_isakmp(void *ctx, const uint8_t cky_i[8], const uint8_t *key, size_t len)
{
	(void)ctx, (void)cky_i, (void)len;
	keep(key);
}

static void on_esp(void *ctx, struct inet_addr src, struct inet_addr dst, uint32_t spi,
		   enum ike_cipher cipher, const uint8_t *key, size_t key_len, enum ike_hash auth,
		   const uint8_t *auth_key, size_t auth_key_len)
{
	(void)ctx, (void)src, (void)dst, (void)spi, (void)cipher, (void)key_len, (void)auth;
	(void)auth_key_len;
	keep(key);
	keep(auth_key);
}

#ifndef __SANITIZE_ADDRESS__ /* whose free() has to stay */
void __libc_free(void *p);

void free(void *p)
{
	size_t len = p && looking ? malloc_usable_size(p) : 0;

	n_freed += len > 0;
	for (size_t i = 0; i < n_secrets && len >= PREFIX; i++)
		n_found += memmem(p, len, secrets[i], PREFIX) != NULL;
	__libc_free(p);
}
#endif

static void learn(const struct vpn *v)
{
	const struct ike_keys *k = &v->ike->lists[FINISHED].newest->keys;

	vpn_each_secret(v, &(struct vpn_secrets){on_isakmp, on_esp, NULL});
	keep(k->skeyid);
	keep(k->d);
	keep(k->a);
	keep(k->e);
}

static void nothing_that_is_freed_holds_a_secret(void **state)
{
	static const char *const servers[] = {"softether-4", "strongswan-5.3"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		struct world *w = world_new(servers[i], true, true);
		struct node *c = add_client(w, "macos", -1, "lab-psk");

		n_secrets = n_found = n_freed = 0;
		keep("lab-psk"); /* with its NUL */
		keep("wonderland");
		vpn_start(c->vpn, 0);
		looking = true; /* while it works, too */
		run_done(w);
		learn(c->vpn);
		learn(w->server.vpn);
		give_up(w, c);
		run(w, w->now + 100 * SEC);
		vpn_free(c->vpn);
		vpn_free(w->server.vpn);
		looking = false;
		c->vpn = w->server.vpn = NULL;
		world_end(w);
#ifndef __SANITIZE_ADDRESS__
		assert_true(n_freed > 10);
#endif
		assert_int_equal(n_found, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_is_freed_holds_a_secret),
	};

	return cmocka_run_group_tests_name("secrets and memory", tests, NULL, NULL);
}
