/* SPDX-License-Identifier: MIT */
/*
 * unmask.h - the private address behind a NAT-D hash, by trying them all.
 *
 * NAT-D hashes an address with two cookies that stand in the same message, so the hash hides
 * nothing from one who guesses, and private addresses are few: 22 million in RFC 1918, RFC 6598
 * (carrier-grade NAT) and RFC 3927 (link-local) together. A machine tries them in seconds.
 */
#ifndef NATDLAB_OS_UNMASK_H
#define NATDLAB_OS_UNMASK_H

#include "lab/base/mem.h"
#include "nodes/wire/natd.h"

#define UNMASK_PORTS 16
#define UNMASK_HASHES 16

struct unmask {
	enum ike_hash alg; /* a known one */
	uint8_t cky_i[8], cky_r[8];
	size_t n_ports;
	uint16_t ports[UNMASK_PORTS];
	size_t n; /* hashes to look for */
	struct {
		uint8_t hash[HASH_MAX]; /* hash_len(alg) bytes */
		bool found; /* at the end */
		struct inet_ep ep; /* what it is made of, where found */
	} v[UNMASK_HASHES];
	/* Told now and then, by the caller's own thread: hashes tried, of how many. False: stop.
	 * May be NULL. */
	bool (*progress)(void *ctx, uint64_t tried, uint64_t all);
	void *ctx;
	uint64_t tried; /* at the end */
	bool stopped;   /* before the end, by progress() */
};

/* Adds a port to try, or a hash (hash_len(alg) bytes) to look for; one that is there already is
 * left out, because it would be found twice. False: there is no room. */
bool unmask_add_port(struct unmask *u, uint16_t port);
bool unmask_add_hash(struct unmask *u, const uint8_t *hash);
/* Threads to search with, of which the caller of unmask() is one; 0: one for each processor. They
 * are made before there is anything to search, so that a sandbox needs to allow none
 * (sandbox.h). With fewer than asked for a search only takes longer. Lives in @a, until
 * unmask_workers_end(). */
struct unmask_workers *unmask_workers_new(struct arena *a, unsigned threads);
void unmask_workers_end(struct unmask_workers *w);
/* Searches until all are found or nothing is left to try. */
void unmask(struct unmask *u, struct unmask_workers *w);

#endif
