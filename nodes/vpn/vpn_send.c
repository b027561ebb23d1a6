/* SPDX-License-Identifier: MIT */
/*
 * vpn_send.c - the way out: an L2TP message into UDP, ESP and, behind a NAT, UDP.
 */
#include "lab/base/packet.h"
#include "nodes/vpn/vpn_priv.h"

uint16_t vpn_l2tp_port(const struct vpn *v)
{
	return v->cfg.client ? v->client.l2tp_port : L2TP_PORT;
}

bool vpn_send_l2tp(struct vpn *v, struct vpn_peer *p, const struct l2tp_tx *tx, usec now)
{
	uint8_t udp[L2TP_DATA_MAX + 8];
	struct wr w = wr_new(udp, sizeof(udp));
	struct vpn_child *c = p->n_children ? p->children[p->n_children - 1] : NULL;
	struct datagram d = {.data = v->tx};

	if (!c)
		return false;
	/* The checksum is made with the addresses as this end knows them, like any host's. */
	wr_udp(&w, inet_ep(c->c.local.addr, vpn_l2tp_port(v)), inet_ep(c->c.remote.addr, tx->port),
	       tx->p, tx->len);
	assert(wr_ok(&w)); /* l2tp's messages are no longer than L2TP_DATA_MAX */
	d.len = esp_seal(&c->out, v->env.rng, IPPROTO_UDP_, udp, wr_len(&w), v->tx, sizeof(v->tx));
	bytes_wipe(udp, wr_len(&w)); /* it may hold a password */
	if (!d.len)
		return false;
	d.via = c->c.udp ? VIA_UDP : VIA_ESP;
	d.local = c->c.udp ? c->c.local : inet_ep(c->c.local.addr, 0);
	d.remote = c->c.udp ? c->c.remote : inet_ep(c->c.remote.addr, 0);
	v->env.send(v->env.ctx, &d);
	ike_sa_traffic(p->sa, true, now);
	return true;
}
