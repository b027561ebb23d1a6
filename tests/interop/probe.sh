#!/bin/sh
# SPDX-License-Identifier: MIT
#
# natdlab probe against the real products: what it says of each is what it says of the mode that
# imitates it (tests/unit/lab/probe/test_probe.c). Wants `make real`; run by `make real-test`.
#
# The server stands in a lab. While its client is being refused, or is connected, the probe enters
# the daemon's network namespace and asks it at its own address: a server behind no NAT, asked by a
# client behind none.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

# In the namespace of a process, which root enters as it is and others through the user namespace.
within() {
	pid=$1
	shift
	if nsenter -t "$pid" -n true 2>/dev/null; then
		nsenter -t "$pid" -n "$@"
	else
		nsenter -t "$pid" -U -n --preserve-credentials "$@"
	fi
}

# ask TOPOLOGY SCENARIO DAEMON: the probe's answer in $out, asked again until there is one.
ask() {
	setsid "$natdlab" run --real "$B/real" --filter "$2" "topologies/$1.yaml" \
		>"$T/run" 2>&1 </dev/null &
	session=$!
	tries=0
	while [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		daemon=$(pgrep -s $session -x "$3" | head -n 1)
		own=$([ -z "$daemon" ] || within "$daemon" ip -o -4 addr show scope global |
			awk '{ sub("/.*", "", $4); print $4; exit }')
		if [ -n "$own" ]; then
			within "$daemon" "$natdlab" probe --format json "$own" >"$out" 2>"$err"
			status=$?
			! jq -e .answered "$out" >/dev/null 2>&1 || break
		fi
		sleep 0.2
	done
	kill -- -$session 2>/dev/null
	wait $session 2>/dev/null
	command="natdlab probe $own"
}

while read -r topology scenario daemon product class status_due behind; do
	it "$product: its hash of itself is $class"
	needs_lab
	[ -d "$B/real/$product" ] ||
		skip "real products are not in $B/real: make real fetches them"
	[ "$state" = skip ] || ask "$topology" "$scenario" "$daemon"
	is_status "$status_due"
	check "not $class" [ "$(jq -r .server_hash "$out")" = "$class" ]
	check "not behind NAT: $behind" [ "$(jq -c .server_behind_nat "$out")" = "$behind" ]
	check 'more than six packets' jq -e '.packets <= 6' "$out"
	check 'no vendor ID' jq -e '.exchanges[0].vendor_ids.responder | length > 0' "$out"
done >"$T/tap" <<'END'
real-strongswan default/both/registry-0 charon strongswan exact 0 false
real-strongswan encap*/both/registry-0 charon strongswan unknown 1 true
real-libreswan auto/both/registry-0 pluto libreswan exact 0 false
real-libreswan forced/both/registry-0 pluto libreswan faked 1 false
real-softether any/both/registry-0 vpnserver softether copied 0 null
END
lib_close >>"$T/tap"
grep -E '^(ok|not ok|#)' "$T/tap"
