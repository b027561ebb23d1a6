/* SPDX-License-Identifier: MIT */
/*
 * sim.c - a network in memory.
 *
 * Theory of operation. A datagram that a node sends is carried to its end within the call: from
 * node to node by the scenario's routes, and at each node through the same stages as in Linux:
 * translation of the destination, routing, filter, translation of the source (nat_state.h). What a
 * link carries is written as a frame into a queue that frames() empties; what arrives waits in the
 * node's inbox for recv(). Time passes only by age().
 */
#include "lab/net/sim.h"

#include <stdlib.h>
#include <string.h>

#include "lab/base/packet.h"
#include "lab/net/faults.h"
#include "lab/net/nat_state.h"
#include "lab/topology/address_map.h"
#include "lab/topology/scenario_query.h"

#define PROTO_UDP 17
#define PROTO_ESP 50
#define TTL_START 64
#define MTU 1500
#define FRAME_MAX (14 + MTU)
#define INBOX_MAX 4096		  /* datagrams: about what a socket buffer holds */

struct packet_in {
	struct nat_packet ip;
	uint8_t ttl;
	const uint8_t *data;
	size_t len;
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
	struct nat_state *nat;
	struct inbox inbox[INBOXES];
	size_t n_waiting;
	bool open;
};

/* Of endpoint_open(). */
struct endpoint {
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
	VEC(struct endpoint) endpoints;
	int arrived; /* the endpoint to which a datagram of say() came, -1 none */
	struct inet_ep came_from;
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

/* ---- frames ---- */

/* Writes the frame and shows it. Returns its length; @frame has FRAME_MAX bytes. */
static size_t emit(struct net *net, const struct hop *hop, const struct packet_in *p,
		   uint8_t *frame)
{
	const struct iface *from = &net->s->ifaces[hop->out], *to = &net->s->ifaces[hop->in];
	uint8_t body[MTU];
	struct wr w = wr_new(frame, FRAME_MAX), b = wr_new(body, sizeof(body));

	if (p->ip.proto == PROTO_UDP)
		wr_udp(&b, p->ip.src, p->ip.dst, p->data, p->len);
	else
		wr_bytes(&b, p->data, p->len);
	wr_bytes(&w, to->mac, 6);
	wr_bytes(&w, from->mac, 6);
	wr_u16(&w, 0x0800);
	wr_ipv4(&w, p->ip.src.addr, p->ip.dst.addr, p->ip.proto, p->ttl, net->ip_id++, wr_len(&b));
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

static void note_arrival(struct net *net, unsigned node, const struct packet_in *p)
{
	for (size_t i = 0; i < net->endpoints.n; i++) {
		const struct endpoint *to = &net->endpoints.v[i];

		if (to->node == node && inet_ep_eq(to->own, p->ip.dst)) {
			net->arrived = (int)i;
			net->came_from = p->ip.src;
		}
	}
}

static void deliver(struct net *net, unsigned node, const struct packet_in *p)
{
	struct sim_node *n = &net->nodes[node];
	struct waiting *w = net->spare;
	struct inbox *in = &n->inbox[p->ip.proto != PROTO_UDP   ? INBOX_ESP
				     : p->ip.dst.port == 500 ? INBOX_IKE
							  : INBOX_NATT];

	if (net->endpoints.n)
		note_arrival(net, node, p);
	if (!n->open || n->n_waiting == INBOX_MAX)
		return;
	if (p->ip.proto == PROTO_UDP && p->ip.dst.port != 500 && p->ip.dst.port != 4500)
		return;
	if (w)
		net->spare = w->next;
	else
		w = arena_alloc(net->a, WAITING_SIZE);
	memcpy(w->data, p->data, p->len);
	w->d = (struct datagram){
		.via = p->ip.proto == PROTO_UDP ? VIA_UDP : VIA_ESP,
		.local = p->ip.dst,
		.remote = p->ip.src,
		.data = w->data,
		.len = p->len,
	};
	w->next = NULL;
	*in->last = w;
	in->last = &w->next;
	if (!n->n_waiting++)
		net->waiting[net->n_waiting++] = node;
}

static bool forwards(const struct node *n)
{
	return n->kind == KIND_ROUTER || n->kind == KIND_NAPT || n->kind == KIND_EIP;
}

/* A packet at a node, from interface p->ip.in or from the node itself (-1). False when its way ends
 * here. */
static bool pass(struct net *net, unsigned node, struct packet_in *p, struct hop *hop)
{
	struct nat_state *nat = net->nodes[node].nat;
	struct nat_packet *ip = &p->ip;
	struct nat_passage way;
	struct inet_addr via;
	bool own;
	int to;

	nat_state_arrive(nat, ip, &way);
	own = address_map_is_own(net->map, node, ip->dst.addr);
	ip->out = own ? -1 : address_map_route(net->map, node, ip->dst.addr, &via);
	if (ip->out < 0 && !own)
		return false;
	if (ip->in >= 0 && ip->out >= 0 && (!forwards(&net->s->nodes[node]) || --p->ttl == 0))
		return false;
	if (!nat_state_filter(nat, ip, &way) || !nat_state_leave(nat, ip, &way))
		return false;
	if (own) {
		deliver(net, node, p);
		return false;
	}
	/* No such neighbour: a kernel would ask for it by ARP in vain. */
	to = address_map_neighbour(net->map, (unsigned)ip->out, via);
	*hop = (struct hop){(unsigned)ip->out, (unsigned)to};
	return to >= 0;
}

/* ---- the backend ---- */

static struct net *sim_build(struct arena *a, const struct plan *p, struct err *e)
{
	struct net *net = arena_new_of(a, struct net);

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
		net->nodes[i].nat = nat_state_new(a, p->rules[i]);
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

static void carry(struct net *net, unsigned node, struct packet_in p);

/* On a bad link: what the frame's fate is. Each copy goes its own way. */
static void carry_badly(struct net *net, const struct hop *hop, const struct packet_in *p,
			const uint8_t *frame, size_t len)
{
	struct fate fate = faults_draw(net->faults, hop->out);
	struct packet_in there = *p;

	there.ip.in = (int)hop->in;
	for (unsigned i = 0; i < fate.copies; i++) {
		if (fate.delay[i])
			faults_hold(net->faults, hop->out, net->now + fate.delay[i], frame, len);
		else
			carry(net, net->s->ifaces[hop->in].node, there);
	}
}

/* A packet at a node, to the end of its way. */
static void carry(struct net *net, unsigned node, struct packet_in p)
{
	uint8_t frame[FRAME_MAX];

	struct hop hop;

	while (pass(net, node, &p, &hop)) {
		size_t len = emit(net, &hop, &p, frame);

		if (link_is_faulty(&net->s->links[net->s->ifaces[hop.out].link].faults)) {
			carry_badly(net, &hop, &p, frame, len);
			return;
		}
		p.ip.in = (int)hop.in;
		node = net->s->ifaces[hop.in].node;
	}
}

static int sim_endpoint_open(struct net *net, unsigned node, struct inet_ep own, struct err *e)
{
	(void)e;
	*vec_push(net->a, &net->endpoints) = (struct endpoint){node, own};
	return (int)net->endpoints.n - 1;
}

static int sim_say(struct net *net, int from, struct inet_ep to, struct inet_ep *seen)
{
	const struct endpoint *own = &net->endpoints.v[from];

	net->arrived = -1;
	carry(net, own->node, (struct packet_in){.ip = {PROTO_UDP, own->own, to, -1, -1},
						 .ttl = TTL_START});
	*seen = net->came_from;
	return net->arrived;
}

static void sim_endpoints_close(struct net *net)
{
	net->endpoints.n = 0;
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
			carry(net, net->s->ifaces[in].node,
			      (struct packet_in){{pkt.proto, pkt.src, pkt.dst, (int)in, -1},
						 pkt.ttl, pkt.payload, pkt.len});
	}
}

static bool sim_send(struct net *net, unsigned node, const struct datagram *d)
{
	struct packet_in p = {
		.ip = {d->via == VIA_UDP ? PROTO_UDP : PROTO_ESP, d->local, d->remote, -1, -1},
		.ttl = TTL_START,
		.data = d->data,
		.len = d->len,
	};

	if (d->len > MTU - 28)
		return false;
	if (p.ip.proto == PROTO_ESP)
		p.ip.src.port = p.ip.dst.port = 0;
	carry(net, node, p);
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
	for (size_t i = 0; i < net->s->n_nodes; i++)
		nat_state_age(net->nodes[i].nat, d);
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

static int sim_rules(struct net *net, unsigned node, const struct nat_rules *rules, bool forget,
		     struct err *e)
{
	return nat_state_replace(net->nodes[node].nat, rules, forget, e);
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
	(void)e;
	nat_state_print(net->nodes[node].nat, f);
	return 0;
}

static enum vm_plug sim_plug(struct net *n, unsigned node)
{
	(void)n;
	(void)node;
	return VM_ABSENT; /* refused before */
}

const struct net_ops net_sim = {
	.name = "sim",
	.refuses = sim_refuses,
	.build = sim_build,
	.free = sim_free,
	.endpoint_open = sim_endpoint_open,
	.say = sim_say,
	.endpoints_close = sim_endpoints_close,
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
	.rules = sim_rules,
	.ruleset = sim_ruleset,
	.conntrack = sim_conntrack,
};
