/* SPDX-License-Identifier: MIT */
/*
 * peer.h - an IKE initiator that does what a test asks it to, sensible or not.
 *
 * Every message is made whole into a `struct message`, which a case may alter before it is sent;
 * what comes back is taken down in words. The words leave out what is drawn anew each time, so
 * that two servers that behave alike give the same text.
 */
#ifndef NATDLAB_INTEROP_PEER_H
#define NATDLAB_INTEROP_PEER_H

#include "nodes/ike/ike_priv.h"

struct message {
	uint8_t b[2048];
	size_t len;
};

#define HEARD_MAX 80
#define SAID_MAX 200

/* One datagram of the server's. */
struct heard {
	usec t;
	uint8_t digest[DIGEST_LEN];
	char named[SAID_MAX]; /* "message 2 (104 bytes)" */
	char said[SAID_MAX];  /* and where it came from, if that is strange */
	bool before;	     /* it came before peer_listen() */
};

struct peer {
	/* to be set before anything is sent, where a case wants something else */
	enum vid vids[8]; /* of message 1 */
	size_t n_vids;
	enum ike_hash hash;
	enum ike_group group;
	uint8_t natd_type;  /* of the hashes in message 3; 0: none */
	size_t n_natd;	    /* how many */
	bool floats;	    /* message 5 and all that follows on 4500; else all on 500 */
	bool starts_floated; /* message 1 too */
	const char *psk;
	bool tells_times; /* when things come, not only in what order */
	bool tells_payloads; /* of messages in clear: the payloads, not the length */
	/* of the Quick Mode */
	uint8_t esp;
	uint16_t encap, l2tp_port;
	uint8_t id_protocol;

	/* the exchange */
	uint8_t cky_i[8], cky_r[8];
	uint8_t forgotten[4][8]; /* cookies of exchanges before it, of which nothing is heard */
	size_t n_forgotten;
	uint8_t sai_b[512];
	size_t sai_b_len;
	struct nonce ni, nr;
	struct dh *dh;
	uint8_t peer_public[DH_PUBLIC_MAX];
	struct ike_keys keys;
	bool has_keys;
	uint8_t iv[BLOCK_MAX], former_iv[BLOCK_MAX]; /* last blocks of Main Mode */
	uint32_t quick_msgid;
	uint8_t quick_iv[BLOCK_MAX];
	struct nonce quick_ni;
	uint32_t spi_in;
	uint8_t reached; /* the newest message that came: 0, 2, 4, 6; 8: Quick Mode 2 */

	/* the world */
	struct rng *rng;
	struct inet_addr own, server;
	int fd[3];	 /* UDP 500, UDP 4500, ESP */
	uint16_t port;	 /* on which it last sent something */
	usec since;	 /* peer_listen() */
	struct heard heard[HEARD_MAX];
	size_t n_heard;
};

/* Opens its sockets on @own, which must be an address of this machine. */
void peer_open(struct peer *p, struct inet_addr own, struct inet_addr server, const char *psk);

/* Forgets the exchange; what comes next is another, under a cookie of its own. */
void peer_forget(struct peer *p);

/* ---- messages ---- */
void peer_message1(struct peer *p, struct message *m);
void peer_message3(struct peer *p, struct message *m);
void peer_message5(struct peer *p, struct message *m);
void peer_quick1(struct peer *p, struct message *m);
/* An encrypted Notify of the ISAKMP SA, with its cookies as SPI. */
void peer_notify(struct peer *p, struct message *m, uint16_t type, uint32_t data);
/* A header and nothing behind it, its length field right. */
void peer_header(struct message *m, const uint8_t cky_i[8], const uint8_t cky_r[8],
		 uint8_t exchange, uint8_t flags, uint32_t msgid);

/* ---- talking ---- */
/* By way of 4500 with the marker, or 500, as the exchange stands. */
void peer_send(struct peer *p, const struct message *m);
/* On this port of both, as it is. */
void peer_send_on(struct peer *p, uint16_t port, const void *b, size_t len);
/* As bare ESP. */
void peer_send_esp(struct peer *p, const void *b, size_t len);
/* Main Mode up to message 2, 4 or 6, or Quick Mode up to its message 2 (8). False: that did not
 * come within five and a half seconds. */
bool peer_go(struct peer *p, uint8_t message);
/* Waits for that message, and sends nothing. */
bool peer_await(struct peer *p, uint8_t message);
/* From here on what comes is the answer. */
void peer_listen(struct peer *p);
/* Listens that long. */
void peer_wait(struct peer *p, usec for_);
/* What came since peer_listen(), in a line: "message 2 (104 bytes); message 2 (104 bytes) again at
 * 2, 4". Times are seconds since then, to the half second; "again" is the same bytes, "anew" others;
 * "on 500" that it did not come to the port that was last sent from. Lives in @buf. */
const char *peer_heard(const struct peer *p, char *buf, size_t size);

#endif
