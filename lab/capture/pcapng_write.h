/* SPDX-License-Identifier: MIT */
/* pcapng_write.h - pcapng written. */
#ifndef NATDLAB_CAPTURE_PCAPNG_WRITE_H
#define NATDLAB_CAPTURE_PCAPNG_WRITE_H

#include <stdio.h>

#include "lab/base/err.h"

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
