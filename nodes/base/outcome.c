/* SPDX-License-Identifier: MIT */
#include "nodes/base/outcome.h"

static const char *const outcomes[OUTCOMES] = {
	[OUTCOME_UNDECIDED] = "undecided",
	[OUTCOME_CONNECTED] = "connected",
	[OUTCOME_BLOCKED] = "blocked",
	[OUTCOME_FAILED] = "failed",
};

static const char *const reacheds[REACHEDS] = {
	[REACHED_NOTHING] = "nothing", [REACHED_PHASE1] = "phase1", [REACHED_PHASE2] = "phase2",
	[REACHED_L2TP] = "l2tp",       [REACHED_PPP] = "ppp",
};

static const char *const reasons[REASONS] = {
	[REASON_NONE] = "none",
	[REASON_SERVER_BEHIND_NAT] = "server-behind-nat",
	[REASON_BOTH_BEHIND_NAT] = "both-behind-nat",
	[REASON_PSK_MISMATCH] = "psk-mismatch",
	[REASON_NO_PROPOSAL] = "no-proposal",
	[REASON_NO_REPLY] = "no-reply",
	[REASON_NO_IPSEC_SA] = "no-ipsec-sa",
	[REASON_AUTH_FAILED] = "auth-failed",
	[REASON_NO_CREDENTIALS] = "no-credentials",
	[REASON_PPP_FAILED] = "ppp-failed",
	[REASON_NO_ESP] = "no-esp",
	[REASON_REFUSED] = "refused",
	[REASON_DELETED] = "deleted",
	[REASON_LIMIT] = "limit",
	[REASON_STATE] = "state",
	[REASON_PROBED] = "probed",
	[REASON_CLOSED] = "closed",
	[REASON_L2TP_REFUSED] = "l2tp-refused",
	[REASON_L2TP_ERROR] = "l2tp-error",
	[REASON_USER] = "user",
	[REASON_PASSWORD] = "password",
	[REASON_SERVER_PROOF] = "server-proof",
	[REASON_NO_METHOD] = "no-method",
	[REASON_HUNG_UP] = "hung-up",
	[REASON_NO_ANSWER] = "no-answer",
	[REASON_NO_SESSION] = "no-session",
};

static const char *const encapsulations[ENCAPSULATIONS] = {
	[ENCAPSULATION_UDP] = "udp",
	[ENCAPSULATION_ESP] = "esp",
	[ENCAPSULATION_NONE] = "none",
};

static const char *const hash_classes[HASH_CLASSES] = {
	[CLASS_UNKNOWN] = "unknown",
	[CLASS_EXACT] = "exact",
	[CLASS_COPIED] = "copied",
	[CLASS_FAKED] = "faked",
	[CLASS_EXACT_OR_COPIED] = "exact-or-copied",
};

static const char *const methods[] = {
	[PPP_AUTH_NONE] = "none",	    [PPP_AUTH_EAP] = "eap",
	[PPP_AUTH_MSCHAPV2] = "ms-chap-v2", [PPP_AUTH_PAP] = "pap",
	[PPP_AUTH_UNKNOWN] = "unknown",
};

const struct words outcome_words = WORDS_IN(outcomes);
const struct words outcome_claim_words = {outcomes, OUTCOMES, OUTCOME_CONNECTED};
const struct words reached_words = WORDS_IN(reacheds);
const struct words reason_words = WORDS_IN(reasons);
const struct words reason_claim_words = {reasons, REASONS_OF_CLAIMS, 0};
const struct words encapsulation_words = WORDS_IN(encapsulations);
const struct words hash_class_words = WORDS_IN(hash_classes);
const struct words ppp_method_words = WORDS_IN(methods);

const char *outcome_name(enum outcome o)
{
	return word_of(&outcome_words, o);
}

const char *reached_name(enum reached r)
{
	return word_of(&reached_words, r);
}

const char *reason_name(enum reason r)
{
	return word_of(&reason_words, r);
}

const char *hash_class_name(enum hash_class c)
{
	return word_of(&hash_class_words, c);
}
