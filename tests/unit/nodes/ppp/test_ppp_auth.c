/* SPDX-License-Identifier: MIT */
/*
 * A client and a server of any row, from LCP to the echo or to their end; the line between them can
 * lose, repeat and forge.
 */
#include <stdio.h>

#include "tests/unit/ppp_line.h"

static void line_init(struct line *l, uint64_t seed, const char *client, struct ppp_account is,
		      const char *server, struct ppp_account known)
{
	const struct client_mode *c = mode_client(client);
	const struct server_mode *s = mode_server(server);

	line_of(l, seed, "test_ppp_auth",
		&(struct ppp_config){.lcp = &c->lcp, .auth = c->auth, .who = is},
		&(struct ppp_config){.lcp = &s->lcp,
				     .auth = s->auth,
				     .server = true,
				     .name = "vpn",
				     .chap_wordless = s->chap_wordless,
				     .who = known});
}

static const struct ppp_account alice = {"alice", "wonderland"};

static void line_new(struct line *l, const char *client, const char *server)
{
	line_init(l, 1, client, alice, server, alice);
}

static void run_both(struct line *l)
{
	start(l);
	run(l, l->now + SEC);
}

/* Runs until the next frame is one of the method, of that code. */
static const struct flight *run_to(struct line *l, uint8_t code)
{
	start(l);
	while (!l->n || !is_of_method(l->v[0].b) || l->v[0].b[4] != code)
		assert_true(step(l, 60 * SEC));
	return &l->v[0];
}

static unsigned count(const struct side *s, enum ev_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->log.ev.n; i++)
		n += s->log.ev.v[i].kind == kind;
	return n;
}

static const struct event *the_end(const struct side *s)
{
	for (size_t i = s->log.ev.n; i > 0; i--)
		if (s->log.ev.v[i - 1].kind == EV_AUTH)
			return &s->log.ev.v[i - 1];
	fail_msg("no authentication has ended");
	return NULL;
}

/* ---- the methods ---- */

/* What the client was asked for, its objections included, and what it came to. */
static void each_row_asks_and_agrees_as_it_says(void **state)
{
	static const struct {
		const char *client, *server, *asked, *method;
	} cases[] = {
		{"windows-10", "softether-5", "eap-ms-chap-v2+", "ms-chap-v2"},
		{"windows-10", "softether-4", "pap-ms-chap-v2+", "ms-chap-v2"},
		{"macos", "softether-4", "pap+", "pap"},
		{"linux-plain", "softether-5", "eap-ms-chap-v2+", "ms-chap-v2"},
		{"windows-10", "rras-2012r2", "ms-chap-v2+", "ms-chap-v2"},
		{"windows-7", "libreswan-encapsulation", "ms-chap-v2+", "ms-chap-v2"},
		{"windows-10", "strongswan-5.3", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char asked[100] = "";
		struct line l;

		line_new(&l, cases[i].client, cases[i].server);
		run_both(&l);
		for (size_t k = 0; k < l.client.log.ev.n; k++) {
			const struct event *e = &l.client.log.ev.v[k];

			if (e->kind == EV_AUTH_ASK)
				snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked),
					 "%s%s", ev_get_str(e, K_METHOD),
					 ev_get_bool(e, K_ACCEPTED) ? "+" : "-");
		}
		assert_string_equal(asked, cases[i].asked);
		assert_int_equal(l.client.authenticated, cases[i].method ? 1 : 0);
		assert_int_equal(l.server.authenticated, cases[i].method ? 1 : 0);
		if (cases[i].method)
			assert_string_equal(ev_get_str(the_end(&l.client), K_METHOD),
					    cases[i].method);
		assert_int_equal(l.client.echoed, 1);
		assert_int_equal(l.server.echoed, 1);
		line_free(&l);
	}
}

static void nothing_is_echoed_before_the_client_is_known(void **state)
{
	struct line l;

	(void)state;
	line_new(&l, "windows-10", "softether-5");
	run_to(&l, 3); /* Success */
	assert_true(ppp_is_open(l.client.ppp) && ppp_is_open(l.server.ppp));
	assert_int_equal(count(&l.client, EV_LCP_ECHO), 0);
	/* And other protocols are passed over in silence (RFC 1661 3.5). */
	l.n = 0;
	assert_int_equal(ppp_input(l.client.ppp, (const uint8_t *)"\xff\x03\x80\x21\x01\x01\x00\x04",
				   8, l.now),
			 DROP_UNSUPPORTED);
	assert_int_equal(l.n, 0);
	line_free(&l);
}

static void a_server_that_knows_nobody_asks_nobody(void **state)
{
	struct line l;

	(void)state;
	line_init(&l, 1, "windows-10", alice, "softether-5", (struct ppp_account){NULL, NULL});
	run_both(&l);
	assert_int_equal(count(&l.client, EV_AUTH_ASK), 0);
	assert_int_equal(l.client.echoed, 1);
	line_free(&l);
}

/* Both rows that there are: the client's outcome, and what each side knows of the reason. */
static void who_is_not_known_is_refused(void **state)
{
	static const struct {
		const char *client;
		struct ppp_account is;
		const char *server, *reason, *client_why, *server_why;
	} cases[] = {
		{"windows-10", {"alice", "Wonderland"}, "rras-2012r2", "auth-failed", "refused",
		 "password"},
		{"windows-10", {"bob", "wonderland"}, "softether-5", "auth-failed", "refused",
		 "user"},
		{"macos", {"alice", "wrong"}, "softether-4", "auth-failed", "refused", "password"},
		{"macos", {"alic", "wonderland"}, "softether-4", "auth-failed", "refused", "user"},
		{"windows-10", {NULL, NULL}, "softether-5", "no-credentials", "no-credentials",
		 NULL},
		{"macos", {"alice", NULL}, "softether-4", "no-credentials", "no-credentials", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;

		line_init(&l, 1, cases[i].client, cases[i].is, cases[i].server, alice);
		run_both(&l);
		run(&l, 10 * SEC); /* who was told of the end waits a while (RFC 1661 4.4) */
		assert_string_equal(reason_name(ppp_failure(l.client.ppp)), cases[i].reason);
		assert_string_equal(ev_get_str(the_end(&l.client), K_WHY), cases[i].client_why);
		if (cases[i].server_why)
			assert_string_equal(ev_get_str(the_end(&l.server), K_WHY),
					    cases[i].server_why);
		assert_int_equal(l.client.authenticated + l.server.authenticated, 0);
		assert_int_equal(l.client.finished, 1);
		assert_int_equal(l.server.finished, 1);
		assert_int_equal(l.client.echoed, 0);
		line_free(&l);
	}
}

static void a_domain_before_the_name_does_not_matter(void **state)
{
	struct line l;

	(void)state;
	line_init(&l, 1, "windows-10", (struct ppp_account){"LAB\\alice", "wonderland"},
		  "rras-2012r2", alice);
	run_both(&l);
	assert_int_equal(l.client.authenticated, 1);
	line_free(&l);
}

static void names_and_passwords_may_be_long_or_empty(void **state)
{
	char is_long[300];
	struct line l;

	(void)state;
	memset(is_long, 'a', sizeof(is_long));
	is_long[128] = '\0';
	line_init(&l, 1, "macos", (struct ppp_account){is_long, is_long}, "softether-4",
		  (struct ppp_account){is_long, is_long});
	run_both(&l);
	assert_int_equal(l.client.authenticated, 1);
	line_free(&l);
	line_init(&l, 1, "windows-10", (struct ppp_account){"", ""}, "softether-5",
		  (struct ppp_account){"", ""});
	run_both(&l);
	assert_int_equal(l.client.authenticated, 1);
	line_free(&l);
	/* What does not fit into a packet is cut, and is then another name. */
	is_long[128] = 'a';
	is_long[299] = '\0';
	line_init(&l, 1, "windows-10", (struct ppp_account){is_long, is_long}, "rras-2012r2",
		  (struct ppp_account){is_long, is_long});
	run_both(&l);
	assert_string_equal(reason_name(ppp_failure(l.client.ppp)), "auth-failed");
	line_free(&l);
}

static void the_answers_have_the_words_of_their_rows(void **state)
{
	static const struct {
		const char *server, *password;
		uint8_t code;
		const char *begin, *end;
	} cases[] = {
		{"softether-5", "wonderland", 3, "S=", NULL},
		{"softether-5", "wrong", 4, "E=691 R=0 C=", " V=3"},
		{"rras-2012r2", "wonderland", 3, "S=", " M=Access granted"},
		{"rras-2012r2", "wrong", 4, "E=691 R=0 C=", " V=3 M=Access denied"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct flight *f;
		char text[200] = "";
		struct line l;

		line_init(&l, 1, "windows-10", (struct ppp_account){"alice", cases[i].password},
			  cases[i].server, alice);
		f = run_to(&l, cases[i].code);
		memcpy(text, f->b + 8, f->len - 8);
		assert_memory_equal(text, cases[i].begin, strlen(cases[i].begin));
		assert_int_equal(strlen(text), strlen(cases[i].begin) + (i % 2 ? 32 : 40) +
						       (cases[i].end ? strlen(cases[i].end) : 0));
		if (cases[i].end)
			assert_string_equal(text + strlen(text) - strlen(cases[i].end),
					    cases[i].end);
		assert_int_equal(strspn(text + strlen(cases[i].begin), "0123456789ABCDEF"),
				 i % 2 ? 32 : 40);
		line_free(&l);
	}
}

/* ---- losses and repetitions ---- */

/* Each packet of both methods is lost once: three seconds later all is well, or is not. */
static void what_is_lost_comes_again(void **state)
{
	static const struct {
		const char *client, *server;
		uint8_t code;
	} cases[] = {
		{"windows-10", "softether-5", 1}, {"windows-10", "softether-5", 2},
		{"windows-10", "softether-5", 3}, {"macos", "softether-4", 1},
		{"macos", "softether-4", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;

		line_new(&l, cases[i].client, cases[i].server);
		l.lose_code = cases[i].code;
		run_both(&l);
		assert_int_equal(l.client.authenticated, 0);
		run(&l, 4 * SEC);
		assert_int_equal(l.client.authenticated, 1);
		assert_int_equal(l.server.authenticated, 1);
		assert_int_equal(count(&l.server, EV_AUTH), 1);
		run(&l, 10 * SEC);
		assert_int_equal(l.client.echoed, 1);
		line_free(&l);
	}
}

static void authentication_survives_a_bad_line(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct line l;

		line_init(&l, seed, seed % 2 ? "windows-10" : "macos", alice, "softether-4", alice);
		l.loss = 10;
		start(&l);
		run(&l, 25 * SEC);
		l.loss = 0;
		run(&l, 60 * SEC);
		assert_true(l.client.authenticated >= 1 && l.server.authenticated >= 1);
		assert_int_equal(l.client.finished + l.server.finished, 0);
		assert_true(l.client.echoed >= 1);
		line_free(&l);
	}
}

static void a_challenge_that_nobody_answers_ends_after_ten(void **state)
{
	struct line l;

	(void)state;
	line_new(&l, "windows-10", "rras-2012r2");
	run_to(&l, 1);
	l.loss = 100;
	l.n = 0;
	run(&l, 28 * SEC);
	assert_int_equal(l.sent[0x23], 10);
	assert_int_equal(l.server.finished, 0);
	run(&l, 60 * SEC);
	assert_int_equal(l.sent[0x23], 10);
	assert_string_equal(ev_get_str(the_end(&l.server), K_WHY), "no-answer");
	assert_string_equal(ev_get_str(the_end(&l.client), K_WHY), "no-answer");
	assert_string_equal(reason_name(ppp_failure(l.client.ppp)), "ppp-failed");
	assert_int_equal(l.server.finished, 1);
	line_free(&l);
}

/* A Response may come again, whose Success was lost; one with other words gets the same Success, so
 * that nobody can try passwords (RFC 1994 4.2). */
static void a_repeated_response_gets_the_answer_that_it_got(void **state)
{
	uint8_t success[PPP_FRAME_MAX];
	struct flight response;
	struct line l;

	(void)state;
	line_new(&l, "windows-10", "softether-5");
	response = *run_to(&l, 2);
	run(&l, l.now);
	run(&l, l.now + SEC);
	assert_int_equal(l.server.authenticated, 1);
	assert_int_equal(ppp_input(l.server.ppp, response.b, response.len, l.now), DROP_DUPLICATE);
	memcpy(success, l.v[0].b, l.v[0].len);
	assert_int_equal(success[4], 3);
	l.n = 0;
	response.b[40] ^= 1;
	assert_int_equal(ppp_input(l.server.ppp, response.b, response.len, l.now), DROP_DUPLICATE);
	assert_memory_equal(l.v[0].b, success, l.v[0].len);
	assert_int_equal(l.server.authenticated, 1);
	response.b[5]++;
	assert_int_equal(ppp_input(l.server.ppp, response.b, response.len, l.now), DROP_STATE);
	line_free(&l);
}

/* The same challenge, the same bytes; another one, another answer, also when all is open. */
static void a_challenge_is_answered_whenever_it_comes(void **state)
{
	struct flight challenge, first;
	struct line l;

	(void)state;
	line_new(&l, "windows-10", "softether-5");
	challenge = *run_to(&l, 1);
	step(&l, l.now);
	first = l.v[0];
	l.n = 0;
	assert_int_equal(ppp_input(l.client.ppp, challenge.b, challenge.len, l.now), DROP_NONE);
	assert_int_equal(l.v[0].len, first.len);
	assert_memory_equal(l.v[0].b, first.b, first.len);
	run(&l, l.now);
	assert_int_equal(l.client.authenticated, 1);
	challenge.b[5]++;
	challenge.b[9] ^= 1;
	assert_int_equal(ppp_input(l.client.ppp, challenge.b, challenge.len, l.now), DROP_NONE);
	assert_int_equal(l.v[0].b[4], 2);
	assert_memory_not_equal(l.v[0].b + 9, first.b + 9, 16);
	line_free(&l);
}

/* RFC 1334 2.2.1: an identifier for each transmission, and the last one's answer. */
static void pap_counts_each_request(void **state)
{
	uint8_t late[] = {0xff, 0x03, 0xc0, 0x23, 2, 0, 0, 5, 0};
	struct line l;

	(void)state;
	line_new(&l, "macos", "softether-4");
	late[5] = run_to(&l, 1)->b[5];
	l.n = 0;
	assert_true(step(&l, l.now + 3 * SEC));
	assert_int_equal(l.v[0].b[5], late[5] + 1);
	assert_int_equal(ppp_input(l.client.ppp, late, sizeof(late), l.now), DROP_STATE);
	run(&l, l.now + SEC);
	assert_int_equal(l.client.authenticated, 1);
	line_free(&l);
}

/* LCP may be negotiated anew at any time (RFC 1661 3.4), and then all that is behind it. */
static void all_phases_come_again_when_lcp_does(void **state)
{
	static const struct {
		const char *client, *server;
		uint8_t code; /* of the server's word, behind which LCP begins anew */
	} cases[] = {{"windows-10", "softether-5", 3}, {"macos", "softether-4", 2}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const uint8_t anew[] = {0xff, 0x03, 0xc0, 0x21, 1, 0x77, 0, 4};
		struct line l;

		line_new(&l, cases[i].client, cases[i].server);
		run_to(&l, cases[i].code);
		assert_true(step(&l, l.now));
		assert_int_equal(l.client.authenticated, 1);
		l.n = 0; /* the first echo is lost */
		assert_int_equal(ppp_input(l.client.ppp, anew, sizeof(anew), l.now), DROP_NONE);
		run(&l, l.now + 20 * SEC);
		assert_int_equal(l.client.authenticated + l.server.authenticated, 4);
		assert_int_equal(l.client.echoed + l.server.echoed, 2);
		line_free(&l);
	}
}

/* ---- forged and broken ---- */

static void a_success_without_the_proof_is_none(void **state)
{
	static const char *const texts[] = {
		"S=0000000000000000000000000000000000000000 M=Access granted",
		"S=00000000000000000000000000000000000000",
		"S=zz00000000000000000000000000000000000000",
		"M=welcome",
		"S=",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		uint8_t frame[100] = {0xff, 0x03, 0xc2, 0x23, 3};
		struct flight response;
		struct wr w = wr_new(frame, sizeof(frame));
		size_t len = 8 + strlen(texts[i]);
		struct line l;

		line_new(&l, "windows-10", "softether-5");
		response = *run_to(&l, 2);
		l.n = 0;
		wr_reserve(&w, sizeof(frame));
		wr_patch_u8(&w, 5, response.b[5]);
		wr_patch_u16(&w, 6, (uint16_t)(len - 4));
		memcpy(frame + 8, texts[i], strlen(texts[i]));
		assert_int_equal(ppp_input(l.client.ppp, frame, len, l.now), DROP_NONE);
		assert_int_equal(l.client.authenticated, 0);
		assert_string_equal(reason_name(ppp_failure(l.client.ppp)), "auth-failed");
		assert_string_equal(ev_get_str(the_end(&l.client), K_WHY), "server-proof");
		assert_int_equal(l.v[0].b[4], PPP_TERM_REQUEST);
		line_free(&l);
	}
}

/* RFC 2759 6: the number is the server's, if it sends one. */
static void a_failures_number_is_told(void **state)
{
	static const struct {
		const char *text;
		uint64_t error;
	} cases[] = {
		{"E=691 R=1 C=00 V=3 M=no", 691}, {"E=647 R=0", 647}, {"E=", 691}, {"", 691},
		{"E=99999999999999999999 R=0", 9999999999}, {"M=E=5", 691},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t frame[100] = {0xff, 0x03, 0xc2, 0x23, 4};
		struct wr w = wr_new(frame, sizeof(frame));
		size_t len = 8 + strlen(cases[i].text);
		struct line l;

		line_new(&l, "windows-10", "softether-5");
		wr_reserve(&w, sizeof(frame));
		wr_patch_u8(&w, 5, run_to(&l, 2)->b[5]);
		wr_patch_u16(&w, 6, (uint16_t)(len - 4));
		memcpy(frame + 8, cases[i].text, strlen(cases[i].text));
		assert_int_equal(ppp_input(l.client.ppp, frame, len, l.now), DROP_NONE);
		assert_string_equal(reason_name(ppp_failure(l.client.ppp)), "auth-failed");
		assert_int_equal(ev_get_u(the_end(&l.client), K_ERROR), cases[i].error);
		line_free(&l);
	}
}

/* Seen of a real SoftEther: PAP's wrong password is answered with LCP's Terminate-Request. */
static void a_server_that_hangs_up_on_the_password_has_refused_it(void **state)
{
	static const struct {
		const char *client, *server;
		uint8_t last; /* of the client's own words before the end; 0: it said nothing yet */
	} cases[] = {
		{"macos", "softether-4", 1},
		{"windows-10", "softether-5", 2},
		{"windows-10", "softether-5", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const uint8_t terminate[] = {0xff, 0x03, 0xc0, 0x21, 5, 9, 0, 4};
		struct line l;

		line_new(&l, cases[i].client, cases[i].server);
		run_to(&l, cases[i].last ? cases[i].last : 1);
		l.n = 0;
		assert_int_equal(
			ppp_input(l.client.ppp, terminate, sizeof(terminate), l.now), DROP_NONE);
		if (cases[i].last) {
			assert_string_equal(reason_name(ppp_failure(l.client.ppp)), "auth-failed");
			assert_string_equal(ev_get_str(the_end(&l.client), K_WHY), "hung-up");
		} else {
			assert_int_equal(ppp_failure(l.client.ppp), REASON_NONE);
		}
		assert_int_equal(l.v[0].b[4], PPP_TERM_ACK);
		line_free(&l);
	}
}

/* An answer that nobody asked for decides nothing. */
static void answers_out_of_turn_are_dropped(void **state)
{
	static const struct {
		const char *client, *server, *frame;
		bool to_client;
		enum drop drop;
	} cases[] = {
		{"windows-10", "softether-5", "ff03c2230301000455", true, DROP_STATE},
		{"windows-10", "softether-5", "ff03c22304010004", true, DROP_STATE},
		{"windows-10", "softether-5", "ff03c22302990004", false, DROP_PPP},
		{"windows-10", "softether-5", "ff03c22309990004", true, DROP_UNSUPPORTED},
		{"windows-10", "softether-5", "ff03c02302010004", true, DROP_UNSUPPORTED},
		{"macos", "softether-4", "ff03c02302ee0004", true, DROP_STATE},
		{"macos", "softether-4", "ff03c02303ee0004", true, DROP_STATE},
		{"macos", "softether-4", "ff03c02302010004", false, DROP_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t frame[32];
		struct line l;
		int n = hex_parse(cases[i].frame, frame, sizeof(frame));

		assert_true(n > 0);
		line_new(&l, cases[i].client, cases[i].server);
		run_to(&l, 1);
		assert_int_equal(ppp_input(cases[i].to_client ? l.client.ppp : l.server.ppp, frame,
					   (size_t)n, l.now),
				 cases[i].drop);
		assert_int_equal(ppp_failure(l.client.ppp), REASON_NONE);
		run(&l, l.now + SEC);
		assert_int_equal(l.client.authenticated, 1);
		line_free(&l);
	}
}

static void every_packet_cut_anywhere_is_dropped(void **state)
{
	static const struct {
		const char *client, *server;
		uint8_t code;
	} cases[] = {
		{"windows-10", "softether-5", 1},
		{"windows-10", "softether-5", 2},
		{"macos", "softether-4", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct flight f;
		size_t least = cases[i].code == 2   ? 8 + 1 + 49
			       : i == 2		    ? SIZE_MAX
						    : 8 + 1 + 16;
		struct line l;

		line_new(&l, cases[i].client, cases[i].server);
		f = *run_to(&l, cases[i].code);
		for (size_t cut = 0; cut < f.len; cut++) {
			struct wr w = wr_new(f.b, sizeof(f.b));
			struct ppp *to = f.to_server ? l.server.ppp : l.client.ppp;

			/* The length says more than there is. */
			assert_int_not_equal(ppp_input(to, f.b, cut, l.now), DROP_NONE);
			if (cut < 8 || cut >= least)
				continue;
			/* The length is true, and a length inside is not. */
			wr_reserve(&w, f.len);
			wr_patch_u16(&w, 6, (uint16_t)(cut - 4));
			assert_int_equal(ppp_input(to, f.b, cut, l.now), DROP_PPP);
			wr_patch_u16(&w, 6, (uint16_t)(f.len - 4));
		}
		run(&l, l.now + SEC);
		assert_int_equal(l.client.authenticated, 1);
		line_free(&l);
	}
}

/* ---- LCP's part ---- */

/* The n-th answer to the same wish: code, and options as hex. */
static void a_method_that_the_client_lacks_is_nakked_in_the_order_of_its_row(void **state)
{
	static const struct {
		const char *client, *answers[7];
	} cases[] = {
		{"windows-10",
		 {"03:0305c22381", "03:0305c22381", "03:0305c22381", "03:0305c22381",
		  "03:0305c22381", "04:0304c227", "04:0304c227"}},
		{"macos",
		 {"03:0305c22381", "03:0304c023", "03:0304c023", "03:0304c023", "03:0304c023",
		  "04:0304c227", "04:0304c227"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line l;

		line_new(&l, cases[i].client, "softether-5");
		ppp_start(l.client.ppp, 0);
		for (size_t k = 0; k < 7; k++) {
			uint8_t request[] = {0xff, 0x03, 0xc0, 0x21, 1, 0, 0, 8, 3, 4, 0xc2, 0x27};
			char text[100];

			request[5] = (uint8_t)(k + 1);
			l.n = 0;
			assert_int_equal(ppp_input(l.client.ppp, request, sizeof(request), 0),
					 DROP_NONE);
			snprintf(text, sizeof(text), "%02x:%s", l.v[0].b[4],
				 HEX(l.v[0].b + 8, l.v[0].len - 8));
			assert_string_equal(text, cases[i].answers[k]);
		}
		line_free(&l);
	}
}

/* Options as hex, and whether the client agrees. */
static void only_whole_methods_are_agreed_to(void **state)
{
	static const struct {
		const char *option;
		uint8_t answer;
	} cases[] = {
		{"0305c22381", PPP_CONF_ACK}, {"0304c023", PPP_CONF_NAK},
		{"0305c22305", PPP_CONF_NAK}, {"0305c22380", PPP_CONF_NAK},
		{"0304c223", PPP_CONF_NAK},   {"0306c2238100", PPP_CONF_NAK},
		{"0302", PPP_CONF_NAK},	      {"0303c2", PPP_CONF_NAK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t request[32] = {0xff, 0x03, 0xc0, 0x21, 1, 1, 0};
		int n = hex_parse(cases[i].option, request + 8, 24);
		struct line l;

		request[7] = (uint8_t)(n + 4);
		line_new(&l, "windows-10", "softether-5");
		ppp_start(l.client.ppp, 0);
		l.n = 0;
		assert_int_equal(ppp_input(l.client.ppp, request, (size_t)n + 8, 0), DROP_NONE);
		assert_int_equal(l.v[0].b[4], cases[i].answer);
		line_free(&l);
	}
}

static void a_client_that_wants_none_of_them_gets_no_link(void **state)
{
	static const char *const objections[] = {"\x03\x04\xc0\x23", "\x03\x04\xc0\x23"};
	struct line l;

	(void)state;
	line_new(&l, "windows-10", "softether-4");
	ppp_start(l.server.ppp, 0);
	for (size_t i = 0; i < ARRAY_LEN(objections); i++) {
		uint8_t nak[] = {0xff, 0x03, 0xc0, 0x21, 3, l.v[l.n - 1].b[5], 0, 8, 3, 4, 0, 0};

		memcpy(nak + 8, objections[i], 4);
		assert_int_equal(ppp_input(l.server.ppp, nak, sizeof(nak), 0), DROP_NONE);
	}
	assert_int_equal(l.v[l.n - 1].b[4], PPP_TERM_REQUEST);
	assert_string_equal(ev_get_str(the_end(&l.server), K_WHY), "no-method");
	assert_int_equal(count(&l.server, EV_AUTH_ASK), 2);
	line_free(&l);
}

static void who_agrees_to_eap_is_told_that_it_is_not_spoken(void **state)
{
	struct line l;
	uint8_t frame[PPP_FRAME_MAX];
	size_t len;

	(void)state;
	line_new(&l, "windows-10", "softether-5");
	ppp_start(l.server.ppp, 0);
	len = l.v[0].len;
	memcpy(frame, l.v[0].b, len);
	frame[4] = PPP_CONF_ACK;
	assert_int_equal(ppp_input(l.server.ppp, frame, len, 0), DROP_NONE);
	assert_int_equal(
		ppp_input(l.server.ppp, (const uint8_t *)"\xff\x03\xc0\x21\x01\x01\x00\x04", 8, 0),
		DROP_NONE);
	assert_string_equal(ev_get_str(the_end(&l.server), K_WHY), "no-method");
	assert_int_equal(l.v[l.n - 1].b[4], PPP_TERM_REQUEST);
	line_free(&l);
}

/* A client does not ask back: a server has no name to give. */
static void a_server_is_not_asked_who_it_is(void **state)
{
	struct line l;

	(void)state;
	line_new(&l, "windows-10", "rras-2012r2");
	ppp_start(l.server.ppp, 0);
	l.n = 0;
	assert_int_equal(ppp_input(l.server.ppp,
				   (const uint8_t *)"\xff\x03\xc0\x21\x01\x01\x00\x09"
						    "\x03\x05\xc2\x23\x81",
				   13, 0),
			 DROP_NONE);
	assert_int_equal(l.v[0].b[4], PPP_CONF_REJECT);
	line_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_asks_and_agrees_as_it_says),
		cmocka_unit_test(nothing_is_echoed_before_the_client_is_known),
		cmocka_unit_test(a_server_that_knows_nobody_asks_nobody),
		cmocka_unit_test(who_is_not_known_is_refused),
		cmocka_unit_test(a_domain_before_the_name_does_not_matter),
		cmocka_unit_test(names_and_passwords_may_be_long_or_empty),
		cmocka_unit_test(the_answers_have_the_words_of_their_rows),
		cmocka_unit_test(what_is_lost_comes_again),
		cmocka_unit_test(authentication_survives_a_bad_line),
		cmocka_unit_test(a_challenge_that_nobody_answers_ends_after_ten),
		cmocka_unit_test(a_repeated_response_gets_the_answer_that_it_got),
		cmocka_unit_test(a_challenge_is_answered_whenever_it_comes),
		cmocka_unit_test(pap_counts_each_request),
		cmocka_unit_test(all_phases_come_again_when_lcp_does),
		cmocka_unit_test(a_success_without_the_proof_is_none),
		cmocka_unit_test(a_failures_number_is_told),
		cmocka_unit_test(a_server_that_hangs_up_on_the_password_has_refused_it),
		cmocka_unit_test(answers_out_of_turn_are_dropped),
		cmocka_unit_test(every_packet_cut_anywhere_is_dropped),
		cmocka_unit_test(a_method_that_the_client_lacks_is_nakked_in_the_order_of_its_row),
		cmocka_unit_test(only_whole_methods_are_agreed_to),
		cmocka_unit_test(a_client_that_wants_none_of_them_gets_no_link),
		cmocka_unit_test(who_agrees_to_eap_is_told_that_it_is_not_spoken),
		cmocka_unit_test(a_server_is_not_asked_who_it_is),
	};

	return cmocka_run_group_tests_name("ppp_auth", tests, NULL, NULL);
}
