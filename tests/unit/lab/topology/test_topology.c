/* SPDX-License-Identifier: MIT */
/*
 * What the loader says of a file: every kind of mistake with its place, in exact words.
 */
#include "tests/unit/topo_text.h"

#include "lab/base/text.h"
#include "lab/topology/topology_priv.h"
#include "lab/load/load.h"

/* `from` replaced by `to` in the good file, and the mistakes that come of it; none: it is good. */
static const struct variant {
	const char *from, *to, *says;
} variants[] = {
	/* nothing wrong */
	{"dials: 203.0.113.10", "dials: server",
	 ""},
	{"\"client:eth0\"", "{interface: \"client:eth0\", address: 192.168.1.77}",
	 ""},
	{"[udp/500, udp/4500]", "[udp/4500]",
	 ""},
	{"registry: 0", "registry: absent",
	 ""},
	{"mac: {mode: macos}", "mac: &m {mode: macos}\n    same: *m",
	 ""},

	/* modes and registry */
	{"mode: windows-10", "mode: widnows-10",
	 "7:34: unknown mode \"widnows-10\"; did you mean \"windows-10\"?\n"},
	{"mode: windows-10", "mode: softether-4",
	 "7:34: softether-4 is a server mode, and client is a client\n"},
	{"mode: windows-10", "mode: zx-spectrum",
	 "7:34: unknown mode \"zx-spectrum\"; natdlab modes lists them\n"},
	{"mode: windows-10", "mode: [windows-10]",
	 "7:34: mode is a word, not a list\n"},
	{"mode: windows-10,", "mode: ,",
	 "7:34: mode has no value; it is a word\n"},
	{"mode: windows-10,", "",
	 "7:5: client has no mode\n"},
	{"registry: 0", "registry: 3",
	 "7:56: unknown registry \"3\"; it is absent, 0, 1 or 2\n"},
	{"mac: {mode: macos}", "mac: {mode: macos, registry: 1}",
	 "20:34: registry means nothing to macos\n"},

	/* keys and kinds */
	{"kind: router", "kind: ruoter",
	 "9:20: unknown kind \"ruoter\"; did you mean \"router\"?\n"},
	{"kind: router", "knid: router",
	 "9:14: unknown key \"knid\" in a node; did you mean \"kind\"?\n"},
	{"kind: router", "kind: router, dials: server",
	 "9:28: dials is a key of client, vm; net is of kind router\n"},
	{"kind: router", "kind: router, flag: strongswan",
	 "9:28: unknown key \"flag\" in a node\n"},
	{"kinds:", "kidns:",
	 "4:3: unknown key \"kidns\" in topology; did you mean \"kinds\"?\n"},
	{"client: {psk: lab-psk}", "cleint: {psk: lab-psk}",
	 "5:5: unknown kind \"cleint\"; did you mean \"client\"?\n"},
	{"client: {psk: lab-psk}", "client: {psk: \"\", kind: client}",
	 "5:19: psk has 0 bytes; 1 to 128 are possible\n"
	 "5:29: kind has no default\n"},
	{"client: {psk: lab-psk}", "client: {}",
	 "7:5: client has no psk\n"},
	{"psk: lab-psk, allow", "allow",
	 "11:5: server has no psk\n"},
	{"name: small", "name: Small Thing",
	 "1:7: name is a name (a letter, then letters, digits and '-', all lower-case), "
	 "not \"Small Thing\"\n"},
	{"name: small", "nam: small",
	 "1:1: unknown key \"nam\" in the file; did you mean \"name\"?\n"
	 "1:1: the file has no name\n"},
	{"name: small", "name: [a]",
	 "1:7: name is a name (a letter, then letters, digits and '-', all lower-case), "
	 "not a list\n"},

	/* custom modes; the file has a line more */
	{"name: small", "name: small\nmodes: {polite: {like: softehter-4}}",
	 "2:24: unknown mode \"softehter-4\"; did you mean \"softether-4\"?\n"},
	{"name: small", "name: small\nmodes: {polite: {server_hash: exact}}",
	 "2:9: which mode is polite like?\n"},
	{"name: small", "name: small\nmodes: {polite: {like: softether-4, server_hash: copy}}",
	 "2:50: unknown server_hash \"copy\"; it is exact, copied, random, port-zero or "
	 "address-zero\n"},
	{"name: small", "name: small\nmodes: {polite: {like: softether-4, asks_registry: true}}",
	 "2:37: asks_registry is a key of client; polite is of kind server\n"},
	{"name: small", "name: small\nmodes: {mac: {like: macos, server_hash: exact}}",
	 "2:28: server_hash is a key of server; mac is of kind client\n"},
	{"name: small", "name: small\nmodes: {mac: {like: macos, nonse: 8}}",
	 "2:28: unknown key \"nonse\" in a mode; did you mean \"nonce\"?\n"},
	{"name: small", "name: small\nmodes: {macos: {like: ios}}",
	 "2:9: macos is a mode already; give yours a name of its own\n"},
	{"name: small", "name: small\nmodes: {Mine: {like: ios}}",
	 "2:9: \"Mine\" cannot name a mode: a letter, then letters, digits and '-', all "
	 "lower-case, at most 32\n"},
	{"name: small", "name: small\nmodes: {a: {like: b}, b: {like: ios}}",
	 "2:19: a is like a mode that stands above it\n"},
	{"name: small", "name: small\nmodes: {a: {like: a}}",
	 "2:19: a is like a mode that stands above it\n"},
	{"name: small", "name: small\nmodes: {a: {like: ios}, b: {like: a, nonce: 20}}", ""},
	{"name: small", "name: small\nmodes: {a: {like: ios, nonce: 7}}",
	 "2:31: a nonce has 8 to 255 bytes\n"},
	{"name: small", "name: small\nmodes: {a: {like: ios, vendor_ids: [dpd, rfc3947, dpd]}}",
	 "2:42: unknown vendor ID \"rfc3947\"; did you mean \"rfc-3947\"?\n"
	 "2:51: dpd stands here twice\n"},
	{"name: small", "name: small\nmodes: {a: {like: no-natt, server_hash: exact}}",
	 "2:41: a sends no hash: it knows no NAT traversal\n"},
	{"name: small", "name: small\nmodes: {a: {like: libreswan, vendor_ids: [0x12345]}}",
	 "2:43: a vendor ID's bytes are 0x and two hexadecimal digits for each, 1 to 255 "
	 "bytes\n"},
	{"name: small", "name: small\nmodes: {a: {like: libreswan, vendor_ids: [dpd, 0xafcad71368a1f1c96b8696fc77570100]}}",
	 "2:48: 0xafcad71368a1f1c96b8696fc77570100 stands here twice\n"},
	{"name: small", "name: small\nmodes: {a: {like: macos, vendor_ids: [dpd if sent]}}",
	 "2:39: unknown vendor ID \"dpd if sent\"\n"},
	{"name: small", "name: small\nmodes: {a: {like: libreswan, vendor_ids: [dpd if sent, rfc-3947 if begun]}}",
	 ""},
	{"name: small", "name: small\nmodes: {a: {like: libreswan, groups: [ecp384, ecp521]}}",
	 "2:47: unknown group \"ecp521\"; did you mean \"ecp256\"?\n"},
	{"name: small", "name: small\nmodes: {a: {like: libreswan, ciphers: []}}",
	 "2:39: without a cipher no client can connect\n"},
	{"name: small", "name: small\nmodes: {a: {like: libreswan, attributes: "
	 "[encryption, hash, group, key-length, authentication]}}",
	 "2:42: a sends the transform back as it was offered; sa_payload: rewritten does "
	 "not\n"},
	{"name: small", "name: small\nmodes: {a: {like: libreswan, sa_payload: rewritten}}",
	 "2:42: a transform that is rewritten wants attributes, the order of its own\n"},
	{"name: small", "name: small\nmodes: {a: {like: softether-5, attributes: [life, hash, life]}}",
	 "2:57: life stands here twice\n"},
	{"name: small", "name: small\nmodes: {a: {like: softether-5, attributes: "
	 "[encryption, hash, key-length, authentication]}}",
	 "2:44: without group the peer cannot know what was chosen\n"},
	{"name: small", "name: small\nmodes: {a: {like: softether-5, message_4: [nonce, peer-hash, "
	 "own-hash]}}",
	 "2:43: message 4 has one key and one nonce\n"},
	{"name: small", "name: small\nmodes: {a: {like: softether-5, message_4: [nonce, own-hsh, key, "
	 "peer-hash, own-hash]}}",
	 "2:51: unknown payload \"own-hsh\"; did you mean \"own-hash\"?\n"},
	{"name: small", "name: small\nmodes: {a: {like: softether-5, message_4: [key, nonce, own-hash, "
	 "own-hash, own-hash, own-hash, peer-hash]}}",
	 "2:43: message 4 has one peer-hash, behind it one own-hash or up to 3\n"},
	{"name: small", "name: small\nmodes: {a: {like: softether-5, message_4_again: [2s, 2s]}}",
	 "2:54: 2s is not later than the time before it\n"},
	{"name: small", "name: small\nmodes: {a: {like: softether-5, message_4_again: [2]}}",
	 "2:50: a time is written like 500ms, 2s or 1m\n"},
	{"name: small", "name: small\nmodes: {a: {like: softether-5, message_4_again: [], duplicate_3: new-exchange}}",
	 "2:66: unknown duplicate_3 \"new-exchange\"; it is same-answer or silence\n"},
	{"name: small", "name: small\nmodes: {a: exact}",
	 "2:12: mode a is a map (key: value)\n"},
	{"name: small", "name: small\nmodes: [a]",
	 "2:8: modes is a map (key: value), not a list\n"},
	{"name: small\n", "name: small\nmodes: {polite: {like: softether-4}}\n", ""},
	{"[rras-2012r2, softether-4]", "[rras-2012r2, polite]",
	 "18:30: unknown mode \"polite\"; natdlab modes lists them\n"},

	/* NATs */
	{"outside: wan, map", "map",
	 "10:5: igw has no outside: which interface faces the world?\n"},
	{"outside: wan, map", "outside: wna, map",
	 "10:34: igw has no interface \"wna\"; did you mean \"wan\"?\n"},
	{"203.0.113.10: server}", "203.0.113.10: client}",
	 "10:59: client is not on the inside of igw\n"},
	{"203.0.113.10: server}", "203.0.113.10: 172.31.0.11}",
	 "10:59: 172.31.0.11 is not on the inside of igw\n"},
	{"203.0.113.10: server}", "203.0.113.10: nobody}",
	 "10:59: no node \"nobody\"\n"},
	{"203.0.113.10: server}", "server: 203.0.113.10}",
	 "10:45: \"server\" is no IPv4 address: map has a public address, then what it "
	 "stands for\n"},
	{"203.0.113.10: server}", "198.51.100.77: server}",
	 "10:45: 198.51.100.77 lies in the subnet of link home-net, not outside igw\n"},
	{"203.0.113.10: server}", "203.0.113.10: server, 203.0.113.11: server}",
	 "10:81: server has a public address already, 203.0.113.10\n"},
	{"203.0.113.10: server}", "203.0.113.1: server}",
	 "7:66: client can never reach 203.0.113.10: no machine on link net-igw has the "
	 "address 203.0.113.10; igw maps only 203.0.113.1\n"},
	{"map: {203.0.113.10: server}", "nft: \"x\"",
	 "10:5: igw has no map\n"},
	{"outside: wan}", "outside: wan, ports: [1024, 1025]}",
	 "8:47: home needs 3 ports, 3 for each machine behind it; here are 2\n"},
	{"outside: wan}", "outside: wan, ports: [5, 2]}",
	 "8:47: a range of ports is [lo, hi], from 1 to 65535\n"},
	{"outside: wan}", "outside: wan, ports: perserve}",
	 "8:47: unknown ports \"perserve\"; did you mean \"preserve\"?\n"},
	{"kind: router}", "kind: router, nft: \"include 'x'\"}",
	 "9:33: nft cannot include files here\n"},
	{"kind: router}", "kind: router, nft: 'list ruleset;include \"x\"'}",
	 "9:33: nft cannot include files here\n"},
	{"kind: router}", "kind: router, nft: 'a \"b\"include\"x\"'}",
	 "9:33: nft cannot include files here\n"},
	{"kind: router}", "kind: router, nft: '1include\"x\"'}",
	 "9:33: nft cannot include files here\n"},
	{"kind: router}", "kind: router, nft: \"# a\\ninclude 'x'\"}",
	 "9:33: nft cannot include files here\n"},
	{"kind: router}", "kind: router, nft: 'add table t { comment \"included\"; }'}",
	 ""},
	{"kind: router}", "kind: router, nft: 'add table t { comment \"include # me\"; }'}",
	 ""},
	{"kind: router}", "kind: router, nft: 'add table not-include/d'}",
	 ""},
	{"kind: router}", "kind: router, nft: 'add table t # include nothing'}",
	 ""},

	/* who can be dialled */
	{"outside: wan}", "outside: lan}",
	 "7:66: client can never reach 203.0.113.10: home drops what no machine behind it "
	 "asked for\n"},
	{"dials: 203.0.113.10", "dials: 203.0.113.99",
	 "7:66: client can never reach 203.0.113.99: no machine on link net-igw has the "
	 "address 203.0.113.99; igw maps only 203.0.113.10\n"},
	{"dials: 203.0.113.10", "dials: 172.31.0.10",
	 "7:66: client can never reach 172.31.0.10: net has no route to 172.31.0.10\n"},
	{"dials: 203.0.113.10", "dials: 198.51.100.1",
	 "7:66: client can never reach 198.51.100.1: it is an address of net, a router, "
	 "not of a server\n"},
	{"dials: 203.0.113.10", "dials: 203.0.113.2",
	 "7:66: client can never reach 203.0.113.2: dropped at igw, which maps only "
	 "203.0.113.10\n"},
	{"dials: 203.0.113.10", "dials: sever",
	 "7:66: no node \"sever\"; did you mean \"server\"?\n"},
	{"dials: 203.0.113.10", "dials: home",
	 "7:66: home is a napt; a client dials a server\n"},
	{"dials: 203.0.113.10", "dials: 2001:db8::1",
	 "7:66: dials is an IPv4 address or a node's name, not \"2001:db8::1\"\n"},
	{"dials: 203.0.113.10", "dials: 192.168.1.10",
	 "7:66: client can never reach 192.168.1.10: it is an address of client, a "
	 "client, not of a server\n"},
	{"203.0.113.10: server}", "}",
	 "7:66: client can never reach 203.0.113.10: no machine on link net-igw has the "
	 "address 203.0.113.10; igw maps nothing\n"},
	{", dials: 203.0.113.10", "",
	 "23:5: nothing can come of it: no client dials\n"},

	/* allow and pool */
	{"[udp/500, udp/4500]", "[udp/500, upd/4500, udp/70000, udp, esp/1, udp/0, udp/9-8]",
	 "11:78: \"upd/4500\" cannot be allowed; examples are udp/500, tcp/1000-2000, "
	 "icmp, esp\n"
	 "11:88: \"udp/70000\" cannot be allowed; examples are udp/500, tcp/1000-2000, "
	 "icmp, esp\n"
	 "11:99: \"udp\" cannot be allowed; examples are udp/500, tcp/1000-2000, icmp, esp\n"
	 "11:104: \"esp/1\" cannot be allowed; examples are udp/500, tcp/1000-2000, icmp, esp\n"
	 "11:111: \"udp/0\" cannot be allowed; examples are udp/500, tcp/1000-2000, icmp, esp\n"
	 "11:118: \"udp/9-8\" cannot be allowed; examples are udp/500, tcp/1000-2000, "
	 "icmp, esp\n"},
	{"[udp/500, udp/4500]", "udp/500",
	 "11:68: allow is a list, not \"udp/500\"\n"},
	{"udp/500, udp/4500]}", "udp/500], pool: 10.0.0.1/24}",
	 "11:85: pool is a network such as 192.168.1.0/24, not \"10.0.0.1/24\"\n"},

	/* links */
	{"\"client:eth0\"", "\"cleint:eth0\"",
	 "13:20: no node \"cleint\"; did you mean \"client\"?\n"},
	{"\"client:eth0\"", "\"client\"",
	 "13:20: a link's end is \"node:interface\"\n"},
	{"\"client:eth0\"", "\"client:eth0; reboot\"",
	 "13:20: \"eth0; reboot\" cannot name an interface: a letter, then letters, "
	 "digits and '-', all lower-case, at most 15\n"},
	{"\"client:eth0\"", "\"client:lo\"",
	 "13:20: \"lo\" cannot name an interface: a letter, then letters, digits and "
	 "'-', all lower-case, at most 15\n"},
	{"\"client:eth0\"", "\"client:sixteen-letters-\"",
	 "13:20: \"sixteen-letters-\" cannot name an interface: a letter, then letters, "
	 "digits and '-', all lower-case, at most 15\n"},
	{"\"client:eth0\"", "\"home:lan2\"",
	 "13:19: a link from home to itself\n"},
	{"\"client:eth0\"", "{interface: \"client:eth0\", address: 192.168.2.77}",
	 "13:56: 192.168.2.77 is no address of the link's subnet 192.168.1.0/24\n"},
	{"\"client:eth0\"", "{interface: \"client:eth0\", address: 192.168.1.255}",
	 "13:56: 192.168.1.255 is no address of the link's subnet 192.168.1.0/24\n"},
	{"\"client:eth0\"", "{interface: \"client:eth0\", adress: 192.168.1.7}",
	 "13:47: unknown key \"adress\" in a link's end; did you mean \"address\"?\n"},
	{"\"client:eth0\"", "{address: 192.168.1.7}",
	 "13:20: a link's end without interface\n"},
	{"\"igw:wan\"", "{interface: \"igw:wan\", address: 203.0.113.10}",
	 "15:64: 203.0.113.10 is an Elastic IP\n"},
	{"\"client:eth0\",", "",
	 "13:19: a link has two ends, not 1\n"},
	{"\"net:eth1\"", "\"net:eth0\"",
	 "15:20: net:eth0 is in use already, in line 14\n"},
	{"subnet: 203.0.113.0/24", "subnet: 198.51.0.0/16",
	 "15:52: subnet 198.51.0.0/16 overlaps 198.51.100.0/24 of link home-net in line 14\n"},
	{"subnet: 203.0.113.0/24", "subnet: 203.0.113.0/33",
	 "15:52: subnet is a network such as 192.168.1.0/24, not \"203.0.113.0/33\"\n"},
	{"subnet: 203.0.113.0/24", "subnet: 203.0.113.10/32",
	 "15:52: a link's subnet is a /8 to a /31; it needs two addresses\n"},
	{"subnet: 203.0.113.0/24", "subnet: 224.0.0.0/24",
	 "15:52: 224.0.0.0/24 cannot be used on a link\n"},
	{", subnet: 203.0.113.0/24", "",
	 "15:7: a link without subnet\n"},
	{"net:    {kind: router}", "net:    {kind: router}\n    Lonely: {kind: host}",
	 "10:5: \"Lonely\" cannot name a node: a letter, then letters, digits and '-', "
	 "all lower-case, at most 32\n"
	 "10:5: \"Lonely\" has no link\n"},
	{"net:    {kind: router}", "net:    {kind: router}\n    lonely: {kind: host}",
	 "10:5: \"lonely\" has no link\n"},
	{"net:    {kind: router}", "net:",
	 "9:9: node \"net\" is a map (key: value)\n"},
	{"net:    {kind: router}", "net:    {}",
	 "9:5: \"net\" has no kind\n"},

	/* the matrix */
	{"[rras-2012r2, softether-4]", "[rras-2012r2, softehter-4]",
	 "18:30: unknown mode \"softehter-4\"; did you mean \"softether-4\"?\n"},
	{"[rras-2012r2, softether-4]", "[rras-2012r2, rras-2012r2]",
	 "18:30: two scenarios would have the id rras-2012r2: the same value stands in line 18\n"},
	{"[rras-2012r2, softether-4]", "[rras-2012r2, macos]",
	 "18:30: macos is a client mode, and server is a server\n"},
	{"[rras-2012r2, softether-4]", "[]",
	 "18:16: axis server.mode has 0 values; 1 to 10000 are possible\n"},
	{"[rras-2012r2, softether-4]", "softether-4",
	 "18:16: axis server.mode is a list of values\n"},
	{"server.mode: [", "sever.mode: [",
	 "18:3: axis \"sever.mode\": no node \"sever\"; did you mean \"server\"?\n"},
	{"server.mode: [", "server.moed: [",
	 "18:3: axis \"server.moed\": a server has no key \"moed\"; did you mean \"mode\"?\n"},
	{"server.mode: [", "net.kind: [",
	 "18:3: kind is the same in every scenario\n"},
	{"server.mode: [rras-2012r2, softether-4]", "home.ports: [preserve, [1, 2]]",
	 "18:26: a list or map in an axis has no name for the scenario's id: use named "
	 "sets of keys\n"},
	{"server.mode: [rras-2012r2, softether-4]", "server.psk: [a/b, ../../x, \"\", \"a b\"]",
	 "18:16: \"a/b\" cannot stand in a scenario's id (letters, digits, '.', '_', "
	 "'-', at most 40 characters): use named sets of keys\n"
	 "18:21: \"../../x\" cannot stand in a scenario's id (letters, digits, '.', '_', "
	 "'-', at most 40 characters): use named sets of keys\n"
	 "18:30: psk has 0 bytes; 1 to 128 are possible\n"
	 "18:34: \"a b\" cannot stand in a scenario's id (letters, digits, '.', '_', "
	 "'-', at most 40 characters): use named sets of keys\n"},
	{"server.mode: [rras-2012r2, softether-4]",
	 "server.mode: [softether-4]\n  client.registry: [0, 1]",
	 "20:3: axes client.registry and client change the same key\n"},
	{"registry-2: {registry: 2}", "registry-2: {kind: server}",
	 "21:24: kind is the same in every scenario\n"},

	/* expectations */
	{"client: registry-2}", "client: registry-3}",
	 "23:41: axis client has no value \"registry-3\"; did you mean \"registry-2\"?\n"},
	{"client: registry-2}", "cleint: registry-2}",
	 "23:33: no axis \"cleint\"; did you mean \"client\"?\n"},
	/* of what it claims is not known: no contradiction to what stands elsewhere */
	{"{outcome: connected, when: {client: registry-2}}",
	 "{outcome: failed, when: {cleint: registry-2}}",
	 "23:30: no axis \"cleint\"; did you mean \"client\"?\n"},
	{"client: registry-2}", "client: []}",
	 "23:41: this expectation applies to no scenario\n"},
	{"client: registry-2}", "client: {a: b}}",
	 "23:41: a value of axis client is a word\n"},
	{"{outcome: connected, when: {client:", "{outcome: blocked, when: {client:",
	 "24:15: outcome is connected in scenario softether-4/registry-2, line 23 says blocked\n"},
	{"{outcome: connected, when: {client:", "{when: {client:",
	 "23:5: this expectation claims nothing\n"},
	{"{outcome: connected, when: {client:",
	 "{outcome: conected, error: x, floated: maybe, client: server, when: {client:",
	 "23:15: unknown outcome \"conected\"; did you mean \"connected\"?\n"
	 "23:32: error is a whole number, not \"x\"\n"
	 "23:44: floated is true or false, not \"maybe\"\n"
	 "23:59: server is a server, not a client\n"},

	/* YAML */
	{"title: A client", "title: \"a\n",
	 "14:21: not YAML: while parsing a block mapping from line 1 on: did not find expected "
	 "key; is the line indented as its neighbours are?\n"},
	{"title: A client and a server", "title: \"\\e[31m\"",
	 "2:8: title has a control character\n"},
	{"title: A client and a server", "title: !!str a",
	 "2:8: a tag (!); topology files have none\n"},
	{"title: A client and a server", "title: *nobody",
	 "2:8: no anchor \"nobody\" before this alias\n"},
	{"title: A client and a server", "<<: {a: b}",
	 "2:1: merge keys (<<) are not read: write the keys out\n"},
	{"title: A client and a server", "? {a: b}\n: c",
	 "2:3: a key must be a word\n"},
	{"title: A client and a server", "title: x\n---\nname: two",
	 "3:1: a second document begins here; a file is one topology\n"},
	{"title: A client and a server", "title: {",
	 "4:8: not YAML: while parsing a flow mapping from line 2 on: did not find expected ',' or '}'\n"},
	{"title: A client and a server", "title: a\ntitle: b",
	 "3:1: \"title\" stands here twice, first in line 2\n"},
	{"expect:", "\texpect:",
	 "22:1: not YAML: while scanning for the next token: found character that cannot "
	 "start any token; this is a tab, and YAML is indented with blanks\n"},
	/* found by counting characters, not bytes */
	{"title: A client and a server", "title: \u00e9\n\tname: b",
	 "3:1: not YAML: while scanning a plain scalar from line 2 on: found a tab character that "
	 "violates indentation; this is a tab, and YAML is indented with blanks\n"},
};

static void each_mistake_is_told_in_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		const struct variant *v = &variants[i];
		struct arena *a = arena_new();
		char *mistakes;
		struct topology *t = load(a, replaced(a, v->from, v->to), &mistakes);

		assert_true(!t == !!*v->says);
		assert_true(!mistakes == !*v->says);
		assert_string_equal(mistakes ? heads(a, mistakes) : "", v->says);
		arena_free(a);
	}
}

static void assert_mistakes(const char *text, const char *expected)
{
	struct arena *a = arena_new();
	char *mistakes;

	assert_null(load(a, text, &mistakes));
	assert_string_equal(mistakes, expected);
	arena_free(a);
}

/* Messages have to fit into a buffer, whatever a file says. */
static void vendor_ids_that_no_message_can_hold_are_refused(void **state)
{
	static const struct {
		const char *list, *mistake;
	} v[] = {
		{"vendor_ids: [",
		 "f:3:15: these vendor IDs take 798 bytes; at most 640 are possible\n"},
		{"message_4: [key, nonce, ",
		 "f:3:14: these vendor IDs take 798 bytes; at most 256 are possible\n"},
	};
	struct arena *a = arena_new();
	const char *hex = "00", *ids = "", *list;
	char *mistakes;

	(void)state;
	for (unsigned i = 0; i < 7; i++)
		hex = arena_printf(a, "%s%s", hex, hex); /* 128 bytes */
	for (unsigned i = 1; i <= 6; i++)
		ids = arena_printf(a, "%s%s0x%s%02x", ids, i > 1 ? ", " : "", hex, i);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		list = arena_printf(a, "%s%s]}}", v[i].list, ids);
		assert_null(load(a,
				 replaced(a, "name: small",
					  arena_printf(a, "name: small\nmodes: {a: {like: "
							  "libreswan,\n  %s", list)),
				 &mistakes));
		assert_memory_equal(mistakes, v[i].mistake, strlen(v[i].mistake));
	}
	arena_free(a);
}

/* A custom mode is another mode but for what was said. */
static void a_mode_of_ones_own_is_like_another_but_for_what_is_said(void **state)
{
	struct arena *a = arena_new();
	char *mistakes;
	const struct topology *t = load(
		a,
		replaced(a, "name: small",
			 "name: small\n"
			 "modes:\n"
			 "  polite: {like: softether-5, server_hash: exact, peer_hash: exact}\n"
			 "  mute: {like: polite, natt: false, title: Says nothing}\n"
			 "  picky: {like: macos, asks_registry: true, nonce: 20,\n"
			 "    vendor_ids: [dpd, rfc-3947]}"),
		&mistakes);
	struct server_mode want = *mode_server("softether-5");
	const struct server_mode *s;
	const struct client_mode *c;

	(void)state;
	assert_non_null(t);
	s = topo_server_mode(t, "polite");
	want.name = s->name;
	want.title = s->title;
	want.natd_own = NATD_OWN_EXACT;
	want.natd_peer = NATD_PEER_EXACT;
	want.address_zero = want.esp_in_udp_only = false;
	assert_memory_equal(s, &want, sizeof(want));
	assert_string_equal(s->title, "SoftEther VPN Server 5.01, changed");
	s = topo_server_mode(t, "mute");
	assert_string_equal(s->title, "Says nothing");
	assert_false(s->natt);
	c = topo_client_mode(t, "picky");
	assert_int_equal(c->gate, GATE_MICROSOFT);
	assert_int_equal(c->nonce_len, 20);
	assert_int_equal(c->n_vids, 2);
	assert_int_equal(c->vids[0].vid, VID_DPD);
	assert_int_equal(c->vids[1].vid, VID_RFC3947);
	assert_int_equal(c->n_phase1, mode_client("macos")->n_phase1);
	assert_null(topo_client_mode(t, "polite"));
	assert_ptr_equal(topo_server_mode(t, "softether-4"), mode_server("softether-4"));
	arena_free(a);
}

/* Every key of a server's answers and manners reaches the row. */
static void what_a_file_says_of_a_server_is_in_its_row(void **state)
{
	struct arena *a = arena_new();
	char *mistakes;
	const struct topology *t = load(
		a,
		replaced(a, "name: small",
			 "name: small\n"
			 "modes:\n"
			 "  stranger:\n"
			 "    like: libreswan\n"
			 "    vendor_ids: [dpd, 0xAbcd if sent, fragmentation if begun,\n"
			 "      0x4a131c81070358455c5728f20e95452f]\n"
			 "    one_natt_id: true\n"
			 "    ciphers: [3des-cbc, aes-192-cbc]\n"
			 "    hashes: [md5, sha512]\n"
			 "    groups: [ecp256, modp768]\n"
			 "    sa_payload: rewritten\n"
			 "    attributes: [hash, encryption, group, authentication, key-length]\n"
			 "    life: variable\n"
			 "    transform_number: as-offered\n"
			 "    message_4: [nonce, 0x00, peer-hash, key, own-hash]\n"
			 "    hashes_unasked: true\n"
			 "    message_2_again: [500ms, 2s]\n"
			 "    message_4_again: []\n"
			 "    half_open: 7s\n"
			 "    half_open_delete: true\n"
			 "    duplicate_1: new-exchange\n"
			 "    duplicate_3: silence\n"
			 "    duplicate_5: silence\n"
			 "    no_proposal: random-cookie"),
		&mistakes);
	static const uint16_t order[MODE_ATTRS] = {P1_HASH, P1_ENC, P1_GROUP, P1_AUTH, P1_KEYLEN};
	static const enum answer_kind kinds[] = {ANSWER_NONCE, ANSWER_VID, ANSWER_PEER_HASH,
						 ANSWER_KEY, ANSWER_OWN_HASH};
	const struct server_mode *s;

	(void)state;
	assert_non_null(t);
	s = topo_server_mode(t, "stranger");
	assert_int_equal(s->n_vids, 4);
	assert_false(s->vids[0].if_peer_sent);
	assert_int_equal(s->vids[1].vid, VIDS);
	assert_int_equal(s->vids[1].other.len, 2);
	assert_memory_equal(s->vids[1].other.p, "\xab\xcd", 2);
	assert_true(s->vids[1].if_peer_sent && !s->vids[1].any_tail);
	assert_true(s->vids[2].if_peer_sent && s->vids[2].any_tail);
	assert_int_equal(s->vids[3].vid, VID_RFC3947); /* known, however it is written */
	assert_true(s->one_natt_vid);
	assert_int_equal(s->phase1.ciphers, ACCEPT(CIPHER_3DES) | ACCEPT(CIPHER_AES));
	assert_int_equal(s->phase1.keys, ACCEPT_KEY(192));
	assert_int_equal(s->phase1.hashes, ACCEPT(HASH_MD5) | ACCEPT(HASH_SHA512));
	assert_int_equal(s->phase1.groups, ACCEPT(GROUP_ECP256) | ACCEPT(GROUP_MODP768));
	assert_int_equal(s->sa_encoding, SA_REENCODED);
	assert_memory_equal(s->phase1_attrs, order, sizeof(order));
	assert_true(s->life_variable && s->keeps_number);
	assert_int_equal(s->n_message4, ARRAY_LEN(kinds));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		assert_int_equal(s->message4[i].kind, kinds[i]);
	assert_true(s->natd_unasked && s->half_open_delete);
	assert_int_equal(s->message2_retry.n, 2);
	assert_int_equal(s->message2_retry.at_ms[0], 500);
	assert_int_equal(s->message2_retry.at_ms[1], 2000);
	assert_int_equal(s->message4_retry.n, 0);
	assert_int_equal(s->half_open_ms, 7000);
	assert_int_equal(s->dup_message1, DUP_NEW_EXCHANGE);
	assert_int_equal(s->dup_message3, DUP_SILENCE);
	assert_int_equal(s->dup_message5, DUP_SILENCE);
	assert_int_equal(s->no_proposal, NO_PROPOSAL_RANDOM_COOKIE);
	arena_free(a);
}

static void a_mistake_shows_its_line_and_a_caret(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_mistakes(replaced(a, "[rras-2012r2, softether-4]", "[rras-2012r2, softehter-4]"),
			"f:18:30: unknown mode \"softehter-4\"; did you mean \"softether-4\"?\n"
			"     server.mode: [rras-2012r2, softehter-4]\n"
			"                                ^\n");
	arena_free(a);
}

static void the_caret_knows_tabs_escapes_and_wide_letters(void **state)
{
	(void)state;
	assert_mistakes("\"a\tb\":\tc\n",
			"f:1:1: unknown key \"a\\u{9}b\" in the file\n"
			"   \"a      b\":     c\n"
			"   ^\n"
			"f:1:1: the file has no name\n"
			"   \"a      b\":     c\n"
			"   ^\n"
			"f:1:1: the file has no topology\n"
			"   \"a      b\":     c\n"
			"   ^\n");
	assert_mistakes("{\"日本\":\t1, name: [e\xcc\x81]}\n",
			"f:1:1: the file has no topology\n"
			"   {\"日本\":        1, name: [e\xcc\x81]}\n"
			"   ^\n"
			"f:1:2: unknown key \"日本\" in the file\n"
			"   {\"日本\":        1, name: [e\xcc\x81]}\n"
			"    ^\n"
			"f:1:17: name is a name (a letter, then letters, digits and '-', all "
			"lower-case), not a list\n"
			"   {\"日本\":        1, name: [e\xcc\x81]}\n"
			"                            ^\n");
	/* An override for 8 columns, a combining dot for none, a zero-width joiner, an emoji. */
	assert_mistakes("{\"\xe2\x80\xae\": 1, title: [i\xcc\x87\xe2\x80\x8d😀], nam: 1}\n",
			"f:1:1: the file has no name\n"
			"   {\"\\u{202E}\": 1, title: [i\xcc\x87\\u{200D}😀], nam: 1}\n"
			"   ^\n"
			"f:1:1: the file has no topology\n"
			"   {\"\\u{202E}\": 1, title: [i\xcc\x87\\u{200D}😀], nam: 1}\n"
			"   ^\n"
			"f:1:2: unknown key \"\\u{202E}\" in the file\n"
			"   {\"\\u{202E}\": 1, title: [i\xcc\x87\\u{200D}😀], nam: 1}\n"
			"    ^\n"
			"f:1:17: title is one line of text, not a list\n"
			"   {\"\\u{202E}\": 1, title: [i\xcc\x87\\u{200D}😀], nam: 1}\n"
			"                          ^\n"
			"f:1:25: unknown key \"nam\" in the file; did you mean \"name\"?\n"
			"   {\"\\u{202E}\": 1, title: [i\xcc\x87\\u{200D}😀], nam: 1}\n"
			"                                         ^\n");
}

static void a_long_line_is_cut_around_the_place(void **state)
{
	struct arena *a = arena_new();
	char *pad = arena_alloc(a, 5001), *mistakes, *seen;

	(void)state;
	memset(pad, 'x', 5000);
	assert_null(load(a, arena_printf(a, "{title: %.400s, nmae: y, question: %s}", pad, pad),
			 &mistakes));
	seen = arena_printf(a,
			    "f:1:411: unknown key \"nmae\" in the file; did you mean \"name\"?\n"
			    "...%.58s, nmae: y, question: %.17s...\n"
			    "%63s^\n",
			    pad, pad, "");
	assert_non_null(strstr(mistakes, seen));
	assert_true(strlen(mistakes) < 2000);
	arena_free(a);
}

static void nothing_of_the_file_moves_the_cursor(void **state)
{
	struct arena *a = arena_new();
	char *mistakes;

	(void)state;
	/* An escape written out, a right-to-left override, a C1 control, a zero-width space. */
	assert_null(load(a, "\"\\e[2J\xe2\x80\xae\": 1\n\"\\x9b\": 1\n\"\xe2\x80\x8b\": \"\\r\"\n",
			 &mistakes));
	for (const char *p = mistakes, *end = p + strlen(p); p < end;) {
		uint32_t c;

		p += text_next(p, end, &c);
		assert_true(c == '\n' || !text_is_unsafe(c));
	}
	assert_null(strstr(mistakes, "\xe2\x80\xae"));
	assert_null(strstr(mistakes, "\xc2\x9b"));
	assert_non_null(strstr(mistakes, "unknown key \"\\u{1B}[2J\\u{202E}\""));
	arena_free(a);
}

static void all_mistakes_are_told_at_once_in_the_order_of_the_file(void **state)
{
	struct arena *a = arena_new();
	char *mistakes;

	(void)state;
	assert_null(load(a,
			 "nmae: x\n"
			 "name: x\n"
			 "topology:\n"
			 "  nodes:\n"
			 "    a: {kind: clinet}\n"
			 "    b: {kind: server, mode: rras}\n"
			 "  links:\n"
			 "    - {endpoints: [\"a:x\", \"c:x\"], subnet: 10.0.0.0}\n"
			 "expect: {}\n",
			 &mistakes));
	assert_string_equal(heads(a, mistakes),
			    "1:1: unknown key \"nmae\" in the file; did you mean \"name\"?\n"
			    "5:15: unknown kind \"clinet\"; did you mean \"client\"?\n"
			    "6:29: unknown mode \"rras\"; did you mean \"rras-2012r2\"?\n"
			    "8:27: no node \"c\"\n"
			    "8:43: subnet is a network such as 192.168.1.0/24, not \"10.0.0.0\"\n"
			    "9:9: expect is a list, not a map\n");
	arena_free(a);
}

static void beyond_fifty_mistakes_are_only_counted(void **state)
{
	struct arena *a = arena_new();
	char *text = arena_str(a, small_file), *mistakes, *last;

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		text = arena_printf(a, "%skey%u: 1\n", text, i);
	assert_null(load(a, text, &mistakes));
	last = strstr(mistakes, "f: and ");
	assert_string_equal(last, "f: and 10 more mistakes\n");
	arena_free(a);
}

/* ---- networks ---- */

/* Nodes and links as the small file has them, too different from it for a change in one place. */
static const struct {
	const char *nodes, *links, *says;
} networks[] = {
	{"    c: {kind: client, mode: macos, psk: k, dials: s}\n"
	 "    h: {kind: host}\n"
	 "    s: {kind: server, mode: rras-2012r2, psk: k}\n"
	 "    r: {kind: router}\n",
	 "    - {endpoints: [\"c:a\", \"h:a\"], subnet: 10.0.0.0/24}\n"
	 "    - {endpoints: [\"s:a\", \"r:a\"], subnet: 10.0.1.0/24}\n",
	 "4:51: c can never reach 10.0.1.10: c has no route to 10.0.1.10\n"},
	{"    c: {kind: client, mode: macos, psk: k, dials: s}\n"
	 "    h: {kind: host}\n"
	 "    s: {kind: server, mode: rras-2012r2, psk: k}\n",
	 "    - {endpoints: [\"c:a\", \"h:a\"], subnet: 10.0.0.0/24}\n"
	 "    - {endpoints: [\"h:b\", \"s:a\"], subnet: 10.0.1.0/24}\n",
	 "4:51: c can never reach 10.0.1.11: c has no route to 10.0.1.11\n"},
	{"    e: {kind: eip, outside: o, map: {192.0.2.9: a}}\n"
	 "    f: {kind: eip, outside: o, map: {192.0.2.9: b}}\n"
	 "    r: {kind: router}\n"
	 "    a: {kind: host}\n"
	 "    b: {kind: host}\n",
	 "    - {endpoints: [\"e:o\", \"r:e\"], subnet: 10.0.0.0/24}\n"
	 "    - {endpoints: [\"f:o\", \"r:f\"], subnet: 10.0.1.0/24}\n"
	 "    - {endpoints: [\"e:i\", \"a:x\"], subnet: 10.0.2.0/24}\n"
	 "    - {endpoints: [\"f:i\", \"b:x\"], subnet: 10.0.3.0/24}\n",
	 "5:37: 192.0.2.9 is mapped by e too\n"},
	{"    n: {kind: napt, outside: o}\n"
	 "    r: {kind: router}\n",
	 "    - {endpoints: [\"n:o\", \"r:a\"], subnet: 10.0.0.0/24}\n"
	 "    - {endpoints: [\"n:i\", \"r:b\"], subnet: 10.0.1.0/24}\n",
	 "4:5: the outside of n leads back to its inside, past it\n"},
	{"    n: {kind: napt, outside: o}\n"
	 "    m: {kind: napt, outside: o}\n",
	 "    - {endpoints: [\"n:o\", \"m:i\"], subnet: 10.0.0.0/24}\n"
	 "    - {endpoints: [\"m:o\", \"n:i\"], subnet: 10.0.1.0/24}\n",
	 "4:5: the outside of n leads back to its inside, past it\n"},
	{"    n: {kind: napt, outside: o}\n"
	 "    a: {kind: host}\n",
	 "    - {endpoints: [\"n:o\", \"a:x\"], subnet: 10.0.0.0/24}\n",
	 "4:5: n has no inside: a NAT needs a second interface\n"},
	/* the map takes what the link would have given */
	{"    e: {kind: eip, outside: o, map: {192.0.2.1: a}}\n"
	 "    r: {kind: router}\n"
	 "    a: {kind: host}\n",
	 "    - {endpoints: [\"e:o\", \"r:e\"], subnet: 192.0.2.0/31}\n"
	 "    - {endpoints: [\"e:i\", \"a:x\"], subnet: 10.0.2.0/24}\n",
	 "8:43: no address is left in 192.0.2.0/31 for e:o\n"},
};

static void networks_that_cannot_work_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		struct arena *a = arena_new();
		char *mistakes;

		assert_null(load(a,
				 arena_printf(a, "name: x\ntopology:\n  nodes:\n%s  links:\n%s",
					      networks[i].nodes, networks[i].links),
				 &mistakes));
		assert_string_equal(heads(a, mistakes), networks[i].says);
		arena_free(a);
	}
}

/* ---- --set ---- */

static void a_setting_is_judged_like_the_file(void **state)
{
	static const struct {
		struct setting set;
		const char *says; /* NULL: good */
	} rows[] = {
		{{"client", "psk", "other"}, NULL},
		{{"server", "allow", "[udp/500]"}, NULL},
		{{"home", "ports", "[2000, 2999]"}, NULL},
		{{"client", "mode", "widnows-10"},
		 "--set client.mode: the matrix' axis client changes this key already; "
		 "--filter chooses among its values\n"
		 "--set client.mode: unknown mode \"widnows-10\"; did you mean \"windows-10\"?\n"},
		{{"cleint", "psk", "x"}, "--set cleint.psk: no node \"cleint\"; did you mean "
					 "\"client\"?\n"},
		{{"home", "ports", "perserve"}, "--set home.ports: unknown ports \"perserve\"; did "
						"you mean \"preserve\"?\n"},
		{{"home", "kind", "router"}, "--set home.kind: a napt has no key \"kind\" that can "
					     "be set\n"},
		{{"home", "psk", "x"},
		 "--set home.psk: a napt has no key \"psk\" that can be set\n"},
		{{"server", "psk", "\xff"}, "--set server.psk: not UTF-8; a topology file is UTF-8 "
					    "text\n"},
		{{"server", "psk", ""}, "--set server.psk: is empty\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		char *mistakes;
		struct topology *t = topology_load_buffer(a, "f", small_file, strlen(small_file),
							  &rows[i].set, 1, &mistakes);

		assert_true(!t == !!rows[i].says);
		if (rows[i].says)
			assert_string_equal(strstr(mistakes, "--set"), rows[i].says);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_told_in_its_place),
		cmocka_unit_test(vendor_ids_that_no_message_can_hold_are_refused),
		cmocka_unit_test(a_mode_of_ones_own_is_like_another_but_for_what_is_said),
		cmocka_unit_test(what_a_file_says_of_a_server_is_in_its_row),
		cmocka_unit_test(a_mistake_shows_its_line_and_a_caret),
		cmocka_unit_test(the_caret_knows_tabs_escapes_and_wide_letters),
		cmocka_unit_test(a_long_line_is_cut_around_the_place),
		cmocka_unit_test(nothing_of_the_file_moves_the_cursor),
		cmocka_unit_test(all_mistakes_are_told_at_once_in_the_order_of_the_file),
		cmocka_unit_test(beyond_fifty_mistakes_are_only_counted),
		cmocka_unit_test(networks_that_cannot_work_are_refused),
		cmocka_unit_test(a_setting_is_judged_like_the_file),
	};

	return cmocka_run_group_tests_name("topology", tests, NULL, NULL);
}
