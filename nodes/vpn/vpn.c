/* SPDX-License-Identifier: MIT */
#include "nodes/vpn/vpn_priv.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/packet.h"
#include "nodes/crypto/crypto.h"

static void tell_drop(struct vpn *v, struct inet_ep from, enum drop drop, size_t len)
{
	struct event e = ev_drop(from, drop, len);

	v->env.event(v->env.ctx, &e);
}

/* ---- secrets ---- */

static void keep_isakmp_secret(struct vpn *v, const struct ike_sa *sa)
{
	struct isakmp_secret s;

	if (v->isakmp_secrets.n < VPN_SECRETS && ike_sa_wireshark(sa, s.cky_i, s.key, &s.key_len))
		*vec_push(v->arena, &v->isakmp_secrets) = s;
}

static void keep_esp_secret(struct vpn *v, const struct ike_child *c, bool in)
{
	struct esp_secret s = {
		.src = in ? c->remote.addr : c->local.addr,
		.dst = in ? c->local.addr : c->remote.addr,
		.spi = in ? c->spi_in : c->spi_out,
		.cipher = c->cipher,
		.auth = c->auth,
		.key_len = cipher_key_len(c->cipher, c->keybits),
		.auth_key_len = hash_len(c->auth),
	};

	memcpy(s.key, in ? c->key_in : c->key_out, KEY_MAX);
	memcpy(s.auth_key, in ? c->auth_in : c->auth_out, KEY_MAX);
	if (v->esp_secrets.n < VPN_SECRETS)
		*vec_push(v->arena, &v->esp_secrets) = s;
}

void vpn_each_secret(const struct vpn *v, const struct vpn_secrets *out)
{
	for (size_t i = 0; i < v->isakmp_secrets.n; i++) {
		const struct isakmp_secret *s = &v->isakmp_secrets.v[i];

		out->isakmp(out->ctx, s->cky_i, s->key, s->key_len);
	}
	for (size_t i = 0; i < v->esp_secrets.n; i++) {
		const struct esp_secret *s = &v->esp_secrets.v[i];

		out->esp(out->ctx, s->src, s->dst, s->spi, s->cipher, s->key, s->key_len, s->auth,
			 s->auth_key, s->auth_key_len);
	}
}

/* ---- peers and their SAs ---- */

static struct vpn_peer *peer_of(struct vpn *v, const struct ike_sa *sa)
{
	for (struct vpn_peer *p = v->peers; p; p = p->next)
		if (p->sa == sa)
			return p;
	return NULL;
}

static void child_end(struct vpn_peer *p, size_t i)
{
	struct vpn_child *c = &p->children[i];

	esp_sa_wipe(&c->in);
	esp_sa_wipe(&c->out);
	bytes_wipe(&c->c, sizeof(c->c));
	p->n_children--;
	memmove(c, c + 1, (p->n_children - i) * sizeof(*c));
}

static void child_new(struct vpn_peer *p, const struct ike_child *c)
{
	struct vpn_child *to;

	if (p->n_children == VPN_CHILDREN)
		child_end(p, 0);
	to = &p->children[p->n_children++];
	to->c = *c;
	esp_sa_init(&to->in, c->spi_in, c->cipher, c->keybits, c->key_in, c->auth, c->auth_in);
	esp_sa_init(&to->out, c->spi_out, c->cipher, c->keybits, c->key_out, c->auth, c->auth_out);
}

static void peer_end(struct vpn *v, struct vpn_peer *p, usec now)
{
	p->sa = NULL;
	v->ended = true;
	l2tp_forget(v->l2tp, p, now);
	while (p->n_children)
		child_end(p, p->n_children - 1);
	if (v->client.peer == p)
		v->client.peer = NULL;
}

static void on_phase1_up(void *ctx, struct ike_sa *sa, usec now)
{
	struct vpn *v = ctx;
	struct vpn_peer *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->sa = sa;
	p->next = v->peers;
	v->peers = p;
	keep_isakmp_secret(v, sa);
	if (v->cfg.client)
		client_phase1_up(v, p, now);
}

static void on_child_up(void *ctx, struct ike_sa *sa, const struct ike_child *c, usec now)
{
	struct vpn *v = ctx;
	struct vpn_peer *p = peer_of(v, sa);
	uint32_t former;

	assert(p);
	former = p->n_children ? p->children[p->n_children - 1].c.spi_in : 0;
	child_new(p, c);
	keep_esp_secret(v, c, true);
	keep_esp_secret(v, c, false);
	if (v->cfg.client)
		client_child_up(v, p, former, now);
}

static void on_child_down(void *ctx, struct ike_sa *sa, uint32_t spi_in, usec now)
{
	struct vpn_peer *p = peer_of(ctx, sa);

	(void)now;
	for (size_t i = 0; p && i < p->n_children; i++) {
		if (p->children[i].c.spi_in == spi_in) {
			child_end(p, i);
			return;
		}
	}
}

static void on_down(void *ctx, struct ike_sa *sa, enum reason reason, usec now)
{
	struct vpn *v = ctx;
	struct vpn_peer *p = peer_of(v, sa);

	if (p)
		peer_end(v, p, now);
	if (!v->cfg.client || sa != v->client.sa)
		return;
	v->client.sa = NULL;
	client_down(v, reason);
}

/* The peer's NAT gave it another port: its ESP goes there too (RFC 3947 7). */
static void peer_moved(struct vpn_peer *p, struct inet_ep remote)
{
	for (size_t i = 0; i < p->n_children; i++)
		if (p->children[i].c.udp)
			p->children[i].c.remote = remote;
}

static void on_moved(void *ctx, struct ike_sa *sa, struct inet_ep remote, usec now)
{
	struct vpn_peer *p = peer_of(ctx, sa);

	(void)now;
	if (p)
		peer_moved(p, remote);
}

/* ---- ESP ---- */

static uint16_t l2tp_port(const struct vpn *v)
{
	return v->cfg.client ? v->client.l2tp_port : L2TP_PORT;
}

bool vpn_send_l2tp(struct vpn *v, struct vpn_peer *p, const struct l2tp_tx *tx, usec now)
{
	uint8_t udp[L2TP_DATA_MAX + 8];
	struct wr w = wr_new(udp, sizeof(udp));
	struct vpn_child *c = p->n_children ? &p->children[p->n_children - 1] : NULL;
	struct datagram d = {.data = v->tx};

	if (!c)
		return false;
	/* The checksum is made with the addresses as this end knows them, like any host's. */
	wr_udp(&w, inet_ep(c->c.local.addr, l2tp_port(v)), inet_ep(c->c.remote.addr, tx->port),
	       tx->p, tx->len);
	assert(wr_ok(&w)); /* l2tp's messages are no longer than L2TP_DATA_MAX */
	d.len = esp_seal(&c->out, v->env.rng, IPPROTO_UDP_, udp, wr_len(&w), v->tx, sizeof(v->tx));
	if (!d.len)
		return false;
	d.via = c->c.udp ? VIA_UDP : VIA_ESP;
	d.local = c->c.udp ? c->c.local : inet_ep(c->c.local.addr, 0);
	d.remote = c->c.udp ? c->c.remote : inet_ep(c->c.remote.addr, 0);
	v->env.send(v->env.ctx, &d);
	ike_sa_traffic(p->sa, true, now);
	return true;
}

static struct vpn_child *child_by_spi(struct vpn *v, uint32_t spi, struct vpn_peer **owner)
{
	for (struct vpn_peer *p = v->peers; p; p = p->next) {
		for (size_t i = 0; i < p->n_children; i++) {
			if (p->children[i].c.spi_in == spi) {
				*owner = p;
				return &p->children[i];
			}
		}
	}
	return NULL;
}

/* What the SA was negotiated for: UDP between L2TP's ports (RFC 3193 4). */
static bool selected(const struct vpn *v, const struct ike_child *c, const struct esp_udp *udp)
{
	return udp->dst == l2tp_port(v) && (!c->port_local || udp->dst == c->port_local) &&
	       (!c->port_remote || udp->src == c->port_remote);
}

/* Replies go where authentic packets come from (RFC 3947 7); only what is newest may move them, or
 * a packet delayed on the old path would move them back. */
static void follow(struct vpn_peer *p, const struct vpn_child *c, const struct datagram *d,
		   uint32_t seq)
{
	struct natd_seen seen;

	if (c->c.udp && seq == c->in.seq && !inet_ep_eq(d->remote, c->c.remote) &&
	    ike_sa_nat(p->sa, &seen) && seen.peer_behind_nat)
		peer_moved(p, d->remote);
}

static enum drop input_esp(struct vpn *v, const struct datagram *d, usec now)
{
	struct esp_opened o;
	struct vpn_child *c;
	struct vpn_peer *p;
	struct esp_udp udp;
	enum drop drop;
	uint32_t spi;

	if (!esp_peek_spi(d->data, d->len, &spi) || d->len > sizeof(v->rx))
		return DROP_SHORT;
	c = child_by_spi(v, spi, &p);
	if (!c) {
		ike_unknown_spi(v->ike, now, d, spi);
		return DROP_UNKNOWN_SPI;
	}
	if (c->c.udp != (d->via == VIA_UDP))
		return DROP_SELECTOR;
	memcpy(v->rx, d->data, d->len);
	drop = esp_open(&c->in, v->rx, d->len, &o);
	if (drop != DROP_NONE)
		return drop;
	ike_sa_traffic(p->sa, false, now);
	if (v->cfg.server)
		follow(p, c, d, o.seq);
	if (o.next != IPPROTO_UDP_)
		return DROP_SELECTOR;
	drop = esp_udp_open(o.p, o.len, d->remote.addr, d->local.addr, c->c.udp, &udp);
	if (drop != DROP_NONE)
		return drop;
	if (!selected(v, &c->c, &udp))
		return DROP_SELECTOR;
	l2tp_input(v->l2tp, p, inet_ep(d->remote.addr, udp.src), udp.p, udp.len, now);
	return DROP_NONE;
}

/* ---- PPP on L2TP ---- */

static void on_frame(void *ctx, const uint8_t *frame, size_t len, usec now)
{
	struct vpn_link *link = ctx;

	if (link->session)
		l2tp_send(link->v->l2tp, link->session, frame, len, now);
}

static void tell_alive(struct vpn *v, const uint8_t cky_i[8], bool alive, enum reason why)
{
	struct event e = ev_new(EV_ALIVE);

	ev_hex(&e, K_CKY_I, cky_i, 8);
	ev_bool(&e, K_ALIVE, alive);
	if (!alive)
		ev_word(&e, K_WHY, why);
	v->env.event(v->env.ctx, &e);
}

/* What was asked is answered, or never will be. */
static void answer(struct vpn_link *link, bool alive)
{
	if (!link->asked)
		return;
	link->asked = false;
	tell_alive(link->v, link->cky_i, alive, REASON_NO_ANSWER);
}

static void on_authenticated(void *ctx, usec now)
{
	struct vpn_link *link = ctx;

	(void)now;
	if (link->v->cfg.client)
		link->v->client.reached = MAX(link->v->client.reached, REACHED_PPP);
}

static void on_echoed(void *ctx, usec now)
{
	struct vpn_link *link = ctx;

	on_authenticated(ctx, now); /* where nobody asked: LCP carries frames both ways */
	answer(link, true);
	link->v->client.echoed = true;
}

static void on_unanswered(void *ctx, usec now)
{
	(void)now;
	answer(ctx, false);
}

static void on_finished(void *ctx, usec now)
{
	struct vpn_link *link = ctx;

	(void)now;
	answer(link, false);
	link->finished = link->v->ended = true;
}

static void on_session_up(void *ctx, struct l2tp_session *s, usec now)
{
	struct vpn *v = ctx;
	struct vpn_link *link = calloc(1, sizeof(*link));
	const struct ppp_hooks hooks = {on_frame,      on_authenticated, on_echoed,
					on_unanswered, on_finished,	 link};
	const struct ppp_config ppp = {
		.lcp = v->cfg.client ? &v->cfg.client->lcp : &v->cfg.server->lcp,
		.auth = v->cfg.client ? v->cfg.client->auth : v->cfg.server->auth,
		.server = v->cfg.server != NULL,
		.chap_wordless = v->cfg.server && v->cfg.server->chap_wordless,
		.name = v->cfg.server ? v->cfg.server->l2tp.host : NULL,
		.who = {v->cfg.user, v->cfg.password},
	};
	const struct vpn_peer *p = l2tp_peer(s);

	if (!link)
		abort();
	*link = (struct vpn_link){.next = v->links, .v = v, .session = s};
	memcpy(link->cky_i, ike_sa_cky_i(p->sa), sizeof(link->cky_i));
	link->ppp = ppp_new(&ppp, &v->env, &hooks);
	v->links = link;
	s->user = link;
	if (v->cfg.client)
		v->client.reached = MAX(v->client.reached, REACHED_L2TP);
	ppp_start(link->ppp, now);
}

static void on_session_data(void *ctx, struct l2tp_session *s, const uint8_t *p, size_t len,
			    usec now)
{
	struct vpn *v = ctx;
	struct vpn_link *link = s->user;
	enum drop drop = ppp_input(link->ppp, p, len, now);

	if (drop != DROP_NONE)
		tell_drop(v, inet_ep((struct inet_addr){0}, 0), drop, len);
}

static void on_session_down(void *ctx, struct l2tp_session *s, usec now)
{
	struct vpn_link *link = s->user;
	struct vpn *v = ctx;

	(void)now;
	answer(link, false);
	if (v->cfg.client && ppp_failure(link->ppp))
		client_down(v, ppp_failure(link->ppp)); /* before what L2TP makes of it */
	link->session = NULL;
	v->ended = true;
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

static void reap_links(struct vpn *v, bool all)
{
	struct vpn_link **at = &v->links, *link;

	while ((link = *at)) {
		if (link->session && !all) {
			at = &link->next;
			continue;
		}
		*at = link->next;
		ppp_free(link->ppp);
		free(link);
	}
}

static void reap_peers(struct vpn *v, bool all)
{
	struct vpn_peer **at = &v->peers, *p;

	while ((p = *at)) {
		if (p->sa && !all) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		while (p->n_children)
			child_end(p, p->n_children - 1);
		free(p);
	}
}

static void close_finished(struct vpn *v, usec now)
{
	for (struct vpn_link *link = v->links; link; link = link->next) {
		if (!link->finished || !link->session)
			continue;
		if (v->cfg.client)
			client_down(v, ppp_failure(link->ppp) ? ppp_failure(link->ppp)
							      : REASON_PPP_FAILED);
		l2tp_close(v->l2tp, link->session, now);
	}
}

/* A server has thousands of peers, and after most datagrams none of them has ended. */
static void settle(struct vpn *v, usec now)
{
	if (v->ended)
		close_finished(v, now);
	if (v->cfg.client)
		client_settle(v, now);
	if (!v->ended)
		return;
	v->ended = false;
	reap_links(v, false);
	reap_peers(v, false);
}

/* ---- the door ---- */

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
	v->arena = arena_new();
	v->ike = ike_new(&ike, env, &ike_hooks);
	v->l2tp = l2tp_new(&l2tp, env, &l2tp_hooks);
	return v;
}

void vpn_free(struct vpn *v)
{
	if (!v)
		return;
	reap_links(v, true);
	reap_peers(v, true);
	l2tp_free(v->l2tp);
	ike_free(v->ike);
	arena_free(v->arena);
	free(v);
}

void vpn_start(struct vpn *v, usec now)
{
	if (v->cfg.client)
		client_start(v, now);
	settle(v, now);
}

void vpn_stop(struct vpn *v, usec now)
{
	for (struct vpn_link *link = v->links; v->cfg.client && link; link = link->next)
		ppp_stop(link->ppp, now);
	if (v->cfg.client)
		client_stop(v, now);
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
		tell_drop(v, d->remote, drop, d->len);
	settle(v, now);
}

void vpn_timer(struct vpn *v, usec now)
{
	ike_timer(v->ike, now);
	l2tp_timer(v->l2tp, now);
	for (struct vpn_link *link = v->links; link; link = link->next)
		if (link->session && ppp_deadline(link->ppp) <= now)
			ppp_timer(link->ppp, now);
	settle(v, now);
}

usec vpn_deadline(const struct vpn *v)
{
	usec at = MIN(ike_deadline(v->ike), l2tp_deadline(v->l2tp));

	for (const struct vpn_link *link = v->links; link; link = link->next)
		at = MIN(at, ppp_deadline(link->ppp));
	return at;
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
	struct vpn_link *link = v->links;

	while (link && (memcmp(link->cky_i, cky_i, sizeof(link->cky_i)) != 0 || !link->session ||
			!ppp_is_open(link->ppp)))
		link = link->next;
	if (link) {
		link->asked = true;
		ppp_ask(link->ppp, now);
	} else {
		tell_alive(v, cky_i, false, REASON_NO_SESSION);
	}
	settle(v, now);
}
