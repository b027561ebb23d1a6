#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `natdlab inspect` says of captures: real servers' (the answers are in the JSON beside each
# capture), a lab's with each thing broken that people break, several at once, and files made to
# hurt.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

captures=tests/data/captures

# The first value of a key in a JSON file, without quotes and commas.
value() {
	sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$2" | head -n 1
}

# ---- real servers ----

# The registry values, 0 to 2, with which Windows refuses: "010".
refused_by_answer() {
	sed -n '/"windows_refuses"/,/}/{s/.*"[012]": true.*/1/p;s/.*"[012]": false.*/0/p}' "$1" |
		tr -d '\n'
}
# Of the exchange with this responder cookie.
refused_by_inspect() {
	awk -v cookie="$1" '
		/"responder_cookie"/ { mine = index($0, cookie) }
		mine && /"[012]": "blocked"/ { printf 1 }
		mine && /"[012]": "connects"/ { printf 0 }' "$out"
}

it 'real captures from either end are judged as their answers say'
for answer in "$captures"/*.json; do
	base=${answer%.json}
	want=$(refused_by_answer "$answer")
	for end in client server; do
		run "$natdlab" inspect --format json "$base.$end.pcap"
		out_has "\"initiator_cookie\": \"$(value cky_i "$answer")\""
		out_has "\"responder_cookie\": \"$(value cky_r "$answer")\""
		check "of $base, seen by the $end: $want" \
			[ "$(refused_by_inspect "$(value cky_r "$answer")")" = "$want" ]
		err_empty
	done
done

it 'a copied hash is proven at the server and only suspected at the client'
run "$natdlab" inspect --format json "$captures/softether-eip-napt-ms.client.pcap"
is_status 0
out_has '"server_hash": "exact-or-copied"'
run "$natdlab" inspect --format json "$captures/softether-eip-napt-ms.server.pcap"
is_status 0
out_has '"server_hash": "copied"'

it 'the address of the server, given by hand, proves the same at the client'
run "$natdlab" inspect --format json --server 172.31.16.10 \
	"$captures/softether-eip-napt-ms.client.pcap"
is_status 0
out_has '"server_hash": "copied"'

it 'two captures of one exchange are one exchange at two places'
run "$natdlab" inspect "$captures/strongswan-eip-napt-ms.client.pcap" \
	"$captures/strongswan-eip-napt-ms.server.pcap"
is_status 1
out_has 'exchange 1 of 1: 10.20.0.2:500 dials 203.0.113.10:500'
out_has 'strongswan-eip-napt-ms.server.pcap: 198.51.100.10:26723 > 172.31.16.10:500'
out_has '172.31.16.10:500'
out_has 'exact: its own address'

it 'no report has two empty lines'
for capture in "$captures"/*.pcap; do
	run "$natdlab" inspect "$capture"
	check "of $capture" [ -z "$(awk 'last == "" && $0 == "" && NR > 1 { print NR }
		{ last = $0 }' "$out")" ]
done

it 'vendor IDs, proposals and the choice are told in words'
run "$natdlab" inspect "$captures/softether-eip-napt-ms.client.pcap"
is_status 0
out_has 'looks like SoftEther'
out_has 'MS NT5 ISAKMPOAKLEY v9'
out_has 'aes-256-cbc-sha1-ecp384'
out_has 'chosen            aes-256-cbc-sha1-modp2048, pre-shared key'

it 'a server that forges its hash is told which setting to change'
run "$natdlab" inspect "$captures/libreswan-encapsulation-pub-pub-ms.client.pcap"
out_has 'encapsulation=auto'
run "$natdlab" inspect "$captures/strongswan-encap-pub-pub-ms.server.pcap"
is_status 1
out_has 'forced-encapsulation'
out_has 'encap=no'

it 'a private address is found behind its hash'
run "$natdlab" inspect --unmask --format json "$captures/strongswan-eip-napt-ms.client.pcap"
is_status 1
out_has '"172.31.16.10:500"'
out_has '"server_hash": "exact"'
err_has 'is 172.31.16.10:500'

it 'a hash that fits no private address is taken for a forgery, and the cure is the server'\''s'
for file in strongswan-encap-pub-pub-ms strongswan-encap-eip-napt-ms; do
	run "$natdlab" inspect "$captures/$file.client.pcap"
	is_status 1
	out_has 'blocked: blocked-by-policy (likely)'
	out_has 'it only pretends to be, which looks alike from here'
	out_has 'encap=no'
	run "$natdlab" inspect --unmask "$captures/$file.client.pcap"
	is_status 1
	out_has 'fits no private address'
	out_has 'blocked: forced-encapsulation (a guess)'
	out_has 'On the server: encap=no'
	out_lacks 'says that this server is behind NAT'
done
run "$natdlab" inspect --unmask --format json "$captures/strongswan-encap-pub-pub-ms.client.pcap"
out_has '"signature": "forced-encapsulation"'
out_has '"certainty": "low"'
out_has '"unmask_in_vain": true'

it 'a private address that is found is no forgery'
run "$natdlab" inspect --unmask "$captures/strongswan-eip-napt-ms.client.pcap"
out_has 'blocked: blocked-by-policy (likely)'
out_lacks 'pretends'
run "$natdlab" inspect --unmask --format json "$captures/strongswan-eip-napt-ms.client.pcap"
out_has '"unmask_in_vain": false'

it 'a private address with port 0 is a forgery'
run "$natdlab" inspect --unmask --format json \
	"$captures/libreswan-encapsulation-eip-napt-ms.client.pcap"
out_has '"172.31.16.10:0"'
out_has '"server_hash": "faked"'

it 'a client is found behind its IKEv2 notifies, made when the server had no cookie yet'
run "$natdlab" inspect --unmask "$captures/ikev2-eip-napt.server.pcap"
is_status 1 # IKEv2 is never decided
err_has 'unmask: 27c04c.. is 192.168.1.10:500'
out_has 'B 27c04c.. 192.168.1.10:500'
out_has 'client concludes  I am behind NAT, and so is the server'
run "$natdlab" inspect --unmask "$captures/ikev2-eip-napt.client.pcap"
err_has 'unmask: 747423.. is 172.31.0.10:500'
err_lacks 'hashes/s' # no bar without a terminal

it 'the search ends when it is told to, and what is known is judged'
command='natdlab inspect --unmask, SIGINT after half a second'
# A shell's background process ignores SIGINT, and so would ours.
timeout -s INT 0.5 "$natdlab" inspect --unmask --port 1 --port 2 --port 3 --port 4 --port 5 \
	--port 6 --port 7 "$captures/strongswan-encap-pub-pub-ms.client.pcap" >"$out" 2>"$err"
status=$?
is_status 124 # timeout's word for it
err_has 'stopped after'
out_has 'or random bytes; from here they look alike'

it 'a port to try that is none is refused'
run "$natdlab" inspect --unmask --port 70000 "$captures/strongswan-eip-napt-ms.client.pcap"
is_status 2
err_has '"70000"'

# ---- exit status ----

it 'the exit status is 0 where something works and nothing is blocked or failed, and else 1'
for capture in "$captures"/*.pcap; do
	run "$natdlab" inspect --format json "$capture"
	want=$(jq '[.exchanges[].outcome] | if any(. == "blocked" or . == "failed") then 1
		elif any(. == "connected") then 0 else 1 end' "$out")
	check "of $capture: $want" [ "$status" = "$want" ]
	jq -r '.exchanges[].outcome' "$out" >>"$T/outcomes"
done
check 'all outcomes were met' [ "$(sort -u "$T/outcomes" | tr '\n' ' ')" = \
	'blocked connected failed undecided ' ]
run "$natdlab" inspect "$captures/libreswan-encapsulation-pub-pub-ms.client.pcap"
out_has 'undecided: unfinished (a guess)'
is_status 1
run "$natdlab" inspect "$captures/libreswan-encapsulation-pub-pub-ms.client.pcap" \
	"$captures/softether-pub-pub-ms.client.pcap"
out_has 'undecided: unfinished (a guess)'
out_has 'connected: fine'
is_status 0

# ---- Aggressive Mode ----

it 'a real strongSwan in Aggressive Mode is read and judged like one in Main Mode'
run "$natdlab" inspect "$captures"/aggressive-eip-napt.client.pcap \
	"$captures"/aggressive-eip-napt.server.pcap
out_has 'exchange 1 of 1: 192.168.1.10:500 dials 203.0.113.10:500 (Aggressive Mode)'
out_has 'chosen            aes-256-cbc-sha256-modp2048, pre-shared key'
out_has 'identities        client 192.168.1.10; server 172.31.0.10'
out_has 'message 2         A 92dba6.. 198.51.100.10:500  B 4443b7.. 172.31.0.10:500'
out_has 'message 3         is encrypted'
out_has 'client concludes  I am behind NAT, and so is the server'
out_has "server's hash     exact: its own address"
out_has 'moved to UDP 4500'
run "$natdlab" inspect --format json "$captures/aggressive-eip-napt.client.pcap"
out_has '"exchange": "aggressive"'
out_has '"server_hash": "unknown"'
run "$natdlab" inspect --unmask "$captures/aggressive-eip-napt.client.pcap"
err_has 'is 172.31.0.10:500'
out_has "server's hash     exact: its own address"

it 'a client in Aggressive Mode that finds another key says so, encrypted'
run "$natdlab" inspect "$captures/aggressive-psk.client.pcap"
is_status 1
out_has 'failed: psk-mismatch (certain)'

it 'ike-scan in Aggressive Mode is known for what it is'
run "$natdlab" inspect "$captures/aggressive-ike-scan.client.pcap"
is_status 1
out_has 'client user (USER_FQDN) "office"; server 203.0.113.10'
out_has 'client concludes  I am behind NAT; the server is public'
out_has 'such as ike-scan'

# ---- a lab with each thing broken ----

cat >"$T/broken.yaml" <<'YAML'
name: broken
title: What people break
topology:
  kinds:
    client: {psk: lab-psk, user: alice, password: wonderland}
    server: {psk: lab-psk, user: alice, password: wonderland, pool: 192.168.42.0/24}
  nodes:
    client:   {kind: client, mode: windows-10, registry: 0, dials: 203.0.113.10}
    home:     {kind: napt, outside: wan}
    internet: {kind: router}
    igw:      {kind: eip, outside: wan, map: {203.0.113.10: server}}
    server:   {kind: server, mode: strongswan-5.9}
  links:
    - {endpoints: ["client:eth0", "home:lan"], subnet: 192.168.1.0/24}
    - {endpoints: ["home:wan", "internet:eth0"], subnet: 198.51.100.0/24}
    - {endpoints: ["internet:eth1", "igw:wan"], subnet: 203.0.113.0/24}
    - {endpoints: ["igw:vpc", "server:eth0"], subnet: 172.31.0.0/20}
matrix:
  server:
    nothing: {psk: lab-psk}
    psk: {psk: other}
    no4500: {allow: [udp/500]}
    no500: {allow: [udp/4500]}
    softether: {mode: softether-5}
    random: {mode: strongswan-forceencaps}
    port-zero: {mode: libreswan-encapsulation}
  client:
    registry-0: {registry: 0}
    registry-2: {registry: 2}
    mac: {mode: macos}
    android: {mode: android}
expect:
  - {outcome: blocked, when: {client: registry-0, server: nothing}}
YAML
"$natdlab" run --backend sim -o "$T/kept" "$T/broken.yaml" >"$T/run.txt" 2>&1

# says SCENARIO FILE STATUS SIGNATURE: what inspect says of a kept capture of a scenario.
says() {
	run "$natdlab" inspect --format json "$T/kept/$1/$2"
	is_status "$3"
	out_has "\"signature\": \"$4\""
	err_empty
}

# Each row: scenario, status, signature at the client, signature at the server.
while read -r scenario wanted client server; do
	it "$scenario is $client at the client and $server at the server"
	says "$scenario" links/client-home.pcapng "$wanted" "$client"
	says "$scenario" links/igw-server.pcapng "$wanted" "$server"
	says "$scenario" capture.pcapng "$wanted" "$server"
done <<'ROWS'
nothing/registry-0 1 blocked-by-policy blocked-by-policy
nothing/registry-2 0 fine fine
nothing/mac 0 fine fine
psk/registry-0 1 psk-mismatch psk-mismatch
psk/mac 1 psk-mismatch psk-mismatch
no4500/registry-0 1 port-4500-closed port-4500-closed
no4500/mac 1 port-4500-closed port-4500-closed
no500/registry-0 1 port-500-closed port-500-closed
softether/registry-0 0 fine fine
random/registry-0 1 blocked-by-policy forced-encapsulation
random/registry-2 0 fine fine
port-zero/registry-0 1 blocked-by-policy forced-encapsulation
port-zero/android 1 no-proposal no-proposal
ROWS

it 'the cure stands in the report as a line to copy'
run "$natdlab" inspect "$T/kept/nothing/registry-0/capture.pcapng"
is_status 1
check 'the whole command in one line' grep -qE \
	'^ +reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent /v AssumeUDPEncapsulationContextOnSendRule /t REG_DWORD /d 2 /f$' "$out"
out_has 'registry 0 or absent is blocked (809); registry 1 is blocked'
out_has 'not the cause'

it 'a Mac that connects is told what a Windows client would do'
run "$natdlab" inspect "$T/kept/nothing/mac/capture.pcapng"
is_status 0
out_has 'A Windows client in its'

it 'an exchange has every key of a run'\''s connection, and what docs/diagnose.md adds'
jq -r '[.scenarios[].connections[] | keys[]] | unique | .[]' "$T/kept/run.json" >"$T/want"
for word in exchange initiator responder vendor_ids identities offered signature certainty \
	evidence windows cause cures not_the_cause; do
	echo "$word"
done >>"$T/want"
for file in strongswan-eip-napt-ms aggressive-eip-napt ikev2-eip-napt; do
	"$natdlab" inspect --format json "$captures/$file.client.pcap" |
		jq -r '.exchanges[0] | keys[]' >"$T/keys"
	while read -r key; do
		check "$file has no $key" grep -qx "$key" "$T/keys"
	done <"$T/want"
done
run "$natdlab" inspect --format json "$T/kept/nothing/registry-0/capture.pcapng"
jq -c '.schema, (.exchanges[0] | .initiator, .windows, .natd.server_hash, .error, .encapsulation,
	.quick_modes, .vendor_ids.responder[0].name)' "$out" >"$T/got"
printf '%s\n' 1 '"192.168.1.10:500"' '{"0":"blocked","1":"blocked","2":"connects"}' '"exact"' 809 \
	'"udp"' 6 '"XAUTH"' >"$T/want"
cp "$T/got" "$out"
check 'not the values that were wanted' cmp -s "$T/got" "$T/want"

it 'of more than twenty exchanges the others have a line each, and it says how to see them'
run "$natdlab" inspect "$T"/kept/*/*/capture.pcapng
lines=$(grep -c '^exchange [0-9]*: ' "$out")
full=$(grep -c '^exchange [0-9]* of ' "$out")
check "20 in full, not $full" [ "$full" = 20 ]
check 'others in short' [ "$lines" -gt 5 ]
out_has "from here on one line each, $lines of $((full + lines)); --verbose prints all in full"
run "$natdlab" inspect --verbose "$T"/kept/*/*/capture.pcapng
check 'all in full' [ "$(grep -c '^exchange [0-9]* of ' "$out")" = $((full + lines)) ]
out_lacks 'one line each'

it 'no exchanges are an empty list'
head -c 24 "$captures/softether-eip-napt-ms.client.pcap" >"$T/empty.pcap"
run "$natdlab" inspect --format json "$T/empty.pcap"
is_status 1
check 'a list' [ "$(jq -c '[.schema, .exchanges, .frames]' "$out")" = '[1,[],0]' ]

# ---- input ----

it 'a capture is read from a pipe'
command='natdlab inspect -'
# shellcheck disable=SC2002 # a pipe is the point
cat "$captures/softether-eip-napt-ms.client.pcap" | "$natdlab" inspect - >"$out" 2>"$err"
status=$?
is_status 0
out_has 'standard input: 10.20.0.2:500 > 203.0.113.10:500'

it 'a capture without an exchange is no success'
head -c 24 "$captures/softether-eip-napt-ms.client.pcap" >"$T/empty.pcap"
run "$natdlab" inspect "$T/empty.pcap"
is_status 1
out_has 'no IKE exchange'

it 'what is no capture is refused by name'
run "$natdlab" inspect README.md
is_status 2
err_has 'README.md: not a capture'
out_empty

it 'a file that is not there is refused'
run "$natdlab" inspect "$T/nowhere.pcap"
is_status 2
err_has 'nowhere.pcap'

it 'a file is named by its path'
run "$natdlab" inspect /dev/null
is_status 2
err_has '/dev/null: the file is empty'
run "$natdlab" inspect "$T/nowhere/x.pcap"
is_status 2
err_has "$T/nowhere/x.pcap"

it 'a folder is refused, and where its captures are is said'
run "$natdlab" inspect .
is_status 2
err_has '. is a folder; give the captures in it'
run "$natdlab" inspect "$T/kept/"
is_status 2
err_has "a scenario's capture in it is $T/kept/ID/capture.pcapng"
run "$natdlab" inspect "$T/kept/nothing/registry-0"
is_status 2
err_has "the capture in it is $T/kept/nothing/registry-0/capture.pcapng"

it 'frames without IP are said to be none, instead of how to capture IKE'
{
	printf '\324\303\262\241\002\0\004\0\0\0\0\0\0\0\0\0\377\377\0\0\001\0\0\0'
	for _ in 1 2 3; do
		printf '\0\0\0\0\0\0\0\0\020\0\0\0\020\0\0\0abcdefghijklmnop'
	done
} >"$T/garbage.pcap"
run "$natdlab" inspect "$T/garbage.pcap"
is_status 1
out_has 'no IP packet in 3 frames: a wrong link type'
out_lacks 'capture UDP ports'

it 'standard input twice, and a port without --unmask, are mistakes'
run "$natdlab" inspect - -
is_status 2
err_has 'is given twice'
run "$natdlab" inspect --port 600 "$captures/strongswan-eip-napt-ms.client.pcap"
is_status 2
err_has '--port is for --unmask alone'
out_empty

it 'an address that is none is refused'
run "$natdlab" inspect --server example.org "$captures/softether-eip-napt-ms.client.pcap"
is_status 2
err_has '"example.org"'

it 'a capture that was cut off is judged as far as it goes'
head -c 5000 "$captures/softether-eip-napt-ms.client.pcap" >"$T/cut.pcap"
run "$natdlab" inspect "$T/cut.pcap"
is_status 0
out_has 'copied on one behind NAT'
err_has 'cut.pcap: damaged at byte'

# The address sanitizer reserves terabytes of addresses for itself.
limit='prlimit --as=268435456'
if nm -D "$natdlab" 2>/dev/null | grep -q __asan_init; then
	limit=
fi

# The same session over and over, as if it had been captured for hours: pcap has no end mark.
endless() {
	head -c 24 "$captures/softether-eip-napt-ms.client.pcap"
	tail -c +25 "$captures/softether-eip-napt-ms.client.pcap" >"$T/records"
	n=0
	while [ "$n" -lt 100 ]; do
		cat "$T/records"
		n=$((n + 1))
	done >"$T/hundred"
	n=0
	while [ "$n" -lt 100 ]; do
		cat "$T/hundred"
		n=$((n + 1))
	done
}

it 'a long capture is read from a pipe in bounded memory and time'
command='endless | natdlab inspect -'
# shellcheck disable=SC2086 # $limit may be empty
endless | timeout 60 $limit "$natdlab" inspect --format json - >"$out" 2>"$err"
status=$?
is_status 0
err_empty
out_has '"signature": "fine"'
check 'every frame was read' grep -qE '"frames": [0-9]{6},' "$out"

it 'names of files and interfaces move no terminal'
cp "$captures/softether-eip-napt-ms.client.pcap" "$T/$(printf 'a\033[31mb\302\233c\377.pcap')"
run "$natdlab" inspect "$T"/a*b*
is_status 0
check 'no control character, and UTF-8' lib_not grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xff' "$out"
out_has 'a\u{1B}[31mb\u{9B}c\xFF.pcap: '
run "$natdlab" inspect --format json "$T"/a*b*
is_status 0

# ---- docs ----

# The lines of docs/diagnose.md that quote what is said of these files.
quoted() {
	awk -v begin="<!-- output: begin $* -->" '
		$0 == "<!-- output: end -->" { on = 0 }
		on { sub(/^    /, ""); print }
		$0 == begin { on = 1 }' docs/diagnose.md
}

it 'docs/diagnose.md quotes what is said'
for files in 'strongswan-eip-napt-ms.client.pcap strongswan-eip-napt-ms.server.pcap' \
	'softether-eip-napt-ms.client.pcap'; do
	# shellcheck disable=SC2086 # names without blanks
	run sh -c 'cd "$1" && shift && exec "$@"' - "$captures" "$natdlab" inspect $files
	# shellcheck disable=SC2086
	quoted $files >"$T/quoted"
	check "the same as quoted of $files" cmp -s "$T/quoted" "$out"
done

it 'every signature is explained in docs/diagnose.md'
# shellcheck disable=SC2013 # words without blanks
for word in $(sed -n 's/^\t\[SIG_[A-Z0-9_]*\] = {"\([a-z0-9-]*\)", OUTCOME.*/\1/p' lab/analysis/finding.c); do
	check "$word has a row" grep -qF "| \`$word\` |" docs/diagnose.md
done
