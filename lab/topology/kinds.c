/* SPDX-License-Identifier: MIT */
#include "lab/topology/kinds.h"

static const char *const names[KINDS] = {
	[KIND_CLIENT] = "client", [KIND_SERVER] = "server", [KIND_ROUTER] = "router",
	[KIND_NAPT] = "napt",     [KIND_EIP] = "eip",       [KIND_HOST] = "host",
	[KIND_VM] = "vm",
};
static const struct words words = WORDS_IN(names);

const struct words *kind_words(void)
{
	return &words;
}

const char *kind_name(enum kind k)
{
	assert(k < KINDS);
	return names[k];
}

enum kind kind_find(const char *name)
{
	int k = word_find(&words, name);

	return k < 0 ? KINDS : (enum kind)k;
}
