/* SPDX-License-Identifier: MIT */
#include "nodes/mode.h"

#include <string.h>

const struct client_mode *mode_client(const char *name)
{
	const struct client_mode *all;
	size_t n;

	all = mode_clients(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

const struct server_mode *mode_server(const char *name)
{
	const struct server_mode *all;
	size_t n;

	all = mode_servers(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

/* Is the value one of the set? Values come from a peer: any number. */
static bool accepts(uint32_t set, unsigned value)
{
	return value < 32 && (set & ACCEPT(value));
}

static bool accepts_key(uint32_t set, unsigned keybits)
{
	return keybits % 64 == 0 && keybits / 64 < 32 && (set & ACCEPT_KEY(keybits));
}

bool mode_accepts_phase1(const struct phase1_accept *a, unsigned cipher, unsigned keybits,
			 unsigned hash, unsigned group)
{
	if (cipher == CIPHER_AES && !accepts_key(a->keys, keybits))
		return false;
	return accepts(a->ciphers, cipher) && accepts(a->hashes, hash) && accepts(a->groups, group);
}

bool mode_accepts_phase2(const struct phase2_accept *a, unsigned esp, unsigned keybits,
			 unsigned auth)
{
	if (esp == ESP_AES && !accepts_key(a->keys, keybits))
		return false;
	return accepts(a->esp, esp) && accepts(a->auths, auth);
}

bool mode_gate_allows(enum gate gate, int registry, bool self_behind_nat, bool peer_behind_nat)
{
	switch (gate) {
	case GATE_NONE:
		return true;
	case GATE_MICROSOFT:
		if (!peer_behind_nat || registry >= 2)
			return true;
		return registry == 1 && !self_behind_nat;
	}
	return true;
}

enum certainty mode_gate_certainty(enum gate gate, int registry, bool self_behind_nat,
				   bool peer_behind_nat)
{
	switch (gate) {
	case GATE_NONE:
		return CERTAIN_HIGH;
	case GATE_MICROSOFT:
		/* Every log that was found is of a client behind NAT, too, with value 0 or 2. */
		if (peer_behind_nat && (registry == 1 || (registry < 1 && !self_behind_nat)))
			return CERTAIN_MEDIUM;
		return CERTAIN_HIGH;
	}
	return CERTAIN_HIGH;
}
