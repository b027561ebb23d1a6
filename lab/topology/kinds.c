/* SPDX-License-Identifier: MIT */
#include "lab/topology/kinds.h"

static const char *const names[KINDS] = {
	[KIND_CLIENT] = "client", [KIND_SERVER] = "server", [KIND_ROUTER] = "router",
	[KIND_NAPT] = "napt",     [KIND_EIP] = "eip",       [KIND_HOST] = "host",
	[KIND_VM] = "vm",
};
const struct words kind_words = WORDS_IN(names);

const char *kind_name(enum kind k)
{
	assert(k < KINDS);
	return names[k];
}

enum kind kind_find(const char *name)
{
	int k = word_find(&kind_words, name);

	return k < 0 ? KINDS : (enum kind)k;
}
