/* SPDX-License-Identifier: MIT */
#include "nodes/l2tp/l2tp_priv.h"

#include <string.h>

void channel_tell(struct l2tp *l, bool sent, const struct l2tp_msg *m)
{
	struct event e = ev_new(EV_L2TP);

	ev_bool(&e, K_SENT, sent);
	ev_str(&e, K_L2TP_TYPE, l2tp_type_name(m->type));
	ev_u(&e, K_TUNNEL, m->tunnel);
	ev_u(&e, K_SESSION, m->session);
	ev_u(&e, K_NS, m->ns);
	ev_u(&e, K_NR, m->nr);
	l->env.event(l->env.ctx, &e);
}

static void tell_again(struct l2tp *l, const struct l2tp_slot *s)
{
	struct event e = ev_new(EV_RETRANSMIT);

	ev_str(&e, K_L2TP_TYPE, l2tp_type_name(s->type));
	ev_u(&e, K_TRY, s->tries);
	l->env.event(l->env.ctx, &e);
}

static bool transmit(struct l2tp *l, struct l2tp_tunnel *t, const struct l2tp_tx *tx, usec now)
{
	t->ack_due = false;
	return l->hooks.send(l->hooks.ctx, tx, now);
}

/* One transmission of a queued message, the first or a later one. */
static void transmit_slot(struct l2tp *l, struct l2tp_tunnel *t, struct l2tp_slot *s, usec now)
{
	const struct l2tp_tx tx = {t->peer, t->port, s->type, s->tries, s->msg, s->len};
	struct l2tp_msg m;

	l2tp_patch_nr(s->msg, s->len, t->nr);
	if (!transmit(l, t, &tx, now))
		return;
	if (tx.tries) {
		tell_again(l, s);
		return;
	}
	l2tp_parse(&m, s->msg, s->len, NULL);
	channel_tell(l, true, &m);
}

/* The schedule counts from the first transmission. */
static usec next_try(const struct l2tp *l, const struct l2tp_slot *s)
{
	const struct retry *r = &l->cfg.retry;

	return s->first + MSEC * (s->tries <= r->n ? r->at_ms[s->tries - 1] : r->give_up_ms);
}

/* Sends what the window lets out and was not sent yet. */
static void flush(struct l2tp *l, struct l2tp_tunnel *t, usec now)
{
	for (size_t i = 0; i < MIN(t->n_queue, t->window) && t->state != TUNNEL_FREE; i++) {
		struct l2tp_slot *s = &t->queue[i];

		if (s->tries)
			continue;
		s->first = now;
		transmit_slot(l, t, s, now);
		s->tries++;
		s->next = next_try(l, s);
	}
}

void channel_zlb(struct l2tp *l, struct l2tp_tunnel *t, usec now)
{
	uint8_t msg[L2TP_CONTROL_HEADER_LEN];
	struct l2tp_out o;

	l2tp_begin(&o, msg, sizeof(msg), 0, t->remote, 0, t->ns, t->nr);
	transmit(l, t, &(struct l2tp_tx){t->peer, t->port, L2TP_ZLB, 0, msg, l2tp_end(&o)}, now);
}

struct l2tp_slot *channel_compose(struct l2tp *l, struct l2tp_tunnel *t, struct l2tp_out *o,
				  enum l2tp_type type, uint16_t session)
{
	struct l2tp_slot *s = &t->queue[t->n_queue];

	if (t->n_queue == L2TP_QUEUE)
		return NULL;
	*s = (struct l2tp_slot){.type = (uint16_t)type};
	l2tp_begin(o, s->msg, sizeof(s->msg), l->cfg.id.optional, t->remote, session, t->ns, t->nr);
	l2tp_put(o, AVP_MESSAGE_TYPE, type);
	return s;
}

void channel_enqueue(struct l2tp *l, struct l2tp_tunnel *t, struct l2tp_slot *s, struct l2tp_out *o,
		     usec now)
{
	s->len = (uint16_t)l2tp_end(o);
	assert(s->len > 0); /* our own words, bounded by l2tp_identity's */
	t->n_queue++;
	t->ns++;
	flush(l, t, now);
}

void channel_resend(struct l2tp *l, struct l2tp_tunnel *t, usec now)
{
	for (size_t i = 0; i < t->n_queue && t->state != TUNNEL_FREE; i++)
		if (t->queue[i].tries)
			transmit_slot(l, t, &t->queue[i], now);
}

usec channel_deadline(const struct l2tp_tunnel *t)
{
	usec at = USEC_NEVER;

	for (size_t i = 0; i < t->n_queue; i++)
		if (t->queue[i].tries)
			at = MIN(at, t->queue[i].next);
	return at;
}

bool channel_retry(struct l2tp *l, struct l2tp_tunnel *t, usec now)
{
	for (size_t i = 0; i < t->n_queue && t->state != TUNNEL_FREE; i++) {
		struct l2tp_slot *s = &t->queue[i];

		if (!s->tries || s->next > now)
			continue;
		if (s->tries > l->cfg.retry.n)
			return false;
		transmit_slot(l, t, s, now);
		s->tries++;
		s->next = next_try(l, s);
	}
	return true;
}

int channel_compare(uint16_t a, uint16_t b)
{
	return (int16_t)(uint16_t)(a - b);
}

bool channel_acknowledge(struct l2tp *l, struct l2tp_tunnel *t, uint16_t nr, usec now)
{
	uint16_t first = (uint16_t)(t->ns - t->n_queue), n = (uint16_t)(nr - first);

	if (channel_compare(nr, first) < 0)
		return true; /* an old message, overtaken */
	if (n > t->n_queue || (n && !t->queue[n - 1].tries))
		return false;
	memmove(t->queue, t->queue + n, (t->n_queue - (size_t)n) * sizeof(t->queue[0]));
	t->n_queue = (uint16_t)(t->n_queue - n);
	flush(l, t, now);
	return true;
}

static size_t early_room(const struct l2tp_tunnel *t)
{
	size_t i = 0;

	while (i < L2TP_EARLY && t->early[i].len)
		i++;
	return i;
}

enum drop channel_early(const struct l2tp_tunnel *t, uint16_t ns, size_t len)
{
	for (size_t i = 0; i < L2TP_EARLY; i++)
		if (t->early[i].len && t->early[i].ns == ns)
			return DROP_DUPLICATE;
	if (early_room(t) == L2TP_EARLY || len > L2TP_EARLY_MAX ||
	    channel_compare(ns, t->nr) > 2 * L2TP_EARLY)
		return DROP_L2TP_WINDOW;
	return DROP_NONE;
}

void channel_keep_early(struct l2tp_tunnel *t, uint16_t ns, const uint8_t *p, size_t len)
{
	struct l2tp_early *room = &t->early[early_room(t)];

	room->len = (uint16_t)len;
	room->ns = ns;
	memcpy(room->msg, p, len);
}
