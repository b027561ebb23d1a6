/* SPDX-License-Identifier: MIT */
/*
 * schema.c - the table of a topology file's keys.
 */
#include "lab/topology/schema.h"

#include <string.h>

#include "lab/topology/products.h"
#include "nodes/base/outcome.h"

#define ENDS (KIND_BIT(KIND_CLIENT) | KIND_BIT(KIND_SERVER))
#define HOSTS (ENDS | KIND_BIT(KIND_HOST))
#define VM KIND_BIT(KIND_VM)
#define NATS (KIND_BIT(KIND_NAPT) | KIND_BIT(KIND_EIP))
#define WORDS(...)										\
	(&(const struct words){									\
		.v = (const char *const[]){__VA_ARGS__},					\
		.n = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),		\
	})

/* In the order of enum napt_depends. */
#define DEPENDS_WORDS                                                                              \
	WORDS("endpoint-independent", "address-dependent", "address-and-port-dependent")

static const struct key_row rows[KEYS] = {
	[KEY_NAME] = {"name", PLACE_FILE, 0, TYPE_NAME, NULL, false,
		"A short name, which heads the table and names the results."},
	[KEY_TITLE] = {"title", PLACE_FILE, 0, TYPE_TEXT, NULL, false,
		"One line that says what the network is."},
	[KEY_QUESTION] = {"question", PLACE_FILE, 0, TYPE_TEXT, NULL, false,
		"The question that the file answers."},
	[KEY_MODES] = {"modes", PLACE_FILE, 0, TYPE_MAP, NULL, false,
		"Custom modes: names, and for each the mode that it is like and what is changed."},
	[KEY_TOPOLOGY] = {"topology", PLACE_FILE, 0, TYPE_MAP, NULL, false,
		"The network: nodes, links, and defaults for kinds of nodes."},
	[KEY_MATRIX] = {"matrix", PLACE_FILE, 0, TYPE_MAP, NULL, false,
		"Axes, each with values; every combination is a scenario. An axis NODE.KEY lists "
		"values of a key; an axis NODE has named sets of keys."},
	[KEY_EXPECT] = {"expect", PLACE_FILE, 0, TYPE_LIST, NULL, false,
		"What must come out, scenario by scenario."},

	[KEY_LIKE] = {"like", PLACE_MODE, ENDS, TYPE_WORD, NULL, false,
		"The mode from which everything is taken that is not said here: one of natdlab's, "
		"or one that stands above."},

	[KEY_KINDS] = {"kinds", PLACE_TOPOLOGY, 0, TYPE_MAP, NULL, false,
		"Keys that every node of a kind has unless it says otherwise."},
	[KEY_NODES] = {"nodes", PLACE_TOPOLOGY, 0, TYPE_MAP, NULL, false,
		"Names, and the keys of each node; a node has a network namespace of its own."},
	[KEY_LINKS] = {"links", PLACE_TOPOLOGY, 0, TYPE_LIST, NULL, false,
		"Cables between two interfaces, each with its subnet."},

	[KEY_KIND] = {"kind", PLACE_NODE, KINDS_ALL, TYPE_WORD,
		&kind_words, true,
		"What the node is: client and server speak L2TP/IPsec, router forwards, napt is a "
		"home router, eip an Elastic IP (1:1 NAT), host anything else; vm is a client or a "
		"server, as its mode is, that a virtual machine of yours plays (vm.md)."},
	[KEY_MODE] = {"mode", PLACE_NODE, ENDS | VM, TYPE_WORD, NULL, false,
		"Which product the client or server behaves like; of a vm, which product is in it."},
	[KEY_REGISTRY] = {"registry", PLACE_NODE, KIND_BIT(KIND_CLIENT) | VM, TYPE_WORD,
		WORDS("absent", "0", "1", "2"), false,
		"AssumeUDPEncapsulationContextOnSendRule of a Windows client; to other clients it "
		"means nothing, and there it is a mistake. Of a vm: what is set in it."},
	[KEY_DIALS] = {"dials", PLACE_NODE, KIND_BIT(KIND_CLIENT) | VM, TYPE_TARGET, NULL, false,
		"The address that the client dials, or a server's name: then its Elastic IP if it "
		"has one, else its own address."},
	[KEY_RUN] = {"run", PLACE_NODE, ENDS, TYPE_WORD,
		&product_words, false,
		"The product itself, in the node's namespace, instead of a mode that behaves "
		"like it. `make real` fetches it. A client can be strongswan; or ike-scan, which "
		"sends message 1 and prints what it makes of message 2; or prober, natdlab's own, "
		"which falls silent, repeats itself and sends wrong bytes in a hundred ways, and "
		"prints what it is answered. A server cannot be those two."},
	[KEY_NAT_T] = {"encapsulation", PLACE_NODE, KIND_BIT(KIND_SERVER), TYPE_WORD,
		WORDS("auto", "forced"), false,
		"Of a server with `run`: auto as the product comes, forced with strongSwan's "
		"encap = yes or Libreswan's encapsulation=yes. SoftEther has no such setting."},
	[KEY_LISTEN] = {"listen", PLACE_NODE, KIND_BIT(KIND_SERVER), TYPE_WORD, WORDS("any", "own"),
		false,
		"Of a server with `run`: any as the product comes, own with SoftEther's ListenIP "
		"set to the node's address. The others know their addresses anyway."},
	[KEY_SOCKET] = {"socket", PLACE_NODE, VM, TYPE_TEXT, NULL, false,
		"Where QEMU connects to: the path of a UNIX socket that the run makes and removes, "
		"from the present folder; NODE.sock by itself."},
	[KEY_IDLE] = {"idle", PLACE_NODE, KIND_BIT(KIND_CLIENT), TYPE_DURATION, NULL, false,
		"How long the client is left alone once it is connected, before the server asks by "
		"an LCP echo whether it is still there."},
	[KEY_PSK] = {"psk", PLACE_NODE, ENDS, TYPE_SECRET, NULL, false,
		"The pre-shared key."},
	[KEY_USER] = {"user", PLACE_NODE, ENDS, TYPE_SECRET, NULL, false,
		"The user's name for PPP: who a client is, whom a server knows."},
	[KEY_PASSWORD] = {"password", PLACE_NODE, ENDS, TYPE_SECRET, NULL, false,
		"The user's password for PPP."},
	[KEY_POOL] = {"pool", PLACE_NODE, KIND_BIT(KIND_SERVER), TYPE_NETWORK, NULL, false,
		"The network from which the server gives addresses to its clients."},
	[KEY_OUTSIDE] = {"outside", PLACE_NODE, NATS, TYPE_IFACE, NULL, true,
		"The interface that faces the world; all others are inside."},
	[KEY_NAT] = {"nat", PLACE_NODE, NATS, TYPE_BOOL, NULL, false,
		"false makes a plain router of the node in this scenario: everybody knows the way "
		"through it, and no address is translated. true by itself."},
	[KEY_MAP] = {"map", PLACE_NODE, KIND_BIT(KIND_EIP), TYPE_MAP, NULL, false,
		"Public addresses, each with the node or private address that it stands for."},
	[KEY_MAPPING] = {"mapping", PLACE_NODE, KIND_BIT(KIND_NAPT), TYPE_WORD, DEPENDS_WORDS,
		false,
		"Does one inside port get one outside port whatever the destination "
		"(endpoint-independent, as without this key), one for each destination address, or "
		"one for each address and port? UDP; RFC 4787 4.1."},
	[KEY_FILTERING] = {"filtering", PLACE_NODE, KIND_BIT(KIND_NAPT), TYPE_WORD, DEPENDS_WORDS,
		false,
		"Who may send to a mapping: everybody, every port of an address that was sent to, "
		"or only an address and port that was sent to (as without this key)? UDP; RFC 4787 "
		"5."},
	[KEY_PORTS] = {"ports", PLACE_NODE, KIND_BIT(KIND_NAPT), TYPE_PORTS,
		WORDS("preserve", "random"), false,
		"Source ports behind the NAPT: preserve keeps them where they are free, random "
		"draws them from 1024 to 65535, [lo, hi] draws them from a range."},
	[KEY_HAIRPIN] = {"hairpin", PLACE_NODE, KIND_BIT(KIND_NAPT), TYPE_BOOL, NULL, false,
		"Do machines inside reach each other by outside addresses and ports (RFC 4787 6)? "
		"false by itself."},
	[KEY_TIMEOUT] = {"timeout", PLACE_NODE, KIND_BIT(KIND_NAPT), TYPE_DURATION, NULL, false,
		"How long a UDP mapping lives without traffic, in whole seconds. 2m by itself, the "
		"least that RFC 4787 4.3 allows and what many home routers have."},
	[KEY_FORWARD] = {"forward", PLACE_NODE, KIND_BIT(KIND_NAPT), TYPE_MAP, NULL, false,
		"Ports of the outside address that belong to a machine inside: {udp/500: server}."},
	[KEY_ALLOW] = {"allow", PLACE_NODE, HOSTS | VM, TYPE_LIST, NULL, false,
		"The stateful security group before the node: what may come in unasked. udp/500, "
		"tcp/443, udp/1000-2000, icmp, esp."},
	[KEY_NFT] = {"nft", PLACE_NODE, KINDS_ALL & ~VM, TYPE_RULES, NULL, false,
		"More nft commands, loaded behind the node's own ruleset."},

	[KEY_ENDPOINTS] = {"endpoints", PLACE_LINK, 0, TYPE_LIST, NULL, false,
		"The two ends, each as \"node:interface\" or as a map with interface and address."},
	[KEY_SUBNET] = {"subnet", PLACE_LINK, 0, TYPE_NETWORK, NULL, false,
		"The link's network, from which both ends get addresses."},
	[KEY_FAULTS] = {"faults", PLACE_LINK, 0, TYPE_MAP, NULL, false,
		"What the link does to frames, drawn from the run's seed for each direction."},

	[KEY_LOSS] = {"loss", PLACE_FAULTS, 0, TYPE_PERCENT, NULL, false,
		"How many frames are lost."},
	[KEY_DUPLICATE] = {"duplicate", PLACE_FAULTS, 0, TYPE_PERCENT, NULL, false,
		"How many frames arrive twice."},
	[KEY_REORDER] = {"reorder", PLACE_FAULTS, 0, TYPE_PERCENT, NULL, false,
		"How many frames are held back by 50 ms, so that later ones overtake them."},
	[KEY_DELAY] = {"delay", PLACE_FAULTS, 0, TYPE_DURATION, NULL, false,
		"How long every frame takes."},

	[KEY_INTERFACE] = {"interface", PLACE_END, 0, TYPE_TEXT, NULL, false,
		"\"node:interface\"."},
	[KEY_ADDRESS] = {"address", PLACE_END, 0, TYPE_ADDRESS, NULL, false,
		"The end's address where the assigned one will not do."},

	[KEY_OUTCOME] = {"outcome", PLACE_EXPECT, 0, TYPE_WORD,
		&outcome_claim_words, false,
		"How it ends: blocked is the client's own policy."},
	[KEY_REASON] = {"reason", PLACE_EXPECT, 0, TYPE_WORD,
		&reason_claim_words, false,
		"Why it ends so."},
	[KEY_ERROR] = {"error", PLACE_EXPECT, 0, TYPE_NUMBER, NULL, false,
		"The number that the user sees: 809; 0 for none."},
	[KEY_SERVER_HASH] = {"server_hash", PLACE_EXPECT, 0, TYPE_WORD, &hash_class_words, false,
		"What message 4's second NAT-D hash, the server's of itself, turns out to be."},
	[KEY_PEER_HASH] = {"peer_hash", PLACE_EXPECT, 0, TYPE_WORD, &hash_class_words, false,
		"What message 4's first NAT-D hash, the server's of the client, turns out to be."},
	[KEY_REACHED] = {"reached", PLACE_EXPECT, 0, TYPE_WORD,
		&reached_words, false,
		"How far it got."},
	[KEY_ENCAPSULATION] = {"encapsulation", PLACE_EXPECT, 0, TYPE_WORD,
		&encapsulation_words, false,
		"How ESP travels or was to: in UDP, bare (IP protocol 50); none: no SA."},
	[KEY_FLOATED] = {"floated", PLACE_EXPECT, 0, TYPE_BOOL, NULL, false,
		"Whether IKE moved to port 4500."},
	[KEY_ALIVE] = {"alive", PLACE_EXPECT, 0, TYPE_BOOL, NULL, false,
		"Whether the client answered the server after its idle time."},
	[KEY_CLIENT] = {"client", PLACE_EXPECT, 0, TYPE_NAME, NULL, false,
		"The client of which this is claimed, where there are several."},
	[KEY_WHEN] = {"when", PLACE_EXPECT, 0, TYPE_MAP, NULL, false,
		"The scenarios of which this is claimed: axes, each with a value or a list of "
		"values. Without it, all."},
};

const struct key_row *key_row(enum key k)
{
	assert(k < KEYS);
	return &rows[k];
}

struct key_row member_key_row(const struct member *m)
{
	static const enum key_type types[] = {
		[MEMBER_TEXT] = TYPE_TEXT,	[MEMBER_BOOL] = TYPE_BOOL,
		[MEMBER_NOT] = TYPE_BOOL,	[MEMBER_WORD] = TYPE_WORD,
		[MEMBER_NUMBER] = TYPE_NUMBER,	[MEMBER_TIME] = TYPE_DURATION,
	};

	return (struct key_row){
		.name = m->key ? m->key : "",
		.place = m->key ? PLACE_MODE : PLACES,
		.kinds = (m->in[ROLE_CLIENT].size ? KIND_BIT(KIND_CLIENT) : 0) |
			 (m->in[ROLE_SERVER].size ? KIND_BIT(KIND_SERVER) : 0),
		.type = m->kind < ARRAY_LEN(types) ? types[m->kind] : TYPE_LIST,
		.words = m->kind == MEMBER_WORD ? m->words : NULL,
		.doc = m->doc,
	};
}

size_t key_find_in(const struct key_row *v, size_t n, enum place p, const char *name)
{
	size_t k = 0;

	while (k < n && (v[k].place != p || strcmp(v[k].name, name) != 0))
		k++;
	return k;
}

enum key key_find(enum place p, const char *name)
{
	return (enum key)key_find_in(rows, KEYS, p, name);
}

enum key claim_key(enum claim c)
{
	static const enum key keys[CLAIMS] = {
		[CLAIM_OUTCOME] = KEY_OUTCOME,
		[CLAIM_REASON] = KEY_REASON,
		[CLAIM_SERVER_HASH] = KEY_SERVER_HASH,
		[CLAIM_PEER_HASH] = KEY_PEER_HASH,
		[CLAIM_REACHED] = KEY_REACHED,
		[CLAIM_ENCAPSULATION] = KEY_ENCAPSULATION,
		[CLAIM_ERROR] = KEY_ERROR,
		[CLAIM_FLOATED] = KEY_FLOATED,
		[CLAIM_ALIVE] = KEY_ALIVE,
	};

	return keys[c];
}

const char *place_name(enum place p)
{
	static const char *const names[PLACES] = {
		[PLACE_FILE] = "the file",	[PLACE_TOPOLOGY] = "topology",
		[PLACE_NODE] = "a node",	[PLACE_LINK] = "a link",
		[PLACE_END] = "a link's end",	[PLACE_FAULTS] = "faults",
		[PLACE_MODE] = "a mode",	[PLACE_EXPECT] = "an expectation",
	};

	return names[p];
}

const char *key_type_name(enum key_type t)
{
	static const char *const names[] = {
		[TYPE_TEXT] = "one line of text",
		[TYPE_SECRET] = "a text of 1 to 128 characters",
		[TYPE_RULES] = "a text",
		[TYPE_NAME] = "a name (a letter, then letters, digits and '-', all lower-case)",
		[TYPE_IFACE] = "an interface's name",
		[TYPE_WORD] = "a word",
		[TYPE_NUMBER] = "a whole number",
		[TYPE_PERCENT] = "a percentage like 10% or 0.5%",
		[TYPE_DURATION] = "a time like 20ms, 30s or 2m",
		[TYPE_BOOL] = "true or false",
		[TYPE_ADDRESS] = "an IPv4 address",
		[TYPE_NETWORK] = "a network such as 192.168.1.0/24",
		[TYPE_TARGET] = "an IPv4 address or a node's name",
		[TYPE_MAP] = "a map (key: value)",
		[TYPE_LIST] = "a list",
		[TYPE_PORTS] = "preserve, random, or [lo, hi]",
	};

	return names[t];
}
