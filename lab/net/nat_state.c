/* SPDX-License-Identifier: MIT */
#include "lab/net/nat_state.h"

#define PROTO_UDP 17
#define OTHER_TIMEOUT (600 * SEC) /* nf_conntrack_generic_timeout */
#define SWEEP_MIN 64		  /* entries that are not worth looking for dead ones */

/* A tracked connection. The reply's addresses are what this node lets the other side see. */
struct nat_track {
	uint8_t proto;
	struct inet_ep src, dst;
	struct inet_ep reply_src, reply_dst;
	bool replied, translated;
	usec until;
};

/* An element of NAT_OPEN: who inside has sent, and where the filter cares, to which address. */
struct opening {
	struct inet_ep inside;
	struct inet_addr peer;
	usec until;
};

struct nat_state {
	struct arena *a;
	const struct nat_rules *rules;
	usec now;
	VEC(struct nat_track) tracks;
	VEC(struct opening) open;
	struct hash by_tuple;	/* both directions -> track */
	struct hash by_opening; /* -> opening */
	size_t sweep_tracks, sweep_open; /* so many are there when dead ones are taken out */
};

struct nat_state *nat_state_new(struct arena *a, const struct nat_rules *rules)
{
	struct nat_state *n = arena_new_of(a, struct nat_state);

	n->a = a;
	n->rules = rules;
	n->sweep_tracks = n->sweep_open = SWEEP_MIN;
	return n;
}

/* Does the node track connections at all? One that only guards a machine behind it does so for
 * that machine, which the simulator has none of. */
static bool tracks(const struct nat_state *n)
{
	return n->rules && n->rules->timeout;
}

/* ---- connections ---- */

static uint64_t tuple_key(uint8_t proto, struct inet_ep src, struct inet_ep dst)
{
	return hash_mix(hash_mix(hash_ep(src), hash_ep(dst)), proto);
}

static void index_track(struct nat_state *n, uint32_t i)
{
	const struct nat_track *t = &n->tracks.v[i];

	hash_put(n->a, &n->by_tuple, tuple_key(t->proto, t->src, t->dst), i);
	hash_put(n->a, &n->by_tuple, tuple_key(t->proto, t->reply_src, t->reply_dst), i);
}

/* The live connection with these addresses in one of its directions: *@reply says which. */
static struct nat_track *find_track(const struct nat_state *n, uint8_t proto, struct inet_ep src,
				    struct inet_ep dst, bool *reply)
{
	uint32_t i;

	for (size_t at = 0; hash_next(&n->by_tuple, tuple_key(proto, src, dst), &at, &i);) {
		struct nat_track *t = &n->tracks.v[i];

		if (t->proto != proto || t->until <= n->now)
			continue;
		*reply = !(inet_ep_eq(t->src, src) && inet_ep_eq(t->dst, dst));
		if (!*reply || (inet_ep_eq(t->reply_src, src) && inet_ep_eq(t->reply_dst, dst)))
			return t;
	}
	return NULL;
}

/* Would answers of another connection come with these addresses? */
static bool reply_taken(const struct nat_state *n, uint8_t proto, struct inet_ep src,
			struct inet_ep dst)
{
	uint32_t i;

	for (size_t at = 0; hash_next(&n->by_tuple, tuple_key(proto, src, dst), &at, &i);) {
		const struct nat_track *t = &n->tracks.v[i];

		if (t->proto == proto && t->until > n->now && inet_ep_eq(t->reply_src, src) &&
		    inet_ep_eq(t->reply_dst, dst))
			return true;
	}
	return false;
}

/* Takes the dead ones out. */
static void sweep_tracks(struct nat_state *n)
{
	size_t kept = 0;

	hash_clear(&n->by_tuple);
	for (size_t i = 0; i < n->tracks.n; i++) {
		if (n->tracks.v[i].until <= n->now)
			continue;
		n->tracks.v[kept] = n->tracks.v[i];
		index_track(n, (uint32_t)kept++);
	}
	n->tracks.n = kept;
	n->sweep_tracks = MAX(2 * kept, SWEEP_MIN);
}

static struct nat_track *add_track(struct nat_state *n, const struct nat_passage *way,
				   const struct nat_packet *p)
{
	struct nat_track *t;

	if (n->tracks.n >= n->sweep_tracks)
		sweep_tracks(n);
	t = vec_push(n->a, &n->tracks);
	*t = (struct nat_track){
		.proto = p->proto,
		.src = way->first.src,
		.dst = way->first.dst,
		.reply_src = p->dst,
		.reply_dst = p->src,
		.translated = way->translated,
	};
	index_track(n, (uint32_t)(n->tracks.n - 1));
	return t;
}

/* ---- who has sent, and to whom ---- */

static struct inet_addr as_keyed(const struct nat_state *n, struct inet_addr peer)
{
	return n->rules->filtering == DEPENDS_NOT ? (struct inet_addr){0} : peer;
}

static uint64_t opening_key(struct inet_ep inside, struct inet_addr peer)
{
	return hash_mix(hash_ep(inside), hash_addr(peer));
}

static struct opening *find_opening(const struct nat_state *n, struct inet_ep inside,
				    struct inet_addr peer)
{
	uint32_t i;

	peer = as_keyed(n, peer);
	for (size_t at = 0; hash_next(&n->by_opening, opening_key(inside, peer), &at, &i);) {
		struct opening *o = &n->open.v[i];

		if (inet_ep_eq(o->inside, inside) && inet_addr_eq(o->peer, peer) &&
		    o->until > n->now)
			return o;
	}
	return NULL;
}

static void sweep_open(struct nat_state *n)
{
	size_t kept = 0;

	hash_clear(&n->by_opening);
	for (size_t i = 0; i < n->open.n; i++) {
		const struct opening *o = &n->open.v[i];

		if (o->until <= n->now)
			continue;
		hash_put(n->a, &n->by_opening, opening_key(o->inside, o->peer), (uint32_t)kept);
		n->open.v[kept++] = *o;
	}
	n->open.n = kept;
	n->sweep_open = MAX(2 * kept, SWEEP_MIN);
}

static void remember(struct nat_state *n, const struct nat_packet *p)
{
	struct opening *o = find_opening(n, p->src, p->dst.addr);

	if (!o) {
		struct inet_addr peer = as_keyed(n, p->dst.addr);

		if (n->open.n >= n->sweep_open)
			sweep_open(n);
		hash_put(n->a, &n->by_opening, opening_key(p->src, peer), (uint32_t)n->open.n);
		o = vec_push(n->a, &n->open);
		*o = (struct opening){.inside = p->src, .peer = peer};
	}
	o->until = n->now + n->rules->timeout;
}

int nat_state_replace(struct nat_state *n, const struct nat_rules *rules, bool forget,
		      struct err *e)
{
	const struct nat_rules *old = n->rules;

	if (!nat_rules_can_follow(old, rules, forget, e))
		return -1;
	n->rules = rules;
	if (forget) {
		n->tracks.n = 0;
		sweep_tracks(n);
	}
	if (forget || !rules || !old || rules->filtering != old->filtering) {
		n->open.n = 0;
		sweep_open(n);
	}
	return 0;
}

/* ---- conditions ---- */

static bool is_side(const struct nat_rules *r, enum nat_side side, int iface)
{
	switch (side) {
	case NAT_ANY_SIDE:
		return true;
	case NAT_OUTSIDE:
		return iface >= 0 && (unsigned)iface == r->outside;
	case NAT_NOT_OUTSIDE:
		return iface < 0 || (unsigned)iface != r->outside;
	case NAT_LOOPBACK:
		break;
	}
	return false;
}

static bool is_ct(enum nat_ct ct, const struct nat_passage *way)
{
	switch (ct) {
	case NAT_ANY_CT:
		return true;
	case NAT_NEW:
		return !way->established;
	case NAT_ESTABLISHED:
		return way->established;
	case NAT_INVALID:
		break;
	}
	return false;
}

static const struct eip_map *find_eip(const struct nat_rules *r, struct inet_addr addr,
				      bool outside)
{
	for (size_t i = 0; i < r->n_map; i++)
		if (inet_addr_eq(outside ? r->map[i].outside : r->map[i].inside, addr))
			return &r->map[i];
	return NULL;
}

static bool is_known(const struct nat_state *n, enum nat_set set, const struct nat_packet *p)
{
	switch (set) {
	case NAT_OPEN:
		return p->proto == PROTO_UDP && find_opening(n, p->dst, p->src.addr);
	case NAT_MAPPED:
		return find_eip(n->rules, p->src.addr, false);
	case NAT_NO_SET:
	case NAT_UDP_PORTS:
	case NAT_UDP_OWNERS:
	case NAT_TO_INSIDE:
	case NAT_TO_OUTSIDE:
	case NAT_SETS:
		break;
	}
	return true;
}

static bool is_proto(const struct nat_rule *rule, const struct nat_packet *p)
{
	return !rule->proto || rule->proto == p->proto ||
	       (rule->proto == NAT_PROTO_TCP_UDP && p->proto == PROTO_UDP);
}

static bool holds(const struct nat_state *n, const struct nat_rule *rule,
		  const struct nat_packet *p, const struct nat_passage *way)
{
	return is_side(n->rules, rule->in, p->in) && is_side(n->rules, rule->out, p->out) &&
	       is_ct(rule->ct, way) && (!rule->translated || way->translated) &&
	       is_proto(rule, p) && (!rule->src.len || inet_addr_eq(rule->src, p->src.addr)) &&
	       (!rule->dst.len || inet_addr_eq(rule->dst, p->dst.addr)) &&
	       (!rule->sport || rule->sport == p->src.port) &&
	       (!rule->dport_hi || p->proto != PROTO_UDP ||
		(p->dst.port >= rule->dport && p->dst.port <= rule->dport_hi)) &&
	       is_known(n, rule->known, p);
}

/* ---- actions ---- */

/* What a translation makes of an endpoint; false: its map does not say. */
static bool translate(const struct nat_rules *r, const struct nat_rule *rule,
		      const struct nat_packet *p, struct inet_ep *ep)
{
	const struct napt_mapping *m = NULL;
	const struct eip_map *e;

	switch (rule->map) {
	case NAT_NO_SET:
		*ep = inet_ep(rule->to.addr, rule->to.port ? rule->to.port : ep->port);
		return true;
	case NAT_UDP_PORTS:
		m = napt_find(r->ports, p->src, p->dst);
		if (m && !m->forwarded)
			*ep = m->outside;
		return m && !m->forwarded;
	case NAT_UDP_OWNERS:
		if (p->proto == PROTO_UDP)
			m = napt_find_back(r->ports, p->dst);
		if (m && !m->forwarded)
			*ep = m->inside;
		return m && !m->forwarded;
	case NAT_TO_INSIDE:
	case NAT_TO_OUTSIDE:
		e = find_eip(r, ep->addr, rule->map == NAT_TO_INSIDE);
		if (e)
			ep->addr = rule->map == NAT_TO_INSIDE ? e->inside : e->outside;
		return e;
	case NAT_OPEN:
	case NAT_MAPPED:
	case NAT_SETS:
		break;
	}
	return false;
}

/* The ports that a rule may give: its range, else, as in the kernel, those of the same rank. */
static void masquerade_ports(const struct nat_rule *rule, uint16_t port, uint16_t *lo, uint16_t *hi)
{
	if (rule->port_lo) {
		*lo = rule->port_lo;
		*hi = rule->port_hi;
	} else {
		*lo = port < 512 ? 1 : port < 1024 ? 600 : 1024;
		*hi = port < 512 ? 511 : port < 1024 ? 1023 : UINT16_MAX;
	}
}

/*
 * The source becomes the outside address. UDP keeps its port when that is free, in the range and
 * not to be drawn; else it gets the first that is free from there on, or from a place that the two
 * endpoints decide: no random number, so that two runs are alike. False: no port is free.
 */
static bool masquerade(const struct nat_state *n, const struct nat_rule *rule,
		       struct nat_packet *p)
{
	struct inet_ep out = inet_ep(n->rules->addrs[0], p->src.port);
	uint16_t lo, hi;
	uint32_t range, at;
	bool in_range, found = p->proto != PROTO_UDP;

	masquerade_ports(rule, out.port, &lo, &hi);
	range = (uint32_t)hi - lo + 1;
	in_range = out.port >= lo && out.port <= hi;
	if (!rule->random && (in_range || !rule->port_lo))
		found = found || !reply_taken(n, p->proto, p->dst, out);
	if (!rule->random && in_range)
		at = (uint32_t)out.port - lo;
	else
		at = (uint32_t)tuple_key(p->proto, p->src, p->dst) % range;
	for (uint32_t i = 0; i < range && !found; i++) {
		out.port = (uint16_t)(lo + (at + i) % range);
		found = !reply_taken(n, p->proto, p->dst, out);
	}
	p->src = out;
	return found;
}

/* Tries the rules of a hook in turn. False: dropped. */
static bool run_hook(struct nat_state *n, enum nat_hook hook, struct nat_packet *p,
		     const struct nat_passage *way)
{
	for (size_t i = 0; n->rules && i < n->rules->n; i++) {
		const struct nat_rule *rule = &n->rules->v[i];

		if (rule->hook != hook || !holds(n, rule, p, way))
			continue;
		switch (rule->action) {
		case NAT_ACCEPT:
			return true;
		case NAT_DROP:
			return false;
		case NAT_TIME_OUT:
			break;
		case NAT_REMEMBER:
			remember(n, p);
			break;
		case NAT_DNAT:
			if (translate(n->rules, rule, p, &p->dst))
				return true;
			break;
		case NAT_SNAT:
			if (translate(n->rules, rule, p, &p->src))
				return true;
			break;
		case NAT_MASQUERADE:
			return masquerade(n, rule, p);
		}
	}
	return true;
}

/* ---- a packet ---- */

void nat_state_arrive(struct nat_state *n, struct nat_packet *p, struct nat_passage *way)
{
	*way = (struct nat_passage){.first = *p};
	if (!tracks(n))
		return;
	way->track = find_track(n, p->proto, p->src, p->dst, &way->reply);
	if (way->track) {
		way->translated = way->track->translated;
		way->established = way->reply || way->track->replied;
		p->dst = way->reply ? way->track->src : way->track->reply_src;
	} else {
		if (p->in >= 0)
			run_hook(n, NAT_PREROUTING, p, way);
		way->translated = !inet_ep_eq(p->dst, way->first.dst);
	}
}

bool nat_state_filter(struct nat_state *n, const struct nat_packet *p, struct nat_passage *way)
{
	struct nat_packet copy = *p;

	return run_hook(n, p->in < 0 ? NAT_OUTPUT : p->out < 0 ? NAT_INPUT : NAT_FORWARD, &copy,
			way);
}

bool nat_state_leave(struct nat_state *n, struct nat_packet *p, struct nat_passage *way)
{
	struct nat_track *t = way->track;

	if (!tracks(n))
		return true;
	if (t)
		p->src = way->reply ? t->dst : t->reply_dst;
	else if (p->out >= 0 && !run_hook(n, NAT_POSTROUTING, p, way))
		return false;
	if (!t)
		t = add_track(n, way, p);
	t->until = n->now + (p->proto == PROTO_UDP ? n->rules->timeout : OTHER_TIMEOUT);
	t->replied |= way->reply;
	return true;
}

void nat_state_age(struct nat_state *n, usec d)
{
	n->now += d;
}

void nat_state_print(const struct nat_state *n, FILE *f)
{
	for (size_t i = 0; i < n->tracks.n; i++) {
		const struct nat_track *t = &n->tracks.v[i];

		if (t->until <= n->now)
			continue;
		fprintf(f,
			"%s %u %lld src=%s dst=%s sport=%u dport=%u %ssrc=%s dst=%s sport=%u "
			"dport=%u\n",
			t->proto == PROTO_UDP ? "udp" : "esp", t->proto,
			(long long)((t->until - n->now + SEC - 1) / SEC), INET_ADDR(t->src.addr),
			INET_ADDR(t->dst.addr), t->src.port, t->dst.port,
			t->replied ? "" : "[UNREPLIED] ", INET_ADDR(t->reply_src.addr),
			INET_ADDR(t->reply_dst.addr), t->reply_src.port, t->reply_dst.port);
	}
}
