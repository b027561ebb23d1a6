/* SPDX-License-Identifier: MIT */
/*
 * netns_build.h - a plan made real in network namespaces.
 *
 *	namespaces.c           fresh namespaces for a lab, or the reason why there are none
 *	netns_build.c          a plan's steps carried out; sockets in nodes
 *	rtnetlink.c            libnl-3: links, addresses, routes, neighbours
 *	nft.c          libnftables and libmnl: rulesets, counters, connection tracking
 *	conntrack.c       connection tracking printed, and aged when the clock jumps
 *	taps.c         AF_PACKET taps, a socket for each namespace
 *	relay.c          links with faults, whose frames the lab carries itself
 *	qemu_socket.c    links to a virtual machine, likewise
 *	in_flight.c  is anything still on its way?
 *	netns_try.c      can this machine do it?
 *
 * The order of use: namespaces_start(), and in the child netns_build(), netns_taps_open(), sockets,
 * netns_free(). Nothing has a name anywhere, so nothing is left when the process ends.
 */
#ifndef NATDLAB_OS_NETNS_BUILD_H
#define NATDLAB_OS_NETNS_BUILD_H

#include "lab/base/err.h"
#include "lab/net/net.h"
#include "lab/plan/plan.h"

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
int namespaces_start(int (*fn)(void *arg), void *arg, int *pidfd, struct err *e) MUST_CHECK;
/* The same without any namespace, for a lab that touches no network: a child that dies with its
 * parent. */
int namespaces_start_plain(int (*fn)(void *arg), void *arg, int *pidfd, struct err *e) MUST_CHECK;
/* Can this machine do it? 0, or -1 with reason and remedy in @e. Leaves nothing. */
int namespaces_try(struct err *e) MUST_CHECK;

struct netns; /* a built plan */

/* Inside such a child. NULL on failure. */
struct netns *netns_build(struct arena *a, const struct plan *p, struct err *e) MUST_CHECK;
/* Closes every descriptor; the kernel takes the rest away in its own time. */
void netns_free(struct netns *g);

/* Makes a socket in a node's namespace; -1 on failure. Non-blocking, close-on-exec. */
int netns_socket(struct netns *g, unsigned node, int family, int type, int protocol, struct err *e);
/* Enters a node's namespace with this thread (0) or goes back to the lab's (-1 as node). */
int netns_enter(struct netns *g, int node, struct err *e);

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
int netns_taps_open(struct netns *g, struct err *e) MUST_CHECK;
/* Reads all that is there, in the order in which it happened, and hands each frame over. */
void netns_taps_read(struct netns *g, void (*frame)(void *ctx, const struct tap_frame *f),
		     void *ctx);
/* A descriptor that polls as readable when a tap has something: what a lab that lives in real time
 * sleeps on. Do not read from it. */
int netns_taps_fd(const struct netns *g);
/* Both count what the last netns_taps_read() has seen. What stays outstanding for 200 ms of real
 * time with nothing new is taken for lost where nobody counts, and forgiven. */
/* Frames that left one end of a link and have not been seen at the other: 0 when nothing is in
 * flight on any link. */
size_t netns_in_flight(struct netns *g);
/* Packets that a forwarding node took in and neither sent on, nor kept, refused or dropped, as far
 * as its counters say. */
size_t netns_unaccounted(struct netns *g);
/* Frames lost by a tap (socket buffer full): 0, or the capture has holes and says so. */
size_t netns_taps_lost(struct netns *g);

/* No frame is wanted any more. Closing takes the kernel about 12 ms, which pass in the background
 * while the lab writes its files; netns_free() waits for them. Do not read the taps again. */
void netns_taps_close(struct netns *g);

/* ---- relays: links with faults ---- */

/*
 * A link with faults is two veth pairs that end in the lab's own namespace, where frames wait for
 * somebody to carry them over. Reads one frame that a node has sent onto such a link and hands it
 * over, with the interface that sent it; false when there is none.
 */
bool netns_relay_read(struct netns *g,
		      void (*frame)(void *ctx, unsigned iface, const uint8_t *data, size_t len),
		      void *ctx);
/* Gives a frame from @iface to the other end of its link, which may be a virtual machine. */
void netns_relay_send(struct netns *g, unsigned iface, const uint8_t *data, size_t len);

/* ---- ports: virtual machines (vm.h) ---- */

/* One frame that a virtual machine has sent, with the interface that it stands for; false when
 * there is none. Takes in connections that come and go. */
bool netns_qemu_read(struct netns *g,
		     void (*frame)(void *ctx, unsigned iface, const uint8_t *data, size_t len),
		     void *ctx);
/* Gives a frame to the machine that stands for @iface; false when there is no such port. */
bool netns_qemu_send(struct netns *g, unsigned iface, const uint8_t *data, size_t len);
/* A descriptor that polls as readable when a machine has something; -1 without any, or when one has
 * said so much lately that it has to wait. */
int netns_qemu_fd(const struct netns *g);
/* What is plugged in there, one change a call, in their order; the last again when all are told. */
enum vm_plug netns_qemu_plug(struct netns *g, unsigned iface);

/* ---- conntrack ---- */

/* The entries of a node's table as text, one a line, like `conntrack -L`. */
int netns_conntrack_text(struct netns *g, unsigned node, FILE *f, struct err *e) MUST_CHECK;
/* The clock is about to jump: cuts every entry's remaining time by @d, in every node that tracks,
 * or notes that it must where nothing has passed, as far as the last netns_taps_read() knows;
 * entries whose time ends are removed. */
int netns_conntrack_age(struct netns *g, usec d, struct err *e) MUST_CHECK;
/* The ruleset of a node as the kernel prints it. */
int netns_ruleset_text(struct netns *g, unsigned node, FILE *f, struct err *e) MUST_CHECK;

#endif
