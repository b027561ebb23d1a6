#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Captures as people bring them: begun too late, of one direction, cut short, merged, compressed.
# What can be known is said, and what cannot. tests/unit/lab/analysis/test_inspect.c has each link type and kind
# of file; here Wireshark's tools make them, so that our reader does not agree with itself alone.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

captures=tests/data/captures
blocked=$captures/strongswan-eip-napt-ms.client.pcap
at_server=$captures/strongswan-eip-napt-ms.server.pcap
works=$captures/softether-eip-napt-ms.client.pcap

needs_tools() {
	for tool in tshark editcap mergecap; do
		command -v $tool >/dev/null || skip "no $tool here (package tshark)"
	done
}

# frames FILE RANGE...: a capture of these frames only.
frames() {
	file=$1
	shift
	editcap -r "$file" "$T/part.pcap" "$@" 2>"$err"
}
only() {
	tshark -r "$1" -Y "$2" -w "$T/part.pcap" >"$err" 2>&1
}

# ---- begun too late, or of one direction ----

it 'without message 1 and 2 the hashes still tell'
needs_tools
frames "$blocked" 3-99
run "$natdlab" inspect "$T/part.pcap"
is_status 1
out_has 'client concludes  I am behind NAT, and so is the server'
out_has 'blocked: blocked-by-policy (likely)'

it 'messages 3 and 4 alone foretell what Windows will do'
needs_tools
frames "$blocked" 3-4
run "$natdlab" inspect "$T/part.pcap"
is_status 1
out_has 'registry 0 or absent is blocked (809)'
out_has 'The capture ends with message 4.'
out_has 'Not in this capture, which ends too early'

it 'behind the move to port 4500 nothing of NAT is known, and who dials is a guess'
needs_tools
frames "$blocked" 5-99
run "$natdlab" inspect "$T/part.pcap"
is_status 1
out_has '10.20.0.2:4500 dials 203.0.113.10:4500'
out_has 'who dials is a guess'
out_has 'undecided: unfinished (a guess)'
out_lacks "Windows' rule"

it 'Quick Mode again and again without ESP is told as likely the rule, and not proven'
needs_tools
"$natdlab" run --backend sim -o "$T/article" topologies/article.yaml >"$out" 2>&1
only "$T/article/rras-2012r2/registry-0/links/client-home.pcapng" 'udp.port == 4500'
run "$natdlab" inspect "$T/part.pcap"
is_status 1
out_has 'blocked: blocked-by-policy (a guess)'
out_has 'Not proven, because message 4 is not in this capture'

it 'ESP alone is counted, and said to tell nothing'
needs_tools
only "$works" esp
run "$natdlab" inspect "$T/part.pcap"
is_status 1
out_has '40 ESP packets are there'

it 'one direction proves nothing of the other one'
needs_tools
for filter in 'ip.src == 10.20.0.2' 'ip.dst == 10.20.0.2'; do
	only "$works" "$filter"
	run "$natdlab" inspect "$T/part.pcap"
	is_status 1
	out_has 'undecided: unfinished (certain)'
	out_has 'shows one direction only'
	out_lacks 'exact: its own address'
done

it 'frames cut short are said to be, and no conclusion is drawn from what is missing'
needs_tools
editcap -s 96 "$blocked" "$T/part.pcap"
run "$natdlab" inspect "$T/part.pcap"
out_has 'not known: messages were captured without their ends'
out_has '12 of 12 frames were cut short'
out_lacks "Windows' rule"
editcap -s 96 "$captures/ikev2-eip-napt.client.pcap" "$T/part.pcap"
run "$natdlab" inspect "$T/part.pcap"
out_has 'not known: messages were captured without their ends'

# ---- clocks ----

it 'captures of two machines whose clocks differ are put together by their TTL, and the gap is told'
needs_tools
run "$natdlab" inspect "$blocked" "$at_server"
out_lacks clocks
for shift in -40 40; do
	editcap -t $shift "$at_server" "$T/shifted.pcap"
	run "$natdlab" inspect "$T/shifted.pcap" "$blocked"
	is_status 1
	out_has 'exchange 1 of 1: 10.20.0.2:500 dials 203.0.113.10:500'
	out_has "server's hash     exact: its own address"
	out_has 'server concludes  I am behind NAT, and so is the client'
	out_has "editcap -t $((-shift)).0"
	editcap -t $shift "$captures/ikev2-eip-napt.server.pcap" "$T/shifted.pcap"
	run "$natdlab" inspect "$T/shifted.pcap" "$captures/ikev2-eip-napt.client.pcap"
	out_has 'exchange 1 of 1: 192.168.1.10:500 dials 203.0.113.10:500 (IKEv2)'
	out_has 'server concludes  I am behind NAT, and so is the client'
	out_has "editcap -t $((-shift)).0"
done

# ---- files ----

# Without what names files and frames.
judgement() {
	"$natdlab" inspect "$@" | sed -E '/seen at|look at|frame [0-9]+/d'
}

it 'nanoseconds, pcapng and a merged file of both ends say the same'
needs_tools
judgement "$blocked" >"$T/want"
for format in pcap nsecpcap pcapng; do
	editcap -F $format "$blocked" "$T/part.pcap"
	judgement "$T/part.pcap" >"$out"
	command="editcap -F $format"
	check "$format differs" cmp -s "$T/want" "$out"
done
judgement "$blocked" "$at_server" >"$T/want"
mergecap -w "$T/merged.pcapng" "$blocked" "$at_server"
judgement "$T/merged.pcapng" >"$out"
command=mergecap
check 'the merged file differs' cmp -s "$T/want" "$out"

it 'interfaces of different link types in one file are one exchange'
needs_tools
editcap -C 14 -L -T rawip "$at_server" "$T/raw.pcap"
mergecap -w "$T/mixed.pcapng" "$blocked" "$T/raw.pcap"
run "$natdlab" inspect "$T/mixed.pcapng"
is_status 1
out_has 'exchange 1 of 1'
out_has 'exact: its own address'

it 'each frame six times, as pktmon writes them, is each frame once'
needs_tools
mergecap -F pcap -w "$T/six.pcap" "$works" "$works" "$works" "$works" "$works" "$works"
judgement "$works" >"$T/want"
judgement "$T/six.pcap" >"$out"
command='mergecap of six equal files'
check 'six times differs' cmp -s "$T/want" "$out"

it 'what must be unpacked first is named'
gzip -c "$blocked" >"$T/blocked.pcap.gz"
run "$natdlab" inspect "$T/blocked.pcap.gz"
is_status 2
err_has 'blocked.pcap.gz: not a capture: compressed by gzip: gunzip it first'
out_empty

it 'an .etl of Windows is named, with the command that turns it into a capture'
printf '\000\000\001\000\000\000\000\000\000\000\000\000' >"$T/vpn.etl"
run "$natdlab" inspect "$T/vpn.etl"
is_status 2
err_has 'vpn.etl: not a capture: a trace of Windows: pktmon etl2pcap'
out_empty
