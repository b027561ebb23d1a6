#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/interop/fidelity.sh DIR - docs/fidelity.md from what runs.sh has left in DIR.
#
# Products and modes are compared message by message, field by field, and by what they answer to a
# client that misbehaves. A difference that tests/interop/by-version.txt does not explain is named
# on standard error, and the exit status is 1.

set -u
unset CDPATH
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}"
dir=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# ---- what was seen ----

# fields FOLDER SIDE ADDRESS: one side's messages on the server's link, "MESSAGE FIELD VALUE".
fields() {
	responder=0
	[ "$2" != server ] || responder=1
	WIRESHARK_CONFIG_DIR=$1/wireshark tshark -r "$1/links/igw-server.pcapng" \
		-Y "isakmp && ip.src == $3" -O isakmp 2>/dev/null |
		awk -v responder=$responder -f tests/interop/messages.awk
}

# l2tp FOLDER: what a server says inside of ESP, which the keys in the folder open.
l2tp() {
	WIRESHARK_CONFIG_DIR=$1/wireshark tshark -r "$1/links/igw-server.pcapng" \
		-Y "(l2tp || ppp) && ip.src == 172.31.0.10" -O l2tp,ppp,lcp 2>/dev/null |
		awk -f tests/interop/l2tp.awk
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

# answers ID: the prober's lines, "WHEN WHAT ANSWER".
answers() {
	sed '1,/^---- log/d' "$dir/answers/$1/daemon-client.log"
}

# ---- rows ----

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
	awk '{ print (/^message/ ? $2 : /^Quick/ ? 6 + $3 : /^L2TP/ ? 10 : /^LCP/ ? 11 : 12) "\t" $0 }' "$work/rows" |
		sort -s -n -k 1,1 | cut -f 2-
}

# judge PAIR: standard input's rows with a verdict, equal ones of several clients as one:
# "MESSAGE FIELD CLIENTS MODE PRODUCT VERDICT". A verdict is "equal" or begins with "by version",
# "by setting", "not reached", "left" or "different"; the last are reported in $work/bad.
judge() {
	awk -F '\t' -v OFS='\t' -v pair="$1" -v report="$work/bad" '
		FNR == NR {
			if ($0 !~ /^#/ && NF >= 5)
				excuse[$1 "\t" $2 "\t" $3] = $4 ": " $5
			next
		}
		{
			key = $1 "\t" $2 "\t" $3 "\t" $4
			if (!(key in who))
				order[++n] = key
			who[key] = who[key] (who[key] == "" ? "" : ", ") $5
		}
		# The same words, and times that differ by no more than a busy machine may be late.
		function alike(a, b,   n, i, x, y) {
			n = split(a, x, " ")
			if (n != split(b, y, " "))
				return 0
			for (i = 1; i <= n; i++)
				if (x[i] != y[i] && !(x[i] ~ /^[0-9.]+[,;]?$/ && y[i] ~ /^[0-9.]+[,;]?$/ &&
				    x[i] - y[i] <= 0.5 && y[i] - x[i] <= 0.5))
					return 0
			return 1
		}
		function explained(message, field,   k) {
			k = pair "\t" message "\t" field
			if (k in excuse)
				return excuse[k]
			k = pair "\t" message "\t*"
			return k in excuse ? excuse[k] : ""
		}
		END {
			for (i = 1; i <= n; i++) {
				split(order[i], f, "\t")
				verdict = "equal"
				if (f[1] == "time" && alike(f[3], f[4]))
					f[4] = f[3]
				if (f[3] != f[4]) {
					verdict = explained(f[1], f[2])
					if (verdict == "" && f[4] == "-" && f[1] ~ /^Quick Mode/)
						verdict = "not reached"
					if (verdict == "") {
						verdict = "different"
						print pair ": " who[order[i]] ": " f[1] ", " f[2] ": ours " f[3] ", the product " f[4] >>report
					}
				}
				print f[1], f[2], who[order[i]], f[3], f[4], verdict
			}
		}' tests/interop/by-version.txt -
}

# table: standard input's judged rows for people.
table() {
	awk -F '\t' '
		{
			theirs = $4 == $5 ? "the same" : $5
			verdict = $6 == "different" ? "**different**" : $6
			printf "| %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, theirs, verdict
		}'
}

# Adds the judged rows of $work/judged to the summary.
count() {
	awk -F '\t' -v OFS='\t' -v pair="$1" -v what="$2" '
		{ n[$6 ~ /^by/ ? "by" : $6 ~ /^not/ ? "not" : $6 ~ /^left/ ? "left" : $6]++ }
		END { print pair, what, n["equal"] + 0, n["by"] + 0, n["left"] + 0, n["not"] + 0,
			n["different"] + 0 }' "$work/judged" >>"$work/summary"
}

# section TITLE PAIR [ID]: the messages of $work/rows and, where the prober has been at ID, answers.
section() {
	in_order | judge "$2" >"$work/judged"
	: >"$work/rows"
	count "$2" 'fields of messages'
	{
		echo
		echo "## $1"
		echo
		echo '| message | field | client | ours | the product'"'"'s | |'
		echo '|---|---|---|---|---|---|'
		table <"$work/judged"
	} >>"$work/body"
	[ -n "${3-}" ] || return 0
	answers "mode-$3" >"$work/mode"
	answers "$3" >"$work/real"
	both prober
	judge "$2" <"$work/rows" >"$work/judged"
	: >"$work/rows"
	count "$2" 'answers to misbehaviour'
	{
		echo
		echo "### $1: answers to a client that misbehaves"
		echo
		echo '| what | how | ours | the product'"'"'s | |'
		echo '|---|---|---|---|---|'
		cut -f 1,2,4- "$work/judged" | sed 's/\t/\t\t/2' | table | sed 's/ |  | / | /'
	} >>"$work/body"
}

# server TITLE PAIR TOPOLOGY VALUE [SCAN] [PROBED]
server() {
	for client in registry-0 mac plain; do
		fields "$dir/mode/$3/$4/both/$client" server 172.31.0.10 >"$work/mode"
		fields "$dir/real/$3/$4/both/$client" server 172.31.0.10 >"$work/real"
		hashes "$dir/mode/$3" "$4/both/$client" >>"$work/mode"
		hashes "$dir/real/$3" "$4/both/$client" >>"$work/real"
		if [ "$3" = softether ]; then # the others leave L2TP to another program
			l2tp "$dir/mode/$3/$4/both/$client" >>"$work/mode"
			l2tp "$dir/real/$3/$4/both/$client" >>"$work/real"
		fi
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
	section "$1" "$2" "${6-}"
}

: >"$work/bad"
: >"$work/rows"
: >"$work/body"
: >"$work/summary"
server 'strongswan-5.9 and strongSwan' strongswan-5.9 strongswan default strongswan strongswan
server 'strongswan-forceencaps and strongSwan with encap = yes' strongswan-forceencaps strongswan encap
server 'libreswan and Libreswan' libreswan libreswan auto libreswan libreswan
server 'libreswan-encapsulation and Libreswan with encapsulation=yes' libreswan-encapsulation libreswan forced
server 'softether-5 and SoftEther' softether-5 softether any softether softether
server 'softether-5-listen and SoftEther with ListenIP' softether-5-listen softether own '' softether-own

for id in strongswan-5.9 softether-5 libreswan; do
	fields "$dir/client/mode/$id" client 198.51.100.10 >"$work/mode"
	fields "$dir/client/real/$id" client 198.51.100.10 >"$work/real"
	both "to $id"
done
section 'linux-strongswan and strongSwan as a client' linux-strongswan

# known MODE...: how each field of modes without a product at hand is known, by their own rows.
known() {
	{
		echo
		echo '## Windows and RRAS'
		echo
		echo 'These cannot be run here. What their modes do was seen in captures and logs of others'
		echo '(*captured*), stands in documents (*documented*), or follows from either (*inferred*); the'
		echo 'keys are those of [sources.md](sources.md). All of it is data of the modes'"'"' rows, as natdlab modes prints it.'
		for mode; do
			echo
			echo "### $mode"
			echo
			echo '| field | how it is known | how surely | what | source |'
			echo '|---|---|---|---|---|'
			"$B/natdlab" modes --format json "$mode" | jq -r '(.servers + .clients)[0].known[] |
				"| \(.field) | \(.basis) | \(.certainty) | \(.what) | \(.source) |"'
		done
	} >>"$work/body"
	for mode; do
		"$B/natdlab" modes --format json "$mode" | jq -r --arg mode "$mode" '
			(.servers + .clients)[0].known | [group_by(.basis)[] |
			{(.[0].basis): length}] | add |
			"| \($mode) | \(.captured // 0) | \(.documented // 0) | \(.inferred // 0) |"'
	done >"$work/known"
}
known windows-10 windows-7 rras-2012r2

# ---- the document ----

version() {
	sed -n "s/^$2 //p" "$B/real/$1/VERSIONS"
}

# Has this kernel ESP? strongSwan and Libreswan leave it to the kernel.
kernel() {
	if unshare -Urn ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 \
		mode transport enc 'cbc(aes)' 0x00112233445566778899aabbccddeeff \
		auth 'hmac(sha1)' 0x00112233445566778899aabbccddeeff00112233 2>/dev/null; then
		echo 'with ESP'
	else
		echo 'without ESP'
	fi
}

cat <<END
# How true the modes are

<!-- Made by \`make fidelity\`; do not edit. -->

A mode is a row of facts about a product. Here each mode stands beside the product itself, field by field. In short:

| mode | what was compared | equal | by version or setting | left, with a reason | not reached | different |
|---|---|---|---|---|---|---|
$(awk -F '\t' '{ printf "| %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6, $7 }' "$work/summary")

Of products that cannot be run here, fields by how they are known:

| mode | captured | documented | inferred |
|---|---|---|---|
$(cat "$work/known")

**Messages**: both in the same network, client and server each behind a NAT (topologies/real-\*.yaml, layout \`both\`),
before the same clients: \`registry-0\` is Windows 10, \`mac\` a Mac, \`plain\` a Linux that sends no vendor ID of Microsoft's,
\`ike-scan\` the real ike-scan, which sends message 1 only, waits, and then proposes a group that there is not. What they sent
was taken apart by tshark. A payload is written with its length, an attribute of a transform as \`type/length value\`:
\`12/2 28800\` is a short one, \`12/4 28800\` the same as four bytes. What a run draws anew (keys, nonces, SPIs, the bytes of
hashes, ephemeral ports) is left out.

**Answers**: both before the same client that misbehaves (topologies/real-prober.yaml), which falls silent, repeats itself
and sends what is wrong. Times are seconds after its last word, to the half second; *again* is the same bytes, *anew*
others; *on 500* means that the answer did not go to the port from which was asked.

**Not reached**: strongSwan and Libreswan leave ESP to the kernel. These runs were made on Linux $(uname -r | sed 's/-.*//'), built
$(kernel). Without it Libreswan does not answer Quick Mode at all; with it these rows are compared like the others.

**Left**: the difference is known, and why it stays is said in the row.

The products, as packaged:

- strongSwan $(version strongswan strongswan-charon)
- Libreswan $(version libreswan libreswan)
- SoftEther VPN Server $(version softether softether-vpnserver)
- ike-scan $(version tools ike-scan)
END
cat "$work/body"

cat "$work/bad" >&2
[ ! -s "$work/bad" ]
