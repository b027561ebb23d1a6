/* SPDX-License-Identifier: MIT */
/*
 * sim.c - a network in memory.
 *
 * Theory of operation. A datagram that a node sends is carried to its end within the call: from
 * node to node by the scenario's routes, and at each node through the same stages as in Linux:
 * connection tracking with translation of the destination, routing, filter, translation of the
 * source. What a link carries is written as a frame into a queue that frames() empties; what
 * arrives waits in the node's inbox for recv().
 *
 * Connection tracking is Linux' as far as it shows: an entry is made by the first packet that
 * gets through, knows both directions, and lives as long as it is used, with the timeouts of the
 * node's ruleset. Time passes only by age().
 */
#include "lab/net/sim.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/packet.h"
#include "lab/net/faults.h"
#include "lab/plan/napt_ports.h"
#include "lab/topology/address_map.h"
#include "lab/topology/scenario_query.h"

#define PROTO_UDP 17
#define PROTO_ESP 50
#define TTL_START 64
#define MTU 1500
#define FRAME_MAX (14 + MTU)
#define INBOX_MAX 4096		  /* datagrams: about what a socket buffer holds */
#define OTHER_TIMEOUT (600 * SEC) /* nf_conntrack_generic_timeout */

struct packet_in {
	uint8_t proto, ttl;
	struct inet_ep src, dst; /* ports are 0 unless UDP */
	const uint8_t *data;
	size_t len;
};

/* A tracked connection. The reply's addresses are what this node lets the other side see. */
struct track {
	uint8_t proto;
	struct inet_ep src, dst;
	struct inet_ep reply_src, reply_dst;
	bool replied;
	usec left;
};

/* An element of a NAPT's set `open` (nft_ruleset.c): who inside has sent, and where its filter
 * cares, to which address. */
struct opening {
	struct inet_ep inside;
	struct inet_addr peer;
	usec left;
};

struct waiting {
	struct waiting *next;
	struct datagram d;
	uint8_t data[];
};

/* What waits in a socket. */
struct inbox {
	struct waiting *first, **last;
};

/* In the order in which a host looks at its sockets. */
enum { INBOX_IKE, INBOX_NATT, INBOX_ESP, INBOXES };

struct sim_node {
	VEC(struct track) tracks;
	VEC(struct opening) open_to;
	const struct napt_table *map; /* of a NAPT */
	struct inbox inbox[INBOXES];
	size_t n_waiting;
	bool open;
};

/* An endpoint of hear_open(). */
struct ear {
	unsigned node;
	struct inet_ep own;
};

/* From a node to the next: the interface by which a packet leaves, and the one that it comes to. */
struct hop {
	unsigned out, in;
};

struct queued_frame {
	unsigned link;
	size_t at, len;
};

struct net {
	const struct scenario *s;
	struct arena *a;
	struct address_map *map;
	struct sim_node *nodes;
	VEC(struct queued_frame) frames;
	VEC(uint8_t) bytes;
	unsigned *waiting; /* nodes for which something waits, each once; room for all */
	size_t n_waiting;
	uint16_t ip_id;
	struct waiting *spare; /* inbox entries to use again, all of one size */
	struct faults *faults; /* NULL: every link is good */
	VEC(struct ear) ears;
	int heard; /* the ear that a datagram of say() came to, -1 none */
	struct inet_ep heard_from;
	usec now;
};

#define WAITING_SIZE (sizeof(struct waiting) + MTU)

static const char *sim_refuses(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].nft)
			return "a node has nft rules of its own, which only the kernel understands";
	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].run)
			return "a node runs a real product, which needs a namespace";
	if (scenario_has_vm(s))
		return "a node is a virtual machine, which lives in real time and needs a real "
		       "network";
	return NULL;
}

/* ---- tracking ---- */

static bool tracks(const struct node *n)
{
	return n->kind == KIND_NAPT || n->kind == KIND_EIP || n->has_allow;
}

static usec timeout_of(const struct node *n, uint8_t proto)
{
	return proto == PROTO_UDP ? udp_timeout(n) : OTHER_TIMEOUT;
}

/* The connection of a packet, and which way it goes. */
static struct track *find_track(struct sim_node *n, const struct packet_in *p, bool *reply)
{
	for (size_t i = 0; i < n->tracks.n; i++) {
		struct track *t = &n->tracks.v[i];

		if (t->proto != p->proto)
			continue;
		*reply = false;
		if (inet_ep_eq(t->src, p->src) && inet_ep_eq(t->dst, p->dst))
			return t;
		*reply = true;
		if (inet_ep_eq(t->reply_src, p->src) && inet_ep_eq(t->reply_dst, p->dst))
			return t;
	}
	return NULL;
}

static bool reply_taken(const struct sim_node *n, uint8_t proto, struct inet_ep src,
			struct inet_ep dst)
{
	for (size_t i = 0; i < n->tracks.n; i++) {
		const struct track *t = &n->tracks.v[i];

		if (t->proto == proto && inet_ep_eq(t->reply_src, src) &&
		    inet_ep_eq(t->reply_dst, dst))
			return true;
	}
	return false;
}

/* ---- translation ---- */

static const struct eip_map *eip_by(const struct node *n, struct inet_addr addr, bool outside)
{
	for (size_t i = 0; i < n->n_map; i++)
		if (inet_addr_eq(outside ? n->map[i].outside : n->map[i].inside, addr))
			return &n->map[i];
	return NULL;
}

/* Does a NAPT let in more than answers? */
static bool lets_in(const struct node *n)
{
	return n->kind == KIND_NAPT && n->filtering != DEPENDS_ADDRESS_AND_PORT;
}

static struct opening *find_opening(const struct node *n, struct sim_node *sn,
				    struct inet_ep inside, struct inet_addr peer)
{
	for (size_t i = 0; i < sn->open_to.n; i++) {
		struct opening *o = &sn->open_to.v[i];

		if (inet_ep_eq(o->inside, inside) &&
		    (n->filtering == DEPENDS_NOT || inet_addr_eq(o->peer, peer)))
			return o;
	}
	return NULL;
}

/* `update @open`: somebody inside sends. */
static void open_up(struct net *net, unsigned node, struct inet_ep inside, struct inet_addr peer)
{
	const struct node *n = &net->s->nodes[node];
	struct sim_node *sn = &net->nodes[node];
	struct opening *o = find_opening(n, sn, inside, peer);

	if (!o)
		o = vec_push(net->a, &sn->open_to);
	*o = (struct opening){inside, peer, udp_timeout(n)};
}

static bool is_outside_addr(const struct scenario *s, const struct node *n, struct inet_addr addr)
{
	return inet_addr_eq(s->ifaces[n->outside].addr, addr);
}

/* Where a new connection goes that comes to a NAT. */
static struct inet_ep new_destination(const struct scenario *s, const struct node *n,
				      const struct sim_node *sn, int in, const struct packet_in *p)
{
	bool from_outside = in >= 0 && (unsigned)in == n->outside;
	const struct napt_mapping *owner;
	const struct eip_map *m;
	const struct forward *f;

	if (n->kind == KIND_EIP && from_outside) {
		m = eip_by(n, p->dst.addr, true);
		return m ? inet_ep(m->inside, p->dst.port) : p->dst;
	}
	if (n->kind != KIND_NAPT || in < 0 || !(from_outside || n->hairpin) ||
	    p->proto != PROTO_UDP || !is_outside_addr(s, n, p->dst.addr))
		return p->dst;
	f = napt_forward(n, p->proto, p->dst.port);
	if (f)
		return inet_ep(f->to, p->dst.port);
	owner = lets_in(n) ? napt_find_back(sn->map, p->dst) : NULL;
	return owner ? owner->inside : p->dst;
}

/* Where a new connection's source goes when it leaves a NAT through the outside, or comes back in
 * by its outside address. */
static struct inet_ep new_source(const struct scenario *s, const struct node *n,
				 const struct sim_node *sn, const struct packet_in *p)
{
	const struct napt_mapping *mapped;
	const struct eip_map *m;
	const struct forward *f;
	struct inet_ep out = p->src;

	if (n->kind == KIND_EIP) {
		m = eip_by(n, p->src.addr, false);
		if (m)
			out.addr = m->outside;
		return out;
	}
	out.addr = s->ifaces[n->outside].addr;
	f = napt_forward(n, p->proto, p->src.port);
	if (f && inet_addr_eq(f->to, p->src.addr))
		return out;
	mapped = p->proto == PROTO_UDP ? napt_find(sn->map, p->src, p->dst) : NULL;
	if (mapped)
		return mapped->outside;
	/* masquerade: the same port when it is free, else the next one that is */
	while (p->proto == PROTO_UDP && reply_taken(sn, p->proto, p->dst, out))
		out.port = out.port == UINT16_MAX ? 1024 : (uint16_t)(out.port + 1);
	return out;
}

/* ---- frames ---- */

/* Writes the frame and shows it. Returns its length; @frame has FRAME_MAX bytes. */
static size_t emit(struct net *net, const struct hop *hop, const struct packet_in *p,
		   uint8_t *frame)
{
	const struct iface *from = &net->s->ifaces[hop->out], *to = &net->s->ifaces[hop->in];
	uint8_t body[MTU];
	struct wr w = wr_new(frame, FRAME_MAX), b = wr_new(body, sizeof(body));

	if (p->proto == PROTO_UDP)
		wr_udp(&b, p->src, p->dst, p->data, p->len);
	else
		wr_bytes(&b, p->data, p->len);
	wr_bytes(&w, to->mac, 6);
	wr_bytes(&w, from->mac, 6);
	wr_u16(&w, 0x0800);
	wr_ipv4(&w, p->src.addr, p->dst.addr, p->proto, p->ttl, net->ip_id++, wr_len(&b));
	wr_bytes(&w, body, wr_len(&b));
	assert(wr_ok(&w) && wr_ok(&b));
	*vec_push(net->a, &net->frames) = (struct queued_frame){
		.link = from->link,
		.at = net->bytes.n,
		.len = wr_len(&w),
	};
	while (net->bytes.cap < net->bytes.n + wr_len(&w))
		net->bytes.v = vec_grow(net->a, net->bytes.v, 1, net->bytes.n, &net->bytes.cap);
	memcpy(net->bytes.v + net->bytes.n, frame, wr_len(&w));
	net->bytes.n += wr_len(&w);
	return wr_len(&w);
}

/* ---- a node on the way ---- */

static void hear(struct net *net, unsigned node, const struct packet_in *p)
{
	for (size_t i = 0; i < net->ears.n; i++) {
		if (net->ears.v[i].node == node && inet_ep_eq(net->ears.v[i].own, p->dst)) {
			net->heard = (int)i;
			net->heard_from = p->src;
		}
	}
}

static void deliver(struct net *net, unsigned node, const struct packet_in *p)
{
	struct sim_node *n = &net->nodes[node];
	struct waiting *w = net->spare;
	struct inbox *in = &n->inbox[p->proto != PROTO_UDP   ? INBOX_ESP
				     : p->dst.port == 500 ? INBOX_IKE
							  : INBOX_NATT];

	if (net->ears.n)
		hear(net, node, p);
	if (!n->open || n->n_waiting == INBOX_MAX)
		return;
	if (p->proto == PROTO_UDP && p->dst.port != 500 && p->dst.port != 4500)
		return;
	if (w)
		net->spare = w->next;
	else
		w = arena_alloc(net->a, WAITING_SIZE);
	memcpy(w->data, p->data, p->len);
	w->d = (struct datagram){
		.via = p->proto == PROTO_UDP ? VIA_UDP : VIA_ESP,
		.local = p->dst,
		.remote = p->src,
		.data = w->data,
		.len = p->len,
	};
	w->next = NULL;
	*in->last = w;
	in->last = &w->next;
	if (!n->n_waiting++)
		net->waiting[net->n_waiting++] = node;
}

static bool allowed(const struct node *n, const struct packet_in *p)
{
	for (size_t i = 0; i < n->n_allow; i++) {
		const struct allow *e = &n->allow[i];

		if (e->proto == p->proto && (p->proto != PROTO_UDP || (p->dst.port >= e->port_lo &&
								       p->dst.port <= e->port_hi)))
			return true;
	}
	return false;
}

/* The rulesets' filters (nft_ruleset.c). @out: the interface it would leave by; -1 to the node. */
static bool filter_passes(struct net *net, unsigned node, int in, int out, bool established,
			  bool translated, const struct packet_in *p)
{
	const struct node *n = &net->s->nodes[node];
	bool from_outside = in >= 0 && (unsigned)in == n->outside;
	bool to_outside = out >= 0 && (unsigned)out == n->outside;

	if (established)
		return true;
	switch (n->kind) {
	case KIND_NAPT:
		if (!translated)
			return !from_outside;
		return napt_forward(n, p->proto, p->dst.port) ||
		       find_opening(n, &net->nodes[node], p->dst, p->src.addr);
	case KIND_EIP:
		if (out < 0)
			return !from_outside;
		if (from_outside)
			return translated;
		return !to_outside || eip_by(n, p->src.addr, false);
	case KIND_CLIENT:
	case KIND_SERVER:
	case KIND_HOST:
	case KIND_VM:
		return !n->has_allow || allowed(n, p);
	case KIND_ROUTER:
	case KINDS:
		return true;
	}
	return true;
}

static bool forwards(const struct node *n)
{
	return n->kind == KIND_ROUTER || n->kind == KIND_NAPT || n->kind == KIND_EIP;
}

static bool is_nat(const struct node *n)
{
	return n->kind == KIND_NAPT || n->kind == KIND_EIP;
}

/* From inside to an outside endpoint of a machine inside (RFC 4787 6). */
static bool comes_back(const struct node *n, int in, bool translated)
{
	return n->hairpin && translated && (unsigned)in != n->outside;
}

/* A packet at a node, from interface @in or from the node itself (-1). False when its way ends
 * here. */
static bool pass(struct net *net, unsigned node, int in, struct packet_in *p, struct hop *hop)
{
	const struct node *n = &net->s->nodes[node];
	struct sim_node *sn = &net->nodes[node];
	struct inet_ep src = p->src, dst = p->dst;
	bool reply = false, translated = false, established;
	struct track *t = tracks(n) ? find_track(sn, p, &reply) : NULL;
	struct inet_addr via;
	int out, to;
	bool own;

	if (t)
		p->dst = reply ? t->src : t->reply_src;
	else
		p->dst = new_destination(net->s, n, sn, in, p);
	translated = !inet_ep_eq(p->dst, dst);
	established = t && (reply || t->replied);
	own = address_map_is_own(net->map, node, p->dst.addr);
	out = own ? -1 : address_map_route(net->map, node, p->dst.addr, &via);
	if (out < 0 && !own)
		return false;
	if (in >= 0) {
		if (out >= 0 && (!forwards(n) || --p->ttl == 0))
			return false;
		if (!filter_passes(net, node, in, out, established, translated, p))
			return false;
	}
	if (in >= 0 && out >= 0 && lets_in(n) && p->proto == PROTO_UDP &&
	    ((unsigned)out == n->outside || comes_back(n, in, translated)))
		open_up(net, node, p->src, p->dst.addr);
	if (t)
		p->src = reply ? t->dst : t->reply_dst;
	else if (is_nat(n) && in >= 0 && out >= 0 &&
		 ((unsigned)out == n->outside || comes_back(n, in, translated)))
		p->src = new_source(net->s, n, sn, p);
	if (!t && tracks(n)) {
		t = vec_push(net->a, &sn->tracks);
		*t = (struct track){
			.proto = p->proto,
			.src = src,
			.dst = dst,
			.reply_src = p->dst,
			.reply_dst = p->src,
		};
	}
	if (t) {
		t->left = timeout_of(n, t->proto);
		t->replied |= reply;
	}
	if (out < 0) {
		deliver(net, node, p);
		return false;
	}
	/* No such neighbour: a kernel would ask for it by ARP in vain. */
	to = address_map_neighbour(net->map, (unsigned)out, via);
	*hop = (struct hop){(unsigned)out, (unsigned)to};
	return to >= 0;
}

/* ---- the door ---- */

static struct net *sim_build(struct arena *a, const struct plan *p, struct err *e)
{
	struct net *net = arena_new_of(a, struct net);
	struct napt_tables *tables = napt_tables_new(a, p->s, p->seed);

	(void)e;
	net->s = p->s;
	net->a = a;
	net->map = address_map_new(a, p->s);
	net->faults = faults_new(a, p->s, p->seed);
	net->nodes = arena_array_of(a, p->s->n_nodes, struct sim_node);
	net->waiting = arena_array_of(a, p->s->n_nodes, unsigned);
	for (unsigned i = 0; i < p->s->n_nodes; i++) {
		for (unsigned k = 0; k < INBOXES; k++)
			net->nodes[i].inbox[k].last = &net->nodes[i].inbox[k].first;
		if (p->s->nodes[i].kind == KIND_NAPT)
			net->nodes[i].map = napt_table(tables, i);
	}
	return net;
}

static void sim_free(struct net *net)
{
	(void)net; /* the arena's */
}

static int sim_open(struct net *net, unsigned node, struct inet_addr own, struct err *e)
{
	(void)own;
	(void)e;
	net->nodes[node].open = true;
	return 0;
}

static void carry(struct net *net, unsigned node, int in, struct packet_in p);

/* On a bad link: what the frame's fate is. Each copy goes its own way. */
static void carry_badly(struct net *net, const struct hop *hop, const struct packet_in *p,
			const uint8_t *frame, size_t len)
{
	struct fate fate = faults_draw(net->faults, hop->out);

	for (unsigned i = 0; i < fate.copies; i++) {
		if (fate.delay[i])
			faults_hold(net->faults, hop->out, net->now + fate.delay[i], frame, len);
		else
			carry(net, net->s->ifaces[hop->in].node, (int)hop->in, *p);
	}
}

/* A packet at a node, to the end of its way. */
static void carry(struct net *net, unsigned node, int in, struct packet_in p)
{
	uint8_t frame[FRAME_MAX];

	struct hop hop;

	while (pass(net, node, in, &p, &hop)) {
		size_t len = emit(net, &hop, &p, frame);

		if (link_is_faulty(&net->s->links[net->s->ifaces[hop.out].link].faults)) {
			carry_badly(net, &hop, &p, frame, len);
			return;
		}
		in = (int)hop.in;
		node = net->s->ifaces[hop.in].node;
	}
}

static int sim_hear_open(struct net *net, unsigned node, struct inet_ep own, struct err *e)
{
	(void)e;
	*vec_push(net->a, &net->ears) = (struct ear){node, own};
	return (int)net->ears.n - 1;
}

static int sim_say(struct net *net, int from, struct inet_ep to, struct inet_ep *seen)
{
	const struct ear *ear = &net->ears.v[from];

	net->heard = -1;
	carry(net, ear->node, -1,
	      (struct packet_in){.proto = PROTO_UDP, .ttl = TTL_START, .src = ear->own, .dst = to});
	*seen = net->heard_from;
	return net->heard;
}

static void sim_hear_close(struct net *net)
{
	net->ears.n = 0;
	net->frames.n = 0;
	net->bytes.n = 0;
}

static void sim_clock(struct net *net, usec now)
{
	net->now = now;
}

static usec sim_deadline(struct net *net)
{
	return faults_deadline(net->faults);
}

/* The interface on the link of @from that has this MAC. */
static unsigned iface_with_mac(const struct scenario *s, unsigned from, const uint8_t mac[6])
{
	const struct link *l = &s->links[s->ifaces[from].link];
	size_t i = 0;

	while (memcmp(s->ifaces[l->ifaces[i]].mac, mac, 6) != 0)
		i++;
	return l->ifaces[i];
}

static void sim_release(struct net *net)
{
	const uint8_t *data;
	unsigned iface;
	size_t len;

	while (faults_take(net->faults, net->now, &iface, &data, &len)) {
		unsigned in = iface_with_mac(net->s, iface, data);
		uint8_t frame[FRAME_MAX];
		struct packet pkt;

		/* The queue's own copy may be overwritten while this one is on its way. */
		memcpy(frame, data, len);
		if (packet_parse(&pkt, LINKTYPE_ETHERNET_, frame, len))
			carry(net, net->s->ifaces[in].node, (int)in,
			      (struct packet_in){pkt.proto, pkt.ttl, pkt.src, pkt.dst, pkt.payload,
						 pkt.len});
	}
}

static bool sim_send(struct net *net, unsigned node, const struct datagram *d)
{
	struct packet_in p = {
		.proto = d->via == VIA_UDP ? PROTO_UDP : PROTO_ESP,
		.ttl = TTL_START,
		.src = d->local,
		.dst = d->remote,
		.data = d->data,
		.len = d->len,
	};

	if (d->len > MTU - 28)
		return false;
	if (p.proto == PROTO_ESP)
		p.src.port = p.dst.port = 0;
	carry(net, node, -1, p);
	return true;
}

static int by_number(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

static size_t sim_ready(struct net *net, unsigned *v)
{
	if (net->n_waiting) {
		memcpy(v, net->waiting, net->n_waiting * sizeof(*v));
		qsort(v, net->n_waiting, sizeof(*v), by_number);
	}
	return net->n_waiting;
}

static void forget_waiting(struct net *net, unsigned node)
{
	size_t i = 0;

	while (net->waiting[i] != node)
		i++;
	net->waiting[i] = net->waiting[--net->n_waiting];
}

static bool sim_recv(struct net *net, unsigned node, struct datagram *d, uint8_t *buf, size_t size)
{
	struct sim_node *n = &net->nodes[node];
	struct inbox *in = n->inbox;
	struct waiting *w;

	if (!n->n_waiting)
		return false;
	while (!in->first)
		in++;
	w = in->first;
	in->first = w->next;
	if (!in->first)
		in->last = &in->first;
	if (!--n->n_waiting)
		forget_waiting(net, node);
	*d = w->d;
	d->len = MIN(d->len, size);
	memcpy(buf, w->data, d->len);
	d->data = buf;
	w->next = net->spare;
	net->spare = w;
	return true;
}

static void sim_frames(struct net *net, void (*frame)(void *ctx, const struct net_frame *f),
		       void *ctx)
{
	for (size_t i = 0; i < net->frames.n; i++) {
		const struct queued_frame *q = &net->frames.v[i];
		const struct net_frame f = {q->link, net->bytes.v + q->at, q->len};

		frame(ctx, &f);
	}
	net->frames.n = 0;
	net->bytes.n = 0;
}

static bool sim_quiet(struct net *net)
{
	(void)net;
	return true;
}

static void sim_wait(struct net *net, usec timeout)
{
	(void)net;
	(void)timeout;
	assert(!"the simulator has no real time");
}

static int sim_age(struct net *net, usec d, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < net->s->n_nodes; i++) {
		struct sim_node *n = &net->nodes[i];
		size_t kept = 0;

		for (size_t k = 0; k < n->tracks.n; k++) {
			n->tracks.v[k].left -= d;
			if (n->tracks.v[k].left > 0)
				n->tracks.v[kept++] = n->tracks.v[k];
		}
		n->tracks.n = kept;
		kept = 0;
		for (size_t k = 0; k < n->open_to.n; k++) {
			n->open_to.v[k].left -= d;
			if (n->open_to.v[k].left > 0)
				n->open_to.v[kept++] = n->open_to.v[k];
		}
		n->open_to.n = kept;
	}
	return 0;
}

static size_t sim_lost(struct net *net)
{
	(void)net;
	return 0;
}

static int sim_enter(struct net *net, int node, struct err *e)
{
	(void)net;
	(void)node;
	(void)e;
	assert(!"the simulator has no namespaces");
	return -1;
}

static int sim_ruleset(struct net *net, unsigned node, FILE *f, struct err *e)
{
	(void)net;
	(void)node;
	(void)e;
	fputs("# simulated: the kernel was not asked; plan.sh has the rules\n", f);
	return 0;
}

static int sim_conntrack(struct net *net, unsigned node, FILE *f, struct err *e)
{
	const struct sim_node *n = &net->nodes[node];

	(void)e;
	for (size_t i = 0; i < n->tracks.n; i++) {
		const struct track *t = &n->tracks.v[i];

		fprintf(f,
			"%s %u %lld src=%s dst=%s sport=%u dport=%u %ssrc=%s dst=%s sport=%u "
			"dport=%u\n",
			t->proto == PROTO_UDP ? "udp" : "esp", t->proto,
			(long long)((t->left + SEC - 1) / SEC), INET_ADDR(t->src.addr),
			INET_ADDR(t->dst.addr), t->src.port, t->dst.port,
			t->replied ? "" : "[UNREPLIED] ", INET_ADDR(t->reply_src.addr),
			INET_ADDR(t->reply_dst.addr), t->reply_src.port, t->reply_dst.port);
	}
	return 0;
}

static enum vm_plug sim_plug(struct net *n, unsigned node)
{
	(void)n;
	(void)node;
	return VM_NOBODY; /* refused before */
}

const struct net_ops net_sim = {
	.name = "sim",
	.refuses = sim_refuses,
	.build = sim_build,
	.free = sim_free,
	.hear_open = sim_hear_open,
	.say = sim_say,
	.hear_close = sim_hear_close,
	.open = sim_open,
	.clock = sim_clock,
	.deadline = sim_deadline,
	.release = sim_release,
	.send = sim_send,
	.ready = sim_ready,
	.recv = sim_recv,
	.frames = sim_frames,
	.quiet = sim_quiet,
	.wait = sim_wait,
	.age = sim_age,
	.lost = sim_lost,
	.enter = sim_enter,
	.plug = sim_plug,
	.ruleset = sim_ruleset,
	.conntrack = sim_conntrack,
};
