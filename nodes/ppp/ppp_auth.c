/* SPDX-License-Identifier: MIT */
#include "nodes/ppp/ppp_auth.h"

#include <string.h>

#define RESTART_TIME (3 * SEC)
#define TRIES 10
#define ERROR_AUTHENTICATION 691 /* RFC 2759 6, and what Windows shows */
#define REPLY_MAX 128
#define RESPONSE_VALUE (MSCHAP_CHALLENGE + 8 + MSCHAP_RESPONSE + 1)

/* RFC 1994 4, RFC 1334 2.2 */
enum { CHAP_CHALLENGE = 1, CHAP_RESPONSE = 2, CHAP_SUCCESS = 3, CHAP_FAILURE = 4 };
enum { PAP_REQUEST = 1, PAP_ACK = 2, PAP_NAK = 3 };

static const char granted[] = "Access granted", denied[] = "Access denied";

/* ---- methods ---- */

static const struct {
	uint16_t protocol;
	uint8_t algorithm; /* 0: none */
} methods[PPP_AUTH_METHODS] = {
	[PPP_AUTH_NONE] = {0, 0},
	[PPP_AUTH_EAP] = {PPP_EAP, 0},
	[PPP_AUTH_MSCHAPV2] = {PPP_CHAP, CHAP_MSCHAPV2},
	[PPP_AUTH_PAP] = {PPP_PAP, 0},
};

bool ppp_method_parse(struct rd *r, enum ppp_method *out)
{
	uint16_t protocol = rd_u16(r, "authentication protocol");
	uint8_t algorithm = rd_left(r) ? rd_u8(r, "algorithm") : 0;

	for (size_t i = PPP_AUTH_EAP; i < ARRAY_LEN(methods) && rd_left(r) == 0; i++) {
		if (methods[i].protocol != protocol || methods[i].algorithm != algorithm)
			continue;
		*out = (enum ppp_method)i;
		return rd_ok(r);
	}
	return false;
}

void ppp_method_write(struct wr *w, enum ppp_method m)
{
	wr_u16(w, methods[m].protocol);
	if (methods[m].algorithm)
		wr_u8(w, methods[m].algorithm);
}

bool ppp_auth_asks(const enum ppp_method *wanted, const struct ppp_account *who)
{
	return wanted[0] != PPP_AUTH_NONE && who->user && who->password;
}

/* ---- the end ---- */

void ppp_auth_tell(const struct ppp_auth *a, enum ppp_method m, enum reason why, uint64_t error)
{
	struct event e = ev_new(EV_AUTH);

	ev_word(&e, K_METHOD, m);
	ev_bool(&e, K_ACCEPTED, !why);
	if (why)
		ev_word(&e, K_WHY, why);
	if (error)
		ev_u(&e, K_ERROR, error);
	a->env->event(a->env->ctx, &e);
}

static void pass(struct ppp_auth *a, usec now)
{
	a->state = AUTH_PASSED;
	a->timer = USEC_NEVER;
	ppp_auth_tell(a, a->method, REASON_NONE, 0);
	if (a->done)
		return;
	a->done = true;
	a->ops->done(a->owner, now);
}

static void fail(struct ppp_auth *a, enum reason why, uint64_t error, enum reason reason, usec now)
{
	a->state = AUTH_FAILED;
	a->timer = USEC_NEVER;
	ppp_auth_tell(a, a->method, why, error);
	a->ops->failed(a->owner, reason, now);
}

/* ---- sending ---- */

static void send_written(struct ppp_auth *a, uint8_t code, const struct wr *w, const void *data,
			 usec now)
{
	assert(wr_ok(w));
	a->ops->send(a->owner, methods[a->method].protocol, code, a->id, data, wr_len(w), now);
}

static void wait_for_answer(struct ppp_auth *a, usec now)
{
	a->tries++;
	a->timer = now + RESTART_TIME;
}

static void send_pap_request(struct ppp_auth *a, usec now)
{
	uint8_t data[2 * (1 + UINT8_MAX)];
	size_t user = MIN(strlen(a->who.user), (size_t)UINT8_MAX);
	size_t password = MIN(strlen(a->who.password), (size_t)UINT8_MAX);
	struct wr w = wr_new(data, sizeof(data));

	wr_u8(&w, (uint8_t)user);
	wr_bytes(&w, a->who.user, user);
	wr_u8(&w, (uint8_t)password);
	wr_bytes(&w, a->who.password, password);
	a->id++; /* of each transmission anew (RFC 1334 2.2.1) */
	send_written(a, PAP_REQUEST, &w, data, now);
	bytes_wipe(data, sizeof(data));
	wait_for_answer(a, now);
}

static void send_pap_reply(struct ppp_auth *a, usec now)
{
	const char *text = a->state == AUTH_PASSED ? granted : denied;
	uint8_t data[1 + sizeof(granted)];
	struct wr w = wr_new(data, sizeof(data));

	wr_u8(&w, (uint8_t)strlen(text));
	wr_bytes(&w, text, strlen(text));
	send_written(a, a->state == AUTH_PASSED ? PAP_ACK : PAP_NAK, &w, data, now);
}

static void send_challenge(struct ppp_auth *a, usec now)
{
	uint8_t data[1 + MSCHAP_CHALLENGE + UINT8_MAX];
	struct wr w = wr_new(data, sizeof(data));

	if (a->tries == 0) {
		rng_bytes(a->env->rng, a->chap.authenticator, MSCHAP_CHALLENGE);
		a->id++;
	}
	wr_u8(&w, MSCHAP_CHALLENGE);
	wr_bytes(&w, a->chap.authenticator, MSCHAP_CHALLENGE);
	wr_bytes(&w, a->name, MIN(strlen(a->name), (size_t)UINT8_MAX));
	send_written(a, CHAP_CHALLENGE, &w, data, now);
	wait_for_answer(a, now);
}

/* RFC 2759 4: both challenges' proof of the client, eight bytes of nothing, no flags. */
static void send_response(struct ppp_auth *a, usec now)
{
	uint8_t data[1 + RESPONSE_VALUE + UINT8_MAX];
	struct wr w = wr_new(data, sizeof(data));

	wr_u8(&w, RESPONSE_VALUE);
	wr_bytes(&w, a->chap.peer, MSCHAP_CHALLENGE);
	wr_zeros(&w, 8);
	wr_bytes(&w, a->response, MSCHAP_RESPONSE);
	wr_u8(&w, 0);
	wr_bytes(&w, a->who.user, MIN(strlen(a->who.user), (size_t)UINT8_MAX));
	send_written(a, CHAP_RESPONSE, &w, data, now);
	wait_for_answer(a, now);
}

/* RFC 2759 5 and 6: what people read is behind " M=", if anything. */
static void send_chap_reply(struct ppp_auth *a, usec now)
{
	bool ok = a->state == AUTH_PASSED;
	uint8_t proof[MSCHAP_PROOF];
	char hex[2 * MSCHAP_PROOF + 1], text[REPLY_MAX];
	struct wr w = wr_new(text, sizeof(text));
	const char *message = ok ? granted : denied;

	if (ok) {
		mschap_proof(&a->chap, a->response, proof);
		hex_str(proof, sizeof(proof), hex);
	} else {
		hex_str(a->chap.authenticator, MSCHAP_CHALLENGE, hex);
	}
	for (char *c = hex; *c; c++)
		*c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
	wr_bytes(&w, ok ? "S=" : "E=691 R=0 C=", ok ? 2 : 12);
	wr_bytes(&w, hex, strlen(hex));
	if (!ok)
		wr_bytes(&w, " V=3", 4);
	if (!a->wordless) {
		wr_bytes(&w, " M=", 3);
		wr_bytes(&w, message, strlen(message));
	}
	send_written(a, ok ? CHAP_SUCCESS : CHAP_FAILURE, &w, text, now);
}

static void send_reply(struct ppp_auth *a, usec now)
{
	if (a->method == PPP_AUTH_PAP)
		send_pap_reply(a, now);
	else
		send_chap_reply(a, now);
}

/* ---- the server ---- */

static struct chunk chunk_of(const char *s)
{
	return (struct chunk){s, strlen(s)};
}

static bool same(struct chunk a, struct chunk b)
{
	return a.len == b.len && bytes_equal(a.p, b.p, a.len);
}

static struct chunk bare_name(const char *user)
{
	return mschap_name((const uint8_t *)user, strlen(user));
}

/* The reply goes out before the owner ends LCP or begins with what follows. */
static void decide(struct ppp_auth *a, enum reason why, usec now)
{
	a->state = why ? AUTH_FAILED : AUTH_PASSED;
	send_reply(a, now);
	if (why)
		fail(a, why, ERROR_AUTHENTICATION, REASON_AUTH_FAILED, now);
	else
		pass(a, now);
}

static enum drop on_pap_request(struct ppp_auth *a, const struct ppp_packet *p, usec now)
{
	struct rd r = rd_new(p->data, p->len);
	struct chunk user, password;

	user.len = rd_u8(&r, "peer-ID length");
	user.p = rd_bytes(&r, user.len, "peer-ID");
	password.len = rd_u8(&r, "password length");
	password.p = rd_bytes(&r, password.len, "password");
	if (!rd_ok(&r))
		return DROP_PPP;
	a->id = p->id; /* whatever it is now: the client counts (RFC 1334 2.2.1) */
	if (a->state != AUTH_RUNNING) {
		send_reply(a, now);
		return DROP_DUPLICATE;
	}
	decide(a,
	       !same(mschap_name(user.p, user.len), bare_name(a->who.user)) ? REASON_USER
	       : !same(password, chunk_of(a->who.password))		    ? REASON_PASSWORD
									    : REASON_NONE,
	       now);
	return DROP_NONE;
}

static enum drop on_response(struct ppp_auth *a, const struct ppp_packet *p, usec now)
{
	struct rd r = rd_new(p->data, p->len);
	struct rd value = rd_sub(&r, rd_u8(&r, "value size"), "value");
	const uint8_t *peer = rd_bytes(&value, MSCHAP_CHALLENGE, "peer challenge");
	const uint8_t *response, *name;
	size_t len;

	rd_bytes(&value, 8, "reserved");
	response = rd_bytes(&value, MSCHAP_RESPONSE, "NT-Response");
	rd_u8(&value, "flags");
	name = rd_rest(&r, &len, "name");
	if (!rd_ok(&r) || !rd_ok(&value) || rd_left(&value))
		return DROP_PPP;
	if (p->id != a->id)
		return DROP_STATE; /* to a challenge that is no longer asked */
	if (a->state != AUTH_RUNNING) {
		send_reply(a, now); /* the same for whatever it says now (RFC 1994 4.2) */
		return DROP_DUPLICATE;
	}
	memcpy(a->chap.peer, peer, MSCHAP_CHALLENGE);
	a->chap.user = bare_name(a->who.user);
	a->chap.password = a->who.password;
	mschap_response(&a->chap, a->response);
	decide(a,
	       !same(mschap_name(name, len), a->chap.user)	      ? REASON_USER
	       : !bytes_equal(response, a->response, MSCHAP_RESPONSE) ? REASON_PASSWORD
								      : REASON_NONE,
	       now);
	return DROP_NONE;
}

/* ---- the client ---- */

static enum drop on_pap_reply(struct ppp_auth *a, const struct ppp_packet *p, usec now)
{
	if (p->id != a->id || a->timer == USEC_NEVER)
		return DROP_STATE;
	if (p->code == PAP_ACK)
		pass(a, now);
	else
		fail(a, REASON_REFUSED, 0, REASON_AUTH_FAILED, now);
	return DROP_NONE;
}

/* A challenge may come again, with the server's next transmission or, later, because the server
 * wants to know whether it is still the same client (RFC 1994 4.1). */
static enum drop on_challenge(struct ppp_auth *a, const struct ppp_packet *p, usec now)
{
	struct rd r = rd_new(p->data, p->len);
	size_t len = rd_u8(&r, "value size");
	const uint8_t *challenge = rd_bytes(&r, len, "challenge");

	if (!rd_ok(&r) || len != MSCHAP_CHALLENGE)
		return DROP_PPP;
	if (a->state != AUTH_RUNNING && a->state != AUTH_PASSED)
		return DROP_STATE;
	if (!a->challenged || p->id != a->id ||
	    memcmp(challenge, a->chap.authenticator, MSCHAP_CHALLENGE) != 0) {
		a->challenged = true;
		a->id = p->id;
		memcpy(a->chap.authenticator, challenge, MSCHAP_CHALLENGE);
		rng_bytes(a->env->rng, a->chap.peer, MSCHAP_CHALLENGE);
		a->chap.user = bare_name(a->who.user);
		a->chap.password = a->who.password;
		mschap_response(&a->chap, a->response);
	}
	a->tries = 0;
	send_response(a, now);
	return DROP_NONE;
}

/* "S=" and the proof; what stands behind is for people. */
static bool proves(const struct ppp_auth *a, const struct ppp_packet *p)
{
	uint8_t want[MSCHAP_PROOF], proof[MSCHAP_PROOF];
	char hex[2 * MSCHAP_PROOF + 1] = {0};

	if (p->len < 2 + 2 * MSCHAP_PROOF || memcmp(p->data, "S=", 2) != 0)
		return false;
	memcpy(hex, p->data + 2, 2 * MSCHAP_PROOF);
	if (hex_parse(hex, proof, sizeof(proof)) != MSCHAP_PROOF)
		return false;
	mschap_proof(&a->chap, a->response, want);
	return bytes_equal(want, proof, MSCHAP_PROOF);
}

/* The number behind "E=", or 691: a server may leave everything out (RFC 2759 6). */
static uint64_t error_of(const struct ppp_packet *p)
{
	uint64_t error = 0;

	if (p->len < 3 || memcmp(p->data, "E=", 2) != 0)
		return ERROR_AUTHENTICATION;
	for (size_t i = 2; i < p->len && i < 12 && p->data[i] >= '0' && p->data[i] <= '9'; i++)
		error = error * 10 + (p->data[i] - '0');
	return error ? error : ERROR_AUTHENTICATION;
}

static enum drop on_chap_reply(struct ppp_auth *a, const struct ppp_packet *p, usec now)
{
	if (!a->challenged || p->id != a->id || a->timer == USEC_NEVER)
		return DROP_STATE;
	if (p->code == CHAP_FAILURE)
		fail(a, REASON_REFUSED, error_of(p), REASON_AUTH_FAILED, now);
	else if (proves(a, p))
		pass(a, now);
	else /* "the peer must end the connection" (RFC 2759 5) */
		fail(a, REASON_SERVER_PROOF, 0, REASON_AUTH_FAILED, now);
	return DROP_NONE;
}

/* ---- packets and time ---- */

static const struct row {
	enum ppp_method method;
	uint8_t code;
	bool server; /* who receives it */
	enum drop (*handle)(struct ppp_auth *a, const struct ppp_packet *p, usec now);
} rows[] = {
	{PPP_AUTH_PAP, PAP_REQUEST, true, on_pap_request},
	{PPP_AUTH_PAP, PAP_ACK, false, on_pap_reply},
	{PPP_AUTH_PAP, PAP_NAK, false, on_pap_reply},
	{PPP_AUTH_MSCHAPV2, CHAP_CHALLENGE, false, on_challenge},
	{PPP_AUTH_MSCHAPV2, CHAP_RESPONSE, true, on_response},
	{PPP_AUTH_MSCHAPV2, CHAP_SUCCESS, false, on_chap_reply},
	{PPP_AUTH_MSCHAPV2, CHAP_FAILURE, false, on_chap_reply},
};

bool ppp_auth_waits(const struct ppp_auth *a)
{
	return !a->server && a->state == AUTH_RUNNING &&
	       (a->method == PPP_AUTH_PAP || a->challenged);
}

bool ppp_auth_speaks(const struct ppp_auth *a, uint16_t protocol)
{
	return a->state != AUTH_IDLE && methods[a->method].protocol == protocol;
}

enum drop ppp_auth_input(struct ppp_auth *a, const uint8_t *bytes, size_t len, usec now)
{
	struct rd r = rd_new(bytes, len);
	struct ppp_packet p;

	if (!ppp_packet_read(&r, &p))
		return DROP_PPP;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].method == a->method && rows[i].code == p.code &&
		    rows[i].server == a->server)
			return rows[i].handle(a, &p, now);
	return DROP_UNSUPPORTED;
}

void ppp_auth_init(struct ppp_auth *a, const struct ppp_auth_ops *ops, void *owner,
		   const struct node_env *env)
{
	*a = (struct ppp_auth){.ops = ops, .owner = owner, .env = env, .timer = USEC_NEVER};
}

/* The first transmission, and the next ones; where the other side begins, only the time runs. */
static void transmit(struct ppp_auth *a, usec now)
{
	if (a->method == PPP_AUTH_MSCHAPV2 && a->server)
		send_challenge(a, now);
	else if (a->method == PPP_AUTH_PAP && !a->server)
		send_pap_request(a, now);
	else if (a->method == PPP_AUTH_MSCHAPV2 && a->challenged)
		send_response(a, now);
	else
		wait_for_answer(a, now);
}

void ppp_auth_start(struct ppp_auth *a, enum ppp_method method, usec now)
{
	a->state = AUTH_RUNNING;
	a->method = method;
	a->tries = 0;
	a->challenged = a->done = false;
	if (method == PPP_AUTH_EAP) {
		fail(a, REASON_NO_METHOD, 0, REASON_PPP_FAILED, now);
		return;
	}
	if (!a->server && !(a->who.user && a->who.password)) {
		fail(a, REASON_NO_CREDENTIALS, 0, REASON_NO_CREDENTIALS, now);
		return;
	}
	transmit(a, now);
}

void ppp_auth_stop(struct ppp_auth *a)
{
	a->state = AUTH_IDLE;
	a->timer = USEC_NEVER;
}

void ppp_auth_timer(struct ppp_auth *a, usec now)
{
	if (a->timer > now)
		return;
	if (a->tries < TRIES)
		transmit(a, now);
	else
		fail(a, REASON_NO_ANSWER, 0, REASON_PPP_FAILED, now);
}
