/* SPDX-License-Identifier: MIT */
/*
 * wire.h - the one door to wire bytes. Everything big-endian; pcap files, which are not, have
 * their own readers in pcapng.c.
 *
 * The reader is latched: the first read past the end sets `bad`, every later read gives zeros
 * and NULLs, and the caller asks rd_ok() once, when it has read all. A length inside a message
 * opens a nested reader (rd_sub), which cannot leave its part. So a parser has no arithmetic on
 * lengths and no early returns, and "parse completely, then act" is the easy way to write it.
 *
 * Every read names its field. With a `struct spans` attached the reader notes where each named
 * field lies; `explain` and the report show every byte of a message from that. Without one a
 * name costs nothing. Only the reader keeps spans: what we wrote is shown by reading it back,
 * so the two can never tell different stories.
 */
#ifndef NATDLAB_BASE_WIRE_H
#define NATDLAB_BASE_WIRE_H

#include "lab/base/base.h"

/* Where a named field lies: bytes off .. off+len of the outermost buffer. */
struct span {
	const char *name; /* static text, the RFC's words */
	uint32_t off, len;
	uint8_t depth; /* 0 for the message's own fields, 1 inside a payload, ... */
};

struct spans {
	struct span *v; /* the caller's array */
	size_t n, cap;  /* more than cap fields are not noted */
};

struct rd {
	const uint8_t *p, *end;
	const uint8_t *base; /* start of the outermost buffer: what spans count from */
	struct spans *spans; /* or NULL */
	uint8_t depth;
	bool bad;
};

struct rd rd_new(const void *p, size_t len);
struct rd rd_new_spans(const void *p, size_t len, struct spans *spans);
uint8_t rd_u8(struct rd *r, const char *field);
uint16_t rd_u16(struct rd *r, const char *field);
uint32_t rd_u32(struct rd *r, const char *field);
uint64_t rd_u64(struct rd *r, const char *field);
/* @len bytes where they lie, or NULL when they are not all there. */
const uint8_t *rd_bytes(struct rd *r, size_t len, const char *field);
/* All that is left, possibly nothing; never NULL while the reader is good. */
const uint8_t *rd_rest(struct rd *r, size_t *len, const char *field);
/* A reader of the next @len bytes, one level deeper; @r continues behind them. When they are not
 * all there both readers are bad. */
struct rd rd_sub(struct rd *r, size_t len, const char *field);
size_t rd_left(const struct rd *r);
bool rd_ok(const struct rd *r);
/* Marks the reader as bad: what was read makes no sense. */
void rd_fail(struct rd *r);

/*
 * The writer fills a fixed buffer of the caller's; it is latched too. A length that is known
 * only afterwards is opened, which writes a place-holder, and closed, which fills it in.
 */
struct wr {
	uint8_t *base, *p, *end;
	bool bad;
};

struct wr wr_new(void *buf, size_t size);
void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_bytes(struct wr *w, const void *p, size_t len);
void wr_zeros(struct wr *w, size_t len);
/* @len bytes to fill later, or NULL when there is no room. */
uint8_t *wr_reserve(struct wr *w, size_t len);
size_t wr_len(const struct wr *w);
bool wr_ok(const struct wr *w);

/* An open length: where it stands and from where it counts. */
struct wr_open {
	size_t at, from;
	uint8_t width; /* 2 or 4 bytes */
};
/* Writes a length field of @width bytes now; wr_close() fills in the number of bytes from
 * @from (an earlier wr_len()) to the end. */
struct wr_open wr_open(struct wr *w, uint8_t width, size_t from);
void wr_close(struct wr *w, struct wr_open o);

/* Overwrites what stands at offset @at: checksums, next-payload bytes. Asserts that it exists. */
void wr_patch_u8(struct wr *w, size_t at, uint8_t v);
void wr_patch_u16(struct wr *w, size_t at, uint16_t v);

/* Numbers in little-endian files (pcap). */
uint16_t le16(const uint8_t *p);
uint32_t le32(const uint8_t *p);

/* Lower-case hex of @len bytes into @buf (2*len+1 bytes); returns @buf. */
char *hex_str(const void *p, size_t len, char *buf);
/* The same in storage of the calling expression, for printf: at most 64 bytes (asserted). */
#define HEX_MAX 64
const char *hex_short(const void *p, size_t len, char buf[2 * HEX_MAX + 1]);
#define HEX(p, len) hex_short((p), (len), (char[2 * HEX_MAX + 1]){0})
/* Parses hex digits: bytes written, or -1 (odd, not hex, or more than @cap bytes). */
int hex_parse(const char *s, uint8_t *out, size_t cap);

#endif
