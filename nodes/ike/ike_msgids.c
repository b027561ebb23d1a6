/* SPDX-License-Identifier: MIT */
/*
 * ike_msgids.c - the message IDs of exchanges that an SA's peer has begun: none is taken twice.
 *
 * All of them are remembered for the life of the SA. There are at most IKE_MSGIDS_MAX: then the
 * peer begins nothing more under this SA, for to forget one would be to take its replay.
 */
#include "nodes/ike/ike_priv.h"

#include <stdlib.h>

#define SLOTS_MIN 16

/* Its slot, or the free one where it belongs: 0 is no message ID of phase 2. */
static uint32_t *slot_of(const struct ike_msgids *m, uint32_t msgid)
{
	size_t at = (size_t)hash_bytes(&msgid, sizeof(msgid)) & (m->size - 1);

	while (m->slots[at] && m->slots[at] != msgid)
		at = (at + 1) & (m->size - 1);
	return &m->slots[at];
}

static void grow(struct ike_msgids *m)
{
	struct ike_msgids old = *m;

	m->size = old.size ? 2 * old.size : SLOTS_MIN;
	m->slots = calloc(m->size, sizeof(*m->slots));
	if (!m->slots)
		abort();
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i])
			*slot_of(m, old.slots[i]) = old.slots[i];
	free(old.slots);
}

bool msgids_have(const struct ike_msgids *m, uint32_t msgid)
{
	return m->size && *slot_of(m, msgid) == msgid;
}

enum drop msgids_check(const struct ike_msgids *m, uint32_t msgid)
{
	if (msgids_have(m, msgid))
		return DROP_REPLAY;
	return m->n < IKE_MSGIDS_MAX ? DROP_NONE : DROP_LIMIT;
}

void msgids_note(struct ike_msgids *m, uint32_t msgid)
{
	assert(msgid && m->n < IKE_MSGIDS_MAX);
	if (2 * m->n >= m->size)
		grow(m);
	m->n += *slot_of(m, msgid) != msgid;
	*slot_of(m, msgid) = msgid;
}

void msgids_free(struct ike_msgids *m)
{
	free(m->slots);
	*m = (struct ike_msgids){0};
}
