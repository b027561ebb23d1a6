#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `natdlab run FILE FILE...`, and what a run says that has little to say.

# shellcheck disable=SC2086 # $sim is a command and its words
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

sim="$natdlab run --backend sim"

# topology NAME CLIENT: a client and a server on one link; CLIENT's keys end in those given.
topology() {
	cat <<END
name: $1
topology:
  nodes:
    client: {kind: client, mode: windows-10, psk: lab${2:+, $2}}
    server: {kind: server, mode: rras-2012r2, psk: lab}
  links:
    - {endpoints: ["client:eth0", "server:eth0"], subnet: 192.168.1.0/24}
END
}
topology one 'dials: server' >"$T/one.yaml"
topology two 'dials: server' >"$T/two.yaml"
topology two 'dials: server' >"$T/again.yaml"
topology nobody >"$T/nobody.yaml"

it 'several files make one JUnit document'
run $sim --format junit "$T/one.yaml" "$T/two.yaml"
is_status 0
check 'one declaration' [ "$(grep -c '<?xml' "$out")" -eq 1 ]
check 'two suites' [ "$(grep -c '<testsuite name' "$out")" -eq 2 ]
check 'in one root' [ "$(tail -n 1 "$out")" = '</testsuites>' ]

it 'several files make one TAP stream, numbered through'
run $sim --format tap "$T/one.yaml" "$T/two.yaml"
is_status 0
check 'one plan' [ "$(grep '^1\.\.' "$out")" = 1..2 ]
check 'one version' [ "$(grep -c '^TAP' "$out")" -eq 1 ]
out_has 'ok 1 - one/-'
out_has 'ok 2 - two/-'

it 'several files make one line of JSON for each scenario, and none that is empty'
run $sim --format jsonl "$T/one.yaml" "$T/two.yaml"
is_status 0
check 'two lines' [ "$(grep -c '^{.*}$' "$out")" -eq 2 ]
check 'no other' [ "$(wc -l <"$out")" -eq 2 ]

it 'each of several files has a folder of its own'
run $sim -o "$T/kept" "$T/one.yaml" "$T/two.yaml"
is_status 0
check 'the first' [ -s "$T/kept/one/run.json" ]
check 'the second' [ -s "$T/kept/two/run.json" ]

it 'files of one name, of which one would overwrite the other, are refused'
run $sim -o "$T/clash" "$T/two.yaml" "$T/again.yaml"
is_status 2
err_has 'both called two'
check 'before anything was made' [ ! -e "$T/clash" ]

it 'a folder without a name is refused, and is not the root'
run $sim -o '' "$T/one.yaml"
is_status 2
err_has '--output'

it 'what cannot be a folder for results is refused before anything runs'
: >"$T/file"
run $sim -o "$T/file" "$T/one.yaml"
is_status 2
out_empty
err_has 'is a file, not a folder'
run $natdlab run -o "$T/file/below" topologies/article.yaml
is_status 2
out_empty
err_has 'Not a directory'

it 'where nothing is expected, nothing is called as expected'
sed '/^expect:/,$d' topologies/article.yaml >"$T/silent.yaml"
run $sim "$T/silent.yaml"
is_status 1
out_has '12 scenarios, of which the file expects nothing; sim'
run $sim --filter '*/mac' "$T/silent.yaml"
is_status 0
sed '/^  - {outcome: blocked/d' topologies/article.yaml >"$T/half.yaml"
run $sim "$T/half.yaml"
is_status 1
out_has '12 scenarios, 8 as expected, 4 of which nothing is expected; sim'

it '--list names what --filter lets through'
run $natdlab run --list --filter '*/mac' topologies/article.yaml
is_status 0
check 'three of twelve' [ "$(wc -l <"$out")" -eq 3 ]
out_lacks registry

it 'where nobody dials nothing is proven'
run $sim "$T/nobody.yaml"
is_status 1
out_has 'no client dials'
out_has '0 as expected, 1 undecided'

it 'that no value helps is said only when the last one was tried'
run $sim --filter 'rras-2012r2/registry-[01]' --format json topologies/article.yaml
is_status 0
check 'nothing said' [ "$(jq -c '.summary[0] | has("registry_needed")' "$out")" = false ]
run $sim --filter 'rras-2012r2/registry-*' --set server.psk=other --format json topologies/article.yaml
is_status 1
check 'none' [ "$(jq -c '.summary[0] | [has("registry_needed"), .registry_needed]' "$out")" = '[true,null]' ]

it 'that a value is needed is said only when the one below it was tried'
run $sim --filter 'rras-2012r2/registry-[02]' --format json topologies/article.yaml
check 'nothing said' [ "$(jq -c '.summary[0] | has("registry_needed")' "$out")" = false ]
run $sim --filter 'rras-2012r2/registry-[12]' --format json topologies/article.yaml
check 'the second' [ "$(jq -c '.summary[0].registry_needed' "$out")" = 2 ]

it 'a scenario whose folder cannot be made is an error, and no reason to simulate'
if [ -n "$("$natdlab" run --backend netns --filter rras-2012r2/mac topologies/article.yaml 2>&1 >/dev/null)" ]; then
	skip 'no namespaces here'
else
	mkdir "$T/taken"
	: >"$T/taken/rras-2012r2"
	run "$natdlab" run -o "$T/taken" --filter 'rras-2012r2/*' topologies/article.yaml
	check 'it is no success' [ "$status" -ne 0 ]
	out_lacks 'backend: sim'
	err_lacks 'backend: sim'
	check 'it names the folder' grep -q "taken/rras-2012r2" "$out" "$err"
fi

it 'a folder that is used again holds the new run only, and what is not natdlab'\''s'
run "$natdlab" run --backend sim -o "$T/again" topologies/article.yaml
is_status 0
echo mine >"$T/again/softether-4/mac/note"
mkdir "$T/again/links"
: >"$T/again/links/x.pcapng"
run "$natdlab" run --backend sim -o "$T/again" --filter 'rras-2012r2/mac' topologies/article.yaml
is_status 0
(cd "$T/again" && find . -name events.jsonl -o -name note -o -name x.pcapng -o -name strong\*) |
	sort >"$out"
printf '%s\n' ./links/x.pcapng ./rras-2012r2/mac/events.jsonl ./softether-4/mac/note >"$T/want"
check 'not what should be left' cmp -s "$out" "$T/want"
check 'run.json is of another run' [ "$(jq '.scenarios | length' "$T/again/run.json")" -eq 1 ]

it 'a folder that was never a run is added to, not cleaned'
mkdir -p "$T/other/old/links" "$T/other/old/wireshark"
: >"$T/other/old/plan.sh"
: >"$T/other/old/wireshark/preferences"
run "$natdlab" run --backend sim -o "$T/other" --filter 'rras-2012r2/mac' topologies/article.yaml
is_status 0
check 'a file is gone' [ -e "$T/other/old/plan.sh" ]

it 'of several files one failure is not hidden by another file that was skipped'
run "$natdlab" run --backend sim topologies/article.yaml topologies/real-softether.yaml
is_status 0
run "$natdlab" run --backend sim topologies/real-softether.yaml
is_status 3
run "$natdlab" run --backend sim --set server.psk=other topologies/article.yaml \
	topologies/real-softether.yaml
is_status 1
