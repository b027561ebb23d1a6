/* SPDX-License-Identifier: MIT */
/* qemu_stream.c - Ethernet frames in a stream of bytes, each behind its length. */
#include <string.h>

#include "lab/base/wire.h"
#include "lab/vm/qemu_stream.h"

uint8_t *vm_stream_room(struct vm_stream *st, size_t *room)
{
	memmove(st->buf, st->buf + st->from, st->to - st->from);
	st->to -= st->from;
	st->from = 0;
	*room = sizeof(st->buf) - st->to;
	return st->buf + st->to;
}

void vm_stream_fill(struct vm_stream *st, size_t len)
{
	assert(len <= sizeof(st->buf) - st->to);
	st->to += len;
}

static void skip(struct vm_stream *st)
{
	size_t n = MIN(st->skip, st->to - st->from);

	st->from += n;
	st->skip -= n;
}

enum vm_next vm_stream_next(struct vm_stream *st, const uint8_t **frame, size_t *len)
{
	for (;;) {
		struct rd r;
		size_t said;

		skip(st);
		r = rd_new(st->buf + st->from, st->to - st->from);
		said = rd_u32(&r, "length");
		if (!rd_ok(&r))
			return VM_MORE;
		if (!said || said > VM_LENGTH_MAX)
			return VM_BROKEN;
		if (said > VM_FRAME_MAX) {
			st->skip = VM_HEADER + said;
			continue;
		}
		*frame = rd_bytes(&r, said, "frame");
		if (!*frame)
			return VM_MORE;
		*len = said;
		st->from += VM_HEADER + said;
		if (said >= VM_FRAME_MIN)
			return VM_FRAME;
	}
}

size_t vm_stream_wrap(uint8_t *out, const uint8_t *frame, size_t len)
{
	struct wr w = wr_new(out, VM_HEADER + VM_FRAME_MAX);

	wr_u32(&w, (uint32_t)len);
	wr_bytes(&w, frame, len);
	return wr_ok(&w) ? wr_len(&w) : 0;
}
