/* SPDX-License-Identifier: MIT */
/*
 * lab.h - what the tests on real namespaces share: a network built inside a lab, sockets in its
 * nodes, the frames of its links.
 *
 * A test's body runs in the lab's process, where cmocka cannot be reached; it returns 0, or
 * CHECK() says on standard error what was not so and returns 1. Nothing here sleeps: every wait is
 * for a condition, and bounded.
 */
#ifndef NATDLAB_LAB_LAB_H
#define NATDLAB_LAB_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab/base/packet.h"
#include "lab/os/child.h"
#include "lab/os/namespaces.h"
#include "lab/os/netns_try.h"
#include "lab/os/os_priv.h"
#include "lab/topology/scenario_query.h"
#include "tests/topology_load.h"

/* Parts of this file that a test does not need are not worth a warning. */
#define SHARED static __attribute__((unused))

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

/* The same for what fills @e. */
#define CHECK_OK(call, e)                                                                          \
	do {                                                                                       \
		if ((call) < 0) {                                                                  \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, (e)->text);           \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

SHARED usec now_real(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec)t.tv_sec * SEC + t.tv_nsec / 1000;
}

/* Skips the test where labs are not possible. */
SHARED void need_labs(void)
{
	static struct err why;
	static bool tried, possible;

	if (!tried) {
		tried = true;
		possible = namespaces_try(&why) == 0;
	}
	if (!possible) {
		printf("# %s\n", why.text);
		skip();
	}
}

/* Waits for a child: did it return 0? */
SHARED bool ended_well(struct child *c)
{
	siginfo_t end;

	return child_wait(c, USEC_NEVER, &end) && end.si_code == CLD_EXITED && end.si_status == 0;
}

/* Runs @fn in a lab's process; the test fails unless it returns 0. */
SHARED void in_lab(int (*fn)(void *arg), void *arg)
{
	struct child c;
	struct err e = {0};

	need_labs();
	if (namespaces_start(&c, NULL, 0, fn, arg, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(ended_well(&c));
}

/* ---- a network ---- */

struct seen {
	unsigned link, from_iface;
	uint64_t kernel_ns;
	uint8_t *data;
	size_t len;
};

struct net {
	struct arena *a;
	const struct scenario *s;
	struct plan *plan;
	struct netns *g; /* in the lab only */
	VEC(struct seen) seen;
	int (*body)(struct net *n);
	uint64_t *tells;  /* shared with the test: what the body has found out */
};

/* @file: a path, or a topology's own text. The first scenario of it. */
SHARED struct net net_plan(const char *file)
{
	struct net n = {.a = arena_new()};
	struct topology *t;
	struct err e = {0};
	char path[64], *mistakes = NULL;

	if (strchr(file, '\n')) {
		int fd = memfd_create("topology", 0);

		assert_int_equal(write(fd, file, strlen(file)), strlen(file));
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		t = topology_load(n.a, path, NULL, 0, &mistakes, &e);
		close(fd);
	} else {
		t = topology_load(n.a, file, NULL, 0, &mistakes, &e);
	}
	if (!t)
		fail_msg("%s", mistakes ? mistakes : e.text);
	n.s = scenario_new(n.a, t, 0);
	n.plan = plan_new(n.a, n.s, 1);
	return n;
}

SHARED int net_run(void *arg)
{
	struct net *n = arg;
	struct err e = {0};
	int rc;

	n->g = netns_build(n->a, n->plan, &e);
	if (!n->g || netns_taps_open(n->g, &e) < 0) {
		fprintf(stderr, "# %s\n", e.text);
		return 1;
	}
	rc = n->body(n);
	netns_free(n->g);
	arena_free(n->a);
	return rc;
}

/* Gives what the body told in n->tells[0]. */
SHARED uint64_t on_network(const char *file, int (*body)(struct net *n))
{
	struct net n;
	uint64_t told;

	need_labs();
	n = net_plan(file);
	n.body = body;
	n.tells = mmap(NULL, sizeof(*n.tells), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_ptr_not_equal(n.tells, MAP_FAILED);
	in_lab(net_run, &n);
	told = *n.tells;
	munmap(n.tells, sizeof(*n.tells));
	arena_free(n.a);
	return told;
}

#define ARTICLE "topologies/article.yaml"

SHARED unsigned node_of(const struct net *n, const char *name)
{
	const struct node *node = scenario_node(n->s, name);

	assert(node);
	return (unsigned)(node - n->s->nodes);
}

/* "home:wan" */
SHARED const struct iface *iface_of(const struct net *n, const char *full)
{
	size_t i = 0;

	while (i < n->s->n_ifaces && strcmp(n->s->ifaces[i].full, full) != 0)
		i++;
	assert(i < n->s->n_ifaces);
	return &n->s->ifaces[i];
}

SHARED struct inet_addr ip(const char *text)
{
	struct inet_addr a = {0};
	bool ok = inet_parse_addr(text, &a);

	assert(ok);
	return a;
}

SHARED struct inet_ep ep(const char *text, uint16_t port)
{
	return inet_ep(ip(text), port);
}

/* ---- UDP ---- */

/* A UDP socket in a node, on that port; -1 if it cannot be. */
SHARED int udp(struct net *n, const char *node, uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = netns_socket(n->g, node_of(n, node), AF_INET, SOCK_DGRAM, 0, NULL);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -1;
	return fd;
}

SHARED bool udp_send(int fd, struct inet_ep to, size_t len)
{
	static const uint8_t zeros[9000];
	struct sockaddr_in sa = sockaddr_of(to);

	return sendto(fd, zeros, len, 0, (struct sockaddr *)&sa, sizeof(sa)) == (ssize_t)len;
}

/* A datagram's length, waiting for it some seconds; -1 if none came. */
SHARED ssize_t udp_recv(int fd, struct inet_ep *from)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct sockaddr_in sa = {0};
	socklen_t len = sizeof(sa);
	uint8_t buf[9000];
	ssize_t got;

	if (poll(&p, 1, 5000) != 1)
		return -1;
	got = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&sa, &len);
	if (from && got >= 0)
		*from = ep_of(&sa);
	return got;
}

/* ---- frames ---- */

SHARED void note_frame(void *ctx, const struct tap_frame *f)
{
	struct net *n = ctx;

	*vec_push(n->a, &n->seen) = (struct seen){
		.link = f->link,
		.from_iface = f->from_iface,
		.kernel_ns = f->kernel_ns,
		.data = arena_copy(n->a, f->data, f->len),
		.len = f->len,
	};
}

/* Reads the taps until nothing moves any more, which is at once on most kernels. */
SHARED bool settled(struct net *n)
{
	usec until = now_real() + 5 * SEC;

	do {
		netns_taps_read(n->g, note_frame, n);
		if (netns_in_flight(n->g) == 0 && netns_unaccounted(n->g) == 0)
			return true;
	} while (now_real() < until);
	return false;
}

/* Nothing is on its way, and this socket got nothing. */
SHARED bool nothing_comes(struct net *n, int fd)
{
	char byte;

	return settled(n) && recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN;
}

SHARED uint64_t dropped_by(struct net *n, const char *node)
{
	uint64_t packets = 0;

	if (netns_enter(n->g, (int)node_of(n, node), NULL) < 0 ||
	    ctnetlink_dropped(&packets, NULL) < 0 ||
	    netns_enter(n->g, -1, NULL) < 0)
		return UINT64_MAX;
	return packets;
}

#endif
