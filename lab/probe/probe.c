/* SPDX-License-Identifier: MIT */
#include "lab/probe/probe.h"

#include <string.h>

#include "lab/base/packet.h"
#include "nodes/ike/ike.h"

#define PACKET_MAX 2048
#define NOTIFY_ERRORS_END 16384 /* types below are errors (RFC 2408 3.14.1) */

struct exchange_probe {
	struct probe *p;
	struct client_mode mode; /* the row, with the times of a probe */
	struct ike *ike;
	unsigned sent;
	bool first[2];   /* messages 1 and 3 went out */
	enum reason end; /* REASON_NONE while it goes on */
	uint8_t cky_i[8];
	uint16_t notify; /* the last error told in clear; 0 none */
	bool ike2;       /* answered in IKEv2 */
};

struct probe {
	struct arena *a;
	struct node_env env;
	struct inet_ep local, server;
	struct watch *watch;
	uint32_t frames;
	bool heard;
	usec now;
	struct exchange_probe x[PROBES];
};

/* Gives the watch a datagram as a frame: the report is made of what was on the wire. */
static void record(struct probe *p, struct inet_ep src, struct inet_ep dst, const uint8_t *data,
		 size_t len)
{
	uint8_t udp[PACKET_MAX], ip[PACKET_MAX + 20];
	struct wr u = wr_new(udp, sizeof(udp)), w = wr_new(ip, sizeof(ip));

	if (src.addr.len != 4)
		return;
	wr_udp(&u, src, dst, data, len);
	wr_ipv4(&w, src.addr, dst.addr, IPPROTO_UDP_, 64, 0, wr_len(&u));
	wr_bytes(&w, udp, wr_len(&u));
	if (wr_ok(&w) && wr_ok(&u))
		watch_frame(p->watch, "here", LINKTYPE_RAW_, p->now, ++p->frames, ip, wr_len(&w));
}

/* Packets that are kept back for messages 1 and 3 that have not gone out yet. */
static unsigned reserved(const struct probe *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PROBES; i++)
		if (!p->x[i].end)
			n += 2u - p->x[i].first[0] - p->x[i].first[1];
	return n;
}

/* A message that was lost goes out again as long as no other one needs the packet. */
static void on_send(void *ctx, const struct datagram *d)
{
	struct exchange_probe *x = ctx;
	struct rd r = rd_new(d->data, d->len);
	const uint8_t *cky_i = rd_bytes(&r, 8, NULL);
	bool third = rd_u64(&r, NULL) != 0; /* the server's cookie is known */

	if (!cky_i || (x->first[third] && probe_sent(x->p) + reserved(x->p) >= PROBE_PACKETS))
		return;
	x->first[third] = true;
	x->sent++;
	memcpy(x->cky_i, cky_i, sizeof(x->cky_i));
	record(x->p, d->local, d->remote, d->data, d->len);
	x->p->env.send(x->p->env.ctx, d);
}

static void on_event(void *ctx, const struct event *e)
{
	struct exchange_probe *x = ctx;

	if (e->kind == EV_NOTIFY && !ev_get_bool(e, K_SENT))
		x->notify = (uint16_t)ev_get_u(e, K_NOTIFY);
	x->p->env.event(x->p->env.ctx, e);
}

static void on_down(void *ctx, struct ike_sa *sa, enum reason reason, usec now)
{
	struct exchange_probe *x = ctx;

	(void)sa;
	(void)now;
	if (!x->end)
		x->end = reason;
}

/* The row of Windows; or the same proposals without vendor IDs by which a server knows it. */
static void make_mode(struct client_mode *m, enum probe_as as)
{
	static const struct retry once = {
		.n = 1, .at_ms = {1000}, .give_up_ms = PROBE_TIMEOUT / MSEC};

	*m = *mode_client("windows-10");
	m->main_retry = m->later_retry = once;
	if (as == PROBE_WINDOWS)
		return;
	m->n_vids = 1;
	m->vids[0] = (struct vid_rule){.vid = VID_RFC3947};
}

struct probe *probe_new(struct arena *a, struct inet_ep local, struct inet_ep server,
			const struct node_env *env)
{
	struct probe *p = arena_new_of(a, struct probe);
	const struct ev_sink nowhere = {0};

	*p = (struct probe){.a = a, .env = *env, .local = local, .server = server};
	p->watch = watch_new(a, &nowhere);
	watch_keep(p->watch);
	for (unsigned i = 0; i < PROBES; i++) {
		struct exchange_probe *x = &p->x[i];
		const struct node_env own = {
			.rng = env->rng, .send = on_send, .event = on_event, .ctx = x};
		const struct ike_hooks hooks = {.down = on_down, .ctx = x};
		const struct ike_config cfg = {
			.initiator = true,
			.client = &x->mode,
			.own = local.addr,
			.own_port = local.port,
			.peer = server,
			.probe = true,
			.psk = "",
		};

		x->p = p;
		make_mode(&x->mode, i);
		x->ike = ike_new(&cfg, &own, &hooks);
	}
	return p;
}

void probe_free(struct probe *p)
{
	for (unsigned i = 0; i < PROBES; i++)
		ike_free(p->x[i].ike);
}

void probe_start(struct probe *p, usec now)
{
	p->now = now;
	for (unsigned i = 0; i < PROBES; i++)
		ike_dial(p->x[i].ike, now);
}

/* The exchange that a message names by its first cookie. */
static struct exchange_probe *named_by(const struct probe *p, const uint8_t *data, size_t len)
{
	for (unsigned i = 0; i < PROBES; i++)
		if (len >= ISAKMP_HEADER_LEN && !memcmp(data, p->x[i].cky_i, 8))
			return (struct exchange_probe *)&p->x[i];
	return NULL;
}

bool probe_knows(const struct probe *p, const uint8_t *data, size_t len)
{
	return named_by(p, data, len) != NULL;
}

bool probe_heard(const struct probe *p)
{
	return p->heard;
}

/* A server of IKEv2 alone may say so in a header of its own version (RFC 7296 2.5). */
static void note_version(struct probe *p, const struct datagram *d)
{
	struct exchange_probe *x = named_by(p, d->data, d->len);
	struct rd r = rd_new(d->data, d->len);
	struct isakmp_header h;

	if (x && isakmp_header_parse(&h, &r) && h.version >> 4 == 2)
		x->ike2 = true;
}

void probe_input(struct probe *p, usec now, const struct datagram *d)
{
	p->now = now;
	if (!inet_addr_eq(d->remote.addr, p->server.addr))
		return;
	p->heard = true;
	note_version(p, d);
	record(p, d->remote, d->local, d->data, d->len);
	/* Each knows its own cookies and passes over the other's. */
	for (unsigned i = 0; i < PROBES; i++)
		if (!p->x[i].end)
			ike_input(p->x[i].ike, now, d, false);
}

void probe_timer(struct probe *p, usec now)
{
	p->now = now;
	for (unsigned i = 0; i < PROBES; i++)
		ike_timer(p->x[i].ike, now);
}

usec probe_deadline(const struct probe *p)
{
	usec t = USEC_NEVER;

	for (unsigned i = 0; i < PROBES; i++)
		if (!p->x[i].end)
			t = MIN(t, ike_deadline(p->x[i].ike));
	return t;
}

bool probe_done(const struct probe *p)
{
	return p->x[PROBE_WINDOWS].end && p->x[PROBE_PLAIN].end;
}

unsigned probe_sent(const struct probe *p)
{
	return p->x[PROBE_WINDOWS].sent + p->x[PROBE_PLAIN].sent;
}

/* ---- judgement ---- */

static const struct exchange *exchange_of(const struct probe *p, const uint8_t cky_i[8])
{
	struct exchange *const *v;
	size_t n = watch_exchanges(p->watch, &v);

	for (size_t i = 0; i < n; i++)
		if (!memcmp(v[i]->cky_i, cky_i, 8) && v[i]->mm[4].seen)
			return v[i];
	for (size_t i = 0; i < n; i++)
		if (!memcmp(v[i]->cky_i, cky_i, 8) && v[i]->mm[2].seen)
			return v[i];
	return NULL;
}

/* Is hash @i of the list that of an address and port in this exchange? */
static bool made_of(const struct exchange *x, const struct natd_list *l, size_t i,
		    struct inet_ep ep)
{
	return natd_made_of((enum ike_hash)x->hash, x->cky_i, x->cky_r, l, i, ep);
}

static bool any_made_of(const struct exchange *x, const struct natd_list *l, size_t from,
			struct inet_ep ep)
{
	return natd_any_made_of((enum ike_hash)x->hash, x->cky_i, x->cky_r, l, from, ep);
}

static bool copied(const struct exchange *x)
{
	return natd_among(&x->natd3, 0, &x->natd4, 1);
}

/* The second hash, towards a client that looks like Microsoft's. */
static enum hash_class class_of_own(const struct probe *p, const struct exchange *x)
{
	struct inet_ep zero_port = inet_ep(p->server.addr, 0);
	struct inet_ep zero_addr = inet_ep(inet_v4(0), p->server.port);

	if (x->natd4.n < 2)
		return CLASS_UNKNOWN;
	if (copied(x))
		return CLASS_COPIED;
	if (any_made_of(x, &x->natd4, 1, p->server))
		return CLASS_EXACT;
	if (any_made_of(x, &x->natd4, 1, zero_port) || any_made_of(x, &x->natd4, 1, zero_addr))
		return CLASS_FAKED;
	return CLASS_UNKNOWN;
}

/* RFC 1918, RFC 6598, RFC 3927: addresses that no packet in the internet has. */
static bool is_inside(struct inet_addr a)
{
	return a.len == 4 &&
	       (a.b[0] == 10 || (a.b[0] == 172 && a.b[1] >> 4 == 1) ||
		(a.b[0] == 192 && a.b[1] == 168) || (a.b[0] == 100 && a.b[1] >> 6 == 1) ||
		(a.b[0] == 169 && a.b[1] == 254));
}

/* What is true of the server, by what it says when it does not copy. */
static void judge_server(const struct probe *p, const struct exchange *plain,
			 struct probe_result *out)
{
	/* Port 0 with the address that was dialled: it has that address, and only pretends. */
	bool pretends = any_made_of(plain, &plain->natd4, 1, inet_ep(p->server.addr, 0));

	/* Address 0.0.0.0 hides it. */
	out->server_known = !any_made_of(plain, &plain->natd4, 1,
					 inet_ep(inet_v4(0), p->server.port));
	out->server_behind_nat_truly =
		!pretends && !any_made_of(plain, &plain->natd4, 1, p->server);
}

/* What is true of ourselves, by the first hash of either answer. */
static void judge_self(const struct probe *p, const struct exchange *w,
		       const struct exchange *plain, struct probe_result *out)
{
	bool ours = made_of(w, &w->natd4, 0, p->local) ||
		    (plain && made_of(plain, &plain->natd4, 0, p->local));

	/* Port 0 with the address that we have: no NAT changed it, the server forges the hash. */
	bool pretends = made_of(w, &w->natd4, 0, inet_ep(p->local.addr, 0));

	out->peer_hash = pretends			      ? CLASS_FAKED
			 : made_of(w, &w->natd4, 0, p->local) ? CLASS_EXACT
							      : CLASS_UNKNOWN;
	if (ours || pretends) {
		out->self_known = true;
		return;
	}
	/*
	 * It fits no address that we know: there is a NAT on our side, or the server forges it. No
	 * known product hashes its own address exactly and forges its peer's; and a private address
	 * that reaches a public one has been translated, whatever the server says.
	 */
	out->self_behind_nat = (is_inside(p->local.addr) && !is_inside(p->server.addr)) ||
			       (w->natd4.n && out->server_hash == CLASS_EXACT);
	out->self_known = out->self_behind_nat;
}

void probe_judge(const struct probe *p, struct probe_result *out)
{
	const struct known known[] = {{.ep = p->server}, {.ep = p->local}};
	const struct exchange *w, *plain;

	*out = (struct probe_result){0};
	for (unsigned i = 0; i < PROBES; i++) {
		const struct exchange *x = exchange_of(p, p->x[i].cky_i);

		out->end[i] = p->x[i].end ? p->x[i].end : REASON_NO_REPLY;
		out->x[i] = x;
		out->notify[i] = p->x[i].notify;
		out->ike2 |= p->x[i].ike2;
		if (!x)
			continue;
		if (!out->notify[i] && x->notify && x->notify < NOTIFY_ERRORS_END)
			out->notify[i] = x->notify;
		natd_judge(x, known, ARRAY_LEN(known), NULL, NULL, &out->j[i]);
		out->answered[i] = x->mm[4].seen;
	}
	w = out->answered[PROBE_WINDOWS] ? out->x[PROBE_WINDOWS] : NULL;
	plain = out->answered[PROBE_PLAIN] ? out->x[PROBE_PLAIN] : NULL;
	for (int v = 0; v < GATE_VALUES; v++)
		out->home[v].result = out->public_client[v].result = WINDOWS_UNKNOWN;
	if (plain && plain->natd4.n >= 2)
		judge_server(p, plain, out);
	if (!w)
		return;
	out->server_hash = class_of_own(p, w);
	out->copies = out->server_hash == CLASS_COPIED;
	/* A server without NAT-D says nothing of NAT, and Windows has nothing against it. */
	out->server_behind_nat = w->natd4.n >= 2 && !out->copies && out->server_hash != CLASS_EXACT;
	judge_self(p, w, plain, out);
	for (int v = 0; v < GATE_VALUES; v++) {
		out->home[v] = windows_verdict(v, true, out->server_behind_nat);
		/* A server that hashes port 0 for itself does so for the client. From behind a NAT
		 * of ours only the former can be seen. */
		out->public_client[v] = windows_verdict(
			v, out->server_hash == CLASS_FAKED || out->peer_hash == CLASS_FAKED,
			out->server_behind_nat);
	}
}

/* ---- for a replay ---- */

/*
 * natd_judge() takes message 3's first hash for that of the dialled address; here it is random. So
 * what the server's hashes are is said by what they are made of, and by nothing else. @own_known:
 * its own address was among what was tried.
 */
static void class_anew(const struct exchange *x, bool own_known, struct judgement *j)
{
	j->server_sees_valid = false;
	j->server_hash = CLASS_UNKNOWN;
	if (x->natd4.n >= 2 && copied(x))
		j->server_hash = CLASS_COPIED;
	else if (x->natd4.n >= 2 && j->known4[1])
		j->server_hash = natd_is_nowhere(j->means4[1]) ? CLASS_FAKED : CLASS_EXACT;
	else if (x->natd4.n >= 2 && own_known)
		j->server_hash = CLASS_FAKED;
	j->peer_hash = CLASS_UNKNOWN;
	if (j->known4[0])
		j->peer_hash = natd_is_nowhere(j->means4[0]) ? CLASS_FAKED : CLASS_EXACT;
}

size_t probe_emit(const struct probe *p, const struct inet_addr *own, struct probe_result *r,
		  struct emit_seen out[PROBES])
{
	const struct known known[] = {
		{.ep = p->server}, {.ep = p->local}, {.ep = inet_ep(*own, 0)}};
	struct inet_addr server = *own;
	size_t n = 0;

	for (unsigned i = 0; i < PROBES; i++) {
		const struct exchange *x = r->x[i];
		struct judgement *j = &r->j[i];
		struct emit_seen *s = &out[n];

		if (!x)
			continue;
		natd_judge(x, known, own->len ? 3 : 2, NULL, NULL, j);
		class_anew(x, own->len > 0, j);
		*s = (struct emit_seen){.x = x, .j = j};
		if (j->server_hash == CLASS_EXACT)
			server = j->means4[1].addr;
		if (server.len)
			s->server = inet_addr_eq(server, p->server.addr) ? SERVER_PUBLIC
									 : SERVER_BEHIND_NAT;
		if (x->natd4.n >= 2)
			s->client = copied(x) || any_made_of(x, &x->natd4, 1, p->server)
					    ? CLIENT_SEES_PUBLIC
					    : CLIENT_SEES_NAT;
		n++;
	}
	return n;
}
