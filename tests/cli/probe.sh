#!/bin/sh
# SPDX-License-Identifier: MIT
#
# natdlab probe as it is mistyped, and against a machine that has no server. What it makes of
# servers is in tests/unit/lab/probe/test_probe.c and tests/lab/test_probe.c.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# refuses WORDS ARGUMENT...: a test that these arguments are bad input, and what is said.
refuses() {
	words=$1
	shift
	it "probe $*: bad input, with a word on what was meant"
	run "$natdlab" probe "$@"
	is_status 2
	out_empty
	err_has "$words"
}
refuses 'has no IPv4 address' ::1
refuses 'natdlab probe --port 500 192.0.2.1' 192.0.2.1:500
refuses 'a name or an IPv4 address, without "/"' https://vpn.example.com/
refuses 'an empty HOST' ''
refuses 'the address of no single machine' 0.0.0.0
refuses 'the address of no single machine' 224.0.0.1
refuses 'began on port 500' --port 4500 192.0.2.1
refuses '--port is a whole number' --port 70000 192.0.2.1

# In a namespace whose loopback is all there is.
alone() {
	run unshare -rn sh -c "ip link set lo up; exec $natdlab probe $*"
}

it 'nobody listens: it says so at once, and who says it'
needs_lab
alone 127.0.0.1
is_status 1
out_has '127.0.0.1 says: nobody listens on that port (ICMP type 3, code 3).'
out_has 'this machine asks itself'
err_empty

it 'JSON stays JSON when nobody listens'
needs_lab
alone --format json 127.0.0.1
is_status 1
check 'not as expected' jq -e '.answered == false and .unreachable.code == 3 and
	.packets == 2 and .windows.client_behind_nat["0"] == "unknown"' "$out" >/dev/null

it 'no way to a network is the fault of this machine'
needs_lab
alone 192.0.2.1
is_status 3
err_has 'no way to 192.0.2.1: Network is unreachable'
