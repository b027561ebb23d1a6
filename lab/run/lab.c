/* SPDX-License-Identifier: MIT */
/*
 * lab.c - one scenario alive.
 *
 * Theory of operation. The lab's process holds every namespace, every socket and every node, and
 * runs them from one thread:
 *
 *	1. hand each datagram that lies in a socket to its node; what the node sends goes out at
 *	   once, and the taps are read after each datagram sent;
 *	2. when every socket is empty and no frame is on its way, the earliest deadline of all
 *	   nodes is what happens next: the clock jumps there (or, with --realtime, waits), and the
 *	   nodes whose deadline has come are told.
 *
 * The clock is virtual. It stands still while the machine computes, so that a busy machine says
 * the same as an idle one; each frame on a link takes LINK_DELAY, and a jump takes what it skips.
 * Before a jump the connection tracking of every router is aged by as much, because the kernel's
 * own clock did not jump.
 *
 * A jump needs certainty that nothing is in flight: a frame that left one end of a link must have
 * been seen at the other, and what a router took in must have left it or been counted as dropped.
 * On kernels where delivery is synchronous that is so at once. Elsewhere the lab waits in real
 * time (lab/os/in_flight.c).
 */
#include "lab/run/lab.h"

#include <string.h>

#include "lab/base/heap.h"
#include "lab/base/packet.h"
#include "lab/os/clock.h"
#include "lab/result/expect.h"
#include "lab/run/vm_watch.h"
#include "lab/run/output_dir.h"
#include "lab/net/nat_check.h"
#include "lab/net/net.h"
#include "lab/result/observe.h"
#include "lab/run/product_nodes.h"
#include "lab/topology/scenario_query.h"

#define LINK_DELAY (50 * (usec)1) /* what a frame takes to cross a link */
#define LAB_LIMIT (180 * SEC)	  /* the lab's own time, but for what clients are idle: longer
				     than any mode's patience */
#define DAEMON_LIMIT (30 * SEC)	  /* until a real product answers */
#define DAEMON_TICK (20 * MSEC)	  /* how often it is asked */
#define DIAL_AGAIN (5 * SEC)	  /* after a try that a virtual machine did not answer */
/* Events of a lab with a virtual machine, which may make as many as it likes: they bound the size
 * of events.jsonl. */
#define OTHERS_MAX 20000U
#define EVENTS_MAX 100000U
#define DATAGRAMS_MAX 4096U	  /* of one node at once: a virtual machine may flood it */
#define STEPS_MAX 2000000U	  /* a lab that spins is a bug, and ends */

struct lab;

/* A node that speaks. */
struct actor {
	struct lab *lab;
	const struct node *node;
	unsigned number; /* the node's index in the scenario */
	struct vpn *vpn;
	struct rng *rng;
	bool undecided; /* a client that has not come to its end */
	int machine;	/* the virtual machine that it dials, by number; -1: none */
	bool waits;	/* for that machine ... */
	usec since;	/* ... not before that time */
	bool again;	/* its outcome was silence, of a machine that may not be ready yet */
	unsigned tries;
};

struct lab {
	const struct lab_config *cfg;
	const struct scenario *s;
	struct arena *a;
	struct plan *plan;
	struct paths *paths; /* of this run's seed: who reaches whom */
	const struct net_ops *ops;
	struct net *net;
	struct watch *watch;
	struct observer *observer;
	uint32_t n_events;
	struct output_dir *keep; /* the scenario's files, or NULL */
	struct actor *actors;
	size_t n_actors, n_undecided, n_idle;
	usec limit; /* of the lab's own time */
	struct actor **actor_of; /* of each node; NULL: it does not speak */
	unsigned *ready;         /* room for every node */
	struct heap agenda;	 /* of @due */
	struct heap_item *due;	 /* of each actor; then of each actor that is to be asked */
	usec now;
	bool realtime;	   /* the clock does not jump */
	usec started;	   /* real time at 0 */
	struct product_nodes *real; /* the real products, or NULL */
	bool real_waits;   /* their clients, for virtual machines */
	struct vm_watch *guests; /* the virtual machines, or NULL */
	uint32_t frames;
	uint8_t buf[DATAGRAM_MAX];
};

/* ---- what comes out of nodes and taps ---- */

/* A machine can talk for hours: of what no verdict needs, and at last of all but outcomes. */
static bool is_too_many(const struct lab *lab, enum ev_kind kind)
{
	return lab->guests && kind != EV_OUTCOME &&
	       lab->n_events >= (kind == EV_OTHER ? OTHERS_MAX : EVENTS_MAX);
}

/* Numbers the event and hands it on; nothing here keeps it. */
static void take_event(struct lab *lab, const struct event *e)
{
	struct event ev = *e;

	if (is_too_many(lab, e->kind))
		return;
	ev.seq = ++lab->n_events;
	observe_event(lab->observer, &ev);
	if (lab->keep)
		output_dir_event(lab->keep, &ev);
}

static void on_wire_event(void *ctx, const struct event *e)
{
	take_event(ctx, e);
}

static void on_frame(void *ctx, const struct net_frame *f)
{
	struct lab *lab = ctx;
	const char *place = lab->s->links[f->link].name;

	if (lab->realtime)
		lab->now = clock_monotonic() - lab->started;
	else
		lab->now += LINK_DELAY;
	lab->frames++;
	if (lab->keep)
		output_dir_frame(lab->keep, f->link, lab->now, f->data, f->len);
	if (lab->guests)
		vm_watch_frame(lab->guests, f->link, f->data, f->len);
	watch_frame(lab->watch, place, LINKTYPE_ETHERNET_, lab->now, lab->frames, f->data, f->len);
}

static void on_send(void *ctx, const struct datagram *d)
{
	struct actor *actor = ctx;

	actor->lab->ops->clock(actor->lab->net, actor->lab->now);
	actor->lab->ops->send(actor->lab->net, actor->number, d);
	actor->lab->ops->frames(actor->lab->net, on_frame, actor->lab);
}

/* Is this the end of a try that was too early? A machine takes minutes to start, and its VPN server
 * comes last; until that has said a first word its silence is no outcome. */
static bool is_too_early(const struct actor *actor, const struct event *e)
{
	return e->kind == EV_OUTCOME && actor->machine >= 0 &&
	       ev_get_word(e, K_REASON) == REASON_NO_REPLY &&
	       !vm_watch_has_answered(actor->lab->guests, (unsigned)actor->machine);
}

static void on_node_event(void *ctx, const struct event *e)
{
	struct actor *actor = ctx;
	struct event ev = *e;

	if (is_too_early(actor, e)) {
		actor->again = true;
		return;
	}
	ev.t = actor->lab->now;
	ev.place = actor->node->name;
	ev.wire = false;
	take_event(actor->lab, &ev);
	if (ev.kind == EV_ALIVE)
		actor->lab->n_idle--;
}

/* ---- setting up ---- */

/* The virtual machine that this client dials, by number, or -1. */
static int machine_of(const struct lab *lab, const struct node *n)
{
	const struct node *server;

	if (n->kind != KIND_CLIENT || !n->dials.len)
		return -1;
	server = path_server(lab->paths, n);
	return server && server->vm ? (int)(server - lab->s->nodes) : -1;
}

/* Each node draws from a generator of its own: adding a node changes no other's bytes. */
static struct rng *actor_rng(struct lab *lab, const struct actor *actor)
{
	const char *again = actor->tries ? arena_printf(lab->a, "/%u", actor->tries) : "";

	return rng_new(lab->cfg->seed,
		       arena_printf(lab->a, "%s/%s/%s%s", lab->s->topology_name, lab->s->id,
				    actor->node->name, again));
}

static void make_vpn(struct lab *lab, struct actor *actor)
{
	const struct node *n = actor->node;
	struct node_env env = {.send = on_send, .event = on_node_event, .ctx = actor};
	const struct vpn_config cfg = {
		.name = n->name,
		.client = n->client,
		.server = n->server,
		.own = lab->s->ifaces[scenario_own(lab->s, n)].addr,
		.dials = n->dials,
		.registry = n->registry,
		.psk = n->psk,
		.user = n->user,
		.password = n->password,
		.pool = n->pool,
	};

	env.rng = actor->rng = actor_rng(lab, actor);
	actor->vpn = vpn_new(&cfg, &env);
}

static int start_actor(struct lab *lab, struct actor *actor, const struct node *n, struct err *e)
{
	*actor = (struct actor){
		.lab = lab,
		.node = n,
		.number = (unsigned)(n - lab->s->nodes),
		.undecided = n->kind == KIND_CLIENT,
		.machine = machine_of(lab, n),
	};
	actor->waits = actor->machine >= 0;
	lab->n_undecided += actor->undecided;
	lab->actor_of[actor->number] = actor;
	if (lab->ops->open(lab->net, actor->number,
			   lab->s->ifaces[scenario_own(lab->s, n)].addr, e))
		return -1;
	make_vpn(lab, actor);
	return 0;
}

static bool speaks(const struct node *n)
{
	return !n->run && !n->vm && (n->server || (n->client && n->dials.len));
}

static int start(struct lab *lab, struct err *e)
{
	const struct scenario *s = lab->s;
	const struct ev_sink sink = {.put = on_wire_event, .ctx = lab};
	size_t n = 0;

	lab->plan = plan_new(lab->a, s, lab->cfg->seed);
	lab->paths = paths_new(lab->a, s, lab->cfg->seed);
	lab->net = lab->ops->build(lab->a, lab->plan, e);
	if (!lab->net)
		return -1;
	if (nat_check(lab->ops, lab->net, lab->plan, e))
		return -1;
	if (lab->cfg->dir) {
		lab->keep = output_dir_new(lab->a, lab->cfg->dir, lab->plan,
					   lab->realtime ? clock_wall() : LAB_EPOCH, e);
		if (!lab->keep)
			return -1;
	}
	lab->watch = watch_new(lab->a, &sink);
	for (size_t i = 0; i < s->n_nodes; i++)
		n += speaks(&s->nodes[i]);
	lab->actors = arena_array_of(lab->a, n, struct actor);
	lab->actor_of = arena_array_of(lab->a, s->n_nodes, struct actor *);
	lab->ready = arena_array_of(lab->a, s->n_nodes, unsigned);
	lab->due = arena_array_of(lab->a, 2 * n, struct heap_item);
	for (size_t i = 0; i < 2 * n; i++)
		lab->due[i].order = i;
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (!speaks(&s->nodes[i]))
			continue;
		if (start_actor(lab, &lab->actors[lab->n_actors], &s->nodes[i], e))
			return -1;
		lab->n_actors++;
	}
	return 0;
}

/* ---- real products ---- */

static void on_real_event(void *ctx, const struct node *n, const struct event *e)
{
	struct actor as_actor = {.lab = ctx, .node = n, .machine = -1};

	on_node_event(&as_actor, e);
}

/* Starts them and waits until all answer; frames are read meanwhile. */
static int start_real(struct lab *lab, struct err *e)
{
	const struct real_config cfg = {
		.s = lab->s,
		.ops = lab->ops,
		.net = lab->net,
		.folder = lab->cfg->real,
		.dir = lab->cfg->dir,
		.event = on_real_event,
		.ctx = lab,
	};
	bool ready = false;

	lab->started = clock_monotonic();
	if (!product_nodes_any(lab->s))
		return 0;
	lab->real = product_nodes_start(lab->a, &cfg, e);
	if (!lab->real)
		return -1;
	while (!ready) {
		if (product_nodes_poll(lab->real, &ready, e))
			return -1;
		if (lab->now > DAEMON_LIMIT)
			return err_set(e, ERR_FAILED, "a real product does not answer after %d s",
				       (int)(DAEMON_LIMIT / SEC));
		lab->ops->wait(lab->net, DAEMON_TICK);
		lab->now = clock_monotonic() - lab->started;
		lab->ops->frames(lab->net, on_frame, lab);
	}
	lab->real_waits = true;
	return 0;
}

static bool all_decided(const struct lab *lab)
{
	return !lab->n_undecided && !lab->n_idle &&
	       (!lab->real || product_nodes_decided(lab->real)) &&
	       (!lab->guests || vm_watch_decided(lab->guests));
}

/* ---- virtual machines ---- */

static void start_guests(struct lab *lab)
{
	const struct guests_config cfg = {
		.s = lab->s,
		.ops = lab->ops,
		.net = lab->net,
		.watch = lab->watch,
		.paths = lab->paths,
		.tell = lab->cfg->tell,
		.event = on_real_event,
		.ctx = lab,
	};

	lab->guests = vm_watch_new(lab->a, &cfg);
	if (lab->guests)
		lab->limit = lab->cfg->wait ? lab->now + lab->cfg->wait : USEC_NEVER;
}

static void explain_undecided(const struct lab *lab, struct scenario_result *r)
{
	for (unsigned i = 0; i < r->n_connections; i++) {
		struct connection *c = &r->connections[i];

		if (c->outcome != OUTCOME_UNDECIDED)
			continue;
		c->why_undecided = vm_watch_lack(lab->guests, c->client);
		if (!c->why_undecided && c->server >= 0)
			c->why_undecided = vm_watch_lack(lab->guests, (unsigned)c->server);
	}
}

/* Was the run told to stop? */
static bool is_stopped(const struct lab *lab)
{
	return lab->cfg->stop && atomic_load(lab->cfg->stop);
}

/* ---- the loop ---- */

/* The embedded server that a client has reached, or NULL. */
static struct actor *server_of(const struct lab *lab, const struct actor *client)
{
	const struct node *server = path_server(lab->paths, client->node);

	return server ? lab->actor_of[server - lab->s->nodes] : NULL;
}

/*
 * A client with `idle` is left alone for that long once it is connected. Then the server asks for
 * it, as somebody in the office would who wants something of that machine: whether the way inwards
 * is still open is what a client that asks by itself never finds out. In the agenda its number
 * stands behind those of all actors.
 */
static void begin_idle(struct lab *lab, struct actor *actor)
{
	uint8_t cky_i[8];

	if (!actor->node->idle || !vpn_connected(actor->vpn, cky_i) || !server_of(lab, actor))
		return;
	lab->n_idle++;
	heap_set(&lab->agenda, &lab->due[lab->n_actors + (size_t)(actor - lab->actors)],
		 lab->now + actor->node->idle);
}

/* After each call of a core: what is different now. */
static void after_call(struct lab *lab, struct actor *actor)
{
	struct heap_item *due = &lab->due[actor - lab->actors];

	heap_set(&lab->agenda, due, vpn_deadline(actor->vpn));
	if (actor->again) {
		actor->again = false;
		actor->waits = true;
		actor->since = lab->now + DIAL_AGAIN;
		heap_set(&lab->agenda, due, USEC_NEVER);
		return;
	}
	if (actor->undecided && vpn_done(actor->vpn)) {
		actor->undecided = false;
		lab->n_undecided--;
		begin_idle(lab, actor);
	}
}

static void end_idle(struct lab *lab, unsigned client)
{
	struct actor *actor = &lab->actors[client], *server = server_of(lab, actor);
	uint8_t cky_i[8];

	heap_set(&lab->agenda, &lab->due[lab->n_actors + client], USEC_NEVER);
	if (vpn_connected(actor->vpn, cky_i))
		vpn_ask(server->vpn, cky_i, lab->now);
	after_call(lab, server);
}

/* Hands over every datagram that lies in a socket. */
static bool deliver(struct lab *lab)
{
	size_t n = lab->ops->ready(lab->net, lab->ready);

	for (size_t i = 0; i < n; i++) {
		struct actor *actor = lab->actor_of[lab->ready[i]];
		unsigned room = DATAGRAMS_MAX;
		struct datagram d;

		while (room-- && lab->ops->recv(lab->net, actor->number, &d, lab->buf,
						sizeof(lab->buf)))
			vpn_input(actor->vpn, lab->now, &d);
		after_call(lab, actor);
	}
	return n > 0;
}

static usec earliest_deadline(const struct lab *lab)
{
	usec net = lab->ops->deadline(lab->net), due = heap_deadline(&lab->agenda);

	return MIN(net, due);
}

/* Those that are due now. What is due by the time that this takes has its turn afterwards, when
 * what was sent has arrived. */
static void run_timers(struct lab *lab)
{
	const usec due = lab->now;

	for (size_t i = 0; i < 2 * lab->n_actors && heap_deadline(&lab->agenda) <= due; i++) {
		unsigned who = (unsigned)heap_first(&lab->agenda)->order;

		if (who >= lab->n_actors) {
			end_idle(lab, who - (unsigned)lab->n_actors);
			continue;
		}
		vpn_timer(lab->actors[who].vpn, lab->now);
		after_call(lab, &lab->actors[who]);
	}
}

/* One after the other, each heard before the next begins: a thousand first messages at once would
 * overflow the server's socket. */
static void begin(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_actors; i++) {
		if (lab->actors[i].waits)
			continue;
		vpn_start(lab->actors[i].vpn, lab->now);
		after_call(lab, &lab->actors[i]);
		deliver(lab);
	}
}

/* Those that wait for a virtual machine dial once it is there, and again while it is silent. */
static void dial_machines(struct lab *lab)
{
	bool all_there = true;

	for (size_t i = 0; i < lab->n_actors; i++) {
		struct actor *actor = &lab->actors[i];

		if (!actor->waits || lab->now < actor->since ||
		    !vm_watch_is_there(lab->guests, (unsigned)actor->machine))
			continue;
		actor->waits = false;
		if (actor->tries++) {
			vpn_free(actor->vpn);
			rng_free(actor->rng);
			make_vpn(lab, actor);
		}
		vpn_start(actor->vpn, lab->now);
		after_call(lab, actor);
		deliver(lab);
	}
	for (unsigned i = 0; lab->real_waits && i < lab->s->n_nodes; i++)
		all_there &=
			lab->s->nodes[i].kind != KIND_SERVER || vm_watch_is_there(lab->guests, i);
	if (lab->real_waits && all_there) {
		lab->real_waits = false;
		product_nodes_dial(lab->real);
	}
}

/* Frames that a bad link held back until now go on. */
static void release(struct lab *lab)
{
	if (lab->ops->deadline(lab->net) > lab->now)
		return;
	lab->ops->clock(lab->net, lab->now);
	lab->ops->release(lab->net);
	lab->ops->frames(lab->net, on_frame, lab);
}

/* Waits until nothing is on its way, which the backend in the end says of what has vanished too.
 * False: a datagram came meanwhile. */
static bool settle(struct lab *lab)
{
	for (;;) {
		lab->ops->frames(lab->net, on_frame, lab);
		if (lab->ops->quiet(lab->net))
			return true;
		lab->ops->wait(lab->net, MSEC);
		if (deliver(lab))
			return false;
	}
}

static int advance(struct lab *lab, usec to, struct err *e)
{
	if (lab->realtime) {
		usec now = clock_monotonic() - lab->started;
		bool ready;

		if (lab->real && product_nodes_poll(lab->real, &ready, e))
			return -1;

		if (lab->keep)
			output_dir_flush(lab->keep);
		if (to > now)
			lab->ops->wait(lab->net, to - now);
		lab->now = clock_monotonic() - lab->started;
		lab->ops->frames(lab->net, on_frame, lab);
		return 0;
	}
	if (to > lab->now) {
		if (lab->ops->age(lab->net, to - lab->now, e))
			return -1;
		lab->now = to;
	}
	return 0;
}

static int loop(struct lab *lab, struct err *e)
{
	begin(lab);
	for (unsigned steps = 0; steps < STEPS_MAX; steps += !lab->guests) {
		usec next;

		dial_machines(lab);
		if (is_stopped(lab))
			return 0;

		if (deliver(lab))
			continue;
		if (!lab->realtime && !settle(lab))
			continue;
		if (deliver(lab))
			continue;
		next = earliest_deadline(lab);
		if (lab->guests)
			vm_watch_poll(lab->guests, lab->now);
		if (lab->real || lab->guests)
			next = MIN(next, lab->now + DAEMON_TICK);
		if (all_decided(lab) || next > lab->limit)
			return 0;
		if (advance(lab, next, e))
			return -1;
		release(lab);
		run_timers(lab);
	}
	return err_set(e, ERR_FAILED, "the lab does not come to rest: %u steps, stopped",
		       STEPS_MAX);
}

/* ---- the end ---- */

static void give_secrets(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_actors; i++)
		output_dir_secrets(lab->keep, lab->actors[i].vpn);
}

static void stop(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_actors; i++) {
		vpn_free(lab->actors[i].vpn);
		rng_free(lab->actors[i].rng);
	}
	heap_free(&lab->agenda);
	product_nodes_stop(lab->real);
	if (lab->net)
		lab->ops->free(lab->net);
}

int lab_run(const struct lab_config *cfg, struct scenario_result *r)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();
	struct lab *lab = arena_new_of(a, struct lab);
	int status;

	*lab = (struct lab){.cfg = cfg, .s = cfg->scenario, .a = a, .ops = cfg->backend};
	lab->observer = observe_new(a, lab->s, r);
	lab->realtime = cfg->realtime || product_nodes_any(lab->s) || scenario_has_vm(lab->s);
	lab->limit = LAB_LIMIT;
	for (size_t i = 0; i < lab->s->n_nodes; i++)
		lab->limit = MAX(lab->limit, LAB_LIMIT + lab->s->nodes[i].idle);
	status = start(lab, &r->error);
	if (!status)
		status = start_real(lab, &r->error);
	if (!status) {
		start_guests(lab);
		status = loop(lab, &r->error);
	}
	if (!status && lab->guests)
		vm_watch_end(lab->guests, lab->now);
	if (!status) {
		observe_end(lab->observer, lab->watch);
		explain_undecided(lab, r);
		expect_judge(lab->s, r);
		r->lasted = lab->now;
		r->frames = lab->frames;
		r->events = lab->n_events;
		r->lost = (uint32_t)lab->ops->lost(lab->net);
	}
	if (!status && lab->keep) {
		give_secrets(lab);
		status = output_dir_finish(lab->keep, lab->ops, lab->net, &r->error);
	}
	r->ran = !status;
	if (cfg->ready)
		cfg->ready(cfg->ctx);
	stop(lab);
	return status;
}
