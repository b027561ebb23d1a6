/* SPDX-License-Identifier: MIT */
#include "lab/infer/emit_mode.h"

/* ---- pieces ---- */

static void put_bool(FILE *f, bool b)
{
	fputs(b ? "true" : "false", f);
}

/* The key's word of that number. */
static void put_word(FILE *f, enum key k, unsigned number)
{
	fputs(word_of(key_row(k)->words, number), f);
}

static void put_vid(FILE *f, const struct vid_rule *v)
{
	struct view b = vid_rule_bytes(v);

	if (v->vid != VIDS)
		fputs(vid_word(v->vid), f);
	else
		fputs("0x", f);
	for (size_t i = 0; i < b.len && v->vid == VIDS; i++)
		fprintf(f, "%02x", b.p[i]);
	if (v->if_peer_sent)
		fputs(v->any_tail ? " if begun" : " if sent", f);
}

static void put_time(FILE *f, uint32_t ms)
{
	if (ms % 1000)
		fprintf(f, "%ums", ms);
	else
		fprintf(f, "%us", ms / 1000);
}

static void put_retry(FILE *f, const struct retry *r)
{
	fputc('[', f);
	for (size_t i = 0; i < r->n; i++) {
		fputs(i ? ", " : "", f);
		put_time(f, r->at_ms[i]);
	}
	fputc(']', f);
}

static void put_set(FILE *f, uint32_t set, const char *(*name)(unsigned value))
{
	const char *between = "[";

	for (unsigned v = 0; v < 32; v++) {
		if (!(set & ACCEPT(v)))
			continue;
		fprintf(f, "%s%s", between, name(v));
		between = ", ";
	}
	fputc(']', f);
}

/* ---- keys ---- */

static void natt(FILE *f, const struct server_mode *row)
{
	put_bool(f, row->natt);
}

static void vendor_ids(FILE *f, const struct server_mode *row)
{
	fputc('[', f);
	for (size_t i = 0; i < row->n_vids; i++) {
		fputs(i ? ", " : "", f);
		put_vid(f, &row->vids[i]);
	}
	fputc(']', f);
}

static void one_natt_id(FILE *f, const struct server_mode *row)
{
	put_bool(f, row->one_natt_vid);
}

static void ciphers(FILE *f, const struct server_mode *row)
{
	static const struct {
		unsigned cipher, keybits;
	} v[] = {{CIPHER_AES, 256}, {CIPHER_AES, 192}, {CIPHER_AES, 128}, {CIPHER_3DES, 0},
		 {CIPHER_DES, 0}};
	const char *between = "[";
	char buf[24];

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (!(row->phase1.ciphers & ACCEPT(v[i].cipher)) ||
		    (v[i].keybits && !(row->phase1.keys & ACCEPT_KEY(v[i].keybits))))
			continue;
		fprintf(f, "%s%s", between, isakmp_cipher_name(v[i].cipher, v[i].keybits, buf));
		between = ", ";
	}
	fputc(']', f);
}

static void hashes(FILE *f, const struct server_mode *row)
{
	put_set(f, row->phase1.hashes, isakmp_hash_name);
}

static void groups(FILE *f, const struct server_mode *row)
{
	put_set(f, row->phase1.groups, isakmp_group_name);
}

static void sa_payload(FILE *f, const struct server_mode *row)
{
	put_word(f, KEY_SA_PAYLOAD, row->sa_encoding);
}

static void attributes(FILE *f, const struct server_mode *row)
{
	fputc('[', f);
	for (size_t i = 0; i < MODE_ATTRS && row->phase1_attrs[i]; i++)
		fprintf(f, "%s%s", i ? ", " : "", phase1_attr_name(row->phase1_attrs[i]));
	fputc(']', f);
}

static void life(FILE *f, const struct server_mode *row)
{
	put_word(f, KEY_LIFE, row->life_variable);
}

static void transform_number(FILE *f, const struct server_mode *row)
{
	put_word(f, KEY_TRANSFORM_NUMBER, row->keeps_number);
}

static void nonce(FILE *f, const struct server_mode *row)
{
	fprintf(f, "%u", row->nonce_len);
}

static void message_4(FILE *f, const struct server_mode *row)
{
	fputc('[', f);
	for (size_t i = 0; i < row->n_message4; i++) {
		fputs(i ? ", " : "", f);
		if (row->message4[i].kind == ANSWER_VID)
			put_vid(f, &row->message4[i].vid);
		else
			fputs(answer_kind_name(row->message4[i].kind), f);
	}
	fputc(']', f);
}

static void hashes_unasked(FILE *f, const struct server_mode *row)
{
	put_bool(f, row->natd_unasked);
}

static void server_hash(FILE *f, const struct server_mode *row)
{
	fputs(natd_own_name(row->natd_own), f);
}

static void bound(FILE *f, const struct server_mode *row)
{
	put_bool(f, !row->address_zero);
}

static void peer_hash(FILE *f, const struct server_mode *row)
{
	fputs(natd_peer_name(row->natd_peer), f);
}

static void message_2_again(FILE *f, const struct server_mode *row)
{
	put_retry(f, &row->message2_retry);
}

static void message_4_again(FILE *f, const struct server_mode *row)
{
	put_retry(f, &row->message4_retry);
}

static void half_open(FILE *f, const struct server_mode *row)
{
	put_time(f, row->half_open_ms);
}

static void half_open_delete(FILE *f, const struct server_mode *row)
{
	put_bool(f, row->half_open_delete);
}

static void duplicate_1(FILE *f, const struct server_mode *row)
{
	put_word(f, KEY_DUPLICATE_1, row->dup_message1);
}

static void duplicate_3(FILE *f, const struct server_mode *row)
{
	put_word(f, KEY_DUPLICATE_3, row->dup_message3 == DUP_SILENCE);
}

static void duplicate_5(FILE *f, const struct server_mode *row)
{
	put_word(f, KEY_DUPLICATE_5, row->dup_message5 == DUP_SILENCE);
}

static void no_proposal(FILE *f, const struct server_mode *row)
{
	put_word(f, KEY_NO_PROPOSAL, row->no_proposal);
}

static const struct said {
	enum key key;
	enum aspect aspect;
	void (*put)(FILE *f, const struct server_mode *row);
} said[] = {
	{KEY_NATT, ASPECT_NATT, natt},
	{KEY_VENDOR_IDS, ASPECT_VIDS, vendor_ids},
	{KEY_ONE_NATT_ID, ASPECT_VIDS, one_natt_id},
	{KEY_CIPHERS, ASPECT_CHOICE, ciphers},
	{KEY_HASHES, ASPECT_CHOICE, hashes},
	{KEY_GROUPS, ASPECT_CHOICE, groups},
	{KEY_SA_PAYLOAD, ASPECT_SA, sa_payload},
	{KEY_ATTRIBUTES, ASPECT_SA, attributes},
	{KEY_LIFE, ASPECT_SA, life},
	{KEY_TRANSFORM_NUMBER, ASPECT_SA, transform_number},
	{KEY_NONCE, ASPECT_NONCE, nonce},
	{KEY_MESSAGE_4, ASPECT_MESSAGE_4, message_4},
	{KEY_HASHES_UNASKED, ASPECT_UNASKED, hashes_unasked},
	{KEY_OWN_HASH, ASPECT_OWN_HASH, server_hash},
	{KEY_BOUND, ASPECT_OWN_HASH, bound},
	{KEY_OWN_PEER_HASH, ASPECT_PEER_HASH, peer_hash},
	{KEY_MESSAGE_2_AGAIN, ASPECT_AGAIN_2, message_2_again},
	{KEY_MESSAGE_4_AGAIN, ASPECT_AGAIN_4, message_4_again},
	{KEY_HALF_OPEN, ASPECT_HALF_OPEN, half_open},
	{KEY_HALF_OPEN_DELETE, ASPECT_HALF_OPEN, half_open_delete},
	{KEY_DUPLICATE_1, ASPECT_DUPLICATE_1, duplicate_1},
	{KEY_DUPLICATE_3, ASPECT_DUPLICATE_3, duplicate_3},
	{KEY_DUPLICATE_5, ASPECT_DUPLICATE_5, duplicate_5},
	{KEY_NO_PROPOSAL, ASPECT_REFUSAL, no_proposal},
};

enum aspect emit_key_aspect(enum key k)
{
	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		if (said[i].key == k)
			return said[i].aspect;
	return ASPECTS;
}

void emit_key_value(FILE *f, const struct server_mode *row, enum key k)
{
	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		if (said[i].key == k)
			said[i].put(f, row);
}
