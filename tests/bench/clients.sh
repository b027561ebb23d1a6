#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/bench/clients.sh N - a topology file of N clients, each behind a home router of its own,
# which all dial one server behind an Elastic IP: 2 N + 3 nodes, 2 N + 2 links.
#
#	client1 --- home1 --+
#	client2 --- home2 --+-- internet --- igw --- server
#	...                 |
#
# Every fourth client is a Mac, the others are Windows with the registry at 0, 1 and 2: with RRAS
# half of them connect and half are blocked, so that an answer that went astray is an outcome that
# is wrong.

awk -v n="${1:?how many clients}" 'BEGIN {
	split("macos|windows-10|windows-10|windows-10", mode, "|")
	split("|, registry: 0|, registry: 1|, registry: 2", registry, "|")
	print "name: clients-" n
	print "topology:"
	print "  kinds:"
	print "    client: {psk: lab-psk, user: alice, password: wonderland, dials: 203.0.113.10}"
	print "    server: {psk: lab-psk, user: alice, password: wonderland, pool: 192.168.0.0/16}"
	print "  nodes:"
	for (i = 1; i <= n; i++) {
		k = (i - 1) % 4 + 1
		print "    client" i ": {kind: client, mode: " mode[k] registry[k] "}"
		print "    home" i ": {kind: napt, outside: wan}"
	}
	print "    internet: {kind: router}"
	print "    igw: {kind: eip, outside: wan, map: {203.0.113.10: server}}"
	print "    server: {kind: server, mode: rras-2012r2, allow: [udp/500, udp/4500]}"
	print "  links:"
	for (i = 1; i <= n; i++) {
		high = int(i / 256)
		low = i % 256
		lan = "10." high "." low ".0/24"
		wan = "100." 64 + int(high / 64) "." high % 64 * 4 + int(low / 64) "." low % 64 * 4 "/30"
		print "    - {endpoints: [\"client" i ":eth0\", \"home" i ":lan\"], subnet: " lan "}"
		print "    - {endpoints: [\"home" i ":wan\", \"internet:home" i "\"], subnet: " wan "}"
	}
	print "    - {endpoints: [\"internet:eth0\", \"igw:wan\"], subnet: 203.0.113.0/24}"
	print "    - {endpoints: [\"igw:vpc\", \"server:eth0\"], subnet: 172.31.0.0/20}"
	print "expect:"
	for (i = 1; i <= n && i <= 4; i++) # of one client of each sort; every client is counted
		print "  - {client: client" i ", outcome: " (i % 4 < 2 ? "connected" : "blocked") "}"
}'
