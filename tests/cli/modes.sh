#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `natdlab modes`: every mode, and everything about one.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

"$natdlab" modes -f json >"$T/modes.json" 2>/dev/null
names() {
	jq -r ".$1[].name" "$T/modes.json"
}
documented() {
	sed -n "/^The modes:/,/^## /s/^| \`\\([a-z0-9.-]*\\)\` | .*/\\1/p" docs/topology.md
}

it 'the table has every mode that a topology file may name'
run "$natdlab" modes
is_status 0
err_empty
for mode in $(documented); do
	check "expected a line for $mode" grep -q "^$mode  " "$out"
done

it 'what Windows makes of a server is computed: the parrot connects, forced NATs do not'
run "$natdlab" modes
check 'softether-5' grep -qE '^softether-5 +copied +ok ' "$out"
check 'rras-2012r2' grep -qE '^rras-2012r2 +exact +refuses ' "$out"
check 'racoon-force' grep -qE '^racoon-force +address-zero +refuses ' "$out"
check 'no-natt' grep -qE '^no-natt +none +fails ' "$out"

it 'no line of any of it is wider than 80 columns'
for mode in '' $(names servers) $(names clients); do
	# shellcheck disable=SC2086 # nothing at all for the table
	"$natdlab" modes $mode
done >"$out" 2>"$err"
err_empty
check 'a line is too wide' lib_not grep -E '.{81}' "$out"

it 'each mode has facts, and each of them a source and a certainty'
run jq -r '(.servers + .clients)[] | select((.facts | length) < 5
	or any(.facts[]; (.source | length) < 3
		or ([.certainty] | inside(["high", "medium", "low"]) | not))) | .name' "$T/modes.json"
is_status 0
out_empty

it 'one server: its hashes, its vendor IDs in order, each fact with its source'
run "$natdlab" modes strongswan-forceencaps
is_status 0
out_has 'strongswan-forceencaps: strongSwan 5.9 with forceencaps (server mode)'
out_has 'random: random bytes'
out_has 'fragmentation-80000000'
out_has '[cloudstack-872]'
check 'a public server is refused' grep -qE '^  windows-10, registry 0 +refuses +refuses +refuses +refuses$' "$out"
check 'value 1 helps a public client' grep -qE '^  windows-10, registry 1 +refuses +ok +refuses +ok$' "$out"

it 'one client: its rule, and what it makes of each server'
run "$natdlab" modes windows-7
is_status 0
out_has 'AssumeUDPEncapsulationContextOnSendRule'
check 'softether-4' grep -qE '^  softether-4 +ok +ok +ok$' "$out"
check 'libreswan' grep -qE '^  libreswan +refuses +refuses +ok$' "$out"

it 'JSON of one mode has that one alone'
run "$natdlab" modes --format json softether-4
is_status 0
check 'one server, no client' jq -e '.schema == 1 and [.servers[].name] == ["softether-4"] and
	.clients == [] and .servers[0].server_hash == "copied" and
	.servers[0].windows_server_behind_nat.client_behind_nat["0"] == "connected"' "$out"

it 'a name with a slip in it gets the nearest one, status 2'
run "$natdlab" modes softehter-4
is_status 2
out_empty
err_has 'unknown mode "softehter-4"; did you mean "softether-4"?'

it 'a name that is near nothing is refused too'
run "$natdlab" modes zx-spectrum
is_status 2
err_has 'unknown mode "zx-spectrum"; natdlab modes lists them'

it 'one name is enough'
run "$natdlab" modes macos ios
is_status 2
err_has 'one argument too many'
