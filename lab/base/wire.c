/* SPDX-License-Identifier: MIT */
#include "lab/base/wire.h"

#include <string.h>

static const uint8_t nothing[1];

struct rd rd_new_spans(const void *p, size_t len, struct spans *spans)
{
	const uint8_t *b = len ? p : nothing;

	return (struct rd){.p = b, .end = b + len, .base = b, .spans = spans};
}

struct rd rd_new(const void *p, size_t len)
{
	return rd_new_spans(p, len, NULL);
}

static void note(struct rd *r, size_t len, const char *field)
{
	struct spans *s = r->spans;

	if (!s || !field || s->n == s->cap)
		return;
	s->v[s->n++] = (struct span){
		.name = field,
		.off = (uint32_t)(r->p - r->base),
		.len = (uint32_t)len,
		.depth = r->depth,
	};
}

const uint8_t *rd_bytes(struct rd *r, size_t len, const char *field)
{
	const uint8_t *p = r->p;

	if (r->bad || len > (size_t)(r->end - r->p)) {
		r->bad = true;
		return NULL;
	}
	note(r, len, field);
	r->p += len;
	return p;
}

static uint64_t rd_uint(struct rd *r, size_t width, const char *field)
{
	const uint8_t *p = rd_bytes(r, width, field);
	uint64_t v = 0;

	for (size_t i = 0; p && i < width; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t rd_u8(struct rd *r, const char *field)
{
	return (uint8_t)rd_uint(r, 1, field);
}

uint16_t rd_u16(struct rd *r, const char *field)
{
	return (uint16_t)rd_uint(r, 2, field);
}

uint32_t rd_u32(struct rd *r, const char *field)
{
	return (uint32_t)rd_uint(r, 4, field);
}

uint64_t rd_u64(struct rd *r, const char *field)
{
	return rd_uint(r, 8, field);
}

const uint8_t *rd_rest(struct rd *r, size_t *len, const char *field)
{
	*len = rd_left(r);
	return rd_bytes(r, *len, field);
}

struct rd rd_sub(struct rd *r, size_t len, const char *field)
{
	struct rd sub = *r;

	sub.depth++;
	sub.p = rd_bytes(r, len, field);
	if (!sub.p) {
		sub.bad = true;
		sub.p = sub.end = nothing;
		return sub;
	}
	sub.end = sub.p + len;
	return sub;
}

size_t rd_left(const struct rd *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

bool rd_ok(const struct rd *r)
{
	return !r->bad;
}

void rd_fail(struct rd *r)
{
	r->bad = true;
}

struct wr wr_new(void *buf, size_t size)
{
	return (struct wr){.base = buf, .p = buf, .end = (uint8_t *)buf + size};
}

uint8_t *wr_reserve(struct wr *w, size_t len)
{
	uint8_t *p = w->p;

	if (w->bad || len > (size_t)(w->end - w->p)) {
		w->bad = true;
		return NULL;
	}
	w->p += len;
	return p;
}

static void wr_uint(struct wr *w, size_t width, uint64_t v)
{
	uint8_t *p = wr_reserve(w, width);

	for (size_t i = width; p && i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

void wr_u8(struct wr *w, uint8_t v)
{
	wr_uint(w, 1, v);
}

void wr_u16(struct wr *w, uint16_t v)
{
	wr_uint(w, 2, v);
}

void wr_u32(struct wr *w, uint32_t v)
{
	wr_uint(w, 4, v);
}

void wr_u64(struct wr *w, uint64_t v)
{
	wr_uint(w, 8, v);
}

void wr_bytes(struct wr *w, const void *p, size_t len)
{
	uint8_t *to = wr_reserve(w, len);

	if (to && len)
		memcpy(to, p, len);
}

void wr_zeros(struct wr *w, size_t len)
{
	uint8_t *to = wr_reserve(w, len);

	if (to && len)
		memset(to, 0, len);
}

size_t wr_len(const struct wr *w)
{
	return (size_t)(w->p - w->base);
}

bool wr_ok(const struct wr *w)
{
	return !w->bad;
}

struct wr_open wr_open(struct wr *w, uint8_t width, size_t from)
{
	struct wr_open o = {.at = wr_len(w), .from = from, .width = width};

	assert(width == 2 || width == 4);
	wr_zeros(w, width);
	return o;
}

void wr_close(struct wr *w, struct wr_open o)
{
	size_t len = wr_len(w) - o.from;

	if (w->bad)
		return;
	for (size_t i = o.width; i-- > 0; len >>= 8)
		w->base[o.at + i] = (uint8_t)len;
	if (len)
		w->bad = true;
}

void wr_patch_u8(struct wr *w, size_t at, uint8_t v)
{
	if (w->bad)
		return;
	assert(at < wr_len(w));
	w->base[at] = v;
}

void wr_patch_u16(struct wr *w, size_t at, uint16_t v)
{
	wr_patch_u8(w, at, (uint8_t)(v >> 8));
	wr_patch_u8(w, at + 1, (uint8_t)v);
}

uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

char *hex_str(const void *p, size_t len, char *buf)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++) {
		buf[2 * i] = digit[b[i] >> 4];
		buf[2 * i + 1] = digit[b[i] & 15];
	}
	buf[2 * len] = '\0';
	return buf;
}

const char *hex_short(const void *p, size_t len, char buf[2 * HEX_MAX + 1])
{
	assert(len <= HEX_MAX);
	return hex_str(p, len, buf);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_parse(const char *s, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (; *s; s += 2, n++) {
		int hi = hex_digit(s[0]);
		int lo = hi < 0 ? -1 : hex_digit(s[1]);

		if (lo < 0 || n == cap)
			return -1;
		out[n] = (uint8_t)(hi << 4 | lo);
	}
	return (int)n;
}
