/* SPDX-License-Identifier: MIT */
/*
 * vpn_peer.c - the other ends of ISAKMP SAs, and their ESP SA pairs.
 */
#include "nodes/vpn/vpn_priv.h"

#include <stdlib.h>
#include <string.h>

static uint64_t spi_hash(uint32_t spi)
{
	return hash_bytes(&spi, sizeof(spi));
}

struct vpn_peer *peer_new(struct vpn *v, struct ike_sa *sa)
{
	struct vpn_peer *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->sa = sa;
	p->next = v->peers;
	if (p->next)
		p->next->at = &p->next;
	p->at = &v->peers;
	v->peers = p;
	ike_sa_set_user(sa, p);
	return p;
}

static void child_end(struct vpn *v, struct vpn_peer *p, size_t i)
{
	struct vpn_child *c = p->children[i];

	table_remove(&v->by_spi, &c->by_spi);
	esp_sa_wipe(&c->in);
	esp_sa_wipe(&c->out);
	bytes_free(c, sizeof(*c));
	p->n_children--;
	memmove(&p->children[i], &p->children[i + 1],
		(p->n_children - i) * sizeof(struct vpn_child *));
}

void child_new(struct vpn *v, struct vpn_peer *p, const struct ike_child *c)
{
	struct vpn_child *to = calloc(1, sizeof(*to));

	if (!to)
		abort();
	if (p->n_children == VPN_CHILDREN)
		child_end(v, p, 0);
	p->children[p->n_children++] = to;
	to->peer = p;
	to->c = *c;
	/* The ESP SAs keep the keys. */
	bytes_wipe(to->c.key_in, sizeof(to->c.key_in));
	bytes_wipe(to->c.key_out, sizeof(to->c.key_out));
	bytes_wipe(to->c.auth_in, sizeof(to->c.auth_in));
	bytes_wipe(to->c.auth_out, sizeof(to->c.auth_out));
	esp_sa_init(&to->in, c->spi_in, c->cipher, c->keybits, c->key_in, c->auth, c->auth_in);
	esp_sa_init(&to->out, c->spi_out, c->cipher, c->keybits, c->key_out, c->auth, c->auth_out);
	table_add(&v->by_spi, &to->by_spi, spi_hash(c->spi_in));
}

void child_forget_spi(struct vpn *v, struct vpn_peer *p, uint32_t spi_in)
{
	for (size_t i = 0; i < p->n_children; i++) {
		if (p->children[i]->c.spi_in == spi_in) {
			child_end(v, p, i);
			return;
		}
	}
}

struct vpn_child *child_by_spi(const struct vpn *v, uint32_t spi)
{
	for (struct table_link *l = table_find(&v->by_spi, spi_hash(spi)); l; l = table_next(l)) {
		struct vpn_child *c = OWNER_OF(l, struct vpn_child, by_spi);

		if (c->c.spi_in == spi)
			return c;
	}
	return NULL;
}

void peer_moved(struct vpn_peer *p, struct inet_ep remote)
{
	for (size_t i = 0; i < p->n_children; i++)
		if (p->children[i]->c.udp)
			p->children[i]->c.remote = remote;
}

void peer_end(struct vpn *v, struct vpn_peer *p, usec now)
{
	p->sa = NULL;
	l2tp_forget(v->l2tp, p, now);
	while (p->n_children)
		child_end(v, p, p->n_children - 1);
	p->ended = v->ended_peers;
	v->ended_peers = p;
}

static void peer_free(struct vpn *v, struct vpn_peer *p)
{
	while (p->n_children)
		child_end(v, p, p->n_children - 1);
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	free(p);
}

void peers_reap(struct vpn *v)
{
	while (v->ended_peers) {
		struct vpn_peer *p = v->ended_peers;

		v->ended_peers = p->ended;
		peer_free(v, p);
	}
}

void peers_free(struct vpn *v)
{
	for (struct vpn_peer *p = v->peers, *next; p; p = next) {
		next = p->next;
		peer_free(v, p);
	}
	table_free(&v->by_spi);
}
