#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Labs of many clients: everybody is answered, and ten times the clients take about ten times the
# work. `make bench` measures how exactly; here only what no busy machine can excuse.

# shellcheck disable=SC2016 # programs of jq have dollars of their own
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Hundredths of a second of processors that what this shell waited for has used.
used() {
	times | awk 'NR == 2 {
		for (i = 1; i <= 2; i++) {
			split($i, t, /[ms]/)
			sum += t[1] * 60 + t[2]
		}
		print int(sum * 100) }'
}

# clients N [OPTION...]: runs so many, each behind a home router of its own.
clients() {
	n=$1
	shift
	tests/bench/clients.sh "$n" >"$T/clients-$n.yaml"
	run "$natdlab" run --seed 1 --format json "$@" "$T/clients-$n.yaml"
	cp "$out" "$T/clients-$n.json"
}

# Macs and registry 2 connect to an RRAS behind NAT, the others are blocked, with these counts.
everybody_is_answered() {
	jq -c '[.scenarios[].connections[] | [.registry, .outcome, .quick_modes, .deletes]]
		| group_by(.) | map([.[0], length])' "$1" >"$T/counts"
	echo "$2" | diff - "$T/counts" >"$T/.diff" || sed 's/^/# /' "$T/.diff"
	[ ! -s "$T/.diff" ]
}

it 'each of 10 clients comes to its product'\''s verdict'
needs_lab
before=$(used)
clients 10
few=$(($(used) - before))
is_status 0
check 'every client' everybody_is_answered "$T/clients-10.json" \
	'[[[null,"connected",1,0],3],[[0,"blocked",6,7],3],[[1,"blocked",6,7],2],[[2,"connected",1,0],2]]'

hundred='[[[null,"connected",1,0],25],[[0,"blocked",6,7],25],[[1,"blocked",6,7],25],[[2,"connected",1,0],25]]'

it 'and each of 100'
needs_lab
before=$(used)
clients 100
many=$(($(used) - before))
is_status 0
check 'every client' everybody_is_answered "$T/clients-100.json" "$hundred"

it 'ten times the clients take no more than thirty times the work'
needs_lab
command="10 clients: $few/100 s, 100 clients: $many/100 s of processors"
check 'near-linear growth' [ "$many" -le $((30 * (few > 2 ? few : 2))) ]

it '100 clients come to the same verdicts in the simulator'
clients 100 --backend sim
is_status 0
check 'every client' everybody_is_answered "$T/clients-100.json" "$hundred"

# behind_one_nat N: so many clients in a network of their own each behind one NAPT, which forgets the
# strangers that it let in while they are connected.
behind_one_nat() {
	awk -v n="$1" 'BEGIN {
		print "name: one-nat\ntopology:\n  nodes:"
		for (i = 1; i <= n; i++)
			print "    c" i ": {kind: client, mode: windows-10, psk: key, dials: server, idle: 30s}"
		print "    home: {kind: napt, outside: wan, filtering: endpoint-independent, timeout: 10s}"
		print "    server: {kind: server, mode: rras-2012r2, psk: key}"
		print "  links:"
		for (i = 1; i <= n; i++)
			print "    - {endpoints: [\"c" i ":eth0\", \"home:c" i "\"], subnet: 10." \
				int(i / 256) "." i % 256 ".0/24}"
		print "    - {endpoints: [\"home:wan\", \"server:eth0\"], subnet: 203.0.113.0/24}"
	}'
}

# Beside one client so many idle machines that descriptors pass 1024 before the first ruleset.
it 'rulesets are loaded behind a thousand namespaces'
needs_lab
awk 'BEGIN {
	print "name: hosts\ntopology:\n  nodes:"
	for (i = 1; i <= 1020; i++)
		print "    h" i ": {kind: host}"
	print "    c: {kind: client, mode: macos, psk: key, dials: 198.51.100.10}"
	print "    home: {kind: napt, outside: wan}"
	print "    igw: {kind: eip, outside: wan, map: {198.51.100.10: server}}"
	print "    server: {kind: server, mode: rras-2012r2, psk: key}"
	print "  links:"
	for (i = 1; i <= 1020; i++)
		print "    - {endpoints: [\"h" i ":e\", \"home:h" i "\"], subnet: 10." \
			int(i / 64) "." i % 64 * 4 ".0/30}"
	print "    - {endpoints: [\"c:e\", \"home:lan\"], subnet: 192.168.1.0/24}"
	print "    - {endpoints: [\"home:wan\", \"igw:wan\"], subnet: 198.51.100.0/24}"
	print "    - {endpoints: [\"igw:vpc\", \"server:e\"], subnet: 172.31.0.0/24}"
}' >"$T/hosts.yaml"
run "$natdlab" run --backend netns --seed 1 "$T/hosts.yaml"
is_status 0

it 'a NAT of 300 clients forgets strangers'
needs_lab
behind_one_nat 300 >"$T/one-nat.yaml"
run "$natdlab" run --seed 1 --format json "$T/one-nat.yaml"
is_status 0
check 'every client' jq -e '[.scenarios[].connections[].outcome] | length == 300 and
	all(. == "connected")' "$out" >"$T/.all"
