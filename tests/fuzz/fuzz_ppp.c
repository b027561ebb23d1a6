/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ppp.c - PPP frames in any order to a link that negotiates.
 *
 * The input is a row of frames, each behind one byte of length and one of time. A frame whose
 * time byte is odd gets the identifier of our last packet, or no Ack would ever count.
 */
#include <stdlib.h>

#include "lab/base/wire.h"
#include "nodes/crypto.h"
#include "nodes/ppp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct link {
	uint8_t id;
	unsigned echoed;
};

static void on_send(void *ctx, const uint8_t *frame, size_t len, usec now)
{
	struct rd r = rd_new(frame, len);
	struct link *l = ctx;

	(void)now;
	if (rd_u16(&r, NULL) != 0xff03 || rd_u16(&r, NULL) != PPP_LCP)
		abort();
	rd_u8(&r, NULL);
	l->id = rd_u8(&r, NULL);
	if (rd_u16(&r, NULL) != len - 4)
		abort();
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct link link = {0};
	struct rng *rng = rng_new(1, "fuzz_ppp");
	const struct node_env env = {.rng = rng, .event = on_event};
	const struct ppp_hooks hooks = {on_send, on_echoed, on_unanswered, on_finished, &link};
	struct ppp *p = ppp_new(&mode_client("windows-10")->lcp, &env, &hooks);
	struct rd r = rd_new(data, len);
	usec now = 0;

	ppp_start(p, now);
	while (rd_ok(&r) && rd_left(&r) > 2) {
		uint8_t how = rd_u8(&r, NULL), n = rd_u8(&r, NULL), frame[256];
		const uint8_t *bytes = rd_bytes(&r, MIN((size_t)n, rd_left(&r)), NULL);
		size_t got = (size_t)(r.p - bytes);
		struct wr w = wr_new(frame, sizeof(frame));

		wr_bytes(&w, bytes, got);
		if (how & 1 && got >= 6)
			wr_patch_u8(&w, 5, link.id);
		now += how * 20 * MSEC;
		if (ppp_deadline(p) <= now)
			ppp_timer(p, now);
		if (ppp_deadline(p) <= now)
			abort(); /* a timer that does not move on */
		ppp_input(p, frame, got, now);
	}
	ppp_free(p);
	rng_free(rng);
	return 0;
}
