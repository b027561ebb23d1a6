#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `natdlab plan`: a script that a person can read, and that builds the network.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

article=topologies/article.yaml
id=softether-4/registry-0

"$natdlab" plan "$article" "$id" >"$T/plan.sh" 2>/dev/null </dev/null

it 'it is a shell script without a mistake'
run sh -n "$T/plan.sh"
is_status 0
check 'it begins with #!' grep -q '^#!/bin/sh' "$T/plan.sh"

it 'without an id it is the first scenario'
run "$natdlab" plan "$article"
is_status 0
cp "$out" "$T/first.sh"
run "$natdlab" plan "$article" rras-2012r2/mac
check 'the same script' cmp -s "$T/first.sh" "$out"

it 'an id with a slip in it gets the nearest one'
run "$natdlab" plan "$article" softether-4/registry-9
is_status 2
out_empty
err_has 'did you mean'

it 'the script builds the network and runs a command in a node'
needs_lab
run timeout 60 sh "$T/plan.sh" client ip -4 -o address show
is_status 0
out_has '192.168.1.10/24'

it 'the server inside has its private address only'
needs_lab
run timeout 60 sh "$T/plan.sh" server ip -4 -o address show
is_status 0
out_has '172.31.0.10/20'
check 'no public address' lib_not grep -q '203\.0\.113\.10' "$out"

it 'the script refuses a node that is not there'
needs_lab
run timeout 60 sh "$T/plan.sh" nobody true
check 'not a success' [ "$status" -ne 0 ]

it 'the status of the command is the status of the script'
needs_lab
run timeout 60 sh "$T/plan.sh" client sh -c 'exit 42'
is_status 42

it 'the script leaves nothing'
needs_lab
left() {
	ip -o link show
	find /run/netns -mindepth 1 2>/dev/null
}
left >"$T/before"
run timeout 60 sh "$T/plan.sh" client true
left >"$T/after"
check 'the same interfaces as before' cmp -s "$T/before" "$T/after"
