/* SPDX-License-Identifier: MIT */
/*
 * diagnose_esp.c - what Quick Modes and ESP, or the lack of it, tell of an exchange.
 */
#include "lab/analysis/analysis_priv.h"

/* A tunnel whose client sends so many packets, for so long, and gets none back is dead: PPP's echo
 * requests and L2TP's Hellos want answers. */
#define UNANSWERED_MIN 3
#define DEAD_AFTER (5 * SEC)

/* ---- another client of the same address ---- */

static const struct sighting *at_place_of(const struct mm_seen *mm, const char *place)
{
	for (size_t i = 0; i < mm->n_sightings; i++)
		if (mm->at[i].place == place)
			return &mm->at[i];
	return NULL;
}

/* Do both come from one address to one server, as seen at some place, from different ports? By
 * message 1, or by message 3 where the capture begins later. */
static bool share_an_address(const struct exchange *x, const struct exchange *y)
{
	for (unsigned n = 1; n <= 3; n += 2) {
		for (size_t i = 0; i < x->mm[n].n_sightings; i++) {
			const struct sighting *a = &x->mm[n].at[i];
			const struct sighting *b = at_place_of(&y->mm[n], a->place);

			if (b && inet_addr_eq(a->src.addr, b->src.addr) &&
			    inet_ep_eq(a->dst, b->dst) && a->src.port != b->src.port)
				return true;
		}
	}
	return false;
}

/* Another client of the same address whose tunnel was alive when this one came. */
static const struct exchange *first_client(const struct diagnosing *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct exchange *y = p->all[i];

		if (y != p->x && y->esp[0] && y->esp[1] && y->first < p->x->last &&
		    y->last >= p->x->first && share_an_address(p->x, y))
			return y;
	}
	return NULL;
}

/* Another one that did Quick Mode between the last answer to this one and this one's end. */
static const struct exchange *later_client(const struct diagnosing *p, const struct esp_seen *e)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct exchange *y = p->all[i];

		if (y != p->x && y->quick[0].place && y->quick[1].t >= e->last[1] - DEAD_AFTER &&
		    y->quick[0].t <= e->last[0] && share_an_address(p->x, y))
			return y;
	}
	return NULL;
}

/* ---- ESP one way ---- */

static const struct esp_seen *esp_at(const struct exchange *x, const char *place)
{
	for (size_t i = 0; place && i < x->n_esp_at; i++)
		if (x->esp_at[i].place == place)
			return &x->esp_at[i];
	return NULL;
}

/* Bare ESP of the client's: did it arrive? */
static void bare_one_way(struct diagnosing *p)
{
	const char *there = p->j->responder_place;
	const struct esp_seen *e = esp_at(p->x, there);

	if (e && e->n[0])
		diagnose_found(
			p, SIG_ESP_CLOSED, CERTAIN_LOW,
			"The client's bare ESP reaches the server's interface, and none comes "
			"back: a firewall behind the interface, or a dead L2TP daemon.");
	else
		diagnose_found(p, SIG_ESP_CLOSED, there ? CERTAIN_HIGH : CERTAIN_MEDIUM,
			       "The client sent %u bare ESP packet%s (IP protocol 50) and got none "
			       "back%s.",
			       p->x->esp[0], p->x->esp[0] == 1 ? "" : "s",
			       there ? "; none of them is seen at the server" : "");
}

static void one_way(struct diagnosing *p)
{
	const struct exchange *x = p->x;
	const struct exchange *first = first_client(p);

	diagnose_show(p, "the client's first ESP packet", x->first_esp[0]);
	if (first) {
		diagnose_show(p, "the other client's first ESP packet", first->first_esp[0]);
		diagnose_found(
			p, SIG_SECOND_CLIENT, CERTAIN_MEDIUM,
			"The client sent %u ESP packets and got none back, while another client of "
			"the same address had a tunnel with the same server.",
			x->esp[0]);
		return;
	}
	diagnose_show(p, "the last Quick Mode", x->quick[1]);
	if (x->esp[0] < 2 && x->quick_modes < 2 && x->last - x->first_esp[0].t < LONG_SILENCE)
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW,
			       "The capture ends with the client's first ESP packet.");
	else if (x->esp_raw && !x->esp_udp)
		bare_one_way(p);
	else
		diagnose_found(p, SIG_L2TP_SILENT, CERTAIN_MEDIUM,
			       "The client sent %u ESP packet%s and got none back.", x->esp[0],
			       x->esp[0] == 1 ? "" : "s");
}

/* ---- ESP both ways ---- */

/* The place where the client's ESP goes on and the server's has ceased; NULL: nowhere. */
static const struct esp_seen *died_at(const struct exchange *x)
{
	for (size_t i = 0; i < x->n_esp_at; i++) {
		const struct esp_seen *e = &x->esp_at[i];

		if (e->n[1] && e->unanswered >= UNANSWERED_MIN &&
		    e->last[0] - e->last[1] >= DEAD_AFTER)
			return e;
	}
	return NULL;
}

/* Did the client end the tunnel soon after it began? Of L2TP and PPP nothing more can be seen. */
#define SOON (30 * SEC)
static bool ended_at_once(const struct exchange *x)
{
	const struct mark *end = &x->informational_at[0];

	if (!end->place || end->t - x->first_esp[0].t > SOON)
		return false;
	for (size_t i = 0; i < x->n_esp_at; i++)
		for (unsigned side = 0; side < 2; side++)
			if (x->esp_at[i].n[side] && x->esp_at[i].last[side] - end->t > SEC)
				return false; /* an answer under way does not count */
	return true;
}

static void both_ways(struct diagnosing *p)
{
	const struct exchange *x = p->x;
	const struct esp_seen *died = died_at(x);
	const struct exchange *later = died ? later_client(p, died) : NULL;

	diagnose_show(p, "the client's first ESP packet", x->first_esp[0]);
	diagnose_show(p, "the server's", x->first_esp[1]);
	if (later) {
		diagnose_show(p, "the other client's first Quick Mode", later->quick[0]);
		diagnose_found(p, SIG_SECOND_CLIENT, CERTAIN_MEDIUM,
			       "The tunnel worked until another client of the same address came; "
			       "since then the client sent %u ESP packets and got none back.",
			       died->unanswered);
	} else if (died) {
		diagnose_found(p, SIG_FINE, CERTAIN_MEDIUM,
			       "ESP flowed both ways, %u packets and %u; at the end %u of the "
			       "client's in %.0f s without an answer.",
			       x->esp[0], x->esp[1], died->unanswered,
			       (double)(died->last[0] - died->last[1]) / 1e6);
	} else if (ended_at_once(x)) {
		diagnose_show(p, "the client's first Informational", x->informational_at[0]);
		diagnose_found(p, SIG_FINE, CERTAIN_HIGH,
			       "ESP flowed both ways, %u packets and %u; %.1f s after the first one "
			       "the client ended it, as after a refused login, or by hand.",
			       x->esp[0], x->esp[1],
			       (double)(x->informational_at[0].t - x->first_esp[0].t) / 1e6);
	} else {
		diagnose_found(p, SIG_FINE, CERTAIN_HIGH, "ESP flows both ways: %u packets and %u.",
			       x->esp[0], x->esp[1]);
	}
}

/* ---- no ESP ---- */

/* Quick Modes that were answered, and no ESP at all. */
static void silence(struct diagnosing *p)
{
	const struct exchange *x = p->x;
	const struct judgement *j = p->j;
	bool may_be_windows = p->d->windows || !x->mm[1].seen;

	diagnose_show_message(p, 4);
	diagnose_show(p, "the first Quick Mode", x->quick[0]);
	diagnose_show(p, "the last one", x->quick[1]);
	diagnose_show(p, "the client's first Informational", x->informational_at[0]);
	/* Without message 4 one Quick Mode without ESP says nothing yet. */
	if (!may_be_windows || (!j->complete && x->quick_modes < 2) ||
	    (j->complete && !j->client_sees.peer_behind_nat)) {
		diagnose_found(p,
			       x->quick_modes > 1 || x->last - x->quick[1].t > LONG_SILENCE
				       ? SIG_NO_ESP
				       : SIG_UNFINISHED,
			       CERTAIN_LOW,
			       "Quick Mode was done %s, and no ESP is in this capture.",
			       TIMES(x->quick_modes));
		return;
	}
	diagnose_found(
		p, p->d->forced ? SIG_FORCED : SIG_BLOCKED,
		!j->complete	     ? CERTAIN_LOW
		: x->quick_modes > 1 ? CERTAIN_HIGH
				     : CERTAIN_MEDIUM,
		"The client finished Main Mode, did Quick Mode %s, and sent not one ESP packet.",
		TIMES(x->quick_modes));
	if (j->complete && !j->client_sees.self_behind_nat)
		p->d->reason = REASON_SERVER_BEHIND_NAT;
}

void diagnose_after_quick_mode(struct diagnosing *p)
{
	const struct exchange *x = p->x;
	bool answered = x->quick_messages[1] || !x->quick_messages[0];

	if (x->esp[0] && x->esp[1]) {
		both_ways(p);
	} else if (x->esp[0]) {
		one_way(p);
	} else if (x->esp[1]) {
		diagnose_show(p, "the server's first ESP packet", x->first_esp[1]);
		diagnose_found(
			p, SIG_UNFINISHED, CERTAIN_LOW,
			"ESP is seen from the server only: the capture shows one direction.");
	} else if (answered) {
		silence(p);
	} else if (first_client(p)) {
		diagnose_show(p, "the first Quick Mode", x->quick[0]);
		diagnose_show(p, "the server's Informational", x->informational_at[1]);
		diagnose_found(p, SIG_SECOND_CLIENT, CERTAIN_MEDIUM,
			       "The server %s Quick Mode, while another client of the same address "
			       "has a tunnel with it.",
			       x->informationals[1] ? "refuses" : "does not answer");
	} else if (x->informationals[1]) {
		diagnose_show(p, "the first Quick Mode", x->quick[0]);
		diagnose_show(p, "the server's Informational", x->informational_at[1]);
		diagnose_found(
			p, SIG_PHASE2, CERTAIN_MEDIUM,
			"The server answers Quick Mode with an encrypted Informational only.");
	} else {
		diagnose_show(p, "the first Quick Mode", x->quick[0]);
		diagnose_found(
			p, x->last - x->quick[0].t > LONG_SILENCE ? SIG_NO_REPLY : SIG_UNFINISHED,
			CERTAIN_MEDIUM, "The server does not answer Quick Mode.");
	}
}
