/* SPDX-License-Identifier: MIT */
#include "lab/base/splitmix.h"

/* splitmix64 */
uint64_t splitmix_next(struct splitmix *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* FNV-1a, with the string's end in it: "a", "bc" is not "ab", "c". */
static uint64_t hash_text(uint64_t h, const char *s)
{
	do {
		h = (h ^ (uint8_t)*s) * 0x100000001b3u;
	} while (*s++);
	return h;
}

struct splitmix splitmix_new(uint64_t seed, const char *scenario, const char *name)
{
	struct splitmix d = {seed};

	d.state = splitmix_next(&d);
	d.state ^= hash_text(hash_text(0xcbf29ce484222325u, scenario), name);
	return d;
}
