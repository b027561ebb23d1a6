/* SPDX-License-Identifier: MIT */
/*
 * ike_priv.h - what the files of ike share.
 *
 *	ike.c           which message is whose; what the layer above asks
 *	ike_rules.c     what the rows say to code of both roles
 *	ike_sa.c        the table of SAs; sending, events, message IDs
 *	ike_msgids.c    the message IDs that were seen
 *	ike_child.c     the ESP SAs of an SA
 *	ike_schedule.c  what is due when
 *	ike_time.c      what is done then
 *	ike_vids.c      vendor IDs
 *	ike_crypt.c     encrypted messages: opening, closing
 *	ike_proposal.c  SA payloads: offering, choosing, answering
 *	ike_main.c      Main Mode, a table of states
 *	ike_natd.c      the detection of NAT in it
 *	ike_quick.c     Quick Mode, likewise
 *	ike_info.c      Informational: Notify, Delete, dead peer detection
 *	ike_wrong.c     what is answered to messages that are wrong
 *
 * A handler gets a message that was parsed completely and whose payloads its row allows. It
 * returns an enum drop, and as long as that is not DROP_NONE it has changed nothing. There is one
 * exception: a message 1 of Quick Mode whose HASH is right may be refused for what it asks; its
 * message ID is noted then, and the peer is answered where the message came from (sa_follow()).
 *
 * Hooks may call back into ike. Nothing is freed while a call is under way: an SA that came to
 * its end is marked gone, taken for nothing from then on, and freed when the outermost call ends.
 */
#ifndef NATDLAB_NODES_IKE_IKE_PRIV_H
#define NATDLAB_NODES_IKE_IKE_PRIV_H

#include <string.h>

#include "lab/base/heap.h"
#include "lab/base/table.h"
#include "nodes/ike/ike.h"
#include "nodes/ike/ike_keys.h"

#define IKE_MESSAGE_MAX 4096   /* nobody sends more with pre-shared keys; longer ones are dropped */
#define IKE_SENT_MAX 1280      /* our own messages: macos' message 1 has about 800 bytes */
#define IKE_SA_BODY_MAX 2048   /* of the SA payload in message 1 */
#define IKE_SAS_MAX 16384      /* of one server: four of each node that a topology can have */
#define IKE_HALF_OPEN_MAX 8192 /* the oldest one makes room */
#define IKE_QUICKS_MAX 8       /* exchanges of one SA; the oldest one makes room */
#define IKE_CHILDREN_MAX 16
#define IKE_MSGIDS_MAX 16384 /* exchanges that a peer may begin under one SA */
#define DIGEST_LEN 20
#define COOKIES_LEN 16 /* of both, as an SPI */

enum { PROTO_ISAKMP = 1, PROTO_ESP = 3 };
enum { ID_IPV4_ADDR = 1, ID_IPV6_ADDR = 5 };
#define DOI_IPSEC 1
#define SITUATION_IDENTITY_ONLY 1
#define AUTH_PSK 1 /* RFC 2409 appendix A */

/* A message that came in. */
struct ike_rx {
	usec now;
	const struct datagram *d;
	bool marker;
	struct isakmp_msg *m;	    /* parsed; of an encrypted one the header, until it is opened */
	uint8_t digest[DIGEST_LEN]; /* of the whole datagram: duplicates are known by it */
};

/* A message that went out and is kept to be sent again. */
struct ike_sent {
	uint8_t buf[IKE_SENT_MAX];
	size_t len;	 /* 0: none */
	uint8_t message; /* its number within the exchange */
	uint32_t msgid;
	const struct retry *retry; /* NULL: never by itself */
	usec first, next;	   /* next: USEC_NEVER when no more is due */
	uint8_t tries;		   /* retransmissions so far */
};

enum main_state {
	MAIN_I_WAIT_2,
	MAIN_I_WAIT_4,
	MAIN_I_WAIT_6,
	MAIN_R_WAIT_1,
	MAIN_R_WAIT_3,
	MAIN_R_WAIT_5,
	MAIN_UP,
	MAIN_DYING, /* deleted; lives on for acknowledgements of Deletes */
};

enum quick_state { QUICK_I_WAIT_2, QUICK_R_WAIT_1, QUICK_R_WAIT_3, QUICK_DONE };

struct nonce {
	uint8_t b[NONCE_MAX];
	size_t len;
};

/* An ID payload's body as sent or received. */
struct id_body {
	uint8_t b[64];
	size_t len; /* 0: none */
	struct inet_addr addr;
	uint8_t protocol;
	uint16_t port;
};

/* The ESP transform that a Quick Mode agreed on. */
struct esp_choice {
	uint8_t esp;
	unsigned keybits;
	uint16_t auth;
	uint16_t encap;
};

/* A set of message IDs: an open hash table, at most half full. Zeroed: empty. */
struct ike_msgids {
	uint32_t *slots;
	size_t n, size;
};

/* One Quick Mode. */
struct ike_quick {
	struct ike_quick *next;
	bool initiator;
	enum quick_state state;
	uint32_t msgid;
	uint8_t iv[BLOCK_MAX];
	struct nonce ni, nr;
	uint32_t spi_in, spi_out;
	struct esp_choice esp;
	struct id_body id_i, id_r;
	struct inet_addr natoa_i, natoa_r;
	uint8_t last_in[DIGEST_LEN];
	struct ike_sent sent;
};

/* A Delete that wants to be acknowledged (MS-IKEE 3.8). */
struct ike_reliable {
	struct ike_reliable *next;
	struct nonce ni;
	struct ike_sent sent;
};

struct ike_sa {
	struct table_link by_cookie;  /* by cky_i */
	struct ike_sa *older, *newer; /* in its list */
	struct ike_sa *next_gone;
	struct ike *ike;
	void *user; /* the layer above's */
	bool initiator, gone;
	enum main_state state;
	uint8_t cky_i[8], cky_r[8];
	struct inet_ep local, remote; /* where its messages go from and to now */
	bool floated;		      /* with the non-ESP marker */
	usec born, last_in, last_out;
	struct heap_item due;
	usec last_keepalive;
	usec proved; /* MAIN_UP since then */
	bool used; /* a Quick Mode has come to its end */
	usec linger; /* MAIN_DYING: the end */

	/* what the peer said of itself */
	bool peer_ms, peer_softether_ms, peer_dpd;
	uint8_t natd_type; /* the revision agreed on: PAYLOAD_NATD, PAYLOAD_NATD_DRAFT, 0 no NAT-T
			    */
	bool nat_known;
	struct natd_seen seen;
	bool told_bad_psk; /* a sign that the peer could not read message 5, or we not its one */

	/* key agreement */
	struct ike_suite suite;
	uint32_t life;
	uint8_t *sai_b; /* body of message 1's SA payload */
	size_t sai_b_len;
	struct nonce ni, nr;
	struct dh *dh;
	uint8_t peer_public[DH_PUBLIC_MAX]; /* as it was sent */
	uint16_t peer_public_len;
	struct ike_keys keys;  /* since message 4 */
	uint8_t iv[BLOCK_MAX]; /* Main Mode: of the next message; then the last block */

	/* the last messages of Main Mode: digests of 1, 3 and 5 (2, 4, 6) and our newest one */
	uint8_t in[3][DIGEST_LEN];
	uint8_t n_in;
	struct ike_sent sent;

	struct ike_quick *quicks;    /* the newest first */
	uint32_t msgid_count;	     /* of our own Quick Modes, where they count */
	struct ike_msgids msgids;    /* of exchanges that the peer has begun */

	struct {
		uint32_t spi_in, spi_out;
	} children[IKE_CHILDREN_MAX];
	uint8_t n_children;

	struct ike_reliable *reliables;

	usec dpd_asked; /* 0: no question open */
	uint32_t dpd_seq;
};

/*
 * What this end's row says to code that runs in both roles: Quick Mode, in which either end may
 * respond, Informational, dates. Where only a server's row has a member, a client's value is the
 * one that means "nothing of the kind". See mode.h for each.
 */
struct ike_rules {
	uint32_t ignores, minds; /* IGNORES_..., MINDS_... */
	uint8_t nonce_len;
	bool pads_whole_block, address_zero, force_natt;
	bool dpd, reliable_delete;
	/* Is a repeated message answered again? Main Mode 1, 3, 5 (to a client: 2, 4, 6), and
	 * message 1 of Quick Mode. */
	bool main_again[3], quick_again;
	/* of who responds in Quick Mode: */
	struct retry quick_retry;
	bool natoa, natoa_unasked, qm_ids_rewritten;
	const uint16_t *phase2_attrs; /* NULL: a transform goes back as it was offered */
	uint16_t tunnel_notify, esp_notify;
	/* A Notify has both cookies as its SPI: of ISAKMP, of ESP. */
	bool isakmp_cookies, esp_cookies;
	/* milliseconds; 0 never */
	uint32_t keepalive_ms, dpd_ms, idle_ms, half_open_ms, unused_ms;
	bool keepalive_always, keepalive_steady, half_open_renewed, half_open_delete;
};

/* The SAs whose Main Mode is not finished, in the order of birth, and those whose Main Mode is, in
 * the order in which that was. */
enum { HALF_OPEN, FINISHED, IKE_LISTS };
struct ike_list {
	struct ike_sa *oldest, *newest;
	size_t n;
};

struct ike {
	/* Of this end's role; the other one is NULL: for AS_CLIENT() and AS_SERVER() only. */
	const struct client_mode *client_row_;
	const struct server_mode *server_row_;
	struct ike_rules rules;
	bool initiator, probe; /* as in struct ike_config, like the next ones */
	uint16_t own_port;
	struct inet_addr own;
	struct inet_ep peer;
	struct node_env env;
	struct ike_hooks hooks;
	char *psk;
	/* The SAs that are not gone. */
	struct table by_cookie;
	struct heap due; /* not later than each one's earliest date */
	struct ike_list lists[IKE_LISTS];
	uint64_t n_born;
	unsigned depth; /* calls under way */
	struct ike_sa *gone;
};

/* ---- rows ---- */

/*
 * The statement behind it runs in a client only, with its row in @row; in a server likewise. There
 * is no other way to a row (tests/style.sh), so that no code of both roles can ask the row of the
 * other one; a function for one role takes its row as an argument.
 */
#define AS_CLIENT(row, ike)                                                                        \
	for (const struct client_mode *row = (ike)->client_row_; row; row = NULL)
#define AS_SERVER(row, ike)                                                                        \
	for (const struct server_mode *row = (ike)->server_row_; row; row = NULL)

static inline const struct ike_rules *rules_of(const struct ike_sa *sa)
{
	return &sa->ike->rules;
}

/* What does this end not look at (IGNORES_...), by its row? */
static inline bool ignores(const struct ike *ike, uint32_t what)
{
	return ike->rules.ignores & what;
}

/* Does this server look at what others do not (MINDS_...)? */
static inline bool minds(const struct ike *ike, uint32_t what)
{
	return ike->rules.minds & what;
}

/* ---- ike_rules.c ---- */
/* Sets the rows and the rules of both roles. */
void ike_rules_init(struct ike *ike, const struct ike_config *cfg);

/* Main Mode is not finished. */
static inline bool sa_half_open(const struct ike_sa *sa)
{
	return sa->state < MAIN_UP;
}

static inline struct view view_of(const void *p, size_t len)
{
	return (struct view){p, len};
}

static inline bool cookie_is(const uint8_t a[8], const uint8_t b[8])
{
	return memcmp(a, b, 8) == 0;
}

static inline bool cookie_zero(const uint8_t a[8])
{
	return cookie_is(a, (const uint8_t[8]){0});
}

/* ---- ike_sa.c ---- */
/* Around every call from outside: what ended meanwhile is freed when the last one leaves. */
void ike_enter(struct ike *ike);
void ike_leave(struct ike *ike);
void ike_reap(struct ike *ike);
/* The SA of a header. Our own first message has no responder cookie yet. */
struct ike_sa *sa_find(struct ike *ike, const struct isakmp_header *h);
struct ike_sa *sa_new(struct ike *ike, const uint8_t cky_i[8], struct inet_ep local,
		      struct inet_ep remote, usec now);
/* The exchange that exactly this message 1 has begun; NULL none. */
struct ike_sa *sa_begun_by(struct ike *ike, const struct ike_rx *rx);
/* One that a message 1 with this cookie, from there, has begun. */
struct ike_sa *sa_begun_under(struct ike *ike, const struct ike_rx *rx);
/* How many SAs are not gone. */
size_t sa_count(const struct ike *ike);
/* Main Mode moves on, never back. */
void sa_set_state(struct ike_sa *sa, enum main_state state);
/* Random, and not zero. */
void draw_cookie(struct ike *ike, uint8_t cookie[8]);
/* Wipes and frees it; the caller has taken it out of its SA's list. */
void quick_free(struct ike_quick *q);
/* Marks as gone, and takes it out of all tables; the memory stays until the outermost call ends. */
void sa_forget(struct ike_sa *sa);
/* Marks as gone and tells the layer above why: a reason of a connection, or REASON_DELETED,
 * REASON_LIMIT, REASON_STATE, REASON_PROBED. Emits EV_EXPIRED of an SA that was given up instead of
 * deleted by either end. */
void sa_end(struct ike_sa *sa, enum reason reason, bool given_up, usec now);
/* The peer deleted it and wants that acknowledged, or we did: down for the layer above, but kept
 * for a while to answer and to ask. */
void sa_linger(struct ike_sa *sa, enum reason reason, usec now);
/* Sends bytes of an SA, or in answer to a datagram, with the marker where it belongs. */
void ike_send(struct ike *ike, struct inet_ep local, struct inet_ep remote, bool marker,
	      const uint8_t *p, size_t len);
void sa_send(struct ike_sa *sa, const uint8_t *p, size_t len, usec now);
/* Sends s->buf for the first time; @retry NULL or empty: never again by itself. */
void sa_send_kept(struct ike_sa *sa, struct ike_sent *s, size_t len, uint8_t message,
		  uint32_t msgid, const struct retry *retry, usec now);
/* Once more; @count it as a retransmission in the event log. */
void sa_send_again(struct ike_sa *sa, struct ike_sent *s, usec now);
/* It is not sent again by itself any more. */
void sent_stop(struct ike_sent *s);
/* Sends again what is due. False: the time to give up has come. */
bool sent_timer(struct ike_sa *sa, struct ike_sent *s, usec now);
/* An address or port of an authentic message of the peer is where it is now. */
void sa_follow(struct ike_sa *sa, const struct ike_rx *rx);
/* A random message ID for an exchange of our own: not 0, and none that the peer has used, as far as
 * a few attempts find one. */
uint32_t fresh_msgid(struct ike_sa *sa);
/* Hands over an event; EV_NOTIFY of a notify that goes out or came in. */
void ike_event(struct ike *ike, const struct event *e);
void event_notify(struct ike_sa *sa, bool sent, uint16_t type);
struct event event_of(const struct ike_sa *sa, enum ev_kind kind); /* with K_CKY_I */
const char *cipher_text(enum ike_cipher cipher, unsigned keybits);

/* Makes a nonce of @len bytes; copies a peer's, of at most NONCE_MAX; shows one. */
void nonce_draw(const struct ike_sa *sa, struct nonce *n, uint8_t len);
void nonce_read(struct nonce *n, struct view v);
struct view nonce_view(const struct nonce *n);
/* Both cookies, one behind the other, in @buf. */
struct view cookies_view(const uint8_t cky_i[8], const uint8_t cky_r[8], uint8_t buf[COOKIES_LEN]);

/* ---- ike_child.c ---- */
/* One more pair; the oldest one of IKE_CHILDREN_MAX makes room. */
void child_add(struct ike_sa *sa, uint32_t spi_in, uint32_t spi_out, usec now);
/* Forgets a pair and tells the layer above. False: there is none with this SPI. */
bool child_forget(struct ike_sa *sa, uint32_t spi_in, usec now);

/* ---- ike_msgids.c ---- */
bool msgids_have(const struct ike_msgids *m, uint32_t msgid);
/* May an exchange of this ID begin? DROP_REPLAY: there was one; DROP_LIMIT: none may any more. */
enum drop msgids_check(const struct ike_msgids *m, uint32_t msgid);
/* After msgids_check(): from now on there was one. */
void msgids_note(struct ike_msgids *m, uint32_t msgid);
void msgids_free(struct ike_msgids *m);

/* ---- ike_vids.c ---- */
/* RFC 3947 when both know it, else a draft that both know (MS-IKEE 3.2.5.1), as the type of its
 * NAT-D payload; 0 none. */
uint8_t vids_natt_revision(const struct vid_rule *own, size_t n, const struct isakmp_msg *m);
/* Does the peer know any revision of NAT-T? */
bool vids_know_natt(const struct isakmp_msg *m);
/* How many of the NAT-T vendor IDs go out. */
enum natt_vids { NATT_ALL, NATT_ONE, NATT_NONE };
/* Which vendor IDs go out, in order, to the @peer's message or, when it is NULL, unasked: how
 * many. */
size_t vids_choose(const struct vid_rule *rules, size_t n, enum natt_vids natt,
		   const struct isakmp_msg *peer, struct view out[MODE_VIDS]);

/* ---- ike_schedule.c ---- */
/* When each of these is due; USEC_NEVER: not at all. */
usec half_open_due(const struct ike_sa *sa);
usec unused_due(const struct ike_sa *sa); /* no Quick Mode has come */
usec idle_due(const struct ike_sa *sa);
usec dpd_due(const struct ike_sa *sa);
usec keepalive_due(const struct ike_sa *sa);
/* Sets the time at which the SA is looked at again: when the first of its dates has come. */
void sa_schedule(struct ike_sa *sa);

/* ---- ike_time.c ---- */
/* Does what is due at an SA; it may be gone then. */
void sa_timer(struct ike_sa *sa, usec now);

/* ---- payload sets, for the tables ---- */
#define ROW_PAYLOADS 8
struct payload_rule {
	uint8_t need[ROW_PAYLOADS];  /* ended by 0; each exactly once, but see twice */
	uint8_t allow[ROW_PAYLOADS]; /* besides, any number */
	uint8_t first;		     /* how many of need[] must lead the message, in that order */
	uint8_t twice;		     /* of need[]: this one comes twice or not at all; 0 none */
};
/* @skips: payloads for which the rule has no use are none of its business. */
enum drop payloads_check(const struct payload_rule *rule, const struct isakmp_msg *m, bool skips);

/* ---- ike_crypt.c ---- */
/*
 * Decrypts the body of an encrypted message into @plain and parses it into rx->m; @iv moves on.
 * DROP_DECRYPT when it is not a whole number of blocks or makes no sense.
 */
enum drop crypt_open(const struct ike_keys *k, uint8_t iv[BLOCK_MAX], const struct ike_rx *rx,
		     uint8_t plain[IKE_MESSAGE_MAX]);
/* Pads, closes and encrypts what was written; @iv moves on. The message's length; 0: too long. */
size_t crypt_close(const struct ike_keys *k, uint8_t iv[BLOCK_MAX], struct isakmp_out *o);
/* What lies behind the HASH payload, which is the first one, up to the padding. */
struct view crypt_rest(const struct isakmp_msg *m);
/* A HASH payload to be filled in when the rest is written. */
uint8_t *crypt_hash_begin(const struct ike_keys *k, struct isakmp_out *o);
struct view crypt_hash_rest(const struct ike_keys *k, const struct isakmp_out *o);
bool hash_right(const struct ike_keys *k, const struct isakmp_msg *m, const uint8_t *want);

/* ---- ike_proposal.c ---- */
void proposal_write_phase1(struct wr *w, const struct client_mode *mode);
/* The first transform that the mode accepts; NULL none. */
const struct isakmp_transform *proposal_choose_phase1(const struct server_mode *mode,
						      const struct isakmp_sa *sa,
						      struct ike_suite *suite);
/* Is the answer one of those that were offered? */
bool proposal_check_phase1(const struct client_mode *mode, const struct isakmp_sa *sa,
			   struct ike_suite *suite);
void proposal_answer_phase1(struct wr *w, const struct server_mode *mode,
			    const struct isakmp_transform *t);
void proposal_write_phase2(struct wr *w, const struct client_mode *mode, uint32_t spi,
			   uint16_t encap);
/* The first transform that this end accepts as responder of a Quick Mode; NULL none. */
const struct isakmp_transform *proposal_choose_phase2(const struct ike *ike,
						      const struct isakmp_sa *sa,
						      struct esp_choice *choice, uint32_t *spi);
bool proposal_check_phase2(const struct client_mode *mode, const struct isakmp_sa *sa,
			   uint16_t encap, struct esp_choice *choice, uint32_t *spi);
void proposal_answer_phase2(struct wr *w, const struct ike_rules *rules,
			    const struct isakmp_sa *sa, const struct isakmp_transform *t,
			    uint32_t spi);

/* ---- ike_main.c ---- */
/* A client's message 1. */
void main_start(struct ike_sa *sa, const struct client_mode *mode, usec now);
/* Message 1 to a server, for which there is no SA yet. */
enum drop main_input_first(struct ike *ike, const struct server_mode *mode,
			   const struct ike_rx *rx);
enum drop main_input(struct ike_sa *sa, struct ike_rx *rx);

/* ---- ike_natd.c ---- */
/* The NAT-D payloads of message 3; and one of message 4 to the message 3 in @rx, that of the server
 * itself or of its peer. */
void ike_natd_ask(const struct ike_sa *sa, struct isakmp_out *o);
void ike_natd_answer(struct ike_sa *sa, const struct server_mode *mode, struct isakmp_out *o,
		     const struct ike_rx *rx, bool own);
/* What message 3 or 4 tells; EV_NAT_SEEN of it. */
void ike_natd_learn(struct ike_sa *sa, const struct ike_rx *rx);
void ike_natd_tell(struct ike_sa *sa);

/* ---- ike_quick.c ---- */
/* A client's message 1. */
void quick_start(struct ike_sa *sa, const struct client_mode *mode, uint16_t port_local, usec now);
enum drop quick_input(struct ike_sa *sa, struct ike_rx *rx);
void quick_timer(struct ike_sa *sa, usec now);
/* Fills in the body of an ID payload: ID_IPV4_ADDR or ID_IPV6_ADDR. */
void id_write(struct id_body *id, struct inet_addr addr, uint8_t protocol, uint16_t port);

/* ---- ike_wrong.c ---- */
/* Mends in a copy, @d and @buf, what this server does not look at, and lets @rx see that. */
void wrong_overlook(const struct ike *ike, struct ike_rx *rx, struct datagram *d,
		    uint8_t buf[IKE_MESSAGE_MAX]);
/* The notify that the row has for this; 0 none. */
uint16_t wrong_notify(const struct server_mode *mode, enum drop drop);
/* Answers a message that was dropped, if the row says so; @sa whose it is, or NULL. */
void wrong_answer(struct ike *ike, struct ike_sa *sa, const struct ike_rx *rx, enum drop drop);
/* A message 1 in which nothing is acceptable. */
void wrong_refuse(struct ike *ike, const struct server_mode *mode, const struct ike_rx *rx);
/* A message of an SA that nobody knows; ESP of an SPI that nobody knows. */
void wrong_cookie(struct ike *ike, const struct ike_rx *rx);
void wrong_spi(struct ike *ike, const struct datagram *d, uint32_t spi);

/* ---- ike_info.c ---- */
enum drop info_input(struct ike_sa *sa, struct ike_rx *rx);
/* Writes a Notify payload. */
void info_put_notify(struct isakmp_out *o, uint8_t protocol, uint16_t type, struct view spi,
		     struct view data);
/* A Notify in clear, to where @rx came from; and a Delete of an ESP SA that is not known. */
void info_send_clear(struct ike *ike, const struct ike_rx *rx, const uint8_t cky_i[8],
		     const uint8_t cky_r[8], uint32_t msgid, uint8_t protocol, uint16_t type,
		     struct view spi, struct view data);
void info_send_unknown_delete(struct ike *ike, const struct ike_rx *rx, const uint8_t cky_i[8],
			      uint32_t msgid, uint32_t spi);
/* An encrypted Notify to where the SA's messages go. */
void info_send_notify(struct ike_sa *sa, uint8_t protocol, uint16_t type);
/* Delete of the ISAKMP SA (@spi 0) or of an ESP SA of ours. */
void info_send_delete(struct ike_sa *sa, uint8_t protocol, uint32_t spi, usec now);
void info_send_delete_clear(struct ike_sa *sa, usec now);
void info_send_dpd(struct ike_sa *sa, usec now);
void info_timer(struct ike_sa *sa, usec now);
/* Clear notifies of a peer that carry other cookies: which SA do they speak of? */
enum drop info_input_clear(struct ike *ike, struct ike_sa *sa, const struct ike_rx *rx);
#endif
