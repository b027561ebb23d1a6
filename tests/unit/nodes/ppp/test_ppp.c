/* SPDX-License-Identifier: MIT */
#include "tests/unit/ppp_line.h"

/* Nobody is asked who he is: that is test_ppp_auth.c. */
static void line_init(struct line *l, uint64_t seed, const struct lcp_identity *client,
		      const struct lcp_identity *server)
{
	static const enum ppp_method nobody_asks[PPP_AUTH_MAX];

	line_of(l, seed, "test_ppp", &(struct ppp_config){.lcp = client, .auth = nobody_asks},
		&(struct ppp_config){.lcp = server, .auth = nobody_asks, .server = true});
}

static void line_new(struct line *p)
{
	line_init(p, 1, &mode_client("windows-10")->lcp, &mode_server("rras-2012r2")->lcp);
}

static void open_both(struct line *p)
{
	start(p);
	run(p, p->now + SEC);
	assert_true(ppp_is_open(p->client.ppp));
	assert_true(ppp_is_open(p->server.ppp));
}

/* Feeds a frame written as hex to the server. */
static enum drop feed(struct line *p, const char *hex)
{
	uint8_t b[PPP_FRAME_MAX];
	int n = hex_parse(hex, b, sizeof(b));

	assert_true(n >= 0);
	return ppp_input(p->server.ppp, b, (size_t)n, p->now);
}

static const struct flight *last(const struct line *p)
{
	assert_true(p->n > 0);
	return &p->v[p->n - 1];
}

/* ---- opening ---- */

static void windows_asks_for_what_it_asks_for(void **state)
{
	uint8_t want[25];
	struct line p;

	(void)state;
	line_new(&p);
	ppp_start(p.client.ppp, 0);
	hex_parse("ff03c02101010015"
		  "01040578"
		  "050600000000"
		  "0702"
		  "0802"
		  "0d0306",
		  want, 25);
	memcpy(want + 14, p.v[0].b + 14, 4); /* the magic number is random */
	assert_int_equal(p.v[0].len, 25);
	assert_memory_equal(p.v[0].b, want, 25);
	line_free(&p);
}

static void callback_is_rejected_and_not_asked_for_again(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	ppp_start(p.server.ppp, 0);
	ppp_start(p.client.ppp, 0);
	p.n = 0;
	assert_int_equal(feed(&p, "ff03c021010100150104057805061234567807020802"
				  "0d0306"),
			 DROP_NONE);
	assert_int_equal(last(&p)->len, 11);
	assert_memory_equal(last(&p)->b, "\xff\x03\xc0\x21\x04\x01\x00\x07\x0d\x03\x06", 11);
	ppp_input(p.client.ppp, last(&p)->b, last(&p)->len, 0);
	assert_int_equal(last(&p)->b[4], PPP_CONF_REQUEST);
	assert_int_equal(last(&p)->b[5], 2); /* a new request, a new identifier */
	assert_int_equal(last(&p)->len, 22);
	line_free(&p);
}

static void every_client_opens_lcp_with_every_server_and_both_echo(void **state)
{
	size_t n_clients, n_servers;
	const struct client_mode *const *clients = mode_clients(&n_clients);
	const struct server_mode *const *servers = mode_servers(&n_servers);

	(void)state;
	assert_true(n_clients >= 2 && n_servers >= 3);
	for (size_t c = 0; c < n_clients; c++) {
		for (size_t s = 0; s < n_servers; s++) {
			struct line p;

			line_init(&p, 1, &clients[c]->lcp, &servers[s]->lcp);
			open_both(&p);
			assert_int_equal(p.client.echoed, 1);
			assert_int_equal(p.server.echoed, 1);
			assert_int_equal(p.client.log.ev.n, 1);
			assert_int_equal(p.client.log.ev.v[0].kind, EV_LCP_ECHO);
			assert_true(ppp_deadline(p.client.ppp) == USEC_NEVER);
			line_free(&p);
		}
	}
}

static void who_is_asked_later_answers_again(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	open_both(&p);
	run(&p, 100 * SEC);
	ppp_ask(p.server.ppp, p.now);
	run(&p, 101 * SEC);
	assert_int_equal(p.server.echoed, 2);
	assert_int_equal(p.client.echoed, 1);
	assert_int_equal(p.server.unanswered_at, 0);
	assert_true(ppp_is_open(p.server.ppp));
	line_free(&p);
}

/* Asked three times, a second apart; then it is known, and only then LCP is closed. */
static void who_does_not_answer_is_given_up_in_three_seconds(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	open_both(&p);
	p.loss = 100;
	p.now = 100 * SEC;
	p.server.sent = 0;
	ppp_ask(p.server.ppp, p.now);
	run(&p, 102 * SEC);
	assert_int_equal(p.server.sent, 3);
	assert_int_equal(p.server.unanswered_at, 0);
	run(&p, 103 * SEC);
	assert_true(p.server.unanswered_at == 103 * SEC);
	assert_int_equal(p.server.finished, 0);
	assert_false(ppp_is_open(p.server.ppp));
	run(&p, 200 * SEC);
	assert_int_equal(p.server.finished, 1);
	line_free(&p);
}

static void softether_rejects_the_magic_number_and_echoes_bear_zero(void **state)
{
	struct line p;

	(void)state;
	line_init(&p, 1, &mode_client("windows-10")->lcp, &mode_server("softether-4")->lcp);
	open_both(&p);
	ppp_input(p.client.ppp, (const uint8_t *)"\xff\x03\xc0\x21\x09\x07\x00\x08\0\0\0\0", 12, 0);
	assert_memory_equal(last(&p)->b, "\xff\x03\xc0\x21\x0a\x07\x00\x08\0\0\0\0", 12);
	/* Behind that stands a text, and the zero that ends it (measured-softether). */
	ppp_ask(p.server.ppp, 0);
	assert_int_equal(last(&p)->len, 4 + 24);
	assert_int_equal(last(&p)->b[4], 9);
	assert_memory_equal(last(&p)->b + 12, mode_server("softether-4")->lcp.echo, 16);
	line_free(&p);
}

static void lcp_opens_over_a_bad_line(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct line p;

		line_init(&p, seed, &mode_client("windows-10")->lcp,
			  &mode_server("rras-2012r2")->lcp);
		p.loss = 10;
		ppp_start(p.client.ppp, 0);
		ppp_start(p.server.ppp, 0);
		run(&p, 25 * SEC);
		p.loss = 0;
		run(&p, 60 * SEC);
		assert_true(ppp_is_open(p.client.ppp) == ppp_is_open(p.server.ppp));
		assert_true(ppp_is_open(p.client.ppp));
		assert_true(p.client.echoed >= 1 && p.server.echoed >= 1);
		line_free(&p);
	}
}

static void nobody_there_is_given_up_after_ten_requests(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	p.loss = 100;
	ppp_start(p.client.ppp, 0);
	run(&p, 29 * SEC);
	assert_int_equal(p.client.sent, 10);
	assert_int_equal(p.client.last, 27 * SEC);
	assert_int_equal(p.client.finished, 0);
	run(&p, 31 * SEC);
	assert_int_equal(p.client.finished, 1);
	line_free(&p);
}

/* What the server answers to a Configure-Request: code, and options as hex. */
static void options_are_judged_one_by_one(void **state)
{
	static const struct {
		const char *request, *answer; /* NULL: no answer at all */
	} cases[] = {
		{"01070004", "02070004"},
		{"0107000801040578", "0207000801040578"},
		{"0107000801040040", "03070008010405dc"},     /* MRU 64 is too small: 1500 */
		{"01070008010405dcffff", "02070008010405dc"}, /* padding behind the length */
		{"0107000a020600000000", "0207000a020600000000"},
		{"01070009"
		 "0305c22381",
		 "04070009"
		 "0305c22381"},
		{"01070008"
		 "07020802",
		 "02070008"
		 "07020802"},
		{"01070007"
		 "110306",
		 "04070007"
		 "110306"},
		{"0107000c"
		 "01040578"
		 "11040640",
		 "04070008"
		 "11040640"},
		{"0107000c"
		 "01040040"
		 "11040640",
		 "04070008"
		 "11040640"},
		{"01070007"
		 "010305",
		 "04070007"
		 "010305"}, /* MRU of one byte */
		{"01070006"
		 "2002",
		 "04070006"
		 "2002"},
		{"01070006"
		 "0101",
		 NULL},
		{"01070006"
		 "0100",
		 NULL},
		{"01070006"
		 "0104",
		 NULL},
		{"01070005"
		 "01",
		 NULL},
		{"01070003", NULL},
		{"0107000801", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t in[64] = {0xff, 0x03, 0xc0, 0x21}, want[64] = {0xff, 0x03, 0xc0, 0x21};
		int n = hex_parse(cases[i].request, in + 4, 60), len = 0;
		struct line p;

		line_new(&p);
		ppp_start(p.server.ppp, 0);
		p.n = 0;
		assert_int_equal(ppp_input(p.server.ppp, in, (size_t)n + 4, 0),
				 cases[i].answer ? DROP_NONE : DROP_PPP);
		assert_int_equal(p.n, cases[i].answer ? 1 : 0);
		if (cases[i].answer) {
			len = hex_parse(cases[i].answer, want + 4, 60);
			assert_int_equal(last(&p)->len, len + 4);
			assert_memory_equal(last(&p)->b, want, (size_t)len + 4);
		}
		line_free(&p);
	}
}

static void our_own_magic_number_coming_back_is_a_loop(void **state)
{
	uint8_t request[32];
	struct line p;
	size_t len;

	(void)state;
	line_new(&p);
	ppp_start(p.server.ppp, 0);
	len = p.v[0].len;
	memcpy(request, p.v[0].b, len);
	ppp_input(p.server.ppp, request, len, 0);
	assert_int_equal(last(&p)->b[4], PPP_CONF_NAK);
	assert_int_equal(last(&p)->b[8], LCP_MAGIC);
	assert_memory_not_equal(last(&p)->b + 10, request + 14, 4);
	line_free(&p);
}

static void an_ack_counts_only_for_the_last_request_and_its_options(void **state)
{
	struct flight request;
	struct line p;

	(void)state;
	line_new(&p);
	ppp_start(p.server.ppp, 0);
	request = p.v[0];
	assert_int_equal(feed(&p, "ff03c021010100080104"
				  "0578"),
			 DROP_NONE);
	request.b[4] = PPP_CONF_ACK;
	request.b[5]++;
	assert_int_equal(ppp_input(p.server.ppp, request.b, request.len, 0), DROP_PPP);
	request.b[5]--;
	request.b[11] ^= 1;
	assert_int_equal(ppp_input(p.server.ppp, request.b, request.len, 0), DROP_PPP);
	assert_false(ppp_is_open(p.server.ppp));
	request.b[11] ^= 1;
	assert_int_equal(ppp_input(p.server.ppp, request.b, request.len, 0), DROP_NONE);
	assert_true(ppp_is_open(p.server.ppp));
	line_free(&p);
}

static void a_nak_changes_what_is_asked_for(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	ppp_start(p.server.ppp, 0);
	assert_int_equal(feed(&p, "ff03c0210301000e"
				  "01040400"
				  "050611223344"),
			 DROP_NONE);
	assert_int_equal(last(&p)->b[5], 2);
	assert_memory_equal(last(&p)->b + 8, "\x01\x04\x04\x00", 4);
	assert_memory_not_equal(last(&p)->b + 14, p.v[0].b + 14, 4);
	assert_int_equal(feed(&p, "ff03c02104020006"
				  "0702"),
			 DROP_NONE);
	assert_int_equal(last(&p)->len, p.v[0].len - 2);
	assert_int_equal(feed(&p, "ff03c02104030006"
				  "0701"),
			 DROP_PPP);
	line_free(&p);
}

/* ---- open ---- */

static void an_echo_is_answered_within_the_peers_mru(void **state)
{
	static uint8_t big[1400] = {0xff, 0x03, 0xc0, 0x21, 9, 77};
	struct line p;
	struct wr w = wr_new(big, sizeof(big));

	(void)state;
	line_init(&p, 1, &(struct lcp_identity){.wants = LCP_BIT(LCP_MRU), .mru = 200},
		  &mode_server("rras-2012r2")->lcp);
	open_both(&p);
	wr_reserve(&w, sizeof(big));
	wr_patch_u16(&w, 6, sizeof(big) - 4);
	assert_int_equal(ppp_input(p.server.ppp, big, sizeof(big), p.now), DROP_NONE);
	assert_int_equal(last(&p)->b[4], 10);
	assert_int_equal(last(&p)->b[5], 77);
	assert_int_equal(last(&p)->len, 200 + 4);
	line_free(&p);
}

static void a_protocol_that_we_do_not_speak_is_rejected_when_open(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	ppp_start(p.server.ppp, 0);
	p.n = 0;
	assert_int_equal(feed(&p, "ff038021010100040000"), DROP_UNSUPPORTED);
	assert_int_equal(p.n, 0);
	ppp_start(p.client.ppp, 0);
	line_free(&p);
	line_new(&p);
	open_both(&p);
	assert_int_equal(feed(&p, "ff03802101010004"), DROP_UNSUPPORTED);
	assert_int_equal(last(&p)->b[4], 8);
	assert_memory_equal(last(&p)->b + 6, "\x00\x0a\x80\x21\x01\x01\x00\x04", 8);
	/* Compressed forms mean the same. */
	assert_int_equal(feed(&p, "802101010004"), DROP_UNSUPPORTED);
	assert_int_equal(feed(&p, "2145"), DROP_UNSUPPORTED);
	assert_memory_equal(last(&p)->b + 8, "\x00\x21\x45", 3);
	assert_int_equal(feed(&p, "c0210907000800000000"), DROP_NONE);
	assert_int_equal(last(&p)->b[4], 10);
	line_free(&p);
}

static void a_code_that_we_do_not_know_is_rejected(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	open_both(&p);
	assert_int_equal(feed(&p, "ff03c021630500061122"), DROP_UNSUPPORTED);
	assert_int_equal(last(&p)->b[4], PPP_CODE_REJECT);
	assert_memory_equal(last(&p)->b + 8, "\x63\x05\x00\x06\x11\x22", 6);
	assert_true(ppp_is_open(p.server.ppp));
	/* Windows sends Identification (RFC 1570): known, and nothing is said to it. */
	p.n = 0;
	assert_int_equal(feed(&p, "ff03c0210c01000c000000004d535241"), DROP_NONE);
	assert_int_equal(p.n, 0);
	line_free(&p);
}

static void the_peers_code_reject_of_a_needed_code_ends_it(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	open_both(&p);
	assert_int_equal(feed(&p, "ff03c0210701000809010004"), DROP_NONE);
	assert_true(ppp_is_open(p.server.ppp));
	assert_int_equal(feed(&p, "ff03c0210701000801010004"), DROP_NONE);
	assert_false(ppp_is_open(p.server.ppp));
	assert_int_equal(last(&p)->b[4], PPP_TERM_REQUEST);
	line_free(&p);
	line_new(&p);
	open_both(&p);
	assert_int_equal(feed(&p, "ff03c021080100068021"), DROP_NONE);
	assert_true(ppp_is_open(p.server.ppp));
	assert_int_equal(feed(&p, "ff03c02108010006c021"), DROP_NONE);
	assert_false(ppp_is_open(p.server.ppp));
	line_free(&p);
}

static void an_echo_that_nobody_answers_closes_the_link(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	ppp_start(p.client.ppp, 0);
	ppp_start(p.server.ppp, 0);
	while (!ppp_is_open(p.client.ppp))
		step(&p, SEC);
	p.loss = 100;
	p.n = 0;
	run(&p, 14 * SEC);
	assert_true(ppp_is_open(p.client.ppp));
	run(&p, 60 * SEC);
	assert_false(ppp_is_open(p.client.ppp));
	assert_int_equal(p.client.finished, 1);
	assert_int_equal(p.client.echoed, 0);
	line_free(&p);
}

static void a_reply_to_another_echo_does_not_count(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	ppp_start(p.client.ppp, 0);
	ppp_start(p.server.ppp, 0);
	while (!ppp_is_open(p.server.ppp))
		step(&p, SEC);
	assert_int_equal(feed(&p, "ff03c0210aee000800000000"), DROP_NONE);
	assert_int_equal(p.server.echoed, 0);
	run(&p, SEC);
	assert_int_equal(p.server.echoed, 1);
	line_free(&p);
}

static void closing_is_a_terminate_request_and_its_ack(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	open_both(&p);
	ppp_fsm_close(&p.client.ppp->lcp, p.now);
	assert_int_equal(last(&p)->b[4], PPP_TERM_REQUEST);
	run(&p, p.now + 10 * SEC);
	assert_int_equal(p.client.finished, 1);
	assert_int_equal(p.server.finished, 1);
	assert_false(ppp_is_open(p.server.ppp));
	line_free(&p);
	/* Nobody answers: two requests, then it ends all the same. */
	line_new(&p);
	open_both(&p);
	p.loss = 100;
	p.client.sent = 0;
	ppp_fsm_close(&p.client.ppp->lcp, p.now);
	run(&p, p.now + 10 * SEC);
	assert_int_equal(p.client.sent, 2);
	assert_int_equal(p.client.finished, 1);
	line_free(&p);
}

static void a_new_request_in_opened_negotiates_again(void **state)
{
	struct line p;

	(void)state;
	line_new(&p);
	open_both(&p);
	assert_int_equal(feed(&p, "ff03c02101630004"), DROP_NONE);
	assert_false(ppp_is_open(p.server.ppp));
	assert_int_equal(last(&p)->b[4], PPP_CONF_ACK);
	run(&p, p.now + 10 * SEC);
	assert_true(ppp_is_open(p.server.ppp));
	assert_true(ppp_is_open(p.client.ppp));
	line_free(&p);
}

static void every_frame_cut_anywhere_is_dropped(void **state)
{
	struct line p, q;
	size_t cuts = 0;

	(void)state;
	line_new(&p);
	line_new(&q);
	ppp_start(q.server.ppp, 0);
	ppp_start(p.client.ppp, 0);
	ppp_start(p.server.ppp, 0);
	do {
		for (size_t n = 0; p.n && n < p.v[0].len; n++, cuts++) {
			q.n = 0;
			assert_int_not_equal(ppp_input(q.server.ppp, p.v[0].b, n, 0), DROP_NONE);
			assert_int_equal(q.n, 0);
		}
	} while (step(&p, SEC));
	assert_true(cuts > 150);
	line_free(&p);
	line_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_asks_for_what_it_asks_for),
		cmocka_unit_test(callback_is_rejected_and_not_asked_for_again),
		cmocka_unit_test(every_client_opens_lcp_with_every_server_and_both_echo),
		cmocka_unit_test(who_is_asked_later_answers_again),
		cmocka_unit_test(who_does_not_answer_is_given_up_in_three_seconds),
		cmocka_unit_test(softether_rejects_the_magic_number_and_echoes_bear_zero),
		cmocka_unit_test(lcp_opens_over_a_bad_line),
		cmocka_unit_test(nobody_there_is_given_up_after_ten_requests),
		cmocka_unit_test(options_are_judged_one_by_one),
		cmocka_unit_test(our_own_magic_number_coming_back_is_a_loop),
		cmocka_unit_test(an_ack_counts_only_for_the_last_request_and_its_options),
		cmocka_unit_test(a_nak_changes_what_is_asked_for),
		cmocka_unit_test(an_echo_is_answered_within_the_peers_mru),
		cmocka_unit_test(a_protocol_that_we_do_not_speak_is_rejected_when_open),
		cmocka_unit_test(a_code_that_we_do_not_know_is_rejected),
		cmocka_unit_test(the_peers_code_reject_of_a_needed_code_ends_it),
		cmocka_unit_test(an_echo_that_nobody_answers_closes_the_link),
		cmocka_unit_test(a_reply_to_another_echo_does_not_count),
		cmocka_unit_test(closing_is_a_terminate_request_and_its_ack),
		cmocka_unit_test(a_new_request_in_opened_negotiates_again),
		cmocka_unit_test(every_frame_cut_anywhere_is_dropped),
	};

	return cmocka_run_group_tests_name("ppp", tests, NULL, NULL);
}
