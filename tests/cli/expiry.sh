#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A mapping lives as long by the lab's clock, which jumps, as it does in real time.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Seconds instead of minutes, so that the real run is short: a NAPT of 3 s, a keep-alive of 1 s.
cat >"$T/short.yaml" <<'EOF'
name: short
modes:
  chatty: {like: windows-10, keepalive: 1s}
  silent: {like: windows-10, keepalive: 0s}
topology:
  nodes:
    client: {kind: client, mode: chatty, psk: k, dials: server, idle: 5s}
    home:   {kind: napt, outside: wan, timeout: 3s}
    server: {kind: server, mode: strongswan-5.3, psk: k, pool: 192.168.42.0/24}
    net:    {kind: router}
  links:
    - {endpoints: ["client:eth0", "home:lan"], subnet: 192.168.1.0/24}
    - {endpoints: ["home:wan", "net:a"], subnet: 198.51.100.0/24}
    - {endpoints: ["net:b", "server:eth0"], subnet: 203.0.113.0/24}
matrix:
  client.mode: [chatty, silent]
expect:
  - {outcome: connected}
  - {alive: true, when: {client.mode: chatty}}
  - {alive: false, when: {client.mode: silent}}
EOF

it 'a mapping is kept by keep-alives and lost without, in the simulator'
run "$natdlab" run --backend sim "$T/short.yaml"
is_status 0
out_has '2 scenarios, 2 as expected'

it 'in namespaces, whose connection tracking is aged'
run "$natdlab" run --backend netns "$T/short.yaml"
if [ "$status" -eq 3 ]; then
	skip 'no namespaces here'
else
	is_status 0
fi

it 'and in real time'
run "$natdlab" run --backend netns --realtime --jobs 2 "$T/short.yaml"
if [ "$status" -eq 3 ]; then
	skip 'no namespaces here'
else
	is_status 0
fi

it 'what came of a client that was left alone is in the result document'
run "$natdlab" run --backend sim --format json "$T/short.yaml"
is_status 0
out_has '"alive": true'
out_has '"alive": false'
out_has '"why_dead": "no-answer"'

it 'a claim of a client that was not asked fails and says so'
sed 's/, idle: 5s//' "$T/short.yaml" >"$T/busy.yaml"
run "$natdlab" run --backend sim "$T/busy.yaml"
is_status 1
out_has 'alive is unknown (not asked), expected true'
