/* SPDX-License-Identifier: MIT */
#include "lab/os/unmask.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 256
#define PIECE 65536 /* addresses that a thread takes at once: a /16 */
#define MESSAGE_LEN 22

/* The likeliest first: homes, then clouds, then companies. */
static const struct {
	uint32_t first;
	uint32_t pieces;
} spaces[] = {
	{0xc0a80000, 1},   /* 192.168/16 */
	{0xac100000, 16},  /* 172.16/12 */
	{0x0a000000, 256}, /* 10/8 */
	{0x64400000, 64},  /* 100.64/10, RFC 6598 */
	{0xa9fe0000, 1},   /* 169.254/16, RFC 3927 */
};

/* What the threads share. The thread that finds a hash first says in @u what it is made of. */
struct search {
	struct unmask *u;
	uint32_t pieces;
	atomic_uint next, done; /* pieces */
	atomic_uint found;
	atomic_bool is_found[UNMASK_HASHES];
};

/* Threads that wait for searches. All of it but @threads, @n and @search is under @lock. */
struct unmask_workers {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct search search;  /* the last that was begun; made while no thread is busy */
	unsigned searches;     /* how many were begun */
	unsigned busy;	       /* threads that are not done with the last, or not running yet */
	bool end;
	unsigned n;
	pthread_t threads[THREADS_MAX];
};

bool unmask_add_port(struct unmask *u, uint16_t port)
{
	for (size_t i = 0; i < u->n_ports; i++)
		if (u->ports[i] == port)
			return true;
	if (u->n_ports == UNMASK_PORTS)
		return false;
	u->ports[u->n_ports++] = port;
	return true;
}

bool unmask_add_hash(struct unmask *u, const uint8_t *hash)
{
	size_t len = hash_len(u->alg);

	for (size_t i = 0; i < u->n; i++)
		if (!memcmp(u->v[i].hash, hash, len))
			return true;
	if (u->n == UNMASK_HASHES)
		return false;
	memcpy(u->v[u->n].hash, hash, len);
	u->v[u->n++].found = false;
	return true;
}

static uint32_t all_pieces(void)
{
	uint32_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(spaces); i++)
		n += spaces[i].pieces;
	return n;
}

static uint32_t first_address(uint32_t piece)
{
	size_t i = 0;

	while (piece >= spaces[i].pieces)
		piece -= spaces[i++].pieces;
	return spaces[i].first + piece * PIECE;
}

static void compare(struct search *s, const uint8_t *hash, size_t len, uint32_t addr, uint16_t port)
{
	for (size_t i = 0; i < s->u->n; i++) {
		if (atomic_load_explicit(&s->is_found[i], memory_order_relaxed) ||
		    memcmp(s->u->v[i].hash, hash, len) != 0 ||
		    atomic_exchange(&s->is_found[i], true))
			continue; /* what is found counts once, however often it fits */
		s->u->v[i].ep = inet_ep(inet_v4(addr), port);
		atomic_fetch_add(&s->found, 1);
	}
}

static void try_piece(struct search *s, struct hasher *h, uint32_t first)
{
	const struct unmask *u = s->u;
	size_t len = hash_len(u->alg);
	uint8_t message[MESSAGE_LEN], hash[HASH_MAX];

	memcpy(message, u->cky_i, 8);
	memcpy(message + 8, u->cky_r, 8);
	message[16] = (uint8_t)(first >> 24);
	message[17] = (uint8_t)(first >> 16);
	for (size_t p = 0; p < u->n_ports; p++) {
		message[20] = (uint8_t)(u->ports[p] >> 8);
		message[21] = (uint8_t)u->ports[p];
		for (uint32_t low = 0; low < PIECE; low++) {
			message[18] = (uint8_t)(low >> 8);
			message[19] = (uint8_t)low;
			hasher_digest(h, message, sizeof(message), hash);
			compare(s, hash, len, first + low, u->ports[p]);
		}
	}
}

/* Takes pieces until none is left. */
static void work(struct search *s, bool tell)
{
	struct hasher *h = hasher_new(s->u->alg);
	uint64_t each = (uint64_t)PIECE * s->u->n_ports;
	uint32_t piece;

	while (atomic_load(&s->found) < s->u->n &&
	       (piece = atomic_fetch_add(&s->next, 1)) < s->pieces) {
		try_piece(s, h, first_address(piece));
		atomic_fetch_add(&s->done, 1);
		if (tell && s->u->progress &&
		    !s->u->progress(s->u->ctx, atomic_load(&s->done) * each, s->pieces * each)) {
			s->u->stopped = true;
			atomic_store(&s->next, s->pieces); /* nothing is left for the others */
		}
	}
	hasher_free(h);
}

/* Does each search that is begun, until there will be none. */
static void *worker(void *arg)
{
	struct unmask_workers *w = arg;
	unsigned done = 0;

	pthread_mutex_lock(&w->lock);
	w->busy--;
	pthread_cond_broadcast(&w->changed);
	while (!w->end) {
		if (done == w->searches) {
			pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		done = w->searches;
		pthread_mutex_unlock(&w->lock);
		work(&w->search, false);
		pthread_mutex_lock(&w->lock);
		w->busy--;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Until no thread is busy. The lock is held. */
static void wait_idle(struct unmask_workers *w)
{
	while (w->busy)
		pthread_cond_wait(&w->changed, &w->lock);
}

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)MIN(n, THREADS_MAX);
}

struct unmask_workers *unmask_workers_new(struct arena *a, unsigned threads)
{
	struct unmask_workers *w = arena_new_of(a, struct unmask_workers);
	unsigned n = MIN(threads ? threads : processors(), (unsigned)THREADS_MAX);

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	/* The caller of unmask() works, too. */
	pthread_mutex_lock(&w->lock);
	while (w->n + 1 < n && !pthread_create(&w->threads[w->n], NULL, worker, w))
		w->n++;
	w->busy = w->n;
	/* A new thread makes system calls of its own, before its function begins. */
	wait_idle(w);
	pthread_mutex_unlock(&w->lock);
	return w;
}

void unmask_workers_end(struct unmask_workers *w)
{
	pthread_mutex_lock(&w->lock);
	w->end = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->n; i++)
		pthread_join(w->threads[i], NULL);
}

void unmask(struct unmask *u, struct unmask_workers *w)
{
	struct search *s = &w->search;

	assert(hash_known(u->alg) && u->n <= UNMASK_HASHES && u->n_ports <= UNMASK_PORTS);
	pthread_mutex_lock(&w->lock);
	*s = (struct search){.u = u, .pieces = all_pieces()};
	w->searches++;
	w->busy = w->n;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	work(s, true);
	pthread_mutex_lock(&w->lock);
	wait_idle(w);
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < u->n; i++)
		u->v[i].found = atomic_load(&s->is_found[i]);
	u->tried = (uint64_t)atomic_load(&s->done) * PIECE * u->n_ports;
}
