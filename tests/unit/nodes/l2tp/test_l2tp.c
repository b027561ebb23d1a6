/* SPDX-License-Identifier: MIT */
#include "tests/unit/l2tp_line.h"

static unsigned count(const struct end *e, enum ev_kind kind, enum ev_key key, const char *value)
{
	unsigned n = 0;

	for (size_t i = 0; i < e->log.ev.n; i++)
		if (e->log.ev.v[i].kind == kind && !strcmp(ev_get_str(&e->log.ev.v[i], key), value))
			n++;
	return n;
}

static unsigned drops(const struct end *e, enum drop d)
{
	return count(e, EV_DROP, K_DROP, drop_name(d));
}

/* The last message on the line towards the LAC, parsed. */
static struct l2tp_msg answer(struct line *line)
{
	struct l2tp_msg m;

	assert_true(line->n > 0);
	assert_false(line->v[line->n - 1].to_lns);
	assert_int_equal(l2tp_parse(&m, line->v[line->n - 1].msg, line->v[line->n - 1].len, NULL),
			 DROP_NONE);
	return m;
}

static uint16_t result_of(const struct l2tp_msg *m, uint16_t *error)
{
	struct rd r = rd_new(m->avp[AVP_RESULT_CODE].p, m->avp[AVP_RESULT_CODE].len);
	uint16_t result = rd_u16(&r, NULL);

	assert_true(rd_ok(&r));
	*error = rd_u16(&r, NULL);
	return result;
}

/* ---- bytes of real products ---- */

/* xl2tpd logged 108 bytes from a Windows 10 whose name has 15 letters (xelerance/xl2tpd #219);
 * the order of attributes is that of the captures in docs/sources.md. */
static void sccrq_of_windows_is_made_byte_for_byte(void **state)
{
	static const char want[] = "c802006c0000000000000000"
				   "8008000000000001" /* SCCRQ */
				   "8008000000020100" /* protocol 1.0 */
				   "800a00000003"
				   "00000001" /* framing: synchronous */
				   "800a00000004"
				   "00000000"	      /* bearer: none */
				   "0008000000060a00" /* firmware */
				   "801500000007"
				   "5257422d4c4150544f502d44454c4c" /* host */
				   "000f00000008"
				   "4d6963726f736f6674" /* Microsoft */
				   "800800000009"
				   "0000"	       /* tunnel */
				   "80080000000a0008"; /* window */
	struct l2tp_config lac = lac_config(), lns = lns_config();
	uint8_t bytes[108];
	struct line line;

	(void)state;
	lac.id.host = "RWB-LAPTOP-DELL";
	line_init(&line, 1, &lac, &lns);
	l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
	assert_int_equal(hex_parse(want, bytes, sizeof(bytes)), 108);
	assert_int_equal(line.v[0].len, 108);
	memcpy(bytes + 98, line.v[0].msg + 98, 2); /* the tunnel ID is random */
	assert_memory_equal(line.v[0].msg, bytes, 108);
	line_free(&line);
}

/* tests/data/captures/kat-se-eip-napt: its SCCRQ goes in, its SCCRP comes out. */
static void sccrp_of_softether_is_made_byte_for_byte(void **state)
{
	static const char sccrq[] = "c802004400000000000000008008000000000001800800000002010080"
				    "0a00000003000000038"
				    "00e000000076e6174642d6b6974800800000009ba6c80080000000a0008";
	static const char sccrp[] =
		"c8020052ba6c000000000001800800000000000280080000000201000"
		"00a0000000300000003000a0000000400000003800800000007766d000a000000084c325450"
		"800800000009000100080000000a0010";
	const struct server_mode *m = mode_server("softether-4");
	struct l2tp_config lac = lac_config(), lns = lns_config();
	uint8_t in[68], want[82];
	struct line line;

	(void)state;
	lns.id = m->l2tp;
	line_init(&line, 1, &lac, &lns);
	assert_int_equal(hex_parse(sccrq, in, sizeof(in)), 68);
	assert_int_equal(hex_parse(sccrp, want, sizeof(want)), 82);
	to_lns(&line, in, sizeof(in));
	assert_int_equal(line.v[0].len, 82);
	assert_memory_equal(line.v[0].msg, want, 82); /* its first tunnel is number 1 */
	line_free(&line);
}

static void sccrq_goes_out_at_the_times_of_windows(void **state)
{
	static const usec want[] = {0, 1, 3, 7, 15, 25};
	struct line line;

	(void)state;
	line_new(&line);
	line.loss = 100;
	l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
	run(&line, 34 * SEC);
	assert_int_equal(line.sent, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(line.sent_at[i], want[i] * SEC);
	assert_int_equal(count(&line.lac, EV_L2TP, K_L2TP_TYPE, "SCCRQ"), 1);
	assert_int_equal(count(&line.lac, EV_RETRANSMIT, K_L2TP_TYPE, "SCCRQ"), 5);
	assert_int_equal(line.lac.tunnel_downs, 0);
	run(&line, 36 * SEC);
	assert_int_equal(line.lac.tunnel_downs, 1);
	assert_string_equal(reason_name(line.lac.why), "no-reply");
	assert_true(l2tp_deadline(line.lac.l2tp) == USEC_NEVER);
	line_free(&line);
}

/* ---- the handshake ---- */

static void a_session_comes_up_and_carries_frames_both_ways(void **state)
{
	static const char *const want[] = {"SCCRQ", "SCCRP", "SCCCN", "ICRQ", "ICRP", "ICCN"};
	struct line line;
	size_t n = 0;

	(void)state;
	line_new(&line);
	connect_up(&line);
	for (size_t i = 0; i < line.lac.log.ev.n; i++) {
		const struct event *e = &line.lac.log.ev.v[i];

		if (e->kind != EV_L2TP)
			continue;
		assert_true(n < ARRAY_LEN(want));
		assert_string_equal(ev_get_str(e, K_L2TP_TYPE), want[n]);
		assert_int_equal(ev_get_bool(e, K_SENT), n != 1 && n != 4);
		n++;
	}
	assert_int_equal(n, ARRAY_LEN(want));
	l2tp_send(line.lac.l2tp, line.lac.session, "to the server", 13, line.now);
	l2tp_send(line.lns.l2tp, line.lns.session, "to the client", 13, line.now);
	run(&line, line.now + SEC);
	assert_memory_equal(line.lns.frame, "to the server", 13);
	assert_memory_equal(line.lac.frame, "to the client", 13);
	assert_int_equal(drops(&line.lac, DROP_DUPLICATE) + drops(&line.lns, DROP_DUPLICATE), 0);
	assert_true(l2tp_deadline(line.lac.l2tp) == USEC_NEVER); /* all is acknowledged */
	line_free(&line);
}

static void a_session_comes_up_over_a_bad_line(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 150; seed++) {
		struct l2tp_config lac = lac_config(), lns = lns_config();
		struct line line;

		line_init(&line, seed, &lac, &lns);
		line.loss = (unsigned)(seed % 3 * 15);
		line.twice = (unsigned)(seed % 5 * 10);
		line.late = (unsigned)(seed % 7 * 10);
		l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
		run(&line, 60 * SEC);
		assert_int_equal(line.lac.ups, 1);
		assert_int_equal(line.lns.ups, 1);
		assert_int_equal(line.lac.tunnel_downs + line.lns.tunnel_downs, 0);
		line_free(&line);
	}
}

static void a_message_before_its_turn_is_kept(void **state)
{
	struct flight scccn, icrq;
	struct line line;

	(void)state;
	line_new(&line);
	l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
	step(&line, SEC); /* SCCRQ arrives */
	step(&line, SEC); /* SCCRP arrives: SCCCN and ICRQ are on the line */
	assert_int_equal(line.n, 2);
	scccn = line.v[0];
	icrq = line.v[1];
	line.n = 0;
	to_lns(&line, icrq.msg, icrq.len);
	assert_int_equal(line.n, 0);
	assert_int_equal(count(&line.lns, EV_L2TP, K_L2TP_TYPE, "ICRQ"), 0);
	to_lns(&line, icrq.msg, icrq.len);
	assert_int_equal(drops(&line.lns, DROP_DUPLICATE), 1);
	to_lns(&line, scccn.msg, scccn.len);
	assert_int_equal(count(&line.lns, EV_L2TP, K_L2TP_TYPE, "ICRP"), 1);
	assert_int_equal(answer(&line).nr, 3); /* acknowledges both */
	run(&line, SEC);
	assert_int_equal(line.lns.ups, 1);
	line_free(&line);
}

static void a_repeated_sccrq_opens_no_second_tunnel(void **state)
{
	struct flight sccrq;
	struct line line;

	(void)state;
	line_new(&line);
	l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
	sccrq = line.v[0];
	line.n = 0;
	to_lns(&line, sccrq.msg, sccrq.len);
	assert_int_equal(answer(&line).type, L2TP_SCCRP);
	to_lns(&line, sccrq.msg, sccrq.len);
	assert_int_equal(answer(&line).type, L2TP_ZLB);
	assert_int_equal(drops(&line.lns, DROP_DUPLICATE), 1);
	assert_int_equal(count(&line.lns, EV_L2TP, K_L2TP_TYPE, "SCCRQ"), 1);
	line_free(&line);
}

static void a_window_of_one_is_kept(void **state)
{
	struct l2tp_config lac = lac_config(), lns = lns_config();
	struct line line;

	(void)state;
	lns.id.window = 1;
	line_init(&line, 1, &lac, &lns);
	l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
	step(&line, SEC);
	step(&line, SEC);
	assert_int_equal(line.n, 1); /* SCCCN only; ICRQ waits for its acknowledgement */
	run(&line, SEC);
	assert_int_equal(line.lns.ups, 1);
	line_free(&line);
}

static void what_the_gate_keeps_back_goes_out_on_demand(void **state)
{
	struct line line;

	(void)state;
	line_new(&line);
	line.lac.gate_shut = true;
	l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
	run(&line, 2 * SEC);
	assert_int_equal(line.lac.held, 2); /* at 0 and 1 s */
	assert_int_equal(count(&line.lac, EV_L2TP, K_L2TP_TYPE, "SCCRQ"), 0);
	line.lac.gate_shut = false;
	l2tp_resend(line.lac.l2tp, &peer_b, line.now);
	assert_int_equal(line.sent, 1);
	run(&line, 3 * SEC);
	assert_int_equal(line.lac.ups, 1);
	line_free(&line);
}

/* ---- refusals ---- */

/* An SCCRQ (or another message in @type) with one more attribute of the given bytes. */
static size_t with_avp(uint8_t *buf, size_t size, enum l2tp_type type, uint16_t tunnel, uint16_t ns,
		       uint16_t nr, const char *hex)
{
	uint8_t extra[64];
	int n = hex_parse(hex, extra, sizeof(extra));
	struct l2tp_out o;

	assert_true(n >= 0);
	l2tp_begin(&o, buf, size, 0, tunnel, 0, ns, nr);
	l2tp_put(&o, AVP_MESSAGE_TYPE, type);
	if (type == L2TP_SCCRQ) {
		l2tp_put(&o, AVP_PROTOCOL_VERSION, L2TP_PROTOCOL_VERSION);
		l2tp_put(&o, AVP_FRAMING_CAPABILITIES, 3);
		l2tp_put_bytes(&o, AVP_HOST_NAME, "x", 1);
		l2tp_put(&o, AVP_ASSIGNED_TUNNEL, 7);
	} else if (type == L2TP_ICRQ) {
		l2tp_put(&o, AVP_ASSIGNED_SESSION, 9);
		l2tp_put(&o, AVP_CALL_SERIAL, 1);
	}
	wr_bytes(&o.w, extra, (size_t)n);
	return l2tp_end(&o);
}

static void attributes_that_nobody_knows_are_judged_by_their_m_bit(void **state)
{
	static const struct {
		const char *what, *avp;
		uint16_t result, error; /* of the StopCCN; 0: SCCRP */
	} cases[] = {
		{"nothing more", "", 0, 0},
		{"unknown, optional", "0008000000640001", 0, 0},
		{"unknown, mandatory", "8008000000640001", 2, 8},
		{"of a vendor, optional", "0008013700010001", 0, 0},
		{"of a vendor, mandatory", "8008013700010001", 2, 8},
		{"hidden, mandatory", "c00a0000000a00021234", 2, 8},
		{"hidden, optional", "400a0000000a00021234", 0, 0},
		{"a reserved bit, mandatory", "a0080000000a0004", 2, 8},
		{"a tie breaker", "000e000000050102030405060708", 0, 0},
		{"a challenge", "800a0000000b11223344", 4, 0},
		{"a length of 5", "800500000064", 2, 3},
		{"a length beyond the end", "8009000000640001", 2, 3},
		{"a window of 1 byte", "80070000000a04", 2, 3},
		{"a window of 3 bytes", "80090000000a040404", 2, 3},
		{"half a header", "8008", 2, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line line;
		struct l2tp_msg m;
		uint8_t buf[200];
		size_t len;
		uint16_t error;

		line_new(&line);
		len = with_avp(buf, sizeof(buf), L2TP_SCCRQ, 0, 0, 0, cases[i].avp);
		to_lns(&line, buf, len);
		if (cases[i].result && cases[i].error == 3) {
			/* What cannot be read opens no tunnel: there is nobody to answer. */
			assert_int_equal(line.n, 0);
			assert_int_equal(drops(&line.lns, DROP_L2TP_AVP), 1);
			line_free(&line);
			continue;
		}
		m = answer(&line);
		assert_int_equal(m.tunnel, 7);
		assert_int_equal(m.type, cases[i].result ? L2TP_STOPCCN : L2TP_SCCRP);
		if (cases[i].result) {
			assert_int_equal(result_of(&m, &error), cases[i].result);
			assert_int_equal(error, cases[i].error);
		}
		line_free(&line);
	}
}

static uint16_t lns_tunnel(const struct line *line)
{
	for (size_t i = 0; i < line->lns.log.ev.n; i++)
		if (line->lns.log.ev.v[i].kind == EV_L2TP_UP)
			return (uint16_t)ev_get_u(&line->lns.log.ev.v[i], K_TUNNEL);
	return 0;
}

/* Messages of a client that is up (Ns 4, Nr 2) which the server must answer with an end. */
static void nonsense_in_a_tunnel_ends_the_session_or_the_tunnel(void **state)
{
	static const struct {
		const char *what;
		uint16_t type;
		const char *avp;
		uint16_t answer, result, error;
		unsigned downs;
	} cases[] = {
		{"ICRQ with an unknown attribute", L2TP_ICRQ, "8008000000640001", L2TP_CDN, 2, 8,
		 0},
		{"ICRQ, a second call", L2TP_ICRQ, "", L2TP_ICRP, 0, 0, 0},
		{"OCRQ", L2TP_OCRQ, "80080000000e0005", L2TP_CDN, 5, 0, 0},
		{"HELLO with a bad length", L2TP_HELLO, "8007", L2TP_STOPCCN, 2, 3, 1},
		{"HELLO with an unknown attribute", L2TP_HELLO, "8008000000640001", L2TP_STOPCCN, 2,
		 8, 1},
		{"SCCCN once more", L2TP_SCCCN, "", L2TP_STOPCCN, 7, 0, 1},
		{"SCCRP from a client", L2TP_SCCRP, "", L2TP_STOPCCN, 7, 0, 1},
		{"message 99", 99, "", L2TP_STOPCCN, 2, 8, 1},
		{"HELLO", L2TP_HELLO, "", L2TP_ZLB, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line line;
		struct l2tp_msg m;
		uint8_t buf[200];
		uint16_t error;
		size_t len;

		line_new(&line);
		connect_up(&line);
		len = with_avp(buf, sizeof(buf), (enum l2tp_type)cases[i].type, lns_tunnel(&line),
			       4, 2, cases[i].avp);
		to_lns(&line, buf, len);
		m = answer(&line);
		assert_int_equal(m.type, cases[i].answer);
		assert_int_equal(m.nr, 5);
		if (cases[i].result) {
			assert_int_equal(result_of(&m, &error), cases[i].result);
			assert_int_equal(error, cases[i].error);
		}
		assert_int_equal(line.lns.downs, cases[i].downs);
		assert_int_equal(line.lns.tunnel_downs, cases[i].downs);
		line_free(&line);
	}
}

static void an_unknown_message_without_its_m_bit_is_only_acknowledged(void **state)
{
	struct line line;
	uint8_t buf[100];
	size_t len;

	(void)state;
	line_new(&line);
	connect_up(&line);
	len = with_avp(buf, sizeof(buf), (enum l2tp_type)99, lns_tunnel(&line), 4, 2, "");
	buf[12] &= 0x7f;
	to_lns(&line, buf, len);
	assert_int_equal(answer(&line).type, L2TP_ZLB);
	assert_int_equal(answer(&line).nr, 5);
	assert_int_equal(line.lns.tunnel_downs, 0);
	line_free(&line);
}

static void a_tunnel_listens_to_its_own_peer_only(void **state)
{
	struct l2tp_out o;
	struct line line;
	uint8_t buf[100];
	size_t len;

	(void)state;
	line_new(&line);
	connect_up(&line);
	l2tp_begin(&o, buf, sizeof(buf), 0, lns_tunnel(&line), 0, 4, 2);
	l2tp_put(&o, AVP_MESSAGE_TYPE, L2TP_STOPCCN);
	l2tp_put(&o, AVP_ASSIGNED_TUNNEL, 1);
	l2tp_put_result(&o, 1, 0);
	len = l2tp_end(&o);
	l2tp_input(line.lns.l2tp, &peer_b, from(1701), buf, len, line.now);
	assert_int_equal(line.n, 0);
	assert_int_equal(drops(&line.lns, DROP_L2TP_TUNNEL), 1);
	assert_int_equal(line.lns.downs, 0);
	to_lns(&line, buf, len);
	assert_int_equal(line.lns.downs, 1);
	line_free(&line);
}

static void acknowledging_what_was_never_sent_does_nothing(void **state)
{
	struct line line;
	uint8_t buf[100];
	size_t len;

	(void)state;
	line_new(&line);
	connect_up(&line);
	len = with_avp(buf, sizeof(buf), L2TP_HELLO, lns_tunnel(&line), 4, 3, "");
	to_lns(&line, buf, len);
	assert_int_equal(line.n, 0);
	assert_int_equal(drops(&line.lns, DROP_L2TP_WINDOW), 1);
	line_free(&line);
}

static void a_peer_gets_four_tunnels_and_four_sessions_each(void **state)
{
	struct line line;
	struct l2tp_msg m;
	uint8_t buf[200];
	size_t len;

	(void)state;
	line_new(&line);
	for (unsigned i = 0; i < L2TP_PEER_TUNNELS + 1; i++) {
		len = with_avp(buf, sizeof(buf), L2TP_SCCRQ, 0, 0, 0, "");
		buf[len - 1] = (uint8_t)(20 + i); /* the assigned tunnel ID stands last */
		to_lns(&line, buf, len);
	}
	assert_int_equal(count(&line.lns, EV_L2TP, K_L2TP_TYPE, "SCCRP"), L2TP_PEER_TUNNELS);
	assert_int_equal(drops(&line.lns, DROP_LIMIT), 1);
	line_free(&line);

	line_new(&line);
	connect_up(&line);
	for (uint16_t i = 0; i < L2TP_SESSIONS; i++) {
		len = with_avp(buf, sizeof(buf), L2TP_ICRQ, lns_tunnel(&line), (uint16_t)(4 + i),
			       (uint16_t)(2 + i), "");
		to_lns(&line, buf, len);
	}
	m = answer(&line);
	assert_int_equal(m.type, L2TP_CDN);
	assert_int_equal(line.lns.downs, 0);
	line_free(&line);
}

/* ---- ends ---- */

static void closing_a_session_tells_the_peer(void **state)
{
	struct line line;

	(void)state;
	line_new(&line);
	connect_up(&line);
	l2tp_close(line.lac.l2tp, line.lac.session, line.now);
	assert_string_equal(reason_name(line.lac.why), "closed");
	run(&line, line.now + SEC);
	assert_int_equal(count(&line.lns, EV_L2TP, K_L2TP_TYPE, "CDN"), 1);
	assert_int_equal(count(&line.lns, EV_L2TP, K_L2TP_TYPE, "StopCCN"), 1);
	assert_int_equal(line.lns.downs, 1);
	assert_int_equal(line.lac.downs, 1);
	assert_string_equal(reason_name(line.lns.why), "l2tp-refused");
	assert_true(l2tp_deadline(line.lac.l2tp) == USEC_NEVER);
	run(&line, line.now + 40 * SEC);
	assert_true(l2tp_deadline(line.lns.l2tp) == USEC_NEVER);
	line_free(&line);
}

static void a_silent_peer_is_asked_and_then_given_up(void **state)
{
	struct l2tp_config lac = lac_config(), lns = lns_config();
	struct line line;

	(void)state;
	lns.hello_ms = 60000;
	line_init(&line, 1, &lac, &lns);
	connect_up(&line);
	run(&line, 200 * SEC);
	assert_int_equal(count(&line.lac, EV_L2TP, K_L2TP_TYPE, "HELLO"), 3);
	assert_int_equal(line.lns.tunnel_downs, 0);
	line.loss = 100;
	run(&line, 300 * SEC);
	assert_int_equal(line.lns.tunnel_downs, 1);
	assert_int_equal(line.lns.downs, 1);
	assert_string_equal(reason_name(line.lns.why), "no-reply");
	line_free(&line);
}

static void a_tunnel_without_a_word_times_out(void **state)
{
	struct l2tp_config lac = lac_config(), lns = lns_config();
	struct line line;

	(void)state;
	lns.timeout_ms = 5000;
	line_init(&line, 1, &lac, &lns);
	connect_up(&line);
	run(&line, 4 * SEC);
	assert_int_equal(line.lns.downs, 0);
	run(&line, 6 * SEC);
	assert_int_equal(line.lns.downs, 1);
	line_free(&line);
}

/* A peer that acknowledges all that it hears and never says a word of its own. */
static void a_peer_that_only_acknowledges_is_given_up(void **state)
{
	static const enum l2tp_type waiting_for[] = {L2TP_SCCRP, L2TP_ICRP};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(waiting_for); i++) {
		struct line line;

		line_new(&line);
		l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
		while (line.n || l2tp_deadline(line.lac.l2tp) < USEC_NEVER) {
			struct l2tp_msg m;
			struct flight *f = &line.v[0];

			if (line.n && !f->to_lns && !l2tp_parse(&m, f->msg, f->len, NULL) &&
			    m.type == waiting_for[i]) { /* it becomes a ZLB of the same Nr */
				f->msg[3] = L2TP_CONTROL_HEADER_LEN;
				f->len = L2TP_CONTROL_HEADER_LEN;
			}
			step(&line, 100 * SEC);
		}
		assert_int_equal(line.lac.ups, 0);
		assert_int_equal(line.lac.tunnel_downs, 1);
		assert_string_equal(reason_name(line.lac.why), "no-reply");
		line_free(&line);
	}
}

static void numbers_go_round(void **state)
{
	struct l2tp_config lac = lac_config(), lns = lns_config();
	struct line line;
	size_t hellos = 0;

	(void)state;
	lns.hello_ms = 1;
	line_init(&line, 1, &lac, &lns);
	line.twice = 5;
	connect_up(&line);
	for (unsigned i = 0; i < 70000; i++) {
		line.lac.log.ev.n = line.lns.log.ev.n = 0; /* the log would not be small */
		run(&line, line.now + 25 * MSEC);
		hellos += count(&line.lac, EV_L2TP, K_L2TP_TYPE, "HELLO");
	}
	assert_true(hellos > 65536);
	assert_int_equal(line.lac.tunnel_downs + line.lns.tunnel_downs, 0);
	l2tp_send(line.lns.l2tp, line.lns.session, "still", 5, line.now);
	run(&line, line.now + SEC);
	assert_memory_equal(line.lac.frame, "still", 5);
	line_free(&line);
}

/* ---- hostile bytes ---- */

static void every_message_cut_anywhere_is_dropped(void **state)
{
	struct line line;
	unsigned seen = 0;

	(void)state;
	line_new(&line);
	l2tp_dial(line.lac.l2tp, &peer_b, 1701, 0);
	do {
		for (size_t i = 0; i < line.n; i++) {
			struct l2tp_msg m;

			assert_int_equal(l2tp_parse(&m, line.v[i].msg, line.v[i].len, NULL),
					 DROP_NONE);
			for (size_t n = 0; n < line.v[i].len; n++) {
				uint8_t cut[200];

				memcpy(cut, line.v[i].msg, n);
				assert_int_equal(l2tp_parse(&m, cut, n, NULL), DROP_L2TP_HEADER);
				/* And with a length that agrees. */
				if (n < 4)
					continue;
				cut[2] = (uint8_t)(n >> 8);
				cut[3] = (uint8_t)n;
				if (l2tp_parse(&m, cut, n, NULL) == DROP_NONE)
					assert_true(m.type == line.v[i].msg[19] || n == 12);
				seen++;
			}
		}
	} while (step(&line, SEC));
	assert_true(seen > 250);
	line_free(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sccrq_of_windows_is_made_byte_for_byte),
		cmocka_unit_test(sccrp_of_softether_is_made_byte_for_byte),
		cmocka_unit_test(sccrq_goes_out_at_the_times_of_windows),
		cmocka_unit_test(a_session_comes_up_and_carries_frames_both_ways),
		cmocka_unit_test(a_session_comes_up_over_a_bad_line),
		cmocka_unit_test(a_message_before_its_turn_is_kept),
		cmocka_unit_test(a_repeated_sccrq_opens_no_second_tunnel),
		cmocka_unit_test(a_window_of_one_is_kept),
		cmocka_unit_test(what_the_gate_keeps_back_goes_out_on_demand),
		cmocka_unit_test(attributes_that_nobody_knows_are_judged_by_their_m_bit),
		cmocka_unit_test(nonsense_in_a_tunnel_ends_the_session_or_the_tunnel),
		cmocka_unit_test(an_unknown_message_without_its_m_bit_is_only_acknowledged),
		cmocka_unit_test(a_tunnel_listens_to_its_own_peer_only),
		cmocka_unit_test(acknowledging_what_was_never_sent_does_nothing),
		cmocka_unit_test(a_peer_gets_four_tunnels_and_four_sessions_each),
		cmocka_unit_test(closing_a_session_tells_the_peer),
		cmocka_unit_test(a_silent_peer_is_asked_and_then_given_up),
		cmocka_unit_test(a_tunnel_without_a_word_times_out),
		cmocka_unit_test(a_peer_that_only_acknowledges_is_given_up),
		cmocka_unit_test(numbers_go_round),
		cmocka_unit_test(every_message_cut_anywhere_is_dropped),
	};

	return cmocka_run_group_tests_name("l2tp", tests, NULL, NULL);
}
