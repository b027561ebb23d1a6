/* SPDX-License-Identifier: MIT */
/*
 * ground.h - a plan made real in network namespaces (floor 3).
 *
 *	space.c           fresh namespaces for a lab, or the reason why there are none
 *	ground.c          a plan's steps carried out; sockets in nodes
 *	link.c            libnl-3: links, addresses, routes, neighbours
 *	filter.c          libnftables and libmnl: rulesets, counters, connection tracking
 *	conntrack.c       connection tracking printed, and aged when the clock jumps
 *	capture.c         AF_PACKET taps, a socket for each namespace
 *	relay.c, port.c   links that the lab carries itself: with faults; to a virtual machine
 *	ground_account.c  is anything still on its way?
 *	ground_try.c      can this machine do it?
 *
 * The order of use: space_start(), and in the child ground_build(), ground_taps_open(), sockets,
 * ground_free(). Nothing has a name anywhere, so nothing is left when the process ends.
 */
#ifndef NATDLAB_GROUND_H
#define NATDLAB_GROUND_H

#include "lab/base/err.h"
#include "lab/plan/plan.h"
#include "lab/vm/vm.h"

/*
 * Starts @fn in a new process inside fresh user, mount, PID and network namespaces, as by fork():
 * memory and descriptors are the caller's, signal handlers and masks are not, and what @fn returns
 * is the exit status. The caller has one thread: the child dies when the thread that called dies,
 * however that happens, and everything inside dies with it.
 *
 * The caller's own uid and gid are mapped (root: all IDs), and the child, which is PID 1 in there,
 * and every program that it executes have all capabilities over these namespaces and none outside.
 * A caller with CAP_SYS_ADMIN to whom user namespaces are refused gets the other three without.
 * PID 1 heeds no signal for which it has no handler, but SIGKILL from outside.
 *
 * Returns its process ID, and in *@pidfd a descriptor to wait on; or -1 with one line "REASON; to
 * enable them: COMMAND" in @e.
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

/* One frame as a tap saw it, once per link: the sending end's copy, which exists also when the
 * frame is lost on the way. */
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
/* Both count what the last ground_taps_read() has seen. What stays outstanding for 200 ms of real
 * time with nothing new is taken for lost where nobody counts, and forgiven. */
/* Frames that left one end of a link and have not been seen at the other: 0 when nothing is in
 * flight on any link. */
size_t ground_in_flight(struct ground *g);
/* Packets that a forwarding node took in and neither sent on, nor kept, refused or dropped, as far
 * as its counters say. */
size_t ground_unaccounted(struct ground *g);
/* Frames lost by a tap (socket buffer full): 0, or the capture has holes and says so. */
size_t ground_taps_lost(struct ground *g);

/* No frame is wanted any more. Closing takes the kernel about 12 ms, which pass in the background
 * while the lab writes its files; ground_free() waits for them. Do not read the taps again. */
void ground_taps_close(struct ground *g);

/* ---- relays: links with faults ---- */

/*
 * A link with faults is two veth pairs that end in the lab's own namespace, where frames wait for
 * somebody to carry them over. Reads one frame that a node has sent onto such a link and hands it
 * over, with the interface that sent it; false when there is none.
 */
bool ground_relay_read(struct ground *g,
		       void (*frame)(void *ctx, unsigned iface, const uint8_t *data, size_t len),
		       void *ctx);
/* Gives a frame from @iface to the other end of its link, which may be a virtual machine. */
void ground_relay_send(struct ground *g, unsigned iface, const uint8_t *data, size_t len);

/* ---- ports: virtual machines (vm.h) ---- */

/* One frame that a virtual machine has sent, with the interface that it stands for; false when
 * there is none. Takes in connections that come and go. */
bool ground_port_read(struct ground *g,
		      void (*frame)(void *ctx, unsigned iface, const uint8_t *data, size_t len),
		      void *ctx);
/* Gives a frame to the machine that stands for @iface; false when there is no such port. */
bool ground_port_send(struct ground *g, unsigned iface, const uint8_t *data, size_t len);
/* A descriptor that polls as readable when a machine has something; -1 without any, or when one has
 * said so much lately that it has to wait. */
int ground_ports_fd(const struct ground *g);
/* What is plugged in there, one change a call, in their order; the last again when all are told. */
enum vm_plug ground_port_plug(struct ground *g, unsigned iface);

/* ---- conntrack ---- */

/* The entries of a node's table as text, one a line, like `conntrack -L`. */
int ground_conntrack_text(struct ground *g, unsigned node, FILE *f, struct err *e) MUST_CHECK;
/* The clock is about to jump: cuts every entry's remaining time by @d, in every node that tracks,
 * or notes that it must where nothing has passed, as far as the last ground_taps_read() knows;
 * entries whose time ends are removed. */
int ground_conntrack_age(struct ground *g, usec d, struct err *e) MUST_CHECK;
/* The ruleset of a node as the kernel prints it. */
int ground_ruleset_text(struct ground *g, unsigned node, FILE *f, struct err *e) MUST_CHECK;

#endif
