/* SPDX-License-Identifier: MIT */
/*
 * topo_text.h - a good file, changes to it, and what is said of the result.
 */
#ifndef NATDLAB_UNIT_TOPO_TEXT_H
#define NATDLAB_UNIT_TOPO_TEXT_H

#include "tests/unit/topo.h"
#include "lab/load/load.h"

/* A small file without a mistake. Lines and columns in tests are those of this text. */
static const char small_file[] =
	"name: small\n"
	"title: A client and a server\n"
	"topology:\n"
	"  kinds:\n"
	"    client: {psk: lab-psk}\n"
	"  nodes:\n"
	"    client: {kind: client, mode: windows-10, registry: 0, dials: 203.0.113.10}\n"
	"    home:   {kind: napt, outside: wan}\n"
	"    net:    {kind: router}\n"
	"    igw:    {kind: eip, outside: wan, map: {203.0.113.10: server}}\n"
	"    server: {kind: server, mode: rras-2012r2, psk: lab-psk, allow: [udp/500, udp/4500]}\n"
	"  links:\n"
	"    - {endpoints: [\"client:eth0\", \"home:lan\"], subnet: 192.168.1.0/24}\n"
	"    - {endpoints: [\"home:wan\", \"net:eth0\"], subnet: 198.51.100.0/24}\n"
	"    - {endpoints: [\"net:eth1\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
	"    - {endpoints: [\"igw:vpc\", \"server:eth0\"], subnet: 172.31.0.0/20}\n"
	"matrix:\n"
	"  server.mode: [rras-2012r2, softether-4]\n"
	"  client:\n"
	"    mac: {mode: macos}\n"
	"    registry-2: {registry: 2}\n"
	"expect:\n"
	"  - {outcome: connected, when: {client: registry-2}}\n"
	"  - {outcome: connected, when: {server.mode: softether-4}}\n";

static inline char *replaced(struct arena *a, const char *from, const char *to)
{
	const char *at = strstr(small_file, from);

	assert_non_null(at);
	return arena_printf(a, "%.*s%s%s", (int)(at - small_file), small_file, to,
			    at + strlen(from));
}

static inline struct topology *load(struct arena *a, const char *text, char **mistakes)
{
	return topology_load_buffer(a, "f", text, strlen(text), NULL, 0, mistakes);
}

/* The mistakes alone: without source lines and carets, and without the file's name. */
static inline char *heads(struct arena *a, const char *mistakes)
{
	char *out = arena_str(a, ""), *text = arena_str(a, mistakes), *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (strncmp(l, "f:", 2) == 0)
			out = arena_printf(a, "%s%s\n", out, l + 2);
	}
	return out;
}

#endif
