/* SPDX-License-Identifier: MIT */
/*
 * exchange.h - what was seen of one exchange, of IKEv1 or of IKEv2.
 *
 * IKEv2 (RFC 7296 2.23): NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP are notifies with
 *
 *	SHA1(SPIi | SPIr | IP | Port)
 *
 * of the sender's and of the receiver's address, in the request with SPIr zero. They come in the
 * exchange's natd3 (request) and natd4 (response) in the order that natd_judge() knows from IKEv1:
 * the receiver's first, then the sender's. The messages are mm[1] and mm[2].
 */
#ifndef NATDLAB_ANALYSIS_EXCHANGE_H
#define NATDLAB_ANALYSIS_EXCHANGE_H

#include "lab/base/inet.h"
#include "nodes/wire/isakmp.h"

#define WATCH_VIDS 24
#define WATCH_NAMES 8

/* Both ends of a message as seen at one place. */
struct sighting {
	const char *place; /* lives as long as the watch */
	usec t;
	struct inet_ep src, dst;
	uint32_t frame;
	uint8_t ttl; /* or hop limit: a sender's own is 64, 128 or 255 */
};

/* A frame that a sentence points to; place NULL: there is none. */
struct mark {
	const char *place; /* lives as long as the watch */
	uint32_t frame;
	usec t;
};

/* One Main Mode transform as offered, in IANA's numbers. */
struct offer {
	uint16_t cipher, keybits, hash, group, auth;
};
#define WATCH_OFFERS 24

/* A clear message as it was on the wire, for who wants to replay it (watch_keep()). */
struct kept {
	uint8_t *b;
	size_t len;   /* 0: not seen, or longer than WATCH_KEPT */
	struct mark at;
};
#define WATCH_KEPT 2048

#define WATCH_AGAIN 10

/* The ESP of an exchange that was seen at one place. */
struct esp_seen {
	const char *place;      /* lives as long as the watch */
	uint32_t n[2];          /* packets: initiator's, responder's; each counted once */
	uint32_t unanswered;    /* the initiator's since the responder's last one */
	usec last[2];           /* when each was last seen */
};

/* An identification payload: in clear in Aggressive Mode only. */
struct identity {
	uint8_t type;         /* RFC 2407 4.6.2.1; 0: not seen */
	uint8_t len;          /* at most what b holds */
	uint8_t b[64];
};

/* Message @n (1..6) of Main Mode, (1..3) of Aggressive Mode or (1, 2) of IKE_SA_INIT, first
 * transmission. */
struct mm_seen {
	bool seen;
	bool read;           /* what is in clear of it; not where the capture cut it short */
	uint8_t n_sightings; /* at most WATCH_NAMES */
	uint32_t len;        /* ISAKMP length */
	uint32_t copies;     /* transmissions, as counted nearest to the sender */
	usec t;
	struct sighting *at; /* in the order of the path: TTL, then time */
	usec *again;         /* when the second one came, the third, ... (WATCH_AGAIN) */
	struct mark last;    /* the last one of them */
};

/* A vendor ID: its bytes, the first so many. */
struct vid_seen {
	uint8_t b[32], len;
};

/*
 * All that was seen of one exchange. The arrays are the watch's, and end with it; a copy of this
 * structure that shall live longer goes through exchange_detach().
 */
struct exchange {
	uint8_t version;             /* 2: IKE_SA_INIT of IKEv2; else IKEv1 */
	uint8_t type;                /* EXCHANGE_MAIN, EXCHANGE_AGGRESSIVE; 0: neither was seen */
	uint8_t cky_i[8], cky_r[8];
	usec first, last;
	struct mm_seen mm[7];        /* 1..6 */
	uint8_t n_vids[2];           /* 0 initiator's, 1 responder's */
	struct vid_seen *vids[2];
	bool offered_natt, answered_natt;
	uint8_t n_offers;            /* message 1's transforms, the first so many */
	struct offer *offers;
	bool chosen;                 /* message 2's transform */
	unsigned cipher, keybits, hash, group, auth;
	uint8_t natd_type;           /* payload type of message 4's, or 3's */
	/* The initiator's and the responder's: messages 3 and 4 of Main Mode, 3 and 2 of
	 * Aggressive Mode, where 3 may be encrypted (RFC 3947 3.2). */
	struct natd_list natd3, natd4;
	struct identity ids[2];      /* initiator's, responder's */
	uint32_t transactions;       /* XAUTH's and Mode Config's messages */
	/* The first message behind phase 1 whose sender is known, turned so that src is the
	 * initiator's end; @guessed: nothing of phase 1 was seen, and the sender of the first Quick
	 * Mode message is taken for the initiator. */
	struct sighting later;
	bool guessed;
	bool floated;                /* any ISAKMP of this exchange on 4500 with the marker */
	uint32_t on_4500[2];         /* ISAKMP messages and keep-alives there, by sender */
	uint32_t quick_modes;        /* distinct message IDs of exchange type 32 */
	uint32_t quick_messages[2];  /* their messages, by sender */
	struct mark quick[2];        /* the first and the last of these */
	uint32_t deletes;            /* Informationals of the initiator's behind phase 1 */
	uint32_t informationals[2];  /* encrypted ones, by sender */
	uint32_t esp[2];             /* ESP packets: initiator's, responder's; each counted once */
	bool esp_udp, esp_raw;
	uint8_t n_esp_at;
	struct esp_seen *esp_at;     /* places where any was seen, at most WATCH_NAMES */
	struct mark first_esp[2];
	uint16_t notify;             /* last unencrypted notify type, 0 none */
	struct mark notify_at;
	struct mark delete_at;       /* the last unencrypted Delete */
	struct kept kept[5];         /* messages 1 to 4; 0: the last unencrypted notify */
	struct mark informational_at[2]; /* the first encrypted one of each */
	uint32_t keepalives[2];
};

/* The message of @x that carries the initiator's NAT-D hashes, or the responder's: 3 and 4 of Main
 * Mode, 3 and 2 of Aggressive Mode (RFC 3947 3.2), 1 and 2 of IKEv2 (RFC 7296 2.23). */
unsigned exchange_natd_message(const struct exchange *x, bool responder);
/* Takes out of *@x, a copy, what is the watch's memory: sightings, vendor IDs, proposals. */
void exchange_detach(struct exchange *x);

#endif
