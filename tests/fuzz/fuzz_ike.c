/* SPDX-License-Identifier: MIT */
/*
 * fuzz_ike.c - a stranger's bytes, and authentic nonsense, into an exchange that has come to any
 * point, at either end.
 *
 * Byte 0: how many true messages go before, and which server. Byte 1: which end is fed, and how:
 * the bytes as they are, with the exchange's own cookies, or as the payloads of an encrypted
 * message whose key and HASH are right.
 */
#include <stdlib.h>
#include <string.h>

#include "nodes/ike/ike_priv.h"
#include "tests/unit/ike_net.h"

#define INPUT_MAX 3000
#define MESSAGES 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const servers[] = {"rras-2012r2", "strongswan-5.3", "softether-4"};

enum how { RAW, OWN_COOKIES, ENCRYPTED_QUICK, ENCRYPTED_INFO };

/* An encrypted message around @len bytes of payloads, the first of type @next. */
static size_t authentic(const struct ike_sa *sa, enum how how, uint8_t next, uint32_t msgid,
			const uint8_t *payloads, size_t len, uint8_t *out, size_t size)
{
	bool main_mode = sa->state < MAIN_UP;
	uint8_t exchange = main_mode		    ? EXCHANGE_MAIN
			   : how == ENCRYPTED_QUICK ? EXCHANGE_QUICK
						    : EXCHANGE_INFORMATIONAL;
	uint8_t iv[BLOCK_MAX], *hash = NULL;
	struct isakmp_out o;

	isakmp_begin(&o, out, size, sa->cky_i, sa->cky_r, exchange, ISAKMP_FLAG_ENCRYPTED,
		     main_mode ? 0 : msgid);
	if (!main_mode)
		hash = crypt_hash_begin(&sa->keys, &o);
	wr_patch_u8(&o.w, o.next_at, next);
	wr_bytes(&o.w, payloads, len);
	memcpy(iv, sa->iv, BLOCK_MAX);
	if (hash) {
		ike_keys_hash1(&sa->keys, msgid, crypt_hash_rest(&sa->keys, &o), hash);
		ike_keys_phase2_iv(&sa->keys, sa->iv, msgid, iv);
	}
	return crypt_close(&sa->keys, iv, &o);
}

static struct net *exchange_after(const char *server, size_t messages)
{
	struct client_mode client = *mode_client("windows-10");
	static struct client_mode kept;
	struct net *net;

	/* The cheapest group that the server takes. */
	client.phase1[0] = client.phase1[strcmp(server, "softether-4") == 0 ? 4 : 1];
	client.n_phase1 = 1;
	kept = client;
	net = net_new_rows(&kept, mode_server(server), true, true, "x", "x");
	ike_dial(net->client.ike, 0);
	while (net->done < net->n && net->done < messages)
		net_deliver(net, &net->frames[net->done++]);
	return net;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t msg[INPUT_MAX + 200];
	struct ike_sa *sa;
	struct net *net;
	struct end *end;
	enum how how;
	bool floated;
	size_t n;

	if (len < 8 || len > INPUT_MAX)
		return 0;
	net = exchange_after(servers[data[0] / MESSAGES % 3], data[0] % MESSAGES);
	end = data[1] & 1 ? &net->client : &net->server;
	how = (enum how)(data[1] >> 1 & 3);
	sa = end->ike->lists[FINISHED].newest;
	if (!sa)
		sa = end->ike->lists[HALF_OPEN].newest;
	n = len - 2;
	memcpy(msg, data + 2, n);
	if (how >= ENCRYPTED_QUICK && sa && sa->keys.key_len)
		n = authentic(sa, how, data[2], data[3] + 1u, data + 4, len - 4, msg, sizeof(msg));
	else if (how != RAW && sa && n >= 16) {
		memcpy(msg, sa->cky_i, 8);
		memcpy(msg + 8, sa->cky_r, 8);
	}
	floated = net->done >= 4;
	for (int twice = 0; twice < 2; twice++) {
		struct datagram d = {
			.via = VIA_UDP,
			.local = inet_ep(end->own, floated ? 4500 : 500),
			.remote = inet_ep(end->is_client ? EIP_PUBLIC : NAPT_PUBLIC,
					  floated ? 4500 : 500),
			.data = msg,
			.len = n,
		};

		ike_input(end->ike, net->now, &d, floated);
	}
	net_run(net, 100 * SEC);
	net_free(net);
	return 0;
}
