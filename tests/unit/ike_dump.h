/* SPDX-License-Identifier: MIT */
/*
 * ike_dump.h - the whole state of one end of IKE as text, a line for each member that matters: what
 * "dropped means unchanged" is compared on.
 *
 * Left out: what follows from the rest (the heap's dates, the digest's chains) and the generator of
 * random bytes.
 */
#ifndef NATDLAB_UNIT_IKE_DUMP_H
#define NATDLAB_UNIT_IKE_DUMP_H

#include <inttypes.h>
#include <stdio.h>

#include "nodes/ike/ike_priv.h"

static inline void dump_hex(FILE *f, const char *name, const void *p, size_t len)
{
	fprintf(f, "%s", name);
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", ((const uint8_t *)p)[i]);
	fputc('\n', f);
}

static inline void dump_ep(FILE *f, const char *name, struct inet_ep ep)
{
	dump_hex(f, name, ep.addr.b, ep.addr.len);
	fprintf(f, "%sport %u\n", name, ep.port);
}

static inline void dump_sent(FILE *f, const char *name, const struct ike_sent *s)
{
	fprintf(f, "%s %u msgid %x first %" PRId64 " next %" PRId64 " tries %u\n", name, s->message,
		s->msgid, s->first, s->next, s->tries);
	dump_hex(f, name, s->buf, s->len);
}

static inline void dump_id(FILE *f, const char *name, const struct id_body *id)
{
	dump_hex(f, name, id->b, id->len);
}

static inline void dump_quick(FILE *f, const struct ike_quick *q)
{
	fprintf(f, "quick %x initiator %d state %d spi %x %x\n", q->msgid, q->initiator, q->state,
		q->spi_in, q->spi_out);
	fprintf(f, "quick.esp %u %u %u %u\n", q->esp.esp, q->esp.keybits, q->esp.auth,
		q->esp.encap);
	dump_hex(f, "quick.iv ", q->iv, sizeof(q->iv));
	dump_hex(f, "quick.ni ", q->ni.b, q->ni.len);
	dump_hex(f, "quick.nr ", q->nr.b, q->nr.len);
	dump_id(f, "quick.id_i ", &q->id_i);
	dump_id(f, "quick.id_r ", &q->id_r);
	dump_hex(f, "quick.natoa_i ", q->natoa_i.b, q->natoa_i.len);
	dump_hex(f, "quick.natoa_r ", q->natoa_r.b, q->natoa_r.len);
	dump_hex(f, "quick.last_in ", q->last_in, sizeof(q->last_in));
	dump_sent(f, "quick.sent ", &q->sent);
}

static inline void dump_agreement(FILE *f, const struct ike_sa *sa)
{
	const struct ike_keys *k = &sa->keys;

	fprintf(f, "suite %d %u %d %d life %u\n", sa->suite.cipher, sa->suite.keybits,
		sa->suite.hash, sa->suite.group, sa->life);
	dump_hex(f, "sai_b ", sa->sai_b, sa->sai_b_len);
	dump_hex(f, "ni ", sa->ni.b, sa->ni.len);
	dump_hex(f, "nr ", sa->nr.b, sa->nr.len);
	dump_hex(f, "dh ", sa->dh ? dh_public(sa->dh) : NULL,
		 sa->dh ? group_public_len(sa->suite.group) : 0);
	dump_hex(f, "peer_public ", sa->peer_public, sa->peer_public_len);
	dump_hex(f, "skeyid ", k->skeyid, sizeof(k->skeyid));
	dump_hex(f, "keys.d ", k->d, sizeof(k->d));
	dump_hex(f, "keys.a ", k->a, sizeof(k->a));
	dump_hex(f, "keys.e ", k->e, sizeof(k->e));
	dump_hex(f, "keys.key ", k->key, k->key_len);
	dump_hex(f, "iv ", sa->iv, sizeof(sa->iv));
}

static inline void dump_sa(FILE *f, const struct ike_sa *sa)
{
	fprintf(f, "sa %" PRIu64 " initiator %d\nstate %d\n", sa->due.order, sa->initiator,
		sa->state);
	dump_hex(f, "cky_i ", sa->cky_i, 8);
	dump_hex(f, "cky_r ", sa->cky_r, 8);
	dump_ep(f, "local ", sa->local);
	dump_ep(f, "remote ", sa->remote);
	fprintf(f, "floated %d\nlast_in %" PRId64 "\nlast_out %" PRId64 "\nkeepalive %" PRId64 "\n",
		sa->floated, sa->last_in, sa->last_out, sa->last_keepalive);
	fprintf(f, "born %" PRId64 " proved %" PRId64 " used %d linger %" PRId64 "\n", sa->born,
		sa->proved, sa->used, sa->linger);
	fprintf(f, "peer %d %d %d natd_type %u nat_known %d seen %d %d\ntold_bad_psk %d\n",
		sa->peer_ms, sa->peer_softether_ms, sa->peer_dpd, sa->natd_type, sa->nat_known,
		sa->seen.self_behind_nat, sa->seen.peer_behind_nat, sa->told_bad_psk);
	dump_agreement(f, sa);
	for (uint8_t i = 0; i < sa->n_in; i++)
		dump_hex(f, "in ", sa->in[i], DIGEST_LEN);
	dump_sent(f, "sent ", &sa->sent);
	for (const struct ike_quick *q = sa->quicks; q; q = q->next)
		dump_quick(f, q);
	fprintf(f, "msgid_count %u\nmsgids %zu\n", sa->msgid_count, sa->msgids.n);
	for (size_t i = 0; i < sa->msgids.size; i++)
		if (sa->msgids.slots[i])
			fprintf(f, "msgids %x\n", sa->msgids.slots[i]);
	for (uint8_t i = 0; i < sa->n_children; i++)
		fprintf(f, "child %x %x\n", sa->children[i].spi_in, sa->children[i].spi_out);
	for (const struct ike_reliable *r = sa->reliables; r; r = r->next) {
		dump_hex(f, "reliable ", r->ni.b, r->ni.len);
		dump_sent(f, "reliable ", &r->sent);
	}
	fprintf(f, "dpd %" PRId64 " %u\n", sa->dpd_asked, sa->dpd_seq);
}

/* To be freed by the caller. */
static inline char *ike_dump(const struct ike *ike)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert(f);
	fprintf(f, "ike %zu %zu gone %d depth %u\n", sa_count(ike), ike->lists[HALF_OPEN].n,
		ike->gone != NULL, ike->depth);
	for (size_t i = 0; i < IKE_LISTS; i++)
		for (const struct ike_sa *sa = ike->lists[i].oldest; sa; sa = sa->newer)
			dump_sa(f, sa);
	fclose(f);
	return text;
}

#endif
