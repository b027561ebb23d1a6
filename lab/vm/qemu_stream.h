/* SPDX-License-Identifier: MIT */
/* qemu_stream.h - frames in the stream of QEMU's `-netdev stream`. Pure. */
#ifndef NATDLAB_VM_QEMU_STREAM_H
#define NATDLAB_VM_QEMU_STREAM_H

#include "lab/base/base.h"

#define VM_FRAME_MAX 2048   /* of what is carried: MTU 1500 and room */
#define VM_FRAME_MIN 14     /* an Ethernet header */
#define VM_LENGTH_MAX 69632 /* QEMU's own limit: who says more is no QEMU */
#define VM_HEADER 4

struct vm_stream {
	uint8_t buf[16384];
	size_t from, to; /* what of it is taken in and not handed over */
	size_t skip;     /* so much of the stream is thrown away first */
};

enum vm_next {
	VM_MORE,   /* no whole frame is there */
	VM_FRAME,
	VM_BROKEN, /* a length that cannot be: nothing that follows can be understood */
};

/* Where to read to, and in *@room how much, never 0 after VM_MORE. Frames handed out before are
 * gone with it. */
uint8_t *vm_stream_room(struct vm_stream *st, size_t *room);
void vm_stream_fill(struct vm_stream *st, size_t len);
/* The next frame, which lies in @st. Longer ones than VM_FRAME_MAX, and shorter ones than
 * VM_FRAME_MIN, are passed over. */
enum vm_next vm_stream_next(struct vm_stream *st, const uint8_t **frame, size_t *len);
/* A frame as QEMU wants it, in @out[VM_HEADER + VM_FRAME_MAX]: so many bytes; 0: too long. */
size_t vm_stream_wrap(uint8_t *out, const uint8_t *frame, size_t len);

#endif
