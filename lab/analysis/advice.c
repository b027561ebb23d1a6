/* SPDX-License-Identifier: MIT */
/*
 * advice.c - what to say of each signature: the cause, the cure, and what it is not.
 *
 * Sources: Microsoft's rule kb926179; which server forges its hash by which setting
 * strongswan-src, libreswan-src, openswan-src, softether-src (docs/sources.md).
 */
#include "lab/analysis/advice.h"

#include <string.h>

#include "lab/analysis/advice_texts.h"
#include "lab/analysis/windows.h"

/* A piece of advice by its sentences; two causes stand one behind the other. */
struct row {
	enum advice_text causes[2], cures[ADVICE_CURES], not_the_cause;
};

static const struct row rows[SIGNATURES] = {
	[SIG_UNFINISHED] = {{ADVICE_UNFINISHED_CAUSE}, {ADVICE_UNFINISHED_CURE}, ADVICE_NOTHING},
	[SIG_FINE] = {{ADVICE_FINE_CAUSE}, {ADVICE_FINE_CURE1, ADVICE_FINE_CURE2}, ADVICE_NOT_FINE},
	[SIG_BLOCKED] = {
		{ADVICE_BLOCKED_CAUSE},
		{ADVICE_REGISTRY_EDIT, ADVICE_PUBLIC_ADDRESS, ADVICE_HIDDEN_NAT},
		ADVICE_NOT_WHEN_BLOCKED,
	},
	[SIG_NO_ESP] = {{ADVICE_NO_ESP_CAUSE}, {ADVICE_NO_ESP_CURE}, ADVICE_NOT_NO_ESP},
	[SIG_L2TP_SILENT] = {
		{ADVICE_L2TP_SILENT_CAUSE},
		{ADVICE_L2TP_SILENT_CURE1, ADVICE_L2TP_SILENT_CURE2},
		ADVICE_WINDOWS_DID_SEND,
	},
	[SIG_ESP_CLOSED] = {
		{ADVICE_ESP_CLOSED_CAUSE},
		{ADVICE_ESP_CLOSED_CURE1, ADVICE_ESP_CLOSED_CURE2, ADVICE_ESP_CLOSED_CURE3},
		ADVICE_NOT_ESP_CLOSED,
	},
	[SIG_SECOND_CLIENT] = {
		{ADVICE_SECOND_CLIENT_CAUSE},
		{ADVICE_SECOND_CLIENT_CURE1,
		 ADVICE_SECOND_CLIENT_CURE2,
		 ADVICE_SECOND_CLIENT_CURE3},
		ADVICE_WINDOWS_DID_SEND,
	},
	[SIG_4500_CLOSED] = {
		{ADVICE_4500_CLOSED_CAUSE},
		{ADVICE_4500_CLOSED_CURE1, ADVICE_4500_CLOSED_CURE2},
		ADVICE_NOT_4500_CLOSED,
	},
	[SIG_500_CLOSED] = {
		{ADVICE_500_CLOSED_CAUSE},
		{ADVICE_500_CLOSED_CURE},
		ADVICE_NOT_500_CLOSED,
	},
	[SIG_PSK] = {{ADVICE_PSK_CAUSE}, {ADVICE_PSK_CURE}, ADVICE_NOT_PSK},
	[SIG_NO_PROPOSAL] = {
		{ADVICE_NO_PROPOSAL_CAUSE},
		{ADVICE_NO_PROPOSAL_CURE},
		ADVICE_NOT_NO_PROPOSAL,
	},
	[SIG_PHASE2] = {{ADVICE_PHASE2_CAUSE}, {ADVICE_PHASE2_CURE}, ADVICE_NOT_PHASE2},
	[SIG_REFUSED] = {
		{ADVICE_REFUSED_CAUSE},
		{ADVICE_REFUSED_CURE},
		ADVICE_REGISTRY_COUNTS_LATER,
	},
	[SIG_NO_REPLY] = {
		{ADVICE_NO_REPLY_CAUSE},
		{ADVICE_NO_REPLY_CURE},
		ADVICE_REGISTRY_COUNTS_LATER,
	},
	[SIG_IKE2] = {{ADVICE_IKE2_CAUSE}, {ADVICE_NOTHING}, ADVICE_NOT_IKE2},
	[SIG_SUPERSEDED] = {{ADVICE_SUPERSEDED_CAUSE}, {ADVICE_NOTHING}, ADVICE_NOTHING},
};

/* What the hashes lead to, although this capture ends before it. */
static const struct row too_early = {
	{ADVICE_TOO_EARLY_CAUSE},
	{ADVICE_REGISTRY_EDIT, ADVICE_PUBLIC_ADDRESS, ADVICE_HIDDEN_NAT},
	ADVICE_NOTHING,
};
/* Message 4 is not there to prove it. */
static const struct row blocked_unseen = {
	{ADVICE_BLOCKED_UNSEEN_CAUSE},
	{ADVICE_REGISTRY_EDIT, ADVICE_BLOCKED_UNSEEN_CURE2},
	ADVICE_NOT_WHEN_BLOCKED,
};
static const struct row one_direction = {
	{ADVICE_ONE_DIRECTION_CAUSE},
	{ADVICE_ONE_DIRECTION_CURE},
	ADVICE_NOTHING,
};
static const struct row other_client = {
	{ADVICE_OTHER_CLIENT_CAUSE},
	{ADVICE_REGISTRY_EDIT},
	ADVICE_NOT_OTHER_CLIENT,
};
/* How a server's hash of itself is forged tells whose setting it is. */
static const struct row forced_port = {
	{ADVICE_FORCED_PORT_CAUSE},
	{ADVICE_FORCED_PORT_CURE1, ADVICE_REGISTRY_EDIT},
	ADVICE_NOT_WHEN_FORCED,
};
static const struct row forced_address = {
	{ADVICE_FORCED_ADDRESS_CAUSE},
	{ADVICE_FORCED_ADDRESS_CURE1, ADVICE_REGISTRY_EDIT},
	ADVICE_NOT_WHEN_FORCED,
};
static const struct row forced_random = {
	{ADVICE_FORCED_RANDOM_CAUSE},
	{ADVICE_ENCAP_NO, ADVICE_REGISTRY_EDIT},
	ADVICE_NOT_WHEN_FORCED,
};
static const struct row forced_guess = {
	{ADVICE_FORCED_GUESS_CAUSE},
	{ADVICE_ENCAP_NO, ADVICE_REGISTRY_EDIT, ADVICE_FORCED_GUESS_CURE3},
	ADVICE_NOT_WHEN_FORCED,
};
/* Behind NAT, or a forged hash: from here they look alike. */
static const struct row blocked_or_forced = {
	{ADVICE_BLOCKED_CAUSE, ADVICE_LOOKS_ALIKE},
	{ADVICE_REGISTRY_EDIT, ADVICE_BLOCKED_OR_FORCED_CURE2, ADVICE_OR_NOT_FORCED},
	ADVICE_NOT_WHEN_BLOCKED,
};
static const struct row too_early_or_forced = {
	{ADVICE_TOO_EARLY_CAUSE, ADVICE_LOOKS_ALIKE},
	{ADVICE_REGISTRY_EDIT, ADVICE_BLOCKED_OR_FORCED_CURE2, ADVICE_OR_NOT_FORCED},
	ADVICE_NOTHING,
};

static const struct row *forced_row(const struct judgement *j, const struct diagnosis *d)
{
	if (d->suspected)
		return &forced_guess;
	if (!j->known4[1])
		return &forced_random;
	return inet_addr_is_zero(j->means4[1].addr) ? &forced_address : &forced_port;
}

static const struct row *find_row(const struct exchange *x, const struct judgement *j,
				  const struct diagnosis *d)
{
	bool blocks = exchange_windows(x, j, 0).result == WINDOWS_BLOCKED;
	bool unknown = x->natd4.n > 1 && j->server_hash == CLASS_UNKNOWN;

	if (d->sig == SIG_FORCED)
		return forced_row(j, d);
	if (d->sig == SIG_BLOCKED && !j->complete)
		return &blocked_unseen;
	if (d->sig == SIG_BLOCKED && unknown)
		return &blocked_or_forced;
	if (d->one_direction)
		return &one_direction;
	/* Windows itself never does Aggressive Mode: there this is not what people ask. */
	if (blocks && x->type != EXCHANGE_AGGRESSIVE &&
	    (d->sig == SIG_UNFINISHED || d->sig == SIG_NO_ESP))
		return d->forced || d->suspected ? forced_row(j, d)
		       : unknown		 ? &too_early_or_forced
						 : &too_early;
	if (blocks && d->sig == SIG_FINE && !d->windows)
		return &other_client;
	return &rows[d->sig];
}

/* ---- the sentences ---- */

/* What an argument's name, @len bytes, stands for. */
static const char *argument(struct arena *a, const char *name, size_t len)
{
	if (len == strlen("error") && !memcmp(name, "error", len))
		return arena_printf(a, "%u", windows_error(REASON_SERVER_BEHIND_NAT));
	return *name == 'k' ? GATE_REGISTRY_KEY : GATE_REGISTRY_VALUE;
}

/* A sentence with its arguments. */
static const char *say(struct arena *a, enum advice_text text)
{
	const char *s = advice_text(text);
	const char *open, *close;

	while (s && (open = strchr(s, '{'))) {
		close = strchr(open, '}');
		s = arena_printf(a, "%.*s%s%s", (int)(open - s), s,
				 argument(a, open + 1, (size_t)(close - open - 1)), close + 1);
	}
	return s;
}

struct advice advice_for(struct arena *a, const struct exchange *x, const struct judgement *j,
			 const struct diagnosis *d)
{
	const struct row *row = find_row(x, j, d);
	struct advice out = {
		.cause = say(a, row->causes[0]),
		.not_the_cause = say(a, row->not_the_cause),
	};

	if (row->causes[1])
		out.cause = arena_printf(a, "%s %s", out.cause, say(a, row->causes[1]));
	for (size_t i = 0; i < ADVICE_CURES; i++)
		out.cures[i] = say(a, row->cures[i]);
	return out;
}
