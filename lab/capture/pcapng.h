/* SPDX-License-Identifier: MIT */
/*
 * pcapng.h - capture files read: pcap and pcapng. Written: pcapng_write.h.
 *
 * Ours, because libpcap refuses mixed link types, hides interface names and comments, and cannot
 * write pcapng. Reading is over a stream with constant memory; files are hostile.
 */
#ifndef NATDLAB_CAPTURE_PCAPNG_H
#define NATDLAB_CAPTURE_PCAPNG_H

#include <stdio.h>

#include "lab/base/err.h"
#include "lab/base/mem.h"

#define CAPTURE_SNAP_MAX 262144

struct capture_frame {
	uint64_t number;        /* 1, 2, ... as Wireshark counts */
	usec t;                 /* since the epoch; 0 where a block carries no time */
	uint32_t linktype;
	uint32_t iface;         /* 0 for pcap */
	const char *iface_name; /* or NULL; printable ASCII, valid while the reader lives */
	const uint8_t *data;    /* valid until the next call */
	size_t len, orig_len;
};

struct capture_reader;
/* Opens by content, not by name. @f is borrowed: the caller closes it, after the reader. */
struct capture_reader *capture_open(FILE *f, const char *name, struct err *e) MUST_CHECK;
/* 1 a frame, 0 the end, -1 the file is damaged here (place in @e; what came before stands, and
 * further calls give 0). */
int capture_next(struct capture_reader *r, struct capture_frame *out, struct err *e);
void capture_close(struct capture_reader *r);

#endif
