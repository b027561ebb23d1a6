/* SPDX-License-Identifier: MIT */
#include "lab/topology/products.h"

#include <string.h>

/* Modes: of a client, of a server, of one with `nat-t: forced`, of one with `listen: own`. */
static const struct row {
	const char *client_mode, *server_mode, *forced_mode, *own_mode;
} rows[] = {
	[PRODUCT_STRONGSWAN] = {"linux-strongswan", "strongswan-5.9", "strongswan-forceencaps",
				"strongswan-5.9"},
	[PRODUCT_LIBRESWAN] = {NULL, "libreswan", "libreswan-encapsulation", "libreswan"},
	[PRODUCT_SOFTETHER] = {NULL, "softether-5", "softether-5", "softether-5-listen"},
	[PRODUCT_IKE_SCAN] = {"linux-plain", NULL, NULL, NULL},
	[PRODUCT_PROBER] = {"linux-plain", NULL, NULL, NULL},
};

static const char *const names[] = {
	[PRODUCT_STRONGSWAN] = "strongswan", [PRODUCT_LIBRESWAN] = "libreswan",
	[PRODUCT_SOFTETHER] = "softether",   [PRODUCT_IKE_SCAN] = "ike-scan",
	[PRODUCT_PROBER] = "prober",
};
const struct words product_words = {names, ARRAY_LEN(names), PRODUCT_STRONGSWAN};

const char *product_name(enum product p)
{
	return word_of(&product_words, p);
}

const char *product_mode(const struct node *n)
{
	const struct row *r = &rows[n->run];

	if (n->kind == KIND_CLIENT)
		return r->client_mode;
	return n->forced ? r->forced_mode : n->listen_own ? r->own_mode : r->server_mode;
}

const char *product_title(struct arena *a, const struct node *n)
{
	return arena_printf(a, "real %s%s%s", product_name(n->run),
			    n->forced ? ", encapsulation forced" : "",
			    n->listen_own ? ", ListenIP its own" : "");
}

bool product_can_say(const char *secret)
{
	return !secret[strspn(secret, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.")];
}
