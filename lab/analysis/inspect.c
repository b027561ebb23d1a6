/* SPDX-License-Identifier: MIT */
#include "lab/analysis/inspect.h"

#include <string.h>

#include "lab/base/packet.h"

#define IFACES_MAX 1024 /* of a file that get a place of their own */

/* An interface of a file, and its place's name. */
struct place {
	uint32_t iface;
	const char *iface_name; /* as the reader gives it */
	const char *name;
};

/* A source with the frame that is its next. */
struct stream {
	struct inspect_source *s;
	bool alone; /* the only file: its name need not stand before an interface's */
	struct capture_frame frame;
	bool more;
	VEC(struct place) places;
	uint16_t latest[IFACES_MAX]; /* by interface number: its place in @places, + 1 */
};

static void advance(struct stream *s)
{
	s->more = capture_next(s->s->reader, &s->frame, &s->s->damage) > 0;
}

static bool is_place(const struct place *p, const struct capture_frame *f)
{
	return p->iface == f->iface && p->iface_name == f->iface_name;
}

/* "gateway.pcapng:wan"; a file with one unnamed interface is a place by its own name. */
static const char *place_name(struct arena *a, const struct stream *s)
{
	const struct capture_frame *f = &s->frame;

	if (f->iface_name && s->alone)
		return arena_str(a, f->iface_name);
	if (f->iface_name)
		return arena_printf(a, "%s:%s", s->s->name, f->iface_name);
	return f->iface ? arena_printf(a, "%s:%u", s->s->name, f->iface) : s->s->name;
}

static const char *place_of(struct arena *a, struct stream *s)
{
	uint16_t *latest = &s->latest[s->frame.iface % IFACES_MAX];
	size_t i = *latest ? *latest - 1u : 0;

	if (!*latest || !is_place(&s->places.v[i], &s->frame))
		for (i = 0; i < s->places.n && !is_place(&s->places.v[i], &s->frame);)
			i++;
	if (i == s->places.n && i == IFACES_MAX)
		return s->s->name;
	if (i == s->places.n)
		*vec_push(a, &s->places) = (struct place){s->frame.iface, s->frame.iface_name,
							  place_name(a, s)};
	*latest = (uint16_t)(i + 1);
	return s->places.v[i].name;
}

/* The stream whose next frame is the oldest; NULL at the end of all. */
static struct stream *oldest(struct stream *v, size_t n)
{
	struct stream *s = NULL;

	for (size_t i = 0; i < n; i++)
		if (v[i].more && (!s || v[i].frame.t < s->frame.t))
			s = &v[i];
	return s;
}

void inspect_read(struct arena *a, struct watch *w, struct inspect_source *v, size_t n,
		  struct inspection *out)
{
	struct stream *streams = arena_array_of(a, n, struct stream);
	struct stream *s;

	*out = (struct inspection){0};
	for (size_t i = 0; i < n; i++) {
		streams[i].s = &v[i];
		streams[i].alone = n == 1;
		advance(&streams[i]);
	}
	while ((s = oldest(streams, n))) {
		const struct capture_frame *f = &s->frame;

		out->frames++;
		out->cut += f->len < f->orig_len;
		if (!packet_reads(f->linktype)) {
			out->unread++;
			out->linktype = f->linktype;
			advance(s);
			continue;
		}
		watch_frame(w, place_of(a, s), f->linktype, f->t, (uint32_t)f->number, f->data,
			    f->len);
		advance(s);
	}
	out->packets = watch_packets(w);
}

/* All exchanges, IKEv2's behind the others. */
static struct exchange **gather(struct arena *a, const struct watch *w, size_t *n)
{
	struct exchange *const *v1, *const *v2;
	size_t n1 = watch_exchanges(w, &v1), n2 = watch_ikev2_exchanges(w, &v2);
	struct exchange **all;

	*n = n1 + n2;
	all = arena_array_of(a, MAX(*n, 1U), struct exchange *);
	for (size_t i = 0; i < *n; i++)
		all[i] = i < n1 ? v1[i] : v2[i - n1];
	return all;
}

void inspect_judge(struct arena *a, const struct watch *w, const struct inspect_hints *hints,
		   struct inspection *out)
{
	size_t n;
	struct exchange **all = gather(a, w, &n);

	out->stray_esp = watch_stray_esp(w);
	if (out->n != n) /* judged again: the same memory */
		out->v = arena_array_of(a, n, struct inspected);
	out->n = n;
	out->hidden = 0;
	for (size_t i = 0; i < n; i++) {
		struct inspected *one = &out->v[i];

		one->x = all[i];
		natd_judge(one->x, hints->known, hints->n_known, &hints->client, &hints->server,
			   &one->j);
		diagnose(one->x, &one->j, all, n, &one->d);
		out->hidden += one->d.sig == SIG_SUPERSEDED;
	}
}

void inspect_searched(struct inspected *one)
{
	one->searched = true;
	diagnose_searched(one->x, &one->j, &one->d);
}

void inspect_ends(const struct exchange *x, struct inet_ep *initiator, struct inet_ep *responder)
{
	*initiator = *responder = (struct inet_ep){0};
	for (unsigned n = 1; n <= 6; n++) {
		const struct mm_seen *mm = &x->mm[n];
		const struct sighting *s;

		if (!mm->n_sightings)
			continue;
		/* The initiator's messages begin at its place, the others end there. */
		s = n % 2 ? &mm->at[0] : &mm->at[mm->n_sightings - 1];
		*initiator = n % 2 ? s->src : s->dst;
		*responder = n % 2 ? s->dst : s->src;
		return;
	}
	*initiator = x->later.src;
	*responder = x->later.dst;
}
