/* SPDX-License-Identifier: MIT */
/*
 * What the lab's clock asks of the ground: is anything still on its way, and what has connection
 * tracking left when time jumps?
 */
#include "tests/lab/lab.h"

#include <netinet/in.h>

#define PUBLIC "203.0.113.10"

/* ---- on its way ---- */

static int send_ttl(struct net *n, int ttl)
{
	int fd = udp(n, "client", 0);

	CHECK(fd >= 0);
	CHECK(setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)) == 0);
	CHECK(udp_send(fd, ep(PUBLIC, 500), 10));
	close(fd);
	return 0;
}

static int send_length(struct net *n, const char *from, const char *to, size_t len)
{
	int fd = udp(n, from, 0);

	CHECK(fd >= 0 && udp_send(fd, ep(to, 500), len));
	close(fd);
	return 0;
}

/* The same account must come out whatever a forwarding node does with a packet. */
static int each_fate(struct net *n, int fate)
{
	switch (fate) {
	case 0: /* forwarded, delivered or refused with an error at the end */
		return send_length(n, "client", PUBLIC, 10);
	case 1: /* dropped by the Elastic IP's rules */
		return send_length(n, "internet", "203.0.113.2", 10);
	case 2: /* dropped by the NAPT's rules */
		return send_length(n, "internet", "198.51.100.10", 10);
	case 3: /* its time ends at the NAPT, which says so */
		return send_ttl(n, 1);
	case 4: /* on the internet */
		return send_ttl(n, 2);
	case 5: /* at the Elastic IP */
		return send_ttl(n, 3);
	case 6: /* addressed to a router, which refuses the port */
		return send_length(n, "client", "198.51.100.1", 10);
	case 7: /* no route: the internet says so */
		return send_length(n, "client", "8.8.8.8", 10);
	case 8: /* in fragments, which both NATs join and cut again */
		return send_length(n, "client", PUBLIC, 4000);
	case 9: /* in fragments, to a router */
		return send_length(n, "client", "198.51.100.1", 4000);
	default:
		return -1;
	}
}

/* By the kernel's counters, not by patience with what nobody explains, which leaves its mark. */
static bool explained(const struct net *n)
{
	for (size_t i = 0; i < n->s->n_nodes; i++)
		if (n->g->node[i].balance.last != 0)
			return false;
	return true;
}

static int all_is_accounted_for(struct net *n)
{
	int fate, rc;

	for (fate = 0; (rc = each_fate(n, fate)) >= 0; fate++) {
		CHECK(rc == 0);
		CHECK(settled(n));
		if (!explained(n))
			fprintf(stderr, "# fate %d\n", fate);
		CHECK(explained(n));
	}
	CHECK(fate == 10);
	return 0;
}

static void every_fate_of_a_packet_is_accounted_for_at_once(void **state)
{
	(void)state;
	on_network(ARTICLE, all_is_accounted_for);
}

static int late_ones_are_waited_for(struct net *n)
{
	unsigned wan = (unsigned)(iface_of(n, "internet:eth0") - n->s->ifaces);
	unsigned internet = node_of(n, "internet");
	usec asked;

	CHECK(settled(n));
	/* As on a kernel that has taken a frame and not yet delivered it. */
	counters_sent(n->g, wan);
	CHECK(netns_in_flight(n->g) == 1);
	counters_received(n->g, link_other_end(&n->s->links[n->s->ifaces[wan].link], wan));
	CHECK(netns_in_flight(n->g) == 0);
	counters_in(n->g, internet);
	CHECK(netns_unaccounted(n->g) == 1);
	counters_out(n->g, internet);
	CHECK(netns_unaccounted(n->g) == 0);
	/* What is lost where nobody counts does not stop the clock for ever. */
	counters_sent(n->g, wan);
	counters_in(n->g, internet);
	asked = now_real();
	CHECK(netns_in_flight(n->g) == 1 && netns_unaccounted(n->g) == 1);
	CHECK(settled(n));
	CHECK(now_real() - asked >= 100 * MSEC);
	/* And the next one is waited for again. */
	counters_sent(n->g, wan);
	CHECK(netns_in_flight(n->g) == 1);
	return 0;
}

static void the_clock_waits_for_a_late_frame_but_not_for_ever(void **state)
{
	(void)state;
	on_network(ARTICLE, late_ones_are_waited_for);
}

/* More than a buffer holds: the capture has a hole, says so, and the clock goes on. */
static int a_flood_is_counted(struct net *n)
{
	int client = udp(n, "client", 500);
	size_t sent = 0;

	while (netns_taps_lost(n->g) == 0 && sent < 100000) {
		for (int i = 0; i < 500; i++)
			CHECK(udp_send(client, ep(PUBLIC, 500), 1000));
		sent += 500;
	}
	CHECK(netns_taps_lost(n->g) > 0);
	CHECK(settled(n));
	return 0;
}

static void frames_that_a_tap_loses_are_counted(void **state)
{
	(void)state;
	on_network(ARTICLE, a_flood_is_counted);
}

/* ---- connection tracking ---- */

struct text {
	char buf[2000];
};

static struct text tracked(struct net *n, const char *node)
{
	struct text t = {0};
	FILE *f = fmemopen(t.buf, sizeof(t.buf) - 1, "w");
	struct err e = {0};

	if (netns_conntrack_text(n->g, node_of(n, node), f, &e) < 0)
		snprintf(t.buf, sizeof(t.buf), "%s", e.text);
	fclose(f);
	return t;
}

/* Seconds that the first entry has left, or -1 without entries. */
static long left(struct net *n, const char *node)
{
	struct text t = tracked(n, node);
	const char *p = strstr(t.buf, "udp      17 ");

	return p ? strtol(p + strlen("udp      17 "), NULL, 10) : -1;
}

/* The kernel says 119 as soon as a tick of 120 seconds has passed. */
static bool about(long seconds, long wanted)
{
	return seconds == wanted || seconds == wanted - 1;
}

static int entries_are_printed(struct net *n)
{
	static const char unreplied[] =
		"src=192.168.1.10 dst=203.0.113.10 sport=500 dport=500 packets=1 bytes=38 "
		"[UNREPLIED] src=203.0.113.10 dst=198.51.100.10 sport=500 dport=500 mark=0\n";
	static const char replied[] =
		"src=198.51.100.10 dst=203.0.113.10 sport=500 dport=500 packets=1 bytes=38 "
		"src=172.31.0.10 dst=198.51.100.10 sport=500 dport=500 packets=1 bytes=39 mark=0\n";
	int client = udp(n, "client", 500), server = udp(n, "server", 500);
	struct inet_ep from;

	CHECK(tracked(n, "home").buf[0] == '\0');
	CHECK(udp_send(client, ep(PUBLIC, 500), 10) && udp_recv(server, &from) == 10);
	CHECK(strstr(tracked(n, "home").buf, unreplied));
	CHECK(udp_send(server, from, 11) && udp_recv(client, NULL) == 11);
	CHECK(strstr(tracked(n, "igw").buf, replied));
	CHECK(tracked(n, "internet").buf[0] == '\0'); /* a router tracks nothing */
	return 0;
}

static void connections_are_printed_as_conntrack_prints_them(void **state)
{
	(void)state;
	on_network(ARTICLE, entries_are_printed);
}

/* Who tracks, and for how long a connection lives there (nft_ruleset.h). */
static const struct {
	const char *node;
	long timeout;
} trackers[] = {{"home", 120}, {"server", 180}, {"igw", 24 * 3600}};

static int entries_age(struct net *n)
{
	int client = udp(n, "client", 500), server = udp(n, "server", 500);
	struct err e = {0};
	usec since = 0;

	CHECK(udp_send(client, ep(PUBLIC, 500), 10) && udp_recv(server, NULL) == 10);
	for (size_t i = 0; i < ARRAY_LEN(trackers); i++)
		CHECK(about(left(n, trackers[i].node), trackers[i].timeout));
	/* Less than a second each time: what the kernel cannot keep is not lost. */
	for (int i = 0; i < 20; i++)
		CHECK_OK(netns_conntrack_age(n->g, 500 * MSEC, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(trackers); i++)
		CHECK(about(left(n, trackers[i].node), trackers[i].timeout - 10));
	/* Used once more, it has all its time again. */
	CHECK(udp_send(client, ep(PUBLIC, 500), 10) && udp_recv(server, NULL) == 10);
	netns_taps_read(n->g, note_frame, n); /* what has passed is known by the taps */
	for (size_t i = 0; i < ARRAY_LEN(trackers); i++)
		CHECK(about(left(n, trackers[i].node), trackers[i].timeout));
	for (size_t i = 0; i < ARRAY_LEN(trackers); i++) {
		usec end = trackers[i].timeout * SEC;

		CHECK_OK(netns_conntrack_age(n->g, end - since - 1, &e), &e);
		CHECK(about(left(n, trackers[i].node), 1));
		CHECK_OK(netns_conntrack_age(n->g, 1, &e), &e);
		CHECK(tracked(n, trackers[i].node).buf[0] == '\0');
		since = end;
	}
	return 0;
}

static void a_jump_of_the_clock_ages_every_connection_to_the_microsecond(void **state)
{
	(void)state;
	on_network(ARTICLE, entries_age);
}

/* As in containers, which keep /proc/sys shut. */
static int entries_age_uncounted(struct net *n)
{
	for (size_t i = 0; i < n->s->n_nodes; i++) {
		FILE *f;

		CHECK(netns_enter(n->g, (int)i, NULL) == 0);
		f = fopen("/proc/sys/net/netfilter/nf_conntrack_acct", "w");
		CHECK(f && fputs("0", f) >= 0 && fclose(f) == 0);
	}
	CHECK(netns_enter(n->g, -1, NULL) == 0);
	CHECK(entries_age(n) == 0);
	return 0;
}

static void connections_age_where_their_packets_are_not_counted(void **state)
{
	(void)state;
	on_network(ARTICLE, entries_age_uncounted);
}

static int a_forgotten_mapping_is_closed(struct net *n)
{
	int client = udp(n, "client", 500), server = udp(n, "server", 500);
	struct inet_ep mapped;
	struct err e = {0};

	CHECK(udp_send(client, ep(PUBLIC, 500), 10) && udp_recv(server, &mapped) == 10);
	CHECK_OK(netns_conntrack_age(n->g, 119 * SEC, &e), &e);
	CHECK(udp_send(server, mapped, 11) && udp_recv(client, NULL) == 11);
	/* An answer gives it the same again, however young the connection is. */
	CHECK_OK(netns_conntrack_age(n->g, 121 * SEC, &e), &e);
	CHECK(udp_send(server, mapped, 11));
	CHECK(nothing_comes(n, client));
	CHECK(dropped_by(n, "home") == 1);
	return 0;
}

static void a_napt_forgets_an_idle_mapping_when_the_clock_jumps(void **state)
{
	(void)state;
	on_network(ARTICLE, a_forgotten_mapping_is_closed);
}

/* The kernel gives a new connection the memory of one that has gone, and by it the same name. */
static int a_new_connection_has_no_past(struct net *n)
{
	int client = udp(n, "client", 500), server = udp(n, "server", 500);
	struct err e = {0};

	for (int i = 0; i < 10; i++) {
		struct inet_ep mapped;

		CHECK(udp_send(client, ep(PUBLIC, 500), 1) && udp_recv(server, &mapped) == 1);
		netns_taps_read(n->g, note_frame, n);
		CHECK_OK(netns_conntrack_age(n->g, 130 * SEC, &e), &e);
		/* As many packets as the one that has gone: one. */
		CHECK(udp_send(client, ep(PUBLIC, 500), 1) && udp_recv(server, &mapped) == 1);
		netns_taps_read(n->g, note_frame, n);
		CHECK_OK(netns_conntrack_age(n->g, MSEC, &e), &e);
		CHECK(udp_send(server, mapped, 2) && udp_recv(client, NULL) == 2);
		netns_taps_read(n->g, note_frame, n);
		CHECK_OK(netns_conntrack_age(n->g, 130 * SEC, &e), &e);
		CHECK(tracked(n, "home").buf[0] == '\0');
	}
	return 0;
}

static void a_connection_that_is_there_again_lives_as_long_as_a_new_one(void **state)
{
	(void)state;
	on_network(ARTICLE, a_new_connection_has_no_past);
}

static int many_connections(struct net *n)
{
	enum { MANY = 1500 }; /* more news than a socket holds by default */
	int server = udp(n, "server", 500);
	struct err e = {0};
	FILE *f = tmpfile();
	int lines = 0, c;

	CHECK(f && server >= 0);
	for (int i = 0; i < MANY; i++) {
		int fd = udp(n, "client", (uint16_t)(10000 + i));

		CHECK(fd >= 0 && udp_send(fd, ep(PUBLIC, 500), 1));
		close(fd);
		netns_taps_read(n->g, note_frame, n);
	}
	CHECK_OK(netns_conntrack_age(n->g, SEC, &e), &e);
	CHECK_OK(netns_conntrack_text(n->g, node_of(n, "home"), f, &e), &e);
	rewind(f);
	while ((c = fgetc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	CHECK(lines == MANY);
	CHECK_OK(netns_conntrack_age(n->g, 120 * SEC, &e), &e);
	CHECK(tracked(n, "home").buf[0] == '\0');
	return 0;
}

static void no_connection_is_missed_when_there_are_many(void **state)
{
	(void)state;
	on_network(ARTICLE, many_connections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fate_of_a_packet_is_accounted_for_at_once),
		cmocka_unit_test(the_clock_waits_for_a_late_frame_but_not_for_ever),
		cmocka_unit_test(frames_that_a_tap_loses_are_counted),
		cmocka_unit_test(connections_are_printed_as_conntrack_prints_them),
		cmocka_unit_test(a_jump_of_the_clock_ages_every_connection_to_the_microsecond),
		cmocka_unit_test(connections_age_where_their_packets_are_not_counted),
		cmocka_unit_test(a_napt_forgets_an_idle_mapping_when_the_clock_jumps),
		cmocka_unit_test(a_connection_that_is_there_again_lives_as_long_as_a_new_one),
		cmocka_unit_test(no_connection_is_missed_when_there_are_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
