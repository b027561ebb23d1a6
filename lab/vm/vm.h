/* SPDX-License-Identifier: MIT */
/*
 * vm.h - virtual machines as nodes (`kind: vm`). Pure.
 *
 *	vm.c           what a person is told, and which frames are the machine's
 *	qemu_stream.c  frames in QEMU's stream
 *	lab/net/dhcp.c        the machine's address
 *	lab/os/qemu_socket.c  the socket
 *	lab/result/vm_judge.c what has become of a machine
 *	lab/run/vm_watch.c    waiting for machines, and until they are judged
 *
 * Theory of operation. QEMU's `-netdev stream` connects to a UNIX socket and puts onto it what the
 * machine's card sends: Ethernet frames, each behind its length in four bytes. The lab listens
 * there, and that socket is one end of a link whose other end is a node like any other. Neither a
 * TAP nor a bridge is needed, no device file and no kernel module. The lab sees every frame that it
 * carries, so captures show them as those of any link.
 *
 * Only the machine knows its state. What it came to is read off the wire, as for the capture of an
 * unknown network (lab/result/vm_judge.h).
 */
#ifndef NATDLAB_VM_VM_H
#define NATDLAB_VM_VM_H

#include <stdio.h>

#include "lab/topology/scenario.h"

/* The network card of the scenario's link that the machine stands for. */
static inline const struct iface *vm_iface(const struct scenario *s, const struct node *n)
{
	return &s->ifaces[n->ifaces[0]];
}

/* What the person who starts the machine must do: QEMU's line, and what to type in the machine.
 * @path: the socket's. */
void vm_announce(FILE *f, const struct scenario *s, const struct node *n, const char *path);

/* Was this frame sent from the machine's address (ARP or IPv4)? */
bool vm_frame_has_address(const struct scenario *s, const struct node *n, const uint8_t *data,
			  size_t len);
/* Is it one of its IKE, from UDP port 500 or 4500? */
bool vm_frame_is_ike(const struct scenario *s, const struct node *n, const uint8_t *data,
		     size_t len);

#endif
