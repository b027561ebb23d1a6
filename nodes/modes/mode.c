/* SPDX-License-Identifier: MIT */
#include "nodes/modes/modes_priv.h"

#include <string.h>

const struct client_mode *const *mode_clients(size_t *n)
{
	static const struct client_mode *const all[] = {
		&mode_macos,	&mode_ios,	  &mode_android, &mode_linux_strongswan,
		&mode_linux_plain, &mode_windows_7, &mode_windows_10,
	};

	*n = ARRAY_LEN(all);
	return all;
}

const struct server_mode *const *mode_servers(size_t *n)
{
	static const struct server_mode *const all[] = {
		&mode_rras_2012r2,
		&mode_strongswan_5_3,
		&mode_strongswan_5_9,
		&mode_strongswan_forceencaps,
		&mode_libreswan,
		&mode_libreswan_encapsulation,
		&mode_openswan_forceencaps,
		&mode_racoon_force,
		&mode_softether_4,
		&mode_softether_5,
		&mode_softether_5_listen,
		&mode_no_natt,
		&mode_draft_only,
	};

	*n = ARRAY_LEN(all);
	return all;
}

static bool is_named(const char *mode, const char *name)
{
	return strcmp(mode, name) == 0;
}

const struct client_mode *mode_client(const char *name)
{
	size_t n;
	const struct client_mode *const *all = mode_clients(&n);

	for (size_t i = 0; i < n; i++)
		if (is_named(all[i]->name, name))
			return all[i];
	return NULL;
}

const struct server_mode *mode_server(const char *name)
{
	size_t n;
	const struct server_mode *const *all = mode_servers(&n);

	for (size_t i = 0; i < n; i++)
		if (is_named(all[i]->name, name))
			return all[i];
	return NULL;
}

const char *certainty_name(enum certainty c)
{
	static const char *const names[] = {"high", "medium", "low"};

	return names[c];
}

const char *known_field_name(enum known_field f)
{
	static const char *const names[KNOWN_FIELDS] = {
		[KNOWN_LENGTHS] = "lengths of messages",
		[KNOWN_ORDER] = "order of payloads",
		[KNOWN_VIDS] = "vendor IDs",
		[KNOWN_TRANSFORMS] = "Main Mode transforms",
		[KNOWN_ENCODING] = "their encoding",
		[KNOWN_NONCE] = "length of nonces",
		[KNOWN_HASHES] = "NAT-D hashes",
		[KNOWN_VERDICT] = "what NAT-D leads to",
		[KNOWN_PORTS] = "ports",
		[KNOWN_QUICK] = "Quick Mode IDs",
		[KNOWN_ESP] = "ESP transforms",
		[KNOWN_NATOA] = "NAT-OA",
		[KNOWN_NOTIFIES] = "notifies, Deletes",
		[KNOWN_MAIN_TIMES] = "first message again",
		[KNOWN_LATER_TIMES] = "later ones again",
		[KNOWN_END] = "when it gives up",
		[KNOWN_DUPLICATES] = "duplicates",
		[KNOWN_WRONG] = "wrong input",
		[KNOWN_L2TP] = "L2TP",
		[KNOWN_PPP] = "PPP",
	};

	return names[f];
}

const char *basis_name(enum basis b)
{
	static const char *const names[] = {"captured", "documented", "inferred"};

	return names[b];
}

struct view vid_rule_bytes(const struct vid_rule *rule)
{
	return rule->vid == VIDS ? rule->other : vid_bytes(rule->vid);
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
