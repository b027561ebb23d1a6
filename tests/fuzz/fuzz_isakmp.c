/* SPDX-License-Identifier: MIT */
/*
 * fuzz_isakmp.c - any bytes as an ISAKMP message, and as a decrypted body.
 *
 * What was read must lie within the bytes, and the spans must too; a message that was understood
 * is written again from its payloads and must be understood alike.
 */
#include <string.h>

#include "nodes/wire/isakmp.h"
#include "nodes/wire/vid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_view(struct view v, const uint8_t *data, size_t len)
{
	assert(!v.len || (v.p >= data && v.len <= len && (size_t)(v.p - data) <= len - v.len));
}

static void check_message(const struct isakmp_msg *m, const uint8_t *data, size_t len)
{
	char buf[64];

	for (size_t i = 0; i < m->n_payloads; i++) {
		struct view v = m->payloads[i].body;

		check_view(v, data, len);
		if (m->payloads[i].type != PAYLOAD_VID)
			continue;
		vid_softether_microsoft(v);
		vid_windows_version(v);
		for (const char *s = vid_name(v, buf); s && *s; s++)
			assert(*s >= ' ' && *s < 0x7f);
	}
	check_view(m->ke, data, len);
	check_view(m->nonce, data, len);
	check_view(m->hash, data, len);
	check_view(m->sa.body, data, len);
	for (size_t i = 0; i < m->sa.n_proposals; i++) {
		const struct isakmp_proposal *p = &m->sa.proposals[i];

		check_view(p->spi, data, len);
		assert(p->first_transform + p->n_transforms <= m->sa.n_transforms);
	}
	for (size_t i = 0; i < m->sa.n_transforms; i++) {
		const struct isakmp_transform *t = &m->sa.transforms[i];

		assert(t->proposal < ISAKMP_PROPOSALS);
		check_view(t->raw, data, len);
		for (size_t k = 0; k < t->n_attrs; k++)
			check_view(t->attrs[k].raw, data, len);
	}
	for (size_t i = 0; i < m->n_ids; i++)
		check_view(m->ids[i].data, data, len);
	for (size_t i = 0; i < m->n_notifies; i++)
		check_view(m->notifies[i].data, data, len);
	for (size_t i = 0; i < m->n_deletes; i++)
		check_view(m->deletes[i].spis, data, len);
}

static void check_rewritten(const struct isakmp_msg *m, size_t len)
{
	static uint8_t buf[1 << 17];
	static struct isakmp_msg again;
	struct isakmp_out o;
	size_t n;

	if (len > sizeof(buf))
		return;
	isakmp_begin(&o, buf, sizeof(buf), m->h.cky_i, m->h.cky_r, m->h.exchange, m->h.flags,
		     m->h.msgid);
	for (size_t i = 0; i < m->n_payloads; i++)
		isakmp_payload_put(&o, m->payloads[i].type, m->payloads[i].body.p,
				   m->payloads[i].body.len);
	n = isakmp_end(&o);
	assert(n && n <= len);
	assert(isakmp_parse(&again, buf, n, NULL) == DROP_NONE);
	assert(again.n_payloads == m->n_payloads && !again.trailing);
	assert(again.sa.n_transforms == m->sa.n_transforms && again.natd.n == m->natd.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct isakmp_msg m;
	static struct span v[512];
	struct spans spans = {.v = v, .cap = ARRAY_LEN(v)};
	struct rd r = rd_new(data, len);
	uint8_t first = rd_u8(&r, NULL);

	if (isakmp_parse(&m, data, len, &spans) == DROP_NONE &&
	    !(m.h.flags & ISAKMP_FLAG_ENCRYPTED))
		check_rewritten(&m, len);
	check_message(&m, data, len);
	for (size_t i = 0; i < spans.n; i++)
		assert(v[i].off <= len && v[i].len <= len - v[i].off);

	isakmp_payloads_parse(&m, first, &r);
	check_message(&m, data, len);
	return 0;
}
