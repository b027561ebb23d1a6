#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/bench/scenarios.sh - the article's topology with a third axis: 5 x 4 x 25 = 500 scenarios.

sed '/^matrix:/,$d' "$(dirname "$0")/../../topologies/article.yaml" | sed 's/^name: .*/name: many/'
cat <<'END'
matrix:
  server.mode: [rras-2012r2, strongswan-5.3, softether-4, libreswan, strongswan-5.9]
  client:
    mac: {mode: macos}
    registry-0: {mode: windows-10, registry: 0}
    registry-1: {mode: windows-10, registry: 1}
    registry-2: {mode: windows-10, registry: 2}
END
awk 'BEGIN {
	print "  user:"
	for (i = 1; i <= 25; i++)
		printf "    user-%d: {client.user: user%d, server.user: user%d}\n", i, i, i
}'
cat <<'END'
expect:
  - {outcome: connected, when: {client: [mac, registry-2]}}
  - {outcome: connected, when: {server.mode: softether-4}}
  - outcome: blocked
    when:
      server.mode: [rras-2012r2, strongswan-5.3, libreswan, strongswan-5.9]
      client: [registry-0, registry-1]
END
