/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ppp.c - PPP frames in any order to a link that negotiates and authenticates.
 *
 * The first byte says which end of which method; the rest is a row of frames, each behind one byte
 * of time and one of length. A frame whose time byte is odd gets the identifier of our last packet,
 * or no Ack would ever count. A frame whose time byte is 2 modulo 4 is our last Configure-Request
 * as its Ack: otherwise LCP would never open, and authentication never begin.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/base/wire.h"
#include "nodes/crypto/crypto.h"
#include "nodes/ppp/ppp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct link {
	uint8_t id;
	unsigned authenticated, echoed;
	uint8_t request[PPP_FRAME_MAX]; /* our last Configure-Request */
	size_t request_len;
};

static void on_send(void *ctx, const uint8_t *frame, size_t len, usec now)
{
	struct rd r = rd_new(frame, len);
	struct link *l = ctx;
	uint16_t protocol;
	uint8_t code;

	(void)now;
	if (rd_u16(&r, NULL) != 0xff03)
		abort();
	protocol = rd_u16(&r, NULL);
	if (protocol != PPP_LCP && protocol != PPP_PAP && protocol != PPP_CHAP)
		abort();
	code = rd_u8(&r, NULL);
	l->id = rd_u8(&r, NULL);
	if (rd_u16(&r, NULL) != len - 4)
		abort();
	if (protocol != PPP_LCP || code != PPP_CONF_REQUEST)
		return;
	memcpy(l->request, frame, len);
	l->request_len = len;
	l->authenticated = 0; /* LCP begins anew, and then this does */
}

static void on_authenticated(void *ctx, usec now)
{
	(void)now;
	((struct link *)ctx)->authenticated++;
}

static void on_echoed(void *ctx, usec now)
{
	(void)now;
	((struct link *)ctx)->echoed++;
}

static void on_unanswered(void *ctx, usec now)
{
	(void)ctx;
	(void)now;
}

static void on_finished(void *ctx, usec now)
{
	(void)ctx;
	(void)now;
}

static void on_event(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

/* Client or server, of rows that ask for and agree to different methods. */
static struct ppp *link_new(uint8_t which, const struct node_env *env,
			    const struct ppp_hooks *hooks)
{
	static const char *const servers[] = {"softether-5", "softether-4", "rras-2012r2"};
	static const char *const clients[] = {"windows-10", "macos", "linux-plain"};
	const struct server_mode *s = mode_server(servers[which / 2 % 3]);
	const struct client_mode *c = mode_client(clients[which / 2 % 3]);
	struct ppp_config cfg = {
		.lcp = which % 2 ? &s->lcp : &c->lcp,
		.auth = which % 2 ? s->auth : c->auth,
		.server = which % 2,
		.name = "vpn",
		.who = {"alice", "wonderland"},
	};

	return ppp_new(&cfg, env, hooks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct link link = {0};
	struct rng *rng = rng_new(1, "fuzz_ppp");
	const struct node_env env = {.rng = rng, .event = on_event};
	const struct ppp_hooks hooks = {on_send,       on_authenticated, on_echoed,
					on_unanswered, on_finished,	 &link};
	struct rd r = rd_new(data, len);
	struct ppp *p = link_new(rd_u8(&r, NULL), &env, &hooks);
	usec now = 0;

	ppp_start(p, now);
	while (rd_ok(&r) && rd_left(&r) > 2) {
		uint8_t how = rd_u8(&r, NULL), n = rd_u8(&r, NULL), frame[PPP_FRAME_MAX];
		const uint8_t *bytes = rd_bytes(&r, MIN((size_t)n, rd_left(&r)), NULL);
		size_t got = (size_t)(r.p - bytes);
		struct wr w = wr_new(frame, sizeof(frame));

		if (how % 4 == 2) {
			bytes = link.request;
			got = link.request_len;
		}
		wr_bytes(&w, bytes, got);
		if (how & 1 && got >= 6)
			wr_patch_u8(&w, 5, link.id);
		if (how % 4 == 2)
			wr_patch_u8(&w, 4, PPP_CONF_ACK);
		now += how * 20 * MSEC;
		if (ppp_deadline(p) <= now)
			ppp_timer(p, now);
		if (ppp_deadline(p) <= now)
			abort(); /* a timer that does not move on */
		ppp_input(p, frame, got, now);
	}
	/* Once each time that LCP was opened, whatever is said. */
	if (link.authenticated > 1)
		abort();
	ppp_free(p);
	rng_free(rng);
	return 0;
}
