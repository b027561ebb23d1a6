/* SPDX-License-Identifier: MIT */
/*
 * pcapng_write.c - writes pcapng.
 *
 * Big-endian, as wr_ writes everything: the format leaves the byte order to the writer.
 */
#include "lab/capture/pcapng_write.h"

#include "lab/capture/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/packet.h"
#include "lab/base/wire.h"

#define BLOCK_SECTION 0x0a0d0d0a
#define BLOCK_INTERFACE 1
#define BLOCK_ENHANCED 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define OPT_END 0
#define OPT_COMMENT 1
#define OPT_IF_NAME 2
#define OPT_USERAPPL 4
#define TEXT_MAX 4096 /* bytes of a comment or name; longer ones are cut */

struct capture_writer {
	FILE *f;
	int error; /* errno of the first failure */
	unsigned n_ifaces;
};

static void put(struct capture_writer *w, const void *p, size_t len)
{
	if (w->error || !len)
		return;
	errno = 0;
	if (fwrite(p, 1, len, w->f) != len)
		w->error = errno ? errno : EIO;
}

static size_t padding(size_t len)
{
	return -len & 3;
}

static void put_option(struct wr *w, uint16_t code, const char *text)
{
	size_t len = strnlen(text, TEXT_MAX);

	wr_u16(w, code);
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, text, len);
	wr_zeros(w, padding(len));
}

/*
 * A block: type, length, @head, @data padded to four, @options, length again. All three parts may
 * be empty; head and options are whole words already.
 */
static void put_block(struct capture_writer *w, uint32_t type, const struct wr *head,
		      const uint8_t *data, size_t len, const struct wr *options)
{
	uint8_t frame[8];
	struct wr f = wr_new(frame, sizeof(frame));
	size_t total = 12 + wr_len(head) + len + padding(len) + (options ? wr_len(options) : 0);

	assert(wr_ok(head) && (!options || wr_ok(options)));
	wr_u32(&f, type);
	wr_u32(&f, (uint32_t)total);
	put(w, frame, 8);
	put(w, head->base, wr_len(head));
	put(w, data, len);
	put(w, "\0\0\0", padding(len));
	if (options)
		put(w, options->base, wr_len(options));
	put(w, frame + 4, 4);
}

static void put_section(struct capture_writer *w, const char *application)
{
	uint8_t buf[TEXT_MAX + 32];
	struct wr b = wr_new(buf, sizeof(buf));

	wr_u32(&b, BYTE_ORDER_MAGIC);
	wr_u16(&b, 1);
	wr_u16(&b, 0);
	wr_u64(&b, UINT64_MAX); /* the section's length is not known yet */
	put_option(&b, OPT_USERAPPL, application);
	wr_u32(&b, OPT_END);
	put_block(w, BLOCK_SECTION, &b, NULL, 0, NULL);
}

static void put_iface(struct capture_writer *w, const char *name)
{
	uint8_t buf[TEXT_MAX + 32];
	struct wr b = wr_new(buf, sizeof(buf));

	wr_u16(&b, LINKTYPE_ETHERNET_);
	wr_u16(&b, 0);
	wr_u32(&b, CAPTURE_SNAP_MAX);
	put_option(&b, OPT_IF_NAME, name);
	wr_u32(&b, OPT_END); /* times in microseconds are what a reader expects by default */
	put_block(w, BLOCK_INTERFACE, &b, NULL, 0, NULL);
}

struct capture_writer *capture_create(FILE *f, const char *application, const char *const *ifaces,
				      size_t n)
{
	struct capture_writer *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->f = f;
	w->n_ifaces = (unsigned)n;
	put_section(w, application);
	for (size_t i = 0; i < n; i++)
		put_iface(w, ifaces[i]);
	return w;
}

void capture_put(struct capture_writer *w, unsigned iface, usec t_epoch, const uint8_t *data,
		 size_t len, const char *comment)
{
	uint8_t head[20], opt[TEXT_MAX + 16];
	struct wr h = wr_new(head, sizeof(head));
	struct wr o = wr_new(opt, sizeof(opt));
	size_t kept = MIN(len, CAPTURE_SNAP_MAX);

	assert(iface < w->n_ifaces);
	wr_u32(&h, iface);
	wr_u64(&h, (uint64_t)t_epoch);
	wr_u32(&h, (uint32_t)kept);
	wr_u32(&h, (uint32_t)len);
	if (comment) {
		put_option(&o, OPT_COMMENT, comment);
		wr_u32(&o, OPT_END);
	}
	put_block(w, BLOCK_ENHANCED, &h, data, kept, &o);
}

int capture_finish(struct capture_writer *w, struct err *e)
{
	int error = w->error;

	if (!error && fflush(w->f))
		error = errno;
	free(w);
	if (!error)
		return 0;
	errno = error;
	return err_sys(e, "cannot write the capture");
}
