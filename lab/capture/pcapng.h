/* SPDX-License-Identifier: MIT */
/*
 * pcapng.h - capture files: pcap and pcapng read, pcapng written.
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

struct capture_writer;
/* Writes section header and one interface block per name, link type Ethernet, microseconds. */
struct capture_writer *capture_create(FILE *f, const char *application, const char *const *ifaces,
				      size_t n);
/* @comment may be NULL. */
void capture_put(struct capture_writer *w, unsigned iface, usec t_epoch, const uint8_t *data,
		 size_t len, const char *comment);
/* Flushes and frees the writer; -1 when anything could not be written. Does not close the FILE. */
int capture_finish(struct capture_writer *w, struct err *e) MUST_CHECK;

#endif
