/* SPDX-License-Identifier: MIT */
/*
 * ground.h - a plan made real in network namespaces (floor 3).
 *
 *	space.c    namespaces by file descriptor, entering them
 *	link.c     libnl-3: links, addresses, routes, neighbours
 *	filter.c   libnftables and libmnl: rulesets, conntrack
 *	capture.c  AF_PACKET taps, a socket for each namespace
 *
 * The order of use: space_enter_lab() once in a fresh child process, ground_build(), sockets and
 * taps, ground_free(). Nothing has a name anywhere, so nothing is left when the process ends.
 */
#ifndef NATDLAB_GROUND_H
#define NATDLAB_GROUND_H

#include "lab/base/err.h"
#include "lab/plan.h"

/*
 * Starts @fn in a new process inside fresh user, mount, PID and network namespaces (user only when
 * that is needed: a caller who may do without is tried without if user namespaces are refused).
 * The child dies when its parent does, however that happens, and everything inside dies with it.
 * The caller's own uid and gid are mapped; the child has every capability in there.
 * Returns its process ID, and in *@pidfd a descriptor to wait on; or -1 with the reason and, in
 * the text, the remedy.
 */
int space_start(int (*fn)(void *arg), void *arg, int *pidfd, struct err *e) MUST_CHECK;
/* The same without any namespace, for a lab that touches no network: a child that dies with its
 * parent. */
int space_start_plain(int (*fn)(void *arg), void *arg, int *pidfd, struct err *e) MUST_CHECK;
/* Can this machine do it? 0, or -1 with reason and remedy in @e. Leaves nothing. */
int space_try(struct err *e) MUST_CHECK;

struct ground; /* a built plan */

/* Inside such a child. NULL on failure. */
struct ground *ground_build(struct arena *a, const struct plan *p, struct err *e) MUST_CHECK;
/* Closes every descriptor; the kernel takes the rest away in its own time. */
void ground_free(struct ground *g);

/* Makes a socket in a node's namespace; -1 on failure. Non-blocking, close-on-exec. */
int ground_socket(struct ground *g, unsigned node, int family, int type, int protocol,
		  struct err *e);
/* Enters a node's namespace with this thread (0) or goes back to the lab's (-1 as node). */
int ground_enter(struct ground *g, int node, struct err *e);

/* ---- taps ---- */

/* One frame as a tap saw it, once per link (the receiving end's copy; the frames that no end
 * received are taken from the sending end). */
struct tap_frame {
	unsigned link;           /* index in the scenario */
	unsigned from_iface;     /* the sending end */
	uint64_t kernel_ns;      /* CLOCK_REALTIME when the kernel saw it: the order of frames */
	const uint8_t *data;     /* Ethernet; valid until the next call */
	size_t len;              /* of @data: at most 2048 bytes are kept */
	size_t wire_len;         /* as it was on the link */
};

/* Opens the taps: call before any packet flows. */
int ground_taps_open(struct ground *g, struct err *e) MUST_CHECK;
/* Reads all that is there, in the order in which it happened, and hands each frame over. */
void ground_taps_read(struct ground *g, void (*frame)(void *ctx, const struct tap_frame *f),
		      void *ctx);
/* A descriptor that polls as readable when a tap has something: what a lab that lives in real time
 * sleeps on. Do not read from it. */
int ground_taps_fd(const struct ground *g);
/* Frames that left one end of a link and have not been seen at the other: 0 when nothing is in
 * flight on any link. */
size_t ground_in_flight(struct ground *g);
/* Frames that a forwarding node took in and neither sent on nor counted as dropped yet. */
size_t ground_unaccounted(struct ground *g);
/* Frames lost by a tap (socket buffer full): 0, or the capture has holes and says so. */
size_t ground_taps_lost(struct ground *g);

/* ---- conntrack ---- */

/* The entries of a node's table as text, one a line, like `conntrack -L`. */
int ground_conntrack_text(struct ground *g, unsigned node, FILE *f, struct err *e) MUST_CHECK;
/* The clock is about to jump: cuts every entry's remaining time by @d, in every node that tracks;
 * entries whose time ends are removed. */
int ground_conntrack_age(struct ground *g, usec d, struct err *e) MUST_CHECK;
/* The ruleset of a node as the kernel prints it. */
int ground_ruleset_text(struct ground *g, unsigned node, FILE *f, struct err *e) MUST_CHECK;

#endif
