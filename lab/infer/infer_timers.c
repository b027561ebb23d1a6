/* SPDX-License-Identifier: MIT */
/*
 * infer_timers.c - when a server speaks unasked, and what it says to what comes twice.
 *
 * A message that comes again may be a retransmission of the server's own, or its answer to one of
 * the client's: it is the latter when the client's came shortly before.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/infer/infer_timers.h"

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
static usec waited(const struct observed_server *seen, const struct exchange *x, unsigned n)
{
	const struct mm_seen *next = &x->mm[n + 1];
	usec end = seen->end;

	if (next->seen)
		end = next->t;
	else if (x->delete_at.place)
		end = MIN(end, x->delete_at.t);
	return MAX(end - x->mm[n].t, (usec)0);
}

/* The server's own retransmissions of message @n. */
static void read_retry(const struct observed_server *seen, const struct exchange *x, unsigned n,
		       struct retry *out)
{
	usec t;

	*out = (struct retry){0};
	for (size_t k = 1; (t = sent_at(x, n, k)) != USEC_NEVER; k++) {
		usec after = t - x->mm[n].t;
		uint32_t ms;

		if (after <= 0 || after > MIN(waited(seen, x, n), LATEST) ||
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
static const struct observed_exchange *longest_wait(const struct observed_server *seen, unsigned n)
{
	const struct observed_exchange *best = NULL;

	for (size_t i = 0; i < seen->n; i++) {
		const struct observed_exchange *e = &seen->v[i];

		if (e->x->mm[n].seen && (!best || waited(seen, e->x, n) > waited(seen, best->x, n)))
			best = e;
	}
	return best;
}

/*
 * Behind NAT message 5 goes to port 4500. A capture of port 500 alone does not have it, and would
 * make a server that got it look like one that waits in silence; unless the client asked again.
 */
static bool may_have_floated(const struct observed_exchange *e)
{
	const struct natd_seen *s = &e->j->client_sees;
	bool nat = e->j->complete && (s->self_behind_nat || s->peer_behind_nat);

	return nat && !e->x->mm[5].seen && e->x->mm[3].copies < 2;
}

static void infer_retry(struct inference *f, const struct observed_server *seen, unsigned n,
			enum aspect a, struct retry *row)
{
	const struct observed_exchange *by = longest_wait(seen, n);
	struct retry again;

	if (!by)
		return;
	read_retry(seen, by->x, n, &again);
	/* Too short a time to say anything of a server that said nothing. */
	if (!again.n && (waited(seen, by->x, n) < SEC || (n == 4 && may_have_floated(by))))
		return;
	evidence_seen(f, a, by, (uint8_t)n);
	if (retry_fits(row, &again, waited(seen, by->x, n)))
		return;
	*row = again;
	if (!by->x->delete_at.place)
		f->of[a].doubt = "later ones may be missing: the capture shows how long somebody "
				 "waited, not how long the server would have";
}

/* What was sent again after the row would have forgotten the exchange shows that it had not. */
static void infer_memory(struct inference *f)
{
	static const struct {
		enum aspect aspect;
		uint8_t message;
	} v[] = {{ASPECT_AGAIN_2, 2}, {ASPECT_AGAIN_4, 4}};
	const struct retry *rows[] = {&f->row.message2_retry, &f->row.message4_retry};

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const struct retry *r = rows[i];
		uint32_t last = r->n ? r->at_ms[r->n - 1] : 0;

		if (!evidence_changed(f, v[i].aspect) || !f->row.half_open_ms ||
		    last < f->row.half_open_ms)
			continue;
		f->row.half_open_ms = (last / 1000 + 1) * 1000;
		evidence_seen(f, ASPECT_HALF_OPEN, f->of[v[i].aspect].by, v[i].message);
	}
}

/* An exchange that nobody finished went on for longer than the row would have waited, and no Delete
 * came. */
static void infer_no_delete(struct inference *f, const struct observed_server *seen)
{
	for (size_t i = 0; i < seen->n && f->row.half_open_delete; i++) {
		const struct exchange *x = seen->v[i].x;

		if (!x->mm[2].seen || x->mm[5].seen || x->mm[6].seen || x->delete_at.place ||
		    may_have_floated(&seen->v[i]) ||
		    seen->end < x->mm[1].t + f->row.half_open_ms * MSEC + SEC)
			continue;
		f->row.half_open_delete = false;
		evidence_seen(f, ASPECT_HALF_OPEN, &seen->v[i], 2);
	}
}

/* An exchange that nobody finished, and a Delete in clear. */
static void infer_half_open(struct inference *f, const struct observed_server *seen)
{
	for (size_t i = 0; i < seen->n; i++) {
		const struct observed_exchange *e = &seen->v[i];
		usec after = e->x->delete_at.t - e->x->mm[1].t;

		if (!e->x->delete_at.place || !e->x->mm[1].seen || e->x->mm[5].seen ||
		    after < SEC || after > LATEST)
			continue;
		evidence_seen(f, ASPECT_HALF_OPEN, e, 0);
		f->row.half_open_delete = true;
		f->row.half_open_ms = (uint32_t)((after + SEC / 2) / SEC * 1000);
		return;
	}
}

/* Another exchange of the same message 1 that was answered in [@from, @from + @within]? */
static bool another_exchange(const struct observed_server *seen,
			     const struct observed_exchange *e, usec from)
{
	for (size_t i = 0; i < seen->n; i++) {
		const struct exchange *x = seen->v[i].x;

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
static int fate_of_duplicate(const struct observed_server *seen,
			     const struct observed_exchange *e, unsigned n)
{
	const struct exchange *x = e->x;
	int fate = -1;
	usec t;

	for (size_t k = 1; (t = sent_at(x, n, k)) != USEC_NEVER; k++) {
		usec answered = sent_at(x, n + 1, 0);
		usec next = n + 2 <= 6 ? sent_at(x, n + 2, 0) : USEC_NEVER;

		if (answered == USEC_NEVER || answered >= t || next <= t ||
		    seen->end < t + ANSWER_WITHIN)
			continue;
		if (n == 1 && another_exchange(seen, e, t))
			return DUP_NEW_EXCHANGE;
		if (sent_between(x, n + 1, t, ANSWER_WITHIN))
			return DUP_SAME_ANSWER;
		fate = DUP_SILENCE;
	}
	return fate;
}

/* What it does with duplicates of message @n, by the first exchange that shows it; -1: none
 * does. */
static int infer_duplicate(struct inference *f, const struct observed_server *seen, unsigned n,
			   enum aspect a)
{
	for (size_t i = 0; i < seen->n; i++) {
		int fate = fate_of_duplicate(seen, &seen->v[i], n);

		if (fate < 0)
			continue;
		evidence_seen(f, a, &seen->v[i], (uint8_t)n);
		if (fate == DUP_SILENCE)
			f->of[a].doubt = "a packet may have been lost";
		return fate;
	}
	return -1;
}

static void infer_duplicates(struct inference *f, const struct observed_server *seen)
{
	int first = infer_duplicate(f, seen, 1, ASPECT_DUPLICATE_1);
	int third = infer_duplicate(f, seen, 3, ASPECT_DUPLICATE_3);
	int fifth = infer_duplicate(f, seen, 5, ASPECT_DUPLICATE_5);

	if (first >= 0)
		f->row.dup_message1 = (unsigned)first;
	if (third >= 0)
		f->row.dup_message3 = (unsigned)third;
	if (fifth >= 0)
		f->row.dup_message5 = (unsigned)fifth;
}

void infer_times(struct inference *f, const struct observed_server *seen)
{
	infer_retry(f, seen, 2, ASPECT_AGAIN_2, &f->row.message2_retry);
	infer_retry(f, seen, 4, ASPECT_AGAIN_4, &f->row.message4_retry);
	infer_half_open(f, seen);
	if (f->of[ASPECT_HALF_OPEN].state == NOT_SEEN)
		infer_no_delete(f, seen);
	infer_memory(f);
	infer_duplicates(f, seen);
}
