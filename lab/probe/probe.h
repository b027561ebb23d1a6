/* SPDX-License-Identifier: MIT */
/*
 * probe.h - asks a server what it says of itself: Main Mode messages 1 to 4, twice, without a
 * secret. Pure: bytes and the time go in, bytes and a deadline come out.
 *
 * The first exchange offers what Windows offers, but for the first NAT-D hash of message 3, which
 * is random: if it comes back in message 4, the server copies, which is proven even of a public
 * server, where a copy and the truth are the same bytes. The second exchange is that of a client
 * that no server takes for Microsoft's: it shows what the server says when it does not copy.
 */
#ifndef NATDLAB_PROBE_PROBE_H
#define NATDLAB_PROBE_PROBE_H

#include "lab/infer/emit_topology.h"
#include "lab/analysis/natd_judge.h"
#include "nodes/crypto/crypto.h"
#include "nodes/base/node.h"
#include "nodes/modes/gate.h"

#define PROBE_PACKETS 6         /* sent at the most, both exchanges together */
#define PROBE_TIMEOUT (3 * SEC)

enum probe_as { PROBE_WINDOWS, PROBE_PLAIN, PROBES };

struct probe;

/* A probe of @server, not begun yet. @local: our own address and port, as far as this machine knows
 * them. @env is copied. What it holds is in @a, but for what probe_free() frees. */
struct probe *probe_new(struct arena *a, struct inet_ep local, struct inet_ep server,
			const struct node_env *env);
void probe_free(struct probe *p);
/* Begins both exchanges: sends by the environment's send(). */
void probe_start(struct probe *p, usec now);
/* A datagram that came in; what is not from the server's address is passed over. */
void probe_input(struct probe *p, usec now, const struct datagram *d);
/* To be called when the time of probe_deadline() has come; USEC_NEVER: nothing is waited for. */
void probe_timer(struct probe *p, usec now);
usec probe_deadline(const struct probe *p);
/* Have both exchanges ended, one way or the other? */
bool probe_done(const struct probe *p);
unsigned probe_sent(const struct probe *p); /* packets */
/* Has anything come from the server? */
bool probe_heard(const struct probe *p);
/* Is this an answer to one of our messages, from any address? */
bool probe_knows(const struct probe *p, const uint8_t *data, size_t len);

/* What the socket saw besides answers (probe_socket.h). */
struct probe_wire {
	struct inet_ep local, server; /* ours as this machine knows it; the one that is asked */
	struct inet_ep other_sender;  /* answered in the server's place; port 0: none */
	bool unreachable;             /* so it was told by ICMP: */
	uint8_t icmp_type, icmp_code;
	struct inet_addr icmp_from;
};

struct probe_result {
	bool answered[PROBES];          /* message 4 came */
	const struct exchange *x[PROBES]; /* NULL: not even message 2 */
	enum reason end[PROBES];	  /* REASON_PROBED, REASON_NO_REPLY, ... */
	uint16_t notify[PROBES];        /* the error that it told in clear; 0 none */
	bool ike2;                      /* it answered in IKEv2 */
	struct judgement j[PROBES];
	bool copies;                    /* the random hash came back: proven */
	enum hash_class server_hash, peer_hash; /* towards a Microsoft client */
	bool server_behind_nat;         /* what Windows concludes */
	/* What the server says when it does not copy, but for a NAT that is proven to be pretended;
	 * one that draws its hash at random (strongSwan's forceencaps) cannot be told from one
	 * behind NAT. Known: the plain exchange was answered, with a hash that tells. */
	bool server_behind_nat_truly, server_known;
	bool self_behind_nat, self_known; /* of ourselves */
	/* For registry values 0, 1, 2: a client at home behind NAT, and a public one. */
	struct windows_verdict home[GATE_VALUES], public_client[GATE_VALUES];
};

/* What the answers say of the server, of the NATs before it and before us, and what Windows makes
 * of it. *@out is overwritten whole; its exchanges are the probe's. */
void probe_judge(const struct probe *p, struct probe_result *out);

/* The exchanges of which there is something to write down, for emit_modes(); their number, at most
 * PROBES. @own: the server's own address, where it is known. Judges @r's exchanges anew. */
size_t probe_emit(const struct probe *p, const struct inet_addr *own, struct probe_result *r,
		  struct emit_seen out[PROBES]);

#endif
