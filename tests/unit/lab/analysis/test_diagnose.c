/* SPDX-License-Identifier: MIT */
/*
 * Each signature from the counters that it leaves. tests/cli/inspect.sh has the same from whole
 * labs; here are the cases that differ in one counter only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/analysis/advice.h"
#include "lab/analysis/advice_texts.h"
#include "lab/analysis/analysis_priv.h"
#include "lab/analysis/windows.h"

/* What was seen; everything else follows from it. */
struct seen {
	uint32_t copies[7]; /* of messages 1 to 6 */
	double after;	    /* seconds for which the capture goes on behind the last one */
	bool mac, public_server, libreswan, at_server, bare, faked, no_hashes;
	uint32_t on_4500, informationals, quick_modes, quick_answers, esp[2];
	uint16_t notify;
};

static const struct {
	const char *what;
	struct seen seen;
	enum signature sig;
	enum certainty certainty;
	enum outcome outcome;
	const char *reason;
} rows[] = {
	{"message 1 alone",
	 {.copies = {0, 1}},
	 SIG_UNFINISHED,
	 CERTAIN_LOW,
	 OUTCOME_UNDECIDED,
	 "none"},
	{"message 1 again and again",
	 {.copies = {0, 4}, .after = 5},
	 SIG_500_CLOSED,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"message 1, then silence",
	 {.copies = {0, 1}, .after = 5},
	 SIG_500_CLOSED,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"NO-PROPOSAL-CHOSEN",
	 {.copies = {0, 1}, .notify = 14},
	 SIG_NO_PROPOSAL,
	 CERTAIN_HIGH,
	 OUTCOME_FAILED,
	 "no-proposal"},
	{"another notify",
	 {.copies = {0, 1}, .notify = 16},
	 SIG_REFUSED,
	 CERTAIN_HIGH,
	 OUTCOME_FAILED,
	 "refused"},
	{"message 2 does not reach the client",
	 {.copies = {0, 3, 3}},
	 SIG_500_CLOSED,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"the client stops after message 2",
	 {.copies = {0, 1, 1}, .after = 9},
	 SIG_NO_REPLY,
	 CERTAIN_LOW,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"message 3 is not answered",
	 {.copies = {0, 1, 1, 3}},
	 SIG_NO_REPLY,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"the capture ends with message 4",
	 {.copies = {0, 1, 1, 1, 1}},
	 SIG_UNFINISHED,
	 CERTAIN_LOW,
	 OUTCOME_UNDECIDED,
	 "none"},
	{"message 4 again and again, at the server",
	 {.copies = {0, 1, 1, 1, 4}, .at_server = true},
	 SIG_4500_CLOSED,
	 CERTAIN_HIGH,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"message 4 again and again, elsewhere",
	 {.copies = {0, 1, 1, 1, 4}},
	 SIG_4500_CLOSED,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"message 4 again, and no NAT",
	 {.copies = {0, 1, 1, 1, 4}, .bare = true},
	 SIG_NO_REPLY,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"message 5 again and again",
	 {.copies = {0, 1, 1, 1, 1, 4}},
	 SIG_4500_CLOSED,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"the same, at the server",
	 {.copies = {0, 1, 1, 1, 1, 4}, .at_server = true},
	 SIG_4500_CLOSED,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"the same, a server that says nothing to a wrong key",
	 {.copies = {0, 1, 1, 1, 1, 4}, .libreswan = true},
	 SIG_4500_CLOSED,
	 CERTAIN_LOW,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"the same, at that server",
	 {.copies = {0, 1, 1, 1, 1, 4}, .libreswan = true, .at_server = true},
	 SIG_PSK,
	 CERTAIN_LOW,
	 OUTCOME_FAILED,
	 "psk-mismatch"},
	{"message 5 again, and the server speaks on 4500",
	 {.copies = {0, 1, 1, 1, 2, 4}, .on_4500 = 1},
	 SIG_PSK,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "psk-mismatch"},
	{"message 5 is answered by an Informational",
	 {.copies = {0, 1, 1, 1, 1, 1}, .on_4500 = 1, .informationals = 1},
	 SIG_PSK,
	 CERTAIN_HIGH,
	 OUTCOME_FAILED,
	 "psk-mismatch"},
	{"message 5 again, without NAT",
	 {.copies = {0, 1, 1, 1, 1, 3}, .bare = true},
	 SIG_PSK,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "psk-mismatch"},
	{"the capture ends with message 5",
	 {.copies = {0, 1, 1, 1, 1, 1}},
	 SIG_UNFINISHED,
	 CERTAIN_LOW,
	 OUTCOME_UNDECIDED,
	 "none"},
	{"message 6 does not reach the client",
	 {.copies = {0, 1, 1, 1, 1, 3, 3}},
	 SIG_4500_CLOSED,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"six Quick Modes and no ESP",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 6, .quick_answers = 6},
	 SIG_BLOCKED,
	 CERTAIN_HIGH,
	 OUTCOME_BLOCKED,
	 "both-behind-nat"},
	{"one Quick Mode and no ESP",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 1, .quick_answers = 1},
	 SIG_BLOCKED,
	 CERTAIN_MEDIUM,
	 OUTCOME_BLOCKED,
	 "both-behind-nat"},
	{"Quick Modes of a capture that begins too late",
	 {.copies = {0}, .quick_modes = 5, .quick_answers = 5, .no_hashes = true},
	 SIG_BLOCKED,
	 CERTAIN_LOW,
	 OUTCOME_BLOCKED,
	 "both-behind-nat"},
	{"the same before a server that forges its hash",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 6, .quick_answers = 6, .faked = true},
	 SIG_FORCED,
	 CERTAIN_HIGH,
	 OUTCOME_BLOCKED,
	 "both-behind-nat"},
	{"a Mac without ESP",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 6, .quick_answers = 6, .mac = true},
	 SIG_NO_ESP,
	 CERTAIN_LOW,
	 OUTCOME_UNDECIDED,
	 "no-esp"},
	{"Windows without ESP before a public server",
	 {.copies = {0, 1, 1, 1, 1, 1, 1},
	  .quick_modes = 6,
	  .quick_answers = 6,
	  .public_server = true},
	 SIG_NO_ESP,
	 CERTAIN_LOW,
	 OUTCOME_UNDECIDED,
	 "no-esp"},
	{"Quick Mode is refused",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 1, .informationals = 1},
	 SIG_PHASE2,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-proposal"},
	{"Quick Mode is not answered",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 1, .after = 9},
	 SIG_NO_REPLY,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"ESP one way",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 4, .quick_answers = 4, .esp = {4, 0}},
	 SIG_L2TP_SILENT,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"bare ESP one way",
	 {.copies = {0, 1, 1, 1, 1, 1, 1},
	  .bare = true,
	  .quick_modes = 4,
	  .quick_answers = 4,
	  .esp = {4, 0}},
	 SIG_ESP_CLOSED,
	 CERTAIN_MEDIUM,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"the same, and it arrives",
	 {.copies = {0, 1, 1, 1, 1, 1, 1},
	  .bare = true,
	  .at_server = true,
	  .quick_modes = 4,
	  .quick_answers = 4,
	  .esp = {4, 0}},
	 SIG_ESP_CLOSED,
	 CERTAIN_LOW,
	 OUTCOME_FAILED,
	 "no-reply"},
	{"the capture ends with the first ESP",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 1, .quick_answers = 1, .esp = {1, 0}},
	 SIG_UNFINISHED,
	 CERTAIN_LOW,
	 OUTCOME_UNDECIDED,
	 "none"},
	{"ESP of the server's only",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 1, .quick_answers = 1, .esp = {0, 4}},
	 SIG_UNFINISHED,
	 CERTAIN_LOW,
	 OUTCOME_UNDECIDED,
	 "none"},
	{"ESP both ways",
	 {.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 1, .quick_answers = 1, .esp = {9, 9}},
	 SIG_FINE,
	 CERTAIN_HIGH,
	 OUTCOME_CONNECTED,
	 "none"},
	{"nothing of Main Mode",
	 {.copies = {0}, .no_hashes = true},
	 SIG_UNFINISHED,
	 CERTAIN_LOW,
	 OUTCOME_UNDECIDED,
	 "none"},
};

static struct pool pool; /* of the exchanges below; to the end of the program */

static void add_vid(struct exchange *x, unsigned side, enum vid v)
{
	contents_note_vid(&pool, x, side, vid_bytes(v));
}

static const struct inet_ep client_end = {{4, {198, 51, 100, 10}}, 500},
			    server_end = {{4, {172, 31, 0, 10}}, 500};

static void build(const struct seen *s, struct exchange *x, struct judgement *j)
{
	usec t = 0;

	*x = (struct exchange){.floated = !s->bare};
	*j = (struct judgement){
		.complete = !s->no_hashes && s->copies[4],
		.client_sees = {.self_behind_nat = !s->bare,
				.peer_behind_nat = !s->bare && !s->public_server},
		.server_hash = s->faked ? CLASS_FAKED : CLASS_UNKNOWN,
		.responder_place = s->at_server ? "here" : NULL,
	};
	for (unsigned n = 1; n <= 6; n++) {
		struct mm_seen *mm = &x->mm[n];

		if (!s->copies[n])
			continue;
		t += 10 * MSEC;
		mm->seen = mm->read = true;
		mm->t = t;
		mm->copies = s->copies[n];
		mm->n_sightings = 1;
		mm->at = pool_push(&pool, NULL, 0, sizeof(*mm->at));
		mm->at[0] = (struct sighting){
			.place = "here",
			.t = t,
			.frame = n,
			.src = n % 2 ? client_end : server_end,
			.dst = n % 2 ? server_end : client_end,
		};
		mm->last = (struct mark){"here", n, t};
	}
	if (s->copies[1])
		add_vid(x, 0, s->mac ? VID_RFC3947 : VID_MS_NT5_V9);
	if (s->libreswan) {
		add_vid(x, 1, VID_FRAGMENTATION_CAP);
		add_vid(x, 1, VID_DPD);
		add_vid(x, 1, VID_RFC3947);
	}
	if (s->quick_modes)
		x->quick[0] = x->quick[1] = (struct mark){"here", 7, t};
	x->quick_modes = s->quick_modes;
	x->quick_messages[0] = 2 * s->quick_modes;
	x->quick_messages[1] = s->quick_answers;
	x->informationals[1] = s->informationals;
	x->on_4500[1] = s->on_4500;
	x->notify = s->notify;
	for (unsigned i = 0; i < 2; i++) {
		x->esp[i] = s->esp[i];
		if (s->esp[i])
			x->first_esp[i] = (struct mark){"here", 10 + i, t};
	}
	if (s->esp[0] || s->esp[1]) {
		*(s->bare ? &x->esp_raw : &x->esp_udp) = true;
		x->n_esp_at = 1;
		x->esp_at = pool_push(&pool, NULL, 0, sizeof(*x->esp_at));
		x->esp_at[0] = (struct esp_seen){
			.place = "here",
			.n = {s->esp[0], s->esp[1]},
			.last = {t, t},
		};
	}
	x->last = t + (usec)(s->after * 1e6);
}

static void counters_tell_the_signature(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct exchange x;
		struct exchange *all[] = {&x};
		struct judgement j;
		struct diagnosis d;

		print_message("%s\n", rows[i].what);
		build(&rows[i].seen, &x, &j);
		diagnose(&x, &j, all, 1, &d);
		assert_string_equal(signature_name(d.sig), signature_name(rows[i].sig));
		assert_int_equal(d.certainty, rows[i].certainty);
		assert_int_equal(d.outcome, rows[i].outcome);
		assert_string_equal(reason_name(d.reason), rows[i].reason);
		assert_true(strlen(d.sentence) > 20 && d.sentence[strlen(d.sentence) - 1] == '.');
		assert_true(d.n_evidence > 0 || rows[i].sig == SIG_UNFINISHED);
		assert_non_null(advice_for(pool.a, &x, &j, &d).cause);
	}
}

static void every_signature_has_a_row_here_or_a_test(void **state)
{
	bool there[SIGNATURES] = {
		[SIG_SECOND_CLIENT] = true, [SIG_SUPERSEDED] = true, [SIG_IKE2] = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		there[rows[i].sig] = true;
	for (size_t i = 0; i < SIGNATURES; i++)
		assert_true(there[i]);
}

/* Two exchanges with one server. */
struct both {
	struct exchange x, y;
	struct judgement j;
	struct diagnosis d;
};

static const struct seen a_tunnel = {.copies = {0, 1, 1, 1, 1, 1, 1},
				     .quick_modes = 1,
				     .quick_answers = 1,
				     .esp = {50, 50},
				     .after = 60};

static void build_both(struct both *b, const struct seen *x, const struct seen *y)
{
	build(y, &b->y, &b->j);
	build(x, &b->x, &b->j);
}

static enum signature signature_of(struct both *b, const struct exchange *x)
{
	struct exchange *all[] = {&b->y, &b->x};

	diagnose(x, &b->j, all, 2, &b->d);
	return b->d.sig;
}

static void a_second_client_of_the_same_address_is_told_from_a_dead_daemon(void **state)
{
	const struct seen bad = {.copies = {0, 1, 1, 1, 1, 1, 1},
				 .quick_modes = 4,
				 .quick_answers = 4,
				 .esp = {4, 0},
				 .after = 30};
	struct both b;

	(void)state;
	build_both(&b, &bad, &a_tunnel);
	b.x.mm[1].at[0].src.port = 1025;
	assert_int_equal(signature_of(&b, &b.x), SIG_SECOND_CLIENT);
	assert_int_equal(signature_of(&b, &b.y), SIG_FINE);

	b.y.last = -1; /* the other one ended before */
	assert_int_equal(signature_of(&b, &b.x), SIG_L2TP_SILENT);
	b.y.last = b.x.last;
	b.x.mm[1].at[0].src.port = 500; /* the same client, once more */
	assert_int_equal(signature_of(&b, &b.x), SIG_L2TP_SILENT);
}

static void a_tunnel_that_dies_when_another_client_comes_is_told(void **state)
{
	struct both b;

	(void)state;
	build_both(&b, &a_tunnel, &a_tunnel);
	b.y.mm[1].at[0].src.port = 1025;
	b.y.quick[0].t = b.y.quick[1].t = 20 * SEC;
	b.x.esp_at[0].last[1] = 19 * SEC;
	b.x.esp_at[0].last[0] = 40 * SEC;
	b.x.esp_at[0].unanswered = 4;
	assert_int_equal(signature_of(&b, &b.x), SIG_SECOND_CLIENT);
	assert_int_equal(signature_of(&b, &b.y), SIG_FINE);

	b.y.quick[0].t = b.y.quick[1].t = 2 * SEC; /* long before: it is not to blame */
	assert_int_equal(signature_of(&b, &b.x), SIG_FINE);
	assert_int_equal(b.d.certainty, CERTAIN_MEDIUM);
	b.x.esp_at[0].unanswered = 2; /* and two packets are no silence */
	assert_int_equal(signature_of(&b, &b.x), SIG_FINE);
	assert_int_equal(b.d.certainty, CERTAIN_HIGH);
}

static void a_quick_mode_refused_beside_another_clients_tunnel_is_told(void **state)
{
	const struct seen bad = {
		.copies = {0, 1, 1, 1, 1, 1, 1}, .quick_modes = 1, .informationals = 1, .after = 9};
	struct both b;

	(void)state;
	build_both(&b, &bad, &a_tunnel);
	assert_int_equal(signature_of(&b, &b.x), SIG_PHASE2);
	b.x.mm[1].at[0].src.port = 1025;
	assert_int_equal(signature_of(&b, &b.x), SIG_SECOND_CLIENT);
}

static void a_second_answer_to_one_message_1_is_no_failure(void **state)
{
	const struct seen taken = {.copies = {0, 2, 1, 1, 1}};
	const struct seen left = {.copies = {0, 2, 1}};
	struct both b;

	(void)state;
	build_both(&b, &left, &taken);
	assert_int_equal(signature_of(&b, &b.x), SIG_SUPERSEDED);
	assert_int_equal(b.d.outcome, OUTCOME_UNDECIDED);
	b.y.cky_i[0] = 1;
	assert_int_equal(signature_of(&b, &b.x), SIG_500_CLOSED);
}

static void windows_rule_is_microsofts_table(void **state)
{
	static const char *const want[4][3] = {
		/* self, peer behind NAT: registry 0, 1, 2 */
		{"connects", "connects", "connects"},
		{"connects", "connects", "connects"},
		{"blocked", "connects", "connects"},
		{"blocked", "blocked", "connects"},
	};
	struct exchange x = {0};
	struct judgement j = {.complete = true};

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		for (int registry = 0; registry <= 2; registry++) {
			j.client_sees = (struct natd_seen){i & 1, i & 2};
			assert_string_equal(
				windows_result_name(exchange_windows(&x, &j, registry).result),
				want[i][registry]);
		}
	j.complete = false;
	assert_int_equal(exchange_windows(&x, &j, 0).result, WINDOWS_UNKNOWN);
	x.mm[4].seen = x.mm[4].read = true; /* without NAT-T there is nothing to forbid */
	assert_int_equal(exchange_windows(&x, &j, 0).result, WINDOWS_CONNECTS);
}

/* Sentences stand in one table, to be translated: each has words, and arguments that are known. */
static void every_sentence_of_advice_is_there_with_its_arguments(void **state)
{
	static const char *const known[] = {"{error}", "{key}", "{value}"};

	(void)state;
	for (enum advice_text i = ADVICE_NOTHING + 1; i < ADVICE_TEXTS; i++) {
		const char *s = advice_text(i);

		assert_non_null(s);
		assert_true(strlen(s) > 20);
		while ((s = strchr(s, '{'))) {
			bool found = false;

			for (size_t k = 0; k < ARRAY_LEN(known); k++)
				found |= !strncmp(s, known[k], strlen(known[k]));
			if (!found)
				fail_msg("%s", s);
			s++;
		}
	}
	assert_null(advice_text(ADVICE_NOTHING));
}

static void advice_names_the_error_and_the_registry(void **state)
{
	struct exchange x = {0};
	struct judgement j = {.complete = true, .client_sees = {true, true}};
	struct diagnosis d = {.sig = SIG_BLOCKED};
	struct advice a = advice_for(pool.a, &x, &j, &d);

	(void)state;
	assert_non_null(strstr(a.cause, "Error 809."));
	assert_string_equal(strchr(a.cures[0], '\n') + 1,
			    "reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent /v "
			    "AssumeUDPEncapsulationContextOnSendRule /t REG_DWORD /d 2 /f");
}

/* How the hash was forged tells whose setting to change. */
static void a_forged_hash_names_the_setting(void **state)
{
	static const struct {
		bool known;
		struct inet_ep means;
		const char *setting;
	} forged[] = {
		{false, {{0}, 0}, "encap=no"},
		{true, {{4, {172, 31, 0, 10}}, 0}, "encapsulation=auto"},
		{true, {{4, {0}}, 500}, "ListenIP"},
	};
	struct exchange x = {0};
	struct diagnosis d = {.sig = SIG_FORCED};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forged); i++) {
		struct judgement j = {.known4 = {false, forged[i].known},
				      .means4 = {{{0}, 0}, forged[i].means}};

		assert_non_null(strstr(advice_for(pool.a, &x, &j, &d).cures[0], forged[i].setting));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_tell_the_signature),
		cmocka_unit_test(every_signature_has_a_row_here_or_a_test),
		cmocka_unit_test(a_second_client_of_the_same_address_is_told_from_a_dead_daemon),
		cmocka_unit_test(a_tunnel_that_dies_when_another_client_comes_is_told),
		cmocka_unit_test(a_quick_mode_refused_beside_another_clients_tunnel_is_told),
		cmocka_unit_test(a_second_answer_to_one_message_1_is_no_failure),
		cmocka_unit_test(windows_rule_is_microsofts_table),
		cmocka_unit_test(every_sentence_of_advice_is_there_with_its_arguments),
		cmocka_unit_test(advice_names_the_error_and_the_registry),
		cmocka_unit_test(a_forged_hash_names_the_setting),
	};

	pool.a = arena_new();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
