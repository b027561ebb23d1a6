/* SPDX-License-Identifier: MIT */
/*
 * event_log.h - a log of events, for tests that look at them when all is over.
 */
#ifndef NATDLAB_TESTS_EVENT_LOG_H
#define NATDLAB_TESTS_EVENT_LOG_H

#include "lab/base/mem.h"
#include "nodes/base/event.h"

struct ev_log {
	struct arena *a;
	VEC(struct event) ev;
};

static inline void ev_log_init(struct ev_log *log, struct arena *a)
{
	*log = (struct ev_log){.a = a};
}

/* Copies with what the event points to, numbers, keeps. Returns the number. */
static inline uint32_t ev_log_put(struct ev_log *log, const struct event *e)
{
	struct event *to = vec_push(log->a, &log->ev);
	struct ev_field v;

	*to = *e;
	to->seq = (uint32_t)log->ev.n;
	for (unsigned i = 0; ev_next(e, &i, &v);)
		if (v.type == EVT_BYTES)
			ev_hex(to, v.key, arena_copy(log->a, v.bytes, v.len), v.len);
	return to->seq;
}

/* A text, or the word of a value; "" if absent. */
static inline const char *ev_get_str(const struct event *e, enum ev_key key)
{
	struct ev_field f;

	return ev_get(e, key, &f) ? f.text : "";
}

#endif
