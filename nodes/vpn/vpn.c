/* SPDX-License-Identifier: MIT */
#include "nodes/vpn/vpn_priv.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/packet.h"
#include "nodes/crypto/crypto.h"

/* ---- what IKE tells ---- */

static void on_phase1_up(void *ctx, struct ike_sa *sa, usec now)
{
	struct vpn *v = ctx;
	struct vpn_peer *p = peer_new(v, sa);

	secrets_keep_isakmp(v, sa);
	if (v->cfg.client)
		client_phase1_up(v, p, now);
}

static void on_child_up(void *ctx, struct ike_sa *sa, const struct ike_child *c, usec now)
{
	struct vpn *v = ctx;
	struct vpn_peer *p = ike_sa_user(sa);
	uint32_t former;

	assert(p);
	former = p->n_children ? p->children[p->n_children - 1]->c.spi_in : 0;
	child_new(v, p, c);
	secrets_keep_esp(v, c);
	if (v->cfg.client)
		client_child_up(v, p, former, now);
}

static void on_child_down(void *ctx, struct ike_sa *sa, uint32_t spi_in, usec now)
{
	struct vpn_peer *p = ike_sa_user(sa);

	(void)now;
	if (p)
		child_forget_spi(ctx, p, spi_in);
}

static void on_down(void *ctx, struct ike_sa *sa, enum reason reason, usec now)
{
	struct vpn *v = ctx;
	struct vpn_peer *p = ike_sa_user(sa);

	if (p) {
		peer_end(v, p, now);
		ike_sa_set_user(sa, NULL);
		if (v->client.peer == p)
			v->client.peer = NULL;
	}
	if (!v->cfg.client || sa != v->client.sa)
		return;
	v->client.sa = NULL;
	client_down(v, reason);
}

/* The peer's NAT gave it another port: its ESP goes there too (RFC 3947 7). */
static void on_moved(void *ctx, struct ike_sa *sa, struct inet_ep remote, usec now)
{
	struct vpn_peer *p = ike_sa_user(sa);

	(void)ctx;
	(void)now;
	if (p)
		peer_moved(p, remote);
}

/* ---- ESP ---- */

static bool selected(const struct vpn *v, const struct ike_child *c, const struct esp_udp *udp)
{
	return udp->dst == vpn_l2tp_port(v) && (!c->port_local || udp->dst == c->port_local) &&
	       (!c->port_remote || udp->src == c->port_remote);
}

/* Replies go where authentic packets come from (RFC 3947 7); only what is newest may move them, or
 * a packet delayed on the old path would move them back. */
static void follow(const struct vpn_child *c, const struct datagram *d, uint32_t seq)
{
	struct natd_seen seen;

	if (c->c.udp && seq == c->in.seq && !inet_ep_eq(d->remote, c->c.remote) &&
	    ike_sa_nat(c->peer->sa, &seen) && seen.peer_behind_nat)
		peer_moved(c->peer, d->remote);
}

/* An ESP packet of this pair; decrypted where its copy @plain lies. */
static enum drop take_esp(struct vpn *v, struct vpn_child *c, const struct datagram *d,
			  uint8_t *plain, usec now)
{
	struct esp_opened o;
	struct esp_udp udp;
	enum drop drop = esp_open(&c->in, plain, d->len, &o);

	if (drop != DROP_NONE)
		return drop;
	ike_sa_traffic(c->peer->sa, false, now);
	if (v->cfg.server)
		follow(c, d, o.seq);
	if (o.next != IPPROTO_UDP_)
		return DROP_SELECTOR;
	drop = esp_udp_open(o.p, o.len, d->remote.addr, d->local.addr, c->c.udp, &udp);
	if (drop != DROP_NONE)
		return drop;
	if (!selected(v, &c->c, &udp))
		return DROP_SELECTOR;
	l2tp_input(v->l2tp, c->peer, inet_ep(d->remote.addr, udp.src), udp.p, udp.len, now);
	return DROP_NONE;
}

static enum drop input_esp(struct vpn *v, const struct datagram *d, usec now)
{
	uint8_t plain[DATAGRAM_MAX]; /* not of each node: thousands of them hear one at a time */
	struct vpn_child *c;
	enum drop drop;
	uint32_t spi;

	if (!esp_peek_spi(d->data, d->len, &spi) || d->len > sizeof(plain))
		return DROP_SHORT;
	c = child_by_spi(v, spi);
	if (!c) {
		ike_unknown_spi(v->ike, d, spi);
		return DROP_UNKNOWN_SPI;
	}
	if (c->c.udp != (d->via == VIA_UDP))
		return DROP_SELECTOR;
	memcpy(plain, d->data, d->len);
	drop = take_esp(v, c, d, plain, now);
	bytes_wipe(plain, d->len); /* it may hold a password */
	return drop;
}

/* ---- what L2TP tells ---- */

static void on_session_up(void *ctx, struct l2tp_session *s, usec now)
{
	struct vpn *v = ctx;

	if (v->cfg.client)
		v->client.reached = MAX(v->client.reached, REACHED_L2TP);
	link_new(v, s, now);
}

static void on_session_data(void *ctx, struct l2tp_session *s, const uint8_t *p, size_t len,
			    usec now)
{
	enum drop drop = link_input(s->user, p, len, now);
	const struct vpn *v = ctx;

	if (drop != DROP_NONE)
		node_drop(&v->env, inet_ep((struct inet_addr){0}, 0), drop, len);
}

static void on_session_down(void *ctx, struct l2tp_session *s, usec now)
{
	struct vpn_link *link = s->user;
	struct vpn *v = ctx;

	(void)now;
	if (v->cfg.client && ppp_failure(link->ppp))
		client_down(v, ppp_failure(link->ppp)); /* before what L2TP makes of it */
	link_down(link);
}

static void on_tunnel_down(void *ctx, void *peer, enum reason why, usec now)
{
	struct vpn *v = ctx;

	(void)peer;
	(void)now;
	if (v->cfg.client)
		client_down(v, why);
}

static bool on_l2tp_send(void *ctx, const struct l2tp_tx *tx, usec now)
{
	struct vpn *v = ctx;

	return v->cfg.client ? client_send_l2tp(v, tx->peer, tx, now)
			     : vpn_send_l2tp(v, tx->peer, tx, now);
}

/* ---- the end of a call ---- */

static void close_finished(struct vpn *v, usec now)
{
	for (struct vpn_link *link = v->ended_links; link; link = link->ended) {
		if (!link->finished || !link->session)
			continue;
		if (v->cfg.client)
			client_down(v, ppp_failure(link->ppp) ? ppp_failure(link->ppp)
							      : REASON_PPP_FAILED);
		l2tp_close(v->l2tp, link->session, now);
	}
}

/* What has ended in this call, and nothing else, is looked at. */
static void settle(struct vpn *v, usec now)
{
	close_finished(v, now);
	if (v->cfg.client)
		client_settle(v, now);
	links_reap(v);
	peers_reap(v);
}

/* ---- what the owner calls ---- */

static struct l2tp_config lac_config(const struct client_mode *m)
{
	return (struct l2tp_config){.tunnels = 1, .id = m->l2tp, .retry = m->l2tp_retry};
}

static struct l2tp_config lns_config(const struct server_mode *m)
{
	return (struct l2tp_config){
		.lns = true,
		.tunnels = VPN_TUNNELS,
		.id = m->l2tp,
		.hello_ms = m->hello_ms,
		.timeout_ms = m->tunnel_timeout_ms,
		.retry = m->l2tp_retry,
	};
}

struct vpn *vpn_new(const struct vpn_config *cfg, const struct node_env *env)
{
	struct vpn *v = calloc(1, sizeof(*v));
	const struct ike_hooks ike_hooks = {on_phase1_up, on_child_up, on_child_down,
					    on_down,	  on_moved,    v};
	const struct l2tp_hooks l2tp_hooks = {on_l2tp_send,    on_session_up,  on_session_data,
					      on_session_down, on_tunnel_down, v};
	const struct ike_config ike = {
		.initiator = cfg->client != NULL,
		.client = cfg->client,
		.server = cfg->server,
		.own = cfg->own,
		.peer = inet_ep(cfg->dials, IKE_PORT),
		.psk = cfg->psk,
	};
	struct l2tp_config l2tp;

	assert(!cfg->client != !cfg->server);
	if (!v)
		abort();
	l2tp = cfg->client ? lac_config(cfg->client) : lns_config(cfg->server);
	v->cfg = *cfg;
	v->env = *env;
	v->ike = ike_new(&ike, env, &ike_hooks);
	v->l2tp = l2tp_new(&l2tp, env, &l2tp_hooks);
	return v;
}

void vpn_free(struct vpn *v)
{
	if (!v)
		return;
	links_free(v);
	peers_free(v);
	l2tp_free(v->l2tp);
	ike_free(v->ike);
	secrets_free(v);
	bytes_free(v, sizeof(*v));
}

void vpn_start(struct vpn *v, usec now)
{
	if (v->cfg.client)
		client_start(v, now);
	settle(v, now);
}

/* RFC 3948 2.2, 2.3: on port 4500 ESP, unless four zero bytes or a single 0xff say otherwise. */
static enum drop input_natt(struct vpn *v, const struct datagram *d, usec now)
{
	struct rd r = rd_new(d->data, d->len);
	struct datagram inner = *d;
	uint32_t marker;

	if (d->len == 1 && rd_u8(&r, "keep-alive") == 0xff)
		return DROP_NONE;
	marker = rd_u32(&r, "non-ESP marker");
	if (!rd_ok(&r))
		return DROP_SHORT;
	if (marker)
		return input_esp(v, d, now);
	inner.data = rd_rest(&r, &inner.len, "ISAKMP");
	ike_input(v->ike, now, &inner, true);
	return DROP_NONE;
}

void vpn_input(struct vpn *v, usec now, const struct datagram *d)
{
	enum drop drop = DROP_NONE;

	if (d->via == VIA_ESP)
		drop = input_esp(v, d, now);
	else if (d->local.port == IKE_NATT_PORT)
		drop = input_natt(v, d, now);
	else if (d->local.port == IKE_PORT)
		ike_input(v->ike, now, d, false);
	else /* L2TP outside of ESP, above all */
		drop = DROP_SELECTOR;
	if (drop != DROP_NONE)
		node_drop(&v->env, d->remote, drop, d->len);
	settle(v, now);
}

void vpn_timer(struct vpn *v, usec now)
{
	ike_timer(v->ike, now);
	l2tp_timer(v->l2tp, now);
	links_timer(v, now);
	settle(v, now);
}

usec vpn_deadline(const struct vpn *v)
{
	usec ike = ike_deadline(v->ike), l2tp = l2tp_deadline(v->l2tp);

	return MIN(MIN(ike, l2tp), heap_deadline(&v->due));
}

bool vpn_done(const struct vpn *v)
{
	return v->client.done;
}

bool vpn_connected(const struct vpn *v, uint8_t cky_i[8])
{
	if (v->client.connected)
		memcpy(cky_i, v->client.cky_i, sizeof(v->client.cky_i));
	return v->client.connected;
}

void vpn_ask(struct vpn *v, const uint8_t cky_i[8], usec now)
{
	link_ask(v, cky_i, now);
	settle(v, now);
}
