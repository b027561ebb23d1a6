/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/wire.h"
#include "lab/capture/pcapng.h"
#include "lab/capture/pcapng_write.h"

/* A file under construction, in either byte order. */
struct file {
	uint8_t b[65536];
	size_t len;
	bool big;
};

static void put(struct file *f, const void *p, size_t len)
{
	assert_true(f->len + len <= sizeof(f->b));
	memcpy(f->b + f->len, p, len);
	f->len += len;
}

static void put_int(struct file *f, uint64_t v, size_t width)
{
	for (size_t i = 0; i < width; i++) {
		size_t shift = 8 * (f->big ? width - 1 - i : i);
		uint8_t byte = (uint8_t)(v >> shift);

		put(f, &byte, 1);
	}
}

#define U16(f, v) put_int((f), (v), 2)
#define U32(f, v) put_int((f), (v), 4)
#define U64(f, v) put_int((f), (v), 8)

static size_t block_begin(struct file *f, uint32_t type)
{
	size_t at = f->len;

	U32(f, type);
	U32(f, 0);
	return at;
}

static void block_end(struct file *f, size_t at)
{
	struct file len = {.big = f->big};

	while (f->len % 4)
		put(f, "", 1);
	U32(&len, f->len - at + 4);
	memcpy(f->b + at + 4, len.b, 4);
	put(f, len.b, 4);
}

static void option(struct file *f, uint16_t code, const void *p, size_t len)
{
	U16(f, code);
	U16(f, len);
	put(f, p, len);
	while (f->len % 4)
		put(f, "", 1);
}

static void section(struct file *f)
{
	size_t at = block_begin(f, 0x0a0d0d0a);

	U32(f, 0x1a2b3c4d);
	U16(f, 1);
	U16(f, 0);
	U64(f, UINT64_MAX);
	option(f, 4, "a program", 9);
	block_end(f, at);
}

static void iface(struct file *f, uint16_t linktype, uint32_t snaplen, const char *name,
		  const char *tsresol)
{
	size_t at = block_begin(f, 1);

	U16(f, linktype);
	U16(f, 0);
	U32(f, snaplen);
	if (name)
		option(f, 2, name, strlen(name));
	if (tsresol)
		option(f, 9, tsresol, 1);
	block_end(f, at);
}

static void packet(struct file *f, uint32_t ifc, uint64_t t, const char *data, uint32_t orig)
{
	size_t at = block_begin(f, 6);

	U32(f, ifc);
	U32(f, t >> 32);
	U32(f, t);
	U32(f, strlen(data));
	U32(f, orig);
	put(f, data, strlen(data));
	block_end(f, at);
}

static struct capture_reader *open_file(const struct file *f, size_t len, FILE **stream,
					struct err *e)
{
	*stream = len ? fmemopen((void *)(uintptr_t)f->b, len, "r") : fopen("/dev/null", "r");
	assert_non_null(*stream);
	return capture_open(*stream, "x.pcap", e);
}

/* Reads all frames; returns their number, *end what capture_next() said at last. */
static unsigned count(const struct file *f, size_t len, int *end, struct err *e)
{
	struct capture_frame frame;
	struct capture_reader *r;
	unsigned n = 0;
	FILE *stream;

	*e = (struct err){0};
	r = open_file(f, len, &stream, e);
	*end = -1;
	if (r) {
		while ((*end = capture_next(r, &frame, e)) > 0)
			n++;
		assert_int_equal(capture_next(r, &frame, NULL), 0);
	}
	capture_close(r);
	fclose(stream);
	return n;
}

/* ---- pcap ---- */

static void pcap(struct file *f, uint32_t magic)
{
	U32(f, magic);
	U16(f, 2);
	U16(f, 4);
	U64(f, 0);
	U32(f, 65535);
	U32(f, 0x14000001); /* Ethernet, frame check sequence of 4 bytes */
	for (unsigned i = 0; i < 3; i++) {
		U32(f, 1700000000 + i);
		U32(f, magic == 0xa1b23c4d ? 250000999 : 250000);
		U32(f, 5);
		U32(f, 60);
		put(f, "frame", 5);
	}
}

static void pcap_is_read_in_both_byte_orders_and_resolutions(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		static struct file f;
		struct capture_frame frame;
		struct capture_reader *r;
		FILE *stream;

		f = (struct file){.big = i & 1};
		pcap(&f, i & 2 ? 0xa1b23c4d : 0xa1b2c3d4);
		r = open_file(&f, f.len, &stream, NULL);
		assert_non_null(r);
		for (unsigned n = 1; n <= 3; n++) {
			assert_int_equal(capture_next(r, &frame, NULL), 1);
			assert_int_equal(frame.number, n);
			assert_int_equal(frame.t, (1700000000 + (usec)n - 1) * SEC + 250000);
			assert_int_equal(frame.linktype, 1);
			assert_int_equal(frame.len, 5);
			assert_int_equal(frame.orig_len, 60);
			assert_null(frame.iface_name);
			assert_memory_equal(frame.data, "frame", 5);
		}
		assert_int_equal(capture_next(r, &frame, NULL), 0);
		capture_close(r);
		fclose(stream);
	}
}

/* ---- pcapng ---- */

/* Every kind of block, in two sections of different byte orders. */
static void everything(struct file *f)
{
	size_t at;

	*f = (struct file){0};
	section(f);
	iface(f, 1, 0, "home:lan", NULL);
	iface(f, 101, 4, "tun\033[31m0", "\x09");
	packet(f, 0, 1700000000000001, "first", 5);
	at = block_begin(f, 4); /* name resolution */
	put(f, "abcdefgh", 8);
	block_end(f, at);
	packet(f, 1, 1700000000000002999, "second", 99);
	f->big = true;
	section(f);
	iface(f, 113, 0, "home:lan", NULL);
	at = block_begin(f, 3);
	U32(f, 5);
	put(f, "third", 5);
	block_end(f, at);
	at = block_begin(f, 2);
	U16(f, 0);
	U16(f, 0);
	U64(f, 1700000000000003);
	U32(f, 6);
	U32(f, 6);
	put(f, "fourth", 6);
	block_end(f, at);
}

static void pcapng_sections_interfaces_and_packets_are_read(void **state)
{
	static const struct {
		const char *data, *iface;
		uint32_t linktype;
		usec t;
		size_t orig;
	} want[] = {
		{"first", "home:lan", 1, 1700000000000001, 5},
		{"second", "tun\\u{1B}[31m0", 101, 1700000000000002, 99},
		{"third", "home:lan", 113, 0, 5},
		{"fourth", "home:lan", 113, 1700000000000003, 6},
	};
	static struct file f;
	struct capture_frame frame;
	struct capture_reader *r;
	const char *name = NULL;
	FILE *stream;

	(void)state;
	everything(&f);
	r = open_file(&f, f.len, &stream, NULL);
	assert_non_null(r);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(capture_next(r, &frame, NULL), 1);
		assert_int_equal(frame.number, i + 1);
		assert_int_equal(frame.t, want[i].t);
		assert_int_equal(frame.linktype, want[i].linktype);
		assert_string_equal(frame.iface_name, want[i].iface);
		assert_int_equal(frame.len, strlen(want[i].data));
		assert_memory_equal(frame.data, want[i].data, frame.len);
		assert_int_equal(frame.orig_len, want[i].orig);
		if (!i)
			name = frame.iface_name;
	}
	assert_ptr_equal(frame.iface_name, name); /* one name, one string: a place is comparable */
	assert_int_equal(capture_next(r, &frame, NULL), 0);
	capture_close(r);
	fclose(stream);
}

static void every_resolution_of_time_gives_microseconds(void **state)
{
	static const struct {
		const char *tsresol;
		uint64_t t;
		usec want;
	} times[] = {
		{"\x00", 1700000000, 1700000000 * SEC},
		{"\x03", 1700000000123, 1700000000123000},
		{"\x06", 1700000000123456, 1700000000123456},
		{"\x09", 1700000000123456789, 1700000000123456},
		{"\x19", UINT64_MAX, 1},
		{"\x1a", UINT64_MAX, 0},
		{"\x7f", UINT64_MAX, 0},
		{"\x80", 1700000000, 1700000000 * SEC},
		{"\x8a", 1024 * 7 + 512, 7 * SEC + 500000},
		{"\xbf", UINT64_MAX, SEC + 999999},
		{"\xc0", UINT64_MAX / 2 + 1, 500000},
		{"\xff", UINT64_MAX, 0},
		/* Nonsense stays within bounds. */
		{"\x00", UINT64_MAX, (usec)1 << 60},
		{"\x80", UINT64_MAX, (usec)1 << 60},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		static struct file f;
		struct capture_frame frame;
		struct capture_reader *r;
		FILE *stream;
		size_t at;

		f = (struct file){.big = i & 1};
		section(&f);
		iface(&f, 1, 0, NULL, times[i].tsresol);
		packet(&f, 0, times[i].t, "x", 1);
		/* And once with an offset of an hour, as if_tsoffset. */
		at = block_begin(&f, 1);
		U32(&f, 0);
		U32(&f, 0);
		option(&f, 9, times[i].tsresol, 1);
		U16(&f, 14);
		U16(&f, 8);
		U64(&f, (uint64_t)-3600);
		block_end(&f, at);
		packet(&f, 1, times[i].t, "x", 1);
		r = open_file(&f, f.len, &stream, NULL);
		assert_int_equal(capture_next(r, &frame, NULL), 1);
		assert_int_equal(frame.t, times[i].want);
		assert_int_equal(capture_next(r, &frame, NULL), 1);
		assert_int_equal(frame.t, times[i].want - 3600 * SEC);
		capture_close(r);
		fclose(stream);
	}
}

static void a_file_cut_anywhere_keeps_what_came_before(void **state)
{
	(void)state;
	for (int ng = 0; ng < 2; ng++) {
		static struct file f;
		unsigned whole, last = 0;
		struct err e;
		int end;

		f = (struct file){0};
		if (ng)
			everything(&f);
		else
			pcap(&f, 0xa1b2c3d4);
		whole = count(&f, f.len, &end, &e);
		assert_int_equal(end, 0);
		for (size_t n = 0; n < f.len; n++) {
			unsigned k = count(&f, n, &end, &e);

			assert_true(k == last || k == last + 1);
			last = k;
			if (end < 0)
				assert_true(e.kind == ERR_INPUT && strstr(e.text, "x.pcap: "));
		}
		assert_int_equal(last, whole - 1);
	}
}

static void flipped_bytes_do_no_harm(void **state)
{
	static struct file f;

	(void)state;
	for (int ng = 0; ng < 2; ng++) {
		f = (struct file){0};
		if (ng)
			everything(&f);
		else
			pcap(&f, 0xa1b2c3d4);
		for (size_t i = 0; i < f.len; i++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				struct err e;
				int end;

				f.b[i] ^= (uint8_t)(1 << bit);
				assert_true(count(&f, f.len, &end, &e) <= 64);
				f.b[i] ^= (uint8_t)(1 << bit);
			}
		}
	}
}

static void put_u32_le(struct file *f, size_t at, uint32_t v)
{
	struct file x = {0};

	U32(&x, v);
	memcpy(f->b + at, x.b, 4);
}

static void damage_is_told_with_its_place(void **state)
{
	static struct file base, f;
	size_t idb, epb;
	struct err e;
	int end;

	(void)state;
	base = (struct file){0};
	section(&base);
	idb = base.len;
	iface(&base, 1, 0, "a", NULL);
	packet(&base, 0, 1, "good", 4);
	epb = base.len;
	packet(&base, 0, 1, "bad!", 4);
	const struct {
		size_t at;
		uint32_t value;
		unsigned frames;
		size_t place;
		const char *why;
	} cases[] = {
		{8, 0x12345678, 0, 0, "a section without a byte order"},
		{12, 2, 0, 0, "a version of pcapng that is not known"},
		{4, 27, 0, 0, "a section header of an impossible length"},
		{4, 24, 0, 0, "a section header of an impossible length"},
		{4, 48, 0, 0, "the two lengths of this block differ"},
		{idb + 4, 16, 0, idb, "an interface description that is too short"},
		{epb + 4, 8, 1, epb, "a block of an impossible length"},
		{epb + 4, 33, 1, epb, "a block of an impossible length"},
		{epb + 4, 28, 1, epb, "a packet block that is too short"},
		{epb + 4, 0xfffffffc, 1, epb, "the file ends in the middle"},
		{epb + 8, 1, 1, epb, "a packet of an interface that was not described"},
		{epb + 20, 5, 1, epb, "a packet that is longer than its block"},
		{epb + 20, 262145, 1, epb, "a frame longer than frames can be"},
		{epb + 32, 40, 1, epb, "the two lengths of this block differ"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char place[40];

		f = base;
		put_u32_le(&f, cases[i].at, cases[i].value);
		snprintf(place, sizeof(place), "damaged at byte %zu: ", cases[i].place);
		assert_int_equal(count(&f, f.len, &end, &e), cases[i].frames);
		assert_int_equal(end, -1);
		assert_non_null(strstr(e.text, place));
		if (!strstr(e.text, cases[i].why))
			fail_msg("%s: expected \"%s\"", e.text, cases[i].why);
	}
	f = (struct file){0};
	pcap(&f, 0xa1b2c3d4);
	put_u32_le(&f, 24 + 21 + 8, 262145);
	assert_int_equal(count(&f, f.len, &end, &e), 1);
	assert_non_null(strstr(e.text, "damaged at byte 45: a frame longer than frames can be"));
}

static void what_is_no_capture_is_refused_with_a_hint(void **state)
{
	static const struct {
		const char *b, *hint;
	} files[] = {
		{"", "the file is empty"},
		{"\x1f\x8b\x08", "gunzip"},
		{"\xfd" "7zXZ", "unxz"},
		{"\x28\xb5\x2f\xfd", "unzstd"},
		{"BZh91AY", "bunzip2"},
		{"\x04\x22\x4d\x18", "unlz4"},
		{"PK\x03\x04", "unzip"},
		{"hello", "neither pcap nor pcapng"},
		{"\xd4", "neither pcap nor pcapng"},
	};
	struct err e;
	FILE *stream;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct file f = {0};

		put(&f, files[i].b, strlen(files[i].b));
		assert_null(open_file(&f, f.len, &stream, &e));
		assert_int_equal(e.kind, ERR_INPUT);
		assert_non_null(strstr(e.text, files[i].hint));
		fclose(stream);
	}
	stream = fopen(".", "r");
	assert_null(capture_open(stream, ".", &e));
	assert_non_null(strstr(e.text, "Is a directory"));
	fclose(stream);
}

static void a_file_of_interfaces_only_is_bounded(void **state)
{
	static uint8_t big[5000 * 24 + 64];
	static struct file f;
	size_t len;
	struct err e;
	FILE *stream;
	struct capture_reader *r;
	struct capture_frame frame;

	(void)state;
	f = (struct file){0};
	section(&f);
	memcpy(big, f.b, f.len);
	len = f.len;
	for (unsigned i = 0; i < 5000; i++) {
		char name[8];

		f = (struct file){0};
		snprintf(name, sizeof(name), "%u", i % 3000);
		iface(&f, 1, 0, i % 2 ? NULL : name, NULL);
		if (len + f.len > sizeof(big))
			break;
		memcpy(big + len, f.b, f.len);
		len += f.len;
	}
	stream = fmemopen(big, len, "r");
	r = capture_open(stream, "x", &e);
	assert_non_null(r);
	assert_int_equal(capture_next(r, &frame, &e), -1);
	assert_non_null(strstr(e.text, "more interfaces than anybody has"));
	capture_close(r);
	fclose(stream);
}

/* ---- writing ---- */

static void what_is_written_is_read_back(void **state)
{
	static const char *const names[] = {"client:eth0", "home:lan"};
	struct capture_frame frame;
	struct capture_reader *r;
	struct capture_writer *w;
	char *buf = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&buf, &len);

	(void)state;
	w = capture_create(f, "natdlab", names, 2);
	capture_put(w, 1, 1700000000000001, (const uint8_t *)"frame", 5, "message 4");
	capture_put(w, 0, 1700000000000002, (const uint8_t *)"four", 4, NULL);
	capture_put(w, 0, 1700000000000003, NULL, 0, "");
	assert_int_equal(capture_finish(w, NULL), 0);
	fclose(f);

	f = fmemopen(buf, len, "r");
	r = capture_open(f, "written", NULL);
	assert_non_null(r);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(capture_next(r, &frame, NULL), 1);
		assert_string_equal(frame.iface_name, names[i == 1]);
		assert_int_equal(frame.t, 1700000000000000 + i);
		assert_int_equal(frame.linktype, 1);
		assert_int_equal(frame.len, i == 1 ? 5 : i == 2 ? 4 : 0);
	}
	assert_int_equal(capture_next(r, &frame, NULL), 0);
	capture_close(r);
	fclose(f);
	free(buf);
}

static void a_full_disk_is_noticed(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	struct capture_writer *w = capture_create(f, "natdlab", NULL, 0);
	struct err e;

	(void)state;
	assert_int_equal(capture_finish(w, &e), -1);
	assert_non_null(strstr(e.text, "No space left"));
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_is_read_in_both_byte_orders_and_resolutions),
		cmocka_unit_test(pcapng_sections_interfaces_and_packets_are_read),
		cmocka_unit_test(every_resolution_of_time_gives_microseconds),
		cmocka_unit_test(a_file_cut_anywhere_keeps_what_came_before),
		cmocka_unit_test(flipped_bytes_do_no_harm),
		cmocka_unit_test(damage_is_told_with_its_place),
		cmocka_unit_test(what_is_no_capture_is_refused_with_a_hint),
		cmocka_unit_test(a_file_of_interfaces_only_is_bounded),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_full_disk_is_noticed),
	};

	return cmocka_run_group_tests_name("pcapng", tests, NULL, NULL);
}
