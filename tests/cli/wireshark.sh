#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Wireshark, which knows nothing of us, reads what -o keeps: it decrypts it with the profile that
# lies beside it, finds nothing to complain of, and counts what we counted.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# fields SCENARIO LINK FILTER FIELD...: tshark's fields of the frames that fit.
fields() {
	dir=$T/kept/$1 file=$T/kept/$1/links/$2.pcapng filter=$3
	shift 3
	for field; do
		shift
		set -- "$@" -e "$field"
	done
	WIRESHARK_CONFIG_DIR=$dir/wireshark tshark -r "$file" -Y "$filter" -T fields "$@" 2>/dev/null
}

links='client-home home-internet internet-igw igw-server'
if command -v tshark >/dev/null; then
	"$natdlab" run --backend sim -o "$T/kept" topologies/article.yaml >/dev/null 2>&1
	why=''
else
	why='no tshark here (package tshark)'
fi

it 'Main Mode and Quick Mode are read in clear on every link'
if [ -n "$why" ]; then skip "$why"; else
	for link in $links; do
		# Messages 5 and 6 and the first two of Quick Mode carry IDs, and only in secret.
		fields rras-2012r2/registry-2 "$link" 'isakmp.id.data.ipv4_addr' \
			isakmp.id.data.ipv4_addr >"$T/ids"
		printf '%s\n' 192.168.1.10 172.31.0.10 192.168.1.10,203.0.113.10 \
			192.168.1.10,203.0.113.10 >"$T/want"
		cp "$T/ids" "$out"
		check "the IDs on $link" cmp -s "$T/ids" "$T/want"
	done
fi

it 'ESP is decrypted and authenticated, and L2TP and PPP are found inside'
if [ -n "$why" ]; then skip "$why"; else
	for scenario in rras-2012r2/registry-2 strongswan-5.3/mac softether-4/registry-0; do
		fields $scenario igw-server l2tp l2tp.avp.message_type >"$out"
		for message in 1 2 3 10 11 12; do
			check "$scenario: L2TP message $message" grep -qx "$message" "$out"
		done
		check "$scenario: an LCP echo each way" \
			[ "$(fields $scenario igw-server 'ppp.code == 10' ip.src | sort -u | wc -l)" -eq 2 ]
		check "$scenario: integrity" [ -z "$(fields $scenario igw-server 'esp.icv_bad == 1' esp.spi)" ]
	done
fi

it 'nothing is malformed and there is no warning in any frame of any scenario'
if [ -n "$why" ]; then skip "$why"; else
	for dir in "$T"/kept/*/*/; do
		scenario=${dir#"$T"/kept/}
		for link in client-home igw-server; do
			fields "${scenario%/}" "$link" '_ws.expert.severity >= 6291456 || _ws.malformed' \
				frame.number _ws.expert.message
		done
	done >"$out"
	out_empty
fi

it 'the checksums of every frame are right, the NATs have mended them'
if [ -n "$why" ]; then skip "$why"; else
	for link in $links; do
		tshark -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE \
			-r "$T/kept/strongswan-5.3/registry-2/links/$link.pcapng" \
			-Y 'udp.checksum.status == 0 || ip.checksum.status == 0' 2>/dev/null
	done >"$out"
	out_empty
fi

it 'a refused Windows: six Quick Modes, seven Deletes, no ESP, in tshark, too'
if [ -n "$why" ]; then skip "$why"; else
	fields rras-2012r2/registry-0 client-home 'isakmp.exchangetype == 32' isakmp.messageid |
		sort -u >"$out"
	check 'Quick Modes' [ "$(wc -l <"$out")" -eq 6 ]
	fields rras-2012r2/registry-0 client-home \
		'isakmp.exchangetype == 5 && ip.src == 192.168.1.10' isakmp.messageid |
		sort -u >"$out"
	check 'Deletes' [ "$(wc -l <"$out")" -eq 7 ]
	fields rras-2012r2/registry-0 client-home esp esp.spi >"$out"
	out_empty
fi
