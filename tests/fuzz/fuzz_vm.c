/* SPDX-License-Identifier: MIT */
/*
 * fuzz_vm.c - what a virtual machine puts onto its socket: QEMU's framing, and DHCP in the frames.
 *
 * The first byte says in which pieces the rest arrives. Frames must not depend on that; each is
 * offered to the DHCP server, and so is the input as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/net/dhcp.h"
#include "lab/vm/qemu_stream.h"
#include "lab/vm/vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct dhcp_lease lease = {
	.addr = {.len = 4, .b = {192, 168, 1, 10}},
	.plen = 24,
	.router = {.len = 4, .b = {192, 168, 1, 1}},
	.server = {.len = 4, .b = {192, 168, 1, 1}},
};

/* An answer is never longer than there is room for, and is no question. */
static void ask(const uint8_t *frame, size_t len)
{
	uint8_t out[DHCP_FRAME_MAX];
	size_t n = dhcp_answer(&lease, frame, len, out);

	if (n > sizeof(out) || (n && !dhcp_is_for_server(frame, len)) ||
	    (n && dhcp_is_for_server(out, n)))
		abort();
}

/* The frames in these bytes, counted; those after a length that cannot be do not count. */
static size_t feed(const uint8_t *data, size_t len, size_t piece)
{
	struct vm_stream *st = calloc(1, sizeof(*st));
	enum vm_next next = VM_MORE;
	size_t frames = 0;

	if (!st)
		abort();
	while (len && next != VM_BROKEN) {
		const uint8_t *frame;
		size_t room, n;
		uint8_t *to = vm_stream_room(st, &room);

		if (!room)
			abort();
		n = MIN(MIN(piece, room), len);
		memcpy(to, data, n);
		vm_stream_fill(st, n);
		data += n;
		len -= n;
		while ((next = vm_stream_next(st, &frame, &n)) == VM_FRAME) {
			if (n < VM_FRAME_MIN || n > VM_FRAME_MAX)
				abort();
			ask(frame, n);
			frames++;
		}
	}
	free(st);
	return frames;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	if (feed(data + 1, len - 1, data[0] + 1u) != feed(data + 1, len - 1, SIZE_MAX))
		abort();
	ask(data, len);
	return 0;
}
