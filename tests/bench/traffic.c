/* SPDX-License-Identifier: MIT */
/*
 * traffic.c - a capture of a busy link, with IKE exchanges in it, for tests/bench/run.sh.
 *
 *	traffic MEGABYTES EXCHANGES CAPTURE >file.pcap
 *
 * The session of CAPTURE is repeated EXCHANGES times, each time with cookies and a client's port of
 * its own, evenly spread between TCP and UDP packets of a thousand other flows until the file has
 * MEGABYTES (at least; 0: nothing but the sessions). The same arguments give the same file.
 */
#include <inttypes.h>
#include <string.h>

#include "lab/base/packet.h"
#include "lab/capture/pcapng.h"
#include "tests/bench/bench.h"

#define FRAMES 256
#define MAX_LEN 2048
#define FLOWS 1000
#define HEAD 16 /* of a record */

struct frame {
	size_t len;
	size_t cookies; /* where they stand; 0: nowhere */
	uint8_t b[MAX_LEN];
};

static struct frame session[FRAMES];
static size_t n_session;
static uint64_t written, state = 1;
static usec now = (usec)1700000000 * SEC;

static uint32_t draw(void) /* xorshift64*: the same numbers everywhere */
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(state * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void put(const uint8_t *b, size_t len)
{
	uint8_t h[HEAD];

	now += 10;
	put32(h, (uint32_t)(now / SEC));
	put32(h + 4, (uint32_t)(now % SEC));
	put32(h + 8, (uint32_t)len);
	put32(h + 12, (uint32_t)len);
	fwrite(h, 1, sizeof(h), stdout);
	fwrite(b, 1, len, stdout);
	written += sizeof(h) + len;
}

/* Where the cookies of a frame stand: behind UDP 500, or behind the marker on 4500. */
static size_t find_cookies(const struct packet *pkt, const uint8_t *frame)
{
	static const uint8_t marker[4];
	size_t at = (size_t)(pkt->payload - frame);

	if (pkt->proto != IPPROTO_UDP_ || pkt->len < 28)
		return 0;
	if (pkt->src.port == 500 || pkt->dst.port == 500)
		return at;
	return memcmp(pkt->payload, marker, sizeof(marker)) != 0 ? 0 : at + sizeof(marker);
}

static void read_session(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct capture_reader *r = f ? capture_open(f, path, NULL) : NULL;
	struct capture_frame c;

	while (r && n_session < FRAMES && capture_next(r, &c, NULL) > 0) {
		struct frame *to = &session[n_session];
		struct packet pkt;

		if (c.len > MAX_LEN || !packet_parse(&pkt, c.linktype, c.data, c.len))
			continue;
		memcpy(to->b, c.data, c.len);
		to->len = c.len;
		to->cookies = find_cookies(&pkt, c.data);
		n_session++;
	}
	if (!n_session) {
		fprintf(stderr, "traffic: no session in %s\n", path);
		exit(1);
	}
	capture_close(r);
	fclose(f);
}

/* Exchange @number: the cookies tell it from others, and so does the client's address. */
static void put_exchange(uint32_t number)
{
	for (size_t i = 0; i < n_session; i++) {
		struct frame one = session[i];
		uint8_t *src = one.b + 26, *dst = one.b + 30;
		bool out = !memcmp(src, session[0].b + 26, 4);

		put32(out ? src : dst, 0x0000000a | (number & 0xffffff) << 8);
		if (one.cookies) {
			put32(one.b + one.cookies, number);
			if (memcmp(one.b + one.cookies + 8, "\0\0\0\0\0\0\0\0", 8) != 0)
				put32(one.b + one.cookies + 8, number);
		}
		put(one.b, one.len);
	}
}

static void put_other(void)
{
	static const uint16_t sizes[] = {60, 74, 110, 590, 1400, 1514, 1514, 1514};
	static uint8_t b[1514] = "ddddddssssss\x08\0\x45";
	size_t len = sizes[draw() % ARRAY_LEN(sizes)];
	uint32_t flow = draw() % FLOWS;

	b[16] = (uint8_t)((len - 14) >> 8);
	b[17] = (uint8_t)(len - 14);
	b[22] = 64;
	b[23] = flow % 4 ? IPPROTO_TCP_ : IPPROTO_UDP_;
	put32(b + 26, 0x0000a8c0 | flow << 16);
	put32(b + 30, draw());
	put32(b + 34, flow | 0xbb010000); /* to port 443 */
	b[38] = (uint8_t)((len - 34) >> 8);
	b[39] = (uint8_t)(len - 34);
	put(b, len);
}

int main(int argc, char **argv)
{
	uint64_t want = argc > 3 ? strtoull(argv[1], NULL, 10) * 1000000 : 0;
	uint32_t n = argc > 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	uint8_t h[24] = {0};

	if (argc != 4) {
		fprintf(stderr, "usage: traffic MEGABYTES EXCHANGES CAPTURE >file.pcap\n");
		return 2;
	}
	read_session(argv[3]);
	put32(h, 0xa1b2c3d4);
	put32(h + 4, 0x00040002);
	put32(h + 16, 262144);
	put32(h + 20, LINKTYPE_ETHERNET_);
	fwrite(h, 1, sizeof(h), stdout);
	for (uint32_t i = 0; i < n; i++) {
		while (written < want / (n + 1) * (i + 1))
			put_other();
		put_exchange(i);
	}
	while (written < want)
		put_other();
	return fflush(stdout) || ferror(stdout);
}
