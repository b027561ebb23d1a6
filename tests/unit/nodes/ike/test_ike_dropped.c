/* SPDX-License-Identifier: MIT */
/*
 * Both roles of IKE, every message of a life from message 1 to the Delete, and what can become of a
 * message on its way: twice, late, early, cut, forged, lost. What is dropped has changed nothing,
 * and the true exchange goes on.
 */
#include "tests/unit/dropped.h"

#include "nodes/ike/ike_priv.h"
#include "tests/unit/ike_dump.h"
#include "tests/unit/ike_net.h"

#define SCRIPT_MAX 40 /* messages */

#define NO_MESSAGE_5(drop)                                                                         \
	{drop, "told_bad_psk", "that the secrets differ is said once", false},                     \
		{drop, "remote ", "some rows follow a message 5 that is not proven", false},       \
		{drop, "local ", "likewise", false}, {drop, "floated", "likewise", false}

static struct exception exceptions[] = {
	NO_MESSAGE_5("decrypt"),
	NO_MESSAGE_5("hash"),
	NO_MESSAGE_5("blocks"),
};

static const struct setup {
	const char *client, *server;
} setups[] = {
	{"windows-10", "rras-2012r2"},
	{"windows-10", "softether-4"},
	{"macos", "strongswan-5.3"},
	{"macos", "softether-4"},
};

static struct client_mode rows[ARRAY_LEN(setups)];

/* What happens next when nothing is under way; false: nothing more. */
static bool act(struct net *net)
{
	struct end *c = &net->client, *s = &net->server;

	switch (net->arg++) {
	case 0:
		ike_dial(c->ike, net->now);
		return true;
	case 1:
		info_send_dpd(c->sa, net->now);
		return true;
	case 2:
		info_send_dpd(s->sa, net->now);
		return true;
	case 3:
		ike_quick(c->ike, c->sa, 1701, net->now);
		return true;
	case 4:
		ike_delete_child(c->ike, c->sa, c->children[0].spi_in, net->now);
		return true;
	case 5:
		ike_delete_sa(s->ike, s->sa, net->now);
		return true;
	}
	return false;
}

static void play(struct net *net, size_t messages)
{
	while (net->done < messages) {
		if (net->done < net->n)
			net_deliver(net, &net->frames[net->done++]);
		else if (!act(net))
			return;
	}
	while (net->done == net->n && act(net))
		;
}

/* A life in which message @k is about to arrive. */
static struct net *life(size_t setup, size_t k)
{
	struct net *net = net_new_rows(&rows[setup], mode_server(setups[setup].server), true, true,
				       "x", "x");

	play(net, k);
	return net;
}

/* How it ended: everything was set up and taken down. */
static void assert_whole(struct net *net, const char *what)
{
	play(net, SCRIPT_MAX);
	net_run(net, net->now + 200 * SEC);
	if (net->client.n_children != 2 || net->server.n_children != 2 || net->client.n_down < 1 ||
	    net->server.n_down < 1)
		fail_msg("%s: the true exchange: %u and %u SAs, ended %u and %u times", what,
			 net->client.n_children, net->server.n_children, net->client.n_down,
			 net->server.n_down);
}

struct tried {
	size_t setup, k;
	struct net *net;
	size_t n_dropped, n_taken;
};

/* Delivers a false message; answers to it are lost. */
static void try(struct tried *t, const struct frame *f, const char *how, size_t detail)
{
	struct end *to = f->from_client ? &t->net->server : &t->net->client;
	size_t n = t->net->n, events = to->log.ev.n;
	char *before = ike_dump(to->ike), *after, what[120];
	const char *drop;
	bool same;

	snprintf(what, sizeof(what), "%s and %s, message %zu, %s %zu", setups[t->setup].client,
		 setups[t->setup].server, t->k + 1, how, detail);
	net_deliver(t->net, f);
	t->net->n = n;
	drop = drop_since(&to->log, events);
	after = ike_dump(to->ike);
	same = drop ? assert_unchanged(before, after, exceptions, ARRAY_LEN(exceptions), drop, what)
		    : !strcmp(before, after);
	t->n_dropped += drop != NULL;
	t->n_taken += !drop && !same;
	free(before);
	free(after);
	if (same)
		return;
	net_free(t->net);
	t->net = life(t->setup, t->k);
}

static size_t marker_len(const struct frame *f)
{
	return f->dst.port == 4500 ? ISAKMP_MARKER_LEN : 0;
}

/* Cut at a length, as it is or with the header's length mended. */
static void cut(struct tried *t, const struct frame *f)
{
	size_t marker = marker_len(f);

	for (size_t len = marker + 1; len < f->len; len += len < marker + 64 ? 5 : 23) {
		struct frame g = *f;

		g.len = len;
		try(t, &g, "cut at", len);
		if (len < marker + ISAKMP_HEADER_LEN)
			continue;
		g.data[marker + 26] = (uint8_t)((len - marker) >> 8);
		g.data[marker + 27] = (uint8_t)(len - marker);
		try(t, &g, "cut and mended at", len);
	}
}

/* A bit of every few bytes; another message ID; another key or secret, which is: nonsense. */
static void forge(struct tried *t, const struct frame *f)
{
	size_t marker = marker_len(f), body = marker + ISAKMP_HEADER_LEN;
	struct frame g = *f;

	for (size_t at = marker; at < f->len; at += at < body ? 1 : 9) {
		g = *f;
		g.data[at] ^= (uint8_t)(1 << at % 8);
		try(t, &g, "a bit changed at", at);
	}
	g = *f;
	g.data[marker + 20] ^= 0x55;
	try(t, &g, "another message ID", 0);
	for (size_t i = 0; i < 3; i++) {
		g = *f;
		for (size_t at = body; at < g.len; at++)
			g.data[at] = (uint8_t)(at * 167 + i * 31);
		try(t, &g, "nonsense", i);
	}
	g = *f;
	g.data[g.len - 1] ^= 1;
	try(t, &g, "the last bit changed", 0);
}

static void every_message(size_t setup, size_t *n_dropped)
{
	struct net *whole = life(setup, SCRIPT_MAX);
	size_t n = whole->n;

	assert_true(n > 14 && n <= SCRIPT_MAX);
	assert_whole(whole, "undisturbed");
	for (size_t k = 0; k < n; k++) {
		struct tried t = {.setup = setup, .k = k, .net = life(setup, k)};
		const struct frame *f = &whole->frames[k];
		char what[80];

		/* Same seed, same keys: the messages of the whole life fit this one. */
		for (size_t j = 0; j < n; j++)
			if (j != k)
				try(&t, &whole->frames[j], j < k ? "late" : "early", j + 1);
		cut(&t, f);
		forge(&t, f);
		snprintf(what, sizeof(what), "after false copies of message %zu", k + 1);
		assert_whole(t.net, what);
		net_free(t.net);
		*n_dropped += t.n_dropped;

		/* twice */
		t.net = life(setup, k);
		net_deliver(t.net, &t.net->frames[t.net->done++]);
		try(&t, f, "twice", 0);
		net_free(t.net);
	}
	net_free(whole);
}

static void every_message_may_get_lost_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(setups); i++)
		for (size_t k = 0; k < 9; k++) {
			struct net *net = life(i, k);
			char what[80];
			/* Message 9 comes again only for a message 8 that does. */
			unsigned wanted = k < 8 || mode_server(setups[i].server)->quick_retry.n;

			snprintf(what, sizeof(what), "%s and %s, message %zu lost", setups[i].client,
				 setups[i].server, k + 1);
			net->done++;
			net_run(net, net->now + 40 * SEC);
			if (net->client.n_children != 1 || net->server.n_children != wanted)
				fail_msg("%s: %u and %u SAs", what, net->client.n_children,
					 net->server.n_children);
			net_free(net);
		}
}

static void what_is_dropped_has_changed_nothing(void **state)
{
	size_t n_dropped = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(setups); i++)
		every_message(i, &n_dropped);
	assert_true(n_dropped > 5000);
	assert_all_used(exceptions, ARRAY_LEN(exceptions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_dropped_has_changed_nothing),
		cmocka_unit_test(every_message_may_get_lost_once),
	};

	for (size_t i = 0; i < ARRAY_LEN(setups); i++) {
		rows[i] = *mode_client(setups[i].client);
		if (!strcmp(setups[i].client, "windows-10")) {
			/* The cheapest group that the server takes: there are thousands. */
			rows[i].phase1[0] = rows[i].phase1[strcmp(setups[i].server, "softether-4") ? 1 : 4];
			rows[i].n_phase1 = 1;
		}
	}
	return cmocka_run_group_tests_name("ike and dropped messages", tests, NULL, NULL);
}
