/* SPDX-License-Identifier: MIT */
/*
 * guest.c - what a virtual machine does on its link, without one: a small frame sender.
 *
 *	guest SOCKET dhcp                                  asks for an address and says what it got
 *	guest SOCKET client MODE REGISTRY SERVER PSK SPEED dials as our client of that mode
 *	guest SOCKET server MODE PSK LATE                  answers as our server, after LATE seconds
 *	guest SOCKET zero | huge | cut | long | short | flood | leave
 *	                                                   hostile or clumsy, then an honest ARP
 *
 * It connects to a lab's socket as QEMU does, gets an address by DHCP, asks for the router by ARP,
 * and has an Ethernet, an IP and a UDP of its own, of a few lines each. Its clock runs SPEED times
 * as fast as the real one. Checksums of what comes in are checked. It ends with status 0 when the
 * lab closes and all was well.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lab/base/packet.h"
#include "nodes/crypto/crypto.h"
#include "nodes/vpn/vpn.h"

#define FRAME_MAX 2048
#define ETH_ARP 0x0806
#define ETH_IPV4 0x0800
#define CONNECT_TRIES 200 /* of 50 ms */
#define PATIENCE 10000	  /* ms for an answer */

struct guest {
	int fd;
	uint8_t mac[6], router_mac[6];
	struct inet_addr addr, router;
	uint8_t plen;
	struct vpn *vpn;
	const char *path; /* the socket's: what tells two guests apart */
	uint16_t ip_id;
	unsigned speed;
	usec began, late;
};

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("guest: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

/* ---- the stream ---- */

static void send_bytes(const struct guest *g, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len) {
		ssize_t n = send(g->fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return; /* the lab has closed; reading says so */
		if (n < 0)
			die("send: %s", strerror(errno));
		at += n;
		len -= (size_t)n;
	}
}

static void send_frame(const struct guest *g, const uint8_t *frame, size_t len)
{
	uint8_t head[4];
	struct wr w = wr_new(head, sizeof(head));

	wr_u32(&w, (uint32_t)len);
	send_bytes(g, head, sizeof(head));
	send_bytes(g, frame, len);
}

/* False: the lab has closed. */
static bool read_bytes(const struct guest *g, void *p, size_t len)
{
	uint8_t *at = p;

	while (len) {
		ssize_t n = read(g->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool read_frame(const struct guest *g, uint8_t frame[FRAME_MAX], size_t *len)
{
	uint8_t head[4] = {0};
	struct rd r = rd_new(head, sizeof(head));

	if (!read_bytes(g, head, sizeof(head)))
		return false;
	*len = rd_u32(&r, "length");
	if (!*len || *len > FRAME_MAX)
		die("the lab sent a frame of %zu bytes", *len);
	return read_bytes(g, frame, *len);
}

static void plug_in(struct guest *g, const char *path)
{
	const struct timespec nap = {.tv_nsec = 50000000};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	g->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (unsigned i = 0; i < CONNECT_TRIES; i++) {
		if (!connect(g->fd, (const struct sockaddr *)&sa, sizeof(sa)))
			return;
		nanosleep(&nap, NULL);
	}
	die("%s: %s", path, strerror(errno));
}

/* ---- Ethernet, ARP, IP ---- */

static void put_ethernet(struct wr *w, const uint8_t to[6], const uint8_t from[6], uint16_t type)
{
	wr_bytes(w, to, 6);
	wr_bytes(w, from, 6);
	wr_u16(w, type);
}

static void send_arp(const struct guest *g, uint16_t op, const uint8_t to_mac[6],
		     struct inet_addr to)
{
	uint8_t frame[64];
	struct wr w = wr_new(frame, sizeof(frame));

	put_ethernet(&w, to_mac, g->mac, ETH_ARP);
	wr_u16(&w, 1);
	wr_u16(&w, ETH_IPV4);
	wr_u8(&w, 6);
	wr_u8(&w, 4);
	wr_u16(&w, op);
	wr_bytes(&w, g->mac, 6);
	wr_bytes(&w, g->addr.b, 4);
	wr_bytes(&w, op == 1 ? (const uint8_t[6]){0} : to_mac, 6);
	wr_bytes(&w, to.b, 4);
	wr_zeros(&w, 60 - wr_len(&w));
	send_frame(g, frame, wr_len(&w));
}

static void take_arp(struct guest *g, struct rd *r)
{
	const uint8_t *mac, *from, *to;
	uint16_t op;

	rd_bytes(r, 6, "hardware, protocol, lengths");
	op = rd_u16(r, "operation");
	mac = rd_bytes(r, 6, "sender");
	from = rd_bytes(r, 4, "sender's address");
	rd_bytes(r, 6, "target");
	to = rd_bytes(r, 4, "target's address");
	if (!rd_ok(r))
		return;
	if (g->router.len && !memcmp(from, g->router.b, 4))
		memcpy(g->router_mac, mac, 6);
	if (op == 1 && g->addr.len && !memcmp(to, g->addr.b, 4))
		send_arp(g, 2, mac, inet_from_bytes(from, 4));
}

static void send_ip(struct guest *g, struct inet_addr from, struct inet_addr to,
		    const uint8_t to_mac[6], uint8_t proto, const uint8_t *data, size_t len)
{
	uint8_t frame[FRAME_MAX];
	struct wr w = wr_new(frame, sizeof(frame));

	put_ethernet(&w, to_mac, g->mac, ETH_IPV4);
	wr_ipv4(&w, from, to, proto, 128, ++g->ip_id, len);
	wr_bytes(&w, data, len);
	if (!wr_ok(&w))
		die("a packet of %zu bytes", len);
	send_frame(g, frame, wr_len(&w));
}

static void send_udp(struct guest *g, struct inet_ep from, struct inet_ep to,
		     const uint8_t to_mac[6], const void *data, size_t len)
{
	uint8_t udp[FRAME_MAX];
	struct wr w = wr_new(udp, sizeof(udp));

	wr_udp(&w, from, to, data, len);
	send_ip(g, from.addr, to.addr, to_mac, IPPROTO_UDP_, udp, wr_len(&w));
}

static void check_checksum(const struct packet *pkt)
{
	uint32_t sum = inet_pseudo_sum(pkt->src.addr, pkt->dst.addr, IPPROTO_UDP_, pkt->len + 8);

	if (pkt->proto == IPPROTO_UDP_ && inet_sum_fold(inet_sum(sum, pkt->payload - 8,
								 pkt->len + 8)))
		die("a wrong UDP checksum from %s", INET_EP(pkt->src));
}

/* One frame: ARP is dealt with, of UDP and ESP for this machine *pkt is filled in. */
static bool take_frame(struct guest *g, const uint8_t *frame, size_t len, struct packet *pkt)
{
	struct rd r = rd_new(frame, len);
	uint16_t type;

	rd_bytes(&r, 12, "MAC addresses");
	type = rd_u16(&r, "type");
	if (type == ETH_ARP)
		take_arp(g, &r);
	if (type != ETH_IPV4 || !packet_parse(pkt, LINKTYPE_ETHERNET_, frame, len))
		return false;
	check_checksum(pkt);
	return true;
}

/* The next packet within PATIENCE; false: none. */
static bool next_packet(struct guest *g, uint8_t frame[FRAME_MAX], struct packet *pkt)
{
	struct pollfd p = {.fd = g->fd, .events = POLLIN};
	size_t len;

	while (poll(&p, 1, PATIENCE) > 0) {
		if (!read_frame(g, frame, &len))
			return false;
		if (take_frame(g, frame, len, pkt))
			return true;
		if (memcmp(g->router_mac, (const uint8_t[6]){0}, 6) != 0)
			return false; /* what was waited for was ARP */
	}
	return false;
}

/* ---- DHCP ---- */

static void ask_dhcp(struct guest *g, uint8_t type)
{
	uint8_t m[300];
	struct wr w = wr_new(m, sizeof(m));

	wr_u32(&w, 0x01010600); /* request, Ethernet */
	wr_u32(&w, 0x6e61746c); /* transaction */
	wr_zeros(&w, 4 + 4 * 4);
	wr_bytes(&w, g->mac, 6);
	wr_zeros(&w, 10 + 64 + 128);
	wr_u32(&w, 0x63825363);
	wr_u8(&w, 53);
	wr_u8(&w, 1);
	wr_u8(&w, type);
	if (type == 3) {
		wr_u16(&w, 50 << 8 | 4);
		wr_bytes(&w, g->addr.b, 4);
	}
	wr_u8(&w, 255);
	wr_zeros(&w, sizeof(m) - wr_len(&w));
	send_udp(g, inet_ep(inet_v4(0), 68), inet_ep(inet_v4(UINT32_MAX), 67), everybody, m,
		 sizeof(m));
}

/* The type of an answer, whose address, mask and router are taken over; 0: it is none. */
static uint8_t read_dhcp(struct guest *g, const struct packet *pkt)
{
	struct rd r = rd_new(pkt->payload, pkt->len);
	uint8_t type = 0;
	const uint8_t *yours;

	if (pkt->proto != IPPROTO_UDP_ || pkt->dst.port != 68)
		return 0;
	rd_bytes(&r, 16, "op to ciaddr");
	yours = rd_bytes(&r, 4, "yiaddr");
	rd_bytes(&r, 8 + 16 + 64 + 128, "siaddr to file");
	rd_u32(&r, "cookie");
	if (!rd_ok(&r))
		return 0;
	while (rd_left(&r)) {
		uint8_t code = rd_u8(&r, "code"), len;
		struct rd v;

		if (code == 255)
			break;
		if (!code)
			continue;
		len = rd_u8(&r, "length");
		v = rd_sub(&r, len, "value");
		if (code == 53)
			type = rd_u8(&v, "type");
		else if (code == 1)
			g->plen = (uint8_t)__builtin_popcount(rd_u32(&v, "mask"));
		else if (code == 3)
			g->router = inet_from_bytes(rd_bytes(&v, 4, "router"), 4);
		else if (code != 51 && code != 54)
			die("DHCP says more than it should: option %u", code);
	}
	g->addr = inet_from_bytes(yours, 4);
	return rd_ok(&r) ? type : 0;
}

static void get_address(struct guest *g)
{
	uint8_t frame[FRAME_MAX];
	struct packet pkt;

	for (uint8_t type = 1; type <= 3; type = (uint8_t)(type + 2)) {
		ask_dhcp(g, type);
		do
			if (!next_packet(g, frame, &pkt))
				die("no answer to DHCP message %u", type);
		while (read_dhcp(g, &pkt) != (type == 1 ? 2 : 5));
	}
	printf("address %s/%u, router %s\n", INET_ADDR(g->addr), g->plen, INET_ADDR(g->router));
	send_arp(g, 1, everybody, g->router);
	while (next_packet(g, frame, &pkt))
		;
	if (!memcmp(g->router_mac, (const uint8_t[6]){0}, 6))
		die("the router does not answer ARP");
	puts("the router answers ARP");
	fflush(stdout);
}

/* ---- client and server ---- */

static usec now_of(const struct guest *g)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((usec)ts.tv_sec * SEC + (usec)ts.tv_nsec / 1000 - g->began) * g->speed;
}

static void on_send(void *ctx, const struct datagram *d)
{
	struct guest *g = ctx;

	if (d->via == VIA_ESP)
		send_ip(g, g->addr, d->remote.addr, g->router_mac, IPPROTO_ESP_, d->data, d->len);
	else
		send_udp(g, inet_ep(g->addr, d->local.port), d->remote, g->router_mac, d->data,
			 d->len);
}

static void on_event(void *ctx, const struct event *e)
{
	(void)ctx;
	if (e->kind != EV_OUTCOME)
		return;
	printf("%s, %s\n", outcome_name(ev_get_word(e, K_OUTCOME)),
	       reason_name(ev_get_word(e, K_REASON)));
	fflush(stdout);
}

static void take_packet(struct guest *g, const struct packet *pkt)
{
	struct datagram d = {
		.via = pkt->proto == IPPROTO_ESP_ ? VIA_ESP : VIA_UDP,
		.local = pkt->dst,
		.remote = pkt->src,
		.data = pkt->payload,
		.len = pkt->len,
	};
	bool ours = pkt->proto == IPPROTO_ESP_ || (pkt->proto == IPPROTO_UDP_ &&
						   (pkt->dst.port == IKE_PORT ||
						    pkt->dst.port == IKE_NATT_PORT));

	if (ours && inet_addr_eq(pkt->dst.addr, g->addr) && now_of(g) >= g->late)
		vpn_input(g->vpn, now_of(g), &d);
}

/* Until the lab closes. */
static void live(struct guest *g)
{
	uint8_t frame[FRAME_MAX];
	struct packet pkt;
	size_t len;

	vpn_start(g->vpn, now_of(g));
	for (;;) {
		struct pollfd p = {.fd = g->fd, .events = POLLIN};
		usec due = vpn_deadline(g->vpn), now = now_of(g);
		int ms = due == USEC_NEVER ? -1
			 : due <= now	   ? 0
					   : (int)((due - now) / g->speed / MSEC + 1);

		if (poll(&p, 1, ms) > 0) {
			if (!read_frame(g, frame, &len))
				return;
			if (take_frame(g, frame, len, &pkt))
				take_packet(g, &pkt);
		}
		now = now_of(g);
		if (vpn_deadline(g->vpn) <= now)
			vpn_timer(g->vpn, now);
	}
}

static void speak(struct guest *g, struct vpn_config *cfg)
{
	const struct node_env env = {
		.rng = rng_new(7, g->path), .send = on_send, .event = on_event, .ctx = g};

	if (!cfg->client && !cfg->server)
		die("no such mode");
	get_address(g);
	cfg->own = g->addr;
	g->vpn = vpn_new(cfg, &env);
	g->began = 0;
	g->began = now_of(g) / g->speed;
	live(g);
	vpn_free(g->vpn);
	rng_free(env.rng);
}

static void be_client(struct guest *g, char **argv)
{
	struct vpn_config cfg = {
		.name = "guest",
		.client = mode_client(argv[0]),
		.registry = atoi(argv[1]),
		.psk = argv[3],
		.user = "alice",
		.password = "wonderland",
	};

	inet_parse_addr(argv[2], &cfg.dials);
	g->speed = (unsigned)atoi(argv[4]);
	speak(g, &cfg);
}

static void be_server(struct guest *g, char **argv)
{
	struct vpn_config cfg = {
		.name = "guest",
		.server = mode_server(argv[0]),
		.psk = argv[1],
		.user = "alice",
		.password = "wonderland",
	};

	inet_parse_net("192.168.42.0/24", &cfg.pool);
	g->late = (usec)atoi(argv[2]) * SEC;
	speak(g, &cfg);
}

/* ---- hostile ---- */

/* Does the lab close at once? */
static void expect_end(struct guest *g)
{
	struct pollfd p = {.fd = g->fd, .events = POLLIN};
	uint8_t byte;

	if (poll(&p, 1, PATIENCE) <= 0 || read(g->fd, &byte, 1) > 0)
		die("the lab has not hung up");
	puts("hung up");
}

static void misbehave(struct guest *g, const char *how, const char *path)
{
	static const uint8_t zero[4], huge[4] = {0xff, 0xff, 0xff, 0xff};
	static const uint8_t cut[] = {0, 0, 0, 60, 1, 2, 3};
	static uint8_t many[4 + 65536];
	struct wr w = wr_new(many, sizeof(many));

	wr_u32(&w, 65536);
	if (!strcmp(how, "zero") || !strcmp(how, "huge")) {
		send_bytes(g, *how == 'z' ? zero : huge, 4);
		expect_end(g);
	} else if (!strcmp(how, "cut")) { /* a frame that never ends */
		send_bytes(g, cut, sizeof(cut));
	} else if (!strcmp(how, "long")) { /* allowed, and of no use */
		send_bytes(g, many, sizeof(many));
	} else if (!strcmp(how, "short")) {
		send_frame(g, (const uint8_t *)"too short", 9);
	} else if (!strcmp(how, "flood")) {
		for (unsigned i = 0; i < 6000; i++)
			send_arp(g, 1, everybody, inet_v4(0xc0a801fe));
	} else if (strcmp(how, "leave") != 0) {
		die("%s?", how);
	}
	/* A frame that is allowed leaves the connection as it is; after the others, again. */
	if (strcmp(how, "long") != 0 && strcmp(how, "short") != 0 && strcmp(how, "flood") != 0) {
		close(g->fd);
		plug_in(g, path);
	}
	get_address(g);
}

int main(int argc, char **argv)
{
	struct guest g = {.mac = {0x52, 0x54, 0, 0x12, 0x34, 0x56}, .speed = 1};

	if (argc < 3)
		die("see the head of guest.c");
	g.path = argv[1];
	plug_in(&g, argv[1]);
	if (!strcmp(argv[2], "client") && argc == 8)
		be_client(&g, argv + 3);
	else if (!strcmp(argv[2], "server") && argc == 6)
		be_server(&g, argv + 3);
	else if (!strcmp(argv[2], "dhcp"))
		get_address(&g);
	else
		misbehave(&g, argv[2], argv[1]);
	close(g.fd);
	return 0;
}
