/* SPDX-License-Identifier: MIT */
/*
 * infer_vids.c - the vendor IDs of message 2: which, in which order, and to whom.
 *
 * One client's exchange shows a list; whether an entry is an echo of the client's own shows only
 * where another client did not send it.
 */
#include <string.h>

#include "lab/infer/infer_vids.h"
#include "nodes/ike/ike.h"
#include "nodes/ike/ike_vids.h"

/* A vendor ID of this server, over all of its exchanges. */
struct said_vid {
	struct view bytes;
	bool always;	    /* in each message 2 */
	bool only_if_sent;  /* just where message 1 had the same bytes */
	bool only_if_begun; /* ... where it had the first 16 of them */
	bool unasked;	    /* also to a client that did not send it */
};

static bool same_bytes(struct view a, struct view b)
{
	return a.len == b.len && !memcmp(a.p, b.p, a.len);
}

static size_t vids_in(const struct isakmp_msg *m, struct view out[MODE_VIDS])
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_payloads && n < MODE_VIDS; i++)
		if (m->payloads[i].type == PAYLOAD_VID)
			out[n++] = m->payloads[i].body;
	return n;
}

/* These bytes; or ones that begin with the first 16 of them. */
static bool has_vid(const struct isakmp_msg *m, struct view v, bool begun)
{
	size_t len = begun ? MIN(v.len, (size_t)VID_DIGEST_LEN) : v.len;

	for (size_t i = 0; i < m->n_payloads; i++) {
		struct view got = m->payloads[i].body;

		if (m->payloads[i].type == PAYLOAD_VID && got.len >= len &&
		    (begun || got.len == len) && !memcmp(got.p, v.p, len))
			return true;
	}
	return false;
}

static bool row_says_these(const struct server_mode *row, const struct observed_exchange *e)
{
	struct view want[MODE_VIDS], got[MODE_VIDS];
	size_t n = ike_answer_vids(row, e->m[1], want);

	if (vids_in(e->m[2], got) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_bytes(want[i], got[i]))
			return false;
	return true;
}

/* Puts the list of one message 2 into that of all: what is new stands behind what it stood behind.
 */
static size_t merge_vids(struct said_vid *all, size_t n, const struct view *v, size_t n_v)
{
	size_t at = 0;

	for (size_t i = 0; i < n_v; i++) {
		size_t k = 0;

		while (k < n && !same_bytes(all[k].bytes, v[i]))
			k++;
		if (k < n) {
			at = k + 1;
			continue;
		}
		if (n == MODE_VIDS)
			return n;
		memmove(&all[at + 1], &all[at], (n - at) * sizeof(all[0]));
		all[at++] = (struct said_vid){.bytes = v[i]};
		n++;
	}
	return n;
}

static void watch_condition(struct said_vid *v, const struct observed_server *seen)
{
	v->always = v->only_if_sent = v->only_if_begun = true;
	for (size_t i = 0; i < seen->n; i++) {
		const struct observed_exchange *e = &seen->v[i];
		bool said, sent, begun;

		if (!e->m[1] || !e->m[2])
			continue;
		said = has_vid(e->m[2], v->bytes, false);
		sent = has_vid(e->m[1], v->bytes, false);
		begun = has_vid(e->m[1], v->bytes, true);
		v->always &= said;
		v->only_if_sent &= said == sent;
		v->only_if_begun &= said == begun;
		v->unasked |= said && !begun;
	}
}

/* How the row that we start from treats this vendor ID; NULL: not at all. */
static const struct vid_rule *rule_of(const struct server_mode *row, struct view v)
{
	for (size_t i = 0; i < row->n_vids; i++)
		if (same_bytes(vid_rule_bytes(&row->vids[i]), v))
			return &row->vids[i];
	return NULL;
}

/*
 * Sent to everybody, or an echo? Where all clients sent it and all got it, nothing tells; then the
 * row's own habit counts, and without one, that nobody minds a vendor ID too many.
 */
static struct vid_rule rule_for(const struct server_mode *like, const struct said_vid *v,
				bool *doubt)
{
	const struct vid_rule *habit = rule_of(like, v->bytes);
	struct vid_rule r = {.vid = vid_find(v->bytes), .other = v->bytes};

	if (r.vid != VIDS)
		r.other = (struct view){0};
	if (v->always && !v->unasked)
		*doubt = true;
	if (v->always) {
		r.if_peer_sent = habit && habit->if_peer_sent && !v->unasked;
		r.any_tail = r.if_peer_sent && habit->any_tail;
		return r;
	}
	r.if_peer_sent = true;
	r.any_tail = !v->only_if_sent && v->only_if_begun;
	return r;
}

static bool fits_all(const struct server_mode *row, const struct observed_server *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->v[i].m[1] && seen->v[i].m[2] && !row_says_these(row, &seen->v[i]))
			return false;
	return true;
}

static const struct observed_exchange *first_answered(const struct observed_server *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->v[i].m[1] && seen->v[i].m[2])
			return &seen->v[i];
	return NULL;
}

void infer_vids(struct inference *f, const struct observed_server *seen)
{
	const struct observed_exchange *first = first_answered(seen);
	struct said_vid all[MODE_VIDS] = {0};
	size_t n = 0, bytes = 0;
	bool doubt = false;

	if (!first)
		return;
	evidence_seen(f, ASPECT_VIDS, first, 2);
	if (fits_all(&f->row, seen))
		return;
	for (size_t i = 0; i < seen->n; i++) {
		struct view v[MODE_VIDS];

		if (seen->v[i].m[1] && seen->v[i].m[2])
			n = merge_vids(all, n, v, vids_in(seen->v[i].m[2], v));
	}
	memset(f->row.vids, 0, sizeof(f->row.vids));
	f->row.n_vids = 0;
	for (size_t i = 0; i < n; i++) {
		bytes += 4 + all[i].bytes.len;
		if (!all[i].bytes.len || all[i].bytes.len > MODE_VID_BYTES ||
		    bytes > MODE_VIDS_BYTES)
			continue; /* no file can say this */
		watch_condition(&all[i], seen);
		f->row.vids[f->row.n_vids++] = rule_for(f->like, &all[i], &doubt);
	}
	f->row.one_natt_vid = false;
	if (!fits_all(&f->row, seen)) { /* the best of NAT-T's alone? */
		f->row.one_natt_vid = true;
		f->row.one_natt_vid = fits_all(&f->row, seen);
	}
	if (f->row.n_vids < n)
		f->of[ASPECT_VIDS].doubt = "some are empty or too long to be written here";
	else if (!fits_all(&f->row, seen)) {
		f->odd = true;
		f->of[ASPECT_VIDS].doubt =
			"what decides which client gets which was not understood";
	} else if (doubt)
		f->of[ASPECT_VIDS].doubt = "which of them are echoes, and which are sent to "
					   "everybody, cannot be told by the clients that were seen";
}
