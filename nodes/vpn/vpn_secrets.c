/* SPDX-License-Identifier: MIT */
/*
 * vpn_secrets.c - the keys of every SA, kept for the Wireshark profile beyond the SA's end.
 */
#include "nodes/vpn/vpn_secrets.h"

#include "nodes/vpn/vpn_priv.h"

#include <stdlib.h>
#include <string.h>

static void *new_secret(struct vpn *v, size_t size)
{
	void *s = v->n_secrets < VPN_SECRETS ? calloc(1, size) : NULL;

	if (!s && v->n_secrets < VPN_SECRETS)
		abort();
	v->n_secrets += s != NULL;
	return s;
}

void secrets_keep_isakmp(struct vpn *v, const struct ike_sa *sa)
{
	struct isakmp_secret *s = new_secret(v, sizeof(*s)), **at = &v->isakmp_secrets;

	if (!s)
		return;
	if (!ike_sa_wireshark(sa, s->cky_i, s->key, &s->key_len)) {
		free(s);
		return;
	}
	if (v->last_isakmp_secret)
		at = &v->last_isakmp_secret->next;
	*at = v->last_isakmp_secret = s;
}

static void keep_esp(struct vpn *v, const struct ike_child *c, bool in)
{
	struct esp_secret *s = new_secret(v, sizeof(*s)), **at = &v->esp_secrets;

	if (!s)
		return;
	*s = (struct esp_secret){
		.src = in ? c->remote.addr : c->local.addr,
		.dst = in ? c->local.addr : c->remote.addr,
		.spi = in ? c->spi_in : c->spi_out,
		.cipher = c->cipher,
		.auth = c->auth,
		.key_len = cipher_key_len(c->cipher, c->keybits),
		.auth_key_len = hash_len(c->auth),
	};
	memcpy(s->key, in ? c->key_in : c->key_out, KEY_MAX);
	memcpy(s->auth_key, in ? c->auth_in : c->auth_out, KEY_MAX);
	if (v->last_esp_secret)
		at = &v->last_esp_secret->next;
	*at = v->last_esp_secret = s;
}

void secrets_keep_esp(struct vpn *v, const struct ike_child *c)
{
	keep_esp(v, c, true);
	keep_esp(v, c, false);
}

void vpn_each_secret(const struct vpn *v, const struct vpn_secrets *out)
{
	for (const struct isakmp_secret *s = v->isakmp_secrets; s; s = s->next)
		out->isakmp(out->ctx, s->cky_i, s->key, s->key_len);
	for (const struct esp_secret *s = v->esp_secrets; s; s = s->next)
		out->esp(out->ctx, s->src, s->dst, s->spi, s->cipher, s->key, s->key_len, s->auth,
			 s->auth_key, s->auth_key_len);
}

void secrets_free(struct vpn *v)
{
	for (struct isakmp_secret *s = v->isakmp_secrets, *next; s; s = next) {
		next = s->next;
		bytes_free(s, sizeof(*s));
	}
	for (struct esp_secret *s = v->esp_secrets, *next; s; s = next) {
		next = s->next;
		bytes_free(s, sizeof(*s));
	}
}
