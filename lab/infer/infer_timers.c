/* SPDX-License-Identifier: MIT */
/*
 * infer_timers.c - when a server speaks unasked, and what it says to what comes twice.
 *
 * A message that comes again may be a retransmission of the server's own, or its answer to one of
 * the client's: it is the latter when the client's came shortly before.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/infer/infer.h"

#define ANSWER_WITHIN (SEC)   /* behind a client's duplicate */
#define TOLERANCE (300 * MSEC) /* of a clock, a queue, a scheduler */
#define GRAIN 100	      /* ms: times are rounded to this */
#define LATEST (600 * SEC)    /* nobody waits for longer */

/* When message @n was sent for the @k-th time, 0 the first; USEC_NEVER behind the last. */
static usec sent_at(const struct exchange *x, unsigned n, size_t k)
{
	const struct mm_seen *mm = &x->mm[n];

	if (!mm->seen)
		return USEC_NEVER;
	if (!k)
		return mm->t;
	return k < mm->copies && k <= WATCH_AGAIN ? mm->again[k - 1] : USEC_NEVER;
}

/* Is there a message @n of this exchange in [@from, @from + @within]? */
static bool sent_between(const struct exchange *x, unsigned n, usec from, usec within)
{
	usec t;

	for (size_t k = 0; (t = sent_at(x, n, k)) != USEC_NEVER; k++)
		if (t >= from && t <= from + within)
			return true;
	return false;
}

/* Does the copy of message @n at @t answer one of message @n - 1 that came again? */
static bool answers_duplicate(const struct exchange *x, unsigned n, usec t)
{
	usec asked;

	for (size_t k = 1; (asked = sent_at(x, n - 1, k)) != USEC_NEVER; k++)
		if (asked <= t && t <= asked + ANSWER_WITHIN)
			return true;
	return false;
}

/* How long the server waited for the message behind @n, as far as was seen. */
static usec waited(const struct met *met, const struct exchange *x, unsigned n)
{
	const struct mm_seen *next = &x->mm[n + 1];
	usec end = met->end;

	if (next->seen)
		end = next->t;
	else if (x->delete_at.place)
		end = MIN(end, x->delete_at.t);
	return MAX(end - x->mm[n].t, (usec)0);
}

/* The server's own retransmissions of message @n. */
static void read_retry(const struct met *met, const struct exchange *x, unsigned n,
		       struct retry *out)
{
	usec t;

	*out = (struct retry){0};
	for (size_t k = 1; (t = sent_at(x, n, k)) != USEC_NEVER; k++) {
		usec after = t - x->mm[n].t;
		uint32_t ms;

		if (after <= 0 || after > MIN(waited(met, x, n), LATEST) ||
		    answers_duplicate(x, n, t))
			continue;
		ms = ((uint32_t)(after / MSEC) + GRAIN / 2) / GRAIN * GRAIN;
		if (out->n == ARRAY_LEN(out->at_ms) || !ms ||
		    (out->n && ms <= out->at_ms[out->n - 1]))
			continue;
		out->at_ms[out->n++] = ms;
		out->give_up_ms = ms;
	}
}

/* Would a server with these times have done what was seen within @waited? */
static bool retry_fits(const struct retry *row, const struct retry *seen, usec waited_for)
{
	size_t due = 0;

	while (due < row->n && row->at_ms[due] * MSEC + TOLERANCE < waited_for)
		due++;
	if (seen->n < due)
		return false;
	for (size_t i = 0; i < seen->n; i++) {
		usec off;

		if (i >= row->n)
			return false;
		off = labs((long)row->at_ms[i] - (long)seen->at_ms[i]) * MSEC;
		if (off > TOLERANCE)
			return false;
	}
	return true;
}

/* Which exchange tells most of the times of message @n. */
static const struct met_exchange *longest_wait(const struct met *met, unsigned n)
{
	const struct met_exchange *best = NULL;

	for (size_t i = 0; i < met->n; i++) {
		const struct met_exchange *e = &met->v[i];

		if (e->x->mm[n].seen && (!best || waited(met, e->x, n) > waited(met, best->x, n)))
			best = e;
	}
	return best;
}

/*
 * Behind NAT message 5 goes to port 4500. A capture of port 500 alone does not have it, and would
 * make a server that got it look like one that waits in silence; unless the client asked again.
 */
static bool may_have_floated(const struct met_exchange *e)
{
	const struct natd_seen *s = &e->j->client_sees;
	bool nat = e->j->complete && (s->self_behind_nat || s->peer_behind_nat);

	return nat && !e->x->mm[5].seen && e->x->mm[3].copies < 2;
}

static void fit_retry(struct fit *f, const struct met *met, unsigned n, enum aspect a, enum key k,
		      struct retry *row)
{
	const struct met_exchange *by = longest_wait(met, n);
	struct retry seen;

	if (!by)
		return;
	read_retry(met, by->x, n, &seen);
	/* Too short a time to say anything of a server that said nothing. */
	if (!seen.n && (waited(met, by->x, n) < SEC || (n == 4 && may_have_floated(by))))
		return;
	fit_seen(f, a, by, (uint8_t)n);
	if (retry_fits(row, &seen, waited(met, by->x, n)))
		return;
	*row = seen;
	fit_said(f, a, by, (uint8_t)n, k);
	if (!by->x->delete_at.place)
		f->of[a].doubt = "later ones may be missing: the capture shows how long somebody "
				 "waited, not how long the server would have";
}

/* What was sent again after the row would have forgotten the exchange shows that it had not. */
static void fit_memory(struct fit *f)
{
	static const struct {
		enum aspect aspect;
		uint8_t message;
	} v[] = {{ASPECT_AGAIN_2, 2}, {ASPECT_AGAIN_4, 4}};
	const struct retry *rows[] = {&f->row.message2_retry, &f->row.message4_retry};

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const struct retry *r = rows[i];
		uint32_t last = r->n ? r->at_ms[r->n - 1] : 0;

		if (f->of[v[i].aspect].state != CHANGED || !f->row.half_open_ms ||
		    last < f->row.half_open_ms)
			continue;
		f->row.half_open_ms = (last / 1000 + 1) * 1000;
		fit_said(f, ASPECT_HALF_OPEN, f->of[v[i].aspect].by, v[i].message, KEY_HALF_OPEN);
	}
}

/* An exchange that nobody finished went on for longer than the row would have waited, and no Delete
 * came. */
static void fit_no_delete(struct fit *f, const struct met *met)
{
	for (size_t i = 0; i < met->n && f->row.half_open_delete; i++) {
		const struct exchange *x = met->v[i].x;

		if (!x->mm[2].seen || x->mm[5].seen || x->mm[6].seen || x->delete_at.place ||
		    may_have_floated(&met->v[i]) ||
		    met->end < x->mm[1].t + f->row.half_open_ms * MSEC + SEC)
			continue;
		f->row.half_open_delete = false;
		fit_said(f, ASPECT_HALF_OPEN, &met->v[i], 2, KEY_HALF_OPEN_DELETE);
	}
}

/* An exchange that nobody finished, and a Delete in clear. */
static void fit_half_open(struct fit *f, const struct met *met)
{
	for (size_t i = 0; i < met->n; i++) {
		const struct met_exchange *e = &met->v[i];
		usec after = e->x->delete_at.t - e->x->mm[1].t;
		uint32_t ms;

		if (!e->x->delete_at.place || !e->x->mm[1].seen || e->x->mm[5].seen ||
		    after < SEC || after > LATEST)
			continue;
		ms = (uint32_t)((after + SEC / 2) / SEC * 1000);
		fit_seen(f, ASPECT_HALF_OPEN, e, 0);
		if (!f->row.half_open_delete) {
			f->row.half_open_delete = true;
			fit_said(f, ASPECT_HALF_OPEN, e, 0, KEY_HALF_OPEN_DELETE);
		}
		if (ms != f->row.half_open_ms) {
			f->row.half_open_ms = ms;
			fit_said(f, ASPECT_HALF_OPEN, e, 0, KEY_HALF_OPEN);
		}
		return;
	}
}

/* Another exchange of the same message 1 that was answered in [@from, @from + @within]? */
static bool another_exchange(const struct met *met, const struct met_exchange *e, usec from)
{
	for (size_t i = 0; i < met->n; i++) {
		const struct exchange *x = met->v[i].x;

		if (x != e->x && !memcmp(x->cky_i, e->x->cky_i, 8) && x->mm[2].seen &&
		    x->mm[2].t >= from && x->mm[2].t <= from + ANSWER_WITHIN)
			return true;
	}
	return false;
}

/*
 * What a duplicate of message @n got: the answer again, another exchange, nothing. Only while that
 * answer was the newest thing that the server had said, and only where the capture goes on long
 * enough to show one. -1: nothing was seen.
 */
static int fate_of_duplicate(const struct met *met, const struct met_exchange *e, unsigned n)
{
	const struct exchange *x = e->x;
	int fate = -1;
	usec t;

	for (size_t k = 1; (t = sent_at(x, n, k)) != USEC_NEVER; k++) {
		usec answered = sent_at(x, n + 1, 0);
		usec next = n + 2 <= 6 ? sent_at(x, n + 2, 0) : USEC_NEVER;

		if (answered == USEC_NEVER || answered >= t || next <= t ||
		    met->end < t + ANSWER_WITHIN)
			continue;
		if (n == 1 && another_exchange(met, e, t))
			return DUP_NEW_EXCHANGE;
		if (sent_between(x, n + 1, t, ANSWER_WITHIN))
			return DUP_SAME_ANSWER;
		fate = DUP_SILENCE;
	}
	return fate;
}

static const struct {
	unsigned message;
	enum aspect aspect;
	enum key key;
} duplicates[] = {
	{1, ASPECT_DUPLICATE_1, KEY_DUPLICATE_1},
	{3, ASPECT_DUPLICATE_3, KEY_DUPLICATE_3},
	{5, ASPECT_DUPLICATE_5, KEY_DUPLICATE_5},
};

static void fit_duplicates(struct fit *f, const struct met *met)
{
	for (size_t d = 0; d < ARRAY_LEN(duplicates); d++) {
		for (size_t i = 0; i < met->n; i++) {
			int fate = fate_of_duplicate(met, &met->v[i], duplicates[d].message);
			int now = d == 0   ? (int)f->row.dup_message1
				  : d == 1 ? (int)f->row.dup_message3
					   : (int)f->row.dup_message5;

			if (fate < 0 || f->of[duplicates[d].aspect].state != NOT_SEEN)
				continue;
			fit_seen(f, duplicates[d].aspect, &met->v[i],
				 (uint8_t)duplicates[d].message);
			if (fate == DUP_SILENCE)
				f->of[duplicates[d].aspect].doubt =
					"a packet may have been lost";
			if (fate == now)
				continue;
			if (d == 0)
				f->row.dup_message1 = (unsigned)fate;
			else if (d == 1)
				f->row.dup_message3 = (unsigned)fate;
			else
				f->row.dup_message5 = (unsigned)fate;
			fit_said(f, duplicates[d].aspect, &met->v[i],
				 (uint8_t)duplicates[d].message, duplicates[d].key);
		}
	}
}

void fit_times(struct fit *f, const struct met *met)
{
	fit_retry(f, met, 2, ASPECT_AGAIN_2, KEY_MESSAGE_2_AGAIN, &f->row.message2_retry);
	fit_retry(f, met, 4, ASPECT_AGAIN_4, KEY_MESSAGE_4_AGAIN, &f->row.message4_retry);
	fit_half_open(f, met);
	if (f->of[ASPECT_HALF_OPEN].state == NOT_SEEN)
		fit_no_delete(f, met);
	fit_memory(f);
	fit_duplicates(f, met);
}
