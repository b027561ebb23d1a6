#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/interop/fidelity.sh DIR - docs/fidelity.md from what runs.sh has left in DIR.
#
# Products and modes are compared message by message, field by field. A difference that
# tests/interop/by-version.txt does not explain is named on standard error, and the exit status is 1.

set -u
unset CDPATH
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}"
dir=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# fields FOLDER SIDE ADDRESS: one side's messages on the server's link, "MESSAGE FIELD VALUE".
fields() {
	responder=0
	[ "$2" != server ] || responder=1
	WIRESHARK_CONFIG_DIR=$1/wireshark tshark -r "$1/links/igw-server.pcapng" \
		-Y "isakmp && ip.src == $3" -O isakmp 2>/dev/null |
		awk -v responder=$responder -f tests/interop/messages.awk
}

# hashes FOLDER ID: what the server's two hashes were found to be.
hashes() {
	jq -r --arg id "$2" '.scenarios[] | select(.id == $id) | .connections[0].natd |
		"message 4\tNAT-D of the client\t\(.peer_hash)",
		"message 4\tNAT-D of itself\t\(.server_hash)"' "$1/run.json"
}

# again FOLDER: when message 2 came again, to the half second.
again() {
	tshark -r "$1/links/igw-server.pcapng" -T fields -e frame.time_relative \
		-Y 'isakmp.typepayload == 1 && ip.src == 172.31.0.10' 2>/dev/null |
		awk 'NR == 1 { first = $1; next }
			{ t = t (t == "" ? "" : ", ") sprintf("%.1f", int(($1 - first) * 2 + 0.5) / 2) }
			END { print "message 2\tagain after (s)\t" (t == "" ? "never" : t) }'
}

# both WHO: reads $work/mode and $work/real, writes "MESSAGE FIELD MODE PRODUCT WHO".
both() {
	awk -F '\t' -v who="$1" '
		{ key = $1 "\t" $2 }
		FNR == NR { mode[key] = $3; order[++n] = key; next }
		!(key in mode) { order[++n] = key }
		{ real[key] = $3 }
		END {
			for (i = 1; i <= n; i++) {
				k = order[i]
				print k "\t" (k in mode ? mode[k] : "-") "\t" (k in real ? real[k] : "-") "\t" who
			}
		}' "$work/mode" "$work/real" >>"$work/rows"
}

# The rows in the order in which messages are sent.
in_order() {
	awk '{ print (/^message/ ? $2 : /^Quick/ ? 6 + $3 : 10) "\t" $0 }' "$work/rows" |
		sort -s -n -k 1,1 | cut -f 2-
}

# section TITLE PAIR: prints the rows, equal ones of several clients as one, and judges them.
section() {
	echo
	echo "## $1"
	echo
	echo '| message | field | client | ours | the product'"'"'s | |'
	echo '|---|---|---|---|---|---|'
	in_order | awk -F '\t' -v pair="$2" -v report="$work/bad" '
		FNR == NR {
			if ($0 !~ /^#/ && NF >= 4)
				excuse[$1 "\t" $2 "\t" $3] = $4
			next
		}
		{
			key = $1 "\t" $2 "\t" $3 "\t" $4
			if (!(key in who))
				order[++n] = key
			who[key] = who[key] (who[key] == "" ? "" : ", ") $5
		}
		END {
			for (i = 1; i <= n; i++) {
				split(order[i], f, "\t")
				verdict = "equal"
				theirs = "the same"
				if (f[3] != f[4]) {
					theirs = f[4]
					why = pair "\t" f[1] "\t" f[2]
					if (f[4] == "-") {
						verdict = "not reached"
						if (f[1] !~ /^Quick Mode/)
							verdict = "different"
					} else {
						verdict = why in excuse ? excuse[why] : "different"
					}
					if (verdict == "different") {
						verdict = "**different**"
						print pair ": " who[order[i]] ": " f[1] ", " f[2] ": ours " f[3] ", the product " f[4] >>report
					}
				}
				printf "| %s | %s | %s | %s | %s | %s |\n", f[1], f[2], who[order[i]], f[3], theirs, verdict
			}
		}' tests/interop/by-version.txt -
	: >"$work/rows"
}

# server TITLE PAIR TOPOLOGY VALUE [SCAN]
server() {
	for client in registry-0 mac plain; do
		fields "$dir/mode/$3/$4/both/$client" server 172.31.0.10 >"$work/mode"
		fields "$dir/real/$3/$4/both/$client" server 172.31.0.10 >"$work/real"
		hashes "$dir/mode/$3" "$4/both/$client" >>"$work/mode"
		hashes "$dir/real/$3" "$4/both/$client" >>"$work/real"
		both "$client"
	done
	if [ -n "${5-}" ]; then
		{
			fields "$dir/scan/mode-$5" server 172.31.0.10
			again "$dir/scan/mode-$5"
		} >"$work/mode"
		{
			fields "$dir/scan/$5" server 172.31.0.10
			again "$dir/scan/$5"
		} >"$work/real"
		both ike-scan
	fi
	section "$1" "$2"
}

version() {
	sed -n "s/^$2 //p" "$B/real/$1/VERSIONS"
}

: >"$work/bad"
: >"$work/rows"
cat <<END
# How true the modes are

<!-- Made by \`make fidelity\`; do not edit. -->

A mode is a row of facts about a product. Here each mode stands beside the product itself: both in the same network,
client and server each behind a NAT (topologies/real-*.yaml, layout \`both\`), before the same clients: \`registry-0\` is
Windows 10, \`mac\` a Mac, \`plain\` a Linux that sends no vendor ID of Microsoft's, \`ike-scan\` the real ike-scan, which
sends message 1 only, waits, and then proposes a group that there is not. What they sent was taken apart by tshark.

A payload is written with its length, an attribute of a transform as \`type/length value\`: \`12/2 28800\` is a short one,
\`12/4 28800\` the same as four bytes. What a run draws anew (keys, nonces, SPIs, the bytes of hashes) is left out.
*Not reached*: on a kernel without ESP Libreswan does not answer Quick Mode.

The products, as packaged:

- strongSwan $(version strongswan strongswan-charon)
- Libreswan $(version libreswan libreswan)
- SoftEther VPN Server $(version softether softether-vpnserver)
- ike-scan $(version tools ike-scan)

Windows and RRAS cannot be run here; what is known of them, and how well, \`natdlab modes\` tells row by row.
END
server 'strongswan-5.9 and strongSwan' strongswan-5.9 strongswan default strongswan
server 'strongswan-forceencaps and strongSwan with encap = yes' strongswan-forceencaps strongswan encap
server 'libreswan and Libreswan' libreswan libreswan auto libreswan
server 'libreswan-encapsulation and Libreswan with encapsulation=yes' libreswan-encapsulation libreswan forced
server 'softether-5 and SoftEther' softether-5 softether any softether

for id in strongswan-5.9 softether-5 libreswan; do
	fields "$dir/client/mode/$id" client 198.51.100.10 >"$work/mode"
	fields "$dir/client/real/$id" client 198.51.100.10 >"$work/real"
	both "to $id"
done
section 'linux-strongswan and strongSwan as a client' linux-strongswan

cat "$work/bad" >&2
[ ! -s "$work/bad" ]
