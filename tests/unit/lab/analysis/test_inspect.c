/* SPDX-License-Identifier: MIT */
/*
 * One session in every coat that a capture may wear: each link type, each kind of file, tags,
 * fragments, layers, mixed interfaces. The judgement must be that of the bare one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/packet.h"
#include "lab/analysis/inspect.h"
#include "lab/analysis/windows.h"
#include "lab/report/report_inspect.h"
#include "tests/unit/coats.h"

#define FOLDER "tests/data/captures/"
#define FRAMES 128
#define SNAP 2048

/* ---- the session: IP packets with their times ---- */

struct session {
	size_t n;
	struct {
		usec t;
		size_t len;
		uint8_t ip[SNAP];
	} v[FRAMES];
};

static void session_read(struct session *s, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct capture_reader *r = f ? capture_open(f, "session", NULL) : NULL;
	struct capture_frame frame;

	assert_non_null(r);
	s->n = 0;
	while (capture_next(r, &frame, NULL) > 0) {
		struct packet pkt;

		assert_true(s->n < FRAMES);
		assert_true(packet_parse(&pkt, frame.linktype, frame.data, frame.len));
		s->v[s->n].t = frame.t;
		s->v[s->n].len = pkt.ip_len;
		memcpy(s->v[s->n].ip, pkt.ip, pkt.ip_len);
		/* As Windows does it: a number for each packet. */
		s->v[s->n].ip[4] = 1;
		s->v[s->n].ip[5] = (uint8_t)(s->n + 1);
		s->n++;
	}
	capture_close(r);
	fclose(f);
}

/* ---- files ---- */

enum format { PCAP, PCAP_NANO, PCAP_SWAPPED, PCAP_NANO_SWAPPED, PCAPNG, FORMATS };

struct file {
	enum format kind;
	char *bytes;
	size_t len;
	FILE *f;
};

static void put32(const struct file *to, uint32_t v)
{
	bool big = to->kind == PCAP_SWAPPED || to->kind == PCAP_NANO_SWAPPED;

	for (unsigned i = 0; i < 4; i++)
		fputc((int)(v >> 8 * (big ? 3 - i : i) & 0xff), to->f);
}

static bool is_nano(const struct file *to)
{
	return to->kind == PCAP_NANO || to->kind == PCAP_NANO_SWAPPED;
}

static void file_begin(struct file *to, enum format kind, const struct coat *v, size_t n)
{
	*to = (struct file){.kind = kind};
	to->f = open_memstream(&to->bytes, &to->len);
	assert_non_null(to->f);
	if (kind != PCAPNG) {
		put32(to, is_nano(to) ? 0xa1b23c4d : 0xa1b2c3d4);
		for (unsigned i = 0; i < 4; i++)
			put32(to, (const uint32_t[]){0x00040002, 0, 0, 262144}[i]);
		put32(to, v->linktype);
		return;
	}
	for (unsigned i = 0; i < 7; i++)
		put32(to, (const uint32_t[]){0x0a0d0d0a, 28, 0x1a2b3c4d, 1, ~0u, ~0u, 28}[i]);
	for (size_t i = 0; i < n; i++) {
		put32(to, 1);
		put32(to, 20);
		put32(to, v[i].linktype);
		put32(to, 262144);
		put32(to, 20);
	}
}

/* @cut: bytes that the capture leaves out at the end. */
static void file_put(const struct file *to, uint32_t iface, const struct coat *l, usec t,
		     const uint8_t *ip, size_t len, size_t cut)
{
	size_t whole = l->len + len, have = whole - cut, padding = (4 - have % 4) % 4;

	if (to->kind == PCAPNG) {
		put32(to, 6);
		put32(to, (uint32_t)(32 + have + padding));
		put32(to, iface);
		put32(to, (uint32_t)((uint64_t)t >> 32));
		put32(to, (uint32_t)t);
	} else {
		put32(to, (uint32_t)(t / SEC));
		put32(to, (uint32_t)(t % SEC * (is_nano(to) ? 1000 : 1)));
	}
	put32(to, (uint32_t)have);
	put32(to, (uint32_t)whole);
	assert_true(have >= l->len);
	fwrite(l->head, 1, l->len, to->f);
	fwrite(ip, 1, have - l->len, to->f);
	if (to->kind != PCAPNG)
		return;
	fwrite("\0\0\0", 1, padding, to->f);
	put32(to, (uint32_t)(32 + have + padding));
}

/* ---- the judgement ---- */

static struct result {
	struct inspection in;
	struct inspected one; /* the only one */
	struct exchange x;
} result;

static void inspect_file(struct arena *a, struct file *file)
{
	struct watch *w = watch_new(a, NULL);
	const struct inspect_hints none = {0};
	struct inspect_source s = {.name = "file"};
	FILE *f;

	fclose(file->f);
	f = fmemopen(file->bytes, file->len, "rb");
	assert_non_null(f);
	s.reader = capture_open(f, "file", &s.damage);
	assert_non_null(s.reader);
	inspect_read(a, w, &s, 1, &result.in);
	inspect_judge(a, w, &none, &result.in);
	capture_close(s.reader);
	fclose(f);
	free(file->bytes);
	assert_int_equal(s.damage.kind, ERR_NONE);
}

static void take_only(void)
{
	assert_int_equal(result.in.n, 1);
	result.one = result.in.v[0];
	result.x = *result.one.x;
}

/* What must not depend on the coat. */
static void assert_same(const struct result *want, const struct result *got)
{
	assert_string_equal(signature_name(got->one.d.sig), signature_name(want->one.d.sig));
	assert_int_equal(got->one.d.certainty, want->one.d.certainty);
	assert_int_equal(got->one.j.server_hash, want->one.j.server_hash);
	assert_int_equal(got->one.j.client_sees.peer_behind_nat,
			 want->one.j.client_sees.peer_behind_nat);
	for (unsigned n = 1; n <= 6; n++)
		assert_int_equal(got->x.mm[n].copies, want->x.mm[n].copies);
	assert_int_equal(got->x.quick_modes, want->x.quick_modes);
	assert_int_equal(got->x.deletes, want->x.deletes);
	for (unsigned side = 0; side < 2; side++) {
		assert_int_equal(got->x.esp[side], want->x.esp[side]);
		assert_int_equal(got->x.informationals[side], want->x.informationals[side]);
		assert_int_equal(got->x.n_vids[side], want->x.n_vids[side]);
	}
}

static const char *const sessions[] = {
	FOLDER "softether-eip-napt-ms.client.pcap", /* connects, with ESP in UDP */
	FOLDER "strongswan-eip-napt-ms.server.pcap", /* is blocked */
	FOLDER "rt-ls-mm4.client.pcap", /* retransmits */
	FOLDER "aggressive-eip-napt.client.pcap",
	FOLDER "ikev2-eip-napt.client.pcap",
};

static struct session session;
static struct result bare;

static void read_bare(struct arena *a, const char *path)
{
	struct file file;

	session_read(&session, path);
	file_begin(&file, PCAP, COAT_RAW, 1);
	for (size_t i = 0; i < session.n; i++)
		file_put(&file, 0, COAT_RAW, session.v[i].t, session.v[i].ip, session.v[i].len,
			 0);
	inspect_file(a, &file);
	take_only();
	bare = result;
}

/* Runs @dress for each session; the judgement must stay. */
static void each_session(void (*dress)(struct arena *a))
{
	for (size_t i = 0; i < ARRAY_LEN(sessions); i++) {
		struct arena *a = arena_new();

		print_message("%s\n", sessions[i]);
		read_bare(a, sessions[i]);
		dress(a);
		arena_free(a);
	}
}

/* ---- tests ---- */

static void dress_links(struct arena *a)
{
	for (size_t l = 0; l < ARRAY_LEN(coats); l++) {
		for (enum format k = 0; k < FORMATS; k++) {
			struct file file;

			file_begin(&file, k, &coats[l], 1);
			for (size_t i = 0; i < session.n; i++)
				file_put(&file, 0, &coats[l], session.v[i].t, session.v[i].ip,
					 session.v[i].len, 0);
			inspect_file(a, &file);
			take_only();
			assert_same(&bare, &result);
			assert_int_equal(result.x.first, bare.x.first);
			assert_int_equal(result.in.unread, 0);
		}
	}
}

static void every_link_type_in_every_kind_of_file_is_judged_alike(void **state)
{
	(void)state;
	each_session(dress_links);
}

static void dress_mixed(struct arena *a)
{
	struct file file;

	/* Each packet at each interface, as with tcpdump -i any of old or dumpcap on all. */
	file_begin(&file, PCAPNG, coats, ARRAY_LEN(coats));
	for (size_t i = 0; i < session.n; i++)
		for (uint32_t l = 0; l < ARRAY_LEN(coats); l++)
			file_put(&file, l, &coats[l], session.v[i].t + l, session.v[i].ip,
				 session.v[i].len, 0);
	inspect_file(a, &file);
	take_only();
	assert_same(&bare, &result);
}

static void interfaces_of_all_link_types_are_places_of_one_exchange(void **state)
{
	(void)state;
	each_session(dress_mixed);
}

/* pktmon writes a packet once for each component that it passes, all into one interface. */
static void dress_layers(struct arena *a)
{
	static const usec apart[] = {0, 30, 400, 3000};

	for (size_t k = 0; k < ARRAY_LEN(apart); k++) {
		struct file file;

		file_begin(&file, PCAPNG, COAT_ETHERNET, 1);
		for (size_t i = 0; i < session.n; i++)
			for (unsigned layer = 0; layer < 6; layer++)
				file_put(&file, 0, COAT_ETHERNET, session.v[i].t + layer * apart[k],
					 session.v[i].ip, session.v[i].len, 0);
		inspect_file(a, &file);
		take_only();
		assert_same(&bare, &result);
	}
}

static void a_packet_in_many_layers_is_no_retransmission(void **state)
{
	(void)state;
	each_session(dress_layers);
}

/* Each packet as fragments of at most 256 bytes, the last one first. */
static void dress_fragments(struct arena *a)
{
	struct file file;

	file_begin(&file, PCAP, COAT_ETHERNET, 1);
	for (size_t i = 0; i < session.n; i++) {
		size_t len = session.v[i].len - 20, n = (len + 255) / 256;

		for (size_t k = n; k-- > 0;) {
			size_t part = MIN(len - k * 256, (size_t)256);
			uint16_t off = (uint16_t)(k * 32 | (k + 1 < n ? 0x2000 : 0));
			uint8_t ip[20 + 256];

			memcpy(ip, session.v[i].ip, 20);
			memcpy(ip + 20, session.v[i].ip + 20 + k * 256, part);
			ip[2] = (uint8_t)((20 + part) >> 8);
			ip[3] = (uint8_t)(20 + part);
			ip[6] = (uint8_t)(off >> 8);
			ip[7] = (uint8_t)off;
			file_put(&file, 0, COAT_ETHERNET, session.v[i].t, ip, 20 + part, 0);
		}
	}
	inspect_file(a, &file);
	take_only();
	assert_same(&bare, &result);
}

static void fragments_are_put_together_before_they_are_judged(void **state)
{
	(void)state;
	each_session(dress_fragments);
}

/* A snap length of 96 bytes: ports, cookies and ESP's numbers are there, payloads are not. */
static void dress_snapped(struct arena *a)
{
	struct file file;

	file_begin(&file, PCAP, COAT_ETHERNET, 1);
	for (size_t i = 0; i < session.n; i++)
		file_put(&file, 0, COAT_ETHERNET, session.v[i].t, session.v[i].ip, session.v[i].len,
			 session.v[i].len > 96 ? session.v[i].len - 96 : 0);
	inspect_file(a, &file);
	take_only();
	assert_true(result.in.cut > 0);
	assert_false(result.one.j.complete);
	assert_false(result.one.j.natt);
	for (int registry = 0; registry <= 2; registry++)
		assert_int_equal(exchange_windows(&result.x, &result.one.j, registry).result,
				 WINDOWS_UNKNOWN);
	assert_int_equal(result.x.esp[0], bare.x.esp[0]);
	assert_int_equal(result.x.esp[1], bare.x.esp[1]);
	assert_int_equal(result.x.quick_modes, bare.x.quick_modes);
}

static void of_frames_cut_short_what_is_there_is_counted(void **state)
{
	(void)state;
	each_session(dress_snapped);
}

static void frames_of_an_unknown_link_type_are_told(void **state)
{
	const struct coat mpeg = {"MPEG-2", 243, "", 0};
	struct arena *a = arena_new();
	char *text = NULL;
	size_t len = 0;
	struct file file;
	FILE *f;

	(void)state;
	read_bare(a, sessions[0]);
	file_begin(&file, PCAP, &mpeg, 1);
	for (size_t i = 0; i < session.n; i++)
		file_put(&file, 0, &mpeg, session.v[i].t, session.v[i].ip, session.v[i].len, 0);
	inspect_file(a, &file);
	assert_int_equal(result.in.n, 0);
	assert_int_equal(result.in.unread, session.n);
	f = open_memstream(&text, &len);
	report_inspect(f, &result.in, &(struct inspect_style){0});
	fclose(f);
	assert_non_null(strstr(text, "link type 243"));
	free(text);
	arena_free(a);
}

/* The IPv4 packets as IPv6 ones: 2001:db8::a.b.c.d. */
static size_t as_ipv6(uint8_t out[SNAP], const uint8_t *ip, size_t len)
{
	static const uint8_t prefix[12] = {0x20, 0x01, 0x0d, 0xb8};
	const uint8_t *from[2] = {ip + 12, ip + 16};

	memset(out, 0, 40);
	out[0] = 0x60;
	out[4] = (uint8_t)((len - 20) >> 8);
	out[5] = (uint8_t)(len - 20);
	out[6] = ip[9];
	out[7] = ip[8];
	for (size_t i = 0; i < 2; i++) {
		memcpy(out + 8 + 16 * i, prefix, 12);
		memcpy(out + 8 + 16 * i + 12, from[i], 4);
	}
	memcpy(out + 40, ip + 20, len - 20);
	return len + 20;
}

static void over_ipv6_all_is_judged_but_hashes_fit_nothing_of_ipv4(void **state)
{
	const struct coat ether = {"Ethernet", 1, "ddddddssssss\x86\xdd", 14};
	struct arena *a = arena_new();
	struct file file;

	(void)state;
	read_bare(a, sessions[1]);
	file_begin(&file, PCAP, &ether, 1);
	for (size_t i = 0; i < session.n; i++) {
		uint8_t ip[SNAP];
		size_t len = as_ipv6(ip, session.v[i].ip, session.v[i].len);

		file_put(&file, 0, &ether, session.v[i].t, ip, len, 0);
	}
	inspect_file(a, &file);
	take_only();
	assert_string_equal(INET_ADDR(result.x.mm[1].at[0].dst.addr), "2001:db8::ac1f:100a");
	assert_int_equal(result.x.quick_modes, bare.x.quick_modes);
	assert_false(result.one.j.known3[0] || result.one.j.known4[1]);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_type_in_every_kind_of_file_is_judged_alike),
		cmocka_unit_test(interfaces_of_all_link_types_are_places_of_one_exchange),
		cmocka_unit_test(a_packet_in_many_layers_is_no_retransmission),
		cmocka_unit_test(fragments_are_put_together_before_they_are_judged),
		cmocka_unit_test(of_frames_cut_short_what_is_there_is_counted),
		cmocka_unit_test(frames_of_an_unknown_link_type_are_told),
		cmocka_unit_test(over_ipv6_all_is_judged_but_hashes_fit_nothing_of_ipv4),
	};

	return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
