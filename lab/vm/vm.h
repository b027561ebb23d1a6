/* SPDX-License-Identifier: MIT */
/*
 * vm.h - virtual machines as nodes (`kind: vm`). Pure, but for qemu_socket.c and vm_watch.c.
 *
 *	vm.c      the socket's name, what a person is told, what the wire shows of it
 *	qemu_stream.c  frames in QEMU's stream
 *	dhcp.c    the machine's address
 *	qemu_socket.c    the socket
 *	vm_watch.c  waiting for machines, and until they are judged
 *
 * Theory of operation. QEMU's `-netdev stream` connects to a UNIX socket and puts onto it what the
 * machine's card sends: Ethernet frames, each behind its length in four bytes. The lab listens
 * there, and that socket is one end of a link whose other end is a node like any other. Neither a
 * TAP nor a bridge is needed, no device file and no kernel module. The lab sees every frame that it
 * carries, so captures show them as those of any link.
 *
 * Nobody but the machine knows what it thinks. What it came to is read off the wire, by the same
 * words as a stranger's capture is (diagnose.h).
 */
#ifndef NATDLAB_VM_VM_H
#define NATDLAB_VM_VM_H

#include <stdio.h>

#include "lab/analysis/diagnose.h"
#include "lab/topology/scenario.h"

/* The network card of the scenario's link that the machine stands for. */
static inline const struct iface *vm_iface(const struct scenario *s, const struct node *n)
{
	return &s->ifaces[n->ifaces[0]];
}

/* What its owner must do: QEMU's line, and what to type in the machine. @path: the socket's. */
void vm_announce(FILE *f, const struct scenario *s, const struct node *n, const char *path);

/* Was this frame sent by somebody who has the machine's address (ARP or IPv4)? */
bool vm_frame_has_address(const struct scenario *s, const struct node *n, const uint8_t *data,
			  size_t len);
/* Is it one of its IKE, from UDP port 500 or 4500? */
bool vm_frame_is_ike(const struct scenario *s, const struct node *n, const uint8_t *data,
		     size_t len);

/*
 * What has become of a machine that is a client, by all that was seen until @now, in @out. False
 * when that is not decided yet. It is when ESP flows both ways and has for a while; when there were
 * as many Quick Modes as Windows makes and no ESP; or when it has fallen silent. @end: there will
 * be no more, so that the present state is the last.
 */
bool vm_judge(const struct scenario *s, const struct node *n, const struct watch *w, usec now,
	      bool end, struct diagnosis *out);

#endif
