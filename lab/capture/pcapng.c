/* SPDX-License-Identifier: MIT */
/*
 * pcapng.c - reads pcap and pcapng as a stream.
 *
 * Constant memory: one frame, one section's interfaces, and a bounded set of interface names,
 * whatever the file says about itself. Every length is judged before anything of that length is
 * read; parts that nobody asked for (options, unknown blocks) are skipped in small steps, so that
 * a pipe works too.
 */
#include "lab/capture/pcapng.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lab/base/text.h"
#include "lab/base/wire.h"

#define PCAP_MICRO 0xa1b2c3d4
#define PCAP_NANO 0xa1b23c4d
#define PCAP_HEADER_LEN 24
#define PCAP_RECORD_LEN 16

#define BLOCK_SECTION 0x0a0d0d0a
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 2 /* obsolete, found in old files */
#define BLOCK_SIMPLE 3
#define BLOCK_ENHANCED 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define BLOCK_LEN_MIN 12 /* type, length, length again */

#define OPT_END 0
#define OPT_IF_NAME 2
#define OPT_IF_TSRESOL 9
#define OPT_IF_TSOFFSET 14

#define IFACES_MAX 4096	 /* of a section */
#define NAMES_MAX 1024	 /* different names in a file; further ones are not kept */
#define NAME_SLOTS 2048	 /* of the hash table: a power of two, above NAMES_MAX */
#define NAME_LEN_MAX 128 /* longer names are cut */
#define OPTIONS_MAX 4096 /* bytes of an interface's options that are read */

/* Times further from the epoch are nonsense; within, differences cannot overflow. */
#define TIME_MAX ((usec)1 << 60)

struct iface_desc {
	uint32_t linktype, snaplen;
	uint8_t tsresol;
	int64_t tsoffset; /* seconds */
	const char *name;
};

struct capture_reader {
	FILE *f;
	const char *name; /* of the file, for messages */
	struct arena *a;
	uint64_t pos; /* bytes read so far */
	uint64_t at;  /* where the record that is being read begins */
	uint64_t frames;
	bool ng, big, over;
	struct iface_desc *ifaces; /* pcap: one */
	size_t n_ifaces, cap_ifaces;
	const char *names[NAME_SLOTS];
	size_t n_names;
	uint8_t data[CAPTURE_SNAP_MAX];
};

/* ---- bytes ---- */

static uint16_t get16(const struct capture_reader *r, const uint8_t *p)
{
	return r->big ? (uint16_t)(p[0] << 8 | p[1]) : le16(p);
}

static uint32_t get32(const struct capture_reader *r, const uint8_t *p)
{
	return r->big ? (uint32_t)get16(r, p) << 16 | get16(r, p + 2) : le32(p);
}

/* The place of a mistake is the record's, the one that a person can look for in a hex dump. */
static int damaged(struct capture_reader *r, struct err *e, const char *what)
{
	r->over = true;
	return err_set(e, ERR_INPUT, "%s: damaged at byte %" PRIu64 ": %s", r->name, r->at, what);
}

/* Up to @len bytes; fewer at the end of the file. -1: the system could not read. */
static long get_some(struct capture_reader *r, void *buf, size_t len, struct err *e)
{
	size_t n = fread(buf, 1, len, r->f);

	r->pos += n;
	if (n < len && ferror(r->f)) {
		r->over = true;
		return err_sys(e, "%s: cannot read", r->name);
	}
	return (long)n;
}

/* Exactly @len bytes, or -1. */
static int get(struct capture_reader *r, void *buf, size_t len, struct err *e)
{
	long n = get_some(r, buf, len, e);

	if (n < 0)
		return -1;
	if ((size_t)n < len)
		return damaged(r, e, "the file ends in the middle of this record");
	return 0;
}

static int skip(struct capture_reader *r, uint64_t len, struct err *e)
{
	uint8_t buf[4096];

	while (len) {
		size_t n = (size_t)MIN(len, sizeof(buf));

		if (get(r, buf, n, e) < 0)
			return -1;
		len -= n;
	}
	return 0;
}

/* ---- interfaces ---- */

/*
 * A copy of an interface's name that lives as long as the reader. Files repeat the same names in
 * section after section, so each is kept once, as harmless text (lab/base/text.h).
 */
static const char *intern(struct capture_reader *r, const uint8_t *p, size_t len)
{
	char text[NAME_LEN_MAX + 1];
	uint32_t h = 2166136261; /* FNV-1a */

	len = text_show(text, sizeof(text), (const char *)p, len);
	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)text[i]) * 16777619;
	for (;; h++) {
		const char **slot = &r->names[h % NAME_SLOTS];

		if (!*slot) {
			if (r->n_names == NAMES_MAX)
				return NULL;
			r->n_names++;
			*slot = arena_str(r->a, text);
		}
		if (!strcmp(*slot, text))
			return *slot;
	}
}

static struct iface_desc *add_iface(struct capture_reader *r, struct err *e)
{
	struct iface_desc *d;

	if (r->n_ifaces == IFACES_MAX) {
		damaged(r, e, "more interfaces than anybody has");
		return NULL;
	}
	if (r->n_ifaces == r->cap_ifaces) /* the old block stays; a section's count is bounded */
		r->ifaces =
			vec_grow(r->a, r->ifaces, sizeof(*r->ifaces), r->n_ifaces, &r->cap_ifaces);
	d = &r->ifaces[r->n_ifaces++];
	*d = (struct iface_desc){.tsresol = 6};
	return d;
}

static uint64_t pow10_of(unsigned n)
{
	uint64_t v = 1;

	while (n--)
		v *= 10;
	return v;
}

/* Units of 10^-n or 2^-n seconds (if_tsresol) to microseconds. */
static usec to_usec(const struct iface_desc *d, uint64_t t)
{
	unsigned n = d->tsresol & 0x7f;
	uint64_t us;
	usec out;

	if (d->tsresol & 0x80) {
		uint64_t sec = n < 64 ? t >> n : 0;
		uint64_t frac = n < 64 ? t & ((UINT64_C(1) << n) - 1) : t;

		if (n > 44) { /* 44 bits and those of a million fit in 64 */
			frac = n - 44 < 64 ? frac >> (n - 44) : 0;
			n = 44;
		}
		us = sec > TIME_MAX / SEC ? TIME_MAX : sec * SEC + (frac * SEC >> n);
	} else if (n > 6) {
		us = n - 6 < 20 ? t / pow10_of(n - 6) : 0;
	} else {
		us = t > TIME_MAX / pow10_of(6 - n) ? TIME_MAX : t * pow10_of(6 - n);
	}
	if (us > TIME_MAX || d->tsoffset > TIME_MAX / SEC || d->tsoffset < -TIME_MAX / SEC)
		return TIME_MAX;
	out = (usec)us + d->tsoffset * SEC;
	return MIN(out, TIME_MAX);
}

/* ---- pcap ---- */

static int pcap_open(struct capture_reader *r, const uint8_t magic[4], struct err *e)
{
	uint8_t h[PCAP_HEADER_LEN - 4];
	struct iface_desc *d;

	r->big = magic[0] == 0xa1;
	if (get(r, h, sizeof(h), e) < 0)
		return -1;
	d = add_iface(r, e);
	d->tsresol = get32(r, magic) == PCAP_NANO ? 9 : 6;
	d->linktype = get32(r, h + 16) & 0xffff; /* above: length of a frame check sequence */
	return 0;
}

static int pcap_next(struct capture_reader *r, struct capture_frame *out, struct err *e)
{
	const struct iface_desc *d = &r->ifaces[0];
	uint8_t h[PCAP_RECORD_LEN];
	uint32_t len;
	long n;

	r->at = r->pos;
	n = get_some(r, h, sizeof(h), e);
	if (n <= 0) {
		r->over = true;
		return (int)n;
	}
	if ((size_t)n < sizeof(h))
		return damaged(r, e, "the file ends in the middle of this record");
	len = get32(r, h + 8);
	if (len > CAPTURE_SNAP_MAX)
		return damaged(r, e, "a frame longer than frames can be");
	if (get(r, r->data, len, e) < 0)
		return -1;
	*out = (struct capture_frame){
		.number = ++r->frames,
		.t = to_usec(d, get32(r, h) * pow10_of(d->tsresol) + get32(r, h + 4)),
		.linktype = d->linktype,
		.data = r->data,
		.len = len,
		.orig_len = get32(r, h + 12),
	};
	return 1;
}

/* ---- pcapng ---- */

/* Behind the body of a block stands its length again. */
static int block_end(struct capture_reader *r, uint32_t total, struct err *e)
{
	uint64_t done = r->pos - r->at;
	uint8_t again[4];

	assert(done + 4 <= total);
	if (skip(r, total - 4 - done, e) < 0 || get(r, again, 4, e) < 0)
		return -1;
	if (get32(r, again) != total)
		return damaged(r, e, "the two lengths of this block differ");
	return 0;
}

/* Behind the type of a section header; a section has a byte order of its own. */
static int section_begin(struct capture_reader *r, struct err *e)
{
	uint8_t h[12]; /* length, byte order, version */
	uint32_t total;

	if (get(r, h, sizeof(h), e) < 0)
		return -1;
	r->big = false;
	if (le32(h + 4) != BYTE_ORDER_MAGIC) {
		r->big = true;
		if (get32(r, h + 4) != BYTE_ORDER_MAGIC)
			return damaged(r, e, "a section without a byte order");
	}
	if (get16(r, h + 8) != 1)
		return damaged(r, e, "a version of pcapng that is not known (only 1 is)");
	total = get32(r, h);
	if (total < 28 || total % 4)
		return damaged(r, e, "a section header of an impossible length");
	r->n_ifaces = 0;
	return block_end(r, total, e);
}

static uint64_t join(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

static void iface_options(struct capture_reader *r, struct iface_desc *d, const uint8_t *p,
			  size_t len)
{
	while (len >= 4) {
		uint16_t code = get16(r, p);
		size_t n = get16(r, p + 2);
		size_t padded = (n + 3) & ~(size_t)3;
		uint32_t a, b;

		p += 4;
		len -= 4;
		if (code == OPT_END || n > len)
			return;
		if (code == OPT_IF_NAME && n)
			d->name = intern(r, p, n);
		if (code == OPT_IF_TSRESOL && n == 1)
			d->tsresol = p[0];
		if (code == OPT_IF_TSOFFSET && n == 8) {
			a = get32(r, p);
			b = get32(r, p + 4);
			d->tsoffset = (int64_t)(r->big ? join(a, b) : join(b, a));
		}
		padded = MIN(padded, len);
		p += padded;
		len -= padded;
	}
}

static int iface_begin(struct capture_reader *r, uint32_t total, struct err *e)
{
	uint8_t h[8], options[OPTIONS_MAX];
	struct iface_desc *d;
	size_t len;

	if (total < BLOCK_LEN_MIN + sizeof(h))
		return damaged(r, e, "an interface description that is too short");
	len = MIN(total - BLOCK_LEN_MIN - sizeof(h), sizeof(options));
	if (get(r, h, sizeof(h), e) < 0 || get(r, options, len, e) < 0)
		return -1;
	d = add_iface(r, e);
	if (!d)
		return -1;
	d->linktype = get16(r, h);
	d->snaplen = get32(r, h + 4);
	iface_options(r, d, options, len);
	return block_end(r, total, e);
}

/* Where the fields of the three kinds of packet block lie. */
static int packet_block(struct capture_reader *r, uint32_t type, uint32_t total,
			struct capture_frame *out, struct err *e)
{
	size_t head = type == BLOCK_SIMPLE ? 4 : 20;
	const struct iface_desc *d;
	uint32_t iface = 0, len, orig;
	uint64_t t = 0;
	uint8_t h[20];
	size_t room;

	if (total < BLOCK_LEN_MIN + head)
		return damaged(r, e, "a packet block that is too short");
	room = total - BLOCK_LEN_MIN - head;
	if (get(r, h, head, e) < 0)
		return -1;
	if (type != BLOCK_SIMPLE) {
		iface = type == BLOCK_PACKET ? get16(r, h) : get32(r, h);
		t = join(get32(r, h + 4), get32(r, h + 8));
	}
	if (iface >= r->n_ifaces)
		return damaged(r, e, "a packet of an interface that was not described");
	d = &r->ifaces[iface];
	if (type == BLOCK_SIMPLE) {
		/* It does not say how much was captured: what there is room for, up to the
		 * interface's limit. */
		orig = get32(r, h);
		len = d->snaplen ? MIN(orig, d->snaplen) : orig;
		if (len > room)
			return damaged(r, e, "a packet that is longer than its block");
	} else {
		len = get32(r, h + 12);
		orig = get32(r, h + 16);
	}
	if (len > CAPTURE_SNAP_MAX)
		return damaged(r, e, "a frame longer than frames can be");
	if (len > room)
		return damaged(r, e, "a packet that is longer than its block");
	if (get(r, r->data, len, e) < 0 || block_end(r, total, e) < 0)
		return -1;
	*out = (struct capture_frame){
		.number = ++r->frames,
		.t = type == BLOCK_SIMPLE ? 0 : to_usec(d, t),
		.linktype = d->linktype,
		.iface = iface,
		.iface_name = d->name,
		.data = r->data,
		.len = len,
		.orig_len = orig,
	};
	return 1;
}

/* 1 a frame, 0 the end, -1 an error; goes on over blocks that are no frames. */
static int pcapng_next(struct capture_reader *r, struct capture_frame *out, struct err *e)
{
	uint8_t h[8];
	uint32_t type, total;
	long n;

	for (;;) {
		r->at = r->pos;
		n = get_some(r, h, 4, e);
		if (n <= 0) {
			r->over = true;
			return (int)n;
		}
		if (n < 4)
			return damaged(r, e, "the file ends in the middle of this record");
		type = get32(r, h);
		if (type == BLOCK_SECTION) { /* reads the same in both byte orders */
			if (section_begin(r, e) < 0)
				return -1;
			continue;
		}
		if (get(r, h + 4, 4, e) < 0)
			return -1;
		total = get32(r, h + 4);
		if (total < BLOCK_LEN_MIN || total % 4)
			return damaged(r, e, "a block of an impossible length");
		switch (type) {
		case BLOCK_PACKET:
		case BLOCK_SIMPLE:
		case BLOCK_ENHANCED:
			return packet_block(r, type, total, out, e);
		case BLOCK_INTERFACE:
			if (iface_begin(r, total, e) < 0)
				return -1;
			break;
		default:
			if (block_end(r, total, e) < 0)
				return -1;
		}
	}
}

/* ---- both ---- */

/* What a file is by its first bytes, when it is no capture: a hint is worth more than "no". */
static const char *other_format(const char *name, const uint8_t magic[4])
{
	static const struct {
		uint8_t magic[4], len;
		const char *what;
	} others[] = {
		{{0x1f, 0x8b}, 2, "compressed by gzip: gunzip it first"},
		{{0x28, 0xb5, 0x2f, 0xfd}, 4, "compressed by zstd: unzstd it first"},
		{{0xfd, '7', 'z', 'X'}, 4, "compressed by xz: unxz it first"},
		{{'B', 'Z', 'h'}, 3, "compressed by bzip2: bunzip2 it first"},
		{{0x04, 0x22, 0x4d, 0x18}, 4, "compressed by lz4: unlz4 it first"},
		{{'P', 'K', 3, 4}, 4, "a ZIP archive: unzip it first"},
		{{'s', 'n', 'o', 'o'}, 4, "a snoop file: convert it with editcap"},
		{{'G', 'M', 'B', 'U'}, 4, "a Network Monitor file: convert it with editcap"},
	};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (!memcmp(magic, others[i].magic, others[i].len))
			return others[i].what;
	/* Event traces have no magic number. */
	if (strlen(name) > 4 && !strcmp(name + strlen(name) - 4, ".etl"))
		return "a trace of Windows: pktmon etl2pcap (or, of netsh trace, etl2pcapng) makes "
		       "a "
		       "capture of it";
	return "neither pcap nor pcapng";
}

static int open_by_content(struct capture_reader *r, struct err *e)
{
	uint8_t magic[4] = {0};
	long n = get_some(r, magic, sizeof(magic), e);
	uint32_t le = le32(magic);

	if (n < 0)
		return -1;
	if (!n)
		return err_set(e, ERR_INPUT, "%s: the file is empty", r->name);
	if (le == BLOCK_SECTION) {
		r->ng = true;
		return section_begin(r, e);
	}
	r->big = true;
	if (le == PCAP_MICRO || le == PCAP_NANO || get32(r, magic) == PCAP_MICRO ||
	    get32(r, magic) == PCAP_NANO)
		return pcap_open(r, magic, e);
	return err_set(e, ERR_INPUT, "%s: not a capture: %s", r->name,
		       other_format(r->name, magic));
}

struct capture_reader *capture_open(FILE *f, const char *name, struct err *e)
{
	struct arena *a = arena_new();
	struct capture_reader *r = arena_new_of(a, struct capture_reader);

	r->a = a;
	r->f = f;
	r->name = arena_str(a, name);
	if (open_by_content(r, e) < 0) {
		arena_free(a);
		return NULL;
	}
	return r;
}

int capture_next(struct capture_reader *r, struct capture_frame *out, struct err *e)
{
	if (r->over)
		return 0;
	return r->ng ? pcapng_next(r, out, e) : pcap_next(r, out, e);
}

void capture_close(struct capture_reader *r)
{
	if (r)
		arena_free(r->a);
}
