#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `natdlab run`: the article's table, the result document, the exit statuses, what is kept.

# shellcheck disable=SC2016 # programs of awk and jq have dollars of their own
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

article=topologies/article.yaml

# Lengths of time and abbreviated hashes stand for themselves.
without_figures() {
	sed -E 's/[0-9a-f]{6}\.\./HASH../g; s/[0-9]+\.[0-9]+ s$/TIME s/; s/[[:blank:]]+$//' "$1"
}

same() {
	diff -u "$1" "$2" >"$T/.diff" || sed 's/^/# /' "$T/.diff"
	[ ! -s "$T/.diff" ]
}

it 'one seed gives the same tables, hashes included'
needs_lab
run "$natdlab" run --seed 1 "$article"
sed '$d' "$out" >"$T/first"
run "$natdlab" run --seed 1 "$article"
sed '$d' "$out" >"$T/second"
check 'the same twice' same "$T/first" "$T/second"

it 'another seed gives other hashes and the same conclusions'
needs_lab
run "$natdlab" run --seed 2 "$article"
is_status 0
sed '$d' "$out" >"$T/other"
check 'other hashes' lib_not cmp -s "$T/first" "$T/other"
without_figures "$T/first" >"$T/first.plain"
without_figures "$T/other" >"$T/other.plain"
check 'the same but for the hashes' same "$T/first.plain" "$T/other.plain"

it 'equal hashes carry equal letters, others do not'
needs_lab
check 'letters and hashes' awk '
	match($0, /[A-Z] [0-9a-f]+\.\./) {
		for (i = 1; i < NF; i++)
			if ($i ~ /^[A-Z]$/ && $(i + 1) ~ /^[0-9a-f]+\.\.$/) {
				n++
				if (($i in hash) && hash[$i] != $(i + 1) && server[$i] == $1) exit 1
			}
	}' "$T/first"

it 'nothing is written in colour to a file'
needs_lab
check 'no escape sequences' lib_not grep -q "$(printf '\033')" "$T/first"

it '--list names the scenarios and runs nothing'
run "$natdlab" run --list "$article"
is_status 0
check '12 lines' [ "$(wc -l <"$out")" -eq 12 ]
out_has 'softether-4/registry-0'
out_has 'rras-2012r2/mac'

it '--filter runs what fits'
needs_lab
run "$natdlab" run --seed 1 --filter 'softether-4/*' --format json "$article"
is_status 0
check 'four scenarios' [ "$(jq '.scenarios | length' "$out")" = 4 ]

it '--filter that fits nothing is a mistake'
run "$natdlab" run --filter 'nosuch/*' "$article"
is_status 2
err_has 'nosuch'

it '--set changes one key of one node'
needs_lab
run "$natdlab" run --seed 1 --filter 'rras-2012r2/registry-0' --set server.psk=other --format json "$article"
is_status 1
check 'the keys differ' [ "$(jq -r '.scenarios[0].connections[0].reason' "$out")" = psk-mismatch ]

it 'a wrong key is called so, also where the server keeps silent about it'
run "$natdlab" run --backend sim --set server.psk=other --format json "$article"
is_status 1
check 'no error of the lab' [ "$(jq '[.scenarios[].connections[].lab_error] | unique == [null]' "$out")" = true ]
check 'the reason' [ "$(jq -c '[.scenarios[].connections[] | [.outcome, .reason]] | unique' "$out")" = '[["failed","psk-mismatch"]]' ]
check 'the error that Windows shows' [ "$(jq -c '[.scenarios[].connections[] | select(.registry != null) | .error] | unique' "$out")" = '[789]' ]

it '--set of a key that is not there is a mistake'
run "$natdlab" run --set server.colour=red "$article"
is_status 2
err_has 'colour'

it 'the result document says what INTERFACE promises'
needs_lab
run "$natdlab" run --seed 1 --format json "$article"
is_status 0
cp "$out" "$T/run.json"
j() {
	check "$1" [ "$(jq -c "$2" "$T/run.json" 2>&1)" = "$3" ]
}
j 'schema' .schema 1
j 'seed' .seed 1
j 'backend' .backend '"netns"'
j 'verdict' .verdict '"pass"'
j 'twelve scenarios' '.scenarios | length' 12
j 'what each server needs' '.summary | map([.server_mode, .registry_needed])' \
	'[["rras-2012r2",2],["strongswan-5.3",2],["softether-4",0]]'

it 'RRAS and strongSwan tell the truth and Windows refuses; SoftEther copies and it connects'
needs_lab
cells='[.scenarios[] | .connections[0] as $c | select($c.client_mode == "windows-10")
	| [$c.server_mode, $c.registry, $c.outcome, $c.error, $c.reason, $c.natd.server_hash]]'
j 'the nine cells' "$cells" "$(jq -nc '
	[["rras-2012r2", "exact"], ["strongswan-5.3", "exact"], ["softether-4", "copied"]] as $servers
	| [$servers[] | . as $s | (0, 1, 2) as $r
	| if $s[1] == "copied" or $r == 2 then [$s[0], $r, "connected", null, "none", $s[1]]
	  else [$s[0], $r, "blocked", 809, "both-behind-nat", $s[1]] end]')"

it 'a refused Windows sends no ESP at all, six Quick Modes and seven Deletes'
needs_lab
j 'the blocked cells' '[.scenarios[].connections[] | select(.outcome == "blocked")
	| [.reached, .esp_from_client, .esp_from_server, .quick_modes, .deletes]] | unique' \
	'[["phase2",0,0,6,7]]'

it 'every connected cell has PPP over L2TP over ESP in UDP, as the wire shows'
needs_lab
j 'the connected cells' '[.scenarios[].connections[] | select(.outcome == "connected")
	| [.reached, .floated, .encapsulation, .esp_from_client > 0, .esp_from_server > 0]] | unique' \
	'[["ppp",true,"udp",true,true]]'

it 'the document holds the hashes of both messages, and what they were made of'
needs_lab
j 'two and two' '[.scenarios[].connections[].natd | (.message3, .message4) | length] | unique' '[2]'
j 'as long as SHA-1 and SHA-256 are' '[.scenarios[].connections[]
	| [.phase1.hash, ((.natd.message3 + .natd.message4)[] | length)]] | unique' \
	'[["sha1",40,40,40,40],["sha256",64,64,64,64]]'
j 'the parrot is byte for byte' '[.scenarios[].connections[] | select(.server_mode == "softether-4")
	| .natd.message4[1] == .natd.message3[0]] | unique' '[true]'
j 'nobody else is one' '[.scenarios[].connections[] | select(.server_mode != "softether-4")
	| .natd.message4[1] == .natd.message3[0]] | unique' '[false]'

it 'prediction and observation agree in every scenario'
needs_lab
j 'no difference' '[.scenarios[].connections[]
	| .outcome == .predicted.outcome and .client_sees == .predicted.client_sees] | unique' '[true]'

it 'an expectation that fails is status 1, and the line is named'
needs_lab
sed 's/error: 809/error: 789/' "$article" >"$T/wrong.yaml"
run "$natdlab" run --seed 1 "$T/wrong.yaml"
is_status 1
check 'the line of the expectation' grep -q "wrong.yaml:$(grep -n 'error: 789' "$T/wrong.yaml" | cut -d: -f1)" "$out" "$err"

it 'a file with a mistake is status 2 and runs nothing'
sed 's/softether-4/softehter-4/' "$article" >"$T/bad.yaml"
run "$natdlab" run "$T/bad.yaml"
is_status 2
out_empty
err_has 'did you mean "softether-4"?'

it 'a table on a full disk is no success'
needs_lab
if [ -w /dev/full ]; then
	command='natdlab run >/dev/full'
	"$natdlab" run --seed 1 "$article" >/dev/full 2>"$err" </dev/null
	status=$?
	: >"$out"
	is_status 3
	err_has 'cannot write'
else
	skip 'there is no /dev/full here'
fi

it '-o keeps everything that the run knew'
needs_lab
run "$natdlab" run --seed 1 -o "$T/kept" "$article"
is_status 0
check 'run.json' jq -e '.schema == 1' "$T/kept/run.json"
for file in events.jsonl capture.pcapng plan.sh rules.nft conntrack.txt log.txt; do
	check "$file of every scenario" \
		[ "$(find "$T/kept" -path "*/$file" -size +0 | wc -l)" -eq 12 ]
done
check 'every event is JSON' jq -es 'length > 12' "$T/kept/softether-4/registry-0/events.jsonl"

it 'events can be read while the lab runs'
needs_lab
"$natdlab" run --realtime --filter rras-2012r2/registry-0 -o "$T/live" \
	topologies/article.yaml >/dev/null 2>&1 &
lab=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	sleep 0.2
	grep -q '"kind":"policy"' "$T/live/rras-2012r2/registry-0/events.jsonl" 2>/dev/null && break
done
check 'it ends at once' kill -0 "$lab"
check 'nothing of the gate' grep -q '"kind":"policy"' "$T/live/rras-2012r2/registry-0/events.jsonl"
kill "$lab" 2>/dev/null
wait "$lab" 2>/dev/null

it '-o refuses a folder that cannot be made, before anything runs'
: >"$T/file"
run "$natdlab" run --seed 1 -o "$T/file/kept" "$article"
check 'not a success' [ "$status" -eq 2 -o "$status" -eq 3 ]
out_empty
err_has "$T/file"

it 'more scenarios than a process may have open files'
awk 'BEGIN {
	print "name: many\ntopology:\n  nodes:"
	print "    c: {kind: client, mode: macos, psk: a, dials: s}"
	print "    s: {kind: server, mode: strongswan-5.3, psk: a, password: b}"
	print "  links:\n    - {endpoints: [\"c:e\", \"s:e\"], subnet: 192.0.2.0/24}"
	printf "matrix:\n  s.user: [u0"
	for (i = 1; i < 400; i++) printf ", u%d", i
	print "]\nexpect: [{outcome: connected}]"
}' >"$T/many.yaml"
run sh -c 'ulimit -n 256 && exec "$@"' sh "$natdlab" run --backend sim --jobs 4 "$T/many.yaml"
is_status 0
out_has '400 scenarios, 400 as expected'
out_has '... and 144 more rows'

it 'nothing is left: no process, no namespace, no interface'
needs_lab
mark=NATDLAB_LEFT_BY=$$
before=$(ls /run/netns 2>/dev/null; ip -o link)
env "$mark" sleep 5 &
sleeper=$!
for _ in 1 2 3 4 5 6 7 8 9; do
	lib_left $mark || sleep 0.1
done
check 'a process that is left would be seen' lib_left $mark
kill "$sleeper"
wait "$sleeper" 2>/dev/null
run env "$mark" "$natdlab" run --seed 1 "$article"
check 'no process' lib_not lib_left $mark
check 'no name and no interface' [ "$(ls /run/netns 2>/dev/null; ip -o link)" = "$before" ]

it 'a client with two links has the address of the one that leads to its server, in both backends'
sed 's|^    - {endpoints: \["client:eth0".*|&\n    - {endpoints: ["client:eth1", "internet:eth7"], subnet: 198.18.0.0/24}|' \
	topologies/article.yaml | sed '/^expect:/,$d' >"$T/two-links.yaml"
for backend in sim auto; do
	run "$natdlab" run --backend $backend --format json --filter 'strongswan-5.3/registry-1' \
		"$T/two-links.yaml"
	is_status 0
	check 'it does not go past its home router' jq -e '.scenarios[0].connections[0] |
		.outcome == "connected" and .client_sees.self_behind_nat == false' "$out"
done >/dev/null

it 'thirty kinds of clients have thirty columns'
{
	sed '/^matrix:/,$d' topologies/article.yaml
	echo 'modes:'
	seq -f '  mac-%g: {like: macos}' 30
	echo 'matrix:'
	echo "  client.mode: [$(seq -s ', ' -f 'mac-%g' 30)]"
} >"$T/thirty.yaml"
run "$natdlab" run --backend sim --format markdown "$T/thirty.yaml"
is_status 0
check 'columns are missing' [ "$(sed -n 3p "$out" | tr -cd '|' | wc -c)" -eq 35 ]

it 'why a connection failed is told below the table, once for all that failed so'
run "$natdlab" run --set 'server.allow=[udp/500]' topologies/article.yaml
is_status 1
out_has 'rras-2012r2/mac and 11 more: Message 5, the first on UDP 4500, gets no answer.'
run "$natdlab" run --set 'server.allow=[udp/4500]' topologies/article.yaml
out_has 'rras-2012r2/mac and 11 more: Message 1 gets no answer.'
run "$natdlab" run topologies/login.yaml
out_has "The server does not accept the user's name or password."
run "$natdlab" run topologies/article.yaml
check "Windows' rule is in the table" [ "$(grep -c 'Failed for other' "$out")" -eq 0 ]
