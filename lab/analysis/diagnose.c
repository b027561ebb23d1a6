/* SPDX-License-Identifier: MIT */
/*
 * diagnose.c - which signature an exchange bears.
 *
 * The exchange is followed as far as it came; where it stopped, the repetitions and the silence
 * say why. docs/diagnose.md tells the same for people.
 */
#include "lab/analysis/diagnose.h"

#include <string.h>

#include "lab/analysis/analysis_priv.h"
#include "lab/analysis/responder_guess.h"
#include "nodes/wire/isakmp_names.h"

#define NOTIFY_NO_PROPOSAL 14
#define NOTIFY_INVALID_HASH 23
#define NOTIFY_AUTHENTICATION_FAILED 24

/* The last transmission of a message that was sent more than once. */
static void show_repeated(struct diagnosing *p, unsigned n)
{
	diagnose_show_message(p, n);
	if (p->x->mm[n].copies > 1)
		diagnose_show(p, "its last repetition", p->x->mm[n].last);
}

static bool says_windows(const struct exchange *x)
{
	for (size_t i = 0; i < x->n_vids[0]; i++)
		if (vid_is_ms_nt5((struct view){x->vids[0][i].b, x->vids[0][i].len}))
			return true;
	return false;
}

/* ---- messages 4 to 6 ---- */

static bool nat_was_seen(const struct diagnosing *p)
{
	return p->j->complete &&
	       (p->j->client_sees.self_behind_nat || p->j->client_sees.peer_behind_nat);
}

static bool seen_at_responder(const struct diagnosing *p, unsigned n)
{
	const struct mm_seen *mm = &p->x->mm[n];

	for (size_t i = 0; i < mm->n_sightings; i++)
		if (mm->at[i].place == p->j->responder_place)
			return true;
	return false;
}

static void without_message5(struct diagnosing *p)
{
	const struct exchange *x = p->x;
	bool waited = x->mm[4].copies > 1 || x->last - x->mm[4].t > LONG_SILENCE;

	show_repeated(p, 4);
	if (waited && nat_was_seen(p))
		diagnose_found(
			p, SIG_4500_CLOSED, p->j->responder_place ? CERTAIN_HIGH : CERTAIN_MEDIUM,
			"Message 4 was sent %s, and message 5, which goes to UDP port 4500, never "
			"came.",
			TIMES(x->mm[4].copies));
	else if (waited || x->mm[3].copies > 1)
		diagnose_found(p, SIG_NO_REPLY, CERTAIN_MEDIUM,
			       "Message 4 was sent %s, message 3 %s, and nothing follows.",
			       TIMES(x->mm[4].copies), TIMES(x->mm[3].copies));
	else
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW, "The capture ends with message 4.");
}

/* Message 5 is the first that the pre-shared key encrypts, and the first on UDP 4500. */
static void without_message6(struct diagnosing *p)
{
	const struct exchange *x = p->x;
	bool repeated = x->mm[5].copies > 1 || x->mm[4].last.t > x->mm[5].t ||
			x->last - x->mm[5].t > LONG_SILENCE;

	show_repeated(p, 5);
	if (x->informationals[1]) {
		diagnose_show(p, "the server's Informational", x->informational_at[1]);
		diagnose_found(
			p, SIG_PSK, CERTAIN_HIGH,
			"The server answers message 5 with an encrypted Informational and not with "
			"message 6.");
	} else if (!repeated) {
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW, "The capture ends with message 5.");
	} else if (!x->floated) {
		diagnose_found(
			p, SIG_PSK, CERTAIN_MEDIUM,
			"Message 5 was sent %s on UDP port 500, which works, and there is no "
			"message 6.",
			TIMES(x->mm[5].copies));
	} else if (x->on_4500[1]) {
		diagnose_found(
			p, SIG_PSK, CERTAIN_MEDIUM,
			"Message 5 was sent %s to UDP port 4500, which the server uses itself, and "
			"there is no message 6.",
			TIMES(x->mm[5].copies));
	} else if (seen_at_responder(p, 5) && guess_is_silent(x)) {
		diagnose_found(
			p, SIG_PSK, CERTAIN_LOW,
			"Message 5 reached the server's interface %s, and there is no message 6. A "
			"firewall on the server that drops UDP 4500 would look alike.",
			TIMES(x->mm[5].copies));
	} else {
		diagnose_found(
			p, SIG_4500_CLOSED, guess_is_silent(x) ? CERTAIN_LOW : CERTAIN_MEDIUM,
			"Message 5 was sent %s to UDP port 4500, %sand nothing ever came back from "
			"there.",
			TIMES(x->mm[5].copies),
			seen_at_responder(p, 5) ? "reached the server's interface, " : "");
	}
}

static void without_quick_mode(struct diagnosing *p)
{
	const struct exchange *x = p->x;

	show_repeated(p, 5);
	show_repeated(p, 6);
	if (x->mm[5].copies > 1)
		diagnose_found(
			p, SIG_4500_CLOSED, CERTAIN_MEDIUM,
			"Message 5 was sent %s although message 6 answers it: the answer does not "
			"reach the client.",
			TIMES(x->mm[5].copies));
	else if (x->last - x->mm[6].t > LONG_SILENCE)
		diagnose_found(p, SIG_NO_REPLY, CERTAIN_LOW,
			       "Main Mode is finished, and no Quick Mode follows.");
	else
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW, "The capture ends with Main Mode.");
}

/* ---- messages 1 to 3 ---- */

static void without_message2(struct diagnosing *p)
{
	const struct exchange *x = p->x;

	show_repeated(p, 1);
	if (x->notify == NOTIFY_NO_PROPOSAL)
		diagnose_found(p, SIG_NO_PROPOSAL, CERTAIN_HIGH,
			       "The server answers message 1 with NO-PROPOSAL-CHOSEN.");
	else if (x->notify)
		diagnose_found(p, SIG_REFUSED, CERTAIN_HIGH,
			       "The server answers message 1 with %s (%u).",
			       isakmp_notify_name(x->notify) ? isakmp_notify_name(x->notify)
							     : "an unknown notify",
			       x->notify);
	else if (x->mm[1].copies > 1 || x->last - x->mm[1].t > LONG_SILENCE)
		diagnose_found(p, SIG_500_CLOSED, CERTAIN_MEDIUM,
			       "Message 1 was sent %s, and nothing answers it.",
			       TIMES(x->mm[1].copies));
	else
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW, "The capture ends with message 1.");
	diagnose_show(p, "the notify", x->notify_at);
}

/* The same message 1 was answered twice, and the client went on with the other answer. */
static bool superseded(const struct diagnosing *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->all[i] != p->x && p->all[i]->mm[3].seen && p->all[i]->version != 2 &&
		    !memcmp(p->all[i]->cky_i, p->x->cky_i, 8))
			return true;
	return false;
}

static void without_message3(struct diagnosing *p)
{
	const struct exchange *x = p->x;

	show_repeated(p, 1);
	show_repeated(p, 2);
	if (superseded(p))
		diagnose_found(p, SIG_SUPERSEDED, CERTAIN_HIGH,
			       "The client went on with another answer to its message 1.");
	else if (x->notify)
		diagnose_found(p, SIG_REFUSED, CERTAIN_HIGH, "Message 2 is answered with %s (%u).",
			       isakmp_notify_name(x->notify) ? isakmp_notify_name(x->notify)
							     : "an unknown notify",
			       x->notify);
	else if (x->mm[1].copies > 1)
		diagnose_found(
			p, SIG_500_CLOSED, CERTAIN_MEDIUM,
			"Message 1 was sent %s although message 2 answers it: the answer does not "
			"reach the client.",
			TIMES(x->mm[1].copies));
	else if (x->mm[2].copies > 1 || x->last - x->mm[2].t > LONG_SILENCE)
		diagnose_found(p, SIG_NO_REPLY, CERTAIN_LOW,
			       "Message 2 was sent %s, and the client does not go on.",
			       TIMES(x->mm[2].copies));
	else
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW, "The capture ends with message 2.");
}

static void without_message4(struct diagnosing *p)
{
	const struct exchange *x = p->x;

	show_repeated(p, 3);
	if (x->notify) {
		diagnose_show(p, "the notify", x->notify_at);
		diagnose_found(p, SIG_REFUSED, CERTAIN_HIGH,
			       "The server answers message 3 with %s (%u).",
			       isakmp_notify_name(x->notify) ? isakmp_notify_name(x->notify)
							     : "an unknown notify",
			       x->notify);
	} else if (x->mm[3].copies > 1 || x->mm[2].last.t > x->mm[3].t) {
		diagnose_found(p, SIG_NO_REPLY, CERTAIN_MEDIUM,
			       "Message 3 was sent %s and is not answered.",
			       TIMES(x->mm[3].copies));
	} else {
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW, "The capture ends with message 3.");
	}
}

/* ---- Aggressive Mode ---- */

/* Message 2 carries the server's proof that it knows the key, so the client is the first to see
 * that the keys differ. */
static void without_aggressive3(struct diagnosing *p)
{
	const struct exchange *x = p->x;

	show_repeated(p, 1);
	show_repeated(p, 2);
	if (superseded(p)) {
		diagnose_found(p, SIG_SUPERSEDED, CERTAIN_HIGH,
			       "The client went on with another answer to its message 1.");
	} else if (x->notify) {
		diagnose_show(p, "the notify", x->notify_at);
		diagnose_found(p,
			       x->notify == NOTIFY_INVALID_HASH ||
					       x->notify == NOTIFY_AUTHENTICATION_FAILED
				       ? SIG_PSK
				       : SIG_REFUSED,
			       CERTAIN_HIGH, "Message 2 is answered with %s (%u).",
			       isakmp_notify_name(x->notify) ? isakmp_notify_name(x->notify)
							     : "an unknown notify",
			       x->notify);
	} else if (x->informationals[0]) {
		diagnose_show(p, "the client's Informational", x->informational_at[0]);
		diagnose_found(p, SIG_PSK, CERTAIN_HIGH,
			       "The client answers message 2, in which the server proves its key, "
			       "with an encrypted Informational and not with message 3.");
	} else if (x->mm[1].copies > 1 && x->mm[1].last.t > x->mm[2].t) {
		diagnose_found(p, SIG_500_CLOSED, CERTAIN_MEDIUM,
			       "Message 1 was sent %s although message 2 answers it: the answer "
			       "does not reach the client.",
			       TIMES(x->mm[1].copies));
	} else if (x->mm[2].copies > 1 && p->j->responder_place && nat_was_seen(p)) {
		diagnose_found(p, SIG_4500_CLOSED, CERTAIN_LOW,
			       "Message 2 was sent %s, and message 3, which goes to UDP port 4500, "
			       "never came. A client with another key would look alike.",
			       TIMES(x->mm[2].copies));
	} else if (x->mm[2].copies > 1 || x->last - x->mm[2].t > LONG_SILENCE) {
		diagnose_found(p, SIG_PSK, CERTAIN_LOW,
			       "Message 2 was sent %s, and the client does not go on: its key may "
			       "be another one. A scanner such as ike-scan stops here, too.",
			       TIMES(x->mm[2].copies));
	} else {
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW,
			       "The capture ends with message 2, or the client is a scanner such "
			       "as ike-scan, which wants no more.");
	}
}

static void without_quick_mode_aggressive(struct diagnosing *p)
{
	const struct exchange *x = p->x;
	bool repeated = x->mm[3].copies > 1 || x->mm[2].last.t > x->mm[3].t;

	show_repeated(p, 2);
	show_repeated(p, 3);
	if (repeated && x->floated && !x->on_4500[1])
		diagnose_found(p, SIG_4500_CLOSED, CERTAIN_MEDIUM,
			       "Message 3 was sent %s to UDP port 4500 and message 2 %s: message 3 "
			       "does not arrive.",
			       TIMES(x->mm[3].copies), TIMES(x->mm[2].copies));
	else if (x->informationals[1] && !x->transactions)
		diagnose_found(p, SIG_PSK, CERTAIN_LOW,
			       "The server answers message 3 with an encrypted Informational.");
	else if (repeated || x->last - x->mm[3].t > LONG_SILENCE)
		diagnose_found(p, SIG_NO_REPLY, CERTAIN_LOW,
			       "Aggressive Mode is finished, %sand no Quick Mode follows.",
			       x->transactions ? "XAUTH or Mode Config went on, " : "");
	else
		diagnose_found(p, SIG_UNFINISHED, CERTAIN_LOW,
			       "The capture ends with Aggressive Mode.");
	diagnose_show(p, "the server's Informational", x->informational_at[1]);
}

static void aggressive(struct diagnosing *p)
{
	if (p->x->mm[3].seen)
		without_quick_mode_aggressive(p);
	else if (p->x->mm[2].seen)
		without_aggressive3(p);
	else
		without_message2(p);
}

/* ---- IKEv2 ---- */

static void ike2(struct diagnosing *p)
{
	const struct natd_seen *s = &p->j->client_sees;

	if (!p->x->mm[2].seen || (p->x->notify && !p->x->natd4.n)) {
		without_message2(p);
		return;
	}
	diagnose_show(p, "the request", p->x->mm[1].last);
	diagnose_show(p, "the response", p->x->mm[2].last);
	if (!p->j->complete)
		diagnose_found(p, SIG_IKE2, CERTAIN_LOW,
			       "IKEv2 without NAT detection on both sides.");
	else
		diagnose_found(p, SIG_IKE2, CERTAIN_HIGH,
			       "IKEv2; by its hashes the client is %sbehind NAT "
			       "and the server is %sbehind NAT.",
			       s->self_behind_nat ? "" : "not ", s->peer_behind_nat ? "" : "not ");
}

/* ---- the way of an exchange ---- */

static enum reached how_far(const struct exchange *x)
{
	if (x->esp[0] && x->esp[1])
		return REACHED_L2TP;
	if (x->quick_messages[1])
		return REACHED_PHASE2;
	return x->mm[6].seen || x->quick_modes || x->transactions ? REACHED_PHASE1
								  : REACHED_NOTHING;
}

/* One direction only: nothing of one side, although the other one has its cookie, or answers. */
static bool lacks_side(const struct exchange *x, unsigned side)
{
	static const uint8_t zeros[8];

	for (unsigned n = 1 + side; n <= 6; n += 2)
		if (x->mm[n].seen)
			return false;
	return !x->quick_messages[side] && !x->esp[side] && !x->informationals[side] &&
	       memcmp(x->cky_r, zeros, sizeof(zeros)) != 0;
}

/* What a capture of one direction says of the other one's silence is nothing. */
static void one_direction(struct diagnosing *p, unsigned lacking)
{
	p->d->one_direction = true;
	diagnose_show_message(p, 3 - lacking);
	diagnose_show_message(p, 5 - lacking);
	diagnose_found(p, SIG_UNFINISHED, CERTAIN_HIGH,
		       "Only what the %s sent is in this capture, although the %s was there.",
		       lacking ? "client" : "server", lacking ? "server" : "client");
}

void diagnose(const struct exchange *x, const struct judgement *j, struct exchange *const *all,
	      size_t n, struct diagnosis *out)
{
	struct diagnosing p = {x, j, all, n, out};

	*out = (struct diagnosis){
		.reached = how_far(x),
		.windows = says_windows(x),
		.forced = j->server_hash == CLASS_FAKED,
	};
	if (x->version == 2)
		ike2(&p);
	else if (lacks_side(x, 0) != lacks_side(x, 1))
		one_direction(&p, lacks_side(x, 1));
	else if (x->quick_modes || x->esp[0] || x->esp[1])
		diagnose_after_quick_mode(&p);
	else if (x->type == EXCHANGE_AGGRESSIVE)
		aggressive(&p);
	else if (x->mm[6].seen)
		without_quick_mode(&p);
	else if (x->mm[5].seen)
		without_message6(&p);
	else if (x->mm[4].seen)
		without_message5(&p);
	else if (x->mm[3].seen)
		without_message4(&p);
	else if (x->mm[2].seen)
		without_message3(&p);
	else if (x->mm[1].seen)
		without_message2(&p);
	else
		diagnose_found(&p, SIG_UNFINISHED, CERTAIN_LOW,
			       "Nothing of Main Mode is in this capture.");
}

void diagnose_searched(const struct exchange *x, const struct judgement *j, struct diagnosis *d)
{
	d->suspected = x->natd4.n > 1 && j->server_hash == CLASS_UNKNOWN;
	if (!d->suspected || !j->complete || d->sig != SIG_BLOCKED)
		return;
	d->sig = SIG_FORCED;
	d->certainty = CERTAIN_LOW;
}
